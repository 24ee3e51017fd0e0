//! Two-alternative forced choice: after a delay, say on which side the stimulus was.
//!
//! ```text
//! epochs    stimulus 250 ms | delay 1000 ms | response 250 ms        25, 100 and 25 steps
//! signals   stimulus: channel k fires Poisson( peak exp(-(s - phi_k)^2 / (2 width^2)) / 25 ) times in each step
//!           delay and response: every channel fires Poisson( spontaneous / 100 ) and Poisson( spontaneous / 25 ) times in each step
//! targets   the class `left` (s = -15) or `right` (s = 15), equally likely, at all times
//! graded    response
//! choice    the larger output at the 5th step from the end
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | k | `n_channels` | | 50; phi_k from -40 to 40 |
//! | 40 | `range` | stimulus units | 40 |
//! | \|s\| | `eccentricity` | stimulus units | 15 |
//! | width | `width` | stimulus units | 15 |
//! | peak, spontaneous | `peak_spikes`, `spontaneous_spikes` | spikes per channel and period | 1, 0.1 |
//! | delay | `delay` | ms | 1000, or one of 100, 400, 700 and 1000 |
//!
//! Reference: Orhan AE, Ma WJ (2019), <https://doi.org/10.1038/s41593-018-0314-y>; released code recurrent-memory.
//! The task is after Harvey, Coen & Tank (2012), <https://doi.org/10.1038/nature10918>.
//!
//! Differences from the source: its network has one output and a binary cross-entropy, for which two classes stand
//! here; it measures the information that is lost against an observer who knows the spikes, where a trial here is right
//! or wrong; it has no rule for ending the training.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, orhan2019::TwoAfc};
//! let trial = TwoAfc::default().trial(Split::Train, Some(&Condition::new().with("side", "right")), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.dim(), (150, 50));
//! assert_eq!((trial.targets.row(125).to_vec(), trial.correct), (vec![0.0, 1.0], Some(1)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::{FAMILY, Spikes, Timing, Tuning, two_choice};
use crate::error::rules;
use crate::{
    About, Channel, Condition, Described, Objective, Score, Split, Task, TaskError, Trial, TrialRng, TrialView,
    parameters_of,
};

/// The words for the sides, in the order of the outputs.
const SIDES: [&str; 2] = ["left", "right"];

/// Two-alternative forced choice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TwoAfc {
    /// When things happen.
    #[serde(flatten)]
    pub timing: Timing,
    /// How much the channels fire.
    #[serde(flatten)]
    pub spikes: Spikes,
    /// The preferred places of the channels go from `-range` to `range`, stimulus units.
    pub range: f64,
    /// How far from the middle the stimulus is, stimulus units.
    pub eccentricity: f64,
    /// The width of the tuning, stimulus units.
    pub width: f64,
}

impl Default for TwoAfc {
    fn default() -> Self {
        Self { timing: Timing::default(), spikes: Spikes::default(), range: 40.0, eccentricity: 15.0, width: 15.0 }
    }
}

impl Described for TwoAfc {
    const ABOUT: About<'static> = About {
        id: "orhan2019/two_afc",
        version: 3,
        summary: "Two-alternative forced choice: after a delay, say on which side the stimulus was",
        header: include_str!("two_afc.rs"),
        shared: &[include_str!("two_choice.rs"), include_str!("spikes.rs"), include_str!("timing.rs")],
        ..FAMILY
    };
}

impl Task for TwoAfc {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.timing.validate()?;
        self.spikes.validate()?;
        rules::positive("range", self.range)?;
        rules::not_negative("eccentricity", self.eccentricity)?;
        rules::positive("width", self.width)
    }

    fn dt(&self) -> f64 {
        self.timing.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::numbered("channel", self.timing.n_channels)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&SIDES)
    }

    fn conditions(&self) -> Vec<Condition> {
        SIDES.map(|side| Condition::new().with("side", side)).into()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        condition.map_or(Ok(()), |condition| condition.allow(&["side"]))?;
        let side = two_choice::draw("side", SIDES, condition, rng)?;
        let stimulus = if side == 0 { -self.eccentricity } else { self.eccentricity };
        let periods = self.timing.draw(rng)?;
        let (tuning, channels) = (Tuning::Line { range: self.range, width: self.width }, 0..self.timing.n_channels);
        let mut inputs = Array2::zeros((periods.n_steps(), channels.len()));
        self.spikes.show(&mut inputs, &periods.stimulus, channels.clone(), (tuning, stimulus), rng);
        self.spikes.delay(&mut inputs, &periods, rng);
        self.spikes.rest(&mut inputs, &periods.response, channels, 1.0, rng);
        Ok(two_choice::trial(periods, inputs, Condition::new().with("side", SIDES[side]), side))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        two_choice::score(&self.timing, trial, outputs)
    }

    fn objective(&self) -> Objective {
        Objective::Classes
    }

    fn chance(&self) -> f64 {
        0.5
    }
}
