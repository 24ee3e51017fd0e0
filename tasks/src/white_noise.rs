//! White noise on the inputs, as strong for the network at every step size.
//!
//! ```text
//! u = signal + sqrt(2 tau_in / dt) sigma_in xi        xi ~ N(0, 1), for every step and channel; not rectified
//! ```

use ndarray::Array2;

use crate::error::rules;
use crate::{TaskError, TrialRng};

/// How strong it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct WhiteNoise {
    /// The time step, ms.
    pub dt: f64,
    /// The strength; 0 for none.
    pub sigma_in: f64,
    /// The time constant that the strength refers to, ms.
    pub tau_in: f64,
}

impl WhiteNoise {
    /// Checks the fields.
    pub fn validate(&self) -> Result<(), TaskError> {
        rules::positive("dt", self.dt)?;
        rules::not_negative("sigma_in", self.sigma_in)?;
        rules::positive("tau_in", self.tau_in)
    }

    /// The standard deviation of the noise of one step.
    pub fn std(&self) -> f64 {
        (2.0 * self.tau_in / self.dt).sqrt() * self.sigma_in
    }

    /// Adds it to signals (n_steps, inputs).
    pub fn add(&self, signals: &mut Array2<f32>, rng: &mut TrialRng) {
        // New arrays lie in memory in the order of their rows.
        if let Some(values) = signals.as_slice_mut() {
            rng.add_gaussian(values, self.std());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_has_the_stated_variance_at_every_dt() {
        for (dt, variance) in [(1.0, 0.05), (10.0, 0.005)] {
            let noise = WhiteNoise { dt, sigma_in: 0.05, tau_in: 10.0 };
            let mut inputs = Array2::zeros((50_000, 2));
            noise.add(&mut inputs, &mut TrialRng::new(1, "test", 0, 0));
            let found = inputs.iter().map(|&u: &f32| f64::from(u).powi(2)).sum::<f64>() / inputs.len() as f64;
            assert!((found / variance - 1.0).abs() < 0.03, "dt {dt}: {found} for {variance}");
        }
    }
}
