//! What `nn4n analyze similarity` finds between networks, areas, epochs and recordings, and what it refuses.

use std::{fs, path::Path};

use nn4n::{Experiment, models::ModelConfig};
use serde_json::Value;

use crate::{
    program::{self, nn4n, reported, said},
    small::{easy_task, settings, train},
};

/// Two networks of the zoo on one task, in few trials.
const TWO: &str = "song2016-rdm-ei rdm-vanilla --trials 2 --bin 100 --align stimulus";

fn similarity(directory: &Path, arguments: &[&str]) -> (bool, String, String) {
    said(directory, &[&["analyze", "similarity"], arguments].concat())
}

fn json(directory: &Path, arguments: &str) -> Value {
    reported(directory, &program::words(&["analyze", "similarity"], arguments))
}

fn refused(directory: &Path, arguments: &str) -> String {
    program::refused(directory, &program::words(&["analyze", "similarity"], arguments))
}

fn matrix(found: &Value) -> Vec<Vec<f64>> {
    serde_json::from_value(found["matrix"].clone()).expect("rows of numbers")
}

#[test]
fn three_subjects_have_a_noise_ceiling_of_what_each_has() {
    let folder = tempfile::tempdir().unwrap();
    let three = "song2016-rdm-ei song2016-rdm-ei rdm-vanilla --trials 2 --bin 100 --shuffles 0 --measure rsa";
    let found = json(folder.path(), &format!("{three} --epochs fixation,stimulus"));
    let ceilings = found["noise_ceilings"].as_array().unwrap();
    assert_eq!((ceilings.len(), &ceilings[1]["of"], &ceilings[1]["subjects"]), (2, &"stimulus".into(), &3.into()));
    let [lower, upper] = ["lower", "upper"].map(|end| ceilings[1][end].as_f64().unwrap());
    assert!(lower < upper && upper <= 1.0 && lower > 0.0, "{ceilings:?}");
    let none = json(folder.path(), &format!("{three} --compare bures --align stimulus"));
    assert!(none["noise_ceilings"].is_null() && none["no_noise_ceiling"].as_str().unwrap().contains("bures"));
    let two = json(folder.path(), &format!("{TWO} --measure rsa --shuffles 0"));
    assert!(two["noise_ceilings"].is_null() && two["no_noise_ceiling"].is_null());
}

#[test]
fn every_measure_compares_two_networks_at_one_task() {
    let folder = tempfile::tempdir().unwrap();
    for (measure, of_itself) in [
        ("cka", Some(1.0)),
        ("cka-debiased", Some(1.0)),
        ("svcca", Some(1.0)),
        ("pwcca", Some(1.0)),
        ("cca --regularisation 0.1", None),
        ("procrustes", Some(0.0)),
        ("angular", Some(0.0)),
        ("rsa --compare rho-a", None),
        ("rsa --rdm poisson --compare cosine_cov", Some(1.0)),
        ("dsa --rank 3 --starts 6", Some(0.0)),
        ("dsa --rank 3 --score wasserstein", Some(0.0)),
    ] {
        let found = json(folder.path(), &format!("{TWO} --shuffles 5 --measure {measure}"));
        assert_eq!(found["measure"], program::words(&[], measure)[0]);
        assert_eq!(found["names"], serde_json::json!(["song2016-rdm-ei", "rdm-vanilla"]));
        let matrix = matrix(&found);
        assert_eq!((matrix.len(), matrix[0][1]), (2, matrix[1][0]), "{measure}");
        assert!(of_itself.is_none_or(|wanted| (matrix[0][0] - wanted).abs() < 1e-9), "{measure}: {matrix:?}");
        assert!(matrix[0][1] != matrix[0][0] && matrix[0][1].is_finite(), "{measure}: {matrix:?}");
        assert_eq!(found["by"], serde_json::json!(["coherence"]));
        assert_eq!(found["control"].is_null(), measure.starts_with("dsa"), "{measure}");
        assert_eq!(found["dynamics"].is_null(), !measure.starts_with("dsa"), "{measure}");
    }
}

#[test]
fn crossnobis_takes_trials_in_which_every_unit_has_noise() {
    let folder = tempfile::tempdir().unwrap();
    let of = "song2016-rdm-ei rdm-vanilla --bin 100 --align stimulus --shuffles 0 --measure rsa --rdm crossnobis";
    let found = json(folder.path(), of);
    assert!((0.8..1.0).contains(&matrix(&found)[0][1]), "{}", found["matrix"]);
    let shrinkage = found["parts"][0]["shrinkage"].as_f64().unwrap();
    assert!(shrinkage > 0.0 && shrinkage < 1.0, "{shrinkage}");
    // Units that were silent in all of so few trials.
    let message = refused(folder.path(), &format!("{of} --trials 2 --folds 2"));
    assert!(message.contains("has no noise about the means") && message.contains("--trials"), "{message}");
}

#[test]
fn areas_epochs_and_a_network_with_itself_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let zoo = "kleinman2021-checkerboard --trials 1 --bin 100 --shuffles 0";
    let message = refused(folder.path(), &format!("{zoo} --groups nowhere"));
    let (_, known) = message.split_once("there are ").expect("the names of the groups");
    let names: Vec<&str> = known.trim().split(", ").collect();
    let groups = format!("{},{}", names[0], names[1]);
    let arguments = [program::words(&[], zoo), vec!["--groups", &groups, "--json"]].concat();
    let (is_done, out, error) = similarity(folder.path(), &arguments);
    assert!(is_done, "{error}");
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(found["names"], serde_json::json!(names[..2]));

    let epochs = json(folder.path(), "song2016-rdm-ei --trials 2 --shuffles 0 --epochs fixation,decision");
    assert_eq!(epochs["names"], serde_json::json!(["fixation", "decision"]));
    assert!(matrix(&epochs)[0][1] < 1.0);

    // The same trials and noise.
    let same = json(folder.path(), "rdm-vanilla rdm-vanilla --trials 1 --shuffles 0 --measure angular");
    assert_eq!(same["names"], serde_json::json!(["rdm-vanilla", "rdm-vanilla (2)"]));
    assert!(matrix(&same)[0][1] < 1e-12);
}

#[test]
fn a_network_is_compared_with_a_recording_of_itself() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &str| {
        let output = nn4n(folder.path(), &program::words(&[], arguments), &[]);
        assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
    };
    run("tasks sample song2016/rdm_varstim --split test --batch 200 --set coherences=[0.512] --out trials.npz");
    run("run rdm-vanilla --inputs trials.npz --out activity.npz");
    let found = json(
        folder.path(),
        "rdm-vanilla --activity activity.npz --conditions trials.json --set coherences=[0.512] --by coherence --bin 40",
    );
    assert_eq!(found["names"][1], "activity.npz");
    assert!(matrix(&found)[0][1] > 0.9, "{found}");
}

#[test]
fn two_seeds_leave_their_numbers_arrays_and_figures() {
    let folder = tempfile::tempdir().unwrap();
    for seed in [1, 2] {
        let experiment = Experiment::new(easy_task(), ModelConfig::ei(2, 8, 2), settings(2, 1), seed).unwrap();
        train(&experiment, &folder.path().join(format!("seed_{seed}"))).unwrap();
    }
    let arguments = "seed_1 seed_2 --trials 4 --shuffles 20 --shuffle rows --out found";
    let (is_done, out, error) = similarity(folder.path(), &program::words(&[], arguments));
    assert!(is_done, "{error}");
    assert!(out.contains("seed 0") && out.contains("next: nn4n analyze similarity seed_1 seed_2"), "{out}");
    for file in ["similarity.json", "similarity.npz", "matrix.png", "matrix.svg", "map.png", "map.svg"] {
        let path = folder.path().join("found").join(file);
        assert!(path.metadata().is_ok_and(|file| file.len() > 0), "no {file}");
    }
    let text = fs::read_to_string(folder.path().join("found/similarity.json")).unwrap();
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(matrix(&report).len(), 2);
    assert!(refused(folder.path(), arguments).contains("--force"));
}

#[test]
fn what_cannot_be_compared_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, words) in [
        ("rdm-vanilla --trials 1", "two are compared at least"),
        (
            "rdm-vanilla song2016-rdm-ei --trials 1 --measure cca --average-times",
            "mean something only if there are more",
        ),
        ("rdm-vanilla song2016-rdm-ei --trials 1 --by nothing", "no trial has `nothing`"),
        ("rdm-vanilla song2016-rdm-ei --trials 1 --bin 33", "must be a whole number of steps"),
        ("rdm-vanilla --trials 1 --epochs fixation,nowhere", "no trial has an epoch `nowhere`"),
        ("rdm-vanilla song2016-rdm-ei --trials 1 --measure rsa --rdm crossnobis --bin 100", "but 5 folds need as many"),
        ("rdm-vanilla song2016-rdm-ei --trials 1 --measure dsa --rank 500 --bin 100", "rank = 500"),
        ("rdm-vanilla flip-flop-3bit --trials 1", "is had by all"),
    ] {
        let message = refused(folder.path(), arguments);
        assert!(message.contains(words), "{arguments}: {message}");
    }
}
