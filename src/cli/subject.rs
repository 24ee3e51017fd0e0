//! A trained network and the task that it is asked to do, as `eval` and `plot` take them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use nn4n_models::{Activation, Ctrnn, Form, ModelConfig, NoiseScaling, PerUnit};
use nn4n_tasks::{Split, Task, batch};
use serde_json::{Map, Value, json};

use super::{
    output,
    setting::{self, Setting, parse_setting},
};
use crate::{
    checkpoint::{Checkpoint, Header},
    device::{DeviceChoice, Work},
    experiment::check_fit,
    run_directory::STATE,
    terminal::say,
    train::is_trained_on,
    zoo,
};

#[derive(Debug, Args)]
pub struct SubjectArgs {
    /// A checkpoint file, a run directory, a network of `nn4n zoo list`, or hf:owner/repo[@revision][/file]
    pub checkpoint: PathBuf,
    /// Another task than the one it was trained on
    #[arg(long, value_name = "ID")]
    pub(super) task: Option<String>,
    /// Other trials of your own, as for `nn4n train --data`: all rows of an .npz, or a task in TOML
    #[arg(long, value_name = "FILE.npz|FILE.toml", conflicts_with = "task")]
    pub(super) data: Option<PathBuf>,
    /// A parameter of the task, in JSON; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parse_setting)]
    pub(super) settings: Vec<Setting>,
    /// Simulate the network at another step, ms: durations stay what they are, continuous noise is scaled
    #[arg(long, value_name = "MS")]
    pub(super) dt: Option<f64>,
    /// auto, cpu, cuda:N or metal
    #[arg(long, default_value = "auto", value_parser = super::parse_device)]
    pub(super) device: DeviceChoice,
}

/// A trained network and a task that fits it.
pub struct Subject {
    pub network: Ctrnn,
    pub task: Box<dyn Task>,
    /// Whether the trials are those that it was trained on.
    pub is_trained_on: bool,
}

impl SubjectArgs {
    /// On the CPU, with a task that is named by its id or by a file of trials.
    pub fn named(checkpoint: &Path, task: Option<&str>, settings: &[Setting], dt: Option<f64>) -> Self {
        Self {
            checkpoint: checkpoint.into(),
            task: task.filter(|name| !is_trial_file(name)).map(str::to_owned),
            data: task.filter(|name| is_trial_file(name)).map(PathBuf::from),
            settings: settings.to_vec(),
            dt,
            device: DeviceChoice::Cpu,
        }
    }

    /// Opens both for so many trials of each condition, and says on standard error what trials of one's own were
    /// understood as.
    pub fn open(&self, per_condition: usize) -> Result<Subject> {
        let checkpoint = zoo::open(&self.checkpoint)?;
        let dt = self.dt.unwrap_or(checkpoint.header.model.dt);
        let task = self.task(&checkpoint, dt)?;
        let is_other_file = self.data.as_ref().is_some_and(|path| !self.is_trained_file(path, &checkpoint.header));
        // What is trained on and what is tested on is said of the file of the training alone.
        for remark in task.remarks().iter().filter(|remark| !(is_other_file && remark.starts_with("held_out"))) {
            say(remark);
        }
        let steps = batch(task.as_ref(), Split::Test, 0, 0, 1)?.max_steps();
        let trials = task.conditions().len().saturating_mul(per_condition);
        let work = Work::of_simulation(&checkpoint.header.model, trials, steps);
        let mut network = checkpoint.network(&output::open_device(self.device, work)?)?;
        if let Some(dt) = self.dt {
            network = at_step(&network, dt, true)?;
        }
        check_fit(network.config(), Some(checkpoint.header.task.channels()), task.as_ref())?;
        let is_trained_on = checkpoint.header.task.id == "data/npz"
            && !is_other_file
            && self.task.is_none()
            && task.parameters()["held_out"].as_u64() == Some(0);
        Ok(Subject { network, task, is_trained_on })
    }

    /// Whether this file, wherever it is, is the one that the network was trained on.
    fn is_trained_file(&self, path: &Path, header: &Header) -> bool {
        let trained = header.task.parameters["path"].as_str().map(Path::new);
        let run = if self.checkpoint.is_dir() { Some(self.checkpoint.as_path()) } else { self.checkpoint.parent() };
        is_trained_on(path, &run.unwrap_or(Path::new("")).join(STATE), trained)
    }

    /// The task that is asked for, or else the one that the network was trained on.
    pub(super) fn task(&self, checkpoint: &Checkpoint, dt: f64) -> Result<Box<dyn Task>> {
        self.task_with(checkpoint, dt, "--data")
    }

    /// The same where trials of one's own are given with this option.
    pub(super) fn task_with(&self, checkpoint: &Checkpoint, dt: f64, own_data: &str) -> Result<Box<dyn Task>> {
        let mut settings = setting::parameters_beside(&self.settings, "dt", self.dt)?;
        match (&self.task, &self.data) {
            // Every task of the registry can be run at the step of the network.
            (Some(id), _) => {
                settings.entry("dt").or_insert(json!(dt));
                Ok(nn4n_tasks::create(id, Some(&Value::Object(settings)))?)
            }
            (None, Some(path)) => other_data(path, &checkpoint.header, dt, settings),
            (None, None) if self.dt.is_none() && settings.is_empty() => trained_task(checkpoint, own_data),
            (None, None) => self.changed(checkpoint, settings, own_data),
        }
    }

    /// The task that the network was trained on, with other parameters.
    fn changed(&self, checkpoint: &Checkpoint, settings: Map<String, Value>, own_data: &str) -> Result<Box<dyn Task>> {
        let record = &checkpoint.header.task;
        if let Some(dt) = self.dt.filter(|_| record.id.starts_with("data/")) {
            bail!(
                "--dt {dt}: trials of one's own have the step of their file; give trials at this step with {own_data} FILE"
            );
        }
        // Rebuilt once as it was, so that another version of its definition is refused.
        trained_task(checkpoint, own_data)?;
        let mut parameters = record.parameters.as_object().cloned().unwrap_or_default();
        parameters.extend(settings);
        if let Some(dt) = self.dt {
            parameters.insert("dt".into(), json!(dt));
        }
        Ok(nn4n_tasks::create(&record.id, Some(&Value::Object(parameters)))?)
    }
}

/// Whether a task is named by a file of trials.
pub fn is_trial_file(name: &str) -> bool {
    name.ends_with(".npz") || name.ends_with(".toml")
}

/// The same network at another step.
///
/// # Errors
/// If the network has no other step: it is a map from step to step, or its noise (if that is on) is one.
pub fn at_step(network: &Ctrnn, dt: f64, noisy: bool) -> Result<Ctrnn> {
    let config = network.config();
    if dt == config.dt {
        return Ok(network.clone());
    }
    if config.tau == PerUnit::Uniform(config.dt) {
        bail!(
            "--dt {dt}: a time constant of one step (tau = dt = {} ms) makes this a network in discrete time, which \
            has no other step; leave --dt out",
            config.dt
        );
    }
    if config.form == Form::Blend && !is_scale_free(network)? {
        bail!(
            "--dt {dt}: what a network of the blend form does depends on its step, unless its units are linear or \
            relu; leave --dt out"
        );
    }
    if let Some(field) = per_step_noise(config).filter(|_| noisy) {
        bail!(
            "--dt {dt}: `{field}` is noise of a given size per step, which would be another noise at another step; \
            leave --dt out, or simulate without noise (`nn4n run`)"
        );
    }
    network.with_dt(dt).with_context(|| format!("--dt {dt}"))
}

/// Whether all units are linear or rectified, so that the leak may stand within their function or outside.
fn is_scale_free(network: &Ctrnn) -> Result<bool> {
    for layer in network.layers() {
        let activations = layer.config().activation.resolve(layer.units(), "activation")?;
        if activations.iter().any(|activation| !matches!(activation, Activation::Linear | Activation::Relu)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The noise that does not scale with the step, if there is any.
fn per_step_noise(config: &ModelConfig) -> Option<&'static str> {
    let is_on = |sigma: &PerUnit<f64>| *sigma != PerUnit::Uniform(0.0);
    let per_step = config.noise_scaling != NoiseScaling::Continuous && config.sigma_rec.as_ref().is_none_or(is_on);
    match (per_step, is_on(&config.sigma_post)) {
        (true, _) => Some("sigma_rec"),
        (_, true) => Some("sigma_post"),
        _ => None,
    }
}

fn trained_task(checkpoint: &Checkpoint, own_data: &str) -> Result<Box<dyn Task>> {
    let task = checkpoint.task();
    if !checkpoint.header.task.id.starts_with("data/") {
        return Ok(task?);
    }
    task.with_context(|| {
        format!(
            "the network was trained on trials of its own, which cannot be had; put their file back, or give others with \
            {own_data} FILE"
        )
    })
}

/// The rows of an `.npz` at the step of the network, right where those of the training would be; or a task in TOML.
fn other_data(path: &Path, header: &Header, dt: f64, mut settings: Map<String, Value>) -> Result<Box<dyn Task>> {
    let trained = Some(&header.task.parameters).filter(|_| header.task.id == "data/npz");
    if setting::has_arrays(path) {
        settings.entry("dt").or_insert(json!(dt));
        for name in ["rms_error", "layout"] {
            let value = trained.map(|trained| &trained[name]).filter(|value| !value.is_null());
            if let Some(value) = value {
                settings.entry(name).or_insert(value.clone());
            }
        }
    }
    let held_out = trained.and_then(|trained| trained["held_out"].as_u64()).unwrap_or(0);
    if held_out > 0 && setting::has_arrays(path) {
        say(&format!(
            "trials are drawn from all rows of {}; of its own file the training kept the last {held_out} apart, and \
            was given the others",
            path.display()
        ));
    }
    setting::own_data(path, settings)
}
