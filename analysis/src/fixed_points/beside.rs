//! How near the points of one search are to those of another, as of another input.
//!
//! ```text
//! distance_i = min_j |a_i - b_j| / spread      spread = sqrt(mean_j |b_j - mean b|^2)
//! ```
//!
//! Points that two inputs share, as those of a ring that two tasks use, have distances far below 1; points elsewhere are
//! at 1 and above. The distance between neighbours on a ring that is sampled sparsely counts, too.

use serde::Serialize;

use crate::{AnalysisError, statistics::quantile};

/// How near points are to those of another search.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Beside {
    /// The nearest of the others, for each point.
    pub nearest: Vec<usize>,
    /// How far it is, in units of `spread`.
    pub distance: Vec<f64>,
    /// The median distance.
    pub median: f64,
    /// Root mean square distance of the others from their mean, in units of the state.
    pub spread: f64,
}

impl Beside {
    /// Of points and others in the same space.
    ///
    /// # Errors
    /// If there are no points, fewer than two others, or they differ in dimension or not at all.
    pub fn of(points: &[&[f64]], others: &[&[f64]]) -> Result<Self, AnalysisError> {
        let refuse = |message: String| Err(AnalysisError::Shape { array: "points", message });
        let (Some(first), [other, _, ..]) = (points.first(), others) else {
            return refuse(format!(
                "{} points cannot be compared with {} others; give one and two at least",
                points.len(),
                others.len()
            ));
        };
        if first.len() != other.len() {
            return refuse(format!(
                "points of {} dimensions cannot be compared with others of {}; take the same network",
                first.len(),
                other.len()
            ));
        }
        let n = others.len() as f64;
        let mean: Vec<f64> = (0..other.len()).map(|axis| others.iter().map(|one| one[axis]).sum::<f64>() / n).collect();
        let spread = (others.iter().map(|one| squared(one, &mean)).sum::<f64>() / n).sqrt();
        if spread == 0.0 {
            return refuse("the other points are all one, and have no spread to measure by; take more --starts".into());
        }
        let (nearest, distance): (Vec<usize>, Vec<f64>) = points
            .iter()
            .map(|point| {
                let all = others.iter().map(|other| squared(point, other)).enumerate();
                let (place, least) = all.fold((0, f64::INFINITY), |best, one| if one.1 < best.1 { one } else { best });
                (place, least.sqrt() / spread)
            })
            .unzip();
        let mut sorted = distance.clone();
        sorted.sort_by(f64::total_cmp);
        Ok(Self { nearest, median: quantile(&sorted, 0.5), distance, spread })
    }
}

fn squared(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many points on a circle around (x, 0).
    fn circle(n: usize, x: f64) -> Vec<Vec<f64>> {
        let angle = |k: usize| std::f64::consts::TAU * k as f64 / n as f64;
        (0..n).map(|k| vec![x + 2.0 * angle(k).cos(), 2.0 * angle(k).sin()]).collect()
    }

    fn beside(points: &[Vec<f64>], others: &[Vec<f64>]) -> Result<Beside, AnalysisError> {
        Beside::of(
            &points.iter().map(Vec::as_slice).collect::<Vec<_>>(),
            &others.iter().map(Vec::as_slice).collect::<Vec<_>>(),
        )
    }

    #[test]
    fn a_ring_that_is_shared_is_near_and_another_is_far() {
        let (ring, half) = (circle(8, 0.0), circle(4, 0.0));
        let shared = beside(&half, &ring).unwrap();
        assert_eq!(shared.nearest, [0, 2, 4, 6]);
        assert!((shared.spread - 2.0).abs() < 1e-12 && shared.median < 1e-12);
        // From the point at 45 degrees to the nearest at 0 or 90 the chord is 2 r sin(pi / 8).
        let sparse = beside(&ring, &half).unwrap();
        assert!((sparse.distance[1] - 2.0 * (std::f64::consts::PI / 8.0).sin()).abs() < 1e-12);
        // The point that is nearest to a ring 10 away is 6 from it, 3 radii.
        let far = beside(&half, &circle(8, 10.0)).unwrap();
        assert!((far.distance[0] - 3.0).abs() < 1e-12 && far.nearest[0] == 4, "{far:?}");
    }

    #[test]
    fn what_has_no_distance_is_refused() {
        let ring = circle(4, 0.0);
        assert!(beside(&[], &ring).unwrap_err().to_string().contains("0 points"));
        assert!(beside(&ring, &ring[..1]).unwrap_err().to_string().contains("1 others"));
        assert!(beside(&ring, &[vec![1.0], vec![2.0]]).unwrap_err().to_string().contains("of 2 dimensions"));
        assert!(beside(&ring, &[ring[0].clone(), ring[0].clone()]).unwrap_err().to_string().contains("no spread"));
    }
}
