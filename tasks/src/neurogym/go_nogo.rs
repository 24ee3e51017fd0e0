//! Go/no-go: respond to one of two stimuli after a delay, and not to the other.
//!
//! ```text
//! epochs      fixation 0 ms | stimulus 500 ms | delay 500 ms | decision 500 ms                              dt 100 ms
//! inputs      nogo or go: 1 in the stimulus
//! classes     1 go: after a go stimulus in the decision
//! correct     to act in the decision on a go trial, to fixate throughout it on a no-go trial
//! training    0.95
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | which stimulus | variable `go` | | each equally likely |
//!
//! Reference: Zhang X, Yan W, Wang W, et al. (2019), eLife 8: e43191, <https://doi.org/10.7554/eLife.43191>, which is
//! where neurogym points for want of the original; as `GoNogo` of neurogym.
//!
//! Differences from the source: none but those of all environments.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::GoNogo};
//! let go = Condition::new().with("go", true);
//! let trial = GoNogo::default().trial(Split::Train, Some(&go), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(0).to_vec(), [1.0, 0.0, 1.0]);
//! assert_eq!(trial.targets.column(1).sum(), 5.0);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::{Asked, Definition, Environment, FAMILY, Period, Timing, ZHANG};
use crate::{About, Channel, Condition, Duration, TaskError, Trial, TrialRng};

/// Go/no-go.
pub type GoNogo = Environment<Response>;

/// A response to one of two stimuli.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Response {
    /// Go or no-go, ms.
    pub stimulus: Duration,
    /// Between stimulus and decision, ms.
    pub delay: Duration,
    /// The response, ms.
    pub decision: f64,
}

impl Default for Response {
    fn default() -> Self {
        Self { stimulus: 500.0.into(), delay: 500.0.into(), decision: 500.0 }
    }
}

impl Response {
    fn periods(&self) -> [Period<'_>; 3] {
        let (stimulus, delay) = (Period::shown("stimulus", &self.stimulus), Period::pause("delay", &self.delay));
        [stimulus, delay, Period::fixed("decision", self.decision)]
    }
}

impl Definition for Response {
    const ABOUT: About<'static> = About {
        id: "neurogym/go_nogo",
        summary: "Go/no-go: respond after a delay if the stimulus said so, else keep fixating",
        citation: ZHANG,
        header: include_str!("go_nogo.rs"),
        ..FAMILY
    };
    const FIXATION: f64 = 0.0;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&self.periods())
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

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let go = Asked::new(condition, &["go"])?.flag_or_drawn("go", rng)?;
        let (schedule, [stimulus, _, decision]) = timing.draw(self.periods(), rng)?;

        let mut stage = schedule.stage(3, 2, decision.start);
        stage.show(stimulus, 1 + usize::from(go), 1.0);
        Ok(stage.finish(decision, usize::from(go), Condition::new().with("go", go)))
    }

    fn chance(&self, _: Timing<'_>) -> f64 {
        // To act by chance is right on half of the trials, and never to act on the other half.
        0.5
    }
}
