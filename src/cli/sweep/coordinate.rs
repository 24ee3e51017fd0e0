//! Trains runs of a study in processes of this machine and tells how it goes.

use std::{env, num::NonZeroUsize, ops::ControlFlow, process::Command, process::ExitCode, thread};

use anyhow::{Context, Result};
use clap::Args;

use super::{
    super::{
        output::{self, shell_path},
        parse_device,
    },
    progress::Progress,
};
use crate::{
    device::DeviceChoice,
    progress::{Work, turn_to},
    report::count_of,
    sweep::{ATTEMPTS, Failure, Local, RunState, Shard, Study, Tally},
    terminal::{INTERRUPTED_CODE, end_in_order, is_interrupted, say},
};

/// Most failed runs that are named; `status` names all.
const NAMED: usize = 10;

/// How runs are trained on a machine.
#[derive(Debug, Args)]
pub struct LocalArgs {
    /// Processes at a time, with one thread each; results do not depend on it [default: the number of cores]
    #[arg(long, value_name = "J")]
    jobs: Option<NonZeroUsize>,
    /// auto, cpu, cuda:N or metal
    #[arg(long, default_value = "auto", value_parser = parse_device)]
    device: DeviceChoice,
}

impl LocalArgs {
    /// Processes at a time.
    pub fn jobs(&self) -> usize {
        let cores = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.jobs.unwrap_or_else(cores).get()
    }

    /// Whether their number is given.
    pub fn is_jobs_given(&self) -> bool {
        self.jobs.is_some()
    }

    /// The options as they were given, with a space before each.
    pub fn again(&self) -> String {
        let jobs = self.jobs.map_or_else(String::new, |jobs| format!(" --jobs {jobs}"));
        match self.device {
            DeviceChoice::Auto => jobs,
            device => format!("{jobs} --device {device}"),
        }
    }

    /// The device that runs are trained on.
    pub fn device(&self) -> DeviceChoice {
        self.device
    }
}

/// Trains what is not finished of a shard, and has not failed as often as it is tried.
pub fn coordinate(study: &Study, shard: Shard, args: &LocalArgs) -> Result<Tally> {
    end_in_order();
    let mut tally = Tally::default();
    let mut runs = Vec::new();
    for (entry, state) in study.entries().iter().zip(study.states()?).filter(|(entry, _)| shard.holds(entry.index)) {
        match state {
            RunState::Finished => tally.finished += 1,
            RunState::Failed if is_given_up(study, entry.index) => tally.failed.push(entry.index),
            _ => runs.push(entry.index),
        }
    }
    if study.is_cancelled() {
        say("the study was asked to stop (the file `cancel`)");
        return Ok(Tally { is_interrupted: !runs.is_empty(), ..tally });
    }
    if runs.is_empty() {
        return Ok(tally);
    }
    let program = env::current_exe().context("the program does not know its own path")?;
    let worker = || {
        let mut command = Command::new(&program);
        command.args(["sweep", "worker", "--device", &args.device.to_string(), "--"]).arg(study.directory());
        command
    };
    let mut progress = Progress::new(study, runs.len());
    turn_to(Work::Runs);
    let local = Local { study, jobs: args.jobs(), worker: &worker };
    let trained = local.train(&runs, &mut |board, event| {
        progress.show(board, event);
        if is_interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    turn_to(Work::Free);
    drop(progress);
    let Tally { finished, failed, is_interrupted } = trained?;
    tally.failed.extend(failed);
    Ok(Tally { finished: tally.finished + finished, is_interrupted, ..tally })
}

fn is_given_up(study: &Study, index: usize) -> bool {
    let failure = Failure::told(&study.run_directory(&study.entries()[index]));
    failure.is_some_and(|failure| failure.attempts >= ATTEMPTS)
}

/// Says how it ended, what failed, and what comes `next`.
pub fn report(study: &Study, tally: &Tally, next: &str) -> Result<ExitCode> {
    let directory = shell_path(study.directory());
    let failed = tally.failed.len();
    let and_failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    let interrupted = if tally.is_interrupted { "interrupted: " } else { "" };
    output::text(&format!("{interrupted}{} finished{and_failed}", count_of(tally.finished, "run")))?;
    for index in tally.failed.iter().take(NAMED) {
        let entry = &study.entries()[*index];
        let why = Failure::told(&study.run_directory(entry)).map_or_else(String::new, |failure| failure.message);
        output::text(&format!("failed  {}: {why}\n        its log: {}", entry.name, study.log(entry).display()))?;
    }
    if failed > NAMED {
        output::text(&format!("{} more failed; `nn4n sweep status {directory} --json` names all", failed - NAMED))?;
    }
    output::text(&format!("study: {}", study.directory().display()))?;
    output::text(&format!("next: nn4n {next}"))?;
    Ok(match (tally.is_interrupted, failed) {
        (true, _) => INTERRUPTED_CODE.into(),
        (false, 0) => ExitCode::SUCCESS,
        (false, _) => ExitCode::FAILURE,
    })
}
