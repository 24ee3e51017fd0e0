//! `nn4n train --resume`: what the options ask for must be what the run in the directory is.

use std::path::Path;

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use super::{
    names::Names,
    setting,
    train::{LONGEST, TrainArgs, plan, read, task},
};
use crate::{
    echo::quoted,
    experiment::{Experiment, TrainConfig},
    files::read_text,
    hub::Reference,
    optimizer::OptimizerConfig,
    run_directory::{Existing, RunDirectory},
};

/// Most differences that are named.
const NAMED: usize = 5;

/// What may be changed while a run is interrupted.
const CHANGEABLE: [&str; 3] = ["train.updates", "train.learning_rate", "train.remat"];

/// The experiment of the run in a directory, if one was begun there.
pub fn known(out: &Path) -> Result<Option<Experiment>> {
    if !out.is_dir() {
        return Ok(None);
    }
    let run = RunDirectory::open(out, Existing::Resume)?;
    let path = run.config();
    if !path.exists() {
        return Ok(None);
    }
    let experiment = read(&path)?;
    // Without a state the run starts again, and its run.toml is written again: one that a user wrote would be lost.
    if !run.is_resumed() && read_text(&path, LONGEST)? != experiment.to_toml()? {
        bail!("{}: is no file of a run that was begun there; move it, or use another --out", path.display());
    }
    Ok(Some(experiment))
}

/// The experiment of the run to continue, with the changes that the options ask for.
pub fn go_on(args: &TrainArgs, mut known: Experiment) -> Result<Experiment> {
    let asked = if args.config.is_some() || args.preset.is_some() { Some(plan(args)?) } else { None };
    let (mut all, mut wanted) = (said(&known)?, asked.as_ref().map_or_else(|| flags(args), said)?);
    [("task", "id"), ("model", "kind")].iter().for_each(|(table, tag)| reduce(&mut all, &mut wanted, table, tag));
    if asked.is_some() {
        complete(&mut wanted, &all);
    }
    let mut differences = Vec::new();
    compare("", &all, &wanted, &mut differences);
    if let Some(units) = args.units.filter(|units| *units != known.model.n_units()) {
        differences.retain(|difference: &Difference| difference.field != "model.units");
        differences.push(Difference::new("model.units", &json!(known.model.n_units()), &json!(units)));
    }
    if let Some(init) = args.init.as_deref().or(asked.as_ref().and_then(|asked| asked.init.as_deref()))
        && !is_same_init(init, known.init.as_deref())?
    {
        differences.push(Difference::new("init", &json!(known.init), &json!(init)));
    }
    differences.retain(|difference| !CHANGEABLE.contains(&difference.field.as_str()));
    refuse(args, &differences)?;
    let changeable = |config: &TrainConfig| (config.updates, config.learning_rate, config.remat);
    let of_file = asked.filter(|_| args.config.is_some()).map(|asked| changeable(&asked.train));
    let config = &mut known.train;
    (config.updates, config.learning_rate, config.remat) = of_file.unwrap_or(changeable(config));
    config.updates = args.updates.unwrap_or(config.updates);
    config.learning_rate = args.lr.unwrap_or(config.learning_rate);
    config.remat |= args.remat;
    known.validate()?;
    Ok(known)
}

fn refuse(args: &TrainArgs, differences: &[Difference]) -> Result<()> {
    if differences.is_empty() {
        return Ok(());
    }
    let out = args.out.as_deref().unwrap_or(Path::new("."));
    let mut named: Vec<String> = differences.iter().take(NAMED).map(Difference::to_string).collect();
    if differences.len() > NAMED {
        named.push(format!("and {} more", differences.len() - NAMED));
    }
    bail!(
        "{} holds another run: {}; ask for the same (or leave it out: --out and --resume are enough), or use another \
        --out",
        out.display(),
        named.join("; ")
    )
}

/// All that an experiment says, but for `init`.
fn said(experiment: &Experiment) -> Result<Value> {
    let task = |task: &dyn nn4n_tasks::Task| table(task.id(), task.parameters());
    let stage = |stage: &crate::experiment::Stage| json!([stage.threshold, task(stage.task.as_ref())]);
    Ok(json!({
        "seed": experiment.seed,
        "task": task(experiment.task.as_ref()),
        "curriculum": experiment.curriculum.iter().map(stage).collect::<Vec<_>>(),
        "model": serde_json::to_value(experiment.model.clone().completed())?,
        "train": serde_json::to_value(experiment.settings())?,
    }))
}

fn table(id: &str, parameters: Value) -> Map<String, Value> {
    let mut table = Map::from_iter([("id".to_string(), json!(id))]);
    if let Value::Object(parameters) = parameters {
        table.extend(parameters);
    }
    table
}

/// What the flags say beside a task, its defaults left out.
fn flags(args: &TrainArgs) -> Result<Value> {
    let (mut all, mut model, mut train) = (Map::new(), Map::new(), Map::new());
    fn put<T: serde::Serialize>(into: &mut Map<String, Value>, name: &str, value: Option<T>) {
        into.extend(value.map(|value| (name.to_string(), json!(value))));
    }
    put(&mut model, "kind", args.model);
    put(&mut train, "batch_size", args.batch_size);
    put(&mut train, "optimizer", args.optimizer.as_deref().map(OptimizerConfig::named).transpose()?);
    put(&mut train, "freeze", args.freeze.as_ref().map(|Names(names)| names));
    put(&mut train, "only_inputs", args.only_inputs.as_ref().map(|Names(names)| names));
    put(&mut all, "seed", args.seed);
    let settings = setting::parameters(&args.settings)?;
    // What is not said of the task is not asked for, so that some of the options are enough.
    let is_said = |name: &str| name == "id" || name == "path" || args.settings.iter().any(|(said, _)| said == name);
    let mut task = task(args)?.map(|task| table(task.id(), task.parameters()));
    task.iter_mut().for_each(|task| task.retain(|name, _| is_said(name)));
    put(&mut all, "task", task.or_else(|| (!settings.is_empty()).then_some(settings)));
    all.extend([("model".to_string(), Value::Object(model)), ("train".to_string(), Value::Object(train))]);
    Ok(Value::Object(all))
}

/// A field that is not what the options ask for.
struct Difference {
    field: String,
    known: String,
    asked: String,
}

impl Difference {
    fn new(field: &str, known: &Value, asked: &Value) -> Self {
        let shown = |value: &Value| if value.is_null() { "nothing".into() } else { quoted(value) };
        Self { field: field.into(), known: shown(known), asked: shown(asked) }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { field, known, asked } = self;
        let option = match field.as_str() {
            "seed" => " (--seed)",
            "init" => " (--init)",
            "task.id" => " (--task, --data)",
            "task.path" => " (--data)",
            "model.kind" => " (--model)",
            "model.units" => " (--units)",
            "train.batch_size" => " (--batch-size)",
            "train.freeze" => " (--freeze)",
            "train.only_inputs" => " (--only-inputs)",
            field if field.starts_with("train.optimizer") => " (--optimizer)",
            field if field.starts_with("task.") => " (--set)",
            _ => "",
        };
        write!(f, "its `{field}`{option} is {known}, not {asked}")
    }
}

/// Of two tasks, or two kinds of network, the names say enough.
fn reduce(known: &mut Value, asked: &mut Value, table: &str, tag: &str) {
    let tag_of = |all: &Value| all.get(table)?.get(tag).cloned();
    if let (Some(of_known), Some(of_asked)) = (tag_of(known), tag_of(asked))
        && of_known != of_asked
    {
        (known[table], asked[table]) = (json!({ tag: of_known }), json!({ tag: of_asked }));
    }
}

/// Puts `null` in the place of what is known and not asked for.
fn complete(asked: &mut Value, known: &Value) {
    if let (Value::Object(asked), Value::Object(known)) = (asked, known) {
        for (name, known) in known {
            complete(asked.entry(name.clone()).or_insert(Value::Null), known);
        }
    }
}

/// Names what of all that is asked for is not so.
fn compare(field: &str, known: &Value, asked: &Value, differences: &mut Vec<Difference>) {
    match (known, asked) {
        (Value::Object(known), Value::Object(asked)) => {
            for (name, asked) in asked {
                let field = if field.is_empty() { name.clone() } else { format!("{field}.{name}") };
                compare(&field, known.get(name).unwrap_or(&Value::Null), asked, differences);
            }
        }
        _ if known == asked => {}
        _ => differences.push(Difference::new(field, known, asked)),
    }
}

/// Whether a checkpoint is the one that a run started from, which names the commit where it is one of the hub.
fn is_same_init(asked: &Path, known: Option<&Path>) -> Result<bool> {
    let Some(known) = known else { return Ok(false) };
    if asked == known {
        return Ok(true);
    }
    let is_commit = |revision: &str| revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    Ok(match (Reference::from_path(asked)?, Reference::from_path(known)?) {
        (Some(asked), Some(known)) => !is_commit(asked.revision()) && asked.at(known.revision()) == known,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(compare: impl FnOnce(&mut Vec<Difference>)) -> Vec<String> {
        let mut differences = Vec::new();
        compare(&mut differences);
        differences.iter().map(Difference::to_string).collect()
    }

    #[test]
    fn what_is_asked_for_and_is_not_so_is_named() {
        let known = json!({ "seed": 1, "train": { "batch_size": 4, "freeze": ["x0"] } });
        let asked = json!({ "train": { "batch_size": 8 } });
        assert_eq!(
            names(|found| compare("", &known, &asked, found)),
            ["its `train.batch_size` (--batch-size) is 4, not 8"]
        );
        let mut whole = asked;
        complete(&mut whole, &known);
        let all = names(|found| compare("", &known, &whole, found));
        assert_eq!(all.len(), 3, "{all:?}");
        assert!(all.iter().any(|line| line.contains("`seed` (--seed) is 1, not nothing")), "{all:?}");
        assert!(names(|found| compare("", &known, &known, found)).is_empty());
    }

    #[test]
    fn of_two_tasks_the_names_are_compared() {
        let mut known = json!({ "task": { "id": "a", "dt": 20 }, "model": { "kind": "ei", "units": 8 } });
        let mut asked = json!({ "task": { "id": "b", "p": 1 }, "model": { "kind": "ei", "units": 9 } });
        reduce(&mut known, &mut asked, "task", "id");
        reduce(&mut known, &mut asked, "model", "kind");
        assert_eq!(asked, json!({ "task": { "id": "b" }, "model": { "kind": "ei", "units": 9 } }));
        assert_eq!(known["task"], json!({ "id": "a" }));
    }

    #[test]
    fn a_reference_to_the_hub_is_the_commit_that_it_was_at_the_start() {
        let commit = "0123456789012345678901234567890123456789";
        let known = format!("hf:lab/rdm@{commit}");
        let same = |asked: &str| is_same_init(Path::new(asked), Some(Path::new(&known))).unwrap();
        assert!(same(&known) && same("hf:lab/rdm"));
        assert!(!same("hf:lab/other") && !same("runs/rdm"));
        assert!(!same(&known.replace('0', "f")), "another commit");
        assert!(!is_same_init(Path::new("runs/rdm"), None).unwrap());
    }
}
