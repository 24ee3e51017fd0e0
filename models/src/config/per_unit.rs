//! Settings that may differ between units.

use std::{collections::BTreeMap, fmt, marker::PhantomData, ops::Range};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, IntoDeserializer, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::units::{CellType, Units};
use crate::error::{ModelError, Result};

/// A setting that is the same for all units, or differs by cell type, by area or by unit.
///
/// ```
/// # use nn4n_models::PerUnit;
/// # #[derive(serde::Deserialize)] struct Table { tau: PerUnit<f64> }
/// let table: Table = toml::from_str("tau = { excitatory = 100.0, inhibitory = 50.0 }")?;
/// assert_eq!(table.tau, PerUnit::ByCellType { excitatory: 100.0, inhibitory: 50.0 });
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum PerUnit<T> {
    /// One value for every unit.
    Uniform(T),
    /// One value per cell type; every unit must have one.
    ByCellType {
        /// Value of the excitatory units.
        excitatory: T,
        /// Value of the inhibitory units.
        inhibitory: T,
    },
    /// One value per area; every area must be named.
    ByArea {
        /// Values by area name.
        areas: BTreeMap<String, T>,
    },
    /// One value per unit.
    ByUnit {
        /// Values in the order of the units.
        units: Vec<T>,
    },
}

impl<T> From<T> for PerUnit<T> {
    fn from(value: T) -> Self {
        Self::Uniform(value)
    }
}

impl<T: Clone> PerUnit<T> {
    /// The value of every unit; `field` is the setting's name in messages.
    pub fn resolve(&self, units: &Units, field: &str) -> Result<Vec<T>> {
        match self {
            Self::Uniform(value) => Ok(vec![value.clone(); units.len()]),
            Self::ByCellType { excitatory, inhibitory } => units
                .cell_types
                .iter()
                .map(|cell_type| match cell_type {
                    Some(CellType::Excitatory) => Ok(excitatory.clone()),
                    Some(CellType::Inhibitory) => Ok(inhibitory.clone()),
                    None => Err(ModelError::config(
                        field,
                        "is given by cell type, but some units have none; give one value, or give every area an \
                        `excitatory_fraction`",
                    )),
                })
                .collect(),
            Self::ByArea { areas } => {
                if let Some(unknown) = areas.keys().find(|name| units.area(name).is_none()) {
                    return Err(ModelError::config(
                        field,
                        format!("names the area `{unknown}`, which does not exist; areas are {}", units.area_names()),
                    ));
                }
                let mut values = Vec::with_capacity(units.len());
                for area in &units.areas {
                    let value = areas.get(&area.name).ok_or_else(|| {
                        ModelError::config(
                            field,
                            format!("has no value for the area `{}`; give one for every area", area.name),
                        )
                    })?;
                    values.extend(std::iter::repeat_n(value.clone(), area.end - area.start));
                }
                Ok(values)
            }
            Self::ByUnit { units: values } if values.len() == units.len() => Ok(values.clone()),
            Self::ByUnit { units: values } => Err(ModelError::config(
                field,
                format!("lists {} values for {} units; give one per unit", values.len(), units.len()),
            )),
        }
    }

    /// The setting with every value changed by `change`.
    pub(crate) fn map<S>(&self, change: impl Fn(&T) -> S) -> PerUnit<S> {
        match self {
            Self::Uniform(value) => PerUnit::Uniform(change(value)),
            Self::ByCellType { excitatory, inhibitory } => {
                PerUnit::ByCellType { excitatory: change(excitatory), inhibitory: change(inhibitory) }
            }
            Self::ByArea { areas } => {
                PerUnit::ByArea { areas: areas.iter().map(|(name, value)| (name.clone(), change(value))).collect() }
            }
            Self::ByUnit { units } => PerUnit::ByUnit { units: units.iter().map(change).collect() },
        }
    }

    /// The setting of the units of one area, as a network of their own would have it.
    pub(crate) fn of_area(&self, name: &str, range: Range<usize>) -> Self {
        match self {
            Self::ByArea { areas } => {
                areas.get(name).map_or_else(|| self.clone(), |value| Self::Uniform(value.clone()))
            }
            Self::ByUnit { units } => Self::ByUnit { units: units.get(range).unwrap_or_default().to_vec() },
            other => other.clone(),
        }
    }

    /// For every unit, the first unit that shares its value by the way the setting is written (all, cell type, area, or
    /// itself).
    pub(crate) fn representatives(&self, units: &Units) -> Vec<usize> {
        (0..units.len())
            .map(|unit| match self {
                Self::Uniform(_) => 0,
                Self::ByCellType { .. } => {
                    units.cell_types.iter().position(|cell_type| *cell_type == units.cell_types[unit]).unwrap_or(unit)
                }
                Self::ByArea { .. } => units.areas[units.area_of(unit)].start,
                Self::ByUnit { .. } => unit,
            })
            .collect()
    }
}

/// The table forms of [`PerUnit`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PerUnitTable<T> {
    excitatory: Option<T>,
    inhibitory: Option<T>,
    areas: Option<BTreeMap<String, T>>,
    units: Option<Vec<T>>,
}

/// By hand and not `untagged`, whose errors would not say what is wrong with a value.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for PerUnit<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PerUnitVisitor(PhantomData))
    }
}

struct PerUnitVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for PerUnitVisitor<T> {
    type Value = PerUnit<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "one value for all units, { excitatory = .., inhibitory = .. }, { areas = { NAME = .., .. } } or \
            { units = [..] }",
        )
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(PerUnit::Uniform)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(PerUnit::Uniform)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(PerUnit::Uniform)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
        T::deserialize(value.into_deserializer()).map(PerUnit::Uniform)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        match PerUnitTable::deserialize(MapAccessDeserializer::new(map))? {
            PerUnitTable { excitatory: Some(excitatory), inhibitory: Some(inhibitory), areas: None, units: None } => {
                Ok(PerUnit::ByCellType { excitatory, inhibitory })
            }
            PerUnitTable { excitatory: None, inhibitory: None, areas: Some(areas), units: None } => {
                Ok(PerUnit::ByArea { areas })
            }
            PerUnitTable { excitatory: None, inhibitory: None, areas: None, units: Some(units) } => {
                Ok(PerUnit::ByUnit { units })
            }
            _ => Err(de::Error::custom("give both `excitatory` and `inhibitory`, or only `areas`, or only `units`")),
        }
    }
}
