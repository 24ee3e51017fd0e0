//! Gated delayed estimation: of two orientations that were seen before the delay, give back the one that a cue asks
//! for.
//!
//! ```text
//! epochs    stimulus 250 ms | delay 1000 ms | response 250 ms        25, 100 and 25 steps
//! signals   stimulus: channel k of location i fires Poisson( peak exp(kappa (cos 2 (s_i - phi_k) - 1)) / 25 ) times in each step
//!           delay: every channel fires Poisson( spontaneous / 100 ) times in each step
//!           response: every channel fires Poisson( spontaneous / 25 ) times in each step, those of the cued location 5 times as often
//! targets   s_1 or s_2, independent and uniform in [0, pi), whichever is cued, at all times
//! graded    response
//! correct   at the 5th step from the end the answer is within `tolerance` of the target; 0 and pi are the same orientation
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | k | `n_channels` | | 50 of each location; phi_k from 0 to pi |
//! | kappa | `kappa` | | 2 |
//! | peak, spontaneous | `peak_spikes`, `spontaneous_spikes` | spikes per channel and period | 1, 0.1 |
//! | 5 | `cue` | | 5 |
//! | delay | `delay` | ms | 1000, or one of 100, 400, 700 and 1000 |
//! | tolerance | `tolerance` | rad | none; pi / 10 here |
//! | | `target` | | `angle`; `double_angle`: two outputs for each orientation, cos 2s and sin 2s, read as atan2(sin, cos) / 2 |
//!
//! The cue is the `first` or the `second` location, equally likely. The tests present both with all pairs of four
//! orientations, evenly spaced.
//!
//! Reference: Orhan AE, Ma WJ (2019), <https://doi.org/10.1038/s41593-018-0314-y>; released code recurrent-memory.
//!
//! Differences from the source: it minimises the mean of |z - s| mod pi. Here the squared error stands for it, which is
//! wrong near the seam: 0 and pi are the same orientation, and where both are likely the answer with the least squared
//! error lies between them. An observer who knows the spikes of one orientation is right about it in 89.8 % of the
//! trials if it minimises the squared error of the angle, in 96.1 % with the source's loss, and in 99.1 % with a
//! circular loss. `target` = "double_angle" makes the squared error circular. The source measures its loss, relative to
//! that of an observer who decodes the spikes, and has no rule for a correct trial nor for ending the training.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, orhan2019::GatedDelayedEstimation};
//! let condition = Condition::new().with("cue", "second").with("orientation_1", 0.5).with("orientation_2", 2.0);
//! let trial = GatedDelayedEstimation::default().trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.dim(), (150, 100));
//! assert_eq!(trial.targets.row(125).to_vec(), [2.0]);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::estimation::{evenly, orientation};
use super::{Estimation, FAMILY, two_choice};
use crate::error::rules;
use crate::{
    About, Channel, Condition, Described, Score, Split, Task, TaskError, Trial, TrialRng, TrialView, parameters_of,
};

/// The words for the location that is cued.
const CUES: [&str; 2] = ["first", "second"];

/// Gated delayed estimation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GatedDelayedEstimation {
    /// What the estimation tasks have in common.
    #[serde(flatten)]
    pub estimation: Estimation,
    /// How many times as much as usual the cued location fires in the response.
    pub cue: f64,
}

impl Default for GatedDelayedEstimation {
    fn default() -> Self {
        Self { estimation: Estimation::default(), cue: 5.0 }
    }
}

impl Described for GatedDelayedEstimation {
    const ABOUT: About<'static> = About {
        id: "orhan2019/gated_delayed_estimation",
        version: 3,
        summary: "Gated delayed estimation: of two orientations that were seen before the delay, give back the one \
            that a cue asks for",
        header: include_str!("gated_delayed_estimation.rs"),
        shared: &[
            include_str!("estimation.rs"),
            include_str!("target.rs"),
            include_str!("spikes.rs"),
            include_str!("timing.rs"),
        ],
        ..FAMILY
    };
}

impl Task for GatedDelayedEstimation {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.estimation.validate()?;
        rules::not_negative("cue", self.cue)?;
        if self.cue > 1000.0 {
            return Err(TaskError::parameter("cue", self.cue, "must be at most 1000", "the published task has 5"));
        }
        Ok(())
    }

    fn dt(&self) -> f64 {
        self.estimation.timing.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        [1, 2]
            .into_iter()
            .flat_map(|i| Channel::numbered(&format!("location_{i}"), self.estimation.timing.n_channels))
            .collect()
    }

    fn outputs(&self) -> Vec<Channel> {
        self.estimation.outputs(&["orientation"])
    }

    fn conditions(&self) -> Vec<Condition> {
        CUES.map(|cue| Condition::new().with("cue", cue)).into()
    }

    fn grid(&self) -> Vec<Condition> {
        let pairs = evenly(4).flat_map(|first| evenly(4).map(move |second| [first, second]));
        CUES.into_iter().flat_map(|cue| pairs.clone().map(move |shown| named(cue, shown))).collect()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        condition.map_or(Ok(()), |condition| condition.allow(&["cue", "orientation_1", "orientation_2"]))?;
        let cued = two_choice::draw("cue", CUES, condition, rng)?;
        let shown = [orientation("orientation_1", condition, rng)?, orientation("orientation_2", condition, rng)?];
        let periods = self.estimation.timing.draw(rng)?;
        let mut inputs = self.estimation.inputs(&periods, &shown, rng);
        for location in [0, 1] {
            let times = if location == cued { self.cue } else { 1.0 };
            self.estimation.spikes.rest(&mut inputs, &periods.response, self.estimation.channels(location), times, rng);
        }
        Ok(self.estimation.trial(periods, inputs, &[shown[cued]], named(CUES[cued], shown)))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        self.estimation.score(trial, outputs)
    }

    fn chance(&self) -> f64 {
        self.estimation.chance()
    }
}

fn named(cue: &'static str, [first, second]: [f64; 2]) -> Condition {
    Condition::new().with("cue", cue).with("orientation_1", first).with("orientation_2", second)
}
