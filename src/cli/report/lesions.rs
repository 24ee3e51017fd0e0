//! What is left of the behaviour without parts of the network.

use std::ops::ControlFlow;

use anyhow::{Context, Result, bail};
use nn4n_analysis::structure::Group;
use nn4n_tasks::Task;

use super::{
    Made, data, figure,
    subject::{Network, Subject, nn4n},
};
use crate::{
    cli::{analyze::lesion_table, output::percent},
    evaluate::{BehaviourOptions, BehaviourRow, BehaviourTable, Matched, behaviour, populations},
    intervention::{Intervention, UnitSelection},
    report::{Csv, Figure, Part, Source, Table, digits},
    terminal::steps_bar,
};

/// Sets of random other units that each lesion is compared with: fewest and most. The next set lies within the range of n
/// with probability (n - 1) / (n + 1), 95 % of 39.
const CONTROLS: (usize, usize) = (10, 39);
/// Multiplications that all evaluations may take, some seconds.
const WORK: f64 = 1e11;
/// About how many trials each evaluation is of, and how many of each condition at most.
const TRIALS: usize = 200;
const MOST: usize = 50;
/// With more populations their most active units are not lesioned, too.
const FEW: usize = 3;
/// The part of a population that those are.
const ACTIVE_PART: usize = 10;

/// A lesion with what it is called.
struct Lesion {
    name: String,
    done: Intervention,
}

pub fn part(subject: &Subject) -> Result<Part> {
    let (network, task) = subject.task()?;
    if !task.is_scored() {
        bail!("the task has no right and wrong; errors with and without units: nn4n analyze interventions");
    }
    let groups = populations(network.ctrnn.units());
    let lesions = lesions(subject, network, &groups)?;
    let options = BehaviourOptions {
        per_condition: subject.per_condition(task, TRIALS, MOST),
        seed: subject.args.seed,
        controls: controls(subject, network, task, lesions.len())?,
        ..BehaviourOptions::default()
    };
    let sets: Vec<Vec<Intervention>> = lesions.iter().map(|lesion| vec![lesion.done.clone()]).collect();
    let mut bar = None;
    let mut table = behaviour(&network.ctrnn, task, &sets, options, |progress| {
        bar.get_or_insert_with(|| steps_bar("evaluations", progress.total as u64))(progress.done as u64);
        ControlFlow::Continue(())
    })?;
    drop(bar);
    let command = command(subject, &lesions, &options);
    for (row, lesion) in table.rows.iter_mut().skip(1).zip(&lesions) {
        row.name.clone_from(&lesion.name);
    }
    let mut part = Part { paragraphs: vec![summary(&groups, &options)], ..Part::default() };
    part.figure("performance without parts", drawn(&table, &options, task.chance(), command.clone()));
    part.tables.push(listed(&table, command));
    Ok(part)
}

/// As many as the work allows: an evaluation multiplies the weights with each step of each trial.
fn controls(subject: &Subject, network: &Network, task: &dyn Task, lesions: usize) -> Result<usize> {
    let steps = subject.activity()?.activity.trials().n_steps.iter().copied().max().unwrap_or(0);
    let trials = subject.per_condition(task, TRIALS, MOST) * task.conditions().len().max(1);
    let units = network.ctrnn.units().len();
    let evaluation = (trials * steps * units * units * lesions.max(1)) as f64;
    Ok(((WORK / evaluation) as usize).clamp(CONTROLS.0, CONTROLS.1))
}

/// Each population, and where they are few also its most active units.
fn lesions(subject: &Subject, network: &Network, groups: &[Group]) -> Result<Vec<Lesion>> {
    let units = network.ctrnn.units().len();
    let mut lesions = Vec::new();
    // Without any unit there is no network.
    for group in groups.iter().filter(|group| group.units.len() < units) {
        let units: UnitSelection = group.name.parse()?;
        lesions.push(Lesion {
            name: format!("{} ({})", group.name, group.units.len()),
            done: Intervention::Lesion(units),
        });
    }
    if groups.len() <= FEW {
        let rates = mean_rates(subject)?;
        for group in groups.iter().filter(|group| group.units.len() > 1) {
            let most = most_active(&rates, &group.units);
            lesions.push(Lesion {
                name: format!("most active of {} ({})", group.name, most.len()),
                done: Intervention::Lesion(UnitSelection::units(most)),
            });
        }
    }
    Ok(lesions)
}

/// Of each unit, over all steps of all trials of the activity.
fn mean_rates(subject: &Subject) -> Result<Vec<f64>> {
    let samples = subject.activity()?.activity.samples(None)?;
    Ok(samples.rows.mean_axis(ndarray::Axis(0)).context("there are no steps")?.to_vec())
}

/// The tenth of the units with the highest mean rates, in their order.
fn most_active(rates: &[f64], units: &[usize]) -> Vec<usize> {
    let mut sorted = units.to_vec();
    sorted.sort_by(|a, b| rates[*b].total_cmp(&rates[*a]).then(a.cmp(b)));
    sorted.truncate(units.len().div_ceil(ACTIVE_PART));
    sorted.sort_unstable();
    sorted
}

fn command(subject: &Subject, lesions: &[Lesion], options: &BehaviourOptions) -> String {
    let mut words = subject.subject_words();
    words.extend(["--trials".into(), options.per_condition.to_string()]);
    words.extend(["--controls".into(), options.controls.to_string()]);
    for lesion in lesions {
        if let Intervention::Lesion(units) = &lesion.done {
            words.extend(["--lesion".into(), units.to_string()]);
        }
    }
    nn4n(&["analyze", "interventions", "--out", "lesions"], &words)
}

fn summary(groups: &[Group], options: &BehaviourOptions) -> String {
    let active = if groups.len() <= FEW { ", and the tenth of each with the highest mean rates" } else { "" };
    format!(
        "The synapses that leave these units are cut: each cell type and area{active}. {} trials of each condition, the \
        same for all, beside at most {} sets of as many random other units (as many as take seconds); of the same areas and \
        cell types where there are as many.",
        options.per_condition, options.controls
    )
}

fn drawn(table: &BehaviourTable, options: &BehaviourOptions, chance: f64, command: String) -> Result<Figure> {
    let figure_of = lesion_table(table, chance).context("not all networks have a performance")?;
    let n = options.controls;
    let within = 100.0 * (n - 1) as f64 / (n + 1) as f64;
    let caption = format!(
        "Performance of the intact network (on top) and without the units of each row, with 95 % intervals; grey: without \
        as many random other units, mean and range of at most {n} sets; of {n} sets, the range holds {within:.0} % of all \
        others."
    );
    figure("Performance without parts of the network", caption, &figure_of, (command, data::lesions(&figure_of)))
}

fn listed(table: &BehaviourTable, command: String) -> Table {
    let mut csv = Csv::new(
        "lesions.csv",
        ["without", "trials", "performance", "difference", "low", "high", "controls", "control_mean", "p"],
    );
    let value = |value: Option<f64>| value.map_or(String::new(), |value| digits(value, 5));
    for row in &table.rows {
        let [low, high] = row.difference_interval.map_or([None; 2], |ends| ends.map(Some));
        let controls = row.controls.as_ref();
        let numbers = [row.performance, row.difference, low, high].map(value);
        let words = [row.name.clone(), row.trials.to_string()].into_iter().chain(numbers);
        let of_controls = [
            controls.map_or(String::new(), |controls| controls.values.len().to_string()),
            value(controls.map(|controls| controls.mean)),
            value(controls.map(|controls| controls.p)),
        ];
        csv.row(words.chain(of_controls));
    }
    Table {
        caption: "Performance without parts of the network".into(),
        head: ["without", "right", "difference", "random other units"].map(String::from).into(),
        rows: table.rows.iter().map(row).collect(),
        folded: false,
        source: Some(Source { command, data: csv }),
    }
}

fn row(row: &BehaviourRow) -> Vec<String> {
    let difference = match (row.difference, row.difference_interval) {
        (Some(found), Some([low, high])) => {
            format!("{:+.1} ({:+.1} to {:+.1}) points", 100.0 * found, 100.0 * low, 100.0 * high)
        }
        _ => String::new(),
    };
    let controls = match (&row.controls, &row.no_controls) {
        (Some(found), _) => {
            let of = match found.matched {
                Matched::AreaAndCellType => "of the same areas and cell types",
                Matched::MeanRate => "of nearly the same mean rate",
                Matched::Number => "of any kind",
            };
            format!("{} on average of {} sets {of}", percent(found.mean), found.values.len())
        }
        (None, Some(why)) => format!("none: {why}"),
        (None, None) => String::new(),
    };
    vec![
        row.name.clone(),
        row.performance.map_or(String::new(), percent),
        difference.replace('-', "\u{2212}"),
        controls,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_active_are_a_tenth_and_at_least_one() {
        let rates = [0.1, 0.9, 0.9, 0.2, 0.0];
        assert_eq!(most_active(&rates, &[0, 1, 2, 3, 4]), [1], "of equals the first");
        let rates: Vec<f64> = (0..25).map(f64::from).collect();
        assert_eq!(most_active(&rates, &(0..20).collect::<Vec<_>>()), [18, 19]);
    }
}
