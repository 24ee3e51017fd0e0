//! The table in words, as a terminal shows it.

use std::fmt;

use super::{BehaviourRow, BehaviourTable, Controls, Matched};
use crate::evaluate::percent;

/// Columns, and how wide they are at least.
const COLUMNS: usize = 6;

impl fmt::Display for BehaviourTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["", "performance", "difference", "rms error", "reaction", "random controls"].map(String::from);
        let rows: Vec<[String; COLUMNS]> = [head].into_iter().chain(self.rows.iter().map(columns)).collect();
        // A column that no row has anything in is left out.
        let is_there = |column: usize| rows[1..].iter().any(|row| !row[column].is_empty());
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        for (place, row) in rows.iter().enumerate() {
            let cells = (0..COLUMNS).filter(|column| is_there(*column));
            let line = cells.map(|column| format!("{:<1$}", row[column], width(column))).collect::<Vec<_>>().join("  ");
            let end = if place + 1 < rows.len() { "\n" } else { "" };
            write!(f, "{}{end}", line.trim_end())?;
        }
        Ok(())
    }
}

fn columns(row: &BehaviourRow) -> [String; COLUMNS] {
    let within = |value: f64, interval: Option<[f64; 2]>| match interval {
        Some([low, high]) => format!("{} ({:.1}..{:.1})", percent(value), 100.0 * low, 100.0 * high),
        None => percent(value),
    };
    let not_finite = if row.not_finite > 0 { format!(", {} trials not finite", row.not_finite) } else { String::new() };
    [
        format!("{}{not_finite}", row.name),
        row.performance.map_or_else(String::new, |performance| within(performance, row.interval)),
        row.difference.map_or_else(String::new, |difference| within(difference, row.difference_interval)),
        row.rms_error.map_or_else(String::new, error),
        row.reaction_time.map_or_else(String::new, |time| format!("{time:.0} ms")),
        match (&row.controls, &row.no_controls) {
            (Some(controls), _) => summary(controls),
            (None, Some(why)) => format!("none: {why}"),
            (None, None) => String::new(),
        },
    ]
}

fn summary(controls: &Controls) -> String {
    let number = |value: f64| if controls.measure == "performance" { percent(value) } else { error(value) };
    let of = match controls.matched {
        Matched::AreaAndCellType => "of the same areas and cell types",
        Matched::MeanRate => "of nearly the same rate",
        Matched::Number => "of the same number alone",
    };
    format!(
        "{} {of}: {} on average ({}..{}), p = {:.2}",
        controls.values.len(),
        number(controls.mean),
        number(controls.minimum),
        number(controls.maximum),
        controls.p
    )
}

fn error(error: f64) -> String {
    if error < 1e4 { format!("{error:.4}") } else { format!("{error:.1e}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::BehaviourOptions;

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        let intact = BehaviourRow {
            name: "intact".into(),
            interventions: Vec::new(),
            trials: 10,
            performance: Some(0.8),
            interval: Some([0.49, 0.943]),
            per_task: Default::default(),
            difference: None,
            difference_interval: None,
            rms_error: Some(0.25),
            reaction_time: None,
            not_finite: 0,
            controls: None,
            no_controls: None,
        };
        let controls = Controls {
            matched: Matched::AreaAndCellType,
            measure: "performance",
            values: vec![0.7, 0.5],
            mean: 0.6,
            minimum: 0.5,
            maximum: 0.7,
            at_least_as_bad: 0.5,
            p: 2.0 / 3.0,
        };
        let lesion = BehaviourRow {
            name: "lesion 0-9".into(),
            performance: Some(0.5),
            interval: None,
            difference: Some(-0.3),
            difference_interval: Some([-0.5, 0.01]),
            rms_error: Some(2e19),
            not_finite: 3,
            controls: Some(controls),
            ..intact.clone()
        };
        let options = BehaviourOptions::default();
        let table = BehaviourTable { task: "a/b".into(), options, rows: vec![intact, lesion], interrupted: false };
        let wanted = "\
                                  performance        difference           rms error  random controls
intact                            80.0 % (49.0..94.3)                       0.2500
lesion 0-9, 3 trials not finite   50.0 %             -30.0 % (-50.0..1.0)  2.0e19     2 of the same areas and \
            cell types: 60.0 % on average (50.0 %..70.0 %), p = 0.67";
        let words = |text: &str| text.split_whitespace().map(String::from).collect::<Vec<_>>();
        let found = table.to_string();
        assert_eq!(words(&found), words(wanted));
        let starts: Vec<_> = found.lines().map(|line| line.find("0.2500").or(line.find("2.0e19"))).collect();
        assert_eq!(starts[1], starts[2], "{found}");
        assert!(!found.contains("reaction"));
    }
}
