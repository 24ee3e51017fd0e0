//! Training on long trials.

use std::{ops::ControlFlow, sync::Arc};

use candle_core::{DType, Device};
use nn4n::{
    Checkpoint, Existing, Experiment, Result, RunDirectory, TrainConfig,
    experiment::ValidationConfig,
    models::{Bias, LearnTau, ModelConfig, ReadoutFrom},
    tasks::golub2018::FlipFlop,
    train::{StopReason, fit},
};

#[test]
fn a_trial_of_ten_thousand_steps_is_trained_from_the_thread_of_a_test() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let task = Arc::new(FlipFlop { n_steps: 10_000, ..FlipFlop::default() });
    // Everything that makes a step longer: a trained time constant and bias, and a noise of each kind.
    let model = ModelConfig::ei(3, 8, 3).learn_tau(LearnTau::PerUnit).b_rec(Bias::Trained(0.1.into())).sigma_post(0.1);
    let model = model.readout_from(ReadoutFrom::All); // targets below zero
    let validation = ValidationConfig { every: 1, trials_per_condition: 1, keep: false };
    let settings = TrainConfig { batch_size: Some(1), updates: 1, validation, ..TrainConfig::default() };
    let run = RunDirectory::open(folder.path(), Existing::Keep)?;
    let experiment = Experiment::new(task, model.clone(), settings, 0)?;
    let outcome = fit(&experiment, None, &run, &Device::Cpu, |_| ControlFlow::Continue(()))?;
    assert_eq!((outcome.updates, outcome.reason), (1, StopReason::LastUpdate));
    let trained = &Checkpoint::load(folder.path())?.tensors["w_out"];
    let fresh = &model.draw(0, DType::F32)?["w_out"];
    assert!((trained - fresh)?.abs()?.sum_all()?.to_scalar::<f32>()? > 0.0, "the update changed nothing");
    Ok(())
}
