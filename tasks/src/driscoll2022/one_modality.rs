//! IntegrationModality1 (`delaydm1`) and IntegrationModality2 (`delaydm2`): report which of two stimuli in modality 1,
//! or in modality 2, separated by a delay, was the stronger.
//!
//! ```text
//! signals    stimulus_1 of strength g + c and stimulus_2 of strength g - c in the modality of the task
//! classes    `stronger`
//! grid       first strengths 0.5, 0.75, 1 and 1.25 of a sum of 2
//! ```
//!
//! Trial variables: `angle_1`, `angle_2` (rad), `stronger` (1 or 2), `strength` (g), `coherence` (c).
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! use serde_json::json;
//! let asked = Condition::new().with("angle_1", 0.0).with("strength", 1.0).with("coherence", 0.5);
//! for (id, shown) in [("delaydm1", [1.0, 0.0, 1.5, 0.0, 0.0]), ("delaydm2", [1.0, 0.0, 0.0, 0.0, 1.5])] {
//!     let task = create(&format!("driscoll2022/{id}"), Some(&json!({ "sigma_in": 0.0 })))?;
//!     let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//!     assert_eq!(trial.inputs.row(30).to_vec()[..5], shown); // 1.5 cos 0
//!     assert_eq!(trial.targets.row(149).to_vec(), [0.0, 0.0, 1.0]);
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::comparison::{Names, either, stronger, with_pair};
use super::{Comparison, Draw, Modalities, Shown};
use crate::yang2019::Evidence;
use crate::{Condition, TaskError};

/// The variables of the pair of strengths.
pub(super) const PAIR: Names = Names { stronger: "stronger", strength: "strength", coherence: "coherence" };

/// One modality alone, the first or the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneModality<const M: usize> {}

impl<const M: usize> Modalities for OneModality<M> {
    const NAME: (&'static str, &'static str) = match M {
        1 => (
            "driscoll2022/delaydm1",
            "Delayed decision-making in modality 1: report which of two stimuli, separated by a delay, was the \
            stronger",
        ),
        2 => (
            "driscoll2022/delaydm2",
            "Delayed decision-making in modality 2: report which of two stimuli, separated by a delay, was the \
            stronger",
        ),
        _ => panic!("there are two modalities"),
    };
    const HEADER: &'static str = include_str!("one_modality.rs");
    const VARIABLES: &'static [&'static str] = &["angle_1", "angle_2", PAIR.stronger, PAIR.strength, PAIR.coherence];
    const TEST: [f64; 2] = [200.0, 300.0];

    fn conditions() -> Vec<Condition> {
        either(PAIR).into()
    }

    fn grid() -> Vec<Condition> {
        let of = |first| with_pair(Condition::new(), PAIR, Evidence::of([first, 2.0 - first]));
        [0.5, 0.75, 1.0, 1.25].map(of).into()
    }

    fn show(&self, comparison: &Comparison, draw: &mut Draw<'_>) -> Result<Shown, TaskError> {
        let pair = comparison.pair(draw, PAIR)?;
        Ok(Shown {
            variables: with_pair(Condition::new(), PAIR, pair),
            strengths: [1, 2].map(|modality| (modality == M).then(|| pair.strengths())),
            stronger: stronger(pair),
        })
    }
}
