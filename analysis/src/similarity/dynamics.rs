//! Dynamical similarity analysis (DSA): linear maps from each state to the next, and how far they are apart.
//!
//! ```text
//! h_t = (x_t, x_(t - d), .., x_(t - (k - 1) d)),  H = U S W^T over all conditions      k delays of d steps
//! v_t = first r columns of U,  A = argmin sum |v_(t+1) - A v_t|^2 + l |A|^2
//! angular      min over orthogonal C of arccos(tr(A^T C B C^T) / (|A| |B|))
//! wasserstein  sqrt(min over orders of mean |lambda_i(A) - lambda_i(B)|^2)
//! held-out     sum |h_(t+1) - h'_(t+1)|^2 / sum |h_(t+1) - h_t|^2    of conditions that nothing was fitted to
//! ```
//!
//! States are centred over all samples. The rank is the smallest whose held-out error is within one standard error of
//! the least, over folds and all that is compared, since all maps must be of one rank; never by the distance itself.
//! Maps that are nearly the identity are all alike, so that the angle to the identity stands beside each.
//! Ostrow et al. (2023, arXiv:2306.10168).

use faer::{Mat, prelude::Solve};
use ndarray::{Array2, Array3, Axis, s};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    assignment::assignment,
    factor::{Svd, angle_of_chord, squares},
};
use crate::{
    AnalysisError,
    linear::{Complex, eigenvalues},
};

/// Folds of conditions, or pieces of the only one, for the held-out error.
const FOLDS: usize = 5;
/// The largest rank that is tried unless one is given.
const MOST_RANK: usize = 20;

/// How two maps are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DsaScore {
    /// The angle up to an orthogonal change of coordinates.
    Angular,
    /// The distance of the eigenvalues.
    Wasserstein,
}

/// How dynamics are found and compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dsa {
    /// States that are joined, 1 for the present one alone.
    pub delays: usize,
    /// Bins between them.
    pub interval: usize,
    /// Rank of all maps; `None` to choose it by held-out prediction.
    pub rank: Option<usize>,
    /// Weight of `|A|^2` against columns of `U` of length 1.
    pub ridge: f64,
    /// The comparison.
    pub score: DsaScore,
    /// Starts of the search for C.
    pub starts: usize,
}

impl Default for Dsa {
    fn default() -> Self {
        Self { delays: 1, interval: 1, rank: None, ridge: 0.0, score: DsaScore::Angular, starts: 20 }
    }
}

/// Delayed states of all conditions, taken apart.
pub(super) struct Embedded {
    /// `H` (states, features), centred.
    states: Array2<f64>,
    /// How many states follow one another in each condition.
    conditions: Vec<usize>,
    /// The same of what is held out together: conditions, or pieces of the only one.
    pieces: Vec<usize>,
    found: Svd,
}

/// The held-out error of a rank.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RankError {
    /// The rank.
    pub rank: usize,
    /// Mean over folds, and over all that is compared; 1 says no more than that nothing changes.
    pub error: f64,
    /// Standard error of the mean.
    pub standard_error: f64,
}

impl Dsa {
    /// The delayed states of (conditions, times, units).
    pub(super) fn embed(&self, means: &Array3<f64>) -> Result<Embedded, AnalysisError> {
        self.check()?;
        let (conditions, times, units) = means.dim();
        let before = (self.delays - 1).saturating_mul(self.interval);
        let per_condition = times.saturating_sub(before);
        if per_condition < 2 {
            return Err(AnalysisError::Trials(format!(
                "dynamics need two states that follow one another, but {times} times with {} delays of {} steps leave \
                 {per_condition}; take fewer delays (--delays), shorter bins (--bin) or longer trials",
                self.delays, self.interval
            )));
        }
        let mean = means.sum_axis(Axis(0)).sum_axis(Axis(0)) / (conditions * times) as f64;
        let mut states = Array2::zeros((conditions * per_condition, units * self.delays));
        for condition in 0..conditions {
            for delay in 0..self.delays {
                let first = before - delay * self.interval;
                let from = means.slice(s![condition, first..first + per_condition, ..]);
                let rows = condition * per_condition..(condition + 1) * per_condition;
                states.slice_mut(s![rows, delay * units..(delay + 1) * units]).assign(&(&from - &mean));
            }
        }
        super::factor::check(states.view())?;
        let found = Svd::of("states", states.view())?;
        Ok(Embedded {
            states,
            conditions: vec![per_condition; conditions],
            pieces: pieces(conditions, per_condition),
            found,
        })
    }

    fn check(&self) -> Result<(), AnalysisError> {
        let setting =
            |setting, value: String, rule: &str| Err(AnalysisError::Setting { setting, value, rule: rule.into() });
        if self.delays == 0 || self.interval == 0 {
            return setting("delays", format!("{} of {} steps", self.delays, self.interval), "must both be 1 at least");
        }
        if !(self.ridge.is_finite() && self.ridge >= 0.0) {
            return setting("ridge", self.ridge.to_string(), "must be finite and at least 0");
        }
        if self.rank == Some(0) {
            return setting("rank", "0".into(), "must be 1 at least");
        }
        Ok(())
    }

    /// The rank of all maps, and the held-out errors that it was chosen by; none where it is given.
    pub(super) fn choose_rank(&self, all: &[Embedded]) -> Result<(usize, Vec<RankError>), AnalysisError> {
        let most = all.iter().map(|embedded| embedded.found.rank()).min().unwrap_or(0);
        if let Some(rank) = self.rank {
            if rank > most {
                let rule = format!("is more than the {most} dimensions that the states have; take fewer");
                return Err(AnalysisError::Setting { setting: "rank", value: rank.to_string(), rule });
            }
            return Ok((rank, Vec::new()));
        }
        let folds: Vec<Vec<f64>> =
            all.par_iter().map(|embedded| self.held_out(embedded)).collect::<Result<Vec<_>, _>>()?.concat();
        let ranks = folds.iter().map(Vec::len).min().unwrap_or(0);
        if ranks == 0 {
            return Err(AnalysisError::Trials(
                "too few states for a held-out prediction; name the rank (--rank), or take longer trials".into(),
            ));
        }
        let n = folds.len() as f64;
        let error = |rank: usize| {
            let mean = folds.iter().map(|errors| errors[rank]).sum::<f64>() / n;
            let variance = folds.iter().map(|errors| (errors[rank] - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
            RankError { rank: rank + 1, error: mean, standard_error: (variance / n).sqrt() }
        };
        let errors: Vec<RankError> = (0..ranks).map(error).collect();
        let best = errors.iter().min_by(|a, b| a.error.total_cmp(&b.error));
        let enough = best.map_or(0.0, |best| best.error + best.standard_error);
        let rank = errors.iter().find(|of_rank| of_rank.error <= enough).map_or(1, |of_rank| of_rank.rank);
        Ok((rank, errors))
    }

    /// The error of each rank, from 1, in each fold of pieces.
    fn held_out(&self, embedded: &Embedded) -> Result<Vec<Vec<f64>>, AnalysisError> {
        let folds = FOLDS.min(embedded.pieces.len());
        (0..folds).into_par_iter().map(|fold| self.error_of_fold(embedded, fold, folds)).collect()
    }

    fn error_of_fold(&self, embedded: &Embedded, fold: usize, folds: usize) -> Result<Vec<f64>, AnalysisError> {
        let (mut train, mut test, mut kept, mut first) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for (piece, length) in embedded.pieces.iter().enumerate() {
            let rows = first..first + length;
            first += length;
            if piece % folds == fold {
                test.extend(rows.clone().take(length - 1).map(|row| (row, row + 1)));
            } else {
                train.extend(rows);
                kept.push(*length);
            }
        }
        let found = Svd::of("states", embedded.states.select(Axis(0), &train).view())?;
        let rows = |end: fn(&(usize, usize)) -> usize| {
            embedded.states.select(Axis(0), &test.iter().map(end).collect::<Vec<_>>())
        };
        let (now, next) = (rows(|pair| pair.0), rows(|pair| pair.1));
        let still = squares(&(&next - &now));
        if still <= 0.0 {
            return Err(AnalysisError::Trials(
                "nothing changes from one time to the next, so that there are no dynamics; take another epoch".into(),
            ));
        }
        let error = |rank: usize| {
            let map = self.fit(&found, rank, &kept)?;
            let leading = |side: &Array2<f64>| side.slice(s![.., ..rank]).to_owned();
            let axes = leading(&found.v);
            let scale = ndarray::Array1::from(found.s[..rank].to_vec());
            let predicted = (now.dot(&axes) / &scale).dot(&map.t()) * &scale;
            Ok(squares(&(&next - &predicted.dot(&axes.t()))) / still)
        };
        (1..=found.rank().min(MOST_RANK)).map(error).collect()
    }

    /// The map of a rank (r, r).
    pub(super) fn map(&self, embedded: &Embedded, rank: usize) -> Result<Array2<f64>, AnalysisError> {
        self.fit(&embedded.found, rank, &embedded.conditions)
    }

    fn fit(&self, found: &Svd, rank: usize, pieces: &[usize]) -> Result<Array2<f64>, AnalysisError> {
        let (mut products, mut crossed) = (Array2::<f64>::zeros((rank, rank)), Array2::<f64>::zeros((rank, rank)));
        let mut first = 0;
        for length in pieces {
            let now = found.u.slice(s![first..first + length - 1, ..rank]);
            let next = found.u.slice(s![first + 1..first + length, ..rank]);
            products += &now.t().dot(&now);
            crossed += &now.t().dot(&next);
            first += length;
        }
        products.diag_mut().iter_mut().for_each(|value| *value += self.ridge);
        let left = Mat::from_fn(rank, rank, |i, j| products[[i, j]]);
        let mut solved = Mat::from_fn(rank, rank, |i, j| crossed[[i, j]]);
        left.partial_piv_lu().solve_in_place(&mut solved);
        let map = Array2::from_shape_fn((rank, rank), |(i, j)| solved[(j, i)]);
        match map.iter().all(|value| value.is_finite()) {
            true => Ok(map),
            false => Err(AnalysisError::Trials(format!(
                "the states are too few for a map of rank {rank}; take a smaller --rank, or a --ridge above 0"
            ))),
        }
    }
}

/// Conditions; or, of the only one, pieces of two states at least.
fn pieces(conditions: usize, length: usize) -> Vec<usize> {
    if conditions > 1 {
        return vec![length; conditions];
    }
    let n = FOLDS.min(length / 2).max(1);
    (0..n).map(|piece| (piece + 1) * length / n - piece * length / n).collect()
}

/// The angle of a map to the identity, which no change of coordinates alters; rad.
pub fn angle_to_identity(map: &Array2<f64>) -> f64 {
    let (length, n) = (squares(map).sqrt(), map.nrows() as f64);
    angle_of_chord(squares(&(map / length - Array2::<f64>::eye(map.nrows()) / n.sqrt())).sqrt())
}

/// The distance of the eigenvalues of two maps of one rank.
///
/// # Errors
/// If they are of different ranks, or no eigenvalues are found.
pub fn wasserstein(a: &Array2<f64>, b: &Array2<f64>) -> Result<f64, AnalysisError> {
    if a.dim() != b.dim() {
        let message = format!("have shapes {:?} and {:?}, but must be of one rank", a.dim(), b.dim());
        return Err(AnalysisError::Shape { array: "dynamics", message });
    }
    let (a, b) = (eigenvalues("dynamics", a)?, eigenvalues("dynamics", b)?);
    let apart = |x: &Complex, y: &Complex| (x.0 - y.0).powi(2) + (x.1 - y.1).powi(2);
    let costs = Array2::from_shape_fn((a.len(), b.len()), |(i, j)| apart(&a[i], &b[j]));
    let sum: f64 = assignment(&costs).into_iter().enumerate().map(|(i, j)| costs[[i, j]]).sum();
    Ok((sum / a.len() as f64).sqrt())
}
