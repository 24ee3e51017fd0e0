//! Gradients through long trials, on a thread with little stack: nothing recurses through time.

use candle_core::{DType, Device, Tensor};
use nn4n_models::{Activation, Bias, Ctrnn, Form, LearnTau, MatrixConfig, ModelConfig, NoiseKey, PerUnit, Result};

/// A trial of 10,000 steps, forwards and backwards, on the thread of the test (2 MiB of stack).
fn ten_thousand_steps(config: &ModelConfig) -> Result<()> {
    let model = Ctrnn::init(config, 0, DType::F32, &Device::Cpu)?;
    let trajectory =
        model.unroll(&Tensor::ones((1, 10_000, 2), DType::F32, &Device::Cpu)?, None, Some(NoiseKey::new(0, 0)))?;
    let loss = trajectory.outputs.sqr()?.mean_all()?;
    drop(trajectory);
    let grads = loss.backward()?;
    drop(loss);
    for parameter in model.parameters()? {
        let largest =
            grads.get(&parameter.var).expect("a gradient").abs()?.flatten_all()?.max(0)?.to_scalar::<f32>()?;
        assert!(largest.is_finite() && (largest > 0.0 || parameter.name == "x0"), "{}: {largest}", parameter.name);
    }
    Ok(())
}

#[test]
fn ten_thousand_steps_with_gradients_fit_the_stack_of_a_test_thread() -> Result<()> {
    ten_thousand_steps(&ModelConfig::ei(2, 10, 1))
}

#[test]
fn ten_thousand_steps_fit_with_every_option_of_the_dynamics() -> Result<()> {
    let mixed = PerUnit::ByCellType { excitatory: Activation::Softplus, inhibitory: Activation::Retanh };
    let stable = MatrixConfig { spectral_radius: Some(0.8), ..MatrixConfig::default() };
    let config = ModelConfig::ei(2, 10, 1)
        .w_rec(stable)
        .activation(mixed)
        .sigma_post(0.1)
        .learn_tau(LearnTau::PerUnit)
        .b_rec(Bias::Trained(0.1.into()));
    for form in Form::ALL {
        ten_thousand_steps(&config.clone().form(form))?;
    }
    Ok(())
}
