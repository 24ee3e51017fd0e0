//! The error of each ridge on trials that were left out.

use std::ops::ControlFlow;

use ndarray::{Array2, Axis};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::{
    super::{
        algebra::{gram, product},
        each,
        window::Window,
    },
    Settings,
    demix::{Axes, Prepared, Scatters},
    flat,
    layout::Layout,
    pools::Pools,
};
use crate::AnalysisError;

/// The ridges that are tried: `FIRST FACTOR^k`, for `k` below `COUNT`.
pub const GRID: (f64, f64, usize) = (1e-7, 1.5, 36);

/// Errors of the ridges that were tried.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CrossValidation {
    /// As they were tried.
    pub ridges: Vec<f64>,
    /// The mean error of each, of the variance.
    pub errors: Vec<f64>,
    /// Trials left out of each condition and unit.
    pub repetitions: usize,
    /// Whether the smallest error is at an end of the grid, so that the best ridge may lie beyond.
    pub is_at_border: bool,
}

/// The ridges of [`GRID`].
pub fn grid() -> Vec<f64> {
    let (first, factor, count) = GRID;
    (0..count).map(|k| first * factor.powi(k as i32)).collect()
}

/// The errors of all ridges over repetitions.
pub(super) fn cross_validated(
    pools: &Pools,
    window: &Window,
    layout: &Layout,
    (settings, repetitions): (&Settings, usize),
    watch: &mut (dyn FnMut(usize) -> ControlFlow<()> + Send),
) -> Result<CrossValidation, AnalysisError> {
    let (ridges, others) = (grid(), pools.others(&window.rates, layout));
    let errors = each(repetitions, watch, |repetition| {
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        rng.set_stream(repetition as u64);
        let drawn = pools.drawn(&window.rates, &mut rng);
        let (x, mut y) = (others.without(&drawn, layout), layout.contrasted(&drawn));
        // The mean over everything is taken away from both; of x no part has it.
        let mean = x.index_axis(Axis(0), 0).mean_axis(Axis(0)).unwrap_or_default();
        y.index_axis_mut(Axis(0), 0).rows_mut().into_iter().for_each(|mut row| row -= &mean);
        let scatters = Scatters::of(layout, &x)?;
        let prepared = Prepared::of(&scatters)?;
        let own = gram(flat(&y).view());
        let crossed = |group| product(layout.rows(&x, group).t(), layout.rows(&y, group).view());
        let crossed: Vec<Array2<f64>> = layout.groups.iter().map(crossed).collect();
        let error = |ridge: &f64| -> Result<f64, AnalysisError> {
            let mut sum = 0.0;
            for (place, crossed) in crossed.iter().enumerate() {
                let Axes { encoders, decoders } = prepared.axes(place, *ridge, settings.components)?;
                let along = (&product(encoders.view(), crossed.view()) * &decoders).sum();
                let length = (&product(decoders.view(), own.view()) * &decoders).sum();
                sum += scatters.of_groups[place].diag().sum() - 2.0 * along + length;
            }
            Ok(sum / scatters.total)
        };
        ridges.iter().map(error).collect::<Result<Vec<f64>, _>>()
    })?;
    let mean = |place: usize| errors.iter().map(|of| of[place]).sum::<f64>() / repetitions as f64;
    Ok(CrossValidation { errors: (0..ridges.len()).map(mean).collect(), ridges, repetitions, is_at_border: false })
}
