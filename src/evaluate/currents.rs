//! What the units of a network receive in trials of a task, by where it comes from.
//!
//! The equations are those of [`nn4n_analysis::currents`]. The trials are those of the test, without the network's
//! noise; an arm that the network drives is in the loop, and what is felt of it counts as input.

use candle_core::{DType, Device, Tensor};
use ndarray::{Array3, Axis};
use nn4n_analysis::{Currents, Network, currents::Course, dynamics::RUNAWAY, structure::Group};
use nn4n_models::{
    CellType, Ctrnn, LearnTau, Population, Units,
    host::{placed, values},
};
use nn4n_tasks::{Condition, Task};
use serde::Serialize;

use super::{check_bounded, test_trials};
use crate::{
    error::{Error, Result},
    experiment::check_fit,
    intervention::Altered,
    simulate::{Simulation, host, tensor},
};

/// Currents in trials of a task.
#[derive(Clone, Debug, Serialize)]
pub struct TaskCurrents {
    /// Id of the task.
    pub task: String,
    /// The condition of each trial.
    pub conditions: Vec<Condition>,
    /// The length of each trial, steps; what lies behind is NaN.
    pub n_steps: Vec<usize>,
    /// The step, ms.
    pub dt: f64,
    /// Whether the network drove the plant of the task; `false` where the task has none.
    pub plant_in_the_loop: bool,
    /// The currents.
    #[serde(flatten)]
    pub currents: Currents,
}

/// The units by area and cell type, `AREA:CELL_TYPE`, as far as there are any of these; all of them as `all` where
/// there is one area and no cell type.
pub fn populations(units: &Units) -> Vec<Group> {
    let name = |population: &Population| {
        let area = (units.areas.len() > 1).then(|| units.areas[population.area].name.as_str());
        let cell_type = population.cell_type.map(|cell_type| match cell_type {
            CellType::Excitatory => "excitatory",
            CellType::Inhibitory => "inhibitory",
        });
        match (area, cell_type) {
            (None, None) => "all".into(),
            (Some(name), None) | (None, Some(name)) => name.to_string(),
            (Some(area), Some(cell_type)) => format!("{area}:{cell_type}"),
        }
    };
    let group = |population: Population| Group { name: name(&population), units: population.units };
    units.populations().into_iter().map(group).collect()
}

/// The currents from each of `sources`, the input channels and the bias into each of `targets`, in f64, in
/// `per_condition` trials of each condition.
///
/// # Errors
/// If the network does not fit the task, a group names a unit that is not there or is in two sources, units are
/// silenced or injected with currents (which are no synapses), or the activity is not finite.
pub fn currents(
    altered: &Altered,
    task: &dyn Task,
    (per_condition, seed): (usize, u64),
    sources: &[Group],
    targets: &[Group],
) -> Result<TaskCurrents> {
    check_fit(altered.network.config(), None, task)?;
    let trials = test_trials(task, per_condition, seed)?;
    if altered.acts_in_trials() {
        let message = "act in windows of trials, and are not among the sources of currents; give lesions alone";
        return Err(Error::setting("silence and injections", message));
    }
    let network = in_f64(&altered.network)?;
    let simulation = Simulation::of(&network, task);
    let inputs = tensor(trials.inputs.view(), network.dtype(), network.device())?;
    let (trajectory, inputs) = simulation.unroll_felt(&inputs)?;
    let array = |tensor: &Tensor| -> Result<Array3<f64>> {
        let array = host::<f64>(tensor)?.view().to_owned();
        array.into_dimensionality().map_err(|error| Error::shape("activity", error))
    };
    let start = array(&network.start(trials.len())?.rate.unsqueeze(1)?)?;
    let (rates, inputs) = (array(&trajectory.rates()?)?, array(&inputs)?);
    check_bounded(altered, task, &trials, ("rates", RUNAWAY), &rates)?;
    let course = Course {
        inputs: inputs.view(),
        rates: rates.view(),
        start: start.index_axis(Axis(1), 0),
        n_steps: Some(&trials.n_steps),
    };
    let channels: Vec<String> = task.inputs().into_iter().map(|channel| channel.name).collect();
    let analysed = Network::of(&network).map_err(unanalysed)?;
    let currents = Currents::of(&analysed, &course, &channels, sources, targets).map_err(unanalysed)?;
    Ok(TaskCurrents {
        task: task.id().into(),
        conditions: trials.conditions.clone(),
        n_steps: trials.n_steps.clone(),
        dt: task.dt(),
        plant_in_the_loop: task.plant().is_some(),
        currents,
    })
}

/// The same network in f64. A time constant of f32 may be a little shorter than the step that it must not be shorter
/// than: those of the description are taken from there, learned ones are projected as after an update.
fn in_f64(network: &Ctrnn) -> Result<Ctrnn> {
    let mut tensors = network.tensors()?;
    for layer in network.layers() {
        let (config, units) = (layer.config(), layer.units());
        let tau = match config.learn_tau {
            LearnTau::Off => config.tau.resolve(units, "tau")?,
            LearnTau::PerUnit | LearnTau::Shared => {
                values(&layer.tau()?)?.into_iter().map(|tau| tau.max(config.dt)).collect()
            }
        };
        let name = layer.place().map_or_else(|| "tau".into(), |place| format!("layers.{place}.tau"));
        tensors.insert(name, placed(tau, units.len(), DType::F64, &Device::Cpu)?);
    }
    Ok(Ctrnn::from_tensors(network.config(), tensors, DType::F64, &Device::Cpu)?.frozen())
}

fn unanalysed(error: nn4n_analysis::AnalysisError) -> Error {
    Error::setting("currents", error.to_string())
}

#[cfg(test)]
mod tests {
    use ndarray::s;
    use nn4n_models::{Area, ModelConfig};
    use nn4n_tasks::create;

    use super::*;
    use crate::intervention::Intervention;

    #[test]
    fn populations_are_named_by_what_tells_them_apart() {
        let named = |config: ModelConfig| -> Vec<(String, usize)> {
            populations(&config.layout()).into_iter().map(|group| (group.name, group.units.len())).collect()
        };
        assert_eq!(named(ModelConfig::vanilla(1, 4, 1)), [("all".into(), 4)]);
        assert_eq!(named(ModelConfig::ei(1, 10, 1)), [("excitatory".into(), 8), ("inhibitory".into(), 2)]);
        let areas = [Area::ei("A", 5, 0.8), Area::new("B", 3)];
        let wanted = [("A:excitatory".into(), 4), ("A:inhibitory".into(), 1), ("B".into(), 3)];
        assert_eq!(named(ModelConfig::multi_area(1, 1, areas)), wanted);
    }

    #[test]
    fn a_network_whose_time_constants_are_its_step_is_taken_to_f64() -> Result<()> {
        for learn_tau in [LearnTau::Off, LearnTau::PerUnit, LearnTau::Shared] {
            let config = ModelConfig::ei(1, 6, 1).dt(0.7).tau(0.7).learn_tau(learn_tau);
            let network = Ctrnn::init(&config, 0, DType::F32, &Device::Cpu)?;
            assert_eq!(values(&in_f64(&network)?.tau()?)?, [0.7; 6]);
        }
        Ok(())
    }

    #[test]
    fn currents_of_a_network_with_an_arm_contain_what_it_feels() -> Result<()> {
        let task = create("motor/arm_reach", None)?;
        let config = ModelConfig::vanilla(task.inputs().len(), 8, 2).dt(task.dt()).tau(60.0);
        let network = Ctrnn::init(&config, 0, DType::F32, &Device::Cpu)?;
        let intact = Altered::of(&network, &[])?;
        let all = populations(network.units());
        let found = currents(&intact, task.as_ref(), (1, 0), &all, &all)?;
        assert!(found.plant_in_the_loop);
        // In the current form the total is what a step adds to what is kept of the state.
        let trials = test_trials(task.as_ref(), 1, 0)?;
        let recording = Simulation::of(&network, task.as_ref()).record(&trials.inputs)?;
        let alpha = task.dt() / 60.0;
        for ((trial, step), total) in found.currents.total.index_axis(Axis(0), 0).indexed_iter() {
            if step == 0 || step >= trials.n_steps[trial] {
                continue;
            }
            let mean = |step: usize| recording.states.slice(s![trial, step, ..]).mapv(f64::from).sum() / 8.0;
            let wanted = (mean(step) - (1.0 - alpha) * mean(step - 1)) / alpha;
            assert!((total - wanted).abs() < 1e-4, "{trial} {step}: {total} {wanted}");
        }
        let silent = Altered::of(&network, &[Intervention::silence("0")?])?;
        let message = currents(&silent, task.as_ref(), (1, 0), &all, &all).unwrap_err().to_string();
        assert!(message.contains("give lesions alone"), "{message}");
        Ok(())
    }
}
