//! Parametric working memory: which of two frequencies, separated by a delay, was the higher?
//!
//! ```text
//! epochs    fixation 100 ms (test 500) | f1 500 ms | delay U(2500, 3500) ms (test 3000) | f2 500 ms | decision 300 ms
//! signals   f1, f2: 0.4 + 0.8 (f - 10)/24 on the positive channel and 0.4 + 0.8 (34 - f)/24 on the negative channel
//! targets   decision: 1 for "f1 higher" or "f2 higher", 0.2 for the other; 0.2 before
//! graded    fixation and decision
//! catch     1 trial in 11: 2500 ms without signal, both targets 0.2, all graded
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | f1, f2 | `pairs` | Hz | (18, 10), (22, 14), (26, 18), (30, 22), (34, 26), each in either order; 10 and 34 above are their extremes |
//! | delay | `delay_min`, `delay_max`, `delay_test` | ms | 2500, 3500, 3000 |
//!
//! The drawn delay goes to the step below, as in the code, unless `rounding` is "nearest" or "ceil"; the other
//! durations must be whole numbers of steps unless `rounding` says what to do with them.
//!
//! If a condition asks for two equal frequencies, the correct choice is drawn.
//!
//! Reference: Song HF, Yang GR, Wang X-J (2016), PLoS Comput Biol 12: e1004792,
//! <https://doi.org/10.1371/journal.pcbi.1004792>, Fig 7; after Romo, Brody, Hernandez & Lemus (1999),
//! <https://doi.org/10.1038/20939>.
//!
//! Differences from the source: ungraded targets are 0.2 where the code leaves them at 0, which changes nothing that is
//! graded.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, song2016::Romo};
//! let task = Romo { sigma_in: 0.0, baseline: 0.0, ..Romo::default() };
//! let condition = Condition::new().with("f1", 34.0).with("f2", 26.0);
//! let trial = task.trial(Split::Test, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(25).to_vec(), [1.2, 0.4]);
//! assert_eq!((trial.n_steps(), trial.correct), (240, Some(0)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::cmp::Ordering;

use ndarray::{ArrayView2, aview1, s};
use serde::{Deserialize, Serialize};

use super::{FAMILY, InputNoise, RateTuning, TwoChoice};
use crate::error::rules;
use crate::{
    About, Channel, Condition, Criterion, Described, Duration, Rounding, Score, Split, Task, TaskError, Trial,
    TrialRng, TrialView, parameters_of,
};

/// Parametric working memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Romo {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps; the drawn one goes to the step below unless this says otherwise.
    pub rounding: Rounding,
    /// Fixation in training, ms.
    pub fixation: f64,
    /// Fixation in tests, ms.
    pub fixation_test: f64,
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
    /// The fraction of catch trials.
    pub p_catch: f64,
    /// The length of a catch trial, ms.
    pub catch_duration: f64,
    /// The target of the correct output in the decision.
    pub hi: f64,
    /// The target everywhere else.
    pub lo: f64,
    /// Added to every input.
    pub baseline: f64,
    /// The strength of the input noise; 0 for none.
    pub sigma_in: f64,
    /// The time constant of the input noise, ms.
    pub tau_in: f64,
}

impl Default for Romo {
    fn default() -> Self {
        Self {
            dt: 20.0,
            rounding: Rounding::Exact,
            fixation: 100.0,
            fixation_test: 500.0,
            stimulus: 500.0,
            delay_min: 2500.0,
            delay_max: 3500.0,
            delay_test: 3000.0,
            decision: 300.0,
            pairs: vec![[18.0, 10.0], [22.0, 14.0], [26.0, 18.0], [30.0, 22.0], [34.0, 26.0]],
            p_catch: 1.0 / 11.0,
            catch_duration: 2500.0,
            hi: 1.0,
            lo: 0.2,
            baseline: 0.2,
            sigma_in: 0.01,
            tau_in: 100.0,
        }
    }
}

impl Romo {
    fn two_choice(&self) -> TwoChoice {
        TwoChoice {
            input: InputNoise { dt: self.dt, baseline: self.baseline, sigma_in: self.sigma_in, tau_in: self.tau_in },
            rounding: self.rounding,
            n_inputs: 2,
            hi: self.hi,
            lo: self.lo,
            p_catch: self.p_catch,
            catch_duration: self.catch_duration,
        }
    }

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

impl Described for Romo {
    const ABOUT: About<'static> = About {
        id: "song2016/romo",
        version: 2,
        summary: "Parametric working memory: which of two frequencies, separated by a delay, was the higher?",
        header: include_str!("romo.rs"),
        shared: &[include_str!("two_choice.rs"), include_str!("rate_tuning.rs"), include_str!("input_noise.rs")],
        ..FAMILY
    };
}

impl Task for Romo {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.two_choice().validate()?;
        let clock = self.two_choice().clock();
        clock.steps("fixation", self.fixation)?;
        clock.steps("fixation_test", self.fixation_test)?;
        clock.at_least_one_step("stimulus", self.stimulus)?;
        clock.at_least_one_step("decision", self.decision)?;
        clock.at_least_one_step("delay_test", self.delay_test)?;
        rules::positive("delay_min", self.delay_min)?;
        rules::positive("delay_max", self.delay_max)?;
        if self.delay_min < self.dt {
            let remedy = format!("a delay needs at least one step of `dt` = {} ms", self.dt);
            return Err(TaskError::parameter("delay_min", self.delay_min, "must be at least `dt`", remedy));
        }
        if self.delay_max < self.delay_min {
            let remedy = format!("give at least `delay_min` = {} ms", self.delay_min);
            return Err(TaskError::parameter("delay_max", self.delay_max, "must not be less than `delay_min`", remedy));
        }
        if let Some(pair) = self.pairs.iter().find(|pair| pair[0] == pair[1]) {
            let rule = "must hold two different frequencies";
            return Err(TaskError::parameter("pairs", format!("{pair:?}"), rule, "neither is the higher one"));
        }
        self.tuning().validate("pairs")
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["positive", "negative"])
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["choice_f1_higher", "choice_f2_higher"])
    }

    fn conditions(&self) -> Vec<Condition> {
        let orders = |&[a, b]: &[f64; 2]| [named(a, b), named(b, a)];
        self.two_choice().conditions(self.pairs.iter().flat_map(orders))
    }

    fn trial(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let two_choice = self.two_choice();
        if let Some(catch) = two_choice.catch_trial(&["f1", "f2"], condition, rng)? {
            return Ok(catch);
        }
        let tuning = self.tuning();
        let (f1, f2) = self.frequencies(condition, &tuning, rng)?;
        let correct = match f1.total_cmp(&f2) {
            Ordering::Greater => 0,
            Ordering::Less => 1,
            Ordering::Equal => usize::from(rng.chance(0.5)),
        };
        let (fixation, (field, delay)) = match split {
            Split::Train => {
                (("fixation", self.fixation), ("delay_max", Duration::uniform(self.delay_min, self.delay_max)))
            }
            Split::Test => (("fixation_test", self.fixation_test), ("delay_test", self.delay_test.into())),
        };
        let clock = two_choice.clock();
        let mut timeline = clock.timeline()?;
        timeline.push("fixation", fixation)?;
        let first = timeline.push("f1", ("stimulus", self.stimulus))?;
        timeline.push_steps("delay", delay.draw(field, clock, rng)?)?;
        let second = timeline.push("f2", ("stimulus", self.stimulus))?;
        timeline.push("decision", ("decision", self.decision))?;

        let mut signals = two_choice.silence(&timeline);
        signals.slice_mut(s![first, ..]).assign(&aview1(&tuning.signals(f1)));
        signals.slice_mut(s![second, ..]).assign(&aview1(&tuning.signals(f2)));
        Ok(two_choice.trial(timeline, signals, named(f1, f2), correct, rng))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        TwoChoice::score(trial, outputs)
    }

    fn chance(&self) -> f64 {
        0.5
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::MinPerformance { threshold: 0.85 })
    }
}

fn named(f1: f64, f2: f64) -> Condition {
    Condition::new().with("f1", f1).with("f2", f2)
}
