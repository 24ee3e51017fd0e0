//! Many Gaussian numbers at once, in arithmetic that the compiler vectorises and that has the same bits on every
//! machine.
//!
//! ```text
//! words      16 generators side by side, xoshiro128++, each started from 128 bits of the trial's own numbers
//! (z1, z2)   sqrt(-2 ln u) (cos 2 pi v, sin 2 pi v), Box-Muller
//!            u = (word 1 + 1/2) / 2^31 from its upper 31 bits, v = word 2 / 2^32
//! ```
//!
//! The functions are those of [`nn4n_elementary`]. Generator: Blackman & Vigna (2021), Scrambled linear pseudorandom
//! number generators, <https://doi.org/10.1145/3460772>.

use std::cell::RefCell;

use pulp::{Simd, WithSimd};
use rand::RngCore;

/// Generators side by side: as many as the widest vectors have places.
const LANES: usize = 16;
/// Pairs of numbers in a block.
const PAIRS: usize = 16 * LANES;
/// Numbers in a block.
const BLOCK: usize = 2 * PAIRS;

/// Adds `std` times a standard Gaussian to every value of all rows, `count` in all. Uses up 256 bytes of `rng`, however
/// many values there are.
pub(super) fn add<'a>(rng: &mut impl RngCore, rows: impl Iterator<Item = &'a mut [f32]>, count: usize, std: f32) {
    // Clearing a block takes longer than the numbers of a short trial.
    thread_local! {
        static SCRATCH: RefCell<Block> = const { RefCell::new(Block::EMPTY) };
    }
    let generators = Generators::start(rng);
    SCRATCH.with_borrow_mut(|block| pulp::Arch::new().dispatch(Addition { generators, block, rows, count, std }));
}

/// Uses up what [`add`] uses up, and adds nothing.
pub(super) fn pass(rng: &mut impl RngCore) {
    Generators::start(rng);
}

/// Compiled once for each width of vectors.
struct Addition<'b, R> {
    generators: Generators,
    block: &'b mut Block,
    rows: R,
    count: usize,
    std: f32,
}

impl<'a, R: Iterator<Item = &'a mut [f32]>> WithSimd for Addition<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { mut generators, block, rows, mut count, std } = self;
        let mut next = BLOCK..BLOCK;
        for mut row in rows {
            while !row.is_empty() {
                if next.is_empty() {
                    block.fill(simd, &mut generators, count);
                    next = 0..BLOCK;
                    count = count.saturating_sub(BLOCK);
                }
                let (now, later) = row.split_at_mut(row.len().min(next.len()));
                now.iter_mut()
                    .zip(&block.gaussians.as_flattened()[next.clone()])
                    .for_each(|(value, gaussian)| *value += std * gaussian);
                next.start += now.len();
                row = later;
            }
        }
    }
}

/// Numbers that are made together: all radii first, then all angles.
struct Block {
    radii: [u32; PAIRS],
    angles: [u32; PAIRS],
    gaussians: [[f32; PAIRS]; 2],
}

impl Block {
    const EMPTY: Self = Self { radii: [0; PAIRS], angles: [0; PAIRS], gaussians: [[0.0; PAIRS]; 2] };

    /// The next numbers, of which `count` are needed.
    #[inline(always)]
    fn fill<S: Simd>(&mut self, simd: S, generators: &mut Generators, count: usize) {
        // The angles of a last block begin where those of a whole one would.
        let pairs = count.next_multiple_of(LANES).min(PAIRS);
        generators.fill(simd, &mut self.radii);
        generators.fill(simd, &mut self.angles[..pairs]);
        let [first, second] = &mut self.gaussians;
        box_muller(&self.radii[..pairs], &self.angles[..pairs], first, second);
    }
}

/// The state of xoshiro128++, one column for each generator.
struct Generators([[u32; LANES]; 4]);

impl Generators {
    fn start(rng: &mut impl RngCore) -> Self {
        let mut bytes = [0; 4 * 4 * LANES];
        rng.fill_bytes(&mut bytes);
        let mut state = [[0; LANES]; 4];
        state
            .as_flattened_mut()
            .iter_mut()
            .zip(bytes.as_chunks().0)
            .for_each(|(word, bytes)| *word = u32::from_le_bytes(*bytes));
        // A generator whose state is 0 stays there.
        state[0].iter_mut().for_each(|word| *word |= 1);
        Self(state)
    }

    /// The next words, one of each generator for every row of [`LANES`]. Vectors are spelled out: compilers take apart
    /// those of a loop over the generators.
    #[inline(always)]
    fn fill<S: Simd>(&mut self, simd: S, words: &mut [u32]) {
        let [a, b, c, d] = self.0.each_mut().map(|row| S::as_mut_simd_u32s(row).0);
        for (column, (((a, b), c), d)) in a.iter_mut().zip(b).zip(c).zip(d).enumerate() {
            let mut state = [*a, *b, *c, *d];
            for row in words.as_chunks_mut::<LANES>().0 {
                let [a, .., d] = state;
                S::as_mut_simd_u32s(row).0[column] = simd.add_u32s(rotate_left(simd, simd.add_u32s(a, d), 7), a);
                state = next(simd, state);
            }
            [*a, *b, *c, *d] = state;
        }
    }
}

/// The state of generators after one more word.
#[inline(always)]
fn next<S: Simd>(simd: S, [a, b, c, d]: [S::u32s; 4]) -> [S::u32s; 4] {
    let shifted = simd.wrapping_dyn_shl_u32s(b, simd.splat_u32s(9));
    let (c, d) = (simd.xor_u32s(c, a), simd.xor_u32s(d, b));
    let (b, a) = (simd.xor_u32s(b, c), simd.xor_u32s(a, d));
    [a, b, simd.xor_u32s(c, shifted), rotate_left(simd, d, 11)]
}

/// The bits of every word moved up, the highest ones to the lowest places.
#[inline(always)]
fn rotate_left<S: Simd>(simd: S, words: S::u32s, bits: u32) -> S::u32s {
    let up = simd.wrapping_dyn_shl_u32s(words, simd.splat_u32s(bits));
    simd.or_u32s(up, simd.wrapping_dyn_shr_u32s(words, simd.splat_u32s(32 - bits)))
}

/// The numbers of these radii and angles.
#[inline(always)]
fn box_muller(radii: &[u32], angles: &[u32], first: &mut [f32], second: &mut [f32]) {
    for ((first, second), (radius, angle)) in first.iter_mut().zip(second).zip(radii.iter().zip(angles)) {
        (*first, *second) = nn4n_elementary::box_muller(*radius, *angle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_words_of_a_generator_are_the_published_ones() {
        // The state 1, 2, 3, 4, whose first words can be worked by hand: (1 + 4) << 7 + 1 = 641.
        let mut generators = Generators([[1; LANES], [2; LANES], [3; LANES], [4; LANES]]);
        let mut words = [0; 3 * LANES];
        generators.fill(pulp::Scalar, &mut words);
        assert_eq!([words[0], words[LANES], words[2 * LANES]], [641, 1_573_767, 3_222_811_527]);
        assert!(words.chunks(LANES).all(|row| row.iter().all(|word| *word == row[0])));
    }

    #[test]
    fn every_width_of_vectors_gives_the_same_numbers() {
        fn numbers(run: impl FnOnce(Addition<'_, std::iter::Once<&mut [f32]>>)) -> Vec<f32> {
            let generators = Generators([[1; LANES], [2; LANES], [3; LANES], std::array::from_fn(|i| i as u32)]);
            let (mut values, mut block) = (vec![0.25; 3 * BLOCK + 7], Block::EMPTY);
            let count = values.len();
            run(Addition { generators, block: &mut block, rows: std::iter::once(&mut values), count, std: 0.5 });
            values
        }
        let widest = numbers(|addition| pulp::Arch::new().dispatch(addition));
        assert!(widest.iter().all(|value| *value != 0.25));
        assert_eq!(numbers(|addition| addition.with_simd(pulp::Scalar)), widest);
        assert_eq!(numbers(|addition| addition.with_simd(pulp::Scalar128b)), widest);
        assert_eq!(numbers(|addition| addition.with_simd(pulp::Scalar256b)), widest);
    }
}
