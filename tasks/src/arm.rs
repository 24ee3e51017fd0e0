//! A two-link arm in the horizontal plane, moved by a torque at the shoulder and one at the elbow.
//!
//! ```text
//! M(q) q'' + C(q, q') + B q' = torque                  q = (shoulder, elbow), the elbow relative to the upper arm
//!
//! M = | a1 + 2 a2 cos q2    a3 + a2 cos q2 |           C = a2 sin q2 | -q2' (2 q1' + q2') |
//!     | a3 + a2 cos q2      a3             |                        |  q1'^2              |
//!
//! a1 = I1 + I2 + m2 l1^2      a2 = m2 l1 s2      a3 = I2
//! hand = l1 (cos q1, sin q1) + l2 (cos(q1 + q2), sin(q1 + q2))      from the shoulder
//!
//! step      h = dt / substeps, so many times:   q' <- q' + h q''(q, q', torque),  then  q <- q + h q'
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | l1, l2 | `l1`, `l2` | m | 0.30, 0.33: length of the upper arm, of the forearm |
//! | m2 | `m2` | kg | 1.0: mass of the forearm |
//! | s2 | `s2` | m | 0.16: from the elbow to the forearm's centre of mass |
//! | I1, I2 | `i1`, `i2` | kg m^2 | 0.025, 0.045: moment of inertia of a link about its own joint |
//! | B | `friction` | N m s/rad | 0.05, 0.025; 0.025, 0.05 |
//! | | `substeps` | | 1 |
//!
//! The step is Euler's with the new velocity (semi-implicit): of first order, and steady where plain Euler is not.
//! There is no gravity, and the joints have no limits. The mass of the upper arm is in I1 and does not appear on its
//! own.
//!
//! Reference: Li W, Todorov E (2004), Iterative linear quadratic regulator design for nonlinear biological movement
//! systems, <https://doi.org/10.5220/0001143902220229>.
//!
//! ```
//! use nn4n_tasks::motor::{Arm, ArmState};
//! let arm = Arm::default();
//! let state = ArmState::at_rest([0.5, 1.5]);
//! assert_eq!(arm.step(state, [0.0, 0.0], 10.0), state); // no torque, no movement
//! let hand = arm.hand(state.angles);
//! let found = arm.angles(hand).unwrap();
//! assert!((found[0] - 0.5).abs() < 1e-12 && (found[1] - 1.5).abs() < 1e-12);
//! ```

use serde::{Deserialize, Serialize};

use crate::TaskError;
use crate::error::rules;

/// The most Euler steps within one step of a task.
const MAX_SUBSTEPS: usize = 1000;

/// A two-link arm in the horizontal plane.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Arm {
    /// The length of the upper arm, m.
    pub l1: f64,
    /// The length of the forearm, m.
    pub l2: f64,
    /// The mass of the forearm, kg.
    pub m2: f64,
    /// The distance from the elbow to the forearm's centre of mass, m.
    pub s2: f64,
    /// The moment of inertia of the upper arm about the shoulder, kg m^2.
    pub i1: f64,
    /// The moment of inertia of the forearm about the elbow, kg m^2.
    pub i2: f64,
    /// The friction of the joints: torque per angular velocity, N m s/rad.
    pub friction: [[f64; 2]; 2],
    /// The number of Euler steps within one step of the task.
    pub substeps: usize,
}

/// The joints at one moment: shoulder, elbow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArmState {
    /// rad
    pub angles: [f64; 2],
    /// rad/s
    pub velocity: [f64; 2],
}

impl ArmState {
    /// Without movement.
    pub fn at_rest(angles: [f64; 2]) -> Self {
        Self { angles, velocity: [0.0; 2] }
    }
}

impl Default for Arm {
    fn default() -> Self {
        Self {
            l1: 0.30,
            l2: 0.33,
            m2: 1.0,
            s2: 0.16,
            i1: 0.025,
            i2: 0.045,
            friction: [[0.05, 0.025], [0.025, 0.05]],
            substeps: 1,
        }
    }
}

impl Arm {
    /// Checks that there can be such an arm.
    pub fn validate(&self) -> Result<(), TaskError> {
        let lengths = [("arm.l1", self.l1), ("arm.l2", self.l2), ("arm.m2", self.m2), ("arm.s2", self.s2)];
        lengths
            .into_iter()
            .chain([("arm.i1", self.i1), ("arm.i2", self.i2)])
            .try_for_each(|(field, value)| rules::positive(field, value))?;
        let least = self.m2 * self.s2 * self.s2;
        if self.i2 <= least {
            let rule = "must exceed m2 s2^2, the moment of inertia of the same mass in one point";
            return Err(TaskError::parameter(
                "arm.i2",
                self.i2,
                rule,
                format!("give more than {least}, about the elbow"),
            ));
        }
        let [[b11, b12], [b21, b22]] = self.friction;
        let takes_energy = b11 >= 0.0 && b22 >= 0.0 && (b12 + b21).powi(2) <= 4.0 * b11 * b22 * (1.0 + 1e-12);
        if !(takes_energy && self.friction.iter().flatten().all(|b| b.is_finite())) {
            let remedy = "its symmetric part must have no negative eigenvalue; 0 everywhere is none";
            return Err(TaskError::parameter(
                "arm.friction",
                format!("{:?}", self.friction),
                "must not push the arm",
                remedy,
            ));
        }
        if !(1..=MAX_SUBSTEPS).contains(&self.substeps) {
            return Err(TaskError::parameter(
                "arm.substeps",
                self.substeps,
                "must lie in 1 to 1000",
                "1 is enough for steps of 10 ms",
            ));
        }
        Ok(())
    }

    /// a1, a2, a3.
    pub fn coefficients(&self) -> [f64; 3] {
        [self.i1 + self.i2 + self.m2 * self.l1 * self.l1, self.m2 * self.l1 * self.s2, self.i2]
    }

    /// M, kg m^2.
    pub fn mass_matrix(&self, angles: [f64; 2]) -> [[f64; 2]; 2] {
        let [a1, a2, a3] = self.coefficients();
        let z = a2 * angles[1].cos();
        [[a1 + 2.0 * z, a3 + z], [a3 + z, a3]]
    }

    /// C + B q': the torques that a movement at constant joint velocities takes, N m.
    fn resistance(&self, state: ArmState) -> [f64; 2] {
        let ArmState { angles, velocity: [w1, w2] } = state;
        let z = self.coefficients()[1] * angles[1].sin();
        let [[b11, b12], [b21, b22]] = self.friction;
        [b11 * w1 + b12 * w2 - z * w2 * (2.0 * w1 + w2), b21 * w1 + b22 * w2 + z * w1 * w1]
    }

    /// The acceleration of the joints under these torques (N m), rad/s^2.
    pub fn acceleration(&self, state: ArmState, torque: [f64; 2]) -> [f64; 2] {
        let [[m11, m12], [_, m22]] = self.mass_matrix(state.angles);
        let [r1, r2] = self.resistance(state);
        let (f1, f2) = (torque[0] - r1, torque[1] - r2);
        let determinant = m11 * m22 - m12 * m12;
        [(m22 * f1 - m12 * f2) / determinant, (m11 * f2 - m12 * f1) / determinant]
    }

    /// The torques that give the joints this acceleration (rad/s^2), N m.
    pub fn torque(&self, state: ArmState, acceleration: [f64; 2]) -> [f64; 2] {
        let [[m11, m12], [_, m22]] = self.mass_matrix(state.angles);
        let [r1, r2] = self.resistance(state);
        [m11 * acceleration[0] + m12 * acceleration[1] + r1, m12 * acceleration[0] + m22 * acceleration[1] + r2]
    }

    /// The state after `dt` ms under constant torques (N m).
    pub fn step(&self, state: ArmState, torque: [f64; 2], dt: f64) -> ArmState {
        let h = dt / 1000.0 / self.substeps as f64;
        let mut next = state;
        for _ in 0..self.substeps {
            let acceleration = self.acceleration(next, torque);
            for ((angle, velocity), acceleration) in next.angles.iter_mut().zip(&mut next.velocity).zip(acceleration) {
                *velocity += h * acceleration;
                *angle += h * *velocity;
            }
        }
        next
    }

    /// The kinetic energy, J.
    pub fn energy(&self, state: ArmState) -> f64 {
        let ([[m11, m12], [_, m22]], [w1, w2]) = (self.mass_matrix(state.angles), state.velocity);
        0.5 * (m11 * w1 * w1 + 2.0 * m12 * w1 * w2 + m22 * w2 * w2)
    }

    /// The place of the hand, m from the shoulder.
    pub fn hand(&self, [q1, q2]: [f64; 2]) -> [f64; 2] {
        [self.l1 * q1.cos() + self.l2 * (q1 + q2).cos(), self.l1 * q1.sin() + self.l2 * (q1 + q2).sin()]
    }

    /// The velocity of the hand, m/s.
    pub fn hand_velocity(&self, ArmState { angles: [q1, q2], velocity: [w1, w2] }: ArmState) -> [f64; 2] {
        let (upper, fore) = (self.l1 * w1, self.l2 * (w1 + w2));
        [-upper * q1.sin() - fore * (q1 + q2).sin(), upper * q1.cos() + fore * (q1 + q2).cos()]
    }

    /// The angles, with the elbow bent to the left (0 to pi), that bring the hand to a place (m from the shoulder);
    /// `None` out of reach.
    pub fn angles(&self, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        let cosine = (x * x + y * y - self.l1 * self.l1 - self.l2 * self.l2) / (2.0 * self.l1 * self.l2);
        if !(-1.0..=1.0).contains(&cosine) {
            return None;
        }
        let elbow = cosine.acos();
        Some([y.atan2(x) - (self.l2 * elbow.sin()).atan2(self.l1 + self.l2 * cosine), elbow])
    }
}
