//! Runs the program as a user does.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

/// The program with these arguments, to be run in `directory`.
pub fn command(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nn4n"));
    command.current_dir(directory).args(arguments);
    command
}

/// Runs the program to its end, with these environment variables.
pub fn nn4n(directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let output = command(directory, arguments).envs(variables.iter().copied()).output();
    output.unwrap_or_else(|error| panic!("the program could not be started: {error}"))
}

/// The words of a command line, after others.
pub fn words<'a>(before: &[&'a str], line: &'a str) -> Vec<&'a str> {
    before.iter().copied().chain(line.split_whitespace()).collect()
}

/// Whether the program succeeded, and what it wrote to standard output and to standard error.
pub fn said(directory: &Path, arguments: &[&str]) -> (bool, String, String) {
    let output = nn4n(directory, arguments, &[]);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// The report of a command that succeeds, asked for with `--json`.
pub fn reported(directory: &Path, arguments: &[&str]) -> Value {
    let (is_done, out, error) = said(directory, &[arguments, &["--json"]].concat());
    assert!(is_done, "{arguments:?}: {error}");
    serde_json::from_str(&out).unwrap_or_else(|problem| panic!("{arguments:?}: {problem} in {out}"))
}

/// What a command says that is refused.
pub fn refused(directory: &Path, arguments: &[&str]) -> String {
    let (is_done, out, error) = said(directory, arguments);
    assert!(!is_done, "{arguments:?}: {out}");
    assert!(!error.contains("panicked"), "{arguments:?}: {error}");
    error
}

/// A file of a run, without how long it took.
pub fn untimed(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    if path.file_name().is_none_or(|name| name != "finished.json") {
        return bytes;
    }
    let mut finished: Value = serde_json::from_slice(&bytes).expect("finished.json is JSON");
    let seconds = finished.as_object_mut().and_then(|finished| finished.remove("seconds"));
    assert!(seconds.is_some_and(|seconds| seconds.as_f64() >= Some(0.0)), "{}", path.display());
    finished.to_string().into_bytes()
}
