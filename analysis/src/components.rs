//! Principal components: the directions along which states vary the most.
//!
//! ```text
//! C = (X - m)^T (X - m) / (n - 1) = V diag(l) V^T        m: mean over all rows, l_1 >= l_2 >= ..
//! y = V^T (x - m)                                        the part of l_k in their sum is its variance
//! ```
//!
//! Rows are as they are given: all steps of all trials together, say. The part of a component of the largest modulus is
//! positive.

use faer::Side;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use serde::Serialize;

use crate::{AnalysisError, linear};

/// Directions of the largest variance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Components {
    /// The mean of the rows (dim).
    pub mean: Vec<f64>,
    /// Orthonormal directions as rows (components, dim).
    #[serde(skip)]
    pub axes: Array2<f64>,
    /// The part of the variance along each, in [0, 1].
    pub variance: Vec<f64>,
}

impl Components {
    /// The first `n` of rows (rows, dim), or all there are.
    ///
    /// # Errors
    /// If there is no row, a number is not finite, or no eigenvalues are found.
    pub fn of(rows: ArrayView2<'_, f64>, n: usize) -> Result<Self, AnalysisError> {
        let Some(mean) = rows.mean_axis(Axis(0)) else {
            let message = "has no rows; give at least one".into();
            return Err(AnalysisError::Shape { array: "rows", message });
        };
        if let Some(value) = rows.iter().find(|value| !value.is_finite()) {
            return Err(AnalysisError::NotFinite { array: "rows", value: *value });
        }
        let centred = &rows - &mean;
        let covariance = centred.t().dot(&centred) / (rows.nrows().max(2) - 1) as f64;
        let found = linear::view(&covariance.view())
            .self_adjoint_eigen(Side::Lower)
            .map_err(|error| AnalysisError::NoEigenvalues { array: "rows", reason: format!("{error:?}") })?;
        let (values, vectors, dim) = (found.S().column_vector(), found.U(), rows.ncols());
        let all: f64 = (0..dim).map(|place| values[place].max(0.0)).sum();
        // Eigenvalues come in ascending order.
        let places: Vec<usize> = (0..dim).rev().take(n).collect();
        let mut axes = Array2::zeros((places.len(), dim));
        for (mut axis, place) in axes.outer_iter_mut().zip(&places) {
            axis.iter_mut().enumerate().for_each(|(unit, value)| *value = vectors[(unit, *place)]);
            let largest =
                axis.iter().copied().fold(0.0, |most: f64, value| if value.abs() > most.abs() { value } else { most });
            axis *= if largest < 0.0 { -1.0 } else { 1.0 };
        }
        let part = |place: &usize| if all > 0.0 { values[*place].max(0.0) / all } else { 0.0 };
        Ok(Self { mean: mean.to_vec(), axes, variance: places.iter().map(part).collect() })
    }

    /// The coordinates (components) of a state (dim).
    pub fn coordinates(&self, state: ArrayView1<'_, f64>) -> Vec<f64> {
        let moved: Array1<f64> = state.iter().zip(&self.mean).map(|(x, mean)| x - mean).collect();
        self.axes.dot(&moved).to_vec()
    }

    /// The parts (components) of a direction (dim).
    pub fn direction(&self, direction: &[f64]) -> Vec<f64> {
        self.axes.dot(&ArrayView1::from(direction)).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn components_of_points_on_an_ellipse_are_its_axes() {
        // Variances 8 along (1, 1) / sqrt 2 and 2 across.
        let rows = array![[3.0, 1.0], [-1.0, -3.0], [0.0, -2.0], [2.0, 0.0]] + &array![[4.0, 4.0]];
        let found = Components::of(rows.view(), 5).unwrap();
        assert_eq!((found.axes.dim(), found.mean.as_slice()), ((2, 2), [5.0, 3.0].as_slice()));
        let half = 0.5f64.sqrt();
        assert!((found.axes[[0, 0]] - half).abs() < 1e-12 && (found.axes[[0, 1]] - half).abs() < 1e-12);
        let at = found.coordinates(array![6.0, 4.0].view());
        assert!((at[0] - 2f64.sqrt()).abs() < 1e-12 && at[1].abs() < 1e-12);
        assert!((found.variance.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(Components::of(Array2::zeros((0, 2)).view(), 2).is_err());
        let still = Components::of(array![[1.0, 2.0]].view(), 2).unwrap();
        assert_eq!(still.variance, [0.0, 0.0]);
    }
}
