//! Labels of trials in a file of arrays: one value for each trial, such as its coherence or its context.
//!
//! ```text
//! numbers   (K) integers or floats     NaN where a trial has no such variable
//! words     (K) NumPy text, <U or |S   empty where a trial has no such variable
//! flags     (K) bool                   no where a trial has no such variable
//! ```
//!
//! ```
//! use nn4n_tasks::{Condition, Labels, variables_of};
//! let trials = [Condition::new().with("coherence", 0.128).with("context", "motion"), Condition::catch()];
//! let variables = variables_of(&trials);
//! assert_eq!(variables[1], ("context".into(), Labels::Words(vec!["motion".into(), "".into()])));
//! assert_eq!(variables[2], ("catch".into(), Labels::Flags(vec![false, true])));
//! ```

use crate::{Condition, Value};

/// One value for each trial.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// Numbers; NaN where a trial has none.
    Numbers(Vec<f64>),
    /// Words; empty where a trial has none.
    Words(Vec<String>),
    /// Yes or no.
    Flags(Vec<bool>),
}

impl Labels {
    /// The number of trials.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Words(values) => values.len(),
            Self::Flags(values) => values.len(),
        }
    }

    /// Whether there is no trial.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of trial `trial`; `None` where it has none, or there is no such trial.
    pub fn value(&self, trial: usize) -> Option<Value> {
        match self {
            Self::Numbers(values) => values.get(trial).filter(|value| !value.is_nan()).map(|value| (*value).into()),
            Self::Words(values) => values.get(trial).filter(|value| !value.is_empty()).map(|word| word.clone().into()),
            Self::Flags(values) => values.get(trial).map(|value| (*value).into()),
        }
    }

    /// Those of values that may be missing: of one kind where all are, else words.
    fn of(values: &[Option<&Value>]) -> Self {
        let number = |value: &Option<&Value>| match value {
            None => Some(f64::NAN),
            Some(Value::Number(number)) => Some(*number),
            Some(_) => None,
        };
        let flag = |value: &Option<&Value>| match value {
            None => Some(false),
            Some(Value::Bool(flag)) => Some(*flag),
            Some(_) => None,
        };
        let words = || values.iter().map(|value| value.map_or_else(String::new, ToString::to_string)).collect();
        let flags = || values.iter().map(flag).collect::<Option<Vec<_>>>().map(Self::Flags);
        let numbers = values.iter().map(number).collect::<Option<Vec<_>>>().map(Self::Numbers);
        numbers.or_else(flags).unwrap_or_else(|| Self::Words(words()))
    }
}

/// The variables of these trials by name, in the order in which they appear first.
pub fn variables_of(conditions: &[Condition]) -> Vec<(String, Labels)> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in conditions.iter().flat_map(Condition::iter) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let of = |name: &str| conditions.iter().map(|condition| condition.get(name)).collect::<Vec<_>>();
    names.into_iter().map(|name| (name.to_owned(), Labels::of(&of(name)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_one_kind_keep_it_and_mixed_ones_are_words() {
        let trials = [
            Condition::new().with("coherence", 0.1).with("is_cued", true).with("sample", 3.0),
            Condition::new().with("coherence", -0.2).with("sample", "none"),
        ];
        let variables = variables_of(&trials);
        assert_eq!(variables[0].1, Labels::Numbers(vec![0.1, -0.2]));
        assert_eq!(variables[1].1, Labels::Flags(vec![true, false]));
        assert_eq!(variables[2].1, Labels::Words(vec!["3".into(), "none".into()]));
    }

    #[test]
    fn what_is_missing_has_no_value() {
        let numbers = Labels::Numbers(vec![0.5, f64::NAN]);
        assert_eq!((numbers.value(0), numbers.value(1), numbers.value(2)), (Some(0.5.into()), None, None));
        assert_eq!(Labels::Words(vec![String::new()]).value(0), None);
    }
}
