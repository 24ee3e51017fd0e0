//! A PyTorch state dict as safetensors, with the source of the module that it fits under `module` in the metadata.
//!
//! A network that is a `torch.nn.RNN` and a `torch.nn.Linear` in everything (`tau = dt`, relu or tanh, a linear
//! readout, full matrices without cell types, no noise) is written as those:
//!
//! ```text
//! rnn.weight_ih_l0 (units, inputs)    rnn.weight_hh_l0 (units, units)
//! rnn.bias_ih_l0 (units)              rnn.bias_hh_l0 (units), zero
//! readout.weight (outputs, units)     readout.bias (outputs)             h0 (units), the first rates
//! ```
//!
//! Any other is written for a module that unrolls the equation of [`nn4n_models::dynamics`] and keeps, while it is
//! trained there, absent and fixed synapses and the signs of Dale's law in the way of the network (`rectified` or
//! `clamped`, see [`nn4n_models::synapses`]), and what is not trained as it is. Its noise is on in PyTorch's training
//! mode. Time constants are trained there if each unit has its own.
//!
//! ```text
//! input.weight (units, inputs)    recurrent.weight (units, units)    readout.weight (outputs, units)
//! recurrent.bias, x0, tau (units)    readout.bias (outputs)
//! of each matrix    connectivity u8, signs (pres), fixed, plastic
//! noise, sigma_post (units)    standard deviations of what a step adds to the state (current form) or within the
//!                              activation function (rate form), and to the rates
//! cell_types (units) i64    1 excitatory, -1 inhibitory, 0 none
//! ```
//!
//! Both have the header of the checkpoint (`header`, bytes of JSON) and the checksum of its tensors among their
//! buffers: with them `nn4n import` reads again what `torch.save(network.state_dict(), "net.pth")` writes. The source
//! names dt, task and channels.

use std::collections::HashMap;

use candle_core::{D, DType, Device, Tensor};
use nn4n_models::{
    Activation, Bias, CellType, Dale, Form, LearnTau, NoiseScaling, Readout, Start, Tensors, synapses::Synapses,
};

use super::{
    header_json,
    plain::{Plain, uniform},
    python::{Library, fill, string, strings},
};
use crate::{
    error::{Error, Result},
    import::{MODULE, checksum},
};

const RNN: &str = include_str!("torch_rnn.py");
const CTRNN: &str = include_str!("torch_ctrnn.py");

const CURRENT_STEP: &str = "            x = (1 - alpha) * x + alpha * current
            if noise:
                x = x + self.noise * torch.randn_like(x)
            r = self.activation(x)
            if noise:
                r = r + self.sigma_post * torch.randn_like(r)";

const RATE_STEP: &str = "            if noise:
                current = current + self.noise * torch.randn_like(current)
            x = r = (1 - alpha) * x + alpha * self.activation(current)
            if noise:
                r = x + self.sigma_post * torch.randn_like(x)";

const BLEND_STEP: &str = "            x = (1 - alpha) * x + alpha * current
            if noise:
                x = x + self.noise * torch.randn_like(x)
            x = r = self.activation(x)
            if noise:
                r = x + self.sigma_post * torch.randn_like(x)";

/// The file.
pub(super) fn state_dict(plain: &Plain) -> Result<Vec<u8>> {
    plain.expect_one_layer()?;
    let own = plain.network.tensors()?;
    let header = header_json(plain.header)?;
    let (mut tensors, source) = match as_rnn(plain) {
        Some(activation) => (rnn(plain)?, rnn_source(plain, activation, header.len())),
        None => (ctrnn(plain, &own)?, ctrnn_source(plain, header.len())),
    };
    tensors.insert("checksum".into(), Tensor::new(i64::from(checksum(&own)?), &Device::Cpu)?);
    tensors.insert("header".into(), Tensor::new(header.into_bytes(), &Device::Cpu)?);
    serialize(tensors, "module", source)
}

/// The activation with which the network is a `torch.nn.RNN`, if it is one.
fn as_rnn(plain: &Plain) -> Option<Activation> {
    let activation =
        uniform(&plain.activations).filter(|activation| matches!(activation, Activation::Relu | Activation::Tanh))?;
    let config = plain.config();
    let is_full = |synapses: &Synapses| {
        let pairs = synapses.weight().elem_count();
        synapses.count() == pairs && synapses.signs().is_none() && synapses.plastic().is_none()
    };
    let matrices = [plain.network.w_in(), Some(plain.network.w_rec()), Some(plain.network.w_out())];
    let is_rnn = plain.tau.iter().all(|tau| *tau == config.dt)
        && config.learn_tau == LearnTau::Off
        && config.nonlinearity() == Readout::Linear
        && config.inputs > 0
        && plain.sigma_rec.iter().chain(&plain.sigma_post).all(|sigma| *sigma == 0.0)
        && matrices.into_iter().flatten().all(is_full)
        && [&config.w_in, &config.w_rec, &config.w_out].iter().all(|matrix| matrix.fixed.is_empty())
        // The first rates say the first state in the rate form only.
        && (config.form != Form::Current || config.start == Start::Zero);
    is_rnn.then_some(activation)
}

fn rnn(plain: &Plain) -> Result<Tensors> {
    let named = |(name, tensor): (&str, &Tensor)| (name.to_string(), tensor.clone());
    let zeros = plain.b_rec.zeros_like()?;
    Ok([
        ("rnn.weight_ih_l0", &plain.w_in),
        ("rnn.weight_hh_l0", &plain.w_rec),
        ("rnn.bias_ih_l0", &plain.b_rec),
        ("rnn.bias_hh_l0", &zeros),
        ("readout.weight", &plain.w_out),
        ("readout.bias", &plain.b_out),
        ("h0", &plain.x0),
    ]
    .map(named)
    .into())
}

fn rnn_source(plain: &Plain, activation: Activation, header: usize) -> String {
    fill(RNN, &[texts(plain, header), vec![("NONLINEARITY", activation.to_string())]].concat())
}

/// The tensors of the network by the names of the module, and its masks.
fn ctrnn(plain: &Plain, own: &Tensors) -> Result<Tensors> {
    let mut tensors = Tensors::new();
    for (name, ours) in MODULE {
        if let Some(tensor) = own.get(ours).filter(|_| !name.starts_with("rnn.") && name != "h0") {
            tensors.insert(name.into(), tensor.clone());
        }
    }
    for name in ["x0", "tau"] {
        tensors.extend(own.get(name).map(|tensor| (name.to_string(), tensor.clone())));
    }
    let network = &plain.network;
    for (name, synapses) in
        [("input", network.w_in()), ("recurrent", Some(network.w_rec())), ("readout", Some(network.w_out()))]
    {
        let (weight, signs) = match synapses {
            Some(synapses) => (synapses.weight(), synapses.signs().map(|signs| signs.squeeze(0)).transpose()?),
            None => (&plain.w_in, None),
        };
        let absent = |kind: &str| !tensors.contains_key(&format!("{name}.{kind}"));
        let mut missing = Vec::new();
        if absent("weight") {
            missing.push(("weight", weight.clone()));
        }
        if absent("connectivity") {
            missing.push(("connectivity", weight.ones_like()?.to_dtype(DType::U8)?));
        }
        if absent("fixed") {
            missing.push(("fixed", weight.zeros_like()?));
        }
        if absent("plastic") {
            missing.push(("plastic", weight.ones_like()?));
        }
        let free = || Tensor::zeros(weight.dim(D::Minus1)?, weight.dtype(), &Device::Cpu);
        missing.push(("signs", signs.map_or_else(free, Ok)?));
        tensors.extend(missing.into_iter().map(|(kind, tensor)| (format!("{name}.{kind}"), tensor)));
    }
    let sign = |cell_type: &Option<CellType>| cell_type.map_or(0, |cell_type| cell_type.sign() as i64);
    let cell_types: Vec<i64> = network.units().cell_types.iter().map(sign).collect();
    tensors.insert("cell_types".into(), Tensor::new(cell_types, &Device::Cpu)?);
    tensors.insert("noise".into(), plain.vector(noise(plain))?);
    tensors.insert("sigma_post".into(), plain.vector(plain.sigma_post.clone())?);
    Ok(tensors)
}

/// Standard deviation of what each step adds where the noise acts.
fn noise(plain: &Plain) -> Vec<f64> {
    let config = plain.config();
    let of = |(sigma, alpha): (&f64, f64)| match (config.noise_scaling, config.form) {
        (NoiseScaling::PerStep, _) => *sigma,
        (NoiseScaling::Continuous, Form::Current | Form::Blend) => (2.0 * alpha).sqrt() * sigma,
        (NoiseScaling::Continuous, Form::Rate) => (2.0 / alpha).sqrt() * sigma,
    };
    plain.sigma_rec.iter().zip(plain.alpha()).map(of).collect()
}

fn ctrnn_source(plain: &Plain, header: usize) -> String {
    let config = plain.config();
    let (start, step) = match config.form {
        Form::Current => ("self.activation(x)", CURRENT_STEP),
        Form::Rate => ("x", RATE_STEP),
        Form::Blend => ("x", BLEND_STEP),
    };
    let readout = match config.nonlinearity() {
        Readout::Linear => "z",
        Readout::Sigmoid => "torch.sigmoid(z)",
        Readout::Softmax => "torch.softmax(z, -1)",
    };
    let acting = match config.dale {
        Dale::Rectified => "self.allowed()",
        Dale::Clamped => "self.free()",
    };
    let is_trained = |trained: bool| if trained { "True" } else { "False" };
    let activation = Library::Torch.activation(&plain.activations, "        ");
    let own = vec![
        ("START", start.into()),
        ("STEP", step.into()),
        ("ACTIVATION", activation),
        ("READOUT", readout.into()),
        ("ACTING", acting.into()),
        ("TRAIN_TAU", is_trained(config.learn_tau == LearnTau::PerUnit).into()),
    ];
    fill(CTRNN, &[texts(plain, header), own].concat())
}

/// What both modules say of their network.
fn texts(plain: &Plain, header: usize) -> Vec<(&'static str, String)> {
    let (config, record) = (plain.config(), &plain.header.task);
    let is_trained = |trained: bool| if trained { "True" } else { "False" }.to_string();
    vec![
        ("KIND", config.kind.to_string()),
        ("TASK", string(&record.id)),
        ("INPUTS", strings(&record.inputs)),
        ("OUTPUTS", strings(&record.outputs)),
        ("DT", format!("{:?}", config.dt)),
        ("HEADER", header.to_string()),
        ("N_INPUTS", config.inputs.to_string()),
        ("N_UNITS", plain.tau.len().to_string()),
        ("N_OUTPUTS", config.outputs.to_string()),
        ("TRAIN_B_REC", is_trained(matches!(config.unit_bias(), Bias::Trained(_)))),
        ("TRAIN_B_OUT", is_trained(matches!(config.output_bias(), Bias::Trained(_)))),
        ("TRAIN_X0", is_trained(matches!(config.start, Start::Trained(_)))),
    ]
}

/// A safetensors file with one text in its metadata: more would stand there in any order.
pub(super) fn serialize(tensors: Tensors, key: &str, text: String) -> Result<Vec<u8>> {
    let contiguous: Vec<(String, Tensor)> =
        tensors.into_iter().map(|(name, tensor)| Ok((name, tensor.detach().contiguous()?))).collect::<Result<_>>()?;
    safetensors::serialize(
        contiguous.iter().map(|(name, tensor)| (name, tensor)),
        Some(HashMap::from([(key.to_string(), text)])),
    )
    .map_err(|error| Error::system(format!("the tensors could not be put together ({error})")))
}
