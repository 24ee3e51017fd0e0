//! An axis: data values to pixels, and ticks at round numbers.

use super::style::SMALL;

/// Powers of ten that are short in digits.
const DIGITS: std::ops::RangeInclusive<i32> = -3..=4;

/// A linear or logarithmic map from data values to pixels.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    /// Pixels of `low` and `high`; descending for y.
    pixels: (f64, f64),
    log: bool,
}

/// The least and the largest of some values; infinite, the other way round, without any.
pub(super) fn range(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let none = (f64::INFINITY, f64::NEG_INFINITY);
    values.into_iter().fold(none, |(low, high), value| (low.min(value), high.max(value)))
}

impl Axis {
    /// Linear from `low` to `high`. A range without extent is widened about its value, since one value is a point in
    /// the middle.
    pub fn linear(low: f64, high: f64, pixels: (f64, f64)) -> Self {
        let pad = if high > low { 0.0 } else { 0.5 * low.abs().max(1.0) };
        Self { low: low - pad, high: high + pad, pixels, log: false }
    }

    /// Logarithmic from `low` to `high`, both above 0, widened to a factor of 2 at least.
    pub fn log(low: f64, high: f64, pixels: (f64, f64)) -> Self {
        let pad = (1.0 - (high.log2() - low.log2())).max(0.0) / 2.0;
        Self { low: low.log10() - pad * 2f64.log10(), high: high.log10() + pad * 2f64.log10(), pixels, log: true }
    }

    /// The same axis with room at both ends, as a fraction of its range.
    pub fn padded(self, fraction: f64) -> Self {
        let pad = fraction * (self.high - self.low);
        Self { low: self.low - pad, high: self.high + pad, ..self }
    }

    /// Where a value lies.
    pub fn pixel(&self, value: f64) -> f64 {
        let value = if self.log { value.log10() } else { value };
        self.pixels.0 + (value - self.low) / (self.high - self.low) * (self.pixels.1 - self.pixels.0)
    }

    /// The value at a pixel of a linear axis.
    pub fn value(&self, pixel: f64) -> f64 {
        self.low + (pixel - self.pixels.0) / (self.pixels.1 - self.pixels.0) * (self.high - self.low)
    }

    /// Both ends, in pixels.
    pub fn pixels(&self) -> (f64, f64) {
        self.pixels
    }

    /// At most about `n` ticks inside the range, as (value, label).
    pub fn ticks(&self, n: usize) -> Vec<(f64, String)> {
        if self.log { self.log_ticks(n) } else { linear_ticks(self.low, self.high, n) }
    }

    /// As many ticks as there is room for, and more than one if any division has: one alone tells no scale.
    pub fn roomy_ticks(&self) -> Vec<(f64, String)> {
        const ROOM: f64 = 60.0;
        let n = (((self.pixels.1 - self.pixels.0).abs() / ROOM) as usize).max(2);
        let divisions = (n..n + 4).map(|n| self.ticks(n));
        divisions.into_iter().find(|ticks| ticks.len() > 1).unwrap_or_else(|| self.ticks(n))
    }

    /// The same of a quantity that is counted: whole numbers alone.
    pub fn whole_ticks(&self, n: usize) -> Vec<(f64, String)> {
        let whole = self.ticks(n).into_iter().filter(|(value, _)| is_whole(*value));
        whole.map(|(value, _)| (value, decimal_label(value, 0))).collect()
    }

    /// The finest of three divisions of the decades that has at most `n` ticks, with room for the label of each: 1 to
    /// 9; 1, 2 and 5; 1 alone, thinned if need be.
    fn log_ticks(&self, n: usize) -> Vec<(f64, String)> {
        let inside = |mantissas: &[f64]| -> Vec<(f64, i32)> {
            let powers = self.low.floor() as i32..=self.high.ceil() as i32;
            let all = powers.flat_map(|power| mantissas.iter().map(move |&mantissa| (mantissa, power)));
            all.filter(|(mantissa, power)| (self.low..=self.high).contains(&(mantissa.log10() + f64::from(*power))))
                .collect()
        };
        let divisions: [&[f64]; 2] = [&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], &[1.0, 2.0, 5.0]];
        let fits = |ticks: &Vec<(f64, i32)>| ticks.len() <= n && self.has_room(ticks);
        let ticks = divisions.into_iter().map(inside).find(fits).unwrap_or_else(|| {
            let mut decades = inside(&[1.0]);
            let every = decades.len().div_ceil(n.max(1)).max(1) as i32;
            decades.retain(|(_, power)| power.rem_euclid(every) == 0);
            decades
        });
        let in_digits = ticks.iter().all(|(_, power)| DIGITS.contains(power));
        ticks
            .into_iter()
            .map(|(mantissa, power)| (mantissa * 10f64.powi(power), power_label(mantissa, power, in_digits)))
            .collect()
    }

    /// Whether labels at these (mantissa, power of ten), ascending, do not touch.
    fn has_room(&self, ticks: &[(f64, i32)]) -> bool {
        let at = |(mantissa, power): (f64, i32)| self.pixel(mantissa * 10f64.powi(power));
        ticks.windows(2).all(|pair| (at(pair[1]) - at(pair[0])).abs() >= f64::from(SMALL))
    }
}

/// Multiples of 1, 2, 2.5 or 5 times a power of ten, about `n` of them in [low, high].
fn linear_ticks(low: f64, high: f64, n: usize) -> Vec<(f64, String)> {
    let rough = (high - low) / n.max(1) as f64;
    let power = rough.log10().floor();
    let Some(step) =
        [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * 10f64.powf(power)).find(|&s| s >= rough * 0.999)
    else {
        return Vec::new();
    };
    let decimals = (0..=12).find(|&d| is_whole(step * 10f64.powi(d))).unwrap_or(12) as usize;
    let first = (low / step - 1e-9).ceil();
    let last = (high / step + 1e-9).floor();
    let count = (last - first + 1.0).max(0.0) as usize;
    let values = (0..count).map(|i| (first + i as f64) * step).filter(|v| v.is_finite());
    values.map(|v| (v, decimal_label(v, decimals))).collect()
}

fn is_whole(value: f64) -> bool {
    (value - value.round()).abs() < 1e-6 * value.abs().max(1.0)
}

/// A number with a true minus sign, and no sign on zero.
pub(super) fn decimal_label(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let is_zero = text.bytes().all(|b| b == b'0' || b == b'.');
    if value < 0.0 && !is_zero { format!("\u{2212}{text}") } else { text }
}

/// Ten to the `power`, as 10 with a superscript.
pub(super) fn power_of_ten(power: i32) -> String {
    power_label(1.0, power, false)
}

/// `mantissa` times ten to the `power`, in digits or with a superscript.
fn power_label(mantissa: f64, power: i32, in_digits: bool) -> String {
    if in_digits {
        return decimal_label(mantissa * 10f64.powi(power), (-power).max(0) as usize);
    }
    let digit = |c: char| match c {
        '-' => '\u{207b}',
        '1' => '\u{b9}',
        '2' => '\u{b2}',
        '3' => '\u{b3}',
        c => char::from_u32(0x2070 + c as u32 - '0' as u32).unwrap_or(c),
    };
    let exponent: String = power.to_string().chars().map(digit).collect();
    if mantissa == 1.0 { format!("10{exponent}") } else { format!("{mantissa}\u{b7}10{exponent}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: Axis, n: usize) -> Vec<String> {
        axis.ticks(n).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn linear_ticks_fall_on_round_numbers_with_just_the_digits_they_need() {
        assert_eq!(
            labels(Axis::linear(-0.6, 0.55, (0.0, 1.0)), 5),
            ["\u{2212}0.50", "\u{2212}0.25", "0.00", "0.25", "0.50"]
        );
        assert_eq!(labels(Axis::linear(0.0, 1200.0, (0.0, 1.0)), 4), ["0", "500", "1000"]);
    }

    #[test]
    fn a_short_axis_has_more_than_one_tick_and_pixels_have_their_values() {
        let axis = Axis::linear(-0.8, 0.8, (0.0, 120.0));
        assert_eq!(axis.ticks(2).len(), 1);
        assert_eq!(axis.roomy_ticks().len(), 3);
        assert!((axis.value(axis.pixel(0.3)) - 0.3).abs() < 1e-12);
    }

    #[test]
    fn log_ticks_are_1_2_5_over_a_short_range_and_decades_over_a_long_one() {
        assert_eq!(labels(Axis::log(0.004, 3.0, (0.0, 130.0)), 5), ["0.01", "0.1", "1"]);
        assert_eq!(labels(Axis::log(0.3, 0.3, (0.0, 130.0)), 5), ["0.3", "0.4"]);
        assert_eq!(labels(Axis::log(0.03, 0.3, (0.0, 130.0)), 5), ["0.05", "0.1", "0.2"]);
        assert_eq!(
            labels(Axis::log(2e-7, 3e-4, (0.0, 130.0)), 3),
            ["10\u{207b}\u{2076}", "10\u{207b}\u{2075}", "10\u{207b}\u{2074}"]
        );
        let mixed = labels(Axis::log(5e-5, 0.3, (0.0, 130.0)), 7);
        assert_eq!(mixed, ["10\u{207b}\u{2074}", "10\u{207b}\u{b3}", "10\u{207b}\u{b2}", "10\u{207b}\u{b9}"]);
    }

    #[test]
    fn labels_of_a_log_axis_do_not_touch() {
        // 0.09 and 0.1 would be 8 pixels apart.
        assert_eq!(labels(Axis::log(0.045, 0.22, (130.0, 0.0)), 9), ["0.05", "0.1", "0.2"]);
        assert_eq!(labels(Axis::log(0.045, 0.11, (130.0, 0.0)), 9).len(), 6);
    }

    #[test]
    fn pixels_are_linear_in_the_value_or_in_its_logarithm() {
        assert_eq!(Axis::linear(0.0, 10.0, (100.0, 0.0)).pixel(2.5), 75.0);
        assert!((Axis::log(0.01, 100.0, (0.0, 80.0)).pixel(1.0) - 40.0).abs() < 1e-9);
    }

    #[test]
    fn one_value_lies_in_the_middle_of_a_widened_axis() {
        assert_eq!(Axis::linear(3.0, 3.0, (0.0, 10.0)).pixel(3.0), 5.0);
        assert!((Axis::log(0.2, 0.2, (0.0, 10.0)).pixel(0.2) - 5.0).abs() < 1e-9);
    }

    #[test]
    fn ticks_end_for_the_widest_range_there_is() {
        assert!(Axis::linear(-f64::MAX, f64::MAX, (0.0, 1.0)).ticks(5).len() < 10);
    }
}
