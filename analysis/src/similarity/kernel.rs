//! Linear centred kernel alignment (CKA), biased and debiased.
//!
//! ```text
//! K = X X^T,  L = Y Y^T                                     columns of X and Y centred over n samples
//! CKA = <K, L> / (|K| |L|) = |Y^T X|_F^2 / (|X^T X|_F |Y^T Y|_F)
//!
//! debiased: <K, L> becomes, of K and L without their diagonals,
//! tr(K L) + 1^T K 1 1^T L 1 / ((n - 1) (n - 2)) - 2 1^T K L 1 / (n - 2)
//! ```
//!
//! Both know no rotation, no reflection and no common scale, but other linear maps. CKA of independent Gaussians of `p`
//! units is `p / (n + p)`, not 0; debiased it is 0 on average, may be negative, and is still 1 of the same rows.
//! Kornblith et al. (2019, arXiv:1905.00414); Song et al. (2012, 10.5555/2503308.2343691).

use ndarray::{Array1, Array2, ArrayView2, Axis};

use super::factor::{centred, check_matched, squares};
use crate::AnalysisError;

/// The fewest samples of which the unbiased estimate exists.
const FEWEST: usize = 4;

/// The kernel of rows, as far as CKA needs it.
pub(super) struct Kernel {
    /// Centred (samples, units).
    rows: Array2<f64>,
    /// `K_ii`.
    own: Array1<f64>,
    /// The sum of `K_ij` over all other `j`.
    others: Array1<f64>,
    is_debiased: bool,
    /// `<K, K>`.
    with_itself: f64,
}

impl Kernel {
    pub fn of(rows: ArrayView2<'_, f64>, is_debiased: bool) -> Result<Self, AnalysisError> {
        let rows = centred(rows)?;
        let n = rows.nrows();
        if is_debiased && n < FEWEST {
            let message = format!("are {n}, but the debiased CKA needs {FEWEST} at least; take cka, or more samples");
            return Err(AnalysisError::Shape { array: "rows", message });
        }
        let own: Array1<f64> = rows.outer_iter().map(|row| row.dot(&row)).collect();
        let others = rows.dot(&rows.sum_axis(Axis(0))) - &own;
        let mut kernel = Self { rows, own, others, is_debiased, with_itself: 1.0 };
        kernel.with_itself = kernel.product(&kernel, None);
        match kernel.with_itself > 0.0 {
            true => Ok(kernel),
            false => {
                let message = "are so alike between samples that no debiased CKA is known; take cka".into();
                Err(AnalysisError::Shape { array: "rows", message })
            }
        }
    }

    /// CKA with the samples of the other in this order.
    pub fn alignment(&self, other: &Self, order: Option<&[usize]>) -> Result<f64, AnalysisError> {
        check_matched(self.rows.nrows(), other.rows.nrows())?;
        Ok(self.product(other, order) / (self.with_itself.sqrt() * other.with_itself.sqrt()))
    }

    fn product(&self, other: &Self, order: Option<&[usize]>) -> f64 {
        let at = |i: usize| order.map_or(i, |order| order[i]);
        let crossed = match order {
            Some(order) => self.rows.t().dot(&other.rows.select(Axis(0), order)),
            None => self.rows.t().dot(&other.rows),
        };
        let whole = squares(&crossed);
        if !self.is_debiased {
            return whole;
        }
        let n = self.rows.nrows();
        let pairs = |a: &Array1<f64>, b: &Array1<f64>| (0..n).map(|i| a[i] * b[at(i)]).sum::<f64>();
        let samples = n as f64;
        whole - pairs(&self.own, &other.own)
            + self.others.sum() * other.others.sum() / ((samples - 1.0) * (samples - 2.0))
            - 2.0 / (samples - 2.0) * pairs(&self.others, &other.others)
    }
}

/// Linear CKA of the same samples (samples, units of each), in [0, 1].
///
/// # Errors
/// If samples do not match, do not vary, or a number is not finite.
pub fn cka(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> Result<f64, AnalysisError> {
    Kernel::of(x, false)?.alignment(&Kernel::of(y, false)?, None)
}

/// Debiased linear CKA of the same samples (samples, units of each), in [-1, 1].
///
/// # Errors
/// As [`cka`], and if there are fewer than four samples.
pub fn cka_debiased(x: ArrayView2<'_, f64>, y: ArrayView2<'_, f64>) -> Result<f64, AnalysisError> {
    Kernel::of(x, true)?.alignment(&Kernel::of(y, true)?, None)
}
