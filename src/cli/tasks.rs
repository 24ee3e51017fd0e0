//! `nn4n tasks`

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use nn4n_tasks::{Split, TrialBatch};
use serde::Serialize;

use super::output;
use crate::run_directory::write_atomically;

#[derive(Debug, Subcommand)]
pub enum TasksCommand {
    /// All tasks
    List {
        /// Report in JSON
        #[arg(long)]
        json: bool,
    },
    /// One task: channels, conditions, parameters, source
    Show {
        /// Id of the task
        id: String,
        /// Report in JSON
        #[arg(long)]
        json: bool,
    },
    /// Write trials of a task as NumPy arrays
    Sample(SampleArgs),
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  nn4n tasks sample song2016/rdm_varstim --batch 8 --seed 1 --out trials.npz\n\nThe conditions of the trials are written beside the arrays, in trials.json."
)]
pub struct SampleArgs {
    /// Id of the task
    id: String,
    /// Number of trials
    #[arg(long, value_name = "B", default_value_t = 20)]
    batch: usize,
    /// Seed of the trials
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Timing of the trials
    #[arg(long, value_enum, default_value = "train")]
    split: SplitName,
    /// Where to write inputs, targets, loss_mask (B,T,.) and n_steps (B)
    #[arg(long, value_name = "TRIALS.npz")]
    out: PathBuf,
    /// Replace the files if they exist
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SplitName {
    Train,
    Test,
}

pub fn tasks(command: TasksCommand) -> Result<()> {
    match command {
        TasksCommand::List { json } => list(json),
        TasksCommand::Show { id, json } => show(&id, json),
        TasksCommand::Sample(args) => sample(&args),
    }
}

fn list(json: bool) -> Result<()> {
    let tasks = nn4n_tasks::list();
    if json {
        return output::json(&tasks);
    }
    let count = |count: Option<usize>| count.map_or("data".into(), |count| count.to_string());
    for task in &tasks {
        let channels = format!("{} -> {}", count(task.n_inputs), count(task.n_outputs));
        output::text(&format!("{:<24} {channels:<12} {}", task.id, task.summary))?;
    }
    output::text("next: nn4n tasks show ID")
}

fn show(id: &str, json: bool) -> Result<()> {
    let Some(info) = nn4n_tasks::list().into_iter().find(|info| info.id == id) else {
        nn4n_tasks::create(id, None)?; // refuses it, with the known ids
        bail!("the task `{id}` is not listed");
    };
    // What a user's data hold is known only once they are named.
    let conditions = nn4n_tasks::create(id, None).map(|task| task.conditions()).unwrap_or_default();
    if json {
        #[derive(Serialize)]
        struct Shown {
            #[serde(flatten)]
            info: nn4n_tasks::TaskInfo,
            conditions: Vec<nn4n_tasks::Condition>,
        }
        return output::json(&Shown { info, conditions });
    }
    let names = |channels: &[nn4n_tasks::Channel]| match channels {
        [] => "none, or those of the data".into(),
        _ => channels.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    output::text(&format!("{} (version {})\n{}", info.id, info.version, info.summary))?;
    output::text(&format!("source      {}", info.citation))?;
    output::text(&format!("step        {} ms", info.dt))?;
    output::text(&format!("inputs      {}", names(&info.inputs)))?;
    output::text(&format!("outputs     {}", names(&info.outputs)))?;
    output::text(&format!("conditions  {}", conditions.len()))?;
    for condition in conditions.iter().take(12) {
        output::text(&format!("            {condition}"))?;
    }
    if conditions.len() > 12 {
        output::text("            ... (all with --json)")?;
    }
    output::text("parameters, as in [task] of a run.toml")?;
    if let serde_json::Value::Object(parameters) = &info.parameters {
        for (name, value) in parameters {
            let value = if value.is_null() { "(none)".into() } else { value.to_string() };
            output::text(&format!("            {name} = {value}"))?;
        }
    }
    let next = if info.n_inputs.is_some() { format!("--task {id} --model ei") } else { "--data FILE.npz".into() };
    output::text(&format!("next: nn4n train {next}"))
}

fn sample(args: &SampleArgs) -> Result<()> {
    let conditions_path = args.out.with_extension("json");
    if conditions_path == args.out {
        bail!("--out {}: ends in .json, where the conditions are written; name an .npz file", args.out.display());
    }
    output::check_free(&args.out, args.force)?;
    output::check_free(&conditions_path, args.force)?;
    let task = nn4n_tasks::create(&args.id, None)?;
    let split = match args.split {
        SplitName::Train => Split::Train,
        SplitName::Test => Split::Test,
    };
    let trials = nn4n_tasks::batch(task.as_ref(), split, args.seed, 0, args.batch)?;
    write_atomically(&args.out, &nn4n_tasks::npz_bytes(&trials)?)?;
    write_atomically(&conditions_path, &serde_json::to_vec_pretty(&described(&trials))?)?;
    let (count, steps, _) = trials.inputs.dim();
    output::text(&format!(
        "{count} trials of at most {steps} steps in {}, their conditions in {}",
        args.out.display(),
        conditions_path.display()
    ))
}

/// What is beside the arrays: the variables, periods and correct choice of each trial.
#[derive(Serialize)]
struct DescribedTrial<'a> {
    condition: &'a nn4n_tasks::Condition,
    epochs: &'a [nn4n_tasks::Epoch],
    correct: Option<usize>,
}

fn described(trials: &TrialBatch) -> Vec<DescribedTrial<'_>> {
    let epochs_and_correct = trials.epochs.iter().zip(&trials.correct);
    let conditions = trials.conditions.iter();
    conditions
        .zip(epochs_and_correct)
        .map(|(condition, (epochs, correct))| DescribedTrial { condition, epochs, correct: *correct })
        .collect()
}
