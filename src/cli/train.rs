//! `nn4n train`

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, Result, bail};
use clap::Args;
use nn4n_models::{Kind, ModelConfig};
use nn4n_tasks::Task;
use serde::Serialize;

use super::{
    choice::kinds,
    environment,
    names::Names,
    output, resume,
    setting::{self, Setting, parse_setting},
};
use crate::{
    checkpoint::ValidationRecord,
    device::DeviceChoice,
    experiment::{Experiment, TrainConfig, continued, describe_network, preset, with_reach},
    files::read_text,
    hub,
    loss::readout_for,
    optimizer::OptimizerConfig,
    run_directory::{Existing, RunDirectory, STATE},
    terminal::{INTERRUPTED_CODE, end_in_order, progress_bar, say},
    train::{Outcome, Progress, StopReason, check_init, fit},
    zoo,
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n train --task song2016/rdm_varstim --model ei --units 100 --out runs/rdm
  nn4n train --data trials.npz --units 64          inputs (K,T,I), targets (K,T,O), optional loss_mask
  nn4n train experiment.toml --seed 2 --out runs/second
  nn4n train --preset song2016/mante_areas         a paper's own network and training
  nn4n train --task song2016/rdm_rt --model ei --init runs/rdm --freeze w_rec     fine-tuning of the rest
  nn4n train --data trials.npz --set held_out=100 --set layout=time_first         see `nn4n tasks show data/npz`
  nn4n train --out runs/rdm --resume               after an interruption

With --resume the same command starts a run, goes on with it, or says that it is finished.
SIGINT (Ctrl-C), SIGTERM, SIGHUP and SIGUSR1 save the run after the update in hand, a second one ends it at once; under
nohup SIGHUP does nothing.

Exit codes: 0 the run is finished, 75 it was interrupted and can go on, 1 it failed, 2 usage")]
pub struct TrainArgs {
    /// An experiment in TOML: [task], [model], [train]
    #[arg(value_name = "RUN.toml", conflicts_with_all = ["task", "data"])]
    pub(super) config: Option<PathBuf>,
    /// Task by its id; see `nn4n tasks list`
    #[arg(long, value_name = "ID", conflicts_with = "data")]
    pub(super) task: Option<String>,
    /// The experiment of a paper, as published; see `nn4n tasks list --presets`
    #[arg(long, value_name = "ID", conflicts_with_all = ["config", "task", "data", "model"])]
    pub(super) preset: Option<String>,
    /// Your own trials: an .npz, .mat (MATLAB 7.3) or .h5 with inputs, targets and optionally loss_mask, n_steps, dt, correct and labels (see
    /// `nn4n tasks show data/npz`), or a task in TOML
    #[arg(long, value_name = "FILE.npz|.mat|.h5|.toml")]
    pub(super) data: Option<PathBuf>,
    /// A parameter of the task, in JSON, as `nn4n tasks show ID` lists them; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_setting)]
    pub(super) settings: Vec<Setting>,
    /// Kind of network; multi_area and stacked have two areas or layers of equal size, describe others in a RUN.toml
    /// [default: that of --init, or vanilla]
    #[arg(long, value_name = "KIND", value_parser = kinds(&Kind::ALL), conflicts_with = "config")]
    pub(super) model: Option<Kind>,
    /// Number of units [default: 100]
    #[arg(long, value_name = "N")]
    pub(super) units: Option<usize>,
    /// Start from the network of this checkpoint, its channels matched by name: a file, a run directory, or
    /// hf:owner/repo[@revision][/file]
    #[arg(long, value_name = "CHECKPOINT")]
    pub(super) init: Option<PathBuf>,
    /// Directory of the run [default: runs/TASK-MODEL-SEED or runs/PRESET-SEED]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Continue the run in --out, or start it there; options that contradict the run are refused, but for
    /// --updates, --lr and --remat, which may be changed
    #[arg(long, requires = "out", conflicts_with = "force")]
    pub(super) resume: bool,
    /// Replace a run in --out
    #[arg(long)]
    force: bool,
    /// Seed of everything random [default: 0]
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// Most updates
    #[arg(long, value_name = "N")]
    pub(super) updates: Option<u64>,
    /// Trials per update
    #[arg(long, value_name = "B")]
    pub(super) batch_size: Option<usize>,
    /// Optimiser: sgd, adam or adamw
    #[arg(long)]
    pub(super) optimizer: Option<String>,
    /// Learning rate
    #[arg(long, value_name = "X")]
    pub(super) lr: Option<f64>,
    /// Parameters that stay as they are, e.g. w_rec,w_out or, of one layer of a stacked network, layers.0.w_rec
    #[arg(long, value_name = "NAMES")]
    pub(super) freeze: Option<Names>,
    /// Input channels whose weights alone are trained among the input weights, e.g. rule_dm1
    #[arg(long, value_name = "CHANNELS")]
    pub(super) only_inputs: Option<Names>,
    /// Compute most steps again on the way back instead of keeping them: long trials in little memory, at up to 1.5
    /// times the time, with the same bits; on the CPU
    #[arg(long)]
    pub(super) remat: bool,
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
    reason: StopReason,
    /// The last validation.
    validation: Option<&'a ValidationRecord>,
    /// That of the network that is saved.
    saved: Option<&'a ValidationRecord>,
}

pub fn train(args: &TrainArgs) -> Result<ExitCode> {
    environment::settle(environment::no_spinning());
    end_in_order();
    args.out.as_deref().map_or(Ok(()), output::refuse_a_study)?;
    let known = match &args.out {
        Some(out) if args.resume => resume::known(out)?,
        _ => None,
    };
    let experiment = match known {
        Some(known) => resume::go_on(args, known)?,
        None => pinned(plan(args)?)?,
    };
    let out = args.out.clone().unwrap_or_else(|| default_out(&experiment, args.preset.as_deref()));
    let existing = match (args.resume, args.force) {
        (true, _) => Existing::Resume,
        (_, true) => Existing::Overwrite,
        _ => Existing::Keep,
    };
    let (run, outcome) = train_in(&out, &experiment, existing, args.device, progress_bar())?;
    report(args, &run, &outcome)?;
    Ok(match outcome.reason {
        StopReason::Interrupted => INTERRUPTED_CODE.into(),
        _ => ExitCode::SUCCESS,
    })
}

/// Trains an experiment in a directory.
pub(super) fn train_in(
    out: &Path,
    experiment: &Experiment,
    existing: Existing,
    device: DeviceChoice,
    progress: impl FnMut(&Progress<'_>) -> ControlFlow<()> + Send,
) -> Result<(RunDirectory, Outcome)> {
    // What can be refused is refused before anything is replaced.
    let device = output::open_device(device, experiment.work()?)?;
    let init = match &experiment.init {
        Some(name) if !is_begun(out, existing) => {
            let init = zoo::open(name)?;
            check_init(experiment, name, &init)?;
            Some(init)
        }
        _ => None,
    };
    let run = RunDirectory::open(out, existing)?;
    say_what_will_happen(experiment);
    let outcome = fit(experiment, init.as_ref(), &run, &device, progress)?;
    Ok((run, outcome))
}

/// Whether a run is there that will be continued.
fn is_begun(out: &Path, existing: Existing) -> bool {
    existing == Existing::Resume && out.join(STATE).exists()
}

/// The same experiment, whose `init` names the same checkpoint for ever.
fn pinned(mut experiment: Experiment) -> Result<Experiment> {
    experiment.init = experiment.init.as_deref().map(hub::pinned).transpose()?;
    Ok(experiment)
}

/// The longest run.toml that is read, bytes: descriptions of large networks hold arrays.
pub(super) const LONGEST: u64 = 64 << 20;

/// Reads a run.toml.
pub(super) fn read(path: &Path) -> Result<Experiment> {
    Experiment::from_toml(&read_text(path, LONGEST)?).with_context(|| path.display().to_string())
}

/// What to train: from a run.toml, a preset, or from flags.
pub(super) fn plan(args: &TrainArgs) -> Result<Experiment> {
    let mut experiment = match (&args.config, &args.preset) {
        (Some(path), _) => described(&read_text(path, LONGEST)?, args).with_context(|| path.display().to_string())?,
        (None, Some(id)) => described(preset::text(id)?, args)?,
        (None, None) => from_flags(args)?,
    };
    let config = &mut experiment.train;
    config.updates = args.updates.unwrap_or(config.updates);
    config.batch_size = args.batch_size.or(config.batch_size);
    config.learning_rate = args.lr.unwrap_or(config.learning_rate);
    config.remat |= args.remat;
    if let Some(Names(names)) = &args.freeze {
        config.freeze.clone_from(names);
    }
    if let Some(Names(names)) = &args.only_inputs {
        config.only_inputs.clone_from(names);
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
    Ok(experiment)
}

/// What no option says, on standard error: how data of one's own were understood, and when the run will end.
fn say_what_will_happen(experiment: &Experiment) {
    experiment.task.remarks().iter().for_each(|remark| say(remark));
    let stop = &experiment.train.stop;
    if experiment.criterion().is_none() && stop.patience.is_none() {
        say(&format!(
            "no stop rule: trains for all {} updates (--updates) and saves the network of the best validation",
            experiment.train.updates
        ));
    }
}

/// The experiment of a run.toml, with other parameters of its task, and where it begins from a checkpoint and
/// describes no network, with that of the checkpoint.
fn described(text: &str, args: &TrainArgs) -> Result<Experiment> {
    let settings = setting::parameters(&args.settings)?;
    let mut document: toml::Table = match text.parse() {
        Ok(document) => document,
        Err(_) => return Ok(Experiment::from_toml_with(text, settings)?), // refuses it, with the place
    };
    let given = document.get("init").and_then(toml::Value::as_str).map(PathBuf::from);
    let Some(init) = args.init.clone().or(given).filter(|_| !document.contains_key("model")) else {
        return Ok(Experiment::from_toml_with(text, settings)?);
    };
    describe_network(&mut document, settings.clone(), |task| model_of(&init, task, args.units))?;
    if !document.contains_key("model") {
        return Ok(Experiment::from_toml_with(text, settings)?); // names no task, either, and is refused
    }
    Ok(Experiment::from_toml_with(&toml::to_string(&document)?, settings)?)
}

/// The task that the flags name, if they do.
pub(super) fn task(args: &TrainArgs) -> Result<Option<Arc<dyn Task>>> {
    Ok(match (&args.task, &args.data) {
        (Some(id), _) => Some(setting::task(id, &args.settings)?.into()),
        (_, Some(path)) => Some(setting::own_data(path, setting::parameters(&args.settings)?)?.into()),
        (None, None) => None,
    })
}

fn from_flags(args: &TrainArgs) -> Result<Experiment> {
    let Some(task) = task(args)? else {
        let why = match &args.out {
            Some(out) if args.resume => format!("{} holds no run to resume; to start one, ", out.display()),
            _ => String::new(),
        };
        bail!("{why}name what to train on: --task ID (see `nn4n tasks list`), --preset ID, --data FILE, or a RUN.toml")
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
    let found = model.n_units();
    match units.filter(|units| *units != found) {
        Some(units) => {
            bail!("--units {units}: the network of --init {} has {found} units; leave --units out", init.display())
        }
        None => continued(model, task).with_context(|| format!("--init {}", init.display())),
    }
}

fn default_out(experiment: &Experiment, preset: Option<&str>) -> PathBuf {
    let last = |id: &str| id.rsplit('/').next().unwrap_or("run").to_string();
    let name = preset.map_or_else(|| format!("{}-{}", last(experiment.task.id()), experiment.model.kind), last);
    PathBuf::from("runs").join(format!("{name}-{}", experiment.seed))
}

fn report(args: &TrainArgs, run: &RunDirectory, outcome: &Outcome) -> Result<()> {
    let path = run.path().display();
    let directory = output::shell_path(run.path());
    let why = match outcome.reason {
        StopReason::CriterionMet => "the task's criterion is met",
        StopReason::OutOfPatience => "no better network for the given patience",
        StopReason::LastUpdate => "the last update is done",
        StopReason::Interrupted => "interrupted",
    };
    let (validation, saved) = (outcome.validations.last(), outcome.saved.as_ref());
    if args.json {
        let (updates, reason) = (outcome.updates, outcome.reason);
        return output::json(&Report { run: path.to_string(), updates, reason, validation, saved });
    }
    let was_finished = outcome.new_updates == 0 && outcome.reason != StopReason::Interrupted;
    let finished = if was_finished { "the run is finished: " } else { "" };
    output::text(&format!("{finished}{why} after {} updates", outcome.updates))?;
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
        output::text(&format!("next: nn4n train --out {directory} --resume"))
    } else {
        output::text(&format!("next: nn4n eval {directory}"))
    }
}
