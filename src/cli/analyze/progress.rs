//! Long work of which the terminal shows how much is done.

use std::ops::ControlFlow;

use anyhow::Result;
use nn4n_analysis::AnalysisError;

use crate::terminal::steps_bar;

/// What an analysis tells how many of its steps are done.
pub type Watched<'a> = &'a mut (dyn FnMut(usize) -> ControlFlow<()> + Send);

/// Does the work with a bar of so many steps.
pub fn watched<T>(
    what: &'static str,
    steps: usize,
    work: impl FnOnce(Watched<'_>) -> Result<T, AnalysisError>,
) -> Result<T> {
    let mut bar = steps_bar(what, steps as u64);
    let mut watch = |done: usize| {
        bar(done as u64);
        ControlFlow::Continue(())
    };
    Ok(work(&mut watch)?)
}
