//! Go/no-go: respond to one of two stimuli after a delay, and not to the other.
//!
//! ```text
//! epochs    fixation 0 ms | stimulus 500 ms | delay 500 ms | decision 500 ms                                           dt 100 ms
//! inputs    fixation: 1 until the decision;  nogo or go: 1 in the stimulus
//! classes   0 fixate, 1 go: after a go stimulus in the decision; 0 elsewhere
//! graded    every step
//! correct   to act in the decision on a go trial, to fixate throughout it on a no-go trial
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | which stimulus | variable `go` | | each equally likely |
//!
//! Reference: Zhang X, Yan W, Wang W, et al. (2019), eLife 8: e43191, <https://doi.org/10.7554/eLife.43191>, which is
//! where neurogym points for want of the original; as `GoNogo` of neurogym 2.2, Molano-Mazon et al. (2022),
//! <https://doi.org/10.31234/osf.io/aqc9n>.
//!
//! Differences from the source: durations between two steps are errors unless `rounding` says what becomes of them;
//! neurogym takes the step below (`"floor"`). The training rule, a performance above 0.95, is ours.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::GoNogo};
//! let trial = GoNogo::default().trial(Split::Train, Some(&Condition::new().with("go", true)), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(0).to_vec(), [1.0, 0.0, 1.0]);
//! assert_eq!(trial.targets.column(1).sum(), 5.0);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::FAMILY;
use super::answer::score;
use super::asked::Asked;
use super::environment::environment;
use super::stage::{Schedule, clock, validate};
use crate::{
    About, Channel, Citation, Clock, Condition, Described, Duration, Rounding, Score, Split, Task, TaskError, Trial,
    TrialRng, TrialView,
};

/// Go/no-go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GoNogo {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of durations between two steps.
    pub rounding: Rounding,
    /// Before the stimulus, ms.
    pub fixation: Duration,
    /// Go or no-go, ms.
    pub stimulus: Duration,
    /// Between stimulus and decision, ms.
    pub delay: Duration,
    /// The response, ms.
    pub decision: f64,
}

impl Default for GoNogo {
    fn default() -> Self {
        Self {
            dt: 100.0,
            rounding: Rounding::Exact,
            fixation: 0.0.into(),
            stimulus: 500.0.into(),
            delay: 500.0.into(),
            decision: 500.0,
        }
    }
}

impl GoNogo {
    fn clock(&self) -> Clock {
        clock(self.dt, self.rounding)
    }
}

impl Described for GoNogo {
    const ABOUT: About<'static> = About {
        id: "neurogym/go_nogo",
        summary: "Go/no-go: respond after a delay if the stimulus said so, else keep fixating",
        citation: Citation {
            authors: "Zhang X, Yan W, Wang W, et al.",
            year: 2019,
            title: "Active information maintenance in working memory by a sensory cortex",
            doi: "10.7554/eLife.43191",
        },
        header: include_str!("go_nogo.rs"),
        ..FAMILY
    };
}

impl Task for GoNogo {
    environment! { threshold: 0.95 }

    fn validate(&self) -> Result<(), TaskError> {
        validate(
            self.clock(),
            0.0,
            &[("stimulus", &self.stimulus)],
            &[("fixation", &self.fixation), ("delay", &self.delay)],
        )?;
        self.clock().at_least_one_step("decision", self.decision).map(drop)
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "nogo", "go"])
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "go"])
    }

    fn conditions(&self) -> Vec<Condition> {
        [true, false].into_iter().map(|go| Condition::new().with("go", go)).collect()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let go = Asked::new(condition, &["go"])?.flag_or_drawn("go", rng)?;
        let mut schedule = Schedule::new(self.clock())?;
        schedule.epoch("fixation", &self.fixation, rng)?;
        let stimulus = schedule.epoch("stimulus", &self.stimulus, rng)?;
        schedule.epoch("delay", &self.delay, rng)?;
        let decision = schedule.fixed("decision", self.decision)?;

        let mut stage = schedule.stage(3, 2);
        stage.show(0..decision.start, 0, 1.0);
        stage.show(stimulus, 1 + usize::from(go), 1.0);
        stage.label(decision, usize::from(go));
        Ok(stage.finish(Condition::new().with("go", go), Some(usize::from(go))))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        score(trial, outputs, "decision", self.dt)
    }

    fn chance(&self) -> f64 {
        // To act by chance is right on half of the trials, and never to act on the other half.
        0.5
    }
}
