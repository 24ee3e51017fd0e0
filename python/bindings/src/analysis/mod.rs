//! Analyses: one function a kind, which takes a network or activity and gives a [`Found`].

mod behaviour;
mod dynamics;
mod geometry;
mod similarity;
mod spatial;
mod units;

use nn4n::{
    analysis::{self, AnalysisError, activity::Trials},
    ndarray::{ArrayRef, Dimension},
    plot::PlotError,
};
use numpy::{Element, IntoPyArray, PyReadonlyArray3};
use pyo3::{prelude::*, types::PyDict};
use serde::Serialize;

use crate::{convert, error::analysed, figure::drawn, waiting::briefly};

pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    behaviour::add_to(module)?;
    dynamics::add_to(module)?;
    geometry::add_to(module)?;
    similarity::add_to(module)?;
    spatial::add_to(module)?;
    units::add_to(module)
}

/// What units did in trials.
#[pyclass(frozen, module = "nn4n_rs._nn4n")]
pub struct Activity {
    pub activity: analysis::Activity,
}

#[pymethods]
impl Activity {
    #[new]
    #[pyo3(signature = (rates, dt, n_steps, conditions, epochs=None, places=None))]
    fn new(
        rates: PyReadonlyArray3<'_, f64>,
        dt: f64,
        n_steps: Vec<usize>,
        conditions: &Bound<'_, PyAny>,
        epochs: Option<&Bound<'_, PyAny>>,
        places: Option<PyReadonlyArray3<'_, f64>>,
    ) -> PyResult<Self> {
        let mut trials = Trials::new(n_steps, convert::conditions(conditions)?);
        if let Some(epochs) = epochs {
            trials.epochs = convert::epochs(epochs)?;
        }
        let made = analysis::Activity::new(rates.as_array().to_owned(), dt, trials).map_err(refused)?;
        let activity = match places {
            Some(places) => made.with_places(places.as_array().to_owned()).map_err(refused)?,
            None => made,
        };
        Ok(Self { activity })
    }

    /// The variables that trials have.
    fn variables(&self) -> Vec<String> {
        self.activity.trials().variables()
    }

    /// Those trials that have these values.
    fn with_condition(&self, condition: &Bound<'_, PyAny>) -> PyResult<Self> {
        let condition = convert::from_python("where", condition)?;
        Ok(Self { activity: self.activity.with_condition(&condition).map_err(refused)? })
    }

    fn with_units(&self, units: Vec<usize>) -> PyResult<Self> {
        Ok(Self { activity: self.activity.with_units(&units).map_err(refused)? })
    }
}

pub fn refused(error: AnalysisError) -> PyErr {
    crate::error::raised(analysed(error))
}

type Draw = Box<dyn Fn() -> Result<String, PlotError> + Send + Sync>;

/// What an analysis found: its numbers, its arrays, its figures.
#[pyclass(frozen, module = "nn4n_rs._nn4n")]
pub struct Found {
    #[pyo3(get)]
    fields: Py<PyDict>,
    figures: Vec<(&'static str, Draw)>,
}

#[pymethods]
impl Found {
    /// The names of the figures that the library draws of it.
    #[getter]
    fn figures(&self) -> Vec<&'static str> {
        self.figures.iter().map(|(name, _)| *name).collect()
    }

    fn svg(&self, py: Python<'_>, name: &str) -> PyResult<Option<String>> {
        let figure = self.figures.iter().find(|(known, _)| *known == name);
        figure.map(|(_, draw)| drawn(briefly(py, || Ok(draw()))?)).transpose()
    }
}

impl Found {
    /// The numbers of a result.
    pub fn of<T: Serialize>(py: Python<'_>, found: &T) -> PyResult<Self> {
        let fields = convert::to_python(py, found)?.cast_into::<PyDict>()?.unbind();
        Ok(Self { fields, figures: Vec::new() })
    }

    /// With a field that is no array.
    pub fn with<T: Serialize>(self, py: Python<'_>, name: &str, value: &T) -> PyResult<Self> {
        self.fields.bind(py).set_item(name, convert::to_python(py, value)?)?;
        Ok(self)
    }

    /// With an array.
    pub fn array<T: Element + Clone, D: Dimension>(
        self,
        py: Python<'_>,
        name: &str,
        array: &ArrayRef<T, D>,
    ) -> PyResult<Self> {
        self.fields.bind(py).set_item(name, array.to_owned().into_pyarray(py))?;
        Ok(self)
    }

    pub fn figure(
        mut self,
        name: &'static str,
        draw: impl Fn() -> Result<String, PlotError> + Send + Sync + 'static,
    ) -> Self {
        self.figures.push((name, Box::new(draw)));
        self
    }
}
