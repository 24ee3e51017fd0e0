//! What can be said about a network without simulating it must come out of the simulation.

use candle_core::{DType, Device, IndexOp, Tensor};
use faer::{Mat, Scale};
use nn4n_models::{
    Activation, Bias, Ctrnn, Form, Init, MatrixConfig, ModelConfig, NoiseKey, NoiseScaling, PerUnit, Result, Start,
    State, StepNoise, Values,
};

const W_REC: [[f64; 3]; 3] = [[0.2, -1.1, 0.0], [0.9, 0.1, 0.4], [0.3, -0.5, -0.7]];
const X0: [f64; 3] = [1.0, -0.5, 0.25];
const BIAS: [f64; 3] = [0.3, -0.2, 0.6];

fn weights(rows: &[Vec<f64>]) -> MatrixConfig {
    MatrixConfig { init: Some(Init::Array(rows.to_vec())), ..MatrixConfig::default() }
}

/// Three units with hand-written weights and a constant drive.
fn three_units(form: Form, activation: Activation) -> ModelConfig {
    ModelConfig::vanilla(0, 3, 1)
        .form(form)
        .activation(activation)
        .autapses(true)
        .tau(50.0)
        .w_rec(weights(&W_REC.map(|row| row.to_vec())))
        .b_rec(Bias::Constant(Values::Each(BIAS.to_vec())))
        .start(Start::Constant(Values::Each(X0.to_vec())))
}

fn model(config: &ModelConfig) -> Result<Ctrnn> {
    Ctrnn::init(config, 1, DType::F64, &Device::Cpu)
}

/// The states after `duration` ms in steps of `dt`.
fn states_after(model: &Ctrnn, dt: f64, duration: f64) -> Result<Vec<f64>> {
    let steps = (duration / dt).round() as usize;
    let trajectory = model.with_dt(dt)?.unroll(&Tensor::zeros((1, steps, 0), DType::F64, &Device::Cpu)?, None, None)?;
    Ok(trajectory.last()?.state.squeeze(0)?.to_vec1()?)
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// exp(m) by its series, the argument halved until the series converges fast, the result squared as often.
fn exponential(m: &Mat<f64>) -> Mat<f64> {
    let (halvings, n) = (10, m.nrows());
    let m = m * Scale(0.5f64.powi(halvings));
    let (mut sum, mut term) = (Mat::<f64>::identity(n, n), Mat::<f64>::identity(n, n));
    for order in 1..20 {
        term = &term * &m * Scale(1.0 / f64::from(order));
        sum += &term;
    }
    (0..halvings).fold(sum, |power, _| &power * &power)
}

#[test]
fn a_linear_network_follows_the_matrix_exponential_with_an_error_of_order_dt() -> Result<()> {
    let duration = 80.0;
    // d/dt (x, 1) = ((W - 1) / tau, b / tau; 0, 0) (x, 1)
    let generator = Mat::from_fn(4, 4, |row, column| match (row, column) {
        (3, _) => 0.0,
        (_, 3) => BIAS[row] / 50.0,
        _ => (W_REC[row][column] - f64::from(row == column)) / 50.0,
    });
    let propagator = exponential(&(generator * Scale(duration)));
    let exact: Vec<f64> = (0..3)
        .map(|row| (0..3).map(|column| propagator[(row, column)] * X0[column]).sum::<f64>() + propagator[(row, 3)])
        .collect();
    for form in Form::ALL {
        let model = model(&three_units(form, Activation::Linear))?;
        let errors: Vec<f64> = [1.0, 0.5, 0.25]
            .into_iter()
            .map(|dt| Ok(distance(&states_after(&model, dt, duration)?, &exact)))
            .collect::<Result<_>>()?;
        assert!(errors[0] < 0.02, "{form:?}: {errors:?}");
        for pair in errors.windows(2) {
            assert!((pair[0] / pair[1] - 2.0).abs() < 0.05, "{form:?}: {errors:?}");
        }
    }
    Ok(())
}

#[test]
fn two_steps_of_the_blend_form_match_numbers_worked_by_hand() -> Result<()> {
    let config = ModelConfig::vanilla(1, 2, 1)
        .form(Form::Blend)
        .activation(Activation::Relu)
        .sigma_rec(0.15)
        .tau(PerUnit::ByUnit { units: vec![80.0, 40.0] })
        .dt(20.0)
        .autapses(true)
        .w_in(weights(&[vec![1.0], vec![-2.0]]))
        .w_rec(weights(&[vec![0.5, 1.0], vec![-1.0, 0.0]]))
        .w_out(weights(&[vec![1.0, 2.0]]))
        .b_rec(Bias::Constant(Values::Each(vec![0.0, 0.5])))
        .start(Start::Constant(Values::Each(vec![1.0, -0.5])));
    let network = model(&config)?;
    let effective = network.effective()?;
    let step = |state: &State, input: f64, noise: [f64; 2]| -> Result<State> {
        let recurrent = Some(Tensor::new(&[noise], &Device::Cpu)?);
        network.step(&effective, state, &Tensor::new(&[[input]], &Device::Cpu)?, &StepNoise { recurrent, post: None })
    };
    // r_0 = x_0, which the rectification has not seen. s = sqrt(2 * 0.25) 0.15 and sqrt(2 * 0.5) 0.15.
    // 1: 0.75 * 1 + 0.25 (0.5 - 0.5 + 2) = 1.25;           -0.25 + 0.5 (-1 - 4 + 0.5) = -2.5, rectified 0.
    // 2: 0.75 * 1.25 + 0.25 (0.625 - 1) + s = 0.84375 + s;   0 + 0.5 (-1.25 + 2 + 0.5) + 2 s = 0.625 + 2 s.
    let first = step(&network.start(1)?, 2.0, [0.0, 0.0])?;
    let second = step(&first, -1.0, [1.0, 2.0])?;
    let noise = 0.5f64.sqrt() * 0.15;
    for (found, wanted) in [(first, [1.25, 0.0]), (second, [0.84375 + noise, 0.925])] {
        assert!(distance(&vector(&found.rate)?, &wanted) < 1e-12, "{found:?}");
        assert_eq!(vector(&found.rate)?, vector(&found.state)?);
    }
    let quiet = network.unroll(&Tensor::new(&[[[2.0], [-1.0]]], &Device::Cpu)?, None, None)?;
    assert!(distance(&vector(&quiet.outputs)?, &[1.25, 0.84375 + 2.0 * 0.625]) < 1e-12);
    Ok(())
}

#[test]
fn the_rate_and_the_blend_form_are_one_where_alpha_is_1() -> Result<()> {
    let states = |form| states_after(&model(&three_units(form, Activation::Tanh))?, 50.0, 500.0);
    let (rate, blend, current) = (states(Form::Rate)?, states(Form::Blend)?, states(Form::Current)?);
    assert_eq!(rate, blend);
    assert_ne!(rate, current);
    Ok(())
}

#[test]
fn halving_dt_halves_the_error_of_a_nonlinear_network() -> Result<()> {
    // The blend form has no limit there: it applies the tanh to the rates more and more often.
    for form in [Form::Current, Form::Rate] {
        let model = model(&three_units(form, Activation::Tanh))?;
        let at: Vec<Vec<f64>> =
            [2.0, 1.0, 0.5, 0.25].into_iter().map(|dt| states_after(&model, dt, 100.0)).collect::<Result<_>>()?;
        let differences: Vec<f64> = at.windows(2).map(|pair| distance(&pair[0], &pair[1])).collect();
        for pair in differences.windows(2) {
            assert!((pair[0] / pair[1] - 2.0).abs() < 0.1, "{form:?}: {differences:?}");
        }
    }
    Ok(())
}

#[test]
fn a_bistable_unit_remembers_the_sign_of_the_last_pulse() -> Result<()> {
    // x = 2 tanh(x) has the stable solutions +-1.915008..., and the unstable 0.
    let config = ModelConfig::vanilla(1, 1, 1)
        .activation(Activation::Tanh)
        .autapses(true)
        .w_in(weights(&[vec![5.0]]))
        .w_rec(weights(&[vec![2.0]]))
        .start(Start::Zero);
    let mut input = vec![0.0; 400];
    input[..10].fill(1.0);
    input[200..215].fill(-1.0);
    let states = model(&config)?
        .unroll(&Tensor::from_vec(input, (1, 400, 1), &Device::Cpu)?, None, None)?
        .states()?
        .flatten_all()?;
    let fixed_point = 1.915_008_048_154_537_5;
    assert!((states.i(199)?.to_scalar::<f64>()? - fixed_point).abs() < 1e-9);
    assert!((states.i(399)?.to_scalar::<f64>()? + fixed_point).abs() < 1e-9);
    Ok(())
}

#[test]
fn the_unit_with_the_stronger_input_wins_and_stays_when_the_input_is_gone() -> Result<()> {
    // Self-excitation 2, mutual inhibition 3: the winner rests at x = 2 tanh(x), the loser at -3 tanh(x), silent.
    let config = ModelConfig::vanilla(2, 2, 2)
        .activation(Activation::Retanh)
        .autapses(true)
        .w_in(weights(&[vec![1.0, 0.0], vec![0.0, 1.0]]))
        .w_rec(weights(&[vec![2.0, -3.0], vec![-3.0, 2.0]]))
        .start(Start::Zero);
    let model = model(&config)?;
    for (evidence, winner) in [([1.0, 0.8], 0), ([0.8, 1.0], 1)] {
        let input: Vec<f64> = (0..500).flat_map(|step| if step < 50 { evidence } else { [0.0, 0.0] }).collect();
        let last = model
            .unroll(&Tensor::from_vec(input, (1, 500, 2), &Device::Cpu)?, None, None)?
            .last()?
            .state
            .squeeze(0)?
            .to_vec1::<f64>()?;
        let rest = 1.915_008_048_154_537_5f64;
        assert!((last[winner] - rest).abs() < 1e-9 && (last[1 - winner] + 3.0 * rest.tanh()).abs() < 1e-9, "{last:?}");
    }
    Ok(())
}

/// Variance over 200 units and 200 trials of the states after 60 steps of a network without synapses.
fn noise_variance(config: ModelConfig) -> Result<f64> {
    let silent = MatrixConfig { init: Some(Init::Zero), ..MatrixConfig::default() };
    let model = model(&config.activation(Activation::Linear).w_rec(silent).start(Start::Zero))?;
    let trajectory =
        model.unroll(&Tensor::zeros((200, 60, 0), DType::F64, &Device::Cpu)?, None, Some(NoiseKey::new(4, 7)))?;
    Ok(trajectory.last()?.rate.sqr()?.mean_all()?.to_scalar::<f64>()?)
}

/// Five standard errors of a variance estimated from 40 000 numbers.
fn assert_variance(measured: f64, expected: f64) {
    assert!((measured / expected - 1.0).abs() < 5.0 * (2.0f64 / 40_000.0).sqrt(), "{measured} is not {expected}");
}

#[test]
fn continuous_noise_has_the_variance_of_an_autoregressive_process_whatever_the_step() -> Result<()> {
    for form in Form::ALL {
        for (dt, alpha) in [(20.0, 0.2f64), (5.0, 0.05)] {
            let measured = noise_variance(ModelConfig::vanilla(0, 200, 1).form(form).dt(dt).sigma_rec(0.5))?;
            // 2 alpha sigma^2 sum of (1 - alpha)^(2 k) over the 60 steps; sigma^2 / (1 - alpha / 2) in the end, sigma^2
            // as dt vanishes.
            let stationary = 0.25 / (1.0 - alpha / 2.0);
            assert_variance(measured, stationary * (1.0 - (1.0 - alpha).powi(120)));
            assert!((measured / 0.25 - 1.0).abs() < alpha, "{form:?}, dt {dt}: {measured}");
        }
    }
    Ok(())
}

#[test]
fn noise_per_step_adds_the_same_amplitude_at_every_step_length() -> Result<()> {
    for (dt, alpha) in [(20.0, 0.2f64), (5.0, 0.05)] {
        let config = ModelConfig::vanilla(0, 200, 1).dt(dt).sigma_rec(0.5).noise_scaling(NoiseScaling::PerStep);
        let decay = (1.0 - alpha).powi(2);
        assert_variance(noise_variance(config)?, 0.25 * (1.0 - decay.powi(60)) / (1.0 - decay));
    }
    Ok(())
}

#[test]
fn noise_after_the_activation_reaches_the_rates_only() -> Result<()> {
    assert_variance(noise_variance(ModelConfig::vanilla(0, 200, 1).sigma_rec(0.0).sigma_post(0.5))?, 0.25);
    Ok(())
}

/// A random network, and inputs (batch, steps, inputs) for it.
fn random(form: Form) -> Result<(Ctrnn, Tensor)> {
    let model = model(&ModelConfig::ei(3, 20, 2).form(form).activation(Activation::Softplus).sigma_post(0.1))?;
    let inputs: Vec<f64> = (0..4 * 30 * 3).map(|index| (0.37 * f64::from(index)).sin()).collect();
    Ok((model, Tensor::from_vec(inputs, (4, 30, 3), &Device::Cpu)?))
}

fn vector(tensor: &Tensor) -> Result<Vec<f64>> {
    Ok(tensor.flatten_all()?.to_vec1()?)
}

#[test]
fn a_trial_carried_over_is_one_long_trial_bit_for_bit() -> Result<()> {
    for form in Form::ALL {
        let (model, inputs) = random(form)?;
        let whole = model.unroll(&inputs, None, None)?;
        let first = model.unroll(&inputs.narrow(1, 0, 15)?, None, None)?;
        let second = model.unroll(&inputs.narrow(1, 15, 15)?, Some(&first.last()?), None)?;
        for (whole, first, second) in [
            (&whole.states()?, &first.states()?, &second.states()?),
            (&whole.rates()?, &first.rates()?, &second.rates()?),
            (&whole.outputs, &first.outputs, &second.outputs),
        ] {
            assert_eq!(vector(whole)?, vector(&Tensor::cat(&[first, second], 1)?)?);
        }
    }
    Ok(())
}

#[test]
fn step_by_step_is_the_unroll_to_rounding() -> Result<()> {
    for form in Form::ALL {
        let (model, inputs) = random(form)?;
        let unrolled = model.unroll(&inputs, None, None)?;
        let effective = model.effective()?;
        let mut state = model.start(4)?;
        for step in 0..30 {
            state = model.step(&effective, &state, &inputs.i((.., step))?.contiguous()?, &StepNoise::default())?;
            let outputs = model.readout(&effective, &state.rate)?.1;
            for (stepped, unrolled) in [(&state.rate, unrolled.rates()?), (&outputs, unrolled.outputs.clone())] {
                assert!(distance(&vector(stepped)?, &vector(&unrolled.i((.., step))?)?) < 1e-13);
            }
        }
        assert!(distance(&vector(&state.state)?, &vector(&unrolled.last()?.state)?) < 1e-13);
    }
    Ok(())
}

#[test]
fn trials_of_a_batch_do_not_know_each_other() -> Result<()> {
    let (model, inputs) = random(Form::Current)?;
    let run = |inputs: &Tensor, first_trial| {
        model.unroll(inputs, None, Some(NoiseKey { first_trial, ..NoiseKey::new(2, 3) }))
    };
    let together = run(&inputs, 0)?.rates()?;
    let changed = Tensor::cat(&[&inputs.narrow(0, 0, 2)?, &inputs.narrow(0, 2, 2)?.affine(3.0, 1.0)?], 0)?;
    let beside_others = run(&changed, 0)?.rates()?;
    assert_eq!(vector(&together.narrow(0, 0, 2)?)?, vector(&beside_others.narrow(0, 0, 2)?)?);
    assert_ne!(vector(&together.narrow(0, 2, 2)?)?, vector(&beside_others.narrow(0, 2, 2)?)?);
    let alone = run(&inputs.narrow(0, 2, 1)?, 2)?.rates()?;
    assert!(distance(&vector(&alone)?, &vector(&together.narrow(0, 2, 1)?)?) < 1e-12);
    Ok(())
}

#[test]
fn the_same_seed_gives_the_same_trajectory_and_another_seed_another() -> Result<()> {
    let (model, inputs) = random(Form::Rate)?;
    let rates = |seed, update| -> Result<Vec<f64>> {
        vector(&model.unroll(&inputs, None, Some(NoiseKey::new(seed, update)))?.rates()?)
    };
    assert_eq!(rates(1, 1)?, rates(1, 1)?);
    assert_ne!(rates(1, 1)?, rates(2, 1)?);
    assert_ne!(rates(1, 1)?, rates(1, 2)?);
    Ok(())
}
