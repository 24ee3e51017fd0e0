//! `nn4n sweep status`

use std::{collections::BTreeMap, path::Path, process::ExitCode};

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::{
    super::output::{self, percent, shell_word},
    StudyArgs,
};
use crate::sweep::{Entry, Failure, Reached, RunState, Study};

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
}

#[derive(Serialize)]
struct Running {
    name: String,
    /// What its log says last; nothing before it does.
    #[serde(flatten)]
    reached: Option<Reached>,
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
            Ok(Running { name: entry.name.clone(), reached: Reached::read(&study.run_directory(entry))? })
        };
        let failed = |entry: &Entry| {
            let failure = Failure::read(&study.run_directory(entry))?;
            let log = study.log(entry).display().to_string();
            Ok(failure.map(|failure| Failed { name: entry.name.clone(), failure, log }))
        };
        Ok(Self {
            study: study.directory().display().to_string(),
            runs: states.len(),
            counts: RunState::ALL.iter().map(|state| (state.tag(), count(*state))).collect(),
            is_cancelled: study.is_cancelled(),
            running: in_state(RunState::Running).map(running).collect::<Result<_>>()?,
            // A run may be begun again while it is looked at.
            failed: in_state(RunState::Failed).filter_map(|entry| failed(entry).transpose()).collect::<Result<_>>()?,
        })
    }

    fn print(&self, directory: &Path) -> Result<()> {
        let counts = RunState::ALL.iter().map(|state| format!("{} {}", self.counts[state.tag()], state.tag()));
        output::text(&format!("{} runs: {}", self.runs, counts.collect::<Vec<_>>().join(", ")))?;
        if self.is_cancelled {
            output::text("it was asked to stop (the file `cancel`)")?;
        }
        for Running { name, reached } in self.running.iter().take(NAMED) {
            let words = match reached {
                None => "has begun".into(),
                Some(Reached { update, performance: None }) => format!("update {update}"),
                Some(Reached { update, performance: Some(value) }) => {
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
        let directory = shell_word(&directory.display().to_string());
        let next = match (self.counts["finished"] == self.runs, self.running.is_empty()) {
            (true, _) => format!("nn4n compare {directory}"),
            (false, true) => format!("nn4n sweep resume {directory}"),
            (false, false) => format!("nn4n sweep cancel {directory}"),
        };
        output::text(&format!("next: {next}"))
    }
}
