//! Colours of conditions: by value where they are numbers, each its own where they are words.

use super::canvas::Stroke;
use super::style::{GREY, NEGATIVE, PALETTE, POSITIVE, Rgb, series, tint};

/// The least of a colour that a value has.
const PALEST: f64 = 0.35;

/// Colours for the values of a variable, one each.
pub(super) fn condition_colors(values: &[Option<f64>]) -> Vec<Rgb> {
    let numbers: Option<Vec<f64>> = values.iter().copied().collect();
    match numbers {
        Some(numbers) if numbers.len() > 2 => graded(&numbers),
        _ => (0..values.len()).map(series).collect(),
    }
}

/// A line of the `i`-th of several words: dashed beyond the colours of the palette.
pub(super) fn condition_stroke(color: Rgb, i: usize, is_graded: bool, width: f64) -> Stroke {
    if is_graded || i < PALETTE.len() { Stroke::solid(color, width) } else { Stroke::dashed(color, width) }
}

/// Red above zero and blue below, the deeper the farther; of one sign from pale to deep.
fn graded(numbers: &[f64]) -> Vec<Rgb> {
    let largest = numbers.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    let (low, high) = numbers.iter().fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
    let deep = |part: f64| PALEST + (1.0 - PALEST) * part;
    let color = |value: &f64| {
        if low < 0.0 && high > 0.0 {
            match value.partial_cmp(&0.0) {
                Some(std::cmp::Ordering::Greater) => tint(POSITIVE, deep(value / largest)),
                Some(std::cmp::Ordering::Less) => tint(NEGATIVE, deep(-value / largest)),
                _ => GREY,
            }
        } else {
            let part = if high > low { (value - low) / (high - low) } else { 1.0 };
            tint(series(0), deep(part))
        }
    };
    numbers.iter().map(color).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_graded_about_zero_and_words_have_colours_of_their_own() {
        let colors = condition_colors(&[Some(-1.0), Some(0.0), Some(0.5), Some(1.0)]);
        assert_eq!((colors[0], colors[1], colors[3]), (NEGATIVE, GREY, POSITIVE));
        assert!(colors[2].1 > POSITIVE.1, "half a value is paler: {colors:?}");
        assert_eq!(condition_colors(&[None, None, None]), [series(0), series(1), series(2)]);
        assert_eq!(condition_colors(&[Some(1.0), Some(2.0), Some(3.0)])[2], series(0));
    }
}
