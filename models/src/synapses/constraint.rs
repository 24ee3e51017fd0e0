//! The constraints of a matrix in one pass over its weights, on the CPU.

use std::sync::Arc;

use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result, Shape, Tensor, WithDType};
use pulp::{Arch, Simd, WithSimd};

use crate::host::{self, Real};

/// Which weights a synapse may have. `ABSENT` stands for a fixed one, too: it has no free weight.
const ABSENT: u8 = 0;
const POSITIVE: u8 = 1;
const NEGATIVE: u8 = 2;
const ANY: u8 = 3;

/// Lets the weights through that their synapses may have, and adds the fixed ones. Its gradient reaches the weights
/// that pass.
#[derive(Clone, Debug)]
pub(super) struct Constraint {
    /// One per weight, row by row.
    codes: Arc<[u8]>,
    fixed: Option<Tensor>,
}

impl Constraint {
    /// `free` (posts, pres) is 1 where a synapse has a free weight, and `signs` (pres) what sign that must have, 0 if
    /// any.
    pub(super) fn new(free: &[u8], signs: &[f64], fixed: Option<Tensor>) -> Self {
        let code = |(free, sign): (&u8, &f64)| match (*free, *sign) {
            (0, _) => ABSENT,
            (_, sign) if sign > 0.0 => POSITIVE,
            (_, sign) if sign < 0.0 => NEGATIVE,
            _ => ANY,
        };
        Self { codes: free.iter().zip(signs.iter().cycle()).map(code).collect(), fixed }
    }

    /// Whether every weight passes, and nothing is added.
    pub(super) fn is_void(&self) -> bool {
        self.fixed.is_none() && self.codes.iter().all(|code| *code == ANY)
    }

    /// Changes the weights themselves into those that pass.
    pub(super) fn impose(&self, weights: &Tensor) -> Result<()> {
        match weights.dtype() {
            DType::F64 => host::change::<f64>(weights, |weights| self.select(weights)),
            _ => host::change::<f32>(weights, |weights| self.select(weights)),
        }
    }

    fn select<T: Real>(&self, weights: &mut [T]) -> Result<()> {
        host::split([weights], 1, |first, [weights]| {
            Arch::new().dispatch(Select { codes: &self.codes[first..first + weights.len()], weights })
        });
        match &self.fixed {
            Some(fixed) => {
                host::read([fixed], |[fixed]| host::map(weights, [fixed; 3], |weight, [fixed, ..]| weight + fixed))
            }
            None => Ok(()),
        }
    }

    fn selected<T: Real>(&self, storage: &CpuStorage, layout: &Layout) -> Result<CpuStorage> {
        let mut weights = host::numbers::<T>(storage, layout)?.to_vec();
        self.select(&mut weights)?;
        Ok(T::to_cpu_storage_owned(weights))
    }

    fn passed<T: Real>(&self, weights: &Tensor, gradient: &Tensor) -> Result<Tensor> {
        let passed = host::read([weights, gradient], |[weights, gradient]: [&[T]; 2]| {
            let mut gradient = gradient.to_vec();
            host::split([&mut gradient], 1, |first, [gradient]| {
                let range = first..first + gradient.len();
                Arch::new().dispatch(Gate { codes: &self.codes[range.clone()], weights: &weights[range], gradient });
            });
            gradient
        })?;
        Tensor::from_vec(passed, weights.shape(), weights.device())
    }
}

impl CustomOp1 for Constraint {
    fn name(&self) -> &'static str {
        "constraint"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let selected = match storage {
            CpuStorage::F64(_) => self.selected::<f64>(storage, layout),
            _ => self.selected::<f32>(storage, layout),
        };
        Ok((selected?, layout.shape().clone()))
    }

    fn bwd(&self, weights: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        match weights.dtype() {
            DType::F64 => self.passed::<f64>(weights, gradient),
            _ => self.passed::<f32>(weights, gradient),
        }
        .map(Some)
    }
}

/// Asks for what is silent, not for what passes: a NaN must stay visible, and not become a silent zero.
#[inline(always)]
fn passes<T: WithDType>(weight: T, code: u8) -> bool {
    let zero = T::zero();
    let silent = (code == ABSENT) | ((code == POSITIVE) & (weight <= zero)) | ((code == NEGATIVE) & (weight >= zero));
    !silent
}

struct Select<'a, T> {
    codes: &'a [u8],
    weights: &'a mut [T],
}

impl<T: Real> WithSimd for Select<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (weight, code) in self.weights.iter_mut().zip(self.codes) {
            *weight = if passes(*weight, *code) { *weight } else { T::zero() };
        }
    }
}

struct Gate<'a, T> {
    codes: &'a [u8],
    weights: &'a [T],
    gradient: &'a mut [T],
}

impl<T: Real> WithSimd for Gate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for ((gradient, weight), code) in self.gradient.iter_mut().zip(self.weights).zip(self.codes) {
            *gradient = if passes(*weight, *code) { *gradient } else { T::zero() };
        }
    }
}
