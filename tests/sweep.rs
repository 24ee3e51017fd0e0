//! Studies through the program: what is left is what `nn4n train` leaves of each run, however often it was stopped.

use std::{fs, path::Path};

use crate::program::{refused, reported, said, untimed, words};

/// Runs of a moment.
const RUN: &str = "[task]\nid = \"song2016/rdm_varstim\"\n[model]\nunits = 6\n[train]\nbatch_size = 2\nupdates = 40\n\
    validation = { every = 20, trials_per_condition = 1 }\nstop = { never = true }\n";

const SWEEP: &str = "run = \"run.toml\"\nseeds = 2\n[grid]\n\"model.units\" = [4, 5]\n";

/// A folder with both files; `updates` for each run.
fn prepared(sweep: &str, updates: u64) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = RUN.replace("updates = 40", &format!("updates = {updates}"));
    fs::write(folder.path().join("run.toml"), run).expect("a file");
    fs::write(folder.path().join("sweep.toml"), sweep).expect("a file");
    folder
}

fn names(study: &Path) -> Vec<String> {
    let mut reader = csv::Reader::from_path(study.join("manifest.csv")).expect("a manifest");
    reader.records().map(|record| record.expect("a row")[1].to_string()).collect()
}

/// Each run is what `nn4n train` makes of its run.toml.
fn check_bits(folder: &Path, study: &str) {
    let names = names(&folder.join(study));
    assert!(!names.is_empty());
    for name in names {
        let run = folder.join(study).join("runs").join(&name);
        let alone = format!("alone/{name}");
        let config = run.join("run.toml").display().to_string();
        let (is_done, _, error) = said(folder, &["train", &config, "--out", &alone, "--device", "cpu"]);
        assert!(is_done, "{error}");
        for file in ["model.safetensors", "optimizer.safetensors", "run.toml", "log.jsonl", "finished.json"] {
            let read = |path: &Path| untimed(&path.join(file));
            assert!(read(&run) == read(&folder.join(&alone)), "{name}/{file}");
        }
    }
}

#[test]
fn a_study_is_what_training_its_runs_is_with_any_number_of_processes() {
    let folder = prepared(SWEEP, 40);
    for jobs in ["1", "3"] {
        let study = format!("study{jobs}");
        let (is_done, out, error) =
            said(folder.path(), &["sweep", "sweep.toml", "--out", &study, "--jobs", jobs, "--device", "cpu"]);
        assert!(is_done, "{error}");
        assert!(out.contains("4 runs finished") && out.contains(&format!("nn4n compare {study}")), "{out}");
        check_bits(folder.path(), &study);
        let status = reported(folder.path(), &["sweep", "status", &study]);
        assert_eq!((&status["runs"], &status["counts"]["finished"]), (&4.into(), &4.into()));
        let manifest = fs::read_to_string(folder.path().join(&study).join("manifest.csv")).expect("a manifest");
        assert_eq!(manifest.matches(",finished").count(), 4, "{manifest}");
        let name = &names(&folder.path().join(&study))[0];
        let log = fs::read_to_string(folder.path().join(&study).join(format!("logs/{name}.log"))).expect("a log");
        assert!(log.contains("update     20") && log.contains("finished after 40 updates"), "{log}");
        fs::remove_dir_all(folder.path().join("alone")).expect("it is there");
    }
    // Nothing is left to do, and a study is not begun twice.
    let again = words(&["sweep", "sweep.toml", "--out", "study1"], "--resume");
    assert!(said(folder.path(), &again).1.contains("4 runs finished"));
    let refusal = refused(folder.path(), &["sweep", "sweep.toml", "--out", "study1"]);
    assert!(refusal.contains("already holds a study"), "{refusal}");
}

#[test]
fn shards_train_all_runs_together_and_collect_says_so() {
    let folder = prepared(SWEEP, 20);
    let sweep = |line: &str| said(folder.path(), &words(&["sweep"], line));
    let (is_done, out, _) = sweep("sweep.toml --out study --no-submit");
    assert!(is_done && out.contains("4 runs in study; none is started"), "{out}");
    for shard in ["0/3", "2/3"] {
        assert!(sweep(&format!("run study --shard {shard}")).0);
    }
    let status = reported(folder.path(), &["sweep", "status", "study"]);
    assert_eq!((&status["counts"]["finished"], &status["counts"]["pending"]), (&3.into(), &1.into()));
    let (_, out, _) = sweep("collect study");
    assert!(out.contains("3 of 4 runs finished"), "{out}");
    assert!(sweep("run study --shard 1/3").0);
    check_bits(folder.path(), "study");
    assert!(refused(folder.path(), &["sweep", "run", "study", "--shard", "3/3"]).contains("I/N"));
}

#[test]
fn a_run_that_fails_is_tried_twice_and_told_and_the_others_are_finished() {
    let folder = prepared("run = \"run.toml\"\n[grid]\n\"train.learning_rate\" = [0.003, 1e38, 0.001]\n", 40);
    let (is_done, out, error) = said(folder.path(), &words(&["sweep"], "sweep.toml --out study --jobs 2 --device cpu"));
    assert!(!is_done, "{out}");
    let name = &names(&folder.path().join("study"))[1];
    assert_eq!(error.matches(&format!("{name}: failed: ")).count(), 2, "{error}");
    assert!(error.contains("it is tried again"), "{error}");
    let log = format!("study/logs/{name}.log");
    assert!(out.contains("2 runs finished, 1 failed") && out.contains(&log), "{out}");
    assert!(out.contains("nn4n sweep resume study"), "{out}");
    let status = reported(folder.path(), &["sweep", "status", "study"]);
    assert_eq!((&status["counts"]["finished"], &status["counts"]["failed"]), (&2.into(), &1.into()));
    assert_eq!(status["failed"][0]["attempts"], 2);
    assert!(status["failed"][0]["message"].as_str().is_some_and(|message| message.contains("learning_rate")));
    // A part of a cluster leaves it alone; who asks for the study again has it tried again.
    let (is_done, out, error) = said(folder.path(), &["sweep", "run", "study"]);
    assert!(!is_done && out.contains("1 failed") && !error.contains("it is tried again"), "{out}{error}");
    let (is_done, _, error) = said(folder.path(), &["sweep", "resume", "study"]);
    assert!(!is_done && error.contains("it is tried again"), "{error}");
}

#[test]
fn what_is_wrong_is_refused_before_anything_is_written() {
    let folder = prepared("run = \"run.toml\"\n[grid]\n\"model.unit\" = [4]\n", 40);
    let start = ["sweep", "sweep.toml", "--out", "study"];
    let refusal = refused(folder.path(), &start);
    assert!(refusal.contains("run 0 (model.unit = 4, seed 0)") && refusal.contains("`units`"), "{refusal}");
    assert!(!folder.path().join("study").exists());
    let refusal = refused(folder.path(), &["sweep", "status", "study"]);
    assert!(refusal.contains("holds no study"), "{refusal}");
    fs::write(folder.path().join("sweep.toml"), SWEEP).expect("a file");
    let refusal = refused(folder.path(), &[&start[..], &["--sbatch", "mem=1G"]].concat());
    assert!(refusal.contains("--launcher slurm") && !folder.path().join("study").exists(), "{refusal}");
    assert!(refused(folder.path(), &["sweep", "sweep.toml"]).contains("--out"));
}

#[test]
fn a_study_and_a_run_have_directories_of_their_own() {
    let folder = prepared(SWEEP, 2);
    let path = folder.path();
    let (is_done, _, error) = said(path, &words(&["train"], "run.toml --out run --device cpu"));
    assert!(is_done, "{error}");
    for more in ["", "--resume"] {
        let refusal = refused(path, &words(&["sweep", "sweep.toml", "--out", "run"], more));
        assert!(refusal.contains("holds a run (run.toml)") && refusal.contains("another --out"), "{refusal}");
    }
    assert!(said(path, &words(&["sweep"], "sweep.toml --out study --no-submit")).0);
    for more in ["", "--resume", "--force"] {
        let refusal = refused(path, &words(&["train", "run.toml", "--out", "study"], more));
        assert!(refusal.contains("holds a study") && refusal.contains("another --out"), "{refusal}");
    }
    assert!(!path.join("study/run.toml").exists() && !path.join("run/manifest.csv").exists());
}

#[test]
fn commands_that_are_printed_hold_of_a_directory_that_looks_like_an_option() {
    let folder = prepared(SWEEP, 2);
    let path = folder.path();
    let next = |arguments: &[&str]| {
        let (is_done, out, error) = said(path, arguments);
        assert!(is_done, "{arguments:?}: {error}");
        let next = out.lines().find_map(|line| line.strip_prefix("next: nn4n ")).unwrap_or_else(|| panic!("{out}"));
        next.to_owned()
    };
    assert_eq!(next(&["sweep", "sweep.toml", "--out=-study", "--device", "cpu"]), "compare ./-study");
    let printed = next(&["compare", "./-study"]);
    assert!(printed.starts_with("eval ./-study/runs/0000-"), "{printed}");
    next(&words(&[], &printed));
    assert_eq!(next(&["eval", "--trials", "2", "--", "-study"]), "compare ./-study");
    assert_eq!(next(&["sweep", "status", "--", "-study"]), "compare ./-study");
}

#[test]
fn a_damaged_failure_is_told_in_its_row_and_tried_again() {
    let folder = prepared(SWEEP, 2);
    let path = folder.path();
    assert!(said(path, &words(&["sweep"], "sweep.toml --out study --no-submit")).0);
    let name = &names(&path.join("study"))[2];
    let file = path.join("study/runs").join(name).join("failed.json");
    fs::write(&file, "{\"attempts\":").expect("a file");
    let status = reported(path, &["sweep", "status", "study"]);
    assert_eq!((&status["counts"]["failed"], status["failed"][0]["name"].as_str()), (&1.into(), Some(name.as_str())));
    let message = status["failed"][0]["message"].as_str().expect("a message");
    assert!(message.contains("failed.json: says no failure") && message.contains("remove it"), "{message}");
    assert!(said(path, &["sweep", "status", "study"]).1.contains(message));
    let (is_done, out, error) = said(path, &["sweep", "run", "study", "--device", "cpu"]);
    assert!(is_done && out.contains("4 runs finished"), "{out}{error}");
    assert!(!file.exists());
}

#[test]
fn a_run_that_begins_from_a_network_need_not_describe_it() {
    let folder = prepared("run = \"run.toml\"\n", 2);
    let path = folder.path();
    let run =
        "init = \"song2016-rdm-ei\"\n[task]\nid = \"song2016/rdm_varstim\"\n[train]\nupdates = 2\nbatch_size = 2\n";
    fs::write(path.join("run.toml"), run).expect("a file");
    let (is_done, _, error) = said(path, &words(&["sweep"], "sweep.toml --out study --no-submit"));
    assert!(is_done, "{error}");
    let name = &names(&path.join("study"))[0];
    assert!(said(path, &words(&["train"], "run.toml --out run --device cpu")).0);
    let read = |file: &str| fs::read_to_string(path.join(file)).expect("a run.toml");
    assert_eq!(read(&format!("study/runs/{name}/run.toml")), read("run/run.toml"));
}

#[test]
#[cfg(unix)]
fn what_a_full_disk_left_of_a_study_does_not_stop_it() {
    let folder = prepared(SWEEP, 2);
    let limited = format!("ulimit -f 0; exec {} sweep sweep.toml --out study --no-submit", env!("CARGO_BIN_EXE_nn4n"));
    let mut shell = std::process::Command::new("sh");
    let output = shell.args(["-c", &limited]).current_dir(folder.path()).output().expect("a shell");
    assert!(!output.status.success() && folder.path().join("study/runs").is_dir(), "{output:?}");
    let (is_done, _, error) = said(folder.path(), &words(&["sweep"], "sweep.toml --out study --resume --no-submit"));
    assert!(is_done, "{error}");
    for run in fs::read_dir(folder.path().join("study/runs")).expect("a folder").flatten() {
        let files: Vec<_> =
            fs::read_dir(run.path()).expect("a folder").flatten().map(|file| file.file_name()).collect();
        assert_eq!(files, ["run.toml"], "{}", run.path().display());
    }
}

/// On a disk that nobody can write to, where the system lets a test have one.
#[test]
#[cfg(target_os = "linux")]
fn a_finished_study_is_gone_on_with_where_nothing_can_be_written() {
    let folder = prepared("run = \"run.toml\"\n", 2);
    let path = folder.path();
    assert!(said(path, &words(&["sweep"], "sweep.toml --out study --device cpu")).0);
    let resume = format!("exec {} sweep resume study", env!("CARGO_BIN_EXE_nn4n"));
    let run = |line: &str| {
        let line = format!("mount --bind study study && mount -o remount,ro,bind study && {line}");
        let mut unshare = std::process::Command::new("unshare");
        unshare.args(["--map-root-user", "--mount", "sh", "-c", &line]).current_dir(path).output()
    };
    if !run("! touch study/x 2>/dev/null").is_ok_and(|output| output.status.success()) {
        eprintln!("a_finished_study_is_gone_on_with_where_nothing_can_be_written did NOT run: no disk can be made so");
        return;
    }
    let output = run(&resume).expect("unshare");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 run finished"), "{error}");
}

#[test]
fn a_plan_says_what_the_runs_take_and_writes_nothing() {
    let folder = prepared(SWEEP, 40);
    let plan = reported(folder.path(), &words(&["sweep"], "sweep.toml --dry-run --jobs 2"));
    let number = |name: &str| plan[name].as_f64().unwrap_or_else(|| panic!("{name} in {plan}"));
    let runs = plan["runs"].as_array().expect("a list");
    assert_eq!((runs.len(), &runs[3]["settings"]["model.units"], &runs[3]["seed"]), (4, &5.into(), &1.into()));
    let sum: f64 = runs.iter().filter_map(|run| run["seconds"].as_f64()).sum();
    assert!(sum > 0.0 && (number("seconds_of_one_core") - sum).abs() < 1e-6 * sum, "{plan}");
    assert!(number("seconds") <= sum && number("seconds") >= 0.4 * sum, "{plan}");
    assert!(plan["step_seconds"][0].as_f64() > Some(0.0) && plan["measured"] == 2, "{plan}");
    if cfg!(target_os = "linux") {
        assert!(number("memory_of_process") > 1e6, "{plan}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2, "only what was there");
    let (is_done, out, _) = said(folder.path(), &words(&["sweep"], "sweep.toml --dry-run"));
    assert!(is_done && out.contains("0003-units_5-seed_1  at most 40 updates"), "{out}");
}

#[cfg(unix)]
mod stopped {
    use std::{
        process::{Child, Command, Stdio},
        thread::sleep,
        time::{Duration, Instant},
    };

    use serde_json::Value;

    use super::*;
    use crate::program::command;

    /// Long enough to be stopped in the middle.
    const UPDATES: u64 = 3000;

    fn start(folder: &Path, line: &str) -> Child {
        let mut command = command(folder, &words(&["sweep"], line));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    }

    fn status(folder: &Path) -> Value {
        reported(folder, &["sweep", "status", "study"])
    }

    /// Waits until so many runs have done updates.
    fn wait_for_runs(folder: &Path, count: usize) {
        let begin = Instant::now();
        let has_begun = |run: &fs::DirEntry| fs::metadata(run.path().join("log.jsonl")).is_ok_and(|log| log.len() > 0);
        let begun = || {
            let runs = fs::read_dir(folder.join("study/runs")).into_iter().flatten().flatten();
            runs.filter(has_begun).count()
        };
        while begun() < count {
            assert!(begin.elapsed() < Duration::from_secs(120), "no updates after two minutes");
            sleep(Duration::from_millis(10));
        }
    }

    fn signal(name: &str, id: u32) {
        assert!(Command::new("kill").args([name, &id.to_string()]).status().expect("kill").success());
    }

    fn end(child: Child) -> (Option<i32>, String, String) {
        let output = child.wait_with_output().expect("it ends");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn wait_until_nothing_runs(folder: &Path) {
        let begin = Instant::now();
        while status(folder)["counts"]["running"] != 0 {
            assert!(begin.elapsed() < Duration::from_secs(60), "a run goes on without its study");
            sleep(Duration::from_millis(50));
        }
    }

    #[test]
    fn a_study_that_is_killed_goes_on_to_the_same_bits() {
        let folder = prepared(SWEEP, UPDATES);
        let mut study = start(folder.path(), "sweep.toml --out study --jobs 2 --device cpu");
        wait_for_runs(folder.path(), 2);
        study.kill().expect("it runs");
        study.wait().expect("it ends");
        // At once, while the processes that it left save their runs.
        let (code, out, error) = end(start(folder.path(), "sweep.toml --out study --resume --jobs 3 --device cpu"));
        assert_eq!(code, Some(0), "{out}{error}");
        check_bits(folder.path(), "study");
    }

    #[test]
    fn an_interrupted_study_saves_its_runs_and_goes_on() {
        let folder = prepared(SWEEP, UPDATES);
        let study = start(folder.path(), "sweep.toml --out study --jobs 2 --device cpu");
        wait_for_runs(folder.path(), 2);
        signal("-INT", study.id());
        let (code, out, error) = end(study);
        assert_eq!(code, Some(75), "{out}{error}");
        assert!(error.contains("interrupted (SIGINT): saving the runs under way"), "{error}");
        assert!(out.contains("interrupted: ") && out.contains("next: nn4n sweep resume study"), "{out}");
        let counts = &status(folder.path())["counts"];
        assert_eq!((&counts["running"], &counts["failed"]), (&0.into(), &0.into()), "{counts}");
        assert!(counts["interrupted"].as_u64() >= Some(1), "{counts}");
        let manifest = fs::read_to_string(folder.path().join("study/manifest.csv")).expect("a manifest");
        assert!(manifest.contains(",interrupted"), "{manifest}");
        let (code, out, error) = end(start(folder.path(), "resume study --jobs 1 --device cpu"));
        assert_eq!(code, Some(0), "{out}{error}");
        check_bits(folder.path(), "study");
    }

    #[test]
    fn an_interrupted_part_names_the_command_that_goes_on_with_it() {
        let folder = prepared(SWEEP, 1_000_000);
        assert!(said(folder.path(), &words(&["sweep"], "sweep.toml --out study --no-submit")).0);
        let part = start(folder.path(), "run study --shard 1/2 --jobs 1 --device cpu");
        wait_for_runs(folder.path(), 1);
        signal("-INT", part.id());
        let (code, out, error) = end(part);
        assert_eq!(code, Some(75), "{out}{error}");
        let next = "next: nn4n sweep run study --shard 1/2 --jobs 1 --device cpu\n";
        assert!(out.contains(next), "{out}");
    }

    #[test]
    fn a_study_is_cancelled_from_elsewhere() {
        let folder = prepared(SWEEP, 1_000_000);
        let study = start(folder.path(), "sweep.toml --out study --jobs 2 --device cpu");
        wait_for_runs(folder.path(), 2);
        let running = status(folder.path());
        assert_eq!(running["counts"]["running"], 2, "{running}");
        assert!(running["running"][0]["update"].as_u64() > Some(0), "{running}");
        let (is_done, out, error) = said(folder.path(), &["sweep", "cancel", "study"]);
        assert!(is_done && out.contains("2 runs under way are asked to stop"), "{out}{error}");
        let (code, out, error) = end(study);
        assert_eq!(code, Some(75), "{out}{error}");
        assert_eq!(status(folder.path())["counts"]["interrupted"], 2);
        let (code, _, error) = end(start(folder.path(), "run study"));
        assert!(code == Some(75) && error.contains("was asked to stop"), "{error}");
        wait_until_nothing_runs(folder.path());
    }

    /// The processes that train, by what the system tells of them.
    #[cfg(target_os = "linux")]
    fn workers(study: &Child) -> Vec<u32> {
        let id = study.id();
        let threads = fs::read_dir(format!("/proc/{id}/task")).expect("it runs").flatten();
        let children = threads.flat_map(|thread| {
            let text = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            text.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>()
        });
        children.collect()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_that_dies_takes_its_own_run_along_which_is_tried_again() {
        let folder = prepared(SWEEP, UPDATES);
        let study = start(folder.path(), "sweep.toml --out study --jobs 2 --device cpu");
        wait_for_runs(folder.path(), 2);
        signal("-KILL", workers(&study)[0]);
        let (code, out, error) = end(study);
        assert_eq!(code, Some(0), "{out}{error}");
        assert_eq!(error.matches("signal 9").count(), 1, "{error}");
        assert!(out.contains("4 runs finished") && !out.contains("failed"), "{out}");
        check_bits(folder.path(), "study");
    }
}
