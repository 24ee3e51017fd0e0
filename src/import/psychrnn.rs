//! Weights saved by PsychRNN (`Basic.save`): an `.npz` of arrays.
//!
//! ```text
//! x_t = (1 - alpha) x_{t-1} + alpha (W_rec f(x_{t-1}) + W_in u_t + b_rec) + sqrt(2 alpha) rec_noise xi
//! z_t = W_out f(x_t) + b_out      x_0 = init_state
//! without Dale's law    W = W . connectivity
//! with dale_ratio       W_rec = |W_rec . rec_connectivity| Dale_rec    W_in = |W_in . input_connectivity|
//!                       W_out = |W_out . output_connectivity| Dale_out
//! ```
//!
//! Without `Dale_rec`, `dale_ratio` says it: the first `int(dale_ratio N)` units are excitatory, and inhibitory ones
//! are not read. A file without both has no cell types.
//!
//! `dt`, `tau` and the noise are not in the file. The transfer function is there as a pickled name since after 1.0,
//! which says the activation if it is one of TensorFlow's; it is not executed. PsychRNN trains |W|, so that a weight
//! that crosses zero grows again; here the sign is kept by a projection. Which tensors it trains is not in the file
//! either: here all of them. Ehrlich et al. 2021, doi:10.1523/ENEURO.0427-20.2020. Read: github.com/murraylab/PsychRNN
//! at aff98e1 (2023-11-05, its newest, after 1.0.0), `psychrnn/backend/rnn.py`, `initializations.py` and
//! `models/basic.py`.

use nn4n_models::{Activation, CellType, Dale, Form, NoiseScaling, Readout};

use super::{
    Refused,
    array::Array,
    ledger::Ledger,
    network::{Layer, Network, Noise, StartState, TimeConstants, Vector, Weights},
    npy::{self, Stored},
    options::Options,
};

/// The network in an `.npz`.
pub(super) fn read(bytes: &[u8], options: &Options) -> Result<Network, Refused> {
    let mut notes = Vec::new();
    let Saved { arrays: mut tensors, ratio: stated_ratio, transfer_function } = arrays(bytes, &mut notes)?;
    options.expect_form(Form::Current)?;
    let w_rec = tensors.require("W_rec")?;
    let (units, _) = w_rec.matrix().map_err(|error| error.of("W_rec"))?;
    let mut diagonal = |name: &str| -> Result<Option<Vec<f64>>, Refused> {
        let Some(array) = tensors.take(name) else { return Ok(None) };
        let diagonal = array.expect(&[units, units]).and_then(|array| array.diagonal());
        diagonal.map(Some).map_err(|error| error.of(name))
    };
    let (dale_rec, dale_out) = (diagonal("Dale_rec")?, diagonal("Dale_out")?);
    let dale_rec = signs(dale_rec, stated_ratio, units, &mut notes)?;
    let dale_out = dale_out.unwrap_or_else(|| dale_rec.iter().map(|sign| sign.max(0.0)).collect());
    let has_dale = stated_ratio.map_or_else(|| dale_rec.iter().any(|sign| *sign < 0.0), |ratio| ratio != 0.0);

    let mut matrix = |name: &'static str, masks: [&str; 2], array: Option<Array>| -> Result<Weights, Refused> {
        let array = array.map_or_else(|| tensors.require(name), Ok)?;
        let weights = if name == "W_rec" { Weights::recurrent(array) } else { Weights::new(array) }
            .map_err(|error| error.of(name))?;
        match masks.into_iter().find_map(|mask| Some((mask, tensors.take(mask)?))) {
            Some((mask, array)) => masked(weights, array).map_err(|error| error.of(mask)),
            None => Ok(weights),
        }
    };
    let mut w_in = matrix("W_in", ["input_connectivity", "input_Connectivity"], None)?;
    let mut w_rec = matrix("W_rec", ["rec_connectivity", "rec_Connectivity"], Some(w_rec))?;
    let mut w_out = matrix("W_out", ["output_connectivity", "output_Connectivity"], None)?;
    if w_out.pres != units {
        return Err(Refused::new(format!("has {} columns, but there are {units} units", w_out.pres)).of("W_out"));
    }
    if has_dale {
        let channels = vec![1.0; w_in.pres];
        give_signs(&mut w_in, &channels);
        give_signs(&mut w_rec, &dale_rec);
        // The readout has no synapses from inhibitory units; their type is that of the network all the same.
        give_signs(&mut w_out, &dale_out);
        w_out.types.clone_from(&w_rec.types);
    }
    let b_rec = Vector::trained(tensors.vector("b_rec", units)?, units);
    let b_out = Vector::trained(tensors.vector("b_out", w_out.posts)?, w_out.posts);
    let start = match tensors.take("init_state") {
        Some(state) if state.values.len() == units => StartState::Trained(state.values),
        Some(state) => {
            return Err(Refused::new(format!("has {} values for {units} units", state.values.len())).of("init_state"));
        }
        None => StartState::Zero,
    };
    tensors.finish()?;

    let (dt, tau) = (options.require_dt()?, options.require_tau()?);
    let activation = activation(transfer_function, options, &mut notes)?;
    let noise = Noise {
        sigma_rec: vec![options.sigma_rec_or_none(&mut notes)?],
        sigma_post: 0.0,
        scaling: NoiseScaling::Continuous,
    };
    let (form, dale, tau) = (Form::Current, Dale::Clamped, TimeConstants::fixed(tau, units));
    let layer = Layer { w_in: Some(w_in), w_rec, b_rec, start, form, activation, dt, tau, dale, noise, areas: None };
    Ok(Network { layers: vec![layer], w_out, b_out, readout: Readout::Linear, notes })
}

/// What is in the file.
struct Saved {
    arrays: Ledger<Array>,
    /// `dale_ratio`: 0 if it is None, `None` if it is not there.
    ratio: Option<f64>,
    /// The full name of a function.
    transfer_function: Option<String>,
}

fn arrays(bytes: &[u8], notes: &mut Vec<String>) -> Result<Saved, Refused> {
    let mut arrays = Vec::new();
    let (mut ratio, mut transfer_function, mut of_training) = (None, None, Vec::new());
    for (name, stored) in npy::read_all(bytes)? {
        match stored {
            // Variables of the optimiser have a name within that of what they train.
            _ if name.contains('/') => of_training.push(name),
            Stored::Numbers(array) if name == "dale_ratio" && array.values.len() == 1 => {
                ratio = array.values.first().copied()
            }
            Stored::Objects(pickle)
                if name == "dale_ratio" && pickle.root().only_object().is_some_and(|value| value.is_none()) =>
            {
                ratio = Some(0.0)
            }
            Stored::Numbers(array) => arrays.push((name, array)),
            Stored::Objects(pickle) if name == "transfer_function" => {
                let object = pickle.root().only_object();
                let function = object.and_then(|object| object.function()).ok_or_else(|| {
                    Refused::new("is no function by its name; leave it out and name it with --activation").of(&name)
                })?;
                transfer_function = Some(function.to_owned());
            }
            Stored::Objects(_) | Stored::Text(_) => {
                return Err(Refused::new("holds Python objects, not numbers").of(&name));
            }
        }
    }
    if !of_training.is_empty() {
        notes.push(format!("not kept, of training: {}", of_training.join(", ")));
    }
    Ok(Saved { arrays: Ledger::new("array", arrays), ratio, transfer_function })
}

/// The activation function: that of TensorFlow whose name is in the file, or the user's.
fn activation(found: Option<String>, options: &Options, notes: &mut Vec<String>) -> Result<Activation, Refused> {
    let Some(found) = found else { return Ok(options.activation_or(Activation::Relu, notes)) };
    let (library, name) = (found.split('.').next(), found.rsplit('.').next());
    let known = match name.filter(|_| matches!(library, Some("tensorflow" | "keras" | "tf_keras"))) {
        Some("relu") => Some(Activation::Relu),
        Some("tanh") => Some(Activation::Tanh),
        Some("sigmoid") => Some(Activation::Sigmoid),
        Some("softplus") => Some(Activation::Softplus),
        // Its default in TensorFlow.
        Some("leaky_relu") => Some(Activation::LeakyRelu(0.2)),
        Some("identity" | "linear") => Some(Activation::Linear),
        _ => None,
    };
    match (known, options.activation) {
        (Some(known), _) => options.activation(Some(known)).map(|_| known),
        (None, Some(given)) => {
            notes.push(format!("the transfer function is `{found}`, which was not executed; it is taken as {given}"));
            Ok(given)
        }
        (None, None) => Err(Refused::new(format!(
            "has the transfer function `{found}`, of which nothing but the name is in the file (it is not executed); \
            say what it computes, as in --activation relu"
        ))),
    }
}

/// The product of weights and mask, whose entries are mostly 0 and 1.
fn masked(mut weights: Weights, mask: Array) -> Result<Weights, Refused> {
    let mask = mask.expect(&[weights.posts, weights.pres])?;
    if let Some(value) = mask.values.iter().find(|value| **value != 0.0 && **value != 1.0) {
        return Err(Refused::new(format!("holds {value}; a connectivity is 0 or 1")));
    }
    weights.values.iter_mut().zip(&mask.values).for_each(|(weight, entry)| *weight *= entry);
    weights.masked(mask)
}

/// The signs of the units: those in the file, or what PsychRNN makes of `dale_ratio`.
fn signs(
    found: Option<Vec<f64>>,
    ratio: Option<f64>,
    units: usize,
    notes: &mut Vec<String>,
) -> Result<Vec<f64>, Refused> {
    match (found, ratio.unwrap_or(0.0)) {
        (Some(signs), _) => Ok(signs),
        (None, 0.0) => Ok(vec![1.0; units]),
        (None, ratio) if (0.0..=1.0).contains(&ratio) => {
            let excitatory = (ratio * units as f64) as usize;
            notes.push(format!(
                "the file has `dale_ratio` {ratio} and no `Dale_rec`: as PsychRNN makes it, the first {excitatory} of \
                {units} units are excitatory"
            ));
            Ok((0..units).map(|unit| if unit < excitatory { 1.0 } else { -1.0 }).collect())
        }
        (None, ratio) => Err(Refused::new(format!(
            "is {ratio}, but is a fraction of the units, from 0 to 1; correct it, or add `Dale_rec`"
        ))
        .of("dale_ratio")),
    }
}

/// `|W| diag(signs)`; a sign of 0 leaves no synapse.
fn give_signs(weights: &mut Weights, signs: &[f64]) {
    for (index, weight) in weights.values.iter_mut().enumerate() {
        let sign = signs[index % signs.len().max(1)];
        *weight = weight.abs() * sign;
        weights.connectivity[index] &= sign != 0.0;
    }
    weights.types =
        signs.iter().map(|sign| Some(if *sign < 0.0 { CellType::Inhibitory } else { CellType::Excitatory })).collect();
}
