//! The bridge between trials (ndarray, on the host) and tensors (on a device); nothing else crosses it.

use candle_core::{DType, Device, Shape, Tensor};
use ndarray::{Array2, Array3, ArrayView2, ArrayView3, s};
use nn4n_tasks::TrialBatch;

use crate::error::{Error, Result};

/// A batch of trials on a device.
#[derive(Clone, Debug)]
pub struct TensorBatch {
    /// (batch, steps, inputs)
    pub inputs: Tensor,
    /// (batch, steps, outputs)
    pub targets: Tensor,
    /// (batch, steps, outputs), >= 0; 0 after a trial's end.
    pub loss_mask: Tensor,
    /// 1 within a trial, 0 after its end (batch, steps, 1).
    pub valid: Tensor,
    /// Length of each trial, steps.
    pub n_steps: Vec<usize>,
}

impl TensorBatch {
    /// Places a batch of trials on `device`.
    pub fn new(trials: &TrialBatch, dtype: DType, device: &Device) -> Result<Self> {
        let mut valid = Array3::zeros((trials.len(), trials.max_steps(), 1));
        for (mut valid, n_steps) in valid.outer_iter_mut().zip(&trials.n_steps) {
            valid.slice_mut(s![..*n_steps, ..]).fill(1.0);
        }
        Ok(Self {
            inputs: tensor(trials.inputs.view(), dtype, device)?,
            targets: tensor(trials.targets.view(), dtype, device)?,
            loss_mask: tensor(trials.loss_mask.view(), dtype, device)?,
            valid: tensor(valid.view(), dtype, device)?,
            n_steps: trials.n_steps.clone(),
        })
    }

    /// The same batch on `device`; the batch itself if it is there already.
    pub fn to_device(&self, device: &Device) -> Result<Self> {
        Ok(Self {
            inputs: self.inputs.to_device(device)?,
            targets: self.targets.to_device(device)?,
            loss_mask: self.loss_mask.to_device(device)?,
            valid: self.valid.to_device(device)?,
            n_steps: self.n_steps.clone(),
        })
    }
}

/// A tensor with the values of `array` (batch, steps, channels).
pub fn tensor(array: ArrayView3<'_, f32>, dtype: DType, device: &Device) -> Result<Tensor> {
    let shape = array.dim();
    place(array.as_slice().map_or_else(|| array.iter().copied().collect(), <[f32]>::to_vec), shape, dtype, device)
}

/// A tensor with the values of `array` (rows, columns).
pub fn matrix(array: ArrayView2<'_, f32>, dtype: DType, device: &Device) -> Result<Tensor> {
    let shape = array.dim();
    place(array.as_slice().map_or_else(|| array.iter().copied().collect(), <[f32]>::to_vec), shape, dtype, device)
}

fn place(values: Vec<f32>, shape: impl Into<Shape>, dtype: DType, device: &Device) -> Result<Tensor> {
    Ok(Tensor::from_vec(values, shape, &Device::Cpu)?.to_dtype(dtype)?.to_device(device)?)
}

/// The values of a rank-2 tensor.
pub fn array2(tensor: &Tensor) -> Result<Array2<f32>> {
    let shape = tensor.dims2()?;
    Array2::from_shape_vec(shape, values(tensor)?).map_err(|error| Error::setting("tensor", error.to_string()))
}

/// The values of a rank-3 tensor.
pub fn array3(tensor: &Tensor) -> Result<Array3<f32>> {
    let shape = tensor.dims3()?;
    Array3::from_shape_vec(shape, values(tensor)?).map_err(|error| Error::setting("tensor", error.to_string()))
}

fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    Ok(tensor.detach().to_dtype(DType::F32)?.flatten_all()?.to_vec1()?)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn arrays_survive_the_round_trip_in_any_memory_order() -> Result<()> {
        let array = Array3::from_shape_fn((2, 3, 4), |(b, t, i)| (100 * b + 10 * t + i) as f32);
        let transposed = array.clone().permuted_axes([2, 0, 1]);
        for view in [array.view(), transposed.view()] {
            assert_eq!(array3(&tensor(view, DType::F64, &Device::Cpu)?)?, view);
        }
        assert_eq!(array2(&Tensor::new(&[[1f32, 2.0], [3.0, 4.0]], &Device::Cpu)?)?, array![[1.0, 2.0], [3.0, 4.0]]);
        Ok(())
    }
}
