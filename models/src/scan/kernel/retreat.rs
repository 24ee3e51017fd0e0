//! Some trials on their way back through time, window after window of steps.
//!
//! What the weight gradients are made of is held for one window at a time, trial by trial and step by step, each row as
//! long as whole vectors:
//!
//! ```text
//! drive         g_t                    for the steps of the window and the one after it
//! presynaptic   [r_{t-1} | 1 | u_t]    for the same steps
//! ```

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use super::{
    Dims, Extra, ROUND, activation,
    backward::{Left, add},
    buffer::Buffer,
    copy,
    element::Element,
    forward::Noise,
    product::{Term, product},
    start_row, store,
    tree::Tree,
    weight_gradient::{Outer, Rows},
};
use crate::config::Form;

/// Trials that go back together.
pub(super) struct Share<'a, T> {
    tree: &'a Tree<'a, T>,
    trials: Range<usize>,
    left: Left<'a, T>,
    drive: Slots<T>,
    presynaptic: Slots<T>,
    /// Gradients with respect to the rates, followed by what else the product leaves (trials, columns of the weights).
    arrived: Buffer<T>,
    /// Length of one of its rows.
    wide: usize,
    /// In the rate form the gradients with respect to the states (trials, padded units); in the current form `drive` is
    /// that.
    state: Buffer<T>,
    /// Activity loaded from where it is kept (trials, padded units).
    loaded: Buffer<T>,
    /// `f'` (trials, padded units).
    slope: Buffer<T>,
    /// Sums over the steps (trials, padded units); empty if not wanted.
    alpha: Buffer<T>,
    leak: Buffer<T>,
    recurrent_noise: Buffer<T>,
    /// Room to draw the noise again for these sums.
    noise: Noise,
}

/// Rows of a window (trials, slots, length).
struct Slots<T> {
    data: Buffer<T>,
    slots: usize,
    length: usize,
}

impl<T: Element> Slots<T> {
    /// Length of the rows of a trial.
    fn pitch(&self) -> usize {
        self.slots * self.length
    }

    /// The rows of each trial, from `slot` on.
    #[inline(always)]
    fn trials(&self, slot: usize) -> impl Iterator<Item = &[T]> {
        let from = slot * self.length;
        self.data.chunks_exact(self.pitch()).map(move |rows| &rows[from..])
    }

    #[inline(always)]
    fn trials_mut(&mut self, slot: usize) -> impl Iterator<Item = &mut [T]> {
        let (pitch, from) = (self.pitch(), slot * self.length);
        self.data.chunks_exact_mut(pitch).map(move |rows| &mut rows[from..])
    }

    /// The rows of `steps` slots of all trials from `slot` on.
    fn rows(&self, slot: usize, steps: usize) -> Rows<'_, T> {
        Rows {
            data: &self.data[slot * self.length..],
            groups: self.data.len() / self.pitch(),
            pitch: self.pitch(),
            rows: steps,
            stride: self.length,
        }
    }
}

impl<'a, T: Element> Share<'a, T> {
    /// `steps` is the length of the longest window, `left` is that of these trials.
    pub fn new(tree: &'a Tree<'a, T>, trials: Range<usize>, steps: usize, left: Left<'a, T>) -> Self {
        let Dims { units, inputs, .. } = tree.dims;
        let (pool, width, columns) = (tree.pool, tree.dims.width(), (units + 1 + inputs).next_multiple_of(ROUND));
        let wide = tree.weights.zeros.len().next_multiple_of(ROUND).max(width);
        let slots = |length| Slots { data: pool.zeros(trials.len() * (steps + 1) * length), slots: steps + 1, length };
        let size = trials.len() * width;
        let summed = if left.leak.is_empty() { 0 } else { size };
        let mut presynaptic = slots(columns);
        for row in presynaptic.data.chunks_exact_mut(columns) {
            row[units] = T::one();
        }
        Self {
            drive: slots(width),
            presynaptic,
            arrived: pool.zeros(trials.len() * wide),
            wide,
            state: pool.zeros(if tree.equation.form == Form::Rate { size } else { 0 }),
            loaded: pool.zeros(size),
            slope: pool.zeros(size),
            alpha: pool.zeros(if tree.equation.form == Form::Rate { summed } else { 0 }),
            leak: pool.zeros(summed),
            recurrent_noise: pool.zeros(summed),
            noise: Noise::new(summed),
            tree,
            trials,
            left,
        }
    }

    /// Goes back through a window that ends where the last one began.
    pub fn go_back(&mut self, window: Range<usize>) {
        Arch::new().dispatch(Retreat { share: self, window });
    }

    /// Leaves what is left at the start of the trials.
    pub fn finish(&mut self) {
        Arch::new().dispatch(Arrival { share: self });
    }

    /// What is to be summed for the weights of the units: `g_t [r_{t-1} | 1 | u_t]^T` of a window.
    pub fn recurrent(&self, window: &Range<usize>) -> Outer<'_, T> {
        Outer { left: self.drive.rows(0, window.len()), right: self.presynaptic.rows(0, window.len()) }
    }

    /// The same for the readout: `dz_t [r_t | 1]^T`.
    pub fn readout(&self, window: &Range<usize>) -> Outer<'_, T> {
        let Dims { steps, outputs, .. } = self.tree.dims;
        let logits = &self.tree.arriving.logits[(self.trials.start * steps + window.start) * outputs..];
        let left = Rows {
            data: logits,
            groups: self.trials.len(),
            pitch: steps * outputs,
            rows: window.len(),
            stride: outputs,
        };
        Outer { left, right: self.presynaptic.rows(1, window.len()) }
    }
}

struct Retreat<'a, 'b, T> {
    share: &'a mut Share<'b, T>,
    window: Range<usize>,
}

impl<T: Element> WithSimd for Retreat<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { share, window } = self;
        share.slide(&window);
        for step in window.clone().rev() {
            let slot = step - window.start;
            share.arrive(simd, step, slot);
            share.slopes(step, slot);
            share.retreat(step, slot);
            if !share.leak.is_empty() {
                share.accumulate_tau(step, slot);
            }
        }
    }
}

struct Arrival<'a, 'b, T> {
    share: &'a mut Share<'b, T>,
}

impl<T: Element> WithSimd for Arrival<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Share { tree, trials, left, drive, arrived, wide, state, alpha, leak, recurrent_noise, .. } = self.share;
        let Dims { steps, units, inputs, .. } = tree.dims;
        let width = tree.dims.width();
        if !left.start_rate.is_empty() || !left.inputs.is_empty() {
            let recurrent = Term { rows: &drive.data, stride: drive.pitch(), weights: &tree.weights.recurrent };
            product(
                simd,
                &[recurrent],
                trials.len(),
                &tree.weights.zeros,
                (0, tree.weights.recurrent.vectors),
                (arrived, *wide),
            );
        }
        if !left.inputs.is_empty() {
            store(&arrived[units..], *wide, left.inputs, steps * inputs, inputs);
        }
        if !left.start_rate.is_empty() {
            store(arrived, *wide, left.start_rate, units, units);
            for (index, left) in left.start_state.chunks_exact_mut(units).enumerate() {
                let carried = if tree.equation.form == Form::Rate {
                    &state[index * width..]
                } else {
                    &drive.data[index * drive.pitch()..]
                };
                for ((left, carried), leak) in left.iter_mut().zip(carried).zip(&tree.weights.leak) {
                    *left = *leak * *carried;
                }
            }
        }
        for (sums, left) in
            [(alpha, &mut *left.alpha), (leak, &mut *left.leak), (recurrent_noise, &mut *left.recurrent_noise)]
        {
            store(sums, width, left, units, units);
        }
    }
}

impl<T: Element> Share<'_, T> {
    /// Makes the first slot that of the step after the window, and loads what the steps of the window were driven by.
    #[inline(always)]
    fn slide(&mut self, window: &Range<usize>) {
        let Dims { steps, units, inputs, .. } = self.tree.dims;
        let (kept, start) = (self.tree.arriving.kept_rates, self.tree.parameters.start_rate);
        let (width, columns, last) = (self.drive.length, self.presynaptic.length, window.len());
        for rows in self.drive.trials_mut(0) {
            rows.copy_within(..width, last * width);
        }
        for (trial, rows) in self.trials.clone().zip(self.presynaptic.trials_mut(0)) {
            if window.end < steps {
                rows.copy_within(..columns, last * columns);
            } else {
                copy(self.tree.dims.row(kept, trial, steps - 1), &mut rows[last * columns..][..units]);
            }
            let first = trial * steps + window.start;
            if inputs > 0 {
                for (inputs, row) in self.tree.arriving.inputs[first * inputs..]
                    .chunks_exact(inputs)
                    .zip(rows.chunks_exact_mut(columns))
                    .take(last)
                {
                    copy(inputs, &mut row[units + 1..][..inputs.len()]);
                }
            }
            let (before, rows) = match window.start {
                0 => {
                    let (row, rows) = rows.split_at_mut(columns);
                    copy(start_row(start, units, trial), &mut row[..units]);
                    (first, rows)
                }
                _ => (first - 1, rows),
            };
            let loaded = window.end - window.start.max(1);
            for (rates, row) in
                kept[before * units..].chunks_exact(units).zip(rows.chunks_exact_mut(columns)).take(loaded)
            {
                copy(rates, &mut row[..units]);
            }
        }
    }

    /// Gradients that reach the rates of a step from the step after it and from its logits.
    #[inline(always)]
    fn arrive<S: Simd>(&mut self, simd: S, step: usize, slot: usize) {
        let Dims { steps, units, inputs, outputs, .. } = self.tree.dims;
        let weights = self.tree.weights;
        let logits = &self.tree.arriving.logits[(self.trials.start * steps + step) * outputs..];
        let readout = Term { rows: logits, stride: steps * outputs, weights: &weights.readout };
        let later = &self.drive.data[(slot + 1) * self.drive.length..];
        let recurrent = Term { rows: later, stride: self.drive.pitch(), weights: &weights.recurrent };
        let terms = [readout, recurrent];
        let terms = if step + 1 < steps { &terms[..] } else { &terms[..1] };
        product(
            simd,
            terms,
            self.trials.len(),
            &weights.zeros,
            (0, weights.recurrent.vectors),
            (&mut self.arrived, self.wide),
        );
        if !self.left.inputs.is_empty() && step + 1 < steps {
            store(
                &self.arrived[units..],
                self.wide,
                &mut self.left.inputs[(step + 1) * inputs..],
                steps * inputs,
                inputs,
            );
        }
        add_extra(
            &self.tree.arriving.rates,
            self.tree.dims,
            (&self.trials, step),
            self.arrived.chunks_exact_mut(self.wide),
        );
    }

    /// `f'` of this step.
    #[inline(always)]
    fn slopes(&mut self, step: usize, slot: usize) {
        let (tree, width) = (self.tree, self.drive.length);
        let runs = &tree.equation.runs;
        if tree.arriving.kept_drive.is_empty() {
            for (rates, slope) in self.presynaptic.trials(slot + 1).zip(self.slope.chunks_exact_mut(width)) {
                activation::slopes(runs, width, &rates[..width], slope);
            }
            return;
        }
        self.load(tree.arriving.kept_drive, step);
        if tree.equation.form == Form::Current {
            // The rates without the noise that was added to them.
            self.slope.copy_from_slice(&self.loaded);
            activation::rates(runs, width, &self.slope, &mut self.loaded);
        }
        activation::slopes(runs, width, &self.loaded, &mut self.slope);
    }

    /// From the gradients of the rates and of the following step's state to those of this step's state and drive.
    #[inline(always)]
    fn retreat(&mut self, step: usize, slot: usize) {
        let (tree, width) = (self.tree, self.drive.length);
        let (arrived, slopes) = (self.arrived.chunks_exact(self.wide), self.slope.chunks_exact(width));
        let leak = &tree.weights.leak;
        match tree.equation.form {
            Form::Current => {
                for ((drive, arrived), slope) in self.drive.trials_mut(slot).zip(arrived).zip(slopes) {
                    let (drive, later) = drive.split_at_mut(width);
                    let carried = later.iter().zip(leak);
                    for (((g, arrived), slope), (later, leak)) in drive.iter_mut().zip(arrived).zip(slope).zip(carried)
                    {
                        *g = *arrived * *slope + *leak * *later;
                    }
                }
                let states = self.drive.trials_mut(slot);
                add_extra(&tree.arriving.states, tree.dims, (&self.trials, step), states);
            }
            Form::Rate => {
                for (state, arrived) in self.state.chunks_exact_mut(width).zip(arrived) {
                    for ((gradient, arrived), leak) in state.iter_mut().zip(arrived).zip(leak) {
                        *gradient = *arrived + *leak * *gradient;
                    }
                }
                add_extra(&tree.arriving.states, tree.dims, (&self.trials, step), self.state.chunks_exact_mut(width));
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
    fn accumulate_tau(&mut self, step: usize, slot: usize) {
        let (tree, width, is_rate_form) = (self.tree, self.drive.length, self.tree.equation.form == Form::Rate);
        if let Some(xi) = self.noise.draw(tree.equation.xi.as_ref(), step, self.trials.start, width) {
            for ((sum, xi), drive) in
                self.recurrent_noise.chunks_exact_mut(width).zip(xi.chunks_exact(width)).zip(self.drive.trials(slot))
            {
                for ((sum, g), z) in sum.iter_mut().zip(drive).zip(xi) {
                    *sum += *g * T::from_f32(*z);
                }
            }
        }
        if is_rate_form {
            self.load(tree.arriving.kept_drive, step);
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
        let (tree, width, units) = (self.tree, self.drive.length, self.tree.dims.units);
        if step == 0 {
            for (trial, row) in self.trials.clone().zip(self.loaded.chunks_exact_mut(width)) {
                row[..units].copy_from_slice(start_row(tree.parameters.start_state, units, trial));
            }
            return;
        }
        if tree.equation.form == Form::Current {
            return self.load(tree.arriving.kept_drive, step - 1);
        }
        self.load(tree.arriving.kept_rates, step - 1);
        if let Some(zeta) = self.noise.draw(tree.equation.zeta.as_ref(), step - 1, self.trials.start, width) {
            for (row, zeta) in self.loaded.chunks_exact_mut(width).zip(zeta.chunks_exact(width)) {
                for ((value, z), amplitude) in row.iter_mut().zip(zeta).zip(&tree.equation.post_noise) {
                    *value -= *amplitude * T::from_f32(*z);
                }
            }
        }
    }

    /// These trials' rows of an array (trials, steps, units) at a step.
    #[inline(always)]
    fn load(&mut self, kept: &[T], step: usize) {
        for (trial, row) in self.trials.clone().zip(self.loaded.chunks_exact_mut(self.drive.length)) {
            copy(self.tree.dims.row(kept, trial, step), &mut row[..self.tree.dims.units]);
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
fn add_products<T: Element>(sums: &mut [T], left: &[T], right: &[T]) {
    for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
        *sum += *left * *right;
    }
}
