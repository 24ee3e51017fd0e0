//! Runs side by side: of each a row with its settings and what it reached, whatever made them.
//!
//! ```text
//! a study              its manifest tells the runs and their settings
//! other directories    run directories, or folders of them; their settings are what differs between their run.toml
//! checkpoints          files, networks of the zoo, hf:owner/repo
//! ```
//!
//! `performance`, `loss` and `rms_error` are those of the saved network, the best so far, in its validation; `updates`
//! and `seconds` those of the training.

mod cache;
mod curves;
mod differing;
mod facts;
mod figures;
mod groups;
mod query;
mod read;

use std::{cmp::Ordering, collections::BTreeSet, path::PathBuf};

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

pub(super) use self::groups::grouped;
pub use self::{
    curves::validations,
    figures::{Measure, ResultsFigure, curves_figure, results_figure},
    groups::{Group, groups, groups_to_csv},
    query::{Known, Query, Verdict, Vocabulary},
};
use super::study::RunState;
use crate::{error::Result, report::Csv};

/// What is known of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunResult {
    /// Its name in its study, or that of its directory.
    pub name: String,
    /// Its directory, or the checkpoint as it was named.
    #[serde(serialize_with = "shown")]
    pub directory: PathBuf,
    /// Dotted names of its run.toml and their values, where runs differ.
    pub settings: Map<String, Value>,
    /// Its seed.
    pub seed: Option<u64>,
    /// How far it is; `None` of a checkpoint outside of a run directory.
    pub state: Option<RunState>,
    /// Updates done.
    pub updates: Option<u64>,
    /// Performance of the saved network in its validation, a fraction in [0, 1]; `None` before the first one, and of
    /// tasks without choices.
    pub performance: Option<f64>,
    /// Its loss there.
    pub loss: Option<f64>,
    /// Its root mean square error there, of tasks that tell it.
    pub rms_error: Option<f64>,
    /// How long it trained, s, over all its parts; `None` where that is not known.
    pub seconds: Option<f64>,
    /// Why it failed, or which of its files is damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Runs side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// In the order in which they were named, and of a study in that of its manifest.
    pub rows: Vec<RunResult>,
    /// The dotted names of the settings in which they differ, sorted.
    pub names: Vec<String>,
}

/// How many runs a query left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Of these it does not hold.
    pub not_meant: usize,
    /// These have no value of what it compares.
    pub missing: usize,
    /// The first name that one of those has no value of.
    pub first_missing: Option<String>,
}

fn shown<S: Serializer>(path: &std::path::Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

impl Results {
    fn of(rows: Vec<RunResult>) -> Self {
        let names: BTreeSet<String> = rows.iter().flat_map(|row| row.settings.keys().cloned()).collect();
        Self { rows, names: names.into_iter().collect() }
    }

    /// The runs as comma-separated values: a column for each name that all have, and one for each setting.
    pub fn to_csv(&self) -> String {
        let mut csv = Csv::new("runs.csv", self.all_names());
        self.rows.iter().for_each(|row| csv.row(self.all_names().map(|name| cell(row.value(name).as_ref()))));
        csv.text().into()
    }

    /// What is known of all runs, and their settings.
    fn all_names(&self) -> impl Iterator<Item = &str> {
        RunResult::NAMES.iter().copied().chain(self.names.iter().map(String::as_str))
    }

    /// Refuses a name that no run knows; `option` is where it was written.
    pub(super) fn check(&self, option: &str, name: &str) -> Result<()> {
        let mut vocabulary = Vocabulary::default();
        self.all_names().for_each(|known| vocabulary.add(known, None));
        vocabulary.check(option, name)
    }

    /// The names that expressions may use, with the kinds of their values.
    pub fn vocabulary(&self) -> Vocabulary {
        let mut vocabulary = Vocabulary::default();
        for name in self.all_names() {
            vocabulary.add(name, None);
            self.rows.iter().for_each(|row| vocabulary.add(name, row.known(name).as_ref()));
        }
        vocabulary
    }

    /// Keeps the runs that an expression means, and tells how many it left out.
    ///
    /// # Errors
    /// If it names what no run knows, or compares what cannot be compared.
    pub fn select(&mut self, query: &Query) -> Result<Selection> {
        query.check(&self.vocabulary())?;
        let mut left_out = Selection::default();
        self.rows.retain(|row| match query.of(|name| row.known(name)) {
            Verdict::Meant => true,
            Verdict::NotMeant => {
                left_out.not_meant += 1;
                false
            }
            Verdict::Missing(name) => {
                left_out.missing += 1;
                left_out.first_missing.get_or_insert(name);
                false
            }
        });
        Ok(left_out)
    }

    /// Sorts the runs by a name, the best first: the largest performance, the smallest of all else; with `-` before the
    /// name the other way round. Runs without a value of it come last.
    ///
    /// # Errors
    /// If no run knows the name.
    pub fn sort(&mut self, by: &str) -> Result<()> {
        let name = by.strip_prefix('-').unwrap_or(by);
        self.check("--sort", name)?;
        let is_descending = by.starts_with('-') != (name == "performance");
        self.rows.sort_by(|one, other| {
            let order = |found: Ordering| if is_descending { found.reverse() } else { found };
            match (one.known(name), other.known(name)) {
                (Some(one), Some(other)) => order(compare(&one, &other)),
                (one, other) => other.is_some().cmp(&one.is_some()),
            }
        });
        Ok(())
    }
}

/// Numbers before texts before truth values.
pub(super) fn compare(one: &Known, other: &Known) -> Ordering {
    match (one, other) {
        (Known::Number(one), Known::Number(other)) => one.total_cmp(other),
        (Known::Text(one), Known::Text(other)) => one.cmp(other),
        (Known::Boolean(one), Known::Boolean(other)) => one.cmp(other),
        (Known::Number(_), _) | (Known::Text(_), Known::Boolean(_)) => Ordering::Less,
        _ => Ordering::Greater,
    }
}

impl RunResult {
    /// What is known of every run beside its settings.
    pub const NAMES: [&'static str; 9] =
        ["name", "directory", "seed", "state", "updates", "performance", "loss", "rms_error", "seconds"];

    /// The value of one of these names, or of a setting.
    pub fn value(&self, name: &str) -> Option<Value> {
        match name {
            "name" => Some(self.name.clone().into()),
            "directory" => Some(self.directory.display().to_string().into()),
            "seed" => self.seed.map(Value::from),
            "state" => self.state.map(|state| state.tag().into()),
            "updates" => self.updates.map(Value::from),
            "performance" => self.performance.map(Value::from),
            "loss" => self.loss.map(Value::from),
            "rms_error" => self.rms_error.map(Value::from),
            "seconds" => self.seconds.map(Value::from),
            setting => self.settings.get(setting).filter(|value| !value.is_null()).cloned(),
        }
    }

    /// The same as it is compared.
    pub fn known(&self, name: &str) -> Option<Known> {
        self.value(name).map(|value| known(&value))
    }

    /// Whether nothing is left to do; of a checkpoint alone that is taken to be so.
    pub fn is_finished(&self) -> bool {
        self.state.is_none_or(|state| state == RunState::Finished)
    }
}

/// A value as it stands in a table: a text without quotes, nothing where there is none.
pub(crate) fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A value as it is compared: lists and tables as their text.
pub(super) fn known(value: &Value) -> Known {
    match value {
        Value::Number(number) => Known::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::Bool(flag) => Known::Boolean(*flag),
        Value::String(text) => Known::Text(text.clone()),
        other => Known::Text(other.to_string()),
    }
}
