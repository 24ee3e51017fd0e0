//! `nn4n inspect`

use std::path::PathBuf;

use anyhow::Result;
use candle_core::{DType, Device};
use clap::Args;
use ndarray::{Array2, Ix2};
use nn4n_analysis::Spectrum;
use nn4n_models::{CellType, Ctrnn, Layer, UnitRange, synapses::Synapses};
use serde::Serialize;

use super::output;
use crate::{
    checkpoint::{Checkpoint, Header},
    simulate::host,
    zoo,
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nn4n inspect runs/rdm\n  nn4n inspect runs/rdm --json | jq .spectrum.radius")]
pub struct InspectArgs {
    /// A checkpoint file, a run directory, a network of `nn4n zoo list`, or hf:owner/repo[@revision][/file]
    checkpoint: PathBuf,
    /// Report in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    header: Header,
    tensors: Vec<TensorReport>,
    constraints: Constraints,
    spectrum: Leading,
    /// Of a stacked network, from the input on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    layers: Vec<LayerReport>,
}

/// One layer of a stacked network.
#[derive(Serialize)]
struct LayerReport {
    name: String,
    constraints: Constraints,
    spectrum: Leading,
}

#[derive(Serialize)]
struct TensorReport {
    name: String,
    shape: Vec<usize>,
    dtype: String,
    trained: bool,
}

/// Numbers of units, and of recurrent synapses that exist and that are not zero; in a stacked network those from layer
/// to layer are not among them.
#[derive(Default, Serialize)]
struct Constraints {
    excitatory: usize,
    inhibitory: usize,
    untyped: usize,
    recurrent_synapses: usize,
    nonzero_recurrent_synapses: usize,
    /// From each area to each, in their order; in a stacked network within each layer, and from each to the next.
    projections: Vec<ProjectionReport>,
    /// Checked when the file was read; a file that breaks it is refused.
    dale_holds: bool,
}

/// The recurrent synapses from one area to another.
#[derive(Serialize)]
struct ProjectionReport {
    from: String,
    to: String,
    synapses: usize,
    /// Of all pairs of units.
    density: f64,
}

/// Eigenvalues of the effective recurrent weights, in a stacked network of all layers.
#[derive(Serialize)]
struct Leading {
    radius: f64,
    /// Largest real part.
    abscissa: f64,
    /// The five of largest modulus, (real, imaginary).
    leading: Vec<(f64, f64)>,
}

pub fn inspect(args: &InspectArgs) -> Result<()> {
    let checkpoint = zoo::open(&args.checkpoint)?;
    let network = checkpoint.network(&Device::Cpu)?;
    let report = Report {
        tensors: tensors(&checkpoint),
        constraints: network_constraints(&network)?,
        spectrum: spectrum(network.layers())?,
        layers: layers(&network)?,
        header: checkpoint.header,
    };
    if args.json { output::json(&report) } else { print(&report, args) }
}

fn tensors(checkpoint: &Checkpoint) -> Vec<TensorReport> {
    let specs = checkpoint.header.model.tensor_specs();
    let dtype = |name: &str| checkpoint.tensors.get(name).map_or("", |tensor| tensor.dtype().as_str()).to_string();
    specs
        .into_iter()
        .map(|spec| TensorReport {
            dtype: dtype(&spec.name),
            name: spec.name,
            shape: spec.shape,
            trained: spec.trained,
        })
        .collect()
}

fn layers(network: &Ctrnn) -> Result<Vec<LayerReport>> {
    let stacked = network.layers().iter().zip(&network.units().areas).filter(|(layer, _)| layer.place().is_some());
    stacked
        .map(|(layer, area)| {
            let layer = std::slice::from_ref(layer);
            Ok(LayerReport { name: area.name.clone(), constraints: constraints(layer)?, spectrum: spectrum(layer)? })
        })
        .collect()
}

fn network_constraints(network: &Ctrnn) -> Result<Constraints> {
    let mut constraints = constraints(network.layers())?;
    let areas = &network.units().areas;
    let ups = areas.iter().zip(areas.iter().skip(1)).zip(network.layers().iter().skip(1));
    for ((from, to), layer) in ups.filter(|(_, layer)| layer.place().is_some()) {
        let synapses = layer.w_in().map_or(0, Synapses::count);
        constraints.projections.push(ProjectionReport::new(from, to, synapses));
    }
    Ok(constraints)
}

fn constraints(layers: &[Layer]) -> Result<Constraints> {
    let ones = |tensor: &candle_core::Tensor| -> Result<usize> {
        Ok(tensor.detach().ne(0.0)?.to_dtype(DType::F64)?.sum_all()?.to_scalar::<f64>()? as usize)
    };
    let mut total = Constraints { dale_holds: true, ..Constraints::default() };
    for layer in layers {
        let count = |cell_type| layer.units().cell_types.iter().filter(|found| **found == cell_type).count();
        total.excitatory += count(Some(CellType::Excitatory));
        total.inhibitory += count(Some(CellType::Inhibitory));
        total.untyped += count(None);
        total.recurrent_synapses += ones(layer.w_rec().connectivity())?;
        total.nonzero_recurrent_synapses += ones(&layer.effective_w_rec()?)?;
        total.projections.extend(projections(layer)?);
    }
    Ok(total)
}

fn projections(layer: &Layer) -> Result<Vec<ProjectionReport>> {
    let connectivity: Vec<Vec<u8>> = layer.w_rec().connectivity().to_vec2()?;
    let areas = &layer.units().areas;
    let pairs = areas.iter().flat_map(|from| areas.iter().map(move |to| (from, to)));
    Ok(pairs
        .map(|(from, to)| {
            let synapses =
                connectivity[to.range()].iter().flat_map(|row| &row[from.range()]).filter(|entry| **entry == 1).count();
            ProjectionReport::new(from, to, synapses)
        })
        .collect())
}

impl ProjectionReport {
    fn new(from: &UnitRange, to: &UnitRange, synapses: usize) -> Self {
        let pairs = from.range().len() * to.range().len();
        Self { from: from.name.clone(), to: to.name.clone(), synapses, density: synapses as f64 / pairs as f64 }
    }
}

fn spectrum(layers: &[Layer]) -> Result<Leading> {
    let weights = |layer: &Layer| -> Result<Array2<f64>> {
        Ok(host::<f64>(&layer.effective_w_rec()?)?.view().into_dimensionality::<Ix2>()?.to_owned())
    };
    let Spectrum { radius, abscissa, eigenvalues } =
        Spectrum::of(&layers.iter().map(weights).collect::<Result<Vec<_>>>()?)?;
    Ok(Leading { radius, abscissa, leading: eigenvalues.into_iter().take(5).collect() })
}

fn print(report: &Report, args: &InspectArgs) -> Result<()> {
    let Report { header, constraints, spectrum, .. } = report;
    output::text(&format!("task        {} version {}", header.task.id, header.task.version))?;
    output::text(&format!("inputs      {}", header.task.inputs.join(", ")))?;
    output::text(&format!("outputs     {}", header.task.outputs.join(", ")))?;
    match &header.provenance.imported {
        Some(source) => output::text(&format!("imported    from {} ({})", source.file, source.format))?,
        None => output::text(&format!("trained     {} updates, seed {}", header.train.updates, header.seed))?,
    }
    for done in &header.provenance.altered {
        output::text(&format!("altered     {done}"))?;
    }
    for (name, value) in &header.metrics {
        let name = if name == "loss" { "validation loss" } else { name };
        output::text(&format!("            {name} {value:.4}"))?;
    }
    print_units("", constraints, spectrum)?;
    for layer in &report.layers {
        output::text(&format!("layer       {}", layer.name))?;
        print_units("  ", &layer.constraints, &layer.spectrum)?;
    }
    if constraints.projections.len() > 1 {
        output::text("projections")?;
        for found in &constraints.projections {
            let ends = format!("{} -> {}", found.from, found.to);
            output::text(&format!(
                "  {ends:<24} {:>8} synapses, {} of all pairs",
                found.synapses,
                output::percent(found.density)
            ))?;
        }
    }
    output::text("tensors")?;
    for tensor in &report.tensors {
        let trained = if tensor.trained { "trained" } else { "" };
        output::text(&format!(
            "  {:<20} {:<14} {:<4} {trained}",
            tensor.name,
            format!("{:?}", tensor.shape),
            tensor.dtype
        ))?;
    }
    output::text(&format!("network\n{}", indent(&toml::to_string(&header.model)?)))?;
    output::text(&format!("written by  {}", header.provenance.program))?;
    for citation in header.citations() {
        output::text(&format!("cite        {citation}"))?;
    }
    let task = if nn4n_tasks::ids().any(|id| id == header.task.id) { "" } else { " --task ID" };
    output::text(&format!("next: nn4n eval {}{task}", output::shell_path(&args.checkpoint)))
}

fn print_units(indent: &str, constraints: &Constraints, spectrum: &Leading) -> Result<()> {
    let name = |name: &str| format!("{:<12}", format!("{indent}{name}"));
    let units = match constraints {
        Constraints { excitatory: 0, inhibitory: 0, untyped, .. } => untyped.to_string(),
        Constraints { excitatory, inhibitory, untyped: 0, .. } => {
            format!("{excitatory} excitatory, {inhibitory} inhibitory")
        }
        Constraints { excitatory, inhibitory, untyped, .. } => {
            format!("{excitatory} excitatory, {inhibitory} inhibitory, {untyped} without a cell type")
        }
    };
    output::text(&format!("{}{units}", name("units")))?;
    output::text(&format!(
        "{}{} synapses, {} of them not zero",
        name("w_rec"),
        constraints.recurrent_synapses,
        constraints.nonzero_recurrent_synapses
    ))?;
    output::text(&format!(
        "{}spectral radius {:.3} (largest modulus of an eigenvalue: how its pattern grows in one pass through w_rec)",
        name(""),
        spectrum.radius
    ))?;
    output::text(&format!(
        "{}spectral abscissa {:.3} (largest real part of one: below 1 a linear network comes to rest)",
        name(""),
        spectrum.abscissa
    ))
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
