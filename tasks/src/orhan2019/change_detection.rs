//! Change detection: is the orientation seen after the delay another one than that before it?
//!
//! ```text
//! signals   stimulus: the sample, an orientation uniform in [0, pi)
//!           response: the test, which is the sample or, in half of the trials, another orientation
//! classes   no_change, change
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | kappa | `kappa`, of the tuning | | 2 |
//!
//! Where there is a change the test is uniform in [0, pi) too, independent of the sample, and may be close to it. The
//! tests present four samples without a change and with changes by 1/8 to 7/8 of pi.
//!
//! Differences from the source: its code can also show two locations, one of which changes; the paper's task, this one,
//! has one.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, orhan2019::ChangeDetection};
//! let asked = Condition::new().with("change", true).with("sample", 0.5);
//! let trial = ChangeDetection::default().trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.dim(), (150, 50));
//! assert_eq!((trial.targets.row(125).to_vec(), trial.correct), (vec![0.0, 1.0], Some(1)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::estimation::{evenly, orientation};
use super::{CLASSES, Definition, Plan, Response, ShortTermMemory, Tuning};
use crate::error::rules;
use crate::{About, Channel, Condition, TaskError, TrialRng, Value};

/// Change detection.
pub type ChangeDetection = ShortTermMemory<Change>;

/// An orientation that changes, or does not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Change {
    /// The sharpness of the tuning.
    pub kappa: f64,
}

impl Default for Change {
    fn default() -> Self {
        Self { kappa: 2.0 }
    }
}

impl Definition for Change {
    const ABOUT: About<'static> = About {
        id: "orhan2019/change_detection",
        version: 3,
        summary: "Change detection: is the orientation seen after the delay another one than that before it?",
        header: include_str!("change_detection.rs"),
        ..CLASSES
    };
    const VARIABLES: &'static [&'static str] = &["change", "sample", "test"];

    fn validate(&self) -> Result<(), TaskError> {
        rules::not_negative("kappa", self.kappa)
    }

    fn tuning(&self) -> Tuning {
        Tuning::Orientation { kappa: self.kappa }
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["no_change", "change"])
    }

    fn conditions(&self) -> Vec<Condition> {
        [false, true].map(|change| Condition::new().with("change", change)).into()
    }

    fn grid(&self) -> Vec<Condition> {
        let changes = |sample: f64| (1..8).map(move |k| named(sample, Some((sample + PI * f64::from(k) / 8.0) % PI)));
        evenly(4).flat_map(|sample| std::iter::once(named(sample, None)).chain(changes(sample))).collect()
    }

    fn plan(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Plan, TaskError> {
        let (sample, test) = draw(condition, rng)?;
        let response = Response::Probe(test.unwrap_or(sample));
        Ok(Plan::class(named(sample, test), sample, response, usize::from(test.is_some())))
    }
}

/// The sample, and the test if there is a change.
fn draw(condition: Option<&Condition>, rng: &mut TrialRng) -> Result<(f64, Option<f64>), TaskError> {
    let asked = |name| condition.and_then(|condition| condition.get(name));
    let change = match asked("change") {
        Some(Value::Bool(change)) => *change,
        Some(other) => {
            return Err(TaskError::condition("change", other, "must say whether there is one", "give true or false"));
        }
        None => asked("test").is_some() || rng.chance(0.5),
    };
    let sample = orientation("sample", condition, rng)?;
    match asked("test") {
        Some(test) if !change => {
            Err(TaskError::condition("test", test, "has no place without a change", "leave it out: it is the sample"))
        }
        _ => Ok((sample, change.then(|| orientation("test", condition, rng)).transpose()?)),
    }
}

fn named(sample: f64, test: Option<f64>) -> Condition {
    let condition = Condition::new().with("change", test.is_some()).with("sample", sample);
    match test {
        Some(test) => condition.with("test", test),
        None => condition,
    }
}
