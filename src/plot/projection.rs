//! From states of all units to the two or three numbers that a figure has room for.
//!
//! Principal components are those of [`nn4n_analysis::components`].

use ndarray::{Array1, Array2, ArrayView1, Axis, concatenate};
use nn4n_analysis::{
    Components, FixedPoint, FixedPoints,
    fixed_points::{Connection, PointKind},
};

use super::axis::range;
use super::error::{require, require_finite, require_some};
use super::{PlotError, StateArrow, StateAxis, StateLink, StatePoint, StatePointKind, StateSpace};

/// Half of a growing mode, as a part of the longest extent of the states.
const MODE: f64 = 0.12;
/// An arrow, the same.
const ARROW: f64 = 0.35;
/// Most modes of a point.
const MODES: usize = 3;

/// Directions of the state space through a point.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// The point that is drawn at zero (units).
    pub origin: Vec<f64>,
    /// Directions of length 1 that are orthogonal (units), one for each axis of the figure.
    pub directions: Vec<Vec<f64>>,
    /// What the axes of the figure say.
    pub axes: Vec<StateAxis>,
}

impl Projection {
    /// Along the first `n` principal components of states (steps, units), all with the same weight.
    ///
    /// # Errors
    /// If there are no states, they have different units or fewer than `n`, are not finite, or no eigenvectors are
    /// found.
    pub fn principal(states: &[Array2<f64>], n: usize) -> Result<Self, PlotError> {
        let units = states.first().map_or(0, Array2::ncols);
        let rows = states.iter().map(Array2::nrows).sum::<usize>();
        require_some("states", rows)?;
        require(units >= n, "states", || format!("has {units} units, but {n} components were asked for"))?;
        for (i, part) in states.iter().enumerate() {
            let (field, other) = (format!("states[{i}]"), part.ncols());
            require(other == units, &field, || format!("has {other} units, but the first has {units}"))?;
            require_finite(&field, part.iter().copied())?;
        }
        let views: Vec<_> = states.iter().map(|part| part.view()).collect();
        let invalid = |problem: String| PlotError::Invalid {
            field: "states".into(),
            problem: format!("have no components: {problem}"),
        };
        let rows = concatenate(Axis(0), &views).map_err(|error| invalid(error.to_string()))?;
        let found = Components::of(rows.view(), n).map_err(|error| invalid(error.to_string()))?;
        let axis = |(place, variance): (usize, &f64)| StateAxis {
            name: format!("PC {}", place + 1),
            variance: Some(variance.clamp(0.0, 1.0)),
        };
        Ok(Self {
            axes: found.variance.iter().enumerate().map(axis).collect(),
            directions: found.axes.outer_iter().map(|direction| direction.to_vec()).collect(),
            origin: found.mean,
        })
    }

    /// Coordinates (axes) of a state (units).
    pub fn of_state(&self, state: &[f64]) -> Vec<f64> {
        let from_origin: Vec<f64> = state.iter().zip(&self.origin).map(|(x, o)| x - o).collect();
        self.of_vector(&from_origin)
    }

    /// Coordinates (axes) of a difference of states (units).
    pub fn of_vector(&self, vector: &[f64]) -> Vec<f64> {
        self.directions.iter().map(|direction| dot(direction, vector)).collect()
    }

    /// Coordinates (steps, axes) of states (steps, units).
    pub fn of_states(&self, states: &Array2<f64>) -> Array2<f64> {
        let mut found = Array2::zeros((states.nrows(), self.directions.len()));
        for (mut row, state) in found.outer_iter_mut().zip(states.outer_iter()) {
            row.assign(&Array1::from(self.of_state(&state.to_vec())));
        }
        found
    }
}

impl StateSpace {
    /// Points and where saddles lead, among trajectories (steps, units each), seen along a projection.
    ///
    /// # Errors
    /// If states have another number of units than the projection.
    pub fn of(
        projection: &Projection,
        found: &FixedPoints,
        connections: &[Connection],
        trajectories: &[Array2<f64>],
    ) -> Result<Self, PlotError> {
        let units = projection.origin.len();
        let widths = found.points.iter().map(|point| ("points", point.x_star.len()));
        for (field, n) in widths.chain(trajectories.iter().map(|states| ("trajectories", states.ncols()))) {
            require(n == units, field, || format!("has {n} units, but the projection has {units}"))?;
        }
        let trajectories: Vec<Array2<f64>> = trajectories.iter().map(|states| projection.of_states(states)).collect();
        let places: Vec<Vec<f64>> = found.points.iter().map(|point| projection.of_state(&point.x_star)).collect();
        let all = || trajectories.iter().flat_map(|states| states.outer_iter()).chain(places.iter().map(view));
        let extent = extent(projection.axes.len(), all);
        let points = found.points.iter().zip(&places).map(|(point, at)| StatePoint {
            at: at.clone(),
            kind: kind(point),
            on_kink: !point.on_kink.is_empty(),
            modes: modes(projection, point, MODE * extent),
            label: String::new(),
        });
        let points = points.collect();
        Ok(Self { axes: projection.axes.clone(), trajectories, points, links: links(connections), arrows: Vec::new() })
    }

    /// Adds the direction of a vector (units), such as a selection vector, from a state (units) on. All arrows that lie
    /// within the axes are equally long; one that leaves them is shorter.
    ///
    /// # Errors
    /// If one of the two has another number of units than the projection, or the vector is zero.
    pub fn arrow(
        &mut self,
        projection: &Projection,
        name: &str,
        from: &[f64],
        vector: &[f64],
    ) -> Result<(), PlotError> {
        let units = projection.origin.len();
        for n in [from.len(), vector.len()] {
            require(n == units, "arrow", || format!("`{name}` has {n} numbers, but the projection has {units} units"))?;
        }
        let norm = dot(vector, vector).sqrt();
        require(norm > 0.0, "arrow", || format!("`{name}` is zero and has no direction; leave it out"))?;
        let all = || {
            let states = self.trajectories.iter().flat_map(|states| states.outer_iter());
            states.chain(self.points.iter().map(|point| view(&point.at)))
        };
        let length = ARROW * extent(self.axes.len(), all) / norm;
        let from = projection.of_state(from);
        let along = projection.of_vector(vector);
        let to = from.iter().zip(along).map(|(from, along)| from + length * along).collect();
        self.arrows.push(StateArrow { name: name.into(), from, to });
        Ok(())
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn view(values: &Vec<f64>) -> ArrayView1<'_, f64> {
    ArrayView1::from(values.as_slice())
}

/// The longest range along an axis; 1 where there is none.
fn extent<'a, I: Iterator<Item = ArrayView1<'a, f64>>>(axes: usize, all: impl Fn() -> I) -> f64 {
    let along = |axis: usize| {
        let (low, high) = range(all().map(|p| p[axis]));
        high - low
    };
    let longest = (0..axes).map(along).fold(0.0, f64::max);
    if longest > 0.0 && longest.is_finite() { longest } else { 1.0 }
}

/// What a point is in a figure.
pub(super) fn kind(point: &FixedPoint) -> StatePointKind {
    match point.kind {
        PointKind::Slow => StatePointKind::Slow,
        PointKind::Fixed if point.is_stable => StatePointKind::Stable,
        PointKind::Fixed if point.unstable_dimensions > 0 => StatePointKind::Unstable,
        PointKind::Fixed => StatePointKind::Marginal,
    }
}

/// The modes that grow most: real ones as a line, a complex pair as the two lines that span its plane.
fn modes(projection: &Projection, point: &FixedPoint, length: f64) -> Vec<Vec<f64>> {
    if point.kind == PointKind::Slow || !point.on_kink.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (mode, value) in point.eigenvalues.iter().enumerate().take(point.unstable_dimensions) {
        let column = point.right.column(mode);
        let part = match value.1 {
            im if im < 0.0 => column.mapv(|value| value.1),
            _ => column.mapv(|value| value.0),
        };
        let norm = part.dot(&part).sqrt();
        if norm > 0.0 {
            let along = projection.of_vector(&(part / norm).to_vec());
            found.push(along.into_iter().map(|value| length * value).collect());
        }
    }
    found.truncate(MODES);
    found
}

/// Each pair of ends once.
fn links(connections: &[Connection]) -> Vec<StateLink> {
    let mut found: Vec<StateLink> = Vec::new();
    for connection in connections {
        let Some(to) = connection.to else { continue };
        let link = StateLink { from: connection.from, to };
        if !found.contains(&link) {
            found.push(link);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn principal_components_are_those_worked_by_hand() {
        // Variances 8 along (1, 1, 0) / sqrt 2, 1/2 along z, 0 else.
        let d = 8f64.sqrt() / 2f64.sqrt();
        let states = array![[d, d, 1.0], [-d, -d, 1.0], [d, d, 0.0], [-d, -d, 0.0]];
        let found = Projection::principal(std::slice::from_ref(&states), 2).unwrap();
        assert!((found.directions[0][0] - 0.5f64.sqrt()).abs() < 1e-12, "{found:?}");
        assert!((found.directions[1][2] - 1.0).abs() < 1e-12, "{found:?}");
        assert!((found.origin[2] - 0.5).abs() < 1e-12);
        let shares: Vec<f64> = found.axes.iter().filter_map(|axis| axis.variance).collect();
        assert!((shares[0] - 8.0 / 8.25).abs() < 1e-12 && (shares[1] - 0.25 / 8.25).abs() < 1e-12, "{shares:?}");
        let seen = found.of_states(&states);
        assert!((seen[[1, 0]] + 8f64.sqrt()).abs() < 1e-12 && (seen[[3, 1]] + 0.5).abs() < 1e-12, "{seen}");
    }

    #[test]
    fn states_that_have_no_components_are_refused() {
        let refusal = |states: &[Array2<f64>], n| Projection::principal(states, n).unwrap_err().to_string();
        assert!(refusal(&[], 2).contains("`states` is empty"));
        assert!(refusal(&[array![[1.0]]], 2).contains("has 1 units, but 2 components"));
        assert!(refusal(&[array![[1.0, 2.0]], array![[1.0]]], 2).contains("`states[1]` has 1 units"));
        assert!(refusal(&[array![[1.0, f64::NAN]]], 2).contains("NaN"));
    }

    #[test]
    fn an_arrow_has_a_third_of_the_extent_and_a_direction() {
        let projection = Projection {
            origin: vec![0.0; 2],
            directions: vec![vec![1.0, 0.0], vec![0.0, 1.0]],
            axes: vec![StateAxis::default(); 2],
        };
        let mut figure = StateSpace { axes: projection.axes.clone(), ..StateSpace::default() };
        figure.trajectories.push(array![[0.0, 0.0], [10.0, 1.0]]);
        figure.arrow(&projection, "input", &[1.0, 1.0], &[0.0, -7.0]).unwrap();
        assert_eq!((&figure.arrows[0].from, &figure.arrows[0].to), (&vec![1.0, 1.0], &vec![1.0, -2.5]));
        let zero = figure.arrow(&projection, "none", &[1.0, 1.0], &[0.0, 0.0]).unwrap_err().to_string();
        assert!(zero.contains("`none` is zero"), "{zero}");
    }
}
