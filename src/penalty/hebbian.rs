//! Correlated activity across strong recurrent weights.
//!
//! ```text
//! L = mean over trials and steps of | sum over i, j of W_ij r_i r_j |
//! ```
//!
//! | symbol | name | shape |
//! |---|---|---|
//! | `W` | effective recurrent weights, `W[post, pre]`, also those from layer to layer | (units, units) |
//! | `r` | rates | (batch, steps, units) |
//!
//! The Hebbian criterion of the original nn4n, with its weights and rates of the same step.

use candle_core::{D, Tensor};

use super::average::mean;
use crate::error::Result;

/// Mean size of the activity correlations weighted by `weights` (units, units): a scalar.
pub fn hebbian(weights: &Tensor, rates: &Tensor, valid: &Tensor) -> Result<Tensor> {
    let (batch, steps, units) = rates.dims3()?;
    let recurrent = rates.reshape((batch * steps, units))?.matmul(&weights.t()?)?.reshape(rates.shape())?;
    mean(&(rates * recurrent)?.sum_keepdim(D::Minus1)?.abs()?, valid)
}

#[cfg(test)]
mod tests {
    use super::{super::testing::on_two_trials, *};

    #[test]
    fn weighted_correlations_match_hand_worked_numbers() -> Result<()> {
        let weights = Tensor::new(&[[1.0f64, 2.0], [-1.0, 0.0]], &candle_core::Device::Cpu)?;
        // 1 + 6 - 3, |1 - 6 + 3| and 4 + 0 + 0
        on_two_trials([[1.0, 3.0], [-1.0, 3.0]], [2.0, 0.0], |r, v| hebbian(&weights, r, v), (4.0 + 2.0 + 4.0) / 3.0);
        Ok(())
    }
}
