//! Demixed principal component analysis: components of activity that each depend on one variable of the task, or on
//! one interaction, and on time.
//!
//! ```text
//! X (units, conditions x times)           means over trials, less the mean of each unit over everything
//! X_t = <X>_{all but t},  X_st = <X>_{all but s, t} - X_s - X_t, ..      parts; they are orthogonal and add up to X
//! X_m                                     X_t alone; X_s + X_st; X_d + X_dt; X_sd + X_sdt; ..
//! C_m = X_m X^T (X X^T + L^2 I)^-1,  L = lambda sum X^2                  the ridge regression of X_m on X
//! C_m X = U S V^T                         P_m = U_q (encoder),  D_m = U_q^T C_m (decoder)
//! explained = 1 - |X - P D X|^2 / |X|^2   of one component or of all, and of each part of X in place of X
//! ```
//!
//! The decomposition is of the matrix of units x units, exact and without random numbers. `lambda` is that of the
//! smallest error `sum_m |X_m - P_m D_m Y|^2 / |X|^2` over [`GRID`], where `Y` is one trial of each condition and unit
//! that is left out, and `X` the means of the others, on average over repetitions. A component is significant at times
//! at which it tells the values of its variables apart: the nearest class mean of a trial that is left out gives an
//! accuracy above that of every shuffle of trials over conditions. Units that were not recorded together have
//! pseudo-trials: a trial of each unit and condition of its own.
//!
//! Reference: Kobak et al. (2016), doi:10.7554/eLife.10989.

mod demix;
mod described;
mod layout;
mod pools;
mod significance;
mod validation;

use std::ops::ControlFlow;

use ndarray::{Array2, Array3, CowArray, Ix2};
use serde::Serialize;

use self::{
    demix::{Demixed, Scatters},
    layout::Layout,
    pools::Pools,
    significance::significance,
    validation::cross_validated,
};
use super::{
    algebra,
    window::{Means, TrialCounts, Window},
};
use crate::AnalysisError;

pub use significance::Significance;
pub use validation::{CrossValidation, GRID, grid};

/// Most variables.
const VARIABLES: usize = 3;

/// The strength of the ridge.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ridge {
    /// `lambda` itself.
    Fixed(f64),
    /// The best of [`GRID`] over so many repetitions of cross-validation.
    CrossValidated(usize),
}

/// What is computed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// Most components of each marginalisation.
    pub components: usize,
    /// Its strength.
    pub ridge: Ridge,
    /// Whether interactions with time are joined with what they are of, as in the reference.
    pub join_time: bool,
    /// Shuffles of trials over conditions; without any there is no significance.
    pub shuffles: usize,
    /// Trials of each condition that are left out in turn, for the accuracy.
    pub splits: usize,
    /// Components of each marginalisation that are tested.
    pub tested: usize,
    /// A component is significant for as long at least, ms.
    pub lasting_ms: f64,
    /// Seed of all that is drawn.
    pub seed: u64,
}

/// Demixed components.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dpca {
    /// The variables.
    pub variables: Vec<String>,
    /// The values of each.
    pub levels: Vec<Vec<String>>,
    /// Number of units.
    pub units: usize,
    /// Which trials.
    pub trials: TrialCounts,
    /// The fewest trials of a condition in which a unit was recorded.
    pub fewest_trials: usize,
    /// Whether trials of cross-validation and shuffles are made of units that were not recorded together.
    pub pseudo_trials: bool,
    /// `lambda`.
    pub ridge: f64,
    /// How it was chosen; `null` if it was given.
    pub cross_validation: Option<CrossValidation>,
    /// The parts of the variance before they are joined: they add up to 1.
    pub parts: Vec<Part>,
    /// Names of the marginalisations, and their parts of the variance.
    pub marginalisations: Vec<Part>,
    /// The part of the variance that all components explain together, the first one, two, .. of them.
    pub cumulative: Vec<f64>,
    /// The same of as many principal components.
    pub cumulative_pca: Vec<f64>,
    /// Of all marginalisations, those that explain the most first.
    pub components: Vec<Component>,
    /// Angles between encoders (components, components), degrees, 0 to 90.
    pub angles_deg: Vec<Vec<f64>>,
    /// Correlations of the components over conditions and times (components, components).
    pub correlations: Vec<Vec<f64>>,
    /// The middle of each bin, ms.
    pub time_ms: Vec<f64>,
    /// The conditions, the last variable running fastest.
    pub conditions: Vec<String>,
    /// What was asked for.
    pub settings: Settings,
    /// (components, units), of length 1 each.
    #[serde(skip)]
    pub encoders: Array2<f64>,
    /// (components, units)
    #[serde(skip)]
    pub decoders: Array2<f64>,
    /// `D X` (components, conditions, times).
    #[serde(skip)]
    pub projections: Array3<f64>,
}

/// A part of the variance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// Of what, such as `coherence x time`.
    pub name: String,
    /// Its part of the whole.
    pub variance: f64,
}

/// A demixed component.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Component {
    /// Its marginalisation, by its place.
    pub marginalisation: usize,
    /// Its place among those of the marginalisation, from 1 on.
    pub number: usize,
    /// The part of the variance that it explains.
    pub explained: f64,
    /// The same of each marginalisation, of all variance: they add up to `explained`.
    pub explained_by_marginalisation: Vec<f64>,
    /// `null` where it was not tested.
    pub significance: Option<Significance>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            components: 5,
            ridge: Ridge::CrossValidated(5),
            join_time: true,
            shuffles: 100,
            splits: 20,
            tested: 3,
            lasting_ms: 100.0,
            seed: 0,
        }
    }
}

impl Dpca {
    /// Of the trials of a window with bins of `bin_ms`, by these variables. `watch` is told how much is done of
    /// [`Dpca::work`], and may end it.
    ///
    /// # Errors
    /// If a combination of values is missing, there are too few trials for what is to be cross-validated, trials are
    /// copies, nothing varies, or the work was ended.
    pub fn of(
        window: &Window,
        bin_ms: f64,
        variables: &[String],
        settings: &Settings,
        watch: &mut (dyn FnMut(usize) -> ControlFlow<()> + Send),
    ) -> Result<Self, AnalysisError> {
        check(variables, settings)?;
        let means = window.means(variables)?;
        means.check_all("demixing")?;
        check_values(&means)?;
        let (fewest, condition) = means.fewest(window);
        let draws = settings.shuffles > 0 || matches!(settings.ridge, Ridge::CrossValidated(_));
        let pools = Pools::of(window, &means);
        if draws {
            if fewest < 2 {
                return Err(AnalysisError::Trials(format!(
                    "a unit has {fewest} trial with {}, but cross-validation and shuffles leave one out and need two \
                     at least; give more trials, or a ridge and no shuffles",
                    means.name(condition)
                )));
            }
            pools.check_copies(window)?;
        }
        let layout = Layout::of(&means, settings.join_time);
        let x = centred(&means.means);
        let contrasts = layout.contrasted(&x);
        let scatters = Scatters::of(&layout, &contrasts)?;
        let mut done = 0;
        // The stages count on.
        let mut watch = move |_: usize| {
            done += 1;
            watch(done)
        };
        let (ridge, cross_validation) = match settings.ridge {
            Ridge::Fixed(ridge) => (ridge, None),
            Ridge::CrossValidated(repetitions) => {
                let found = cross_validated(&pools, window, &layout, (settings, repetitions), &mut watch)?;
                let best = smallest(&found.errors);
                (
                    found.ridges[best],
                    Some(CrossValidation { is_at_border: best == 0 || best + 1 == found.ridges.len(), ..found }),
                )
            }
        };
        let demixed = Demixed::of(&scatters, ridge, settings.components)?;
        let mut found = Self::described(&layout, &means, &scatters, (&x, &contrasts), demixed)?;
        if found.components.is_empty() {
            let rule = "leaves no component; take a smaller one, in parts of the sum of squares of the means".into();
            return Err(AnalysisError::Setting { setting: "ridge", value: ridge.to_string(), rule });
        }
        found.trials = window.counts(&means);
        (found.fewest_trials, found.pseudo_trials) = (fewest, pools.0.len() > 1);
        (found.ridge, found.cross_validation) = (ridge, cross_validation);
        (found.time_ms, found.settings) = (window.time_ms.clone(), settings.clone());
        if settings.shuffles > 0 {
            let lasting = (settings.lasting_ms / bin_ms - 1e-9).ceil().max(1.0) as usize;
            significance(&mut found, (&pools, window, &layout), (settings, ridge, lasting), &mut watch)?;
        }
        Ok(found)
    }

    /// How many steps the cross-validation and the shuffles have together.
    pub fn work(settings: &Settings) -> usize {
        let repetitions = match settings.ridge {
            Ridge::Fixed(_) => 0,
            Ridge::CrossValidated(repetitions) => repetitions,
        };
        repetitions + if settings.shuffles > 0 { settings.shuffles + 1 } else { 0 }
    }
}

fn check(variables: &[String], settings: &Settings) -> Result<(), AnalysisError> {
    let refuse = |setting, value: String, rule: &str| Err(AnalysisError::Setting { setting, value, rule: rule.into() });
    if variables.is_empty() || variables.len() > VARIABLES {
        return refuse("variables", variables.join(","), "must be one, two or three variables of the trials");
    }
    if let Some(name) = (1..variables.len()).find(|place| variables[..*place].contains(&variables[*place])) {
        return refuse("variables", variables[name].clone(), "is there twice; name it once");
    }
    if settings.components == 0 {
        return refuse("components", "0".into(), "must be 1 at least");
    }
    match settings.ridge {
        Ridge::Fixed(ridge) if !(ridge.is_finite() && ridge >= 0.0) => {
            refuse("ridge", ridge.to_string(), "must be finite and at least 0")
        }
        Ridge::CrossValidated(0) => refuse("repetitions", "0".into(), "must be 1 at least; or give a ridge"),
        _ if settings.shuffles > 0 && settings.splits == 0 => refuse("splits", "0".into(), "must be 1 at least"),
        _ if !(settings.lasting_ms.is_finite() && settings.lasting_ms >= 0.0) => {
            refuse("lasting", settings.lasting_ms.to_string(), "must be finite and at least 0 ms")
        }
        _ => Ok(()),
    }
}

fn check_values(means: &Means) -> Result<(), AnalysisError> {
    let one = means.levels.iter().zip(&means.variables).find(|(levels, _)| levels.len() < 2);
    match one {
        Some((levels, name)) => Err(AnalysisError::Trials(format!(
            "`{name}` is {} in all trials, so that nothing depends on it; leave it out, or add trials of other values",
            levels.first().map_or("nothing", String::as_str)
        ))),
        None => Ok(()),
    }
}

fn smallest(errors: &[f64]) -> usize {
    (0..errors.len()).fold(0, |best, place| if errors[place] < errors[best] { place } else { best })
}

/// Less the mean of each unit over everything.
fn centred(means: &Array3<f64>) -> Array3<f64> {
    let mut rows = flat(means).into_owned();
    algebra::centre(&mut rows);
    folded(rows, means.dim().0)
}

/// (conditions x bins, units)
fn flat(tensor: &Array3<f64>) -> CowArray<'_, f64, Ix2> {
    let (conditions, bins, units) = tensor.dim();
    tensor.to_shape((conditions * bins, units)).unwrap_or_default()
}

/// (conditions, bins, units)
fn folded(rows: Array2<f64>, conditions: usize) -> Array3<f64> {
    let (all, units) = rows.dim();
    rows.into_shape_with_order((conditions, all / conditions, units)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
