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
    buffer::{Buffer, Pool},
    element::Element,
    packed::PANEL,
    product::{accumulate, tiles, with_rows},
    rows::copy,
};

/// Longest rows that are read where they are. Longer ones are too far apart to stay in the cache while they are read
/// again and again; their columns are laid out first.
const SHORT: usize = 128;

/// Rows in groups of `rows`: `stride` numbers from one row to the next, `pitch` from one group to the next.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a, T> {
    pub data: &'a [T],
    pub groups: usize,
    pub pitch: usize,
    pub rows: usize,
    pub stride: usize,
}

impl<'a, T: Copy> Rows<'a, T> {
    /// Without the first columns.
    #[inline(always)]
    fn from(&self, column: usize) -> Self {
        Self { data: &self.data[column..], ..*self }
    }

    /// How many.
    fn count(&self) -> usize {
        self.groups * self.rows
    }

    /// One row after the other; each has at least the numbers up to the next one or to the end of the data.
    #[inline(always)]
    fn iter(self) -> impl Iterator<Item = &'a [T]> {
        (0..self.groups).flat_map(move |group| self.group(group))
    }

    #[inline(always)]
    fn group(self, group: usize) -> impl Iterator<Item = &'a [T]> {
        self.data[group * self.pitch..].chunks(self.stride).take(self.rows)
    }

    /// Lays out the first columns, row after row.
    #[inline(always)]
    fn lay_out(self, columns: usize, to: &mut [T]) {
        for (row, to) in self.iter().zip(to.chunks_exact_mut(columns)) {
            copy(&row[..columns], to);
        }
    }

    /// The same for a constant number of them.
    #[inline(always)]
    fn lay_out_short<const COLUMNS: usize>(self, to: &mut [T]) {
        for (row, to) in self.iter().zip(to.as_chunks_mut::<COLUMNS>().0) {
            if let Some(row) = row.first_chunk::<COLUMNS>() {
                *to = *row;
            }
        }
    }

    /// Rows that one of these has laid out.
    #[inline(always)]
    fn dense(data: &'a [T], rows: usize, columns: usize) -> Self {
        Self { data, groups: 1, pitch: 0, rows, stride: columns }
    }
}

/// Rows whose outer products are to be summed, as many on the left as on the right. Rows on the right are whole
/// vectors.
#[derive(Clone, Copy)]
pub(super) struct Outer<'a, T> {
    pub left: Rows<'a, T>,
    pub right: Rows<'a, T>,
}

/// Adds the outer products of all pairs of rows to `out` (M, `width`), whose rows are whole vectors. `threads` is how
/// many to use.
pub(super) fn weight_gradient<T: Element>(
    pool: &Pool<T>,
    outer: &[Outer<T>],
    threads: usize,
    out: &mut [T],
    width: usize,
) {
    let part = |first: usize, sums: &mut [T]| {
        let rows = first..first + sums.len() / width;
        Arch::new().dispatch(Part { pool, outer, rows, sums, width });
    };
    if threads == 1 {
        return part(0, out);
    }
    let share = (out.len() / width).div_ceil(threads);
    out.par_chunks_mut(share * width).enumerate().for_each(|(index, sums)| part(index * share, sums));
}

/// One thread's rows of D.
struct Part<'a, T> {
    pool: &'a Pool<T>,
    outer: &'a [Outer<'a, T>],
    rows: Range<usize>,
    sums: &'a mut [T],
    width: usize,
}

impl<T: Element> WithSimd for Part<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let (outer, lanes) = (self.outer, T::lanes::<S>());
        let lefts: Vec<LeftSide<T>> = outer.iter().map(|outer| self.left::<S>(outer)).collect();
        let longest = outer.iter().map(|outer| outer.right.count()).max().unwrap_or(0);
        let mut panel = self.pool.take(longest * PANEL * lanes);
        // Panel by panel, so that its sums stay in the cache from one pair to the next.
        for (first, vectors) in panels(self.width / lanes) {
            let (column, columns) = (first * lanes, vectors * lanes);
            for (left, Outer { right, .. }) in lefts.iter().zip(outer) {
                let right = right.from(column);
                // Two calls of one function: compiled as one for both kinds of rows, a whole step has been measured to
                // take twice the time.
                if right.stride <= SHORT {
                    self.add_panel(simd, column, vectors, left, right);
                } else {
                    right.lay_out(columns, &mut panel);
                    self.add_panel(simd, column, vectors, left, Rows::dense(&panel, right.count(), columns));
                }
            }
        }
    }
}

/// The rows on the left, where they are or laid out tile by tile.
enum LeftSide<'a, T> {
    Rows(Rows<'a, T>),
    Tiles(Buffer<T>, usize),
}

impl<T: Element> LeftSide<'_, T> {
    /// The rows of a tile: its columns from the first row of D on.
    #[inline(always)]
    fn tile(&self, row: usize, count: usize) -> Rows<'_, T> {
        match self {
            Self::Rows(rows) => rows.from(row),
            Self::Tiles(tiles, depth) => Rows::dense(&tiles[row * depth..], *depth, count),
        }
    }
}

impl<T: Element> Part<'_, T> {
    #[inline(always)]
    fn left<'b, S: Simd>(&self, outer: &Outer<'b, T>) -> LeftSide<'b, T> {
        let left = outer.left.from(self.rows.start);
        if outer.right.stride <= SHORT {
            return LeftSide::Rows(left);
        }
        let depth = left.count();
        let mut laid_out = self.pool.take(depth * self.rows.len());
        for (row, count) in tiles::<S>(self.rows.len()) {
            let tile = &mut laid_out[row * depth..(row + count) * depth];
            macro_rules! lay_out {
                ($m:literal) => {
                    left.from(row).lay_out_short::<$m>(tile)
                };
            }
            with_rows!(count, lay_out);
        }
        LeftSide::Tiles(laid_out, depth)
    }

    #[inline(always)]
    fn add_panel<S: Simd>(&mut self, simd: S, column: usize, vectors: usize, left: &LeftSide<T>, right: Rows<T>) {
        let width = self.width;
        for (row, count) in tiles::<S>(self.rows.len()) {
            let (left, sums) = (left.tile(row, count), &mut self.sums[row * width + column..]);
            macro_rules! tile {
                ($m:literal) => {
                    match vectors {
                        1 => simd.vectorize(Tile::<T, $m, 1> { left, right, sums, width }),
                        2 => simd.vectorize(Tile::<T, $m, 2> { left, right, sums, width }),
                        _ => simd.vectorize(Tile::<T, $m, PANEL> { left, right, sums, width }),
                    }
                };
            }
            with_rows!(count, tile);
        }
    }
}

/// First vector and number of vectors of each panel of a row.
#[inline(always)]
fn panels(vectors: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..vectors).step_by(PANEL).map(move |first| (first, PANEL.min(vectors - first)))
}

/// `M` rows of D, `V` vectors of columns, at the beginning of `sums`.
struct Tile<'a, T, const M: usize, const V: usize> {
    left: Rows<'a, T>,
    right: Rows<'a, T>,
    sums: &'a mut [T],
    width: usize,
}

impl<T: Element, const M: usize, const V: usize> WithSimd for Tile<'_, T, M, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { left, right, sums: out, width } = self;
        let lanes = V * T::lanes::<S>();
        let mut sums = [[T::splat(simd, T::zero()); V]; M];
        for (sums, out) in sums.iter_mut().zip(out.chunks(width)) {
            sums.copy_from_slice(T::vectors::<S>(&out[..lanes]));
        }
        for group in 0..left.groups {
            for (left, right) in left.group(group).zip(right.group(group)) {
                if let Some(left) = left.first_chunk::<M>() {
                    accumulate::<S, T, M, V>(simd, &mut sums, *left, T::vectors::<S>(&right[..lanes]));
                }
            }
        }
        for (sums, out) in sums.iter().zip(out.chunks_mut(width)) {
            T::vectors_mut::<S>(&mut out[..lanes]).copy_from_slice(sums);
        }
    }
}
