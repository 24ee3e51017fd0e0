//! What the tests of the penalties share: a small network, a few trials of different lengths, and their readings.

use candle_core::{DType, Device, Tensor, Var};
use nn4n_models::{Activation, Ctrnn, ModelConfig, PerUnit, Trajectory};

use super::{Context, Loss};
use crate::{error::Result, simulate::TensorBatch};

/// The value of a scalar.
pub fn number(scalar: &Tensor) -> f64 {
    scalar.to_dtype(DType::F64).unwrap().to_scalar().unwrap()
}

/// The values of a tensor of any shape.
pub fn numbers(tensor: &Tensor) -> Vec<f64> {
    tensor.detach().to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

pub fn assert_close(found: f64, wanted: f64) {
    assert!((found - wanted).abs() < 1e-12 * (1.0 + wanted.abs()), "{found} is not {wanted}");
}

/// Fails unless `value` is `wanted` of a trial with these rates and one whose only step has the rates `second`,
/// followed by padding.
pub fn on_two_trials<const N: usize>(
    first: [[f64; N]; 2],
    second: [f64; N],
    value: impl Fn(&Tensor, &Tensor) -> Result<Tensor>,
    wanted: f64,
) {
    let rates = Tensor::new(&[first, [second, [-77.0; N]]], &Device::Cpu).unwrap();
    let valid = Tensor::new(&[[[1.0], [1.0]], [[1.0], [0.0f64]]], &Device::Cpu).unwrap();
    assert_close(number(&value(&rates, &valid).unwrap()), wanted);
}

/// Five units of two cell types with time constants of their own.
pub fn network(activation: Activation) -> Result<Ctrnn> {
    network_of(activation, DType::F64)
}

/// The same network in another data type.
pub fn network_of(activation: Activation, dtype: DType) -> Result<Ctrnn> {
    let tau = PerUnit::ByCellType { excitatory: 100.0, inhibitory: 40.0 };
    let config = ModelConfig::ei(2, 5, 2).tau(tau).activation(activation);
    Ok(Ctrnn::init(&config, 3, dtype, &Device::Cpu)?)
}

/// Three trials of 6, 4 and 5 steps, padded to `steps`; some outputs weigh more than others, and early steps nothing.
pub fn trials(steps: usize) -> Result<TensorBatch> {
    let n_steps = vec![6, 4, 5];
    let fill = |channels: usize, value: &dyn Fn(usize, usize, usize) -> f64| -> Result<Tensor> {
        let mut values = Vec::new();
        for (trial, length) in n_steps.iter().enumerate() {
            for step in 0..steps {
                values.extend(
                    (0..channels).map(|channel| if step < *length { value(trial, step, channel) } else { 0.0 }),
                );
            }
        }
        Ok(Tensor::from_vec(values, (n_steps.len(), steps, channels), &Device::Cpu)?)
    };
    Ok(TensorBatch {
        inputs: fill(2, &|trial, step, channel| {
            0.5 + (1.3 * trial as f64 + 0.7 * step as f64 + 2.0 * channel as f64).sin()
        })?,
        targets: fill(2, &|trial, step, channel| if (trial + step + channel) % 2 == 0 { 0.9 } else { 0.2 })?,
        loss_mask: fill(2, &|_, step, channel| if step < 2 { 0.0 } else { 1.0 + channel as f64 })?,
        valid: fill(1, &|_, _, _| 1.0)?,
        n_steps,
    })
}

/// What `model` does on `batch`, with `garbage` in place of everything after a trial's end.
pub fn simulate(model: &Ctrnn, batch: &TensorBatch, garbage: f64) -> Result<Trajectory> {
    let trajectory = model.unroll(&batch.inputs, None, None)?;
    let padding = batch.valid.affine(-garbage, garbage)?;
    let spoil = |tensor: &Tensor| tensor.broadcast_mul(&batch.valid)?.broadcast_add(&padding);
    let [states, rates] = [trajectory.states()?, trajectory.rates()?].map(|tensor| spoil(&tensor));
    Ok(Trajectory::new(states?, rates?, spoil(&trajectory.logits)?, spoil(&trajectory.outputs)?)?)
}

/// `value` of a pass of `model` over `batch`.
pub fn evaluate(model: &Ctrnn, batch: &TensorBatch, value: impl Fn(&Context) -> Result<Tensor>) -> Result<Tensor> {
    let trajectory = simulate(model, batch, 0.0)?;
    value(&Context { model, trajectory: &trajectory, batch, loss: Loss::MaskedMse })
}

/// The trained recurrent weights.
pub fn w_rec(model: &Ctrnn) -> Var {
    model.parameters().unwrap().into_iter().find(|parameter| parameter.name == "w_rec").unwrap().var
}

/// Derivative of `value` with respect to each element of `variable` by central differences; `None` where the element is
/// zero.
pub fn differences(variable: &Var, value: impl Fn() -> f64) -> Vec<Option<f64>> {
    let start = numbers(variable);
    let shape = variable.shape().clone();
    let with = |index: usize, change: f64| {
        let mut values = start.clone();
        values[index] += change;
        variable.set(&Tensor::from_vec(values, shape.clone(), &Device::Cpu).unwrap()).unwrap();
        value()
    };
    let differences = (0..start.len())
        .map(|index| (start[index] != 0.0).then(|| (with(index, 1e-6) - with(index, -1e-6)) / 2e-6))
        .collect();
    with(0, 0.0);
    differences
}

/// Fails unless `gradient` agrees with `differences`, of which at least `n` must be there.
pub fn assert_gradient(name: &str, gradient: &Tensor, differences: &[Option<f64>], n: usize) {
    let pairs: Vec<(f64, f64)> =
        numbers(gradient).into_iter().zip(differences).filter_map(|(g, d)| Some((g, (*d)?))).collect();
    assert!(pairs.len() >= n, "{name}: only {} entries to compare", pairs.len());
    for (gradient, difference) in &pairs {
        assert!((gradient - difference).abs() < 1e-7 * (1.0 + difference.abs()), "{name}: {gradient} vs {difference}");
    }
    assert!(pairs.iter().any(|(gradient, _)| *gradient != 0.0), "{name}: the gradient is zero everywhere");
}
