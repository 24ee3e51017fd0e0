//! Context-dependent delayed decision-making: report which of two stimuli was the stronger in modality 1, whatever
//! modality 2 says.
//!
//! ```text
//! epochs    fixation U(200, 600) ms | stimulus_1 U(200, 1600) | delay U(200, 1600) | stimulus_2 U(200, 1600) | wait U(100, 300)
//!           | response U(300, 700)
//!           test: 500 | 500 | 1000 | 500 | 500 | 500
//! signals   fixation input to the response | stimulus_k: strength times sin, cos of angle_k, in both modalities | rule
//! strengths first g + c, second g - c in each modality           g ~ U(0.8, 1.2) | c = +- U(0.005, 0.8), either sign, for each modality
//! targets   fixation 0.8 to the response, then 0; response: (sin, cos) of the angle of the stimulus that is stronger in
//!           modality 1
//! graded    all but the first 100 ms and the first 100 ms of the response
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `fixation`, `fixation_test` | ms | 200 to 600, 500 |
//! | | `stimulus`, `stimulus_test` (each) | ms | 200 to 1600, 500 |
//! | | `delay`, `delay_test` | ms | 200 to 1600, 1000 |
//! | | `wait`, `wait_test` | ms | 100 to 300, 500 |
//! | | `response`, `response_test` | ms | 300 to 700, 500 |
//! | g | `strength_min`, `strength_max` | input units | 0.8 to 1.2 |
//! | \|c\| | `coherence_min`, `coherence_max` | input units | 0.005 to 0.8 |
//!
//! Variables: `angle_1`, `angle_2` (rad), and for each modality m `stronger_modality_m` (1 or 2), `strength_modality_m`
//! (g) and `coherence_modality_m` (c). Classes: which is the stronger in either modality, four of them. Grid: 40 pairs
//! of opposite angles, first strengths 0.8, 0.9, 1 and 1.1 of a sum of 2 in either modality. Levels, loss mask,
//! scoring, noise and the rounding of durations (down) are those of `Protocol`, angles and choice those of
//! `comparison`.
//!
//! Reference: Driscoll LN, Shenoy K, Sussillo D (2024), Nat Neurosci 27: 1349,
//! <https://doi.org/10.1038/s41593-024-01668-6> (ContextIntModality1).
//!
//! Differences from the source: those of the family.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! use serde_json::json;
//! let task = create("driscoll2022/contextdelaydm1", Some(&json!({ "sigma_in": 0.0 })))?;
//! let asked = Condition::new().with("stronger_modality_1", 2.0).with("stronger_modality_2", 1.0).with("angle_2", 0.0);
//! let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.targets.row(174).to_vec(), [0.0, 0.0, 1.0]);
//! assert_eq!(trial.correct, Some(1));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::comparison::{self, Comparison, Names, Pair};
use super::{Answer, Definition, Draw, FAMILY, Modality, Phase, Plan, Rule};
use crate::{About, Condition, TaskError};

/// The variables of the two modalities.
const PAIRS: [Names; 2] = [
    Names { stronger: "stronger_modality_1", strength: "strength_modality_1", coherence: "coherence_modality_1" },
    Names { stronger: "stronger_modality_2", strength: "strength_modality_2", coherence: "coherence_modality_2" },
];

/// The durations and strengths of a comparison in one of two modalities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContextDelayDm1 {
    /// Strengths, and the durations of training.
    #[serde(flatten)]
    pub comparison: Comparison,
    /// From the second stimulus to the response in tests, ms.
    pub wait_test: f64,
    /// Response in tests, ms.
    pub response_test: f64,
}

impl Default for ContextDelayDm1 {
    fn default() -> Self {
        Self { comparison: Comparison::default(), wait_test: 500.0, response_test: 500.0 }
    }
}

impl ContextDelayDm1 {
    /// A trial with stimuli in both modalities, of which this one counts.
    pub(super) fn plan_attending(&self, modality: Modality, draw: &mut Draw<'_>) -> Result<Plan, TaskError> {
        let angles = Comparison::angles(draw)?;
        let [one, two] = [self.comparison.pair(draw, PAIRS[0])?, self.comparison.pair(draw, PAIRS[1])?];
        let attended = match modality {
            Modality::One => one,
            Modality::Two => two,
        };
        let shown = [(Modality::One, one), (Modality::Two, two)];
        Ok(Plan {
            condition: two.named(one.named(comparison::named(angles), PAIRS[0]), PAIRS[1]),
            stimuli: shown
                .iter()
                .flat_map(|(modality, pair)| comparison::stimuli(*modality, angles, pair.strengths()))
                .collect(),
            response: angles.get(attended.stronger()).copied(),
            fixation_goes_off: true,
            correct: Some(attended.stronger()),
        })
    }
}

impl Definition for ContextDelayDm1 {
    const ABOUT: About<'static> = About {
        id: "driscoll2022/contextdelaydm1",
        summary: "Context-dependent delayed decision-making: report which of two stimuli was the stronger in modality \
            1, whatever modality 2 says",
        header: include_str!("contextdelaydm1.rs"),
        shared: &[include_str!("comparison.rs"), include_str!("protocol.rs"), include_str!("mod.rs")],
        ..FAMILY
    };
    const RULE: Rule = Rule::ContextDelayDm1;
    const VARIABLES: &'static [&'static str] = &[
        "angle_1",
        "angle_2",
        "stronger_modality_1",
        "strength_modality_1",
        "coherence_modality_1",
        "stronger_modality_2",
        "strength_modality_2",
        "coherence_modality_2",
    ];
    const P_RESPONSE: f64 = 1.0;

    fn phases(&self) -> Vec<Phase<'_>> {
        self.comparison.phases(self.wait_test, self.response_test)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.comparison.validate()
    }

    fn conditions(&self) -> Vec<Condition> {
        let [one, two] = PAIRS.map(comparison::either);
        one.iter().flat_map(|one| two.iter().map(|two| comparison::joined(one.clone(), two))).collect()
    }

    fn grid(&self) -> Vec<Condition> {
        let pairs = comparison::STRENGTHS
            .map(|[one, two]| Pair::of(two).named(Pair::of(one).named(Condition::new(), PAIRS[0]), PAIRS[1]));
        comparison::grid(&pairs)
    }

    fn plan(&self, draw: &mut Draw<'_>) -> Result<Plan, TaskError> {
        self.plan_attending(Modality::One, draw)
    }

    fn choice(condition: &Condition, answer: &Answer) -> Option<usize> {
        comparison::choice(condition, answer)
    }
}
