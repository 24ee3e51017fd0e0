//! Where a component tells the values of its variables apart, beside shuffles of trials over conditions.

use std::ops::ControlFlow;

use ndarray::{Array1, Array2, Array3, ArrayView2, Axis, s};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::{
    super::{algebra::product, each, window::Window},
    Dpca, Settings,
    demix::{Inverted, Scatters},
    flat, folded,
    layout::Layout,
    pools::Pools,
};
use crate::{AnalysisError, interruption::Interruption};

/// Where a component tells values apart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Significance {
    /// Classes: combinations of values of the variables.
    pub classes: usize,
    /// Accuracy at each time, over splits.
    pub accuracy: Vec<f64>,
    /// The largest of all shuffles at each time.
    pub largest_of_shuffles: Vec<f64>,
    /// Where the one is above the other, for long enough.
    pub is_significant: Vec<bool>,
}

/// Adds to each component where it tells values apart.
pub(super) fn significance(
    found: &mut Dpca,
    (pools, window, layout): (&Pools, &Window, &Layout),
    (settings, ridge, lasting): (&Settings, f64, usize),
    watch: &mut (dyn FnMut(usize) -> ControlFlow<()> + Send),
) -> Result<(), AnalysisError> {
    // The first is of the trials as they are.
    let accuracies = each(settings.shuffles + 1, watch, |place| {
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        rng.set_stream((1 << 32) + place as u64);
        let shuffled = if place == 0 { None } else { Some(pools.shuffled(&mut rng)) };
        accuracies(shuffled.as_ref().unwrap_or(pools), window, layout, (settings, ridge), &mut rng)
    })?;
    let bins = window.time_ms.len();
    for component in &mut found.components {
        let group = &layout.groups[component.marginalisation];
        if group.variables == 0 || component.number > settings.tested {
            continue;
        }
        let of = |place: usize| accuracies[place].slice(s![component.marginalisation, component.number - 1, ..]);
        let accuracy = of(0).to_vec();
        let largest: Vec<f64> = (0..bins)
            .map(|bin| (1..accuracies.len()).map(|place| of(place)[bin]).fold(f64::NEG_INFINITY, f64::max))
            .collect();
        let above: Vec<bool> = accuracy.iter().zip(&largest).map(|(own, most)| own > most).collect();
        component.significance = Some(Significance {
            classes: layout.classes(group.variables),
            accuracy,
            largest_of_shuffles: largest,
            is_significant: lasting_runs(&above, lasting),
        });
    }
    Ok(())
}

/// Accuracy (marginalisations, components, bins) of the nearest class mean along each component, over splits; 0 where
/// there is no such component.
fn accuracies(
    pools: &Pools,
    window: &Window,
    layout: &Layout,
    (settings, ridge): (&Settings, f64),
    rng: &mut ChaCha8Rng,
) -> Result<Array3<f64>, AnalysisError> {
    let others = pools.others(&window.rates, layout);
    let mut found = Array3::zeros((layout.groups.len(), settings.tested, window.time_ms.len()));
    let interruption = Interruption::here();
    for _ in 0..settings.splits {
        interruption.check()?;
        let trials = pools.drawn(&window.rates, rng);
        let means = others.without(&trials, layout);
        let scatters = Scatters::of(layout, &means)?;
        let inverted = Inverted::of(&scatters, ridge)?;
        let (trials, means, conditions) = (flat(&trials), flat(&means), means.dim().0);
        for (place, group) in layout.groups.iter().enumerate().filter(|(_, group)| group.variables > 0) {
            let axes = inverted.axes(place, settings.tested)?;
            let along = |rows: ArrayView2<'_, f64>| product(rows, axes.decoders.t());
            let (means, trials) =
                (layout.of_conditions(&along(means.view())), folded(along(trials.view()), conditions));
            for component in 0..axes.decoders.nrows() {
                let of = |projected: &Array3<f64>| projected.index_axis(Axis(2), component).to_owned();
                let right = right_of_nearest(layout, group.variables, &of(&means), &of(&trials));
                let mut to = found.slice_mut(s![place, component, ..]);
                to += &(right / settings.splits as f64);
            }
        }
    }
    Ok(found)
}

/// The part of conditions, at each bin, whose trial is nearest to the mean of its own class (conditions, bins).
fn right_of_nearest(layout: &Layout, variables: usize, means: &Array2<f64>, trials: &Array2<f64>) -> Array1<f64> {
    let (conditions, bins) = means.dim();
    let classes = layout.classes(variables);
    let class: Vec<usize> = (0..conditions).map(|condition| layout.class(condition, variables)).collect();
    let mut centres = Array2::<f64>::zeros((classes, bins));
    for (condition, class) in class.iter().enumerate() {
        let mut row = centres.row_mut(*class);
        row += &means.row(condition);
    }
    centres /= (conditions / classes) as f64;
    let is_right = |condition: usize, bin: usize| {
        let distance = |class: usize| (trials[[condition, bin]] - centres[[class, bin]]).abs();
        let nearest = (1..classes).fold(0, |best, other| if distance(other) < distance(best) { other } else { best });
        nearest == class[condition]
    };
    (0..bins)
        .map(|bin| (0..conditions).filter(|condition| is_right(*condition, bin)).count() as f64 / conditions as f64)
        .collect()
}

/// Where something holds for so many bins in a row.
fn lasting_runs(holds: &[bool], least: usize) -> Vec<bool> {
    let runs = holds.chunk_by(|a, b| a == b);
    runs.flat_map(|run| std::iter::repeat_n(run[0] && run.len() >= least, run.len())).collect()
}

#[cfg(test)]
mod tests {
    use super::lasting_runs;

    #[test]
    fn short_runs_are_none() {
        assert_eq!(lasting_runs(&[true, true, false, true], 2), [true, true, false, false]);
    }
}
