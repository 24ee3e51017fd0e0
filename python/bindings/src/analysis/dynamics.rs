//! Networks as dynamical systems, their weights, their currents, and what parts of them are for.

use std::ops::ControlFlow;

use nn4n::{
    analysis::{
        FixedPoints, FlowField, HeldInput, Local, Lyapunov, Network as Analysed, NetworkDynamics, Structure, System,
        fixed_points::{FixedPoint, PointKind, Settings as SearchSettings, continuation, starts},
        flow_field::Plane,
        interruption::Interruption,
        linear::Complex,
        lyapunov::Settings as LyapunovSettings,
        nonnormality::{Nonnormality, Pseudospectrum},
    },
    evaluate::{self, BehaviourOptions, Matching, populations},
    intervention::Altered,
    ndarray::{Array1, Array2, Array3, Axis, concatenate, s},
    plot::{Balance, BifurcationDiagram, EigenvaluePlane, Exponents, Figure, Growth, InputAxis},
    serde_json::json,
    simulate,
    tasks::{Condition, Split, TrialBatch, TrialRng, noise_free},
};
use numpy::PyReadonlyArray2;
use pyo3::{exceptions::PyValueError, prelude::*};

use super::Found;
use crate::{
    convert,
    error::analysed,
    network::{Interventions, Network},
    task::Task,
    waiting::{watch, work},
};

/// Trials that are made at least, so that their states are many.
const TRIALS: usize = 64;
/// Noise at the start of a Lyapunov spectrum, which may lie on a symmetry.
const START_NOISE: f64 = 1e-3;

pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(fixed_points, module)?)?;
    module.add_function(wrap_pyfunction!(bifurcations, module)?)?;
    module.add_function(wrap_pyfunction!(lyapunov, module)?)?;
    module.add_function(wrap_pyfunction!(flow_field, module)?)?;
    module.add_function(wrap_pyfunction!(local, module)?)?;
    module.add_function(wrap_pyfunction!(nonnormality, module)?)?;
    module.add_function(wrap_pyfunction!(structure, module)?)?;
    module.add_function(wrap_pyfunction!(currents, module)?)?;
    module.add_function(wrap_pyfunction!(interventions, module)?)?;
    Ok(())
}

/// A network under an input that holds.
struct Probe<'a> {
    task: Option<&'a Task>,
    input: Option<Vec<f64>>,
    at: Option<String>,
    condition: Condition,
    open_loop: bool,
    seed: u64,
}

/// The input that is held, and the trials that it is of.
struct Held {
    values: Vec<f64>,
    stretches: Option<HeldInput>,
    trials: Option<TrialBatch>,
}

impl<'a> Probe<'a> {
    fn of(
        task: Option<&'a Task>,
        input: Option<Vec<f64>>,
        at: Option<String>,
        condition: Option<&Bound<'_, PyAny>>,
        open_loop: bool,
        seed: u64,
    ) -> PyResult<Self> {
        if input.is_some() && (at.is_some() || condition.is_some()) {
            return Err(PyValueError::new_err("input: is the input itself; leave `at` and `where` out, or `input`"));
        }
        let condition = condition.map(|one| convert::from_python("where", one)).transpose()?.unwrap_or_default();
        Ok(Self { task, input, at, condition, open_loop, seed })
    }

    fn system<'n>(&self, network: &'n Analysed) -> nn4n::Result<System<'n>> {
        match self.task.and_then(|task| task.task.plant()).filter(|_| !self.open_loop) {
            Some(plant) => System::in_loop(network, plant).map_err(analysed),
            None => Ok(System::from(network)),
        }
    }

    fn trials(&self) -> nn4n::Result<Option<TrialBatch>> {
        let Some(task) = self.task.map(|task| task.task.as_ref()) else { return Ok(None) };
        let conditions = evaluate::conditions(task, &self.condition);
        let each = TRIALS.div_ceil(conditions.len().max(1));
        Ok(Some(noise_free(task, Split::Test, self.seed, 0, &conditions, each)?))
    }

    fn held(&self, inputs: usize) -> nn4n::Result<Held> {
        let trials = self.trials()?;
        if let Some(values) = &self.input {
            if values.len() != inputs {
                let message = format!("input: has {} numbers, but the network has {inputs} inputs", values.len());
                return Err(nn4n::Error::Figure { message });
            }
            return Ok(Held { values: values.clone(), stretches: None, trials });
        }
        let Some(batch) = &trials else { return Ok(Held { values: vec![0.0; inputs], stretches: None, trials }) };
        let found = match &self.at {
            Some(epoch) => HeldInput::at(batch, epoch, &self.condition),
            None => HeldInput::most(batch),
        };
        let found = found.map_err(analysed)?;
        Ok(Held { values: found.input.clone(), stretches: Some(found), trials })
    }
}

/// Where searches begin.
struct Starts {
    count: usize,
    noise: f64,
    given: Option<Array2<f64>>,
}

impl Starts {
    fn draw(
        &self,
        system: System<'_>,
        under: &dyn NetworkDynamics,
        held: &Held,
        seed: u64,
    ) -> nn4n::Result<Array2<f64>> {
        if let Some(given) = &self.given {
            return Ok(given.clone());
        }
        let Some(trials) = &held.trials else {
            let boxed = starts::in_box(under, self.count, seed);
            return Ok(boxed.unwrap_or_else(|| starts::released(under, self.count, seed)));
        };
        let states = states(system, trials)?;
        let all = concatenate(Axis(0), &states.iter().map(|states| states.view()).collect::<Vec<_>>());
        let all = all.map_err(|error| nn4n::Error::Figure { message: error.to_string() })?;
        let (n, noise) = (self.count, self.noise);
        let around = |states: &Array2<f64>, n, seed| starts::around(states.view(), n, noise, seed).map_err(analysed);
        let Some(stretches) = &held.stretches else { return around(&all, n, seed) };
        let near = stretches.states(system, trials).map_err(analysed)?;
        let parts = [around(&near, n - n / 2, seed)?, around(&all, n / 2, seed.wrapping_add(1))?];
        concatenate(Axis(0), &parts.each_ref().map(|part| part.view()))
            .map_err(|error| nn4n::Error::Figure { message: error.to_string() })
    }
}

/// The states of the system in trials, (steps, state) each.
fn states(system: System<'_>, trials: &TrialBatch) -> nn4n::Result<Vec<Array2<f64>>> {
    let start = system.start();
    let one = |trial: usize| {
        system.run(trials.inputs.slice(s![trial, ..trials.n_steps[trial], ..]), &start).map_err(analysed)
    };
    (0..trials.len().min(TRIALS)).map(one).collect()
}

fn search<'n>(
    system: System<'n>,
    held: &Held,
    starts: &Starts,
    seed: u64,
    stop: &Interruption,
) -> nn4n::Result<(Box<dyn NetworkDynamics + 'n>, FixedPoints)> {
    let under = system.under(&held.values).map_err(analysed)?;
    let states = starts.draw(system, &*under, held, seed)?;
    let settings = SearchSettings { seed, ..SearchSettings::default() };
    let mut watch = watch(stop);
    let found = FixedPoints::find(&*under, &held.values, states.view(), &settings, &mut watch).map_err(analysed)?;
    Ok((under, found))
}

/// Complex numbers as pairs.
fn pairs(rows: &[&[Complex]]) -> Array3<f64> {
    let columns = rows.iter().map(|row| row.len()).max().unwrap_or(0);
    Array3::from_shape_fn((rows.len(), columns, 2), |(row, column, part)| {
        rows[row].get(column).map_or(f64::NAN, |(re, im)| if part == 0 { *re } else { *im })
    })
}

/// Rows of the same length below each other.
fn rows<'a>(rows: impl Iterator<Item = &'a [f64]>) -> Array2<f64> {
    let rows: Vec<&[f64]> = rows.collect();
    let columns = rows.first().map_or(0, |row| row.len());
    Array2::from_shape_fn((rows.len(), columns), |(row, column)| rows[row].get(column).copied().unwrap_or(f64::NAN))
}

fn square(of: &Array2<Complex>) -> Array3<f64> {
    Array3::from_shape_fn((of.nrows(), of.ncols(), 2), |(row, column, part)| {
        let (re, im) = of[[row, column]];
        if part == 0 { re } else { im }
    })
}

#[pyfunction]
#[pyo3(signature = (network, task, input, at, condition, open_loop, starts, start_noise, given, seed))]
#[expect(clippy::too_many_arguments, reason = "all of it by name in the package")]
fn fixed_points(
    py: Python<'_>,
    network: &Network,
    task: Option<&Task>,
    input: Option<Vec<f64>>,
    at: Option<String>,
    condition: Option<&Bound<'_, PyAny>>,
    open_loop: bool,
    starts: usize,
    start_noise: f64,
    given: Option<PyReadonlyArray2<'_, f64>>,
    seed: u64,
) -> PyResult<Found> {
    let probe = Probe::of(task, input, at, condition, open_loop, seed)?;
    let starts = Starts { count: starts, noise: start_noise, given: given.map(|given| given.as_array().to_owned()) };
    let (found, connections, trajectories) = work(py, |stop| {
        let analysed_network = Analysed::of(&network.network).map_err(analysed)?;
        let (system, held) = (probe.system(&analysed_network)?, probe.held(analysed_network.inputs())?);
        let (under, found) = search(system, &held, &starts, seed, stop)?;
        let connections = found.connections(&*under);
        let shown = held.trials.as_ref().map_or_else(|| Ok(Vec::new()), |trials| states(system, trials))?;
        Ok((found, connections, shown))
    })?;
    let points = &found.points;
    let array = |of: fn(&FixedPoint) -> &[f64]| rows(points.iter().map(of));
    let eigenvalues = pairs(&points.iter().map(|point| point.eigenvalues.as_slice()).collect::<Vec<_>>());
    let dim = points.first().map_or(0, |point| point.x_star.len());
    let jacobian = Array3::from_shape_fn((points.len(), dim, dim), |(p, to, from)| points[p].jacobian[[to, from]]);
    let longest = trajectories.iter().map(Array2::nrows).max().unwrap_or(0);
    let shown = Array3::from_shape_fn((trajectories.len(), longest, dim), |(trial, step, place)| {
        trajectories[trial].get([step, place]).copied().unwrap_or(f64::NAN)
    });
    let flag = |of: fn(&FixedPoint) -> bool| points.iter().map(of).collect::<Array1<bool>>();
    let continuous: Option<Vec<_>> = points.iter().map(|point| point.continuous_eigenvalues.as_deref()).collect();
    let mut result = Found::of(py, &found)?
        .with(py, "connections", &connections)?
        .array(py, "x_star", &array(|point| &point.x_star))?
        .array(py, "rates", &array(|point| &point.rates))?
        .array(py, "outputs", &array(|point| &point.outputs))?
        .array(py, "q", &points.iter().map(|point| point.q).collect::<Array1<f64>>())?
        .array(py, "speed", &points.iter().map(|point| point.speed).collect::<Array1<f64>>())?
        .array(py, "is_fixed", &flag(|point| point.kind == PointKind::Fixed))?
        .array(py, "is_stable", &flag(|point| point.is_stable))?
        .array(
            py,
            "unstable_dimensions",
            &points.iter().map(|point| point.unstable_dimensions as i64).collect::<Array1<i64>>(),
        )?
        .array(py, "jacobian", &jacobian)?
        .array(py, "eigenvalues", &eigenvalues)?
        .array(py, "time_constants_ms", &array(|point| &point.time_constants_ms))?
        .array(py, "frequencies_hz", &array(|point| &point.frequencies_hz))?
        .array(py, "trajectories", &shown)?;
    if let Some(continuous) = continuous {
        result = result.array(py, "continuous_eigenvalues", &pairs(&continuous))?;
    }
    let vectors = |of: Vec<Array3<f64>>| match of.first() {
        Some(first) => {
            let shape = (of.len(), first.dim().0, first.dim().1, 2);
            nn4n::ndarray::Array4::from_shape_fn(shape, |(p, row, column, part)| of[p][[row, column, part]])
        }
        None => nn4n::ndarray::Array4::zeros((0, 0, 0, 2)),
    };
    result = result.array(py, "right", &vectors(points.iter().map(|point| square(&point.right)).collect()))?;
    if let Some(left) = points.iter().map(|point| point.left.as_ref().map(square)).collect::<Option<Vec<_>>>() {
        result = result.array(py, "left", &vectors(left))?;
    }
    Ok(result.figure("eigenvalues", move || EigenvaluePlane::of(&found).svg()))
}

#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "all of it by name in the package")]
fn bifurcations(
    py: Python<'_>,
    network: &Network,
    task: Option<&Task>,
    input: Option<Vec<f64>>,
    at: Option<String>,
    condition: Option<&Bound<'_, PyAny>>,
    open_loop: bool,
    ends: [Vec<f64>; 2],
    channels: Vec<usize>,
    starts: usize,
    step: f64,
    seed: u64,
) -> PyResult<Found> {
    let probe = Probe::of(task, input, at, condition, open_loop, seed)?;
    let starts = Starts { count: starts, noise: 0.5, given: None };
    let settings = continuation::Settings { step, ..continuation::Settings::default() };
    let (branches, way) = work(py, |stop| {
        let analysed_network = Analysed::of(&network.network).map_err(analysed)?;
        let (system, held) = (probe.system(&analysed_network)?, probe.held(analysed_network.inputs())?);
        let end = |values: &[f64]| {
            let mut end = held.values.clone();
            channels.iter().zip(values).for_each(|(channel, value)| end[*channel] = *value);
            end
        };
        let way = ends.each_ref().map(|values| end(values));
        let Held { stretches, trials, .. } = held;
        let mut at_end = Held { values: Vec::new(), stretches, trials };
        let mut found: Vec<continuation::Branch> = Vec::new();
        for is_back in [false, true] {
            let (here, there) = if is_back { (&way[1], &way[0]) } else { (&way[0], &way[1]) };
            at_end.values.clone_from(here);
            let (_, points) = search(system, &at_end, &starts, seed, stop)?;
            for point in points.fixed() {
                if stop.is_asked() {
                    break;
                }
                let at = if is_back { 1.0 } else { 0.0 };
                if found.iter().any(|branch| branch.passes(at, &point.x_star)) {
                    continue;
                }
                let mut one = continuation::branch(system, here, there, &point.x_star, &settings).map_err(analysed)?;
                if is_back {
                    one.turn_around();
                }
                found.push(one);
            }
        }
        Ok((found, way))
    })?;
    let points = || branches.iter().enumerate().flat_map(|(place, one)| one.points.iter().map(move |p| (place, p)));
    let channel = channels.first().copied().unwrap_or(0);
    let (from, to) = (way[0].get(channel).copied().unwrap_or(0.0), way[1].get(channel).copied().unwrap_or(1.0));
    let axis = InputAxis { name: format!("input {channel}"), from, to };
    let result = Found::of(py, &json!({ "ends": way }))?
        .with(py, "branches", &branches)?
        .array(py, "branch", &points().map(|(place, _)| place as i64).collect::<Array1<i64>>())?
        .array(py, "s", &points().map(|(_, point)| point.s).collect::<Array1<f64>>())?
        .array(py, "x", &rows(points().map(|(_, point)| point.x.as_slice())))?
        .array(
            py,
            "unstable_dimensions",
            &points().map(|(_, point)| point.unstable_dimensions as i64).collect::<Array1<i64>>(),
        )?;
    Ok(result.figure("bifurcations", move || {
        BifurcationDiagram::of(&branches, &axis, "State of unit 0", |x| x.first().copied().unwrap_or(f64::NAN)).svg()
    }))
}

#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "all of it by name in the package")]
fn lyapunov(
    py: Python<'_>,
    network: &Network,
    task: Option<&Task>,
    input: Option<Vec<f64>>,
    at: Option<String>,
    condition: Option<&Bound<'_, PyAny>>,
    open_loop: bool,
    driven: Option<PyReadonlyArray2<'_, f64>>,
    exponents: usize,
    steps: usize,
    transient: usize,
    seed: u64,
) -> PyResult<Found> {
    let probe = Probe::of(task, input, at, condition, open_loop, seed)?;
    let driven = driven.map(|inputs| inputs.as_array().to_owned());
    let found = work(py, |stop| {
        let network = Analysed::of(&network.network).map_err(analysed)?;
        let system = probe.system(&network)?;
        let settings = LyapunovSettings {
            exponents: exponents.min(network.units()),
            steps,
            transient,
            seed,
            ..LyapunovSettings::default()
        };
        let mut rng = TrialRng::new(seed, "lyapunov", 0, 0);
        let units: Vec<f64> = network.x0().iter().map(|x| x + START_NOISE * rng.gaussian()).collect();
        let start = system.under(&vec![0.0; network.inputs()]).map_err(analysed)?.at_rest(&units);
        let mut watch = watch(stop);
        match &driven {
            Some(inputs) => Lyapunov::driven(system, inputs.view(), &start, &settings, &mut watch).map_err(analysed),
            None => {
                let under = system.under(&probe.held(network.inputs())?.values).map_err(analysed)?;
                Lyapunov::of(&*under, network.dt(), &start, &settings, &mut watch).map_err(analysed)
            }
        }
    })?;
    Ok(Found::of(py, &found)?.figure("exponents", move || Exponents::of(&found).svg()))
}

#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "all of it by name in the package")]
fn flow_field(
    py: Python<'_>,
    network: &Network,
    task: Option<&Task>,
    input: Option<Vec<f64>>,
    at: Option<String>,
    condition: Option<&Bound<'_, PyAny>>,
    open_loop: bool,
    plane: [Vec<f64>; 3],
    a: (f64, f64),
    b: (f64, f64),
    points: usize,
    seed: u64,
) -> PyResult<Found> {
    let probe = Probe::of(task, input, at, condition, open_loop, seed)?;
    let found = work(py, |_| {
        let network = Analysed::of(&network.network).map_err(analysed)?;
        let under = probe.system(&network)?.under(&probe.held(network.inputs())?.values).map_err(analysed)?;
        let [origin, first, second] = &plane;
        let plane = Plane::along(origin, first, second).map_err(analysed)?;
        Ok(FlowField::of(&*under, &plane, a, b, points))
    })?;
    Found::of(py, &found)?.array(py, "along_a", &found.along_a)?.array(py, "along_b", &found.along_b)?.array(
        py,
        "speed",
        &found.speed,
    )
}

#[pyfunction]
fn local(
    py: Python<'_>,
    network: &Network,
    task: Option<&Task>,
    open_loop: bool,
    inputs: PyReadonlyArray2<'_, f64>,
    modes: usize,
) -> PyResult<Found> {
    let probe = Probe::of(task, None, None, None, open_loop, 0)?;
    let inputs = inputs.as_array().to_owned();
    let found = work(py, |_| {
        let network = Analysed::of(&network.network).map_err(analysed)?;
        let system = probe.system(&network)?;
        Local::of_trial(system, inputs.view(), &system.start(), modes).map_err(analysed)
    })?;
    Found::of(py, &found)?
        .array(py, "eigenvalues", &pairs(&found.eigenvalues.iter().map(Vec::as_slice).collect::<Vec<_>>()))?
        .array(py, "time_constants_ms", &rows(found.time_constants_ms.iter().map(Vec::as_slice)))
}

#[pyfunction]
fn nonnormality(
    py: Python<'_>,
    jacobian: PyReadonlyArray2<'_, f64>,
    steps: usize,
    grid: usize,
    dt: f64,
) -> PyResult<Found> {
    const BEYOND: f64 = 0.25;
    let jacobian = jacobian.as_array().to_owned();
    let (found, spectrum) = work(py, |_| {
        let found = Nonnormality::of(&jacobian, steps).map_err(analysed)?;
        Ok((found, Pseudospectrum::of(&jacobian, grid, BEYOND).map_err(analysed)?))
    })?;
    Ok(Found::of(py, &found)?
        .with(py, "real", &spectrum.real)?
        .with(py, "imaginary", &spectrum.imaginary)?
        .array(py, "smallest", &spectrum.smallest)?
        .figure("growth", move || Growth::of(dt, [("", &found)]).svg()))
}

#[pyfunction]
fn structure(py: Python<'_>, network: &Network) -> PyResult<Found> {
    let found = work(py, |_| {
        let weights = simulate::array2(&network.network.effective_w_rec()?)?.mapv(f64::from);
        Structure::of(&weights, &populations(network.network.units())).map_err(analysed)
    })?;
    let (of_balance, groups) = (found.clone(), nn4n::plot::UnitGroup::of(&network.network));
    Ok(Found::of(py, &found)?
        .figure("eigenvalues", move || EigenvaluePlane::of_weights(&found).svg())
        .figure("balance", move || Balance::of(&of_balance, &groups).svg()))
}

#[pyfunction]
fn currents(
    py: Python<'_>,
    network: &Network,
    task: &Task,
    trials: usize,
    seed: u64,
    interventions: Option<&Bound<'_, PyAny>>,
) -> PyResult<Found> {
    let interventions = Interventions::of(interventions)?;
    let found = work(py, |_| {
        let altered = Altered::of(&network.network, &interventions)?;
        let groups = populations(altered.network.units());
        evaluate::currents(&altered, task.task.as_ref(), (trials, seed), &groups, &groups)
    })?;
    Found::of(py, &found)?.array(py, "by_source", &found.currents.by_source)?.array(py, "total", &found.currents.total)
}

#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "all of it by name in the package")]
fn interventions(
    py: Python<'_>,
    network: &Network,
    task: &Task,
    rows: Vec<Bound<'_, PyAny>>,
    trials: usize,
    controls: usize,
    seed: u64,
    by_rate: bool,
) -> PyResult<Found> {
    let rows = rows.iter().map(|row| Interventions::of(Some(row))).collect::<PyResult<Vec<_>>>()?;
    let matching = if by_rate { Matching::Rate } else { Matching::Group };
    let options = BehaviourOptions { per_condition: trials, seed, controls, matching };
    let table = work(py, |stop| {
        evaluate::behaviour(&network.network, task.task.as_ref(), &rows, options, |_| {
            if stop.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    })?;
    Found::of(py, &table)
}
