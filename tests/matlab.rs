//! What the program writes for MATLAB and as HDF5 is what it writes for NumPy: read back by h5py, by mat73 and, where
//! it is installed, by Octave. And recordings in both are read as those in `.npz`.

use std::{fs, path::Path, process::Command};

use ndarray::{Array1, Array2, Array3};
use nn4n::{
    Recording,
    export::Format,
    tasks::{Labels, NpzBuilder, TrialNotes},
};
use serde_json::Value;

use crate::{
    program::{refused, reported, said},
    python,
};

/// The arrays of `name.npz` are those of `name.mat` and of `name.h5`; what the attributes say in the former.
fn compared(python: &Path, folder: &Path, name: &str) -> Value {
    let file = |end: &str| folder.join(format!("{name}.{end}"));
    let compared = |end| python::run(python, "compare_hdf5.py", &[&file("npz"), &file(end)]).stdout;
    compared("h5");
    serde_json::from_slice(&compared("mat")).expect("attributes")
}

fn written(folder: &Path, arguments: &str) {
    let (is_done, _, error) = said(folder, &arguments.split(' ').collect::<Vec<_>>());
    assert!(is_done, "{arguments}: {error}");
}

#[test]
fn trials_activity_networks_and_analyses_are_read_back_in_python() {
    let Some(python) = python::with("matlab", &["h5py", "mat73"]) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for end in ["npz", "mat", "h5"] {
        // Words, numbers, flags and places; trials of one and of many lengths.
        for (id, name) in [("song2016/mante", "trials"), ("wang2024/place_cells", "places")] {
            written(folder, &format!("tasks sample {id} --batch 300 --out {name}.{end} --force"));
        }
        written(folder, &format!("run song2016-mante-ei --inputs trials.npz --out activity.{end}"));
        for (network, name) in [("kleinman2021-checkerboard", "areas"), ("flip-flop-3bit", "flip_flop")] {
            written(folder, &format!("export {network} --to {end} --out {name}.{end}"));
        }
        let search = "analyze fixed-points flip-flop-3bit --starts 64 --out found --force --arrays";
        written(folder, &format!("{search} {end}"));
        fs::rename(folder.join(format!("found/fixed-points.{end}")), folder.join(format!("points.{end}"))).unwrap();
    }
    let attributes = |name| compared(&python, folder, name);
    attributes("places");
    let trials = attributes("trials");
    assert_eq!(trials["inputs"]["dims"], "trials, steps, inputs");
    assert_eq!(trials["context"]["MATLAB_class"], "cell");
    let activity = attributes("activity");
    assert_eq!(activity["rates"]["dims"], "trials, steps, units");
    assert_eq!((&activity["dt"]["units"], &activity["time_ms"]["units"]), (&"ms".into(), &"ms".into()));
    let network = attributes("areas");
    assert_eq!(network["connectivity_w_rec"]["name"], "connectivity.w_rec");
    assert_eq!(network["w_in"]["dims"], "units, inputs");
    attributes("flip_flop");
    let points = attributes("points");
    assert_eq!(points["eigenvalues"]["columns"], "real, imaginary");
    assert_eq!(points["frequencies_hz"]["units"], "Hz");
}

#[test]
fn octave_sees_the_axes_as_they_are_named() {
    let octave = |code: &str, folder: &Path| {
        Command::new("octave-cli").args(["--norc", "--quiet", "--eval", code]).current_dir(folder).output()
    };
    let folder = tempfile::tempdir().expect("a folder");
    if !octave("1;", folder.path()).is_ok_and(|output| output.status.success()) {
        eprintln!("octave_sees_the_axes_as_they_are_named did NOT run: there is no octave-cli");
        return;
    }
    let array = |channels| ndarray_of((4, 3, channels));
    let recording = Recording { states: array(2), rates: array(2), outputs: array(1) };
    let notes = TrialNotes {
        labels: vec![
            ("coherence".into(), Labels::Numbers(vec![0.5, -0.5, 0.25, 0.0])),
            ("hit".into(), Labels::Flags(vec![true, false, true, true])),
        ],
        ..TrialNotes::default()
    };
    recording.save_trials(folder.path().join("activity.mat"), 10.0, &notes).unwrap();
    let code = "f = load('activity.mat'); assert(size(f.rates), [4 3 2]); assert(double(f.rates(3, 2, 1)), 210); \
        assert(f.dt, 10); assert(f.time_ms(:)', [10 20 30]); assert(size(f.coherence), [4 1]); \
        assert(f.coherence(3), 0.25); assert(logical(f.hit(:)'), [true false true true]);";
    let output = octave(code, folder.path()).expect("octave");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn ndarray_of(shape: (usize, usize, usize)) -> Array3<f32> {
    Array3::from_shape_fn(shape, |(trial, step, unit)| (100 * trial + 10 * step + unit) as f32)
}

#[test]
#[cfg(target_os = "linux")]
fn more_trials_are_sampled_for_matlab_than_the_memory_holds() {
    for end in ["mat", "h5"] {
        let folder = tempfile::tempdir().expect("a folder");
        let sample = format!("tasks sample golub2018/flip_flop --batch 80000 --out trials.{end}");
        let limited = format!("ulimit -v 300000; exec {} {sample}", env!("CARGO_BIN_EXE_nn4n"));
        let output = Command::new("sh").args(["-c", &limited]).current_dir(folder.path()).output().expect("a shell");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let file = fs::metadata(folder.path().join(format!("trials.{end}"))).expect("a file");
        assert!(file.len() > 180_000_000);
    }
}

#[test]
fn names_that_say_another_format_and_arrays_that_meet_are_refused_before_the_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let refusal = |arguments: &str| refused(folder, &arguments.split(' ').collect::<Vec<_>>());
    let message = refusal("export flip-flop-3bit --to npz --out net.mat");
    assert!(message.contains("ends in .mat, which is not what --to npz writes"), "{message}");
    let message = refusal("export flip-flop-3bit --to mat --out net.npz");
    assert!(message.contains("must end in .mat for --to mat"), "{message}");
    assert!(Format::ALL.iter().any(|format| format.name() == "mat"));
    let message = refusal("analyze fixed-points flip-flop-3bit --arrays mat");
    assert!(message.contains("--out"), "{message}");
    let notes = |name: &str| TrialNotes {
        labels: vec![
            ("motion-coherence".into(), Labels::Numbers(vec![0.0])),
            (name.into(), Labels::Numbers(vec![1.0])),
        ],
        ..TrialNotes::default()
    };
    let recording =
        Recording { states: ndarray_of((1, 2, 2)), rates: ndarray_of((1, 2, 2)), outputs: ndarray_of((1, 2, 1)) };
    let save = |name: &str| recording.save_trials(folder.join("activity.mat"), 1.0, &notes(name));
    let message = save("motion.coherence").unwrap_err().to_string();
    assert!(message.contains("would both be called `motion_coherence`; rename one"), "{message}");
    assert!(!folder.join("activity.mat").exists());
    save("motion").unwrap();
    assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
}

#[test]
fn arrays_of_an_analysis_are_in_one_format_and_described_in_its_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let analyze = |more: &[&str]| {
        let arguments = ["analyze", "fixed-points", "flip-flop-3bit", "--starts", "64", "--out", "found"];
        reported(folder, &[&arguments[..], more].concat())
    };
    let report = analyze(&["--arrays", "mat"]);
    let units = report["arrays"]["rates"]["shape"][1].as_u64().expect("a number of units");
    assert!(units > 10);
    assert_eq!(report["arrays"]["jacobian"]["axes"], serde_json::json!(["points", "to", "from"]));
    assert_eq!(report["arrays"]["eigenvalues"]["columns"], serde_json::json!(["real", "imaginary"]));
    assert_eq!(report["arrays"]["time_constants_ms"]["unit"], "ms");
    let is_there = |end: &str| folder.join(format!("found/fixed-points.{end}")).exists();
    assert!(is_there("mat") && !is_there("npz"));
    // Those of the analysis that is replaced do not stay beside the numbers of another.
    let again = ["analyze", "fixed-points", "flip-flop-3bit", "--starts", "64", "--out", "found"];
    assert!(refused(folder, &again).contains("fixed-points.json"));
    analyze(&["--force"]);
    assert!(is_there("npz") && !is_there("mat"));
}

/// One's own trials as MATLAB writes them train as those of NumPy do.
#[test]
fn a_network_is_trained_on_trials_of_matlab_and_of_hdf5() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let trained = |file: &str, out: &str| {
        let train = format!("train --data {file} --units 6 --updates 6 --batch-size 4 --device cpu --out {out}");
        written(folder, &train);
        fs::read(folder.join(out).join("log.jsonl")).expect("a log")
    };
    for end in ["npz", "mat", "h5"] {
        written(folder, &format!("tasks sample song2016/rdm_fixed --batch 40 --out {end}-trials.{end}"));
    }
    let wanted = trained("npz-trials.npz", "npz");
    assert!(trained("mat-trials.mat", "mat") == wanted && trained("h5-trials.h5", "h5") == wanted);
    // What is interrupted goes on, and the network is evaluated on its own file.
    written(folder, "train --out mat --resume --updates 9 --device cpu");
    written(folder, "eval mat --trials 3");

    let Some(python) = python::with("matlab", &["h5py", "mat73"]) else { return };
    let inputs = Array3::from_shape_fn((12, 5, 1), |(trial, step, _)| (trial * 7 + step * 3) as f64 / 100.0);
    let coherence = Array1::from_shape_fn(12, |trial| [-0.5, 0.5][trial % 2]);
    let builder = || NpzBuilder::default().array("inputs", &inputs).unwrap().array("coherence", &coherence).unwrap();
    let values = builder().array("targets", &inputs.mapv(|value| 1.0 - value)).unwrap();
    let of_trials = Array1::from_shape_fn(12, |trial| trial as i64 % 3);
    let of_steps = Array2::from_shape_fn((12, 5), |(trial, step)| (trial + step) as i64 % 2);
    let mask = Array2::from_shape_fn((12, 5), |(_, step)| f64::from(step > 1));
    let files = [
        ("values", values),
        ("trials", builder().array("targets", &of_trials).unwrap()),
        ("steps", builder().array("targets", &of_steps).unwrap().array("loss_mask", &mask).unwrap()),
    ];
    for (name, npz) in files {
        let path = |end: &str| folder.join(format!("{name}.{end}"));
        fs::write(path("npz"), npz.finish().unwrap()).expect("a file");
        python::run(&python, "write_matlab.py", &[&path("npz"), &path("mat")]);
        let wanted = trained(&format!("{name}.npz"), &format!("{name}-npz"));
        assert!(trained(&format!("{name}.mat"), &format!("{name}-mat")) == wanted, "{name}");
    }
}

#[test]
fn a_network_that_was_exported_for_matlab_comes_back_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for network in ["song2016-rdm-ei", "kleinman2021-checkerboard"] {
        for end in ["npz", "mat", "h5"] {
            written(folder, &format!("export {network} --to {end} --out {network}.{end}"));
            written(folder, &format!("import {network}.{end} --out {network}-{end}"));
        }
        let read = |end: &str| fs::read(folder.join(format!("{network}-{end}/model.safetensors"))).expect("a network");
        assert!(read("mat") == read("npz") && read("h5") == read("npz"), "{network}");
    }
}

#[test]
fn a_recording_of_matlab_is_analysed_and_inputs_are_read_as_those_for_numpy() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for end in ["npz", "mat", "h5"] {
        written(folder, &format!("tasks sample song2016/mante --batch 60 --out trials.{end} --force"));
        written(folder, &format!("run song2016-mante-ei --inputs trials.{end} --out {end}-activity.npz"));
        written(folder, &format!("run song2016-mante-ei --inputs trials.{end} --out activity.{end}"));
    }
    let bytes = |name: &str| fs::read(folder.join(name)).expect("a file");
    assert!(
        bytes("npz-activity.npz") == bytes("mat-activity.npz") && bytes("npz-activity.npz") == bytes("h5-activity.npz")
    );
    let found = |end: &str| {
        let file = format!("activity.{end}");
        let mut report = reported(folder, &["analyze", "pca", "--activity", &file]);
        // It says the file, and nothing else differs.
        let text = report.to_string().replace(&file, "activity");
        report = serde_json::from_str(&text).unwrap();
        report
    };
    assert_eq!(found("mat"), found("npz"));
    assert_eq!(found("h5"), found("npz"));
}
