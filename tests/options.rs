//! Rules that hold for options of all commands: numbers, names with commas, what contradicts itself, and files that are
//! there already.

use std::{fs, path::Path};

use ndarray::{Array3, arr0};
use nn4n::tasks::NpzBuilder;

use crate::program::{nn4n, refused, reported, said, words};

fn refusal(folder: &Path, line: &str) -> String {
    refused(folder, &words(&[], line))
}

#[test]
fn one_setting_has_one_value_however_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    for line in [
        "eval rdm-vanilla --dt 5 --set dt=10",
        "plot psychometric rdm-vanilla --dt 5 --set dt=10 --out x.png",
        "analyze pca rdm-vanilla --dt 5 --set dt=10",
        "analyze fixed-points rdm-vanilla --dt 5 --set dt=10",
    ] {
        let said = refusal(folder.path(), line);
        assert!(said.contains("--dt 5 and --set dt=10 contradict each other; give one of them"), "{line}: {said}");
    }
    for line in [
        "eval rdm-vanilla --set sigma_in=0 --set sigma_in=1",
        "train --task song2016/rdm_fixed --set sigma_in=0 --set sigma_in=1 --updates 1 --out run",
        "tasks sample song2016/rdm_fixed --set sigma_in=0 --set sigma_in=1 --out x.npz",
        "plot task song2016/rdm_fixed --set sigma_in=0 --set sigma_in=1 --out x.svg",
    ] {
        let said = refusal(folder.path(), line);
        assert!(said.contains("--set sigma_in: is given twice, as 0 and as 1; give it once"), "{line}: {said}");
    }
    let same = nn4n(folder.path(), &words(&[], "eval rdm-vanilla --trials 1 --dt 10 --set dt=10"), &[]);
    assert!(same.status.success(), "{}", String::from_utf8_lossy(&same.stderr));
}

#[test]
fn a_negative_number_is_no_option() {
    let folder = tempfile::tempdir().unwrap();
    for (line, words) in [
        ("eval rdm-vanilla --trials -1", "error: --trials -1: must be a whole number from 1 to"),
        ("eval rdm-vanilla --dt -1", "error: --dt -1: must not be negative"),
        ("analyze rate-maps x --smooth -1", "error: --smooth -1: must not be negative"),
        ("analyze tdr x --bin nan", "error: --bin NaN: must be a number"),
        ("bench --units -1", "error: --units -1: must be a whole number, 0 or more, as in 100"),
    ] {
        let said = refusal(folder.path(), line);
        assert!(said.contains(words) && !said.contains("unexpected argument"), "{line}: {said}");
    }
    let line =
        "analyze dpca rdm-vanilla --variables coherence --align stimulus --from -100 --to 200 --trials 6 --shuffles 0";
    let (is_done, _, error) = said(folder.path(), &words(&[], line));
    assert!(is_done, "{error}");
}

#[test]
fn a_name_with_a_comma_is_given_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let rates = Array3::from_shape_fn((24, 10, 3), |(trial, step, unit)| {
        (trial as f32 * 1.7 + step as f32 + unit as f32).sin() + if trial % 2 == unit % 2 { 1.0 } else { 0.0 }
    });
    let file = NpzBuilder::default().array("rates", &rates).unwrap().array("dt", &arr0(10.0)).unwrap();
    fs::write(folder.path().join("a.npz"), file.finish().unwrap()).unwrap();
    let rows: Vec<String> =
        (0..24).map(|trial| format!("{},{}", if trial % 2 == 0 { "l" } else { "r" }, trial % 3)).collect();
    fs::write(folder.path().join("a.csv"), format!("\"side, left\",rule\n{}\n", rows.join("\n"))).unwrap();
    let source = ["analyze", "dpca", "--activity", "a.npz", "--conditions", "a.csv", "--shuffles", "0", "--variables"];
    let with = |names: &'static str| [&source[..], &[names]].concat();
    let found = reported(folder.path(), &with(r#"["side, left","rule"]"#));
    assert_eq!(found["variables"], serde_json::json!(["side, left", "rule"]));
    assert!(refused(folder.path(), &with("side, left,rule")).contains("no trial has `side`"));
    assert!(refused(folder.path(), &with(r#"["side"#)).contains("no list of names in JSON"));
    // The next command reads back in a shell.
    let (_, said, _) = said(folder.path(), &with(r#"["side, left"]"#));
    assert!(said.contains(r#"--variables '["side, left"]'"#), "{said}");
    let pca = ["analyze", "pca", "--activity", "a.npz", "--conditions", "a.csv", "--where", r#"{"side, left":"l"}"#];
    let found = reported(folder.path(), &pca);
    assert_eq!(found["samples"], 120);
}

#[test]
fn what_is_there_is_said_before_the_work_with_the_way_to_replace_it() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["there.svg", "there.npz", "there.html", "there.json"] {
        fs::write(folder.path().join(name), "kept").unwrap();
    }
    let mut lines: Vec<String> = [
        "plot network nothing --out there.svg",
        "plot weights nothing --out there.svg",
        "plot learning nothing --out there.svg",
        "plot trials nothing --out there.svg",
        "plot psychometric nothing --out there.svg",
        "plot rates nothing --out there.svg",
        "plot trajectories nothing --out there.svg",
        "plot task nothing/at_all --out there.svg",
        "report nothing --out there.html",
        "run nothing --inputs nothing.npz --out there.npz",
        "export nothing --to npz --out there.npz",
        "tasks sample nothing/at_all --out there.npz",
    ]
    .map(String::from)
    .into();
    // Each kind of analysis finds its own report.
    let (_, help, _) = said(folder.path(), &["analyze", "--help"]);
    let kinds: Vec<&str> = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|kind| *kind != "help")
        .collect();
    assert!(kinds.len() > 25, "{kinds:?}");
    fs::create_dir(folder.path().join("out")).unwrap();
    for kind in kinds {
        fs::write(folder.path().join(format!("out/{kind}.json")), "kept").unwrap();
        fs::write(folder.path().join(format!("out/{}.json", kind.replace('-', "_"))), "kept").unwrap();
        let more = match kind {
            "bifurcations" => "--along x=0..1",
            "interventions" => "--lesion 0",
            "selectivity" | "tuning" | "decoding" => "--variable x",
            "dpca" | "tdr" => "--variables x",
            "subspaces" => "--epochs a,b",
            "remapping" => "--between x=a,b",
            _ => "",
        };
        let network = if kind == "decision-model" { "" } else { "nothing" }; // a model of its own
        lines.push(format!("analyze {kind} {network} {more} --out out"));
    }
    for line in &lines {
        let said = refusal(folder.path(), line);
        assert!(said.contains("exists; use --force to replace it"), "{line}: {said}");
    }
    for name in ["there.svg", "there.npz", "there.html"] {
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), "kept");
    }
}

#[test]
fn the_next_command_works_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut line = "plot psychometric rdm-vanilla --trials 4 --out choices.svg".to_owned();
    let mut run = Vec::new();
    for _ in 0..5 {
        let (is_done, said, error) = said(folder.path(), &words(&[], &line));
        assert!(is_done, "{line}: {error}");
        run.push(line);
        let next = said.lines().find_map(|line| line.strip_prefix("next: nn4n "));
        line = next.unwrap_or_else(|| panic!("{said}")).to_owned();
        if line.starts_with("inspect") {
            // Round again: the weights are there by now.
            line = "plot psychometric rdm-vanilla --trials 4 --force --out choices.svg".into();
        }
    }
    assert!(
        run[1].contains("--out trials.png") && run.iter().any(|line| line.contains("--out trials-2.png")),
        "{run:?}"
    );
}
