//! Figures of a network alone: its weights and its parts.

use std::ops::Range;

use ndarray::Array2;
use nn4n_models::{CellType, Ctrnn, Population, UnitRange};
use nn4n_tasks::Task;

use super::{
    ChannelBundle, Schematic, SchematicArea, SchematicPlace, SchematicPopulation, SchematicProjection, UnitGroup,
    WeightHistograms, WeightMatrix,
    channel_groups::channel_groups,
    results::{in_words, names},
};
use crate::{error::Result, simulate::array2};

/// Most groups of channels that a schematic names one by one.
const BUNDLES: usize = 12;

impl WeightMatrix {
    /// The effective recurrent weights of a network, by area and cell type.
    ///
    /// # Errors
    /// If the weights of the network cannot be read.
    pub fn of(network: &Ctrnn) -> Result<Self> {
        Ok(Self { w_rec: array2(&network.effective_w_rec()?)?, groups: UnitGroup::of(network) })
    }
}

impl WeightHistograms {
    /// The effective recurrent weights of a network, by area and cell type.
    ///
    /// # Errors
    /// If the weights of the network cannot be read.
    pub fn of(network: &Ctrnn) -> Result<Self> {
        Ok(Self { w_rec: array2(&network.effective_w_rec()?)?, groups: UnitGroup::of(network) })
    }
}

impl Schematic {
    /// Of a network. Channels are named by its task, if that is known and has as many; those that differ in their last
    /// word only are one, and all are if more than twelve are left.
    ///
    /// # Errors
    /// If the weights of the network cannot be read.
    pub fn of(network: &Ctrnn, task: Option<&dyn Task>) -> Result<Self> {
        let (w_rec, w_out) = (array2(&network.effective_w_rec()?)?, array2(&network.effective_w_out()?)?);
        let w_in = network.effective_w_in()?.map_or_else(|| Ok(Array2::zeros((w_rec.nrows(), 0))), |w| array2(&w))?;
        let (inputs, outputs) = (w_in.ncols(), w_out.nrows());
        let inputs = bundles(task.map(|task| names(&task.inputs())), "input", inputs);
        let outputs = bundles(task.map(|task| names(&task.outputs())), "output", outputs);
        let (areas, populations) = populations(network);
        let mut projections = Vec::new();
        for (to, post) in &populations {
            for (i, (_, channels)) in inputs.iter().enumerate() {
                let channels: Vec<usize> = channels.clone().collect();
                project(&mut projections, &w_in, (SchematicPlace::Input(i), &channels), (*to, post));
            }
            for (from, pre) in &populations {
                project(&mut projections, &w_rec, (*from, pre), (*to, post));
            }
        }
        for (i, (_, channels)) in outputs.iter().enumerate() {
            let channels: Vec<usize> = channels.clone().collect();
            for (from, pre) in &populations {
                project(&mut projections, &w_out, (*from, pre), (SchematicPlace::Output(i), &channels));
            }
        }
        let bundle = |(name, channels): (String, Range<usize>)| ChannelBundle { name, channels: channels.len() };
        Ok(Self {
            inputs: inputs.into_iter().map(bundle).collect(),
            areas,
            outputs: outputs.into_iter().map(bundle).collect(),
            projections,
        })
    }
}

/// Channels that are named alike, by names that fit or by numbers.
fn bundles(names: Option<Vec<String>>, noun: &str, n: usize) -> Vec<(String, Range<usize>)> {
    let fitting = names.filter(|names| names.len() == n).map(|names| channel_groups(&names, 0.0));
    match fitting.filter(|groups| groups.len() <= BUNDLES) {
        Some(groups) => groups,
        None if n == 0 => Vec::new(),
        None if n == 1 => vec![(noun.into(), 0..1)],
        None => vec![(format!("{noun}s"), 0..n)],
    }
}

/// The areas, and each population with its units.
fn populations(network: &Ctrnn) -> (Vec<SchematicArea>, Vec<(SchematicPlace, Vec<usize>)>) {
    let units = network.units();
    let name = |area: &str| if units.areas.len() == 1 { String::new() } else { in_words(area) };
    let area = |range: &UnitRange| SchematicArea { name: name(&range.name), populations: Vec::new() };
    let mut areas: Vec<SchematicArea> = units.areas.iter().map(area).collect();
    let mut place = |Population { area, cell_type, units }: Population| {
        let populations = &mut areas[area].populations;
        populations.push(SchematicPopulation { cell_type, units: units.len() });
        (SchematicPlace::Population { area, population: populations.len() - 1 }, units)
    };
    let all = units.populations().into_iter().map(&mut place).collect();
    (areas, all)
}

/// Adds the excitation and the inhibition from some columns of weights to some rows.
fn project(
    projections: &mut Vec<SchematicProjection>,
    weights: &Array2<f32>,
    (from, pre): (SchematicPlace, &[usize]),
    (to, post): (SchematicPlace, &[usize]),
) {
    let (mut excitation, mut inhibition) = (0.0, 0.0);
    for weight in post.iter().flat_map(|post| pre.iter().map(|pre| f64::from(weights[[*post, *pre]]))) {
        if weight > 0.0 { excitation += weight } else { inhibition += weight }
    }
    for sum in [excitation, inhibition] {
        if sum != 0.0 {
            projections.push(SchematicProjection { from, to, strength: sum / post.len() as f64 });
        }
    }
}

impl UnitGroup {
    /// Units by area and cell type, in the network's order.
    pub fn of(network: &Ctrnn) -> Vec<Self> {
        let units = network.units();
        let name = |population: &Population| {
            let letter = match population.cell_type {
                Some(CellType::Excitatory) => "E",
                Some(CellType::Inhibitory) => "I",
                None => "all",
            };
            match (units.areas.len(), population.cell_type) {
                (1, _) => letter.to_string(),
                (_, Some(_)) => format!("{} {letter}", units.areas[population.area].name),
                (_, None) => units.areas[population.area].name.clone(),
            }
        };
        let group = |population: Population| Self { name: name(&population), units: population.units };
        units.populations().into_iter().map(group).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_bundled_by_names_that_fit_and_are_not_too_many() {
        let names = |n: usize| -> Vec<String> { (0..n).map(|i| format!("channel{i}")).collect() };
        assert_eq!(bundles(Some(names(12)), "input", 12).len(), 12);
        assert_eq!(bundles(Some(names(13)), "input", 13), [("inputs".to_owned(), 0..13)]);
        assert_eq!(bundles(Some(names(2)), "input", 3), [("inputs".to_owned(), 0..3)], "names of another network");
        assert_eq!(bundles(None, "output", 1), [("output".to_owned(), 0..1)]);
        assert!(bundles(None, "input", 0).is_empty());
        let ring: Vec<String> = (0..40).map(|i| format!("ring {i}")).collect();
        assert_eq!(bundles(Some(ring), "input", 40), [("ring".to_owned(), 0..40)]);
    }
}
