//! Subspaces of activity: the angles between two, how much of the activity of one lies in the other, and what part of
//! it a projection between areas lets through.
//!
//! ```text
//! cos th_i = s_i(U_A U_B^T)                                 principal angles of planes with orthonormal rows U
//! A(A in B) = tr(U_B C_A U_B^T) / sum_{i <= k} l_i(C_A)     alignment index, in [0, 1]; not the same both ways
//! W = U diag(s) V^T                                         weights (to, from)
//! potent = tr(V_k^T C V_k) / tr C                           V_k: the first k right vectors of W; null: the rest
//! ```
//!
//! `C` is the covariance of activity and `U` its first `k` principal components. Angles below 45 degrees come from
//! their sine, since the cosine of a small angle says nothing of its last eight digits. The alignment index is compared
//! with that of random planes which are drawn with the covariance of both parts together: activity of few dimensions
//! aligns with itself by chance, where planes drawn evenly would give `k / N`. Potent spaces are compared with planes
//! drawn evenly, since weights could point anywhere.
//!
//! References: Elsayed et al. (2016), doi:10.1038/ncomms13239; Kaufman et al. (2014), doi:10.1038/nn.3643; Björck and
//! Golub (1973), doi:10.1090/S0025-5718-1973-0348991-3.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::{
    algebra::{self, centre, first, gaussian, gram, orthonormal, product, spectrum, squares, svd},
    pca::{cumulative, holding},
};
use crate::{AnalysisError, interruption::each};

/// Vectors that span less than this of a new direction, relative to the first, are combinations of the others.
const DEPENDENT: f64 = 1e-10;
/// The part of the variance, or of the squared weights, that a subspace holds unless its dimensions are given.
const HELD: f64 = 0.9;

/// What is drawn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// Dimensions of a subspace; `None` for the fewest that hold 90 % (of the part that needs fewer, of two).
    pub dimensions: Option<usize>,
    /// Random planes to compare with.
    pub draws: usize,
    /// Their seed.
    pub seed: u64,
}

/// A number beside that of random subspaces.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AgainstRandom {
    /// What was found.
    pub value: f64,
    /// The mean over random subspaces.
    pub random: f64,
    /// 2.5 % of them have less.
    pub random_low: f64,
    /// 2.5 % have more.
    pub random_high: f64,
    /// `(1 + those that are as low) / (1 + draws)`.
    pub p_low: f64,
    /// `(1 + those that are as high) / (1 + draws)`.
    pub p_high: f64,
}

/// Two subspaces of the activity of the same units.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Number of units.
    pub units: usize,
    /// Dimensions of both subspaces.
    pub dimensions: usize,
    /// The part of the variance that the subspace of each holds of its own activity.
    pub held: [f64; 2],
    /// The largest first.
    pub principal_angles_deg: Vec<f64>,
    /// How much of the activity of the first lies in the subspace of the second.
    pub first_in_second: AgainstRandom,
    /// And of the second in that of the first.
    pub second_in_first: AgainstRandom,
    /// What was asked for.
    pub settings: Settings,
    /// Orthonormal (2, dimensions, units), one after the other.
    #[serde(skip)]
    pub bases: [Array2<f64>; 2],
}

/// The potent space of a projection, of the dimensions whose activity reaches the target.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PotentSpace {
    /// Number of source units.
    pub units: usize,
    /// Number of target units.
    pub target_units: usize,
    /// Dimensions of the potent space; the null space has the other ones.
    pub dimensions: usize,
    /// The part of the squared weights that it holds.
    pub weights_held: f64,
    /// The largest first.
    pub singular_values: Vec<f64>,
    /// The part of the variance of the source that lies in it.
    pub variance: AgainstRandom,
    /// The most that a space of so many dimensions could hold: that of the first principal components.
    pub most: f64,
    /// What was asked for.
    pub settings: Settings,
    /// Orthonormal (dimensions, source units).
    #[serde(skip)]
    pub potent: Array2<f64>,
}

/// Angles between the spans of two sets of vectors (vectors, units), degrees, the largest first.
///
/// # Errors
/// If they are of different units, or a vector is a combination of the others of its set.
pub fn principal_angles(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Result<Vec<f64>, AnalysisError> {
    if a.ncols() != b.ncols() {
        let message = format!("is of {} units, but the other subspace is of {}", b.ncols(), a.ncols());
        return Err(AnalysisError::Shape { array: "subspace", message });
    }
    let (a, b) = (basis(a)?, basis(b)?);
    let (large, small) = if a.nrows() >= b.nrows() { (a, b) } else { (b, a) };
    let cosines = svd("the products of two bases", product(large.view(), small.t()).view())?.values;
    let within = product(product(small.view(), large.t()).view(), large.view());
    let sines = svd("the difference of two bases", (&small - &within).view())?.values;
    // The largest cosine belongs to the smallest sine.
    let pairs = cosines.iter().zip(sines.iter().rev());
    let angle = |(cosine, sine): (&f64, &f64)| {
        if cosine * cosine >= 0.5 { sine.clamp(-1.0, 1.0).asin() } else { cosine.clamp(-1.0, 1.0).acos() }
    };
    Ok(pairs.map(angle).map(f64::to_degrees).rev().collect())
}

/// `tr(U C U^T) / sum_{i <= k} l_i(C)` of a covariance (units, units) and an orthonormal basis (k, units).
///
/// # Errors
/// If there is no variance, or no eigenvalues are found.
pub fn alignment_index(covariance: &Array2<f64>, basis: ArrayView2<'_, f64>) -> Result<f64, AnalysisError> {
    let values = spectrum("a covariance", covariance.view())?.values;
    let most: f64 = values.iter().take(basis.nrows()).sum();
    if most <= 0.0 {
        return Err(AnalysisError::Trials("no unit varies, so that there is no subspace; look at the rates".into()));
    }
    Ok(held_by(covariance, basis) / most)
}

impl Comparison {
    /// Of two sets of states (states, units) of the same units.
    ///
    /// # Errors
    /// If the units differ, a set varies along fewer directions than are asked for, or nothing is drawn.
    pub fn of(
        first_states: &Array2<f64>,
        second_states: &Array2<f64>,
        settings: &Settings,
    ) -> Result<Self, AnalysisError> {
        check_draws(settings)?;
        let units = first_states.ncols();
        if second_states.ncols() != units {
            let message = format!("are of {} units, but those of the other set of {units}", second_states.ncols());
            return Err(AnalysisError::Shape { array: "states", message });
        }
        let covariances = [covariance(first_states)?, covariance(second_states)?];
        let [a, b] = &covariances;
        let spectra = [spectrum("the first covariance", a.view())?, spectrum("the second covariance", b.view())?];
        let ratios = spectra.each_ref().map(|of| ratios(&of.values));
        let dimensions =
            settings.dimensions.unwrap_or_else(|| ratios.iter().map(|of| holding(of, HELD)).min().unwrap_or(1));
        let rank = ratios.iter().map(|of| of.iter().filter(|part| **part > 1e-12).count()).min().unwrap_or(0);
        if dimensions == 0 || dimensions > rank {
            let rule = format!("must be 1 to {rank}, the directions along which both sets of states vary");
            return Err(AnalysisError::Setting { setting: "dimensions", value: dimensions.to_string(), rule });
        }
        let bases = spectra.each_ref().map(|of| first(&of.vectors, dimensions).to_owned());
        let together = spectrum("the covariance of both", (a + b).view())?;
        let planes = Planes { dimensions, stretch: stretched(&together) };
        let against = |covariance: &Array2<f64>, basis: &Array2<f64>, values: &[f64]| {
            let most: f64 = values[..dimensions].iter().sum();
            let random = planes.draw(settings, |plane| held_by(covariance, plane) / most)?;
            Ok::<_, AnalysisError>(AgainstRandom::of(held_by(covariance, basis.view()) / most, random))
        };
        Ok(Self {
            units,
            dimensions,
            held: ratios.each_ref().map(|of| of[..dimensions].iter().sum()),
            principal_angles_deg: principal_angles(bases[0].view(), bases[1].view())?,
            first_in_second: against(a, &bases[1], &spectra[0].values)?,
            second_in_first: against(b, &bases[0], &spectra[1].values)?,
            settings: settings.clone(),
            bases,
        })
    }
}

impl PotentSpace {
    /// Of weights (target units, source units) and states (states, source units) of the source.
    ///
    /// # Errors
    /// If the units differ, there are no weights or no variance, the space would hold every direction, or nothing is
    /// drawn.
    pub fn of(weights: &Array2<f64>, states: &Array2<f64>, settings: &Settings) -> Result<Self, AnalysisError> {
        check_draws(settings)?;
        let (target_units, units) = weights.dim();
        if states.ncols() != units {
            let message = format!("are of {} units, but the weights come from {units}", states.ncols());
            return Err(AnalysisError::Shape { array: "states", message });
        }
        if weights.iter().all(|weight| *weight == 0.0) {
            let message = "no weight of the projection differs from 0, so that it has no potent space; name another";
            return Err(AnalysisError::Trials(message.into()));
        }
        let found = svd("the weights of the projection", weights.view())?;
        let energies = ratios(&found.values.iter().map(|value| value * value).collect::<Vec<_>>());
        let dimensions = settings.dimensions.unwrap_or_else(|| holding(&energies, HELD));
        let rank = energies.iter().filter(|part| **part > 1e-12).count();
        if dimensions == 0 || dimensions > rank || dimensions >= units {
            let most = rank.min(units.saturating_sub(1));
            let rule = format!(
                "must be 1 to {most}: the weights have rank {rank}, and a space of all {units} directions of the \
                 source leaves no null space"
            );
            return Err(AnalysisError::Setting { setting: "dimensions", value: dimensions.to_string(), rule });
        }
        let potent = first(&found.right, dimensions).to_owned();
        let covariance = covariance(states)?;
        let all = covariance.diag().sum();
        let planes = Planes { dimensions, stretch: Array2::eye(units) };
        let random = planes.draw(settings, |plane| held_by(&covariance, plane) / all)?;
        let own = ratios(&spectrum("the covariance of the source", covariance.view())?.values);
        Ok(Self {
            units,
            target_units,
            dimensions,
            weights_held: cumulative(&energies)[dimensions - 1],
            singular_values: found.values,
            variance: AgainstRandom::of(held_by(&covariance, potent.view()) / all, random),
            most: cumulative(&own)[dimensions - 1],
            settings: settings.clone(),
            potent,
        })
    }
}

impl AgainstRandom {
    /// Of at least one draw.
    pub(super) fn of(value: f64, mut draws: Vec<f64>) -> Self {
        draws.sort_by(f64::total_cmp);
        let n = draws.len();
        let at = |part: f64| draws[((part * n as f64) as usize).min(n - 1)];
        let share = |count: usize| (1 + count) as f64 / (1 + n) as f64;
        Self {
            value,
            random: draws.iter().sum::<f64>() / n as f64,
            random_low: at(0.025),
            random_high: at(0.975),
            p_low: share(draws.iter().filter(|draw| **draw <= value).count()),
            p_high: share(draws.iter().filter(|draw| **draw >= value).count()),
        }
    }
}

/// Random planes: the span of `k` vectors `z S`, where `z` has independent Gaussian parts.
struct Planes {
    dimensions: usize,
    /// `S` (directions, units): a root of the covariance that the vectors have.
    stretch: Array2<f64>,
}

impl Planes {
    fn draw(
        &self,
        settings: &Settings,
        measure: impl Fn(ArrayView2<'_, f64>) -> f64 + Sync,
    ) -> Result<Vec<f64>, AnalysisError> {
        let one = |draw: usize| {
            let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
            rng.set_stream(draw as u64);
            let vectors = gaussian(&mut rng, (self.dimensions, self.stretch.nrows()));
            Ok(measure(orthonormal(product(vectors.view(), self.stretch.view()).view()).0.view()))
        };
        each(settings.draws, one)
    }
}

/// `diag(sqrt l) V`: a root of a covariance.
fn stretched(of: &algebra::Spectrum) -> Array2<f64> {
    let roots: Array1<f64> = of.values.iter().map(|value| value.max(0.0).sqrt()).collect();
    &of.vectors * &roots.insert_axis(Axis(1))
}

/// `tr(U C U^T)`.
fn held_by(covariance: &Array2<f64>, basis: ArrayView2<'_, f64>) -> f64 {
    (&product(basis, covariance.view()) * &basis).sum()
}

fn covariance(states: &Array2<f64>) -> Result<Array2<f64>, AnalysisError> {
    let mut states = states.clone();
    if states.nrows() < 2 {
        let message = format!("there are {} states, but a subspace needs two at least", states.nrows());
        return Err(AnalysisError::Trials(message));
    }
    centre(&mut states);
    if squares(states.iter()) <= 0.0 {
        return Err(AnalysisError::Trials("no unit varies, so that there is no subspace; look at the rates".into()));
    }
    Ok(gram(states.view()) / (states.nrows() - 1) as f64)
}

fn basis(vectors: ArrayView2<'_, f64>) -> Result<Array2<f64>, AnalysisError> {
    let (basis, factor) = orthonormal(vectors);
    let diagonal: Vec<f64> = factor.diag().iter().map(|value| value.abs()).collect();
    let largest = diagonal.iter().copied().fold(0.0, f64::max);
    let dependent = diagonal.iter().position(|value| *value <= DEPENDENT * largest);
    match dependent.or((basis.nrows() < vectors.nrows()).then_some(basis.nrows())) {
        Some(vector) => Err(AnalysisError::Shape {
            array: "subspace",
            message: format!("its vector {vector} is a combination of those before it; leave it out"),
        }),
        None => Ok(basis),
    }
}

fn ratios(values: &[f64]) -> Vec<f64> {
    let sum: f64 = values.iter().map(|value| value.max(0.0)).sum();
    values.iter().map(|value| value.max(0.0) / sum).collect()
}

fn check_draws(settings: &Settings) -> Result<(), AnalysisError> {
    match settings.draws {
        0 => Err(AnalysisError::Setting { setting: "draws", value: "0".into(), rule: "must be 1 at least".into() }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::geometry::test::gaussian as noise;

    const SETTINGS: Settings = Settings { dimensions: None, draws: 400, seed: 1 };

    #[test]
    fn angles_of_planes_that_share_a_line_are_30_and_0_degrees() {
        let (sin, cos) = 30f64.to_radians().sin_cos();
        let a = array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        let b = array![[1.0, 0.0, 0.0], [0.0, cos, sin]];
        let angles = principal_angles(a.view(), b.view()).unwrap();
        assert!((angles[0] - 30.0).abs() < 1e-10 && angles[1].abs() < 1e-10, "{angles:?}");
        // Any basis of the same planes, of any length.
        let other = array![[3.0, 0.0, 0.0], [1.0, 2.0 * cos, 2.0 * sin]];
        let again = principal_angles(other.view(), a.view()).unwrap();
        assert!(angles.iter().zip(&again).all(|(a, b)| (a - b).abs() < 1e-6), "{again:?}");
        let line = principal_angles(array![[0.0, 1.0, 0.0]].view(), b.view()).unwrap();
        assert!(line.len() == 1 && (line[0] - 30.0).abs() < 1e-10, "{line:?}");
    }

    #[test]
    fn a_tiny_angle_keeps_its_digits() {
        let tiny = 1e-9f64;
        let a = array![[1.0, 0.0, 0.0]];
        let b = array![[tiny.cos(), tiny.sin(), 0.0]];
        let angle = principal_angles(a.view(), b.view()).unwrap()[0].to_radians();
        assert!((angle / tiny - 1.0).abs() < 1e-6, "{angle}");
        let message = principal_angles(array![[1.0, 0.0], [2.0, 0.0]].view(), array![[1.0, 0.0]].view()).unwrap_err();
        assert!(message.to_string().contains("vector 1 is a combination"), "{message}");
        assert!(principal_angles(a.view(), array![[1.0]].view()).is_err());
    }

    #[test]
    fn the_alignment_index_is_half_one_or_nothing() {
        let a = Array2::from_diag(&array![4.0, 2.0, 1.0]);
        let of = |rows: &[usize]| Array2::from_shape_fn((rows.len(), 3), |(row, unit)| f64::from(rows[row] == unit));
        let index = |rows: &[usize]| alignment_index(&a, of(rows).view()).unwrap();
        // diag(1, 2, 4) has its first components along the last two units.
        assert!((index(&[2, 1]) - 0.5).abs() < 1e-15 && (index(&[2, 1, 0]) - 1.0).abs() < 1e-15);
        assert!((index(&[0, 1]) - 1.0).abs() < 1e-15);
        let flat = Array2::from_diag(&array![1.0, 0.0, 0.0]);
        assert!(alignment_index(&flat, of(&[1]).view()).unwrap().abs() < 1e-15);
        assert!(alignment_index(&Array2::zeros((3, 3)), of(&[1]).view()).is_err());
    }

    /// States with these standard deviations of the units.
    fn states(deviations: &[f64], seed: u64) -> Array2<f64> {
        &noise((400, deviations.len()), seed) * &Array1::from(deviations.to_vec())
    }

    #[test]
    fn orthogonal_activity_aligns_less_than_random_planes_and_the_same_more() {
        let a = states(&[3.0, 3.0, 0.1, 0.1, 0.1, 0.1], 1);
        let b = states(&[0.1, 0.1, 3.0, 3.0, 0.1, 0.1], 2);
        let apart = Comparison::of(&a, &b, &SETTINGS).unwrap();
        assert_eq!(apart.dimensions, 2);
        assert!(apart.first_in_second.value < 0.01 && apart.first_in_second.p_low < 0.02, "{apart:?}");
        assert!(apart.principal_angles_deg.iter().all(|angle| *angle > 80.0));
        let same = Comparison::of(&a, &states(&[3.0, 3.0, 0.1, 0.1, 0.1, 0.1], 3), &SETTINGS).unwrap();
        assert!(same.second_in_first.value > 0.99, "{same:?}");
        // Random planes are drawn with the covariance: they align with activity of two directions, too.
        assert!(same.first_in_second.random > 0.9 && apart.first_in_second.random < 0.7, "{same:?}");
        assert_eq!(Comparison::of(&a, &b, &SETTINGS).unwrap(), apart);
    }

    #[test]
    fn activity_in_the_null_space_of_weights_reaches_nothing() {
        // The first unit alone is read.
        let weights = array![[1.0, 0.0, 0.0, 0.0], [-2.0, 0.0, 0.0, 0.0]];
        let hidden = PotentSpace::of(&weights, &states(&[0.0, 1.0, 1.0, 1.0], 4), &SETTINGS).unwrap();
        assert!(hidden.variance.value < 1e-20 && hidden.dimensions == 1, "{hidden:?}");
        assert!((hidden.variance.random - 0.25).abs() < 0.05 && hidden.variance.p_low < 0.01, "{hidden:?}");
        assert!((hidden.singular_values[0] - 5f64.sqrt()).abs() < 1e-12 && (hidden.weights_held - 1.0).abs() < 1e-12);
        let seen = PotentSpace::of(&weights, &states(&[5.0, 1.0, 1.0, 1.0], 4), &SETTINGS).unwrap();
        assert!((seen.variance.value - 25.0 / 28.0).abs() < 0.05 && (seen.most - seen.variance.value).abs() < 0.01);
    }

    #[test]
    fn what_leaves_no_subspace_is_refused() {
        let a = states(&[1.0, 1.0], 1);
        let refusal = |settings: Settings| Comparison::of(&a, &a, &settings).unwrap_err().to_string();
        assert!(refusal(Settings { dimensions: Some(3), ..SETTINGS }).contains("dimensions = 3: must be 1 to 2"));
        assert!(refusal(Settings { draws: 0, ..SETTINGS }).contains("draws = 0"));
        let still = Comparison::of(&a, &Array2::ones((5, 2)), &SETTINGS).unwrap_err().to_string();
        assert!(still.contains("no unit varies"), "{still}");
        let all = PotentSpace::of(&Array2::eye(2), &a, &SETTINGS).unwrap_err().to_string();
        assert!(all.contains("leaves no null space"), "{all}");
        let none = PotentSpace::of(&Array2::zeros((2, 2)), &a, &SETTINGS).unwrap_err().to_string();
        assert!(none.contains("no weight"), "{none}");
    }
}
