//! Which runs are meant: comparisons of what is known of each, joined by `&&`, `||` and `!`.
//!
//! ```text
//! either      both ("||" both)*
//! both        one ("&&" one)*
//! one         "!" one | "(" either ")" | value [("==" | "!=" | "<" | "<=" | ">" | ">=") value]
//! value       number | "text" | 'text' | true | false | name | `name`
//! ```
//!
//! Names are those of the results and of the settings, dots included; one with other characters stands in backticks.
//! What a run has no value of is neither true nor false (Kleene's logic): `!` leaves it so, and a run of which the whole
//! is so is not meant, but counted.

mod expression;
mod parse;
mod tokens;
mod vocabulary;

pub use self::vocabulary::Vocabulary;
use self::{expression::Expression, parse::parse};
use crate::error::{Error, Result};

/// What a name stands for in one run.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// Any number.
    Number(f64),
    /// A word, or what is neither number nor truth value, as JSON.
    Text(String),
    /// True or false.
    Boolean(bool),
}

/// An expression that can be asked of runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    whole: Expression,
}

/// What a query says of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is meant.
    Meant,
    /// It is not.
    NotMeant,
    /// It has no value of this name that could be compared.
    Missing(String),
}

impl Query {
    /// Reads an expression.
    ///
    /// # Errors
    /// If it is none: what was found where, and what stands there instead.
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self { whole: parse(text)? })
    }

    /// Refuses names that no run knows, and comparisons that no run has values for.
    ///
    /// # Errors
    /// The first of them.
    pub fn check(&self, vocabulary: &Vocabulary) -> Result<()> {
        self.whole.check(vocabulary)
    }

    /// What it says of a run of which `known` tells the values.
    pub fn of(&self, known: impl Fn(&str) -> Option<Known>) -> Verdict {
        match self.whole.holds(&known) {
            Ok(true) => Verdict::Meant,
            Ok(false) => Verdict::NotMeant,
            Err(name) => Verdict::Missing(name),
        }
    }
}

const OPTION: &str = "--where";

fn refusal(message: impl Into<String>) -> Error {
    Error::setting(OPTION, message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(name: &str) -> Option<Known> {
        match name {
            "model.units" => Some(Known::Number(100.0)),
            "performance" => Some(Known::Number(0.85)),
            "state" => Some(Known::Text("finished".into())),
            "train.remat" => Some(Known::Boolean(true)),
            "train.clip_norm" => Some(Known::Text("off".into())),
            _ => None,
        }
    }

    fn vocabulary() -> Vocabulary {
        let mut vocabulary = Vocabulary::default();
        for name in ["model.units", "performance", "state", "train.remat", "train.clip_norm", "rms_error"] {
            vocabulary.add(name, known(name).as_ref());
        }
        vocabulary.add("train.clip_norm", Some(&Known::Number(1.0)));
        vocabulary
    }

    fn of(text: &str) -> Verdict {
        let query = Query::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        query.check(&vocabulary()).unwrap_or_else(|error| panic!("{text}: {error}"));
        query.of(known)
    }

    fn refused(text: &str) -> String {
        let error = Query::parse(text).and_then(|query| query.check(&vocabulary())).expect_err(text).to_string();
        assert!(error.starts_with("--where: ") && !error.contains('\n'), "{error}");
        error
    }

    #[test]
    fn comparisons_are_true_or_false_as_they_say() {
        for text in [
            "model.units > 50 && performance < 0.9",
            "model.units==100",
            "1e2 == model.units && model.units >= +100 && -1.5e-3 < performance",
            "model.units > 100 || performance > 0.5",
            "!(model.units > 100)",
            "!!train.remat",
            "state == \"finished\" && state != 'failed'",
            "`model.units` <= 100",
            "train.remat == true && !(train.remat == false)",
            // `&&` binds more closely than `||`.
            "performance > 0 || performance > 1 && performance > 2",
            "train.clip_norm == 'off' && train.clip_norm != 1",
        ] {
            assert_eq!(of(text), Verdict::Meant, "{text}");
            assert_eq!(of(&format!("!({text})")), Verdict::NotMeant, "{text}");
        }
    }

    #[test]
    fn what_is_missing_is_never_meant_and_is_named() {
        let missing = |name: &str| Verdict::Missing(name.into());
        for text in ["rms_error < 1", "!(rms_error < 1)", "rms_error == 1", "rms_error != 1", "1 > rms_error"] {
            assert_eq!(of(text), missing("rms_error"), "{text}");
        }
        assert_eq!(of("performance > 0.5 && rms_error < 1"), missing("rms_error"));
        assert_eq!(of("performance > 0.9 && rms_error < 1"), Verdict::NotMeant, "whatever the missing one is");
        assert_eq!(of("rms_error < 1 || performance > 0.5"), Verdict::Meant);
        assert_eq!(of("train.clip_norm > 0.5"), missing("train.clip_norm"), "it is a text here");
    }

    #[test]
    fn what_is_no_expression_is_refused_with_a_remedy() {
        for (text, said) in [
            ("", "ends where a name"),
            ("performance >", "ends where a name"),
            ("performance = 1", "write `==`"),
            ("performance > 1 & state == 'a'", "write `&&`"),
            ("performance > 1 and train.remat", "write `&&`"),
            ("0.5 < performance < 0.9", "compare twice"),
            ("(performance > 1", "is not closed"),
            ("performance > 1)", "open it with `(`"),
            ("state == 'finished", "is not closed"),
            ("performance > 1.2.3", "`1.2.3` is no number"),
            ("performance > 1e999", "is no number"),
            ("performance > \u{20ac}", "`\u{20ac}` has no meaning"),
            ("performance model.units", "join comparisons"),
            ("&& performance", "stands where a name"),
        ] {
            assert!(refused(text).contains(said), "{text}: {}", refused(text));
        }
        assert!(refused(&"(".repeat(100_000)).contains("more than 64"));
        assert!(refused(&"!".repeat(100_000)).contains("more than 64"));
        assert_eq!(of(&vec!["performance > 0.5"; 10_000].join(" && ")), Verdict::Meant);
    }

    #[test]
    fn names_that_no_run_knows_are_refused_with_the_one_that_is_meant() {
        assert!(refused("units > 1").contains("did you mean `model.units`?"));
        assert!(refused("perfomance > 1").contains("did you mean `performance`?"));
        assert!(refused("zzz > 1").contains("they have model.units, performance"));
    }

    #[test]
    fn comparisons_that_no_run_has_values_for_are_refused() {
        assert!(refused("state == 3").contains("never equal: texts (in quotes) and numbers"));
        assert!(refused("state > 3").contains("`>` compares numbers, but `state`"));
        assert!(refused("performance").contains("alone is true or false"));
        assert!(refused("performance == 'high'").contains("never equal"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[ -~\u{e9}\u{20ac}]{0,40}") {
            let _ = Query::parse(&text).map(|query| query.of(known));
        }

        #[test]
        fn negation_turns_what_is_known_and_leaves_what_is_missing(
            parts in proptest::collection::vec(("(model\\.units|performance|rms_error)", "(<|<=|>|>=|==|!=)", -1.0f64..200.0), 1..6),
            joins in proptest::collection::vec("(&&|\\|\\|)", 6),
        ) {
            let mut text = String::new();
            for ((name, sign, number), join) in parts.iter().zip(&joins) {
                if !text.is_empty() { text.push_str(join); }
                text.push_str(&format!(" {name} {sign} {number} "));
            }
            let turned = match of(&text) {
                Verdict::Meant => Verdict::NotMeant,
                Verdict::NotMeant => Verdict::Meant,
                missing => missing,
            };
            prop_assert_eq!(of(&format!("!({text})")), turned);
        }
    }
}
