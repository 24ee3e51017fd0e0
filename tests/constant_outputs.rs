//! What outputs cost that are 0 whatever the trial: the loss of every task of the registry, against sums over its
//! targets and loss mask.

use candle_core::{DType, Device, Tensor};
use nn4n::{
    Result, TensorBatch,
    loss::{Loss, readout_for},
    tasks::{Objective, Split, TrialBatch, balanced, batch, create, list},
};

/// The loss of outputs that are 0, from its definition.
fn of_nothing(objective: Objective, trials: &TrialBatch) -> f64 {
    let (mut error, mut weight, mut squared, mut entries) = (0.0, 0.0, 0.0, 0.0);
    for (trial, &n_steps) in trials.n_steps.iter().enumerate() {
        for step in 0..n_steps {
            for output in 0..trials.targets.dim().2 {
                let (y, m) = (
                    f64::from(trials.targets[[trial, step, output]]),
                    f64::from(trials.loss_mask[[trial, step, output]]),
                );
                error += m * y * y;
                weight += m;
                squared += (m * y) * (m * y);
                entries += 1.0;
            }
        }
    }
    match objective {
        Objective::MaskedMse => error / weight,
        Objective::MeanSquare => squared / entries,
        // Every class is equally likely.
        Objective::Classes => (trials.targets.dim().2 as f64).ln(),
    }
}

#[test]
fn the_loss_of_nothing_is_what_the_definition_gives_for_every_task() -> Result<()> {
    for info in list().into_iter().filter(|info| info.n_inputs.is_some()) {
        let task = create(info.id, None)?;
        for split in [Split::Train, Split::Test] {
            let trials = batch(task.as_ref(), split, 4, 1, 64)?;
            let tensors = TensorBatch::new(&trials, DType::F64, &Device::Cpu)?;
            let zeros = Tensor::zeros(tensors.targets.shape(), DType::F64, &Device::Cpu)?;
            let loss = Loss::from(task.objective()).value(readout_for(task.objective()), &zeros, &zeros, &tensors)?;
            let (loss, wanted) = (loss.to_scalar::<f64>()?, of_nothing(task.objective(), &trials));
            assert!(loss.is_finite() && loss > 0.0, "{}: {loss}", task.id());
            assert!((loss / wanted - 1.0).abs() < 1e-9, "{}: {loss}, but the definition gives {wanted}", task.id());
        }
    }
    Ok(())
}

/// Worked out from the words of the tasks, not from their arrays.
#[test]
fn the_loss_of_nothing_is_the_number_that_the_words_of_a_task_give() -> Result<()> {
    let loss = |id: &str| -> Result<f64> {
        let task = create(id, None)?;
        let trials = balanced(task.as_ref(), Split::Train, 4, 1, 1 + 600 / task.conditions().len())?;
        let tensors = TensorBatch::new(&trials, DType::F64, &Device::Cpu)?;
        let zeros = Tensor::zeros(tensors.targets.shape(), DType::F64, &Device::Cpu)?;
        Ok(Loss::from(task.objective())
            .value(readout_for(task.objective()), &zeros, &zeros, &tensors)?
            .to_scalar::<f64>()?)
    };
    // +-1 on every bit at every step.
    assert!((loss("golub2018/flip_flop")? - 1.0).abs() < 1e-12);
    // 0.9 sin over two whole periods: 0.81 / 2.
    assert!((loss("song2016/sinewave")? - 0.405).abs() < 1e-6);
    // Of three outputs one is right.
    assert!((loss("neurogym/perceptual_decision_making")? - 3f64.ln()).abs() < 1e-12);
    Ok(())
}
