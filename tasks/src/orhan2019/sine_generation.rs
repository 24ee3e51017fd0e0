//! Sine generation: after a delay of noise, produce a piece of a sine wave.
//!
//! ```text
//! signals   delay: noise of sd sigma_in sqrt(10 ms / dt) on every channel;  nothing in stimulus and response
//! targets   response: sin(alpha pi j / (n - 1)) at its step j = 0 .. n - 1;  0 before
//! correct   the root mean square error over the response is at most `tolerance`
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | alpha | `alpha` | | 0.25: from the zero of the wave to an eighth of its period |
//! | sigma_in | `sigma_in` | input units | 0.1 in each step of 10 ms |
//! | tolerance | `tolerance` | output units | none; 0.1 here |
//!
//! The noise is all that the network sees: its end is the sign to begin.
//!
//! Differences from the source: it minimises the mean of |z - target|, for which the squared error stands here, and has
//! no rule for a correct trial. At another `dt` the noise keeps its strength over time.
//!
//! ```
//! use nn4n_tasks::{Split, Task, TrialRng, orhan2019::SineGeneration};
//! let trial = SineGeneration::default().trial(Split::Train, None, &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.dim(), (150, 50));
//! assert_eq!((trial.targets[[125, 0]], trial.targets[[149, 0]]), (0.0, 0.5_f32.sqrt()));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::PI;

use ndarray::{Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::{FAMILY, Timing};
use crate::error::rules;
use crate::white_noise::WhiteNoise;
use crate::{About, Channel, Condition, Described, Score, Split, Task, TaskError, Trial, TrialRng, TrialView};
use crate::{parameters_of, rms_error};

/// Sine generation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SineGeneration {
    /// When things happen.
    #[serde(flatten)]
    pub timing: Timing,
    /// The number of half periods in the response.
    pub alpha: f64,
    /// The standard deviation of the noise in a step of 10 ms.
    pub sigma_in: f64,
    /// The largest root mean square error of a correct answer, output units.
    pub tolerance: f64,
}

impl Default for SineGeneration {
    fn default() -> Self {
        Self { timing: Timing::default(), alpha: 0.25, sigma_in: 0.1, tolerance: 0.1 }
    }
}

impl SineGeneration {
    fn noise(&self) -> WhiteNoise {
        // sqrt(2 tau_in / dt) is 1 at 10 ms.
        WhiteNoise { dt: self.timing.dt, sigma_in: self.sigma_in, tau_in: 5.0 }
    }
}

impl Described for SineGeneration {
    const ABOUT: About<'static> = About {
        id: "orhan2019/sine_generation",
        summary: "Sine generation: after a delay of noise, produce a piece of a sine wave",
        header: include_str!("sine_generation.rs"),
        ..FAMILY
    };
}

impl Task for SineGeneration {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.timing.validate()?;
        self.noise().validate()?;
        rules::finite("alpha", self.alpha)?;
        rules::positive("tolerance", self.tolerance)
    }

    fn dt(&self) -> f64 {
        self.timing.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::numbered("channel", self.timing.n_channels)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["wave"])
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![Condition::new()]
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        condition.map_or(Ok(()), |condition| condition.allow(&[]))?;
        let periods = self.timing.draw(rng)?;
        let mut noise = Array2::zeros((periods.delay.len(), self.timing.n_channels));
        self.noise().add(&mut noise, rng);
        let mut inputs = Array2::zeros((periods.n_steps(), self.timing.n_channels));
        inputs.slice_mut(s![periods.delay.clone(), ..]).assign(&noise);
        let mut targets = Array2::zeros((periods.n_steps(), 1));
        // A response of one step has the beginning of the wave only.
        let last = periods.response.len().saturating_sub(1).max(1) as f64;
        for (j, step) in periods.response.clone().enumerate() {
            targets[[step, 0]] = (self.alpha * PI * j as f64 / last).sin() as f32;
        }
        let mut loss_mask = Array2::zeros((periods.n_steps(), 1));
        loss_mask.slice_mut(s![periods.response.clone(), 0]).fill(1.0);
        Ok(Trial {
            inputs,
            targets,
            loss_mask,
            condition: Condition::new(),
            epochs: periods.timeline.into_epochs(),
            correct: None,
        })
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let error = rms_error(trial, outputs);
        Score { correct: Some(error.is_some_and(|error| error <= self.tolerance)), error, ..Score::default() }
    }
}
