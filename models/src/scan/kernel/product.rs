//! The product that everything rests on: rows of activity times packed weights.
//!
//! A tile of up to eight rows and one panel of columns is summed in registers over the whole depth, in order. So each
//! element of the result is one chain of multiply-adds that depends neither on the other rows nor on the number of
//! threads.

use pulp::{Simd, WithSimd};

use super::{
    element::Element,
    packed::{PANEL, Packed},
};

/// Rows (each `stride` numbers after the one before) times weights (depth, columns).
#[derive(Clone, Copy)]
pub(super) struct Term<'a, T> {
    pub rows: &'a [T],
    pub stride: usize,
    pub weights: &'a Packed<T>,
}

/// Writes `initial + sum of terms` to rows of `out`, each `stride` numbers long, from vector `first` on, which is a
/// multiple of [`PANEL`]. A term with fewer columns than `vectors` adds nothing to the others.
#[inline(always)]
pub(super) fn product<S: Simd, T: Element>(
    simd: S,
    terms: &[Term<T>],
    rows: usize,
    initial: &[T],
    (first, vectors): (usize, usize),
    (out, stride): (&mut [T], usize),
) {
    for first in (first..vectors).step_by(PANEL) {
        let mut panel = Panel { terms, initial, first, out, stride };
        match vectors - first {
            1 => panel.rows::<S, 1>(simd, rows),
            2 => panel.rows::<S, 2>(simd, rows),
            _ => panel.rows::<S, PANEL>(simd, rows),
        }
    }
}

/// Most rows of a tile: as many as have room for their sums in the registers.
#[inline(always)]
fn most_rows<S: Simd>() -> usize {
    if S::REGISTER_COUNT >= 32 { 8 } else { 4 }
}

/// Cuts `rows` into tiles of nearly equal size: first row and number of rows.
#[inline(always)]
pub(super) fn tiles<S: Simd>(rows: usize) -> impl Iterator<Item = (usize, usize)> {
    let tiles = rows.div_ceil(most_rows::<S>());
    (0..tiles).map(move |tile| (tile * rows / tiles, (tile + 1) * rows / tiles - tile * rows / tiles))
}

/// Calls a function with a constant number of rows.
macro_rules! with_rows {
    ($rows:expr, $call:ident) => {
        match $rows {
            1 => $call!(1),
            2 => $call!(2),
            3 => $call!(3),
            4 => $call!(4),
            5 => $call!(5),
            6 => $call!(6),
            7 => $call!(7),
            _ => $call!(8),
        }
    };
}
pub(super) use with_rows;

struct Panel<'a, 'b, T> {
    terms: &'a [Term<'b, T>],
    initial: &'a [T],
    first: usize,
    out: &'a mut [T],
    stride: usize,
}

impl<T: Element> Panel<'_, '_, T> {
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

/// `M` rows from `row` on, `V` vectors of columns.
struct Tile<'a, 'b, 'c, T, const M: usize, const V: usize> {
    panel: &'a mut Panel<'b, 'c, T>,
    row: usize,
}

impl<T: Element, const M: usize, const V: usize> WithSimd for Tile<'_, '_, '_, T, M, V> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Panel { terms, initial, first, out, stride } = self.panel;
        let (from, lanes) = (*first * T::lanes::<S>(), V * T::lanes::<S>());
        let initial = T::vectors::<S>(&initial[from..from + lanes]);
        let mut sums = [[T::splat(simd, T::zero()); V]; M];
        for row in &mut sums {
            row.copy_from_slice(initial);
        }
        for term in *terms {
            if term.weights.vectors > *first {
                let depth = term.weights.depth;
                let rows: [&[T]; M] = std::array::from_fn(|row| &term.rows[(self.row + row) * term.stride..][..depth]);
                let panel = T::vectors::<S>(term.weights.panel(*first, V));
                for (k, weights) in panel.chunks_exact(V).enumerate().take(depth) {
                    let left = std::array::from_fn(|row| rows[row][k]);
                    accumulate::<S, T, M, V>(simd, &mut sums, left, weights);
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let at = (self.row + row) * *stride + from;
            T::vectors_mut::<S>(&mut out[at..at + lanes]).copy_from_slice(sums);
        }
    }
}

/// Adds the outer product of a column and a row.
#[inline(always)]
pub(super) fn accumulate<S: Simd, T: Element, const M: usize, const V: usize>(
    simd: S,
    sums: &mut [[T::Vector<S>; V]; M],
    left: [T; M],
    right: &[T::Vector<S>],
) {
    for row in 0..M {
        let left = T::splat(simd, left[row]);
        for column in 0..V {
            sums[row][column] = T::mul_add(simd, left, right[column], sums[row][column]);
        }
    }
}
