//! How far a linear map is from one whose modes do not mix: what eigenvalues alone do not say.
//!
//! ```text
//! departure        sqrt(|J|_F^2 - sum |lambda|^2)        0 for a normal matrix (Henrici)
//! transient growth max_t |J^t|_2                         above 1 although every mode decays
//! pseudospectrum   s(z) = smallest singular value of z - J:  a change of J of size s(z) makes z an eigenvalue
//! ```
//!
//! | symbol | meaning |
//! |---|---|
//! | `J` | of a step, at a fixed point or along a trajectory |
//! | `abs .. _F`, `abs .. _2` | Frobenius norm; largest singular value |
//!
//! Henrici 1962, doi:10.1007/BF01386294; Trefethen & Embree 2005, Spectra and Pseudospectra; Murphy & Miller 2009,
//! doi:10.1016/j.neuron.2009.02.005 (balanced amplification).

use faer::{Mat, c64};
use ndarray::Array2;
use serde::Serialize;

use crate::{AnalysisError, interruption::each, linear};

/// Departure from normality and transient growth of a map.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Nonnormality {
    /// Henrici's departure, in units of the matrix.
    pub departure: f64,
    /// The same as a part of the Frobenius norm, in [0, 1).
    pub relative_departure: f64,
    /// The largest `|J^t|_2`.
    pub largest_growth: f64,
    /// The step at which it is reached; 0 where nothing grows.
    pub at_step: usize,
    /// `|J^t|_2` for t = 0, 1, ..
    pub growth: Vec<f64>,
}

impl Nonnormality {
    /// Of the Jacobian of a step (dim, dim), over `steps` steps.
    ///
    /// # Errors
    /// If it is not square, not finite, or has no singular values or eigenvalues.
    pub fn of(jacobian: &Array2<f64>, steps: usize) -> Result<Self, AnalysisError> {
        linear::check_square("jacobian", jacobian)?;
        let squares = jacobian.iter().map(|value| value * value).sum::<f64>();
        let of_modes = linear::eigenvalues("jacobian", jacobian)?.iter().map(|(re, im)| re * re + im * im).sum::<f64>();
        let departure = (squares - of_modes).max(0.0).sqrt();
        let mut growth = vec![1.0];
        let mut power = jacobian.clone();
        for _ in 0..steps {
            growth.push(linear::largest_singular_value("jacobian", &power)?);
            power = jacobian.dot(&power);
        }
        let (at_step, largest) = growth
            .iter()
            .enumerate()
            .fold((0, 0.0), |best, (step, norm)| if *norm > best.1 { (step, *norm) } else { best });
        Ok(Self {
            departure,
            relative_departure: if squares > 0.0 { departure / squares.sqrt() } else { 0.0 },
            largest_growth: largest,
            at_step,
            growth,
        })
    }
}

/// `s(z)` on a grid (imaginary parts, real parts) of the complex plane.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pseudospectrum {
    /// Real parts of the grid, its columns.
    pub real: Vec<f64>,
    /// Imaginary parts of the grid, its rows.
    pub imaginary: Vec<f64>,
    /// The smallest singular value of `z - J` (rows, columns).
    pub smallest: Array2<f64>,
}

impl Pseudospectrum {
    /// Of a matrix (dim, dim) on `points` by `points` points of the square that reaches `beyond` past its eigenvalues.
    ///
    /// # Errors
    /// If it is not square, not finite, or singular values or eigenvalues are not found.
    pub fn of(jacobian: &Array2<f64>, points: usize, beyond: f64) -> Result<Self, AnalysisError> {
        linear::check_square("jacobian", jacobian)?;
        let values = linear::eigenvalues("jacobian", jacobian)?;
        let (mut low, mut high, mut up) = (f64::INFINITY, f64::NEG_INFINITY, 0f64);
        for (re, im) in values {
            (low, high, up) = (low.min(re), high.max(re), up.max(im.abs()));
        }
        let half = 0.5 * (high - low).max(2.0 * up) + beyond;
        let middle = 0.5 * (high + low);
        let part = |place: usize| -half + 2.0 * half * place as f64 / (points.max(2) - 1) as f64;
        let real: Vec<f64> = (0..points).map(|place| middle + part(place)).collect();
        let imaginary: Vec<f64> = (0..points).map(part).collect();
        let at = |place: usize| smallest_at(jacobian, c64::new(real[place % points], imaginary[place / points]));
        let smallest: Vec<f64> = each(points * points, at)?;
        let smallest = Array2::from_shape_vec((points, points), smallest)
            .map_err(|error| AnalysisError::Shape { array: "pseudospectrum", message: error.to_string() })?;
        Ok(Self { real, imaginary, smallest })
    }
}

/// Where the singular values of `z - J` do not converge, those a hair beside do: they differ by no more than `z` does.
const BESIDE: [f64; 4] = [0.0, 1e-12, -3e-12, 1e-11];

fn smallest_at(jacobian: &Array2<f64>, z: c64) -> Result<f64, AnalysisError> {
    let mut last = Ok(0.0);
    for beside in BESIDE {
        last = smallest_beside(jacobian, z + c64::new(beside, beside));
        if last.is_ok() {
            break;
        }
    }
    last
}

fn smallest_beside(jacobian: &Array2<f64>, z: c64) -> Result<f64, AnalysisError> {
    let dim = jacobian.nrows();
    let shifted = Mat::from_fn(dim, dim, |row, column| {
        let own = c64::new(-jacobian[[row, column]], 0.0);
        if row == column { own + z } else { own }
    });
    let values = shifted
        .singular_values()
        .map_err(|error| AnalysisError::NoEigenvalues { array: "z - jacobian", reason: format!("{error:?}") })?;
    Ok(values.last().copied().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_rotation_is_normal_and_a_shear_is_not() {
        let rotation = Nonnormality::of(&array![[0.0, -0.9], [0.9, 0.0]], 10).unwrap();
        assert!(rotation.departure < 1e-7 && rotation.at_step == 0 && rotation.largest_growth == 1.0);
        // |J|_F^2 = 0.5 + w^2, sum |lambda|^2 = 0.5: the departure is w.
        let shear = Nonnormality::of(&array![[0.5, 4.0], [0.0, 0.5]], 20).unwrap();
        assert!((shear.departure - 4.0).abs() < 1e-12);
        // J^t = 0.5^t [[1, 8 t], [0, 1]]: at t = 1 and 2 nearly 4 and 4, then less.
        let norm = |t: f64| {
            let a = 8.0 * t;
            0.5f64.powf(t) * (a / 2.0 + (a * a / 4.0 + 1.0).sqrt())
        };
        for (t, found) in shear.growth.iter().enumerate() {
            assert!((found - norm(t as f64)).abs() < 1e-9, "{t}");
        }
        assert_eq!(shear.at_step, 1);
    }

    #[test]
    fn of_a_normal_matrix_the_pseudospectrum_is_the_distance_to_an_eigenvalue() {
        let found = Pseudospectrum::of(&array![[0.5, 0.0], [0.0, -0.5]], 5, 0.5).unwrap();
        for (row, y) in found.imaginary.iter().enumerate() {
            for (column, x) in found.real.iter().enumerate() {
                let wanted = (x - 0.5).hypot(*y).min((x + 0.5).hypot(*y));
                assert!((found.smallest[[row, column]] - wanted).abs() < 1e-12);
            }
        }
        // Of a shear it is smaller.
        let shear = Pseudospectrum::of(&array![[0.5, 4.0], [0.0, -0.5]], 5, 0.5).unwrap();
        assert!(shear.smallest.iter().zip(&found.smallest).all(|(sheared, normal)| sheared <= normal));
    }
}
