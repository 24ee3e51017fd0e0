//! Channels that stand for directions around a circle.
//!
//! ```text
//! preferred angle of channel k      2 pi k / n
//! distance of two angles            min(|a - b| mod 2 pi, 2 pi - |a - b| mod 2 pi), in [0, pi]
//! population vector                 atan2( sum_k z_k sin(2 pi k / n), sum_k z_k cos(2 pi k / n) ) mod 2 pi
//! ```
//!
//! ```
//! use std::f64::consts::PI;
//! use ndarray::array;
//! use nn4n_tasks::ring;
//! assert_eq!(ring::preferred(4), [0.0, PI / 2.0, PI, 1.5 * PI]);
//! assert!((ring::distance(0.1, 2.0 * PI - 0.1) - 0.2).abs() < 1e-12);
//! assert_eq!(ring::population_vector(array![0.0, 1.0, 0.0, 0.0].view()), Some(PI / 2.0));
//! ```

use std::f64::consts::TAU;

use ndarray::ArrayView1;

/// The preferred angles of `n` channels, rad.
pub fn preferred(n: usize) -> Vec<f64> {
    (0..n).map(|k| TAU * k as f64 / n as f64).collect()
}

/// An angle as a number in [0, 2 pi).
pub fn wrapped(angle: f64) -> f64 {
    let wrapped = angle.rem_euclid(TAU);
    // An angle just below 0 rounds to 2 pi itself.
    if wrapped < TAU { wrapped } else { 0.0 }
}

/// The distance of two angles around the circle, rad, in [0, pi].
pub fn distance(a: f64, b: f64) -> f64 {
    let apart = (a - b).rem_euclid(TAU);
    apart.min(TAU - apart)
}

/// The angle in [0, 2 pi) that the activity of channels at evenly spaced preferred angles stands for; `None` if one is
/// not finite or they cancel exactly.
pub fn population_vector(activity: ArrayView1<'_, f32>) -> Option<f64> {
    let (mut x, mut y) = (0.0, 0.0);
    for (&z, angle) in activity.iter().zip(preferred(activity.len())) {
        x += f64::from(z) * angle.cos();
        y += f64::from(z) * angle.sin();
    }
    (x.is_finite() && y.is_finite() && (x != 0.0 || y != 0.0)).then(|| wrapped(y.atan2(x)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};

    #[test]
    fn a_bump_is_decoded_at_its_centre_wherever_it_is() {
        for centre in [0.0, 0.3, 3.0, 6.2] {
            let bump: Array1<f32> =
                preferred(32).into_iter().map(|p| (-0.5 * (distance(p, centre) / 0.4).powi(2)).exp() as f32).collect();
            let decoded = population_vector(bump.view()).unwrap();
            assert!(distance(decoded, centre) < 1e-3, "{centre} {decoded}");
        }
    }

    #[test]
    fn what_points_nowhere_has_no_angle() {
        assert_eq!(population_vector(array![0.0, 0.0].view()), None);
        assert_eq!(population_vector(array![f32::NAN, 0.0].view()), None);
        assert_eq!(population_vector(array![f32::INFINITY, 0.0].view()), None);
    }

    #[test]
    fn angles_are_wrapped_into_one_turn() {
        for angle in [-1e-20, -0.1, 0.0, TAU, 100.0, -100.0] {
            assert!((0.0..TAU).contains(&wrapped(angle)), "{angle}");
        }
        assert!((distance(-3.0, 3.0) - (TAU - 6.0)).abs() < 1e-12);
    }
}
