//! The gradient of a weight matrix: the sum of outer products over all trials and steps, as one product.
//!
//! ```text
//! D = sum over k of left_k^T right_k          left (rows, M), right (rows, N)
//! ```
//!
//! Threads divide D, not the sum, so every element is summed in the same order whatever their number.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::{
    buffer::{Buffer, Pool},
    lanes,
    packed::{PANEL, aligned},
    product::{accumulate, tiles, with_rows},
    real::Real,
};

/// Outer products that are laid out and summed together: few enough to stay in the cache, many enough that loading and storing sums does not count.
const BLOCK: usize = 256;

/// The rows on the right of the product, made column range by column range.
pub(super) trait Right<T>: Sync {
    /// Numbers in a row.
    fn columns(&self) -> usize;
    /// Writes some columns of row `k`.
    fn copy(&self, k: usize, columns: Range<usize>, to: &mut [T]);
}

/// D (M, N) of `left` (rows, M) and `right` (rows, N): calls `take` with a row, a first column and the elements from there, until all of D was handed out.
pub(super) fn weight_gradient<T: Real>(
    pool: &Pool<T>,
    left: &[T],
    m: usize,
    right: &impl Right<T>,
    mut take: impl FnMut(usize, usize, &[T]),
) {
    let n = right.columns();
    let lanes = lanes::<T>();
    let parts = parts(rayon::current_num_threads(), m, n.div_ceil(lanes * PANEL), lanes * PANEL, n);
    let solve = |(rows, columns): &(Range<usize>, Range<usize>)| {
        Arch::new().dispatch(Part { pool, left, m, right, rows: rows.clone(), columns: columns.clone() })
    };
    let sums: Vec<Buffer<T>> = parts.par_iter().map(solve).collect();
    for ((rows, columns), sums) in parts.into_iter().zip(sums) {
        for (row, sums) in rows.zip(sums.chunks_exact(columns.len().next_multiple_of(lanes))) {
            take(row, columns.start, &sums[..columns.len()]);
        }
    }
}

/// Divides a matrix of `m` rows and `panels` panels of columns among threads, as evenly as can be and with as little as possible laid out twice.
fn parts(threads: usize, m: usize, panels: usize, panel: usize, n: usize) -> Vec<(Range<usize>, Range<usize>)> {
    let share = |whole: usize, groups: usize| whole.div_ceil(groups);
    let cost = |across: &usize| {
        let (rows, panels) = (share(m, (threads / across).clamp(1, m)), share(panels, *across));
        rows * panels + (rows + panel * panels) / 16
    };
    let across = (1..=threads.min(panels)).min_by_key(cost).unwrap_or(1);
    let down = (threads / across).clamp(1, m);
    let split = |whole: usize, groups: usize| (0..groups).map(move |group| group * whole / groups..(group + 1) * whole / groups);
    split(m, down)
        .flat_map(|rows| split(panels, across).map(move |part| (rows.clone(), part.start * panel..(part.end * panel).min(n))))
        .filter(|(rows, columns)| !rows.is_empty() && !columns.is_empty())
        .collect()
}

/// One thread's share of D.
struct Part<'a, T, R> {
    pool: &'a Pool<T>,
    left: &'a [T],
    m: usize,
    right: &'a R,
    rows: Range<usize>,
    columns: Range<usize>,
}

impl<T: Real, R: Right<T>> WithSimd for Part<'_, T, R> {
    /// (rows, columns padded to whole vectors)
    type Output = Buffer<T>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Buffer<T> {
        let lanes = T::lanes::<S>();
        let width = self.columns.len().next_multiple_of(lanes);
        let mut sums = self.pool.zeros(self.rows.len() * width);
        let mut left = self.pool.take(BLOCK * self.rows.len());
        let mut right = self.pool.take((BLOCK + 1) * PANEL * lanes);
        let start = aligned(&right).min(PANEL * lanes);
        let total = self.left.len() / self.m;
        for block in (0..total).step_by(BLOCK).map(|first| first..(first + BLOCK).min(total)) {
            self.lay_out_left::<S>(block.clone(), &mut left);
            for (index, first) in self.columns.clone().step_by(PANEL * lanes).enumerate() {
                let columns = first..(first + PANEL * lanes).min(self.columns.end);
                let vectors = columns.len().div_ceil(lanes);
                let right = &mut right[start..][..block.len() * vectors * lanes];
                for (k, row) in block.clone().zip(right.chunks_exact_mut(vectors * lanes)) {
                    let (values, padding) = row.split_at_mut(columns.len());
                    self.right.copy(k, columns.clone(), values);
                    padding.fill(T::zero());
                }
                let sums = &mut sums[index * PANEL * lanes..];
                let mut panel = Panel { left: &left, right, depth: block.len(), sums, width };
                match vectors {
                    1 => panel.rows::<S, 1>(simd, self.rows.len()),
                    2 => panel.rows::<S, 2>(simd, self.rows.len()),
                    _ => panel.rows::<S, PANEL>(simd, self.rows.len()),
                }
            }
        }
        sums
    }
}

impl<T: Real, R> Part<'_, T, R> {
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

impl<T: Real> Panel<'_, T> {
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

impl<T: Real, const M: usize, const V: usize> WithSimd for Tile<'_, '_, T, M, V> {
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
