//! A few numbers of every task at a fixed seed, so that no definition changes unnoticed. They are in
//! `golden/FAMILY.txt`; if one of them has to change, so has the `version` of its task. The tests print the lines that
//! are missing or different.
//!
//! ```text
//! ID VERSION SPLIT | steps of four drawn trials | sums
//! ID VERSION SPLIT | all CONDITIONS, steps, correct, conditions, epochs, scores: each a digest of its text | sums
//! ID VERSION about | what is no array: chance, objective, channels (how many, and a digest of the names), criterion
//! ```
//!
//! The second line is about one trial of every condition, so that it has a catch trial where the task has any; its
//! scores are those of the targets. Sums are weighted, of inputs, targets and loss mask.

use std::{fs, path::Path};

use ndarray::Array3;
use nn4n_tasks::{
    Channel, Condition, Split, Task, TaskError, TrialBatch, Value, balanced, batch, create, list, scores,
};

const SPLITS: [Split; 2] = [Split::Train, Split::Test];

/// A sum in which every place has a weight of its own.
fn checksum(array: &Array3<f32>) -> f64 {
    array.iter().enumerate().map(|(i, &x)| f64::from(x) * ((i * 7919 % 1009) as f64 + 1.0)).sum::<f64>() / 1000.0
}

fn sums(trials: &TrialBatch) -> String {
    let [inputs, targets, loss_mask] = [&trials.inputs, &trials.targets, &trials.loss_mask].map(checksum);
    format!("{inputs:.4} {targets:.4} {loss_mask:.4}")
}

/// FNV-1a, which is the same on every machine.
fn digest(text: &str) -> String {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{hash:08x}")
}

/// The digest of what `text` says of each item.
fn digest_of<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    digest(&items.iter().map(text).collect::<Vec<_>>().join("\n"))
}

/// A condition, to as many digits as all machines agree on.
fn words(condition: &Condition) -> String {
    let value = |value: &Value| match value {
        Value::Number(number) => format!("{number:.6}"),
        other => other.to_string(),
    };
    condition.iter().map(|(name, given)| format!("{name}={}", value(given))).collect::<Vec<_>>().join(" ")
}

/// What identifies the trials (id, version, split, lengths), and the three sums.
fn parse(line: &str) -> Option<(String, Vec<f64>)> {
    let (identity, sums) = line.rsplit_once('|')?;
    Some((identity.trim().into(), sums.split_whitespace().map(|sum| sum.parse().ok()).collect::<Option<_>>()?))
}

fn same(known: &str, line: &str) -> bool {
    let close = |a: &[f64], b: &[f64]| {
        a.len() == 3 && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3 * (1.0 + a.abs()).sqrt())
    };
    parse(known).zip(parse(line)).is_some_and(|((known, a), (identity, b))| known == identity && close(&a, &b))
}

/// All tasks that can be made without a file.
fn tasks() -> Result<Vec<Box<dyn Task>>, TaskError> {
    list().into_iter().filter(|info| info.n_inputs.is_some()).map(|info| create(info.id, None)).collect()
}

/// Every line of every task must be in the file of its family.
fn assert_known(
    lines: impl Fn(&dyn Task) -> Result<Vec<String>, TaskError>,
    same: impl Fn(&str, &str) -> bool,
) -> Result<(), TaskError> {
    let mut changed = Vec::new();
    for task in tasks()? {
        let family = task.id().split('/').next().unwrap_or_default();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{family}.txt"));
        let golden = fs::read_to_string(path).unwrap_or_default();
        changed.extend(lines(task.as_ref())?.into_iter().filter(|line| !golden.lines().any(|known| same(known, line))));
    }
    assert!(changed.is_empty(), "these definitions are new or have changed:\n{}", changed.join("\n"));
    Ok(())
}

#[test]
fn no_definition_has_changed() -> Result<(), TaskError> {
    let line = |task: &dyn Task, split: Split| {
        let trials = batch(task, split, 1, 2, 4)?;
        let steps = trials.n_steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        Ok(format!("{} {} {} | {steps} | {}", task.id(), task.about().version, split.name(), sums(&trials)))
    };
    assert_known(|task| SPLITS.into_iter().map(|split| line(task, split)).collect(), same)
}

#[test]
fn no_condition_has_changed() -> Result<(), TaskError> {
    let line = |task: &dyn Task, split: Split| {
        let trials = balanced(task, split, 0, 0, 1)?;
        let steps = digest_of(&trials.n_steps, ToString::to_string);
        let correct = digest_of(&trials.correct, |correct| format!("{correct:?}"));
        let conditions = digest_of(&trials.conditions, words);
        let epochs =
            digest_of(&trials.epochs.concat(), |epoch| format!("{} {} {}", epoch.name, epoch.start, epoch.end));
        let scores = digest_of(&scores(task, &trials, trials.targets.view())?, |score| {
            format!("{:?} {:?} {:.3?} {:.3?}", score.choice, score.correct, score.reaction_time, score.error)
        });
        let digests =
            format!("steps {steps} correct {correct} conditions {conditions} epochs {epochs} scores {scores}");
        let (id, version, split) = (task.id(), task.about().version, split.name());
        Ok(format!("{id} {version} {split} | all {} {digests} | {}", trials.len(), sums(&trials)))
    };
    assert_known(|task| SPLITS.into_iter().map(|split| line(task, split)).collect(), same)
}

#[test]
fn nothing_that_is_no_array_has_changed() -> Result<(), TaskError> {
    let names = |channels: &[Channel]| format!("{} {}", channels.len(), digest_of(channels, ToString::to_string));
    let line = |task: &dyn Task| {
        let criterion = task.criterion().map_or("none".into(), |criterion| format!("{criterion:.6?}"));
        let (inputs, outputs) = (names(&task.inputs()), names(&task.outputs()));
        let start = format!(
            "{} {} about | chance {:.6} objective {:?}",
            task.id(),
            task.about().version,
            task.chance(),
            task.objective()
        );
        Ok(vec![format!("{start} inputs {inputs} outputs {outputs} criterion {criterion}")])
    };
    assert_known(line, |known, line| known == line)
}
