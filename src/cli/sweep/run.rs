//! `nn4n sweep run`

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::{
    super::output::shell_path,
    StudyArgs,
    coordinate::{LocalArgs, coordinate, report},
};
use crate::sweep::{Shard, Study, Tally};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n sweep run studies/tau --jobs 4
  nn4n sweep run studies/tau --shard 3/12        on one of twelve machines

Runs that failed twice are left alone; `nn4n sweep resume DIR` tries them again. The manifest is left as it is; `nn4n
sweep collect DIR` brings it up to date.")]
pub struct RunArgs {
    #[command(flatten)]
    study: StudyArgs,
    /// Train only the runs whose index leaves the rest I when it is divided by N
    #[arg(long, value_name = "I/N", default_value_t = Shard::WHOLE)]
    shard: Shard,
    #[command(flatten)]
    local: LocalArgs,
}

pub fn run(args: &RunArgs) -> Result<ExitCode> {
    let study = Study::open(&args.study.study)?;
    let tally = coordinate(&study, args.shard, &args.local)?;
    report(&study, &tally, &args.next(&study, &tally))
}

impl RunArgs {
    /// What goes on with this part of the study, or with the whole.
    fn next(&self, study: &Study, tally: &Tally) -> String {
        let directory = shell_path(study.directory());
        let whole = self.shard == Shard::WHOLE;
        match (tally.is_interrupted, tally.failed.is_empty()) {
            // One that was asked to stop goes on when it is allowed to.
            (true, _) if !study.is_cancelled() => {
                let shard = if whole { String::new() } else { format!(" --shard {}", self.shard) };
                format!("sweep run {directory}{shard}{}", self.local.again())
            }
            (false, true) if whole => format!("compare {directory}"),
            (false, true) => format!("sweep status {directory}"),
            _ => format!("sweep resume {directory}"),
        }
    }
}
