//! `nn4n analyze chronometric`

use anyhow::Result;
use clap::Args;
use ndarray::{Array1, Array2};
use nn4n_analysis::{
    Chronometric,
    behaviour::chronometric::{ChronometricPoint, Decision, Times},
};
use serde::Serialize;

use super::{
    answer::AnswerArgs,
    graded::{Graded, GradedArgs},
    source::{SourceAbout, SourceArgs},
};
use crate::plot::{CurvePanel, CurvePanels, CurvePoint, CurveSeries, strength_axis};

/// Columns of the histogram.
const COLUMNS: usize = 24;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze chronometric kleinman2021-checkerboard --trials 100 --out runs/chronometric
  nn4n analyze chronometric --activity session.npz --conditions trials.csv --variable coherence --json")]
pub struct ChronometricArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    graded: GradedArgs,
    /// The value without evidence, from which strengths are counted
    #[arg(long, value_name = "VALUE", default_value_t = 0.0, allow_negative_numbers = true)]
    boundary: f64,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    /// The evidence that decides which answer is right, of each group of trials.
    variable: Vec<String>,
    boundary: f64,
    #[serde(flatten)]
    found: &'a Chronometric,
    /// Trials of no group, or without a value.
    trials_left_out: usize,
}

pub fn chronometric(args: &ChronometricArgs) -> Result<()> {
    let answer = args.answer.open("chronometric", &["chronometric"], &[])?;
    let graded = args.graded.open(&args.source, None)?;
    let decisions = args.decisions(&graded);
    let found = Chronometric::of(&decisions)?;
    let mut variable: Vec<String> = graded.groups.iter().map(|group| group.variables[0].clone()).collect();
    variable.dedup();
    let figure = args.figure(&graded, &variable, &found);
    answer.figure("chronometric", |path| figure.save(path))?;
    answer.arrays(|file| {
        let number = |value: Option<f64>| value.unwrap_or(f64::NAN);
        let of = |value: fn(&Decision) -> f64| decisions.iter().map(value).collect::<Array1<f64>>();
        let table = Array2::from_shape_fn((found.points.len(), 4), |(row, column)| {
            let point = &found.points[row];
            let median = |times: &Option<Times>| number(times.as_ref().map(|times| times.median));
            [point.strength, median(&point.right), median(&point.wrong), number(point.median_with_censored)][column]
        });
        Ok(file
            .array("value", &of(|one| one.value))?
            .axes(["trials"])
            .array("reaction_time", &of(|one| one.reaction_time.unwrap_or(f64::NAN)))?
            .axes(["trials"])
            .unit("ms")
            .array("was_right", &of(|one| one.was_right.map_or(f64::NAN, |right| f64::from(u8::from(right)))))?
            .axes(["trials"])
            .array("strength_median_right_wrong_all", &table)?
            .axes(["strengths", "columns"])
            .columns(["strength", "median of right", "median of wrong", "median of all"]))
    })?;
    let report = Report {
        about: &graded.behaviour.about,
        variable,
        boundary: args.boundary,
        found: &found,
        trials_left_out: graded.left_out,
    };
    let next = format!("nn4n analyze psychometric {}{}", args.source.again(), args.graded.again());
    let mut lines = lines(&report);
    lines.extend(graded.repetitions());
    answer.say(&report, &lines, &next)
}

impl ChronometricArgs {
    fn decisions(&self, graded: &Graded) -> Vec<Decision> {
        let mut decisions = Vec::new();
        for group in &graded.groups {
            let of = |trial: &usize| {
                Some(Decision {
                    value: graded.value(*trial, &group.variables[0])? - self.boundary,
                    was_right: graded.was_right(*trial),
                    reaction_time: graded.condition(*trial).number("reaction_time").filter(|time| !time.is_nan()),
                })
            };
            decisions.extend(group.trials.iter().filter_map(of));
        }
        decisions
    }

    fn figure(&self, graded: &Graded, variable: &[String], found: &Chronometric) -> CurvePanels {
        let (label, scale) = strength_axis(graded.behaviour.task.as_deref(), &variable[0], self.boundary);
        let smallest =
            found.points.iter().map(|point| point.strength).filter(|x| *x > 0.0).fold(f64::INFINITY, f64::min);
        // A logarithmic axis has no 0: it is drawn at half of the smallest strength.
        let has_zero = found.points.iter().any(|point| point.strength == 0.0) && smallest.is_finite();
        let place = |strength: f64| scale * if has_zero && strength == 0.0 { 0.5 * smallest } else { strength };
        let curve = |name: &str, color: usize, hollow: bool, times: fn(&ChronometricPoint) -> Option<&Times>| {
            let point = |point: &ChronometricPoint| {
                let times = times(point)?;
                let [low, high] = times.median_interval.unwrap_or([times.median; 2]);
                Some(CurvePoint { x: place(point.strength), y: times.median, low, high })
            };
            let points: Vec<CurvePoint> = found.points.iter().filter_map(point).collect();
            let line = if hollow { Vec::new() } else { points.iter().map(|point| (point.x, point.y)).collect() };
            CurveSeries { name: name.into(), color, points, hollow, line, ..CurveSeries::default() }
        };
        let unscored = found.points.iter().all(|point| point.right.is_none() && point.wrong.is_none());
        let mut series = vec![
            curve("right", 0, false, |point| point.right.as_ref()),
            curve("wrong", 1, true, |point| point.wrong.as_ref()),
        ];
        if unscored {
            let all = |point: &ChronometricPoint| {
                let y = point.median_with_censored?;
                Some(CurvePoint { x: place(point.strength), y, low: y, high: y })
            };
            let points = found.points.iter().filter_map(all).collect();
            series = vec![CurveSeries { name: "all".into(), points, ..CurveSeries::default() }];
        }
        let left = if has_zero { "; 0 drawn at the left end" } else { "" };
        let panel = CurvePanel {
            x: label,
            y: "Median reaction time (ms)".into(),
            log_x: smallest.is_finite(),
            series,
            ..CurvePanel::default()
        };
        let none = match found.without_response {
            0 => String::new(),
            n => format!("; {n} trials without a response are not in it"),
        };
        let remark = format!("bars: 95 % interval of the median{left}{none}");
        CurvePanels { panels: [Some(panel), histogram(found)].into_iter().flatten().collect(), remark }
    }
}

/// How often each reaction time occurs; nothing where no answer is known to be right or wrong.
fn histogram(found: &Chronometric) -> Option<CurvePanel> {
    let times = |right: bool| -> Vec<f64> {
        let of = |point: &ChronometricPoint| if right { point.right.clone() } else { point.wrong.clone() };
        found.points.iter().filter_map(of).flat_map(|times| times.all).collect()
    };
    let (right, wrong) = (times(true), times(false));
    let all = || right.iter().chain(&wrong).copied();
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    if high <= low {
        return None;
    }
    let width = (high - low) / COLUMNS as f64;
    let steps = |times: &[f64]| -> Vec<(f64, f64)> {
        let mut counts = [0.0; COLUMNS];
        times.iter().for_each(|time| counts[(((time - low) / width) as usize).min(COLUMNS - 1)] += 1.0);
        let corners = counts.iter().enumerate().flat_map(|(i, count)| {
            let start = low + i as f64 * width;
            [(start, *count), (start + width, *count)]
        });
        [(low, 0.0)].into_iter().chain(corners).chain([(high, 0.0)]).collect()
    };
    let series = [("right", 0, right), ("wrong", 1, wrong)].into_iter().filter(|(_, _, times)| !times.is_empty());
    Some(CurvePanel {
        x: "Reaction time (ms)".into(),
        y: "Trials".into(),
        y_range: None,
        series: series
            .map(|(name, color, times)| CurveSeries {
                name: name.into(),
                color,
                line: steps(&times),
                ..CurveSeries::default()
            })
            .collect(),
        ..CurvePanel::default()
    })
}

fn lines(report: &Report<'_>) -> Vec<String> {
    let mut lines = vec![format!(
        "trials       {}, {} without a response, seed {}",
        report.found.points.iter().map(|point| point.trials).sum::<usize>(),
        report.found.without_response,
        report.about.seed
    )];
    lines.push("  strength   median right   wrong     mean right   wrong   without response   median of all".into());
    for point in &report.found.points {
        let number = |value: Option<f64>| value.map_or_else(|| "-".into(), |value| format!("{value:.0}"));
        let of = |times: &Option<Times>, value: fn(&Times) -> f64| number(times.as_ref().map(value));
        lines.push(format!(
            "  {:>8.4}   {:>9} ms {:>7}   {:>10} {:>7}   {:>14.1} %   {:>10} ms",
            point.strength,
            of(&point.right, |times| times.median),
            of(&point.wrong, |times| times.median),
            of(&point.right, |times| times.mean),
            of(&point.wrong, |times| times.mean),
            100.0 * point.share_without_response,
            number(point.median_with_censored)
        ));
    }
    if report.trials_left_out > 0 {
        lines.push(format!("left out     {} trials without a value or of no group", report.trials_left_out));
    }
    lines
}
