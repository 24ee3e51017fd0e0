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
//! folds together, and each fold `p^3 / 6` for its Cholesky factor (n trials, p units, K classes). With a fixed shrinkage
//! the covariance within classes is that over all trials less that of the means, and only the factors are left. Where
//! there are more units than trials, `A` is a diagonal and as many directions as trials, and its inverse that of a
//! matrix of trials (Woodbury).
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

/// Number, sum and sum of products (lower half) of rows.
#[derive(Clone)]
struct Moments {
    n: f64,
    sum: Vec<f64>,
    /// `None` where it is not needed.
    products: Option<Mat<f64>>,
}

/// One training set: all parts of the rows but one.
struct Training {
    /// The part that is left out; `None` for none.
    tested: Option<usize>,
    /// Units that do not vary.
    constant: Vec<bool>,
    /// The square of the scale of each unit.
    scale: Vec<f64>,
    all: Moments,
}

/// Discriminant analyses of rows of which each part is tested once.
pub(super) struct Lda {
    /// (rows, units), less their mean.
    rows: Array2<f64>,
    parts: Vec<Vec<usize>>,
    trainings: Vec<Training>,
    shrinkage: Shrinkage,
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
        let of_parts: Vec<Moments> = parts.iter().map(|part| Moments::of(&rows, part, with_products)).collect();
        let sets = if tested == 0 { vec![None] } else { (0..tested).map(Some).collect::<Vec<_>>() };
        let training = |tested: Option<usize>| {
            let trained: Vec<usize> = (0..parts.len()).filter(|part| Some(*part) != tested).collect();
            let all = Moments::sum(trained.iter().map(|part| &of_parts[*part]), rows.ncols());
            let of_rows: Vec<usize> = trained.iter().flat_map(|part| parts[*part].iter().copied()).collect();
            let train = rows.select(Axis(0), &of_rows);
            let constant: Vec<bool> = train.axis_iter(Axis(1)).map(is_constant).collect();
            let variance = |unit: usize| {
                let mean = all.sum[unit] / all.n;
                train.column(unit).iter().map(|x| (x - mean).powi(2)).sum::<f64>() / all.n
            };
            let scale = (0..rows.ncols()).map(|unit| if is_scaled { variance(unit) } else { 1.0 }).collect();
            Training { tested, constant, scale, all }
        };
        let trainings = sets.into_iter().map(training).collect();
        Self { rows, parts, trainings, shrinkage, classes }
    }

    /// What each labelling, a class for each row, makes of each training set: functions of the rows, centred as they
    /// are. `None` where a covariance has no inverse.
    pub fn fits(&self, labels: &[usize]) -> Option<Vec<Linear>> {
        let needs_products = self.shrinkage == Shrinkage::Auto && !is_wide(&self.rows);
        // What is left of all is of the largest class, which is the most work.
        let mut counts = vec![0usize; self.classes];
        labels.iter().for_each(|class| counts[*class] += 1);
        let last = (0..self.classes).max_by_key(|class| counts[*class]).unwrap_or(0);
        let moments: Vec<Vec<Moments>> = self
            .parts
            .iter()
            .map(|part| {
                let of_class = |class: usize| {
                    let rows: Vec<usize> = part.iter().copied().filter(|row| labels[*row] == class).collect();
                    Moments::of(&self.rows, &rows, needs_products && class != last)
                };
                (0..self.classes).map(of_class).collect()
            })
            .collect();
        self.trainings.iter().map(|training| self.fit(training, &moments, (labels, last))).collect()
    }

    /// What `take` makes of the functions of each training set, labelling by labelling, on all cores.
    pub fn many<T: Send>(
        &self,
        labels: &[Vec<usize>],
        take: impl Fn(&[usize], &[Linear]) -> T + Sync,
    ) -> Option<Vec<T>> {
        labels.par_iter().map(|labels| Some(take(labels, &self.fits(labels)?))).collect()
    }

    fn fit(&self, training: &Training, moments: &[Vec<Moments>], (labels, last): (&[usize], usize)) -> Option<Linear> {
        let units = self.rows.ncols();
        let trained = || (0..self.parts.len()).filter(|part| Some(*part) != training.tested);
        let mut of_classes: Vec<Moments> =
            (0..self.classes).map(|class| Moments::sum(trained().map(|part| &moments[part][class]), units)).collect();
        if let (Some(all), true) = (&training.all.products, of_classes.iter().any(|of| of.products.is_some())) {
            let mut rest = all.clone();
            of_classes.iter().filter_map(|of| of.products.as_ref()).for_each(|products| rest -= products);
            of_classes[last].products = Some(rest);
        }
        let rows: Vec<usize> = trained().flat_map(|part| self.parts[part].iter().copied()).collect();
        let within = Within { lda: self, training, of_classes: &of_classes, rows: &rows, labels };
        if is_wide(&self.rows) { within.by_trials() } else { within.by_units() }
    }
}

fn is_wide(rows: &Array2<f64>) -> bool {
    rows.ncols() > rows.nrows()
}

impl Moments {
    fn of(rows: &Array2<f64>, of: &[usize], with_products: bool) -> Self {
        let mut sum = vec![0.0; rows.ncols()];
        for row in of {
            sum.iter_mut().zip(rows.row(*row)).for_each(|(sum, x)| *sum += x);
        }
        let products = with_products.then(|| {
            let chosen = rows.select(Axis(0), of);
            let mut products = Mat::zeros(rows.ncols(), rows.ncols());
            let view = chosen.view();
            add_products(&mut products, crate::linear::view(&view));
            products
        });
        Self { n: of.len() as f64, sum, products }
    }

    /// Those of several sets of rows together.
    fn sum<'a>(of: impl Iterator<Item = &'a Self>, units: usize) -> Self {
        let mut all = Self { n: 0.0, sum: vec![0.0; units], products: None };
        for part in of {
            all.n += part.n;
            all.sum.iter_mut().zip(&part.sum).for_each(|(sum, x)| *sum += x);
            match (&mut all.products, &part.products) {
                (Some(all), Some(products)) => *all += products,
                (None, Some(products)) => all.products = Some(products.clone()),
                _ => {}
            }
        }
        all
    }

    fn mean(&self) -> Vec<f64> {
        self.sum.iter().map(|sum| sum / self.n).collect()
    }
}

/// Adds the lower half of `X^T X` of rows (rows, units).
fn add_products(to: &mut Mat<f64>, rows: MatRef<'_, f64>) {
    let full = BlockStructure::Rectangular;
    matmul(to, BlockStructure::TriangularLower, Accum::Add, rows.transpose(), full, rows, full, 1.0, Par::Seq);
}

/// What one training set and its labels say.
struct Within<'a> {
    lda: &'a Lda,
    training: &'a Training,
    of_classes: &'a [Moments],
    /// The training rows.
    rows: &'a [usize],
    labels: &'a [usize],
}

/// The shrinkage of a class, and the squares of its deviations.
struct Shrunk {
    shrinkage: f64,
    variances: Vec<f64>,
    /// The mean of the diagonal of its correlations.
    level: f64,
}

impl Within<'_> {
    fn prior(&self, class: usize) -> f64 {
        self.of_classes[class].n / self.training.all.n
    }

    fn varying(&self) -> usize {
        self.training.constant.iter().filter(|constant| !**constant).count()
    }

    /// `A` as it is, and its Cholesky factor.
    fn by_units(&self) -> Option<Linear> {
        let (units, all) = (self.lda.rows.ncols(), &self.training.all);
        let mut a = Mat::<f64>::zeros(units, units);
        match self.lda.shrinkage {
            Shrinkage::Fixed(shrinkage) => {
                let products = all.products.as_ref()?;
                let means: Vec<Vec<f64>> = self.of_classes.iter().map(Moments::mean).collect();
                let priors: Vec<f64> = (0..means.len()).map(|class| self.prior(class)).collect();
                for j in 0..units {
                    for i in j..units {
                        let between: f64 = means.iter().zip(&priors).map(|(m, p)| p * m[i] * m[j]).sum();
                        a[(i, j)] = products[(i, j)] / all.n - between;
                    }
                }
                let level = self.level(|unit| a[(unit, unit)]);
                a *= 1.0 - shrinkage;
                (0..units).for_each(|unit| a[(unit, unit)] += shrinkage * level * self.training.scale[unit]);
            }
            Shrinkage::Auto => {
                for class in 0..self.of_classes.len() {
                    self.add_class(&mut a, class)?;
                }
            }
        }
        for unit in (0..units).filter(|unit| self.training.constant[*unit]) {
            a.row_mut(unit).fill(0.0);
            a.col_mut(unit).fill(0.0);
            a[(unit, unit)] = 1.0;
        }
        let largest = |unit: usize| if self.training.constant[unit] { 0.0 } else { a[(unit, unit)] };
        let largest = (0..units).map(largest).fold(0.0, f64::max);
        let factors = a.llt(Side::Lower).ok()?;
        let is_singular =
            |unit: usize| !self.training.constant[unit] && factors.L()[(unit, unit)].powi(2) <= SINGULAR * largest;
        if (0..units).any(is_singular) {
            return None;
        }
        Some(self.functions(|means| factors.solve(means)))
    }

    /// The mean over the units of variances in squares of their scale.
    fn level(&self, variance: impl Fn(usize) -> f64) -> f64 {
        let there = (0..self.training.scale.len()).filter(|unit| !self.training.constant[*unit]);
        there.map(|unit| variance(unit) / self.training.scale[unit]).sum::<f64>() / self.varying().max(1) as f64
    }

    /// Adds `p (1 - s) S + p s l D^2` of a class.
    fn add_class(&self, a: &mut Mat<f64>, class: usize) -> Option<()> {
        let (units, of) = (self.lda.rows.ncols(), &self.of_classes[class]);
        let (products, mean) = (of.products.as_ref()?, of.mean());
        let covariance = |i: usize, j: usize| products[(i, j)] / of.n - mean[i] * mean[j];
        let mut shrunk = self.shrunk(|unit| covariance(unit, unit));
        let deviations: Vec<f64> = shrunk.variances.iter().map(|variance| variance.sqrt()).collect();
        let mut squares = 0.0;
        for j in (0..units).filter(|unit| !self.training.constant[*unit]) {
            let mut of_column = 0.0;
            for i in (j + 1..units).filter(|unit| !self.training.constant[*unit]) {
                of_column += (covariance(i, j) / deviations[i]).powi(2);
            }
            squares += (2.0 * of_column + (covariance(j, j) / deviations[j]).powi(2)) / shrunk.variances[j];
        }
        shrunk.shrinkage = self.ledoit_wolf(class, &mean, &shrunk, squares);
        let (kept, prior) = (1.0 - shrunk.shrinkage, self.prior(class));
        for j in 0..units {
            for i in j..units {
                a[(i, j)] += prior * kept * covariance(i, j);
            }
            a[(j, j)] += prior * shrunk.shrinkage * shrunk.level * shrunk.variances[j];
        }
        Some(())
    }

    /// The squares of the deviations within a class, without its shrinkage.
    fn shrunk(&self, variance: impl Fn(usize) -> f64) -> Shrunk {
        let all = &self.training.all;
        let of_all = |unit: usize| {
            let mean = all.sum[unit] / all.n;
            let square = match &all.products {
                Some(products) => products[(unit, unit)] / all.n,
                None => self.rows.iter().map(|row| self.lda.rows[[*row, unit]].powi(2)).sum::<f64>() / all.n,
            };
            square - mean * mean
        };
        let (mut varying, mut variances) = (0usize, Vec::with_capacity(self.training.scale.len()));
        for unit in 0..self.training.scale.len() {
            let own = variance(unit);
            if self.training.constant[unit] {
                variances.push(1.0);
            } else if own <= CONSTANT * of_all(unit) {
                variances.push(self.training.scale[unit]);
            } else {
                variances.push(own);
                varying += 1;
            }
        }
        Shrunk { shrinkage: 0.0, variances, level: varying as f64 / self.varying().max(1) as f64 }
    }

    /// The shrinkage of a class whose correlations have this sum of squares.
    fn ledoit_wolf(&self, class: usize, mean: &[f64], shrunk: &Shrunk, squares: f64) -> f64 {
        let (p, n) = (self.varying() as f64, self.of_classes[class].n);
        if p < 2.0 {
            return 0.0;
        }
        let weights: Vec<f64> = (0..mean.len())
            .map(|unit| if self.training.constant[unit] { 0.0 } else { 1.0 / shrunk.variances[unit] })
            .collect();
        let rows = self.rows.iter().filter(|row| self.labels[**row] == class);
        let fourth: f64 = rows.map(|row| weighted_square(self.lda.rows.row(*row), mean, &weights).powi(2)).sum();
        let noise = (fourth / n - squares) / (p * n);
        let distance = (squares - p * shrunk.level.powi(2)) / p;
        let noise = noise.min(distance);
        if noise <= 0.0 { 0.0 } else { noise / distance }
    }

    /// `A = T + U^T U` with a diagonal `T` and a row of `U` for each trial: `A^-1 = T^-1 - T^-1 U^T (I + U T^-1 U^T)^-1 U
    /// T^-1`.
    fn by_trials(&self) -> Option<Linear> {
        let (units, n) = (self.lda.rows.ncols(), self.rows.len());
        let mut diagonal: Vec<f64> =
            self.training.constant.iter().map(|constant| f64::from(u8::from(*constant))).collect();
        // Rows less the mean of their class, times the root of their part.
        let mut rows = self.lda.rows.select(Axis(0), self.rows);
        let means: Vec<Vec<f64>> = self.of_classes.iter().map(Moments::mean).collect();
        for (mut row, place) in rows.outer_iter_mut().zip(self.rows) {
            row.iter_mut().zip(&means[self.labels[*place]]).for_each(|(x, mean)| *x -= mean);
        }
        for unit in (0..units).filter(|unit| self.training.constant[*unit]) {
            rows.column_mut(unit).fill(0.0);
        }
        let kept: Vec<f64> = match self.lda.shrinkage {
            Shrinkage::Fixed(shrinkage) => {
                let variance = |unit: usize| rows.column(unit).iter().map(|x| x * x).sum::<f64>() / n as f64;
                let level = self.level(variance);
                for unit in (0..units).filter(|unit| !self.training.constant[*unit]) {
                    diagonal[unit] = shrinkage * level * self.training.scale[unit];
                }
                vec![1.0 - shrinkage; self.of_classes.len()]
            }
            Shrinkage::Auto => {
                let of_class = |class: usize| self.add_diagonal(&mut diagonal, class, (rows.view(), &means[class]));
                (0..self.of_classes.len()).map(of_class).collect()
            }
        };
        if diagonal.iter().any(|value| *value <= 0.0) {
            return None;
        }
        for (mut row, place) in rows.outer_iter_mut().zip(self.rows) {
            row *= (kept[self.labels[*place]] / n as f64).sqrt();
        }
        let inverse = Array2::from_shape_fn((1, units), |(_, unit)| 1.0 / diagonal[unit]);
        let scaled = &rows * &inverse.mapv(f64::sqrt);
        let mut gram = Mat::<f64>::identity(n, n);
        let across = scaled.t();
        add_products(&mut gram, crate::linear::view(&across));
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
    fn add_diagonal(&self, diagonal: &mut [f64], class: usize, (centred, mean): (ArrayView2<'_, f64>, &[f64])) -> f64 {
        let places: Vec<usize> = (0..self.rows.len()).filter(|i| self.labels[self.rows[*i]] == class).collect();
        let own = centred.select(Axis(0), &places);
        let n = own.nrows() as f64;
        let mut shrunk = self.shrunk(|unit| own.column(unit).iter().map(|x| x * x).sum::<f64>() / n);
        let deviations = Array2::from_shape_fn((1, own.ncols()), |(_, unit)| shrunk.variances[unit].sqrt());
        let scaled = &own / &deviations;
        let gram = product(scaled.view(), scaled.t());
        let squares = gram.iter().map(|x| x * x).sum::<f64>() / (n * n);
        shrunk.shrinkage = self.ledoit_wolf(class, mean, &shrunk, squares);
        for unit in (0..diagonal.len()).filter(|unit| !self.training.constant[*unit]) {
            diagonal[unit] += self.prior(class) * shrunk.shrinkage * shrunk.level * shrunk.variances[unit];
        }
        1.0 - shrunk.shrinkage
    }

    /// The discriminant functions, or their difference of two classes.
    fn functions(&self, solve: impl Fn(&Mat<f64>) -> Mat<f64>) -> Linear {
        let (units, classes) = (self.lda.rows.ncols(), self.of_classes.len());
        let all = self.training.all.mean();
        // Means less that of all: a constant unit, whose rate is no information, is exactly 0 there.
        let of_all = |unit: usize, mean: f64| if self.training.constant[unit] { 0.0 } else { mean - all[unit] };
        let means: Vec<Vec<f64>> = self
            .of_classes
            .iter()
            .map(|of| of.mean().into_iter().enumerate().map(|(unit, mean)| of_all(unit, mean)).collect())
            .collect();
        let columns = if classes == 2 {
            Mat::from_fn(units, 1, |unit, _| means[1][unit] - means[0][unit])
        } else {
            Mat::from_fn(units, classes, |unit, class| means[class][unit])
        };
        let solved = solve(&columns);
        let weights = Array2::from_shape_fn((columns.ncols(), units), |(k, unit)| solved[(unit, k)]);
        let along = |k: usize, mean: &dyn Fn(usize) -> f64| (0..units).map(|i| weights[[k, i]] * mean(i)).sum::<f64>();
        let intercepts = if classes == 2 {
            let middle = 0.5 * along(0, &|unit| means[0][unit] + means[1][unit]);
            vec![(self.prior(1) / self.prior(0)).ln() - middle]
        } else {
            (0..classes).map(|k| self.prior(k).ln() - 0.5 * along(k, &|unit| means[k][unit])).collect()
        };
        Linear { weights, intercepts }.around(ndarray::ArrayView1::from(&all))
    }
}

/// `sum_j w_j (x_j - m_j)^2`, in eight sums side by side.
fn weighted_square(row: ndarray::ArrayView1<'_, f64>, mean: &[f64], weights: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let row = row.to_slice().unwrap_or(&[]);
    let mut triples = row.chunks_exact(8).zip(mean.chunks_exact(8)).zip(weights.chunks_exact(8));
    for ((x, m), w) in &mut triples {
        for lane in 0..8 {
            let moved = x[lane] - m[lane];
            sums[lane] += w[lane] * moved * moved;
        }
    }
    let done = row.len() / 8 * 8;
    let rest: f64 = (done..row.len()).map(|i| weights[i] * (row[i] - mean[i]).powi(2)).sum();
    sums.iter().sum::<f64>() + rest
}
