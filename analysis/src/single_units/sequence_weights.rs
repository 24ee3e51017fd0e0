//! Weights between units that are active one after the other.
//!
//! ```text
//! forward    mean of w[post, pre] over pairs in which pre has its peak before post
//! backward   the same where it has it after post
//! lag        place of post in the order less that of pre: mean and deviation over all pairs of a lag
//! ```
//!
//! Pairs whose peaks are in one step are neither forward nor backward; a unit with itself is no pair. A sequence that
//! units hand on has larger forward weights: its matrix is not normal.
//!
//! Orhan & Ma 2019, doi:10.1038/s41593-018-0314-y.

use ndarray::ArrayView2;
use serde::Serialize;

use super::sequentiality::Sequence;
use crate::AnalysisError;

/// Weights between the units of a [`Sequence`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SequenceWeights {
    /// Mean weight from units with an earlier to units with a later peak; `None` if all peaks are at one time.
    pub forward: Option<f64>,
    /// Mean weight from units with a later to units with an earlier peak.
    pub backward: Option<f64>,
    /// Pairs in each of the two.
    pub pairs: usize,
    /// Places from the presynaptic to the postsynaptic unit, ascending, without 0.
    #[serde(skip)]
    pub lags: Vec<i64>,
    /// (lags): mean weight.
    #[serde(skip)]
    pub means: Vec<f64>,
    /// (lags): standard deviation of the weights.
    #[serde(skip)]
    pub deviations: Vec<f64>,
}

impl SequenceWeights {
    /// Of `weights` (units, units), `w[post, pre]`, of all units of the activity in their order there.
    ///
    /// # Errors
    /// If the sequence has a unit that the weights have not.
    pub fn of(sequence: &Sequence, weights: ArrayView2<'_, f64>) -> Result<Self, AnalysisError> {
        let (posts, pres) = weights.dim();
        let last = sequence.order.iter().copied().max().unwrap_or(0);
        if last >= posts.min(pres) {
            let message = format!("the sequence has unit {last}, but the weights are of {posts} x {pres} units");
            return Err(AnalysisError::Trials(message));
        }
        let n = sequence.order.len();
        let weight = |post: usize, pre: usize| weights[[sequence.order[post], sequence.order[pre]]];
        let mean_of = |is_among: &dyn Fn(f64, f64) -> bool| {
            let pairs = (0..n).flat_map(|post| (0..n).map(move |pre| (post, pre)));
            let peaks = &sequence.peaks_ms;
            let among = pairs.filter(|(post, pre)| is_among(peaks[*pre], peaks[*post]));
            mean(among.map(|(post, pre)| weight(post, pre)))
        };
        let (forward, pairs) = mean_of(&|pre, post| pre < post);
        let (backward, _) = mean_of(&|pre, post| pre > post);
        let n = n as i64;
        let lags: Vec<i64> = (1 - n..n).filter(|lag| *lag != 0).collect();
        let at = |lag: i64| (0.max(-lag)..n.min(n - lag)).map(move |pre| weight((pre + lag) as usize, pre as usize));
        let means: Vec<f64> = lags.iter().map(|lag| mean(at(*lag)).0.unwrap_or(0.0)).collect();
        let spread = |(lag, center): (&i64, &f64)| {
            mean(at(*lag).map(|weight| (weight - center).powi(2))).0.unwrap_or(0.0).sqrt()
        };
        let deviations = lags.iter().zip(&means).map(spread).collect();
        Ok(Self { forward, backward, pairs, lags, means, deviations })
    }
}

/// The mean, and of how many; `None` of none.
fn mean(values: impl Iterator<Item = f64>) -> (Option<f64>, usize) {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    ((count > 0).then(|| sum / count as f64), count)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, arr2};

    use super::*;

    fn sequence(order: &[usize], peaks_ms: &[f64]) -> Sequence {
        Sequence {
            order: order.into(),
            peaks_ms: peaks_ms.into(),
            peaks_shown_ms: peaks_ms.into(),
            correlation: None,
            trials: (1, 1),
            left_out: 0,
            steps_left_out: 0,
            time_ms: Vec::new(),
            rates: Array2::zeros((order.len(), 0)),
        }
    }

    #[test]
    fn weights_are_told_apart_by_the_order_of_peaks() {
        // Unit 2 is first, then 0 and 1 in one step; w[post, pre].
        let weights = arr2(&[[9.0, 1.0, 2.0], [3.0, 9.0, 4.0], [-1.0, -2.0, 9.0]]);
        let found = SequenceWeights::of(&sequence(&[2, 0, 1], &[5.0, 15.0, 15.0]), weights.view()).unwrap();
        // Forward: 2 -> 0 and 2 -> 1. Backward: 0 -> 2 and 1 -> 2. The two of one step are in neither.
        assert_eq!((found.forward, found.backward, found.pairs), (Some(3.0), Some(-1.5), 2));
        assert_eq!(found.lags, [-2, -1, 1, 2]);
        // Lag 1: 2 -> 0 and 0 -> 1. Lag -1: 0 -> 2 and 1 -> 0.
        assert_eq!(found.means, [-2.0, 0.0, 2.5, 4.0]);
        assert_eq!(found.deviations, [0.0, 1.0, 0.5, 0.0]);
    }

    #[test]
    fn peaks_at_one_time_have_no_direction() {
        let found = SequenceWeights::of(&sequence(&[0, 1], &[5.0, 5.0]), Array2::ones((2, 2)).view()).unwrap();
        assert_eq!((found.forward, found.backward, found.pairs), (None, None, 0));
        let error = SequenceWeights::of(&sequence(&[4], &[5.0]), Array2::ones((2, 2)).view()).unwrap_err();
        assert!(error.to_string().contains("unit 4"), "{error}");
    }
}
