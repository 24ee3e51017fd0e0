//! The recurrent weights as a picture: who drives whom, and with which sign.

use std::path::Path;

use ndarray::Array2;

use super::canvas::{Align, Canvas, Stroke};
use super::color_scale::ColorScale;
use super::error::{require, require_finite, require_some};
use super::panel::lanes;
use super::save::save;
use super::style::{FAINT, INK, TEXT, THIN, cell_size, widest};
use super::unit_group::validate_groups;
use super::{PlotError, UnitGroup};

/// Side that the matrix comes close to, with whole pixels per cell.
const SIDE: f64 = 400.0;
/// Top of the matrix.
const TOP: f64 = 14.0;
/// From the matrix to the brackets of the groups, and from there to the first lane of labels.
const BRACKET: f64 = 6.0;
/// Height of a lane of labels below the matrix.
const LANE: f64 = 15.0;

/// Recurrent weights as a heatmap, postsynaptic unit on y (downwards) and presynaptic unit on x.
///
/// Red is positive, blue negative, white exactly zero. The range is symmetric and robust: the few weights beyond it
/// share its end colour, and the colour bar says how many they are.
#[derive(Clone, Debug)]
pub struct WeightMatrix {
    /// Effective recurrent weights `w[post, pre]`, (units, units).
    pub w_rec: Array2<f32>,
    /// Order of the units on both axes, with a separator and a label per group. A unit appears at most once; units of
    /// no group are left out.
    pub groups: Vec<UnitGroup>,
}

/// Where a group lies along the matrix, in pixels.
struct Span<'a> {
    name: &'a str,
    start: f64,
    end: f64,
}

impl WeightMatrix {
    /// Writes the figure to `path`, `.svg` or `.png`.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let order: Vec<usize> = self.groups.iter().flat_map(|g| g.units.iter().copied()).collect();
        let n = order.len();
        let cell = cell_size(SIDE, n);
        let side = n as f64 * cell;
        let names = self.groups.iter().map(|g| g.name.as_str());
        let post = self.spans(TOP, cell);
        let post_lanes = lanes(post.iter().map(|s| (s.middle(), f64::from(TEXT))));
        let lane_width = widest(names, TEXT) + 8.0;
        let left = (38.0 + BRACKET + lane_width * count(&post_lanes)).ceil();
        let pre = self.spans(left, cell);
        let upright = lanes(pre.iter().map(|s| (s.middle(), widest([s.name], TEXT)))).iter().all(|&lane| lane == 0);
        // Names too wide to stand side by side are turned, which gives them the same lanes as on the other axis.
        let labels_below = BRACKET + if upright { LANE } else { lane_width * count(&post_lanes) };
        let mut canvas = Canvas::new(left + side + 110.0, TOP + side + labels_below + 34.0);

        let scale =
            ColorScale::weights(order.iter().flat_map(|&post| order.iter().map(move |&pre| self.w_rec[[post, pre]])));
        canvas.cells((left, TOP), (cell, cell), (n, n), |row, column| {
            scale.color(f64::from(self.w_rec[[order[row], order[column]]]))
        });
        draw_frame(&mut canvas, (left, TOP), side, &post, &pre);
        label_rows(&mut canvas, left, &post, &post_lanes, lane_width);
        if upright {
            label_columns(&mut canvas, TOP + side, &pre);
        } else {
            label_columns_turned(&mut canvas, TOP + side, &pre, &post_lanes, lane_width);
        }
        canvas.vertical_text((14.0, TOP + side / 2.0), "Postsynaptic unit", TEXT, Align::Centre, INK);
        canvas.text(
            (left + side / 2.0, TOP + side + labels_below + 16.0),
            "Presynaptic unit",
            TEXT,
            Align::Centre,
            INK,
        );
        scale.bar(&mut canvas, (left + side + 18.0, TOP + 22.0), (side / 2.0).min(160.0), "Weight");
        Ok(canvas)
    }

    fn spans(&self, origin: f64, cell: f64) -> Vec<Span<'_>> {
        let mut start = origin;
        let mut span = |group: &'_ UnitGroup| {
            let end = start + group.units.len() as f64 * cell;
            (std::mem::replace(&mut start, end), end)
        };
        self.groups.iter().map(|g| (g, span(g))).map(|(g, (start, end))| Span { name: &g.name, start, end }).collect()
    }

    fn validate(&self) -> Result<(), PlotError> {
        let (rows, columns) = self.w_rec.dim();
        require_some("w_rec", self.w_rec.len())?;
        require(rows == columns, "w_rec", || format!("has shape ({rows}, {columns}); it must be (units, units)"))?;
        require_finite("w_rec", self.w_rec.iter().map(|&w| f64::from(w)))?;
        validate_groups(&self.groups, rows)
    }
}

impl Span<'_> {
    fn middle(&self) -> f64 {
        (self.start + self.end) / 2.0
    }
}

/// Number of lanes in use.
fn count(lanes: &[usize]) -> f64 {
    lanes.iter().max().map_or(0.0, |&last| (last + 1) as f64)
}

/// The outline and the separators between groups.
fn draw_frame(canvas: &mut Canvas, (left, top): (f64, f64), side: f64, post: &[Span], pre: &[Span]) {
    let (right, bottom) = (left + side, top + side);
    let separator = Stroke::solid(INK, THIN * 0.75);
    for span in &post[1..] {
        canvas.line((left, span.start), (right, span.start), separator);
    }
    for span in &pre[1..] {
        canvas.line((span.start, top), (span.start, bottom), separator);
    }
    canvas.outline((left, top), (right, bottom), Stroke::solid(INK, THIN));
}

/// A bracket per group left of the matrix, its name beside it; a name that would touch another one moves outwards and
/// gets a leader.
fn label_rows(canvas: &mut Canvas, left: f64, spans: &[Span], lanes: &[usize], lane_width: f64) {
    let x = left - BRACKET;
    for (span, &lane) in spans.iter().zip(lanes) {
        canvas.line((x, span.start + 1.5), (x, span.end - 1.5), Stroke::solid(INK, 1.4));
        let at = x - 6.0 - lane as f64 * lane_width;
        if lane > 0 {
            canvas.line((x - 3.0, span.middle()), (at + 3.0, span.middle()), Stroke::solid(FAINT, THIN));
        }
        canvas.text((at, span.middle()), span.name, TEXT, Align::Right, INK);
    }
}

/// The same below the matrix, with room for all names side by side.
fn label_columns(canvas: &mut Canvas, bottom: f64, spans: &[Span]) {
    let y = bottom + BRACKET;
    for span in spans {
        canvas.line((span.start + 1.5, y), (span.end - 1.5, y), Stroke::solid(INK, 1.4));
        canvas.text((span.middle(), y + 11.0), span.name, TEXT, Align::Centre, INK);
    }
}

/// The same below the matrix, with the names turned.
fn label_columns_turned(canvas: &mut Canvas, bottom: f64, spans: &[Span], lanes: &[usize], lane_width: f64) {
    let y = bottom + BRACKET;
    for (span, &lane) in spans.iter().zip(lanes) {
        canvas.line((span.start + 1.5, y), (span.end - 1.5, y), Stroke::solid(INK, 1.4));
        let at = y + 6.0 + lane as f64 * lane_width;
        if lane > 0 {
            canvas.line((span.middle(), y + 3.0), (span.middle(), at - 3.0), Stroke::solid(FAINT, THIN));
        }
        canvas.vertical_text((span.middle(), at), span.name, TEXT, Align::Right, INK);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(groups: &[(&str, &[usize])]) -> WeightMatrix {
        let w_rec = Array2::from_shape_fn((3, 3), |(post, pre)| if pre == 2 { -1.0 } else { (post + pre) as f32 });
        let groups =
            groups.iter().map(|(name, units)| UnitGroup { name: (*name).to_owned(), units: units.to_vec() }).collect();
        WeightMatrix { w_rec, groups }
    }

    #[test]
    fn the_figure_names_its_groups_once_per_axis() {
        let svg = matrix(&[("Exc", &[0, 1]), ("Inh", &[2])]).draw().unwrap().into_svg();
        for label in [">Exc<", ">Inh<"] {
            assert_eq!(svg.matches(label).count(), 2, "{label} in {svg}");
        }
        assert!(svg.contains("Postsynaptic unit") && svg.contains("Presynaptic unit") && svg.contains(">Weight<"));
    }

    #[test]
    fn rows_are_postsynaptic_and_columns_presynaptic() {
        // The only weight is from unit 0 to unit 1: first column, second row.
        let mut w_rec = Array2::zeros((2, 2));
        w_rec[[1, 0]] = 0.5;
        let figure = WeightMatrix { w_rec, groups: vec![UnitGroup { name: "E".to_owned(), units: vec![0, 1] }] };
        let svg = figure.draw().unwrap().into_svg();
        let left = 38.0 + BRACKET + (widest(["E"], TEXT) + 8.0);
        let cell = format!("M{} {}h{}", left.ceil(), TOP + SIDE / 2.0, SIDE / 2.0);
        assert!(svg.contains(&cell), "{cell} in {svg}");
    }

    #[test]
    fn weights_that_are_not_a_finite_square_are_refused() {
        let mut nan = matrix(&[("E", &[0])]);
        nan.w_rec[[1, 1]] = f32::NAN;
        assert!(nan.draw().err().unwrap().to_string().contains("`w_rec` holds NaN"));
        let flat = WeightMatrix { w_rec: Array2::zeros((2, 3)), groups: vec![] };
        assert!(flat.draw().err().unwrap().to_string().contains("(2, 3)"));
        assert!(matches!(matrix(&[]).draw(), Err(PlotError::Empty { .. })));
    }
}
