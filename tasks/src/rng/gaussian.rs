//! Many Gaussian numbers at once, in f32 arithmetic that the compiler vectorises and that has the same bits on every machine.
//!
//! ```text
//! (z1, z2) = sqrt(-2 ln u) (cos 2 pi v, sin 2 pi v)        u = (word 1 + 1/2) / 2^31 from its upper 31 bits, v = word 2 / 2^32      Box-Muller
//! ```
//!
//! The largest number this can give is 6.6. Logarithm, sine and cosine are straight-line polynomials (additions, multiplications and
//! divisions, no fused ones), each within 2 units of the last place.

use rand::RngCore;

/// Numbers made from one refill of the buffer of random words.
const BLOCK: usize = 512;

/// Adds `std` times a standard Gaussian to every value. Uses up 4 bytes of `rng` for each, in blocks of 512 (the last one as long as is left,
/// rounded up to even).
pub(super) fn add(rng: &mut impl RngCore, values: &mut [f32], std: f32) {
    let (mut bytes, mut gaussians) = ([0u8; 4 * BLOCK], [0f32; BLOCK]);
    for block in values.chunks_mut(BLOCK) {
        let words = block.len().next_multiple_of(2);
        rng.fill_bytes(&mut bytes[..4 * words]);
        pulp::Arch::new().dispatch(|| {
            box_muller(&bytes[..4 * words], &mut gaussians[..words]);
            block.iter_mut().zip(&gaussians).for_each(|(value, gaussian)| *value += std * gaussian);
        });
    }
}

/// The first half of the words gives the radii, the second the angles; so do the numbers.
#[inline(always)]
fn box_muller(bytes: &[u8], gaussians: &mut [f32]) {
    let half = gaussians.len() / 2;
    let (radii, angles) = bytes.split_at(4 * half);
    let (first, second) = gaussians.split_at_mut(half);
    let words = radii.as_chunks::<4>().0.iter().zip(angles.as_chunks::<4>().0);
    for (place, (radius, angle)) in first.iter_mut().zip(second).zip(words) {
        let scaled = (u32::from_le_bytes(*radius) >> 1) as i32 as f32 + 0.5;
        let radius = (-2.0 * ln_scaled(scaled)).sqrt();
        let (sin, cos) = sin_cos(u32::from_le_bytes(*angle));
        (*place.0, *place.1) = (radius * cos, radius * sin);
    }
}

/// ln 2 to 15 bits, so that its product with an exponent is exact, and the rest.
const LN2_HIGH: f32 = 0.693_145_75;
const LN2_LOW: f32 = 1.428_606_8e-6;

/// `ln(x / 2^31)` of `x` in [1/2, 2^31].
#[inline(always)]
fn ln_scaled(x: f32) -> f32 {
    let bits = x.to_bits() as i32;
    let n = bits.wrapping_sub(std::f32::consts::FRAC_1_SQRT_2.to_bits() as i32) >> 23;
    let f = f32::from_bits(bits.wrapping_sub(n << 23) as u32) - 1.0;
    let n = (n - 31) as f32;
    let t = (f + f) / (2.0 + f);
    let s = t * t;
    // (2 atanh(t / 2) - t) / t^3 in s on |t| <= 0.344: error of the logarithm at most 8.1e-10.
    let q = 2.333_656_2e-3;
    let q = q * s + 1.249_299_5e-2;
    let q = q * s + 8.333_347e-2;
    n * LN2_HIGH + (t + (n * LN2_LOW + t * s * q))
}

/// `(sin, cos)` of 2 pi `phase` / 2^32.
#[inline(always)]
fn sin_cos(phase: u32) -> (f32, f32) {
    // The nearest multiple of a quarter turn is taken away in exact integers; what is left is in [-pi/4, pi/4].
    let angle = (phase << 2) as i32 as f32 * (std::f32::consts::FRAC_PI_2 / 4_294_967_296.0);
    let s = angle * angle;
    let q = -1.951_840_5e-4;
    let q = q * s + 8.332_19e-3;
    let q = q * s - 1.666_665_5e-1;
    let sin = angle + angle * s * q;
    let q = 2.443_067e-5;
    let q = q * s - 1.388_730_1e-3;
    let q = q * s + 4.166_664_6e-2;
    let cos = 1.0 - (0.5 * s - s * s * q);
    // Quarter turns 1 and 3 exchange the two; the sine is negative in 2 and 3, the cosine in 1 and 2.
    let quarters = phase.wrapping_add(1 << 29);
    let (sin, cos) = if quarters & (1 << 30) == 0 { (sin, cos) } else { (cos, sin) };
    (with_sign(sin, quarters), with_sign(cos, quarters.wrapping_add(1 << 30)))
}

/// `x` with its sign turned over where the highest of `bits` is set.
#[inline(always)]
fn with_sign(x: f32, bits: u32) -> f32 {
    f32::from_bits(x.to_bits() ^ (bits & (1 << 31)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_sine_and_cosine_are_those_of_the_standard_library() {
        for i in 0..100_000u32 {
            let word = i.wrapping_mul(2_654_435_761);
            let scaled = (word >> 1) as i32 as f32 + 0.5;
            let ln = (f64::from(scaled) / 2f64.powi(31)).ln();
            assert!((f64::from(ln_scaled(scaled)) - ln).abs() <= 3e-7 * ln.abs().max(1e-3), "{scaled}");
            let turn = std::f64::consts::TAU * f64::from(word) / 2f64.powi(32);
            let (sin, cos) = sin_cos(word);
            assert!((f64::from(sin) - turn.sin()).abs() < 2e-7 && (f64::from(cos) - turn.cos()).abs() < 2e-7, "{word}");
        }
    }
}
