//! The trials of a backward pass as a tree: leaves go back through time and sum their outer products while those are in
//! the cache, and the sums are added pairwise on the way up. Its shape depends on the sizes alone, so the order of all
//! additions does not depend on the number of threads.

use std::ops::Range;

use rayon::prelude::*;

use super::{
    buffer::Buffer,
    dims::{BLOCK, Dims, parts},
    element::{Element, lanes},
    equation::Parameters,
    gradients::{Gradients, TrialGradients},
    pass::BackwardPass,
    retreat::Block,
    rows::add,
    weight_gradient::{Outer, weight_gradient},
};

/// Most trials of which a leaf holds a window at a time.
const GROUP: usize = 2 * BLOCK;

/// Fewest trials of a leaf: enough for a tile of the product, for the weights to be read rarely in comparison, for long
/// sums, and for the sums to take little memory beside the rates.
fn smallest_leaf(dims: Dims) -> usize {
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

/// The longest of all windows of a pass.
pub(super) fn longest_window_of(dims: Dims) -> usize {
    // A group has at least so many trials: leaves halve what is twice as large as the smallest, and groups divide a
    // leaf that is larger than two blocks.
    longest_window(dims.trials.min(smallest_leaf(dims)).min(BLOCK))
}

/// Leaves that so many trials are halved into.
fn leaves(trials: usize, smallest: usize) -> usize {
    if trials < 2 * smallest { 1 } else { leaves(trials / 2, smallest) + leaves(trials - trials / 2, smallest) }
}

/// A backward pass over all trials.
pub(super) struct Tree<'a, T> {
    pass: &'a BackwardPass<'a, T>,
    /// Threads for each leaf.
    threads: usize,
}

/// Summed outer products, rows padded to whole vectors.
pub(super) struct Sums<T> {
    /// Of `g` and `[r_{t-1} | 1 | u_t]`.
    recurrent: Buffer<T>,
    /// Of `dz` and `[r_t | 1]`.
    readout: Buffer<T>,
}

impl<'a, T: Element> Tree<'a, T> {
    pub fn new(pass: &'a BackwardPass<'a, T>) -> Self {
        let leaves = leaves(pass.dims.trials, smallest_leaf(pass.dims));
        Self { pass, threads: rayon::current_num_threads().div_ceil(leaves) }
    }

    /// Sums over some trials, whose own gradients go to `by_trial`.
    pub fn sum(&self, trials: Range<usize>, by_trial: TrialGradients<T>) -> Sums<T> {
        let dims = self.pass.dims;
        if trials.len() < 2 * smallest_leaf(dims) {
            return self.leaf(trials, by_trial);
        }
        let half = trials.len() / 2;
        let (first, second) = by_trial.split(dims, half);
        let middle = trials.start + half;
        let (mut sums, other) =
            rayon::join(|| self.sum(trials.start..middle, first), || self.sum(middle..trials.end, second));
        add(&mut sums.recurrent, &other.recurrent);
        add(&mut sums.readout, &other.readout);
        sums
    }

    fn leaf(&self, trials: Range<usize>, mut by_trial: TrialGradients<T>) -> Sums<T> {
        let Dims { units, inputs, outputs, .. } = self.pass.dims;
        let mut sums =
            Sums { recurrent: self.zeros(units, units + 1 + inputs), readout: self.zeros(outputs, units + 1) };
        for group in parts(trials.len(), trials.len().div_ceil(GROUP)) {
            let (own, others) = by_trial.split(self.pass.dims, group.len());
            by_trial = others;
            self.go_back(trials.start + group.start..trials.start + group.end, own, &mut sums);
        }
        sums
    }

    fn go_back(&self, trials: Range<usize>, by_trial: TrialGradients<T>, sums: &mut Sums<T>) {
        let Dims { steps, units, outputs, .. } = self.pass.dims;
        let longest = longest_window(trials.len());
        let mut blocks = self.blocks(trials, longest.min(steps), by_trial);
        for end in (1..=steps).rev().step_by(longest) {
            let window = end.saturating_sub(longest)..end;
            self.each(&mut blocks, |block| block.go_back(window.clone()));
            self.add_outer(blocks.iter().map(|block| block.recurrent(&window)), units, &mut sums.recurrent);
            if outputs > 0 {
                self.add_outer(blocks.iter().map(|block| block.readout(&window)), outputs, &mut sums.readout);
            }
        }
        self.each(&mut blocks, |block| block.finish());
    }

    /// Trials that go back together: few enough for their rows to stay in the cache, and some for every thread.
    fn blocks<'b>(&self, trials: Range<usize>, window: usize, mut by_trial: TrialGradients<'b, T>) -> Vec<Block<'b, T>>
    where
        'a: 'b,
    {
        let blocks = trials.len().div_ceil(BLOCK).max(self.threads.min(trials.len()));
        parts(trials.len(), blocks)
            .map(|part| {
                let (own, others) = std::mem::take(&mut by_trial).split(self.pass.dims, part.len());
                by_trial = others;
                Block::new(self.pass, trials.start + part.start..trials.start + part.end, window, own)
            })
            .collect()
    }

    fn each(&self, blocks: &mut [Block<T>], act: impl Fn(&mut Block<T>) + Send + Sync) {
        if self.threads == 1 { blocks.iter_mut().for_each(act) } else { blocks.par_iter_mut().for_each(act) }
    }

    fn zeros(&self, rows: usize, columns: usize) -> Buffer<T> {
        self.pass.pool.zeros(rows * width::<T>(columns))
    }

    fn add_outer<'b>(&self, outer: impl Iterator<Item = Outer<'b, T>>, rows: usize, sums: &mut [T])
    where
        T: 'b,
    {
        let (outer, width) = (outer.collect::<Vec<_>>(), sums.len() / rows);
        weight_gradient(self.pass.pool, &outer, self.threads.min(rows), sums, width);
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
            omega: Default::default(),
        }
    }
}
