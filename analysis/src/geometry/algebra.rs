//! Products and decompositions of matrices, as this module needs them: rows are vectors, the largest come first.

use faer::{Accum, Mat, MatMut, Par, Side, linalg::matmul::matmul};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use crate::{AnalysisError, linear};

/// Columns of a Gram matrix that one thread computes at a time: fixed, so that sums do not depend on the threads.
const STRIP: usize = 64;

/// Factors of a matrix `A = U diag(s) V^T`, without `U`.
pub(super) struct Svd {
    /// The largest first.
    pub values: Vec<f64>,
    /// Right vectors (vectors, columns of A), as rows.
    pub right: Array2<f64>,
}

/// Eigenvalues of a symmetric matrix, the largest first, with their vectors as rows.
pub(super) struct Spectrum {
    pub values: Vec<f64>,
    pub vectors: Array2<f64>,
}

/// `A B`.
pub(super) fn product(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Array2<f64> {
    let (a, b) = (a.as_standard_layout(), b.as_standard_layout());
    let (a, b, shape) = (a.view(), b.view(), (a.nrows(), b.ncols()));
    let mut out = vec![0.0; shape.0 * shape.1];
    let to = MatMut::from_row_major_slice_mut(&mut out, shape.0, shape.1);
    matmul(to, Accum::Replace, linear::view(&a), linear::view(&b), 1.0, Par::Seq);
    array(shape, out)
}

/// `X^T X` of rows (rows, columns), on all cores.
pub(super) fn gram(rows: ArrayView2<'_, f64>) -> Array2<f64> {
    let n = rows.ncols();
    let starts: Vec<usize> = (0..n).step_by(STRIP).collect();
    let rows = rows.as_standard_layout();
    let rows = rows.view();
    let all = linear::view(&rows);
    // The part above the diagonal is enough.
    let strips: Vec<(usize, Array2<f64>)> = starts
        .into_par_iter()
        .map(|start| {
            let end = (start + STRIP).min(n);
            let mut out = vec![0.0; end * (end - start)];
            let to = MatMut::from_row_major_slice_mut(&mut out, end, end - start);
            let (left, right) = (all.subcols(0, end).transpose(), all.subcols(start, end - start));
            matmul(to, Accum::Replace, left, right, 1.0, Par::Seq);
            (start, array((end, end - start), out))
        })
        .collect();
    let mut gram = Array2::zeros((n, n));
    for (start, strip) in strips {
        for ((row, column), value) in strip.indexed_iter() {
            gram[[row, start + column]] = *value;
            gram[[start + column, row]] = *value;
        }
    }
    gram
}

/// Eigenvalues and vectors of a symmetric matrix; the part of a vector of the largest modulus is positive.
pub(super) fn spectrum(name: &'static str, matrix: ArrayView2<'_, f64>) -> Result<Spectrum, AnalysisError> {
    let matrix = matrix.as_standard_layout();
    let matrix = matrix.view();
    let found = linear::view(&matrix).self_adjoint_eigen(Side::Lower).map_err(|error| not_found(name, error))?;
    let (values, vectors, n) = (found.S().column_vector(), found.U(), matrix.nrows());
    // They come in ascending order.
    let order: Vec<usize> = (0..n).rev().collect();
    let mut rows = Array2::from_shape_fn((n, n), |(place, row)| vectors[(row, order[place])]);
    rows.outer_iter_mut().for_each(|mut vector| {
        let sign = sign_of(vector.iter());
        vector *= sign;
    });
    Ok(Spectrum { values: order.iter().map(|place| values[*place]).collect(), vectors: rows })
}

/// Singular values and vectors; the part of a right vector of the largest modulus is
/// positive.
pub(super) fn svd(name: &'static str, matrix: ArrayView2<'_, f64>) -> Result<Svd, AnalysisError> {
    let matrix = matrix.as_standard_layout();
    let matrix = matrix.view();
    let found = linear::view(&matrix).thin_svd().map_err(|error| not_found(name, error))?;
    let values: Vec<f64> = found.S().column_vector().iter().copied().collect();
    let vectors = found.V();
    let mut right = Array2::from_shape_fn((values.len(), vectors.nrows()), |(place, row)| vectors[(row, place)]);
    right.outer_iter_mut().for_each(|mut vector| {
        let sign = sign_of(vector.iter());
        vector *= sign;
    });
    Ok(Svd { values, right })
}

/// Orthonormal vectors (as rows) that span the same as these (as rows), in their order, and the factor `R` of
/// `V^T = Q^T R` with a diagonal that is not negative.
pub(super) fn orthonormal(vectors: ArrayView2<'_, f64>) -> (Array2<f64>, Array2<f64>) {
    let (n, dim) = vectors.dim();
    let columns = Mat::from_fn(dim, n, |row, column| vectors[[column, row]]);
    let factors = columns.qr();
    let (q, r) = (factors.compute_thin_Q(), factors.thin_R());
    let k = n.min(dim);
    let sign = |place: usize| if r[(place, place)] < 0.0 { -1.0 } else { 1.0 };
    (
        Array2::from_shape_fn((k, dim), |(place, row)| sign(place) * q[(row, place)]),
        Array2::from_shape_fn((k, n), |(row, column)| if column < row { 0.0 } else { sign(row) * r[(row, column)] }),
    )
}

/// Independent Gaussian numbers of variance 1.
pub(super) fn gaussian(rng: &mut ChaCha8Rng, shape: (usize, usize)) -> Array2<f64> {
    Array2::from_shape_simple_fn(shape, || StandardNormal.sample(rng))
}

/// The mean of the columns, which is taken away from them.
pub(super) fn centre(rows: &mut Array2<f64>) -> Array1<f64> {
    let mean = rows.sum_axis(Axis(0)) / rows.nrows().max(1) as f64;
    rows.outer_iter_mut().into_par_iter().for_each(|mut row| row -= &mean);
    mean
}

/// The first `k` rows.
pub(super) fn first(rows: &Array2<f64>, k: usize) -> ArrayView2<'_, f64> {
    rows.slice(s![..k, ..])
}

/// The sum of squares.
pub(super) fn squares<'a>(values: impl IntoIterator<Item = &'a f64>) -> f64 {
    values.into_iter().map(|value| value * value).sum()
}

/// The sign of the number of the largest modulus.
pub(super) fn sign_of<'a>(values: impl IntoIterator<Item = &'a f64>) -> f64 {
    let largest = values.into_iter().fold(0.0, |most: f64, value| if value.abs() > most.abs() { *value } else { most });
    if largest < 0.0 { -1.0 } else { 1.0 }
}

fn array(shape: (usize, usize), values: Vec<f64>) -> Array2<f64> {
    let mut values = values.into_iter();
    Array2::from_shape_simple_fn(shape, || values.next().unwrap_or_default())
}

fn not_found(array: &'static str, error: impl std::fmt::Debug) -> AnalysisError {
    AnalysisError::NoEigenvalues { array, reason: format!("{error:?}") }
}
