//! How alike a model's RDM could be at best to those of several subjects, which differ by noise: the noise ceiling.
//!
//! ```text
//! upper   mean over subjects of compare(pooled over all, its own)
//! lower   mean over subjects of compare(pooled over the others, its own)
//! pooled  mean over RDMs, each first made what the comparator takes of it:
//!         cosine, cosine_cov   d / sqrt(mean d^2)        corr, corr_cov   (d - mean d) / sd d, less the least of all
//!         spearman, rho-a, tau-a, tau-b   ranks
//! ```
//!
//! The pooled RDM is the one that is most alike to all, so that no model is above `upper` on average; to its own subject
//! it is fitted, in `lower` it is not. The true model's mean lies between the two. Of tau-a and tau-b the mean of ranks is
//! near the best, not it. Kernels that bures compares have no such mean.
//!
//! Nili H et al. (2014), PLoS Comput Biol 10: e1003553, <https://doi.org/10.1371/journal.pcbi.1003553>.

use serde::Serialize;

use super::{Comparator, Rdm};
use crate::{AnalysisError, statistics::ranks};

/// Bounds of what a model can reach.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NoiseCeiling {
    /// A model of what all share reaches so much.
    pub lower: f64,
    /// No model reaches more.
    pub upper: f64,
    /// Of so many subjects.
    pub subjects: usize,
}

impl NoiseCeiling {
    /// Of the RDMs of several subjects, over the same patterns.
    ///
    /// # Errors
    /// If there are fewer than two, the comparator is bures, or it cannot compare them.
    pub fn of(rdms: &[Rdm], comparator: Comparator) -> Result<Self, AnalysisError> {
        let n = rdms.len();
        if n < 2 {
            let message = format!("a noise ceiling is of two subjects at least, but there are {n}; name more");
            return Err(AnalysisError::Trials(message));
        }
        let made = rdms.iter().map(|rdm| made(rdm, comparator)).collect::<Result<Vec<_>, _>>()?;
        let mean = |means: &[f64]| means.iter().sum::<f64>() / n as f64;
        let all = pooled(&made, None, comparator)?;
        let mut upper = Vec::with_capacity(n);
        let mut lower = Vec::with_capacity(n);
        for (place, own) in rdms.iter().enumerate() {
            upper.push(comparator.compare(&all, own)?);
            lower.push(comparator.compare(&pooled(&made, Some(place), comparator)?, own)?);
        }
        Ok(Self { lower: mean(&lower), upper: mean(&upper), subjects: n })
    }
}

/// What of an RDM is pooled.
fn made(rdm: &Rdm, comparator: Comparator) -> Result<Rdm, AnalysisError> {
    let n = rdm.values.len() as f64;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
    let scaled = |values: Vec<f64>| {
        let root = (values.iter().map(|value| value * value).sum::<f64>() / n).sqrt();
        values.into_iter().map(|value| value / root).collect()
    };
    let values = match comparator {
        Comparator::Cosine | Comparator::CosineCov => scaled(rdm.values.clone()),
        Comparator::Corr | Comparator::CorrCov => {
            let middle = mean(&rdm.values);
            scaled(rdm.values.iter().map(|value| value - middle).collect())
        }
        Comparator::Spearman | Comparator::RhoA | Comparator::TauA | Comparator::TauB => ranks(&rdm.values),
        Comparator::Bures => {
            let rule = "compares kernels that have no mean of RDMs as the best model; take another, such as cosine_cov";
            return Err(AnalysisError::Setting { setting: "compare", value: "bures".into(), rule: rule.into() });
        }
    };
    Ok(Rdm { patterns: rdm.patterns, values })
}

/// The mean over all of them, or all but one.
fn pooled(made: &[Rdm], without: Option<usize>, comparator: Comparator) -> Result<Rdm, AnalysisError> {
    let kept: Vec<&Rdm> =
        made.iter().enumerate().filter(|(place, _)| Some(*place) != without).map(|(_, rdm)| rdm).collect();
    let (patterns, length) = (kept[0].patterns, kept[0].values.len());
    if let Some(other) = kept.iter().find(|rdm| rdm.patterns != patterns) {
        let message = format!("are of {patterns} and of {} patterns, but must be of the same", other.patterns);
        return Err(AnalysisError::Shape { array: "rdms", message });
    }
    let mean = |place: usize| kept.iter().map(|rdm| rdm.values[place]).sum::<f64>() / kept.len() as f64;
    let mut values: Vec<f64> = (0..length).map(mean).collect();
    if matches!(comparator, Comparator::Corr | Comparator::CorrCov) {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        values.iter_mut().for_each(|value| *value -= least);
    }
    Ok(Rdm { patterns, values })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rdm(values: [f64; 3]) -> Rdm {
        Rdm { patterns: 3, values: values.to_vec() }
    }

    #[test]
    fn subjects_without_noise_leave_no_room_and_others_do() {
        let alike = [rdm([1.0, 2.0, 4.0]), rdm([2.0, 4.0, 8.0]), rdm([0.5, 1.0, 2.0])];
        for comparator in Comparator::ALL.into_iter().filter(|comparator| *comparator != Comparator::Bures) {
            let found = NoiseCeiling::of(&alike, comparator).unwrap();
            assert!((found.lower - 1.0).abs() < 1e-12 && (found.upper - 1.0).abs() < 1e-12, "{comparator:?}");
            assert_eq!(found.subjects, 3);
        }
        let apart = [rdm([1.0, 2.0, 4.0]), rdm([2.0, 1.0, 4.0]), rdm([1.0, 3.0, 2.0])];
        let found = NoiseCeiling::of(&apart, Comparator::Cosine).unwrap();
        assert!(found.lower < found.upper && found.upper < 1.0, "{found:?}");
    }

    #[test]
    fn what_has_no_ceiling_is_refused() {
        let of = |rdms: &[Rdm], comparator| NoiseCeiling::of(rdms, comparator).unwrap_err().to_string();
        assert!(of(&[rdm([1.0, 2.0, 4.0])], Comparator::Cosine).contains("there are 1"));
        assert!(of(&vec![rdm([1.0, 2.0, 4.0]); 3], Comparator::Bures).contains("compare = bures"));
        let constant = of(&vec![rdm([1.0; 3]); 3], Comparator::Corr);
        assert!(!constant.is_empty());
        let other = Rdm { patterns: 2, values: vec![1.0] };
        assert!(of(&[rdm([1.0, 2.0, 4.0]), other], Comparator::Cosine).contains("patterns"));
    }
}
