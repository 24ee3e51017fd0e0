//! Probabilities of the F distribution.
//!
//! ```text
//! P(F > f) = I_x(b / 2, a / 2),    x = b / (b + a f)          I: regularised incomplete beta function
//! ```
//!
//! `I` is the continued fraction of DLMF 8.17.22, <https://dlmf.nist.gov/8.17.E22>.

use libm::lgamma;

/// Terms of the continued fraction at most; it takes about the root of the degrees of freedom.
const MOST: usize = 10_000;

/// The probability of a larger F with `a` and `b` degrees of freedom; 1 below 0, and 0 at infinity.
pub(crate) fn upper_tail(f: f64, a: usize, b: usize) -> f64 {
    let (a, b) = (a as f64, b as f64);
    match f {
        f if f.is_nan() => f64::NAN,
        f if f <= 0.0 => 1.0,
        f if f.is_infinite() => 0.0,
        f => incomplete_beta(b / (b + a * f), b / 2.0, a / 2.0),
    }
}

/// `I_x(a, b)`.
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    // The fraction converges fast below the mean; beyond it the other tail is taken.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    if x <= 0.0 {
        return 0.0;
    }
    let front = (a * x.ln() + b * (-x).ln_1p() + lgamma(a + b) - lgamma(a) - lgamma(b)).exp() / a;
    front * fraction(x, a, b)
}

/// 1 / (1 + d_1 / (1 + d_2 / (1 + ..))), from the front (Lentz).
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let off_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut c, mut d) = (1.0, 1.0 / off_zero(1.0 - (a + b) * x / (a + 1.0)));
    let mut value = d;
    for m in 1..MOST {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / off_zero(1.0 + term * d);
            c = off_zero(1.0 + term / c);
            change = c * d;
            value *= change;
        }
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_those_of_tables_and_of_closed_forms() {
        // With 2 and b degrees of freedom the tail is (1 + 2 f / b)^(-b / 2).
        for (f, b) in [(0.3, 5), (4.0, 20), (30.0, 100)] {
            let exact = (1.0 + 2.0 * f / b as f64).powf(-(b as f64) / 2.0);
            assert!((upper_tail(f, 2, b) / exact - 1.0).abs() < 1e-12, "{f} {b}");
        }
        // 5 % points.
        let points = [(4.964_602_74, 1, 10), (2.866_081_40, 4, 20), (161.447_638_7, 1, 1), (2.018_784_45, 7, 993)];
        for (f, a, b) in points {
            assert!((upper_tail(f, a, b) - 0.05).abs() < 1e-9, "{f} {a} {b}: {}", upper_tail(f, a, b));
        }
        assert_eq!((upper_tail(0.0, 3, 9), upper_tail(f64::INFINITY, 3, 9)), (1.0, 0.0));
        assert!(upper_tail(1e9, 1, 500) >= 0.0 && upper_tail(1e-9, 4, 2000) <= 1.0);
    }
}
