//! Settings of a weight matrix: initialisation, restrictions, fixed and plastic synapses.

use serde::{Deserialize, Serialize};

use super::units::{CellType, UnitSet};

/// How the free weights are drawn. `fan_in` is the number of synapses a postsynaptic unit has in this matrix.
///
/// Under Dale's law the draw gives the magnitude and the presynaptic cell type the sign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Init {
    /// All zero.
    Zero,
    /// Uniform on `+- gain / sqrt(fan_in)`; the value is the gain.
    Uniform(f64),
    /// Gaussian with standard deviation `gain / sqrt(fan_in)`; the value is the gain.
    Normal(f64),
    /// Uniform on `+- value`, whatever the fan-in (Song 2016: 0.1 for input and output weights).
    UniformRange(f64),
    /// Gamma-distributed magnitudes (Song 2016). The mean of each synapse is `mean` times its entry in a matrix in
    /// which, per row, the inhibitory entries are scaled so that they sum to the excitatory ones, and which is then
    /// normalised to unit length.
    Gamma {
        /// Shape parameter k; 2 in Song 2016.
        shape: f64,
        /// Scale of the means; 0.1 in Song 2016.
        mean: f64,
    },
    /// `gain` times the identity; square matrices (Yang 2019: 0.5).
    Diagonal(f64),
    /// A diagonal and Gaussian weights off it; square matrices (Orhan & Ma 2019: lambda_0 and sigma_0).
    DiagonalNormal {
        /// The weight of each unit onto itself.
        diagonal: f64,
        /// The others have standard deviation `gain / sqrt(fan_in)`.
        gain: f64,
    },
    /// `gain` times a random orthogonal matrix; square matrices (Yang 2019).
    Orthogonal(f64),
    /// These weights, `array[post][pre]`.
    Array(Vec<Vec<f64>>),
}

/// Balance of excitation and inhibition after the draw, by scaling the inhibitory weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// As drawn.
    #[default]
    Off,
    /// Each unit's inhibitory input sums to its excitatory input.
    Row,
    /// The matrix's inhibitory weights sum to its excitatory ones.
    Global,
}

/// How Dale's law is kept. Both modes hold it exactly after every update; they differ in what becomes of a synapse that
/// reaches zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Dale {
    /// `W = [V]+ . sign` (Song 2016): a synapse that reaches zero has no gradient any more and stays silent.
    #[default]
    Rectified,
    /// The weights are projected onto their signs after the update (nn4n): a silent synapse still has a gradient and
    /// can grow again.
    Clamped,
}

/// Which sign rule the presynaptic side of a matrix obeys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SignRule {
    /// Any sign.
    Free,
    /// The cell types of the network's units (recurrent and output weights).
    Units,
    /// All presynaptic channels are excitatory (Song 2016: input weights).
    Excitatory,
    /// One cell type for each presynaptic unit or channel.
    Each(Vec<CellType>),
}

/// A synapse with a given weight that training never changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct FixedSynapse {
    /// Postsynaptic index (row).
    pub post: usize,
    /// Presynaptic index (column).
    pub pre: usize,
    /// Its weight; not zero, and of the sign Dale's law asks for.
    pub weight: f64,
}

/// Rate multipliers in [0, 1], applied to the optimiser's update of each synapse: 0 freezes it, 1 is full plasticity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "expected a number in [0, 1] or a matrix of them, [post][pre]")]
pub enum Plastic {
    /// One multiplier for every synapse.
    All(f64),
    /// `multipliers[post][pre]`
    Each(Vec<Vec<f64>>),
}

/// One weight matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct MatrixConfig {
    /// How the weights are drawn; `None` takes the kind's published setting, see [`config`](super).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<Init>,
    /// Rescale the drawn weights to this spectral radius (recurrent weights only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spectral_radius: Option<f64>,
    /// Balance of excitation and inhibition (recurrent weights only).
    pub balance: Balance,
    /// Sign rule; `None` takes the kind's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signs: Option<SignRule>,
    /// A 0/1 matrix `[post][pre]` that restricts the synapses further.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connectivity: Option<Vec<Vec<u8>>>,
    /// Synapses with a given weight that is never trained. They exist whatever the connectivity says, and have no part
    /// in `balance` and `spectral_radius`, which are those of the other synapses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<FixedSynapse>,
    /// Rate multipliers of the other synapses.
    pub plastic: Plastic,
}

impl Default for MatrixConfig {
    fn default() -> Self {
        Self {
            init: None,
            spectral_radius: None,
            balance: Balance::Off,
            signs: None,
            connectivity: None,
            fixed: Vec::new(),
            plastic: Plastic::All(1.0),
        }
    }
}

/// Which units the output may read, where units have cell types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReadoutFrom {
    /// Excitatory units (and units without a cell type).
    #[default]
    Excitatory,
    /// All units.
    All,
}

/// Channels of the input or of the output, and the units they connect to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ChannelGroup {
    /// Channels of the group; `None` is all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<usize>>,
    /// Units that receive the input channels, or that the output channels read.
    pub to: UnitSet,
    /// Fraction of the possible synapses present.
    pub density: f64,
}

impl Default for ChannelGroup {
    fn default() -> Self {
        Self { channels: None, to: UnitSet::default(), density: 1.0 }
    }
}

impl ChannelGroup {
    /// All channels to (or from) these units.
    pub fn all(to: UnitSet) -> Self {
        Self { to, ..Self::default() }
    }

    /// These channels to (or from) these units.
    pub fn of(channels: impl IntoIterator<Item = usize>, to: UnitSet) -> Self {
        Self { channels: Some(channels.into_iter().collect()), to, ..Self::default() }
    }
}
