//! Load a trained network and look inside: selectivity of its units, its spectrum, a finer time step, a lesion.
//!
//! ```text
//! cargo run --release --example train_eirnn
//! cargo run --release --example load_and_analyze -- runs/train_eirnn
//! ```

use std::path::PathBuf;

use clap::Parser;
use nn4n::{
    Checkpoint, Simulation,
    candle_core::Device,
    evaluate::evaluate,
    models::{CellType, NoiseKey},
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

    // Selectivity d' of each unit: difference of the mean rates at the last step over their standard deviation.
    let last = |trial: usize, unit: usize| f64::from(recording.rates[[trial, trials.n_steps[trial] - 1, unit]]);
    let moments = |range: std::ops::Range<usize>, unit: usize| {
        let n = range.len() as f64;
        let mean = range.clone().map(|trial| last(trial, unit)).sum::<f64>() / n;
        (mean, range.map(|trial| (last(trial, unit) - mean).powi(2)).sum::<f64>() / n)
    };
    let mut selective = [0usize; 2];
    for unit in 0..network.units().len() {
        let ((left, left_variance), (right, right_variance)) =
            (moments(0..n_trials, unit), moments(n_trials..2 * n_trials, unit));
        let deviation = ((left_variance + right_variance) / 2.0).sqrt();
        if deviation > 0.0 && (right - left).abs() / deviation > 1.0 {
            selective[usize::from(network.units().cell_types[unit] == Some(CellType::Inhibitory))] += 1;
        }
    }
    println!("units with |d'| > 1 at the decision: {} E, {} I", selective[0], selective[1]);

    // The same network with a ten times finer step: what it learned must not depend on the step.
    let mut parameters = checkpoint.header.task.parameters.clone();
    parameters["dt"] = (task.dt() / 10.0).into();
    let fine = create(task.id(), Some(&parameters))?;
    for (network, task) in [(network.clone(), &task), (network.with_dt(fine.dt())?, &fine)] {
        let evaluation = evaluate(&network, task.as_ref(), n_trials.min(40), 3)?;
        println!("performance at dt = {} ms: {:.1} %", task.dt(), 100.0 * evaluation.performance.unwrap_or(0.0));
    }

    // A lesion: silence the outgoing recurrent weights of all inhibitory units.
    let mut lesioned = checkpoint.clone();
    let w_rec = lesioned.tensors["w_rec"].relu()?;
    lesioned.tensors.insert("w_rec".into(), w_rec);
    let performance = evaluate(&lesioned.network(&Device::Cpu)?, task.as_ref(), n_trials.min(40), 3)?.performance;
    println!("performance without recurrent inhibition: {:.1} %", 100.0 * performance.unwrap_or(0.0));

    let figure = args.out.join("trials.png");
    TrialFigure::of(task.as_ref(), &network, &trials, &recording, &[0, n_trials]).save(&figure)?;
    println!("figure: {}", figure.display());
    println!("next: cargo run --release -- run {} --help", args.checkpoint.display());
    Ok(())
}
