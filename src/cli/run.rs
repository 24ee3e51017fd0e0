//! `nn4n run`

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use ndarray::{Array2, Array3, Ix2, Ix3};
use nn4n_models::NoiseKey;
use nn4n_tasks::{NpzFile, motor::Plant};

use super::output;
use crate::{
    checkpoint::Checkpoint,
    device::{DeviceChoice, Work},
    simulate::Simulation,
    terminal::say,
    zoo,
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n tasks sample song2016/rdm_varstim --batch 10 --out trials.npz
  nn4n run runs/rdm --inputs trials.npz --out activity.npz
  nn4n run runs/arm --inputs trials.npz --out torques.npz --open-loop
  python -c 'import numpy; print(numpy.load(\"activity.npz\")[\"rates\"].shape)'")]
pub struct RunArgs {
    /// A checkpoint file, a run directory, a network of `nn4n zoo list`, or hf:owner/repo[@revision][/file]
    checkpoint: PathBuf,
    /// An .npz with inputs (B,T,I), and optionally the start states x0 (B,N)
    #[arg(long, value_name = "IN.npz")]
    inputs: PathBuf,
    /// Where to write outputs (B,T,O), states and rates (B,T,N); of a network that was trained to drive an arm, the
    /// outputs are the places of the hand
    #[arg(long, value_name = "OUT.npz")]
    out: PathBuf,
    /// Give the network these inputs alone, and write its own outputs, even if it was trained to drive an arm that it
    /// feels
    #[arg(long)]
    open_loop: bool,
    /// Switch the network's noise on
    #[arg(long)]
    noise: bool,
    /// Seed of the noise
    #[arg(long, default_value_t = 0, requires = "noise")]
    seed: u64,
    /// Replace OUT.npz if it exists
    #[arg(long)]
    force: bool,
    /// auto, cpu, cuda:N or metal
    #[arg(long, default_value = "auto", value_parser = super::parse_device)]
    device: DeviceChoice,
}

pub fn run(args: &RunArgs) -> Result<()> {
    output::check_free(&args.out, args.force)?;
    let checkpoint = zoo::open(&args.checkpoint)?;
    let (inputs, x0) = read(&args.inputs)?;
    if inputs.dim().2 != checkpoint.header.model.inputs {
        bail!(
            "{}: inputs have {} channels, but the network has {}: {}",
            args.inputs.display(),
            inputs.dim().2,
            checkpoint.header.model.inputs,
            checkpoint.header.task.inputs.join(", ")
        );
    }
    let (trials, steps, _) = inputs.dim();
    let work = Work::of_simulation(&checkpoint.header.model, trials, steps);
    let network = checkpoint.network(&output::open_device(args.device, work)?)?;
    let mut simulation = Simulation::new(&network);
    if !args.open_loop {
        simulation = simulation.plant(plant_of(&checkpoint));
    }
    if args.noise {
        simulation = simulation.noise(NoiseKey::new(args.seed, 0));
    }
    let in_file = || args.inputs.display().to_string();
    if let Some(x0) = &x0 {
        simulation = simulation.x0(x0).with_context(in_file)?;
    }
    let recording = simulation.record(&inputs).with_context(in_file)?;
    recording.save(&args.out)?;
    let (trials, steps, units) = recording.rates.dim();
    output::text(&format!(
        "{trials} trials, {steps} steps, {units} units: outputs, states and rates in {}",
        args.out.display()
    ))
}

/// What the network was trained to drive, said on standard error.
fn plant_of(checkpoint: &Checkpoint) -> Option<Plant> {
    match checkpoint.task() {
        Ok(task) => {
            let plant = task.plant()?;
            say(&format!(
                "driving the arm of `{}`, whose hand is in the outputs; --open-loop gives the network the inputs alone",
                task.id()
            ));
            Some(plant)
        }
        Err(error) => {
            say(&format!(
                "the network is given the inputs alone, since nothing is known of what its task may drive: {error}"
            ));
            None
        }
    }
}

fn read(path: &std::path::Path) -> Result<(Array3<f32>, Option<Array2<f32>>)> {
    let mut file = NpzFile::open(path)?;
    let inputs = file.require("inputs")?;
    let shape = inputs.shape().to_vec();
    let inputs = inputs.into_dimensionality::<Ix3>().with_context(|| {
        format!("{}: inputs have shape {shape:?}, but must be (batch, steps, channels)", path.display())
    })?;
    let x0 =
        match file.read("x0")? {
            Some(x0) => {
                let shape = x0.shape().to_vec();
                Some(x0.into_dimensionality::<Ix2>().with_context(|| {
                    format!("{}: x0 has shape {shape:?}, but must be (batch, units)", path.display())
                })?)
            }
            None => None,
        };
    for (name, bad) in [
        ("inputs", inputs.iter().position(|v| !v.is_finite())),
        ("x0", x0.iter().flatten().position(|v| !v.is_finite())),
    ] {
        if let Some(index) = bad {
            bail!(
                "{}: {name} must be finite, but element {index} (in row-major order) is not; clean the data",
                path.display()
            );
        }
    }
    Ok((inputs, x0))
}
