//! `nn4n train`

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use nn4n_models::{Kind, ModelConfig};
use nn4n_tasks::Task;
use serde::Serialize;

use super::{choice::kinds, environment, output, setting};
use crate::{
    checkpoint::ValidationRecord,
    device::DeviceChoice,
    experiment::{Experiment, TrainConfig, check_step, preset, with_reach},
    hub,
    loss::readout_for,
    optimizer::OptimizerConfig,
    run_directory::{Existing, RunDirectory},
    terminal::{progress_bar, say},
    train::{Outcome, StopReason, fit},
    zoo,
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n train --task song2016/rdm_varstim --model ei --units 100 --out runs/rdm
  nn4n train --data trials.npz --units 64          inputs (K,T,I), targets (K,T,O), optional loss_mask
  nn4n train experiment.toml --seed 2 --out runs/second
  nn4n train --preset song2016/mante_areas         a paper's own network and training
  nn4n train --task song2016/rdm_rt --model ei --init runs/rdm --freeze w_rec     fine-tuning of the rest
  nn4n train --out runs/rdm --resume               after an interruption")]
pub struct TrainArgs {
    /// An experiment in TOML: [task], [model], [train]
    #[arg(value_name = "RUN.toml", conflicts_with_all = ["task", "data"])]
    config: Option<PathBuf>,
    /// Task by its id; see `nn4n tasks list`
    #[arg(long, value_name = "ID", conflicts_with = "data")]
    task: Option<String>,
    /// The experiment of a paper, as published; `nn4n tasks show ID` names those of a task
    #[arg(long, value_name = "ID", conflicts_with_all = ["config", "task", "data", "model"])]
    preset: Option<String>,
    /// Your own trials: an .npz with inputs, targets and optionally loss_mask, n_steps (see
    /// `nn4n tasks show data/npz`), or a task in TOML
    #[arg(long, value_name = "FILE.npz|FILE.toml")]
    data: Option<PathBuf>,
    /// Kind of network; multi_area and stacked have two areas or layers of equal size, describe others in a RUN.toml
    /// [default: that of --init, or vanilla]
    #[arg(long, value_name = "KIND", value_parser = kinds(&Kind::ALL), conflicts_with = "config")]
    model: Option<Kind>,
    /// Number of units [default: 100]
    #[arg(long, value_name = "N")]
    units: Option<usize>,
    /// Start from the network of this checkpoint, its channels matched by name: a file, a run directory, or
    /// hf:owner/repo[@revision][/file]
    #[arg(long, value_name = "CHECKPOINT", conflicts_with = "resume")]
    init: Option<PathBuf>,
    /// Directory of the run [default: runs/TASK-MODEL-SEED or runs/PRESET-SEED]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Continue the run in --out
    #[arg(
        long,
        requires = "out",
        conflicts_with_all = [
            "config", "preset", "task", "data", "model", "units", "seed", "force", "batch_size", "optimizer", "lr",
            "freeze", "only_inputs",
        ]
    )]
    resume: bool,
    /// Replace a run in --out
    #[arg(long)]
    force: bool,
    /// Seed of everything random [default: 0]
    #[arg(long)]
    seed: Option<u64>,
    /// Most updates
    #[arg(long, value_name = "N")]
    updates: Option<u64>,
    /// Trials per update
    #[arg(long, value_name = "B")]
    batch_size: Option<usize>,
    /// Optimiser: sgd, adam or adamw
    #[arg(long)]
    optimizer: Option<String>,
    /// Learning rate
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    lr: Option<f64>,
    /// Parameters that stay as they are, e.g. w_rec,w_out or, of one layer of a stacked network, layers.0.w_rec
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    freeze: Vec<String>,
    /// Input channels whose weights alone are trained among the input weights, e.g. rule_dm1
    #[arg(long, value_name = "CHANNELS", value_delimiter = ',')]
    only_inputs: Vec<String>,
    /// auto, cpu, cuda:N or metal
    #[arg(long, default_value = "auto", value_parser = super::parse_device)]
    device: DeviceChoice,
    /// Report in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    run: String,
    updates: u64,
    reason: &'a str,
    /// The last validation.
    validation: Option<&'a ValidationRecord>,
    /// That of the network that is saved.
    saved: Option<&'a ValidationRecord>,
}

pub fn train(args: TrainArgs) -> Result<()> {
    environment::settle(environment::no_spinning());
    let experiment = plan(&args)?;
    let out = args.out.clone().unwrap_or_else(|| default_out(&experiment, args.preset.as_deref()));
    let existing = match (args.resume, args.force) {
        (true, _) => Existing::Resume,
        (_, true) => Existing::Overwrite,
        _ => Existing::Keep,
    };
    // What can be refused is refused before anything is replaced.
    let device = output::open_device(args.device)?;
    let run = RunDirectory::open(&out, existing)?;
    let init = match (&experiment.init, args.resume) {
        (Some(init), false) => Some(zoo::open(init)?),
        _ => None,
    };
    let outcome = fit(&experiment, init.as_ref(), &run, &device, progress_bar())?;
    report(&args, &run, &outcome)
}

/// What to train: from a run.toml, from the run to resume, or from flags.
fn plan(args: &TrainArgs) -> Result<Experiment> {
    let resumed = match &args.out {
        Some(out) if args.resume => Some(RunDirectory::open(out, Existing::Resume)?.config()),
        _ => None,
    };
    let mut experiment = match (resumed.as_ref().or(args.config.as_ref()), &args.preset) {
        (Some(path), _) => {
            let text = fs::read_to_string(path).with_context(|| format!("{} could not be read", path.display()))?;
            Experiment::from_toml(&text).with_context(|| path.display().to_string())?
        }
        (None, Some(id)) => preset::load(id)?,
        (None, None) => from_flags(args)?,
    };
    let config = &mut experiment.train;
    config.updates = args.updates.unwrap_or(config.updates);
    config.batch_size = args.batch_size.or(config.batch_size);
    config.learning_rate = args.lr.unwrap_or(config.learning_rate);
    if !args.freeze.is_empty() {
        config.freeze.clone_from(&args.freeze);
    }
    if !args.only_inputs.is_empty() {
        config.only_inputs.clone_from(&args.only_inputs);
    }
    if let Some(name) = &args.optimizer {
        config.optimizer = Some(OptimizerConfig::named(name)?);
    }
    if (args.config.is_some() || args.preset.is_some())
        && let Some(units) = args.units
    {
        if !experiment.model.areas.is_empty() {
            bail!(
                "--units does not say how to divide {units} units among areas; write a RUN.toml with other \
                [[model.areas]]"
            );
        }
        if !experiment.model.layers.is_empty() {
            bail!(
                "--units does not say how to divide {units} units among layers; write a RUN.toml with other \
                [[model.layers]]"
            );
        }
        experiment.model.units = Some(units);
    }
    experiment.seed = args.seed.unwrap_or(experiment.seed);
    experiment.init = args.init.clone().or(experiment.init);
    experiment.validate()?;
    if !args.resume
        && let Some(init) = &experiment.init
    {
        experiment.init = Some(hub::pinned(init)?);
    }
    Ok(experiment)
}

fn from_flags(args: &TrainArgs) -> Result<Experiment> {
    let task: Arc<dyn Task> = match (&args.task, &args.data) {
        (Some(id), _) => nn4n_tasks::create(id, None)?.into(),
        (_, Some(path)) => setting::own_data(path, serde_json::Map::new())?.into(),
        (None, None) => {
            bail!("name what to train on: --task ID (see `nn4n tasks list`), --preset ID, --data FILE, or a RUN.toml")
        }
    };
    let (inputs, outputs, units) = (task.inputs().len(), task.outputs().len(), args.units.unwrap_or(100));
    let model = match (args.model, &args.init) {
        (None, Some(init)) => model_of(init, task.as_ref(), args.units)?,
        (kind, _) => ModelConfig::of_kind(kind.unwrap_or_default(), inputs, units, outputs),
    };
    // A network that is trained further answers as its new task asks for.
    let mut model = ModelConfig { readout: None, dt: task.dt(), ..model };
    if args.model.is_some() {
        model.readout = Some(readout_for(task.objective()));
        let (reaching, words) = with_reach(model, task.as_ref())?;
        words.iter().for_each(|words| say(words));
        model = reaching;
    }
    Ok(Experiment::new(task, model, TrainConfig::default(), args.seed.unwrap_or(0))?)
}

/// The network of the checkpoint that training starts from, with the channels of the task.
fn model_of(init: &Path, task: &dyn Task, units: Option<usize>) -> Result<ModelConfig> {
    let model = zoo::open(init)?.header.model;
    check_step(&model, task).with_context(|| format!("--init {}", init.display()))?;
    let found = model.n_units();
    match units.filter(|units| *units != found) {
        Some(units) => {
            bail!("--units {units}: the network of --init {} has {found} units; leave --units out", init.display())
        }
        None => with_channels(model, init, task),
    }
}

/// The same network with the channels of the task, unless it says something of single channels that does not fit them.
fn with_channels(model: ModelConfig, init: &Path, task: &dyn Task) -> Result<ModelConfig> {
    let (inputs, outputs) = (model.inputs, model.outputs);
    let adapted = ModelConfig { inputs: task.inputs().len(), outputs: task.outputs().len(), ..model };
    adapted.validate().with_context(|| {
        format!(
            "--init {}: its network has {inputs} inputs and {outputs} outputs, the task {} and {}; describe the \
            network for this task in a RUN.toml with `init`",
            init.display(),
            adapted.inputs,
            adapted.outputs
        )
    })?;
    Ok(adapted)
}

fn default_out(experiment: &Experiment, preset: Option<&str>) -> PathBuf {
    let last = |id: &str| id.rsplit('/').next().unwrap_or("run").to_string();
    let name = preset.map_or_else(|| format!("{}-{}", last(experiment.task.id()), experiment.model.kind), last);
    PathBuf::from("runs").join(format!("{name}-{}", experiment.seed))
}

fn report(args: &TrainArgs, run: &RunDirectory, outcome: &Outcome) -> Result<()> {
    let path = run.path().display();
    let (reason, why) = match outcome.reason {
        StopReason::CriterionMet => ("criterion_met", "the task's criterion is met"),
        StopReason::OutOfPatience => ("out_of_patience", "no better network for the given patience"),
        StopReason::LastUpdate => ("last_update", "the last update is done"),
        StopReason::Interrupted => ("interrupted", "interrupted"),
    };
    let (validation, saved) = (outcome.validations.last(), outcome.saved.as_ref());
    if args.json {
        return output::json(&Report { run: path.to_string(), updates: outcome.updates, reason, validation, saved });
    }
    output::text(&format!("{why} after {} updates", outcome.updates))?;
    if let Some(saved) = saved {
        output::text(&format!("saved: the network of update {}, {}", saved.update, saved.summary()))?;
    }
    if let Some(level) = outcome.guessing
        && outcome.reason != StopReason::Interrupted
    {
        output::text(&format!(
            "at chance: the last validation is no better than guessing ({}). Try more updates (--updates), another \
            learning rate (--lr) or seed (--seed), less recurrent noise (`sigma_rec` in [model] of a RUN.toml), or \
            easier trials first ([[curriculum]])",
            output::percent(level)
        ))?;
    }
    output::text(&format!("run directory: {path}"))?;
    if outcome.reason == StopReason::Interrupted {
        output::text(&format!("next: nn4n train --out {path} --resume"))
    } else {
        output::text(&format!("next: nn4n eval {path}"))
    }
}
