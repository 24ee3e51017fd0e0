//! Two-alternative forced choice: after a delay, say on which side the stimulus was.
//!
//! ```text
//! signals   stimulus: s = -eccentricity (left) or eccentricity (right), equally likely, on a line
//!           response: every channel fires spontaneously
//! classes   left, right
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | range, width | `range`, `width`, of the tuning | stimulus units | 40, 15 |
//! | eccentricity | `eccentricity` | stimulus units | 15 |
//!
//! The task is after Harvey, Coen & Tank (2012), <https://doi.org/10.1038/nature10918>.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, orhan2019::TwoAfc};
//! let asked = Condition::new().with("side", "right");
//! let trial = TwoAfc::default().trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.dim(), (150, 50));
//! assert_eq!((trial.targets.row(125).to_vec(), trial.correct), (vec![0.0, 1.0], Some(1)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::{CLASSES, Definition, Plan, Response, ShortTermMemory, Tuning, word};
use crate::error::rules;
use crate::{About, Channel, Condition, TaskError, TrialRng};

/// Two-alternative forced choice.
pub type TwoAfc = ShortTermMemory<Side>;

/// The words for the sides, in the order of the outputs.
const SIDES: [&str; 2] = ["left", "right"];

/// A stimulus on one of two sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Side {
    /// The preferred places of the channels go from `-range` to `range`, stimulus units.
    pub range: f64,
    /// How far from the middle the stimulus is, stimulus units.
    pub eccentricity: f64,
    /// The width of the tuning, stimulus units.
    pub width: f64,
}

impl Default for Side {
    fn default() -> Self {
        Self { range: 40.0, eccentricity: 15.0, width: 15.0 }
    }
}

impl Definition for Side {
    const ABOUT: About<'static> = About {
        id: "orhan2019/two_afc",
        version: 3,
        summary: "Two-alternative forced choice: after a delay, say on which side the stimulus was",
        header: include_str!("two_afc.rs"),
        ..CLASSES
    };
    const VARIABLES: &'static [&'static str] = &["side"];

    fn validate(&self) -> Result<(), TaskError> {
        rules::positive("range", self.range)?;
        rules::not_negative("eccentricity", self.eccentricity)?;
        rules::positive("width", self.width)
    }

    fn tuning(&self) -> Tuning {
        Tuning::Line { range: self.range, width: self.width }
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&SIDES)
    }

    fn conditions(&self) -> Vec<Condition> {
        SIDES.map(|side| Condition::new().with("side", side)).into()
    }

    fn plan(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Plan, TaskError> {
        let side = word::draw("side", SIDES, condition, rng)?;
        let stimulus = if side == 0 { -self.eccentricity } else { self.eccentricity };
        Ok(Plan::class(Condition::new().with("side", SIDES[side]), stimulus, Response::Rest, side))
    }
}
