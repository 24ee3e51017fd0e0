//! The spectrum of units that are shuffled against each other.

use std::ops::{ControlFlow, Range};

use ndarray::Array2;
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::{
    super::{
        algebra::{self, symmetric_product},
        each,
    },
    BLOCK, Settings, participation_ratio, ratios,
};
use crate::AnalysisError;

/// Spectra of the units shuffled against each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shuffled {
    /// Mean over shuffles.
    pub explained_variance_ratio: Vec<f64>,
    /// 95 % of shuffles have at most so much.
    pub explained_variance_ratio_95: Vec<f64>,
    /// Mean over shuffles.
    pub participation_ratio: f64,
    /// How many components, from the first on, hold more than 95 % of shuffles do in their place.
    pub components_above: usize,
}

impl Shuffled {
    pub(super) fn of(
        (rows, runs): (&Array2<f64>, &[Range<usize>]),
        ratio: &[f64],
        settings: &Settings,
        watch: &mut (dyn FnMut(usize) -> ControlFlow<()> + Send),
    ) -> Result<Self, AnalysisError> {
        let n = settings.shuffles;
        // Runs of one unit follow one another in memory.
        let units = rows.t().as_standard_layout().into_owned();
        let spectra = each(n, watch, |shuffle| {
            let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
            rng.set_stream(shuffle as u64);
            let orders: Vec<Order> = (0..rows.ncols()).map(|_| Order::draw(runs, &mut rng)).collect();
            shuffled_spectrum(&units, &orders)
        })?;
        let places = spectra.iter().map(Vec::len).min().unwrap_or(0).min(ratio.len());
        let at = |place: usize| spectra.iter().map(move |spectrum| spectrum[place]);
        let high = |place: usize| {
            let mut all: Vec<f64> = at(place).collect();
            all.sort_by(f64::total_cmp);
            all[((0.95 * n as f64).ceil() as usize).clamp(1, n) - 1]
        };
        let high: Vec<f64> = (0..places).map(high).collect();
        Ok(Self {
            explained_variance_ratio: (0..places).map(|place| at(place).sum::<f64>() / n as f64).collect(),
            components_above: ratio.iter().zip(&high).take_while(|(own, null)| own > null).count(),
            explained_variance_ratio_95: high,
            participation_ratio: spectra.iter().map(|spectrum| participation_ratio(spectrum)).sum::<f64>() / n as f64,
        })
    }
}

/// The order of the rows of a shuffled unit: runs, each with where it begins now, and by how much it is moved.
struct Order(Vec<(usize, Range<usize>, usize)>);

impl Order {
    fn draw(runs: &[Range<usize>], rng: &mut ChaCha8Rng) -> Self {
        let mut runs = runs.to_vec();
        runs.shuffle(rng);
        let mut start = 0;
        let place = |run: Range<usize>| {
            let (begins, shift) = (start, rng.random_range(0..run.len()));
            start += run.len();
            (begins, run, shift)
        };
        Self(runs.into_iter().map(place).collect())
    }

    /// Puts what lies at these places now, of the numbers of one unit.
    fn put(&self, of_unit: &[f64], places: Range<usize>, to: &mut [f64]) {
        let first = self.0.partition_point(|(begins, run, _)| begins + run.len() <= places.start);
        for (begins, run, shift) in self.0[first..].iter().take_while(|(begins, ..)| *begins < places.end) {
            let of_run = &of_unit[run.clone()];
            // The run begins with the step that it was moved by.
            let (head, tail) = of_run.split_at(*shift);
            for (start, part) in [(*begins, tail), (begins + tail.len(), head)] {
                let (low, high) = (start.max(places.start), (start + part.len()).min(places.end));
                if low < high {
                    to[low - places.start..high - places.start].copy_from_slice(&part[low - start..high - start]);
                }
            }
        }
    }
}

/// The spectrum, as parts of the variance, of rows whose columns, which are given as rows (units, rows), each have an
/// order of their own.
fn shuffled_spectrum(units: &Array2<f64>, orders: &[Order]) -> Result<Vec<f64>, AnalysisError> {
    let (n, samples) = units.dim();
    let shuffled = |places: Range<usize>| {
        let mut out = Array2::zeros((n, places.len()));
        for ((mut to, of_unit), order) in out.outer_iter_mut().zip(units.outer_iter()).zip(orders) {
            if let (Some(to), Some(of_unit)) = (to.as_slice_mut(), of_unit.to_slice()) {
                order.put(of_unit, places.clone(), to);
            }
        }
        out
    };
    let values = if n <= samples {
        let mut sum = Array2::zeros((n, n));
        for start in (0..samples).step_by(BLOCK) {
            let block = shuffled(start..(start + BLOCK).min(samples));
            sum += &symmetric_product(block.view(), block.t());
        }
        algebra::spectrum("the covariance of shuffled rates", sum.view())?.values
    } else {
        let all = shuffled(0..samples);
        algebra::spectrum("the products of shuffled states", symmetric_product(all.t(), all.view()).view())?.values
    };
    Ok(ratios(&values.iter().take(n.min(samples - 1)).map(|value| value.max(0.0)).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_has_each_row_once_in_any_blocks() {
        let order = Order::draw(&[0..3, 3..4, 4..9], &mut ChaCha8Rng::seed_from_u64(3));
        let unit: Vec<f64> = (0..9).map(f64::from).collect();
        let rows = |places: Range<usize>| {
            let mut to = vec![-1.0; places.len()];
            order.put(&unit, places, &mut to);
            to.into_iter().map(|row| row as usize).collect::<Vec<_>>()
        };
        let all: Vec<usize> = rows(0..9);
        assert_eq!([rows(0..4), rows(4..9)].concat(), all);
        assert_eq!([rows(0..1), rows(1..2), rows(2..7), rows(7..9)].concat(), all);
        let mut sorted = all;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..9).collect::<Vec<_>>());
    }
}
