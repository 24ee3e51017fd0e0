//! The covariance of trials about the means of their conditions, shrunk so that it can be inverted.
//!
//! ```text
//! S = R^T R / dof                          R: residuals (rows, units), dof: rows - means that were subtracted
//! S_ij -> (1 - l) S_ij of i != j,          l = sum over i != j of Var(r_ij) / sum over i != j of r_ij^2, within [0, 1]
//! Var(r_ij) = rows / dof^2 (mean of z_i^2 z_j^2 - r_ij^2),   r_ij = mean of z_i z_j,   z = R / sd, means over rows - 1
//! ```
//!
//! Neighbouring times of one trial are counted as rows of their own, so that `l` is rather too small where noise is
//! slow. Schafer and Strimmer (2005, 10.2202/1544-6115.1175).

use ndarray::{Array1, Array2, ArrayView2, Axis};
use serde::Serialize;

use super::factor::symmetric;
use crate::AnalysisError;

/// The noise of units that were recorded together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Noise {
    /// Covariance, shrunk (units, units).
    #[serde(skip)]
    pub covariance: Array2<f64>,
    /// `S^-1/2` (units, units).
    #[serde(skip)]
    pub whitening: Array2<f64>,
    /// How much of the correlations was taken away, in [0, 1].
    pub shrinkage: f64,
    /// Rows less the means that were subtracted.
    pub degrees_of_freedom: usize,
}

impl Noise {
    /// Of residuals (rows, units), which are trials less the mean of their condition, `means` of them.
    ///
    /// # Errors
    /// If there are not more rows than means, a number is not finite, or a unit does not vary.
    pub fn of(residuals: ArrayView2<'_, f64>, means: usize) -> Result<Self, AnalysisError> {
        let (rows, units) = residuals.dim();
        if rows <= means + 1 {
            let message = format!(
                "are {rows} about {means} means, which says nothing of noise; take more trials of each condition"
            );
            return Err(AnalysisError::Shape { array: "residuals", message });
        }
        if let Some(value) = residuals.iter().find(|value| !value.is_finite()) {
            return Err(AnalysisError::NotFinite { array: "residuals", value: *value });
        }
        let dof = (rows - means) as f64;
        let products = residuals.t().dot(&residuals);
        let sd: Array1<f64> = products.diag().mapv(|sum| (sum / dof).sqrt());
        if let Some(unit) = sd.iter().position(|sd| *sd <= 0.0) {
            let message = format!(
                "unit {unit} has no noise about the means of the conditions, and cannot be divided by it; leave the \
                 noise on, take more trials (--trials), leave the unit out (--units), or take --rdm euclidean"
            );
            return Err(AnalysisError::Trials(message));
        }
        let squared = (&residuals.to_owned() / &sd).mapv(|z| z * z);
        let (of_products, n) = (squared.t().dot(&squared), rows as f64);
        let (mut variance, mut squares) = (0.0, 0.0);
        for i in 0..units {
            for j in (0..units).filter(|j| *j != i) {
                let r = products[[i, j]] / (sd[i] * sd[j] * (n - 1.0));
                variance += n / (dof * dof) * (of_products[[i, j]] / (n - 1.0) - r * r);
                squares += r * r;
            }
        }
        let shrinkage = if squares > 0.0 { (variance / squares).clamp(0.0, 1.0) } else { 0.0 };
        let covariance = Array2::from_shape_fn((units, units), |(i, j)| {
            products[[i, j]] / dof * if i == j { 1.0 } else { 1.0 - shrinkage }
        });
        let whitening = inverse_root(&covariance)?;
        Ok(Self { covariance, whitening, shrinkage, degrees_of_freedom: rows - means })
    }
}

/// `S^-1/2` of a covariance.
///
/// # Errors
/// If it cannot be inverted.
pub fn inverse_root(covariance: &Array2<f64>) -> Result<Array2<f64>, AnalysisError> {
    let (values, vectors) = symmetric("covariance", covariance)?;
    let (largest, least) = (values.first().copied().unwrap_or(0.0), values.last().copied().unwrap_or(0.0));
    if least <= largest * covariance.nrows() as f64 * f64::EPSILON {
        let message = format!(
            "has eigenvalues from {least:.3e} to {largest:.3e} and no inverse: some units are sums of others; take \
             more trials, fewer units, or --rdm euclidean"
        );
        return Err(AnalysisError::Shape { array: "covariance", message });
    }
    let mut scaled = vectors.clone();
    scaled.axis_iter_mut(Axis(1)).zip(&values).for_each(|(mut column, value)| column /= value.sqrt());
    Ok(scaled.dot(&vectors.t()))
}
