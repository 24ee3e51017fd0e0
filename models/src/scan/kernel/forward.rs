//! Forward through time.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::{
    activation,
    awake::keep_awake,
    buffer::Pool,
    dims::{BLOCK, Dims, ROUND, parts},
    element::Element,
    equation::{Equation, start_row},
    noise_rows::NoiseRows,
    packed::PANEL,
    pass::{ForwardPass, PackedForward},
    product::{Term, product},
    rows::store,
};
use crate::config::Form;

/// Where a pass leaves what it did, trial by trial. All but the logits may be empty, and are not written then.
#[derive(Debug)]
pub(crate) struct Kept<'a, T> {
    /// `r` (trials, steps, units)
    pub rates: &'a mut [T],
    /// `x` (trials, steps, units)
    pub states: &'a mut [T],
    /// In the rate form `f` of the total current (trials, steps, units).
    pub driven: &'a mut [T],
    /// (trials, steps, outputs)
    pub logits: &'a mut [T],
    /// `x` of the last step (trials, units)
    pub last_state: &'a mut [T],
    /// `r` of the last step (trials, units)
    pub last_rate: &'a mut [T],
}

impl<'a, T> Kept<'a, T> {
    /// What the first `count` trials leave, and what the others do.
    fn split(self, dims: Dims, count: usize) -> (Kept<'a, T>, Kept<'a, T>) {
        let (unit_steps, output_steps) = (count * dims.steps * dims.units, count * dims.steps * dims.outputs);
        let (rates, later_rates) = self.rates.split_at_mut(unit_steps.min(self.rates.len()));
        let (states, later_states) = self.states.split_at_mut(unit_steps.min(self.states.len()));
        let (driven, later_driven) = self.driven.split_at_mut(unit_steps.min(self.driven.len()));
        let (logits, later_logits) = self.logits.split_at_mut(output_steps.min(self.logits.len()));
        let (last_state, later_last_state) =
            self.last_state.split_at_mut((count * dims.units).min(self.last_state.len()));
        let (last_rate, later_last_rate) = self.last_rate.split_at_mut((count * dims.units).min(self.last_rate.len()));
        (
            Kept { rates, states, driven, logits, last_state, last_rate },
            Kept {
                rates: later_rates,
                states: later_states,
                driven: later_driven,
                logits: later_logits,
                last_state: later_last_state,
                last_rate: later_last_rate,
            },
        )
    }
}

/// Takes `inputs` (trials, steps, inputs) through the network.
pub(crate) fn forward<T: Element>(
    pool: &Pool<T>,
    dims: Dims,
    equation: &Equation<T>,
    weights: &PackedForward<T>,
    inputs: &[T],
    mut kept: Kept<T>,
) {
    let pass = ForwardPass { pool, dims, equation, weights, inputs };
    let share = dims.share();
    let mut shares = Vec::new();
    for first in (0..dims.trials).step_by(share) {
        let trials = first..(first + share).min(dims.trials);
        let (own, rest) = kept.split(dims, trials.len());
        shares.push(Share { pass: &pass, trials, kept: own });
        kept = rest;
    }
    shares.into_par_iter().for_each(|share| {
        Arch::new().dispatch(share);
    });
    keep_awake(dims.trials);
}

/// The trials of one thread.
struct Share<'a, T> {
    pass: &'a ForwardPass<'a, T>,
    trials: Range<usize>,
    kept: Kept<'a, T>,
}

impl<T: Element> WithSimd for Share<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { pass, trials, mut kept } = self;
        for block in parts(trials.len(), trials.len().div_ceil(BLOCK)) {
            let (own, rest) = kept.split(pass.dims, block.len());
            kept = rest;
            simd.vectorize(Block { pass, trials: trials.start + block.start..trials.start + block.end, kept: own });
        }
    }
}

/// Trials that advance together.
struct Block<'a, T> {
    pass: &'a ForwardPass<'a, T>,
    trials: Range<usize>,
    kept: Kept<'a, T>,
}

impl<T: Element> WithSimd for Block<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let ForwardPass { pool, dims, equation, weights, inputs } = *self.pass;
        let (first, trials, kept) = (self.trials.start, self.trials.len(), self.kept);
        let inputs = &inputs[first * dims.steps * dims.inputs..];
        let Dims { steps, units, outputs, .. } = dims;
        let (width, wide) = (dims.width(), (units + outputs).next_multiple_of(ROUND));
        let mut state = pool.zeros(trials * width);
        let mut rate = pool.zeros(trials * width);
        let mut driven = pool.zeros(if equation.form == Form::Rate { trials * width } else { 0 });
        let mut current = pool.zeros(trials * wide);
        let mut noise = NoiseRows::new(if equation.is_noisy() { trials * width } else { 0 });
        for trial in 0..trials {
            let (at, units) = (trial * width, dims.units);
            state[at..at + units].copy_from_slice(start_row(&weights.start_state, units, first + trial));
            rate[at..at + units].copy_from_slice(start_row(&weights.start_rate, units, first + trial));
        }
        let columns = (0, weights.recurrent.vectors);
        // The panels from the one with the first output on.
        let readout = (units / T::lanes::<S>() / PANEL * PANEL, weights.recurrent.vectors);
        for step in 0..steps {
            let terms = [
                Term { rows: &rate, stride: width, weights: &weights.recurrent },
                Term { rows: &inputs[step * dims.inputs..], stride: steps * dims.inputs, weights: &weights.input },
            ];
            let terms = if dims.inputs > 0 { &terms[..] } else { &terms[..1] };
            product(simd, terms, trials, &weights.bias, columns, (&mut current, wide));
            if step > 0 {
                store(&current[units..], wide, &mut kept.logits[(step - 1) * outputs..], steps * outputs, outputs);
            }
            let xi = noise.draw(equation.xi.as_ref(), step, first, width);
            match equation.form {
                Form::Current => current_form(equation, weights, (&current, wide), xi, &mut state, &mut rate),
                Form::Rate => rate_form(equation, weights, (&current, wide), xi, &mut state, &mut rate, &mut driven),
                Form::Blend => {
                    current_form(equation, weights, (&current, wide), xi, &mut state, &mut rate);
                    // What leaks is the rate.
                    state.copy_from_slice(&rate);
                }
            }
            if let Some(zeta) = noise.draw(equation.zeta.as_ref(), step, first, width) {
                add_noise(&mut rate, zeta, &equation.post_noise);
            }
            for (rows, kept) in [(&rate, &mut *kept.rates), (&state, &mut *kept.states), (&driven, &mut *kept.driven)] {
                if !kept.is_empty() {
                    store(rows, width, &mut kept[step * units..], steps * units, units);
                }
            }
        }
        if outputs > 0 {
            let terms = [Term { rows: &rate, stride: width, weights: &weights.recurrent }];
            product(simd, &terms, trials, &weights.bias, readout, (&mut current, wide));
            store(&current[units..], wide, &mut kept.logits[(steps - 1) * outputs..], steps * outputs, outputs);
        }
        store(&state, width, kept.last_state, units, units);
        store(&rate, width, kept.last_rate, units, units);
    }
}

/// `x <- leak x + alpha c + s xi`, `r = f(x)`
#[inline(always)]
fn current_form<T: Element>(
    equation: &Equation<T>,
    weights: &PackedForward<T>,
    (current, wide): (&[T], usize),
    xi: Option<&[f32]>,
    state: &mut [T],
    rate: &mut [T],
) {
    let width = weights.alpha.len();
    let rows = state.chunks_exact_mut(width).zip(current.chunks_exact(wide));
    match xi {
        Some(xi) => rows
            .zip(xi.chunks_exact(width))
            .for_each(|((state, current), xi)| integrate_noisy(weights, current, xi, state)),
        None => rows.for_each(|(state, current)| integrate(weights, current, state)),
    }
    activation::rates(&equation.spans, width, state, rate);
}

/// `d = f(c + s xi)`, `r = x <- leak x + alpha d`
#[inline(always)]
fn rate_form<T: Element>(
    equation: &Equation<T>,
    weights: &PackedForward<T>,
    (current, wide): (&[T], usize),
    xi: Option<&[f32]>,
    state: &mut [T],
    rate: &mut [T],
    driven: &mut [T],
) {
    let width = weights.alpha.len();
    // The old rates have been used; their place takes the total current.
    for (rate, current) in rate.chunks_exact_mut(width).zip(current.chunks_exact(wide)) {
        rate.copy_from_slice(&current[..width]);
    }
    if let Some(xi) = xi {
        add_noise(rate, xi, &weights.recurrent_noise);
    }
    activation::rates(&equation.spans, width, rate, driven);
    for (state, driven) in state.chunks_exact_mut(width).zip(driven.chunks_exact(width)) {
        integrate(weights, driven, state);
    }
    rate.copy_from_slice(state);
}

/// `x <- leak x + alpha c`
#[inline(always)]
fn integrate<T: Element>(weights: &PackedForward<T>, current: &[T], state: &mut [T]) {
    let coefficients = weights.leak.iter().zip(&weights.alpha);
    for ((x, current), (leak, alpha)) in state.iter_mut().zip(current).zip(coefficients) {
        *x = *leak * *x + *alpha * *current;
    }
}

/// `x <- leak x + alpha c + s xi`
#[inline(always)]
fn integrate_noisy<T: Element>(weights: &PackedForward<T>, current: &[T], xi: &[f32], state: &mut [T]) {
    let coefficients = weights.leak.iter().zip(&weights.alpha).zip(&weights.recurrent_noise);
    for (((x, current), xi), ((leak, alpha), amplitude)) in state.iter_mut().zip(current).zip(xi).zip(coefficients) {
        *x = *leak * *x + *alpha * *current + *amplitude * T::from_f32(*xi);
    }
}

/// Adds `amplitude z`, row by row.
#[inline(always)]
fn add_noise<T: Element>(rows: &mut [T], noise: &[f32], amplitude: &[T]) {
    for (row, noise) in rows.chunks_exact_mut(amplitude.len()).zip(noise.chunks_exact(amplitude.len())) {
        for ((value, z), amplitude) in row.iter_mut().zip(noise).zip(amplitude) {
            *value += *amplitude * T::from_f32(*z);
        }
    }
}
