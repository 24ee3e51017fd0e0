//! A task of the family: targets, epochs and cues, which all of them have, and what moves the hand.
//!
//! ```
//! use nn4n_tasks::Task;
//! use nn4n_tasks::motor::{CentreOut, FreeHand, Kinematics, Reaching};
//! let task = CentreOut { dt: 20.0, angles: vec![0.0, 90.0], ..CentreOut::default() };
//! let task = Reaching { task: FreeHand { kinematics: Kinematics::Velocity }, ..task };
//! assert_eq!((task.conditions().len(), task.outputs()[0].name.as_str()), (2, "hand_velocity_x"));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::fmt;

use ndarray::{Array2, ArrayView2, CowArray, Ix2};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Reach;
use super::reach::{self, CUES, Targets};
use crate::plant::Plant;
use crate::{
    About, Channel, Clock, Condition, Described, Score, Split, Task, TaskError, Trial, TrialRng, TrialView,
    parameters_of,
};

/// What tells one task of the family from another.
pub trait Definition: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What is said of the task.
    const ABOUT: About<'static>;
    /// The distance of the targets.
    const DISTANCE: f64;

    /// The directions of the targets, degrees.
    fn angles() -> Vec<f64>;

    /// Checks the task's own settings, to targets in these directions and at this distance.
    fn validate(&self, _clock: Clock, _angles: &[f64], _distance: f64) -> Result<(), TaskError> {
        Ok(())
    }

    /// The input channels beside the cues.
    fn felt(&self) -> Vec<Channel> {
        Vec::new()
    }

    /// Adds noise to them; `inputs` are all inputs (n_steps, inputs).
    fn disturb(&self, _inputs: &mut Array2<f32>, _rng: &mut TrialRng) {}

    /// The output channels.
    fn outputs(&self) -> [&'static str; 2];

    /// The targets of the outputs for a path of the hand (n_steps, 2).
    fn targets(&self, _dt: f64, path: Array2<f32>) -> Array2<f32> {
        path
    }

    /// The path of the hand that the outputs stand for (n_steps, 2).
    fn path<'a>(&self, _dt: f64, outputs: ArrayView2<'a, f32>) -> CowArray<'a, f32, Ix2> {
        outputs.into()
    }

    /// What the outputs drive, if they are not the hand themselves.
    fn plant(&self, _clock: Clock, _distance: f64) -> Option<Plant> {
        None
    }
}

/// Reaching from a centre to targets around it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reaching<T> {
    /// The time step, ms.
    pub dt: f64,
    /// The directions of the targets, degrees.
    pub angles: Vec<f64>,
    /// The distance of the targets from the start: m for an arm, otherwise in units of the outputs.
    pub distance: f64,
    /// Epochs, cues and tolerance.
    #[serde(flatten)]
    pub reach: Reach,
    /// What is this task's own.
    #[serde(flatten)]
    pub task: T,
}

impl<T: Definition> Default for Reaching<T> {
    fn default() -> Self {
        let (reach, task) = (Reach::default(), T::default());
        Self { dt: 10.0, angles: T::angles(), distance: T::DISTANCE, reach, task }
    }
}

impl<T> Reaching<T> {
    fn targets(&self) -> Targets<'_> {
        Targets { dt: self.dt, angles: &self.angles, distance: self.distance }
    }

    /// For durations that always are the same.
    fn clock(&self) -> Clock {
        Clock::new(self.dt).fixed(self.reach.rounding)
    }
}

impl<T: Definition> Described for Reaching<T> {
    const ABOUT: About<'static> = T::ABOUT;
}

impl<T: Definition> Task for Reaching<T> {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.reach.validate(self.targets())?;
        self.task.validate(self.clock(), &self.angles, self.distance)
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&CUES).into_iter().chain(self.task.felt()).collect()
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&self.task.outputs())
    }

    fn conditions(&self) -> Vec<Condition> {
        reach::conditions(&self.angles)
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let begun = self.reach.begin(self.targets(), condition, rng)?;
        let mut inputs = Array2::zeros((begun.timeline.n_steps(), self.inputs().len()));
        self.reach.cue(&begun, &mut inputs, rng);
        self.task.disturb(&mut inputs, rng);
        let targets = self.task.targets(self.dt, self.reach.path(&begun, self.distance));
        Ok(begun.into_trial(inputs, targets))
    }

    /// The path of the hand that is asked for (x, y), from its place at the start, in the unit of the distance.
    fn trajectory(
        &self,
        _: Split,
        condition: Option<&Condition>,
        rng: &mut TrialRng,
    ) -> Result<Option<Array2<f64>>, TaskError> {
        let begun = self.reach.begin(self.targets(), condition, rng)?;
        let path = self.reach.path(&begun, self.distance);
        let places = Array2::from_shape_fn((path.nrows() + 1, 2), |(step, axis)| match step {
            0 => 0.0,
            _ => f64::from(path[[step - 1, axis]]),
        });
        Ok(Some(places))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let path = self.task.path(self.dt, outputs);
        self.reach.score(trial, self.targets(), path.view(), outputs)
    }

    fn plant(&self) -> Option<Plant> {
        self.task.plant(self.clock(), self.distance)
    }
}
