//! `nn4n inspect`

use std::path::PathBuf;

use anyhow::Result;
use candle_core::{DType, Device};
use clap::Args;
use faer::Mat;
use nn4n_models::{CellType, Ctrnn};
use serde::Serialize;

use super::output;
use crate::{Checkpoint, checkpoint::Header};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nn4n inspect runs/rdm\n  nn4n inspect runs/rdm --json | jq .spectrum.radius")]
pub struct InspectArgs {
    /// A checkpoint file or a run directory
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
    spectrum: Spectrum,
}

#[derive(Serialize)]
struct TensorReport {
    name: String,
    shape: Vec<usize>,
    dtype: String,
    trained: bool,
}

/// Numbers of units, and of recurrent synapses that exist and that are not zero.
#[derive(Serialize)]
struct Constraints {
    excitatory: usize,
    inhibitory: usize,
    untyped: usize,
    recurrent_synapses: usize,
    nonzero_recurrent_synapses: usize,
    /// From each area to each, in their order.
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

/// Eigenvalues of the effective recurrent weights.
#[derive(Serialize)]
struct Spectrum {
    radius: f64,
    /// Largest real part.
    abscissa: f64,
    /// The five of largest modulus, (real, imaginary).
    leading: Vec<(f64, f64)>,
}

pub fn inspect(args: &InspectArgs) -> Result<()> {
    let checkpoint = Checkpoint::load(&args.checkpoint)?;
    let network = checkpoint.network(&Device::Cpu)?;
    let report = Report {
        tensors: tensors(&checkpoint),
        constraints: constraints(&network)?,
        spectrum: spectrum(&network)?,
        header: checkpoint.header,
    };
    if args.json { output::json(&report) } else { print(&report, args) }
}

fn tensors(checkpoint: &Checkpoint) -> Vec<TensorReport> {
    let specs = checkpoint.header.model.tensor_specs();
    let dtype = |name: &str| checkpoint.tensors.get(name).map_or("", |tensor| tensor.dtype().as_str()).to_string();
    specs
        .into_iter()
        .map(|spec| TensorReport { dtype: dtype(&spec.name), name: spec.name, shape: spec.shape, trained: spec.trained })
        .collect()
}

fn constraints(network: &Ctrnn) -> Result<Constraints> {
    let count = |cell_type| network.units().cell_types.iter().filter(|found| **found == cell_type).count();
    let ones = |tensor: &candle_core::Tensor| -> Result<usize> {
        Ok(tensor.detach().ne(0.0)?.to_dtype(DType::F64)?.sum_all()?.to_scalar::<f64>()? as usize)
    };
    Ok(Constraints {
        excitatory: count(Some(CellType::Excitatory)),
        inhibitory: count(Some(CellType::Inhibitory)),
        untyped: count(None),
        recurrent_synapses: ones(network.w_rec().connectivity())?,
        nonzero_recurrent_synapses: ones(&network.effective_w_rec()?)?,
        projections: projections(network)?,
        dale_holds: true,
    })
}

fn projections(network: &Ctrnn) -> Result<Vec<ProjectionReport>> {
    let connectivity: Vec<Vec<u8>> = network.w_rec().connectivity().to_vec2()?;
    let areas = &network.units().areas;
    let pairs = areas.iter().flat_map(|from| areas.iter().map(move |to| (from, to)));
    Ok(pairs
        .map(|(from, to)| {
            let synapses = connectivity[to.range()].iter().flat_map(|row| &row[from.range()]).filter(|entry| **entry == 1).count();
            let density = synapses as f64 / (from.range().len() * to.range().len()) as f64;
            ProjectionReport { from: from.name.clone(), to: to.name.clone(), synapses, density }
        })
        .collect())
}

fn spectrum(network: &Ctrnn) -> Result<Spectrum> {
    let weights: Vec<Vec<f64>> = network.effective_w_rec()?.detach().to_dtype(DType::F64)?.to_vec2()?;
    let matrix = Mat::from_fn(weights.len(), weights.len(), |post, pre| weights[post][pre]);
    let mut values: Vec<(f64, f64)> = matrix
        .eigenvalues()
        .map_err(|error| anyhow::anyhow!("the eigenvalues of w_rec were not found ({error:?})"))?
        .iter()
        .map(|value| (value.re, value.im))
        .collect();
    values.sort_by(|a, b| b.0.hypot(b.1).total_cmp(&a.0.hypot(a.1)));
    Ok(Spectrum {
        radius: values.first().map_or(0.0, |value| value.0.hypot(value.1)),
        abscissa: values.iter().map(|value| value.0).fold(f64::NEG_INFINITY, f64::max),
        leading: values.into_iter().take(5).collect(),
    })
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
    for (name, value) in &header.metrics {
        output::text(&format!("            {name} {value:.4}"))?;
    }
    output::text(&format!(
        "units       {} excitatory, {} inhibitory, {} without a cell type",
        constraints.excitatory, constraints.inhibitory, constraints.untyped
    ))?;
    output::text(&format!(
        "w_rec       {} synapses, {} of them not zero; spectral radius {:.3}, abscissa {:.3}",
        constraints.recurrent_synapses, constraints.nonzero_recurrent_synapses, spectrum.radius, spectrum.abscissa
    ))?;
    if constraints.projections.len() > 1 {
        output::text("projections")?;
        for found in &constraints.projections {
            let ends = format!("{} -> {}", found.from, found.to);
            output::text(&format!("  {ends:<24} {:>8} synapses, {} of all pairs", found.synapses, output::percent(found.density)))?;
        }
    }
    output::text("tensors")?;
    for tensor in &report.tensors {
        let trained = if tensor.trained { "trained" } else { "" };
        output::text(&format!("  {:<20} {:<14} {:<4} {trained}", tensor.name, format!("{:?}", tensor.shape), tensor.dtype))?;
    }
    output::text(&format!("network\n{}", indent(&toml::to_string(&header.model)?)))?;
    output::text(&format!("written by  {}", header.provenance.program))?;
    for citation in &header.provenance.citations {
        output::text(&format!("cite        {citation}"))?;
    }
    let task = if nn4n_tasks::ids().any(|id| id == header.task.id) { "" } else { " --task ID" };
    output::text(&format!("next: nn4n eval {}{task}", args.checkpoint.display()))
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}
