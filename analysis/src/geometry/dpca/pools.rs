//! Trials of each condition, as cross-validation and shuffles draw them.

use ndarray::{Array3, Axis, s};
use rand::{Rng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::{
    super::window::{Means, Window},
    layout::Layout,
};
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

    /// The means of all trials but one of each condition and unit.
    pub fn others(&self, rates: &Array3<f64>, layout: &Layout) -> Others {
        let (_, bins, units) = rates.dim();
        let conditions = self.0[0].len();
        let (mut sums, mut fewer) = (Array3::zeros((conditions, bins, units)), Array3::zeros((conditions, 1, units)));
        for (place, pool) in self.0.iter().enumerate() {
            let own = self.units(place, units);
            for (condition, trials) in pool.iter().enumerate() {
                for trial in trials {
                    let mut to = sums.slice_mut(s![condition, .., own.clone()]);
                    to += &rates.slice(s![*trial, .., own.clone()]);
                }
                fewer.slice_mut(s![condition, 0, own.clone()]).fill(trials.len() as f64 - 1.0);
            }
        }
        sums /= &fewer;
        Others { contrasts: layout.contrasted(&sums), fewer }
    }

    /// One trial of each condition (conditions, bins, units).
    pub fn drawn(&self, rates: &Array3<f64>, rng: &mut ChaCha8Rng) -> Array3<f64> {
        let (_, bins, units) = rates.dim();
        let mut drawn = Array3::zeros((self.0[0].len(), bins, units));
        for (place, pool) in self.0.iter().enumerate() {
            let own = self.units(place, units);
            for (condition, trials) in pool.iter().enumerate() {
                let trial = trials[rng.random_range(0..trials.len())];
                drawn.slice_mut(s![condition, .., own.clone()]).assign(&rates.slice(s![trial, .., own.clone()]));
            }
        }
        drawn
    }

    /// The units of a pool.
    fn units(&self, pool: usize, units: usize) -> std::ops::Range<usize> {
        if self.0.len() == 1 { 0..units } else { pool..pool + 1 }
    }
}

/// Means of trials but for one of each condition, in contrasts of the conditions.
pub(super) struct Others {
    /// Of the sum of all trials over the number of those that are left (contrasts, bins, units).
    contrasts: Array3<f64>,
    /// That number (conditions, 1, units).
    fewer: Array3<f64>,
}

impl Others {
    /// Those without these trials (conditions, bins, units).
    pub fn without(&self, drawn: &Array3<f64>, layout: &Layout) -> Array3<f64> {
        &self.contrasts - &layout.contrasted(&(drawn / &self.fewer))
    }
}
