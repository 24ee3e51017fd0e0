//! Areas and the projections between and within them.

use serde::{Deserialize, Serialize};

use super::{rules::check_fraction, units::CellType};
use crate::error::Result;

/// One area of a multi-area network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// Name, unique in the network.
    pub name: String,
    /// Number of units.
    pub units: usize,
    /// Fraction of excitatory units (to the nearest whole unit; they come first). Without it the area's units have no
    /// cell type and any sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excitatory_fraction: Option<f64>,
}

impl Area {
    /// An area whose units have no cell types.
    pub fn new(name: impl Into<String>, units: usize) -> Self {
        Self { name: name.into(), units, excitatory_fraction: None }
    }

    /// An area of excitatory and inhibitory units.
    pub fn ei(name: impl Into<String>, units: usize, excitatory_fraction: f64) -> Self {
        Self { name: name.into(), units, excitatory_fraction: Some(excitatory_fraction) }
    }

    /// Number of excitatory units, if the area has cell types.
    pub fn n_excitatory(&self) -> Option<usize> {
        self.excitatory_fraction.map(|fraction| (fraction * self.units as f64).round() as usize)
    }
}

/// Fraction of the possible synapses that are present, in [0, 1]: one number, or one for each pair of cell types.
///
/// Exactly that fraction (to the nearest whole synapse) of each block is drawn from the seed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "expected a density in [0, 1] or { e_to_e = .., e_to_i = .., i_to_e = .., i_to_i = .. } (0 where left \
        out)"
)]
pub enum Density {
    /// The same for all pairs.
    All(f64),
    /// By cell type of the presynaptic and the postsynaptic unit; 0 where left out.
    ByCellType {
        /// Excitatory to excitatory.
        #[serde(default)]
        e_to_e: f64,
        /// Excitatory to inhibitory.
        #[serde(default)]
        e_to_i: f64,
        /// Inhibitory to excitatory.
        #[serde(default)]
        i_to_e: f64,
        /// Inhibitory to inhibitory.
        #[serde(default)]
        i_to_i: f64,
    },
}

impl From<f64> for Density {
    fn from(density: f64) -> Self {
        Self::All(density)
    }
}

impl Density {
    /// Only excitatory units project, onto units of both types with this density (the usual long-range projection).
    pub fn excitatory(density: f64) -> Self {
        Self::ByCellType { e_to_e: density, e_to_i: density, i_to_e: 0.0, i_to_i: 0.0 }
    }

    /// Density between two units; `None` if it is given by cell type and one of them has none.
    pub fn between(self, pre: Option<CellType>, post: Option<CellType>) -> Option<f64> {
        use CellType::{Excitatory, Inhibitory};
        match (self, pre, post) {
            (Self::All(density), _, _) => Some(density),
            (Self::ByCellType { e_to_e, .. }, Some(Excitatory), Some(Excitatory)) => Some(e_to_e),
            (Self::ByCellType { e_to_i, .. }, Some(Excitatory), Some(Inhibitory)) => Some(e_to_i),
            (Self::ByCellType { i_to_e, .. }, Some(Inhibitory), Some(Excitatory)) => Some(i_to_e),
            (Self::ByCellType { i_to_i, .. }, Some(Inhibitory), Some(Inhibitory)) => Some(i_to_i),
            (Self::ByCellType { .. }, _, _) => None,
        }
    }

    pub(super) fn check(self, field: &str) -> Result<()> {
        self.entries().into_iter().try_for_each(|entry| check_fraction(field, entry))
    }

    pub(super) fn entries(self) -> Vec<f64> {
        match self {
            Self::All(density) => vec![density],
            Self::ByCellType { e_to_e, e_to_i, i_to_e, i_to_i } => vec![e_to_e, e_to_i, i_to_e, i_to_i],
        }
    }
}

/// The recurrent synapses from one area to another (or to itself), in place of the network-wide short forms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Projection {
    /// Presynaptic area.
    pub from: String,
    /// Postsynaptic area.
    pub to: String,
    /// Fraction of synapses present.
    pub density: Density,
}
