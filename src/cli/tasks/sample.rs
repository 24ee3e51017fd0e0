//! `nn4n tasks sample`

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use nn4n_tasks::{Task, TrialBatch};
use serde::Serialize;

use super::SplitName;
use crate::cli::{
    output,
    setting::{Setting, parse_setting, task},
};
use crate::files::write_atomically;
use crate::memory::{check, trial_bytes};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  nn4n tasks sample song2016/rdm_varstim --batch 8 --seed 1 --out trials.npz\n\nThe \
        conditions of the trials are written beside the arrays, in trials.json."
)]
pub struct SampleArgs {
    /// Id of the task
    id: String,
    /// Number of trials
    #[arg(long, value_name = "B", default_value_t = 20)]
    batch: usize,
    /// Seed of the trials
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// A parameter of the task, in JSON; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_setting)]
    settings: Vec<Setting>,
    /// Timing of the trials
    #[arg(long, value_enum, default_value = "train")]
    split: SplitName,
    /// Where to write inputs, targets, loss_mask (B,T,.), n_steps (B), dt (ms), correct (B; the output that should win,
    /// -1 for none), one array (B) for each variable of the trials, and of tasks about places trajectory (B,T+1,2)
    #[arg(long, value_name = "TRIALS.npz")]
    out: PathBuf,
    /// Replace the files if they exist
    #[arg(long)]
    force: bool,
}

pub fn sample(args: &SampleArgs) -> Result<()> {
    let conditions_path = args.out.with_extension("json");
    if conditions_path == args.out {
        bail!("--out {}: ends in .json, where the conditions are written; name an .npz file", args.out.display());
    }
    output::check_free(&args.out, args.force)?;
    output::check_free(&conditions_path, args.force)?;
    let task = task(&args.id, &args.settings)?;
    check_memory(args, task.as_ref())?;
    let trials = nn4n_tasks::batch(task.as_ref(), args.split.into(), args.seed, 0, args.batch)?;
    let places = nn4n_tasks::trajectories(task.as_ref(), args.split.into(), args.seed, 0, args.batch)?;
    write_atomically(&args.out, &nn4n_tasks::trial_file(&trials, task.dt(), places.as_ref())?)?;
    write_atomically(&conditions_path, &serde_json::to_vec_pretty(&described(&trials))?)?;
    let (count, steps, _) = trials.inputs.dim();
    output::text(&format!(
        "{count} trials of at most {steps} steps in {}, their conditions in {}",
        args.out.display(),
        conditions_path.display()
    ))
}

/// Refuses more trials than the machine has the memory for, as arrays and as the bytes of their file.
fn check_memory(args: &SampleArgs, task: &dyn Task) -> Result<()> {
    let steps = nn4n_tasks::batch(task, args.split.into(), args.seed, 0, 1)?.max_steps();
    let arrays = trial_bytes(args.batch, steps, task.inputs().len(), task.outputs().len());
    let what = format!("sampling {} trials of {steps} steps", args.batch);
    let remedy = "take fewer at a time, each time with another --seed";
    Ok(check("--batch", &what, arrays.saturating_mul(2), remedy)?)
}

/// What is beside the arrays: the variables, periods and correct choice of each trial.
#[derive(Serialize)]
struct DescribedTrial<'a> {
    condition: &'a nn4n_tasks::Condition,
    epochs: &'a [nn4n_tasks::Epoch],
    correct: Option<usize>,
}

fn described(trials: &TrialBatch) -> Vec<DescribedTrial<'_>> {
    let epochs_and_correct = trials.epochs.iter().zip(&trials.correct);
    let conditions = trials.conditions.iter();
    conditions
        .zip(epochs_and_correct)
        .map(|(condition, (epochs, correct))| DescribedTrial { condition, epochs, correct: *correct })
        .collect()
}
