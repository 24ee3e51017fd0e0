//! Tasks, their trials and scores.

use std::sync::Arc;

use nn4n::{
    ndarray::{Array3, ArrayView3},
    plot::{Figure, TaskFigure},
    serde_json::{Value, json},
    tasks::{self, Condition, Split, TrialBatch},
};
use numpy::{IntoPyArray, PyArray3, PyArrayDyn, PyArrayMethods, PyReadonlyArray3};
use pyo3::{exceptions::PyValueError, prelude::*};

use crate::{
    convert, error,
    figure::drawn,
    python_task::PythonTask,
    waiting::{briefly, work},
};

/// What the list of tasks says of each.
#[pyfunction(name = "tasks")]
pub fn all_tasks(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    convert::to_python(py, &tasks::list())
}

/// A task.
#[pyclass(frozen, module = "nn4n_rs._nn4n")]
pub struct Task {
    pub task: Arc<dyn tasks::Task>,
}

/// Which trials are made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Draw {
    /// As the source does.
    Drawn,
    /// So many of each condition.
    Balanced,
    /// The same without the noise of their inputs.
    NoiseFree,
}

impl Draw {
    fn of(name: &str) -> PyResult<Self> {
        match name {
            "drawn" => Ok(Self::Drawn),
            "balanced" => Ok(Self::Balanced),
            "noise_free" => Ok(Self::NoiseFree),
            other => {
                Err(PyValueError::new_err(format!("draw = {other:?}: must be 'drawn', 'balanced' or 'noise_free'")))
            }
        }
    }
}

pub fn split_of(name: &str) -> PyResult<Split> {
    match name {
        "train" => Ok(Split::Train),
        "test" => Ok(Split::Test),
        other => Err(PyValueError::new_err(format!("split = {other:?}: must be 'train' or 'test'"))),
    }
}

#[pymethods]
impl Task {
    #[new]
    #[pyo3(signature = (id, parameters=None))]
    fn new(id: &str, parameters: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let parameters = Value::Object(convert::settings("parameters", parameters)?);
        let task = tasks::create(id, Some(&parameters)).map_err(error::of_task)?;
        task.validate().map_err(error::of_task)?;
        Ok(Self { task: task.into() })
    }

    /// A task whose trials `make(seed, n, condition, noise)` makes, n at a time.
    #[staticmethod]
    fn of_function(about: &Bound<'_, PyAny>, make: Py<PyAny>) -> PyResult<Self> {
        Ok(Self { task: Arc::new(PythonTask::new(convert::from_python("task", about)?, make)) })
    }

    #[getter]
    fn id(&self) -> String {
        self.task.id().to_owned()
    }

    #[getter]
    fn dt(&self) -> f64 {
        self.task.dt()
    }

    #[getter]
    fn inputs(&self) -> Vec<String> {
        self.task.inputs().into_iter().map(|channel| channel.name).collect()
    }

    #[getter]
    fn outputs(&self) -> Vec<String> {
        self.task.outputs().into_iter().map(|channel| channel.name).collect()
    }

    /// What is said of the task.
    fn about<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let (task, about) = (self.task.as_ref(), self.task.about());
        convert::to_python(
            py,
            &json!({
                "id": about.id,
                "version": about.version,
                "summary": about.summary,
                "citation": about.citation.to_string(),
                "description": about.description(),
                "parameters": task.parameters(),
                "conditions": task.conditions(),
                "grid": task.grid(),
                "objective": task.objective(),
                "is_scored": task.is_scored(),
                "has_plant": task.plant().is_some(),
                "chance": task.chance(),
                "remarks": task.remarks().iter().map(|remark| error::in_python(remark)).collect::<Vec<_>>(),
            }),
        )
    }

    /// `n` trials, or `n` of each condition.
    #[pyo3(signature = (n, seed, split, update, draw, conditions=None))]
    #[expect(clippy::too_many_arguments, reason = "all of it by name in the package")]
    fn sample(
        &self,
        py: Python<'_>,
        n: usize,
        seed: u64,
        split: &str,
        update: u64,
        draw: &str,
        conditions: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Trials> {
        let (split, draw) = (split_of(split)?, Draw::of(draw)?);
        let conditions = conditions.map(convert::conditions).transpose()?;
        let task = self.task.as_ref();
        let batch = work(py, |_| {
            let own = || conditions.clone().unwrap_or_else(|| task.conditions());
            Ok(match (draw, &conditions) {
                (Draw::Drawn, None) => tasks::batch(task, split, seed, update, n)?,
                (Draw::Drawn | Draw::Balanced, _) => tasks::repeated(task, split, seed, update, &own(), n)?,
                (Draw::NoiseFree, _) => tasks::noise_free(task, split, seed, update, &own(), n)?,
            })
        })
        .map_err(|error| error::of_argument(py, error, "`batch_size`", "n"))?;
        Ok(Trials::of(py, batch))
    }

    /// Where the animal or the hand is in the trials of `sample` as they are drawn, (trials, steps + 1, axes).
    fn trajectories<'py>(
        &self,
        py: Python<'py>,
        n: usize,
        seed: u64,
        split: &str,
        update: u64,
    ) -> PyResult<Option<Bound<'py, PyArrayDyn<f32>>>> {
        let split = split_of(split)?;
        let found = work(py, |_| Ok(tasks::trajectories(self.task.as_ref(), split, seed, update, n)?))?;
        Ok(found.map(|places| places.into_pyarray(py)))
    }

    /// The score of each trial: choice, whether it was right, reaction time, error.
    fn scores<'py>(
        &self,
        py: Python<'py>,
        trials: &Trials,
        outputs: PyReadonlyArray3<'py, f32>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (batch, outputs) = (trials.batch(py), outputs.as_array());
        check_outputs(&batch, outputs, self.task.outputs().len())?;
        let outputs = outputs.to_owned();
        let scores = briefly(py, || Ok(tasks::scores(self.task.as_ref(), &batch, outputs.view())?))?;
        let rows: Vec<Value> = batch
            .conditions
            .iter()
            .zip(&scores)
            .map(|(condition, score)| {
                json!({
                    "choice": score.choice,
                    "choice_name": score.choice.map(|choice| self.task.choice_name(choice)),
                    "chose_first": self.task.chose_first(condition, score),
                    "was_right": score.correct,
                    "reaction_time": score.reaction_time,
                })
            })
            .collect();
        convert::to_python(py, &rows)
    }

    /// Trials as a picture.
    fn svg(&self, py: Python<'_>, trials: &Trials) -> PyResult<String> {
        let batch = trials.batch(py);
        drawn(briefly(py, || Ok(TaskFigure::of(self.task.as_ref(), &batch).svg()))?)
    }
}

fn check_outputs(batch: &TrialBatch, outputs: ArrayView3<'_, f32>, channels: usize) -> PyResult<()> {
    let wanted = (batch.len(), batch.max_steps(), channels);
    if outputs.dim() == wanted {
        return Ok(());
    }
    let message = format!("outputs: have shape {:?}, but must be (trials, steps, outputs) = {wanted:?}", outputs.dim());
    Err(PyValueError::new_err(message))
}

/// Trials side by side, padded at the end to the longest.
#[pyclass(frozen, module = "nn4n_rs._nn4n")]
pub struct Trials {
    #[pyo3(get)]
    inputs: Py<PyArray3<f32>>,
    #[pyo3(get)]
    targets: Py<PyArray3<f32>>,
    #[pyo3(get)]
    loss_mask: Py<PyArray3<f32>>,
    #[pyo3(get)]
    n_steps: Vec<usize>,
    #[pyo3(get)]
    correct: Vec<Option<usize>>,
    pub conditions: Vec<Condition>,
    pub epochs: Vec<Vec<tasks::Epoch>>,
}

#[pymethods]
impl Trials {
    #[new]
    fn new(
        inputs: Py<PyArray3<f32>>,
        targets: Py<PyArray3<f32>>,
        loss_mask: Py<PyArray3<f32>>,
        n_steps: Vec<usize>,
        conditions: &Bound<'_, PyAny>,
        epochs: &Bound<'_, PyAny>,
        correct: Vec<Option<usize>>,
    ) -> PyResult<Self> {
        let (conditions, epochs) = (convert::conditions(conditions)?, convert::epochs(epochs)?);
        Ok(Self { inputs, targets, loss_mask, n_steps, correct, conditions, epochs })
    }

    #[getter]
    fn conditions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        convert::to_python(py, &self.conditions)
    }

    #[getter]
    fn epochs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        convert::to_python(py, &self.epochs)
    }
}

impl Trials {
    pub fn of(py: Python<'_>, batch: TrialBatch) -> Self {
        let TrialBatch { inputs, targets, loss_mask, n_steps, conditions, epochs, correct } = batch;
        let moved = |array: Array3<f32>| array.into_pyarray(py).unbind();
        Self {
            inputs: moved(inputs),
            targets: moved(targets),
            loss_mask: moved(loss_mask),
            n_steps,
            correct,
            conditions,
            epochs,
        }
    }

    /// The same for the library, with the arrays as they are now.
    pub fn batch(&self, py: Python<'_>) -> TrialBatch {
        let now = |array: &Py<PyArray3<f32>>| array.bind(py).to_owned_array();
        TrialBatch {
            inputs: now(&self.inputs),
            targets: now(&self.targets),
            loss_mask: now(&self.loss_mask),
            n_steps: self.n_steps.clone(),
            conditions: self.conditions.clone(),
            epochs: self.epochs.clone(),
            correct: self.correct.clone(),
        }
    }
}
