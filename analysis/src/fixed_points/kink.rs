//! Whether a fixed point on a kink is stable: perturbations of it are followed.
//!
//! ```text
//! v' = (F(x* + v) - x*) / |F(x* + v) - x*| eps         growth = mean ln(|F(x* + v) - x*| / eps), after a while
//! ```
//!
//! Close to the point the dynamics are linear in pieces that meet there, so that a perturbation kept at a small size
//! grows or decays at a rate that does not depend on the size.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{MARGINAL, Stability};
use crate::{dynamics::Dynamics, linear::length};

/// Perturbations that are followed.
const PERTURBATIONS: usize = 64;
/// Size of a perturbation, as a part of `1 + |x*|`: well above rounding, well within the linear pieces.
const SIZE: f64 = 1e-6;
/// Steps before growth is measured, and while it is.
const STEPS: (usize, usize) = (400, 400);

/// Of the fastest growth among the perturbations; how many directions grow is not known, and counted as one.
pub(super) fn stability(system: &dyn Dynamics, point: &[f64], seed: u64) -> Stability {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let growth = (0..PERTURBATIONS)
        .map(|_| {
            let direction: Vec<f64> = point.iter().map(|_| StandardNormal.sample(&mut rng)).collect();
            growth(system, point, direction)
        })
        .fold(f64::NEG_INFINITY, f64::max);
    Stability {
        is_stable: growth < -MARGINAL,
        unstable: usize::from(growth > MARGINAL),
        marginal: usize::from(growth.abs() <= MARGINAL),
    }
}

/// Mean logarithm of the growth in a step; minus infinity of a perturbation that vanishes.
fn growth(system: &dyn Dynamics, point: &[f64], direction: Vec<f64>) -> f64 {
    let size = SIZE * (1.0 + length(point));
    let (before, during) = STEPS;
    let (mut direction, mut sum) = (direction, 0.0);
    for step in 0..before + during {
        let scale = size / length(&direction);
        let moved: Vec<f64> = point.iter().zip(&direction).map(|(x, v)| x + scale * v).collect();
        direction = system.step(&moved).iter().zip(point).map(|(next, x)| next - x).collect();
        let now = length(&direction);
        if now == 0.0 {
            return f64::NEG_INFINITY;
        }
        if step >= before {
            sum += (now / size).ln();
        }
    }
    sum / during as f64
}
