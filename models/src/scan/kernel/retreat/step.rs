//! The steps of a window, back through time: what arrives at the rates of a step, the slopes of the activation there,
//! and what goes on to the step before.

use std::ops::Range;

use pulp::Simd;

use super::{
    super::{
        activation,
        dims::Dims,
        element::Element,
        equation::start_row,
        gradients::Extra,
        product::{Term, product},
        rows::{add, copy, store},
    },
    Block,
};
use crate::config::Form;

/// An array of the activity.
#[derive(Clone, Copy)]
enum Array {
    Rates,
    Drive,
}

impl<T: Element> Block<'_, T> {
    /// Makes the first slot that of the step after the window, and loads what the steps of the window were driven by.
    #[inline(always)]
    pub(super) fn slide(&mut self, window: &Range<usize>) {
        let Dims { steps, units, inputs, .. } = self.pass.dims;
        let (activity, start) = (&self.activity, self.pass.parameters.start_rate);
        let (width, columns, last) = (self.drive.length, self.presynaptic.length, window.len());
        for rows in self.drive.trials_mut(0) {
            rows.copy_within(..width, last * width);
        }
        for (trial, rows) in self.trials.clone().zip(self.presynaptic.trials_mut(0)) {
            if window.end < steps {
                rows.copy_within(..columns, last * columns);
            } else {
                copy(&activity.rates(trial, steps - 1)[..units], &mut rows[last * columns..][..units]);
            }
            let first = trial * steps + window.start;
            if inputs > 0 {
                for (inputs, row) in self.pass.arriving.inputs[first * inputs..]
                    .chunks_exact(inputs)
                    .zip(rows.chunks_exact_mut(columns))
                    .take(last)
                {
                    copy(inputs, &mut row[units + 1..][..inputs.len()]);
                }
            }
            let rows = match window.start {
                0 => {
                    let (row, rows) = rows.split_at_mut(columns);
                    copy(start_row(start, units, trial), &mut row[..units]);
                    rows
                }
                _ => rows,
            };
            let from = window.start.max(1);
            let before = activity.rates(trial, from - 1).chunks_exact(units);
            for (rates, row) in before.zip(rows.chunks_exact_mut(columns)).take(window.end - from) {
                copy(rates, &mut row[..units]);
            }
        }
    }

    /// Gradients that reach the rates of a step from the step after it and from its logits.
    #[inline(always)]
    pub(super) fn arrive<S: Simd>(&mut self, simd: S, step: usize, slot: usize) {
        let Dims { steps, units, inputs, outputs, .. } = self.pass.dims;
        let weights = self.pass.weights;
        let logits = &self.pass.arriving.logits[(self.trials.start * steps + step) * outputs..];
        let readout = Term { rows: logits, stride: steps * outputs, weights: &weights.readout };
        let later = &self.drive.data[(slot + 1) * self.drive.length..];
        let recurrent = Term { rows: later, stride: self.drive.pitch(), weights: &weights.recurrent };
        let terms = [readout, recurrent];
        let is_apart = self.balance.is_some();
        let terms = if step + 1 < steps && !is_apart { &terms[..] } else { &terms[..1] };
        product(
            simd,
            terms,
            self.trials.len(),
            &weights.zeros,
            (0, weights.recurrent.vectors),
            (&mut self.arrived, self.wide),
        );
        if let Some(balance) = &self.balance
            && step + 1 < steps
        {
            add(&mut self.arrived, &balance.through);
        }
        if !self.by_trial.inputs.is_empty() && step + 1 < steps {
            store(
                &self.arrived[units..],
                self.wide,
                &mut self.by_trial.inputs[(step + 1) * inputs..],
                steps * inputs,
                inputs,
            );
        }
        add_extra(
            &self.pass.arriving.rates,
            self.pass.dims,
            (&self.trials, step),
            self.arrived.chunks_exact_mut(self.wide),
        );
    }

    /// `f'` of this step, whose rates are the presynaptic ones in `slot`.
    #[inline(always)]
    pub(super) fn slopes(&mut self, step: usize, slot: usize) {
        let (pass, width) = (self.pass, self.drive.length);
        let spans = &pass.equation.spans;
        if !self.activity.has_drive() {
            for (rates, slope) in self.presynaptic.trials(slot).zip(self.slope.chunks_exact_mut(width)) {
                activation::slopes(spans, width, &rates[..width], slope);
            }
            return;
        }
        self.load(Array::Drive, step);
        if pass.equation.form == Form::Current {
            // The rates without the noise that was added to them.
            self.slope.copy_from_slice(&self.loaded);
            activation::rates(spans, width, &self.slope, &mut self.loaded);
        }
        activation::slopes(spans, width, &self.loaded, &mut self.slope);
    }

    /// From the gradients of the rates and of the following step's state to those of this step's state and drive.
    #[inline(always)]
    pub(super) fn retreat(&mut self, step: usize, slot: usize) {
        let (pass, width) = (self.pass, self.drive.length);
        let slopes = self.slope.chunks_exact(width);
        let leak = &pass.weights.leak;
        match pass.equation.form {
            Form::Current => {
                let arrived = self.arrived.chunks_exact(self.wide);
                for ((drive, arrived), slope) in self.drive.trials_mut(slot).zip(arrived).zip(slopes) {
                    let (drive, later) = drive.split_at_mut(width);
                    let carried = later.iter().zip(leak);
                    for (((g, arrived), slope), (later, leak)) in drive.iter_mut().zip(arrived).zip(slope).zip(carried)
                    {
                        *g = *arrived * *slope + *leak * *later;
                    }
                }
                let states = self.drive.trials_mut(slot);
                add_extra(&pass.arriving.states, pass.dims, (&self.trials, step), states);
            }
            Form::Blend => {
                let states = self.arrived.chunks_exact_mut(self.wide);
                add_extra(&pass.arriving.states, pass.dims, (&self.trials, step), states);
                let arrived = self.arrived.chunks_exact(self.wide);
                for ((drive, arrived), slope) in self.drive.trials_mut(slot).zip(arrived).zip(slopes) {
                    let (drive, later) = drive.split_at_mut(width);
                    let carried = later.iter().zip(leak);
                    for (((g, arrived), slope), (later, leak)) in drive.iter_mut().zip(arrived).zip(slope).zip(carried)
                    {
                        *g = *slope * (*arrived + *leak * *later);
                    }
                }
            }
            Form::Rate => {
                let arrived = self.arrived.chunks_exact(self.wide);
                for (state, arrived) in self.state.chunks_exact_mut(width).zip(arrived) {
                    for ((gradient, arrived), leak) in state.iter_mut().zip(arrived).zip(leak) {
                        *gradient = *arrived + *leak * *gradient;
                    }
                }
                add_extra(&pass.arriving.states, pass.dims, (&self.trials, step), self.state.chunks_exact_mut(width));
                for ((drive, state), slope) in
                    self.drive.trials_mut(slot).zip(self.state.chunks_exact(width)).zip(slopes)
                {
                    for ((g, gradient), slope) in drive.iter_mut().zip(state).zip(slope) {
                        *g = *gradient * *slope;
                    }
                }
            }
        }
    }

    /// Adds this step to the sums for `alpha`, `leak` and the noise amplitude.
    #[inline(always)]
    pub(super) fn accumulate_tau(&mut self, step: usize, slot: usize) {
        let (pass, width, is_rate_form) = (self.pass, self.drive.length, self.pass.equation.form == Form::Rate);
        if let Some(xi) = self.noise.draw(pass.equation.xi.as_ref(), step, self.trials.start, width) {
            for ((sum, xi), drive) in
                self.recurrent_noise.chunks_exact_mut(width).zip(xi.chunks_exact(width)).zip(self.drive.trials(slot))
            {
                for ((sum, g), z) in sum.iter_mut().zip(drive).zip(xi) {
                    *sum += *g * T::from_f32(*z);
                }
            }
        }
        if is_rate_form {
            self.load(Array::Drive, step);
            add_products(&mut self.alpha, &self.state, &self.loaded);
        }
        self.load_previous_states(step);
        let sums = self.leak.chunks_exact_mut(width).zip(self.loaded.chunks_exact(width));
        if is_rate_form {
            sums.zip(self.state.chunks_exact(width))
                .for_each(|((sum, before), gradient)| add_products(sum, gradient, before));
        } else {
            sums.zip(self.drive.trials(slot)).for_each(|((sum, before), gradient)| add_products(sum, gradient, before));
        }
    }

    /// The states before this step.
    #[inline(always)]
    fn load_previous_states(&mut self, step: usize) {
        let (pass, width, units) = (self.pass, self.drive.length, self.pass.dims.units);
        if step == 0 {
            for (trial, row) in self.trials.clone().zip(self.loaded.chunks_exact_mut(width)) {
                row[..units].copy_from_slice(start_row(pass.parameters.start_state, units, trial));
            }
            return;
        }
        if pass.equation.form != Form::Rate && self.activity.has_drive() {
            return self.load(Array::Drive, step - 1);
        }
        self.load(Array::Rates, step - 1);
        if let Some(zeta) = self.noise.draw(pass.equation.zeta.as_ref(), step - 1, self.trials.start, width) {
            for (row, zeta) in self.loaded.chunks_exact_mut(width).zip(zeta.chunks_exact(width)) {
                for ((value, z), amplitude) in row.iter_mut().zip(zeta).zip(&pass.equation.post_noise) {
                    *value -= *amplitude * T::from_f32(*z);
                }
            }
        }
    }

    /// These trials' rows of an array at a step.
    #[inline(always)]
    fn load(&mut self, array: Array, step: usize) {
        let units = self.pass.dims.units;
        for (trial, row) in self.trials.clone().zip(self.loaded.chunks_exact_mut(self.drive.length)) {
            let found = match array {
                Array::Rates => self.activity.rates(trial, step),
                Array::Drive => self.activity.drive(trial, step),
            };
            copy(&found[..units], &mut row[..units]);
        }
    }
}

/// Adds gradients that arrive at a step of some trials from elsewhere.
#[inline(always)]
fn add_extra<'a, T: Element + 'a>(
    extras: &[Extra<T>],
    dims: Dims,
    (trials, step): (&Range<usize>, usize),
    rows: impl Iterator<Item = &'a mut [T]>,
) {
    let arriving = |extra: &&Extra<T>| !extra.last_only || step + 1 == dims.steps;
    if !extras.iter().any(|extra| arriving(&extra)) {
        return;
    }
    for (trial, row) in trials.clone().zip(rows) {
        for extra in extras.iter().filter(arriving) {
            let values = if extra.last_only {
                &extra.values[trial * dims.units..][..dims.units]
            } else {
                dims.row(extra.values, trial, step)
            };
            add(&mut row[..dims.units], values);
        }
    }
}

/// Adds products of numbers to sums.
#[inline(always)]
fn add_products<T: Element>(sums: &mut [T], factors: &[T], others: &[T]) {
    for ((sum, factor), other) in sums.iter_mut().zip(factors).zip(others) {
        *sum += *factor * *other;
    }
}
