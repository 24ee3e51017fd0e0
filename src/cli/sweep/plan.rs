//! `nn4n sweep --dry-run`

use std::process::ExitCode;

use anyhow::Result;

use super::super::output;
use crate::sweep::Description;

pub fn plan(description: &Description, _jobs: usize, _json: bool) -> Result<ExitCode> {
    output::text(&format!("{} runs", description.count()))?;
    Ok(ExitCode::SUCCESS)
}
