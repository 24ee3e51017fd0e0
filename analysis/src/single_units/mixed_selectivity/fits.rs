//! Regressions of one unit, with all terms and without each.

use super::{
    Kind, Regression,
    basis::{Basis, dot},
    design::{Columns, Design},
};
use crate::f_distribution::upper_tail;

/// The models of one unit: rests of the linear and of the full one, and of these without each term.
pub(super) struct Fits {
    n: usize,
    total: f64,
    linear: Model,
    full: Model,
    without: Vec<f64>,
}

struct Model {
    rest: f64,
    rank: usize,
    coefficients: Vec<f64>,
}

impl Model {
    fn of(basis: &Basis, rates: &[f64], total: f64) -> Self {
        // What is left of a perfect fit is rounding.
        let rest = basis.rest(rates);
        let rest = if rest < 1e-24 * total { 0.0 } else { rest };
        Self { rest, rank: basis.columns.len(), coefficients: basis.coefficients(rates) }
    }
}

impl Fits {
    /// `None` where these trials do not tell the terms apart.
    pub fn of(design: &Design, there: &[usize], rates: &[f64]) -> Option<Self> {
        let chosen = |column: &Vec<f64>| there.iter().map(|trial| column[*trial]).collect::<Vec<f64>>();
        let columns: Vec<Vec<Vec<f64>>> =
            design.terms.iter().map(|term| term.columns.iter().map(chosen).collect()).collect();
        let basis = |which: &dyn Fn(usize) -> bool| {
            let mut basis = Basis::constant(rates.len());
            let all = columns.iter().enumerate().filter(|(place, _)| which(*place)).flat_map(|(_, columns)| columns);
            basis.add(all.map(Vec::as_slice)).then_some(basis)
        };
        let is_main = |place: usize| !design.terms[place].is_interaction;
        let total = dot(rates, rates);
        let linear = Model::of(&basis(&is_main)?, rates, total);
        let full = Model::of(&basis(&|_| true)?, rates, total);
        if full.rank >= rates.len() {
            return None;
        }
        let without = (0..columns.len())
            .map(|left_out| {
                let model = |place: usize| place != left_out && (!is_main(left_out) || is_main(place));
                Some(basis(&model)?.rest(rates))
            })
            .collect::<Option<_>>()?;
        Some(Self { n: rates.len(), total, linear, full, without })
    }

    pub fn regression(&self, design: &Design, alpha: f64, trials: usize) -> Regression {
        let (mut f, mut p, mut partial_r2) = (Vec::new(), Vec::new(), Vec::new());
        for (term, without) in design.terms.iter().zip(&self.without) {
            let with = if term.is_interaction { &self.full } else { &self.linear };
            let (columns, left) = (term.columns.len(), self.n - with.rank);
            let gained = (without - with.rest).max(0.0);
            // Nothing to gain and nothing left is no effect.
            let is_none = gained <= 1e-12 * self.total;
            let value = if is_none { 0.0 } else { (gained / columns as f64) / (with.rest / left as f64) };
            f.push(value);
            p.push(upper_tail(value, columns, left));
            partial_r2.push(if is_none { 0.0 } else { gained / without });
        }
        let matter = |interaction: bool| {
            let terms = design.terms.iter().zip(&p);
            terms.filter(|(term, p)| term.is_interaction == interaction && **p < alpha).count()
        };
        let kind = match (matter(true), matter(false)) {
            (0, 0) => Kind::Unselective,
            (0, 1) => Kind::Pure,
            (0, _) => Kind::LinearMixed,
            _ => Kind::NonlinearMixed,
        };
        let part = |model: &Model| 1.0 - model.rest / self.total;
        Regression {
            kind,
            trials,
            r2: Some((part(&self.linear), part(&self.full))),
            f,
            p,
            partial_r2,
            coefficients: self.coefficients(design),
        }
    }

    fn coefficients(&self, design: &Design) -> Vec<Vec<f64>> {
        let mut of_linear = self.linear.coefficients.iter().copied();
        // The full model has the variables before the interactions.
        let mut of_full = self.full.coefficients.iter().copied().skip(self.linear.coefficients.len());
        let take = |term: &Columns| match term.is_interaction {
            true => of_full.by_ref().take(term.columns.len()).collect(),
            false => of_linear.by_ref().take(term.columns.len()).collect(),
        };
        design.terms.iter().map(take).collect()
    }
}
