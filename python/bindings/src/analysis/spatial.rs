//! Where in space units are active, and whether that changes.

use nn4n::{
    analysis::{
        RateMaps, Remapping, RemappingMatrix,
        spatial::{Bins, units},
    },
    plot::{Figure, RemappingFigure},
};
use pyo3::{exceptions::PyValueError, prelude::*};
use serde::{Deserialize, Serialize};

use super::{Activity, Found};
use crate::{
    convert,
    error::analysed,
    waiting::{watch, work},
};

pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(rate_maps, module)?)?;
    module.add_function(wrap_pyfunction!(remapping, module)?)?;
    module.add_function(wrap_pyfunction!(remapping_matrix, module)?)?;
    Ok(())
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    bins: usize,
    bin_size: Option<f64>,
    arena: Option<Vec<(f64, f64)>>,
    smooth: f64,
    shuffles: usize,
    min_shift_ms: Option<f64>,
    field_threshold: f64,
    field_bins: Option<usize>,
    least: f64,
    from_lowest: bool,
    seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        let standard = units::Settings::default();
        Self {
            bins: 30,
            bin_size: None,
            arena: None,
            smooth: standard.smooth,
            shuffles: standard.shuffles,
            min_shift_ms: None,
            field_threshold: standard.field_threshold,
            field_bins: None,
            least: standard.least,
            from_lowest: standard.from_lowest,
            seed: 0,
        }
    }
}

fn settings(options: &Bound<'_, PyAny>) -> PyResult<units::Settings> {
    let options: Options = convert::from_python("options", options)?;
    if options.bins == 0 {
        return Err(PyValueError::new_err("bins = 0: must be at least 1"));
    }
    Ok(units::Settings {
        bins: options.bin_size.map_or(Bins::Count(options.bins), Bins::Side),
        arena: options.arena,
        smooth: options.smooth,
        shuffles: options.shuffles,
        min_shift: options.min_shift_ms,
        field_threshold: options.field_threshold,
        field_bins: options.field_bins,
        least: options.least,
        from_lowest: options.from_lowest,
        seed: options.seed,
    })
}

#[pyfunction]
fn rate_maps(py: Python<'_>, activity: &Activity, options: &Bound<'_, PyAny>) -> PyResult<Found> {
    let settings = settings(options)?;
    let found = work(py, |stop| RateMaps::of(&activity.activity, &settings, &mut watch(stop)).map_err(analysed))?;
    let result = Found::of(py, &found)?
        .array(py, "occupancy", &found.occupancy)?
        .array(py, "maps", &found.maps)?
        .array(py, "null_information", &found.null_information)?;
    match &found.autocorrelograms {
        Some(all) => result.array(py, "autocorrelograms", all),
        None => Ok(result),
    }
}

#[pyfunction]
fn remapping(py: Python<'_>, a: &Activity, b: &Activity, options: &Bound<'_, PyAny>) -> PyResult<Found> {
    let settings = settings(options)?;
    let found = work(py, |_| Remapping::of(&a.activity, &b.activity, &settings).map_err(analysed))?;
    Ok(Found::of(py, &found)?
        .array(py, "of_bins", &found.of_bins)?
        .array(py, "maps_a", &found.maps_a)?
        .array(py, "maps_b", &found.maps_b)?
        .figure("remapping", move || RemappingFigure::of(&found).svg()))
}

#[derive(Serialize)]
struct Named {
    names: Vec<String>,
    #[serde(flatten)]
    found: RemappingMatrix,
}

#[pyfunction]
fn remapping_matrix(
    py: Python<'_>,
    sources: Vec<(String, PyRef<'_, Activity>)>,
    options: &Bound<'_, PyAny>,
) -> PyResult<Found> {
    let settings = settings(options)?;
    let (names, sources): (Vec<String>, Vec<_>) =
        sources.iter().map(|(name, source)| (name.clone(), &source.activity)).unzip();
    let found = work(py, |_| RemappingMatrix::of(&sources, &settings).map_err(analysed))?;
    let [vectors, places] = found.arrays();
    let named = Named { names, found };
    Found::of(py, &named)?.array(py, "population_vector", &vectors)?.array(py, "place", &places)?.array(
        py,
        "maps",
        &named.found.maps,
    )
}
