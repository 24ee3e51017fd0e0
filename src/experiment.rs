//! One experiment: a task, a network, the settings of its training and a seed. In TOML a `run.toml`.
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

use std::{path::PathBuf, sync::Arc};

use nn4n_models::ModelConfig;
use nn4n_tasks::Task;
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    plant::check_outputs,
    train::{Loss, TrainConfig, loss::readout_for, regulariser::Penalty},
};

/// A validated experiment.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Everything random is a function of it.
    pub seed: u64,
    /// The task.
    pub task: Arc<dyn Task>,
    /// The network.
    pub model: ModelConfig,
    /// The settings of the training.
    pub train: TrainConfig,
    /// A checkpoint whose network training starts from, its channels matched by name; `None` draws one from the seed.
    pub init: Option<PathBuf>,
    /// Easier tasks that come before `task`, in order; empty for training on `task` from the start.
    pub curriculum: Vec<Stage>,
}

/// A task that is trained on until the network has learned it.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The task, with the channels and the step of the experiment's.
    pub task: Arc<dyn Task>,
    /// The performance in a validation from which on the next stage follows, in (0, 1].
    pub threshold: f64,
}

/// A run.toml as written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    seed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    init: Option<PathBuf>,
    task: TaskTable,
    #[serde(default)]
    model: toml::Table,
    #[serde(default)]
    train: toml::Table,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    curriculum: Vec<StageTable>,
}

/// A stage: what differs from the task, by its parameters, and when it ends.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StageTable {
    threshold: f64,
    task: Parameters,
}

type Parameters = serde_json::Map<String, serde_json::Value>;

/// The id of a task, and those of its parameters that differ from the published ones.
#[derive(Debug, Serialize, Deserialize)]
struct TaskTable {
    id: String,
    #[serde(flatten)]
    parameters: Parameters,
}

impl Experiment {
    /// Puts an experiment together from parts as they are; [`for_task`](Self::for_task) fits them to the task.
    ///
    /// # Errors
    /// If a part is invalid or the parts do not fit: the network's inputs, outputs and `dt` must be the task's.
    pub fn new(task: Arc<dyn Task>, model: ModelConfig, train: TrainConfig, seed: u64) -> Result<Self> {
        let experiment = Self { seed, task, model, train, init: None, curriculum: Vec::new() };
        experiment.validate()?;
        Ok(experiment)
    }

    /// Puts an experiment together as the command line does: the loss and the readout follow the
    /// [objective](Task::objective) of the task, and the step is the task's, whatever `model` and `train` say of them.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn for_task(task: Arc<dyn Task>, model: ModelConfig, train: TrainConfig, seed: u64) -> Result<Self> {
        let objective = task.objective();
        let model = model.dt(task.dt()).readout(readout_for(objective));
        Self::new(task, model, TrainConfig { loss: objective.into(), ..train }, seed)
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
            .try_for_each(|task| refuse_with_plant(task.as_ref(), model, train))?;
        train.loss.validate(model.readout)?;
        train.regularisers.iter().try_for_each(|regulariser| regulariser.check_fit(model))?;
        fits("inputs", model.inputs, task.inputs().len(), task.id())?;
        fits("outputs", model.outputs, task.outputs().len(), task.id())?;
        fits("dt", model.dt, task.dt(), task.id())?;
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
        if train.criterion(task.as_ref()).is_some_and(|criterion| criterion.needs_scores()) {
            refuse_without_scores(task.as_ref(), "criterion")?;
        }
        if i64::try_from(*seed).is_err() {
            return Err(Error::setting("seed", format!("must be at most {}, but is {seed}", i64::MAX)));
        }
        Ok(())
    }

    /// Reads a run.toml. Of the network, `inputs`, `outputs` and `dt` may be left out: they are the task's. Where they
    /// are left out, the loss and the readout follow the [objective](Task::objective) of the task.
    pub fn from_toml(text: &str) -> Result<Self> {
        let document: Document = toml::from_str(text).map_err(|error| Error::setting("run.toml", error.to_string()))?;
        let TaskTable { id, parameters } = document.task;
        let create = |parameters: Parameters| nn4n_tasks::create(&id, Some(&serde_json::Value::Object(parameters)));
        let stage = |stage: StageTable| {
            let changed = parameters.clone().into_iter().chain(stage.task).collect();
            Ok(Stage { task: create(changed)?.into(), threshold: stage.threshold })
        };
        let curriculum = document.curriculum.into_iter().map(stage).collect::<Result<_>>()?;
        let task: Arc<dyn Task> = create(parameters.clone())?.into();
        let mut model = document.model;
        for (name, value) in [
            ("inputs", toml::Value::from(task.inputs().len() as i64)),
            ("outputs", (task.outputs().len() as i64).into()),
            ("dt", task.dt().into()),
        ] {
            model.entry(name).or_insert(value);
        }
        let has_readout = model.contains_key("readout");
        let mut model: ModelConfig =
            model.try_into().map_err(|error: toml::de::Error| Error::setting("model", error.to_string()))?;
        if !has_readout {
            model.readout = readout_for(task.objective());
        }
        let chooses_loss = document.train.contains_key("loss");
        let mut train: TrainConfig =
            document.train.try_into().map_err(|error: toml::de::Error| Error::setting("train", error.to_string()))?;
        if !chooses_loss {
            train.loss = task.objective().into();
        }
        let experiment = Self { seed: document.seed, task, model, train, init: document.init, curriculum };
        experiment.validate()?;
        Ok(experiment)
    }

    /// The experiment as a complete run.toml, so that it means the same when a default changes.
    pub fn to_toml(&self) -> Result<String> {
        let unwritable = |error: toml::ser::Error| Error::setting("run.toml", format!("cannot be written ({error})"));
        let stage = |stage: &Stage| StageTable { threshold: stage.threshold, task: parameters(stage.task.as_ref()) };
        let document = Document {
            seed: self.seed,
            init: self.init.clone(),
            task: TaskTable { id: self.task.id().into(), parameters: parameters(self.task.as_ref()) },
            model: toml::Table::try_from(&self.model).map_err(unwritable)?,
            train: toml::Table::try_from(&self.train).map_err(unwritable)?,
            curriculum: self.curriculum.iter().map(stage).collect(),
        };
        toml::to_string(&document).map_err(unwritable)
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
        `rms_error` of one's own data), \
         or leave it out (as a criterion take {{ rms_error = {{ threshold = X }} }}, or set `train.stop.never`)",
        unscored.join("`, `")
    );
    Err(Error::setting(field, message))
}

impl Stage {
    fn validate(&self, place: usize, last: &dyn Task) -> Result<()> {
        self.task.validate()?;
        let field = |name: &str| format!("curriculum[{place}].{name}");
        if !(self.threshold > 0.0 && self.threshold <= 1.0) {
            return Err(Error::setting(field("threshold"), format!("must lie in (0, 1], but is {}", self.threshold)));
        }
        let same =
            self.task.inputs() == last.inputs() && self.task.outputs() == last.outputs() && self.task.dt() == last.dt();
        if same {
            return Ok(());
        }
        Err(Error::setting(
            field("task"),
            "has other channels or another `dt` than the task itself; one network must serve both",
        ))
    }
}

/// What looks at the network's own outputs has no meaning where those of a plant are graded.
fn refuse_with_plant(task: &dyn Task, model: &ModelConfig, train: &TrainConfig) -> Result<()> {
    if task.plant().is_none() {
        return Ok(());
    }
    check_outputs(model.outputs)?;
    if train.loss == Loss::CrossEntropy {
        let message = format!(
            "= \"cross_entropy\" grades probabilities, but of `{}` the place of a hand is graded; use the loss \
            \"masked_mse\" or \"mean_square\"",
            task.id()
        );
        return Err(Error::setting("train.loss", message));
    }
    if train.regularisers.iter().any(|regulariser| matches!(regulariser.kind, Penalty::VanishingGradient {})) {
        let message = format!("does not reach through the plant of `{}`; remove this regulariser", task.id());
        return Err(Error::setting("train.regularisers.vanishing_gradient", message));
    }
    Ok(())
}

/// The parameters of a task that have a value.
fn parameters(task: &dyn Task) -> Parameters {
    match task.parameters() {
        serde_json::Value::Object(parameters) => parameters.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Parameters::new(),
    }
}

fn fits<T: PartialEq + std::fmt::Display>(field: &str, model: T, task: T, id: &str) -> Result<()> {
    if model == task {
        return Ok(());
    }
    Err(Error::setting(
        format!("model.{field}"),
        format!(
            "is {model}, but the task `{id}` has {field} = {task}; leave it out of the model, or change the task's"
        ),
    ))
}
