//! Which axis of an array is time: what a file says, and what its values look like.
//!
//! ```text
//! disorder of an axis = mean squared difference of neighbours along it / (2 x variance along it)
//!                     = 1 for values in random order, near 0 where each value is like the one before
//! ```
//!
//! Steps of a trial follow each other, trials are in any order. So time is the axis with little disorder; where both
//! have much (noise), time is thought to be the shorter axis, since there are usually more trials than steps.

use ndarray::{Array3, Axis};
use serde::{Deserialize, Serialize};

/// Below this an axis is in order.
const ORDER: f64 = 0.75;

/// The order of the axes in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// (trials, steps, channels).
    #[default]
    TrialFirst,
    /// (steps, trials, channels), as PyTorch's recurrent modules take them.
    TimeFirst,
}

impl Layout {
    /// The array as (trials, steps, channels).
    pub(super) fn trials_first(self, array: Array3<f32>) -> Array3<f32> {
        match self {
            Self::TrialFirst => array,
            Self::TimeFirst => array.permuted_axes([1, 0, 2]).as_standard_layout().into_owned(),
        }
    }
}

/// Whether the axis that is taken for the trials looks like time, and that of the steps does not, in arrays (trials,
/// steps, channels) of the same trials.
pub(super) fn looks_transposed(arrays: [&Array3<f32>; 2]) -> bool {
    let (trials, steps, _) = arrays[0].dim();
    if trials < 2 || steps < 2 {
        return false;
    }
    let orders = arrays.map(|array| [disorder(array, 0), disorder(array, 1)].map(|found| found.map(|d| d < ORDER)));
    if orders.iter().any(|[_, steps]| *steps == Some(true)) {
        return false;
    }
    orders.iter().any(|[trials, _]| *trials == Some(true)) || trials < steps
}

/// The disorder of an axis; `None` where nothing varies along it.
fn disorder(array: &Array3<f32>, axis: usize) -> Option<f64> {
    let (mut squares, mut pairs, mut variance) = (0.0, 0usize, 0.0);
    for lane in array.lanes(Axis(axis)) {
        let finite = || lane.iter().map(|x| f64::from(*x)).filter(|x| x.is_finite());
        let n = finite().count();
        if n < 2 {
            continue;
        }
        let mean = finite().sum::<f64>() / n as f64;
        let neighbours = finite().zip(finite().skip(1));
        squares += neighbours.map(|(a, b)| (a - b).powi(2)).sum::<f64>();
        variance += finite().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64 * (n - 1) as f64;
        pairs += n - 1;
    }
    (pairs > 0 && variance > 0.0).then(|| squares / (2.0 * variance))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers without order.
    fn noise(index: usize) -> f32 {
        let mixed = (index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f32
    }

    #[test]
    fn disorder_is_one_without_order_and_small_along_time() {
        let ramps = Array3::from_shape_fn((30, 40, 1), |(trial, step, _)| noise(trial) + step as f32 * 1e5);
        assert!((0.7..1.3).contains(&disorder(&ramps, 0).unwrap()), "{:?}", disorder(&ramps, 0));
        assert!(disorder(&ramps, 1).unwrap() < 0.02);
        assert_eq!(disorder(&Array3::ones((3, 4, 1)), 1), None);
    }

    #[test]
    fn time_is_the_axis_in_order_and_of_noise_the_shorter_one() {
        let ramps = Array3::from_shape_fn((30, 40, 1), |(trial, step, _)| noise(trial) + step as f32 * 1e5);
        let swapped = Layout::TimeFirst.trials_first(ramps.clone());
        assert!(!looks_transposed([&ramps, &ramps]) && looks_transposed([&swapped, &swapped]));
        let noisy = Array3::from_shape_fn((30, 40, 2), |(i, j, k)| noise(i * 80 + j * 2 + k));
        let swapped = Layout::TimeFirst.trials_first(noisy.clone());
        assert!(looks_transposed([&noisy, &noisy]) && !looks_transposed([&swapped, &swapped]));
        // One array that is in order along the steps speaks for all.
        assert!(!looks_transposed([&noisy, &ramps.slice(ndarray::s![.., .., ..1]).to_owned()]));
    }
}
