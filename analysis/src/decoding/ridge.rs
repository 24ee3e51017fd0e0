//! Ridge regression of many values on the same rates.
//!
//! ```text
//! min |y - Z w|^2 + alpha |w|^2      Z: features of the training trials, centred; y less its mean
//! w = (Z^T Z + alpha I)^-1 Z^T y = Z^T (Z Z^T + alpha I)^-1 y
//! ```
//!
//! Features are factorised once, in the form that is smaller; values, observed and shuffled, are right-hand sides.

use faer::{Mat, Side, linalg::solvers::Solve};
use ndarray::{Array2, ArrayView2, Axis};

use super::features::{Linear, product};
use crate::linear;

/// The functions of features, one for each column of values, that training features (rows, features) and values (rows,
/// fits) say; `None` where the features are collinear and `alpha` is 0.
pub(super) fn fit(train: ArrayView2<'_, f64>, values: ArrayView2<'_, f64>, alpha: f64) -> Option<Linear> {
    let means = values.sum_axis(Axis(0)) / train.nrows().max(1) as f64;
    let centred = &values - &means;
    let is_tall = train.nrows() >= train.ncols();
    let weights = if is_tall {
        solved(product(train.t(), train), alpha, &product(train.t(), centred.view()))?
    } else {
        product(train.t(), solved(product(train, train.t()), alpha, &centred)?.view())
    };
    Some(Linear { weights: weights.t().as_standard_layout().into_owned(), intercepts: means.to_vec() })
}

/// `(A + alpha I)^-1 B`; `None` where that is singular to rounding.
fn solved(mut a: Array2<f64>, alpha: f64, b: &Array2<f64>) -> Option<Array2<f64>> {
    let largest = a.diag().iter().fold(0.0, |most: f64, value| most.max(*value));
    a.diag_mut().iter_mut().for_each(|value| *value += alpha);
    let factors = linear::view(&a.view()).llt(Side::Lower).ok()?;
    let least = (0..a.nrows()).fold(f64::MAX, |least, i| factors.L()[(i, i)].powi(2).min(least));
    if a.nrows() > 0 && least <= 1e-13 * (largest + alpha) {
        return None;
    }
    let rhs = Mat::from_fn(b.nrows(), b.ncols(), |i, j| b[[i, j]]);
    let x = factors.solve(&rhs);
    Some(Array2::from_shape_fn(b.dim(), |(i, j)| x[(i, j)]))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_line_through_points_and_both_forms_agree() {
        let train = array![[-1.0], [0.0], [1.0]];
        let line = fit(train.view(), array![[1.0], [3.0], [5.0]].view(), 2.0).unwrap();
        // w = 4 / (2 + 2)
        assert!((line.weights[[0, 0]] - 1.0).abs() < 1e-14 && (line.intercepts[0] - 3.0).abs() < 1e-14);
        let wide = array![[1.0, 2.0, -1.0, 0.5], [-1.0, 0.3, 0.7, 0.0], [0.0, -2.3, 0.3, -0.5]];
        let values = array![[1.0, 0.0], [2.0, 1.0], [0.0, -1.0]];
        let direct = fit(wide.view(), values.view(), 0.7).unwrap().weights;
        let gram = wide.t().dot(&wide);
        let centred = &values - &values.mean_axis(Axis(0)).unwrap();
        let other = solved(gram, 0.7, &wide.t().dot(&centred)).unwrap();
        assert!((&direct.t() - &other).iter().all(|difference| difference.abs() < 1e-13));
        assert!(fit(wide.view(), values.view(), 0.0).is_none());
    }
}
