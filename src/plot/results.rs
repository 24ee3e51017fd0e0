//! Figures of networks and their behaviour: from the types of the other modules to the plain data that the figures hold.

use ndarray::{Array1, Axis, s};
use nn4n_models::{CellType, Ctrnn};
use nn4n_tasks::{Condition, Task, TrialBatch};

use super::{ChoicePoint, EpochSpan, LearningCurve, Psychometric, PsychometricCurve, TrialFigure, TrialPanel, UnitGroup, WeightMatrix};
use crate::{Recording, Result, analysis::CumulativeGaussian, batch::array2, checkpoint::ValidationRecord, evaluate::ChoiceCount};

impl WeightMatrix {
    /// The effective recurrent weights of a network, by area and cell type.
    pub fn of(network: &Ctrnn) -> Result<Self> {
        Ok(Self { w_rec: array2(&network.effective_w_rec()?)?, groups: unit_groups(network) })
    }
}

impl Psychometric {
    /// One curve of choices, with its fit if the data determine one.
    pub fn of(name: &str, counts: &[ChoiceCount]) -> Self {
        let points = counts
            .iter()
            .map(|count| ChoicePoint { coherence: count.value, n_choice_1: count.chose_first, n_trials: count.trials })
            .collect();
        let range = counts.iter().fold((0.0f64, 0.0f64), |(low, high), count| (low.min(count.value), high.max(count.value)));
        let fit = CumulativeGaussian::of(counts)
            .map_or(Vec::new(), |fit| Array1::linspace(range.0, range.1, 200).iter().map(|value| (*value, fit.at(*value))).collect());
        Self { curves: vec![PsychometricCurve { name: name.into(), points, fit }] }
    }
}

impl TrialFigure {
    /// The trials of these indices side by side. Units of a group are sorted by how much more they fire in trials (of the whole batch) whose correct
    /// choice is the first output than in the others.
    pub fn of(task: &dyn Task, network: &Ctrnn, trials: &TrialBatch, recording: &Recording, which: &[usize]) -> Self {
        let preference = preference(trials, recording);
        let mut groups = unit_groups(network);
        for group in &mut groups {
            group.units.sort_by(|a, b| preference[*b].total_cmp(&preference[*a]));
        }
        let names = |channels: Vec<nn4n_tasks::Channel>| channels.into_iter().map(|channel| channel.name.replace('_', " ")).collect();
        let panels = which.iter().filter(|trial| **trial < trials.len()).map(|&trial| panel(task.dt(), trials, recording, trial)).collect();
        Self { dt: task.dt(), input_names: names(task.inputs()), output_names: names(task.outputs()), groups, trials: panels }
    }
}

impl LearningCurve {
    /// Loss and performance of the validations of a run.
    pub fn of(validations: &[ValidationRecord], stop_performance: Option<f64>) -> Self {
        let update = |record: &ValidationRecord| record.update as usize;
        Self {
            loss: validations.iter().map(|record| (update(record), record.loss)).collect(),
            performance: validations.iter().filter_map(|record| Some((update(record), record.performance?))).collect(),
            stop_performance,
        }
    }
}

fn panel(dt: f64, trials: &TrialBatch, recording: &Recording, trial: usize) -> TrialPanel {
    let steps = trials.n_steps[trial];
    let span = |epoch: &nn4n_tasks::Epoch| EpochSpan {
        name: epoch.name.replace('_', " "),
        start: epoch.start as f64 * dt,
        end: epoch.end as f64 * dt,
    };
    let cut = |array: &ndarray::Array3<f32>| array.slice(s![trial, ..steps, ..]).to_owned();
    TrialPanel {
        title: title(&trials.conditions[trial], trial),
        epochs: trials.epochs[trial].iter().map(span).collect(),
        inputs: cut(&trials.inputs),
        rates: cut(&recording.rates),
        outputs: cut(&recording.outputs),
        targets: cut(&trials.targets),
        loss_mask: cut(&trials.loss_mask),
    }
}

/// The trial's variables; its number where it has none.
fn title(condition: &Condition, trial: usize) -> String {
    match condition.iter().next() {
        Some(_) => condition.to_string().replace('=', " = ").replace('_', " "),
        None => format!("trial {}", trial + 1),
    }
}

/// Units by area and cell type, in the network's order.
fn unit_groups(network: &Ctrnn) -> Vec<UnitGroup> {
    let units = network.units();
    let mut groups: Vec<UnitGroup> = Vec::new();
    for area in &units.areas {
        for (cell_type, letter) in [(Some(CellType::Excitatory), "E"), (Some(CellType::Inhibitory), "I"), (None, "all")] {
            let members: Vec<usize> = area.range().filter(|unit| units.cell_types[*unit] == cell_type).collect();
            let name = match (units.areas.len(), cell_type) {
                (1, _) => letter.to_string(),
                (_, Some(_)) => format!("{} {letter}", area.name),
                (_, None) => area.name.clone(),
            };
            if !members.is_empty() {
                groups.push(UnitGroup { name, units: members });
            }
        }
    }
    groups
}

/// Mean rate of each unit in trials whose correct choice is output 0, minus that in the other trials with a choice.
fn preference(trials: &TrialBatch, recording: &Recording) -> Array1<f32> {
    let units = recording.rates.len_of(Axis(2));
    let mean = |first: bool| {
        let chosen: Vec<usize> =
            (0..trials.len()).filter(|trial| trials.correct[*trial].is_some_and(|correct| (correct == 0) == first)).collect();
        let sum = chosen.iter().fold(Array1::zeros(units), |sum: Array1<f32>, &trial| {
            sum + recording.rates.slice(s![trial, ..trials.n_steps[trial], ..]).sum_axis(Axis(0)) / trials.n_steps[trial] as f32
        });
        sum / chosen.len().max(1) as f32
    };
    mean(true) - mean(false)
}
