//! Gaussian noise from a counter-based generator: every number is a pure function of its key and its place.
//!
//! ```text
//! bits = Philox4x32-10(counter = (unit quad, step, trial, 0), key = hash(seed, stream, update))
//! (z0, z1) = sqrt(-2 ln u0) (cos 2 pi u1, sin 2 pi u1)          Box-Muller, two pairs a quad
//! ```
//!
//! So threads, batch size and order do not matter, and trial 7 of update 3 has the same noise whether or not the run was interrupted.
//! Generator: Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy as 1, 2, 3, doi:10.1145/2063384.2063405.

use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;

use crate::error::Result;

/// Where the noise of one call comes from. Trial `b` of the batch draws as trial `first_trial + b` of that update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoiseKey {
    /// Seed of the run.
    pub seed: u64,
    /// Gradient update, or any other number that should give fresh noise.
    pub update: u64,
    /// Index of the batch's first trial.
    pub first_trial: u32,
}

impl NoiseKey {
    /// Noise of a seed and an update, trials counted from zero.
    pub fn new(seed: u64, update: u64) -> Self {
        Self { seed, update, first_trial: 0 }
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
    let philox_key = derive_key(key.seed, key.update, stream as u32);
    let mut values = vec![0f32; steps * batch * units];
    values.par_chunks_mut((batch * units).max(1)).enumerate().for_each(|(step, rows)| {
        for (row, trial) in rows.chunks_mut(units.max(1)).zip(key.first_trial..) {
            fill_row(philox_key, step as u32, trial, row);
        }
    });
    Ok(Tensor::from_vec(values, (steps, batch, units), &Device::Cpu)?.to_dtype(dtype)?.to_device(device)?)
}

fn fill_row(key: [u32; 2], step: u32, trial: u32, row: &mut [f32]) {
    for (quad, values) in row.chunks_mut(4).enumerate() {
        let bits = philox([quad as u32, step, trial, 0], key);
        let (a, b) = box_muller(bits[0], bits[1]);
        let (c, d) = box_muller(bits[2], bits[3]);
        for (value, drawn) in values.iter_mut().zip([a, b, c, d]) {
            *value = drawn;
        }
    }
}

/// Two independent unit Gaussians from two uniform words.
fn box_muller(first: u32, second: u32) -> (f32, f32) {
    const SCALE: f64 = 1.0 / 4_294_967_296.0;
    // (0, 1], so that the logarithm is finite.
    let radius = (-2.0 * ((f64::from(first) + 1.0) * SCALE).ln()).sqrt();
    let (sin, cos) = (std::f64::consts::TAU * f64::from(second) * SCALE).sin_cos();
    ((radius * cos) as f32, (radius * sin) as f32)
}

fn derive_key(seed: u64, update: u64, stream: u32) -> [u32; 2] {
    let mixed = philox([update as u32, (update >> 32) as u32, stream, 0], [seed as u32, (seed >> 32) as u32]);
    [mixed[0], mixed[1]]
}

/// Philox4x32 with ten rounds.
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let a = 0xD251_1F53u64 * u64::from(counter[0]);
        let b = 0xCD9E_8D57u64 * u64::from(counter[2]);
        counter = [(b >> 32) as u32 ^ counter[1] ^ key[0], b as u32, (a >> 32) as u32 ^ counter[3] ^ key[1], a as u32];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_published_known_answers() {
        // Known-answer vectors of the Random123 distribution.
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn moments_are_those_of_a_unit_gaussian() -> Result<()> {
        let draws = gaussian(NoiseKey::new(3, 1), NoiseStream::Recurrent, (50, 40, 101), DType::F64, &Device::Cpu)?
            .flatten_all()?
            .to_vec1::<f64>()?;
        let n = draws.len() as f64;
        let moment = |power: i32| draws.iter().map(|z| z.powi(power)).sum::<f64>() / n;
        // Standard errors: 1, sqrt(2), sqrt(15), sqrt(96) over sqrt(n); five of each allowed.
        let tolerance = 5.0 / n.sqrt();
        assert!(moment(1).abs() < tolerance);
        assert!((moment(2) - 1.0).abs() < 2f64.sqrt() * tolerance);
        assert!(moment(3).abs() < 15f64.sqrt() * tolerance);
        assert!((moment(4) - 3.0).abs() < 96f64.sqrt() * tolerance);
        Ok(())
    }

    #[test]
    fn a_trial_has_the_same_noise_in_any_batch_and_differs_between_streams_and_updates() -> Result<()> {
        let shape = (3, 5, 7);
        let draw = |key, stream| gaussian(key, stream, shape, DType::F32, &Device::Cpu).unwrap().to_vec3::<f32>().unwrap();
        let all = draw(NoiseKey::new(9, 2), NoiseStream::Recurrent);
        let later = draw(NoiseKey { first_trial: 2, ..NoiseKey::new(9, 2) }, NoiseStream::Recurrent);
        for step in 0..3 {
            assert_eq!(all[step][2..], later[step][..3]);
        }
        assert_ne!(all, draw(NoiseKey::new(9, 3), NoiseStream::Recurrent));
        assert_ne!(all, draw(NoiseKey::new(9, 2), NoiseStream::PostActivation));
        Ok(())
    }
}
