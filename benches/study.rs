//! What a study of many runs costs beyond their training: the making of its files, its processes, what they tell each
//! other, and the reading of each run.toml.
//!
//! ```text
//! cost of a run = (seconds of `nn4n sweep --jobs 1` - seconds of the same trainings in one process) / runs
//! ```
//!
//! Each run is a single update of a small network. Both are timed in turn, in rounds of 100 runs, so that they see the
//! same disk; both have one thread. `cargo bench --bench study`; the goal is less than 20 ms.

use std::{
    env, fs,
    ops::ControlFlow,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use candle_core::Device;
use nn4n::{Existing, Experiment, RunDirectory, train::fit};

const ROUNDS: usize = 10;
const RUNS: usize = 100;

const RUN: &str = "[task]\nid = \"song2016/rdm_varstim\"\n[model]\nunits = 8\n[train]\nbatch_size = 2\nupdates = 1\n\
    validation = { every = 1, trials_per_condition = 1 }\n";

fn main() {
    // Read when the threads are made.
    const THREADS: &str = "RAYON_NUM_THREADS";
    if env::var(THREADS).as_deref() != Ok("1") {
        let program = env::current_exe().expect("its own path");
        let status = Command::new(program).env(THREADS, "1").status().expect("it starts");
        assert!(status.success());
        return;
    }
    let (mut alone, mut swept) = (0.0, 0.0);
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().expect("a folder");
        alone += seconds(|| (0..RUNS).for_each(|seed| train(folder.path(), seed)));
        fs::write(folder.path().join("run.toml"), RUN).expect("a file");
        fs::write(folder.path().join("sweep.toml"), format!("run = \"run.toml\"\nseeds = {RUNS}\n")).expect("a file");
        swept += seconds(|| sweep(folder.path()));
    }
    let each = |seconds: f64| 1e3 * seconds / (ROUNDS * RUNS) as f64;
    println!(
        "{} runs: {:.1} ms a run in a study, {:.1} ms of training alone, {:.1} ms beyond it",
        ROUNDS * RUNS,
        each(swept),
        each(alone),
        each(swept - alone)
    );
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

fn train(folder: &Path, seed: usize) {
    let experiment = Experiment::from_toml(&format!("seed = {seed}\n{RUN}")).expect("an experiment");
    let run = RunDirectory::open(folder.join(seed.to_string()), Existing::Keep).expect("a directory");
    fit(&experiment, None, &run, &Device::Cpu, |_| ControlFlow::Continue(())).expect("it trains");
}

fn sweep(folder: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nn4n"));
    command.args(["sweep", "sweep.toml", "--out", "study", "--jobs", "1", "--device", "cpu"]).current_dir(folder);
    assert!(command.stdout(Stdio::null()).status().expect("it starts").success());
}
