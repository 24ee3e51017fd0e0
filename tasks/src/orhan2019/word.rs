//! A trial variable that is one of two words.

use crate::{Condition, TaskError, TrialRng, Value};

/// The index of the word that the condition gives for a variable; `None` if it gives none.
pub(super) fn given(
    name: &str,
    words: [&'static str; 2],
    condition: Option<&Condition>,
) -> Result<Option<usize>, TaskError> {
    let Some(given) = condition.and_then(|condition| condition.get(name)) else { return Ok(None) };
    match words.into_iter().position(|word| *given == Value::from(word)) {
        Some(place) => Ok(Some(place)),
        None => {
            let remedy = format!("write {} or {}", words[0], words[1]);
            Err(TaskError::condition(name, given, "is no value of this variable", remedy))
        }
    }
}

/// The same, drawn if the condition gives none.
pub(super) fn draw(
    name: &str,
    words: [&'static str; 2],
    condition: Option<&Condition>,
    rng: &mut TrialRng,
) -> Result<usize, TaskError> {
    Ok(given(name, words, condition)?.unwrap_or_else(|| usize::from(rng.chance(0.5))))
}
