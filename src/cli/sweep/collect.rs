//! `nn4n sweep collect`

use std::{path::Path, process::ExitCode};

use anyhow::Result;

use super::super::{
    compare::counted,
    output::{self, shell_path},
};
use crate::{
    report::count_of,
    sweep::{Study, collect as gather},
    terminal::say,
};

/// Writes into the manifest how far the runs are, and what they reached into `analysis/`.
pub fn collect(directory: &Path) -> Result<ExitCode> {
    Study::open(directory)?.record_states()?;
    let collected = gather(directory, &counted("runs are read"))?;
    collected.notes.iter().for_each(|note| say(&format!("note: {note}")));
    for file in &collected.files {
        output::text(&file.display().to_string())?;
    }
    let rows = &collected.results.rows;
    let finished = rows.iter().filter(|row| row.is_finished()).count();
    output::text(&format!("{finished} of {} finished", count_of(rows.len(), "run")))?;
    output::text(&format!("next: nn4n compare {}", shell_path(directory)))?;
    Ok(ExitCode::SUCCESS)
}
