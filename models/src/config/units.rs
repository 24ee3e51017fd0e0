//! Units: their cell types, their areas, and ways to name a set of them.

use serde::{Deserialize, Serialize};

use super::rules::check_fraction;
use crate::error::{ModelError, Result};

/// Cell type of a presynaptic unit: the sign of all its outgoing synapses (Dale's law).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CellType {
    /// Outgoing weights are >= 0.
    Excitatory,
    /// Outgoing weights are <= 0.
    Inhibitory,
}

impl CellType {
    /// +1 or -1.
    pub fn sign(self) -> f64 {
        match self {
            Self::Excitatory => 1.0,
            Self::Inhibitory => -1.0,
        }
    }
}

/// The units of a network in order: area after area, excitatory before inhibitory within each.
#[derive(Clone, Debug, PartialEq)]
pub struct Units {
    /// Areas in order. A network without areas has a single one.
    pub areas: Vec<UnitRange>,
    /// Cell type of each unit; `None` where Dale's law does not apply.
    pub cell_types: Vec<Option<CellType>>,
}

/// A named, contiguous range of units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitRange {
    /// Name of the area.
    pub name: String,
    /// First unit.
    pub start: usize,
    /// One past the last unit.
    pub end: usize,
}

/// Units of one cell type in one area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Population {
    /// Index of the area.
    pub area: usize,
    /// Their cell type; `None` where Dale's law does not apply.
    pub cell_type: Option<CellType>,
    /// Its units, in order.
    pub units: Vec<usize>,
}

impl UnitRange {
    /// The units of the range.
    pub fn range(&self) -> std::ops::Range<usize> {
        self.start..self.end
    }
}

impl Units {
    /// Number of units.
    pub fn len(&self) -> usize {
        self.cell_types.len()
    }

    /// Whether there are none (a validated network has at least one).
    pub fn is_empty(&self) -> bool {
        self.cell_types.is_empty()
    }

    /// Index of the area of unit `unit`.
    pub fn area_of(&self, unit: usize) -> usize {
        self.areas.iter().take_while(|area| area.end <= unit).count()
    }

    /// The area of that name.
    pub fn area(&self, name: &str) -> Option<&UnitRange> {
        self.areas.iter().find(|area| area.name == name)
    }

    /// Whether any unit has a cell type.
    pub fn have_cell_types(&self) -> bool {
        self.cell_types.iter().any(Option::is_some)
    }

    /// The units by area and cell type: area after area, in each the excitatory, the inhibitory, and those without a
    /// cell type, as far as there are any.
    pub fn populations(&self) -> Vec<Population> {
        let mut populations = Vec::new();
        for (area, range) in self.areas.iter().enumerate() {
            for cell_type in [Some(CellType::Excitatory), Some(CellType::Inhibitory), None] {
                let units: Vec<usize> = range.range().filter(|&unit| self.cell_types[unit] == cell_type).collect();
                if !units.is_empty() {
                    populations.push(Population { area, cell_type, units });
                }
            }
        }
        populations
    }

    /// Units of one cell type, in order.
    pub fn of_type(&self, cell_type: CellType) -> Vec<usize> {
        (0..self.len()).filter(|&unit| self.cell_types[unit] == Some(cell_type)).collect()
    }

    pub(crate) fn area_names(&self) -> String {
        self.areas.iter().map(|area| area.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// A set of units: those that satisfy every given condition. Empty means all units.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct UnitSet {
    /// Only units of these areas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub areas: Option<Vec<String>>,
    /// Only units of this cell type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell_type: Option<CellType>,
    /// Only units in [start, end).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<[usize; 2]>,
    /// Only these units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<Vec<usize>>,
    /// Of the units left, this fraction, drawn at random from the seed (to the nearest whole unit).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraction: Option<f64>,
}

impl UnitSet {
    /// The units of one area.
    pub fn area(name: impl Into<String>) -> Self {
        Self { areas: Some(vec![name.into()]), ..Self::default() }
    }

    /// A random fraction of all units.
    pub fn fraction(fraction: f64) -> Self {
        Self { fraction: Some(fraction), ..Self::default() }
    }

    /// These units.
    pub fn units(units: impl IntoIterator<Item = usize>) -> Self {
        Self { units: Some(units.into_iter().collect()), ..Self::default() }
    }

    pub(crate) fn validate(&self, units: &Units, field: &str) -> Result<()> {
        for name in self.areas.iter().flatten() {
            if units.area(name).is_none() {
                return Err(ModelError::config(
                    format!("{field}.areas"),
                    format!("names the area `{name}`, which does not exist; areas are {}", units.area_names()),
                ));
            }
        }
        if let Some([start, end]) = self.range
            && (start >= end || end > units.len())
        {
            return Err(ModelError::config(
                format!("{field}.range"),
                format!("[{start}, {end}] is not a non-empty range within 0..{}; it is half open", units.len()),
            ));
        }
        if let Some(unit) = self.units.iter().flatten().find(|unit| **unit >= units.len()) {
            return Err(ModelError::config(
                format!("{field}.units"),
                format!("names unit {unit}, but there are {} (counted from 0)", units.len()),
            ));
        }
        if let Some(fraction) = self.fraction {
            check_fraction(&format!("{field}.fraction"), fraction)?;
        }
        if self.cell_type.is_some() && !units.have_cell_types() {
            return Err(ModelError::config(
                format!("{field}.cell_type"),
                "is given, but no unit has a cell type; use kind = \"ei\" or an `excitatory_fraction`",
            ));
        }
        Ok(())
    }

    /// Units that satisfy every condition but `fraction`, in order.
    pub(crate) fn candidates(&self, units: &Units) -> Vec<usize> {
        (0..units.len())
            .filter(|unit| {
                let area = &units.areas[units.area_of(*unit)].name;
                self.areas.as_ref().is_none_or(|names| names.contains(area))
                    && self.cell_type.is_none_or(|cell_type| units.cell_types[*unit] == Some(cell_type))
                    && self.range.is_none_or(|[start, end]| (start..end).contains(unit))
                    && self.units.as_ref().is_none_or(|listed| listed.contains(unit))
            })
            .collect()
    }
}
