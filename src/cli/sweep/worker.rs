//! `nn4n sweep worker`: trains the runs whose names it reads, one after the other.

use std::{
    io::{self, BufRead, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::Args;

use super::super::{output, parse_device, resume, train::train_in};
use crate::{
    device::DeviceChoice,
    run_directory::Existing,
    sweep::{RunState, Said, Study},
    terminal::{INTERRUPTED_CODE, end_in_order, interrupt, is_interrupted, progress_bar, say},
    train::{Progress, StopReason},
};

/// How often it is told how far a run is.
const EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, Args)]
pub struct WorkerArgs {
    /// Directory of the study
    study: PathBuf,
    /// auto, cpu, cuda:N or metal
    #[arg(long, default_value = "auto", value_parser = parse_device)]
    device: DeviceChoice,
}

pub fn worker(args: &WorkerArgs) -> Result<ExitCode> {
    end_in_order();
    let names = names().context("the names of the runs could not be read")?;
    while let Ok(name) = names.recv() {
        turn_errors_to(&args.study, &name)?;
        tell(&match one(&args.study, &name, args.device) {
            Ok(said) => said,
            Err(error) => {
                let message = output::message(&error);
                say(&format!("error: {message}"));
                Said::Failed { message }
            }
        });
        if is_interrupted() {
            return Ok(INTERRUPTED_CODE.into());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The names of the runs to train. That there are no more, because whoever asks for them is gone or wants it to end,
/// ends the training under way in order.
fn names() -> io::Result<Receiver<String>> {
    let (sender, receiver) = channel();
    let read = move || {
        for name in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(name).is_err() {
                break;
            }
        }
        interrupt();
    };
    thread::Builder::new().name("names".into()).spawn(read)?;
    Ok(receiver)
}

fn one(study: &Path, name: &str, device: DeviceChoice) -> Result<Said> {
    let directory = Study::run_of(study, name)?;
    if RunState::of(&directory)? == RunState::Running {
        return Ok(Said::InUse);
    }
    let Some(experiment) = resume::known(&directory)? else {
        bail!("{}: holds no run.toml; restore it, or make the study anew in another --out", directory.display());
    };
    let mut show = progress_bar();
    let mut told = Instant::now();
    let progress = move |progress: &Progress<'_>| {
        if told.elapsed() >= EVERY {
            told = Instant::now();
            tell(&Said::Update { update: progress.update, updates: progress.updates });
        }
        if show(progress).is_break() || is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let (_, outcome) = train_in(&directory, &experiment, Existing::Resume, device, progress)?;
    if outcome.reason == StopReason::Interrupted {
        say(&format!("interrupted: saved after update {}", outcome.updates));
        return Ok(Said::Interrupted);
    }
    say(&format!("finished after {} updates", outcome.updates));
    Ok(Said::Finished)
}

/// Tells whoever asked for the run. Where nobody listens any more, the training ends in order.
fn tell(said: &Said) {
    let line = serde_json::json!(said).to_string();
    let mut out = io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        interrupt();
    }
}

/// From now on standard error is the log of this run.
#[cfg(unix)]
fn turn_errors_to(study: &Path, name: &str) -> Result<()> {
    let log = Study::log_of(study, name)?;
    rustix::stdio::dup2_stderr(&log).context("standard error could not be turned to the log of the run")?;
    Ok(())
}

/// It is the log of the one run that this process trains.
#[cfg(not(unix))]
fn turn_errors_to(_study: &Path, _name: &str) -> Result<()> {
    Ok(())
}
