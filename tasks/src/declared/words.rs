//! The description of a declared task: the comment at the head of its file, and what its tables say.

use super::format::{Channel as Table, Format, Ordered, in_order};
use super::plan::Plan;
use crate::Duration;

/// The description of the task that `text` declares.
pub(crate) fn description(text: &str, format: &Format, plan: &Plan) -> String {
    let comment = head(text);
    let comment = if comment.is_empty() { plan.summary.clone() } else { comment };
    let mut lines = vec![comment, String::new()];
    let epochs: Vec<String> = plan
        .epochs
        .iter()
        .map(|epoch| {
            let test =
                if epoch.test == epoch.train { String::new() } else { format!(" (test {})", duration(&epoch.test)) };
            format!("{} {} ms{test}", epoch.name, duration(&epoch.train))
        })
        .collect();
    lines.push(format!("epochs    {}   dt {} ms", epochs.join(" | "), plan.clock.dt));
    for variable in &plan.variables {
        lines.push(format!("drawn     {}: {}", variable.name, variable.in_words()));
    }
    for (name, level) in in_order(&format.define) {
        lines.push(format!("define    {name} = {level}"));
    }
    lines.extend(channels("input ", &format.inputs));
    lines.extend(channels("target", &format.outputs));
    let graded: Vec<String> =
        format.epochs.iter().filter_map(|epoch| Some(format!("{} {}", epoch.name, epoch.graded.as_ref()?))).collect();
    lines.push(format!("graded    {}", graded.join(", ")));
    if let Some((probability, ms)) = plan.catch {
        lines.push(format!("catch     {ms} ms with probability {probability}"));
    }
    if let Some(correct) = &format.correct {
        lines.push(format!("correct   {correct}"));
    }
    lines.join("\n")
}

/// The comment lines at the head of a file.
fn head(text: &str) -> String {
    let lines: Vec<&str> = text.trim_start().lines().map_while(|line| line.strip_prefix('#')).collect();
    lines.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n").trim().into()
}

fn channels(side: &str, tables: &Ordered<Table>) -> Vec<String> {
    let levels =
        |table: &Table| table.iter().map(|(epoch, level)| format!("{epoch} {level}")).collect::<Vec<_>>().join(", ");
    in_order(tables).into_iter().map(|(name, table)| format!("{side}    {name}: {}", levels(table))).collect()
}

fn duration(duration: &Duration) -> String {
    match duration {
        Duration::Fixed(ms) => ms.to_string(),
        Duration::OneOf(list) => format!("one of {:?}", list.one_of),
        Duration::Uniform(range) => format!("uniform on [{}, {})", range.min, range.max),
        Duration::TruncatedExponential(law) => {
            format!("exponential of mean {} truncated to [{}, {})", law.mean, law.min, law.max)
        }
    }
}
