//! Reads the text of a user (parameters in JSON, tables in TOML) as the structs that describe it, and says of what does
//! not fit its field, the rule, the value and what may be meant.
//!
//! The readers of those formats speak of Rust: of `invalid type: unit variant, expected string only` where
//! `dale = true` stands, of `f64` and `struct MatrixConfig`. So the text is read as a tree of values first, and the
//! structs from that.
//!
//! ```
//! use nn4n_tasks::reader::read;
//! #[derive(Debug, serde::Deserialize)]
//! #[serde(rename_all = "snake_case")]
//! enum Rounding { Exact, Floor }
//! #[derive(Debug, serde::Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Timing { dt: f64, rounding: Rounding }
//! let refused = |json: serde_json::Value| read::<Timing>(&json).unwrap_err().to_string();
//! let message = refused(serde_json::json!({ "dt": 20.0, "rounding": true }));
//! assert_eq!(message, "`rounding` must be one of `exact`, `floor`, but is true");
//! let message = refused(serde_json::json!({ "roundng": "floor" }));
//! assert_eq!(message, "unknown field `roundng`; did you mean `rounding`? Known are `dt`, `rounding`");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod enumeration;
mod misfit;
mod node;
mod table;

use serde::{Deserializer, de::DeserializeOwned};

pub use self::misfit::{Misfit, Problem};
use self::node::Node;

/// A value of JSON or TOML as the struct that describes it.
///
/// # Errors
/// If it does not fit; the fields are named from `value` on, as in `w_rec.init` or `areas[1].units`.
pub fn read<'de, T: DeserializeOwned>(value: impl Deserializer<'de>) -> Result<T, Misfit> {
    let node = Node::of(value).map_err(|error| Misfit::new(Problem::Other(error)))?;
    T::deserialize(&node)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::PathBuf};

    use serde::{Deserialize, Serialize};
    use serde_json::{Value, json};

    use super::*;
    use crate::{Criterion, Duration};

    /// One field of every sort that settings have.
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct All {
        flag: bool,
        count: usize,
        small: u8,
        whole: i32,
        number: f64,
        text: String,
        path: PathBuf,
        pair: [f64; 2],
        list: Vec<f64>,
        optional: Option<f64>,
        duration: Duration,
        criterion: Criterion,
        start: Start,
        shape: Shape,
        part: Part,
        parts: Vec<Part>,
        named: BTreeMap<String, f64>,
        shared: Shared,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Start {
        Zero,
        Trained(f64),
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
    enum Shape {
        Round {},
        Square { side: f64 },
    }

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part {
        name: String,
        units: usize,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Shared {
        own: f64,
        #[serde(flatten)]
        others: BTreeMap<String, f64>,
    }

    impl Default for All {
        fn default() -> Self {
            Self {
                flag: true,
                count: 3,
                small: 255,
                whole: -4,
                number: 0.1,
                text: "a \"b\"".into(),
                path: "x/y".into(),
                pair: [1.0, 2.0],
                list: vec![1.5],
                optional: None,
                duration: Duration::one_of([1.0, 2.0]),
                criterion: Criterion::MeanPerformance { threshold: 0.5, window: 2 },
                start: Start::Trained(0.5),
                shape: Shape::Square { side: 2.0 },
                part: Part { name: "a".into(), units: 1 },
                parts: vec![Part::default(); 2],
                named: BTreeMap::from([("x".into(), 1.0)]),
                shared: Shared { own: 1.0, others: BTreeMap::from([("more".into(), 2.0)]) },
            }
        }
    }

    #[test]
    fn what_fits_is_read_as_the_formats_own_readers_read_it() -> Result<(), Box<dyn std::error::Error>> {
        for start in [Start::Zero, Start::Trained(1.0)] {
            for shape in [Shape::Round {}, Shape::Square { side: 1.0 }] {
                let all = All { start: start.clone(), shape, ..All::default() };
                assert_eq!(read::<All>(&serde_json::to_value(&all)?)?, all);
                assert_eq!(read::<All>(toml::Table::try_from(&all)?)?, all);
            }
        }
        // A whole number is a number, a list may stand for a table, and nothing for what may be left out.
        let loose = json!({ "number": 2, "part": ["a", 1], "optional": null, "start": { "zero": null } });
        assert_eq!(read::<All>(&loose)?, serde_json::from_value(loose)?);
        assert!(read::<All>(toml::from_str::<toml::Table>("number = nan")?)?.number.is_nan());
        assert_eq!(read::<u64>(&json!(u64::MAX))?, u64::MAX);
        Ok(())
    }

    #[test]
    fn what_does_not_fit_is_said_without_words_of_the_language_it_is_read_in() {
        let cases = [
            (json!({ "flag": "yes" }), "`flag` must be true or false, but is \"yes\""),
            (json!({ "count": -1 }), "`count` must be a whole number, 0 or more, but is -1"),
            (json!({ "count": 1.5 }), "`count` must be a whole number, 0 or more, but is 1.5"),
            (json!({ "small": 256 }), "`small` must be a whole number from 0 to 255, but is 256"),
            (json!({ "whole": "x" }), "`whole` must be a whole number, but is \"x\""),
            (json!({ "number": "0.1" }), "`number` must be a number, but is \"0.1\""),
            (json!({ "number": null }), "`number` must be a number, but is empty"),
            (json!({ "text": 1 }), "`text` must be a text in quotes, but is 1"),
            (json!({ "path": 1 }), "`path` must be a text in quotes, but is 1"),
            (json!({ "pair": [1.0] }), "`pair` must be a list of 2, but is [1.0]"),
            (json!({ "list": { "a": 1 } }), "`list` must be a list, but is { a = 1 }"),
            (json!({ "list": [1, true] }), "`list[1]` must be a number, but is true"),
            (json!({ "optional": [] }), "`optional` must be a number, but is []"),
            (
                json!({ "duration": { "min": 1 } }),
                "`duration` must be ms, or a table with `one_of`, with `min` and `max`, or with `mean`, `min` and \
                `max`, but is { min = 1 }",
            ),
            (
                json!({ "criterion": 0.9 }),
                "`criterion` must be one of `mean_performance`, `min_performance`, `mean_of_tasks`, `min_of_tasks`, \
                `rms_error`, but is 0.9",
            ),
            (
                json!({ "criterion": { "min_performance": 0.9 } }),
                "`criterion.min_performance` must be a table with `threshold`, but is 0.9",
            ),
            (
                json!({ "criterion": "min_performance" }),
                "`criterion` must be a table with the settings of `min_performance`, as in { min_performance = { \
                threshold = .. } }, but is \"min_performance\"",
            ),
            (json!({ "start": true }), "`start` must be one of `zero`, `trained`, but is true"),
            (
                json!({ "start": "trained" }),
                "`start` must be a table with a value for `trained`, as in { trained = .. }, but is \"trained\"",
            ),
            (json!({ "start": { "trained": "x" } }), "`start.trained` must be a number, but is \"x\""),
            (json!({ "start": { "zero": 1 } }), "`start.zero` must be \"zero\" without a value, but is 1"),
            (
                json!({ "start": { "zero": null, "trained": 1 } }),
                "`start` must be one of `zero`, `trained`, but is { trained = 1, zero = empty }",
            ),
            (
                json!({ "start": "Trained" }),
                "`start` must be one of `zero`, `trained`, but is \"Trained\"; did you mean `trained`?",
            ),
            (json!({ "shape": "round" }), "`shape` must be a table, but is \"round\""),
            (json!({ "shape": {} }), "missing field `kind` of `shape`"),
            (json!({ "shape": { "kind": "square" } }), "missing field `side` of `shape`"),
            (
                json!({ "shape": { "kind": "sqare" } }),
                "`shape.kind` must be one of `round`, `square`, but is \"sqare\"; did you mean `square`?",
            ),
            (json!({ "part": 3 }), "`part` must be a table with `name`, `units`, but is 3"),
            (json!({ "parts": [{ "name": "a" }] }), "missing field `units` of `parts[0]`"),
            (
                json!({ "parts": [{ "name": "a", "unit": 3 }] }),
                "unknown field `unit` of `parts[0]`; did you mean `units`? Known are `name`, `units`",
            ),
            (json!({ "named": [1] }), "`named` must be a table, but is [1]"),
            (json!({ "shared": { "own": 1, "more": "x" } }), "`shared` must be a number, but is \"x\""),
        ];
        for (value, words) in cases {
            assert_eq!(read::<All>(&value).unwrap_err().to_string(), words, "{value}");
        }
        let long = read::<All>(&json!({ "count": "\u{e9}".repeat(1_000) })).unwrap_err().to_string();
        assert!(long.chars().count() < 300 && long.ends_with("\u{e9}..."), "{long}");
        let deep = (0..200).fold(Value::Null, |inner, _| json!([inner]));
        assert!(read::<All>(&json!({ "count": deep })).is_err());
    }
}
