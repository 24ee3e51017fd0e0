//! Channels that are named alike (`rule go`, `rule anti`; `ring 1` to `ring 32`) are named together beside a heatmap.

use std::ops::Range;

use super::results::in_words;

/// Height of a strip of cells that has room for a name of its own.
const NAMED: f64 = 10.0;

/// Consecutive channels that are named alike (`ring_1`, `ring_2`), as (what their names have in common, in words,
/// channels).
pub fn named_alike(names: &[String]) -> Vec<(String, Range<usize>)> {
    let names: Vec<String> = names.iter().map(|name| in_words(name)).collect();
    channel_groups(&names, 0.0)
}

/// Consecutive channels whose names differ in their last word only, as (what they have in common, channels); a channel
/// alone keeps its name, and all do if the strip of one is high enough.
pub(super) fn channel_groups(names: &[String], strip: f64) -> Vec<(String, Range<usize>)> {
    if strip >= NAMED {
        return names.iter().enumerate().map(|(channel, name)| (name.clone(), channel..channel + 1)).collect();
    }
    let mut groups: Vec<(String, Range<usize>)> = Vec::new();
    for (channel, name) in names.iter().enumerate() {
        let common = stem(name);
        match groups.last_mut() {
            Some((_, range)) if !common.is_empty() && stem(&names[range.start]) == common => {
                range.end = channel + 1;
            }
            _ => groups.push((name.clone(), channel..channel + 1)),
        }
    }
    for (name, range) in &mut groups {
        if range.len() > 1 {
            *name = stem(name).to_owned();
        }
    }
    groups
}

/// A name without its last word; empty if it is a single one.
fn stem(name: &str) -> &str {
    name.rsplit_once(' ').map_or("", |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_that_differ_in_their_last_word_are_one_group_unless_there_is_room() {
        let names = ["fixation", "ring 1", "ring 2", "rule go", "start cue", "left", "right"].map(String::from);
        assert_eq!(channel_groups(&names, 10.0).len(), 7);
        let groups = channel_groups(&names, 4.0);
        let found: Vec<(&str, Range<usize>)> =
            groups.iter().map(|(name, range)| (name.as_str(), range.clone())).collect();
        assert_eq!(
            found,
            [
                ("fixation", 0..1),
                ("ring", 1..3),
                ("rule go", 3..4),
                ("start cue", 4..5),
                ("left", 5..6),
                ("right", 6..7)
            ]
        );
    }
}
