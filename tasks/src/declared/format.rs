//! The tables of a declared task as they stand in the file. What they mean is in the head of [`super`], and whether it
//! makes sense is checked when a [`Plan`](super::plan::Plan) is made of them.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;
use toml::Spanned;

use crate::{Criterion, Duration, Objective, Rounding, TaskError, reader};

/// Named tables whose order in the file matters.
pub(crate) type Ordered<T> = BTreeMap<Spanned<String>, T>;

/// The entries in the order of the file.
pub(crate) fn in_order<T>(tables: &Ordered<T>) -> Vec<(&str, &T)> {
    let mut entries: Vec<_> = tables.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries.into_iter().map(|(name, table)| (name.get_ref().as_str(), table)).collect()
}

/// Refuses more entries than a task may have.
pub(crate) fn at_most(field: &str, n: usize, most: usize) -> Result<(), TaskError> {
    if n <= most {
        return Ok(());
    }
    Err(TaskError::parameter(field, format!("{n} entries"), "is too long", format!("use at most {most}")))
}

/// The whole file; the names of variables and channels know where they stand in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "K: Ord + Deserialize<'de>"))]
pub(crate) struct Format<K = Spanned<String>> {
    pub(crate) summary: String,
    pub(crate) dt: f64,
    #[serde(default)]
    pub(crate) rounding: Rounding,
    #[serde(default)]
    pub(crate) objective: Objective,
    #[serde(default)]
    pub(crate) variables: BTreeMap<K, Variable>,
    #[serde(default)]
    pub(crate) define: BTreeMap<K, Level>,
    pub(crate) epochs: Vec<Epoch>,
    #[serde(default)]
    pub(crate) inputs: BTreeMap<K, Channel>,
    pub(crate) outputs: BTreeMap<K, Channel>,
    pub(crate) noise: Option<Noise>,
    pub(crate) catch: Option<Catch>,
    pub(crate) correct: Option<String>,
    pub(crate) score: Option<ScoreRule>,
    pub(crate) chance: Option<f64>,
    pub(crate) criterion: Option<Criterion>,
}

/// A variable that is drawn for every trial; one of `values`, `chance`, `whole` and `uniform`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variable {
    pub(crate) values: Option<Vec<Level>>,
    #[serde(default)]
    pub(crate) signed: bool,
    pub(crate) chance: Option<f64>,
    pub(crate) whole: Option<[i32; 2]>,
    pub(crate) uniform: Option<[Level; 2]>,
    pub(crate) range: Option<[f64; 2]>,
    pub(crate) class: Option<bool>,
    pub(crate) grid: Option<usize>,
}

/// A period.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Epoch {
    pub(crate) name: String,
    pub(crate) duration: Duration,
    pub(crate) test: Option<Duration>,
    pub(crate) graded: Option<Level>,
}

/// What a channel carries in each epoch, and by `default` in those it does not name.
pub(crate) type Channel = BTreeMap<String, Level>;

/// A number, or an expression.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged, expecting = "expected a number, true, false, or an expression in quotes")]
pub(crate) enum Level {
    /// true or false
    Bool(bool),
    /// A number.
    Number(f64),
    /// An expression, or a word.
    Text(String),
}

/// As it stands in the file, but for the quotes.
impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

/// How noise comes into the inputs.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Noise {
    /// Baseline and noise are added to everything, and the sum is rectified.
    Rectified { baseline: f64, sigma_in: f64, tau_in: f64 },
    /// Added to some inputs in some epochs.
    White { std: Option<f64>, sigma: Option<f64>, inputs: Option<Vec<String>>, epochs: Option<Vec<String>> },
}

/// Trials in which nothing is shown.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Catch {
    pub(crate) probability: Level,
    pub(crate) duration: f64,
}

/// When an answer is right.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ScoreRule {
    /// The largest output at the last step.
    Choice,
    /// The first largest output in an epoch that is not `rest`.
    FirstAction { epoch: String, rest: String },
    /// The root mean square error.
    RmsError { at_most: Option<f64> },
}

/// Reads a text; `source` is what messages call it.
pub(crate) fn read(source: &str, text: &str) -> Result<Format, TaskError> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let place = format!("line {}, column {column}", before.matches('\n').count() + 1);
        // What a table holds is read once more for words that fit it.
        let misfit = text.parse::<toml::Table>().ok().and_then(|table| reader::read::<Format<String>>(table).err());
        let words = misfit.map_or(error.message().into(), |misfit| misfit.to_string());
        TaskError::parameter(source, place, "is not as the format of tasks says", words)
    })
}
