//! `nn4n tasks show`

use anyhow::{Result, bail};
use clap::Args;
use nn4n_tasks::{Channel, Condition, Criterion, Objective, Split, Task, TaskInfo, repeated};
use serde::Serialize;

use crate::cli::{
    output,
    setting::{Setting, parse_setting, task},
};
use crate::experiment::preset;

/// Columns of text, and those that the names of the fields take.
const WIDTH: usize = 120;
const INDENT: usize = 12;
/// Conditions and epochs that are listed.
const LISTED: usize = 12;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n tasks show song2016/rdm_varstim
  nn4n tasks show golub2018/flip_flop --set bits=4 --json
  nn4n tasks show data/npz --set path=mine.npz")]
pub struct ShowArgs {
    /// Id of the task
    id: String,
    /// A parameter of the task, in JSON; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_setting)]
    settings: Vec<Setting>,
    /// Report in JSON
    #[arg(long)]
    json: bool,
}

/// Everything that is said of a task.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    info: TaskInfo,
    /// What is known of a task only once its data are.
    #[serde(flatten)]
    made: Option<Made>,
    presets: Vec<&'static str>,
}

#[derive(Serialize)]
struct Made {
    conditions: Vec<Condition>,
    grid: Vec<Condition>,
    epochs: SampleEpochs,
    chance: f64,
    /// Recurrent noise of networks that say none themselves; `None` where the task brings none along.
    sigma_rec: Option<f64>,
    criterion: Option<Criterion>,
}

/// The epochs of one trial of each split.
#[derive(Serialize)]
struct SampleEpochs {
    train: Vec<Span>,
    test: Vec<Span>,
}

/// An epoch and how long it lasts.
#[derive(Serialize)]
struct Span {
    name: String,
    ms: f64,
}

pub fn show(args: &ShowArgs) -> Result<()> {
    let shown = Shown::of(&args.id, &args.settings)?;
    if args.json { output::json(&shown) } else { print(&shown) }
}

impl Shown {
    fn of(id: &str, settings: &[Setting]) -> Result<Self> {
        let Some(mut info) = nn4n_tasks::list().into_iter().find(|info| info.id == id) else {
            nn4n_tasks::create(id, None)?; // refuses it, with the known ids
            bail!("the task `{id}` is not listed");
        };
        let presets = preset::list().into_iter().filter(|preset| preset.task == id).map(|preset| preset.id).collect();
        if info.n_inputs.is_none() && settings.is_empty() {
            return Ok(Self { info, made: None, presets });
        }
        let task = task(id, settings)?;
        let (inputs, outputs) = (task.inputs(), task.outputs());
        info = TaskInfo {
            n_inputs: Some(inputs.len()),
            n_outputs: Some(outputs.len()),
            dt: task.dt(),
            inputs,
            outputs,
            parameters: task.parameters(),
            objective: task.objective(),
            ..info
        };
        Ok(Self { info, made: Some(Made::of(task.as_ref())?), presets })
    }
}

impl Made {
    fn of(task: &dyn Task) -> Result<Self> {
        let conditions = task.conditions();
        let usual = conditions.iter().find(|condition| !condition.is_catch()).cloned().unwrap_or_default();
        let spans = |split: Split| -> Result<Vec<Span>> {
            let trial = repeated(task, split, 0, 0, std::slice::from_ref(&usual), 1)?;
            let span = |epoch: &nn4n_tasks::Epoch| Span {
                name: epoch.name.to_string(),
                ms: (epoch.end - epoch.start) as f64 * task.dt(),
            };
            Ok(trial.epochs.iter().flatten().map(span).collect())
        };
        let epochs = SampleEpochs { train: spans(Split::Train)?, test: spans(Split::Test)? };
        Ok(Self {
            conditions,
            grid: task.grid(),
            epochs,
            chance: task.chance(),
            sigma_rec: task.sigma_rec(),
            criterion: task.criterion(),
        })
    }
}

fn print(shown: &Shown) -> Result<()> {
    let info = &shown.info;
    output::text(&format!("{} (version {})\n\n{}\n", info.id, info.version, info.description))?;
    field("source", &info.citation.to_string())?;
    field("inputs", &channels(&info.inputs, info.n_inputs))?;
    field("outputs", &channels(&info.outputs, info.n_outputs))?;
    field("step", &format!("{} ms{}", info.dt, time_rule(&info.parameters)))?;
    if let Some(made) = &shown.made {
        print_made(made)?;
    }
    field("objective", objective(info.objective))?;
    output::text("parameters, as in [task] of a run.toml or with --set NAME=VALUE")?;
    if let serde_json::Value::Object(parameters) = &info.parameters {
        for (name, value) in parameters {
            let value = if value.is_null() { "(none)".into() } else { value.to_string() };
            field("", &format!("{name} = {value}"))?;
        }
    }
    print_next(shown)
}

fn print_made(made: &Made) -> Result<()> {
    field("epochs", &format!("train: {}", in_words(&made.epochs.train)))?;
    field("", &format!("test:  {}", in_words(&made.epochs.test)))?;
    field("stop", &stop_rule(made.criterion.as_ref()))?;
    field("chance", &format!("{} of outputs that are random numbers", output::percent(made.chance)))?;
    if let Some(sigma) = made.sigma_rec {
        field("noise", &format!("sigma_rec = {sigma} in networks that say no other, as in those of the source"))?;
    }
    let grid = if made.grid == made.conditions {
        String::new()
    } else {
        format!(", {} in the grid of tests", made.grid.len())
    };
    field("conditions", &format!("{}{grid}", made.conditions.len()))?;
    for condition in made.conditions.iter().take(LISTED) {
        field("", &condition.to_string())?;
    }
    if made.conditions.len() > LISTED {
        field("", "... (all with --json)")?;
    }
    Ok(())
}

fn print_next(shown: &Shown) -> Result<()> {
    let id = shown.info.id;
    let name = id.rsplit('/').next().unwrap_or(id);
    // These are made of a file, with settings or without.
    if id.starts_with("data/") {
        return output::text(&format!("next: nn4n train --data FILE.{name}"));
    }
    output::text(&format!("next: nn4n plot task {id} --out {}", output::free(&format!("{name}.svg"))))?;
    output::text(&format!("      nn4n train --task {id} --model ei"))?;
    for preset in &shown.presets {
        output::text(&format!("      nn4n train --preset {preset}"))?;
    }
    Ok(())
}

/// A name and its text, which goes on below itself.
fn field(name: &str, text: &str) -> Result<()> {
    let mut line = format!("{name:<INDENT$}");
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            output::text(&line)?;
            (line, is_empty) = (" ".repeat(INDENT), true);
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    output::text(&line)
}

/// Names of channels; rows of more than three numbered ones by their first and their last.
fn channels(channels: &[Channel], count: Option<usize>) -> String {
    let Some(count) = count else { return "those of the data".into() };
    let numbered = |channel: &Channel| -> Option<(String, usize)> {
        let (stem, number) = channel.name.rsplit_once('_')?;
        Some((stem.into(), number.parse().ok()?))
    };
    let follows = |a: &Channel, b: &Channel| match (numbered(a), numbered(b)) {
        (Some((stem, i)), Some((other, j))) => stem == other && j == i + 1,
        _ => false,
    };
    let names = channels.chunk_by(follows).flat_map(|row| match row {
        [first, _, _, .., last] => vec![format!("{first} .. {last}")],
        few => few.iter().map(ToString::to_string).collect(),
    });
    let names = names.collect::<Vec<_>>().join(", ");
    if count == 0 { "0".into() } else { format!("{count}: {names}") }
}

fn in_words(spans: &[Span]) -> String {
    let mut words: Vec<String> = spans.iter().take(LISTED).map(|span| format!("{} {}", span.name, span.ms)).collect();
    if spans.len() > LISTED {
        words.push("...".into());
    }
    let total: f64 = spans.iter().map(|span| span.ms).sum();
    format!("{} (ms; {total} in all, of one trial)", words.join(" | "))
}

fn time_rule(parameters: &serde_json::Value) -> String {
    match parameters["rounding"].as_str() {
        Some("exact") => "; a fixed duration that is not a whole number of steps is an error, see rounding".into(),
        Some(rule) => format!("; durations are rounded by the rule \"{rule}\""),
        None => String::new(),
    }
}

fn stop_rule(criterion: Option<&Criterion>) -> String {
    match criterion {
        None => "after the last update".into(),
        Some(Criterion::MeanPerformance { threshold, window: 0 | 1 }) => {
            format!("once the performance of a validation exceeds {}", output::percent(*threshold))
        }
        Some(Criterion::MeanPerformance { threshold, window }) => {
            format!(
                "once the mean performance of the last {window} validations (of all, while there are fewer) exceeds {}",
                output::percent(*threshold)
            )
        }
        Some(Criterion::MinPerformance { threshold }) => {
            format!(
                "once the performance in the worst condition of a validation is at least {}",
                output::percent(*threshold)
            )
        }
        Some(Criterion::MeanOfTasks { threshold }) => {
            format!("once the mean performance over all tasks exceeds {} in a validation", output::percent(*threshold))
        }
        Some(Criterion::MinOfTasks { threshold }) => {
            format!("once every task reaches {} in a validation", output::percent(*threshold))
        }
        Some(Criterion::RmsError { threshold }) => {
            format!("once the root mean square error of a validation is at most {threshold}")
        }
    }
}

fn objective(objective: Objective) -> &'static str {
    match objective {
        Objective::MaskedMse => "masked_mse: squared error, weighted by the loss mask and divided by its sum",
        Objective::MeanSquare => {
            "mean_square: squared error with the loss mask inside the square, divided by the number of entries"
        }
        Objective::Classes => "cross_entropy: name the class of every graded step, through a softmax",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_of_numbered_channels_are_named_by_their_ends() {
        let names = ["fixation", "ring_1_1", "ring_1_2", "ring_1_3", "ring_1_4", "choice_1", "choice_2", "rule_go"];
        assert_eq!(
            channels(&Channel::list(&names), Some(8)),
            "8: fixation, ring_1_1 .. ring_1_4, choice_1, choice_2, rule_go"
        );
        assert_eq!(channels(&[], Some(0)), "0");
        assert_eq!(channels(&[], None), "those of the data");
    }
}
