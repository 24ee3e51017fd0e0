//! Change detection: is the orientation seen after the delay another one than that before it?
//!
//! ```text
//! epochs    stimulus 250 ms | delay 1000 ms | response 250 ms        25, 100 and 25 steps
//! signals   stimulus: channel k fires Poisson( peak exp(kappa (cos 2 (s - phi_k) - 1)) / 25 ) times in each step, s the sample
//!           delay: every channel fires Poisson( spontaneous / 100 ) times in each step
//!           response: as in the stimulus, s the test
//! targets   the class `change` or `no_change`, at all times
//! graded    response
//! choice    the larger output at the 5th step from the end
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | k | `n_channels` | | 50; phi_k from 0 to pi |
//! | kappa | `kappa` | | 2 |
//! | peak, spontaneous | `peak_spikes`, `spontaneous_spikes` | spikes per channel and period | 1, 0.1 |
//! | delay | `delay` | ms | 1000, or one of 100, 400, 700 and 1000 |
//!
//! The sample is uniform in [0, pi). Half of the trials have a change; then the test is uniform in [0, pi) too,
//! independent of the sample, and may be close to it. The tests present four samples without a change and with changes
//! by 1/8 to 7/8 of pi.
//!
//! Reference: Orhan AE, Ma WJ (2019), <https://doi.org/10.1038/s41593-018-0314-y>; released code recurrent-memory.
//!
//! Differences from the source: its network has one output and a binary cross-entropy, for which two classes stand
//! here; it measures the information that is lost against an observer who knows the spikes, where a trial here is right
//! or wrong; it has no rule for ending the training. The code can also show two locations, one of which changes; the
//! paper's task, this one, has one.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, orhan2019::ChangeDetection};
//! let condition = Condition::new().with("change", true).with("sample", 0.5);
//! let trial = ChangeDetection::default().trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.dim(), (150, 50));
//! assert_eq!((trial.targets.row(125).to_vec(), trial.correct), (vec![0.0, 1.0], Some(1)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::f64::consts::PI;

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::estimation::{evenly, orientation};
use super::{FAMILY, Spikes, Timing, Tuning, two_choice};
use crate::error::rules;
use crate::{
    About, Channel, Condition, Described, Objective, Score, Split, Task, TaskError, Trial, TrialRng, TrialView,
};
use crate::{Value, parameters_of};

/// Change detection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChangeDetection {
    /// When things happen.
    #[serde(flatten)]
    pub timing: Timing,
    /// How much the channels fire.
    #[serde(flatten)]
    pub spikes: Spikes,
    /// The sharpness of the tuning.
    pub kappa: f64,
}

impl Default for ChangeDetection {
    fn default() -> Self {
        Self { timing: Timing::default(), spikes: Spikes::default(), kappa: 2.0 }
    }
}

impl Described for ChangeDetection {
    const ABOUT: About<'static> = About {
        id: "orhan2019/change_detection",
        version: 3,
        summary: "Change detection: is the orientation seen after the delay another one than that before it?",
        header: include_str!("change_detection.rs"),
        shared: &[include_str!("two_choice.rs"), include_str!("spikes.rs"), include_str!("timing.rs")],
        ..FAMILY
    };
}

impl Task for ChangeDetection {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.timing.validate()?;
        self.spikes.validate()?;
        rules::not_negative("kappa", self.kappa)
    }

    fn dt(&self) -> f64 {
        self.timing.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::numbered("channel", self.timing.n_channels)
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

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let (sample, test) = draw(condition, rng)?;
        let periods = self.timing.draw(rng)?;
        let (tuning, channels) = (Tuning::Orientation { kappa: self.kappa }, 0..self.timing.n_channels);
        let mut inputs = Array2::zeros((periods.n_steps(), channels.len()));
        self.spikes.show(&mut inputs, &periods.stimulus, channels.clone(), (tuning, sample), rng);
        self.spikes.delay(&mut inputs, &periods, rng);
        self.spikes.show(&mut inputs, &periods.response, channels, (tuning, test.unwrap_or(sample)), rng);
        Ok(two_choice::trial(periods, inputs, named(sample, test), usize::from(test.is_some())))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        two_choice::score(&self.timing, trial, outputs)
    }

    fn objective(&self) -> Objective {
        Objective::Classes
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

/// The sample, and the test if there is a change.
fn draw(condition: Option<&Condition>, rng: &mut TrialRng) -> Result<(f64, Option<f64>), TaskError> {
    condition.map_or(Ok(()), |condition| condition.allow(&["change", "sample", "test"]))?;
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
