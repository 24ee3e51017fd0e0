//! Random numbers for trials: one independent ChaCha8 stream per (seed, stream name, update, trial).
//!
//! ```text
//! key (256 bit) = seed (64) | update (64) | trial index (64) | hash of the stream's name (64)
//! ```
//!
//! Two trials never share a key, so the draws of one trial do not depend on how many numbers another one used, nor on
//! which thread made it. Names separate purposes: `"train"` and `"test"` trials with the same seed are unrelated. What
//! all trials of a batch have in common (one timing, say) is drawn from a stream of the batch, [`TrialRng::shared`].
//!
//! ```
//! use nn4n_tasks::TrialRng;
//! let mut a = TrialRng::new(7, "train", 0, 3);
//! let mut b = TrialRng::new(7, "train", 0, 3);
//! assert_eq!(a.uniform(), b.uniform());
//! assert_ne!(a.uniform(), TrialRng::new(7, "test", 0, 3).uniform());
//! ```

mod gaussian;

use ndarray::ArrayViewMut2;
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// The random numbers of one trial.
#[derive(Clone, Debug)]
pub struct TrialRng {
    numbers: ChaCha8Rng,
    seed: u64,
    stream: u64,
    update: u64,
    index: u64,
    group: u64,
    is_quiet: bool,
}

impl TrialRng {
    /// The generator of trial `index` of update `update` in the stream `name`.
    pub fn new(seed: u64, name: &str, update: u64, index: u64) -> Self {
        let stream = fnv1a(name);
        let numbers = generator(seed, update, index, stream);
        Self { numbers, seed, stream, update, index, group: 0, is_quiet: false }
    }

    /// The same generator for a trial without the noise of its inputs. The noise is drawn and not added, so that what
    /// else is random in the trial stays what it is.
    #[must_use]
    pub fn without_noise(self) -> Self {
        Self { is_quiet: true, ..self }
    }

    /// Whether the trial is one without the noise of its inputs.
    pub fn is_quiet(&self) -> bool {
        self.is_quiet
    }

    /// The same generator for a trial that shares [`shared`](Self::shared) with the trials of its group only, instead
    /// of with the whole batch.
    #[must_use]
    pub(crate) fn in_group(self, group: u64) -> Self {
        Self { group, ..self }
    }

    /// A generator for the purpose `name`, the same for all trials of this batch and unrelated to the trials' own
    /// numbers.
    pub fn shared(&self, name: &str) -> Self {
        let stream = self.stream ^ fnv1a(name).rotate_left(1) ^ SHARED;
        Self { numbers: generator(self.seed, self.update, self.group, stream), stream, ..*self }
    }

    /// The update that this trial belongs to.
    pub fn update(&self) -> u64 {
        self.update
    }

    /// Which trial of its batch this is.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// What all trials of its batch have in common: the seed, a number for the name of the stream, the update.
    pub fn batch(&self) -> [u64; 3] {
        [self.seed, self.stream, self.update]
    }

    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.numbers.random()
    }

    /// Standard Gaussian: mean 0, variance 1. For a variable of the trial; noise of the inputs is
    /// [`noise`](Self::noise) or [`add_gaussian`](Self::add_gaussian).
    pub fn gaussian(&mut self) -> f64 {
        self.numbers.sample(StandardNormal)
    }

    /// A standard Gaussian for the noise of an input; 0 in a trial [without noise](Self::without_noise).
    pub fn noise(&mut self) -> f64 {
        let drawn = self.gaussian();
        if self.is_quiet { 0.0 } else { drawn }
    }

    /// Adds `std` times a standard Gaussian, the noise of inputs, to every value; much faster than one
    /// [`noise`](Self::noise) at a time, and other numbers.
    pub fn add_gaussian(&mut self, values: &mut [f32], std: f64) {
        let count = values.len();
        self.add_to_rows(std::iter::once(values), count, std);
    }

    /// The same for a part of an array (steps, channels), row by row.
    pub fn add_gaussian_to(&mut self, mut values: ArrayViewMut2<'_, f32>, std: f64) {
        let mut noise = vec![0.0; values.len()];
        self.add_gaussian(&mut noise, std);
        values.iter_mut().zip(noise).for_each(|(value, noise)| *value += noise);
    }

    /// The same for `count` values in these rows.
    pub(crate) fn add_to_rows<'a>(&mut self, rows: impl Iterator<Item = &'a mut [f32]>, count: usize, std: f64) {
        if std != 0.0 && self.is_quiet {
            gaussian::pass(&mut self.numbers);
        } else if std != 0.0 {
            gaussian::add(&mut self.numbers, rows, count, std as f32);
        }
    }

    /// Uniform in [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// One of the items, each equally likely; `None` if there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() {
            return None;
        }
        items.get(self.numbers.random_range(0..items.len()))
    }
}

/// The index of the weight that `part` of their sum, in [0, 1), falls into; `None` if no weight is above 0.
pub(crate) fn by_weight(weights: impl IntoIterator<Item = f64> + Clone, part: f64) -> Option<usize> {
    let mut left = part * weights.clone().into_iter().sum::<f64>();
    let (mut last, mut weights) = (None, weights.into_iter().enumerate());
    let found = weights.find(|(place, weight)| {
        left -= weight;
        last = if *weight > 0.0 { Some(*place) } else { last };
        left < 0.0
    });
    // Rounding may leave something of the last one.
    found.map(|(place, _)| place).or(last)
}

/// The generator also serves the distributions of the `rand` crates.
impl RngCore for TrialRng {
    fn next_u32(&mut self) -> u32 {
        self.numbers.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.numbers.next_u64()
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.numbers.fill_bytes(bytes);
    }
}

/// Sets the streams of batches apart from those of trials, whatever their names.
const SHARED: u64 = 0x9e37_79b9_7f4a_7c15;

fn generator(seed: u64, update: u64, index: u64, stream: u64) -> ChaCha8Rng {
    let mut key = [0u8; 32];
    for (place, word) in key.chunks_exact_mut(8).zip([seed, update, index, stream]) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// The 64-bit FNV-1a hash: a fixed function of the name, unlike the standard library's hasher.
fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_the_key_matters() {
        let first = |seed, name, update, index| TrialRng::new(seed, name, update, index).next_u64();
        let all =
            [first(1, "a", 1, 1), first(2, "a", 1, 1), first(1, "b", 1, 1), first(1, "a", 2, 1), first(1, "a", 1, 2)];
        for (i, x) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|y| y != x));
        }
    }

    #[test]
    fn the_hash_has_its_published_values() {
        assert_eq!(fnv1a(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a("a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn gaussians_have_mean_zero_and_variance_one() {
        let mut rng = TrialRng::new(0, "test", 0, 0);
        let n = 200_000;
        let (sum, squares) = (0..n).fold((0.0, 0.0), |(s, q), _| {
            let x = rng.gaussian();
            (s + x, q + x * x)
        });
        assert!((sum / n as f64).abs() < 0.01);
        assert!((squares / n as f64 - 1.0).abs() < 0.02);
    }

    #[test]
    fn many_gaussians_at_once_have_the_moments_of_one_gaussian() {
        let mut values = vec![1.0f32; 400_001];
        TrialRng::new(0, "test", 0, 0).add_gaussian(&mut values, 0.5);
        let moment = |power: i32| {
            values.iter().map(|&x| (f64::from(x - 1.0) / 0.5).powi(power)).sum::<f64>() / values.len() as f64
        };
        for (power, expected) in [(1, 0.0), (2, 1.0), (3, 0.0), (4, 3.0)] {
            assert!((moment(power) - expected).abs() < 0.05, "moment {power}: {}", moment(power));
        }
        let lag = values.windows(2).map(|pair| f64::from(pair[0] - 1.0) * f64::from(pair[1] - 1.0) / 0.25).sum::<f64>();
        assert!((lag / values.len() as f64).abs() < 0.01, "neighbours are independent");
    }

    #[test]
    fn part_of_an_array_gets_the_numbers_of_its_values_in_order() {
        // 3 x 700 numbers, so that blocks of them end within a row.
        let mut expected = vec![0.0f32; 2100];
        TrialRng::new(0, "test", 0, 0).add_gaussian(&mut expected, 0.5);
        let mut array = ndarray::Array2::<f32>::zeros((5, 703));
        TrialRng::new(0, "test", 0, 0).add_gaussian_to(array.slice_mut(ndarray::s![1..4, 2..702]), 0.5);
        assert_eq!(array.slice(ndarray::s![1..4, 2..702]).iter().copied().collect::<Vec<_>>(), expected);
        assert_eq!(array.iter().filter(|value| **value != 0.0).count(), 2100, "nothing else has changed");
        let mut columns = ndarray::Array2::<f32>::zeros((700, 3));
        TrialRng::new(0, "test", 0, 0).add_gaussian_to(columns.view_mut().reversed_axes(), 0.5);
        assert_eq!(columns.t().iter().copied().collect::<Vec<_>>(), expected, "whatever the order in memory");
    }

    #[test]
    fn trials_of_a_batch_share_a_stream_and_those_of_other_batches_and_purposes_do_not() {
        let draw = |update, index, group, name| {
            TrialRng::new(1, "train", update, index).in_group(group).shared(name).next_u64()
        };
        assert_eq!(draw(0, 0, 0, "timing"), draw(0, 5, 0, "timing"));
        assert_ne!(draw(0, 0, 0, "timing"), draw(1, 0, 0, "timing"));
        assert_ne!(draw(0, 0, 0, "timing"), draw(0, 0, 1, "timing"));
        assert_ne!(draw(0, 0, 0, "timing"), draw(0, 0, 0, "modality"));
        assert_ne!(draw(0, 0, 0, "timing"), TrialRng::new(1, "train", 0, 0).next_u64());
    }

    #[test]
    fn picking_is_uniform_and_nothing_comes_from_nothing() {
        let mut rng = TrialRng::new(0, "test", 0, 0);
        assert_eq!(rng.pick::<u8>(&[]), None);
        let mut counts = [0; 5];
        for _ in 0..50_000 {
            if let Some(&i) = rng.pick(&[0, 1, 2, 3, 4]) {
                counts[i] += 1;
            }
        }
        assert!(counts.iter().all(|&c| (9_500..10_500).contains(&c)), "{counts:?}");
    }
}
