//! A network learns to reach with an arm: its outputs are torques at shoulder and elbow, and it feels its hand move.
//!
//! ```text
//! cargo run --release --example train_arm
//! ```

use std::{path::PathBuf, sync::Arc};

use clap::Parser;
use nn4n::{
    Checkpoint, Existing, Experiment, RunDirectory, Simulation, TrainConfig,
    evaluate::evaluate,
    models::ModelConfig,
    ndarray::s,
    penalty::{Penalty, Regulariser},
    plot::{LearningCurve, TrialFigure},
    tasks::{Criterion, Split, Task, balanced, motor::ArmReach},
    terminal::progress_bar,
    train::fit,
};

/// Train a network to reach to eight targets with a two-joint arm
#[derive(Parser)]
struct Args {
    /// Directory of the run
    #[arg(long, default_value = "runs/train_arm")]
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
    // The same eight targets, 20 cm away; steps of 20 ms are fine enough for this arm and halve the time.
    let task: Arc<dyn Task> = Arc::new(ArmReach { dt: 20.0, ..ArmReach::default() });
    let model =
        ModelConfig::vanilla(task.inputs().len(), 80, task.outputs().len()).dt(task.dt()).tau(60.0).sigma_rec(0.02);
    let mut train = TrainConfig { batch_size: Some(24), updates: 3000, ..TrainConfig::default() };
    train.regularisers = vec![Regulariser::new(Penalty::L2Rates {}, 1e-5)];
    train.validation.trials_per_condition = 6;
    train.stop.criterion = Some(Criterion::MinPerformance { threshold: 1.0 });
    if args.quick {
        train.updates = 3;
    }

    let existing = if args.force { Existing::Overwrite } else { Existing::Keep };
    let run = RunDirectory::open(&args.out, existing)?;
    let experiment = Experiment::new(task.clone(), model, train, 0)?;
    let (device, _) = nn4n::DeviceChoice::Auto.open_for(experiment.work()?)?;
    let outcome = fit(&experiment, None, &run, &device, progress_bar())?;

    let network = Checkpoint::load(run.path())?.network(&device)?;
    let evaluation = evaluate(&network, task.as_ref(), 20, 0)?;
    println!(
        "{} updates, error {:.1} mm, {:.1} % of reaches on target",
        outcome.updates,
        1000.0 * evaluation.rms_error.unwrap_or(0.0),
        100.0 * evaluation.performance.unwrap_or(0.0)
    );

    let trials = balanced(task.as_ref(), Split::Test, 1, 0, 1)?;
    let recording = Simulation::of(&network, task.as_ref()).record(&trials.inputs)?;
    println!("target (cm)        hand at the end (cm)");
    for (trial, &n_steps) in trials.n_steps.iter().enumerate() {
        let last =
            |array: &nn4n::ndarray::Array3<f32>| array.slice(s![trial, n_steps - 1, ..]).mapv(|x| 100.0 * x).to_vec();
        let (target, hand) = (last(&trials.targets), last(&recording.outputs));
        println!("{:6.1} {:6.1}      {:6.1} {:6.1}", target[0], target[1], hand[0], hand[1]);
    }
    TrialFigure::of(task.as_ref(), &network, &trials, &recording, &[1, 3, 5]).save(run.path().join("trials.png"))?;
    LearningCurve::of(&outcome.validations, None).save(run.path().join("learning.png"))?;
    println!("figures: {}/trials.png, learning.png", run.path().display());
    Ok(())
}
