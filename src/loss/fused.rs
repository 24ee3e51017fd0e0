//! The losses in one pass over outputs, targets and loss mask, on the CPU.

use candle_core::{DType, Result as CandleResult, Tensor};
use nn4n_models::host::{self, Real};

use crate::{error::Result, loss::known, simulate::TensorBatch};

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
    let [sum, mask] =
        host::read([outputs, &batch.targets, &batch.loss_mask], |slices: [&[T]; 3]| host::sums(slices, terms))?;
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

/// Cross-entropy of a softmax readout.
pub(super) fn categorical(logits: &Tensor, batch: &TensorBatch) -> Result<Tensor> {
    match logits.dtype() {
        DType::F64 => over_softmax::<f64>(logits, batch),
        _ => over_softmax::<f32>(logits, batch),
    }
}

/// Cross-entropy of each output of a sigmoid readout.
pub(super) fn binary(logits: &Tensor, batch: &TensorBatch) -> Result<Tensor> {
    match logits.dtype() {
        DType::F64 => over_sigmoid::<f64>(logits, batch),
        _ => over_sigmoid::<f32>(logits, batch),
    }
}

/// `- sum m y log p / sum (mean over the outputs of m)`, `p = softmax(l)`; its gradient is `(sum m y) p - m y` of each
/// step, divided by the same.
fn over_softmax<T: Real>(logits: &Tensor, batch: &TensorBatch) -> Result<Tensor> {
    let outputs = logits.dim(2)?;
    let (sum, mask, gradient) =
        host::read([logits, &batch.targets, &batch.loss_mask], |[logits, targets, loss_mask]: [&[T]; 3]| {
            let mut gradient = vec![T::zero(); logits.len()];
            let rows =
                logits.chunks_exact(outputs).zip(targets.chunks_exact(outputs)).zip(loss_mask.chunks_exact(outputs));
            let sum = rows
                .zip(gradient.chunks_exact_mut(outputs))
                .map(|(((l, y), m), gradient)| softmax_step(l, y, m, gradient))
                .sum::<f64>();
            (sum, host::sums([loss_mask; 3], |[m, ..]| [m])[0], gradient)
        })?;
    let weight = if mask == 0.0 { 1.0 } else { mask / outputs as f64 };
    let gradient = Tensor::from_vec(gradient, logits.shape(), logits.device())?;
    Ok(known(logits, sum / weight, move |_, factor| gradient.affine(factor / weight, 0.0))?)
}

/// The cross-entropy of one step, and its gradient.
fn softmax_step<T: Real>(logits: &[T], targets: &[T], loss_mask: &[T], gradient: &mut [T]) -> f64 {
    let largest = logits.iter().fold(logits[0], |largest, l| if *l > largest { *l } else { largest });
    let mut partition = T::zero();
    for (p, l) in gradient.iter_mut().zip(logits) {
        *p = (*l - largest).exp();
        partition += *p;
    }
    let log_partition = partition.to_f64().ln();
    let (mut entropy, mut targeted) = (0.0, T::zero());
    for ((l, y), m) in logits.iter().zip(targets).zip(loss_mask) {
        entropy += (*m * *y).to_f64() * (log_partition - (*l - largest).to_f64());
        targeted += *m * *y;
    }
    for ((p, y), m) in gradient.iter_mut().zip(targets).zip(loss_mask) {
        *p = targeted * *p / partition - *m * *y;
    }
    entropy
}

/// `sum m (log(1 + exp(l)) - l y) / sum m`; its gradient is `m (s(l) - y)`, divided by the same.
fn over_sigmoid<T: Real>(logits: &Tensor, batch: &TensorBatch) -> Result<Tensor> {
    let [sum, mask] = host::read([logits, &batch.targets, &batch.loss_mask], |slices: [&[T]; 3]| {
        let mut terms = vec![T::zero(); slices[0].len()];
        host::map(&mut terms, slices, |_, [l, y, m]| m * (l.softplus() - l * y));
        host::sums([&terms, slices[2], slices[2]], |[term, m, _]| [term, m])
    })?;
    let weight = if mask == 0.0 { 1.0 } else { mask };
    let (targets, loss_mask) = (batch.targets.clone(), batch.loss_mask.clone());
    let gradient = move |logits: &Tensor, factor: f64| -> CandleResult<Tensor> {
        let scale = T::from_f64(factor / weight);
        let gradient = host::read([logits, &targets, &loss_mask], |slices: [&[T]; 3]| {
            let mut gradient = vec![T::zero(); slices[0].len()];
            host::map(&mut gradient, slices, |_, [l, y, m]| scale * m * (l.sigmoid() - y));
            gradient
        })?;
        Tensor::from_vec(gradient, logits.shape(), logits.device())
    };
    Ok(known(logits, sum / weight, gradient)?)
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
