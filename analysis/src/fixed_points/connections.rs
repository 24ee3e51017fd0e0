//! Where saddles lead: the graph of attractors.
//!
//! ```text
//! x_0 = x* + e v,  x_{t+1} = F(x_t)  until |g| < 1e-8 or the state is at an attractor
//! v    +r and -r of each growing real mode;  cos(phi) Re r + sin(phi) Im r, eight phases, of a complex pair
//! e    1e-3 of the scale of the states, then half of it: an end that depends on it is marked
//! ```
//!
//! A saddle with one growing mode joins the two attractors that its directions lead to.

use rayon::prelude::*;
use serde::Serialize;

use super::{FixedPoint, PointKind};
use crate::{
    dynamics::Dynamics,
    linear::{distance, length},
};

/// The first displacement, as a part of the median norm of the points.
const DISPLACEMENT: f64 = 1e-3;
/// Steps that a trajectory may take.
const STEPS: usize = 10_000;
/// Phases at which the plane of a complex pair is left.
const PHASES: usize = 8;
/// `|g|` at rest.
const AT_REST: f64 = 1e-8;

/// Where one direction out of a saddle leads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Connection {
    /// Place of the saddle among the points.
    pub from: usize,
    /// The mode that is followed, counted by modulus.
    pub mode: usize,
    /// Angle in the plane of the mode, rad; 0 and pi of a real one.
    pub phase: f64,
    /// Place of the fixed point where it ends; `None` if that is none of them, or it did not come to rest.
    pub to: Option<usize>,
    /// Steps that it took.
    pub steps: usize,
    /// Whether half the displacement leads to the same end.
    pub is_certain: bool,
}

/// All connections out of the saddles among the points, which are within `same_point` of their ends.
pub fn connections(system: &dyn Dynamics, points: &[FixedPoint], same_point: f64) -> Vec<Connection> {
    let mut norms: Vec<f64> = points.iter().map(|point| length(&point.x_star)).collect();
    norms.sort_by(f64::total_cmp);
    let scale = DISPLACEMENT * norms.get(norms.len() / 2).copied().unwrap_or(0.0).max(1e-3);
    let saddles = points.iter().enumerate().filter(|(_, point)| is_saddle(point));
    let ways: Vec<_> =
        saddles.flat_map(|(from, point)| directions(point).into_iter().map(move |way| (from, way))).collect();
    let follow = |(from, (mode, direction, phase)): (usize, (usize, Vec<f64>, f64))| {
        let follow = |displacement: f64| leave(system, points, &points[from], &direction, displacement, same_point);
        let ((to, steps), (again, _)) = (follow(scale), follow(0.5 * scale));
        Connection { from, mode, phase, to, steps, is_certain: to == again }
    };
    ways.into_par_iter().map(follow).collect()
}

fn is_saddle(point: &FixedPoint) -> bool {
    point.kind == PointKind::Fixed && point.unstable_dimensions > 0 && point.on_kink.is_empty()
}

/// Ways out of a saddle: mode, direction of length 1, phase.
fn directions(point: &FixedPoint) -> Vec<(usize, Vec<f64>, f64)> {
    let mut found = Vec::new();
    for (mode, value) in point.eigenvalues.iter().enumerate().take(point.unstable_dimensions) {
        let part = |of: fn(&(f64, f64)) -> f64| point.right.column(mode).iter().map(of).collect::<Vec<f64>>();
        let (real, imaginary) = (part(|value| value.0), part(|value| value.1));
        // Of a pair the one with the positive imaginary part stands for both.
        let phases = match value.1 {
            0.0 => 2,
            im if im > 0.0 => PHASES,
            _ => 0,
        };
        for place in 0..phases {
            let phase = std::f64::consts::TAU * place as f64 / phases as f64;
            let direction: Vec<f64> =
                real.iter().zip(&imaginary).map(|(re, im)| phase.cos() * re + phase.sin() * im).collect();
            let norm = length(&direction);
            found.push((mode, direction.into_iter().map(|value| value / norm).collect(), phase));
        }
    }
    found
}

/// Where a trajectory ends that leaves a saddle, and after how many steps.
fn leave(
    system: &dyn Dynamics,
    points: &[FixedPoint],
    saddle: &FixedPoint,
    direction: &[f64],
    displacement: f64,
    same_point: f64,
) -> (Option<usize>, usize) {
    let mut state: Vec<f64> = saddle.x_star.iter().zip(direction).map(|(x, v)| x + displacement * v).collect();
    for step in 0..STEPS {
        let flow = length(&system.flow(&state));
        if !flow.is_finite() {
            return (None, step);
        }
        if flow < AT_REST {
            let end = system.representative(state);
            let end = (0..points.len())
                .filter(|place| points[*place].kind == PointKind::Fixed)
                .map(|place| (place, distance(&points[place].x_star, &end)))
                .min_by(|a, b| a.1.total_cmp(&b.1));
            return (end.filter(|(_, away)| *away < same_point.max(1e-6)).map(|(place, _)| place), step);
        }
        state = system.step(&state);
    }
    (None, STEPS)
}
