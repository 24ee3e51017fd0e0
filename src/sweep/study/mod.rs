//! The files of a study: made once, grown on request, opened by everybody.

mod manifest;
mod names;
mod state;

use std::{
    collections::{HashMap, VecDeque},
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
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
    files::{read_text, remove_if_there, unwritten, write_atomically, write_new},
    run_directory::{CONFIG, LOG, MODEL, STATE},
};

const SWEEP: &str = "sweep.toml";
const MANIFEST: &str = "manifest.csv";
const RUNS: &str = "runs";
const LOGS: &str = "logs";
const CANCEL: &str = "cancel";
const ANALYSIS: &str = "analysis";

/// The longest run.toml or sweep.toml that is compared, bytes.
const LONGEST: u64 = 64 << 20;

/// How long a manifest that lacks runs is waited for, and how often it is read meanwhile.
const PATIENCE: Duration = Duration::from_secs(1);
const MOMENT: Duration = Duration::from_millis(50);

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
        if let Some(name) = [MANIFEST, RUNS].into_iter().find(|name| directory.join(name).exists()) {
            let message = format!("already holds a study ({name}); use --resume to go on with it, or another --out");
            return Err(Error::file(directory, message));
        }
        Self::begin(directory, description)
    }

    /// Makes a study where there is no manifest.
    fn begin(directory: &Path, description: &Description) -> Result<Self> {
        let study = Self { directory: directory.into(), entries: Vec::new() };
        study.refuse_a_run()?;
        study.refuse_another_file(description)?;
        study.with(description, &description.variants())
    }

    /// Refuses a directory in which a run is trained: its files and those of a study would be taken for each other's.
    fn refuse_a_run(&self) -> Result<()> {
        match [CONFIG, MODEL, STATE, LOG].into_iter().find(|name| self.directory.join(name).exists()) {
            Some(name) => {
                let message =
                    format!("holds a run ({name}), and a study needs a directory of its own; use another --out");
                Err(Error::file(&self.directory, message))
            }
            None => Ok(()),
        }
    }

    /// Refuses a file where the copy of the sweep goes that is no copy of it.
    fn refuse_another_file(&self, description: &Description) -> Result<()> {
        let path = self.directory.join(SWEEP);
        if path.exists() && read_text(&path, LONGEST)? != description.to_toml()? {
            let message =
                "would be replaced by the copy of the sweep that a study keeps; move it, or use another --out";
            return Err(Error::file(path, message));
        }
        Ok(())
    }

    /// Whether there is a study in a directory.
    pub fn is_in(directory: &Path) -> bool {
        directory.join(MANIFEST).is_file()
    }

    /// Opens a study.
    ///
    /// # Errors
    /// If there is none, its manifest cannot be read, or lists other runs than its copy of the sweep describes.
    pub fn open(directory: &Path) -> Result<Self> {
        let begin = Instant::now();
        loop {
            // In this order: whoever adds runs writes the copy of the sweep first, and the manifest right after it.
            let study = Self::listed(directory)?;
            match study.missing()? {
                0 => return Ok(study),
                missing if begin.elapsed() > PATIENCE => return Err(study.lacks(missing)),
                _ => thread::sleep(MOMENT),
            }
        }
    }

    /// The study that the manifest lists, whatever the sweep describes.
    fn listed(directory: &Path) -> Result<Self> {
        let path = directory.join(MANIFEST);
        if !path.exists() {
            let message =
                format!("holds no study ({MANIFEST} is missing); `nn4n sweep SWEEP.toml --out DIR` makes one");
            return Err(Error::file(directory, message));
        }
        Ok(Self { directory: directory.into(), entries: manifest::read(&path)? })
    }

    /// How many runs the sweep describes that the manifest does not list. A study whose copy of the sweep is gone is
    /// taken as its manifest lists it.
    fn missing(&self) -> Result<usize> {
        if !self.directory.join(SWEEP).exists() {
            return Ok(0);
        }
        let variants = self.description()?.variants();
        match Asked::of(&variants)?.beside(&self.entries) {
            Ok(missing) => Ok(missing.len()),
            Err(entry) => Err(self.is_edited(entry)),
        }
    }

    fn lacks(&self, missing: usize) -> Error {
        let (listed, all) = (self.entries.len(), self.entries.len() + missing);
        let message = format!(
            "lists {listed} of the {all} runs of {SWEEP}, as it was cut or adding runs was interrupted; `nn4n sweep \
            {SWEEP} --out DIR --resume`, with the {SWEEP} of the study, completes it"
        );
        Error::file(self.directory.join(MANIFEST), message)
    }

    fn is_edited(&self, entry: &Entry) -> Error {
        let message = format!(
            "its run {} (`{}`) is none that {SWEEP} describes, by name, settings and seed; restore the file, or remove \
            it and give `nn4n sweep {SWEEP} --out DIR --resume`, with the {SWEEP} of the study, which writes it anew",
            entry.index, entry.name
        );
        Error::file(self.directory.join(MANIFEST), message)
    }

    /// Opens the study that `description` describes, and makes it where there is none. What it asks for beside the runs
    /// that are there is added at the end; returns how many runs that are.
    ///
    /// # Errors
    /// If the study is of another experiment or has runs that are not asked for, or as [`create`](Self::create).
    pub fn resume(directory: &Path, description: &Description) -> Result<(Self, usize)> {
        if !directory.join(MANIFEST).exists() {
            let study = Self::begin(directory, description)?;
            let count = study.entries.len();
            return Ok((study, count));
        }
        let study = Self::listed(directory)?;
        study.missing()?;
        let variants = description.variants();
        let known = study.description()?;
        let asked = Asked::of(&variants)?;
        let added = match asked.beside(&study.entries) {
            Ok(added) if known.has_experiment_of(description) => added,
            _ => return Err(study.is_another(&known, description)?),
        };
        if added.is_empty() {
            if known != *description {
                study.keep(description)?;
            }
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

    /// Writes the run.toml of a run, unless it is there.
    fn prepare(&self, entry: &Entry, experiment: &Experiment) -> Result<()> {
        let directory = self.run_directory(entry);
        let (path, text) = (directory.join(CONFIG), experiment.to_toml()?);
        if !path.exists() {
            return write_new(&path, text.as_bytes());
        }
        match read_text(&path, LONGEST)? == text {
            true => Ok(()),
            false => Err(Error::file(path, "is of another sweep; move it, or use another --out")),
        }
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
    places: HashMap<String, VecDeque<usize>>,
}

impl<'a> Asked<'a> {
    fn of(variants: &'a [Variant]) -> Result<Self> {
        let key = |variant: &Variant| Ok(key(&variant.in_json()?, variant.seed));
        let keys: Vec<String> = variants.par_iter().map(key).collect::<Result<_>>()?;
        let mut places: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (place, key) in keys.into_iter().enumerate() {
            places.entry(key).or_default().push_back(place);
        }
        Ok(Self { variants, places })
    }

    /// Those beside the ones that are there; the first of these that is not asked for, or has another name, if one is.
    fn beside(mut self, entries: &[Entry]) -> Result<Vec<Variant>, &Entry> {
        let mut is_there = vec![false; self.variants.len()];
        for entry in entries {
            let place = self.places.get_mut(&key(&entry.settings, entry.seed)).and_then(VecDeque::pop_front);
            is_there[place.filter(|_| entry.is_named_right()).ok_or(entry)?] = true;
        }
        let added = self.variants.iter().zip(is_there).filter(|(_, is_there)| !is_there);
        Ok(added.map(|(variant, _)| variant.clone()).collect())
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
    fn a_manifest_that_does_not_list_the_runs_of_the_sweep_is_refused() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let study = Study::create(folder.path(), &described(GRID))?;
        let path = folder.path().join(MANIFEST);
        let whole = fs::read_to_string(&path).unwrap();
        let refusal = |text: String| {
            assert_ne!(text, whole);
            fs::write(&path, text).unwrap();
            Study::open(folder.path()).unwrap_err().to_string()
        };
        for (written, edited) in
            [(":5}", ":7}"), (",0,pending", ",8,pending"), ("0000-units_5-seed_0", "0000-units_5-seed_1")]
        {
            let message = refusal(whole.replacen(written, edited, 1));
            assert!(
                message.contains("manifest.csv: its run 0 (`0000-") && message.contains("restore the file"),
                "{message}"
            );
            assert!(Study::resume(folder.path(), &described(GRID)).is_err());
        }
        let rows: Vec<&str> = whole.lines().collect();
        let message = refusal(rows[..3].join("\n") + "\n");
        assert!(message.contains("lists 2 of the 4 runs of sweep.toml") && message.contains("--resume"), "{message}");
        assert_eq!(Study::resume(folder.path(), &described(GRID))?.1, 2);
        assert_eq!(Study::open(folder.path())?.entries(), study.entries());
        Ok(())
    }

    #[test]
    fn a_manifest_that_is_extended_right_now_is_waited_for() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).join(MANIFEST);
        let wider = described("seeds = 3\n[grid]\n\"model.units\" = [5, 6]");
        Study::create(&folder.path().join("study"), &described(GRID))?;
        Study::create(&folder.path().join("copy"), &described(GRID))?;
        Study::resume(&folder.path().join("copy"), &wider)?;
        write_atomically(&folder.path().join("study").join(SWEEP), wider.to_toml()?.as_bytes())?;
        let extended = fs::read(at("copy")).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(2 * MOMENT);
                write_atomically(&at("study"), &extended).unwrap();
            });
            assert_eq!(Study::open(&folder.path().join("study"))?.entries().len(), 6);
            Ok(())
        })
    }

    #[test]
    fn a_study_has_a_directory_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let both = |directory: &Path| {
            let made = Study::create(directory, &described(GRID)).unwrap_err().to_string();
            (made, Study::resume(directory, &described(GRID)).unwrap_err().to_string())
        };
        fs::write(folder.path().join(CONFIG), "seed = 1").unwrap();
        let (made, resumed) = both(folder.path());
        assert!(made.contains("holds a run (run.toml)") && made.contains("another --out"), "{made}");
        assert_eq!(made, resumed);
        fs::rename(folder.path().join(CONFIG), folder.path().join(SWEEP)).unwrap();
        let (made, resumed) = both(folder.path());
        assert!(made.contains("sweep.toml: would be replaced"), "{made}");
        assert_eq!(made, resumed);
        assert_eq!(fs::read_to_string(folder.path().join(SWEEP)).unwrap(), "seed = 1");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
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
