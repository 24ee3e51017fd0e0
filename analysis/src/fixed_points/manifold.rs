//! Continuous attractors: many fixed points in a row that share a direction in which nothing moves.
//!
//! ```text
//! recognised   at least 10 points, at every one a mode with |lambda - 1| < 0.01         dimension: how many such modes
//! order        from neighbour to neighbour, by arc length; closed if the ends are neighbours, too
//! speed        |g| half way between neighbours: 0 on a true continuous attractor
//! selection    l, the left vector of the mode with l . r = 1, signs aligned, mean over the points
//! effect       l . dF/du: how far a pulse of an input moves the state along the attractor in the end
//! ```
//!
//! Mante et al. 2013, doi:10.1038/nature12742 (selection vectors); Seung 1996, doi:10.1073/pnas.93.23.13339.

use ndarray::{Array1, Array2};
use serde::Serialize;

use super::{FixedPoint, PointKind};
use crate::{
    dynamics::NetworkDynamics,
    linear::{distance, length},
};

/// The fewest points that are a manifold.
const FEWEST: usize = 10;
/// How near to 1 the eigenvalue of a mode along the manifold lies.
const NEAR_ONE: f64 = 1e-2;
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
}

impl Manifold {
    /// The manifold that fixed points lie on, if they do.
    pub fn of(system: &dyn NetworkDynamics, points: &[FixedPoint]) -> Option<Self> {
        let fixed: Vec<usize> = (0..points.len()).filter(|place| points[*place].kind == PointKind::Fixed).collect();
        let along = |place: &usize| modes_along(&points[*place]);
        let on_it: Vec<usize> = fixed.into_iter().filter(|place| !along(place).is_empty()).collect();
        if on_it.len() < FEWEST {
            return None;
        }
        let dimension = most_frequent(on_it.iter().map(|place| along(place).len()))?;
        if dimension > 2 {
            return None;
        }
        let (selection_vector, effect_of_inputs) = selection(system, points, &on_it);
        let mut found = Self {
            dimension,
            order: on_it,
            arc_length: None,
            is_closed: false,
            speed_between: Vec::new(),
            selection_vector,
            effect_of_inputs,
        };
        if dimension == 1 {
            found.put_in_order(system, points);
        }
        Some(found)
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
fn modes_along(point: &FixedPoint) -> Vec<usize> {
    let is_along = |(_, value): &(usize, &(f64, f64))| (value.0 - 1.0).hypot(value.1) < NEAR_ONE;
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

/// The mean left vector of the slowest mode, and what inputs do along it.
fn selection(system: &dyn NetworkDynamics, points: &[FixedPoint], among: &[usize]) -> (Vec<f64>, Vec<f64>) {
    let (mut vector, mut effect, mut count): (Option<Array1<f64>>, Option<Array1<f64>>, f64) = (None, None, 0.0);
    for place in among {
        let point = &points[*place];
        let (Some(left), Some(mode)) = (point.left.as_ref(), modes_along(point).first().copied()) else { continue };
        let mut left = left.row(mode).mapv(|value| value.0);
        if vector.as_ref().is_some_and(|vector| vector.dot(&left) < 0.0) {
            left.mapv_inplace(|value| -value);
        }
        let of_input: Array2<f64> = system.input_jacobian(&point.x_star);
        let own = left.dot(&of_input);
        effect = Some(effect.map_or_else(|| own.clone(), |sum| sum + &own));
        vector = Some(vector.map_or_else(|| left.clone(), |sum| sum + &left));
        count += 1.0;
    }
    let mean = |sum: Option<Array1<f64>>| sum.map_or_else(Vec::new, |sum| (sum / count).to_vec());
    (mean(vector), mean(effect))
}
