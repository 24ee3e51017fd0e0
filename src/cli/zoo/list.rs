//! `nn4n zoo list`

use anyhow::Result;
use clap::Args;
use nn4n_models::Kind;

use crate::{
    cli::{kind, output},
    zoo::{self, Description},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n zoo list
  nn4n zoo list --kind ei --task song2016
  nn4n zoo list --max-units 100 --min-performance 0.9 --json")]
pub struct ListArgs {
    /// Only networks whose task has this in its id
    #[arg(long, value_name = "TEXT")]
    task: Option<String>,
    /// Only networks of this kind
    #[arg(long, value_parser = kind::any())]
    kind: Option<Kind>,
    /// Only networks of at most so many units
    #[arg(long, value_name = "N")]
    max_units: Option<usize>,
    /// Only checkpoints of at most so many KiB
    #[arg(long, value_name = "KIB")]
    max_size: Option<u64>,
    /// Only networks that are right in at least this fraction of trials
    #[arg(long, value_name = "P")]
    min_performance: Option<f64>,
    /// Only networks under this licence
    #[arg(long, value_name = "LICENCE")]
    license: Option<String>,
    /// Only networks whose paper has this in its reference
    #[arg(long, value_name = "TEXT")]
    paper: Option<String>,
    /// Report in JSON
    #[arg(long)]
    json: bool,
}

pub fn list(args: &ListArgs) -> Result<()> {
    let networks: Vec<Description> = zoo::list()?.into_iter().filter(|network| args.admit(network)).collect();
    if args.json {
        return output::json(&networks);
    }
    if networks.is_empty() {
        return output::text("no network of the zoo is like that; all of them: nn4n zoo list");
    }
    let heading = ["id", "task", "kind", "units", "size", "performance", "licence", "paper"].map(String::from);
    let rows: Vec<[String; 8]> = std::iter::once(heading).chain(networks.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 8] = std::array::from_fn(width);
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        output::text(cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    output::text(&format!("next: nn4n zoo show {0}\n      nn4n eval {0}", networks[0].id))
}

impl ListArgs {
    fn admit(&self, network: &Description) -> bool {
        let holds = |text: &Option<String>, whole: &str| text.as_ref().is_none_or(|text| contains(whole, text));
        (holds(&self.task, &network.task) || network.members.iter().any(|task| holds(&self.task, task)))
            && self.kind.is_none_or(|kind| kind == network.kind)
            && self.max_units.is_none_or(|most| network.units.total <= most)
            && self.max_size.is_none_or(|most| network.kibibytes() <= most)
            && self
                .min_performance
                .is_none_or(|least| network.assessment.performance.is_some_and(|found| found.value >= least))
            && self.license.as_ref().is_none_or(|license| license.eq_ignore_ascii_case(&network.license))
            && holds(&self.paper, &network.paper)
    }
}

fn contains(whole: &str, part: &str) -> bool {
    whole.to_lowercase().contains(&part.to_lowercase())
}

fn row(network: &Description) -> [String; 8] {
    let performance = match (network.assessment.performance, network.assessment.rms_error) {
        (Some(found), _) => output::percent(found.value),
        (None, Some(error)) => format!("rms {error:.3}"),
        (None, None) => String::new(),
    };
    [
        network.id.clone(),
        match network.members.as_slice() {
            [] => network.task.clone(),
            [only] => only.clone(),
            [first, others @ ..] => format!("{first} + {}", others.len()),
        },
        network.kind.title().into(),
        network.units.total.to_string(),
        format!("{} KiB", network.kibibytes()),
        performance,
        network.license.clone(),
        short(&network.paper),
    ]
}

/// Authors and year.
fn short(paper: &str) -> String {
    paper.split_once(").").map_or_else(|| paper.into(), |(authors, _)| format!("{authors})"))
}
