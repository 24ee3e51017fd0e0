//! What a decoder sees of the rates, by what the training trials alone say.

use faer::Side;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};

use crate::{AnalysisError, Components, linear};

/// A unit that varies by less than this part of its largest rate is constant: the rest is rounding.
const CONSTANT: f64 = 1e-12;

/// Linear functions of rates.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Linear {
    /// (functions, units)
    pub weights: Array2<f64>,
    /// (functions)
    pub intercepts: Vec<f64>,
}

impl Linear {
    /// The values (rows, functions) at rows (rows, units).
    pub fn at(&self, rows: ArrayView2<'_, f64>) -> Array2<f64> {
        product(rows, self.weights.t()) + ArrayView1::from(&self.intercepts)
    }

    /// The same functions of rows that were not moved by `centre` before.
    pub fn around(mut self, centre: ArrayView1<'_, f64>) -> Self {
        self.intercepts.iter_mut().zip(self.weights.dot(&centre)).for_each(|(b, moved)| *b -= moved);
        self
    }
}

/// A map of rates to features: centred, scaled, and turned.
pub(super) struct Features {
    centre: Array1<f64>,
    /// The units that vary.
    kept: Vec<usize>,
    /// What each of them is divided by.
    scale: Vec<f64>,
    /// (kept, features); `None` where each kept unit is one feature.
    basis: Option<Array2<f64>>,
}

impl Features {
    /// As these rows (rows, units) say: the mean is taken away, units are divided by their standard deviation if
    /// `is_scaled`, and only the first components are taken if a number is given. Constant units are left out.
    pub fn of(train: ArrayView2<'_, f64>, is_scaled: bool, components: Option<usize>) -> Result<Self, AnalysisError> {
        let n = train.nrows().max(1) as f64;
        let centre = train.sum_axis(Axis(0)) / n;
        let kept: Vec<usize> = (0..train.ncols()).filter(|unit| !is_constant(train.column(*unit))).collect();
        let deviation =
            |unit: &usize| (train.column(*unit).iter().map(|x| (x - centre[*unit]).powi(2)).sum::<f64>() / n).sqrt();
        let scale = kept.iter().map(|unit| if is_scaled { deviation(unit) } else { 1.0 }).collect();
        let mut features = Self { centre, kept, scale, basis: None };
        if let Some(components) = components {
            let axes = Components::of(features.map(train).view(), components)?.axes;
            features.basis = Some(axes.t().as_standard_layout().into_owned());
        }
        Ok(features)
    }

    /// How many features there are.
    pub fn len(&self) -> usize {
        self.basis.as_ref().map_or(self.kept.len(), Array2::ncols)
    }

    /// Features (rows, features) of rates (rows, units).
    pub fn map(&self, rows: ArrayView2<'_, f64>) -> Array2<f64> {
        let scaled = Array2::from_shape_fn((rows.nrows(), self.kept.len()), |(row, place)| {
            let unit = self.kept[place];
            (rows[[row, unit]] - self.centre[unit]) / self.scale[place]
        });
        match &self.basis {
            Some(basis) => product(scaled.view(), basis.view()),
            None => scaled,
        }
    }

    /// Turned so that there are no more features than `train`, the features of the training rows, has directions. What
    /// a decoder with a penalty on the length of its weights does stays the same.
    pub fn reduced(mut self, train: ArrayView2<'_, f64>) -> Result<Self, AnalysisError> {
        let gram = product(train, train.t());
        let found = linear::view(&gram.view())
            .self_adjoint_eigen(Side::Lower)
            .map_err(|error| AnalysisError::NoEigenvalues { array: "rates", reason: format!("{error:?}") })?;
        let (values, vectors, n) = (found.S().column_vector(), found.U(), train.nrows());
        let largest = if n > 0 { values[n - 1] } else { 0.0 };
        let places: Vec<usize> = (0..n).rev().filter(|place| values[*place] > 1e-13 * largest).collect();
        let directions = Array2::from_shape_fn((n, places.len()), |(row, column)| {
            vectors[(row, places[column])] / values[places[column]].sqrt()
        });
        let turn = product(train.t(), directions.view());
        self.basis = Some(match &self.basis {
            Some(basis) => product(basis.view(), turn.view()),
            None => turn,
        });
        Ok(self)
    }

    /// Functions of features as functions of rates.
    pub fn back(&self, functions: &Linear) -> Linear {
        let (n, units) = (functions.weights.nrows(), self.centre.len());
        let of_kept = match &self.basis {
            Some(basis) => product(functions.weights.view(), basis.t()),
            None => functions.weights.clone(),
        };
        let mut weights = Array2::zeros((n, units));
        for (place, (unit, scale)) in self.kept.iter().zip(&self.scale).enumerate() {
            weights.column_mut(*unit).assign(&(&of_kept.column(place) / *scale));
        }
        Linear { weights, intercepts: functions.intercepts.clone() }.around(self.centre.view())
    }
}

/// Whether a unit has one rate in all trials, but for rounding.
pub(super) fn is_constant(rates: ArrayView1<'_, f64>) -> bool {
    let (low, high) = rates.iter().fold((f64::MAX, f64::MIN), |(low, high), rate| (low.min(*rate), high.max(*rate)));
    high - low <= CONSTANT * low.abs().max(high.abs())
}

/// `A B` with the instructions that the processor has.
pub(super) fn product(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Array2<f64> {
    let (a, b) = (linear::contiguous(a), linear::contiguous(b));
    let (rows, columns) = (a.nrows(), b.ncols());
    // Columns of the transpose of the product in column order are rows of the product.
    let mut out = vec![0.0; rows * columns];
    let to = faer::MatMut::from_row_major_slice_mut(&mut out, rows, columns);
    let (left, right) = (a.view(), b.view());
    faer::linalg::matmul::matmul(
        to,
        faer::Accum::Replace,
        linear::view(&left),
        linear::view(&right),
        1.0,
        faer::Par::Seq,
    );
    linear::clear_registers(&out);
    Array2::from_shape_vec((rows, columns), out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn functions_of_features_are_functions_of_rates() {
        let rows = array![[1.0, 5.0, 0.3], [2.0, 5.0, 0.1], [4.0, 5.0, -0.2], [3.0, 5.0, 0.4]];
        for components in [None, Some(1), Some(2)] {
            let features = Features::of(rows.view(), true, components).unwrap();
            let n = features.len();
            assert_eq!(n, components.unwrap_or(2));
            let seen = features.map(rows.view());
            let functions = Linear {
                weights: Array2::from_shape_fn((2, n), |(i, j)| 0.5 + (i + 2 * j) as f64),
                intercepts: vec![1.0, -2.0],
            };
            let (a, b) = (functions.at(seen.view()), features.back(&functions).at(rows.view()));
            assert!((&a - &b).iter().all(|difference| difference.abs() < 1e-12), "{a} {b}");
            assert!(features.back(&functions).weights.column(1).iter().all(|weight| *weight == 0.0));
        }
    }

    #[test]
    fn scaled_features_have_mean_0_and_deviation_1() {
        let rows = array![[1.0], [2.0], [6.0]];
        let seen = Features::of(rows.view(), true, None).unwrap().map(rows.view());
        assert!(seen.sum().abs() < 1e-14 && (seen.mapv(|x| x * x).sum() / 3.0 - 1.0).abs() < 1e-14);
        let raw = Features::of(rows.view(), false, None).unwrap().map(rows.view());
        assert_eq!(raw, array![[-2.0], [-1.0], [3.0]]);
    }

    #[test]
    fn reduced_features_keep_lengths_and_angles_of_rows() {
        let rows = array![[1.0, 5.0, 0.3, 0.0], [2.0, 4.0, 0.1, 1.0], [4.0, 2.0, -0.2, 0.5]];
        let features = Features::of(rows.view(), false, None).unwrap();
        let before = features.map(rows.view());
        let reduced = features.reduced(before.view()).unwrap();
        assert_eq!(reduced.len(), 2);
        let after = reduced.map(rows.view());
        let difference = before.dot(&before.t()) - after.dot(&after.t());
        assert!(difference.iter().all(|value| value.abs() < 1e-12), "{difference}");
    }
}
