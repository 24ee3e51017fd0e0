//! What stands between the outputs of a network and what is graded: an arm, whose movement the network feels.
//!
//! ```text
//! each step k      u_k = inputs_k + feedback(state of the arm after step k - 1 - delay) on the feedback channels
//!                  torque_k = outputs of the network, N m (shoulder, elbow)
//!                  state_k = step(state_{k-1}, torque_k)        graded: hand_k - hand at the start, m
//! feedback         hand:   (place of the hand - place at the start, velocity of the hand) in m, m/s, times `scale`
//!                  joint:  (angles - angles at the start, their velocity) in rad, rad/s, times `scale`
//! ```
//!
//! Before the first step the arm is at rest in its posture. Noise of the feedback is in the inputs of the trial, so
//! that it is drawn with it.

use ndarray::{Array2, ArrayView2};
use serde::{Deserialize, Serialize};

use crate::arm::{Arm, ArmState};

/// What the network feels of the arm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feedback {
    /// Place and velocity of the hand, x and y of each.
    #[default]
    Hand,
    /// Angles and angular velocities of the joints, shoulder and elbow of each.
    Joint,
}

/// An arm that a network drives: see [`Task::plant`](crate::Task::plant).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plant {
    /// The arm.
    pub arm: Arm,
    /// The time step, ms.
    pub dt: f64,
    /// The angles at the start (shoulder, elbow), rad.
    pub posture: [f64; 2],
    /// What is fed back.
    pub feedback: Feedback,
    /// The first of the four input channels that the feedback is added to.
    pub first_channel: usize,
    /// The factor of the feedback.
    pub scale: f64,
    /// The delay of the feedback beyond the one step that it always takes, steps.
    pub delay: usize,
}

impl Plant {
    /// The movement of the hand (n_steps, 2) under these torques (n_steps, 2), m from its place at the start.
    pub fn movement(&self, torques: ArrayView2<'_, f64>) -> Array2<f64> {
        let (mut state, origin) = (ArmState::at_rest(self.posture), self.arm.hand(self.posture));
        let mut movement = Array2::zeros((torques.nrows(), 2));
        for (torque, mut place) in torques.outer_iter().zip(movement.outer_iter_mut()) {
            let at = |joint: usize| torque.get(joint).copied().unwrap_or(0.0);
            state = self.arm.step(state, [at(0), at(1)], self.dt);
            let hand = self.arm.hand(state.angles);
            place[0] = hand[0] - origin[0];
            place[1] = hand[1] - origin[1];
        }
        movement
    }

    /// What the network feels of a state (four numbers), without delay.
    pub fn felt(&self, state: ArmState) -> [f64; 4] {
        let (place, origin, velocity) = match self.feedback {
            Feedback::Hand => (self.arm.hand(state.angles), self.arm.hand(self.posture), self.arm.hand_velocity(state)),
            Feedback::Joint => (state.angles, self.posture, state.velocity),
        };
        [place[0] - origin[0], place[1] - origin[1], velocity[0], velocity[1]].map(|value| value * self.scale)
    }
}
