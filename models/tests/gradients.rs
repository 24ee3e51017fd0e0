//! Gradients of every trained tensor agree with finite differences in f64, for every combination of settings that
//! changes the equation.

use candle_core::{DType, Device, Tensor, Var};
use nn4n_models::{
    Activation, Area, Bias, Ctrnn, Dale, FixedSynapse, Form, Kind, LayerConfig, LearnTau, MatrixConfig, ModelConfig,
    NoiseKey, NoiseScaling, Parameter, PerUnit, Readout, Result, Start, Values,
};

const ACTIVATIONS: [Activation; 8] = [
    Activation::Linear,
    Activation::Relu,
    Activation::LeakyRelu(0.2),
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Retanh,
    Activation::Softplus,
    Activation::Power(2.0),
];
/// Half the width of the finite differences.
const H: f64 = 1e-5;

#[derive(Clone, Copy, Debug)]
enum Noise {
    Off,
    Continuous,
    PerStep,
    Post,
}

#[derive(Clone, Copy, Debug)]
enum Tau {
    Fixed,
    Grouped,
    LearnedShared,
    LearnedPerUnit,
}

/// Six units, all tensors trained, with absent and fixed synapses in the recurrent matrix.
fn network(kind: Kind) -> ModelConfig {
    let config = match kind {
        Kind::Vanilla => ModelConfig::vanilla(2, 6, 2),
        Kind::Ei => ModelConfig::ei(2, 6, 2).excitatory_fraction(0.67),
        Kind::MultiArea => ModelConfig::multi_area(2, 2, [Area::ei("one", 3, 0.67), Area::ei("two", 3, 0.67)])
            .feedforward(0.8)
            .feedback(0.5),
        Kind::Stacked => {
            let bias = Bias::Trained(Values::Each(vec![0.3, 0.15, 0.05]));
            ModelConfig::stacked(
                2,
                2,
                [LayerConfig::ei("one", 3, 0.67), LayerConfig::new("two", 3).input_density(0.9).b_rec(bias)],
            )
        }
    };
    // The first unit of every kind is excitatory or free.
    let fixed = vec![FixedSynapse { post: 1, pre: 0, weight: 0.4 }];
    config
        .density(0.75)
        .dt(20.0)
        .tau(60.0)
        .w_rec(MatrixConfig { fixed, ..MatrixConfig::default() })
        .start(Start::Trained(Values::Each(vec![0.3, -0.2, 0.5, 0.1, 0.4, -0.1])))
        .b_rec(Bias::Trained(Values::Each(vec![0.1, 0.2, -0.1, 0.3, 0.15, 0.05])))
        .b_out(Bias::Trained(Values::All(0.1)))
}

fn with_noise(config: ModelConfig, noise: Noise) -> ModelConfig {
    match noise {
        Noise::Off => config,
        Noise::Continuous => config.sigma_rec(0.2),
        Noise::PerStep => config.sigma_rec(0.2).noise_scaling(NoiseScaling::PerStep),
        Noise::Post => config.sigma_rec(0.0).sigma_post(0.1),
    }
}

fn with_tau(config: ModelConfig, tau: Tau) -> ModelConfig {
    let grouped = match config.kind {
        Kind::Vanilla => PerUnit::ByUnit { units: vec![60.0, 40.0, 50.0, 70.0, 80.0, 90.0] },
        Kind::Ei => PerUnit::ByCellType { excitatory: 80.0, inhibitory: 40.0 },
        Kind::MultiArea | Kind::Stacked => {
            PerUnit::ByArea { areas: [("one".to_string(), 50.0), ("two".to_string(), 90.0)].into() }
        }
    };
    match tau {
        Tau::Fixed => config,
        Tau::Grouped => config.tau(grouped),
        Tau::LearnedShared if config.kind == Kind::Vanilla => config.learn_tau(LearnTau::Shared),
        Tau::LearnedShared => config.tau(grouped).learn_tau(LearnTau::Shared),
        Tau::LearnedPerUnit => config.tau(grouped).learn_tau(LearnTau::PerUnit),
    }
}

/// A weighted sum of all that a pass returns, so that every path of the gradient counts.
fn loss(model: &Ctrnn, noise: Option<NoiseKey>) -> Result<Tensor> {
    let ramp = |shape: (usize, usize, usize), frequency: f64| -> Result<Tensor> {
        let values: Vec<f64> =
            (0..shape.0 * shape.1 * shape.2).map(|index| (frequency * index as f64 + 0.3).sin()).collect();
        Ok(Tensor::from_vec(values, shape, &Device::Cpu)?)
    };
    let (batch, steps) = (2, 6);
    let units = model.units().len();
    let trajectory = model.unroll(&ramp((batch, steps, model.config().inputs), 0.7)?.affine(0.8, 0.3)?, None, noise)?;
    let outputs = (&trajectory.outputs * ramp((batch, steps, model.config().outputs), 1.3)?)?.sum_all()?;
    let rates = (trajectory.rates()? * ramp((batch, steps, units), 0.4)?)?.sum_all()?;
    let states = (trajectory.states()? * ramp((batch, steps, units), 0.9)?)?.sum_all()?;
    Ok(((outputs + rates)? + states)?)
}

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// 1 for the elements of a weight matrix that are trained: present and not fixed. All elements of other tensors.
fn free(model: &Ctrnn, parameter: &Parameter, count: usize) -> Vec<bool> {
    let (tensors, path) = (model.tensors().unwrap(), parameter.path());
    let prefix = path.strip_suffix(parameter.name).unwrap();
    let of = |kind: &str, default: f64| {
        tensors.get(&format!("{prefix}{kind}.{}", parameter.name)).map_or(vec![default; count], values)
    };
    of("connectivity", 1.0)
        .iter()
        .zip(of("fixed", 0.0))
        .map(|(present, fixed)| *present == 1.0 && fixed == 0.0)
        .collect()
}

/// Along which directions a tensor is moved.
#[derive(Clone, Copy)]
enum Probe {
    /// Along every element, one at a time.
    Elements,
    /// Along one direction that moves all elements, each by another amount.
    Direction,
}

impl Probe {
    fn directions(self, count: usize) -> Vec<Vec<f64>> {
        match self {
            Self::Elements => {
                (0..count).map(|moved| (0..count).map(|index| f64::from(index == moved)).collect()).collect()
            }
            Self::Direction => vec![(0..count).map(|index| (1.7 * index as f64 + 0.5).sin()).collect()],
        }
    }
}

/// Finite differences to the right and to the left along a direction; `middle` is the value at the present place.
fn differences(var: &Var, direction: &[f64], middle: f64, at: &dyn Fn() -> f64) -> [f64; 2] {
    let original = values(var);
    let moved = |step: f64| {
        let moved: Vec<f64> = original.iter().zip(direction).map(|(value, along)| value + step * along).collect();
        var.set(&Tensor::from_vec(moved, var.dims(), &Device::Cpu).unwrap()).unwrap();
        at()
    };
    let (right, left) = (moved(H), moved(-H));
    moved(0.0);
    [(right - middle) / H, (middle - left) / H]
}

/// Compares the gradients of every trained tensor; returns how many directions were compared, and how many skipped
/// because a kink lies within reach.
fn compare(label: &str, config: &ModelConfig, noise: Option<NoiseKey>, probe: Probe) -> (usize, usize) {
    let model = Ctrnn::init(config, 3, DType::F64, &Device::Cpu).unwrap_or_else(|error| panic!("{label}: {error}"));
    let middle = loss(&model, noise).unwrap();
    let grads = middle.backward().unwrap();
    let middle = middle.to_scalar::<f64>().unwrap();
    let at = || loss(&model, noise).unwrap().to_scalar::<f64>().unwrap();
    let (mut compared, mut skipped) = (0, 0);
    for parameter in model.parameters().unwrap() {
        let grad =
            values(grads.get(&parameter.var).unwrap_or_else(|| panic!("{label}: no gradient of {}", parameter.path())));
        for (index, free) in free(&model, &parameter, grad.len()).into_iter().enumerate() {
            if !free {
                assert_eq!(
                    grad[index],
                    0.0,
                    "{label}: {}[{index}] is no free synapse, but has a gradient",
                    parameter.path()
                );
            }
        }
        for direction in probe.directions(grad.len()) {
            let [right, left] = differences(&parameter.var, &direction, middle, &at);
            let along: f64 = grad.iter().zip(&direction).map(|(grad, along)| grad * along).sum();
            let scale = 1.0 + along.abs();
            // Curvature makes the two differ by about H; a kink by much more.
            if (right - left).abs() > 1e-2 * scale {
                skipped += 1;
                continue;
            }
            let central = (right + left) / 2.0;
            assert!(
                (along - central).abs() < 1e-6 * scale,
                "{label}: {} along {direction:?}: {along} vs {central}",
                parameter.path()
            );
            compared += 1;
        }
    }
    (compared, skipped)
}

fn compare_all(kind: Kind) {
    let (mut compared, mut skipped) = (0, 0);
    for form in Form::ALL {
        for activation in ACTIVATIONS {
            for noise in [Noise::Off, Noise::Continuous, Noise::PerStep, Noise::Post] {
                for dale in [Dale::Rectified, Dale::Clamped] {
                    for tau in [Tau::Fixed, Tau::Grouped, Tau::LearnedShared, Tau::LearnedPerUnit] {
                        let label = format!("{kind:?} {form:?} {activation} {noise:?} {dale:?} {tau:?}");
                        let config = with_tau(
                            with_noise(network(kind).form(form).activation(activation).dale(dale), noise),
                            tau,
                        );
                        let key = (!matches!(noise, Noise::Off)).then(|| NoiseKey::new(5, 1));
                        let (more, kinks) = compare(&label, &config, key, Probe::Direction);
                        (compared, skipped) = (compared + more, skipped + kinks);
                    }
                }
            }
        }
    }
    assert!(skipped * 1000 < compared, "{skipped} of {compared} comparisons were skipped");
}

#[test]
fn vanilla_gradients_agree_with_finite_differences() {
    compare_all(Kind::Vanilla);
}

#[test]
fn ei_gradients_agree_with_finite_differences() {
    compare_all(Kind::Ei);
}

#[test]
fn multi_area_gradients_agree_with_finite_differences() {
    compare_all(Kind::MultiArea);
}

#[test]
fn stacked_gradients_agree_with_finite_differences() {
    compare_all(Kind::Stacked);
}

#[test]
fn every_single_element_agrees_with_its_finite_difference() {
    for (kind, least) in [(Kind::Vanilla, 75), (Kind::Ei, 75), (Kind::MultiArea, 75), (Kind::Stacked, 50)] {
        for activation in [Activation::Relu, Activation::Softplus] {
            for dale in [Dale::Rectified, Dale::Clamped] {
                let config = with_tau(network(kind).activation(activation).dale(dale), Tau::LearnedShared);
                let (compared, skipped) =
                    compare(&format!("{kind:?} {activation} {dale:?}"), &config, None, Probe::Elements);
                assert!(
                    compared > least && skipped == 0,
                    "{kind:?} {activation} {dale:?}: {compared} compared, {skipped} skipped"
                );
            }
        }
    }
}

#[test]
fn gradients_agree_with_activation_and_noise_by_cell_type_and_every_readout() {
    for form in Form::ALL {
        for readout in [Readout::Linear, Readout::Sigmoid, Readout::Softmax] {
            let config = with_tau(network(Kind::Ei), Tau::LearnedPerUnit)
                .form(form)
                .readout(readout)
                .activation(PerUnit::ByCellType {
                    excitatory: Activation::Softplus,
                    inhibitory: Activation::Power(1.5),
                })
                .sigma_rec(PerUnit::ByCellType { excitatory: 0.1, inhibitory: 0.3 })
                .sigma_post(PerUnit::ByCellType { excitatory: 0.2, inhibitory: 0.0 });
            let (compared, skipped) =
                compare(&format!("{form:?} {readout:?}"), &config, Some(NoiseKey::new(1, 1)), Probe::Elements);
            assert!(compared > 50 && skipped == 0, "{form:?} {readout:?}: {compared} compared, {skipped} skipped");
        }
    }
}

#[test]
fn a_silent_synapse_has_a_gradient_if_clamped_and_none_if_rectified() -> Result<()> {
    for (dale, alive) in [(Dale::Clamped, true), (Dale::Rectified, false)] {
        let model =
            Ctrnn::init(&network(Kind::Ei).activation(Activation::Softplus).dale(dale), 0, DType::F64, &Device::Cpu)?;
        for parameter in model.parameters()?.iter().filter(|parameter| parameter.name.starts_with("w_")) {
            parameter.var.set(&parameter.var.zeros_like()?)?;
        }
        // The readout would hide the recurrent weights if it were the whole loss; `loss` sums the rates too.
        let grads = loss(&model, None)?.backward()?;
        for parameter in model.parameters()?.iter().filter(|parameter| parameter.name.starts_with("w_")) {
            let grad = values(grads.get(&parameter.var).expect("a gradient"));
            for (grad, free) in grad.iter().zip(free(&model, parameter, grad.len())) {
                assert_eq!(*grad != 0.0, alive && free, "{dale:?} {}", parameter.name);
            }
        }
    }
    Ok(())
}
