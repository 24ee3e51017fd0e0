//! Text of a file or a server in a message: short, and without characters that command the terminal or turn the
//! direction of what stands around it.

use std::{borrow::Cow, fmt::Display};

/// Most characters of a text that a message repeats.
const LONGEST: usize = 200;

/// Quotes around a text that was cut already, and the dots behind it.
const AROUND: usize = 8;

/// Most characters of a line of a message: more than a path has.
#[cfg(feature = "cli")]
const LONGEST_LINE: usize = 5000;

/// The text as a message may repeat it: at most its first 200 characters.
pub(crate) fn echo(text: &str) -> Cow<'_, str> {
    let Some((end, _)) = text.char_indices().nth(LONGEST) else { return harmless(text) };
    let shown = text.get(..end).unwrap_or_default();
    Cow::Owned(format!("{}... ({} characters in all)", harmless(shown), text.chars().count()))
}

/// What a parser says, line by line: it quotes the file, which may hold anything.
pub(crate) fn quoted(said: &impl Display) -> String {
    said.to_string().lines().take(LONGEST).map(echo).collect::<Vec<_>>().join("\n")
}

/// A message as it may be shown, whatever it quotes: without such characters, and no word longer than what is repeated
/// of a text. Parts of a path and of a list are words.
pub(crate) fn shown(message: &str) -> Cow<'_, str> {
    let message = harmless(message);
    let is_long = |word: &str| word.chars().nth(LONGEST + AROUND).is_some();
    if !message.split(is_between).any(is_long) {
        return message;
    }
    let word = |word: &str| {
        let (word, after) = word.split_at(word.trim_end_matches(is_between).len());
        let word = if is_long(word) { echo(word) } else { word.into() };
        format!("{word}{after}")
    };
    Cow::Owned(message.split_inclusive(is_between).map(word).collect())
}

/// The same of what quotes a file and is no result: its lines have an end, too.
#[cfg(feature = "cli")]
pub(crate) fn said(message: &str) -> String {
    let line = |line: &str| match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}... ({} characters in all)", shown(&line[..end]), line.chars().count()),
        None => shown(line).into_owned(),
    };
    message.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// JSON with such characters escaped, so that it means the same.
#[cfg(feature = "cli")]
pub(crate) fn in_json(json: &str) -> Cow<'_, str> {
    if !json.contains(is_harmful) {
        return Cow::Borrowed(json);
    }
    // All of them have four hexadecimal digits.
    let escaped = |c: char| if is_harmful(c) { format!("\\u{:04x}", u32::from(c)) } else { c.into() };
    Cow::Owned(json.chars().map(escaped).collect())
}

fn is_between(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | '/' | '\\')
}

/// The text with such characters spelled out.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let spelled = |c: char| if is_harmful(c) { c.escape_unicode().to_string() } else { c.into() };
    Cow::Owned(text.chars().map(spelled).collect())
}

/// Control characters, and the marks, embeddings, overrides and isolates of the bidirectional algorithm (UAX #9).
fn is_harmful(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && c != '\n' && c != '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_after_its_first_200_characters() {
        let text = "ä".repeat(200);
        assert_eq!(echo(&text), text);
        assert_eq!(echo(&"ä".repeat(201)), format!("{text}... (201 characters in all)"));
    }

    #[test]
    fn of_a_long_line_the_beginning_is_shown() {
        assert_eq!(quoted(&"short\nlines"), "short\nlines");
        let (long, cut) = ("\u{e9}".repeat(201), format!("short\n{}...", "\u{e9}".repeat(200)));
        assert!(quoted(&format!("short\n{long}")).starts_with(&cut));
    }

    #[test]
    fn of_a_message_long_words_are_cut_and_paths_and_lists_are_not() {
        let (path, list) = ("/ordner".repeat(100), "12.5,".repeat(100));
        let message = format!("{path}: holds `short`, {list} and\n\tmore");
        assert_eq!(shown(&message), message);
        let long = "x".repeat(10_000);
        let cut = shown(&format!("array `{long}` \u{202e}is")).into_owned();
        assert!(cut.starts_with("array `xxx") && cut.ends_with("(10002 characters in all) \\u{202e}is"), "{cut}");
        assert!(cut.len() < 300 && shown(&cut) == cut, "{cut}");
        let known = format!("`{}` is unknown", echo(&long));
        assert_eq!(shown(&known), known);
    }

    #[test]
    #[cfg(feature = "cli")]
    fn of_what_is_said_long_lines_are_cut() {
        let said = said(&format!("two\n{}", "a word ".repeat(1000)));
        assert!(said.starts_with("two\na word a word") && said.ends_with("... (7000 characters in all)"), "{said}");
    }

    #[test]
    #[cfg(feature = "cli")]
    fn json_stays_json() {
        let text = "a\u{202e}b\u{7f}c\u{1b}\u{85}\n";
        let json = serde_json::to_string(text).unwrap();
        let escaped = in_json(&json);
        assert!(!escaped.contains(is_harmful), "{escaped}");
        assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
    }

    #[test]
    fn characters_that_command_or_turn_are_spelled_out() {
        assert_eq!(harmless("two lines\nand\ta tab"), "two lines\nand\ta tab");
        assert_eq!(harmless("\u{1b}[31mred\r"), "\\u{1b}[31mred\\u{d}");
        assert_eq!(harmless("a\u{202e}b\u{2066}c\u{200f}d\u{61c}"), "a\\u{202e}b\\u{2066}c\\u{200f}d\\u{61c}");
        assert_eq!(harmless("שלום"), "שלום", "scripts of either direction stay");
    }
}
