//! Networks as plain arrays, in an `.npz`, a safetensors file or a dictionary that PyTorch saved.
//!
//! ```text
//! w_rec (units, units)    w_in (units, inputs)    w_out (outputs, units)       w[post, pre]; needed is w_rec
//! b_rec, x0 (units)    b_out (outputs)                                         0 without
//! tau () or (units), ms    or alpha = dt / tau    dt (), ms    sigma_rec () or (units)    sigma_post ()
//! connectivity.* , fixed.* , plastic.*    as the matrix       as in a checkpoint, see [`nn4n_models::params`]
//! cell_types (units)                      1 excitatory, -1 inhibitory, 0 none
//! areas (units)                           index of the area of each unit, ascending
//! form, activation                        text: the equation and its function, as on the command line
//! ```
//!
//! The names of the modules that `nn4n export --to torch` wrote at first (`input.weight`, `recurrent.weight`,
//! `recurrent.bias`, `readout.weight`, `readout.bias`) mean the same. Biases are trained if they are there, the start
//! state is kept.

use std::collections::BTreeMap;

use nn4n_models::{Activation, CellType, Dale, Form, NoiseScaling, Readout};

use super::{
    Refused,
    array::Array,
    ledger::{Ledger, uniform},
    network::{Layer, Network, Noise, StartState, TimeConstants, Vector, Weights},
    npy::{self, Stored},
    options::{Options, form_of},
    state_dict::StateDict,
};

/// Other names.
const ALIASES: [(&str, &str); 5] = [
    ("input.weight", "w_in"),
    ("recurrent.weight", "w_rec"),
    ("recurrent.bias", "b_rec"),
    ("readout.weight", "w_out"),
    ("readout.bias", "b_out"),
];

/// The arrays of an `.npz`.
pub(super) fn of_npz(bytes: &[u8]) -> Result<StateDict, Refused> {
    let (mut arrays, mut texts) = (BTreeMap::new(), BTreeMap::new());
    for (name, stored) in npy::read_all(bytes)? {
        match stored {
            Stored::Numbers(array) => drop(arrays.insert(name, array)),
            // In a file of MATLAB it is a text.
            Stored::Text(text) if name == "header" => drop(arrays.insert(name, Array::of_text(&text))),
            Stored::Text(text) => drop(texts.insert(name, text)),
            Stored::Objects(_) => return Err(Refused::new("holds Python objects, not numbers").of(&name)),
        }
    }
    Ok(StateDict::new(arrays, Vec::new())?.with_texts(texts))
}

/// The network in arrays.
pub(super) fn read(state: StateDict, options: &Options) -> Result<Network, Refused> {
    let StateDict { tensors: mut arrays, texts, mut notes, .. } = state;
    ALIASES.iter().for_each(|(name, ours)| arrays.rename(name, (*ours).to_string()));
    let w_rec = Weights::recurrent(arrays.require("w_rec")?).map_err(|error| error.of("w_rec"))?;
    let units = w_rec.posts;
    let mut w_rec = masked("w_rec", w_rec, &mut arrays)?;
    let w_in = matrix("w_in", 0, units, &mut arrays)?;
    let mut w_out = matrix("w_out", 1, units, &mut arrays)?.unwrap_or_else(|| {
        notes.push("the file holds no readout; the outputs are the rates".into());
        Weights::identity(units)
    });
    if let Some(types) = arrays.vector("cell_types", units)? {
        w_rec.types = types.into_iter().map(cell_type).collect();
        let keeps = |(index, weight): (usize, &f64)| {
            w_rec.types[index % units].is_none_or(|cell_type| weight * cell_type.sign() >= 0.0)
        };
        if w_out.values.iter().enumerate().all(keeps) {
            w_out.types.clone_from(&w_rec.types);
        }
    }
    for (name, weights) in [("w_in", w_in.as_ref()), ("w_rec", Some(&w_rec)), ("w_out", Some(&w_out))] {
        weights.map_or(Ok(()), |weights| agree(name, weights))?;
    }
    let b_rec = bias(arrays.vector("b_rec", units)?, units);
    let b_out = bias(arrays.vector("b_out", w_out.posts)?, w_out.posts);
    let start = arrays.vector("x0", units)?.map_or(StartState::Zero, StartState::Fixed);
    let areas = areas(&mut arrays, units)?;
    let settings = Settings::of(&mut arrays, texts, units, options)?;
    arrays.set_aside(&["checksum"], "of another program", &mut notes);
    arrays.finish()?;
    let Settings { form, activation, dt, tau, noise } = settings;
    let layer = Layer { w_in, w_rec, b_rec, start, form, activation, dt, tau, dale: Dale::Clamped, noise, areas };
    Ok(Network { layers: vec![layer], w_out, b_out, readout: Readout::Linear, notes })
}

/// A matrix whose `axis` is the units, if there is one.
fn matrix(name: &str, axis: usize, units: usize, arrays: &mut Ledger<Array>) -> Result<Option<Weights>, Refused> {
    let Some(array) = arrays.matrix(name)? else { return Ok(None) };
    if array.shape[axis] != units {
        let wanted = ["(units, inputs)", "(outputs, units)"][axis];
        let turned =
            if array.shape[1 - axis] == units { "; it lies the other way round, so save its transpose" } else { "" };
        let message = format!("has shape {:?}, but {wanted} of {units} units are needed{turned}", array.shape);
        return Err(Refused::new(message).of(name));
    }
    let weights = Weights::new(array).map_err(|error| error.of(name))?;
    masked(name, weights, arrays).map(Some)
}

/// The matrix with the masks that lie beside it.
fn masked(name: &str, mut weights: Weights, arrays: &mut Ledger<Array>) -> Result<Weights, Refused> {
    let mut beside = |kind: &str| {
        let of = format!("{kind}.{name}");
        arrays.take(&of).map(|array| (of, array))
    };
    if let Some((of, mask)) = beside("connectivity") {
        weights = weights.masked(mask).map_err(|error| error.of(&of))?;
    }
    if let Some((of, fixed)) = beside("fixed") {
        let fixed = fixed.expect(&[weights.posts, weights.pres]).map_err(|error| error.of(&of))?;
        for (index, value) in fixed.values.into_iter().enumerate().filter(|(_, value)| *value != 0.0) {
            if weights.values[index] != value {
                let message = format!("is {value} where `{name}` is {}; a fixed weight is both", weights.values[index]);
                return Err(Refused::new(message).of(&of));
            }
            (weights.fixed[index], weights.connectivity[index]) = (true, true);
        }
    }
    match beside("plastic") {
        Some((of, plastic)) => weights.with_plastic(plastic).map_err(|error| error.of(&of)),
        None => Ok(weights),
    }
}

fn cell_type(sign: f64) -> Option<CellType> {
    match sign {
        sign if sign > 0.0 => Some(CellType::Excitatory),
        sign if sign < 0.0 => Some(CellType::Inhibitory),
        _ => None,
    }
}

/// Refuses weights that say another thing than their masks and cell types.
fn agree(name: &str, weights: &Weights) -> Result<(), Refused> {
    for (index, value) in weights.values.iter().enumerate().filter(|(_, value)| **value != 0.0) {
        let (post, pre) = (index / weights.pres, index % weights.pres);
        let against = match weights.types[pre] {
            _ if !weights.connectivity[index] => "`connectivity` has no synapse",
            Some(cell_type) if value * cell_type.sign() < 0.0 => "the presynaptic cell type has the other sign",
            _ => continue,
        };
        let message = format!("is {value} at [{post}, {pre}], where {against}; put one of the two right");
        return Err(Refused::new(message).of(name));
    }
    Ok(())
}

/// A bias is trained if it is there and not zero.
fn bias(values: Option<Vec<f64>>, length: usize) -> Vector {
    let trained = values.iter().flatten().any(|value| *value != 0.0);
    Vector { trained, ..Vector::trained(values, length) }
}

/// Names and sizes of the areas, if each unit says its area.
fn areas(arrays: &mut Ledger<Array>, units: usize) -> Result<Option<Vec<(String, usize)>>, Refused> {
    let names = arrays.take("area_names").and_then(|array| {
        let bytes: Vec<u8> = array.values.iter().map(|byte| *byte as u8).collect();
        serde_json::from_slice::<Vec<String>>(&bytes).ok()
    });
    let Some(of_units) = arrays.vector("areas", units)? else { return Ok(None) };
    if !of_units.is_sorted() {
        return Err(Refused::new("must ascend; sort the units by area before saving").of("areas"));
    }
    let mut areas: Vec<(f64, usize)> = Vec::new();
    for area in of_units {
        match areas.last_mut() {
            Some((last, count)) if *last == area => *count += 1,
            _ => areas.push((area, 1)),
        }
    }
    if areas.len() < 2 {
        return Ok(None);
    }
    let name = |area: f64| names.as_ref().and_then(|names| names.get(area as usize)).cloned();
    Ok(Some(areas.into_iter().map(|(area, count)| (name(area).unwrap_or(format!("area_{area}")), count)).collect()))
}

/// What is not in the weights.
struct Settings {
    form: Form,
    activation: Activation,
    dt: f64,
    tau: TimeConstants,
    noise: Noise,
}

impl Settings {
    fn of(
        arrays: &mut Ledger<Array>,
        mut texts: BTreeMap<String, String>,
        units: usize,
        options: &Options,
    ) -> Result<Self, Refused> {
        let form = match texts.remove("form") {
            Some(name) => {
                let form = form_of(&name).map_err(|message| Refused::new(message).of("form"))?;
                options.expect_form(form)?;
                Some(form)
            }
            None => options.form,
        };
        let stated = texts.remove("activation").map(|name| name.parse().map_err(|error: String| Refused::new(error)));
        let activation = options.activation(stated.transpose().map_err(|error| error.of("activation"))?)?;
        if let Some(name) = texts.keys().next() {
            return Err(Refused::new(format!("holds the text `{name}`, which has no counterpart here; leave it out")));
        }
        let dt = options.dt(numbers(arrays, "dt", 1)?.map(|dt| dt[0]))?;
        let (tau, alpha) = (numbers(arrays, "tau", units)?, numbers(arrays, "alpha", units)?);
        let tau = match (tau, alpha, dt) {
            (Some(tau), ..) => {
                options.tau(uniform(&tau))?;
                Some(TimeConstants { values: tau, trained: false })
            }
            (None, Some(alpha), Some(dt)) => {
                let tau = TimeConstants::of_alpha(&alpha, dt, false)?;
                options.tau(uniform(&tau.values))?;
                Some(tau)
            }
            _ => options.tau(None)?.map(|tau| TimeConstants::fixed(tau, units)),
        };
        let missing: Vec<&str> = [
            (form.is_none(), "--form current"),
            (activation.is_none(), "--activation relu"),
            (dt.is_none(), "--dt 20"),
            (tau.is_none(), "--tau 100"),
        ]
        .into_iter()
        .filter_map(|(missing, flag)| missing.then_some(flag))
        .collect();
        let (Some(form), Some(activation), Some(dt), Some(tau)) = (form, activation, dt, tau) else {
            let message = format!("does not say all of its equation; add what it is, as in {}", missing.join(" "));
            return Err(Refused::new(message));
        };
        let sigma_rec = match numbers(arrays, "sigma_rec", units)? {
            Some(sigma) => {
                options.sigma_rec(uniform(&sigma))?;
                sigma
            }
            None => vec![options.sigma_rec(None)?.unwrap_or(0.0)],
        };
        let sigma_post = numbers(arrays, "sigma_post", 1)?.map_or(0.0, |sigma| sigma[0]);
        let noise = Noise { sigma_rec, sigma_post, scaling: NoiseScaling::Continuous };
        Ok(Self { form, activation, dt, tau, noise })
    }
}

/// So many numbers, or one for all.
fn numbers(arrays: &mut Ledger<Array>, name: &str, count: usize) -> Result<Option<Vec<f64>>, Refused> {
    let Some(array) = arrays.take(name) else { return Ok(None) };
    match array.values.as_slice() {
        [value] if array.shape.len() < 2 => Ok(Some(vec![*value; count])),
        _ => array.expect(&[count]).map(|array| Some(array.values)).map_err(|error| error.of(name)),
    }
}
