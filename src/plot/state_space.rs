//! Fixed points among trajectories: what the dynamics do, seen along two or three directions of the state space.

use std::path::Path;

use ndarray::Array2;

use super::PlotError;
use super::canvas::Canvas;
use super::error::{require, require_finite, require_fractions, require_some};
use super::save::save;
use super::state_space_panels::draw;

/// Trajectories, fixed and slow points and what joins them, along two or three directions of the state space.
///
/// Stable points are black, unstable ones red with lines along their growing modes, marginal ones (of a continuous
/// attractor) orange, slow ones hollow and grey. Three directions are drawn as two panels: the first with the second,
/// the first with the third. All lengths are in units of the state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateSpace {
    /// The directions, two or three.
    pub axes: Vec<StateAxis>,
    /// Each (steps, axes), at least one step.
    pub trajectories: Vec<Array2<f64>>,
    /// Fixed and slow points, in any order.
    pub points: Vec<StatePoint>,
    /// What leads where, such as from a saddle to an attractor; drawn as dashed lines.
    pub links: Vec<StateLink>,
    /// Named directions, such as a selection vector or the vector of an input.
    pub arrows: Vec<StateArrow>,
}

/// A direction of the state space.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StateAxis {
    /// Its name, such as `PC 1`.
    pub name: String,
    /// Part of the variance of the states along it, a fraction in [0, 1]; `None` where that means nothing.
    pub variance: Option<f64>,
}

/// A fixed or slow point.
#[derive(Clone, Debug, PartialEq)]
pub struct StatePoint {
    /// Where (axes).
    pub at: Vec<f64>,
    /// What small perturbations do there.
    pub kind: StatePointKind,
    /// Whether a rectifier is on its kink there; marked by a ring.
    pub on_kink: bool,
    /// Growing modes, at most three are drawn: each a displacement (axes) to either side of the point.
    pub modes: Vec<Vec<f64>>,
    /// Text beside it, such as its outputs; empty for none.
    pub label: String,
}

/// What small perturbations do at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatePointKind {
    /// All decay.
    Stable,
    /// Some grow: a saddle or a repeller.
    Unstable,
    /// Some neither grow nor decay, and none grows: as along a line attractor.
    Marginal,
    /// The flow is slowest there, but not zero.
    Slow,
}

/// A line from one place to another.
#[derive(Clone, Debug, PartialEq)]
pub struct StateLink {
    /// Place of its first end among the points.
    pub from: usize,
    /// Place of its other end among the points.
    pub to: usize,
}

/// A named direction.
#[derive(Clone, Debug, PartialEq)]
pub struct StateArrow {
    /// Its name in the legend.
    pub name: String,
    /// Where it begins (axes).
    pub from: Vec<f64>,
    /// Where its head is (axes).
    pub to: Vec<f64>,
}

impl StatePointKind {
    /// All, in the order of the legend.
    pub const ALL: [Self; 4] = [Self::Stable, Self::Unstable, Self::Marginal, Self::Slow];

    /// Its name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Unstable => "unstable",
            Self::Marginal => "marginal",
            Self::Slow => "slow",
        }
    }
}

impl StateAxis {
    /// For example `PC 1 (34.2 %)`.
    pub fn label(&self) -> String {
        match self.variance {
            Some(part) => format!("{} ({:.1} %)", self.name, 100.0 * part),
            None => self.name.clone(),
        }
    }
}

impl StateSpace {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If a field breaks a rule that stands with it, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        Ok(draw(self))
    }

    /// Refuses what cannot be drawn, by the name of the field.
    pub(super) fn validate(&self) -> Result<(), PlotError> {
        let n = self.axes.len();
        require((2..=3).contains(&n), "axes", || format!("has {n} entries; give two or three directions"))?;
        let variances = self.axes.iter().filter_map(|axis| axis.variance);
        require_fractions("axes[].variance", variances)?;
        require_some("trajectories and points", self.trajectories.len() + self.points.len())?;
        for (i, trajectory) in self.trajectories.iter().enumerate() {
            let field = format!("trajectories[{i}]");
            let (steps, columns) = trajectory.dim();
            require_some(&field, steps)?;
            require(columns == n, &field, || format!("has shape ({steps}, {columns}); it must be (steps, {n})"))?;
            require_finite(&field, trajectory.iter().copied())?;
        }
        for (i, point) in self.points.iter().enumerate() {
            self.check_place(&format!("points[{i}].at"), &point.at)?;
            for mode in &point.modes {
                self.check_place(&format!("points[{i}].modes"), mode)?;
            }
        }
        for (i, link) in self.links.iter().enumerate() {
            for end in [link.from, link.to] {
                require(end < self.points.len(), &format!("links[{i}]"), || {
                    format!("names point {end}, but there are {}, counted from 0", self.points.len())
                })?;
            }
        }
        for (i, arrow) in self.arrows.iter().enumerate() {
            self.check_place(&format!("arrows[{i}].from"), &arrow.from)?;
            self.check_place(&format!("arrows[{i}].to"), &arrow.to)?;
        }
        Ok(())
    }

    fn check_place(&self, field: &str, place: &[f64]) -> Result<(), PlotError> {
        let (n, given) = (self.axes.len(), place.len());
        require(given == n, field, || format!("has {given} numbers; there are {n} axes"))?;
        require_finite(field, place.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    fn point(at: &[f64], kind: StatePointKind) -> StatePoint {
        StatePoint { at: at.to_vec(), kind, on_kink: false, modes: Vec::new(), label: String::new() }
    }

    fn figure() -> StateSpace {
        let axis = |name: &str| StateAxis { name: name.into(), variance: Some(0.5) };
        let mut saddle = point(&[0.0, 0.0], StatePointKind::Unstable);
        saddle.modes = vec![vec![0.5, 0.0]];
        saddle.label = "saddle".into();
        StateSpace {
            axes: vec![axis("PC 1"), axis("PC 2")],
            trajectories: vec![array![[0.0, 0.1], [1.0, 0.1], [2.0, 0.0]]],
            points: vec![
                point(&[2.0, 0.0], StatePointKind::Stable),
                saddle,
                point(&[-2.0, 0.0], StatePointKind::Stable),
                point(&[1.0, 1.0], StatePointKind::Slow),
            ],
            links: vec![StateLink { from: 1, to: 0 }, StateLink { from: 1, to: 2 }],
            arrows: vec![StateArrow { name: "motion".into(), from: vec![0.0, 0.0], to: vec![0.0, 1.0] }],
        }
    }

    fn svg(figure: &StateSpace) -> String {
        figure.draw().unwrap().into_svg()
    }

    fn refusal(change: impl FnOnce(&mut StateSpace)) -> String {
        let mut figure = figure();
        change(&mut figure);
        figure.draw().err().expect("the figure must be refused").to_string()
    }

    #[test]
    fn the_legend_counts_points_by_kind_and_axes_say_their_variance() {
        let svg = svg(&figure());
        for text in [">2 stable<", ">1 unstable<", ">1 slow<", ">1 trajectory<", ">PC 1 (50.0 %)<", ">motion<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        assert!(svg.contains(">saddle<") && !svg.contains("marginal") && !svg.contains("kink"), "{svg}");
    }

    #[test]
    fn three_directions_are_two_panels_with_the_first_along_x() {
        let mut figure = figure();
        figure.axes.push(StateAxis { name: "PC 3".into(), variance: None });
        figure.trajectories.clear();
        figure.arrows.clear();
        for point in &mut figure.points {
            point.at.push(0.25);
            point.modes.iter_mut().for_each(|mode| mode.push(0.0));
        }
        let svg = svg(&figure);
        assert_eq!(svg.matches(">PC 1 (50.0 %)<").count(), 2, "{svg}");
        assert!(svg.contains(">PC 2 (50.0 %)<") && svg.contains(">PC 3<"), "{svg}");
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        assert!(refusal(|figure| figure.axes.truncate(1)).contains("`axes` has 1 entries; give two or three"));
        assert!(refusal(|figure| figure.axes[0].variance = Some(50.0)).contains("`axes[].variance` holds 50"));
        assert!(refusal(|figure| figure.points[1].at[0] = f64::NAN).contains("`points[1].at` holds NaN"));
        assert!(refusal(|figure| figure.points[1].modes[0].push(0.0)).contains("has 3 numbers; there are 2 axes"));
        assert!(refusal(|figure| figure.links[1].to = 4).contains("`links[1]` names point 4, but there are 4"));
        assert!(refusal(|figure| figure.trajectories[0] = array![[1.0]]).contains("(1, 1); it must be (steps, 2)"));
        let empty = refusal(|figure| {
            figure.trajectories.clear();
            figure.points.clear();
            figure.links.clear();
        });
        assert!(empty.contains("`trajectories and points` is empty"), "{empty}");
    }
}
