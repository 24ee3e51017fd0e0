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

use crate::{Channel, Citation, Task, TaskError, UserData, UserDataSettings, golub2018, parameters_of, song2016};

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
    /// All parameters with their published values.
    pub parameters: Value,
}

/// Makes the task of an id from its parameters.
type Create = fn(&'static str, &Value) -> Result<Box<dyn Task>, TaskError>;

struct Entry {
    id: &'static str,
    create: Create,
    describe: fn(&'static str) -> TaskInfo,
}

const TASKS: &[Entry] = &[
    entry::<song2016::RdmFixed>("song2016/rdm_fixed"),
    entry::<song2016::RdmVarstim>("song2016/rdm_varstim"),
    entry::<song2016::RdmRt>("song2016/rdm_rt"),
    entry::<song2016::Mante>("song2016/mante"),
    entry::<song2016::ManteAreas>("song2016/mante_areas"),
    entry::<song2016::Multisensory>("song2016/multisensory"),
    entry::<song2016::Romo>("song2016/romo"),
    entry::<song2016::LeeSequence>("song2016/lee_sequence"),
    entry::<song2016::Sinewave>("song2016/sinewave"),
    entry::<golub2018::FlipFlop>("golub2018/flip_flop"),
    Entry { id: UserData::ID, create: open_user_data, describe: describe_user_data },
];

const fn entry<T: Task + Default + DeserializeOwned + 'static>(id: &'static str) -> Entry {
    Entry { id, create: from_parameters::<T>, describe: describe_default::<T> }
}

/// All tasks, in the order of the registry.
pub fn list() -> Vec<TaskInfo> {
    TASKS.iter().map(|entry| (entry.describe)(entry.id)).collect()
}

/// The task of this id; parameters that are left out (or `None` for all) keep their published values.
pub fn create(id: &str, parameters: Option<&Value>) -> Result<Box<dyn Task>, TaskError> {
    let Some(entry) = TASKS.iter().find(|entry| entry.id == id) else { return Err(unknown(id)) };
    let task = (entry.create)(entry.id, parameters.unwrap_or(&json!({})))?;
    task.validate()?;
    Ok(task)
}

fn from_parameters<T: Task + DeserializeOwned + 'static>(id: &'static str, parameters: &Value) -> Result<Box<dyn Task>, TaskError> {
    Ok(Box::new(read::<T>(id, parameters)?))
}

fn open_user_data(id: &'static str, parameters: &Value) -> Result<Box<dyn Task>, TaskError> {
    Ok(Box::new(UserData::open(read::<UserDataSettings>(id, parameters)?)?))
}

fn read<T: DeserializeOwned>(id: &'static str, parameters: &Value) -> Result<T, TaskError> {
    T::deserialize(parameters).map_err(|error| {
        // The reader does not say which field it stumbled over; the one that fails on its own is it.
        let fails = |field: &&String| T::deserialize(json!({ field.as_str(): parameters[field.as_str()] })).is_err();
        let field = parameters.as_object().and_then(|fields| fields.keys().find(fails));
        let reason = field.map_or(error.to_string(), |field| format!("`{field}` = {}: {error}", parameters[field.as_str()]));
        TaskError::UnreadableParameters { id: id.into(), reason }
    })
}

fn describe_default<T: Task + Default>(id: &'static str) -> TaskInfo {
    let task = T::default();
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
        parameters: parameters_of(&settings),
    }
}

fn unknown(id: &str) -> TaskError {
    let name = |id: &str| id.rsplit('/').next().unwrap_or_default().to_owned();
    // The family is often left out, so a name alone counts as much as the whole id.
    let far = |known: &str| distance(id, known).min(distance(&name(id), &name(known)));
    let nearest = TASKS.iter().map(|entry| (far(entry.id), entry.id)).min();
    let hint = match nearest {
        Some((far, known)) if far <= 3 => format!("; did you mean `{known}`?"),
        _ => String::new(),
    };
    let known = TASKS.iter().map(|entry| entry.id).collect::<Vec<_>>().join(", ");
    TaskError::UnknownTask { id: id.into(), hint, known }
}

/// The number of single-character insertions, deletions and replacements between two texts.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_are_those_of_the_tasks() -> Result<(), TaskError> {
        for (i, entry) in TASKS.iter().enumerate() {
            assert!(TASKS[i + 1..].iter().all(|other| other.id != entry.id));
            if entry.id != "data/npz" {
                assert_eq!(create(entry.id, None)?.id(), entry.id);
            }
        }
        Ok(())
    }

    #[test]
    fn edit_distances_are_counted() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }

    #[test]
    fn a_name_without_its_family_is_recognised_and_nonsense_is_not() {
        assert!(unknown("rdm_varstim").to_string().contains("did you mean `song2016/rdm_varstim`?"));
        assert!(!unknown("zzzzzzzzzzzzzzzz").to_string().contains("did you mean"));
    }
}
