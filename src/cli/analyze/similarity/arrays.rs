//! The arrays of a comparison, as they are saved.

use anyhow::Result;
use ndarray::{Array1, Array2, Array3, Axis};
use nn4n_analysis::{Similarity, similarity::MatchedParts};
use nn4n_tasks::Labels;

use crate::cli::analyze::answer::{Arrays, rows};

pub(super) fn arrays(file: Arrays, found: &Similarity, matched: &MatchedParts) -> Result<Arrays> {
    let square = |values: &[Vec<f64>]| rows(values.iter().map(Vec::as_slice));
    let mut file = file
        .labels("names", &Labels::Words(found.names.clone()))?
        .axes(["compared"])
        .array("matrix", &square(&found.matrix))?
        .axes(["compared", "compared"])
        .array("map", &Array2::from_shape_fn((found.map.places.len(), 2), |(i, axis)| found.map.places[i][axis]))?
        .axes(["compared", "axes of the map"])
        .array("time_ms", &Array1::from(matched.time_ms.clone()))?
        .axes(["times"])
        .unit("ms");
    if let Some(control) = &found.control {
        let known = |values: &[Vec<Option<f64>>]| {
            let values: Vec<Vec<f64>> =
                values.iter().map(|row| row.iter().map(|value| value.unwrap_or(f64::NAN)).collect()).collect();
            square(&values)
        };
        file = file
            .array("chance_mean", &known(&control.mean))?
            .axes(["compared", "compared"])
            .array("chance_extreme", &known(&control.extreme))?
            .axes(["compared", "compared"])
            .array("p", &known(&control.p))?
            .axes(["compared", "compared"]);
    }
    if !found.rdms.is_empty() {
        file = file
            .array("rdm", &rows(found.rdms.iter().map(|rdm| rdm.values.as_slice())))?
            .axes(["compared", "pairs of conditions"]);
    }
    if let Some(dynamics) = &found.dynamics {
        let maps: Vec<_> = dynamics.maps.iter().map(|map| map.view()).collect();
        let maps: Array3<f64> = ndarray::stack(Axis(0), &maps)?;
        file = file.array("dynamics", &maps)?.axes(["compared", "to", "from"]);
    }
    for (place, representation) in matched.representations.iter().enumerate() {
        file = file.array(&format!("means_{place}"), &representation.means)?.axes(["conditions", "times", "units"]);
    }
    Ok(file)
}
