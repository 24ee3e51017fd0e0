//! The averages in one pass over the values, on the CPU.

use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result as CandleResult, Shape, Tensor, bail};
use nn4n_models::host::{self, Real};
use pulp::{Arch, Simd, WithSimd};

use crate::{error::Result, loss::known};

/// How the size of a value is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum SizeNorm {
    /// Its absolute value.
    Absolute,
    /// Its square.
    Squared,
}

pub(super) fn mean_size(values: &Tensor, valid: &Tensor, norm: SizeNorm) -> Result<Tensor> {
    fn one_pass<T: Real>(values: &Tensor, valid: &Tensor, norm: SizeNorm) -> CandleResult<Tensor> {
        let (channels, weights) = rows::<T>(values, valid)?;
        let divisor = channels as f64 * divisor(&weights);
        sizes(values, weights, channels, divisor, norm)
    }
    Ok(match values.dtype() {
        DType::F64 => one_pass::<f64>(values, valid, norm)?,
        _ => one_pass::<f32>(values, valid, norm)?,
    })
}

pub(super) fn sum_of_sizes(values: &Tensor, norm: SizeNorm) -> Result<Tensor> {
    fn one_pass<T: Real>(values: &Tensor, norm: SizeNorm) -> CandleResult<Tensor> {
        let channels = values.dims().last().copied().unwrap_or(1).max(1);
        sizes(values, vec![T::one(); values.elem_count() / channels], channels, 1.0, norm)
    }
    Ok(match values.dtype() {
        DType::F64 => one_pass::<f64>(values, norm)?,
        _ => one_pass::<f32>(values, norm)?,
    })
}

/// The sum of all sizes, with a weight for each row of `channels`, over `divisor`.
fn sizes<T: Real>(
    values: &Tensor,
    weights: Vec<T>,
    channels: usize,
    divisor: f64,
    norm: SizeNorm,
) -> CandleResult<Tensor> {
    match norm {
        SizeNorm::Absolute => sizes_of::<T, false>(values, weights, channels, divisor),
        SizeNorm::Squared => sizes_of::<T, true>(values, weights, channels, divisor),
    }
}

fn sizes_of<T: Real, const SQUARED: bool>(
    values: &Tensor,
    weights: Vec<T>,
    channels: usize,
    divisor: f64,
) -> CandleResult<Tensor> {
    let [sum] = host::read([values], |[values]: [&[T]; 1]| {
        host::add_up(values.len(), channels, |range| {
            let weights = &weights[range.start / channels..];
            Arch::new().dispatch(Sizes::<T, SQUARED> { values: &values[range], weights, channels })
        })
    })?;
    let gradient = move |values: &Tensor, factor: f64| {
        let (scale, zero) = (T::from_f64(factor / divisor), T::zero());
        let sign = |value: T| if value >= zero { T::one() } else { zero - T::one() };
        let gradient = host::read([values], |[values]: [&[T]; 1]| {
            fill(values.len(), &weights, channels, |start, row, weight| {
                for (place, value) in row.iter_mut().zip(&values[start..]) {
                    *place = weight * scale * if SQUARED { *value + *value } else { sign(*value) };
                }
            })
        })?;
        Tensor::from_vec(gradient, values.shape(), values.device())
    };
    known(values, sum / divisor, gradient)
}

pub(super) fn channel_means(values: &Tensor, valid: &Tensor) -> Result<Tensor> {
    Ok(match values.dtype() {
        DType::F64 => values.apply_op1(ChannelMeans(rows::<f64>(values, valid)?.1))?,
        _ => values.apply_op1(ChannelMeans(rows::<f32>(values, valid)?.1))?,
    })
}

/// Mean of each channel, with the weight of each row.
struct ChannelMeans<T>(Vec<T>);

impl<T: Real> CustomOp1 for ChannelMeans<T> {
    fn name(&self) -> &'static str {
        "channel_means"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> CandleResult<(CpuStorage, Shape)> {
        let (_, _, channels) = layout.shape().dims3()?;
        let Some((start, end)) = layout.contiguous_offsets() else {
            bail!("the means of channels need contiguous values")
        };
        let values = &storage.as_slice::<T>()?[start..end];
        let mut sums = vec![0.0; channels];
        // Channels are added up in f64, row by row.
        for (row, weight) in values.chunks_exact(channels).zip(&self.0) {
            Arch::new().dispatch(AddRow { sums: &mut sums, row, weight: weight.to_f64() });
        }
        let divisor = divisor(&self.0);
        let means = sums.into_iter().map(|sum| T::from_f64(sum / divisor)).collect();
        Ok((T::to_cpu_storage_owned(means), Shape::from(channels)))
    }

    fn bwd(&self, values: &Tensor, _: &Tensor, upstream: &Tensor) -> CandleResult<Option<Tensor>> {
        let channels = upstream.elem_count();
        let scale = T::from_f64(1.0 / divisor(&self.0));
        let gradient = host::read([upstream], |[upstream]: [&[T]; 1]| {
            fill(values.elem_count(), &self.0, channels, |_, row, weight| {
                for (place, upstream) in row.iter_mut().zip(upstream) {
                    *place = weight * scale * *upstream;
                }
            })
        })?;
        Tensor::from_vec(gradient, values.shape(), values.device()).map(Some)
    }
}

/// The number of channels of `values` (batch, steps, k), and the weight of each of its rows.
fn rows<T: Real>(values: &Tensor, valid: &Tensor) -> CandleResult<(usize, Vec<T>)> {
    let (batch, steps, channels) = values.dims3()?;
    if valid.dims() != [batch, steps, 1] || channels == 0 {
        bail!("values of shape {:?} do not fit trials of shape {:?}", values.dims(), valid.dims());
    }
    Ok((channels, host::read([valid], |[valid]: [&[T]; 1]| valid.to_vec())?))
}

/// Sum of the weights, or 1 if that is 0: then what it divides is 0, too.
fn divisor<T: Real>(weights: &[T]) -> f64 {
    let [sum] = host::sums([weights; 3], |[weight, ..]| [weight]);
    if sum == 0.0 { 1.0 } else { sum }
}

/// Numbers that `row` writes row by row, given the index of the row's first element and its weight.
fn fill<T: Real>(len: usize, weights: &[T], channels: usize, row: impl Fn(usize, &mut [T], T) + Sync) -> Vec<T> {
    let mut out = vec![T::zero(); len];
    host::split([&mut out], channels, |start, [out]| {
        for (index, (place, weight)) in out.chunks_exact_mut(channels).zip(&weights[start / channels..]).enumerate() {
            row(start + index * channels, place, *weight);
        }
    });
    out
}

/// Sum of the sizes of `values`, row by row with a weight.
struct Sizes<'a, T, const SQUARED: bool> {
    values: &'a [T],
    weights: &'a [T],
    channels: usize,
}

impl<T: Real, const SQUARED: bool> WithSimd for Sizes<'_, T, SQUARED> {
    type Output = [f64; 1];

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> [f64; 1] {
        let size = |value: T| if SQUARED { value.to_f64() * value.to_f64() } else { value.to_f64().abs() };
        let mut lanes = [0.0; 8];
        for (row, weight) in self.values.chunks_exact(self.channels).zip(self.weights) {
            let (blocks, rest) = row.as_chunks::<8>();
            let weight = weight.to_f64();
            for block in blocks {
                for (lane, value) in lanes.iter_mut().zip(block) {
                    *lane += weight * size(*value);
                }
            }
            for (lane, value) in lanes.iter_mut().zip(rest) {
                *lane += weight * size(*value);
            }
        }
        [lanes.iter().sum()]
    }
}

struct AddRow<'a, T> {
    sums: &'a mut [f64],
    row: &'a [T],
    weight: f64,
}

impl<T: Real> WithSimd for AddRow<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (sum, value) in self.sums.iter_mut().zip(self.row) {
            *sum += self.weight * value.to_f64();
        }
    }
}
