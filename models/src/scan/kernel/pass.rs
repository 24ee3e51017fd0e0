//! What all trials of a pass have in common: sizes, equation, packed weights and the arrays of the batch.

use super::{
    buffer::Pool,
    dims::Dims,
    element::{Element, lanes},
    equation::{Equation, Parameters},
    gradients::Arriving,
    omega::Counted,
    packed::{PANEL, Packed},
    rows::padded,
};

/// The weights of a forward pass: `[W_rec | W_out]` and `[W_in | 0]`, transposed and packed, and the biases
/// `[b_rec | b_out]`.
#[derive(Debug)]
pub(crate) struct PackedForward<T> {
    pub(super) recurrent: Packed<T>,
    pub(super) input: Packed<T>,
    pub(super) bias: Vec<T>,
    pub(super) alpha: Vec<T>,
    pub(super) leak: Vec<T>,
    pub(super) recurrent_noise: Vec<T>,
    pub(super) start_state: Vec<T>,
    pub(super) start_rate: Vec<T>,
}

impl<T: Element> PackedForward<T> {
    pub fn new(pool: &Pool<T>, dims: Dims, parameters: &Parameters<T>) -> Self {
        let lanes = lanes::<T>();
        let vectors = (dims.units + dims.outputs).div_ceil(lanes);
        // Its panels must be those of the whole row as far as they go.
        let input_vectors = dims.units.div_ceil(lanes).next_multiple_of(PANEL).min(vectors);
        let recurrent = Packed::zeros(pool, lanes, dims.units, vectors)
            .put_transposed(0, parameters.w_rec)
            .put_transposed(dims.units, parameters.w_out);
        let input = Packed::zeros(pool, lanes, dims.inputs, input_vectors);
        let input = if dims.inputs > 0 { input.put_transposed(0, parameters.w_in) } else { input };
        let mut bias = vec![T::zero(); vectors * lanes];
        bias[..parameters.b_rec.len()].copy_from_slice(parameters.b_rec);
        bias[dims.units..dims.units + parameters.b_out.len()].copy_from_slice(parameters.b_out);
        Self {
            recurrent,
            input,
            bias,
            alpha: padded(parameters.alpha, dims.width()),
            leak: padded(parameters.leak, dims.width()),
            recurrent_noise: padded(parameters.recurrent_noise, dims.width()),
            start_state: parameters.start_state.to_vec(),
            start_rate: parameters.start_rate.to_vec(),
        }
    }
}

/// A pass forward through time.
#[derive(Clone, Copy)]
pub(super) struct ForwardPass<'a, T> {
    pub pool: &'a Pool<T>,
    pub dims: Dims,
    pub equation: &'a Equation<T>,
    pub weights: &'a PackedForward<T>,
    /// (trials, steps, inputs)
    pub inputs: &'a [T],
}

/// The weights of a backward pass: `D(alpha) [W_rec | W_in]` and `W_out`, packed.
pub(super) struct PackedBackward<T> {
    pub recurrent: Packed<T>,
    pub readout: Packed<T>,
    pub zeros: Vec<T>,
    pub leak: Vec<T>,
}

impl<T: Element> PackedBackward<T> {
    pub fn new(pool: &Pool<T>, dims: Dims, parameters: &Parameters<T>, inputs: bool) -> Self {
        let lanes = lanes::<T>();
        let vectors = (dims.units + if inputs { dims.inputs } else { 0 }).div_ceil(lanes);
        // Its panels must be those of the whole row as far as they go.
        let readout_vectors = dims.units.div_ceil(lanes).next_multiple_of(PANEL).min(vectors);
        let recurrent =
            Packed::zeros(pool, lanes, dims.units, vectors).put(0, parameters.w_rec, |unit| parameters.alpha[unit]);
        Self {
            recurrent: if inputs {
                recurrent.put(dims.units, parameters.w_in, |unit| parameters.alpha[unit])
            } else {
                recurrent
            },
            readout: Packed::zeros(pool, lanes, dims.outputs, readout_vectors).put(0, parameters.w_out, |_| T::one()),
            zeros: vec![T::zero(); vectors * lanes],
            leak: padded(parameters.leak, dims.width()),
        }
    }
}

/// A pass backward through time.
pub(super) struct BackwardPass<'a, T> {
    pub pool: &'a Pool<T>,
    pub dims: Dims,
    pub equation: &'a Equation<T>,
    pub parameters: &'a Parameters<'a, T>,
    pub weights: &'a PackedBackward<T>,
    pub arriving: &'a Arriving<'a, T>,
    /// The pass forward that the activity is computed again with, where it is not kept; it is not read out.
    pub again: Option<&'a ForwardPass<'a, T>>,
    /// What of Omega is to be found.
    pub omega: Option<Counted<'a, T>>,
}
