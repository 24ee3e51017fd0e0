//! Names of runs: a number and the settings in short, safe on every file system and in every shell.
//!
//! ```text
//! 0017-units_100-learning_rate_0.003-seed_2
//! ```

use serde_json::{Map, Value};

/// Most characters of a name.
const LONGEST: usize = 80;
/// Most characters of a value.
const LONGEST_VALUE: usize = 16;
/// Digits of a number; larger ones have more.
const DIGITS: usize = 4;

/// The name of the run at this place of its study.
pub(super) fn name(index: usize, settings: &Map<String, Value>, seed: u64) -> String {
    let number = format!("{index:0DIGITS$}");
    let seed = format!("-seed_{seed}");
    let names: Vec<&str> = settings.keys().map(String::as_str).collect();
    let mut middle = String::new();
    for (name, value) in settings {
        let part = format!("-{}_{}", safe(&short(name, &names), LONGEST), safe(&words(value), LONGEST_VALUE));
        if number.len() + middle.len() + part.len() + seed.len() > LONGEST {
            break; // The manifest has all.
        }
        middle.push_str(&part);
    }
    format!("{number}{middle}{seed}")
}

/// Whether a name of a manifest is one of these: nothing that leads out of a directory.
pub(super) fn is_name(name: &str) -> bool {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let first = name.chars().next();
    name.len() <= LONGEST && name.chars().all(is_safe) && first.is_some_and(|c| c.is_ascii_alphanumeric())
}

/// The last part of a dotted name, or more of it where another name ends in the same.
fn short(name: &str, all: &[&str]) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    let mut ends = (1..parts.len()).map(|count| parts[parts.len() - count..].join("."));
    let is_unique = |end: &String| all.iter().filter(|other| is_end(other, end)).count() == 1;
    // A place in a list says nothing without its list.
    let is_word = |end: &String| end.chars().next().is_some_and(|c| !c.is_ascii_digit());
    ends.find(|end| is_word(end) && is_unique(end)).unwrap_or_else(|| name.into())
}

fn is_end(name: &str, end: &str) -> bool {
    name.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// A value in short: numbers with four digits.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.rsplit('/').next().unwrap_or_default().into(),
        Value::Number(number) if number.is_f64() => digits(number.as_f64().unwrap_or_default()),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join("_"),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{name}_{}", words(value));
            fields.iter().map(field).collect::<Vec<_>>().join("_")
        }
        other => other.to_string(),
    }
}

fn digits(value: f64) -> String {
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    if rounded == 0.0 || (1e-4..1e6).contains(&rounded.abs()) { rounded.to_string() } else { format!("{rounded:e}") }
}

/// The text in lower case with an underscore for what a file system or a shell could take for something else.
fn safe(text: &str, longest: usize) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c.to_ascii_lowercase() } else { '_' };
    let text: String = text.chars().map(safe).take(longest).collect();
    text.trim_matches(|c| "._".contains(c)).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn named(index: usize, settings: Value) -> String {
        let name = name(index, settings.as_object().unwrap(), 2);
        assert!(is_name(&name), "{name}");
        name
    }

    #[test]
    fn a_name_says_the_settings_in_short() {
        assert_eq!(named(17, json!({})), "0017-seed_2");
        assert_eq!(
            named(3, json!({ "model.units": 100, "train.learning_rate": 0.003_000_04 })),
            "0003-units_100-learning_rate_0.003-seed_2"
        );
        assert_eq!(named(12_345, json!({ "a.b": 1.5e-7, "c.d": -2 })), "12345-b_1.5e-7-d_-2-seed_2");
        assert_eq!(named(0, json!({ "model.kind": "EI", "init": "hf:lab/net" })), "0000-init_net-kind_ei-seed_2");
        assert_eq!(
            named(0, json!({ "model.w_in.density": 1.0, "model.w_rec.density": 0.1 })),
            "0000-w_in.density_1-w_rec.density_0.1-seed_2"
        );
        assert_eq!(named(0, json!({ "model.areas.0": 1 })), "0000-areas.0_1-seed_2");
    }

    #[test]
    fn a_name_is_bounded_and_safe_whatever_the_settings_say() {
        let long = "x".repeat(500);
        let name = named(0, json!({ &long: 1, "a.path": "../../etc/pass wd\u{202e}", "b.text": "\"*?:<>|\\" }));
        assert!(name.len() <= LONGEST && name.starts_with("0000-path_pass_wd-"), "{name}");
        for wrong in ["", "..", ".hidden", "a/b", "a\\b", "a b", "-rf", &"x".repeat(81)] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }
}
