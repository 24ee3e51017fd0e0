//! The rules of the weight matrices.

use super::super::{
    model::ModelConfig,
    rules::{check_fraction, check_not_negative, check_shape},
    synapses::{Balance, Init, MatrixConfig, Plastic, SignRule},
    units::{CellType, Units},
};
use crate::error::{ModelError, Result};

impl ModelConfig {
    pub(super) fn check_matrix(
        &self,
        name: &str,
        matrix: &MatrixConfig,
        shape: (usize, usize),
        units: &Units,
    ) -> Result<()> {
        let signs = self.presynaptic_types(name, matrix, shape.1, units)?;
        if let Some(init) = &matrix.init {
            check_init(name, init, shape)?;
        }
        if let Some(rows) = &matrix.connectivity {
            let field = format!("{name}.connectivity");
            check_shape(&field, rows, shape)?;
            if let Some(value) = rows.iter().flatten().find(|value| **value > 1) {
                return Err(ModelError::config(field, format!("holds {value}; entries are 0 or 1")));
            }
        }
        match &matrix.plastic {
            Plastic::All(value) => check_fraction(&format!("{name}.plastic"), *value)?,
            Plastic::Each(rows) => {
                check_shape(&format!("{name}.plastic"), rows, shape)?;
                rows.iter().flatten().try_for_each(|value| check_fraction(&format!("{name}.plastic"), *value))?;
            }
        }
        for (index, synapse) in matrix.fixed.iter().enumerate() {
            let field = format!("{name}.fixed[{index}]");
            if synapse.post >= shape.0 || synapse.pre >= shape.1 {
                return Err(ModelError::config(
                    field,
                    format!(
                        "is at [{}, {}], outside the {} x {} matrix (indices count from 0)",
                        synapse.post, synapse.pre, shape.0, shape.1
                    ),
                ));
            }
            if !synapse.weight.is_finite() || synapse.weight == 0.0 {
                return Err(ModelError::config(
                    field,
                    format!(
                        "has weight {}; a fixed weight is finite and not 0 (remove a synapse with `connectivity`)",
                        synapse.weight
                    ),
                ));
            }
            if signs[synapse.pre].is_some_and(|cell_type| cell_type.sign() * synapse.weight < 0.0) {
                return Err(ModelError::config(
                    field,
                    format!(
                        "has weight {}, against the cell type of its presynaptic unit {}",
                        synapse.weight, synapse.pre
                    ),
                ));
            }
            if matrix.fixed[..index].iter().any(|other| (other.post, other.pre) == (synapse.post, synapse.pre)) {
                return Err(ModelError::config(field, format!("repeats [{}, {}]", synapse.post, synapse.pre)));
            }
        }
        Ok(())
    }

    pub(super) fn check_recurrent(&self, units: &Units) -> Result<()> {
        for (name, matrix) in [("w_in", &self.w_in), ("w_out", &self.w_out)] {
            if matrix.spectral_radius.is_some() || matrix.balance != Balance::Off {
                return Err(ModelError::config(name, "has `spectral_radius` or `balance`, which belong to `w_rec`"));
            }
        }
        let matrix = &self.w_rec;
        if let Some(rows) = &matrix.connectivity
            && !self.autapses
            && let Some(unit) = (0..units.len()).find(|unit| rows[*unit][*unit] == 1)
        {
            return Err(ModelError::config(
                "w_rec.connectivity",
                format!("[{unit}][{unit}] is 1, but `autapses` is false; set it to true or the entry to 0"),
            ));
        }
        let (init, radius) = self.recurrent_init(units.have_cell_types());
        if let Some(radius) = radius
            && !(radius.is_finite() && radius > 0.0)
        {
            return Err(ModelError::config("w_rec.spectral_radius", format!("must be > 0, but is {radius}")));
        }
        if matrix.balance != Balance::Off && !units.have_cell_types() {
            return Err(ModelError::config(
                "w_rec.balance",
                "needs excitatory and inhibitory units; the units have no cell types",
            ));
        }
        if matches!(init, Init::Diagonal(_)) && !self.autapses {
            return Err(ModelError::config(
                "w_rec.init",
                "is diagonal, but `autapses` is false, so nothing would be left; set autapses = true",
            ));
        }
        if matches!(init, Init::DiagonalNormal { diagonal, .. } if diagonal != 0.0) && !self.autapses {
            return Err(ModelError::config(
                "w_rec.init",
                "has a diagonal, but `autapses` is false; set autapses = true, or write { normal = GAIN }",
            ));
        }
        if matches!(init, Init::Orthogonal(_)) && (units.have_cell_types() || !self.autapses) {
            return Err(ModelError::config(
                "w_rec.init",
                "is orthogonal, which neither Dale's law nor a removed diagonal leaves intact; use kind = \"vanilla\" \
                with autapses = true",
            ));
        }
        Ok(())
    }

    /// The cell type of each presynaptic unit or channel of the matrix `name`, which has `count` of them.
    pub(crate) fn presynaptic_types(
        &self,
        name: &str,
        matrix: &MatrixConfig,
        count: usize,
        units: &Units,
    ) -> Result<Vec<Option<CellType>>> {
        let field = format!("{name}.signs");
        let default = match name {
            "w_in" if units.have_cell_types() => SignRule::Excitatory,
            "w_in" => SignRule::Free,
            _ => SignRule::Units,
        };
        let rule = matrix.signs.clone().unwrap_or(default);
        if name == "w_rec" && rule != SignRule::Units {
            return Err(ModelError::config(
                field,
                "of the recurrent weights are the units' cell types; change those instead",
            ));
        }
        match rule {
            SignRule::Free => Ok(vec![None; count]),
            SignRule::Excitatory => Ok(vec![Some(CellType::Excitatory); count]),
            SignRule::Units if name == "w_in" => {
                Err(ModelError::config(field, "cannot be \"units\": input channels are not units of the network"))
            }
            SignRule::Units => Ok(units.cell_types.clone()),
            SignRule::Each(types) if types.len() == count => Ok(types.into_iter().map(Some).collect()),
            SignRule::Each(types) => {
                Err(ModelError::config(field, format!("lists {} cell types for {count} columns", types.len())))
            }
        }
    }
}

fn check_square(name: &str, field: &str, (posts, pres): (usize, usize)) -> Result<()> {
    if posts == pres {
        return Ok(());
    }
    Err(ModelError::config(field, format!("needs a square matrix, but {name} is {posts} x {pres}")))
}

fn check_init(name: &str, init: &Init, shape: (usize, usize)) -> Result<()> {
    let field = format!("{name}.init");
    match init {
        Init::Zero => Ok(()),
        Init::Uniform(gain) | Init::Normal(gain) | Init::UniformRange(gain) => check_not_negative(&field, *gain),
        Init::Gamma { shape, mean } => {
            if shape.is_finite() && *shape > 0.0 && mean.is_finite() && *mean > 0.0 {
                return Ok(());
            }
            Err(ModelError::config(
                field,
                format!("gamma needs shape > 0 and mean > 0, but has shape {shape} and mean {mean}"),
            ))
        }
        Init::Diagonal(gain) | Init::Orthogonal(gain) => {
            check_square(name, &field, shape)?;
            check_not_negative(&field, gain.abs())
        }
        Init::DiagonalNormal { diagonal, gain } => {
            check_square(name, &field, shape)?;
            check_not_negative(&format!("{field}.diagonal_normal.diagonal"), diagonal.abs())?;
            check_not_negative(&format!("{field}.diagonal_normal.gain"), *gain)
        }
        Init::Array(rows) => {
            check_shape(&field, rows, shape)?;
            match rows.iter().flatten().find(|value| !value.is_finite()) {
                Some(value) => Err(ModelError::config(field, format!("holds {value}; weights must be finite"))),
                None => Ok(()),
            }
        }
    }
}
