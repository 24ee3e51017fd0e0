//! What a description makes of the units: their areas and cell types, the densities between areas, and the draw of the
//! recurrent weights.

use super::{
    areas::{Area, Density},
    kind::Kind,
    layers::LayerConfig,
    model::ModelConfig,
    synapses::Init,
    units::{CellType, UnitRange, Units},
};
use crate::error::{ModelError, Result};

impl ModelConfig {
    /// The units in order, with their areas and cell types. The layers of a stacked network are its areas.
    pub fn layout(&self) -> Units {
        let mut units = Units { areas: Vec::new(), cell_types: Vec::new() };
        for area in self.resolved_areas() {
            let first = units.len();
            let n_excitatory = area.n_excitatory();
            units.cell_types.extend((0..area.units).map(|unit| {
                n_excitatory.map(|count| if unit < count { CellType::Excitatory } else { CellType::Inhibitory })
            }));
            units.areas.push(UnitRange { name: area.name, start: first, end: first + area.units });
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
