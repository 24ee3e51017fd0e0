//! The activity of a network at its task, and what it chose there, for analyses that take both.
//!
//! To the variables of each trial these are added, where a trial has them:
//!
//! | variable | is |
//! |---|---|
//! | `choice` | the name of the output that won |
//! | `chose_first` | whether the first of two alternatives was chosen, the one that positive evidence speaks for |
//! | `was_right` | whether the answer was right |
//! | `reaction_time` | ms |

use ndarray::Array3;
use nn4n_analysis::{Activity, AnalysisError, activity::Trials, dynamics::RUNAWAY};
use nn4n_models::NoiseKey;
use nn4n_tasks::{
    Condition, Split, Task, TrialBatch, longest_of_some, noise_free, repeated, repeated_trajectories, scores,
};

use super::{EVALUATION, check_bounded, check_memory, finite_outputs};
use crate::{
    error::{Error, Result},
    experiment::check_fit,
    intervention::{Altered, TrialTimes},
    memory::{bytes_of, check},
    simulate::{Recording, Simulation},
};

/// The variables that are added.
pub const ADDED: [&str; 4] = ["choice", "chose_first", "was_right", "reaction_time"];

/// What is known beside of outcomes alone: the name of the answer that would have been right, where there is one.
pub const RIGHT_CHOICE: &str = "right_choice";

/// Which trials are simulated.
#[derive(Clone, Debug)]
pub struct TrialPlan {
    /// The conditions, such as those of the task.
    pub conditions: Vec<Condition>,
    /// Trials of each.
    pub per_condition: usize,
    /// Seed of the trials and of the noise.
    pub seed: u64,
    /// Whether the noise of inputs and units is on.
    pub noise: bool,
}

/// What a network did in trials, without its activity.
#[derive(Clone, Debug)]
pub struct Outcomes {
    /// With what was chosen, and of networks with [`RIGHT_CHOICE`].
    pub trials: Trials,
    /// (trials, steps, inputs); 0 after a trial's end.
    pub inputs: Array3<f32>,
    /// Names of the inputs.
    pub channels: Vec<String>,
    /// The step, ms.
    pub dt: f64,
}

/// What the network chose in these trials.
///
/// # Errors
/// If the network does not fit the task, there are too many trials for the memory, or its outputs are not finite.
pub fn outcomes(altered: &Altered, task: &dyn Task, plan: &TrialPlan) -> Result<Outcomes> {
    check_fit(altered.network.config(), None, task)?;
    check_memory(task, plan.seed, plan.conditions.len().saturating_mul(plan.per_condition))?;
    let batch = trials(task, plan)?;
    let outputs = if plan.noise {
        finite_outputs(altered, task, &batch, plan.seed)?.outputs
    } else {
        let perturbations = altered.perturbations(&TrialTimes::of(&batch, task.dt()))?;
        let simulation = Simulation::of(&altered.network, task).perturb(perturbations);
        crate::simulate::array3(&simulation.answer(&batch.inputs)?.outputs)?
    };
    let mut trials = with_choices(task, &batch, &outputs)?;
    for (condition, correct) in trials.conditions.iter_mut().zip(&batch.correct) {
        if let Some(correct) = correct {
            *condition = std::mem::take(condition).with(RIGHT_CHOICE, task.choice_name(*correct));
        }
    }
    Ok(Outcomes {
        trials,
        channels: task.inputs().into_iter().map(|channel| channel.to_string()).collect(),
        inputs: batch.inputs,
        dt: task.dt(),
    })
}

/// What a network did in trials of a task, with its activity.
#[derive(Clone, Debug)]
pub struct Performed {
    /// What it was given.
    pub batch: TrialBatch,
    /// What it did.
    pub recording: Recording,
    /// With what was chosen.
    pub trials: Trials,
    /// Where the animal was, (trials, steps + 1, axes), of a task about places.
    pub places: Option<Array3<f64>>,
}

/// The rates of all units in these trials, with what was chosen; of a task about places also where the animal was.
///
/// # Errors
/// As [`outcomes`].
pub fn activity(altered: &Altered, task: &dyn Task, plan: &TrialPlan) -> Result<Activity> {
    let Performed { recording, trials, places, .. } = performed(altered, task, plan)?;
    let found = Activity::new(recording.rates.mapv(f64::from), task.dt(), trials).map_err(unanalysed)?;
    match places {
        Some(places) => found.with_places(places).map_err(unanalysed),
        None => Ok(found),
    }
}

/// States, rates and outputs in these trials, with what was chosen.
///
/// # Errors
/// As [`outcomes`].
pub fn performed(altered: &Altered, task: &dyn Task, plan: &TrialPlan) -> Result<Performed> {
    check_fit(altered.network.config(), None, task)?;
    let n = plan.conditions.len().saturating_mul(plan.per_condition);
    let (steps, units) = (longest_of_some(task, Split::Test, plan.seed)?, altered.network.units().len());
    check(
        "trials",
        &format!("the activity of {units} units in {n} trials of {steps} steps"),
        // States and rates in single, rates in double precision.
        bytes_of(&[n, steps, units.saturating_mul(4)]),
        "take fewer trials of each condition",
    )?;
    let batch = trials(task, plan)?;
    let perturbations = altered.perturbations(&TrialTimes::of(&batch, task.dt()))?;
    let mut simulation = Simulation::of(&altered.network, task).perturb(perturbations);
    if plan.noise {
        simulation = simulation.noise(NoiseKey::new(plan.seed, EVALUATION));
    }
    let recording = simulation.record(&batch.inputs)?;
    check_bounded(altered, task, &batch, ("rates", RUNAWAY), &recording.rates)?;
    let trials = with_choices(task, &batch, &recording.outputs)?;
    // Noise moves no animal: places are those of the same random numbers.
    let n = plan.per_condition;
    let places = repeated_trajectories(task, Split::Test, plan.seed, EVALUATION, &plan.conditions, n)?;
    Ok(Performed { batch, recording, trials, places })
}

/// The conditions of the task that have these variables; where it has none, all of them with these.
pub fn conditions(task: &dyn Task, condition: &Condition) -> Vec<Condition> {
    let own = |all: Vec<Condition>| all.into_iter().filter(|one| one.belongs_to(condition)).collect::<Vec<_>>();
    let (coarse, fine) = (own(task.conditions()), own(task.grid()));
    if !coarse.is_empty() {
        return coarse;
    }
    if !fine.is_empty() {
        return fine;
    }
    let mut all: Vec<Condition> = Vec::new();
    for one in task.conditions().into_iter().filter(|one| !one.is_catch()).map(|one| one.and(condition)) {
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

fn trials(task: &dyn Task, plan: &TrialPlan) -> Result<TrialBatch> {
    let make = if plan.noise { repeated } else { noise_free };
    Ok(make(task, Split::Test, plan.seed, EVALUATION, &plan.conditions, plan.per_condition)?)
}

fn with_choices(task: &dyn Task, batch: &TrialBatch, outputs: &Array3<f32>) -> Result<Trials> {
    let mut trials = Trials::from(batch);
    if let Some(name) = ADDED.iter().find(|name| trials.conditions.iter().any(|one| one.get(name).is_some())) {
        let message =
            format!("is a variable of the trials of `{}`, which what the network did is called, too", task.id());
        return Err(Error::setting(*name, message));
    }
    for (condition, score) in trials.conditions.iter_mut().zip(scores(task, batch, outputs.view())?) {
        let mut added = Condition::new();
        if let Some(choice) = score.choice {
            added = added.with("choice", task.choice_name(choice));
        }
        if let Some(first) = task.chose_first(condition, &score) {
            added = added.with("chose_first", first);
        }
        if let Some(right) = score.correct {
            added = added.with("was_right", right);
        }
        if let Some(time) = score.reaction_time {
            added = added.with("reaction_time", time);
        }
        *condition = std::mem::take(condition).and(&added);
    }
    Ok(trials)
}

fn unanalysed(error: AnalysisError) -> Error {
    Error::setting("activity", error.to_string())
}
