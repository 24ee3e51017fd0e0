//! Networks saved by the original nn4n, versions 1.1 and 1.2: `CTRNN.save`.
//!
//! ```text
//! v_t = (1 - alpha) v_{t-1} + alpha (W_in u_t + b_in + W_hid r_{t-1} + b_hid + preact xi)
//! r_t = f(v_t) + postact zeta
//! z_t = W_out r_t + b_out        v_0 = 0, or learned        alpha = dt / tau, or learned for each unit
//!
//! model_state_dict   recurrent_layer.{input_layer, hidden_layer}.{weight, bias}, readout_layer.{weight, bias}, and
//!                    recurrent_layer.{alpha, hidden_state} where they are parameters
//! kwargs             what the network was made with; masks are (pre, post), of the input,
//!                    the hidden and the readout layer
//! ```
//!
//! The two biases act as their sum. Masks and signs are enforced before a training pass only, so that a file saved
//! after the last update may break them by that update: the weights are projected, as the next pass would. The original
//! scales gradients by `plasticity_masks`; here the update is scaled. Source: github.com/NN4Neurosim/nn4n,
//! `nn4n/model/ctrnn.py` and `nn4n/layer/`.

use nn4n_models::{Activation, CellType, Dale, Form, NoiseScaling, Readout};

use super::{
    Refused,
    array::Array,
    ledger::Ledger,
    network::{Layer, Network, Noise, StartState, TimeConstants, Vector, Weights},
    options::Options,
    state_dict::{Keyword, StateDict},
};

/// Keyword arguments without effect on the network that was saved.
const WITHOUT_EFFECT: [&str; 6] =
    ["weights", "suppress_warnings", "batch_first", "scaling", "layer_distributions", "ei_balance"];

/// Keyword arguments that are other names of the sizes.
const OTHER_SIZES: [&str; 3] = ["input_dim", "hidden_size", "output_dim"];

/// The network in a state_dict and the keyword arguments it was made with.
pub(super) fn read(state: StateDict, keywords: Option<Ledger<Keyword>>, options: &Options) -> Result<Network, Refused> {
    let StateDict { mut tensors, mut notes, .. } = state;
    let mut keywords = keywords.unwrap_or_else(|| {
        notes.push(
            "the file holds no keyword arguments; masks, cell types and settings are those of a network made \
            without any"
                .into(),
        );
        Ledger::new("keyword argument", [])
    });
    let prefixes = ["recurrent_layer.input_layer.", "recurrent_layer.hidden_layer.", "readout_layer."];
    let [w_in, w_rec, w_out] = matrices(&mut tensors, &mut keywords, prefixes)?;
    let units = w_rec.posts;
    let lengths = [units, units, w_out.posts];
    let [b_in, b_hidden, b_out] = biases(&mut tensors, &mut keywords, prefixes, lengths)?;

    let mut take = |name: &str| {
        keywords.take(name).map(|value| value.number().map_err(|error| error.of(&format!("kwargs.{name}")))).transpose()
    };
    let (dt, tau) = (take("dt")?.unwrap_or(10.0), take("tau")?.unwrap_or(100.0));
    let (preact, postact) = (take("preact_noise")?.unwrap_or(0.0), take("postact_noise")?.unwrap_or(0.0));
    options.expect_form(Form::Current)?;
    options.dt(Some(dt))?;
    options.tau(Some(tau))?;
    options.sigma_rec(Some(preact))?;
    let activation = match keywords.take("activation") {
        Some(name) => {
            name.text()?.parse::<Activation>().map_err(|message| Refused::new(message).of("kwargs.activation"))?
        }
        None => Activation::Relu,
    };
    options.activation(Some(activation))?;
    let learn_alpha = keywords.take("learn_alpha").map(Keyword::flag).transpose()?.unwrap_or(false);
    let tau = match tensors.vector("recurrent_layer.alpha", units)? {
        Some(alpha) => TimeConstants::of_alpha(&alpha, dt, true)?,
        None if learn_alpha => {
            return Err(Refused::new("was made with `learn_alpha`, but holds no `recurrent_layer.alpha`"));
        }
        None => TimeConstants::fixed(tau, units),
    };
    let start = start(&mut tensors, &mut keywords, units, &mut notes)?;
    check_sizes(&mut keywords, [w_in.pres, units, w_out.posts])?;
    keywords.set_aside(&WITHOUT_EFFECT, "without effect on a saved network", &mut notes);
    keywords.finish()?;
    tensors.finish()?;
    let noise = Noise {
        sigma_rec: tau.values.iter().map(|tau| preact * dt / tau).collect(),
        sigma_post: postact,
        scaling: NoiseScaling::PerStep,
    };
    let layer = Layer {
        w_in: Some(w_in),
        w_rec,
        b_rec: b_in.plus(&b_hidden),
        start,
        form: Form::Current,
        activation,
        dt,
        tau,
        dale: Dale::Clamped,
        noise,
        areas: None,
    };
    Ok(Network { layers: vec![layer], w_out, b_out, readout: Readout::Linear, notes })
}

/// Input, recurrent and output weights with their masks.
fn matrices(
    tensors: &mut Ledger<Array>,
    keywords: &mut Ledger<Keyword>,
    prefixes: [&str; 3],
) -> Result<[Weights; 3], Refused> {
    let mut weights = Vec::with_capacity(3);
    for prefix in prefixes {
        let name = format!("{prefix}weight");
        weights.push(Weights::new(tensors.require(&name)?).map_err(|error| error.of(&name))?);
    }
    let sparsity = masks(keywords, "sparsity_masks")?;
    let signs = masks(keywords, "ei_masks")?;
    let plastic = plasticity(masks(keywords, "plasticity_masks")?, &weights)?;
    for (index, weights) in weights.iter_mut().enumerate() {
        let of = |kind: &str, error: Refused| error.of(&format!("kwargs.{kind}[{index}]"));
        if let Some(mask) = &sparsity[index] {
            *weights = weights.clone().masked(mask.clone()).map_err(|error| of("sparsity_masks", error))?;
        }
        if let Some(mask) = &signs[index] {
            *weights = weights
                .clone()
                .signed(mask.clone(), Some(CellType::Inhibitory))
                .map_err(|error| of("ei_masks", error))?;
        }
        if let Some(mask) = &plastic[index] {
            *weights = weights.clone().with_plastic(mask.clone()).map_err(|error| of("plasticity_masks", error))?;
        }
    }
    weights.try_into().map_err(|_| Refused::new("has not three matrices"))
}

/// Three masks, turned from (pre, post) to (post, pre).
fn masks(keywords: &mut Ledger<Keyword>, name: &str) -> Result<[Option<Array>; 3], Refused> {
    let of = |error: Refused| error.of(&format!("kwargs.{name}"));
    let mut masks = [None, None, None];
    let given = keywords.take(name).unwrap_or(Keyword::None).three().map_err(of)?;
    for (mask, given) in masks.iter_mut().zip(given) {
        *mask =
            given.array().and_then(|array| array.map(|array| array.finite()?.transposed()).transpose()).map_err(of)?;
    }
    Ok(masks)
}

/// The original stretches plasticities to [0, 1] over all three matrices; a matrix without any is fully plastic.
fn plasticity(mut masks: [Option<Array>; 3], weights: &[Weights]) -> Result<[Option<Array>; 3], Refused> {
    let all = || masks.iter().flatten().flat_map(|mask| mask.values.iter().copied());
    let (least, most) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    if least.partial_cmp(&most) != Some(std::cmp::Ordering::Less) {
        return Ok([None, None, None]);
    }
    for (mask, weights) in masks.iter_mut().zip(weights) {
        if let Some(mask) = mask {
            let values = mask.values.iter().map(|value| (value - least) / (most - least)).collect();
            *mask = Array { values, ..mask.clone() }
                .expect(&[weights.posts, weights.pres])
                .map_err(|error| error.of("kwargs.plasticity_masks"))?;
        }
    }
    Ok(masks)
}

/// A bias is trained if it was made with a distribution or with values; where nothing says how it was made, if it is
/// not zero.
fn biases(
    tensors: &mut Ledger<Array>,
    keywords: &mut Ledger<Keyword>,
    prefixes: [&str; 3],
    lengths: [usize; 3],
) -> Result<[Vector; 3], Refused> {
    let stated = keywords.take("biases").map(Keyword::three).transpose().map_err(|error| error.of("kwargs.biases"))?;
    let trained = stated.map(|stated| stated.map(|bias| !bias.is_none()));
    let mut biases = Vec::with_capacity(3);
    for index in 0..3 {
        let values = tensors.vector(&format!("{}bias", prefixes[index]), lengths[index])?;
        let mut bias = Vector::trained(values, lengths[index]);
        bias.trained = trained.map_or_else(|| bias.values.iter().any(|value| *value != 0.0), |trained| trained[index]);
        biases.push(bias);
    }
    biases.try_into().map_err(|_| Refused::new("has not three biases"))
}

fn start(
    tensors: &mut Ledger<Array>,
    keywords: &mut Ledger<Keyword>,
    units: usize,
    notes: &mut Vec<String>,
) -> Result<StartState, Refused> {
    let stored = tensors.vector("recurrent_layer.hidden_state", units)?;
    let rule = keywords
        .take("init_state")
        .map_or_else(|| Ok("zero".into()), Keyword::text)
        .map_err(|error| error.of("kwargs.init_state"))?;
    match (rule.as_str(), stored) {
        ("zero", _) => Ok(StartState::Zero),
        ("learn", Some(state)) => Ok(StartState::Trained(state)),
        ("learn", None) => {
            Err(Refused::new("was made with `init_state` = learn, but holds no `recurrent_layer.hidden_state`"))
        }
        ("keep", _) => {
            notes.push(
                "init_state = keep: the state is carried over from trial to trial; the original carries the rate over \
                in its place"
                    .into(),
            );
            Ok(StartState::Carried)
        }
        (other, _) => Err(Refused::new(format!("has `init_state` = {other}, which is not known"))),
    }
}

/// Sizes that are stated must be those of the matrices.
fn check_sizes(keywords: &mut Ledger<Keyword>, found: [usize; 3]) -> Result<(), Refused> {
    let mut stated = Vec::new();
    if let Some(dims) = keywords.take("dims") {
        let dims = dims.three().map_err(|error| error.of("kwargs.dims"))?;
        stated.extend(dims.into_iter().zip(found).map(|(value, size)| ("dims", value, size)));
    }
    for (name, size) in OTHER_SIZES.into_iter().zip(found) {
        stated.extend(keywords.take(name).map(|value| (name, value, size)));
    }
    for (name, value, size) in stated {
        let name = format!("kwargs.{name}");
        let value = value.number().map_err(|error| error.of(&name))?;
        if value != size as f64 {
            return Err(Refused::new(format!(
                "is {value}, but the weights have a size of {size}; the file was put together of two"
            ))
            .of(&name));
        }
    }
    Ok(())
}
