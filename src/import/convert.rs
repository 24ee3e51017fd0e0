//! From what was found in a file to a checkpoint.

use candle_core::{DType, Device, Tensor};
use nn4n_models::{Bias, Ctrnn, FixedSynapse, LearnTau, ModelConfig, PerUnit, Plastic, Start, Tensors, Values};

use super::{
    Refused,
    ledger::uniform,
    network::{Layer, Network, StartState, TimeConstants, Vector, Weights},
    structure::describe,
};
use crate::error::Result;

/// The description and the tensors of a network; notes are added to those of the network.
pub(super) fn convert(network: &mut Network) -> Result<(ModelConfig, Tensors)> {
    let Network { layers, w_out, b_out, readout, notes } = network;
    let count = layers.len();
    let [layer] = layers.as_mut_slice() else {
        let message = format!("holds {count} recurrent layers; stacked networks cannot be imported yet, only those of one layer");
        return Err(Refused::new(message).into());
    };
    let units = layer.w_rec.posts;
    layer.w_in = layer.w_in.take().filter(|w_in| w_in.pres > 0);
    if layer.w_rec.pres != units || layer.w_in.as_ref().is_some_and(|w_in| w_in.posts != units) || w_out.pres != units {
        let shape = |weights: &Weights| (weights.posts, weights.pres);
        let shapes = (layer.w_in.as_ref().map(shape), shape(&layer.w_rec), shape(w_out));
        return Err(Refused::new(format!("has matrices (input, recurrent, output) of shapes {shapes:?}, which do not fit together")).into());
    }
    layer.w_in.iter_mut().for_each(|w_in| w_in.project("w_in", notes));
    layer.w_rec.project("w_rec", notes);
    w_out.project("w_out", notes);

    let mut config =
        ModelConfig { inputs: layer.w_in.as_ref().map_or(0, |w_in| w_in.pres), outputs: w_out.posts, ..ModelConfig::default() };
    describe(&mut config, layer, w_out, notes)?;
    config.form = layer.form;
    config.dt = layer.dt;
    config.activation = PerUnit::Uniform(layer.activation);
    config.dale = layer.dale;
    config.readout = *readout;
    (config.tau, config.learn_tau) = time_constants(&layer.tau);
    config.sigma_rec = per_unit(&layer.noise.sigma_rec);
    config.sigma_post = PerUnit::Uniform(layer.noise.sigma_post);
    config.noise_scaling = layer.noise.scaling;
    let dtype = if layer.w_rec.double { DType::F64 } else { DType::F32 };
    let mut tensors = Tensors::new();
    let vector = |values: &[f64]| Tensor::new(values, &Device::Cpu).and_then(|tensor| tensor.to_dtype(dtype));
    let x0 = start(&mut config, layer);
    for (name, values) in [("x0", &x0), ("tau", &layer.tau.values), ("b_rec", &layer.b_rec.values), ("b_out", &b_out.values)] {
        tensors.insert(name.into(), vector(values)?);
    }
    config.b_rec = bias(&layer.b_rec);
    config.b_out = bias(b_out);
    let matrices = [("w_in", layer.w_in.as_ref()), ("w_rec", Some(&layer.w_rec)), ("w_out", Some(&*w_out))];
    for (name, weights) in matrices.into_iter().filter_map(|(name, weights)| Some((name, weights?))) {
        insert(name, weights, dtype, &mut tensors)?;
        let matrix = match name {
            "w_in" => &mut config.w_in,
            "w_rec" => &mut config.w_rec,
            _ => &mut config.w_out,
        };
        matrix.fixed = fixed(weights);
        if let Some(plastic) = &weights.plastic {
            let rows = || plastic.chunks(weights.pres.max(1)).map(<[f64]>::to_vec).collect();
            matrix.plastic = uniform(plastic).map_or_else(|| Plastic::Each(rows()), Plastic::All);
        }
    }
    Ctrnn::from_tensors(&config, tensors.clone(), dtype, &Device::Cpu)?;
    Ok((config, tensors))
}

fn insert(name: &str, weights: &Weights, dtype: DType, tensors: &mut Tensors) -> Result<()> {
    let shape = (weights.posts, weights.pres);
    let matrix = |values: Vec<f64>| Tensor::from_vec(values, shape, &Device::Cpu).and_then(|tensor| tensor.to_dtype(dtype));
    // -0.0 is not the 0 that a constraint leaves.
    tensors.insert(name.into(), matrix(weights.values.iter().map(|value| value + 0.0).collect())?);
    let connectivity: Vec<u8> = weights.connectivity.iter().map(|entry| u8::from(*entry)).collect();
    tensors.insert(format!("connectivity.{name}"), Tensor::from_vec(connectivity, shape, &Device::Cpu)?);
    let fixed = weights.fixed.iter().zip(&weights.values).map(|(fixed, value)| if *fixed { *value } else { 0.0 });
    if !self::fixed(weights).is_empty() {
        tensors.insert(format!("fixed.{name}"), matrix(fixed.collect())?);
    }
    if let Some(plastic) = &weights.plastic {
        tensors.insert(format!("plastic.{name}"), matrix(plastic.clone())?);
    }
    Ok(())
}

fn fixed(weights: &Weights) -> Vec<FixedSynapse> {
    let synapse = |(index, fixed): (usize, &bool)| {
        let weight = weights.values[index];
        (*fixed && weight != 0.0).then(|| FixedSynapse { post: index / weights.pres, pre: index % weights.pres, weight })
    };
    weights.fixed.iter().enumerate().filter_map(synapse).collect()
}

fn time_constants(tau: &TimeConstants) -> (PerUnit<f64>, LearnTau) {
    (per_unit(&tau.values), if tau.trained { LearnTau::PerUnit } else { LearnTau::Off })
}

fn per_unit(values: &[f64]) -> PerUnit<f64> {
    match uniform(values) {
        Some(value) => PerUnit::Uniform(value),
        None if values.is_empty() => PerUnit::Uniform(0.0),
        None => PerUnit::ByUnit { units: values.to_vec() },
    }
}

/// One number if all are the same.
fn values(values: &[f64]) -> Values {
    uniform(values).map_or_else(|| Values::Each(values.to_vec()), Values::All)
}

fn bias(found: &Vector) -> Bias {
    match (found.is_off(), found.trained) {
        (true, _) => Bias::Off,
        // What a trained bias was before training is not in the file.
        (_, true) => Bias::Trained(Values::All(0.0)),
        (_, false) => Bias::Constant(values(&found.values)),
    }
}

fn start(config: &mut ModelConfig, layer: &Layer) -> Vec<f64> {
    let zeros = vec![0.0; layer.w_rec.posts];
    let (start, x0) = match &layer.start {
        StartState::Zero => (Start::Zero, zeros),
        StartState::Carried => (Start::Carried, zeros),
        StartState::Trained(x0) => (Start::Trained(Values::All(0.0)), x0.clone()),
        StartState::Fixed(x0) if x0.iter().all(|value| *value == 0.0) => (Start::Zero, zeros),
        StartState::Fixed(x0) => (Start::Constant(values(x0)), x0.clone()),
    };
    config.start = start;
    x0
}
