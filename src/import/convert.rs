//! From what was found in a file to a checkpoint.

use candle_core::{DType, Device, Tensor};
use nn4n_models::{
    Bias, CellType, Ctrnn, Density, FixedSynapse, Kind, LayerConfig, LearnTau, MatrixConfig, ModelConfig, PerUnit,
    Plastic, ReadoutFrom, Start, Tensors, Values,
};

use super::{
    Refused,
    ledger::uniform,
    network::{Layer, Network, StartState, TimeConstants, Vector, Weights},
    structure::{describe, describe_readout},
};
use crate::error::Result;

/// The description and the tensors of a network; notes are added to those of the network.
pub(super) fn convert(network: &mut Network) -> Result<(ModelConfig, Tensors)> {
    check_shapes(network)?;
    let Network { layers, w_out, b_out, readout, notes } = network;
    w_out.project("w_out", notes);
    let double = |layer: &Layer| layer.w_rec.double || layer.w_in.as_ref().is_some_and(|w_in| w_in.double);
    let dtype = if w_out.double || layers.iter().any(double) { DType::F64 } else { DType::F32 };
    let mut parts = layers.iter_mut().map(|layer| self::layer(layer, dtype, notes)).collect::<Result<Vec<_>>>()?;
    if let Some((last, tensors)) = parts.last_mut() {
        describe_readout(last, w_out)?;
        last.outputs = w_out.posts;
        last.readout = Some(*readout);
        last.b_out = Some(bias(b_out));
        tensors.insert("b_out".into(), vector(&b_out.values, dtype)?);
        insert("w_out", w_out, dtype, tensors)?;
        complete(&mut last.w_out, w_out);
    }
    let (config, tensors) = stack(parts, layers)?;
    let config = config.completed();
    Ctrnn::from_tensors(&config, tensors.clone(), dtype, &Device::Cpu)?;
    Ok((config, tensors))
}

/// Every matrix is as large as the units that it joins.
fn check_shapes(network: &mut Network) -> Result<(), Refused> {
    let (mut below, count) = (None, network.layers.len());
    for (place, layer) in network.layers.iter_mut().enumerate() {
        let units = layer.w_rec.posts;
        layer.w_in = layer.w_in.take().filter(|w_in| w_in.pres > 0);
        let driven = match (&layer.w_in, below) {
            (Some(w_in), below) => w_in.posts == units && below.is_none_or(|below| w_in.pres == below),
            (None, below) => below.is_none(),
        };
        let read = place + 1 < count || network.w_out.pres == units;
        if layer.w_rec.pres != units || !driven || !read {
            let shape = |weights: &Weights| format!("({}, {})", weights.posts, weights.pres);
            let w_in = layer.w_in.as_ref().map_or_else(|| "none".into(), shape);
            return Err(Refused::new(format!(
                "has matrices whose shapes do not fit together: input {w_in}, recurrent {}, output {}",
                shape(&layer.w_rec),
                shape(&network.w_out)
            )));
        }
        below = Some(units);
    }
    if count == 0 { Err(Refused::new("holds no recurrent layer")) } else { Ok(()) }
}

/// A layer as a network by itself, without a readout.
fn layer(layer: &mut Layer, dtype: DType, notes: &mut Vec<String>) -> Result<(ModelConfig, Tensors)> {
    layer.w_in.iter_mut().for_each(|w_in| w_in.project("w_in", notes));
    layer.w_rec.project("w_rec", notes);
    let mut config = ModelConfig { inputs: layer.w_in.as_ref().map_or(0, |w_in| w_in.pres), ..ModelConfig::default() };
    describe(&mut config, layer, notes)?;
    config.form = layer.form;
    config.dt = layer.dt;
    config.activation = PerUnit::Uniform(layer.activation);
    config.dale = layer.dale;
    (config.tau, config.learn_tau) = time_constants(&layer.tau);
    config.sigma_rec = Some(per_unit(&layer.noise.sigma_rec));
    config.sigma_post = PerUnit::Uniform(layer.noise.sigma_post);
    config.noise_scaling = layer.noise.scaling;
    config.b_rec = Some(bias(&layer.b_rec));
    let x0 = start(&mut config, layer);
    let mut tensors = Tensors::new();
    for (name, values) in [("x0", &x0), ("tau", &layer.tau.values), ("b_rec", &layer.b_rec.values)] {
        tensors.insert(name.into(), vector(values, dtype)?);
    }
    if let Some(w_in) = &layer.w_in {
        insert("w_in", w_in, dtype, &mut tensors)?;
        complete(&mut config.w_in, w_in);
    }
    insert("w_rec", &layer.w_rec, dtype, &mut tensors)?;
    complete(&mut config.w_rec, &layer.w_rec);
    Ok((config, tensors))
}

/// One network of these layers, the last of which has the readout; a single one is a network already.
fn stack(mut parts: Vec<(ModelConfig, Tensors)>, layers: &[Layer]) -> Result<(ModelConfig, Tensors)> {
    let (last, top) = parts.pop().ok_or_else(|| Refused::new("holds no recurrent layer"))?;
    if parts.is_empty() {
        return Ok((last, top));
    }
    let mut config = ModelConfig { kind: Kind::Stacked, units: None, excitatory_fraction: None, ..last.clone() };
    parts.push((last, top));
    let (mut tensors, mut below): (_, Option<Vec<Option<CellType>>>) = (Tensors::new(), None);
    let mut drives: Vec<(Vec<Option<CellType>>, &Weights)> = Vec::new();
    for (place, ((part, own), layer)) in parts.into_iter().zip(layers).enumerate() {
        let same = (part.form, part.dt, part.dale, part.noise_scaling)
            == (config.form, config.dt, config.dale, config.noise_scaling);
        if !same || part.kind.has_areas() {
            let message = "has layers that differ in equation or step, or that are divided into areas, which has no \
                counterpart here";
            return Err(Refused::new(message).into());
        }
        match (below.take(), &layer.w_in) {
            (Some(types), Some(w_in)) => {
                if leaves_inhibitory(&types, w_in) {
                    config.readout_from = ReadoutFrom::All;
                }
                drives.push((types, w_in));
            }
            (None, _) => {
                (config.inputs, config.input_groups, config.w_in) =
                    (part.inputs, part.input_groups.clone(), part.w_in.clone())
            }
            _ => {}
        }
        let prefixed = |name: String| if name.ends_with("_out") { name } else { format!("layers.{place}.{name}") };
        tensors.extend(own.into_iter().map(|(name, tensor)| (prefixed(name), tensor)));
        below = Some(part.layout().cell_types);
        config.layers.push(as_layer(place, part));
    }
    for (layer, (types, w_in)) in config.layers.iter_mut().skip(1).zip(drives) {
        layer.input_density = Some(Density::All(density(&types, w_in, config.readout_from)));
    }
    // Each layer says these for itself.
    let ModelConfig {
        tau, learn_tau, activation, sigma_rec, sigma_post, start, b_rec, density, autapses, w_rec, ..
    } = ModelConfig::default();
    let start = if matches!(config.start, Start::Carried) { Start::Carried } else { start };
    Ok((
        ModelConfig {
            tau,
            learn_tau,
            activation,
            sigma_rec,
            sigma_post,
            start,
            b_rec,
            density,
            autapses,
            w_rec,
            ..config
        },
        tensors,
    ))
}

/// Whether an inhibitory unit projects to the layer above.
fn leaves_inhibitory(types: &[Option<CellType>], w_in: &Weights) -> bool {
    let rows = w_in.connectivity.chunks(w_in.pres.max(1));
    rows.flat_map(|row| row.iter().zip(types))
        .any(|(present, cell_type)| *present && *cell_type == Some(CellType::Inhibitory))
}

/// Of the synapses from the units that may project to the layer above, the fraction that is there.
fn density(types: &[Option<CellType>], w_in: &Weights, readout_from: ReadoutFrom) -> f64 {
    let may =
        |cell_type: &Option<CellType>| readout_from == ReadoutFrom::All || *cell_type != Some(CellType::Inhibitory);
    let possible = w_in.posts * types.iter().filter(|cell_type| may(cell_type)).count();
    w_in.connectivity.iter().filter(|entry| **entry).count() as f64 / possible.max(1) as f64
}

fn as_layer(place: usize, part: ModelConfig) -> LayerConfig {
    LayerConfig {
        name: format!("layer_{}", place + 1),
        units: part.n_units(),
        excitatory_fraction: part.excitatory_fraction,
        tau: Some(part.tau),
        learn_tau: Some(part.learn_tau),
        activation: Some(part.activation),
        sigma_rec: part.sigma_rec,
        sigma_post: Some(part.sigma_post),
        start: Some(part.start).filter(|start| *start != Start::Carried),
        b_rec: part.b_rec,
        density: Some(part.density),
        input_density: None,
        autapses: Some(part.autapses),
        w_in: Some(part.w_in),
        w_rec: Some(part.w_rec),
    }
}

fn vector(values: &[f64], dtype: DType) -> candle_core::Result<Tensor> {
    Tensor::new(values, &Device::Cpu)?.to_dtype(dtype)
}

/// What the file says of single synapses.
fn complete(matrix: &mut MatrixConfig, weights: &Weights) {
    matrix.fixed = fixed(weights);
    if let Some(plastic) = &weights.plastic {
        let rows = || plastic.chunks(weights.pres.max(1)).map(<[f64]>::to_vec).collect();
        matrix.plastic = uniform(plastic).map_or_else(|| Plastic::Each(rows()), Plastic::All);
    }
}

fn insert(name: &str, weights: &Weights, dtype: DType, tensors: &mut Tensors) -> Result<()> {
    let shape = (weights.posts, weights.pres);
    let matrix =
        |values: Vec<f64>| Tensor::from_vec(values, shape, &Device::Cpu).and_then(|tensor| tensor.to_dtype(dtype));
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
        (*fixed && weight != 0.0).then(|| FixedSynapse {
            post: index / weights.pres,
            pre: index % weights.pres,
            weight,
        })
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
