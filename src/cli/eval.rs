//! `nn4n eval`

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::{output, setting};
use crate::{
    Checkpoint, DeviceChoice,
    evaluate::{Evaluation, evaluate},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n eval runs/rdm
  nn4n eval runs/rdm/model.safetensors --trials 500 --json
  nn4n eval runs/rdm --task song2016/rdm_rt           another task of the same channels
  nn4n eval runs/data --data held_out.npz             trials of your own that it was not trained on
  nn4n eval hf:owner/repo@v1                          a checkpoint on the Hugging Face hub")]
pub struct EvalArgs {
    /// A checkpoint file, a run directory, a network of `nn4n zoo list`, or hf:owner/repo[@revision][/file]
    checkpoint: PathBuf,
    /// Another task than the one it was trained on
    #[arg(long, value_name = "ID")]
    task: Option<String>,
    /// Other trials of your own: an .npz or a task in TOML, as for `nn4n train --data`
    #[arg(long, value_name = "FILE.npz|FILE.toml", conflicts_with = "task")]
    data: Option<PathBuf>,
    /// Fresh trials of each condition
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    trials: u32,
    /// Seed of the trials and the noise
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// auto, cpu, cuda:N or metal
    #[arg(long, default_value = "auto", value_parser = super::parse_device)]
    device: DeviceChoice,
    /// Report in JSON
    #[arg(long)]
    json: bool,
}

pub fn eval(args: &EvalArgs) -> Result<()> {
    let checkpoint = Checkpoint::load(&args.checkpoint)?;
    let task = match (&args.task, &args.data) {
        // Every task of the registry can be run at the step of the network.
        (Some(id), _) => nn4n_tasks::create(id, Some(&serde_json::json!({ "dt": checkpoint.header.model.dt })))?,
        (None, Some(path)) => setting::own_data(path, Some(&checkpoint.header.task))?,
        (None, None) => checkpoint.task()?,
    };
    let network = checkpoint.network(&output::open_device(args.device)?)?;
    let evaluation = evaluate(&network, task.as_ref(), args.trials as usize, args.seed)?;
    if args.json { output::json(&evaluation) } else { print(&evaluation, args) }
}

fn print(evaluation: &Evaluation, args: &EvalArgs) -> Result<()> {
    output::text(&format!("task         {}", evaluation.task))?;
    if let Some(performance) = evaluation.performance {
        output::text(&format!("performance  {} of {} scored trials", output::percent(performance), evaluation.trials))?;
    }
    if let Some(error) = evaluation.rms_error {
        output::text(&format!("rms error    {error:.4}"))?;
    }
    if let Some(time) = evaluation.reaction_time {
        output::text(&format!("reaction     {time:.0} ms"))?;
    }
    for row in &evaluation.conditions {
        output::text(&format!("  {:>8}  {:>6} trials  {}", output::percent(row.performance), row.trials, row.condition))?;
    }
    output::text(&format!("next: nn4n inspect {}", args.checkpoint.display()))
}
