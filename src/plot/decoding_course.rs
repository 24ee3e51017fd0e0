//! How well a variable is decoded over time.

use std::path::Path;

use nn4n_analysis::{Decoding, decoding::Course};

use super::axis::Axis;
use super::canvas::{Align, Canvas, Stroke};
use super::error::{require, require_finite, require_some};
use super::key::{Mark, key, key_height, key_width};
use super::panel::{Panel, lanes, note};
use super::save::save;
use super::style::{FAINT, GREY, INK, Rgb, SMALL, THICK, THIN, series, text_width, tint, widest};
use super::{EpochSpan, PlotError};

/// Width and height of a panel.
const SIZE: (f64, f64) = (380.0, 190.0);
/// Between two panels.
const GAP: f64 = 34.0;
/// Height of a lane of names of epochs.
const LANE: f64 = 13.0;
/// Every other epoch, and the shuffles.
const SHADED: Rgb = (244, 244, 244);
const SHUFFLED: Rgb = (208, 208, 208);
/// A value is above chance where its corrected p is below this.
const LEVEL: f64 = 0.05;
/// A curve of R2 is drawn down to this far below chance.
const FLOOR: f64 = 0.5;

/// The score of a decoder against time, with its 95 % interval, the range of shuffles behind it, their mean dashed, and
/// a bar where it is above chance.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodingCourse {
    /// The middle of each bin, ms, ascending.
    pub time_ms: Vec<f64>,
    /// Epochs on the same axis, every other shaded; may be empty.
    pub epochs: Vec<EpochSpan>,
    /// One for each measure, at least one.
    pub panels: Vec<CoursePanel>,
    /// A remark below the epochs, such as what the intervals are over; empty for none.
    pub remark: String,
}

/// One measure; every list has a number for each bin, NaN where there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct CoursePanel {
    /// What it is: the label of the y axis.
    pub measure: String,
    /// What guessing reaches.
    pub guessing: f64,
    /// The score.
    pub value: Vec<f64>,
    /// 95 % interval.
    pub low: Vec<f64>,
    /// 95 % interval.
    pub high: Vec<f64>,
    /// The mean of shuffles.
    pub chance: Vec<f64>,
    /// The range of 95 % of the shuffles.
    pub chance_low: Vec<f64>,
    /// The range of 95 % of the shuffles.
    pub chance_high: Vec<f64>,
    /// p of each bin, corrected for the number of bins.
    pub p: Vec<f64>,
}

impl DecodingCourse {
    /// Of the bins from the first to the last that has a number.
    pub fn of(found: &Decoding, epochs: Vec<EpochSpan>) -> Self {
        let has = |bin: &usize| !found.course.value[*bin].is_nan();
        let first = (0..found.time_ms.len()).find(has).unwrap_or(0);
        let last = (0..found.time_ms.len()).rfind(has).map_or(0, |last| last + 1);
        let panel = |course: &Course| {
            let part = |values: &[f64]| values[first..last].to_vec();
            CoursePanel {
                measure: words(course.measure).into(),
                guessing: course.guessing,
                value: part(&course.value),
                low: part(&course.low),
                high: part(&course.high),
                chance: part(&course.chance),
                chance_low: part(&course.chance_low),
                chance_high: part(&course.chance_high),
                p: part(&course.p_corrected),
            }
        };
        Self {
            time_ms: found.time_ms[first..last].to_vec(),
            epochs,
            panels: found.courses().map(panel).collect(),
            remark: match found.course.low.iter().all(|low| low.is_nan()) {
                true => format!("{}: no interval, as {} are too few", found.variable, found.interval_over),
                false => format!("{}: 95 % interval over {}", found.variable, found.interval_over),
            },
        }
    }

    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is no panel or bin, a list has another length or an infinite number, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let n = self.panels.len();
        let (width, height) = SIZE;
        let ticks: Vec<Vec<(f64, String)>> =
            self.panels.iter().map(|panel| panel.axis((height, 0.0)).ticks(5)).collect();
        let labels = ticks.iter().flatten().map(|(_, label)| label.as_str());
        let left = (widest(labels, SMALL) + 46.0).ceil();
        let time = self.time_axis((left, left + width));
        let names = self.epoch_names(time);
        let top = 44.0 + LANE * names.iter().map(|(_, _, lane)| lane + 1).max().unwrap_or(0) as f64;
        let bottom = top + n as f64 * (height + GAP) - GAP;
        let entries = self.entries();
        let beside = left + width + 20.0;
        let mut canvas = Canvas::new(
            beside + key_width(&entries) + 12.0,
            (bottom + 54.0).max(top + key_height(entries.len()) + 8.0),
        );
        note(&mut canvas, (left, 12.0), &self.remark, Align::Left);
        for (name, x, lane) in &names {
            canvas.text((*x, top - 16.0 - LANE * *lane as f64), name, SMALL, Align::Centre, INK);
        }
        for (i, (of_panel, ticks)) in self.panels.iter().zip(&ticks).enumerate() {
            let above = top + i as f64 * (height + GAP);
            let panel = Panel { x: time, y: of_panel.axis((above + height, above)) };
            self.draw_panel(&mut canvas, &panel, of_panel);
            panel.left_axis(&mut canvas, ticks, &of_panel.measure);
        }
        let lowest = Panel { x: time, y: Axis::linear(0.0, 1.0, (bottom, top)) };
        lowest.bottom_axis(&mut canvas, &time.ticks(7), "Time (ms)");
        key(&mut canvas, (beside, top), &entries);
        Ok(canvas)
    }

    fn draw_panel(&self, canvas: &mut Canvas, panel: &Panel, of: &CoursePanel) {
        let ((left, right), (bottom, top)) = (panel.x.pixels(), panel.y.pixels());
        for epoch in self.epochs.iter().skip(1).step_by(2) {
            let [start, end] = [epoch.start, epoch.end].map(|time| panel.x.pixel(time).clamp(left, right));
            canvas.rect((start, top), end - start, bottom - top, SHADED);
        }
        self.band(canvas, panel, (&of.chance_low, &of.chance_high), SHUFFLED);
        self.band(canvas, panel, (&of.low, &of.high), tint(series(0), 0.3));
        if self.time_ms[0] < 0.0 {
            panel.vertical_guide(canvas, 0.0);
        }
        let chance = Stroke::dashed(GREY, THIN);
        if of.has_shuffles() {
            self.line(canvas, panel, &of.chance, chance);
        } else {
            canvas.line((left, panel.y.pixel(of.guessing)), (right, panel.y.pixel(of.guessing)), chance);
        }
        self.line(canvas, panel, &of.value, Stroke::solid(series(0), THICK));
        let half = self.half_bin();
        for (time, _) in self.time_ms.iter().zip(&of.p).filter(|(_, p)| **p < LEVEL) {
            let [from, to] = [time - half, time + half].map(|time| panel.x.pixel(time).clamp(left, right));
            canvas.rect((from, top - 5.0), to - from, 3.0, INK);
        }
    }

    /// The area between two lines, piece by piece between gaps, within the panel.
    fn band(&self, canvas: &mut Canvas, panel: &Panel, (low, high): (&[f64], &[f64]), fill: Rgb) {
        let (bottom, top) = panel.y.pixels();
        let at = |time: f64, value: f64| (panel.x.pixel(time), panel.y.pixel(value).clamp(top, bottom));
        let there = |bin: &usize| !low[*bin].is_nan() && !high[*bin].is_nan();
        let bins: Vec<usize> = (0..low.len()).collect();
        for piece in bins.split(|bin| !there(bin)).filter(|piece| piece.len() > 1) {
            let ends = piece.iter().map(|bin| at(self.time_ms[*bin], high[*bin]));
            let back = piece.iter().rev().map(|bin| at(self.time_ms[*bin], low[*bin]));
            canvas.polygon(&ends.chain(back).collect::<Vec<_>>(), fill);
        }
    }

    fn line(&self, canvas: &mut Canvas, panel: &Panel, values: &[f64], stroke: Stroke) {
        let points: Vec<(f64, f64)> = self.time_ms.iter().copied().zip(values.iter().copied()).collect();
        for piece in points.split(|(_, value)| value.is_nan()).filter(|piece| !piece.is_empty()) {
            panel.curve_within(canvas, piece.iter().copied(), stroke);
            if let [alone] = piece {
                canvas.dot(panel.at(*alone), 2.0, stroke.color);
            }
        }
    }

    fn half_bin(&self) -> f64 {
        self.time_ms.windows(2).map(|pair| 0.5 * (pair[1] - pair[0])).fold(f64::MAX, f64::min).min(1e9)
    }

    fn time_axis(&self, pixels: (f64, f64)) -> Axis {
        let half = if self.time_ms.len() > 1 { self.half_bin() } else { 0.0 };
        Axis::linear(self.time_ms[0] - half, self.time_ms[self.time_ms.len() - 1] + half, pixels)
    }

    /// Name, centre and lane of each epoch that is seen.
    fn epoch_names(&self, time: Axis) -> Vec<(&str, f64, usize)> {
        let (left, right) = time.pixels();
        let seen = self.epochs.iter().filter_map(|epoch| {
            let [start, end] = [epoch.start, epoch.end].map(|at| time.pixel(at).clamp(left, right));
            (end > start).then_some((epoch.name.as_str(), 0.5 * (start + end)))
        });
        let seen: Vec<(&str, f64)> = seen.collect();
        let of = lanes(seen.iter().map(|(name, x)| (*x, text_width(name, SMALL))));
        seen.into_iter().zip(of).map(|((name, x), lane)| (name, x, lane)).collect()
    }

    fn entries(&self) -> Vec<(String, Mark)> {
        let has_shuffles = self.panels.iter().any(CoursePanel::has_shuffles);
        let mut entries = vec![("decoded".to_owned(), Mark::Line(Stroke::solid(series(0), THICK)))];
        if self.panels.iter().any(|panel| panel.low.iter().any(|low| !low.is_nan())) {
            entries.push(("95 % interval".into(), Mark::Patch(tint(series(0), 0.3))));
        }
        if has_shuffles {
            entries.push(("mean of shuffles".into(), Mark::Line(Stroke::dashed(GREY, THIN))));
            entries.push(("95 % of shuffles".into(), Mark::Patch(SHUFFLED)));
            entries.push(("p < 0.05, corrected".into(), Mark::Line(Stroke::solid(INK, 3.0))));
        } else {
            entries.push(("chance".into(), Mark::Line(Stroke::dashed(FAINT, THIN))));
        }
        entries
    }

    fn validate(&self) -> Result<(), PlotError> {
        require_some("time_ms", self.time_ms.len())?;
        require_finite("time_ms", self.time_ms.iter().copied())?;
        let ascends = self.time_ms.windows(2).all(|pair| pair[0] < pair[1]);
        require(ascends, "time_ms", || "must ascend; sort the bins".into())?;
        require_some("panels", self.panels.len())?;
        for (i, epoch) in self.epochs.iter().enumerate() {
            require_finite(&format!("epochs[{i}]"), [epoch.start, epoch.end])?;
        }
        for (i, panel) in self.panels.iter().enumerate() {
            require_finite(&format!("panels[{i}].guessing"), [panel.guessing])?;
            for (name, values) in panel.lists() {
                let (field, n) = (format!("panels[{i}].{name}"), self.time_ms.len());
                require(values.len() == n, &field, || format!("has {} entries; there are {n} bins", values.len()))?;
                require_finite(&field, values.iter().copied().filter(|value| !value.is_nan()))?;
            }
        }
        Ok(())
    }
}

impl CoursePanel {
    fn lists(&self) -> [(&'static str, &[f64]); 7] {
        [
            ("value", &self.value),
            ("low", &self.low),
            ("high", &self.high),
            ("chance", &self.chance),
            ("chance_low", &self.chance_low),
            ("chance_high", &self.chance_high),
            ("p", &self.p),
        ]
    }

    fn has_shuffles(&self) -> bool {
        self.chance.iter().any(|value| !value.is_nan())
    }

    /// From just below the lowest of what is drawn, but no deeper than the floor below chance, to just above the
    /// highest score.
    fn axis(&self, pixels: (f64, f64)) -> Axis {
        let (floor, ceiling) = (self.guessing - FLOOR, 1.0);
        let drawn =
            self.value.iter().chain(&self.low).chain(&self.high).chain(&self.chance_low).chain(&self.chance_high);
        let there = drawn.filter(|value| !value.is_nan());
        let (low, high) = there
            .fold((self.guessing, self.guessing), |(low, high): (f64, f64), value| (low.min(*value), high.max(*value)));
        Axis::linear(low.max(floor), high.min(ceiling), pixels).padded(0.04)
    }
}

/// A measure in words.
pub(super) fn words(measure: &str) -> &str {
    match measure {
        "balanced_accuracy" => "Balanced accuracy",
        "r2" => "R\u{b2}",
        "sign_accuracy" => "Accuracy of the sign",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: &[f64]) -> DecodingCourse {
        let n = value.len();
        let shifted = |by: f64| value.iter().map(|value| value + by).collect::<Vec<_>>();
        let panel = CoursePanel {
            measure: "Balanced accuracy".into(),
            guessing: 0.5,
            value: value.to_vec(),
            low: shifted(-0.05),
            high: shifted(0.05),
            chance: vec![0.5; n],
            chance_low: vec![0.4; n],
            chance_high: vec![0.6; n],
            p: value.iter().map(|value| if *value > 0.6 { 0.01 } else { 0.5 }).collect(),
        };
        let epoch = |name: &str, start: f64, end: f64| EpochSpan { name: name.into(), start, end };
        DecodingCourse {
            time_ms: (0..n).map(|bin| 50.0 * bin as f64 - 75.0).collect(),
            epochs: vec![epoch("fixation", -300.0, 0.0), epoch("stimulus", 0.0, 500.0)],
            panels: vec![panel],
            remark: "side: 95 % interval over folds".into(),
        }
    }

    #[test]
    fn a_curve_has_its_bands_its_chance_and_bars_where_it_is_above() {
        let svg = figure(&[0.5, 0.52, 0.7, 0.8]).draw().unwrap().into_svg();
        for text in
            [">Balanced accuracy<", ">Time (ms)<", ">stimulus<", ">mean of shuffles<", ">95 % interval<", ">fixation<"]
        {
            assert_eq!(svg.matches(text).count(), 1, "{text} in {svg}");
        }
        assert!(!svg.contains("NaN"));
        // Gaps and a single point are no reason to fail.
        assert!(!figure(&[0.5, f64::NAN, 0.7, f64::NAN, 0.6, 0.7]).draw().unwrap().into_svg().contains("NaN"));
        assert!(figure(&[0.7]).draw().is_ok());
    }

    #[test]
    fn without_shuffles_chance_is_what_guessing_reaches() {
        let mut bare = figure(&[0.5, 0.7]);
        let panel = &mut bare.panels[0];
        for list in [&mut panel.chance, &mut panel.chance_low, &mut panel.chance_high, &mut panel.p] {
            list.fill(f64::NAN);
        }
        let svg = bare.draw().unwrap().into_svg();
        assert!(svg.contains(">95 % interval<"));
        let panel = &mut bare.panels[0];
        [&mut panel.low, &mut panel.high].into_iter().for_each(|list| list.fill(f64::NAN));
        let svg = bare.draw().unwrap().into_svg();
        assert!(!svg.contains("interval<"), "what is not drawn has no entry: {svg}");
        assert!(svg.contains(">chance<") && !svg.contains("shuffles"), "{svg}");
    }

    #[test]
    fn lists_of_other_lengths_and_bins_out_of_order_are_refused() {
        let refusal = |figure: DecodingCourse| figure.draw().err().unwrap().to_string();
        let mut short = figure(&[0.5, 0.6]);
        short.panels[0].high.pop();
        assert!(refusal(short).contains("`panels[0].high` has 1 entries; there are 2 bins"));
        let mut turned = figure(&[0.5, 0.6]);
        turned.time_ms.reverse();
        assert!(refusal(turned).contains("`time_ms` must ascend"));
        assert!(refusal(figure(&[])).contains("`time_ms` is empty"));
    }
}
