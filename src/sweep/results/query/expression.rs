//! What an expression is made of, what it says of a run, and whether it can be asked of these runs.

use std::collections::BTreeSet;

use super::{
    Known, OPTION, refusal,
    vocabulary::{Kind, Vocabulary},
};
use crate::{echo::echo, error::Result};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Holds(Operand),
    Compare(Operand, Comparison, Operand),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Name(String),
    Literal(Known),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Expression {
    /// Whether it holds; the name that has no fitting value where that cannot be said.
    pub(super) fn holds(&self, known: &impl Fn(&str) -> Option<Known>) -> std::result::Result<bool, String> {
        match self {
            Self::All(parts) => joined(parts, known, false),
            Self::Any(parts) => joined(parts, known, true),
            Self::Not(part) => part.holds(known).map(|holds| !holds),
            Self::Holds(operand) => match operand.value(known)? {
                Known::Boolean(value) => Ok(value),
                _ => Err(operand.name()),
            },
            Self::Compare(left, comparison, right) => {
                let (one, other) = (left.value(known)?, right.value(known)?);
                match (comparison, &one, &other) {
                    (Comparison::Equal, ..) => Ok(one == other),
                    (Comparison::NotEqual, ..) => Ok(one != other),
                    (_, Known::Number(one), Known::Number(other)) => Ok(comparison.holds(*one, *other)),
                    (_, Known::Number(_), _) => Err(right.name()),
                    _ => Err(left.name()),
                }
            }
        }
    }

    pub(super) fn check(&self, vocabulary: &Vocabulary) -> Result<()> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().try_for_each(|part| part.check(vocabulary)),
            Self::Not(part) => part.check(vocabulary),
            Self::Holds(operand) => operand.check_kind(vocabulary, Kind::Boolean, "what stands alone is true or false"),
            Self::Compare(left, comparison, right) if comparison.is_order() => {
                let rule = format!("`{}` compares numbers", comparison.sign());
                [left, right].iter().try_for_each(|operand| operand.check_kind(vocabulary, Kind::Number, &rule))
            }
            Self::Compare(left, _, right) => {
                let (one, other) = (left.kinds(vocabulary)?, right.kinds(vocabulary)?);
                if one.is_empty() || other.is_empty() || !one.is_disjoint(&other) {
                    return Ok(());
                }
                let words =
                    |kinds: &BTreeSet<Kind>| kinds.iter().map(|kind| kind.words()).collect::<Vec<_>>().join(", ");
                let (one, other) = (words(&one), words(&other));
                let message = format!(
                    "compares `{}` with `{}`, which are never equal: {one} and {other}; compare values of one kind",
                    left.name(),
                    right.name()
                );
                Err(refusal(message))
            }
        }
    }
}

/// Whether all hold, or any for `wanted`: one that is `wanted` decides, whatever is missing in others.
fn joined(
    parts: &[Expression],
    known: &impl Fn(&str) -> Option<Known>,
    wanted: bool,
) -> std::result::Result<bool, String> {
    let mut missing = None;
    for part in parts {
        match part.holds(known) {
            Ok(holds) if holds == wanted => return Ok(wanted),
            Ok(_) => {}
            Err(name) => missing = missing.or(Some(name)),
        }
    }
    missing.map_or(Ok(!wanted), Err)
}

impl Operand {
    fn value(&self, known: &impl Fn(&str) -> Option<Known>) -> std::result::Result<Known, String> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Name(name) => known(name).ok_or_else(|| name.clone()),
        }
    }

    /// As it is written.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Literal(Known::Number(number)) => number.to_string(),
            Self::Literal(Known::Text(text)) => format!("{text:?}"),
            Self::Literal(Known::Boolean(value)) => value.to_string(),
        }
    }

    fn kinds(&self, vocabulary: &Vocabulary) -> Result<BTreeSet<Kind>> {
        match self {
            Self::Literal(value) => Ok(BTreeSet::from([value.kind()])),
            Self::Name(name) => vocabulary.kinds(OPTION, name).cloned(),
        }
    }

    fn check_kind(&self, vocabulary: &Vocabulary, kind: Kind, rule: &str) -> Result<()> {
        let kinds = self.kinds(vocabulary)?;
        if kinds.is_empty() || kinds.contains(&kind) {
            return Ok(());
        }
        let found = kinds.iter().map(|kind| kind.words()).collect::<Vec<_>>().join(", ");
        let (name, remedy) = (self.name(), "== and != compare values of any kind");
        Err(refusal(format!("{rule}, but `{}` is of another kind: {found}; {remedy}", echo(&name))))
    }
}

impl Comparison {
    fn holds(self, one: f64, other: f64) -> bool {
        match self {
            Self::Equal => one == other,
            Self::NotEqual => one != other,
            Self::Less => one < other,
            Self::AtMost => one <= other,
            Self::Greater => one > other,
            Self::AtLeast => one >= other,
        }
    }

    fn is_order(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }

    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }
}
