//! Encoders and decoders of each part of the means, from products of units alone.

use ndarray::{Array1, Array2, Array3};

use super::{
    super::algebra::{Spectrum, first, gram, inverse, leading, product, spectrum, symmetric_product},
    layout::Layout,
};
use crate::AnalysisError;

/// Eigenvalues below this part of the largest are none.
const NO_VARIANCE: f64 = 1e-13;
/// Components below this part of the variance of all hold nothing.
const NOTHING: f64 = 1e-12;
/// Matrices with a pivot below this part of the largest are inverted by their eigenvectors.
const SINGULAR: f64 = 1e-9;

/// Products of centred means, units x units.
pub(super) struct Scatters {
    /// The sum of those of the groups, since parts are orthogonal.
    pub all: Array2<f64>,
    pub of_groups: Vec<Array2<f64>>,
    pub total: f64,
}

impl Scatters {
    /// Of contrasts of means (contrasts, bins, units).
    pub fn of(layout: &Layout, contrasts: &Array3<f64>) -> Result<Self, AnalysisError> {
        let of_group = |group| gram(layout.rows(contrasts, group).view());
        let of_groups: Vec<Array2<f64>> = layout.groups.iter().map(of_group).collect();
        let units = contrasts.dim().2;
        let all = of_groups.iter().fold(Array2::zeros((units, units)), |sum, of| sum + of);
        let total = all.diag().sum();
        if total <= 0.0 {
            let message = "no mean over trials varies, over conditions or over time; look at the rates";
            return Err(AnalysisError::Trials(message.into()));
        }
        Ok(Self { all, of_groups, total })
    }
}

/// Encoders and decoders of one marginalisation (components, units).
pub(super) struct Axes {
    pub encoders: Array2<f64>,
    pub decoders: Array2<f64>,
}

/// Those of all of them.
pub(super) struct Demixed(pub Vec<Axes>);

/// What does not depend on the ridge: eigenvalues and vectors of `X X^T`, and `X_m X^T` in these vectors.
pub(super) struct Prepared<'a> {
    scatters: &'a Scatters,
    spectrum: Spectrum,
    /// `X_m X^T V` of each marginalisation, which is that of `X_m X_m^T`, since parts are orthogonal.
    crossed: Vec<Array2<f64>>,
}

impl<'a> Prepared<'a> {
    pub fn of(scatters: &'a Scatters) -> Result<Self, AnalysisError> {
        let spectrum = spectrum("the scatter of means", scatters.all.view())?;
        let crossed = scatters.of_groups.iter().map(|of| product(of.view(), spectrum.vectors.t())).collect();
        Ok(Self { scatters, spectrum, crossed })
    }

    /// `1 / (l + L^2)` of each eigenvalue; 0 of those that are none.
    fn weights(&self, ridge: f64) -> Array1<f64> {
        let added = (ridge * self.scatters.total).powi(2);
        let least = NO_VARIANCE * self.spectrum.values[0];
        self.spectrum.values.iter().map(|value| if *value > least { 1.0 / (value + added) } else { 0.0 }).collect()
    }

    /// At most `k` components of one marginalisation.
    pub fn axes(&self, group: usize, ridge: f64, k: usize) -> Result<Axes, AnalysisError> {
        let roots: Array1<f64> = self.spectrum.values.iter().map(|value| value.max(0.0).sqrt()).collect();
        // C_m V = X_m X^T V (diag l + L^2)^-1, and C_m X has the left vectors of C_m V diag(sqrt l).
        let (crossed, weights) = (&self.crossed[group], self.weights(ridge));
        let image = crossed * &(&weights * &roots);
        let encoders = self.scatters.encoders(symmetric_product(image.view(), image.t()), k)?;
        let of_vectors = product(encoders.view(), crossed.view()) * &weights;
        let decoders = product(of_vectors.view(), self.spectrum.vectors.view());
        Ok(Axes { encoders, decoders })
    }
}

impl Scatters {
    /// At most `k` eigenvectors of `C_m X X^T C_m^T`, as rows.
    fn encoders(&self, image: Array2<f64>, k: usize) -> Result<Array2<f64>, AnalysisError> {
        let found = leading("the regression on a marginalisation", image.view(), k)?;
        let kept = found.values.iter().take_while(|value| **value > NOTHING * self.total).count();
        Ok(first(&found.vectors, kept).to_owned())
    }
}

/// What one ridge makes of all marginalisations: `W = (X X^T + L^2)^-1` and `N = W X X^T W = W - L^2 W^2`, so that
/// `C_m X X^T C_m^T = X_m X_m^T N X_m X_m^T`. Without eigenvectors, which take most of the time.
pub(super) struct Inverted<'a> {
    scatters: &'a Scatters,
    inverse: Array2<f64>,
    middle: Array2<f64>,
}

impl<'a> Inverted<'a> {
    pub fn of(scatters: &'a Scatters, ridge: f64) -> Result<Self, AnalysisError> {
        let (mut ridged, added) = (scatters.all.clone(), (ridge * scatters.total).powi(2));
        ridged.diag_mut().iter_mut().for_each(|value| *value += added);
        if let Some(inverse) = inverse(ridged.view(), SINGULAR) {
            // X X^T is the inverse of W less the ridge.
            let middle = &inverse - &(symmetric_product(inverse.view(), inverse.view()) * added);
            return Ok(Self { scatters, inverse, middle });
        }
        let prepared = Prepared::of(scatters)?;
        let (weights, vectors) = (prepared.weights(ridge), &prepared.spectrum.vectors);
        let values = Array1::from(prepared.spectrum.values.clone());
        let of = |of_values: &Array1<f64>| symmetric_product((&vectors.t() * of_values).view(), vectors.view());
        Ok(Self { scatters, inverse: of(&weights), middle: of(&(&weights * &weights * values)) })
    }

    /// At most `k` components of one marginalisation.
    pub fn axes(&self, group: usize, k: usize) -> Result<Axes, AnalysisError> {
        let own = self.scatters.of_groups[group].view();
        let image = symmetric_product(product(own, self.middle.view()).view(), own);
        let encoders = self.scatters.encoders(image, k)?;
        let decoders = product(product(encoders.view(), own).view(), self.inverse.view());
        Ok(Axes { encoders, decoders })
    }
}

impl Demixed {
    pub fn of(scatters: &Scatters, ridge: f64, k: usize) -> Result<Self, AnalysisError> {
        let prepared = Prepared::of(scatters)?;
        (0..scatters.of_groups.len()).map(|group| prepared.axes(group, ridge, k)).collect::<Result<_, _>>().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::test::gaussian;

    /// Scatters of two groups of rows, of full rank or of less.
    fn scatters(rows: usize) -> Scatters {
        let units = 60;
        let of_groups: Vec<Array2<f64>> =
            (0..2).map(|group| gram(gaussian((rows, units), 5 + group as u64).view())).collect();
        let all = &of_groups[0] + &of_groups[1];
        Scatters { total: all.diag().sum(), all, of_groups }
    }

    #[test]
    fn one_ridge_by_its_inverse_is_as_by_eigenvectors() {
        // 20 + 20 rows leave 60 units singular without a ridge.
        for (rows, ridge) in [(200, 0.0), (200, 1e-3), (20, 1e-3), (20, 0.0)] {
            let scatters = scatters(rows);
            let (prepared, inverted) = (Prepared::of(&scatters).unwrap(), Inverted::of(&scatters, ridge).unwrap());
            for group in 0..2 {
                let (a, b) = (prepared.axes(group, ridge, 3).unwrap(), inverted.axes(group, 3).unwrap());
                let apart = |a: &Array2<f64>, b: &Array2<f64>| {
                    (a - b).iter().fold(0.0, |most: f64, value| most.max(value.abs()))
                };
                assert!(apart(&a.encoders, &b.encoders) < 1e-8, "{rows} {ridge}");
                assert!(apart(&a.decoders, &b.decoders) < 1e-8, "{rows} {ridge}");
            }
        }
    }
}
