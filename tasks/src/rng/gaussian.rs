//! Many Gaussian numbers at once, in arithmetic that the compiler vectorises and that has the same bits on every machine.
//!
//! ```text
//! words      16 generators side by side, xoshiro128++, each started from 128 bits of the trial's own numbers
//! (z1, z2) = sqrt(-2 ln u) (cos 2 pi v, sin 2 pi v)        u = (word 1 + 1/2) / 2^31 from its upper 31 bits, v = word 2 / 2^32      Box-Muller
//! ```
//!
//! The largest number this can give is 6.7. Logarithm, sine and cosine are straight-line polynomials (additions, multiplications and
//! divisions, no fused ones), each within 2 units of the last place. Generator: Blackman & Vigna (2021), Scrambled linear pseudorandom number
//! generators, <https://doi.org/10.1145/3460772>.

use pulp::{Simd, WithSimd};
use rand::RngCore;

/// Generators side by side: as many as the widest vectors have places.
const LANES: usize = 16;
/// Pairs of numbers that are made together: all radii first, then all angles.
const PAIRS: usize = 16 * LANES;

/// Adds `std` times a standard Gaussian to every value. Uses up 256 bytes of `rng`, however many values there are.
pub(super) fn add(rng: &mut impl RngCore, values: &mut [f32], std: f32) {
    pulp::Arch::new().dispatch(Addition { generators: Generators::start(rng), values, std });
}

/// Compiled once for each width of vectors.
struct Addition<'a> {
    generators: Generators,
    values: &'a mut [f32],
    std: f32,
}

impl WithSimd for Addition<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { mut generators, values, std } = self;
        let (mut radii, mut angles) = ([0; PAIRS], [0; PAIRS]);
        let (mut first, mut second) = ([0.0; PAIRS], [0.0; PAIRS]);
        for block in values.chunks_mut(2 * PAIRS) {
            // The last block may need only some of the pairs; their words lie where those of a whole block would.
            let pairs = block.len().next_multiple_of(LANES).min(PAIRS);
            generators.fill(&mut radii[..pairs]);
            generators.skip((PAIRS - pairs) / LANES);
            generators.fill(&mut angles[..pairs]);
            box_muller(&radii[..pairs], &angles[..pairs], &mut first, &mut second);
            let (near, far) = block.split_at_mut(block.len().min(PAIRS));
            near.iter_mut().zip(&first).for_each(|(value, gaussian)| *value += std * gaussian);
            far.iter_mut().zip(&second).for_each(|(value, gaussian)| *value += std * gaussian);
        }
    }
}

/// The state of xoshiro128++, one column for each generator.
struct Generators([[u32; LANES]; 4]);

impl Generators {
    fn start(rng: &mut impl RngCore) -> Self {
        let mut state = [[0; LANES]; 4];
        state.as_flattened_mut().iter_mut().for_each(|word| *word = rng.next_u32());
        // A generator whose state is 0 stays there.
        state[0].iter_mut().for_each(|word| *word |= 1);
        Self(state)
    }

    /// The next words, one of each generator for every row of [`LANES`].
    #[inline(always)]
    fn fill(&mut self, words: &mut [u32]) {
        for words in words.as_chunks_mut::<LANES>().0 {
            let [a, .., d] = &self.0;
            for i in 0..LANES {
                words[i] = a[i].wrapping_add(d[i]).rotate_left(7).wrapping_add(a[i]);
            }
            self.skip(1);
        }
    }

    /// Leaves out so many rows of words.
    #[inline(always)]
    fn skip(&mut self, rows: usize) {
        let [mut a, mut b, mut c, mut d] = self.0;
        for _ in 0..rows {
            for i in 0..LANES {
                let shifted = b[i] << 9;
                c[i] ^= a[i];
                d[i] ^= b[i];
                b[i] ^= c[i];
                a[i] ^= d[i];
                c[i] ^= shifted;
                d[i] = d[i].rotate_left(11);
            }
        }
        self.0 = [a, b, c, d];
    }
}

/// The numbers of these radii and angles.
#[inline(always)]
fn box_muller(radii: &[u32], angles: &[u32], first: &mut [f32], second: &mut [f32]) {
    for (place, (radius, angle)) in first.iter_mut().zip(second).zip(radii.iter().zip(angles)) {
        let scaled = (radius >> 1) as i32 as f32 + 0.5;
        let radius = (-2.0 * ln_scaled(scaled)).sqrt();
        let (sin, cos) = sin_cos(*angle);
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
    fn the_first_words_of_a_generator_are_the_published_ones() {
        // The state 1, 2, 3, 4, whose first words can be worked by hand: (1 + 4) << 7 + 1 = 641.
        let mut generators = Generators([[1; LANES], [2; LANES], [3; LANES], [4; LANES]]);
        let mut words = [0; 3 * LANES];
        generators.fill(&mut words);
        assert_eq!([words[0], words[LANES], words[2 * LANES]], [641, 1_573_767, 3_222_811_527]);
        assert!(words.chunks(LANES).all(|row| row.iter().all(|word| *word == row[0])));
    }

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
