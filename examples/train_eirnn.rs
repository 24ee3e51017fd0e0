//! The main path: train an excitatory/inhibitory network on perceptual decision making, save it, load it back, look at
//! it.
//!
//! ```text
//! cargo run --release --example train_eirnn                       seconds on two cores, after the build
//! cargo run --release --example train_eirnn --features cuda -- --device cuda:0     the same on a GPU
//! ```
//!
//! A network of this size is faster on a CPU, so that `--device auto` takes that: a GPU takes some microseconds to
//! start an operation, and an update has about 1,700 of them, one after the other.

use std::{path::PathBuf, sync::Arc};

use clap::Parser;
use nn4n::{
    Checkpoint, DeviceChoice, Existing, Experiment, RunDirectory, Simulation, TrainConfig,
    models::{ModelConfig, NoiseKey},
    plot::{LearningCurve, Psychometric, PsychometricPlan, TrialFigure, WeightMatrix},
    tasks::{Split, Task, balanced, song2016::RdmVarstim},
    terminal::progress_bar,
    train::{StopReason, fit},
};

/// Train an E/I network on the random-dot task of Song, Yang & Wang (2016)
#[derive(Parser)]
struct Args {
    /// Directory of the run
    #[arg(long, default_value = "runs/train_eirnn")]
    out: PathBuf,
    /// Replace a run that is there
    #[arg(long)]
    force: bool,
    /// Continue a run that was interrupted
    #[arg(long, conflicts_with = "force")]
    resume: bool,
    /// A few updates only, to see that everything works
    #[arg(long)]
    quick: bool,
    /// auto, cpu, cuda:N or metal
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    // What to learn, with what, and how. Change the task or the network here.
    let task: Arc<dyn Task> = Arc::new(RdmVarstim::default());
    let model = ModelConfig::ei(task.inputs().len(), 100, task.outputs().len());
    let train = if args.quick { TrainConfig { updates: 40, ..TrainConfig::default() } } else { TrainConfig::default() };
    let experiment = Experiment::new(task.clone(), model, train, 0)?;
    let (device, name) = args.device.open_for(experiment.work()?)?;
    println!("device: {name}");

    // Train until the task's criterion: here, mean performance over the last five validations above 85 %.
    let existing = match (args.resume, args.force) {
        (true, _) => Existing::Resume,
        (_, true) => Existing::Overwrite,
        _ => Existing::Keep,
    };
    let run = RunDirectory::open(&args.out, existing)?;
    let outcome = fit(&experiment, None, &run, &device, progress_bar())?;
    let out = run.path().display();
    if outcome.reason == StopReason::Interrupted {
        println!("next: cargo run --release --example train_eirnn -- --out {out} --resume");
        return Ok(());
    }

    // From here on only the file counts.
    let checkpoint = Checkpoint::load(run.path())?;
    let network = checkpoint.network(&device)?;
    let metrics: Vec<String> =
        checkpoint.header.metrics.iter().map(|(name, value)| format!("{name} {value:.3}")).collect();
    println!(
        "{} updates; saved is the best network, of update {}: {}",
        outcome.updates,
        checkpoint.header.train.updates,
        metrics.join(", ")
    );

    // The psychometric curve, if the task grades its evidence: what `nn4n plot psychometric` draws, too.
    let plan = PsychometricPlan { variable: None, per_value: if args.quick { 20 } else { 400 }, seed: 1 };
    if let Some(figure) = Psychometric::measured(&network, task.as_ref(), plan)? {
        println!("{:>10}  {:>10}  trials", "coherence", figure.choice);
        for point in figure.curves.iter().flat_map(|curve| &curve.points) {
            let chosen = 100.0 * point.n_choice_1 as f64 / point.n_trials as f64;
            println!("{:>8.1} %  {chosen:>8.1} %  {:>6}", 100.0 * point.value, point.n_trials);
        }
        figure.curves.iter().for_each(|curve| println!("{}", curve.fitted));
        figure.save(run.path().join("psychometric.png"))?;
    }

    // Fresh trials of every condition; three of them are drawn, all of them sort the units.
    let trials = balanced(task.as_ref(), Split::Test, 2, 0, 1)?;
    let recording = Simulation::new(&network).noise(NoiseKey::new(2, 0)).record(&trials.inputs)?;
    let shown = [1, trials.len() / 2, trials.len() - 1];
    TrialFigure::of(task.as_ref(), &network, &trials, &recording, &shown).save(run.path().join("trials.png"))?;
    WeightMatrix::of(&network)?.save(run.path().join("weights.png"))?;
    LearningCurve::of(&outcome.validations, Some(0.85)).save(run.path().join("learning.png"))?;
    println!("figures: {out}/*.png");
    println!("next: cargo run --release -- eval {out}");
    println!("      cargo run --release --example load_and_analyze -- {out}");
    Ok(())
}
