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
    equation::Equation,
    noise_rows::NoiseRows,
    packed::PANEL,
    pass::{ForwardPass, PackedForward},
    product::{Term, product},
    rows::store,
    segments::Segments,
};
use crate::config::Form;

/// Where a pass leaves what it did, trial by trial. All but the logits of a pass that is read out may be empty, and are
/// not written then.
#[derive(Debug, Default)]
pub(crate) struct Kept<'a, T> {
    /// The first step of the following three.
    pub from: usize,
    /// `r` (trials, steps, units)
    pub rates: &'a mut [T],
    /// `x` (trials, steps, units)
    pub states: &'a mut [T],
    /// In the rate form `f` of the total current (trials, steps, units).
    pub driven: &'a mut [T],
    /// `x` and `r` of the steps before the [`Segments`] (trials, anchors, units)
    pub anchor_states: &'a mut [T],
    pub anchor_rates: &'a mut [T],
    /// (trials, steps, outputs)
    pub logits: &'a mut [T],
    /// `x` of the last step (trials, units)
    pub last_state: &'a mut [T],
    /// `r` of the last step (trials, units)
    pub last_rate: &'a mut [T],
}

impl<'a, T> Kept<'a, T> {
    /// Also the rates and what the slopes need beside them; see [`Remembered::Whole`](super::gradients::Remembered).
    pub fn activity(self, form: Form, rates: &'a mut [T], drive: &'a mut [T]) -> Self {
        match form {
            Form::Current | Form::Blend => Self { rates, states: drive, ..self },
            Form::Rate => Self { rates, driven: drive, ..self },
        }
    }

    /// What the first `count` trials leave, and what the others do.
    fn split(self, dims: Dims, count: usize) -> (Kept<'a, T>, Kept<'a, T>) {
        let cut = |values: &'a mut [T], each: usize| {
            let at = (count * each).min(values.len());
            values.split_at_mut(at)
        };
        let from = self.from;
        let (activity, anchors) = ((dims.steps - from) * dims.units, Segments::of(dims).anchors() * dims.units);
        let (rates, later_rates) = cut(self.rates, activity);
        let (states, later_states) = cut(self.states, activity);
        let (driven, later_driven) = cut(self.driven, activity);
        let (anchor_states, later_anchor_states) = cut(self.anchor_states, anchors);
        let (anchor_rates, later_anchor_rates) = cut(self.anchor_rates, anchors);
        let (logits, later_logits) = cut(self.logits, dims.steps * dims.outputs);
        let (last_state, later_last_state) = cut(self.last_state, dims.units);
        let (last_rate, later_last_rate) = cut(self.last_rate, dims.units);
        (
            Kept { from, rates, states, driven, anchor_states, anchor_rates, logits, last_state, last_rate },
            Kept {
                from,
                rates: later_rates,
                states: later_states,
                driven: later_driven,
                anchor_states: later_anchor_states,
                anchor_rates: later_anchor_rates,
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
            simd.vectorize(Block {
                pass,
                trials: trials.start + block.start..trials.start + block.end,
                steps: 0..pass.dims.steps,
                origin: Origin::start(pass),
                pitch: pass.dims.steps - own.from,
                kept: own,
            });
        }
    }
}

/// The states and rates that trials go on from; row `trial` begins with number `trial * pitch`.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a, T> {
    pub states: &'a [T],
    pub rates: &'a [T],
    pub pitch: usize,
}

impl<'a, T> Origin<'a, T> {
    /// The start of the trials.
    pub fn start(pass: &ForwardPass<'a, T>) -> Self {
        let (states, rates, units) = (&pass.weights.start_state, &pass.weights.start_rate, pass.dims.units);
        Self { states, rates, pitch: if states.len() == units { 0 } else { units } }
    }
}

/// Trials that advance together.
pub(super) struct Block<'a, T> {
    pub pass: &'a ForwardPass<'a, T>,
    pub trials: Range<usize>,
    /// Those that they take.
    pub steps: Range<usize>,
    pub origin: Origin<'a, T>,
    /// What these trials leave.
    pub kept: Kept<'a, T>,
    /// Steps of a trial in its rates, states and `driven`.
    pub pitch: usize,
}

impl<T: Element> WithSimd for Block<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let ForwardPass { pool, dims, equation, weights, inputs } = *self.pass;
        let Self { steps, origin, kept, pitch, .. } = self;
        let (first, trials) = (self.trials.start, self.trials.len());
        let inputs = &inputs[first * dims.steps * dims.inputs..];
        let Dims { units, outputs, .. } = dims;
        let (segments, from) = (Segments::of(dims), kept.from);
        let (width, wide) = (dims.width(), (units + outputs).next_multiple_of(ROUND));
        let mut state = pool.zeros(trials * width);
        let mut rate = pool.zeros(trials * width);
        let mut driven = pool.zeros(if equation.form == Form::Rate { trials * width } else { 0 });
        let mut current = pool.zeros(trials * wide);
        let mut noise = NoiseRows::new(if equation.is_noisy() { trials * width } else { 0 });
        for trial in 0..trials {
            let (at, from) = (trial * width, (first + trial) * origin.pitch);
            state[at..at + units].copy_from_slice(&origin.states[from..from + units]);
            rate[at..at + units].copy_from_slice(&origin.rates[from..from + units]);
        }
        let columns = (0, weights.recurrent.vectors);
        // The panels from the one with the first output on.
        let readout = (units / T::lanes::<S>() / PANEL * PANEL, weights.recurrent.vectors);
        for step in steps.clone() {
            let terms = [
                Term { rows: &rate, stride: width, weights: &weights.recurrent },
                Term { rows: &inputs[step * dims.inputs..], stride: dims.steps * dims.inputs, weights: &weights.input },
            ];
            let terms = if dims.inputs > 0 { &terms[..] } else { &terms[..1] };
            product(simd, terms, trials, &weights.bias, columns, (&mut current, wide));
            if step > steps.start {
                store(&current[units..], wide, &mut kept.logits[(step - 1) * outputs..], dims.steps * outputs, outputs);
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
                if step >= from && !kept.is_empty() {
                    store(rows, width, &mut kept[(step - from) * units..], pitch * units, units);
                }
            }
            if !kept.anchor_rates.is_empty()
                && let Some(anchor) = segments.anchor_at(step)
            {
                let stride = segments.anchors() * units;
                store(&state, width, &mut kept.anchor_states[anchor * units..], stride, units);
                store(&rate, width, &mut kept.anchor_rates[anchor * units..], stride, units);
            }
        }
        if outputs > 0 {
            let terms = [Term { rows: &rate, stride: width, weights: &weights.recurrent }];
            product(simd, &terms, trials, &weights.bias, readout, (&mut current, wide));
            let last = (steps.end - 1) * outputs;
            store(&current[units..], wide, &mut kept.logits[last..], dims.steps * outputs, outputs);
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
