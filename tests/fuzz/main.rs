//! Whatever the bytes of a file are, reading it ends soon, takes little memory and does not panic.
//!
//! Each target reads damaged copies of the valid files in `corpus/NAME` for two seconds, `.ci/run fuzz` for a minute;
//! see `harness.rs` for the options. To add a target, write its function, put small valid files into its folder and add
//! its name to `targets!`. A file at which a target failed joins the folder of its target if it is accepted now, and
//! the tests of what it broke if not.

mod corpus;
mod harness;
mod mutation;

use std::{fs, path::Path};

use candle_core::Device;
use nn4n::{
    Checkpoint, Experiment,
    evaluate::recorded,
    export::{Format, export},
    import::{Options, import, pickle::parse},
    intervention::UnitSelection,
    models::{Activation, Form, ModelConfig},
    tasks::{NpzFile, Split, batch, create},
};
use serde_json::json;

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                harness::fuzz(stringify!($name), stringify!($name), targets::$name);
            }
        )*
    };
}

targets! {
    checkpoint, checkpoint_header, tensor_table, npz, npy, trials, experiment, declared_task, pickle, imported_file,
    neuralrnn, units, hdf5,
}

/// What files are read with. Each returns whether the file was accepted.
mod targets {
    use super::*;

    /// The bytes of a checkpoint. What is accepted is a network in every format.
    pub fn checkpoint(bytes: &[u8]) -> bool {
        let Ok(checkpoint) = Checkpoint::from_bytes(Path::new("input"), bytes) else { return false };
        checkpoint.network(&Device::Cpu).expect("what was accepted is a network");
        for format in Format::ALL {
            drop(export(&checkpoint, format));
        }
        true
    }

    /// The JSON document of a checkpoint whose tensors are whole.
    pub fn checkpoint_header(text: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(text) else { return false };
        checkpoint(&corpus::with_header(text))
    }

    /// The JSON table at the head of a safetensors file, before 4 KiB of zeros.
    pub fn tensor_table(text: &[u8]) -> bool {
        let bytes = [&(text.len() as u64).to_le_bytes(), text, &[0; 4096]].concat();
        // A table of another program's is well read if that is what it is refused for.
        Checkpoint::from_bytes(Path::new("input"), &bytes).is_ok_and(|_| true)
            || Checkpoint::from_bytes(Path::new("input"), &bytes)
                .is_err_and(|error| error.to_string().contains("of another program"))
    }

    /// The bytes of an archive of arrays.
    pub fn npz(bytes: &[u8]) -> bool {
        let Ok(mut file) = NpzFile::from_bytes(Path::new("input"), bytes.to_vec()) else { return false };
        let names = file.names().to_vec();
        names.iter().all(|name| file.read(name).is_ok())
    }

    /// The bytes of an array in an archive that is whole.
    pub fn npy(bytes: &[u8]) -> bool {
        npz(&corpus::archive(&[("inputs", bytes)]))
    }

    /// The bytes of the inputs of a user's trials. What is accepted gives trials.
    pub fn trials(bytes: &[u8]) -> bool {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), corpus::archive(&[("inputs", bytes), ("targets", &corpus::targets())])).expect("a file");
        let Ok(task) = create("data/npz", Some(&json!({ "path": file.path() }))) else { return false };
        batch(task.as_ref(), Split::Train, 0, 0, 2).expect("what was accepted gives trials");
        true
    }

    /// A run.toml. What is accepted is written and read back as it was.
    pub fn experiment(text: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(text) else { return false };
        let Ok(experiment) = Experiment::from_toml(text) else { return false };
        let written = experiment.to_toml().expect("what was read is written");
        let again = Experiment::from_toml(&written).unwrap_or_else(|error| panic!("{error}\n{written}"));
        assert_eq!(again.to_toml().expect("what was read is written"), written);
        true
    }

    /// A recording in HDF5, by MATLAB or by others.
    pub fn hdf5(bytes: &[u8]) -> bool {
        [".mat", ".h5"].into_iter().any(|end| {
            let file = tempfile::Builder::new().suffix(end).tempfile().expect("a file");
            fs::write(file.path(), bytes).expect("a file");
            recorded(file.path(), None).is_ok()
        })
    }

    /// A pickle.
    pub fn pickle(bytes: &[u8]) -> bool {
        parse(bytes).is_ok()
    }

    /// A file of another library. What is accepted is a checkpoint.
    pub fn imported_file(bytes: &[u8]) -> bool {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), bytes).expect("a file");
        let complete = Options {
            form: Some(Form::Current),
            activation: Some(Activation::Relu),
            dt: Some(10.0),
            tau: Some(100.0),
            ..Options::default()
        };
        let imported = [Options::default(), complete].iter().find_map(|options| import(file.path(), options).ok());
        imported.is_some_and(|imported| checkpoint(&corpus::saved(&imported.checkpoint)))
    }

    /// The config.json of a NeuralRNN directory whose tensors are whole. What is accepted is a checkpoint.
    pub fn neuralrnn(text: &[u8]) -> bool {
        let read = |(kind, tensors): (&str, &str)| {
            let folder = tempfile::tempdir().expect("a folder");
            let whole = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/fixtures/import")
                .join(format!("neuralrnn_{kind}"))
                .join(tensors);
            fs::copy(whole, folder.path().join(tensors)).expect("a fixture");
            fs::write(folder.path().join("config.json"), text).expect("a file");
            import(folder.path(), &Options::default()).ok()
        };
        let safetensors = ["ctrnn", "ei", "multiarea"].map(|kind| (kind, "model.safetensors"));
        let imported = safetensors.into_iter().chain([("constrained", "model.pt")]).find_map(read);
        imported.is_some_and(|imported| checkpoint(&corpus::saved(&imported.checkpoint)))
    }

    /// A file of units. What is accepted is units of the network.
    pub fn units(bytes: &[u8]) -> bool {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), bytes).expect("a file");
        let layout = ModelConfig::ei(1, 50, 1).layout();
        let read = |name: &str| {
            let selection: UnitSelection = format!("@{}{name}", file.path().display()).parse().expect("a selection");
            selection.resolve(&layout).is_ok_and(|units| units.iter().all(|unit| *unit < 50) && !units.is_empty())
        };
        ["", "#a", "#a.b"].into_iter().any(read)
    }

    /// A task that is declared in TOML.
    pub fn declared_task(text: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(text) else { return false };
        let Ok(task) = create("data/toml", Some(&json!({ "text": text }))) else { return false };
        assert!(!task.conditions().is_empty());
        create(task.id(), Some(&task.parameters())).expect("what was accepted is accepted again");
        true
    }
}

/// What the harness says about a target that fails; nothing in the process that fails.
fn failure(name: &str, target: harness::Target) -> Option<String> {
    if harness::progress().is_some() {
        harness::fuzz(name, "npz", target);
        return None;
    }
    let panic = std::panic::catch_unwind(|| harness::fuzz(name, "npz", target)).expect_err("the target does not fail");
    panic.downcast_ref::<String>().cloned()
}

#[test]
fn a_panic_is_noticed_and_its_file_kept() {
    let Some(message) = failure("a_panic_is_noticed_and_its_file_kept", |bytes| {
        assert!(bytes.len() > 300, "a short file");
        true
    }) else {
        return;
    };
    let (_, path) = message.split_once("NN4N_FUZZ_INPUT=").expect("how to run it again");
    let path = path.split(' ').next().expect("a path");
    assert!(message.contains("a short file") && fs::read(path).expect("the file").len() <= 300, "{message}");
}

#[test]
#[cfg(target_os = "linux")]
fn too_much_memory_is_noticed() {
    let target: harness::Target = |bytes| bytes.len() > 300 || vec![1u8; 5 << 30].len() > bytes.len();
    if let Some(message) = failure("too_much_memory_is_noticed", target) {
        assert!(message.contains("memory allocation of 5368709120 bytes failed"), "{message}");
    }
}

#[test]
fn a_loop_without_end_is_noticed() {
    let target: harness::Target = |bytes| {
        while bytes.len() <= 300 {
            std::hint::spin_loop();
        }
        true
    };
    if let Some(message) = failure("a_loop_without_end_is_noticed", target) {
        assert!(message.contains("took longer than 5 s"), "{message}");
    }
}

/// Writes the files of the corpus that are not texts.
#[test]
#[ignore = "writes files: cargo test --test fuzz -- --ignored"]
fn write_the_corpus() {
    for (path, bytes) in corpus::files() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
}
