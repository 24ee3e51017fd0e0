//! `nn4n analyze confusion`

use anyhow::{Context, Result};
use clap::Args;
use ndarray::{Array1, Array2};
use nn4n_analysis::{Confusion, activity::Trials};
use serde::Serialize;

use super::{
    answer::AnswerArgs,
    source::{SourceAbout, SourceArgs, repetitions},
};
use crate::{evaluate::RIGHT_CHOICE, plot::ConfusionMatrix};

/// Trials of each condition, unless the number is given.
const TRIALS: u32 = 100;
/// Columns that a terminal shows.
const SHOWN: usize = 10;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze confusion yang2019-go-anti --trials 20 --out runs/confusion
  nn4n analyze confusion song2016-mante-ei --variable context --json
  nn4n analyze confusion --activity session.npz --conditions trials.csv --variable target --answered choice")]
pub struct ConfusionArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// The variable of the rows [default: the right answer]
    #[arg(long, value_name = "NAME", default_value = RIGHT_CHOICE)]
    variable: String,
    /// The variable of the columns
    #[arg(long, value_name = "NAME", default_value = "choice")]
    answered: String,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    variable: &'a str,
    answered: &'a str,
    /// Trials that are a row of a file once more, and not counted.
    repeated_trials: usize,
    #[serde(flatten)]
    found: &'a Confusion,
    /// Trials, row by row.
    counts: Vec<Vec<usize>>,
    /// Of the trials of each row that have an answer; `null` in rows without any.
    fractions: Vec<Vec<f64>>,
}

pub fn confusion(args: &ConfusionArgs) -> Result<()> {
    let answer = args.answer.open("confusion", &["confusion"], &[])?;
    let mut behaviour = args.source.behaviour(Some(TRIALS))?;
    let repeated_trials = behaviour.count_rows_once();
    let trials = &behaviour.outcomes.trials;
    let variable = trials.variable(&args.variable).with_context(|| args.hint())?;
    let answered = trials.variable(&args.answered).with_context(|| choices_hint(&args.answered, trials))?;
    let found = Confusion::of(&variable, &answered)?;
    let fractions = found.fractions();
    let figure = ConfusionMatrix {
        variable: args.label(),
        rows: found.rows.clone(),
        columns: found.columns.clone(),
        counts: found.counts.clone(),
        remark: format!("{} trials", found.counts.sum()),
    };
    answer.figure("confusion", |path| figure.save(path))?;
    answer.arrays(|file| {
        let counts: Array2<i64> = found.counts.mapv(|count| count as i64);
        let without: Array1<i64> = found.without_answer.iter().map(|count| *count as i64).collect();
        Ok(file
            .array("counts", &counts)?
            .axes(["right", "chosen"])
            .unit("trials")
            .array("fractions", &fractions)?
            .axes(["right", "chosen"])
            .array("without_answer", &without)?
            .axes(["right"])
            .unit("trials"))
    })?;
    let report = Report {
        about: &behaviour.about,
        variable: &args.variable,
        answered: &args.answered,
        repeated_trials,
        counts: found.counts.outer_iter().map(|row| row.to_vec()).collect(),
        fractions: fractions.outer_iter().map(|row| row.to_vec()).collect(),
        found: &found,
    };
    let next = format!("nn4n analyze psychometric {}", args.source.again());
    answer.say(&report, &lines(&report), &next)
}

impl ConfusionArgs {
    fn label(&self) -> String {
        if self.variable == RIGHT_CHOICE { "Right answer".into() } else { self.variable.replace('_', " ") }
    }

    fn hint(&self) -> String {
        let what = if self.variable == RIGHT_CHOICE {
            "the task has no choice of which one is right, or the recording does not say it"
        } else {
            "no such variable"
        };
        format!("--variable {}: {what}; name another with --variable", self.variable)
    }
}

fn choices_hint(answered: &str, trials: &Trials) -> String {
    format!("--answered {answered}: none of the {} trials has a choice; name another variable", trials.len())
}

fn lines(report: &Report<'_>) -> Vec<String> {
    let found = report.found;
    let mut lines = vec![format!(
        "trials       {} with an answer, {} without, {} without a value, seed {}",
        found.counts.sum(),
        found.without_answer.iter().sum::<usize>(),
        found.without_value,
        report.about.seed
    )];
    lines.extend(repetitions(report.repeated_trials));
    if let Some(accuracy) = found.balanced_accuracy {
        lines.push(format!("accuracy     {:.1} %, balanced over rows", 100.0 * accuracy));
    }
    if found.columns.len() > SHOWN {
        lines.push(format!("matrix       {} x {}: see the figure or --json", found.rows.len(), found.columns.len()));
        return lines;
    }
    let width = found.columns.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(6);
    let first = found.rows.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let head: String = found.columns.iter().map(|name| format!("  {name:>width$}")).collect();
    lines.push(format!("  {:first$}{head}", ""));
    for (name, counts) in found.rows.iter().zip(&report.counts) {
        let cells: String = counts.iter().map(|count| format!("  {count:>width$}")).collect();
        lines.push(format!("  {name:first$}{cells}"));
    }
    lines
}
