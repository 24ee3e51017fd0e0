//! Colours of channels that are drawn as lines: what is alike has one colour in all rows of a figure, and a channel that
//! is named after a colour has it.

use super::style::{PALETTE, Rgb};

/// Words of names, and the place in the palette of the hue that they mean.
const HUES: [(&str, usize); 9] = [
    ("blue", 0),
    ("red", 1),
    ("green", 2),
    ("pink", 3),
    ("purple", 3),
    ("orange", 4),
    ("yellow", 4),
    ("cyan", 5),
    ("black", 6),
];

/// The colour of each input and of each output, by their names in words. An output that shares a word with one input
/// alone, and with no other output, is like that input (`choice left` and `left target`, `bit 2` and `pulse 2`).
pub(super) fn channel_colors(inputs: &[String], outputs: &[String]) -> (Vec<Rgb>, Vec<Rgb>) {
    let first = fill(inputs.iter().map(|name| hue(name)).collect());
    let alike = |output: &String| hue(output).or_else(|| Some(first[like(output, inputs, outputs)?]));
    let second = fill(outputs.iter().map(alike).collect());
    let colors = |places: Vec<usize>| places.into_iter().map(|place| PALETTE[place % PALETTE.len()]).collect();
    (colors(first), colors(second))
}

/// The hue that a name says.
fn hue(name: &str) -> Option<usize> {
    name.split(' ').find_map(|word| HUES.iter().find(|(hue, _)| *hue == word)).map(|(_, place)| *place)
}

/// The input that an output is like.
fn like(output: &str, inputs: &[String], outputs: &[String]) -> Option<usize> {
    let has = |name: &str, word: &str| name.split(' ').any(|other| other == word);
    let is_own = |word: &&str| outputs.iter().filter(|name| has(name, word)).count() == 1;
    let own: Vec<&str> = output.split(' ').filter(is_own).collect();
    let mut alike = (0..inputs.len()).filter(|input| own.iter().any(|word| has(&inputs[*input], word)));
    alike.next().filter(|_| alike.next().is_none())
}

/// Places in the palette that are free, in its order, for those that have none yet.
fn fill(places: Vec<Option<usize>>) -> Vec<usize> {
    let mut free = (0..).filter(|place| !places.contains(&Some(*place)));
    places.iter().map(|place| place.or_else(|| free.next()).unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colors(inputs: &[&str], outputs: &[&str]) -> (Vec<Rgb>, Vec<Rgb>) {
        let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        channel_colors(&names(inputs), &names(outputs))
    }

    #[test]
    fn red_is_red_and_green_is_green() {
        let inputs = ["left target", "right target", "red coherence", "green coherence"];
        let (inputs, outputs) = colors(&inputs, &["choice left", "choice right"]);
        assert_eq!(inputs, [PALETTE[0], PALETTE[3], PALETTE[1], PALETTE[2]]);
        assert_eq!(outputs, inputs[..2]);
    }

    #[test]
    fn like_channels_have_one_colour() {
        let (inputs, outputs) = colors(&["fixation", "cue 1", "cue 2"], &["go 2", "go 1", "fixation"]);
        assert_eq!(outputs, [inputs[2], inputs[1], inputs[0]]);
    }

    #[test]
    fn what_is_like_several_or_none_has_a_colour_of_its_own_in_its_row() {
        let inputs = ["motion 1", "motion 2", "colour 1", "colour 2", "start cue"];
        let (_, outputs) = colors(&inputs, &["choice 1", "choice 2", "start"]);
        assert_eq!(outputs, [PALETTE[0], PALETTE[1], PALETTE[4]]);
        let (inputs, outputs) = colors(&[], &["x", "y"]);
        assert!(inputs.is_empty() && outputs == PALETTE[..2]);
    }
}
