//! Parts of a network by name: its cell types, areas and layers.

use candle_core::{D, Tensor};

use super::{network::Ctrnn, trajectory::Trajectory};
use crate::{
    config::{CellType, UnitRange},
    error::{ModelError, Result},
};

impl Ctrnn {
    /// Units of one cell type, in order; none if the units have no cell types.
    pub fn of_type(&self, cell_type: CellType) -> Vec<usize> {
        self.units.of_type(cell_type)
    }

    /// Names and units of the areas, in order: the layers of a stacked network, and the whole of a network that has
    /// neither, named `network`.
    pub fn areas(&self) -> &[UnitRange] {
        &self.units.areas
    }

    /// Rates (batch, steps, units of the area) of one area.
    ///
    /// # Errors
    /// If there is no area of that name.
    pub fn area_rates(&self, trajectory: &Trajectory, area: &str) -> Result<Tensor> {
        rates_of(trajectory, self.part("area", area)?)
    }

    /// Rates (batch, steps, units of the layer) of one layer of a stacked network.
    ///
    /// # Errors
    /// If there is no layer of that name, as in all networks that are not stacked.
    pub fn layer_rates(&self, trajectory: &Trajectory, layer: &str) -> Result<Tensor> {
        if !self.config.kind.has_layers() {
            return Err(ModelError::Unknown { kind: "layer", name: layer.into(), known: "none".into() });
        }
        rates_of(trajectory, self.part("layer", layer)?)
    }

    /// Weights that act (units of `to`, units of `from`) from one area to another: its part of
    /// [`effective_w_rec`](Self::effective_w_rec).
    ///
    /// # Errors
    /// If there is no area of that name.
    pub fn projection(&self, from: &str, to: &str) -> Result<Tensor> {
        let (from, to) = (self.part("area", from)?, self.part("area", to)?);
        let rows = self.effective_w_rec()?.narrow(0, to.start, to.end - to.start)?;
        Ok(rows.narrow(1, from.start, from.end - from.start)?)
    }

    /// `kind` is what it is called in the message if there is none.
    fn part(&self, kind: &'static str, name: &str) -> Result<&UnitRange> {
        let unknown = || ModelError::Unknown { kind, name: name.into(), known: self.units.area_names() };
        self.units.area(name).ok_or_else(unknown)
    }
}

fn rates_of(trajectory: &Trajectory, units: &UnitRange) -> Result<Tensor> {
    Ok(trajectory.rates()?.narrow(D::Minus1, units.start, units.end - units.start)?)
}
