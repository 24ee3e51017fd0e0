//! The program, from the outside: what its commands print and write.

use std::{collections::BTreeMap, fs, path::Path, process::Stdio};

use ndarray::{Array2, Array3};
use ndarray_npy::{NpzReader, NpzWriter};
use nn4n::{
    Checkpoint,
    models::Readout,
    simulate::Simulation,
    tasks::{Split, batch},
};
use serde_json::Value;

use crate::program::untimed;

/// Trains in a second; the rest of the settings are the defaults.
const TRAIN: [&str; 10] =
    ["train", "--task", "song2016/rdm_varstim", "--units", "10", "--batch-size", "4", "--updates", "2", "--json"];

/// What the program prints; it must succeed.
fn nn4n(directory: &Path, arguments: &[&str]) -> String {
    let output = crate::program::nn4n(directory, arguments, &[]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "nn4n {}: {}\n{stderr}", arguments.join(" "), output.status);
    String::from_utf8(output.stdout).expect("UTF-8 on standard output")
}

fn json(directory: &Path, arguments: &[&str]) -> Value {
    let text = nn4n(directory, arguments);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("nn4n {}: {error} in {text}", arguments.join(" ")))
}

fn train(directory: &Path, more: &[&str]) -> Value {
    json(directory, &[&TRAIN[..], &["--device", "cpu"], more].concat())
}

fn write_npz(path: &Path, arrays: &[(&str, &Array3<f32>)], x0: Option<&Array2<f32>>) {
    let mut file = NpzWriter::new(fs::File::create(path).expect("a file"));
    arrays.iter().for_each(|(name, array)| file.add_array(*name, *array).expect("an array"));
    x0.into_iter().for_each(|x0| file.add_array("x0", x0).expect("an array"));
    file.finish().expect("a file");
}

fn read_npz(path: &Path) -> BTreeMap<String, Array3<f32>> {
    let mut file = NpzReader::new(fs::File::open(path).expect("a file")).expect("an archive");
    let names = file.names().expect("names");
    names
        .into_iter()
        .filter_map(|name| Some((name.trim_end_matches(".npy").to_string(), file.by_name(&name).ok()?)))
        .collect()
}

fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(directory).expect("a folder").map(|entry| entry.expect("an entry"));
    entries.map(|entry| (entry.file_name().to_string_lossy().into(), untimed(&entry.path()))).collect()
}

#[test]
fn a_network_is_trained_evaluated_and_inspected() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let trained = train(folder.path(), &["--model", "ei", "--seed", "3", "--out", "runs/rdm"]);
    assert_eq!(
        (&trained["updates"], &trained["reason"], &trained["run"]),
        (&2.into(), &"last_update".into(), &"runs/rdm".into())
    );
    assert!(trained["validation"]["loss"].is_f64(), "{trained}");

    let evaluation = json(folder.path(), &["eval", "runs/rdm", "--trials", "4", "--json"]);
    let fraction = |value: &Value| value.as_f64().is_some_and(|number| (0.0..=1.0).contains(&number));
    assert_eq!(evaluation["task"], "song2016/rdm_varstim");
    assert!(fraction(&evaluation["performance"]), "{evaluation}");
    let conditions = evaluation["conditions"].as_array().expect("a list");
    assert!(conditions.len() > 5, "{evaluation}");
    for condition in conditions {
        assert!(condition["condition"]["coherence"].is_f64() && fraction(&condition["performance"]), "{condition}");
        assert_eq!(condition["trials"], 4);
    }
    assert_eq!(evaluation["trials"].as_u64(), Some(4 * conditions.len() as u64));
    assert_eq!(
        evaluation,
        json(folder.path(), &["eval", "runs/rdm/model.safetensors", "--trials", "4", "--json"]),
        "the same twice"
    );
    let other = json(folder.path(), &["eval", "runs/rdm", "--trials", "4", "--seed", "1", "--json"]);
    assert_ne!(evaluation["rms_error"], other["rms_error"], "another seed, the same trials");

    let inspected = json(folder.path(), &["inspect", "runs/rdm", "--json"]);
    assert_eq!((&inspected["constraints"]["excitatory"], &inspected["header"]["seed"]), (&8.into(), &3.into()));
    assert!(inspected["spectrum"]["radius"].as_f64() > Some(0.0), "{inspected}");
    for words in [&["eval", "runs/rdm", "--trials", "1"][..], &["inspect", "runs/rdm"]] {
        assert!(nn4n(folder.path(), words).contains("next: nn4n "), "{words:?} leads nowhere");
    }
}

#[test]
fn a_network_is_exported_to_every_format_and_nothing_is_replaced_unasked() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    train(folder.path(), &["--out", "run"]);
    for (format, file, magic, next) in [
        ("npz", "net.npz", &b"PK"[..], "numpy.load(\"net.npz\")"),
        ("torch", "torch.safetensors", b"", "metadata()[\"module\"]"),
        ("nn4n", "nn4n.safetensors", b"", "metadata()[\"network\"]"),
        ("numpy", "net.py", b"\"\"\"A recurrent network, written by nn4n", "python net.py IN.npz OUT.npz"),
    ] {
        let export = ["export", "run", "--to", format, "--out", file];
        let text = nn4n(folder.path(), &export);
        assert!(text.contains("next: ") && text.contains(next), "{text}");
        let bytes = fs::read(folder.path().join(file)).expect("a file");
        assert!(bytes.starts_with(magic), "{format}");
        let output = crate::program::nn4n(folder.path(), &export, &[]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && message.contains("--force"), "{message}");
        let report = json(folder.path(), &[&export[..], &["--force", "--json"]].concat());
        assert_eq!((&report["file"], report["bytes"].as_u64()), (&file.into(), Some(bytes.len() as u64)));
        assert!(report["next"].as_str().is_some_and(|command| command.contains(next)), "{report}");
        assert!(
            fs::read(folder.path().join(file)).expect("a file") == bytes,
            "{format}: the same network has other bytes"
        );
    }
}

#[test]
fn tasks_are_listed_shown_and_sampled() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let list = json(folder.path(), &["tasks", "list", "--json"]);
    let tasks = list.as_array().expect("a list");
    assert!(tasks.len() >= 11, "{list}");
    for task in tasks {
        let (id, counts) = (task["id"].as_str().expect("an id"), [&task["n_inputs"], &task["n_outputs"]]);
        assert!(task["dt"].as_f64() > Some(0.0), "{task}");
        assert!(counts.iter().all(|count| count.is_u64()) || id.starts_with("data/"), "{task}");
        assert!(nn4n(folder.path(), &["tasks", "list"]).contains(id));
    }
    assert!(
        nn4n(folder.path(), &["tasks", "list", "song2016"]).lines().count()
            < nn4n(folder.path(), &["tasks", "list"]).lines().count()
    );
    let presets = nn4n(folder.path(), &["tasks", "list", "song2016", "--presets"]);
    assert!(presets.contains("song2016/mante_areas") && !presets.contains("yang2019"), "{presets}");
    let presets = json(folder.path(), &["tasks", "list", "--presets", "--json"]);
    assert!(presets.as_array().is_some_and(|list| list.iter().any(|preset| preset["id"] == "yang2019/all")));
    let refused = crate::program::nn4n(folder.path(), &["tasks", "list", "golub2018", "--presets"], &[]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("there are some of song2016"), "{refused:?}");
    let refused = crate::program::nn4n(folder.path(), &["tasks", "list", "song2017"], &[]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("song2016"), "{refused:?}");

    let shown = nn4n(folder.path(), &["tasks", "show", "song2016/romo"]);
    for words in
        ["f1 500", "delay 3000", "doi.org/10.1371", "85.0 %", "50.0 %", "masked_mse", "nn4n plot task song2016/romo"]
    {
        assert!(shown.contains(words), "{words} is missing from {shown}");
    }
    for command in ["nn4n train --task song2016/romo --model ei", "nn4n train --preset song2016/romo"] {
        assert!(shown.contains(command), "{shown}");
    }
    let shown = json(folder.path(), &["tasks", "show", "golub2018/flip_flop", "--set", "bits=5", "--json"]);
    assert_eq!((&shown["n_inputs"], &shown["parameters"]["bits"]), (&5.into(), &5.into()));
    assert_eq!(shown["epochs"]["train"][0]["ms"], 1280.0);
    assert!(shown["description"].as_str().is_some_and(|text| text.len() > 200), "{shown}");

    let sample = ["tasks", "sample", "song2016/mante", "--batch", "3", "--seed", "5", "--out", "deep/trials.npz"];
    nn4n(folder.path(), &sample);
    let trials = read_npz(&folder.path().join("deep/trials.npz"));
    let (count, steps, _) = trials["inputs"].dim();
    assert_eq!(
        (count, trials["inputs"].dim().2, trials["targets"].dim(), trials["loss_mask"].dim()),
        (3, 6, (3, steps, 2), (3, steps, 2))
    );
    let text = fs::read_to_string(folder.path().join("deep/trials.json")).expect("conditions");
    let conditions: Value = serde_json::from_str(&text).expect("JSON");
    assert!(
        conditions
            .as_array()
            .is_some_and(|list| list.len() == 3 && list.iter().all(|trial| trial["condition"].is_object())),
        "{text}"
    );
    let before = files(&folder.path().join("deep"));
    assert!(!crate::program::nn4n(folder.path(), &sample, &[]).status.success(), "trials were overwritten unasked");
    let report = json(folder.path(), &[&sample[..], &["--force", "--json"]].concat());
    assert_eq!((&report["trials"], &report["steps"], &report["arrays"]), (&3.into(), &steps.into(), &sample[8].into()));
    assert!(files(&folder.path().join("deep")) == before, "the same seed, other trials");
}

/// 300 MB of address space, of which the program itself takes most, and 185 MB of trials, which were held twice.
#[cfg(target_os = "linux")]
#[test]
fn more_trials_are_sampled_than_the_memory_holds() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sample = "tasks sample golub2018/flip_flop --batch 80000 --out trials.npz";
    let limited = format!("ulimit -v 300000; exec {} {sample}", env!("CARGO_BIN_EXE_nn4n"));
    let output = std::process::Command::new("sh").args(["-c", &limited]).current_dir(folder.path()).output();
    let output = output.expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(fs::metadata(folder.path().join("trials.npz")).is_ok_and(|file| file.len() > 180_000_000));
}

#[test]
fn a_task_is_drawn() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let draw = ["plot", "task", "song2016/mante", "--max", "3", "--set", "sigma_in=0", "--out", "deep/mante.svg"];
    assert!(nn4n(folder.path(), &draw).contains("3 of 73 classes"));
    let svg = fs::read_to_string(folder.path().join("deep/mante.svg")).expect("a figure");
    for label in [">context = motion<", ">catch<", ">stimulus<", ">colour 2<", ">Targets<", ">Loss mask<"] {
        assert!(svg.contains(label), "{label} is missing");
    }
    assert!(!crate::program::nn4n(folder.path(), &draw, &[]).status.success(), "a figure was overwritten unasked");
    let again = [&draw[..], &["--force", "--seed", "1"]].concat();
    nn4n(folder.path(), &again);
    nn4n(folder.path(), &["plot", "task", "golub2018/flip_flop", "--split", "test", "--out", "flip_flop.png"]);
    assert!(fs::read(folder.path().join("flip_flop.png")).expect("a figure").starts_with(b"\x89PNG"));
    for (arguments, words) in [
        (["plot", "task", "song2016/mante", "--out", "mante.pdf"], ".svg"),
        (["plot", "task", "song2016/mantis", "--out", "mante.svg"], "did you mean"),
    ] {
        let refused = crate::program::nn4n(folder.path(), &arguments, &[]);
        assert!(String::from_utf8_lossy(&refused.stderr).contains(words), "{refused:?}");
    }
}

#[test]
fn a_network_is_drawn_as_a_schematic() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let draw = ["plot", "network", "kleinman2021-checkerboard", "--out", "network.svg"];
    let said = nn4n(folder.path(), &draw);
    assert!(said.contains("300 units in 3 areas") && said.contains("next: nn4n plot weights"), "{said}");
    let svg = fs::read_to_string(folder.path().join("network.svg")).expect("a figure");
    for label in [">area2<", ">80<", ">red coherence<", ">choice (2)<", ">positive weights<", ">widest: "] {
        assert!(svg.contains(label), "{label} is missing");
    }
    let again = crate::program::nn4n(folder.path(), &draw, &[]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("--force"), "{again:?}");
}

#[test]
fn a_preset_is_trained_and_its_flags_can_be_changed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let preset =
        ["train", "--preset", "song2016/rdm_dense", "--updates", "2", "--units", "10", "--device", "cpu", "--json"];
    assert_eq!(json(folder.path(), &preset)["run"], "runs/rdm_dense-0");
    let header = Checkpoint::load(folder.path().join("runs/rdm_dense-0")).expect("a checkpoint").header;
    assert_eq!((header.model.n_units(), &header.train.settings["optimizer"]["kind"]), (10, &"sgd".into()));
    let refused = crate::program::nn4n(folder.path(), &["train", "--preset", "song2016/rdm"], &[]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("song2016/rdm_dense"), "{refused:?}");
}

#[test]
fn data_of_an_unknown_kind_are_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let refused = crate::program::nn4n(folder.path(), &["train", "--data", "mine.xlsx"], &[]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains(".npz"), "{refused:?}");
}

#[test]
fn run_writes_what_the_library_computes_from_the_given_start() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    train(folder.path(), &["--model", "ei", "--out", "rdm"]);
    let network = Checkpoint::load(folder.path().join("rdm"))
        .and_then(|file| file.network(&candle_core::Device::Cpu))
        .expect("a network");
    let inputs =
        Array3::from_shape_fn((2, 7, 3), |(trial, step, channel)| (trial + 2 * step + 3 * channel) as f32 * 0.05);
    let x0 = Array2::from_shape_fn((2, 10), |(trial, unit)| 0.1 * (trial + unit) as f32);
    for (name, x0) in [("plain", None), ("started", Some(&x0))] {
        let (from, to) = (format!("{name}.npz"), format!("{name}-activity.npz"));
        write_npz(&folder.path().join(&from), &[("inputs", &inputs)], x0);
        nn4n(folder.path(), &["run", "rdm", "--inputs", &from, "--out", &to]);
        let found = read_npz(&folder.path().join(to));
        let simulation = Simulation::new(&network);
        let simulation = x0.map_or(Ok(simulation.clone()), |x0| simulation.x0(x0)).expect("a start state");
        let wanted = simulation.record(&inputs).expect("a recording");
        assert_eq!(found.keys().collect::<Vec<_>>(), ["outputs", "rates", "states"]);
        assert!(
            found["outputs"] == wanted.outputs && found["states"] == wanted.states && found["rates"] == wanted.rates,
            "{name}"
        );
    }
    let outputs = |name: &str| read_npz(&folder.path().join(name))["outputs"].clone();
    assert_ne!(outputs("plain-activity.npz"), outputs("started-activity.npz"), "x0 changes nothing");
    for (name, seed) in [("one.npz", "1"), ("again.npz", "1"), ("two.npz", "2")] {
        nn4n(folder.path(), &["run", "rdm", "--inputs", "plain.npz", "--noise", "--seed", seed, "--out", name]);
    }
    assert_eq!(outputs("one.npz"), outputs("again.npz"));
    assert!(
        outputs("one.npz") != outputs("two.npz") && outputs("one.npz") != outputs("plain-activity.npz"),
        "there is no noise"
    );
}

#[test]
fn run_drives_the_arm_that_the_network_was_trained_to_drive_unless_the_loop_is_left_open() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let toml = "[task]\nid = \"motor/arm_reach\"\ndt = 20.0\n[model]\nunits = 10\n[train]\nbatch_size = 2\nupdates = \
        1\nvalidation = { trials_per_condition = 1 }\n";
    fs::write(folder.path().join("arm.toml"), toml).expect("a file");
    nn4n(folder.path(), &["train", "arm.toml", "--out", "arm"]);
    let checkpoint = Checkpoint::load(folder.path().join("arm")).expect("a checkpoint");
    let (network, task) =
        (checkpoint.network(&candle_core::Device::Cpu).expect("a network"), checkpoint.task().expect("a task"));
    let trials = batch(task.as_ref(), Split::Test, 0, 0, 3).expect("trials");
    write_npz(&folder.path().join("trials.npz"), &[("inputs", &trials.inputs)], None);

    let run = |out: &str, more: &[&str]| {
        let output = crate::program::nn4n(
            folder.path(),
            &[&["run", "arm", "--inputs", "trials.npz", "--out", out], more].concat(),
            &[],
        );
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{stderr}");
        (read_npz(&folder.path().join(out)), stderr)
    };
    let (closed, said) = run("closed.npz", &[]);
    assert!(said.contains("driving the arm of `motor/arm_reach`") && said.contains("--open-loop"), "{said}");
    let driven = Simulation::of(&network, task.as_ref()).record(&trials.inputs).expect("a recording");
    assert!(closed["outputs"] == driven.outputs && closed["rates"] == driven.rates);
    let (open, said) = run("open.npz", &["--open-loop"]);
    assert!(!said.contains("driving"), "{said}");
    let alone = Simulation::new(&network).record(&trials.inputs).expect("a recording");
    assert!(open["outputs"] == alone.outputs && open["rates"] == alone.rates);
    assert!(open["outputs"] != closed["outputs"]);
}

#[test]
fn a_users_own_arrays_are_a_task() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let inputs = Array3::from_shape_fn((5, 12, 2), |(trial, step, _)| if step == trial { 1.0 } else { 0.0 });
    write_npz(
        &folder.path().join("mine.npz"),
        &[("inputs", &inputs), ("targets", &inputs.mapv(|value| 0.5 * value))],
        None,
    );
    let arguments = ["train", "--data", "mine.npz", "--units", "6", "--updates", "2", "--out", "mine", "--json"];
    assert_eq!(json(folder.path(), &arguments)["updates"], 2);
    let evaluation = json(folder.path(), &["eval", "mine", "--trials", "2", "--json"]);
    assert!(evaluation["rms_error"].as_f64() > Some(0.0), "{evaluation}");
    nn4n(folder.path(), &["run", "mine", "--inputs", "mine.npz", "--out", "activity.npz"]);
    assert_eq!(read_npz(&folder.path().join("activity.npz"))["outputs"].dim(), (5, 12, 2));
    // Other trials than those of the training, and the remedy where these are gone.
    fs::rename(folder.path().join("mine.npz"), folder.path().join("moved.npz")).expect("renamed");
    let moved = json(folder.path(), &["eval", "mine", "--data", "moved.npz", "--trials", "2", "--json"]);
    // The same trials under another name are known by their content.
    assert_eq!((&moved["rms_error"], &moved["trained_on"]), (&evaluation["rms_error"], &true.into()));
    assert_eq!(evaluation["trained_on"], true);
    let refused = crate::program::nn4n(folder.path(), &["eval", "mine"], &[]);
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && message.contains("mine.npz") && message.contains("--data FILE"), "{message}");
    // Also for a network of another step, which the arrays say nothing of.
    json(
        folder.path(),
        &["train", "--task", "kleinman2021/checkerboard", "--units", "6", "--updates", "1", "--out", "other", "--json"],
    );
    let arrays = Array3::zeros((2, 5, 4));
    let targets = Array3::zeros((2, 5, 2));
    write_npz(&folder.path().join("four.npz"), &[("inputs", &arrays), ("targets", &targets)], None);
    json(folder.path(), &["eval", "other", "--data", "four.npz", "--trials", "2", "--json"]);
}

#[test]
fn a_task_with_the_channels_of_the_training_in_another_order_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [trained, other] = ["mante2013/context_integration_continuous", "mante2013/context_integration"];
    json(folder.path(), &["train", "--task", trained, "--units", "6", "--updates", "1", "--out", "run", "--json"]);
    json(folder.path(), &["eval", "run", "--task", trained, "--trials", "1", "--json"]);
    let refused = crate::program::nn4n(folder.path(), &["eval", "run", "--task", other, "--trials", "1"], &[]);
    let message = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && message.contains(other) && message.contains("another order"), "{message}");
}

#[test]
fn a_network_of_a_declared_task_is_evaluated_on_another_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let task = |inputs: &str, outputs: &str, value: f64| {
        let channels = |names: &str, value: f64| {
            names.split(' ').map(|name| format!("{name} = {{ go = {value:?} }}\n")).collect::<String>()
        };
        format!(
            "summary = \"a task\"\ndt = 20.0\n[[epochs]]\nname = \"go\"\nduration = 100.0\ngraded = \
            1\n[inputs]\n{}[outputs]\n{}",
            channels(inputs, 1.0),
            channels(outputs, value)
        )
    };
    let tasks = [
        ("mine", task("u v", "z w", 0.5)),
        ("other", task("u v", "z w", 3.0)),
        ("swapped", task("v u", "z w", 0.5)),
        ("three", task("u v x", "z w", 0.5)),
        ("garbage", "garbage [[[".into()),
    ];
    for (name, text) in tasks {
        fs::write(folder.path().join(format!("{name}.toml")), text).expect("a file");
    }
    json(folder.path(), &["train", "--data", "mine.toml", "--units", "6", "--updates", "2", "--out", "run", "--json"]);
    let error = |more: &[&str]| {
        json(folder.path(), &[&["eval", "run", "--trials", "3", "--json"], more].concat())["rms_error"].as_f64()
    };
    assert_eq!(error(&["--data", "mine.toml"]), error(&[]));
    assert!(error(&["--data", "other.toml"]) > error(&[]).map(|error| error + 1.0));
    for (name, word) in
        [("swapped", "another order"), ("three", "inputs"), ("garbage", "garbage.toml"), ("missing", "missing.toml")]
    {
        let refused = crate::program::nn4n(folder.path(), &["eval", "run", "--data", &format!("{name}.toml")], &[]);
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && message.contains(word), "{name}: {message}");
    }
}

#[test]
fn an_experiment_in_toml_is_trained_and_its_flags_can_be_changed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = "seed = 7\n[task]\nid = \"song2016/rdm_varstim\"\nsigma_in = 0.0\n[model]\nkind = \
        \"multi_area\"\nfeedforward = 0.5\n\
                areas = [{ name = \"a\", units = 6 }, { name = \"b\", units = 5 }]\n[train]\nupdates = 3\nbatch_size \
                = 2\nclip_norm = \"off\"\n";
    fs::write(folder.path().join("mine.toml"), text).expect("a file");
    assert_eq!(
        json(folder.path(), &["train", "mine.toml", "--updates", "2", "--out", "first", "--json"])["updates"],
        2
    );
    let header = Checkpoint::load(folder.path().join("first")).expect("a checkpoint").header;
    assert_eq!((header.seed, header.model.n_units(), &header.task.parameters["sigma_in"]), (7, 11, &0.0.into()));
    assert_eq!(header.train.settings["clip_norm"], "off");
    // What a run says of itself is enough to repeat it.
    nn4n(folder.path(), &["train", "first/run.toml", "--out", "second"]);
    assert!(
        files(&folder.path().join("first")) == files(&folder.path().join("second")),
        "run.toml is not the whole experiment"
    );
}

#[test]
fn a_network_that_is_trained_further_answers_as_its_new_task_asks_for() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, objective) in [("plain", ""), ("classes", "objective = \"classes\"\n")] {
        let text = format!(
            "summary = \"a task\"\ndt = 20.0\n{objective}[[epochs]]\nname = \"go\"\nduration = 100.0\ngraded = 1\n\
            [inputs]\nu = {{ go = 1.0 }}\n[outputs]\nz = {{ go = 1.0 }}\nw = {{ go = 0.0 }}\n"
        );
        fs::write(folder.path().join(format!("{name}.toml")), text).expect("a file");
    }
    let train = |data: &str, more: &[&str]| {
        let arguments = ["train", "--data", data, "--updates", "1"];
        nn4n(folder.path(), &[&arguments, more].concat());
    };
    train("plain.toml", &["--units", "6", "--out", "plain"]);
    train("classes.toml", &["--init", "plain", "--out", "tuned"]);
    let header = |run: &str| Checkpoint::load(folder.path().join(run)).expect("a checkpoint").header;
    assert_eq!(header("plain").model.readout, Some(Readout::Linear));
    assert_eq!(header("tuned").model.readout, Some(Readout::Softmax));
    assert_eq!(header("tuned").train.settings["loss"], "cross_entropy");
}

#[test]
fn a_run_is_resumed_and_a_network_is_trained_further() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    train(folder.path(), &["--out", "rdm"]);
    assert_eq!(json(folder.path(), &["train", "--out", "rdm", "--resume", "--updates", "5", "--json"])["updates"], 5);
    let updates = |name: &str| Checkpoint::load(folder.path().join(name)).expect("a checkpoint").header.train.updates;
    assert!(updates("rdm") >= 2);
    train(folder.path(), &["--init", "rdm", "--lr", "1e-30", "--out", "further"]);
    let weights = |name: &str| {
        let tensors = Checkpoint::load(folder.path().join(name)).expect("a checkpoint").tensors;
        tensors["w_rec"].flatten_all().and_then(|weights| weights.to_vec1::<f32>()).expect("weights")
    };
    assert_eq!(weights("rdm"), weights("further"), "the steps are too small to change a weight");
}

#[test]
fn a_reader_that_goes_away_ends_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = crate::program::command(folder.path(), &[&TRAIN[..], &["--out", "rdm"]].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    drop((child.stdout.take(), child.stderr.take()));
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    Checkpoint::load(folder.path().join("rdm")).expect("a whole run");
}
