//! The eight directions of motion, by number (0 to 7) and, in conditions, by angle (0, 45, .. 315 degrees).

use crate::{Condition, TaskError, TrialRng, Value};

/// How many there are.
pub const N: usize = 8;

/// The angle of a direction.
pub fn degrees(direction: usize) -> f64 {
    360.0 * (direction % N) as f64 / N as f64
}

/// Any of them.
pub fn any(rng: &mut TrialRng) -> usize {
    pick(rng, |_| true)
}

/// One of those that qualify, each equally likely; the first direction if none does.
pub fn pick(rng: &mut TrialRng, qualifies: impl Fn(usize) -> bool) -> usize {
    let list: Vec<usize> = (0..N).filter(|direction| qualifies(*direction)).collect();
    rng.pick(&list).copied().unwrap_or(0)
}

/// A direction given in a condition.
pub fn given(condition: &Condition, name: &str) -> Result<Option<usize>, TaskError> {
    let Some(angle) = condition.finite_number(name)? else { return Ok(None) };
    match (0..N).find(|direction| degrees(*direction) == angle) {
        Some(direction) => Ok(Some(direction)),
        None => {
            Err(TaskError::condition(name, angle, "is none of the eight directions", "give 0, 45, .. or 315 degrees"))
        }
    }
}

/// A yes or no given in a condition.
pub fn flag(condition: &Condition, name: &str) -> Result<Option<bool>, TaskError> {
    match condition.get(name) {
        None => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(other) => Err(TaskError::condition(name, other, "must be true or false", "give a yes or no")),
    }
}

/// Refuses a match or non-match that the directions contradict.
pub fn agree(name: &str, asked: Option<bool>, is_match: bool) -> Result<(), TaskError> {
    match asked {
        Some(asked) if asked != is_match => Err(TaskError::condition(
            name,
            asked,
            "contradicts the directions",
            "leave it or one of the directions out",
        )),
        _ => Ok(()),
    }
}
