//! Lyapunov exponents: how fast nearby trajectories part or meet, direction by direction.
//!
//! ```text
//! Q_t R_t = J(x_t) Q_{t-1}         lambda_k = mean ln |R_kk|,  per step;  / dt per second
//! D_KY = j + (lambda_1 + .. + lambda_j) / |lambda_{j+1}|       j: the most exponents whose sum is not negative
//! ```
//!
//! | symbol | meaning |
//! |---|---|
//! | `J` | `dF/dx` along the trajectory, at the state that a step begins with |
//! | `Q` | orthonormal directions (dim, exponents), made so again after every step |
//! | `D_KY` | Kaplan-Yorke dimension of the attractor |
//!
//! State and directions first run for a transient. Errors are those of means over blocks. Along a trajectory that is
//! driven by inputs the exponents are conditional on them: negative ones say that the network forgets how it started. A
//! direction that is lost in one step (a rectifier that is silent, with `alpha` = 1) has the exponent minus infinity.
//!
//! Benettin et al. 1980, doi:10.1007/BF02128236; Kaplan & Yorke 1979, doi:10.1007/BFb0064319.

use std::ops::ControlFlow;

use ndarray::{Array1, Array2, ArrayView2, Axis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::Serialize;

use crate::{
    AnalysisError,
    dynamics::{Dynamics, System},
};

/// Steps between two calls of the watcher.
const WATCHED: usize = 100;

/// How exponents are computed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// How many, the largest first; at most one for each dimension.
    pub exponents: usize,
    /// Steps over which the mean is taken.
    pub steps: usize,
    /// Steps before, of the state and of the directions.
    pub transient: usize,
    /// Blocks for the standard errors.
    pub blocks: usize,
    /// Seed of the first directions.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { exponents: 10, steps: 100_000, transient: 1000, blocks: 20, seed: 0 }
    }
}

/// Lyapunov exponents with what follows from them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lyapunov {
    /// 1/s, the largest first; minus infinity (`null` in JSON) where a direction is lost.
    pub exponents_per_second: Vec<f64>,
    /// Natural logarithm of the growth in a step.
    pub exponents_per_step: Vec<f64>,
    /// Of `exponents_per_second`, from blocks.
    pub standard_errors: Vec<f64>,
    /// Dimension of the attractor; `None` where more exponents are needed, with the reason beside it.
    pub kaplan_yorke: Option<f64>,
    /// Why there is no dimension.
    pub kaplan_yorke_reason: Option<String>,
    /// Dimensions of the state.
    pub dimensions: usize,
    /// Steps that the mean is over: fewer than asked for if it was broken off.
    pub steps: usize,
    /// The time step, ms.
    pub dt: f64,
    /// How it was computed.
    pub settings: Settings,
}

impl Lyapunov {
    /// Of dynamics under a constant input, from a state (dim); `dt` in ms. `watch` is told how many steps are done and
    /// may break off.
    ///
    /// # Errors
    /// If the settings ask for nothing or for more exponents than there are dimensions, the state does not fit, or the
    /// trajectory diverges.
    pub fn of(
        system: &dyn Dynamics,
        dt: f64,
        start: &[f64],
        settings: &Settings,
        watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Self, AnalysisError> {
        let step =
            |_: usize, state: &[f64], directions: &Array2<f64>| (system.step(state), system.tangent(state, directions));
        exponents(system.dim(), dt, start, settings, step, watch)
    }

    /// Of a network, alone or in the loop, along the trajectory that inputs (steps, inputs) drive, which are repeated if they are too short.
    ///
    /// # Errors
    /// As [`of`](Self::of), and if the inputs have another number of channels, none at all, or are not finite.
    pub fn driven<'a>(
        system: impl Into<System<'a>>,
        inputs: ArrayView2<'_, f64>,
        start: &[f64],
        settings: &Settings,
        watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Self, AnalysisError> {
        if inputs.nrows() == 0 {
            let message = "has no steps; give at least one".into();
            return Err(AnalysisError::Shape { array: "inputs", message });
        }
        let system = system.into();
        for input in inputs.outer_iter() {
            system.under(&input.to_vec())?;
        }
        let step = |place: usize, state: &[f64], directions: &Array2<f64>| {
            let under = system.at(&inputs.row(place % inputs.nrows()).to_vec());
            (under.step(state), under.tangent(state, directions))
        };
        exponents(system.dim(), system.network().dt(), start, settings, step, watch)
    }
}

fn exponents(
    dim: usize,
    dt: f64,
    start: &[f64],
    settings: &Settings,
    mut step: impl FnMut(usize, &[f64], &Array2<f64>) -> (Vec<f64>, Array2<f64>),
    watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
) -> Result<Lyapunov, AnalysisError> {
    check(dim, start, settings)?;
    let (mut state, mut directions) = (start.to_vec(), first_directions(dim, settings));
    let mut logarithms: Vec<Array1<f64>> = Vec::with_capacity(settings.steps);
    for place in 0..settings.transient + settings.steps {
        let (next, grown) = step(place, &state, &directions);
        AnalysisError::check_bounded(&next, place + 1)?;
        (state, directions) = (next, grown);
        let growth = orthonormalise(&mut directions);
        if place >= settings.transient {
            logarithms.push(growth.mapv(f64::ln));
        }
        if place % WATCHED == 0 && watch(place).is_break() {
            break;
        }
    }
    Ok(summary(&logarithms, dim, dt, settings))
}

fn check(dim: usize, start: &[f64], settings: &Settings) -> Result<(), AnalysisError> {
    if start.len() != dim {
        let message = format!("has {} numbers, but a state has {dim}", start.len());
        return Err(AnalysisError::Shape { array: "start", message });
    }
    let refused = |setting: &'static str, value: usize, rule: String| {
        Err(AnalysisError::Setting { setting, value: value.to_string(), rule })
    };
    if !(1..=dim).contains(&settings.exponents) {
        return refused(
            "exponents",
            settings.exponents,
            format!("must lie in 1 to {dim}, the dimensions of the state"),
        );
    }
    if settings.blocks < 2 || settings.steps < settings.blocks {
        return refused(
            "steps",
            settings.steps,
            format!("must be at least one for each of {} blocks", settings.blocks),
        );
    }
    Ok(())
}

fn first_directions(dim: usize, settings: &Settings) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    let mut directions = Array2::from_shape_simple_fn((dim, settings.exponents), || StandardNormal.sample(&mut rng));
    orthonormalise(&mut directions);
    directions
}

/// Makes columns orthonormal, one after the other, and returns their lengths before: the diagonal of `R`. A column that
/// vanishes is replaced by one that is orthogonal to the others, and has length 0.
fn orthonormalise(columns: &mut Array2<f64>) -> Array1<f64> {
    let mut lengths = Array1::zeros(columns.ncols());
    for place in 0..columns.ncols() {
        let mut column = columns.column(place).to_owned();
        let before = column.dot(&column).sqrt();
        // Twice is enough.
        for _ in 0..2 {
            for other in 0..place {
                let other = columns.column(other);
                let along = other.dot(&column);
                column.scaled_add(-along, &other);
            }
        }
        let length = column.dot(&column).sqrt();
        if length > 1e-14 * before && length > 0.0 {
            lengths[place] = length;
            column /= length;
        } else {
            column = orthogonal_to(columns.view(), place);
        }
        columns.column_mut(place).assign(&column);
    }
    lengths
}

/// A direction of length 1 that is orthogonal to the first columns.
fn orthogonal_to(columns: ArrayView2<'_, f64>, first: usize) -> Array1<f64> {
    let candidate = |unit: usize| {
        let mut column = Array1::zeros(columns.nrows());
        column[unit] = 1.0;
        for _ in 0..2 {
            for other in columns.axis_iter(Axis(1)).take(first) {
                let along = other.dot(&column);
                column.scaled_add(-along, &other);
            }
        }
        column
    };
    let length = |column: &Array1<f64>| column.dot(column).sqrt();
    let longest = (0..columns.nrows()).map(candidate).max_by(|a, b| length(a).total_cmp(&length(b)));
    longest.map_or_else(|| Array1::zeros(columns.nrows()), |column| &column / length(&column))
}

fn summary(logarithms: &[Array1<f64>], dim: usize, dt: f64, settings: &Settings) -> Lyapunov {
    let steps = logarithms.len();
    let mean = |part: &[Array1<f64>], k: usize| part.iter().map(|row| row[k]).sum::<f64>() / part.len() as f64;
    let per_second = 1000.0 / dt;
    let in_a_block = (steps / settings.blocks).max(1);
    let error = |k: usize| {
        let means: Vec<f64> = logarithms.chunks_exact(in_a_block).map(|block| mean(block, k)).collect();
        let (n, centre) = (means.len() as f64, means.iter().sum::<f64>() / means.len() as f64);
        (means.iter().map(|value| (value - centre).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt()
    };
    let mut found: Vec<(f64, f64)> = (0..settings.exponents).map(|k| (mean(logarithms, k), error(k))).collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let per_step: Vec<f64> = found.iter().map(|(exponent, _)| *exponent).collect();
    let (kaplan_yorke, kaplan_yorke_reason) = match kaplan_yorke(&per_step, dim) {
        Ok(dimension) => (Some(dimension), None),
        Err(reason) => (None, Some(reason)),
    };
    Lyapunov {
        exponents_per_second: per_step.iter().map(|exponent| exponent * per_second).collect(),
        exponents_per_step: per_step,
        standard_errors: found.iter().map(|(_, error)| error * per_second).collect(),
        kaplan_yorke,
        kaplan_yorke_reason,
        dimensions: dim,
        steps,
        dt,
        settings: settings.clone(),
    }
}

/// From exponents, the largest first, of `dim`.
fn kaplan_yorke(exponents: &[f64], dim: usize) -> Result<f64, String> {
    let mut sum = 0.0;
    for (j, exponent) in exponents.iter().enumerate() {
        if sum + exponent < 0.0 {
            // A direction that is lost at once adds nothing.
            return Ok(j as f64 + if exponent.is_finite() { sum / -exponent } else { 0.0 });
        }
        sum += exponent;
    }
    if exponents.len() == dim {
        return Ok(dim as f64);
    }
    Err(format!("the sum of the {} largest exponents is not negative yet; ask for more of the {dim}", exponents.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x' = 1 - 1.4 x^2 + y, y' = 0.3 x.
    struct Henon;

    impl Dynamics for Henon {
        fn dim(&self) -> usize {
            2
        }

        fn step(&self, state: &[f64]) -> Vec<f64> {
            vec![1.0 - 1.4 * state[0] * state[0] + state[1], 0.3 * state[0]]
        }

        fn jacobian(&self, state: &[f64]) -> Array2<f64> {
            ndarray::array![[-2.8 * state[0], 1.0], [0.3, 0.0]]
        }
    }

    /// x' = A x.
    struct Linear(Array2<f64>);

    impl Dynamics for Linear {
        fn dim(&self) -> usize {
            self.0.nrows()
        }

        fn step(&self, state: &[f64]) -> Vec<f64> {
            self.0.dot(&Array1::from(state.to_vec())).to_vec()
        }

        fn jacobian(&self, _state: &[f64]) -> Array2<f64> {
            self.0.clone()
        }
    }

    fn of(system: &dyn Dynamics, start: &[f64], settings: &Settings) -> Lyapunov {
        Lyapunov::of(system, 1000.0, start, settings, &mut |_| ControlFlow::Continue(())).unwrap()
    }

    #[test]
    fn the_map_of_henon_has_its_known_exponents_and_dimension() {
        let settings = Settings { exponents: 2, ..Settings::default() };
        let found = of(&Henon, &[0.1, 0.1], &settings);
        let [first, second] = found.exponents_per_step[..] else { panic!("{found:?}") };
        assert!((first - 0.4193).abs() < 0.004 && (second + 1.6233).abs() < 0.004, "{found:?}");
        // The determinant is -0.3 everywhere.
        assert!((first + second - 0.3f64.ln()).abs() < 1e-12);
        assert!((found.kaplan_yorke.unwrap() - 1.258).abs() < 0.003, "{found:?}");
        assert!(found.standard_errors[0] > 1e-4 && found.standard_errors[0] < 0.01, "{found:?}");
        assert_eq!(found.exponents_per_second, found.exponents_per_step, "a step is a second");
    }

    #[test]
    fn a_linear_map_has_the_logarithms_of_its_moduli() {
        // A rotation by any angle with factor 0.9, a shear, and a direction that is lost.
        let (c, s) = (0.9 * 0.7f64.cos(), 0.9 * 0.7f64.sin());
        let map =
            Linear(ndarray::array![[c, -s, 0.0, 1.0], [s, c, 0.0, 0.0], [0.0, 0.0, 0.5, 2.0], [0.0, 0.0, 0.0, 0.0]]);
        let settings = Settings { exponents: 4, steps: 2000, ..Settings::default() };
        let found = of(&map, &[0.0; 4], &settings);
        for (found, wanted) in found.exponents_per_step.iter().zip([0.9f64.ln(), 0.9f64.ln(), 0.5f64.ln()]) {
            assert!((found - wanted).abs() < 1e-3, "{found} is not {wanted}");
        }
        assert_eq!(found.exponents_per_step[3], f64::NEG_INFINITY);
        assert_eq!(found.kaplan_yorke, Some(0.0));
    }

    #[test]
    fn too_few_exponents_have_no_dimension_and_bad_settings_are_refused() {
        let found = of(&Henon, &[0.1, 0.1], &Settings { exponents: 1, steps: 100, ..Settings::default() });
        assert!(found.kaplan_yorke.is_none() && found.kaplan_yorke_reason.unwrap().contains("ask for more of the 2"));
        let refused = |start: &[f64], settings: Settings| {
            Lyapunov::of(&Henon, 1.0, start, &settings, &mut |_| ControlFlow::Continue(())).unwrap_err().to_string()
        };
        assert!(refused(&[0.0; 2], Settings::default()).contains("must lie in 1 to 2"));
        let two = Settings { exponents: 2, ..Settings::default() };
        assert!(refused(&[0.0], two.clone()).contains("a state has 2"));
        assert!(refused(&[9.0, 9.0], two).contains("grows without bound"), "it diverges");
    }
}
