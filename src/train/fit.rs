//! A run: a [`Trainer`] with its files, its log, its validations and the rule that ends it.

use std::ops::ControlFlow;

use candle_core::Device;

use super::{
    clock::Clock,
    demand, init,
    log::Log,
    long_trials,
    prefetch::Prefetch,
    saved_network::{SavedNetwork, recognise},
    state::{self, Past, StateWriter},
    trainer::Trainer,
    validation::{StopReason, Validation},
};
use crate::{
    checkpoint::{Checkpoint, FORMAT, Header, Provenance, TaskRecord, TrainRecord, ValidationRecord},
    error::{Error, Result},
    experiment::Experiment,
    progress::{Work, note, turn_to},
    run_directory::{Locked, RunDirectory},
    threads,
};

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
    /// Of these, the ones done in this call: none if the run was finished before.
    pub new_updates: u64,
    /// Why it ended.
    pub reason: StopReason,
    /// The validations, oldest first: all of up to 1,000, and of more every second, fourth, eighth ... with the best
    /// and the last. `log.jsonl` has all.
    pub validations: Vec<ValidationRecord>,
    /// That of the network in `model.safetensors`, the best; `None` before the first one.
    pub saved: Option<ValidationRecord>,
    /// What guessing reaches, if the last validation was no better.
    pub guessing: Option<f64>,
}

/// Trains the network of `experiment` and leaves the run in `run`: the best network in `model.safetensors`, and what is
/// needed to resume.
///
/// A run directory opened to resume goes on where its run left off, if it holds one; any other begins with the network
/// of `init`, which is the checkpoint that the experiment names, or with one drawn from the seed. `progress` is called
/// after every update and may end the run, which can then be resumed. A run that is finished is left as it is.
///
/// # Errors
/// If the parts do not fit, a file cannot be written, the loss is no longer finite, or the directory is moved, removed
/// or replaced; the last good checkpoint stays in the directory. To go on with a run: if the files in the directory are
/// not its own, or files that its trials are read from have changed.
pub fn fit(
    experiment: &Experiment,
    init: Option<&Checkpoint>,
    run: &RunDirectory,
    device: &Device,
    progress: impl FnMut(&Progress<'_>) -> ControlFlow<()> + Send,
) -> Result<Outcome> {
    // Within the pool, so that no step of the training hands its work over to another thread.
    threads::pool()?.install(|| train(experiment, init, run, device, progress))
}

fn train(
    experiment: &Experiment,
    init: Option<&Checkpoint>,
    run: &RunDirectory,
    device: &Device,
    mut progress: impl FnMut(&Progress<'_>) -> ControlFlow<()>,
) -> Result<Outcome> {
    turn_to(Work::Free);
    experiment.validate()?;
    let demand = demand::check_memory(experiment, device)?;
    let files = run.lock()?;
    let mut training = Training::prepare(experiment, init, run, &files, device)?;
    let before = training.trainer.updates();
    let mut reason = training.reason_to_end();
    if reason.is_none() {
        let batches = training.begin(demand)?;
        reason = training.go_on(batches, &mut progress)?;
    }
    turn_to(Work::Free);
    training.end(reason, before)
}

/// A run in progress.
struct Training<'a> {
    experiment: &'a Experiment,
    run: &'a RunDirectory,
    files: &'a Locked<'a>,
    states: StateWriter<'a>,
    trainer: Trainer,
    validation: Validation,
    /// What stands in `model.safetensors`; `None` before anything does.
    saved: Option<SavedNetwork>,
    clock: Clock,
}

impl<'a> Training<'a> {
    /// The network to begin with, and the validations so far. Nothing is written but a network that a crash kept from
    /// its file.
    fn prepare(
        experiment: &'a Experiment,
        init: Option<&Checkpoint>,
        run: &'a RunDirectory,
        files: &'a Locked<'a>,
        device: &Device,
    ) -> Result<Self> {
        let (trainer, past) = begin(experiment, init, run, device)?;
        let saved = past.saved;
        let validation = Validation::new(experiment, past)?.ok_or_else(|| {
            Error::file(run.optimizer(), "has validations that no run has; it is damaged: start anew with --force")
        })?;
        let states = StateWriter::new(files, run, experiment)?;
        let clock = Clock::of(run, trainer.updates());
        let mut training = Self { experiment, run, files, states, trainer, validation, saved, clock };
        if run.is_resumed() {
            training.check_saved()?;
        }
        Ok(training)
    }

    fn check_saved(&mut self) -> Result<()> {
        match self.saved {
            Some(saved) => saved.restore(self.files, self.run, &self.trainer, || self.checkpoint()),
            None => {
                let found = recognise(self.run, self.experiment, &self.trainer, self.validation.history())?;
                self.saved = Some(found);
                Ok(())
            }
        }
    }

    /// Why there is nothing more to do, if there is not.
    fn reason_to_end(&self) -> Option<StopReason> {
        let last = self.trainer.updates() >= self.experiment.train.updates;
        self.validation.stop().or(last.then_some(StopReason::LastUpdate))
    }

    /// Says what an update takes, if that is much, and writes the first files, once nothing can be refused any more.
    fn begin(&mut self, demand: Option<String>) -> Result<Prefetch> {
        let mut batches = Prefetch::of(self.validation.lesson(), self.experiment, &mut self.trainer)?;
        demand.iter().for_each(|words| note(words));
        self.trainer.rehearse(&batches.peek()?.to_device(self.trainer.network().device())?)?;
        long_trials::tell(self.experiment)?;
        turn_to(Work::Begin);
        self.files.begin(&self.experiment.to_toml()?)?;
        if !self.run.is_resumed() {
            // From here on there is a network to load and a state to resume, whatever happens before the first
            // validation.
            self.save_both()?;
        }
        // Of a run that goes on, the file that said it before may say that it is finished, and is gone.
        self.clock.save(self.files, self.trainer.updates())?;
        Ok(batches)
    }

    /// Trains up to the end, or until `progress` ends it; returns why it ended, `None` if `progress` did.
    fn go_on(
        &mut self,
        mut batches: Prefetch,
        progress: &mut impl FnMut(&Progress<'_>) -> ControlFlow<()>,
    ) -> Result<Option<StopReason>> {
        let (experiment, config) = (self.experiment, &self.experiment.train);
        let mut log = Log::open(self.run, self.files, self.trainer.updates(), config.tensorboard)?;
        loop {
            turn_to(Work::Update(self.trainer.updates() + 1));
            let update = self.trainer.step(&batches.next()?.to_device(self.trainer.network().device())?)?;
            if update.update % config.log_every == 0 {
                log.update(&update)?;
            }
            let validated = update.update % config.validation.every == 0 || update.update == config.updates;
            if validated {
                self.validate(&mut log)?;
                batches.turn_to(self.validation.lesson(), experiment, &mut self.trainer)?;
            }
            let reason = if validated { self.reason_to_end() } else { None };
            let told = Progress {
                update: update.update,
                updates: config.updates,
                loss: update.loss,
                validation: if validated { self.validation.last() } else { None },
                guessing: self.validation.guessing(),
            };
            let interrupted = progress(&told).is_break();
            if reason.is_some() {
                return Ok(reason);
            }
            if interrupted {
                self.trainer.check_finite()?;
                self.save()?;
            }
            if validated || interrupted {
                self.clock.save(self.files, self.trainer.updates())?;
            }
            if interrupted {
                return Ok(None);
            }
        }
    }

    fn validate(&mut self, log: &mut Log<'_>) -> Result<()> {
        let update = self.trainer.updates();
        turn_to(Work::Validation(update));
        self.trainer.check_finite()?;
        let is_best = self.validation.validate(self.trainer.network(), update)?;
        self.validation.last().map_or(Ok(()), |record| log.validation(record))?;
        if self.experiment.train.validation.keep {
            // Before the state, which is not to name a validation whose network a crash kept from its file.
            self.files.write_kept(update, &self.checkpoint()?)?;
        }
        if is_best { self.save_both() } else { self.save() }
    }

    /// Saves the state, and with it the network as the best one. The state comes first; see
    /// [`saved_network`](super::saved_network).
    fn save_both(&mut self) -> Result<()> {
        let network = self.checkpoint()?;
        let update = self.validation.last().map_or(0, |record| record.update);
        self.saved = Some(SavedNetwork::of(update, &network));
        self.save()?;
        self.files.write_model(&network)
    }

    fn save(&self) -> Result<()> {
        self.states.save(&self.trainer, &self.validation, self.saved)
    }

    fn checkpoint(&self) -> Result<Vec<u8>> {
        let validations = self.validation.history().records();
        checkpoint(self.experiment, &self.trainer, validations)?.to_bytes(&self.run.model())
    }

    /// Says in a file that the run is finished, unless it was interrupted, and tells how it went.
    fn end(self, reason: Option<StopReason>, before: u64) -> Result<Outcome> {
        let updates = self.trainer.updates();
        if let Some(reason) = reason
            && !self.run.finished().exists()
        {
            let mut said = serde_json::json!({ "reason": reason, "updates": updates });
            if let Some(seconds) = self.clock.seconds() {
                said["seconds"] = seconds.into();
            }
            self.files.finish(&format!("{said}\n"))?;
        }
        let history = self.validation.history();
        Ok(Outcome {
            updates,
            new_updates: updates - before,
            reason: reason.unwrap_or(StopReason::Interrupted),
            saved: history.best().cloned(),
            guessing: self.validation.guessing(),
            validations: history.records(),
        })
    }
}

/// The network to begin with, and the validations so far.
fn begin(
    experiment: &Experiment,
    init: Option<&Checkpoint>,
    run: &RunDirectory,
    device: &Device,
) -> Result<(Trainer, Past)> {
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
    Ok((trainer, Past::default()))
}

/// The network of a trainer as it is now, with what is known of its training.
///
/// # Errors
/// If its tensors cannot be read.
pub fn checkpoint(
    experiment: &Experiment,
    trainer: &Trainer,
    validations: Vec<ValidationRecord>,
) -> Result<Checkpoint> {
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
            train: TrainRecord { settings, updates, validations },
            seed: experiment.seed,
            metrics: metrics.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?))).collect(),
            provenance: Provenance::of(experiment.task.as_ref(), experiment.init.clone())
                .on(trainer.network().device()),
        },
        tensors: trainer.network().tensors()?,
    })
}
