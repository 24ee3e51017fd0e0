//! Parametric working memory: which of two frequencies, separated by a delay, was the higher?
//!
//! ```text
//! epochs    fixation 100 ms (test 500) | f1 500 ms | delay U(2500, 3500) ms (test 3000) | f2 500 ms | decision 300 ms
//! signals   f1, f2: positive(f) and negative(f) of the frequency on the two channels
//! correct   "f1 higher" or "f2 higher"; drawn if a condition asks for two equal frequencies
//! catch     1 trial in 11, of 2500 ms
//! training  ends when the performance in every condition exceeds 85 %
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | f1, f2 | `pairs` | Hz | (18, 10), (22, 14), (26, 18), (30, 22), (34, 26), each in either order |
//! | delay | `delay_min`, `delay_max`, `delay_test` | ms | 2500, 3500, 3000 |
//! | | `stimulus` (each), `decision` | ms | 500, 300 |
//!
//! It is the task of Fig 7 of the source; after Romo, Brody, Hernandez & Lemus (1999), <https://doi.org/10.1038/20939>.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, song2016::Romo};
//! let task = Romo { sigma_in: 0.0, baseline: 0.0, ..Romo::default() };
//! let asked = Condition::new().with("f1", 34.0).with("f2", 26.0);
//! let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(25).to_vec(), [1.2, 0.4]);
//! assert_eq!((trial.n_steps(), trial.correct), (240, Some(0)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Definition, Epochs, Plan, RATES, RateTuning, TwoChoice, range, rate_tuning};
use crate::{About, Clock, Condition, Criterion, Duration, Split, TaskError, TrialRng};

/// Parametric working memory.
pub type Romo = TwoChoice<FrequencyComparison>;

/// Two frequencies, separated by a delay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FrequencyComparison {
    /// Each of the two stimuli, ms.
    pub stimulus: f64,
    /// The shortest delay in training, ms; at least one step.
    pub delay_min: f64,
    /// The longest delay in training, ms.
    pub delay_max: f64,
    /// The delay in tests, ms.
    pub delay_test: f64,
    /// Decision, ms.
    pub decision: f64,
    /// The pairs of different frequencies, Hz; their order in the trial is drawn. The tuning of the inputs spans their
    /// range.
    pub pairs: Vec<[f64; 2]>,
}

impl Default for FrequencyComparison {
    fn default() -> Self {
        Self {
            stimulus: 500.0,
            delay_min: 2500.0,
            delay_max: 3500.0,
            delay_test: 3000.0,
            decision: 300.0,
            pairs: vec![[18.0, 10.0], [22.0, 14.0], [26.0, 18.0], [30.0, 22.0], [34.0, 26.0]],
        }
    }
}

impl FrequencyComparison {
    fn tuning(&self) -> RateTuning {
        RateTuning::spanning(self.pairs.iter().flatten().copied())
    }

    /// The frequencies that the condition fixes, both or neither, or one of the pairs in one of the orders.
    fn frequencies(
        &self,
        condition: Option<&Condition>,
        tuning: &RateTuning,
        rng: &mut TrialRng,
    ) -> Result<(f64, f64), TaskError> {
        match (tuning.given(condition, "f1")?, tuning.given(condition, "f2")?) {
            (Some(f1), Some(f2)) => Ok((f1, f2)),
            (None, None) => {
                let [a, b] = rng.pick(&self.pairs).copied().unwrap_or_default();
                Ok(if rng.chance(0.5) { (a, b) } else { (b, a) })
            }
            (Some(f1), None) => {
                Err(TaskError::condition("f1", f1, "is given without `f2`", "give both frequencies or neither"))
            }
            (None, Some(f2)) => {
                Err(TaskError::condition("f2", f2, "is given without `f1`", "give both frequencies or neither"))
            }
        }
    }
}

impl Definition for FrequencyComparison {
    const ABOUT: About<'static> = About {
        id: "song2016/romo",
        version: 2,
        summary: "Parametric working memory: which of two frequencies, separated by a delay, was the higher?",
        header: include_str!("romo.rs"),
        ..RATES
    };
    const INPUTS: &'static [&'static str] = &["positive", "negative"];
    const OUTPUTS: [&'static str; 2] = ["choice_f1_higher", "choice_f2_higher"];
    const VARIABLES: &'static [&'static str] = &["f1", "f2"];
    const CATCH_DURATION: f64 = 2500.0;
    const CRITERION: Criterion = Criterion::MinPerformance { threshold: 0.85 };

    fn validate(&self, clock: Clock, _: Range<f64>) -> Result<(), TaskError> {
        clock.at_least_one_step("stimulus", self.stimulus)?;
        clock.at_least_one_step("decision", self.decision)?;
        clock.at_least_one_step("delay_test", self.delay_test)?;
        range::validate("delay", (self.delay_min, self.delay_max), clock)?;
        if let Some(pair) = self.pairs.iter().find(|pair| pair[0] == pair[1]) {
            let rule = "must hold two different frequencies";
            return Err(TaskError::parameter("pairs", format!("{pair:?}"), rule, "neither is the higher one"));
        }
        self.tuning().validate("pairs")
    }

    fn conditions(&self) -> Vec<Condition> {
        self.pairs.iter().flat_map(|&[a, b]| [named(a, b), named(b, a)]).collect()
    }

    fn plan(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Plan, TaskError> {
        let tuning = self.tuning();
        let (f1, f2) = self.frequencies(condition, &tuning, rng)?;
        let correct = rate_tuning::higher(f1, f2, rng);
        let signals = [("f1", f1), ("f2", f2)].map(|(epoch, f)| (epoch, tuning.signals(f).into())).into();
        Ok(Plan { condition: named(f1, f2), correct, signals })
    }

    fn epochs(&self, split: Split, clock: Clock, rng: &mut TrialRng) -> Result<Epochs, TaskError> {
        let stimulus = clock.steps("stimulus", self.stimulus)?;
        let delay = match split {
            Split::Train => Duration::uniform(self.delay_min, self.delay_max).draw("delay_max", clock, rng)?,
            Split::Test => clock.steps("delay_test", self.delay_test)?,
        };
        let decision = clock.steps("decision", self.decision)?;
        Ok(vec![("f1", stimulus), ("delay", delay), ("f2", stimulus), ("decision", decision)])
    }
}

fn named(f1: f64, f2: f64) -> Condition {
    Condition::new().with("f1", f1).with("f2", f2)
}
