//! The network of an experiment that begins from a checkpoint and describes none: that of the checkpoint.

use nn4n_models::ModelConfig;
use nn4n_tasks::Task;
use serde_json::{Map, Value};
use toml::Table;

use super::compatibility::check_step;
use crate::error::{Error, Result};

/// Describes in a run.toml without `[model]` the network that `model` tells for its task. Where no task is named nothing
/// is described, and the run.toml is refused when it is read.
///
/// # Errors
/// If the task does not exist, or as `model`.
pub(crate) fn describe_network<E: From<Error>>(
    document: &mut Table,
    settings: Map<String, Value>,
    model: impl FnOnce(&dyn Task) -> Result<ModelConfig, E>,
) -> Result<(), E> {
    let Some(task) = task_of(document, settings)? else { return Ok(()) };
    let unwritten = |error: toml::ser::Error| Error::setting("model", error.to_string());
    let model = Table::try_from(model(task.as_ref())?).map_err(unwritten)?;
    document.insert("model".into(), model.into());
    Ok(())
}

/// The task of a run.toml, if it names one.
fn task_of(document: &Table, settings: Map<String, Value>) -> Result<Option<Box<dyn Task>>> {
    let Some(table) = document.get("task").and_then(toml::Value::as_table) else { return Ok(None) };
    let Some(id) = table.get("id").and_then(toml::Value::as_str) else { return Ok(None) };
    let unread = |error: serde_json::Error| Error::setting("task", error.to_string());
    let Value::Object(mut parameters) = serde_json::to_value(table).map_err(unread)? else { return Ok(None) };
    parameters.remove("id");
    parameters.extend(settings);
    Ok(Some(nn4n_tasks::create(id, Some(&Value::Object(parameters)))?))
}

/// The network of a checkpoint with the channels of a task, which it answers as the task asks for.
///
/// # Errors
/// If its step is not that of the task, or it says something of single channels that does not fit those of the task.
pub(crate) fn continued(model: ModelConfig, task: &dyn Task) -> Result<ModelConfig> {
    check_step(&model, task)?;
    let (inputs, outputs) = (model.inputs, model.outputs);
    let adapted = ModelConfig { inputs: task.inputs().len(), outputs: task.outputs().len(), readout: None, ..model };
    let misfit = |error| {
        let message = format!(
            "the network has {inputs} inputs and {outputs} outputs, the task {} and {} ({error}); describe the network \
            for this task in the [model] of a run.toml with `init`",
            adapted.inputs, adapted.outputs
        );
        Error::setting("channels", message)
    };
    adapted.validate().map_err(misfit)?;
    Ok(adapted)
}
