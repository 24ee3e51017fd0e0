//! A task by its id, out of those that are listed.

use serde_json::{Value, json};
use strsim::levenshtein;

use crate::entry::Entry;
use crate::{Task, TaskError};

/// The task of this id; parameters that are left out (or `None` for all) keep their published values.
pub(crate) fn create(
    listed: impl Iterator<Item = &'static Entry> + Clone,
    id: &str,
    parameters: Option<&Value>,
) -> Result<Box<dyn Task>, TaskError> {
    let Some(entry) = listed.clone().find(|entry| entry.id == id) else {
        return Err(unknown(id, listed.map(|entry| entry.id)));
    };
    let task = (entry.create)(parameters.unwrap_or(&json!({})))?;
    task.validate()?;
    Ok(task)
}

/// Why there is no such task, and which one may be meant.
fn unknown(id: &str, ids: impl Iterator<Item = &'static str> + Clone) -> TaskError {
    let (family, name) = parts(id);
    // The family is often left out, so a name alone counts as much as the whole id; so does a name that is not
    // finished.
    let far = |known: &str| {
        let known_name = parts(known).1;
        let starts = name.len() >= 3 && known_name.starts_with(name);
        if starts { 1 } else { levenshtein(id, known).min(levenshtein(name, known_name)) }
    };
    let nearest = ids.clone().map(|known| (far(known), parts(known).0 != family, known)).min();
    let hint = match nearest {
        Some((far, _, known)) if far <= name.len().div_ceil(4).min(3) => format!("; did you mean `{known}`?"),
        _ => String::new(),
    };
    let of_family: Vec<_> = ids.clone().filter(|known| parts(known).0 == family).collect();
    let known = if of_family.is_empty() {
        let mut families: Vec<_> = ids.clone().map(|known| parts(known).0).collect();
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
