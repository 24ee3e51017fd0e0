//! `nn4n tasks list`

use anyhow::{Result, bail};
use clap::Args;
use nn4n_tasks::TaskInfo;

use crate::{
    cli::output,
    experiment::preset::{self, Preset},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nn4n tasks list\n  nn4n tasks list song2016 --json\n  nn4n tasks list --presets")]
pub struct ListArgs {
    /// Only the tasks of this family, such as song2016
    family: Option<String>,
    /// The presets instead: published experiments for `nn4n train --preset ID`
    #[arg(long)]
    presets: bool,
    /// Report in JSON
    #[arg(long)]
    json: bool,
}

pub fn list(args: &ListArgs) -> Result<()> {
    if args.presets {
        return list_presets(args);
    }
    let all = nn4n_tasks::list();
    let tasks = match &args.family {
        Some(name) => of_family(&all, name.trim_end_matches('/'))?,
        None => all.iter().collect(),
    };
    if args.json {
        return output::json(&tasks);
    }
    let width = tasks.iter().map(|task| task.id.len()).max().unwrap_or(0);
    for tasks in tasks.chunk_by(|a, b| family(a) == family(b)) {
        output::text(&heading(tasks))?;
        for task in tasks {
            let channels = format!("{} -> {}", count(task.n_inputs), count(task.n_outputs));
            output::text(&format!("  {:<width$}  {channels:<12}  {}", task.id, task.summary))?;
        }
    }
    output::text("next: nn4n tasks show ID")
}

fn list_presets(args: &ListArgs) -> Result<()> {
    let all = preset::list();
    let family_of = |preset: &Preset| preset.id.split('/').next().unwrap_or_default();
    let wanted = args.family.as_deref().map(|name| name.trim_end_matches('/'));
    let presets: Vec<&Preset> =
        all.iter().filter(|preset| wanted.is_none_or(|family| family_of(preset) == family)).collect();
    if let (Some(family), true) = (wanted, presets.is_empty()) {
        let mut families: Vec<&str> = all.iter().map(family_of).collect();
        families.dedup();
        bail!("no preset is of the family `{family}`; there are some of {}", families.join(", "));
    }
    if args.json {
        return output::json(&presets);
    }
    let width = presets.iter().map(|preset| preset.id.len()).max().unwrap_or(0);
    for preset in &presets {
        output::text(&format!("{:<width$}  {}", preset.id, preset.summary))?;
    }
    output::text("next: nn4n train --preset ID")
}

fn of_family<'a>(all: &'a [TaskInfo], name: &str) -> Result<Vec<&'a TaskInfo>> {
    let tasks: Vec<&TaskInfo> = all.iter().filter(|task| family(task) == name).collect();
    if tasks.is_empty() {
        let mut families: Vec<&str> = all.iter().map(family).collect();
        families.dedup();
        bail!("unknown family `{name}`; the families are {}", families.join(", "));
    }
    Ok(tasks)
}

fn family(task: &TaskInfo) -> &'static str {
    task.id.split('/').next().unwrap_or_default()
}

/// The family, with its source where all tasks have the same.
fn heading(tasks: &[&TaskInfo]) -> String {
    let (name, source) = (family(tasks[0]), &tasks[0].citation);
    if source.year == 0 || tasks.iter().any(|task| task.citation != *source) {
        return name.into();
    }
    format!("{name}: {} ({})", source.authors, source.year)
}

fn count(channels: Option<usize>) -> String {
    channels.map_or("data".into(), |count| count.to_string())
}
