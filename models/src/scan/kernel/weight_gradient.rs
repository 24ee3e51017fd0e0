//! The gradient of a weight matrix: the sum of outer products over trials and steps, as one product.
//!
//! ```text
//! D = sum over k of left_k^T right_k          left (rows, M), right (rows, N)
//! ```
//!
//! Threads divide the rows of D, not the sum, so every element is summed in the same order whatever their number.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::{
    buffer::Pool,
    copy,
    element::Element,
    packed::{PANEL, aligned},
    product::{accumulate, tiles, with_rows},
    start_row,
};

/// Outer products that are laid out and summed together: few enough to stay in the cache, many enough that loading and storing sums does not count.
const BLOCK: usize = 256;

/// Some columns of the rows on the right.
#[derive(Clone, Copy)]
pub(super) enum Columns<'a, T> {
    /// Rows of `1` numbers, one after the other.
    Rows(&'a [T], usize),
    /// Before the first of so many steps of every trial the row of its start, before the others the one of the step before.
    Before { rows: &'a [T], units: usize, steps: usize, start: &'a [T], first_trial: usize },
    /// A column of ones.
    One,
}

impl<T: Element> Columns<'_, T> {
    /// How many.
    pub fn count(&self) -> usize {
        match self {
            Self::Rows(_, columns) => *columns,
            Self::Before { units, .. } => *units,
            Self::One => 1,
        }
    }

    /// Copies columns `own` of some rows to the beginning of rows of `to`, each `stride` long.
    #[inline(always)]
    fn lay_out(&self, block: Range<usize>, own: Range<usize>, to: &mut [T], stride: usize) {
        let to = to.chunks_mut(stride).map(|row| &mut row[..own.len()]);
        match self {
            Self::Rows(rows, columns) => {
                for (row, to) in rows[block.start * columns..].chunks_exact(*columns).zip(to) {
                    copy(&row[own.clone()], to);
                }
            }
            Self::Before { rows, units, steps, start, first_trial } => {
                let (mut trial, mut step) = (block.start / steps, block.start % steps);
                for (k, to) in block.zip(to) {
                    let before = if step == 0 { start_row(start, *units, first_trial + trial) } else { &rows[(k - 1) * units..k * units] };
                    copy(&before[own.clone()], to);
                    step += 1;
                    if step == *steps {
                        (trial, step) = (trial + 1, 0);
                    }
                }
            }
            Self::One => to.for_each(|row| row.fill(T::one())),
        }
    }
}

/// Adds D of `left` (rows, M) and the columns of `right`, side by side, to `out` (M, `width`), whose rows are padded to whole vectors. `groups` is the
/// number of threads to use.
pub(super) fn weight_gradient<T: Element>(pool: &Pool<T>, left: &[T], m: usize, right: &[Columns<T>], groups: usize, out: &mut [T]) {
    let width = out.len() / m;
    let share = m.div_ceil(groups);
    let part = |(index, sums): (usize, &mut [T])| {
        let rows = index * share..index * share + sums.len() / width;
        Arch::new().dispatch(Part { pool, left, m, right, rows, sums, width });
    };
    if groups == 1 {
        part((0, out));
    } else {
        out.par_chunks_mut(share * width).enumerate().for_each(part);
    }
}

/// One thread's rows of D.
struct Part<'a, T> {
    pool: &'a Pool<T>,
    left: &'a [T],
    m: usize,
    right: &'a [Columns<'a, T>],
    rows: Range<usize>,
    sums: &'a mut [T],
    width: usize,
}

impl<T: Element> WithSimd for Part<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { pool, m, right, ref rows, width, .. } = self;
        let (lanes, total) = (T::lanes::<S>(), self.left.len() / m);
        let vectors = right.iter().map(Columns::count).sum::<usize>().div_ceil(lanes);
        let mut left = pool.take(BLOCK * rows.len());
        let mut panel = pool.take((BLOCK + 1) * PANEL * lanes);
        let start = aligned(&panel).min(PANEL * lanes);
        for block in (0..total).step_by(BLOCK).map(|first| first..(first + BLOCK).min(total)) {
            self.lay_out_left::<S>(block.clone(), &mut left);
            for first in (0..vectors).step_by(PANEL) {
                let count = PANEL.min(vectors - first);
                let panel = &mut panel[start..][..block.len() * count * lanes];
                lay_out_right(right, block.clone(), first * lanes..(first + count) * lanes, panel);
                let sums = &mut self.sums[first * lanes..];
                let mut panel = Panel { left: &left, right: panel, depth: block.len(), sums, width };
                match count {
                    1 => panel.rows::<S, 1>(simd, rows.len()),
                    2 => panel.rows::<S, 2>(simd, rows.len()),
                    _ => panel.rows::<S, PANEL>(simd, rows.len()),
                }
            }
        }
    }
}

/// Rows of the given columns of `right`, side by side, with zeros behind the last.
#[inline(always)]
fn lay_out_right<T: Element>(right: &[Columns<T>], block: Range<usize>, columns: Range<usize>, panel: &mut [T]) {
    let mut before = 0;
    for part in right {
        let within = |column: usize| column.clamp(before, before + part.count());
        let (from, until) = (within(columns.start), within(columns.end));
        if from < until {
            part.lay_out(block.clone(), from - before..until - before, &mut panel[from - columns.start..], columns.len());
        }
        before += part.count();
    }
    if before < columns.end {
        for row in panel.chunks_exact_mut(columns.len()) {
            row[before - columns.start..].fill(T::zero());
        }
    }
}

impl<T: Element> Part<'_, T> {
    /// Tile after tile of this part's columns of `left`, each row by row.
    #[inline(always)]
    fn lay_out_left<S: Simd>(&self, block: Range<usize>, to: &mut [T]) {
        for (first, count) in tiles::<S>(self.rows.len()) {
            let tile = &mut to[first * block.len()..(first + count) * block.len()];
            let left = &self.left[block.start * self.m + self.rows.start + first..];
            macro_rules! lay_out {
                ($m:literal) => {
                    for (tile, left) in tile.as_chunks_mut::<$m>().0.iter_mut().zip(left.chunks(self.m)) {
                        if let Some(left) = left.first_chunk::<$m>() {
                            *tile = *left;
                        }
                    }
                };
            }
            with_rows!(count, lay_out);
        }
    }
}

struct Panel<'a, T> {
    left: &'a [T],
    right: &'a [T],
    depth: usize,
    sums: &'a mut [T],
    width: usize,
}

impl<T: Element> Panel<'_, T> {
    #[inline(always)]
    fn rows<S: Simd, const V: usize>(&mut self, simd: S, rows: usize) {
        for (row, count) in tiles::<S>(rows) {
            macro_rules! tile {
                ($m:literal) => {
                    simd.vectorize(Tile::<T, $m, V> { panel: self, row })
                };
            }
            with_rows!(count, tile);
        }
    }
}

struct Tile<'a, 'b, T, const M: usize, const V: usize> {
    panel: &'a mut Panel<'b, T>,
    row: usize,
}

impl<T: Element, const M: usize, const V: usize> WithSimd for Tile<'_, '_, T, M, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Panel { left, right, depth, sums: out, width } = self.panel;
        let lanes = V * T::lanes::<S>();
        let mut sums = [[T::splat(simd, T::zero()); V]; M];
        for (row, sums) in sums.iter_mut().enumerate() {
            sums.copy_from_slice(T::vectors::<S>(&out[(self.row + row) * *width..][..lanes]));
        }
        let left = left[self.row * *depth..][..M * *depth].chunks_exact(M);
        for (left, right) in left.zip(T::vectors::<S>(right).chunks_exact(V)) {
            accumulate::<S, T, M, V>(simd, &mut sums, std::array::from_fn(|row| left[row]), right);
        }
        for (row, sums) in sums.iter().enumerate() {
            T::vectors_mut::<S>(&mut out[(self.row + row) * *width..][..lanes]).copy_from_slice(sums);
        }
    }
}
