//! The rules of a stacked network.

use super::super::{
    areas::Density, dynamics::Start, layers::LayerConfig, model::ModelConfig, rules::check_fraction,
    synapses::ReadoutFrom,
};
use crate::error::{ModelError, Result};

/// Most layers: each one deepens the chain of operations that gradients go back through.
const DEEPEST: usize = 64;

impl ModelConfig {
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
}
