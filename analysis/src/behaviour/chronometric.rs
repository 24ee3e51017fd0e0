//! The chronometric function: how long decisions take at each strength of the evidence.
//!
//! ```text
//! strength   |x|
//! median     of the trials that were right, and of those that were wrong; with those without a response as the slowest
//! interval   of a median: the order statistics l, n + 1 - l with P(Binomial(n, 1/2) < l) <= 2.5 %
//! ```
//!
//! A trial without a response is censored: its decision would have taken longer than the trial. Leaving such trials out
//! makes means shorter than they are, the more the weaker the evidence is; they are counted at each strength, and the
//! median over all trials takes them as slower than any other. It is not known where half of the trials or more have no
//! response.
//!
//! Without trials that are cut off, an integrator of evidence `k x` with unit noise between two bounds `+-A` has
//!
//! ```text
//! P(right) = 1 / (1 + exp(-2 A k x))        mean decision time = A / (k x) tanh(A k x), A^2 at x = 0
//! ```
//!
//! Reference: Palmer J, Huk AC, Shadlen MN (2005), J Vis 5: 376-404, <https://doi.org/10.1167/5.5.1>.

use serde::Serialize;

use crate::{AnalysisError, median::lower_rank, statistics::quantile};

/// A decision, or none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// The signed evidence; its strength is what counts.
    pub value: f64,
    /// Whether it was right; `None` where that is not known.
    pub was_right: Option<bool>,
    /// ms; `None` without a response.
    pub reaction_time: Option<f64>,
}

/// Reaction times at each strength of the evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Chronometric {
    /// The strengths, ascending.
    pub points: Vec<ChronometricPoint>,
    /// Trials without a response, in all.
    pub without_response: usize,
}

/// Reaction times at one strength.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChronometricPoint {
    /// |value|
    pub strength: f64,
    /// Trials of this strength, with those without a response.
    pub trials: usize,
    /// Trials without a response: these are censored.
    pub without_response: usize,
    /// Their share.
    pub share_without_response: f64,
    /// Median over all trials, those without a response as the slowest, ms; `None` where half of them or more have
    /// none.
    pub median_with_censored: Option<f64>,
    /// Trials that were right; `None` if there is none with a response.
    pub right: Option<Times>,
    /// Trials that were wrong; `None` if there is none with a response.
    pub wrong: Option<Times>,
    /// Trials with a response of which nothing says whether they were right.
    pub unscored: usize,
}

/// A set of reaction times, ms.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Times {
    /// How many.
    pub trials: usize,
    /// Their median.
    pub median: f64,
    /// Its 95 % interval, by order statistics; `None` of fewer than 6, which have none.
    pub median_interval: Option<[f64; 2]>,
    /// Their mean.
    pub mean: f64,
    /// Standard error of the mean; `None` of one.
    pub standard_error: Option<f64>,
    /// All of them, ascending.
    #[serde(skip)]
    pub all: Vec<f64>,
}

impl Chronometric {
    /// Decisions by the strength of their evidence.
    ///
    /// # Errors
    /// If a value or a time is not finite, or no trial has a response.
    pub fn of(decisions: &[Decision]) -> Result<Self, AnalysisError> {
        for decision in decisions {
            check("values", decision.value)?;
            decision.reaction_time.map_or(Ok(()), |time| check("reaction times", time))?;
        }
        if decisions.iter().all(|decision| decision.reaction_time.is_none()) {
            return Err(AnalysisError::Trials(format!(
                "none of {} trials has a reaction time; take a task in which responses are timed, or recordings with a \
                 variable `reaction_time` (ms)",
                decisions.len()
            )));
        }
        let mut sorted = decisions.to_vec();
        sorted.sort_by(|a, b| a.value.abs().total_cmp(&b.value.abs()));
        let points: Vec<ChronometricPoint> =
            sorted.chunk_by(|a, b| a.value.abs() == b.value.abs()).map(ChronometricPoint::of).collect();
        Ok(Self { without_response: points.iter().map(|point| point.without_response).sum(), points })
    }
}

impl ChronometricPoint {
    fn of(decisions: &[Decision]) -> Self {
        let times = |right: bool| {
            let those = decisions.iter().filter(|decision| decision.was_right == Some(right));
            Times::of(those.filter_map(|decision| decision.reaction_time).collect())
        };
        let mut all: Vec<f64> =
            decisions.iter().map(|decision| decision.reaction_time.unwrap_or(f64::INFINITY)).collect();
        all.sort_by(f64::total_cmp);
        let without_response = all.iter().filter(|time| time.is_infinite()).count();
        Self {
            strength: decisions[0].value.abs(),
            trials: decisions.len(),
            without_response,
            share_without_response: without_response as f64 / decisions.len() as f64,
            median_with_censored: Some(quantile(&all, 0.5)).filter(|median| median.is_finite()),
            right: times(true),
            wrong: times(false),
            unscored: decisions.iter().filter(|one| one.was_right.is_none() && one.reaction_time.is_some()).count(),
        }
    }
}

impl Times {
    fn of(mut all: Vec<f64>) -> Option<Self> {
        all.sort_by(f64::total_cmp);
        let n = all.len();
        if n == 0 {
            return None;
        }
        let mean = all.iter().sum::<f64>() / n as f64;
        let spread: f64 = all.iter().map(|time| (time - mean) * (time - mean)).sum();
        Some(Self {
            trials: n,
            median: quantile(&all, 0.5),
            median_interval: lower_rank(n).map(|rank| [all[rank - 1], all[n - rank]]),
            mean,
            standard_error: (n > 1).then(|| (spread / (n - 1) as f64 / n as f64).sqrt()),
            all,
        })
    }
}

fn check(array: &'static str, value: f64) -> Result<(), AnalysisError> {
    if value.is_finite() { Ok(()) } else { Err(AnalysisError::NotFinite { array, value }) }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    fn decision(value: f64, was_right: bool, time: f64) -> Decision {
        Decision { value, was_right: Some(was_right), reaction_time: Some(time) }
    }

    /// Drift diffusion with A = k = 1 at a step of 1e-3. Steps overshoot bounds by 0.5826 of their size on average.
    fn drift_diffusion(value: f64, rng: &mut ChaCha8Rng) -> Decision {
        let dt = 1e-3f64;
        let bound = 1.0 - 0.5826 * dt.sqrt();
        let (mut x, mut t) = (0.0f64, 0.0);
        while x.abs() < bound {
            let noise: f64 = StandardNormal.sample(rng);
            x += value * dt + dt.sqrt() * noise;
            t += dt;
        }
        decision(value, x > 0.0, t)
    }

    #[test]
    fn drift_diffusion_has_the_known_accuracy_and_mean_times() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let n = 6000;
        let values = [0.5, -1.0, 2.0];
        let decisions: Vec<Decision> = values
            .iter()
            .flat_map(|value| vec![*value; n])
            .map(|value| {
                let one = drift_diffusion(value, &mut rng);
                Decision { was_right: Some(one.was_right.unwrap() == (value > 0.0)), ..one }
            })
            .collect();
        let found = Chronometric::of(&decisions).unwrap();
        for (point, (strength, p, time)) in
            found.points.iter().zip([(0.5, 0.731059, 0.924234), (1.0, 0.880797, 0.761594), (2.0, 0.982014, 0.482014)])
        {
            let (right, wrong) = (point.right.as_ref().unwrap(), point.wrong.as_ref().unwrap());
            assert_eq!((point.strength, point.trials, point.without_response), (strength, n, 0));
            let accuracy = right.trials as f64 / n as f64;
            assert!((accuracy - p).abs() < 3.5 * (p * (1.0 - p) / n as f64).sqrt(), "{accuracy} {p}");
            let closed = (1.0 / (1.0 + (-2.0 * strength).exp()), strength.tanh() / strength);
            assert!((closed.0 - p).abs() < 1e-6 && (closed.1 - time).abs() < 1e-6);
            // Between symmetric bounds, right and wrong decisions take equally long.
            for times in [right, wrong] {
                let error = times.standard_error.unwrap();
                assert!((times.mean - time).abs() < 4.0 * error + 2e-3, "{strength}: {} {time} {error}", times.mean);
            }
        }
    }

    #[test]
    fn trials_without_a_response_are_the_slowest_and_counted() {
        let none = Decision { value: -0.1, was_right: Some(true), reaction_time: None };
        let mut decisions: Vec<Decision> = [300.0, 100.0, 200.0].map(|time| decision(0.1, true, time)).into();
        decisions.extend([none, none]);
        let found = Chronometric::of(&decisions).unwrap();
        let point = &found.points[0];
        assert_eq!((point.trials, point.without_response, found.without_response), (5, 2, 2));
        assert_eq!((point.share_without_response, point.median_with_censored), (0.4, Some(300.0)));
        let right = point.right.as_ref().unwrap();
        assert_eq!((right.median, right.mean, right.median_interval), (200.0, 200.0, None));
        assert_eq!(point.wrong, None);
        decisions.extend([none, none]);
        assert_eq!(Chronometric::of(&decisions).unwrap().points[0].median_with_censored, None);
    }

    #[test]
    fn intervals_of_medians_have_the_tabulated_ranks() {
        // Of the tables of the sign test.
        for (n, rank) in [(5, None), (6, Some(1)), (10, Some(2)), (20, Some(6)), (50, Some(18)), (100, Some(40))] {
            assert_eq!(lower_rank(n), rank, "{n}");
        }
    }

    #[test]
    fn trials_without_times_are_refused() {
        let none = Decision { value: 0.1, was_right: Some(true), reaction_time: None };
        assert!(Chronometric::of(&[none]).unwrap_err().to_string().contains("none of 1 trials has a reaction time"));
        assert!(Chronometric::of(&[decision(f64::NAN, true, 1.0)]).unwrap_err().to_string().contains("NaN"));
    }
}
