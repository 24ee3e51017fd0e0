//! A listed task: what the list says of it, and how it is made from its parameters.
//!
//! The list of a family is a constant, `TASKS`, of entries: `entry::<RdmFixed>()`. Parameters that are left out keep
//! their published values; those that the task does not have are refused by name.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::reader::{self, Misfit, Problem};
use crate::{About, Channel, Citation, Described, Objective, Task, TaskError, parameters_of};

/// What the list of tasks says of one.
#[derive(Clone, Debug, Serialize)]
pub struct TaskInfo {
    /// Its id.
    pub id: &'static str,
    /// The version of its definition.
    pub version: u32,
    /// One sentence.
    pub summary: String,
    /// The number of input channels; `None` where the data decide.
    pub n_inputs: Option<usize>,
    /// The number of output channels; `None` where the data decide.
    pub n_outputs: Option<usize>,
    /// The default time step, ms.
    pub dt: f64,
    /// The input channels; empty where the data decide.
    pub inputs: Vec<Channel>,
    /// The output channels; empty where the data decide.
    pub outputs: Vec<Channel>,
    /// The source.
    pub citation: Citation,
    /// The definition in words and equations.
    pub description: String,
    /// What the source trains the outputs to do.
    pub objective: Objective,
    /// All parameters with their published values.
    pub parameters: Value,
}

impl TaskInfo {
    /// Of a task with its published parameters.
    pub(crate) fn of(id: &'static str, task: &dyn Task) -> Self {
        let (about, inputs, outputs) = (task.about(), task.inputs(), task.outputs());
        Self {
            id,
            version: about.version,
            summary: about.summary.into(),
            n_inputs: Some(inputs.len()),
            n_outputs: Some(outputs.len()),
            dt: task.dt(),
            inputs,
            outputs,
            citation: about.citation,
            description: about.description(),
            objective: task.objective(),
            parameters: task.parameters(),
        }
    }

    /// Of a task whose channels a user's file decides.
    pub(crate) fn without_channels(about: About<'static>, dt: f64, parameters: Value) -> Self {
        Self {
            id: about.id,
            version: about.version,
            summary: about.summary.into(),
            n_inputs: None,
            n_outputs: None,
            dt,
            inputs: Vec::new(),
            outputs: Vec::new(),
            citation: about.citation,
            description: about.description(),
            objective: Objective::default(),
            parameters,
        }
    }
}

/// A listed task.
pub(crate) struct Entry {
    /// Its id.
    pub id: &'static str,
    /// Makes it from its parameters.
    pub create: fn(&Value) -> Result<Box<dyn Task>, TaskError>,
    /// What the list says of it.
    pub describe: fn() -> TaskInfo,
}

/// The entry of a task whose default is the published one.
pub(crate) const fn entry<T>() -> Entry
where
    T: Task + Described + Default + Serialize + DeserializeOwned + 'static,
{
    Entry { id: T::ABOUT.id, create: from_parameters::<T>, describe: || TaskInfo::of(T::ABOUT.id, &T::default()) }
}

fn from_parameters<T>(parameters: &Value) -> Result<Box<dyn Task>, TaskError>
where
    T: Task + Described + Default + Serialize + DeserializeOwned + 'static,
{
    let task = read::<T>(T::ABOUT.id, parameters)?;
    task.validate()?;
    refuse_unasked_rounding(parameters, &parameters_of(&T::default()), &|exact| {
        reader::read::<T>(exact).map_or(Ok(()), |task| task.validate())
    })?;
    Ok(Box::new(task))
}

/// Where a source rounds its own durations, those that are given must fit the step all the same, unless `rounding` is
/// given, too; `validate` tells what is wrong with parameters that can be read.
fn refuse_unasked_rounding(
    given: &Value,
    published: &Value,
    validate: &dyn Fn(&Value) -> Result<(), TaskError>,
) -> Result<(), TaskError> {
    let rounds = published.get("rounding").is_some_and(|rounding| rounding != "exact");
    let Some(given) = given.as_object().filter(|given| rounds && !given.contains_key("rounding")) else {
        return Ok(());
    };
    let is_other = |name: &str| match (given.get(name), &published[name]) {
        (None, _) => false,
        (Some(Value::Number(given)), Value::Number(published)) => given.as_f64() != published.as_f64(),
        (Some(given), published) => given != published,
    };
    let mut exact = Value::Object(given.clone());
    exact["rounding"] = json!("exact");
    // Each round either ends or puts one of the source's own durations out of the way.
    for _ in 0..published.as_object().map_or(0, serde_json::Map::len) {
        let Err(error) = validate(&exact) else { return Ok(()) };
        let TaskError::Duration { field, above, .. } = &error else { return Ok(()) };
        let name = field.split(['.', '[']).next().unwrap_or_default();
        if is_other("dt") || is_other(name) {
            return Err(error);
        }
        exact[name] = if field.contains('[') { json!([above]) } else { json!(above) };
    }
    Ok(())
}

/// Parameters as the struct that holds them.
pub(crate) fn read<T: Serialize + DeserializeOwned>(id: &str, parameters: &Value) -> Result<T, TaskError> {
    let unreadable = |misfit: Misfit| TaskError::UnreadableParameters { id: id.into(), reason: misfit.to_string() };
    let alone = |field: &Value| reader::read::<T>(field).err();
    let read = reader::read::<T>(parameters).map_err(|misfit| unreadable(named(misfit, parameters, &alone)))?;
    no_unknown_field(parameters, &parameters_of(&read)).map_err(unreadable)?;
    Ok(read)
}

/// Where tasks share fields, the reader does not say which one it stumbled over; the one that fails on its own is it.
fn named(misfit: Misfit, parameters: &Value, refused: &dyn Fn(&Value) -> Option<Misfit>) -> Misfit {
    if !misfit.field.is_empty() || !matches!(misfit.problem, Problem::Value { .. } | Problem::Other(_)) {
        return misfit;
    }
    let alone = |(field, value): (&String, &Value)| {
        let misfit = refused(&json!({ field.as_str(): value }))?;
        Some(if misfit.field.is_empty() { misfit.holding(value).below(field) } else { misfit })
    };
    parameters.as_object().and_then(|fields| fields.iter().find_map(alone)).unwrap_or(misfit)
}

/// Fields that several tasks share are flattened into their structs, and then the reader passes over what it does not
/// know.
fn no_unknown_field(given: &Value, known: &Value) -> Result<(), Misfit> {
    let (Some(given), Some(known)) = (given.as_object(), known.as_object()) else { return Ok(()) };
    let Some(name) = given.keys().find(|field| !known.contains_key(*field)) else { return Ok(()) };
    Err(Misfit::unknown(name, known.keys().cloned().collect()))
}
