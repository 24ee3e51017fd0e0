//! Studies: what is known of their runs.

use std::path::PathBuf;

use nn4n::sweep::Results;
use pyo3::prelude::*;

use crate::{convert, waiting::work};

/// The runs of studies, run directories and checkpoints, one dictionary each.
#[pyfunction]
pub fn study(py: Python<'_>, paths: Vec<PathBuf>) -> PyResult<Bound<'_, PyAny>> {
    let found = work(py, |_| Results::read(&paths, &|_, _| ()))?;
    convert::to_python(py, &found.rows)
}
