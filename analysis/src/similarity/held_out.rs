//! The number of delays and the rank of dynamics, by how well they predict what nothing was fitted to.
//!
//! ```text
//! error   sum |x_(t+1) - x'_(t+1)|^2 / sum |x_(t+1) - x_t|^2    of the present state, in conditions that are left out
//! ```
//!
//! All numbers of delays predict the same states: those that have the most of them that are tried before them. The
//! mean of the error is over folds and all that is compared. More delays are tried for as long as they predict better;
//! of those whose least error over ranks is within one standard error of the least of all the fewest are taken, and
//! with them the smallest rank whose error is within one of their least.
//!
//! Choice by prediction: Ostrow et al. (2023, arXiv:2306.10168). One standard error: Breiman et al. (1984).

use ndarray::{Array1, ArrayView2, Axis, s};
use serde::Serialize;

use super::{
    Dsa, Representation,
    factor::{Svd, squares},
    of_one,
};
use crate::{AnalysisError, interruption::each};

/// Folds of conditions, or pieces of the only one, for the held-out error.
const FOLDS: usize = 5;
/// The largest rank that is tried unless one is given.
const MOST_RANK: usize = 20;
/// The most delays that are tried; at least half of the times stay.
const MOST_DELAYS: usize = 10;
/// Numbers of delays in a row that do not predict better, after which no more are tried.
const PATIENCE: usize = 2;

/// Errors that are no more apart are one: they are of rounding.
const SAME: f64 = 1e-12;

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

/// The held-out error of a number of delays.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DelaysError {
    /// The number of delays.
    pub delays: usize,
    /// The least error of all ranks.
    #[serde(flatten)]
    pub least: RankError,
}

/// The dynamics that all that is compared has.
pub(super) struct Chosen {
    pub delays: usize,
    pub rank: usize,
    /// Of each number of delays that was tried; none where it was given.
    pub of_delays: Vec<DelaysError>,
    /// Of each rank with the delays that are taken; none where both were given.
    pub of_ranks: Vec<RankError>,
}

impl Dsa {
    /// What is not given, by held-out prediction.
    pub(super) fn choose(&self, all: &[Representation]) -> Result<Chosen, AnalysisError> {
        self.check()?;
        if let (Some(delays), Some(rank)) = (self.delays, self.rank) {
            return Ok(Chosen { delays, rank, of_delays: Vec::new(), of_ranks: Vec::new() });
        }
        let times = all.first().map_or(0, |of| of.means.dim().1);
        let most = self.delays.unwrap_or_else(|| (1 + times / 2 / self.interval).min(MOST_DELAYS));
        let mut tried: Vec<(DelaysError, Vec<RankError>)> = Vec::new();
        let mut since_best = 0;
        for delays in self.delays.unwrap_or(1)..=most {
            let errors = self.errors(all, delays, (most - 1).saturating_mul(self.interval))?;
            // There is none where a rank is given that the states do not have.
            let Some(least) = least(&errors) else { continue };
            let is_better = tried.iter().all(|(of, _)| least.error + SAME < of.least.error);
            since_best = if is_better { 0 } else { since_best + 1 };
            tried.push((DelaysError { delays, least: least.clone() }, errors));
            if since_best == PATIENCE {
                break;
            }
        }
        let enough = tried.iter().map(|(of, _)| &of.least).min_by(|a, b| a.error.total_cmp(&b.error)).map(within);
        let taken = tried.iter().position(|(of, _)| enough.is_some_and(|enough| of.least.error <= enough));
        let Some((of, errors)) = taken.map(|place| &tried[place]) else { return self.none_predicts(most) };
        let enough = within(&of.least);
        let rank = errors.iter().find(|of_rank| of_rank.error <= enough).map_or(of.least.rank, |of_rank| of_rank.rank);
        Ok(Chosen {
            delays: of.delays,
            rank,
            of_ranks: errors.clone(),
            of_delays: if self.delays.is_some() { Vec::new() } else { tried.into_iter().map(|(of, _)| of).collect() },
        })
    }

    /// Without an error to choose by.
    fn none_predicts(&self, most: usize) -> Result<Chosen, AnalysisError> {
        match self.rank {
            // It is refused beside the dimensions that the states have.
            Some(rank) => Ok(Chosen { delays: most, rank, of_delays: Vec::new(), of_ranks: Vec::new() }),
            None => Err(AnalysisError::Trials(
                "too few states for a held-out prediction; name the delays and the rank (--delays, --rank), or take \
                 longer trials"
                    .into(),
            )),
        }
    }

    /// Of each rank, over folds and all that is compared.
    fn errors(&self, all: &[Representation], delays: usize, before: usize) -> Result<Vec<RankError>, AnalysisError> {
        let of_one = |of: &Representation| of_one(&of.name, self.held_out(of, delays, before));
        let folds: Vec<Vec<f64>> = each(all.len(), |place| of_one(&all[place]))?.concat();
        let n = folds.len() as f64;
        let error = |place: usize| {
            let mean = folds.iter().map(|errors| errors[place]).sum::<f64>() / n;
            let variance = folds.iter().map(|errors| (errors[place] - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
            RankError { rank: self.rank.unwrap_or(1) + place, error: mean, standard_error: (variance / n).sqrt() }
        };
        Ok((0..folds.iter().map(Vec::len).min().unwrap_or(0)).map(error).collect())
    }

    /// The error of each rank in each fold of conditions.
    fn held_out(&self, of: &Representation, delays: usize, before: usize) -> Result<Vec<Vec<f64>>, AnalysisError> {
        let (states, conditions) = self.delayed(&of.means, delays, before)?;
        let pieces = pieces(&conditions);
        let (folds, units) = (FOLDS.min(pieces.len()), of.means.dim().2);
        let of_fold = |fold: usize| self.error_of_fold(states.view(), units, &Fold::of(&pieces, fold, folds));
        each(folds, of_fold)
    }

    fn error_of_fold(&self, states: ArrayView2<'_, f64>, units: usize, fold: &Fold) -> Result<Vec<f64>, AnalysisError> {
        let found = Svd::of("states", states.select(Axis(0), &fold.train).view())?;
        let now = states.select(Axis(0), &fold.test);
        let next = states.select(Axis(0), &fold.test.iter().map(|row| row + 1).collect::<Vec<_>>());
        let next = next.slice(s![.., ..units]);
        let still = squares(&(&next - &now.slice(s![.., ..units])));
        if still <= 0.0 {
            return Err(AnalysisError::Trials(
                "nothing changes from one time to the next, so that there are no dynamics; take another epoch".into(),
            ));
        }
        let along = now.dot(&found.v);
        let error = |rank: usize| {
            let map = self.fit(&found, rank, &fold.pieces)?;
            let scale = Array1::from(found.s[..rank].to_vec());
            let predicted = (&along.slice(s![.., ..rank]) / &scale).dot(&map.t()) * &scale;
            Ok(squares(&(&next - &predicted.dot(&found.v.slice(s![..units, ..rank]).t()))) / still)
        };
        let most = found.rank();
        match self.rank {
            Some(rank) => (rank..=rank.min(most)).map(error).collect(),
            None => (1..=most.min(MOST_RANK)).map(error).collect(),
        }
    }
}

/// States that a map is fitted to, and those from which it predicts.
struct Fold {
    train: Vec<usize>,
    /// How many of them follow one another.
    pieces: Vec<usize>,
    /// Those that another one follows.
    test: Vec<usize>,
}

impl Fold {
    fn of(pieces: &[usize], fold: usize, folds: usize) -> Self {
        let (mut of, mut first) = (Self { train: Vec::new(), pieces: Vec::new(), test: Vec::new() }, 0);
        for (piece, length) in pieces.iter().enumerate() {
            if piece % folds == fold {
                of.test.extend(first..first + length - 1);
            } else {
                of.train.extend(first..first + length);
                of.pieces.push(*length);
            }
            first += length;
        }
        of
    }
}

/// Conditions; or, of the only one, pieces of two states at least.
fn pieces(conditions: &[usize]) -> Vec<usize> {
    let [length] = conditions else { return conditions.to_vec() };
    let n = FOLDS.min(length / 2).max(1);
    (0..n).map(|piece| (piece + 1) * length / n - piece * length / n).collect()
}

fn least(errors: &[RankError]) -> Option<&RankError> {
    errors.iter().min_by(|a, b| a.error.total_cmp(&b.error))
}

/// What is as good as an error.
fn within(least: &RankError) -> f64 {
    least.error + least.standard_error.max(SAME)
}
