//! A task whose trials a Python function makes, a block at a time.
//!
//! ```text
//! trial i of a batch = trial i mod BLOCK of make(seed, BLOCK, condition, noise)
//! seed               = 256 bits: seed of the run, stream (train, test, ..), update, i / BLOCK
//! ```
//!
//! So a trial is a pure function of its place, as those of every other task, if the function is one of its arguments.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use nn4n::{
    ndarray::{ArrayView2, ArrayView3, s},
    serde_json::Value,
    tasks::{
        About, Channel, Condition, Epoch, Score, Split, Task, TaskError, Trial, TrialRng, TrialView, largest, rms_error,
    },
};
use numpy::PyReadonlyArray3;
use pyo3::{prelude::*, types::PyDict};
use serde::Deserialize;

use crate::convert;

/// Trials that are made at a time.
const BLOCK: u64 = 32;
/// Blocks that are kept: those of the batches that are in the making.
const KEPT: usize = 32;

/// What is said of the task.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    id: String,
    summary: String,
    dt: f64,
    inputs: Vec<String>,
    outputs: Vec<String>,
    conditions: Vec<Condition>,
    parameters: Value,
    is_scored: bool,
    chance: f64,
}

/// The last exception of a function that makes trials, and its words.
static RAISED: Mutex<Option<(String, Py<PyAny>)>> = Mutex::new(None);

/// The exception that an error of a task is about, with its traceback.
pub fn cause_of(py: Python<'_>, error: &TaskError) -> Option<PyErr> {
    let TaskError::Batch { field: "make", remedy, .. } = error else { return None };
    let mut raised = RAISED.lock().unwrap_or_else(PoisonError::into_inner);
    raised.take_if(|(words, _)| words == remedy).map(|(_, exception)| PyErr::from_value(exception.into_bound(py)))
}

type Key = (String, [u64; 3], u64, bool, &'static str);

/// The trials of a block.
type Block = std::sync::Arc<Vec<Trial>>;

/// A task whose trials a Python function makes.
pub struct PythonTask {
    said: Said,
    make: Py<PyAny>,
    blocks: Mutex<Vec<(Key, Block)>>,
}

impl PythonTask {
    pub fn new(said: Said, make: Py<PyAny>) -> Self {
        Self { said, make, blocks: Mutex::default() }
    }

    fn block(&self, split: Split, condition: Option<&Condition>, rng: &TrialRng) -> Result<Block, TaskError> {
        let (place, noise) = (rng.index() / BLOCK, !rng.is_quiet());
        let of = condition.map_or_else(String::new, |condition| format!("{condition:?}"));
        let key: Key = (of, rng.batch(), place, noise, split.name());
        let known = |blocks: &[(Key, Block)]| blocks.iter().find(|(of, _)| *of == key).map(|(_, block)| block.clone());
        // The interpreter comes before the lock: who holds it may want the lock, too.
        Python::attach(|py| {
            let lock = || self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(block) = known(&lock()) {
                return Ok(block);
            }
            let [seed, stream, update] = rng.batch();
            let made = self.make(py, [seed, stream, update, place], split, condition, noise);
            let block = Block::new(made.map_err(|error| self.refusal(py, error))?);
            let mut blocks = lock();
            if let Some(block) = known(&blocks) {
                return Ok(block);
            }
            if blocks.len() >= KEPT {
                blocks.remove(0);
            }
            blocks.push((key.clone(), block.clone()));
            Ok(block)
        })
    }

    fn make(
        &self,
        py: Python<'_>,
        seed: [u64; 4],
        split: Split,
        condition: Option<&Condition>,
        noise: bool,
    ) -> PyResult<Vec<Trial>> {
        let condition = condition.map(|condition| convert::to_python(py, condition)).transpose()?;
        let made = self.make.bind(py).call1((seed.to_vec(), BLOCK, split.name(), condition, noise))?;
        trials(made.cast::<PyDict>()?)
    }

    /// In words, while the exception waits for [`cause_of`].
    fn refusal(&self, py: Python<'_>, error: PyErr) -> TaskError {
        let remedy = error.to_string();
        let raised = error.into_value(py).into_any();
        *RAISED.lock().unwrap_or_else(PoisonError::into_inner) = Some((remedy.clone(), raised));
        TaskError::Batch { field: "make", value: self.said.id.clone(), rule: "made no trials", remedy }
    }
}

/// The trials in the dictionary that the package has made and checked.
fn trials(made: &Bound<'_, PyDict>) -> PyResult<Vec<Trial>> {
    let get = |name: &str| made.as_any().get_item(name);
    let array = |name: &str| -> PyResult<PyReadonlyArray3<'_, f32>> { get(name)?.extract() };
    let (inputs, targets, loss_mask) = (array("inputs")?, array("targets")?, array("loss_mask")?);
    let n_steps: Vec<usize> = get("n_steps")?.extract()?;
    let correct: Vec<Option<usize>> = get("correct")?.extract()?;
    let conditions = convert::conditions(&get("conditions")?)?;
    let epochs: Vec<Vec<Epoch>> = convert::epochs(&get("epochs")?)?;
    let of = |array: ArrayView3<'_, f32>, i: usize| array.slice(s![i, ..n_steps[i], ..]).to_owned();
    let trial = |i: usize| Trial {
        inputs: of(inputs.as_array(), i),
        targets: of(targets.as_array(), i),
        loss_mask: of(loss_mask.as_array(), i),
        condition: conditions[i].clone(),
        epochs: epochs[i].clone(),
        correct: correct[i],
    };
    Ok((0..n_steps.len()).map(trial).collect())
}

impl fmt::Debug for PythonTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.said.fmt(f)
    }
}

impl Task for PythonTask {
    fn about(&self) -> About<'_> {
        About { id: &self.said.id, summary: &self.said.summary, ..About::NEW }
    }

    fn parameters(&self) -> Value {
        self.said.parameters.clone()
    }

    fn dt(&self) -> f64 {
        self.said.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        self.said.inputs.iter().map(|name| Channel { name: name.clone() }).collect()
    }

    fn outputs(&self) -> Vec<Channel> {
        self.said.outputs.iter().map(|name| Channel { name: name.clone() }).collect()
    }

    fn conditions(&self) -> Vec<Condition> {
        self.said.conditions.clone()
    }

    fn trial(&self, split: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let block = self.block(split, condition, rng)?;
        Ok(block[(rng.index() % BLOCK) as usize].clone())
    }

    /// The choice is the largest output at the last step that is graded.
    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let is_graded = |step: &usize| trial.loss_mask.row(*step).iter().any(|weight| *weight > 0.0);
        let last = (0..trial.n_steps()).rev().find(is_graded);
        let choice = trial.correct.and(last).and_then(|step| largest(outputs.row(step)));
        let correct = trial.correct.map(|correct| choice == Some(correct));
        Score { choice, correct, error: rms_error(trial, outputs), ..Score::default() }
    }

    fn chance(&self) -> f64 {
        self.said.chance
    }

    fn is_scored(&self) -> bool {
        self.said.is_scored
    }
}
