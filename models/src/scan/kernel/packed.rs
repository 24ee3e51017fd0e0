//! Weights laid out for the product: panels of a few vectors of neighbouring columns, each contiguous from its first
//! row to its last.

use super::{
    buffer::{Buffer, Pool},
    element::Element,
};

/// Vectors in a panel. With eight rows of a tile they fill 24 of 32 registers with sums.
pub(super) const PANEL: usize = 3;

/// Rows that are transposed together, so that every cache line of the source is read once.
const TRANSPOSED: usize = 16;

/// A matrix (depth, columns) in panels, padded with zero columns to whole vectors.
#[derive(Debug)]
pub(crate) struct Packed<T> {
    data: Buffer<T>,
    lanes: usize,
    pub depth: usize,
    /// Vectors in a row.
    pub vectors: usize,
}

impl<T: Element> Packed<T> {
    /// Zeros with `depth` rows of `vectors` vectors of `lanes` numbers.
    pub fn zeros(pool: &Pool<T>, lanes: usize, depth: usize, vectors: usize) -> Self {
        Self { data: pool.zeros(depth * vectors * lanes), lanes, depth, vectors }
    }

    /// Places `source` (depth, columns), each row times its factor, at columns `first ..`.
    pub fn put(mut self, first: usize, source: &[T], factors: impl Fn(usize) -> T) -> Self {
        let columns = source.len() / self.depth.max(1);
        for (k, row) in source.chunks_exact(columns.max(1)).enumerate() {
            let (factor, mut column, mut row) = (factors(k), first, row);
            while !row.is_empty() {
                // As far as the panel goes.
                let (at, room) = (self.index(k, column), self.width(column) - column % (PANEL * self.lanes));
                let (now, later) = row.split_at(room.min(row.len()));
                for (place, value) in self.data[at..].iter_mut().zip(now) {
                    *place = factor * *value;
                }
                (column, row) = (column + now.len(), later);
            }
        }
        self
    }

    /// Places the transpose of `source` (columns, depth) at columns `first ..`.
    pub fn put_transposed(mut self, first: usize, source: &[T]) -> Self {
        for k in (0..self.depth).step_by(TRANSPOSED) {
            for (column, row) in (first..).zip(source.chunks_exact(self.depth)) {
                let (at, step) = (self.index(k, column), self.width(column));
                for (offset, value) in row[k..].iter().take(TRANSPOSED).enumerate() {
                    self.data[at + offset * step] = *value;
                }
            }
        }
        self
    }

    /// `vectors` vectors of columns from vector `first` on, which is a multiple of [`PANEL`], row by row.
    #[inline(always)]
    pub fn panel(&self, first: usize, vectors: usize) -> &[T] {
        let at = first * self.lanes * self.depth;
        &self.data[at..at + vectors * self.lanes * self.depth]
    }

    /// Where row `k` of a column is.
    #[inline(always)]
    fn index(&self, k: usize, column: usize) -> usize {
        let panel = PANEL * self.lanes;
        column / panel * panel * self.depth + k * self.width(column) + column % panel
    }

    /// Columns of the panel of a column.
    #[inline(always)]
    fn width(&self, column: usize) -> usize {
        let panel = PANEL * self.lanes;
        panel.min(self.vectors * self.lanes - column / panel * panel)
    }
}
