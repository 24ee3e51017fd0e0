//! `nn4n compare`

use std::{
    path::{self, Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result, bail};
use clap::Args;
use nn4n_analysis::MedianInterval;

use super::{
    choice::choice,
    output::{self, shell_path, shell_word},
};
use crate::{
    report::{count_of, digits},
    sweep::{
        Group, Measure, Query, Results, RunResult, Selection, curves_figure, groups, groups_to_csv, results_figure,
    },
    terminal::{say, steps_bar},
};

/// Significant digits of a number in a table.
const DIGITS: usize = 4;
/// Most characters of a value in a table.
const LONGEST: usize = 32;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n compare studies/units --sort performance
  nn4n compare runs/a runs/b song2016-rdm-ei               run directories, checkpoints, networks of the zoo
  nn4n compare studies/units --where 'model.units > 100 && performance < 0.9' --json
  nn4n compare studies/units --group-by model.units --figure units.svg
  nn4n compare studies/units --group-by model.units,train.learning_rate --figure map.png --measure seconds
  nn4n compare studies/units --group-by model.units --curves curves.svg

An expression compares results (name, directory, seed, state, updates, performance, loss, rms_error, seconds) and
settings by their dotted names with numbers, \"texts\", true and false: == != < <= > >= && || ! and parentheses. A run
that has no value of what is compared is never meant.

Performance, loss and rms_error are those of the saved network, the best so far, in its validation. Medians of groups are
over finished runs; their intervals are order statistics, which cover the median with the probability that stands with
them (95 % or more from 6 runs on).")]
pub struct CompareArgs {
    /// Studies, run directories, folders of run directories, or checkpoints
    #[arg(required = true, value_name = "DIR|RUN")]
    subjects: Vec<PathBuf>,
    /// Only runs of which this holds
    #[arg(long = "where", value_name = "EXPRESSION")]
    condition: Option<String>,
    /// Sort by this result or setting, the best first: the largest performance, the smallest of all else; -NAME the
    /// other way round
    #[arg(long, value_name = "NAME", allow_hyphen_values = true, conflicts_with = "group_by")]
    sort: Option<String>,
    /// One row for all runs of the same values of these settings, as for all seeds: medians with intervals
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    group_by: Vec<String>,
    /// Draw the learning curves of all runs, in the colours of --group-by
    #[arg(long, value_name = "FILE.svg|FILE.png")]
    curves: Option<PathBuf>,
    /// Draw what finished runs reached against the one or two settings of --group-by: a line, or a map of colours
    #[arg(long, value_name = "FILE.svg|FILE.png", requires = "group_by")]
    figure: Option<PathBuf>,
    /// What --figure draws [default: performance, or loss where no run has one]
    #[arg(long, value_name = "MEASURE", value_parser = choice(&Measure::ALL, Measure::tag, Measure::summary), requires = "figure")]
    measure: Option<Measure>,
    /// Replace figures that exist
    #[arg(long)]
    force: bool,
    /// Most rows of the table; --json and --csv have all
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Report in JSON: a list of runs, or of groups
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Report as comma-separated values
    #[arg(long)]
    csv: bool,
}

/// What a column of groups says.
type Cell = fn(&Group) -> Option<String>;

pub fn compare(args: &CompareArgs) -> Result<()> {
    let query = args.condition.as_deref().map(Query::parse).transpose()?;
    check_figures(args)?;
    if args.group_by.len() > 2 && args.figure.is_some() {
        bail!("--figure draws against one or two settings, but --group-by names {}; name fewer", args.group_by.len());
    }
    let mut results = read(args)?;
    let total = results.rows.len();
    let left_out = match &query {
        Some(query) => results.select(query)?,
        None => Selection::default(),
    };
    tell_left_out(&left_out, total);
    if results.rows.is_empty() {
        bail!("--where: means none of {}; try without it to see what there is", count_of(total, "run"));
    }
    if let Some(by) = &args.sort {
        results.sort(by)?;
    }
    draw(args, &results)?;
    if args.group_by.is_empty() { report_runs(args, &results) } else { report_groups(args, &results) }
}

fn check_figures(args: &CompareArgs) -> Result<()> {
    for (option, figure) in [("--curves", &args.curves), ("--figure", &args.figure)] {
        let Some(figure) = figure else { continue };
        output::check_free_for(option, figure, args.force)?;
        let extension = figure.extension().map(|extension| extension.to_ascii_lowercase());
        if extension.is_none_or(|extension| extension != "svg" && extension != "png") {
            bail!("{option} {}: a figure ends in .svg or .png; name it so", figure.display());
        }
    }
    match (&args.curves, &args.figure) {
        (Some(curves), Some(figure)) if place(curves)? == place(figure)? => {
            bail!("--curves and --figure name one file, {}; name two", figure.display())
        }
        _ => Ok(()),
    }
}

/// Where a file will be, however it is named.
fn place(file: &Path) -> Result<PathBuf> {
    let absolute = path::absolute(file).with_context(|| file.display().to_string())?;
    Ok(match (absolute.canonicalize(), absolute.parent().map(Path::canonicalize), absolute.file_name()) {
        (Ok(place), ..) => place,
        (_, Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => absolute,
    })
}

fn read(args: &CompareArgs) -> Result<Results> {
    let told = counted("runs are read");
    Ok(Results::read(&args.subjects, &told)?)
}

/// Shows how many of many things are done, from any thread.
pub fn counted(what: &'static str) -> impl Fn(u64, u64) + Sync {
    /// Fewer are done before anyone could read it.
    const MANY: u64 = 500;
    let bar = Mutex::new((0, None));
    move |done: u64, total: u64| {
        if total >= MANY && done.is_multiple_of(100) {
            let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
            if bar.0 != total {
                *bar = (total, Some(steps_bar(what, total)));
            }
            if let Some(show) = &mut bar.1 {
                show(done);
            }
        }
    }
}

fn tell_left_out(left_out: &Selection, total: usize) {
    if left_out.not_meant > 0 {
        say(&format!("left out: {} of {}, of which --where does not hold", left_out.not_meant, count_of(total, "run")));
    }
    if let Some(name) = &left_out.first_missing {
        let plural = if left_out.missing == 1 { "run that has" } else { "runs that have" };
        let (missing, others) = (left_out.missing, if left_out.missing == 1 { "" } else { " or another name" });
        say(&format!("left out: {missing} {plural} no value of `{name}`{others} to compare"));
    }
}

fn draw(args: &CompareArgs, results: &Results) -> Result<()> {
    if let Some(path) = &args.curves {
        curves_figure(results, &args.group_by)?.save(path)?;
        say(&format!("{}: learning curves", path.display()));
    }
    if let Some(path) = &args.figure {
        let measure = args.measure.unwrap_or_else(|| Measure::of(results));
        results_figure(results, &args.group_by, measure)?.save(path)?;
        say(&format!("{}: {} against {}", path.display(), measure.tag(), args.group_by.join(" and ")));
    }
    Ok(())
}

fn report_runs(args: &CompareArgs, results: &Results) -> Result<()> {
    if args.json {
        return output::json(&results.rows);
    }
    if args.csv {
        return output::csv(&results.to_csv());
    }
    let shown: Vec<&RunResult> = results.rows.iter().take(args.limit as usize).collect();
    // A column that no run has a value for is left out, the name never.
    let columns = ["name", "state", "seed"].iter().copied().chain(results.names.iter().map(String::as_str));
    let columns = columns.chain(["updates", "performance", "loss", "rms_error", "seconds"]);
    let columns: Vec<&str> = columns.filter(|name| shown.iter().any(|row| row.value(name).is_some())).collect();
    let mut table = vec![columns.iter().map(ToString::to_string).collect::<Vec<_>>()];
    table.extend(shown.iter().map(|row| columns.iter().map(|name| cell(row, name)).collect()));
    print(&table)?;
    tell_more(results.rows.len(), shown.len())?;
    tell_problems(results)?;
    output::text(&format!("{}: {}", count_of(results.rows.len(), "run"), states(results)))?;
    match results.rows.iter().find(|row| row.updates.is_some_and(|updates| updates > 0)) {
        Some(run) => output::text(&format!("next: nn4n eval {}", shell_path(&run.directory))),
        None => Ok(()),
    }
}

fn cell(row: &RunResult, name: &str) -> String {
    match name {
        "performance" => row.performance.map_or_else(String::new, output::percent),
        "loss" | "rms_error" | "seconds" => {
            row.value(name).and_then(|value| value.as_f64()).map_or_else(String::new, |number| digits(number, DIGITS))
        }
        name => row.value(name).map_or_else(String::new, |value| value_in_table(&value)),
    }
}

fn value_in_table(value: &serde_json::Value) -> String {
    let text = match value {
        serde_json::Value::Null => return "none".into(),
        serde_json::Value::Number(number) if number.is_f64() => digits(number.as_f64().unwrap_or(f64::NAN), DIGITS),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        // Of names the end tells more.
        Some(_) if text.contains('/') => format!("...{}", last(&text, LONGEST - 3)),
        Some((end, _)) if text.contains(['[', '{']) => format!("{}...", &text[..end]),
        _ => text,
    }
}

/// The last so many characters of a text.
fn last(text: &str, most: usize) -> &str {
    let start = text.char_indices().rev().nth(most.saturating_sub(1)).map_or(0, |(start, _)| start);
    &text[start..]
}

fn report_groups(args: &CompareArgs, results: &Results) -> Result<()> {
    let found = groups(results, &args.group_by)?;
    if args.json {
        return output::json(&found);
    }
    if args.csv {
        return output::csv(&groups_to_csv(&found, &args.group_by));
    }
    let shown: Vec<&Group> = found.iter().take(args.limit as usize).collect();
    let measured: [(&str, Cell); 6] = [
        ("performance", |group| group.performance.map(|found| interval(&found, output::percent))),
        ("loss", |group| group.loss.map(|found| interval(&found, short))),
        ("rms_error", |group| group.rms_error.map(|found| interval(&found, short))),
        ("updates", |group| group.updates.map(|found| short(found.median))),
        ("seconds", |group| group.seconds.map(|found| short(found.median))),
        ("coverage", |group| coverage(group).map(output::percent)),
    ];
    let measured: Vec<_> =
        measured.into_iter().filter(|(_, of)| shown.iter().any(|group| of(group).is_some())).collect();
    let head = args.group_by.iter().map(String::as_str).chain(["runs", "finished"]);
    let mut table = vec![head.chain(measured.iter().map(|(name, _)| *name)).map(String::from).collect::<Vec<_>>()];
    table.extend(shown.iter().map(|group| {
        let settings =
            args.group_by.iter().map(|name| group.settings.get(name).map_or_else(String::new, value_in_table));
        let counts = [group.runs.to_string(), group.finished.to_string()];
        settings.chain(counts).chain(measured.iter().map(|(_, of)| of(group).unwrap_or_default())).collect()
    }));
    print(&table)?;
    tell_more(found.len(), shown.len())?;
    tell_problems(results)?;
    output::text(&format!("{}: {}", count_of(results.rows.len(), "run"), states(results)))?;
    output::text(
        "medians of finished runs, in brackets the ends of their intervals, which cover the median with the probability \
        under coverage",
    )?;
    if args.figure.is_none() && args.group_by.len() <= 2 {
        let subjects: Vec<String> = args.subjects.iter().map(|path| shell_path(path)).collect();
        let names = shell_word(&args.group_by.join(","));
        output::text(&format!("next: nn4n compare {} --group-by {names} --figure figure.svg", subjects.join(" ")))?;
    }
    Ok(())
}

fn short(value: f64) -> String {
    digits(value, DIGITS)
}

/// A median with the ends of its interval, as far as there are two.
fn interval(found: &MedianInterval, words: fn(f64) -> String) -> String {
    let MedianInterval { n, median, low, high, .. } = *found;
    if n < 2 { words(median) } else { format!("{} [{}, {}]", words(median), words(low), words(high)) }
}

/// That of what stands in brackets.
fn coverage(group: &Group) -> Option<f64> {
    let found = group.performance.or(group.loss).or(group.rms_error)?;
    (found.n > 1).then_some(found.coverage)
}

fn states(results: &Results) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for row in &results.rows {
        let state = row.state.map_or("without a run", |state| state.tag());
        match counts.iter_mut().find(|(known, _)| *known == state) {
            Some((_, count)) => *count += 1,
            None => counts.push((state, 1)),
        }
    }
    counts.iter().map(|(state, count)| format!("{count} {state}")).collect::<Vec<_>>().join(", ")
}

fn tell_more(total: usize, shown: usize) -> Result<()> {
    if total > shown {
        output::text(&format!("... and {} more: --limit {total}, --json or --csv", total - shown))?;
    }
    Ok(())
}

/// The first problems by name, and how many there are.
fn tell_problems(results: &Results) -> Result<()> {
    const SHOWN: usize = 3;
    let problems: Vec<(&str, &str)> =
        results.rows.iter().filter_map(|row| Some((row.name.as_str(), row.problem.as_deref()?))).collect();
    for (name, problem) in problems.iter().take(SHOWN) {
        output::text(&format!("{name}: {}", problem.lines().next().unwrap_or_default()))?;
    }
    if problems.len() > SHOWN {
        output::text(&format!(
            "... and the problems of {} more: --json has `problem` of each",
            count_of(problems.len() - SHOWN, "run")
        ))?;
    }
    Ok(())
}

/// Columns as wide as what is in them: numbers to the right, words to the left.
fn print(table: &[Vec<String>]) -> Result<()> {
    let columns = table.first().map_or(0, Vec::len);
    let cells = |column: usize| table.iter().map(move |row| row[column].as_str());
    let widths: Vec<usize> =
        (0..columns).map(|column| cells(column).map(|cell| cell.chars().count()).max().unwrap_or(0)).collect();
    let is_number = |cell: &str| cell.is_empty() || cell.trim_end_matches(" %").parse::<f64>().is_ok();
    let right: Vec<bool> = (0..columns).map(|column| cells(column).skip(1).all(is_number)).collect();
    for row in table {
        let aligned = row
            .iter()
            .zip(widths.iter().zip(&right))
            .map(|(cell, (width, right))| if *right { format!("{cell:>width$}") } else { format!("{cell:<width$}") });
        output::text(aligned.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}
