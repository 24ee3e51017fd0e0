//! One call of this program for each network, several side by side.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context, Result};

use crate::{files::write_atomically, sweep::WORKER_ENVIRONMENT, terminal::steps_bar};

/// A call.
pub struct Call {
    /// The name of the run.
    pub name: String,
    /// The arguments.
    pub words: Vec<OsString>,
    /// The file for what it says on standard output, if that is kept.
    pub said: Option<PathBuf>,
    /// A file beside the results that says which call made them, and its text.
    pub command: (PathBuf, String),
}

/// Makes all calls, at most so many at a time; returns those that failed, each with why.
pub fn call_all(calls: &[Call], jobs: usize) -> Result<Vec<(String, String)>> {
    let program = env::current_exe().context("this program cannot be found")?;
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let bar = Mutex::new((0, steps_bar("networks", calls.len() as u64)));
    thread::scope(|scope| {
        for _ in 0..jobs.min(calls.len()) {
            scope.spawn(|| {
                while let Some((place, call)) = taken(&next, calls) {
                    if let Err(why) = call.make(&program) {
                        locked(&failed).push((place, call.name.clone(), format!("{why:#}")));
                    }
                    let (done, bar) = &mut *locked(&bar);
                    *done += 1;
                    bar(*done);
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.sort();
    Ok(failed.into_iter().map(|(_, name, why)| (name, why)).collect())
}

fn taken<'a>(next: &AtomicUsize, calls: &'a [Call]) -> Option<(usize, &'a Call)> {
    let place = next.fetch_add(1, Ordering::Relaxed);
    calls.get(place).map(|call| (place, call))
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Call {
    fn make(&self, program: &Path) -> Result<()> {
        let output = Command::new(program)
            .args(&self.words)
            .envs(WORKER_ENVIRONMENT)
            .stdin(Stdio::null())
            .stdout(if self.said.is_some() { Stdio::piped() } else { Stdio::null() })
            .stderr(Stdio::piped())
            .output()
            .context("could not be started")?;
        if !output.status.success() {
            anyhow::bail!("{}", reason(&output));
        }
        let (command, text) = &self.command;
        if let Some(path) = &self.said {
            write_atomically(path, &output.stdout)?;
        }
        Ok(write_atomically(command, text.as_bytes())?)
    }
}

/// The last thing that a call said, or how it ended.
fn reason(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let last = |wanted: fn(&str) -> bool| said.lines().rev().find(|line| wanted(line));
    match last(|line| line.starts_with("error: ")).or_else(|| last(|line| !line.trim().is_empty())) {
        Some(line) => line.trim_start_matches("error: ").to_owned(),
        None => format!("ended with {}", output.status),
    }
}
