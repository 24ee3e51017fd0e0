//! Choices against two variables at once: the evidence that counts and the evidence that does not.

use serde::Serialize;

use super::{
    Family, Interval, Lapses, Settings,
    bootstrap::{Refit, p_value, percentiles, refits},
    likelihood::{Estimate, Model, Row},
    one::METHOD,
};
use crate::AnalysisError;

/// Choices at one combination of two values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ChoiceCountOfTwo {
    /// Value of the variable that counts.
    pub relevant: f64,
    /// Value of the one that does not.
    pub irrelevant: f64,
    /// Trials in which the first alternative was chosen.
    pub chose_first: usize,
    /// Trials in which one of the two was chosen.
    pub trials: usize,
}

/// A psychometric function of two variables, in one fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TwoVariableFunction {
    /// Its shape; not [`Family::Weibull`].
    pub family: Family,
    /// Which lapses were fitted.
    pub lapses: Lapses,
    /// Slope of `z` in the variable that counts, one over its unit.
    pub relevant_slope: f64,
    /// Slope of `z` in the other one.
    pub irrelevant_slope: f64,
    /// `irrelevant_slope / relevant_slope`: 0 where the context is obeyed, 1 where it is not heard.
    pub ratio: f64,
    /// The relevant value at which `F` is 1/2 (0.6321 of Gumbel) where the irrelevant one is 0.
    pub mu: f64,
    /// The floor.
    pub lapse_low: f64,
    /// What the ceiling lacks to 1.
    pub lapse_high: f64,
    /// `ln L`, without binomial coefficients.
    pub log_likelihood: f64,
    /// Against one probability for each combination.
    pub deviance: f64,
    /// Combinations less parameters.
    pub degrees_of_freedom: usize,
    /// A slope lies at its bound, since choices are separated.
    pub unresolved: bool,
    /// A lapse rate lies at its bound.
    pub lapses_at_bound: bool,
    /// Fraction of refits that fit at most as well; `None` without degrees of freedom or without refits.
    pub goodness_p: Option<f64>,
    /// `None` without refits.
    pub intervals: Option<TwoVariableIntervals>,
}

/// 95 % intervals: percentiles of a parametric bootstrap.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TwoVariableIntervals {
    /// Where they come from.
    pub method: &'static str,
    /// Fits to drawn choices.
    pub refits: usize,
    /// Those of them of which a slope lies at its bound.
    pub unresolved_refits: usize,
    /// Of [`TwoVariableFunction::relevant_slope`].
    pub relevant_slope: Interval,
    /// Of [`TwoVariableFunction::irrelevant_slope`].
    pub irrelevant_slope: Interval,
    /// Of [`TwoVariableFunction::ratio`].
    pub ratio: Interval,
    /// Of [`TwoVariableFunction::mu`].
    pub mu: Interval,
    /// Of [`TwoVariableFunction::lapse_low`].
    pub lapse_low: Interval,
    /// Of [`TwoVariableFunction::lapse_high`].
    pub lapse_high: Interval,
}

struct Parameters {
    slopes: [f64; 2],
    mu: f64,
    lapses: (f64, f64),
}

impl TwoVariableFunction {
    /// Fits choices at combinations of two variables, of which those without a choice are left out; `names` are the
    /// relevant and the irrelevant one in messages.
    ///
    /// # Errors
    /// As [`PsychometricFunction::fit`](super::PsychometricFunction::fit), and of a Weibull function, which has no
    /// signed evidence, and of variables that always go together.
    pub fn fit(names: [&str; 2], counts: &[ChoiceCountOfTwo], settings: &Settings) -> Result<Self, AnalysisError> {
        if settings.family == Family::Weibull {
            let rule = "has no signed evidence; take gaussian, logistic or gumbel for two variables".into();
            return Err(AnalysisError::Setting { setting: "family", value: "weibull".into(), rule });
        }
        let rows: Vec<Row> = counts.iter().filter(|count| count.trials > 0).map(ChoiceCountOfTwo::row).collect();
        let model = Model::new(&rows, &names, settings)?;
        check_apart(names, &rows)?;
        let estimate = model.fit(&rows);
        let refits = refits(&rows, &model, &estimate, settings.refits, settings.seed)?;
        let found = Parameters::of(&estimate, &model);
        let deviance: f64 = estimate.residuals(&rows, &model).iter().map(|residual| residual * residual).sum();
        let degrees_of_freedom = rows.len() - model.parameters();
        let is_tested = degrees_of_freedom > 0 && !refits.is_empty();
        Ok(Self {
            family: settings.family,
            lapses: settings.lapses,
            relevant_slope: found.slopes[0],
            irrelevant_slope: found.slopes[1],
            ratio: found.ratio(),
            mu: found.mu,
            lapse_low: found.lapses.0,
            lapse_high: found.lapses.1,
            log_likelihood: estimate.log_likelihood,
            deviance,
            degrees_of_freedom,
            unresolved: !estimate.unresolved.is_empty(),
            lapses_at_bound: estimate.is_at_most_lapses(&model),
            goodness_p: is_tested.then(|| p_value(deviance, refits.iter().map(Refit::deviance))),
            intervals: (!refits.is_empty()).then(|| intervals(&refits, &model)),
        })
    }

    /// Probability of choice 1.
    pub fn at(&self, relevant: f64, irrelevant: f64) -> f64 {
        let z = (relevant - self.mu) * self.relevant_slope + irrelevant * self.irrelevant_slope;
        self.lapse_low + (1.0 - self.lapse_low - self.lapse_high) * self.family.both(z).0
    }
}

impl ChoiceCountOfTwo {
    fn row(&self) -> Row {
        Row { values: vec![self.relevant, self.irrelevant], chose_first: self.chose_first, trials: self.trials }
    }
}

impl Parameters {
    fn of(estimate: &Estimate, model: &Model) -> Self {
        let (intercept, slopes) = estimate.line(model);
        Self { slopes: [slopes[0], slopes[1]], mu: -intercept / slopes[0], lapses: estimate.lapses(model) }
    }

    fn ratio(&self) -> f64 {
        self.slopes[1] / self.slopes[0]
    }
}

fn intervals(refits: &[Refit], model: &Model) -> TwoVariableIntervals {
    let drawn: Vec<Parameters> = refits.iter().map(|refit| Parameters::of(&refit.estimate, model)).collect();
    let of = |parameter: fn(&Parameters) -> f64| percentiles(drawn.iter().map(parameter));
    TwoVariableIntervals {
        method: METHOD,
        refits: refits.len(),
        unresolved_refits: refits.iter().filter(|refit| !refit.estimate.unresolved.is_empty()).count(),
        relevant_slope: of(|one| one.slopes[0]),
        irrelevant_slope: of(|one| one.slopes[1]),
        ratio: of(Parameters::ratio),
        mu: of(|one| one.mu),
        lapse_low: of(|one| one.lapses.0),
        lapse_high: of(|one| one.lapses.1),
    }
}

/// Refuses variables of which one says the other: nothing tells their slopes apart.
fn check_apart(names: [&str; 2], rows: &[Row]) -> Result<(), AnalysisError> {
    let column = |j: usize| rows.iter().map(|row| row.values[j]).collect::<Vec<f64>>();
    let correlation = crate::statistics::correlation(&column(0), &column(1)).unwrap_or(0.0);
    if correlation.abs() > 1.0 - 1e-9 {
        return Err(AnalysisError::Trials(format!(
            "`{}` and `{}` always go together, so nothing tells their slopes apart; show them independently, or fit \
             one",
            names[0], names[1]
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: impl Fn(f64, f64) -> f64) -> Vec<ChoiceCountOfTwo> {
        let values = [-0.5, -0.15, -0.05, 0.05, 0.15, 0.5];
        let pairs = values.iter().flat_map(|relevant| values.iter().map(move |irrelevant| (*relevant, *irrelevant)));
        let count = |(relevant, irrelevant)| ChoiceCountOfTwo {
            relevant,
            irrelevant,
            chose_first: (1e6 * of(relevant, irrelevant)).round() as usize,
            trials: 1_000_000,
        };
        pairs.map(count).collect()
    }

    #[test]
    fn both_slopes_their_ratio_bias_and_lapses_are_recovered_in_one_fit() {
        let truth = |r: f64, i: f64| 0.03 + 0.94 * Family::Gaussian.both(8.0 * (r - 0.02) + 1.2 * i).0;
        let settings = Settings { refits: 50, ..Settings::default() };
        let found = TwoVariableFunction::fit(["motion", "colour"], &counts(truth), &settings).unwrap();
        let off = [
            found.relevant_slope - 8.0,
            found.irrelevant_slope - 1.2,
            found.ratio - 0.15,
            found.mu - 0.02,
            found.lapse_low - 0.03,
        ];
        assert!(off.iter().all(|off| off.abs() < 1e-3), "{found:?}");
        assert_eq!(found.degrees_of_freedom, 32);
        assert!((found.at(0.15, -0.5) - truth(0.15, -0.5)).abs() < 1e-4);
        let intervals = found.intervals.unwrap();
        assert!(
            intervals.ratio[0] < 0.15 && 0.15 < intervals.ratio[1] && intervals.ratio[1] - intervals.ratio[0] < 0.01
        );
    }

    #[test]
    fn variables_that_go_together_and_weibull_functions_are_refused() {
        let along: Vec<ChoiceCountOfTwo> =
            counts(|r, _| 0.5 + 0.8 * r).into_iter().filter(|count| count.relevant == count.irrelevant).collect();
        let settings = Settings::default();
        let refusal = |counts: &[ChoiceCountOfTwo], settings: &Settings| {
            TwoVariableFunction::fit(["motion", "colour"], counts, settings).unwrap_err().to_string()
        };
        assert!(refusal(&along, &settings).contains("`motion` and `colour` always go together"));
        let weibull = Settings { family: Family::Weibull, ..settings };
        assert!(refusal(&along, &weibull).contains("no signed evidence"));
    }
}
