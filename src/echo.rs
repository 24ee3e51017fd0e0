//! Text of a file or a server in a message: short, and without characters that command the terminal or turn the
//! direction of what stands around it.

use std::{borrow::Cow, fmt::Display};

/// Most characters of a text that a message repeats.
const LONGEST: usize = 200;

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
    fn characters_that_command_or_turn_are_spelled_out() {
        assert_eq!(harmless("two lines\nand\ta tab"), "two lines\nand\ta tab");
        assert_eq!(harmless("\u{1b}[31mred\r"), "\\u{1b}[31mred\\u{d}");
        assert_eq!(harmless("a\u{202e}b\u{2066}c\u{200f}d\u{61c}"), "a\\u{202e}b\\u{2066}c\\u{200f}d\\u{61c}");
        assert_eq!(harmless("שלום"), "שלום", "scripts of either direction stay");
    }
}
