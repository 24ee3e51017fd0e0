//! A stacked network goes through the whole product: trained, interrupted, saved, evaluated, run and inspected.

use std::{fs, path::Path};

use crate::pieces::{assert_same, train_in_pieces};
use crate::small::{easy_task, settings, train};
use candle_core::Device;
use ndarray::{Array3, s};
use ndarray_npy::{NpzReader, NpzWriter};
use nn4n::{
    Checkpoint, Experiment, Result,
    models::{CellType, LayerConfig, LearnTau, ModelConfig, NoiseKey, Start, Tensors},
    penalty::{Penalty, Regulariser},
    plot::WeightMatrix,
    simulate::Simulation,
};
use serde_json::Value;

fn model() -> ModelConfig {
    let layers = [
        LayerConfig::ei("sensory", 8, 0.8).tau(50.0),
        LayerConfig::ei("decision", 6, 0.5).learn_tau(LearnTau::PerUnit).density(0.6),
    ];
    ModelConfig::stacked(2, 2, layers)
}

fn numbers(tensors: &Tensors, name: &str) -> Vec<f32> {
    tensors[name].flatten_all().and_then(|tensor| tensor.to_vec1()).expect("numbers")
}

#[test]
fn an_interrupted_run_ends_as_an_uninterrupted_one() -> Result<()> {
    for (name, model) in [("trained", model()), ("carried", model().start(Start::Carried).sigma_post(0.05))] {
        let mut settings = settings(9, 3);
        settings.regularisers = vec![
            Regulariser { kind: Penalty::L2Rates {}, weight: 0.1 },
            Regulariser { kind: Penalty::Hebbian {}, weight: 0.01 },
        ];
        let experiment = Experiment::new(easy_task(), model, settings, 3)?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (whole, pieces) = (folder.path().join("whole"), folder.path().join("pieces"));
        train(&experiment, &whole)?;
        train_in_pieces(&experiment, &pieces, &[1, 3, 8])?;
        assert_same(&whole, &pieces, name);
    }
    Ok(())
}

#[test]
fn training_changes_every_layer_and_keeps_its_constraints() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut settings = settings(20, 20);
    settings.learning_rate = 0.05;
    let experiment = Experiment::new(easy_task(), model(), settings, 1)?;
    train(&experiment, &folder.path().join("run"))?;
    let checkpoint = Checkpoint::load(folder.path().join("run"))?;
    let (fresh, trained) = (experiment.model.draw(1, candle_core::DType::F32)?, &checkpoint.tensors);
    for name in [
        "layers.0.w_in",
        "layers.0.w_rec",
        "layers.0.x0",
        "layers.1.w_in",
        "layers.1.w_rec",
        "layers.1.x0",
        "layers.1.tau",
        "w_out",
    ] {
        assert_ne!(numbers(&fresh, name), numbers(trained, name), "{name}");
    }
    assert_eq!(numbers(&fresh, "layers.0.tau"), numbers(trained, "layers.0.tau"));
    let network = checkpoint.network(&Device::Cpu)?;
    for (name, pres) in [("layers.0.w_rec", 0..8), ("layers.1.w_in", 0..8), ("layers.1.w_rec", 8..14), ("w_out", 8..14)]
    {
        for (index, weight) in numbers(trained, name).into_iter().enumerate() {
            let cell_type = network.units().cell_types[pres.start + index % pres.len()];
            assert!(f64::from(weight) * cell_type.map_or(0.0, CellType::sign) >= 0.0, "{name}[{index}] = {weight}");
        }
    }
    let again = folder.path().join("again.safetensors");
    checkpoint.save(&again)?;
    let reread = Checkpoint::load(&again)?;
    assert_eq!(reread.header, checkpoint.header);
    for name in trained.keys().filter(|name| !name.contains("connectivity")) {
        assert_eq!(numbers(&reread.tensors, name), numbers(trained, name), "{name}");
    }
    Ok(())
}

#[test]
fn frozen_layers_stay_as_they_are() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut settings = settings(3, 3);
    settings.freeze = vec!["layers.0.w_rec".into(), "w_in".into()];
    let experiment = Experiment::new(easy_task(), model(), settings, 1)?;
    train(&experiment, &folder.path().join("run"))?;
    let (fresh, trained) =
        (experiment.model.draw(1, candle_core::DType::F32)?, Checkpoint::load(folder.path().join("run"))?.tensors);
    for (name, frozen) in
        [("layers.0.w_rec", true), ("layers.0.w_in", true), ("layers.1.w_in", true), ("layers.1.w_rec", false)]
    {
        assert_eq!(numbers(&fresh, name) == numbers(&trained, name), frozen, "{name}");
    }
    Ok(())
}

const RUN: &str = r#"
seed = 2

[task]
id = "song2016/rdm_varstim"

[model]
kind = "stacked"
layers = [ { name = "sensory", units = 12, excitatory_fraction = 0.75, tau = 50.0 },
           { name = "decision", units = 8, density = 0.5 } ]

[train]
batch_size = 4
updates = 3
validation = { every = 3, trials_per_condition = 1 }
"#;

fn nn4n(directory: &Path, arguments: &[&str]) -> String {
    let output = crate::program::nn4n(directory, arguments, &[]);
    assert!(output.status.success(), "nn4n {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8 on standard output")
}

fn json(directory: &Path, arguments: &[&str]) -> Value {
    serde_json::from_str(&nn4n(directory, arguments)).expect("JSON on standard output")
}

#[test]
fn the_program_trains_evaluates_runs_and_inspects_it() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("run.toml"), RUN).expect("a file");
    let trained = json(folder.path(), &["train", "run.toml", "--device", "cpu", "--out", "run", "--json"]);
    assert_eq!(trained["updates"], 3);
    let evaluation = json(folder.path(), &["eval", "run", "--trials", "2", "--json"]);
    assert!(evaluation["performance"].as_f64().is_some_and(|found| (0.0..=1.0).contains(&found)), "{evaluation}");

    let inputs = Array3::from_shape_fn((2, 7, 3), |(trial, step, channel)| (trial + step + channel) as f32 / 10.0);
    let mut file = NpzWriter::new(fs::File::create(folder.path().join("in.npz")).expect("a file"));
    file.add_array("inputs", &inputs).expect("an array");
    file.finish().expect("a file");
    nn4n(folder.path(), &["run", "run", "--inputs", "in.npz", "--out", "out.npz"]);
    let mut file = NpzReader::new(fs::File::open(folder.path().join("out.npz")).expect("a file")).expect("an archive");
    let rates: Array3<f32> = file.by_name("rates").expect("rates");
    let network = Checkpoint::load(folder.path().join("run"))?.network(&Device::Cpu)?;
    assert_eq!(rates, Simulation::new(&network).record(&inputs)?.rates);
    assert_eq!(rates.dim(), (2, 7, 20));
    // In pieces or not, with noise: one trial is what it is among others.
    let noisy = Simulation::new(&network).noise(NoiseKey::new(1, 1)).record(&inputs)?;
    let alone = Simulation::new(&network)
        .noise(NoiseKey { first_trial: 1, ..NoiseKey::new(1, 1) })
        .record(&inputs.slice(s![1..2, .., ..]).to_owned())?;
    assert_eq!(noisy.rates.slice(s![1..2, .., ..]), alone.rates);

    let report = json(folder.path(), &["inspect", "run", "--json"]);
    let layers = report["layers"].as_array().expect("layers");
    assert_eq!(
        layers.iter().map(|layer| layer["name"].as_str().unwrap_or_default()).collect::<Vec<_>>(),
        ["sensory", "decision"]
    );
    assert_eq!((&layers[0]["constraints"]["excitatory"], &layers[1]["constraints"]["untyped"]), (&9.into(), &8.into()));
    // 12 * 11 synapses, and half of 8 * 7; nine excitatory units reach all eight above.
    assert_eq!(report["constraints"]["recurrent_synapses"], 132 + 28);
    assert_eq!(
        (&layers[0]["constraints"]["recurrent_synapses"], &layers[1]["constraints"]["recurrent_synapses"]),
        (&132.into(), &28.into())
    );
    let up = report["constraints"]["projections"].as_array().and_then(|found| found.last()).expect("projections");
    assert_eq!((&up["from"], &up["to"], &up["synapses"]), (&"sensory".into(), &"decision".into(), &72.into()));
    let radius = |report: &Value| report["spectrum"]["radius"].as_f64().unwrap_or_default();
    assert!((radius(&report) - radius(&layers[0]).max(radius(&layers[1]))).abs() < 1e-9);
    let text = nn4n(folder.path(), &["inspect", "run"]);
    assert!(text.contains("layer       decision") && text.contains("layers.1.w_in"), "{text}");
    WeightMatrix::of(&network)?.save(folder.path().join("weights.svg"))?;
    Ok(())
}

#[test]
fn what_does_not_fit_a_stack_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("run.toml"), RUN).expect("a file");
    for (arguments, part) in [
        (&["train", "run.toml", "--units", "30", "--out", "x"][..], "among layers"),
        (&["train", "run.toml", "--freeze", "layers.2.w_rec", "--out", "x"], "layers.1.w_rec"),
        (&["bench", "--kind", "stacked"], "stacked"),
    ] {
        let output = crate::program::nn4n(folder.path(), arguments, &[]);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && message.contains(part), "nn4n {}: {message}", arguments.join(" "));
    }
}
