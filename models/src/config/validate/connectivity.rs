//! The rules of areas, densities and groups of channels.

use super::super::{
    areas::{Density, Projection},
    model::ModelConfig,
    rules::check_fraction,
    synapses::ChannelGroup,
    units::Units,
};
use crate::error::{ModelError, Result};

impl ModelConfig {
    pub(super) fn check_connectivity(&self, units: &Units) -> Result<()> {
        self.density.check("density")?;
        for (field, density) in [("feedforward", self.feedforward), ("feedback", self.feedback)] {
            density.check(field)?;
            if !self.kind.has_areas() && density != Density::All(0.0) {
                return Err(ModelError::config(
                    field,
                    "joins areas, but the kind has none; leave it out, or use kind = \"multi_area\"",
                ));
            }
        }
        for (index, projection) in self.projections.iter().enumerate() {
            self.check_projection(index, projection, units)?;
        }
        for from in 0..units.areas.len() {
            for to in 0..units.areas.len() {
                let typed = |area: usize| units.cell_types[units.areas[area].start].is_some();
                if matches!(self.projection_density(from, to), Density::ByCellType { .. })
                    && !(typed(from) && typed(to))
                {
                    return Err(ModelError::config(
                        self.density_field(from, to),
                        format!(
                            "from `{}` to `{}` is given by cell type, but not all their units have one; give one \
                            number, or an `excitatory_fraction`",
                            units.areas[from].name, units.areas[to].name
                        ),
                    ));
                }
            }
        }
        check_groups("input_groups", &self.input_groups, self.inputs, units)?;
        check_groups("output_groups", &self.output_groups, self.outputs, units)
    }

    fn check_projection(&self, index: usize, projection: &Projection, units: &Units) -> Result<()> {
        let field = format!("projections[{index}]");
        projection.density.check(&format!("{field}.density"))?;
        for (end, name) in [("from", &projection.from), ("to", &projection.to)] {
            if !self.kind.has_areas() || units.area(name).is_none() {
                let known: Vec<&str> = self.areas.iter().map(|area| area.name.as_str()).collect();
                return Err(ModelError::config(
                    format!("{field}.{end}"),
                    format!("names the area `{name}`, which does not exist; areas are [{}]", known.join(", ")),
                ));
            }
        }
        if self.projections[..index].iter().any(|other| other.from == projection.from && other.to == projection.to) {
            return Err(ModelError::config(
                field,
                format!("repeats the pair {} to {}; give one density", projection.from, projection.to),
            ));
        }
        Ok(())
    }
}

fn check_groups(field: &str, groups: &[ChannelGroup], channels: usize, units: &Units) -> Result<()> {
    let mut covered = vec![groups.is_empty(); channels];
    for (index, group) in groups.iter().enumerate() {
        let field = format!("{field}[{index}]");
        check_fraction(&format!("{field}.density"), group.density)?;
        group.to.validate(units, &format!("{field}.to"))?;
        let members = group.channels.clone().unwrap_or_else(|| (0..channels).collect());
        if group.channels.as_ref().is_some_and(Vec::is_empty) {
            return Err(ModelError::config(
                format!("{field}.channels"),
                "is empty; name channels, or leave it out for all of them",
            ));
        }
        for channel in members {
            *covered.get_mut(channel).ok_or_else(|| {
                ModelError::config(
                    format!("{field}.channels"),
                    format!("names channel {channel}, but there are {channels} (counted from 0)"),
                )
            })? = true;
        }
    }
    match covered.iter().position(|covered| !covered) {
        Some(channel) => Err(ModelError::config(field, format!("leave channel {channel} in no group; add it to one"))),
        None => Ok(()),
    }
}
