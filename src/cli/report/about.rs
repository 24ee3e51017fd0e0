//! What a network or a recording is.

use anyhow::Result;
use nn4n_models::{Bias, Ctrnn, Form, LearnTau, ModelConfig, NoiseScaling, Parts, Readout};
use nn4n_tasks::Task;
use serde::Serialize;

use super::{
    Made, data, facts, figure,
    subject::{Network, Subject, nn4n},
};
use crate::{
    cli::output::listed,
    plot::Schematic,
    report::{Csv, Part, Source, Table},
    zoo::{UnitCounts, channels},
};

/// Longest list of values of the units that a table shows.
const LONGEST: usize = 120;

pub fn part(subject: &Subject) -> Result<Part> {
    match subject.network() {
        Ok(network) => of_network(subject, network),
        Err(_) => of_recording(subject),
    }
}

fn of_network(subject: &Subject, network: &Network) -> Result<Part> {
    let Network { checkpoint, ctrnn, .. } = network;
    let (model, header) = (&checkpoint.header.model, &checkpoint.header);
    let counts = UnitCounts::of(ctrnn.units());
    let (numbers, of_these) = trained(model);
    let mut part = Part { equations: equations(model), ..Part::default() };
    let areas = counts.areas.iter().map(|(name, units)| format!("{name} ({units})")).collect::<Vec<_>>().join(", ");
    part.tables.push(facts(
        "",
        [
            ("Kind", model.kind.summary().into()),
            ("Units", units(&counts)),
            (if model.kind.parts() == Some(Parts::Layers) { "Layers" } else { "Areas" }, areas),
            ("Step", format!("dt = {} ms", model.dt)),
            ("Time constant", time_constant(model)),
            ("Activation", of_units(model, &model.activation, "")),
            ("Noise", noise(model)),
            ("Inputs", format!("{}: {}", model.inputs, channels(&header.task.inputs))),
            ("Outputs", format!("{}: {}", model.outputs, channels(&header.task.outputs))),
            ("Trained parameters", format!("{numbers}: {of_these}")),
            ("Task", task_words(&header.task.id, header.task.version, network.known_task())),
            ("Checkpoint", format!("format {}, written by {}", header.format, header.provenance.program)),
            ("Altered", header.provenance.altered.join("; ")),
            ("To cite", header.citations().join("\n")),
        ],
    ));
    part.number("Task", network.known_task().map_or(header.task.id.as_str(), |task| task.id()));
    part.number("Units", units(&counts));
    part.number("Trained parameters", numbers);
    part.figure("schematic", schematic(subject, ctrnn, network.known_task()));
    Ok(part)
}

fn schematic(subject: &Subject, ctrnn: &Ctrnn, task: Option<&dyn Task>) -> Result<crate::report::Figure> {
    let drawn = Schematic::of(ctrnn, task)?;
    let command = nn4n(&["plot", "network", "--out", "network.svg"], std::slice::from_ref(&subject.name));
    let caption = "Inputs on the left, areas with their populations, outputs on the right. Red lines with a head excite, \
        blue ones with a bar inhibit; the wider, the stronger. What does not exist is not drawn.";
    figure("Schematic", caption, &drawn, (command, data::schematic(&drawn)))
}

fn units(counts: &UnitCounts) -> String {
    match counts.excitatory + counts.inhibitory {
        0 => counts.total.to_string(),
        _ => format!("{}: {} excitatory, {} inhibitory", counts.total, counts.excitatory, counts.inhibitory),
    }
}

/// The step in symbols, and the readout.
fn equations(model: &ModelConfig) -> Vec<String> {
    let has_bias = *model.unit_bias() != Bias::Off;
    let bias = if has_bias { " + b" } else { "" };
    let drive = format!("W_rec r(t\u{2212}dt) + W_in u(t){bias}");
    let step = match model.form {
        Form::Current => format!("x(t) = (1 \u{2212} \u{3b1}) x(t\u{2212}dt) + \u{3b1} [{drive}] + noise, r = f(x)"),
        Form::Rate => format!("r(t) = (1 \u{2212} \u{3b1}) r(t\u{2212}dt) + \u{3b1} f({drive} + noise)"),
        Form::Blend => format!("r(t) = f((1 \u{2212} \u{3b1}) r(t\u{2212}dt) + \u{3b1} [{drive}] + noise)"),
    };
    let readout = match model.nonlinearity() {
        Readout::Linear => "z = W_out r",
        Readout::Sigmoid => "z = sigmoid(W_out r)",
        Readout::Softmax => "z = softmax(W_out r)",
    };
    vec![step, format!("\u{3b1} = dt / \u{3c4}, {readout}")]
}

fn time_constant(model: &ModelConfig) -> String {
    let trained = if model.learn_tau == LearnTau::Off { "" } else { ", trained from there" };
    format!("\u{3c4} = {}{trained}", of_units(model, &model.tau, " ms"))
}

fn noise(model: &ModelConfig) -> String {
    let scaling = match model.noise_scaling {
        NoiseScaling::Continuous => "of a continuous-time process",
        NoiseScaling::PerStep => "standard deviation at every step",
    };
    format!("\u{3c3}_rec = {}, {scaling}", of_units(model, model.unit_noise(), ""))
}

/// A setting of the units; each layer of a stack may have its own.
fn of_units(model: &ModelConfig, value: &impl Serialize, unit: &str) -> String {
    if !model.layers.is_empty() {
        return "of each layer: see nn4n inspect --json".into();
    }
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(serde_json::Value::Number(number)) => format!("{number}{unit}"),
        Ok(other) if other.to_string().len() <= LONGEST => format!("{other}{unit}"),
        _ => "differs between units: see nn4n inspect --json".into(),
    }
}

/// The numbers in trained tensors, and which those are.
fn trained(model: &ModelConfig) -> (usize, String) {
    let specs: Vec<_> = model.tensor_specs().into_iter().filter(|spec| spec.trained).collect();
    let size = |shape: &[usize]| shape.iter().product::<usize>();
    let words = specs.iter().map(|spec| format!("{} {:?}", spec.name, spec.shape)).collect::<Vec<_>>().join(", ");
    (specs.iter().map(|spec| size(&spec.shape)).sum(), words)
}

fn task_words(id: &str, version: u32, asked: Option<&dyn Task>) -> String {
    match asked {
        Some(task) if task.id() != id => format!("{} (trained on {id}, version {version})", task.id()),
        _ => format!("{id}, version {version}"),
    }
}

fn of_recording(subject: &Subject) -> Result<Part> {
    let source = subject.activity()?;
    let (activity, trials) = (&source.activity, source.activity.trials());
    let longest = trials.n_steps.iter().copied().max().unwrap_or(0);
    let shortest = trials.n_steps.iter().copied().min().unwrap_or(0);
    let missing = |unit: &usize| (0..trials.len()).any(|trial| !activity.is_recorded(trial, *unit));
    let apart = (0..activity.units()).filter(missing).count();
    let groups = source.groups.iter().map(|group| format!("{} ({})", group.name, group.units.len()));
    let mut part = Part::default();
    part.tables.push(facts(
        "",
        [
            ("Trials", trials.len().to_string()),
            ("Units", activity.units().to_string()),
            ("Groups", groups.collect::<Vec<_>>().join(", ")),
            ("Step", format!("dt = {} ms", activity.dt())),
            (
                "Length of a trial",
                format!("{} to {} ms", shortest as f64 * activity.dt(), longest as f64 * activity.dt()),
            ),
            ("Epochs", trials.epoch_names().join(", ")),
            ("Units not recorded in all trials", apart.to_string()),
        ],
    ));
    part.number("Trials", trials.len());
    part.number("Units", activity.units());
    part.table("variables", variables(subject));
    Ok(part)
}

/// What is known of the trials.
fn variables(subject: &Subject) -> Result<Table> {
    let trials = subject.activity()?.activity.trials();
    let names = trials.variables();
    if names.is_empty() {
        anyhow::bail!("nothing is known of the trials; give --conditions FILE, or arrays with an entry for each trial");
    }
    let head = ["variable", "kind", "trials", "values"];
    let mut csv = Csv::new("variables.csv", head);
    let mut rows = Vec::new();
    for name in names {
        let variable = trials.variable(&name)?;
        let (classes, there) = (variable.classes(), variable.values.iter().flatten().count());
        let kind = if variable.is_graded() { "graded" } else { "classes" };
        let cells = |most: usize| vec![name.clone(), kind.to_string(), there.to_string(), listed(&classes.names, most)];
        csv.row(cells(usize::MAX));
        rows.push(cells(8));
    }
    Ok(Table {
        caption: "What is known of the trials".into(),
        head: head.map(String::from).into(),
        rows,
        folded: false,
        source: Some(Source { command: String::new(), data: csv }),
    })
}
