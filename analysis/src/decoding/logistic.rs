//! Logistic regression of many labellings of the same trials, by L-BFGS in one product of matrices for all of them.
//!
//! ```text
//! min |w|^2 / 2 + C sum_i log(1 + exp(-t_i (w z_i + b)))              two classes, t = -1 or 1
//! min |W|^2 / 2 + C sum_i (log sum_k exp(w_k z_i + b_k) - w_y z_i - b_y)     more, y the class of the trial
//! ```
//!
//! The intercept b has no penalty. The curvature of the loss is at most `c = C / 4` (C / 2 with more classes) in each
//! trial (Boehning 1992, <https://doi.org/10.1007/BF00048682>), so with `I + c Z^T Z = L L^T` and `u = L^T w` the
//! curvature of the whole is at most 1 in every direction and near 1 for labels that are noise: few steps are needed,
//! and the factor is that of the trials, whatever their labels.

use std::collections::VecDeque;

use faer::{
    Accum, Mat, Par, Side,
    linalg::{
        matmul::matmul,
        triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place},
    },
};
use ndarray::{Array2, ArrayView2};

use super::{
    features::{Linear, product},
    fit::{Failure, too_weak},
};
use crate::{interruption::Interruption, linear};

/// The gradient falls to this part of what it is without weights.
const TOLERANCE: f64 = 1e-9;
/// Evaluations at most.
const ROUNDS: usize = 1000;
/// Pairs of steps and changes of the gradient that are remembered.
const MEMORY: usize = 12;

/// The functions of features, those of each labelling after one another, that training features (rows, features) and
/// labels of the rows say, and how many searches did not converge.
///
/// # Errors
/// If the penalty is so weak that the features have no factor, or the work was interrupted.
pub(super) fn fit(
    train: ArrayView2<'_, f64>,
    labels: &[Vec<usize>],
    classes: usize,
    c: f64,
) -> Result<(Linear, usize), Failure> {
    let functions = if classes == 2 { 1 } else { classes };
    let loss = Loss::of(train, functions, c).ok_or_else(too_weak)?;
    let interruption = Interruption::here();
    let mut searches: Vec<Search> = labels.iter().map(|_| Search::new(loss.dim() * functions)).collect();
    for _ in 0..ROUNDS {
        interruption.check()?;
        let going: Vec<usize> = (0..searches.len()).filter(|i| searches[*i].is_going()).collect();
        if going.is_empty() {
            break;
        }
        let points: Vec<Vec<f64>> = going.iter().map(|i| searches[*i].point()).collect();
        let of_points: Vec<&[usize]> = going.iter().map(|i| labels[*i].as_slice()).collect();
        let found = loss.at(&points, &of_points);
        going.iter().zip(found).for_each(|(i, (value, gradient))| searches[*i].hear(value, gradient));
    }
    let unconverged = searches.iter().filter(|search| !search.is_done).count();
    Ok((loss.functions(&searches), unconverged))
}

/// The loss in the coordinates `(u, v)`, `u = L^T w`, `b = s v`.
struct Loss {
    /// `Z L^-T` (rows, features).
    rows: Mat<f64>,
    factor: Mat<f64>,
    functions: usize,
    c: f64,
    /// The bound on the curvature of a trial.
    bound: f64,
    /// `s`, with which the curvature along `v` is at most 1.
    step: f64,
}

impl Loss {
    fn of(train: ArrayView2<'_, f64>, functions: usize, c: f64) -> Option<Self> {
        let bound = c * if functions == 1 { 0.25 } else { 0.5 };
        let mut gram = product(train.t(), train) * bound;
        gram.diag_mut().iter_mut().for_each(|value| *value += 1.0);
        let factor = linear::view(&gram.view()).llt(Side::Lower).ok()?.L().to_owned();
        let mut turned = Mat::from_fn(train.ncols(), train.nrows(), |i, j| train[[j, i]]);
        solve_lower_triangular_in_place(factor.as_ref(), turned.as_mut(), Par::Seq);
        let step = 1.0 / (train.nrows().max(1) as f64 * bound).sqrt();
        Some(Self { rows: turned.transpose().to_owned(), factor, functions, c, bound, step })
    }

    /// Features and the intercept.
    fn dim(&self) -> usize {
        self.rows.ncols() + 1
    }

    /// Values and gradients at points, each (functions, features + 1), of labellings.
    fn at(&self, points: &[Vec<f64>], labels: &[&[usize]]) -> Vec<(f64, Vec<f64>)> {
        let (n, features, columns) = (self.rows.nrows(), self.rows.ncols(), points.len() * self.functions);
        let part = |column: usize| {
            let from = (column % self.functions) * (features + 1);
            &points[column / self.functions][from..from + features + 1]
        };
        let u = Mat::from_fn(features, columns, |i, column| part(column)[i]);
        let mut scores = Mat::zeros(n, columns);
        matmul(&mut scores, Accum::Replace, &self.rows, &u, 1.0, Par::Seq);
        linear::clear_registers(scores.col_as_slice(0));
        // Of each score: the residual of its trial, and with the penalty's part that the bound took.
        let (mut values, mut bent, mut sums) = (vec![0.0; points.len()], scores.clone(), vec![0.0; columns]);
        for (point, labels) in labels.iter().enumerate() {
            let first = point * self.functions;
            let intercepts: Vec<f64> = (0..self.functions).map(|k| self.step * part(first + k)[features]).collect();
            let mut of_trial = vec![0.0; self.functions];
            for (row, label) in labels.iter().enumerate() {
                for (k, score) in of_trial.iter_mut().enumerate() {
                    let linear = scores[(row, first + k)];
                    values[point] -= 0.5 * self.bound * linear * linear;
                    *score = linear + intercepts[k];
                }
                values[point] += self.c * residuals(&mut of_trial, *label);
                for (k, residual) in of_trial.iter().enumerate() {
                    sums[first + k] += self.c * residual;
                    bent[(row, first + k)] = self.c * residual - self.bound * scores[(row, first + k)];
                }
            }
        }
        let mut gradients = u;
        matmul(&mut gradients, Accum::Add, self.rows.transpose(), &bent, 1.0, Par::Seq);
        linear::clear_registers(gradients.col_as_slice(0));
        let gradient = |(point, value): (usize, f64)| {
            let mut all = Vec::with_capacity(self.dim() * self.functions);
            let mut penalty = 0.0;
            let columns = point * self.functions..(point + 1) * self.functions;
            for (column, sum) in columns.clone().zip(&sums[columns]) {
                penalty += 0.5 * part(column)[..features].iter().map(|u| u * u).sum::<f64>();
                all.extend(gradients.col(column).iter().copied());
                all.push(self.step * sum);
            }
            (value + penalty, all)
        };
        values.into_iter().enumerate().map(gradient).collect()
    }

    /// The functions where the searches ended.
    fn functions(&self, searches: &[Search]) -> Linear {
        let (features, rows) = (self.rows.ncols(), searches.len() * self.functions);
        let at = |row: usize, i: usize| searches[row / self.functions].x[(row % self.functions) * (features + 1) + i];
        // w = L^-T u
        let mut weights = Mat::from_fn(features, rows, |i, row| at(row, i));
        solve_upper_triangular_in_place(self.factor.transpose(), weights.as_mut(), Par::Seq);
        Linear {
            weights: Array2::from_shape_fn((rows, features), |(row, i)| weights[(i, row)]),
            intercepts: (0..rows).map(|row| self.step * at(row, features)).collect(),
        }
    }
}

/// The loss of a trial by its scores, which become the derivatives.
fn residuals(scores: &mut [f64], label: usize) -> f64 {
    if let [score] = scores {
        let (z, is_second) = (*score, label == 1);
        let tail = (-z.abs()).exp();
        let p = if z >= 0.0 { 1.0 / (1.0 + tail) } else { tail / (1.0 + tail) };
        *score = p - f64::from(u8::from(is_second));
        return tail.ln_1p() + if is_second { (-z).max(0.0) } else { z.max(0.0) };
    }
    let largest = scores.iter().fold(f64::MIN, |most, score| most.max(*score));
    let own = scores[label] - largest;
    scores.iter_mut().for_each(|score| *score = (*score - largest).exp());
    let sum: f64 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= sum);
    scores[label] -= 1.0;
    sum.ln() - own
}

/// A search for the minimum by L-BFGS that is told of each point that it asks for.
struct Search {
    x: Vec<f64>,
    /// Value and gradient at `x`.
    at: Option<(f64, Vec<f64>)>,
    direction: Vec<f64>,
    step: f64,
    memory: VecDeque<(Vec<f64>, Vec<f64>, f64)>,
    /// The length of the first gradient.
    first: f64,
    is_done: bool,
    is_stuck: bool,
}

impl Search {
    fn new(dim: usize) -> Self {
        Self {
            x: vec![0.0; dim],
            at: None,
            direction: vec![0.0; dim],
            step: 1.0,
            memory: VecDeque::new(),
            first: 0.0,
            is_done: false,
            is_stuck: false,
        }
    }

    fn is_going(&self) -> bool {
        !self.is_done && !self.is_stuck
    }

    /// The point that is to be evaluated.
    fn point(&self) -> Vec<f64> {
        self.x.iter().zip(&self.direction).map(|(x, d)| x + self.step * d).collect()
    }

    /// Takes the point if the loss falls as it must, or tries half the way.
    fn hear(&mut self, value: f64, gradient: Vec<f64>) {
        let Some((before, old)) = &self.at else {
            self.first = linear::length(&gradient);
            return self.turn(value, gradient);
        };
        let (slope, end) = (dot(old, &self.direction), dot(&gradient, &self.direction));
        let falls = value <= before + 1e-4 * self.step * slope;
        // Near the minimum values are rounding, and the slope tells what they cannot (Hager and Zhang 2005).
        let is_level = (value - before).abs() <= 1e-6 * before.abs() && end <= -0.8 * slope;
        if !(falls || is_level) {
            self.step *= 0.5;
            self.is_stuck = self.step < 1e-12;
            return;
        }
        let moved: Vec<f64> = self.direction.iter().map(|d| self.step * d).collect();
        let changed: Vec<f64> = gradient.iter().zip(old).map(|(new, old)| new - old).collect();
        let along = dot(&moved, &changed);
        if along > 1e-300 {
            if self.memory.len() == MEMORY {
                self.memory.pop_front();
            }
            self.memory.push_back((moved, changed, along));
        }
        self.x = self.point();
        self.turn(value, gradient);
    }

    /// A new direction (two loops of L-BFGS), or the end.
    fn turn(&mut self, value: f64, gradient: Vec<f64>) {
        self.is_done = linear::length(&gradient) <= TOLERANCE * self.first;
        let mut q = gradient.clone();
        let mut parts = Vec::with_capacity(self.memory.len());
        for (moved, changed, along) in self.memory.iter().rev() {
            let part = dot(moved, &q) / along;
            q.iter_mut().zip(changed).for_each(|(q, y)| *q -= part * y);
            parts.push(part);
        }
        if let Some((_, changed, along)) = self.memory.back() {
            let scale = along / dot(changed, changed);
            q.iter_mut().for_each(|q| *q *= scale);
        }
        for ((moved, changed, along), part) in self.memory.iter().zip(parts.into_iter().rev()) {
            let back = part - dot(changed, &q) / along;
            q.iter_mut().zip(moved).for_each(|(q, s)| *q += back * s);
        }
        self.direction = q.into_iter().map(|q| -q).collect();
        self.step = 1.0;
        self.at = Some((value, gradient));
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_slope_of_two_points_solves_its_equation() {
        // One feature at -1 and 1, labels 0 and 1: w = 2 C / (1 + exp w).
        let labels = [vec![0, 1], vec![1, 0]];
        let (found, unconverged) = fit(array![[-1.0], [1.0]].view(), &labels, 2, 3.0).unwrap();
        let w = found.weights[[0, 0]];
        assert!((w - 6.0 / (1.0 + w.exp())).abs() < 1e-8, "{w}");
        assert!((found.weights[[1, 0]] + w).abs() < 1e-12 && found.intercepts[0].abs() < 1e-12);
        assert_eq!(unconverged, 0);
    }

    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let train = array![[0.3, -1.0], [0.5, 0.2], [-1.0, 0.4], [0.2, 0.4]];
        for functions in [1, 3] {
            let labels = if functions == 1 { vec![0, 1, 1, 0] } else { vec![0, 1, 2, 1] };
            let loss = Loss::of(train.view(), functions, 2.0).unwrap();
            let point: Vec<f64> = (0..3 * functions).map(|i| 0.3 * (i as f64).sin() + 0.1).collect();
            let value = |x: &[f64]| loss.at(&[x.to_vec()], &[&labels])[0].0;
            let gradient = loss.at(std::slice::from_ref(&point), &[&labels])[0].1.clone();
            for i in 0..point.len() {
                let at = |d: f64| {
                    let mut moved = point.clone();
                    moved[i] += d;
                    value(&moved)
                };
                let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((slope - gradient[i]).abs() < 1e-8, "{i}: {slope} {}", gradient[i]);
            }
        }
    }
}
