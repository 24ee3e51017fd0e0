//! How far two shapes are apart once one is turned, or mirrored, onto the other.
//!
//! ```text
//! procrustes  min over orthogonal Q of |X - Y Q|_F = sqrt(|X|^2 + |Y|^2 - 2 |X^T Y|_*)
//! angular     arccos(|X^T Y|_* / (|X| |Y|))                  in [0, pi / 2], of shapes of the same size
//! ```
//!
//! Columns are centred, the narrower of the two is filled up with columns of 0, and Q may mirror. `|.|_*` is the sum of
//! the singular values. Both are metrics; the first knows the scale of the rates, the second does not.
//! Williams et al. (2021, arXiv:2110.14739).

use ndarray::{Array2, ArrayView2, Axis};

use super::factor::{Svd, angle_of_chord, centred, check_matched, squares};
use crate::AnalysisError;

/// Centred rows (samples, units).
pub(super) struct Shape {
    rows: Array2<f64>,
}

impl Shape {
    pub fn of(rows: ArrayView2<'_, f64>, of_one_size: bool) -> Result<Self, AnalysisError> {
        let mut rows = centred(rows)?;
        if of_one_size {
            rows /= squares(&rows).sqrt();
        }
        Ok(Self { rows })
    }

    /// What is left between the shapes, with the samples of the other in this order.
    pub fn distance(&self, other: &Self, order: Option<&[usize]>) -> Result<f64, AnalysisError> {
        check_matched(self.rows.nrows(), other.rows.nrows())?;
        let ordered = order.map(|order| other.rows.select(Axis(0), order));
        let other = ordered.as_ref().unwrap_or(&other.rows);
        // The narrower is turned into the space of the wider.
        let (wide, narrow) = if self.rows.ncols() >= other.ncols() { (&self.rows, other) } else { (other, &self.rows) };
        let found = Svd::of("rows", wide.t().dot(narrow).view())?;
        let turned = narrow.dot(&found.v.dot(&found.u.t()));
        Ok(squares(&(wide - &turned)).sqrt())
    }

    /// The angle between shapes of size 1.
    pub fn angle(&self, other: &Self, order: Option<&[usize]>) -> Result<f64, AnalysisError> {
        Ok(angle_of_chord(self.distance(other, order)?))
    }
}

/// The Procrustes distance of the same samples (samples, units of each), in the units of the rows.
///
/// # Errors
/// If samples do not match, do not vary, or a number is not finite.
pub fn procrustes(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> Result<f64, AnalysisError> {
    Shape::of(x, false)?.distance(&Shape::of(y, false)?, None)
}

/// The angular distance of the same samples (samples, units of each), rad in [0, pi / 2].
///
/// # Errors
/// As [`procrustes`].
pub fn angular(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> Result<f64, AnalysisError> {
    Shape::of(x, true)?.angle(&Shape::of(y, true)?, None)
}
