//! Decoders of one time tested at all others, with the same split of the trials.

use ndarray::{Array2, Axis};
use rayon::prelude::*;
use serde::Serialize;

use super::{Bin, features::Linear, fit::Labels, plan::Plan, score::mean};

/// Training time against test time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CrossTemporal {
    /// (training time, test time): the mean over folds, NaN where one of the two has no number.
    #[serde(skip)]
    pub matrix: Array2<f64>,
    /// Mean off the diagonal over mean on it, both less what guessing reaches, of times from 0 on: 1 of a stable code,
    /// 0 of one that changes, negative of one that turns round; NaN where nothing is decoded on the diagonal.
    pub stability: f64,
}

pub(super) fn of(plan: &Plan, bins: &[Bin], time_ms: &[f64]) -> CrossTemporal {
    let tests: Vec<Test> = bins.iter().map(|bin| Test::of(plan, bin)).collect();
    let row = |train: &Bin| -> Vec<f64> {
        match &train.found {
            Ok(found) => tests.iter().map(|test| test.score(&found.linear)).collect(),
            Err(_) => vec![f64::NAN; bins.len()],
        }
    };
    let rows: Vec<Vec<f64>> = bins.par_iter().map(row).collect();
    let matrix = Array2::from_shape_fn((bins.len(), bins.len()), |(train, test)| rows[train][test]);
    let stability = stability(&matrix, time_ms, plan.measure(0).1);
    CrossTemporal { matrix, stability }
}

/// What is tested at one time.
struct Test<'a> {
    bin: &'a Bin,
    labels: Labels,
    /// The folds of all repeats, with their rows.
    folds: Vec<(Vec<usize>, Array2<f64>)>,
}

impl<'a> Test<'a> {
    fn of(plan: &Plan, bin: &'a Bin) -> Self {
        let folds = plan.folds(&bin.trials).into_iter().flatten();
        let with_rows = |fold: Vec<usize>| {
            let rows = bin.rows.select(Axis(0), &fold);
            (fold, rows)
        };
        Self { labels: plan.labels(&bin.trials).observed(), folds: folds.map(with_rows).collect(), bin }
    }

    /// The mean over the folds of what was fitted outside of each.
    fn score(&self, linear: &[Linear]) -> f64 {
        if self.bin.found.is_err() {
            return f64::NAN;
        }
        let folds = self.folds.iter().zip(linear);
        mean(folds.map(|((tested, rows), linear)| self.labels.score(0, tested, linear.at(rows.view()).view())[0]))
    }
}

/// The stability index of times from 0 on.
pub(super) fn stability(matrix: &Array2<f64>, time_ms: &[f64], guessing: f64) -> f64 {
    let from = time_ms.iter().position(|time| *time >= 0.0).unwrap_or(time_ms.len());
    let there = |is_diagonal: bool| {
        let parts = matrix.indexed_iter().filter(move |((train, test), value)| {
            *train >= from && *test >= from && (train == test) == is_diagonal && !value.is_nan()
        });
        mean(parts.map(|(_, value)| value - guessing))
    };
    let diagonal = there(true);
    if diagonal > 0.0 { there(false) / diagonal } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stability_is_1_of_a_stable_code_0_of_a_dynamic_one_and_negative_of_a_reversed_one() {
        let time = [-5.0, 5.0, 15.0];
        let matrix = |off: f64| {
            Array2::from_shape_fn((3, 3), |(i, j)| {
                if i == 0 || j == 0 {
                    0.1
                } else if i == j {
                    0.9
                } else {
                    off
                }
            })
        };
        assert_eq!(stability(&matrix(0.9), &time, 0.5), 1.0);
        assert_eq!(stability(&matrix(0.5), &time, 0.5), 0.0);
        assert!((stability(&matrix(0.1), &time, 0.5) + 1.0).abs() < 1e-12);
        assert!(stability(&Array2::from_elem((3, 3), 0.5), &time, 0.5).is_nan());
    }
}
