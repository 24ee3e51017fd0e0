//! Columns of a regression made orthonormal, one after the other.

use crate::linear::length;

/// A column that is left with less than this of its length by those before it is a sum of them.
const COLLINEAR: f64 = 1e-9;

/// Columns made orthonormal, the constant first.
#[derive(Clone)]
pub(super) struct Basis {
    pub columns: Vec<Vec<f64>>,
    /// How each given column is made of them (the columns of R of a QR decomposition).
    made_of: Vec<Vec<f64>>,
}

impl Basis {
    pub fn constant(n: usize) -> Self {
        let root = (n as f64).sqrt();
        Self { columns: vec![vec![1.0 / root; n]], made_of: vec![vec![root]] }
    }

    /// Adds columns; `false` if one is a sum of those before it.
    pub fn add<'a>(&mut self, columns: impl IntoIterator<Item = &'a [f64]>) -> bool {
        columns.into_iter().all(|column| self.add_one(column))
    }

    fn add_one(&mut self, column: &[f64]) -> bool {
        let (mut rest, mut parts) = (column.to_vec(), vec![0.0; self.columns.len()]);
        // Twice is enough: what rounding leaves of the first time is gone after the second.
        for _ in 0..2 {
            for (known, part) in self.columns.iter().zip(&mut parts) {
                let along = dot(known, &rest);
                *part += along;
                rest.iter_mut().zip(known).for_each(|(rest, known)| *rest -= along * known);
            }
        }
        let left = length(&rest);
        if left <= COLLINEAR * length(column) {
            return false;
        }
        parts.push(left);
        self.columns.push(rest.into_iter().map(|value| value / left).collect());
        self.made_of.push(parts);
        true
    }

    /// The sum of the squares of what the columns leave of `y`.
    pub fn rest(&self, y: &[f64]) -> f64 {
        let mut rest = y.to_vec();
        for column in &self.columns {
            let along = dot(column, &rest);
            rest.iter_mut().zip(column).for_each(|(rest, column)| *rest -= along * column);
        }
        dot(&rest, &rest)
    }

    /// The coefficients of the given columns, without that of the constant.
    pub fn coefficients(&self, y: &[f64]) -> Vec<f64> {
        let mut along: Vec<f64> = self.columns.iter().map(|column| dot(column, y)).collect();
        for place in (0..along.len()).rev() {
            along[place] /= self.made_of[place][place];
            for before in 0..place {
                along[before] -= self.made_of[place][before] * along[place];
            }
        }
        along.split_off(1)
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
