//! Python with NumPy, if there is one.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// The interpreter that `NN4N_PYTHON` names, or `python3` if it has NumPy. `.ci/run` sets the variable; without either,
/// a test that needs Python says that it did not run.
pub fn interpreter(test: &str) -> Option<PathBuf> {
    if let Some(path) = env::var_os("NN4N_PYTHON") {
        return Some(path.into());
    }
    let has_numpy =
        Command::new("python3").args(["-c", "import numpy"]).output().is_ok_and(|output| output.status.success());
    if !has_numpy {
        eprintln!("{test} did NOT run: it needs NumPy; set NN4N_PYTHON to a Python that has it");
    }
    has_numpy.then(|| "python3".into())
}

/// The same, if it has these modules, too.
pub fn with(test: &str, modules: &[&str]) -> Option<PathBuf> {
    let interpreter = interpreter(test)?;
    let import = format!("import {}", modules.join(", "));
    let has_them = Command::new(&interpreter).args(["-c", &import]).output().is_ok_and(|found| found.status.success());
    if !has_them {
        eprintln!("{test} did NOT run: {} has not all of {}", interpreter.display(), modules.join(", "));
    }
    has_them.then_some(interpreter)
}

/// Runs a program of this folder, or a file with a full path.
pub fn run(interpreter: &Path, program: &str, arguments: &[&Path]) -> Output {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(program);
    let mut command = Command::new(interpreter);
    command.env("PYTHONDONTWRITEBYTECODE", "1").arg(program).args(arguments);
    let output = command.output().unwrap_or_else(|error| panic!("{}: {error}", interpreter.display()));
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    output
}
