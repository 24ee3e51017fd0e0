//! Runs of the same settings together: the median of what they reached, with an interval.

use nn4n_analysis::MedianInterval;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Measure, Results, RunResult, cell, compare, known, query::Known};
use crate::{error::Result, report::Csv};

/// Runs that have the same values of some names. Medians are over those that are finished: the others would draw them to
/// where training begins.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The values that they share; `null` where they have none.
    pub settings: Map<String, Value>,
    /// How many runs there are.
    pub runs: usize,
    /// Of these, the finished ones.
    pub finished: usize,
    /// The names of the finished ones.
    pub names: Vec<String>,
    /// Their performance.
    pub performance: Option<MedianInterval>,
    /// Their loss.
    pub loss: Option<MedianInterval>,
    /// Their root mean square error.
    pub rms_error: Option<MedianInterval>,
    /// Their updates.
    pub updates: Option<MedianInterval>,
    /// How long they trained, s.
    pub seconds: Option<MedianInterval>,
}

impl Group {
    fn of(by: &[String], key: &[Option<Value>], rows: &[&RunResult]) -> Self {
        let finished: Vec<&RunResult> = rows.iter().copied().filter(|row| row.is_finished()).collect();
        let over = |measure: Measure| {
            MedianInterval::of(&finished.iter().filter_map(|row| measure.value(row)).collect::<Vec<_>>())
        };
        let settings = by.iter().cloned().zip(key.iter().map(|value| value.clone().unwrap_or_default())).collect();
        Self {
            settings,
            runs: rows.len(),
            finished: finished.len(),
            names: finished.iter().map(|row| row.name.clone()).collect(),
            performance: over(Measure::Performance),
            loss: over(Measure::Loss),
            rms_error: over(Measure::RmsError),
            updates: over(Measure::Updates),
            seconds: over(Measure::Seconds),
        }
    }
}

/// The runs grouped by the values of these names, in the order of the values; those without one last.
///
/// # Errors
/// If no run knows a name.
pub fn groups(results: &Results, by: &[String]) -> Result<Vec<Group>> {
    Ok(grouped(results, by)?.iter().map(|(key, rows)| Group::of(by, key, rows)).collect())
}

/// Groups as comma-separated values: of each result how many runs have it, its median and the ends and the coverage of
/// its interval.
pub fn groups_to_csv(groups: &[Group], by: &[String]) -> String {
    let parts = ["n", "median", "low", "high", "coverage"];
    let results = Measure::ALL.map(Measure::tag);
    let columns: Vec<String> =
        results.iter().flat_map(|result| parts.iter().map(move |part| format!("{result}_{part}"))).collect();
    let head = by.iter().map(String::as_str).chain(["runs", "finished"]).chain(columns.iter().map(String::as_str));
    let mut csv = Csv::new("groups.csv", head);
    for group in groups {
        let counts = [group.runs.to_string(), group.finished.to_string()];
        let found = [group.performance, group.loss, group.rms_error, group.updates, group.seconds];
        let settings = by.iter().map(|name| cell(group.settings.get(name)));
        csv.row(settings.chain(counts).chain(found.iter().flat_map(|found| cells(found.as_ref()))));
    }
    csv.text().into()
}

fn cells(found: Option<&MedianInterval>) -> [String; 5] {
    match found {
        Some(MedianInterval { n, median, low, high, coverage }) => {
            [n.to_string(), median.to_string(), low.to_string(), high.to_string(), coverage.to_string()]
        }
        None => ["0".into(), String::new(), String::new(), String::new(), String::new()],
    }
}

/// The values of some names that runs share, and the runs.
pub(super) type Grouped<'a> = (Vec<Option<Value>>, Vec<&'a RunResult>);

/// The same as runs.
pub(in crate::sweep) fn grouped<'a>(results: &'a Results, by: &[String]) -> Result<Vec<Grouped<'a>>> {
    by.iter().try_for_each(|name| results.check("--group-by", name))?;
    let mut keyed: Vec<(Vec<Option<Value>>, &RunResult)> =
        results.rows.iter().map(|row| (by.iter().map(|name| row.value(name)).collect(), row)).collect();
    keyed.sort_by(|(one, _), (other, _)| order(one, other));
    let same = |one: &(Vec<Option<Value>>, _), other: &(Vec<Option<Value>>, _)| order(&one.0, &other.0).is_eq();
    Ok(keyed.chunk_by(same).map(|chunk| (chunk[0].0.clone(), chunk.iter().map(|(_, row)| *row).collect())).collect())
}

pub(super) fn order(one: &[Option<Value>], other: &[Option<Value>]) -> std::cmp::Ordering {
    let of_value =
        |one: &Option<Value>, other: &Option<Value>| match (one.as_ref().map(known), other.as_ref().map(known)) {
            (Some(one), Some(other)) => compare(&one, &other),
            (one, other) => other.is_some().cmp(&one.is_some()),
        };
    let mut orders = one.iter().zip(other).map(|(one, other)| of_value(one, other));
    orders.find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}

/// A value in words.
pub(super) fn words(value: Option<&Value>) -> String {
    match value.map(|value| (value, known(value))) {
        None => "none".into(),
        Some((_, Known::Text(text))) => text,
        Some((value, _)) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sweep::RunState;

    fn row(units: Option<u64>, performance: f64, state: RunState) -> RunResult {
        let settings = units.map(|units| ("model.units".to_string(), json!(units))).into_iter().collect();
        RunResult {
            name: format!("{units:?}-{performance}"),
            directory: "a".into(),
            settings,
            seed: Some(0),
            state: Some(state),
            updates: Some(10),
            performance: Some(performance),
            loss: None,
            rms_error: None,
            seconds: None,
            problem: None,
        }
    }

    #[test]
    fn medians_are_over_finished_runs_and_groups_in_the_order_of_their_values() -> Result<()> {
        let rows = vec![
            row(None, 0.5, RunState::Finished),
            row(Some(100), 0.9, RunState::Finished),
            row(Some(20), 0.7, RunState::Finished),
            row(Some(100), 0.8, RunState::Finished),
            row(Some(100), 0.1, RunState::Interrupted),
            row(Some(100), 0.7, RunState::Finished),
        ];
        let results = Results { rows, names: vec!["model.units".into()] };
        let found = groups(&results, &["model.units".into()])?;
        let told: Vec<_> = found.iter().map(|group| (group.settings["model.units"].clone(), group.runs)).collect();
        assert_eq!(told, [(json!(20), 1), (json!(100), 4), (Value::Null, 1)]);
        let performance = found[1].performance.unwrap();
        assert_eq!((found[1].finished, performance.n), (3, 3));
        assert_eq!(
            (performance.median, performance.low, performance.high, performance.coverage),
            (0.8, 0.7, 0.9, 0.75)
        );
        assert_eq!((found[1].loss, found[1].updates.unwrap().median), (None, 10.0));
        assert!(groups(&results, &["units".into()]).unwrap_err().to_string().contains("did you mean `model.units`?"));
        assert_eq!(groups(&results, &[])?.len(), 1);
        Ok(())
    }
}
