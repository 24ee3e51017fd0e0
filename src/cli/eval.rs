//! `nn4n eval`

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use nn4n_tasks::{Split, Task};
use serde_json::{Map, json};

use super::{output, setting};
use crate::{
    checkpoint::{Checkpoint, Header},
    device::{DeviceChoice, Work},
    evaluate::{Evaluation, evaluate},
    experiment::check_fit,
    terminal::say,
    zoo,
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n eval runs/rdm
  nn4n eval runs/rdm/model.safetensors --trials 500 --json
  nn4n eval runs/rdm --task song2016/rdm_rt           another task of the same channels
  nn4n eval runs/data --data held_out.npz             trials of your own that it was not trained on
  nn4n eval hf:owner/repo@v1                          a checkpoint on the Hugging Face hub")]
pub struct EvalArgs {
    /// A checkpoint file, a run directory, a network of `nn4n zoo list`, or hf:owner/repo[@revision][/file]
    checkpoint: PathBuf,
    /// Another task than the one it was trained on
    #[arg(long, value_name = "ID")]
    task: Option<String>,
    /// Other trials of your own, as for `nn4n train --data`: all rows of an .npz, or a task in TOML
    #[arg(long, value_name = "FILE.npz|FILE.toml", conflicts_with = "task")]
    data: Option<PathBuf>,
    /// Fresh trials of each condition; of an .npz, rows drawn
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    trials: u32,
    /// Seed of the trials and the noise
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// auto, cpu, cuda:N or metal
    #[arg(long, default_value = "auto", value_parser = super::parse_device)]
    device: DeviceChoice,
    /// Report in JSON
    #[arg(long)]
    json: bool,
}

pub fn eval(args: &EvalArgs) -> Result<()> {
    let checkpoint = zoo::open(&args.checkpoint)?;
    let task = match (&args.task, &args.data) {
        // Every task of the registry can be run at the step of the network.
        (Some(id), _) => nn4n_tasks::create(id, Some(&json!({ "dt": checkpoint.header.model.dt })))?,
        (None, Some(path)) => other_data(path, &checkpoint.header)?,
        (None, None) => trained_task(&checkpoint)?,
    };
    let Header { model, task: trained, .. } = &checkpoint.header;
    check_fit(model, Some(trained.channels()), task.as_ref())?;
    let trials = args.trials as usize;
    let steps = nn4n_tasks::batch(task.as_ref(), Split::Test, args.seed, 0, 1)?.max_steps();
    let work = Work::of_simulation(model, trials.saturating_mul(task.conditions().len()), steps);
    let network = checkpoint.network(&output::open_device(args.device, work)?)?;
    let evaluation = evaluate(&network, task.as_ref(), trials, args.seed)?;
    if args.json { output::json(&evaluation) } else { print(&evaluation, args) }
}

fn trained_task(checkpoint: &Checkpoint) -> Result<Box<dyn Task>> {
    let task = checkpoint.task();
    if !checkpoint.header.task.id.starts_with("data/") {
        return Ok(task?);
    }
    task.context(
        "the network was trained on trials of its own, which cannot be had; put their file back, or give \
        others with --data FILE",
    )
}

/// The rows of an `.npz` at the step of the network, right where those of the training would be; or a task in TOML.
fn other_data(path: &Path, header: &Header) -> Result<Box<dyn Task>> {
    let trained = Some(&header.task.parameters).filter(|_| header.task.id == "data/npz");
    let mut settings = Map::from_iter([("dt".into(), json!(header.model.dt))]);
    if let Some(rms_error) = trained.map(|trained| &trained["rms_error"]).filter(|rms_error| !rms_error.is_null()) {
        settings.insert("rms_error".into(), rms_error.clone());
    }
    let held_out = trained.and_then(|trained| trained["held_out"].as_u64()).unwrap_or(0);
    if held_out > 0 && path.extension().is_some_and(|extension| extension == "npz") {
        say(&format!(
            "all rows of {} are used; of its own file the training kept the last {held_out} apart, and was given the \
            others",
            path.display()
        ));
    }
    setting::own_data(path, settings)
}

fn print(evaluation: &Evaluation, args: &EvalArgs) -> Result<()> {
    output::text(&format!("task         {}", evaluation.task))?;
    if let Some(performance) = evaluation.performance {
        output::text(&format!("performance  {} of {} scored trials", output::percent(performance), evaluation.trials))?;
    }
    if let Some(error) = evaluation.rms_error {
        output::text(&format!("rms error    {error:.4}"))?;
    }
    if let Some(time) = evaluation.reaction_time {
        output::text(&format!("reaction     {time:.0} ms"))?;
    }
    for row in &evaluation.conditions {
        output::text(&format!(
            "  {:>8}  {:>6} trials  {}",
            output::percent(row.performance),
            row.trials,
            row.condition
        ))?;
    }
    output::text(&format!("next: nn4n inspect {}", args.checkpoint.display()))
}
