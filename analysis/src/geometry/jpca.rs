//! jPCA: rotations that the activity of different conditions has in common.
//!
//! ```text
//! y = r / (range + 5 % of the largest range)                       soft normalisation, unit by unit
//! x = V^T (y - mean over conditions at each time)                  V: the first k principal components
//! dx_t = x_{t+1} - x_t = M x_t + e                                 M = -M^T of least squares
//! M C + C M = K - K^T,   C = sum x x^T,  K = sum dx x^T            in closed form in the eigenvectors of C
//! R2 = 1 - |dx - M x|^2 / |dx|^2                                   the same of any M: K C^-1
//! ```
//!
//! Eigenvalues of `M` are pairs `+- i w`, each with a plane; planes come in the order of `w`, turned so that states at
//! the first time spread along x, and activity rotates anticlockwise. A rotation by the angle `th` at each step has
//! `w = sin th`, since differences look ahead.
//!
//! To remove the mean over conditions makes rotations of time-lagged copies of one response. So the `R2` is compared
//! with that of surrogates of maximum entropy that keep the means and covariances across conditions, times and units
//! ([`surrogates`](super::surrogates)).
//!
//! References: Churchland et al. (2012), doi:10.1038/nature11129; Elsayed and Cunningham (2017), doi:10.1038/nn.4617.

use std::ops::ControlFlow;

use ndarray::{Array1, Array2, Array3, Axis, s};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::{
    algebra::{self, Spectrum, gram, product, spectrum, squares},
    each,
    pca::{self, Normalization},
    subspaces::AgainstRandom,
    surrogates::MaximumEntropy,
};
use crate::{AnalysisError, linear::Factors};

/// Components with less than this part of the variance hold nothing.
const NOTHING: f64 = 1e-12;
/// Planes that turn less than this part of the fastest do not turn.
const STILL: f64 = 1e-9;

/// What is computed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// Principal components, an even number.
    pub components: usize,
    /// How units are made comparable.
    pub normalization: Normalization,
    /// Surrogates to compare with; may be 0.
    pub surrogates: usize,
    /// Their seed.
    pub seed: u64,
}

/// Planes in which activity rotates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Jpca {
    /// Number of units.
    pub units: usize,
    /// Number of conditions.
    pub conditions: usize,
    /// The part of the variance over conditions that the principal components hold.
    pub components_variance: f64,
    /// Of the skew-symmetric fit.
    pub r2_skew: f64,
    /// Of the fit by any matrix.
    pub r2_full: f64,
    /// The fastest first.
    pub planes: Vec<Plane>,
    /// `r2_skew` beside that of surrogates; `null` without.
    pub surrogates: Option<AgainstRandom>,
    /// `r2_skew / r2_full` beside that of surrogates; `null` without.
    pub surrogates_ratio: Option<AgainstRandom>,
    /// What was asked for.
    pub settings: Settings,
    /// Orthonormal, two for each plane (2 planes, units), of units that are normalised.
    #[serde(skip)]
    pub axes: Array2<f64>,
    /// (conditions, times, 2 planes)
    #[serde(skip)]
    pub projections: Array3<f64>,
    /// The skew-symmetric matrix in the principal components (components, components).
    #[serde(skip)]
    pub matrix: Array2<f64>,
}

/// A plane in which activity rotates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plane {
    /// `w`, of a step.
    pub radians_per_step: f64,
    /// `w / (2 pi dt)`.
    pub frequency_hz: f64,
    /// Its part of the variance over conditions.
    pub variance: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { components: 6, normalization: Normalization::Soft, surrogates: 100, seed: 0 }
    }
}

impl Jpca {
    /// Of means over conditions (conditions, times, units) at steps of `dt` ms. `watch` is told how many surrogates are
    /// done, and may end the work.
    ///
    /// # Errors
    /// If there are fewer than three conditions or times, the components are not even or more than the directions along
    /// which means vary, no surrogates are found, or the work was ended.
    pub fn of(
        means: &Array3<f64>,
        dt: f64,
        settings: &Settings,
        watch: &mut (dyn FnMut(usize) -> ControlFlow<()> + Send),
    ) -> Result<Self, AnalysisError> {
        check(means, settings)?;
        let (conditions, times, units) = means.dim();
        let rows = rows(means);
        let scaled = &rows / &pca::scale(&rows, settings.normalization);
        let tensor = tensor(&scaled, conditions);
        let fit = Fit::of(&tensor, settings.components)?;
        let (mut planes, mut axes) = (Vec::new(), Vec::new());
        let total = squares(fit.states.iter()) / fit.variance;
        let first_states = fit.states.slice(s![..;times, ..]).to_owned();
        for (speed, [u, v]) in fit.planes() {
            let [u, v] = turned(&first_states, &u, &v);
            let along = |axis: &Array1<f64>| squares(fit.states.dot(axis).iter());
            planes.push(Plane {
                radians_per_step: speed,
                frequency_hz: 1000.0 * speed / (std::f64::consts::TAU * dt),
                variance: (along(&u) + along(&v)) / total,
            });
            axes.extend([u, v]);
        }
        let in_components = stacked(&axes, settings.components);
        let projections = product(fit.states.view(), in_components.t());
        let drawn = surrogates(&tensor, settings, watch)?;
        let against = |value: f64, of: fn(&(f64, f64)) -> f64| {
            (!drawn.is_empty()).then(|| AgainstRandom::of(value, drawn.iter().map(of).collect()))
        };
        Ok(Self {
            units,
            conditions,
            components_variance: fit.variance,
            r2_skew: fit.r2_skew,
            r2_full: fit.r2_full,
            planes,
            surrogates: against(fit.r2_skew, |(skew, _)| *skew),
            surrogates_ratio: against(fit.r2_skew / fit.r2_full, |(skew, full)| skew / full),
            settings: settings.clone(),
            axes: product(in_components.view(), fit.components.view()),
            projections: self::tensor(&projections, conditions),
            matrix: fit.skew,
        })
    }
}

/// The skew-symmetric matrix `M` of least squares, `d = M x` of rows `x` and `d`.
///
/// # Errors
/// If no eigenvalues are found, or `x` does not vary along every direction.
pub fn skew_symmetric(x: &Array2<f64>, d: &Array2<f64>) -> Result<Array2<f64>, AnalysisError> {
    let Spectrum { values, vectors } = spectrum("the products of states", gram(x.view()).view())?;
    if values.last().is_none_or(|last| *last <= NOTHING * NOTHING * values[0]) {
        return Err(too_many(values.iter().filter(|value| **value > NOTHING * values[0]).count(), values.len()));
    }
    // K in the eigenvectors of C.
    let k = product(product(vectors.view(), product(d.t(), x.view()).view()).view(), vectors.t());
    let turned = Array2::from_shape_fn(k.dim(), |(i, j)| (k[[i, j]] - k[[j, i]]) / (values[i] + values[j]));
    Ok(product(product(vectors.t(), turned.view()).view(), vectors.view()))
}

/// What one set of means gives.
struct Fit {
    /// (components, units)
    components: Array2<f64>,
    /// The part of the variance that they hold.
    variance: f64,
    /// (conditions x times, components)
    states: Array2<f64>,
    skew: Array2<f64>,
    r2_skew: f64,
    r2_full: f64,
}

impl Fit {
    /// Of means (conditions, times, units) that are normalised.
    fn of(tensor: &Array3<f64>, k: usize) -> Result<Self, AnalysisError> {
        let (conditions, times, _) = tensor.dim();
        let common = tensor.sum_axis(Axis(0)) / conditions as f64;
        let rows = rows(&(tensor - &common));
        let found = pca::components(&rows)?;
        let total: f64 = found.values.iter().sum();
        let vary = found.values.iter().filter(|value| **value > NOTHING * total).count();
        if vary < k {
            return Err(too_many(vary, k));
        }
        let components = algebra::first(&found.vectors, k).to_owned();
        let states = product(rows.view(), components.t());
        let by_condition = self::tensor(&states, conditions);
        let x = self::rows(&by_condition.slice(s![.., ..times - 1, ..]).to_owned());
        let d = self::rows(&by_condition.slice(s![.., 1.., ..]).to_owned()) - &x;
        let skew = skew_symmetric(&x, &d)?;
        // M^T of any M: C M^T = sum x dx^T.
        let full = product(Factors::of(&gram(x.view())).inverse().view(), product(x.t(), d.view()).view());
        let r2 = |transposed: &Array2<f64>| {
            1.0 - squares((&d - &product(x.view(), transposed.view())).iter()) / squares(d.iter())
        };
        Ok(Self {
            variance: found.values[..k].iter().sum::<f64>() / total,
            r2_skew: r2(&skew.t().to_owned()),
            r2_full: r2(&full),
            components,
            states,
            skew,
        })
    }

    /// Speeds with two orthonormal axes in which activity turns from the first to the second, the fastest first.
    fn planes(&self) -> Vec<(f64, [Array1<f64>; 2])> {
        let mut left = self.skew.clone();
        let mut planes: Vec<(f64, [Array1<f64>; 2])> = Vec::new();
        for _ in 0..self.skew.nrows() / 2 {
            // M^T M has each w^2 twice.
            let Ok(found) = spectrum("the rotations", gram(left.view()).view()) else { break };
            let u = found.vectors.row(0).to_owned();
            let image = left.dot(&u);
            let speed = squares(image.iter()).sqrt();
            if speed <= STILL * planes.first().map_or(speed, |plane| plane.0) {
                break;
            }
            let v = image / speed;
            for axis in [&u, &v] {
                let keep = Array2::eye(left.nrows()) - product(column(axis).view(), column(axis).t());
                left = product(product(keep.view(), left.view()).view(), keep.view());
            }
            planes.push((speed, [u, v]));
        }
        planes
    }
}

/// The same plane with its first axis where the states spread the most.
fn turned(states: &Array2<f64>, u: &Array1<f64>, v: &Array1<f64>) -> [Array1<f64>; 2] {
    let (a, b) = (states.dot(u), states.dot(v));
    let angle = 0.5 * (2.0 * a.dot(&b)).atan2(a.dot(&a) - b.dot(&b));
    let (sin, cos) = angle.sin_cos();
    let (x, y) = (u * cos + v * sin, v * cos - u * sin);
    let sign = algebra::sign_of(x.iter());
    [x * sign, y * sign]
}

/// `r2_skew` and `r2_full` of surrogates.
fn surrogates(
    tensor: &Array3<f64>,
    settings: &Settings,
    watch: &mut (dyn FnMut(usize) -> ControlFlow<()> + Send),
) -> Result<Vec<(f64, f64)>, AnalysisError> {
    if settings.surrogates == 0 {
        return Ok(Vec::new());
    }
    let distribution = MaximumEntropy::of(tensor)?;
    each(settings.surrogates, watch, |draw| {
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        rng.set_stream(draw as u64);
        let fit = Fit::of(&distribution.sample(&mut rng), settings.components)?;
        Ok((fit.r2_skew, fit.r2_full))
    })
}

fn check(means: &Array3<f64>, settings: &Settings) -> Result<(), AnalysisError> {
    let (conditions, times, _) = means.dim();
    if conditions < 3 {
        return Err(AnalysisError::Trials(format!(
            "there are {conditions} conditions, but rotations that they have in common need three at least: less their \
             mean, two are mirror images; choose variables with more values"
        )));
    }
    if times < 3 {
        let message = format!("there are {times} times, but rotations need three at least; choose a longer window");
        return Err(AnalysisError::Trials(message));
    }
    if settings.components == 0 || settings.components % 2 == 1 {
        let rule = "must be even and above 0, since rotations are in planes".into();
        let value = settings.components.to_string();
        return Err(AnalysisError::Setting { setting: "components", value, rule });
    }
    match means.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(AnalysisError::NotFinite { array: "means", value: *value }),
        None => Ok(()),
    }
}

fn too_many(vary: usize, asked: usize) -> AnalysisError {
    let rule = format!("must be at most {}: conditions differ along {vary} directions", vary - vary % 2);
    AnalysisError::Setting { setting: "components", value: asked.to_string(), rule }
}

/// (conditions x times, columns)
fn rows(tensor: &Array3<f64>) -> Array2<f64> {
    let (_, times, units) = tensor.dim();
    let all = tensor.dim().0 * times;
    Array2::from_shape_fn((all, units), |(row, unit)| tensor[[row / times, row % times, unit]])
}

/// (conditions, times, columns)
fn tensor(rows: &Array2<f64>, conditions: usize) -> Array3<f64> {
    let times = rows.nrows() / conditions;
    Array3::from_shape_fn((conditions, times, rows.ncols()), |(c, t, unit)| rows[[c * times + t, unit]])
}

fn column(vector: &Array1<f64>) -> Array2<f64> {
    vector.clone().insert_axis(Axis(1))
}

fn stacked(axes: &[Array1<f64>], dim: usize) -> Array2<f64> {
    Array2::from_shape_fn((axes.len(), dim), |(row, column)| axes[row][column])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{
        algebra::orthonormal,
        test::{gaussian, unwatched},
    };

    fn settings(components: usize) -> Settings {
        Settings { components, normalization: Normalization::None, surrogates: 0, seed: 0 }
    }

    /// Four conditions a quarter turn apart, turning by these angles at each step in planes of 10 units.
    fn turning(angles: &[f64], steps: usize) -> Array3<f64> {
        let axes = orthonormal(gaussian((2 * angles.len(), 10), 1).view()).0;
        let mut means = Array3::zeros((4, steps, 10));
        for (plane, angle) in angles.iter().enumerate() {
            for ((c, t, unit), value) in means.indexed_iter_mut() {
                let (sin, cos) = (angle * t as f64 + std::f64::consts::FRAC_PI_2 * c as f64).sin_cos();
                *value += (cos * axes[[2 * plane, unit]] + sin * axes[[2 * plane + 1, unit]]) / (plane + 1) as f64;
            }
        }
        means
    }

    #[test]
    fn a_rotation_has_the_sine_of_its_angle_and_the_r2_of_looking_ahead() {
        let found = Jpca::of(&turning(&[0.3], 30), 10.0, &settings(2), &mut unwatched).unwrap();
        assert!((found.planes[0].radians_per_step - 0.3f64.sin()).abs() < 1e-12, "{:?}", found.planes);
        assert!((found.planes[0].radians_per_step - 0.29552).abs() < 1e-5);
        assert!((found.r2_skew - 0.97767).abs() < 5e-6, "{}", found.r2_skew);
        assert!((found.r2_full - 1.0).abs() < 1e-12 && (found.components_variance - 1.0).abs() < 1e-12);
        assert!((found.planes[0].frequency_hz - 4.7033).abs() < 1e-3);
        // Anticlockwise, by the angle, from states that spread along x.
        let at = |step: usize| (found.projections[[0, step, 0]], found.projections[[0, step, 1]]);
        let ((x0, y0), (x1, y1)) = (at(4), at(5));
        assert!(((x0 * y1 - y0 * x1).atan2(x0 * x1 + y0 * y1) - 0.3).abs() < 1e-10);
        assert!((found.axes.dot(&found.axes.t()) - Array2::<f64>::eye(2)).iter().all(|value| value.abs() < 1e-12));
    }

    #[test]
    fn planes_come_by_their_speed_even_if_it_is_the_same() {
        let found = Jpca::of(&turning(&[0.1, 0.4], 63), 10.0, &settings(4), &mut unwatched).unwrap();
        let speeds: Vec<f64> = found.planes.iter().map(|plane| plane.radians_per_step).collect();
        assert!((speeds[0] - 0.4f64.sin()).abs() < 0.02 && (speeds[1] - 0.1f64.sin()).abs() < 0.02, "{speeds:?}");
        let shares: f64 = found.planes.iter().map(|plane| plane.variance).sum();
        assert!((shares - 1.0).abs() < 1e-12 && found.planes[1].variance > found.planes[0].variance);
        let mut x = Array2::zeros((4, 4));
        x.diag_mut().fill(1.0);
        let mut d = Array2::zeros((4, 4));
        // d = M x of two equal rotations.
        for (row, column, value) in [(0, 1, 0.2), (1, 0, -0.2), (2, 3, 0.2), (3, 2, -0.2)] {
            d[[row, column]] = value;
        }
        let skew = skew_symmetric(&x, &d).unwrap();
        assert!((&skew.t() - &d).iter().all(|value| value.abs() < 1e-14));
        let none = Array2::zeros((0, 0));
        let fit = Fit { components: none.clone(), variance: 1.0, states: none, skew, r2_skew: 1.0, r2_full: 1.0 };
        let planes = fit.planes();
        assert!(planes.len() == 2 && planes.iter().all(|plane| (plane.0 - 0.2).abs() < 1e-14));
        let [[a, b], [c, e]] = [&planes[0].1, &planes[1].1];
        assert!([a.dot(b), a.dot(c), a.dot(e), b.dot(c), b.dot(e), c.dot(e)].iter().all(|value| value.abs() < 1e-12));
    }

    #[test]
    fn the_skew_symmetric_matrix_is_the_best_of_its_kind() {
        let (x, d) = (gaussian((60, 4), 4), gaussian((60, 4), 5));
        let best = skew_symmetric(&x, &d).unwrap();
        assert!((&best + &best.t()).iter().all(|value| value.abs() < 1e-14));
        let error = |matrix: &Array2<f64>| squares((&d - &x.dot(&matrix.t())).iter());
        let mut worse = best.clone();
        for (row, column) in [(0, 1), (1, 3), (0, 2)] {
            worse[[row, column]] += 1e-3;
            worse[[column, row]] -= 1e-3;
            assert!(error(&worse) > error(&best));
            worse = best.clone();
        }
    }

    #[test]
    fn rotations_stand_out_of_surrogates_and_lagged_bumps_do_not() {
        let with = |surrogates| Settings { surrogates, seed: 1, ..settings(2) };
        let noise = gaussian((4 * 30, 10), 8) * 0.1;
        let noisy = turning(&[0.3], 30) + tensor(&noise, 4);
        let found = Jpca::of(&noisy, 10.0, &with(60), &mut unwatched).unwrap();
        let surrogates = found.surrogates.as_ref().unwrap();
        assert!(surrogates.value > surrogates.random_high && surrogates.p_high < 0.05, "{surrogates:?}");
        let again = Jpca::of(&noisy, 10.0, &with(60), &mut unwatched).unwrap();
        assert_eq!(again.surrogates, found.surrogates);
        // A smooth random walk of each condition has no rotation that its covariances do not have.
        let mut walk = gaussian((5 * 40, 10), 9);
        for row in 0..walk.nrows() {
            if row % 40 > 0 {
                let before = walk.row(row - 1).to_owned();
                walk.row_mut(row).scaled_add(0.95, &before);
            }
        }
        let random = Jpca::of(&tensor(&walk, 5), 10.0, &with(60), &mut unwatched).unwrap().surrogates.unwrap();
        assert!(random.p_high > 0.02, "{random:?}");
    }

    #[test]
    fn what_cannot_rotate_is_refused() {
        let refusal = |means: &Array3<f64>, settings: &Settings| {
            Jpca::of(means, 10.0, settings, &mut unwatched).unwrap_err().to_string()
        };
        assert!(refusal(&Array3::zeros((2, 9, 4)), &settings(2)).contains("three at least"));
        assert!(refusal(&turning(&[0.3], 30), &settings(3)).contains("must be even"));
        assert!(refusal(&turning(&[0.3], 30), &settings(4)).contains("must be at most 2"));
        assert!(refusal(&turning(&[0.3], 2), &settings(2)).contains("longer window"));
    }
}
