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

mod moments;
mod within;

use faer::{Accum, Mat};
use ndarray::{Array2, Axis};
use rayon::prelude::*;

use self::{
    moments::{Half, Moments, Rest, put_products},
    within::Within,
};
use super::{
    features::{Linear, is_constant},
    fit::{Failure, singular},
};
use crate::{interruption::Interruption, linear};

/// How much of the covariance is replaced by one without correlations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shrinkage {
    /// What Ledoit and Wolf's estimate says, class by class.
    Auto,
    /// A fixed part, in [0, 1].
    Fixed(f64),
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
    ) -> Result<Vec<T>, Failure> {
        let interruption = Interruption::here();
        let take = |room: &mut Room, labels: &Vec<usize>| {
            interruption.check()?;
            Ok(take(labels, &self.fits_in(labels, room).ok_or_else(singular)?))
        };
        labels.par_iter().map_init(|| self.room(), take).collect()
    }
}

fn is_wide(rows: &Array2<f64>) -> bool {
    rows.ncols() > rows.nrows()
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
}
