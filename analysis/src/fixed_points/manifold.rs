//! Continuous attractors: many fixed points in a row that share a direction in which nothing moves.
//!
//! ```text
//! recognised   at least 10 points, at every one a mode with |lambda - 1| < 0.01         dimension: how many such modes
//!              (0.05 where slow points were asked for, which count as fixed ones do)
//! order        from neighbour to neighbour, by arc length; closed if the ends are neighbours, too
//! speed        |g| half way between neighbours: 0 on a true continuous attractor
//! selection    l, the left vector of the mode with l . r = 1, signs aligned, mean over the points
//! effect       l . dF/du: how far a pulse of an input moves the state along the attractor in the end
//! alignment    |cos(l, dF/du)| of each input, whatever its strength
//! shares       variance of the points along each of their first three principal components, as a part of all
//! ```
//!
//! Mante et al. 2013, doi:10.1038/nature12742 (selection vectors); Seung 1996, doi:10.1073/pnas.93.23.13339.

use ndarray::Array2;
use serde::Serialize;

use super::{FixedPoint, PointKind};
use crate::{
    AnalysisError,
    dynamics::NetworkDynamics,
    linear::{distance, length, singular_values},
};

/// The fewest points that are a manifold.
const FEWEST: usize = 10;
/// How near to 1 the eigenvalue of a mode along the manifold lies.
const NEAR_ONE: f64 = 1e-2;
/// The same of slow points that were asked for, which drift along it.
const NEAR_ONE_IF_SLOW: f64 = 5e-2;
/// Ends that are nearer than so many median spacings are neighbours.
const CLOSED: f64 = 3.0;

/// A line, a ring or a sheet of fixed points.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Manifold {
    /// 1 or 2: modes that neither grow nor decay.
    pub dimension: usize,
    /// Places of its points among all, in the order along it; in two dimensions as they are.
    pub order: Vec<usize>,
    /// Length along it from the first point to each, in units of the state; `None` in two dimensions.
    pub arc_length: Option<Vec<f64>>,
    /// Whether it is a ring.
    pub is_closed: bool,
    /// `|g|` half way between neighbours; empty in two dimensions.
    pub speed_between: Vec<f64>,
    /// Mean left vector (dim) of the mode along it.
    pub selection_vector: Vec<f64>,
    /// What a pulse of each input does along it: `l . dF/du` (inputs), mean over the points.
    pub effect_of_inputs: Vec<f64>,
    /// `|cos|` of the left vector and what a pulse of each input does to the state (inputs), mean over the points.
    pub alignment_of_inputs: Vec<f64>,
    /// Mean right vector (dim) of the mode along it, of length 1.
    pub direction: Vec<f64>,
    /// The part of the variance of its points along each of their first three principal components; empty where all are
    /// one.
    pub shares: Vec<f64>,
}

impl Manifold {
    /// The manifold that fixed points lie on, if they do; with `slow`, that fixed and slow points do.
    ///
    /// # Errors
    /// If the principal components of its points are not found.
    pub fn of(system: &dyn NetworkDynamics, points: &[FixedPoint], slow: bool) -> Result<Option<Self>, AnalysisError> {
        let counts = |point: &FixedPoint| slow || point.kind == PointKind::Fixed;
        let near = if slow { NEAR_ONE_IF_SLOW } else { NEAR_ONE };
        let along = |place: &usize| modes_along(&points[*place], near);
        let on_it: Vec<usize> =
            (0..points.len()).filter(|place| counts(&points[*place]) && !along(place).is_empty()).collect();
        if on_it.len() < FEWEST {
            return Ok(None);
        }
        let dimension = most_frequent(on_it.iter().map(|place| along(place).len()));
        let Some(dimension) = dimension.filter(|dimension| *dimension <= 2) else { return Ok(None) };
        let Selection { vector, effect, alignment, direction } = Selection::of(system, points, &on_it, near);
        let mut found = Self {
            dimension,
            shares: shares(points, &on_it)?,
            order: on_it,
            arc_length: None,
            is_closed: false,
            speed_between: Vec::new(),
            selection_vector: vector,
            effect_of_inputs: effect,
            alignment_of_inputs: alignment,
            direction,
        };
        if dimension == 1 {
            found.put_in_order(system, points);
        }
        Ok(Some(found))
    }

    fn put_in_order(&mut self, system: &dyn NetworkDynamics, points: &[FixedPoint]) {
        let state = |place: usize| points[place].x_star.as_slice();
        self.order = chain(points, &self.order);
        let mut steps: Vec<f64> = self.order.windows(2).map(|pair| distance(state(pair[0]), state(pair[1]))).collect();
        let mut reached = 0.0;
        let lengths = steps.iter().map(|step| {
            reached += step;
            reached
        });
        self.arc_length = Some(std::iter::once(0.0).chain(lengths).collect());
        let mut pairs: Vec<(usize, usize)> = self.order.windows(2).map(|pair| (pair[0], pair[1])).collect();
        let (first, last) = (self.order[0], self.order[self.order.len() - 1]);
        steps.sort_by(f64::total_cmp);
        self.is_closed = distance(state(first), state(last)) < CLOSED * steps[steps.len() / 2];
        if self.is_closed {
            pairs.push((last, first));
        }
        let between = |(a, b): &(usize, usize)| {
            let middle: Vec<f64> = state(*a).iter().zip(state(*b)).map(|(a, b)| 0.5 * (a + b)).collect();
            length(&system.flow(&middle))
        };
        self.speed_between = pairs.iter().map(between).collect();
    }
}

/// The modes that neither grow nor decay, nor turn.
fn modes_along(point: &FixedPoint, near: f64) -> Vec<usize> {
    let is_along = |(_, value): &(usize, &(f64, f64))| (value.0 - 1.0).hypot(value.1) < near;
    point.eigenvalues.iter().enumerate().filter(is_along).map(|(mode, _)| mode).collect()
}

fn most_frequent(counts: impl Iterator<Item = usize>) -> Option<usize> {
    let mut counts: Vec<usize> = counts.collect();
    counts.sort_unstable();
    counts.chunk_by(|a, b| a == b).max_by_key(|chunk| chunk.len()).map(|chunk| chunk[0])
}

/// From neighbour to neighbour, beginning at the end of a line: the point farthest from the centre.
fn chain(points: &[FixedPoint], among: &[usize]) -> Vec<usize> {
    let dim = points[among[0]].x_star.len();
    let mut centre = vec![0.0; dim];
    for place in among {
        centre.iter_mut().zip(&points[*place].x_star).for_each(|(sum, x)| *sum += x / among.len() as f64);
    }
    let far = |place: &usize| distance(&points[*place].x_star, &centre);
    let mut rest = among.to_vec();
    let mut order: Vec<usize> = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let next = match order.last() {
            None => (0..rest.len()).max_by(|a, b| far(&rest[*a]).total_cmp(&far(&rest[*b]))),
            Some(last) => {
                let away = |place: &usize| distance(&points[rest[*place]].x_star, &points[*last].x_star);
                (0..rest.len()).min_by(|a, b| away(a).total_cmp(&away(b)))
            }
        };
        // `rest` is not empty, so there is one.
        let Some(next) = next else { break };
        order.push(rest.swap_remove(next));
    }
    order
}

/// Means over points of the mode along a manifold.
#[derive(Default)]
struct Selection {
    vector: Vec<f64>,
    effect: Vec<f64>,
    alignment: Vec<f64>,
    direction: Vec<f64>,
}

impl Selection {
    fn of(system: &dyn NetworkDynamics, points: &[FixedPoint], among: &[usize], near: f64) -> Self {
        let mut sum = Self::default();
        let mut count = 0.0;
        for place in among {
            let point = &points[*place];
            let (Some(left), Some(mode)) = (point.left.as_ref(), modes_along(point, near).first().copied()) else {
                continue;
            };
            let left = left.row(mode).mapv(|value| value.0);
            let right = point.right.column(mode).mapv(|value| value.0);
            let of_input: Array2<f64> = system.input_jacobian(&point.x_star);
            let effect = left.dot(&of_input);
            let size = left.dot(&left).sqrt();
            let alignment = effect
                .iter()
                .zip(of_input.columns())
                .map(|(effect, column)| (effect / (size * column.dot(&column).sqrt())).abs());
            // An eigenvector has no sign of its own; both vectors turn together.
            let sign = if dot(&sum.vector, &left.to_vec()) < 0.0 { -1.0 } else { 1.0 };
            add(&mut sum.vector, left.iter().map(|value| sign * value));
            add(&mut sum.effect, effect.iter().map(|value| sign * value));
            add(&mut sum.alignment, alignment);
            add(&mut sum.direction, right.iter().map(|value| sign * value));
            count += 1.0;
        }
        let long = length(&sum.direction);
        let over = |values: Vec<f64>, by: f64| values.into_iter().map(|value| value / by).collect();
        Self {
            vector: over(sum.vector, count),
            effect: over(sum.effect, count),
            alignment: over(sum.alignment, count),
            direction: over(sum.direction, long),
        }
    }
}

/// 0 with a sum that has no terms yet.
fn dot(sum: &[f64], values: &[f64]) -> f64 {
    sum.iter().zip(values).map(|(a, b)| a * b).sum()
}

fn add(sum: &mut Vec<f64>, values: impl Iterator<Item = f64>) {
    if sum.is_empty() {
        sum.extend(values);
    } else {
        sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
    }
}

fn shares(points: &[FixedPoint], among: &[usize]) -> Result<Vec<f64>, AnalysisError> {
    let dim = points[among[0]].x_star.len();
    let mut states = Array2::from_shape_fn((among.len(), dim), |(row, unit)| points[among[row]].x_star[unit]);
    for mut unit in states.columns_mut() {
        let mean = unit.sum() / among.len() as f64;
        unit -= mean;
    }
    let values = singular_values("points", &states)?;
    let all: f64 = values.iter().map(|value| value.powi(2)).sum();
    let share = |value: &f64| value.powi(2) / all;
    Ok(if all > 0.0 { values.iter().take(3).map(share).collect() } else { Vec::new() })
}
