//! Averages over the steps within trials.

use candle_core::Tensor;

use crate::{error::Result, train::loss::ratio};

/// Mean of `values` (batch, steps, k) over all k, trials and steps, where `valid` (batch, steps, 1) is 1: a scalar.
pub(super) fn mean(values: &Tensor, valid: &Tensor) -> Result<Tensor> {
    let count = (valid.sum_all()? * values.dim(2)? as f64)?;
    ratio(&values.broadcast_mul(valid)?.sum_all()?, &count)
}

/// Mean of each channel of `values` (batch, steps, k) over trials and steps, where `valid` (batch, steps, 1) is 1: (k).
pub(super) fn channel_means(values: &Tensor, valid: &Tensor) -> Result<Tensor> {
    let sums = values.broadcast_mul(valid)?.sum((0, 1))?;
    ratio(&sums, &valid.sum_all()?.broadcast_as(sums.shape())?)
}

/// `sqrt(x)` of a scalar `x >= 0`, with a gradient of 0 at 0.
pub(super) fn sqrt_or_zero(x: &Tensor) -> Result<Tensor> {
    let positive = x.detach().gt(0.0)?;
    Ok((positive.where_cond(x, &x.ones_like()?)?.sqrt()? * positive.to_dtype(x.dtype())?)?)
}
