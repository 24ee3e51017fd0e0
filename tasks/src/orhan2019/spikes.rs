//! Inputs that are counts of spikes: independent Poisson numbers in every step and channel.
//!
//! ```text
//! stimulus of n steps       channel k of a location fires Poisson( peak_spikes f_k(s) / n ) times in each step
//! period without stimulus   every channel fires Poisson( spontaneous_spikes / n ) times in each step
//!
//! k = 0 .. n_channels - 1
//! orientation  f_k(s) = exp( kappa (cos 2 (s - phi_k) - 1) )       phi_k = pi k / (n_channels - 1)
//! line         f_k(s) = exp( -(s - phi_k)^2 / (2 width^2) )        phi_k = -range + 2 range k / (n_channels - 1)
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `peak_spikes` | spikes per channel and stimulus | 1 |
//! | | `spontaneous_spikes` | spikes per channel and period | 0.1 |
//!
//! Both ends of the orientations, 0 and pi, are the same orientation, so it has two channels, as in the source. Where
//! the delay is drawn, n is that of the longest delay.
//!
//! One Poisson number of spikes is drawn for a whole period and all channels that it concerns, each in a step drawn at
//! random and in a channel drawn in proportion to how much it fires, which is the same distribution.

use std::f64::consts::PI;
use std::ops::Range;

use ndarray::Array2;
use rand::Rng;
use rand_distr::{Distribution, Poisson};
use serde::{Deserialize, Serialize};

use super::timing::Periods;
use crate::error::rules;
use crate::{TaskError, TrialRng};

/// The most spikes that a channel may be expected to fire in a period: far above any task, and few enough to be drawn
/// one by one.
const MAX_SPIKES: f64 = 10_000.0;

/// How much the channels fire.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spikes {
    /// The expected number of spikes in a stimulus of a channel at its preferred stimulus.
    pub peak_spikes: f64,
    /// The expected number of spikes of every channel in a period without stimulus.
    pub spontaneous_spikes: f64,
}

impl Default for Spikes {
    fn default() -> Self {
        Self { peak_spikes: 1.0, spontaneous_spikes: 0.1 }
    }
}

/// What the channels of a location respond to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tuning {
    /// An orientation in [0, pi).
    Orientation {
        /// The sharpness.
        kappa: f64,
    },
    /// A place on a line.
    Line {
        /// The preferred places go from `-range` to `range`.
        range: f64,
        /// The standard deviation.
        width: f64,
    },
}

impl Tuning {
    /// The response of channel `k` of `n` (at least 2) to a stimulus, at most 1.
    pub fn response(&self, k: usize, n: usize, stimulus: f64) -> f64 {
        let place = k as f64 / (n - 1) as f64;
        match *self {
            Self::Orientation { kappa } => (kappa * ((2.0 * (stimulus - PI * place)).cos() - 1.0)).exp(),
            Self::Line { range, width } => (-0.5 * ((stimulus - range * (2.0 * place - 1.0)) / width).powi(2)).exp(),
        }
    }
}

impl Spikes {
    /// Checks the fields.
    pub(crate) fn validate(&self) -> Result<(), TaskError> {
        for (field, spikes) in [("peak_spikes", self.peak_spikes), ("spontaneous_spikes", self.spontaneous_spikes)] {
            rules::not_negative(field, spikes)?;
            if spikes > MAX_SPIKES {
                return Err(TaskError::parameter(
                    field,
                    spikes,
                    "must be at most 10000",
                    "the published numbers are 1 and 0.1",
                ));
            }
        }
        Ok(())
    }

    /// Shows a stimulus to the channels of one location.
    pub(crate) fn show(
        &self,
        inputs: &mut Array2<f32>,
        steps: &Range<usize>,
        channels: Range<usize>,
        (tuning, stimulus): (Tuning, f64),
        rng: &mut TrialRng,
    ) {
        let n = channels.len();
        if steps.is_empty() {
            return;
        }
        // What the channels up to each one fire together.
        let mut sum = 0.0;
        let up_to: Vec<f64> = (0..n)
            .map(|k| {
                sum += tuning.response(k, n, stimulus);
                sum
            })
            .collect();
        for _ in 0..spikes(self.peak_spikes * sum, rng) {
            let part = rng.uniform() * sum;
            let k = up_to.partition_point(|&up_to| up_to <= part).min(n - 1);
            let step = rng.random_range(steps.clone());
            if !rng.is_quiet() {
                inputs[[step, channels.start + k]] += 1.0;
            }
        }
        if rng.is_quiet() {
            let mean = |k: usize| self.peak_spikes * tuning.response(k, n, stimulus);
            (0..n).for_each(|k| add_mean(inputs, steps, channels.start + k, mean(k)));
        }
    }

    /// Lets channels fire without a stimulus, `times` as much as usual.
    pub(crate) fn rest(
        &self,
        inputs: &mut Array2<f32>,
        steps: &Range<usize>,
        channels: Range<usize>,
        times: f64,
        rng: &mut TrialRng,
    ) {
        fire(inputs, steps, channels, times * self.spontaneous_spikes, rng);
    }

    /// Lets all channels fire in the delay.
    pub(crate) fn delay(&self, inputs: &mut Array2<f32>, periods: &Periods, rng: &mut TrialRng) {
        let share = periods.delay.len() as f64 / periods.longest_delay.max(1) as f64;
        self.rest(inputs, &periods.delay, 0..inputs.ncols(), share, rng);
    }
}

/// Spikes of channels that are expected to fire so many each, spread over the steps.
fn fire(
    inputs: &mut Array2<f32>,
    steps: &Range<usize>,
    channels: Range<usize>,
    expected_each: f64,
    rng: &mut TrialRng,
) {
    let places = steps.len() * channels.len();
    if places == 0 {
        return;
    }
    for _ in 0..spikes(expected_each * channels.len() as f64, rng) {
        let place = rng.random_range(0..places);
        if !rng.is_quiet() {
            inputs[[steps.start + place / channels.len(), channels.start + place % channels.len()]] += 1.0;
        }
    }
    if rng.is_quiet() {
        channels.for_each(|channel| add_mean(inputs, steps, channel, expected_each));
    }
}

/// What a trial without noise has in place of spikes: the number that is expected of a channel, spread over the steps.
fn add_mean(inputs: &mut Array2<f32>, steps: &Range<usize>, channel: usize, expected: f64) {
    let each = (expected / steps.len() as f64) as f32;
    steps.clone().for_each(|step| inputs[[step, channel]] += each);
}

/// A Poisson number.
fn spikes(expected: f64, rng: &mut TrialRng) -> u64 {
    // There is no distribution of mean 0: no spikes.
    Poisson::new(expected).map_or(0, |poisson| poisson.sample(rng) as u64)
}

#[cfg(test)]
mod tests {
    use ndarray::s;

    use super::*;

    #[test]
    fn tuning_peaks_at_the_preferred_stimulus_and_both_ends_of_the_orientations_are_one() {
        let orientation = Tuning::Orientation { kappa: 2.0 };
        assert_eq!(orientation.response(3, 7, PI / 2.0), 1.0);
        assert!((orientation.response(0, 7, PI / 2.0) - (-4.0_f64).exp()).abs() < 1e-12);
        assert!((orientation.response(0, 7, 0.3) - orientation.response(6, 7, 0.3)).abs() < 1e-12);
        let line = Tuning::Line { range: 40.0, width: 10.0 };
        assert_eq!((line.response(0, 5, -40.0), line.response(3, 5, 20.0)), (1.0, 1.0));
        assert!((line.response(2, 5, 10.0) - (-0.5_f64).exp()).abs() < 1e-12);
    }

    #[test]
    fn spikes_are_independent_poisson_numbers_in_every_step() {
        let (steps, mut inputs) = (1..4, Array2::zeros((5, 20_000)));
        Spikes { peak_spikes: 0.0, spontaneous_spikes: 0.6 }.rest(
            &mut inputs,
            &steps,
            0..20_000,
            1.0,
            &mut TrialRng::new(0, "test", 0, 0),
        );
        assert!(inputs.row(0).iter().chain(inputs.row(4)).all(|&u| u == 0.0));
        let mean = |values: &mut dyn Iterator<Item = f64>| {
            let (sum, n) = values.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
            sum / n
        };
        for step in steps {
            let counts = || inputs.row(step).into_iter().map(|&u| f64::from(u));
            // Poisson of mean 0.2: as large a variance, and none in exp(-0.2) of the steps.
            assert!((mean(&mut counts()) - 0.2).abs() < 0.012);
            assert!((mean(&mut counts().map(|u| (u - 0.2).powi(2))) - 0.2).abs() < 0.02);
            assert!((mean(&mut counts().map(|u| f64::from(u == 0.0))) - (-0.2_f64).exp()).abs() < 0.012);
        }
        let together = inputs.row(1).into_iter().zip(inputs.row(2)).map(|(&a, &b)| f64::from((a - 0.2) * (b - 0.2)));
        assert!(mean(&mut together.into_iter()).abs() < 0.007, "steps are independent");
    }

    #[test]
    fn channels_of_a_stimulus_fire_independent_poisson_numbers_as_their_tuning_says() {
        let (tuning, stimulus, n, trials) = (Tuning::Orientation { kappa: 2.0 }, 1.1, 5, 40_000);
        let spikes = Spikes { peak_spikes: 3.0, spontaneous_spikes: 0.0 };
        let [mut sum, mut squares] = [0; 2].map(|_| Array2::<f64>::zeros((3, n)));
        let mut together = 0.0;
        for trial in 0..trials {
            let mut inputs = Array2::zeros((5, n + 2));
            spikes.show(&mut inputs, &(1..4), 1..1 + n, (tuning, stimulus), &mut TrialRng::new(0, "test", 0, trial));
            let shown = inputs.slice(s![1..4, 1..=n]).mapv(f64::from);
            assert_eq!(shown.sum(), f64::from(inputs.sum()), "nothing outside");
            together += shown[[0, 1]] * shown[[0, 2]];
            squares += &shown.mapv(|u| u * u);
            sum += &shown;
        }
        let (mean, squares, together) = (sum / trials as f64, squares / trials as f64, together / trials as f64);
        for ((_, k), &mean) in mean.indexed_iter() {
            let expected = tuning.response(k, n, stimulus);
            assert!((mean - expected).abs() < 0.025, "channel {k}: {mean} instead of {expected}");
        }
        for (at, &mean) in mean.indexed_iter() {
            assert!((squares[at] - mean * mean - mean).abs() < 0.05, "the variance of a Poisson number is its mean");
        }
        assert!((together - mean[[0, 1]] * mean[[0, 2]]).abs() < 0.025, "channels are independent");
    }
}
