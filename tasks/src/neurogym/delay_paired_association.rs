//! Delayed paired association: respond to two of four pairs of stimuli.
//!
//! ```text
//! epochs      fixation 0 ms | stim1 1000 ms | delay_btw_stim 1000 ms | stim2 1000 ms | delay_aft_stim 1000 ms
//!             | decision 500 ms                                                                             dt 100 ms
//! inputs      stimulus_a: 1 in stim1;  stimulus_b: 1 in stim2;  noise on the four stimuli in both
//! pair        (a, b) = (1, 3), (1, 4), (2, 3) or (2, 4)
//! classes     1 go: for (1, 3) and (2, 4) in the decision
//! correct     to act in the decision on a go trial, to fixate throughout it on the others
//! training    0.95
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | a, b | variables `first`, `second` | | each pair equally likely |
//! | sigma | `sigma` | | 0: no noise |
//!
//! Reference: Zhang X, Yan W, Wang W, et al. (2019), eLife 8: e43191, <https://doi.org/10.7554/eLife.43191>;
//! as `DelayPairedAssociation` of neurogym.
//!
//! Differences from the source: neurogym has a parameter `sigma` of 1 that it does not use; here it adds noise to the
//! four stimulus channels while a stimulus is shown, and is 0, so that the trials are neurogym's.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::DelayPairedAssociation};
//! let task = DelayPairedAssociation::default();
//! let condition = Condition::new().with("first", 2.0).with("second", 4.0);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(0).to_vec(), [1.0, 0.0, 1.0, 0.0, 0.0]);
//! assert_eq!(trial.inputs.row(20).to_vec(), [1.0, 0.0, 0.0, 0.0, 1.0]);
//! assert_eq!((trial.n_steps(), trial.correct), (45, Some(1)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::asked::{Asked, one_to};
use super::{Definition, Environment, FAMILY, Period, Timing, ZHANG, environment::fixation_and};
use crate::error::rules;
use crate::{About, Channel, Condition, Duration, TaskError, Trial, TrialRng};

/// Delayed paired association.
pub type DelayPairedAssociation = Environment<PairedAssociation>;

/// A response to two of four pairs of stimuli.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PairedAssociation {
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

impl Default for PairedAssociation {
    fn default() -> Self {
        Self {
            stim1: 1000.0.into(),
            delay_btw_stim: 1000.0.into(),
            stim2: 1000.0.into(),
            delay_aft_stim: 1000.0.into(),
            decision: 500.0,
            sigma: 0.0,
        }
    }
}

impl PairedAssociation {
    fn periods(&self) -> [Period<'_>; 5] {
        [
            Period::shown("stim1", &self.stim1),
            Period::pause("delay_btw_stim", &self.delay_btw_stim),
            Period::shown("stim2", &self.stim2),
            Period::pause("delay_aft_stim", &self.delay_aft_stim),
            Period::fixed("decision", self.decision),
        ]
    }
}

impl Definition for PairedAssociation {
    const ABOUT: About<'static> = About {
        id: "neurogym/delay_paired_association",
        summary: "Delayed paired association: respond to two of four pairs of stimuli separated by a delay",
        citation: ZHANG,
        header: include_str!("delay_paired_association.rs"),
        ..FAMILY
    };
    const FIXATION: f64 = 0.0;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&self.periods())?;
        rules::not_negative("sigma", self.sigma)
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

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let asked = Asked::new(condition, &["first", "second"])?;
        let first = asked.whole_or_drawn("first", 2, rng)?;
        let second = match asked.whole("second", 4)? {
            Some(second) if second < 3 => {
                return Err(TaskError::condition("second", second, "is a first stimulus", "give 3 or 4"));
            }
            Some(second) => second,
            None => 2 + one_to(2, rng),
        };
        let (schedule, [stim1, _, stim2, _, decision]) = timing.draw(self.periods(), rng)?;

        let mut stage = schedule.stage(5, 2, decision.start);
        for (steps, stimulus) in [(stim1, first), (stim2, second)] {
            stage.show(steps.clone(), stimulus, 1.0);
            stage.noise(steps, 1..5, self.sigma, rng);
        }
        let condition = Condition::new().with("first", first as f64).with("second", second as f64);
        Ok(stage.finish(decision, usize::from((second - first) % 2 == 0), condition))
    }

    fn chance(&self, _: Timing<'_>) -> f64 {
        // To act by chance is right on half of the trials, and never to act on the other half.
        0.5
    }
}
