//! The speed of the best matrix product of the libraries at hand, in f32: what a training step is compared with.

use std::time::Instant;

use candle_core::{Device, Tensor};
use faer::{Accum, Mat, MatMut, MatRef, Par, linalg::matmul::matmul};
use serde::Serialize;

use super::median::median;
use crate::error::Result;

/// Rows, columns and inner dimension; large enough for a library to be at its best, small enough to be measured often.
const SHAPES: [(usize, usize, usize); 2] = [(1024, 1024, 1024), (2048, 1024, 1024)];

/// How fast a product of one size is in one library.
#[derive(Clone, Debug, Serialize)]
pub struct ProductSpeed {
    /// `gemm` (through candle) or `faer`.
    pub library: &'static str,
    /// Rows of the product.
    pub rows: usize,
    /// Columns of the product.
    pub columns: usize,
    /// Length of the sums.
    pub inner: usize,
    /// Billions of operations per second, at the median of its times.
    pub gflops: f64,
}

/// Products to be timed in turn.
pub(super) struct Products {
    candidates: Vec<Candidate>,
    next: usize,
}

struct Candidate {
    shape: (usize, usize, usize),
    operands: Operands,
    seconds: Vec<f64>,
}

enum Operands {
    Gemm(Tensor, Tensor),
    Faer { lhs: Mat<f32>, rhs: Mat<f32>, product: Mat<f32> },
}

impl Products {
    pub(super) fn new() -> Result<Self> {
        let mut candidates = Vec::new();
        for shape in SHAPES {
            for operands in [gemm(shape)?, faer(shape)] {
                candidates.push(Candidate { shape, operands, seconds: Vec::new() });
            }
        }
        Ok(Self { candidates, next: 0 })
    }

    /// Times the next product and returns its seconds.
    pub(super) fn time_one(&mut self, threads: usize) -> Result<f64> {
        let candidate = &mut self.candidates[self.next];
        let start = Instant::now();
        candidate.operands.multiply(threads)?;
        let seconds = start.elapsed().as_secs_f64();
        candidate.seconds.push(seconds);
        self.next = (self.next + 1) % self.candidates.len();
        Ok(seconds)
    }

    /// How often every product was timed at least.
    pub(super) fn rounds(&self) -> usize {
        self.candidates.iter().map(|candidate| candidate.seconds.len()).min().unwrap_or(0)
    }

    /// The speed of each, the fastest first.
    pub(super) fn speeds(&self) -> Vec<ProductSpeed> {
        let mut speeds: Vec<ProductSpeed> = self.candidates.iter().map(Candidate::speed).collect();
        speeds.sort_by(|a, b| b.gflops.total_cmp(&a.gflops));
        speeds
    }
}

impl Candidate {
    fn speed(&self) -> ProductSpeed {
        let (rows, columns, inner) = self.shape;
        let library = match self.operands {
            Operands::Gemm(..) => "gemm",
            Operands::Faer { .. } => "faer",
        };
        let operations = 2.0 * rows as f64 * columns as f64 * inner as f64;
        ProductSpeed { library, rows, columns, inner, gflops: operations / median(&self.seconds) / 1e9 }
    }
}

impl Operands {
    fn multiply(&mut self, threads: usize) -> Result<()> {
        match self {
            Self::Gemm(lhs, rhs) => drop(lhs.matmul(rhs)?),
            Self::Faer { lhs, rhs, product } => multiply_columns(product.as_mut(), lhs.as_ref(), rhs.as_ref(), threads),
        }
        Ok(())
    }
}

fn value(row: usize, column: usize) -> f32 {
    (row * 31 + column * 17) as f32 % 13.0 - 6.0
}

fn gemm((rows, columns, inner): (usize, usize, usize)) -> Result<Operands> {
    let matrix = |rows: usize, columns: usize| {
        let values: Vec<f32> = (0..rows * columns).map(|index| value(index / columns, index % columns)).collect();
        Tensor::from_vec(values, (rows, columns), &Device::Cpu)
    };
    Ok(Operands::Gemm(matrix(rows, inner)?, matrix(inner, columns)?))
}

fn faer((rows, columns, inner): (usize, usize, usize)) -> Operands {
    Operands::Faer {
        lhs: Mat::from_fn(rows, inner, value),
        rhs: Mat::from_fn(inner, columns, value),
        product: Mat::zeros(rows, columns),
    }
}

/// The product, its columns divided among the threads of the pool. faer's own division needs a feature that would make
/// the eigenvalues of a network, and so its initial weights, depend on the number of threads.
fn multiply_columns(product: MatMut<'_, f32>, lhs: MatRef<'_, f32>, rhs: MatRef<'_, f32>, parts: usize) {
    if parts <= 1 {
        return matmul(product, Accum::Replace, lhs, rhs, 1.0, Par::Seq);
    }
    let first = parts / 2;
    let column = product.ncols() * first / parts;
    let (left, right) = product.split_at_col_mut(column);
    let (rhs_left, rhs_right) = rhs.split_at_col(column);
    rayon::join(
        || multiply_columns(left, lhs, rhs_left, first),
        || multiply_columns(right, lhs, rhs_right, parts - first),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divided_columns_give_the_same_product() {
        let shape = (7, 11, 5);
        for parts in [1, 2, 3, 16] {
            let Operands::Faer { lhs, rhs, mut product } = faer(shape) else { unreachable!("faer's operands") };
            multiply_columns(product.as_mut(), lhs.as_ref(), rhs.as_ref(), parts);
            for row in 0..7 {
                for column in 0..11 {
                    let wanted: f32 = (0..5).map(|k| value(row, k) * value(k, column)).sum();
                    assert_eq!(product[(row, column)], wanted, "{parts} parts at {row}, {column}");
                }
            }
        }
    }
}
