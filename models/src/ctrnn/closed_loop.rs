//! A network that acts on something and feels what comes of it.
//!
//! ```text
//! u_k = inputs_k + feedback_k         feedback_0 = 0,   feedback_{k+1} = world(z_k)        k = 0 .. steps - 1
//! ```
//!
//! The network takes the steps of [`unroll`](Ctrnn::unroll) one by one, since each needs what the outputs `z_k` of the
//! step before have done. Gradients flow through the world, if it is made of candle's operations.

use candle_core::Tensor;

use super::{
    network::Ctrnn,
    perturbation::{Perturbation, Schedule, Touch},
    trajectory::{LayerActivity, Trajectory},
};
use crate::{
    dynamics::State,
    error::{ModelError, Result},
    noise::NoiseKey,
    scan::{PassNoise, Record, rows},
};

impl Ctrnn {
    /// Takes `inputs` (batch, steps, inputs) through the network. After every step `world` is given the outputs (batch,
    /// outputs) and returns what they add to the inputs of the next step (batch, inputs). Start and noise are those of
    /// [`unroll`](Self::unroll), number for number.
    ///
    /// # Errors
    /// As [`unroll`](Self::unroll), and the errors of `world`.
    pub fn unroll_closed<E: From<ModelError>>(
        &self,
        inputs: &Tensor,
        start: Option<&State>,
        noise: Option<NoiseKey>,
        mut world: impl FnMut(&Tensor) -> Result<Tensor, E>,
    ) -> Result<Trajectory, E> {
        self.unroll_perturbed(inputs, start, noise, &[], |outputs| world(outputs).map(Some))
    }

    /// The same while units are silenced or injected with currents. `world` may return nothing. Start and noise are those
    /// of [`unroll`](Self::unroll), number for number.
    ///
    /// # Errors
    /// As [`unroll_closed`](Self::unroll_closed), and if a perturbation does not fit the units, the trials or the steps.
    pub fn unroll_perturbed<E: From<ModelError>>(
        &self,
        inputs: &Tensor,
        start: Option<&State>,
        noise: Option<NoiseKey>,
        perturbations: &[Perturbation],
        mut world: impl FnMut(&Tensor) -> Result<Option<Tensor>, E>,
    ) -> Result<Trajectory, E> {
        let (batch, steps) = self.check_inputs(inputs)?;
        let (starts, effective) = (self.starts(inputs, start)?, self.effective()?);
        let calls = self.calls(&effective, inputs, &starts, noise);
        let noise = calls.iter().map(PassNoise::draw).collect::<Result<Vec<_>>>()?;
        let first = |start: &State| Ok(State { state: rows(&start.state, batch)?, rate: rows(&start.rate, batch)? });
        let mut last = starts.iter().map(first).collect::<Result<Vec<_>>>()?;
        let mut schedule = Schedule::new(self, perturbations, (batch, steps))?;
        if let touches @ [_, ..] = schedule.at(0)? {
            last = self.touched(last, touches)?;
        }
        let (mut kept, mut logits, mut feedback) = (vec![Vec::new(); last.len()], Vec::new(), None);
        for step in 0..steps {
            let input = row(inputs, step, feedback.as_ref())?;
            let noise = noise.iter().map(|noise| noise.at(step)).collect::<Result<Vec<_>>>()?;
            last = self.advance(&effective, &last, &input, &noise, schedule.at(step)?)?;
            for (kept, state) in kept.iter_mut().zip(&last) {
                kept.push(state.clone());
            }
            let Some(top) = last.last() else { continue };
            let logit = effective.readout.logits(&top.rate)?;
            feedback = world(&self.outputs(&logit)?)?;
            logits.push(logit);
        }
        Ok(self.whole(&kept, last, &logits)?)
    }

    /// Starts of which those that are silent from the first step on are silent.
    fn touched(&self, starts: Vec<State>, touches: &[Touch]) -> Result<Vec<State>> {
        let layers = self.layers.iter().zip(starts).zip(touches);
        layers.map(|((layer, start), touch)| touch.silenced(start, layer.dynamics.form())).collect()
    }

    /// The trajectory of the steps of each layer, of which `last` are the last.
    fn whole(&self, layers: &[Vec<State>], last: Vec<State>, logits: &[Tensor]) -> Result<Trajectory> {
        let logits = Tensor::stack(logits, 1)?;
        let activity = |(steps, last): (&Vec<State>, State)| -> Result<LayerActivity> {
            let stack = |of: fn(&State) -> &Tensor| Tensor::stack(&steps.iter().map(of).collect::<Vec<_>>(), 1);
            let (states, rates) = (stack(|step| &step.state)?, stack(|step| &step.rate)?);
            Ok(LayerActivity::new(Record::Whole { states, rates, last }))
        };
        let layers = layers.iter().zip(last).map(activity).collect::<Result<_>>()?;
        let outputs = self.outputs(&logits)?;
        Ok(Trajectory::of(layers, logits, outputs))
    }
}

/// The input of a step (batch, inputs).
fn row(inputs: &Tensor, step: usize, feedback: Option<&Tensor>) -> Result<Tensor> {
    let input = inputs.narrow(1, step, 1)?.squeeze(1)?;
    Ok(match feedback {
        Some(feedback) => (input + feedback)?,
        None => input.contiguous()?,
    })
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};

    use super::*;
    use crate::ModelConfig;

    fn network() -> Result<Ctrnn> {
        Ctrnn::init(&ModelConfig::ei(3, 10, 2).sigma_post(0.1), 0, DType::F64, &Device::Cpu)
    }

    fn largest_difference(a: &Tensor, b: &Tensor) -> Result<f64> {
        Ok((a - b)?.abs()?.flatten_all()?.max(0)?.to_scalar()?)
    }

    #[test]
    fn without_feedback_the_loop_is_the_open_one() -> Result<()> {
        let (network, inputs) = (network()?, Tensor::rand(0.0, 1.0, (4, 12, 3), &Device::Cpu)?);
        let noise = Some(NoiseKey::new(1, 2));
        let open = network.unroll(&inputs, None, noise)?;
        let closed = network.unroll_closed(&inputs, None, noise, |_| {
            Ok::<_, ModelError>(Tensor::zeros((4, 3), DType::F64, &Device::Cpu)?)
        })?;
        for (one, other) in
            [(open.rates()?, closed.rates()?), (open.states()?, closed.states()?), (open.outputs, closed.outputs)]
        {
            assert!(largest_difference(&one, &other)? < 1e-12);
        }
        Ok(())
    }

    #[test]
    fn what_the_world_returns_is_added_to_the_inputs_of_the_next_step() -> Result<()> {
        let (network, inputs) = (network()?, Tensor::rand(0.0, 1.0, (2, 6, 3), &Device::Cpu)?);
        let world =
            |outputs: &Tensor| Ok::<_, ModelError>(Tensor::cat(&[outputs, &(outputs.narrow(1, 0, 1)? * 2.0)?], 1)?);
        let closed = network.unroll_closed(&inputs, None, None, world)?;
        // The same inputs, given beforehand.
        let (mut known, zero) = (Vec::new(), Tensor::zeros((2, 3), DType::F64, &Device::Cpu)?);
        for step in 0..6 {
            let before =
                if step == 0 { zero.clone() } else { world(&closed.outputs.narrow(1, step - 1, 1)?.squeeze(1)?)? };
            known.push((inputs.narrow(1, step, 1)?.squeeze(1)? + before)?);
        }
        let open = network.unroll(&Tensor::stack(&known, 1)?, None, None)?;
        assert!(largest_difference(&open.outputs, &closed.outputs)? < 1e-12);
        Ok(())
    }
}
