//! What components are: how much of each part of the means they explain, and how they are related.

use ndarray::{Array1, Array2, Array3, ArrayView1};

use super::{
    super::{
        algebra::{first, gram, product, spectrum},
        window::{Means, TrialCounts, combinations},
    },
    Component, Dpca, Part, Settings,
    demix::{Demixed, Scatters},
    flat,
    layout::Layout,
};
use crate::AnalysisError;

impl Dpca {
    /// Of centred means (conditions, bins, units) and their contrasts, without what was asked for.
    pub(super) fn described(
        layout: &Layout,
        means: &Means,
        scatters: &Scatters,
        (x, contrasts): (&Array3<f64>, &Array3<f64>),
        demixed: Demixed,
    ) -> Result<Self, AnalysisError> {
        let mut order: Vec<Ranked> = Vec::new();
        for (marginalisation, of) in demixed.0.into_iter().enumerate() {
            for (place, (p, d)) in of.encoders.outer_iter().zip(of.decoders.outer_iter()).enumerate() {
                order.push(Ranked {
                    marginalisation,
                    number: place + 1,
                    explained: explained(&scatters.all, p, d) / scatters.total,
                    encoder: p.to_owned(),
                    decoder: d.to_owned(),
                });
            }
        }
        let key = |one: &Ranked| (one.marginalisation, one.number);
        order.sort_by(|a, b| b.explained.total_cmp(&a.explained).then(key(a).cmp(&key(b))));
        let units = x.dim().2;
        let encoders = Array2::from_shape_fn((order.len(), units), |(place, unit)| order[place].encoder[unit]);
        let decoders = Array2::from_shape_fn((order.len(), units), |(place, unit)| order[place].decoder[unit]);
        let component = |one: &Ranked| {
            let by = scatters.of_groups.iter();
            let by = by.map(|of| explained(of, one.encoder.view(), one.decoder.view()) / scatters.total);
            Component {
                marginalisation: one.marginalisation,
                number: one.number,
                explained: one.explained,
                explained_by_marginalisation: by.collect(),
                significance: None,
            }
        };
        let conditions = combinations(&means.levels);
        let rows = flat(x);
        let projected = product(rows.view(), decoders.t());
        let bins = x.dim().1;
        let own = spectrum("the scatter of means", scatters.all.view())?.values;
        let held = |k: usize| own.iter().take(k).sum::<f64>() / scatters.total;
        Ok(Self {
            variables: means.variables.clone(),
            levels: means.levels.clone(),
            units,
            trials: TrialCounts { trials: 0, without_epoch: 0, incomplete: 0, without_variable: 0 },
            fewest_trials: 0,
            pseudo_trials: false,
            ridge: 0.0,
            cross_validation: None,
            parts: layout.parts(contrasts),
            marginalisations: layout
                .groups
                .iter()
                .zip(&scatters.of_groups)
                .map(|(group, of)| Part { name: group.name.clone(), variance: of.diag().sum() / scatters.total })
                .collect(),
            cumulative: (1..=order.len())
                .map(|k| together(&scatters.all, &encoders, &decoders, k) / scatters.total)
                .collect(),
            cumulative_pca: (1..=order.len()).map(held).collect(),
            components: order.iter().map(component).collect(),
            angles_deg: matrix(&product(encoders.view(), encoders.t()), |dot| dot.abs().min(1.0).acos().to_degrees()),
            correlations: correlations(&projected),
            time_ms: Vec::new(),
            conditions: conditions.iter().map(|condition| means.name(condition)).collect(),
            settings: Settings::default(),
            projections: Array3::from_shape_fn((order.len(), conditions.len(), bins), |(component, condition, bin)| {
                projected[[condition * bins + bin, component]]
            }),
            encoders,
            decoders,
        })
    }
}

/// A component, to be put in order by what it explains.
struct Ranked {
    marginalisation: usize,
    number: usize,
    explained: f64,
    encoder: Array1<f64>,
    decoder: Array1<f64>,
}

/// `|X|^2 - |X - p d X|^2` of the scatter of `X`, for `|p| = 1`.
fn explained(scatter: &Array2<f64>, p: ArrayView1<'_, f64>, d: ArrayView1<'_, f64>) -> f64 {
    let image = scatter.dot(&d);
    2.0 * p.dot(&image) - p.dot(&p) * d.dot(&image)
}

/// The same of the first `k` components together.
fn together(scatter: &Array2<f64>, encoders: &Array2<f64>, decoders: &Array2<f64>, k: usize) -> f64 {
    let (p, d) = (first(encoders, k), first(decoders, k));
    let image = product(d, scatter.view());
    let lengths = product(image.view(), d.t());
    2.0 * (&image * &p).sum() - (&product(p, p.t()) * &lengths).sum()
}

fn correlations(projected: &Array2<f64>) -> Vec<Vec<f64>> {
    let products = gram(projected.view());
    let lengths: Vec<f64> = products.diag().iter().map(|value| value.sqrt()).collect();
    let n = lengths.len();
    (0..n).map(|a| (0..n).map(|b| products[[a, b]] / (lengths[a] * lengths[b])).collect()).collect()
}

fn matrix(values: &Array2<f64>, of: impl Fn(f64) -> f64) -> Vec<Vec<f64>> {
    values.outer_iter().map(|row| row.iter().map(|value| of(*value)).collect()).collect()
}
