//! Which synapses exist: 0/1 masks `connectivity[post][pre]`, drawn from the seed where a density or a fraction asks
//! for it.

use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;

use crate::{
    config::{CellType, ChannelGroup, MatrixConfig, ModelConfig, ReadoutFrom, Units},
    error::{ModelError, Result},
    stream::{LayerSeed, Stream},
};

/// A 0/1 matrix, row-major, `posts` x `pres`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mask {
    pub posts: usize,
    pub pres: usize,
    pub entries: Vec<u8>,
}

impl Mask {
    fn empty(posts: usize, pres: usize) -> Self {
        Self { posts, pres, entries: vec![0; posts * pres] }
    }

    pub(crate) fn row(&self, post: usize) -> &[u8] {
        &self.entries[post * self.pres..(post + 1) * self.pres]
    }

    /// Adds exactly `density` of `candidates` (positions in row-major order), to the nearest whole synapse.
    fn add_fraction(&mut self, candidates: &[usize], density: f64, rng: &mut ChaCha8Rng) {
        let count = (density * candidates.len() as f64).round() as usize;
        if count == candidates.len() {
            candidates.iter().for_each(|&position| self.entries[position] = 1);
        } else {
            sample(rng, candidates.len(), count).into_iter().for_each(|index| self.entries[candidates[index]] = 1);
        }
    }

    /// Removes what the connectivity of the matrix forbids and adds its fixed synapses.
    fn settle(&mut self, matrix: &MatrixConfig) {
        if let Some(rows) = &matrix.connectivity {
            self.entries.iter_mut().zip(rows.iter().flatten()).for_each(|(entry, allowed)| *entry &= allowed);
        }
        matrix.fixed.iter().for_each(|synapse| self.entries[synapse.post * self.pres + synapse.pre] = 1);
    }
}

/// The masks of a layer.
#[derive(Clone, Debug)]
pub(crate) struct Connectivity {
    pub w_in: Mask,
    pub w_rec: Mask,
    /// Which units were chosen to receive input.
    receiving: Vec<bool>,
}

impl Connectivity {
    /// Draws the masks. `config` is valid.
    pub(crate) fn draw(config: &ModelConfig, units: &Units, seed: LayerSeed) -> Result<Self> {
        let (w_in, receiving) = draw_input(config, units, seed)?;
        let mut connectivity = Self { w_in, w_rec: draw_recurrent(config, units, seed), receiving };
        connectivity.w_in.settle(&config.w_in);
        connectivity.w_rec.settle(&config.w_rec);
        Ok(connectivity)
    }

    /// Draws the mask of the output weights.
    pub(crate) fn draw_readout(&self, config: &ModelConfig, units: &Units, seed: LayerSeed) -> Result<Mask> {
        let mut w_out = draw_output(config, units, &self.receiving, seed)?;
        w_out.settle(&config.w_out);
        Ok(w_out)
    }
}

/// Also returns which units were chosen to receive input.
fn draw_input(config: &ModelConfig, units: &Units, seed: LayerSeed) -> Result<(Mask, Vec<bool>)> {
    let rng = &mut Stream::InputConnectivity.rng(seed);
    let mut mask = Mask::empty(units.len(), config.inputs);
    let mut receiving = vec![false; units.len()];
    if config.inputs == 0 {
        return Ok((mask, receiving));
    }
    let default = default_group(units, units.areas.first());
    for (index, group) in groups_or(&config.input_groups, &default).iter().enumerate() {
        let targets = choose_units(group, units, &|_| true, &format!("input_groups[{index}]"), rng)?;
        targets.iter().for_each(|&unit| receiving[unit] = true);
        let candidates: Vec<usize> = targets
            .iter()
            .flat_map(|unit| group_channels(group, config.inputs).map(move |channel| unit * config.inputs + channel))
            .collect();
        mask.add_fraction(&candidates, group.density, rng);
    }
    Ok((mask, receiving))
}

fn draw_output(config: &ModelConfig, units: &Units, receiving: &[bool], seed: LayerSeed) -> Result<Mask> {
    let rng = &mut Stream::OutputConnectivity.rng(seed);
    let mut mask = Mask::empty(config.outputs, units.len());
    let eligible = |unit: usize| {
        let by_type = config.readout_from == ReadoutFrom::All || units.cell_types[unit] != Some(CellType::Inhibitory);
        by_type && (config.overlap || !receiving[unit])
    };
    let default = default_group(units, units.areas.last());
    for (index, group) in groups_or(&config.output_groups, &default).iter().enumerate() {
        let sources = choose_units(group, units, &eligible, &format!("output_groups[{index}]"), rng)?;
        let candidates: Vec<usize> = group_channels(group, config.outputs)
            .flat_map(|channel| sources.iter().map(move |unit| channel * units.len() + unit))
            .collect();
        mask.add_fraction(&candidates, group.density, rng);
    }
    Ok(mask)
}

/// One draw for every ordered pair of areas and of cell types, so that each block has exactly its density.
fn draw_recurrent(config: &ModelConfig, units: &Units, seed: LayerSeed) -> Mask {
    let rng = &mut Stream::RecurrentConnectivity.rng(seed);
    let n = units.len();
    let mut mask = Mask::empty(n, n);
    for (to, post_area) in units.areas.iter().enumerate() {
        for (from, pre_area) in units.areas.iter().enumerate() {
            let density = config.projection_density(from, to);
            for posts in by_cell_type(units, post_area.range()) {
                for pres in by_cell_type(units, pre_area.range()) {
                    let Some(density) = density.between(units.cell_types[pres.start], units.cell_types[posts.start])
                    else {
                        continue; // excluded by validation
                    };
                    let candidates: Vec<usize> = posts
                        .clone()
                        .flat_map(|post| pres.clone().map(move |pre| (post, pre)))
                        .filter(|(post, pre)| config.autapses || post != pre)
                        .map(|(post, pre)| post * n + pre)
                        .collect();
                    mask.add_fraction(&candidates, density, rng);
                }
            }
        }
    }
    mask
}

/// Splits an area into its populations of one cell type.
fn by_cell_type(units: &Units, area: std::ops::Range<usize>) -> Vec<std::ops::Range<usize>> {
    let split = area.clone().find(|unit| units.cell_types[*unit] != units.cell_types[area.start]).unwrap_or(area.end);
    [area.start..split, split..area.end].into_iter().filter(|units| !units.is_empty()).collect()
}

fn default_group(units: &Units, area: Option<&crate::config::UnitRange>) -> ChannelGroup {
    let mut group = ChannelGroup::default();
    group.to.range = area.filter(|_| units.areas.len() > 1).map(|area| [area.start, area.end]);
    group
}

fn groups_or<'a>(groups: &'a [ChannelGroup], default: &'a ChannelGroup) -> &'a [ChannelGroup] {
    if groups.is_empty() { std::slice::from_ref(default) } else { groups }
}

fn group_channels(group: &ChannelGroup, count: usize) -> impl Iterator<Item = usize> + Clone + '_ {
    (0..count).filter(|channel| group.channels.as_ref().is_none_or(|channels| channels.contains(channel)))
}

/// The units of a group: its candidates that are eligible, or the given fraction of *all its candidates* drawn among
/// the eligible ones.
fn choose_units(
    group: &ChannelGroup,
    units: &Units,
    eligible: &dyn Fn(usize) -> bool,
    field: &str,
    rng: &mut ChaCha8Rng,
) -> Result<Vec<usize>> {
    let candidates = group.to.candidates(units);
    let open: Vec<usize> = candidates.iter().copied().filter(|unit| eligible(*unit)).collect();
    let chosen = match group.to.fraction {
        None => open,
        Some(fraction) => {
            let count = (fraction * candidates.len() as f64).round() as usize;
            if count > open.len() {
                return Err(ModelError::config(
                    format!("{field}.to.fraction"),
                    format!(
                        "asks for {count} of {} units, but only {} may be used (see `overlap` and `readout_from`); \
                        lower the fraction",
                        candidates.len(),
                        open.len()
                    ),
                ));
            }
            let mut chosen: Vec<usize> = sample(rng, open.len(), count).into_iter().map(|index| open[index]).collect();
            chosen.sort_unstable();
            chosen
        }
    };
    if chosen.is_empty() {
        return Err(ModelError::config(
            format!("{field}.to"),
            "selects no unit; loosen its conditions (see also `overlap` and `readout_from`)",
        ));
    }
    Ok(chosen)
}
