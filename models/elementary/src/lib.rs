//! Elementary functions in f32 that the compiler can vectorise, with the same bits on every machine.
//!
//! Each is straight-line code of additions, multiplications, divisions, integer operations and selections: no branch,
//! no table, no fused multiply-add. Inlined into a loop they become the widest vectors that the surrounding code may
//! use, and give the same result in any width.
//!
//! ```text
//! exp(x)      2^n (1 + p(r))                x = n ln 2 + r, |r| <= ln(2)/2, p(r) = e^r - 1
//! expm1(x)    2^n p(r) + (2^n - 1)
//! ln(x)       n ln 2 + 2 atanh(t / 2)       x = 2^n (1 + f), 1 + f in [sqrt(1/2), sqrt(2)), t = 2 f / (2 + f)
//! log1p(y)    2 atanh(t / 2)                t = 2 y / (2 + y), y in [0, 1]
//! tanh(x)     -e / (2 + e) with the sign of x, e = expm1(-2 |x|)
//! sigmoid(x)  1 / (1 + z) or z / (1 + z)    z = exp(-|x|), by the sign of x
//! softplus(x) max(x, 0) + log1p(z)
//! ```
//!
//! [`box_muller`] makes Gaussians of them. Errors below are relative, in units of the last place (ulp) of the correct
//! f32. NaN gives NaN. Polynomials are minimax fits of our own (linear programming on Chebyshev nodes, coefficients
//! rounded to f32 one by one from the lowest, the others fitted again after each).
//!
//! ```
//! assert_eq!(nn4n_elementary::tanh(0.5).to_bits(), 0.462_117_16_f32.to_bits());
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

/// Adding this to a number below 2^22 rounds it to an integer, which then is in the low bits of the sum.
const ROUND: f32 = 12_582_912.0;
/// ln 2 to 15 bits, so that its product with an exponent is exact, and the rest.
const LN2_HIGH: f32 = 0.693_145_75;
const LN2_LOW: f32 = 1.428_606_8e-6;

/// `e^x` within 1.1 ulp, subnormal results included; infinite above 88.72.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    let (n, p) = reduced_expm1(clamp(x, -104.0, 89.0));
    // Two factors, since 2^n itself may overflow or be subnormal.
    let half = n >> 1;
    (1.0 + p) * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}

/// `e^x - 1` within 2 ulp; infinite above 88.72.
#[inline(always)]
pub fn expm1(x: f32) -> f32 {
    let (n, p) = reduced_expm1(clamp(x, -18.0, 89.0));
    // 2^128 is not an f32.
    let (n, factor) = if n > 127 { (127, 2.0) } else { (n, 1.0) };
    let scale = power_of_two(n);
    (scale * p + (scale - 1.0)) * factor
}

/// `(n, e^r - 1)` of `x = n ln 2 + r`.
#[inline(always)]
fn reduced_expm1(x: f32) -> (i32, f32) {
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    // (e^r - 1 - r) / r^2 on |r| <= ln(2)/2: error of e^r - 1 at most 1.4e-8.
    let q = 1.387_066_3e-3;
    let q = q * r + 8.366_26e-3;
    let q = q * r + 4.166_743_5e-2;
    let q = q * r + 1.666_654_6e-1;
    let q = q * r + 4.999_999_7e-1;
    ((shifted.to_bits().wrapping_sub(ROUND.to_bits())) as i32, r + r * r * q)
}

/// `2^n` for -126 <= n <= 127.
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

/// `x` limited to [low, high]; NaN stays.
#[inline(always)]
fn clamp(x: f32, low: f32, high: f32) -> f32 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// `ln(x 2^-exponent)` of a normal positive `x`, within 2 ulp.
#[inline(always)]
pub fn ln_scaled(x: f32, exponent: i32) -> f32 {
    let bits = x.to_bits() as i32;
    let n = bits.wrapping_sub(std::f32::consts::FRAC_1_SQRT_2.to_bits() as i32) >> 23;
    let f = f32::from_bits(bits.wrapping_sub(n << 23) as u32) - 1.0;
    let n = n.wrapping_sub(exponent) as f32;
    let t = (f + f) / (2.0 + f);
    let s = t * t;
    // (2 atanh(t / 2) - t) / t^3 in s = t^2 on |t| <= 0.344: error of the logarithm at most 8.1e-10.
    let q = 2.333_656_2e-3;
    let q = q * s + 1.249_299_5e-2;
    let q = q * s + 8.333_347e-2;
    n * LN2_HIGH + (t + (n * LN2_LOW + t * s * q))
}

/// `ln(1 + y)` within 2 ulp for y in [0, 1].
#[inline(always)]
pub fn log1p(y: f32) -> f32 {
    let t = (y + y) / (2.0 + y);
    let s = t * t;
    // As in `ln_scaled`, on t <= 2/3: error at most 4.6e-9.
    let q = 5.474_003e-4;
    let q = q * s + 2.187_386_9e-3;
    let q = q * s + 1.250_679_4e-2;
    let q = q * s + 8.333_301_5e-2;
    t + t * s * q
}

/// Hyperbolic tangent within 3 ulp.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    let e = expm1(-2.0 * x.abs());
    (-e / (2.0 + e)).copysign(x)
}

/// `1 / (1 + e^-x)` within 3 ulp, also where it is tiny.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    let z = exp(-x.abs());
    let numerator = if x < 0.0 { z } else { 1.0 };
    numerator / (1.0 + z)
}

/// `ln(1 + e^x)` within 3 ulp, also where it is tiny.
#[inline(always)]
pub fn softplus(x: f32) -> f32 {
    let positive = if x > 0.0 { x } else { 0.0 };
    positive + log1p(exp(-x.abs()))
}

/// `(sin, cos)` of 2 pi `phase` / 2^32, each within 2^-23 of the true value.
#[inline(always)]
pub fn sin_cos(phase: u32) -> (f32, f32) {
    // The nearest multiple of a quarter turn is taken away in exact integers; what is left is in [-pi/4, pi/4].
    let angle = (phase << 2) as i32 as f32 * (std::f32::consts::FRAC_PI_2 / 4_294_967_296.0);
    let s = angle * angle;
    // (sin(a) / a - 1) / s in s = a^2: error of the sine at most 3.8e-9.
    let q = -1.951_840_5e-4;
    let q = q * s + 8.332_19e-3;
    let q = q * s - 1.666_665_5e-1;
    let sin = angle + angle * s * q;
    // (cos(a) - 1 + s / 2) / s^2: error of the cosine at most 1.1e-10.
    let q = 2.443_067e-5;
    let q = q * s - 1.388_730_1e-3;
    let q = q * s + 4.166_664_6e-2;
    let cos = 1.0 - (0.5 * s - s * s * q);
    // Quarter turns 1 and 3 exchange the two; the sine is negative in 2 and 3, the cosine in 1 and 2.
    let quarters = phase.wrapping_add(1 << 29);
    let (sin, cos) = if quarters & (1 << 30) == 0 { (sin, cos) } else { (cos, sin) };
    (with_sign(sin, quarters), with_sign(cos, quarters.wrapping_add(1 << 30)))
}

/// Two independent unit Gaussians of two independent words, uniform on the integers of 32 bits. The largest number this
/// can give is 6.7.
#[inline(always)]
pub fn box_muller(radius: u32, angle: u32) -> (f32, f32) {
    // u 2^31 of the upper 31 bits, whose logarithm is finite since it is at least 1/2.
    let scaled = (radius >> 1) as i32 as f32 + 0.5;
    let radius = (-2.0 * ln_scaled(scaled, 31)).sqrt();
    let (sin, cos) = sin_cos(angle);
    (radius * cos, radius * sin)
}

/// `x` with its sign turned over where the highest of `bits` is set.
#[inline(always)]
fn with_sign(x: f32, bits: u32) -> f32 {
    f32::from_bits(x.to_bits() ^ (bits & (1 << 31)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every 997th f32 of [low, high], both of the same sign, |low| < |high|.
    fn sweep(low: f32, high: f32) -> impl Iterator<Item = f32> {
        (low.to_bits()..=high.to_bits()).step_by(997).map(f32::from_bits)
    }

    /// Largest distance from `exact` in units of the last place of the f32 nearest to it.
    fn worst(arguments: impl Iterator<Item = f32>, function: fn(f32) -> f32, exact: fn(f64) -> f64) -> f64 {
        arguments.fold(0.0, |worst, x| {
            let expected = exact(f64::from(x));
            let ulp = 2f64.powi((expected.abs().log2().floor() as i32).max(-126) - 23);
            let error = (f64::from(function(x)) - expected).abs() / ulp;
            assert!(error.is_finite(), "at {x}: {} for {expected}", function(x));
            worst.max(error)
        })
    }

    fn sigmoid_f64(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    fn softplus_f64(x: f64) -> f64 {
        x.max(0.0) + (-x.abs()).exp().ln_1p()
    }

    #[test]
    fn errors_stay_within_the_documented_units_of_the_last_place() {
        let tiny = f32::from_bits(1);
        for (name, function, exact, ranges, bound) in [
            ("exp", exp as fn(f32) -> f32, f64::exp as fn(f64) -> f64, &[(tiny, 88.72), (-0.0, -103.0)][..], 1.1),
            ("expm1", expm1, f64::exp_m1, &[(f32::MIN_POSITIVE, 88.72), (-f32::MIN_POSITIVE, -200.0)], 2.0),
            (
                "ln",
                |x| ln_scaled(x, 0),
                f64::ln,
                &[(f32::MIN_POSITIVE, f32::MAX), (0.5, 0.999_999), (1.000_001, 2.0)],
                2.0,
            ),
            ("log1p", log1p, f64::ln_1p, &[(f32::MIN_POSITIVE, 1.0)], 2.0),
            ("tanh", tanh, f64::tanh, &[(f32::MIN_POSITIVE, 30.0), (-f32::MIN_POSITIVE, -30.0)], 3.0),
            ("sigmoid", sigmoid, sigmoid_f64, &[(0.0, 100.0), (-0.0, -103.0)], 3.0),
            ("softplus", softplus, softplus_f64, &[(0.0, f32::MAX), (-0.0, -103.0)], 3.0),
        ] {
            for &(low, high) in ranges {
                let error = worst(sweep(low, high), function, exact);
                assert!(error <= bound, "{name} on [{low}, {high}]: {error} ulp");
            }
        }
    }

    #[test]
    fn sine_and_cosine_are_near_the_true_values_and_on_the_circle() {
        for phase in
            (0..=u32::MAX).step_by(65_521).chain([0, 1, 1 << 29, (1 << 29) - 1, 1 << 30, 1 << 31, 3 << 30, u32::MAX])
        {
            let (sin, cos) = sin_cos(phase);
            let (sin, cos) = (f64::from(sin), f64::from(cos));
            let (expected_sin, expected_cos) = (std::f64::consts::TAU * f64::from(phase) / 4_294_967_296.0).sin_cos();
            assert!(
                (sin - expected_sin).abs() < 1.2e-7 && (cos - expected_cos).abs() < 1.2e-7,
                "{phase:x}: {sin} {cos}"
            );
            assert!((sin * sin + cos * cos - 1.0).abs() < 3e-7, "{phase:x}");
        }
        assert_eq!([sin_cos(0), sin_cos(1 << 30)], [(0.0, 1.0), (1.0, 0.0)]);
    }

    #[test]
    fn logarithm_sine_and_cosine_are_those_of_the_standard_library() {
        for i in 0..100_000u32 {
            let word = i.wrapping_mul(2_654_435_761);
            let scaled = (word >> 1) as i32 as f32 + 0.5;
            let ln = (f64::from(scaled) / 2f64.powi(31)).ln();
            assert!((f64::from(ln_scaled(scaled, 31)) - ln).abs() <= 3e-7 * ln.abs().max(1e-3), "{scaled}");
            let turn = std::f64::consts::TAU * f64::from(word) / 2f64.powi(32);
            let (sin, cos) = sin_cos(word);
            assert!((f64::from(sin) - turn.sin()).abs() < 2e-7 && (f64::from(cos) - turn.cos()).abs() < 2e-7, "{word}");
        }
    }

    #[test]
    fn the_ends_of_the_line_give_their_limits() {
        const INFINITY: f32 = f32::INFINITY;
        for (function, at_minus_infinity, at_zero, at_infinity) in [
            (exp as fn(f32) -> f32, 0.0, 1.0, INFINITY),
            (expm1, -1.0, 0.0, INFINITY),
            (tanh, -1.0, 0.0, 1.0),
            (sigmoid, 0.0, 0.5, 1.0),
            (softplus, 0.0, std::f32::consts::LN_2, INFINITY),
        ] {
            assert_eq!([-INFINITY, 0.0, INFINITY].map(function), [at_minus_infinity, at_zero, at_infinity]);
            assert_eq!(function(-f32::MAX), at_minus_infinity);
            assert!(function(f32::NAN).is_nan() && function(-f32::NAN).is_nan());
        }
        assert!(log1p(f32::NAN).is_nan());
        // The last finite exponential and the first infinite one; the smallest that is not zero.
        assert!(
            exp(88.722_83).is_finite()
                && exp(88.722_85) == INFINITY
                && expm1(88.722_83).is_finite()
                && expm1(88.722_85) == INFINITY
        );
        assert_eq!([exp(-103.9), exp(-104.0)], [f32::from_bits(1), 0.0]);
        assert_eq!([softplus(3e38), softplus(-103.9)], [3e38, f32::from_bits(1)]);
        assert_eq!(tanh(-0.0).to_bits(), (-0f32).to_bits());
        assert_eq!([expm1(1e-30), tanh(1e-30), log1p(1e-30), -expm1(-1e-30)], [1e-30; 4]);
    }

    struct Map<'a, F>(&'a mut [f32], F);

    impl<F: Fn(f32) -> f32> pulp::WithSimd for Map<'_, F> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _simd: S) {
            self.0.iter_mut().for_each(|x| *x = self.1(*x));
        }
    }

    fn check_bits(name: &str, function: impl Fn(f32) -> f32 + Copy) {
        // An odd number of arguments, from both tails to the middle.
        let arguments: Vec<f32> = (0..20_001).map(|i| f32::from_bits(i * 214_013)).collect();
        let mut dispatched = arguments.clone();
        pulp::Arch::new().dispatch(Map(&mut dispatched, function));
        for (x, y) in arguments.into_iter().zip(dispatched) {
            let alone = std::hint::black_box(function)(x);
            assert!(y.to_bits() == alone.to_bits() || y.is_nan() && alone.is_nan(), "{name}({x}): {y} and {alone}");
        }
    }

    #[test]
    fn vectors_of_any_width_give_the_same_bits() {
        check_bits("exp", exp);
        check_bits("expm1", expm1);
        check_bits("ln_scaled", |x| ln_scaled(x.abs(), 3));
        check_bits("log1p", log1p);
        check_bits("tanh", tanh);
        check_bits("sigmoid", sigmoid);
        check_bits("softplus", softplus);
    }
}
