//! Figures of activity in trials, of networks and of recordings: `nn4n plot rates`, `trajectories`.

use std::path::Path;

use anyhow::{Result, bail};
use clap::Args;
use nn4n_analysis::{
    activity::{Averages, Trials},
    structure::Group,
};

use super::{
    analyze::{Source, SourceArgs, by_condition, mean_trajectories, of_epoch, shown},
    output,
    plot::Canvas,
};
use crate::plot::{EpochSpan, PlotError, Projection, TimeCourses, TimeLine, TimePanel, Trajectories, spans};

/// Trials of each condition unless the arguments say otherwise.
const TRIALS: u32 = 10;
/// A variable that is chosen has so many values at most: as many as there are colours.
const VALUES: usize = 7;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n plot rates song2016-mante-ei --by context --out rates.svg
  nn4n plot trajectories --activity neurons.npz --conditions trials.csv --by choice --out trajectories.svg")]
pub struct ActivityArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// A variable of the trials whose values are told apart [default: the first that has two to seven, of trajectories
    /// to twelve]
    #[arg(long, value_name = "VARIABLE")]
    by: Option<String>,
    #[command(flatten)]
    canvas: Canvas,
}

impl ActivityArgs {
    /// Draws one figure.
    pub fn draw<F>(
        &self,
        figure: impl Fn(&Source, Option<&str>) -> Result<F>,
        save: impl Fn(&F, &Path) -> Result<(), PlotError>,
    ) -> Result<()> {
        self.canvas.check()?;
        let source = self.source.open_one(Some(TRIALS))?;
        save(&figure(&source, self.by.as_deref())?, &self.canvas.out)?;
        let activity = &source.activity;
        let what = format!(
            "{} units in {} trials of {}, seed {}",
            activity.units(),
            activity.trials().len(),
            source.name,
            self.source.seed
        );
        self.canvas.say(&what, &format!("nn4n report {} --out {}", self.source.again(), output::free("report.html")))
    }
}

/// The variable that trials are told apart by: the one that is asked for, or the first that has few values; none if
/// there is none. Whether a trial is a catch trial tells the least.
pub fn variable(trials: &Trials, asked: Option<&str>) -> Result<Vec<String>> {
    if let Some(name) = asked {
        trials.variable(name)?;
        return Ok(vec![name.to_owned()]);
    }
    let has_few = |name: &String| {
        trials.variable(name).is_ok_and(|variable| (2..=VALUES).contains(&variable.classes().names.len()))
    };
    let (catch, others): (Vec<String>, Vec<String>) = trials.variables().into_iter().partition(|name| name == "catch");
    Ok(others.into_iter().chain(catch).find(has_few).into_iter().collect())
}

/// Mean rates of each group of units over time, from the start of the trials.
pub fn rates(source: &Source, by: Option<&str>) -> Result<TimeCourses> {
    let trials = source.activity.trials();
    let averages = source.activity.aligned(None, 1)?.averages(&variable(trials, by)?)?;
    let panel = |group: &Group| TimePanel {
        title: format!("{} ({} units)", group.name, group.units.len()),
        lines: lines(&averages, group),
    };
    let panels: Vec<TimePanel> = finest(source).iter().map(panel).filter(|panel| !panel.lines.is_empty()).collect();
    if panels.is_empty() {
        bail!("no group of units has a rate; give activity with numbers");
    }
    Ok(TimeCourses {
        dt: source.activity.dt(),
        epochs: common_epochs(source),
        quantity: "Mean rate".into(),
        panels,
        share_y: true,
    })
}

/// The mean over the units of a group, a line for each condition in which it has one.
fn lines(averages: &Averages, group: &Group) -> Vec<TimeLine> {
    let of = |(condition, means): (usize, ndarray::ArrayView2<'_, f64>)| {
        let mean = |rates: ndarray::ArrayView1<'_, f64>| {
            let there: Vec<f64> = group.units.iter().map(|unit| rates[*unit]).filter(|rate| !rate.is_nan()).collect();
            if there.is_empty() { f64::NAN } else { there.iter().sum::<f64>() / there.len() as f64 }
        };
        TimeLine { name: averages.conditions[condition].to_string(), values: means.outer_iter().map(mean).collect() }
    };
    let lines = averages.means.outer_iter().enumerate().map(of);
    lines.filter(|line| line.values.iter().any(|value| !value.is_nan())).collect()
}

/// The groups that are no unions of others; all units where none are known.
fn finest(source: &Source) -> Vec<Group> {
    let is_part = |group: &&Group| group.name.contains(':');
    let parts: Vec<Group> = source.groups.iter().filter(is_part).cloned().collect();
    match (parts.is_empty(), source.groups.is_empty()) {
        (false, _) => parts,
        (true, false) => source.groups.clone(),
        (true, true) => vec![Group { name: "all".into(), units: (0..source.activity.units()).collect() }],
    }
}

/// The epochs, where all trials have the same.
fn common_epochs(source: &Source) -> Vec<EpochSpan> {
    let epochs = &source.activity.trials().epochs;
    match epochs.split_first() {
        Some((first, rest)) if rest.iter().all(|other| other == first) => {
            spans(source.activity.dt(), first).into_iter().filter(|span| span.start < span.end).collect()
        }
        _ => Vec::new(),
    }
}

/// The mean over the trials of each value, at the steps that all have, along the first components of these means.
pub fn trajectories(source: &Source, by: Option<&str>) -> Result<Trajectories> {
    let units = source.activity.units();
    if units < 2 {
        bail!("the activity of one unit is a number, and no space to draw; give two units at least");
    }
    let means = shown(&of_epoch(&source.activity, None)?, by)?;
    let rows = means.rows();
    let projection = Projection::principal(std::slice::from_ref(&rows), units.min(3))?;
    let along = by_condition(&projection.of_states(&rows), means.conditions.len());
    Ok(mean_trajectories(&means, projection.axes.clone(), &along))
}

#[cfg(test)]
mod tests {
    use nn4n_tasks::Condition;

    use super::*;

    #[test]
    fn the_variable_that_is_chosen_is_the_first_with_few_values() -> Result<()> {
        let of = |i: usize| {
            let side = if i.is_multiple_of(2) { "left" } else { "right" };
            Condition::new().with("catch", i == 0).with("coherence", i as f64).with("session", 1.0).with("side", side)
        };
        let trials = Trials::new(vec![1; 12], (0..12).map(of).collect());
        assert_eq!(variable(&trials, None)?, ["side"]);
        assert_eq!(variable(&trials, Some("coherence"))?, ["coherence"]);
        assert!(variable(&trials, Some("colour")).unwrap_err().to_string().contains("there are catch, coherence"));
        assert!(variable(&Trials::new(vec![1], vec![Condition::new()]), None)?.is_empty());
        Ok(())
    }
}
