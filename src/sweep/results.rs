//! Runs side by side: of each a row with its settings and what it reached, whatever made them.
//!
//! ```text
//! a study              its manifest tells the runs and their settings
//! other directories    run directories, or folders of them; their settings are what differs between their run.toml
//! checkpoints          files, networks of the zoo, hf:owner/repo
//! ```
//!
//! `performance`, `loss` and `rms_error` are those of the saved network, the best so far, in its validation; `updates`
//! and `seconds` those of the training.

use std::{
    cmp::Ordering,
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{self, AtomicU64},
};

use rayon::prelude::*;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{
    differing::{self, Settings, differing},
    facts::{Facts, Stamps},
    manifest::Entry,
    query::{Known, Query, Verdict, Vocabulary},
    results_cache::{self, ResultsCache},
    state::RunState,
    study::Study,
};
use crate::{
    error::{Error, Result},
    progress::note,
    report::Csv,
    run_directory::{CONFIG, MODEL},
    zoo,
};

/// What is known of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunResult {
    /// Its name in its study, or that of its directory.
    pub name: String,
    /// Its directory, or the checkpoint as it was named.
    #[serde(serialize_with = "shown")]
    pub directory: PathBuf,
    /// Dotted names of its run.toml and their values, where runs differ.
    pub settings: Map<String, Value>,
    /// Its seed.
    pub seed: Option<u64>,
    /// How far it is; `None` of a checkpoint outside of a run directory.
    pub state: Option<RunState>,
    /// Updates done.
    pub updates: Option<u64>,
    /// Performance of the saved network in its validation, a fraction in [0, 1]; `None` before the first one, and of
    /// tasks without choices.
    pub performance: Option<f64>,
    /// Its loss there.
    pub loss: Option<f64>,
    /// Its root mean square error there, of tasks that tell it.
    pub rms_error: Option<f64>,
    /// How long it trained, s, over all its parts; `None` where that is not known.
    pub seconds: Option<f64>,
    /// Why it failed, or which of its files is damaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Runs side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// In the order in which they were named, and of a study in that of its manifest.
    pub rows: Vec<RunResult>,
    /// The dotted names of the settings in which they differ, sorted.
    pub names: Vec<String>,
}

/// How many runs a query left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Of these it does not hold.
    pub not_meant: usize,
    /// These have no value of what it compares.
    pub missing: usize,
    /// The first name that one of those has no value of.
    pub first_missing: Option<String>,
}

fn shown<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// Counts what is read.
struct Told<'a> {
    done: AtomicU64,
    total: AtomicU64,
    tell: &'a (dyn Fn(u64, u64) + Sync),
}

impl Told<'_> {
    fn expect(&self, more: usize) {
        self.total.fetch_add(more as u64, atomic::Ordering::Relaxed);
    }

    fn one_more(&self) {
        let done = self.done.fetch_add(1, atomic::Ordering::Relaxed) + 1;
        (self.tell)(done, self.total.load(atomic::Ordering::Relaxed));
    }
}

/// A run that is to be read.
struct Candidate {
    name: String,
    directory: PathBuf,
    seed: Option<u64>,
    settings: Option<Map<String, Value>>,
}

impl Results {
    /// Reads runs: studies, run directories, folders of run directories, checkpoints. `told` is told on any thread how
    /// many are read, and of how many as far as that is known.
    ///
    /// What is damaged in a run stands in its row. What was read of a study is kept in it; see the file `results.cache`.
    ///
    /// # Errors
    /// If one of them is nothing of these, a manifest is damaged, or a run is named twice.
    pub fn read(subjects: &[PathBuf], told: &(dyn Fn(u64, u64) + Sync)) -> Result<Self> {
        let told = Told { done: AtomicU64::new(0), total: AtomicU64::new(0), tell: told };
        if let [study] = subjects
            && Study::is_in(study)
        {
            let rows = of_study(study, candidates_of(study)?, &told)?;
            return Ok(Self::of(rows));
        }
        let (mut rows, mut settings) = (Vec::new(), Vec::new());
        for subject in subjects {
            for (row, of_row) in of_subject(subject, &told)? {
                rows.push(row);
                settings.push(of_row);
            }
        }
        check_apart(&rows)?;
        for (row, settings) in rows.iter_mut().zip(differing(&settings)) {
            row.settings = settings;
        }
        name_apart(&mut rows);
        Ok(Self::of(rows))
    }

    fn of(rows: Vec<RunResult>) -> Self {
        let names: BTreeSet<String> = rows.iter().flat_map(|row| row.settings.keys().cloned()).collect();
        Self { rows, names: names.into_iter().collect() }
    }

    /// The runs as comma-separated values: a column for each name that all have, and one for each setting.
    pub fn to_csv(&self) -> String {
        let mut csv = Csv::new("runs.csv", self.all_names());
        self.rows.iter().for_each(|row| csv.row(self.all_names().map(|name| cell(row.value(name).as_ref()))));
        csv.text().into()
    }

    /// What is known of all runs, and their settings.
    fn all_names(&self) -> impl Iterator<Item = &str> {
        RunResult::NAMES.iter().copied().chain(self.names.iter().map(String::as_str))
    }

    /// Refuses a name that no run knows; `option` is where it was written.
    pub(super) fn check(&self, option: &str, name: &str) -> Result<()> {
        let mut vocabulary = Vocabulary::default();
        self.all_names().for_each(|known| vocabulary.add(known, None));
        vocabulary.check(option, name)
    }

    /// The names that expressions may use, with the kinds of their values.
    pub fn vocabulary(&self) -> Vocabulary {
        let mut vocabulary = Vocabulary::default();
        for name in self.all_names() {
            vocabulary.add(name, None);
            self.rows.iter().for_each(|row| vocabulary.add(name, row.known(name).as_ref()));
        }
        vocabulary
    }

    /// Keeps the runs that an expression means, and tells how many it left out.
    ///
    /// # Errors
    /// If it names what no run knows, or compares what cannot be compared.
    pub fn select(&mut self, query: &Query) -> Result<Selection> {
        query.check(&self.vocabulary())?;
        let mut left_out = Selection::default();
        self.rows.retain(|row| match query.of(|name| row.known(name)) {
            Verdict::Meant => true,
            Verdict::NotMeant => {
                left_out.not_meant += 1;
                false
            }
            Verdict::Missing(name) => {
                left_out.missing += 1;
                left_out.first_missing.get_or_insert(name);
                false
            }
        });
        Ok(left_out)
    }

    /// Sorts the runs by a name, the best first: the largest performance, the smallest of all else; with `-` before the
    /// name the other way round. Runs without a value of it come last.
    ///
    /// # Errors
    /// If no run knows the name.
    pub fn sort(&mut self, by: &str) -> Result<()> {
        let name = by.strip_prefix('-').unwrap_or(by);
        self.check("--sort", name)?;
        let is_descending = by.starts_with('-') != (name == "performance");
        self.rows.sort_by(|one, other| {
            let order = |found: Ordering| if is_descending { found.reverse() } else { found };
            match (one.known(name), other.known(name)) {
                (Some(one), Some(other)) => order(compare(&one, &other)),
                (one, other) => other.is_some().cmp(&one.is_some()),
            }
        });
        Ok(())
    }
}

/// Numbers before texts before truth values.
pub(super) fn compare(one: &Known, other: &Known) -> Ordering {
    match (one, other) {
        (Known::Number(one), Known::Number(other)) => one.total_cmp(other),
        (Known::Text(one), Known::Text(other)) => one.cmp(other),
        (Known::Boolean(one), Known::Boolean(other)) => one.cmp(other),
        (Known::Number(_), _) | (Known::Text(_), Known::Boolean(_)) => Ordering::Less,
        _ => Ordering::Greater,
    }
}

impl RunResult {
    /// What is known of every run beside its settings.
    pub const NAMES: [&'static str; 9] =
        ["name", "directory", "seed", "state", "updates", "performance", "loss", "rms_error", "seconds"];

    /// The value of one of these names, or of a setting.
    pub fn value(&self, name: &str) -> Option<Value> {
        match name {
            "name" => Some(self.name.clone().into()),
            "directory" => Some(self.directory.display().to_string().into()),
            "seed" => self.seed.map(Value::from),
            "state" => self.state.map(|state| state.tag().into()),
            "updates" => self.updates.map(Value::from),
            "performance" => self.performance.map(Value::from),
            "loss" => self.loss.map(Value::from),
            "rms_error" => self.rms_error.map(Value::from),
            "seconds" => self.seconds.map(Value::from),
            setting => self.settings.get(setting).filter(|value| !value.is_null()).cloned(),
        }
    }

    /// The same as it is compared.
    pub fn known(&self, name: &str) -> Option<Known> {
        self.value(name).map(|value| known(&value))
    }

    /// Whether nothing is left to do; of a checkpoint alone that is taken to be so.
    pub fn is_finished(&self) -> bool {
        self.state.is_none_or(|state| state == RunState::Finished)
    }
}

/// A value as it stands in a table: a text without quotes, nothing where there is none.
pub(crate) fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A value as it is compared: lists and tables as their text.
pub(super) fn known(value: &Value) -> Known {
    match value {
        Value::Number(number) => Known::Number(number.as_f64().unwrap_or(f64::NAN)),
        Value::Bool(flag) => Known::Boolean(*flag),
        Value::String(text) => Known::Text(text.clone()),
        other => Known::Text(other.to_string()),
    }
}

fn candidates_of(directory: &Path) -> Result<Vec<Candidate>> {
    let study = Study::open(directory)?;
    let candidate = |entry: &Entry| Candidate {
        directory: study.run_directory(entry),
        name: entry.name.clone(),
        seed: Some(entry.seed),
        settings: Some(entry.settings.clone()),
    };
    Ok(study.entries().iter().map(candidate).collect())
}

/// The runs of a study, on all cores.
fn of_study(study: &Path, candidates: Vec<Candidate>, told: &Told<'_>) -> Result<Vec<RunResult>> {
    told.expect(candidates.len());
    let cache = ResultsCache::read(study);
    let read = |candidate: Candidate| {
        let stamps = Stamps::of(&candidate.directory);
        let kept = cache.get(&candidate.name, &stamps).cloned();
        let is_new = kept.is_none();
        let facts = kept.unwrap_or_else(|| Facts::read(&candidate.directory, &stamps));
        told.one_more();
        Ok((row(candidate, facts.clone())?, stamps, facts, is_new && results_cache::is_settled(&stamps)))
    };
    let found: Vec<_> = candidates.into_par_iter().map(read).collect::<Result<_>>()?;
    if found.iter().any(|(.., is_new)| *is_new) {
        let settled = found.iter().filter(|(_, stamps, ..)| results_cache::is_settled(stamps));
        let kept = settled.map(|(row, stamps, facts, _)| (row.name.as_str(), stamps, facts));
        if let Err(error) = results_cache::keep(study, kept) {
            note(&format!("note: what was read of the runs is not kept, and will be read again: {error}"));
        }
    }
    Ok(found.into_iter().map(|(row, ..)| row).collect())
}

fn row(candidate: Candidate, facts: Facts) -> Result<RunResult> {
    let state = RunState::of(&candidate.directory)?;
    Ok(RunResult {
        settings: candidate.settings.unwrap_or_default(),
        state: Some(state),
        ..bare(candidate.name, candidate.directory, Facts { seed: candidate.seed.or(facts.seed), ..facts })
    })
}

fn bare(name: String, directory: PathBuf, facts: Facts) -> RunResult {
    let Facts { seed, updates, performance, loss, rms_error, seconds, problem } = facts;
    let (settings, state) = (Map::new(), None);
    RunResult { name, directory, settings, seed, state, updates, performance, loss, rms_error, seconds, problem }
}

/// The runs that are meant by one path, and their experiments.
fn of_subject(subject: &Path, told: &Told<'_>) -> Result<Vec<(RunResult, Settings)>> {
    if Study::is_in(subject) {
        let rows = of_study(subject, candidates_of(subject)?, told)?;
        return Ok(rows.into_par_iter().map(with_settings).collect());
    }
    if !subject.is_dir() {
        return of_checkpoint(subject).map(|row| vec![row]);
    }
    let directories = if is_run(subject) { vec![subject.to_path_buf()] } else { runs_in(subject)? };
    told.expect(directories.len());
    let read = |directory: PathBuf| {
        let facts = Facts::read(&directory, &Stamps::of(&directory));
        let name = directory.file_name().map_or_else(|| ".".into(), |name| name.to_string_lossy().into_owned());
        told.one_more();
        Ok(with_settings(row(Candidate { name, directory, seed: None, settings: None }, facts)?))
    };
    directories.into_par_iter().map(read).collect()
}

/// A run whose run.toml is damaged has no settings.
fn with_settings(mut row: RunResult) -> (RunResult, Settings) {
    let settings = differing::of_run(&row.directory).unwrap_or_else(|error| {
        row.problem.get_or_insert(error.to_string());
        Settings::new()
    });
    (row, settings)
}

fn of_checkpoint(path: &Path) -> Result<(RunResult, Settings)> {
    let header = zoo::open(path)?.header;
    let json = serde_json::to_string(&header).map_err(|error| Error::file(path, error))?;
    let facts = Facts::of_document(path, &json)?;
    let name = path.to_string_lossy().into_owned();
    Ok((bare(name, path.into(), facts), differing::of_document(path, &json)?))
}

fn is_run(directory: &Path) -> bool {
    directory.join(CONFIG).is_file() || directory.join(MODEL).is_file()
}

/// The run directories in a folder, by their names.
fn runs_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error| Error::file(folder, format!("could not be read ({error})"));
    let entries = fs::read_dir(folder).map_err(unreadable)?.collect::<std::io::Result<Vec<_>>>().map_err(unreadable)?;
    let (mut runs, others): (Vec<PathBuf>, Vec<PathBuf>) =
        entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_dir()).partition(|path| is_run(path));
    if runs.is_empty() {
        let message = "is no study, no run directory and no folder of run directories (there is no manifest.csv, \
            run.toml or model.safetensors in it or one level below); name one, as `nn4n train` and `nn4n sweep` make \
            them";
        return Err(Error::file(folder, message));
    }
    if !others.is_empty() {
        let plural = if others.len() == 1 { "is no run" } else { "are no runs" };
        note(&format!(
            "note: {}: {} of its {} folders {plural}",
            folder.display(),
            others.len(),
            runs.len() + others.len()
        ));
    }
    runs.sort();
    Ok(runs)
}

/// Refuses a run that is named twice, which groups would count twice.
fn check_apart(rows: &[RunResult]) -> Result<()> {
    let mut known = BTreeSet::new();
    for row in rows {
        let place = row.directory.canonicalize().unwrap_or_else(|_| row.directory.clone());
        if !known.insert(place) {
            return Err(Error::file(&row.directory, "is named twice; name each run once"));
        }
    }
    Ok(())
}

/// Runs of one name have their directories as names.
fn name_apart(rows: &mut [RunResult]) {
    let mut names: Vec<String> = rows.iter().map(|row| row.name.clone()).collect();
    names.sort();
    let repeated: BTreeSet<String> =
        names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone()).collect();
    for row in rows.iter_mut().filter(|row| repeated.contains(&row.name)) {
        row.name = row.directory.display().to_string();
    }
}
