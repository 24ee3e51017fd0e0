//! `nn4n sweep measure`: what a run takes, by its first updates, in a process like those that train a study.
//!
//! ```text
//! seconds of a run = begin + updates * step + floor(updates / validation.every) * validation
//! ```
//!
//! Every second update is followed by a validation, so that both are seen; what is saved after it is a part of it.

use std::{
    env, fs,
    io::{self, Read, Write},
    ops::ControlFlow,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use candle_core::Device;
use serde::{Deserialize, Serialize};

use super::super::output;
use crate::{
    bench::median,
    experiment::{Experiment, StopConfig, TrainConfig, ValidationConfig},
    memory::kib,
    run_directory::{Existing, RunDirectory},
    sweep::WORKER_ENVIRONMENT,
    train::{Progress, fit},
    zoo,
};

/// Fewest and most updates, and how long they take together unless the fewest take longer.
const FEWEST: usize = 4;
const MOST: usize = 400;
const LONGEST: Duration = Duration::from_secs(1);

/// What a run takes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// Seconds before the first update, the start of the process included.
    pub begin: f64,
    /// Seconds of an update.
    pub step: f64,
    /// Seconds of a validation.
    pub validation: f64,
    /// Most bytes of memory of the process, where the system says how many.
    pub memory: Option<u64>,
}

/// Measures an experiment in a process of its own.
pub fn of(experiment: &Experiment) -> Result<Measured> {
    let program = env::current_exe().context("the program does not know its own path")?;
    let begin = Instant::now();
    let mut command = Command::new(program);
    command.args(["sweep", "measure"]).envs(WORKER_ENVIRONMENT).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().context("a step could not be measured")?;
    if let Some(mut input) = child.stdin.take() {
        // Where it fails the process says why.
        let _ = input.write_all(experiment.to_toml()?.as_bytes());
    }
    let found = child.wait_with_output().context("a step could not be measured")?;
    let whole = begin.elapsed().as_secs_f64();
    if !found.status.success() {
        let said = String::from_utf8_lossy(&found.stderr);
        bail!("a step could not be measured: {}", said.trim().trim_start_matches("error: "));
    }
    let report: Report = serde_json::from_slice(&found.stdout).context("a step could not be measured")?;
    let start = (whole - report.seconds).max(0.0);
    Ok(Measured { begin: report.measured.begin + start, ..report.measured })
}

/// What the process says.
#[derive(Serialize, Deserialize)]
struct Report {
    measured: Measured,
    /// Seconds of all that it measured.
    seconds: f64,
}

/// Measures the run.toml on standard input.
pub fn measure() -> Result<ExitCode> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text).context("the run.toml could not be read")?;
    let start = Instant::now();
    let mut ends = Vec::new();
    train(Experiment::from_toml(&text)?, |_| {
        ends.push(start.elapsed());
        let is_enough = ends.len() >= FEWEST && (start.elapsed() >= LONGEST || ends.len() >= MOST);
        if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let ends: Vec<f64> = ends.iter().map(Duration::as_secs_f64).collect();
    output::json_line(&Report { measured: measured(&ends, peak()), seconds: start.elapsed().as_secs_f64() })?;
    Ok(ExitCode::SUCCESS)
}

/// Trains for a while, in a directory that is gone afterwards.
fn train(mut experiment: Experiment, progress: impl FnMut(&Progress<'_>) -> ControlFlow<()> + Send) -> Result<()> {
    experiment.train = TrainConfig {
        // TOML has no larger number.
        updates: i64::MAX as u64,
        validation: ValidationConfig { every: 2, ..experiment.train.validation },
        stop: StopConfig { never: true, ..StopConfig::default() },
        tensorboard: false,
        ..experiment.train
    };
    let init = experiment.init.as_ref().map(zoo::open).transpose()?;
    let folder = tempfile::tempdir().context("a folder for the measurement could not be made")?;
    let run = RunDirectory::open(folder.path(), Existing::Keep)?;
    fit(&experiment, init.as_ref(), &run, &Device::Cpu, progress)?;
    Ok(())
}

/// From the ends of the updates, in seconds.
fn measured(ends: &[f64], memory: Option<u64>) -> Measured {
    let lasted: Vec<f64> = ends.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // The second update, the first that is timed, is followed by a validation.
    let of = |rest: usize| lasted.iter().skip(rest).step_by(2).copied().collect::<Vec<f64>>();
    let step = median(&of(1));
    let begin = (ends.first().copied().unwrap_or_default() - step).max(0.0);
    Measured { begin, step, validation: (median(&of(0)) - step).max(0.0), memory }
}

fn peak() -> Option<u64> {
    kib(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_and_validations_are_told_apart() {
        // A begin of 1 s, steps of 0.1 s, validations of 0.5 s after every second one.
        let found = measured(&[1.1, 1.7, 1.8, 2.4, 2.5, 3.1], None);
        for (found, wanted) in [(found.begin, 1.0), (found.step, 0.1), (found.validation, 0.5)] {
            assert!((found - wanted).abs() < 1e-9, "{found} is not {wanted}");
        }
    }
}
