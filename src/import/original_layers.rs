//! State_dicts of the original nn4n's `RNN` and `RNNLayer` (1.2), of which the network of Time Makes Space (Wang 2024)
//! is built.
//!
//! ```text
//! v_t = (1 - alpha) v_{t-1} + alpha (W_in u_t + b_in + W_hid r_{t-1} + b_hid) + preact xi
//! r_t = f(v_t) + postact zeta      v_0 = r_0 = 0
//! u_t is the input, or in the second layer and on the rates of the layer before at the same step
//!
//! RNN        recurrent_layers.K.{projection_layer, leaky_layer.linear_layer}.{weight, bias},
//!            recurrent_layers.K.leaky_layer.alpha
//! RNNLayer   hidden_layers.K.{input_layer, linear_layer}.{weight, bias}, hidden_layers.K.alpha if it is learned
//! both       readout_layer.{weight, bias}; any linear layer may have a sparsity_mask and a positivity_mask
//! ```
//!
//! Without a projection the inputs act on one unit each; without a readout the outputs are the rates. Activation, step
//! and noise are not in a state_dict. Masks of square matrices were stored both ways round over time; the way is taken
//! that the weights obey. Sources: github.com/NN4Neurosim/nn4n, `nn4n/nn/`;
//! github.com/zhaozewang/place_cells_episodic_rnn, `model.py`.

use nn4n_models::{Activation, Dale, Form, NoiseScaling, Readout};

use super::{
    Refused,
    array::Array,
    ledger::{Ledger, uniform},
    network::{Layer, Network, Noise, StartState, TimeConstants, Vector, Weights},
    options::Options,
    state_dict::StateDict,
};

/// The step of the original when none is given, ms.
const DEFAULT_DT: f64 = 10.0;

/// Names of the parts of one layer.
struct Names {
    projection: String,
    recurrent: String,
    alpha: String,
    /// Whether `alpha` is stored only if it is learned.
    alpha_is_learned: bool,
}

impl Names {
    fn of(tensors: &Ledger<Array>, index: usize) -> Option<Self> {
        let has = |prefix: &str| tensors.names().any(|name| name.starts_with(prefix));
        let (rnn, layer) = (format!("recurrent_layers.{index}."), format!("hidden_layers.{index}."));
        if has(&rnn) {
            let (projection, recurrent, alpha) = (
                format!("{rnn}projection_layer."),
                format!("{rnn}leaky_layer.linear_layer."),
                format!("{rnn}leaky_layer.alpha"),
            );
            return Some(Self { projection, recurrent, alpha, alpha_is_learned: false });
        }
        has(&layer).then(|| Self {
            projection: format!("{layer}input_layer."),
            recurrent: format!("{layer}linear_layer."),
            alpha: format!("{layer}alpha"),
            alpha_is_learned: true,
        })
    }
}

/// The network in a state_dict.
pub(super) fn read(state: StateDict, options: &Options) -> Result<Network, Refused> {
    let StateDict { mut tensors, mut notes, .. } = state;
    if let Some(block) = tensors.names().find(|name| name.contains("block_recurrent")) {
        return Err(Refused::new(format!(
            "holds a network of blocks (`{block}`), which cannot be imported; only RNN and RNNLayer can"
        )));
    }
    let activation = options.activation_or(Activation::Relu, &mut notes);
    let dt = options.dt_or(DEFAULT_DT, &mut notes)?;
    let sigma_rec = options.sigma_rec_or_none(&mut notes)?;
    options.expect_form(Form::Current)?;
    if matches!(activation, Activation::Sigmoid | Activation::Softplus) {
        notes.push(format!(
            "the original starts with rates of 0, this program with f(0), which is not 0 for {activation}: the first \
            steps differ"
        ));
    }
    let mut layers = Vec::new();
    while let Some(names) = Names::of(&tensors, layers.len()) {
        let (w_rec, b_rec) = linear(&mut tensors, &names.recurrent)?.ok_or_else(|| {
            Refused::new(format!("holds no `{}weight`, the recurrent weights of a layer", names.recurrent))
        })?;
        let units = w_rec.posts;
        if w_rec.pres != units {
            return Err(Refused::new(format!(
                "has shape {:?}, but recurrent weights are a square matrix",
                (units, w_rec.pres)
            ))
            .of(&names.recurrent));
        }
        let (w_in, b_in) = linear(&mut tensors, &names.projection)?
            .unwrap_or_else(|| (Weights::identity(units), Vector::trained(None, units)));
        let b_rec = b_rec.plus(&b_in);
        let tau = match tensors.vector(&names.alpha, units)? {
            Some(alpha) => {
                let trained = names.alpha_is_learned || uniform(&alpha).is_none();
                let tau = TimeConstants::of_alpha(&alpha, dt, trained)?;
                options.tau(uniform(&tau.values))?;
                tau
            }
            None => TimeConstants::fixed(options.require_tau()?, units),
        };
        let noise = Noise { sigma_rec: vec![sigma_rec], sigma_post: 0.0, scaling: NoiseScaling::PerStep };
        let (form, start, dale) = (Form::Current, StartState::Zero, Dale::Clamped);
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
    let units = layers.last().map_or(0, |layer| layer.w_rec.posts);
    let (w_out, b_out) = linear(&mut tensors, "readout_layer.")?.unwrap_or_else(|| {
        notes.push("the file holds no readout; the outputs are the rates".into());
        (Weights::identity(units), Vector::trained(None, units))
    });
    tensors.finish()?;
    Ok(Network { layers, w_out, b_out, readout: Readout::Linear, notes })
}

/// A linear layer with its masks, if there is one of this name.
fn linear(tensors: &mut Ledger<Array>, prefix: &str) -> Result<Option<(Weights, Vector)>, Refused> {
    let name = format!("{prefix}weight");
    let Some(weights) = tensors.matrix(&name)? else { return Ok(None) };
    let mut weights = Weights::new(weights)?;
    let bias = tensors.vector(&format!("{prefix}bias"), weights.posts)?;
    let mut bias = Vector::trained(bias, weights.posts);
    // One made without a bias is stored as zeros.
    bias.trained = bias.values.iter().any(|value| *value != 0.0);
    for kind in ["sparsity_mask", "positivity_mask"] {
        let name = format!("{prefix}{kind}");
        let Some(mask) = tensors.matrix(&name)? else { continue };
        let signed = kind == "positivity_mask";
        let mask = orient(mask, &weights, signed).map_err(|error| error.of(&name))?;
        weights =
            if signed { weights.signed(mask, None) } else { weights.masked(mask) }.map_err(|error| error.of(&name))?;
    }
    Ok(Some((weights, bias)))
}

/// The mask as (post, pre): the way round that fewer weights break.
fn orient(mask: Array, weights: &Weights, signed: bool) -> Result<Array, Refused> {
    let turned = mask.clone().transposed()?;
    let broken = |mask: &Array| {
        let breaks =
            |(weight, entry): (&f64, &f64)| if signed { weight * entry < 0.0 } else { *entry <= 0.0 && *weight != 0.0 };
        if mask.shape == [weights.posts, weights.pres] {
            weights.values.iter().zip(&mask.values).filter(|pair| breaks(*pair)).count()
        } else {
            usize::MAX
        }
    };
    Ok(if broken(&turned) < broken(&mask) { turned } else { mask })
}
