//! How well a network does its task, and how its choices depend on the evidence.

use anyhow::{Result, bail};
use nn4n_analysis::wilson_interval;
use nn4n_tasks::Task;

use super::{
    Made, data, figure,
    subject::{Network, Subject, nn4n, parsed},
};
use crate::{
    cli::{
        analyze::{PsychometricArgs, flag},
        output::percent,
    },
    evaluate::{Evaluation, evaluate},
    plot::{Psychometric, PsychometricPlan},
    report::{Csv, Figure, Part, Source, Table, digits},
};

/// Rows of the table of conditions.
const ROWS: usize = 24;
/// Trials at each value of a psychometric curve, unless the arguments say otherwise.
const PER_VALUE: usize = 100;
/// Fits to drawn choices behind the intervals of a recording's curve.
const REFITS: usize = 200;

pub fn part(subject: &Subject) -> Result<Part> {
    if subject.network().is_err() {
        return of_recording(subject);
    }
    let (network, task) = subject.task()?;
    let trials = subject.trials(task);
    let found = evaluate(&network.ctrnn, task, trials, subject.args.seed)?;
    let mut part = Part { paragraphs: vec![summary(&found, task, trials)], ..Part::default() };
    if let Some(performance) = found.performance {
        part.number("Performance", percent(performance));
    }
    if let Some(error) = found.rms_error {
        part.number("RMS error", digits(error, 3));
    }
    if let Some(time) = found.reaction_time {
        part.number("Reaction time", format!("{time:.0} ms"));
    }
    part.figure("psychometric curve", psychometric(subject, network, task));
    if !found.conditions.is_empty() {
        part.tables.push(conditions(subject, &found, trials));
    }
    Ok(part)
}

/// What was chosen along the evidence, where trials say it.
fn of_recording(subject: &Subject) -> Result<Part> {
    let mut part = Part::default();
    let trials = subject.activity()?.activity.trials();
    let scored: Vec<bool> = trials.conditions.iter().filter_map(|condition| flag(condition, "was_right")).collect();
    if !scored.is_empty() {
        let right = scored.iter().filter(|is_right| **is_right).count();
        let (low, high) = wilson_interval(right, scored.len());
        let fraction = percent(right as f64 / scored.len() as f64);
        part.paragraphs.push(format!(
            "{fraction} of {} trials with a score were right (95 % interval {} to {}).",
            scored.len(),
            percent(low),
            percent(high)
        ));
        part.number("Performance", fraction);
    }
    part.figure("psychometric curve", recorded_psychometric(subject));
    Ok(part)
}

fn recorded_psychometric(subject: &Subject) -> Result<Figure> {
    let mut words = subject.source_words()?;
    words.extend(["--refits".into(), REFITS.to_string()]);
    let measured = parsed::<PsychometricArgs>(&words)?.measure()?;
    let fitted = measured.fitted();
    let fitted = if fitted.is_empty() { String::new() } else { format!(" {}.", fitted.join("; ")) };
    let caption = format!(
        "Choices against the evidence in {} trials; bars are Wilson 95 % intervals, intervals of the fit are of {REFITS} \
        refits.{fitted}",
        measured.trials()
    );
    let command = nn4n(&["analyze", "psychometric", "--out", "psychometric"], &words);
    let data = data::curves("psychometric.csv", &measured.figure);
    figure("Psychometric curve", caption, &measured.figure, (command, data))
}

fn summary(found: &Evaluation, task: &dyn Task, trials: usize) -> String {
    let mut text = format!("{trials} fresh test trials of each condition, with the noise of inputs and units.");
    match found.performance {
        Some(performance) => {
            let right = (performance * found.trials as f64).round() as usize;
            let (low, high) = wilson_interval(right, found.trials);
            text.push_str(&format!(
                " {} of {} scored trials were right (95 % interval {} to {}; outputs that are random numbers reach {}).",
                percent(performance),
                found.trials,
                percent(low),
                percent(high),
                percent(task.chance())
            ));
        }
        None => text.push_str(" The task has no right and wrong."),
    }
    if let Some(error) = found.rms_error {
        text.push_str(&format!(
            " The root mean square error over graded entries is {}, in units of the targets.",
            digits(error, 3)
        ));
    }
    if let Some(time) = found.reaction_time {
        text.push_str(&format!(" The mean reaction time is {time:.0} ms."));
    }
    text
}

fn conditions(subject: &Subject, found: &Evaluation, trials: usize) -> Table {
    let head = ["condition", "right", "95 % interval", "trials"];
    let mut csv = Csv::new("performance.csv", ["condition", "performance", "low", "high", "trials"]);
    let mut rows = Vec::new();
    for row in &found.conditions {
        let right = (row.performance * row.trials as f64).round() as usize;
        let (low, high) = wilson_interval(right, row.trials);
        let numbers = [row.performance, low, high].map(|value| digits(value, 5));
        csv.row(std::iter::once(row.condition.to_string()).chain(numbers).chain([row.trials.to_string()]));
        let interval = format!("{} to {}", percent(low), percent(high));
        rows.push(vec![row.condition.to_string(), percent(row.performance), interval, row.trials.to_string()]);
    }
    let all = rows.len();
    rows.truncate(ROWS);
    let cut = if all > ROWS { format!(" (the first {ROWS} of {all}; all are in the data)") } else { String::new() };
    let mut words = subject.subject_words();
    words.extend(["--trials".into(), trials.to_string()]);
    Table {
        caption: format!("Performance by condition{cut}"),
        head: head.map(String::from).into(),
        rows,
        folded: false,
        source: Some(Source { command: nn4n(&["eval"], &words), data: csv }),
    }
}

fn psychometric(subject: &Subject, network: &Network, task: &dyn Task) -> Result<Figure> {
    let per_value = subject.args.trials.map_or(PER_VALUE, |trials| trials as usize);
    let plan = PsychometricPlan { variable: None, per_value, seed: subject.args.seed };
    let Some(drawn) = Psychometric::measured(&network.ctrnn, task, plan)? else {
        bail!("the task has no graded evidence, or its answers are no choices between two");
    };
    let fitted: Vec<String> = drawn
        .curves
        .iter()
        .filter(|curve| !curve.fitted.is_empty())
        .map(|curve| {
            let name = if curve.name.is_empty() { String::new() } else { format!("{}: ", curve.name) };
            format!("{name}{}", curve.fitted)
        })
        .collect();
    let fitted = match fitted.len() {
        0 => "No cumulative Gaussian fits.".to_owned(),
        3.. => "Lines are cumulative Gaussians where one fits; the legend has their parameters.".to_owned(),
        _ => format!("Lines are cumulative Gaussians where one fits ({}).", fitted.join("; ")),
    };
    let caption = format!(
        "Fraction of {} against the evidence in {per_value} trials at each value; bars are Wilson 95 % intervals. {fitted}",
        drawn.choice
    );
    let mut words = subject.subject_words();
    words.extend(["--trials".into(), per_value.to_string()]);
    let command = nn4n(&["plot", "psychometric", "--out", "psychometric.svg"], &words);
    figure("Psychometric curve", caption, &drawn, (command, data::psychometric(&drawn)))
}
