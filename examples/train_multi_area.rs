//! A sensory and a motor area, joined by excitatory projections, learn context-dependent integration.
//!
//! ```text
//! cargo run --release --example train_multi_area
//! ```

use std::{path::PathBuf, sync::Arc};

use clap::Parser;
use nn4n::{
    Checkpoint, Existing, Experiment, RunDirectory, TrainConfig,
    evaluate::evaluate,
    models::{Area, Density, ModelConfig, MultiAreaCtrnn},
    plot::{LearningCurve, WeightMatrix},
    tasks::{Task, song2016::ManteAreas},
    terminal::progress_bar,
    train::fit,
};

/// Train a two-area E/I network on the context task of Song, Yang & Wang (2016)
#[derive(Parser)]
struct Args {
    /// Directory of the run
    #[arg(long, default_value = "runs/train_multi_area")]
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
    // Inhibition is local. Sensory to motor is dense, motor to sensory sparse. By default the first area gets the input
    // and excitatory units of the last one are read out.
    let task: Arc<dyn Task> = Arc::new(ManteAreas::default());
    let model = ModelConfig::multi_area(6, 2, [Area::ei("sensory", 75, 0.8), Area::ei("motor", 75, 0.8)])
        .feedforward(Density::excitatory(1.0))
        .feedback(Density::excitatory(0.2));
    let mut train = TrainConfig { batch_size: Some(50), ..TrainConfig::default() };
    train.validation.trials_per_condition = 10;
    if args.quick {
        (train.updates, train.validation.trials_per_condition) = (5, 1);
    }

    let existing = if args.force { Existing::Overwrite } else { Existing::Keep };
    let run = RunDirectory::open(&args.out, existing)?;
    let experiment = Experiment::new(task.clone(), model, train, 0)?;
    let (device, _) = nn4n::DeviceChoice::Auto.open_for(experiment.work()?)?;
    let outcome = fit(&experiment, None, &run, &device, progress_bar())?;

    let network = MultiAreaCtrnn::try_from(Checkpoint::load(run.path())?.network(&device)?)?;
    let evaluation = evaluate(&network, task.as_ref(), if args.quick { 1 } else { 20 }, 0)?;
    println!("{} updates, performance {:.1} %", outcome.updates, 100.0 * evaluation.performance.unwrap_or(0.0));
    for (from, to) in [("sensory", "sensory"), ("sensory", "motor"), ("motor", "sensory"), ("motor", "motor")] {
        let strength = network.projection(from, to)?.abs()?.mean_all()?.to_scalar::<f32>()?;
        println!("{from:>8} -> {to:<8} mean strength {strength:.4}");
    }

    WeightMatrix::of(&network)?.save(run.path().join("weights.png"))?;
    LearningCurve::of(&outcome.validations, Some(0.9)).save(run.path().join("learning.png"))?;
    let out = run.path().display();
    println!("figures: {out}/weights.png, learning.png");
    println!("next: cargo run --release -- eval {out}");
    Ok(())
}
