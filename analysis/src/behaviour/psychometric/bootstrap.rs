//! Choices that are drawn from a fitted curve, and fitted again.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution};

use super::likelihood::{Estimate, Model, Row};
use crate::{AnalysisError, interruption::each, statistics::quantile};

/// Lower and upper end of an interval of 95 %.
pub type Interval = [f64; 2];

/// A fit to drawn choices.
pub(super) struct Refit {
    pub estimate: Estimate,
    pub residuals: Vec<f64>,
}

impl Refit {
    pub fn deviance(&self) -> f64 {
        self.residuals.iter().map(|residual| residual * residual).sum()
    }
}

/// `refits` of them, each of random numbers of its own, so that threads do not matter.
pub(super) fn refits(
    rows: &[Row],
    model: &Model,
    estimate: &Estimate,
    refits: usize,
    seed: u64,
) -> Result<Vec<Refit>, AnalysisError> {
    let draws = rows
        .iter()
        .zip(estimate.probabilities(model))
        .map(|(row, p)| Binomial::new(row.trials as u64, p.clamp(0.0, 1.0)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| AnalysisError::Trials(format!("choices cannot be drawn from the curve ({error})")))?;
    let refit = |i: usize| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(i as u64);
        let drawn: Vec<Row> = rows
            .iter()
            .zip(&draws)
            .map(|(row, draw)| Row { chose_first: draw.sample(&mut rng) as usize, ..row.clone() })
            .collect();
        let refitted = model.refit(&drawn, estimate);
        Ok(Refit { residuals: refitted.residuals(&drawn, model), estimate: refitted })
    };
    each(refits, refit)
}

/// The 2.5th and 97.5th percentile, linear between values; NaN without any.
pub(crate) fn percentiles(values: impl IntoIterator<Item = f64>) -> Interval {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    [0.025, 0.975].map(|fraction| quantile(&values, fraction))
}

/// How often drawn choices fit at most as well: (1 + as bad) / (1 + refits).
pub(super) fn p_value(own: f64, drawn: impl IntoIterator<Item = f64>) -> f64 {
    let (mut all, mut as_bad) = (1.0, 1.0);
    for value in drawn {
        all += 1.0;
        as_bad += f64::from(u8::from(value >= own));
    }
    as_bad / all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_linear_between_values() {
        assert_eq!(percentiles((0..=1000).rev().map(f64::from)), [25.0, 975.0]);
        assert_eq!(quantile(&[1.0, 3.0], 0.25), 1.5);
        assert_eq!(quantile(&[1.0, f64::INFINITY, f64::INFINITY], 0.8), f64::INFINITY);
        assert!(quantile(&[], 0.5).is_nan());
        assert_eq!(p_value(2.0, [1.0, 2.0, 3.0]), 0.75);
    }
}
