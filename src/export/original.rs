//! A state dict of the original nn4n 1.2 (PyTorch) as safetensors, with JSON under `network` in the metadata: the
//! keyword arguments of its `CTRNN`.
//!
//! ```text
//! recurrent_layer.input_layer.weight (units, inputs)     recurrent_layer.input_layer.bias (units), zero
//! recurrent_layer.hidden_layer.weight (units, units)     recurrent_layer.hidden_layer.bias (units)
//! readout_layer.weight (outputs, units)                  readout_layer.bias (outputs)
//! recurrent_layer.alpha (units), if it is learned or differs between units
//!
//! kwargs      dims, activation, dt, tau, learn_alpha, biases, preact_noise, postact_noise, sparsity_masks, ei_masks,
//!             plasticity_masks
//! init_state  (units), an argument of its forward
//! tau         (units), ms, as alpha has fewer bits
//! header      of the checkpoint, with the checksum of its tensors: what `nn4n import` reads beyond the kwargs
//! ```
//!
//! The original's masks are lists of three matrices `[pre][post]` for the input, hidden and readout layer. Both
//! parametrisations of Dale's law hold the same effective weights, which the original clamps. Its noise adds
//! `alpha preact_noise xi` to the state.
//!
//! ```python
//! import json, safetensors, torch, nn4n.model
//! with safetensors.safe_open("net.safetensors", "pt") as file:
//!     kwargs = json.loads(file.metadata()["network"])["kwargs"]
//!     for name in {"sparsity_masks", "ei_masks", "plasticity_masks"} & kwargs.keys():
//!         kwargs[name] = [mask and torch.tensor(mask) for mask in kwargs[name]]
//!     model = nn4n.model.CTRNN(**kwargs)
//!     model.load_state_dict({name: file.get_tensor(name) for name in file.keys()})
//! ```
//!
//! It cannot express, and this refuses: the rate and the blend form, readouts that are not linear, networks without
//! inputs, other activations than one of relu, tanh, sigmoid and retanh, noise that differs between units, signs for
//! part of a matrix, plasticity other than its rescaled one.

use candle_core::Tensor;
use nn4n_models::{Activation, Bias, Form, LearnTau, Readout, Tensors, synapses::Synapses};
use serde_json::{Value, json};

use super::{
    header_json,
    plain::{Plain, numbers, uniform},
    torch::serialize,
};
use crate::{
    error::{Error, Result},
    import::checksum,
};

const OTHERS: &str = "export to npz, torch or numpy";

/// A matrix `[post][pre]` as rows.
type Rows = Vec<Vec<f64>>;

/// The file.
pub(super) fn state_dict(plain: &Plain) -> Result<Vec<u8>> {
    plain.expect_one_layer()?;
    let config = plain.config();
    let refuse = |field: &str, message: &str| Err(Error::setting(field, format!("{message}; {OTHERS}")));
    if config.form != Form::Current {
        let message = format!("is \"{}\", but the original nn4n integrates currents", config.form);
        return refuse("model.form", &message);
    }
    if config.nonlinearity() != Readout::Linear {
        return refuse("model.readout", "is not linear, but that of the original nn4n is");
    }
    if config.inputs == 0 {
        return refuse("model.inputs", "is 0, but the original nn4n needs at least one");
    }
    let activation = uniform(&plain.activations).filter(|activation| {
        matches!(activation, Activation::Relu | Activation::Tanh | Activation::Sigmoid | Activation::Retanh)
    });
    let Some(activation) = activation else {
        return refuse(
            "model.activation",
            "must be one of relu, tanh, sigmoid and retanh for all units in the original nn4n",
        );
    };
    let Some(preact_noise) = uniform(&plain.current_noise()) else {
        if uniform(&plain.sigma_rec).is_some() {
            return refuse(
                "model.tau",
                "differs between units, and with it the strength of the noise that one `sigma_rec` adds to their \
                currents, but the original nn4n has one strength for all; without noise (`sigma_rec` = 0) it has \
                time constants for each unit",
            );
        }
        return refuse(
            "model.sigma_rec",
            "gives units noise of different strengths relative to their current, but the original nn4n has one",
        );
    };
    let Some(postact_noise) = uniform(&plain.sigma_post) else {
        return refuse("model.sigma_post", "differs between units, but the original nn4n has one");
    };
    let learn_alpha = config.learn_tau != LearnTau::Off || uniform(&plain.tau).is_none();
    let bias = |bias: &Bias| if matches!(bias, Bias::Trained(_)) { json!("uniform") } else { Value::Null };
    let layers = layers(plain)?;
    let mut kwargs = json!({
        "dims": [config.inputs, plain.tau.len(), config.outputs],
        "activation": activation.to_string(),
        "dt": config.dt,
        "tau": plain.tau.first(),
        "learn_alpha": learn_alpha,
        "biases": [Value::Null, bias(config.unit_bias()), bias(config.output_bias())],
        "preact_noise": preact_noise,
        "postact_noise": postact_noise,
        "suppress_warnings": true,
    });
    for (name, masks) in [
        ("sparsity_masks", layers.each_ref().map(|layer| layer.sparsity.as_ref())),
        ("ei_masks", layers.each_ref().map(|layer| layer.signs.as_ref())),
        ("plasticity_masks", plasticity(&layers)?),
    ] {
        if masks.iter().any(Option::is_some) {
            kwargs[name] = masks.map(|mask| mask.map_or(Value::Null, transposed)).to_vec().into();
        }
    }
    let network = json!({
        "kwargs": kwargs,
        "init_state": numbers(&plain.x0)?,
        "tau": plain.tau,
        "header": serde_json::from_str::<Value>(&header_json(plain.header)?).unwrap_or_default(),
        "checksum": checksum(&plain.network.tensors()?)?,
    });
    let mut tensors = Tensors::new();
    if learn_alpha {
        tensors.insert("recurrent_layer.alpha".into(), plain.vector(plain.alpha())?);
    }
    for (name, tensor) in [
        ("recurrent_layer.input_layer.weight", plain.w_in.clone()),
        ("recurrent_layer.input_layer.bias", plain.b_rec.zeros_like()?),
        ("recurrent_layer.hidden_layer.weight", plain.w_rec.clone()),
        ("recurrent_layer.hidden_layer.bias", plain.b_rec.clone()),
        ("readout_layer.weight", plain.w_out.clone()),
        ("readout_layer.bias", plain.b_out.clone()),
    ] {
        tensors.insert(name.into(), tensor);
    }
    serialize(tensors, "network", network.to_string())
}

/// The masks of a layer, `[post][pre]`; `None` where the original needs none.
struct Layer {
    sparsity: Option<Rows>,
    signs: Option<Rows>,
    /// Multiplier of each update; 0 for fixed synapses.
    plastic: Rows,
}

fn layers(plain: &Plain) -> Result<[Layer; 3]> {
    let network = &plain.network;
    let w_in = network.w_in().ok_or_else(|| Error::setting("model.inputs", "is 0"))?;
    Ok([layer(plain, "w_in", w_in)?, layer(plain, "w_rec", network.w_rec())?, layer(plain, "w_out", network.w_out())?])
}

fn layer(plain: &Plain, name: &str, synapses: &Synapses) -> Result<Layer> {
    let (posts, pres) = synapses.weight().dims2()?;
    let connectivity = rows(synapses.connectivity())?;
    let is_full = connectivity.iter().flatten().all(|entry| *entry == 1.0);
    let signs = match synapses.signs() {
        Some(signs) => {
            let signs = numbers(signs)?;
            if signs.contains(&0.0) {
                let message = format!(
                    "is free for some presynaptic units only, but the original nn4n has signs for all or none; {OTHERS}"
                );
                return Err(Error::setting(format!("the sign of {name}"), message));
            }
            Some(vec![signs; posts])
        }
        None => None,
    };
    let mut plastic = synapses.plastic().map_or_else(|| Ok(vec![vec![1.0; pres]; posts]), rows)?;
    if let Some(fixed) = plain.network.tensors()?.get(&format!("fixed.{name}")) {
        for (plastic, fixed) in plastic.iter_mut().flatten().zip(numbers(fixed)?) {
            if fixed != 0.0 {
                *plastic = 0.0;
            }
        }
    }
    Ok(Layer { sparsity: (!is_full).then_some(connectivity), signs, plastic })
}

/// The plasticity masks as the original takes them: it rescales them together, so that the smallest entry is 0 and the
/// largest 1, and allows five values.
fn plasticity(layers: &[Layer; 3]) -> Result<[Option<&Rows>; 3]> {
    let mut values: Vec<f64> = layers.iter().flat_map(|layer| layer.plastic.iter().flatten().copied()).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    match values.as_slice() {
        [1.0] => Ok([None; 3]),
        [0.0, .., 1.0] if values.len() <= 5 => Ok(layers.each_ref().map(|layer| Some(&layer.plastic))),
        _ => {
            let message = format!(
                "has the multipliers {values:?}, but those of the original nn4n are 1 everywhere, or at most five \
                values from 0 to 1; {OTHERS}"
            );
            Err(Error::setting("plastic", message))
        }
    }
}

fn rows(matrix: &Tensor) -> Result<Rows> {
    let width = matrix.dim(1)?.max(1);
    Ok(numbers(matrix)?.chunks(width).map(<[f64]>::to_vec).collect())
}

/// A matrix `[post][pre]` as JSON `[pre][post]`; whole numbers as such.
fn transposed(rows: &Rows) -> Value {
    let entry = |value: f64| if value.fract() == 0.0 { json!(value as i64) } else { json!(value) };
    let pres = rows.first().map_or(0, Vec::len);
    (0..pres)
        .map(|pre| rows.iter().filter_map(|row| row.get(pre)).map(|value| entry(*value)).collect::<Value>())
        .collect()
}
