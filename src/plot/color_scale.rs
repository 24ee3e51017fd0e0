//! From values to colours: one scale for values of one sign, one centred at zero for values of both, and the bar that
//! explains it.

use kuva::plot::ColorMap;

use super::axis::decimal_label;
use super::canvas::{Align, Canvas, Point, Stroke};
use super::style::{GREY, INK, Rgb, SMALL, THIN, TICK, WHITE, cell_size};

/// Fraction of the non-zero magnitudes that must lie within the range.
const COVERED: f64 = 0.99;
/// A range that covers everything is kept as long as it wastes less than this factor on the outliers.
const WASTE: f64 = 1.25;
/// Slack for values that are round numbers in f32.
const ROUNDING: f64 = 1e-6;
/// Magnitude, relative to the limit, below which colours are mixed with white.
const FADED: f64 = 0.1;
/// Width of the bar.
const BAR: f64 = 10.0;
/// Steps of colour in the bar.
const STEPS: usize = 64;

/// A map from values to colours. Zero, for example an absent synapse, is always white.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ColorScale {
    /// Largest magnitude with a colour of its own, two significant digits.
    pub limit: f64,
    /// Whether the scale also has colours below zero.
    pub diverging: bool,
    /// Fraction of all values that lie beyond the limit and share its colour.
    pub saturated: f64,
}

impl ColorScale {
    /// For weights: centred at zero, robust against the heavy tail that training leaves.
    pub fn weights(values: impl Iterator<Item = f32> + Clone) -> Self {
        let limit = robust_limit(values.clone());
        let (mut beyond, mut n) = (0usize, 0usize);
        for value in values {
            n += 1;
            beyond += usize::from(f64::from(value.abs()) > limit * (1.0 + ROUNDING));
        }
        Self { limit, diverging: true, saturated: beyond as f64 / n.max(1) as f64 }
    }

    /// For rates: as robust, from zero upwards, or centred at zero as soon as one value is negative.
    pub fn rates(values: impl Iterator<Item = f32> + Clone) -> Self {
        let diverging = values.clone().any(|v| v < 0.0);
        Self { diverging, ..Self::weights(values) }
    }

    /// For inputs and outputs, whose few large values are the message: covers all of them.
    pub fn channels(values: impl Iterator<Item = f32> + Clone) -> Self {
        let largest = values.clone().map(f32::abs).fold(0.0, f32::max);
        let limit = if largest > 0.0 { round_up(f64::from(largest)) } else { 1.0 };
        Self { limit, saturated: 0.0, ..Self::rates(values) }
    }

    /// Colour of a value.
    pub fn color(&self, value: f64) -> Rgb {
        if value == 0.0 {
            return WHITE;
        }
        let t = (value / self.limit).clamp(-1.0, 1.0);
        let color =
            if self.diverging { ColorMap::RedBlue.map_rgb(0.5 - 0.5 * t) } else { ColorMap::PurpleBlue.map_rgb(t) };
        fade(color.unwrap_or(INK), t.abs())
    }

    /// A vertical bar with its limits, from its top left corner. `label` goes above, what is saturated below.
    pub fn bar(&self, canvas: &mut Canvas, (left, top): Point, height: f64, label: &str) {
        let low = if self.diverging { -self.limit } else { 0.0 };
        let value = |fraction: f64| self.limit + fraction * (low - self.limit);
        let step = cell_size(height, STEPS);
        let height = step * STEPS as f64;
        canvas
            .cells((left, top), (BAR, step), (STEPS, 1), |row, _| self.color(value((row as f64 + 0.5) / STEPS as f64)));
        let right = left + BAR;
        canvas.outline((left, top), (right, top + height), Stroke::solid(INK, THIN * 0.75));
        let middle = if self.diverging { Some(0.0) } else { None };
        for v in [Some(self.limit), middle, Some(low)].into_iter().flatten() {
            let y = top + (self.limit - v) / (self.limit - low) * height;
            canvas.line((right, y), (right + TICK - 1.0, y), Stroke::solid(INK, THIN));
            canvas.text((right + TICK + 2.0, y), &self.end_label(v), SMALL, Align::Left, INK);
        }
        canvas.text((left, top - 14.0), label, SMALL, Align::Left, INK);
        if self.saturated > 0.0 {
            canvas.text((left, top + height + 14.0), &self.saturation_note(), SMALL, Align::Left, GREY);
        }
    }

    fn end_label(&self, value: f64) -> String {
        let sign = match (self.saturated > 0.0, value) {
            (true, v) if v == self.limit => "\u{2265} ",
            (true, v) if v == -self.limit => "\u{2264} ",
            _ => "",
        };
        format!("{sign}{}", significant_label(value))
    }

    /// For example `0.8 % beyond`.
    pub fn saturation_note(&self) -> String {
        let percent = 100.0 * self.saturated;
        if percent < 0.1 { "< 0.1 % beyond".to_owned() } else { format!("{percent:.1} % beyond") }
    }
}

/// The maps begin at an off-white; this lets them begin at white.
fn fade((r, g, b): Rgb, magnitude: f64) -> Rgb {
    let white = (1.0 - magnitude / FADED).max(0.0);
    let mix = |c: u8| (f64::from(c) + white * (255.0 - f64::from(c))).round() as u8;
    (mix(r), mix(g), mix(b))
}

/// The 99th percentile of the non-zero magnitudes, or their maximum where that is little more, rounded up to two
/// significant digits; 1 where all values are zero.
fn robust_limit(values: impl Iterator<Item = f32>) -> f64 {
    let mut magnitudes: Vec<f32> = values.filter(|&v| v != 0.0).map(f32::abs).collect();
    magnitudes.sort_by(f32::total_cmp);
    let Some(&largest) = magnitudes.last() else { return 1.0 };
    let covering = (COVERED * magnitudes.len() as f64).ceil() as usize;
    let robust = f64::from(magnitudes[covering.clamp(1, magnitudes.len()) - 1]);
    let largest = f64::from(largest);
    round_up(if largest <= WASTE * robust { largest } else { robust })
}

fn round_up(value: f64) -> f64 {
    let unit = 10f64.powf(value.log10().floor() - 1.0);
    (value / unit * (1.0 - ROUNDING)).ceil() * unit
}

/// Two significant digits.
fn significant_label(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = (value.abs() * (1.0 + 1e-9)).log10().floor();
    if !(-4.0..6.0).contains(&magnitude) {
        return format!("{value:.1e}").replace('-', "\u{2212}");
    }
    decimal_label(value, (1.0 - magnitude).max(0.0) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_covers_99_percent_and_says_what_lies_beyond() {
        // 300 magnitudes 0.01 to 3.00 and two outliers: the 99th percentile is the 299th of 302.
        let values: Vec<f32> = (1..=300).map(|i| i as f32 / 100.0).chain([50.0, -60.0]).collect();
        let scale = ColorScale::weights(values.iter().copied());
        assert!((scale.limit - 3.0).abs() < 1e-9, "{scale:?}");
        assert!((scale.saturated - 2.0 / 302.0).abs() < 1e-9, "{scale:?}");
        assert_eq!(scale.saturation_note(), "0.7 % beyond");
        assert_eq!(scale.end_label(scale.limit), "\u{2265} 3.0");
    }

    #[test]
    fn zeros_do_not_narrow_the_range_and_without_outliers_nothing_is_saturated() {
        let values = [0.0f32; 1000].into_iter().chain([0.123, -0.2]);
        let scale = ColorScale::weights(values);
        assert!((scale.limit - 0.2).abs() < 1e-9 && scale.saturated == 0.0, "{scale:?}");
        assert_eq!(ColorScale::weights([0.0f32; 4].into_iter()).limit, 1.0);
    }

    #[test]
    fn red_is_positive_blue_negative_and_white_zero() {
        let scale = ColorScale::weights([-1.0f32, 1.0].into_iter());
        let (r, _, b) = scale.color(1.0);
        assert!(r > b);
        let (r, _, b) = scale.color(-1.0);
        assert!(b > r);
        assert_eq!(scale.color(0.0), WHITE);
        assert_eq!(scale.color(-7.0), scale.color(-1.0));
    }

    #[test]
    fn channels_are_covered_however_few_are_large() {
        let bump = [0.01f32; 999].into_iter().chain([1.0]);
        let scale = ColorScale::channels(bump);
        assert!(scale.limit == 1.0 && scale.saturated == 0.0, "{scale:?}");
    }

    #[test]
    fn rates_of_one_sign_start_at_zero() {
        assert!(!ColorScale::rates([0.0f32, 2.0].into_iter()).diverging);
        assert!(ColorScale::rates([-0.1f32, 2.0].into_iter()).diverging);
    }

    #[test]
    fn labels_have_two_significant_digits() {
        assert_eq!(
            ["0.12", "1.2", "12", "120"].map(|l| l.parse().unwrap()).map(significant_label),
            ["0.12", "1.2", "12", "120"]
        );
        assert_eq!(significant_label(-1.5e-7), "\u{2212}1.5e\u{2212}7");
    }
}
