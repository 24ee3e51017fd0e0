//! `report.html`: the claims of a paper and what became of them, with figures, on one page.

use std::{fs, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{
    found::Found,
    outline::{Figure as Drawn, Mode, Outline, Step},
    record::{Outcome, Record, Training},
};
use crate::{
    error::{Error, Result},
    files::read_text,
    plot::style::PNG_SCALE,
    report::{Csv, Figure, Part, Report, Section, Source, Table, digits},
};

/// The longest figure that is put into the page, bytes.
const LONGEST: u64 = 16 << 20;

/// Most numbers of a result that go along with its figure.
const MOST_ROWS: usize = 20_000;

/// The page. `command` gives the command line of a step for the first network.
pub fn page(record: &Record, outline: &Outline, found: &Found, command: &dyn Fn(&Step) -> String) -> Report {
    let mut sections = vec![
        section("Agreement", Part { tables: vec![agreement(record)], paragraphs: judged(record), ..Part::default() }),
        section(
            "Methods",
            Part { tables: vec![trainings(record)], paragraphs: record.notes.clone(), ..Part::default() },
        ),
    ];
    for drawn in &outline.figures {
        let part = &mut part_of(&mut sections, drawn.section).parts[0];
        match figure(drawn, outline, found, command) {
            Ok(figure) => part.figures.push(figure),
            Err(why) => part.left_out.push(format!("{}: {why}", drawn.title)),
        }
    }
    let reduced = if record.mode == Mode::Quick { ", reduced to run in minutes" } else { "" };
    Report {
        title: record.paper.clone(),
        subtitle: record.citation.clone(),
        numbers: numbers(record, reduced),
        sections,
        command: record.command.clone(),
        is_timed: true,
    }
}

fn section(title: &str, part: Part) -> Section {
    Section { title: title.into(), parts: vec![part] }
}

/// The section of this title, which is added if there is none.
fn part_of<'a>(sections: &'a mut Vec<Section>, title: &str) -> &'a mut Section {
    let place = sections.iter().position(|section| section.title == title).unwrap_or_else(|| {
        sections.push(section(title, Part::default()));
        sections.len() - 1
    });
    &mut sections[place]
}

fn numbers(record: &Record, reduced: &str) -> Table {
    let [agree, disagree, unknown] = record.counts();
    let networks = if record.pretrained { "networks of the zoo, none trained here" } else { "trained here" };
    let rows = [
        ("Form", format!("{}{reduced}", record.mode.tag())),
        ("Networks", networks.into()),
        ("Seeds", record.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
        ("Claims that agree", format!("{agree} of {}", agree + disagree + unknown)),
        ("Claims that do not", disagree.to_string()),
        ("Claims without a value", unknown.to_string()),
        ("Time", record.time_in_words()),
    ];
    Table { rows: rows.into_iter().map(|(name, value)| vec![name.into(), value]).collect(), ..Table::default() }
}

fn judged(record: &Record) -> Vec<String> {
    vec![format!(
        "Published numbers were read in the paper or its released code; thresholds of ours were set before the networks \
        were trained. Here stand the median and the range over all seeds ({}), none of which is left out; the median is \
        judged, and beside it is how many seeds agree.",
        record.seeds.len()
    )]
}

/// What matters most stands first, for narrow screens.
const HEAD: [&str; 6] = ["Quantity", "Here", "To be", "Agrees", "Known", "Source"];

fn agreement(record: &Record) -> Table {
    let mut csv = Csv::new("agreement.csv", ["quantity", "source", "kind", "target", "network", "value", "agrees"]);
    for outcome in &record.results {
        rows(outcome).into_iter().for_each(|row| csv.row(row));
    }
    let row = |outcome: &Outcome| {
        vec![
            outcome.quantity.clone(),
            outcome.value_in_words(),
            outcome.target_in_words(),
            outcome.verdict_in_words(),
            outcome.kind.words().into(),
            outcome.source.clone(),
        ]
    };
    Table {
        caption: "What the paper reports, and what was found".into(),
        head: HEAD.map(String::from).into(),
        rows: record.results.iter().map(row).collect(),
        folded: false,
        source: Some(Source { command: record.command.clone(), data: csv }),
    }
}

/// A row for each network, in the order of their seeds, and one for a claim without any.
fn rows(outcome: &Outcome) -> Vec<[String; 7]> {
    let row = |network: String, value: String, agrees: String| {
        let [quantity, source] = [&outcome.quantity, &outcome.source].map(Clone::clone);
        [quantity, source, outcome.kind.words().into(), outcome.target_in_words(), network, value, agrees]
    };
    if outcome.value.is_none() {
        return vec![row(String::new(), String::new(), outcome.problem.clone().unwrap_or_default())];
    }
    let agrees = |value: f64| outcome.target.map_or_else(String::new, |target| target.agrees(value).to_string());
    let of_network = |(network, value): (usize, &Option<f64>)| match value {
        Some(value) => row(network.to_string(), value.to_string(), agrees(*value)),
        None => row(network.to_string(), String::new(), "no value".into()),
    };
    (1..).zip(&outcome.values).map(of_network).collect()
}

fn trainings(record: &Record) -> Table {
    let range = |values: &[f64]| {
        let (low, high) = values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
        match values {
            [] => "\u{2013}".into(),
            [one] => digits(*one, 3),
            _ => format!("{} to {}", digits(low, 3), digits(high, 3)),
        }
    };
    let row = |training: &Training| {
        let settings: Vec<String> = training.settings.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let settings = if settings.is_empty() { "none".into() } else { settings.join(", ") };
        let state = training.not_run.clone().unwrap_or_default();
        vec![
            training.name.clone(),
            training.summary.clone(),
            training.preset.clone(),
            settings,
            range(&training.updates),
            range(&training.minutes),
            state,
        ]
    };
    let head = ["Training", "What", "Preset", "Set otherwise", "Updates", "Minutes", ""];
    Table {
        caption: "What was trained".into(),
        head: head.map(String::from).into(),
        rows: record.trainings.iter().map(row).collect(),
        ..Table::default()
    }
}

fn figure(drawn: &Drawn, outline: &Outline, found: &Found, command: &dyn Fn(&Step) -> String) -> Result<Figure> {
    let step = outline.steps.iter().find(|step| step.name == drawn.step && step.study == drawn.study);
    let step = step.ok_or_else(|| Error::setting(&drawn.step, "is no step of this paper"))?;
    let path = found.picture(drawn)?;
    let data = match step.draws_alone() {
        true => Csv::default(),
        false => data(&*found.first(&drawn.study)?.json(&step.name)?, step),
    };
    Ok(Figure {
        title: drawn.title.clone(),
        caption: drawn.caption.clone(),
        svg: if step.is_in_pixels { pixels(&path.with_extension("png"))? } else { lines(&path.with_extension("svg"))? },
        space: None,
        source: Source { command: command(step), data },
    })
}

/// A picture of lines.
fn lines(path: &Path) -> Result<String> {
    let text = read_text(path, LONGEST)?;
    let start = text.find("<svg").ok_or_else(|| Error::file(path, "holds no picture"))?;
    Ok(text[start..].trim_end().into())
}

/// A picture of pixels within one of lines. Its size stands at bytes 16 to 24 of the file.
fn pixels(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(|error| Error::file(path, error))?;
    let side = |from: usize| bytes.get(from..from + 4).and_then(|side| side.try_into().ok()).map(u32::from_be_bytes);
    let (Some(width), Some(height)) = (side(16), side(20)) else {
        return Err(Error::file(path, "holds no picture"));
    };
    let (width, height) = (f64::from(width) / PNG_SCALE, f64::from(height) / PNG_SCALE);
    let image = STANDARD.encode(bytes);
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\"><image width=\"{width}\" \
        height=\"{height}\" href=\"data:image/png;base64,{image}\"/></svg>"
    ))
}

/// The numbers of a result, a row each, by their places in its JSON.
fn data(result: &Value, step: &Step) -> Csv {
    let mut csv = Csv::new(&format!("{}.csv", step.name), ["field", "value"]);
    let mut rows = Vec::new();
    flatten("", result, &mut rows);
    let rest = rows.len().saturating_sub(MOST_ROWS);
    rows.into_iter().take(MOST_ROWS).for_each(|row| csv.row(row));
    if rest > 0 {
        csv.row([format!("{rest} more"), format!("in {}", step.result())]);
    }
    csv
}

fn flatten(place: &str, value: &Value, rows: &mut Vec<[String; 2]>) {
    match value {
        Value::Null => {}
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(index, value)| flatten(&format!("{place}/{index}"), value, rows));
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| flatten(&format!("{place}/{name}"), value, rows));
        }
        Value::String(text) => rows.push([place.into(), text.clone()]),
        other => rows.push([place.into(), other.to_string()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_becomes_rows_by_its_places() {
        let mut rows = Vec::new();
        flatten("", &serde_json::json!({ "fit": { "sigma": 0.5, "none": null }, "x": [1, "a"] }), &mut rows);
        assert_eq!(rows, [["/fit/sigma", "0.5"], ["/x/0", "1"], ["/x/1", "a"]].map(|row| row.map(String::from)));
    }
}
