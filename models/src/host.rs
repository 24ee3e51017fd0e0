//! The numbers of CPU tensors as slices, and passes over them: what operations that are worth fusing on the CPU are
//! written with.
//!
//! A pass is split into pieces of a fixed size, so that its result depends neither on the number of threads nor on
//! whether there are several. Small tensors are left to the calling thread, since waking another one takes longer than
//! the work.

use std::{cell::Cell, marker::PhantomData, ops::Range};

use candle_core::{
    CpuStorage, DType, Device, InplaceOp1, InplaceOp3, Layout, Result, Shape, Storage, Tensor, WithDType, bail,
};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

thread_local! {
    static BY_OPERATIONS: Cell<bool> = const { Cell::new(false) };
}

/// Whether work on this device is done in passes of our own over its numbers, as on the CPU. Elsewhere it is done in
/// candle's operations. Everything that can be done in both ways asks here.
pub fn has_passes(device: &Device) -> bool {
    device.is_cpu() && !BY_OPERATIONS.get()
}

/// Does `work` in the operations that a GPU would run, on the CPU, too. This holds for decisions that this thread
/// makes, which are all of [`Ctrnn`](crate::Ctrnn) and of a training step.
pub fn by_operations<R>(work: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            BY_OPERATIONS.set(self.0);
        }
    }
    let _restore = Restore(BY_OPERATIONS.replace(true));
    work()
}

/// The numbers of a tensor of any shape, row by row. They become f64 on the host: Apple GPUs have none.
///
/// # Errors
/// If they cannot be brought to the host.
pub fn values(tensor: &Tensor) -> Result<Vec<f64>> {
    tensor.detach().to_device(&Device::Cpu)?.to_dtype(DType::F64)?.flatten_all()?.to_vec1()
}

/// The number of a scalar, as [`values`].
///
/// # Errors
/// If the tensor is no scalar, or cannot be brought to the host.
pub fn value(scalar: &Tensor) -> Result<f64> {
    scalar.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_scalar()
}

/// A tensor of these numbers on a device. They get their type on the host, as with [`values`].
///
/// # Errors
/// If their number does not fit the shape, or the device has no room for them.
pub fn placed(values: Vec<f64>, shape: impl Into<Shape>, dtype: DType, device: &Device) -> Result<Tensor> {
    Tensor::from_vec(values, shape.into(), &Device::Cpu)?.to_dtype(dtype)?.to_device(device)
}

/// Numbers that the CPU takes up at a time; a multiple of any vector register.
const LANES: usize = 8;

/// Terms that are computed before they are added up.
const BLOCK: usize = 128;

/// Elements of a piece of a large pass, a multiple of `LANES`.
const PIECE: usize = 1 << 16;

/// Elements from which a pass is shared between threads.
const LARGE: usize = 1 << 18;

/// `f32` or `f64`. The functions of `f32` are plain arithmetic ([`nn4n_elementary`]), those of `f64` the standard
/// library's.
pub trait Real: WithDType {
    /// The square root.
    fn sqrt(self) -> Self;
    /// `e^x`
    fn exp(self) -> Self;
    /// `1 / (1 + exp(-x))`
    fn sigmoid(self) -> Self;
    /// `log(1 + exp(x))`
    fn softplus(self) -> Self;
    /// The numbers of a tensor; `None` if they are of another type.
    fn of(storage: &mut CpuStorage) -> Option<&mut [Self]>;
}

impl Real for f32 {
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }

    #[inline(always)]
    fn exp(self) -> Self {
        nn4n_elementary::exp(self)
    }

    #[inline(always)]
    fn sigmoid(self) -> Self {
        nn4n_elementary::sigmoid(self)
    }

    #[inline(always)]
    fn softplus(self) -> Self {
        nn4n_elementary::softplus(self)
    }

    fn of(storage: &mut CpuStorage) -> Option<&mut [Self]> {
        if let CpuStorage::F32(values) = storage { Some(values) } else { None }
    }
}

impl Real for f64 {
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }

    #[inline(always)]
    fn exp(self) -> Self {
        self.exp()
    }

    #[inline(always)]
    fn sigmoid(self) -> Self {
        1.0 / (1.0 + (-self).exp())
    }

    #[inline(always)]
    fn softplus(self) -> Self {
        self.max(0.0) + (-self.abs()).exp().ln_1p()
    }

    fn of(storage: &mut CpuStorage) -> Option<&mut [Self]> {
        if let CpuStorage::F64(values) = storage { Some(values) } else { None }
    }
}

/// Calls `visit` with the numbers of tensors that all have the shape of the first, in row-major order.
///
/// # Errors
/// If a tensor has another shape or data type, or is not on the CPU.
pub fn read<T: Real, R, const N: usize>(tensors: [&Tensor; N], visit: impl FnOnce([&[T]; N]) -> R) -> Result<R> {
    let contiguous = tensors.iter().map(|tensor| tensor.contiguous()).collect::<Result<Vec<_>>>()?;
    let stored: Vec<_> = contiguous.iter().map(Tensor::storage_and_layout).collect();
    let mut slices = [&[][..]; N];
    for ((slice, (storage, layout)), tensor) in slices.iter_mut().zip(&stored).zip(tensors) {
        if tensor.dims() != tensors[0].dims() {
            bail!("a tensor of shape {:?} does not fit one of shape {:?}", tensor.dims(), tensors[0].dims());
        }
        let Storage::Cpu(storage) = &**storage else { bail!("a pass over numbers needs tensors on the CPU") };
        *slice = numbers(storage, layout)?;
    }
    Ok(visit(slices))
}

/// Calls `change` with the numbers of a tensor, to be changed in place, past candle's graph.
///
/// # Errors
/// Those of `change`; or if the tensor is not contiguous, of another data type or not on the CPU.
pub fn change<T: Real>(tensor: &Tensor, change: impl FnOnce(&mut [T]) -> Result<()>) -> Result<()> {
    struct Op<F, T>(Cell<Option<F>>, PhantomData<T>);

    impl<T: Real, F: FnOnce(&mut [T]) -> Result<()>> InplaceOp1 for Op<F, T> {
        fn name(&self) -> &'static str {
            "change"
        }

        fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
            let numbers = numbers_mut(storage, layout)?;
            self.0.take().map_or(Ok(()), |change| change(numbers))
        }
    }

    tensor.inplace_op1(&Op(Cell::new(Some(change)), PhantomData))
}

/// Calls `change` with the numbers of `tensor`, to be changed in place, and those of two others of its shape.
///
/// # Errors
/// As [`change`] has; or if one of the others has another shape, is not contiguous, or shares the memory of `tensor`.
pub fn change_from<T: Real>(
    tensor: &Tensor,
    others: [&Tensor; 2],
    change: impl FnOnce(&mut [T], [&[T]; 2]) -> Result<()>,
) -> Result<()> {
    struct Op<F, T>(Cell<Option<F>>, PhantomData<T>);

    impl<T: Real, F: FnOnce(&mut [T], [&[T]; 2]) -> Result<()>> InplaceOp3 for Op<F, T> {
        fn name(&self) -> &'static str {
            "change_from"
        }

        fn cpu_fwd(
            &self,
            storage: &mut CpuStorage,
            layout: &Layout,
            first: &CpuStorage,
            first_layout: &Layout,
            second: &CpuStorage,
            second_layout: &Layout,
        ) -> Result<()> {
            if [first_layout, second_layout].iter().any(|other| other.shape() != layout.shape()) {
                bail!("a tensor of shape {:?} cannot be changed from one of another shape", layout.shape());
            }
            let others = [numbers(first, first_layout)?, numbers(second, second_layout)?];
            let numbers = numbers_mut(storage, layout)?;
            self.0.take().map_or(Ok(()), |change| change(numbers, others))
        }
    }

    tensor.inplace_op3(others[0], others[1], &Op(Cell::new(Some(change)), PhantomData))
}

/// The numbers that a contiguous layout selects.
pub(crate) fn numbers<'a, T: Real>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [T]> {
    let values = storage.as_slice::<T>()?;
    match layout.contiguous_offsets() {
        Some((from, to)) => Ok(&values[from..to]),
        None => bail!("a tensor of shape {:?} is not contiguous", layout.shape()),
    }
}

fn numbers_mut<'a, T: Real>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [T]> {
    match (T::of(storage), layout.contiguous_offsets()) {
        (Some(values), Some((from, to))) => Ok(&mut values[from..to]),
        (None, _) => bail!("a tensor is not of type {:?}", T::DTYPE),
        (_, None) => bail!("a tensor of shape {:?} is not contiguous", layout.shape()),
    }
}

/// Takes `pass` over pieces of slices of the same length, each given with the index of its first element: the whole, or
/// several on several threads. A piece begins at a multiple of `unit`.
pub fn split<T: Send, const K: usize>(slices: [&mut [T]; K], unit: usize, pass: impl Fn(usize, [&mut [T]; K]) + Sync) {
    let len = slices.first().map_or(0, |slice| slice.len());
    let piece = if len < LARGE { len } else { PIECE.next_multiple_of(unit.max(1)) };
    halve(slices, 0, piece, &pass);
}

fn halve<T: Send, const K: usize>(
    slices: [&mut [T]; K],
    offset: usize,
    piece: usize,
    pass: &(impl Fn(usize, [&mut [T]; K]) + Sync),
) {
    let len = slices.first().map_or(0, |slice| slice.len());
    if len <= piece {
        return pass(offset, slices);
    }
    let middle = len.div_ceil(piece) / 2 * piece;
    let mut second: [&mut [T]; K] = std::array::from_fn(|_| Default::default());
    let mut places = second.iter_mut();
    let first = slices.map(|slice| {
        let (first, second) = slice.split_at_mut(middle);
        if let Some(place) = places.next() {
            *place = second;
        }
        first
    });
    rayon::join(|| halve(first, offset, piece, pass), || halve(second, offset + middle, piece, pass));
}

/// Adds up what `pass` finds in the pieces of `0..len`, in their order. A piece begins at a multiple of `unit`.
pub fn add_up<const M: usize>(len: usize, unit: usize, pass: impl Fn(Range<usize>) -> [f64; M] + Sync) -> [f64; M] {
    if len < LARGE {
        return pass(0..len);
    }
    let piece = PIECE.next_multiple_of(unit.max(1));
    let firsts: Vec<usize> = (0..len).step_by(piece).collect();
    let pieces: Vec<[f64; M]> = firsts.into_par_iter().map(|first| pass(first..len.min(first + piece))).collect();
    pieces.into_iter().fold([0.0; M], |sums, piece| std::array::from_fn(|m| sums[m] + piece[m]))
}

/// Replaces every element of `values` by `value` of itself.
pub fn apply<T: Real>(values: &mut [T], value: impl Fn(T) -> T + Sync) {
    split([values], 1, |_, [values]| Arch::new().dispatch(Apply { values, value: &value }));
}

/// Replaces every element of `out` by `value` of itself and of the elements of three slices at its place. All are
/// equally long.
pub fn map<T: Real>(out: &mut [T], slices: [&[T]; 3], value: impl Fn(T, [T; 3]) -> T + Sync) {
    split([out], 1, |first, [out]| {
        let slices = slices.map(|slice| &slice[first..first + out.len()]);
        Arch::new().dispatch(Map { out, slices, value: &value });
    });
}

/// The sums of `terms` of the elements of three slices, which are equally long, in a fixed order and in f64.
pub fn sums<T: Real, const M: usize>(slices: [&[T]; 3], terms: impl Fn([f64; 3]) -> [f64; M] + Sync) -> [f64; M] {
    add_up(slices[0].len(), 1, |range| {
        let slices = slices.map(|slice| &slice[range.clone()]);
        Arch::new().dispatch(Sums { slices, terms: &terms })
    })
}

struct Apply<'a, T, F> {
    values: &'a mut [T],
    value: &'a F,
}

impl<T: Real, F: Fn(T) -> T> WithSimd for Apply<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for value in self.values {
            *value = (self.value)(*value);
        }
    }
}

struct Map<'a, T, F> {
    out: &'a mut [T],
    slices: [&'a [T]; 3],
    value: &'a F,
}

impl<T: Real, F: Fn(T, [T; 3]) -> T> WithSimd for Map<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let [a, b, c] = self.slices;
        for (((out, a), b), c) in self.out.iter_mut().zip(a).zip(b).zip(c) {
            *out = (self.value)(*out, [*a, *b, *c]);
        }
    }
}

struct Sums<'a, T, F> {
    slices: [&'a [T]; 3],
    terms: &'a F,
}

impl<T: Real, F: Fn([f64; 3]) -> [f64; M], const M: usize> WithSimd for Sums<'_, T, F> {
    type Output = [f64; M];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [f64; M] {
        let [a, b, c] = self.slices;
        let mut lanes = [[0.0; LANES]; M];
        let mut buffer = [[0.0; BLOCK]; M];
        for ((a, b), c) in a.chunks(BLOCK).zip(b.chunks(BLOCK)).zip(c.chunks(BLOCK)) {
            for (m, (buffer, lanes)) in buffer.iter_mut().zip(&mut lanes).enumerate() {
                for (((place, a), b), c) in buffer.iter_mut().zip(a).zip(b).zip(c) {
                    *place = (self.terms)([a.to_f64(), b.to_f64(), c.to_f64()])[m];
                }
                buffer[a.len()..].fill(0.0);
                for terms in buffer.as_chunks::<LANES>().0 {
                    for (lane, term) in lanes.iter_mut().zip(terms) {
                        *lane += term;
                    }
                }
            }
        }
        lanes.map(|lanes| lanes.iter().sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes below, at and above those of a lane, a block, a piece and a large pass.
    const SIZES: [usize; 8] = [1, 7, 8, 127, 129, PIECE + 1, LARGE - 1, LARGE + 12_345];

    #[test]
    fn passes_visit_every_element_once() {
        for size in SIZES {
            let a: Vec<f64> = (0..size).map(|index| (index % 13) as f64).collect();
            let [sum, squares, count] = sums([&a, &a, &a], |[a, b, _]| [a, a * b, 1.0]);
            let wanted = a.iter().fold((0.0, 0.0), |(sum, squares), a| (sum + a, squares + a * a));
            assert_eq!((sum, squares, count), (wanted.0, wanted.1, size as f64));
            let mut out = vec![1.0; size];
            map(&mut out, [&a, &a, &a], |out, [a, b, c]| out + a + 2.0 * b - c);
            assert!(out.iter().zip(&a).all(|(out, a)| *out == 1.0 + 2.0 * a), "{size}");
        }
    }

    #[test]
    fn sums_do_not_depend_on_the_number_of_threads() {
        let values: Vec<f32> = (0..LARGE + 777).map(|index| (index as f32).sin()).collect();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| sums([&values[..]; 3], |[a, ..]| [a]))[0].to_bits()
        };
        assert_eq!((with(1), with(1)), (with(2), with(5)));
    }

    #[test]
    fn what_does_not_fit_is_refused() -> Result<()> {
        let matrix = Tensor::zeros((2, 3), DType::F64, &Device::Cpu)?;
        let refusal = |result: Result<()>| result.unwrap_err().to_string();
        assert!(refusal(read([&matrix, &matrix.t()?], |[_, _]: [&[f64]; 2]| ())).contains("[3, 2] does not fit"));
        assert!(read([&matrix], |[_]: [&[f32]; 1]| ()).is_err());
        assert!(refusal(change(&matrix.t()?, |_: &mut [f64]| Ok(()))).contains("not contiguous"));
        assert!(refusal(change(&matrix, |_: &mut [f32]| Ok(()))).contains("F32"));
        let other = matrix.copy()?;
        assert!(change_from(&matrix, [&other, &matrix], |_: &mut [f64], _| Ok(())).is_err());
        assert!(change_from(&matrix, [&other, &other.t()?], |_: &mut [f64], _| Ok(())).is_err());
        change_from(&matrix, [&other, &other], |values: &mut [f64], _| {
            values.fill(2.0);
            Ok(())
        })?;
        assert_eq!(matrix.sum_all()?.to_scalar::<f64>()?, 12.0);
        Ok(())
    }
}
