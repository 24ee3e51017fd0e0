//! `nn4n analyze` finds the geometry of activity, of networks of the zoo and of recordings, and refuses what has none.

use std::{fs, path::Path};

use ndarray::{Array0, Array1, Array2, Array3};
use nn4n::tasks::NpzBuilder;
use serde_json::Value;

use crate::program::{reported, said, words};

fn analyze(directory: &Path, arguments: &[&str]) -> (bool, String, String) {
    said(directory, &[&["analyze"], arguments].concat())
}

fn json(directory: &Path, arguments: &str) -> Value {
    reported(directory, &words(&["analyze"], arguments))
}

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

#[test]
fn every_kind_leaves_its_numbers_arrays_and_figures() {
    let folder = tempfile::tempdir().unwrap();
    let rdm = "song2016-rdm-ei";
    for (kind, more, files) in [
        ("pca", "--trials 2 --shuffles 2", ["scree.png", "trajectories.svg", "trajectories.html"].as_slice()),
        (
            "dpca",
            "--trials 4 --variables coherence --align stimulus --bin 40 --shuffles 2 --splits 2",
            &["components.png"],
        ),
        ("tdr", "--trials 6 --variables chose_first,coherence", &["task-axes.png", "task-axes.html"]),
        (
            "jpca",
            "--trials 4 --variables coherence --components 2 --surrogates 3",
            &["rotations.png", "surrogates.svg"],
        ),
        ("subspaces", "--trials 2 --epochs stimulus,decision --draws 20", &["subspaces.png"]),
    ] {
        let command = format!("{kind} {rdm} {more} --out {kind}");
        let words: Vec<&str> = command.split_whitespace().collect();
        let (is_done, out, error) = analyze(folder.path(), &words);
        assert!(is_done, "{command}: {error}");
        assert!(out.contains("seed 0") && out.contains("next: nn4n analyze "), "{command}: {out}");
        let all = [format!("{kind}.json"), format!("{kind}.npz")];
        for file in files.iter().map(ToString::to_string).chain(all) {
            let path = folder.path().join(kind).join(&file);
            assert!(path.metadata().is_ok_and(|file| file.len() > 0), "{command}: no {file}");
        }
        let report: Value =
            serde_json::from_slice(&fs::read(folder.path().join(kind).join(format!("{kind}.json"))).unwrap()).unwrap();
        assert_eq!(report["network"], rdm);
    }
}

/// Rates of 3 units in 12 trials of 10 steps: a line that the sign of the stimulus turns, a copy of half of it, noise.
fn recording(folder: &Path) {
    let noise = |place: usize| ((place * 7919 + 13) % 101) as f64 / 101.0 - 0.5;
    let rates = Array3::from_shape_fn((12, 10, 3), |(trial, step, unit)| {
        let sign = if trial % 2 == 0 { 1.0 } else { -1.0 };
        let own = sign * step as f64;
        [own, 0.5 * own, 0.0][unit] + 0.2 * noise(trial * 30 + step * 3 + unit) + 5.0
    });
    let dt = Array0::from_elem((), 10.0);
    let file = NpzBuilder::default().array("rates", &rates).unwrap().array("dt", &dt).unwrap();
    fs::write(folder.join("recording.npz"), file.finish().unwrap()).unwrap();
    let rows: Vec<String> =
        (0..12).map(|trial| format!("{},{}", if trial % 2 == 0 { 1 } else { -1 }, trial % 3)).collect();
    fs::write(folder.join("trials.csv"), format!("stimulus,block\n{}\n", rows.join("\n"))).unwrap();
}

#[test]
fn recordings_have_the_geometry_that_they_were_made_with() {
    let folder = tempfile::tempdir().unwrap();
    recording(folder.path());
    let of = "--activity recording.npz --conditions trials.csv";
    let pca = json(folder.path(), &format!("pca {of} --shuffles 3"));
    assert!(number(&pca["explained_variance_ratio"][0]) > 0.99 && number(&pca["participation_ratio"]) < 1.05, "{pca}");
    assert_eq!((&pca["units"], &pca["samples"]), (&3.into(), &120.into()));
    let means = json(folder.path(), &format!("pca {of} --average stimulus"));
    assert_eq!(means["samples"], 20);
    let dpca = json(folder.path(), &format!("dpca {of} --variables stimulus --shuffles 9 --splits 3 --lasting 0"));
    let first = &dpca["components"][0];
    assert_eq!(dpca["marginalisations"][1]["name"], "stimulus");
    assert!(first["marginalisation"] == 1 && number(&first["explained"]) > 0.9, "{dpca}");
    // Of so few trials a shuffle may be as they are: the accuracy is sure, its significance is not.
    let significance = &first["significance"];
    assert_eq!((&significance["classes"], number(&significance["accuracy"][9])), (&2.into(), 1.0));
    let tdr = json(folder.path(), &format!("tdr {of} --variables stimulus --components 0"));
    assert_eq!(number(&tdr["axes"][0]["time_of_max_ms"]), 95.0);
}

#[test]
fn arrays_of_components_have_the_scores_of_every_state() {
    let folder = tempfile::tempdir().unwrap();
    recording(folder.path());
    let of = "--activity recording.npz --conditions trials.csv";
    let arrays = |arguments: &str| {
        json(folder.path(), &format!("pca {of} --shuffles 0 --out pca --force {arguments}"));
        let bytes = fs::read(folder.path().join("pca/pca.npz")).unwrap();
        ndarray_npy::NpzReader::new(std::io::Cursor::new(bytes)).unwrap()
    };
    let mut states = arrays("--scores 2");
    let scores: Array2<f64> = states.by_name("scores").unwrap();
    let steps: Array1<i64> = states.by_name("score_step").unwrap();
    let trials: Array1<i64> = states.by_name("score_trial").unwrap();
    assert_eq!((scores.dim(), trials[119], steps[119]), ((120, 2), 11, 9));
    let variance: Array1<f64> = states.by_name("explained_variance").unwrap();
    let first = scores.column(0);
    // Scores are centred, and vary as the component does.
    assert!(first.sum().abs() < 1e-9 && (first.dot(&first) / 119.0 / variance[0] - 1.0).abs() < 1e-9);
    let mut means = arrays("--average stimulus");
    let scores: Array2<f64> = means.by_name("scores").unwrap();
    let bins: Array1<i64> = means.by_name("score_bin").unwrap();
    assert_eq!((scores.nrows(), bins[19]), (20, 9));
}

#[test]
fn what_has_no_geometry_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    recording(folder.path());
    let of = "--activity recording.npz --conditions trials.csv";
    for (arguments, words) in [
        (format!("dpca {of}"), "--variables: name variables of the trials; there are stimulus, block"),
        (format!("dpca {of} --variables speed"), "no trial has `speed`"),
        ("dpca song2016-rdm-ei --trials 1 --variables coherence".into(), "leave one out and need two at least"),
        ("dpca song2016-rdm-ei --trials 2 --noise-free --variables coherence".into(), "are copies"),
        (format!("jpca {of} --variables stimulus"), "three at least"),
        (format!("tdr {of} --variables stimulus --bin 15"), "--bin 15: must be a multiple of the step, 10 ms"),
        (format!("pca {of} --epoch delay"), "no epochs are known"),
        (format!("pca {of} --scores 9 --out pca"), "--scores 9: must be at most 3"),
        (format!("tdr {of} --variables stimulus --to 200"), "to = 200: must lie between 10 and 100 ms"),
        (format!("dpca {of} --variables stimulus --from -20"), "from = -20: must lie between 0 and 90 ms"),
        (format!("jpca {of} --variables stimulus,block --to nan"), "--to NaN: must be a number"),
        (format!("subspaces {of}"), "--epochs A,B"),
        (format!("subspaces {of} --projection a->b"), "`a` is no group of units"),
        ("subspaces song2016-rdm-ei --trials 1 --projection excitatory".into(), "must be FROM->TO"),
    ] {
        let given: Vec<&str> = arguments.split_whitespace().collect();
        let (is_done, out, error) = analyze(folder.path(), &given);
        assert!(!is_done, "{arguments}: {out}");
        assert!(error.contains(words) && error.trim_end().lines().count() == 1, "{arguments}: {error}");
    }
    // Units of two sessions: together in averages alone.
    let mut rates = Array3::from_shape_fn((4, 5, 2), |(trial, step, unit)| (trial * step + unit) as f64);
    rates.slice_mut(ndarray::s![..2, .., 0]).fill(f64::NAN);
    rates.slice_mut(ndarray::s![2.., .., 1]).fill(f64::NAN);
    let dt = Array0::from_elem((), 10.0);
    let stimulus = Array1::from(vec![0.0, 1.0, 0.0, 1.0]);
    let file = NpzBuilder::default().array("rates", &rates).unwrap().array("dt", &dt).unwrap();
    fs::write(folder.path().join("apart.npz"), file.finish().unwrap()).unwrap();
    let rows: Vec<String> = stimulus.iter().map(f64::to_string).collect();
    fs::write(folder.path().join("apart.csv"), format!("stimulus\n{}\n", rows.join("\n"))).unwrap();
    let apart = "pca --activity apart.npz --conditions apart.csv --shuffles 0";
    let given: Vec<&str> = apart.split_whitespace().collect();
    let (_, _, error) = analyze(folder.path(), &given);
    assert!(error.contains("units of a trial together"), "{error}");
    assert_eq!(json(folder.path(), &format!("{apart} --average stimulus"))["samples"], 10);
}
