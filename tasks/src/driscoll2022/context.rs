//! ContextIntModality1 (`contextdelaydm1`) and ContextIntModality2 (`contextdelaydm2`): report which of two stimuli was
//! the stronger in modality 1, or in modality 2, whatever the other modality says.
//!
//! ```text
//! signals    stimulus_1 of strength g + c and stimulus_2 of strength g - c in each modality; g and c drawn for each
//! classes    which is the stronger in either modality, four of them
//! grid       first strengths 0.8, 0.9, 1 and 1.1 of a sum of 2 in either modality
//! ```
//!
//! Trial variables: `angle_1`, `angle_2` (rad), and for each modality m `stronger_modality_m` (1 or 2),
//! `strength_modality_m` (g) and `coherence_modality_m` (c).
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! use serde_json::json;
//! for (id, counts, other) in [
//!     ("contextdelaydm1", "stronger_modality_1", "stronger_modality_2"),
//!     ("contextdelaydm2", "stronger_modality_2", "stronger_modality_1"),
//! ] {
//!     let task = create(&format!("driscoll2022/{id}"), Some(&json!({ "sigma_in": 0.0 })))?;
//!     let asked = Condition::new().with(counts, 2.0).with(other, 1.0).with("angle_2", 0.0);
//!     let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//!     assert_eq!(trial.targets.row(174).to_vec(), [0.0, 0.0, 1.0]);
//!     assert_eq!(trial.correct, Some(1));
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::comparison::{Names, either, stronger, with_pair};
use super::decision::{joined, strengths_of_both};
use super::{Comparison, Draw, Modalities, Shown};
use crate::yang2019::Evidence;
use crate::{Condition, TaskError};

/// The variables of the pairs of strengths in the two modalities.
const PAIRS: [Names; 2] = [
    Names { stronger: "stronger_modality_1", strength: "strength_modality_1", coherence: "coherence_modality_1" },
    Names { stronger: "stronger_modality_2", strength: "strength_modality_2", coherence: "coherence_modality_2" },
];

/// Both modalities, of which the first or the second counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context<const M: usize> {}

impl<const M: usize> Modalities for Context<M> {
    const NAME: (&'static str, &'static str) = match M {
        1 => (
            "driscoll2022/contextdelaydm1",
            "Context-dependent delayed decision-making: report which of two stimuli was the stronger in modality 1, \
            whatever modality 2 says",
        ),
        2 => (
            "driscoll2022/contextdelaydm2",
            "Context-dependent delayed decision-making: report which of two stimuli was the stronger in modality 2, \
            whatever modality 1 says",
        ),
        _ => panic!("there are two modalities"),
    };
    const HEADER: &'static str = include_str!("context.rs");
    const VARIABLES: &'static [&'static str] = &[
        "angle_1",
        "angle_2",
        PAIRS[0].stronger,
        PAIRS[0].strength,
        PAIRS[0].coherence,
        PAIRS[1].stronger,
        PAIRS[1].strength,
        PAIRS[1].coherence,
    ];
    const TEST: [f64; 2] = [500.0, 500.0];

    fn conditions() -> Vec<Condition> {
        let [one, two] = PAIRS.map(either);
        one.iter().flat_map(|one| two.iter().map(|two| joined(one.clone(), two))).collect()
    }

    fn grid() -> Vec<Condition> {
        strengths_of_both().map(|strengths| with_pairs(strengths.map(Evidence::of))).collect()
    }

    fn show(&self, comparison: &Comparison, draw: &mut Draw<'_>) -> Result<Shown, TaskError> {
        let pairs = [comparison.pair(draw, PAIRS[0])?, comparison.pair(draw, PAIRS[1])?];
        Ok(Shown {
            variables: with_pairs(pairs),
            strengths: pairs.map(|pair| Some(pair.strengths())),
            stronger: stronger(pairs[M - 1]),
        })
    }
}

fn with_pairs([one, two]: [Evidence; 2]) -> Condition {
    with_pair(with_pair(Condition::new(), PAIRS[0], one), PAIRS[1], two)
}
