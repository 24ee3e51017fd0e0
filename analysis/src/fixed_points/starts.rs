//! Where to start the search for fixed points.
//!
//! ```text
//! around     x_t + c s_i xi_i                of states that were visited; s_i = their standard deviation in unit i
//! in a box   |x_i| <= sum_j |w_ij| sup |f| + |b_i + (W_in u)_i|        current form; rates lie in the range of f
//! released   x_0 ~ N(0, 1) per unit, an arm at rest, and on from there for some time constants
//! ```
//!
//! Trained networks pass saddles fast: without noise around the visited states they are missed. The box holds all fixed
//! points of bounded activations.

use ndarray::{Array2, ArrayView2, Axis};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::{AnalysisError, dynamics::NetworkDynamics};

/// Time constants (of the slowest unit) for which a released state runs on, at most.
const RELEASED: f64 = 20.0;

/// `n` starts (n, dim) around states (states, dim) that were visited: each one of them in turn, with Gaussian noise
/// of `noise` standard deviations of each number.
///
/// # Errors
/// If there is no state.
pub fn around(states: ArrayView2<'_, f64>, n: usize, noise: f64, seed: u64) -> Result<Array2<f64>, AnalysisError> {
    if states.nrows() == 0 {
        let message = "has no rows, but starts are drawn around states that were visited; give at least one".into();
        return Err(AnalysisError::Shape { array: "states", message });
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let spread = states.std_axis(Axis(0), 0.0);
    let mut starts = Array2::zeros((n, states.ncols()));
    for (place, mut start) in starts.outer_iter_mut().enumerate() {
        // The whole range of the states, whatever their number.
        let from = states.row(place * states.nrows() / n.max(1));
        for ((value, x), spread) in start.iter_mut().zip(from).zip(&spread) {
            let xi: f64 = StandardNormal.sample(&mut rng);
            *value = x + noise * spread * xi;
        }
    }
    Ok(starts)
}

/// `n` starts (n, dim) in the box that holds all fixed points; `None` where nothing bounds them.
pub fn in_box(system: &dyn NetworkDynamics, n: usize, seed: u64) -> Option<Array2<f64>> {
    let ranges = system.box_of_fixed_points()?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let draw = |(low, high): &(f64, f64)| low + (high - low) * rng.random::<f64>();
    let numbers: Vec<f64> = ranges.iter().cycle().take(n * ranges.len()).map(draw).collect();
    Array2::from_shape_vec((n, ranges.len()), numbers).ok()
}

/// `n` starts (n, dim) on trajectories that are released from random states: each is followed for a random time of up
/// to twenty time constants, and is left out if it diverges by then.
pub fn released(system: &dyn NetworkDynamics, n: usize, seed: u64) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let network = system.network();
    let slowest = network.tau().iter().copied().fold(0.0, f64::max);
    let longest = (RELEASED * slowest / network.dt()).ceil() as usize;
    let mut numbers = Vec::new();
    for _ in 0..n {
        let x: Vec<f64> = (0..network.units()).map(|_| StandardNormal.sample(&mut rng)).collect();
        let mut state = system.at_rest(&x);
        for _ in 0..rng.random_range(0..=longest) {
            state = system.step(&state);
        }
        if state.iter().all(|x| x.abs() < 1e6) {
            numbers.extend(state);
        }
    }
    let dim = system.dim();
    Array2::from_shape_vec((numbers.len() / dim.max(1), dim), numbers).unwrap_or_else(|_| Array2::zeros((0, dim)))
}
