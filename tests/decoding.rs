//! `nn4n analyze decoding`, on networks of the zoo and on recordings.

use std::{fs, path::Path};

use ndarray::{Array, Array1, Array3};
use nn4n::tasks::NpzBuilder;
use serde_json::Value;

use crate::program::{reported, said, words};

fn run(directory: &Path, arguments: &str) -> (bool, String, String) {
    said(directory, &words(&["analyze", "decoding"], arguments))
}

fn json(directory: &Path, arguments: &str) -> Value {
    reported(directory, &words(&["analyze", "decoding"], arguments))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
}

#[test]
fn a_network_tells_the_coherence_from_the_stimulus_on() {
    let folder = tempfile::tempdir().unwrap();
    let of = "song2016-rdm-ei --variable coherence --trials 8 --shuffles 39 --bin 100 --cross-temporal --out found";
    let found = json(folder.path(), of);
    assert_eq!(
        (&found["measure"], &found["interval_over"], &found["align"]),
        (&"r2".into(), &"folds".into(), &"stimulus".into())
    );
    assert!(found["aligned_because"].as_str().unwrap().contains("inputs differ by it"), "{found}");
    let [time, value, low, high, chance, p] =
        ["time_ms", "value", "low", "high", "chance", "p_corrected"].map(|name| numbers(&found[name]));
    for bin in 0..time.len() {
        assert!(!(low[bin] > value[bin] || value[bin] > high[bin]));
        if time[bin] < 0.0 {
            assert!(!(value[bin] > 0.15 && p[bin] < 0.05), "{}: {}", time[bin], value[bin]);
        }
    }
    let best = value.iter().copied().fold(f64::MIN, f64::max);
    assert!(best > 0.5 && chance.iter().all(|chance| chance.is_nan() || *chance <= 0.1), "{best} {chance:?}");
    assert!(numbers(&found["sign"]["value"]).iter().any(|sign| *sign > 0.85));
    for file in ["decoding.json", "decoding.npz", "decoding.png", "decoding.svg", "cross-temporal.png"] {
        assert!(folder.path().join("found").join(file).is_file(), "{file}");
    }
    let (is_done, _, error) = run(folder.path(), "song2016-rdm-ei --variable coherence --noise-free --trials 2");
    assert!(!is_done && error.contains("--noise-free: trials of a condition are copies"), "{error}");
}

/// Two sessions' worth of trials in which units tell `odour` from step 3 on; `day` is another variable.
fn recording(path: &Path) {
    let (trials, steps, units) = (60, 6, 4);
    let odour = |trial: usize| trial % 2;
    // Noise that repeats nowhere.
    let noise = |place: usize| ((place as f64 * 12.9898).sin() * 43758.5453).fract() as f32;
    let rates = Array3::from_shape_fn((trials, steps, units), |(trial, step, unit)| {
        let signal = if step >= 3 && unit < 2 { 1.5 * odour(trial) as f32 } else { 0.0 };
        signal + noise(trial * 1000 + step * 10 + unit)
    });
    let words: Vec<String> = (0..trials).map(|trial| ["rose", "mint"][odour(trial)].to_owned()).collect();
    let day: Array1<f64> = Array::from_iter((0..trials).map(|trial| (trial / 30) as f64));
    let file = NpzBuilder::default()
        .array("rates", &rates)
        .unwrap()
        .array("dt", &ndarray::arr0(20.0))
        .unwrap()
        .array("day", &day)
        .unwrap()
        .labels("odour", &nn4n::tasks::Labels::Words(words))
        .unwrap();
    fs::write(path, file.finish().unwrap()).unwrap();
}

#[test]
fn recordings_are_decoded_and_what_they_lack_is_named() {
    let folder = tempfile::tempdir().unwrap();
    recording(&folder.path().join("neurons.npz"));
    let of = "--activity neurons.npz --variable odour --bin 20";
    let found = json(folder.path(), &format!("{of} --shuffles 39 --within day"));
    assert_eq!(
        (&found["measure"], &found["align"], &found["trials"][0]),
        (&"balanced_accuracy".into(), &Value::Null, &60.into())
    );
    let value = numbers(&found["value"]);
    assert!(value[..3].iter().all(|value| *value < 0.75) && value[3..].iter().all(|value| *value > 0.9), "{value:?}");
    let across = json(folder.path(), &format!("{of} --shuffles 9 --generalize day"));
    assert_eq!((&across["interval_over"], &across["held_out"][1]), (&"values".into(), &"1".into()));
    let several = json(folder.path(), &format!("{of} --shuffles 9 --activity neurons.npz"));
    assert_eq!((&several["interval_over"], &several["trials"][0]), (&"networks".into(), &120.into()));
    assert_eq!(several["networks"].as_array().unwrap().len(), 2);
    for (more, words) in [
        ("--bin 30", "must be a multiple of the step, 20 ms"),
        ("--alpha 2", "--alpha: is for ridge, but lda decodes here"),
        ("--folds 31", "has 30 trials, but 31 folds need 31"),
        ("--as graded", "no numbers"),
        ("--shrinkage 2", "must be auto, or a number from 0 to 1"),
        ("--align delay", "no epochs are known"),
    ] {
        let (is_done, out, error) = run(folder.path(), &format!("--activity neurons.npz --variable odour {more}"));
        assert!(!is_done && error.contains(words), "{more}: {error} {out}");
    }
    let (_, _, error) = run(folder.path(), "--activity neurons.npz --variable colour");
    assert!(
        error.contains("no trial has `colour`; there are day, odour") || error.contains("there are odour, day"),
        "{error}"
    );
}
