//! Multisensory delayed decision-making: report which of two stimuli was the stronger, both modalities taken together.
//!
//! ```text
//! epochs    fixation U(200, 600) ms | stimulus_1 U(200, 1600) | delay U(200, 1600) | stimulus_2 U(200, 1600) | wait U(100, 300)
//!           | response U(300, 700)
//!           test: 500 | 500 | 1000 | 500 | 500 | 500
//! signals   fixation input to the response | stimulus_k: strength times sin, cos of angle_k, in both modalities | rule
//! strengths s_1 = g + c, s_2 = g - c                             g ~ U(0.8, 1.2) | c = +- U(0.005, 0.8), either sign
//!           s_k (1 + d_k / 2) in modality 1, s_k (1 - d_k / 2) in modality 2         d_k = +- U(0.005, 0.8), for each k
//! targets   fixation 0.8 to the response, then 0; response: (sin, cos) of the angle of the stimulus that is stronger in
//!           total
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
//! | \|d_k\| | `split_min`, `split_max` | fraction | 0.005 to 0.8 |
//!
//! Variables: `stronger` (1 or 2), `angle_1`, `angle_2` (rad), `strength` (g), `coherence` (c), `split_1`, `split_2`
//! (d_k). Classes: `stronger`. Grid: 40 pairs of opposite angles, first strengths 0.8, 0.9, 1 and 1.1 of a sum of 2 in
//! either modality. Levels, loss mask, scoring, noise and the rounding of durations (down) are those of `Protocol`,
//! angles and choice those of `comparison`.
//!
//! Reference: Driscoll LN, Shenoy K, Sussillo D (2024), Nat Neurosci 27: 1349,
//! <https://doi.org/10.1038/s41593-024-01668-6> (IntegrationMultimodal).
//!
//! Differences from the source: those of the family.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! use serde_json::json;
//! let task = create("driscoll2022/multidelaydm", Some(&json!({ "sigma_in": 0.0 })))?;
//! let asked = Condition::new().with("angle_1", 0.0).with("strength", 1.0).with("coherence", 0.5).with("split_1", 0.4);
//! let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! let seen = trial.inputs.row(30);
//! assert!((seen[2] - 1.8).abs() < 1e-6 && (seen[4] - 1.2).abs() < 1e-6); // 1.5 (1 +- 0.2)
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::comparison::{self, Comparison, PAIR, Pair};
use super::{Answer, Definition, Draw, FAMILY, Modality, Phase, Plan, Rule};
use crate::error::rules;
use crate::{About, Condition, TaskError};

/// The durations and strengths of a comparison of sums over two modalities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MultiDelayDm {
    /// The durations of training, and the strengths of the stimuli: half of their sum over the modalities.
    #[serde(flatten)]
    pub comparison: Comparison,
    /// From the second stimulus to the response in tests, ms.
    pub wait_test: f64,
    /// Response in tests, ms.
    pub response_test: f64,
    /// The smallest difference of the modalities, as a fraction of a stimulus's strength.
    pub split_min: f64,
    /// The largest.
    pub split_max: f64,
}

impl Default for MultiDelayDm {
    fn default() -> Self {
        Self {
            comparison: Comparison::default(),
            wait_test: 500.0,
            response_test: 500.0,
            split_min: 0.005,
            split_max: 0.8,
        }
    }
}

impl MultiDelayDm {
    fn split(&self, draw: &mut Draw<'_>, name: &str) -> Result<f64, TaskError> {
        let drawn = draw.rng.between(self.split_min, self.split_max) * draw.sign();
        match draw.number(name)? {
            Some(split) if split.abs() > 2.0 => {
                Err(TaskError::condition(name, split, "makes a strength negative", "give a fraction from -2 to 2"))
            }
            split => Ok(split.unwrap_or(drawn)),
        }
    }
}

impl Definition for MultiDelayDm {
    const ABOUT: About<'static> = About {
        id: "driscoll2022/multidelaydm",
        summary: "Multisensory delayed decision-making: report which of two stimuli was the stronger, both modalities \
            taken together",
        header: include_str!("multidelaydm.rs"),
        shared: &[include_str!("comparison.rs"), include_str!("protocol.rs"), include_str!("mod.rs")],
        ..FAMILY
    };
    const RULE: Rule = Rule::MultiDelayDm;
    const VARIABLES: &'static [&'static str] =
        &["angle_1", "angle_2", "stronger", "strength", "coherence", "split_1", "split_2"];
    const P_RESPONSE: f64 = 1.0;

    fn phases(&self) -> Vec<Phase<'_>> {
        self.comparison.phases(self.wait_test, self.response_test)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.comparison.validate()?;
        rules::not_negative("split_min", self.split_min)?;
        if !(self.split_min..=2.0).contains(&self.split_max) {
            let remedy = format!("give a fraction from `split_min` = {} to 2", self.split_min);
            return Err(TaskError::parameter("split_max", self.split_max, "is no range of fractions", remedy));
        }
        Ok(())
    }

    fn conditions(&self) -> Vec<Condition> {
        comparison::either(PAIR).into()
    }

    fn grid(&self) -> Vec<Condition> {
        let split = |[one, two]: [[f64; 2]; 2]| {
            let total = Pair::of([0, 1].map(|k| (one[k] + two[k]) / 2.0));
            let splits = [0, 1].map(|k| 2.0 * (one[k] / total.strengths()[k] - 1.0));
            total.named(Condition::new(), PAIR).with("split_1", splits[0]).with("split_2", splits[1])
        };
        comparison::grid(&comparison::STRENGTHS.map(split))
    }

    fn plan(&self, draw: &mut Draw<'_>) -> Result<Plan, TaskError> {
        let angles = Comparison::angles(draw)?;
        let pair = self.comparison.pair(draw, PAIR)?;
        let splits = [self.split(draw, "split_1")?, self.split(draw, "split_2")?];
        let [first, second] = pair.strengths();
        let shown = [(Modality::One, 0.5), (Modality::Two, -0.5)].map(|(modality, share)| {
            let strengths = [first * (1.0 + share * splits[0]), second * (1.0 + share * splits[1])];
            comparison::stimuli(modality, angles, strengths)
        });
        Ok(Plan {
            condition: pair
                .named(comparison::named(angles), PAIR)
                .with("split_1", splits[0])
                .with("split_2", splits[1]),
            stimuli: shown.concat(),
            response: angles.get(pair.stronger()).copied(),
            fixation_goes_off: true,
            correct: Some(pair.stronger()),
        })
    }

    fn choice(condition: &Condition, answer: &Answer) -> Option<usize> {
        comparison::choice(condition, answer)
    }
}
