//! `nn4n tasks`

mod list;
mod sample;
mod show;
mod trial_file;

use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use nn4n_tasks::Split;

#[derive(Debug, Subcommand)]
pub enum TasksCommand {
    /// All tasks, family by family
    List(list::ListArgs),
    /// One task: definition, channels, epochs, conditions, parameters, source
    Show(show::ShowArgs),
    /// Write trials of a task as NumPy arrays
    Sample(sample::SampleArgs),
}

/// A split on the command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SplitName {
    Train,
    Test,
}

impl From<SplitName> for Split {
    fn from(name: SplitName) -> Self {
        match name {
            SplitName::Train => Self::Train,
            SplitName::Test => Self::Test,
        }
    }
}

pub fn tasks(command: TasksCommand) -> Result<()> {
    match command {
        TasksCommand::List(args) => list::list(&args),
        TasksCommand::Show(args) => show::show(&args),
        TasksCommand::Sample(args) => sample::sample(&args),
    }
}
