//! The files of a study: made once, grown on request, opened by everybody.

mod manifest;
mod names;
mod state;

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use rayon::prelude::*;

pub(super) use self::state::{FAILED, end};
pub use self::{
    manifest::Entry,
    state::{Failure, Reached, RunState},
};
use super::description::{Description, Variant};
use crate::{
    error::{Error, Result},
    experiment::Experiment,
    files::{read_text, remove_if_there, unwritten, write_atomically},
    run_directory::CONFIG,
};

const SWEEP: &str = "sweep.toml";
const MANIFEST: &str = "manifest.csv";
const RUNS: &str = "runs";
const LOGS: &str = "logs";
const CANCEL: &str = "cancel";
const ANALYSIS: &str = "analysis";

/// The longest run.toml that is compared, bytes.
const LONGEST: u64 = 64 << 20;

/// A study on the disk.
#[derive(Clone, Debug)]
pub struct Study {
    directory: PathBuf,
    entries: Vec<Entry>,
}

impl Study {
    /// Makes a study in a directory that holds none. Every experiment is checked before anything is written.
    ///
    /// # Errors
    /// If an experiment is wrong, the directory holds a study or a part of one, or a file cannot be written.
    pub fn create(directory: &Path, description: &Description) -> Result<Self> {
        if let Some(name) = [SWEEP, MANIFEST, RUNS].into_iter().find(|name| directory.join(name).exists()) {
            let message = format!("already holds a study ({name}); use --resume to go on with it, or another --out");
            return Err(Error::file(directory, message));
        }
        Self { directory: directory.into(), entries: Vec::new() }.with(description, &description.variants())
    }

    /// Whether there is a study in a directory.
    pub fn is_in(directory: &Path) -> bool {
        directory.join(MANIFEST).is_file()
    }

    /// Opens a study.
    ///
    /// # Errors
    /// If there is none, or its manifest cannot be read.
    pub fn open(directory: &Path) -> Result<Self> {
        let path = directory.join(MANIFEST);
        if !path.exists() {
            let message =
                format!("holds no study ({MANIFEST} is missing); `nn4n sweep SWEEP.toml --out DIR` makes one");
            return Err(Error::file(directory, message));
        }
        Ok(Self { directory: directory.into(), entries: manifest::read(&path)? })
    }

    /// Opens the study that `description` describes, and makes it where there is none. What it asks for beside the runs
    /// that are there is added at the end; returns how many runs that are.
    ///
    /// # Errors
    /// If the study is of another experiment or has runs that are not asked for, or as [`create`](Self::create).
    pub fn resume(directory: &Path, description: &Description) -> Result<(Self, usize)> {
        let variants = description.variants();
        if !directory.join(MANIFEST).exists() {
            // Nothing was trained before there was a manifest.
            let study = Self { directory: directory.into(), entries: Vec::new() }.with(description, &variants)?;
            let count = study.entries.len();
            return Ok((study, count));
        }
        let study = Self::open(directory)?;
        let known = study.description()?;
        let asked = Asked::of(&variants)?;
        let added = match asked.beside(&study.entries) {
            Some(added) if known.has_experiment_of(description) => added,
            _ => return Err(study.is_another(&known, description)?),
        };
        if added.is_empty() {
            study.keep(description)?;
            return Ok((study, 0));
        }
        let count = added.len();
        Ok((study.with(description, &added)?, count))
    }

    /// Adds runs: first the files that nobody looks at yet, the manifest last.
    fn with(mut self, description: &Description, variants: &[Variant]) -> Result<Self> {
        let first = self.entries.len();
        let numbered: Vec<(usize, &Variant)> =
            variants.iter().enumerate().map(|(place, variant)| (first + place, variant)).collect();
        let experiments = description.experiments(&numbered)?;
        let entry = |(index, variant): &(usize, &Variant)| Entry::new(*index, variant);
        self.entries.extend(numbered.iter().map(entry).collect::<Result<Vec<_>>>()?);
        let unwritten_runs = |error: std::io::Error| unwritten(&self.directory.join(RUNS), &error);
        fs::create_dir_all(self.directory.join(RUNS)).map_err(unwritten_runs)?;
        let added = &self.entries[first..];
        added.par_iter().zip(&experiments).try_for_each(|(entry, experiment)| self.prepare(entry, experiment))?;
        self.keep(description)?;
        self.write_manifest()?;
        Ok(self)
    }

    /// Writes the run.toml of a run.
    fn prepare(&self, entry: &Entry, experiment: &Experiment) -> Result<()> {
        let directory = self.run_directory(entry);
        let (path, text) = (directory.join(CONFIG), experiment.to_toml()?);
        fs::create_dir_all(&directory).map_err(|error| unwritten(&directory, &error))?;
        if path.exists() {
            if read_text(&path, LONGEST)? == text {
                return Ok(());
            }
            return Err(Error::file(path, "is of another sweep; move it, or use another --out"));
        }
        let write = || {
            let mut file = File::create_new(&path)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(|error| unwritten(&path, &error))
    }

    fn keep(&self, description: &Description) -> Result<()> {
        write_atomically(&self.directory.join(SWEEP), description.to_toml()?.as_bytes())
    }

    fn is_another(&self, known: &Description, asked: &Description) -> Result<Error> {
        let differs = known.differences(asked)?.unwrap_or_else(|| format!("{MANIFEST} lists other runs"));
        let message = format!(
            "holds another sweep: {differs}. A study may grow (more `seeds`, values of [grid], [[runs]], or a larger \
            `count` of [random]), but keeps the runs that it has; use another --out"
        );
        Ok(Error::file(&self.directory, message))
    }

    /// What was asked for.
    ///
    /// # Errors
    /// If the copy of its description cannot be read.
    pub fn description(&self) -> Result<Description> {
        Description::read(&self.directory.join(SWEEP))
    }

    /// Its directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Its runs.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The directory of a run.
    pub fn run_directory(&self, entry: &Entry) -> PathBuf {
        self.directory.join(RUNS).join(&entry.name)
    }

    /// The file of what a run says.
    pub fn log(&self, entry: &Entry) -> PathBuf {
        self.directory.join(LOGS).join(format!("{}.log", entry.name))
    }

    /// The directory of the run of this name, of a study that need not be read for it.
    ///
    /// # Errors
    /// If no run has such a name.
    pub fn run_of(study: &Path, name: &str) -> Result<PathBuf> {
        if names::is_name(name) {
            return Ok(study.join(RUNS).join(name));
        }
        Err(Error::setting("name", format!("`{name}` is no name of a run; take one of {MANIFEST}")))
    }

    /// The log of the run of this name, opened to write at its end.
    ///
    /// # Errors
    /// If no run has such a name, or the log cannot be opened.
    pub fn log_of(study: &Path, name: &str) -> Result<File> {
        Self::run_of(study, name)?;
        open_log(&study.join(LOGS).join(format!("{name}.log")))
    }

    /// The same of one of its runs.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub(super) fn open_log(&self, entry: &Entry) -> Result<File> {
        open_log(&self.log(entry))
    }

    /// The folder of the logs.
    pub(super) fn logs(&self) -> PathBuf {
        self.directory.join(LOGS)
    }

    /// The folder of what is found out about the whole study.
    pub fn analysis(&self) -> PathBuf {
        self.directory.join(ANALYSIS)
    }

    /// How far each run is, by the files of its own directory.
    ///
    /// # Errors
    /// If a lock cannot be asked for.
    pub fn states(&self) -> Result<Vec<RunState>> {
        self.entries.par_iter().map(|entry| RunState::of(&self.run_directory(entry))).collect()
    }

    /// Writes into the manifest how far each run is. Only a process that speaks for the whole study does so.
    ///
    /// # Errors
    /// If a lock cannot be asked for, or the manifest cannot be written.
    pub fn record_states(&mut self) -> Result<()> {
        // Another process may have added runs since.
        self.entries = manifest::read(&self.directory.join(MANIFEST))?;
        let states = self.states()?;
        let is_known = self.entries.iter().zip(&states).all(|(entry, state)| entry.state == *state);
        if is_known {
            return Ok(());
        }
        self.entries.iter_mut().zip(states).for_each(|(entry, state)| entry.state = state);
        self.write_manifest()
    }

    fn write_manifest(&self) -> Result<()> {
        manifest::write(&self.directory.join(MANIFEST), &self.entries)
    }

    /// Asks whoever runs the study to stop, on this machine or another.
    ///
    /// # Errors
    /// If the file that says so cannot be written.
    pub fn cancel(&self) -> Result<()> {
        write_atomically(&self.directory.join(CANCEL), b"")
    }

    /// Whether it was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.directory.join(CANCEL).exists()
    }

    /// Takes the request to stop back.
    ///
    /// # Errors
    /// If its file is there and cannot be removed.
    pub fn allow(&self) -> Result<()> {
        remove_if_there(&self.directory.join(CANCEL))
    }
}

fn open_log(path: &Path) -> Result<File> {
    let unopened = |error| Error::file(path, format!("could not be opened ({error}); check the permissions"));
    OpenOptions::new().create(true).append(true).open(path).map_err(unopened)
}

/// The runs that are asked for, by what they set.
struct Asked<'a> {
    variants: &'a [Variant],
    /// The places of the runs of each kind; random draws may come twice.
    places: HashMap<String, Vec<usize>>,
}

impl<'a> Asked<'a> {
    fn of(variants: &'a [Variant]) -> Result<Self> {
        let mut places: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, variant) in variants.iter().enumerate() {
            places.entry(key(&variant.in_json()?, variant.seed)).or_default().push(place);
        }
        Ok(Self { variants, places })
    }

    /// Those beside the ones that are there; `None` if not all that are there are asked for.
    fn beside(mut self, entries: &[Entry]) -> Option<Vec<Variant>> {
        let mut is_there = vec![false; self.variants.len()];
        for entry in entries {
            let places = self.places.get_mut(&key(&entry.settings, entry.seed))?;
            if places.is_empty() {
                return None;
            }
            is_there[places.remove(0)] = true;
        }
        let added = self.variants.iter().zip(is_there).filter(|(_, is_there)| !is_there);
        Some(added.map(|(variant, _)| variant.clone()).collect())
    }
}

fn key(settings: &serde_json::Map<String, serde_json::Value>, seed: u64) -> String {
    serde_json::json!([settings, seed]).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(text: &str) -> Description {
        let run = "[run.task]\nid = \"song2016/rdm_varstim\"\n[run.model]\nunits = 8\n[run.train]\nupdates = 5\n";
        Description::from_toml(&format!("{text}\n{run}"), Path::new("")).unwrap()
    }

    const GRID: &str = "seeds = 2\n[grid]\n\"model.units\" = [5, 6]";

    #[test]
    fn a_study_is_made_once_and_opened_as_it_was_made() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("study");
        let study = Study::create(&directory, &described(GRID))?;
        let names: Vec<&str> = study.entries().iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["0000-units_5-seed_0", "0001-units_5-seed_1", "0002-units_6-seed_0", "0003-units_6-seed_1"]);
        let opened = Study::open(&directory)?;
        assert_eq!(opened.entries(), study.entries());
        assert_eq!(opened.description()?, described(GRID));
        assert_eq!(opened.states()?, [RunState::Pending; 4]);
        let text = fs::read_to_string(study.run_directory(&study.entries()[3]).join(CONFIG)).unwrap();
        let experiment = Experiment::from_toml(&text)?;
        assert_eq!((experiment.model.units, experiment.seed), (Some(6), 1));
        let message = Study::create(&directory, &described(GRID)).unwrap_err().to_string();
        assert!(message.contains("already holds a study") && message.contains("--resume"), "{message}");
        assert!(Study::open(folder.path()).unwrap_err().to_string().contains("holds no study"));
        Ok(())
    }

    #[test]
    fn nothing_is_written_where_an_experiment_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("study");
        let message =
            Study::create(&directory, &described("[grid]\n\"model.units\" = [5, 0]")).unwrap_err().to_string();
        assert!(message.contains("run 1 (model.units = 0"), "{message}");
        assert!(!directory.exists());
    }

    #[test]
    fn a_study_grows_at_its_end_and_never_changes() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("study");
        let (study, added) = Study::resume(&directory, &described(GRID))?;
        assert_eq!((study.entries().len(), added), (4, 4), "it is made where there is none");
        assert_eq!(Study::resume(&directory, &described(GRID))?.1, 0);
        let wider = described("seeds = 2\n[grid]\n\"model.units\" = [4, 5, 6]");
        let (grown, added) = Study::resume(&directory, &wider)?;
        assert_eq!((grown.entries().len(), added), (6, 2));
        assert_eq!(grown.entries()[..4], study.entries()[..]);
        assert_eq!(grown.entries()[4].name, "0004-units_4-seed_0");
        assert_eq!(Study::open(&directory)?.description()?, wider);
        let refusal = |description: &Description| Study::resume(&directory, description).unwrap_err().to_string();
        let fewer = refusal(&described(GRID));
        assert!(fewer.contains("holds another sweep: `grid.model.units`"), "{fewer}");
        let mut other = wider.to_toml()?;
        other = other.replace("updates = 5", "updates = 6");
        let other = refusal(&Description::from_toml(&other, Path::new(""))?);
        assert!(other.contains("`run.train.updates` (5 before, 6 now)"), "{other}");
        assert_eq!(Study::open(&directory)?.entries().len(), 6);
        Ok(())
    }

    #[test]
    fn what_a_crash_left_of_the_making_is_completed() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let study = Study::create(folder.path(), &described(GRID))?;
        fs::remove_file(folder.path().join(MANIFEST)).unwrap();
        fs::remove_dir_all(study.run_directory(&study.entries()[2])).unwrap();
        assert!(Study::create(folder.path(), &described(GRID)).is_err());
        assert_eq!(Study::resume(folder.path(), &described(GRID))?.0.entries(), study.entries());
        let path = study.run_directory(&study.entries()[1]).join(CONFIG);
        fs::remove_file(folder.path().join(MANIFEST)).unwrap();
        fs::write(&path, "mine").unwrap();
        assert!(Study::resume(folder.path(), &described(GRID)).unwrap_err().to_string().contains("of another sweep"));
        assert_eq!(fs::read(&path).unwrap(), b"mine");
        Ok(())
    }

    #[test]
    fn the_manifest_is_told_how_far_the_runs_are() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let mut study = Study::create(folder.path(), &described(GRID))?;
        fs::write(study.run_directory(&study.entries()[1]).join("finished.json"), "{}").unwrap();
        study.record_states()?;
        let states: Vec<RunState> = Study::open(folder.path())?.entries().iter().map(|entry| entry.state).collect();
        assert_eq!(states, [RunState::Pending, RunState::Finished, RunState::Pending, RunState::Pending]);
        Ok(())
    }

    #[test]
    fn a_study_is_asked_to_stop_and_allowed_to_go_on() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let study = Study::create(folder.path(), &described(GRID))?;
        study.allow()?;
        assert!(!study.is_cancelled());
        study.cancel()?;
        assert!(study.is_cancelled());
        study.allow()?;
        assert!(!study.is_cancelled());
        Ok(())
    }
}
