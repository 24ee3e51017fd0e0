//! The complete description of a network, in Rust or TOML: what it says is all that is needed, with a seed, to build
//! it.
//!
//! A field that is left out takes the published setting of its kind (Song, Yang & Wang 2016,
//! doi:10.1371/journal.pcbi.1004792):
//!
//! | field | vanilla | ei, multi_area |
//! |---|---|---|
//! | cell types | none | 80 % excitatory |
//! | `w_rec.init` | Gaussian, spectral radius 1.1 | gamma (shape 2, mean 0.1), spectral radius 1.5 |
//! | `w_in.init`, `w_out.init` | uniform on +-0.1 | magnitudes uniform on 0..0.1 |
//! | `w_in.signs` | free | excitatory |
//! | output from | all units | excitatory units |
//! | time constant, step | `tau` 100 ms, `dt` 20 ms | the same |
//! | activation, noise | relu, `sigma_rec` 0.15 | the same |
//! | start state, biases | trained start state 0.1, no biases | the same |
//! | autapses | none | the same |
//!
//! The layers of a stacked network are each like a vanilla network, or with an `excitatory_fraction` like an E/I
//! network; see [`LayerConfig`] for the weights between them.
//!
//! A matrix without loops (a purely feedforward one, or that of a single unit) has spectral radius 0 and keeps the
//! weights as drawn.

mod areas;
mod dynamics;
mod fixed;
mod kind;
mod layers;
mod layout;
mod model;
mod open;
mod per_unit;
mod plan;
mod reach;
mod rules;
mod synapses;
mod units;
mod validate;

pub use areas::{Area, Density, Projection};
pub use dynamics::{Bias, Form, LearnTau, NoiseScaling, Readout, Start, Values};
pub use kind::{Kind, Parts};
pub use layers::LayerConfig;
pub use model::ModelConfig;
pub use per_unit::PerUnit;
pub(crate) use plan::{LayerPlan, prefix};
pub use synapses::{Balance, ChannelGroup, Dale, FixedSynapse, Init, MatrixConfig, Plastic, ReadoutFrom, SignRule};
pub use units::{CellType, Population, UnitRange, UnitSet, Units};
