//! Runs that are stopped from the outside: by signals, by a crash, by what happens to their files. They go on with the
//! same command, and say why where they cannot.

use std::{
    collections::BTreeSet,
    fs,
    io::Read,
    ops::ControlFlow,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use candle_core::Device;
use ndarray::Array3;
use ndarray_npy::NpzWriter;
use nn4n::{
    Existing, Experiment, Result, RunDirectory, TrainConfig,
    models::{ModelConfig, Start},
    optimizer::OptimizerConfig,
    train::{StopReason, fit},
};

use crate::{
    pieces::{FILES, assert_same, bytes},
    program::command,
    small::{easy_task, settings, train},
};

/// A command that would train for hours; `--updates` says for how long.
const TRAIN: [&str; 9] =
    ["train", "--task", "song2016/rdm_varstim", "--units", "8", "--batch-size", "2", "--out", "run"];

fn resume(folder: &Path, more: &[&str]) -> Output {
    let mut command = command(folder, &[&TRAIN[..], &["--resume", "--device", "cpu"], more].concat());
    command.output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn start(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

/// Waits until the run has done an update.
fn wait_for_updates(run: &Path) {
    let begin = Instant::now();
    while fs::metadata(run.join("log.jsonl")).map_or(0, |log| log.len()) == 0 {
        assert!(begin.elapsed() < Duration::from_secs(120), "no update after two minutes");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn send(signal: &str, child: &Child) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill");
    assert!(status.success());
}

/// How the program ended and what it said.
fn end(mut child: Child) -> (Option<i32>, String, String) {
    let (mut stdout, mut stderr) = (String::new(), String::new());
    child.stdout.take().expect("a pipe").read_to_string(&mut stdout).expect("text");
    child.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("text");
    let status = child.wait().expect("it ends");
    assert_eq!(status.signal(), None, "{stderr}");
    (status.code(), stdout, stderr)
}

fn copy_files(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for file in FILES {
        fs::copy(from.join(file), to.join(file)).expect("a copy");
    }
}

fn go_on(experiment: &Experiment, directory: &Path) -> Result<StopReason> {
    let run = RunDirectory::open(directory, Existing::Resume)?;
    Ok(fit(experiment, None, &run, &Device::Cpu, |_| ControlFlow::Continue(()))?.reason)
}

/// What is in the files after each update is what a crash would leave.
fn check_crashes(model: ModelConfig, change: impl FnOnce(&mut TrainConfig)) -> Result<()> {
    let mut settings = settings(7, 3);
    change(&mut settings);
    let experiment = Experiment::new(easy_task(), model, settings, 3)?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let whole = folder.path().join("whole");
    let crashed = |update: u64| folder.path().join(update.to_string());
    let run = RunDirectory::open(&whole, Existing::Keep)?;
    fit(&experiment, None, &run, &Device::Cpu, |progress| {
        copy_files(&whole, &crashed(progress.update));
        ControlFlow::Continue(())
    })?;
    for update in 1..7 {
        go_on(&experiment, &crashed(update))?;
        assert_same(&whole, &crashed(update), &format!("{:?}, crashed after {update}", experiment.train.optimizer));
    }
    Ok(())
}

#[test]
fn a_crash_before_the_first_validation_or_after_it_changes_no_bit_with_adam() -> Result<()> {
    check_crashes(ModelConfig::ei(2, 8, 2), |_| ())
}

#[test]
fn a_crash_before_the_first_validation_or_after_it_changes_no_bit_with_momentum() -> Result<()> {
    check_crashes(ModelConfig::vanilla(2, 8, 2), |settings| {
        settings.optimizer = Some(OptimizerConfig::Sgd { momentum: 0.9 });
    })
}

#[test]
fn a_crash_before_the_first_validation_or_after_it_changes_no_bit_with_carried_states() -> Result<()> {
    check_crashes(ModelConfig::vanilla(2, 8, 2).start(Start::Carried), |settings| {
        settings.optimizer = Some(OptimizerConfig::named("adamw").expect("a known optimiser"));
    })
}

/// The state is written before the network, so that a crash between the two leaves an older network.
#[test]
fn a_crash_between_the_state_and_the_network_changes_no_bit() -> Result<()> {
    let experiment = Experiment::new(easy_task(), ModelConfig::ei(2, 8, 2), settings(6, 3), 3)?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (whole, crashed) = (folder.path().join("whole"), folder.path().join("crashed"));
    train(&experiment, &whole)?;
    for file in ["of another update", "damaged", "gone"] {
        let first = Experiment::new(easy_task(), ModelConfig::ei(2, 8, 2), settings(3, 3), 3)?;
        fs::remove_dir_all(&crashed).ok();
        train(&first, &crashed)?;
        let model = crashed.join("model.safetensors");
        match file {
            "gone" => fs::remove_file(&model),
            "damaged" => fs::write(&model, b"short"),
            _ => fs::copy(whole.join("model.safetensors"), &model).map(drop),
        }
        .expect("a file");
        go_on(&experiment, &crashed)?;
        assert_same(&whole, &crashed, file);
    }
    Ok(())
}

#[test]
fn a_network_that_is_not_the_one_that_the_run_saved_is_refused() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (run, other) = (folder.path().join("run"), folder.path().join("other"));
    let experiment = |updates, seed| Experiment::new(easy_task(), ModelConfig::ei(2, 8, 2), settings(updates, 3), seed);
    train(&experiment(3, 1)?, &other)?;
    let open = RunDirectory::open(&run, Existing::Keep)?;
    // The state is that of update 4, the network that of update 3.
    fit(&experiment(6, 0)?, None, &open, &Device::Cpu, |progress| {
        if progress.update == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let model = bytes(&run, "model.safetensors");
    let mut flipped = model.clone();
    flipped[model.len() - 1] ^= 1;
    for (what, bytes) in [
        ("truncated", &model[..model.len() - 1]),
        ("emptied", &[]),
        ("another run's", &bytes(&other, "model.safetensors")),
        ("flipped", &flipped),
    ] {
        fs::write(run.join("model.safetensors"), bytes).expect("a file");
        let message = go_on(&experiment(6, 0)?, &run).expect_err(what).to_string();
        assert!(message.contains("model.safetensors") && message.contains("--force"), "{what}: {message}");
    }
    fs::write(run.join("model.safetensors"), &model).expect("a file");
    go_on(&experiment(6, 0)?, &run).map(drop)
}

/// As the program wrote them before it named the network that is saved.
#[test]
fn a_run_of_an_older_program_goes_on() -> Result<()> {
    let experiment = Experiment::new(easy_task(), ModelConfig::ei(2, 8, 2), settings(6, 3), 3)?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (whole, old) = (folder.path().join("whole"), folder.path().join("old"));
    let run = RunDirectory::open(&whole, Existing::Keep)?;
    fit(&experiment, None, &run, &Device::Cpu, |progress| {
        if progress.update == 4 {
            copy_files(&whole, &old);
        }
        ControlFlow::Continue(())
    })?;
    let state = old.join("optimizer.safetensors");
    let bytes = fs::read(&state).expect("a state");
    let length = u64::from_le_bytes(*bytes.first_chunk().expect("a head")) as usize;
    let mut head: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).expect("a head");
    let mut document: serde_json::Value =
        serde_json::from_str(head["__metadata__"]["nn4n"].as_str().expect("a document")).expect("JSON");
    document["format"] = 1.into();
    document.as_object_mut().expect("an object").remove("saved").expect("the network that is saved");
    head["__metadata__"]["nn4n"] = document.to_string().into();
    let head = head.to_string().into_bytes();
    let old_state = [&(head.len() as u64).to_le_bytes()[..], &head, &bytes[8 + length..]].concat();
    fs::write(&state, &old_state).expect("a file");
    go_on(&experiment, &old)?;
    assert_same(&whole, &old, "an older program's");
    // Such a program wrote the network first: after a crash it is newer than the state.
    fs::write(&state, &old_state).expect("a file");
    go_on(&experiment, &old)?;
    assert_same(&whole, &old, "an older program's that crashed");
    Ok(())
}

#[test]
fn one_bad_byte_in_the_log_costs_its_line() -> Result<()> {
    let experiment = |updates| Experiment::new(easy_task(), ModelConfig::ei(2, 8, 2), settings(updates, 3), 3);
    let folder = tempfile::tempdir().expect("a temporary folder");
    train(&experiment(3)?, folder.path())?;
    let mut log = bytes(folder.path(), "log.jsonl");
    log[3] = 0xff;
    fs::write(folder.path().join("log.jsonl"), log).expect("a file");
    go_on(&experiment(6)?, folder.path())?;
    let lines = text(&bytes(folder.path(), "log.jsonl")).lines().count();
    assert_eq!(lines, 6 + 2 - 1);
    Ok(())
}

#[test]
fn what_a_killed_run_left_unfinished_is_removed() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join(".nn4n-run-model.safetensors"), b"half").expect("a file");
    train(&Experiment::new(easy_task(), ModelConfig::ei(2, 8, 2), settings(1, 1), 3)?, folder.path())?;
    assert!(!folder.path().join(".nn4n-run-model.safetensors").exists());
    Ok(())
}

#[test]
fn an_interrupted_run_ends_with_75_and_the_same_command_finishes_it() {
    // Where these tests run under nohup, so do the programs that they start.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    let hangs_up = ignored.is_none_or(|mask| mask & 1 == 0);
    for signal in ["-INT", "-TERM", "-HUP", "-USR1"].into_iter().filter(|signal| hangs_up || *signal != "-HUP") {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let run = folder.path().join("run");
        let long = [&TRAIN[..], &["--resume", "--device", "cpu", "--updates", "1000000000", "--lr", "1e-9"]].concat();
        let child = start(command(folder.path(), &long));
        wait_for_updates(&run);
        // Twice, as `timeout` does to a process and its group.
        send(signal, &child);
        send(signal, &child);
        let (code, stdout, stderr) = end(child);
        assert_eq!(code, Some(75), "{signal}: {stderr}");
        assert!(stderr.contains(&format!("interrupted (SIG{}): saving after", &signal[1..])), "{stderr}");
        assert!(stdout.contains("next: nn4n train --out run --resume") && !run.join("finished.json").exists());

        let done = resume(folder.path(), &["--updates", "1"]);
        assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
        assert!(text(&done.stdout).contains("the run is finished: the last update is done"), "{}", text(&done.stdout));
        assert!(run.join("finished.json").exists());
        let before = bytes(&run, "optimizer.safetensors");
        let again = resume(folder.path(), &["--updates", "1"]);
        assert_eq!(again.status.code(), Some(0));
        assert!(bytes(&run, "optimizer.safetensors") == before);
    }
}

#[test]
fn under_nohup_a_run_outlives_its_terminal() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut shell = Command::new("sh");
    let run = format!("trap '' HUP; exec {} \"$@\"", env!("CARGO_BIN_EXE_nn4n"));
    shell.current_dir(folder.path()).args(["-c", &run, "sh"]).args(TRAIN).args(["--updates", "1000000000"]);
    let child = start(shell);
    wait_for_updates(&folder.path().join("run"));
    send("-HUP", &child);
    std::thread::sleep(Duration::from_millis(500));
    send("-TERM", &child);
    let (code, _, stderr) = end(child);
    assert_eq!(code, Some(75), "{stderr}");
    assert!(!stderr.contains("SIGHUP") && stderr.contains("SIGTERM"), "{stderr}");
}

/// Trials of the most steps that there may be, for the networks of `song2016-rdm-ei`'s channels.
fn write_long_trials(path: &Path) {
    let mut npz = NpzWriter::new(fs::File::create(path).expect("a file"));
    npz.add_array("inputs", &Array3::from_elem((2, 1_000_000, 3), 0.1f32)).expect("an array");
    npz.add_array("targets", &Array3::<f32>::zeros((2, 1_000_000, 2))).expect("an array");
    npz.finish().expect("an archive");
}

/// Waits until a program says something with `words`, and returns all that it said until then.
fn wait_for_words(stderr: &mut impl Read, words: &str, said: &mut String) {
    let mut byte = [0];
    while !said.contains(words) {
        assert_eq!(stderr.read(&mut byte).expect("text"), 1, "no `{words}` in {said}");
        said.push(byte[0].into());
    }
}

#[test]
fn a_signal_is_answered_within_five_seconds_while_a_trial_of_a_million_steps_is_computed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write_long_trials(&folder.path().join("long.npz"));
    let toml = "[task]\nid = \"data/npz\"\npath = \"long.npz\"\n[model]\nkind = \"vanilla\"\nunits = 16\n[train]\n\
        updates = 1000\nbatch_size = 1\nvalidation = { every = 1000, trials_per_condition = 1 }\n";
    fs::write(folder.path().join("long.toml"), toml).expect("a file");
    let mut child = start(command(folder.path(), &["train", "long.toml", "--out", "run", "--device", "cpu"]));
    let (mut stderr, mut said) = (child.stderr.take().expect("a pipe"), String::new());
    wait_for_words(&mut stderr, "no stop rule", &mut said);
    std::thread::sleep(Duration::from_millis(500));
    let sent = Instant::now();
    send("-TERM", &child);
    wait_for_words(&mut stderr, "interrupted (SIGTERM)", &mut said);
    assert!(sent.elapsed() < Duration::from_secs(5), "{said}");
    // What it waits for was said; a second signal, which is not the same wish, does not wait.
    std::thread::sleep(Duration::from_millis(1100).saturating_sub(sent.elapsed()));
    send("-TERM", &child);
    assert_eq!(child.wait().expect("it ends").code(), Some(75), "{said}");
    assert!(sent.elapsed() < Duration::from_secs(5), "{said}");

    for arguments in [
        &["eval", "song2016-rdm-ei", "--data", "long.npz", "--trials", "1", "--device", "cpu"][..],
        &["run", "song2016-rdm-ei", "--inputs", "long.npz", "--out", "activity.npz", "--device", "cpu"],
    ] {
        let mut child = start(command(folder.path(), arguments));
        std::thread::sleep(Duration::from_secs(1));
        let sent = Instant::now();
        send("-TERM", &child);
        let status = child.wait().expect("it ends");
        assert!(status.signal() == Some(15) && sent.elapsed() < Duration::from_secs(5), "{arguments:?}: {status}");
    }
    assert!(!folder.path().join("activity.npz").exists());
}

#[test]
fn what_a_killed_program_left_is_removed_by_the_next_one_that_writes_there() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let unfinished = || {
        let names = fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("an entry").file_name());
        names.filter(|name| name.to_string_lossy().starts_with(".nn4n-")).collect::<BTreeSet<_>>()
    };
    let sample = |batch: &'static str, out: &'static str| {
        command(folder.path(), &["tasks", "sample", "song2016/rdm_fixed", "--batch", batch, "--out", out])
    };
    let begin = |out| {
        let (before, child) = (unfinished(), start(sample("1000000", out)));
        let begin = Instant::now();
        while unfinished().is_subset(&before) {
            assert!(begin.elapsed() < Duration::from_secs(60), "nothing is written after a minute");
            std::thread::sleep(Duration::from_millis(5));
        }
        child
    };
    let mut killed = begin("killed.npz");
    killed.kill().and_then(|()| killed.wait()).expect("it ends");
    assert_eq!(unfinished().len(), 1);
    let mut writing = begin("writing.npz");
    std::thread::sleep(Duration::from_millis(100));
    assert!(sample("2", "small.npz").status().expect("it starts").success());
    assert_eq!(unfinished().len(), 1, "what is being written stays, and nothing else");
    writing.kill().and_then(|()| writing.wait()).expect("it ends");
}

#[test]
fn before_the_first_update_a_signal_ends_the_program_at_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Drawing this network takes minutes.
    let large = ["train", "--task", "song2016/rdm_varstim", "--model", "ei", "--units", "7000", "--out", "run"];
    let mut child = start(command(folder.path(), &large));
    let mut stderr = child.stderr.take().expect("a pipe");
    let mut first = [0; 7];
    stderr.read_exact(&mut first).expect("the line that names the device");
    assert_eq!(&first, b"device:");
    std::thread::sleep(Duration::from_millis(300));
    send("-TERM", &child);
    let sent = Instant::now();
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(75), "{rest}");
    assert!(rest.contains("nothing to save") && sent.elapsed() < Duration::from_secs(5), "{rest}");
    assert!(!folder.path().join("run/run.toml").exists());
}

#[test]
fn options_that_contradict_the_run_are_refused_by_name_and_those_it_was_started_with_are_not() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let started = [
        "--seed",
        "2",
        "--model",
        "ei",
        "--freeze",
        "x0",
        "--optimizer",
        "sgd",
        "--updates",
        "1",
        "--set",
        "sigma_in=0.5",
    ];
    for _ in 0..2 {
        let output = resume(folder.path(), &started);
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
    let refused = |more: &[&str], words: &[&str]| {
        let output = command(folder.path(), &[&["train", "--out", "run", "--resume"], more].concat()).output();
        let output = output.expect("the program starts");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{more:?}: {said}");
        words.iter().for_each(|word| assert!(said.contains(word), "{more:?}: no `{word}` in {said}"));
    };
    // Some of the options are enough.
    for some in [
        &["--task", "song2016/rdm_varstim"][..],
        &["--set", "sigma_in=0.5"],
        &["--task", "song2016/rdm_varstim", "--set", "sigma_in=0.5"],
        &["--model", "ei"],
    ] {
        let output = command(folder.path(), &[&["train", "--out", "run", "--resume"], some].concat()).output();
        let output = output.expect("the program starts");
        assert!(output.status.success(), "{some:?}: {}", text(&output.stderr));
    }
    refused(&["--set", "sigma_in=0.4"], &["`task.sigma_in` (--set) is 0.5, not 0.4"]);
    refused(&["--set", "nonsense=1"], &["`task.nonsense` (--set) is nothing, not 1"]);
    refused(&["--seed", "3"], &["holds another run", "`seed` (--seed) is 2, not 3"]);
    refused(&["--units", "9"], &["`model.units` (--units) is 8, not 9"]);
    refused(&["--model", "vanilla"], &["`model.kind` (--model) is \"ei\", not \"vanilla\""]);
    refused(&["--batch-size", "3"], &["`train.batch_size` (--batch-size) is 2, not 3"]);
    refused(&["--optimizer", "adam"], &["(--optimizer)"]);
    refused(&["--freeze", "w_in"], &["`train.freeze` (--freeze) is [\"x0\"], not [\"w_in\"]"]);
    refused(&["--task", "song2016/rdm_rt"], &["`task.id` (--task, --data)", "song2016/rdm_varstim"]);
    refused(&["--init", "elsewhere"], &["`init` (--init) is nothing, not \"elsewhere\""]);
    refused(&["--preset", "song2016/rdm_varstim"], &["holds another run"]);
    let toml = fs::read_to_string(folder.path().join("run/run.toml")).expect("an experiment");
    fs::write(folder.path().join("same.toml"), &toml).expect("a file");
    fs::write(folder.path().join("other.toml"), toml.replace("clip_norm = 1", "clip_norm = 2")).expect("a file");
    refused(&["other.toml"], &["`train.clip_norm` is 1.0, not 2.0"]);
    let same = command(folder.path(), &["train", "same.toml", "--out", "run", "--resume"]).output().expect("it starts");
    assert!(same.status.success() && text(&same.stdout).contains("the run is finished"), "{}", text(&same.stderr));
    let nothing = command(folder.path(), &["train", "--out", "none", "--resume"]).output().expect("it starts");
    assert!(text(&nothing.stderr).contains("none holds no run to resume; to start one, name what to train on"));
}

#[test]
fn a_run_whose_directory_is_moved_or_replaced_stops_and_mixes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (run, moved) = (folder.path().join("run"), folder.path().join("moved"));
    let child = start(command(folder.path(), &[&TRAIN[..], &["--updates", "1000000000"]].concat()));
    wait_for_updates(&run);
    fs::rename(&run, &moved).expect("it is moved");
    fs::create_dir(&run).expect("another takes its place");
    let (code, _, stderr) = end(child);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("run: was moved, removed or replaced while the run trained"), "{stderr}");
    assert_eq!(fs::read_dir(&run).expect("a folder").count(), 0);
    let output = command(folder.path(), &["train", "--out", "moved", "--resume", "--updates", "1"]).output();
    assert!(output.expect("it starts").status.success());
}

#[test]
fn two_commands_at_once_give_one_run() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let arguments = [&TRAIN[..], &["--resume", "--updates", "1000000000"]].concat();
    let first = start(command(folder.path(), &arguments));
    wait_for_updates(&folder.path().join("run"));
    let (code, _, stderr) = end(start(command(folder.path(), &arguments)));
    assert!(code == Some(1) && stderr.contains("in use by another training process"), "{stderr}");
    send("-TERM", &first);
    assert_eq!(end(first).0, Some(75));
}

#[test]
fn data_that_have_changed_while_a_run_was_interrupted_are_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |value: f32| {
        let mut npz = NpzWriter::new(fs::File::create(folder.path().join("mine.npz")).expect("a file"));
        npz.add_array("inputs", &Array3::from_elem((6, 10, 2), value)).expect("an array");
        npz.add_array("targets", &Array3::<f32>::zeros((6, 10, 1))).expect("an array");
        npz.finish().expect("an archive");
    };
    let train = |updates: &str| {
        let arguments = ["train", "--data", "mine.npz", "--units", "8", "--out", "run", "--resume", "--updates"];
        command(folder.path(), &[&arguments[..], &[updates]].concat()).output().expect("the program starts")
    };
    write(1.0);
    assert!(train("1").status.success());
    write(2.0);
    let said = text(&train("2").stderr);
    assert!(said.contains("mine.npz: has changed since the run was started"), "{said}");
    write(1.0);
    assert!(train("2").status.success());
}

#[test]
fn files_without_an_end_are_refused_where_a_run_is_expected() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = folder.path().join("run");
    assert!(resume(folder.path(), &["--updates", "1"]).status.success());
    let refused = |file: &str, place: &dyn Fn(&Path)| {
        let whole = bytes(&run, file);
        fs::remove_file(run.join(file)).expect("a file");
        place(&run.join(file));
        let output = resume(folder.path(), &["--updates", "2"]);
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains(file), "{file}: {said}");
        fs::remove_file(run.join(file)).expect("a file");
        fs::write(run.join(file), whole).expect("a file");
    };
    for file in ["run.toml", "optimizer.safetensors", "log.jsonl"] {
        refused(file, &|path| std::os::unix::fs::symlink("/dev/zero", path).expect("a link"));
        refused(file, &|path| assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success()));
    }
    for file in ["run.toml", "optimizer.safetensors"] {
        // 20 GB of nothing.
        refused(file, &|path| fs::File::create(path).and_then(|file| file.set_len(20 << 30)).expect("a file"));
    }
    assert!(resume(folder.path(), &["--updates", "2"]).status.success());
}

#[test]
fn a_device_or_a_pipe_is_not_replaced_by_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let pipe = folder.path().join("pipe.npz");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    for arguments in [
        &["tasks", "sample", "song2016/rdm_fixed", "--batch", "1", "--out", "pipe.npz", "--force"][..],
        &["export", "song2016-rdm-ei", "--to", "npz", "--out", "pipe.npz", "--force"],
    ] {
        let output = command(folder.path(), arguments).output().expect("the program starts");
        assert!(text(&output.stderr).contains("is a device or a pipe"), "{arguments:?}: {}", text(&output.stderr));
        assert!(!fs::metadata(&pipe).expect("the pipe").is_file());
    }
}

#[test]
fn what_is_missing_at_the_end_of_the_log_is_said() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert!(resume(folder.path(), &["--updates", "3"]).status.success());
    fs::write(folder.path().join("run/log.jsonl"), "").expect("a file");
    let output = resume(folder.path(), &["--updates", "4"]);
    assert!(output.status.success());
    assert!(text(&output.stderr).contains("ends at update 0; what was logged from there to update 3 is lost"));
    Ok(())
}

#[test]
fn a_run_that_was_killed_before_its_state_was_written_starts_again_but_a_users_file_is_kept() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = folder.path().join("run");
    assert!(resume(folder.path(), &["--updates", "1"]).status.success());
    let whole = bytes(&run, "model.safetensors");
    let toml = bytes(&run, "run.toml");
    for file in ["optimizer.safetensors", "model.safetensors", "log.jsonl", "finished.json"] {
        fs::remove_file(run.join(file)).expect("a file");
    }
    assert!(resume(folder.path(), &[]).status.success());
    assert!(bytes(&run, "model.safetensors") == whole);

    for file in ["optimizer.safetensors", "model.safetensors", "log.jsonl", "finished.json"] {
        fs::remove_file(run.join(file)).expect("a file");
    }
    let commented = [b"# mine\n", &toml[..]].concat();
    fs::write(run.join("run.toml"), &commented).expect("a file");
    let output = resume(folder.path(), &[]);
    assert!(output.status.code() == Some(1) && text(&output.stderr).contains("run.toml: is no file of a run"));
    assert!(bytes(&run, "run.toml") == commented);
    // A state that is gone is not made up for.
    fs::write(run.join("log.jsonl"), b"").expect("a file");
    assert!(text(&resume(folder.path(), &[]).stderr).contains("optimizer.safetensors is missing"));
}
