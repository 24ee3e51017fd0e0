//! The runs of a study as a journal of Optuna (the file of its `JournalStorage`), so that its samplers go on from them
//! and its dashboards show them.
//!
//! ```text
//! one JSON object a line; op_code 0 a study, 3 an attribute of it, 4 a trial with all that is known of it
//! state           finished: 1 (complete); failed, or finished without a value: 3 (fail); all others: 0 (running)
//! value           performance (to be maximised), or the loss where no run has one (to be minimised)
//! distributions   what is drawn: its range. Else whole numbers: integers; numbers: floats, both from the least to the
//!                 largest value, logarithmic from a factor of 50 on; anything else: the values themselves
//! ```
//!
//! Seeds are no parameters: runs that differ in their seed alone are repeated trials. The format is that of
//! `optuna/storages/journal/_storage.py`, read by Optuna 4.0 and 5.0.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use rayon::prelude::*;
use serde_json::{Map, Value, json};

use crate::{
    error::Result,
    files::{read_text, write_atomically},
    run_directory::{CONFIG, FINISHED},
    sweep::{
        description::Range,
        results::{Known, Measure, Results, RunResult, compare, known, validations},
        study::RunState,
    },
};

/// Who wrote a record.
const WORKER: &str = "nn4n";
/// Most intermediate values of a trial.
const POINTS: usize = 100;
/// Numbers whose largest is so many times their smallest are searched on a logarithmic scale.
const DECADES: f64 = 50.0;
/// The longest journal that is looked through, bytes.
const LONGEST: u64 = 1 << 32;

const CREATE_STUDY: u8 = 0;
const SET_STUDY_SYSTEM_ATTRIBUTE: u8 = 3;
const CREATE_TRIAL: u8 = 4;
const MINIMIZE: u8 = 1;
const MAXIMIZE: u8 = 2;
const RUNNING: u8 = 0;
const COMPLETE: u8 = 1;
const FAIL: u8 = 3;

/// What became of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It is written.
    Anew,
    /// It holds so many records of Optuna itself, and is as it was.
    Kept(usize),
}

/// Where a setting may lie.
#[derive(Clone, Debug, PartialEq)]
enum Distribution {
    Integers { low: i64, high: i64, log: bool },
    Floats { low: f64, high: f64, log: bool },
    Choices(Vec<Value>),
}

/// Writes the journal of a study of this name, unless the one that is there has records of others.
///
/// # Errors
/// If it cannot be read or written.
pub(super) fn write(path: &Path, name: &str, results: &Results, ranges: &[(String, Range)]) -> Result<Written> {
    let others = if path.exists() { records_of_others(&read_text(path, LONGEST)?) } else { 0 };
    if others > 0 {
        return Ok(Written::Kept(others));
    }
    write_atomically(path, journal(name, results, ranges).as_bytes())?;
    Ok(Written::Anew)
}

fn records_of_others(journal: &str) -> usize {
    let worker = |line: &str| Some(serde_json::from_str::<Value>(line).ok()?.get("worker_id")?.as_str()? == WORKER);
    journal.lines().filter(|line| worker(line) != Some(true)).count()
}

fn journal(name: &str, results: &Results, ranges: &[(String, Range)]) -> String {
    let measure = Measure::of(results);
    let direction = if measure == Measure::Performance { MAXIMIZE } else { MINIMIZE };
    let metric = json!({ "study:metric_names": [measure.tag()] });
    let mut lines = vec![
        json!({ "op_code": CREATE_STUDY, "worker_id": WORKER, "study_name": name, "directions": [direction] }),
        json!({ "op_code": SET_STUDY_SYSTEM_ATTRIBUTE, "worker_id": WORKER, "study_id": 0, "system_attr": metric }),
    ];
    let distributions = distributions(results, ranges);
    let trials: Vec<Value> = results.rows.par_iter().map(|row| trial(row, &distributions, measure)).collect();
    lines.extend(trials);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn trial(row: &RunResult, distributions: &BTreeMap<&str, Distribution>, measure: Measure) -> Value {
    let value = measure.value(row);
    let state = match row.state {
        None | Some(RunState::Finished) if value.is_some() => COMPLETE,
        None | Some(RunState::Finished | RunState::Failed) => FAIL,
        Some(_) => RUNNING,
    };
    let named = || distributions.iter().filter_map(|(name, found)| Some((*name, found, row.settings.get(*name)?)));
    let params = named().map(|(name, found, value)| (name.to_string(), found.internal(value)));
    let written = named().map(|(name, found, _)| (name.to_string(), found.to_json()));
    let mut attributes = attributes(row);
    // What a damaged run learned is missing, and the others are whole.
    let validations = validations(row, POINTS).unwrap_or_else(|error| {
        attributes.entry("problem").or_insert_with(|| error.to_string().into());
        Vec::new()
    });
    let intermediate = validations.into_iter().filter_map(|record| {
        let value = if measure == Measure::Performance { record.performance } else { Some(record.loss) };
        Some((record.update.to_string(), value?.into()))
    });
    let (start, complete) = times(row);
    let mut record = json!({
        "op_code": CREATE_TRIAL,
        "worker_id": WORKER,
        "study_id": 0,
        "state": state,
        "value": if state == COMPLETE { value } else { None },
        "values": null,
        "datetime_start": start,
        "params": params.collect::<Map<_, _>>(),
        "distributions": written.collect::<Map<_, _>>(),
        "intermediate_values": intermediate.collect::<Map<_, _>>(),
        "user_attrs": attributes,
        "system_attrs": {},
    });
    if state != RUNNING {
        record["datetime_complete"] = complete.into();
    }
    record
}

/// What is known of a run beside its settings.
fn attributes(row: &RunResult) -> Map<String, Value> {
    let known = RunResult::NAMES.iter().filter_map(|name| Some((name.to_string(), row.value(name)?)));
    let problem = row.problem.iter().map(|problem| ("problem".to_string(), problem.clone().into()));
    known.chain(problem).collect()
}

/// When a run began and ended, as far as its files tell.
fn times(row: &RunResult) -> (String, String) {
    let changed = |name: &str| fs::metadata(row.directory.join(name)).and_then(|found| found.modified()).ok();
    let end = changed(FINISHED).or_else(|| changed(CONFIG)).unwrap_or(UNIX_EPOCH);
    let seconds = row.seconds.unwrap_or(0.0);
    let start = std::time::Duration::try_from_secs_f64(seconds).ok().and_then(|time| end.checked_sub(time));
    (iso(start.unwrap_or(end)), iso(end))
}

/// A time in ISO 8601, UTC, with microseconds. From days to the date: Hinnant H,
/// <https://howardhinnant.github.io/date_algorithms.html> (`civil_from_days`).
fn iso(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + 400 * era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:06}+00:00", since.subsec_micros())
}

fn distributions<'a>(results: &'a Results, ranges: &[(String, Range)]) -> BTreeMap<&'a str, Distribution> {
    let values =
        |name: &str| -> Vec<Value> { results.rows.iter().filter_map(|row| row.settings.get(name).cloned()).collect() };
    let of_name = |name: &'a String| {
        let range = ranges.iter().find(|(drawn, _)| drawn == name).map(|(_, range)| range);
        let drawn = range.and_then(|range| Distribution::of_range(range, &values(name)));
        (name.as_str(), drawn.unwrap_or_else(|| Distribution::of(values(name))))
    };
    results.names.iter().map(of_name).collect()
}

impl Distribution {
    /// That of what is drawn from a range, if it holds these values. Choices are those that were drawn.
    fn of_range(range: &Range, values: &[Value]) -> Option<Self> {
        let lies =
            |low: f64, high: f64| values.iter().all(|value| value.as_f64().is_some_and(|n| n >= low && n <= high));
        match range {
            Range::Number { low, high, log } if lies(*low, *high) => {
                Some(Self::Floats { low: *low, high: *high, log: *log })
            }
            Range::Integer { low, high, log } if lies(*low as f64, *high as f64) => {
                Some(Self::Integers { low: *low, high: *high, log: *log })
            }
            _ => None,
        }
    }

    fn of(values: Vec<Value>) -> Self {
        if let Some(whole) = values.iter().map(Value::as_i64).collect::<Option<Vec<i64>>>() {
            let (low, high) = whole.iter().fold((i64::MAX, i64::MIN), |(low, high), n| (low.min(*n), high.max(*n)));
            return Self::Integers { low, high, log: is_log(low as f64, high as f64) };
        }
        if let Some(numbers) = values.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>() {
            let (low, high) =
                numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), n| (low.min(*n), high.max(*n)));
            return Self::Floats { low, high, log: is_log(low, high) };
        }
        let mut choices: Vec<Value> = values.iter().map(choice).collect();
        choices.sort_by(|one, other| compare(&known(one), &known(other)));
        choices.dedup();
        Self::Choices(choices)
    }

    /// As Optuna writes it: JSON in a text.
    fn to_json(&self) -> Value {
        let (name, attributes) = match self {
            Self::Integers { low, high, log } => {
                ("IntDistribution", json!({ "log": log, "step": 1, "low": low, "high": high }))
            }
            Self::Floats { low, high, log } => {
                ("FloatDistribution", json!({ "step": null, "low": low, "high": high, "log": log }))
            }
            Self::Choices(choices) => ("CategoricalDistribution", json!({ "choices": choices })),
        };
        json!({ "name": name, "attributes": attributes }).to_string().into()
    }

    /// A value as trials hold it: a number, or the place of a choice.
    fn internal(&self, value: &Value) -> Value {
        match self {
            Self::Choices(choices) => choices.iter().position(|known| *known == choice(value)).into(),
            Self::Integers { .. } | Self::Floats { .. } => value.as_f64().into(),
        }
    }
}

/// What can be chosen: lists and tables as their text.
fn choice(value: &Value) -> Value {
    match (value, known(value)) {
        (Value::Null, _) => Value::Null,
        (_, Known::Text(text)) => text.into(),
        _ => value.clone(),
    }
}

fn is_log(low: f64, high: f64) -> bool {
    low > 0.0 && high / low >= DECADES
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_distribution_holds_all_values() {
        let of = |values: Value| Distribution::of(values.as_array().unwrap().clone());
        assert_eq!(of(json!([50, 100, 20])), Distribution::Integers { low: 20, high: 100, log: false });
        assert_eq!(of(json!([1, 0.5])), Distribution::Floats { low: 0.5, high: 1.0, log: false });
        assert_eq!(of(json!([1e-4, 1e-2])), Distribution::Floats { low: 1e-4, high: 1e-2, log: true });
        let choices = of(json!(["off", 1.0, "off", true, [1, 2]]));
        assert_eq!(choices, Distribution::Choices(vec![json!(1.0), json!("[1,2]"), json!("off"), json!(true)]));
        assert_eq!(choices.internal(&json!([1, 2])), json!(1));
        assert_eq!(of(json!([1, 2])).internal(&json!(2)), json!(2.0));
    }

    #[test]
    fn what_is_drawn_may_lie_anywhere_in_its_range() {
        let range = Range::Number { low: 1e-4, high: 1e-2, log: false };
        let drawn = Distribution::of_range(&range, &[json!(2e-4), json!(9e-3)]);
        assert_eq!(drawn, Some(Distribution::Floats { low: 1e-4, high: 1e-2, log: false }));
        assert_eq!(Distribution::of_range(&range, &[json!(1.0)]), None, "it was set otherwise, too");
        let whole = Distribution::of_range(&Range::Integer { low: 1, high: 9, log: true }, &[json!(3)]);
        assert_eq!(whole, Some(Distribution::Integers { low: 1, high: 9, log: true }));
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        let at =
            |seconds: u64, micros: u64| iso(UNIX_EPOCH + Duration::from_secs(seconds) + Duration::from_micros(micros));
        assert_eq!(at(0, 0), "1970-01-01T00:00:00.000000+00:00");
        assert_eq!(at(951_782_400, 5), "2000-02-29T00:00:00.000005+00:00");
        assert_eq!(at(1_767_225_599, 0), "2025-12-31T23:59:59.000000+00:00");
    }

    #[test]
    fn a_journal_with_records_of_others_stays() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("optuna.log");
        let results = Results::default();
        assert_eq!(write(&path, "study", &results, &[])?, Written::Anew);
        assert_eq!(write(&path, "study", &results, &[])?, Written::Anew);
        let mut text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        text.push_str("{\"op_code\": 4, \"worker_id\": \"7a-140\", \"study_id\": 0, \"datetime_start\": null}\n");
        fs::write(&path, &text).unwrap();
        assert_eq!(write(&path, "study", &results, &[])?, Written::Kept(1));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        Ok(())
    }
}
