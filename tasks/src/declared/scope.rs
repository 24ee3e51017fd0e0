//! Which names the expressions of a declared task may use, and what these stand for.
//!
//! The values that an expression sees lie side by side: the time, the variables, the signs of the signed ones, and the
//! definitions.

use super::expression::{Expression, Kind, Names};
use super::format::Level;
use super::parser::{is_part_of_a_name, parse};
use crate::TaskError;

/// The place of the time since the start of the epoch.
pub(crate) const TIME: usize = 0;
/// The word for no correct choice.
pub(crate) const NONE: &str = "none";
/// Names that mean something already.
const RESERVED: [&str; 10] = ["t", "i", "n", "pi", "true", "false", "and", "or", "not", "if"];

/// The names that can be used.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// In the order of their places, from 1 on.
    pub(crate) names: Vec<(String, Kind)>,
    /// The outputs come first.
    pub(crate) words: Vec<String>,
    /// The index of a numbered channel (from 1), and how many there are.
    pub(crate) number: Option<(usize, usize)>,
    /// Whether `t` can be used.
    pub(crate) time: bool,
}

impl Names for Scope {
    fn variable(&self, name: &str) -> Option<(Expression, Kind)> {
        match (name, self.number) {
            ("t", _) if self.time => return Some((Expression::Variable(TIME), Kind::Number)),
            ("i", Some((i, _))) => return Some((Expression::Constant(i as f64), Kind::Number)),
            ("n", Some((_, n))) => return Some((Expression::Constant(n as f64), Kind::Number)),
            _ => {}
        }
        let place = self.names.iter().position(|(known, _)| known == name)?;
        Some((Expression::Variable(place + 1), self.names.get(place)?.1))
    }

    fn word(&self, word: &str) -> Option<usize> {
        self.words.iter().position(|known| known == word)
    }

    fn known(&self) -> Vec<String> {
        let special = [("t", self.time), ("i", self.number.is_some()), ("n", self.number.is_some())];
        let special = special.into_iter().filter(|(_, usable)| *usable).map(|(name, _)| name.to_owned());
        self.names.iter().map(|(name, _)| name.clone()).chain(special).collect()
    }
}

impl Scope {
    /// Adds a name of which there must be no other.
    pub(crate) fn declare(&mut self, field: &str, name: &str, kind: Kind) -> Result<(), TaskError> {
        check_name(field, name)?;
        if RESERVED.contains(&name) {
            return Err(TaskError::parameter(field, quoted(name), "has a meaning of its own", "use another name"));
        }
        if self.names.iter().any(|(known, _)| known == name) {
            return Err(TaskError::parameter(field, quoted(name), "is used twice", "use another name"));
        }
        self.names.push((name.into(), kind));
        Ok(())
    }

    /// The number of a word, which is remembered.
    pub(crate) fn intern(&mut self, word: &str) -> usize {
        self.word(word).unwrap_or_else(|| {
            self.words.push(word.into());
            self.words.len() - 1
        })
    }

    /// The same names without those that belong to a trial.
    pub(crate) fn without_variables(&self) -> Self {
        Self { names: Vec::new(), ..self.clone() }
    }

    /// The expression of a text, and what it gives.
    pub(crate) fn read(&self, field: &str, text: &str) -> Result<(Expression, Kind), TaskError> {
        parse(text, self).map_err(|fault| {
            let remedy = format!("at character {}: {}", fault.column, fault.problem);
            TaskError::parameter(field, quoted(text), "cannot be read", remedy)
        })
    }

    /// The expression of a level, which must give numbers.
    pub(crate) fn level(&self, field: &str, level: &Level) -> Result<Expression, TaskError> {
        match level {
            Level::Bool(value) => Ok(Expression::Constant(f64::from(u8::from(*value)))),
            Level::Number(value) => {
                crate::error::rules::finite(field, *value)?;
                Ok(Expression::Constant(*value))
            }
            Level::Text(text) => match self.read(field, text)? {
                (expression, Kind::Number) => Ok(expression),
                (_, Kind::Word) => {
                    Err(TaskError::parameter(field, quoted(text), "must be a number", "compare words with =="))
                }
            },
        }
    }

    /// The value of a level in which there is nothing to vary.
    pub(crate) fn constant(&self, field: &str, level: &Level) -> Result<f64, TaskError> {
        let constant = Self { time: false, ..self.without_variables() };
        let value = constant.level(field, level)?.value(&[]);
        crate::error::rules::finite(field, value)?;
        Ok(value)
    }
}

/// A name: a letter, then letters, digits and `_`.
pub(crate) fn check_name(field: &str, name: &str) -> Result<(), TaskError> {
    let usable = name.starts_with(char::is_alphabetic) && name.chars().all(is_part_of_a_name) && name.len() <= 100;
    if usable {
        return Ok(());
    }
    Err(TaskError::parameter(field, quoted(name), "is no name", "start with a letter, then use letters, digits and _"))
}

/// A text as it stands in the file.
pub(crate) fn quoted(text: &str) -> String {
    format!("{text:?}")
}
