//! `nn4n import`

use std::path::PathBuf;

use anyhow::{Result, bail};
use candle_core::Device;
use clap::Args;
use nn4n_models::{Activation, CellType, Ctrnn, Form, LearnTau, host};
use serde::Serialize;

use super::output;
use crate::{
    import::{self, Format, Imported, Options},
    run_directory::{Existing, RunDirectory},
    terminal::say,
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n import network.pth --out runs/original                            the original nn4n, with its masks and cell \
      types
  nn4n import rnn.pth --out runs/rnn --activation relu --dt 20           torch.nn.RNN, whose state_dict names neither
  nn4n import weights.npz --out runs/psychrnn --dt 10 --tau 100          PsychRNN
  nn4n import saved_model --out runs/neuralrnn                           a directory of NeuralRNN
  nn4n import rdm.pkl --out runs/pycog --task song2016/rdm_varstim       pycog; then: nn4n eval runs/pycog
  nn4n import net.pth --out runs/ctrnn --form blend --dt 20              the CTRNN of a tutorial
  nn4n import w.npz --out runs/own --form current --activation relu --dt 10 --tau 100     arrays w_in, w_rec, w_out

Formats (--format):
  nn4n           .pth of the original nn4n (CTRNN)
  nn4n-layers    state_dict of the original nn4n's RNN or RNNLayer, or of Time Makes Space
  torch-rnn      state_dict of torch.nn.RNN or RNNCell
  psychrnn       .npz of PsychRNN
  neuralrnn      directory of NeuralRNN (config.json, model.safetensors)
  pycog          pickle of pycog
  ctrnn          state_dict of the tutorials' CTRNN and EIRNN (rnn.input2h, rnn.h2h, fc)
  arrays         .npz, .mat, .h5, safetensors or dictionary of w_in, w_rec, w_out, and if you like b_rec, b_out, tau, x0, dt,
                 cell_types, connectivity.w_rec and the like
  nn4n-export    what `nn4n export` writes (npz, mat, h5, torch, nn4n), and its PyTorch module as trained there

A state_dict is found under any key of what a training script saved; the rest is left out and named.
Pickles are parsed, never executed. What a file says is taken as it is; flags add what it does not say.")]
pub struct ImportArgs {
    /// The file of another library, or a directory of NeuralRNN
    file: PathBuf,
    /// Where to write model.safetensors
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The format it must have, in place of the one its content shows
    #[arg(long, value_name = "NAME")]
    format: Option<Format>,
    /// The task it was trained on, whose channels must fit
    #[arg(long, value_name = "ID")]
    task: Option<String>,
    /// Form of the equation, where neither the file nor its library says it: current, rate, blend
    #[arg(long, value_name = "FORM", value_parser = import::form_of)]
    form: Option<Form>,
    /// Activation function, where the file does not name it
    #[arg(long, value_name = "F")]
    activation: Option<Activation>,
    /// Integration step, ms, where the file does not say it
    #[arg(long, value_name = "MS")]
    dt: Option<f64>,
    /// Time constant, ms, where the file does not say it
    #[arg(long, value_name = "MS")]
    tau: Option<f64>,
    /// Recurrent noise as that library means it, where the file does not say it
    #[arg(long, value_name = "S")]
    sigma_rec: Option<f64>,
    /// Replace the network in DIR
    #[arg(long)]
    force: bool,
    /// Report in JSON
    #[arg(long)]
    json: bool,
}

/// What was read.
#[derive(Serialize)]
struct Report {
    format: String,
    file: PathBuf,
    checkpoint: PathBuf,
    kind: String,
    inputs: usize,
    units: usize,
    outputs: usize,
    excitatory: usize,
    inhibitory: usize,
    recurrent_synapses: usize,
    form: String,
    activation: String,
    /// ms
    dt: f64,
    /// Smallest and largest time constant, ms.
    tau: [f64; 2],
    learn_tau: bool,
    task: String,
    notes: Vec<String>,
}

pub fn import(args: &ImportArgs) -> Result<()> {
    let options = Options {
        format: args.format,
        task: args.task.clone(),
        form: args.form,
        activation: args.activation,
        dt: args.dt,
        tau: args.tau,
        sigma_rec: args.sigma_rec,
    };
    let imported = import::import(&args.file, &options)?;
    output::refuse_a_study(&args.out)?;
    output::check_free(&args.out.join("model.safetensors"), args.force)?;
    let directory = RunDirectory::open(&args.out, Existing::Overwrite)?;
    if [directory.optimizer(), directory.config(), directory.log()].iter().any(|file| file.exists()) {
        bail!("{} holds a training run, which --force does not replace; use another --out", args.out.display());
    }
    imported.checkpoint.save(directory.model())?;
    let report = report(imported, args, directory.model())?;
    report.notes.iter().for_each(|note| say(&format!("note: {note}")));
    if args.json { output::json(&report) } else { print(&report, args) }
}

fn report(imported: Imported, args: &ImportArgs, checkpoint: PathBuf) -> Result<Report> {
    let network: Ctrnn = imported.checkpoint.network(&Device::Cpu)?;
    let config = network.config();
    let count = |cell_type| network.units().cell_types.iter().filter(|found| **found == Some(cell_type)).count();
    let tau = host::values(&network.tau()?)?;
    let mut activations = Vec::new();
    for layer in network.layers() {
        let of_layer = layer.config().activation.resolve(layer.units(), "activation")?;
        activations.extend(of_layer.first().map(Activation::to_string));
    }
    activations.dedup();
    Ok(Report {
        format: imported.format.to_string(),
        file: args.file.clone(),
        checkpoint,
        kind: config.kind.to_string(),
        inputs: config.inputs,
        units: network.units().len(),
        outputs: config.outputs,
        excitatory: count(CellType::Excitatory),
        inhibitory: count(CellType::Inhibitory),
        recurrent_synapses: network.layers().iter().map(|layer| layer.w_rec().count()).sum(),
        form: config.form.to_string(),
        activation: activations.join(" and "),
        dt: config.dt,
        tau: [tau.iter().copied().fold(f64::INFINITY, f64::min), tau.iter().copied().fold(0.0, f64::max)],
        learn_tau: network.layers().iter().any(|layer| layer.config().learn_tau != LearnTau::Off),
        task: imported.checkpoint.header.task.id,
        notes: imported.notes,
    })
}

fn print(report: &Report, args: &ImportArgs) -> Result<()> {
    output::text(&format!("format      {} ({})", report.format, report.file.display()))?;
    let cells = match (report.excitatory, report.inhibitory) {
        (0, 0) => String::new(),
        (excitatory, inhibitory) => format!(", {excitatory} excitatory and {inhibitory} inhibitory"),
    };
    output::text(&format!(
        "network     {}: {} inputs, {} units{cells}, {} outputs",
        report.kind, report.inputs, report.units, report.outputs
    ))?;
    output::text(&format!("synapses    {} recurrent", report.recurrent_synapses))?;
    let tau = match report.tau {
        [least, most] if least == most => format!("tau {least} ms"),
        [least, most] => format!("tau {least:.1} to {most:.1} ms"),
    };
    let learned = if report.learn_tau { " (trained)" } else { "" };
    output::text(&format!(
        "dynamics    {} form, {}, dt {} ms, {tau}{learned}",
        report.form, report.activation, report.dt
    ))?;
    output::text(&format!("task        {}", report.task))?;
    output::text(&format!("written to  {}", report.checkpoint.display()))?;
    let out = output::shell_path(&args.out);
    output::text(&match nn4n_tasks::ids().any(|id| id == report.task) {
        true => format!("next: nn4n eval {out}"),
        false => format!("next: nn4n run {out} --inputs IN.npz --out OUT.npz, or nn4n eval {out} --task ID"),
    })
}
