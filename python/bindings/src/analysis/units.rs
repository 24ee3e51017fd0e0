//! What single units respond to.

use nn4n::analysis::{
    ChoiceProbability, FractionalVariance, MixedSelectivity, Roc, Selectivity, Sequence, Sequentiality, TaskVariance,
    Tuning,
    single_units::{
        clusters,
        mixed_selectivity::{Settings as MixedSettings, by_term},
        selectivity::Division,
        tuning::AngleUnit,
    },
};
use nn4n::{
    evaluate::{ADDED, variance_settings},
    plot::{Figure, FractionHistogram},
};
use pyo3::{exceptions::PyValueError, prelude::*};

use super::{Activity, Found};
use crate::{error::analysed, waiting::work};

pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(selectivity, module)?)?;
    module.add_function(wrap_pyfunction!(mixed_selectivity, module)?)?;
    module.add_function(wrap_pyfunction!(tuning, module)?)?;
    module.add_function(wrap_pyfunction!(task_variance, module)?)?;
    module.add_function(wrap_pyfunction!(sequence, module)?)?;
    Ok(())
}

#[pyfunction]
fn selectivity(
    py: Python<'_>,
    activity: &Activity,
    variable: &str,
    epoch: Option<String>,
    within: Option<Vec<String>>,
    shuffles: usize,
    seed: u64,
) -> PyResult<Found> {
    let activity = &activity.activity;
    let (selectivity, roc, choice) = work(py, |_| {
        let division = Division::of(&activity.trials().conditions, variable).map_err(analysed)?;
        let rates = activity.mean_rates(epoch.as_deref()).map_err(analysed)?;
        let roc = Roc::of(rates.view(), &division, shuffles, seed).map_err(analysed)?;
        let choice = within
            .map(|within| ChoiceProbability::of(rates.view(), &division, activity.trials(), &within, shuffles, seed))
            .transpose()
            .map_err(analysed)?;
        Ok((Selectivity::between(rates.view(), &division), roc, choice))
    })?;
    let result = Found::of(py, &selectivity)?
        .with(py, "auc", &roc.auc)?
        .with(py, "p", &roc.p)?
        .with(py, "shuffles", &roc.shuffles)?
        .with(py, "constant", &roc.constant)?
        .with(py, "unrecorded", &roc.unrecorded)?;
    match choice {
        None => Ok(result),
        Some(choice) => result
            .with(py, "choice_probability", &choice.choice_probability)?
            .with(py, "choice_probability_p", &choice.p)?
            .with(py, "stimuli", &choice.stimuli),
    }
}

#[pyfunction]
fn mixed_selectivity(
    py: Python<'_>,
    activity: &Activity,
    variables: Vec<String>,
    epoch: Option<String>,
    alpha: f64,
    by_value: bool,
) -> PyResult<Found> {
    let settings = MixedSettings { alpha, by_value };
    let found = work(py, |_| {
        MixedSelectivity::of(&activity.activity, &variables, epoch.as_deref(), &settings).map_err(analysed)
    })?;
    let (f, p) = (by_term(&found, |one| &one.f), by_term(&found, |one| &one.p));
    Found::of(py, &found)?.array(py, "f", &f)?.array(py, "p", &p)
}

#[pyfunction]
fn tuning(
    py: Python<'_>,
    activity: &Activity,
    variable: &str,
    unit: Option<&str>,
    epoch: Option<String>,
) -> PyResult<Found> {
    let activity = &activity.activity;
    let values = activity.trials().variable(variable).map_err(super::refused)?.numbers().unwrap_or_default();
    let unit = match unit {
        None => AngleUnit::of_values(&values),
        Some("degrees") => AngleUnit::Degrees,
        Some("radians") => AngleUnit::Radians,
        Some(other) => return Err(PyValueError::new_err(format!("unit = '{other}': must be 'degrees' or 'radians'"))),
    };
    let found = work(py, |_| Tuning::of(activity, variable, unit, epoch.as_deref()).map_err(analysed))?;
    Found::of(py, &found)?.array(py, "means", &found.means)?.array(py, "standard_errors", &found.standard_errors)
}

#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "all of it by name in the package")]
fn task_variance(
    py: Python<'_>,
    activity: &Activity,
    tasks: Option<String>,
    by: Option<Vec<String>>,
    left_out: Option<Vec<String>>,
    per_epoch: bool,
    active: f64,
    k: Option<usize>,
    pair: Option<[String; 2]>,
    rotations: usize,
    seed: u64,
) -> PyResult<Found> {
    let activity = &activity.activity;
    let (found, clustered, fractional) = work(py, |_| {
        let settings = variance_settings(activity.trials(), tasks, by, left_out, per_epoch);
        let found = TaskVariance::of(activity, &settings).map_err(analysed)?;
        let of_clusters = clusters::Settings { k, seed, ..clusters::Settings::default() };
        let clustered = match (found.clusters(active, &of_clusters), k) {
            (Err(error), Some(_)) => return Err(analysed(error)),
            (clustered, _) => clustered.map_err(|error| error.to_string()),
        };
        let fractional = pair
            .map(|[a, b]| FractionalVariance::of(activity, &found, (&a, &b), active, rotations, seed))
            .transpose()
            .map_err(analysed)?;
        Ok((found, clustered, fractional))
    })?;
    let mut result = Found::of(py, &found)?.array(py, "variance", &found.variance)?;
    result = match clustered {
        Ok(clustered) => result
            .with(py, "clusters", &clustered.clusters)?
            .with(py, "cluster_of_unit", &clustered.of_units(activity.units()))?
            .with(py, "active_units", &clustered.active)?
            .array(py, "normalised", &clustered.normalised)?,
        Err(reason) => result.with(py, "no_clusters", &reason)?,
    };
    match fractional {
        None => Ok(result),
        Some(fractional) => {
            let result = result
                .with(py, "fractional_variance", &fractional)?
                .with(py, "fractional_units", &fractional.units)?
                .with(py, "fractional_values", &fractional.values)?;
            Ok(result.figure("fractional_variance", move || FractionHistogram::of(&fractional).svg()))
        }
    }
}

#[pyfunction]
fn sequence(py: Python<'_>, activity: &Activity, epoch: Option<String>, least: f64) -> PyResult<Found> {
    let activity = &activity.activity;
    let (sequence, found) = work(py, |_| {
        let sequence = Sequence::of(activity, epoch.as_deref(), least, &ADDED).map_err(analysed)?;
        let index = Sequentiality::of(activity, epoch.as_deref(), least).map_err(|error| error.to_string());
        Ok((sequence, index))
    })?;
    let result = Found::of(py, &sequence)?.array(py, "rates", &sequence.rates)?;
    match found {
        Ok(found) => result.with(py, "sequentiality", &found)?.with(py, "index_of_trials", &found.of_trials),
        Err(reason) => result.with(py, "no_sequentiality", &reason),
    }
}
