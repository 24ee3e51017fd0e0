//! Differences between the mean rates of the units: small when all units fire alike.
//!
//! ```text
//! m_n   mean over trials and steps of r_n (units)          M   mean of m_n over units
//! rate_sd              S = sqrt(mean over units of (m_n - M)^2)
//! rate_cv              S / |M|
//! rate_mean_deviation  mean over units of |m_n - M|
//! rate_max_deviation   max over units of |m_n - M|
//! ```
//!
//! `r` are the rates (batch, steps, units). Where all units have the same mean rate, `S` is 0 and its gradient is taken
//! as 0. A network with `|M| < 1e-12` counts as silent: its coefficient of variation has no value, and is 0 with a
//! gradient of 0.
//!
//! The four criteria on the distribution of rates of the original nn4n, whose standard deviation divides by the number
//! of units minus 1.

use candle_core::Tensor;

use super::average::{channel_means, sqrt_or_zero};
use crate::error::Result;

/// Mean rate below which a network counts as silent.
const SILENT: f64 = 1e-12;

/// `rate_sd`: a scalar.
pub fn standard_deviation(rates: &Tensor, valid: &Tensor) -> Result<Tensor> {
    sqrt_or_zero(&deviations(&channel_means(rates, valid)?)?.sqr()?.mean_all()?)
}

/// `rate_cv`: a scalar.
pub fn coefficient_of_variation(rates: &Tensor, valid: &Tensor) -> Result<Tensor> {
    let size = channel_means(rates, valid)?.mean_all()?.abs()?;
    let active = size.detach().ge(SILENT)?;
    let divisor = active.where_cond(&size, &size.ones_like()?)?;
    Ok((standard_deviation(rates, valid)? / divisor)?.mul(&active.to_dtype(size.dtype())?)?)
}

/// `rate_mean_deviation`: a scalar.
pub fn mean_deviation(rates: &Tensor, valid: &Tensor) -> Result<Tensor> {
    Ok(deviations(&channel_means(rates, valid)?)?.abs()?.mean_all()?)
}

/// `rate_max_deviation`: a scalar.
pub fn max_deviation(rates: &Tensor, valid: &Tensor) -> Result<Tensor> {
    Ok(deviations(&channel_means(rates, valid)?)?.abs()?.max(0)?)
}

/// `m_n - M` (units).
fn deviations(means: &Tensor) -> Result<Tensor> {
    Ok(means.broadcast_sub(&means.mean_all()?)?)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::on_two_trials, *};

    #[test]
    fn spreads_match_hand_worked_numbers() {
        // Mean rates 1, 2 and 6.
        let check = |value: fn(&Tensor, &Tensor) -> Result<Tensor>, wanted| {
            on_two_trials([[0.0, 2.0, 9.0], [2.0, 2.0, 3.0]], [1.0, 2.0, 6.0], value, wanted);
        };
        check(standard_deviation, (14.0f64 / 3.0).sqrt());
        check(coefficient_of_variation, (14.0f64 / 3.0).sqrt() / 3.0);
        check(mean_deviation, 2.0);
        check(max_deviation, 3.0);
    }

    #[test]
    fn the_coefficient_of_variation_is_not_negative_for_negative_rates() {
        on_two_trials([[-1.0, -3.0]; 2], [-1.0, -3.0], coefficient_of_variation, 0.5);
    }
}
