//! Networks: described, drawn, loaded, changed, at work.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use nn4n::{
    Checkpoint, Error, Experiment, Simulation,
    candle_core::{DType, Device, Tensor},
    evaluate::{self, Performed, TrialPlan},
    experiment, export, import,
    intervention::{Altered, Intervention, TrialTimes},
    models::{CellType, Ctrnn, NoiseKey},
    ndarray::{Array2, Array3},
    plot::{Figure, LearningCurve, Schematic, TrialFigure, WeightHistograms, WeightMatrix},
    preset,
    simulate::{RecordingMut, array2},
    tasks, zoo as pretrained,
};
use numpy::{
    IntoPyArray, PyArray3, PyArrayDyn, PyArrayMethods, PyReadonlyArray2, PyReadonlyArray3, PyReadonlyArrayDyn,
};
use pyo3::{exceptions::PyValueError, prelude::*, types::PyBytes};
use serde::Deserialize;

use crate::{
    convert,
    error::{in_python, raised},
    figure::drawn,
    task::{Task, Trials},
    waiting::{briefly, work},
};

/// The networks that come with the module.
#[pyfunction]
pub fn zoo(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    convert::to_python(py, &pretrained::list().map_err(raised)?)
}

/// The experiments of papers.
#[pyfunction]
pub fn presets(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    convert::to_python(py, &preset::list())
}

/// The experiment of a paper: its task, and the tables of its network and its training.
#[pyfunction(name = "preset")]
pub fn open_preset<'py>(py: Python<'py>, id: &str) -> PyResult<(Task, Bound<'py, PyAny>, Bound<'py, PyAny>, u64)> {
    let found = preset::load(id).map_err(raised)?;
    let (model, train) = (convert::to_python(py, &found.model)?, convert::to_python(py, &found.settings())?);
    Ok((Task { task: found.task.clone() }, model, train, found.seed))
}

/// What a run.toml may say, as a JSON schema.
#[pyfunction]
pub fn schema(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    convert::to_python(py, &experiment::schema())
}

/// Refuses a table [model] that says what no network has.
#[pyfunction]
pub fn check_model(model: &Bound<'_, PyAny>) -> PyResult<()> {
    Experiment::check_words_of_model(convert::from_python("model", model)?).map_err(raised)
}

/// A network and everything that made it.
#[pyclass(frozen, module = "nn4n_rs._nn4n")]
pub struct Network {
    pub checkpoint: Checkpoint,
    pub network: Ctrnn,
}

/// Interventions as they are written on the command line.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Interventions {
    lesion: Vec<String>,
    silence: Vec<String>,
    inject: Vec<String>,
    weight_noise: Option<(f64, u64)>,
    noise_factor: Option<f64>,
}

impl Interventions {
    pub fn of(value: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<Intervention>> {
        let given: Self =
            value.map_or_else(|| Ok(Self::default()), |value| convert::from_python("interventions", value))?;
        given.parsed().map_err(raised)
    }

    fn parsed(&self) -> nn4n::Result<Vec<Intervention>> {
        let lesions = self.lesion.iter().map(|text| Intervention::lesion(text));
        let silences = self.silence.iter().map(|text| Intervention::silence(text));
        let currents = self.inject.iter().map(|text| Intervention::inject(text));
        let noise = self.weight_noise.map(|(sd, seed)| Ok(Intervention::WeightNoise { sd, seed }));
        let factor = self.noise_factor.map(|factor| Ok(Intervention::NoiseFactor(factor)));
        lesions.chain(silences).chain(currents).chain(noise).chain(factor).collect()
    }
}

/// States, rates and outputs.
type Arrays = (Py<PyArray3<f32>>, Py<PyArray3<f32>>, Py<PyArray3<f32>>);

/// Where the animal or the hand is, (trials, steps + 1, axes).
type Places = Py<PyArray3<f64>>;

fn arrays(py: Python<'_>, recording: nn4n::Recording) -> Arrays {
    let moved = |array: Array3<f32>| array.into_pyarray(py).unbind();
    (moved(recording.states), moved(recording.rates), moved(recording.outputs))
}

#[pymethods]
impl Network {
    /// A network drawn from a seed; `model` is the table [model] of a run.toml.
    #[staticmethod]
    #[pyo3(signature = (model, task, seed))]
    fn draw(py: Python<'_>, model: &Bound<'_, PyAny>, task: Option<&Task>, seed: u64) -> PyResult<Self> {
        let model = convert::from_python("model", model)?;
        let task = task.map(|task| task.task.clone());
        Self::of(
            py,
            work(py, |_| {
                let described = match &task {
                    Some(task) => Experiment::from_tables(task.clone(), model, Default::default(), seed)?.model,
                    None => Experiment::model_of(model)?,
                };
                let network = Ctrnn::init(&described, seed, DType::F32, &Device::Cpu)?;
                Checkpoint::untrained(&network, task.as_deref(), seed)
            })?,
        )
    }

    /// A checkpoint file, a run directory, a network that comes with the module, or hf:owner/repo.
    #[staticmethod]
    fn open(py: Python<'_>, reference: PathBuf) -> PyResult<Self> {
        Self::of(py, work(py, |_| pretrained::open(&reference))?)
    }

    /// A file of another library, and what was supplied, changed or left out.
    #[staticmethod]
    fn import_file(py: Python<'_>, path: PathBuf, options: &Bound<'_, PyAny>) -> PyResult<(Self, String, Vec<String>)> {
        let given: ImportOptions = convert::from_python("options", options)?;
        let options = given.options()?;
        let found = work(py, |_| import::import(&path, &options))?;
        let notes = found.notes.iter().map(|note| in_python(note)).collect();
        Ok((Self::of(py, found.checkpoint)?, found.format.to_string(), notes))
    }

    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        briefly(py, || self.checkpoint.save(path))
    }

    /// The bytes of the network in another format.
    fn export<'py>(&self, py: Python<'py>, format: &str) -> PyResult<Bound<'py, PyBytes>> {
        let format = export::Format::ALL.into_iter().find(|known| known.name() == format).ok_or_else(|| {
            let names = export::Format::ALL.map(|known| format!("'{}'", known.name())).join(", ");
            PyValueError::new_err(format!("to = '{format}': must be one of {names}"))
        })?;
        let bytes = work(py, |_| export::export(&self.checkpoint, format))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The header of its file.
    fn header<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        convert::to_python(py, &self.checkpoint.header)
    }

    /// What to cite.
    fn citations(&self) -> Vec<String> {
        self.checkpoint.header.citations()
    }

    /// The task it was trained on.
    fn task(&self) -> PyResult<Task> {
        Ok(Task { task: self.checkpoint.task().map_err(raised)?.into() })
    }

    fn tensor_names(&self) -> Vec<String> {
        self.checkpoint.tensors.keys().cloned().collect()
    }

    /// The numbers of a tensor.
    fn tensor<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
        let array = self.checkpoint.array::<f32>(name).map_err(raised)?;
        Ok(array.view().to_owned().into_pyarray(py))
    }

    /// The effective weights of all units together (units, units), also where they lie in layers; (units, inputs) and
    /// (outputs, units).
    fn weights<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyArrayDyn<f32>>> {
        let array = briefly(py, || {
            let tensor = match name {
                "w_in" => self.network.effective_w_in()?,
                "w_out" => Some(self.network.effective_w_out()?),
                _ => Some(self.network.effective_w_rec()?),
            };
            tensor.map_or_else(|| Ok(Array2::zeros((self.network.units().len(), 0))), |found| array2(&found))
        })?;
        Ok(array.into_dyn().into_pyarray(py))
    }

    /// The cell type of each unit.
    fn cell_types(&self) -> Vec<Option<&'static str>> {
        let name = |cell_type: &CellType| match cell_type {
            CellType::Excitatory => "excitatory",
            CellType::Inhibitory => "inhibitory",
        };
        self.network.units().cell_types.iter().map(|of| of.as_ref().map(name)).collect()
    }

    /// Name, first unit and one past the last of each area or layer.
    fn areas(&self) -> Vec<(String, usize, usize)> {
        self.network.units().areas.iter().map(|area| (area.name.clone(), area.start, area.end)).collect()
    }

    /// The same network with other numbers in some of its tensors.
    fn with_tensors(&self, py: Python<'_>, tensors: BTreeMap<String, PyReadonlyArrayDyn<'_, f32>>) -> PyResult<Self> {
        let tensor = |(name, array): (String, PyReadonlyArrayDyn<'_, f32>)| {
            let array = array.as_array();
            let made = Tensor::from_vec(array.iter().copied().collect(), array.shape(), &Device::Cpu);
            Ok((name, made.map_err(Error::from).map_err(raised)?))
        };
        let tensors = tensors.into_iter().map(tensor).collect::<PyResult<_>>()?;
        Self::of(py, work(py, |_| self.checkpoint.with_tensors(tensors))?)
    }

    /// The network after interventions, and what was done, in words.
    fn altered(&self, py: Python<'_>, interventions: &Bound<'_, PyAny>) -> PyResult<(Self, Vec<String>)> {
        let interventions = Interventions::of(Some(interventions))?;
        let (checkpoint, words) = work(py, |_| {
            let altered = Altered::of(&self.network, &interventions)?;
            Ok((self.checkpoint.altered(&altered)?, altered.applied.iter().map(ToString::to_string).collect()))
        })?;
        Ok((Self::of(py, checkpoint)?, words))
    }

    /// States, rates and outputs (trials, steps, ..) on `inputs` (trials, steps, inputs).
    #[pyo3(signature = (inputs, noise, x0, interventions, task, n_steps, trials))]
    #[expect(clippy::too_many_arguments, reason = "all of it by name in the package")]
    fn run(
        &self,
        py: Python<'_>,
        inputs: PyReadonlyArray3<'_, f32>,
        noise: Option<u64>,
        x0: Option<PyReadonlyArray2<'_, f32>>,
        interventions: Option<&Bound<'_, PyAny>>,
        task: Option<&Task>,
        n_steps: Option<Vec<usize>>,
        trials: Option<&Trials>,
    ) -> PyResult<Arrays> {
        let interventions = Interventions::of(interventions)?;
        let (inputs, x0) = (inputs.as_array().to_owned(), x0.map(|x0| x0.as_array().to_owned()));
        let plant = task.and_then(|task| task.task.plant());
        let (count, steps, _) = inputs.dim();
        let lengths = n_steps.unwrap_or_else(|| vec![steps; count]);
        let epochs = trials.map(|trials| trials.epochs.as_slice());
        // NumPy has pages for large arrays that are several times as fast to get.
        let shapes = Simulation::new(&self.network).shapes(&inputs).map_err(raised)?;
        let made = shapes.map(|shape| PyArray3::<f32>::zeros(py, shape, false));
        let [mut states, mut rates, mut outputs] = made.each_ref().map(|array| array.readwrite());
        let into = RecordingMut {
            states: states.as_array_mut(),
            rates: rates.as_array_mut(),
            outputs: outputs.as_array_mut(),
        };
        work(py, move |_| {
            let altered = Altered::of(&self.network, &interventions)?;
            let times = TrialTimes { dt: self.network.config().dt, n_steps: &lengths, epochs };
            let mut simulation = Simulation::new(&altered.network).plant(plant).perturb(altered.perturbations(&times)?);
            if let Some(seed) = noise {
                simulation = simulation.noise(NoiseKey::new(seed, 0));
            }
            if let Some(x0) = &x0 {
                simulation = simulation.x0(x0)?;
            }
            simulation.record_into(&inputs, into)
        })?;
        Ok(made.map(Bound::unbind).into())
    }

    /// The network at trials of a task: the trials, with what was chosen among their variables; states, rates and
    /// outputs; where the animal was.
    #[pyo3(signature = (task, per_condition, seed, noise, conditions, interventions))]
    #[expect(clippy::too_many_arguments, reason = "all of it by name in the package")]
    fn perform(
        &self,
        py: Python<'_>,
        task: &Task,
        per_condition: usize,
        seed: u64,
        noise: bool,
        conditions: Option<&Bound<'_, PyAny>>,
        interventions: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<(Trials, Arrays, Option<Places>)> {
        let task = task.task.as_ref();
        let conditions = conditions.map(convert::conditions).transpose()?.unwrap_or_else(|| task.conditions());
        // A task without conditions has one, that of all its trials.
        let conditions = if conditions.is_empty() { vec![tasks::Condition::new()] } else { conditions };
        let plan = TrialPlan { conditions, per_condition, seed, noise };
        let interventions = Interventions::of(interventions)?;
        let performed = work(py, |_| evaluate::performed(&Altered::of(&self.network, &interventions)?, task, &plan))?;
        let Performed { mut batch, recording, trials, places } = performed;
        batch.conditions = trials.conditions;
        let places = places.map(|places| places.into_pyarray(py).unbind());
        Ok((Trials::of(py, batch), arrays(py, recording), places))
    }

    /// Performance, condition by condition.
    fn evaluate<'py>(
        &self,
        py: Python<'py>,
        task: &Task,
        trials: usize,
        seed: u64,
        interventions: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let interventions = Interventions::of(interventions)?;
        let found = work(py, |_| {
            let altered = Altered::of(&self.network, &interventions)?;
            evaluate::evaluate_altered(&altered, task.task.as_ref(), trials, seed)
        })?;
        convert::to_python(py, &found)
    }

    /// A figure of the network: `network`, `weights`, `histograms` or `learning`.
    fn svg(&self, py: Python<'_>, kind: &str, task: Option<&Task>) -> PyResult<String> {
        let task = task.map(|task| task.task.clone());
        let svg = briefly(py, || {
            Ok(match kind {
                "weights" => WeightMatrix::of(&self.network)?.svg(),
                "histograms" => WeightHistograms::of(&self.network)?.svg(),
                "learning" => LearningCurve::of(&self.checkpoint.header.train.validations, None).svg(),
                _ => Schematic::of(&self.network, task.as_deref())?.svg(),
            })
        })?;
        drawn(svg)
    }

    /// Inputs, rates and outputs of a few trials.
    fn trials_svg(
        &self,
        py: Python<'_>,
        task: &Task,
        trials: &Trials,
        recording: [PyReadonlyArray3<'_, f32>; 3],
        which: Vec<usize>,
    ) -> PyResult<String> {
        let batch = trials.batch(py);
        if let Some(outside) = which.iter().find(|place| **place >= batch.len()) {
            return Err(PyValueError::new_err(format!(
                "trials: there is no trial {outside}; there are {}",
                batch.len()
            )));
        }
        let [states, rates, outputs] = recording.map(|array| array.as_array().to_owned());
        let recording = nn4n::Recording { states, rates, outputs };
        let figure = || TrialFigure::of(task.task.as_ref(), &self.network, &batch, &recording, &which);
        drawn(briefly(py, || Ok(figure().svg()))?)
    }
}

impl Network {
    pub fn of(py: Python<'_>, checkpoint: Checkpoint) -> PyResult<Self> {
        briefly(py, || Ok(Self { network: checkpoint.network(&Device::Cpu)?, checkpoint }))
    }

    pub fn task_or(&self, task: Option<&Task>) -> PyResult<Arc<dyn tasks::Task>> {
        match task {
            Some(task) => Ok(task.task.clone()),
            None => Ok(self.checkpoint.task().map_err(raised)?.into()),
        }
    }
}

/// What a file of another library does not say.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ImportOptions {
    format: Option<String>,
    task: Option<String>,
    dt: Option<f64>,
    tau: Option<f64>,
    sigma_rec: Option<f64>,
    activation: Option<String>,
    form: Option<String>,
}

impl ImportOptions {
    fn options(self) -> PyResult<import::Options> {
        fn read<T: std::str::FromStr<Err: std::fmt::Display>>(name: &str, text: Option<String>) -> PyResult<Option<T>> {
            let parse = |text: String| text.parse().map_err(|error| PyValueError::new_err(format!("{name}: {error}")));
            text.map(parse).transpose()
        }
        let form =
            |text: String| import::form_of(&text).map_err(|error| PyValueError::new_err(format!("form: {error}")));
        Ok(import::Options {
            format: read("format", self.format)?,
            task: self.task,
            form: self.form.map(form).transpose()?,
            activation: read("activation", self.activation)?,
            dt: self.dt,
            tau: self.tau,
            sigma_rec: self.sigma_rec,
        })
    }
}
