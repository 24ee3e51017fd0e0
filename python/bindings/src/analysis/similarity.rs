//! How alike networks, areas, epochs and recordings are in what their units do.

use nn4n::{
    analysis::{
        Similarity,
        similarity::{
            Comparator, Dsa, DsaScore, MatchedParts, Matching, Measure, Part, RdmDistance, Representation, Settings,
            Shuffle,
        },
    },
    evaluate::{Compared, shared_variables},
    plot::{Figure, SimilarityMap, SimilarityMatrix},
};
use numpy::PyReadonlyArray3;
use pyo3::prelude::*;
use serde::Deserialize;

use super::{Activity, Found, geometry::steps_in_bin};
use crate::{
    convert,
    error::analysed,
    task::Task,
    waiting::{watch, work},
};

pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(similarity, module)?)?;
    module.add_function(wrap_pyfunction!(similarity_of_means, module)?)?;
    Ok(())
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    measure: String,
    by: Option<Vec<String>>,
    align: Option<String>,
    epochs: Vec<String>,
    bin_ms: f64,
    average_times: bool,
    folds: usize,
    regularisation: f64,
    variance: f64,
    rdm: String,
    compare: String,
    delays: Option<usize>,
    interval: usize,
    rank: Option<usize>,
    score: String,
    shuffles: usize,
    shuffle: String,
    seed: u64,
}

fn unknown<T>(name: &str, value: &str, known: &str) -> nn4n::Result<T> {
    Err(nn4n::Error::Figure { message: format!("{name} = '{value}': must be one of {known}") })
}

impl Options {
    fn measure(&self) -> nn4n::Result<Measure> {
        let find_rdm = || RdmDistance::ALL.into_iter().find(|known| known.tag() == self.rdm);
        let find_comparator = || Comparator::ALL.into_iter().find(|known| known.tag() == self.compare);
        Ok(match self.measure.as_str() {
            "cka" => Measure::Cka,
            "cka_debiased" => Measure::CkaDebiased,
            "cca" => Measure::Cca { regularisation: self.regularisation },
            "svcca" => Measure::Svcca { variance: self.variance },
            "pwcca" => Measure::Pwcca { variance: self.variance },
            "procrustes" => Measure::Procrustes,
            "angular" => Measure::Angular,
            "rsa" => Measure::Rsa {
                rdm: match find_rdm() {
                    Some(rdm) => rdm,
                    None => return unknown("rdm", &self.rdm, &RdmDistance::ALL.map(RdmDistance::tag).join(", ")),
                },
                compare: match find_comparator() {
                    Some(compare) => compare,
                    None => return unknown("compare", &self.compare, &Comparator::ALL.map(Comparator::tag).join(", ")),
                },
            },
            "dsa" => Measure::Dsa(Dsa {
                delays: self.delays,
                interval: self.interval,
                rank: self.rank,
                score: if self.score == "wasserstein" { DsaScore::Wasserstein } else { DsaScore::Angular },
                ..Dsa::default()
            }),
            other => {
                let known = "cka, cka_debiased, cca, svcca, pwcca, procrustes, angular, rsa, dsa";
                return unknown("measure", other, known);
            }
        })
    }

    fn settings(&self) -> Settings {
        let shuffle = if self.shuffle == "rows" { Shuffle::Rows } else { Shuffle::Conditions };
        Settings { shuffles: self.shuffles, shuffle, seed: self.seed }
    }

    fn matching(&self, by: Vec<String>) -> Matching {
        let is = |names: &[&str]| self.measure == "rsa" && names.contains(&self.rdm.as_str());
        Matching {
            by,
            average_times: self.average_times,
            folds: is(&["crossnobis"]).then_some(self.folds),
            noise: is(&["crossnobis", "mahalanobis"]),
        }
    }
}

fn result(py: Python<'_>, found: Similarity, label: String) -> PyResult<Found> {
    let other = found.clone();
    Ok(Found::of(py, &found)?
        .figure("matrix", move || SimilarityMatrix::of(&found, &label, "").svg())
        .figure("map", move || SimilarityMap::of(&other).svg()))
}

/// Of activity: each in each of the epochs, whose means over conditions are matched.
#[pyfunction]
fn similarity(
    py: Python<'_>,
    sources: Vec<(String, PyRef<'_, Activity>, Option<PyRef<'_, Task>>)>,
    options: &Bound<'_, PyAny>,
) -> PyResult<Found> {
    let options: Options = convert::from_python("options", options)?;
    let sources: Vec<_> = sources
        .iter()
        .map(|(name, source, task)| (name.as_str(), &source.activity, task.as_ref().map(|task| task.task.as_ref())))
        .collect();
    let (found, matched) = work(py, |stop| {
        let measure = options.measure()?;
        let mut parts = Vec::new();
        for &(name, activity, _) in &sources {
            let steps = steps_in_bin(options.bin_ms, activity.dt())?;
            if options.epochs.is_empty() {
                parts.push(Part::of(name, activity, options.align.as_deref(), steps).map_err(analysed)?);
            }
            for epoch in &options.epochs {
                let name = if sources.len() == 1 { epoch.clone() } else { format!("{name} {epoch}") };
                parts.push(Part::within(name, activity, epoch, steps).map_err(analysed)?);
            }
        }
        let compared = sources.iter().map(|&(name, activity, task)| Compared { name, trials: activity.trials(), task });
        let by = match &options.by {
            Some(by) => by.clone(),
            None => shared_variables(&compared.collect::<Vec<_>>()).map_err(analysed)?,
        };
        let matched = MatchedParts::of(&parts, &options.matching(by)).map_err(analysed)?;
        let representations = &matched.representations;
        let found = Similarity::of(representations, &measure, &options.settings(), &mut watch(stop));
        Ok((found.map_err(analysed)?, matched))
    })?;
    result(py, found, options.measure.clone())?
        .with(py, "conditions", &matched.conditions)?
        .with(py, "time_ms", &matched.time_ms)?
        .with(py, "parts", &matched.parts)
}

/// Of means (conditions, times, units) that match already.
#[pyfunction]
fn similarity_of_means(
    py: Python<'_>,
    means: Vec<(String, PyReadonlyArray3<'_, f64>)>,
    options: &Bound<'_, PyAny>,
) -> PyResult<Found> {
    let options: Options = convert::from_python("options", options)?;
    let all: Vec<Representation> =
        means.into_iter().map(|(name, means)| Representation::new(name, means.as_array().to_owned())).collect();
    let found = work(py, |stop| {
        Similarity::of(&all, &options.measure()?, &options.settings(), &mut watch(stop)).map_err(analysed)
    })?;
    result(py, found, options.measure)
}
