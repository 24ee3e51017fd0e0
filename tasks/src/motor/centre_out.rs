//! Centre-out reaching with an instructed delay: wait for the go cue, then move the hand to the target; the outputs are
//! the hand.
//!
//! ```text
//! epochs    centre 100 ms | delay 300 to 600 ms | reaction 100 ms | movement 600 ms | hold 200 ms
//! signals   target_x, target_y: (cos a, sin a) from the delay on;   go_cue: 1 from the reaction on
//! targets   position: p = distance (cos a, sin a) (10 s^3 - 15 s^4 + 6 s^5),  s = time in the movement / its duration, 1 after it
//!           velocity: the change of p within the step, per second
//! graded    all steps
//! ```
//!
//! | symbol | field | unit | value |
//! |---|---|---|---|
//! | a | `angles` | degrees | 0, 45, .. 315 (eight targets, as published) |
//! | distance | `distance` | that of the outputs | 1 |
//! | | `kinematics` | | `position`; or `velocity` |
//! | | `centre`, `reaction`, `movement`, `hold` | ms | 100, 100, 600, 200 |
//! | | `delay` | ms | uniform from 300 to 600 |
//! | | `tolerance` | of the distance | 0.1 |
//! | | `sigma_in` | each step | 0 |
//! | dt | `dt` | ms | 10 |
//!
//! A trial is correct if until the go cue the hand is never farther than `tolerance` times the distance from the
//! centre, and at the last step no farther than that from the target. The reaction time lasts until the hand leaves the
//! centre; the targets' own is 250 ms. Where the outputs are velocities, the hand is their sum. A condition may ask for
//! any `angle`, also for one between the targets.
//!
//! Reference: Georgopoulos AP, Kalaska JF, Caminiti R, Massey JT (1982),
//! <https://doi.org/10.1523/JNEUROSCI.02-11-01527.1982> (eight targets on a circle); Flash T, Hogan N (1985),
//! <https://doi.org/10.1523/JNEUROSCI.05-07-01688.1985> (the minimum-jerk path); networks that are told the target in a
//! delay and start to move with a cue: Sussillo D, Churchland MM, Kaufman MT, Shenoy KV (2015),
//! <https://doi.org/10.1038/nn.4042>.
//!
//! Differences from the sources: the animals of 1982 had no delay, and the networks of 2015 were trained to give
//! recorded muscle activity. The durations are not those of one paper; those of the delay are the default of MotorNet's
//! delayed reach (<https://doi.org/10.7554/eLife.88591>). A drawn delay goes to the nearest step, or as `rounding`
//! says.
//!
//! ```
//! use nn4n_tasks::{Condition, Duration, Split, Task, TrialRng, motor::{CentreOut, Reach}};
//! let task = CentreOut { reach: Reach { delay: Duration::Fixed(400.0), ..Reach::default() }, ..CentreOut::default() };
//! let trial = task.trial(Split::Train, Some(&Condition::new().with("angle", 90.0)), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.n_steps(), 140);
//! assert_eq!(trial.targets[[59, 1]], 0.0); // the movement starts with step 60
//! assert_eq!(trial.targets[[89, 1]], 0.5); // half of the way after half of the time
//! assert_eq!(trial.targets[[139, 1]], 1.0);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::{
    Reach,
    reach::{self, CUES, Targets},
};
use crate::{
    About, Channel, Citation, Condition, Described, Score, Split, Task, TaskError, Trial, TrialRng, TrialView,
    parameters_of,
};

/// What the outputs say of the hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kinematics {
    /// Its place.
    #[default]
    Position,
    /// Its velocity, per second.
    Velocity,
}

/// Centre-out reaching with an instructed delay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CentreOut {
    /// The time step, ms.
    pub dt: f64,
    /// The directions of the targets, degrees.
    pub angles: Vec<f64>,
    /// The distance of the targets from the centre, in units of the outputs.
    pub distance: f64,
    /// What the outputs say of the hand.
    pub kinematics: Kinematics,
    /// Epochs, cues and tolerance.
    #[serde(flatten)]
    pub reach: Reach,
}

impl Default for CentreOut {
    fn default() -> Self {
        let angles = (0..8).map(|target| 45.0 * f64::from(target)).collect();
        Self { dt: 10.0, angles, distance: 1.0, kinematics: Kinematics::Position, reach: Reach::default() }
    }
}

impl CentreOut {
    fn targets(&self) -> Targets<'_> {
        Targets { dt: self.dt, angles: &self.angles, distance: self.distance }
    }

    /// The place of the hand at each step that the outputs stand for.
    fn place(&self, outputs: ArrayView2<'_, f32>) -> Array2<f32> {
        let mut place = outputs.to_owned();
        if self.kinematics == Kinematics::Velocity {
            let mut sum = [0.0; 2];
            for mut row in place.outer_iter_mut() {
                for (sum, value) in sum.iter_mut().zip(&mut row) {
                    *sum += f64::from(*value) * self.dt / 1000.0;
                    *value = *sum as f32;
                }
            }
        }
        place
    }

    /// The changes of the place of the hand within each step, per second.
    fn velocity(&self, path: &Array2<f32>) -> Array2<f32> {
        Array2::from_shape_fn(path.dim(), |(step, axis)| {
            let before = step.checked_sub(1).map_or(0.0, |before| path[[before, axis]]);
            ((f64::from(path[[step, axis]]) - f64::from(before)) * 1000.0 / self.dt) as f32
        })
    }
}

impl Described for CentreOut {
    const ABOUT: About<'static> = About {
        id: "motor/centre_out",
        summary: "Centre-out reaching with an instructed delay: wait for the go cue, then move the hand to the target",
        citation: Citation {
            authors: "Georgopoulos AP, Kalaska JF, Caminiti R, Massey JT",
            year: 1982,
            title: "On the relations between the direction of two-dimensional arm movements and cell discharge in \
                primate motor cortex",
            doi: "10.1523/JNEUROSCI.02-11-01527.1982",
        },
        header: include_str!("centre_out.rs"),
        shared: &[include_str!("reach.rs")],
        ..About::NEW
    };
}

impl Task for CentreOut {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.reach.validate(self.targets())
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&CUES)
    }

    fn outputs(&self) -> Vec<Channel> {
        match self.kinematics {
            Kinematics::Position => Channel::list(&["hand_x", "hand_y"]),
            Kinematics::Velocity => Channel::list(&["hand_velocity_x", "hand_velocity_y"]),
        }
    }

    fn conditions(&self) -> Vec<Condition> {
        reach::conditions(&self.angles)
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let begun = self.reach.begin(self.targets(), condition, rng)?;
        let mut inputs = Array2::zeros((begun.timeline.n_steps(), CUES.len()));
        self.reach.cue(&begun, &mut inputs, rng);
        let path = self.reach.path(&begun, self.distance);
        let targets = match self.kinematics {
            Kinematics::Position => path,
            Kinematics::Velocity => self.velocity(&path),
        };
        Ok(begun.into_trial(inputs, targets))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        self.reach.score(trial, self.targets(), self.place(outputs).view(), outputs)
    }
}
