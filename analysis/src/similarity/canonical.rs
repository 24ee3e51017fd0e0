//! Canonical correlation analysis (CCA) of two sets of units, as it is, of their leading components (SVCCA), and
//! weighted by what the correlated directions carry (PWCCA).
//!
//! ```text
//! X = U diag(s) V^T,  Qx = U diag(s / sqrt(s^2 + g m))     m: mean of s^2 over all units, g: regularisation
//! rho: singular values of Qx^T Qy                          with g = 0, Qx = U
//! cca    mean of rho^2
//! svcca  mean of rho, of the components with a fraction v of the variance of each
//! pwcca  sum_i a_i rho_i / sum_i a_i, a_i = sum over units j of |h_i . x_j|, h = Qx times the left singular vectors;
//!        the mean of both sides
//! ```
//!
//! All know no linear map of either side. Independent Gaussians of `p` units and `n` samples have a mean of rho^2 of
//! `p / (n - 1)`; where the dimensions of both sides are more than `n - 1` together, some rho are 1 whatever the rows
//! are, so that such are refused without regularisation, which adds g times the mean variance to that of each unit.
//! Then no rho is 1, not even of the same rows.
//! Raghu et al. (2017, arXiv:1706.05806), which keeps 99 % of the variance; Morcos et al. (2018, arXiv:1806.05759).

use ndarray::{Array2, ArrayView2, Axis};

use super::factor::{Svd, centred, check_matched};
use crate::AnalysisError;

/// What is taken of a set of units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Canonical {
    /// Components are kept until they have this fraction of the variance, in (0, 1]; 1 keeps all.
    pub variance: f64,
    /// Added to the variance of each unit, as a part of the mean variance; at least 0, which is none.
    pub regularisation: f64,
}

/// The part of a set of units that is correlated with others.
pub(super) struct Whitened {
    /// `Qx` (samples, dimensions).
    basis: Array2<f64>,
    /// The components that are kept (samples, units).
    rows: Array2<f64>,
    is_regularised: bool,
}

impl Canonical {
    pub(super) fn whiten(&self, rows: ArrayView2<'_, f64>) -> Result<Whitened, AnalysisError> {
        self.check()?;
        let rows = centred(rows)?;
        let found = Svd::of("rows", rows.view())?;
        let all: f64 = found.s.iter().map(|s| s * s).sum();
        let mut within = 0.0;
        let before = |s: &f64| {
            let is_needed = within < self.variance * all * (1.0 - 1e-12);
            within += s * s;
            is_needed
        };
        let kept = found.s[..found.rank()].iter().copied().take_while(before).collect::<Vec<_>>();
        let mean = all / rows.ncols() as f64;
        let gain = |s: f64| s / (s * s + self.regularisation * mean).sqrt();
        let columns: Vec<usize> = (0..kept.len()).collect();
        let (mut basis, axes) = (found.u.select(Axis(1), &columns), found.v.select(Axis(1), &columns));
        let rows = (&basis * &ndarray::Array1::from(kept.clone())).dot(&axes.t());
        basis.axis_iter_mut(Axis(1)).zip(kept).for_each(|(mut column, s)| column *= gain(s));
        Ok(Whitened { basis, rows, is_regularised: self.regularisation > 0.0 })
    }

    fn check(&self) -> Result<(), AnalysisError> {
        let setting = |setting, value: f64, rule: &str| {
            Err(AnalysisError::Setting { setting, value: value.to_string(), rule: rule.into() })
        };
        if !(self.variance > 0.0 && self.variance <= 1.0) {
            return setting("variance", self.variance, "must lie in (0, 1], such as 0.99");
        }
        if !(self.regularisation.is_finite() && self.regularisation >= 0.0) {
            return setting("regularisation", self.regularisation, "must be finite and at least 0, which is none");
        }
        Ok(())
    }
}

impl Whitened {
    /// Directions that are kept.
    pub fn dimensions(&self) -> usize {
        self.basis.ncols()
    }

    /// `Qx^T Qy` with the samples of the other in this order.
    fn crossed(&self, other: &Self, order: Option<&[usize]>) -> Result<Array2<f64>, AnalysisError> {
        let (n, of_other) = (self.basis.nrows(), other.basis.nrows());
        check_matched(n, of_other)?;
        let (x, y) = (self.dimensions(), other.dimensions());
        if !self.is_regularised && x + y + 1 > n {
            let message = format!(
                "are {n} samples of {x} and {y} dimensions, but canonical correlations mean something only if there \
                 are more samples than dimensions of both: some would be 1 by necessity; keep fewer components \
                 (svcca, --variance), or regularise (--regularisation)"
            );
            return Err(AnalysisError::Shape { array: "rows", message });
        }
        Ok(match order {
            Some(order) => self.basis.t().dot(&other.basis.select(Axis(0), order)),
            None => self.basis.t().dot(&other.basis),
        })
    }

    /// The mean of the squares of the canonical correlations.
    pub fn mean_square(&self, other: &Self, order: Option<&[usize]>) -> Result<f64, AnalysisError> {
        let crossed = self.crossed(other, order)?;
        Ok(super::factor::squares(&crossed) / crossed.nrows().min(crossed.ncols()) as f64)
    }

    /// The canonical correlations, the largest first.
    pub fn correlations(&self, other: &Self, order: Option<&[usize]>) -> Result<Vec<f64>, AnalysisError> {
        Ok(Svd::of("rows", self.crossed(other, order)?.view())?.s)
    }

    /// The mean of the canonical correlations.
    pub fn mean(&self, other: &Self, order: Option<&[usize]>) -> Result<f64, AnalysisError> {
        let correlations = self.correlations(other, order)?;
        Ok(correlations.iter().sum::<f64>() / correlations.len() as f64)
    }

    /// The mean weighted by what the directions carry, of both sides.
    pub fn weighted(&self, other: &Self, order: Option<&[usize]>) -> Result<f64, AnalysisError> {
        let found = Svd::of("rows", self.crossed(other, order)?.view())?;
        // In the samples of its own: the order of samples changes no weight.
        let of_side = |side: &Self, directions: &Array2<f64>| {
            let carried = side.basis.dot(directions).t().dot(&side.rows);
            let weights: Vec<f64> = carried.outer_iter().map(|row| row.iter().map(|x| x.abs()).sum()).collect();
            let sum: f64 = weights.iter().zip(&found.s).map(|(weight, rho)| weight * rho).sum();
            sum / weights.iter().sum::<f64>()
        };
        Ok(0.5 * (of_side(self, &found.u) + of_side(other, &found.v)))
    }
}

/// The canonical correlations of the same samples (samples, units of each), the largest first.
///
/// # Errors
/// If samples do not match, do not vary, are too few for their dimensions, a number is not finite, or a setting is out
/// of its range.
pub fn canonical_correlations(
    x: ArrayView2<'_, f64>,
    y: ArrayView2<'_, f64>,
    settings: &Canonical,
) -> Result<Vec<f64>, AnalysisError> {
    settings.whiten(x)?.correlations(&settings.whiten(y)?, None)
}
