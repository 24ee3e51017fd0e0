//! `nn4n sweep status`

use std::{collections::BTreeMap, path::Path, process::ExitCode};

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::{
    super::output::{self, percent, shell_path},
    StudyArgs, slurm,
};
use crate::{
    report::count_of,
    sweep::{Entry, Failure, Reached, RunState, Study, slurm::Report},
};

/// Most runs of a kind that are named one by one; JSON has all.
const NAMED: usize = 20;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n sweep status studies/tau
  nn4n sweep status studies/tau --json
  watch nn4n sweep status studies/tau")]
pub struct StatusArgs {
    #[command(flatten)]
    study: StudyArgs,
    /// Report in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Status {
    study: String,
    runs: usize,
    /// The number of runs in each state.
    counts: BTreeMap<&'static str, usize>,
    /// Whether it was asked to stop.
    is_cancelled: bool,
    running: Vec<Running>,
    failed: Vec<Failed>,
    /// The jobs of a study on Slurm.
    #[serde(skip_serializing_if = "Option::is_none")]
    slurm: Option<Report>,
}

#[derive(Serialize)]
struct Running {
    name: String,
    /// What its log says last; nothing before it does.
    #[serde(flatten)]
    reached: Option<Reached>,
    /// Why its log cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Serialize)]
struct Failed {
    name: String,
    #[serde(flatten)]
    failure: Failure,
    log: String,
}

pub fn status(args: &StatusArgs) -> Result<ExitCode> {
    let directory = &args.study.study;
    let status = Status::of(&Study::open(directory)?)?;
    if args.json {
        output::json(&status)?;
    } else {
        status.print(directory)?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Status {
    fn of(study: &Study) -> Result<Self> {
        let states = study.states()?;
        let count = |state: RunState| states.iter().filter(|found| **found == state).count();
        let in_state = |state: RunState| {
            study.entries().iter().zip(&states).filter(move |(_, found)| **found == state).map(|(entry, _)| entry)
        };
        let running = |entry: &Entry| {
            let (reached, problem) = match Reached::read(&study.run_directory(entry)) {
                Ok(reached) => (reached, None),
                Err(error) => (None, Some(error.to_string())),
            };
            Running { name: entry.name.clone(), reached, problem }
        };
        let failed = |entry: &Entry| {
            let failure = Failure::told(&study.run_directory(entry))?;
            let log = study.log(entry).display().to_string();
            Some(Failed { name: entry.name.clone(), failure, log })
        };
        Ok(Self {
            study: study.directory().display().to_string(),
            runs: states.len(),
            counts: RunState::ALL.iter().map(|state| (state.tag(), count(*state))).collect(),
            is_cancelled: study.is_cancelled(),
            running: in_state(RunState::Running).map(running).collect(),
            // A run may be begun again while it is looked at.
            failed: in_state(RunState::Failed).filter_map(failed).collect(),
            slurm: slurm::report(study, &states)?,
        })
    }

    fn print(&self, directory: &Path) -> Result<()> {
        let counts = RunState::ALL.iter().map(|state| format!("{} {}", self.counts[state.tag()], state.tag()));
        output::text(&format!("{}: {}", count_of(self.runs, "run"), counts.collect::<Vec<_>>().join(", ")))?;
        if self.is_cancelled {
            output::text("it was asked to stop (the file `cancel`)")?;
        }
        for Running { name, reached, problem } in self.running.iter().take(NAMED) {
            let words = match (reached, problem) {
                (_, Some(problem)) => problem.clone(),
                (None, None) => "has begun".into(),
                (Some(Reached { update, performance: None }), None) => format!("update {update}"),
                (Some(Reached { update, performance: Some(value) }), None) => {
                    format!("update {update}, performance {}", percent(*value))
                }
            };
            output::text(&format!("running  {name}: {words}"))?;
        }
        for Failed { name, failure, log } in self.failed.iter().take(NAMED) {
            output::text(&format!("failed   {name}: {}\n         its log: {log}", failure.message))?;
        }
        for (kind, count) in [("running", self.running.len()), ("failed", self.failed.len())] {
            if count > NAMED {
                output::text(&format!("{} more {kind}; --json names all", count - NAMED))?;
            }
        }
        if let Some(report) = &self.slurm {
            slurm::print(report, directory)?;
        }
        let has_jobs = self.slurm.iter().flat_map(|report| &report.shards).any(|job| job.is_alive);
        let directory = shell_path(directory);
        let next = match (self.counts["finished"] == self.runs, self.running.is_empty() && !has_jobs) {
            (true, _) => format!("nn4n compare {directory}"),
            (false, true) => format!("nn4n sweep resume {directory}"),
            (false, false) => format!("nn4n sweep cancel {directory}"),
        };
        output::text(&format!("next: {next}"))
    }
}
