//! Reaching with an arm: the outputs of the network are torques that move a two-joint arm, and the network feels where
//! its hand is.
//!
//! ```text
//! feedback  hand_x, hand_y, hand_vx, hand_vy: place of the hand from its start, and velocity, over the distance of
//!           the targets, as they were `feedback_delay` and one step before
//! outputs   torque of the shoulder and of the elbow, N m, which move the arm
//! targets   for the hand: the path p, m from its start
//! graded    all steps: the place of the hand
//! ```
//!
//! | symbol | field | unit | value |
//! |---|---|---|---|
//! | a | `angles` | degrees | -36, 0, .. 216 (eight targets, as published) |
//! | distance | `distance` | m | 0.2 (as published) |
//! | | `posture` | degrees | shoulder 10, elbow 143.54438871285726: the hand is straight ahead (as published) |
//! | | `arm` | | segments and joints of the arm, see the parameters (as published) |
//! | | `feedback` | | `hand`, as above |
//! | | | rad, rad/s | `joint`: angles of shoulder and elbow, from the posture, and their velocities |
//! | | `feedback_delay` | ms | 0, beyond the step that feedback always takes |
//! | | `sigma_feedback` | that of the feedback, each step | 0 |
//!
//! The loop is closed by whoever runs the network, in Rust as [`Plant`] says. The feedback channels of the inputs hold
//! the noise of the feedback only.
//!
//! Reference: Kao T-C, Sadabadi MS, Hennequin G (2021), <https://doi.org/10.1016/j.neuron.2021.03.009> (targets,
//! posture, an arm moved by torques, movements of 600 ms); the arm of Li W, Todorov E (2004),
//! <https://doi.org/10.5220/0001143902220229>; feedback of the hand, with delay and noise, and training through the
//! plant: Codol O, Michaels JA, Kashefi M, Pruszynski JA, Gribble PL (2024), <https://doi.org/10.7554/eLife.88591>.
//!
//! Differences from the source: it computes the torques of each reach beforehand, trains the network to give them, and
//! has no feedback; its steps are 1 ms, its speeds (t/T)^2 exp(-(t/T)^2 / 2) with T = 140 ms where this path is that of
//! Flash & Hogan (1985), <https://doi.org/10.1523/JNEUROSCI.05-07-01688.1985>.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, motor::ArmReach};
//! let task = ArmReach::default();
//! let hand = task.task.arm.hand(task.task.posture.map(f64::to_radians));
//! assert!(hand[0].abs() < 1e-12 && (hand[1] - 0.199111).abs() < 1e-6);
//! let leftwards = Condition::new().with("angle", 180.0);
//! let trial = task.trial(Split::Train, Some(&leftwards), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.ncols(), 7);
//! assert_eq!(trial.targets[[trial.n_steps() - 1, 0]], -0.2);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::reach::{self, CUES};
use super::{Arm, Definition, Feedback, Plant, Reaching};
use crate::error::rules;
use crate::{About, Channel, Citation, Clock, TaskError, TrialRng};

/// Reaching with an arm that the network drives.
pub type ArmReach = Reaching<DrivenArm>;

/// An arm that the outputs drive, and what the network feels of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DrivenArm {
    /// The angles of shoulder and elbow at the start, degrees.
    pub posture: [f64; 2],
    /// The arm.
    pub arm: Arm,
    /// What the network feels of the arm.
    pub feedback: Feedback,
    /// The delay of the feedback beyond the step that it always takes, ms.
    pub feedback_delay: f64,
    /// The standard deviation of the noise on the feedback, each step anew.
    pub sigma_feedback: f64,
}

impl Default for DrivenArm {
    fn default() -> Self {
        Self {
            posture: [10.0, 143.54438871285726],
            arm: Arm::default(),
            feedback: Feedback::Hand,
            feedback_delay: 0.0,
            sigma_feedback: 0.0,
        }
    }
}

impl DrivenArm {
    fn delay_steps(&self, clock: Clock) -> Result<usize, TaskError> {
        clock.steps("feedback_delay", self.feedback_delay)
    }

    /// The hand must be able to get everywhere on the way to a target.
    fn validate_workspace(&self, angles: &[f64], distance: f64) -> Result<(), TaskError> {
        let start = self.arm.hand(self.posture.map(f64::to_radians));
        let within = |angle: f64, part: f64| {
            let (sin, cos) = angle.to_radians().sin_cos();
            self.arm.angles([start[0] + part * distance * cos, start[1] + part * distance * sin]).is_some()
        };
        let Some(angle) = angles.iter().find(|angle| !(within(**angle, 1.0) && within(**angle, 0.5))) else {
            return Ok(());
        };
        let rule = "is a direction in which the arm does not reach far enough";
        let remedy = "choose other targets, another `distance` or another `posture`";
        Err(TaskError::parameter("angles", angle, rule, remedy))
    }
}

impl Definition for DrivenArm {
    const ABOUT: About<'static> = About {
        id: "motor/arm_reach",
        summary: "Reaching with an arm: drive a two-joint arm by torques, feeling the hand, to the target after the go \
            cue",
        citation: Citation {
            authors: "Kao T-C, Sadabadi MS, Hennequin G",
            year: 2021,
            title: "Optimal anticipatory control as a theory of motor preparation: A thalamo-cortical circuit model",
            doi: "10.1016/j.neuron.2021.03.009",
        },
        header: include_str!("arm_reach.rs"),
        shared: &[include_str!("reach.rs"), include_str!("../arm.rs"), include_str!("../plant.rs")],
        ..About::NEW
    };
    const DISTANCE: f64 = 0.2;

    fn angles() -> Vec<f64> {
        (-1..7).map(|target| 36.0 * f64::from(target)).collect()
    }

    fn validate(&self, clock: Clock, angles: &[f64], distance: f64) -> Result<(), TaskError> {
        self.arm.validate()?;
        self.posture.iter().try_for_each(|angle| rules::finite("posture", *angle))?;
        self.delay_steps(clock)?;
        rules::not_negative("sigma_feedback", self.sigma_feedback)?;
        self.validate_workspace(angles, distance)
    }

    fn felt(&self) -> Vec<Channel> {
        Channel::list(&match self.feedback {
            Feedback::Hand => ["hand_x", "hand_y", "hand_vx", "hand_vy"],
            Feedback::Joint => ["shoulder", "elbow", "shoulder_velocity", "elbow_velocity"],
        })
    }

    fn disturb(&self, inputs: &mut Array2<f32>, rng: &mut TrialRng) {
        let channels = CUES.len()..inputs.ncols();
        reach::add_noise(inputs, channels, self.sigma_feedback, rng);
    }

    fn outputs(&self) -> [&'static str; 2] {
        ["hand_x", "hand_y"]
    }

    fn plant(&self, clock: Clock, distance: f64) -> Option<Plant> {
        Some(Plant {
            arm: self.arm,
            dt: clock.dt,
            posture: self.posture.map(f64::to_radians),
            feedback: self.feedback,
            first_channel: CUES.len(),
            scale: match self.feedback {
                Feedback::Hand => 1.0 / distance,
                Feedback::Joint => 1.0,
            },
            // A delay that is no whole number of steps is refused by `validate`.
            delay: self.delay_steps(clock).unwrap_or(0),
        })
    }
}
