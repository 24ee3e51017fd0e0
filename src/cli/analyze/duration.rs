//! `nn4n analyze duration`

use anyhow::{Result, bail};
use clap::Args;
use ndarray::Array2;
use nn4n_analysis::{
    DurationCurve,
    behaviour::duration::{DurationBin, TimedAnswer},
    behaviour::psychometric::{Family, Lapses, Settings},
};
use serde::Serialize;

use super::{
    answer::AnswerArgs,
    graded::{Graded, GradedArgs},
    source::{SourceAbout, SourceArgs},
};
use crate::plot::{CurvePanel, CurvePanels, CurvePoint, CurveSeries, variable_axis};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze duration song2016-rdm-ei --trials 500 --out runs/duration
  nn4n analyze duration rdm-vanilla --epoch stimulus --bins 6 --json")]
pub struct DurationArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    graded: GradedArgs,
    /// The period whose duration counts
    #[arg(long, value_name = "EPOCH", default_value = "stimulus")]
    epoch: String,
    /// Bins of as many trials each
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = super::count::count)]
    bins: usize,
    /// Largest lapse rate of the Weibull functions
    #[arg(long, value_name = "RATE", default_value_t = 0.05)]
    max_lapse: f64,
    /// Probability to be right by guessing
    #[arg(long, value_name = "P", default_value_t = 0.5)]
    guess: f64,
    /// The value without evidence, from which strengths are counted
    #[arg(long, value_name = "VALUE", default_value_t = 0.0, allow_negative_numbers = true)]
    boundary: f64,
    /// Fits to drawn answers in each bin, for intervals; 0 for none
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = super::count::count)]
    refits: usize,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    /// The evidence that decides which answer is right, of each group of trials.
    variable: Vec<String>,
    epoch: &'a str,
    settings: Settings,
    #[serde(flatten)]
    found: &'a DurationCurve,
    /// Trials without the epoch, a value, or an answer that is right or wrong.
    trials_left_out: usize,
}

pub fn duration(args: &DurationArgs) -> Result<()> {
    let answer = args.answer.open("duration", &["duration"], &[])?;
    let settings = Settings {
        family: Family::Weibull,
        lapses: Lapses::Guess,
        max_lapse: args.max_lapse,
        guess: args.guess,
        refits: args.refits,
        seed: args.source.seed,
    };
    let graded = args.graded.open(&args.source, None)?;
    let answers = args.answers(&graded)?;
    let found = DurationCurve::of(&answers, args.bins, &settings)?;
    let mut variable: Vec<String> = graded.groups.iter().map(|group| group.variables[0].clone()).collect();
    variable.dedup();
    let figure = figure(&graded, &variable[0], &found);
    answer.figure("duration", |path| figure.save(path))?;
    answer.arrays(|file| {
        let table = Array2::from_shape_fn((found.bins.len(), 4), |(row, column)| {
            let bin = &found.bins[row];
            let threshold = bin.threshold.map_or(f64::NAN, |threshold| threshold.value);
            [bin.duration, bin.trials as f64, bin.performance, threshold][column]
        });
        Ok(file.array("duration_trials_performance_threshold", &table)?.axes(["bins", "columns"]).columns([
            "duration",
            "trials",
            "performance",
            "threshold",
        ]))
    })?;
    let report = Report {
        about: &graded.behaviour.about,
        variable,
        epoch: &args.epoch,
        settings,
        found: &found,
        trials_left_out: graded.behaviour.outcomes.trials.len() - answers.len(),
    };
    let next = match graded.behaviour.outcomes.inputs.dim().2 {
        0 => format!("nn4n analyze psychometric {}{}", args.source.again(), args.graded.again()),
        _ => format!("nn4n analyze kernel {}{}", args.source.again(), args.graded.again()),
    };
    let mut lines = lines(&report);
    lines.extend(graded.repetitions());
    answer.say(&report, &lines, &next)
}

impl DurationArgs {
    fn answers(&self, graded: &Graded) -> Result<Vec<TimedAnswer>> {
        let outcomes = &graded.behaviour.outcomes;
        let names = outcomes.trials.epoch_names();
        if !names.contains(&self.epoch) {
            let known =
                if names.is_empty() { "no epochs are known".into() } else { format!("there are {}", names.join(", ")) };
            bail!("--epoch {}: no trial has such an epoch; {known}", self.epoch);
        }
        let mut answers = Vec::new();
        for group in &graded.groups {
            for trial in &group.trials {
                let Some(epoch) = outcomes.trials.epoch(*trial, &self.epoch).filter(|epoch| epoch.end > epoch.start)
                else {
                    continue;
                };
                let value = graded.value(*trial, &group.variables[0]);
                let (Some(value), Some(was_right)) = (value, graded.was_right(*trial)) else { continue };
                let duration = (epoch.end - epoch.start) as f64 * outcomes.dt;
                answers.push(TimedAnswer { duration, strength: Some((value - self.boundary).abs()), was_right });
            }
        }
        if answers.is_empty() {
            bail!("no trial with the epoch `{}` says whether its answer was right (`was_right`)", self.epoch);
        }
        Ok(answers)
    }
}

/// Performance, and thresholds if there are any, against the duration.
fn figure(graded: &Graded, variable: &str, found: &DurationCurve) -> CurvePanels {
    let (label, scale) = variable_axis(graded.behaviour.task.as_deref(), variable);
    let point = |bin: &DurationBin| CurvePoint {
        x: bin.duration,
        y: 100.0 * bin.performance,
        low: 100.0 * bin.interval[0],
        high: 100.0 * bin.interval[1],
    };
    let points: Vec<CurvePoint> = found.bins.iter().map(point).collect();
    let line = points.iter().map(|point| (point.x, point.y)).collect();
    let performance = CurvePanel {
        x: "Duration (ms)".into(),
        y: "Right answers (%)".into(),
        log_x: true,
        y_range: Some((points.iter().map(|point| point.low).fold(40.0, f64::min), 100.0)),
        y_guide: Some(50.0),
        series: vec![CurveSeries { points, line, ..CurveSeries::default() }],
        ..CurvePanel::default()
    };
    let thresholds = thresholds(found, &format!("Threshold of {}", label.to_lowercase()), scale);
    let panels = [Some(performance), thresholds].into_iter().flatten().collect();
    CurvePanels { panels, remark: "bins of as many trials, bars: 95 % interval".into() }
}

fn thresholds(found: &DurationCurve, label: &str, scale: f64) -> Option<CurvePanel> {
    let resolved =
        || found.bins.iter().filter_map(|bin| Some((bin.duration, bin.threshold.filter(|one| !one.unresolved)?)));
    let positive = |value: f64, instead: f64| if value > 0.0 && value.is_finite() { value } else { instead };
    let points: Vec<CurvePoint> = resolved()
        .filter(|(_, threshold)| threshold.value > 0.0 && threshold.value.is_finite())
        .map(|(duration, threshold)| {
            let [low, high] = threshold.interval.unwrap_or([threshold.value; 2]);
            CurvePoint {
                x: duration,
                y: scale * threshold.value,
                low: scale * positive(low, threshold.value),
                high: scale * positive(high, threshold.value),
            }
        })
        .collect();
    let ends = points.first().map(|point| point.x).zip(points.last().map(|point| point.x));
    let (first, last) = ends?;
    let mut series = vec![CurveSeries { name: "threshold".into(), points: points.clone(), ..CurveSeries::default() }];
    if let Some(slope) = &found.slope {
        let line = [first, last].map(|duration| (duration, scale * slope.at(duration))).to_vec();
        series.push(CurveSeries {
            name: format!("slope {:.2}", slope.slope).replace('-', "\u{2212}"),
            line,
            ..CurveSeries::default()
        });
    }
    let lowest = points.iter().map(|point| point.y).fold(f64::INFINITY, f64::min);
    let highest = points.iter().map(|point| point.y).fold(0.0, f64::max);
    // Through the middle of the thresholds.
    let middle = points.iter().map(|point| (point.y * point.x.sqrt()).ln()).sum::<f64>() / points.len() as f64;
    let expected = [first, last].map(|duration| (duration, middle.exp() / duration.sqrt())).to_vec();
    let name = "slope \u{2212}1/2".to_owned();
    series.push(CurveSeries { name, color: 1, line: expected, dashed: true, ..CurveSeries::default() });
    Some(CurvePanel {
        x: "Duration (ms)".into(),
        y: label.into(),
        y_range: Some((0.4 * lowest, 2.5 * highest)),
        log_x: true,
        log_y: true,
        series,
        ..CurvePanel::default()
    })
}

fn lines(report: &Report<'_>) -> Vec<String> {
    let settings = report.settings;
    let mut lines = vec![format!(
        "fitted       weibull in each bin, floor {}, lapses up to {}, {} refits, seed {}",
        settings.guess, settings.max_lapse, settings.refits, settings.seed
    )];
    for bin in &report.found.bins {
        let threshold = match (bin.threshold, &bin.no_threshold) {
            (Some(one), _) if one.unresolved => "  threshold unresolved".into(),
            (Some(one), _) => {
                let within = one.interval.map_or_else(String::new, |[low, high]| format!(" ({low:.4}..{high:.4})"));
                format!("  threshold {:.4}{within}", one.value)
            }
            (None, Some(why)) => format!("  no threshold: {why}"),
            (None, None) => String::new(),
        };
        lines.push(format!(
            "  {:>6.0} ms ({:.0}..{:.0})  {:>5.1} % of {} trials{threshold}",
            bin.duration,
            bin.shortest,
            bin.longest,
            100.0 * bin.performance,
            bin.trials
        ));
    }
    if let Some(slope) = &report.found.slope {
        let within = slope.interval.map_or_else(String::new, |[low, high]| format!(" ({low:.3}..{high:.3})"));
        lines.push(format!(
            "slope        {:.3}{within} of ln threshold in ln duration, through {} bins; perfect integration has -0.5",
            slope.slope, slope.thresholds
        ));
    }
    if report.trials_left_out > 0 {
        let what = "trials without the epoch, a value, or an answer that is right or wrong";
        lines.push(format!("left out     {} {what}", report.trials_left_out));
    }
    lines
}
