//! How a signal becomes an input: a baseline and white noise are added, and the sum is rectified.
//!
//! ```text
//! u = [ baseline + signal + sqrt(2 tau_in / dt) sigma_in xi ]+        xi ~ N(0, 1), for every step and channel
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | dt | `dt` | ms | 20, but for `song2016/lee_sequence` |
//! | baseline | `baseline` | input units | 0.2 |
//! | sigma_in | `sigma_in` | input units | 0.01 |
//! | tau_in | `tau_in` | ms | 100 |
//!
//! The standard deviation per step is 0.0316 at the published setting. It grows as dt shrinks, so that the noise
//! integrated by a network is the same at any dt.
//!
//! ```
//! use nn4n_tasks::song2016::InputNoise;
//! assert!((InputNoise::default().std() - 0.001_f64.sqrt()).abs() < 1e-12);
//! ```

use ndarray::Array2;

use crate::error::rules;
use crate::{TaskError, TrialRng};

/// Baseline, noise and rectification of the inputs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputNoise {
    /// The time step, ms.
    pub dt: f64,
    /// Added to every channel at every step.
    pub baseline: f64,
    /// The strength of the noise; 0 for none.
    pub sigma_in: f64,
    /// The time constant that the strength refers to, ms.
    pub tau_in: f64,
}

impl Default for InputNoise {
    fn default() -> Self {
        Self { dt: 20.0, baseline: 0.2, sigma_in: 0.01, tau_in: 100.0 }
    }
}

impl InputNoise {
    /// Checks the fields.
    pub fn validate(&self) -> Result<(), TaskError> {
        rules::positive("dt", self.dt)?;
        rules::finite("baseline", self.baseline)?;
        rules::not_negative("sigma_in", self.sigma_in)?;
        rules::positive("tau_in", self.tau_in)
    }

    /// The standard deviation of the noise of one step, before rectification.
    pub fn std(&self) -> f64 {
        (2.0 * self.tau_in / self.dt).sqrt() * self.sigma_in
    }

    /// Turns signals (n_steps, inputs) into inputs. Draws one number per entry, or none if there is no noise.
    pub fn apply(&self, signal: &mut Array2<f32>, rng: &mut TrialRng) {
        let (baseline, std) = (self.baseline as f32, self.std() as f32);
        if self.sigma_in == 0.0 {
            signal.mapv_inplace(|s| (baseline + s).max(0.0));
        } else {
            signal.mapv_inplace(|s| (baseline + s + std * rng.noise() as f32).max(0.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Far above zero, so that rectification changes nothing.
    fn noise(dt: f64) -> InputNoise {
        InputNoise { dt, baseline: 5.0, sigma_in: 0.01, tau_in: 100.0 }
    }

    #[test]
    fn the_noise_has_the_stated_variance_at_every_dt() {
        for dt in [20.0, 0.5] {
            let mut inputs = Array2::zeros((50_000, 2));
            noise(dt).apply(&mut inputs, &mut TrialRng::new(1, "test", 0, 0));
            let n = inputs.len() as f64;
            let mean = inputs.iter().map(|&u| f64::from(u)).sum::<f64>() / n;
            let variance = inputs.iter().map(|&u| (f64::from(u) - mean).powi(2)).sum::<f64>() / n;
            let stated = 2.0 * 100.0 / dt * 0.01 * 0.01;
            assert!((mean - 5.0).abs() < 0.003, "mean {mean}");
            assert!((variance / stated - 1.0).abs() < 0.02, "dt {dt}: {variance} for {stated}");
        }
    }

    #[test]
    fn inputs_are_never_negative() {
        let mut inputs = Array2::from_elem((1000, 2), -0.2);
        InputNoise { baseline: 0.2, ..noise(20.0) }.apply(&mut inputs, &mut TrialRng::new(1, "test", 0, 0));
        let zeros = inputs.iter().filter(|&&u| u == 0.0).count();
        assert!(inputs.iter().all(|&u| u >= 0.0));
        assert!((850..1150).contains(&zeros), "half of a symmetric noise is cut: {zeros} of 2000");
    }

    #[test]
    fn no_noise_means_baseline_plus_signal() {
        let mut inputs = Array2::from_elem((3, 1), 0.5);
        InputNoise { sigma_in: 0.0, baseline: 0.2, ..noise(20.0) }
            .apply(&mut inputs, &mut TrialRng::new(1, "test", 0, 0));
        assert!(inputs.iter().all(|&u| u == 0.7));
    }
}
