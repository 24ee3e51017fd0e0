//! A named, ordered set of units: a cell type, an area, or a cell type of an area.

use super::PlotError;
use super::error::{require, require_some};

/// Units that are drawn together, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitGroup {
    /// What the group is called in the figure, for example `E` or `area 1`.
    pub name: String,
    /// Indices of the units, the first on top (or leftmost).
    pub units: Vec<usize>,
}

/// Checks that every group has units, that each unit is one of `n_units`, and that none is drawn twice.
pub(super) fn validate_groups(groups: &[UnitGroup], n_units: usize) -> Result<(), PlotError> {
    require_some("groups", groups.len())?;
    let mut seen = vec![false; n_units];
    for (i, group) in groups.iter().enumerate() {
        let field = format!("groups[{i}].units");
        require_some(&field, group.units.len())?;
        for &unit in &group.units {
            require(unit < n_units, &field, || {
                format!("names unit {unit}, but there are {n_units} units, counted from 0")
            })?;
            require(!std::mem::replace(&mut seen[unit], true), &field, || {
                format!("names unit {unit} a second time; a unit belongs to one place in one group")
            })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_that_are_missing_unknown_or_repeated_are_refused() {
        let group = |units: &[usize]| UnitGroup { name: "E".to_owned(), units: units.to_vec() };
        assert!(validate_groups(&[group(&[2, 0]), group(&[1])], 3).is_ok());
        let refusal = |groups: &[UnitGroup]| validate_groups(groups, 3).unwrap_err().to_string();
        assert!(refusal(&[]).contains("`groups` is empty"));
        assert!(refusal(&[group(&[0]), group(&[])]).contains("`groups[1].units` is empty"));
        assert!(refusal(&[group(&[3])]).contains("unit 3, but there are 3 units"));
        assert!(refusal(&[group(&[0]), group(&[1, 0])]).contains("unit 0 a second time"));
    }
}
