//! How the lines of channels look: like channels in one colour, in every row of a figure.
//!
//! Channels are alike if they share an index or a side (`evidence 1` and `choice 1`, `cue left` and `go left`), or if
//! one is named after the other (`motion` and `context motion`); those of one row then differ by their dashes. A
//! channel that is named after a colour has it.

use super::canvas::{Dash, Stroke};
use super::style::{PALETTE, Rgb};

/// Places in the palette of colours that channels are named after: vermilion, bluish green, blue.
const HUES: [(&str, usize); 3] = [("red", 1), ("green", 2), ("blue", 0)];

/// Words that make channels alike; a number at the end does, too.
const SIDES: [&str; 14] =
    ["left", "right", "up", "down", "x", "y", "sin", "cos", "positive", "negative", "high", "low", "first", "second"];

/// The colour and the dashes of a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Look {
    pub color: Rgb,
    /// How many channels of its colour stand before it in its row.
    variant: usize,
}

impl Look {
    /// A stroke of this width.
    pub fn stroke(self, width: f64) -> Stroke {
        let dash = match self.variant {
            0 => None,
            1 => Some(Dash { first_gap: 0.0, dash: 5.0, gap: 2.5 }),
            _ => Some(Dash { first_gap: 0.0, dash: 1.6, gap: 1.8 }),
        };
        Stroke { color: self.color, width, dash }
    }
}

/// The colour that a name asks for, if it has one in it.
pub(super) fn named_color(name: &str) -> Option<Rgb> {
    name.split(' ').find_map(hue).map(|color| PALETTE[color])
}

/// The looks of the channels of several rows, by their names.
pub(super) fn looks<const N: usize>(rows: [&[String]; N]) -> [Vec<Look>; N] {
    // What a colour has been given to, in the order in which it was.
    let mut known: Vec<(&str, usize)> = Vec::new();
    rows.map(|names| {
        let mut row: Vec<(&str, usize)> = Vec::new();
        let of = |name| {
            let key = key(name, &rows);
            let place =
                |given: &[(&str, usize)]| given.iter().find(|(known, _)| *known == key).map(|(_, color)| *color);
            let wanted = place(&row).or(hue(key)).or(place(&known));
            let is_taken = |color: usize| row.iter().any(|(other, taken)| *taken == color && *other != key);
            let is_kept = |color: usize| names.iter().any(|name| hue(self::key(name, &rows)) == Some(color));
            let is_known = |color: usize| known.iter().any(|(_, taken)| *taken == color);
            let mut left = (0..PALETTE.len()).filter(|color| !is_taken(*color) && !is_kept(*color));
            // What is not alike in different rows differs, too, as long as there are colours.
            let free = left.clone().find(|color| !is_known(*color)).or_else(|| left.next()).unwrap_or(row.len());
            let color = wanted.filter(|color| !is_taken(*color)).unwrap_or(free);
            let variant = row.iter().filter(|(other, _)| *other == key).count();
            row.push((key, color));
            if place(&known).is_none() {
                known.push((key, color));
            }
            Look { color: PALETTE[color % PALETTE.len()], variant }
        };
        names.iter().map(String::as_str).map(of).collect()
    })
}

fn hue(key: &str) -> Option<usize> {
    HUES.iter().find(|(word, _)| *word == key).map(|(_, color)| *color)
}

/// What makes a channel like others: a colour in its name, its index, the channel that it is named after, its side, or
/// its whole name.
fn key<'a>(name: &'a str, rows: &[&[String]]) -> &'a str {
    if let Some(word) = name.split(' ').find(|word| HUES.iter().any(|(hue, _)| hue == word)) {
        return word;
    }
    let last = name.rsplit(' ').next().unwrap_or(name);
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return last;
    }
    if rows.iter().flat_map(|names| names.iter()).any(|other| other == last) {
        return last;
    }
    name.split(' ').find(|word| SIDES.contains(word)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).into()).collect()
    }

    #[test]
    fn like_channels_have_one_colour_in_all_rows_and_dashes_tell_them_apart() {
        let inputs = names(&["fixation", "cue 1", "cue 2", "go 1", "go 2"]);
        let outputs = names(&["choice 2", "choice 1", "wager"]);
        let [inputs, outputs] = looks([&inputs, &outputs]);
        assert_eq!((inputs[1].color, inputs[1].variant), (inputs[3].color, 0));
        assert_eq!(inputs[3].variant, 1);
        assert_eq!((outputs[0].color, outputs[1].color), (inputs[2].color, inputs[1].color));
        let colors = [inputs[0].color, inputs[1].color, inputs[2].color];
        assert!(colors[0] != colors[1] && colors[1] != colors[2] && !colors.contains(&outputs[2].color));
    }

    #[test]
    fn a_channel_that_is_named_after_another_looks_like_it() {
        let row = names(&["colour", "motion", "context colour", "context motion"]);
        let [row] = looks([&row]);
        assert_eq!((row[0].color, row[1].color), (row[2].color, row[3].color));
        assert!(row[0].color != row[1].color && row[2].variant == 1);
    }

    #[test]
    fn a_channel_named_after_a_colour_has_it() {
        let row = names(&["target left", "target right", "red coherence", "green coherence"]);
        let [row] = looks([&row]);
        assert_eq!((row[2].color, row[3].color), (PALETTE[1], PALETTE[2]));
        assert!(row[..2].iter().all(|look| look.color != PALETTE[1] && look.color != PALETTE[2]));
    }

    #[test]
    fn as_many_channels_as_there_are_colours_all_differ() {
        let row = names(&["a", "b", "c", "d", "e", "f", "g"]);
        let [row] = looks([&row]);
        for (i, look) in row.iter().enumerate() {
            assert!(row[..i].iter().all(|other| other != look));
        }
    }
}
