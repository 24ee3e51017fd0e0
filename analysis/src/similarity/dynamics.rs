//! Dynamical similarity analysis (DSA): linear maps from each state to the next, and how far they are apart.
//!
//! ```text
//! h_t = (x_t, x_(t - d), .., x_(t - (k - 1) d)),  H = U S W^T over all conditions      k delays of d steps
//! v_t = first r columns of U,  A = argmin sum |v_(t+1) - A v_t|^2 + l |A|^2
//! angular      min over orthogonal C of arccos(tr(A^T C B C^T) / (|A| |B|))
//! wasserstein  sqrt(min over orders of mean |lambda_i(A) - lambda_i(B)|^2)
//! ```
//!
//! States are centred over all samples. The number of delays and the rank are the same for all that is compared, and
//! chosen by what they predict (`held_out`), never by the distance itself. Maps that are nearly the identity are all
//! alike, so that the angle to the identity stands beside each.
//! Ostrow et al. (2023, arXiv:2306.10168).

use faer::{Mat, prelude::Solve};
use ndarray::{Array2, Array3, Axis, s};
use serde::{Deserialize, Serialize};

use super::{
    assignment::assignment,
    factor::{Svd, angle_of_chord, squares},
};
use crate::{
    AnalysisError,
    linear::{Complex, eigenvalues},
};

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
    /// States that are joined, 1 for the present one alone; `None` to choose their number by held-out prediction.
    pub delays: Option<usize>,
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
        Self { delays: None, interval: 1, rank: None, ridge: 0.0, score: DsaScore::Angular, starts: 20 }
    }
}

/// Delayed states of all conditions, taken apart.
pub(super) struct Embedded {
    /// How many states follow one another in each condition.
    conditions: Vec<usize>,
    found: Svd,
}

impl Dsa {
    /// The delayed states of (conditions, times, units).
    pub(super) fn embed(&self, means: &Array3<f64>, delays: usize) -> Result<Embedded, AnalysisError> {
        let (states, conditions) = self.delayed(means, delays, (delays - 1).saturating_mul(self.interval))?;
        let found = Svd::of("states", states.view())?;
        Ok(Embedded { conditions, found })
    }

    /// `H` (states, features), centred, the present state first: from a time on that has so many before it; and how many
    /// states follow one another in each condition.
    pub(super) fn delayed(
        &self,
        means: &Array3<f64>,
        delays: usize,
        before: usize,
    ) -> Result<(Array2<f64>, Vec<usize>), AnalysisError> {
        let (conditions, times, units) = means.dim();
        let per_condition = times.saturating_sub(before);
        if per_condition < 2 {
            return Err(AnalysisError::Trials(format!(
                "dynamics need two states that follow one another, but {times} times with {delays} delays of {} steps \
                 leave {per_condition}; take fewer delays (--delays), shorter bins (--bin) or longer trials",
                self.interval
            )));
        }
        let mean = means.sum_axis(Axis(0)).sum_axis(Axis(0)) / (conditions * times) as f64;
        let mut states = Array2::zeros((conditions * per_condition, units * delays));
        for condition in 0..conditions {
            for delay in 0..delays {
                let first = before - delay * self.interval;
                let from = means.slice(s![condition, first..first + per_condition, ..]);
                let rows = condition * per_condition..(condition + 1) * per_condition;
                states.slice_mut(s![rows, delay * units..(delay + 1) * units]).assign(&(&from - &mean));
            }
        }
        super::factor::check(states.view())?;
        Ok((states, vec![per_condition; conditions]))
    }

    pub(super) fn check(&self) -> Result<(), AnalysisError> {
        let setting =
            |setting, value: String, rule: &str| Err(AnalysisError::Setting { setting, value, rule: rule.into() });
        if self.delays == Some(0) {
            return setting("delays", "0".into(), "must be 1 at least: the present state alone");
        }
        if self.interval == 0 {
            return setting("interval", "0".into(), "must be 1 at least");
        }
        if !(self.ridge.is_finite() && self.ridge >= 0.0) {
            return setting("ridge", self.ridge.to_string(), "must be finite and at least 0");
        }
        if self.rank == Some(0) {
            return setting("rank", "0".into(), "must be 1 at least");
        }
        Ok(())
    }

    /// The map of a rank (r, r).
    pub(super) fn map(&self, embedded: &Embedded, rank: usize) -> Result<Array2<f64>, AnalysisError> {
        let most = embedded.found.rank();
        if rank > most {
            let rule = format!("is more than the {most} dimensions that the states have; take fewer");
            return Err(AnalysisError::Setting { setting: "rank", value: rank.to_string(), rule });
        }
        self.fit(&embedded.found, rank, &embedded.conditions)
    }

    /// The map of states that follow one another in pieces of these lengths.
    pub(super) fn fit(&self, found: &Svd, rank: usize, pieces: &[usize]) -> Result<Array2<f64>, AnalysisError> {
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
