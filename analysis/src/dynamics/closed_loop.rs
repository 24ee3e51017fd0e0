//! A network and the arm that it drives, as one system.
//!
//! ```text
//! u_k   = u + felt_{k - 1 - delay} on the feedback channels          x_k = F(x_{k-1}, u_k)
//! arm_k = step(arm_{k-1}, torque = outputs of x_k)                   felt_k = feedback(arm_k)
//! state = (x, angles, angular velocities, the `delay` feedbacks that are on their way, oldest first)
//! ```
//!
//! At a fixed point the arm is at rest, and the network holds it there. The flow is that of the map, `F(x) - x`.
//! A turn of a joint changes nothing where the hand is felt, so that points are told apart without whole turns.

use std::f64::consts::TAU;

use ndarray::{Array2, ArrayView1, ArrayView2, s};
use nn4n_tasks::motor::{ArmState, Feedback, Plant};

use super::{
    Driven, Dynamics, Network, NetworkDynamics,
    arm::{ARM, arm, felt_derivative, numbers, step_derivative},
};
use crate::AnalysisError;

/// Why the loop has values of the step alone.
const NO_LIMIT: &str = "the loop of a network and its arm is a map: the arm moves in steps, and is felt a step or more \
    later";

/// A network in the loop with its arm, under a constant input.
#[derive(Clone, Debug)]
pub struct ClosedLoop<'a> {
    plant: Plant,
    /// The network under the input without feedback.
    unfed: Driven<'a>,
    /// What the feedback does to its first layer (units, 4).
    feedback: Array2<f64>,
}

impl<'a> ClosedLoop<'a> {
    /// The system under a constant input (inputs) of the network, to which the feedback is added.
    ///
    /// # Errors
    /// If the input has another length or is not finite, or the network does not fit the arm.
    pub fn new(network: &'a Network, plant: Plant, input: &[f64]) -> Result<Self, AnalysisError> {
        network.under(input)?;
        if network.outputs() != 2 || plant.first_channel + ARM > network.inputs() {
            let message = format!(
                "has {} outputs and {} inputs, but an arm needs two torques and feels on the inputs {} to {}",
                network.outputs(),
                network.inputs(),
                plant.first_channel,
                plant.first_channel + ARM - 1
            );
            return Err(AnalysisError::Shape { array: "network", message });
        }
        Ok(Self::known_to_fit(network, plant, input))
    }

    pub(super) fn known_to_fit(network: &'a Network, plant: Plant, input: &[f64]) -> Self {
        let w_in = &network.layers[0].w_in;
        let feedback = w_in.slice(s![.., plant.first_channel..plant.first_channel + ARM]).to_owned();
        Self { plant, unfed: network.driven(input), feedback }
    }

    fn units(&self) -> usize {
        self.unfed.network.units()
    }

    /// What the network feels in the next step.
    fn felt(&self, state: &[f64]) -> [f64; ARM] {
        let rest = &state[self.units()..];
        if self.plant.delay == 0 { self.plant.felt(arm(rest)) } else { four(&rest[ARM..]) }
    }

    fn driven(&self, state: &[f64]) -> Driven<'_> {
        let felt = self.feedback.dot(&ArrayView1::from(&self.felt(state)));
        Driven { network: self.unfed.network, drive: &self.unfed.drive + &felt }
    }

    fn torque(&self, x: &[f64]) -> [f64; 2] {
        let outputs = self.unfed.network.outputs_of(&self.unfed.network.rates(x));
        [outputs[0], outputs[1]]
    }

    /// How the arm after a step depends on the arm before it (arm, arm), and on something that the units after it depend
    /// on so (units, n): that through the torques (arm, n).
    fn of_arm(&self, before: ArmState, next: &[f64], of_next: ArrayView2<'_, f64>) -> (Array2<f64>, Array2<f64>) {
        let all = step_derivative(&self.plant.arm, before, self.torque(next), self.plant.dt);
        let own = Array2::from_shape_fn((ARM, ARM), |(row, column)| all[row][column]);
        let of_torque = Array2::from_shape_fn((ARM, 2), |(row, column)| all[row][ARM + column]);
        (own, of_torque.dot(&self.unfed.network.output_jacobian(next).dot(&of_next)))
    }
}

impl NetworkDynamics for ClosedLoop<'_> {
    fn network(&self) -> &Network {
        self.unfed.network
    }

    /// In a step the input reaches the arm through the torque; what is on its way is felt later.
    fn input_jacobian(&self, state: &[f64]) -> Array2<f64> {
        let units = self.units();
        let w_in = self.unfed.network.layers[0].w_in.view();
        let (next, derivatives) = self.driven(state).derivatives(&state[..units], w_in);
        let of_next = derivatives.slice(s![.., units..]);
        let (_, of_arm) = self.of_arm(arm(&state[units..]), &next, of_next);
        let mut jacobian = Array2::zeros((self.dim(), w_in.ncols()));
        jacobian.slice_mut(s![..units, ..]).assign(&of_next);
        jacobian.slice_mut(s![units..units + ARM, ..]).assign(&of_arm);
        jacobian
    }

    /// The arm rests in its posture, as before a trial.
    fn at_rest(&self, x: &[f64]) -> Vec<f64> {
        let arm = ArmState::at_rest(self.plant.posture);
        let felt = self.plant.felt(arm);
        x.iter().copied().chain(numbers(arm)).chain(felt.into_iter().cycle().take(ARM * self.plant.delay)).collect()
    }

    /// Nothing bounds the angles.
    fn box_of_fixed_points(&self) -> Option<Vec<(f64, f64)>> {
        None
    }

    fn no_continuous_time(&self) -> Option<&'static str> {
        Some(NO_LIMIT)
    }
}

impl Dynamics for ClosedLoop<'_> {
    fn dim(&self) -> usize {
        self.units() + ARM * (1 + self.plant.delay)
    }

    fn step(&self, state: &[f64]) -> Vec<f64> {
        let before = arm(&state[self.units()..]);
        let mut next = self.driven(state).step(&state[..self.units()]);
        let after = self.plant.arm.step(before, self.torque(&next), self.plant.dt);
        next.extend(numbers(after));
        if self.plant.delay > 0 {
            next.extend(&state[self.units() + 2 * ARM..]);
            next.extend(self.plant.felt(before));
        }
        next
    }

    fn jacobian(&self, state: &[f64]) -> Array2<f64> {
        let (units, dim) = (self.units(), self.dim());
        let before = arm(&state[units..]);
        let (next, derivatives) = self.driven(state).derivatives(&state[..units], self.feedback.view());

        let felt = felt_derivative(&self.plant, before);
        let felt = Array2::from_shape_fn((ARM, ARM), |(row, column)| felt[row][column]);
        let channels = derivatives.slice(s![.., units..]);
        let mut of_next = Array2::<f64>::zeros((units, dim));
        of_next.slice_mut(s![.., ..units]).assign(&derivatives.slice(s![.., ..units]));
        let (from, of_felt) = match self.plant.delay {
            0 => (units, channels.dot(&felt)),
            _ => (units + ARM, channels.to_owned()),
        };
        of_next.slice_mut(s![.., from..from + ARM]).assign(&of_felt);

        let (own, mut of_arm) = self.of_arm(before, &next, of_next.view());
        let mut through = of_arm.slice_mut(s![.., units..units + ARM]);
        through += &own;

        let mut jacobian = Array2::zeros((dim, dim));
        jacobian.slice_mut(s![..units, ..]).assign(&of_next);
        jacobian.slice_mut(s![units..units + ARM, ..]).assign(&of_arm);
        if self.plant.delay > 0 {
            for row in units + ARM..dim - ARM {
                jacobian[[row, row + ARM]] = 1.0;
            }
            jacobian.slice_mut(s![dim - ARM.., units..units + ARM]).assign(&felt);
        }
        jacobian
    }

    /// With angles within half a turn of the posture, where it is the hand that is felt: that is where it was after each
    /// turn of a joint.
    fn representative(&self, mut state: Vec<f64>) -> Vec<f64> {
        if self.plant.feedback == Feedback::Hand {
            for (angle, from) in state[self.units()..].iter_mut().zip(self.plant.posture) {
                let turns = ((*angle - from) / TAU).round();
                // A state that is its own representative stays bit by bit.
                if turns != 0.0 {
                    *angle -= turns * TAU;
                }
            }
        }
        state
    }

    fn kinks(&self, state: &[f64], tolerance: f64) -> Vec<usize> {
        self.driven(state).kinks(&state[..self.units()], tolerance)
    }
}

fn four(numbers: &[f64]) -> [f64; ARM] {
    std::array::from_fn(|place| numbers[place])
}
