//! The model card: a README.md that people and the Hugging Face hub can read, made from the checkpoint.
//!
//! The head is YAML as the hub understands it (<https://huggingface.co/docs/hub/model-cards>): licence, library, tags,
//! metrics, and the result as a `model-index`. Every text in it is written as a JSON string, which is a YAML string
//! too.

use std::fmt::Write;

use nn4n_models::{ModelConfig, Parts};
use nn4n_tasks::Task;
use serde::Deserialize;

use super::{Description, picture::Picture};
use crate::{
    checkpoint::{Checkpoint, TaskRecord},
    evaluate::{ConditionResult, percent},
    experiment::TrainConfig,
};

/// Rows of the table of conditions.
const ROWS: usize = 12;
/// Settings that stand elsewhere on the card, or say what is reported of the training and not how it goes.
const UNSHOWN: [&str; 3] = ["log_every", "tensorboard", "updates"];
/// Name of the picture beside the card.
pub(super) const PICTURE: &str = "performance.png";

/// The card of a checkpoint, and how it is named in its examples: a name in the zoo or `hf:OWNER/NAME`.
pub(super) fn card(
    checkpoint: &Checkpoint,
    task: &dyn Task,
    description: &Description,
    conditions: &[ConditionResult],
    picture: &Picture,
    reference: &str,
) -> String {
    let sections = [
        front_matter(description),
        format!(
            "# {}\n\n{} ({} units) that learned: {}\n",
            plain(&description.id),
            description.kind.summary(),
            description.units.total,
            sentence(&plain(&description.summary))
        ),
        network(checkpoint, description),
        performance(description, conditions, picture),
        training(checkpoint, task, reference),
        loading(checkpoint, description, reference),
        citation(checkpoint, task),
    ];
    sections.join("\n")
}

/// A text as YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn front_matter(description: &Description) -> String {
    let Description { id, task, members, license, assessment, .. } = description;
    let mut yaml = format!("---\nlicense: {}\nlibrary_name: nn4n\ntags:\n", quoted(license));
    let family = members.first().unwrap_or(task).split('/').next().unwrap_or_default();
    for tag in
        ["nn4n", "computational-neuroscience", "recurrent-neural-network", "ctrnn", description.kind.keyword(), family]
    {
        let _ = writeln!(yaml, "- {}", quoted(tag));
    }
    let (metric, name, value) = match (assessment.performance, assessment.rms_error) {
        (Some(performance), _) => ("accuracy", "performance", performance.value),
        (None, Some(error)) => ("rmse", "root mean square error", error),
        (None, None) => {
            yaml.push_str("---\n");
            return yaml;
        }
    };
    let _ = write!(
        yaml,
        "metrics:\n- {metric}\nmodel-index:\n- name: {}\n  results:\n  - task:\n      type: cognitive-task\n    \
         dataset:\n      name: {}\n      \
         type: nn4n\n    metrics:\n    - type: {metric}\n      name: {name}\n      value: {value:.4}\n---\n",
        quoted(id),
        quoted(task),
    );
    yaml
}

fn network(checkpoint: &Checkpoint, description: &Description) -> String {
    let (model, task) = (&checkpoint.header.model, &checkpoint.header.task);
    let units = &description.units;
    let types = if units.excitatory + units.inhibitory == 0 {
        String::new()
    } else {
        format!(": {} excitatory, {} inhibitory", units.excitatory, units.inhibitory)
    };
    let mut rows = vec![
        ("units", format!("{}{types}", units.total)),
        ("form, step", format!("{}, dt {} ms", model.form, model.dt)),
        ("time constant", unit_setting(model, &model.tau, " ms")),
        ("activation", unit_setting(model, &model.activation, "")),
        ("recurrent noise", unit_setting(model, model.unit_noise(), "")),
        ("task", format!("`{}`, version {}", plain(&task.id), task.version)),
        ("inputs", plain(&channels(&task.inputs))),
        ("outputs", plain(&channels(&task.outputs))),
        ("size", format!("{} KiB", description.kibibytes())),
    ];
    if !units.areas.is_empty() {
        let areas =
            units.areas.iter().map(|(name, units)| format!("{} ({units})", plain(name))).collect::<Vec<_>>().join(", ");
        rows.insert(1, (model.kind.parts().map_or("areas", Parts::name), areas));
    }
    let rows: String = rows.into_iter().map(|(name, value)| format!("| {name} | {value} |\n")).collect();
    format!("## Network\n\n| | |\n|---|---|\n{rows}")
}

/// The names of channels; those that are numbered from first to last are given by both.
pub(crate) fn channels(names: &[String]) -> String {
    let numbered = |name: &String| {
        name.rsplit_once('_').and_then(|(stem, number)| Some((stem.to_owned(), number.parse::<usize>().ok()?)))
    };
    let follows =
        |a: &String, b: &String| numbered(a).zip(numbered(b)).is_some_and(|(a, b)| a.0 == b.0 && a.1 + 1 == b.1);
    let runs = names.chunk_by(follows).map(|run| match run {
        [first, .., last] if run.len() > 2 => format!("{first} to {last}"),
        few => few.join(", "),
    });
    runs.collect::<Vec<_>>().join(", ")
}

/// The text with an end.
fn sentence(text: &str) -> String {
    if text.ends_with(['.', '?', '!']) { text.into() } else { format!("{text}.") }
}

/// A text of a file from elsewhere, without what Markdown, HTML or a terminal would take for more than text.
fn plain(text: &str) -> String {
    let escape = |c: char| match c {
        c if c.is_control() => " ".into(),
        // What turns the direction of the text.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => String::new(),
        '<' => "&lt;".into(),
        '&' => "&amp;".into(),
        '`' => "'".into(),
        '\\' | '|' | '[' | ']' | '*' | '~' => format!("\\{c}"),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}

/// A setting of the units; each layer of a stack may have its own.
fn unit_setting(model: &ModelConfig, value: &impl serde::Serialize, unit: &str) -> String {
    if model.layers.is_empty() { words(value, unit) } else { "of each layer: see `nn4n inspect --json`".into() }
}

/// A value of the units as it stands in a run.toml.
fn words(value: &impl serde::Serialize, unit: &str) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Number(number)) => format!("{number}{unit}"),
        Ok(other) if other.to_string().len() <= 120 => format!("`{other}`{unit}"),
        _ => "differs between units; see `nn4n inspect`".into(),
    }
}

fn performance(description: &Description, conditions: &[ConditionResult], picture: &Picture) -> String {
    let assessment = &description.assessment;
    let mut text = String::from("## Performance\n\n");
    if let Some(found) = assessment.performance {
        let _ = writeln!(
            text,
            "{} of {} fresh test trials were right (95 % interval {} to {}; outputs that are random numbers reach \
            {}), with the network's noise on.",
            percent(found.value),
            found.trials,
            percent(found.low),
            percent(found.high),
            percent(assessment.chance)
        );
    }
    if let Some(error) = assessment.rms_error {
        let _ = writeln!(text, "The root mean square error over graded entries is {error:.4}.");
    }
    if conditions.len() > 1 {
        text.push_str("\n| condition | trials | right |\n|---|---|---|\n");
        for row in conditions.iter().take(ROWS) {
            let _ = writeln!(
                text,
                "| {} | {} | {} |",
                plain(&row.condition.to_string()),
                row.trials,
                percent(row.performance)
            );
        }
        if conditions.len() > ROWS {
            let _ = writeln!(text, "\nThe other {} conditions: `nn4n eval`.", conditions.len() - ROWS);
        }
    }
    let _ = write!(text, "\n![{caption}]({PICTURE})\n\n{caption}\n", caption = picture.caption());
    text
}

fn training(checkpoint: &Checkpoint, task: &dyn Task, reference: &str) -> String {
    let header = &checkpoint.header;
    if let Some(imported) = &header.provenance.imported {
        return format!(
            "## Training\n\nImported by {} from a file of {} (`{}`), which does not say how it was trained.\n",
            plain(&header.provenance.program),
            plain(&imported.format),
            plain(&imported.file)
        );
    }
    // What another version wrote is not shown: it may mean something else by it.
    let settings = of_this_version(&header.train.settings);
    let at_most = settings.as_ref().map_or_else(String::new, |settings| format!(" of at most {}", settings.updates));
    let mut text = format!(
        "## Training\n\n{}{at_most} updates, seed {}, with {} ({}). All there is to know is in the checkpoint: \
        `nn4n inspect --json`.\n",
        header.train.updates,
        header.seed,
        plain(&header.provenance.program),
        validations(header.train.validations.len(), header.train.updates, settings.as_ref()),
    );
    if !reference.starts_with("hf:") {
        let _ = writeln!(
            text,
            "To train it again: `nn4n zoo show {reference} --recipe > run.toml`, then `nn4n train run.toml`."
        );
    }
    if let Some(init) = &header.provenance.init {
        let _ = writeln!(text, "Training started from the network of `{}`.", plain(&init.display().to_string()));
    }
    if let Some(settings) = settings {
        text.push_str(&settings_table(settings, task));
    }
    let records = &header.train.validations;
    if records.is_empty() {
        return text;
    }
    text.push_str("\n| updates | validation loss | performance |\n|---|---|---|\n");
    let every = records.len().div_ceil(ROWS);
    let last = records.len() - 1;
    for (_, record) in records.iter().enumerate().filter(|(place, _)| place % every == 0 || *place == last) {
        let performance = record.performance.map_or_else(String::new, percent);
        let _ = writeln!(text, "| {} | {:.5} | {performance} |", record.update, record.loss);
    }
    text
}

/// The settings, if none of them is unknown and none is missing: defaults are not what a network was trained with.
fn of_this_version(settings: &serde_json::Value) -> Option<TrainConfig> {
    let train = TrainConfig::deserialize(settings).ok()?;
    (train.is_complete() && serde_json::to_value(&train).is_ok_and(|whole| whole == *settings)).then_some(train)
}

/// The settings of the training as in a run.toml, with the rule that ends it, which may be the task's own.
fn settings_table(mut train: TrainConfig, task: &dyn Task) -> String {
    train.stop.criterion = train.criterion(task);
    let settings = serde_json::to_value(train).unwrap_or_default();
    let shown = settings.as_object().into_iter().flatten().filter(|(name, _)| !UNSHOWN.contains(&name.as_str()));
    let rows: String = shown.map(|(name, value)| setting_rows(name, value)).collect();
    format!("\n| setting | |\n|---|---|\n{rows}")
}

/// A setting, or a row for each of those that a table of settings consists of.
fn setting_rows(name: &str, value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(parts) => {
            parts.iter().map(|(part, value)| setting_rows(&format!("{name}.{part}"), value)).collect()
        }
        serde_json::Value::String(text) => format!("| {} | {} |\n", plain(name), plain(text)),
        other => format!("| {} | {} |\n", plain(name), plain(&other.to_string())),
    }
}

fn loading(checkpoint: &Checkpoint, description: &Description, reference: &str) -> String {
    let (import, path) = match reference.strip_prefix("hf:") {
        Some(repository) => (
            "from huggingface_hub import hf_hub_download\n",
            format!("hf_hub_download(\"{repository}\", \"model.safetensors\")"),
        ),
        None => ("", "\"model.safetensors\"    # the file beside this card".into()),
    };
    format!(
        "## Use\n\nOn the command line:\n\n```bash\nnn4n eval {reference}\nnn4n inspect {reference}\nnn4n tasks \
        sample {task}{settings} --batch 10 --out \
         trials.npz\nnn4n run {reference} --inputs trials.npz --out activity.npz\n```\n\nIn Rust:\n\n```rust\nlet \
         checkpoint = nn4n::zoo::open(\"{reference}\")?;\nlet network = \
         checkpoint.network(&candle_core::Device::Cpu)?;\n```\n\nIn Python, the weights as NumPy \
         arrays (`w[post, pre]`) and the description of the network:\n\n```python\nimport json\n{import}from \
         safetensors import safe_open\n\npath = {path}\nwith \
         safe_open(path, \"numpy\") as file:\n    weights = {{name: file.get_tensor(name) for name in \
         file.keys()}}\n    network = \
         json.loads(file.metadata()[\"nn4n\"])[\"model\"]\n```\n\nA NumPy script that runs it: `nn4n export \
         {reference} --to numpy --out network.py`.\n",
        task = description.task,
        settings = settings(&checkpoint.header.task),
    )
}

/// What of a task is not as it is by default, for the command line of a shell.
fn settings(task: &TaskRecord) -> String {
    let usual = nn4n_tasks::create(&task.id, None).map(|task| task.parameters()).unwrap_or_default();
    let own = task
        .parameters
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| usual.get(name.as_str()) != Some(*value));
    own.map(|(name, value)| format!(" --set '{name}={}'", value.to_string().replace('\'', "'\\''"))).collect()
}

/// How many validations there were. A checkpoint keeps at most 1,000 of them.
fn validations(kept: usize, updates: u64, settings: Option<&TrainConfig>) -> String {
    // One every so many updates, and one after the last.
    let made = settings.map(|settings| updates.div_ceil(settings.validation.every.max(1)));
    match made {
        Some(made) if made > kept as u64 => format!("{made} validations, of which the checkpoint keeps {kept}"),
        _ => format!("{kept} validations"),
    }
}

fn citation(checkpoint: &Checkpoint, task: &dyn Task) -> String {
    let (provenance, source) = (&checkpoint.header.provenance, task.about().citation);
    let published = source.is_published().then(|| source.to_string());
    let others = provenance.citations.iter().filter(|citation| !source.is_meant_by(citation)).cloned();
    let program = format!("the nn4n authors. {}: {}", provenance.program, env!("CARGO_PKG_DESCRIPTION"));
    let citations: String =
        published.into_iter().chain(others).chain([program]).map(|text| format!("- {}\n", plain(&text))).collect();
    format!("## Citation\n\n{citations}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{loss::Loss, optimizer::OptimizerConfig};

    #[test]
    fn channels_that_are_numbered_are_named_by_the_first_and_the_last() {
        let names = ["fixation", "ring_1", "ring_2", "ring_3", "choice_1", "choice_2", "rule_go"].map(String::from);
        assert_eq!(channels(&names), "fixation, ring_1 to ring_3, choice_1, choice_2, rule_go");
    }

    #[test]
    fn validations_that_are_not_kept_are_counted() {
        let mut settings = TrainConfig::default();
        settings.validation.every = 10;
        assert_eq!(validations(3, 30, Some(&settings)), "3 validations");
        assert_eq!(validations(3, 25, Some(&settings)), "3 validations", "the last update is validated, too");
        assert_eq!(validations(750, 60_000, Some(&settings)), "6000 validations, of which the checkpoint keeps 750");
        assert_eq!(validations(750, 60_000, None), "750 validations");
    }

    #[test]
    fn settings_within_settings_have_rows_of_their_own() {
        let settings = serde_json::json!({ "kind": "sgd", "parts": { "tasks": ["a|b"] } });
        assert_eq!(
            setting_rows("optimizer", &settings),
            "| optimizer.kind | sgd |\n| optimizer.parts.tasks | \\[\"a\\|b\"\\] |\n"
        );
    }

    #[test]
    fn settings_that_are_missing_or_unknown_are_not_made_up() {
        let open = TrainConfig::default();
        let complete = TrainConfig {
            loss: Some(Loss::MaskedMse),
            batch_size: Some(20),
            optimizer: Some(OptimizerConfig::default()),
            ..TrainConfig::default()
        };
        let written = |train: &TrainConfig| serde_json::to_value(train).unwrap_or_default();
        assert_eq!(of_this_version(&written(&complete)), Some(complete));
        assert_eq!(of_this_version(&written(&open)), None, "what is the task's is not known from this");
        let more = serde_json::json!({ "newer": 1 });
        assert_eq!([&serde_json::json!({}), &serde_json::Value::Null, &more].map(of_this_version), [None, None, None]);
    }

    #[test]
    fn the_rule_that_ends_the_training_is_shown_where_it_is_the_tasks_own() -> Result<(), nn4n_tasks::TaskError> {
        let task = nn4n_tasks::create("song2016/rdm_varstim", None)?;
        let shown = settings_table(TrainConfig::default(), task.as_ref());
        assert!(
            shown.contains("stop.criterion.mean_performance.threshold | 0.85") && !shown.contains("| updates"),
            "{shown}"
        );
        Ok(())
    }

    #[test]
    fn text_of_a_file_stays_text() {
        assert_eq!(plain("\\[x\\](y) &lt; ~~z~~ \u{202e}"), "\\\\\\[x\\\\\\](y) &amp;lt; \\~\\~z\\~\\~ ");
        assert_eq!(plain("a|b\n# <td>`x` \u{1b}[2J [link](y)"), "a\\|b # &lt;td>'x'  \\[2J \\[link\\](y)");
    }
}
