//! The vanishing-gradient regulariser that the way back of a pass finds as it goes agrees with its definition, whatever
//! the network, the trials, the other penalties and the number of threads.

use candle_core::{DType, Device, Tensor};
use nn4n_models::{
    Activation, Area, Bias, Ctrnn, Dale, FixedSynapse, LearnTau, MatrixConfig, ModelConfig, NoiseKey, Parameter,
    PerUnit, Plastic, Start,
};

use super::{
    Context, Matrix, Penalty, Regulariser, loss_terms,
    testing::{number, numbers},
};
use crate::{error::Result, loss::Loss, simulate::TensorBatch};

/// Trials of different lengths that are graded in their last quarter, padded to `steps`.
fn late(trials: usize, steps: usize) -> Result<TensorBatch> {
    let n_steps: Vec<usize> = (0..trials).map(|trial| (steps - (3 * trial) % (steps / 2 + 1)).max(1)).collect();
    let fill = |channels: usize, from: fn(usize) -> usize, value: fn(f64) -> f64| -> Result<Tensor> {
        let mut values = Vec::new();
        for (trial, length) in n_steps.iter().enumerate() {
            for index in 0..steps * channels {
                let is_there = (from(*length)..*length).contains(&(index / channels));
                values.push(if is_there { value((7 * trial + 3 * index) as f64) } else { 0.0 });
            }
        }
        Ok(Tensor::from_vec(values, (trials, steps, channels), &Device::Cpu)?)
    };
    Ok(TensorBatch {
        inputs: fill(2, |_| 0, |at| 0.5 + at.sin())?,
        targets: fill(2, |_| 0, |at| at.cos())?,
        loss_mask: fill(2, |length| 3 * length / 4, |at| 1.5 + at.sin())?,
        valid: fill(1, |_| 0, |_| 1.0)?,
        n_steps,
    })
}

/// The loss and the gradient of every parameter.
type Found = (f64, Vec<(String, Vec<f64>)>);

fn found(model: &Ctrnn, loss: impl Fn() -> Result<f64>, total: &Tensor) -> Result<Found> {
    let store = total.backward()?;
    let gradient = |parameter: Parameter| {
        let gradient = store.get(&parameter.var).map_or(Vec::new(), numbers);
        (parameter.name.to_string(), gradient)
    };
    Ok((loss()?, model.parameters()?.into_iter().map(gradient).collect()))
}

/// Along with the way back of a pass, and by the definition.
fn both(model: &Ctrnn, batch: &TensorBatch, others: &[Regulariser], remat: bool) -> Result<[Found; 2]> {
    let noise = Some(NoiseKey::new(1, 2));
    let trajectory = if remat {
        model.unroll_remat(&batch.inputs, None, noise)?
    } else {
        model.unroll(&batch.inputs, None, noise)?
    };
    let context = Context { model, trajectory: &trajectory, batch, loss: Loss::MaskedMse };
    let own = Regulariser::new(Penalty::VanishingGradient {}, 2.0);
    let regularisers = [&[own], others].concat();
    let along = loss_terms(&regularisers, &context)?;
    assert!(along.awaits() && along.values()?.0.is_nan());
    let mut defined = context.task_loss()?;
    for regulariser in &regularisers {
        defined = (defined + (regulariser.value(&context)? * regulariser.weight)?)?;
    }
    Ok([found(model, || Ok(along.values()?.0), &along.total)?, found(model, || Ok(number(&defined)), &defined)?])
}

fn assert_agree(what: &str, model: &Ctrnn, batch: &TensorBatch, others: &[Regulariser]) -> Result<()> {
    let [along, defined] = both(model, batch, others, false)?;
    assert_eq!(both(model, batch, others, true)?[0], along, "{what}: computed again");
    assert!((along.0 / defined.0 - 1.0).abs() < 1e-10, "{what}: {} is not {}", along.0, defined.0);
    for ((name, along), (_, defined)) in along.1.iter().zip(&defined.1) {
        assert_eq!(along.len(), defined.len(), "{what}: {name}");
        let scale = defined.iter().fold(0.0f64, |most, value| most.max(value.abs()));
        for (along, defined) in along.iter().zip(defined) {
            assert!((along - defined).abs() <= 1e-10 * scale, "{what}: {name}: {along} is not {defined}");
        }
    }
    Ok(())
}

fn ei() -> ModelConfig {
    ModelConfig::ei(2, 10, 2).tau(PerUnit::ByCellType { excitatory: 100.0, inhibitory: 40.0 }).sigma_rec(0.1)
}

#[test]
fn along_with_the_loss_it_is_the_definition() -> Result<()> {
    let w_rec = MatrixConfig {
        plastic: Plastic::Each((0..10).map(|post| vec![[0.0, 0.5, 1.0][post.min(2)]; 10]).collect()),
        fixed: vec![FixedSynapse { post: 3, pre: 9, weight: -0.25 }],
        ..MatrixConfig::default()
    };
    let trained = ei().start(Start::Trained(0.2.into())).b_rec(Bias::Trained(0.1.into()));
    let mut models = vec![
        ("sigma_post", ei().sigma_post(0.1)),
        ("start and biases", trained.b_out(Bias::Trained(0.1.into()))),
        ("learned tau", ei().learn_tau(LearnTau::PerUnit)),
        ("clamped", ei().dale(Dale::Clamped)),
        ("plastic", ei().w_rec(w_rec)),
        ("areas", ModelConfig::multi_area(2, 2, [Area::ei("one", 8, 0.75), Area::ei("two", 9, 0.67)])),
        ("vanilla, 33 units", ModelConfig::vanilla(2, 33, 2).activation(Activation::Tanh)),
        // Nothing but weak synapses leads back: the gradient is lost within a few steps.
        ("lost", of_radius(1e-3, ModelConfig::vanilla(2, 20, 2).tau(20.0).dt(20.0).activation(Activation::Tanh))),
    ];
    let activations = ["linear", "relu", "leaky_relu(0.1)", "tanh", "sigmoid", "retanh", "softplus", "power(2)"];
    for name in activations {
        models.push((name, of_radius(0.5, ei().activation(name.parse::<Activation>().expect("an activation")))));
    }
    // Windows of some trials end within them, and so do segments of states that are computed again.
    let batches = [late(3, 90)?, late(7, 1)?, late(1, 2)?, late(9, 40)?];
    for (what, config) in models {
        let model = Ctrnn::init(&config, 3, DType::F64, &Device::Cpu)?;
        for batch in &batches {
            assert_agree(what, &model, batch, &[])?;
        }
    }
    // Several blocks of trials.
    let model = Ctrnn::init(&ei().activation(Activation::Softplus), 3, DType::F64, &Device::Cpu)?;
    assert_agree("many trials", &model, &late(150, 6)?, &[])
}

#[test]
fn beside_other_penalties_it_is_that_of_the_loss_of_the_task_alone() -> Result<()> {
    let model = Ctrnn::init(&ei().activation(Activation::Softplus), 3, DType::F64, &Device::Cpu)?;
    let batch = late(5, 50)?;
    for other in [
        Penalty::L2Weights { matrix: Matrix::WRec },
        Penalty::L2Rates {},
        Penalty::StatePrediction { lag: 2 },
        Penalty::Hebbian {},
        Penalty::VanishingGradient {},
    ] {
        assert_agree(&other.name(), &model, &batch, &[Regulariser::new(other.clone(), 0.3)])?;
    }
    Ok(())
}

#[test]
fn any_number_of_threads_finds_the_same_bits() -> Result<()> {
    let model = Ctrnn::init(&ei().activation(Activation::Softplus), 3, DType::F64, &Device::Cpu)?;
    let batch = late(70, 20)?;
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| both(&model, &batch, &[], false))
    };
    let [alone, _] = on(1)?;
    for threads in [2, 3] {
        assert_eq!(on(threads)?[0], alone, "{threads} threads");
    }
    Ok(())
}

fn of_radius(radius: f64, config: ModelConfig) -> ModelConfig {
    let w_rec = MatrixConfig { spectral_radius: Some(radius), ..config.w_rec.clone() };
    config.w_rec(w_rec)
}
