//! The pass through time by hand: forward, and backward with the gradients of everything that went in.
//!
//! Trials are independent through time, so each thread takes some of them through all steps. Within a thread a block of
//! trials advances together, one [`product`] of their rates with the packed weights a step; recurrent weights and
//! readout share it. The backward pass does the same in reverse with the weights the other way round, some trials after
//! others ([`tree`]), and finds for every step the gradient with respect to its total current; after each window of
//! steps a [`weight_gradient`] sums the outer products with the rates. Of all this, only the rates need to be kept from
//! forward to backward, and where they do not determine the slope of the activation, a second array of that size.
//!
//! Everything here is safe Rust: `pulp` finds the vectors of the processor at run time (AVX-512, AVX2, NEON, or none).

mod activation;
mod awake;
mod backward;
mod buffer;
mod element;
mod forward;
mod packed;
mod product;
mod retreat;
mod tree;
mod weight_gradient;

use std::{marker::PhantomData, ops::Range};

use pulp::{Arch, Simd, WithSimd};

use crate::{config::Form, noise::Gaussians};

pub(crate) use self::buffer::Memory;
pub(super) use self::{
    activation::{Run, runs},
    backward::{Arriving, Extra, Gradients, Wanted, backward},
    buffer::{Buffer, Pool},
    element::Element,
    forward::{Kept, PackedForward, forward},
};

/// Rows in the kernel's own memory are padded to whole vectors of every processor.
const ROUND: usize = 16;

/// Most trials that advance together: their rates stay in the cache while the weights stream by.
const BLOCK: usize = 64;

/// Numbers of trials, steps, units, inputs and outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dims {
    pub trials: usize,
    pub steps: usize,
    pub units: usize,
    pub inputs: usize,
    pub outputs: usize,
}

impl Dims {
    /// Length of a padded row of units.
    pub fn width(&self) -> usize {
        self.units.next_multiple_of(ROUND)
    }

    /// Trials that each thread takes: whole trials, as evenly as can be.
    fn share(&self) -> usize {
        self.trials.div_ceil(rayon::current_num_threads()).max(1)
    }

    /// A row of an array (trials, steps, units).
    #[inline(always)]
    fn row<T>(self, values: &[T], trial: usize, step: usize) -> &[T] {
        &values[(trial * self.steps + step) * self.units..][..self.units]
    }
}

/// So many parts of `0..len`, as even as can be.
fn parts(len: usize, parts: usize) -> impl Iterator<Item = Range<usize>> {
    (0..parts).map(move |part| part * len / parts..(part + 1) * len / parts)
}

/// The equation and its constants; every per-unit vector is padded with zeros to [`Dims::width`].
#[derive(Debug)]
pub(super) struct Equation<T> {
    pub form: Form,
    pub runs: Vec<Run>,
    /// `sigma_post`
    pub post_noise: Vec<T>,
    pub xi: Option<Gaussians>,
    pub zeta: Option<Gaussians>,
}

impl<T> Equation<T> {
    fn is_noisy(&self) -> bool {
        self.xi.is_some() || self.zeta.is_some()
    }
}

/// The parameters of a pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameters<'a, T> {
    /// (units, units)
    pub w_rec: &'a [T],
    /// (units, inputs)
    pub w_in: &'a [T],
    /// (outputs, units)
    pub w_out: &'a [T],
    /// (units), or empty
    pub b_rec: &'a [T],
    /// (outputs), or empty
    pub b_out: &'a [T],
    /// (units)
    pub alpha: &'a [T],
    /// (units)
    pub leak: &'a [T],
    /// (units)
    pub recurrent_noise: &'a [T],
    /// (trials, units), or (1, units) for all
    pub start_state: &'a [T],
    /// (trials, units), or (1, units) for all
    pub start_rate: &'a [T],
}

/// Row `trial` of start states.
fn start_row<T>(start: &[T], units: usize, trial: usize) -> &[T] {
    if start.len() == units { start } else { &start[trial * units..(trial + 1) * units] }
}

/// A copy padded with zeros to `width`.
pub(super) fn padded<T: Element>(values: &[T], width: usize) -> Vec<T> {
    let mut padded = values.to_vec();
    padded.resize(width, T::zero());
    padded
}

/// Copies the first `units` numbers of each of the kernel's rows of `width` to those of an array with `stride` numbers
/// from row to row.
#[inline(always)]
fn store<T: Copy>(rows: &[T], width: usize, to: &mut [T], stride: usize, units: usize) {
    for (row, to) in rows.chunks(width).zip(to.chunks_mut(stride)) {
        copy(&row[..units], &mut to[..units]);
    }
}

/// Copies a short row in line: calling the library's copy would take longer than the copy itself.
#[inline(always)]
fn copy<T: Copy>(from: &[T], to: &mut [T]) {
    debug_assert_eq!(from.len(), to.len());
    let (mut from, mut to) = (from, to);
    // Two pieces a round, since a loop over single ones is compiled to that call.
    while from.len() >= 2 * ROUND {
        copy_piece::<T, ROUND>(&mut from, &mut to);
        copy_piece::<T, ROUND>(&mut from, &mut to);
    }
    if from.len() >= 16 {
        copy_piece::<T, 16>(&mut from, &mut to);
    }
    if from.len() >= 8 {
        copy_piece::<T, 8>(&mut from, &mut to);
    }
    if from.len() >= 4 {
        copy_piece::<T, 4>(&mut from, &mut to);
    }
    if from.len() >= 2 {
        copy_piece::<T, 2>(&mut from, &mut to);
    }
    if !from.is_empty() {
        copy_piece::<T, 1>(&mut from, &mut to);
    }
}

/// Copies the first `N` numbers and goes on behind them.
#[inline(always)]
fn copy_piece<T: Copy, const N: usize>(from: &mut &[T], to: &mut &mut [T]) {
    if let (Some((piece, rest)), Some((place, later))) =
        (from.split_first_chunk::<N>(), std::mem::take(to).split_first_chunk_mut::<N>())
    {
        *place = *piece;
        (*from, *to) = (rest, later);
    }
}

/// Numbers in a vector of this processor.
fn lanes<T: Element>() -> usize {
    struct Lanes<T>(PhantomData<T>);
    impl<T: Element> WithSimd for Lanes<T> {
        type Output = usize;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            T::lanes::<S>()
        }
    }
    Arch::new().dispatch(Lanes::<T>(PhantomData))
}
