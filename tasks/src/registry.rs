//! All tasks by id: listed, and created from their parameters.
//!
//! ```
//! use nn4n_tasks::create;
//! use serde_json::json;
//! let task = create("song2016/rdm_varstim", Some(&json!({ "sigma_in": 0.0 })))?;
//! assert_eq!(task.parameters()["sigma_in"], 0.0);
//! let message = create("song2016/rdm_varstin", None).unwrap_err().to_string();
//! assert!(message.contains("did you mean `song2016/rdm_varstim`?"));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use strsim::levenshtein;

use crate::multitask::{TaskSet, TaskSetSettings};
use crate::{
    Channel, Citation, DeclaredSettings, DeclaredTask, Objective, Task, TaskError, UserData, UserDataSettings,
};
use crate::{
    bi2020, cueva2018, driscoll2022, golub2018, kim2019, kleinman2021, mante2013, masse2019, motor, neurogym,
    orhan2019, raposo2014, song2016, sussillo2009, tolmachev2025, wang2024, yang2019,
};
use crate::{header_of, parameters_of};

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

/// Makes the task of an id from its parameters.
type Create = fn(&'static str, &Value) -> Result<Box<dyn Task>, TaskError>;

/// A task of the registry.
pub(crate) struct Entry {
    id: &'static str,
    create: Create,
    describe: fn(&'static str) -> TaskInfo,
}

impl Entry {
    /// The id of the task.
    pub(crate) fn id(&self) -> &'static str {
        self.id
    }
}

/// The entry of a task of this crate; the id is that of the task itself.
pub(crate) const fn entry<T: Task + Default + Serialize + DeserializeOwned + 'static>(id: &'static str) -> Entry {
    Entry { id, create: from_parameters::<T>, describe: describe_default::<T> }
}

/// Every family lists its own tasks.
const FAMILIES: &[&[Entry]] = &[
    song2016::TASKS,
    yang2019::TASKS,
    driscoll2022::TASKS,
    masse2019::TASKS,
    neurogym::TASKS,
    kleinman2021::TASKS,
    mante2013::TASKS,
    raposo2014::TASKS,
    orhan2019::TASKS,
    golub2018::TASKS,
    sussillo2009::TASKS,
    kim2019::TASKS,
    tolmachev2025::TASKS,
    bi2020::TASKS,
    wang2024::TASKS,
    cueva2018::TASKS,
    motor::TASKS,
    &[Entry { id: TaskSet::ID, create: open_set, describe: describe_set }],
    &[Entry { id: UserData::ID, create: open_user_data, describe: describe_user_data }],
    &[Entry { id: DeclaredTask::ID, create: open_declared, describe: describe_declared }],
];

fn entries() -> impl Iterator<Item = &'static Entry> {
    FAMILIES.iter().copied().flatten()
}

/// The ids of all tasks, in the order of the registry.
pub fn ids() -> impl Iterator<Item = &'static str> {
    entries().map(|entry| entry.id)
}

/// All tasks, in the order of the registry.
pub fn list() -> Vec<TaskInfo> {
    entries().map(|entry| (entry.describe)(entry.id)).collect()
}

/// The task of this id; parameters that are left out (or `None` for all) keep their published values.
pub fn create(id: &str, parameters: Option<&Value>) -> Result<Box<dyn Task>, TaskError> {
    let Some(entry) = entries().find(|entry| entry.id == id) else { return Err(unknown(id)) };
    let task = (entry.create)(entry.id, parameters.unwrap_or(&json!({})))?;
    task.validate()?;
    Ok(task)
}

fn from_parameters<T: Task + Default + Serialize + DeserializeOwned + 'static>(
    id: &'static str,
    parameters: &Value,
) -> Result<Box<dyn Task>, TaskError> {
    let task = read::<T>(id, parameters)?;
    task.validate()?;
    refuse_unasked_rounding::<T>(parameters)?;
    Ok(Box::new(task))
}

/// Where a source rounds its own durations, those that are given must fit the step all the same, unless `rounding` is
/// given, too.
fn refuse_unasked_rounding<T: Task + Default + Serialize + DeserializeOwned>(given: &Value) -> Result<(), TaskError> {
    let published = parameters_of(&T::default());
    let rounds = published.get("rounding").is_some_and(|rounding| rounding != "exact");
    let Some(given) = given.as_object().filter(|given| rounds && !given.contains_key("rounding")) else {
        return Ok(());
    };
    let is_other = |name: &str| match (given.get(name), &published[name]) {
        (None, _) => false,
        (Some(Value::Number(given)), Value::Number(published)) => given.as_f64() != published.as_f64(),
        (Some(given), published) => given != published,
    };
    let mut exact = given.clone();
    exact.insert("rounding".into(), json!("exact"));
    // Each round either ends or puts one of the source's own durations out of the way.
    for _ in 0..published.as_object().map_or(0, serde_json::Map::len) {
        let Ok(task) = T::deserialize(Value::Object(exact.clone())) else { return Ok(()) };
        let Err(error) = task.validate() else { return Ok(()) };
        let TaskError::Duration { field, above, .. } = &error else { return Ok(()) };
        let name = field.split(['.', '[']).next().unwrap_or_default();
        if is_other("dt") || is_other(name) {
            return Err(error);
        }
        exact.insert(name.into(), if field.contains('[') { json!([above]) } else { json!(above) });
    }
    Ok(())
}

fn open_user_data(id: &'static str, parameters: &Value) -> Result<Box<dyn Task>, TaskError> {
    Ok(Box::new(UserData::open(read::<UserDataSettings>(id, parameters)?)?))
}

fn open_declared(id: &'static str, parameters: &Value) -> Result<Box<dyn Task>, TaskError> {
    Ok(Box::new(DeclaredTask::open(read::<DeclaredSettings>(id, parameters)?)?))
}

fn open_set(id: &'static str, parameters: &Value) -> Result<Box<dyn Task>, TaskError> {
    Ok(Box::new(TaskSet::new(read::<TaskSetSettings>(id, parameters)?)?))
}

fn read<T: Serialize + DeserializeOwned>(id: &'static str, parameters: &Value) -> Result<T, TaskError> {
    let read = T::deserialize(parameters).map_err(|error| {
        // The reader does not say which field it stumbled over; the one that fails on its own is it.
        let fails = |field: &&String| T::deserialize(json!({ field.as_str(): parameters[field.as_str()] })).is_err();
        let field = parameters.as_object().and_then(|fields| fields.keys().find(fails));
        let reason =
            field.map_or(error.to_string(), |field| format!("`{field}` = {}: {error}", parameters[field.as_str()]));
        TaskError::UnreadableParameters { id: id.into(), reason }
    })?;
    no_unknown_field(id, parameters, &parameters_of(&read))?;
    Ok(read)
}

/// Fields that several tasks share are flattened into their structs, and then the reader passes over what it does not
/// know.
fn no_unknown_field(id: &str, given: &Value, known: &Value) -> Result<(), TaskError> {
    let (Some(given), Some(known)) = (given.as_object(), known.as_object()) else { return Ok(()) };
    let Some(field) = given.keys().find(|field| !known.contains_key(*field)) else { return Ok(()) };
    let expected = known.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Err(TaskError::UnreadableParameters {
        id: id.into(),
        reason: format!("unknown field `{field}`, expected one of {expected}"),
    })
}

fn describe_default<T: Task + Default>(id: &'static str) -> TaskInfo {
    describe(id, &T::default())
}

fn describe_set(id: &'static str) -> TaskInfo {
    match open_set(id, &json!({})) {
        Ok(set) => describe(id, set.as_ref()),
        // The default names tasks of this registry only.
        Err(error) => TaskInfo { summary: error.to_string(), ..describe_user_data(id) },
    }
}

fn describe(id: &'static str, task: &dyn Task) -> TaskInfo {
    let (inputs, outputs) = (task.inputs(), task.outputs());
    TaskInfo {
        id,
        version: task.version(),
        summary: task.summary().into(),
        n_inputs: Some(inputs.len()),
        n_outputs: Some(outputs.len()),
        dt: task.dt(),
        inputs,
        outputs,
        citation: task.citation(),
        description: task.description(),
        objective: task.objective(),
        parameters: task.parameters(),
    }
}

fn describe_user_data(id: &'static str) -> TaskInfo {
    let settings = UserDataSettings::default();
    TaskInfo {
        id,
        version: UserData::VERSION,
        summary: UserData::SUMMARY.into(),
        n_inputs: None,
        n_outputs: None,
        dt: settings.dt,
        inputs: Vec::new(),
        outputs: Vec::new(),
        citation: UserData::CITATION,
        description: UserData::SUMMARY.into(),
        objective: Objective::MaskedMse,
        parameters: parameters_of(&settings),
    }
}

fn describe_declared(id: &'static str) -> TaskInfo {
    TaskInfo {
        version: DeclaredTask::VERSION,
        summary: DeclaredTask::SUMMARY.into(),
        description: header_of(include_str!("declared/mod.rs")),
        parameters: parameters_of(&DeclaredSettings::default()),
        ..describe_user_data(id)
    }
}

fn unknown(id: &str) -> TaskError {
    let (family, name) = parts(id);
    // The family is often left out, so a name alone counts as much as the whole id; so does a name that is not
    // finished.
    let far = |known: &str| {
        let known_name = parts(known).1;
        let starts = name.len() >= 3 && known_name.starts_with(name);
        if starts { 1 } else { levenshtein(id, known).min(levenshtein(name, known_name)) }
    };
    let nearest = ids().map(|known| (far(known), parts(known).0 != family, known)).min();
    let hint = match nearest {
        Some((far, _, known)) if far <= name.len().div_ceil(4).min(3) => format!("; did you mean `{known}`?"),
        _ => String::new(),
    };
    let of_family: Vec<_> = ids().filter(|known| parts(known).0 == family).collect();
    let known = if of_family.is_empty() {
        let mut families: Vec<_> = ids().map(|known| parts(known).0).collect();
        families.dedup();
        format!("`nn4n tasks list` names the tasks of the families {}", families.join(", "))
    } else {
        format!("the tasks of `{family}` are {}", of_family.join(", "))
    };
    TaskError::UnknownTask { id: id.into(), hint, known }
}

/// Family and name of an id.
fn parts(id: &str) -> (&str, &str) {
    id.split_once('/').unwrap_or(("", id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_are_those_of_the_tasks() -> Result<(), TaskError> {
        for (i, entry) in entries().enumerate() {
            assert!(entries().skip(i + 1).all(|other| other.id != entry.id));
            if !["data/npz", "data/toml"].contains(&entry.id) {
                assert_eq!(create(entry.id, None)?.id(), entry.id);
            }
        }
        Ok(())
    }

    #[test]
    fn only_the_sources_own_durations_are_rounded_unasked() {
        let made = |id: &str, parameters: Value| create(id, Some(&parameters)).map(|task| task.id().to_owned());
        for (id, off, on) in [
            ("mante2013/context_integration", json!({ "stimulus": 799.0 }), json!({ "stimulus": 800.0 })),
            ("neurogym/delay_match_category", json!({ "sample": 333.0 }), json!({ "sample": 300.0 })),
            ("neurogym/motor_timing", json!({ "fixation": 499.0 }), json!({ "fixation": 500 })),
            ("neurogym/multisensory_integration", json!({ "dt": 80.0 }), json!({ "dt": 100.0 })),
        ] {
            let message = made(id, off.clone()).unwrap_err().to_string();
            assert!(message.contains("set `rounding`"), "{id}: {message}");
            assert_eq!(made(id, on).expect(id), id);
            let mut asked = off;
            asked["rounding"] = json!("floor");
            assert_eq!(made(id, asked).expect(id), id);
        }
    }

    #[test]
    fn a_name_without_its_family_is_recognised_and_nonsense_is_not() {
        assert!(unknown("rdm_varstim").to_string().contains("did you mean `song2016/rdm_varstim`?"));
        let nonsense = unknown("zzzzzzzzzzzzzzzz").to_string();
        assert!(!nonsense.contains("did you mean") && nonsense.contains("families song2016, yang2019"), "{nonsense}");
        for (id, known) in [("rdm", "did you mean `song2016/rdm_"), ("dmsg", "dmsgo`")] {
            assert!(unknown(id).to_string().contains(known), "{}", unknown(id));
        }
        for id in ["", "motor/reach", "x"] {
            assert!(!unknown(id).to_string().contains("did you mean"), "{}", unknown(id));
        }
        let message = unknown("kim2019/xox").to_string();
        assert!(
            message.contains("did you mean `kim2019/xor`?") && message.ends_with("are kim2019/go_nogo, kim2019/xor"),
            "{message}"
        );
    }
}
