//! Trials of one's own, from the outside: what is understood and said, labels, steps, inputs of `nn4n run`; and the
//! figures and words that a trained network gets.

use std::{fs, path::Path};

use ndarray::{Array1, Array2, Array3, ArrayD, s};
use nn4n::tasks::{Labels, NpzBuilder, NpzFile};
use serde_json::Value;

use crate::program::{said, words};

struct Said {
    stdout: String,
    stderr: String,
    succeeded: bool,
}

fn nn4n(directory: &Path, line: &str) -> Said {
    let (succeeded, stdout, stderr) = said(directory, &words(&[], line));
    Said { stdout, stderr, succeeded }
}

fn done(directory: &Path, line: &str) -> Said {
    let said = nn4n(directory, line);
    assert!(said.succeeded, "nn4n {line}: {}", said.stderr);
    said
}

fn refused(directory: &Path, line: &str, parts: &[&str]) {
    let said = nn4n(directory, line);
    assert!(!said.succeeded, "nn4n {line} is accepted");
    assert!(parts.iter().all(|part| said.stderr.contains(part)), "nn4n {line}: {} lacks one of {parts:?}", said.stderr);
}

/// Sixteen trials of 8 steps: evidence on two channels, and which of two outputs should win.
fn write_decisions(path: &Path) {
    write_noisy_decisions(path, 31);
}

fn write_noisy_decisions(path: &Path, noise: usize) {
    let coherences = [-0.5, -0.1, 0.1, 0.5];
    let coherence = |trial: usize| coherences[trial % 4];
    let inputs = Array3::from_shape_fn((16, 8, 2), |(trial, step, channel)| {
        let evidence = if channel == 0 { coherence(trial) } else { -coherence(trial) };
        (0.2 + evidence * 0.4) as f32 + 0.01 * ((trial * noise + step * 17) % 7) as f32
    });
    let correct: Vec<i64> = (0..16).map(|trial| i64::from(coherence(trial) < 0.0)).collect();
    let targets = Array3::from_shape_fn(
        (16, 8, 2),
        |(trial, _, output)| {
            if correct[trial] == output as i64 { 1.0f32 } else { 0.2 }
        },
    );
    let context = (0..16).map(|trial| ["motion", "colour"][trial / 4 % 2].to_string()).collect();
    let file = NpzBuilder::default().array("inputs", &inputs).unwrap().array("targets", &targets).unwrap();
    let file = file.array("correct", &Array1::from(correct)).unwrap();
    let file = file.labels("coherence", &Labels::Numbers((0..16).map(coherence).collect())).unwrap();
    fs::write(path, file.labels("context", &Labels::Words(context)).unwrap().finish().unwrap()).unwrap();
}

#[test]
fn labelled_trials_are_explained_trained_on_evaluated_by_condition_and_drawn() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    write_decisions(&here.join("mine.npz"));
    let said = done(here, "train --data mine.npz --units 8 --batch-size 4 --updates 2 --out run --device cpu");
    for words in [
        "16 trials x 8 steps x 2 inputs, 2 outputs; a step is 20 ms (by default",
        "targets: values from 0.2 to 1",
        "labels: coherence (4 values), context (2 values); 8 classes of trials",
        "held_out = 0: validated and tested on the trials that are trained on",
        "no stop rule: trains for all 2 updates",
    ] {
        assert!(said.stderr.contains(words), "{} lacks {words}", said.stderr);
    }
    let evaluation: Value = serde_json::from_str(&done(here, "eval run --trials 3 --json").stdout).expect("JSON");
    assert_eq!((&evaluation["trained_on"], evaluation["trials"].as_u64()), (&true.into(), Some(24)));
    assert_eq!(evaluation["conditions"].as_array().map(Vec::len), Some(8));
    assert!(done(here, "eval run --trials 3").stdout.contains("those that it was trained on"));
    let trained_on = |file: &str| {
        let said = done(here, &format!("eval run --trials 1 --data {file} --json"));
        serde_json::from_str::<Value>(&said.stdout).expect("JSON")["trained_on"].clone()
    };
    fs::copy(here.join("mine.npz"), here.join("copy.npz")).expect("a copy");
    write_noisy_decisions(&here.join("other.npz"), 29);
    assert_eq!([trained_on("mine.npz"), trained_on("copy.npz"), trained_on("other.npz")], [true, true, false]);
    // The run remembers what was in the file, wherever that is now.
    fs::rename(here.join("mine.npz"), here.join("moved.npz")).expect("it is moved");
    fs::copy(here.join("other.npz"), here.join("mine.npz")).expect("another takes its place");
    assert_eq!([trained_on("moved.npz"), trained_on("copy.npz")], [true, true]);
    fs::rename(here.join("moved.npz"), here.join("mine.npz")).expect("it is moved");
    let drawn = done(here, "plot psychometric run --trials 20 --out curve.svg");
    assert!(drawn.stdout.contains("context colour") && drawn.stdout.contains("-0.5"), "{}", drawn.stdout);
    assert!(fs::read_to_string(here.join("curve.svg")).expect("a figure").contains("Fraction of output 1"));
    refused(here, "plot psychometric run --variable speed --out x.svg", &["speed", "there are coherence"]);
    refused(here, "train --data mine.npz --set held_out=1 --out held", &["held_out", "hold none of", "shuffle"]);
    refused(here, "train --data mine.npz --set held=1 --out held", &["unknown field `held`"]);
    // A longer evaluation of what was held out is no evaluation of training trials.
    done(here, "train --data mine.npz --set held_out=8 --units 8 --updates 1 --out held --device cpu");
    assert!(done(here, "eval held --trials 2").stderr.contains("tested on the last 8 trials"));
}

#[test]
fn a_row_that_is_drawn_again_is_no_other_trial() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    write_decisions(&here.join("mine.npz"));
    done(here, "train --data mine.npz --units 8 --batch-size 4 --updates 2 --out run --device cpu");
    // 8 classes of 2 rows each, so that of 40 trials 24 at least are rows that were drawn before.
    let found = |line: &str| -> Value {
        let json = done(here, &format!("analyze {line} --trials 5 --json")).stdout;
        serde_json::from_str(&json).expect("JSON")
    };
    let repeated = |found: &Value| found["repeated_trials"].as_u64().expect("a number");
    let sum = |value: &Value| -> u64 {
        value.as_array().expect("numbers").iter().map(|n| n.as_u64().expect("a number")).sum()
    };
    let confusion = found("confusion run");
    let rows = confusion["counts"].as_array().expect("rows").iter().map(sum).sum::<u64>();
    let counted = rows + sum(&confusion["without_answer"]);
    assert!(counted <= 16 && counted + repeated(&confusion) == 40, "{confusion}");
    let decoding = found("decoding run --variable context --folds 2 --shuffles 5 --bin 80");
    let trials = decoding["trials"].as_array().expect("numbers").iter().filter_map(Value::as_u64).max();
    assert_eq!((trials, repeated(&decoding)), (Some(counted), 40 - counted));
    assert_eq!(repeated(&found("selectivity run --variable context --shuffles 5")), 40 - counted);
    assert_eq!(repeated(&found("dpca run --variables context --shuffles 2 --splits 2")), 40 - counted);
    for line in ["confusion run", "decoding run --variable context --folds 2 --shuffles 5 --bin 80"] {
        let said = done(here, &format!("analyze {line} --trials 5")).stdout;
        assert!(said.contains(&format!("{} trials are a row of the file once more", 40 - counted)), "{said}");
    }
    // What is refused for want of trials says that they were drawn.
    refused(here, "analyze decoding run --variable context --folds 30 --trials 5", &["once more", "folds"]);
}

#[test]
fn the_layout_that_was_understood_is_said_and_another_one_can_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    let noise = |seed: usize| {
        let mixed = (seed as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f32 / (1 << 24) as f32
    };
    let inputs = Array3::from_shape_fn((10, 16, 3), |(step, trial, channel)| noise(step * 48 + trial * 3 + channel));
    let classes = Array2::from_shape_fn((10, 16), |(step, trial)| (noise(7 * step + 131 * trial) * 3.0) as i64);
    let file = NpzBuilder::default().array("inputs", &inputs).unwrap().array("targets", &classes).unwrap();
    fs::write(here.join("time_first.npz"), file.finish().unwrap()).unwrap();
    let train = "train --data time_first.npz --units 6 --updates 1 --batch-size 2 --device cpu";
    let said = done(here, &format!("{train} --out a"));
    assert!(
        said.stderr.contains("10 trials x 16 steps") && said.stderr.contains("looks transposed"),
        "{}",
        said.stderr
    );
    let said = done(here, &format!("{train} --out b --set layout=time_first"));
    assert!(said.stderr.contains("16 trials x 10 steps x 3 inputs, 3 outputs"), "{}", said.stderr);
    assert!(said.stderr.contains("3 classes") && !said.stderr.contains("transposed"), "{}", said.stderr);
}

/// A run of two updates, with its trials.
fn trained(here: &Path) {
    done(
        here,
        "train --task song2016/rdm_varstim --model ei --units 10 --batch-size 4 --updates 2 --out run --device cpu",
    );
    done(here, "tasks sample song2016/rdm_varstim --batch 4 --out trials.npz");
}

fn write(path: &Path, arrays: &[(&str, ArrayD<f32>)]) {
    let file = arrays.iter().fold(NpzBuilder::default(), |file, (name, array)| file.array(name, array).unwrap());
    fs::write(path, file.finish().unwrap()).unwrap();
}

#[test]
fn activity_knows_its_trials() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    trained(here);
    done(here, "run run --inputs trials.npz --out activity.npz");
    let mut trials = NpzFile::open(&here.join("trials.npz")).expect("trials");
    let mut activity = NpzFile::open(&here.join("activity.npz")).expect("activity");
    for name in ["coherence", "catch", "correct", "n_steps"] {
        let [sent, passed] = [&mut trials, &mut activity].map(|file| format!("{:?}", file.labels(name).expect(name)));
        assert_eq!(sent, passed);
    }
    let n_steps = activity.require("n_steps").expect("n_steps");
    let rates = activity.require("rates").expect("rates");
    for (trial, &n) in n_steps.iter().enumerate() {
        let rates = rates.slice(s![trial, .., ..]);
        assert!(rates.slice(s![..n as usize, ..]).iter().all(|rate| rate.is_finite()));
        assert!(rates.slice(s![n as usize.., ..]).iter().all(|rate| rate.is_nan()));
    }
    assert_eq!(activity.numbers("dt").expect("dt").expect("dt").iter().next(), Some(&20.0));
    assert_eq!(activity.require("time_ms").expect("time_ms").iter().next(), Some(&20.0));
    // Where the animal was.
    done(here, "tasks sample wang2024/place_cells --set n_cells=5 --batch 2 --out walk.npz");
    let walk = NpzFile::open(&here.join("walk.npz")).expect("a file").require("trajectory").expect("trajectory");
    assert_eq!(walk.shape(), [2, 20, 2]);
}

#[test]
fn inputs_of_one_trial_and_one_start_state_are_taken_and_other_arrays_are_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    trained(here);
    let inputs = Array3::<f32>::ones((4, 5, 3)).into_dyn();
    let file = |name: &str, more: &[(&str, ArrayD<f32>)]| {
        write(&here.join(name), &[&[("inputs", inputs.clone())], more].concat());
    };
    file("x0.npz", &[("x0", Array1::from_elem(10, 0.3).into_dyn())]);
    file("each.npz", &[("x0", Array2::from_elem((4, 10), 0.3).into_dyn())]);
    write(&here.join("one.npz"), &[("inputs", Array2::ones((5, 3)).into_dyn())]);
    file("h0.npz", &[("h0", Array2::zeros((4, 10)).into_dyn())]);
    file("big_x0.npz", &[("X0", Array2::zeros((4, 10)).into_dyn())]);
    file("two.npz", &[("x0", Array2::zeros((2, 10)).into_dyn())]);
    write(&here.join("flat.npz"), &[("inputs", Array1::ones(5).into_dyn())]);
    for from in ["x0", "each", "one"] {
        done(here, &format!("run run --inputs {from}.npz --out out_{from}.npz --force"));
    }
    let outputs = |name: &str| NpzFile::open(&here.join(name)).expect(name).require("outputs").expect("outputs");
    assert_eq!(outputs("out_x0.npz"), outputs("out_each.npz"));
    assert_eq!(outputs("out_one.npz").shape(), [1, 5, 2]);
    for (from, parts) in [
        ("h0", ["`h0` in h0.npz", "rename it `x0`"]),
        ("big_x0", ["`X0` in big_x0.npz", "rename it `x0`"]),
        ("two", ["`x0` in two.npz", "has shape [2, 10], but must be (4 trials, units), or (units) for all trials"]),
        ("flat", ["`inputs` in flat.npz", "has shape [5], but must be (trials, steps, channels), or of one trial"]),
    ] {
        refused(here, &format!("run run --inputs {from}.npz --out no.npz"), &parts);
    }
}

#[test]
fn a_network_is_simulated_at_another_step_where_that_makes_sense() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    trained(here);
    let performance = |line: &str| {
        let said: Value = serde_json::from_str(&done(here, line).stdout).expect("JSON");
        said["trials"].as_u64()
    };
    assert_eq!(performance("eval run --dt 10 --trials 2 --json"), performance("eval run --trials 2 --json"));
    refused(here, "eval run --dt 150", &["150"]);
    refused(here, "run run --inputs trials.npz --out a.npz --dt 10", &["its steps are 20 ms", "--dt 20"]);
    done(here, "tasks sample song2016/rdm_varstim --set dt=10 --batch 2 --out fine.npz");
    refused(here, "run run --inputs fine.npz --out a.npz", &["its steps are 10 ms", "--dt 10"]);
    done(here, "run run --inputs fine.npz --out a.npz --dt 10");
    refused(here, "eval run --data fine.npz", &["`dt`", "10 ms", "--dt 10"]);
    done(here, "eval run --data fine.npz --dt 10 --trials 1");
    // A map from step to step has no other step.
    refused(here, "eval flip-flop-3bit --dt 5", &["discrete time"]);
    assert!(done(here, "eval run --set coherences=[0.512] --trials 2 --json").stdout.contains("0.512"));
    refused(here, "eval run --set coherence=[0.5]", &["unknown field `coherence`"]);
}

#[test]
fn a_network_is_drawn_from_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    trained(here);
    for (kind, words) in [
        ("trials", "Rate (a.u.)"),
        ("weights", "svg"),
        ("network", ">positive weights<"),
        ("learning", "Loss"),
        ("psychometric --trials 9", "Fraction of choice 1"),
    ] {
        let file = format!("{}.svg", &kind[..6]);
        done(here, &format!("plot {kind} run --out {file}"));
        assert!(fs::read_to_string(here.join(&file)).expect("a figure").contains(words), "{kind}");
        refused(here, &format!("plot {kind} run --out {file}"), &["--force"]);
    }
    done(here, "train --task golub2018/flip_flop --units 6 --updates 1 --batch-size 2 --out bits --device cpu");
    refused(here, "plot psychometric bits --out no.png", &["no graded evidence", "--variable"]);
}

#[test]
fn the_fields_of_a_run_toml_are_explained() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    let all = done(here, "config").stdout;
    for field in ["seed", "model.tau", "train.learning_rate", "[train]"] {
        assert!(all.contains(field), "{all} lacks {field}");
    }
    let tau = done(here, "config model.tau").stdout;
    for words in ["Time constant, ms", "default  100.0", "unit     ms", "excitatory"] {
        assert!(tau.contains(words), "{tau} lacks {words}");
    }
    let loss = done(here, "config train.loss").stdout;
    assert!(loss.contains("\"cross_entropy\""), "{loss}");
    let schema: Value = serde_json::from_str(&done(here, "config --schema").stdout).expect("JSON");
    assert!(schema["properties"]["model"].is_object());
    refused(here, "config model.taus", &["`taus` is no field of `model`; `tau` is"]);
}

#[test]
fn a_run_toml_without_a_network_takes_that_of_init_and_flags_change_its_task() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    trained(here);
    fs::write(
        here.join("more.toml"),
        "init = \"run\"\n[task]\nid = \"song2016/rdm_varstim\"\n[train]\nupdates = 1\nbatch_size = 2\n",
    )
    .unwrap();
    done(here, "train more.toml --set sigma_in=0.5 --out more --device cpu");
    let header = nn4n::Checkpoint::load(here.join("more")).expect("a checkpoint").header;
    assert_eq!((header.model.n_units(), header.model.kind.tag()), (10, "ei"));
    assert_eq!(header.task.parameters["sigma_in"], 0.5);
}

#[test]
fn what_a_network_is_and_what_it_gives_up_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path();
    trained(here);
    let start = "train --task song2016/rdm_varstim --units 10 --init run --batch-size 2 --updates 1 --device cpu";
    let said = done(here, &format!("{start} --model vanilla --out plain"));
    assert!(said.stderr.contains("Dale's law no longer holds"), "{}", said.stderr);
    assert!(!done(here, &format!("{start} --out same")).stderr.contains("Dale's law"));
    let shown = done(here, "inspect plain").stdout;
    assert!(shown.contains("units       10\n"), "{shown}");
    assert!(done(here, "inspect same").stdout.contains("units       8 excitatory, 2 inhibitory\n"));

    let said = nn4n(here, "eval run --task kleinman2021/checkerboard");
    assert!(said.stderr.contains("choose a task of its shape") && !said.stderr.contains("toml"), "{}", said.stderr);
    let shown = done(here, "inspect kleinman2021-checkerboard").stdout;
    let cited: Vec<_> = shown.lines().filter(|line| line.starts_with("cite ")).collect();
    assert!(
        matches!(&cited[..], [song, kleinman] if song.contains("Song") && kleinman.contains("Kleinman")),
        "{shown}"
    );
    refused(here, "eval kleinman-checkerboard", &["did you mean `kleinman2021-checkerboard`"]);
}
