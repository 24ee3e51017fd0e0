//! The numbers the kernel computes with: `f32` and `f64`, one at a time and as vectors of the processor at hand.

use std::marker::PhantomData;

use pulp::{Arch, Simd, WithSimd};

use super::buffer::{Memory, Pool};
use crate::host;

/// A floating-point number with its SIMD vectors and elementary functions.
///
/// The functions of `f32`, but for `powf`, are plain arithmetic, so that loops over them are vectorised and give the
/// same bits on every machine; in `f64`, which is for checking, they are the standard library's.
pub(crate) trait Element: host::Real + Default + std::ops::Neg<Output = Self> {
    /// As many numbers as one register holds.
    type Vector<S: Simd>: Copy;

    /// How many numbers that are.
    fn lanes<S: Simd>() -> usize;
    /// `x` in every lane.
    fn splat<S: Simd>(simd: S, x: Self) -> Self::Vector<S>;
    /// `a b + c`, fused where the processor can.
    fn mul_add<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>, c: Self::Vector<S>) -> Self::Vector<S>;
    /// The whole vectors of a slice.
    fn vectors<S: Simd>(slice: &[Self]) -> &[Self::Vector<S>];
    /// The whole vectors of a slice.
    fn vectors_mut<S: Simd>(slice: &mut [Self]) -> &mut [Self::Vector<S>];

    /// Where its buffers come from.
    fn pool(memory: &Memory) -> &Pool<Self>;
    /// A Gaussian of the noise generator.
    fn from_f32(x: f32) -> Self;
    /// `tanh(x)`
    fn tanh(self) -> Self;
    /// `1 - exp(-x)` for `x >= 0`
    fn one_minus_exp_neg(self) -> Self;
    /// `x^n`
    fn powf(self, n: Self) -> Self;
}

impl Element for f32 {
    type Vector<S: Simd> = S::f32s;

    fn pool(memory: &Memory) -> &Pool<Self> {
        &memory.f32
    }

    #[inline(always)]
    fn lanes<S: Simd>() -> usize {
        S::F32_LANES
    }

    #[inline(always)]
    fn splat<S: Simd>(simd: S, x: Self) -> S::f32s {
        simd.splat_f32s(x)
    }

    #[inline(always)]
    fn mul_add<S: Simd>(simd: S, a: S::f32s, b: S::f32s, c: S::f32s) -> S::f32s {
        simd.mul_add_e_f32s(a, b, c)
    }

    #[inline(always)]
    fn vectors<S: Simd>(slice: &[Self]) -> &[S::f32s] {
        S::as_simd_f32s(slice).0
    }

    #[inline(always)]
    fn vectors_mut<S: Simd>(slice: &mut [Self]) -> &mut [S::f32s] {
        S::as_mut_simd_f32s(slice).0
    }

    #[inline(always)]
    fn from_f32(x: f32) -> Self {
        x
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        nn4n_elementary::tanh(self)
    }

    #[inline(always)]
    fn one_minus_exp_neg(self) -> Self {
        -nn4n_elementary::expm1(-self)
    }

    #[inline(always)]
    fn powf(self, n: Self) -> Self {
        self.powf(n)
    }
}

impl Element for f64 {
    type Vector<S: Simd> = S::f64s;

    fn pool(memory: &Memory) -> &Pool<Self> {
        &memory.f64
    }

    #[inline(always)]
    fn lanes<S: Simd>() -> usize {
        S::F64_LANES
    }

    #[inline(always)]
    fn splat<S: Simd>(simd: S, x: Self) -> S::f64s {
        simd.splat_f64s(x)
    }

    #[inline(always)]
    fn mul_add<S: Simd>(simd: S, a: S::f64s, b: S::f64s, c: S::f64s) -> S::f64s {
        simd.mul_add_e_f64s(a, b, c)
    }

    #[inline(always)]
    fn vectors<S: Simd>(slice: &[Self]) -> &[S::f64s] {
        S::as_simd_f64s(slice).0
    }

    #[inline(always)]
    fn vectors_mut<S: Simd>(slice: &mut [Self]) -> &mut [S::f64s] {
        S::as_mut_simd_f64s(slice).0
    }

    #[inline(always)]
    fn from_f32(x: f32) -> Self {
        f64::from(x)
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        self.tanh()
    }

    #[inline(always)]
    fn one_minus_exp_neg(self) -> Self {
        -(-self).exp_m1()
    }

    #[inline(always)]
    fn powf(self, n: Self) -> Self {
        self.powf(n)
    }
}

/// Numbers in a vector of this processor.
pub(super) fn lanes<T: Element>() -> usize {
    struct Lanes<T>(PhantomData<T>);
    impl<T: Element> WithSimd for Lanes<T> {
        type Output = usize;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            T::lanes::<S>()
        }
    }
    Arch::new().dispatch(Lanes::<T>(PhantomData))
}
