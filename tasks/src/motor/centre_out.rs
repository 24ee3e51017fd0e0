//! Centre-out reaching with an instructed delay: wait for the go cue, then move the hand to the target; the outputs are
//! the hand.
//!
//! ```text
//! targets   position: the path p;  velocity: the change of p within the step, per second
//! graded    all steps
//! ```
//!
//! | symbol | field | unit | value |
//! |---|---|---|---|
//! | a | `angles` | degrees | 0, 45, .. 315 (eight targets, as published) |
//! | distance | `distance` | that of the outputs | 1 |
//! | | `kinematics` | | `position`; or `velocity` |
//!
//! The reaction time of the targets themselves is 250 ms. Where the outputs are velocities, the hand is their sum.
//!
//! Reference: Georgopoulos AP, Kalaska JF, Caminiti R, Massey JT (1982),
//! <https://doi.org/10.1523/JNEUROSCI.02-11-01527.1982> (eight targets on a circle); Flash T, Hogan N (1985),
//! <https://doi.org/10.1523/JNEUROSCI.05-07-01688.1985> (the minimum-jerk path); networks that are told the target in a
//! delay and start to move with a cue: Sussillo D, Churchland MM, Kaufman MT, Shenoy KV (2015),
//! <https://doi.org/10.1038/nn.4042>.
//!
//! Differences from the sources: the animals of 1982 had no delay, and the networks of 2015 were trained to give
//! recorded muscle activity. The durations are not those of one paper; those of the delay are the default of MotorNet's
//! delayed reach (<https://doi.org/10.7554/eLife.88591>).
//!
//! ```
//! use nn4n_tasks::{Condition, Duration, Split, Task, TrialRng, motor::{CentreOut, Reach}};
//! let reach = Reach { delay: Duration::Fixed(400.0), ..Reach::default() };
//! let (task, ahead) = (CentreOut { reach, ..CentreOut::default() }, Condition::new().with("angle", 90.0));
//! let trial = task.trial(Split::Train, Some(&ahead), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.n_steps(), 140);
//! assert_eq!(trial.targets[[59, 1]], 0.0); // the movement starts with step 60
//! assert_eq!(trial.targets[[89, 1]], 0.5); // half of the way after half of the time
//! assert_eq!(trial.targets[[139, 1]], 1.0);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, ArrayView2, CowArray, Ix2};
use serde::{Deserialize, Serialize};

use super::{Definition, Reaching};
use crate::{About, Citation};

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
pub type CentreOut = Reaching<FreeHand>;

/// A hand that is where the outputs say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FreeHand {
    /// What the outputs say of the hand.
    pub kinematics: Kinematics,
}

impl Definition for FreeHand {
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
    const DISTANCE: f64 = 1.0;

    fn angles() -> Vec<f64> {
        (0..8).map(|target| 45.0 * f64::from(target)).collect()
    }

    fn outputs(&self) -> [&'static str; 2] {
        match self.kinematics {
            Kinematics::Position => ["hand_x", "hand_y"],
            Kinematics::Velocity => ["hand_velocity_x", "hand_velocity_y"],
        }
    }

    fn targets(&self, dt: f64, path: Array2<f32>) -> Array2<f32> {
        match self.kinematics {
            Kinematics::Position => path,
            // The changes of the place of the hand within each step, per second.
            Kinematics::Velocity => Array2::from_shape_fn(path.dim(), |(step, axis)| {
                let before = step.checked_sub(1).map_or(0.0, |before| path[[before, axis]]);
                ((f64::from(path[[step, axis]]) - f64::from(before)) * 1000.0 / dt) as f32
            }),
        }
    }

    fn path<'a>(&self, dt: f64, outputs: ArrayView2<'a, f32>) -> CowArray<'a, f32, Ix2> {
        if self.kinematics == Kinematics::Position {
            return outputs.into();
        }
        let (mut place, mut sum) = (outputs.to_owned(), [0.0; 2]);
        for mut row in place.outer_iter_mut() {
            for (sum, value) in sum.iter_mut().zip(&mut row) {
                *sum += f64::from(*value) * dt / 1000.0;
                *value = *sum as f32;
            }
        }
        place.into()
    }
}
