//! Runs the program as a user does.

use std::{
    path::Path,
    process::{Command, Output},
};

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
