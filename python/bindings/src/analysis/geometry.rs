//! Directions of activity, what they carry, how they turn; what can be decoded, and when.

use nn4n::{
    analysis::{
        self, Activity as Given, Decoding,
        decoding::{Decoder, Settings as DecodingSettings, Shrinkage},
        geometry::{
            Dpca, Jpca, Means, Pca, Tdr, Window, WindowSettings,
            dpca::{Ridge, Settings as DpcaSettings},
            jpca::Settings as JpcaSettings,
            pca::{Normalization, Settings as PcaSettings, States},
            subspaces::{Comparison, PotentSpace, Settings as SubspaceSettings},
            tdr::Method,
            window::given_variables,
        },
    },
    evaluate::ADDED,
    ndarray::Array1,
    plot::{CrossTemporalMatrix, DecodingCourse, DemixedComponents, DemixedVariance, Figure, Scree},
};
use numpy::PyReadonlyArray2;
use pyo3::{exceptions::PyValueError, prelude::*};
use serde::Deserialize;

use super::{Activity, Found};
use crate::{
    convert,
    error::analysed,
    waiting::{watch, work},
};

pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(pca, module)?)?;
    module.add_function(wrap_pyfunction!(dpca, module)?)?;
    module.add_function(wrap_pyfunction!(tdr, module)?)?;
    module.add_function(wrap_pyfunction!(jpca, module)?)?;
    module.add_function(wrap_pyfunction!(subspaces, module)?)?;
    module.add_function(wrap_pyfunction!(potent_space, module)?)?;
    module.add_function(wrap_pyfunction!(decoding, module)?)?;
    Ok(())
}

/// Which time of trials is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Time {
    align: Option<String>,
    epoch: Option<String>,
    start_ms: Option<f64>,
    stop_ms: Option<f64>,
    bin_ms: Option<f64>,
}

impl Time {
    fn of(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        convert::from_python("window", value)
    }

    fn bin(&self, activity: &Given) -> f64 {
        self.bin_ms.unwrap_or(activity.dt())
    }

    fn window(&self, activity: &Given) -> nn4n::Result<Window> {
        let settings = WindowSettings {
            align: self.align.clone().or_else(|| self.epoch.clone()),
            only_epoch: self.epoch.is_some(),
            from_ms: self.start_ms,
            to_ms: self.stop_ms,
            steps_in_bin: steps_in_bin(self.bin(activity), activity.dt())?,
        };
        Window::of(activity, &settings).map_err(analysed)
    }
}

/// Steps of a bin, which must be whole.
pub fn steps_in_bin(bin: f64, dt: f64) -> nn4n::Result<usize> {
    let steps = (bin / dt).round();
    if bin.is_finite() && steps >= 1.0 && (bin / dt - steps).abs() < 1e-6 * steps {
        return Ok(steps as usize);
    }
    let nearest = if steps.is_finite() { dt * steps.max(1.0) } else { dt };
    let message = format!("bin_ms = {bin}: must be a multiple of the step, {dt} ms; take {nearest}");
    Err(nn4n::Error::Figure { message })
}

/// All that were given, where none is named.
fn variables(activity: &Given, names: Vec<String>) -> Vec<String> {
    if names.is_empty() { given_variables(activity.trials(), &ADDED) } else { names }
}

fn normalization(name: &str) -> PyResult<Normalization> {
    match name {
        "none" => Ok(Normalization::None),
        "zscore" => Ok(Normalization::Zscore),
        "soft" => Ok(Normalization::Soft),
        other => Err(PyValueError::new_err(format!("normalize = '{other}': must be 'none', 'zscore' or 'soft'"))),
    }
}

/// States as they are, or the steps of means over trials of the same values.
fn states(activity: &Given, epoch: Option<&str>, average: Option<&[String]>) -> nn4n::Result<States> {
    let Some(average) = average else {
        return Ok(States::of_samples(activity.samples(epoch).map_err(analysed)?, activity.dt()));
    };
    let time = Time { epoch: epoch.map(str::to_owned), ..Time::default() };
    let means = time.window(activity)?.means(&variables(activity, average.to_vec())).map_err(analysed)?;
    let bins = means.means.dim().1;
    let runs = (0..means.conditions.len()).map(|place| place * bins..(place + 1) * bins).collect();
    Ok(States { rows: means.rows(), runs, dt: activity.dt() })
}

fn names(means: &Means) -> Vec<String> {
    means.conditions.iter().map(|condition| means.name(condition)).collect()
}

#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "all of it by name in the package")]
fn pca(
    py: Python<'_>,
    activity: &Activity,
    epoch: Option<String>,
    average: Option<Vec<String>>,
    normalize: &str,
    shuffles: usize,
    components: Option<usize>,
    seed: u64,
) -> PyResult<Found> {
    let settings = PcaSettings { normalization: normalization(normalize)?, shuffles, seed };
    let activity = &activity.activity;
    let (found, scores, means) = work(py, |stop| {
        let states = states(activity, epoch.as_deref(), average.as_deref())?;
        let rows = states.rows.clone();
        let found = Pca::of(states, &settings, &mut watch(stop)).map_err(analysed)?;
        let k = components.unwrap_or(found.components_95.max(3)).min(found.axes.nrows());
        // Where states miss a step nothing is recorded, so that trials alone are averaged for the picture.
        let few = |name: &String| {
            activity.trials().variable(name).is_ok_and(|one| (2..=12).contains(&one.classes().names.len()))
        };
        let by: Vec<String> = given_variables(activity.trials(), &ADDED).into_iter().filter(few).take(1).collect();
        let time = Time { epoch: epoch.clone(), ..Time::default() };
        let means = time.window(activity).and_then(|window| window.means(&by).map_err(analysed)).ok();
        let means = means.filter(|means| means.means.iter().all(|value| value.is_finite()));
        let means = means.map(|means| (names(&means), means.means.dim(), found.coordinates(means.rows().view(), k)));
        Ok((found.clone(), found.coordinates(rows.view(), k), means))
    })?;
    let mut result = Found::of(py, &found)?
        .array(py, "axes", &found.axes)?
        .array(py, "mean", &found.mean)?
        .array(py, "scale", &found.scale)?
        .array(py, "scores", &scores)?;
    if let Some((names, (conditions, bins, _), along)) = means {
        let along = along.to_shape((conditions, bins, scores.ncols())).map(|along| along.to_owned());
        let along = along.map_err(|error| PyValueError::new_err(error.to_string()))?;
        result = result.with(py, "condition_names", &names)?.array(py, "trajectories", &along)?;
    }
    Ok(result.figure("scree", move || Scree::of(&found).svg()))
}

#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "all of it by name in the package")]
fn dpca(
    py: Python<'_>,
    activity: &Activity,
    names: Vec<String>,
    window: &Bound<'_, PyAny>,
    components: usize,
    ridge: Option<f64>,
    repetitions: Option<usize>,
    join_time: bool,
    shuffles: usize,
    splits: usize,
    seed: u64,
) -> PyResult<Found> {
    let (time, standard, activity) = (Time::of(window)?, DpcaSettings::default(), &activity.activity);
    let ridge = match (ridge, repetitions) {
        (Some(ridge), _) => Ridge::Fixed(ridge),
        (None, Some(repetitions)) => Ridge::CrossValidated(repetitions),
        (None, None) => standard.ridge,
    };
    let settings = DpcaSettings { components, ridge, join_time, shuffles, splits, seed, ..standard };
    let found = work(py, |stop| {
        let by = variables(activity, names);
        let window = time.window(activity)?;
        Dpca::of(&window, time.bin(activity), &by, &settings, &mut watch(stop)).map_err(analysed)
    })?;
    let other = found.clone();
    Ok(Found::of(py, &found)?
        .array(py, "encoders", &found.encoders)?
        .array(py, "decoders", &found.decoders)?
        .array(py, "projections", &found.projections)?
        .figure("components", move || DemixedComponents::of(&found).svg())
        .figure("variance", move || DemixedVariance::of(&other).svg()))
}

#[pyfunction]
fn tdr(
    py: Python<'_>,
    activity: &Activity,
    names: Vec<String>,
    window: &Bound<'_, PyAny>,
    method: &str,
    components: Option<usize>,
) -> PyResult<Found> {
    let (time, activity) = (Time::of(window)?, &activity.activity);
    let method = match method {
        "pycog" => Method::pycog(),
        "mante" => Method::mante(),
        other => return Err(PyValueError::new_err(format!("method = '{other}': must be 'pycog' or 'mante'"))),
    };
    let method = Method { components: components.or(method.components).filter(|count| *count > 0), ..method };
    let found = work(py, |_| Tdr::of(&time.window(activity)?, time.bin(activity), &names, &method).map_err(analysed))?;
    Found::of(py, &found)?
        .array(py, "directions", &found.directions)?
        .array(py, "regression", &found.regression)?
        .array(py, "projections", &found.projections)
}

#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "all of it by name in the package")]
fn jpca(
    py: Python<'_>,
    activity: &Activity,
    by: Vec<String>,
    window: &Bound<'_, PyAny>,
    components: usize,
    normalize: &str,
    surrogates: usize,
    seed: u64,
) -> PyResult<Found> {
    let (time, activity) = (Time::of(window)?, &activity.activity);
    let settings = JpcaSettings { components, normalization: normalization(normalize)?, surrogates, seed };
    let (found, names, time_ms) = work(py, |stop| {
        let window = time.window(activity)?;
        let means = window.means(&variables(activity, by)).map_err(analysed)?;
        let found = Jpca::of(&means.means, time.bin(activity), &settings, &mut watch(stop)).map_err(analysed)?;
        Ok((found, names(&means), window.time_ms))
    })?;
    Found::of(py, &found)?
        .with(py, "condition_names", &names)?
        .with(py, "time_ms", &time_ms)?
        .array(py, "axes", &found.axes)?
        .array(py, "projections", &found.projections)?
        .array(py, "matrix", &found.matrix)
}

#[pyfunction]
fn subspaces(
    py: Python<'_>,
    activity: &Activity,
    epochs: [String; 2],
    average: Option<Vec<String>>,
    dimensions: Option<usize>,
    draws: usize,
    seed: u64,
) -> PyResult<Found> {
    let (activity, settings) = (&activity.activity, SubspaceSettings { dimensions, draws, seed });
    let found = work(py, |_| {
        let of = |epoch: &String| states(activity, Some(epoch), average.as_deref()).map(|found| found.rows);
        let [first, second] = &epochs;
        Comparison::of(&of(first)?, &of(second)?, &settings).map_err(analysed)
    })?;
    let [first, second] = &found.bases;
    Found::of(py, &found)?.array(py, "first", first)?.array(py, "second", second)
}

#[pyfunction]
fn potent_space(
    py: Python<'_>,
    activity: &Activity,
    weights: PyReadonlyArray2<'_, f64>,
    epoch: Option<String>,
    dimensions: Option<usize>,
    draws: usize,
    seed: u64,
) -> PyResult<Found> {
    let (activity, settings) = (&activity.activity, SubspaceSettings { dimensions, draws, seed });
    let weights = weights.as_array().to_owned();
    let found = work(py, |_| {
        PotentSpace::of(&weights, &states(activity, epoch.as_deref(), None)?.rows, &settings).map_err(analysed)
    })?;
    Found::of(py, &found)?.array(py, "potent", &found.potent)
}

/// How a variable is decoded.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecodingOptions {
    variable: String,
    graded: Option<bool>,
    decoder: Option<String>,
    shrinkage: Option<f64>,
    c: f64,
    alpha: f64,
    scaled: bool,
    components: Option<usize>,
    folds: usize,
    repeats: usize,
    shuffles: usize,
    within: Option<String>,
    align: Option<String>,
    bin_ms: Option<f64>,
    cross_temporal: bool,
    generalize: Option<String>,
    seed: u64,
}

impl DecodingOptions {
    fn settings(self, activity: &Given) -> nn4n::Result<DecodingSettings> {
        let standard = DecodingSettings::of_classes(&self.variable);
        let is_graded = match self.graded {
            Some(is_graded) => Some(is_graded),
            None => self.decoder.as_deref().map(|name| name == "ridge"),
        };
        let variable = activity.trials().variable(&self.variable).map_err(analysed)?;
        let name =
            self.decoder.as_deref().unwrap_or(if is_graded.unwrap_or(variable.is_graded()) { "ridge" } else { "lda" });
        let decoder = match name {
            "lda" => Decoder::Lda { shrinkage: self.shrinkage.map_or(Shrinkage::Auto, Shrinkage::Fixed) },
            "logistic" => Decoder::Logistic { c: self.c },
            "ridge" => Decoder::Ridge { alpha: self.alpha },
            other => {
                let message = format!("decoder = '{other}': must be 'lda', 'logistic' or 'ridge'");
                return Err(nn4n::Error::Figure { message });
            }
        };
        Ok(DecodingSettings {
            is_graded,
            decoder,
            is_scaled: self.scaled,
            components: self.components,
            folds: self.folds,
            repeats: self.repeats,
            shuffles: self.shuffles,
            within: self.within,
            align: self.align,
            steps_in_bin: steps_in_bin(self.bin_ms.unwrap_or(activity.dt()), activity.dt())?,
            cross_temporal: self.cross_temporal,
            generalize: self.generalize,
            seed: self.seed,
            ..standard
        })
    }
}

#[pyfunction]
fn decoding(py: Python<'_>, activity: &Activity, options: &Bound<'_, PyAny>) -> PyResult<Found> {
    let options: DecodingOptions = convert::from_python("decoding", options)?;
    let activity = &activity.activity;
    let found: analysis::Decoding =
        work(py, |_| Decoding::of(activity, &options.settings(activity)?, &mut |_| ()).map_err(analysed))?;
    let mut result = Found::of(py, &found)?
        .array(py, "weights", &found.weights)?
        .array(py, "intercepts", &found.intercepts)?
        .array(py, "patterns", &found.patterns)?
        .array(py, "each", &found.course.each)?
        .array(py, "null", &found.course.null)?
        .array(py, "trials", &found.trials.iter().map(|n| *n as i64).collect::<Array1<i64>>())?;
    if let Some(crossed) = &found.cross_temporal {
        result = result.array(py, "matrix", &crossed.matrix)?;
        let other = found.clone();
        let draw = move || CrossTemporalMatrix::of(&other).map_or(Ok(String::new()), |matrix| matrix.svg());
        result = result.figure("cross_temporal", draw);
    }
    Ok(result.figure("decoding", move || DecodingCourse::of(&found, Vec::new()).svg()))
}
