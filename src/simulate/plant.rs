//! The arm that a network drives, in candle's operations, so that a network can be trained through it.
//!
//! ```text
//! u_k = inputs_k + felt(state of the arm after step k - 1 - delay)        torque_k = outputs of the network
//! state_k = step(state_{k-1}, torque_k)                                  hand_k - hand at the start: what is graded
//! ```
//!
//! The equations and symbols of the arm are in [`nn4n_tasks::motor::Arm`], those of the loop in
//! [`nn4n_tasks::motor::Plant`]; this computes the same for a batch of trials at once. Quantities of the arm are
//! tensors (batch).

use std::collections::VecDeque;

use candle_core::{DType, Device, Tensor};
use nn4n_models::{Ctrnn, NoiseKey, Perturbation, State, Trajectory, host};
use nn4n_tasks::motor::{Arm, Feedback, Plant};

use crate::error::{Error, Result};

/// Torques that an arm takes, one for each joint.
const TORQUES: usize = 2;

/// Checks that a network with so many outputs can drive an arm.
///
/// # Errors
/// If there is not one output for each joint.
pub(crate) fn check_outputs(outputs: usize) -> Result<()> {
    if outputs == TORQUES {
        return Ok(());
    }
    let message = format!(
        "is {outputs}, but an arm is driven by exactly {TORQUES}, the torques of shoulder and elbow; set it to \
        {TORQUES}"
    );
    Err(Error::setting("model.outputs", message))
}

/// A network that drives a plant.
pub(super) struct Driver<'a> {
    pub network: &'a Ctrnn,
    pub plant: &'a Plant,
    pub start: Option<&'a State>,
    pub noise: Option<NoiseKey>,
    pub perturbations: &'a [Perturbation],
}

impl Driver<'_> {
    /// What it does on `inputs` (batch, steps, inputs): `outputs` are what the plant does (batch, steps, 2), and
    /// `logits` the outputs of the network itself.
    ///
    /// # Errors
    /// As [`Ctrnn::unroll`], and if the network has other than two outputs.
    pub fn unroll(&self, inputs: &Tensor) -> Result<Trajectory> {
        self.drive(inputs, None)
    }

    /// The same with what the network was given: the inputs, and what it felt (batch, steps, inputs).
    ///
    /// # Errors
    /// As [`unroll`](Self::unroll).
    pub fn unroll_felt(&self, inputs: &Tensor) -> Result<(Trajectory, Tensor)> {
        let mut felt = vec![inputs.narrow(1, 0, 1)?.squeeze(1)?.zeros_like()?];
        let trajectory = self.drive(inputs, Some(&mut felt))?;
        felt.pop(); // what is felt after the last step drives none
        Ok((trajectory, (inputs + Tensor::stack(&felt, 1)?)?))
    }

    /// Appends what the network feels after each step (batch, inputs) to `felt`.
    fn drive(&self, inputs: &Tensor, mut felt: Option<&mut Vec<Tensor>>) -> Result<Trajectory> {
        let Self { network, plant, start, noise, perturbations } = *self;
        check_outputs(network.config().outputs)?;
        let mut drive = Drive::at_rest(plant, inputs)?;
        let trajectory = network.unroll_perturbed(inputs, start, noise, perturbations, |outputs| {
            let now = drive.step(outputs)?;
            if let Some(felt) = &mut felt {
                felt.push(now.clone());
            }
            Ok::<_, Error>(Some(now))
        })?;
        let hand = Tensor::stack(&drive.hand, 1)?;
        Ok(Trajectory::new(trajectory.states()?, trajectory.rates()?, trajectory.logits.clone(), hand)?)
    }
}

/// The arms of a batch on their way.
struct Drive<'a> {
    plant: &'a Plant,
    joints: Joints,
    /// What will be felt, the next first (batch, 4).
    delayed: VecDeque<Tensor>,
    /// Where the hands have been from their start, (batch, 2) for each step.
    hand: Vec<Tensor>,
    channels: usize,
}

/// Shoulder and elbow of each arm: angles (rad) and angular velocities (rad/s).
#[derive(Clone)]
struct Joints {
    angles: [Tensor; 2],
    velocity: [Tensor; 2],
}

impl<'a> Drive<'a> {
    fn at_rest(plant: &'a Plant, inputs: &Tensor) -> Result<Self> {
        let (batch, _, channels) = inputs.dims3()?;
        let (dtype, device) = (inputs.dtype(), inputs.device());
        let nothing = Tensor::zeros((batch, 4), dtype, device)?;
        Ok(Self {
            plant,
            joints: Joints::at_rest(plant.posture, batch, dtype, device)?,
            delayed: std::iter::repeat_n(nothing, plant.delay).collect(),
            hand: Vec::new(),
            channels,
        })
    }

    /// Moves the arms by torques (batch, 2); what the network feels in the next step, on its input channels (batch,
    /// inputs).
    fn step(&mut self, torques: &Tensor) -> Result<Tensor> {
        let torque = [torques.narrow(1, 0, 1)?.squeeze(1)?, torques.narrow(1, 1, 1)?.squeeze(1)?];
        let Plant { arm, dt, posture, .. } = self.plant;
        self.joints = self.joints.moved(arm, &torque, *dt)?;
        let (hand, velocity) = self.joints.hand(arm)?;
        let from = arm.hand(*posture);
        let place = [(&hand[0] - from[0])?, (&hand[1] - from[1])?];
        self.hand.push(Tensor::stack(&place, 1)?);
        let felt = match self.plant.feedback {
            Feedback::Hand => [&place[0], &place[1], &velocity[0], &velocity[1]].map(Clone::clone),
            Feedback::Joint => {
                let Joints { angles: [q1, q2], velocity: [w1, w2] } = &self.joints;
                [(q1 - posture[0])?, (q2 - posture[1])?, w1.clone(), w2.clone()]
            }
        };
        let felt = (Tensor::stack(&felt, 1)? * self.plant.scale)?;
        let felt = match self.delayed.pop_front() {
            Some(earlier) => {
                self.delayed.push_back(felt);
                earlier
            }
            None => felt,
        };
        self.on_channels(&felt)
    }

    /// Four numbers (batch, 4) on their input channels, 0 on the others (batch, inputs).
    fn on_channels(&self, felt: &Tensor) -> Result<Tensor> {
        let before = self.plant.first_channel;
        Ok(felt.pad_with_zeros(1, before, self.channels.saturating_sub(before + 4))?)
    }
}

impl Joints {
    fn at_rest(posture: [f64; 2], batch: usize, dtype: DType, device: &Device) -> Result<Self> {
        let at = |angle: f64| -> Result<Tensor> { Ok(host::placed(vec![angle; batch], batch, dtype, device)?) };
        Ok(Self { angles: [at(posture[0])?, at(posture[1])?], velocity: [at(0.0)?, at(0.0)?] })
    }

    /// After `dt` ms under a torque.
    fn moved(&self, arm: &Arm, torque: &[Tensor; 2], dt: f64) -> Result<Self> {
        let h = dt / 1000.0 / arm.substeps as f64;
        let mut joints = self.clone();
        for _ in 0..arm.substeps {
            let acceleration = joints.acceleration(arm, torque)?;
            for (joint, acceleration) in acceleration.into_iter().enumerate() {
                joints.velocity[joint] = (&joints.velocity[joint] + (acceleration * h)?)?;
                joints.angles[joint] = (&joints.angles[joint] + (&joints.velocity[joint] * h)?)?;
            }
        }
        Ok(joints)
    }

    /// `M^-1 (torque - C - B q')`, rad/s^2.
    fn acceleration(&self, arm: &Arm, [torque1, torque2]: &[Tensor; 2]) -> Result<[Tensor; 2]> {
        let Self { angles: [_, q2], velocity: [w1, w2] } = self;
        let [a1, a2, a3] = arm.coefficients();
        let (cos, sin) = ((q2.cos()? * a2)?, (q2.sin()? * a2)?);
        let (m11, m12) = (((&cos * 2.0)? + a1)?, (&cos + a3)?);
        let [[b11, b12], [b21, b22]] = arm.friction;
        let turning1 = (&sin * (w2 * ((w1 * 2.0)? + w2)?)?)?.neg()?;
        let turning2 = (&sin * w1.sqr()?)?;
        let f1 = ((torque1 - turning1)? - ((w1 * b11)? + (w2 * b12)?)?)?;
        let f2 = ((torque2 - turning2)? - ((w1 * b21)? + (w2 * b22)?)?)?;
        let determinant = ((&m11 * a3)? - m12.sqr()?)?;
        let first = (((&f1 * a3)? - (&m12 * &f2)?)? / &determinant)?;
        let second = (((m11 * f2)? - (m12 * f1)?)? / &determinant)?;
        Ok([first, second])
    }

    /// Place (m) and velocity (m/s) of the hand, x and y, from the shoulder.
    fn hand(&self, arm: &Arm) -> Result<([Tensor; 2], [Tensor; 2])> {
        let Self { angles: [q1, q2], velocity: [w1, w2] } = self;
        let (q12, w12) = ((q1 + q2)?, (w1 + w2)?);
        let (x1, y1) = ((q1.cos()? * arm.l1)?, (q1.sin()? * arm.l1)?);
        let (x2, y2) = ((q12.cos()? * arm.l2)?, (q12.sin()? * arm.l2)?);
        let velocity = [((&y1 * w1)? + (&y2 * &w12)?)?.neg()?, ((&x1 * w1)? + (&x2 * &w12)?)?];
        Ok(([(x1 + x2)?, (y1 + y2)?], velocity))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Var;
    use ndarray::Array2;
    use nn4n_models::ModelConfig;
    use nn4n_tasks::{Task, motor::ArmReach};

    use super::*;

    fn plant(feedback: Feedback, delay: usize) -> Plant {
        let plant = ArmReach::default().plant().expect("the task has a plant");
        Plant { feedback, delay, arm: Arm { substeps: 2, ..plant.arm }, ..plant }
    }

    fn driver<'a>(network: &'a Ctrnn, plant: &'a Plant) -> Driver<'a> {
        Driver { network, plant, start: None, noise: None, perturbations: &[] }
    }

    fn torques() -> Array2<f64> {
        Array2::from_shape_fn((30, 2), |(step, joint)| 0.3 * ((step + 7 * joint) as f64 * 0.4).sin())
    }

    fn drive(plant: &Plant, torques: &Tensor) -> Result<(Tensor, Vec<Tensor>)> {
        let inputs = Tensor::zeros((1, 30, 7), DType::F64, &Device::Cpu)?;
        let mut drive = Drive::at_rest(plant, &inputs)?;
        let felt = (0..30).map(|step| drive.step(&torques.narrow(0, step, 1)?)).collect::<Result<Vec<_>>>()?;
        Ok((Tensor::cat(&drive.hand, 0)?, felt))
    }

    #[test]
    fn the_arm_moves_and_is_felt_as_the_task_defines_it() -> Result<()> {
        for (feedback, delay) in [(Feedback::Hand, 0), (Feedback::Joint, 3)] {
            let plant = plant(feedback, delay);
            let torques = torques();
            let flat: Vec<f64> = torques.iter().copied().collect();
            let (hand, felt) = drive(&plant, &Tensor::from_vec(flat, (30, 2), &Device::Cpu)?)?;
            let expected = plant.movement(torques.view());
            for (found, expected) in hand.to_vec2::<f64>()?.iter().flatten().zip(expected.iter()) {
                assert!((found - expected).abs() < 1e-12, "{found} {expected}");
            }
            let mut state = nn4n_tasks::motor::ArmState::at_rest(plant.posture);
            let mut known = vec![[0.0; 4]; delay];
            for torque in torques.outer_iter() {
                state = plant.arm.step(state, [torque[0], torque[1]], plant.dt);
                known.push(plant.felt(state));
            }
            for (felt, known) in felt.iter().zip(&known) {
                let felt = felt.narrow(1, plant.first_channel, 4)?.flatten_all()?.to_vec1::<f64>()?;
                assert!(felt.iter().zip(known).all(|(a, b)| (a - b).abs() < 1e-12), "{felt:?} {known:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn a_network_without_exactly_two_outputs_is_refused() -> Result<()> {
        for outputs in [1, 3] {
            let network = Ctrnn::init(&ModelConfig::vanilla(7, 6, outputs).dt(10.0), 0, DType::F64, &Device::Cpu)?;
            let inputs = Tensor::zeros((1, 2, 7), DType::F64, &Device::Cpu)?;
            let message = driver(&network, &plant(Feedback::Hand, 0)).unroll(&inputs).unwrap_err().to_string();
            assert!(message.contains("model.outputs") && message.contains("set it to 2"), "{message}");
        }
        Ok(())
    }

    #[test]
    fn gradients_through_network_and_arm_are_the_slopes_of_the_loss() -> Result<()> {
        let plant = plant(Feedback::Hand, 1);
        let network = Ctrnn::init(&ModelConfig::vanilla(7, 6, 2).dt(10.0), 0, DType::F64, &Device::Cpu)?;
        let inputs = Tensor::rand(0.0, 1.0, (2, 12, 7), &Device::Cpu)?;
        let loss = |network: &Ctrnn| -> Result<Tensor> {
            let hand = driver(network, &plant).unroll(&inputs)?.outputs;
            Ok(((hand * 10.0)? - 1.0)?.sqr()?.sum_all()?)
        };
        let parameter =
            network.parameters()?.into_iter().find(|parameter| parameter.name == "w_rec").expect("recurrent weights");
        let gradient =
            loss(&network)?.backward()?.get(&parameter.var).expect("a gradient").flatten_all()?.to_vec1::<f64>()?;
        let at: Vec<f64> = parameter.var.flatten_all()?.to_vec1()?;
        for index in [1, 8, 20] {
            let moved = |by: f64| -> Result<f64> {
                let mut values = at.clone();
                values[index] += by;
                Var::set(&parameter.var, &Tensor::from_vec(values, (6, 6), &Device::Cpu)?)?;
                Ok(loss(&network)?.to_scalar()?)
            };
            let slope = (moved(1e-6)? - moved(-1e-6)?) / 2e-6;
            assert!((slope - gradient[index]).abs() < 1e-5 * slope.abs().max(1e-3), "{slope} {}", gradient[index]);
        }
        Ok(())
    }
}
