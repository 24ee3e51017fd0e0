//! As how many independent states do states that resemble each other count, and what would noise of them be?

use std::ops::Range;

use ndarray::{Array2, s};
use rayon::prelude::*;
use serde::Serialize;

use super::{super::algebra::product, BLOCK};

/// The longest lag of the autocorrelation, steps.
const LONGEST_LAG: usize = 1000;

/// The participation ratio of as many units of independent noise with the same autocorrelation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IndependentNoise {
    /// `N / (1 + N / (m - 1))` of the units that vary; `null` where the states count as one.
    pub participation_ratio: Option<f64>,
    /// As how many independent states the states count.
    pub effective_samples: f64,
    /// `tau`, ms.
    pub correlation_time_ms: f64,
}

impl IndependentNoise {
    /// Of so many units with the autocorrelation of centred rows, which are `dt` apart within each run.
    pub(super) fn of(units: usize, (rows, runs): (&Array2<f64>, &[Range<usize>]), dt: f64) -> Self {
        let correlation_time_ms = correlation_time(rows, runs, dt);
        let effective_samples = rows.nrows() as f64 * dt / correlation_time_ms;
        let n = units as f64;
        let ratio = (effective_samples > 1.0).then(|| n / (1.0 + n / (effective_samples - 1.0)));
        Self { participation_ratio: ratio, effective_samples, correlation_time_ms }
    }
}

/// `dt sum_k (n_k / n) rho(k)^2` of centred rows, over positive and negative lags `k` that `n_k` pairs of rows have.
fn correlation_time(rows: &Array2<f64>, runs: &[Range<usize>], dt: f64) -> f64 {
    let longest = runs.iter().map(ExactSizeIterator::len).max().unwrap_or(0).saturating_sub(1).min(LONGEST_LAG);
    // Blocks of the runs, each with the rows that follow it within the longest lag.
    let blocks: Vec<(Range<usize>, usize)> = runs
        .iter()
        .flat_map(|run| run.clone().step_by(BLOCK).map(|start| (start..(start + BLOCK).min(run.end), run.end)))
        .collect();
    let sums: Vec<Vec<f64>> = blocks
        .into_par_iter()
        .map(|(block, end)| {
            let after = (block.end + longest).min(end);
            let (now, later) = (rows.slice(s![block.clone(), ..]), rows.slice(s![block.start..after, ..]));
            let products = product(now, later.t());
            let mut sums = vec![0.0; longest + 1];
            for (place, row) in products.outer_iter().enumerate() {
                row.iter().skip(place).take(longest + 1).zip(&mut sums).for_each(|(value, sum)| *sum += value);
            }
            sums
        })
        .collect();
    let at = |lag: usize| sums.iter().map(|of| of[lag]).sum::<f64>();
    let pairs = |lag: usize| runs.iter().map(|run| run.len().saturating_sub(lag)).sum::<usize>() as f64;
    let (samples, variance) = (rows.nrows() as f64, at(0) / rows.nrows() as f64);
    let mut sum = 1.0;
    for lag in 1..=longest {
        let correlation = at(lag) / pairs(lag) / variance;
        if correlation <= 0.0 {
            break;
        }
        sum += 2.0 * pairs(lag) / samples * correlation * correlation;
    }
    dt * sum
}
