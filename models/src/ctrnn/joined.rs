//! Arrays of all units of a network, and of each layer.

use candle_core::{D, Tensor};

use super::layer::Layer;
use crate::{dynamics::State, error::Result};

/// Arrays (.., units) of each layer as one of all units.
pub(super) fn join(parts: &[Tensor]) -> Result<Tensor> {
    match parts {
        [part] => Ok(part.clone()),
        parts => Ok(Tensor::cat(parts, D::Minus1)?),
    }
}

/// An array (.., units) of all units as one of each layer.
pub(super) fn split(tensor: &Tensor, layers: &[Layer]) -> Result<Vec<Tensor>> {
    if let [_] = layers {
        return Ok(vec![tensor.clone()]);
    }
    let mut first = 0;
    let part = |layer: &Layer| {
        let part = tensor.narrow(D::Minus1, first, layer.units().len())?.contiguous();
        first += layer.units().len();
        part
    };
    Ok(layers.iter().map(part).collect::<candle_core::Result<_>>()?)
}

/// States of each layer as one of all units.
pub(super) fn join_states(states: &[State]) -> Result<State> {
    let part = |of: fn(&State) -> &Tensor| join(&states.iter().map(|state| of(state).clone()).collect::<Vec<_>>());
    Ok(State { state: part(|state| &state.state)?, rate: part(|state| &state.rate)? })
}

/// A state of all units as one of each layer.
pub(super) fn split_state(state: &State, layers: &[Layer]) -> Result<Vec<State>> {
    let parts = split(&state.state, layers)?.into_iter().zip(split(&state.rate, layers)?);
    Ok(parts.map(|(state, rate)| State { state, rate }).collect())
}
