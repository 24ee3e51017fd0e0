//! A stacked network does what its equation says, and is in all else a network like the others.

use std::collections::BTreeMap;

use candle_core::{DType, Device, IndexOp, Tensor};
use nn4n_models::{
    Activation, Bias, CellType, Ctrnn, Density, Form, Init, LayerConfig, LearnTau, MatrixConfig, ModelConfig, NoiseKey,
    PerUnit, ReadoutFrom, Result, Start, StepNoise, Values,
};

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.detach().to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn bits(tensor: &Tensor) -> Vec<u64> {
    values(tensor).into_iter().map(f64::to_bits).collect()
}

fn matrix(rows: Vec<Vec<f64>>) -> MatrixConfig {
    MatrixConfig { init: Some(Init::Array(rows)), ..MatrixConfig::default() }
}

fn ramp(shape: (usize, usize, usize)) -> Tensor {
    let values: Vec<f64> =
        (0..shape.0 * shape.1 * shape.2).map(|index| 0.4 + (0.7 * index as f64 + 0.3).sin()).collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

fn init(config: &ModelConfig) -> Ctrnn {
    Ctrnn::init(config, 3, DType::F64, &Device::Cpu).unwrap()
}

/// Three layers that differ in everything a layer may differ in.
fn three_layers() -> ModelConfig {
    let lower =
        LayerConfig::ei("lower", 10, 0.8).tau(PerUnit::ByCellType { excitatory: 100.0, inhibitory: 50.0 }).density(0.5);
    let middle = LayerConfig::new("middle", 7)
        .activation(Activation::Tanh)
        .autapses(true)
        .start(Start::Constant(Values::All(-0.2)))
        .b_rec(Bias::Trained(Values::All(0.1)))
        .w_rec(MatrixConfig { init: Some(Init::Normal(0.9)), ..MatrixConfig::default() });
    let upper = LayerConfig::ei("upper", 5, 0.6)
        .tau(40.0)
        .learn_tau(LearnTau::PerUnit)
        .activation(Activation::Softplus)
        .input_density(0.6);
    ModelConfig::stacked(3, 2, [lower, middle, upper]).tau(80.0).b_out(Bias::Trained(Values::All(-0.3)))
}

#[test]
fn two_steps_match_numbers_worked_by_hand() -> Result<()> {
    let one = |value| matrix(vec![vec![value]]);
    let layers = [
        LayerConfig::new("lower", 1).w_rec(one(0.5)).start(Start::Constant(1.0.into())),
        LayerConfig::new("upper", 1)
            .tau(40.0)
            .w_in(one(3.0))
            .w_rec(one(-1.0))
            .b_rec(Bias::Constant(0.25.into()))
            .start(Start::Constant(0.5.into())),
    ];
    let config = ModelConfig::stacked(1, 1, layers)
        .autapses(true)
        .w_in(one(2.0))
        .w_out(one(2.0))
        .b_out(Bias::Constant(0.5.into()));
    let trajectory = init(&config).unroll(&Tensor::new(&[[[1.0], [-1.0]]], &Device::Cpu)?, None, None)?;
    // Lower: 0.8 * 1 + 0.2 (0.5 + 2) = 1.3, then 0.8 * 1.3 + 0.2 (0.65 - 2) = 0.77.
    // Upper: 0.5 * 0.5 + 0.5 (-0.5 + 3 * 1.3 + 0.25) = 2.075, then 0.5 * 2.075 + 0.5 (-2.075 + 3 * 0.77 + 0.25) = 1.28.
    for (found, wanted) in values(&trajectory.rates()?).iter().zip([1.3, 2.075, 0.77, 1.28]) {
        assert!((found - wanted).abs() < 1e-12, "{found} is not {wanted}");
    }
    for (found, wanted) in values(&trajectory.outputs).iter().zip([4.65, 3.06]) {
        assert!((found - wanted).abs() < 1e-12, "{found} is not {wanted}");
    }
    Ok(())
}

fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Relu => x.max(0.0),
        Activation::Tanh => x.tanh(),
        Activation::Softplus => x.exp().ln_1p(),
        other => panic!("the reference has no {other}"),
    }
}

/// States, rates and outputs of one trial, by loops over the saved tensors.
fn reference(config: &ModelConfig, tensors: &BTreeMap<String, Tensor>, inputs: &[Vec<f64>]) -> [Vec<f64>; 3] {
    let vector = |name: &str| values(&tensors[name]);
    let product = |name: &str, x: &[f64]| -> Vec<f64> {
        vector(name).chunks(x.len()).map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum()).collect()
    };
    let activations = [Activation::Relu, Activation::Tanh, Activation::Softplus];
    let mut x: Vec<Vec<f64>> = (0..3).map(|layer| vector(&format!("layers.{layer}.x0"))).collect();
    let mut r: Vec<Vec<f64>> = x.clone();
    if config.form == Form::Current {
        for (layer, r) in r.iter_mut().enumerate() {
            r.iter_mut().for_each(|x| *x = activate(activations[layer], *x));
        }
    }
    let (mut states, mut rates, mut outputs) = (Vec::new(), Vec::new(), Vec::new());
    for input in inputs {
        let mut below = input.clone();
        for layer in 0..3 {
            let name = |tensor: &str| format!("layers.{layer}.{tensor}");
            let (recurrent, driven) = (product(&name("w_rec"), &r[layer]), product(&name("w_in"), &below));
            let (bias, tau) = (vector(&name("b_rec")), vector(&name("tau")));
            for unit in 0..x[layer].len() {
                let alpha = config.dt / tau[unit];
                let current = recurrent[unit] + driven[unit] + bias[unit];
                let f = |x| activate(activations[layer], x);
                let blend = |arriving: f64| (1.0 - alpha) * x[layer][unit] + alpha * arriving;
                (x[layer][unit], r[layer][unit]) = match config.form {
                    Form::Current => (blend(current), f(blend(current))),
                    Form::Rate => (blend(f(current)), blend(f(current))),
                    Form::Blend => (f(blend(current)), f(blend(current))),
                };
            }
            below.clone_from(&r[layer]);
        }
        states.extend(x.concat());
        rates.extend(r.concat());
        outputs.extend(product("w_out", &below).iter().zip(vector("b_out")).map(|(z, b)| z + b));
    }
    [states, rates, outputs]
}

#[test]
fn a_pass_is_that_of_a_program_without_tensors() -> Result<()> {
    for form in Form::ALL {
        let (config, inputs) = (three_layers().form(form), ramp((2, 25, 3)));
        let network = init(&config);
        let trajectory = network.unroll(&inputs, None, None)?;
        for trial in 0..2 {
            let wanted = reference(&config, &network.tensors()?, &inputs.i(trial)?.to_vec2()?);
            let found = [trajectory.states()?, trajectory.rates()?, trajectory.outputs.clone()];
            for (found, wanted) in found.iter().zip(&wanted) {
                let found = values(&found.i(trial)?);
                assert_eq!(found.len(), wanted.len());
                let largest = found.iter().zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                assert!(largest < 1e-12, "{form:?}: {largest:e}");
            }
            assert!(
                wanted[1].iter().any(|rate| rate.abs() > 0.1) && wanted.iter().flatten().all(|value| value.is_finite())
            );
        }
    }
    Ok(())
}

#[test]
fn one_layer_is_the_network_of_its_kind_bit_for_bit() -> Result<()> {
    for (stacked, alone) in [
        (LayerConfig::new("only", 9), ModelConfig::vanilla(3, 9, 2)),
        (LayerConfig::ei("only", 9, 0.8).density(0.7), ModelConfig::ei(3, 9, 2).density(0.7).overlap(false)),
    ] {
        let group = nn4n_models::ChannelGroup::all(nn4n_models::UnitSet::fraction(0.5));
        let settings =
            |config: ModelConfig| config.input_group(group.clone()).sigma_post(0.1).b_out(Bias::Trained(0.1.into()));
        let (stacked, alone) =
            (settings(ModelConfig::stacked(3, 2, [stacked]).overlap(alone.overlap)), settings(alone));
        let (stacked, alone) = (init(&stacked), init(&alone));
        let tensors = stacked.tensors()?;
        for (name, tensor) in alone.tensors()? {
            let found = tensors.get(&name).unwrap_or_else(|| &tensors[&format!("layers.0.{name}")]);
            assert_eq!(bits(found), bits(&tensor), "{name}");
        }
        let pass = |network: &Ctrnn| -> Result<Vec<Vec<u64>>> {
            let trajectory = network.unroll(&ramp((2, 12, 3)), None, Some(NoiseKey::new(1, 2)))?;
            let gradients = (trajectory.outputs.sqr()?.sum_all()? + trajectory.rates()?.sum_all()?)?.backward()?;
            let parameters = network.parameters()?;
            let mut found = BTreeMap::new();
            for parameter in &parameters {
                found.insert(parameter.name, bits(gradients.get(&parameter.var).unwrap()));
            }
            Ok([bits(&trajectory.states()?), bits(&trajectory.outputs)]
                .into_iter()
                .chain(found.into_values())
                .collect())
        };
        assert_eq!(pass(&stacked)?, pass(&alone)?);
    }
    Ok(())
}

#[test]
fn layers_of_one_description_are_drawn_one_by_one() -> Result<()> {
    let tensors =
        init(&ModelConfig::stacked(4, 1, ["lower", "upper"].map(|name| LayerConfig::new(name, 4).density(0.5))))
            .tensors()?;
    for name in ["w_rec", "connectivity.w_rec"] {
        assert_ne!(
            values(&tensors[&format!("layers.0.{name}")]),
            values(&tensors[&format!("layers.1.{name}")]),
            "{name}"
        );
    }
    Ok(())
}

#[test]
fn every_layer_has_noise_of_its_own() -> Result<()> {
    // Nothing but noise: no weights, and the same units in both layers.
    let zero = MatrixConfig { init: Some(Init::Zero), ..MatrixConfig::default() };
    let layer = |name: &str| LayerConfig::new(name, 40).w_in(zero.clone()).w_rec(zero.clone());
    let network = init(&ModelConfig::stacked(1, 1, [layer("lower"), layer("upper")]).start(Start::Zero));
    let states = network.unroll(&ramp((3, 50, 1)), None, Some(NoiseKey::new(1, 1)))?.states()?;
    let (lower, upper) = (values(&states.narrow(2, 0, 40)?), values(&states.narrow(2, 40, 40)?));
    let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let correlation = sum(&lower, &upper) / (sum(&lower, &lower) * sum(&upper, &upper)).sqrt();
    // 6,000 numbers, correlated over some ten steps.
    assert!(correlation.abs() < 0.15, "{correlation}");
    Ok(())
}

#[test]
fn answers_pieces_steps_and_a_closed_loop_give_what_the_pass_gives() -> Result<()> {
    let network = init(&three_layers().sigma_post(0.1));
    let (inputs, noise) = (ramp((2, 600, 3)), Some(NoiseKey { first_trial: 4, ..NoiseKey::new(1, 2) }));
    let whole = network.unroll(&inputs, None, noise)?;
    let answer = network.answer(&inputs, None, noise)?;
    assert_eq!(bits(&answer.outputs), bits(&whole.outputs));
    assert_eq!(bits(&answer.last.state), bits(&whole.last()?.state));
    let mut rates = Vec::new();
    network.visit(&inputs, None, noise, 7, |_, piece| {
        rates.push(piece.rates()?);
        Ok::<_, nn4n_models::ModelError>(())
    })?;
    assert_eq!(bits(&Tensor::cat(&rates, 1)?), bits(&whole.rates()?));

    let zero = Tensor::zeros((2, 3), DType::F64, &Device::Cpu)?;
    let closed = network.unroll_closed(&inputs, None, noise, |_| Ok::<_, nn4n_models::ModelError>(zero.clone()))?;
    let quiet = network.unroll(&inputs, None, None)?;
    let (effective, mut state) = (network.effective()?, network.start(2)?);
    for step in 0..600 {
        state = network.step(&effective, &state, &inputs.i((.., step))?.contiguous()?, &StepNoise::default())?;
        let outputs = network.readout(&effective, &state.rate)?.1;
        for (found, wanted) in [
            (&state.state, quiet.states()?.i((.., step))?),
            (&outputs, quiet.outputs.i((.., step))?),
            (&closed.rates()?.i((.., step))?, whole.rates()?.i((.., step))?),
            (&closed.outputs.i((.., step))?, whole.outputs.i((.., step))?),
        ] {
            let difference = values(found).iter().zip(values(&wanted)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(difference < 1e-11, "step {step}: {difference:e}");
        }
    }
    Ok(())
}

#[test]
fn a_pass_starts_from_given_states_of_all_layers() -> Result<()> {
    let network = init(&three_layers());
    let (inputs, noise) = (ramp((2, 20, 3)), NoiseKey::new(5, 5));
    let whole = network.unroll(&inputs, None, Some(noise))?;
    let half = network.unroll(&inputs.narrow(1, 0, 10)?, None, Some(noise))?;
    let last = half.last()?;
    let rest = network.unroll(&inputs.narrow(1, 10, 10)?, Some(&last), Some(noise.at_step(10)))?;
    assert_eq!(bits(&rest.rates()?), bits(&whole.rates()?.narrow(1, 10, 10)?));
    for (found, wanted) in values(&network.start_from(&last.state)?.rate).iter().zip(values(&last.rate)) {
        assert!((found - wanted).abs() < 1e-12, "{found} is not {wanted}");
    }
    let message = network.start_from(&Tensor::zeros((2, 21), DType::F64, &Device::Cpu)?).unwrap_err().to_string();
    assert!(message.contains("22 units"), "{message}");
    Ok(())
}

#[test]
fn a_trial_of_a_batch_is_the_trial_alone() -> Result<()> {
    let network = init(&three_layers());
    let inputs = ramp((5, 30, 3));
    let run = |inputs: &Tensor, first_trial| {
        network.unroll(inputs, None, Some(NoiseKey { first_trial, ..NoiseKey::new(2, 3) }))
    };
    let together = run(&inputs, 0)?.rates()?;
    let alone = run(&inputs.narrow(0, 3, 1)?, 3)?.rates()?;
    assert_eq!(bits(&alone), bits(&together.narrow(0, 3, 1)?));
    Ok(())
}

#[test]
fn dale_and_connectivity_hold_in_every_layer_after_any_update() -> Result<()> {
    let layers = [LayerConfig::ei("lower", 10, 0.8), LayerConfig::ei("upper", 6, 0.5).density(0.5)];
    let network =
        init(&ModelConfig::stacked(3, 2, layers).readout_from(ReadoutFrom::All).learn_tau(LearnTau::Shared).dt(40.0));
    for parameter in network.parameters()? {
        let moved: Vec<f64> = (0..parameter.var.elem_count()).map(|index| 60.0 * (1.7 * index as f64).sin()).collect();
        parameter.var.set(&Tensor::from_vec(moved, parameter.var.shape(), &Device::Cpu)?)?;
    }
    network.project()?;
    let (tensors, types) = (network.tensors()?, network.units().cell_types.clone());
    let mut negative = 0;
    for (name, pres) in [
        ("layers.0.w_in", vec![Some(CellType::Excitatory); 3]),
        ("layers.0.w_rec", types[..10].to_vec()),
        ("layers.1.w_in", types[..10].to_vec()),
        ("layers.1.w_rec", types[10..].to_vec()),
        ("w_out", types[10..].to_vec()),
    ] {
        let (layer, matrix) =
            name.rsplit_once('.').map_or(("", name), |(layer, matrix)| (&name[..layer.len() + 1], matrix));
        let present = values(&tensors[&format!("{layer}connectivity.{matrix}")]);
        for (index, (weight, present)) in values(&tensors[name]).iter().zip(present).enumerate() {
            let sign = pres[index % pres.len()].map_or(0.0, CellType::sign);
            assert!(weight * sign >= 0.0 && (present == 1.0 || *weight == 0.0), "{name}[{index}] = {weight}");
            negative += usize::from(*weight < 0.0);
        }
    }
    assert!(negative > 20, "{negative}");
    for (layer, units) in [(0, 10), (1, 6)] {
        let tau = values(&tensors[&format!("layers.{layer}.tau")]);
        assert!(tau.len() == units && tau.iter().all(|found| *found == tau[0] && *found >= 40.0), "{tau:?}");
    }
    let found = values(&network.unroll(&ramp((1, 5, 3)), None, None)?.outputs);
    assert!(found.iter().all(|output| output.is_finite()));
    Ok(())
}

#[test]
fn by_default_excitatory_units_alone_project_to_the_next_layer_and_densities_are_exact() -> Result<()> {
    let count = |upper: LayerConfig, readout_from: ReadoutFrom| -> Result<[usize; 4]> {
        let config = ModelConfig::stacked(2, 1, [LayerConfig::ei("lower", 20, 0.8), upper]).readout_from(readout_from);
        let present = values(&init(&config).tensors()?["layers.1.connectivity.w_in"]);
        let mut counts = [0; 4];
        for (index, present) in present.iter().enumerate() {
            let (post, pre) = (index / 20, index % 20);
            counts[2 * usize::from(pre >= 16) + usize::from(post >= 5)] += *present as usize;
        }
        Ok(counts)
    };
    let upper = || LayerConfig::ei("upper", 10, 0.5);
    assert_eq!(count(upper(), ReadoutFrom::Excitatory)?, [80, 80, 0, 0]);
    assert_eq!(count(upper(), ReadoutFrom::All)?, [80, 80, 20, 20]);
    let half = count(upper().input_density(0.5), ReadoutFrom::Excitatory)?;
    assert_eq!((half[0] + half[1], half[2] + half[3]), (80, 0));
    let by_type = Density::ByCellType { e_to_e: 0.5, e_to_i: 0.25, i_to_e: 0.0, i_to_i: 1.0 };
    assert_eq!(count(upper().input_density(by_type), ReadoutFrom::Excitatory)?, [40, 20, 0, 20]);
    Ok(())
}

#[test]
fn what_the_network_lists_for_all_units_is_divided_among_the_layers() -> Result<()> {
    let layers = || [LayerConfig::new("lower", 2), LayerConfig::new("upper", 3).sigma_rec(0.0)];
    let config = ModelConfig::stacked(1, 1, layers())
        .tau(PerUnit::ByUnit { units: vec![50.0, 60.0, 70.0, 80.0, 90.0] })
        .start(Start::Constant(Values::Each(vec![1.0, 2.0, 3.0, 4.0, 5.0])));
    let tensors = init(&config).tensors()?;
    assert_eq!(values(&tensors["layers.0.tau"]), [50.0, 60.0]);
    assert_eq!(values(&tensors["layers.1.tau"]), [70.0, 80.0, 90.0]);
    assert_eq!(values(&tensors["layers.1.x0"]), [3.0, 4.0, 5.0]);
    let by_area = PerUnit::ByArea { areas: [("lower".to_string(), 50.0), ("upper".to_string(), 90.0)].into() };
    let network = init(&ModelConfig::stacked(1, 1, layers()).tau(by_area).learn_tau(LearnTau::Shared));
    assert_eq!(values(&network.tau()?), [50.0, 50.0, 90.0, 90.0, 90.0]);
    Ok(())
}

#[test]
fn the_weights_between_all_units_hold_those_of_every_layer() -> Result<()> {
    let layers = [
        LayerConfig::new("lower", 2),
        LayerConfig::new("upper", 1).w_in(matrix(vec![vec![5.0, 6.0]])).w_rec(matrix(vec![vec![7.0]])),
    ];
    let config = ModelConfig::stacked(1, 1, layers).autapses(true).w_rec(matrix(vec![vec![1.0, 2.0], vec![3.0, 4.0]]));
    let network = init(&config.w_in(matrix(vec![vec![8.0], vec![9.0]])).w_out(matrix(vec![vec![10.0]])));
    assert_eq!(network.effective_w_rec()?.to_vec2::<f64>()?, [[1.0, 2.0, 0.0], [3.0, 4.0, 0.0], [5.0, 6.0, 7.0]]);
    assert_eq!(network.effective_w_in()?.unwrap().to_vec2::<f64>()?, [[8.0], [9.0], [0.0]]);
    assert_eq!(network.effective_w_out()?.to_vec2::<f64>()?, [[0.0, 0.0, 10.0]]);
    Ok(())
}

#[test]
fn a_network_comes_back_from_its_tensors_and_its_description() -> Result<()> {
    for dtype in [DType::F32, DType::F64] {
        let network = Ctrnn::init(&three_layers(), 7, dtype, &Device::Cpu)?;
        let tensors = network.tensors()?;
        let names: Vec<String> = network.config().tensor_specs().into_iter().map(|spec| spec.name).collect();
        assert_eq!(tensors.keys().cloned().collect::<Vec<_>>(), names);
        let config: ModelConfig = toml::from_str(&toml::to_string(network.config()).unwrap()).unwrap();
        let json: ModelConfig = serde_json::from_str(&serde_json::to_string(network.config()).unwrap()).unwrap();
        assert!(config == *network.config() && json == config);
        let again = Ctrnn::from_tensors(&config, tensors.clone(), dtype, &Device::Cpu)?;
        let run = |network: &Ctrnn| -> Result<Vec<u64>> {
            let inputs = ramp((2, 9, 3)).to_dtype(dtype)?;
            Ok(bits(&network.unroll(&inputs, None, Some(NoiseKey::new(0, 0)))?.outputs))
        };
        assert_eq!(run(&network)?, run(&again)?);
        for (name, tensor) in again.tensors()? {
            assert_eq!(bits(&tensor), bits(&tensors[&name]), "{name}");
        }
        let trained: Vec<String> = network.parameters()?.iter().map(nn4n_models::Parameter::path).collect();
        let specs = network.config().tensor_specs();
        let mut wanted: Vec<&str> = specs.iter().filter(|spec| spec.trained).map(|spec| spec.name.as_str()).collect();
        wanted.sort_by_key(|name| name.starts_with("layers"));
        assert_eq!(trained, wanted);
    }
    Ok(())
}

#[test]
fn tensors_that_do_not_fit_are_refused_by_their_full_name() -> Result<()> {
    let config = three_layers();
    let message = |change: &dyn Fn(&mut nn4n_models::Tensors)| {
        let mut tensors = config.draw(0, DType::F64).unwrap();
        change(&mut tensors);
        Ctrnn::from_tensors(&config, tensors, DType::F64, &Device::Cpu).unwrap_err().to_string()
    };
    let filled =
        |value: f64, shape: (usize, usize)| (Tensor::ones(shape, DType::F64, &Device::Cpu).unwrap() * value).unwrap();
    assert!(message(&|tensors| drop(tensors.remove("layers.1.tau"))).contains("`layers.1.tau`: is missing"));
    assert!(
        message(&|tensors| drop(tensors.insert("layers.3.tau".into(), filled(1.0, (1, 1)))))
            .contains("`layers.3.tau`: is not part")
    );
    let negative =
        |tensors: &mut nn4n_models::Tensors| drop(tensors.insert("layers.1.w_in".into(), filled(-1.0, (7, 10))));
    assert!(message(&negative).contains("`layers.1.w_in`: [0, 0] = -1 breaks"), "{}", message(&negative));
    let moved = |tensors: &mut nn4n_models::Tensors| {
        drop(tensors.insert("layers.1.x0".into(), Tensor::zeros(7, DType::F64, &Device::Cpu).unwrap()));
    };
    assert!(message(&moved).contains("`layers.1.x0`: is 0 at element 0"), "{}", message(&moved));
    Ok(())
}

#[test]
fn another_step_shares_the_parameters_and_is_checked_in_every_layer() -> Result<()> {
    let network = init(&three_layers());
    let finer = network.with_dt(10.0)?;
    assert_eq!(finer.config().dt, 10.0);
    let outputs =
        |network: &Ctrnn| -> Result<Vec<u64>> { Ok(bits(&network.unroll(&ramp((1, 5, 3)), None, None)?.outputs)) };
    assert_ne!(outputs(&finer)?, outputs(&network)?);
    assert_eq!(outputs(&finer.with_dt(20.0)?)?, outputs(&network)?);
    let message = network.with_dt(45.0).unwrap_err().to_string();
    assert!(message.contains("45 ms exceeds `tau` = 40 ms") && message.contains("layer"), "{message}");
    assert!(
        network.frozen().parameters()?.is_empty()
            && !network.frozen().unroll(&ramp((1, 2, 3)), None, None)?.outputs.track_op()
    );
    Ok(())
}

#[test]
fn mistakes_are_named() {
    let message = |toml: &str| match toml::from_str::<ModelConfig>(&format!("kind = \"stacked\"\n{toml}")) {
        Err(error) => error.to_string(),
        Ok(config) => config.draw(0, DType::F32).map_or_else(|error| error.to_string(), |_| "accepted".into()),
    };
    let two = |upper: &str| format!("layers = [{{ name = \"a\", units = 4 }}, {{ name = \"b\", units = 4{upper} }}]\n");
    let typed = "layers = [{ name = \"a\", units = 4, excitatory_fraction = 0 }, { name = \"b\", units = 4 }]\n";
    for (toml, parts) in [
        (two(""), vec!["accepted"]),
        (String::new(), vec!["model.layers: is empty", "at least one layer"]),
        ("layers = [{ name = \"a\", units = 0 }]".into(), vec!["model.layers[0].units: is 0", "`a`"]),
        ("layers = [{ units = 3 }]".into(), vec!["missing field `name`"]),
        (two(", taau = 3"), vec!["unknown field `taau`"]),
        (two("") + "areas = [{ name = \"x\", units = 8 }]", vec!["model.areas: are given, but the kind has none"]),
        (two("") + "units = 9", vec!["model.units: is 9, but the layers sum to 8", "correct a layer"]),
        (two("").replace("\"b\"", "\"a\""), vec!["model.layers[1].name: `a` is used twice"]),
        (two("").replace("units = 4 }]", "units = 20001 }]"), vec!["model.layers: = 20005 exceeds 20000"]),
        (two("") + "feedforward = 0.5", vec!["model.feedforward:", "`input_density`"]),
        (two("") + "excitatory_fraction = 0.8", vec!["model.excitatory_fraction:", "one for each layer"]),
        (
            two(", excitatory_fraction = 1.5"),
            vec!["model.layers[1].excitatory_fraction: must lie in [0, 1], but is 1.5"],
        ),
        (two(", tau = -1"), vec!["model.layers[1].tau: must be > 0 ms, but is -1"]),
        (two(", tau = 10"), vec!["model.dt: = 20 ms exceeds `tau` = 10 ms", "(layer `b`)"]),
        (two(", tau = { units = [50] }"), vec!["model.layers[1].tau: lists 1 values for 4 units"]),
        (two("") + "tau = { units = [50] }", vec!["model.tau: lists 1 values for 8 units"]),
        (two("") + "tau = { areas = { a = 50 } }", vec!["model.tau: has no value for the area `b`"]),
        (two(", start = \"carried\""), vec!["model.layers[1].start:", "of the network only"]),
        (two(", start = \"zero\"") + "start = \"carried\"", vec!["model.layers[1].start:", "of the network only"]),
        (two(", density = 1.5"), vec!["model.layers[1].density: must lie in [0, 1], but is 1.5"]),
        (two(", input_density = 1.5"), vec!["model.layers[1].input_density: must lie in [0, 1], but is 1.5"]),
        (
            two(", input_density = { e_to_e = 0.5 }"),
            vec!["model.layers[1].input_density: is given by cell type", "`a` or `b`"],
        ),
        (typed.into(), vec!["model.layers[1].input_density: leaves nothing", "readout_from = \"all\""]),
        (two(", w_in = { connectivity = [[1]] }"), vec!["model.layers[1].w_in.connectivity: must be 4 rows of 4"]),
        (
            two("") + "w_rec = { init = { array = [[1.0]] } }",
            vec!["model.w_rec.init: must be 4 rows of 4", "(layer `a`)"],
        ),
        (
            two("") + "output_groups = [{ to = { units = [7] } }]",
            vec!["model.output_groups[0].to.units: names unit 7, but there are 4"],
        ),
        (
            two("") + "output_groups = [{ to = { areas = [\"a\"] } }]",
            vec!["model.output_groups[0].to.areas: names the area `a`"],
        ),
        (
            "layers = [{ name = \"a\", units = 4, input_density = 0.5 }]\ninputs = 1\ninput_groups = [{}]".into(),
            vec!["model.layers[0].input_density: is given, but `input_groups`"],
        ),
    ] {
        let found = message(&toml);
        for part in parts {
            assert!(found.contains(part), "{toml}\n{found}\nlacks {part}");
        }
    }
    let deep = ModelConfig::stacked(1, 1, (0..65).map(|layer| LayerConfig::new(layer.to_string(), 1)));
    assert!(deep.validate().unwrap_err().to_string().contains("more than the 64"));
    let layers = ModelConfig { layers: vec![LayerConfig::new("a", 3)], ..ModelConfig::vanilla(1, 3, 1) };
    assert!(layers.validate().unwrap_err().to_string().contains("model.layers: are given, but the kind has none"));
}
