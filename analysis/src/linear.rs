//! What analyses need of linear algebra: eigenvalues with left and right eigenvectors, factors that solve.

use std::f64::consts::SQRT_2;

use faer::{
    Accum, Mat, MatMut, MatRef, Par, c64,
    linalg::{
        matmul::matmul,
        solvers::{DenseSolveCore, PartialPivLu, Solve},
    },
};
use ndarray::{Array1, Array2, ArrayView2, CowArray, Ix2};

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

/// `|x|` of a vector.
pub fn length(x: &[f64]) -> f64 {
    x.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// `|a - b|` of two vectors.
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// The largest `|x_i|` of a vector; 0 without any.
pub fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |most, value| value.abs().max(most))
}

/// `|z|` of a complex number.
pub fn modulus((re, im): &Complex) -> f64 {
    re.hypot(*im)
}

/// `-dt / ln |lambda|` of an eigenvalue of a step, ms: negative where the mode grows, infinite where the modulus is 1, 0
/// where it is 0.
pub fn time_constant(value: &Complex, dt: f64) -> f64 {
    let modulus = modulus(value);
    if (modulus - 1.0).abs() < 1e-12 { f64::INFINITY } else { -dt / modulus.ln() }
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

/// A matrix in row or column order.
pub(crate) fn contiguous(matrix: ArrayView2<'_, f64>) -> CowArray<'_, f64, Ix2> {
    let is_whole = matrix.is_standard_layout() || matrix.t().is_standard_layout();
    if is_whole { matrix.into() } else { matrix.as_standard_layout().into_owned().into() }
}

/// `A x` of a matrix in row or column order, with the instructions that the processor has.
///
/// # Panics
/// If `x` has not as many numbers as the matrix has columns.
pub fn times(matrix: &ArrayView2<'_, f64>, x: &[f64]) -> Array1<f64> {
    times_columns(matrix, x, 1).into()
}

/// `A X` where the columns of `X` follow one another, as do those of the product.
///
/// # Panics
/// If `columns` has another length.
pub fn times_columns(matrix: &ArrayView2<'_, f64>, columns: &[f64], n: usize) -> Vec<f64> {
    let (rows, inner) = matrix.dim();
    let mut product = vec![0.0; rows * n];
    let (to, from) = (
        MatMut::from_column_major_slice_mut(&mut product, rows, n),
        MatRef::from_column_major_slice(columns, inner, n),
    );
    matmul(to, Accum::Replace, view(matrix), from, 1.0, Par::Seq);
    clear_registers(&product);
    product
}

/// Products of matrices by AVX-512 leave the upper halves of its registers in use, and then each `tanh` takes three
/// times as long. A sum that the compiler made for these registers frees them at its end.
pub(crate) fn clear_registers(product: &[f64]) {
    std::hint::black_box(MatRef::from_column_major_slice(product, product.len(), 1).norm_l1());
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

    let right: Vec<Vec<c64>> =
        order.iter().map(|mode| turned(&(0..dim).map(|row| vectors[(row, *mode)]).collect::<Vec<_>>())).collect();
    let basis = RealBasis::of(&order, &right, |mode| all[mode].im);
    let condition = basis.condition();
    let left = (condition < WORST_CONDITION).then(|| basis.dual());
    Ok(Eigen {
        values: order.into_iter().map(value).collect(),
        right: Array2::from_shape_fn((dim, dim), |(row, place)| pair(right[place][row])),
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

/// Singular values of a real matrix, the largest first.
///
/// # Errors
/// If they are not found.
pub fn singular_values(array: &'static str, matrix: &Array2<f64>) -> Result<Vec<f64>, AnalysisError> {
    view(&matrix.view()).singular_values().map_err(|error| not_found(array, error))
}

/// `|A|_2` of a real matrix.
///
/// # Errors
/// If its singular values are not found.
pub fn largest_singular_value(array: &'static str, matrix: &Array2<f64>) -> Result<f64, AnalysisError> {
    let values = singular_values(array, matrix)?;
    Ok(values.first().copied().unwrap_or(0.0))
}

/// Eigenvectors `R` of a real matrix as real columns `B`, four times cheaper to take apart.
///
/// ```text
/// (v, conj v) = (sqrt 2 Re v, sqrt 2 Im v) U,   U = ((1, 1), (i, -i)) / sqrt 2      R = B U
/// ```
///
/// `U` is unitary: singular values of `B` are those of `R`, and `R^-1 = U^* B^-1`.
struct RealBasis {
    columns: Mat<f64>,
    /// Where in the order the one mode of each column is, or the two of a pair of columns, the conjugate last.
    modes: Vec<(usize, Option<usize>)>,
}

impl RealBasis {
    /// Of vectors in an order of the modes, of which those of a pair follow one another.
    fn of(order: &[usize], right: &[Vec<c64>], imaginary: impl Fn(usize) -> f64) -> Self {
        let dim = order.len();
        let mut place_of = vec![0; dim];
        order.iter().enumerate().for_each(|(place, mode)| place_of[*mode] = place);
        let (mut columns, mut modes, mut mode) = (Mat::zeros(dim, dim), Vec::new(), 0);
        while mode < dim {
            let vector = &right[place_of[mode]];
            let conjugate = (imaginary(mode) != 0.0 && mode + 1 < dim).then(|| place_of[mode + 1]);
            for (row, value) in vector.iter().enumerate() {
                match conjugate {
                    Some(_) => {
                        columns[(row, mode)] = SQRT_2 * value.re;
                        columns[(row, mode + 1)] = SQRT_2 * value.im;
                    }
                    None => columns[(row, mode)] = value.re,
                }
            }
            modes.push((place_of[mode], conjugate));
            mode += if conjugate.is_some() { 2 } else { 1 };
        }
        Self { columns, modes }
    }

    /// The ratio of the largest to the smallest singular value.
    fn condition(&self) -> f64 {
        match self.columns.singular_values() {
            Ok(values) => match (values.first(), values.last()) {
                (Some(largest), Some(smallest)) if *smallest > 0.0 => largest / smallest,
                (None, _) => 1.0,
                _ => f64::INFINITY,
            },
            Err(_) => f64::INFINITY,
        }
    }

    /// `R^-1` (modes, dim), in the order of the modes.
    fn dual(&self) -> Array2<Complex> {
        let inverse = self.columns.partial_piv_lu().inverse();
        let dim = inverse.nrows();
        let (mut dual, mut row) = (Array2::from_elem((dim, dim), (0.0, 0.0)), 0);
        for (place, conjugate) in &self.modes {
            for column in 0..dim {
                match conjugate {
                    Some(other) => {
                        let (re, im) = (inverse[(row, column)] / SQRT_2, inverse[(row + 1, column)] / SQRT_2);
                        dual[[*place, column]] = (re, -im);
                        dual[[*other, column]] = (re, im);
                    }
                    None => dual[[*place, column]] = (inverse[(row, column)], 0.0),
                }
            }
            row += if conjugate.is_some() { 2 } else { 1 };
        }
        dual
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
    modulus(b).total_cmp(&modulus(a)).then(b.0.total_cmp(&a.0)).then(b.1.total_cmp(&a.1))
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

    /// `A^-1`; not finite where `A` is singular.
    pub fn inverse(&self) -> Array2<f64> {
        let inverse = self.0.inverse();
        Array2::from_shape_fn((inverse.nrows(), inverse.ncols()), |(row, column)| inverse[(row, column)])
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
        // A pair turns into real columns and back, and (1, i) / sqrt 2 is orthogonal to its conjugate.
        let pair = eigen("a", &array![[0.0, -0.5, 0.0], [0.5, 0.0, 0.0], [0.0, 0.0, 2.0]]).unwrap();
        assert!((pair.condition - 1.0).abs() < 1e-12, "{}", pair.condition);
        let left = pair.left.unwrap();
        assert!((left[[1, 0]].0 - 0.5f64.sqrt()).abs() < 1e-12 && left[[1, 1]].0.abs() < 1e-12);
        assert!((left[[1, 1]].1 + pair.right[[1, 1]].1).abs() < 1e-12, "of a normal matrix l is the conjugate of r");
        let shear = eigen("a", &array![[1.0, 1.0], [0.0, 1.0]]).unwrap();
        assert!(shear.left.is_none() && shear.condition > 1e12);
    }

    #[test]
    fn factors_solve() {
        let solution = Factors::of(&array![[2.0, 1.0], [1.0, 3.0]]).solve(&[3.0, 5.0]);
        assert!((solution[0] - 0.8).abs() < 1e-14 && (solution[1] - 1.4).abs() < 1e-14);
    }
}
