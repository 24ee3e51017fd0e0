//! Activation functions on rows of a block, and their derivatives from the rates that they gave.
//!
//! ```text
//! linear   1               relu      r > 0            leaky_relu(s)  1 if r > 0 else s
//! tanh     1 - r^2         sigmoid   r (1 - r)        retanh         1 - r^2 if r > 0 else 0
//! softplus 1 - exp(-r)     power(n)  n r^((n-1)/n)
//! ```
//!
//! So the rates are all that a backward pass needs to keep. At exactly zero the derivative is that of the side below,
//! so 0 for the rectified ones. NaN stays NaN: every selection asks for what is not above zero.

use std::ops::Range;

use super::element::Element;
use crate::activation::Activation;

/// Neighbouring units with the same activation.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub units: Range<usize>,
    pub activation: Activation,
}

/// The activation of each unit as spans of neighbours. The last one reaches to `width`, the length of a padded row.
pub(crate) fn spans(per_unit: &[Activation], width: usize) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (unit, activation) in per_unit.iter().enumerate() {
        match spans.last_mut() {
            Some(span) if span.activation == *activation => span.units.end = unit + 1,
            _ => spans.push(Span { units: unit..unit + 1, activation: *activation }),
        }
    }
    if let Some(last) = spans.last_mut() {
        last.units.end = width;
    }
    spans
}

/// `r = f(x)` for rows of `width` numbers.
#[inline(always)]
pub(super) fn rates<T: Element>(spans: &[Span], width: usize, x: &[T], r: &mut [T]) {
    // Uniform networks go through all rows at once, others row by row and span by span.
    if let [span] = spans {
        return forward(span.activation, x, r);
    }
    for (x, r) in x.chunks_exact(width).zip(r.chunks_exact_mut(width)) {
        for span in spans {
            forward(span.activation, &x[span.units.clone()], &mut r[span.units.clone()]);
        }
    }
}

/// `slope = f'(x)` from `r = f(x)`, for rows of `width` numbers.
#[inline(always)]
pub(super) fn slopes<T: Element>(spans: &[Span], width: usize, r: &[T], slope: &mut [T]) {
    if let [span] = spans {
        return derivative(span.activation, r, slope);
    }
    for (r, slope) in r.chunks_exact(width).zip(slope.chunks_exact_mut(width)) {
        for span in spans {
            derivative(span.activation, &r[span.units.clone()], &mut slope[span.units.clone()]);
        }
    }
}

#[inline(always)]
fn forward<T: Element>(activation: Activation, x: &[T], r: &mut [T]) {
    match activation {
        Activation::Linear => r.copy_from_slice(x),
        Activation::Relu => map(x, r, |x| select(x <= T::zero(), T::zero(), x)),
        Activation::LeakyRelu(slope) => {
            let slope = T::from_f64(slope);
            map(x, r, |x| select(x > T::zero(), x, slope * x));
        }
        Activation::Tanh => map(x, r, |x| T::tanh(x)),
        Activation::Sigmoid => map(x, r, |x| T::sigmoid(x)),
        Activation::Retanh => map(x, r, |x| select(x <= T::zero(), T::zero(), T::tanh(x))),
        Activation::Softplus => map(x, r, |x| T::softplus(x)),
        Activation::Power(1.0) => forward(Activation::Relu, x, r),
        Activation::Power(2.0) => map(x, r, |x| select(x <= T::zero(), T::zero(), x * x)),
        Activation::Power(n) => {
            let n = T::from_f64(n);
            map(x, r, |x| select(x <= T::zero(), T::zero(), x.powf(n)));
        }
    }
}

#[inline(always)]
fn derivative<T: Element>(activation: Activation, r: &[T], slope: &mut [T]) {
    match activation {
        Activation::Linear => slope.fill(T::one()),
        Activation::Relu => map(r, slope, |r| select(r <= T::zero(), T::zero(), T::one())),
        Activation::LeakyRelu(below) => {
            let below = T::from_f64(below);
            map(r, slope, |r| select(r > T::zero(), T::one(), below));
        }
        Activation::Tanh => map(r, slope, |r| T::one() - r * r),
        Activation::Sigmoid => map(r, slope, |r| r * (T::one() - r)),
        Activation::Retanh => map(r, slope, |r| select(r <= T::zero(), T::zero(), T::one() - r * r)),
        Activation::Softplus => map(r, slope, |r| T::one_minus_exp_neg(r)),
        Activation::Power(1.0) => derivative(Activation::Relu, r, slope),
        Activation::Power(2.0) => map(r, slope, |r| T::sqrt(r) + T::sqrt(r)),
        Activation::Power(n) => {
            let (factor, exponent) = (T::from_f64(n), T::from_f64((n - 1.0) / n));
            map(r, slope, |r| select(r <= T::zero(), T::zero(), factor * r.powf(exponent)));
        }
    }
}

#[inline(always)]
fn map<T: Element>(from: &[T], to: &mut [T], f: impl Fn(T) -> T) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = f(*from);
    }
}

#[inline(always)]
fn select<T>(condition: bool, yes: T, no: T) -> T {
    if condition { yes } else { no }
}
