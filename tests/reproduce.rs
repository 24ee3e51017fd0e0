//! `nn4n reproduce`: a paper in its quick form, from its trainings to the page.

use std::fs;

use serde_json::Value;

use crate::program::{refused, reported, said, words};

#[test]
fn a_paper_is_trained_measured_and_told_and_goes_on_where_it_was() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    let reproduce = |more| words(&["reproduce", "sussillo2013", "--out", "paper"], more);
    let report = reported(path, &reproduce("--quick"));
    assert_eq!((&report["paper"], &report["mode"]), (&"sussillo2013".into(), &"quick".into()));
    assert_eq!(report["seeds"], serde_json::json!([0]));
    let results = report["results"].as_array().expect("a list");
    let stable = results.iter().find(|result| result["quantity"] == "stable fixed points").expect("a claim");
    let (kind, target) = (&stable["kind"], &stable["target"]);
    assert_eq!((kind, target), (&"published".into(), &serde_json::json!({ "exactly": 8.0 })));
    assert_eq!((stable["value"].as_f64(), stable["agrees"].as_bool()), (Some(8.0), Some(true)));
    assert!(results.iter().all(|result| result["value"].is_number()), "{report:#}");

    let page = fs::read_to_string(path.join("paper/report.html")).expect("a page");
    for words in ["our criterion", "fixed-points", "reduced to run in minutes", "<svg"] {
        assert!(page.contains(words), "{words}");
    }
    let run = path.join("paper/studies/flip_flop/runs/0000-seed_0");
    let changed = |file: &str| fs::metadata(run.join(file)).and_then(|found| found.modified()).expect("a time");
    let files = ["model.safetensors", "analysis/points/fixed-points.json"];
    let before = files.map(changed);
    fs::remove_dir_all(run.join("analysis/trials")).expect("a folder");
    let again = reported(path, &reproduce("--quick"));
    assert_eq!(files.map(changed), before, "what is there is not done again");
    assert!(run.join("analysis/trials/trials.svg").is_file(), "and what is missing is");
    assert_eq!(again["results"], report["results"]);
    assert!(again["seconds"].as_f64() > report["seconds"].as_f64());

    let refusal = refused(path, &reproduce(""));
    assert!(refusal.contains("belongs to `nn4n reproduce sussillo2013 --quick --seeds 1"), "{refusal}");
    let (is_done, table, error) = said(path, &["reproduce", "table", "paper/report.json"]);
    assert!(is_done && table.contains("| sussillo2013 (quick) | stable fixed points |"), "{table}{error}");
}

#[test]
fn networks_of_the_zoo_stand_in_for_trainings_where_there_are_such() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let report = |paper: &str| reported(folder.path(), &["reproduce", paper, "--pretrained", "--out", paper]);
    let of = |report: &Value, quantity: &str| {
        let results = report["results"].as_array().expect("a list");
        results.iter().find(|result| result["quantity"] == quantity).expect("a claim").clone()
    };
    let with = report("sussillo2013");
    for quantity in ["stable fixed points", "root mean square error of the sine"] {
        assert_eq!(of(&with, quantity)["agrees"], true, "{quantity}");
    }
    let without = of(&report("wang2024"), "active units");
    assert_eq!(without["agrees"], Value::Null);
    assert!(without["problem"].as_str().is_some_and(|why| why.contains("no network of the zoo")), "{without}");
    for paper in ["sussillo2013", "wang2024"] {
        assert!(!folder.path().join(paper).join("studies").exists());
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_done() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path();
    fs::write(path.join("mine.txt"), "mine").expect("a file");
    let refusal = refused(path, &["reproduce", "sussillo2013", "--out", "."]);
    assert!(refusal.contains("holds no reproduction"), "{refusal}");
    let refusal = refused(path, &["reproduce", "sussillo1913", "--out", "paper"]);
    assert!(refusal.contains("the papers are ") && refusal.contains("sussillo2013"), "{refusal}");
    fs::write(path.join("report.json"), "{}").expect("a file");
    let refusal = refused(path, &["reproduce", "table", "report.json"]);
    assert!(refusal.contains("is no report of a reproduction"), "{refusal}");
    assert!(!path.join("paper").exists());
}
