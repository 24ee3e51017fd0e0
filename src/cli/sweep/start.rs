//! `nn4n sweep SWEEP.toml`

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use clap::Args;

use super::{
    launch::{LaunchArgs, launch},
    plan,
};
use crate::{
    report::count_of,
    sweep::{Description, Study},
    terminal::say,
};

#[derive(Debug, Args)]
pub struct StartArgs {
    /// A sweep in TOML: run (or preset, or task), seeds, [grid], [random], [[runs]]
    #[arg(value_name = "SWEEP.toml", required = true)]
    sweep: Option<PathBuf>,
    /// Directory of the study
    #[arg(long, value_name = "DIR", required_unless_present = "dry_run")]
    out: Option<PathBuf>,
    /// Go on with the study in --out, or start it there; what the sweep asks for beside its runs is added
    #[arg(long, requires = "out")]
    resume: bool,
    /// Print the runs with the time and the memory that they take, by a step that is measured, and write nothing
    #[arg(long, conflicts_with_all = ["resume", "no_submit"])]
    dry_run: bool,
    #[command(flatten)]
    launch: LaunchArgs,
    /// Report the plan in JSON
    #[arg(long, requires = "dry_run")]
    json: bool,
}

pub fn start(args: &StartArgs) -> Result<ExitCode> {
    let path = args.sweep.as_deref().context("names no SWEEP.toml; see `nn4n sweep --help`")?;
    let description = Description::read(path)?;
    let Some(out) = args.out.as_ref().filter(|_| !args.dry_run) else {
        return plan::plan(path, &description, args.launch.jobs(), args.json);
    };
    args.launch.check(out, &description)?;
    let mut study = if args.resume {
        let (study, added) = Study::resume(out, &description)?;
        let before = study.entries().len() - added;
        if before > 0 && added > 0 {
            say(&format!("added to the {} of the study: {added}", count_of(before, "run")));
        }
        study
    } else {
        Study::create(out, &description)?
    };
    launch(&mut study, &args.launch)
}
