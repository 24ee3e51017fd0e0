//! Trials of each condition, as cross-validation and shuffles draw them.

use ndarray::{Array2, Array3, Axis, s};
use rand::{Rng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::super::window::{Means, Window};
use crate::AnalysisError;

/// Trials of each condition: of all units, or of each unit its own.
pub(super) struct Pools(pub Vec<Vec<Vec<usize>>>);

impl Pools {
    pub fn of(window: &Window, means: &Means) -> Self {
        if window.is_simultaneous() {
            return Self(vec![means.trials.clone()]);
        }
        let of_unit = |unit: usize| {
            let recorded = |trials: &Vec<usize>| {
                trials.iter().copied().filter(|trial| !window.rates[[*trial, 0, unit]].is_nan()).collect()
            };
            means.trials.iter().map(recorded).collect()
        };
        Self((0..window.rates.dim().2).map(of_unit).collect())
    }

    /// Refuses trials that are the same, as those without noise are.
    pub fn check_copies(&self, window: &Window) -> Result<(), AnalysisError> {
        for trials in self.0[0].iter().filter(|trials| trials.len() > 1) {
            let [a, b] = [trials[0], trials[1]].map(|trial| window.rates.index_axis(Axis(0), trial));
            if a.iter().zip(b).all(|(a, b)| a == b || (a.is_nan() && b.is_nan())) {
                return Err(AnalysisError::Trials(format!(
                    "trials {} and {} are copies, so that nothing can be cross-validated; turn the noise on, or give a \
                     ridge and no shuffles",
                    trials[0], trials[1]
                )));
            }
        }
        Ok(())
    }

    /// The same with trials drawn anew for the conditions, as many for each.
    pub fn shuffled(&self, rng: &mut ChaCha8Rng) -> Self {
        let of = |conditions: &Vec<Vec<usize>>| {
            let mut all: Vec<usize> = conditions.iter().flatten().copied().collect();
            all.shuffle(rng);
            let mut all = all.into_iter();
            conditions.iter().map(|trials| all.by_ref().take(trials.len()).collect()).collect()
        };
        Self(self.0.iter().map(of).collect())
    }

    /// Sums over trials (conditions, bins, units), and their number (conditions, units).
    pub fn sums(&self, rates: &Array3<f64>) -> (Array3<f64>, Array2<f64>) {
        let (_, bins, units) = rates.dim();
        let conditions = self.0[0].len();
        let (mut sums, mut counts) = (Array3::zeros((conditions, bins, units)), Array2::zeros((conditions, units)));
        for (place, pool) in self.0.iter().enumerate() {
            let own = self.units(place, units);
            for (condition, trials) in pool.iter().enumerate() {
                for trial in trials {
                    let mut to = sums.slice_mut(s![condition, .., own.clone()]);
                    to += &rates.slice(s![*trial, .., own.clone()]);
                }
                counts.slice_mut(s![condition, own.clone()]).fill(trials.len() as f64);
            }
        }
        (sums, counts)
    }

    /// One trial of each condition, and the means of the others.
    pub fn split(
        &self,
        rates: &Array3<f64>,
        (sums, counts): &(Array3<f64>, Array2<f64>),
        rng: &mut ChaCha8Rng,
    ) -> (Array3<f64>, Array3<f64>) {
        let units = rates.dim().2;
        let mut left_out = Array3::zeros(sums.dim());
        for (place, pool) in self.0.iter().enumerate() {
            let own = self.units(place, units);
            for (condition, trials) in pool.iter().enumerate() {
                let trial = trials[rng.random_range(0..trials.len())];
                left_out.slice_mut(s![condition, .., own.clone()]).assign(&rates.slice(s![trial, .., own.clone()]));
            }
        }
        let mut means = sums - &left_out;
        for (mut of, counts) in means.outer_iter_mut().zip(counts.outer_iter()) {
            of /= &(&counts - 1.0);
        }
        (means, left_out)
    }

    /// The units of a pool.
    fn units(&self, pool: usize, units: usize) -> std::ops::Range<usize> {
        if self.0.len() == 1 { 0..units } else { pool..pool + 1 }
    }
}

/// Means and trials (conditions, bins, units) less the mean of the means.
pub(super) fn centred_together(means: Array3<f64>, trials: Array3<f64>) -> (Array3<f64>, Array3<f64>) {
    let (conditions, bins, _) = means.dim();
    let mean = means.sum_axis(Axis(0)).sum_axis(Axis(0)) / (conditions * bins).max(1) as f64;
    (means - &mean, trials - &mean)
}
