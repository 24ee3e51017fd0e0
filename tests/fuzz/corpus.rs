//! The valid files that are not texts, made by the program itself.

use std::{
    collections::{BTreeMap, HashMap},
    io::{Cursor, Write},
    sync::OnceLock,
};

use candle_core::{DType, Device};
use ndarray::{Array3, ArrayD};
use ndarray_npy::{NpzWriter, WriteNpyExt};
use nn4n::{
    Checkpoint,
    checkpoint::{FORMAT, Header, Provenance, TaskRecord, TrainRecord},
    models::{Area, Bias, Ctrnn, FixedSynapse, LearnTau, MatrixConfig, ModelConfig, PerUnit, Plastic, Values},
    tasks::create,
};

/// Networks with all kinds of tensors.
fn checkpoints() -> Vec<Checkpoint> {
    let synapses = MatrixConfig {
        fixed: vec![FixedSynapse { post: 1, pre: 0, weight: 0.5 }],
        plastic: Plastic::All(0.5),
        ..MatrixConfig::default()
    };
    let areas = [Area::ei("one", 4, 0.5), Area::new("two", 2)];
    let taus = PerUnit::ByUnit { units: vec![100.0, 50.0, 40.0] };
    [
        ModelConfig::ei(3, 5, 2).density(0.5).b_rec(Bias::Trained(Values::All(0.1))).w_rec(synapses),
        ModelConfig::multi_area(3, 2, areas).feedforward(0.5),
        ModelConfig::vanilla(3, 3, 2).tau(taus).learn_tau(LearnTau::PerUnit),
    ]
    .iter()
    .map(checkpoint)
    .collect()
}

fn checkpoint(config: &ModelConfig) -> Checkpoint {
    let task = create("song2016/rdm_varstim", None).expect("a task");
    let tensors =
        Ctrnn::init(config, 1, DType::F32, &Device::Cpu).and_then(|network| network.tensors()).expect("a network");
    let header = Header {
        format: FORMAT,
        model: config.clone(),
        task: TaskRecord::of(task.as_ref()),
        train: TrainRecord { settings: serde_json::json!({}), updates: 3, validations: Vec::new() },
        seed: 1,
        metrics: BTreeMap::from([("performance".into(), 0.9)]),
        provenance: Provenance {
            program: "nn4n".into(),
            platform: None,
            device: None,
            init: None,
            imported: None,
            altered: Vec::new(),
            citations: vec!["a paper".into()],
        },
    };
    Checkpoint { header, tensors }
}

/// The bytes of a checkpoint's file.
pub fn saved(checkpoint: &Checkpoint) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.safetensors");
    checkpoint.save(&path).expect("a checkpoint");
    std::fs::read(path).expect("a checkpoint")
}

/// The first network with another JSON document.
pub fn with_header(text: &str) -> Vec<u8> {
    static CHECKPOINT: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = CHECKPOINT.get_or_init(|| saved(&checkpoints()[0]));
    let file = safetensors::SafeTensors::deserialize(bytes).expect("a safetensors file");
    let metadata = HashMap::from([("nn4n".to_string(), text.to_string())]);
    safetensors::serialize(file.tensors(), Some(metadata)).expect("a safetensors file")
}

fn npz() -> Vec<u8> {
    let array = Array3::from_shape_fn((2, 3, 2), |(trial, step, channel)| (trial + step + channel) as f32);
    let mut file = NpzWriter::new_compressed(Cursor::new(Vec::new()));
    file.add_array("inputs", &array).expect("an array");
    file.add_array("targets", &array.mapv(f64::from)).expect("an array");
    file.add_array("n_steps", &ndarray::arr1(&[3i64, 2])).expect("an array");
    file.finish().expect("an archive").into_inner()
}

fn npy(array: &ArrayD<f32>) -> Vec<u8> {
    let mut bytes = Vec::new();
    array.write_npy(&mut bytes).expect("an array");
    bytes
}

/// The targets of two trials of three steps.
pub fn targets() -> Vec<u8> {
    npy(&ArrayD::ones(vec![2, 3, 1]))
}

/// An archive of arrays, given by their names and bytes.
pub fn archive(arrays: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in arrays {
        archive.start_file(format!("{name}.npy"), options).expect("an entry");
        archive.write_all(bytes).expect("memory is written");
    }
    archive.finish().expect("an archive").into_inner()
}

/// All files and where they belong.
pub fn files() -> Vec<(String, Vec<u8>)> {
    let checkpoints = checkpoints();
    let mut files = vec![
        ("checkpoint_header/ei.json".into(), serde_json::to_vec(&checkpoints[0].header).expect("JSON")),
        ("npz/compressed.npz".into(), npz()),
        ("npy/matrix.npy".into(), npy(&ndarray::arr2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).into_dyn())),
        ("trials/inputs.npy".into(), npy(&ArrayD::ones(vec![2, 3, 2]))),
        ("npy/number.npy".into(), npy(&ndarray::arr0(1.0).into_dyn())),
    ];
    for (name, checkpoint) in ["ei", "areas", "vanilla"].into_iter().zip(&checkpoints) {
        files.push((format!("checkpoint/{name}.safetensors"), saved(checkpoint)));
    }
    files
}
