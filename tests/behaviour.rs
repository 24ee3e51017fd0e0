//! What `nn4n analyze` says of behaviour, of the networks of the zoo and of recordings with known answers.

use std::{fs, path::Path};

use ndarray::{Array1, Array3};
use nn4n::tasks::NpzBuilder;
use serde_json::Value;

use crate::program::{self, reported, words};

fn json(directory: &Path, arguments: &str) -> Value {
    reported(directory, &words(&["analyze"], arguments))
}

fn refused(directory: &Path, arguments: &str) -> String {
    program::refused(directory, &words(&["analyze"], arguments))
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// A recording of 1100 choices, 100 at each coherence, in which one step of one neuron was recorded.
fn recording(path: &Path) {
    let values = [-51.2, -25.6, -12.8, -6.4, -3.2, 0.0, 3.2, 6.4, 12.8, 25.6, 51.2];
    let first = [2, 3, 11, 25, 36, 52, 64, 77, 90, 96, 98];
    let trials = || values.iter().zip(first).flat_map(|(value, k)| (0..100).map(move |i| (*value, i < k)));
    let times = trials().map(|(value, _)| if value == 0.0 { f64::NAN } else { 1000.0 - 5.0 * f64::abs(value) });
    let file = NpzBuilder::default()
        .array("rates", &Array3::<f32>::zeros((1100, 1, 1)))
        .and_then(|file| file.array("dt", &Array1::from(vec![10.0])))
        .and_then(|file| file.array("coherence", &trials().map(|(value, _)| value).collect::<Array1<f64>>()))
        .and_then(|file| file.array("chose_first", &trials().map(|(_, first)| first).collect::<Array1<bool>>()))
        .and_then(|file| {
            let right = trials().map(|(value, first)| (value > 0.0) == first);
            file.array("was_right", &right.collect::<Array1<bool>>())
        })
        .and_then(|file| file.array("reaction_time", &times.collect::<Array1<f64>>()))
        .and_then(NpzBuilder::finish)
        .unwrap();
    fs::write(path, file).unwrap();
}

#[test]
fn a_recording_has_the_known_curve_times_and_confusions() {
    let folder = tempfile::tempdir().unwrap();
    recording(&folder.path().join("session.npz"));
    let of = |more: &str| json(folder.path(), &format!("psychometric --activity session.npz --refits 100 {more}"));
    for (lapses, mu, sigma, deviance) in [
        ("none", -0.204196, 14.889061, 49.516436),
        ("equal", -0.224414, 8.961201, 1.198591),
        ("two", -0.302981, 8.961501, 1.118768),
    ] {
        let found = of(&format!("--lapses {lapses}"));
        assert_eq!((&found["variable"], &found["points"][0]["trials"]), (&"coherence".into(), &100.into()));
        assert_eq!(found["points"].as_array().unwrap().len(), 11);
        for (name, known) in [("mu", mu), ("sigma", sigma), ("deviance", deviance)] {
            let value = number(&found["fit"][name]);
            assert!((value - known).abs() < 1e-5, "{lapses} {name}: {value}");
        }
        let interval = &found["fit"]["intervals"]["sigma"];
        assert!(number(&interval[0]) < sigma && sigma < number(&interval[1]), "{interval}");
    }
    let right = of("--of right");
    assert_eq!((&right["of"], &right["fit"]["family"]), (&"right".into(), &"weibull".into()));
    assert_eq!(right["fit"]["lapse_low"], 0.5);

    let times = json(folder.path(), "chronometric --activity session.npz");
    assert_eq!((&times["without_response"], &times["points"][0]["share_without_response"]), (&100.into(), &1.0.into()));
    assert_eq!(times["points"][0]["median_with_censored"], Value::Null);
    assert_eq!(times["points"][1]["right"]["median"], 984.0);

    let found = json(folder.path(), "confusion --activity session.npz --variable was_right --answered chose_first");
    let rows = found["counts"].as_array().unwrap().iter();
    let counts = rows.flat_map(|row| row.as_array().unwrap()).filter_map(Value::as_u64);
    assert_eq!(counts.sum::<u64>(), 1100);

    for (command, words) in [
        ("psychometric --activity session.npz --variable speed", "no trial has `speed`"),
        ("psychometric --activity session.npz --lapses guess", "--of right"),
        ("psychometric --activity session.npz --max-lapse 0.7", "max_lapse = 0.7"),
        ("psychometric --activity session.npz --variable coherence --where coherence=3.2", "has 1 value"),
        ("psychometric --activity session.npz --trials 5", "--trials: is for networks"),
        ("kernel --activity session.npz", "no inputs"),
        ("duration --activity session.npz", "no epochs are known"),
        ("confusion --activity session.npz", "right_choice"),
    ] {
        let message = refused(folder.path(), command);
        assert!(message.contains(words), "{command}: {message}");
    }
}

#[test]
fn networks_of_the_zoo_choose_by_the_evidence_that_counts() {
    let folder = tempfile::tempdir().unwrap();
    let command = "psychometric rdm-vanilla --trials 40 --refits 50 --out rdm";
    let found = json(folder.path(), command);
    assert_eq!((&found["variable"], found["points"].as_array().unwrap().len()), (&"coherence".into(), 11));
    let (mu, sigma) = (number(&found["fit"]["mu"]), number(&found["fit"]["sigma"]));
    assert!(mu.abs() < 0.1 && (0.02..0.5).contains(&sigma), "{mu} {sigma}");
    for name in ["psychometric.png", "psychometric.svg", "psychometric.json", "psychometric.npz"] {
        assert!(folder.path().join("rdm").join(name).metadata().is_ok_and(|file| file.len() > 0), "{name}");
    }
    assert!(refused(folder.path(), command).contains("--force"));

    let found = json(folder.path(), "psychometric song2016-mante-ei --trials 6 --refits 20");
    let contexts = found["contexts"].as_array().unwrap();
    for (context, relevant) in contexts.iter().zip(["motion_coherence", "colour_coherence"]) {
        assert_eq!(context["relevant"], relevant);
        let fit = &context["fit"];
        assert!(number(&fit["relevant_slope"]) > 3.0 && number(&fit["ratio"]).abs() < 0.5, "{fit}");
    }
    assert_eq!((contexts.len(), found["curves"].as_array().unwrap().len()), (2, 4));
}

#[test]
fn kernels_durations_and_confusions_of_a_network_are_where_its_evidence_is() {
    let folder = tempfile::tempdir().unwrap();
    let found = json(folder.path(), "kernel rdm-vanilla --trials 3000");
    let kernel = &found["kernels"][0];
    assert_eq!((&kernel["channels"], &kernel["epochs"]), (&"evidence_1 - evidence_2".into(), &"stimulus".into()));
    let early: f64 = (0..8).map(|time| number(&kernel["reverse_correlation"][time])).sum();
    assert!(early > 0.0, "noise in favour of the first makes for its choice: {early}");
    let found = json(folder.path(), "duration rdm-vanilla --trials 60 --bins 3 --refits 0");
    let performance: Vec<f64> = (0..3).map(|bin| number(&found["bins"][bin]["performance"])).collect();
    assert!(performance[2] > performance[0], "{performance:?}");
    let found = json(folder.path(), "confusion rdm-vanilla --trials 10");
    assert!(number(&found["balanced_accuracy"]) > 0.7);
    assert_eq!((&found["variable"], found["rows"].as_array().unwrap().len()), (&"right_choice".into(), 2));
    for (command, words) in [
        ("psychometric flip-flop-3bit", "no graded evidence"),
        ("chronometric rdm-vanilla --trials 2", "reaction time"),
        ("duration song2016-mante-ei --trials 2", "all are 800 ms"),
        ("duration rdm-vanilla --trials 2 --epoch delay", "no trial has such an epoch; there are"),
        ("kernel rdm-vanilla --trials 20 --noise-free", "was chosen in"),
        ("kernel rdm-vanilla --trials 20 --channel left", "is no input"),
        ("psychometric rdm-vanilla --trials 2 --variable speed", "coherence"),
    ] {
        let message = refused(folder.path(), command);
        assert!(message.contains(words), "{command}: {message}");
    }
}

#[test]
fn the_decision_model_needs_no_network_and_decides_as_its_phase_plane_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let found = json(path, "decision-model --coherences 0,0.512 --planes 0,1 --trials 200 --out model");
    let planes = found["planes"].as_array().unwrap();
    let stable: Vec<_> = planes.iter().map(|plane| (number(&plane["stable"]), number(&plane["index_sum"]))).collect();
    assert_eq!(stable, [(3.0, 1.0), (2.0, 1.0), (1.0, 1.0)]);
    let strong = &found["choices"][1];
    assert!(
        number(&strong["performance"]) > 0.98
            && number(&strong["mean_time"]) < number(&found["choices"][0]["mean_time"])
    );
    for file in ["decision-model.npz", "decisions.svg", "before.svg", "phase-plane.png"] {
        assert!(path.join("model").join(file).is_file(), "{file}");
    }
    let again = json(path, "decision-model --coherences 0.512 --planes 0 --trials 200");
    assert_eq!(again["choices"][0], *strong, "trials do not hang on what else is asked for");
    assert!(again["no_fit"].is_string());
    let refusal = refused(path, "decision-model --coherences 51.2");
    assert!(refusal.contains("0.512 is 51.2 %"), "{refusal}");
}
