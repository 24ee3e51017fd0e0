//! How does a network remember three bits? Its fixed points, what they do to small perturbations, and where saddles lead.
//!
//! ```text
//! cargo run --release --example fixed_points
//! cargo run --release -- analyze fixed-points flip-flop-3bit --out runs/flip_flop
//! ```

use std::{ops::ControlFlow, path::PathBuf};

use clap::Parser;
use nn4n::{
    analysis::{FixedPoints, HeldInput, Network, fixed_points::Settings, fixed_points::starts},
    candle_core::Device,
    ndarray::s,
    plot::{Projection, StateSpace, StateSpaceText},
    tasks::{Split, noise_free},
    zoo,
};

/// Find where a trained network stands still
#[derive(Parser)]
struct Args {
    /// A network of `nn4n zoo list`, a run directory or a checkpoint file
    #[arg(default_value = "flip-flop-3bit")]
    checkpoint: PathBuf,
    /// Where to write figures
    #[arg(long, default_value = "runs/fixed_points")]
    out: PathBuf,
    /// Few starts, to see that everything works
    #[arg(long)]
    quick: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let checkpoint = zoo::open(&args.checkpoint)?;
    let network = Network::of(&checkpoint.network(&Device::Cpu)?)?;
    let task = checkpoint.task()?;
    let trials = noise_free(task.as_ref(), Split::Test, 0, 0, &task.conditions(), 20)?;

    // The input that holds at the most steps, and the states that trials visit meanwhile, with noise around them.
    let held = HeldInput::most(&trials)?;
    let n_starts = if args.quick { 64 } else { 1024 };
    let starts = starts::around(held.states(&network, &trials)?.view(), n_starts, 0.5, 0)?;
    let driven = network.under(&held.input)?;
    let found = FixedPoints::find(&driven, &held.input, starts.view(), &Settings::default(), &mut |_| {
        ControlFlow::Continue(())
    })?;
    println!("{} fixed points, {} stable; index sum {:?}", found.fixed().count(), found.n_stable(), found.index_sum);
    for point in found.fixed() {
        let outputs: Vec<String> = point.outputs.iter().map(|z| format!("{z:6.2}")).collect();
        let (modes, tau) = (point.unstable_dimensions, point.time_constants_ms[0]);
        println!("  {modes} growing modes, the slowest takes {tau:7.1} ms, outputs {}", outputs.join(" "));
    }
    let ways = found.connections(&driven);
    println!(
        "{} ways out of saddles, {} of them to another point",
        ways.len(),
        ways.iter().filter(|w| w.to.is_some()).count()
    );

    // Among trajectories, along the directions in which these vary the most.
    let trajectory = |trial| network.run(trials.inputs.slice(s![trial, ..trials.n_steps[trial], ..]), network.x0());
    let trajectories = (0..8.min(trials.len())).map(trajectory).collect::<Result<Vec<_>, _>>()?;
    let projection = Projection::principal(&trajectories, 3)?;
    let figure = StateSpace::of(&projection, &found, &ways, &trajectories)?;
    figure.save(args.out.join("fixed_points.png"))?;
    let text = StateSpaceText::of("Fixed points", task.id(), &found.points);
    figure.save_html(args.out.join("fixed_points.html"), &text)?;
    println!("figures: {}", args.out.display());
    println!("next: nn4n analyze flow-field {} --out runs/flow", args.checkpoint.display());
    Ok(())
}
