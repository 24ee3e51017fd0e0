//! One decoder on the trials of one time, fold by fold.

use ndarray::{Array2, ArrayView2, Axis, s};

use super::{
    Decoder, Settings,
    features::{Features, Linear, product},
    lda::{Lda, Shrinkage},
    logistic, ridge,
    score::{balanced_accuracy, chosen, r2, sign_accuracy},
};
use crate::{AnalysisError, interruption::Interruption};

/// What is decoded of rows, as observed and in shuffles.
pub(super) enum Labels {
    Classes {
        /// (labellings, rows)
        of: Vec<Vec<usize>>,
        classes: usize,
    },
    /// (labellings, rows)
    Graded(Vec<Vec<f64>>),
}

/// Balanced accuracy alone, or R2 and the accuracy of the sign.
pub(super) type Scores = [f64; 2];

/// What was found in one fold.
pub(super) struct Fold {
    /// The functions of rates that the training trials say, with their labels as observed.
    pub linear: Linear,
    /// Of each labelling, on the tested trials.
    pub scores: Vec<Scores>,
    /// Searches that did not converge.
    pub unconverged: usize,
}

/// Why a time has no number.
#[derive(Debug)]
pub(super) enum Failure {
    /// In words, for that time alone.
    Reason(String),
    Error(AnalysisError),
}

impl From<AnalysisError> for Failure {
    fn from(error: AnalysisError) -> Self {
        Self::Error(error)
    }
}

impl Labels {
    /// The first labelling alone.
    pub fn observed(&self) -> Self {
        self.of(|of| of[..1].to_vec(), |of| of[..1].to_vec())
    }

    fn select(&self, rows: &[usize]) -> Self {
        let pick = |of: &Vec<Vec<usize>>| of.iter().map(|of| rows.iter().map(|row| of[*row]).collect()).collect();
        let values = |of: &Vec<Vec<f64>>| of.iter().map(|of| rows.iter().map(|row| of[*row]).collect()).collect();
        self.of(pick, values)
    }

    fn of(
        &self,
        classes: impl Fn(&Vec<Vec<usize>>) -> Vec<Vec<usize>>,
        values: impl Fn(&Vec<Vec<f64>>) -> Vec<Vec<f64>>,
    ) -> Self {
        match self {
            Self::Classes { of, classes: n } => Self::Classes { of: classes(of), classes: *n },
            Self::Graded(of) => Self::Graded(values(of)),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Classes { of, .. } => of.len(),
            Self::Graded(of) => of.len(),
        }
    }

    /// How good functions (tested rows, functions) are.
    pub fn score(&self, labelling: usize, tested: &[usize], functions: ArrayView2<'_, f64>) -> Scores {
        match self {
            Self::Classes { of, classes } => {
                let labels: Vec<usize> = tested.iter().map(|row| of[labelling][*row]).collect();
                [balanced_accuracy(&chosen(functions), &labels, *classes), f64::NAN]
            }
            Self::Graded(of) => {
                let values: Vec<f64> = tested.iter().map(|row| of[labelling][*row]).collect();
                let predicted = || functions.column(0).into_iter().copied();
                [r2(predicted(), &values), sign_accuracy(predicted(), &values)]
            }
        }
    }
}

/// Every fold of rows (rows, units) tested once.
pub(super) fn folds(
    rows: &Array2<f64>,
    folds: &[Vec<usize>],
    labels: &Labels,
    settings: &Settings,
) -> Result<Vec<Fold>, Failure> {
    if let (Decoder::Lda { shrinkage }, None, Labels::Classes { of, classes }) =
        (settings.decoder, settings.components, labels)
    {
        return lda_folds(rows, folds, (of, *classes), (shrinkage, settings.is_scaled));
    }
    let interruption = Interruption::here();
    let of_fold = |tested: &Vec<usize>| {
        interruption.check()?;
        let is_tested: std::collections::BTreeSet<usize> = tested.iter().copied().collect();
        let trained: Vec<usize> = (0..rows.nrows()).filter(|row| !is_tested.contains(row)).collect();
        let train = rows.select(Axis(0), &trained);
        let (linear, unconverged) = fit(&train, &labels.select(&trained), settings)?;
        let functions = linear.weights.nrows() / labels.len();
        let values = linear.at(rows.select(Axis(0), tested).view());
        let score = |labelling: usize| {
            let of = values.slice(s![.., labelling * functions..(labelling + 1) * functions]);
            labels.score(labelling, tested, of)
        };
        let scores = (0..labels.len()).map(score).collect();
        Ok(Fold { linear: first(&linear, functions), scores, unconverged })
    };
    folds.iter().map(of_fold).collect()
}

/// The functions that all rows say, with their labels as observed.
pub(super) fn whole(rows: &Array2<f64>, labels: &Labels, settings: &Settings) -> Result<Linear, Failure> {
    let (linear, _) = fit(rows, &labels.observed(), settings)?;
    Ok(linear)
}

/// Units that do not vary in the training trials of a fold; the most of all folds.
pub(super) fn constant_units(rows: &Array2<f64>, folds: &[Vec<usize>]) -> usize {
    let of_fold = |tested: &Vec<usize>| {
        let trained: Vec<usize> = (0..rows.nrows()).filter(|row| !tested.contains(row)).collect();
        let train = rows.select(Axis(0), &trained);
        train.axis_iter(Axis(1)).filter(|unit| super::features::is_constant(unit.view())).count()
    };
    folds.iter().map(of_fold).max().unwrap_or(0)
}

/// Discriminant analysis shares sums of products between folds.
fn lda_folds(
    rows: &Array2<f64>,
    folds: &[Vec<usize>],
    (of, classes): (&[Vec<usize>], usize),
    shrunk: (Shrinkage, bool),
) -> Result<Vec<Fold>, Failure> {
    let centre = centre(rows);
    let lda = Lda::of(rows - &centre, folds.to_vec(), folds.len(), shrunk, classes);
    let tested: Vec<Array2<f64>> = folds.iter().map(|fold| rows.select(Axis(0), fold) - &centre).collect();
    let scores = |labelling: &[usize], linear: &[Linear]| -> Vec<Scores> {
        let one = Labels::Classes { of: vec![labelling.to_vec()], classes };
        let of_fold = |fold: usize| one.score(0, &folds[fold], linear[fold].at(tested[fold].view()).view());
        (0..folds.len()).map(of_fold).collect()
    };
    let observed = lda.fits(&of[0]).ok_or_else(singular)?;
    let all = lda.many(of, scores)?;
    let fold = |(fold, linear): (usize, Linear)| Fold {
        linear: linear.around(centre.view()),
        scores: all.iter().map(|of| of[fold]).collect(),
        unconverged: 0,
    };
    Ok(observed.into_iter().enumerate().map(fold).collect())
}

fn centre(rows: &Array2<f64>) -> ndarray::Array1<f64> {
    rows.sum_axis(Axis(0)) / rows.nrows().max(1) as f64
}

/// Functions of rates, those of each labelling after one another, and how many searches did not converge.
fn fit(train: &Array2<f64>, labels: &Labels, settings: &Settings) -> Result<(Linear, usize), Failure> {
    if let (Decoder::Lda { shrinkage }, None, Labels::Classes { of, classes }) =
        (settings.decoder, settings.components, labels)
    {
        return Ok((lda_fit(train, (of, *classes), (shrinkage, settings.is_scaled))?, 0));
    }
    let mut features = Features::of(train.view(), settings.is_scaled, settings.components)?;
    let mut seen = features.map(train.view());
    if matches!(settings.decoder, Decoder::Logistic { .. }) && features.len() >= train.nrows() {
        features = features.reduced(seen.view())?;
        seen = features.map(train.view());
    }
    let (functions, unconverged) = match (settings.decoder, labels) {
        // Components are of scaled units already.
        (Decoder::Lda { shrinkage }, Labels::Classes { of, classes }) => {
            (lda_fit(&seen, (of, *classes), (shrinkage, false))?, 0)
        }
        (Decoder::Logistic { c }, Labels::Classes { of, classes }) => logistic::fit(seen.view(), of, *classes, c)?,
        (Decoder::Ridge { alpha }, Labels::Graded(of)) => {
            let values = Array2::from_shape_fn((train.nrows(), of.len()), |(row, labelling)| of[labelling][row]);
            (ridge::fit(seen.view(), values.view(), alpha).ok_or_else(collinear)?, 0)
        }
        (decoder, labels) => return Err(decoder.mismatch(matches!(labels, Labels::Graded(_))).into()),
    };
    Ok((features.back(&functions), unconverged))
}

/// Discriminant functions of rows, labelling by labelling.
fn lda_fit(
    rows: &Array2<f64>,
    (of, classes): (&[Vec<usize>], usize),
    shrunk: (Shrinkage, bool),
) -> Result<Linear, Failure> {
    let centre = centre(rows);
    let lda = Lda::of(rows - &centre, vec![(0..rows.nrows()).collect()], 0, shrunk, classes);
    let found = lda.many(of, |_, linear| linear[0].clone())?;
    let functions = found.first().map_or(0, |linear| linear.weights.nrows());
    let weights = Array2::from_shape_fn((found.len() * functions, rows.ncols()), |(row, unit)| {
        found[row / functions].weights[[row % functions, unit]]
    });
    let intercepts = found.into_iter().flat_map(|linear| linear.intercepts).collect();
    Ok(Linear { weights, intercepts }.around(centre.view()))
}

pub(super) fn singular() -> Failure {
    Failure::Reason(
        "the covariance has no inverse (too few trials for so many units, or units that follow from others); take \
         --shrinkage auto, or fewer --components"
            .into(),
    )
}

pub(super) fn too_weak() -> Failure {
    Failure::Reason("the penalty is too weak for these rates; make --c smaller".into())
}

fn collinear() -> Failure {
    Failure::Reason(
        "units follow from others (or there are more than trials), and --alpha is 0; take an --alpha above 0".into(),
    )
}

fn first(linear: &Linear, functions: usize) -> Linear {
    Linear {
        weights: linear.weights.slice(s![..functions, ..]).to_owned(),
        intercepts: linear.intercepts[..functions].to_vec(),
    }
}

/// The pattern of each function over the units, `Cov(x) w` (functions, units): what the units do when the function is
/// larger.
pub(super) fn pattern(rows: &Array2<f64>, weights: ArrayView2<'_, f64>) -> Array2<f64> {
    let centred = rows - &centre(rows);
    let along = product(centred.view(), weights.t());
    product(along.t(), centred.view()) / (rows.nrows().max(2) - 1) as f64
}
