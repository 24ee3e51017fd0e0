//! The input and output channels of a declared task: what each carries in each epoch.

use super::expression::Expression;
use super::format::{Channel as Table, Ordered, in_order};
use super::scope::{Scope, check_name, quoted};
use crate::TaskError;
use crate::error::rules;

/// The name of the value in epochs that a channel does not name.
const DEFAULT: &str = "default";
/// The name of the epoch of catch trials.
pub(crate) const CATCH: &str = "catch";
/// The name of the weight of an output in the loss.
const WEIGHT: &str = "weight";
/// Names that no epoch may have, since they mean something else in a channel.
pub(crate) const RESERVED: [&str; 3] = [DEFAULT, CATCH, WEIGHT];
/// All inputs, or all outputs.
pub(crate) const MAX_CHANNELS: usize = 1024;

/// Characters of all expressions of a side, counted once for every channel and epoch that they are for.
const MAX_EXPRESSIONS: usize = 1 << 20;

/// A channel whose levels are known.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) name: String,
    /// The name as the file has it: without the number where there are several.
    pub(crate) group: String,
    /// One for each epoch.
    pub(crate) levels: Vec<Expression>,
    /// The level in catch trials.
    pub(crate) catch: f64,
    /// The factor of the loss mask.
    pub(crate) weight: f64,
}

/// Inputs are 0 in catch trials unless they say otherwise, and outputs have their default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Inputs,
    Outputs,
}

impl Side {
    fn name(self) -> &'static str {
        match self {
            Self::Inputs => "inputs",
            Self::Outputs => "outputs",
        }
    }
}

/// A channel by name, before its levels are read.
pub(crate) struct Slot<'a> {
    pub(crate) name: String,
    group: &'a str,
    /// The number of the channel in its group, and how many there are.
    number: Option<(usize, usize)>,
    field: String,
    table: &'a Table,
}

/// The channels of a side, numbered ones included.
pub(crate) fn slots(side: Side, tables: &Ordered<Table>) -> Result<Vec<Slot<'_>>, TaskError> {
    let mut slots: Vec<Slot<'_>> = Vec::new();
    for (key, table) in in_order(tables) {
        let field = format!("{}.{key}", side.name());
        let (group, n) = group_of(&field, key)?;
        let total = slots.len() + n.unwrap_or(1);
        if total > MAX_CHANNELS {
            return Err(TaskError::parameter(
                &field,
                total,
                "makes too many channels",
                format!("use at most {MAX_CHANNELS}"),
            ));
        }
        for i in 1..=n.unwrap_or(1) {
            let name = n.map_or(group.to_owned(), |_| format!("{group}_{i}"));
            if slots.iter().any(|known| known.name == name) {
                return Err(TaskError::parameter(
                    &field,
                    quoted(&name),
                    "is the name of two channels",
                    "rename one of them",
                ));
            }
            slots.push(Slot { name, group, number: n.map(|n| (i, n)), field: field.clone(), table });
        }
    }
    Ok(slots)
}

/// Refuses expressions that, written out for every channel and epoch, are too much to hold.
pub(crate) fn check_size(slots: &[Slot<'_>], n_epochs: usize) -> Result<(), TaskError> {
    let length = |key: &str, table: &Table| table.get(key).map_or(0, |level| level.to_string().len());
    let mut total = 0usize;
    for slot in slots {
        let others: usize = slot.table.keys().filter(|key| *key != DEFAULT).map(|key| length(key, slot.table)).sum();
        total = total.saturating_add(others).saturating_add(length(DEFAULT, slot.table).saturating_mul(n_epochs));
        if total > MAX_EXPRESSIONS {
            let remedy = format!(
                "use fewer channels, fewer epochs or shorter expressions: at most {MAX_EXPRESSIONS} characters over \
                all of them"
            );
            return Err(TaskError::parameter(
                &slot.field,
                format!("{total} characters"),
                "makes the expressions too long",
                remedy,
            ));
        }
    }
    Ok(())
}

impl Slot<'_> {
    /// Reads the levels.
    pub(crate) fn read(self, side: Side, epochs: &[&str], catches: bool, scope: &Scope) -> Result<Channel, TaskError> {
        self.check_keys(side, epochs, catches)?;
        let scope = Scope { number: self.number, time: true, ..scope.clone() };
        let level = |key: &str| self.table.get(key).map(|level| (format!("{}.{key}", self.field), level));
        let default =
            level(DEFAULT).map_or(Ok(Expression::Constant(0.0)), |(field, level)| scope.level(&field, level))?;
        let in_epoch =
            |name: &&str| level(name).map_or(Ok(default.clone()), |(field, level)| scope.level(&field, level));
        let levels = epochs.iter().map(in_epoch).collect::<Result<Vec<_>, _>>()?;
        let catch = match (level(CATCH), level(DEFAULT)) {
            (Some((field, level)), _) => scope.constant(&field, level)?,
            (None, Some((field, level))) if side == Side::Outputs && catches => {
                scope.constant(&field, level).map_err(|_| {
                    let remedy =
                        format!("give it a value without variables, or give the channel a value for `{CATCH}`");
                    TaskError::parameter(
                        &field,
                        "an expression",
                        "says nothing about catch trials, which have no variables",
                        remedy,
                    )
                })?
            }
            _ => 0.0,
        };
        let weight = level(WEIGHT).map_or(Ok(1.0), |(field, level)| {
            let weight = scope.constant(&field, level)?;
            rules::not_negative(&field, weight).map(|()| weight)
        })?;
        Ok(Channel { group: self.group.into(), name: self.name, levels, catch, weight })
    }

    fn check_keys(&self, side: Side, epochs: &[&str], catches: bool) -> Result<(), TaskError> {
        let allowed = |key: &str| match key {
            DEFAULT => true,
            CATCH => catches,
            WEIGHT => side == Side::Outputs,
            _ => epochs.contains(&key),
        };
        match self.table.keys().find(|key| !allowed(key)) {
            None => Ok(()),
            Some(key) => {
                let remedy =
                    format!("the epochs are: {}; `{DEFAULT}` stands for those that are not named", epochs.join(", "));
                Err(TaskError::parameter(&self.field, quoted(key), "names no epoch", remedy))
            }
        }
    }
}

/// `ring[32]` stands for the 32 channels `ring_1` to `ring_32`.
fn group_of<'a>(field: &str, key: &'a str) -> Result<(&'a str, Option<usize>), TaskError> {
    let Some((group, rest)) = key.split_once('[') else {
        check_name(field, key)?;
        return Ok((key, None));
    };
    check_name(field, group)?;
    match rest.strip_suffix(']').and_then(|n| n.parse::<usize>().ok()) {
        Some(n) if (1..=MAX_CHANNELS).contains(&n) => Ok((group, Some(n))),
        _ => Err(TaskError::parameter(
            field,
            quoted(key),
            "says no number of channels",
            "write \"ring[32]\" for ring_1 to ring_32",
        )),
    }
}
