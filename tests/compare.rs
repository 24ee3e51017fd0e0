//! Runs side by side: `nn4n compare`, what a study reached in files, and its journal for Optuna.

use std::{
    fs,
    io::{self, Write},
    ops::ControlFlow,
    path::Path,
};

use candle_core::Device;
use nn4n::{
    Existing, Experiment, Result, RunDirectory,
    models::ModelConfig,
    sweep::{Results, collect},
    train::fit,
};
use serde_json::{Value, json};

use crate::{
    program::{refused, reported, said},
    python,
    small::{easy_task, settings, train},
};

/// Units and learning rate of the runs of the study, with two seeds each.
const GRID: [(usize, f64); 4] = [(4, 0.001), (4, 0.1), (8, 0.001), (8, 0.1)];

fn experiment(units: usize, learning_rate: f64, seed: u64) -> Experiment {
    let mut experiment =
        Experiment::new(easy_task(), ModelConfig::vanilla(2, units, 2), settings(6, 2), seed).expect("an experiment");
    experiment.train.learning_rate = learning_rate;
    experiment
}

/// A study of 8 finished runs, one that is interrupted, one that failed and one that has not begun.
fn write_study(study: &Path) {
    let mut manifest = String::from("index,name,settings,seed,state\n");
    let mut add = |name: &str, units: usize, learning_rate: f64, seed: u64| {
        let settings = json!({ "model.units": units, "train.learning_rate": learning_rate }).to_string();
        let index = manifest.lines().count() - 1;
        manifest.push_str(&format!("{index},{name},\"{}\",{seed},pending\n", settings.replace('"', "\"\"")));
        let run = study.join("runs").join(name);
        fs::create_dir_all(&run).expect("a folder");
        fs::write(run.join("run.toml"), experiment(units, learning_rate, seed).to_toml().expect("a run.toml"))
            .expect("a file");
        run
    };
    for (place, (units, learning_rate)) in GRID.iter().enumerate() {
        for seed in 0..2 {
            let run = add(&format!("{place}{seed}"), *units, *learning_rate, seed);
            fs::remove_file(run.join("run.toml")).expect("a file");
            train(&experiment(*units, *learning_rate, seed), &run).expect("a run");
        }
    }
    let interrupted = add("interrupted", 8, 0.01, 0);
    fs::remove_file(interrupted.join("run.toml")).expect("a file");
    stop_after(&experiment(8, 0.01, 0), &interrupted, 3, Existing::Keep).expect("a run");
    let failed = add("failed", 8, 0.01, 1);
    fs::write(failed.join("failed.json"), r#"{"attempts":2,"message":"the loss is NaN"}"#).expect("a file");
    add("pending", 8, 0.01, 2);
    fs::write(study.join("manifest.csv"), manifest).expect("a manifest");
}

fn stop_after(experiment: &Experiment, path: &Path, update: u64, existing: Existing) -> Result<()> {
    let run = RunDirectory::open(path, existing)?;
    fit(experiment, None, &run, &Device::Cpu, |progress| {
        if progress.update >= update { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(())
}

fn json_in(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("JSON")
}

fn names(rows: &Value) -> Vec<&str> {
    rows.as_array().expect("a list").iter().map(|row| row["name"].as_str().expect("a name")).collect()
}

/// The training time of a run counts on over its parts, and is where the rest of the run is not.
#[test]
fn how_long_a_run_trained_is_summed_over_its_parts() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let experiment = experiment(4, 0.01, 0);
    stop_after(&experiment, &at("parts"), 3, Existing::Keep)?;
    let before = json_in(&at("parts/time.json"));
    assert_eq!(before["updates"], 3);
    // As if the first part had taken long.
    fs::write(at("parts/time.json"), r#"{"updates":3,"seconds":1000.5}"#).expect("a file");
    let run = RunDirectory::open(at("parts"), Existing::Resume)?;
    fit(&experiment, None, &run, &Device::Cpu, |_| ControlFlow::Continue(()))?;
    let finished = json_in(&at("parts/finished.json"));
    assert!(finished["seconds"].as_f64().is_some_and(|seconds| (1000.5..1060.0).contains(&seconds)), "{finished}");
    assert!(!at("parts/time.json").exists());
    // It goes on once more, with more updates.
    let mut longer = experiment.clone();
    longer.train.updates = 8;
    stop_after(&longer, &at("parts"), 7, Existing::Resume)?;
    let time = json_in(&at("parts/time.json"));
    assert!(time["seconds"].as_f64().is_some_and(|seconds| seconds > 1000.5) && time["updates"] == 7, "{time}");
    assert!(!at("parts/finished.json").exists());
    // A run that replaces it begins anew.
    let run = RunDirectory::open(at("parts"), Existing::Overwrite)?;
    fit(&experiment, None, &run, &Device::Cpu, |_| ControlFlow::Continue(()))?;
    assert!(json_in(&at("parts/finished.json"))["seconds"].as_f64().is_some_and(|seconds| seconds < 60.0));
    Ok(())
}

#[test]
fn runs_of_a_study_stand_side_by_side_with_what_they_reached() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let study = folder.path().join("study");
    write_study(&study);
    let here = folder.path();
    let rows = reported(here, &["compare", "study"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(11));
    let first = &rows[0];
    let header = nn4n::Checkpoint::load(study.join("runs/00"))?.header;
    assert_eq!((first["name"].as_str(), first["directory"].as_str()), (Some("00"), Some("study/runs/00")));
    assert_eq!(first["settings"], json!({ "model.units": 4, "train.learning_rate": 0.001 }));
    assert_eq!((&first["seed"], &first["state"], &first["updates"]), (&json!(0), &json!("finished"), &json!(6)));
    assert_eq!(first["performance"].as_f64(), header.metrics.get("performance").copied());
    assert_eq!(first["loss"].as_f64(), header.metrics.get("loss").copied());
    assert_eq!(first["seconds"], json_in(&study.join("runs/00/finished.json"))["seconds"]);
    let row = |name: &str| rows.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap();
    assert_eq!((&row("interrupted")["state"], &row("interrupted")["updates"]), (&json!("interrupted"), &json!(3)));
    assert!(row("interrupted")["seconds"].as_f64().is_some());
    assert_eq!((&row("failed")["state"], &row("failed")["problem"]), (&json!("failed"), &json!("the loss is NaN")));
    assert_eq!((&row("pending")["state"], &row("pending")["updates"]), (&json!("pending"), &json!(0)));

    let chosen = reported(here, &["compare", "study", "--where", "model.units > 4 && train.learning_rate == 0.1"]);
    assert_eq!(names(&chosen), ["30", "31"]);
    let sorted = reported(here, &["compare", "study", "--sort", "loss", "--where", "state == 'finished'"]);
    let losses: Vec<f64> = sorted.as_array().unwrap().iter().map(|row| row["loss"].as_f64().unwrap()).collect();
    assert!(losses.len() == 8 && losses.is_sorted(), "{losses:?}");
    let (_, _, words) = said(here, &["compare", "study", "--where", "performance >= 0"]);
    assert!(words.contains("no value of `performance`"), "{words}");

    let groups = reported(here, &["compare", "study", "--group-by", "model.units"]);
    let counts: Vec<_> = groups.as_array().unwrap().iter().map(|group| (&group["runs"], &group["finished"])).collect();
    assert_eq!(counts, [(&json!(4), &json!(4)), (&json!(7), &json!(4))]);
    assert_eq!((&groups[0]["loss"]["n"], &groups[0]["loss"]["coverage"]), (&json!(4), &json!(0.875)));

    let (is_done, csv, _) = said(here, &["compare", "study", "--csv"]);
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let head: Vec<String> = reader.headers().expect("a head").iter().map(String::from).collect();
    assert!(is_done && head[..2] == ["name", "directory"] && head.contains(&"train.learning_rate".to_string()));
    assert_eq!(reader.records().map(|row| row.expect("a row").len()).collect::<Vec<_>>(), [11; 11]);

    let (is_done, table, _) = said(here, &["compare", "study", "--limit", "3"]);
    for part in
        ["model.units", "... and 8 more", "8 finished", "1 failed", "failed: the loss is NaN", "next: nn4n eval"]
    {
        assert!(is_done && table.contains(part), "{part} in {table}");
    }
    Ok(())
}

#[test]
fn a_second_reading_uses_what_was_kept_and_never_what_has_changed() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let study = folder.path().join("study");
    write_study(&study);
    let read = || Results::read(std::slice::from_ref(&study), &|_, _| {});
    // What has just been written is not kept yet.
    let first = read()?;
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    for run in fs::read_dir(study.join("runs")).expect("runs") {
        for file in fs::read_dir(run.expect("a run").path()).expect("files") {
            let file = fs::File::options().write(true).open(file.expect("a file").path()).expect("a file");
            file.set_modified(old).expect("a time");
        }
    }
    let again = read()?;
    assert_eq!(first, again);
    let cache = study.join("results.cache");
    let kept = fs::read(&cache).expect("what was kept");
    assert_eq!((read()?, fs::read(&cache).expect("a file")), (again.clone(), kept.clone()), "nothing is written anew");
    // A run that goes on.
    let mut longer = experiment(4, 0.001, 0);
    longer.train.updates = 9;
    let run = RunDirectory::open(study.join("runs/00"), Existing::Resume)?;
    fit(&longer, None, &run, &Device::Cpu, |_| ControlFlow::Continue(()))?;
    assert_eq!(read()?.rows[0].updates, Some(9));
    for damaged in [&kept[..kept.len() / 2], b"", b"{}\n[]\n", &[0xff; 100]] {
        fs::write(&cache, damaged).expect("a file");
        assert_eq!(read()?.rows[1..], again.rows[1..]);
    }
    fs::remove_file(&cache).expect("a file");
    assert_eq!(read()?.rows[1..], again.rows[1..]);
    // A network that is cut says so, and the others are as they were.
    let model = study.join("runs/01/model.safetensors");
    let bytes = fs::read(&model).expect("a network");
    fs::write(&model, &bytes[..bytes.len() - 1]).expect("a file");
    let found = read()?;
    assert!(found.rows[1].problem.as_ref().is_some_and(|problem| problem.contains("truncated")), "{found:?}");
    assert_eq!((found.rows[1].performance, &found.rows[2]), (None, &again.rows[2]));
    Ok(())
}

#[test]
fn runs_without_a_study_are_told_apart_by_their_run_toml() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    for (name, units, seed) in [("a", 4, 0), ("b", 8, 0), ("c", 8, 1)] {
        train(&experiment(units, 0.01, seed), &here.join("runs").join(name)).expect("a run");
    }
    let rows = reported(here, &["compare", "runs"]);
    assert_eq!(names(&rows), ["a", "b", "c"]);
    assert_eq!(rows[0]["settings"], json!({ "model.units": 4 }), "what is the same in all is none");
    assert_eq!(rows[2]["seed"], 1);
    // A network alone has the same names, from its head.
    fs::copy(here.join("runs/b/model.safetensors"), here.join("alone.safetensors")).expect("a file");
    let rows = reported(here, &["compare", "runs/a", "alone.safetensors", "song2016-rdm-ei"]);
    assert_eq!(names(&rows), ["a", "alone.safetensors", "song2016-rdm-ei"]);
    assert_eq!((&rows[1]["settings"]["model.units"], &rows[1]["state"]), (&json!(8), &Value::Null));
    assert_eq!(rows[2]["settings"]["model.kind"], "ei");

    assert!(refused(here, &["compare", "runs/a", "runs"]).contains("is named twice"));
    fs::create_dir(here.join("empty")).expect("a folder");
    assert!(refused(here, &["compare", "empty"]).contains("is no study, no run directory"));
    assert!(refused(here, &["compare", "nowhere"]).contains("nowhere"));
    assert!(refused(here, &["compare", "runs", "--where", "units > 4"]).contains("did you mean `model.units`?"));
    assert!(refused(here, &["compare", "runs", "--where", "model.units > 400"]).contains("none of 3 runs"));
    assert!(refused(here, &["compare", "runs", "--sort", "speed"]).contains("--sort: `speed`"));
    assert!(refused(here, &["compare", "runs", "--group-by", "seed", "--figure", "a.pdf"]).contains(".svg"));
    assert!(refused(here, &["compare", "runs", "--figure", "a.svg"]).contains("--group-by"));
    let toml = refused(here, &["compare", "runs/a/run.toml"]);
    assert!(toml.contains("describes runs and holds none of their results; name the directory"), "{toml}");
    fs::create_dir(here.join("deep")).expect("a folder");
    for other in ["a.svg", "./a.svg", "deep/../a.svg"] {
        let both = ["compare", "runs", "--group-by", "seed", "--figure", "a.svg", "--curves", other];
        let refusal = refused(here, &both);
        assert!(refusal.contains("--curves and --figure name one file, a.svg; name two"), "{refusal}");
    }
    assert!(!here.join("a.svg").exists());
}

#[test]
fn figures_are_drawn_where_they_are_asked_for_and_not_over_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    write_study(&here.join("study"));
    let by_units = ["compare", "study", "--group-by", "model.units", "--figure", "units.svg", "--curves", "curves.svg"];
    let (is_done, out, error) = said(here, &by_units);
    assert!(is_done, "{out}{error}");
    let svg = |name: &str| fs::read_to_string(here.join(name)).expect("a figure");
    assert!(svg("units.svg").contains(">model.units<") && svg("units.svg").contains("Medians of 8 finished runs"));
    let curves = svg("curves.svg");
    assert!(curves.contains("9 runs; a dot ends each; 2 have not validated yet") && curves.contains(">8<"), "{curves}");
    let refusal = refused(here, &by_units);
    assert!(refusal.contains("curves.svg exists; use --force to replace it, or another --curves"), "{refusal}");
    let both = ["compare", "study", "--group-by", "model.units,train.learning_rate", "--figure", "map.svg"];
    assert!(said(here, &[&both[..], &["--measure", "loss"]].concat()).0);
    assert!(svg("map.svg").contains(">train.learning_rate<") && svg("map.svg").contains(">Loss<"));
}

#[test]
fn a_study_is_collected_into_files_and_optuna_goes_on_from_its_journal() -> Result<()> {
    let folder = tempfile::tempdir().expect("a folder");
    let study = folder.path().join("study");
    write_study(&study);
    let collected = collect(&study, &|_, _| {})?;
    let name = |path: &std::path::PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut files: Vec<String> = collected.files.iter().map(name).collect();
    files.sort();
    let expected = [
        "curves.svg",
        "optuna.log",
        "performance-model.units-train.learning_rate.svg",
        "performance-model.units.svg",
        "performance-train.learning_rate.svg",
        "runs.csv",
        "runs.json",
    ];
    assert_eq!(files, expected, "{:?}", collected.notes);
    assert_eq!(names(&json_in(&study.join("analysis/runs.json"))).len(), 11);
    assert!(collect(&study.join("runs"), &|_, _| {}).unwrap_err().to_string().contains("holds no study"));

    let Some(python) = python::interpreter("a_study_is_collected_into_files_and_optuna_goes_on_from_its_journal")
    else {
        return Ok(());
    };
    let journal = study.join("analysis/optuna.log");
    let read = |trials: &str| {
        let output = python::run(&python, "read_optuna.py", &[&journal, Path::new(trials)]);
        serde_json::from_slice::<Value>(&output.stdout).expect("JSON")
    };
    let found = read("0");
    if found.is_null() {
        writeln!(io::stderr(), "NOT RUN: the Python that NN4N_PYTHON names has no optuna; install it there").unwrap();
        return Ok(());
    }
    assert_eq!((&found["name"], &found["direction"]), (&json!("study"), &json!("MAXIMIZE")));
    assert_eq!(found["metric_names"], json!(["performance"]));
    let trials = found["trials"].as_array().expect("trials");
    let states: Vec<&str> = trials.iter().map(|trial| trial["state"].as_str().unwrap()).collect();
    assert_eq!(states[..8], ["COMPLETE"; 8]);
    assert_eq!(states[8..], ["RUNNING", "FAIL", "RUNNING"]);
    for (trial, row) in trials.iter().zip(&collected.results.rows) {
        assert_eq!(trial["params"], Value::Object(row.settings.clone()), "{trial}");
        assert_eq!(trial["user_attrs"]["seed"].as_u64(), row.seed);
    }
    let row = &collected.results.rows[0];
    assert_eq!(trials[0]["value"].as_f64(), row.performance);
    assert_eq!(trials[0]["seconds"].as_f64().map(|seconds| (seconds * 1e3).round() / 1e3), row.seconds);
    assert_eq!(trials[0]["intermediate_values"].as_object().map(|values| values.len()), Some(3), "one a validation");
    assert_eq!(
        trials[0]["distributions"],
        json!({
            "model.units": "IntDistribution(high=8, log=False, low=4, step=1)",
            "train.learning_rate": "FloatDistribution(high=0.1, log=True, low=0.001, step=None)"
        })
    );
    let best = collected.results.rows.iter().filter_map(|row| row.performance.filter(|_| row.is_finished()));
    let best = best.fold(0.0, f64::max);
    let place = found["best"].as_u64().expect("a number") as usize;
    assert_eq!(collected.results.rows[place].performance, Some(best));

    // A sampler goes on, and what it wrote is not written over.
    let found = read("12");
    assert_eq!((found["asked"].as_array().map(Vec::len), &found["trials_again"]), (Some(12), &json!(23)));
    let before = fs::read(&journal).expect("a journal");
    let again = collect(&study, &|_, _| {})?;
    assert!(again.notes.iter().any(|note| note.contains("records of Optuna itself")), "{:?}", again.notes);
    assert!(fs::read(&journal).expect("a journal") == before);
    Ok(())
}
