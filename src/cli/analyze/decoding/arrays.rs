//! The arrays of what is decoded, as they are saved.

use anyhow::Result;
use ndarray::{Array1, Array2};
use nn4n_analysis::Decoding;

use crate::cli::analyze::answer::Arrays;

pub(super) fn arrays(file: Arrays, found: &Decoding) -> Result<Arrays> {
    let list = |values: &[f64]| Array1::from(values.to_vec());
    let trials: Array1<i64> = found.trials.iter().map(|n| *n as i64).collect();
    let mut file = file
        .array("time_ms", &list(&found.time_ms))?
        .axes(["bins"])
        .unit("ms")
        .array("trials", &trials)?
        .axes(["bins"])
        .unit("trials");
    for (prefix, course) in [("", Some(&found.course)), ("sign_", found.sign.as_ref())] {
        let Some(course) = course else { continue };
        for (name, values) in [
            ("value", &course.value),
            ("low", &course.low),
            ("high", &course.high),
            ("chance", &course.chance),
            ("p", &course.p),
            ("p_corrected", &course.p_corrected),
        ] {
            file = file.array(&format!("{prefix}{name}"), &list(values))?.axes(["bins"]);
        }
        let each = if found.interval_over == "networks" { "networks" } else { "folds" };
        let arrays: [(&str, &Array2<f64>); 2] = [(each, &course.each), ("shuffles", &course.null)];
        for (name, array) in arrays {
            file = file.array(&format!("{prefix}{name}"), array)?.axes([name, "bins"]);
        }
    }
    if !found.weights.is_empty() {
        file = file
            .array("weights", &found.weights)?
            .axes(["bins", "functions", "units"])
            .array("intercepts", &found.intercepts)?
            .axes(["bins", "functions"])
            .array("patterns", &found.patterns)?
            .axes(["bins", "functions", "units"]);
    }
    if let Some(cross) = &found.cross_temporal {
        file = file.array("cross_temporal", &cross.matrix)?.axes(["training bins", "test bins"]);
    }
    Ok(file)
}
