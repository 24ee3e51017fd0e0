//! State_dicts of `torch.nn.RNN` and `torch.nn.RNNCell`, alone or in a module with one linear readout.
//!
//! ```text
//! h_t = f(W_ih u_t + b_ih + W_hh h_{t-1} + b_hh)      h_0 = 0      f = tanh, or relu
//! ```
//!
//! That is the rate form with `alpha` = 1: `h` is the rate, and both biases act as their sum. Without a readout the
//! outputs are the rates, as in PyTorch. Read: PyTorch 1.13, `torch.nn.RNN` and `torch.nn.RNNCell`, whose names lack
//! the `_l0` of a layer.

use nn4n_models::{Activation, Dale, Form, NoiseScaling, Readout};

use super::{
    Refused,
    array::Array,
    ledger::Ledger,
    network::{Layer, Network, Noise, StartState, TimeConstants, Vector, Weights},
    options::Options,
    state_dict::StateDict,
};

/// What a step stands for where nobody says it, ms.
const DEFAULT_DT: f64 = 10.0;

/// The network in a state_dict.
pub(super) fn read(state: StateDict, options: &Options) -> Result<Network, Refused> {
    let StateDict { mut tensors, mut notes, .. } = state;
    name_the_layer(&mut tensors);
    let prefixes: Vec<String> =
        tensors.names().filter_map(|name| name.strip_suffix("weight_ih_l0")).map(str::to_owned).collect();
    let [prefix] = prefixes.as_slice() else {
        return Err(Refused::new(format!(
            "holds {} recurrent modules ({}); save them one by one",
            prefixes.len(),
            prefixes.join(", ")
        )));
    };
    if let Some(name) = tensors.names().find(|name| name.ends_with("_reverse") || name.contains("weight_hr_l")) {
        return Err(Refused::new(format!(
            "holds `{name}`, of a bidirectional or projected network, which has no counterpart here"
        )));
    }
    let activation = options.activation_or(Activation::Tanh, &mut notes);
    let dt = options.dt_or(DEFAULT_DT, &mut notes)?;
    let sigma_rec = options.sigma_rec(None)?.unwrap_or(0.0);
    options.tau(Some(dt))?;
    options.expect_form(Form::Rate)?;
    let mut layers = Vec::new();
    loop {
        let name = |kind: &str| format!("{prefix}{kind}_l{}", layers.len());
        let Some(w_in) = tensors.matrix(&name("weight_ih"))? else { break };
        let (rows, _) = w_in.matrix()?;
        let w_rec = tensors.require(&name("weight_hh"))?;
        let (w_in, w_rec) = (Weights::new(w_in)?, Weights::new(w_rec).map_err(|error| error.of(&name("weight_hh")))?);
        if w_rec.pres > 0 && (w_rec.posts == 3 * w_rec.pres || w_rec.posts == 4 * w_rec.pres) {
            let kind = if w_rec.posts == 3 * w_rec.pres { "GRU" } else { "LSTM" };
            return Err(Refused::new(format!(
                "holds a {kind}, whose gates have no counterpart here; only `torch.nn.RNN` can be imported"
            )));
        }
        if w_rec.posts != w_rec.pres {
            let shape = (w_rec.posts, w_rec.pres);
            return Err(Refused::new(format!("has shape {shape:?}, but recurrent weights are a square matrix"))
                .of(&name("weight_hh")));
        }
        let b_in = Vector::trained(tensors.vector(&name("bias_ih"), rows)?, rows);
        let b_rec = b_in.plus(&Vector::trained(tensors.vector(&name("bias_hh"), rows)?, rows));
        let noise = Noise { sigma_rec: vec![sigma_rec], sigma_post: 0.0, scaling: NoiseScaling::PerStep };
        let (form, start, dale, tau) = (Form::Rate, StartState::Zero, Dale::Clamped, TimeConstants::fixed(dt, rows));
        layers.push(Layer {
            w_in: Some(w_in),
            w_rec,
            b_rec,
            start,
            form,
            activation,
            dt,
            tau,
            dale,
            noise,
            areas: None,
        });
    }
    let units = layers.last().map_or(0, |layer: &Layer| layer.w_rec.posts);
    let (w_out, b_out) = readout(&mut tensors, units, &mut notes)?;
    tensors.finish()?;
    Ok(Network { layers, w_out, b_out, readout: Readout::Linear, notes })
}

/// The one linear module besides the recurrent one, if there is one.
fn readout(tensors: &mut Ledger<Array>, units: usize, notes: &mut Vec<String>) -> Result<(Weights, Vector), Refused> {
    let Some(Linear { name, weights, bias }) = linear(tensors, notes)? else {
        return Ok((Weights::identity(units), Vector::trained(None, units)));
    };
    if weights.pres != units {
        return Err(Refused::new(format!(
            "holds `{name}` of {} columns, which cannot read the {units} units",
            weights.pres
        )));
    }
    Ok((weights, bias))
}

/// A linear module.
pub(super) struct Linear {
    pub name: String,
    pub weights: Weights,
    pub bias: Vector,
}

/// The first linear module that is left, which is the readout.
pub(super) fn linear(tensors: &mut Ledger<Array>, notes: &mut Vec<String>) -> Result<Option<Linear>, Refused> {
    let name = tensors.names().find(|name| *name == "weight" || name.ends_with(".weight")).map(str::to_owned);
    let Some(name) = name else {
        notes.push("the file holds no readout; the outputs are the rates".into());
        return Ok(None);
    };
    let weights = Weights::new(tensors.require(&name)?).map_err(|error| error.of(&name))?;
    let bias = tensors.vector(&format!("{}bias", name.strip_suffix("weight").unwrap_or_default()), weights.posts)?;
    notes.push(format!("the outputs are those of `{name}`"));
    let bias = Vector::trained(bias, weights.posts);
    Ok(Some(Linear { name, weights, bias }))
}

/// Gives the tensors of a cell the names that those of a layer have.
fn name_the_layer(tensors: &mut Ledger<Array>) {
    let of_cell = |name: &&str| {
        let last = name.rsplit('.').next();
        matches!(last, Some("weight_ih" | "weight_hh" | "bias_ih" | "bias_hh"))
    };
    let names: Vec<String> = tensors.names().filter(of_cell).map(str::to_owned).collect();
    names.into_iter().for_each(|name| tensors.rename(&name, format!("{name}_l0")));
}
