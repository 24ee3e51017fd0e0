//! How a network was trained, as its checkpoint says.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::{
    Made, data, figure,
    subject::{Subject, nn4n},
};
use crate::{
    cli::{output, plot},
    report::{Part, Table},
};

/// Settings that say what is reported of the training, and not how it goes.
const UNSHOWN: [&str; 2] = ["log_every", "tensorboard"];

pub fn part(subject: &Subject) -> Result<Part> {
    let network = subject.network()?;
    let header = &network.checkpoint.header;
    let mut part = Part::default();
    if let Some(imported) = &header.provenance.imported {
        part.paragraphs.push(format!(
            "Imported from {} ({}), a file that does not say how the network was trained.",
            imported.file, imported.format
        ));
        part.left_out.push("learning curve: imported networks have no validations".into());
        return Ok(part);
    }
    let place = header.provenance.platform.as_deref().or(header.provenance.device.as_deref());
    part.paragraphs.push(format!(
        "{} updates on {}, version {}, from seed {}{}{}.",
        header.train.updates,
        header.task.id,
        header.task.version,
        header.seed,
        header
            .provenance
            .init
            .as_ref()
            .map_or(String::new(), |init| format!(", begun with the network of {}", init.display())),
        place.map_or(String::new(), |place| format!(", on {place}")),
    ));
    part.number("Updates", header.train.updates);
    part.figure("learning curve", learning_curve(subject));
    let settings = settings("", &header.train.settings);
    if !settings.is_empty() {
        let caption = "Settings of the training".into();
        part.tables.push(Table { caption, rows: settings, folded: true, ..Table::default() });
    }
    Ok(part)
}

fn learning_curve(subject: &Subject) -> Result<crate::report::Figure> {
    let checkpoint = &subject.network()?.checkpoint;
    let drawn = plot::learning_curve(checkpoint, Path::new(&subject.name))?;
    let validations = &checkpoint.header.train.validations;
    let best = validations
        .iter()
        .filter_map(|record| record.performance)
        .fold(None, |best: Option<f64>, found| Some(best.map_or(found, |best| best.max(found))));
    let best = best.map_or(String::new(), |best| format!(" The best had {} right.", output::percent(best)));
    let caption = format!(
        "Loss and performance of the {} validations that the checkpoint keeps, until the network that was saved.{best}{}",
        validations.len(),
        match drawn.training_loss.len() {
            0 => String::new(),
            n => format!(" Grey: the loss of {n} batches in the log of the run, to its end."),
        }
    );
    let command = nn4n(&["plot", "learning", "--out", "learning.svg"], std::slice::from_ref(&subject.name));
    figure("Learning curve", caption, &drawn, (command, data::learning_curve(&drawn)))
}

/// A setting a row; those within others by both names.
fn settings(of: &str, value: &Value) -> Vec<Vec<String>> {
    let named = |name: &str| if of.is_empty() { name.to_owned() } else { format!("{of}.{name}") };
    match value {
        Value::Object(parts) => {
            let shown = parts.iter().filter(|(name, _)| !UNSHOWN.contains(&name.as_str()));
            shown.flat_map(|(name, value)| settings(&named(name), value)).collect()
        }
        Value::Null => Vec::new(),
        Value::String(text) => vec![vec![of.into(), text.clone()]],
        other => vec![vec![of.into(), other.to_string()]],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_within_others_have_rows_of_their_own() {
        let value = serde_json::json!({ "optimizer": { "kind": "adam", "lr": 0.01 }, "stop": null, "log_every": 10 });
        assert_eq!(settings("", &value), [["optimizer.kind", "adam"], ["optimizer.lr", "0.01"]]);
    }
}
