//! What analyses need of linear algebra: eigenvalues with left and right eigenvectors, factors that solve.

use faer::{
    Mat, MatRef, c64,
    linalg::solvers::{PartialPivLu, Solve},
};
use ndarray::{Array2, ArrayView2};

use crate::AnalysisError;

/// Eigenbases that are worse than this have no left vectors: the inverse would be rounding.
const WORST_CONDITION: f64 = 1e12;

/// A complex number as it is written: (real, imaginary).
pub type Complex = (f64, f64);

/// Eigenvalues, of largest modulus first, with their vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigen {
    /// Of largest modulus first; of those that are equal, the larger real part, then the larger imaginary part.
    pub values: Vec<Complex>,
    /// Right vectors (dim, modes) as columns, of length 1, the first part that is not 0 turned to be real and positive.
    pub right: Array2<Complex>,
    /// Left vectors (modes, dim) as rows, with `l . r = 1` (without conjugation); `None` where the eigenbasis is
    /// singular to rounding.
    pub left: Option<Array2<Complex>>,
    /// Condition of the right vectors, 1 where they are orthogonal; infinite where they are no basis.
    pub condition: f64,
}

/// The view of a matrix in row order as faer sees it.
pub fn view<'a>(matrix: &'a ArrayView2<'_, f64>) -> MatRef<'a, f64> {
    let (rows, columns) = matrix.dim();
    match matrix.to_slice() {
        Some(slice) => MatRef::from_row_major_slice(slice, rows, columns),
        // A matrix in column order is the transpose of one in row order.
        None => MatRef::from_row_major_slice(matrix.t().to_slice().unwrap_or(&[]), columns, rows).transpose(),
    }
}

/// Eigenvalues of a real matrix (dim, dim), of largest modulus first.
///
/// # Errors
/// If they are not found.
pub fn eigenvalues(array: &'static str, matrix: &Array2<f64>) -> Result<Vec<Complex>, AnalysisError> {
    let found = view(&matrix.view()).eigenvalues().map_err(|error| not_found(array, error))?;
    let mut values: Vec<Complex> = found.iter().map(|value| (value.re, value.im)).collect();
    values.sort_by(largest_first);
    Ok(values)
}

/// Eigenvalues with left and right eigenvectors of a real matrix (dim, dim).
///
/// # Errors
/// If they are not found.
pub fn eigen(array: &'static str, matrix: &Array2<f64>) -> Result<Eigen, AnalysisError> {
    let found = view(&matrix.view()).eigen().map_err(|error| not_found(array, error))?;
    let (all, vectors) = (found.S().column_vector(), found.U());
    let dim = all.nrows();
    let value = |mode: usize| (all[mode].re, all[mode].im);
    let mut order: Vec<usize> = (0..dim).collect();
    order.sort_by(|a, b| largest_first(&value(*a), &value(*b)));

    let mut right = Mat::<c64>::zeros(dim, dim);
    for (place, mode) in order.iter().enumerate() {
        let turned = turned(&(0..dim).map(|row| vectors[(row, *mode)]).collect::<Vec<_>>());
        for (row, value) in turned.into_iter().enumerate() {
            right[(row, place)] = value;
        }
    }
    let condition = condition(&right);
    let left = (condition < WORST_CONDITION).then(|| {
        let inverse = right.partial_piv_lu().solve(Mat::<c64>::identity(dim, dim));
        Array2::from_shape_fn((dim, dim), |(row, column)| pair(inverse[(row, column)]))
    });
    Ok(Eigen {
        values: order.into_iter().map(value).collect(),
        right: Array2::from_shape_fn((dim, dim), |(row, column)| pair(right[(row, column)])),
        left,
        condition,
    })
}

/// Refuses a matrix that is not square or not finite.
///
/// # Errors
/// If it is one of the two.
pub fn check_square(array: &'static str, matrix: &Array2<f64>) -> Result<(), AnalysisError> {
    let (rows, columns) = matrix.dim();
    if rows != columns {
        let message = format!("has shape ({rows}, {columns}), but must be square");
        return Err(AnalysisError::Shape { array, message });
    }
    match matrix.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(AnalysisError::NotFinite { array, value: *value }),
        None => Ok(()),
    }
}

/// `|A|_2` of a real matrix.
///
/// # Errors
/// If its singular values are not found.
pub fn largest_singular_value(array: &'static str, matrix: &Array2<f64>) -> Result<f64, AnalysisError> {
    let values = view(&matrix.view()).singular_values().map_err(|error| not_found(array, error))?;
    Ok(values.first().copied().unwrap_or(0.0))
}

/// The ratio of the largest to the smallest singular value.
fn condition(vectors: &Mat<c64>) -> f64 {
    match vectors.singular_values() {
        Ok(values) => match (values.first(), values.last()) {
            (Some(largest), Some(smallest)) if *smallest > 0.0 => largest / smallest,
            (None, _) => 1.0,
            _ => f64::INFINITY,
        },
        Err(_) => f64::INFINITY,
    }
}

/// A vector of length 1 whose first part that is not 0 is real and positive.
fn turned(vector: &[c64]) -> Vec<c64> {
    let length = vector.iter().map(|value| value.norm_sqr()).sum::<f64>().sqrt();
    let first = vector.iter().find(|value| value.norm() > 1e-9 * length).copied().unwrap_or(c64::new(1.0, 0.0));
    let turn = first.conj() / (first.norm() * length);
    vector.iter().map(|value| *value * turn).collect()
}

fn pair(value: c64) -> Complex {
    (value.re, value.im)
}

fn largest_first(a: &Complex, b: &Complex) -> std::cmp::Ordering {
    b.0.hypot(b.1).total_cmp(&a.0.hypot(a.1)).then(b.0.total_cmp(&a.0)).then(b.1.total_cmp(&a.1))
}

fn not_found(array: &'static str, error: impl std::fmt::Debug) -> AnalysisError {
    AnalysisError::NoEigenvalues { array, reason: format!("{error:?}") }
}

/// A matrix that can be solved for, many times.
pub struct Factors(PartialPivLu<f64>);

impl Factors {
    /// Of a square matrix.
    pub fn of(matrix: &Array2<f64>) -> Self {
        Self(view(&matrix.view()).partial_piv_lu())
    }

    /// `y` with `A y = b`; not finite where `A` is singular.
    pub fn solve(&self, b: &[f64]) -> Vec<f64> {
        let mut column = Mat::from_fn(b.len(), 1, |row, _| b[row]);
        self.0.solve_in_place(&mut column);
        (0..b.len()).map(|row| column[(row, 0)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn left_and_right_vectors_are_those_worked_by_hand() {
        // r l^T with l . r = 1 keeps r and removes the rest.
        let found = eigen("a", &array![[0.5, 0.5], [0.5, 0.5]]).unwrap();
        assert!((found.values[0].0 - 1.0).abs() < 1e-12 && found.values[1].0.abs() < 1e-12);
        assert!((found.right[[0, 0]].0 - 0.5f64.sqrt()).abs() < 1e-12 && (found.condition - 1.0).abs() < 1e-9);
        // A rotation by a quarter turn, halved: +- i / 2.
        let found = eigen("a", &array![[0.0, -0.5], [0.5, 0.0]]).unwrap();
        assert!((found.values[0].1 - 0.5).abs() < 1e-12 && (found.values[1].1 + 0.5).abs() < 1e-12);
    }

    #[test]
    fn left_vectors_are_dual_to_right_ones_and_missing_without_a_basis() {
        let matrix = array![[1.0, 2.0, 0.3], [0.0, 0.5, -4.0], [0.1, 1.0, 0.2]];
        let Eigen { values, right, left, .. } = eigen("a", &matrix).unwrap();
        let left = left.unwrap();
        for mode in 0..3 {
            let mut product = c64::new(0.0, 0.0);
            for row in 0..3 {
                // l A = lambda l
                let mut image = c64::new(0.0, 0.0);
                for from in 0..3 {
                    let (re, im) = left[[mode, from]];
                    image += c64::new(re, im) * matrix[[from, row]];
                }
                let (l, r) = (left[[mode, row]], right[[row, mode]]);
                let (l, r) = (c64::new(l.0, l.1), c64::new(r.0, r.1));
                assert!((image - l * c64::new(values[mode].0, values[mode].1)).norm() < 1e-11);
                product += l * r;
            }
            assert!((product - c64::new(1.0, 0.0)).norm() < 1e-12);
        }
        let shear = eigen("a", &array![[1.0, 1.0], [0.0, 1.0]]).unwrap();
        assert!(shear.left.is_none() && shear.condition > 1e12);
    }

    #[test]
    fn factors_solve() {
        let solution = Factors::of(&array![[2.0, 1.0], [1.0, 3.0]]).solve(&[3.0, 5.0]);
        assert!((solution[0] - 0.8).abs() < 1e-14 && (solution[1] - 1.4).abs() < 1e-14);
    }
}
