//! State_dicts of the continuous-time module that the tutorials of neurogym and nn-brain print, and of its E/I sibling.
//!
//! ```text
//! CTRNN    input2h, h2h, fc       one of the forms of the equation, which the file does not say, with biases
//!                                 b_rec = b_input2h + b_h2h; outputs z_t = W_fc r_t + b_fc; starts from zeros
//! EIRNN    the same tensors       x_t = (1 - alpha) x_{t-1} + alpha (W_rec r_{t-1} + W_in u_t + b_rec)
//!                                       + sqrt(2 alpha) sigma_rec xi
//!                                 r_t = relu(x_t)     W_rec = |W_h2h| . M     M = +1 in excitatory columns, which come
//!                                 first, -1 in inhibitory ones, 0 on the diagonal; fc reads the excitatory units alone
//! ```
//!
//! `M` is in the file if the copy of the tutorial saves it (`h2h.mask`, `sign_mask`); otherwise `fc` has fewer columns
//! than there are units, and says how many are excitatory. The tutorials train |W|, here the sign is kept by a
//! projection. As printed the CTRNN has its leak within the rectification; copies integrate the rate, and some the
//! current, from the same tensors, so that the form must be said. Read: github.com/gyyang/nn-brain at a675b15
//! (2021-08-12), `EI_RNN.ipynb`, `RNN_tutorial.ipynb`; the tutorials of neurogym print the same module.

use nn4n_models::{Activation, CellType, Dale, Form, NoiseScaling, Readout};

use super::{
    Refused,
    array::Array,
    ledger::Ledger,
    network::{Layer, Network, Noise, StartState, TimeConstants, Vector, Weights},
    options::Options,
    state_dict::StateDict,
    torch_rnn::{Linear, linear},
};

/// The time constant that the tutorials write into the module, ms.
const TAU: f64 = 100.0;

/// The network in a state_dict.
pub(super) fn read(state: StateDict, options: &Options) -> Result<Network, Refused> {
    let StateDict { mut tensors, mut notes, .. } = state;
    let prefixes: Vec<String> =
        tensors.names().filter_map(|name| name.strip_suffix("input2h.weight")).map(str::to_owned).collect();
    let [prefix] = prefixes.as_slice() else {
        let message = format!("holds {} recurrent modules; save them one by one", prefixes.len());
        return Err(Refused::new(message));
    };
    let named = |name: &str| format!("{prefix}{name}");
    let weights =
        |tensors: &mut Ledger<Array>, name: &str| Weights::new(tensors.require(name)?).map_err(|error| error.of(name));
    let w_in = weights(&mut tensors, &named("input2h.weight"))?;
    let name = named("h2h.weight");
    let mut w_rec = Weights::recurrent(tensors.require(&name)?).map_err(|error| error.of(&name))?;
    let units = w_rec.posts;
    let mask = mask(&mut tensors)?;
    let b_in = Vector::trained(tensors.vector(&named("input2h.bias"), units)?, units);
    let b_rec = b_in.plus(&Vector::trained(tensors.vector(&named("h2h.bias"), units)?, units));
    let (w_out, b_out) = match linear(&mut tensors, &mut notes)? {
        Some(found) => readout(found, units)?,
        None => (Weights::identity(units), Vector::trained(None, units)),
    };
    let read = w_out.connectivity.iter().take(units).filter(|entry| **entry).count();
    let is_ei = mask.is_some() || read < units;
    if is_ei {
        give_signs(&mut w_rec, mask, read)?;
    }
    tensors.finish()?;
    let (form, sigma_rec) = if is_ei {
        options.expect_form(Form::Current)?;
        (Form::Current, options.sigma_rec_or_none(&mut notes)?)
    } else {
        (options.require_form()?, options.sigma_rec(None)?.unwrap_or(0.0))
    };
    let (dt, tau) = (options.require_dt()?, options.tau_or(TAU, &mut notes)?);
    let activation = options.activation_or(Activation::Relu, &mut notes);
    let noise = Noise { sigma_rec: vec![sigma_rec], sigma_post: 0.0, scaling: NoiseScaling::Continuous };
    let layer = Layer {
        w_in: Some(w_in),
        w_rec,
        b_rec,
        start: StartState::Zero,
        form,
        activation,
        dt,
        tau: TimeConstants::fixed(tau, units),
        dale: Dale::Clamped,
        noise,
        areas: None,
    };
    Ok(Network { layers: vec![layer], w_out, b_out, readout: Readout::Linear, notes })
}

/// The mask of the recurrent weights, if this copy of the tutorial saves it.
fn mask(tensors: &mut Ledger<Array>) -> Result<Option<(String, Array)>, Refused> {
    let is_mask = |name: &&str| name.ends_with("h2h.mask") || name.rsplit('.').next() == Some("sign_mask");
    let Some(name) = tensors.names().find(is_mask).map(str::to_owned) else { return Ok(None) };
    Ok(tensors.matrix(&name)?.map(|mask| (name, mask)))
}

/// The readout of all units, or of the first ones.
fn readout(found: Linear, units: usize) -> Result<(Weights, Vector), Refused> {
    let Linear { name, weights, bias } = found;
    let (outputs, read) = (weights.posts, weights.pres);
    if read > units || read == 0 {
        return Err(Refused::new(format!("holds `{name}` of {read} columns, which cannot read the {units} units")));
    }
    let place = |index: usize| (index % units < read).then(|| index / units * read + index % units);
    let places: Vec<Option<usize>> = (0..outputs * units).map(place).collect();
    let values = places.iter().map(|place| place.map_or(0.0, |place| weights.values[place])).collect();
    let mut all = Weights::new(Array { shape: vec![outputs, units], values, double: weights.double })?;
    all.connectivity = places.iter().map(Option::is_some).collect();
    Ok((all, bias))
}

/// `|W| . M`, from the mask or from the number of excitatory units.
fn give_signs(w_rec: &mut Weights, mask: Option<(String, Array)>, excitatory: usize) -> Result<(), Refused> {
    let units = w_rec.posts;
    let (name, mask) = match mask {
        Some((name, mask)) => {
            let mask = mask.expect(&[units, units]).and_then(Array::finite).map_err(|error| error.of(&name))?;
            (name, mask.values)
        }
        None => {
            let entry = |index: usize| match (index / units, index % units) {
                (post, pre) if post == pre => 0.0,
                (_, pre) if pre < excitatory => 1.0,
                _ => -1.0,
            };
            (String::new(), (0..units * units).map(entry).collect())
        }
    };
    for (index, weight) in w_rec.values.iter_mut().enumerate() {
        *weight = weight.abs() * mask[index];
        w_rec.connectivity[index] = mask[index] != 0.0;
    }
    for pre in 0..units {
        let mut signs = (0..units).map(|post| mask[post * units + pre]).filter(|sign| *sign != 0.0).map(f64::signum);
        // A unit without synapses is what its place says.
        let sign = signs.next().unwrap_or(if pre < excitatory { 1.0 } else { -1.0 });
        if signs.any(|other| other != sign) {
            let message = format!("has both signs in column {pre}; here a unit is excitatory or inhibitory as a whole");
            return Err(Refused::new(message).of(&name));
        }
        w_rec.types[pre] = Some(if sign > 0.0 { CellType::Excitatory } else { CellType::Inhibitory });
    }
    Ok(())
}
