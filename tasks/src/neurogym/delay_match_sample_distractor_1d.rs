//! Delayed match to sample with distractors: respond to that one of three tests which is the sample.
//!
//! ```text
//! epochs    fixation 300 ms | sample 500 ms | 3 x (delay 1000 ms | test 500 ms)                                         dt 100 ms
//! inputs    fixation: 1 in the fixation period
//!           stimulus_i: cos(theta_i - theta) + noise in the sample and the tests                                       i = 1 .. 32
//! theta     sample: uniform on [0, 2 pi);  test m: the same;  the other tests: independent and uniform                 m = 1, 2, 3
//! classes   0 fixate, 1 match: at every step of test m; 0 elsewhere
//! graded    every step
//! correct   the first action after the sample is in test m
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | m | variable `match` | | each equally likely |
//! | sigma | `sigma` | | 0: no noise |
//!
//! Nothing but the matching test says when to respond. A distractor can be as close to the sample as chance has it.
//!
//! Reference: Miller EK, Erickson CA, Desimone R (1996), J Neurosci 16: 5154,
//! <https://doi.org/10.1523/JNEUROSCI.16-16-05154.1996>; as `DelayMatchSampleDistractor1D` of neurogym 2.2,
//! Molano-Mazon et al. (2022), <https://doi.org/10.31234/osf.io/aqc9n>.
//!
//! Differences from the source: neurogym has a parameter `sigma` of 1 that it does not use; here it adds noise, and is
//! 0, so that the trials are neurogym's. Durations between two steps are errors unless `rounding` says what becomes of
//! them; neurogym takes the step below (`"floor"`). The training rule, a performance above 0.9, is ours.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::DelayMatchSampleDistractor1D};
//! let condition = Condition::new().with("match", 2.0).with("sample", 0.0);
//! let trial = DelayMatchSampleDistractor1D::default().trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(3).to_vec()[..2], [0.0, 1.0]);
//! assert_eq!(trial.inputs.row(33), trial.inputs.row(3)); // the second test: 3 + 5 + 10 + 5 + 10
//! assert_eq!(trial.targets.column(1).sum(), 5.0);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::TAU;

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::FAMILY;
use super::answer::{Answer, chance_of_fixation};
use super::asked::Asked;
use super::environment::environment;
use super::evidence::{cosine, fixation_and, validate_ring};
use super::stage::{Schedule, clock, noise_std, validate};
use crate::{
    About, Channel, Citation, Clock, Condition, Described, Duration, Rounding, Score, Split, Task, TaskError, Trial,
    TrialRng, TrialView,
};
use crate::{reaction_time, ring::wrapped};

/// The delays and tests, in order.
const TESTS: [(&str, &str); 3] = [("delay1", "test1"), ("delay2", "test2"), ("delay3", "test3")];

/// Delayed match to sample with distractors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DelayMatchSampleDistractor1D {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of durations between two steps.
    pub rounding: Rounding,
    /// Before the sample, ms.
    pub fixation: Duration,
    /// The sample, ms.
    pub sample: Duration,
    /// Before each test, ms.
    pub delay: f64,
    /// Each test, ms.
    pub test: f64,
    /// The number of channels.
    pub dim_ring: usize,
    /// The strength of the noise on the stimuli; 0 for none, as in neurogym.
    pub sigma: f64,
}

impl Default for DelayMatchSampleDistractor1D {
    fn default() -> Self {
        Self {
            dt: 100.0,
            rounding: Rounding::Exact,
            fixation: 300.0.into(),
            sample: 500.0.into(),
            delay: 1000.0,
            test: 500.0,
            dim_ring: 32,
            sigma: 0.0,
        }
    }
}

impl DelayMatchSampleDistractor1D {
    fn clock(&self) -> Clock {
        clock(self.dt, self.rounding)
    }

    /// An angle that is asked for or drawn, rad.
    fn angle(asked: Asked<'_>, name: &str, rng: &mut TrialRng) -> Result<f64, TaskError> {
        Ok(asked.between(name, 0.0, TAU)?.unwrap_or_else(|| wrapped(rng.between(0.0, TAU))))
    }
}

impl Described for DelayMatchSampleDistractor1D {
    const ABOUT: About<'static> = About {
        id: "neurogym/delay_match_sample_distractor_1d",
        summary: "Delayed match to sample with distractors: respond to that one of three tests which is the sample",
        citation: Citation {
            authors: "Miller EK, Erickson CA, Desimone R",
            year: 1996,
            title: "Neural mechanisms of visual working memory in prefrontal cortex of the macaque",
            doi: "10.1523/JNEUROSCI.16-16-05154.1996",
        },
        header: include_str!("delay_match_sample_distractor_1d.rs"),
        shared: &[include_str!("evidence.rs"), include_str!("answer.rs"), include_str!("stage.rs")],
        ..FAMILY
    };
}

impl Task for DelayMatchSampleDistractor1D {
    environment! { threshold: 0.9 }

    fn validate(&self) -> Result<(), TaskError> {
        validate(self.clock(), self.sigma, &[("sample", &self.sample)], &[("fixation", &self.fixation)])?;
        self.clock().steps("delay", self.delay)?;
        self.clock().at_least_one_step("test", self.test)?;
        validate_ring(self.dim_ring)
    }

    fn inputs(&self) -> Vec<Channel> {
        fixation_and("stimulus", self.dim_ring)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "match"])
    }

    fn conditions(&self) -> Vec<Condition> {
        (1..=TESTS.len()).map(|test| Condition::new().with("match", test as f64)).collect()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let (n, asked) = (self.dim_ring, Asked::new(condition, &["match", "sample", "distractor_1", "distractor_2"])?);
        let matching = asked.whole_or_drawn("match", TESTS.len(), rng)?;
        let sample = Self::angle(asked, "sample", rng)?;
        let distractors = [Self::angle(asked, "distractor_1", rng)?, Self::angle(asked, "distractor_2", rng)?];
        let mut schedule = Schedule::new(self.clock())?;
        let fixation = schedule.epoch("fixation", &self.fixation, rng)?;
        let mut shown = vec![(schedule.epoch("sample", &self.sample, rng)?, sample)];
        let (delay, test) = (self.clock().steps("delay", self.delay)?, self.clock().steps("test", self.test)?);
        let mut others = distractors.into_iter();
        for (i, (delay_name, test_name)) in TESTS.into_iter().enumerate() {
            schedule.steps(delay_name, delay)?;
            let angle = if i + 1 == matching { sample } else { others.next().unwrap_or(sample) };
            shown.push((schedule.steps(test_name, test)?, angle));
        }

        let mut stage = schedule.stage(1 + n, 2);
        stage.show(fixation, 0, 1.0);
        for (i, (steps, angle)) in shown.into_iter().enumerate() {
            stage.pattern(steps.clone(), 1, cosine(n, angle, 1.0, 0.0));
            stage.noise(steps.clone(), 1..1 + n, noise_std(self.sigma, self.dt), rng);
            if i == matching {
                stage.label(steps, 1);
            }
        }
        let condition = Condition::new().with("match", matching as f64).with("sample", sample);
        Ok(stage.finish(condition.with("distractor_1", distractors[0]).with("distractor_2", distractors[1]), Some(1)))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let after_sample = trial.epoch("sample").map_or(0, |epoch| epoch.end);
        let answer = Answer::first(outputs, after_sample..trial.n_steps());
        let is_match = |step: usize| trial.targets.row(step).get(1) == Some(&1.0);
        let correct = matches!(answer, Answer::Acted { step, .. } if is_match(step));
        let onset = trial.targets.outer_iter().position(|row| row.get(1) == Some(&1.0));
        let reaction_time = match (answer, onset) {
            (Answer::Acted { step, .. }, Some(onset)) if correct => Some(reaction_time(step, onset, self.dt)),
            _ => None,
        };
        Score { choice: answer.choice(), correct: Some(correct), reaction_time, error: None }
    }

    fn chance(&self) -> f64 {
        let steps = |field, ms| self.clock().steps(field, ms).unwrap_or(0);
        let (delay, test) = (steps("delay", self.delay), steps("test", self.test));
        let before = |i: usize| (i + 1) * delay + i * test;
        let hit = |i: usize| chance_of_fixation(2, before(i)) * (1.0 - chance_of_fixation(2, test));
        (0..TESTS.len()).map(hit).sum::<f64>() / TESTS.len() as f64
    }
}
