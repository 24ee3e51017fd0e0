//! Figures of many runs: their learning curves, and what they reached against one or two settings.

use std::{collections::BTreeSet, path::Path};

use nn4n_analysis::MedianInterval;
use rayon::prelude::*;
use serde_json::Value;

use super::{
    Results, RunResult,
    curves::validations,
    groups::{Grouped, grouped, order, words},
    known,
    query::Known,
};
use crate::{
    checkpoint::ValidationRecord,
    error::{Error, Result},
    plot::{CurveGroup, LearningCurves, RunCurves, SettingCurve, SettingMap, SettingPoint},
    report::count_of,
};

/// Most curves of a figure, and points of one.
const CURVES: usize = 300;
const POINTS: usize = 200;
/// Most runs of a value that are drawn one by one.
const DOTS: usize = 50;
/// Most values of a setting on a side of a map.
const VALUES: usize = 100;

/// What runs are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Performance of the saved network.
    Performance,
    /// Its loss.
    Loss,
    /// Its root mean square error.
    RmsError,
    /// Updates done.
    Updates,
    /// How long it trained.
    Seconds,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Performance, Self::Loss, Self::RmsError, Self::Updates, Self::Seconds];

    /// What tells these runs apart: performance where a run has one, else loss.
    pub fn of(results: &Results) -> Self {
        let has_performance = results.rows.iter().any(|row| row.performance.is_some());
        if has_performance { Self::Performance } else { Self::Loss }
    }

    /// Its name.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Performance => "performance",
            Self::Loss => "loss",
            Self::RmsError => "rms_error",
            Self::Updates => "updates",
            Self::Seconds => "seconds",
        }
    }

    /// What it is, in a few words.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Performance => "fraction of trials that the saved network does right",
            Self::Loss => "loss of the saved network",
            Self::RmsError => "root mean square error of the saved network",
            Self::Updates => "updates done",
            Self::Seconds => "how long the training took",
        }
    }

    /// What a run has of it.
    pub fn value(self, run: &RunResult) -> Option<f64> {
        match self {
            Self::Performance => run.performance,
            Self::Loss => run.loss,
            Self::RmsError => run.rms_error,
            Self::Updates => run.updates.map(|updates| updates as f64),
            Self::Seconds => run.seconds,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Performance => "Performance",
            Self::Loss => "Loss",
            Self::RmsError => "RMS error",
            Self::Updates => "Updates",
            Self::Seconds => "Training time (s)",
        }
    }
}

/// A figure of results: against one setting, or against two.
#[derive(Clone, Debug)]
pub enum ResultsFigure {
    /// Against one.
    Curve(SettingCurve),
    /// Against two.
    Map(SettingMap),
}

impl ResultsFigure {
    /// Writes it to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If it cannot be drawn or written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        match self {
            Self::Curve(figure) => figure.save(path),
            Self::Map(figure) => figure.save(path),
        }
        .map_err(Error::from)
    }
}

/// The learning curves of all runs, in the colours of the values of some names. Of very many runs evenly spread ones
/// are drawn, and the figure says so.
///
/// # Errors
/// If no run knows a name, a log cannot be read, or no run has validated yet.
pub fn curves_figure(results: &Results, by: &[String]) -> Result<LearningCurves> {
    let groups = grouped(results, by)?;
    let total = results.rows.len();
    let every = total.div_ceil(CURVES).max(1);
    let mut place = 0;
    let mut drawn = Vec::new();
    for (number, (_, rows)) in groups.iter().enumerate() {
        for row in rows {
            if place % every == 0 {
                drawn.push((number, *row));
            }
            place += 1;
        }
    }
    let read: Vec<(usize, RunCurves)> = drawn
        .par_iter()
        .map(|(number, row)| Ok((*number, curves(validations(row, POINTS)?))))
        .collect::<Result<_>>()?;
    let (read, without): (Vec<_>, Vec<_>) = read.into_iter().partition(|(_, run)| !run.loss.is_empty());
    if read.is_empty() {
        let message = format!(
            "none of {} has validated yet, so there is no learning to draw; wait for one",
            count_of(total, "run")
        );
        return Err(Error::setting("--curves", message));
    }
    let mut remark = format!("{}; a dot ends each", count_of(read.len(), "run"));
    if every > 1 {
        remark = format!("{} of {total} runs, evenly spread; a dot ends each", read.len());
    }
    if !without.is_empty() {
        let verb = if without.len() == 1 { "has" } else { "have" };
        remark.push_str(&format!("; {} {verb} not validated yet", without.len()));
    }
    let group = |(number, (key, _)): (usize, &Grouped<'_>)| CurveGroup {
        name: key.iter().map(|value| words(value.as_ref())).collect::<Vec<_>>().join(", "),
        runs: read.iter().filter(|(of, _)| *of == number).map(|(_, run)| run.clone()).collect(),
    };
    let groups = groups.iter().enumerate().map(group).collect();
    Ok(LearningCurves { by: by.join(", "), groups, remark })
}

fn curves(validations: Vec<ValidationRecord>) -> RunCurves {
    let loss = validations.iter().map(|record| (record.update as f64, record.loss)).collect();
    let performance = validations.iter().filter_map(|record| Some((record.update as f64, record.performance?)));
    RunCurves { loss, performance: performance.collect() }
}

/// What finished runs reached, against one setting or two.
///
/// # Errors
/// If no run knows a name, there are not one or two of them, or no finished run has a value of the measure.
pub fn results_figure(results: &Results, by: &[String], measure: Measure) -> Result<ResultsFigure> {
    let groups: Vec<(Vec<Option<Value>>, Vec<f64>)> = grouped(results, by)?
        .into_iter()
        .map(|(key, rows)| {
            let finished = rows.iter().filter(|row| row.is_finished());
            (key, finished.filter_map(|row| measure.value(row)).collect())
        })
        .collect();
    if groups.iter().all(|(_, values)| values.is_empty()) {
        let message = format!(
            "no finished run of {} has a value of `{}`; draw another with --measure, or wait for a run",
            results.rows.len(),
            measure.tag()
        );
        return Err(Error::setting("--figure", message));
    }
    match by {
        [x] => Ok(ResultsFigure::Curve(curve(x, &groups, measure))),
        [x, y] => map((x, y), &groups, measure).map(ResultsFigure::Map),
        _ => {
            let message = format!("is drawn against one or two settings, but --group-by names {}", by.len());
            Err(Error::setting("--figure", message))
        }
    }
}

fn curve(x: &str, groups: &[(Vec<Option<Value>>, Vec<f64>)], measure: Measure) -> SettingCurve {
    let point = |(key, values): &(Vec<Option<Value>>, Vec<f64>)| {
        let found = MedianInterval::of(values)?;
        let number = match key[0].as_ref().map(known) {
            Some(Known::Number(number)) => Some(number),
            _ => None,
        };
        let MedianInterval { median, low, high, .. } = found;
        let shown = if values.len() <= DOTS { values.clone() } else { Vec::new() };
        let point = SettingPoint { name: words(key[0].as_ref()), x: number, values: shown, median, low, high };
        Some((point, found.coverage))
    };
    let (points, coverages): (Vec<SettingPoint>, Vec<f64>) = groups.iter().filter_map(point).unzip();
    let runs: usize = groups.iter().map(|(_, values)| values.len()).sum();
    let mut remark =
        format!("Medians of {}; bars: intervals of {} coverage", count_of(runs, "finished run"), coverage(&coverages));
    if points.iter().any(|point| !point.values.is_empty()) {
        remark.push_str("; circles: runs");
    }
    if points.len() < groups.len() {
        remark.push_str(&format!("; {} without a finished run", count_of(groups.len() - points.len(), "value")));
    }
    SettingCurve { x: x.into(), y: measure.label().into(), points, remark }
}

/// How much of the time intervals hold their medians, in words.
fn coverage(coverages: &[f64]) -> String {
    let percent = |value: f64| format!("{:.0}", 100.0 * value);
    let low = coverages.iter().copied().fold(f64::INFINITY, f64::min);
    let high = coverages.iter().copied().fold(0.0, f64::max);
    if percent(low) == percent(high) {
        format!("{} %", percent(low))
    } else {
        format!("{} to {} %", percent(low), percent(high))
    }
}

fn map((x, y): (&str, &str), groups: &[(Vec<Option<Value>>, Vec<f64>)], measure: Measure) -> Result<SettingMap> {
    let (columns, rows) = (values_of(groups, 0), values_of(groups, 1));
    let most = columns.len().max(rows.len());
    if most > VALUES {
        let message = format!(
            "is a map of at most {VALUES} values a side, but a setting has {most}; draw against one setting, or keep \
            fewer runs with --where"
        );
        return Err(Error::setting("--figure", message));
    }
    let median = |column: &Option<Value>, row: &Option<Value>| {
        let key = [column.clone(), row.clone()];
        let (_, values) = groups.iter().find(|(found, _)| *found == key)?;
        Some(MedianInterval::of(values)?.median)
    };
    let values: Vec<Vec<Option<f64>>> =
        rows.iter().map(|row| columns.iter().map(|column| median(column, row)).collect()).collect();
    let counts: BTreeSet<usize> = groups.iter().map(|(_, values)| values.len()).filter(|n| *n > 0).collect();
    let (least, most) = (counts.first().copied().unwrap_or(0), counts.last().copied().unwrap_or(0));
    let counts = if least == most { least.to_string() } else { format!("{least} to {most}") };
    let plural = if most == 1 { "run" } else { "runs" };
    let is_whole = values.iter().flatten().all(Option::is_some);
    let crossed = if is_whole { "" } else { "; crossed out: no finished run" };
    Ok(SettingMap {
        x: x.into(),
        y: y.into(),
        columns: columns.iter().map(|value| words(value.as_ref())).collect(),
        rows: rows.iter().map(|value| words(value.as_ref())).collect(),
        values,
        measure: measure.label().into(),
        remark: format!("Medians of {counts} finished {plural} each{crossed}"),
    })
}

/// The different values of one of the names, in the order of the groups.
fn values_of(groups: &[(Vec<Option<Value>>, Vec<f64>)], place: usize) -> Vec<Option<Value>> {
    let mut values: Vec<Option<Value>> = Vec::new();
    for (key, _) in groups {
        if !values.contains(&key[place]) {
            values.push(key[place].clone());
        }
    }
    values.sort_by(|one, other| order(std::slice::from_ref(one), std::slice::from_ref(other)));
    values
}
