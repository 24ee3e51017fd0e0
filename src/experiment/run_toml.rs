//! An experiment as a run.toml: tables of the task, the network and the training.

use std::{path::PathBuf, sync::Arc};

use nn4n_models::ModelConfig;
use nn4n_tasks::Task;
use nn4n_tasks::reader::read;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Experiment, Stage, glossary, references};
use crate::{
    echo::quoted,
    error::{Error, Result},
};

/// A run.toml as written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
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

/// The id of a task, and those of its parameters that differ from the published ones.
#[derive(Debug, Serialize, Deserialize)]
struct TaskTable {
    id: String,
    #[serde(flatten)]
    parameters: Parameters,
}

/// A stage: what differs from the task, by its parameters, and when it ends.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StageTable {
    threshold: f64,
    task: Parameters,
}

type Parameters = serde_json::Map<String, serde_json::Value>;

impl Experiment {
    /// Reads a run.toml. Of the network, `inputs`, `outputs` and `dt` may be left out: they are the task's.
    ///
    /// # Errors
    /// If it is no run.toml, or as [`new`](Self::new).
    pub fn from_toml(text: &str) -> Result<Self> {
        Self::from_toml_with(text, Parameters::new())
    }

    /// Reads a run.toml with other parameters of its task.
    ///
    /// # Errors
    /// As [`from_toml`](Self::from_toml).
    pub fn from_toml_with(text: &str, changed: serde_json::Map<String, serde_json::Value>) -> Result<Self> {
        let unreadable = |error: toml::de::Error| Error::setting("run.toml", quoted(&error));
        let whole: toml::Table = toml::from_str(text).map_err(unreadable)?;
        let document: Document = read(whole).map_err(glossary::explained)?;
        let Document { seed, init, task, model, train, curriculum } = document;
        let TaskTable { id, mut parameters } = task;
        parameters.extend(changed);
        let create = |parameters: Parameters| nn4n_tasks::create(&id, Some(&serde_json::Value::Object(parameters)));
        let stage = |stage: StageTable| {
            let changed = parameters.clone().into_iter().chain(stage.task).collect();
            Ok(Stage { task: create(changed)?.into(), threshold: stage.threshold })
        };
        let curriculum = curriculum.into_iter().map(stage).collect::<Result<_>>()?;
        let task: Arc<dyn Task> = create(parameters.clone())?.into();
        let experiment = Self { init, curriculum, ..Self::from_tables(task, model, train, seed)? };
        experiment.validate()?;
        Ok(experiment)
    }

    /// Puts an experiment together from a task and the tables `[model]` and `[train]` of a run.toml.
    ///
    /// # Errors
    /// As [`from_toml`](Self::from_toml).
    pub fn from_tables(task: Arc<dyn Task>, mut model: toml::Table, train: toml::Table, seed: u64) -> Result<Self> {
        references::resolve(&mut model)?;
        let model = table("model", of_task(model, task.as_ref()))?;
        Self::new(task, model, table("train", train)?, seed)
    }

    /// Reads the table `[model]` of a run.toml where there is no task, so that it must say its channels and its step.
    ///
    /// # Errors
    /// If it is none, or breaks a rule.
    pub fn model_of(mut model: toml::Table) -> Result<ModelConfig> {
        references::resolve(&mut model)?;
        let model = table::<ModelConfig>("model", model)?.completed();
        model.validate()?;
        Ok(model)
    }

    /// Refuses a table `[model]` that says what no network has, or says it in another way, whatever its task.
    ///
    /// # Errors
    /// If a field is unknown, or a value has another type than it must have.
    pub fn check_words_of_model(mut model: toml::Table) -> Result<()> {
        references::resolve(&mut model)?;
        table::<ModelConfig>("model", model).map(drop)
    }

    /// The experiment as a complete run.toml, so that it means the same when a default changes.
    ///
    /// # Errors
    /// If a value has no form in TOML.
    pub fn to_toml(&self) -> Result<String> {
        let unwritable = |error: toml::ser::Error| Error::setting("run.toml", format!("cannot be written ({error})"));
        let stage = |stage: &Stage| StageTable { threshold: stage.threshold, task: parameters(stage.task.as_ref()) };
        let document = Document {
            seed: self.seed,
            init: self.init.clone(),
            task: TaskTable { id: self.task.id().into(), parameters: parameters(self.task.as_ref()) },
            model: toml::Table::try_from(self.model.clone().completed()).map_err(unwritable)?,
            train: toml::Table::try_from(self.settings()).map_err(unwritable)?,
            curriculum: self.curriculum.iter().map(stage).collect(),
        };
        toml::to_string(&document).map_err(unwritable)
    }
}

/// The table of a network, completed by what it shares with its task.
fn of_task(mut model: toml::Table, task: &dyn Task) -> toml::Table {
    let count = |channels: usize| toml::Value::from(channels as i64);
    let shared =
        [("inputs", count(task.inputs().len())), ("outputs", count(task.outputs().len())), ("dt", task.dt().into())];
    for (name, value) in shared {
        model.entry(name).or_insert(value);
    }
    model
}

fn table<T: DeserializeOwned>(name: &str, table: toml::Table) -> Result<T> {
    read(table).map_err(|misfit| glossary::explained(misfit.below(name)))
}

/// The parameters of a task that have a value.
fn parameters(task: &dyn Task) -> Parameters {
    match task.parameters() {
        serde_json::Value::Object(parameters) => parameters.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Parameters::new(),
    }
}
