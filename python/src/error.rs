//! Errors in Python's words: its exceptions, and arguments in place of the options of the program.

use std::sync::OnceLock;

use nn4n::{Error, analysis::AnalysisError, progress, tasks::TaskError};
use pyo3::{
    exceptions::{
        PyFileExistsError, PyFileNotFoundError, PyFloatingPointError, PyOSError, PyRuntimeError, PyValueError,
    },
    prelude::*,
};

use crate::python_task;

/// What messages call what has another name in Python.
const IN_PYTHON: [(&str, &str); 15] = [
    (
        "use --resume to continue it, --force to replace it",
        "pass exist=\"resume\" to continue it, exist=\"replace\" to replace it",
    ),
    ("give the command again", "call it again"),
    (
        "name one with --task ID (see `nn4n tasks list`) or your own trials with --data FILE, or evaluate it from Rust",
        "pass the `task`",
    ),
    ("the task with --task, or the input with --input", "the `task`, or the `input`"),
    ("--task ID", "`task`"),
    ("--data FILE", "`task`"),
    ("`nn4n tasks list`", "nn4n_rs.tasks()"),
    ("`nn4n zoo list`", "nn4n_rs.zoo()"),
    ("(`nn4n train` makes one)", "(nn4n_rs.train makes one)"),
    ("`nn4n tasks sample`", "Trials.save"),
    ("`nn4n import", "`nn4n_rs.import_network"),
    ("`nn4n eval`", "`Network.evaluate`"),
    ("which comes with the program", "which comes with the module"),
    ("--out DIR", "`out`"),
    ("--bin MS", "`bin_ms`"),
];

/// Options that are not called as the argument is.
const ARGUMENTS: [(&str, &str); 6] = [
    ("resume", "exist=\"resume\""),
    ("force", "exist=\"replace\""),
    ("bin", "`bin_ms`"),
    ("lr", "`learning_rate`"),
    ("model", "`net`"),
    ("data", "`task`"),
];

/// The exception for an error.
pub fn raised(error: Error) -> PyErr {
    let message = in_python(&error.to_string());
    let raised = match &error {
        Error::File { path, .. } if !path.exists() => PyFileNotFoundError::new_err(message),
        Error::File { message: said, .. } if said.contains("already holds") => PyFileExistsError::new_err(message),
        Error::File { .. } | Error::Hub { .. } => PyOSError::new_err(message),
        Error::System { .. } | Error::Device { .. } => PyRuntimeError::new_err(message),
        Error::NotFinite { .. } | Error::Diverged { .. } => PyFloatingPointError::new_err(message),
        _ => PyValueError::new_err(message),
    };
    if let Error::Task(of_task) = &error {
        Python::attach(|py| {
            let cause = python_task::cause_of(py, of_task);
            if cause.is_some() {
                raised.set_cause(py, cause);
            }
        });
    }
    raised
}

pub fn of_task(error: TaskError) -> PyErr {
    raised(error.into())
}

/// An error of an analysis, as one of the library.
pub fn analysed(error: AnalysisError) -> Error {
    // Its own words are all that there is to say.
    Error::Figure { message: error.to_string() }
}

/// A message of the library in the words of the module.
pub fn in_python(message: &str) -> String {
    let message = IN_PYTHON.iter().fold(message.to_owned(), |message, (words, python)| message.replace(words, python));
    let mut parts = message.split("--");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, after| match before.chars().last() {
        None | Some(' ' | '(' | '"') => before + &argument(after),
        // A part of a path, or what else a user has called so.
        Some(_) => before + "--" + after,
    })
}

/// What begins with the name of an option, with that of the argument in its place.
fn argument(text: &str) -> String {
    let end = text.find(|c: char| !(c.is_ascii_lowercase() || c == '-')).unwrap_or(text.len());
    let (option, rest) = text.split_at(end);
    match ARGUMENTS.iter().find(|(known, _)| *known == option) {
        Some((_, python)) => format!("{python}{rest}"),
        None if option.is_empty() => format!("--{rest}"),
        None => format!("`{}`{rest}", option.replace('-', "_")),
    }
}

/// Tells `note(text)` from now on what a user should know.
#[pyfunction]
pub fn listen(note: Py<PyAny>) {
    static LISTENER: OnceLock<Py<PyAny>> = OnceLock::new();
    struct ToPython;
    impl progress::Listener for ToPython {
        fn note(&self, text: &str) {
            let text = in_python(text.strip_prefix("note: ").unwrap_or(text));
            Python::attach(|py| {
                if let Some(Err(error)) = LISTENER.get().map(|note| note.call1(py, (text,))) {
                    error.write_unraisable(py, None);
                }
            });
        }
    }
    if LISTENER.set(note).is_ok() {
        progress::listen(ToPython);
    }
}
