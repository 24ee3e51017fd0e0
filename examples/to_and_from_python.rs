//! A trained network in Rust and in Python: tensors as arrays without a copy, activity as .npz, the network itself as a
//! NumPy program.
//!
//! ```text
//! cargo run --release --example to_and_from_python
//! ```

use std::{env, fs, path::PathBuf, process::Command, sync::Arc};

use clap::Parser;
use nn4n::{
    Checkpoint, Existing, Experiment, Recording, RunDirectory, Simulation, TrainConfig,
    export::{Format, export},
    models::ModelConfig,
    tasks::{Split, batch, create, trial_file},
    terminal::progress_bar,
    train::fit,
};

/// Take a network to Python and bring its activity back
#[derive(Parser)]
struct Args {
    /// Directory of the run and of the files for Python
    #[arg(long, default_value = "runs/to_and_from_python")]
    out: PathBuf,
    /// A Python that has NumPy; NN4N_PYTHON in the environment names one, too
    #[arg(long, default_value_os_t = env::var_os("NN4N_PYTHON").map_or("python3".into(), PathBuf::from))]
    python: PathBuf,
    /// Replace a run that is there
    #[arg(long)]
    force: bool,
    /// A few updates only, to see that everything works
    #[arg(long)]
    quick: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let task: Arc<dyn nn4n::tasks::Task> = create("song2016/rdm_varstim", None)?.into();
    let train = TrainConfig { updates: if args.quick { 5 } else { 500 }, ..TrainConfig::default() };
    let existing = if args.force { Existing::Overwrite } else { Existing::Keep };
    let run = RunDirectory::open(&args.out, existing)?;
    let experiment = Experiment::new(task.clone(), ModelConfig::ei(3, 50, 2), train, 0)?;
    let (device, _) = nn4n::DeviceChoice::Auto.open_for(experiment.work()?)?;
    fit(&experiment, None, &run, &device, progress_bar())?;
    let checkpoint = Checkpoint::load(run.path())?;

    // A tensor as an array: the memory is the tensor's own, so nothing is copied however large it is.
    let w_rec = checkpoint.array::<f32>("w_rec")?;
    let excitation = w_rec.view().iter().filter(|weight| **weight > 0.0).sum::<f32>();
    println!("excitatory weights add up to {excitation:.2}, all weights to {:.2}", w_rec.view().sum());

    // To Python: trials, what the network does in them, and the network.
    let file = |name: &str| run.path().join(name);
    let trials = batch(task.as_ref(), Split::Test, 1, 0, 10)?;
    fs::write(file("trials.npz"), trial_file(&trials, task.dt(), None)?)?;
    let here = Simulation::new(&checkpoint.network(&device)?).record(&trials.inputs)?;
    here.save(file("activity.npz"))?;
    fs::write(file("network.py"), export(&checkpoint, Format::Numpy)?)?;
    println!("in Python: numpy.load(\"{}\")[\"rates\"]", file("activity.npz").display());

    // And back: the program runs the same trials, and what it writes is a recording like any other.
    let mut python = Command::new(&args.python);
    python.arg(file("network.py")).arg(file("trials.npz")).arg(file("from_python.npz"));
    if !python.status().is_ok_and(|status| status.success()) {
        println!("{} has no NumPy; with one that has: {python:?}", args.python.display());
        return Ok(());
    }
    let there = Recording::load(file("from_python.npz"))?;
    let difference =
        (&here.rates - &there.rates).iter().fold(0f32, |largest, difference| largest.max(difference.abs()));
    println!("largest difference between the rates of Rust and of NumPy: {difference:.1e}");
    println!("next: cargo run --release -- export {} --help", run.path().display());
    Ok(())
}
