//! Gaussian noise from a counter-based generator: every number is a pure function of its key and its place.
//!
//! ```text
//! words = Philox4x32-10(counter = (quad, step, trial, 0), key = hash(seed, update, stream, layer))
//! u = (floor(word / 2) + 1/2) / 2^31   in f32, in (0, 1]
//! (z0, z1) = sqrt(-2 ln u(word 0)) (cos 2 pi v, sin 2 pi v),  v = word 1 / 2^32      Box-Muller
//! (z2, z3) likewise from words 2 and 3
//! unit i has z[i div Q] of quad i mod Q,  Q = ceil(units / 4)
//! ```
//!
//! So threads, batch size and order do not matter, and trial 7 of update 3 has the same noise whether or not the
//! training run was interrupted. The arithmetic is f32 and has the same bits on every machine, whatever vectors it has
//! (see [`nn4n_elementary`]). Generator: Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy as 1, 2,
//! 3, doi:10.1145/2063384.2063405.

use candle_core::{DType, Device, Tensor};
use nn4n_elementary::box_muller;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::error::Result;

/// Where the noise of one call comes from. Trial `b` of the batch draws as trial `first_trial + b` of that update, step
/// `t` as step `first_step + t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoiseKey {
    /// Seed of the training run.
    pub seed: u64,
    /// Gradient update, or any other number that should give fresh noise.
    pub update: u64,
    /// Index of the batch's first trial.
    pub first_trial: u32,
    /// Index of the call's first step, so that a long simulation can be cut into pieces.
    pub first_step: u32,
    /// Index of the network's first layer: each layer has noise of its own.
    pub layer: u32,
}

impl NoiseKey {
    /// Noise of a seed and an update, trials and steps counted from zero.
    pub fn new(seed: u64, update: u64) -> Self {
        Self { seed, update, first_trial: 0, first_step: 0, layer: 0 }
    }

    /// The same noise from its step `step` on.
    #[must_use]
    pub fn at_step(self, step: usize) -> Self {
        Self { first_step: self.first_step.wrapping_add(step as u32), ..self }
    }

    /// The noise of the layer so many layers above.
    pub(crate) fn above(self, layers: usize) -> Self {
        Self { layer: self.layer.wrapping_add(layers as u32), ..self }
    }
}

/// Named streams, independent of each other under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoiseStream {
    /// Enters the dynamics (`sigma_rec`).
    Recurrent = 1,
    /// Added to the rates (`sigma_post`).
    PostActivation = 2,
}

/// Unit Gaussians of shape (steps, batch, units).
pub(crate) fn gaussian(
    key: NoiseKey,
    stream: NoiseStream,
    (steps, batch, units): (usize, usize, usize),
    dtype: DType,
    device: &Device,
) -> Result<Tensor> {
    let gaussians = Gaussians::new(key, stream, units);
    let mut values = vec![0f32; steps * batch * units];
    values.par_chunks_mut((batch * units).max(1)).enumerate().for_each(|(step, rows)| {
        gaussians.fill(step as u32, 0, rows, units, &mut Tile::new());
    });
    Ok(Tensor::from_vec(values, (steps, batch, units), &Device::Cpu)?.to_dtype(dtype)?.to_device(device)?)
}

/// [`Gaussians::fill`] as a function of its own, compiled for the vectors of the machine it runs on: the compiler makes
/// vectors of its loops only there.
struct Fill<'a> {
    gaussians: &'a Gaussians,
    step: u32,
    first_row: u32,
    rows: &'a mut [f32],
    stride: usize,
    tile: &'a mut Tile,
}

impl WithSimd for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        self.gaussians.fill_in_line(self.step, self.first_row, self.rows, self.stride, self.tile);
    }
}

/// Counters that go through the generator hand in hand: a round waits for the one before it, and the other one has its
/// turn meanwhile.
const ABREAST: usize = 2;
/// Quads worked on together: the widest vectors of today hold 16 f32.
const LANES: usize = ABREAST * 16;
/// Quads whose draws are buffered before they are copied to their rows.
const TILE: usize = 8 * LANES;

/// Working space of [`Gaussians::fill`]: word by word the draws of one tile.
pub(crate) struct Tile([[f32; TILE]; 4]);

impl Tile {
    pub(crate) fn new() -> Self {
        Self([[0.0; TILE]; 4])
    }
}

/// The Gaussians of one call, drawn step by step.
#[derive(Debug)]
pub(crate) struct Gaussians {
    key: [u32; 2],
    first_step: u32,
    first_trial: u32,
    units: usize,
    /// Quads of a row, those of them in one tile, and the rows of a tile.
    quads: usize,
    tile_quads: usize,
    tile_rows: usize,
    /// Quad and row of each place in a tile, row by row so that few units fill the lanes too.
    quad: [u32; TILE],
    row: [u32; TILE],
}

impl Gaussians {
    pub(crate) fn new(key: NoiseKey, stream: NoiseStream, units: usize) -> Self {
        let quads = units.div_ceil(4);
        let tile_quads = quads.clamp(1, TILE);
        Self {
            key: derive_key(key.seed, key.update, stream as u32, key.layer),
            first_step: key.first_step,
            first_trial: key.first_trial,
            units,
            quads,
            tile_quads,
            tile_rows: TILE / tile_quads,
            quad: std::array::from_fn(|place| (place % tile_quads) as u32),
            row: std::array::from_fn(|place| (place / tile_quads) as u32),
        }
    }

    /// Draws step `step` of the call for consecutive trials of its batch, from `first_row` on: `rows` holds whole rows
    /// of `stride` >= units numbers, of which the first `units` are written. `tile` is working space.
    pub(crate) fn fill(&self, step: u32, first_row: u32, rows: &mut [f32], stride: usize, tile: &mut Tile) {
        Arch::new().dispatch(Fill { gaussians: self, step, first_row, rows, stride, tile });
    }

    #[inline(always)]
    fn fill_in_line(&self, step: u32, first_row: u32, rows: &mut [f32], stride: usize, tile: &mut Tile) {
        let step = self.first_step.wrapping_add(step);
        for first_quad in (0..self.quads).step_by(self.tile_quads) {
            let mut trial = self.first_trial.wrapping_add(first_row);
            for rows in rows.chunks_mut(self.tile_rows * stride) {
                let count = rows.len() / stride;
                for at in (0..TILE.min(count * self.tile_quads)).step_by(LANES) {
                    self.draw([first_quad as u32, step, trial], at, tile);
                }
                for (word, drawn) in tile.0.iter().enumerate() {
                    let first = word * self.quads + first_quad;
                    let len = self.tile_quads.min(self.quads - first_quad).min(self.units.saturating_sub(first));
                    Strips { drawn, quads: self.tile_quads, stride, first, len, count }.copy(rows);
                }
                trial = trial.wrapping_add(count as u32);
            }
        }
    }

    /// Draws the quads at places `at..at + LANES` of a tile.
    #[inline(always)]
    fn draw(&self, [first_quad, step, first_trial]: [u32; 3], at: usize, tile: &mut Tile) {
        let mut words = [[0u32; LANES]; 4];
        let (quad, row) = (&self.quad[at..at + LANES], &self.row[at..at + LANES]);
        for lane in 0..LANES / ABREAST {
            let place = |way: usize| lane + way * (LANES / ABREAST);
            let counters: [[u32; 4]; ABREAST] = std::array::from_fn(|way| {
                [first_quad.wrapping_add(quad[place(way)]), step, first_trial.wrapping_add(row[place(way)]), 0]
            });
            for (way, bits) in philox(counters, self.key).into_iter().enumerate() {
                for word in 0..4 {
                    words[word][place(way)] = bits[word];
                }
            }
        }
        for ([a, b], [first, second]) in tile.0.as_chunks_mut::<2>().0.iter_mut().zip(words.as_chunks::<2>().0) {
            let drawn = a[at..at + LANES].iter_mut().zip(&mut b[at..at + LANES]);
            for ((a, b), (first, second)) in drawn.zip(first.iter().zip(second)) {
                (*a, *b) = box_muller(*first, *second);
            }
        }
    }
}

/// One word of the quads of a tile: `count` strips of `len` numbers, one every `quads`, that go to the places from
/// `first` on of rows one every `stride`.
struct Strips<'a> {
    drawn: &'a [f32; TILE],
    quads: usize,
    stride: usize,
    first: usize,
    len: usize,
    count: usize,
}

impl Strips<'_> {
    #[inline(always)]
    fn copy(&self, rows: &mut [f32]) {
        match self.len {
            0 => {}
            1 => self.copy_in_blocks::<1>(rows),
            2..4 => self.copy_in_blocks::<2>(rows),
            4..8 => self.copy_in_blocks::<4>(rows),
            8..16 => self.copy_in_blocks::<8>(rows),
            _ => self.copy_in_blocks::<16>(rows),
        }
    }

    /// Copies in blocks of a fixed size <= `len`, the last of which may overlap the one before.
    #[inline(always)]
    fn copy_in_blocks<const BLOCK: usize>(&self, rows: &mut [f32]) {
        for strip in 0..self.count {
            let from = &self.drawn[strip * self.quads..][..self.len];
            let to = &mut rows[strip * self.stride + self.first..][..self.len];
            for (to, from) in to.as_chunks_mut::<BLOCK>().0.iter_mut().zip(from.as_chunks::<BLOCK>().0) {
                *to = *from;
            }
            if let (Some(to), Some(from)) = (to.last_chunk_mut::<BLOCK>(), from.last_chunk::<BLOCK>()) {
                *to = *from;
            }
        }
    }
}

fn derive_key(seed: u64, update: u64, stream: u32, layer: u32) -> [u32; 2] {
    let [mixed] = philox([[update as u32, (update >> 32) as u32, stream, layer]], [seed as u32, (seed >> 32) as u32]);
    [mixed[0], mixed[1]]
}

/// Philox4x32 with ten rounds. The words are kept in the low halves of 64 bits, where products of vectors need no
/// shuffling; the high halves are left as they come, since no product takes them in.
#[inline(always)]
fn philox<const N: usize>(counters: [[u32; 4]; N], mut key: [u32; 2]) -> [[u32; 4]; N] {
    let mut counters = counters.map(|counter| counter.map(u64::from));
    for _ in 0..10 {
        for counter in &mut counters {
            let a = 0xD251_1F53 * (counter[0] & 0xFFFF_FFFF);
            let b = 0xCD9E_8D57 * (counter[2] & 0xFFFF_FFFF);
            *counter = [(b >> 32) ^ counter[1] ^ u64::from(key[0]), b, (a >> 32) ^ counter[3] ^ u64::from(key[1]), a];
        }
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counters.map(|counter| counter.map(|word| word as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPES: [usize; 11] = [1, 2, 3, 4, 5, 7, 31, 33, 50, 100, 257];

    fn draw(key: NoiseKey, stream: NoiseStream, shape: (usize, usize, usize)) -> Vec<f32> {
        gaussian(key, stream, shape, DType::F32, &Device::Cpu).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    /// About 200,000 draws of (steps 50, batch 40, units 101).
    fn sample() -> Vec<f64> {
        draw(NoiseKey::new(3, 1), NoiseStream::Recurrent, (50, 40, 101)).into_iter().map(f64::from).collect()
    }

    #[test]
    fn philox_gives_the_published_known_answers() {
        // Known-answer vectors of the Random123 distribution.
        assert_eq!(philox([[0; 4]], [0; 2])[0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([[u32::MAX; 4]], [u32::MAX; 2])[0], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox([[0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344]], [0xa409_3822, 0x299f_31d0])[0],
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn gaussians_are_those_of_a_program_in_double_precision() {
        // From Python, with `philox` written out as in the module's source:
        //   k = philox([update % 2**32, update >> 32, stream, layer], [seed % 2**32, seed >> 32])[:2]
        //   q = -(-units // 4); j = unit // q
        //   w = philox([unit % q, step, trial, 0], k)
        //   r = sqrt(-2 * log(((w[j & ~1] >> 1) + 0.5) / 2**31)); v = 2 * pi * w[j | 1] / 2**32
        //   print(r * (sin(v) if j & 1 else cos(v)))
        let small = NoiseKey { first_trial: 2, first_step: 1, ..NoiseKey::new(7, 3) };
        let large = NoiseKey { first_trial: u32::MAX, first_step: 99, ..NoiseKey::new((1 << 40) + 5, (1 << 33) + 1) };
        let (recurrent, post) = (NoiseStream::Recurrent, NoiseStream::PostActivation);
        for (key, stream, units, unit, step, trial, expected) in [
            (small, recurrent, 10, 0, 0, 0, -1.21616109),
            (small, recurrent, 10, 3, 0, 1, 0.564141045),
            (small, recurrent, 10, 8, 2, 0, 0.737933971),
            (small, recurrent, 10, 9, 1, 4, -2.01389093),
            (large, post, 50, 13, 0, 0, 1.21598343),
            (large, post, 50, 26, 0, 0, -0.842937058),
            (large, post, 50, 49, 3, 1, -1.36722359),
        ] {
            let drawn = draw(key, stream, (step + 1, trial + 1, units))[(step * (trial + 1) + trial) * units + unit];
            assert!((f64::from(drawn) - expected).abs() < 1e-6, "{drawn} for {expected}");
        }
    }

    #[test]
    fn moments_are_those_of_a_unit_gaussian() {
        let draws = sample();
        let n = draws.len() as f64;
        let moment = |power: i32| draws.iter().map(|z| z.powi(power)).sum::<f64>() / n;
        // Standard errors: 1, sqrt(2), sqrt(15), sqrt(96) over sqrt(n); five of each allowed.
        let tolerance = 5.0 / n.sqrt();
        assert!(moment(1).abs() < tolerance);
        assert!((moment(2) - 1.0).abs() < 2f64.sqrt() * tolerance);
        assert!(moment(3).abs() < 15f64.sqrt() * tolerance);
        assert!((moment(4) - 3.0).abs() < 96f64.sqrt() * tolerance);
    }

    #[test]
    fn the_distribution_is_gaussian_by_a_kolmogorov_smirnov_test() {
        let mut draws = sample();
        draws.sort_by(f64::total_cmp);
        let n = draws.len() as f64;
        let distance = draws.iter().enumerate().map(|(rank, z)| {
            let expected = 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2);
            (expected - rank as f64 / n).abs().max(((rank + 1) as f64 / n - expected).abs())
        });
        // Exceeded by chance once in a thousand: 1.95 / sqrt(n).
        let largest = distance.fold(0.0, f64::max);
        assert!(largest < 1.95 / n.sqrt(), "{largest}");
    }

    #[test]
    fn tails_are_as_long_as_they_should_be_and_every_word_gives_a_finite_number() {
        let largest = sample().into_iter().map(f64::abs).fold(0.0, f64::max);
        // Of 202,000 draws: exceeding 3.7 and staying below 6 are each as good as certain.
        assert!((3.7..6.0).contains(&largest), "{largest}");
        // The smallest u is 2^-32.
        assert!((f64::from(box_muller(0, 0).0) - (64.0 * 2f64.ln()).sqrt()).abs() < 1e-6);
        for first in [0, 1, 2, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, u32::MAX] {
            for second in [0, 0x1fff_ffff, 0x2000_0000, 0x8000_0000, 0xe000_0000, u32::MAX] {
                let (a, b) = box_muller(first, second);
                assert!(a.is_finite() && b.is_finite(), "{first:x} {second:x}: {a} {b}");
            }
        }
    }

    #[test]
    fn neighbours_are_uncorrelated() {
        const SHAPE: (usize, usize, usize) = (40, 50, 104);
        let (_, batch, units) = SHAPE;
        let recurrent = draw(NoiseKey::new(5, 0), NoiseStream::Recurrent, SHAPE);
        let correlation = |a: &[f32], b: &[f32]| {
            let pairs = a.iter().zip(b);
            let n = pairs.len() as f64;
            let sum = |power: i32| {
                pairs.clone().map(|(a, b)| f64::from(*a).powi(power) * f64::from(*b).powi(power)).sum::<f64>()
            };
            // Of the numbers (products of variance 1) and of their squares (mean 1, variance 8), in standard errors.
            (sum(1) / n.sqrt(), (sum(2) - n) / (8.0 * n).sqrt())
        };
        let quads = units / 4;
        // The next unit, the other words of the same quad (the second of a pair first), the next trial, the next step.
        for lag in [1, quads, 2 * quads, 3 * quads, units, batch * units] {
            let (linear, squared) = correlation(&recurrent, &recurrent[lag..]);
            assert!(linear.abs() < 5.0 && squared.abs() < 5.0, "lag {lag}: {linear} {squared}");
        }
        for (key, stream) in
            [(NoiseKey::new(5, 0), NoiseStream::PostActivation), (NoiseKey::new(5, 1), NoiseStream::Recurrent)]
        {
            let (linear, squared) = correlation(&recurrent, &draw(key, stream, SHAPE));
            assert!(linear.abs() < 5.0 && squared.abs() < 5.0, "{key:?} {stream:?}: {linear} {squared}");
        }
    }

    #[test]
    fn trials_and_steps_have_the_same_noise_in_any_batch_and_any_piece() {
        for units in SHAPES {
            let row = |draws: &[f32], batch: usize, step: usize, trial: usize| {
                draws[(step * batch + trial) * units..][..units].to_vec()
            };
            let all = draw(NoiseKey::new(9, 2), NoiseStream::Recurrent, (4, 23, units));
            let key = NoiseKey { first_trial: 2, first_step: 1, ..NoiseKey::new(9, 2) };
            let piece = draw(key, NoiseStream::Recurrent, (3, 17, units));
            for step in 0..3 {
                for trial in 0..17 {
                    assert_eq!(
                        row(&piece, 17, step, trial),
                        row(&all, 23, step + 1, trial + 2),
                        "{units} units, step {step}, trial {trial}"
                    );
                }
            }
        }
    }

    #[test]
    fn vectors_of_any_width_give_the_same_bits_and_leave_the_rest_of_a_row_alone() {
        for units in SHAPES.into_iter().chain([1024, 1100]) {
            for batch in [1, 3, 10, 17] {
                let stride = units + 3;
                let gaussians = Gaussians::new(NoiseKey::new(4, 8), NoiseStream::Recurrent, units);
                let mut rows = vec![f32::NAN; batch * stride];
                // Not dispatched, so with the vectors that every machine has.
                gaussians.fill_in_line(6, 5, &mut rows, stride, &mut Tile::new());
                let mut dispatched = vec![f32::NAN; batch * stride];
                gaussians.fill(6, 5, &mut dispatched, stride, &mut Tile::new());
                for (trial, (row, dispatched)) in rows.chunks(stride).zip(dispatched.chunks(stride)).enumerate() {
                    let bits = |row: &[f32]| row.iter().map(|z| z.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(row), bits(dispatched), "{units} units, trial {trial} of {batch}");
                    assert!(row[units..].iter().all(|z| z.is_nan()));
                    for (unit, drawn) in row[..units].iter().enumerate() {
                        assert_eq!(
                            drawn.to_bits(),
                            one(&gaussians, 6, 5 + trial as u32, unit).to_bits(),
                            "unit {unit} of {units}"
                        );
                    }
                }
            }
        }
    }

    /// The definition, one unit at a time.
    fn one(gaussians: &Gaussians, step: u32, trial: u32, unit: usize) -> f32 {
        let (word, quad) = (unit / gaussians.quads, unit % gaussians.quads);
        let [words] = philox([[quad as u32, step, trial, 0]], gaussians.key);
        let (a, b) = box_muller(words[word & !1], words[word | 1]);
        if word & 1 == 0 { a } else { b }
    }
}
