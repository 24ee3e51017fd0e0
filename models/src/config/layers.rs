//! Layers of a stacked network: each a recurrent network of its own, driven by the rates of the one below.
//!
//! What a layer leaves out it takes from the network. What the network lists unit by unit or area by area (`tau`,
//! `start`, ..) counts the units of all layers in order, and knows each layer as an area; what a layer lists counts its
//! own.

use std::{borrow::Cow, ops::Range};

use serde::{Deserialize, Serialize};

use super::{
    Area, Bias, CellType, ChannelGroup, Density, Init, Kind, LearnTau, MatrixConfig, ModelConfig, PerUnit, ReadoutFrom,
    SignRule, Start, UnitSet, Values, check_fraction,
};
use crate::{
    activation::Activation,
    error::{ModelError, Result},
};

/// Most layers: each one deepens the chain of operations that gradients go back through.
const DEEPEST: usize = 64;

/// One layer of a stacked network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerConfig {
    /// Name, unique in the network.
    pub name: String,
    /// Number of units.
    pub units: usize,
    /// Fraction of excitatory units (to the nearest whole unit; they come first). Without it the layer's units have no
    /// cell type and any sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excitatory_fraction: Option<f64>,
    /// Time constant, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tau: Option<PerUnit<f64>>,
    /// Whether the time constants are trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learn_tau: Option<LearnTau>,
    /// Activation function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<PerUnit<Activation>>,
    /// Recurrent noise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sigma_rec: Option<PerUnit<f64>>,
    /// Noise added to the rates, which the layer above receives with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sigma_post: Option<PerUnit<f64>>,
    /// State at the start of a trial; whether it is carried over from trial to trial is the network's to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Start>,
    /// Bias of the units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b_rec: Option<Bias>,
    /// Density of the recurrent synapses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub density: Option<Density>,
    /// Density of the synapses from the layer below, or from the input channels to the first layer. One number counts
    /// the units that `readout_from` allows to leave the layer below; by cell type it counts the pairs it names. All of
    /// them if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_density: Option<Density>,
    /// Whether a unit may project to itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autapses: Option<bool>,
    /// Weights (units, units of the layer below) or, of the first layer, (units, inputs). Above the first layer they
    /// are drawn uniformly on `+- 1 / sqrt(fan_in)` if nothing else is said, with the signs of the cell types of the
    /// layer below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub w_in: Option<MatrixConfig>,
    /// Recurrent weights (units, units).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub w_rec: Option<MatrixConfig>,
}

/// One chainable setter per field.
macro_rules! setters {
    ($($field:ident: $type:ty),* $(,)?) => {
        $(
            #[doc = concat!("Sets [`", stringify!($field), "`](Self#structfield.", stringify!($field), ").")]
            #[must_use]
            pub fn $field(mut self, value: impl Into<$type>) -> Self {
                self.$field = Some(value.into());
                self
            }
        )*
    };
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

    setters! {
        tau: PerUnit<f64>, learn_tau: LearnTau, activation: PerUnit<Activation>, sigma_rec: PerUnit<f64>, sigma_post: PerUnit<f64>, start: Start,
        b_rec: Bias, density: Density, input_density: Density, autapses: bool, w_in: MatrixConfig, w_rec: MatrixConfig,
    }

    /// The layer as an area of the network.
    pub(super) fn area(&self) -> Area {
        Area { name: self.name.clone(), units: self.units, excitatory_fraction: self.excitatory_fraction }
    }

    /// Whether the layer says something of its own about a setting.
    fn gives(&self, setting: &str) -> bool {
        match setting {
            "tau" => self.tau.is_some(),
            "learn_tau" => self.learn_tau.is_some(),
            "activation" => self.activation.is_some(),
            "sigma_rec" => self.sigma_rec.is_some(),
            "sigma_post" => self.sigma_post.is_some(),
            "start" => self.start.is_some(),
            "b_rec" => self.b_rec.is_some(),
            "density" => self.density.is_some(),
            "autapses" => self.autapses.is_some(),
            "w_in" => self.w_in.is_some(),
            "w_rec" => self.w_rec.is_some(),
            _ => false,
        }
    }

    /// The units of each cell type, if there are any.
    fn runs(&self) -> Vec<(Option<CellType>, Range<usize>)> {
        let runs = match self.area().n_excitatory() {
            None => vec![(None, 0..self.units)],
            Some(count) => {
                vec![(Some(CellType::Excitatory), 0..count), (Some(CellType::Inhibitory), count..self.units)]
            }
        };
        runs.into_iter().filter(|(_, run)| !run.is_empty()).collect()
    }

    /// The groups in which the units of `below` drive the layer.
    fn driven_by(&self, below: &Self, readout_from: ReadoutFrom) -> Vec<ChannelGroup> {
        let mut groups = Vec::new();
        for (pre, channels) in below.runs() {
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
                    groups.extend(self.runs().into_iter().map(|(post, _)| group(post, density(post))));
                }
            }
        }
        groups
    }
}

/// A layer as a network by itself: that of the whole network, if it is not stacked.
#[derive(Debug)]
pub(crate) struct LayerPlan<'a> {
    /// Its place in a stacked network, counted from the input.
    pub place: Option<usize>,
    /// Whether the outputs read it.
    pub is_last: bool,
    pub config: Cow<'a, ModelConfig>,
    /// What a stacked network says about it.
    own: Option<&'a LayerConfig>,
}

impl LayerPlan<'_> {
    /// What the names of its tensors begin with.
    pub fn prefix(&self) -> String {
        prefix(self.place)
    }

    /// The same error as one of the whole network.
    pub fn locate(&self, error: ModelError) -> ModelError {
        let (Some(place), Some(own)) = (self.place, self.own) else { return error };
        match error {
            ModelError::Tensor { name, message } => {
                ModelError::Tensor { name: format!("{}{name}", prefix(self.place)), message }
            }
            ModelError::Config { field, message } if own.gives(field.split(['.', '[']).next().unwrap_or_default()) => {
                ModelError::Config { field: format!("layers[{place}].{field}"), message }
            }
            ModelError::Config { field, message } => {
                ModelError::Config { field, message: format!("{message} (layer `{}`)", own.name) }
            }
            other => other,
        }
    }
}

/// What the names of the tensors of the layer at `place` begin with.
pub(crate) fn prefix(place: Option<usize>) -> String {
    place.map_or_else(String::new, |place| format!("layers.{place}."))
}

impl ModelConfig {
    /// The layers, each as a network by itself; one if the network is not stacked. The description is valid as far as
    /// the numbers of units go.
    pub(crate) fn plans(&self) -> Vec<LayerPlan<'_>> {
        if self.kind != Kind::Stacked {
            return vec![LayerPlan { place: None, is_last: true, config: Cow::Borrowed(self), own: None }];
        }
        let (mut plans, mut start) = (Vec::with_capacity(self.layers.len()), 0);
        for (place, layer) in self.layers.iter().enumerate() {
            let config = self.layer(place, layer, start..start + layer.units);
            plans.push(LayerPlan {
                place: Some(place),
                is_last: place + 1 == self.layers.len(),
                config: Cow::Owned(config),
                own: Some(layer),
            });
            start += layer.units;
        }
        plans
    }

    /// The layer as a network of one area; `range` are its units.
    fn layer(&self, place: usize, layer: &LayerConfig, range: Range<usize>) -> Self {
        let (is_last, name) = (place + 1 == self.layers.len(), &layer.name);
        let (inputs, input_groups, w_in) = match place.checked_sub(1).and_then(|below| self.layers.get(below)) {
            None => (self.inputs, self.first_groups(layer), layer.w_in.as_ref().unwrap_or(&self.w_in).clone()),
            Some(below) => {
                (below.units, layer.driven_by(below, self.readout_from), weights_from(below, layer.w_in.as_ref()))
            }
        };
        Self {
            kind: Kind::MultiArea,
            inputs,
            outputs: self.outputs,
            units: None,
            excitatory_fraction: None,
            areas: vec![layer.area()],
            layers: Vec::new(),
            density: layer.density.unwrap_or(self.density),
            feedforward: Density::All(0.0),
            feedback: Density::All(0.0),
            projections: Vec::new(),
            autapses: layer.autapses.unwrap_or(self.autapses),
            input_groups,
            output_groups: if is_last { self.output_groups.clone() } else { Vec::new() },
            readout_from: self.readout_from,
            // Above the first layer no unit receives input of the network.
            overlap: place > 0 || self.overlap,
            form: self.form,
            dt: self.dt,
            tau: layer.tau.clone().unwrap_or_else(|| self.tau.of_area(name, range.clone())),
            learn_tau: layer.learn_tau.unwrap_or(self.learn_tau),
            activation: layer.activation.clone().unwrap_or_else(|| self.activation.of_area(name, range.clone())),
            sigma_rec: layer.sigma_rec.clone().unwrap_or_else(|| self.sigma_rec.of_area(name, range.clone())),
            sigma_post: layer.sigma_post.clone().unwrap_or_else(|| self.sigma_post.of_area(name, range.clone())),
            noise_scaling: self.noise_scaling,
            start: layer.start.clone().unwrap_or_else(|| match &self.start {
                Start::Constant(values) => Start::Constant(values.of_range(range.clone())),
                Start::Trained(values) => Start::Trained(values.of_range(range.clone())),
                other => other.clone(),
            }),
            readout: self.readout,
            dale: self.dale,
            w_in,
            w_rec: layer.w_rec.as_ref().unwrap_or(&self.w_rec).clone(),
            w_out: if is_last { self.w_out.clone() } else { MatrixConfig::default() },
            b_rec: layer.b_rec.clone().unwrap_or_else(|| match &self.b_rec {
                Bias::Constant(values) => Bias::Constant(values.of_range(range.clone())),
                Bias::Trained(values) => Bias::Trained(values.of_range(range.clone())),
                other => other.clone(),
            }),
            b_out: if is_last { self.b_out.clone() } else { Bias::Off },
        }
    }

    /// Checks the numbers of units, which everything else rests on.
    pub(super) fn check_stack(&self) -> Result<()> {
        if self.layers.is_empty() {
            return Err(ModelError::config("layers", "is empty; kind = \"stacked\" needs at least one layer"));
        }
        if self.layers.len() > DEEPEST {
            let message =
                format!("are {}, more than the {DEEPEST} of the deepest network; choose fewer", self.layers.len());
            return Err(ModelError::config("layers", message));
        }
        for (place, layer) in self.layers.iter().enumerate() {
            let (field, name) = (format!("layers[{place}]"), &layer.name);
            if layer.units == 0 {
                return Err(ModelError::config(
                    format!("{field}.units"),
                    format!("is 0; the layer `{name}` needs at least one unit"),
                ));
            }
            if self.layers[..place].iter().any(|other| other.name == *name) {
                return Err(ModelError::config(
                    format!("{field}.name"),
                    format!("`{name}` is used twice; names must differ"),
                ));
            }
            if let Some(fraction) = layer.excitatory_fraction {
                check_fraction(&format!("{field}.excitatory_fraction"), fraction)?;
            }
        }
        Ok(())
    }

    /// Checks what each layer says, and what the network says for all of them.
    pub(super) fn check_layers(&self) -> Result<()> {
        for (field, density) in [("feedforward", self.feedforward), ("feedback", self.feedback)] {
            if density != Density::All(0.0) {
                return Err(ModelError::config(
                    field,
                    "joins areas, but the kind has layers; give a layer an `input_density` instead",
                ));
            }
        }
        if !self.projections.is_empty() {
            return Err(ModelError::config(
                "projections",
                "join areas, but the kind has layers; give a layer an `input_density` instead",
            ));
        }
        self.check_dynamics(&self.layout())?;
        for (place, layer) in self.layers.iter().enumerate() {
            self.check_input_density(place, layer)
                .map_err(|message| ModelError::config(format!("layers[{place}].input_density"), message))?;
            if layer.start.is_some() && [layer.start.as_ref(), Some(&self.start)].contains(&Some(&Start::Carried)) {
                let message = "is given, but states are carried over from trial to trial in all layers or in none; \
                    set `start` of the network only";
                return Err(ModelError::config(format!("layers[{place}].start"), message));
            }
        }
        self.plans().iter().try_for_each(|plan| plan.config.check_parts().map_err(|error| plan.locate(error)))
    }

    fn check_input_density(&self, place: usize, layer: &LayerConfig) -> Result<(), String> {
        let Some(below) = place.checked_sub(1).and_then(|below| self.layers.get(below)) else {
            return match layer.input_density {
                Some(Density::ByCellType { .. }) => {
                    Err("is given by cell type, but input channels have none; give one number".into())
                }
                Some(Density::All(density)) if !(0.0..=1.0).contains(&density) => {
                    Err(format!("must lie in [0, 1], but is {density}"))
                }
                Some(_) if !self.input_groups.is_empty() => {
                    Err("is given, but `input_groups` say the same more precisely; keep one of them".into())
                }
                _ => Ok(()),
            };
        };
        let typed = |layer: &LayerConfig| layer.excitatory_fraction.is_some();
        match layer.input_density.unwrap_or(Density::All(1.0)) {
            Density::ByCellType { .. } if !(typed(below) && typed(layer)) => Err(format!(
                "is given by cell type, but the units of `{}` or `{}` have none; give one number, or an \
                `excitatory_fraction`",
                below.name, layer.name
            )),
            Density::All(_)
                if self.readout_from == ReadoutFrom::Excitatory && below.area().n_excitatory() == Some(0) =>
            {
                Err(format!(
                    "leaves nothing: the layer `{}` has no excitatory unit to project from; set readout_from = \
                    \"all\", or give a density by cell type",
                    below.name
                ))
            }
            density => match density.entries().into_iter().find(|entry| !(0.0..=1.0).contains(entry)) {
                Some(entry) => Err(format!("must lie in [0, 1], but is {entry}")),
                None => Ok(()),
            },
        }
    }

    /// The groups of the input channels.
    fn first_groups(&self, layer: &LayerConfig) -> Vec<ChannelGroup> {
        match layer.input_density {
            Some(Density::All(density)) => vec![ChannelGroup { density, ..ChannelGroup::default() }],
            _ => self.input_groups.clone(),
        }
    }
}

/// The weights from a layer to the one above, defaults filled in: Dale's law holds for what leaves a unit, whichever
/// layer it goes to.
fn weights_from(below: &LayerConfig, given: Option<&MatrixConfig>) -> MatrixConfig {
    let mut weights = given.cloned().unwrap_or_default();
    weights.init.get_or_insert(Init::Uniform(1.0));
    if matches!(weights.signs, None | Some(SignRule::Units)) {
        let types: Vec<CellType> = below
            .runs()
            .into_iter()
            .flat_map(|(cell_type, run)| cell_type.into_iter().cycle().take(run.len()))
            .collect();
        weights.signs = Some(if types.is_empty() { SignRule::Free } else { SignRule::Each(types) });
    }
    weights
}

impl Values {
    /// Those of some of the units.
    fn of_range(&self, range: Range<usize>) -> Self {
        match self {
            Self::All(value) => Self::All(*value),
            Self::Each(values) => Self::Each(values.get(range).unwrap_or_default().to_vec()),
        }
    }
}
