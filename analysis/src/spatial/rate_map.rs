//! Sums and visits of bins, and the rates that they make.

use ndarray::Array2;

/// Standard deviations after which the kernel ends.
const REACH: f64 = 4.0;

/// Half of a Gaussian kernel, from its middle outwards; one number alone does nothing.
#[derive(Clone, Debug)]
pub(super) struct Kernel(Vec<f64>);

impl Kernel {
    /// Of this standard deviation, bins.
    pub fn new(sd: f64) -> Self {
        let reach = (REACH * sd).ceil() as usize;
        // Weights need no sum of 1: that of the denominator is the same.
        Self((0..=reach).map(|k| if k == 0 { 1.0 } else { (-0.5 * (k as f64 / sd).powi(2)).exp() }).collect())
    }

    /// Both axes, one after the other; nothing lies outside of the map.
    pub fn smooth(&self, map: &Array2<f64>) -> Array2<f64> {
        if self.0.len() == 1 {
            return map.clone();
        }
        let columns = self.along(map);
        self.along(&columns.t().to_owned()).t().to_owned()
    }

    /// Along the rows.
    fn along(&self, map: &Array2<f64>) -> Array2<f64> {
        let mut smooth = Array2::zeros(map.dim());
        for (from, mut to) in map.outer_iter().zip(smooth.outer_iter_mut()) {
            let n = from.len();
            for (at, &value) in from.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                for (k, weight) in self.0.iter().enumerate() {
                    if at + k < n {
                        to[at + k] += weight * value;
                    }
                    if k > 0 && at >= k {
                        to[at - k] += weight * value;
                    }
                }
            }
        }
        smooth
    }
}

/// The rate in each bin (y, x): smoothed sums over smoothed visits, NaN where there was none.
pub(super) fn rates(
    sums: &Array2<f64>,
    visits: &Array2<f64>,
    smooth_visits: &Array2<f64>,
    kernel: &Kernel,
) -> Array2<f64> {
    let mut map = kernel.smooth(sums);
    map.iter_mut().zip(smooth_visits).zip(visits).for_each(|((rate, smooth), visits)| {
        *rate = if *visits > 0.0 { *rate / smooth } else { f64::NAN };
    });
    map
}

/// The rate in each bin (y, x), from the sums of rates over visits of each bin and the numbers of visits; `smooth` is
/// the standard deviation of the Gaussian, bins. NaN where there was no visit.
pub fn rate_map(sums: &Array2<f64>, visits: &Array2<f64>, smooth: f64) -> Array2<f64> {
    let kernel = Kernel::new(smooth);
    rates(sums, visits, &kernel.smooth(visits), &kernel)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn rates_are_sums_over_visits_and_unvisited_bins_have_none() {
        let found = rate_map(&array![[2.0, 0.0, 9.0]], &array![[4.0, 0.0, 3.0]], 0.0);
        assert!(found[[0, 0]] == 0.5 && found[[0, 1]].is_nan() && found[[0, 2]] == 3.0, "{found}");
    }

    #[test]
    fn smoothing_leaves_a_flat_map_flat_at_walls_and_holes() {
        let mut visits = Array2::from_shape_fn((6, 5), |(y, x)| (1 + y * x) as f64);
        visits[[2, 3]] = 0.0;
        let sums = visits.mapv(|visits| 0.7 * visits);
        let found = rate_map(&sums, &visits, 1.5);
        assert_eq!(found.iter().filter(|rate| rate.is_nan()).count(), 1);
        assert!(found.iter().all(|rate| rate.is_nan() || (rate - 0.7).abs() < 1e-12), "{found}");
    }

    #[test]
    fn numerator_and_denominator_are_smoothed_by_the_same_gaussian() {
        let g = (-0.5f64).exp();
        let found = rate_map(&array![[1.0, 0.0]], &array![[1.0, 3.0]], 1.0);
        assert!((found[[0, 0]] - 1.0 / (1.0 + 3.0 * g)).abs() < 1e-15, "{found}");
        assert!((found[[0, 1]] - g / (g + 3.0)).abs() < 1e-15, "{found}");
    }
}
