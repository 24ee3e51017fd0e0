//! The trials of a backward pass as a tree: leaves go back through time and sum their outer products while those are in
//! the cache, and the sums are added pairwise on the way up. Its shape depends on the sizes alone, so the order of all
//! additions does not depend on the number of threads.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    BLOCK, Buffer, Dims, Equation, Parameters, Pool,
    backward::{Arriving, Gradients, Left, PackedBackward, add},
    element::Element,
    lanes, parts,
    retreat::Share,
    weight_gradient::{Outer, weight_gradient},
};

/// Most trials of which a leaf holds a window at a time.
const GROUP: usize = 2 * BLOCK;

/// Fewest trials of a leaf: enough for a tile of the product, for the weights to be read rarely in comparison, for long
/// sums, and for the sums to take little memory beside the rates.
pub(super) fn smallest_leaf(dims: Dims) -> usize {
    const ROWS: usize = 8;
    const STEPS: usize = 400;
    ROWS.max(dims.units / 16).max(STEPS.max(4 * dims.units).div_ceil(dims.steps))
}

/// Most steps between two additions to the sums of a leaf: few enough for what is added to stay in the cache, many
/// enough that loading and storing sums does not count.
fn longest_window(trials: usize) -> usize {
    const ROWS: usize = 256;
    ROWS.div_ceil(trials.min(BLOCK))
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
    /// Of `g` and `[r_{t-1} | 1 | u_t]`.
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
        let (mut sums, other) =
            rayon::join(|| self.sum(trials.start..middle, first), || self.sum(middle..trials.end, second));
        add(&mut sums.recurrent, &other.recurrent);
        add(&mut sums.readout, &other.readout);
        sums
    }

    fn leaf(&self, trials: Range<usize>, mut left: Left<T>) -> Sums<T> {
        let Dims { units, inputs, outputs, .. } = self.dims;
        let mut sums =
            Sums { recurrent: self.zeros(units, units + 1 + inputs), readout: self.zeros(outputs, units + 1) };
        for group in parts(trials.len(), trials.len().div_ceil(GROUP)) {
            let (own, rest) = left.split(self.dims, group.len());
            left = rest;
            self.go_back(trials.start + group.start..trials.start + group.end, own, &mut sums);
        }
        sums
    }

    fn go_back(&self, trials: Range<usize>, left: Left<T>, sums: &mut Sums<T>) {
        let Dims { steps, units, outputs, .. } = self.dims;
        let longest = longest_window(trials.len());
        let mut shares = self.shares(trials, longest.min(steps), left);
        for end in (1..=steps).rev().step_by(longest) {
            let window = end.saturating_sub(longest)..end;
            self.each(&mut shares, |share| share.go_back(window.clone()));
            self.add_outer(shares.iter().map(|share| share.recurrent(&window)), units, &mut sums.recurrent);
            self.add_outer(shares.iter().map(|share| share.readout(&window)), outputs, &mut sums.readout);
        }
        self.each(&mut shares, |share| share.finish());
    }

    /// Trials that go back together: few enough for their rows to stay in the cache, and some for every thread.
    fn shares<'a>(&'a self, trials: Range<usize>, window: usize, mut left: Left<'a, T>) -> Vec<Share<'a, T>> {
        let shares = trials.len().div_ceil(BLOCK).max(self.threads.min(trials.len()));
        parts(trials.len(), shares)
            .map(|part| {
                let (own, rest) = std::mem::take(&mut left).split(self.dims, part.len());
                left = rest;
                Share::new(self, trials.start + part.start..trials.start + part.end, window, own)
            })
            .collect()
    }

    fn each(&self, shares: &mut [Share<T>], act: impl Fn(&mut Share<T>) + Send + Sync) {
        if self.threads == 1 { shares.iter_mut().for_each(act) } else { shares.par_iter_mut().for_each(act) }
    }

    fn zeros(&self, rows: usize, columns: usize) -> Buffer<T> {
        self.pool.zeros(rows * width::<T>(columns))
    }

    fn add_outer<'a>(&self, outer: impl Iterator<Item = Outer<'a, T>>, rows: usize, sums: &mut [T])
    where
        T: 'a,
    {
        let (outer, width) = (outer.collect::<Vec<_>>(), sums.len() / rows);
        weight_gradient(self.pool, &outer, self.threads.min(rows), sums, width);
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
        for (row, alpha) in self.recurrent.chunks_exact(width::<T>(units + 1 + inputs)).zip(parameters.alpha) {
            w_rec.extend(row[..units].iter().map(|sum| *alpha * *sum));
            b_rec.push(*alpha * row[units]);
            w_in.extend(row[units + 1..][..inputs].iter().map(|sum| *alpha * *sum));
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
