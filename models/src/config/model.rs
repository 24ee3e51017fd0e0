//! The description of a network: its fields, their defaults, and a builder.

use serde::{Deserialize, Serialize};

use super::{
    areas::{Area, Density, Projection},
    dynamics::{Bias, Form, LearnTau, NoiseScaling, Readout, Start, Values},
    kind::Kind,
    layers::LayerConfig,
    per_unit::PerUnit,
    synapses::{ChannelGroup, Dale, MatrixConfig, ReadoutFrom},
};
use crate::activation::Activation;

/// Description of a network. See [`config`](super) for the defaults.
///
/// ```
/// use nn4n_models::{Area, Density, ModelConfig};
///
/// let areas = ["v4", "pfc", "pmd"].map(|name| Area::ei(name, 50, 0.8));
/// let builder = ModelConfig::multi_area(4, 2, areas)
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    #[cfg_attr(feature = "schema", schemars(extend("unit" = "ms")))]
    pub dt: f64,
    /// Time constant, ms; >= dt.
    #[cfg_attr(feature = "schema", schemars(extend("unit" = "ms")))]
    pub tau: PerUnit<f64>,
    /// Whether the time constants are trained.
    pub learn_tau: LearnTau,
    /// Activation function.
    pub activation: PerUnit<Activation>,
    /// Recurrent noise, see [`NoiseScaling`]; `None` is 0.15 unless the task that it is trained on says another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sigma_rec: Option<PerUnit<f64>>,
    /// Noise added to the rates after the activation function, standard deviation per step.
    pub sigma_post: PerUnit<f64>,
    /// What `sigma_rec` means.
    pub noise_scaling: NoiseScaling,
    /// State at the start of a trial: `x0` in the current form, `r0` in the rate and the blend form.
    pub start: Start,
    /// Nonlinearity of the readout; `None` is linear unless the task asks for another.
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
    /// Bias of the units; `None` is off unless the task says another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b_rec: Option<Bias>,
    /// Bias of the outputs; `None` is off unless the task says another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b_out: Option<Bias>,
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
            sigma_rec: None,
            sigma_post: PerUnit::Uniform(0.0),
            noise_scaling: NoiseScaling::Continuous,
            start: Start::Trained(Values::All(0.1)),
            readout: None,
            dale: Dale::Rectified,
            w_in: MatrixConfig::default(),
            w_rec: MatrixConfig::default(),
            w_out: MatrixConfig::default(),
            b_rec: None,
            b_out: None,
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

    /// A network of `units` units of this kind, as it is for the size alone: one with areas has a sensory and a motor
    /// area of equal size, with the feedforward and feedback densities of Song 2016's two areas, one with layers a
    /// sensory layer and one that decides, and 80 % of their units are excitatory.
    pub fn of_kind(kind: Kind, inputs: usize, units: usize, outputs: usize) -> Self {
        let (first, second) = (units - units / 2, units / 2);
        match kind {
            Kind::Vanilla => Self::vanilla(inputs, units, outputs),
            Kind::Ei => Self::ei(inputs, units, outputs),
            Kind::MultiArea => {
                Self::multi_area(inputs, outputs, [Area::ei("sensory", first, 0.8), Area::ei("motor", second, 0.8)])
                    .feedforward(Density::excitatory(1.0))
                    .feedback(Density::excitatory(0.2))
            }
            Kind::Stacked => {
                let layers = [LayerConfig::ei("sensory", first, 0.8), LayerConfig::ei("decision", second, 0.8)];
                Self::stacked(inputs, outputs, layers)
            }
        }
    }

    setters! {
        density: Density, feedforward: Density, feedback: Density, autapses: bool, readout_from: ReadoutFrom,
        overlap: bool, form: Form, dt: f64, tau: PerUnit<f64>, learn_tau: LearnTau, activation: PerUnit<Activation>,
        sigma_post: PerUnit<f64>, noise_scaling: NoiseScaling, start: Start, readout: Option<Readout>,
        dale: Dale, w_in: MatrixConfig, w_rec: MatrixConfig, w_out: MatrixConfig, b_rec: Option<Bias>,
        b_out: Option<Bias>,
    }

    /// Sets the recurrent noise.
    #[must_use]
    pub fn sigma_rec(mut self, sigma: impl Into<PerUnit<f64>>) -> Self {
        self.sigma_rec = Some(sigma.into());
        self
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
}
