//! Size of the rates.
//!
//! ```text
//! l1_rates    mean over units, trials and steps of |r|
//! l2_rates    mean over units, trials and steps of r^2
//! mean_rate   mean over units of (m_n - target)^2 (norm "l2"), or of |m_n - target| (norm "l1")
//!             m_n = mean over trials and steps of r_n
//! ```
//!
//! | symbol | name | shape |
//! |---|---|---|
//! | `r` | rates | (batch, steps, units) |
//! | `m_n` | mean rate of each unit | (units) |
//! | `target` | wanted mean rate, in the unit of the rates | |
//!
//! `l2_rates`: Song, Yang & Wang 2016, doi:10.1371/journal.pcbi.1004792. `mean_rate` with the target 0 is the
//! firing-rate criterion of the original nn4n in its two norms, and with norm `l2` the activity term of Wang et al.
//! 2024 (Time Makes Space, NeurIPS 2024).

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use super::average::{SizeNorm, channel_means, mean_size};
use crate::error::Result;

/// How the distance of a mean rate from its target is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MeanRateNorm {
    /// Absolute difference.
    L1,
    /// Squared difference.
    #[default]
    L2,
}

/// Mean absolute rate: a scalar.
pub fn l1_rates(rates: &Tensor, valid: &Tensor) -> Result<Tensor> {
    mean_size(rates, valid, SizeNorm::Absolute)
}

/// Mean squared rate: a scalar.
pub fn l2_rates(rates: &Tensor, valid: &Tensor) -> Result<Tensor> {
    mean_size(rates, valid, SizeNorm::Squared)
}

/// Mean distance of the units' mean rates from `target`: a scalar.
pub fn mean_rate(rates: &Tensor, valid: &Tensor, target: f64, norm: MeanRateNorm) -> Result<Tensor> {
    let distances = (channel_means(rates, valid)? - target)?;
    Ok(match norm {
        MeanRateNorm::L1 => distances.abs()?.mean_all()?,
        MeanRateNorm::L2 => distances.sqr()?.mean_all()?,
    })
}

#[cfg(test)]
mod tests {
    use super::{super::testing::on_two_trials, *};

    #[test]
    fn sizes_of_rates_match_hand_worked_numbers() {
        let first = [[-1.0, 3.0], [3.0, 5.0]];
        on_two_trials(first, [2.0, 4.0], l1_rates, 3.0);
        on_two_trials(first, [2.0, 4.0], l2_rates, 64.0 / 6.0);
        // Mean rates 4/3 and 4.
        on_two_trials(first, [2.0, 4.0], |r, v| mean_rate(r, v, 0.0, MeanRateNorm::L2), 80.0 / 9.0);
        on_two_trials(first, [2.0, 4.0], |r, v| mean_rate(r, v, 2.0, MeanRateNorm::L2), (4.0 / 9.0 + 4.0) / 2.0);
        on_two_trials(first, [2.0, 4.0], |r, v| mean_rate(r, v, 2.0, MeanRateNorm::L1), 4.0 / 3.0);
    }
}
