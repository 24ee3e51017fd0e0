//! `nn4n import` as a user calls it.

use std::{fs, path::Path};

use ndarray::Array3;
use ndarray_npy::NpzWriter;

use super::fixture::path;

fn nn4n(folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = crate::program::nn4n(folder, arguments, &[]);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "nn4n {}: {}", arguments.join(" "), text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

fn refused(folder: &Path, arguments: &[&str], words: &[&str]) {
    let output = crate::program::nn4n(folder, arguments, &[("RUST_BACKTRACE", "1")]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(1 | 2)) && output.stdout.is_empty(), "{message}");
    assert!(!message.contains("panicked") && !message.contains("stack backtrace"), "{message}");
    words
        .iter()
        .for_each(|word| assert!(message.contains(word), "nn4n {}: no `{word}` in {message}", arguments.join(" ")));
}

#[test]
fn a_network_is_imported_described_and_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let file = path("multi_area_ei.pth");
    let file = file.to_str().expect("text");
    let (report, notes) = nn4n(folder, &["import", file, "--out", "runs/original"]);
    for words in [
        "nn4n",
        "multi_area: 5 inputs, 64 units, 51 excitatory and 13 inhibitory, 3 outputs",
        "relu, dt 10 ms, tau 100 ms",
        "next: nn4n run runs/original",
    ] {
        assert!(report.contains(words), "no `{words}` in {report}");
    }
    assert!(notes.contains("note: the file names no areas"), "{notes}");
    let mut inputs = NpzWriter::new(fs::File::create(folder.join("in.npz")).expect("a file"));
    inputs.add_array("inputs", &Array3::<f32>::ones((2, 7, 5))).expect("an array");
    inputs.finish().expect("a file");
    let said = nn4n(folder, &["run", "runs/original", "--inputs", "in.npz", "--out", "out.npz"]).1;
    assert!(said.contains("given the inputs alone") && !said.contains("--task"), "{said}");
    let inspected = nn4n(folder, &["inspect", "runs/original"]).0;
    assert!(
        inspected.contains("imported    from multi_area_ei.pth (nn4n)")
            && inspected.contains("runs/original --task ID"),
        "{inspected}"
    );

    let before = fs::read(folder.join("runs/original/model.safetensors")).expect("a checkpoint");
    refused(folder, &["import", file, "--out", "runs/original"], &["exists", "--force"]);
    let other = path("vanilla_relu.pth");
    let json = ["import", other.to_str().expect("text"), "--out", "runs/original", "--force", "--json"];
    let report: serde_json::Value = serde_json::from_str(&nn4n(folder, &json).0).expect("JSON");
    assert_eq!(
        (&report["format"], &report["kind"], &report["units"], &report["tau"][0]),
        (&"nn4n".into(), &"vanilla".into(), &40.into(), &100.0.into())
    );
    assert_ne!(fs::read(folder.join("runs/original/model.safetensors")).expect("a checkpoint"), before);
    refused(folder, &["eval", "runs/original"], &["`unknown`", "name one with --task ID"]);
}

#[test]
fn a_network_with_a_task_is_evaluated_and_never_replaces_a_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let file = path("pycog.pkl");
    let file = file.to_str().expect("text");
    let (report, _) = nn4n(folder, &["import", file, "--out", "rdm", "--task", "song2016/rdm_varstim"]);
    assert!(report.contains("next: nn4n eval rdm"), "{report}");
    let evaluation = nn4n(folder, &["eval", "rdm", "--trials", "1", "--json"]).0;
    assert!(evaluation.contains("song2016/rdm_varstim"), "{evaluation}");

    let train = [
        "train",
        "--task",
        "song2016/rdm_varstim",
        "--units",
        "8",
        "--batch-size",
        "2",
        "--updates",
        "1",
        "--out",
        "run",
    ];
    nn4n(folder, &train);
    refused(folder, &["inspect", "run/optimizer.safetensors"], &["state of a training run", "model.safetensors"]);
    let before = fs::read(folder.join("run/model.safetensors")).expect("a checkpoint");
    refused(folder, &["import", file, "--out", "run", "--force"], &["run", "--force does not replace"]);
    assert_eq!(fs::read(folder.join("run/model.safetensors")).expect("a checkpoint"), before);
}

#[test]
fn an_export_is_imported_by_its_name_alone_and_its_masks_are_not_printed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    let exported = nn4n(folder, &["export", "song2016-rdm-ei", "--to", "nn4n", "--out", "net.safetensors"]).0;
    assert!(exported.contains("if not name.endswith(\"masks\")"), "{exported}");
    let (report, notes) = nn4n(folder, &["import", "net.safetensors", "--out", "back"]);
    for words in ["nn4n-export", "80 excitatory and 20 inhibitory", "song2016/rdm_varstim", "next: nn4n eval back"] {
        assert!(report.contains(words), "no `{words}` in {report}");
    }
    assert!(notes.is_empty(), "{notes}");
    let files = nn4n::zoo::ALL.iter().find(|files| files.id == "song2016-rdm-ei").expect("a network");
    assert!(fs::read(folder.join("back/model.safetensors")).expect("a checkpoint") == files.model);
}

#[test]
fn mistakes_are_refused_in_one_message_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path();
    fs::write(folder.join("notes.txt"), "no network").expect("a file");
    refused(folder, &["import", "notes.txt", "--out", "out"], &["notes.txt", "psychrnn", "neuralrnn"]);
    refused(folder, &["import", "nowhere.pth", "--out", "out"], &["nowhere.pth: could not be read"]);
    refused(
        folder,
        &["import", "notes.txt", "--out", "out", "--format", "keras"],
        &["unknown format `keras`", "torch-rnn"],
    );
    refused(folder, &["import", "notes.txt"], &["--out"]);
    refused(folder, &["import", "notes.txt", "--out", "out", "--activation", "gelu"], &["unknown activation `gelu`"]);
    assert!(!folder.join("out").exists());
}
