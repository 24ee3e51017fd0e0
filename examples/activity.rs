//! How many directions does activity take, and when can the choice be read from it? Of a trained network, or of neurons.
//!
//! ```text
//! cargo run --release --example activity
//! cargo run --release --example activity -- --activity neurons.npz --variable side
//! cargo run --release -- analyze decoding song2016-rdm-ei --variable coherence --out runs/decoding
//! ```

use std::{ops::ControlFlow, path::PathBuf};

use clap::Parser;
use nn4n::{
    analysis::{
        Activity,
        decoding::{Decoding, Settings},
        geometry::{
            Pca,
            pca::{self, States},
        },
    },
    candle_core::Device,
    evaluate::{TrialPlan, activity, recorded},
    intervention::Altered,
    plot::{TimeCourses, TimeLine, TimePanel},
    zoo,
};

/// Components of activity, and what can be decoded from it
#[derive(Parser)]
struct Args {
    /// A network of `nn4n zoo list`, a run directory or a checkpoint file
    #[arg(default_value = "song2016-rdm-ei")]
    checkpoint: PathBuf,
    /// Recorded activity in place of the network: rates (trials, steps, units), dt, and variables of the trials
    #[arg(long, conflicts_with = "checkpoint")]
    activity: Option<PathBuf>,
    /// The variable that is decoded
    #[arg(long, default_value = "chose_first")]
    variable: String,
    /// Where to write the figure
    #[arg(long, default_value = "runs/activity")]
    out: PathBuf,
    /// Few trials, to see that everything works
    #[arg(long)]
    quick: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let found = match &args.activity {
        Some(file) => recorded(file, None)?.activity,
        None => of_network(&args)?,
    };
    println!("{} trials, {} units", found.trials().len(), found.units());

    let states = States::of_samples(found.samples(None)?, found.dt());
    let components = Pca::of(states, &pca::Settings::plain(), &mut |_| ControlFlow::Continue(()))?;
    println!(
        "participation ratio {:.2}; {} components hold 90 % of the variance",
        components.participation_ratio, components.components_90
    );

    // Decoders are trained and tested on different trials; what shuffled labels reach is chance.
    let shuffles = if args.quick { 20 } else { 200 };
    let settings = Settings { shuffles, steps_in_bin: 5, ..Settings::of_classes(&args.variable) };
    let decoding = Decoding::of(&found, &settings, &mut |_| {})?;
    let course = &decoding.course;
    for (bin, time) in decoding.time_ms.iter().enumerate().step_by(10) {
        let (value, chance, p) = (course.value[bin], course.chance_high[bin], course.p[bin]);
        println!("{time:7.0} ms  {} {value:.3}  (97.5 % of shuffles below {chance:.3}, p = {p:.3})", course.measure);
    }

    let line = |name: &str, values: &[f64]| TimeLine { name: name.into(), values: values.to_vec() };
    let lines = vec![line("decoded", &course.value), line("97.5 % of shuffles", &course.chance_high)];
    let figure = TimeCourses {
        dt: found.dt() * settings.steps_in_bin as f64,
        epochs: Vec::new(),
        quantity: "Balanced accuracy".into(),
        panels: vec![TimePanel { title: args.variable.clone(), lines }],
        share_y: false,
    };
    figure.save(args.out.join("decoding.png"))?;
    println!("figure: {}", args.out.display());
    println!(
        "next: nn4n analyze decoding {} --variable {} --out runs/decoding",
        args.checkpoint.display(),
        args.variable
    );
    Ok(())
}

/// The activity of a network in fresh trials of its task, with its noise: trials without noise are copies.
fn of_network(args: &Args) -> anyhow::Result<Activity> {
    let checkpoint = zoo::open(&args.checkpoint)?;
    let (network, task) = (checkpoint.network(&Device::Cpu)?, checkpoint.task()?);
    let per_condition = if args.quick { 10 } else { 50 };
    let plan = TrialPlan { conditions: task.conditions(), per_condition, seed: 0, noise: true };
    Ok(activity(&Altered::of(&network, &[])?, task.as_ref(), &plan)?)
}
