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
const IN_PYTHON: [(&str, &str); 21] = [
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
    ("`nn4n train`", "nn4n_rs.train"),
    ("is not the one that the run was started with", "is of the run that is there, and this is another"),
    ("; restore it, or start another run", "; pass what it was, exist=\"replace\", or another `out`"),
    ("`nn4n eval`", "`Network.evaluate`"),
    ("which comes with the program", "which comes with the module"),
    ("--out DIR", "`out`"),
    ("--bin MS", "`bin_ms`"),
    (
        "must be CURRENT:UNITS, as in 0.5:excitatory, with @WINDOW if it is not for the whole trial",
        "must be (current, units), as in (0.5, \"excitatory\"), or (current, units, window)",
    ),
    (
        "this program was built without `--features cuda`",
        "this module was built without CUDA; build it with the feature cuda of python/Cargo.toml",
    ),
    (", or leave it out of [model], so that it is the task's", ", or leave it out, so that it is the task's"),
    ("for this task in the [model] of a run.toml with `init`", "for this task, as in EI(100)"),
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

/// An error about a setting as one about the argument that it is here.
pub fn of_argument(py: Python<'_>, error: PyErr, setting: &str, argument: &str) -> PyErr {
    let message = error.value(py).to_string();
    match message.strip_prefix(setting) {
        Some(rest) => PyErr::from_type(error.get_type(py), format!("{argument}{rest}")),
        None => error,
    }
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
    let message = IN_PYTHON.iter().fold(imports(message), |message, (words, python)| message.replace(words, python));
    let message = dictionaries(&examples(&message));
    let mut parts = message.split("--");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, after| match before.chars().last() {
        None | Some(' ' | '(' | '"') => before + &argument(after),
        // A part of a path, or what else a user has called so.
        Some(_) => before + "--" + after,
    })
}

/// The command that imports a file, as a call.
fn imports(message: &str) -> String {
    let found = message.split_once("`nn4n import ").and_then(|(before, rest)| Some((before, rest.split_once('`')?)));
    let Some((before, (call, after))) = found else { return message.to_owned() };
    let path = call.split(" --out").next().unwrap_or(call);
    format!("{before}nn4n_rs.import_network({path:?}){after}")
}

/// Options that stand as an example, `as in --dt 20 --form rate`, as arguments, `as in dt=20, form="rate"`.
fn examples(message: &str) -> String {
    let Some((before, mut rest)) = message.split_once("as in --") else { return message.to_owned() };
    let mut made = Vec::new();
    loop {
        let Some((name, after)) = rest.split_once(' ') else { return message.to_owned() };
        let is_of_value = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        let (value, after) = after.split_at(after.find(|c| !is_of_value(c)).unwrap_or(after.len()));
        let value = if value.parse::<f64>().is_ok() { value.to_owned() } else { format!("{value:?}") };
        made.push(format!("{}={value}", name.replace('-', "_")));
        match after.strip_prefix(" --") {
            Some(next) => rest = next,
            None => return format!("{before}as in {}{after}", made.join(", ")),
        }
    }
}

/// Inline tables of TOML, `{ a = 1 }`, as dictionaries, `{"a": 1}`.
fn dictionaries(message: &str) -> String {
    let (mut made, mut depth) = (String::new(), 0);
    for word in message.split_inclusive(' ') {
        let bare = word.trim_end();
        let closes = bare.matches('}').count();
        depth += bare.matches('{').count();
        match bare {
            "{" if depth > 0 => made.push('{'),
            "=" if depth > 0 && made.ends_with(' ') => {
                let name = made.trim_end().rfind([' ', '{']).map_or(0, |place| place + 1);
                made = format!("{}\"{}\": ", &made[..name], made[name..].trim());
            }
            _ if depth > 0 && bare.starts_with('}') => made = format!("{}{word}", made.trim_end()),
            _ => made.push_str(word),
        }
        depth = depth.saturating_sub(closes);
    }
    made
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
