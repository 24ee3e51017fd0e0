//! What long work tells while it goes, to whoever listens: a terminal, a notebook, or nobody.
//!
//! Training tells through the closure that it is given ([`train::fit`](crate::train::fit)). What happens below, such as
//! a download or a substitution that a user should know of, is told to the listener of the program; while there is
//! none, notes go to standard error, so that nothing is passed over in silence.

use std::{
    borrow::Cow,
    io::{self, Write},
    sync::OnceLock,
};

use crate::echo::shown;

/// Told of what happens, on any thread.
pub trait Listener: Send + Sync {
    /// A line that a user should read.
    fn note(&self, text: &str);

    /// A training goes over to this work.
    fn turns_to(&self, _work: Work) {}

    /// Work of so many steps begins, such as the simulation of so many trials.
    fn steps(&self, _what: &'static str, _steps: u64) -> Box<dyn Transfer> {
        Box::new(())
    }

    /// A transfer of `bytes` bytes begins, or goes on where `done` of them are here already.
    fn transfer(&self, _what: &str, _done: u64, _bytes: u64) -> Box<dyn Transfer> {
        Box::new(())
    }
}

/// What a training is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Work {
    /// Nothing of it is lost that is not saved: before the first update, and after the last.
    Free,
    /// Writing its first files.
    Begin,
    /// The update of this number, counted from 1.
    Update(u64),
    /// A validation after so many updates.
    Validation(u64),
    /// Runs of a study, each in a process of its own.
    Runs,
}

/// A transfer, or other work, on its way; it ends when this is dropped.
pub trait Transfer {
    /// So many bytes are here, or steps done, by now.
    fn reached(&mut self, _done: u64) {}
}

impl Transfer for () {}

static LISTENER: OnceLock<Box<dyn Listener>> = OnceLock::new();

/// From now on `listener` is told; the first one stays. Returns whether it is this one.
pub fn listen(listener: impl Listener + 'static) -> bool {
    LISTENER.set(Box::new(listener)).is_ok()
}

/// Tells the listener a line that a user should read.
pub fn note(text: &str) {
    match LISTENER.get() {
        Some(listener) => listener.note(text),
        // That nobody reads it (as under `2>&1 | head`) is no reason to end the work, let alone to panic as `eprintln!`
        // does.
        None => drop(writeln!(io::stderr().lock(), "{}", printable(text))),
    }
}

/// Tells the listener what a training is at.
pub(crate) fn turn_to(work: Work) {
    if let Some(listener) = LISTENER.get() {
        listener.turns_to(work);
    }
}

/// Tells the listener that work of so many steps begins.
pub(crate) fn steps(what: &'static str, steps: u64) -> Box<dyn Transfer> {
    match LISTENER.get() {
        Some(listener) => listener.steps(what, steps),
        None => Box::new(()),
    }
}

/// Tells the listener that a transfer begins.
#[cfg(feature = "hub")]
pub(crate) fn transfer(what: &str, done: u64, bytes: u64) -> Box<dyn Transfer> {
    match LISTENER.get() {
        Some(listener) => listener.transfer(what, done, bytes),
        None => Box::new(()),
    }
}

/// The text without characters that command the terminal or turn the direction of what stands around them, and without
/// endless words: names in a file from elsewhere are not to do that.
pub fn printable(text: &str) -> Cow<'_, str> {
    shown(text)
}
