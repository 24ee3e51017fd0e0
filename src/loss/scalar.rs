//! Scalars that are computed outside of candle's graph, in one pass over the numbers of a tensor on the CPU, and join
//! it with their gradient.

use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result, Shape, Tensor, bail};

/// `value` as a function of `tensor`: a scalar of its data type. `gradient` gives the derivative with respect to
/// `tensor`, times a factor.
pub(crate) fn known(
    tensor: &Tensor,
    value: f64,
    gradient: impl Fn(&Tensor, f64) -> Result<Tensor> + Send + Sync + 'static,
) -> Result<Tensor> {
    tensor.apply_op1(Known { value, gradient })
}

struct Known<G> {
    value: f64,
    gradient: G,
}

impl<G: Fn(&Tensor, f64) -> Result<Tensor>> CustomOp1 for Known<G> {
    fn name(&self) -> &'static str {
        "known"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let value = match storage {
            CpuStorage::F32(_) => CpuStorage::F32(vec![self.value as f32]),
            CpuStorage::F64(_) => CpuStorage::F64(vec![self.value]),
            _ => bail!("a loss needs numbers of type F32 or F64"),
        };
        Ok((value, Shape::from(())))
    }

    fn bwd(&self, tensor: &Tensor, _: &Tensor, upstream: &Tensor) -> Result<Option<Tensor>> {
        let factor = upstream.to_dtype(DType::F64)?.to_scalar::<f64>()?;
        (self.gradient)(tensor, factor).map(Some)
    }
}
