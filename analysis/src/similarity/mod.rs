//! How alike networks, areas, epochs or recordings are in what their units do, whatever the units are.
//!
//! ```text
//! X (n, p), Y (n, q): the same n samples, each the mean of a condition at a time, of p and q units; columns centred
//! ```
//!
//! | measure | knows not | 1 less chance | module |
//! |---|---|---|---|
//! | linear CKA, debiased CKA | rotation, scale | debiased | `kernel` |
//! | CCA, SVCCA, PWCCA | any linear map | shuffled samples | `canonical` |
//! | Procrustes | rotation | shuffled samples | `procrustes` |
//! | angular distance | rotation, scale | shuffled samples | `procrustes` |
//! | RSA | as its distances | crossnobis; shuffled patterns | `rdm`, `comparator` |
//! | DSA | coordinates of the state | halves of the trials, the identity | `dynamics`, `held_out`, `conjugation` |
//!
//! Rows of different sources are matched by condition and time ([`MatchedParts`]). The control of a value is the same
//! after the samples of one side were shuffled: single samples, or whole conditions, which keeps the course of time
//! that all conditions share.

mod assignment;
mod canonical;
mod ceiling;
mod comparator;
mod conjugation;
mod dynamics;
mod factor;
mod held_out;
mod kernel;
mod matched;
mod noise;
mod procrustes;
mod rdm;
mod scaling;

use std::{f64::consts::PI, ops::ControlFlow};

use ndarray::{Array2, Array3};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use canonical::{Canonical, canonical_correlations};
pub use ceiling::NoiseCeiling;
pub use comparator::Comparator;
pub use conjugation::{Conjugation, conjugation};
pub use dynamics::{Dsa, DsaScore, angle_to_identity, wasserstein};
pub use held_out::{DelaysError, RankError};
pub use kernel::{cka, cka_debiased};
pub use matched::{MatchedParts, Matching, Part, Representation, Used};
pub use noise::{Noise, inverse_root};
pub use procrustes::{angular, procrustes};
pub use rdm::{Rdm, RdmDistance};
pub use scaling::Map;

use self::{canonical::Whitened, comparator::Compared, held_out::Chosen, kernel::Kernel, procrustes::Shape};
use crate::{AnalysisError, interruption::each};

/// Rows of an RDM at most: its distances are half the square of them.
const MOST_PATTERNS: usize = 2000;
/// Of the shuffles, the part that is as alike as the value that stands beside the mean.
const EXTREME: f64 = 0.05;

/// How alike two sets of units are, or how far apart.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Linear centred kernel alignment.
    Cka,
    /// The same without its bias.
    CkaDebiased,
    /// The mean square of the canonical correlations.
    Cca {
        /// Added to the variance of each unit, as a part of the mean variance; 0 is none.
        regularisation: f64,
    },
    /// The mean canonical correlation of leading components.
    Svcca {
        /// The fraction of the variance that they have.
        variance: f64,
    },
    /// The mean canonical correlation weighted by what the directions carry.
    Pwcca {
        /// The fraction of the variance of the components that are kept.
        variance: f64,
    },
    /// What is left after a rotation.
    Procrustes,
    /// The angle that is left after a rotation, rad.
    Angular,
    /// Comparison of distances between patterns.
    Rsa {
        /// The distance.
        rdm: RdmDistance,
        /// How two sets of distances are compared.
        compare: Comparator,
    },
    /// Comparison of dynamics.
    Dsa(Dsa),
}

/// What is shuffled for the control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shuffle {
    /// Samples, one by one.
    Rows,
    /// Conditions with all their times.
    Conditions,
}

/// How the control is made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// Shuffles for each pair; 0 for none.
    pub shuffles: usize,
    /// What is shuffled.
    pub shuffle: Shuffle,
    /// Of the shuffles, and of the starts of searches.
    pub seed: u64,
}

/// All against all.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Similarity {
    /// The measure, as it is called.
    pub measure: &'static str,
    /// Whether larger values are farther apart.
    pub is_distance: bool,
    /// What is compared.
    pub names: Vec<String>,
    /// A value for each two, in the order of the names; symmetric.
    pub matrix: Vec<Vec<f64>>,
    /// The same of shuffled samples, where that is a control.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
    /// Directions of each that are correlated, of CCA and its kin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<Vec<usize>>,
    /// What DSA found of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dynamics: Option<Dynamics>,
    /// What distances on the map are: `distance`, or `arccos of the similarity`.
    pub map_of: &'static str,
    /// Places in a plane.
    pub map: Map,
    /// The RDM of each.
    #[serde(skip)]
    pub rdms: Vec<Rdm>,
}

/// What chance gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Control {
    /// What was shuffled.
    pub shuffle: Shuffle,
    /// How often.
    pub shuffles: usize,
    /// The mean over shuffles for each two; `null` of one with itself.
    pub mean: Vec<Vec<Option<f64>>>,
    /// What 5 % of the shuffles are as alike as, or more.
    pub extreme: Vec<Vec<Option<f64>>>,
    /// (1 + shuffles that are as alike, or more) / (1 + shuffles).
    pub p: Vec<Vec<Option<f64>>>,
}

/// The dynamics of all that is compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dynamics {
    /// How many states are joined, 1 for the present one alone.
    pub delays: usize,
    /// The held-out error of each number of delays that was tried; empty where it was given.
    pub delays_held_out: Vec<DelaysError>,
    /// The rank of all maps.
    pub rank: usize,
    /// The held-out error of each rank, or of the one that was given; empty where the delays were given too.
    pub held_out: Vec<RankError>,
    /// The angle of each map to the identity, rad: distances that are not much smaller than it mean something.
    pub to_identity: Vec<f64>,
    /// The distance between the halves of the trials of each: what is no more than it is noise.
    pub between_halves: Vec<Option<f64>>,
    /// For each two the largest less the smallest angle that the starts of the search led to, rad.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<Vec<Vec<f64>>>,
    /// For each two the starts that led to the smallest angle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_to_best: Option<Vec<Vec<usize>>>,
    /// The eigenvalues of each map, per bin.
    pub eigenvalues: Vec<Vec<crate::linear::Complex>>,
    /// The map of each (rank, rank).
    #[serde(skip)]
    pub maps: Vec<Array2<f64>>,
}

/// What a measure makes of one set of units, once.
enum Prepared {
    Kernel(Kernel),
    Whitened(Whitened),
    Shape(Shape),
    Compared(Compared),
}

impl Measure {
    /// As it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cka => "cka",
            Self::CkaDebiased => "cka-debiased",
            Self::Cca { .. } => "cca",
            Self::Svcca { .. } => "svcca",
            Self::Pwcca { .. } => "pwcca",
            Self::Procrustes => "procrustes",
            Self::Angular => "angular",
            Self::Rsa { .. } => "rsa",
            Self::Dsa(_) => "dsa",
        }
    }

    /// Whether larger values are farther apart.
    pub fn is_distance(&self) -> bool {
        matches!(self, Self::Procrustes | Self::Angular | Self::Dsa(_))
    }

    fn prepare(&self, of: &Representation) -> Result<(Prepared, Option<Rdm>), AnalysisError> {
        let rows = || of.rows();
        let whiten = |variance, regularisation| -> Result<Prepared, AnalysisError> {
            Ok(Prepared::Whitened(Canonical { variance, regularisation }.whiten(rows().view())?))
        };
        let prepared = match self {
            Self::Cka => Prepared::Kernel(Kernel::of(rows().view(), false)?),
            Self::CkaDebiased => Prepared::Kernel(Kernel::of(rows().view(), true)?),
            Self::Cca { regularisation } => whiten(1.0, *regularisation)?,
            Self::Svcca { variance } | Self::Pwcca { variance } => whiten(*variance, 0.0)?,
            Self::Procrustes => Prepared::Shape(Shape::of(rows().view(), false)?),
            // Dynamics are compared elsewhere.
            Self::Angular | Self::Dsa(_) => Prepared::Shape(Shape::of(rows().view(), true)?),
            Self::Rsa { rdm, compare } => {
                let rdm = distances(of, *rdm)?;
                return Ok((Prepared::Compared(compare.prepare(&rdm)?), Some(rdm)));
            }
        };
        Ok((prepared, None))
    }

    fn between(&self, a: &Prepared, b: &Prepared, order: Option<&[usize]>) -> Result<f64, AnalysisError> {
        match (a, b) {
            (Prepared::Kernel(a), Prepared::Kernel(b)) => a.alignment(b, order),
            (Prepared::Whitened(a), Prepared::Whitened(b)) => match self {
                Self::Svcca { .. } => a.mean(b, order),
                Self::Pwcca { .. } => a.weighted(b, order),
                _ => a.mean_square(b, order),
            },
            (Prepared::Shape(a), Prepared::Shape(b)) => match self {
                Self::Procrustes => a.distance(b, order),
                _ => a.angle(b, order),
            },
            (Prepared::Compared(a), Prepared::Compared(b)) => a.with(b, order),
            _ => Err(AnalysisError::Shape { array: "rows", message: "must be prepared for one measure".into() }),
        }
    }
}

/// The RDM of the rows of one set of units.
fn distances(of: &Representation, distance: RdmDistance) -> Result<Rdm, AnalysisError> {
    let rows = of.rows();
    if rows.nrows() > MOST_PATTERNS {
        let message = format!(
            "are {}, but an RDM is of {MOST_PATTERNS} at most; take wider bins (--bin), one row for each condition \
             (--average-times), or fewer conditions",
            rows.nrows()
        );
        return Err(AnalysisError::Shape { array: "patterns", message });
    }
    let whitening = || {
        let missing =
            || AnalysisError::Trials("the noise of trials is not known; ask for it when parts are matched".into());
        of.noise.as_ref().map(|noise| &noise.whitening).ok_or_else(missing)
    };
    match distance {
        RdmDistance::Euclidean => Rdm::euclidean(rows.view()),
        RdmDistance::Correlation => Rdm::correlation(rows.view()),
        RdmDistance::Mahalanobis => Rdm::mahalanobis(rows.view(), whitening()?),
        RdmDistance::Crossnobis => {
            let folds: Vec<Array2<f64>> = of.folds.iter().map(matched::rows).collect();
            Rdm::crossnobis(&folds, whitening()?)
        }
        RdmDistance::Poisson => Rdm::poisson(rows.view()),
    }
}

impl Similarity {
    /// All against all. `watch` is told how many pairs are done.
    ///
    /// # Errors
    /// If there are fewer than two, they are not matched, the measure refuses one or two of them, or `watch` ends it.
    pub fn of(
        all: &[Representation],
        measure: &Measure,
        settings: &Settings,
        watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Self, AnalysisError> {
        if all.len() < 2 {
            let message = format!("{} is named, but two are compared at least; name another", all.len());
            return Err(AnalysisError::Trials(message));
        }
        let names: Vec<String> = all.iter().map(|of| of.name.clone()).collect();
        let mut found = match measure {
            Measure::Dsa(dsa) => by_dynamics(all, dsa, settings.seed, watch)?,
            _ => by_rows(all, measure, settings, watch)?,
        };
        found.names = names;
        let place = |value: f64| if found.is_distance { value } else { value.clamp(-1.0, 1.0).acos() };
        // Of an RDM with ties rho-a and tau-a are not 1, but it lies where it lies.
        let distances =
            Array2::from_shape_fn(
                (all.len(), all.len()),
                |(i, j)| {
                    if i == j { 0.0 } else { place(found.matrix[i][j]) }
                },
            );
        found.map = Map::of(&distances)?;
        Ok(found)
    }

    fn empty(measure: &Measure) -> Self {
        let is_distance = measure.is_distance();
        Self {
            measure: measure.name(),
            is_distance,
            names: Vec::new(),
            matrix: Vec::new(),
            control: None,
            dimensions: None,
            dynamics: None,
            map_of: if is_distance { "distance" } else { "arccos of the similarity" },
            map: Map { places: Vec::new(), variance: 0.0, stress: 0.0 },
            rdms: Vec::new(),
        }
    }
}

/// Says of which an error is.
fn of_one<T>(name: &str, found: Result<T, AnalysisError>) -> Result<T, AnalysisError> {
    found.map_err(|error| AnalysisError::Trials(format!("{name}: {error}")))
}

fn of_two<T>(a: &str, b: &str, found: Result<T, AnalysisError>) -> Result<T, AnalysisError> {
    found.map_err(|error| AnalysisError::Trials(format!("{a} and {b}: {error}")))
}

/// All pairs, each with itself first.
fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |i| (i..n).map(move |j| (i, j)))
}

fn told(watch: &mut dyn FnMut(usize) -> ControlFlow<()>, done: usize) -> Result<(), AnalysisError> {
    match watch(done) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(AnalysisError::Trials("the comparison was ended before all was done".into())),
    }
}

fn by_rows(
    all: &[Representation],
    measure: &Measure,
    settings: &Settings,
    watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Similarity, AnalysisError> {
    let prepare = |of: &Representation| of_one(&of.name, measure.prepare(of));
    let (prepared, rdms): (Vec<Prepared>, Vec<Option<Rdm>>) =
        all.par_iter().map(prepare).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    let n = all.len();
    let mut found = Similarity::empty(measure);
    found.matrix = vec![vec![0.0; n]; n];
    let none = || vec![vec![None; n]; n];
    let mut control =
        Control { shuffle: settings.shuffle, shuffles: settings.shuffles, mean: none(), extreme: none(), p: none() };
    let shuffled = Shuffled::of(&all[0], settings)?;
    for (done, (i, j)) in pairs(n).enumerate() {
        let of_pair = |order: Option<&[usize]>| {
            of_two(&all[i].name, &all[j].name, measure.between(&prepared[i], &prepared[j], order))
        };
        let value = of_pair(None)?;
        (found.matrix[i][j], found.matrix[j][i]) = (value, value);
        if i != j && settings.shuffles > 0 {
            let null: Vec<f64> = each(settings.shuffles, |shuffle| {
                of_pair(Some(&shuffled.order((done * settings.shuffles + shuffle) as u64)))
            })?;
            control.note((i, j), value, null, found.is_distance);
        }
        told(watch, done + 1)?;
    }
    found.control = (settings.shuffles > 0).then_some(control);
    found.rdms = rdms.into_iter().flatten().collect();
    let dimensions = |prepared: &Prepared| match prepared {
        Prepared::Whitened(whitened) => Some(whitened.dimensions()),
        _ => None,
    };
    found.dimensions = prepared.iter().map(dimensions).collect();
    Ok(found)
}

/// Orders of the samples.
struct Shuffled {
    conditions: usize,
    times: usize,
    shuffle: Shuffle,
    seed: u64,
}

impl Shuffled {
    fn of(first: &Representation, settings: &Settings) -> Result<Self, AnalysisError> {
        let (conditions, times, _) = first.means.dim();
        if settings.shuffles > 0 && settings.shuffle == Shuffle::Conditions && conditions < 3 {
            let message = format!(
                "{conditions} conditions cannot be shuffled so that it says something; shuffle rows (--shuffle rows), \
                 or compare by more variables (--by)"
            );
            return Err(AnalysisError::Trials(message));
        }
        Ok(Self { conditions, times, shuffle: settings.shuffle, seed: settings.seed })
    }

    fn order(&self, stream: u64) -> Vec<usize> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(stream);
        match self.shuffle {
            Shuffle::Rows => {
                let mut order: Vec<usize> = (0..self.conditions * self.times).collect();
                order.shuffle(&mut rng);
                order
            }
            Shuffle::Conditions => {
                let mut order: Vec<usize> = (0..self.conditions).collect();
                order.shuffle(&mut rng);
                let times = |condition: usize| (0..self.times).map(move |time| condition * self.times + time);
                order.into_iter().flat_map(times).collect()
            }
        }
    }
}

impl Control {
    fn note(&mut self, (i, j): (usize, usize), value: f64, mut null: Vec<f64>, is_distance: bool) {
        let n = null.len() as f64;
        let mean = null.iter().sum::<f64>() / n;
        // The most alike first.
        null.sort_by(|a, b| if is_distance { a.total_cmp(b) } else { b.total_cmp(a) });
        let as_alike =
            null.iter().filter(|shuffled| if is_distance { **shuffled <= value } else { **shuffled >= value });
        let p = (1.0 + as_alike.count() as f64) / (1.0 + n);
        let extreme = null[((EXTREME * n).ceil() as usize).clamp(1, null.len()) - 1];
        for (i, j) in [(i, j), (j, i)] {
            (self.mean[i][j], self.extreme[i][j], self.p[i][j]) = (Some(mean), Some(extreme), Some(p));
        }
    }
}

fn by_dynamics(
    all: &[Representation],
    dsa: &Dsa,
    seed: u64,
    watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Similarity, AnalysisError> {
    let Chosen { delays, rank, of_delays, of_ranks } = dsa.choose(all)?;
    let map = |means: &Array3<f64>| dsa.map(&dsa.embed(means, delays)?, rank);
    let maps = all.par_iter().map(|of| of_one(&of.name, map(&of.means))).collect::<Result<Vec<_>, _>>()?;
    let n = all.len();
    let mut found = Similarity::empty(&Measure::Dsa(dsa.clone()));
    found.matrix = vec![vec![0.0; n]; n];
    let (mut spread, mut starts) = (vec![vec![0.0; n]; n], vec![vec![dsa.starts; n]; n]);
    for (done, (i, j)) in pairs(n).enumerate() {
        // A map is itself: there is nothing to search for.
        if i != j {
            let compared = of_two(&all[i].name, &all[j].name, between_maps(&maps[i], &maps[j], dsa, seed))?;
            for (i, j) in [(i, j), (j, i)] {
                (found.matrix[i][j], spread[i][j], starts[i][j]) =
                    (compared.distance, compared.spread, compared.to_best);
            }
        }
        told(watch, done + 1)?;
    }
    let halves = |of: &Representation| match &of.folds[..] {
        [first, second] => {
            of_one(&of.name, between_maps(&map(first)?, &map(second)?, dsa, seed)).map(|found| Some(found.distance))
        }
        _ => Ok(None),
    };
    let is_angular = dsa.score == DsaScore::Angular;
    found.dynamics = Some(Dynamics {
        delays,
        delays_held_out: of_delays,
        rank,
        held_out: of_ranks,
        to_identity: maps.iter().map(angle_to_identity).collect(),
        between_halves: all.iter().map(halves).collect::<Result<Vec<_>, _>>()?,
        spread: is_angular.then_some(spread),
        starts_to_best: is_angular.then_some(starts),
        eigenvalues: maps
            .iter()
            .map(|map| crate::linear::eigenvalues("dynamics", map))
            .collect::<Result<Vec<_>, _>>()?,
        maps,
    });
    Ok(found)
}

/// The distance of two maps, and how the search went.
struct Apart {
    distance: f64,
    spread: f64,
    to_best: usize,
}

/// Angles that are no more apart are one.
const SAME_ANGLE: f64 = 1e-4 * PI;

fn between_maps(a: &Array2<f64>, b: &Array2<f64>, dsa: &Dsa, seed: u64) -> Result<Apart, AnalysisError> {
    if dsa.score == DsaScore::Wasserstein {
        return Ok(Apart { distance: wasserstein(a, b)?, spread: 0.0, to_best: 0 });
    }
    let found = conjugation(a, b, dsa.starts, seed)?;
    let largest = found.angles.iter().fold(0.0, |most: f64, angle| most.max(*angle));
    Ok(Apart {
        distance: found.angle,
        spread: largest - found.angle,
        to_best: found.angles.iter().filter(|angle| **angle <= found.angle + SAME_ANGLE).count(),
    })
}

#[cfg(test)]
mod tests;
