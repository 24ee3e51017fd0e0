//! A user's own arrays as a task: one trial per row of an `.npz` file.
//!
//! ```text
//! inputs     (K, T, I)                required
//! targets    (K, T, O)                required
//! loss_mask  (K, T, O) or (K, T)      optional; >= 0; without it every step of every output is graded
//! n_steps    (K)                      optional; 1 to T; without it every trial lasts T steps
//! ```
//!
//! Booleans, integers, f32 and f64 are read. Values after a trial's `n_steps` are ignored, whatever they are. Training
//! and tests draw rows at random, each equally likely; the condition `row` asks for one.
//!
//! If `rms_error` is given, a trial is correct if its root mean square error is at most that, and training stops when
//! that of a whole validation is. If it is not, trials have an error but no right or wrong, and training stops after
//! its last update.
//!
//! No reference: the definition is the user's.
//!
//! ```
//! use ndarray::Array3;
//! use nn4n_tasks::{Split, batch, create};
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("mine.npz");
//! let mut file = ndarray_npy::NpzWriter::new(std::fs::File::create(&path)?);
//! file.add_array("inputs", &Array3::<f64>::ones((10, 50, 2)))?;
//! file.add_array("targets", &Array3::<f64>::zeros((10, 50, 1)))?;
//! file.finish()?;
//!
//! let task = create("data/npz", Some(&serde_json::json!({ "path": path })))?;
//! assert_eq!(batch(task.as_ref(), Split::Train, 0, 0, 32)?.inputs.dim(), (32, 50, 2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::ops::Range;
use std::path::PathBuf;

use ndarray::{Array2, Array3, ArrayD, ArrayView2, Axis, Ix1, Ix2, Ix3, s};
use serde::{Deserialize, Serialize};

use crate::entry::{Entry, TaskInfo, read};
use crate::epoch::MAX_STEPS;
use crate::error::rules;
use crate::{
    About, Channel, Citation, Condition, Criterion, Described, NpzFile, Score, Split, Task, TaskError, Timeline, Trial,
    TrialRng, TrialView,
};
use crate::{parameters_of, rms_error};

/// Where the arrays are, and what they mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserDataSettings {
    /// The `.npz` file.
    pub path: PathBuf,
    /// What one step of the arrays stands for, ms.
    pub dt: f64,
    /// So many rows, the last ones, are kept for tests and never trained on; 0 to use all rows for both.
    pub held_out: usize,
    /// The root mean square error at which a trial is correct and training stops, in units of the targets.
    pub rms_error: Option<f64>,
}

impl Default for UserDataSettings {
    fn default() -> Self {
        Self { path: PathBuf::new(), dt: 20.0, held_out: 0, rms_error: None }
    }
}

/// A user's own arrays as a task.
#[derive(Clone, Debug, PartialEq)]
pub struct UserData {
    settings: UserDataSettings,
    inputs: Array3<f32>,
    targets: Array3<f32>,
    loss_mask: Array3<f32>,
    n_steps: Vec<usize>,
}

impl Described for UserData {
    const ABOUT: About<'static> = About {
        id: "data/npz",
        summary: "The arrays inputs, targets, loss_mask and n_steps of a .npz file, one trial per row",
        citation: Citation { authors: "the user", year: 0, title: "own data", doi: "" },
        ..About::NEW
    };
}

impl UserData {
    /// The arrays that a file may hold.
    pub const ARRAYS: [&'static str; 4] = ["inputs", "targets", "loss_mask", "n_steps"];

    pub(crate) const ENTRY: Entry = Entry {
        id: Self::ABOUT.id,
        create: |parameters| Ok(Box::new(Self::open(read(Self::ABOUT.id, parameters)?)?)),
        describe: || {
            let settings = UserDataSettings::default();
            TaskInfo::without_channels(Self::ABOUT, settings.dt, parameters_of(&settings))
        },
    };

    /// Reads and checks the arrays.
    pub fn open(settings: UserDataSettings) -> Result<Self, TaskError> {
        if settings.path.as_os_str().is_empty() {
            return Err(TaskError::parameter(
                "path",
                "\"\"",
                "must name a .npz file",
                "give the file that holds your arrays",
            ));
        }
        let mut file = NpzFile::open(&settings.path)?;
        let arrays = Arrays { settings: &settings };
        if let Some(name) = file.names().iter().find(|name| !Self::ARRAYS.contains(&name.as_str())) {
            let remedy = format!("rename or remove it; the arrays of a data file are {}", Self::ARRAYS.join(", "));
            return Err(arrays.refuse(name, "is not an array of a data file".into(), &remedy));
        }
        let inputs = arrays.rank_3("inputs", file.require("inputs")?, "(trials, steps, inputs)")?;
        let targets = arrays.rank_3("targets", file.require("targets")?, "(trials, steps, outputs)")?;
        let (rows, steps, _) = inputs.dim();
        let (target_rows, target_steps, n_outputs) = targets.dim();
        if (rows, steps) != (target_rows, target_steps) {
            let problem =
                format!("has {target_rows} trials of {target_steps} steps, but `inputs` has {rows} of {steps}");
            return Err(arrays.refuse("targets", problem, "both need the same trials and steps"));
        }
        if steps > MAX_STEPS {
            let problem = format!("has {steps} steps, more than the {MAX_STEPS} a trial may have");
            return Err(arrays.refuse("inputs", problem, "split the trials"));
        }
        let loss_mask = match file.read("loss_mask")? {
            None => Array3::ones((rows, steps, n_outputs)),
            Some(mask) => arrays.loss_mask(mask, (rows, steps, n_outputs))?,
        };
        let n_steps = match file.read("n_steps")? {
            None => vec![steps; rows],
            Some(n_steps) => arrays.n_steps(n_steps, rows, steps)?,
        };
        for (name, array) in [("inputs", &inputs), ("targets", &targets), ("loss_mask", &loss_mask)] {
            arrays.all_finite(name, array, &n_steps)?;
        }
        arrays.something_is_graded(&loss_mask, &n_steps)?;
        let task = Self { settings, inputs, targets, loss_mask, n_steps };
        task.validate()?;
        Ok(task)
    }

    /// The rows that a split draws from.
    fn rows(&self, split: Split) -> Range<usize> {
        let (all, held_out) = (self.n_steps.len(), self.settings.held_out);
        match split {
            _ if held_out == 0 => 0..all,
            Split::Train => 0..all.saturating_sub(held_out),
            Split::Test => all.saturating_sub(held_out)..all,
        }
    }

    fn row(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<usize, TaskError> {
        condition.map_or(Ok(()), |condition| condition.allow(&["row"]))?;
        let Some(given) = condition.map(|condition| condition.finite_number("row")).transpose()?.flatten() else {
            let rows = self.rows(split);
            return Ok(rows.start + (rng.uniform() * rows.len() as f64) as usize);
        };
        // A float cast saturates, so a number that is no row does not come back as itself.
        let row = given as usize;
        if row as f64 == given && row < self.n_steps.len() {
            return Ok(row);
        }
        let remedy = format!("give a whole number from 0 to {}", self.n_steps.len().saturating_sub(1));
        Err(TaskError::condition("row", given, "is no row of the data", remedy))
    }
}

impl Task for UserData {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(&self.settings)
    }

    fn validate(&self) -> Result<(), TaskError> {
        rules::positive("dt", self.settings.dt)?;
        if self.settings.held_out >= self.n_steps.len() {
            let remedy = format!("the file has {} trials", self.n_steps.len());
            return Err(TaskError::parameter(
                "held_out",
                self.settings.held_out,
                "must leave trials to train on",
                remedy,
            ));
        }
        self.settings.rms_error.map_or(Ok(()), |error| rules::positive("rms_error", error))
    }

    fn dt(&self) -> f64 {
        self.settings.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::numbered("input", self.inputs.dim().2)
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::numbered("output", self.targets.dim().2)
    }

    fn conditions(&self) -> Vec<Condition> {
        vec![Condition::new()]
    }

    fn trial(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let row = self.row(split, condition, rng)?;
        let mut timeline = Timeline::new(self.settings.dt)?;
        let steps = timeline.push_steps("trial", self.n_steps[row])?;
        let of = |array: &Array3<f32>| -> Array2<f32> { array.slice(s![row, steps.clone(), ..]).to_owned() };
        Ok(Trial {
            inputs: of(&self.inputs),
            targets: of(&self.targets),
            loss_mask: of(&self.loss_mask),
            condition: Condition::new().with("row", row as f64),
            epochs: timeline.into_epochs(),
            correct: None,
        })
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let error = rms_error(trial, outputs);
        let correct = self.settings.rms_error.and_then(|goal| Some(error? <= goal));
        Score { correct, error, ..Score::default() }
    }

    fn is_scored(&self) -> bool {
        self.settings.rms_error.is_some()
    }

    fn criterion(&self) -> Option<Criterion> {
        self.settings.rms_error.map(|threshold| Criterion::RmsError { threshold })
    }
}

/// The rules that the arrays of a file obey.
struct Arrays<'a> {
    settings: &'a UserDataSettings,
}

impl Arrays<'_> {
    fn refuse(&self, array: &str, problem: String, remedy: &str) -> TaskError {
        TaskError::Data { path: self.settings.path.clone(), array: array.into(), problem, remedy: remedy.into() }
    }

    fn rank_3(&self, name: &str, array: ArrayD<f32>, axes: &str) -> Result<Array3<f32>, TaskError> {
        let shape = array.shape().to_vec();
        // A task may have no inputs, but not no trials, no steps or no outputs.
        let needed = if name == "inputs" { 2 } else { 3 };
        if shape.iter().take(needed).any(|length| *length == 0) {
            return Err(self.refuse(
                name,
                format!("has shape {shape:?}, and so no elements"),
                "give at least one trial of one step",
            ));
        }
        array.into_dimensionality::<Ix3>().map_err(|_| {
            let problem = format!("has shape {shape:?}, but must have 3 axes {axes}");
            self.refuse(name, problem, "add an axis of length 1 where there is one trial or one channel")
        })
    }

    fn loss_mask(
        &self,
        mask: ArrayD<f32>,
        (rows, steps, n_outputs): (usize, usize, usize),
    ) -> Result<Array3<f32>, TaskError> {
        let shape = mask.shape().to_vec();
        let full = if shape == [rows, steps, n_outputs] {
            mask.into_dimensionality::<Ix3>().ok()
        } else if shape == [rows, steps] {
            let per_step = mask.into_dimensionality::<Ix2>().ok();
            per_step.and_then(|mask| Some(mask.insert_axis(Axis(2)).broadcast((rows, steps, n_outputs))?.to_owned()))
        } else {
            None
        };
        full.ok_or_else(|| {
            let problem =
                format!("has shape {shape:?}, but must have {:?} or {:?}", [rows, steps, n_outputs], [rows, steps]);
            self.refuse("loss_mask", problem, "give one weight per step and output, or one per step")
        })
    }

    fn n_steps(&self, n_steps: ArrayD<f32>, rows: usize, steps: usize) -> Result<Vec<usize>, TaskError> {
        let shape = n_steps.shape().to_vec();
        let Some(n_steps) = n_steps.into_dimensionality::<Ix1>().ok().filter(|n_steps| n_steps.len() == rows) else {
            let problem = format!("has shape {shape:?}, but must have [{rows}]");
            return Err(self.refuse("n_steps", problem, "give the length of each trial in steps"));
        };
        let whole = |(row, &n): (usize, &f32)| {
            if n.fract() == 0.0 && n >= 1.0 && f64::from(n) <= steps as f64 {
                return Ok(n as usize);
            }
            let problem = format!("is {n} in trial {row}, but must be a whole number from 1 to {steps}");
            Err(self.refuse("n_steps", problem, "give the length of each trial in steps"))
        };
        n_steps.iter().enumerate().map(whole).collect()
    }

    /// No NaN or infinity in the steps that are used; no negative weight.
    fn all_finite(&self, name: &str, array: &Array3<f32>, n_steps: &[usize]) -> Result<(), TaskError> {
        for (row, (trial, &n)) in array.outer_iter().zip(n_steps).enumerate() {
            for ((step, channel), &value) in trial.slice(s![..n, ..]).indexed_iter() {
                if !value.is_finite() {
                    let problem = format!("is {value} at [{row}, {step}, {channel}], but must be finite");
                    let remedy =
                        "replace it (and weigh it 0 in `loss_mask`), or end the trial before it with `n_steps`";
                    return Err(self.refuse(name, problem, remedy));
                }
                if name == "loss_mask" && value < 0.0 {
                    let problem = format!("is {value} at [{row}, {step}, {channel}], but must not be negative");
                    return Err(self.refuse(name, problem, "give 0 for what is not graded"));
                }
            }
        }
        Ok(())
    }

    fn something_is_graded(&self, mask: &Array3<f32>, n_steps: &[usize]) -> Result<(), TaskError> {
        let graded = mask
            .outer_iter()
            .zip(n_steps)
            .any(|(trial, &n)| trial.slice(s![..n, ..]).iter().any(|&weight| weight > 0.0));
        if graded {
            return Ok(());
        }
        Err(self.refuse(
            "loss_mask",
            "is 0 everywhere, so that nothing is graded".into(),
            "give positive weights to what is graded",
        ))
    }
}
