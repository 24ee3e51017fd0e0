//! The layers of a network, each as a network by itself: what it does not say is filled in from the whole.

use std::{borrow::Cow, ops::Range};

use super::{
    areas::Density,
    dynamics::{Bias, Start},
    kind::Kind,
    layers::{LayerConfig, weights_from},
    model::ModelConfig,
    synapses::{ChannelGroup, MatrixConfig},
};
use crate::error::ModelError;

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
        if !self.kind.has_layers() {
            return vec![LayerPlan { place: None, is_last: true, config: Cow::Borrowed(self), own: None }];
        }
        let (mut plans, mut first) = (Vec::with_capacity(self.layers.len()), 0);
        for (place, layer) in self.layers.iter().enumerate() {
            let config = self.layer(place, layer, first..first + layer.units);
            plans.push(LayerPlan {
                place: Some(place),
                is_last: place + 1 == self.layers.len(),
                config: Cow::Owned(config),
                own: Some(layer),
            });
            first += layer.units;
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
            sigma_rec: Some(layer.sigma_rec.clone().unwrap_or_else(|| self.unit_noise().of_area(name, range.clone()))),
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
            b_rec: Some(layer.b_rec.clone().unwrap_or_else(|| match self.unit_bias() {
                Bias::Constant(values) => Bias::Constant(values.of_range(range.clone())),
                Bias::Trained(values) => Bias::Trained(values.of_range(range.clone())),
                other => other.clone(),
            })),
            b_out: if is_last { self.b_out.clone() } else { None },
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
