//! Reaching with an arm: the outputs of the network are torques that move a two-joint arm, and the network feels where
//! its hand is.
//!
//! ```text
//! epochs    centre 100 ms | delay 300 to 600 ms | reaction 100 ms | movement 600 ms | hold 200 ms
//! signals   target_x, target_y: (cos a, sin a) from the delay on;   go_cue: 1 from the reaction on
//! feedback  hand_x, hand_y, hand_vx, hand_vy: place of the hand from its start, and velocity, over the distance of the targets;
//!           as they were `feedback_delay` and one step before
//! outputs   torque of the shoulder and of the elbow, N m, which move the arm
//! targets   for the hand: p = distance (cos a, sin a) (10 s^3 - 15 s^4 + 6 s^5) from its start, m,
//!           s = time in the movement / its duration, 1 after it
//! graded    all steps: the place of the hand
//! ```
//!
//! | symbol | field | unit | value |
//! |---|---|---|---|
//! | a | `angles` | degrees | -36, 0, .. 216 (eight targets, as published) |
//! | distance | `distance` | m | 0.2 (as published) |
//! | | `posture` | degrees | shoulder 10, elbow 143.54438871285726 (as published: the hand is straight before the shoulder) |
//! | | `arm` | | see [`Arm`] (as published) |
//! | | `feedback` | | `hand`; or `joint`: angles and angular velocities of shoulder and elbow, from the posture, rad and rad/s |
//! | | `feedback_delay` | ms | 0, beyond the step that feedback always takes |
//! | | `sigma_feedback` | that of the feedback, each step | 0 |
//! | | `centre`, `reaction`, `movement`, `hold` | ms | 100, 100, 600 (as published), 200 |
//! | | `delay` | ms | uniform from 300 to 600 |
//! | | `tolerance` | of the distance | 0.1 |
//! | | `sigma_in` | each step | 0 |
//! | dt | `dt` | ms | 10 |
//!
//! The loop is closed by whoever runs the network: [`Plant`] says how. The feedback channels of the inputs hold the
//! noise of the feedback only. A trial is correct if until the go cue the hand is never farther than `tolerance` times
//! the distance from its start, and at the last step no farther than that from the target. The reaction time lasts
//! until the hand leaves its start. A condition may ask for any `angle`.
//!
//! Reference: Kao T-C, Sadabadi MS, Hennequin G (2021), <https://doi.org/10.1016/j.neuron.2021.03.009> (targets,
//! posture, an arm moved by torques); the arm of Li W, Todorov E (2004), <https://doi.org/10.5220/0001143902220229>;
//! feedback of the hand, with delay and noise, and training through the plant: Codol O, Michaels JA, Kashefi M,
//! Pruszynski JA, Gribble PL (2024), <https://doi.org/10.7554/eLife.88591>.
//!
//! Differences from the source: it computes the torques of each reach beforehand, trains the network to give them, and
//! has no feedback; its steps are 1 ms, its speeds (t/T)^2 exp(-(t/T)^2 / 2) with T = 140 ms where this path is that of
//! Flash & Hogan (1985), <https://doi.org/10.1523/JNEUROSCI.05-07-01688.1985>. A drawn delay goes to the nearest step,
//! or as `rounding` says.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, motor::ArmReach};
//! let task = ArmReach::default();
//! let hand = task.arm.hand(task.posture.map(f64::to_radians));
//! assert!(hand[0].abs() < 1e-12 && (hand[1] - 0.199111).abs() < 1e-6);
//! let trial = task.trial(Split::Train, Some(&Condition::new().with("angle", 180.0)), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.ncols(), 7);
//! assert_eq!(trial.targets[[trial.n_steps() - 1, 0]], -0.2);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use super::{
    Arm, Feedback, Plant, Reach,
    reach::{self, CUES, Targets},
};
use crate::error::rules;
use crate::{
    About, Channel, Citation, Clock, Condition, Described, Score, Split, Task, TaskError, Trial, TrialRng, TrialView,
    parameters_of,
};

/// Reaching with an arm that the network drives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArmReach {
    /// The time step, ms.
    pub dt: f64,
    /// The directions of the targets, degrees.
    pub angles: Vec<f64>,
    /// The distance of the targets from the start, m.
    pub distance: f64,
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
    /// Epochs, cues and tolerance.
    #[serde(flatten)]
    pub reach: Reach,
}

impl Default for ArmReach {
    fn default() -> Self {
        Self {
            dt: 10.0,
            angles: (-1..7).map(|target| 36.0 * f64::from(target)).collect(),
            distance: 0.2,
            posture: [10.0, 143.54438871285726],
            arm: Arm::default(),
            feedback: Feedback::Hand,
            feedback_delay: 0.0,
            sigma_feedback: 0.0,
            reach: Reach::default(),
        }
    }
}

impl ArmReach {
    fn targets(&self) -> Targets<'_> {
        Targets { dt: self.dt, angles: &self.angles, distance: self.distance }
    }

    fn delay_steps(&self) -> Result<usize, TaskError> {
        Clock::new(self.dt).fixed(self.reach.rounding).steps("feedback_delay", self.feedback_delay)
    }

    /// The hand must be able to get everywhere on the way to a target.
    fn validate_workspace(&self) -> Result<(), TaskError> {
        let start = self.arm.hand(self.posture.map(f64::to_radians));
        let within = |angle: f64, part: f64| {
            let (sin, cos) = angle.to_radians().sin_cos();
            self.arm.angles([start[0] + part * self.distance * cos, start[1] + part * self.distance * sin]).is_some()
        };
        match self.angles.iter().find(|angle| !(within(**angle, 1.0) && within(**angle, 0.5))) {
            None => Ok(()),
            Some(angle) => {
                let remedy = "choose other targets, another `distance` or another `posture`";
                Err(TaskError::parameter(
                    "angles",
                    angle,
                    "is a direction in which the arm does not reach far enough",
                    remedy,
                ))
            }
        }
    }
}

impl Described for ArmReach {
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
}

impl Task for ArmReach {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.arm.validate()?;
        self.reach.validate(self.targets())?;
        self.posture.iter().try_for_each(|angle| rules::finite("posture", *angle))?;
        self.delay_steps()?;
        rules::not_negative("sigma_feedback", self.sigma_feedback)?;
        self.validate_workspace()
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        let felt = match self.feedback {
            Feedback::Hand => ["hand_x", "hand_y", "hand_vx", "hand_vy"],
            Feedback::Joint => ["shoulder", "elbow", "shoulder_velocity", "elbow_velocity"],
        };
        Channel::list(&[CUES.as_slice(), &felt].concat())
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["hand_x", "hand_y"])
    }

    fn conditions(&self) -> Vec<Condition> {
        reach::conditions(&self.angles)
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let begun = self.reach.begin(self.targets(), condition, rng)?;
        let n_inputs = self.inputs().len();
        let mut inputs = Array2::zeros((begun.timeline.n_steps(), n_inputs));
        self.reach.cue(&begun, &mut inputs, rng);
        reach::add_noise(&mut inputs, CUES.len()..n_inputs, self.sigma_feedback, rng);
        let path = self.reach.path(&begun, self.distance);
        Ok(begun.into_trial(inputs, path))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        self.reach.score(trial, self.targets(), outputs, outputs)
    }

    fn plant(&self) -> Option<Plant> {
        Some(Plant {
            arm: self.arm,
            dt: self.dt,
            posture: self.posture.map(f64::to_radians),
            feedback: self.feedback,
            first_channel: CUES.len(),
            scale: match self.feedback {
                Feedback::Hand => 1.0 / self.distance,
                Feedback::Joint => 1.0,
            },
            // A delay that is no whole number of steps is refused by `validate`.
            delay: self.delay_steps().unwrap_or(0),
        })
    }
}
