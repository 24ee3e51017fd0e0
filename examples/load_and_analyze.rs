//! Load a trained network and look inside: selectivity of its units, a finer time step, a lesion.
//!
//! ```text
//! cargo run --release --example train_eirnn
//! cargo run --release --example load_and_analyze -- runs/train_eirnn
//! ```

use std::{ops::ControlFlow, path::PathBuf};

use clap::Parser;
use nn4n::{
    Checkpoint, Simulation,
    analysis::Selectivity,
    candle_core::Device,
    evaluate::{BehaviourOptions, behaviour, evaluate, populations},
    intervention::Intervention,
    models::NoiseKey,
    plot::TrialFigure,
    tasks::{Condition, Split, create, repeated},
};

/// Analyse a network trained by train_eirnn
#[derive(Parser)]
struct Args {
    /// A run directory or a checkpoint file
    #[arg(default_value = "runs/train_eirnn")]
    checkpoint: PathBuf,
    /// Where to write figures
    #[arg(long, default_value = "runs/analysis")]
    out: PathBuf,
    /// Few trials, to see that everything works
    #[arg(long)]
    quick: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let checkpoint = Checkpoint::load(&args.checkpoint)?;
    let (network, task) = (checkpoint.network(&Device::Cpu)?, checkpoint.task()?);
    let n_trials = if args.quick { 5 } else { 100 };

    // Hidden activity as ndarray: (trials, steps, units).
    let sides = [-0.128, 0.128].map(|coherence| Condition::new().with("coherence", coherence));
    let trials = repeated(task.as_ref(), Split::Test, 7, 0, &sides, n_trials)?;
    let recording = Simulation::new(&network).noise(NoiseKey::new(7, 0)).record(&trials.inputs)?;

    // Selectivity d' of each unit: difference of its mean rates over their standard deviation.
    let selectivity = Selectivity::of(recording.rates.view(), &trials, "coherence")?;
    for group in populations(network.units()) {
        let selective = group.units.iter().filter(|unit| selectivity.d_prime[**unit].abs() > 1.0).count();
        println!("{selective} of {} {} units have |d'| > 1", group.units.len(), group.name);
    }

    // The same network with a ten times finer step: what it learned must not depend on the step.
    let mut parameters = checkpoint.header.task.parameters.clone();
    parameters["dt"] = (task.dt() / 10.0).into();
    let fine = create(task.id(), Some(&parameters))?;
    for (network, task) in [(network.clone(), &task), (network.with_dt(fine.dt())?, &fine)] {
        let evaluation = evaluate(&network, task.as_ref(), n_trials.min(40), 3)?;
        println!("performance at dt = {} ms: {:.1} %", task.dt(), 100.0 * evaluation.performance.unwrap_or(0.0));
    }

    // A lesion, beside the same number of random other units.
    let lesion = [vec![Intervention::lesion("80-89")?]];
    let (per_condition, controls) = if args.quick { (3, 2) } else { (40, 10) };
    let options = BehaviourOptions { per_condition, controls, ..BehaviourOptions::default() };
    println!("{}", behaviour(&network, task.as_ref(), &lesion, options, |_| ControlFlow::Continue(()))?);

    let figure = args.out.join("trials.png");
    TrialFigure::of(task.as_ref(), &network, &trials, &recording, &[0, n_trials]).save(&figure)?;
    println!("figure: {}", figure.display());
    println!("next: cargo run --release -- analyze fixed-points {}", args.checkpoint.display());
    Ok(())
}
