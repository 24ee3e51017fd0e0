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
//! Derivatives of the arm are differences of fourth order, right to about 1e-10 of their size.

use std::f64::consts::TAU;

use ndarray::{Array2, s};
use nn4n_tasks::motor::{ArmState, Feedback, Plant};

use super::{Dynamics, Network, NetworkDynamics};
use crate::AnalysisError;

/// Numbers of a state of the arm, and of what is felt of it.
const ARM: usize = 4;
/// Step of the differences, rad and rad/s; N m.
const DIFFERENCE: f64 = 1e-3;
/// Why the loop has values of the step alone.
const NO_LIMIT: &str = "the loop of a network and its arm is a map: the arm moves in steps, and is felt a step or more \
    later";

/// A network in the loop with its arm, under a constant input.
#[derive(Clone, Debug)]
pub struct ClosedLoop<'a> {
    network: &'a Network,
    plant: Plant,
    input: Vec<f64>,
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
        Self { network, plant, input: input.to_vec() }
    }

    fn units(&self) -> usize {
        self.network.units()
    }

    /// What the network feels in the next step.
    fn felt(&self, state: &[f64]) -> [f64; ARM] {
        let rest = &state[self.units()..];
        if self.plant.delay == 0 { self.plant.felt(arm(rest)) } else { four(&rest[ARM..]) }
    }

    fn input(&self, felt: [f64; ARM]) -> Vec<f64> {
        let mut input = self.input.clone();
        for (value, felt) in input[self.plant.first_channel..].iter_mut().zip(felt) {
            *value += felt;
        }
        input
    }

    fn driven(&self, state: &[f64]) -> super::Driven<'_> {
        self.network.driven(&self.input(self.felt(state)))
    }

    fn torque(&self, x: &[f64]) -> [f64; 2] {
        let outputs = self.network.outputs_of(&self.network.rates(x));
        [outputs[0], outputs[1]]
    }

    /// How the arm after a step depends on the units after it (arm, units).
    fn arm_of_units(&self, before: [f64; ARM], next: &[f64]) -> Array2<f64> {
        let of_torque = differences(self.torque(next), |torque| self.moved(before, torque));
        of_torque.dot(&self.network.output_jacobian(next))
    }

    fn moved(&self, before: [f64; ARM], torque: [f64; 2]) -> Vec<f64> {
        numbers(self.plant.arm.step(arm(&before), torque, self.plant.dt)).to_vec()
    }
}

impl NetworkDynamics for ClosedLoop<'_> {
    fn network(&self) -> &Network {
        self.network
    }

    /// In a step the input reaches the arm through the torque; what is on its way is felt later.
    fn input_jacobian(&self, state: &[f64]) -> Array2<f64> {
        let (units, driven) = (self.units(), self.driven(state));
        let of_next = driven.input_jacobian(&state[..units]);
        let of_arm = self.arm_of_units(four(&state[units..]), &driven.step(&state[..units])).dot(&of_next);
        let mut jacobian = Array2::zeros((self.dim(), self.input.len()));
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
        let (driven, before) = (self.driven(state), four(&state[units..]));
        let x = &state[..units];
        let next = driven.step(x);

        let felt: Array2<f64> = differences(before, |numbers| self.plant.felt(arm(&numbers)).to_vec());
        let of_input: Array2<f64> = driven.input_jacobian(x);
        let channels = of_input.slice(s![.., self.plant.first_channel..self.plant.first_channel + ARM]);
        let mut of_next = Array2::<f64>::zeros((units, dim));
        of_next.slice_mut(s![.., ..units]).assign(&driven.jacobian(x));
        let (from, of_felt) = match self.plant.delay {
            0 => (units, channels.dot(&felt)),
            _ => (units + ARM, channels.to_owned()),
        };
        of_next.slice_mut(s![.., from..from + ARM]).assign(&of_felt);

        let torque = self.torque(&next);
        let mut of_arm = self.arm_of_units(before, &next).dot(&of_next);
        let mut own = of_arm.slice_mut(s![.., units..units + ARM]);
        own += &differences(before, |before| self.moved(before, torque));

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

fn arm(numbers: &[f64]) -> ArmState {
    ArmState { angles: [numbers[0], numbers[1]], velocity: [numbers[2], numbers[3]] }
}

fn numbers(arm: ArmState) -> [f64; ARM] {
    [arm.angles[0], arm.angles[1], arm.velocity[0], arm.velocity[1]]
}

/// The derivative of `f` at `x`, one column for each of its numbers.
fn differences<const N: usize>(x: [f64; N], f: impl Fn([f64; N]) -> Vec<f64>) -> Array2<f64> {
    let mut derivative = Array2::zeros((f(x).len(), N));
    for (column, mut found) in derivative.columns_mut().into_iter().enumerate() {
        let at = |steps: f64| {
            let mut moved = x;
            moved[column] += steps * DIFFERENCE;
            f(moved)
        };
        let (near, far) = ((at(1.0), at(-1.0)), (at(2.0), at(-2.0)));
        for (row, value) in found.iter_mut().enumerate() {
            let central = |(plus, minus): &(Vec<f64>, Vec<f64>)| plus[row] - minus[row];
            *value = (8.0 * central(&near) - central(&far)) / (12.0 * DIFFERENCE);
        }
    }
    derivative
}
