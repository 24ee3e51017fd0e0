//! Who starts the runs of a study: `--launcher`.

use std::{path::Path, process::ExitCode};

use anyhow::{Result, bail};
use clap::Args;

use super::{
    super::{
        choice::choice,
        output::{self, shell_path},
    },
    coordinate::{LocalArgs, coordinate, report},
    slurm::{self, SlurmArgs},
};
use crate::{
    report::count_of,
    sweep::{Description, Failure, Launcher, RunState, Shard, Study, Tally, slurm::is_prepared},
};

/// Options of launchers.
#[derive(Debug, Args)]
pub struct LaunchArgs {
    /// What starts the runs [default: slurm for a study with scripts of it, else local]
    #[arg(long, value_parser = choice(&Launcher::ALL, Launcher::tag, Launcher::summary))]
    launcher: Option<Launcher>,
    #[command(flatten)]
    local: LocalArgs,
    #[command(flatten)]
    slurm: SlurmArgs,
}

impl LaunchArgs {
    /// Processes at a time on this machine.
    pub fn jobs(&self) -> usize {
        self.local.jobs()
    }

    /// What starts the runs of the study in this directory.
    fn launcher(&self, study: &Path) -> Launcher {
        let default = if is_prepared(study) { Launcher::Slurm } else { Launcher::Local };
        self.launcher.unwrap_or(default)
    }

    /// Refuses options of another launcher, and what the launcher cannot do.
    pub fn check(&self, study: &Path, description: &Description) -> Result<()> {
        match (self.launcher(study), self.slurm.given()) {
            (Launcher::Local, None) => Ok(()),
            (Launcher::Local, Some(option)) => {
                bail!("{option} is of the launcher slurm; add --launcher slurm, or leave it out")
            }
            (Launcher::Slurm, _) => self.slurm.check(study, description, &self.local),
        }
    }
}

/// What became of the runs of a study.
pub enum Launched {
    /// They were trained here.
    Here(Tally),
    /// They are trained by others, or later; all is said.
    Elsewhere,
}

/// Starts what is not finished of a study, with arguments that were checked, and says how it ended.
pub fn launch(study: &mut Study, args: &LaunchArgs) -> Result<ExitCode> {
    match start(study, args)? {
        Launched::Here(tally) => {
            let is_done = tally.failed.is_empty() && !tally.is_interrupted;
            let next = if is_done { "compare" } else { "sweep resume" };
            report(study, &tally, &format!("{next} {}", shell_path(study.directory())))
        }
        Launched::Elsewhere => Ok(ExitCode::SUCCESS),
    }
}

/// The same, and says nothing of what was trained here; runs that failed are tried again.
pub fn start(study: &mut Study, args: &LaunchArgs) -> Result<Launched> {
    if args.slurm.no_submit && args.launcher(study.directory()) == Launcher::Local {
        tell_what_starts_it(study)?;
        return Ok(Launched::Elsewhere);
    }
    study.allow()?;
    forget_failures(study)?;
    match args.launcher(study.directory()) {
        Launcher::Local => {
            let tally = coordinate(study, Shard::WHOLE, &args.local)?;
            study.record_states()?;
            Ok(Launched::Here(tally))
        }
        Launcher::Slurm => slurm::launch(study, &args.slurm, &args.local).map(|()| Launched::Elsewhere),
    }
}

/// How the runs are trained by this program or another.
fn tell_what_starts_it(study: &Study) -> Result<()> {
    let directory = shell_path(study.directory());
    output::text(&format!("{} in {directory}; none is started", count_of(study.entries().len(), "run")))?;
    output::text(&format!(
        "next: nn4n sweep run {directory}, or parallel nn4n train {{}}/run.toml --out {{}} --resume ::: \
        {directory}/runs/*"
    ))
}

fn forget_failures(study: &Study) -> Result<()> {
    for (entry, state) in study.entries().iter().zip(study.states()?) {
        if state == RunState::Failed {
            Failure::forget(&study.run_directory(entry))?;
        }
    }
    Ok(())
}
