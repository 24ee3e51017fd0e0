//! What all networks of a study gave, as rows: their settings, and the numbers at the top of each result.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    bench::median,
    echo::echo,
    files::read_text,
    report::count_of,
    sweep::{Entry, cell},
};

/// The columns of every table.
const OF_ALL: [&str; 2] = ["name", "seed"];

/// The longest result that is read, bytes.
const LONGEST: u64 = 1 << 30;

/// A run and its result.
#[derive(Debug, Serialize)]
pub struct Row {
    name: String,
    directory: String,
    settings: Map<String, Value>,
    seed: u64,
    result: Value,
}

/// The runs that have a result.
pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// Reads the results of these runs.
    pub fn read(
        entries: &[&Entry],
        result: impl Fn(&Entry) -> PathBuf,
        directory: impl Fn(&Entry) -> PathBuf,
    ) -> Result<Self> {
        let row = |entry: &&Entry| {
            Ok(Row {
                name: entry.name.clone(),
                directory: directory(entry).display().to_string(),
                settings: entry.settings.clone(),
                seed: entry.seed,
                result: json(&result(entry))?,
            })
        };
        Ok(Self { rows: entries.iter().map(row).collect::<Result<_>>()? })
    }

    /// All rows, with their whole results.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The rows as a CSV: name, seed, settings, and what of the results is a number, a text or a truth.
    pub fn csv(&self) -> Result<Vec<u8>> {
        let (settings, found) = (self.settings(), self.found());
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(self.columns())?;
        for row in &self.rows {
            let of_settings = settings.iter().map(|name| cell(row.settings.get(name)));
            let of_result = found.iter().map(|name| cell(row.result.get(name)));
            writer.write_record(
                [row.name.clone(), row.seed.to_string()].into_iter().chain(of_settings).chain(of_result),
            )?;
        }
        writer.into_inner().context("the table could not be put together")
    }

    /// The names of the columns.
    pub fn columns(&self) -> Vec<String> {
        OF_ALL.map(String::from).into_iter().chain(self.settings()).chain(self.found()).collect()
    }

    fn settings(&self) -> Vec<String> {
        names(self.rows.iter().map(|row| &row.settings), |_| true)
    }

    fn found(&self) -> Vec<String> {
        names(self.rows.iter().filter_map(|row| row.result.as_object()), is_scalar)
    }

    /// A line for each number: its median over networks, the least and the greatest.
    pub fn summary(&self) -> Vec<String> {
        let mut numbers: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (name, value) in self.rows.iter().filter_map(|row| row.result.as_object()).flatten() {
            if let Some(number) = value.as_f64() {
                numbers.entry(name).or_default().push(number);
            }
        }
        let width = numbers.keys().map(|name| name.len()).max().unwrap_or(0);
        let line = |(name, mut values): (&str, Vec<f64>)| {
            values.sort_by(f64::total_cmp);
            let (low, high, count) = (values[0], values[values.len() - 1], values.len());
            if low == high {
                return format!("{name:width$}  {}  in {}", short(low), in_all(count));
            }
            format!(
                "{name:width$}  {}  ({} to {}), the median of {}",
                short(median(&values)),
                short(low),
                short(high),
                count_of(count, "network")
            )
        };
        numbers.into_iter().map(line).collect()
    }
}

/// Refuses a file that is no table of these runs, or has other columns than those that replace them, if they are known.
pub fn check_own(path: &Path, entries: &[Entry], columns: Option<&[String]>) -> Result<()> {
    let text = read_text(path, LONGEST)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let head = reader.headers().cloned().unwrap_or_default();
    let known: BTreeSet<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let is_ours =
        |row: csv::Result<csv::StringRecord>| row.is_ok_and(|row| row.get(0).is_some_and(|name| known.contains(name)));
    if !head.iter().take(OF_ALL.len()).eq(OF_ALL) || !reader.into_records().all(is_ours) {
        bail!("{}: is no table of the networks of this study; move it, or replace it with --force", path.display());
    }
    let other = head.iter().find(|name| columns.is_some_and(|columns| !columns.iter().any(|column| column == name)));
    match other {
        Some(name) => bail!(
            "{}: has a column that its networks have no value of, `{}`; move it, or replace it with --force. What was \
            found is beside each run",
            path.display(),
            echo(name)
        ),
        None => Ok(()),
    }
}

fn json(path: &Path) -> Result<Value> {
    let text = read_text(path, LONGEST)?;
    serde_json::from_str(&text).with_context(|| format!("{}: is no JSON; make it anew with --force", path.display()))
}

/// The names that any of the objects has, in the order in which they come up.
fn names<'a>(objects: impl Iterator<Item = &'a Map<String, Value>>, takes: impl Fn(&Value) -> bool) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (name, _) in objects.flatten().filter(|(_, value)| takes(value)) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn in_all(networks: usize) -> String {
    if networks == 1 { "the one network".into() } else { format!("all {networks} networks") }
}

fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if (1e-3..1e5).contains(&size) => format!("{value:.4}").trim_end_matches('0').trim_end_matches('.').into(),
        _ => format!("{value:.3e}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_become_columns_and_medians() -> Result<()> {
        let row = |seed: u64, result: Value| Row {
            name: format!("run-{seed}"),
            directory: "d".into(),
            settings: json!({ "model.units": 10 + seed }).as_object().unwrap().clone(),
            seed,
            result,
        };
        let table = Table {
            rows: vec![
                row(0, json!({ "performance": 0.5, "conditions": [1], "task": "a,b" })),
                row(1, json!({ "performance": 0.9, "task": null, "trials": 7 })),
                row(2, json!({ "performance": 0.75 })),
            ],
        };
        let csv = String::from_utf8(table.csv()?)?;
        assert_eq!(
            csv,
            "name,seed,model.units,performance,task,trials\nrun-0,0,10,0.5,\"a,b\",\nrun-1,1,11,0.9,,7\nrun-2,2,12,0.75,,\n"
        );
        assert_eq!(
            table.summary(),
            ["performance  0.75  (0.5 to 0.9), the median of 3 networks", "trials       7  in the one network"]
        );
        Ok(())
    }
}
