//! Networks saved by NeuralRNN (`save_pretrained`): a directory of config.json and model.safetensors.
//!
//! ```text
//! pre_activation   z_t = (1 - alpha) z_{t-1} + alpha f(W z_{t-1} + B u_t + b_in + b_rec + s xi)
//!                  y_t = W_out z_t + b_out      z_0 = h0
//! post_blend       z_t = f((1 - alpha) z_{t-1} + alpha (W z_{t-1} + B u_t + b_in + b_rec + s xi))
//! W = h2h.weight . rec_mask, and |W| dale_mask under Dale's law; input2h and readout_layer are gated by in_mask and
//!     out_mask (pre, post)
//! s = sigma_rec, or sqrt(2 alpha) sigma_rec, or sqrt(2 / alpha) sigma_rec
//! ```
//!
//! These are the rate and the blend form; `rate`, where the output reads the state and not the rate, has no
//! counterpart. NeuralRNN trains |W|; here the sign is kept by a projection. A readout of the excitatory units alone
//! has no synapses from the others. Source: github.com/ChenHH730/NeuralRNN, `src/neuralrnn/models/{ctrnn,
//! constrained_rnn, multiarea_rnn}`.

use std::path::Path;

use nn4n_models::{Activation, CellType, Dale, Form, NoiseScaling, Readout};
use serde_json::Value;

use super::{
    LONGEST_FILE, Refused,
    array::Array,
    ledger::Ledger,
    network::{Layer, Network, Noise, StartState, TimeConstants, Vector, Weights},
    options::Options,
    state_dict::{StateDict, safetensors},
    torch::TorchFile,
};
use crate::{error::Result, files::read_bounded};

/// Models of the family that shares these equations.
const MODELS: [&str; 8] =
    ["ctrnn", "vanilla_rnn", "ei_rnn", "constrained_rnn", "se_rnn", "sparse_rnn", "modular_rnn", "multiarea_rnn"];

/// Settings that say how a network was made or is trained, and not how it runs.
const WITHOUT_EFFECT: [&str; 34] = [
    "freeze_input",
    "freeze_recurrent",
    "freeze_output",
    "freeze_h0",
    "init_method",
    "spectral_radius",
    "no_self_connections",
    "rec_mask",
    "in_mask",
    "out_mask",
    "dale_signs",
    "ei_ratio",
    "grid_shape",
    "embedding_dim",
    "distance_power",
    "se1_weight",
    "comms_factor",
    "distance_metric",
    "orthogonal_init",
    "sparsity",
    "allow_self_connections",
    "seed",
    "n_modules",
    "p_inter",
    "intra_density",
    "ff_ee_density",
    "ff_ei_density",
    "fb_density",
    "fb_ei_density",
    "input_areas",
    "input_e_only",
    "output_area",
    "output_e_only",
    "mask_seed",
];

/// Longest config.json, bytes.
const LONGEST_CONFIG: usize = 64 << 20;

/// The network in a directory.
pub(super) fn read(directory: &Path, options: &Options) -> Result<Network> {
    let config = directory.join("config.json");
    if !config.is_file() {
        let message = if directory.join("model.safetensors").is_file() {
            "has model.safetensors, but no config.json: a checkpoint of nn4n needs no import, one of NeuralRNN is not \
            complete"
        } else {
            "is a directory without config.json; name the file to import, or a directory of NeuralRNN (config.json, \
            model.safetensors)"
        };
        return Err(Refused::new(message).into());
    }
    let config = read_bounded(&config, LONGEST_FILE)?;
    let weights = directory.join("model.safetensors");
    if weights.is_file() {
        return Ok(assemble(&config, safetensors(&read_bounded(&weights, LONGEST_FILE)?)?, options)?);
    }
    // What NeuralRNN writes where safetensors is not installed.
    let weights = directory.join("model.pt");
    if !weights.is_file() {
        return Err(Refused::new("has config.json, but neither model.safetensors nor model.pt").into());
    }
    let bytes = read_bounded(&weights, LONGEST_FILE)?;
    let (mut file, pickle) = TorchFile::open(&bytes)?;
    let state = StateDict::of_torch(&mut file, pickle.root())?;
    Ok(assemble(&config, state, options)?)
}

/// The network of a configuration and its tensors.
pub(super) fn assemble(config: &[u8], state: StateDict, options: &Options) -> Result<Network, Refused> {
    let mut config = Config::parse(config)?;
    let StateDict { mut tensors, mut notes, .. } = state;
    let model = config.text("model_type")?.unwrap_or_default();
    if !MODELS.contains(&model.as_str()) {
        return Err(Refused::new(format!(
            "is a NeuralRNN model of type `{model}`, which has no counterpart here; {} can be imported",
            MODELS.join(", ")
        )));
    }
    let w_rec = Weights::recurrent(tensors.require("h2h.weight")?).map_err(|error| error.of("h2h.weight"))?;
    let w_in = Weights::new(tensors.require("input2h.weight")?).map_err(|error| error.of("input2h.weight"))?;
    let units = w_rec.posts;
    let w_in = masked(w_in, "in_mask", true, &mut tensors)?;
    let mut w_rec = masked(w_rec, "rec_mask", false, &mut tensors)?;
    if let Some(mask) = tensors.take("dale_mask") {
        let signs =
            mask.expect(&[units, units]).and_then(|mask| mask.diagonal()).map_err(|error| error.of("dale_mask"))?;
        w_rec.values.iter_mut().enumerate().for_each(|(index, weight)| *weight = weight.abs() * signs[index % units]);
        w_rec.types = signs
            .iter()
            .map(|sign| Some(if *sign < 0.0 { CellType::Inhibitory } else { CellType::Excitatory }))
            .collect();
    }
    let is_dale = config.flag("dale")?.unwrap_or(model == "ei_rnn");
    if is_dale != w_rec.types.iter().any(Option::is_some) {
        return Err(Refused::new(
            "says in config.json that `dale` is another than its tensors say (dale_mask); the two files do not belong \
            together",
        ));
    }
    let w_out = readout(&mut tensors, &w_rec, config.flag("readout_e_only")?.unwrap_or(model == "ei_rnn"))?;
    let b_in = Vector::trained(tensors.vector("input2h.bias", units)?, units);
    let b_rec = Vector::trained(tensors.vector("h2h.bias", units)?, units).plus(&b_in);
    let b_out = Vector::trained(tensors.vector("readout_layer.bias", w_out.posts)?, w_out.posts);
    let h0 = tensors.vector("h0", units)?.unwrap_or_else(|| vec![0.0; units]);
    let start =
        if config.flag("trainable_h0")?.unwrap_or(false) { StartState::Trained(h0) } else { StartState::Fixed(h0) };
    // What the regulariser of se_rnn measures distances with.
    tensors.set_aside(&["coordinates", "distance_matrix"], "of training", &mut notes);
    tensors.finish()?;

    let (dt, alpha) = config.step(options, &mut notes)?;
    let sigma = config.number("sigma_rec")?.unwrap_or(0.0);
    options.sigma_rec(Some(sigma))?;
    let activation = config.activation()?;
    options.activation(Some(activation))?;
    let form = config.form()?;
    options.expect_form(form)?;
    let noise = config.noise(sigma, alpha, form)?;
    let areas = config.areas(units)?;
    config.check_size("input_dim", w_in.pres)?;
    config.check_size("latent_dim", units)?;
    config.check_size("output_dim", w_out.posts)?;
    config.fields.set_aside(&["rec_spectral_radius", "spectral_norm_iters"], "how it was made", &mut notes);
    config.fields.set_aside(&WITHOUT_EFFECT, "how it was made or is trained", &mut notes);
    config.fields.finish()?;
    let tau = TimeConstants::of_alpha(&vec![alpha; units], dt, false)?;
    let dale = Dale::Clamped;
    let layer = Layer { w_in: Some(w_in), w_rec, b_rec, start, form, activation, dt, tau, dale, noise, areas };
    Ok(Network { layers: vec![layer], w_out, b_out, readout: Readout::Linear, notes })
}

/// The product with a mask, which is (pre, post) if `turned`.
fn masked(weights: Weights, name: &str, turned: bool, tensors: &mut Ledger<Array>) -> Result<Weights, Refused> {
    let Some(mask) = tensors.matrix(name)? else { return Ok(weights) };
    let mask = if turned { mask.transposed()? } else { mask };
    let factors = mask.values.clone();
    let mut weights = weights.masked(mask).map_err(|error| error.of(name))?;
    weights.values.iter_mut().zip(factors).for_each(|(weight, factor)| *weight *= factor);
    Ok(weights)
}

/// The readout, of all units or of the excitatory ones, which come first.
fn readout(tensors: &mut Ledger<Array>, w_rec: &Weights, excitatory_only: bool) -> Result<Weights, Refused> {
    let name = "readout_layer.weight";
    let found = tensors.require(name)?;
    let (outputs, read) = found.matrix().map_err(|error| error.of(name))?;
    let units = w_rec.posts;
    let excitatory = w_rec.types.iter().filter(|cell_type| **cell_type != Some(CellType::Inhibitory)).count();
    if read != if excitatory_only { excitatory } else { units } {
        return Err(Refused::new(format!("reads {read} of {units} units, {excitatory} of them excitatory")).of(name));
    }
    let entry = |index: usize| (index % units < read).then(|| found.values[index / units * read + index % units]);
    let entries: Vec<Option<f64>> = (0..outputs * units).map(entry).collect();
    let values = entries.iter().map(|entry| entry.unwrap_or(0.0)).collect();
    let mut weights = Weights::new(Array { shape: vec![outputs, units], values, double: found.double })?;
    weights.connectivity = entries.iter().map(Option::is_some).collect();
    let unread = weights.connectivity.clone();
    let mut weights = masked(weights, "out_mask", true, tensors)?;
    weights.connectivity.iter_mut().zip(unread).for_each(|(present, read)| *present &= read);
    Ok(weights)
}

/// config.json, each field of which must be used.
struct Config {
    fields: Ledger<Value>,
}

impl Config {
    fn parse(bytes: &[u8]) -> Result<Self, Refused> {
        if bytes.len() > LONGEST_CONFIG {
            return Err(Refused::new(format!(
                "has a config.json of {} bytes, more than the {LONGEST_CONFIG} of any network",
                bytes.len()
            )));
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Self { fields: Ledger::new("setting (config.json)", fields) }),
            Ok(_) => Err(Refused::new("has a config.json that is no object of settings")),
            Err(error) => Err(Refused::new(format!("has a damaged config.json ({error})"))),
        }
    }

    fn take<T>(&mut self, name: &str, what: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>, Refused> {
        match self.fields.take(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                read(&value).map(Some).ok_or_else(|| Refused::new(format!("must be {what} in config.json")).of(name))
            }
        }
    }

    fn number(&mut self, name: &str) -> Result<Option<f64>, Refused> {
        self.take(name, "a number", Value::as_f64)
    }

    fn flag(&mut self, name: &str) -> Result<Option<bool>, Refused> {
        self.take(name, "true or false", Value::as_bool)
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, Refused> {
        self.take(name, "a string", |value| value.as_str().map(str::to_owned))
    }

    /// `dt` and `alpha`: `alpha` if it is given, else `dt / tau`, else a step of a discrete network.
    fn step(&mut self, options: &Options, notes: &mut Vec<String>) -> Result<(f64, f64), Refused> {
        let (stated_dt, stated_alpha, tau) =
            (self.number("dt")?, self.number("alpha")?, self.number("tau")?.unwrap_or(100.0));
        let alpha = stated_alpha.unwrap_or_else(|| stated_dt.map_or(1.0, |dt| dt / tau));
        let dt = match stated_dt {
            Some(dt) => options.dt(Some(dt))?.unwrap_or(dt),
            None => options.dt_or(alpha * tau, notes)?,
        };
        if !(dt.is_finite() && dt > 0.0) {
            return Err(Refused::new(format!(
                "says in config.json that `dt` is {dt}, but a step is a positive number of ms; correct it there"
            )));
        }
        // dt / (dt / tau) may round to a neighbour of tau.
        let rounded = if (dt / alpha / tau - 1.0).abs() < 1e-12 { tau } else { dt / alpha };
        options.tau(Some(rounded))?;
        Ok((dt, alpha))
    }

    /// The noise inside of `f`, per step where its scale is not that of this program.
    fn noise(&mut self, sigma: f64, alpha: f64, form: Form) -> Result<Noise, Refused> {
        let scaled = self.flag("noise_alpha_scaling")?.unwrap_or(false);
        // It is added to the current, which the blend form multiplies by alpha.
        let weight = if form == Form::Blend { alpha } else { 1.0 };
        let per_step =
            |sigma: f64| Noise { sigma_rec: vec![weight * sigma], sigma_post: 0.0, scaling: NoiseScaling::PerStep };
        match (self.text("noise_scaling")?.as_deref(), scaled) {
            (None, false) => Ok(per_step(sigma)),
            (None, true) | (Some("sqrt_2alpha"), _) => Ok(per_step((2.0 * alpha).sqrt() * sigma)),
            (Some("sqrt_2_over_alpha"), _) => {
                Ok(Noise { sigma_rec: vec![sigma], sigma_post: 0.0, scaling: NoiseScaling::Continuous })
            }
            (Some(other), _) => Err(Refused::new(format!("has `noise_scaling` = {other}, which is not known"))),
        }
    }

    fn activation(&mut self) -> Result<Activation, Refused> {
        let name = self.text("activation")?.unwrap_or_else(|| "relu".into()).to_lowercase().replace('-', "_");
        match name.as_str() {
            "relu" => Ok(Activation::Relu),
            "tanh" => Ok(Activation::Tanh),
            "sigmoid" => Ok(Activation::Sigmoid),
            "softplus" => Ok(Activation::Softplus),
            "leakyrelu" | "leaky_relu" => Ok(Activation::LeakyRelu(0.01)),
            other => Err(Refused::new(format!(
                "has `activation` = {other}, which has no counterpart here; relu, tanh, sigmoid, softplus and \
                leaky_relu have"
            ))),
        }
    }

    /// The form that the place of the nonlinearity makes the equation.
    fn form(&mut self) -> Result<Form, Refused> {
        let older = if self.flag("relu_after_blend")?.unwrap_or(false) { "post_blend" } else { "pre_activation" };
        let mode = self.text("nonlinearity_mode")?.unwrap_or_else(|| older.into());
        match mode.as_str() {
            "pre_activation" => Ok(Form::Rate),
            "post_blend" => Ok(Form::Blend),
            "rate" => Err(Refused::new(
                "has `nonlinearity_mode` = rate, where the output reads the state and not the rate: no counterpart \
                here",
            )),
            other => Err(Refused::new(format!("has `nonlinearity_mode` = {other}, which is not known"))),
        }
    }

    fn areas(&mut self, units: usize) -> Result<Option<Vec<(String, usize)>>, Refused> {
        let sizes = self.take("area_sizes", "a list of sizes", |value| {
            value.as_array()?.iter().map(|size| usize::try_from(size.as_u64()?).ok()).collect::<Option<Vec<_>>>()
        })?;
        let Some(sizes) = sizes else { return Ok(None) };
        if sizes.iter().try_fold(0_usize, |sum, size| sum.checked_add(*size)) != Some(units) || sizes.contains(&0) {
            let message = format!(
                "has `area_sizes` {sizes:?}, which must be at least 1 each and sum to its {units} units; the two \
                files do not belong together"
            );
            return Err(Refused::new(message));
        }
        Ok(Some(sizes.into_iter().enumerate().map(|(index, size)| (format!("area_{index}"), size)).collect()))
    }

    fn check_size(&mut self, name: &str, found: usize) -> Result<(), Refused> {
        match self.number(name)? {
            Some(stated) if stated != found as f64 => Err(Refused::new(format!(
                "says in config.json that `{name}` is {stated}, but its tensors have {found}"
            ))),
            _ => Ok(()),
        }
    }
}
