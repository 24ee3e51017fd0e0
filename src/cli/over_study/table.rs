//! What all networks of a study gave, as rows: their settings, and the numbers at the top of each result.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    bench::median,
    files::read_text,
    sweep::{Entry, cell},
};

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
        let settings = names(self.rows.iter().map(|row| &row.settings), |_| true);
        let found = names(self.rows.iter().filter_map(|row| row.result.as_object()), is_scalar);
        let mut writer = csv::Writer::from_writer(Vec::new());
        let head = ["name", "seed"].into_iter().chain(settings.iter().chain(&found).map(String::as_str));
        writer.write_record(head)?;
        for row in &self.rows {
            let of_settings = settings.iter().map(|name| cell(row.settings.get(name)));
            let of_result = found.iter().map(|name| cell(row.result.get(name)));
            writer.write_record(
                [row.name.clone(), row.seed.to_string()].into_iter().chain(of_settings).chain(of_result),
            )?;
        }
        writer.into_inner().context("the table could not be put together")
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
                return format!("{name:width$}  {}  in all {count} networks", short(low));
            }
            format!(
                "{name:width$}  {}  ({} to {}), the median of {count} networks",
                short(median(&values)),
                short(low),
                short(high)
            )
        };
        numbers.into_iter().map(line).collect()
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
            ["performance  0.75  (0.5 to 0.9), the median of 3 networks", "trials       7  in all 1 networks"]
        );
        Ok(())
    }
}
