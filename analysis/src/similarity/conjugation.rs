//! How far two linear dynamics are apart once the space of one is turned, or mirrored, into that of the other.
//!
//! ```text
//! angle = min over orthogonal C of arccos(tr(A^T C B C^T) / (|A| |B|))       in [0, pi]
//! ascent: G = A C B^T + A^T C B,  Omega = G C^T - C G^T,  C <- (I - t Omega / 2)^-1 (I + t Omega / 2) C
//! ```
//!
//! The ascent keeps C orthogonal and its determinant; steps `t` are those of Barzilai and Borwein, halved until the
//! trace grows. There are many local optima, so that it begins from several C of both determinants: the identity, the
//! eigenvectors of the symmetric parts in the order of their eigenvalues, and random ones.
//! Ostrow et al. (2023, arXiv:2306.10168); Wen and Yin (2013, 10.1007/s10107-012-0584-1).

use faer::{Mat, prelude::Solve};
use ndarray::{Array2, Axis};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::factor::{angle_of_chord, squares, symmetric};
use crate::{AnalysisError, interruption::each, linear};

/// Steps of an ascent at most.
const STEPS: usize = 2000;
/// Size of `Omega` at which it ends, of A and B of size 1.
const FLAT: f64 = 1e-10;
/// The least part of what the slope promises that a step must gain, and how often it is halved.
const GAIN: f64 = 1e-4;
const HALVINGS: usize = 40;

/// The best C of all starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Conjugation {
    /// The angle, rad in [0, pi].
    pub angle: f64,
    /// The angle that each start led to, rad.
    pub angles: Vec<f64>,
    /// The C of the best (r, r).
    pub turn: Array2<f64>,
}

/// The angle between two linear maps (r, r) up to an orthogonal change of the space of one; `starts` of them, of which
/// those beyond the first four are drawn.
///
/// # Errors
/// If the maps are of different spaces or 0, there is no start, or no eigenvalues are found.
pub fn conjugation(a: &Array2<f64>, b: &Array2<f64>, starts: usize, seed: u64) -> Result<Conjugation, AnalysisError> {
    linear::check_square("dynamics", a)?;
    linear::check_square("dynamics", b)?;
    if a.dim() != b.dim() {
        let message = format!("have shapes {:?} and {:?}, but must be of one rank", a.dim(), b.dim());
        return Err(AnalysisError::Shape { array: "dynamics", message });
    }
    if starts == 0 {
        let rule = "must be 1 at least, better 20".into();
        return Err(AnalysisError::Setting { setting: "starts", value: "0".into(), rule });
    }
    let (a, b) = (of_length_1(a)?, of_length_1(b)?);
    let turns = beginnings(&a, &b, starts, seed)?;
    let ends: Vec<Array2<f64>> =
        each(turns.len(), |place| Ok::<_, AnalysisError>(ascend(&a, &b, turns[place].clone())))?;
    let angle = |turn: &Array2<f64>| angle_of_chord(squares(&(&a - &turn.dot(&b).dot(&turn.t()))).sqrt());
    let angles: Vec<f64> = ends.iter().map(angle).collect();
    let best = (0..angles.len()).min_by(|i, j| angles[*i].total_cmp(&angles[*j])).unwrap_or(0);
    Ok(Conjugation { angle: angles[best], turn: ends[best].clone(), angles })
}

fn of_length_1(map: &Array2<f64>) -> Result<Array2<f64>, AnalysisError> {
    let length = squares(map).sqrt();
    if length > 0.0 {
        return Ok(map / length);
    }
    let message = "are 0: nothing of one step is left in the next; take a longer time, or another epoch".into();
    Err(AnalysisError::Shape { array: "dynamics", message })
}

/// Orthogonal matrices, every second one mirrored.
fn beginnings(a: &Array2<f64>, b: &Array2<f64>, starts: usize, seed: u64) -> Result<Vec<Array2<f64>>, AnalysisError> {
    let n = a.nrows();
    let of_symmetric =
        |map: &Array2<f64>| -> Result<Array2<f64>, AnalysisError> { Ok(symmetric("dynamics", &(map + &map.t()))?.1) };
    let aligned = of_symmetric(a)?.dot(&of_symmetric(b)?.t());
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Ok((0..starts)
        .map(|start| {
            let turn = match start {
                0 | 1 => aligned.clone(),
                2 | 3 => Array2::eye(n),
                _ => random(n, &mut rng),
            };
            if start % 2 == 1 { mirrored(turn) } else { turn }
        })
        .collect())
}

/// Uniform over orthogonal matrices, by Gram and Schmidt on normal numbers.
fn random(n: usize, rng: &mut impl Rng) -> Array2<f64> {
    let mut turn: Array2<f64> = Array2::from_shape_simple_fn((n, n), || rng.sample(StandardNormal));
    for row in 0..n {
        // Twice is enough.
        for other in (0..row).chain(0..row) {
            let (before, mut here) = turn.view_mut().split_at(Axis(0), row);
            let part = before.row(other).dot(&here.row(0));
            here.row_mut(0).scaled_add(-part, &before.row(other));
        }
        let length = turn.row(row).dot(&turn.row(row)).sqrt();
        turn.row_mut(row).mapv_inplace(|x| x / length);
    }
    turn
}

fn mirrored(mut turn: Array2<f64>) -> Array2<f64> {
    if turn.nrows() > 0 {
        turn.row_mut(0).mapv_inplace(|x| -x);
    }
    turn
}

/// The trace, and `Omega`.
fn slope(a: &Array2<f64>, b: &Array2<f64>, turn: &Array2<f64>) -> (f64, Array2<f64>) {
    let image = turn.dot(b);
    let value = (a * &image.dot(&turn.t())).sum();
    let gradient = a.dot(&turn.dot(&b.t())) + a.t().dot(&image);
    let product = gradient.dot(&turn.t());
    (value, &product - &product.t())
}

/// Uphill from one start to where it is flat.
fn ascend(a: &Array2<f64>, b: &Array2<f64>, mut turn: Array2<f64>) -> Array2<f64> {
    let (mut value, mut omega) = slope(a, b, &turn);
    let mut step = 1.0;
    for _ in 0..STEPS {
        let steep = squares(&omega);
        if steep.sqrt() < FLAT {
            break;
        }
        let found = (0..HALVINGS).find_map(|halving| {
            let t = step * 0.5f64.powi(halving as i32);
            let next = cayley(&omega, t, &turn);
            let (reached, slope) = slope(a, b, &next);
            (reached >= value + GAIN * t * 0.5 * steep).then_some((next, reached, slope))
        });
        // No step gains more than rounding.
        let Some((next, reached, next_omega)) = found else { break };
        let moved = &next - &turn;
        let bent = next_omega.dot(&next) - omega.dot(&turn);
        let curvature = (&moved * &bent).sum().abs();
        step = if curvature > 0.0 { (squares(&moved) / curvature).clamp(1e-3, 1e3) } else { 1.0 };
        (turn, value, omega) = (next, reached, next_omega);
    }
    turn
}

/// `(I - t Omega / 2)^-1 (I + t Omega / 2) C`.
fn cayley(omega: &Array2<f64>, t: f64, turn: &Array2<f64>) -> Array2<f64> {
    let n = turn.nrows();
    let half = |i: usize, j: usize| 0.5 * t * omega[[i, j]];
    let one = |i: usize, j: usize| f64::from(u8::from(i == j));
    let left = Mat::from_fn(n, n, |i, j| one(i, j) - half(i, j));
    let right = turn + &(omega.dot(turn) * (0.5 * t));
    let mut solved = Mat::from_fn(n, n, |i, j| right[[i, j]]);
    left.partial_piv_lu().solve_in_place(&mut solved);
    Array2::from_shape_fn((n, n), |(i, j)| solved[(i, j)])
}
