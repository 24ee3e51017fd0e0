//! A map of things from their distances: classical scaling.
//!
//! ```text
//! B = -H D^2 H / 2 = V diag(l) V^T,  H = I - 1 1^T / n       D: distances, squared one by one
//! y_i = (sqrt(l_1) V_i1, sqrt(l_2) V_i2)
//! variance = (l_1 + l_2) / sum |l|,   stress = sqrt(sum (d_ij - |y_i - y_j|)^2 / sum d_ij^2)
//! ```
//!
//! Torgerson (1952, 10.1007/BF02288916); the stress is Kruskal's first.

use ndarray::{Array2, Axis};
use serde::Serialize;

use super::factor::symmetric;
use crate::AnalysisError;

/// Places in a plane that are as far apart as things are unlike.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Map {
    /// A place for each.
    pub places: Vec<[f64; 2]>,
    /// The part of all distances that two dimensions show, in [0, 1].
    pub variance: f64,
    /// What the distances on the map are off, as a part of all; 0 where it is exact.
    pub stress: f64,
}

impl Map {
    /// Of distances (n, n), symmetric.
    ///
    /// # Errors
    /// If the matrix is not square or not finite.
    pub fn of(distances: &Array2<f64>) -> Result<Self, AnalysisError> {
        crate::linear::check_square("distances", distances)?;
        let n = distances.nrows();
        let squared = Array2::from_shape_fn((n, n), |(i, j)| -0.5 * distances[[i, j]] * distances[[j, i]]);
        let means = squared.sum_axis(Axis(0)) / n as f64;
        let mean = means.sum() / n as f64;
        let centred = Array2::from_shape_fn((n, n), |(i, j)| squared[[i, j]] - means[i] - means[j] + mean);
        let (values, vectors) = symmetric("distances", &centred)?;
        let along = |axis: usize| -> Vec<f64> {
            let length = values.get(axis).map_or(0.0, |value| value.max(0.0).sqrt());
            let column: Vec<f64> = (0..n).map(|i| if axis < n { vectors[[i, axis]] } else { 0.0 }).collect();
            // The largest coordinate is positive, so that the map is the same wherever it is made.
            let most = column.iter().fold(0.0f64, |most, x| if x.abs() > most.abs() + 1e-9 { *x } else { most });
            column.iter().map(|x| x * length * if most < 0.0 { -1.0 } else { 1.0 }).collect()
        };
        let places: Vec<[f64; 2]> = along(0).into_iter().zip(along(1)).map(|(x, y)| [x, y]).collect();
        let all: f64 = values.iter().map(|value| value.abs()).sum();
        let shown: f64 = values.iter().take(2).map(|value| value.max(0.0)).sum();
        Ok(Self { variance: if all > 0.0 { shown / all } else { 1.0 }, stress: stress(distances, &places), places })
    }
}

fn stress(distances: &Array2<f64>, places: &[[f64; 2]]) -> f64 {
    let (mut off, mut all) = (0.0, 0.0);
    for (i, a) in places.iter().enumerate() {
        for (j, b) in places.iter().enumerate().skip(i + 1) {
            let shown = (a[0] - b[0]).hypot(a[1] - b[1]);
            off += (distances[[i, j]] - shown).powi(2);
            all += distances[[i, j]].powi(2);
        }
    }
    if all > 0.0 { (off / all).sqrt() } else { 0.0 }
}
