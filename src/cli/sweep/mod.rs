//! `nn4n sweep`

mod cancel;
mod collect;
mod coordinate;
mod launch;
mod measure;
mod plan;
mod progress;
mod resume;
mod run;
mod slurm;
mod start;
mod status;
mod worker;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::{Args, Subcommand};

pub use self::{
    launch::{LaunchArgs, Launched, start as start_study},
    plan::{estimate, time},
};

/// Studies: an experiment in many variants, on this machine or on a cluster
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "A SWEEP.toml:
  run = \"run.toml\"                              beside it; or preset = \"ID\", or task = \"ID\"
  seeds = 5                                     0 to 4; or a list, as in [1, 2]
  [grid]                                        every combination
  \"model.units\" = [50, 100]
  [random]                                      drawn, the same from the same seed
  count = 20
  seed = 1
  \"train.learning_rate\" = { low = 1e-4, high = 1e-2, log = true }
  \"model.tau\" = { choices = [50, 100] }         or { low = 10, high = 200, integer = true }
  [[runs]]                                      listed; runs x grid x random x seeds are trained
  \"model.kind\" = \"ei\"
A name in quotes is set whole; without quotes a table sets the fields that it names. Names are those of `nn4n config`.

Examples:
  nn4n sweep SWEEP.toml --out studies/tau --dry-run      what it takes, by a step that is measured
  nn4n sweep SWEEP.toml --out studies/tau                a process a core, one thread a run
  nn4n sweep SWEEP.toml --out studies/tau --resume       after an interruption, or with more runs
  nn4n sweep SWEEP.toml --out studies/tau --launcher slurm --sbatch partition=short
  nn4n sweep status studies/tau
  nn4n sweep cancel studies/tau                          also from another machine

With --resume the sweep may ask for more runs than the study has (more seeds, values, [[runs]], a larger count), which
are added at its end; all that it has must be asked for. Runs that failed are tried again.

Exit codes: 0 all runs are finished, 75 it was interrupted and can go on, 1 some runs failed, 2 usage"
)]
pub struct SweepArgs {
    #[command(subcommand)]
    command: Option<SweepCommand>,
    #[command(flatten)]
    start: start::StartArgs,
}

#[derive(Debug, Subcommand)]
enum SweepCommand {
    /// Train the runs of a study that are not finished, or a part of them
    Run(run::RunArgs),
    /// How far the runs are, from their files
    Status(status::StatusArgs),
    /// Go on with a study; what failed is tried again
    Resume(resume::ResumeArgs),
    /// Ask whoever runs a study to stop, on this machine or another
    Cancel(StudyArgs),
    /// Bring the manifest up to date and gather the results
    Collect(StudyArgs),
    /// Measures a step of the run.toml that it reads; started by --dry-run
    #[command(hide = true)]
    Measure,
    /// Trains the runs whose names it reads; started by the others
    #[command(hide = true)]
    Worker(worker::WorkerArgs),
}

#[derive(Debug, Args)]
struct StudyArgs {
    /// Directory of the study
    #[arg(value_name = "DIR")]
    study: PathBuf,
}

pub fn sweep(args: SweepArgs) -> Result<ExitCode> {
    match args.command {
        None => start::start(&args.start),
        Some(SweepCommand::Run(args)) => run::run(&args),
        Some(SweepCommand::Status(args)) => status::status(&args),
        Some(SweepCommand::Resume(args)) => resume::resume(&args),
        Some(SweepCommand::Cancel(args)) => cancel::cancel(&args.study),
        Some(SweepCommand::Collect(args)) => collect::collect(&args.study),
        Some(SweepCommand::Measure) => measure::measure(),
        Some(SweepCommand::Worker(args)) => worker::worker(&args),
    }
}
