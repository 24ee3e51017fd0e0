//! What does not fit, in words.

use std::fmt;

use serde::de::{self, Expected, Unexpected};
use strsim::levenshtein;

use super::node::Node;

/// What does not fit, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Misfit {
    /// Path of the field, such as `areas[1].units`; of what is unknown or missing, that of the table around it. Empty
    /// for the whole.
    pub field: String,
    /// What does not fit.
    pub problem: Problem,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// A field that is none of those of its table.
    UnknownField {
        /// Its name.
        name: String,
        /// Those of the table.
        known: Vec<String>,
    },
    /// A field that must be there.
    MissingField {
        /// Its name.
        name: String,
    },
    /// A value that breaks the rule of its field.
    Value {
        /// The rule, as a sentence whose subject is the field.
        rule: String,
        /// As it stands in the text; `None` while that is not known.
        value: Option<String>,
        /// The values that there are, where they are a few words.
        choices: Vec<String>,
    },
    /// What a field says of its own values.
    Other(String),
}

impl Misfit {
    pub(super) fn new(problem: Problem) -> Self {
        Self { field: String::new(), problem }
    }

    /// A value that breaks this rule.
    pub(super) fn value(rule: impl Into<String>, value: Option<String>) -> Self {
        Self::new(Problem::Value { rule: rule.into(), value, choices: Vec::new() })
    }

    /// A value that is none of these.
    pub(super) fn choice(choices: &[&str], value: String) -> Self {
        let rule = format!("must be one of {}", listed(choices));
        let choices = choices.iter().map(ToString::to_string).collect();
        Self::new(Problem::Value { rule, value: Some(value), choices })
    }

    /// A field that is none of these.
    pub(crate) fn unknown(name: &str, known: Vec<String>) -> Self {
        Self::new(Problem::UnknownField { name: name.into(), known })
    }

    /// The same, found in the entry `name` of a table.
    #[must_use]
    pub fn below(mut self, name: &str) -> Self {
        let dot = if self.field.is_empty() || self.field.starts_with('[') { "" } else { "." };
        self.field = format!("{name}{dot}{}", self.field);
        self
    }

    /// The same, where the value is this one.
    pub(super) fn of(mut self, node: &Node) -> Self {
        if let (Problem::Value { value: value @ None, .. }, true) = (&mut self.problem, self.field.is_empty()) {
            *value = Some(node.to_string());
        }
        self
    }

    /// The same, where the value is this one.
    pub(crate) fn holding(self, value: &serde_json::Value) -> Self {
        match Node::of(value) {
            Ok(node) => self.of(&node),
            Err(_) => self,
        }
    }

    /// The name or the value that was probably meant.
    pub fn meant(&self) -> Option<&str> {
        match &self.problem {
            Problem::UnknownField { name, known } => nearest(name, known),
            Problem::Value { value: Some(value), choices, .. } => nearest(value.trim_matches('"'), choices),
            _ => None,
        }
    }

    /// What is wrong, as a sentence whose subject is the field.
    pub fn words(&self) -> String {
        let hint = self.meant().map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
        match &self.problem {
            Problem::UnknownField { name, known } if known.is_empty() => {
                format!("unknown field `{name}`; there is none to be set here, so leave it out")
            }
            Problem::UnknownField { name, known } => {
                let sign = if hint.is_empty() { "; known are" } else { " Known are" };
                format!("unknown field `{name}`{hint}{sign} {}", listed(known))
            }
            Problem::MissingField { name } => format!("missing field `{name}`"),
            Problem::Value { rule, value: Some(value), .. } => format!("{rule}, but is {value}{hint}"),
            Problem::Value { rule, value: None, .. } => rule.clone(),
            Problem::Other(words) => words.clone(),
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (field, words) = (&self.field, self.words());
        match &self.problem {
            _ if field.is_empty() => f.write_str(&words),
            Problem::UnknownField { name, .. } | Problem::MissingField { name } => {
                // The table stands behind the name.
                let named = format!("field `{name}`");
                f.write_str(&words.replacen(&named, &format!("{named} of `{field}`"), 1))
            }
            Problem::Value { .. } => write!(f, "`{field}` {words}"),
            Problem::Other(_) => write!(f, "`{field}`: {words}"),
        }
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        // What the fields of this project expect, in their own words.
        match message.strip_prefix("expected ") {
            Some(expected) => Self::value(format!("must be {expected}"), None),
            None => Self::new(Problem::Other(message)),
        }
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let value = match found {
            Unexpected::Bool(value) => Some(value.to_string()),
            Unexpected::Unsigned(value) => Some(value.to_string()),
            Unexpected::Signed(value) => Some(value.to_string()),
            Unexpected::Float(value) => Some(Node::Float(value).to_string()),
            Unexpected::Str(value) => Some(Node::Text(value.into()).to_string()),
            // A whole table or list is known to whoever holds it.
            _ => None,
        };
        Self::value(rule(&expected.to_string()), value)
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::value(rule(&expected.to_string()), None)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::choice(expected, Node::Text(variant.into()).to_string())
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::unknown(field, expected.iter().map(ToString::to_string).collect())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Problem::MissingField { name: field.into() })
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(Problem::Other(format!("has `{field}` twice; leave one of them out")))
    }
}

/// The name that was probably meant by another: the same but for case and signs, one that goes on where it ends, or one
/// that differs in a few letters.
fn nearest<'a, T: AsRef<str>>(name: &str, known: &'a [T]) -> Option<&'a str> {
    let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let name: String = letters(name);
    let far = |known: &str| {
        let known: String = letters(known);
        let goes_on = name.len() >= 3 && known.starts_with(&name);
        if goes_on { 1 } else { levenshtein(&name, &known) }
    };
    let nearest = known.iter().map(|known| (far(known.as_ref()), known.as_ref())).min_by_key(|(far, _)| *far);
    nearest.filter(|(far, _)| *far <= name.len().div_ceil(3).min(3) && *far < name.len()).map(|(_, known)| known)
}

/// Names one after the other.
pub(super) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// What the reader of a value expects, as a rule without types of the language.
fn rule(expected: &str) -> String {
    let rule = match expected {
        "f32" | "f64" => "a number",
        "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "u8" => "a whole number from 0 to 255",
        "i32" | "i64" | "isize" => "a whole number",
        "a boolean" => "true or false",
        "a string" | "path string" | "variant identifier" | "field identifier" => "a text in quotes",
        "a sequence" => "a list",
        "a map" => "a table",
        _ if expected.starts_with("struct ") || expected.contains(" tagged enum ") => "a table",
        _ => match expected.strip_prefix("an array of length ").or(expected.strip_prefix("a tuple of size ")) {
            Some(count) => return format!("must be a list of {count}"),
            None => expected,
        },
    };
    format!("must be {rule}")
}
