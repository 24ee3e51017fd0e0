//! How weights are distributed, from each group of units to each other one.

use std::path::Path;

use ndarray::Array2;

use super::axis::Axis;
use super::canvas::{Align, Canvas, Stroke};
use super::color_scale::ColorScale;
use super::error::{require, require_finite, require_some};
use super::panel::{Panel, note};
use super::save::save;
use super::style::{FAINT, INK, NEGATIVE, POSITIVE, SMALL, TEXT, THIN, text_width, widest};
use super::unit_group::validate_groups;
use super::{PlotError, UnitGroup};

/// Top of the first row of panels, and the gaps between panels.
const TOP: f64 = 60.0;
const GAP: (f64, f64) = (28.0, 26.0);
/// Width and height of all panels together, about, and the least of one.
const ALL: (f64, f64) = (460.0, 330.0);
const LEAST: (f64, f64) = (58.0, 34.0);
const MOST: (f64, f64) = (240.0, 170.0);
/// Above so many groups, pairs without synapses are left empty: they are most, and their names would be all that is seen.
const MANY: usize = 6;
/// Bins of a histogram: odd, so that none has zero at its edge.
const BINS: usize = 41;

/// Histograms of the weights that are not zero: one panel for each pair of groups, postsynaptic downwards and
/// presynaptic to the right as in the matrix. Positive weights are red, negative ones blue; all panels have the same
/// x axis, and each its own y axis. The few weights beyond the x axis are counted in its outermost bins.
#[derive(Clone, Debug)]
pub struct WeightHistograms {
    /// Effective recurrent weights `w[post, pre]`, (units, units).
    pub w_rec: Array2<f32>,
    /// Groups of units on both sides. A unit appears at most once.
    pub groups: Vec<UnitGroup>,
}

impl WeightHistograms {
    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If the weights are not square or not finite, there is no group, a unit does not exist or appears twice, or the
    /// file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let n = self.groups.len();
        let side = |all: f64, least: f64, most: f64| (all / n as f64).clamp(least, most);
        let (width, height) = (side(ALL.0, LEAST.0, MOST.0), side(ALL.1, LEAST.1, MOST.1));
        let names = widest(self.groups.iter().map(|group| group.name.as_str()), TEXT);
        let left = 40.0 + names + 16.0;
        let (step_x, step_y) = (width + GAP.0, height + GAP.1);
        let (right, bottom) = (left + n as f64 * step_x - GAP.0, TOP + n as f64 * step_y - GAP.1);
        let scale = ColorScale::weights(self.chosen());
        let mut remark = remark(&scale);
        if self.leaves_empty() {
            remark.push_str("; no synapses where nothing is drawn");
        }
        let total = (right + 24.0).max(left + text_width(&remark, SMALL) + 12.0);
        let mut canvas = Canvas::new(total, bottom + 72.0);
        for (row, to) in self.groups.iter().enumerate() {
            for (column, from) in self.groups.iter().enumerate() {
                let corner = (left + column as f64 * step_x, TOP + row as f64 * step_y);
                let panel = Panel {
                    x: Axis::linear(-scale.limit, scale.limit, (corner.0, corner.0 + width)),
                    y: Axis::linear(0.0, 1.0, (corner.1 + height, corner.1)),
                };
                self.draw_block(&mut canvas, &panel, to, from);
                if row + 1 == n {
                    panel.bottom_axis(&mut canvas, &thinned(panel.x), "");
                }
            }
        }
        self.name_groups(&mut canvas, (left, width, step_x), (height, step_y));
        canvas.vertical_text((14.0, (TOP + bottom) / 2.0), "Postsynaptic units", TEXT, Align::Centre, INK);
        canvas.text(((left + right) / 2.0, 12.0), "Presynaptic units", TEXT, Align::Centre, INK);
        canvas.text(((left + right) / 2.0, bottom + 38.0), "Weight", TEXT, Align::Centre, INK);
        note(&mut canvas, (left, bottom + 58.0), &remark, Align::Left);
        Ok(canvas)
    }

    fn leaves_empty(&self) -> bool {
        self.groups.len() > MANY
    }

    fn chosen(&self) -> impl Iterator<Item = f32> + Clone {
        let units = || self.groups.iter().flat_map(|group| group.units.iter().copied());
        units().flat_map(move |post| units().map(move |pre| self.w_rec[[post, pre]]))
    }

    fn draw_block(&self, canvas: &mut Canvas, panel: &Panel, to: &UnitGroup, from: &UnitGroup) {
        let pairs = to.units.iter().flat_map(|post| from.units.iter().map(move |pre| (*post, *pre)));
        let weights: Vec<f64> =
            pairs.map(|pair| f64::from(self.w_rec[[pair.0, pair.1]])).filter(|weight| *weight != 0.0).collect();
        if weights.is_empty() && self.leaves_empty() {
            return;
        }
        let (left, right) = panel.x.pixels();
        let (bottom, top) = panel.y.pixels();
        canvas.line((left, bottom), (right, bottom), Stroke::solid(FAINT, THIN));
        let count = if weights.is_empty() { "no synapse".into() } else { format!("n = {}", weights.len()) };
        note(canvas, (right, top - 7.0), &count, Align::Right);
        panel.vertical_guide(canvas, 0.0);
        let bins = bins(&weights, panel.x);
        let highest = bins.iter().map(|bin| bin.0 + bin.1).max().unwrap_or(0);
        if highest == 0 {
            return;
        }
        let y = Axis::linear(0.0, highest as f64, panel.y.pixels());
        let width = (right - left) / BINS as f64;
        for (i, (positive, negative)) in bins.into_iter().enumerate() {
            let x = left + i as f64 * width;
            // The bin about zero may hold both.
            for (below, count, color) in [(0, positive, POSITIVE), (positive, negative, NEGATIVE)] {
                let (from, to) = (y.pixel(below as f64), y.pixel((below + count) as f64));
                if count > 0 {
                    canvas.rect((x, to), width, from - to, color);
                }
            }
        }
    }

    fn name_groups(&self, canvas: &mut Canvas, (left, width, step_x): (f64, f64, f64), (height, step_y): (f64, f64)) {
        let upright = self.groups.iter().all(|group| text_width(&group.name, TEXT) < step_x);
        for (i, group) in self.groups.iter().enumerate() {
            let middle = TOP + i as f64 * step_y + height / 2.0;
            canvas.text((left - 12.0, middle), &group.name, TEXT, Align::Right, INK);
            let x = left + i as f64 * step_x + width / 2.0;
            // Names too wide to stand side by side take turns in height.
            let lift = if upright || i % 2 == 0 { 0.0 } else { -9.0 };
            canvas.text((x, TOP - 22.0 + lift), &group.name, if upright { TEXT } else { SMALL }, Align::Centre, INK);
        }
    }

    fn validate(&self) -> Result<(), PlotError> {
        let (rows, columns) = self.w_rec.dim();
        require_some("w_rec", self.w_rec.len())?;
        require(rows == columns, "w_rec", || format!("has shape ({rows}, {columns}); it must be (units, units)"))?;
        require_finite("w_rec", self.w_rec.iter().map(|&w| f64::from(w)))?;
        validate_groups(&self.groups, rows)
    }
}

/// Numbers of positive and of negative weights in each bin.
fn bins(weights: &[f64], x: Axis) -> Vec<(usize, usize)> {
    let (left, right) = x.pixels();
    let mut bins = vec![(0, 0); BINS];
    for weight in weights {
        let place = (x.pixel(*weight) - left) / (right - left) * BINS as f64;
        let bin = &mut bins[(place.max(0.0) as usize).min(BINS - 1)];
        if *weight > 0.0 { bin.0 += 1 } else { bin.1 += 1 }
    }
    bins
}

/// Ticks about zero whose labels do not touch; where there is room for zero alone, which tells no scale, the outermost
/// ones.
fn thinned(x: Axis) -> Vec<(f64, String)> {
    let ticks = x.ticks(5);
    let room = widest(ticks.iter().map(|(_, label)| label.as_str()), SMALL) + 4.0;
    let zero = ticks.iter().position(|(value, _)| *value == 0.0).unwrap_or(0);
    let spacing = ticks.windows(2).map(|pair| x.pixel(pair[1].0) - x.pixel(pair[0].0)).fold(f64::MAX, f64::min);
    let every = (room / spacing).ceil().max(1.0) as usize;
    if let [first, .., last] = ticks.as_slice()
        && every > zero.max(ticks.len() - 1 - zero)
        && x.pixel(last.0) - x.pixel(first.0) >= room
    {
        return vec![first.clone(), last.clone()];
    }
    ticks.into_iter().enumerate().filter(|(i, _)| i.abs_diff(zero) % every == 0).map(|(_, tick)| tick).collect()
}

fn remark(scale: &ColorScale) -> String {
    let left_out = "weights that are 0 are left out";
    if scale.saturated > 0.0 { format!("{left_out}; {} the axis", scale.saturation_note()) } else { left_out.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure() -> WeightHistograms {
        // From unit 1 nothing but -0.5; the others positive.
        let w_rec = Array2::from_shape_fn((3, 3), |(post, pre)| match pre {
            1 => -0.5,
            _ if post == pre => 0.0,
            _ => 0.25,
        });
        let group = |name: &str, units: &[usize]| UnitGroup { name: name.into(), units: units.to_vec() };
        WeightHistograms { w_rec, groups: vec![group("E", &[0, 2]), group("I", &[1])] }
    }

    #[test]
    fn each_pair_of_groups_has_its_weights_that_are_not_zero() {
        let svg = figure().draw().unwrap().into_svg();
        // E to E two, I to E two, E to I two, I to I one.
        assert_eq!((svg.matches(">n = 2<").count(), svg.matches(">n = 1<").count()), (3, 1), "{svg}");
        assert_eq!(svg.matches(">E<").count(), 2, "{svg}");
        assert!(svg.contains(">Weight<") && svg.contains("left out"), "{svg}");
    }

    #[test]
    fn weights_fall_into_the_bins_of_their_values_and_those_beyond_into_the_outermost() {
        let x = Axis::linear(-1.0, 1.0, (0.0, 82.0));
        let found = bins(&[-9.0, -0.01, 0.02, 0.99, 9.0], x);
        assert_eq!((found[0], found[BINS / 2], found[BINS - 1]), ((0, 1), (1, 1), (2, 0)));
        assert_eq!(found.iter().map(|bin| bin.0 + bin.1).sum::<usize>(), 5);
    }

    #[test]
    fn labels_of_a_narrow_axis_do_not_touch_and_zero_is_one_of_them() {
        let labels = |width: f64| -> Vec<String> {
            thinned(Axis::linear(-0.4, 0.4, (0.0, width))).into_iter().map(|(_, label)| label).collect()
        };
        assert_eq!(labels(80.0), ["\u{2212}0.4", "0.0", "0.4"]);
        assert_eq!(labels(200.0).len(), 5);
        assert_eq!(labels(40.0), ["\u{2212}0.4", "0.4"]);
        assert_eq!(labels(20.0), ["0.0"]);
    }

    #[test]
    fn blocks_without_synapses_are_empty_where_there_are_many() {
        let groups = (0..7).map(|unit| UnitGroup { name: format!("g{unit}"), units: vec![unit] }).collect();
        let figure = WeightHistograms { w_rec: Array2::from_diag_elem(7, 0.5), groups };
        let svg = figure.draw().unwrap().into_svg();
        assert_eq!((svg.matches(">n = 1<").count(), svg.matches(">no synapse<").count()), (7, 0), "{svg}");
        assert!(svg.contains("no synapses where nothing is drawn"), "{svg}");
    }

    #[test]
    fn a_block_without_synapses_says_so_and_bad_weights_are_refused() {
        let mut figure = figure();
        figure.w_rec[[1, 1]] = 0.0;
        assert!(figure.draw().unwrap().into_svg().contains(">no synapse<"));
        figure.w_rec[[0, 0]] = f32::NAN;
        assert!(figure.draw().err().unwrap().to_string().contains("`w_rec` holds NaN"));
    }
}
