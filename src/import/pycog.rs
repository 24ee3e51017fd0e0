//! Networks saved by pycog (Song, Yang & Wang 2016): a pickle of a dictionary.
//!
//! ```text
//! x_t = (1 - alpha) x_{t-1} + alpha (Wrec r_{t-1} + brec + Win u_t) + sqrt(2 alpha var_rec) xi      r_t = f(x_t)
//! z_t = g(Wout r_t + bout)
//!
//! best.params   [Win, Wrec, Wout, brec, bout, x0], effective weights of the best validation
//! params        what the network was made with: dt, tau, ei, activations, noise, structure (Cin, Crec, Cout)
//! ```
//!
//! A pickle is not executed, so of the classes in it only those are read that are records of arrays (pycog's
//! `Connectivity`); functions and other classes, such as a callback or objects in `extra_info`, are left out where they
//! have no effect on the network and refused by name elsewhere. Weights nearer to 0 than `threshold` are 0, as where
//! pycog runs a saved network. What the task does to inputs (`baseline_in`, `rectify_inputs`, `var_in`, `tau_in`) is
//! not part of the network. A setting that is missing has the default of `pycog/defaults.py`.
//! doi:10.1371/journal.pcbi.1004792. Read: github.com/frsong/pycog at 7c5d54b (2016-03-03, its newest),
//! `pycog/trainer.py`, `defaults.py`, `sgd.py`, `rnn.py`, `connectivity.py`.

use std::collections::BTreeMap;

use nn4n_models::{Activation, CellType, Dale, Form, NoiseScaling, Readout};

use super::{
    Refused,
    array::Array,
    ledger::Ledger,
    network::{Layer, Network, Noise, StartState, TimeConstants, Vector, Weights},
    options::Options,
    pickle::{self, View},
};

/// `threshold` where the file does not say it.
const THRESHOLD: f64 = 1e-4;

/// `var_rec` where the file does not say it.
const VAR_REC: f64 = 0.15 * 0.15;

const CONNECTIVITY: &str = "pycog.connectivity.Connectivity";

/// Settings of training and of the task.
const WITHOUT_EFFECT: [&str; 42] = [
    "extra_info",
    "rectify_inputs",
    "baseline_in",
    "var_in",
    "tau_in",
    "brec",
    "bout",
    "x0",
    "n_gradient",
    "n_validation",
    "gradient_batch_size",
    "validation_batch_size",
    "lambda_Omega",
    "lambda1_in",
    "lambda1_rec",
    "lambda1_out",
    "lambda2_in",
    "lambda2_rec",
    "lambda2_out",
    "lambda2_r",
    "callback",
    "performance",
    "terminate",
    "min_error",
    "learning_rate",
    "max_gradient_norm",
    "bound",
    "seed",
    "gradient_seed",
    "validation_seed",
    "structure",
    "rho0",
    "max_iter",
    "distribution_in",
    "distribution_rec",
    "distribution_out",
    "gamma_k",
    "checkfreq",
    "patience",
    "momentum",
    "method",
    "init_momentum",
];

/// The network in a pickle.
pub(super) fn read(bytes: &[u8], options: &Options) -> Result<Network, Refused> {
    let pickle = pickle::parse_beside_strangers(bytes)?;
    let mut notes = Vec::new();
    let mut saved = Ledger::new("entry", entries(pickle.root())?);
    if !saved.contains("best") || !saved.contains("params") {
        return Err(Refused::new("is a pickle without `best` and `params`; pycog did not write it"));
    }
    let best = entries(saved.require("best")?).map_err(|error| error.of("best"))?;
    let mut params = Ledger::new("parameter", entries(saved.require("params")?).map_err(|error| error.of("params"))?);
    let of_training =
        ["varlist", "iter", "current", "costs_history", "Omega_history", "rng_gradient", "rng_validation"];
    saved.set_aside(&of_training, "of training", &mut notes);
    saved.finish()?;

    let found = best.get("params").copied().ok_or_else(|| Refused::new("`best` holds no `params`"))?;
    let [w_in, w_rec, w_out, b_rec, b_out, x0] = six(found)?;
    let w_rec = w_rec.ok_or_else(|| Refused::new("holds no Wrec"))?;
    let mut w_rec = Weights::recurrent(w_rec).map_err(|error| error.of("Wrec"))?;
    let units = w_rec.posts;
    let mut w_in = w_in.map(Weights::new).transpose().map_err(|error| error.of("Win"))?;
    let mut w_out = match w_out {
        Some(w_out) => Weights::new(w_out).map_err(|error| error.of("Wout"))?,
        None => {
            notes.push("the file holds no readout; the outputs are the rates".into());
            Weights::identity(units)
        }
    };
    let threshold = setting(&mut params, "threshold", "a number", View::float)?.unwrap_or(THRESHOLD);
    let dropped: usize = [w_in.as_mut(), Some(&mut w_rec), Some(&mut w_out)]
        .into_iter()
        .flatten()
        .map(|weights| drop_small(weights, threshold))
        .sum();
    if dropped > 0 {
        notes.push(format!(
            "{dropped} weights between -{threshold} and {threshold} are 0, as pycog runs the network (`threshold`)"
        ));
    }
    let has_dale = give_signs(&mut params, w_in.as_mut(), &mut w_rec, &mut w_out)?;
    for (name, weights) in [("Cin", w_in.as_mut()), ("Crec", Some(&mut w_rec)), ("Cout", Some(&mut w_out))] {
        let structure = params.take(name).filter(|value| !value.is_none());
        if let (Some(structure), Some(weights)) = (structure, weights) {
            restrict(weights, structure).map_err(|error| error.of(&format!("params.{name}")))?;
        }
    }
    let dale = match setting(&mut params, "ei_positive_func", "a text", View::text)? {
        Some("abs") if has_dale => {
            notes.push("ei_positive_func = abs: pycog trains |W|; here the sign is kept by a projection".into());
            Dale::Clamped
        }
        _ => Dale::Rectified,
    };
    let mut flag = |name: &str, default: bool| -> Result<bool, Refused> {
        Ok(setting(&mut params, name, "a boolean", View::bool)?.unwrap_or(default))
    };
    let (train_b_rec, train_b_out) = (flag("train_brec", false)?, flag("train_bout", false)?);
    let train_x0 = flag("train_x0", true)?;
    let vector = |array: Option<Array>, name: &str, length: usize, trained: bool| -> Result<Vector, Refused> {
        let array = array.map(|array| array.expect(&[length])).transpose().map_err(|error| error.of(name))?;
        Ok(Vector { values: array.map_or_else(|| vec![0.0; length], |array| array.values), trained })
    };
    let b_rec = vector(b_rec, "brec", units, train_b_rec)?;
    let b_out = vector(b_out.filter(|array| array.shape != [0]), "bout", w_out.posts, train_b_out)?;
    let x0 = vector(x0, "x0", units, train_x0)?;
    let start = match (setting(&mut params, "mode", "a text", View::text)?, x0.trained) {
        (Some("continuous"), _) => StartState::Carried,
        (_, true) => StartState::Trained(x0.values),
        (_, false) => StartState::Fixed(x0.values),
    };
    let (dt, tau) = times(&mut params, units, options)?;
    let (activation, readout) = activations(&mut params, options)?;
    let noise = noise(&mut params, options)?;
    options.expect_form(Form::Current)?;
    if let Some(sigma) = setting(&mut params, "sigma0", "a number", View::float)?.filter(|sigma| *sigma != 0.0) {
        return Err(Refused::new(format!(
            "has `sigma0` = {sigma}, noise of the start state, which has no counterpart here; save it with sigma0 = 0"
        )));
    }
    for (name, size) in [("Nin", w_in.as_ref().map_or(0, |w_in| w_in.pres)), ("N", units)] {
        if let Some(stated) = params.take(name).and_then(View::int)
            && stated != size as i64
        {
            return Err(Refused::new(format!("says that {name} is {stated}, but its weights have {size}")));
        }
    }
    params.set_aside(&["Nout"], "said by the weights", &mut Vec::new());
    params.set_aside(&WITHOUT_EFFECT, "of training or of the task", &mut notes);
    params.finish()?;
    let layer = Layer { w_in, w_rec, b_rec, start, form: Form::Current, activation, dt, tau, dale, noise, areas: None };
    Ok(Network { layers: vec![layer], w_out, b_out, readout, notes })
}

/// Puts weights nearer to 0 than `threshold` to 0; returns how many.
fn drop_small(weights: &mut Weights, threshold: f64) -> usize {
    let small = weights.values.iter_mut().filter(|value| **value != 0.0 && value.abs() < threshold);
    small.map(|value| *value = 0.0).count()
}

fn entries(value: View<'_>) -> Result<BTreeMap<String, View<'_>>, Refused> {
    let entries = value
        .entries()
        .ok_or_else(|| Refused::new(format!("is {}, but must be a dictionary of names", value.kind())))?;
    Ok(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Six arrays, each of which can be None.
fn six(value: View<'_>) -> Result<[Option<Array>; 6], Refused> {
    let items = value.items().ok_or_else(|| Refused::new("`best.params` is no list"))?;
    let names = ["Win", "Wrec", "Wout", "brec", "bout", "x0"];
    let array = |(item, name): (View<'_>, &str)| match item.array() {
        None if item.is_none() => Ok(None),
        None => Err(Refused::new(format!("is {}, but must be an array", item.kind())).of(name)),
        Some(array) => Array::of_numpy(array).map(Some).map_err(|error| error.of(name)),
    };
    let count = items.len();
    let arrays: Vec<_> = items.into_iter().zip(names).map(array).collect::<Result<_, _>>()?;
    let wrong = |_| Refused::new(format!("`best.params` has {count} entries instead of six"));
    if count == 6 { arrays.try_into().map_err(wrong) } else { Err(wrong(arrays)) }
}

/// Cell types of the units, by column; under Dale's law inputs are excitatory.
fn give_signs(
    params: &mut Ledger<View<'_>>,
    w_in: Option<&mut Weights>,
    w_rec: &mut Weights,
    w_out: &mut Weights,
) -> Result<bool, Refused> {
    let Some(signs) = params.take("ei").filter(|value| !value.is_none()) else { return Ok(false) };
    let signs = numbers(signs, w_rec.pres).map_err(|error| error.of("params.ei"))?;
    w_rec.types =
        signs.iter().map(|sign| Some(if *sign < 0.0 { CellType::Inhibitory } else { CellType::Excitatory })).collect();
    if w_out.pres == w_rec.pres && w_out.types.len() == w_rec.types.len() && !w_out.is_identity() {
        w_out.types.clone_from(&w_rec.types);
    }
    if let Some(w_in) = w_in {
        w_in.types.fill(Some(CellType::Excitatory));
    }
    Ok(true)
}

/// One number for each of `length`: an array, or one for all.
fn numbers(value: View<'_>, length: usize) -> Result<Vec<f64>, Refused> {
    match (value.float(), value.array()) {
        (Some(number), _) => Ok(vec![number; length]),
        (_, Some(array)) => {
            let array = Array::of_numpy(array)?;
            if array.shape.is_empty() {
                Ok(vec![array.values[0]; length])
            } else {
                array.expect(&[length]).map(|array| array.values)
            }
        }
        _ => Err(Refused::new(format!("is {}, but must be numbers", value.kind()))),
    }
}

/// Leaves the synapses that are plastic or fixed.
fn restrict(weights: &mut Weights, structure: View<'_>) -> Result<(), Refused> {
    let mask = |value: Option<&View<'_>>, name: &str| -> Result<Array, Refused> {
        let array =
            value.and_then(|value| value.array()).ok_or_else(|| Refused::new(format!("has no array `{name}`")))?;
        Array::of_numpy(array)?.expect(&[weights.posts, weights.pres]).map_err(|error| error.of(name))
    };
    if let Some(array) = structure.array() {
        let array = Array::of_numpy(array)?.expect(&[weights.posts, weights.pres])?;
        weights.connectivity = array.values.iter().map(|entry| *entry != 0.0).collect();
        return Ok(());
    }
    let attributes = structure.attributes_of(CONNECTIVITY);
    let attributes = attributes
        .ok_or_else(|| Refused::new(format!("is {}, but must be an array or a Connectivity", structure.kind())))?;
    let (plastic, fixed) =
        (mask(attributes.get("mask_plastic"), "mask_plastic")?, mask(attributes.get("mask_fixed"), "mask_fixed")?);
    weights.fixed = fixed.values.iter().map(|entry| *entry != 0.0).collect();
    weights.connectivity =
        plastic.values.iter().zip(&weights.fixed).map(|(plastic, fixed)| *plastic != 0.0 || *fixed).collect();
    Ok(())
}

fn times(params: &mut Ledger<View<'_>>, units: usize, options: &Options) -> Result<(f64, TimeConstants), Refused> {
    let tau = params.take("tau").map(|tau| numbers(tau, units)).transpose().map_err(|error| error.of("params.tau"))?;
    let tau = tau.unwrap_or_else(|| vec![100.0; units]);
    options.tau(super::ledger::uniform(&tau))?;
    let stated = setting(params, "dt", "a number", View::float)?;
    let default = tau.iter().copied().fold(f64::INFINITY, f64::min) / 5.0;
    let dt = options.dt(Some(stated.unwrap_or(default)))?.unwrap_or(default);
    Ok((dt, TimeConstants { values: tau, trained: false }))
}

/// A setting that may be absent or None, but not of another type.
fn setting<'a, T>(
    params: &mut Ledger<View<'a>>,
    name: &str,
    wanted: &str,
    read: impl Fn(View<'a>) -> Option<T>,
) -> Result<Option<T>, Refused> {
    let Some(value) = params.take(name).filter(|value| !value.is_none()) else { return Ok(None) };
    match read(value) {
        Some(value) => Ok(Some(value)),
        None => Err(Refused::new(format!("`params.{name}` is {}, but must be {wanted}", value.kind()))),
    }
}

fn activations(params: &mut Ledger<View<'_>>, options: &Options) -> Result<(Activation, Readout), Refused> {
    let hidden = setting(params, "hidden_activation", "a text", View::text)?.unwrap_or("rectify");
    let activation = match hidden {
        "linear" => Activation::Linear,
        "rectify" => Activation::Relu,
        "rectify_power" => Activation::Power(2.0),
        "sigmoid" => Activation::Sigmoid,
        "tanh" => Activation::Tanh,
        "rtanh" => Activation::Retanh,
        other => return Err(Refused::new(format!("has `hidden_activation` = {other}, which has no counterpart here"))),
    };
    options.activation(Some(activation))?;
    let readout = match setting(params, "output_activation", "a text", View::text)?.unwrap_or("linear") {
        "linear" => Readout::Linear,
        "sigmoid" => Readout::Sigmoid,
        "softmax" => Readout::Softmax,
        other => return Err(Refused::new(format!("has `output_activation` = {other}, which has no counterpart here"))),
    };
    Ok((activation, readout))
}

/// `var_rec` is a variance: one for all, or one for each unit.
fn noise(params: &mut Ledger<View<'_>>, options: &Options) -> Result<Noise, Refused> {
    let variances = match params.take("var_rec").map(|value| (value.float(), value.array())) {
        None => vec![VAR_REC],
        Some((Some(variance), _)) => vec![variance],
        Some((_, Some(array))) => {
            let array = Array::of_numpy(array).map_err(|error| error.of("params.var_rec"))?;
            if array.shape.len() > 1 {
                return Err(Refused::new(
                    "has `var_rec` as a matrix of covariances, which has no counterpart here: noise is independent \
                    between units",
                ));
            }
            array.values
        }
        Some(_) => return Err(Refused::new("`params.var_rec` must be a number or an array")),
    };
    if let Some(bad) = variances.iter().find(|variance| !(variance.is_finite() && **variance >= 0.0)) {
        return Err(Refused::new(format!("has `var_rec` {bad}, but a variance is at least 0")));
    }
    let sigma_rec: Vec<f64> = variances.iter().map(|variance| variance.sqrt()).collect();
    options.sigma_rec(super::ledger::uniform(&sigma_rec))?;
    Ok(Noise { sigma_rec, sigma_post: 0.0, scaling: NoiseScaling::Continuous })
}
