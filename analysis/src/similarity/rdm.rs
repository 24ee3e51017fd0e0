//! Representational dissimilarity matrices (RDM): how far patterns of activity are apart.
//!
//! ```text
//! euclidean    |x_i - x_j|^2 / p
//! correlation  1 - r of x_i and x_j over units
//! mahalanobis  (x_i - x_j)^T S^-1 (x_i - x_j) / p            S: covariance of trials about their means, shrunk
//! crossnobis   mean over folds of (a_i - a_j)^T S^-1 (b_i - b_j) / p
//! poisson      sum_k (l_ik - l_jk) (ln l_ik - ln l_jk) / p   l = (x + 0.1) / 1.1: a prior rate of 1 with weight 0.1
//! ```
//!
//! `x_i` (p units) is pattern `i`; `b` are the means of the trials of a fold and `a` those of all other folds, so that
//! noise has the mean 0 in a crossnobis distance, which can be negative. An RDM is its upper triangle, row by row.
//! Walther et al. (2016, 10.1016/j.neuroimage.2015.12.012); Schutt et al. (2023, 10.7554/eLife.82566).

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::factor::check;
use crate::AnalysisError;

/// The rate that the Poisson distance expects before it sees any, and what that weighs against one that is seen.
const PRIOR_RATE: f64 = 1.0;
const PRIOR_WEIGHT: f64 = 0.1;
/// Variance over units of a pattern, as a part of its squares, that is rounding.
const ROUNDING: f64 = 1e-24;

/// How far two patterns are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RdmDistance {
    /// Squared Euclidean distance by unit.
    Euclidean,
    /// 1 less the correlation over units.
    Correlation,
    /// Squared Mahalanobis distance by unit.
    Mahalanobis,
    /// Its unbiased estimate over folds of trials.
    Crossnobis,
    /// Symmetrised divergence of Poisson counts by unit.
    Poisson,
}

impl RdmDistance {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Euclidean, Self::Correlation, Self::Mahalanobis, Self::Crossnobis, Self::Poisson];

    /// As it is called.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Euclidean => "euclidean",
            Self::Correlation => "correlation",
            Self::Mahalanobis => "mahalanobis",
            Self::Crossnobis => "crossnobis",
            Self::Poisson => "poisson",
        }
    }

    /// A few words on it.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Euclidean => "squared Euclidean distance by unit",
            Self::Correlation => "1 less the correlation over units",
            Self::Mahalanobis => "squared distance in units of the noise of trials",
            Self::Crossnobis => "its estimate over folds of trials, without the bias of noise",
            Self::Poisson => "symmetrised divergence of Poisson counts; rates must not be negative",
        }
    }
}

/// Distances of all pairs of patterns.
#[derive(Clone, Debug, PartialEq)]
pub struct Rdm {
    /// The number of patterns.
    pub patterns: usize,
    /// Upper triangle by rows: (0, 1), (0, 2), .., (1, 2), ..
    pub values: Vec<f64>,
}

impl Rdm {
    /// Squared Euclidean distances of patterns (patterns, units) by unit.
    ///
    /// # Errors
    /// If there are fewer than two patterns, or a number is not finite.
    pub fn euclidean(patterns: ArrayView2<'_, f64>) -> Result<Self, AnalysisError> {
        check(patterns)?;
        let units = patterns.ncols() as f64;
        let squared = |a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>| {
            a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>() / units
        };
        Ok(Self::of_pairs(patterns, squared))
    }

    /// 1 less the correlation over units of patterns (patterns, units).
    ///
    /// # Errors
    /// If there are fewer than two patterns, a number is not finite, or a pattern has the same rate in all units.
    pub fn correlation(patterns: ArrayView2<'_, f64>) -> Result<Self, AnalysisError> {
        check(patterns)?;
        let mut standard = patterns.to_owned();
        for (place, mut row) in standard.outer_iter_mut().enumerate() {
            let raw: f64 = row.iter().map(|x| x * x).sum();
            row -= row.sum() / row.len() as f64;
            let squares: f64 = row.iter().map(|x| x * x).sum();
            if squares <= ROUNDING * raw * row.len() as f64 {
                let message = format!(
                    "pattern {place} has the same rate in all units, so that it has no correlation; leave it out, or \
                     take euclidean"
                );
                return Err(AnalysisError::Shape { array: "patterns", message });
            }
            row /= squares.sqrt();
        }
        // Half of the squared distance of standardised patterns: exact where patterns are nearly the same.
        let apart = |a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>| {
            0.5 * a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>()
        };
        Ok(Self::of_pairs(standard.view(), apart))
    }

    /// Squared Mahalanobis distances of patterns (patterns, units) by unit; `whitening` (units, units) is `S^-1/2`.
    ///
    /// # Errors
    /// As [`Self::euclidean`], and if the whitening is of other units.
    pub fn mahalanobis(patterns: ArrayView2<'_, f64>, whitening: &Array2<f64>) -> Result<Self, AnalysisError> {
        check_whitening(patterns.ncols(), whitening)?;
        Self::euclidean(patterns.dot(whitening).view())
    }

    /// Crossnobis distances by unit of the patterns of each fold (patterns, units); `whitening` (units, units) is
    /// `S^-1/2`.
    ///
    /// # Errors
    /// If there are fewer than two folds or patterns, folds differ in shape, a number is not finite, or the whitening
    /// is of other units.
    pub fn crossnobis(folds: &[Array2<f64>], whitening: &Array2<f64>) -> Result<Self, AnalysisError> {
        let [first, _, ..] = folds else {
            let message = format!("are {}, but crossnobis needs two folds of trials at least", folds.len());
            return Err(AnalysisError::Shape { array: "folds", message });
        };
        let (patterns, units) = first.dim();
        for fold in folds {
            check(fold.view())?;
            if fold.dim() != first.dim() {
                let message = format!("have shapes {:?} and {:?}, but must be of one", first.dim(), fold.dim());
                return Err(AnalysisError::Shape { array: "folds", message });
            }
        }
        check_whitening(units, whitening)?;
        let whitened: Vec<Array2<f64>> = folds.iter().map(|fold| fold.dot(whitening)).collect();
        let all = whitened.iter().fold(Array2::zeros((patterns, units)), |sum: Array2<f64>, fold| sum + fold);
        let others = (folds.len() - 1) as f64;
        let pairs: Vec<(Array2<f64>, &Array2<f64>)> =
            whitened.iter().map(|test| ((&all - test) / others, test)).collect();
        let scale = 1.0 / (units as f64 * folds.len() as f64);
        let product = |i: usize, j: usize| {
            let of_fold = |(train, test): &(Array2<f64>, &Array2<f64>)| -> f64 {
                (0..units).map(|unit| (train[[i, unit]] - train[[j, unit]]) * (test[[i, unit]] - test[[j, unit]])).sum()
            };
            scale * pairs.iter().map(of_fold).sum::<f64>()
        };
        Ok(Self::of_places(patterns, product))
    }

    /// Symmetrised divergences by unit of Poisson counts with these mean rates (patterns, units).
    ///
    /// # Errors
    /// If there are fewer than two patterns, or a rate is negative or not finite.
    pub fn poisson(patterns: ArrayView2<'_, f64>) -> Result<Self, AnalysisError> {
        check(patterns)?;
        if let Some(rate) = patterns.iter().find(|rate| **rate < 0.0) {
            let message =
                format!("hold {rate}, but Poisson counts have no negative rate; take euclidean or another distance");
            return Err(AnalysisError::Shape { array: "patterns", message });
        }
        let units = patterns.ncols() as f64;
        let rates = patterns.mapv(|rate| (rate + PRIOR_RATE * PRIOR_WEIGHT) / (1.0 + PRIOR_WEIGHT));
        let logs = rates.mapv(f64::ln);
        let divergence = |i: usize, j: usize| {
            let of_unit = |k: usize| (rates[[i, k]] - rates[[j, k]]) * (logs[[i, k]] - logs[[j, k]]);
            (0..rates.ncols()).map(of_unit).sum::<f64>() / units
        };
        Ok(Self::of_places(patterns.nrows(), divergence))
    }

    fn of_pairs(
        rows: ArrayView2<'_, f64>,
        distance: impl Fn(ArrayView1<'_, f64>, ArrayView1<'_, f64>) -> f64 + Sync,
    ) -> Self {
        Self::of_places(rows.nrows(), |i, j| distance(rows.index_axis(Axis(0), i), rows.index_axis(Axis(0), j)))
    }

    fn of_places(patterns: usize, distance: impl Fn(usize, usize) -> f64 + Sync) -> Self {
        let row = |i: usize| (i + 1..patterns).map(|j| distance(i, j)).collect::<Vec<_>>();
        let rows: Vec<Vec<f64>> = (0..patterns).into_par_iter().map(row).collect();
        Self { patterns, values: rows.concat() }
    }

    /// Where the distance of two different patterns is.
    fn place(&self, i: usize, j: usize) -> usize {
        let (i, j) = (i.min(j), i.max(j));
        i * (2 * self.patterns - i - 1) / 2 + j - i - 1
    }

    /// The distance of two patterns.
    pub fn at(&self, i: usize, j: usize) -> f64 {
        if i == j { 0.0 } else { self.values[self.place(i, j)] }
    }

    /// The same with the patterns in this order.
    pub(super) fn reordered(&self, order: &[usize]) -> Self {
        let row = |i: usize| (i + 1..self.patterns).map(move |j| self.at(order[i], order[j]));
        Self { patterns: self.patterns, values: (0..self.patterns).flat_map(row).collect() }
    }
}

fn check_whitening(units: usize, whitening: &Array2<f64>) -> Result<(), AnalysisError> {
    if whitening.dim() == (units, units) {
        return Ok(());
    }
    let message = format!("has shape {:?}, but there are {units} units", whitening.dim());
    Err(AnalysisError::Shape { array: "whitening", message })
}
