//! Surrogate activity of maximum entropy: as random as activity can be that keeps its means and its covariances across
//! conditions, across times and across units.
//!
//! ```text
//! X_ctn - m_ctn,   m_ctn = the sum of a part for each c, for each t and for each n
//! S_C, S_T, S_N    its scatter matrices: sums of products over all other indices, with eigenvectors Q_C, Q_T, Q_N
//! z_ijk ~ N(0, 1 / (a_i + b_j + c_k))       in these eigenvectors; independent of each other
//! sum_jk 1 / (a_i + b_j + c_k) = eigenvalue i of S_C, and so for b and c
//! ```
//!
//! The multipliers `a`, `b` and `c` minimise the convex function `sum s l - sum ln(a_i + b_j + c_k)`, by Newton's
//! method with steps that are halved until it falls. Directions without variance have none in the surrogates, either.
//!
//! Reference: Elsayed and Cunningham (2017), doi:10.1038/nn.4617.

use ndarray::{Array2, Array3, Axis};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::algebra::{Spectrum, first, gram, product, spectrum, squares};
use crate::{AnalysisError, linear::Factors};

/// Eigenvalues below this part of the largest are none.
const NO_VARIANCE: f64 = 1e-10;
/// The largest relative error of an eigenvalue.
const TOLERANCE: f64 = 1e-6;
/// Steps of Newton's method at most.
const STEPS: usize = 500;
/// A ridge of the Hessian, relative to its diagonal: two directions of it, which leave all sums as they are, are flat.
const RIDGE: f64 = 1e-10;

/// The distribution of maximum entropy with the means and covariances of a tensor (conditions, times, units).
#[derive(Clone, Debug, PartialEq)]
pub struct MaximumEntropy {
    mean: Array3<f64>,
    /// Eigenvectors of each scatter matrix, as rows.
    vectors: [Array2<f64>; 3],
    /// Standard deviations in the eigenvectors.
    deviations: Array3<f64>,
}

impl MaximumEntropy {
    /// Of this tensor.
    ///
    /// # Errors
    /// If nothing varies besides its means, or no multipliers are found.
    pub fn of(tensor: &Array3<f64>) -> Result<Self, AnalysisError> {
        let mean = additive_mean(tensor);
        let rest = tensor - &mean;
        // What is rounding beside the whole is no variance.
        if squares(rest.iter()) <= NO_VARIANCE * NO_VARIANCE * squares(tensor.iter()) {
            let message = "activity is a sum of means alone, so that there are no surrogates of it; ask for none";
            return Err(AnalysisError::Trials(message.into()));
        }
        let scatters = [0, 1, 2].map(|axis| spectrum("a scatter matrix", gram(unfolded(&rest, axis).t()).view()));
        let mut vectors = Vec::with_capacity(3);
        let mut eigenvalues = Vec::with_capacity(3);
        for found in scatters {
            let Spectrum { values, vectors: all } = found?;
            let kept = values.iter().take_while(|value| **value > NO_VARIANCE * values[0]).count();
            vectors.push(first(&all, kept).to_owned());
            eigenvalues.push(values[..kept].to_vec());
        }
        // All three have the same trace, but for what was left out.
        let total: f64 = eigenvalues[0].iter().sum();
        for values in &mut eigenvalues {
            let own: f64 = values.iter().sum();
            values.iter_mut().for_each(|value| *value /= own);
        }
        let eigenvalues: [Vec<f64>; 3] = eigenvalues.try_into().unwrap_or_default();
        let deviations = multipliers(&eigenvalues)?.mapv(|sum| (total / sum).sqrt());
        let vectors: [Array2<f64>; 3] = vectors.try_into().unwrap_or_default();
        Ok(Self { mean, vectors, deviations })
    }

    /// One surrogate.
    pub fn sample(&self, rng: &mut ChaCha8Rng) -> Array3<f64> {
        let mut found = self.deviations.mapv(|deviation| {
            let z: f64 = StandardNormal.sample(rng);
            deviation * z
        });
        for (axis, vectors) in self.vectors.iter().enumerate() {
            let turned = product(vectors.t(), unfolded(&found, axis).view());
            found = folded(&turned, axis, found.dim());
        }
        found + &self.mean
    }
}

/// What conditions, times and units have in common each, added up.
fn additive_mean(tensor: &Array3<f64>) -> Array3<f64> {
    let mut rest = tensor.clone();
    for axis in 0..3 {
        let size = rest.len() as f64 / rest.len_of(Axis(axis)) as f64;
        for mut slice in rest.axis_iter_mut(Axis(axis)) {
            let mean = slice.sum() / size;
            slice -= mean;
        }
    }
    tensor - &rest
}

/// The tensor as a matrix (places along an axis, all others).
fn unfolded(tensor: &Array3<f64>, axis: usize) -> Array2<f64> {
    let slices: Vec<_> = tensor.axis_iter(Axis(axis)).collect();
    let columns = slices.first().map_or(0, |slice| slice.len());
    let mut out = Array2::zeros((slices.len(), columns));
    for (mut row, slice) in out.outer_iter_mut().zip(slices) {
        row.iter_mut().zip(slice.iter()).for_each(|(to, from)| *to = *from);
    }
    out
}

/// The tensor of a matrix (places along an axis, all others), where the others are as in `shape`.
fn folded(matrix: &Array2<f64>, axis: usize, shape: (usize, usize, usize)) -> Array3<f64> {
    let mut shape = [shape.0, shape.1, shape.2];
    shape[axis] = matrix.nrows();
    let mut out = Array3::zeros(shape);
    for (mut slice, row) in out.axis_iter_mut(Axis(axis)).zip(matrix.outer_iter()) {
        slice.iter_mut().zip(row).for_each(|(to, from)| *to = *from);
    }
    out
}

/// `a_i + b_j + c_k` for eigenvalues that add up to 1 in each direction.
fn multipliers(eigenvalues: &[Vec<f64>; 3]) -> Result<Array3<f64>, AnalysisError> {
    let sizes = eigenvalues.each_ref().map(Vec::len);
    let all = (sizes[0] * sizes[1] * sizes[2]) as f64;
    // A third of what each would be if the other two were flat.
    let start = |axis: usize| eigenvalues[axis].iter().map(move |value| all / sizes[axis] as f64 / value / 3.0);
    let mut l: Vec<f64> = (0..3).flat_map(start).collect();
    let target: Vec<f64> = eigenvalues.iter().flatten().copied().collect();
    for _ in 0..STEPS {
        let sums = sums(&l, sizes);
        let reached = marginals(&sums.mapv(f64::recip));
        let gradient: Vec<f64> = target.iter().zip(&reached).map(|(target, reached)| target - reached).collect();
        if gradient.iter().zip(&target).all(|(error, target)| error.abs() <= TOLERANCE * target) {
            return Ok(sums);
        }
        let mut hessian = hessian(&sums.mapv(|sum| 1.0 / (sum * sum)));
        hessian.diag_mut().mapv_inplace(|value| value * (1.0 + RIDGE));
        let step = Factors::of(&hessian).solve(&gradient);
        let decrease: f64 = step.iter().zip(&gradient).map(|(step, gradient)| step * gradient).sum();
        let before = dual(&l, &target, sizes);
        let mut length = 1.0;
        let next = loop {
            let next: Vec<f64> = l.iter().zip(&step).map(|(l, step)| l - length * step).collect();
            if dual(&next, &target, sizes) <= before - 1e-4 * length * decrease.max(0.0) {
                break next;
            }
            length *= 0.5;
            if length < 1e-12 {
                return Err(no_multipliers());
            }
        };
        l = next;
    }
    Err(no_multipliers())
}

fn no_multipliers() -> AnalysisError {
    AnalysisError::Trials(
        "no surrogates of maximum entropy were found for this activity; take fewer components, or ask for none".into(),
    )
}

/// `a_i + b_j + c_k`.
fn sums(l: &[f64], [a, b, _]: [usize; 3]) -> Array3<f64> {
    let c = l.len() - a - b;
    Array3::from_shape_fn((a, b, c), |(i, j, k)| l[i] + l[a + j] + l[a + b + k])
}

/// `sum s l - sum ln(a_i + b_j + c_k)`; infinite where one of the sums is not positive.
fn dual(l: &[f64], target: &[f64], sizes: [usize; 3]) -> f64 {
    let linear: f64 = l.iter().zip(target).map(|(l, target)| l * target).sum();
    let sums = sums(l, sizes);
    if sums.iter().any(|sum| *sum <= 0.0) {
        return f64::INFINITY;
    }
    linear - sums.iter().map(|sum| sum.ln()).sum::<f64>()
}

/// Sums over all but one index, for each of the three in turn.
fn marginals(tensor: &Array3<f64>) -> Vec<f64> {
    (0..3).flat_map(|axis| tensor.axis_iter(Axis(axis)).map(|slice| slice.sum()).collect::<Vec<_>>()).collect()
}

/// The second derivative of [`dual`], of `1 / (a_i + b_j + c_k)^2`.
fn hessian(squares: &Array3<f64>) -> Array2<f64> {
    let (a, b, c) = squares.dim();
    let mut out = Array2::from_diag(&ndarray::Array1::from(marginals(squares)));
    let blocks = [(0, a, 2), (0, a + b, 1), (a, a + b, 0)];
    for (rows, columns, summed) in blocks {
        for ((row, column), value) in squares.sum_axis(Axis(summed)).indexed_iter() {
            out[[rows + row, columns + column]] = *value;
            out[[columns + column, rows + row]] = *value;
        }
    }
    debug_assert_eq!(out.nrows(), a + b + c);
    out
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::geometry::test::gaussian;

    /// Smooth in time, with few directions of units.
    fn tensor() -> Array3<f64> {
        let (phases, units) = (gaussian((6, 2), 1), gaussian((2, 12), 2));
        let noise = gaussian((6 * 20, 12), 3);
        Array3::from_shape_fn((6, 20, 12), |(c, t, n)| {
            let time = t as f64 / 6.0;
            let (x, y) = ((time + phases[[c, 0]]).sin(), (0.5 * time + phases[[c, 1]]).cos());
            3.0 + x * units[[0, n]] + y * units[[1, n]] + 0.1 * noise[[c * 20 + t, n]]
        })
    }

    #[test]
    fn surrogates_have_the_means_and_covariances_of_the_activity() {
        let tensor = tensor();
        let found = MaximumEntropy::of(&tensor).unwrap();
        let rest = &tensor - &additive_mean(&tensor);
        let n = 600;
        let mut scatters = [0, 1, 2].map(|axis| Array2::zeros((rest.len_of(Axis(axis)), rest.len_of(Axis(axis)))));
        let mut mean = Array3::zeros(tensor.dim());
        for draw in 0..n {
            let mut rng = ChaCha8Rng::seed_from_u64(draw);
            let sample = found.sample(&mut rng);
            mean += &(&sample / n as f64);
            for (axis, scatter) in scatters.iter_mut().enumerate() {
                *scatter += &(gram(unfolded(&(&sample - &found.mean), axis).t()) / n as f64);
            }
        }
        for (axis, scatter) in scatters.iter().enumerate() {
            let own = gram(unfolded(&rest, axis).t());
            let error = squares((scatter - &own).iter()).sqrt() / squares(own.iter()).sqrt();
            assert!(error < 0.06, "axis {axis}: {error}");
        }
        let error = squares((&mean - &found.mean).iter()).sqrt() / squares(rest.iter()).sqrt();
        assert!(error < 0.06, "{error}");
    }

    #[test]
    fn eigenvalues_are_met() {
        let values = [vec![0.7, 0.2, 0.1], vec![0.5, 0.3, 0.15, 0.05], vec![0.6, 0.4]];
        let reached = marginals(&multipliers(&values).unwrap().mapv(f64::recip));
        let target: Vec<f64> = values.into_iter().flatten().collect();
        assert!(reached.iter().zip(&target).all(|(a, b)| (a / b - 1.0).abs() < 1e-5), "{reached:?}");
        // Flat eigenvalues are those of white noise.
        let flat = multipliers(&[vec![0.5; 2], vec![0.25; 4], vec![0.2; 5]]).unwrap();
        assert!(flat.iter().all(|sum| (sum / 40.0 - 1.0).abs() < 1e-5));
    }

    #[test]
    fn unfolding_is_undone_by_folding() {
        let tensor = tensor();
        for axis in 0..3 {
            assert_eq!(folded(&unfolded(&tensor, axis), axis, tensor.dim()), tensor);
        }
        let flat = Array3::from_shape_fn((3, 4, 2), |(c, t, n)| (c + 2 * t + 7 * n) as f64);
        assert!(MaximumEntropy::of(&flat).unwrap_err().to_string().contains("sum of means alone"));
    }
}
