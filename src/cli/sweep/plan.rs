//! `nn4n sweep --dry-run`

use std::process::ExitCode;

use anyhow::Result;

use super::super::output;
use crate::sweep::Description;

pub fn plan(description: &Description, _jobs: usize, _json: bool) -> Result<ExitCode> {
    output::text(&format!("{} runs", description.count()))?;
    Ok(ExitCode::SUCCESS)
}

/// What a run takes, by steps that are measured.
pub fn estimate(_description: &Description) -> Result<Option<crate::sweep::slurm::Estimate>> {
    Ok(None)
}

/// A time with two or three digits.
pub fn time(seconds: f64) -> String {
    format!("{seconds:.1} s")
}
