//! Trains a small network for a few updates and asks how fast its units fire. `ndarray`, `serde_json` and `candle_core`
//! are those of nn4n, so that no version has to be matched.

use std::{ops::ControlFlow, path::PathBuf, sync::Arc};

use nn4n::{
    Checkpoint, Existing, Experiment, RunDirectory, Simulation, TrainConfig,
    candle_core::Device,
    models::ModelConfig,
    ndarray::{Array3, Axis},
    serde_json::json,
    tasks, train,
};

fn main() -> anyhow::Result<()> {
    let out = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("runs/own_project"), PathBuf::from);

    let task: Arc<dyn tasks::Task> = tasks::create("song2016/rdm_fixed", Some(&json!({ "dt": 20.0 })))?.into();
    let settings = TrainConfig { updates: 20, ..TrainConfig::default() };
    let experiment = Experiment::new(task, ModelConfig::ei(2, 40, 2).dt(20.0), settings, 0)?;
    let run = RunDirectory::open(&out, Existing::Overwrite)?;
    train::fit(&experiment, None, &run, &Device::Cpu, |_| ControlFlow::Continue(()))?;

    let network = Checkpoint::load(&out)?.network(&Device::Cpu)?;
    let inputs = Array3::ones((4, 50, 2)); // (trials, steps, inputs)
    let activity = Simulation::new(&network).record(&inputs)?;
    let mean_rates = activity.rates.mean_axis(Axis(0)).and_then(|rates| rates.mean_axis(Axis(0)));
    println!("{}", json!({ "run": out, "mean_rates": mean_rates.map(|rates| rates.to_vec()) }));
    Ok(())
}
