//! Fixed points against an input: which there are, which are stable, and where that changes.

use std::path::Path;

use nn4n_analysis::fixed_points::continuation::{Branch, BranchPoint};

use super::PlotError;
use super::axis::Axis;
use super::canvas::{Canvas, Point, Stroke};
use super::error::{require, require_finite, require_some};
use super::key::{Dot, Mark, key, key_width};
use super::labels::Labels;
use super::panel::{Panel, padded_range};
use super::save::save;
use super::style::{INK, MARGINAL, STABLE, THICK, UNSTABLE};

/// Left, top, width and height of the data area.
const AREA: (f64, f64, f64, f64) = (72.0, 16.0, 360.0, 270.0);
/// Bifurcations nearer than this are one, as a part of the range of either axis.
const SAME: f64 = 1e-3;

/// Branches of fixed points: solid and black where they are stable, dashed and red where they are not, with the
/// bifurcations where that changes.
#[derive(Clone, Debug, PartialEq)]
pub struct BifurcationDiagram {
    /// What x is, such as the name of an input.
    pub x: String,
    /// What y is, such as an output or a component of the state.
    pub y: String,
    /// At least one.
    pub branches: Vec<DiagramBranch>,
    /// One that stands at the same place as another of its kind is drawn once.
    pub bifurcations: Vec<DiagramBifurcation>,
}

/// A branch, in the order along it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DiagramBranch {
    /// At least one.
    pub points: Vec<DiagramPoint>,
}

/// A fixed point of a branch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiagramPoint {
    /// The input.
    pub x: f64,
    /// Where it is.
    pub y: f64,
    /// Whether all small perturbations decay.
    pub is_stable: bool,
}

/// Where a branch changes.
#[derive(Clone, Debug, PartialEq)]
pub struct DiagramBifurcation {
    /// What happens, such as `fold`.
    pub name: String,
    /// The input.
    pub x: f64,
    /// Where the fixed point is.
    pub y: f64,
}

/// The line that inputs change along, as the axis of a diagram.
#[derive(Clone, Debug, PartialEq)]
pub struct InputAxis {
    /// What it is called, such as the name of an input.
    pub name: String,
    /// Its value at `s = 0`.
    pub from: f64,
    /// Its value at `s = 1`.
    pub to: f64,
}

impl BifurcationDiagram {
    /// Branches along an input, with `coordinate` of a state (units), called `y`, on the other axis.
    pub fn of(branches: &[Branch], input: &InputAxis, y: &str, coordinate: impl Fn(&[f64]) -> f64) -> Self {
        let x = |s: f64| input.from + s * (input.to - input.from);
        let branch = |branch: &Branch| {
            let place = |point: &BranchPoint| (point.s, coordinate(&point.x), point.unstable_dimensions == 0);
            let points: Vec<_> = branch.points.iter().map(place).collect();
            let point = |(s, y, is_stable): (f64, f64, bool)| DiagramPoint { x: x(s), y, is_stable };
            DiagramBranch { points: within(points).into_iter().map(point).collect() }
        };
        let bifurcations = branches.iter().flat_map(|branch| &branch.bifurcations).map(|point| DiagramBifurcation {
            name: point.kind.name().into(),
            x: x(point.s),
            y: coordinate(&point.x),
        });
        Self {
            x: input.name.clone(),
            y: y.into(),
            branches: branches.iter().map(branch).collect(),
            bifurcations: bifurcations.collect(),
        }
    }

    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no branch, one has no point, a number is not finite, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let (left, top, width, height) = AREA;
        let entries = self.entries();
        let mut canvas = Canvas::new(left + width + 20.0 + key_width(&entries) + 12.0, top + height + 54.0);
        let points = || self.branches.iter().flat_map(|branch| &branch.points);
        let (x_low, x_high) = padded_range(points().map(|point| point.x), 0.0);
        let (y_low, y_high) = padded_range(points().map(|point| point.y), 0.06);
        let panel = Panel {
            x: Axis::linear(x_low, x_high, (left, left + width)),
            y: Axis::linear(y_low, y_high, (top + height, top)),
        };
        // Stable branches are drawn over the others.
        for wanted in [false, true] {
            self.branches.iter().for_each(|branch| branch.draw(&mut canvas, &panel, wanted));
        }
        self.mark_bifurcations(&mut canvas, &panel);
        panel.left_axis(&mut canvas, &panel.y.ticks(5), &self.y);
        panel.bottom_axis(&mut canvas, &panel.x.ticks(6), &self.x);
        key(&mut canvas, (left + width + 20.0, top), &entries);
        Ok(canvas)
    }

    fn mark_bifurcations(&self, canvas: &mut Canvas, panel: &Panel) {
        let ((left, right), (bottom, top)) = (panel.x.pixels(), panel.y.pixels());
        let mut labels = Labels::new((left, top, right, bottom));
        for pair in self.branches.iter().flat_map(|branch| branch.points.windows(2)) {
            let [from, to] = [pair[0], pair[1]].map(|point| panel.at((point.x, point.y)));
            labels.avoid_line(from, to);
        }
        let marked = self.different_bifurcations(panel);
        for bifurcation in &marked {
            let at = panel.at((bifurcation.x, bifurcation.y));
            mark().draw(canvas, at);
            labels.avoid(at, 4.0);
        }
        for (at, name, count) in named_together(&marked, panel) {
            let text = if count > 1 { format!("{count} \u{d7} {name}") } else { name.to_owned() };
            labels.place(canvas, at, &text, INK);
        }
    }

    fn different_bifurcations(&self, panel: &Panel) -> Vec<&DiagramBifurcation> {
        let ((left, right), (bottom, top)) = (panel.x.pixels(), panel.y.pixels());
        let mut found: Vec<&DiagramBifurcation> = Vec::new();
        for bifurcation in &self.bifurcations {
            let at = panel.at((bifurcation.x, bifurcation.y));
            let is_same = |other: &&DiagramBifurcation| {
                let there = panel.at((other.x, other.y));
                other.name == bifurcation.name
                    && (there.0 - at.0).abs() < SAME * (right - left)
                    && (there.1 - at.1).abs() < SAME * (bottom - top)
            };
            if !found.iter().any(is_same) {
                found.push(bifurcation);
            }
        }
        found
    }

    fn entries(&self) -> Vec<(String, Mark)> {
        let points = || self.branches.iter().flat_map(|branch| &branch.points);
        let of = |stable: bool, name: &str| {
            points().any(|point| point.is_stable == stable).then(|| (name.to_owned(), Mark::Line(stroke(stable))))
        };
        let bifurcation = (!self.bifurcations.is_empty()).then(|| ("bifurcation".to_owned(), Mark::Dot(mark())));
        [of(true, "stable"), of(false, "unstable"), bifurcation].into_iter().flatten().collect()
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("branches", self.branches.len())?;
        for (i, branch) in self.branches.iter().enumerate() {
            let field = format!("branches[{i}].points");
            require_some(&field, branch.points.len())?;
            require_finite(&field, branch.points.iter().flat_map(|point| [point.x, point.y]))?;
        }
        require_finite("bifurcations", self.bifurcations.iter().flat_map(|point| [point.x, point.y]))?;
        let named = self.bifurcations.iter().all(|bifurcation| !bifurcation.name.is_empty());
        require(named, "bifurcations", || "has one without a name; say what happens there".into())
    }
}

impl DiagramBranch {
    /// The parts that are stable, or those that are not. A change lies half way between two points.
    fn draw(&self, canvas: &mut Canvas, panel: &Panel, stable: bool) {
        let at = |point: &DiagramPoint| (point.x, point.y);
        let middle = |a: &DiagramPoint, b: &DiagramPoint| (0.5 * (a.x + b.x), 0.5 * (a.y + b.y));
        let mut start = 0;
        while start < self.points.len() {
            let own = self.points[start].is_stable;
            let after = (start..self.points.len()).find(|&i| self.points[i].is_stable != own);
            let end = after.unwrap_or(self.points.len());
            if own == stable {
                let before = start.checked_sub(1).map(|i| middle(&self.points[i], &self.points[start]));
                let next = after.map(|i| middle(&self.points[i - 1], &self.points[i]));
                let part = self.points[start..end].iter().map(at);
                panel.curve(canvas, before.into_iter().chain(part).chain(next), stroke(stable));
            }
            start = end;
        }
    }
}

/// Those of one name at the same input share a label if they are neighbours: (where, name, how many). At another input
/// it is another bifurcation, however near it is drawn.
fn named_together<'a>(marked: &[&'a DiagramBifurcation], panel: &Panel) -> Vec<(Point, &'a str, usize)> {
    /// Pixels between marks at the same input, and between neighbours.
    const SAME: f64 = 2.0;
    const NEAR: f64 = 18.0;
    let mut sorted: Vec<(&str, Point)> =
        marked.iter().map(|one| (one.name.as_str(), panel.at((one.x, one.y)))).collect();
    // By name and input, and downwards where both are the same.
    let column = |x: f64| (x / SAME).round();
    sorted.sort_by(|(a, at), (b, there)| {
        a.cmp(b).then(column(at.0).total_cmp(&column(there.0))).then(at.1.total_cmp(&there.1))
    });
    let is_next = |(a, at): &(&str, Point), (b, there): &(&str, Point)| {
        a == b && (at.0 - there.0).abs() <= SAME && (at.1 - there.1).abs() < NEAR
    };
    sorted.chunk_by(is_next).map(|group| (group[group.len() / 2].1, group[0].0, group.len())).collect()
}

/// (s, y, stable) without what lies beyond s = 0 and s = 1: there a branch is cut.
fn within(points: Vec<(f64, f64, bool)>) -> Vec<(f64, f64, bool)> {
    let inside = |s: f64| (0.0..=1.0).contains(&s);
    let cut = |i: usize, neighbour: usize| {
        let ((s, y, _), (there, other, is_stable)) = (points[i], points[neighbour]);
        let edge = s.clamp(0.0, 1.0);
        (edge, other + (edge - there) / (s - there) * (y - other), is_stable)
    };
    let of = |i: usize| {
        let neighbours = [i.checked_sub(1), (i + 1 < points.len()).then_some(i + 1)];
        match points[i].0 {
            s if inside(s) => Some(points[i]),
            _ => neighbours.into_iter().flatten().find(|n| inside(points[*n].0)).map(|n| cut(i, n)),
        }
    };
    (0..points.len()).filter_map(of).collect()
}

fn stroke(stable: bool) -> Stroke {
    if stable { Stroke::solid(STABLE, THICK) } else { Stroke::dashed(UNSTABLE, THICK) }
}

fn mark() -> Dot {
    Dot::new(MARGINAL, 3.6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branch(points: &[(f64, f64, bool)]) -> DiagramBranch {
        DiagramBranch { points: points.iter().map(|&(x, y, is_stable)| DiagramPoint { x, y, is_stable }).collect() }
    }

    fn figure(branches: &[DiagramBranch], folds: &[(f64, f64)]) -> BifurcationDiagram {
        let fold = |&(x, y): &(f64, f64)| DiagramBifurcation { name: "fold".into(), x, y };
        BifurcationDiagram {
            x: "input".into(),
            y: "state".into(),
            branches: branches.to_vec(),
            bifurcations: folds.iter().map(fold).collect(),
        }
    }

    #[test]
    fn the_same_bifurcation_of_two_branches_is_named_once() {
        let up = branch(&[(0.0, 1.0, true), (0.5, 0.0, true), (0.0, -1.0, false)]);
        let svg = figure(&[up.clone(), up], &[(0.5, 0.0), (0.5, 1e-4), (0.1, 0.9)]).draw().unwrap().into_svg();
        assert_eq!(svg.matches(">fold<").count(), 2, "{svg}");
        for text in [">stable<", ">unstable<", ">bifurcation<", ">input<", ">state<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
    }

    #[test]
    fn bifurcations_share_a_label_where_they_are_at_the_same_input_and_next_to_each_other() {
        let panel = Panel { x: Axis::linear(0.0, 1.0, (0.0, 100.0)), y: Axis::linear(0.0, 1.0, (100.0, 0.0)) };
        let of = |name: &str, x: f64, y: f64| DiagramBifurcation { name: name.into(), x, y };
        let all = [
            of("fold", 0.5, 0.9),
            of("Hopf", 0.5, 0.5),
            of("fold", 0.6, 0.5),
            of("fold", 0.5, 0.5),
            of("fold", 0.5, 0.4),
            of("fold", 0.5, 0.6),
        ];
        let mut order: Vec<&DiagramBifurcation> = all.iter().collect();
        let found = named_together(&order, &panel);
        let counts: Vec<(&str, usize)> = found.iter().map(|(_, name, count)| (*name, *count)).collect();
        // Three in a row, one far above them, one at another input, and another kind among them.
        assert_eq!(counts, [("Hopf", 1), ("fold", 1), ("fold", 3), ("fold", 1)]);
        assert_eq!(found[2].0, (50.0, 50.0));
        order.reverse();
        assert_eq!(named_together(&order, &panel), found);
    }

    #[test]
    fn a_branch_changes_its_look_half_way_between_points() {
        let branch = branch(&[(0.0, 0.0, true), (1.0, 0.0, true), (2.0, 0.0, false)]);
        let panel = Panel { x: Axis::linear(0.0, 2.0, (0.0, 20.0)), y: Axis::linear(-1.0, 1.0, (20.0, 0.0)) };
        let mut canvas = Canvas::new(20.0, 20.0);
        branch.draw(&mut canvas, &panel, true);
        let svg = canvas.into_svg();
        assert!(svg.contains("15") && !svg.contains("20 10"), "{svg}");
    }

    #[test]
    fn a_branch_is_cut_where_it_leaves_the_line_of_inputs() {
        let cut = within(vec![(-0.5, 0.0, true), (0.5, 1.0, true), (0.9, 2.0, false), (1.1, 4.0, false)]);
        assert_eq!(cut[0], (0.0, 0.5, true));
        assert_eq!(cut.len(), 4);
        assert!((cut[3].0 - 1.0).abs() < 1e-12 && (cut[3].1 - 3.0).abs() < 1e-12, "{cut:?}");
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        let refusal = |figure: BifurcationDiagram| figure.draw().err().unwrap().to_string();
        assert!(refusal(figure(&[], &[])).contains("`branches` is empty"));
        assert!(refusal(figure(&[branch(&[])], &[])).contains("`branches[0].points` is empty"));
        let there = branch(&[(0.0, 0.0, true)]);
        assert!(refusal(figure(&[there], &[(f64::NAN, 0.0)])).contains("`bifurcations` holds NaN"));
        assert!(refusal(figure(&[branch(&[(0.0, f64::INFINITY, true)])], &[])).contains("holds inf"));
    }
}
