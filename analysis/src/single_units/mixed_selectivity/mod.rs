//! Whether units respond to one variable, to several that add up, or to combinations of them.
//!
//! ```text
//! linear       r = b_0 + sum_v X_v b_v + e                         v: each of the variables
//! full         r = b_0 + sum_v X_v b_v + sum_{v<w} X_v X_w b_vw + e
//! F            ((RSS_without - RSS_with) / columns) / (RSS_with / (n - rank of with))
//! partial R2   (RSS_without - RSS_with) / RSS_without
//! ```
//!
//! `r` is the mean rate in a trial. A variable is tested by leaving it out of the linear model, an interaction by
//! leaving it out of the full one. Graded variables are one column, scaled to mean 0 and variance 1; a variable of C
//! values is C - 1 columns that sum to 0 over its values. Coefficients are those of rates of variance 1.
//!
//! | kind | is |
//! |---|---|
//! | pure | one variable matters, no interaction |
//! | linear mixed | several variables matter, no interaction |
//! | nonlinear mixed | an interaction matters |
//!
//! Rigotti et al. 2013, doi:10.1038/nature12160; Fusi, Miller & Rigotti 2016, doi:10.1016/j.conb.2016.01.010.

mod basis;
mod design;
mod fits;

use ndarray::Array2;
use rayon::prelude::*;
use serde::Serialize;

use self::{
    design::{Design, standardised},
    fits::Fits,
};
use crate::{Activity, AnalysisError};

/// How variables are tested.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What matters has a p below this.
    pub alpha: f64,
    /// Whether each value of a graded variable is one of its own, as in an analysis of variance.
    pub by_value: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { alpha: 0.01, by_value: false }
    }
}

/// Regressions of all units on several variables.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MixedSelectivity {
    /// The variables, then the interactions of each pair.
    pub terms: Vec<Term>,
    /// What matters has a p below this.
    pub alpha: f64,
    /// Trials that have a value of all variables.
    pub trials: usize,
    /// Those that have not, which are left out.
    pub trials_left_out: usize,
    /// How many units are of each kind.
    pub counts: Counts,
    /// Each unit.
    pub regressions: Vec<Regression>,
}

/// A variable, or two that interact.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Term {
    /// `context`, or `context x coherence`.
    pub name: String,
    /// Columns of the regression, which are the degrees of freedom of its F.
    pub columns: usize,
}

/// How many units are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// No variable matters.
    pub unselective: usize,
    /// One variable matters.
    pub pure: usize,
    /// Several matter, and add up.
    pub linear_mixed: usize,
    /// An interaction matters.
    pub nonlinear_mixed: usize,
    /// The rate is the same in all trials.
    pub constant: usize,
    /// Recorded in too few trials, or in such that do not tell the terms apart.
    pub unresolved: usize,
}

/// What a unit responds to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// No variable matters.
    Unselective,
    /// One variable matters.
    Pure,
    /// Several matter, and add up.
    LinearMixed,
    /// An interaction matters.
    NonlinearMixed,
    /// The rate is the same in all trials.
    Constant,
    /// Recorded in too few trials, or in such that do not tell the terms apart.
    Unresolved,
}

/// The regression of one unit; what is of each term is empty for a unit that is constant or unresolved.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Regression {
    /// What it responds to.
    pub kind: Kind,
    /// Trials in which it was recorded.
    pub trials: usize,
    /// Part of the variance that the linear and the full model explain.
    pub r2: Option<(f64, f64)>,
    /// F of each term; infinite where nothing is left to explain.
    pub f: Vec<f64>,
    /// p of each term.
    pub p: Vec<f64>,
    /// Partial R2 of each term.
    pub partial_r2: Vec<f64>,
    /// Coefficients of each variable in the linear model, then of each interaction in the full one.
    pub coefficients: Vec<Vec<f64>>,
}

impl MixedSelectivity {
    /// Of mean rates in trials, or in one epoch of each.
    ///
    /// # Errors
    /// If fewer than two variables are named, trials do not have them or the epoch, a variable has one value, variables
    /// are collinear, a combination of values has no trial, or there are too few trials.
    pub fn of(
        activity: &Activity,
        variables: &[String],
        epoch: Option<&str>,
        settings: &Settings,
    ) -> Result<Self, AnalysisError> {
        check(variables, settings)?;
        let trials = activity.trials();
        let variables = variables.iter().map(|name| trials.variable(name)).collect::<Result<Vec<_>, _>>()?;
        let kept: Vec<usize> = (0..trials.len())
            .filter(|trial| variables.iter().all(|variable| variable.values[*trial].is_some()))
            .collect();
        let design = Design::of(trials, &variables, &kept, settings.by_value)?;
        let rates = activity.mean_rates(epoch)?;
        let regressions: Vec<Regression> = (0..activity.units())
            .into_par_iter()
            .map(|unit| {
                let of_unit: Vec<f64> = kept.iter().map(|trial| rates[[*trial, unit]]).collect();
                Regression::of(&of_unit, &design, settings.alpha)
            })
            .collect();
        Ok(Self {
            terms: design.terms.iter().map(|term| term.about.clone()).collect(),
            alpha: settings.alpha,
            trials: kept.len(),
            trials_left_out: trials.len() - kept.len(),
            counts: Counts::of(&regressions),
            regressions,
        })
    }
}

impl Regression {
    /// Of the rates of a unit in the trials of the design, NaN where it was not recorded.
    fn of(rates: &[f64], design: &Design, alpha: f64) -> Self {
        let there: Vec<usize> = (0..rates.len()).filter(|trial| !rates[*trial].is_nan()).collect();
        let rates: Vec<f64> = there.iter().map(|trial| rates[*trial]).collect();
        let without = |kind| Self {
            kind,
            trials: there.len(),
            r2: None,
            f: Vec::new(),
            p: Vec::new(),
            partial_r2: Vec::new(),
            coefficients: Vec::new(),
        };
        let Some(rates) = standardised(&rates) else {
            return without(if there.is_empty() { Kind::Unresolved } else { Kind::Constant });
        };
        match Fits::of(design, &there, &rates) {
            Some(fits) => fits.regression(design, alpha, there.len()),
            None => without(Kind::Unresolved),
        }
    }
}

impl Counts {
    fn of(regressions: &[Regression]) -> Self {
        let of = |kind: Kind| regressions.iter().filter(|unit| unit.kind == kind).count();
        Self {
            unselective: of(Kind::Unselective),
            pure: of(Kind::Pure),
            linear_mixed: of(Kind::LinearMixed),
            nonlinear_mixed: of(Kind::NonlinearMixed),
            constant: of(Kind::Constant),
            unresolved: of(Kind::Unresolved),
        }
    }
}

fn check(variables: &[String], settings: &Settings) -> Result<(), AnalysisError> {
    let refusal = |value: String, rule: &str| AnalysisError::Setting { setting: "variables", value, rule: rule.into() };
    if variables.len() < 2 {
        return Err(refusal(variables.join(","), "must be two at least, to be told apart"));
    }
    if let Some(twice) = variables.iter().enumerate().find(|(i, name)| variables[..*i].contains(name)) {
        return Err(refusal(twice.1.clone(), "is named twice; name each variable once"));
    }
    if !(settings.alpha > 0.0 && settings.alpha < 1.0) {
        let rule = "must lie between 0 and 1".into();
        return Err(AnalysisError::Setting { setting: "alpha", value: settings.alpha.to_string(), rule });
    }
    Ok(())
}

/// Numbers of each term as an array (units, terms), NaN where there are none.
pub fn by_term(found: &MixedSelectivity, of: impl Fn(&Regression) -> &[f64]) -> Array2<f64> {
    Array2::from_shape_fn((found.regressions.len(), found.terms.len()), |(unit, term)| {
        of(&found.regressions[unit]).get(term).copied().unwrap_or(f64::NAN)
    })
}

#[cfg(test)]
mod tests;
