//! Recurrent networks on top of each other: each layer is driven by the rates of the one below at the same step, and
//! the outputs read the last.
//!
//! ```text
//! x^l_t = (1 - alpha) x^l_{t-1} + alpha (W^l_rec r^l_{t-1} + W^l_in r^{l-1}_t + b^l) + sqrt(2 alpha) sigma_rec xi^l_t
//! r^l_t = f(x^l_t)          r^0_t = u_t          z_t = g(W_out r^L_t + b_out)          l = 1 .. L
//! ```
//!
//! | symbol | name | unit, shape |
//! |---|---|---|
//! | `W^l_in` | `layers.{l-1}.w_in` | (units, units of the layer below); of the first layer (units, inputs) |
//! | `W^l_rec` | `layers.{l-1}.w_rec` | (units, units) |
//! | `r^l` | rates of the layer's units among those of all layers, in order from the input | (batch, steps, units) |
//!
//! The other symbols and forms are in [`dynamics`](crate::dynamics); with its `alpha`, `f` and noise each layer
//! may differ ([`LayerConfig`]). Dale's law ([`synapses`](crate::synapses)) holds for every synapse that leaves a unit,
//! so the signs of `W^l_in` are those of the layer below, of which by default only the excitatory units project. Unlike
//! the areas of a [multi-area network](crate::multi_area), layers have no feedback, and what goes up arrives within the
//! step. A stacked network of one layer is a network of its kind, number for number. The original nn4n calls a layer
//! `RNNLayer`.
//!
//! ```
//! use candle_core::{DType, Device, Tensor};
//! use nn4n_models::{LayerConfig, ModelConfig, StackedCtrnn};
//!
//! let layers = [LayerConfig::new("sensory", 20).tau(50.0), LayerConfig::ei("decision", 50, 0.8)];
//! let config = ModelConfig::stacked(3, 2, layers);
//! let model = StackedCtrnn::init(&config, 0, DType::F32, &Device::Cpu)?;
//! let trajectory = model.unroll(&Tensor::zeros((1, 10, 3), DType::F32, &Device::Cpu)?, None, None)?;
//! assert_eq!(trajectory.rates()?.dims(), [1, 10, 70]);
//! assert_eq!(model.layer_rates(&trajectory, "decision")?.dims(), [1, 10, 50]);
//! assert_eq!(model.layers()[1].effective_w_in()?.unwrap().dims(), [50, 20]);
//! # Ok::<(), nn4n_models::ModelError>(())
//! ```

#[cfg(doc)]
use crate::config::LayerConfig;
use crate::{
    config::Kind,
    ctrnn::{CtrnnOf, KindMarker},
};

/// A [`Ctrnn`](crate::Ctrnn) of layers.
pub type StackedCtrnn = CtrnnOf<Stacked>;

/// Stands for [`Kind::Stacked`].
#[derive(Clone, Copy, Debug)]
pub struct Stacked;

impl KindMarker for Stacked {
    const KIND: Kind = Kind::Stacked;
}
