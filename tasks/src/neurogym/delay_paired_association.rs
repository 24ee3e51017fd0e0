//! Delayed paired association: respond to two of four pairs of stimuli.
//!
//! ```text
//! epochs    fixation 0 ms | stim1 1000 ms | delay_btw_stim 1000 ms | stim2 1000 ms | delay_aft_stim 1000 ms | decision 500 ms
//! inputs    fixation: 1 until the decision;  stimulus_a: 1 in stim1;  stimulus_b: 1 in stim2;  both with noise
//! dt        100 ms
//! pair      (a, b) = (1, 3), (1, 4), (2, 3) or (2, 4)
//! classes   0 fixate, 1 go: for (1, 3) and (2, 4) in the decision; 0 elsewhere
//! graded    every step
//! correct   to act in the decision on a go trial, to fixate throughout it on the others
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | a, b | variables `first`, `second` | | each pair equally likely |
//! | sigma | `sigma` | | 0: no noise |
//!
//! Reference: Zhang X, Yan W, Wang W, et al. (2019), eLife 8: e43191, <https://doi.org/10.7554/eLife.43191>;
//! as `DelayPairedAssociation` of neurogym 2.2, Molano-Mazon et al. (2022), <https://doi.org/10.31234/osf.io/aqc9n>.
//!
//! Differences from the source: neurogym has a parameter `sigma` of 1 that it does not use; here it adds noise to the
//! four stimulus channels while a stimulus is shown, and is 0, so that the trials are neurogym's. Durations between two
//! steps are errors unless `rounding` says what becomes of them; neurogym takes the step below (`"floor"`). The
//! training rule, a performance above 0.95, is ours.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::DelayPairedAssociation};
//! let condition = Condition::new().with("first", 2.0).with("second", 4.0);
//! let trial = DelayPairedAssociation::default().trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(0).to_vec(), [1.0, 0.0, 1.0, 0.0, 0.0]);
//! assert_eq!(trial.inputs.row(20).to_vec(), [1.0, 0.0, 0.0, 0.0, 1.0]);
//! assert_eq!((trial.n_steps(), trial.correct), (45, Some(1)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::FAMILY;
use super::answer::score;
use super::asked::Asked;
use super::environment::environment;
use super::evidence::fixation_and;
use super::stage::{Schedule, clock, noise_std, validate};
use crate::{
    About, Channel, Citation, Clock, Condition, Described, Duration, Rounding, Score, Split, Task, TaskError, Trial,
    TrialRng, TrialView,
};

/// Delayed paired association.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DelayPairedAssociation {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of durations between two steps.
    pub rounding: Rounding,
    /// Before the first stimulus, ms.
    pub fixation: Duration,
    /// The first stimulus, ms.
    pub stim1: Duration,
    /// Between the stimuli, ms.
    pub delay_btw_stim: Duration,
    /// The second stimulus, ms.
    pub stim2: Duration,
    /// Between the second stimulus and the decision, ms.
    pub delay_aft_stim: Duration,
    /// The response, ms.
    pub decision: f64,
    /// The strength of the noise on the stimuli; 0 for none, as in neurogym.
    pub sigma: f64,
}

impl Default for DelayPairedAssociation {
    fn default() -> Self {
        Self {
            dt: 100.0,
            rounding: Rounding::Exact,
            fixation: 0.0.into(),
            stim1: 1000.0.into(),
            delay_btw_stim: 1000.0.into(),
            stim2: 1000.0.into(),
            delay_aft_stim: 1000.0.into(),
            decision: 500.0,
            sigma: 0.0,
        }
    }
}

impl DelayPairedAssociation {
    fn clock(&self) -> Clock {
        clock(self.dt, self.rounding)
    }
}

impl Described for DelayPairedAssociation {
    const ABOUT: About<'static> = About {
        id: "neurogym/delay_paired_association",
        summary: "Delayed paired association: respond to two of four pairs of stimuli separated by a delay",
        citation: Citation {
            authors: "Zhang X, Yan W, Wang W, et al.",
            year: 2019,
            title: "Active information maintenance in working memory by a sensory cortex",
            doi: "10.7554/eLife.43191",
        },
        header: include_str!("delay_paired_association.rs"),
        shared: &[include_str!("evidence.rs"), include_str!("answer.rs"), include_str!("stage.rs")],
        ..FAMILY
    };
}

impl Task for DelayPairedAssociation {
    environment! { threshold: 0.95 }

    fn validate(&self) -> Result<(), TaskError> {
        let delays = [
            ("fixation", &self.fixation),
            ("delay_btw_stim", &self.delay_btw_stim),
            ("delay_aft_stim", &self.delay_aft_stim),
        ];
        validate(self.clock(), self.sigma, &[("stim1", &self.stim1), ("stim2", &self.stim2)], &delays)?;
        self.clock().at_least_one_step("decision", self.decision).map(drop)
    }

    fn inputs(&self) -> Vec<Channel> {
        fixation_and("stimulus", 4)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "go"])
    }

    fn conditions(&self) -> Vec<Condition> {
        let pairs = [(1.0, 3.0), (1.0, 4.0), (2.0, 3.0), (2.0, 4.0)];
        pairs.into_iter().map(|(first, second)| Condition::new().with("first", first).with("second", second)).collect()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let asked = Asked::new(condition, &["first", "second"])?;
        let first = asked.whole_or_drawn("first", 2, rng)?;
        let second = match asked.whole("second", 4)? {
            Some(second) if second < 3 => {
                return Err(TaskError::condition("second", second, "is a first stimulus", "give 3 or 4"));
            }
            Some(second) => second,
            None => 2 + super::asked::one_to(2, rng),
        };
        let mut schedule = Schedule::new(self.clock())?;
        schedule.epoch("fixation", &self.fixation, rng)?;
        let stim1 = schedule.epoch("stim1", &self.stim1, rng)?;
        schedule.epoch("delay_btw_stim", &self.delay_btw_stim, rng)?;
        let stim2 = schedule.epoch("stim2", &self.stim2, rng)?;
        schedule.epoch("delay_aft_stim", &self.delay_aft_stim, rng)?;
        let decision = schedule.fixed("decision", self.decision)?;

        let mut stage = schedule.stage(5, 2);
        stage.show(0..decision.start, 0, 1.0);
        for (steps, stimulus) in [(stim1, first), (stim2, second)] {
            stage.show(steps.clone(), stimulus, 1.0);
            stage.noise(steps, 1..5, noise_std(self.sigma, self.dt), rng);
        }
        let correct = usize::from((second - first) % 2 == 0);
        stage.label(decision, correct);
        Ok(stage.finish(Condition::new().with("first", first as f64).with("second", second as f64), Some(correct)))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        score(trial, outputs, "decision", self.dt)
    }

    fn chance(&self) -> f64 {
        // To act by chance is right on half of the trials, and never to act on the other half.
        0.5
    }
}
