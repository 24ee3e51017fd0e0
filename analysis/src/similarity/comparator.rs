//! How alike two RDMs are.
//!
//! ```text
//! cosine       a . b / (|a| |b|)
//! corr         the same of a and b without their means
//! spearman     corr of the ranks, ties with their mean rank
//! rho-a        12 sum r_a r_b / (n^3 - n), ranks centred: the mean of spearman over all ways to break ties
//! tau-a        (concordant - discordant pairs) / all pairs
//! tau-b        the same over sqrt((all - tied in a) (all - tied in b))
//! cosine_cov   <G_a, G_b> / (|G_a| |G_b|),  G = -H D H / 2,  H = I - 1 1^T / n      cosine of whitened distances
//! corr_cov     the same of a and b without their means
//! bures        tr((G_a^1/2 G_b G_a^1/2)^1/2) / sqrt(tr G_a tr G_b)
//! ```
//!
//! `a` and `b` are the upper triangles, `D` the whole RDM with 0 on the diagonal. With squared Euclidean distances
//! cosine_cov is linear CKA. Of models that predict ties, spearman and tau-b prefer those with few; rho-a and tau-a do
//! not, but are below 1 for an RDM with ties and itself.
//! Diedrichsen et al. (2021, 10.51628/001c.27664); Schutt et al. (2023, 10.7554/eLife.82566).

use ndarray::{Array2, Axis};
use serde::{Deserialize, Serialize};

use super::{
    factor::{Svd, squares, symmetric},
    rdm::Rdm,
};
use crate::{AnalysisError, statistics::ranks};

/// A negative eigenvalue of `G` that is rounding, as a part of the largest.
const ROUNDING: f64 = 1e-9;

/// A measure of how alike two RDMs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparator {
    /// Cosine.
    #[serde(rename = "cosine")]
    Cosine,
    /// Pearson's correlation.
    #[serde(rename = "corr")]
    Corr,
    /// Spearman's rank correlation.
    #[serde(rename = "spearman")]
    Spearman,
    /// Spearman's rank correlation under random breaking of ties.
    #[serde(rename = "rho-a")]
    RhoA,
    /// Kendall's rank correlation without correction for ties.
    #[serde(rename = "tau-a")]
    TauA,
    /// Kendall's rank correlation with correction for ties.
    #[serde(rename = "tau-b")]
    TauB,
    /// Cosine of whitened distances.
    #[serde(rename = "cosine_cov")]
    CosineCov,
    /// Correlation of whitened distances.
    #[serde(rename = "corr_cov")]
    CorrCov,
    /// Bures similarity of the kernels.
    #[serde(rename = "bures")]
    Bures,
}

/// An RDM as a comparator takes it.
pub(super) enum Compared {
    /// Values that are multiplied, of length 1.
    Vector(Rdm),
    /// Ranks of which the products are scaled.
    Ranks(Rdm),
    /// Values whose order counts.
    Ordered { rdm: Rdm, is_corrected: bool },
    /// `G / |G|`.
    Kernel(Array2<f64>),
    /// `F` with `G / tr G = F F^T`.
    Factor(Array2<f64>),
}

impl Comparator {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Cosine,
        Self::Corr,
        Self::Spearman,
        Self::RhoA,
        Self::TauA,
        Self::TauB,
        Self::CosineCov,
        Self::CorrCov,
        Self::Bures,
    ];

    /// As it is called.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Cosine => "cosine",
            Self::Corr => "corr",
            Self::Spearman => "spearman",
            Self::RhoA => "rho-a",
            Self::TauA => "tau-a",
            Self::TauB => "tau-b",
            Self::CosineCov => "cosine_cov",
            Self::CorrCov => "corr_cov",
            Self::Bures => "bures",
        }
    }

    /// A few words on it.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Cosine => "cosine of the distances",
            Self::Corr => "their correlation",
            Self::Spearman => "correlation of their ranks",
            Self::RhoA => "the same under random breaking of ties",
            Self::TauA => "Kendall's rank correlation without correction for ties",
            Self::TauB => "Kendall's rank correlation with correction for ties",
            Self::CosineCov => "cosine of whitened distances; of euclidean ones it is linear CKA",
            Self::CorrCov => "correlation of whitened distances",
            Self::Bures => "Bures similarity of the kernels",
        }
    }

    pub(super) fn prepare(self, rdm: &Rdm) -> Result<Compared, AnalysisError> {
        check_finite(rdm)?;
        let with = |values: Vec<f64>| Rdm { patterns: rdm.patterns, values };
        Ok(match self {
            Self::Cosine => Compared::Vector(with(unit(rdm.values.clone())?)),
            Self::Corr => Compared::Vector(with(unit(without_mean(&rdm.values))?)),
            Self::Spearman => Compared::Vector(with(unit(without_mean(&ranks(&rdm.values)))?)),
            Self::RhoA => Compared::Ranks(with(without_mean(&ranks(&rdm.values)))),
            Self::TauA => Compared::Ordered { rdm: rdm.clone(), is_corrected: false },
            Self::TauB => Compared::Ordered { rdm: rdm.clone(), is_corrected: true },
            Self::CosineCov => Compared::Kernel(unit_kernel(rdm)?),
            Self::CorrCov => Compared::Kernel(unit_kernel(&with(without_mean(&rdm.values)))?),
            Self::Bures => Compared::Factor(factor(rdm)?),
        })
    }

    /// How alike two RDMs of the same patterns are.
    ///
    /// # Errors
    /// If they are of different numbers of patterns, all distances are 0, or equal where the comparator needs
    /// differences, a distance is not finite, or the Bures similarity is not defined since no points in a space have
    /// these distances.
    pub fn compare(self, a: &Rdm, b: &Rdm) -> Result<f64, AnalysisError> {
        self.prepare(a)?.with(&self.prepare(b)?, None)
    }
}

impl Compared {
    /// How alike they are with the patterns of the other in this order.
    pub fn with(&self, other: &Self, order: Option<&[usize]>) -> Result<f64, AnalysisError> {
        match (self, other) {
            (Self::Vector(a), Self::Vector(b)) => of_values(a, b, order, |a, b| Ok(product(a, b))),
            (Self::Ranks(a), Self::Ranks(b)) => of_values(a, b, order, |a, b| {
                let n = a.len() as f64;
                Ok(12.0 * product(a, b) / (n * n * n - n))
            }),
            (Self::Ordered { rdm: a, is_corrected }, Self::Ordered { rdm: b, .. }) => {
                of_values(a, b, order, |a, b| tau(a, b, *is_corrected))
            }
            (Self::Kernel(a), Self::Kernel(b)) => {
                check_patterns(a.nrows(), b.nrows())?;
                let at = |i: usize| order.map_or(i, |order| order[i]);
                Ok(a.indexed_iter().map(|((i, j), value)| value * b[[at(i), at(j)]]).sum())
            }
            (Self::Factor(a), Self::Factor(b)) => {
                check_patterns(a.nrows(), b.nrows())?;
                let crossed = match order {
                    Some(order) => a.t().dot(&b.select(Axis(0), order)),
                    None => a.t().dot(b),
                };
                Ok(Svd::of("rdm", crossed.view())?.s.iter().sum())
            }
            _ => Err(AnalysisError::Shape { array: "rdm", message: "must be compared by one comparator".into() }),
        }
    }
}

fn of_values(
    a: &Rdm,
    b: &Rdm,
    order: Option<&[usize]>,
    compare: impl Fn(&[f64], &[f64]) -> Result<f64, AnalysisError>,
) -> Result<f64, AnalysisError> {
    check_patterns(a.patterns, b.patterns)?;
    match order {
        Some(order) => compare(&a.values, &b.reordered(order).values),
        None => compare(&a.values, &b.values),
    }
}

fn check_patterns(a: usize, b: usize) -> Result<(), AnalysisError> {
    if a == b {
        return Ok(());
    }
    let message = format!("are of {a} and {b} patterns, but must be of the same patterns");
    Err(AnalysisError::Shape { array: "rdm", message })
}

fn check_finite(rdm: &Rdm) -> Result<(), AnalysisError> {
    match rdm.values.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(AnalysisError::NotFinite { array: "rdm", value: *value }),
        None => Ok(()),
    }
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn without_mean(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| value - mean).collect()
}

fn unit(values: Vec<f64>) -> Result<Vec<f64>, AnalysisError> {
    let length = product(&values, &values).sqrt();
    if length > 0.0 { Ok(values.into_iter().map(|value| value / length).collect()) } else { Err(flat()) }
}

fn flat() -> AnalysisError {
    let message = "has distances that do not differ as this comparator needs it (fewer than three patterns, or all \
                   equally far apart); take cosine, or more patterns";
    AnalysisError::Shape { array: "rdm", message: message.into() }
}

/// Kendall's tau in n log n steps: pairs in the wrong order are counted while they are sorted (Knight 1966).
fn tau(a: &[f64], b: &[f64], is_corrected: bool) -> Result<f64, AnalysisError> {
    let mut pairs: Vec<(f64, f64)> = a.iter().copied().zip(b.iter().copied()).collect();
    pairs.sort_by(|x, y| x.0.total_cmp(&y.0).then(x.1.total_cmp(&y.1)));
    let tied_in_a = tied(&pairs, |x, y| x.0 == y.0);
    let tied_in_both = tied(&pairs, |x, y| x == y);
    let mut of_b: Vec<f64> = pairs.into_iter().map(|pair| pair.1).collect();
    let discordant = sort_and_count(&mut of_b);
    let tied_in_b = tied(&of_b, |x, y| x == y);
    let all = count_pairs(of_b.len());
    let balance = all - tied_in_a - tied_in_b + tied_in_both - 2.0 * discordant;
    match is_corrected {
        false if all > 0.0 => Ok(balance / all),
        true if all > tied_in_a && all > tied_in_b => Ok(balance / ((all - tied_in_a) * (all - tied_in_b)).sqrt()),
        _ => Err(flat()),
    }
}

fn count_pairs(n: usize) -> f64 {
    let n = n as f64;
    n * (n - 1.0) / 2.0
}

/// Pairs within runs of values that are the same.
fn tied<T>(sorted: &[T], is_same: impl Fn(&T, &T) -> bool) -> f64 {
    sorted.chunk_by(is_same).map(|run| count_pairs(run.len())).sum()
}

/// Sorts by merging, and counts the pairs of which the first is larger.
fn sort_and_count(values: &mut [f64]) -> f64 {
    let n = values.len();
    if n < 2 {
        return 0.0;
    }
    let (left, right) = values.split_at_mut(n / 2);
    let mut count = sort_and_count(left) + sort_and_count(right);
    let mut merged = Vec::with_capacity(n);
    let (mut i, mut j) = (0, 0);
    while i < left.len() && j < right.len() {
        if right[j] < left[i] {
            count += (left.len() - i) as f64;
            merged.push(right[j]);
            j += 1;
        } else {
            merged.push(left[i]);
            i += 1;
        }
    }
    merged.extend_from_slice(&left[i..]);
    merged.extend_from_slice(&right[j..]);
    values.copy_from_slice(&merged);
    count
}

/// `G = -H D H / 2`.
fn kernel(rdm: &Rdm) -> Array2<f64> {
    let n = rdm.patterns;
    let whole = Array2::from_shape_fn((n, n), |(i, j)| -0.5 * rdm.at(i, j));
    let means = whole.sum_axis(Axis(0)) / n as f64;
    let mean = means.sum() / n as f64;
    Array2::from_shape_fn((n, n), |(i, j)| whole[[i, j]] - means[i] - means[j] + mean)
}

fn unit_kernel(rdm: &Rdm) -> Result<Array2<f64>, AnalysisError> {
    let kernel = kernel(rdm);
    let length = squares(&kernel).sqrt();
    if length > 0.0 { Ok(kernel / length) } else { Err(flat()) }
}

/// `F` with `G / tr G = F F^T`.
fn factor(rdm: &Rdm) -> Result<Array2<f64>, AnalysisError> {
    let (values, vectors) = symmetric("rdm", &kernel(rdm))?;
    let (largest, least) = (values.first().copied().unwrap_or(0.0), values.last().copied().unwrap_or(0.0));
    if largest <= 0.0 {
        return Err(flat());
    }
    if least < -ROUNDING * largest {
        let message = format!(
            "are distances of no points in a space (an eigenvalue of their kernel is {least:.3e}, the largest \
             {largest:.3e}), so that they have no Bures similarity; take cosine_cov, or euclidean distances"
        );
        return Err(AnalysisError::Shape { array: "rdm", message });
    }
    // The others are rounding, and most there are where patterns are more than units.
    let kept: Vec<usize> = (0..values.len()).filter(|place| values[*place] > ROUNDING * ROUNDING * largest).collect();
    let (sum, mut factor) = (values.iter().sum::<f64>(), vectors.select(Axis(1), &kept));
    factor.axis_iter_mut(Axis(1)).zip(&values).for_each(|(mut column, value)| column *= (value / sum).sqrt());
    Ok(factor)
}
