//! `nn4n tasks sample`

use std::{
    io::{self, BufWriter},
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};
use clap::Args;
use nn4n_tasks::{Task, Trial, TrialRng, longest_of_some};
use serde::{Serialize, Serializer, ser::SerializeSeq};

use super::{SplitName, trial_file::TrialFile};
use crate::cli::{
    output,
    setting::{Setting, parse_setting, task},
};
use crate::files::{Unfinished, folder_of, free_space, unwritten};
use crate::memory::{check, gib, trial_bytes};

/// Bytes of trials that are made before they are written, and how many trials at most.
const PART: u64 = 32 << 20;
const MOST_IN_A_PART: u64 = 1 << 14;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nn4n tasks sample song2016/rdm_varstim --batch 8 --seed 1 --out trials.npz\n  nn4n tasks \
        sample song2016/rdm_varstim --batch 1000 --out trials.mat    load(\"trials.mat\") in MATLAB\n\nThe conditions of \
        the trials are written beside the arrays, in trials.json."
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
    /// -1 for none), one array (B) for each variable of the trials, and of tasks about places trajectory (B,T+1,2);
    /// in the format that the name ends in
    #[arg(long, value_name = "TRIALS.npz|.mat|.h5")]
    out: PathBuf,
    /// Replace the files if they exist
    #[arg(long)]
    force: bool,
    /// Report in JSON
    #[arg(long)]
    json: bool,
}

/// What was written.
#[derive(Serialize)]
struct Report<'a> {
    trials: usize,
    /// Steps of the longest trial.
    steps: usize,
    arrays: &'a Path,
    conditions: &'a Path,
}

pub fn sample(args: &SampleArgs) -> Result<()> {
    let conditions_path = args.out.with_extension("json");
    if conditions_path == args.out {
        bail!(
            "--out {}: ends in .json, where the conditions are written; name an .npz, .mat or .h5 file",
            args.out.display()
        );
    }
    output::check_free(&args.out, args.force)?;
    output::check_free(&conditions_path, args.force)?;
    let task = task(&args.id, &args.settings)?;
    let steps = check_room(args, task.as_ref())?;
    let longest = write(args, task.as_ref(), steps, &conditions_path)?;
    if args.json {
        let report = Report { trials: args.batch, steps: longest, arrays: &args.out, conditions: &conditions_path };
        return output::json(&report);
    }
    output::text(&format!(
        "{} trials of at most {longest} steps in {}, their conditions in {}",
        args.batch,
        args.out.display(),
        conditions_path.display()
    ))
}

/// Refuses trials of which the memory does not hold one, or the disk not all. Returns the steps of one.
fn check_room(args: &SampleArgs, task: &dyn Task) -> Result<usize> {
    // Of no trials it refuses to make a batch.
    nn4n_tasks::batch(task, args.split.into(), args.seed, 0, args.batch.min(1))?;
    let steps = longest_of_some(task, args.split.into(), args.seed)?;
    let (n_inputs, n_outputs) = (task.inputs().len(), task.outputs().len());
    let few = trial_bytes(in_a_part(task, steps), steps, n_inputs, n_outputs);
    check("dt", &format!("a trial of {steps} steps"), few, "take a larger `dt`")?;
    // Each number is written twice: trial by trial, then joined.
    let needed = trial_bytes(args.batch, steps, n_inputs, n_outputs).saturating_mul(2);
    match free_space(folder_of(&args.out)) {
        Some(free) if free < needed => bail!(
            "--batch: sampling {} trials of {steps} steps takes about {} of disk, but {} has {} left; take fewer at a \
                time, each time with another --seed, or another --out",
            args.batch,
            gib(needed),
            folder_of(&args.out).display(),
            gib(free)
        ),
        _ => Ok(steps),
    }
}

/// How many trials are in memory at a time.
fn in_a_part(task: &dyn Task, steps: usize) -> usize {
    let one = trial_bytes(1, steps, task.inputs().len(), task.outputs().len()).max(1);
    (PART / one).clamp(1, MOST_IN_A_PART) as usize
}

/// Writes both files as the trials are made. Returns the steps of the longest.
fn write(args: &SampleArgs, task: &dyn Task, steps: usize, conditions_path: &Path) -> Result<usize> {
    let (split, count) = (args.split.into(), args.batch as u64);
    let mut arrays = TrialFile::create(&args.out)?;
    let unfinished = Unfinished::create(conditions_path).map_err(|error| unwritten(conditions_path, &error))?;
    let mut conditions = BufWriter::new(unfinished);
    let mut serializer = serde_json::Serializer::pretty(&mut conditions);
    let mut list = serializer.serialize_seq(Some(args.batch))?;
    for first in (0..count).step_by(in_a_part(task, steps)) {
        let part = first..count.min(first + in_a_part(task, steps) as u64);
        for (i, trial) in part.clone().zip(nn4n_tasks::trials(task, split, args.seed, 0, part)?) {
            let places = task.trajectory(split, None, &mut TrialRng::new(args.seed, split.name(), 0, i))?;
            arrays.append(&trial, places.as_ref())?;
            list.serialize_element(&described(&trial))?;
        }
    }
    list.end()?;
    let longest = arrays.longest();
    arrays.finish(task.dt())?;
    let finish = || conditions.into_inner().map_err(io::IntoInnerError::into_error)?.finish();
    finish().map_err(|error| unwritten(conditions_path, &error))?;
    Ok(longest)
}

/// What is beside the arrays: the variables, periods and correct choice of a trial.
#[derive(Serialize)]
struct DescribedTrial<'a> {
    condition: &'a nn4n_tasks::Condition,
    epochs: &'a [nn4n_tasks::Epoch],
    correct: Option<usize>,
}

fn described(trial: &Trial) -> DescribedTrial<'_> {
    DescribedTrial { condition: &trial.condition, epochs: &trial.epochs, correct: trial.correct }
}
