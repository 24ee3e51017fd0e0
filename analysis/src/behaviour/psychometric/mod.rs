//! The psychometric function: how the probability of a choice depends on the evidence, fitted by maximum likelihood.
//!
//! ```text
//! P(choice 1 | x) = lo + (1 - lo - hi) F(z)        z = (x - mu) / sigma        Weibull: z = (ln x - ln mu) / sigma
//! ln L = sum over values [ k ln P + (n - k) ln (1 - P) ]
//! D = 2 sum [ k ln (k / (n P)) + (n - k) ln ((n - k) / (n (1 - P))) ]        0 ln 0 = 0
//! d_i = sign(k / n - P) sqrt(D_i)
//! two variables:  z = (x_r - mu) b_r + x_i b_i
//! ```
//!
//! | symbol | meaning |
//! |---|---|
//! | `x` | signed coherence (or any other graded variable) |
//! | `F` | the [`Family`]: normal or logistic distribution function, `1 - exp(-exp z)` of Gumbel and Weibull |
//! | `mu`, `sigma` | where `F` is 1/2 (0.6321 of Gumbel and Weibull), and how wide it is |
//! | `lo`, `hi` | [`Lapses`]: floor of the curve, and what its ceiling lacks to 1 |
//! | `k`, `n` | choices of 1, trials |
//! | `D`, `d` | deviance and its residuals; a trend of `d` over `x` speaks of another shape |
//! | `b_r`, `b_i` | slopes of the evidence that counts and of the evidence that does not |
//!
//! The likelihood climbs by Fisher scoring, damped, within bounds, from several starts. Uncertainty comes from a
//! parametric bootstrap: choices are drawn from the fitted curve and fitted again, with the same bounds. Choices that
//! are perfectly separated have no finite slope: `sigma` is bounded from below by a twentieth of the smallest distance
//! of two values, and a curve at this bound is unresolved. Where lapses are left out, `sigma` takes them up.
//!
//! [`CumulativeGaussian`] is the probit model alone, for a curve through points where no uncertainty is asked for.
//!
//! References: Wichmann FA, Hill NJ (2001), Percept Psychophys 63: 1293-1313 and 1314-1329,
//! <https://doi.org/10.3758/BF03194544>, <https://doi.org/10.3758/BF03194545>.

mod bootstrap;
mod family;
mod likelihood;
mod one;
mod probit;
mod two;

use serde::Serialize;

pub use bootstrap::Interval;
pub(crate) use bootstrap::percentiles;
pub use family::{Family, Lapses};
pub use one::{Intervals, PsychometricFunction, Trend};
pub use probit::{ChoiceCount, CumulativeGaussian};
pub use two::{ChoiceCountOfTwo, TwoVariableFunction, TwoVariableIntervals};

/// How a curve is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// Its shape.
    pub family: Family,
    /// Which lapses are fitted.
    pub lapses: Lapses,
    /// The largest lapse rate, above 0 and below 1/2.
    pub max_lapse: f64,
    /// The floor of [`Lapses::Guess`], the probability to be right by guessing, in [0, 1).
    pub guess: f64,
    /// Fits to choices that are drawn from the curve; 0 for no intervals.
    pub refits: usize,
    /// Seed of these draws.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { family: Family::Gaussian, lapses: Lapses::Equal, max_lapse: 0.25, guess: 0.5, refits: 2000, seed: 0 }
    }
}
