//! Numbers, sums and sums of products of rows, class by class and part by part.

use faer::{
    Accum, Mat, MatRef, Par,
    linalg::matmul::triangular::{BlockStructure, matmul},
};
use ndarray::{Array2, Axis};

use crate::linear;

/// Number, sum and sum of products of rows.
pub(super) struct Moments {
    pub n: f64,
    pub sum: Vec<f64>,
    /// `None` where it is not needed.
    pub products: Option<Half>,
}

/// The lower half of a symmetric matrix, column by column without gaps.
#[derive(Clone)]
pub(super) struct Half {
    pub dim: usize,
    pub values: Vec<f64>,
}

/// The moments of all rows, and of those of them that are left out.
#[derive(Clone, Copy)]
pub(super) struct Rest<'a> {
    pub all: &'a Moments,
    pub tested: Option<&'a Moments>,
}

impl Half {
    pub fn zeros(dim: usize) -> Self {
        Self { dim, values: vec![0.0; dim * (dim + 1) / 2] }
    }

    /// Of the lower half of a matrix.
    pub fn of(square: &Mat<f64>) -> Self {
        let dim = square.ncols();
        let mut half = Self::zeros(dim);
        half.put(square);
        half
    }

    /// Overwrites it with the lower half of a matrix of this size.
    pub fn put(&mut self, square: &Mat<f64>) {
        (0..self.dim).for_each(|j| self.column_mut(j).copy_from_slice(&square.col_as_slice(j)[j..]));
    }

    /// Row `j` and those below of column `j`.
    pub fn column(&self, j: usize) -> &[f64] {
        let start = j * (2 * self.dim + 1 - j) / 2;
        &self.values[start..start + self.dim - j]
    }

    pub fn column_mut(&mut self, j: usize) -> &mut [f64] {
        let start = j * (2 * self.dim + 1 - j) / 2;
        &mut self.values[start..start + self.dim - j]
    }

    pub fn diagonal(&self, j: usize) -> f64 {
        self.column(j)[0]
    }

    pub fn add(&mut self, other: &Self, times: f64) {
        self.values.iter_mut().zip(&other.values).for_each(|(to, from)| *to += times * from);
    }
}

impl Moments {
    /// With the products if there is room for them.
    pub fn of(rows: &Array2<f64>, of: &[usize], square: Option<&mut Mat<f64>>) -> Self {
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
    pub fn sum(of: &[Self], units: usize) -> Self {
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
    pub fn n(&self) -> f64 {
        self.all.n - self.tested.map_or(0.0, |tested| tested.n)
    }

    pub fn mean(&self) -> Vec<f64> {
        let n = self.n();
        match self.tested {
            Some(tested) => self.all.sum.iter().zip(&tested.sum).map(|(all, tested)| (all - tested) / n).collect(),
            None => self.all.sum.iter().map(|sum| sum / n).collect(),
        }
    }

    /// The mean products.
    pub fn products(&self, to: &mut Half) -> Option<()> {
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

/// Puts or adds the lower half of `X^T X` of rows (rows, units).
pub(super) fn put_products(to: &mut Mat<f64>, accum: Accum, rows: MatRef<'_, f64>) {
    let full = BlockStructure::Rectangular;
    matmul(&mut *to, BlockStructure::TriangularLower, accum, rows.transpose(), full, rows, full, 1.0, Par::Seq);
    if to.ncols() > 0 {
        linear::clear_registers(to.col_as_slice(0));
    }
}

/// `S - p m m^T`.
pub(super) fn subtract_outer(from: &mut Half, mean: &[f64], part: f64) {
    for j in 0..from.dim {
        let of_unit = part * mean[j];
        from.column_mut(j).iter_mut().zip(&mean[j..]).for_each(|(s, mean)| *s -= of_unit * mean);
    }
}
