//! What can go wrong with a task: every message names the field, the rule it broke, the value and the remedy.

use std::path::PathBuf;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// No task has this id.
    #[error("unknown task `{id}`{hint}; {known}")]
    UnknownTask {
        /// The id that was asked for.
        id: String,
        /// `""`, or a suggestion that starts with `; `.
        hint: String,
        /// The tasks of the family that was named, or all families.
        known: String,
    },

    /// The JSON of the parameters does not describe this task (a misspelt field, a text where a number belongs).
    #[error("the parameters of task `{id}` cannot be read: {reason}; leave a field out to keep its published value")]
    UnreadableParameters {
        /// The task.
        id: String,
        /// What the JSON reader said; names the field.
        reason: String,
    },

    /// A parameter lies outside its range.
    #[error("`{field}` = {value} {rule}; {remedy}")]
    Parameter {
        /// The parameter.
        field: String,
        /// Its value.
        value: String,
        /// The rule it breaks, as a sentence whose subject is the field.
        rule: &'static str,
        /// What to do.
        remedy: String,
    },

    /// A duration is not a whole number of steps.
    #[error(
        "`{field}` = {value} ms is not a whole number of steps of `dt` = {dt} ms; use a `dt` that divides it, set \
        `rounding` to \"nearest\", \"floor\" or \"ceil\", or give {field} = {below} or {above}"
    )]
    Duration {
        /// The parameter that holds the duration.
        field: String,
        /// The duration, ms.
        value: f64,
        /// The step, ms.
        dt: f64,
        /// The nearest shorter duration that fits, ms.
        below: f64,
        /// The nearest longer duration that fits, ms.
        above: f64,
    },

    /// A condition asks for something the task cannot present.
    #[error("condition `{name}` = {value} {rule}; {remedy}")]
    Condition {
        /// The trial variable.
        name: String,
        /// Its value.
        value: String,
        /// The rule it breaks, as a sentence whose subject is the variable.
        rule: &'static str,
        /// What to do.
        remedy: String,
    },

    /// A batch cannot be made of what was asked for.
    #[error("`{field}` = {value} {rule}; {remedy}")]
    Batch {
        /// The argument.
        field: &'static str,
        /// Its value.
        value: String,
        /// The rule it breaks.
        rule: &'static str,
        /// What to do.
        remedy: String,
    },

    /// The outputs to be scored do not have the shape of the trials.
    #[error(
        "`outputs` has shape {got:?}, but the trials need {want:?} (trial, step, output); run the network on this \
        batch's inputs"
    )]
    OutputShape {
        /// The shape that was given.
        got: Vec<usize>,
        /// The shape of the batch's targets.
        want: Vec<usize>,
    },

    /// An array of a user's `.npz` file breaks a rule.
    #[error("`{array}` in {path}: {problem}; {remedy}", path = path.display())]
    Data {
        /// The file.
        path: PathBuf,
        /// The array.
        array: String,
        /// The rule and the value that breaks it.
        problem: String,
        /// What to do.
        remedy: String,
    },

    /// A file cannot be read or written.
    #[error("cannot {action} {path}: {reason}", path = path.display())]
    File {
        /// `"read"` or `"write"`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's or the archive reader's reason, with a remedy where one is known.
        reason: String,
    },
}

impl TaskError {
    /// A [`TaskError::Parameter`], with the value in words.
    pub fn parameter(
        field: impl ToString,
        value: impl ToString,
        rule: &'static str,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Parameter { field: field.to_string(), value: value.to_string(), rule, remedy: remedy.into() }
    }

    /// A [`TaskError::Condition`], with the value in words.
    pub fn condition(name: &str, value: impl ToString, rule: &'static str, remedy: impl Into<String>) -> Self {
        Self::Condition { name: name.into(), value: value.to_string(), rule, remedy: remedy.into() }
    }
}

/// Rules that parameters of many tasks share; each returns the value's error or nothing.
pub mod rules {
    use std::fmt::Display;

    use super::TaskError;

    /// `value` is finite and > 0.
    pub fn positive(field: impl Display, value: f64) -> Result<(), TaskError> {
        if value.is_finite() && value > 0.0 {
            return Ok(());
        }
        Err(TaskError::parameter(field, value, "must be finite and greater than 0", "give a positive number"))
    }

    /// `value` is finite and >= 0.
    pub fn not_negative(field: impl Display, value: f64) -> Result<(), TaskError> {
        if value.is_finite() && value >= 0.0 {
            return Ok(());
        }
        Err(TaskError::parameter(field, value, "must be finite and at least 0", "give 0 or a positive number"))
    }

    /// `value` is a number, not NaN or infinite.
    pub fn finite(field: impl Display, value: f64) -> Result<(), TaskError> {
        if value.is_finite() {
            return Ok(());
        }
        Err(TaskError::parameter(field, value, "must be finite", "give an ordinary number"))
    }

    /// `value` lies in [0, 1].
    pub fn probability(field: impl Display, value: f64) -> Result<(), TaskError> {
        if (0.0..=1.0).contains(&value) {
            return Ok(());
        }
        Err(TaskError::parameter(field, value, "must be a probability", "give a number from 0 to 1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_field_value_rule_and_remedy() {
        let message = rules::probability("p_catch", 1.5).unwrap_err().to_string();
        assert_eq!(message, "`p_catch` = 1.5 must be a probability; give a number from 0 to 1");
    }

    #[test]
    fn nan_passes_no_rule() {
        for rule in [
            |v| rules::positive("x", v),
            |v| rules::not_negative("x", v),
            |v| rules::finite("x", v),
            |v| rules::probability("x", v),
        ] as [fn(f64) -> _; 4]
        {
            assert!(rule(f64::NAN).is_err());
        }
    }
}
