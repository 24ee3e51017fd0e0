//! A vanilla network learns the 3-bit flip-flop: to remember the sign of the last pulse on each of three channels.
//!
//! ```text
//! cargo run --release --example train_vanilla
//! ```

use std::{path::PathBuf, sync::Arc};

use clap::Parser;
use nn4n::{
    Checkpoint, Existing, Experiment, RunDirectory, Simulation, TrainConfig,
    evaluate::evaluate,
    models::{Activation, Init, MatrixConfig, ModelConfig, Start},
    plot::{LearningCurve, TrialFigure},
    tasks::{Split, Task, batch, golub2018::FlipFlop},
    terminal::progress_bar,
    train::fit,
};

/// Train a vanilla network on the 3-bit flip-flop of Golub & Sussillo (2018)
#[derive(Parser)]
struct Args {
    /// Directory of the run
    #[arg(long, default_value = "runs/train_vanilla")]
    out: PathBuf,
    /// Replace a run that is there
    #[arg(long)]
    force: bool,
    /// A few updates only, to see that everything works
    #[arg(long)]
    quick: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    // tanh units without noise; with tau = dt they are the discrete-time units of the source.
    let task: Arc<dyn Task> = Arc::new(FlipFlop { rms_error: 0.05, ..FlipFlop::default() });
    let model = ModelConfig::vanilla(3, 64, 3)
        .dt(task.dt())
        .tau(task.dt())
        .activation(Activation::Tanh)
        .sigma_rec(0.0)
        .autapses(true)
        .start(Start::Zero)
        .w_in(MatrixConfig { init: Some(Init::Normal(1.0)), ..MatrixConfig::default() });
    let mut train = TrainConfig { batch_size: Some(64), updates: 3000, ..TrainConfig::default() };
    train.validation.trials_per_condition = 128;
    if args.quick {
        train.updates = 20;
    }

    let existing = if args.force { Existing::Overwrite } else { Existing::Keep };
    let run = RunDirectory::open(&args.out, existing)?;
    let experiment = Experiment::new(task.clone(), model, train, 0)?;
    let (device, _) = nn4n::DeviceChoice::Auto.open_for(experiment.work()?)?;
    let outcome = fit(&experiment, None, &run, &device, progress_bar())?;

    let network = Checkpoint::load(run.path())?.network(&device)?;
    let evaluation = evaluate(&network, task.as_ref(), 500, 0)?;
    let right = evaluation.performance.unwrap_or(0.0);
    println!(
        "{} updates, error {:.3}, all bits right in {:.1} % of trials",
        outcome.updates,
        evaluation.rms_error.unwrap_or(0.0),
        100.0 * right
    );

    // Trials with fewer pulses than it was trained on show the memory best.
    let trials = batch(&FlipFlop { p_pulse: 0.05, ..FlipFlop::default() }, Split::Test, 1, 0, 2)?;
    let recording = Simulation::new(&network).record(&trials.inputs)?;
    TrialFigure::of(task.as_ref(), &network, &trials, &recording, &[0, 1]).save(run.path().join("trials.png"))?;
    LearningCurve::of(&outcome.validations, None).save(run.path().join("learning.png"))?;
    let out = run.path().display();
    println!("figures: {out}/trials.png, learning.png");
    println!("next: cargo run --release -- inspect {out}");
    Ok(())
}
