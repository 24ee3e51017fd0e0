//! How widely the activity is spread over the units: 0 when one unit is active at a time, log(units) when all are
//! equally.
//!
//! ```text
//! p_n = |r_n| / sum over units of |r|          L = mean over trials and steps of ( - sum over units of p_n log p_n )
//! ```
//!
//! `r` are the rates (batch, steps, units); L is in nats. A silent unit adds nothing (0 log 0 = 0) and has no gradient;
//! a step whose rates sum to less than 1e-12 counts as silent, with an entropy of 0 and no gradient.
//!
//! The entropy criterion of the original nn4n, which keeps the logarithm finite by adding 1e-8 to its argument, and
//! adds ten times the summed squared rates: here a term of its own, `l2_rates`. The entropy does not depend on the size
//! of the rates, so use the two together.

use candle_core::{D, Tensor};

use super::average::mean;
use crate::error::Result;

/// Summed rate below which a step counts as silent.
const SILENT: f64 = 1e-12;

/// Mean entropy of the activity over units: a scalar.
pub fn entropy(rates: &Tensor, valid: &Tensor) -> Result<Tensor> {
    let sizes = rates.abs()?;
    let ones = sizes.ones_like()?;
    let logarithms = sizes.detach().gt(0.0)?.where_cond(&sizes, &ones)?.log()?;
    let total = sizes.sum_keepdim(D::Minus1)?; // (batch, steps, 1)
    let active = total.detach().ge(SILENT)?;
    let divisor = active.where_cond(&total, &total.ones_like()?)?;
    // - sum p log p = log(sum s) - sum (s log s) / sum s
    let entropies = (divisor.log()? - ((sizes * logarithms)?.sum_keepdim(D::Minus1)? / &divisor)?)?;
    mean(&entropies.mul(&active.to_dtype(rates.dtype())?)?, valid)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::on_two_trials, *};

    #[test]
    fn entropies_match_hand_worked_numbers() {
        let uneven = 0.25 * 4f64.ln() + 0.75 * (4f64 / 3.0).ln();
        on_two_trials([[1.0, 1.0], [0.0, 5.0]], [-1.0, 3.0], entropy, (2f64.ln() + 0.0 + uneven) / 3.0);
        on_two_trials([[1.0, 1.0], [0.0, 0.0]], [0.0, 0.0], entropy, 2f64.ln() / 3.0);
    }
}
