//! Delayed estimation of one orientation: give back the orientation that was seen before the delay.
//!
//! ```text
//! epochs    stimulus 250 ms | delay 1000 ms | response 250 ms        25, 100 and 25 steps
//! signals   stimulus: channel k fires Poisson( peak exp(kappa (cos 2 (s - phi_k) - 1)) / 25 ) times in each step
//!           delay and response: every channel fires Poisson( spontaneous / 100 ) and Poisson( spontaneous / 25 ) times in each step
//! targets   s, uniform in [0, pi), at all times
//! graded    response
//! correct   at the 5th step from the end the answer is within `tolerance` of s; 0 and pi are the same orientation
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | k | `n_channels` | | 50; phi_k from 0 to pi |
//! | kappa | `kappa` | | 2 |
//! | peak, spontaneous | `peak_spikes`, `spontaneous_spikes` | spikes per channel and period | 1, 0.1 |
//! | delay | `delay` | ms | 1000, or one of 100, 400, 700 and 1000 |
//! | tolerance | `tolerance` | rad | none; pi / 10 here |
//! | | `target` | | `angle`; `double_angle`: two outputs for each orientation, cos 2s and sin 2s, read as atan2(sin, cos) / 2 |
//!
//! The tests present eight orientations, evenly spaced.
//!
//! Reference: Orhan AE, Ma WJ (2019), <https://doi.org/10.1038/s41593-018-0314-y>; released code recurrent-memory.
//!
//! Differences from the source: it minimises the mean of |z - s| mod pi. Here the squared error stands for it, which is
//! wrong near the seam: 0 and pi are the same orientation, and where both are likely the answer with the least squared
//! error lies between them. An observer who knows the spikes is right in 89.8 % of the trials if it minimises the
//! squared error of the angle, in 96.1 % with the source's loss, and in 99.1 % with a circular loss. `target` =
//! "double_angle" makes the squared error circular. The source measures its loss, relative to that of an observer who
//! decodes the spikes, and has no rule for a correct trial nor for ending the training. Where the delay varies, the
//! code also lets the channels fire Poisson( spontaneous / 100 ) times in each step of the response.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, orhan2019::DelayedEstimation1};
//! let condition = Condition::new().with("orientation_1", 0.5);
//! let trial = DelayedEstimation1::default().trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.dim(), (150, 50));
//! assert_eq!((trial.targets.row(125).to_vec(), trial.loss_mask.row(124)[0], trial.loss_mask.row(125)[0]), (vec![0.5], 0.0, 1.0));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::estimation::evenly;
use super::{Estimation, FAMILY};
use crate::{
    About, Channel, Condition, Described, Score, Split, Task, TaskError, Trial, TrialRng, TrialView, parameters_of,
};

/// The variable of the orientation.
const NAMES: [&str; 1] = ["orientation_1"];

/// Delayed estimation of one orientation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DelayedEstimation1 {
    /// What the estimation tasks have in common.
    #[serde(flatten)]
    pub estimation: Estimation,
}

impl Described for DelayedEstimation1 {
    const ABOUT: About<'static> = About {
        id: "orhan2019/delayed_estimation_1",
        version: 3,
        summary: "Delayed estimation of one orientation: give back the orientation that was seen before the delay",
        header: include_str!("delayed_estimation_1.rs"),
        shared: &[
            include_str!("estimation.rs"),
            include_str!("target.rs"),
            include_str!("spikes.rs"),
            include_str!("timing.rs"),
        ],
        ..FAMILY
    };
}

impl Task for DelayedEstimation1 {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.estimation.validate()
    }

    fn dt(&self) -> f64 {
        self.estimation.timing.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::numbered("channel", self.estimation.timing.n_channels)
    }

    fn outputs(&self) -> Vec<Channel> {
        self.estimation.outputs(&NAMES)
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![Condition::new()]
    }

    fn grid(&self) -> Vec<Condition> {
        evenly(8).map(|s| Condition::new().with(NAMES[0], s)).collect()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        self.estimation.recall(&NAMES, condition, rng)
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        self.estimation.score(trial, outputs)
    }

    fn chance(&self) -> f64 {
        self.estimation.chance()
    }
}
