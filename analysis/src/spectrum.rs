//! The spectrum of recurrent weights: what they do to activity when the activation functions are linear.
//!
//! ```text
//! W v = lambda v          radius = max |lambda|          abscissa = max Re lambda
//! ```
//!
//! | symbol | field | meaning |
//! |---|---|---|
//! | `W` | | effective recurrent weights, `w[post, pre]` |
//! | `max abs lambda` | `radius` | spectral radius: the largest growth of a pattern in one pass through `W` |
//! | `max Re lambda` | `abscissa` | spectral abscissa: a linear network with leak 1 is stable where it is below 1 |
//! | `lambda` | `eigenvalues` | all of them, of largest modulus first |
//!
//! Reference: Rajan K, Abbott LF (2006), Phys Rev Lett 97: 188104, <https://doi.org/10.1103/PhysRevLett.97.188104>.
//!
//! ```
//! use ndarray::array;
//! use nn4n_analysis::Spectrum;
//! let rotation = Spectrum::of(&[array![[0.0, -0.5], [0.5, 0.0]]])?;
//! assert!((rotation.radius - 0.5).abs() < 1e-12 && rotation.abscissa.abs() < 1e-12);
//! # Ok::<(), nn4n_analysis::AnalysisError>(())
//! ```

use faer::Mat;
use ndarray::Array2;
use serde::Serialize;

use crate::{AnalysisError, linear::modulus};

/// Eigenvalues and the two numbers that are asked of them most.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spectrum {
    /// Largest modulus; 0 without weights.
    pub radius: f64,
    /// Largest real part.
    pub abscissa: f64,
    /// (real, imaginary), of largest modulus first.
    pub eigenvalues: Vec<(f64, f64)>,
}

impl Spectrum {
    /// The spectrum of weights (units, units) that are the diagonal blocks of a matrix, such as those of the layers of
    /// a network that feeds forward from layer to layer; for a network without layers it is one block.
    ///
    /// # Errors
    /// If a block is not square or not finite, or its eigenvalues are not found.
    pub fn of(blocks: &[Array2<f64>]) -> Result<Self, AnalysisError> {
        let mut eigenvalues = Vec::new();
        for block in blocks {
            eigenvalues.extend(eigenvalues_of(block)?);
        }
        eigenvalues.sort_by(|a, b| modulus(b).total_cmp(&modulus(a)));
        Ok(Self {
            radius: eigenvalues.first().map_or(0.0, modulus),
            abscissa: eigenvalues.iter().map(|value| value.0).fold(f64::NEG_INFINITY, f64::max),
            eigenvalues,
        })
    }
}

fn eigenvalues_of(weights: &Array2<f64>) -> Result<Vec<(f64, f64)>, AnalysisError> {
    let (rows, columns) = weights.dim();
    if rows != columns {
        let message = format!("has shape ({rows}, {columns}), but recurrent weights are a square matrix");
        return Err(AnalysisError::Shape { array: "w_rec", message });
    }
    if let Some(value) = weights.iter().find(|value| !value.is_finite()) {
        return Err(AnalysisError::NotFinite { array: "w_rec", value: *value });
    }
    let matrix = Mat::from_fn(rows, columns, |post, pre| weights[[post, pre]]);
    let found = matrix
        .eigenvalues()
        .map_err(|error| AnalysisError::NoEigenvalues { array: "w_rec", reason: format!("{error:?}") })?;
    Ok(found.iter().map(|value| (value.re, value.im)).collect())
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn radius_and_abscissa_are_those_worked_by_hand() {
        // Triangular: the diagonal. The second block: -2 and 1 +- i.
        let blocks = [array![[0.5, 3.0], [0.0, -0.25]], array![[-2.0, 0.0, 0.0], [0.0, 1.0, -1.0], [0.0, 1.0, 1.0]]];
        let found = Spectrum::of(&blocks).unwrap();
        assert!((found.radius - 2.0).abs() < 1e-12 && (found.abscissa - 1.0).abs() < 1e-12, "{found:?}");
        assert_eq!(found.eigenvalues.len(), 5);
        let moduli: Vec<f64> = found.eigenvalues.iter().map(|(re, im)| re.hypot(*im)).collect();
        for (found, wanted) in moduli.iter().zip([2.0, 2f64.sqrt(), 2f64.sqrt(), 0.5, 0.25]) {
            assert!((found - wanted).abs() < 1e-12, "{moduli:?}");
        }
        assert_eq!(Spectrum::of(&[]).unwrap().radius, 0.0);
    }

    #[test]
    fn what_has_no_spectrum_is_refused_by_name() {
        let message = |weights: Array2<f64>| Spectrum::of(&[weights]).unwrap_err().to_string();
        assert!(message(Array2::zeros((2, 3))).contains("w_rec: has shape (2, 3)"));
        assert!(message(array![[f64::NAN]]).contains("holds NaN"));
    }
}
