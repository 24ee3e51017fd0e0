//! `eval`, `analyze` and `report` over all networks of a study.

use std::{fs, path::Path};

use serde_json::Value;

use crate::program::{refused, reported, said, words};

const SWEEP: &str =
    "task = \"song2016/rdm_fixed\"\nseeds = 2\n[grid]\n\"model.units\" = [6, 8]\n\"train.updates\" = [2]\n";

/// A folder with a study of four networks.
fn study() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("sweep.toml"), SWEEP).expect("a file");
    let (is_done, _, error) = said(folder.path(), &["sweep", "sweep.toml", "--out", "study", "--device", "cpu"]);
    assert!(is_done, "{error}");
    folder
}

fn runs(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder.join("study/runs")).expect("a folder");
    let mut runs: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    runs.sort();
    runs
}

#[test]
fn commands_go_over_all_networks_of_a_study_and_leave_results_beside_each() {
    let folder = study();
    let path = folder.path();
    let rows = reported(path, &["eval", "study", "--trials", "5", "--jobs", "2"]);
    let rows = rows.as_array().expect("a list");
    assert_eq!(rows.len(), 4);
    for (row, run) in rows.iter().zip(runs(path)) {
        let alone = reported(path, &["eval", &run.display().to_string(), "--trials", "5"]);
        assert_eq!((&row["result"], row["directory"].as_str().is_some()), (&alone, true));
        let text = fs::read_to_string(run.join("analysis/eval.json")).expect("a result");
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), alone);
    }
    assert_eq!((&rows[3]["settings"]["model.units"], &rows[3]["seed"]), (&8.into(), &1.into()));
    let table = fs::read_to_string(path.join("study/analysis/eval.csv")).expect("a table");
    assert!(table.starts_with("name,seed,model.units,train.updates,") && table.lines().count() == 5, "{table}");

    let (is_done, out, error) = said(path, &["analyze", "pca", "study", "--trials", "3"]);
    assert!(is_done && out.contains("participation_ratio") && out.contains("median of 4 networks"), "{out}{error}");
    assert!(runs(path).iter().all(|run| run.join("analysis/pca.npz").is_file()));
    let (is_done, out, error) = said(path, &["report", "study", "--trials", "2", "--starts", "4", "--shard", "1/4"]);
    assert!(is_done && out.contains("1 page,"), "{out}{error}");
    let pages: Vec<bool> = runs(path).iter().map(|run| run.join("report.html").is_file()).collect();
    assert_eq!(pages, [false, true, false, false]);
}

#[test]
fn results_are_neither_replaced_nor_mixed_without_being_asked() {
    let folder = study();
    let path = folder.path();
    let eval = |more| words(&["eval", "study", "--trials"], more);
    reported(path, &eval("3 --shard 0/2"));
    let refusal = refused(path, &eval("3"));
    assert!(refusal.contains("2 of 4 networks have results of `eval` already"), "{refusal}");
    let refusal = refused(path, &eval("4 --missing"));
    assert!(refusal.contains("results of `nn4n eval --trials 3`; give the same options"), "{refusal}");
    let before = fs::metadata(runs(path)[0].join("analysis/eval.json")).expect("a file").modified().expect("a time");
    assert_eq!(reported(path, &eval("3 --missing")).as_array().map(Vec::len), Some(4));
    let after = fs::metadata(runs(path)[0].join("analysis/eval.json")).expect("a file").modified().expect("a time");
    assert_eq!(before, after);
    // Of two calls, the table is of the last.
    let (is_done, out, error) = said(path, &eval("4 --shard 1/2 --force"));
    assert!(is_done && out.contains("the median of 2 networks"), "{out}{error}");
    let (is_done, _, error) = said(path, &eval("4 --missing"));
    assert!(!is_done && error.contains("give the same options"), "{error}");
}

#[test]
fn what_makes_no_sense_over_a_study_is_refused() {
    let folder = study();
    let path = folder.path();
    for (arguments, reason) in [
        (vec!["eval", "song2016-rdm-ei", "--missing"], "--missing: is for a study, but the network is none"),
        (vec!["analyze", "pca", "study", "--out", "x"], "results land beside each run"),
        (vec!["report", "study", "song2016-rdm-ei", "--out", "x.html"], "name nothing beside it"),
        (vec!["analyze", "similarity", "study", "--jobs", "2"], "networks are taken together here"),
        (vec!["report", "song2016-rdm-ei"], "--out FILE.html"),
        (vec!["eval", "study", "--shard", "2/2"], "must be I/N with I from 0 to N - 1"),
    ] {
        let refusal = refused(path, &arguments);
        assert!(refusal.contains(reason), "{arguments:?}: {refusal}");
    }
    // One network fails, and the others are done.
    fs::write(runs(path)[1].join("model.safetensors"), "damaged").expect("a file");
    let (is_done, _, error) = said(path, &["eval", "study", "--trials", "3"]);
    assert!(!is_done && error.contains("1 of 4 networks failed"), "{error}");
    assert!(error.contains("not in the table: 1 network, with no result"), "{error}");
    assert_eq!(runs(path).iter().filter(|run| run.join("analysis/eval.json").is_file()).count(), 3);
    // Where all fail, the table stays.
    let table = fs::read(path.join("study/analysis/eval.csv")).expect("a table");
    let (is_done, out, _) = said(path, &["eval", "study", "--lesion", "99", "--force"]);
    assert!(!is_done && !out.contains("table"), "{out}");
    assert_eq!(fs::read(path.join("study/analysis/eval.csv")).expect("a table"), table);
    // A manifest that lists nothing is no study that is done.
    fs::write(path.join("study/manifest.csv"), "").expect("a file");
    assert!(refused(path, &["sweep", "status", "study"]).contains("lists no runs; remove it"));
}

#[test]
fn a_table_of_others_is_left_as_it_is() {
    let folder = study();
    let path = folder.path();
    let table = path.join("study/analysis/eval.csv");
    fs::create_dir_all(path.join("study/analysis")).expect("a folder");
    fs::write(&table, "subject,age\n1,23\n").expect("a file");
    let eval = |more| words(&["eval", "study", "--trials", "2"], more);
    let refusal = refused(path, &eval(""));
    assert!(refusal.contains("eval.csv: is no table of the networks of this study"), "{refusal}");
    assert!(!runs(path)[0].join("analysis").exists(), "it is refused before the work");
    fs::remove_file(&table).expect("it is there");
    reported(path, &eval(""));
    // Our own with a column of somebody else's.
    let own = fs::read_to_string(&table).expect("a table");
    let mine: String = own.lines().map(|line| format!("{line},note\n")).collect();
    fs::write(&table, &mine).expect("a file");
    let refusal = refused(path, &eval("--missing"));
    assert!(refusal.contains("`note`") && refusal.contains("--force"), "{refusal}");
    assert_eq!(fs::read_to_string(&table).expect("a table"), mine);
    reported(path, &eval("--force"));
    assert_eq!(fs::read_to_string(&table).expect("a table"), own);
    // That of the runs, too.
    fs::write(path.join("study/analysis/runs.csv"), mine).expect("a file");
    assert!(refused(path, &["sweep", "collect", "study"]).contains("runs.csv: has other columns"));
}

#[test]
fn several_networks_at_once_are_those_of_the_study() {
    let folder = study();
    let found = reported(folder.path(), &["analyze", "similarity", "study", "--trials", "4"]);
    assert_eq!(found["names"].as_array().map(Vec::len), Some(4));
}
