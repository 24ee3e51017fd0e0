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
//! | all | `tau` 100 ms, `dt` 20 ms, relu, `sigma_rec` 0.15, trained start state 0.1, no biases, no autapses | the same |
//!
//! The layers of a stacked network are each like a vanilla network, or with an `excitatory_fraction` like an E/I
//! network; see [`LayerConfig`] for the weights between them.
//!
//! A matrix without loops (a purely feedforward one, or that of a single unit) has spectral radius 0 and keeps the
//! weights as drawn.

mod areas;
mod dynamics;
mod layers;
mod per_unit;
mod synapses;
mod units;
mod validate;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use areas::{Area, Density, Projection};
pub use dynamics::{Bias, Form, LearnTau, NoiseScaling, Readout, Start, Values};
pub use layers::LayerConfig;
pub(crate) use layers::{LayerPlan, prefix};
pub use per_unit::PerUnit;
pub use synapses::{Balance, ChannelGroup, FixedSynapse, Init, MatrixConfig, Plastic, SignRule};
pub use units::{CellType, UnitRange, UnitSet, Units};
pub(crate) use validate::check_fraction;

use crate::{
    activation::Activation,
    error::{ModelError, Result},
};

/// The four kinds of network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Units without cell types: [`VanillaCtrnn`](crate::VanillaCtrnn).
    #[default]
    Vanilla,
    /// Excitatory and inhibitory units under Dale's law: [`EiCtrnn`](crate::EiCtrnn).
    Ei,
    /// Several areas, each with or without cell types: [`MultiAreaCtrnn`](crate::MultiAreaCtrnn).
    MultiArea,
    /// Layers of recurrent units, each driven by the rates of the one below: [`StackedCtrnn`](crate::StackedCtrnn).
    Stacked,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vanilla => "vanilla",
            Self::Ei => "ei",
            Self::MultiArea => "multi_area",
            Self::Stacked => "stacked",
        })
    }
}

/// How Dale's law is kept. Both modes hold it exactly after every update; they differ in what becomes of a synapse that
/// reaches zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dale {
    /// `W = [V]+ . sign` (Song 2016): a synapse that reaches zero has no gradient any more and stays silent.
    #[default]
    Rectified,
    /// The weights are projected onto their signs after the update (nn4n): a silent synapse still has a gradient and
    /// can grow again.
    Clamped,
}

/// Which units the output may read, where units have cell types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadoutFrom {
    /// Excitatory units (and units without a cell type).
    #[default]
    Excitatory,
    /// All units.
    All,
}

/// Description of a network. See the [module](self) for the defaults.
///
/// ```
/// use nn4n_models::{Area, Density, ModelConfig};
///
/// let builder = ModelConfig::multi_area(4, 2, [Area::ei("v4", 50, 0.8), Area::ei("pfc", 50, 0.8), Area::ei("pmd", 50, 0.8)])
///     .tau(50.0).dt(10.0)
///     .feedforward(Density::excitatory(0.10))
///     .feedback(Density::excitatory(0.05));
///
/// let toml: ModelConfig = toml::from_str(r#"
///     kind = "multi_area"
///     inputs = 4
///     outputs = 2
///     tau = 50.0
///     dt = 10.0
///     feedforward = { e_to_e = 0.10, e_to_i = 0.10 }
///     feedback = { e_to_e = 0.05, e_to_i = 0.05 }
///     areas = [ { name = "v4",  units = 50, excitatory_fraction = 0.8 },
///               { name = "pfc", units = 50, excitatory_fraction = 0.8 },
///               { name = "pmd", units = 50, excitatory_fraction = 0.8 } ]
/// "#)?;
/// toml.validate()?;
/// assert_eq!(builder, toml);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelConfig {
    /// Vanilla, E/I, multi-area or stacked.
    pub kind: Kind,
    /// Input channels; may be 0.
    pub inputs: usize,
    /// Output channels.
    pub outputs: usize,
    /// Number of units (vanilla and ei; for multi_area and stacked optional, and then the sum of areas or layers).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<usize>,
    /// Fraction of excitatory units (ei), to the nearest whole unit; they come first. 0.8 if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excitatory_fraction: Option<f64>,
    /// Areas (multi_area), in feedforward order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<Area>,
    /// Layers (stacked), from the input on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerConfig>,

    /// Density of the recurrent synapses within an area or a layer, or of the whole network if it has neither.
    pub density: Density,
    /// Density of the synapses from each area to the next one.
    pub feedforward: Density,
    /// Density of the synapses from each area to the one before.
    pub feedback: Density,
    /// Densities of single ordered pairs of areas, in place of the three short forms.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub projections: Vec<Projection>,
    /// Whether a unit may project to itself.
    pub autapses: bool,
    /// Units each input channel reaches; empty: all channels to all units (of the first area). In a stacked network,
    /// units of the first layer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub input_groups: Vec<ChannelGroup>,
    /// Units each output channel reads; empty: all channels from all units (of the last area) that `readout_from`
    /// allows. In a stacked network, units of the last layer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub output_groups: Vec<ChannelGroup>,
    /// Which cell types the output may read, and in a stacked network the next layer.
    pub readout_from: ReadoutFrom,
    /// Whether a unit that receives input may also be read out. If not, output groups draw from the units without
    /// input.
    pub overlap: bool,

    /// Form of the equation.
    pub form: Form,
    /// Integration step, ms.
    pub dt: f64,
    /// Time constant, ms; >= dt.
    pub tau: PerUnit<f64>,
    /// Whether the time constants are trained.
    pub learn_tau: LearnTau,
    /// Activation function.
    pub activation: PerUnit<Activation>,
    /// Recurrent noise, see [`NoiseScaling`].
    pub sigma_rec: PerUnit<f64>,
    /// Noise added to the rates after the activation function, standard deviation per step.
    pub sigma_post: PerUnit<f64>,
    /// What `sigma_rec` means.
    pub noise_scaling: NoiseScaling,
    /// State at the start of a trial: `x0` in the current form, `r0` in the rate form.
    pub start: Start,
    /// Nonlinearity of the readout; `None` is linear, or what the task asks for that the network is trained on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readout: Option<Readout>,

    /// How Dale's law is kept.
    pub dale: Dale,
    /// Input weights (units, inputs); in a stacked network those of the first layer.
    pub w_in: MatrixConfig,
    /// Recurrent weights (units, units).
    pub w_rec: MatrixConfig,
    /// Output weights (outputs, units).
    pub w_out: MatrixConfig,
    /// Bias of the units.
    pub b_rec: Bias,
    /// Bias of the outputs.
    pub b_out: Bias,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            kind: Kind::Vanilla,
            inputs: 0,
            outputs: 1,
            units: None,
            excitatory_fraction: None,
            areas: Vec::new(),
            layers: Vec::new(),
            density: Density::All(1.0),
            feedforward: Density::All(0.0),
            feedback: Density::All(0.0),
            projections: Vec::new(),
            autapses: false,
            input_groups: Vec::new(),
            output_groups: Vec::new(),
            readout_from: ReadoutFrom::Excitatory,
            overlap: true,
            form: Form::Current,
            dt: 20.0,
            tau: PerUnit::Uniform(100.0),
            learn_tau: LearnTau::Off,
            activation: PerUnit::Uniform(Activation::Relu),
            sigma_rec: PerUnit::Uniform(0.15),
            sigma_post: PerUnit::Uniform(0.0),
            noise_scaling: NoiseScaling::Continuous,
            start: Start::Trained(Values::All(0.1)),
            readout: None,
            dale: Dale::Rectified,
            w_in: MatrixConfig::default(),
            w_rec: MatrixConfig::default(),
            w_out: MatrixConfig::default(),
            b_rec: Bias::Off,
            b_out: Bias::Off,
        }
    }
}

/// One chainable setter per field.
macro_rules! setters {
    ($($field:ident: $type:ty),* $(,)?) => {
        $(
            #[doc = concat!("Sets [`", stringify!($field), "`](Self#structfield.", stringify!($field), ").")]
            #[must_use]
            pub fn $field(mut self, value: impl Into<$type>) -> Self {
                self.$field = value.into();
                self
            }
        )*
    };
}

impl ModelConfig {
    /// A network of `units` units without cell types.
    pub fn vanilla(inputs: usize, units: usize, outputs: usize) -> Self {
        Self { kind: Kind::Vanilla, inputs, outputs, units: Some(units), ..Self::default() }
    }

    /// A network of `units` units, 80 % of them excitatory, under Dale's law.
    pub fn ei(inputs: usize, units: usize, outputs: usize) -> Self {
        Self { kind: Kind::Ei, ..Self::vanilla(inputs, units, outputs) }
    }

    /// A network of areas, in feedforward order. Until [`feedforward`](Self::feedforward), [`feedback`](Self::feedback)
    /// or [`projection`](Self::projection) say otherwise, no synapse leaves its area.
    pub fn multi_area(inputs: usize, outputs: usize, areas: impl IntoIterator<Item = Area>) -> Self {
        Self { kind: Kind::MultiArea, inputs, outputs, areas: areas.into_iter().collect(), ..Self::default() }
    }

    /// A network of layers, from the input on, each driven by the rates of the one before. What a layer does not say is
    /// as the network says.
    ///
    /// ```
    /// use nn4n_models::{Density, LayerConfig, ModelConfig};
    ///
    /// let builder = ModelConfig::stacked(3, 2, [
    ///     LayerConfig::ei("sensory", 50, 0.8).tau(50.0),
    ///     LayerConfig::ei("decision", 100, 0.8).density(0.5).input_density(Density::excitatory(0.2)),
    /// ]);
    ///
    /// let toml: ModelConfig = toml::from_str(r#"
    ///     kind = "stacked"
    ///     inputs = 3
    ///     outputs = 2
    ///     layers = [ { name = "sensory", units = 50, excitatory_fraction = 0.8, tau = 50.0 },
    ///                { name = "decision", units = 100, excitatory_fraction = 0.8, density = 0.5,
    ///                  input_density = { e_to_e = 0.2, e_to_i = 0.2 } } ]
    /// "#)?;
    /// toml.validate()?;
    /// assert_eq!(builder, toml);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stacked(inputs: usize, outputs: usize, layers: impl IntoIterator<Item = LayerConfig>) -> Self {
        Self { kind: Kind::Stacked, inputs, outputs, layers: layers.into_iter().collect(), ..Self::default() }
    }

    setters! {
        density: Density, feedforward: Density, feedback: Density, autapses: bool, readout_from: ReadoutFrom, overlap: bool,
        form: Form, dt: f64, tau: PerUnit<f64>, learn_tau: LearnTau, activation: PerUnit<Activation>, sigma_rec: PerUnit<f64>,
        sigma_post: PerUnit<f64>, noise_scaling: NoiseScaling, start: Start, readout: Option<Readout>, dale: Dale,
        w_in: MatrixConfig, w_rec: MatrixConfig, w_out: MatrixConfig, b_rec: Bias, b_out: Bias,
    }

    /// Sets the fraction of excitatory units (kind ei).
    #[must_use]
    pub fn excitatory_fraction(mut self, fraction: f64) -> Self {
        self.excitatory_fraction = Some(fraction);
        self
    }

    /// Sets the density of the synapses from one area to another.
    #[must_use]
    pub fn projection(mut self, from: impl Into<String>, to: impl Into<String>, density: impl Into<Density>) -> Self {
        self.projections.push(Projection { from: from.into(), to: to.into(), density: density.into() });
        self
    }

    /// Adds a group of input channels.
    #[must_use]
    pub fn input_group(mut self, group: ChannelGroup) -> Self {
        self.input_groups.push(group);
        self
    }

    /// Adds a group of output channels.
    #[must_use]
    pub fn output_group(mut self, group: ChannelGroup) -> Self {
        self.output_groups.push(group);
        self
    }

    /// The units in order, with their areas and cell types. The layers of a stacked network are its areas.
    pub fn layout(&self) -> Units {
        let mut units = Units { areas: Vec::new(), cell_types: Vec::new() };
        for area in self.resolved_areas() {
            let start = units.len();
            let n_excitatory = area.n_excitatory();
            units.cell_types.extend((0..area.units).map(|unit| {
                n_excitatory.map(|count| if unit < count { CellType::Excitatory } else { CellType::Inhibitory })
            }));
            units.areas.push(UnitRange { name: area.name, start, end: start + area.units });
        }
        units
    }

    /// Number of units.
    pub fn n_units(&self) -> usize {
        self.resolved_areas().iter().map(|area| area.units).sum()
    }

    /// Refuses to treat a network of one kind as another.
    pub(crate) fn expect_kind(&self, kind: Kind) -> Result<()> {
        if self.kind == kind {
            return Ok(());
        }
        Err(ModelError::config(
            "kind",
            format!(
                "is {}, but a network of kind {kind} was asked for; use the module of its kind, or `Ctrnn`",
                self.kind
            ),
        ))
    }

    /// The areas; of a network without areas, one that holds all units.
    fn resolved_areas(&self) -> Vec<Area> {
        let whole = |excitatory_fraction| {
            vec![Area { name: "network".into(), units: self.units.unwrap_or(0), excitatory_fraction }]
        };
        match self.kind {
            Kind::Vanilla => whole(None),
            Kind::Ei => whole(Some(self.excitatory_fraction.unwrap_or(0.8))),
            Kind::MultiArea => self.areas.clone(),
            Kind::Stacked => self.layers.iter().map(LayerConfig::area).collect(),
        }
    }

    /// Density of the synapses from area `from` to area `to` (indices).
    pub(crate) fn projection_density(&self, from: usize, to: usize) -> Density {
        if let Some(index) = self.projection_index(from, to) {
            return self.projections[index].density;
        }
        match to as isize - from as isize {
            0 => self.density,
            1 => self.feedforward,
            -1 => self.feedback,
            _ => Density::All(0.0),
        }
    }

    fn projection_index(&self, from: usize, to: usize) -> Option<usize> {
        let named = |area: usize, name: &str| self.areas.get(area).is_some_and(|area| area.name == name);
        self.projections.iter().position(|projection| named(from, &projection.from) && named(to, &projection.to))
    }

    /// The field that gives [`projection_density`](Self::projection_density), for messages.
    pub(crate) fn density_field(&self, from: usize, to: usize) -> String {
        match (self.projection_index(from, to), to as isize - from as isize) {
            (Some(index), _) => format!("projections[{index}].density"),
            (None, 1) => "feedforward".into(),
            (None, -1) => "feedback".into(),
            (None, _) => "density".into(),
        }
    }

    /// The draw of the recurrent weights and their spectral radius, defaults filled in.
    pub(crate) fn recurrent_init(&self, have_cell_types: bool) -> (Init, Option<f64>) {
        match (&self.w_rec.init, have_cell_types) {
            (Some(init), _) => (init.clone(), self.w_rec.spectral_radius),
            (None, true) => (Init::Gamma { shape: 2.0, mean: 0.1 }, Some(self.w_rec.spectral_radius.unwrap_or(1.5))),
            (None, false) => (Init::Normal(1.0), Some(self.w_rec.spectral_radius.unwrap_or(1.1))),
        }
    }
}
