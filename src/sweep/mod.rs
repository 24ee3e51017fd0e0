//! Studies: an experiment in many variants, each a run of its own, in plain files that any file system and any other
//! program can handle.
//!
//! ```text
//! DIR/sweep.toml       the sweep, complete
//! DIR/manifest.csv     index,name,settings,seed,state      one row a run
//! DIR/runs/NAME/       a run directory, with run.toml written in advance
//! DIR/logs/NAME.log    what the run said
//! DIR/cancel           asks who runs the study to stop
//! DIR/analysis/        what is found out about the whole study
//! DIR/slurm/           scripts and jobs of the launcher of that name ([`slurm`])
//! DIR/results.cache    what was read of the runs, to be read faster; may be deleted
//! ```
//!
//! The truth about a run is in its own directory ([`RunState::of`]); the column `state` is what the process that made
//! or collected the study saw last. Nothing but the lock of each run's directory is ever locked.
//!
//! A study may grow and never changes: a sweep that asks for all the runs that it has, and more, adds runs at its end.

mod collect;
mod description;
mod local;
mod results;
mod shard;
pub mod slurm;
mod study;

pub use collect::{Collected, collect};
pub use description::{Description, MOST_RUNS, Variant};
pub use local::{ATTEMPTS, Board, Event, Local, Said, Tally, WORKER_ENVIRONMENT};
#[cfg(feature = "cli")]
pub(crate) use results::cell;
pub use results::{
    Group, Known, Measure, Query, Results, ResultsFigure, RunResult, Selection, Verdict, Vocabulary, curves_figure,
    groups, groups_to_csv, results_figure, validations,
};
pub use shard::Shard;
pub use study::{Entry, Failure, Reached, RunState, Study};

/// What starts the runs of a study.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Launcher {
    /// Processes of this machine, one thread a run.
    #[default]
    Local,
    /// An array of jobs of the workload manager Slurm.
    Slurm,
}

impl Launcher {
    /// All launchers.
    pub const ALL: [Self; 2] = [Self::Local, Self::Slurm];

    /// Its name.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Slurm => "slurm",
        }
    }

    /// What it does, in a few words.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Local => "processes of this machine, one thread a run",
            Self::Slurm => "an array of jobs of the workload manager Slurm",
        }
    }
}
