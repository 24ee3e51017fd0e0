//! Trial variables that a condition asks for, or that are drawn.

use crate::{Condition, TaskError, TrialRng, Value};

/// The condition that a trial is asked to present; without one, everything is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a>(Option<&'a Condition>);

impl<'a> Asked<'a> {
    /// Refuses variables that are not among `names`.
    pub fn new(condition: Option<&'a Condition>, names: &[&str]) -> Result<Self, TaskError> {
        condition.map_or(Ok(()), |condition| condition.allow(names))?;
        Ok(Self(condition))
    }

    /// A finite number.
    pub fn number(&self, name: &str) -> Result<Option<f64>, TaskError> {
        self.0.map_or(Ok(None), |condition| condition.finite_number(name))
    }

    /// A number from `low` to `high`.
    pub fn between(&self, name: &str, low: f64, high: f64) -> Result<Option<f64>, TaskError> {
        let value = self.number(name)?;
        match value.filter(|value| !(low..=high).contains(value)) {
            None => Ok(value),
            Some(value) => Err(TaskError::condition(name, value, "is out of range", format!("give {low} to {high}"))),
        }
    }

    /// One of 1 to `n`.
    pub fn whole(&self, name: &str, n: usize) -> Result<Option<usize>, TaskError> {
        let Some(value) = self.number(name)? else { return Ok(None) };
        if value.fract() == 0.0 && value >= 1.0 && value <= n as f64 {
            return Ok(Some(value as usize));
        }
        Err(TaskError::condition(name, value, "is none of the task's", format!("give a whole number from 1 to {n}")))
    }

    /// The same, or one of 1 to `n` drawn, each equally likely.
    pub fn whole_or_drawn(&self, name: &str, n: usize, rng: &mut TrialRng) -> Result<usize, TaskError> {
        Ok(self.whole(name, n)?.unwrap_or_else(|| one_to(n, rng)))
    }

    /// Yes or no.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, TaskError> {
        match self.0.and_then(|condition| condition.get(name)) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(other) => Err(TaskError::condition(name, other, "must be true or false", "give a boolean")),
        }
    }

    /// The same, or drawn, each equally likely.
    pub fn flag_or_drawn(&self, name: &str, rng: &mut TrialRng) -> Result<bool, TaskError> {
        Ok(self.flag(name)?.unwrap_or_else(|| rng.chance(0.5)))
    }

    /// A word.
    pub fn text(&self, name: &str) -> Result<Option<&'a str>, TaskError> {
        match self.0.and_then(|condition| condition.get(name)) {
            None => Ok(None),
            Some(Value::Text(value)) => Ok(Some(value)),
            Some(other) => Err(TaskError::condition(name, other, "must be a text", "give a word in quotes")),
        }
    }

    /// The number of whole steps in a duration of a trial variable, ms.
    pub fn steps(&self, name: &str, dt: f64) -> Result<Option<usize>, TaskError> {
        let Some(ms) = self.number(name)? else { return Ok(None) };
        let steps = (ms / dt).round();
        if steps >= 1.0 && (ms / dt - steps).abs() < 1e-9 * steps {
            return Ok(Some(steps as usize));
        }
        let remedy = format!("give a multiple of `dt` = {dt} ms");
        Err(TaskError::condition(name, ms, "must be a whole number of steps, and not none", remedy))
    }
}

/// One of 1 to `n`, each equally likely.
pub fn one_to(n: usize, rng: &mut TrialRng) -> usize {
    // The product can round up to n itself.
    1 + ((rng.uniform() * n as f64) as usize).min(n.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_the_wrong_kind_or_range_are_refused_by_name() {
        let condition = Condition::new().with("a", 2.5).with("b", "x").with("c", true).with("d", 90.0);
        let asked = Asked::new(Some(&condition), &["a", "b", "c", "d"]).unwrap();
        let messages = [
            asked.whole("a", 3).unwrap_err().to_string(),
            asked.flag("a").unwrap_err().to_string(),
            asked.between("a", 0.0, 1.0).unwrap_err().to_string(),
            asked.number("b").unwrap_err().to_string(),
            asked.text("c").unwrap_err().to_string(),
            asked.steps("d", 80.0).unwrap_err().to_string(),
        ];
        for (message, name) in messages.iter().zip(["a", "a", "a", "b", "c", "d"]) {
            assert!(message.contains(&format!("`{name}`")), "{message}");
        }
        assert!(Asked::new(Some(&condition), &["a"]).is_err());
    }

    #[test]
    fn one_to_n_is_uniform() {
        let (mut rng, mut counts) = (TrialRng::new(0, "test", 0, 0), [0; 3]);
        for _ in 0..30_000 {
            counts[one_to(3, &mut rng) - 1] += 1;
        }
        assert!(counts.iter().all(|count| (9_600..10_400).contains(count)), "{counts:?}");
    }
}
