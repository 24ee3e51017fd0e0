//! The bridge between arrays (ndarray, on the host) and tensors (on a device); nothing else crosses it.
//!
//! ```text
//! array  -> tensor   tensor, matrix, TensorBatch     copies, since a tensor owns its numbers
//! tensor -> array    host                            borrows the tensor's own memory where it can
//!                    array2, array3, copy3           owned arrays of f32, or into one
//! ```
//!
//! ```
//! use candle_core::{Device, Tensor};
//! use nn4n::simulate::host;
//! let tensor = Tensor::new(&[[1f32, 2.0], [3.0, 4.0]], &Device::Cpu)?;
//! let numbers = host::<f32>(&tensor)?;
//! assert_eq!(numbers.view(), ndarray::arr2(&[[1.0, 2.0], [3.0, 4.0]]).into_dyn().view());
//! assert!(numbers.is_borrowed());
//! # Ok::<(), nn4n::Error>(())
//! ```

use std::ops::Deref;

use candle_core::{DType, Device, Layout, Shape, Storage, Tensor, WithDType};
use ndarray::{
    Array2, Array3, ArrayD, ArrayView2, ArrayView3, ArrayViewD, ArrayViewMut2, ArrayViewMut3, Ix3, IxDyn, ShapeBuilder,
    s,
};
use nn4n_tasks::TrialBatch;
use rayon::prelude::*;

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
    Array2::from_shape_vec(shape, values(tensor)?).map_err(|error| Error::shape("tensor", error))
}

/// The values of a rank-3 tensor.
pub fn array3(tensor: &Tensor) -> Result<Array3<f32>> {
    let shape = tensor.dims3()?;
    Array3::from_shape_vec(shape, values(tensor)?).map_err(|error| Error::shape("tensor", error))
}

/// Copies the values of a rank-3 tensor, the parts of its first axis side by side.
pub fn copy3(tensor: &Tensor, mut into: ArrayViewMut3<'_, f32>) -> Result<()> {
    let numbers = host::<f32>(tensor)?;
    let numbers = numbers.view().into_dimensionality::<Ix3>().map_err(|error| Error::shape("tensor", error))?;
    if numbers.dim() != into.dim() {
        return Err(Error::shape("tensor", format!("is {:?}, but must be {:?}", numbers.dim(), into.dim())));
    }
    into.outer_iter_mut().into_par_iter().zip(numbers.outer_iter()).for_each(|(mut to, from)| copy2(from, &mut to));
    Ok(())
}

/// Row by row, as blocks of memory where they are.
fn copy2(from: ArrayView2<'_, f32>, to: &mut ArrayViewMut2<'_, f32>) {
    for (from, mut to) in from.rows().into_iter().zip(to.rows_mut()) {
        match (from.as_slice(), to.as_slice_mut()) {
            (Some(from), Some(to)) => to.copy_from_slice(from),
            _ => to.assign(&from),
        }
    }
}

/// The numbers of a tensor on the host; see [`host`].
pub struct HostArray<'t, T>(Numbers<'t, T>);

enum Numbers<'t, T> {
    Borrowed(Box<dyn Deref<Target = Storage> + 't>, &'t Layout),
    Copied(ArrayD<T>),
}

/// The numbers of a tensor as an array of `T`: those in the tensor's own memory if it is on the CPU and of that type,
/// else a converted copy. While they are borrowed the tensor can be read, but not changed.
///
/// # Errors
/// If the tensor cannot be brought to the host.
pub fn host<T: WithDType>(tensor: &Tensor) -> Result<HostArray<'_, T>> {
    let (storage, layout) = tensor.storage_and_layout();
    if borrow::<T>(&storage, layout).is_some() {
        return Ok(HostArray(Numbers::Borrowed(Box::new(storage), layout)));
    }
    drop(storage);
    let numbers = tensor.detach().to_device(&Device::Cpu)?.to_dtype(T::DTYPE)?.flatten_all()?.to_vec1()?;
    let array = ArrayD::from_shape_vec(tensor.dims(), numbers).map_err(|error| Error::shape("tensor", error))?;
    Ok(HostArray(Numbers::Copied(array)))
}

/// A view of what a layout selects: of transposed, narrowed and repeated tensors, too.
fn borrow<'a, T: WithDType>(storage: &'a Storage, layout: &Layout) -> Option<ArrayViewD<'a, T>> {
    let Storage::Cpu(storage) = storage else { return None };
    let numbers = storage.as_slice::<T>().ok()?.get(layout.start_offset()..)?;
    ArrayViewD::from_shape(IxDyn(layout.dims()).strides(IxDyn(layout.stride())), numbers).ok()
}

impl<T: WithDType> HostArray<'_, T> {
    /// The array.
    pub fn view(&self) -> ArrayViewD<'_, T> {
        match &self.0 {
            Numbers::Copied(array) => array.view(),
            // `host` has seen that this view exists.
            Numbers::Borrowed(storage, layout) => borrow(storage, layout).expect("a view of the tensor's memory"),
        }
    }

    /// Whether this is the tensor's own memory.
    pub fn is_borrowed(&self) -> bool {
        matches!(self.0, Numbers::Borrowed(..))
    }
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
    #[test]
    fn numbers_are_borrowed_wherever_the_tensor_has_them_in_memory() -> Result<()> {
        let tensor = Tensor::arange(0f32, 24.0, &Device::Cpu)?.reshape((2, 3, 4))?;
        let array = Array3::from_shape_fn((2, 3, 4), |(b, t, i)| (12 * b + 4 * t + i) as f32).into_dyn();
        let whole = host::<f32>(&tensor)?;
        assert_eq!(whole.view(), array);
        let address = whole.view().as_ptr();
        assert_eq!(address, host::<f32>(&tensor)?.view().as_ptr(), "two views of one memory");

        let part = tensor.narrow(1, 1, 2)?.transpose(0, 2)?;
        let view = host::<f32>(&part)?;
        assert!(view.is_borrowed());
        assert_eq!(view.view(), array.slice(s![.., 1.., ..]).permuted_axes([2, 1, 0]).into_dyn());
        assert_eq!(view.view().as_ptr(), address.wrapping_add(4));

        let converted = host::<f64>(&tensor)?;
        assert!(!converted.is_borrowed());
        assert_eq!(converted.view(), array.mapv(f64::from));
        let repeated = tensor.narrow(0, 0, 1)?.broadcast_as((5, 3, 4))?;
        assert!(host::<f32>(&repeated)?.is_borrowed());
        assert_eq!(
            host::<f32>(&repeated)?.view().index_axis(ndarray::Axis(0), 4),
            array.index_axis(ndarray::Axis(0), 0)
        );
        assert_eq!(host::<u8>(&Tensor::zeros((0, 3), DType::U8, &Device::Cpu)?)?.view().shape(), [0, 3]);
        assert_eq!(host::<f32>(&Tensor::new(2f32, &Device::Cpu)?)?.view()[[]], 2.0);
        Ok(())
    }
}
