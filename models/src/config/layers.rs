//! Layers of a stacked network: each a recurrent network of its own, driven by the rates of the one below.
//!
//! What a layer leaves out it takes from the network. What the network lists unit by unit or area by area (`tau`,
//! `start`, ..) counts the units of all layers in order, and knows each layer as an area; what a layer lists counts its
//! own.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{
    areas::{Area, Density},
    dynamics::{Bias, LearnTau, Start},
    per_unit::PerUnit,
    synapses::{ChannelGroup, Init, MatrixConfig, ReadoutFrom, SignRule},
    units::{CellType, UnitSet},
};
use crate::activation::Activation;

/// Declares [`LayerConfig`] with the settings that a layer may give or leave to the network, each with its chainable
/// setter.
macro_rules! layer_config {
    ($($(#[$documentation:meta])* $setting:ident: $type:ty,)*) => {
        /// One layer of a stacked network.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields)]
        pub struct LayerConfig {
            /// Name, unique in the network.
            pub name: String,
            /// Number of units.
            pub units: usize,
            /// Fraction of excitatory units (to the nearest whole unit; they come first). Without it the layer's units
            /// have no cell type and any sign.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub excitatory_fraction: Option<f64>,
            $(
                $(#[$documentation])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $setting: Option<$type>,
            )*
        }

        impl LayerConfig {
            $(
                #[doc = concat!("Sets [`", stringify!($setting), "`](Self#structfield.", stringify!($setting), ").")]
                #[must_use]
                pub fn $setting(mut self, value: impl Into<$type>) -> Self {
                    self.$setting = Some(value.into());
                    self
                }
            )*

            /// Whether the layer says something of its own about a setting.
            pub(super) fn gives(&self, setting: &str) -> bool {
                $((setting == stringify!($setting) && self.$setting.is_some()))||*
            }
        }
    };
}

layer_config! {
    /// Time constant, ms.
    tau: PerUnit<f64>,
    /// Whether the time constants are trained.
    learn_tau: LearnTau,
    /// Activation function.
    activation: PerUnit<Activation>,
    /// Recurrent noise.
    sigma_rec: PerUnit<f64>,
    /// Noise added to the rates, which the layer above receives with them.
    sigma_post: PerUnit<f64>,
    /// State at the start of a trial; whether it is carried over from trial to trial is the network's to say.
    start: Start,
    /// Bias of the units.
    b_rec: Bias,
    /// Density of the recurrent synapses.
    density: Density,
    /// Density of the synapses from the layer below, or from the input channels to the first layer. One number counts
    /// the units that `readout_from` allows to leave the layer below; by cell type it counts the pairs it names. All of
    /// them if left out.
    input_density: Density,
    /// Whether a unit may project to itself.
    autapses: bool,
    /// Weights (units, units of the layer below) or, of the first layer, (units, inputs). Above the first layer they
    /// are drawn uniformly on `+- 1 / sqrt(fan_in)` if nothing else is said, with the signs of the cell types of the
    /// layer below.
    w_in: MatrixConfig,
    /// Recurrent weights (units, units).
    w_rec: MatrixConfig,
}

impl LayerConfig {
    /// A layer whose units have no cell types.
    pub fn new(name: impl Into<String>, units: usize) -> Self {
        Self { name: name.into(), units, ..Self::default() }
    }

    /// A layer of excitatory and inhibitory units.
    pub fn ei(name: impl Into<String>, units: usize, excitatory_fraction: f64) -> Self {
        Self { excitatory_fraction: Some(excitatory_fraction), ..Self::new(name, units) }
    }

    /// The layer as an area of the network.
    pub(super) fn area(&self) -> Area {
        Area { name: self.name.clone(), units: self.units, excitatory_fraction: self.excitatory_fraction }
    }

    /// The units of each cell type, as far as there are any.
    fn populations(&self) -> Vec<(Option<CellType>, Range<usize>)> {
        let populations = match self.area().n_excitatory() {
            None => vec![(None, 0..self.units)],
            Some(count) => {
                vec![(Some(CellType::Excitatory), 0..count), (Some(CellType::Inhibitory), count..self.units)]
            }
        };
        populations.into_iter().filter(|(_, units)| !units.is_empty()).collect()
    }

    /// The groups in which the units of `below` drive the layer.
    pub(super) fn driven_by(&self, below: &Self, readout_from: ReadoutFrom) -> Vec<ChannelGroup> {
        let mut groups = Vec::new();
        for (pre, channels) in below.populations() {
            let group = |cell_type, density| ChannelGroup {
                channels: Some(channels.clone().collect()),
                to: UnitSet { cell_type, ..UnitSet::default() },
                density,
            };
            match self.input_density.unwrap_or(Density::All(1.0)) {
                Density::All(density) => {
                    let leaves = readout_from == ReadoutFrom::All || pre != Some(CellType::Inhibitory);
                    groups.push(group(None, if leaves { density } else { 0.0 }));
                }
                by_cell_type => {
                    let density = |post| by_cell_type.between(pre, post).unwrap_or(0.0);
                    groups.extend(self.populations().into_iter().map(|(post, _)| group(post, density(post))));
                }
            }
        }
        groups
    }
}

/// The weights from a layer to the one above, defaults filled in: Dale's law holds for what leaves a unit, whichever
/// layer it goes to.
pub(super) fn weights_from(below: &LayerConfig, given: Option<&MatrixConfig>) -> MatrixConfig {
    let mut weights = given.cloned().unwrap_or_default();
    weights.init.get_or_insert(Init::Uniform(1.0));
    if matches!(weights.signs, None | Some(SignRule::Units)) {
        let types: Vec<CellType> = below
            .populations()
            .into_iter()
            .flat_map(|(cell_type, units)| cell_type.into_iter().cycle().take(units.len()))
            .collect();
        weights.signs = Some(if types.is_empty() { SignRule::Free } else { SignRule::Each(types) });
    }
    weights
}
