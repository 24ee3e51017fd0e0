//! How much a spike tells of the place.
//!
//! ```text
//! I = sum_b p_b (l_b / m) log2(l_b / m)      bits per spike        m = sum_b p_b l_b
//! sparsity = m^2 / sum_b p_b l_b^2           1 where the rate is the same everywhere
//! ```
//!
//! | symbol | is |
//! |---|---|
//! | p_b | fraction of the time spent in bin b |
//! | l_b | rate there, not negative |
//!
//! m I is bits per second where rates are spikes per second. Few visits of a bin bias I upwards; see
//! [`units`](super::units) for the correction.
//!
//! Reference: Skaggs WE, McNaughton BL, Gothard KM, Markus EJ (1993), Adv Neural Inf Process Syst 5: 1030-1037.

use ndarray::Array2;

use super::{Undefined, check_rates};

/// Spatial information of a map (y, x), bits per spike; `occupancy` is the time spent in each bin, in any unit. Bins
/// without a rate or without time are left out.
///
/// # Errors
/// If a rate is negative, or all are 0.
pub fn information(map: &Array2<f64>, occupancy: &Array2<f64>) -> Result<f64, Undefined> {
    check_rates(map)?;
    let mean = mean(map, occupancy);
    if mean <= 0.0 {
        return Err(Undefined::Silent);
    }
    let of_bin = |(rate, p): (f64, f64)| if rate > 0.0 { p * rate / mean * (rate / mean).log2() } else { 0.0 };
    Ok(bins(map, occupancy).map(of_bin).sum())
}

/// Sparsity of a map (y, x), in (0, 1]; see [`information`].
///
/// # Errors
/// As [`information`].
pub fn sparsity(map: &Array2<f64>, occupancy: &Array2<f64>) -> Result<f64, Undefined> {
    check_rates(map)?;
    let squares: f64 = bins(map, occupancy).map(|(rate, p)| p * rate * rate).sum();
    if squares <= 0.0 {
        return Err(Undefined::Silent);
    }
    Ok(mean(map, occupancy).powi(2) / squares)
}

/// The mean rate, weighted by time.
pub(super) fn mean(map: &Array2<f64>, occupancy: &Array2<f64>) -> f64 {
    bins(map, occupancy).map(|(rate, p)| p * rate).sum()
}

/// Rate and fraction of time of the bins that have both.
fn bins<'a>(map: &'a Array2<f64>, occupancy: &'a Array2<f64>) -> impl Iterator<Item = (f64, f64)> + 'a {
    let pairs =
        || map.iter().copied().zip(occupancy.iter().copied()).filter(|(rate, time)| !rate.is_nan() && *time > 0.0);
    let all: f64 = pairs().map(|(_, time)| time).sum();
    pairs().map(move |(rate, time)| (rate, time / all))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(rate: impl Fn(usize) -> f64, wanted: f64) {
        let map = Array2::from_shape_fn((8, 8), |(y, x)| rate(8 * y + x));
        let found = information(&map, &Array2::ones((8, 8))).unwrap();
        assert!((found - wanted).abs() < 1e-6, "{found} is not {wanted}");
    }

    #[test]
    fn one_bin_of_64_has_6_bits_and_half_of_them_1() {
        known(|bin| if bin == 17 { 3.0 } else { 0.0 }, 6.0);
        known(|bin| if bin < 32 { 0.2 } else { 0.0 }, 1.0);
        known(|bin| if bin < 32 { 3.0 } else { 1.0 }, 0.188722);
        known(|_| 5.0, 0.0);
    }

    #[test]
    fn a_raised_cosine_has_the_information_of_its_integral() {
        let n = 4096;
        let angle = |x: usize| std::f64::consts::TAU * (x as f64 + 0.5) / n as f64;
        let map = Array2::from_shape_fn((1, n), |(_, x)| 1.0 + angle(x).cos());
        let found = information(&map, &Array2::ones((1, n))).unwrap();
        let wanted = 1.0 / std::f64::consts::LN_2 - 1.0;
        assert!((found - wanted).abs() < 1e-6 && (wanted - 0.442695).abs() < 1e-6, "{found}");
    }

    #[test]
    fn time_weighs_bins_and_those_without_any_count_for_nothing() {
        let map = Array2::from_shape_vec((1, 3), vec![3.0, 1.0, f64::NAN]).unwrap();
        let occupancy = Array2::from_shape_vec((1, 3), vec![1.0, 3.0, 0.0]).unwrap();
        // m = 1.5: 1/4 x 2 x 1 + 3/4 x 2/3 x log2(2/3).
        let wanted = 0.5 + 0.5 * (2.0f64 / 3.0).log2();
        assert!((information(&map, &occupancy).unwrap() - wanted).abs() < 1e-15);
        // 2.25 / (9/4 + 3/4).
        assert!((sparsity(&map, &occupancy).unwrap() - 0.75).abs() < 1e-15);
    }

    #[test]
    fn rates_that_are_negative_or_nothing_have_none() {
        let ones = Array2::ones((1, 2));
        let map = |a, b| Array2::from_shape_vec((1, 2), vec![a, b]).unwrap();
        assert_eq!(information(&map(1.0, -0.5), &ones), Err(Undefined::NegativeRates(-0.5)));
        assert_eq!(sparsity(&map(0.0, 0.0), &ones), Err(Undefined::Silent));
    }
}
