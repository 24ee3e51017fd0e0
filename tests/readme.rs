//! What the README says can be run is run, with fewer updates.

use std::{
    fs::{self, File},
    path::Path,
    process::Command,
};

use ndarray::Array3;
use ndarray_npy::NpzWriter;
use nn4n::Experiment;

const README: &str = include_str!("../README.md");

/// The fenced blocks of a language, in order.
fn blocks(language: &str) -> Vec<&'static str> {
    let mut rest = README;
    let mut found = Vec::new();
    while let Some(start) = rest.find("```") {
        let (head, tail) = rest[start + 3..].split_once('\n').expect("a fence has a line");
        let end = tail.find("```").expect("a fence is closed");
        if head == language {
            found.push(&tail[..end]);
        }
        rest = &tail[end + 3..];
    }
    found
}

/// The words of a line, of which those in quotes may have spaces.
fn words(line: &str) -> Vec<&str> {
    let parts = line.split('\'').enumerate();
    parts
        .flat_map(|(place, part)| if place % 2 == 1 { vec![part] } else { part.split_whitespace().collect() })
        .collect()
}

/// The commands that start with `program`, without their comments.
fn commands(program: &str) -> Vec<Vec<&'static str>> {
    let lines = blocks("text").into_iter().flat_map(str::lines);
    let words = lines.map(|line| words(line.split(" #").next().unwrap_or("")));
    words.filter(|words| words.first() == Some(&program)).collect()
}

fn write_own_data(path: &Path) {
    let mut npz = NpzWriter::new(File::create(path).expect("the folder is writable"));
    npz.add_array("inputs", &Array3::<f32>::ones((6, 10, 2))).expect("an array");
    npz.add_array("targets", &Array3::<f32>::zeros((6, 10, 1))).expect("an array");
    npz.finish().expect("an archive");
}

/// How the description of a sweep begins.
const SWEEP: &str = "# sweep.toml";

/// The sweep of the README, of fewer runs, and what it varies.
fn write_sweep(folder: &Path) {
    let sweep = blocks("toml").into_iter().find(|text| text.starts_with(SWEEP)).expect("a sweep");
    let fewer = sweep.replace("seeds = 5", "seeds = 1").replace("count = 20", "count = 1");
    assert_ne!(sweep, fewer);
    fs::write(folder.join("sweep.toml"), fewer).expect("the folder is writable");
    let run = "[task]\nid = \"song2016/rdm_varstim\"\n[train]\nupdates = 2\nbatch_size = 2\n";
    fs::write(folder.join("run.toml"), run).expect("the folder is writable");
}

#[test]
fn its_toml_is_a_valid_experiment() {
    let blocks = blocks("toml");
    assert!(!blocks.is_empty());
    for text in blocks.into_iter().filter(|text| !text.starts_with(SWEEP)) {
        Experiment::from_toml(text).expect("the README's experiment");
    }
}

#[test]
fn its_command_lines_run_in_order_and_its_python_reads_what_they_leave() {
    let folder = tempfile::tempdir().expect("a folder");
    write_own_data(&folder.path().join("mine.npz"));
    fs::write(folder.path().join("experiment.toml"), blocks("toml")[0]).expect("the folder is writable");
    write_sweep(folder.path());
    let commands = commands("nn4n");
    assert!(commands.len() >= 6, "{commands:?}");
    for words in commands {
        // What asks a hub is run by tests/hub.rs, which has one.
        if words.iter().any(|word| word.starts_with("hf:")) {
            continue;
        }
        // And what asks Slurm by tests/slurm.rs.
        if words.contains(&"slurm") {
            continue;
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_nn4n"));
        command.args(&words[1..]).current_dir(folder.path());
        match words[1] {
            "train" => command.args(["--updates", "2", "--device", "cpu"]),
            "eval" => command.args(["--trials", "2"]),
            "analyze" => match words[2] {
                "fixed-points" | "bifurcations" | "flow-field" => command.args(["--starts", "128"]),
                "interventions" => command.args(["--trials", "2", "--controls", "2"]),
                "structure" => command.args(["--trials", "2"]),
                _ => &mut command,
            },
            // Papers take minutes to hours, and tests/reproduce.rs has one of them: here options are looked at alone.
            "reproduce" if words[2] != "list" => command.arg("--help"),
            _ => &mut command,
        };
        let done = command.output().expect("the program starts");
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    }
    run_python(folder.path());
}

/// The outputs that it computes from the checkpoint must be those that `nn4n run` has written.
fn run_python(folder: &Path) {
    let Some(python) = crate::python::interpreter("the README's Python") else { return };
    let runs = format!("{}/runs/", folder.display());
    let program = format!(
        "import importlib.util, sys\n\
         if importlib.util.find_spec('safetensors') is None: sys.exit(print('no safetensors'))\n\
         {}\n\
         error = abs(z - numpy.load('runs/activity.npz')['outputs'][0, n - 1]).max()\n\
         assert error < 1e-5, error\n",
        blocks("python")[0]
    );
    let file = folder.join("readme.py");
    fs::write(&file, program.replace("runs/", &runs)).expect("the folder is writable");
    let done = crate::python::run(&python, &file.to_string_lossy(), &[]);
    if done.stdout.starts_with(b"no safetensors") {
        eprintln!("the README's Python did NOT run: it needs the package safetensors");
    }
}

#[test]
fn every_example_it_names_is_there() {
    let examples = commands("cargo");
    let names = examples.iter().filter_map(|words| words.iter().skip_while(|word| **word != "--example").nth(1));
    for name in names {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{name}.rs")).is_file(), "{name}");
    }
}

#[test]
fn a_task_of_ones_own_takes_at_most_eighty_lines() {
    assert!(include_str!("../examples/custom_task.rs").lines().count() <= 80);
}
