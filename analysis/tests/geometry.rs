//! The geometry of activity agrees with scikit-learn, SciPy, dPCA and NumPy (`golden/geometry/generate.py`).

use std::{ops::ControlFlow, path::Path};

use ndarray::{Array2, Array3};
use nn4n_analysis::{
    Activity,
    activity::Trials,
    geometry::{
        Comparison, Dpca, Jpca, Pca, Tdr, Window, WindowSettings, dpca, jpca,
        pca::{self, Normalization, States},
        principal_angles, subspaces, tdr,
    },
};
use nn4n_tasks::Condition;
use serde_json::Value;

fn golden(part: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/geometry/golden.json");
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    all[part].clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    match value.as_array() {
        Some(list) => list.iter().flat_map(numbers).collect(),
        None => vec![value.as_f64().expect("a number")],
    }
}

fn len(value: &Value) -> usize {
    value.as_array().expect("a list").len()
}

fn matrix(value: &Value) -> Array2<f64> {
    Array2::from_shape_vec((len(value), len(&value[0])), numbers(value)).unwrap()
}

fn cube(value: &Value) -> Array3<f64> {
    Array3::from_shape_vec((len(value), len(&value[0]), len(&value[0][0])), numbers(value)).unwrap()
}

fn assert_near(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{what}: {a} for {b}");
    }
}

/// |cos| of the angle between two vectors is 1.
fn assert_parallel(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let cosine = dot(found, expected) / (dot(found, found) * dot(expected, expected)).sqrt();
    assert!((cosine.abs() - 1.0).abs() < tolerance, "{what}: {cosine}");
}

fn unwatched(_: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn window(activity: &Activity) -> Window {
    Window::of(activity, &WindowSettings { steps_in_bin: 1, ..WindowSettings::default() }).unwrap()
}

#[test]
fn principal_components_are_those_of_scikit_learn() {
    for case in golden("pca").as_array().unwrap() {
        let states = States::of(matrix(&case["rows"]), 1.0);
        let found = Pca::of(states, &pca::Settings::plain(), &mut unwatched).unwrap();
        assert_near(&found.explained_variance, &numbers(&case["variance"]), 1e-10, "variance");
        assert_near(&found.explained_variance_ratio, &numbers(&case["ratio"]), 1e-10, "ratio");
        for (axis, expected) in found.axes.outer_iter().zip(case["axes"].as_array().unwrap()) {
            assert_parallel(&axis.to_vec(), &numbers(expected), 1e-10, "axis");
        }
    }
}

#[test]
fn angles_and_alignment_are_those_of_scipy_and_numpy() {
    for case in golden("angles").as_array().unwrap() {
        let found = principal_angles(matrix(&case["a"]).view(), matrix(&case["b"]).view()).unwrap();
        assert_near(&found, &numbers(&case["degrees"]), 1e-12, "angles");
    }
    let case = golden("alignment");
    let settings = subspaces::Settings { dimensions: case["k"].as_u64().map(|k| k as usize), draws: 10, seed: 0 };
    let found = Comparison::of(&matrix(&case["a"]), &matrix(&case["b"]), &settings).unwrap();
    assert_near(&[found.first_in_second.value], &numbers(&case["first_in_second"]), 1e-10, "first in second");
    assert_near(&[found.second_in_first.value], &numbers(&case["second_in_first"]), 1e-10, "second in first");
    assert_near(&found.principal_angles_deg, &numbers(&case["degrees"]), 1e-9, "angles");
}

#[test]
fn rotations_are_those_of_least_squares_over_skew_symmetric_matrices() {
    let case = golden("jpca");
    let settings = jpca::Settings {
        components: case["components"].as_u64().unwrap() as usize,
        normalization: Normalization::Soft,
        surrogates: 0,
        seed: 0,
    };
    let found = Jpca::of(&cube(&case["means"]), 1.0, &settings, &mut unwatched).unwrap();
    assert_near(
        &[found.r2_skew, found.r2_full],
        &[numbers(&case["r2_skew"]), numbers(&case["r2_full"])].concat(),
        1e-9,
        "R2",
    );
    let radians: Vec<f64> = found.planes.iter().map(|plane| plane.radians_per_step).collect();
    assert_near(&radians, &numbers(&case["radians"]), 1e-9, "speeds");
}

/// One trial of each condition, from (units, s, d, times).
fn demixing(x: &Value) -> Activity {
    let (units, s, d, times) = (len(x), len(&x[0]), len(&x[0][0]), len(&x[0][0][0]));
    let at = numbers(x);
    let rates = Array3::from_shape_fn((s * d, times, units), |(condition, time, unit)| {
        at[(unit * s * d + condition) * times + time]
    });
    let condition = |place: usize| Condition::new().with("s", (place / d) as f64).with("d", (place % d) as f64);
    Activity::new(rates, 10.0, Trials::new(vec![times; s * d], (0..s * d).map(condition).collect())).unwrap()
}

#[test]
fn demixed_components_are_those_of_dpca() {
    let golden = golden("demixing");
    let activity = demixing(&golden["x"]);
    for case in golden["cases"].as_array().unwrap() {
        let ridge = case["ridge"].as_f64().unwrap();
        let settings = dpca::Settings {
            components: 8,
            ridge: dpca::Ridge::Fixed(ridge),
            shuffles: 0,
            ..dpca::Settings::default()
        };
        let variables = ["s".to_owned(), "d".to_owned()];
        let found = Dpca::of(&window(&activity), 10.0, &variables, &settings, &mut unwatched).unwrap();
        for (place, (name, key)) in [("time", "t"), ("s", "s"), ("d", "d"), ("s x d", "sd")].into_iter().enumerate() {
            assert_eq!(found.marginalisations[place].name, name);
            assert_near(&[found.marginalisations[place].variance], &numbers(&golden["share"][key]), 1e-10, key);
            let of: Vec<usize> =
                (0..found.components.len()).filter(|one| found.components[*one].marginalisation == place).collect();
            let (encoders, decoders) =
                (found.encoders.select(ndarray::Axis(0), &of), found.decoders.select(ndarray::Axis(0), &of));
            let map = encoders.t().dot(&decoders);
            let group = &case["groups"][key];
            assert_near(map.as_standard_layout().as_slice().unwrap(), &numbers(&group["map"]), 1e-6, key);
            // With a ridge that package decomposes the data with the ridge beside it.
            if ridge == 0.0 {
                let first = *of.iter().find(|one| found.components[**one].number == 1).unwrap();
                assert_parallel(&found.encoders.row(first).to_vec(), &numbers(&group["encoder"]), 1e-8, key);
                assert_parallel(&found.decoders.row(first).to_vec(), &numbers(&group["decoder"]), 1e-8, key);
                let explained = numbers(&group["explained"]);
                assert_near(&[found.components[first].explained], &explained[..1], 1e-8, key);
            }
        }
    }
}

#[test]
fn task_axes_are_those_of_both_ways() {
    let case = golden("tdr");
    let of = |name: &str| numbers(&case[name]);
    let (choice, motion, context) = (of("choice"), of("motion"), of("context"));
    let condition = |trial: usize| {
        Condition::new()
            .with("choice", choice[trial] > 0.0)
            .with("motion", motion[trial])
            .with("context", if context[trial] > 0.0 { "motion" } else { "colour" })
    };
    let rates = cube(&case["rates"]);
    let (trials, steps, _) = rates.dim();
    let dt = case["dt"].as_f64().unwrap();
    let known = Trials::new(vec![steps; trials], (0..trials).map(condition).collect());
    let activity = Activity::new(rates, dt, known).unwrap();
    let variables = ["choice", "motion", "context"].map(str::to_owned);
    for (method, step) in [(tdr::Method::mante(), 1), (tdr::Method::pycog(), 2)] {
        let method = tdr::Method { components: Some(3), least_deviation: None, ..method };
        let found = Tdr::of(&window(&activity), dt, &variables, &method).unwrap();
        let expected = &case[method.name];
        let directions = found.directions.as_standard_layout().as_slice().unwrap().to_vec();
        assert_near(&directions, &numbers(&expected["axes"]), 1e-9, method.name);
        let norms: Vec<f64> = found.axes.iter().map(|axis| axis.norm).collect();
        assert_near(&norms, &numbers(&expected["norm"]), 1e-9, method.name);
        let times: Vec<f64> = found.axes.iter().map(|axis| axis.time_of_max_ms).collect();
        let best: Vec<f64> = numbers(&expected["best"]).iter().map(|bin| (bin * f64::from(step) + 0.5) * dt).collect();
        assert_near(&times, &best, 1e-12, method.name);
        assert_near(&[found.condition_number], &numbers(&expected["condition"]), 1e-9, method.name);
    }
}
