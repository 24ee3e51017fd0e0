//! What it costs to compute most states again on the way back instead of keeping them (`train.remat`): steps of either
//! kind in turn, so that both see the same machine.

use std::time::Instant;

use serde::Serialize;

use super::{case::Case, measure::duration, median::median, step::TrainingStep};
use crate::error::Result;

/// Fewest rounds that count; one more warms up.
const FEWEST: usize = 3;

/// The times of one case.
#[derive(Clone, Debug, Serialize)]
pub struct RematRow {
    /// What was measured.
    #[serde(flatten)]
    pub case: Case,
    /// Threads of the pool.
    pub threads: usize,
    /// Steps of each kind that count.
    pub rounds: usize,
    /// Median time of a step that keeps its states, ms.
    pub median_ms: f64,
    /// Median time of a step that computes most of them again, ms.
    pub remat_median_ms: f64,
    /// Median over the rounds of the second by the first.
    pub ratio: f64,
}

/// Measures a case on the current pool of threads for at least `seconds`, and longer if a few rounds take longer.
/// `progress` is told the number of rounds so far.
///
/// # Errors
/// If the case is invalid.
pub fn remat(case: &Case, seconds: f64, mut progress: impl FnMut(usize)) -> Result<RematRow> {
    let step = |remat| TrainingStep::new(&Case { remat, ..case.clone() });
    let (mut keeping, mut again) = (step(false)?, step(true)?);
    let (limit, start) = (duration(seconds)?, Instant::now());
    let mut times: Vec<[f64; 2]> = Vec::new();
    let mut warm = false;
    while times.len() < FEWEST || start.elapsed() < limit {
        let round = [keeping.update()?.total_seconds(), again.update()?.total_seconds()];
        if std::mem::replace(&mut warm, true) {
            times.push(round);
            progress(times.len());
        }
    }
    let of = |which: fn(&[f64; 2]) -> f64| median(&times.iter().map(which).collect::<Vec<_>>());
    Ok(RematRow {
        case: case.clone(),
        threads: rayon::current_num_threads(),
        rounds: times.len(),
        median_ms: 1e3 * of(|round| round[0]),
        remat_median_ms: 1e3 * of(|round| round[1]),
        ratio: of(|round| round[1] / round[0]),
    })
}
