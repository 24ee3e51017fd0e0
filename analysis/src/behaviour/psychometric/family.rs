//! Shapes of psychometric functions, and which lapses they have.

use serde::Serialize;

use super::probit::normal_cdf;

/// The shape of a psychometric function: a distribution function `F(z)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// The normal distribution function.
    #[default]
    Gaussian,
    /// `1 / (1 + exp(-z))`
    Logistic,
    /// `1 - exp(-(x / mu)^(1 / sigma))` of a variable that is not negative.
    Weibull,
    /// `1 - exp(-exp z)`
    Gumbel,
}

/// Which lapses are fitted, answers that do not depend on the evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lapses {
    /// None: the curve goes from 0 to 1.
    None,
    /// As many on both sides.
    #[default]
    Equal,
    /// Those of each side on their own.
    Two,
    /// The floor is the probability to be right by guessing, and the ceiling is fitted: for the fraction of right
    /// answers.
    Guess,
}

impl Family {
    /// `F(z)`, and `1 - F(z)` as exactly.
    pub(super) fn both(self, z: f64) -> (f64, f64) {
        match self {
            Self::Gaussian => (normal_cdf(z), normal_cdf(-z)),
            Self::Logistic => (1.0 / (1.0 + (-z).exp()), 1.0 / (1.0 + z.exp())),
            Self::Weibull | Self::Gumbel => (-(-z.exp()).exp_m1(), (-z.exp()).exp()),
        }
    }

    /// `dF / dz`
    pub(super) fn density(self, z: f64) -> f64 {
        match self {
            Self::Gaussian => (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt(),
            Self::Logistic => {
                let (f, rest) = self.both(z);
                f * rest
            }
            Self::Weibull | Self::Gumbel => (z - z.exp()).exp(),
        }
    }

    /// The `z` at which `F` is `p`, in (0, 1).
    pub(super) fn quantile(self, p: f64) -> f64 {
        match self {
            Self::Gaussian => normal_quantile(p),
            Self::Logistic => (p / (1.0 - p)).ln(),
            Self::Weibull | Self::Gumbel => (-(-p).ln_1p()).ln(),
        }
    }

    /// The variable as `z` is linear in it.
    pub(super) fn scaled(self, x: f64) -> f64 {
        if self == Self::Weibull { x.ln() } else { x }
    }

    /// And back.
    pub(super) fn unscaled(self, scaled: f64) -> f64 {
        if self == Self::Weibull { scaled.exp() } else { scaled }
    }

    /// The value at which `F` is `p`.
    pub(super) fn value_at(self, p: f64, mu: f64, sigma: f64) -> f64 {
        self.unscaled(self.scaled(mu) + sigma * self.quantile(p))
    }
}

impl Lapses {
    /// How many lapse rates are fitted.
    pub(super) fn count(self) -> usize {
        match self {
            Self::None => 0,
            Self::Equal | Self::Guess => 1,
            Self::Two => 2,
        }
    }

    /// In words, with the number of parameters that come on top.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::None => "no lapses",
            Self::Equal => "equal lapses",
            Self::Two => "two lapses",
            Self::Guess => "a floor by guessing and lapses",
        }
    }
}

/// By bisection, which is exact to rounding and needed a few times alone.
fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if normal_cdf(middle) < p { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILIES: [Family; 4] = [Family::Gaussian, Family::Logistic, Family::Weibull, Family::Gumbel];

    #[test]
    fn densities_are_the_slopes_of_the_distribution_functions_and_quantiles_their_inverses() {
        for family in FAMILIES {
            for z in [-3.0, -0.7, 0.0, 0.4, 1.3] {
                let (f, rest) = family.both(z);
                assert!((f + rest - 1.0).abs() < 1e-15);
                let slope = (family.both(z + 1e-6).0 - family.both(z - 1e-6).0) / 2e-6;
                assert!((slope - family.density(z)).abs() < 1e-9, "{family:?} {z}");
                assert!((family.quantile(f) - z).abs() < 1e-12, "{family:?} {z}");
            }
        }
    }

    #[test]
    fn the_weibull_function_is_0_6321_at_its_scale_and_0_8161_where_guesses_are_right_half_the_time() {
        let at_scale = Family::Weibull.both(0.0).0;
        assert!((at_scale - 0.632_120_558_828_557_7).abs() < 1e-15);
        assert!((0.5 + 0.5 * at_scale - 0.816_060_279_414_278_8).abs() < 1e-15);
    }

    #[test]
    fn widths_from_5_to_95_percent_are_those_of_the_reference() {
        let width = |family: Family| family.quantile(0.95) - family.quantile(0.05);
        assert!((width(Family::Gaussian) - 3.289_707_253_902_945).abs() < 1e-12);
        assert!((width(Family::Logistic) - 5.888_877_958_332_88).abs() < 1e-12);
    }
}
