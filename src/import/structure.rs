//! The description of a network's units and connections that fits its tensors: kind, areas, densities, groups of
//! channels.

use nn4n_models::{
    Area, CellType, ChannelGroup, Density, Kind, ModelConfig, Projection, ReadoutFrom, SignRule, UnitSet,
};

use super::{
    Refused,
    network::{Layer, Weights},
};

/// Most areas that a network without named areas is divided into.
const MOST_AREAS: usize = 24;

/// Writes the structure of the units and their inputs into `config`.
pub(super) fn describe(config: &mut ModelConfig, layer: &Layer, notes: &mut Vec<String>) -> Result<(), Refused> {
    describe_units(config, &layer.w_rec.types, layer.areas.as_deref(), notes)?;
    config.autapses = layer.w_rec.has_autapses();
    describe_densities(config, &layer.w_rec);
    if let Some(w_in) = &layer.w_in {
        let receives: Vec<bool> = w_in.connectivity.chunks(w_in.pres.max(1)).map(|row| row.contains(&true)).collect();
        config.input_groups = group(config, w_in, &receives);
        config.w_in.signs = signs("w_in", w_in, false)?;
    }
    Ok(())
}

/// Writes which units are read out.
pub(super) fn describe_readout(config: &mut ModelConfig, w_out: &Weights) -> Result<(), Refused> {
    let types = config.layout().cell_types;
    let reads: Vec<bool> =
        (0..w_out.pres).map(|pre| (0..w_out.posts).any(|post| w_out.connectivity[post * w_out.pres + pre])).collect();
    let reads_inhibitory =
        reads.iter().zip(&types).any(|(reads, cell_type)| *reads && *cell_type == Some(CellType::Inhibitory));
    config.readout_from = if reads_inhibitory { ReadoutFrom::All } else { ReadoutFrom::Excitatory };
    config.output_groups = group(config, w_out, &reads);
    // Of a unit that is not read, the sign of its readout says nothing.
    let as_units = (0..w_out.pres).all(|pre| !reads[pre] || w_out.types[pre] == types[pre]);
    config.w_out.signs = signs("w_out", w_out, as_units)?;
    Ok(())
}

/// Units come area by area, excitatory before inhibitory; in which areas they are divided is said by the file or by
/// their order.
fn describe_units(
    config: &mut ModelConfig,
    types: &[Option<CellType>],
    named: Option<&[(String, usize)]>,
    notes: &mut Vec<String>,
) -> Result<(), Refused> {
    let runs = match named {
        Some(areas) => areas.to_vec(),
        None => {
            runs(types).into_iter().enumerate().map(|(index, units)| (format!("area_{}", index + 1), units)).collect()
        }
    };
    if runs.len() > MOST_AREAS {
        return Err(Refused::new(format!(
            "excitatory and inhibitory units take turns {} times; sort them by cell type before saving (here they \
            come area by area, excitatory first)",
            runs.len()
        )));
    }
    let mut start = 0;
    let mut areas = Vec::with_capacity(runs.len());
    for (name, units) in runs {
        let own =
            types.get(start..start + units).ok_or_else(|| Refused::new("has areas of other sizes than its weights"))?;
        let excitatory = own.iter().filter(|cell_type| **cell_type == Some(CellType::Excitatory)).count();
        let untyped = own.iter().filter(|cell_type| cell_type.is_none()).count();
        areas.push(Area { name, units, excitatory_fraction: (untyped == 0).then(|| excitatory as f64 / units as f64) });
        start += units;
    }
    match (areas.as_slice(), named) {
        ([area], None) => {
            config.kind = if area.excitatory_fraction.is_some() { Kind::Ei } else { Kind::Vanilla };
            config.units = Some(area.units);
            config.excitatory_fraction = area.excitatory_fraction;
        }
        _ => {
            if named.is_none() {
                notes.push(format!(
                    "the file names no areas; its units keep their order as {} areas, each of excitatory units first",
                    areas.len()
                ));
            }
            config.kind = Kind::MultiArea;
            config.areas = areas;
        }
    }
    if config.layout().cell_types != types {
        return Err(Refused::new(
            "has inhibitory units before excitatory ones within an area; sort the units of each area by cell type \
            before saving",
        ));
    }
    Ok(())
}

/// Lengths of the longest stretches of units that could be one area each.
fn runs(types: &[Option<CellType>]) -> Vec<usize> {
    let starts = |index: usize| match (types[index - 1], types[index]) {
        (before, here) if before == here => false,
        (Some(CellType::Excitatory), Some(CellType::Inhibitory)) => false,
        _ => true,
    };
    let mut runs = vec![types.len().min(1)];
    for index in 1..types.len() {
        match runs.last_mut() {
            Some(last) if !starts(index) => *last += 1,
            _ => runs.push(1),
        }
    }
    runs
}

/// The fraction of the possible synapses that are there, for each pair of areas.
fn describe_densities(config: &mut ModelConfig, w_rec: &Weights) {
    let units = config.layout();
    let autapses = config.autapses;
    let density = |from: usize, to: usize| {
        let (pres, posts) = (units.areas[from].range(), units.areas[to].range());
        let block = |pre_type: Option<CellType>, post_type: Option<CellType>| {
            let (mut present, mut possible) = (0_usize, 0_usize);
            for post in posts.clone().filter(|post| post_type.is_none() || units.cell_types[*post] == post_type) {
                for pre in pres.clone().filter(|pre| pre_type.is_none() || units.cell_types[*pre] == pre_type) {
                    possible += usize::from(autapses || pre != post);
                    present += usize::from(w_rec.connectivity[post * w_rec.pres + pre]);
                }
            }
            if possible == 0 { 1.0 } else { present as f64 / possible as f64 }
        };
        let typed = |range: std::ops::Range<usize>| range.clone().all(|unit| units.cell_types[unit].is_some());
        let (excitatory, inhibitory) = (Some(CellType::Excitatory), Some(CellType::Inhibitory));
        let all = block(None, None);
        if all == 0.0 || all == 1.0 || !typed(pres.clone()) || !typed(posts.clone()) {
            return Density::All(all);
        }
        Density::ByCellType {
            e_to_e: block(excitatory, excitatory),
            e_to_i: block(excitatory, inhibitory),
            i_to_e: block(inhibitory, excitatory),
            i_to_i: block(inhibitory, inhibitory),
        }
    };
    if !config.kind.has_areas() {
        config.density = density(0, 0);
        return;
    }
    let names: Vec<&str> = units.areas.iter().map(|area| area.name.as_str()).collect();
    let pairs = (0..names.len()).flat_map(|from| (0..names.len()).map(move |to| (from, to)));
    config.projections = pairs
        .map(|(from, to)| Projection { from: names[from].into(), to: names[to].into(), density: density(from, to) })
        .collect();
}

/// The group of channels that connect to these units; none if that is what the kind has without any.
fn group(config: &ModelConfig, weights: &Weights, units: &[bool]) -> Vec<ChannelGroup> {
    let present = weights.connectivity.iter().filter(|entry| **entry).count();
    let channels = weights.connectivity.len() / units.len().max(1);
    let connected = units.iter().filter(|unit| **unit).count();
    let density = present as f64 / (channels * connected).max(1) as f64;
    if connected == units.len() && density == 1.0 && !config.kind.has_areas() {
        return Vec::new();
    }
    let mut group = ChannelGroup { density, ..ChannelGroup::default() };
    let areas = config.layout().areas;
    let whole: Vec<String> = areas
        .iter()
        .filter(|area| units[area.range()].iter().all(|unit| *unit))
        .map(|area| area.name.clone())
        .collect();
    let in_whole = |unit: usize| areas.iter().any(|area| area.range().contains(&unit) && whole.contains(&area.name));
    if connected < units.len() {
        match (0..units.len()).filter(|unit| units[*unit]).all(in_whole) {
            true if connected > 0 => group.to.areas = Some(whole),
            _ => group.to = UnitSet::units((0..units.len()).filter(|unit| units[*unit])),
        }
    }
    vec![group]
}

/// The rule for these signs; `as_units` if they are those of the network's units.
fn signs(name: &str, weights: &Weights, as_units: bool) -> Result<Option<SignRule>, Refused> {
    let typed: Vec<CellType> = weights.types.iter().flatten().copied().collect();
    Ok(match (name, typed.len()) {
        _ if as_units => Some(SignRule::Units),
        (_, 0) => Some(SignRule::Free),
        ("w_in", count) if count == weights.pres && typed.iter().all(|found| *found == CellType::Excitatory) => {
            Some(SignRule::Excitatory)
        }
        (_, count) if count == weights.pres => Some(SignRule::Each(typed)),
        _ => {
            return Err(Refused::new(format!(
                "has signs for some columns of {name} and none for others, which has no counterpart here"
            )));
        }
    })
}
