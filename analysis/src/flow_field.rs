//! The flow in a plane of the state space.
//!
//! ```text
//! x(a, b) = o + a e_1 + b e_2        arrows  (e_1 . g, e_2 . g)        speed  |g|, also of what leaves the plane
//! ```
//!
//! The plane goes through three points, or through one along two directions (principal components, say); `e_1`, `e_2`
//! are made orthonormal in that order.

use ndarray::{Array1, Array2};
use serde::Serialize;

use crate::{
    AnalysisError,
    dynamics::Dynamics,
    linear::{distance, length},
};

/// A plane in the state space.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plane {
    /// A point of it (dim).
    pub origin: Vec<f64>,
    /// Two orthonormal directions (dim).
    pub axes: [Vec<f64>; 2],
}

impl Plane {
    /// Through a point along two directions.
    ///
    /// # Errors
    /// If the lengths differ, or the directions are parallel.
    pub fn along(origin: &[f64], first: &[f64], second: &[f64]) -> Result<Self, AnalysisError> {
        if first.len() != origin.len() || second.len() != origin.len() {
            let message =
                format!("has {}, {} and {} numbers, which must be as many", origin.len(), first.len(), second.len());
            return Err(AnalysisError::Shape { array: "plane", message });
        }
        let (first, second) = (Array1::from(first.to_vec()), Array1::from(second.to_vec()));
        let parallel = || AnalysisError::Setting {
            setting: "plane",
            value: "two directions".into(),
            rule: "must not be parallel or zero; take other points".into(),
        };
        let unit = |direction: Array1<f64>, size: f64| {
            let length = direction.dot(&direction).sqrt();
            (length > 1e-12 * size && length > 0.0).then(|| direction / length).ok_or_else(parallel)
        };
        let size = second.dot(&second).sqrt();
        let first = unit(first, 0.0)?;
        let second = unit(&second - &(&first * first.dot(&second)), size)?;
        Ok(Self { origin: origin.to_vec(), axes: [first.to_vec(), second.to_vec()] })
    }

    /// Through three points.
    ///
    /// # Errors
    /// If their lengths differ, or they lie on a line.
    pub fn through(a: &[f64], b: &[f64], c: &[f64]) -> Result<Self, AnalysisError> {
        let from_a = |to: &[f64]| to.iter().zip(a).map(|(to, a)| to - a).collect::<Vec<_>>();
        if b.len() != a.len() || c.len() != a.len() {
            return Self::along(a, b, c);
        }
        Self::along(a, &from_a(b), &from_a(c))
    }

    /// The state (dim) at `(a, b)`.
    pub fn state(&self, a: f64, b: f64) -> Vec<f64> {
        let [first, second] = &self.axes;
        self.origin.iter().zip(first).zip(second).map(|((o, e), f)| o + a * e + b * f).collect()
    }

    /// The coordinates of a state (dim): of its projection.
    pub fn coordinates(&self, state: &[f64]) -> (f64, f64) {
        let along = |axis: &Vec<f64>| state.iter().zip(&self.origin).zip(axis).map(|((x, o), e)| (x - o) * e).sum();
        (along(&self.axes[0]), along(&self.axes[1]))
    }

    /// How far a state (dim) is from the plane.
    pub fn distance(&self, state: &[f64]) -> f64 {
        let (a, b) = self.coordinates(state);
        distance(&self.state(a, b), state)
    }
}

/// The flow on a grid of a plane; arrays are (second coordinate, first coordinate).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlowField {
    /// Where.
    pub plane: Plane,
    /// First coordinates of the grid.
    pub a: Vec<f64>,
    /// Second coordinates.
    pub b: Vec<f64>,
    /// The flow along the first axis, state per time constant.
    pub along_a: Array2<f64>,
    /// The flow along the second.
    pub along_b: Array2<f64>,
    /// `|g|`, with what leaves the plane.
    pub speed: Array2<f64>,
}

impl FlowField {
    /// On a grid of `points` by `points` between the coordinates.
    pub fn of(system: &dyn Dynamics, plane: &Plane, a: (f64, f64), b: (f64, f64), points: usize) -> Self {
        let grid = |(low, high): (f64, f64)| -> Vec<f64> {
            (0..points).map(|place| low + (high - low) * place as f64 / (points.max(2) - 1) as f64).collect()
        };
        let (a, b) = (grid(a), grid(b));
        let mut field = Self {
            plane: plane.clone(),
            along_a: Array2::zeros((points, points)),
            along_b: Array2::zeros((points, points)),
            speed: Array2::zeros((points, points)),
            a,
            b,
        };
        for row in 0..points {
            for column in 0..points {
                let flow = system.flow(&plane.state(field.a[column], field.b[row]));
                let along = |axis: &Vec<f64>| flow.iter().zip(axis).map(|(g, e)| g * e).sum::<f64>();
                field.along_a[[row, column]] = along(&plane.axes[0]);
                field.along_b[[row, column]] = along(&plane.axes[1]);
                field.speed[[row, column]] = length(&flow);
            }
        }
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x' = 0.9 x + 0.1 (2, 0, 0).
    struct Toward;

    impl Dynamics for Toward {
        fn dim(&self) -> usize {
            3
        }

        fn step(&self, state: &[f64]) -> Vec<f64> {
            state.iter().zip([2.0, 0.0, 0.0]).map(|(x, to)| 0.9 * x + 0.1 * to).collect()
        }

        fn jacobian(&self, _state: &[f64]) -> Array2<f64> {
            0.9 * Array2::eye(3)
        }
    }

    #[test]
    fn the_flow_in_a_plane_points_to_where_all_goes() {
        let plane = Plane::through(&[2.0, 0.0, 1.0], &[3.0, 0.0, 1.0], &[2.5, 5.0, 1.0]).unwrap();
        assert_eq!(plane.coordinates(&plane.state(0.5, -0.25)), (0.5, -0.25));
        let field = FlowField::of(&Toward, &plane, (-1.0, 1.0), (-1.0, 1.0), 3);
        // At (a, b) the flow is -0.1 (a, b) in the plane and -0.1 across it.
        assert!((field.along_a[[1, 2]] + 0.1).abs() < 1e-12 && field.along_b[[1, 2]].abs() < 1e-12);
        assert!((field.along_b[[0, 1]] - 0.1).abs() < 1e-12);
        assert!((field.speed[[1, 1]] - 0.1).abs() < 1e-12);
        assert!(Plane::through(&[0.0; 3], &[1.0, 0.0, 0.0], &[2.0, 0.0, 0.0]).is_err());
        assert!(Plane::along(&[0.0; 3], &[1.0, 0.0], &[0.0; 3]).is_err());
    }
}
