//! Decompositions of real matrices, and rows as every measure takes them.

use faer::Side;
use ndarray::{Array2, ArrayView2, Axis};

use crate::{AnalysisError, linear};

/// What is left of the squares when rows that do not vary are centred, by rounding.
const ROUNDING: f64 = 1e-24;

/// `A = U diag(s) V^T` with as many columns in `U` and `V` as the shorter side of `A` is long.
pub(super) struct Svd {
    pub u: Array2<f64>,
    /// The largest first.
    pub s: Vec<f64>,
    pub v: Array2<f64>,
}

impl Svd {
    pub fn of(array: &'static str, matrix: ArrayView2<'_, f64>) -> Result<Self, AnalysisError> {
        let matrix = matrix.as_standard_layout();
        let found = linear::view(&matrix.view()).thin_svd().map_err(|error| not_found(array, error))?;
        let (u, v, s) = (found.U(), found.V(), found.S().column_vector());
        let array = |of: faer::MatRef<'_, f64>| Array2::from_shape_fn((of.nrows(), of.ncols()), |(i, j)| of[(i, j)]);
        Ok(Self { u: array(u), s: (0..s.nrows()).map(|i| s[i]).collect(), v: array(v) })
    }

    /// How many singular values are more than rounding.
    pub fn rank(&self) -> usize {
        let longest = self.u.nrows().max(self.v.nrows()) as f64;
        let least = self.s.first().copied().unwrap_or(0.0) * longest * f64::EPSILON;
        self.s.iter().filter(|value| **value > least).count()
    }
}

/// Eigenvalues of a symmetric matrix, the largest first, with the vectors as columns.
pub(super) fn symmetric(array: &'static str, matrix: &Array2<f64>) -> Result<(Vec<f64>, Array2<f64>), AnalysisError> {
    let found =
        linear::view(&matrix.view()).self_adjoint_eigen(Side::Lower).map_err(|error| not_found(array, error))?;
    let (values, vectors, n) = (found.S().column_vector(), found.U(), matrix.nrows());
    // They come in ascending order.
    let descending = (0..n).rev().map(|i| values[i]).collect();
    Ok((descending, Array2::from_shape_fn((n, n), |(row, column)| vectors[(row, n - 1 - column)])))
}

/// Rows (samples, units) without the mean of each column.
///
/// # Errors
/// If there are fewer than two, no unit, a number is not finite, or nothing varies.
pub(super) fn centred(rows: ArrayView2<'_, f64>) -> Result<Array2<f64>, AnalysisError> {
    check(rows)?;
    let mean = rows.sum_axis(Axis(0)) / rows.nrows() as f64;
    let moved = &rows - &mean;
    if squares(&moved) <= ROUNDING * rows.nrows() as f64 * rows.iter().map(|value| value * value).sum::<f64>() {
        let message = "do not vary, so that they are like nothing and unlike nothing; leave them out".into();
        return Err(AnalysisError::Shape { array: "rows", message });
    }
    Ok(moved)
}

/// Refuses rows that cannot be compared.
pub(super) fn check(rows: ArrayView2<'_, f64>) -> Result<(), AnalysisError> {
    let (n, units) = rows.dim();
    if n < 2 || units == 0 {
        let message = format!("have shape ({n}, {units}), but must be (two samples or more, one unit or more)");
        return Err(AnalysisError::Shape { array: "rows", message });
    }
    match rows.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(AnalysisError::NotFinite { array: "rows", value: *value }),
        None => Ok(()),
    }
}

/// Refuses two sets of rows of different samples.
pub(super) fn check_matched(x: usize, y: usize) -> Result<(), AnalysisError> {
    if x == y {
        return Ok(());
    }
    let message = format!("are {x} samples of one and {y} of the other, but must be the same samples of both");
    Err(AnalysisError::Shape { array: "rows", message })
}

/// The sum of the squares.
pub(super) fn squares(matrix: &Array2<f64>) -> f64 {
    matrix.iter().map(|value| value * value).sum()
}

/// The angle between two vectors of length 1 that are so far apart: as exact near 0 as near a right angle, which the
/// inverse cosine is not.
pub(super) fn angle_of_chord(chord: f64) -> f64 {
    2.0 * (0.5 * chord).min(1.0).asin()
}

fn not_found(array: &'static str, error: impl std::fmt::Debug) -> AnalysisError {
    AnalysisError::NoEigenvalues { array, reason: format!("{error:?}") }
}
