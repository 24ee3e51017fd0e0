//! Linear discriminant analysis with a shrunk covariance, of many labellings of the same trials.
//!
//! ```text
//! score_k(x) = m_k^T A^-1 x - m_k^T A^-1 m_k / 2 + ln p_k      m_k: mean of class k, p_k: its part of the trials
//! A = (1 - s) S + s tr(S) / n I                                S: covariance within classes, s: shrinkage, n units
//! A = sum_k p_k D_k ((1 - s_k) R_k + s_k I) D_k                auto: R_k: correlations within class k, D_k: deviations
//! s_k = min(b_k, d_k) / d_k                                    Ledoit-Wolf, as scikit-learn takes it from each class
//! ```
//!
//! A unit that does not vary within a class has no correlations there; its `D_k` is the deviation over all trials (or 1
//! of raw rates), and the `I` of the others is the mean of the diagonal of `R_k`.
//!
//! Sums of products of rows are taken fold by fold and class by class: those of a training set are sums of them, and
//! those of the last class are what is left of all, so that a labelling costs `n p^2 (1 - 1 / K)` multiply-adds for all
//! folds together, and each fold `p^3 / 6` for its Cholesky factor (n trials, p units, K classes). With a fixed
//! shrinkage the covariance within classes is that over all trials less that of the means, and only the factors are
//! left. Where there are more units than trials, `A` is a diagonal and as many directions as trials, and its inverse
//! that of a matrix of trials (Woodbury).
//!
//! References: Ledoit O, Wolf M (2004), J Multivar Anal 88: 365-411, <https://doi.org/10.1016/S0047-259X(03)00096-4>.

use faer::{
    Accum, Mat, MatRef, Par, Side,
    linalg::{
        matmul::triangular::{BlockStructure, matmul},
        solvers::Solve,
    },
};
use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::features::{Linear, is_constant, product};
use crate::linear;

/// A variance within a class below this part of that over all trials is none.
const CONSTANT: f64 = 1e-12;
/// A pivot below this part of the largest variance makes a covariance singular.
const SINGULAR: f64 = 1e-13;

/// How much of the covariance is replaced by one without correlations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shrinkage {
    /// What Ledoit and Wolf's estimate says, class by class.
    Auto,
    /// A fixed part, in [0, 1].
    Fixed(f64),
}

/// Number, sum and sum of products of rows.
struct Moments {
    n: f64,
    sum: Vec<f64>,
    /// `None` where it is not needed.
    products: Option<Half>,
}

/// The lower half of a symmetric matrix, column by column without gaps.
#[derive(Clone)]
struct Half {
    dim: usize,
    values: Vec<f64>,
}

/// Room that is used again and again, as fresh pages cost more than what is computed in them.
struct Room {
    square: Mat<f64>,
    /// Sums of products of each class in each part; none where they are not needed.
    of_parts: Vec<Vec<Half>>,
    /// Those of each class in all parts.
    of_classes: Vec<Half>,
    /// Within each class of one training set.
    covariances: Vec<Half>,
    a: Half,
}

/// The moments of all rows, and of those of them that are left out.
#[derive(Clone, Copy)]
struct Rest<'a> {
    all: &'a Moments,
    tested: Option<&'a Moments>,
}

/// One training set: all parts of the rows but one.
struct Training {
    /// The part that is left out; `None` for none.
    tested: Option<usize>,
    /// The others.
    rows: Vec<usize>,
    /// Units that do not vary.
    constant: Vec<bool>,
    /// The variance of each unit.
    variance: Vec<f64>,
    mean: Vec<f64>,
}

/// Discriminant analyses of rows of which each part is tested once.
pub(super) struct Lda {
    /// (rows, units), less their mean.
    rows: Array2<f64>,
    parts: Vec<Vec<usize>>,
    of_parts: Vec<Moments>,
    of_all: Moments,
    trainings: Vec<Training>,
    shrinkage: Shrinkage,
    /// Whether units are measured in their deviations.
    is_scaled: bool,
    classes: usize,
}

impl Lda {
    /// Of rows (rows, units) that were centred, in parts of which the first `tested` are left out in turn; with none
    /// the one training set is all rows. `is_scaled` measures units in their standard deviations.
    pub fn of(
        rows: Array2<f64>,
        parts: Vec<Vec<usize>>,
        tested: usize,
        (shrinkage, is_scaled): (Shrinkage, bool),
        classes: usize,
    ) -> Self {
        let with_products = !is_wide(&rows);
        let mut square = with_products.then(|| Mat::zeros(rows.ncols(), rows.ncols()));
        let of_parts: Vec<Moments> = parts.iter().map(|part| Moments::of(&rows, part, square.as_mut())).collect();
        let sets = if tested == 0 { vec![None] } else { (0..tested).map(Some).collect::<Vec<_>>() };
        let trainings = sets.into_iter().map(|tested| Training::of(&rows, &parts, tested)).collect();
        let of_all = Moments::sum(&of_parts, rows.ncols());
        Self { rows, parts, of_parts, of_all, trainings, shrinkage, is_scaled, classes }
    }

    /// What each labelling, a class for each row, makes of each training set: functions of the rows, centred as they
    /// are. `None` where a covariance has no inverse.
    pub fn fits(&self, labels: &[usize]) -> Option<Vec<Linear>> {
        self.fits_in(labels, &mut self.room())
    }

    fn room(&self) -> Room {
        let units = if is_wide(&self.rows) { 0 } else { self.rows.ncols() };
        let (classes, halves) = if self.needs_products() { (self.classes, self.parts.len()) } else { (0, 0) };
        let half = || Half::zeros(units);
        Room {
            square: Mat::zeros(units, units),
            of_parts: (0..classes).map(|_| (0..halves).map(|_| half()).collect()).collect(),
            of_classes: (0..classes).map(|_| half()).collect(),
            covariances: (0..classes).map(|_| half()).collect(),
            a: half(),
        }
    }

    /// Whether labellings need sums of products of their own.
    fn needs_products(&self) -> bool {
        self.shrinkage == Shrinkage::Auto && !is_wide(&self.rows)
    }

    /// Fills the sums of products of a labelling; those of the `last` class are what is left of all.
    fn fill_products(&self, labels: &[usize], last: usize, room: &mut Room) -> Option<()> {
        for (part, rows) in self.parts.iter().enumerate() {
            for class in (0..self.classes).filter(|class| *class != last) {
                let own: Vec<usize> = rows.iter().copied().filter(|row| labels[*row] == class).collect();
                let chosen = self.rows.select(Axis(0), &own);
                put_products(&mut room.square, Accum::Replace, linear::view(&chosen.view()));
                room.of_parts[class][part].put(&room.square);
            }
            let mut rest = std::mem::replace(&mut room.of_parts[last][part], Half::zeros(0));
            rest.values.copy_from_slice(&self.of_parts[part].products.as_ref()?.values);
            for class in (0..self.classes).filter(|class| *class != last) {
                rest.add(&room.of_parts[class][part], -1.0);
            }
            room.of_parts[last][part] = rest;
        }
        for (sum, of_parts) in room.of_classes.iter_mut().zip(&room.of_parts) {
            let [first, others @ ..] = &of_parts[..] else { return None };
            sum.values.copy_from_slice(&first.values);
            others.iter().for_each(|of_part| sum.add(of_part, 1.0));
        }
        Some(())
    }

    fn fits_in(&self, labels: &[usize], room: &mut Room) -> Option<Vec<Linear>> {
        // What is left of all is of the largest class, which is the most work.
        let mut counts = vec![0usize; self.classes];
        labels.iter().for_each(|class| counts[*class] += 1);
        let last = (0..self.classes).max_by_key(|class| counts[*class]).unwrap_or(0);
        // Class by class, part by part.
        let moments: Vec<Vec<Moments>> = (0..self.classes)
            .map(|class| {
                let of_part = |part: &Vec<usize>| {
                    let rows: Vec<usize> = part.iter().copied().filter(|row| labels[*row] == class).collect();
                    Moments::of(&self.rows, &rows, None)
                };
                self.parts.iter().map(of_part).collect()
            })
            .collect();
        if self.needs_products() {
            self.fill_products(labels, last, room)?;
        }
        let of_classes: Vec<Moments> =
            moments.iter().map(|of_class| Moments::sum(of_class, self.rows.ncols())).collect();
        let fit = |training: &Training| {
            let rest = |class: usize| Rest {
                all: &of_classes[class],
                tested: training.tested.map(|part| &moments[class][part]),
            };
            let of_classes: Vec<Rest<'_>> = (0..self.classes).map(rest).collect();
            let means = of_classes.iter().map(Rest::mean).collect();
            let within = Within { lda: self, training, of_classes, means, labels };
            if is_wide(&self.rows) { within.by_trials() } else { within.by_units(room) }
        };
        self.trainings.iter().map(fit).collect()
    }

    /// What `take` makes of the functions of each training set, labelling by labelling, on all cores.
    pub fn many<T: Send>(
        &self,
        labels: &[Vec<usize>],
        take: impl Fn(&[usize], &[Linear]) -> T + Sync,
    ) -> Option<Vec<T>> {
        let take = |room: &mut Room, labels: &Vec<usize>| Some(take(labels, &self.fits_in(labels, room)?));
        labels.par_iter().map_init(|| self.room(), take).collect()
    }
}

fn is_wide(rows: &Array2<f64>) -> bool {
    rows.ncols() > rows.nrows()
}

impl Half {
    fn zeros(dim: usize) -> Self {
        Self { dim, values: vec![0.0; dim * (dim + 1) / 2] }
    }

    /// Of the lower half of a matrix.
    fn of(square: &Mat<f64>) -> Self {
        let dim = square.ncols();
        let mut half = Self::zeros(dim);
        half.put(square);
        half
    }

    /// Overwrites it with the lower half of a matrix of this size.
    fn put(&mut self, square: &Mat<f64>) {
        (0..self.dim).for_each(|j| self.column_mut(j).copy_from_slice(&square.col_as_slice(j)[j..]));
    }

    /// Row `j` and those below of column `j`.
    fn column(&self, j: usize) -> &[f64] {
        let start = j * (2 * self.dim + 1 - j) / 2;
        &self.values[start..start + self.dim - j]
    }

    fn column_mut(&mut self, j: usize) -> &mut [f64] {
        let start = j * (2 * self.dim + 1 - j) / 2;
        &mut self.values[start..start + self.dim - j]
    }

    fn diagonal(&self, j: usize) -> f64 {
        self.column(j)[0]
    }

    fn add(&mut self, other: &Self, times: f64) {
        self.values.iter_mut().zip(&other.values).for_each(|(to, from)| *to += times * from);
    }
}

impl Moments {
    /// With the products if there is room for them.
    fn of(rows: &Array2<f64>, of: &[usize], square: Option<&mut Mat<f64>>) -> Self {
        let mut sum = vec![0.0; rows.ncols()];
        for row in of {
            sum.iter_mut().zip(rows.row(*row)).for_each(|(sum, x)| *sum += x);
        }
        let products = square.map(|square| {
            let chosen = rows.select(Axis(0), of);
            put_products(square, Accum::Replace, linear::view(&chosen.view()));
            Half::of(square)
        });
        Self { n: of.len() as f64, sum, products }
    }

    /// Those of several sets of rows together.
    fn sum(of: &[Self], units: usize) -> Self {
        let mut all = Self { n: 0.0, sum: vec![0.0; units], products: None };
        for part in of {
            all.n += part.n;
            all.sum.iter_mut().zip(&part.sum).for_each(|(sum, x)| *sum += x);
            match (&mut all.products, &part.products) {
                (Some(all), Some(products)) => all.add(products, 1.0),
                (None, Some(products)) => all.products = Some(products.clone()),
                _ => {}
            }
        }
        all
    }
}

impl Rest<'_> {
    fn n(&self) -> f64 {
        self.all.n - self.tested.map_or(0.0, |tested| tested.n)
    }

    fn mean(&self) -> Vec<f64> {
        let n = self.n();
        match self.tested {
            Some(tested) => self.all.sum.iter().zip(&tested.sum).map(|(all, tested)| (all - tested) / n).collect(),
            None => self.all.sum.iter().map(|sum| sum / n).collect(),
        }
    }

    /// The mean products.
    fn products(&self, to: &mut Half) -> Option<()> {
        let (part, all) = (1.0 / self.n(), &self.all.products.as_ref()?.values);
        match self.tested {
            Some(tested) => {
                let pairs = all.iter().zip(&tested.products.as_ref()?.values);
                to.values.iter_mut().zip(pairs).for_each(|(to, (all, tested))| *to = part * (all - tested));
            }
            None => to.values.iter_mut().zip(all).for_each(|(to, all)| *to = part * all),
        }
        Some(())
    }
}

impl Training {
    fn of(rows: &Array2<f64>, parts: &[Vec<usize>], tested: Option<usize>) -> Self {
        let trained = (0..parts.len()).filter(|part| Some(*part) != tested);
        let of_rows: Vec<usize> = trained.flat_map(|part| parts[part].iter().copied()).collect();
        let (train, n) = (rows.select(Axis(0), &of_rows), of_rows.len() as f64);
        let mean = (train.sum_axis(Axis(0)) / n).to_vec();
        let variance =
            |(unit, mean): (usize, &f64)| train.column(unit).iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        Self {
            tested,
            constant: train.axis_iter(Axis(1)).map(is_constant).collect(),
            variance: mean.iter().enumerate().map(variance).collect(),
            rows: of_rows,
            mean,
        }
    }
}

/// Puts or adds the lower half of `X^T X` of rows (rows, units).
fn put_products(to: &mut Mat<f64>, accum: Accum, rows: MatRef<'_, f64>) {
    let full = BlockStructure::Rectangular;
    matmul(&mut *to, BlockStructure::TriangularLower, accum, rows.transpose(), full, rows, full, 1.0, Par::Seq);
    if to.ncols() > 0 {
        linear::clear_registers(to.col_as_slice(0));
    }
}

/// What one training set and its labels say.
struct Within<'a> {
    lda: &'a Lda,
    training: &'a Training,
    of_classes: Vec<Rest<'a>>,
    /// (classes, units)
    means: Vec<Vec<f64>>,
    labels: &'a [usize],
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
    fn by_units(&self, room: &mut Room) -> Option<Linear> {
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
    fn by_trials(&self) -> Option<Linear> {
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
        Linear { weights, intercepts }.around(ndarray::ArrayView1::from(all.as_slice()))
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

/// `S - p m m^T`.
fn subtract_outer(from: &mut Half, mean: &[f64], part: f64) {
    for j in 0..from.dim {
        let of_unit = part * mean[j];
        from.column_mut(j).iter_mut().zip(&mean[j..]).for_each(|(s, mean)| *s -= of_unit * mean);
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
    fn leaving_one_out_of_balanced_classes_is_always_wrong_without_information() {
        // What is left out is of the class that is rarer in training.
        let labels: Vec<usize> = (0..20).map(|row| row % 2).collect();
        let lda =
            Lda::of(Array2::zeros((20, 3)), (0..20).map(|row| vec![row]).collect(), 20, (Shrinkage::Auto, true), 2);
        let found = lda.fits(&labels).unwrap();
        let is_right = |(row, linear): &(usize, &Linear)| usize::from(linear.intercepts[0] > 0.0) == labels[*row];
        assert_eq!(found.iter().enumerate().filter(is_right).count(), 0);
    }

    #[test]
    fn more_units_than_trials_are_solved_as_they_would_be_one_by_one() {
        let rows =
            Array2::from_shape_fn((12, 9), |(row, unit)| ((row * 7 + unit * 5) as f64 * 0.7).sin() + (row % 2) as f64);
        let labels: Vec<usize> = (0..12).map(|row| row % 2).collect();
        for shrinkage in [Shrinkage::Auto, Shrinkage::Fixed(0.2)] {
            let lda = Lda::of(rows.clone(), vec![(0..12).collect()], 0, (shrinkage, true), 2);
            let training = &lda.trainings[0];
            let moments: Vec<Moments> = (0..2)
                .map(|class| {
                    let of: Vec<usize> = (0..12).filter(|row| labels[*row] == class).collect();
                    Moments::of(&lda.rows, &of, None)
                })
                .collect();
            let of_classes: Vec<Rest<'_>> = moments.iter().map(|all| Rest { all, tested: None }).collect();
            let means = of_classes.iter().map(Rest::mean).collect();
            let within = Within { lda: &lda, training, of_classes, means, labels: &labels };
            // Sums of products as they would be with fewer units.
            let square = || Mat::zeros(9, 9);
            let halves: Vec<Half> = (0..2)
                .map(|class| {
                    let of: Vec<usize> = (0..12).filter(|row| labels[*row] == class).collect();
                    Moments::of(&lda.rows, &of, Some(&mut square())).products.unwrap()
                })
                .collect();
            let mut room = Room {
                square: square(),
                of_parts: halves.iter().map(|half| vec![half.clone()]).collect(),
                of_classes: halves,
                covariances: vec![Half::zeros(9); 2],
                a: Half::zeros(9),
            };
            let (a, b) = (within.by_units(&mut room).unwrap(), within.by_trials().unwrap());
            assert!((&a.weights - &b.weights).iter().all(|difference| difference.abs() < 1e-9));
        }
    }

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
