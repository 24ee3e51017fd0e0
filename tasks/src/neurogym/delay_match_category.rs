//! Delayed match to category: do sample and test lie on the same half of the circle?
//!
//! ```text
//! epochs      fixation 500 ms | sample 650 ms | first_delay 1000 ms | test 650 ms                           dt 100 ms
//! inputs      stimulus_i: 0.5 + 0.5 cos(theta_i - theta) + noise in sample and test                        i = 1 .. n
//! theta       uniform on [0, pi) in category 1 and on [pi, 2 pi) in category 2, drawn anew for the test
//! classes     1 match, 2 non_match: in the test, in which the answer is due
//! training    0.95
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | n | `dim_ring` | | 32; neurogym: 2 |
//! | theta | variables `sample`, `test` | rad | |
//! | category of the sample | variable `category` | | 1, 2, each equally likely, and so are match and non-match |
//! | sigma | `sigma` | | 1 |
//!
//! Reference: Freedman DJ, Assad JA (2006), Nature 443: 85, <https://doi.org/10.1038/nature05078>;
//! as `DelayMatchCategory` of neurogym.
//!
//! Differences from the source: neurogym's two channels show 0.5 +- 0.5 cos(theta), which is the same for theta and 2
//! pi - theta, one of either category: with them, no network can do better than guess. Here the ring has 32 channels;
//! `dim_ring = 2` restores neurogym's. 650 ms are no whole number of steps of 100 ms: the nearest is taken, 700 ms.
//!
//! ```
//! use std::f64::consts::PI;
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::{Environment, MatchToCategory}};
//! let task = MatchToCategory { sigma: 0.0, dim_ring: 4, ..MatchToCategory::default() };
//! let task = Environment { task, ..Environment::default() };
//! let condition = Condition::new().with("match", false).with("sample", PI / 2.0);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(5).to_vec(), [1.0, 0.5, 1.0, 0.5, 0.0]);
//! assert_eq!((trial.correct, trial.condition.number("category")), (Some(2), Some(1.0)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::{PI, TAU};

use serde::{Deserialize, Serialize};

use super::ring::{cosine, validate_ring};
use super::{Asked, Definition, Environment, Period, RING, Timing, answer, environment::fixation_and};
use crate::error::rules;
use crate::{About, Channel, Citation, Condition, Duration, Rounding, TaskError, Trial, TrialRng};

/// Delayed match to category.
pub type DelayMatchCategory = Environment<MatchToCategory>;

/// Whether sample and test lie on the same half of the circle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MatchToCategory {
    /// The sample, ms.
    pub sample: Duration,
    /// Between sample and test, ms.
    pub first_delay: Duration,
    /// The test and the response, ms.
    pub test: f64,
    /// The number of channels; with 2, as in neurogym, the categories cannot be told apart.
    pub dim_ring: usize,
    /// The strength of the noise on the stimuli; 0 for none.
    pub sigma: f64,
}

impl Default for MatchToCategory {
    fn default() -> Self {
        Self { sample: 650.0.into(), first_delay: 1000.0.into(), test: 650.0, dim_ring: 32, sigma: 1.0 }
    }
}

/// The half of the circle, 1 or 2.
fn category_of(angle: f64) -> usize {
    if angle < PI { 1 } else { 2 }
}

/// An angle of the variable `name`, as asked for or drawn, and its category, as asked for, implied or drawn.
fn stimulus(
    asked: Asked<'_>,
    name: &str,
    category: Option<usize>,
    rng: &mut TrialRng,
) -> Result<(f64, usize), TaskError> {
    match asked.between(name, 0.0, TAU)? {
        Some(angle) if category.is_some_and(|category| category != category_of(angle)) => {
            let remedy = "angles below pi are category 1, the others category 2; leave one of the variables out";
            Err(TaskError::condition(name, angle, "contradicts the category", remedy))
        }
        Some(angle) => Ok((angle, category_of(angle))),
        None => {
            let category = category.unwrap_or_else(|| if rng.chance(0.5) { 1 } else { 2 });
            Ok(((rng.uniform() + category as f64 - 1.0) * PI, category))
        }
    }
}

impl MatchToCategory {
    fn periods(&self) -> [Period<'_>; 3] {
        [
            Period::shown("sample", &self.sample),
            Period::pause("first_delay", &self.first_delay),
            Period::fixed("test", self.test),
        ]
    }
}

impl Definition for MatchToCategory {
    const ABOUT: About<'static> = About {
        id: "neurogym/delay_match_category",
        summary: "Delayed match to category: report whether test and sample belong to the same half of the circle",
        citation: Citation {
            authors: "Freedman DJ, Assad JA",
            year: 2006,
            title: "Experience-dependent representation of visual categories in parietal cortex",
            doi: "10.1038/nature05078",
        },
        header: include_str!("delay_match_category.rs"),
        ..RING
    };
    const ROUNDING: Rounding = Rounding::Nearest;
    const FIXATION: f64 = 500.0;
    const ANSWER: &'static str = "test";

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&self.periods())?;
        rules::not_negative("sigma", self.sigma)?;
        validate_ring(self.dim_ring)
    }

    fn inputs(&self) -> Vec<Channel> {
        fixation_and("stimulus", self.dim_ring)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "match", "non_match"])
    }

    fn conditions(&self) -> Vec<Condition> {
        let class = |matches: bool, category: f64| Condition::new().with("match", matches).with("category", category);
        vec![class(true, 1.0), class(true, 2.0), class(false, 1.0), class(false, 2.0)]
    }

    fn grid(&self, _: Timing<'_>) -> Vec<Condition> {
        let sample = |k: u32| (f64::from(k) + 0.5) * PI / 4.0;
        let class =
            |matches: bool| (0..8).map(move |k| Condition::new().with("match", matches).with("sample", sample(k)));
        class(true).chain(class(false)).collect()
    }

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let (n, asked) = (self.dim_ring, Asked::new(condition, &["match", "category", "sample", "test"])?);
        let matches = asked.flag_or_drawn("match", rng)?;
        let (sample, category) = stimulus(asked, "sample", asked.whole("category", 2)?, rng)?;
        let (test, _) = stimulus(asked, "test", Some(if matches { category } else { 3 - category }), rng)?;
        let (schedule, [first, _, second]) = timing.draw(self.periods(), rng)?;

        let mut stage = schedule.stage(1 + n, 3, second.start);
        for (steps, angle) in [(first, sample), (second.clone(), test)] {
            stage.pattern(steps.clone(), 1, cosine(n, angle, 0.5, 0.5));
            stage.noise(steps, 1..1 + n, self.sigma, rng);
        }
        let condition = Condition::new()
            .with("match", matches)
            .with("category", category as f64)
            .with("sample", sample)
            .with("test", test);
        Ok(stage.finish(second, if matches { 1 } else { 2 }, condition))
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        answer::chance_of_action(3, timing.steps("test", self.test))
    }
}
