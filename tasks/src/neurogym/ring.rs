//! Stimuli on a ring of channels.
//!
//! ```text
//! channel i of n prefers theta_i = 2 pi (i - 1) / n                                                         i = 1 .. n
//! ```

use std::f64::consts::TAU;

use crate::TaskError;

/// The most channels of a ring: a mistyped number should be an error instead of an exhausted memory.
const MAX_RING: usize = 128;

/// Checks the number of channels of a ring.
pub fn validate_ring(dim_ring: usize) -> Result<(), TaskError> {
    if (2..=MAX_RING).contains(&dim_ring) {
        return Ok(());
    }
    Err(TaskError::parameter("dim_ring", dim_ring, "is no size of a ring", format!("give 2 to {MAX_RING}")))
}

/// `offset + gain cos(theta_i - angle)` for every channel.
pub fn cosine(n: usize, angle: f64, gain: f64, offset: f64) -> impl Iterator<Item = f32> {
    (0..n).map(move |i| (offset + gain * (TAU * i as f64 / n as f64 - angle).cos()) as f32)
}

/// The angle that channel `position` (from 1) prefers, rad.
pub fn angle(position: usize, n: usize) -> f64 {
    TAU * position.saturating_sub(1) as f64 / n as f64
}
