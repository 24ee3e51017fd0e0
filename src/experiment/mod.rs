//! One experiment: a task, a network, the settings of its training and a seed. In TOML a `run.toml`.
//!
//! What a description leaves out is the task's, where the task says it: the loss, the readout, the recurrent noise and
//! the rule that ends the training follow from what its source does. What no task says has its published default. In
//! Rust that is `None`, in TOML a key that is not there; both mean the same.
//!
//! ```
//! use nn4n::Experiment;
//!
//! let experiment = Experiment::from_toml(r#"
//!     seed = 1
//!     [task]
//!     id = "song2016/rdm_varstim"
//!     [model]
//!     kind = "ei"
//!     units = 100
//!     [train]
//!     learning_rate = 0.003
//! "#)?;
//! assert_eq!(experiment.model.inputs, 3);
//! # Ok::<(), nn4n::Error>(())
//! ```
//!
//! Matrices may lie in files: `connectivity = { file = "structure.npz", array = "C" }` in `[model.w_rec]`, and so for
//! `fixed`, `plastic` and `init = { array = ... }`. The experiment keeps what was read.

mod compatibility;
#[cfg(feature = "sweep")]
mod continued;
mod difference;
mod glossary;
pub mod preset;
mod reach;
mod references;
mod run_toml;
#[cfg(feature = "schema")]
mod schema;
mod stage;
mod train_config;

use std::{path::PathBuf, sync::Arc};

use nn4n_models::{ModelConfig, PerUnit};
use nn4n_tasks::{Criterion, Split, Task, batch};

pub use compatibility::{ChannelNames, check_fit};
#[cfg(feature = "sweep")]
pub(crate) use continued::{continued, describe_network};
pub(crate) use difference::differences;
#[cfg(feature = "cli")]
pub(crate) use reach::with_reach;
#[cfg(feature = "schema")]
pub use schema::schema;
pub use stage::Stage;
pub(crate) use train_config::LONGEST_WINDOW;
pub use train_config::{AdaptConditions, StopConfig, SynapticIntelligenceConfig, TrainConfig, ValidationConfig};

use crate::{
    device::Work,
    error::{Error, Result},
    loss::{Loss, readout_for},
    optimizer::OptimizerConfig,
    penalty::Penalty,
    simulate::check_outputs,
};
use reach::check_reach;

/// A validated experiment.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Everything random is a function of it.
    pub seed: u64,
    /// The task.
    pub task: Arc<dyn Task>,
    /// The network.
    pub model: ModelConfig,
    /// The settings of the training; what they leave out is the task's.
    pub train: TrainConfig,
    /// The name of a checkpoint whose network training starts from, its channels matched by name; `None` draws one from
    /// the seed. Whoever trains opens it and hands it over.
    pub init: Option<PathBuf>,
    /// Easier tasks that come before `task`, in order; empty for training on `task` from the start.
    pub curriculum: Vec<Stage>,
}

impl Experiment {
    /// Puts an experiment together; the loss, the readout, the recurrent noise and the stop rule that `model` and
    /// `train` leave open are the task's.
    ///
    /// # Errors
    /// If a part is invalid or the parts do not fit: the network's inputs, outputs and `dt` must be the task's, and its
    /// outputs must be able to reach the targets.
    pub fn new(task: Arc<dyn Task>, model: ModelConfig, train: TrainConfig, seed: u64) -> Result<Self> {
        let readout = Some(model.readout.unwrap_or(readout_for(task.objective())));
        let sigma_rec = model.sigma_rec.or_else(|| task.sigma_rec().map(PerUnit::Uniform));
        let model = ModelConfig { readout, sigma_rec, ..model }.completed();
        let experiment = Self { seed, task, model, train, init: None, curriculum: Vec::new() };
        experiment.validate()?;
        Ok(experiment)
    }

    /// The loss of the task in training.
    pub fn loss(&self) -> Loss {
        self.train.loss.unwrap_or(self.task.objective().into())
    }

    /// Trials per update.
    pub fn batch_size(&self) -> usize {
        self.train.batch_size.unwrap_or(TrainConfig::BATCH_SIZE)
    }

    /// The size of an update, by which `--device auto` chooses.
    ///
    /// # Errors
    /// If the task has no trials.
    pub fn work(&self) -> Result<Work> {
        let steps = self.steps()?;
        let work = Work::of_update(&self.model, self.batch_size(), steps);
        let work = if self.task.plant().is_some() { work.through_plant(steps) } else { work };
        Ok(if self.train.remat { work.on_cpu_alone("`train.remat` is for it alone") } else { work })
    }

    /// The steps of an update: of a window of a stream, or of the first trial.
    ///
    /// # Errors
    /// If the task has no trials.
    pub(crate) fn steps(&self) -> Result<usize> {
        match self.train.stream_steps {
            Some(steps) => Ok(steps),
            None => Ok(batch(self.task.as_ref(), Split::Train, self.seed, 0, 1)?.max_steps()),
        }
    }

    /// How the parameters are updated.
    pub fn optimizer(&self) -> OptimizerConfig {
        self.train.optimizer.unwrap_or_default()
    }

    /// When training ends before the last update, if it does.
    pub fn criterion(&self) -> Option<Criterion> {
        self.train.criterion(self.task.as_ref())
    }

    /// The settings of the training with nothing left out, so that they mean the same when a default changes.
    pub fn settings(&self) -> TrainConfig {
        TrainConfig {
            loss: Some(self.loss()),
            batch_size: Some(self.batch_size()),
            optimizer: Some(self.optimizer()),
            ..self.train.clone()
        }
    }

    /// Checks every rule, as [`new`](Self::new) and [`fit`](crate::train::fit) do.
    ///
    /// # Errors
    /// The first rule that is broken: field, rule, value and remedy.
    pub fn validate(&self) -> Result<()> {
        let Self { seed, task, model, train, init: _, curriculum } = self;
        task.validate()?;
        model.validate()?;
        train.validate()?;
        curriculum
            .iter()
            .map(|stage| &stage.task)
            .chain([task])
            .try_for_each(|task| self.check_plant(task.as_ref()))?;
        self.loss().validate(model.nonlinearity())?;
        curriculum
            .iter()
            .map(|stage| &stage.task)
            .chain([task])
            .try_for_each(|task| check_reach(model, task.as_ref()))?;
        train.regularisers.iter().try_for_each(|regulariser| regulariser.check_fit(model))?;
        check_fit(model, None, task.as_ref()).map_err(of_model)?;
        curriculum.iter().enumerate().try_for_each(|(place, stage)| stage.validate(place, task.as_ref()))?;
        if !curriculum.is_empty() && !task.switches().is_empty() {
            let message = "leads to a sequence of tasks, whose turns are counted from the first update on, stages \
                included; use one of the two";
            return Err(Error::setting("curriculum", message));
        }
        curriculum.iter().try_for_each(|stage| refuse_without_scores(stage.task.as_ref(), "curriculum.threshold"))?;
        if train.adapt_conditions.is_some() {
            refuse_without_scores(task.as_ref(), "train.adapt_conditions")?;
        }
        if self.criterion().is_some_and(|criterion| criterion.needs_scores()) {
            refuse_without_scores(task.as_ref(), "criterion")?;
        }
        if i64::try_from(*seed).is_err() {
            return Err(Error::setting("seed", format!("must be at most {}, but is {seed}", i64::MAX)));
        }
        Ok(())
    }

    /// What looks at the network's own outputs has no meaning where those of a plant are graded.
    fn check_plant(&self, task: &dyn Task) -> Result<()> {
        if task.plant().is_none() {
            return Ok(());
        }
        check_outputs(self.model.outputs)?;
        if self.train.remat {
            let message = format!(
                "does not reach through the plant of `{}`, whose steps are not computed again; leave it out",
                task.id()
            );
            return Err(Error::setting("train.remat", message));
        }
        if self.loss() == Loss::CrossEntropy {
            let message = format!(
                "= \"cross_entropy\" grades probabilities, but of `{}` the place of a hand is graded; use the loss \
                \"masked_mse\" or \"mean_square\"",
                task.id()
            );
            return Err(Error::setting("train.loss", message));
        }
        let looks_back = |kind: &Penalty| matches!(kind, Penalty::VanishingGradient {});
        if self.train.regularisers.iter().any(|regulariser| looks_back(&regulariser.kind)) {
            let message = format!("does not reach through the plant of `{}`; remove this regulariser", task.id());
            return Err(Error::setting("train.regularisers.vanishing_gradient", message));
        }
        Ok(())
    }
}

/// What does not fit a task, of a network that is described for it.
fn of_model(error: Error) -> Error {
    match error {
        Error::Setting { field, message } => Error::Setting {
            field: format!("model.{field}"),
            message: format!("{message}, or leave it out of [model], so that it is the task's"),
        },
        other => other,
    }
}

/// What looks at right answers needs tasks that have them.
fn refuse_without_scores(task: &dyn Task, field: &str) -> Result<()> {
    let unscored = task.unscored();
    if unscored.is_empty() {
        return Ok(());
    }
    let message = format!(
        "asks for right answers, but those of `{}` are neither right nor wrong; say when they are right (such as \
        `rms_error` of one's own data), or leave it out (as a criterion take {{ rms_error = {{ threshold = X }} }}, or \
        set `train.stop.never`)",
        unscored.join("`, `")
    );
    Err(Error::setting(field, message))
}
