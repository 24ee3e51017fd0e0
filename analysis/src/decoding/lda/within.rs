//! What one training set and its labels say: the covariance within classes, shrunk, and the functions.

use faer::{Accum, Mat, Side, linalg::solvers::Solve};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

use super::{
    Lda, Room, Shrinkage, Training,
    moments::{Half, Rest, put_products, subtract_outer},
};
use crate::{
    decoding::features::{Linear, product},
    linear,
};

/// A variance within a class below this part of that over all trials is none.
const CONSTANT: f64 = 1e-12;
/// A pivot below this part of the largest variance makes a covariance singular.
const SINGULAR: f64 = 1e-13;

/// What one training set and its labels say.
pub(super) struct Within<'a> {
    pub lda: &'a Lda,
    pub training: &'a Training,
    pub of_classes: Vec<Rest<'a>>,
    /// (classes, units)
    pub means: Vec<Vec<f64>>,
    pub labels: &'a [usize],
}

/// What is kept of the covariance within a class, and what is added to the diagonal for it.
struct Share {
    kept: f64,
    added: Vec<f64>,
}

/// The squares of the deviations within a class.
struct Deviations {
    squares: Vec<f64>,
    /// Their inverses, 0 of constant units.
    inverse: Vec<f64>,
    /// The mean of the diagonal of the correlations.
    level: f64,
}

impl Within<'_> {
    fn prior(&self, class: usize) -> f64 {
        self.of_classes[class].n() / self.training.rows.len() as f64
    }

    fn varying(&self) -> impl Iterator<Item = usize> {
        (0..self.training.constant.len()).filter(|unit| !self.training.constant[*unit])
    }

    /// The square of what a unit is measured in.
    fn scale(&self, unit: usize) -> f64 {
        if self.lda.is_scaled { self.training.variance[unit] } else { 1.0 }
    }

    /// `A` as it is, and its Cholesky factor.
    pub fn by_units(&self, room: &mut Room) -> Option<Linear> {
        match self.lda.shrinkage {
            Shrinkage::Fixed(shrinkage) => {
                self.fill_fixed(&mut room.a, shrinkage)?;
                (0..room.a.dim).for_each(|j| room.square.col_as_slice_mut(j)[j..].copy_from_slice(room.a.column(j)));
            }
            Shrinkage::Auto => {
                let shares: Vec<Share> = (0..self.means.len()).map(|class| self.share(room, class)).collect();
                fill_auto(&mut room.square, &room.covariances, &shares);
            }
        }
        let square = &mut room.square;
        let dim = square.ncols();
        let largest = self.varying().map(|unit| square[(unit, unit)]).fold(0.0, f64::max);
        for unit in (0..dim).filter(|unit| self.training.constant[*unit]) {
            square.row_mut(unit).fill(0.0);
            square.col_mut(unit).fill(0.0);
            square[(unit, unit)] = 1.0;
        }
        let factors = square.llt(Side::Lower).ok()?;
        let is_singular = self.varying().any(|unit| factors.L()[(unit, unit)].powi(2) <= SINGULAR * largest);
        (!is_singular).then(|| self.functions(|means| factors.solve(means)))
    }

    /// The covariance within classes, that over all less that of the means, with the same shrinkage for all.
    fn fill_fixed(&self, a: &mut Half, shrinkage: f64) -> Option<()> {
        let all = Rest { all: &self.lda.of_all, tested: self.training.tested.map(|part| &self.lda.of_parts[part]) };
        all.products(a)?;
        for (class, mean) in self.means.iter().enumerate() {
            subtract_outer(a, mean, self.prior(class));
        }
        let level = self.level(|unit| a.diagonal(unit));
        a.values.iter_mut().for_each(|value| *value *= 1.0 - shrinkage);
        self.varying().for_each(|unit| a.column_mut(unit)[0] += shrinkage * level * self.scale(unit));
        Some(())
    }

    /// The mean over the units of variances in squares of their scale.
    fn level(&self, variance: impl Fn(usize) -> f64) -> f64 {
        self.varying().map(|unit| variance(unit) / self.scale(unit)).sum::<f64>() / self.varying().count().max(1) as f64
    }

    /// Puts the covariance within a class, and says what of it is part of `A`.
    fn share(&self, room: &mut Room, class: usize) -> Share {
        let Room { of_parts, of_classes, covariances, .. } = room;
        let (all, covariance, mean) = (&of_classes[class], &mut covariances[class], &self.means[class]);
        let tested = self.training.tested.map(|part| &of_parts[class][part]);
        let (part, prior) = (1.0 / self.of_classes[class].n(), self.prior(class));
        let own = self.deviations(|unit| {
            let left_out = tested.map_or(0.0, |tested| tested.diagonal(unit));
            part * (all.diagonal(unit) - left_out) - mean[unit] * mean[unit]
        });
        let mut squares = 0.0;
        for j in 0..all.dim {
            let column = covariance.column_mut(j);
            let of_means = mean[j..].iter().map(|of_mean| mean[j] * of_mean);
            match tested {
                Some(tested) => {
                    let pairs = all.column(j).iter().zip(tested.column(j)).zip(of_means);
                    column.iter_mut().zip(pairs).for_each(|(to, ((all, tested), m))| *to = part * (all - tested) - m);
                }
                None => {
                    let pairs = all.column(j).iter().zip(of_means);
                    column.iter_mut().zip(pairs).for_each(|(to, (all, m))| *to = part * all - m);
                }
            }
            let with_others = weighted_square(column, None, &own.inverse[j..]);
            squares += (2.0 * with_others - column[0].powi(2) * own.inverse[j]) * own.inverse[j];
        }
        let shrinkage = self.ledoit_wolf(class, &own, squares);
        Share {
            kept: prior * (1.0 - shrinkage),
            added: own.squares.iter().map(|squares| prior * shrinkage * own.level * squares).collect(),
        }
    }

    /// Of a class in which units have these variances.
    fn deviations(&self, variance: impl Fn(usize) -> f64) -> Deviations {
        let units = self.training.constant.len();
        let (mut squares, mut inverse, mut varying) = (vec![1.0; units], vec![0.0; units], 0usize);
        for unit in self.varying() {
            let own = variance(unit);
            let varies = own > CONSTANT * self.training.variance[unit];
            squares[unit] = if varies { own } else { self.scale(unit) };
            inverse[unit] = 1.0 / squares[unit];
            varying += usize::from(varies);
        }
        Deviations { squares, inverse, level: varying as f64 / self.varying().count().max(1) as f64 }
    }

    /// The shrinkage of a class whose correlations have this sum of squares.
    fn ledoit_wolf(&self, class: usize, own: &Deviations, squares: f64) -> f64 {
        let (p, n) = (self.varying().count() as f64, self.of_classes[class].n());
        if p < 2.0 {
            return 0.0;
        }
        let mean = Some(self.means[class].as_slice());
        let rows = self.training.rows.iter().filter(|row| self.labels[**row] == class);
        let length = |row: &usize| match self.lda.rows.row(*row).to_slice() {
            Some(row) => weighted_square(row, mean, &own.inverse),
            None => weighted_square(&self.lda.rows.row(*row).to_vec(), mean, &own.inverse),
        };
        let fourth: f64 = rows.map(|row| length(row).powi(2)).sum();
        let noise = (fourth / n - squares) / (p * n);
        let distance = (squares - p * own.level.powi(2)) / p;
        let noise = noise.min(distance);
        if noise <= 0.0 { 0.0 } else { noise / distance }
    }

    /// `A = T + U^T U` with a diagonal `T` and a row of `U` for each trial: `A^-1 = T^-1 - T^-1 U^T (I + U T^-1 U^T)^-1
    /// U T^-1`.
    pub fn by_trials(&self) -> Option<Linear> {
        let (units, n) = (self.lda.rows.ncols(), self.training.rows.len());
        let mut diagonal: Vec<f64> =
            self.training.constant.iter().map(|constant| f64::from(u8::from(*constant))).collect();
        // Rows less the mean of their class, times the root of their part.
        let mut rows = self.lda.rows.select(Axis(0), &self.training.rows);
        for (mut row, place) in rows.outer_iter_mut().zip(&self.training.rows) {
            row.iter_mut().zip(&self.means[self.labels[*place]]).for_each(|(x, mean)| *x -= mean);
        }
        for unit in (0..units).filter(|unit| self.training.constant[*unit]) {
            rows.column_mut(unit).fill(0.0);
        }
        let kept: Vec<f64> = match self.lda.shrinkage {
            Shrinkage::Fixed(shrinkage) => {
                let variance = |unit: usize| rows.column(unit).iter().map(|x| x * x).sum::<f64>() / n as f64;
                let level = self.level(variance);
                self.varying().for_each(|unit| diagonal[unit] = shrinkage * level * self.scale(unit));
                vec![1.0 - shrinkage; self.means.len()]
            }
            Shrinkage::Auto => {
                let of_class = |class: usize| self.add_diagonal(&mut diagonal, class, rows.view());
                (0..self.means.len()).map(of_class).collect()
            }
        };
        if diagonal.iter().any(|value| *value <= 0.0) {
            return None;
        }
        for (mut row, place) in rows.outer_iter_mut().zip(&self.training.rows) {
            row *= (kept[self.labels[*place]] / n as f64).sqrt();
        }
        let inverse = Array2::from_shape_fn((1, units), |(_, unit)| 1.0 / diagonal[unit]);
        let scaled = &rows * &inverse.mapv(f64::sqrt);
        let mut gram = Mat::<f64>::identity(n, n);
        let across = scaled.t();
        put_products(&mut gram, Accum::Add, linear::view(&across));
        let factors = gram.llt(Side::Lower).ok()?;
        Some(self.functions(|means| {
            let divided = Array2::from_shape_fn((units, means.ncols()), |(unit, k)| means[(unit, k)] / diagonal[unit]);
            let seen = product(rows.view(), divided.view());
            let solved = factors.solve(Mat::from_fn(n, means.ncols(), |i, k| seen[[i, k]]));
            let solved = Array2::from_shape_fn((n, means.ncols()), |(i, k)| solved[(i, k)]);
            let back = product(rows.t(), solved.view());
            Mat::from_fn(units, means.ncols(), |unit, k| divided[[unit, k]] - back[[unit, k]] / diagonal[unit])
        }))
    }

    /// Adds `p s l D^2` of a class to the diagonal, and says what is kept of its covariance.
    fn add_diagonal(&self, diagonal: &mut [f64], class: usize, centred: ArrayView2<'_, f64>) -> f64 {
        let of_class = |place: &usize| self.labels[self.training.rows[*place]] == class;
        let places: Vec<usize> = (0..centred.nrows()).filter(of_class).collect();
        let rows = centred.select(Axis(0), &places);
        let n = rows.nrows() as f64;
        let own = self.deviations(|unit| rows.column(unit).iter().map(|x| x * x).sum::<f64>() / n);
        let roots = Array2::from_shape_fn((1, rows.ncols()), |(_, unit)| own.inverse[unit].sqrt());
        let scaled = &rows * &roots;
        let gram = product(scaled.view(), scaled.t());
        let squares = gram.iter().map(|x| x * x).sum::<f64>() / (n * n);
        let shrinkage = self.ledoit_wolf(class, &own, squares);
        let part = self.prior(class) * shrinkage * own.level;
        self.varying().for_each(|unit| diagonal[unit] += part * own.squares[unit]);
        1.0 - shrinkage
    }

    /// The discriminant functions, or their difference of two classes.
    fn functions(&self, solve: impl Fn(&Mat<f64>) -> Mat<f64>) -> Linear {
        let (units, classes, all) = (self.lda.rows.ncols(), self.means.len(), &self.training.mean);
        // Means less that of all: a constant unit, whose rate is no information, is exactly 0 there.
        let of_all = |unit: usize, mean: f64| if self.training.constant[unit] { 0.0 } else { mean - all[unit] };
        let means: Vec<Vec<f64>> = self
            .means
            .iter()
            .map(|of| of.iter().enumerate().map(|(unit, mean)| of_all(unit, *mean)).collect())
            .collect();
        let columns = if classes == 2 {
            Mat::from_fn(units, 1, |unit, _| means[1][unit] - means[0][unit])
        } else {
            Mat::from_fn(units, classes, |unit, class| means[class][unit])
        };
        let solved = solve(&columns);
        linear::clear_registers(solved.col_as_slice(0));
        let weights = Array2::from_shape_fn((columns.ncols(), units), |(k, unit)| solved[(unit, k)]);
        let along = |k: usize, mean: &dyn Fn(usize) -> f64| (0..units).map(|i| weights[[k, i]] * mean(i)).sum::<f64>();
        let intercepts = if classes == 2 {
            let middle = 0.5 * along(0, &|unit| means[0][unit] + means[1][unit]);
            vec![(self.prior(1) / self.prior(0)).ln() - middle]
        } else {
            (0..classes).map(|k| self.prior(k).ln() - 0.5 * along(k, &|unit| means[k][unit])).collect()
        };
        Linear { weights, intercepts }.around(ArrayView1::from(all.as_slice()))
    }
}

/// `sum_k p_k (1 - s_k) S_k + p_k s_k l_k D_k^2`, its lower half.
fn fill_auto(to: &mut Mat<f64>, covariances: &[Half], shares: &[Share]) {
    for j in 0..to.ncols() {
        let column = &mut to.col_as_slice_mut(j)[j..];
        for (place, (covariance, share)) in covariances.iter().zip(shares).enumerate() {
            let pairs = column.iter_mut().zip(covariance.column(j));
            match place {
                0 => pairs.for_each(|(to, s)| *to = share.kept * s),
                _ => pairs.for_each(|(to, s)| *to += share.kept * s),
            }
            column[0] += share.added[j];
        }
    }
}

/// `sum_j w_j (x_j - m_j)^2`, in eight sums side by side; `m` is 0 if it is not given.
fn weighted_square(x: &[f64], mean: Option<&[f64]>, weights: &[f64]) -> f64 {
    const LANES: usize = 8;
    let (mut sums, whole) = ([0.0; LANES], x.len() / LANES * LANES);
    let weights = &weights[..x.len()];
    match mean {
        Some(mean) => {
            let pairs = x[..whole].chunks_exact(LANES).zip(mean[..whole].chunks_exact(LANES));
            for ((x, m), w) in pairs.zip(weights[..whole].chunks_exact(LANES)) {
                (0..LANES).for_each(|lane| sums[lane] += w[lane] * (x[lane] - m[lane]) * (x[lane] - m[lane]));
            }
        }
        None => {
            for (x, w) in x[..whole].chunks_exact(LANES).zip(weights[..whole].chunks_exact(LANES)) {
                (0..LANES).for_each(|lane| sums[lane] += w[lane] * x[lane] * x[lane]);
            }
        }
    }
    let moved = |i: usize| x[i] - mean.map_or(0.0, |mean| mean[i]);
    sums.iter().sum::<f64>() + (whole..x.len()).map(|i| weights[i] * moved(i) * moved(i)).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_in_lanes_are_those_one_by_one() {
        let x: Vec<f64> = (0..19).map(f64::from).collect();
        let (mean, weights) = (vec![2.0; 19], vec![0.5; 19]);
        let wanted: f64 = x.iter().map(|x| 0.5 * (x - 2.0) * (x - 2.0)).sum();
        assert!((weighted_square(&x, Some(&mean), &weights) - wanted).abs() < 1e-12);
        let wanted: f64 = x.iter().map(|x| 0.5 * x * x).sum();
        assert!((weighted_square(&x, None, &weights) - wanted).abs() < 1e-12);
    }
}
