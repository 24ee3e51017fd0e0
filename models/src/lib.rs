//! Continuous-time recurrent networks (CTRNN) as candle modules: vanilla, excitatory/inhibitory, multi-area and
//! stacked.
//!
//! A network is described by a [`ModelConfig`], built from a seed or from named tensors, and simulated with
//! [`Ctrnn::unroll`], which returns states, rates and outputs of every step. The mathematics is in [`dynamics`] (the
//! step), [`ei`] and [`synapses`] (Dale's law), [`multi_area`] (the areas) and [`stacked`] (the layers).
//!
//! To add a kind of network, copy `ei.rs`, add the kind to [`Kind`], and say in `config` what areas and cell types it
//! has, and what its defaults are.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod activation;
pub mod config;
mod connectivity;
mod ctrnn;
pub mod dynamics;
mod effective;
pub mod ei;
mod error;
pub mod host;
mod init;
pub mod multi_area;
mod noise;
pub mod params;
mod scan;
pub mod stacked;
mod stream;
pub mod synapses;
pub mod vanilla;

pub use activation::Activation;
pub use config::{
    Area, Balance, Bias, CellType, ChannelGroup, Dale, Density, FixedSynapse, Form, Init, Kind, LayerConfig, LearnTau,
    MatrixConfig, ModelConfig, NoiseScaling, Parts, PerUnit, Plastic, Population, Projection, Readout, ReadoutFrom,
    SignRule, Start, UnitRange, UnitSet, Units, Values,
};
pub use ctrnn::{Answer, Ctrnn, CtrnnOf, Effect, KindMarker, Layer, Parameter, Perturbation, Trajectory, Windows};
pub use dynamics::{State, StepNoise};
pub use effective::{Effective, ReadoutParameters};
pub use ei::EiCtrnn;
pub use error::{ModelError, Result};
pub use multi_area::MultiAreaCtrnn;
pub use noise::NoiseKey;
pub use params::{TensorSpec, Tensors};
pub use scan::Omega;
pub use stacked::StackedCtrnn;
pub use vanilla::VanillaCtrnn;
