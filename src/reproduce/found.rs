//! What trainings and commands left in the directory of a reproduction.
//!
//! ```text
//! DIR/studies/NAME/                     a study, its runs below
//! DIR/studies/NAME/runs/RUN/analysis/STEP/     results of a step for a run
//! DIR/pretrained/NAME/STEP/             results of a step for a network of the zoo in place of a study
//! DIR/results/STEP/                     results of a step that needs no network
//! ```

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    rc::Rc,
};

use ndarray::ArrayD;
use nn4n_tasks::NpzFile;
use serde_json::Value;

use super::outline::{Figure, Outline, Step, Study};
use crate::{
    error::{Error, Result},
    files::read_text,
    sweep::{self, Results, RunResult, RunState},
};

/// The longest result that is read, bytes.
const LONGEST: u64 = 256 << 20;

const STUDIES: &str = "studies";

/// Results of a reproduction.
#[derive(Debug)]
pub struct Found {
    directory: PathBuf,
    /// The networks of each study in the order of their seeds, or why there are none.
    studies: BTreeMap<String, std::result::Result<Vec<Run>, String>>,
    alone: Run,
}

/// A trained network and what was found of it.
#[derive(Clone, Debug)]
pub struct Run {
    /// A run directory, or a name of the zoo.
    pub network: PathBuf,
    /// Its seed; 0 where none is known.
    pub seed: u64,
    /// What its training reached.
    pub training: Option<RunResult>,
    /// Where results of steps are, a directory each.
    pub results: PathBuf,
    /// The names of the files of steps.
    files: HashMap<String, String>,
    read: Rc<RefCell<HashMap<String, Rc<Value>>>>,
}

/// Where the study of this name is.
pub fn study_directory(directory: &Path, study: &Study) -> PathBuf {
    directory.join(STUDIES).join(&study.name)
}

impl Found {
    /// Looks at a directory. `left_out` says why some studies were not trained.
    pub fn new(directory: &Path, outline: &Outline, pretrained: bool, left_out: &BTreeMap<String, String>) -> Self {
        let run = |network: PathBuf, seed, training, results: PathBuf, of: Option<&str>| {
            let steps = outline.steps.iter().filter(|step| step.study.as_deref() == of);
            let files = steps.map(|step| (step.name.clone(), step.result())).collect();
            Run { network, seed, training, results, files, read: Rc::default() }
        };
        let of_study = |study: &Study| -> std::result::Result<Vec<Run>, String> {
            let name = Some(study.name.as_str());
            if pretrained {
                let id = study.pretrained.ok_or("no network of the zoo is like it; leave --pretrained out")?;
                let training = Results::read(&[id.into()], &|_, _| {}).map_err(|error| error.to_string())?;
                let training = training.rows.into_iter().next();
                let seed = training.as_ref().and_then(|row| row.seed).unwrap_or(0);
                return Ok(vec![run(id.into(), seed, training, directory.join("pretrained").join(&study.name), name)]);
            }
            if let Some(why) = left_out.get(&study.name) {
                return Err(why.clone());
            }
            let place = study_directory(directory, study);
            if !sweep::Study::is_in(&place) {
                return Err("not trained".into());
            }
            let rows = Results::read(&[place], &|_, _| {}).map_err(|error| error.to_string())?.rows;
            let finished = rows.into_iter().filter(|row| row.state == Some(RunState::Finished));
            let runs: Vec<Run> = finished
                .map(|row| {
                    let results = row.directory.join("analysis");
                    run(row.directory.clone(), row.seed.unwrap_or(0), Some(row), results, name)
                })
                .collect();
            if runs.is_empty() { Err("no training is finished".into()) } else { Ok(runs) }
        };
        let studies = outline.studies.iter().map(|study| (study.name.clone(), of_study(study))).collect();
        let alone = run(PathBuf::new(), 0, None, directory.join("results"), None);
        Self { directory: directory.into(), studies, alone }
    }

    /// Its directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The networks of a study.
    ///
    /// # Errors
    /// If there are none.
    pub fn runs(&self, study: &str) -> Result<&[Run]> {
        match self.studies.get(study) {
            Some(Ok(runs)) => Ok(runs),
            Some(Err(why)) => Err(Error::setting(study, why)),
            None => Err(Error::setting(study, "is no study of this paper")),
        }
    }

    /// The part of the trainings of a study that ended because their criterion was met; one that failed counts, too.
    ///
    /// # Errors
    /// If nothing was trained, or it is not known why a training ended.
    pub fn part_that_met(&self, study: &str) -> Result<f64> {
        let met = self.runs(study)?.iter().map(Run::met_criterion).collect::<Result<Vec<f64>>>()?;
        let trained = sweep::Study::open(&self.directory.join(STUDIES).join(study))?.entries().len();
        Ok(met.iter().sum::<f64>() / trained as f64)
    }

    /// The networks of two studies that have the same seed.
    ///
    /// # Errors
    /// As [`runs`](Self::runs).
    pub fn pairs(&self, study: &str, other: &str) -> Result<Vec<(&Run, &Run)>> {
        let (runs, others) = (self.runs(study)?, self.runs(other)?);
        let of_seed = |run: &Run| others.iter().find(|other| other.seed == run.seed);
        Ok(runs.iter().filter_map(|run| Some((run, of_seed(run)?))).collect())
    }

    /// What needs no network.
    pub fn alone(&self) -> &Run {
        &self.alone
    }

    /// The networks that a step is given.
    ///
    /// # Errors
    /// As [`runs`](Self::runs).
    pub fn runs_of(&self, step: &Step) -> Result<&[Run]> {
        let runs = match &step.study {
            Some(study) => self.runs(study)?,
            None => std::slice::from_ref(&self.alone),
        };
        Ok(if step.is_of_first { &runs[..runs.len().min(1)] } else { runs })
    }

    /// The file of a figure without the ending, of the first network.
    ///
    /// # Errors
    /// As [`runs`](Self::runs).
    pub fn picture(&self, figure: &Figure) -> Result<PathBuf> {
        Ok(self.first(&figure.study)?.place(&figure.step).join(figure.file))
    }

    /// The first network of a study, or what needs none.
    ///
    /// # Errors
    /// As [`runs`](Self::runs).
    pub fn first(&self, study: &Option<String>) -> Result<&Run> {
        Ok(match study {
            Some(study) => &self.runs(study)?[0],
            None => &self.alone,
        })
    }
}

impl Run {
    /// The directory of a step's results.
    pub fn place(&self, step: &str) -> PathBuf {
        self.results.join(step)
    }

    fn path(&self, step: &str) -> Result<PathBuf> {
        match self.files.get(step) {
            Some(file) => Ok(self.place(step).join(file)),
            None => Err(Error::setting(step, "is no step of this paper")),
        }
    }

    /// What a step said, as JSON.
    ///
    /// # Errors
    /// If it left nothing, or what cannot be read.
    pub fn json(&self, step: &str) -> Result<Rc<Value>> {
        if let Some(known) = self.read.borrow().get(step) {
            return Ok(known.clone());
        }
        let value = Rc::new(parsed(&self.path(step)?)?);
        self.read.borrow_mut().insert(step.into(), value.clone());
        Ok(value)
    }

    /// A number of a step's report, by its JSON pointer such as `/fit/sigma`.
    ///
    /// # Errors
    /// If it is not there.
    pub fn number(&self, step: &str, pointer: &str) -> Result<f64> {
        let json = self.json(step)?;
        let missing = || Error::file(self.place(step), format!("{pointer} is no number"));
        json.pointer(pointer).and_then(Value::as_f64).ok_or_else(missing)
    }

    /// A list of numbers of a step's report; what has no value is not a number.
    ///
    /// # Errors
    /// If it is not there.
    pub fn numbers(&self, step: &str, pointer: &str) -> Result<Vec<f64>> {
        let json = self.json(step)?;
        let missing = || Error::file(self.place(step), format!("{pointer} is no list"));
        let list = json.pointer(pointer).and_then(Value::as_array).ok_or_else(missing)?;
        Ok(list.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect())
    }

    /// A list of a step's report, by its name there.
    ///
    /// # Errors
    /// If it is not there.
    pub fn list(&self, step: &str, name: &str) -> Result<Vec<Value>> {
        let json = self.json(step)?;
        json[name].as_array().cloned().ok_or_else(|| Error::file(self.place(step), format!("has no list of {name}")))
    }

    /// An array of a step.
    ///
    /// # Errors
    /// If it is not there.
    pub fn array(&self, step: &str, name: &str) -> Result<ArrayD<f64>> {
        let path = self.path(step)?.with_extension("npz");
        let found = NpzFile::open(&path)?.numbers(name)?;
        found.ok_or_else(|| Error::file(path, format!("has no array `{name}`")))
    }

    fn trained(&self) -> Result<&RunResult> {
        self.training.as_ref().ok_or_else(|| Error::file(&self.network, "is no training"))
    }

    /// The performance of the saved network in its validation, a fraction.
    ///
    /// # Errors
    /// If its task has none.
    pub fn performance(&self) -> Result<f64> {
        self.told(self.trained()?.performance, "performance")
    }

    /// The root mean square error of the saved network in its validation.
    ///
    /// # Errors
    /// If its task has none.
    pub fn rms_error(&self) -> Result<f64> {
        self.told(self.trained()?.rms_error, "root mean square error")
    }

    /// Updates of its training.
    ///
    /// # Errors
    /// If they are not known.
    pub fn updates(&self) -> Result<f64> {
        self.told(self.trained()?.updates.map(|updates| updates as f64), "number of updates")
    }

    /// Minutes of its training.
    ///
    /// # Errors
    /// If they are not known.
    pub fn minutes(&self) -> Result<f64> {
        self.told(self.trained()?.seconds.map(|seconds| seconds / 60.0), "time")
    }

    /// 1 if training ended because its criterion was met, else 0.
    ///
    /// # Errors
    /// If it is not known why it ended.
    fn met_criterion(&self) -> Result<f64> {
        let said = parsed(&self.network.join("finished.json"))?;
        Ok(f64::from(u8::from(said["reason"] == "criterion_met")))
    }

    fn told(&self, value: Option<f64>, what: &str) -> Result<f64> {
        value.ok_or_else(|| Error::file(&self.network, format!("no {what} is known")))
    }
}

fn parsed(path: &Path) -> Result<Value> {
    serde_json::from_str(&read_text(path, LONGEST)?).map_err(|error| Error::file(path, error))
}

/// A number inside of a result, by its JSON pointer.
///
/// # Errors
/// If it is not there.
pub(super) fn number(value: &Value, pointer: &str) -> Result<f64> {
    let found = value.pointer(pointer).and_then(Value::as_f64);
    found.ok_or_else(|| Error::setting(pointer, "is no number of the results"))
}

/// The largest of some values.
///
/// # Errors
/// If there are none.
pub(super) fn largest(values: impl IntoIterator<Item = f64>) -> Result<f64> {
    values.into_iter().reduce(f64::max).ok_or_else(|| Error::setting("results", "there are none"))
}

/// From one value to the next; below 0 where all fall.
///
/// # Errors
/// If there are fewer than two.
pub(super) fn largest_rise(values: &[f64]) -> Result<f64> {
    largest(values.windows(2).map(|pair| pair[1] - pair[0]))
}

/// The same of what should rise.
///
/// # Errors
/// As [`largest_rise`].
pub(super) fn largest_fall(values: &[f64]) -> Result<f64> {
    largest(values.windows(2).map(|pair| pair[0] - pair[1]))
}
