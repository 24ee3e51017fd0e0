//! The named things of a file, each of which must be used: what is left over is an error, so that nothing is dropped in
//! silence.

use std::collections::BTreeMap;

use super::{Refused, array::Array};
use crate::echo::echo;

/// Named things that have not been used yet.
#[derive(Debug)]
pub(super) struct Ledger<T> {
    /// What they are, such as "tensor".
    what: &'static str,
    entries: BTreeMap<String, T>,
}

impl<T> Ledger<T> {
    pub fn new(what: &'static str, entries: impl IntoIterator<Item = (String, T)>) -> Self {
        Self { what, entries: entries.into_iter().collect() }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    pub fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Uses an entry, if there is one.
    pub fn take(&mut self, name: &str) -> Option<T> {
        self.entries.remove(name)
    }

    /// Adds an entry, or replaces the one of this name.
    pub fn insert(&mut self, name: &str, entry: T) {
        self.entries.insert(name.into(), entry);
    }

    /// Gives an entry another name.
    pub fn rename(&mut self, name: &str, to: String) {
        if let Some(entry) = self.entries.remove(name) {
            self.entries.insert(to, entry);
        }
    }

    /// Uses an entry.
    ///
    /// # Errors
    /// If there is none.
    pub fn require(&mut self, name: &str) -> Result<T, Refused> {
        self.take(name).ok_or_else(|| {
            let left: Vec<&str> = self.names().take(12).collect();
            Refused::new(format!(
                "the {} `{name}` is missing; there are {}",
                self.what,
                if left.is_empty() { "no others".into() } else { echo(&left.join(", ")).into_owned() }
            ))
        })
    }

    /// Uses the entries of these names without more than a note of each that is there.
    pub fn set_aside(&mut self, names: &[&str], why: &str, notes: &mut Vec<String>) {
        let found: Vec<&str> = names.iter().copied().filter(|name| self.take(name).is_some()).collect();
        if !found.is_empty() {
            notes.push(format!("not kept, {why}: {}", found.join(", ")));
        }
    }

    /// # Errors
    /// If an entry has not been used.
    pub fn finish(self) -> Result<(), Refused> {
        match self.entries.keys().next() {
            None => Ok(()),
            Some(name) => Err(Refused::new(format!(
                "the {} `{}` has no counterpart here, and leaving it out would give another network; remove it \
                from the file if it has no effect",
                self.what,
                echo(name)
            ))),
        }
    }
}

impl Ledger<Array> {
    /// Uses a matrix (rows, columns), if there is one.
    pub fn matrix(&mut self, name: &str) -> Result<Option<Array>, Refused> {
        let Some(array) = self.take(name) else { return Ok(None) };
        array.matrix().map_err(|error| error.of(name))?;
        Ok(Some(array))
    }

    /// Uses a vector of this length, if there is one.
    pub fn vector(&mut self, name: &str, length: usize) -> Result<Option<Vec<f64>>, Refused> {
        let Some(array) = self.take(name) else { return Ok(None) };
        Ok(Some(array.expect(&[length]).map_err(|error| error.of(name))?.values))
    }
}

/// The value of every element.
pub(super) fn uniform(values: &[f64]) -> Option<f64> {
    let first = *values.first()?;
    values.iter().all(|value| *value == first).then_some(first)
}
