//! Correlated activity across strong recurrent weights.
//!
//! ```text
//! L = mean over trials and steps of | sum over i, j of W_ij r_i r_j |
//! ```
//!
//! | symbol | name | shape |
//! |---|---|---|
//! | `W` | effective recurrent weights, `W[post, pre]` | (units, units) |
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
