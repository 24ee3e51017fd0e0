//! `nn4n report`: a page about networks and recordings.
//!
//! ```text
//! Subject      a network with its task, or a recording      subject
//! SECTIONS     what the page says, in order                 a file each
//! data         figures as tables                            data
//! ```
//!
//! A section is a function from a subject to a [`Part`]: to add one, write it and put it into [`SECTIONS`]. What cannot
//! be shown of a subject is an error, whose message the page and the terminal give as the reason.

mod about;
mod activity;
mod behaviour;
mod data;
mod decoding;
mod lesions;
mod state_space;
mod subject;
mod training;
mod weights;

use std::{path::PathBuf, time::Instant};

use anyhow::{Result, bail};
use clap::Args;

use self::subject::{Subject, line};
use super::{
    output,
    over_study::OverStudyArgs,
    setting::{Setting, parse_setting},
};
use crate::{
    report::{Csv, Figure, Part, Report, Section, Source, Table},
    terminal::{end_in_order, say},
};

/// Makes the part of one subject.
type MakePart = fn(&Subject) -> Result<Part>;

/// The sections of a page, in order.
const SECTIONS: [(&str, MakePart); 8] = [
    ("Network", about::part),
    ("Training", training::part),
    ("Behaviour", behaviour::part),
    ("Activity", activity::part),
    ("Decoding", decoding::part),
    ("State space", state_space::part),
    ("Weights", weights::part),
    ("Lesions", lesions::part),
];

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n report song2016-rdm-ei --out report.html
  nn4n report runs/rdm --trials 200 --seed 7 --out report.html
  nn4n report song2016-rdm-ei rdm-vanilla --out comparison.html        side by side
  nn4n report runs/study --trials 20               a page beside each finished run of a study
  nn4n report --activity neurons.npz --conditions trials.csv --out neurons.html
  nn4n report runs/rdm --activity neurons.npz --out both.html          a network beside neurons")]
pub struct ReportArgs {
    /// Networks: checkpoint files, run directories, names of `nn4n zoo list`, or hf:owner/repo[@revision][/file]
    #[arg(value_name = "CHECKPOINT", required_unless_present = "activity")]
    checkpoints: Vec<PathBuf>,
    /// Recorded activity: rates (trials, steps, units), dt, and variables of the trials; may be repeated
    #[arg(long, value_name = "FILE.npz|.mat|.h5")]
    activity: Vec<PathBuf>,
    /// What is known of the trials of the recording: trials.json of `nn4n tasks sample`, or a row a trial in .csv
    #[arg(long, value_name = "FILE.json|FILE.csv", requires = "activity")]
    conditions: Option<PathBuf>,
    /// Where the page goes; those of a study go beside each run
    #[arg(long, value_name = "FILE.html")]
    out: Option<PathBuf>,
    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
    /// Another task than the one it was trained on: an id, or trials of your own in .npz or .toml
    #[arg(long, value_name = "ID|FILE")]
    task: Option<String>,
    /// A parameter of the task, in JSON; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_setting)]
    settings: Vec<Setting>,
    /// Fresh trials of each condition [default: so many that they are about a thousand, at most 100, fewer for activity
    /// and lesions]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    trials: Option<u32>,
    /// Starts of the search for fixed points
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    starts: u32,
    /// A variable of the trials whose values are told apart [default: the first that has two to seven, of
    /// trajectories to twelve]
    #[arg(long, value_name = "VARIABLE")]
    by: Option<String>,
    /// Seed of everything that is drawn
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    study: OverStudyArgs,
}

pub fn report(args: &ReportArgs) -> Result<()> {
    end_in_order();
    let clock = Instant::now();
    let Some(out) = &args.out else { bail!("name where the page goes: --out FILE.html") };
    output::check_free(out, args.force)?;
    if !out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("html")) {
        bail!("--out {}: is to be a page; end its name in .html", out.display());
    }
    let report = made(args)?;
    let bytes = report.save(out)?;
    let figures = report.sections.iter().flat_map(|section| &section.parts).map(|part| part.figures.len());
    output::text(&format!(
        "{}: {:.2} MB, {} figures, seed {}, in {:.1} s",
        out.display(),
        bytes as f64 / 1e6,
        figures.sum::<usize>(),
        args.seed,
        clock.elapsed().as_secs_f64()
    ))?;
    report.left_out().iter().try_for_each(|what| output::text(&format!("left out     {what}")))?;
    let next = match args.checkpoints.first() {
        Some(first) => {
            format!("nn4n analyze structure {} --out {}", output::shell_path(first), output::free("structure"))
        }
        None => {
            let mut words: Vec<String> = ["nn4n", "analyze", "pca"].map(String::from).into();
            let mut add = |flag: &str, path: Option<&PathBuf>| {
                words.extend(path.into_iter().flat_map(|path| [format!("--{flag}"), path.display().to_string()]));
            };
            add("activity", args.activity.first());
            add("conditions", args.conditions.as_ref());
            words.extend(["--out".into(), output::free("pca")]);
            line(&words)
        }
    };
    output::text(&format!("next: {next}"))
}

/// The page.
fn made(args: &ReportArgs) -> Result<Report> {
    let subjects = Subject::all(args)?;
    let part = |subject: &Subject, title: &str, make: MakePart| {
        let made = make(subject).unwrap_or_else(|error| Part::left_out(title, &output::message(&error)));
        let name = if subjects.len() > 1 { subject.name.clone() } else { String::new() };
        Part { name, ..made }
    };
    let mut sections = Vec::new();
    for (title, make) in SECTIONS {
        say(&format!("{} ...", title.to_lowercase()));
        let parts = subjects.iter().map(|subject| part(subject, title, make)).collect();
        sections.push(Section { title: title_for(title, &subjects).into(), parts });
    }
    let names: Vec<&str> = subjects.iter().map(|subject| subject.name.as_str()).collect();
    Ok(Report {
        title: names.join(", "),
        subtitle: subtitle(&subjects),
        numbers: main_numbers(&sections, &names),
        sections,
        command: command(args),
        is_timed: false,
    })
}

/// The first section is of networks, recordings or both.
fn title_for(title: &'static str, subjects: &[Subject]) -> &'static str {
    let networks = subjects.iter().filter(|subject| subject.network().is_ok()).count();
    match (title, networks) {
        ("Network", 0) => "Recording",
        ("Network", n) if n < subjects.len() => "Network or recording",
        _ => title,
    }
}

fn subtitle(subjects: &[Subject]) -> String {
    match subjects {
        [one] => one.summary(),
        several if several.iter().all(|subject| subject.network().is_ok()) => {
            format!("{} networks side by side", several.len())
        }
        several => format!("{} networks and recordings side by side", several.len()),
    }
}

/// What the sections say in numbers, a column for each subject.
fn main_numbers(sections: &[Section], names: &[&str]) -> Table {
    let of = |place: usize| {
        sections.iter().filter_map(move |section| section.parts.get(place)).flat_map(|part| &part.numbers)
    };
    let mut labels: Vec<&str> = Vec::new();
    for (label, _) in (0..names.len()).flat_map(of) {
        if !labels.contains(&label.as_str()) {
            labels.push(label);
        }
    }
    let row = |label: &&str| {
        let value = |place| of(place).find(|(known, _)| known == label).map_or("\u{2013}", |(_, value)| value);
        std::iter::once(*label).chain((0..names.len()).map(value)).map(String::from).collect()
    };
    let head = if names.len() > 1 {
        std::iter::once("").chain(names.iter().copied()).map(String::from).collect()
    } else {
        Vec::new()
    };
    Table { head, rows: labels.iter().map(row).collect(), ..Table::default() }
}

/// The command that makes the page again, wherever it was put.
fn command(args: &ReportArgs) -> String {
    let mut words: Vec<String> = ["nn4n", "report"].map(String::from).into();
    let mut add = |flag: &str, value: String| words.extend([format!("--{flag}"), value]);
    args.activity.iter().for_each(|path| add("activity", path.display().to_string()));
    args.conditions.iter().for_each(|path| add("conditions", path.display().to_string()));
    args.task.iter().for_each(|task| add("task", task.clone()));
    args.settings.iter().for_each(|(name, value)| add("set", format!("{name}={value}")));
    args.trials.iter().for_each(|trials| add("trials", trials.to_string()));
    args.by.iter().for_each(|by| add("by", by.clone()));
    add("starts", args.starts.to_string());
    add("seed", args.seed.to_string());
    add("out", "report.html".into());
    words.splice(2..2, args.checkpoints.iter().map(|path| path.display().to_string()));
    line(&words)
}

/// What of a part could be made, and why the rest could not.
trait Made {
    /// Adds a figure, or the reason why there is none.
    fn figure(&mut self, what: &str, made: Result<Figure>);
    /// Adds a table, or the reason why there is none.
    fn table(&mut self, what: &str, made: Result<Table>);
    /// Adds a main number.
    fn number(&mut self, what: &str, value: impl ToString);
}

impl Made for Part {
    fn figure(&mut self, what: &str, made: Result<Figure>) {
        match made {
            Ok(figure) => self.figures.push(figure),
            Err(why) => self.left_out.push(format!("{what}: {}", output::message(&why))),
        }
    }

    fn table(&mut self, what: &str, made: Result<Table>) {
        match made {
            Ok(table) => self.tables.push(table),
            Err(why) => self.left_out.push(format!("{what}: {}", output::message(&why))),
        }
    }

    fn number(&mut self, what: &str, value: impl ToString) {
        self.numbers.push((what.into(), value.to_string()));
    }
}

/// A figure that stands still.
fn figure(
    title: &str,
    caption: impl Into<String>,
    drawn: &impl crate::plot::Figure,
    source: (String, Csv),
) -> Result<Figure> {
    let (command, data) = source;
    Ok(Figure {
        title: title.into(),
        caption: caption.into(),
        svg: drawn.svg()?,
        space: None,
        source: Source { command, data },
    })
}

/// A table of names and values.
fn facts(caption: &str, rows: impl IntoIterator<Item = (&'static str, String)>) -> Table {
    let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
    Table {
        caption: caption.into(),
        rows: rows.map(|(name, value)| vec![name.into(), value]).collect(),
        ..Table::default()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn args(words: &[&str]) -> ReportArgs {
        let all = ["nn4n", "report"].iter().chain(words).chain(&["--out", "page.html"]);
        match Cli::try_parse_from(all).unwrap().command {
            Command::Report(args) => args,
            _ => unreachable!("it is a report"),
        }
    }

    /// The words of a command line as a shell reads them.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        for (place, part) in line.split('\'').enumerate() {
            if place % 2 == 1 {
                words.last_mut().unwrap().push_str(part);
                continue;
            }
            let mut pieces = part.split(' ');
            words.last_mut().unwrap().push_str(pieces.next().unwrap());
            words.extend(pieces.map(String::from));
        }
        words
    }

    #[test]
    fn every_command_of_a_page_is_one_of_the_program_and_its_data_are_tables() {
        let report = made(&args(&["rdm-vanilla", "--trials", "2", "--starts", "8"])).unwrap();
        let parts = || report.sections.iter().flat_map(|section| &section.parts);
        let tables = parts().flat_map(|part| &part.tables).filter_map(|table| table.source.as_ref());
        let sources: Vec<&Source> =
            parts().flat_map(|part| &part.figures).map(|figure| &figure.source).chain(tables).collect();
        assert!(sources.len() > 10, "{}", sources.len());
        for Source { command, data } in sources {
            assert!(command.starts_with("nn4n "), "{command}"); // what the report alone makes is of recordings
            Cli::try_parse_from(words(command)).unwrap_or_else(|error| panic!("{command}: {error}"));
            let mut reader = csv::Reader::from_reader(data.text().as_bytes());
            let columns = reader.headers().unwrap().len();
            let rows = reader.records().map(|row| row.unwrap_or_else(|error| panic!("{}: {error}", data.name)));
            assert!(rows.inspect(|row| assert_eq!(row.len(), columns, "{}", data.name)).count() > 0, "{}", data.name);
        }
        Cli::try_parse_from(words(&report.command)).unwrap();
        let titles: Vec<&str> = report.sections.iter().map(|section| section.title.as_str()).collect();
        assert_eq!(titles, SECTIONS.map(|(title, _)| title));
        assert!(report.sections.iter().all(|section| !section.is_empty()), "{:?}", report.left_out());
    }

    #[test]
    fn the_command_of_a_page_says_all_that_was_asked_for() {
        let given = ["a b.safetensors", "--set", "sigma_in=0.5", "--trials", "7", "--by", "choice", "--seed", "3"];
        let command = command(&args(&given));
        assert_eq!(
            command,
            "nn4n report 'a b.safetensors' --set sigma_in=0.5 --trials 7 --by choice --starts 128 --seed 3 --out report.html"
        );
    }

    #[test]
    fn main_numbers_stand_in_one_column_for_each_and_none_is_a_dash() {
        let with = |numbers: &[(&str, &str)]| Part {
            numbers: numbers.iter().map(|(label, value)| (label.to_string(), value.to_string())).collect(),
            ..Part::default()
        };
        let parts = vec![with(&[("Units", "5")]), with(&[("Units", "7"), ("Areas", "2")])];
        let table = main_numbers(&[Section { title: "Network".into(), parts }], &["a", "b"]);
        assert_eq!(table.head, ["", "a", "b"]);
        assert_eq!(table.rows, [vec!["Units", "5", "7"], vec!["Areas", "\u{2013}", "2"]]);
    }
}
