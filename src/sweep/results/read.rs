//! Reading runs, whatever they are named by.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use rayon::prelude::*;
use serde_json::{Map, Value};

use super::{
    Results, RunResult,
    cache::{self, ResultsCache},
    differing::{self, Settings, differing},
    facts::{Facts, Stamps},
};
use crate::{
    error::{Error, Result},
    progress::note,
    run_directory::{CONFIG, MODEL},
    sweep::study::{Entry, RunState, Study},
    zoo,
};

/// Counts what is read.
struct Told<'a> {
    done: AtomicU64,
    total: AtomicU64,
    tell: &'a (dyn Fn(u64, u64) + Sync),
}

impl Told<'_> {
    fn expect(&self, more: usize) {
        self.total.fetch_add(more as u64, Ordering::Relaxed);
    }

    fn one_more(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        (self.tell)(done, self.total.load(Ordering::Relaxed));
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
    let known = ResultsCache::read(study);
    let read = |candidate: Candidate| {
        let stamps = Stamps::of(&candidate.directory);
        let kept = known.get(&candidate.name, &stamps).cloned();
        let is_new = kept.is_none();
        let facts = kept.unwrap_or_else(|| Facts::read(&candidate.directory, &stamps));
        told.one_more();
        Ok((row(candidate, facts.clone())?, stamps, facts, is_new && cache::is_settled(&stamps)))
    };
    let found: Vec<_> = candidates.into_par_iter().map(read).collect::<Result<_>>()?;
    if found.iter().any(|(.., is_new)| *is_new) {
        let settled = found.iter().filter(|(_, stamps, ..)| cache::is_settled(stamps));
        let kept = settled.map(|(row, stamps, facts, _)| (row.name.as_str(), stamps, facts));
        if let Err(error) = cache::keep(study, kept) {
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
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) && path.is_file() {
        let message = "describes runs and holds none of their results; name the directory that they are trained in";
        return Err(Error::file(path, message));
    }
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
    let unreadable = |error| Error::file(folder, format!("could not be read ({error}); check the permissions"));
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
