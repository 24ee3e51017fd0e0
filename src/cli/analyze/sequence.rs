//! `nn4n analyze sequence`

use anyhow::{Result, bail};
use clap::Args;
use ndarray::Array1;
use nn4n_analysis::{Sequence, SequenceWeights, Sequentiality};
use serde::Serialize;

use super::{
    answer::AnswerArgs,
    source::{SourceAbout, SourceArgs},
};
use crate::{
    evaluate::ADDED,
    plot::{CurvePanel, CurvePanels, CurveSeries, SequenceMap},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze sequence song2016-rdm-ei --where coherence=0.512 --out runs/sequence
  nn4n analyze sequence runs/delayed_estimation --epoch delay --json | jq .sequentiality.index
  nn4n analyze sequence --activity neurons.npz --conditions trials.csv --epoch delay --least 1")]
pub struct SequenceArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Steps of this epoch alone [default: the whole trial]
    #[arg(long, value_name = "EPOCH")]
    epoch: Option<String>,
    /// The mean rate that a unit must be above
    #[arg(long, value_name = "RATE", default_value_t = 0.1)]
    least: f64,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    epoch: Option<&'a str>,
    least: f64,
    /// Numbers of the units; those of the sequence are places in this list.
    units: &'a [usize],
    /// `null` where rates are below 0.
    sequentiality: Option<&'a Sequentiality>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_sequentiality: Option<String>,
    sequence: &'a Sequence,
    /// Weights between the units; `null` of a recording.
    weights: Option<&'a SequenceWeights>,
    /// Whether the halves are the same trials without noise, of which any order repeats.
    halves_are_copies: bool,
}

pub fn sequence(args: &SequenceArgs) -> Result<()> {
    if !(args.least.is_finite() && args.least >= 0.0) {
        bail!("--least {}: must be finite and at least 0", args.least);
    }
    let answer = args.answer.open("sequence", &["sequence", "sequence-weights"], &[])?;
    let source = args.source.open_one(None)?;
    let (activity, epoch) = (&source.activity, args.epoch.as_deref());
    let sequence = Sequence::of(activity, epoch, args.least, &ADDED)?;
    let found = Sequentiality::of(activity, epoch, args.least);
    let figure = SequenceMap {
        rates: sequence.rates.clone(),
        peaks_ms: sequence.peaks_ms.clone(),
        dt: activity.dt(),
        from: epoch.map_or_else(|| "trial".into(), str::to_owned),
        remark: correlation(&sequence),
    };
    answer.figure("sequence", |path| figure.save(path))?;
    let weights = source.weights(&source.units, &source.units)?;
    let weights = weights.map(|weights| SequenceWeights::of(&sequence, weights.view())).transpose()?;
    if let Some(weights) = weights.as_ref().filter(|weights| !weights.lags.is_empty()) {
        let figure = weights_by_lag(weights);
        answer.figure("sequence-weights", |path| figure.save(path))?;
    }
    answer.arrays(|file| {
        let numbers: Array1<i64> = sequence.order.iter().map(|unit| source.units[*unit] as i64).collect();
        let file = file
            .array("units", &numbers)?
            .axes(["units"])
            .array("rates", &sequence.rates)?
            .axes(["units", "times"])
            .array("time_ms", &Array1::from(sequence.time_ms.clone()))?
            .axes(["times"])
            .unit("ms");
        let file = match &weights {
            Some(weights) => file
                .array("lags", &Array1::from(weights.lags.clone()))?
                .axes(["lags"])
                .array("weight_mean", &Array1::from(weights.means.clone()))?
                .axes(["lags"])
                .array("weight_sd", &Array1::from(weights.deviations.clone()))?
                .axes(["lags"]),
            None => file,
        };
        Ok(match &found {
            Ok(found) => file.array("index", &Array1::from(found.of_trials.clone()))?.axes(["trials"]),
            Err(_) => file,
        })
    })?;
    let report = Report {
        about: &source.about,
        epoch,
        least: args.least,
        units: &source.units,
        sequentiality: found.as_ref().ok(),
        no_sequentiality: found.as_ref().err().map(ToString::to_string),
        sequence: &sequence,
        weights: weights.as_ref(),
        halves_are_copies: activity.copies().is_some(),
    };
    answer.say(&report, &lines(&report), &format!("nn4n analyze pca {}", args.source.again()))
}

fn weights_by_lag(weights: &SequenceWeights) -> CurvePanels {
    let points = || weights.lags.iter().map(|lag| *lag as f64).zip(&weights.means);
    let band = points().zip(&weights.deviations).map(|((lag, mean), sd)| (lag, mean - sd, mean + sd)).collect();
    let line = points().map(|(lag, mean)| (lag, *mean)).collect();
    CurvePanels {
        panels: vec![CurvePanel {
            x: "Places from the presynaptic to the postsynaptic unit".into(),
            y: "Recurrent weight".into(),
            x_guide: Some(0.0),
            y_guide: Some(0.0),
            series: vec![CurveSeries { line, band, ..CurveSeries::default() }],
            ..CurvePanel::default()
        }],
        remark: "units in the order of their peaks; band: standard deviation".into(),
    }
}

fn correlation(sequence: &Sequence) -> String {
    match sequence.correlation {
        Some(value) => format!("peaks of the halves correlate by {value:.3} (Spearman)"),
        None => "all peaks of a half are at one time".into(),
    }
}

fn lines(report: &Report<'_>) -> Vec<String> {
    let sequence = report.sequence;
    let mut lines = vec![format!(
        "trials       {} sort the units, {} others are shown; {}, seed {}",
        sequence.trials.0,
        sequence.trials.1,
        report.epoch.map_or_else(|| "whole trials".into(), |epoch| format!("epoch `{epoch}`")),
        report.about.seed
    )];
    match (report.sequentiality, &report.no_sequentiality) {
        (Some(found), _) => {
            lines.push(format!(
                "sequence     index {:.4} = entropy {:.4} of at most 2.9957 + ridge to background {:.4}, mean of {} trials",
                found.index, found.entropy, found.ridge_to_background, found.trials
            ));
            lines.push(format!(
                "             of {:.1} units with a mean rate above {} in a trial; {} trials left out, {} times a unit \
                 silent outside of its window",
                found.units, report.least, found.trials_left_out, found.silent_outside
            ));
        }
        (None, why) => lines.push(format!("sequence     no index: {}", why.as_deref().unwrap_or("unknown"))),
    }
    lines.push(format!(
        "order        {}; {} of {} units left out, {} steps that fewer than half of the trials have",
        correlation(sequence),
        sequence.left_out,
        report.units.len(),
        sequence.steps_left_out
    ));
    if let Some(SequenceWeights { forward: Some(forward), backward: Some(backward), pairs, .. }) = report.weights {
        lines.push(format!(
            "weights      mean {forward:.4} from units with an earlier to units with a later peak, {backward:.4} back \
             ({pairs} pairs each)"
        ));
    }
    if report.halves_are_copies {
        lines.push(
            "             trials are copies of each other, so that any order repeats: leave --noise-free out".into(),
        );
    }
    lines
}
