//! Analyses of single units agree with scikit-learn, SciPy and definitions in NumPy (`golden/units/generate.py`).

use std::path::Path;

use ndarray::{Array2, Array3, Axis};
use nn4n_analysis::{
    Activity, ChoiceProbability, MixedSelectivity, Roc, Selectivity, Sequentiality, Tuning,
    activity::Trials,
    single_units::clusters::{adjusted_rand, k_means, silhouette},
    single_units::mixed_selectivity,
    single_units::selectivity::Division,
    single_units::tuning::AngleUnit,
};
use nn4n_tasks::{Condition, Value as Known};
use serde_json::Value;

fn golden(analysis: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/units/golden.json");
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    all[analysis].clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn matrix(value: &Value) -> Array2<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    Array2::from_shape_fn((rows.len(), rows[0].len()), |(row, column)| rows[row][column])
}

fn close(found: &[f64], wanted: &[f64], tolerance: f64) {
    assert_eq!(found.len(), wanted.len(), "{found:?} {wanted:?}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() <= tolerance * wanted.abs().max(1.0), "{found} is not {wanted}");
    }
}

/// Rates (trials, units) as trials of one step.
fn activity(rates: &Array2<f64>, conditions: Vec<Condition>) -> Activity {
    let n = conditions.len();
    Activity::new(rates.clone().insert_axis(Axis(1)), 10.0, Trials::new(vec![1; n], conditions)).unwrap()
}

fn chosen(value: &Value) -> Vec<Condition> {
    value.as_array().unwrap().iter().map(|kind| Condition::new().with("choice", kind.as_bool().unwrap())).collect()
}

#[test]
fn roc_areas_and_d_prime() {
    let given = golden("discrimination");
    let (rates, conditions) = (matrix(&given["rates"]), chosen(&given["kinds"]));
    let division = Division::of(&conditions, "choice").unwrap();
    let found = Roc::of(rates.view(), &division, 99, 0).unwrap();
    close(&found.auc, &numbers(&given["auc"]), 1e-12);
    let found = Selectivity::of_activity(&activity(&rates, conditions), "choice", None).unwrap();
    close(&found.d_prime, &numbers(&given["d_prime"]), 1e-12);
}

#[test]
fn choice_probability_within_stimuli() {
    let given = golden("choice_probability");
    let stimuli = numbers(&given["stimuli"]);
    let conditions: Vec<Condition> = chosen(&given["choices"])
        .into_iter()
        .zip(stimuli)
        .map(|(one, stimulus)| one.with("stimulus", stimulus))
        .collect();
    let (rates, division) = (matrix(&given["rates"]), Division::of(&conditions, "choice").unwrap());
    let trials = Trials::new(vec![1; conditions.len()], conditions);
    let within = ["stimulus".to_owned()];
    let found = ChoiceProbability::of(rates.view(), &division, &trials, &within, 99, 0).unwrap();
    close(&found.choice_probability, &numbers(&given["choice_probability"]), 1e-12);
    assert_eq!((found.trials as u64, found.stimuli_left_out), (given["trials"].as_u64().unwrap(), 1));
}

#[test]
fn k_means_from_given_starts_silhouettes_and_rand_indices() {
    let given = golden("groups");
    let rows = matrix(&given["rows"]);
    let labels = |value: &Value| numbers(&value["labels"]).iter().map(|label| *label as usize).collect::<Vec<_>>();
    let all = given["found"].as_array().unwrap();
    for (place, one) in all.iter().enumerate() {
        let start: Vec<usize> = numbers(&one["start"]).iter().map(|row| *row as usize).collect();
        let found = k_means(rows.view(), rows.select(Axis(0), &start));
        assert_eq!(found.labels, labels(one));
        close(&[found.inertia], &[one["inertia"].as_f64().unwrap()], 1e-12);
        let of = silhouette(rows.view(), &found.labels).unwrap();
        close(&[of], &[one["silhouette"].as_f64().unwrap()], 1e-12);
        let rand: Vec<f64> = all.iter().map(|other| adjusted_rand(&found.labels, &labels(other))).collect();
        close(&rand, &numbers(&given["adjusted_rand"][place]), 1e-12);
    }
}

#[test]
fn partial_f_and_its_p() {
    let given = golden("regression");
    let words = ["a", "b", "c"];
    let conditions = numbers(&given["graded"])
        .into_iter()
        .zip(numbers(&given["words"]))
        .map(|(graded, word)| Condition::new().with("graded", graded).with("word", Known::from(words[word as usize])));
    let activity = activity(&matrix(&given["rates"]), conditions.collect());
    let settings = mixed_selectivity::Settings::default();
    let found = MixedSelectivity::of(&activity, &["graded".into(), "word".into()], None, &settings).unwrap();
    for (found, wanted) in found.regressions.iter().zip(given["units"].as_array().unwrap()) {
        close(&found.f, &numbers(&wanted["f"]), 1e-9);
        close(&found.p, &numbers(&wanted["p"]), 1e-11);
        for (found, wanted) in found.p.iter().zip(numbers(&wanted["p"])) {
            assert!((found / wanted - 1.0).abs() < 1e-8, "{found:e} is not {wanted:e}");
        }
        close(&found.partial_r2, &numbers(&wanted["partial_r2"]), 1e-10);
        let r2 = found.r2.unwrap();
        close(&[r2.0, r2.1], &numbers(&wanted["r2"]), 1e-10);
    }
}

#[test]
fn cosine_and_von_mises_curves() {
    let given = golden("tuning");
    let conditions = numbers(&given["directions"]).into_iter().map(|value| Condition::new().with("direction", value));
    let activity = activity(&matrix(&given["rates"]), conditions.collect());
    let found = Tuning::of(&activity, "direction", AngleUnit::Degrees, None).unwrap();
    for (found, wanted) in found.units.iter().zip(given["units"].as_array().unwrap()) {
        let cosine = found.cosine.as_ref().unwrap();
        let of = [cosine.offset, cosine.amplitude, cosine.preferred, cosine.pev];
        close(&of, &numbers(&wanted["cosine"]), 1e-10);
        close(&[cosine.p], &[wanted["p"].as_f64().unwrap()], 1e-10);
        let curve = found.von_mises.as_ref().unwrap();
        let of = [curve.offset, curve.amplitude, curve.preferred, curve.concentration];
        close(&of, &numbers(&wanted["von_mises"]), 1e-5);
        close(&[curve.r2], &[wanted["r2"].as_f64().unwrap()], 1e-10);
    }
}

#[test]
fn sequentiality_of_trials() {
    let given = golden("sequentiality");
    let trials: Vec<Array2<f64>> = given["rates"].as_array().unwrap().iter().map(matrix).collect();
    let (steps, units) = trials[0].dim();
    let rates = Array3::from_shape_fn((trials.len(), steps, units), |(trial, step, unit)| trials[trial][[step, unit]]);
    let of = Trials::new(vec![steps; trials.len()], vec![Condition::new(); trials.len()]);
    let found = Sequentiality::of(&Activity::new(rates, 10.0, of).unwrap(), None, 0.3).unwrap();
    close(&found.of_trials, &numbers(&given["index"]), 1e-12);
}
