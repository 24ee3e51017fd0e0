//! What a user gets wrong is refused in a message that says what to do, with exit code 1 or 2, without a panic, and
//! without touching what is there.

use std::{collections::BTreeMap, fs, path::Path, process::Command, sync::OnceLock};

use ndarray::{Array1, Array2, Array3, ArrayD};
use ndarray_npy::NpzWriter;

/// A folder with a run, shared by all tests, which only ask for what must be refused.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let arguments = [
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
        let output = crate::program::nn4n(folder.path(), &arguments, &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        folder
    });
    folder.path()
}

fn run_files() -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder().join("run")).expect("the run").map(|entry| entry.expect("an entry"));
    entries.map(|entry| (entry.file_name().to_string_lossy().into(), fs::read(entry.path()).expect("a file"))).collect()
}

/// What the program says when it refuses these arguments, without the line that names the device.
fn refusal(arguments: &[&str]) -> String {
    // A backtrace is no message.
    let output = crate::program::nn4n(folder(), arguments, &[("RUST_BACKTRACE", "1")]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let called = format!("nn4n {}", arguments.join(" "));
    assert!(matches!(output.status.code(), Some(1 | 2)), "{called}: {}\n{stderr}", output.status);
    assert!(!stderr.contains("panicked") && !stderr.contains("stack backtrace"), "{called}: {stderr}");
    assert!(output.stdout.is_empty(), "{called} reports a result");
    let message: Vec<_> = stderr.lines().filter(|line| !line.starts_with("device: ")).collect();
    assert!(message.first().is_some_and(|line| line.starts_with("error: ")), "{called}: {stderr}");
    message.join("\n")
}

fn assert_refused(arguments: &[&str], words: &[&str]) {
    let message = refusal(arguments);
    words
        .iter()
        .for_each(|word| assert!(message.contains(word), "nn4n {}: no `{word}` in\n{message}", arguments.join(" ")));
}

/// Writes an experiment with these lines, and asks for it.
fn assert_toml_refused(name: &str, text: &str, words: &[&str]) {
    let file = format!("{name}.toml");
    fs::write(folder().join(&file), text).expect("a file");
    let out = format!("out-{name}");
    assert_refused(&["train", &file, "--out", &out], &[&[file.as_str()], words].concat());
    assert!(!folder().join(out).join("run.toml").exists(), "{text}: a run was started");
}

/// An array and its name in a file.
type Named = (&'static str, ArrayD<f32>);

fn npz(name: &str, arrays: &[Named]) -> String {
    let mut file = NpzWriter::new(fs::File::create(folder().join(name)).expect("a file"));
    arrays.iter().for_each(|(name, array)| file.add_array(*name, array).expect("an array"));
    file.finish().expect("a file");
    name.into()
}

fn ones(shape: (usize, usize, usize)) -> ArrayD<f32> {
    Array3::ones(shape).into_dyn()
}

const TASK: &str = "[task]\nid = \"song2016/rdm_varstim\"\n";

#[test]
fn mistakes_in_an_experiment_are_refused_by_name() {
    let in_model = |line: &str| format!("{TASK}[model]\nunits = 8\n{line}\n");
    let in_train = |line: &str| format!("{TASK}[model]\nunits = 8\n[train]\n{line}\n");
    let areas = "[model]\nkind = \"multi_area\"\nunits = 9\nareas = [{ name = \"a\", units = 4 }, { name = \"b\", \
        units = 4 }]\n";
    let cases: [(String, &[&str]); 25] = [
        (format!("sed = 1\n{TASK}"), &["unknown field `sed`", "`seed`"]),
        (format!("{TASK}sigma_im = 0.1\n"), &["unknown field `sigma_im`", "`sigma_in`", "leave a field out"]),
        (format!("{TASK}sigma_in = -0.1\n"), &["`sigma_in` = -0.1", "at least 0"]),
        (format!("{TASK}sigma_in = nan\n"), &["`sigma_in`"]),
        ("[task]\nid = \"song2016/rdm\"\n".into(), &["unknown task `song2016/rdm`", "did you mean"]),
        ("seed = 1\n".into(), &["missing field `task`"]),
        ("seed = \n".into(), &["line 1"]),
        (in_model("taau = 50"), &["unknown field `taau`", "`tau`"]),
        (
            in_model("kind = \"lstm\""),
            &["model.kind: must be one of `vanilla`, `ei`", "but is \"lstm\"", "units are those of"],
        ),
        (in_model("tau = 10"), &["model.dt: = 20 ms exceeds `tau` = 10 ms; the Euler step needs dt <= tau"]),
        (in_model("dt = 10"), &["model.dt: the network's step is 10 ms", "is 20 ms", "leave it out"]),
        (in_model("inputs = 5"), &["model.inputs: the network has 5 inputs", "has 3", "leave it out"]),
        (in_model("density = 1.5"), &["model.density: must lie in [0, 1], but is 1.5"]),
        (in_model("density = nan"), &["model.density: must lie in [0, 1], but is NaN"]),
        (in_model("w_rec = { plastik = 1 }"), &["unknown field `plastik`"]),
        (
            format!("{TASK}{areas}"),
            &["model.units: is 9, but the areas sum to 8; leave `units` out or correct an area"],
        ),
        (in_train("lr = 0.1"), &["unknown field `lr`", "`learning_rate`"]),
        (in_train("optimizer = { kind = \"adam\", beta = 0.9 }"), &["unknown field `beta`", "`beta1`"]),
        (in_train("schedule = { kind = \"constant\", every = 3 }"), &["unknown field `every`"]),
        (in_train("stop = { patiance = 3 }"), &["unknown field `patiance`", "`patience`"]),
        (in_train("regularisers = [{ kind = \"l2_rates\", weight = 0.1, wait = 1 }]"), &["unknown field `wait`"]),
        (
            in_train("regularisers = [{ kind = \"l2_rats\", weight = 0.1 }]"),
            &["train.regularisers[0]: must be one of", "but is \"l2_rats\"; did you mean `l2_rates`?"],
        ),
        (
            in_train("regularisers = [{ kind = \"l2_rates\", weight = -1.0 }]"),
            &["l2_rates.weight", "must be finite and >= 0, but is -1"],
        ),
        (in_train("batch_size = 0"), &["train.batch_size: must be at least 1, but is 0"]),
        (in_train("loss = \"cross_entropy\""), &["train.loss", "model.readout", "softmax"]),
    ];
    for (index, (text, words)) in cases.into_iter().enumerate() {
        assert_toml_refused(&format!("mistake-{index}"), &text, words);
    }
}

#[test]
fn what_cannot_be_trained_through_an_arm_is_refused() {
    let reach = "[task]\nid = \"motor/arm_reach\"\n[model]\nunits = 8\n";
    let cases: [(&str, &[&str]); 3] = [
        ("outputs = 3\n", &["model.outputs: is 3", "exactly 2", "set it to 2"]),
        (
            "readout = \"softmax\"\n[train]\nloss = \"cross_entropy\"\n",
            &["train.loss", "`motor/arm_reach`", "use the loss \"masked_mse\""],
        ),
        (
            "[train]\nregularisers = [{ kind = \"vanishing_gradient\", weight = 1.0 }]\n",
            &["train.regularisers.vanishing_gradient", "`motor/arm_reach`", "remove this regulariser"],
        ),
    ];
    for (index, (lines, words)) in cases.into_iter().enumerate() {
        assert_toml_refused(&format!("arm-{index}"), &format!("{reach}{lines}"), words);
    }
    let set =
        "[task]\nid = \"multitask/set\"\ntasks = [\"motor/centre_out\", \"motor/arm_reach\"]\n[model]\nunits = 8\n";
    assert_toml_refused("arm-set", set, &["`tasks` = motor/arm_reach", "train on this task alone"]);
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    let cases: [(&[&str], &[&str]); 15] = [
        (&["--units", "0"], &["model.units", "give the number of units"]),
        (&["--units", "1000000000000"], &["model.units", "1000000000000 exceeds"]),
        (&["--units", "-5"], &["-5"]),
        (&["--units", "many"], &["--units many: must be a whole number"]),
        (&["--model", "multi_area", "--units", "1"], &["areas[1].units: is 0"]),
        (&["--batch-size", "0"], &["train.batch_size: must be at least 1, but is 0"]),
        (
            &["--batch-size", "1000000000000"],
            &["train.batch_size: an update with 1000000000000 trials", "take fewer trials"],
        ),
        (&["--batch-size", "18446744073709551615"], &["train.batch_size", "take fewer trials"]),
        (&["--updates", "0"], &["train.updates: must be at least 1, but is 0"]),
        (&["--lr", "-1"], &["train.learning_rate: must be finite and > 0, but is -1"]),
        (&["--lr", "0"], &["train.learning_rate: must be finite and > 0, but is 0"]),
        (&["--lr", "nan"], &["--lr NaN: must be a number"]),
        (&["--lr", "inf"], &["train.learning_rate: must be finite and > 0, but is inf"]),
        (&["--seed", "18446744073709551615"], &["seed: must be at most 9223372036854775807"]),
        (&["--optimizer", "adma"], &["`adma` is unknown; use sgd, adam or adamw"]),
    ];
    for (arguments, words) in cases {
        assert_refused(&[&["train", "--task", "song2016/rdm_varstim", "--out", "numbers"], arguments].concat(), words);
    }
    assert_refused(&["eval", "run", "--trials", "0"], &["--trials 0: must be a whole number from 1 to"]);
    assert_refused(&["eval", "run", "--trials", "4000000000"], &["trials: evaluating", "take fewer trials of each"]);
    for (batch, words) in [
        ("0", ["`batch_size`", "at least one trial"]),
        ("1000000000000", ["--batch: sampling 1000000000000 trials", "GiB of disk"]),
    ] {
        assert_refused(&["tasks", "sample", "song2016/mante", "--batch", batch, "--out", "numbers.npz"], &words);
    }
    assert_refused(
        &["tasks", "sample", "song2016/mante", "--out", "numbers.json"],
        &["numbers.json", "name an .npz, .mat or .h5 file"],
    );
    assert!(!folder().join("numbers.npz").exists() && !folder().join("numbers.json").exists());
}

#[test]
fn options_of_other_programs_are_answered_with_the_one_that_is_meant() {
    let train = ["train", "--task", "song2016/rdm_varstim", "--out", "options"];
    let cases: [(&[&str], &str); 6] = [
        (&["--epochs", "5"], "tip: trials are drawn anew for every update: give the number of batches, --updates N"),
        (&["--hidden_size", "64"], "tip: give --units N"),
        (&["--learning-rate", "0.1"], "tip: give --lr X"),
        (&["--weight-decay", "0.1"], "tip: write it in [train] of a RUN.toml"),
        (&["--units", "10.5"], "--units 10.5: must be a whole number"),
        (&["--lr", "fast"], "--lr fast: must be a number"),
    ];
    for (arguments, words) in cases {
        let message = refusal(&[&train[..], arguments].concat());
        assert!(
            message.contains(words) && message.matches("tip:").count() == words.matches("tip:").count(),
            "{message}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_written_is_an_error() {
    for arguments in [&["--help"][..], &["--version"], &["train", "--help"], &["tasks", "list"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a device without space");
        let output = crate::program::command(folder(), arguments).stdout(full).output().expect("the program");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(stderr.contains("could not write to standard output"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn names_that_do_not_exist_are_refused() {
    let train = ["train", "--task", "song2016/rdm_varstim", "--out", "names"];
    assert_refused(
        &["train", "--task", "song2016/rdm_varstin"],
        &["unknown task", "did you mean `song2016/rdm_varstim`?"],
    );
    assert_refused(&["tasks", "show", "rdm"], &["unknown task `rdm`", "`nn4n tasks list`"]);
    assert_refused(&[&train[..], &["--model", "lstm"]].concat(), &["invalid value 'lstm'", "vanilla, ei, multi_area"]);
    assert_refused(&[&train[..], &["--device", "gpu"]].concat(), &["unknown device `gpu`; use auto, cpu, cuda:N"]);
    assert_refused(&["train"], &["name what to train on", "--task ID", "--data FILE"]);
    assert_refused(&["train", "nowhere.toml"], &["nowhere.toml: could not be read"]);
    assert_refused(&["eval", "nowhere"], &["nowhere: does not exist", "name a checkpoint file or a run directory"]);
    assert_refused(&["train", "--out", "nowhere", "--resume"], &["nowhere"]);
    assert_refused(&[&train[..], &["--init", "nowhere"]].concat(), &["nowhere: does not exist"]);
}

#[cfg(not(feature = "cuda"))]
#[test]
fn a_gpu_that_the_program_was_not_built_for_is_refused_in_one_line() {
    let arguments = ["train", "--task", "song2016/rdm_varstim", "--device", "cuda:0", "--out", "gpu"];
    let message = refusal(&arguments);
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(
        message.contains("device `cuda:0`") && message.contains("--features cuda") && message.contains("--device cpu"),
        "{message}"
    );
}

#[test]
fn data_that_cannot_be_trained_on_are_refused() {
    let mut with_nan = Array3::<f32>::ones((2, 5, 1));
    with_nan[[1, 3, 0]] = f32::NAN;
    let with_nan = with_nan.into_dyn();
    let flat = Array2::<f32>::ones((5, 1)).into_dyn();
    let (inputs, targets) = (("inputs", ones((2, 5, 1))), ("targets", ones((2, 5, 1))));
    let cases: [(&str, &[Named], &[&str]); 6] = [
        ("rank", &[("inputs", flat.clone()), targets.clone()], &["`inputs`", "rank.npz", "(trials, steps, inputs)"]),
        ("mask", &[inputs.clone(), targets.clone(), ("loss_mask", flat.clone())], &["`loss_mask`", "mask.npz"]),
        ("nan", &[("inputs", with_nan.clone()), targets.clone()], &["`inputs`", "nan.npz", "finite"]),
        ("nan-target", &[inputs.clone(), ("targets", with_nan.clone())], &["`targets`", "finite"]),
        (
            "steps",
            &[inputs.clone(), ("targets", ones((2, 6, 1)))],
            &["`targets`", "2 trials of 6 steps", "same trials and steps"],
        ),
        ("lone", std::slice::from_ref(&inputs), &["`targets`", "is missing", "inputs"]),
    ];
    for (name, arrays, words) in cases {
        assert_refused(&["train", "--data", &npz(&format!("{name}.npz"), arrays), "--out", "data"], words);
    }
    fs::write(folder().join("text.npz"), "no archive").expect("a file");
    assert_refused(&["train", "--data", "text.npz", "--out", "data"], &["text.npz", "numpy.savez"]);

    let run = |name: &str, arrays: &[Named], words: &[&str]| {
        assert_refused(
            &["run", "run", "--inputs", &npz(name, arrays), "--out", "activity.npz"],
            &[&[name], words].concat(),
        );
    };
    run("channels.npz", &[("inputs", ones((2, 5, 4)))], &["4 channels", "the network has 3"]);
    let line = Array1::<f32>::ones(5).into_dyn();
    run("flat.npz", &[("inputs", line)], &["[5]", "(trials, steps, channels)"]);
    run("bad.npz", &[("inputs", ones((2, 5, 3)) * f32::INFINITY)], &["`inputs`", "must be finite", "clean the data"]);
    run(
        "start.npz",
        &[("inputs", ones((2, 5, 3))), ("x0", Array2::ones((2, 9)).into_dyn())],
        &["x0", "(2, 9)", "8 units"],
    );
    run(
        "start-nan.npz",
        &[("inputs", ones((2, 5, 3))), ("x0", Array2::from_elem((2, 8), f32::NAN).into_dyn())],
        &["`x0`", "is NaN at [0, 0], but must be finite"],
    );
    assert!(!folder().join("activity.npz").exists());
}

#[test]
fn checkpoints_that_do_not_fit_are_refused() {
    assert_refused(
        &["eval", "run", "--task", "song2016/mante"],
        &["the network has 3 inputs", "`song2016/mante` has 6", "choose a task of its shape"],
    );
    let init = |arguments: &[&str], words: &[&str]| {
        assert_refused(
            &[&["train", "--init", "run", "--out", "unfit"], arguments].concat(),
            &[&["init: run", "name a checkpoint of the network to train"], words].concat(),
        );
    };
    init(
        &["--task", "song2016/mante", "--model", "vanilla", "--units", "8"],
        &["`evidence_1`", "none of the task's", "context_motion"],
    );
    init(&["--task", "song2016/rdm_varstim", "--model", "vanilla", "--units", "9"], &["has shape [8]", "asks for [9]"]);
    let own = |arguments: &[&str], words: &[&str]| {
        assert_refused(&[&["train", "--init", "run", "--out", "unfit"], arguments].concat(), words);
    };
    init(&["--task", "song2016/mante"], &["`evidence_1`", "none of the task's"]);
    own(&["--task", "song2016/rdm_varstim", "--units", "9"], &["--units 9", "has 8 units", "leave --units out"]);
    init(&["--task", "song2016/rdm_varstim", "--units", "8", "--model", "ei"], &["Dale's law"]);

    let whole = fs::read(folder().join("run/model.safetensors")).expect("a checkpoint");
    fs::write(folder().join("cut.safetensors"), &whole[..whole.len() / 2]).expect("a file");
    for command in [&["eval", "cut.safetensors"][..], &["inspect", "cut.safetensors"]] {
        assert_refused(command, &["cut.safetensors", "truncated", "copy or download it again"]);
    }
    assert!(!folder().join("unfit").exists(), "nothing is left of what was refused");
    fs::create_dir_all(folder().join("damaged")).expect("a folder");
    for file in ["model.safetensors", "optimizer.safetensors", "run.toml", "log.jsonl"] {
        let bytes = fs::read(folder().join("run").join(file)).expect("a file");
        let kept = if file == "optimizer.safetensors" { bytes.len() - 1 } else { bytes.len() };
        fs::write(folder().join("damaged").join(file), &bytes[..kept]).expect("a file");
    }
    assert_refused(&["train", "--out", "damaged", "--resume"], &["optimizer.safetensors", "truncated"]);
    let text = fs::read_to_string(folder().join("run/run.toml"))
        .expect("an experiment")
        .replace("kind = \"adam\"", "kind = \"sgd\"");
    fs::write(
        folder().join("damaged/run.toml"),
        text.replace("beta1", "#").replace("beta2", "#").replace("epsilon", "#"),
    )
    .expect("a file");
    fs::copy(folder().join("run/optimizer.safetensors"), folder().join("damaged/optimizer.safetensors"))
        .expect("a copy");
    assert_refused(
        &["train", "--out", "damaged", "--resume"],
        &["train.optimizer: is another one", "holds the moments", "restore it"],
    );
}

#[test]
fn a_run_is_never_replaced_unasked_nor_by_one_that_is_refused() {
    let before = run_files();
    let train = ["train", "--task", "song2016/rdm_varstim", "--out", "run"];
    assert_refused(&train, &["already holds a run", "--resume", "--force", "another --out"]);
    fs::write(
        folder().join("radius.toml"),
        format!("{TASK}[model]\nunits = 8\ndensity = 0.0\nw_rec = {{ spectral_radius = 1.5 }}\n"),
    )
    .expect("a file");
    fs::write(
        folder().join("targets.toml"),
        format!("{TASK}hi = 2.0\n[model]\nunits = 8\nreadout = \"sigmoid\"\n[train]\nloss = \"cross_entropy\"\n"),
    )
    .expect("a file");
    let forced: [(&[&str], &str); 7] = [
        (&["radius.toml"], "cannot be reached"),
        (&["targets.toml"], "targets in [0, 1]"),
        (&["--task", "song2016/rdm_varstim", "--units", "0"], "model.units"),
        (&["--task", "song2016/rdm_varstim", "--batch-size", "1000000000000"], "take fewer trials"),
        (&["--task", "song2016/rdm_varstim", "--lr", "-1"], "train.learning_rate"),
        (&["--task", "song2016/rdm_varstim", "--init", "run", "--units", "9"], "leave --units out"),
        (&["--task", "song2016/nothing"], "unknown task"),
    ];
    for (arguments, words) in forced {
        assert_refused(&[&["train", "--force", "--out", "run"], arguments].concat(), &[words]);
        assert!(run_files() == before, "{arguments:?} changed the run");
    }
    assert_refused(&["train", "--out", "run", "--resume", "--force"], &["cannot be used with"]);
    assert!(run_files() == before);
}

#[test]
fn a_file_of_another_kind_is_named_with_the_command_that_reads_it_or_the_reason_why_none_does() {
    let write = |name: &str, bytes: &[u8]| fs::write(folder().join(name), bytes).expect("a file");
    write("page.safetensors", b"<!DOCTYPE html>\n<html><body>nn4n/model.safetensors</body></html>");
    write("pointer.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
    write("config.safetensors", b"{\n  \"hidden_size\": 100\n}");
    write("weights.mat", b"MATLAB 5.0 MAT-file, Platform: GLNXA64");
    write("weights.h5", b"\x89HDF\r\n\x1a\n\0\0\0\0");
    write("checkpoint", b"model_checkpoint_path: \"model.ckpt-100\"\n");
    write("network.pkl", b"\x80\x04]q\0.");
    write("empty.safetensors", b"");
    for (name, words) in [
        ("page.safetensors", &["is a web page", "download the file itself"][..]),
        ("pointer.safetensors", &["Git LFS", "`git lfs pull`"]),
        ("config.safetensors", &["is JSON", "name the file"]),
        ("weights.mat", &["MATLAB", "no command reads", "scipy.io.loadmat"]),
        ("checkpoint", &["TensorFlow", "no command reads", "tf.train.load_checkpoint"]),
        ("empty.safetensors", &["is empty", "download it again"]),
    ] {
        assert_refused(&["eval", name], &[&[name], words].concat());
        assert_refused(&["import", name, "--out", "imported"], &[&[name], words].concat());
    }
    assert_refused(&["eval", "weights.h5"], &["is an HDF5 file of arrays", "`nn4n import weights.h5 --out DIR`"]);
    assert_refused(&["import", "weights.h5", "--out", "imported"], &["weights.h5", "is no whole HDF5 file"]);
    assert_refused(&["eval", "network.pkl"], &["is a Python pickle", "`nn4n import network.pkl --out DIR`"]);
    assert_refused(&["eval", "run/run.toml"], &["is a run.toml", "`nn4n train`"]);
}

#[cfg(target_os = "linux")]
#[test]
fn work_that_the_machine_has_not_the_memory_for_is_refused_before_it_is_begun() {
    let train = ["train", "--task", "song2016/rdm_varstim", "--units", "8", "--out", "large"];
    let words = ["of memory", "GiB left"];
    let refused = |arguments: &[&str], more: &[&str]| assert_refused(arguments, &[&words[..], more].concat());
    refused(&[&train[..], &["--batch-size", "1000000000"]].concat(), &["train.batch_size", "take fewer trials"]);
    refused(&["eval", "run", "--trials", "4000000000"], &["trials: evaluating", "take fewer trials of each condition"]);
    assert!(!folder().join("large/model.safetensors").exists());

    let long = [&train[..], &["--batch-size", "2000000"]].concat().join(" ");
    let limited = format!("ulimit -v 4000000; exec {} {long}", env!("CARGO_BIN_EXE_nn4n"));
    let output = Command::new("sh").args(["-c", &limited]).current_dir(folder()).output().expect("a shell");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && stderr.contains("`ulimit -v`"), "{stderr}");
}

/// What no message may repeat as it is.
fn nasty() -> String {
    format!("a\u{202e}b\u{1b}[31m{}", "x".repeat(10_000))
}

/// Runs the program, and refuses characters that command or turn, and endless texts, in all that it says.
fn assert_harmless(arguments: &[&str]) -> String {
    let output = crate::program::nn4n(folder(), arguments, &[]);
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let json = arguments.contains(&"--json") && output.status.success();
    for (said, what) in [(&stdout, "stdout"), (&stderr, "stderr")] {
        let shown: String = said.chars().take(500).collect();
        assert!(!said.contains(['\u{202e}', '\u{1b}']) && !said.contains("panicked"), "{arguments:?}, {what}: {shown}");
        let is_short = !said.contains(&"x".repeat(201)) || (json && what == "stdout");
        assert!(is_short, "{arguments:?}, {what}: {shown}");
    }
    if json {
        serde_json::from_str::<serde_json::Value>(&stdout).expect("JSON");
    }
    format!("{stdout}{stderr}")
}

/// A copy of the run's checkpoint with another header.
fn write_checkpoint(name: &str, change: impl FnOnce(&mut serde_json::Value)) {
    let bytes = fs::read(folder().join("run/model.safetensors")).expect("the run");
    let length = u64::from_le_bytes(*bytes.first_chunk().expect("a head")) as usize;
    let mut head: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).expect("a head");
    let mut document = serde_json::from_str(head["__metadata__"]["nn4n"].as_str().expect("a document")).expect("JSON");
    change(&mut document);
    head["__metadata__"]["nn4n"] = document.to_string().into();
    let head = head.to_string().into_bytes();
    let changed = [&(head.len() as u64).to_le_bytes()[..], &head, &bytes[8 + length..]].concat();
    fs::write(folder().join(name), changed).expect("a checkpoint");
}

#[test]
fn names_in_files_reach_no_terminal_as_they_are() {
    let nasty = nasty();
    let toml = toml_text(&nasty);
    let experiments = [
        format!("[task]\nid = {toml}\n"),
        format!("[task]\nid = \"song2016/rdm_fixed\"\n{toml} = 1\n"),
        format!("[task]\nid = \"song2016/rdm_fixed\"\nrounding = {toml}\n"),
        format!("[task]\nid = \"song2016/rdm_fixed\"\n[model]\nkind = {toml}\n"),
        format!("[task]\nid = \"song2016/rdm_fixed\"\n[model]\n{toml} = 1\n"),
        format!("[task]\nid = \"song2016/rdm_fixed\"\n[train]\nfreeze = [{toml}]\n"),
        format!("[task]\nid = \"song2016/rdm_fixed\"\n[model]\nw_rec = {{ connectivity = {{ file = {toml} }} }}\n"),
        format!("init = {toml}\n[task]\nid = \"song2016/rdm_fixed\"\n"),
        format!("[task]\nid = \"data/npz\"\npath = {toml}\n"),
        format!("{} = ", "x".repeat(10_000)),
    ];
    for (i, text) in experiments.iter().enumerate() {
        let name = format!("nasty{i}.toml");
        fs::write(folder().join(&name), text).expect("a file");
        assert!(assert_harmless(&["train", &name, "--updates", "1", "--out", "nasty"]).contains("error"), "{text:.80}");
        assert_harmless(&["train", "--data", &name, "--updates", "1", "--out", "nasty"]);
    }

    let mut npz = NpzWriter::new(fs::File::create(folder().join("nasty.npz")).expect("a file"));
    npz.add_array("inputs", &Array3::<f32>::zeros((4, 5, 3))).expect("an array");
    npz.add_array("targets", &Array3::<f32>::zeros((4, 5, 2))).expect("an array");
    npz.add_array(nasty.as_str(), &Array1::from(vec![1.0, 2.0, 3.0, 4.0])).expect("an array");
    npz.add_array(format!("{nasty}2"), &Array2::<f32>::zeros((2, 2))).expect("an array");
    npz.finish().expect("an archive");
    for arguments in [
        &["train", "--data", "nasty.npz", "--updates", "1", "--units", "4", "--out", "nasty_run"][..],
        &["run", "run", "--inputs", "nasty.npz", "--out", "nasty_out.npz"],
        &["eval", "run", "--data", "nasty.npz"],
        &["import", "nasty.npz", "--out", "nasty_import"],
    ] {
        assert_harmless(arguments);
    }

    let changes: [&dyn Fn(&mut serde_json::Value); 6] = [
        &|header| header["task"]["outputs"][0] = nasty.as_str().into(),
        &|header| header["task"]["id"] = nasty.as_str().into(),
        &|header| header["provenance"]["program"] = nasty.as_str().into(),
        &|header| header["provenance"]["citations"][0] = nasty.as_str().into(),
        &|header| header[nasty.as_str()] = 1.into(),
        &|header| header["model"]["kind"] = nasty.as_str().into(),
    ];
    for (i, change) in changes.iter().enumerate() {
        let name = format!("nasty{i}.safetensors");
        write_checkpoint(&name, change);
        let name = name.as_str();
        for arguments in [
            &["inspect", name][..],
            &["inspect", name, "--json"],
            &["eval", name, "--trials", "1"],
            &["export", name, "--to", "npz", "--out", "nasty_export.npz", "--force"],
            &["zoo", "pack", name, "--out", "nasty_pack", "--id", "nasty", "--force"],
        ] {
            assert_harmless(arguments);
        }
    }
}

/// A text as TOML quotes it.
fn toml_text(text: &str) -> String {
    let escaped = |c: char| if c.is_ascii_graphic() { c.into() } else { format!("\\u{:04x}", u32::from(c)) };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}
