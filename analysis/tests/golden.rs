//! Analyses agree with an independent program in NumPy (`golden/generate.py`).

use std::{
    ops::ControlFlow,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use candle_core::{DType, Device, Tensor};
use ndarray::{Array1, Array2, Array3};
use nn4n_analysis::{
    Components, Currents, Dynamics, FixedPoint, FixedPoints, Lyapunov, Network, NetworkDynamics, Selectivity,
    Structure,
    currents::Course,
    fixed_points::starts,
    linear::Complex,
    lyapunov,
    nonnormality::{Nonnormality, Pseudospectrum},
    structure::Group,
};
use nn4n_models::{Activation, Ctrnn, Form, ModelConfig};
use nn4n_tasks::{Condition, TrialBatch};
use serde_json::Value;

use crate::made::autonomous_at;

fn golden(analysis: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/golden.json");
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    all[analysis].clone()
}

/// The lengths of nested lists, and their numbers in order.
fn array(value: &Value) -> (Vec<usize>, Vec<f64>) {
    let Some(list) = value.as_array() else { return (Vec::new(), vec![value.as_f64().expect("a number")]) };
    let parts: Vec<_> = list.iter().map(array).collect();
    let shape = [list.len()].into_iter().chain(parts.first().map_or(vec![], |part| part.0.clone())).collect();
    (shape, parts.into_iter().flat_map(|part| part.1).collect())
}

fn numbers(value: &Value) -> Vec<f64> {
    array(value).1
}

fn matrix(value: &Value) -> Array2<f64> {
    let (shape, numbers) = array(value);
    Array2::from_shape_vec((shape[0], shape[1]), numbers).unwrap()
}

fn cube(value: &Value) -> Array3<f64> {
    let (shape, numbers) = array(value);
    Array3::from_shape_vec((shape[0], shape[1], shape[2]), numbers).unwrap()
}

fn places(value: &Value) -> Vec<usize> {
    numbers(value).into_iter().map(|number| number as usize).collect()
}

fn network(given: &Value, form: Form) -> Network {
    let config: ModelConfig = serde_json::from_value(given["config"].clone()).unwrap();
    let tensor = |(name, value): (&String, &Value)| {
        let (shape, numbers) = array(value);
        (name.clone(), Tensor::from_vec(numbers, shape, &Device::Cpu).unwrap())
    };
    let tensors = given["tensors"].as_object().unwrap().iter().map(tensor).collect();
    Network::of(&Ctrnn::from_tensors(&config.form(form), tensors, DType::F64, &Device::Cpu).unwrap()).unwrap()
}

fn agree<'a>(what: &str, found: impl IntoIterator<Item = &'a f64>, wanted: &Value, tolerance: f64) {
    let (found, wanted): (Vec<f64>, _) = (found.into_iter().copied().collect(), numbers(wanted));
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (found, wanted) in found.iter().zip(&wanted) {
        let distance = (found - wanted).abs() / (1.0 + wanted.abs());
        assert!(distance <= tolerance, "{what}: {found} is not {wanted}, but {distance:e} off");
    }
}

fn agree_complex<'a>(what: &str, found: impl IntoIterator<Item = &'a Complex>, wanted: &Value, tolerance: f64) {
    let found: Vec<f64> = found.into_iter().flat_map(|(re, im)| [*re, *im]).collect();
    agree(what, &found, wanted, tolerance);
}

#[test]
fn steps_flows_and_their_derivatives_agree_with_numpy() {
    let networks = golden("networks");
    let networks = networks.as_array().unwrap();
    assert_eq!(networks.len(), 10, "one for each activation, one of all of them, one of two layers");
    for given in networks {
        let (state, input) = (numbers(&given["state"]), numbers(&given["input"]));
        for wanted in given["forms"].as_array().unwrap() {
            let form: Form = serde_json::from_value(wanted["form"].clone()).unwrap();
            let network = network(given, form);
            let driven = network.under(&input).unwrap();
            let next = driven.step(&state);
            let rates = network.rates(&next);
            let outputs = network.outputs_of(&rates);
            let check = |what: &str, found: &mut dyn Iterator<Item = &f64>| {
                agree(&format!("{what} of {form} {}", given["config"]), found, &wanted[what], 2e-14);
            };
            check("next", &mut next.iter());
            check("rates", &mut rates.iter());
            check("outputs", &mut outputs.iter());
            check("flow", &mut driven.flow(&state).iter());
            check("jacobian", &mut driven.jacobian(&state).iter());
            check("flow_jacobian", &mut driven.flow_jacobian(&state).iter());
            check("input_jacobian", &mut driven.input_jacobian(&state).iter());
        }
    }
}

/// Those of the network that are found from the box that holds all, in the order of the first rate.
fn found_in_box(network: &Network, input: &[f64]) -> Vec<FixedPoint> {
    let driven = network.under(input).unwrap();
    let starts = starts::in_box(&driven, 4096, 1).unwrap();
    let found =
        FixedPoints::find(&driven, input, starts.view(), &Default::default(), &mut |_| ControlFlow::Continue(()));
    let found = found.unwrap();
    assert_eq!(found.index_sum, Some(1));
    let mut points: Vec<FixedPoint> = found.fixed().cloned().collect();
    points.sort_by(|a, b| a.rates[0].total_cmp(&b.rates[0]));
    points
}

#[test]
fn all_fixed_points_with_their_modes_agree_with_numpy() {
    let given = golden("fixed_points");
    let wanted = given["points"].as_array().unwrap();
    let points = found_in_box(&network(&given, Form::Current), &numbers(&given["input"]));
    assert_eq!(points.len(), wanted.len());
    for (place, (point, wanted)) in points.iter().zip(wanted).enumerate() {
        let name = |what: &str| format!("{what} of point {place}");
        let check = |what: &str, found: &[f64], tolerance: f64| agree(&name(what), found, &wanted[what], tolerance);
        check("x_star", &point.x_star, 1e-13);
        check("rates", &point.rates, 1e-13);
        check("outputs", &point.outputs, 1e-13);
        check("time_constants", &point.time_constants_ms, 1e-11);
        check("frequencies", &point.frequencies_hz, 1e-11);
        check("condition", &[point.eigenbasis_condition], 1e-11);
        assert_eq!(wanted["unstable"], point.unstable_dimensions, "{place}");
        let left = point.left.as_ref().unwrap();
        agree_complex(&name("eigenvalues"), &point.eigenvalues, &wanted["eigenvalues"], 1e-12);
        agree_complex(&name("right"), &point.right, &wanted["right"], 1e-11);
        agree_complex(&name("left"), left, &wanted["left"], 1e-11);
        agree_complex(
            &name("per_second"),
            point.continuous_eigenvalues.as_ref().unwrap(),
            &wanted["per_second"],
            1e-12,
        );
    }
}

/// The rate form has the rates of the current form's points for its states, with the same modes.
#[test]
fn the_rate_form_has_the_same_points_whatever_the_time_constants() {
    let given = golden("fixed_points");
    let wanted = given["points"].as_array().unwrap();
    let points = found_in_box(&network(&given, Form::Rate), &numbers(&given["input"]));
    assert_eq!(points.len(), wanted.len());
    for (point, wanted) in points.iter().zip(wanted) {
        agree("rates", &point.x_star, &wanted["rates"], 1e-13);
        agree_complex("eigenvalues", &point.eigenvalues, &wanted["eigenvalues"], 1e-12);
    }
}

/// Dynamics whose directions are given: the first step leaves the state and sets them.
struct Directed<'a> {
    system: &'a dyn Dynamics,
    directions: Array2<f64>,
    is_first: AtomicBool,
}

impl Dynamics for Directed<'_> {
    fn dim(&self) -> usize {
        self.system.dim()
    }

    fn step(&self, state: &[f64]) -> Vec<f64> {
        if self.is_first.load(Ordering::Relaxed) { state.to_vec() } else { self.system.step(state) }
    }

    fn jacobian(&self, state: &[f64]) -> Array2<f64> {
        self.system.jacobian(state)
    }

    fn tangent(&self, state: &[f64], directions: &Array2<f64>) -> Array2<f64> {
        if self.is_first.swap(false, Ordering::Relaxed) {
            self.directions.clone()
        } else {
            self.system.tangent(state, directions)
        }
    }
}

fn exponents(system: &dyn Dynamics, start: &[f64], transient: usize, steps: usize, blocks: usize) -> Lyapunov {
    let settings = lyapunov::Settings { exponents: 8, steps, transient, blocks, seed: 0 };
    Lyapunov::of(system, 1000.0, start, &settings, &mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn the_first_steps_of_a_chaotic_map_grow_as_numpy_says() {
    let given = golden("chaos");
    let network = autonomous_at(Form::Current, Activation::Tanh, &matrix(&given["w_rec"]), 1.0);
    let (system, start) = (network.under(&[0.0]).unwrap(), numbers(&given["start"]));
    let directed =
        || Directed { system: &system, directions: matrix(&given["directions"]), is_first: AtomicBool::new(true) };
    let first = given["first"].as_array().unwrap();
    assert_eq!(first.len(), 29);
    for (place, wanted) in first.iter().enumerate() {
        let found = exponents(&directed(), &start, 1, place + 2, 2);
        agree("exponents", &found.exponents_per_step, wanted, 1e-11);
        agree("dimension", &found.kaplan_yorke, &given["first_dimensions"][place], 1e-11);
    }
    let found = exponents(&directed(), &start, 1, 30, 5);
    agree("standard errors", &found.standard_errors, &given["first_errors"], 1e-11);
}

/// Two programs part after a hundred steps, since rounding grows, too: means agree within their standard errors.
#[test]
fn the_spectrum_of_a_chaotic_map_agrees_with_numpy_within_its_errors() {
    let given = golden("chaos");
    let network = autonomous_at(Form::Current, Activation::Tanh, &matrix(&given["w_rec"]), 1.0);
    let found = exponents(&network.under(&[0.0]).unwrap(), &numbers(&given["start"]), 200, 2000, 20);
    let (wanted, errors) = (numbers(&given["exponents"]), numbers(&given["standard_errors"]));
    for (k, (ours, theirs)) in found.standard_errors.iter().zip(&errors).enumerate() {
        let (found, wanted) = (found.exponents_per_step[k], wanted[k]);
        assert!((found - wanted).abs() < 4.0 * ours.hypot(*theirs), "{k}: {found} is not {wanted}");
    }
    let (dimension, wanted) = (found.kaplan_yorke.unwrap(), given["dimension"].as_f64().unwrap());
    assert!((dimension - wanted).abs() < 0.05, "{dimension} is not {wanted}");
}

#[test]
fn departure_growth_and_pseudospectrum_agree_with_numpy() {
    let given = golden("nonnormality");
    let jacobian = matrix(&given["jacobian"]);
    let found = Nonnormality::of(&jacobian, 20).unwrap();
    agree("departure", &[found.departure], &given["departure"], 1e-13);
    agree("relative departure", &[found.relative_departure], &given["relative_departure"], 1e-13);
    agree("growth", &found.growth, &given["growth"], 1e-13);
    let largest = numbers(&given["growth"]).into_iter().fold(0.0, f64::max);
    assert!((found.largest_growth - largest).abs() < 1e-12 && (found.growth[found.at_step] - largest).abs() < 1e-12);
    let found = Pseudospectrum::of(&jacobian, 5, 0.25).unwrap();
    agree("real parts", &found.real, &given["real"], 1e-13);
    agree("imaginary parts", &found.imaginary, &given["imaginary"], 1e-13);
    agree("smallest singular values", &found.smallest, &given["smallest"], 1e-13);
}

#[test]
fn components_agree_with_singular_vectors_of_numpy() {
    let given = golden("components");
    let rows = matrix(&given["rows"]);
    let found = Components::of(rows.view(), 3).unwrap();
    agree("mean", &found.mean, &given["mean"], 1e-13);
    agree("axes", &found.axes, &given["axes"], 1e-12);
    agree("variance", &found.variance, &given["variance"], 1e-13);
    agree("coordinates", &found.coordinates(rows.row(0)), &given["first"], 1e-12);
}

#[test]
fn the_structure_of_sparse_signed_weights_agrees_with_numpy() {
    let given = golden("structure");
    let groups = ["excitatory", "inhibitory", "some"]
        .map(|name| Group { name: name.into(), units: places(&given["groups"][name]) });
    let found = Structure::of(&matrix(&given["w_rec"]), &groups).unwrap();
    assert_eq!(found.in_degree, places(&given["in_degree"]));
    assert_eq!(found.out_degree, places(&given["out_degree"]));
    assert_eq!(
        (given["outliers"].as_u64(), given["rank"].as_u64()),
        (Some(found.outliers as u64), Some(found.rank as u64))
    );
    let blocks: Vec<f64> = found
        .blocks
        .iter()
        .flat_map(|block| [block.synapses as f64, block.density, block.mean, block.sd, block.input])
        .collect();
    let names: Vec<_> = found.blocks[..3].iter().map(|block| (block.from.as_str(), block.to.as_str())).collect();
    assert_eq!(names, [("excitatory", "excitatory"), ("inhibitory", "excitatory"), ("some", "excitatory")]);
    let moduli: Vec<f64> = found.eigenvalues.iter().map(|(re, im)| re.hypot(*im)).collect();
    let balance: Vec<f64> = found.balance.iter().map(|balance| balance.unwrap()).collect();
    for (what, values) in [
        ("blocks", blocks),
        ("excitation", found.excitation),
        ("inhibition", found.inhibition),
        ("balance", balance),
        ("moduli", moduli),
        ("predicted_radius", vec![found.predicted_radius]),
        ("singular_values", found.singular_values),
        ("noise_edge", vec![found.noise_edge]),
        ("low_rank_share", vec![found.low_rank_share]),
    ] {
        agree(what, &values, &given[what], 1e-13);
    }
}

#[test]
fn d_prime_of_trials_of_unequal_lengths_agrees_with_numpy() {
    let given = golden("selectivity");
    let (rates, coherence) = (cube(&given["rates"]), numbers(&given["coherence"]));
    let (n, steps, _) = rates.dim();
    let trials = TrialBatch {
        inputs: Array3::zeros((n, steps, 1)),
        targets: Array3::zeros((n, steps, 1)),
        loss_mask: Array3::zeros((n, steps, 1)),
        n_steps: places(&given["n_steps"]),
        conditions: coherence.into_iter().map(|value| Condition::new().with("coherence", value)).collect(),
        epochs: vec![Vec::new(); n],
        correct: vec![None; n],
    };
    let found = Selectivity::of(rates.mapv(|rate| rate as f32).view(), &trials, "coherence").unwrap();
    assert_eq!(found.trials, (4, 4));
    agree("d'", &found.d_prime, &given["d_prime"], 1e-13);
}

#[test]
fn trajectories_and_currents_by_source_agree_with_numpy() {
    let given = golden("currents");
    let network = network(&given, Form::Current);
    let (inputs, states, rates) = (cube(&given["inputs"]), cube(&given["states"]), cube(&given["rates"]));
    let start = Array1::from(numbers(&given["start"]));
    let n_steps = places(&given["n_steps"]);
    for (trial, n) in n_steps.iter().enumerate() {
        let input = inputs.index_axis(ndarray::Axis(0), trial).mapv(|input| input as f32);
        let found = network.run(input.slice(ndarray::s![..*n, ..]), network.x0()).unwrap();
        let wanted = states.slice(ndarray::s![trial, ..*n, ..]);
        assert!((&found - &wanted).iter().all(|difference| difference.abs() < 1e-14), "trial {trial}");
    }
    let starts = Array2::from_shape_fn((2, 6), |(_, unit)| start[unit]);
    let course = Course { inputs: inputs.view(), rates: rates.view(), start: starts.view(), n_steps: Some(&n_steps) };
    let groups: Vec<Group> = ["excitatory", "inhibitory"]
        .iter()
        .zip(given["populations"].as_array().unwrap())
        .map(|(name, units)| Group { name: (*name).into(), units: places(units) })
        .collect();
    let found = Currents::of(&network, &course, &["left".into(), "right".into()], &groups, &groups).unwrap();
    assert_eq!(found.sources, ["excitatory", "inhibitory", "left", "right", "bias"]);
    // The generator has 0 where a trial is over.
    let over = |current: f64| if current.is_nan() { 0.0 } else { current };
    agree("currents", &found.by_source.mapv(over), &given["by_source"], 1e-14);
    agree("total", &found.total.mapv(over), &given["total"], 1e-14);
    assert_eq!(found.by_source.iter().filter(|current| current.is_nan()).count(), 5 * 2 * 2);
    let shares: Vec<f64> = found
        .pairs
        .iter()
        .flat_map(|pair| {
            let shares = [pair.norm_share, pair.variance_share, pair.covariance_share].map(Option::unwrap);
            [pair.mean, pair.norm].into_iter().chain(shares)
        })
        .collect();
    agree("shares", &shares, &given["shares"], 1e-13);
}
