//! The losses in one pass over outputs, targets and loss mask, on the CPU.

use candle_core::{DType, Result as CandleResult, Tensor};
use nn4n_models::host::{self, Real};

use crate::{batch::TensorBatch, error::Result, train::scalar::known};

pub(super) fn masked_mse(outputs: &Tensor, batch: &TensorBatch) -> Result<Tensor> {
    match outputs.dtype() {
        DType::F64 => squared::<f64, false>(outputs, batch),
        _ => squared::<f32, false>(outputs, batch),
    }
}

/// `v` has no part in the sum of errors, since `m` is 0 where it is.
pub(super) fn mean_square(outputs: &Tensor, batch: &TensorBatch) -> Result<Tensor> {
    match outputs.dtype() {
        DType::F64 => squared::<f64, true>(outputs, batch),
        _ => squared::<f32, true>(outputs, batch),
    }
}

/// `sum m (z - y)^2 / sum m`; or with `MEAN`, `sum (m (z - y))^2 / (O sum v)`.
fn squared<T: Real, const MEAN: bool>(outputs: &Tensor, batch: &TensorBatch) -> Result<Tensor> {
    let terms = |[z, y, m]: [f64; 3]| [if MEAN { m * m } else { m } * (z - y) * (z - y), m];
    let [sum, mask] = host::read([outputs, &batch.targets, &batch.loss_mask], |slices: [&[T]; 3]| host::sums(slices, terms))?;
    let weight = if MEAN { total::<T>(&batch.valid)? * outputs.dim(2)? as f64 } else { mask };
    // A batch that grades nothing has a sum of 0.
    let weight = if weight == 0.0 { 1.0 } else { weight };
    let (targets, loss_mask) = (batch.targets.clone(), batch.loss_mask.clone());
    let gradient = move |outputs: &Tensor, factor: f64| -> CandleResult<Tensor> {
        let scale = T::from_f64(2.0 * factor / weight);
        let gradient = host::read([outputs, &targets, &loss_mask], |slices: [&[T]; 3]| {
            let mut gradient = vec![T::zero(); slices[0].len()];
            host::map(&mut gradient, slices, |_, [z, y, m]| scale * if MEAN { m * m } else { m } * (z - y));
            gradient
        })?;
        Tensor::from_vec(gradient, outputs.shape(), outputs.device())
    };
    Ok(known(outputs, sum / weight, gradient)?)
}

/// The sum of all elements.
fn total<T: Real>(tensor: &Tensor) -> CandleResult<f64> {
    host::read([tensor], |[values]: [&[T]; 1]| host::sums([values; 3], |[value, ..]| [value])[0])
}

/// Whether all targets are in [0, 1].
pub(super) fn are_probabilities(targets: &Tensor) -> Result<bool> {
    fn outside<T: Real>(targets: &Tensor) -> CandleResult<f64> {
        let is_outside = |[y, ..]: [f64; 3]| [if (0.0..=1.0).contains(&y) { 0.0 } else { 1.0 }];
        host::read([targets], |[targets]: [&[T]; 1]| host::sums([targets; 3], is_outside)[0])
    }
    Ok(0.0
        == match targets.dtype() {
            DType::F64 => outside::<f64>(targets)?,
            _ => outside::<f32>(targets)?,
        })
}
