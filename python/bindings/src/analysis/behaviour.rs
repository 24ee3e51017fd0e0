//! What is chosen, how often and how fast, depending on what.

use nn4n::{
    analysis::{
        ChoiceCount, Chronometric, Confusion, DurationCurve, Kernel, PsychometricFunction, TwoVariableFunction,
        activity::Variable,
        behaviour::{
            chronometric::Decision,
            duration::TimedAnswer,
            kernel,
            psychometric::{ChoiceCountOfTwo, Family, Lapses, Settings},
        },
        decision_model::{Answer, Choices, DecisionModel, PhasePlane, Protocol},
        paired_difference_interval, wilson_interval,
    },
    ndarray::Array2,
    serde_json::json,
};
use numpy::PyReadonlyArray2;
use pyo3::{exceptions::PyValueError, prelude::*};
use serde::Deserialize;

use super::Found;
use crate::{convert, error::analysed, waiting::work};

pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(psychometric, module)?)?;
    module.add_function(wrap_pyfunction!(psychometric_of_two, module)?)?;
    module.add_function(wrap_pyfunction!(chronometric, module)?)?;
    module.add_function(wrap_pyfunction!(duration, module)?)?;
    module.add_function(wrap_pyfunction!(confusion, module)?)?;
    module.add_function(wrap_pyfunction!(psychophysical_kernel, module)?)?;
    module.add_function(wrap_pyfunction!(decision_model, module)?)?;
    module.add_function(wrap_pyfunction!(interval_of_fraction, module)?)?;
    module.add_function(wrap_pyfunction!(interval_of_difference, module)?)?;
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    family: String,
    lapses: String,
    max_lapse: f64,
    guess: f64,
    refits: usize,
    seed: u64,
}

fn settings(options: &Bound<'_, PyAny>) -> PyResult<Settings> {
    let options: Options = convert::from_python("options", options)?;
    let unknown =
        |name: &str, value: &str, known: &str| PyValueError::new_err(format!("{name} = '{value}': must be {known}"));
    Ok(Settings {
        family: match options.family.as_str() {
            "gaussian" => Family::Gaussian,
            "logistic" => Family::Logistic,
            "weibull" => Family::Weibull,
            "gumbel" => Family::Gumbel,
            other => return Err(unknown("family", other, "'gaussian', 'logistic', 'weibull' or 'gumbel'")),
        },
        lapses: match options.lapses.as_str() {
            "none" => Lapses::None,
            "equal" => Lapses::Equal,
            "two" => Lapses::Two,
            "guess" => Lapses::Guess,
            other => return Err(unknown("lapses", other, "'none', 'equal', 'two' or 'guess'")),
        },
        max_lapse: options.max_lapse,
        guess: options.guess,
        refits: options.refits,
        seed: options.seed,
    })
}

/// `counts` are (value, how often the first was chosen, trials).
#[pyfunction]
fn psychometric(
    py: Python<'_>,
    name: &str,
    counts: Vec<(f64, usize, usize)>,
    options: &Bound<'_, PyAny>,
) -> PyResult<Found> {
    let settings = settings(options)?;
    let count = |(value, chose_first, trials)| ChoiceCount { value, chose_first, trials };
    let counts: Vec<_> = counts.into_iter().map(count).collect();
    let found = work(py, |_| PsychometricFunction::fit(name, &counts, &settings).map_err(analysed))?;
    let (low, high) = counts
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), one| (low.min(one.value), high.max(one.value)));
    let x: Vec<f64> = (0..=200).map(|i| low + (high - low) * f64::from(i) / 200.0).collect();
    let y: Vec<f64> = x.iter().map(|x| found.at(*x)).collect();
    Found::of(py, &found)?.with(py, "curve_x", &x)?.with(py, "curve_y", &y)
}

/// `counts` are (relevant, irrelevant, how often the first was chosen, trials).
#[pyfunction]
fn psychometric_of_two(
    py: Python<'_>,
    names: [String; 2],
    counts: Vec<(f64, f64, usize, usize)>,
    options: &Bound<'_, PyAny>,
) -> PyResult<Found> {
    let settings = settings(options)?;
    let count =
        |(relevant, irrelevant, chose_first, trials)| ChoiceCountOfTwo { relevant, irrelevant, chose_first, trials };
    let counts: Vec<_> = counts.into_iter().map(count).collect();
    let names = names.each_ref().map(String::as_str);
    let found = work(py, |_| TwoVariableFunction::fit(names, &counts, &settings).map_err(analysed))?;
    Found::of(py, &found)
}

/// `decisions` are (value, whether it was right, reaction time in ms).
#[pyfunction]
fn chronometric(py: Python<'_>, decisions: Vec<(f64, Option<bool>, Option<f64>)>) -> PyResult<Found> {
    let decision = |(value, was_right, reaction_time)| Decision { value, was_right, reaction_time };
    let decisions: Vec<_> = decisions.into_iter().map(decision).collect();
    Found::of(py, &work(py, |_| Chronometric::of(&decisions).map_err(analysed))?)
}

/// `answers` are (duration in ms, strength, whether it was right).
#[pyfunction]
fn duration(
    py: Python<'_>,
    answers: Vec<(f64, Option<f64>, bool)>,
    bins: usize,
    options: &Bound<'_, PyAny>,
) -> PyResult<Found> {
    let settings = settings(options)?;
    let answer = |(duration, strength, was_right)| TimedAnswer { duration, strength, was_right };
    let answers: Vec<_> = answers.into_iter().map(answer).collect();
    Found::of(py, &work(py, |_| DurationCurve::of(&answers, bins, &settings).map_err(analysed))?)
}

#[pyfunction]
fn confusion(
    py: Python<'_>,
    names: [String; 2],
    values: &Bound<'_, PyAny>,
    answers: &Bound<'_, PyAny>,
) -> PyResult<Found> {
    let [of_values, of_answers] = names;
    let variable = |name: String, values: &Bound<'_, PyAny>| -> PyResult<Variable> {
        let values: Vec<Option<nn4n::tasks::Value>> = convert::from_python(&name, values)?;
        Ok(Variable { name, values })
    };
    let (values, answers) = (variable(of_values, values)?, variable(of_answers, answers)?);
    let found = work(py, |_| Confusion::of(&values, &answers).map_err(analysed))?;
    let result = Found::of(py, &found)?.array(py, "counts", &found.counts.mapv(|count| count as i64))?;
    result.array(py, "fractions", &found.fractions())
}

/// `evidence` (trials, steps) less the mean of the trials of the same group.
#[pyfunction]
fn psychophysical_kernel(
    py: Python<'_>,
    evidence: PyReadonlyArray2<'_, f64>,
    groups: Vec<usize>,
    chose_first: Vec<bool>,
    ridge: f64,
) -> PyResult<Found> {
    let evidence = evidence.as_array().to_owned();
    if [groups.len(), chose_first.len()].iter().any(|count| *count != evidence.nrows()) {
        let message =
            format!("groups and chose_first: must have one value for each of the {} trials", evidence.nrows());
        return Err(PyValueError::new_err(message));
    }
    let found = work(py, |_| {
        let noise = kernel::residual_noise(evidence.view(), &groups);
        Kernel::of(noise.view(), &chose_first, ridge).map_err(analysed)
    })?;
    Found::of(py, &found)
}

/// Places of a nullcline.
const NULLCLINE: usize = 2000;

/// `planes` are coherences, `None` without a stimulus.
#[pyfunction]
fn decision_model(
    py: Python<'_>,
    coherences: Vec<f64>,
    trials: usize,
    planes: Vec<Option<f64>>,
    seed: u64,
) -> PyResult<Found> {
    let (model, protocol) = (DecisionModel::default(), Protocol::default());
    let (answers, of_planes) = work(py, |_| {
        let of = |coherence: &f64| model.decide(*coherence, trials, &protocol, seed).map_err(analysed);
        let answers = coherences.iter().map(of).collect::<nn4n::Result<Vec<_>>>()?;
        let plane = |coherence: &Option<f64>| {
            let found = model.phase_plane(*coherence).map_err(analysed)?;
            Ok((found, model.nullclines(*coherence, NULLCLINE).map_err(analysed)?))
        };
        Ok((answers, planes.iter().map(plane).collect::<nn4n::Result<Vec<_>>>()?))
    })?;
    let choices: Vec<Choices> = coherences.iter().zip(&answers).map(|(c, found)| Choices::of(*c, found)).collect();
    let of_trials = |value: fn(&Answer) -> f64| {
        Array2::from_shape_fn((answers.len(), trials), |(c, trial)| answers[c][trial].as_ref().map_or(f64::NAN, value))
    };
    let (planes, lines): (Vec<PhasePlane>, Vec<_>) =
        of_planes.into_iter().map(|(plane, lines)| (plane, [lines.first, lines.second])).unzip();
    Found::of(py, &json!({ "model": model, "protocol": protocol, "rows": choices, "planes": planes }))?
        .with(py, "nullclines", &lines)?
        .array(py, "chose_first", &of_trials(|answer| f64::from(u8::from(answer.is_first))))?
        .array(py, "reaction_time", &of_trials(|answer| answer.reaction_time))
}

#[pyfunction]
fn interval_of_fraction(k: usize, n: usize) -> (f64, f64) {
    wilson_interval(k, n)
}

#[pyfunction]
fn interval_of_difference(gained: usize, lost: usize, n: usize) -> (f64, f64) {
    paired_difference_interval(gained, lost, n)
}
