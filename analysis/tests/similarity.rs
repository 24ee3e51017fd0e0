//! Similarity agrees with rsatoolbox, NumPy and SciPy (`golden/similarity/generate.py`).

use std::path::Path;

use ndarray::{Array2, Array3, Axis};
use nn4n_analysis::similarity::{
    Canonical, Comparator, Map, Noise, NoiseCeiling, Rdm, angular, canonical_correlations, cka, cka_debiased,
    conjugation, inverse_root, procrustes, wasserstein,
};
use serde_json::Value;

fn golden() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/similarity/similarity.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    match value.as_array() {
        Some(list) => list.iter().flat_map(numbers).collect(),
        None => vec![value.as_f64().expect("a number")],
    }
}

fn matrix(value: &Value) -> Array2<f64> {
    let numbers = numbers(value);
    let rows = value.as_array().unwrap().len();
    Array2::from_shape_vec((rows, numbers.len() / rows), numbers).unwrap()
}

fn matrices(value: &Value) -> Vec<Array2<f64>> {
    value.as_array().unwrap().iter().map(matrix).collect()
}

fn assert_close(what: &str, found: &[f64], wanted: &Value, off: f64) {
    let wanted = numbers(wanted);
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() <= off * wanted.abs().max(1.0), "{what}: {found} is not {wanted}");
    }
}

#[test]
fn rdms_are_those_of_rsatoolbox() {
    let golden = golden();
    let folds = matrices(&golden["trials"]);
    let stacked: Vec<_> = folds.iter().map(|fold| fold.view().insert_axis(Axis(0))).collect();
    let all: Array3<f64> = ndarray::concatenate(Axis(0), &stacked).unwrap();
    let patterns = all.mean_axis(Axis(0)).unwrap();
    let whitening = inverse_root(&matrix(&golden["covariance"])).unwrap();
    for (name, found) in [
        ("euclidean", Rdm::euclidean(patterns.view())),
        ("correlation", Rdm::correlation(patterns.view())),
        ("mahalanobis", Rdm::mahalanobis(patterns.view(), &whitening)),
        ("crossnobis", Rdm::crossnobis(&folds, &whitening)),
        ("poisson", Rdm::poisson(patterns.mapv(f64::abs).view())),
    ] {
        assert_close(name, &found.unwrap().values, &golden["rdm"][name], 1e-10);
    }
    let noise = Noise::of(matrix(&golden["residuals"]).view(), 4).unwrap();
    assert_eq!(noise.degrees_of_freedom, 36);
    assert!(noise.shrinkage > 0.01 && noise.shrinkage < 0.99, "{}", noise.shrinkage);
    assert_close("covariance", noise.covariance.as_slice().unwrap(), &golden["covariance"], 1e-10);
    let (a, b) = (Rdm::euclidean(patterns.view()).unwrap(), Rdm::euclidean(matrix(&golden["other"]).view()).unwrap());
    for (name, wanted) in golden["compare"].as_object().unwrap() {
        let comparator: Comparator = serde_json::from_value(name.as_str().into()).unwrap();
        assert_close(name, &[comparator.compare(&a, &b).unwrap()], wanted, 1e-9);
    }
}

#[test]
fn noise_ceilings_are_those_of_rsatoolbox() {
    let golden = golden();
    let rdms: Vec<Rdm> =
        matrices(&golden["subjects"]).iter().map(|subject| Rdm::euclidean(subject.view()).unwrap()).collect();
    let ceilings = golden["ceilings"].as_object().unwrap();
    assert_eq!(ceilings.len(), 8);
    for (name, wanted) in ceilings {
        let comparator: Comparator = serde_json::from_value(name.as_str().into()).unwrap();
        let found = NoiseCeiling::of(&rdms, comparator).unwrap();
        assert_close(name, &[found.lower, found.upper], wanted, 1e-9);
    }
}

#[test]
fn measures_of_rows_are_those_of_numpy() {
    let golden = golden();
    let (x, y) = (matrix(&golden["x"]), matrix(&golden["y"]));
    let (x, y) = (x.view(), y.view());
    assert_close("cka", &[cka(x, y).unwrap()], &golden["cka"], 1e-10);
    assert_close("cka-debiased", &[cka_debiased(x, y).unwrap()], &golden["cka_debiased"], 1e-10);
    assert_close("procrustes", &[procrustes(x, y).unwrap()], &golden["procrustes"], 1e-10);
    assert_close("angular", &[angular(x, y).unwrap()], &golden["angular"], 1e-10);
    assert_close("angular", &[angular(x, y).unwrap()], &golden["angular_of_disparity"], 1e-10);
    for (name, variance, regularisation) in
        [("canonical", 1.0, 0.0), ("canonical_ridge", 1.0, 0.3), ("canonical_leading", 0.9, 0.0)]
    {
        let found = canonical_correlations(x, y, &Canonical { variance, regularisation }).unwrap();
        assert_close(name, &found, &golden[name], 1e-9);
    }
}

#[test]
fn dynamics_and_maps_are_those_of_scipy() {
    let golden = golden();
    let [a, b] = &matrices(&golden["maps"])[..] else { panic!("two maps") };
    assert_close("conjugation", &[conjugation(a, b, 8, 1).unwrap().angle], &golden["conjugation"], 1e-9);
    let [a, b] = &matrices(&golden["larger_maps"])[..] else { panic!("two maps") };
    assert_close("wasserstein", &[wasserstein(a, b).unwrap()], &golden["wasserstein"], 1e-10);
    let map = Map::of(&matrix(&golden["distances"])).unwrap();
    assert_close("variance of the map", &[map.variance], &golden["map_variance"], 1e-10);
}
