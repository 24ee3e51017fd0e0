//! Products and decompositions of matrices, as this module needs them: rows are vectors, the largest come first.

use faer::{
    Accum, Mat, MatMut, Par, Side,
    linalg::{
        matmul::{
            matmul,
            triangular::{self, BlockStructure},
        },
        solvers::DenseSolveCore,
    },
};
use ndarray::{Array1, Array2, ArrayView2, Axis, concatenate, s};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

use crate::{AnalysisError, linear};

/// Columns of a Gram matrix that one thread computes at a time: fixed, so that sums do not depend on the threads.
const STRIP: usize = 64;
/// Of smaller matrices all eigenvectors are found at once.
const LARGE: usize = 64;
/// Directions that a search for leading eigenvectors has more than it looks for, and rounds between looks at how far it
/// is.
const MORE: usize = 3;
const ROUNDS: usize = 3;
/// `|A v - l v|` of an eigenvector that is found, as a part of the largest eigenvalue.
const FOUND: f64 = 1e-12;

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
    let mut gram = vec![0.0; n * n];
    for (start, strip) in strips {
        let columns = start..start + strip.ncols();
        for (row, values) in strip.outer_iter().enumerate() {
            gram[row * n..][columns.clone()].iter_mut().zip(values).for_each(|(to, value)| *to = *value);
        }
    }
    mirror(&mut gram, n);
    array((n, n), gram)
}

/// Below the diagonal (n, n) what is above it.
fn mirror(symmetric: &mut [f64], n: usize) {
    for row in 1..n {
        let (above, own) = symmetric.split_at_mut(row * n);
        own[..row].iter_mut().zip(above[row..].iter().step_by(n)).for_each(|(to, value)| *to = *value);
    }
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

/// The `k` largest eigenvalues, with their vectors as [`spectrum`] has them, of a symmetric matrix with no negative ones:
/// in the space of `B, A B, A^2 B, ..` of a few vectors `B` (block Krylov, Rayleigh and Ritz), as that is less work than
/// all of them where few are looked for.
pub(super) fn leading(name: &'static str, a: ArrayView2<'_, f64>, k: usize) -> Result<Spectrum, AnalysisError> {
    let (n, block) = (a.nrows(), k + MORE);
    let all = || {
        let found = spectrum(name, a)?;
        let kept = k.min(n);
        Ok(Spectrum { values: found.values[..kept].to_vec(), vectors: first(&found.vectors, kept).to_owned() })
    };
    if n < LARGE || 8 * block > n {
        return all();
    }
    let mut next = orthonormal(gaussian(&mut ChaCha8Rng::seed_from_u64(0), (block, n)).view()).0;
    let (mut basis, mut images) = (next.clone(), product(next.view(), a));
    for round in 1.. {
        if (round % ROUNDS) == 0 {
            let ritz = spectrum(name, product(images.view(), basis.t()).view())?;
            let turn = first(&ritz.vectors, k);
            let mut vectors = product(turn, basis.view());
            let moved = product(turn, images.view());
            let left = |place: usize| {
                let pairs = moved.row(place).into_iter().zip(vectors.row(place));
                pairs.map(|(image, v)| (image - ritz.values[place] * v).powi(2)).sum::<f64>().sqrt()
            };
            if (0..k).all(|place| left(place) <= FOUND * ritz.values[0]) {
                vectors.outer_iter_mut().for_each(|mut vector| {
                    let sign = sign_of(vector.iter());
                    vector *= sign;
                });
                return Ok(Spectrum { values: ritz.values[..k].to_vec(), vectors });
            }
        }
        if basis.nrows() + block > n / 2 {
            break;
        }
        next = images.slice(s![images.nrows() - block.., ..]).to_owned();
        // Once is not enough where most of a vector is taken away.
        for _ in 0..2 {
            next -= &product(product(next.view(), basis.t()).view(), basis.view());
            next = orthonormal(next.view()).0;
        }
        images = stacked(&images, &product(next.view(), a));
        basis = stacked(&basis, &next);
    }
    all()
}

/// Rows below rows of the same length.
fn stacked(above: &Array2<f64>, below: &Array2<f64>) -> Array2<f64> {
    concatenate(Axis(0), &[above.view(), below.view()]).unwrap_or_default()
}

/// `A^-1` of a symmetric matrix; `None` where a pivot is below a part of the largest.
pub(super) fn inverse(a: ArrayView2<'_, f64>, least: f64) -> Option<Array2<f64>> {
    let a = a.as_standard_layout();
    let a = a.view();
    let factors = linear::view(&a).llt(Side::Lower).ok()?;
    let pivot = |place: usize| factors.L()[(place, place)].powi(2);
    let largest = (0..a.nrows()).map(pivot).fold(0.0, f64::max);
    if (0..a.nrows()).any(|place| pivot(place) <= least * largest) {
        return None;
    }
    let inverse = factors.inverse();
    Some(Array2::from_shape_fn(a.dim(), |(row, column)| inverse[(row, column)]))
}

/// `A B`, which is known to be symmetric: half of the work.
pub(super) fn symmetric_product(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Array2<f64> {
    let (a, b) = (linear::contiguous(a), linear::contiguous(b));
    let (a, b, n) = (a.view(), b.view(), a.nrows());
    let mut out = vec![0.0; n * n];
    let to = MatMut::from_row_major_slice_mut(&mut out, n, n);
    let full = BlockStructure::Rectangular;
    let (lower, left, right) = (BlockStructure::TriangularLower, linear::view(&a), linear::view(&b));
    triangular::matmul(to, lower, Accum::Replace, left, full, right, full, 1.0, Par::Seq);
    for row in 0..n {
        for column in row + 1..n {
            out[row * n + column] = out[column * n + row];
        }
    }
    array((n, n), out)
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
    Array2::from_shape_vec(shape, values).unwrap_or_default()
}

fn not_found(array: &'static str, error: impl std::fmt::Debug) -> AnalysisError {
    AnalysisError::NoEigenvalues { array, reason: format!("{error:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::test;

    fn apart(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
        (a - b).iter().fold(0.0, |most: f64, value| most.max(value.abs()))
    }

    #[test]
    fn leading_vectors_are_the_first_of_all_of_them() {
        for rows in [300, 20] {
            let a = gram(test::gaussian((rows, 120), 3).view());
            let (all, some) = (spectrum("a", a.view()).unwrap(), leading("a", a.view(), 3).unwrap());
            assert_eq!(some.vectors.dim(), (3, 120));
            for place in 0..3 {
                assert!((all.values[place] / some.values[place] - 1.0).abs() < 1e-12);
            }
            assert!(apart(&first(&all.vectors, 3).to_owned(), &some.vectors) < 1e-9, "{rows} rows");
        }
    }

    #[test]
    fn eigenvalues_that_are_there_several_times_are_found_as_often() {
        let turn = orthonormal(test::gaussian((120, 120), 4).view()).0;
        let values: Array1<f64> = (0..120).map(|place| if place < 4 { 2.0 } else { 1.0 / place as f64 }).collect();
        let a = symmetric_product((&turn.t() * &values).view(), turn.view());
        let found = leading("a", a.view(), 3).unwrap();
        assert!(found.values.iter().all(|value| (value - 2.0).abs() < 1e-12), "{:?}", found.values);
        // Of nothing but a few directions, more than are looked for.
        let few = gram(test::gaussian((2, 120), 5).view());
        let found = leading("a", few.view(), 3).unwrap();
        assert!(found.values[1] > 1.0 && found.values[2].abs() < 1e-10, "{:?}", found.values);
    }

    #[test]
    fn an_inverse_is_one_or_none() {
        let a = gram(test::gaussian((30, 10), 6).view());
        let found = inverse(a.view(), 1e-9).unwrap();
        assert!(apart(&product(a.view(), found.view()), &Array2::eye(10)) < 1e-11);
        assert!(inverse(gram(test::gaussian((5, 10), 6).view()).view(), 1e-9).is_none());
    }
}
