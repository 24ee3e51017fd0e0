//! Averages over the steps within trials.

mod fused;

pub(super) use fused::SizeNorm;

use candle_core::Tensor;
use nn4n_models::host::has_passes;

use crate::{error::Result, loss::ratio};

/// Mean of `values` (batch, steps, k) over all k, trials and steps, where `valid` (batch, steps, 1) is 1: a scalar.
pub(super) fn mean(values: &Tensor, valid: &Tensor) -> Result<Tensor> {
    let count = (valid.sum_all()? * values.dim(2)? as f64)?;
    ratio(&values.broadcast_mul(valid)?.sum_all()?, &count)
}

/// Mean size of `values` (batch, steps, k) over all k, trials and steps, where `valid` (batch, steps, 1) is 1: a
/// scalar.
pub(super) fn mean_size(values: &Tensor, valid: &Tensor, norm: SizeNorm) -> Result<Tensor> {
    match norm {
        _ if has_passes(values.device()) => fused::mean_size(values, valid, norm),
        SizeNorm::Absolute => mean(&values.abs()?, valid),
        SizeNorm::Squared => mean(&values.sqr()?, valid),
    }
}

/// Sum of the sizes of all `values`: a scalar.
pub(super) fn sum_of_sizes(values: &Tensor, norm: SizeNorm) -> Result<Tensor> {
    match norm {
        _ if has_passes(values.device()) => fused::sum_of_sizes(values, norm),
        SizeNorm::Absolute => Ok(values.abs()?.sum_all()?),
        SizeNorm::Squared => Ok(values.sqr()?.sum_all()?),
    }
}

/// Mean of each channel of `values` (batch, steps, k) over trials and steps, where `valid` (batch, steps, 1) is 1: (k).
pub(super) fn channel_means(values: &Tensor, valid: &Tensor) -> Result<Tensor> {
    if has_passes(values.device()) { fused::channel_means(values, valid) } else { channel_means_by_ops(values, valid) }
}

fn channel_means_by_ops(values: &Tensor, valid: &Tensor) -> Result<Tensor> {
    let sums = values.broadcast_mul(valid)?.sum((0, 1))?;
    ratio(&sums, &valid.sum_all()?.broadcast_as(sums.shape())?)
}

/// `sqrt(x)` of a scalar `x >= 0`, with a gradient of 0 at 0.
pub(super) fn sqrt_or_zero(x: &Tensor) -> Result<Tensor> {
    let positive = x.detach().gt(0.0)?;
    Ok((positive.where_cond(x, &x.ones_like()?)?.sqrt()? * positive.to_dtype(x.dtype())?)?)
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    #[test]
    fn one_pass_and_separate_operations_agree() -> Result<()> {
        for (batch, steps, units) in [(1, 1, 1), (3, 5, 7), (2, 40, 100), (7, 600, 70)] {
            let values = Var::from_tensor(&Tensor::rand(-1f64, 1.0, (batch, steps, units), &Device::Cpu)?.relu()?)?;
            let valid =
                Tensor::rand(0f64, 1.0, (batch, steps, 1), &Device::Cpu)?.ge(0.3)?.to_dtype(candle_core::DType::F64)?;
            let upstream = Tensor::rand(0f64, 1.0, units, &Device::Cpu)?;
            let pairs = [
                (mean_size(&values, &valid, SizeNorm::Absolute)?, mean(&values.abs()?, &valid)?),
                (mean_size(&values, &valid, SizeNorm::Squared)?, mean(&values.sqr()?, &valid)?),
                (
                    (channel_means(&values, &valid)? * &upstream)?.sum_all()?,
                    (channel_means_by_ops(&values, &valid)? * &upstream)?.sum_all()?,
                ),
            ];
            for (found, wanted) in pairs {
                let read = |scalar: &Tensor| -> Result<Vec<f64>> {
                    let gradient = (scalar * 3.0)?.backward()?.get(&values).unwrap().flatten_all()?.to_vec1()?;
                    Ok([vec![scalar.to_scalar()?], gradient].concat())
                };
                assert!(
                    read(&found)?.iter().zip(&read(&wanted)?).all(|(a, b)| (a - b).abs() < 1e-12 * (1.0 + b.abs())),
                    "{batch} {steps} {units}"
                );
            }
        }
        Ok(())
    }
}
