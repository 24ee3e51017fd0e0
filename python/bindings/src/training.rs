//! Training: whole runs, and single updates.

use std::{
    ops::ControlFlow,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        mpsc::{Sender, channel},
    },
    time::{Duration, Instant},
};

use nn4n::{
    DeviceChoice, Existing, Experiment, RunDirectory, TensorBatch,
    analysis::interruption::Interruption,
    candle_core::{DType, Device},
    checkpoint::ValidationRecord,
    experiment::Stage,
    serde_json::json,
    tasks::{Split, batch},
    train::{self, Progress, StopReason},
};
use pyo3::{exceptions::PyValueError, prelude::*};

use crate::{
    convert,
    error::raised,
    network::Network,
    task::{Task, Trials},
    waiting::{converse, work},
};

/// How often a bar moves at most.
const TICK: Duration = Duration::from_millis(100);

/// What is trained, in the tables of a run.toml.
fn experiment(
    task: &Task,
    model: &Bound<'_, PyAny>,
    settings: &Bound<'_, PyAny>,
    curriculum: Vec<(PyRef<'_, Task>, f64)>,
    seed: u64,
    init: Option<PathBuf>,
) -> PyResult<Experiment> {
    let (model, settings) = (convert::from_python("model", model)?, convert::from_python("train", settings)?);
    let curriculum =
        curriculum.into_iter().map(|(task, threshold)| Stage { task: task.task.clone(), threshold }).collect();
    let described = Experiment::from_tables(task.task.clone(), model, settings, seed).map_err(raised)?;
    let experiment = Experiment { init, curriculum, ..described };
    experiment.validate().map_err(raised)?;
    Ok(experiment)
}

/// What a run says on its way.
struct Told {
    update: u64,
    updates: u64,
    loss: f64,
    validation: Option<ValidationRecord>,
    guessing: Option<f64>,
    /// Where the run waits for whether it is to go on.
    answer: Option<Sender<bool>>,
}

fn existing(name: &str) -> PyResult<Existing> {
    match name {
        "fail" => Ok(Existing::Keep),
        "resume" => Ok(Existing::Resume),
        "replace" => Ok(Existing::Overwrite),
        other => Err(PyValueError::new_err(format!("exist = '{other}': must be 'fail', 'resume' or 'replace'"))),
    }
}

/// Trains and leaves the run in `out`. `hear` is told after updates, though not of each, and after each validation; where
/// it returns something true, the run is saved and ends.
#[pyfunction(name = "train")]
#[pyo3(signature = (task, model, settings, curriculum, seed, init, out, exist, device, hear))]
#[expect(clippy::too_many_arguments, reason = "all of it by name in the package")]
pub fn run<'py>(
    py: Python<'py>,
    task: &Task,
    model: &Bound<'py, PyAny>,
    settings: &Bound<'py, PyAny>,
    curriculum: Vec<(PyRef<'py, Task>, f64)>,
    seed: u64,
    init: Option<(PathBuf, PyRef<'py, Network>)>,
    out: PathBuf,
    exist: &str,
    device: &str,
    hear: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let (name, init) = init.map(|(name, network)| (name, network.checkpoint.clone())).unzip();
    let experiment = experiment(task, model, settings, curriculum, seed, name)?;
    let existing = existing(exist)?;
    let device: DeviceChoice = device.parse().map_err(|error| PyValueError::new_err(format!("device: {error}")))?;
    let fit = |stop: &Interruption, told: Sender<Told>| {
        let (device, _) = device.open_for(experiment.work()?)?;
        let run = RunDirectory::open(&out, existing)?;
        let mut last = Instant::now();
        train::fit(&experiment, init.as_ref(), &run, &device, |progress| {
            if stop.is_asked() {
                return ControlFlow::Break(());
            }
            if progress.validation.is_none() && last.elapsed() < TICK {
                return ControlFlow::Continue(());
            }
            last = Instant::now();
            tell(progress, &told)
        })
    };
    let outcome = converse(py, fit, |py, told, stop| {
        let said = json!({
            "update": told.update,
            "updates": told.updates,
            "loss": told.loss,
            "validation": told.validation,
            "guessing": told.guessing,
        });
        let ends = hear.call1((convert::to_python(py, &said)?,))?.is_truthy()?;
        if ends {
            stop.ask();
        }
        // Who no longer waits has ended.
        told.answer.map(|answer| answer.send(ends));
        Ok(())
    })?;
    convert::to_python(
        py,
        &json!({
            "updates": outcome.updates,
            "new_updates": outcome.new_updates,
            "reason": outcome.reason,
            "is_interrupted": outcome.reason == StopReason::Interrupted,
            "saved": outcome.saved,
            "guessing": outcome.guessing,
            "validations": outcome.validations,
        }),
    )
}

/// Tells how far the run is; after a validation waits for the answer, so that what it decides does not depend on who is
/// faster.
fn tell(progress: &Progress<'_>, told: &Sender<Told>) -> ControlFlow<()> {
    let (answer, answered) = channel();
    let sent = told.send(Told {
        update: progress.update,
        updates: progress.updates,
        loss: progress.loss,
        validation: progress.validation.cloned(),
        guessing: progress.guessing,
        answer: progress.validation.map(|_| answer),
    });
    let ends = sent.is_err() || (progress.validation.is_some() && answered.recv().unwrap_or(true));
    if ends { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// A network in training, update by update.
#[pyclass(frozen, module = "nn4n_rs._nn4n")]
pub struct Trainer {
    experiment: Experiment,
    trainer: Mutex<train::Trainer>,
}

#[pymethods]
impl Trainer {
    #[new]
    #[pyo3(signature = (task, model, settings, seed, network=None))]
    fn new(
        py: Python<'_>,
        task: &Task,
        model: &Bound<'_, PyAny>,
        settings: &Bound<'_, PyAny>,
        seed: u64,
        network: Option<&Network>,
    ) -> PyResult<Self> {
        let experiment = experiment(task, model, settings, Vec::new(), seed, None)?;
        let trainer = work(py, |_| match network {
            Some(network) => train::Trainer::with_network(&experiment, network.checkpoint.network(&Device::Cpu)?),
            None => train::Trainer::new(&experiment, &Device::Cpu),
        })?;
        Ok(Self { experiment, trainer: Mutex::new(trainer) })
    }

    /// One update, on the trials of this update or on others.
    #[pyo3(signature = (trials=None))]
    fn step<'py>(&self, py: Python<'py>, trials: Option<&Trials>) -> PyResult<Bound<'py, PyAny>> {
        let given = trials.map(|trials| trials.batch(py));
        let update = work(py, |_| {
            let mut trainer = self.lock();
            let trials = match given {
                Some(trials) => trials,
                None => {
                    let Experiment { task, seed, .. } = &self.experiment;
                    batch(task.as_ref(), Split::Train, *seed, trainer.updates(), self.experiment.batch_size())?
                }
            };
            trainer.step(&TensorBatch::new(&trials, DType::F32, &Device::Cpu)?)
        })?;
        let terms: nn4n::serde_json::Map<_, _> =
            update.terms.into_iter().map(|(name, value)| (name, value.into())).collect();
        convert::to_python(
            py,
            &json!({
                "update": update.update,
                "loss": update.loss,
                "terms": terms,
                "gradient_norm": update.gradient_norm,
                "learning_rate": update.learning_rate,
                "seconds": update.seconds.iter().sum::<f64>(),
            }),
        )
    }

    #[getter]
    fn updates(&self, py: Python<'_>) -> u64 {
        // Who holds the lock may want the interpreter.
        py.detach(|| self.lock().updates())
    }

    /// The network as it is now.
    fn network(&self, py: Python<'_>) -> PyResult<Network> {
        let checkpoint = work(py, |_| {
            let trainer = self.lock();
            let mut checkpoint = train::checkpoint(&self.experiment, &trainer, Vec::new())?;
            checkpoint.header.train.updates = trainer.updates();
            // Tensors of the trainer change with every step.
            for tensor in checkpoint.tensors.values_mut() {
                *tensor = tensor.copy()?.detach();
            }
            Ok(checkpoint)
        })?;
        Network::of(py, checkpoint)
    }
}

impl Trainer {
    fn lock(&self) -> std::sync::MutexGuard<'_, train::Trainer> {
        self.trainer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
