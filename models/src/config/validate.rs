//! The rules a description must obey. Every entry point calls [`ModelConfig::validate`].

use super::{
    Balance, Bias, CellType, ChannelGroup, Density, Init, Kind, LearnTau, MatrixConfig, ModelConfig, Plastic,
    Projection, SignRule, Start, Units,
};
use crate::error::{ModelError, Result};

/// Largest number of units, inputs or outputs: beyond it the matrices fit no machine.
const LARGEST: usize = 20_000;

/// A number in [0, 1].
pub(crate) fn check_fraction(field: &str, value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(ModelError::config(field, format!("must lie in [0, 1], but is {value}")))
}

fn check_density(field: &str, density: Density) -> Result<()> {
    density.entries().into_iter().try_for_each(|entry| check_fraction(field, entry))
}

fn check_not_negative(field: &str, value: f64) -> Result<()> {
    if value.is_finite() && value >= 0.0 {
        return Ok(());
    }
    Err(ModelError::config(field, format!("must be finite and >= 0, but is {value}")))
}

fn check_shape<T>(field: &str, rows: &[Vec<T>], (posts, pres): (usize, usize)) -> Result<()> {
    if rows.len() == posts && rows.iter().all(|row| row.len() == pres) {
        return Ok(());
    }
    let found = rows.iter().map(Vec::len).find(|length| *length != pres).unwrap_or(pres);
    Err(ModelError::config(
        field,
        format!(
            "must be {posts} rows of {pres} (postsynaptic by presynaptic), but has {} rows, one of them of {found}",
            rows.len()
        ),
    ))
}

impl ModelConfig {
    /// Checks every rule that needs no random draw.
    ///
    /// # Errors
    /// The first rule that is broken: field, rule, value and remedy.
    pub fn validate(&self) -> Result<()> {
        self.check_kind()?;
        if self.kind == Kind::Stacked { self.check_layers() } else { self.check_parts() }
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
        let parts = if self.kind == Kind::Stacked { "layers" } else { "areas" };
        let sizes = self.areas.iter().map(|area| area.units).chain(self.layers.iter().map(|layer| layer.units));
        let sum = sizes.fold(0, usize::saturating_add);
        for (field, size) in
            [("inputs", self.inputs), ("outputs", self.outputs), ("units", self.units.unwrap_or(0)), (parts, sum)]
        {
            if size > LARGEST {
                return Err(ModelError::config(
                    field,
                    format!("= {size} exceeds {LARGEST}, the largest size of a network; choose fewer"),
                ));
            }
        }
        if self.kind != Kind::MultiArea && !self.areas.is_empty() {
            return Err(ModelError::config("areas", "are given, but the kind has none; use kind = \"multi_area\""));
        }
        if self.kind != Kind::Stacked && !self.layers.is_empty() {
            return Err(ModelError::config("layers", "are given, but the kind has none; use kind = \"stacked\""));
        }
        match (self.kind, self.units) {
            (Kind::MultiArea, _) if self.areas.is_empty() => {
                return Err(ModelError::config("areas", "is empty; kind = \"multi_area\" needs at least one area"));
            }
            (Kind::MultiArea | Kind::Stacked, Some(units)) if units != sum => {
                let one = if self.kind == Kind::Stacked { "a layer" } else { "an area" };
                return Err(ModelError::config(
                    "units",
                    format!("is {units}, but the {parts} sum to {sum}; leave `units` out or correct {one}"),
                ));
            }
            (Kind::MultiArea, _) => {}
            (Kind::Stacked, _) => self.check_stack()?,
            (_, None | Some(0)) => {
                return Err(ModelError::config(
                    "units",
                    "is missing or 0; give the number of units, as in units = 100",
                ));
            }
            _ => {}
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

    fn check_connectivity(&self, units: &Units) -> Result<()> {
        check_density("density", self.density)?;
        for (field, density) in [("feedforward", self.feedforward), ("feedback", self.feedback)] {
            check_density(field, density)?;
            if self.kind != Kind::MultiArea && density != Density::All(0.0) {
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
        check_density(&format!("{field}.density"), projection.density)?;
        for (end, name) in [("from", &projection.from), ("to", &projection.to)] {
            if self.kind != Kind::MultiArea || units.area(name).is_none() {
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

    pub(super) fn check_dynamics(&self, units: &Units) -> Result<()> {
        if !(self.dt.is_finite() && self.dt > 0.0) {
            return Err(ModelError::config("dt", format!("must be > 0 ms, but is {}", self.dt)));
        }
        for tau in self.tau.resolve(units, "tau")? {
            if !(tau.is_finite() && tau > 0.0) {
                return Err(ModelError::config("tau", format!("must be > 0 ms, but is {tau}")));
            }
            if self.dt > tau {
                return Err(ModelError::config(
                    "dt",
                    format!("= {} ms exceeds `tau` = {tau} ms; the Euler step needs dt <= tau", self.dt),
                ));
            }
        }
        if self.learn_tau == LearnTau::Shared && matches!(self.tau, super::PerUnit::ByUnit { .. }) {
            return Err(ModelError::config(
                "learn_tau",
                "is \"shared\", but `tau` is given unit by unit; use \"per_unit\"",
            ));
        }
        for activation in self.activation.resolve(units, "activation")? {
            activation.check().map_err(|message| ModelError::config("activation", message))?;
        }
        for (field, sigma) in [("sigma_rec", &self.sigma_rec), ("sigma_post", &self.sigma_post)] {
            sigma.resolve(units, field)?.into_iter().try_for_each(|value| check_not_negative(field, value))?;
        }
        if let Start::Constant(values) | Start::Trained(values) = &self.start {
            values.resolve(units.len(), "start")?;
        }
        for (field, bias, count) in [("b_rec", &self.b_rec, units.len()), ("b_out", &self.b_out, self.outputs)] {
            if let Bias::Constant(values) | Bias::Trained(values) = bias {
                values.resolve(count, field)?;
            }
        }
        Ok(())
    }

    fn check_matrix(&self, name: &str, matrix: &MatrixConfig, shape: (usize, usize), units: &Units) -> Result<()> {
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

    fn check_recurrent(&self, units: &Units) -> Result<()> {
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
            if shape.0 != shape.1 {
                return Err(ModelError::config(
                    field,
                    format!("needs a square matrix, but {name} is {} x {}", shape.0, shape.1),
                ));
            }
            check_not_negative(&field, gain.abs())
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
