//! Lists of names in one argument: `A,B`, or in JSON where a name has a comma.
//!
//! ```text
//! A,B                    names with commas between them; spaces around them do not count
//! ["left, far","B"]      a list in JSON
//! A=1,B=word             names with values
//! {"left, far":1}        an object in JSON
//! ```

use std::{fmt, str::FromStr};

use serde_json::{Map, Value};

/// A list of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

impl FromStr for Names {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim_start().starts_with('[') {
            let as_json =
                |error| format!("is no list of names in JSON ({error}), as in [\"left, far\",\"near\"]; or write A,B");
            return serde_json::from_str(text).map(Self).map_err(as_json);
        }
        Ok(Self(text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()))
    }
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&joined(&self.0))
    }
}

/// The names of a list, none where none was given.
pub fn of(list: &Option<Names>) -> &[String] {
    list.as_ref().map_or(&[], |list| &list.0)
}

/// Names as an argument that reads back.
pub fn joined(names: &[String]) -> String {
    let plain = names.join(",");
    match plain.parse() {
        Ok(Names(read)) if read == names => plain,
        _ => Value::from(names).to_string(),
    }
}

/// `NAME=VALUE,..`, or an object in JSON, as names and the texts of their values.
///
/// # Errors
/// In words that begin with the part that is wrong.
pub fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    if text.trim_start().starts_with('{') {
        let object: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| format!("{text}: is no object in JSON ({error}), as in {{\"left, far\":1}}"))?;
        let in_words = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        return Ok(object.into_iter().map(|(name, value)| (name, in_words(value))).collect());
    }
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').filter(|(name, _)| !name.trim().is_empty()).ok_or_else(|| {
            format!("{part}: must be NAME=VALUE, with commas between them, or JSON where a name has a comma")
        })?;
        Ok((name.trim().to_owned(), value.trim().to_owned()))
    };
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(pair).collect()
}

/// Names with values as an argument that reads back.
pub fn joined_pairs(pairs: &[(String, String)]) -> String {
    let plain = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",");
    match self::pairs(&plain) {
        Ok(read) if read == pairs => plain,
        _ => {
            let json = |text: &String| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.clone()));
            let object: Map<String, Value> = pairs.iter().map(|(name, value)| (name.clone(), json(value))).collect();
            Value::Object(object).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_comma_is_written_in_json_and_reads_back() {
        let read = |text: &str| text.parse::<Names>().map(|names| names.0);
        assert_eq!(read("coherence, context,").unwrap(), ["coherence", "context"]);
        assert_eq!(read(r#"["left, far","b"]"#).unwrap(), ["left, far", "b"]);
        for wrong in [r#"["a""#, "[1]", r#"[["a"]]"#] {
            assert!(read(wrong).unwrap_err().contains("no list of names in JSON"), "{wrong}");
        }
        for names in [vec!["a", "b"], vec!["left, far", "b"], vec!["[1]"], vec![" a"], vec!["a=b"], vec!["\"q\""]] {
            let names: Vec<String> = names.into_iter().map(String::from).collect();
            assert_eq!(read(&joined(&names)).unwrap(), names, "{}", joined(&names));
        }
        assert!(of(&None).is_empty());
        assert_eq!(of(&Some("a,b".parse().unwrap())), ["a", "b"]);
    }

    #[test]
    fn values_of_names_with_commas_are_written_in_json_and_read_back() {
        let of = |all: &[(&str, &str)]| -> Vec<(String, String)> {
            all.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
        };
        assert_eq!(pairs("a=1, b=word,").unwrap(), of(&[("a", "1"), ("b", "word")]));
        assert_eq!(pairs(r#"{"b":"word","left, far":-1}"#).unwrap(), of(&[("b", "word"), ("left, far", "-1")]));
        assert!(pairs("a").unwrap_err().starts_with("a: must be NAME=VALUE"));
        assert!(pairs("=1").is_err() && pairs("{1}").unwrap_err().contains("no object in JSON"));
        for all in [of(&[("a", "1"), ("b", "w")]), of(&[("left, far", "0.5")]), of(&[("a", "b,c")])] {
            assert_eq!(pairs(&joined_pairs(&all)).unwrap(), all);
        }
    }
}
