//! Constraints hold bit for bit after construction and after any update, and tensors that break them are refused.

use candle_core::{DType, Device, Tensor};
use nn4n_models::{
    Activation, Area, Bias, CellType, Ctrnn, Dale, Density, FixedSynapse, Form, LearnTau, MatrixConfig, ModelConfig,
    PerUnit, Plastic, Result, Start, Tensors, Values,
};
use proptest::prelude::*;

const MATRICES: [&str; 3] = ["w_in", "w_rec", "w_out"];

fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

fn bits(tensor: &Tensor) -> Vec<u64> {
    values(tensor).into_iter().map(f64::to_bits).collect()
}

/// Networks of every kind, with and without absent, fixed and less plastic synapses, and of every treatment of the time
/// constants.
fn any_config() -> impl Strategy<Value = ModelConfig> {
    let kind = prop_oneof![
        (1usize..8).prop_map(|units| ModelConfig::vanilla(2, units, 1)),
        (2usize..9, 0.5..1.0).prop_map(|(units, fraction)| ModelConfig::ei(3, units, 2).excitatory_fraction(fraction)),
        (2usize..6, 2usize..6, 0.3..0.9, 0.0..1.0).prop_map(|(one, two, fraction, density)| {
            ModelConfig::multi_area(2, 2, [Area::ei("one", one, fraction), Area::new("two", two)])
                .feedforward(density)
                .feedback(1.0 - density)
        }),
        (2usize..6, 2usize..6, 0.0..1.0).prop_map(|(one, two, density)| {
            ModelConfig::multi_area(0, 1, [Area::ei("one", one, 0.7), Area::ei("two", two, 0.7)])
                .feedforward(Density::excitatory(density))
        }),
    ];
    let learn_tau = prop_oneof![Just(LearnTau::Off), Just(LearnTau::Shared), Just(LearnTau::PerUnit)];
    let dale = prop_oneof![Just(Dale::Rectified), Just(Dale::Clamped)];
    let form = prop::sample::select(&Form::ALL[..]);
    let dynamics = (20.0..90.0, learn_tau, dale, form, any::<bool>(), 0.0..1.0);
    (kind, 0.0..1.0, any::<bool>(), any::<bool>(), dynamics).prop_map(
        |(config, density, autapses, fix, (tau, learn_tau, dale, form, trained, plastic))| {
            // A fixed synapse onto the last unit, of the sign its first unit allows.
            let units = config.layout();
            let weight = units.cell_types[0].map_or(-0.3, CellType::sign) * 0.3;
            let fixed = if fix { vec![FixedSynapse { post: units.len() - 1, pre: 0, weight }] } else { Vec::new() };
            let start = if trained { Start::Trained(0.1.into()) } else { Start::Zero };
            let w_rec = MatrixConfig { fixed, plastic: Plastic::All(plastic), ..MatrixConfig::default() };
            config
                .density(density)
                .autapses(autapses)
                .w_rec(w_rec)
                .tau(tau)
                .learn_tau(learn_tau)
                .dale(dale)
                .form(form)
                .start(start)
        },
    )
}

/// Moves every trained tensor, more than far enough to change signs and to bring time constants below the step.
fn perturb(model: &Ctrnn, size: f64) {
    for parameter in model.parameters().unwrap() {
        let scale = if parameter.name == "tau" { 60.0 * size } else { size };
        let moved: Vec<f64> = values(&parameter.var)
            .iter()
            .enumerate()
            .map(|(index, value)| value + scale * (2.3 * index as f64 + size).sin())
            .collect();
        let moved = Tensor::from_vec(moved, parameter.var.dims(), &Device::Cpu)
            .unwrap()
            .to_dtype(parameter.var.dtype())
            .unwrap();
        parameter.var.set(&moved).unwrap();
    }
}

/// Masks, fixed synapses and Dale's law of the stored and of the acting weights; tau >= dt.
fn assert_constraints(model: &Ctrnn) {
    let tensors = model.tensors().unwrap();
    let stored: Vec<(&str, Vec<f64>)> =
        model.parameters().unwrap().iter().map(|parameter| (parameter.name, values(&parameter.var))).collect();
    let effective = [
        model.effective_w_in().unwrap(),
        Some(model.effective_w_rec().unwrap()),
        Some(model.effective_w_out().unwrap()),
    ];
    for (name, effective) in MATRICES.iter().zip(effective) {
        let Some(effective) = effective else { continue };
        let stored = &stored.iter().find(|(stored, _)| stored == name).unwrap().1;
        assert_eq!(
            bits(&effective),
            stored.iter().map(|value| value.to_bits()).collect::<Vec<_>>(),
            "{name}: stored is not effective"
        );
        assert_eq!(bits(&effective), bits(&tensors[*name]), "{name}: saved is not effective");
        let pres = effective.dims()[1];
        let connectivity = values(&tensors[&format!("connectivity.{name}")]);
        let fixed = tensors.get(&format!("fixed.{name}")).map(values);
        for (index, weight) in stored.iter().enumerate() {
            let fixed = fixed.as_ref().map_or(0.0, |fixed| fixed[index]);
            assert!(connectivity[index] == 1.0 || weight.to_bits() == 0, "{name}[{index}] = {weight} is no synapse");
            assert!(
                fixed == 0.0 || weight.to_bits() == fixed.to_bits(),
                "{name}[{index}] = {weight} is fixed at {fixed}"
            );
            let pre_type = if *name == "w_in" {
                model.units().have_cell_types().then_some(CellType::Excitatory)
            } else {
                model.units().cell_types[index % pres]
            };
            let sign = pre_type.map_or(0.0, CellType::sign);
            assert!(weight * sign >= 0.0, "{name}[{index}] = {weight} breaks Dale's law");
        }
    }
    assert!(values(&model.tau().unwrap()).iter().all(|tau| *tau >= model.config().dt));
    if model.config().learn_tau == LearnTau::Shared {
        assert!(values(&tensors["tau"]).windows(2).all(|pair| pair[0] == pair[1]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn constraints_hold_bit_for_bit_after_init_and_after_any_update(
        config in any_config(),
        seed in 0u64..1000,
        size in 0.01..3.0,
        f32 in any::<bool>(),
    ) {
        let dtype = if f32 { DType::F32 } else { DType::F64 };
        let model = Ctrnn::init(&config, seed, dtype, &Device::Cpu).unwrap();
        assert_constraints(&model);
        for _ in 0..2 {
            perturb(&model, size);
            model.project().unwrap();
            assert_constraints(&model);
        }
    }

    #[test]
    fn a_draw_is_a_function_of_description_and_seed_and_rounds_to_the_data_type(
        config in any_config(),
        seed in 0u64..1000,
    ) {
        let [wide, again, narrow] =
            [DType::F64, DType::F64, DType::F32].map(|dtype| config.draw(seed, dtype).unwrap());
        prop_assert!(wide.keys().eq(narrow.keys()));
        let specs = config.tensor_specs();
        prop_assert!(wide.keys().eq(specs.iter().map(|spec| &spec.name)));
        for (name, tensor) in &wide {
            prop_assert_eq!(bits(tensor), bits(&again[name]));
            prop_assert_eq!(bits(&tensor.to_dtype(narrow[name].dtype()).unwrap()), bits(&narrow[name]));
        }
    }

    #[test]
    fn a_description_survives_json_and_a_network_its_tensors(
        config in any_config(),
        seed in 0u64..1000,
        size in 0.01..1.0,
    ) {
        let read: ModelConfig = serde_json::from_str(&serde_json::to_string(&config).unwrap()).unwrap();
        prop_assert_eq!(&read, &config);
        let model = Ctrnn::init(&config, seed, DType::F32, &Device::Cpu).unwrap();
        perturb(&model, size);
        model.project().unwrap();
        let copy = Ctrnn::from_tensors(&read, model.tensors().unwrap(), DType::F32, &Device::Cpu).unwrap();
        let inputs = Tensor::ones((2, 5, config.inputs), DType::F32, &Device::Cpu).unwrap();
        let outputs = |model: &Ctrnn| bits(&model.unroll(&inputs, None, None).unwrap().outputs);
        prop_assert_eq!(outputs(&model), outputs(&copy));
    }
}

#[test]
fn shared_time_constants_stay_shared_and_above_the_step_in_f32() -> Result<()> {
    // In f32, 0.7 is a little less than 0.7: a time constant held at the step must still be accepted when it is read
    // back.
    let config = ModelConfig::ei(1, 5, 1)
        .dt(0.7)
        .tau(PerUnit::ByCellType { excitatory: 1.0, inhibitory: 0.7 })
        .learn_tau(LearnTau::Shared);
    let model = Ctrnn::init(&config, 0, DType::F32, &Device::Cpu)?;
    let tau = &model.parameters()?.into_iter().find(|parameter| parameter.name == "tau").expect("tau is trained").var;
    tau.set(&Tensor::new(&[2.0f32, 9.0, 9.0, 9.0, 0.1], &Device::Cpu)?)?;
    model.project()?;
    assert_eq!(tau.to_vec1::<f32>()?, [2.0, 2.0, 2.0, 2.0, 0.7]);
    Ctrnn::from_tensors(&config, model.tensors()?, DType::F32, &Device::Cpu)?;
    Ok(())
}

#[test]
fn saved_tensors_are_a_snapshot_that_later_updates_leave_alone() -> Result<()> {
    let config = ModelConfig::ei(2, 6, 2).learn_tau(LearnTau::PerUnit).b_rec(Bias::Trained(Values::All(0.1)));
    let model = Ctrnn::init(&config, 0, DType::F64, &Device::Cpu)?;
    let snapshot = model.tensors()?;
    let before: Vec<Vec<u64>> = snapshot.values().map(bits).collect();
    perturb(&model, 0.5);
    assert_eq!(before, snapshot.values().map(bits).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn a_weight_that_is_not_a_number_is_not_hidden_by_the_projection() -> Result<()> {
    let model = Ctrnn::init(&ModelConfig::ei(2, 6, 2), 0, DType::F64, &Device::Cpu)?;
    for parameter in model.parameters()? {
        parameter.var.set(&(parameter.var.ones_like()? * f64::NAN)?)?;
    }
    model.project()?;
    assert!(values(&model.effective_w_rec()?).iter().any(|weight| weight.is_nan()));
    assert!(values(&model.effective_w_out()?).iter().any(|weight| weight.is_nan()));
    Ok(())
}

type Change = Box<dyn FnOnce(&mut Tensors)>;

/// The message with which changed tensors of a network are refused.
fn refusal(change: impl FnOnce(&mut Tensors)) -> String {
    let fixed = vec![FixedSynapse { post: 1, pre: 0, weight: 0.5 }];
    let w_rec = MatrixConfig { fixed, plastic: Plastic::All(0.5), ..MatrixConfig::default() };
    let config = ModelConfig::ei(2, 4, 1).excitatory_fraction(0.5).activation(Activation::Tanh).w_rec(w_rec);
    let mut tensors = config.draw(0, DType::F64).unwrap();
    change(&mut tensors);
    match Ctrnn::from_tensors(&config, tensors, DType::F64, &Device::Cpu) {
        Ok(_) => "accepted".into(),
        Err(error) => error.to_string(),
    }
}

fn put(name: &'static str, index: usize, value: f64) -> impl FnOnce(&mut Tensors) {
    move |tensors| {
        let mut changed = values(&tensors[name]);
        changed[index] = value;
        let changed = Tensor::from_vec(changed, tensors[name].dims(), &Device::Cpu).unwrap();
        tensors.insert(name.into(), changed);
    }
}

#[test]
fn tensors_that_do_not_fit_are_refused_each_with_its_own_message() {
    let changes: [(Change, &str); 12] = [
        (Box::new(|_| ()), "accepted"),
        (Box::new(|tensors| drop(tensors.remove("b_out"))), "tensor `b_out`: is missing"),
        (
            Box::new(|tensors| drop(tensors.insert("w_ghost".into(), tensors["tau"].clone()))),
            "tensor `w_ghost`: is not part of this network",
        ),
        (
            Box::new(|tensors| drop(tensors.insert("x0".into(), tensors["b_out"].clone()))),
            "tensor `x0`: has shape [1], but the configuration asks for [4]",
        ),
        (Box::new(put("x0", 2, f64::NAN)), "tensor `x0`: is NaN at element 2"),
        (
            Box::new(put("w_rec", 1, -0.5)),
            "tensor `w_rec`: [0, 1] = -0.5 breaks its connectivity, its fixed weight or Dale's law",
        ),
        (Box::new(put("w_rec", 0, 0.5)), "tensor `w_rec`: [0, 0] = 0.5 breaks"),
        (Box::new(put("w_rec", 4, 0.6)), "tensor `w_rec`: [1, 0] = 0.6 breaks"),
        (
            Box::new(put("connectivity.w_in", 3, 0.5)),
            "tensor `connectivity.w_in`: is 0.5 at element 3; a connectivity is 0 or 1",
        ),
        (Box::new(put("tau", 0, 50.0)), "tensor `tau`: is 50 at element 0, but the configuration says 100"),
        (Box::new(put("b_rec", 1, 0.1)), "tensor `b_rec`: is 0.1 at element 1, but the configuration says 0"),
        (
            Box::new(put("plastic.w_rec", 2, 7.0)),
            "tensor `plastic.w_rec`: is 7 at element 2, but the configuration says 0.5",
        ),
    ];
    for (change, wanted) in changes {
        let message = refusal(change);
        assert!(message.starts_with(wanted), "`{message}` does not start with `{wanted}`");
    }
}
