//! `nn4n sweep collect`

use std::{path::Path, process::ExitCode};

use anyhow::Result;

use super::super::output::{self, shell_word};
use crate::sweep::{RunState, Study};

/// Writes into the manifest how far the runs are.
pub fn collect(directory: &Path) -> Result<ExitCode> {
    let mut study = Study::open(directory)?;
    study.record_states()?;
    // The results of the runs are gathered here.
    let finished = study.entries().iter().filter(|entry| entry.state == RunState::Finished).count();
    output::text(&format!("{finished} of {} runs are finished", study.entries().len()))?;
    output::text(&format!("next: nn4n compare {}", shell_word(&directory.display().to_string())))?;
    Ok(ExitCode::SUCCESS)
}
