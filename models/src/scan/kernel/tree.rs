//! The trials of a backward pass as a tree: leaves go back through time and sum their outer products while those are in the cache, and the sums are added pairwise
//! on the way up. Its shape depends on the sizes alone, so the order of all additions does not depend on the number of threads.

use std::ops::Range;

use pulp::Arch;
use rayon::prelude::*;

use super::{
    Buffer, Dims, Equation, Parameters, Pool,
    backward::{Arriving, Gradients, Left, PackedBackward, Share, add},
    element::Element,
    lanes,
    weight_gradient::{Columns, weight_gradient},
};

/// Fewest trials of a leaf: enough for a tile of the product, for the weights to be read rarely in comparison, and for long sums.
pub(super) fn smallest_leaf(dims: Dims) -> usize {
    const ROWS: usize = 8;
    const STEPS: usize = 400;
    ROWS.max(dims.units / 16).max(STEPS.div_ceil(dims.steps))
}

/// Leaves that so many trials are halved into.
pub(super) fn leaves(trials: usize, smallest: usize) -> usize {
    if trials < 2 * smallest { 1 } else { leaves(trials / 2, smallest) + leaves(trials - trials / 2, smallest) }
}

/// A backward pass over all trials.
pub(super) struct Tree<'a, T> {
    pub pool: &'a Pool<T>,
    pub dims: Dims,
    pub equation: &'a Equation<T>,
    pub parameters: &'a Parameters<'a, T>,
    pub weights: &'a PackedBackward<T>,
    pub arriving: &'a Arriving<'a, T>,
    /// Threads for each leaf.
    pub threads: usize,
}

/// Summed outer products, rows padded to whole vectors.
pub(super) struct Sums<T> {
    /// Of `g` and `[r_{t-1} | u_t | 1]`.
    recurrent: Buffer<T>,
    /// Of `dz` and `[r_t | 1]`.
    readout: Buffer<T>,
}

impl<T: Element> Tree<'_, T> {
    /// Sums over some trials; `left` is theirs.
    pub fn sum(&self, trials: Range<usize>, left: Left<T>) -> Sums<T> {
        if trials.len() < 2 * smallest_leaf(self.dims) {
            return self.leaf(trials, left);
        }
        let half = trials.len() / 2;
        let (first, second) = left.split(self.dims, half);
        let middle = trials.start + half;
        let (mut sums, other) = rayon::join(|| self.sum(trials.start..middle, first), || self.sum(middle..trials.end, second));
        add(&mut sums.recurrent, &other.recurrent);
        add(&mut sums.readout, &other.readout);
        sums
    }

    fn leaf(&self, trials: Range<usize>, left: Left<T>) -> Sums<T> {
        let Dims { steps, units, inputs, outputs, .. } = self.dims;
        let mut drive = self.pool.take(trials.len() * steps * units);
        self.go_back(trials.clone(), Left { drive: &mut drive, ..left });

        let rows = trials.start * steps..trials.end * steps;
        let rates = &self.arriving.kept_rates[rows.start * units..rows.end * units];
        let before = Columns::Before { rows: rates, units, steps, start: self.parameters.start_rate, first_trial: trials.start };
        let inputs = Columns::Rows(&self.arriving.inputs[rows.start * inputs..rows.end * inputs], inputs);
        let recurrent = self.outer(&drive, units, &[before, inputs, Columns::One]);
        let logits = &self.arriving.logits[rows.start * outputs..rows.end * outputs];
        let readout = self.outer(logits, outputs, &[Columns::Rows(rates, units), Columns::One]);
        Sums { recurrent, readout }
    }

    /// Takes trials back through time.
    fn go_back(&self, trials: Range<usize>, mut left: Left<T>) {
        let share = trials.len().div_ceil(self.threads);
        let mut shares = Vec::new();
        for first in trials.clone().step_by(share) {
            let trials = first..(first + share).min(trials.end);
            let (own, rest) = left.split(self.dims, trials.len());
            shares.push(Share { tree: self, trials, left: own });
            left = rest;
        }
        shares.into_par_iter().for_each(|share| Arch::new().dispatch(share));
    }

    fn outer(&self, left: &[T], m: usize, right: &[Columns<T>]) -> Buffer<T> {
        let mut sums = self.pool.zeros(m * width::<T>(right.iter().map(Columns::count).sum()));
        weight_gradient(self.pool, left, m, right, self.threads.min(m), &mut sums);
        sums
    }
}

/// Length of a row of `columns` numbers, padded to whole vectors.
fn width<T: Element>(columns: usize) -> usize {
    columns.next_multiple_of(lanes::<T>())
}

impl<T: Element> Sums<T> {
    /// The gradients of matrices and biases.
    pub fn into_gradients(self, dims: Dims, parameters: &Parameters<T>) -> Gradients<T> {
        let Dims { units, inputs, outputs, .. } = dims;
        let (mut w_rec, mut w_in) = (Vec::with_capacity(units * units), Vec::with_capacity(units * inputs));
        let mut b_rec = Vec::with_capacity(units);
        for (row, alpha) in self.recurrent.chunks_exact(width::<T>(units + inputs + 1)).zip(parameters.alpha) {
            w_rec.extend(row[..units].iter().map(|sum| *alpha * *sum));
            w_in.extend(row[units..units + inputs].iter().map(|sum| *alpha * *sum));
            b_rec.push(*alpha * row[units + inputs]);
        }
        let (mut w_out, mut b_out) = (Vec::with_capacity(outputs * units), Vec::with_capacity(outputs));
        for row in self.readout.chunks_exact(width::<T>(units + 1)) {
            w_out.extend_from_slice(&row[..units]);
            b_out.push(row[units]);
        }
        let nothing = Vec::new;
        Gradients {
            w_rec,
            w_in,
            w_out,
            b_rec,
            b_out,
            alpha: nothing(),
            leak: nothing(),
            recurrent_noise: nothing(),
            start_state: nothing(),
            start_rate: nothing(),
            inputs: nothing(),
        }
    }
}
