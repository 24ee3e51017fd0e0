//! `nn4n sweep resume`

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use super::{
    StudyArgs,
    launch::{LaunchArgs, launch},
};
use crate::sweep::Study;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n sweep resume studies/tau
  nn4n sweep resume studies/tau --jobs 4")]
pub struct ResumeArgs {
    #[command(flatten)]
    study: StudyArgs,
    #[command(flatten)]
    launch: LaunchArgs,
}

pub fn resume(args: &ResumeArgs) -> Result<ExitCode> {
    let mut study = Study::open(&args.study.study)?;
    args.launch.check(study.directory(), &study.description()?)?;
    launch(&mut study, &args.launch)
}
