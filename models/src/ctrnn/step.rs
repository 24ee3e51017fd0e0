//! Single steps of a network: its start, the dynamics, the readout.

use candle_core::{D, Tensor};
use candle_nn::ops;

use super::{
    joined::{join_states, split, split_state},
    network::Ctrnn,
    perturbation::Touch,
};
use crate::{
    config::Readout,
    dynamics::{State, StepNoise},
    effective::Effective,
    error::{ModelError, Result},
};

impl Ctrnn {
    /// The configured start of `batch` trials. A carried start is zero here: hand the previous call's
    /// [`Trajectory::last`](crate::Trajectory::last) to [`unroll`](Self::unroll).
    pub fn start(&self, batch: usize) -> Result<State> {
        join_states(&self.layers.iter().map(|layer| layer.start(batch)).collect::<Result<Vec<_>>>()?)
    }

    /// The state with `x` = `states` (batch, units) and the rates that belong to it.
    ///
    /// # Errors
    /// If the shape is not (batch, units).
    pub fn start_from(&self, states: &Tensor) -> Result<State> {
        match states.dims() {
            [_, units] if *units == self.units.len() => {
                let states = split(&states.to_device(self.device())?.to_dtype(self.dtype())?, &self.layers)?;
                let starts = self.layers.iter().zip(states).map(|(layer, states)| layer.dynamics.start(states));
                join_states(&starts.collect::<Result<Vec<_>>>()?)
            }
            dims => Err(ModelError::shape("states", dims, format!("must be (batch, {} units)", self.units.len()))),
        }
    }

    /// One step of the dynamics from `previous` under `input` (batch, inputs). Gaussians are (batch, units), those of
    /// all layers side by side.
    pub fn step(&self, effective: &Effective, previous: &State, input: &Tensor, noise: &StepNoise) -> Result<State> {
        let parts = |noise: &Option<Tensor>| -> Result<Vec<Option<Tensor>>> {
            Ok(match noise {
                Some(noise) => split(noise, &self.layers)?.into_iter().map(Some).collect(),
                None => vec![None; self.layers.len()],
            })
        };
        let noise: Vec<StepNoise> = parts(&noise.recurrent)?
            .into_iter()
            .zip(parts(&noise.post)?)
            .map(|(recurrent, post)| StepNoise { recurrent, post })
            .collect();
        join_states(&self.advance(effective, &split_state(previous, &self.layers)?, input, &noise, &[])?)
    }

    /// One step of each layer, from a state and with Gaussians for each. `touches` is what is done to the units of each
    /// layer; empty if nothing.
    pub(super) fn advance(
        &self,
        effective: &Effective,
        previous: &[State],
        input: &Tensor,
        noise: &[StepNoise],
        touches: &[Touch],
    ) -> Result<Vec<State>> {
        let mut states: Vec<State> = Vec::with_capacity(self.layers.len());
        let layers = self.layers.iter().zip(effective.layers()).zip(previous).zip(noise);
        for (place, (((layer, parameters), previous), noise)) in layers.enumerate() {
            let input = states.last().map_or(input, |below| &below.rate);
            let state = match touches.get(place) {
                None => layer.dynamics.step(parameters, previous, input, noise)?,
                Some(touch) => {
                    let state = layer.dynamics.step(touch.parameters(parameters)?.as_ref(), previous, input, noise)?;
                    touch.silenced(state, layer.dynamics.form())?
                }
            };
            states.push(state);
        }
        Ok(states)
    }

    /// Logits and outputs (batch, .., outputs) of `rates` (batch, .., units).
    pub fn readout(&self, effective: &Effective, rates: &Tensor) -> Result<(Tensor, Tensor)> {
        let of_last = split(rates, &self.layers)?.pop();
        let logits = effective.readout.logits(of_last.as_ref().unwrap_or(rates))?;
        Ok((logits.clone(), self.outputs(&logits)?))
    }

    /// `z = g(logits)`
    pub(super) fn outputs(&self, logits: &Tensor) -> Result<Tensor> {
        Ok(match self.config.nonlinearity() {
            Readout::Linear => logits.clone(),
            Readout::Sigmoid => ops::sigmoid(logits)?,
            Readout::Softmax => ops::softmax(logits, D::Minus1)?,
        })
    }
}
