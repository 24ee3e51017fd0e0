//! What `nn4n export` writes comes back: the header of the checkpoint lies in the file, so that everything is there
//! that other programs have no place for.
//!
//! ```text
//! npz      arrays by the names of the checkpoint; `header` (bytes) u8, `checksum` () i64
//! mat, h5  the same with `header` as a text
//! torch    tensors by the names of the module, `header` and `checksum` among its buffers, so that what PyTorch saves
//!          after training has them, too
//! nn4n     tensors by the names of the original; in the metadata masks, start state, time constants, header, checksum
//! ```
//!
//! If the tensors are those that were exported, the checkpoint is the one that was exported, to the bit. If they were
//! changed, by training elsewhere, weights are projected onto their constraints, and what was found of the network
//! before (metrics, updates, validations) is left out.

use std::{collections::BTreeMap, path::Path};

use candle_core::{DType, Device, Tensor};
use nn4n_models::{Ctrnn, FixedSynapse, MatrixConfig, ModelConfig, PerUnit, Plastic, TensorSpec, Tensors};
use serde_json::Value;

use super::{Format, Refused, array::Array, ledger::Ledger, options::Options, state_dict::StateDict};
use crate::{
    checkpoint::{Checkpoint, Header, ImportedFrom, serialize},
    error::Result,
};

/// Names of the tensors in the exported PyTorch module, and in the checkpoint.
pub(crate) const MODULE: [(&str, &str); 17] = [
    ("input.weight", "w_in"),
    ("input.connectivity", "connectivity.w_in"),
    ("input.fixed", "fixed.w_in"),
    ("input.plastic", "plastic.w_in"),
    ("recurrent.weight", "w_rec"),
    ("recurrent.connectivity", "connectivity.w_rec"),
    ("recurrent.fixed", "fixed.w_rec"),
    ("recurrent.plastic", "plastic.w_rec"),
    ("recurrent.bias", "b_rec"),
    ("readout.weight", "w_out"),
    ("readout.connectivity", "connectivity.w_out"),
    ("readout.fixed", "fixed.w_out"),
    ("readout.plastic", "plastic.w_out"),
    ("readout.bias", "b_out"),
    ("rnn.weight_ih_l0", "w_in"),
    ("rnn.weight_hh_l0", "w_rec"),
    ("h0", "x0"),
];

/// What an exported module has beyond the tensors of the checkpoint.
const OF_MODULE: [&str; 6] = ["input.signs", "recurrent.signs", "readout.signs", "cell_types", "noise", "sigma_post"];

/// What the arrays for NumPy have beyond those of the checkpoint.
const OF_ARRAYS: [&str; 4] = ["alpha", "areas", "area_names", "cell_types"];

/// A network as it was exported.
#[derive(Debug)]
pub(super) struct Exported {
    /// The header of the checkpoint, JSON.
    header: String,
    /// By the names of the checkpoint.
    arrays: Ledger<Array>,
    /// Of the tensors that were exported.
    checksum: Option<u32>,
    /// Whether it is a module of PyTorch's own RNN, which has neither masks nor time constants.
    is_rnn: bool,
    notes: Vec<String>,
}

impl Exported {
    /// The network in arrays that NumPy reads, or in a state_dict of the exported module.
    pub fn of_state(state: StateDict) -> Result<Self, Refused> {
        let StateDict { tensors: mut arrays, notes, .. } = state;
        let header = text(arrays.require("header")?).map_err(|error| error.of("header"))?;
        let checksum = arrays.take("checksum").and_then(|array| array.values.first().map(|value| *value as u32));
        let is_rnn = arrays.contains("rnn.weight_hh_l0");
        let b_hh = arrays.take("rnn.bias_hh_l0");
        if let Some(mut bias) = arrays.take("rnn.bias_ih_l0") {
            let other = b_hh.ok_or_else(|| Refused::new("holds no `rnn.bias_hh_l0`"))?.expect(&bias.shape)?;
            add(&mut bias, &other);
            arrays.insert("b_rec", bias);
        }
        MODULE.iter().for_each(|(name, ours)| arrays.rename(name, (*ours).to_string()));
        OF_MODULE.iter().chain(&OF_ARRAYS).for_each(|name| drop(arrays.take(name)));
        Ok(Self { header, arrays, checksum, is_rnn, notes })
    }

    /// The network in a state_dict of the original nn4n, whose metadata hold the rest; `None` if they do not.
    pub fn of_original(state: &mut StateDict, metadata: &str) -> Result<Option<Self>, Refused> {
        let damaged = |what: &str| Refused::new(format!("has damaged metadata ({what}); export the network again"));
        let mut network: Value = serde_json::from_str(metadata).map_err(|error| damaged(&error.to_string()))?;
        let Some(header) = network.as_object_mut().and_then(|network| network.remove("header")) else {
            return Ok(None);
        };
        let numbers = |name: &str| -> Result<Vec<f64>, Refused> {
            let numbers = network[name].as_array().into_iter().flatten().map(Value::as_f64).collect::<Option<_>>();
            numbers.ok_or_else(|| damaged(name))
        };
        let (tau, x0) = (numbers("tau")?, numbers("init_state")?);
        let checksum = network["checksum"].as_u64().and_then(|sum| u32::try_from(sum).ok());
        let mut arrays = std::mem::replace(&mut state.tensors, Ledger::new("tensor", []));
        let tau = match arrays.take("recurrent_layer.alpha") {
            Some(alpha) => of_alpha(&tau, &alpha, network["kwargs"]["dt"].as_f64().ok_or_else(|| damaged("dt"))?)?,
            None => tau,
        };
        let mut b_rec = arrays.require("recurrent_layer.hidden_layer.bias")?;
        let b_in = arrays.require("recurrent_layer.input_layer.bias")?.expect(&b_rec.shape)?;
        add(&mut b_rec, &b_in);
        let names =
            ["recurrent_layer.input_layer.weight", "recurrent_layer.hidden_layer.weight", "readout_layer.weight"];
        for (place, (name, ours)) in names.into_iter().zip(["w_in", "w_rec", "w_out"]).enumerate() {
            let weights = arrays.require(name)?;
            let (posts, pres) = weights.matrix().map_err(|error| error.of(name))?;
            let mask = match &network["kwargs"]["sparsity_masks"][place] {
                Value::Null => vec![1.0; weights.values.len()],
                rows => mask(rows, posts, pres).ok_or_else(|| damaged("sparsity_masks"))?,
            };
            let connectivity = Array { shape: weights.shape.clone(), values: mask, double: false };
            arrays.insert(&format!("connectivity.{ours}"), connectivity);
            arrays.insert(ours, weights);
        }
        let vector = |values: Vec<f64>| Array { shape: vec![values.len()], values, double: false };
        arrays.insert("b_rec", b_rec);
        arrays.insert("x0", vector(x0));
        arrays.insert("tau", vector(tau));
        arrays.rename("readout_layer.bias", "b_out".into());
        let header = header.to_string();
        Ok(Some(Self { header, arrays, checksum, is_rnn: false, notes: std::mem::take(&mut state.notes) }))
    }

    /// The checkpoint, and what should be known of it. `path` is the file that it was read from.
    pub fn restore(self, path: &Path, options: &Options) -> Result<(Checkpoint, Vec<String>)> {
        let Self { header, mut arrays, checksum, is_rnn, mut notes } = self;
        let mut header: Value = serde_json::from_str(&header)
            .map_err(|error| Refused::new(format!("has a damaged `header` ({error}); export the network again")))?;
        let model: ModelConfig = serde_json::from_value(header["model"].clone())
            .map_err(|error| Refused::new(format!("has a damaged `header` ({error}); export the network again")))?;
        model.validate()?;
        check_options(&model, options)?;
        if let Some(dt) = arrays.take("dt") {
            let message =
                || Refused::new("says another `dt` than its `header`; change it in the network's description");
            (dt.values == [model.dt]).then_some(()).ok_or_else(message)?;
        }
        if is_rnn {
            complete_rnn(&model, &mut arrays);
        }
        let mut tensors = tensors(&model, &mut arrays)?;
        arrays.finish()?;
        if checksum.is_some_and(|checksum| self::checksum(&tensors).is_ok_and(|found| found != checksum)) {
            project(&model, &mut tensors, &mut notes)?;
            header = forget(header, path)?;
            notes.push(
                "the tensors are no longer those that were exported; metrics, updates and validations, which were \
                those of the network before, are left out"
                    .into(),
            );
        }
        let bytes = serialize(path, &tensors, Some(header.to_string()))?;
        Ok((Checkpoint::from_bytes(path, &bytes)?, notes))
    }
}

/// The checksum (CRC-32C) of names, types, shapes and bits of tensors.
pub(crate) fn checksum(tensors: &Tensors) -> Result<u32> {
    let mut sum = 0;
    for (name, tensor) in tensors {
        sum = crc32c::crc32c_append(sum, format!("{name} {:?} {:?}", tensor.dtype(), tensor.dims()).as_bytes());
        let flat = tensor.detach().flatten_all()?;
        let bytes: Vec<u8> = match tensor.dtype() {
            DType::U8 => flat.to_vec1()?,
            DType::F64 => flat.to_vec1::<f64>()?.into_iter().flat_map(f64::to_le_bytes).collect(),
            _ => flat.to_dtype(DType::F32)?.to_vec1::<f32>()?.into_iter().flat_map(f32::to_le_bytes).collect(),
        };
        sum = crc32c::crc32c_append(sum, &bytes);
    }
    Ok(sum)
}

/// Adds a bias to another; what is not there does not change a bit, not even that of -0.
fn add(bias: &mut Array, other: &Array) {
    let pairs = bias.values.iter_mut().zip(&other.values);
    pairs.filter(|(_, other)| **other != 0.0).for_each(|(value, other)| *value += other);
}

/// Text as an array of its bytes.
fn text(array: Array) -> Result<String, Refused> {
    let bytes = array.values.iter().map(|value| *value as u8).collect();
    String::from_utf8(bytes).map_err(|_| Refused::new("is no text; export the network again"))
}

/// A matrix `[pre][post]` of zeros and ones, by rows of post.
fn mask(rows: &Value, posts: usize, pres: usize) -> Option<Vec<f64>> {
    let rows = rows.as_array().filter(|rows| rows.len() == pres)?;
    (0..posts).flat_map(|post| rows.iter().map(move |row| row.get(post)?.as_f64())).collect()
}

/// Time constants that were exported, and others where the leak is another by now.
fn of_alpha(tau: &[f64], alpha: &Array, dt: f64) -> Result<Vec<f64>, Refused> {
    let alpha = alpha.clone().expect(&[tau.len()]).map_err(|error| error.of("recurrent_layer.alpha"))?;
    let of = |(tau, alpha): (&f64, &f64)| match (dt / tau) as f32 == *alpha as f32 {
        true => *tau,
        false => dt / alpha.clamp(f64::MIN_POSITIVE, 1.0),
    };
    Ok(tau.iter().zip(&alpha.values).map(of).collect())
}

/// What the header says may be repeated, but not contradicted.
fn check_options(model: &ModelConfig, options: &Options) -> Result<(), Refused> {
    options.expect_form(model.form)?;
    options.dt(Some(model.dt))?;
    if let PerUnit::Uniform(activation) = model.activation {
        options.activation(Some(activation))?;
    }
    if let PerUnit::Uniform(tau) = model.tau {
        options.tau(Some(tau))?;
    }
    if let PerUnit::Uniform(sigma) = model.unit_noise() {
        options.sigma_rec(Some(*sigma))?;
    }
    Ok(())
}

/// The tensors of this description.
fn tensors(model: &ModelConfig, arrays: &mut Ledger<Array>) -> Result<Tensors> {
    let specs = model.tensor_specs();
    let mut found: BTreeMap<String, (TensorSpec, Array)> = BTreeMap::new();
    for spec in specs {
        let array = match (arrays.take(&spec.name), prescribed(model, &spec.name)) {
            (Some(array), _) => array,
            (None, Some(values)) => Array { values, shape: spec.shape.clone(), double: false },
            (None, None) => arrays.require(&spec.name)?,
        };
        let array = array.expect(&spec.shape).map_err(|error| error.of(&spec.name))?;
        found.insert(spec.name.clone(), (spec, array));
    }
    // Masks that are 1 everywhere, and weights of no fixed synapse, have no tensor in the checkpoint.
    for kind in ["fixed", "plastic"] {
        ["w_in", "w_rec", "w_out"].iter().for_each(|name| drop(arrays.take(&format!("{kind}.{name}"))));
    }
    if model.inputs == 0 {
        ["w_in", "connectivity.w_in"].iter().for_each(|name| drop(arrays.take(name)));
    }
    let weights = found.values().filter(|(spec, _)| spec.name.ends_with("w_rec") && !spec.mask);
    let dtype = if weights.into_iter().any(|(_, array)| array.double) { DType::F64 } else { DType::F32 };
    let tensor = |(name, (spec, array)): (String, (TensorSpec, Array))| {
        let dtype = if spec.mask { DType::U8 } else { dtype };
        Ok((name, Tensor::from_vec(array.values, array.shape, &Device::Cpu)?.to_dtype(dtype)?))
    };
    found.into_iter().map(tensor).collect()
}

/// A step of PyTorch's own RNN is a time constant, and its matrices are full.
fn complete_rnn(model: &ModelConfig, arrays: &mut Ledger<Array>) {
    let (units, inputs, outputs) = (model.n_units(), model.inputs, model.outputs);
    let ones = |shape: &[usize], value: f64| Array {
        shape: shape.to_vec(),
        values: vec![value; shape.iter().product()],
        double: false,
    };
    arrays.insert("tau", ones(&[units], model.dt));
    for (name, shape) in [("w_in", [units, inputs]), ("w_rec", [units, units]), ("w_out", [outputs, units])] {
        arrays.insert(&format!("connectivity.{name}"), ones(&shape, 1.0));
    }
}

/// What the description says of an array that is not in the file.
fn prescribed(model: &ModelConfig, name: &str) -> Option<Vec<f64>> {
    let (kind, matrix) = name.split_once('.').map_or(("", name), |(kind, matrix)| (kind, matrix));
    let units = model.n_units();
    let (config, posts, pres): (&MatrixConfig, _, _) = match matrix {
        "w_in" => (&model.w_in, units, model.inputs),
        "w_rec" => (&model.w_rec, units, units),
        "w_out" => (&model.w_out, model.outputs, units),
        _ => return None,
    };
    match (kind, &config.plastic) {
        ("fixed", _) => Some(fixed(&config.fixed, posts, pres)),
        ("plastic", Plastic::All(value)) => Some(vec![*value; posts * pres]),
        ("plastic", Plastic::Each(rows)) => Some(rows.concat()),
        _ => None,
    }
}

fn fixed(synapses: &[FixedSynapse], posts: usize, pres: usize) -> Vec<f64> {
    let mut weights = vec![0.0; posts * pres];
    for FixedSynapse { post, pre, weight } in synapses {
        weights[post * pres + pre] = *weight;
    }
    weights
}

/// Puts tensors that were trained elsewhere into what acts here.
fn project(model: &ModelConfig, tensors: &mut Tensors, notes: &mut Vec<String>) -> Result<()> {
    let mut silent = tensors.clone();
    for spec in model.tensor_specs().iter().filter(|spec| is_matrix(&spec.name)) {
        let fixed = silent.get(&beside("fixed", &spec.name)).cloned();
        let zeros = silent[&spec.name].zeros_like()?;
        silent.insert(spec.name.clone(), fixed.unwrap_or(zeros));
    }
    for name in silent.keys().filter(|name| name.ends_with("tau")).cloned().collect::<Vec<_>>() {
        let tau = tensors[&name].maximum(model.dt)?;
        tensors.insert(name.clone(), tau.clone());
        silent.insert(name, tau);
    }
    let dtype = tensors["w_out"].dtype();
    let network = Ctrnn::from_tensors(model, silent, dtype, &Device::Cpu)?;
    let mut matrices = vec![("w_out".to_string(), network.w_out())];
    for layer in network.layers() {
        let name = |name: &str| layer.place().map_or_else(|| name.into(), |place| format!("layers.{place}.{name}"));
        matrices.push((name("w_rec"), layer.w_rec()));
        matrices.extend(layer.w_in().map(|w_in| (name("w_in"), w_in)));
    }
    for (name, synapses) in matrices {
        let values = |tensor: &Tensor| tensor.detach().to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>();
        let (mut weights, mask) = (values(&tensors[&name])?, values(synapses.connectivity())?);
        let fixed = values(synapses.weight())?;
        let signs = synapses.signs().map(values).transpose()?.unwrap_or_else(|| vec![0.0]);
        let mut count = 0;
        for (index, weight) in weights.iter_mut().enumerate() {
            let wanted = match fixed[index] {
                0.0 if mask[index] == 0.0 || *weight * signs[index % signs.len()] < 0.0 => 0.0,
                0.0 => *weight,
                fixed => fixed,
            };
            count += usize::from(wanted != *weight);
            // -0.0 is not the 0 that a constraint leaves.
            *weight = wanted + 0.0;
        }
        if count > 0 {
            notes.push(format!("{name}: {count} weights against their mask, fixed weight or cell type are put right"));
        }
        let shape = tensors[&name].dims().to_vec();
        tensors.insert(name, Tensor::from_vec(weights, shape, &Device::Cpu)?.to_dtype(dtype)?);
    }
    Ok(())
}

fn is_matrix(name: &str) -> bool {
    !name.contains("connectivity.")
        && !name.contains("fixed.")
        && !name.contains("plastic.")
        && ["w_in", "w_rec", "w_out"].iter().any(|matrix| name.ends_with(matrix))
}

/// The name of the `kind` of array that belongs to a matrix.
fn beside(kind: &str, matrix: &str) -> String {
    match matrix.rsplit_once('.') {
        Some((layer, name)) => format!("{layer}.{kind}.{name}"),
        None => format!("{kind}.{matrix}"),
    }
}

/// The header without what was found of other weights.
fn forget(header: Value, path: &Path) -> Result<Value, Refused> {
    let damaged = |error| Refused::new(format!("has a damaged `header` ({error}); export the network again"));
    let mut header: Header = serde_json::from_value(header).map_err(damaged)?;
    header.metrics.clear();
    header.train.updates = 0;
    header.train.validations.clear();
    let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    header.provenance.imported = Some(ImportedFrom { format: Format::Export.to_string(), file });
    serde_json::to_value(header).map_err(damaged)
}
