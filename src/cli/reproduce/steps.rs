//! The steps of a paper: calls of this program, one for each network, several side by side.

use std::{ffi::OsString, fs, path::Path};

use anyhow::{Context, Result};

use super::super::{
    output::shell_word,
    over_study::{Call, call_all},
};
use crate::{
    files::read_text,
    reproduce::{Found, Outline, Run, Step},
    run_directory,
    terminal::{is_interrupted, say},
};

/// The longest command that is read, bytes.
const LONGEST: u64 = 1 << 20;

/// Takes all steps that have no results yet, in order; `false` if it was interrupted. What fails is said, and is missing
/// in the report.
pub fn run(outline: &Outline, found: &Found, jobs: usize) -> Result<bool> {
    for step in &outline.steps {
        let Ok(runs) = found.runs_of(step) else { continue };
        let mut todo = Vec::new();
        for run in runs {
            match words(step, run, found) {
                Ok(words) if !is_there(step, run, &words) => todo.push((run, words)),
                Ok(_) => {}
                Err(error) => say(&format!("{}: {error}", step.name)),
            }
        }
        if todo.is_empty() {
            continue;
        }
        say(&format!("{}: nn4n {}", step.name, step.command));
        let calls = todo.into_iter().map(|(run, words)| call(step, run, words)).collect::<Result<Vec<Call>>>()?;
        for (name, why) in call_all(&calls, jobs)? {
            say(&format!("{name}: {why}"));
        }
        if is_interrupted() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a step has results, of this very command of this version.
fn is_there(step: &Step, run: &Run, words: &[String]) -> bool {
    let place = run.place(&step.name);
    let said = read_text(&command_file(&place), LONGEST).unwrap_or_default();
    place.join(step.result()).is_file() && said == noted(words)
}

/// What is noted beside results.
fn noted(words: &[String]) -> String {
    format!("# nn4n {}\n{}\n", env!("CARGO_PKG_VERSION"), typed(words))
}

fn command_file(place: &Path) -> std::path::PathBuf {
    place.join("command.txt")
}

fn call(step: &Step, run: &Run, words: Vec<String>) -> Result<Call> {
    let place = run.place(&step.name);
    fs::create_dir_all(&place).with_context(|| format!("{}: could not be made", place.display()))?;
    let said = (step.command == "eval").then(|| place.join(step.result()));
    let command = (command_file(&place), noted(&words));
    let words = words.into_iter().map(OsString::from).collect();
    let of = if step.study.is_some() { run.network.display().to_string() } else { step.name.clone() };
    Ok(Call { name: of, words, said, command })
}

/// The words of the command.
///
/// # Errors
/// If they name a study without a network of this seed.
fn words(step: &Step, run: &Run, found: &Found) -> Result<Vec<String>> {
    let place = run.place(&step.name);
    let results = run.results.display().to_string();
    let mut words: Vec<String> = step.command.split(' ').map(String::from).collect();
    if step.study.is_some() {
        words.push(match step.after {
            Some(updates) => kept(run, updates),
            None => run.network.display().to_string(),
        });
    }
    for word in &step.words {
        words.push(with_networks(&with_kept(&word.replace("{results}", &results), run), run, found)?);
    }
    match step.command.split(' ').next() {
        Some("eval") => words.push("--json".into()),
        Some("plot") => {
            words.extend(["--out".into(), place.join(step.result()).display().to_string(), "--force".into()]);
        }
        _ => words.extend(["--out".into(), place.display().to_string(), "--force".into()]),
    }
    Ok(words)
}

/// The network that a run kept after so many updates.
fn kept(run: &Run, updates: impl std::fmt::Display) -> String {
    run.network.join(run_directory::kept(updates)).display().to_string()
}

/// A word that is `{after:UPDATES}` as the network that it stands for.
fn with_kept(word: &str, run: &Run) -> String {
    let updates = word.strip_prefix("{after:").and_then(|rest| rest.strip_suffix('}'));
    updates.map_or_else(|| word.to_owned(), |updates| kept(run, updates))
}

/// A word with the network of the same seed of another study in place of each `{network:STUDY}`.
fn with_networks(word: &str, run: &Run, found: &Found) -> Result<String> {
    let mut filled = String::new();
    let mut rest = word;
    while let Some((before, (study, after))) =
        rest.split_once("{network:").and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        let of_seed = found.runs(study)?.iter().find(|other| other.seed == run.seed);
        let other = of_seed.with_context(|| format!("{study}: no network of seed {} is finished", run.seed))?;
        filled.push_str(before);
        filled.push_str(&other.network.display().to_string());
        rest = after;
    }
    Ok(filled + rest)
}

/// The command as one types it; empty where a network that it names is not there.
pub fn line(step: &Step, run: &Run, found: &Found) -> String {
    words(step, run, found).map_or_else(|_| String::new(), |words| typed(&words))
}

fn typed(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    format!("nn4n {}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        cli::read,
        reproduce::{Mode, PAPERS},
    };

    #[test]
    fn steps_of_papers_are_commands() {
        for (paper, mode) in PAPERS.iter().flat_map(|paper| [Mode::Quick, Mode::Full].map(|mode| (paper, mode))) {
            let outline = (paper.outline)(mode);
            let found = Found::new(Path::new("nowhere"), &outline, false, &BTreeMap::new());
            for step in &outline.steps {
                let mut run = found.alone().clone();
                run.network = "run".into();
                let mut alone = step.clone();
                for study in outline.studies.iter().map(|study| format!("{{network:{}}}", study.name)) {
                    alone.words.iter_mut().for_each(|word| *word = word.replace(&study, "run"));
                }
                let typed = words(&alone, &run, &found).unwrap_or_else(|error| panic!("{}: {error}", step.name));
                if let Err(error) = read(std::iter::once("nn4n".to_owned()).chain(typed)) {
                    panic!("{}, {}: {error}", paper.id, step.name);
                }
            }
        }
    }
}
