//! A run: a [`Trainer`] with its files, its log, its validations and the rule that ends it.

use std::ops::ControlFlow;

use candle_core::Device;
use nn4n_tasks::Split;
use rayon::ThreadPoolBuilder;

use super::{
    init,
    log::Log,
    long_trials,
    prefetch::Prefetch,
    state,
    trainer::Trainer,
    validation::{History, StopReason, Validation},
};
use crate::{
    checkpoint::{Checkpoint, FORMAT, Header, Provenance, TaskRecord, TrainRecord, ValidationRecord},
    error::{Error, Result},
    experiment::Experiment,
    run_directory::RunDirectory,
};

/// On other devices than the CPU, candle's backward pass and the release of its graph recurse through time, so training
/// has threads with deep stacks. Only the part that is used takes memory.
const STACK: usize = 256 << 20;

/// Most rates in one update, so that a mistyped size is an error instead of an exhausted memory; training holds about
/// three arrays of that many numbers.
const MAX_RATES: usize = 1 << 30;

/// How far a run is, told after every update.
#[derive(Clone, Debug)]
pub struct Progress<'a> {
    /// Updates done.
    pub update: u64,
    /// Most updates.
    pub updates: u64,
    /// Loss of this update's batch, penalties included.
    pub loss: f64,
    /// The validation that followed this update, if one did.
    pub validation: Option<&'a ValidationRecord>,
    /// What guessing reaches, if the last validation was no better.
    pub guessing: Option<f64>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Updates done.
    pub updates: u64,
    /// Why it ended.
    pub reason: StopReason,
    /// All validations.
    pub validations: Vec<ValidationRecord>,
    /// That of the network in `model.safetensors`, the best; `None` before the first one.
    pub saved: Option<ValidationRecord>,
    /// What guessing reaches, if the last validation was no better.
    pub guessing: Option<f64>,
}

/// Trains the network of `experiment` and leaves the run in `run`: the best network in `model.safetensors`, and what is
/// needed to resume.
///
/// A run directory opened to resume goes on where its run left off; any other begins with the network of `init`, which
/// is the checkpoint that the experiment names, or with one drawn from the seed. `progress` is called after every
/// update and may end the run, which can then be resumed.
///
/// # Errors
/// If the parts do not fit, a file cannot be written, or the loss is no longer finite; the last good checkpoint stays
/// in the directory.
pub fn fit(
    experiment: &Experiment,
    init: Option<&Checkpoint>,
    run: &RunDirectory,
    device: &Device,
    progress: impl FnMut(&Progress<'_>) -> ControlFlow<()> + Send,
) -> Result<Outcome> {
    let pool = ThreadPoolBuilder::new().stack_size(STACK).build().map_err(|error| {
        Error::system(format!(
            "training could not start its threads, which need {} MiB of address space each ({error}); raise the limit \
            (ulimit -v)",
            STACK >> 20
        ))
    })?;
    // Within the pool, so that no step of the training hands its work over to another thread.
    pool.install(|| train(experiment, init, run, device, progress))
}

fn train(
    experiment: &Experiment,
    init: Option<&Checkpoint>,
    run: &RunDirectory,
    device: &Device,
    mut progress: impl FnMut(&Progress<'_>) -> ControlFlow<()>,
) -> Result<Outcome> {
    experiment.validate()?;
    let _lock = run.lock()?;
    let (mut trainer, history) = begin(experiment, init, run, device)?;
    let mut validation = Validation::new(experiment, history)?;
    refuse_if_too_large(experiment, trainer.network().units().len())?;
    let mut batches = Prefetch::of(validation.lesson(), experiment, &mut trainer)?;
    trainer.rehearse(&batches.peek()?.to_device(device)?)?;
    long_trials::tell(experiment)?;
    run.begin(&experiment.to_toml()?)?;
    if !run.is_resumed() {
        // From here on there is a network to load and a state to resume, whatever happens before the first validation.
        checkpoint(experiment, &trainer, &[])?.save(run.model())?;
        state::save(run, experiment, &trainer, &validation)?;
    }
    let config = &experiment.train;
    let mut log = Log::open(run, trainer.updates(), config.tensorboard)?;

    let mut reason = validation.stop().unwrap_or(StopReason::LastUpdate);
    while reason == StopReason::LastUpdate && trainer.updates() < config.updates {
        let update = trainer.step(&batches.next()?.to_device(device)?)?;
        if update.update % config.log_every == 0 {
            log.update(&update)?;
        }
        let validated = update.update % config.validation.every == 0 || update.update == config.updates;
        if validated {
            trainer.check_finite()?;
            let is_best = validation.validate(trainer.network(), update.update)?;
            validation.last().map_or(Ok(()), |record| log.validation(record))?;
            if is_best {
                checkpoint(experiment, &trainer, validation.records())?.save(run.model())?;
            }
            reason = validation.stop().unwrap_or(reason);
            batches.turn_to(validation.lesson(), experiment, &mut trainer)?;
            state::save(run, experiment, &trainer, &validation)?;
        }
        let told = Progress {
            update: update.update,
            updates: config.updates,
            loss: update.loss,
            validation: if validated { validation.last() } else { None },
            guessing: validation.guessing(),
        };
        if progress(&told).is_break() && reason == StopReason::LastUpdate {
            reason = StopReason::Interrupted;
            trainer.check_finite()?;
            state::save(run, experiment, &trainer, &validation)?;
        }
    }
    Ok(Outcome {
        updates: trainer.updates(),
        reason,
        saved: validation.saved().cloned(),
        guessing: validation.guessing(),
        validations: validation.into_records(),
    })
}

/// The network to begin with, and the validations so far.
fn begin(
    experiment: &Experiment,
    init: Option<&Checkpoint>,
    run: &RunDirectory,
    device: &Device,
) -> Result<(Trainer, History)> {
    if run.is_resumed() {
        return state::load(run, experiment, device);
    }
    let trainer = match (&experiment.init, init) {
        (Some(name), Some(init)) => Trainer::with_network(experiment, init::network(experiment, name, init, device)?)?,
        (None, Some(_)) => {
            let message = "is not named, but a checkpoint was handed over; say in the experiment which one it is";
            return Err(Error::setting("init", message));
        }
        // Which refuses a checkpoint that is named and was not opened.
        (_, None) => Trainer::new(experiment, device)?,
    };
    Ok((trainer, History::default()))
}

fn refuse_if_too_large(experiment: &Experiment, units: usize) -> Result<()> {
    let batch_size = experiment.batch_size();
    let steps = match experiment.train.stream_steps {
        Some(steps) => steps,
        None => nn4n_tasks::batch(experiment.task.as_ref(), Split::Train, experiment.seed, 0, 1)?.max_steps(),
    };
    if batch_size.saturating_mul(steps).saturating_mul(units) <= MAX_RATES {
        return Ok(());
    }
    let message = format!(
        "= {batch_size} trials of {steps} steps with {units} units are more than {MAX_RATES} rates in one update; \
        take fewer trials"
    );
    Err(Error::setting("train.batch_size", message))
}

fn checkpoint(experiment: &Experiment, trainer: &Trainer, validations: &[ValidationRecord]) -> Result<Checkpoint> {
    let last = validations.last();
    let metrics = [
        ("loss", last.map(|record| record.loss)),
        ("performance", last.and_then(|record| record.performance)),
        ("minimum_performance", last.and_then(|record| record.minimum)),
        ("rms_error", last.and_then(|record| record.rms_error)),
    ];
    let settings =
        serde_json::to_value(experiment.settings()).map_err(|error| Error::setting("train", error.to_string()))?;
    let updates = last.map_or(0, |record| record.update);
    Ok(Checkpoint {
        header: Header {
            format: FORMAT,
            model: experiment.model.clone(),
            task: TaskRecord::of(experiment.task.as_ref()),
            train: TrainRecord { settings, updates, validations: validations.to_vec() },
            seed: experiment.seed,
            metrics: metrics.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?))).collect(),
            provenance: Provenance::of(experiment.task.as_ref(), experiment.init.clone()),
        },
        tensors: trainer.network().tensors()?,
    })
}
