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
    train::TrainConfig,
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
    /// A checkpoint whose network training starts from; `None` draws one from the seed.
    pub init: Option<PathBuf>,
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
    train: TrainConfig,
}

/// The id of a task, and those of its parameters that differ from the published ones.
#[derive(Debug, Serialize, Deserialize)]
struct TaskTable {
    id: String,
    #[serde(flatten)]
    parameters: serde_json::Map<String, serde_json::Value>,
}

impl Experiment {
    /// Puts an experiment together.
    ///
    /// # Errors
    /// If a part is invalid or the parts do not fit: the network's inputs, outputs and `dt` must be the task's.
    pub fn new(task: Arc<dyn Task>, model: ModelConfig, train: TrainConfig, seed: u64) -> Result<Self> {
        let experiment = Self { seed, task, model, train, init: None };
        experiment.validate()?;
        Ok(experiment)
    }

    /// Checks every rule, as [`new`](Self::new) and [`fit`](crate::train::fit) do.
    ///
    /// # Errors
    /// The first rule that is broken: field, rule, value and remedy.
    pub fn validate(&self) -> Result<()> {
        let Self { seed, task, model, train, init: _ } = self;
        task.validate()?;
        model.validate()?;
        train.validate()?;
        train.loss.validate(model.readout)?;
        train.regularisers.iter().try_for_each(|regulariser| regulariser.check_fit(model))?;
        fits("inputs", model.inputs, task.inputs().len(), task.id())?;
        fits("outputs", model.outputs, task.outputs().len(), task.id())?;
        fits("dt", model.dt, task.dt(), task.id())?;
        if i64::try_from(*seed).is_err() {
            return Err(Error::setting("seed", format!("must be at most {}, but is {seed}", i64::MAX)));
        }
        Ok(())
    }

    /// Reads a run.toml. Of the network, `inputs`, `outputs` and `dt` may be left out: they are the task's.
    pub fn from_toml(text: &str) -> Result<Self> {
        let document: Document = toml::from_str(text).map_err(|error| Error::setting("run.toml", error.to_string()))?;
        let parameters = serde_json::Value::Object(document.task.parameters);
        let task: Arc<dyn Task> = nn4n_tasks::create(&document.task.id, Some(&parameters))?.into();
        let mut table = document.model;
        for (name, value) in [
            ("inputs", toml::Value::from(task.inputs().len() as i64)),
            ("outputs", (task.outputs().len() as i64).into()),
            ("dt", task.dt().into()),
        ] {
            table.entry(name).or_insert(value);
        }
        let model = table.try_into().map_err(|error: toml::de::Error| Error::setting("model", error.to_string()))?;
        Ok(Self { init: document.init, ..Self::new(task, model, document.train, document.seed)? })
    }

    /// The experiment as a complete run.toml, so that it means the same when a default changes.
    pub fn to_toml(&self) -> Result<String> {
        let unwritable = |error: toml::ser::Error| Error::setting("run.toml", format!("cannot be written ({error})"));
        let parameters = match self.task.parameters() {
            serde_json::Value::Object(parameters) => parameters.into_iter().filter(|(_, value)| !value.is_null()).collect(),
            _ => serde_json::Map::new(),
        };
        let document = Document {
            seed: self.seed,
            init: self.init.clone(),
            task: TaskTable { id: self.task.id().into(), parameters },
            model: toml::Table::try_from(&self.model).map_err(unwritable)?,
            train: self.train.clone(),
        };
        toml::to_string(&document).map_err(unwritable)
    }
}

fn fits<T: PartialEq + std::fmt::Display>(field: &str, model: T, task: T, id: &str) -> Result<()> {
    if model == task {
        return Ok(());
    }
    Err(Error::setting(
        format!("model.{field}"),
        format!("is {model}, but the task `{id}` has {field} = {task}; leave it out of the model, or change the task's"),
    ))
}
