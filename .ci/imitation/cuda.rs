//! A stand-in for candle's CUDA backend, for machines without a GPU: its memory is the host's, but the device is
//! another one than the CPU. It refuses what the real one refuses (operations of the CPU alone, tensors of two devices,
//! layouts that cuBLAS does not take, launches over nothing, types without a kernel), and f64, which Apple GPUs do not
//! have. What it would start and the most bytes that it held are printed when a device is let go. It says nothing of
//! kernels, drivers, asynchrony or speed.
#![allow(dead_code)]

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use crate::{
    CpuStorage, DType, Error, Layout, Result, Shape,
    backend::{BackendDevice, BackendStorage},
    conv::{ParamsConv1D, ParamsConv2D, ParamsConvTranspose1D, ParamsConvTranspose2D},
    cpu_backend::CpuDevice,
    op::{BinaryOpT, CmpOp, ReduceOp, UnaryOpT},
    scalar::Scalar,
};

static KERNELS: AtomicU64 = AtomicU64::new(0);
static PRODUCTS: AtomicU64 = AtomicU64::new(0);
/// Contiguous copies and zeros, which need no kernel.
static COPIES: AtomicU64 = AtomicU64::new(0);
static FROM_HOST: AtomicU64 = AtomicU64::new(0);
static TO_HOST: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);
static MOST_BYTES: AtomicUsize = AtomicUsize::new(0);
static DEVICES: AtomicUsize = AtomicUsize::new(1);

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

#[derive(Debug)]
struct Opened(usize);

impl Drop for Opened {
    fn drop(&mut self) {
        let counters = [&KERNELS, &PRODUCTS, &COPIES, &FROM_HOST, &TO_HOST].map(|counter| counter.load(Relaxed));
        let [kernels, products, copies, from_host, to_host] = counters;
        eprintln!(
            "imitation: kernels={kernels} products={products} copies={copies} from_host={from_host} to_host={to_host} \
            most_bytes={}",
            MOST_BYTES.load(Relaxed)
        );
    }
}

#[derive(Debug, Clone)]
pub struct CudaDevice(Arc<Opened>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeviceId(usize);

impl CudaDevice {
    pub fn new_with_stream(ordinal: usize) -> Result<Self> {
        Self::new(ordinal)
    }

    pub fn id(&self) -> DeviceId {
        DeviceId(self.0.0)
    }

    fn hold(&self, numbers: CpuStorage) -> Result<CudaStorage> {
        if numbers.dtype() == DType::F64 {
            crate::bail!("imitation: Apple GPUs have no f64");
        }
        Ok(CudaStorage::new(numbers, self))
    }
}

#[derive(Debug)]
pub struct CudaStorage {
    pub(crate) numbers: CpuStorage,
    device: CudaDevice,
    bytes: usize,
}

impl Drop for CudaStorage {
    fn drop(&mut self) {
        BYTES.fetch_sub(self.bytes, Relaxed);
    }
}

impl CudaStorage {
    fn new(numbers: CpuStorage, device: &CudaDevice) -> Self {
        let elements = match &numbers {
            CpuStorage::U8(values) => values.len(),
            CpuStorage::U32(values) => values.len(),
            CpuStorage::I64(values) => values.len(),
            CpuStorage::F32(values) => values.len(),
            CpuStorage::F64(values) => values.len(),
            _ => 0,
        };
        let bytes = elements * numbers.dtype().size_in_bytes();
        MOST_BYTES.fetch_max(BYTES.fetch_add(bytes, Relaxed) + bytes, Relaxed);
        Self { numbers, device: device.clone(), bytes }
    }

    pub fn transfer_to_device(&self, device: &CudaDevice) -> Result<Self> {
        count(&COPIES);
        device.hold(self.numbers.clone())
    }

    /// What a kernel over all of `layout` makes of it.
    pub(crate) fn launch(
        &self,
        layout: &Layout,
        result: impl FnOnce(&CpuStorage) -> Result<CpuStorage>,
    ) -> Result<Self> {
        started(layout)?;
        self.device.hold(result(&self.numbers)?)
    }

    fn has_float_kernel(&self, name: &str) -> Result<()> {
        match self.dtype() {
            DType::F32 | DType::F64 => Ok(()),
            other => crate::bail!("imitation: no kernel {name} of {other:?}"),
        }
    }
}

fn started(layout: &Layout) -> Result<()> {
    count(&KERNELS);
    match layout.shape().elem_count() {
        0 => crate::bail!("imitation: a launch over nothing is an invalid value"),
        elements if elements > u32::MAX as usize => crate::bail!("imitation: {elements} elements in one launch"),
        _ => Ok(()),
    }
}

fn has_kernel(dtype: DType, name: &str) -> Result<()> {
    match dtype {
        DType::U8 | DType::U32 | DType::I64 | DType::F32 | DType::F64 => Ok(()),
        other => crate::bail!("imitation: no kernel {name} of {other:?}"),
    }
}

fn contiguous(layouts: &[&Layout], op: &'static str) -> Result<()> {
    if layouts.iter().all(|layout| layout.contiguous_offsets().is_some()) {
        return Ok(());
    }
    Err(Error::RequiresContiguous { op }.bt())
}

/// Rows or columns of a matrix must follow one another without a gap.
fn is_dense(layout: &Layout, rows: usize, columns: usize) -> bool {
    let stride = layout.stride();
    let (along, down) = (stride[stride.len() - 1], stride[stride.len() - 2]);
    let by_rows = (along == 1 || columns == 1) && (down == columns || rows == 1);
    let by_columns = (along == rows || columns == 1) && (down == 1 || rows == 1);
    by_rows || by_columns
}

impl BackendStorage for CudaStorage {
    type Device = CudaDevice;

    fn try_clone(&self, _: &Layout) -> Result<Self> {
        count(&COPIES);
        self.device.hold(self.numbers.clone())
    }

    fn dtype(&self) -> DType {
        self.numbers.dtype()
    }

    fn device(&self) -> &CudaDevice {
        &self.device
    }

    fn const_set(&mut self, value: Scalar, layout: &Layout) -> Result<()> {
        started(layout)?;
        self.numbers.const_set(value, layout)
    }

    fn to_cpu_storage(&self) -> Result<CpuStorage> {
        count(&TO_HOST);
        Ok(self.numbers.clone())
    }

    fn affine(&self, layout: &Layout, factor: f64, term: f64) -> Result<Self> {
        self.launch(layout, |numbers| numbers.affine(layout, factor, term))
    }

    fn powf(&self, layout: &Layout, exponent: f64) -> Result<Self> {
        self.has_float_kernel("powf")?;
        self.launch(layout, |numbers| numbers.powf(layout, exponent))
    }

    fn elu(&self, layout: &Layout, alpha: f64) -> Result<Self> {
        self.has_float_kernel("elu")?;
        self.launch(layout, |numbers| numbers.elu(layout, alpha))
    }

    fn reduce_op(&self, op: ReduceOp, layout: &Layout, dims: &[usize]) -> Result<Self> {
        has_kernel(self.dtype(), "reduce")?;
        self.launch(layout, |numbers| numbers.reduce_op(op, layout, dims))
    }

    fn cmp(&self, op: CmpOp, other: &Self, left: &Layout, right: &Layout) -> Result<Self> {
        has_kernel(self.dtype(), "cmp")?;
        self.launch(left, |numbers| numbers.cmp(op, &other.numbers, left, right))
    }

    fn to_dtype(&self, layout: &Layout, dtype: DType) -> Result<Self> {
        has_kernel(dtype, "cast")?;
        self.launch(layout, |numbers| numbers.to_dtype(layout, dtype))
    }

    fn unary_impl<B: UnaryOpT>(&self, layout: &Layout) -> Result<Self> {
        self.has_float_kernel(B::NAME)?;
        self.launch(layout, |numbers| numbers.unary_impl::<B>(layout))
    }

    fn binary_impl<B: BinaryOpT>(&self, other: &Self, left: &Layout, right: &Layout) -> Result<Self> {
        has_kernel(self.dtype(), B::NAME)?;
        self.launch(left, |numbers| numbers.binary_impl::<B>(&other.numbers, left, right))
    }

    fn where_cond(&self, layout: &Layout, yes: &Self, yes_at: &Layout, no: &Self, no_at: &Layout) -> Result<Self> {
        match self.dtype() {
            DType::U8 | DType::U32 | DType::I64 => {}
            other => crate::bail!("imitation: a condition of {other:?}"),
        }
        self.launch(layout, |numbers| numbers.where_cond(layout, &yes.numbers, yes_at, &no.numbers, no_at))
    }

    fn index_select(&self, ids: &Self, layout: &Layout, at: &Layout, dim: usize) -> Result<Self> {
        contiguous(&[layout], "index-select")?;
        started(at)?;
        self.device.hold(self.numbers.index_select(&ids.numbers, layout, at, dim)?)
    }

    fn gather(&self, layout: &Layout, ids: &Self, at: &Layout, dim: usize) -> Result<Self> {
        contiguous(&[layout, at], "gather")?;
        started(at)?;
        self.device.hold(self.numbers.gather(layout, &ids.numbers, at, dim)?)
    }

    fn scatter_set(&mut self, to: &Layout, ids: &Self, at: &Layout, from: &Self, l: &Layout, dim: usize) -> Result<()> {
        contiguous(&[to, at, l], "scatter")?;
        started(l)?;
        self.numbers.scatter_set(to, &ids.numbers, at, &from.numbers, l, dim)
    }

    fn scatter_add_set(
        &mut self,
        to: &Layout,
        ids: &Self,
        at: &Layout,
        from: &Self,
        l: &Layout,
        dim: usize,
    ) -> Result<()> {
        contiguous(&[to, at, l], "scatter-add")?;
        started(l)?;
        self.numbers.scatter_add_set(to, &ids.numbers, at, &from.numbers, l, dim)
    }

    fn index_add(&self, to: &Layout, ids: &Self, at: &Layout, from: &Self, l: &Layout, dim: usize) -> Result<Self> {
        contiguous(&[to, at, l], "index-add")?;
        started(l)?;
        self.device.hold(self.numbers.index_add(to, &ids.numbers, at, &from.numbers, l, dim)?)
    }

    fn matmul(&self, other: &Self, sizes: (usize, usize, usize, usize), left: &Layout, right: &Layout) -> Result<Self> {
        let (_, m, n, k) = sizes;
        count(&PRODUCTS);
        if !is_dense(left, m, k) || !is_dense(right, k, n) {
            crate::bail!("imitation: cuBLAS does not take the layouts {left:?} and {right:?}");
        }
        self.device.hold(self.numbers.matmul(&other.numbers, sizes, left, right)?)
    }

    fn copy_strided_src(&self, to: &mut Self, offset: usize, layout: &Layout) -> Result<()> {
        if layout.shape().elem_count() == 0 {
            return Ok(());
        }
        count(if layout.is_contiguous() { &COPIES } else { &KERNELS });
        self.numbers.copy_strided_src(&mut to.numbers, offset, layout)
    }

    fn copy2d(&self, to: &mut Self, a: usize, b: usize, c: usize, d: usize, e: usize, f: usize) -> Result<()> {
        if a == 0 || b == 0 {
            return Ok(());
        }
        count(&KERNELS);
        self.numbers.copy2d(&mut to.numbers, a, b, c, d, e, f)
    }

    fn conv1d(&self, _: &Layout, _: &Self, _: &Layout, _: &ParamsConv1D) -> Result<Self> {
        crate::bail!("imitation: not imitated")
    }

    fn conv_transpose1d(&self, _: &Layout, _: &Self, _: &Layout, _: &ParamsConvTranspose1D) -> Result<Self> {
        crate::bail!("imitation: not imitated")
    }

    fn conv2d(&self, _: &Layout, _: &Self, _: &Layout, _: &ParamsConv2D) -> Result<Self> {
        crate::bail!("imitation: not imitated")
    }

    fn conv_transpose2d(&self, _: &Layout, _: &Self, _: &Layout, _: &ParamsConvTranspose2D) -> Result<Self> {
        crate::bail!("imitation: not imitated")
    }

    fn avg_pool2d(&self, _: &Layout, _: (usize, usize), _: (usize, usize)) -> Result<Self> {
        crate::bail!("imitation: not imitated")
    }

    fn max_pool2d(&self, _: &Layout, _: (usize, usize), _: (usize, usize)) -> Result<Self> {
        crate::bail!("imitation: not imitated")
    }

    fn upsample_nearest1d(&self, _: &Layout, _: usize) -> Result<Self> {
        crate::bail!("imitation: not imitated")
    }

    fn upsample_nearest2d(&self, _: &Layout, _: usize, _: usize) -> Result<Self> {
        crate::bail!("imitation: not imitated")
    }

    fn upsample_bilinear2d(
        &self,
        _: &Layout,
        _: usize,
        _: usize,
        _: bool,
        _: Option<f64>,
        _: Option<f64>,
    ) -> Result<Self> {
        crate::bail!("imitation: not imitated")
    }
}

impl BackendDevice for CudaDevice {
    type Storage = CudaStorage;

    fn new(_: usize) -> Result<Self> {
        Ok(Self(Arc::new(Opened(DEVICES.fetch_add(1, Relaxed)))))
    }

    fn set_seed(&self, _: u64) -> Result<()> {
        Ok(())
    }

    fn get_current_seed(&self) -> Result<u64> {
        Ok(0)
    }

    fn location(&self) -> crate::DeviceLocation {
        crate::DeviceLocation::Cuda { gpu_id: 0 }
    }

    fn same_device(&self, other: &Self) -> bool {
        self.id() == other.id()
    }

    fn zeros_impl(&self, shape: &Shape, dtype: DType) -> Result<CudaStorage> {
        count(&COPIES);
        self.hold(CpuDevice.zeros_impl(shape, dtype)?)
    }

    unsafe fn alloc_uninit(&self, shape: &Shape, dtype: DType) -> Result<CudaStorage> {
        self.hold(CpuDevice.zeros_impl(shape, dtype)?)
    }

    fn storage_from_slice<T: crate::WithDType>(&self, values: &[T]) -> Result<CudaStorage> {
        count(&FROM_HOST);
        self.hold(CpuDevice.storage_from_slice(values)?)
    }

    fn storage_from_cpu_storage(&self, storage: &CpuStorage) -> Result<CudaStorage> {
        count(&FROM_HOST);
        self.hold(storage.clone())
    }

    fn storage_from_cpu_storage_owned(&self, storage: CpuStorage) -> Result<CudaStorage> {
        count(&FROM_HOST);
        self.hold(storage)
    }

    fn rand_uniform(&self, shape: &Shape, dtype: DType, low: f64, high: f64) -> Result<CudaStorage> {
        self.hold(CpuDevice.rand_uniform(shape, dtype, low, high)?)
    }

    fn rand_normal(&self, shape: &Shape, dtype: DType, mean: f64, sd: f64) -> Result<CudaStorage> {
        self.hold(CpuDevice.rand_normal(shape, dtype, mean, sd)?)
    }

    fn synchronize(&self) -> Result<()> {
        Ok(())
    }
}
