//! `nn4n run`

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use ndarray::{Array2, Array3, ArrayD, Axis, Ix1, Ix2, Ix3, s};
use nn4n_models::NoiseKey;
use nn4n_tasks::{NpzFile, TrialNotes, motor::Plant, nan_padded_lengths};
use serde_json::json;

use super::{
    interventions::{self, InterventionArgs},
    output,
    subject::at_step,
};
use crate::{
    checkpoint::Checkpoint,
    device::{DeviceChoice, Work},
    intervention::{Altered, TrialTimes},
    simulate::{ActivityFile, Simulation},
    terminal::say,
    zoo,
};

#[derive(Debug, Args)]
#[command(after_help = format!("Examples:
  nn4n tasks sample song2016/rdm_varstim --batch 10 --out trials.npz
  nn4n run runs/rdm --inputs trials.npz --out activity.npz
  nn4n run runs/arm --inputs trials.npz --out torques.npz --open-loop
  nn4n run runs/rdm --inputs trials.npz --out lesioned.npz --lesion 0-9
  nn4n run runs/rdm --inputs trials.npz --out activity.mat       MATLAB 7.3: size(rates) is [trials steps units]
  python -c 'import numpy; print(numpy.load(\"activity.npz\")[\"rates\"].shape)'

{}

A file of inputs says no epochs: windows are in ms.", interventions::EXAMPLES))]
pub struct RunArgs {
    /// A checkpoint file, a run directory, a network of `nn4n zoo list`, or hf:owner/repo[@revision][/file]
    checkpoint: PathBuf,
    /// An .npz, .mat or .h5 with inputs (B,T,I), or (T,I) of one trial, and optionally the start states x0 (B,N) or (N), n_steps
    /// (B), dt (ms) and labels of the trials (B), which are passed on
    #[arg(long, value_name = "IN.npz|.mat|.h5")]
    inputs: PathBuf,
    /// Where to write outputs (B,T,O), states and rates (B,T,N), NaN after a trial's end, with n_steps, time_ms, dt and
    /// labels; of a network that was trained to drive an arm, the outputs are the places of the hand; in the format that
    /// the name ends in
    #[arg(long, value_name = "OUT.npz|.mat|.h5")]
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
    /// Simulate the network at another step, ms; the inputs must have this step
    #[arg(long, value_name = "MS")]
    dt: Option<f64>,
    #[command(flatten)]
    interventions: InterventionArgs,
    /// Replace OUT if it exists
    #[arg(long)]
    force: bool,
    /// auto, cpu, cuda:N or metal
    #[arg(long, default_value = "auto", value_parser = super::parse_device)]
    device: DeviceChoice,
}

pub fn run(args: &RunArgs) -> Result<()> {
    output::check_free(&args.out, args.force)?;
    let checkpoint = zoo::open(&args.checkpoint)?;
    let Given { inputs, x0, notes } = read(&args.inputs)?;
    let dt = args.dt.unwrap_or(checkpoint.header.model.dt);
    if let Some(stated) = notes.dt.filter(|stated| *stated != dt) {
        bail!(
            "{}: its steps are {stated} ms (`dt`), but the network is simulated at {dt} ms; give inputs of this step, \
            or simulate it at theirs with --dt {stated}",
            args.inputs.display()
        );
    }
    if inputs.dim().2 != checkpoint.header.model.inputs {
        bail!(
            "{}: inputs have {} channels, but the network has {}: {}",
            args.inputs.display(),
            inputs.dim().2,
            checkpoint.header.model.inputs,
            checkpoint.header.task.inputs.join(", ")
        );
    }
    let ((trials, steps, _), units) = (inputs.dim(), checkpoint.header.model.n_units());
    let work = Work::of_simulation(&checkpoint.header.model, trials, steps);
    let network = at_step(&checkpoint.network(&output::open_device(args.device, work)?)?, dt, args.noise)?;
    let altered = Altered::of(&network, &args.interventions.all())?;
    altered.applied.iter().for_each(|applied| say(&applied.to_string()));
    let mut simulation = Simulation::new(&altered.network);
    if !args.open_loop {
        simulation = simulation.plant(plant_of(&checkpoint, dt)?);
    }
    if args.noise {
        simulation = simulation.noise(NoiseKey::new(args.seed, 0));
    }
    let in_file = || args.inputs.display().to_string();
    if let Some(x0) = &x0 {
        simulation = simulation.x0(x0).with_context(in_file)?;
    }
    let lengths = notes.n_steps.clone().unwrap_or_else(|| vec![steps; trials]);
    let times = TrialTimes { dt, n_steps: &lengths, epochs: None };
    simulation = simulation.perturb(altered.perturbations(&times)?);
    let mut file = ActivityFile::of_trials(&args.out, dt, &notes, (trials, steps))?;
    simulation.record_in_parts(&inputs, |part| file.append(&part)).with_context(in_file)?;
    file.finish()?;
    output::text(&format!(
        "{trials} trials, {steps} steps, {units} units: outputs, states and rates in {}",
        args.out.display()
    ))
}

/// What the network was trained to drive, at this step; said on standard error.
fn plant_of(checkpoint: &Checkpoint, dt: f64) -> Result<Option<Plant>> {
    match checkpoint.task() {
        Ok(task) => {
            let Some(mut plant) = task.plant() else { return Ok(None) };
            if dt != task.dt() {
                let mut parameters = task.parameters();
                parameters["dt"] = json!(dt);
                let there = nn4n_tasks::create(task.id(), Some(&parameters)).with_context(|| format!("--dt {dt}"))?;
                plant = there.plant().unwrap_or(plant);
            }
            say(&format!(
                "driving the arm of `{}`, whose hand is in the outputs; --open-loop gives the network the inputs alone",
                task.id()
            ));
            Ok(Some(plant))
        }
        Err(_) if nn4n_tasks::ids().all(|id| id != checkpoint.header.task.id) => {
            say("the network is given the inputs alone, as its task is none of this program's");
            Ok(None)
        }
        Err(error) => {
            say(&format!(
                "the network is given the inputs alone, since nothing is known of what its task may drive: {error}"
            ));
            Ok(None)
        }
    }
}

/// What a file of inputs says.
struct Given {
    /// (trials, steps, inputs).
    inputs: Array3<f32>,
    /// (trials, units).
    x0: Option<Array2<f32>>,
    notes: TrialNotes,
}

/// What a file of inputs may hold beside labels of its trials; targets and their like are passed over.
const ARRAYS: [&str; 5] = ["inputs", "x0", "targets", "loss_mask", "correct"];

fn read(path: &Path) -> Result<Given> {
    let mut file = NpzFile::open(path)?;
    let inputs = file.require("inputs")?;
    let inputs = with_trials(&file, "inputs", inputs, "trials, steps, channels")?;
    let (trials, steps, _) = inputs.dim();
    let mut notes = TrialNotes::read(&mut file, (trials, steps), &ARRAYS)?;
    // Which output should win is known of each trial, too, and goes with the labels.
    if let Some(correct) = file.labels("correct")?.filter(|correct| correct.len() == trials) {
        notes.correct = Some(correct);
    }
    notes.n_steps = notes.n_steps.or_else(|| nan_padded_lengths(&inputs));
    let x0 = file.read("x0")?.map(|x0| start_states(&file, x0, trials)).transpose()?;
    let used = |trial: usize| notes.n_steps.as_ref().map_or(steps, |n_steps| n_steps[trial]);
    let mut inputs = inputs;
    for (trial, mut values) in inputs.outer_iter_mut().enumerate() {
        let n = used(trial);
        // What lies after a trial's end is not read, and must not spoil what does.
        values.slice_mut(s![n.., ..]).fill(0.0);
        if let Some(((step, channel), value)) = values.indexed_iter().find(|(_, value)| !value.is_finite()) {
            let problem = format!("is {value} at [{trial}, {step}, {channel}], but must be finite");
            let remedy = "clean the data, or end the trial before it with `n_steps`";
            return Err(file.refusal("inputs", problem, remedy.into()).into());
        }
    }
    if let Some(((trial, unit), value)) = x0.iter().flat_map(|x0| x0.indexed_iter()).find(|(_, x)| !x.is_finite()) {
        let problem = format!("is {value} at [{trial}, {unit}], but must be finite");
        return Err(file.refusal("x0", problem, "clean the data".into()).into());
    }
    Ok(Given { inputs, x0, notes })
}

/// The array with an axis of trials; one trial may be without it.
fn with_trials(file: &NpzFile, name: &str, array: ArrayD<f32>, axes: &str) -> Result<Array3<f32>> {
    let shape = array.shape().to_vec();
    let array = if shape.len() == 2 { array.insert_axis(Axis(0)) } else { array };
    array.into_dimensionality::<Ix3>().map_err(|_| {
        let problem = format!("has shape {shape:?}, but must be ({axes}), or of one trial without its axis");
        file.refusal(name, problem, "add or join axes".into()).into()
    })
}

/// The start states (trials, units); one is that of all trials.
fn start_states(file: &NpzFile, x0: ArrayD<f32>, trials: usize) -> Result<Array2<f32>> {
    let shape = x0.shape().to_vec();
    let one_for_all = match shape.len() {
        1 => x0.into_dimensionality::<Ix1>().ok().map(|x0| x0.insert_axis(Axis(0))),
        2 => x0.into_dimensionality::<Ix2>().ok(),
        _ => None,
    };
    let states = one_for_all.and_then(|x0| match x0.nrows() {
        1 => x0.broadcast((trials, x0.ncols())).map(|x0| x0.to_owned()),
        rows if rows == trials => Some(x0),
        _ => None,
    });
    states.ok_or_else(|| {
        let problem = format!("has shape {shape:?}, but must be ({trials} trials, units), or (units) for all trials");
        file.refusal("x0", problem, "give one state, or one for each trial".into()).into()
    })
}
