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

use std::collections::{BTreeMap, BTreeSet};

use strsim::levenshtein;

use crate::{
    echo::echo,
    error::{Error, Result},
};

/// Parentheses and negations within one another, at most.
const DEEPEST: usize = 64;

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

#[derive(Clone, Debug, PartialEq)]
enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Holds(Operand),
    Compare(Operand, Comparison, Operand),
}

#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Name(String),
    Literal(Known),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// Which kinds of values the runs have of each name; of one that no run has a value of, none.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary(BTreeMap<String, BTreeSet<Kind>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Number,
    Text,
    Boolean,
}

impl Query {
    /// Reads an expression.
    ///
    /// # Errors
    /// If it is none: what was found where, and what stands there instead.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
        let whole = parser.either()?;
        match parser.next() {
            None => Ok(Self { whole }),
            Some(token) => Err(surplus(&token)),
        }
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

impl Vocabulary {
    /// Adds a name, and the kind of a value of it.
    pub fn add(&mut self, name: &str, value: Option<&Known>) {
        if !self.0.contains_key(name) {
            self.0.insert(name.into(), BTreeSet::new());
        }
        if let (Some(kinds), Some(value)) = (self.0.get_mut(name), value) {
            kinds.insert(value.kind());
        }
    }

    /// Refuses a name that no run knows; `option` is where it was written.
    ///
    /// # Errors
    /// With the name that is probably meant, or all of them.
    pub fn check(&self, option: &str, name: &str) -> Result<()> {
        self.kinds(option, name).map(drop)
    }

    fn kinds(&self, option: &str, name: &str) -> Result<&BTreeSet<Kind>> {
        self.0.get(name).ok_or_else(|| {
            let meant = match self.meant(name) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("they have {}", self.0.keys().cloned().collect::<Vec<_>>().join(", ")),
            };
            Error::setting(option, format!("`{}` is nothing that these runs differ in or report; {meant}", echo(name)))
        })
    }

    /// The name that ends like this one, or is spelt nearly so.
    fn meant(&self, name: &str) -> Option<&str> {
        let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_lowercase();
        let alike = |known: &&String| last(known) == last(name);
        let near = || {
            let distances =
                self.0.keys().map(|known| (levenshtein(&known.to_lowercase(), &name.to_lowercase()), known));
            distances.min().filter(|(distance, _)| *distance <= 1 + name.chars().count() / 4).map(|(_, known)| known)
        };
        self.0.keys().find(alike).or_else(near).map(String::as_str)
    }
}

impl Known {
    fn kind(&self) -> Kind {
        match self {
            Self::Number(_) => Kind::Number,
            Self::Text(_) => Kind::Text,
            Self::Boolean(_) => Kind::Boolean,
        }
    }
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Number => "numbers",
            Self::Text => "texts (in quotes)",
            Self::Boolean => "true or false",
        }
    }
}

impl Expression {
    /// Whether it holds; the name that has no fitting value where that cannot be said.
    fn holds(&self, known: &impl Fn(&str) -> Option<Known>) -> std::result::Result<bool, String> {
        match self {
            Self::All(parts) => joined(parts, known, false),
            Self::Any(parts) => joined(parts, known, true),
            Self::Not(part) => part.holds(known).map(|holds| !holds),
            Self::Holds(operand) => match operand.value(known)? {
                Known::Boolean(value) => Ok(value),
                _ => Err(operand.name()),
            },
            Self::Compare(left, comparison, right) => {
                let (one, other) = (left.value(known)?, right.value(known)?);
                match (comparison, &one, &other) {
                    (Comparison::Equal, ..) => Ok(one == other),
                    (Comparison::NotEqual, ..) => Ok(one != other),
                    (_, Known::Number(one), Known::Number(other)) => Ok(comparison.holds(*one, *other)),
                    (_, Known::Number(_), _) => Err(right.name()),
                    _ => Err(left.name()),
                }
            }
        }
    }

    fn check(&self, vocabulary: &Vocabulary) -> Result<()> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().try_for_each(|part| part.check(vocabulary)),
            Self::Not(part) => part.check(vocabulary),
            Self::Holds(operand) => operand.check_kind(vocabulary, Kind::Boolean, "what stands alone is true or false"),
            Self::Compare(left, comparison, right) if comparison.is_order() => {
                let rule = format!("`{}` compares numbers", comparison.sign());
                [left, right].iter().try_for_each(|operand| operand.check_kind(vocabulary, Kind::Number, &rule))
            }
            Self::Compare(left, _, right) => {
                let (one, other) = (left.kinds(vocabulary)?, right.kinds(vocabulary)?);
                if one.is_empty() || other.is_empty() || !one.is_disjoint(&other) {
                    return Ok(());
                }
                let words =
                    |kinds: &BTreeSet<Kind>| kinds.iter().map(|kind| kind.words()).collect::<Vec<_>>().join(", ");
                let (one, other) = (words(&one), words(&other));
                let message = format!(
                    "compares `{}` with `{}`, which are never equal: {one} and {other}; compare values of one kind",
                    left.name(),
                    right.name()
                );
                Err(refusal(message))
            }
        }
    }
}

/// Whether all hold, or any for `wanted`: one that is `wanted` decides, whatever is missing in others.
fn joined(
    parts: &[Expression],
    known: &impl Fn(&str) -> Option<Known>,
    wanted: bool,
) -> std::result::Result<bool, String> {
    let mut missing = None;
    for part in parts {
        match part.holds(known) {
            Ok(holds) if holds == wanted => return Ok(wanted),
            Ok(_) => {}
            Err(name) => missing = missing.or(Some(name)),
        }
    }
    missing.map_or(Ok(!wanted), Err)
}

impl Operand {
    fn value(&self, known: &impl Fn(&str) -> Option<Known>) -> std::result::Result<Known, String> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Name(name) => known(name).ok_or_else(|| name.clone()),
        }
    }

    /// As it is written.
    fn name(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::Literal(Known::Number(number)) => number.to_string(),
            Self::Literal(Known::Text(text)) => format!("{text:?}"),
            Self::Literal(Known::Boolean(value)) => value.to_string(),
        }
    }

    fn kinds(&self, vocabulary: &Vocabulary) -> Result<BTreeSet<Kind>> {
        match self {
            Self::Literal(value) => Ok(BTreeSet::from([value.kind()])),
            Self::Name(name) => vocabulary.kinds(OPTION, name).cloned(),
        }
    }

    fn check_kind(&self, vocabulary: &Vocabulary, kind: Kind, rule: &str) -> Result<()> {
        let kinds = self.kinds(vocabulary)?;
        if kinds.is_empty() || kinds.contains(&kind) {
            return Ok(());
        }
        let found = kinds.iter().map(|kind| kind.words()).collect::<Vec<_>>().join(", ");
        let (name, remedy) = (self.name(), "== and != compare values of any kind");
        Err(refusal(format!("{rule}, but `{}` is of another kind: {found}; {remedy}", echo(&name))))
    }
}

impl Comparison {
    fn holds(self, one: f64, other: f64) -> bool {
        match self {
            Self::Equal => one == other,
            Self::NotEqual => one != other,
            Self::Less => one < other,
            Self::AtMost => one <= other,
            Self::Greater => one > other,
            Self::AtLeast => one >= other,
        }
    }

    fn is_order(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }
}

const OPTION: &str = "--where";

fn refusal(message: impl Into<String>) -> Error {
    Error::setting(OPTION, message)
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Operand(Operand),
    Compare(Comparison),
    And,
    Or,
    Not,
    Open,
    Close,
}

impl Token {
    /// As it is written.
    fn words(&self) -> String {
        match self {
            Self::Operand(operand) => echo(&operand.name()).into_owned(),
            Self::Compare(comparison) => comparison.sign().into(),
            Self::And => "&&".into(),
            Self::Or => "||".into(),
            Self::Not => "!".into(),
            Self::Open => "(".into(),
            Self::Close => ")".into(),
        }
    }
}

/// What stands after a whole expression.
fn surplus(token: &Token) -> Error {
    let remedy = match token {
        Token::Operand(Operand::Name(name)) if name.eq_ignore_ascii_case("and") => "write `&&`",
        Token::Operand(Operand::Name(name)) if name.eq_ignore_ascii_case("or") => "write `||`",
        Token::Compare(_) => "compare twice, as in `0.5 < performance && performance < 0.9`",
        Token::Close => "remove it, or open it with `(`",
        _ => "join comparisons by && or ||",
    };
    refusal(format!("`{}` stands after a whole comparison; {remedy}", token.words()))
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    /// Goes past the next token if it is this one.
    fn takes(&mut self, token: &Token) -> bool {
        let is_it = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(is_it);
        is_it
    }

    fn either(&mut self) -> Result<Expression> {
        let mut parts = vec![self.both()?];
        while self.takes(&Token::Or) {
            parts.push(self.both()?);
        }
        Ok(alone_or(parts, Expression::Any))
    }

    fn both(&mut self) -> Result<Expression> {
        let mut parts = vec![self.one()?];
        while self.takes(&Token::And) {
            parts.push(self.one()?);
        }
        Ok(alone_or(parts, Expression::All))
    }

    fn one(&mut self) -> Result<Expression> {
        if self.takes(&Token::Not) {
            return self.deeper(|parser| Ok(Expression::Not(Box::new(parser.one()?))));
        }
        if self.takes(&Token::Open) {
            return self.deeper(|parser| {
                let inner = parser.either()?;
                match parser.takes(&Token::Close) {
                    true => Ok(inner),
                    false => Err(parser
                        .next()
                        .map_or_else(|| refusal("a `(` is not closed; add `)`"), |token| surplus(&token))),
                }
            });
        }
        let left = self.operand()?;
        match self.tokens.get(self.at) {
            Some(Token::Compare(comparison)) => {
                let comparison = *comparison;
                self.at += 1;
                Ok(Expression::Compare(left, comparison, self.operand()?))
            }
            _ => Ok(Expression::Holds(left)),
        }
    }

    fn deeper(&mut self, parse: impl FnOnce(&mut Self) -> Result<Expression>) -> Result<Expression> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(refusal(format!("has more than {DEEPEST} `(` or `!` within one another; write it with fewer")));
        }
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn operand(&mut self) -> Result<Operand> {
        match self.next() {
            Some(Token::Operand(operand)) => Ok(operand),
            Some(token) => Err(refusal(format!(
                "`{}` stands where a name, a number or a text is needed; put one there",
                token.words()
            ))),
            None => Err(refusal("ends where a name, a number or a text is needed, as in `performance > 0.9`; add one")),
        }
    }
}

fn alone_or(mut parts: Vec<Expression>, join: impl FnOnce(Vec<Expression>) -> Expression) -> Expression {
    match parts.len() {
        1 => parts.remove(0),
        _ => join(parts),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '"' | '\'' | '`' => quoted(rest, first)?,
            '0'..='9' | '-' | '+' => number(rest)?,
            _ if is_of_name(first) => name(rest),
            _ => sign(rest)?,
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// Signs, the longer ones first.
const SIGNS: [(&str, Token); 11] = [
    ("==", Token::Compare(Comparison::Equal)),
    ("!=", Token::Compare(Comparison::NotEqual)),
    ("<=", Token::Compare(Comparison::AtMost)),
    (">=", Token::Compare(Comparison::AtLeast)),
    ("&&", Token::And),
    ("||", Token::Or),
    ("<", Token::Compare(Comparison::Less)),
    (">", Token::Compare(Comparison::Greater)),
    ("!", Token::Not),
    ("(", Token::Open),
    (")", Token::Close),
];

fn sign(rest: &str) -> Result<(Token, usize)> {
    if let Some((sign, token)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
        return Ok((token.clone(), sign.len()));
    }
    let remedy = match rest.chars().next() {
        Some('=') => "write `==`",
        Some('&') => "write `&&`",
        Some('|') => "write `||`",
        _ => "it has names, numbers, texts in quotes, == != < <= > >= && || ! and parentheses",
    };
    let found: String = rest.chars().take(1).collect();
    Err(refusal(format!("`{found}` has no meaning there; {remedy}")))
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

fn name(rest: &str) -> (Token, usize) {
    let length = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
    let operand = match &rest[..length] {
        "true" => Operand::Literal(Known::Boolean(true)),
        "false" => Operand::Literal(Known::Boolean(false)),
        name => Operand::Name(name.into()),
    };
    (Token::Operand(operand), length)
}

fn number(rest: &str) -> Result<(Token, usize)> {
    let mut before = ' ';
    let is_end = |c: char| {
        let is_sign = matches!(c, '-' | '+') && matches!(before, ' ' | 'e' | 'E');
        before = c;
        !(is_sign || is_of_name(c))
    };
    let length = rest.find(is_end).unwrap_or(rest.len());
    match rest[..length].parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Token::Operand(Operand::Literal(Known::Number(number))), length)),
        _ => {
            let message =
                format!("`{}` is no number; write one as in 0.9 or 1e-3, a text in quotes", echo(&rest[..length]));
            Err(refusal(message))
        }
    }
}

/// A text, or a name in backticks.
fn quoted(rest: &str, quote: char) -> Result<(Token, usize)> {
    let Some(length) = rest[1..].find(quote) else {
        return Err(refusal(format!("a {quote} is not closed; add another")));
    };
    let inner = rest[1..=length].to_string();
    let operand = if quote == '`' { Operand::Name(inner) } else { Operand::Literal(Known::Text(inner)) };
    Ok((Token::Operand(operand), length + 2))
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
