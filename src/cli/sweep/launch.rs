//! Who starts the runs of a study: `--launcher`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

use super::{
    super::{
        choice::choice,
        output::{self, shell_word},
    },
    coordinate::{LocalArgs, coordinate, report},
};
use crate::sweep::{Failure, Launcher, RunState, Shard, Study};

/// Options of launchers.
#[derive(Debug, Args)]
pub struct LaunchArgs {
    /// What starts the runs
    #[arg(
        long,
        default_value = "local",
        value_parser = choice(&Launcher::ALL, Launcher::tag, Launcher::summary),
    )]
    launcher: Launcher,
    #[command(flatten)]
    local: LocalArgs,
    /// An option of sbatch, as in partition=short; may be repeated [--launcher slurm]
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_option)]
    sbatch: Vec<(String, String)>,
    /// Write the files (with --launcher slurm its script, too) and start nothing
    #[arg(long)]
    no_submit: bool,
}

impl LaunchArgs {
    /// Processes at a time on this machine.
    pub fn jobs(&self) -> usize {
        self.local.jobs()
    }

    /// Refuses options of another launcher.
    pub fn check(&self) -> Result<()> {
        if self.launcher == Launcher::Local && !self.sbatch.is_empty() {
            bail!("--sbatch is of the launcher slurm; add --launcher slurm, or leave it out");
        }
        Ok(())
    }
}

/// Starts what is not finished of a study; runs that failed are tried again.
pub fn launch(study: &mut Study, args: &LaunchArgs) -> Result<ExitCode> {
    args.check()?;
    if args.no_submit && args.launcher == Launcher::Local {
        return tell_what_starts_it(study);
    }
    study.allow()?;
    forget_failures(study)?;
    match args.launcher {
        Launcher::Local => {
            let tally = coordinate(study, Shard::WHOLE, &args.local)?;
            study.record_states()?;
            report(study, &tally)
        }
        Launcher::Slurm => bail!("--launcher slurm is not there yet; use --launcher local"),
    }
}

/// How the runs are trained by this program or another.
fn tell_what_starts_it(study: &Study) -> Result<ExitCode> {
    let directory = shell_word(&study.directory().display().to_string());
    output::text(&format!("{} runs in {directory}; none is started", study.entries().len()))?;
    output::text(&format!(
        "next: nn4n sweep run {directory}, or parallel nn4n train {{}}/run.toml --out {{}} --resume ::: \
        {directory}/runs/*"
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn forget_failures(study: &Study) -> Result<()> {
    for (entry, state) in study.entries().iter().zip(study.states()?) {
        if state == RunState::Failed {
            Failure::forget(&study.run_directory(entry))?;
        }
    }
    Ok(())
}

fn parse_option(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.into(), value.into())),
        _ => Err("must be KEY=VALUE, as in partition=short".into()),
    }
}
