//! A user's own arrays as a task: one trial per row of an `.npz` file.
//!
//! ```text
//! inputs     (K, T, I)                 required
//! targets    (K, T, O)                 required; or classes as integers, one a trial (K) or one a step (K, T)
//! loss_mask  (K, T, O), (K, T) or (T)  optional; >= 0; without it every step of every output is graded
//! n_steps    (K)                       optional; 1 to T; without it a trial lasts T steps, or until its inputs are
//!                                      NaN to the end
//! dt         one number                optional; what a step stands for, ms
//! correct    (K)                       optional; the output that should win, -1 for none
//! any other  (K)                       a label of each trial: numbers, words or booleans, such as `coherence`
//! ```
//!
//! A `.mat` of MATLAB 7.3, where `size(inputs)` is `[K T I]`, and an `.h5` are read as the `.npz` of the same arrays.
//! Booleans, integers, f32 and f64 are read. Values after a trial's `n_steps` are ignored, whatever they are. Training
//! and tests draw rows at random, each equally likely; the condition `row` asks for one. Labels whose values come again
//! (at most 32 of them, each in two trials or more on average) divide the trials into classes: performance is told
//! apart for them, and psychometric curves are drawn against them.
//!
//! | setting | |
//! |---|---|
//! | `dt` | what a step stands for, ms: that of the file, or 20 |
//! | `layout` | `"trial_first"`, or `"time_first"` for arrays (T, K, ..) |
//! | `held_out` | trials at the end of the file that are tested on and never trained or validated on; see below |
//! | `rms_error` | a trial is right if its root mean square error, in units of the targets, is at most this |
//!
//! With `held_out = 0` a test (`nn4n eval`) is of the trials that are trained on, and says nothing of new ones.
//! Validations are of the trials that are trained on in any case: what is held out decides nothing, and stays new. With
//! `rms_error` training stops once the error of a whole validation is at most that.
//!
//! Without `rms_error` a trial is right if the output that is largest at the last graded step is the right one:
//! `correct`, or the class at that step. Where there is neither, trials have an error but no right or wrong. Without
//! `rms_error` training stops after its last update.
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

mod arrays;
mod classes;
mod layout;
mod notes;

use std::ops::Range;
use std::path::PathBuf;

use ndarray::{Array2, Array3, ArrayView2, Axis, s};
use serde::{Deserialize, Serialize};

use crate::entry::{Entry, TaskInfo, read};
use crate::error::rules;
use crate::{
    About, Channel, Citation, Condition, Criterion, Described, NpzFile, Objective, Score, Split, Task, TaskError,
    Timeline, Trial, TrialRng, TrialView, largest,
};
use crate::{parameters_of, rms_error};
pub use arrays::nan_padded_lengths;
use arrays::{Arrays, Targets};
use classes::{Classes, MOST_CLASSES};
pub use layout::Layout;
pub use notes::TrialNotes;

/// Where the arrays are, and what they mean.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UserDataSettings {
    /// The `.npz` file.
    pub path: PathBuf,
    /// What one step of the arrays stands for, ms; `None` is what the file says, or 20 ms where it says nothing.
    pub dt: Option<f64>,
    /// The order of the axes in the file.
    pub layout: Layout,
    /// So many rows, the last ones, are kept for tests and never trained on; 0 to use all rows for both.
    pub held_out: usize,
    /// The root mean square error at which a trial is correct and training stops, in units of the targets.
    pub rms_error: Option<f64>,
}

/// A user's own arrays as a task.
#[derive(Clone, Debug, PartialEq)]
pub struct UserData {
    settings: UserDataSettings,
    inputs: Array3<f32>,
    targets: Array3<f32>,
    loss_mask: Array3<f32>,
    n_steps: Vec<usize>,
    /// Where the targets are classes, their number.
    n_classes: Option<usize>,
    /// The output that should win in each trial, where the file says it.
    correct: Option<Vec<Option<usize>>>,
    classes: Classes,
    /// How the file was understood.
    remarks: Vec<String>,
}

impl Described for UserData {
    const ABOUT: About<'static> = About {
        id: "data/npz",
        summary: "The arrays inputs, targets, loss_mask and n_steps of a .npz file, one trial per row, and labels",
        citation: Citation { authors: "the user", year: 0, title: "own data", doi: "" },
        header: include_str!("mod.rs"),
        ..About::NEW
    };
}

impl UserData {
    /// What a step stands for where nothing says it, ms.
    pub const DT: f64 = 20.0;

    /// The arrays that a file may hold, beside labels of its trials.
    pub const ARRAYS: [&'static str; 8] =
        ["inputs", "targets", "loss_mask", "n_steps", "dt", "correct", "time_ms", "trajectory"];

    pub(crate) const ENTRY: Entry = Entry {
        id: Self::ABOUT.id,
        create: |parameters| Ok(Box::new(Self::open(read(Self::ABOUT.id, parameters)?)?)),
        describe: || TaskInfo::without_channels(Self::ABOUT, Self::DT, parameters_of(&UserDataSettings::default())),
    };

    /// Reads and checks the arrays.
    ///
    /// # Errors
    /// The first rule that is broken: array or setting, rule, value and remedy.
    pub fn open(settings: UserDataSettings) -> Result<Self, TaskError> {
        if settings.path.as_os_str().is_empty() {
            return Err(TaskError::parameter(
                "path",
                "\"\"",
                "must name a .npz, .mat or .h5 file",
                "give the file that holds your arrays",
            ));
        }
        let mut file = NpzFile::open(&settings.path)?;
        let read = Arrays::read(&mut file, &settings)?;
        let classes = Classes::of(&read.notes.labels, read.inputs.dim().0);
        let mut task = Self {
            settings: UserDataSettings { dt: Some(read.dt), ..settings },
            n_classes: match &read.targets {
                Targets::Classes(_, n) => Some(*n),
                Targets::Values(_) => None,
            },
            targets: read.targets.into_values(),
            inputs: read.inputs,
            loss_mask: read.loss_mask,
            n_steps: read.n_steps,
            correct: read.correct,
            classes,
            remarks: Vec::new(),
        };
        task.validate()?;
        task.remarks = remarks(&task, read.padding, read.dt_from, read.has_mask);
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
        let labels = condition.map(|condition| condition.without("row")).unwrap_or_default();
        let names: Vec<&str> = self.classes.labels.iter().map(|(name, ..)| name.as_str()).chain(["row"]).collect();
        condition.map_or(Ok(()), |condition| condition.allow(&names))?;
        if let Some(given) = condition.map(|condition| condition.finite_number("row")).transpose()?.flatten() {
            return self.given_row(given, &labels);
        }
        let rows = self.rows(split);
        if labels == Condition::new() {
            return Ok(rows.start + (rng.uniform() * rows.len() as f64) as usize);
        }
        let of_class = self.classes.all.iter().find(|(class, _)| *class == labels).map(|(_, members)| members);
        let belongs = |row: &usize| self.classes.trials.get(*row).is_some_and(|trial| trial.belongs_to(&labels));
        let members: Vec<usize> = match of_class {
            Some(members) => members.iter().copied().filter(|row| rows.contains(row)).collect(),
            None => rows.clone().filter(belongs).collect(),
        };
        rng.pick(&members).copied().ok_or_else(|| {
            let which = format!("rows {} to {} ({})", rows.start, rows.end - 1, split.name());
            let remedy = format!("ask for values that the labels of {which} have");
            TaskError::condition("labels", labels, "are those of no trial that may be drawn", remedy)
        })
    }

    fn given_row(&self, given: f64, labels: &Condition) -> Result<usize, TaskError> {
        // A float cast saturates, so a number that is no row does not come back as itself.
        let row = given as usize;
        let trial = self.classes.trials.get(row).filter(|_| row as f64 == given);
        match trial {
            Some(trial) if trial.belongs_to(labels) => Ok(row),
            Some(_) => Err(TaskError::condition("row", given, "has other labels", "leave the labels out")),
            None => {
                let remedy = format!("give a whole number from 0 to {}", self.n_steps.len().saturating_sub(1));
                Err(TaskError::condition("row", given, "is no row of the data", remedy))
            }
        }
    }

    /// The output that should win in a row: as the file says, or the class at the last graded step.
    fn correct_in(&self, row: usize) -> Option<usize> {
        if let Some(correct) = &self.correct {
            return correct.get(row).copied().flatten();
        }
        self.n_classes?;
        let n = self.n_steps[row];
        let last = last_graded(self.loss_mask.slice(s![row, ..n, ..]))?;
        largest(self.targets.slice(s![row, last, ..]))
    }

    /// Every class of trials must be among those that are trained on and those that are tested.
    fn validate_held_out(&self) -> Result<(), TaskError> {
        let held_out = self.settings.held_out;
        if held_out >= self.n_steps.len() {
            let remedy = format!("the file has {} trials", self.n_steps.len());
            return Err(TaskError::parameter("held_out", held_out, "must leave trials to train on", remedy));
        }
        for (split, part) in [(Split::Test, "held out"), (Split::Train, "left to train on")] {
            let rows = self.rows(split);
            let missing = self.classes.all.iter().find(|(_, members)| !members.iter().any(|row| rows.contains(row)));
            if let Some((class, _)) = missing {
                let n = rows.len();
                let remedy =
                    format!("the {n} trials {part} hold none of {class}; shuffle the trials, or divide them otherwise");
                let rule = "must leave trials of every class on both sides";
                return Err(TaskError::parameter("held_out", held_out, rule, remedy));
            }
        }
        Ok(())
    }
}

/// The last step with a positive weight.
fn last_graded(mask: ArrayView2<'_, f32>) -> Option<usize> {
    mask.outer_iter().rposition(|step| step.iter().any(|weight| *weight > 0.0))
}

impl Task for UserData {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(&self.settings)
    }

    fn validate(&self) -> Result<(), TaskError> {
        rules::positive("dt", self.dt())?;
        if self.classes.all.len() > MOST_CLASSES {
            let names = self.classes.labels.iter().filter(|label| label.2).map(|label| label.0.as_str());
            let value = names.collect::<Vec<_>>().join(", ");
            let rule = "divide the trials into more than 256 classes";
            return Err(TaskError::Batch {
                field: "labels",
                value,
                rule,
                remedy: "leave some of them out of the file, or round their values".into(),
            });
        }
        self.validate_held_out()?;
        match self.settings.rms_error {
            Some(error) if self.n_classes.is_some() => Err(TaskError::parameter(
                "rms_error",
                error,
                "has no meaning where the targets are classes",
                "leave it out; a trial is right if its class is",
            )),
            Some(error) => rules::positive("rms_error", error),
            None => Ok(()),
        }
    }

    fn dt(&self) -> f64 {
        self.settings.dt.unwrap_or(Self::DT)
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::numbered("input", self.inputs.dim().2)
    }

    fn outputs(&self) -> Vec<Channel> {
        match self.n_classes {
            Some(n) => (0..n).map(|class| Channel { name: format!("class_{class}") }).collect(),
            None => Channel::numbered("output", self.targets.dim().2),
        }
    }

    fn conditions(&self) -> Vec<Condition> {
        self.classes.all.iter().map(|(class, _)| class.clone()).collect()
    }

    fn trial(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let row = self.row(split, condition, rng)?;
        let mut timeline = Timeline::new(self.dt())?;
        let steps = timeline.push_steps("trial", self.n_steps[row])?;
        let of = |array: &Array3<f32>| -> Array2<f32> { array.slice(s![row, steps.clone(), ..]).to_owned() };
        Ok(Trial {
            inputs: of(&self.inputs),
            targets: of(&self.targets),
            loss_mask: of(&self.loss_mask),
            condition: Condition::new().with("row", row as f64).and(&self.classes.trials[row]),
            epochs: timeline.into_epochs(),
            correct: self.correct_in(row),
        })
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let error = rms_error(trial, outputs);
        let last = last_graded(trial.loss_mask).and_then(|last| outputs.outer_iter().nth(last));
        let choice = trial.correct.and(last).and_then(largest);
        let correct = match self.settings.rms_error {
            Some(goal) => error.map(|error| error <= goal),
            None => trial.correct.map(|correct| choice == Some(correct)),
        };
        Score { choice, correct, error, ..Score::default() }
    }

    fn objective(&self) -> Objective {
        if self.n_classes.is_some() { Objective::Classes } else { Objective::MaskedMse }
    }

    /// The right one of several outputs is the largest as often as any other.
    fn chance(&self) -> f64 {
        match self.settings.rms_error {
            None if self.is_scored() => 1.0 / self.targets.len_of(Axis(2)).max(1) as f64,
            _ => 0.0,
        }
    }

    fn is_scored(&self) -> bool {
        self.settings.rms_error.is_some() || self.n_classes.is_some() || self.correct.is_some()
    }

    fn criterion(&self) -> Option<Criterion> {
        self.settings.rms_error.map(|threshold| Criterion::RmsError { threshold })
    }

    fn remarks(&self) -> Vec<String> {
        self.remarks.clone()
    }
}

/// How a file was understood, for those who gave it.
fn remarks(task: &UserData, padding: &str, dt_from: &str, has_mask: bool) -> Vec<String> {
    let (trials, steps, inputs) = task.inputs.dim();
    let file = task.settings.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let used: usize = task.n_steps.iter().sum();
    let mut words = vec![format!(
        "{file}: {trials} trials x {steps} steps x {inputs} inputs, {} outputs; a step is {} ms ({dt_from})",
        task.targets.len_of(Axis(2)),
        task.dt()
    )];
    words.push(format!("targets: {}", arrays::in_words(&task.targets, task.n_classes, &task.n_steps)));
    let padded = 1.0 - used as f64 / (trials * steps).max(1) as f64;
    words.push(match padded {
        0.0 => format!("padding: none ({padding})"),
        share => format!("padding: {:.1} % of the steps ({padding})", 100.0 * share),
    });
    words.push(match has_mask {
        true => format!("graded: {:.1} % of what is no padding (loss_mask)", 100.0 * graded_share(task)),
        false => "graded: every step of every output (no loss_mask)".into(),
    });
    if !task.classes.labels.is_empty() {
        let label = |(name, n, divides): &(String, usize, bool)| {
            format!("{name} ({n} values{})", if *divides { "" } else { ", too many for classes" })
        };
        let labels: Vec<String> = task.classes.labels.iter().map(label).collect();
        words.push(format!("labels: {}; {} classes of trials", labels.join(", "), task.classes.all.len()));
    }
    words.push(match task.settings.held_out {
        0 => "held_out = 0: validated and tested on the trials that are trained on, which says nothing of new ones; \
            held_out = N keeps the last N apart"
            .into(),
        n => format!(
            "held_out = {n}: tested on the last {n} trials, trained and validated on the others, so that validations \
            say nothing of new trials and `nn4n eval` does"
        ),
    });
    if task.settings.layout == Layout::TrialFirst && layout::looks_transposed([&task.inputs, &task.targets]) {
        words.push(format!(
            "WARNING: `inputs` looks transposed: the axis of {trials} is taken for the trials and that of {steps} for \
            the steps; if it is the other way round, set layout = \"time_first\""
        ));
    }
    words
}

fn graded_share(task: &UserData) -> f64 {
    let (mut graded, mut all) = (0usize, 0usize);
    for (trial, &n) in task.loss_mask.outer_iter().zip(&task.n_steps) {
        let used = trial.slice_move(s![..n, ..]);
        graded += used.iter().filter(|weight| **weight > 0.0).count();
        all += used.len();
    }
    graded as f64 / all.max(1) as f64
}
