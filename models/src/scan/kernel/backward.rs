//! Backward through time.
//!
//! With `g_t` the gradient with respect to the state's drive (below), `h_t` the one that arrives at the rates from
//! outside, `D(v)` the diagonal matrix of `v`:
//!
//! ```text
//! dr_t = h_t + W_out^T dz_t + W_rec^T D(alpha) g_{t+1}
//! current form   g_t = f'(x_t) dr_t + leak g_{t+1}                    = dL/dx_t
//! rate form      dx_t = dr_t + leak dx_{t+1},  g_t = f'(c_t) dx_t
//!
//! dW_rec = D(alpha) sum g_t r_{t-1}^T      dW_in = D(alpha) sum g_t u_t^T      db_rec = D(alpha) sum g_t      dW_out = sum dz_t r_t^T
//! dleak  = sum dx_t x_{t-1}                ds = sum g_t xi_t (rate form: D(alpha))
//! dalpha = sum g_t c_t (current form: the rows of `W . sum g r^T` summed, so that no current is kept), sum dx_t d_t (rate form)
//! ```

use super::{
    Dims, Equation, Parameters, Pool,
    awake::keep_awake,
    element::Element,
    lanes,
    packed::{PANEL, Packed},
    padded,
    tree::{Tree, leaves, smallest_leaf},
};
use crate::config::Form;

/// A gradient that arrives at the rates or states from elsewhere than the readout: (trials, steps, units), or (trials,
/// units) at the last step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extra<'a, T> {
    pub values: &'a [T],
    pub last_only: bool,
}

/// What a backward pass starts from.
#[derive(Debug)]
pub(crate) struct Arriving<'a, T> {
    /// (trials, steps, outputs)
    pub logits: &'a [T],
    pub rates: Vec<Extra<'a, T>>,
    pub states: Vec<Extra<'a, T>>,
    /// `r` (trials, steps, units)
    pub kept_rates: &'a [T],
    /// What else the slopes need: in the rate form `f` of the total current; in the current form the states, or nothing
    /// where the rates determine the slopes.
    pub kept_drive: &'a [T],
    /// (trials, steps, inputs)
    pub inputs: &'a [T],
}

/// Gradients that are computed only when asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub inputs: bool,
    pub start: bool,
    /// `alpha`, `leak` and the noise amplitude.
    pub tau: bool,
}

/// The gradient of everything that went in, shaped like it; empty if not wanted.
#[derive(Debug)]
pub(crate) struct Gradients<T> {
    pub w_rec: Vec<T>,
    pub w_in: Vec<T>,
    pub w_out: Vec<T>,
    pub b_rec: Vec<T>,
    pub b_out: Vec<T>,
    pub alpha: Vec<T>,
    pub leak: Vec<T>,
    pub recurrent_noise: Vec<T>,
    pub start_state: Vec<T>,
    pub start_rate: Vec<T>,
    pub inputs: Vec<T>,
}

/// The gradients of a pass.
pub(crate) fn backward<T: Element>(
    pool: &Pool<T>,
    dims: Dims,
    equation: &Equation<T>,
    parameters: &Parameters<T>,
    arriving: &Arriving<T>,
    wanted: Wanted,
) -> Gradients<T> {
    let weights = PackedBackward::new(pool, dims, parameters, wanted.inputs);
    let per_trial = |wanted: bool| vec![T::zero(); if wanted { dims.trials * dims.units } else { 0 }];
    let mut inputs = vec![T::zero(); if wanted.inputs { arriving.inputs.len() } else { 0 }];
    let (mut start_state, mut start_rate) = (per_trial(wanted.start), per_trial(wanted.start));
    let (mut alpha, mut leak, mut recurrent_noise) =
        (per_trial(wanted.tau), per_trial(wanted.tau), per_trial(wanted.tau));
    let left = Left {
        inputs: &mut inputs,
        start_state: &mut start_state,
        start_rate: &mut start_rate,
        alpha: &mut alpha,
        leak: &mut leak,
        recurrent_noise: &mut recurrent_noise,
    };
    let leaves = leaves(dims.trials, smallest_leaf(dims));
    let threads = rayon::current_num_threads().div_ceil(leaves);
    let sums =
        Tree { pool, dims, equation, parameters, weights: &weights, arriving, threads }.sum(0..dims.trials, left);
    keep_awake(dims.trials);
    drop(weights);

    let mut gradients = sums.into_gradients(dims, parameters);
    if wanted.tau {
        gradients.alpha = match equation.form {
            Form::Current => current_times_gradient(dims, parameters, &gradients),
            Form::Rate => over_trials(&alpha, dims.units),
        };
        gradients.leak = over_trials(&leak, dims.units);
        gradients.recurrent_noise = over_trials(&recurrent_noise, dims.units);
        if equation.form == Form::Rate {
            // The noise stands inside `alpha f(..)`.
            gradients
                .recurrent_noise
                .iter_mut()
                .zip(parameters.alpha)
                .for_each(|(gradient, alpha)| *gradient *= *alpha);
        }
    }
    let shared = parameters.start_state.len() == dims.units && dims.trials > 1;
    let fold = |values: Vec<T>| if shared && wanted.start { over_trials(&values, dims.units) } else { values };
    Gradients { start_state: fold(start_state), start_rate: fold(start_rate), inputs, ..gradients }
}

/// `sum g c` of each unit, where `c = W_rec r + W_in u + b_rec`, from the gradients of these parameters, which are
/// `alpha` times the sums of `g r`, `g u` and `g`.
fn current_times_gradient<T: Element>(dims: Dims, parameters: &Parameters<T>, gradients: &Gradients<T>) -> Vec<T> {
    let Dims { units, inputs, .. } = dims;
    let dot = |values: &[T], gradients: &[T]| values.iter().zip(gradients).fold(T::zero(), |sum, (a, b)| sum + *a * *b);
    let rows = |values: &[T], gradients: &[T], unit: usize, len: usize| {
        dot(&values[unit * len..][..len], &gradients[unit * len..][..len])
    };
    (0..units)
        .map(|unit| {
            let synapses = rows(parameters.w_rec, &gradients.w_rec, unit, units)
                + rows(parameters.w_in, &gradients.w_in, unit, inputs);
            let bias = parameters.b_rec.get(unit).map_or(T::zero(), |bias| *bias * gradients.b_rec[unit]);
            (synapses + bias) / parameters.alpha[unit]
        })
        .collect()
}

/// The sum of (trials, units) over trials, in their order.
fn over_trials<T: Element>(values: &[T], units: usize) -> Vec<T> {
    let mut sum = vec![T::zero(); units];
    for row in values.chunks_exact(units) {
        add(&mut sum, row);
    }
    sum
}

/// Adds values to sums.
#[inline(always)]
pub(super) fn add<T: Element>(sum: &mut [T], values: &[T]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += *value;
    }
}

/// The weights of a backward pass: `D(alpha) [W_rec | W_in]` and `W_out`, packed.
pub(super) struct PackedBackward<T> {
    pub recurrent: Packed<T>,
    pub readout: Packed<T>,
    pub zeros: Vec<T>,
    pub leak: Vec<T>,
}

impl<T: Element> PackedBackward<T> {
    fn new(pool: &Pool<T>, dims: Dims, parameters: &Parameters<T>, inputs: bool) -> Self {
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

/// What the pass through time leaves, trial by trial; an empty slice is not written.
#[derive(Default)]
pub(super) struct Left<'a, T> {
    /// (trials, steps, inputs)
    pub inputs: &'a mut [T],
    /// (trials, units), as are the following
    pub start_state: &'a mut [T],
    pub start_rate: &'a mut [T],
    pub alpha: &'a mut [T],
    pub leak: &'a mut [T],
    pub recurrent_noise: &'a mut [T],
}

impl<'a, T> Left<'a, T> {
    /// Divides what is left of all trials after `count` of them.
    pub fn split(self, dims: Dims, count: usize) -> (Self, Self) {
        let cut = |values: &'a mut [T], each: usize| {
            let at = (count * each).min(values.len());
            values.split_at_mut(at)
        };
        let (inputs, later_inputs) = cut(self.inputs, dims.steps * dims.inputs);
        let (start_state, later_start_state) = cut(self.start_state, dims.units);
        let (start_rate, later_start_rate) = cut(self.start_rate, dims.units);
        let (alpha, later_alpha) = cut(self.alpha, dims.units);
        let (leak, later_leak) = cut(self.leak, dims.units);
        let (recurrent_noise, later_recurrent_noise) = cut(self.recurrent_noise, dims.units);
        (
            Self { inputs, start_state, start_rate, alpha, leak, recurrent_noise },
            Self {
                inputs: later_inputs,
                start_state: later_start_state,
                start_rate: later_start_rate,
                alpha: later_alpha,
                leak: later_leak,
                recurrent_noise: later_recurrent_noise,
            },
        )
    }
}
