//! Choices against one variable.

use serde::Serialize;

use super::{
    ChoiceCount, Family, Interval, Lapses, Settings,
    bootstrap::{Refit, p_value, percentiles, refits},
    likelihood::{Estimate, Model, Row},
};
use crate::{AnalysisError, statistics::correlation};

/// A psychometric function of one variable, fitted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PsychometricFunction {
    /// Its shape.
    pub family: Family,
    /// Which lapses were fitted.
    pub lapses: Lapses,
    /// Location: where `F` is 1/2, or 0.6321 of Gumbel and Weibull (there the scale). In the unit of the variable.
    /// Not finite if the choices do not depend on the variable at all.
    pub mu: f64,
    /// Scale, in the unit of the variable (of Weibull in its logarithm, one over the exponent); below 0 of a curve that
    /// falls.
    pub sigma: f64,
    /// The floor.
    pub lapse_low: f64,
    /// What the ceiling lacks to 1.
    pub lapse_high: f64,
    /// The value at which `F`, without lapses, is 1/2.
    pub threshold: f64,
    /// From the value at which `F` is 5 % to that at which it is 95 %.
    pub width: f64,
    /// `ln L`, without binomial coefficients.
    pub log_likelihood: f64,
    /// Of the curve, against one probability for each value.
    pub deviance: f64,
    /// Values less parameters.
    pub degrees_of_freedom: usize,
    /// Choices are separated, and `sigma` lies at its bound.
    pub unresolved: bool,
    /// A lapse rate lies at its bound.
    pub lapses_at_bound: bool,
    /// Pearson correlation of the deviance residuals and the variable; `None` without residuals.
    pub residual_trend: Option<Trend>,
    /// Deviance residuals, one for each value in ascending order.
    pub residuals: Vec<f64>,
    /// Fraction of refits that fit at most as well; `None` without degrees of freedom or without refits.
    pub goodness_p: Option<f64>,
    /// `None` without refits.
    pub intervals: Option<Intervals>,
    #[serde(skip)]
    refitted: Vec<(f64, f64)>,
}

/// Whether residuals go with the variable.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Trend {
    /// Correlation, -1 to 1.
    pub correlation: f64,
    /// Fraction of refits with one at least as strong; `None` without refits.
    pub p: Option<f64>,
}

/// 95 % intervals: percentiles of a parametric bootstrap.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Intervals {
    /// Where they come from.
    pub method: &'static str,
    /// Fits to drawn choices.
    pub refits: usize,
    /// Those of them that are unresolved: their `sigma` lies at its bound.
    pub unresolved_refits: usize,
    /// Of [`PsychometricFunction::mu`].
    pub mu: Interval,
    /// Of [`PsychometricFunction::sigma`].
    pub sigma: Interval,
    /// Of [`PsychometricFunction::lapse_low`].
    pub lapse_low: Interval,
    /// Of [`PsychometricFunction::lapse_high`].
    pub lapse_high: Interval,
    /// Of [`PsychometricFunction::threshold`].
    pub threshold: Interval,
    /// Of [`PsychometricFunction::width`].
    pub width: Interval,
}

/// What intervals say that come from here.
pub(super) const METHOD: &str = "percentiles of a parametric bootstrap";

impl PsychometricFunction {
    /// Fits choices at values of one variable, of which those without a choice are left out. `name` is the variable in
    /// messages.
    ///
    /// # Errors
    /// If a setting breaks its rule, there are fewer values than parameters, all choices are the same, or a value is
    /// not finite or negative where the family has none below 0.
    pub fn fit(name: &str, counts: &[ChoiceCount], settings: &Settings) -> Result<Self, AnalysisError> {
        let rows = rows(counts);
        let model = Model::new(&rows, &[name], settings)?;
        let estimate = model.fit(&rows);
        let refits = refits(&rows, &model, &estimate, settings.refits, settings.seed)?;
        let found = Parameters::of(settings.family, &estimate, &model);
        let residuals = estimate.residuals(&rows, &model);
        let deviance: f64 = residuals.iter().map(|residual| residual * residual).sum();
        let degrees_of_freedom = rows.len() - model.parameters();
        let values: Vec<f64> = rows.iter().map(|row| row.values[0]).collect();
        let drawn: Vec<Parameters> =
            refits.iter().map(|refit| Parameters::of(settings.family, &refit.estimate, &model)).collect();
        let is_tested = degrees_of_freedom > 0 && !refits.is_empty();
        Ok(Self {
            family: settings.family,
            lapses: settings.lapses,
            mu: found.mu,
            sigma: found.sigma,
            lapse_low: found.lapse_low,
            lapse_high: found.lapse_high,
            threshold: found.threshold,
            width: found.width,
            log_likelihood: estimate.log_likelihood,
            deviance,
            degrees_of_freedom,
            unresolved: !estimate.unresolved.is_empty(),
            lapses_at_bound: estimate.is_at_most_lapses(&model),
            residual_trend: (degrees_of_freedom > 0).then(|| trend(&values, &residuals, &refits)).flatten(),
            residuals,
            goodness_p: is_tested.then(|| p_value(deviance, refits.iter().map(Refit::deviance))),
            intervals: (!refits.is_empty()).then(|| Intervals::of(&refits, &drawn)),
            refitted: drawn.iter().map(|drawn| (drawn.mu, drawn.sigma)).collect(),
        })
    }

    /// Probability of choice 1 at `value`.
    pub fn at(&self, value: f64) -> f64 {
        let scaled = |x: f64| self.family.scaled(x);
        let z = (scaled(value) - scaled(self.mu)) / self.sigma;
        self.lapse_low + (1.0 - self.lapse_low - self.lapse_high) * self.family.both(z).0
    }

    /// `mu` and `sigma` of each refit.
    pub fn refitted(&self) -> &[(f64, f64)] {
        &self.refitted
    }
}

impl Intervals {
    fn of(refits: &[Refit], drawn: &[Parameters]) -> Self {
        let of = |parameter: fn(&Parameters) -> f64| percentiles(drawn.iter().map(parameter));
        Self {
            method: METHOD,
            refits: refits.len(),
            unresolved_refits: refits.iter().filter(|refit| !refit.estimate.unresolved.is_empty()).count(),
            mu: of(|one| one.mu),
            sigma: of(|one| one.sigma),
            lapse_low: of(|one| one.lapse_low),
            lapse_high: of(|one| one.lapse_high),
            threshold: of(|one| one.threshold),
            width: of(|one| one.width),
        }
    }
}

/// A fit in the unit of the variable.
struct Parameters {
    mu: f64,
    sigma: f64,
    lapse_low: f64,
    lapse_high: f64,
    threshold: f64,
    width: f64,
}

impl Parameters {
    fn of(family: Family, estimate: &Estimate, model: &Model) -> Self {
        let (intercept, slopes) = estimate.line(model);
        let (mu, sigma) = (family.unscaled(-intercept / slopes[0]), 1.0 / slopes[0]);
        let (lapse_low, lapse_high) = estimate.lapses(model);
        let [low, threshold, high] = [0.05, 0.5, 0.95].map(|p| family.value_at(p, mu, sigma));
        Self { mu, sigma, lapse_low, lapse_high, threshold, width: (high - low).abs() }
    }
}

/// Those of a value together, ascending.
fn rows(counts: &[ChoiceCount]) -> Vec<Row> {
    let mut counts: Vec<ChoiceCount> = counts.iter().copied().filter(|count| count.trials > 0).collect();
    counts.sort_by(|a, b| a.value.total_cmp(&b.value));
    let mut rows: Vec<Row> = Vec::new();
    for count in counts {
        match rows.last_mut() {
            Some(row) if row.values[0] == count.value => {
                row.chose_first += count.chose_first;
                row.trials += count.trials;
            }
            _ => rows.push(Row { values: vec![count.value], chose_first: count.chose_first, trials: count.trials }),
        }
    }
    rows
}

fn trend(values: &[f64], residuals: &[f64], refits: &[Refit]) -> Option<Trend> {
    let own = correlation(values, residuals)?;
    let drawn = refits.iter().map(|refit| correlation(values, &refit.residuals).map_or(0.0, f64::abs));
    Some(Trend { correlation: own, p: (!refits.is_empty()).then(|| p_value(own.abs(), drawn)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: [f64; 11] = [-51.2, -25.6, -12.8, -6.4, -3.2, 0.0, 3.2, 6.4, 12.8, 25.6, 51.2];
    const K: [usize; 11] = [2, 3, 11, 25, 36, 52, 64, 77, 90, 96, 98];

    fn counts() -> Vec<ChoiceCount> {
        X.iter().zip(K).map(|(value, chose_first)| ChoiceCount { value: *value, chose_first, trials: 100 }).collect()
    }

    fn fit(counts: &[ChoiceCount], lapses: Lapses) -> PsychometricFunction {
        let settings = Settings { lapses, refits: 0, ..Settings::default() };
        PsychometricFunction::fit("coherence", counts, &settings).unwrap()
    }

    fn close(found: f64, known: f64) {
        assert!((found - known).abs() < 1e-5, "{found} {known}");
    }

    #[test]
    fn the_three_lapses_of_the_reference_data_have_their_known_values() {
        let none = fit(&counts(), Lapses::None);
        [(none.mu, -0.204196), (none.sigma, 14.889061), (none.log_likelihood, -451.873987), (none.deviance, 49.516436)]
            .into_iter()
            .for_each(|(found, known)| close(found, known));
        assert_eq!(none.degrees_of_freedom, 9);
        let two = fit(&counts(), Lapses::Two);
        [
            (two.mu, -0.302981),
            (two.sigma, 8.961501),
            (two.lapse_low, 0.024115),
            (two.lapse_high, 0.028710),
            (two.log_likelihood, -427.675154),
            (two.deviance, 1.118768),
        ]
        .into_iter()
        .for_each(|(found, known)| close(found, known));
        assert_eq!(two.degrees_of_freedom, 7);
        let equal = fit(&counts(), Lapses::Equal);
        [
            (equal.mu, -0.224414),
            (equal.sigma, 8.961201),
            (equal.lapse_low, 0.026444),
            (equal.lapse_high, 0.026444),
            (equal.log_likelihood, -427.715065),
            (equal.deviance, 1.198591),
        ]
        .into_iter()
        .for_each(|(found, known)| close(found, known));
        assert!(none.sigma / equal.sigma > 1.6, "without lapses the slope takes them up");
        close(two.width, 3.289_707_253_9 * two.sigma);
        close(two.threshold, two.mu);
    }

    #[test]
    fn three_symmetric_values_and_two_values_determine_the_curve() {
        let of = |points: &[(f64, usize)]| -> Vec<ChoiceCount> {
            points.iter().map(|&(value, chose_first)| ChoiceCount { value, chose_first, trials: 100 }).collect()
        };
        let three = fit(&of(&[(-0.1, 16), (0.0, 50), (0.1, 84)]), Lapses::None);
        assert!(three.mu.abs() < 1e-9 && (three.sigma - 0.100558).abs() < 1e-6, "{three:?}");
        let two = fit(&of(&[(0.0, 50), (0.1, 84)]), Lapses::None);
        assert!(two.mu.abs() < 1e-7 && (two.sigma - 0.100558).abs() < 1e-6 && two.deviance < 1e-9, "{two:?}");
        assert_eq!((two.degrees_of_freedom, two.residual_trend), (0, None));
        let falls = fit(&of(&[(-0.1, 84), (0.0, 50), (0.1, 16)]), Lapses::None);
        assert!((falls.sigma + 0.100558).abs() < 1e-6 && (falls.at(0.1) - 0.16).abs() < 1e-6, "{falls:?}");
    }

    #[test]
    fn separated_choices_are_unresolved_at_the_bound_of_sigma() {
        for middle in [0, 3, 10] {
            let counts: Vec<ChoiceCount> = [(-0.2, 0), (-0.1, 0), (0.0, middle), (0.1, 10), (0.2, 10)]
                .map(|(value, chose_first)| ChoiceCount { value, chose_first, trials: 10 })
                .into();
            let found = fit(&counts, Lapses::None);
            assert!(found.unresolved && (found.sigma - 0.005).abs() < 1e-9, "{middle}: {found:?}");
            assert!(found.mu.abs() < 0.1 && found.deviance < 1e-3, "{middle}: {found:?}");
        }
        assert!(!fit(&counts(), Lapses::Two).unresolved);
    }

    #[test]
    fn the_bootstrap_covers_the_estimate_and_tells_a_wrong_shape() {
        let settings = Settings { refits: 400, lapses: Lapses::Two, ..Settings::default() };
        let found = PsychometricFunction::fit("coherence", &counts(), &settings).unwrap();
        let intervals = found.intervals.clone().unwrap();
        for ([low, high], value) in [
            (intervals.mu, found.mu),
            (intervals.sigma, found.sigma),
            (intervals.lapse_low, found.lapse_low),
            (intervals.lapse_high, found.lapse_high),
        ] {
            assert!(low < value && value < high, "{low} {value} {high}");
        }
        // The posterior of psignifit has -1.834..0.793 and 23.59..36.12.
        assert!((intervals.mu[0] + 1.7).abs() < 0.4 && (intervals.mu[1] - 0.95).abs() < 0.4, "{:?}", intervals.mu);
        assert!((intervals.width[0] - 23.5).abs() < 2.0 && (intervals.width[1] - 35.5).abs() < 2.5, "{intervals:?}");
        assert!(found.goodness_p.unwrap() > 0.95, "chi squared says .9927");
        let none = PsychometricFunction::fit("coherence", &counts(), &Settings { lapses: Lapses::None, ..settings });
        assert!(none.unwrap().goodness_p.unwrap() < 0.01);
        let again = PsychometricFunction::fit("coherence", &counts(), &settings).unwrap();
        assert_eq!(found, again);
        let other = PsychometricFunction::fit("coherence", &counts(), &Settings { seed: 1, ..settings }).unwrap();
        assert_ne!(found.intervals, other.intervals);
    }

    #[test]
    fn residuals_with_a_trend_are_told() {
        // Hardly any slope, though the choices have one that bends: a Gaussian with the wrong floor.
        let counts: Vec<ChoiceCount> = (0..12)
            .map(|i| ChoiceCount {
                value: f64::from(i),
                chose_first: [50, 50, 50, 50, 52, 56, 64, 80, 92, 97, 99, 100][i as usize],
                trials: 100,
            })
            .collect();
        let settings = Settings { lapses: Lapses::None, refits: 200, ..Settings::default() };
        let wrong = PsychometricFunction::fit("coherence", &counts, &settings).unwrap();
        assert!(wrong.goodness_p.unwrap() < 0.02, "{wrong:?}");
        let right = Settings { lapses: Lapses::Guess, ..settings };
        let right = PsychometricFunction::fit("coherence", &counts, &right).unwrap();
        assert!(right.goodness_p.unwrap() > 0.1 && right.lapse_low == 0.5, "{right:?}");
        assert!(right.residual_trend.unwrap().p.unwrap() > 0.02, "{right:?}");
    }

    #[test]
    fn a_weibull_function_is_recovered_with_values_of_0() {
        let truth = |x: f64| 0.5 + (0.5 - 0.02) * (1.0 - (-(x / 0.12f64).powf(1.4)).exp());
        let counts: Vec<ChoiceCount> = [0.0, 0.032, 0.064, 0.128, 0.256, 0.512]
            .map(|value| ChoiceCount { value, chose_first: (1e7 * truth(value)).round() as usize, trials: 10_000_000 })
            .into();
        let settings = Settings { family: Family::Weibull, lapses: Lapses::Guess, refits: 0, ..Settings::default() };
        let found = PsychometricFunction::fit("strength", &counts, &settings).unwrap();
        assert!((found.mu - 0.12).abs() < 1e-5 && (1.0 / found.sigma - 1.4).abs() < 1e-4, "{found:?}");
        assert!((found.lapse_high - 0.02).abs() < 1e-5 && (found.at(0.0) - 0.5).abs() < 1e-12, "{found:?}");
        assert!((found.threshold - 0.12 * 2f64.ln().powf(1.0 / 1.4)).abs() < 1e-5);
    }

    #[test]
    fn choices_that_determine_no_curve_are_refused_with_a_remedy() {
        let refusal = |counts: &[ChoiceCount], settings: Settings| {
            PsychometricFunction::fit("coherence", counts, &settings).unwrap_err().to_string()
        };
        let of = |points: &[(f64, usize)]| -> Vec<ChoiceCount> {
            points.iter().map(|&(value, chose_first)| ChoiceCount { value, chose_first, trials: 10 }).collect()
        };
        let settings = Settings::default();
        assert!(refusal(&[], settings).contains("`coherence` has 0 values"));
        assert!(refusal(&of(&[(0.1, 5)]), settings).contains("has 1 value with choices"));
        let few = refusal(&of(&[(0.1, 5), (0.2, 8)]), settings);
        assert!(few.contains("2 values") && few.contains("equal lapses has 3 parameters"), "{few}");
        assert!(refusal(&of(&[(0.1, 10), (0.2, 10), (0.3, 10)]), settings).contains("all 30 choices"));
        let weibull = Settings { family: Family::Weibull, ..settings };
        assert!(refusal(&of(&[(-0.1, 5), (0.2, 8), (0.3, 9)]), weibull).contains("no negative values"));
        assert!(refusal(&counts(), Settings { max_lapse: 0.5, ..settings }).contains("max_lapse = 0.5"));
        let guess = Settings { lapses: Lapses::Guess, guess: 1.0, ..settings };
        assert!(refusal(&counts(), guess).contains("guess = 1"));
    }
}
