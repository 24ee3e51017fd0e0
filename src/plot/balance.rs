//! Excitation and inhibition that each unit receives.

use std::path::Path;

use nn4n_analysis::structure::Structure;

use super::canvas::{Canvas, Stroke};
use super::error::{require, require_finite, require_some};
use super::key::{Dot, Mark, key, key_width};
use super::panel::{EqualScale, Panel, padded_range};
use super::save::save;
use super::style::{FAINT, series};
use super::unit_group::validate_groups;
use super::{PlotError, UnitGroup};

const LEFT: f64 = 72.0;
const TOP: f64 = 16.0;
/// Side of the panel.
const SIDE: f64 = 280.0;

/// Excitation against inhibition of each unit: on the dashed line they are equal.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    /// Sum of the positive weights that each unit receives (units).
    pub excitation: Vec<f64>,
    /// Sum of the negative weights that each unit receives (units), not positive.
    pub inhibition: Vec<f64>,
    /// Groups of units, each with a colour. A unit appears at most once; units of no group are left out.
    pub groups: Vec<UnitGroup>,
}

impl Balance {
    /// Of recurrent weights.
    pub fn of(structure: &Structure, groups: &[UnitGroup]) -> Self {
        Self {
            excitation: structure.excitation.clone(),
            inhibition: structure.inhibition.clone(),
            groups: groups.to_vec(),
        }
    }

    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If a sum is not finite or has the wrong sign, there are not as many of both, there is no group, a unit does not
    /// exist or appears twice, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let units = || self.groups.iter().flat_map(|group| group.units.iter().copied());
        let sums = units().flat_map(|unit| [self.excitation[unit], -self.inhibition[unit]]);
        let range = padded_range(sums.chain([0.0]), 0.04);
        let scale = EqualScale::new(&[range], SIDE, SIDE);
        let panel = Panel { x: scale.axis(range, (LEFT, LEFT + SIDE)), y: scale.axis(range, (TOP + SIDE, TOP)) };
        let entries = self.entries();
        let mut canvas = Canvas::new(LEFT + SIDE + 20.0 + key_width(&entries) + 12.0, TOP + SIDE + 54.0);
        let (low, high) = ((LEFT, TOP + SIDE), (LEFT + SIDE, TOP));
        canvas.line(low, high, diagonal());
        for (i, group) in self.groups.iter().enumerate() {
            for &unit in &group.units {
                let at = panel.at((-self.inhibition[unit], self.excitation[unit]));
                Dot::new(series(i), 2.6).draw(&mut canvas, at);
            }
        }
        panel.left_axis(&mut canvas, &panel.y.roomy_ticks(), "Sum of positive weights");
        panel.bottom_axis(&mut canvas, &panel.x.roomy_ticks(), "Sum of negative weights (magnitude)");
        key(&mut canvas, (LEFT + SIDE + 20.0, TOP), &entries);
        Ok(canvas)
    }

    fn entries(&self) -> Vec<(String, Mark)> {
        let name = |group: &UnitGroup| format!("{} ({} units)", group.name, group.units.len());
        let groups = self.groups.iter().enumerate();
        let named = groups.map(|(i, group)| (name(group), Mark::Dot(Dot::new(series(i), 2.6))));
        named.chain([("equal".to_owned(), Mark::Line(diagonal()))]).collect()
    }

    fn validate(&self) -> Result<(), PlotError> {
        let n = self.excitation.len();
        require_some("excitation", n)?;
        let given = self.inhibition.len();
        require(given == n, "inhibition", || format!("has {given} entries; there are {n} units"))?;
        require_finite("excitation", self.excitation.iter().copied())?;
        require_finite("inhibition", self.inhibition.iter().copied())?;
        let least = self.excitation.iter().copied().fold(0.0, f64::min);
        require(least >= 0.0, "excitation", || format!("holds {least}; it must not be negative"))?;
        let most = self.inhibition.iter().copied().fold(0.0, f64::max);
        require(most <= 0.0, "inhibition", || format!("holds {most}; it must not be positive"))?;
        validate_groups(&self.groups, n)
    }
}

fn diagonal() -> Stroke {
    Stroke::dashed(FAINT, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(excitation: &[f64], inhibition: &[f64]) -> Balance {
        let groups = vec![UnitGroup { name: "E".into(), units: vec![0, 1] }];
        Balance { excitation: excitation.to_vec(), inhibition: inhibition.to_vec(), groups }
    }

    #[test]
    fn a_balanced_unit_lies_on_the_diagonal() {
        let svg = figure(&[0.0, 2.0], &[0.0, -2.0]).draw().unwrap().into_svg();
        assert!(svg.contains(">E (2 units)<") && svg.contains(">equal<"), "{svg}");
        // The range is -0.08 to 2.08.
        let along = SIDE * 2.08 / 2.16;
        assert!(svg.contains(&format!("cx=\"{}", ((LEFT + along) * 100.0).round() / 100.0).as_str()[..6]), "{svg}");
    }

    #[test]
    fn sums_of_the_wrong_sign_are_refused() {
        let refusal = |figure: Balance| figure.draw().err().unwrap().to_string();
        assert!(refusal(figure(&[1.0, -1.0], &[0.0, 0.0])).contains("`excitation` holds -1"));
        assert!(refusal(figure(&[1.0, 1.0], &[0.0, 1.0])).contains("`inhibition` holds 1"));
        assert!(refusal(figure(&[1.0, 1.0], &[0.0])).contains("has 1 entries; there are 2"));
        assert!(refusal(figure(&[1.0], &[0.0])).contains("unit 1"));
    }
}
