//! What are the inhibitory units of a decision network for? Lesions, silence in the stimulus and injected currents, each
//! beside random controls; and a lesioned network as a file.
//!
//! ```text
//! cargo run --release --example lesion
//! cargo run --release -- eval runs/lesion/model.safetensors
//! ```

use std::{fs, ops::ControlFlow, path::PathBuf};

use clap::Parser;
use nn4n::{
    candle_core::Device,
    evaluate::{BehaviourOptions, behaviour},
    intervention::{Altered, Intervention},
    serde_json, zoo,
};

/// Take a network apart by what happens without its parts
#[derive(Parser)]
struct Args {
    /// A network of `nn4n zoo list`, a run directory or a checkpoint file
    #[arg(default_value = "song2016-rdm-ei")]
    checkpoint: PathBuf,
    /// Where to write the table and the lesioned network
    #[arg(long, default_value = "runs/lesion")]
    out: PathBuf,
    /// Few trials and controls, to see that everything works
    #[arg(long)]
    quick: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let checkpoint = zoo::open(&args.checkpoint)?;
    let (network, task) = (checkpoint.network(&Device::Cpu)?, checkpoint.task()?);
    let (per_condition, controls) = if args.quick { (3, 2) } else { (50, 20) };

    let rows = [
        vec![Intervention::lesion("0-9")?],
        vec![Intervention::lesion("80-89")?],
        vec![Intervention::lesion("inhibitory->inhibitory")?],
        vec![Intervention::silence("80-84@stimulus")?],
        vec![Intervention::inject("0.2:excitatory@stimulus")?],
        vec![Intervention::WeightNoise { sd: 0.1, seed: 0 }],
    ];
    let options = BehaviourOptions { per_condition, controls, ..BehaviourOptions::default() };
    let table = behaviour(&network, task.as_ref(), &rows, options, |progress| {
        eprintln!("{} of {}: {}", progress.done + 1, progress.total, progress.row);
        ControlFlow::Continue(())
    })?;

    println!("{table}");

    // A lesioned network is a network like any other.
    let lesioned = Altered::of(&network, &rows[1])?.network;
    fs::create_dir_all(&args.out)?;
    fs::write(args.out.join("behaviour.json"), serde_json::to_string_pretty(&table)?)?;
    checkpoint.with_network(&lesioned)?.save(args.out.join("model.safetensors"))?;
    println!("next: nn4n eval {}", args.out.join("model.safetensors").display());
    Ok(())
}
