//! Gated delayed estimation: of two orientations that were seen before the delay, give back the one that a cue asks
//! for.
//!
//! ```text
//! signals   stimulus: the locations show s_1 and s_2, independent
//!           response: all channels fire spontaneously, those of the cued location `cue` times as often
//! targets   s_1 or s_2, whichever is cued
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | cue | `cue` | | 5 |
//!
//! The cue is the `first` or the `second` location, equally likely. The tests present both with all pairs of four
//! orientations, evenly spaced.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, orhan2019::GatedDelayedEstimation};
//! let shown = Condition::new().with("orientation_1", 0.5).with("orientation_2", 2.0);
//! let (task, asked) = (GatedDelayedEstimation::default(), shown.with("cue", "second"));
//! let trial = task.trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!((trial.inputs.dim(), trial.targets.row(125).to_vec()), ((150, 100), vec![2.0]));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::estimation::{evenly, orientation};
use super::{Answer, Definition, ESTIMATION, Estimation, Plan, Response, ShortTermMemory, Tuning, word};
use crate::error::rules;
use crate::{About, Channel, Condition, TaskError, TrialRng};

/// Gated delayed estimation.
pub type GatedDelayedEstimation = ShortTermMemory<GatedRecall>;

/// The words for the location that is cued.
const CUES: [&str; 2] = ["first", "second"];

/// Two orientations, one of which is to be given back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GatedRecall {
    /// What the estimation tasks have in common.
    #[serde(flatten)]
    pub estimation: Estimation,
    /// How many times as much as usual the cued location fires in the response.
    pub cue: f64,
}

impl Default for GatedRecall {
    fn default() -> Self {
        Self { estimation: Estimation::default(), cue: 5.0 }
    }
}

impl Definition for GatedRecall {
    const ABOUT: About<'static> = About {
        id: "orhan2019/gated_delayed_estimation",
        version: 3,
        summary: "Gated delayed estimation: of two orientations that were seen before the delay, give back the one \
            that a cue asks for",
        header: include_str!("gated_recall.rs"),
        ..ESTIMATION
    };
    const VARIABLES: &'static [&'static str] = &["cue", "orientation_1", "orientation_2"];
    const LOCATIONS: usize = CUES.len();

    fn validate(&self) -> Result<(), TaskError> {
        self.estimation.validate()?;
        rules::not_negative("cue", self.cue)?;
        if self.cue > 1000.0 {
            return Err(TaskError::parameter("cue", self.cue, "must be at most 1000", "the published task has 5"));
        }
        Ok(())
    }

    fn tuning(&self) -> Tuning {
        self.estimation.tuning()
    }

    fn outputs(&self) -> Vec<Channel> {
        self.estimation.outputs(&["orientation"])
    }

    fn answer(&self) -> Answer<'_> {
        Answer::Orientations(&self.estimation, 1)
    }

    fn conditions(&self) -> Vec<Condition> {
        CUES.map(|cue| Condition::new().with("cue", cue)).into()
    }

    fn grid(&self) -> Vec<Condition> {
        let pairs = evenly(4).flat_map(|first| evenly(4).map(move |second| [first, second]));
        CUES.into_iter().flat_map(|cue| pairs.clone().map(move |shown| named(cue, shown))).collect()
    }

    fn plan(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Plan, TaskError> {
        let location = word::draw("cue", CUES, condition, rng)?;
        let shown = [orientation("orientation_1", condition, rng)?, orientation("orientation_2", condition, rng)?];
        Ok(Plan {
            condition: named(CUES[location], shown),
            shown: shown.into(),
            response: Response::Cue { location, times: self.cue },
            targets: self.estimation.targets(&[shown[location]]),
            correct: None,
        })
    }
}

fn named(cue: &'static str, [first, second]: [f64; 2]) -> Condition {
    Condition::new().with("cue", cue).with("orientation_1", first).with("orientation_2", second)
}
