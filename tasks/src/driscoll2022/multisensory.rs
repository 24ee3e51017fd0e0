//! IntegrationMultimodal (`multidelaydm`): report which of two stimuli was the stronger, both modalities taken
//! together.
//!
//! ```text
//! strengths  s_1 = g + c, s_2 = g - c, the means over both modalities
//! signals    stimulus_k of strength s_k (1 + d_k / 2) in modality 1, s_k (1 - d_k / 2) in modality 2
//!            d_k = +- U(0.005, 0.8), for each k
//! classes    `stronger`
//! grid       first strengths 0.8, 0.9, 1 and 1.1 of a sum of 2 in either modality
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | \|d_k\| | `split_min`, `split_max` | fraction | 0.005 to 0.8 |
//!
//! Trial variables: `angle_1`, `angle_2` (rad), `stronger` (1 or 2), `strength` (g), `coherence` (c), `split_1`,
//! `split_2` (d_k).
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

use super::comparison::{either, stronger, with_pair};
use super::decision::strengths_of_both;
use super::one_modality::PAIR;
use super::{Comparison, Draw, Modalities, Shown};
use crate::error::rules;
use crate::yang2019::Evidence;
use crate::{Condition, TaskError};

/// Both modalities, of which the mean counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Multisensory {
    /// The smallest difference of the modalities, as a fraction of a stimulus's strength.
    pub split_min: f64,
    /// The largest.
    pub split_max: f64,
}

impl Default for Multisensory {
    fn default() -> Self {
        Self { split_min: 0.005, split_max: 0.8 }
    }
}

impl Modalities for Multisensory {
    const NAME: (&'static str, &'static str) = (
        "driscoll2022/multidelaydm",
        "Multisensory delayed decision-making: report which of two stimuli was the stronger, both modalities taken \
        together",
    );
    const HEADER: &'static str = include_str!("multisensory.rs");
    const VARIABLES: &'static [&'static str] =
        &["angle_1", "angle_2", PAIR.stronger, PAIR.strength, PAIR.coherence, "split_1", "split_2"];
    const TEST: [f64; 2] = [500.0, 500.0];

    fn validate(&self) -> Result<(), TaskError> {
        rules::not_negative("split_min", self.split_min)?;
        if !(self.split_min..=2.0).contains(&self.split_max) {
            let remedy = format!("give a fraction from `split_min` = {} to 2", self.split_min);
            return Err(TaskError::parameter("split_max", self.split_max, "is no range of fractions", remedy));
        }
        Ok(())
    }

    fn conditions() -> Vec<Condition> {
        either(PAIR).into()
    }

    fn grid() -> Vec<Condition> {
        let split = |[one, two]: [[f64; 2]; 2]| {
            let total = Evidence::of([0, 1].map(|k| (one[k] + two[k]) / 2.0));
            variables(total, [0, 1].map(|k| 2.0 * (one[k] / total.strengths()[k] - 1.0)))
        };
        strengths_of_both().map(split).collect()
    }

    fn show(&self, comparison: &Comparison, draw: &mut Draw<'_>) -> Result<Shown, TaskError> {
        let pair = comparison.pair(draw, PAIR)?;
        let splits = [self.split(draw, "split_1")?, self.split(draw, "split_2")?];
        let [first, second] = pair.strengths();
        let strengths =
            [0.5, -0.5].map(|share| [first * (1.0 + share * splits[0]), second * (1.0 + share * splits[1])]);
        Ok(Shown { variables: variables(pair, splits), strengths: strengths.map(Some), stronger: stronger(pair) })
    }
}

impl Multisensory {
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

fn variables(pair: Evidence, splits: [f64; 2]) -> Condition {
    with_pair(Condition::new(), PAIR, pair).with("split_1", splits[0]).with("split_2", splits[1])
}
