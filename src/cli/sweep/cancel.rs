//! `nn4n sweep cancel`

use std::{path::Path, process::ExitCode};

use anyhow::Result;

use super::{
    super::output::{self, shell_path},
    slurm,
};
use crate::sweep::{RunState, Study};

pub fn cancel(directory: &Path) -> Result<ExitCode> {
    let study = Study::open(directory)?;
    study.cancel()?;
    let running = study.states()?.iter().filter(|state| **state == RunState::Running).count();
    output::text(&match running {
        0 => "no run is under way; none will be begun".into(),
        1 => "the run under way is asked to stop; it is saved after its update in hand".into(),
        _ => format!("the {running} runs under way are asked to stop; each is saved after its update in hand"),
    })?;
    slurm::cancel(&study)?;
    let directory = shell_path(directory);
    output::text(&format!("next: nn4n sweep status {directory}, and to go on nn4n sweep resume {directory}"))?;
    Ok(ExitCode::SUCCESS)
}
