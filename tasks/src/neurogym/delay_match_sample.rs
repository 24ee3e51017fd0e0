//! Delayed match to sample: is the test the stimulus seen a second ago?
//!
//! ```text
//! epochs    fixation 300 ms | sample 500 ms | delay 1000 ms | test 500 ms | decision 900 ms                             dt 100 ms
//! inputs    fixation: 1 until the decision
//!           stimulus_i: 0.5 + 0.5 cos(theta_i - theta) + noise in sample and test                                      i = 1 .. n
//! theta     sample: theta_k;  test: theta_k if it matches, theta_k + pi if not
//! classes   0 fixate, 1 match, 2 non_match: in the decision; 0 before
//! graded    every step
//! correct   the first action in the decision is the right choice
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | n | `dim_ring` | | 2 |
//! | k | variable `sample` | | 1 .. n |
//! | sigma | `sigma` | | 1; a step's noise is sigma / sqrt(dt) |
//!
//! Reference: Miller EK, Erickson CA, Desimone R (1996), J Neurosci 16: 5154,
//! <https://doi.org/10.1523/JNEUROSCI.16-16-05154.1996>; as `DelayMatchSample` of neurogym 2.2, Molano-Mazon et al.
//! (2022), <https://doi.org/10.31234/osf.io/aqc9n>.
//!
//! Differences from the source: durations between two steps are errors unless `rounding` says what becomes of them;
//! neurogym takes the step below (`"floor"`). The training rule, a performance above 0.95, is ours.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::DelayMatchSample};
//! let task = DelayMatchSample { sigma: 0.0, ..DelayMatchSample::default() };
//! let condition = Condition::new().with("match", false).with("sample", 1.0);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(3).to_vec(), [1.0, 1.0, 0.0]);
//! assert_eq!(trial.inputs.row(18).to_vec(), [1.0, 0.0, 1.0]);
//! assert_eq!(trial.correct, Some(2));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::PI;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::FAMILY;
use super::answer::{chance_of_action, score};
use super::asked::Asked;
use super::environment::environment;
use super::evidence::{angle, cosine, fixation_and, validate_ring};
use super::stage::{Schedule, clock, noise_std, validate};
use crate::{
    About, Channel, Citation, Clock, Condition, Described, Duration, Rounding, Score, Split, Task, TaskError, Trial,
    TrialRng, TrialView,
};

/// Delayed match to sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DelayMatchSample {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of durations between two steps.
    pub rounding: Rounding,
    /// Before the sample, ms.
    pub fixation: Duration,
    /// The sample, ms.
    pub sample: Duration,
    /// Between sample and test, ms.
    pub delay: Duration,
    /// The test, ms.
    pub test: Duration,
    /// The response, ms.
    pub decision: f64,
    /// The number of stimuli and of their channels.
    pub dim_ring: usize,
    /// The strength of the noise on the stimuli; 0 for none.
    pub sigma: f64,
}

impl Default for DelayMatchSample {
    fn default() -> Self {
        Self {
            dt: 100.0,
            rounding: Rounding::Exact,
            fixation: 300.0.into(),
            sample: 500.0.into(),
            delay: 1000.0.into(),
            test: 500.0.into(),
            decision: 900.0,
            dim_ring: 2,
            sigma: 1.0,
        }
    }
}

impl DelayMatchSample {
    fn clock(&self) -> Clock {
        clock(self.dt, self.rounding)
    }
}

impl Described for DelayMatchSample {
    const ABOUT: About<'static> = About {
        id: "neurogym/delay_match_sample",
        summary: "Delayed match to sample: report whether the test is the same stimulus as the sample before the delay",
        citation: Citation {
            authors: "Miller EK, Erickson CA, Desimone R",
            year: 1996,
            title: "Neural mechanisms of visual working memory in prefrontal cortex of the macaque",
            doi: "10.1523/JNEUROSCI.16-16-05154.1996",
        },
        header: include_str!("delay_match_sample.rs"),
        shared: &[include_str!("evidence.rs"), include_str!("answer.rs"), include_str!("stage.rs")],
        ..FAMILY
    };
}

impl Task for DelayMatchSample {
    environment! { threshold: 0.95 }

    fn validate(&self) -> Result<(), TaskError> {
        let shown = [("sample", &self.sample), ("test", &self.test)];
        validate(self.clock(), self.sigma, &shown, &[("fixation", &self.fixation), ("delay", &self.delay)])?;
        self.clock().at_least_one_step("decision", self.decision)?;
        validate_ring(self.dim_ring)
    }

    fn inputs(&self) -> Vec<Channel> {
        fixation_and("stimulus", self.dim_ring)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "match", "non_match"])
    }

    fn conditions(&self) -> Vec<Condition> {
        [true, false].into_iter().map(|matches| Condition::new().with("match", matches)).collect()
    }

    fn grid(&self) -> Vec<Condition> {
        let samples =
            |class: Condition| (1..=self.dim_ring).map(move |sample| class.clone().with("sample", sample as f64));
        self.conditions().into_iter().flat_map(samples).collect()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let (n, asked) = (self.dim_ring, Asked::new(condition, &["match", "sample"])?);
        let matches = asked.flag_or_drawn("match", rng)?;
        let sample = asked.whole_or_drawn("sample", n, rng)?;
        let mut schedule = Schedule::new(self.clock())?;
        schedule.epoch("fixation", &self.fixation, rng)?;
        let first = schedule.epoch("sample", &self.sample, rng)?;
        schedule.epoch("delay", &self.delay, rng)?;
        let second = schedule.epoch("test", &self.test, rng)?;
        let decision = schedule.fixed("decision", self.decision)?;

        let mut stage = schedule.stage(1 + n, 3);
        stage.show(0..decision.start, 0, 1.0);
        let sample_angle = angle(sample, n);
        let test_angle = if matches { sample_angle } else { sample_angle + PI };
        for (steps, theta) in [(first, sample_angle), (second, test_angle)] {
            stage.pattern(steps.clone(), 1, cosine(n, theta, 0.5, 0.5));
            stage.noise(steps, 1..1 + n, noise_std(self.sigma, self.dt), rng);
        }
        let correct = if matches { 1 } else { 2 };
        stage.label(decision, correct);
        Ok(stage.finish(Condition::new().with("match", matches).with("sample", sample as f64), Some(correct)))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        score(trial, outputs, "decision", self.dt)
    }

    fn chance(&self) -> f64 {
        chance_of_action(3, self.clock().steps("decision", self.decision).unwrap_or(0))
    }
}
