//! The variables of one trial (coherence, context, modality, ...), by name and in a fixed order.
//!
//! ```
//! use nn4n_tasks::Condition;
//! let condition = Condition::new().with("context", "motion").with("motion_coherence", -0.15);
//! assert_eq!(condition.to_string(), "context=motion motion_coherence=-0.15");
//! assert_eq!(condition.number("motion_coherence"), Some(-0.15));
//! assert_eq!(serde_json::to_string(&condition)?, r#"{"context":"motion","motion_coherence":-0.15}"#);
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::{borrow::Cow, fmt};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::TaskError;

/// The value of a trial variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A yes or no, e.g. whether this is a catch trial.
    Bool(bool),
    /// A number, e.g. a coherence.
    Number(f64),
    /// A word, e.g. a modality.
    Text(Cow<'static, str>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<&'static str> for Value {
    fn from(value: &'static str) -> Self {
        Self::Text(Cow::Borrowed(value))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Cow::Owned(value))
    }
}

/// Named trial variables in a fixed order; a JSON object in files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition(Vec<(Cow<'static, str>, Value)>);

impl Condition {
    /// No variables: the only condition of a task whose trials are all alike.
    pub fn new() -> Self {
        Self::default()
    }

    /// The condition of a catch trial: `catch = true`.
    pub fn catch() -> Self {
        Self::new().with("catch", true)
    }

    /// This condition with one more variable (or a new value for one it has).
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, place)) => *place = value,
            None => self.0.push((name, value)),
        }
        self
    }

    /// This condition with all variables of another one.
    pub fn and(mut self, other: &Self) -> Self {
        for (name, value) in &other.0 {
            self = self.with(name.clone(), value.clone());
        }
        self
    }

    /// This condition without a variable.
    pub fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(known, _)| known != name).cloned().collect())
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The value of a numeric variable; `None` if it is absent or no number.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.get(name) {
            Some(Value::Number(value)) => Some(*value),
            _ => None,
        }
    }

    /// The value of a variable that is a word; `None` if it is absent or no word.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(value)) => Some(value),
            _ => None,
        }
    }

    /// Whether this is a catch trial: nothing is shown, and no choice is scored.
    pub fn is_catch(&self) -> bool {
        self.get("catch") == Some(&Value::Bool(true))
    }

    /// Whether this condition has every variable of `class`, with the same value: every trial belongs to the class
    /// without variables.
    pub fn belongs_to(&self, class: &Self) -> bool {
        class.0.iter().all(|(name, value)| self.get(name) == Some(value))
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Refuses a condition with a variable that is not among `names`.
    pub fn allow(&self, names: &[&str]) -> Result<(), TaskError> {
        match self.iter().find(|(name, _)| !names.contains(name)) {
            None => Ok(()),
            Some((name, value)) => {
                let known = if names.is_empty() { "none".into() } else { names.join(", ") };
                Err(TaskError::condition(
                    name,
                    value,
                    "is no variable of this task",
                    format!("its variables are: {known}"),
                ))
            }
        }
    }

    /// The value of a variable that must be a finite number if it is given.
    pub fn finite_number(&self, name: &str) -> Result<Option<f64>, TaskError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Number(value)) if value.is_finite() => Ok(Some(*value)),
            Some(other) => Err(TaskError::condition(name, other, "must be a finite number", "give a number")),
        }
    }
}

/// `name=value` pairs separated by spaces; `all trials` where there is no variable.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("all trials");
        }
        for (i, (name, value)) in self.0.iter().enumerate() {
            let space = if i == 0 { "" } else { " " };
            write!(f, "{space}{name}={value}")?;
        }
        Ok(())
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Condition {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Condition;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of trial variables, such as {\"coherence\": 0.032}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Condition, A::Error> {
                let mut condition = Condition::new();
                while let Some((name, value)) = map.next_entry::<String, Value>()? {
                    condition = condition.with(name, value);
                }
                Ok(condition)
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_the_order_and_reads_whole_numbers_as_numbers() -> Result<(), serde_json::Error> {
        let text = r#"{"z":1,"a":"both","catch":false}"#;
        let condition: Condition = serde_json::from_str(text)?;
        assert_eq!(condition.to_string(), "z=1 a=both catch=false");
        assert_eq!(serde_json::from_str::<Condition>(&serde_json::to_string(&condition)?)?, condition);
        Ok(())
    }

    #[test]
    fn a_variable_has_one_value() {
        let condition = Condition::new().with("coherence", 0.1).with("coherence", 0.2);
        assert_eq!(condition.iter().count(), 1);
        assert_eq!(condition.number("coherence"), Some(0.2));
    }

    #[test]
    fn only_catch_conditions_are_catch_conditions() {
        assert!(Condition::catch().is_catch());
        assert!(!Condition::new().with("catch", false).is_catch());
        assert!(!Condition::new().with("coherence", 0.1).is_catch());
    }

    #[test]
    fn an_unknown_variable_is_refused_by_name() {
        let message = Condition::new().with("coherense", 0.1).allow(&["coherence"]).unwrap_err().to_string();
        assert_eq!(message, "condition `coherense` = 0.1 is no variable of this task; its variables are: coherence");
    }
}
