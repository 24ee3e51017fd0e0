//! The rules a description must obey. Every entry point calls [`ModelConfig::validate`].

mod connectivity;
mod dynamics;
mod layers;
mod matrices;

use super::{
    kind::{Kind, Parts},
    model::ModelConfig,
    rules::check_fraction,
};
use crate::error::{ModelError, Result};

/// Largest number of units, inputs or outputs: beyond it the matrices fit no machine.
const LARGEST: usize = 20_000;

impl ModelConfig {
    /// Checks every rule that needs no random draw.
    ///
    /// # Errors
    /// The first rule that is broken: field, rule, value and remedy.
    pub fn validate(&self) -> Result<()> {
        self.check_kind()?;
        if self.kind.has_layers() { self.check_layers() } else { self.check_parts() }
    }

    /// Checks a network that is not stacked.
    pub(super) fn check_parts(&self) -> Result<()> {
        let units = self.layout();
        self.check_connectivity(&units)?;
        self.check_dynamics(&units)?;
        let n = units.len();
        self.check_matrix("w_in", &self.w_in, (n, self.inputs), &units)?;
        self.check_matrix("w_rec", &self.w_rec, (n, n), &units)?;
        self.check_matrix("w_out", &self.w_out, (self.outputs, n), &units)?;
        self.check_recurrent(&units)
    }

    fn check_kind(&self) -> Result<()> {
        if self.outputs == 0 {
            return Err(ModelError::config("outputs", "must be at least 1, but is 0"));
        }
        let sum = |sizes: &mut dyn Iterator<Item = usize>| sizes.fold(0, usize::saturating_add);
        let areas = sum(&mut self.areas.iter().map(|area| area.units));
        let layers = sum(&mut self.layers.iter().map(|layer| layer.units));
        for (field, size) in [
            ("inputs", self.inputs),
            ("outputs", self.outputs),
            ("units", self.units.unwrap_or(0)),
            ("areas", areas),
            ("layers", layers),
        ] {
            if size > LARGEST {
                return Err(ModelError::config(
                    field,
                    format!("= {size} exceeds {LARGEST}, the largest size of a network; choose fewer"),
                ));
            }
        }
        if !self.kind.has_areas() && !self.areas.is_empty() {
            return Err(ModelError::config("areas", "are given, but the kind has none; use kind = \"multi_area\""));
        }
        if !self.kind.has_layers() && !self.layers.is_empty() {
            return Err(ModelError::config("layers", "are given, but the kind has none; use kind = \"stacked\""));
        }
        match self.kind.parts() {
            None if self.units.unwrap_or(0) == 0 => {
                return Err(ModelError::config(
                    "units",
                    "is missing or 0; give the number of units, as in units = 100",
                ));
            }
            None => {}
            Some(Parts::Areas) if self.areas.is_empty() => {
                return Err(ModelError::config("areas", "is empty; kind = \"multi_area\" needs at least one area"));
            }
            Some(Parts::Areas) => self.check_sum(areas, "areas", "an area")?,
            Some(Parts::Layers) => {
                self.check_sum(layers, "layers", "a layer")?;
                self.check_stack()?;
            }
        }
        if let Some(fraction) = self.excitatory_fraction {
            check_fraction("excitatory_fraction", fraction)?;
            if self.kind != Kind::Ei {
                return Err(ModelError::config(
                    "excitatory_fraction",
                    "belongs to kind = \"ei\"; a multi_area network gives one for each area, a stacked one for each \
                    layer, a vanilla network has none",
                ));
            }
        }
        self.check_areas()
    }

    /// `units` is optional where it follows from the parts, but must agree with them.
    fn check_sum(&self, sum: usize, parts: &str, one: &str) -> Result<()> {
        match self.units {
            Some(units) if units != sum => Err(ModelError::config(
                "units",
                format!("is {units}, but the {parts} sum to {sum}; leave `units` out or correct {one}"),
            )),
            _ => Ok(()),
        }
    }

    fn check_areas(&self) -> Result<()> {
        for (index, area) in self.areas.iter().enumerate() {
            if area.units == 0 {
                return Err(ModelError::config(
                    format!("areas[{index}].units"),
                    format!("is 0; the area `{}` needs at least one unit", area.name),
                ));
            }
            if self.areas[..index].iter().any(|other| other.name == area.name) {
                return Err(ModelError::config(
                    format!("areas[{index}].name"),
                    format!("`{}` is used twice; names must differ", area.name),
                ));
            }
            if let Some(fraction) = area.excitatory_fraction {
                check_fraction(&format!("areas[{index}].excitatory_fraction"), fraction)?;
            }
        }
        Ok(())
    }
}
