//! Where units are active: rate maps, what they tell of the place, and how they change between conditions.
//!
//! ```text
//! n(b)  time that is spent in bin b        place of step k: where the animal is at its end
//! l(b) = (G * sum of rates)(b) / (G * n)(b)        G a Gaussian; NaN in bins that were not visited
//! ```
//!
//! | module | question |
//! |---|---|
//! | [`arena`] | which bins are there? |
//! | [`information()`] | how much does a spike tell of the place? |
//! | [`fields()`] | where is a unit active? |
//! | [`grid`] | do fields lie on a triangular lattice? |
//! | [`border`] | does a field lie along a wall? |
//! | [`units`] | all of it for every unit, beside shuffles |
//! | [`remapping`] | are the maps of two conditions the same? |
//! | [`remapping_matrix`] | how alike are those of each two of several? |
//!
//! A map is (y, x), with the lowest y first; that of a track has one row. The same kernel smooths numerator and
//! denominator, so that walls and bins that were not visited pull no rate down.

pub mod arena;
pub mod border;
pub mod fields;
pub mod grid;
pub mod information;
mod rate_map;
pub mod remapping;
pub mod remapping_matrix;
pub mod units;

pub use arena::{Arena, Bins};
pub use border::border_score;
pub use fields::{Field, fields};
pub use grid::{GridScore, autocorrelogram};
pub use information::{information, sparsity};
pub use rate_map::rate_map;
pub use remapping::Remapping;
pub use remapping_matrix::RemappingMatrix;
pub use units::RateMaps;

/// Why a number is not defined for a map.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Undefined {
    /// Bits per spike, fields and walls are of rates that are not negative.
    #[error("rates are negative, down to {0:.3}, and this is defined for rates that are not")]
    NegativeRates(f64),
    /// No rate anywhere.
    #[error("the unit is silent")]
    Silent,
    /// A track has neither lattice nor walls.
    #[error("needs two axes with more than one bin each")]
    NotAPlane,
    /// The autocorrelogram rises nowhere around its central peak.
    #[error("the autocorrelogram has no ring of peaks around its centre")]
    NoSpacing,
    /// No field is large enough.
    #[error("there is no field")]
    NoField,
    /// Bins along the walls were hardly visited.
    #[error("no side of the arena was visited along half of it")]
    NoWall,
}

/// Refuses rates that are negative, and maps without any rate.
fn check_rates(map: &ndarray::Array2<f64>) -> Result<(), Undefined> {
    let least = map.iter().copied().filter(|rate| !rate.is_nan()).fold(0.0, f64::min);
    if least < 0.0 {
        return Err(Undefined::NegativeRates(least));
    }
    if map.iter().any(|rate| *rate > 0.0) { Ok(()) } else { Err(Undefined::Silent) }
}

/// Pearson's correlation of pairs; `None` if one side does not vary.
fn correlation(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let (mut n, mut a, mut b) = (0.0, 0.0, 0.0);
    for (x, y) in pairs.clone() {
        (n, a, b) = (n + 1.0, a + x, b + y);
    }
    let (a, b) = (a / n, b / n);
    let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
    let (mut size_a, mut size_b) = (0.0, 0.0);
    for (x, y) in pairs {
        let (u, v) = (x - a, y - b);
        (aa, bb, ab) = (aa + u * u, bb + v * v, ab + u * v);
        (size_a, size_b) = (size_a + x * x, size_b + y * y);
    }
    // What rounding leaves of a constant is no variation.
    let varies = |squares: f64, size: f64| squares > 1e-24 * size;
    (varies(aa, size_a) && varies(bb, size_b)).then(|| (ab / (aa * bb).sqrt()).clamp(-1.0, 1.0))
}
