//! What was reproduced, in files and on the terminal.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use super::{
    super::output::{self, shell_path},
    steps,
};
use crate::{
    echo::in_json,
    files::{read_text, write_atomically},
    reproduce::{Found, Outline, PAPERS, Record, page},
};

pub const JSON: &str = "report.json";
const HTML: &str = "report.html";

/// The longest report that is read, bytes.
const LONGEST: u64 = 64 << 20;

/// Writes the report, and says it.
pub fn tell(record: &Record, outline: &Outline, found: &Found, out: &Path, is_json: bool) -> Result<()> {
    let command = |step: &crate::reproduce::Step| {
        let runs = found.runs_of(step).ok();
        runs.and_then(|runs| runs.first()).map_or_else(String::new, |run| steps::line(step, run, found))
    };
    let page_at = out.join(HTML);
    page(record, outline, found, &command).save(&page_at)?;
    write_atomically(&out.join(JSON), in_json(&serde_json::to_string_pretty(record)?).as_bytes())?;
    if is_json {
        return output::json(record);
    }
    for outcome in &record.results {
        output::text(&format!(
            "{:<8} {}: {}, to be {} ({})",
            outcome.agrees.map_or("", |agrees| if agrees { "agrees" } else { "differs" }),
            outcome.quantity,
            outcome.problem.clone().filter(|_| outcome.value.is_none()).unwrap_or_else(|| outcome.value_in_words()),
            outcome.target_in_words(),
            outcome.kind.words()
        ))?;
    }
    let [agree, disagree, unknown] = record.counts();
    output::text(&format!("{agree} claims agree, {disagree} differ, {unknown} have no value"))?;
    output::text(&format!("report: {}", page_at.display()))?;
    output::text(&format!("next: nn4n reproduce table {}", shell_path(&out.join(JSON))))
}

/// Reads a report.json.
pub fn read(path: &Path) -> Result<Record> {
    let text = read_text(path, LONGEST)?;
    serde_json::from_str(&text).with_context(|| format!("{}: is no report of a reproduction", path.display()))
}

#[derive(Serialize)]
struct Listed {
    id: &'static str,
    summary: &'static str,
    citation: &'static str,
}

/// All papers.
pub fn list(is_json: bool) -> Result<()> {
    let papers: Vec<Listed> =
        PAPERS.iter().map(|paper| Listed { id: paper.id, summary: paper.summary, citation: paper.citation }).collect();
    if is_json {
        return output::json(&papers);
    }
    papers.iter().try_for_each(|paper| output::text(&format!("{:<14} {}", paper.id, paper.summary)))?;
    output::text("next: nn4n reproduce PAPER --quick --out DIR")
}
