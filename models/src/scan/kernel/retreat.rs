//! One step back of a block of trials, apart from its product.

use super::{
    activation,
    backward::Block,
    buffer::{Buffer, Pool},
    element::Element,
    forward::Noise,
    load, start_row,
};
use crate::config::Form;

/// A block's gradients, each (trials, padded units) unless said otherwise.
pub(super) struct Rows<T> {
    /// With respect to the rates, followed by what else the product leaves (trials, columns of the weights).
    pub arrived: Buffer<T>,
    /// With respect to the state; in the current form `drive` is that.
    pub state: Buffer<T>,
    /// `g`
    pub drive: Buffer<T>,
    /// `f'`
    pub slope: Buffer<T>,
    /// Activity loaded from where it is kept.
    pub loaded: Buffer<T>,
    /// Sums over the steps; empty if not wanted.
    pub alpha: Buffer<T>,
    pub leak: Buffer<T>,
    pub recurrent_noise: Buffer<T>,
    /// Room to draw the noise again for these sums.
    noise: Noise,
}

impl<T: Element> Rows<T> {
    /// `tau`: whether the sums over the steps are wanted.
    pub fn new(pool: &Pool<T>, size: usize, arrived: usize, tau: bool) -> Self {
        let (zeros, summed) = (|| pool.zeros(size), if tau { size } else { 0 });
        Self {
            arrived: pool.zeros(arrived),
            state: zeros(),
            drive: zeros(),
            slope: zeros(),
            loaded: zeros(),
            alpha: pool.zeros(summed),
            leak: pool.zeros(summed),
            recurrent_noise: pool.zeros(summed),
            noise: Noise::new(summed),
        }
    }
}

impl<T: Element> Block<'_, T> {
    /// `f'` of this step.
    #[inline(always)]
    pub(super) fn slopes(&self, step: usize, rows: &mut Rows<T>) {
        let width = self.tree.dims.width();
        let (runs, kept_states) =
            (&self.tree.equation.runs, self.tree.equation.form == Form::Current && !self.tree.arriving.kept_drive.is_empty());
        let kept = if self.tree.arriving.kept_drive.is_empty() { self.tree.arriving.kept_rates } else { self.tree.arriving.kept_drive };
        self.load(kept, step, &mut rows.loaded);
        if kept_states {
            // The rates without the noise that was added to them.
            rows.slope.copy_from_slice(&rows.loaded);
            activation::rates(runs, width, &rows.slope, &mut rows.loaded);
        }
        activation::slopes(runs, width, &rows.loaded, &mut rows.slope);
    }

    /// From the gradients of the rates and of the following step's state to those of this step's state and drive.
    #[inline(always)]
    pub(super) fn retreat(&self, step: usize, rows: &mut Rows<T>, wide: usize) {
        let width = self.tree.dims.width();
        let arrived = rows.arrived.chunks_exact(wide);
        match self.tree.equation.form {
            Form::Current => {
                for ((drive, arrived), slope) in rows.drive.chunks_exact_mut(width).zip(arrived).zip(rows.slope.chunks_exact(width)) {
                    for (((g, arrived), slope), leak) in drive.iter_mut().zip(arrived).zip(slope).zip(&self.tree.weights.leak) {
                        *g = *arrived * *slope + *leak * *g;
                    }
                }
                self.add_extra(&self.tree.arriving.states, step, &mut rows.drive, width);
            }
            Form::Rate => {
                for (state, arrived) in rows.state.chunks_exact_mut(width).zip(arrived) {
                    for ((gradient, arrived), leak) in state.iter_mut().zip(arrived).zip(&self.tree.weights.leak) {
                        *gradient = *arrived + *leak * *gradient;
                    }
                }
                self.add_extra(&self.tree.arriving.states, step, &mut rows.state, width);
                for ((g, gradient), slope) in rows.drive.iter_mut().zip(rows.state.iter()).zip(rows.slope.iter()) {
                    *g = *gradient * *slope;
                }
            }
        }
    }

    /// Adds gradients that arrive from elsewhere.
    #[inline(always)]
    pub(super) fn add_extra(&self, extras: &[super::Extra<T>], step: usize, rows: &mut [T], stride: usize) {
        let (units, steps) = (self.tree.dims.units, self.tree.dims.steps);
        for extra in extras.iter().filter(|extra| !extra.last_only || step + 1 == steps) {
            for (trial, row) in self.trials.clone().zip(rows.chunks_exact_mut(stride)) {
                let at = if extra.last_only { trial * units } else { (trial * steps + step) * units };
                for (value, extra) in row.iter_mut().zip(&extra.values[at..at + units]) {
                    *value += *extra;
                }
            }
        }
    }

    /// Adds this step to the sums for `alpha`, `leak` and the noise amplitude.
    #[inline(always)]
    pub(super) fn accumulate_tau(&self, step: usize, rows: &mut Rows<T>) {
        let width = self.tree.dims.width();
        if let Some(xi) = rows.noise.draw(self.tree.equation.xi.as_ref(), step, self.trials.start, width) {
            for (sum, (g, z)) in rows.recurrent_noise.iter_mut().zip(rows.drive.iter().zip(xi)) {
                *sum += *g * T::from_f32(*z);
            }
        }
        if self.tree.equation.form == Form::Rate {
            self.load(self.tree.arriving.kept_drive, step, &mut rows.loaded);
            for (sum, (gradient, driven)) in rows.alpha.iter_mut().zip(rows.state.iter().zip(rows.loaded.iter())) {
                *sum += *gradient * *driven;
            }
        }
        self.load_previous_state(step, &mut rows.noise, &mut rows.loaded);
        let gradients = if self.tree.equation.form == Form::Rate { &rows.state } else { &rows.drive };
        for (sum, (gradient, state)) in rows.leak.iter_mut().zip(gradients.iter().zip(rows.loaded.iter())) {
            *sum += *gradient * *state;
        }
    }

    /// The states before this step.
    #[inline(always)]
    fn load_previous_state(&self, step: usize, noise: &mut Noise, to: &mut [T]) {
        let (width, units) = (self.tree.dims.width(), self.tree.dims.units);
        if step == 0 {
            for (trial, row) in self.trials.clone().zip(to.chunks_exact_mut(width)) {
                row[..units].copy_from_slice(start_row(self.tree.parameters.start_state, units, trial));
            }
            return;
        }
        let kept = if self.tree.equation.form == Form::Rate { self.tree.arriving.kept_rates } else { self.tree.arriving.kept_drive };
        self.load(kept, step - 1, to);
        if self.tree.equation.form == Form::Rate
            && let Some(zeta) = noise.draw(self.tree.equation.zeta.as_ref(), step - 1, self.trials.start, width)
        {
            for (row, zeta) in to.chunks_exact_mut(width).zip(zeta.chunks_exact(width)) {
                for ((value, z), amplitude) in row.iter_mut().zip(zeta).zip(&self.tree.equation.post_noise) {
                    *value -= *amplitude * T::from_f32(*z);
                }
            }
        }
    }

    /// This block's rows of an array (trials, steps, units) at a step.
    #[inline(always)]
    fn load(&self, kept: &[T], step: usize, to: &mut [T]) {
        let (units, steps) = (self.tree.dims.units, self.tree.dims.steps);
        load(to, self.tree.dims.width(), &kept[(self.trials.start * steps + step) * units..], steps * units, units);
    }
}
