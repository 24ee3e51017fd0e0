//! A checkpoint is read back as it was written, and what is not one is refused by name.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use crate::trained::network as bytes;
use candle_core::{DType, Device, Tensor};
use nn4n::{Checkpoint, Result, models::NoiseKey};
use proptest::prelude::*;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde_json::Value;

fn checkpoint() -> Checkpoint {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), bytes()).expect("a copy");
    Checkpoint::load(file.path()).expect("a checkpoint")
}

/// Why a file with these bytes is refused; the message must name the file.
fn refusal(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("network.safetensors");
    fs::write(&path, bytes).expect("a file");
    let message = Checkpoint::load(&path).expect_err("a damaged file was read").to_string();
    assert!(message.starts_with(&path.display().to_string()), "the file is not named: {message}");
    message
}

/// The file with its header document changed.
fn with_header(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut header: Value = serde_json::from_str(&metadata(bytes())["nn4n"]).expect("JSON");
    change(&mut header);
    with_metadata(HashMap::from([("nn4n".to_string(), header.to_string())]))
}

fn with_metadata(metadata: HashMap<String, String>) -> Vec<u8> {
    let file = SafeTensors::deserialize(bytes()).expect("a safetensors file");
    safetensors::serialize(file.tensors(), Some(metadata)).expect("a safetensors file")
}

fn metadata(bytes: &[u8]) -> HashMap<String, String> {
    let (_, header) = SafeTensors::read_metadata(bytes).expect("a safetensors file");
    header.metadata().clone().expect("metadata")
}

/// The bytes of the checkpoint with its tensors changed; `save` does not look at them.
fn with_tensors(change: impl FnOnce(&mut Checkpoint)) -> Vec<u8> {
    let mut checkpoint = checkpoint();
    change(&mut checkpoint);
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    checkpoint.save(file.path()).expect("a file");
    fs::read(file.path()).expect("a file")
}

fn tensor(rows: usize, columns: usize, value: f32) -> Tensor {
    Tensor::full(value, (rows, columns), &Device::Cpu).expect("a tensor")
}

fn assert_says(message: &str, words: &[&str]) {
    words.iter().for_each(|word| assert!(message.contains(word), "no `{word}` in: {message}"));
}

#[test]
fn a_network_answers_bit_for_bit_as_before_it_was_saved_and_loaded() -> Result<()> {
    let before = checkpoint().network(&Device::Cpu)?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.safetensors");
    checkpoint().save(&path)?;
    let after = Checkpoint::load(folder.path())?;
    assert_eq!(after.header, checkpoint().header);
    assert!(fs::read(&path).expect("a file") == bytes(), "the same checkpoint has other bytes");
    let inputs = Tensor::arange(0f32, 120.0, &Device::Cpu)?.affine(0.01, -0.3)?.reshape((3, 20, 2))?;
    let run = |network: &nn4n::models::Ctrnn| -> Result<Vec<u32>> {
        let outputs = network
            .unroll(&inputs, None, Some(NoiseKey::new(1, 2)))?
            .outputs
            .detach()
            .flatten_all()?
            .to_vec1::<f32>()?;
        Ok(outputs.into_iter().map(f32::to_bits).collect())
    };
    assert_eq!(run(&before)?, run(&after.network(&Device::Cpu)?)?);
    Ok(())
}

#[test]
fn the_file_has_one_metadata_key_with_one_json_document() {
    let metadata = metadata(bytes());
    assert_eq!(metadata.keys().collect::<Vec<_>>(), ["nn4n"]);
    let header: Value = serde_json::from_str(&metadata["nn4n"]).expect("JSON");
    let keys: Vec<_> = header.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys, ["format", "metrics", "model", "provenance", "seed", "task", "train"]);
    assert_eq!(
        (&header["format"], &header["seed"], &header["task"]["id"]),
        (&1.into(), &1.into(), &"song2016/rdm_fixed".into())
    );
    assert_eq!(
        header["train"]["validations"].as_array().map(Vec::len),
        header["train"]["updates"].as_u64().map(|updates| updates as usize)
    );
    assert!(header["metrics"]["performance"].is_f64() && header["provenance"]["citations"][0].is_string(), "{header}");
}

#[test]
fn a_file_that_is_cut_short_anywhere_is_refused_as_truncated() {
    let whole = bytes();
    assert_says(&refusal(&[]), &["is empty", "copy or download it again"]);
    for length in [1, 7, 8, 9, 100, whole.len() / 2, whole.len() - 1] {
        assert_says(
            &refusal(&whole[..length]),
            &["not a complete safetensors file", "truncated", "copy or download it again"],
        );
    }
    let longer = [whole, b"x"].concat();
    assert_says(&refusal(&longer), &["not a complete safetensors file"]);
}

#[test]
fn a_file_of_another_kind_is_refused_for_what_it_is() {
    assert_says(&refusal(&[0xA5; 4096]), &["not a complete safetensors file"]);
    assert_says(&refusal(b"<!DOCTYPE html><html>not found</html>"), &["is a web page", "download the file itself"]);
    let others = with_metadata(HashMap::from([("format".into(), "pt".into())]));
    assert_says(&refusal(&others), &["of another program", "`nn4n import"]);
    let newer = with_header(|header| {
        header["format"] = 2.into();
        header["something"] = "new".into();
    });
    assert_says(&refusal(&newer), &["has format 2", "reads 1", "update nn4n"]);
}

#[test]
fn a_header_that_is_damaged_or_unknown_is_refused() {
    let text = |text: &str| with_metadata(HashMap::from([("nn4n".into(), text.into())]));
    assert_says(&refusal(&text("{ format: 1")), &["damaged nn4n header", "copy or download"]);
    assert_says(&refusal(&text("[1, 2]")), &["damaged nn4n header"]);
    assert_says(&refusal(&text(&"[".repeat(100_000))), &["damaged nn4n header"]);
    assert_says(
        &refusal(&with_header(|header| header["colour"] = "red".into())),
        &["damaged nn4n header", "unknown field `colour`"],
    );
    assert_says(&refusal(&with_header(|header| header["model"]["unitz"] = 3.into())), &["unknown field `unitz`"]);
    assert_says(
        &refusal(&with_header(|header| drop(header.as_object_mut().map(|fields| fields.remove("seed"))))),
        &["missing field `seed`"],
    );
    assert_says(&refusal(&with_header(|header| header["model"]["dt"] = 500.into())), &["`tau` = 100 ms"]);
    assert_says(&refusal(&with_header(|header| header["format"] = 0.into())), &["has format 0", "reads 1"]);
    let without = |name: &'static str| {
        with_header(move |header| drop(header["model"].as_object_mut().expect("a model").remove(name)))
    };
    assert_says(&refusal(&without("sigma_rec")), &["its model is not complete"]);
    assert_says(
        &refusal(&with_header(|header| header["task"]["outputs"] = serde_json::json!(["one"]))),
        &["the channels of its model"],
    );
    assert_says(&refusal(&with_header(|header| header["model"]["units"] = 9.into())), &["tensor `b_rec`", "shape"]);
    assert_says(&refusal(&with_header(|header| header["model"]["units"] = 4_000_000_000u64.into())), &["model.units"]);
}

#[test]
fn a_table_of_more_than_a_network_is_refused_before_it_is_read() {
    let length = 40_u64 << 20;
    let long = [&length.to_le_bytes()[..], &vec![b' '; length as usize]].concat();
    assert_says(&refusal(&long), &["its head has 41943040 bytes"]);
    let names: Vec<String> = (0..10_001).map(|place| place.to_string()).collect();
    let empty = || TensorView::new(Dtype::F32, vec![0], &[]).expect("a tensor");
    let many = safetensors::serialize(names.iter().map(|name| (name, empty())), None).expect("a file");
    assert_says(&refusal(&many), &["it has 10001 tensors"]);
}

#[test]
fn tensors_that_do_not_fit_are_refused_by_name() {
    type Change = fn(&mut Checkpoint);
    let cases: [(Change, &[&str]); 7] = [
        (|file| drop(file.tensors.remove("w_rec")), &["tensor `w_rec`", "is missing"]),
        (
            |file| drop(file.tensors.insert("w_extra".into(), tensor(2, 2, 0.0))),
            &["tensor `w_extra`", "is not part of this network"],
        ),
        (
            |file| drop(file.tensors.insert("w_out".into(), tensor(8, 2, 0.0))),
            &["tensor `w_out`", "shape [8, 2]", "[2, 8]"],
        ),
        (
            |file| drop(file.tensors.insert("w_in".into(), tensor(8, 2, f32::NAN))),
            &["tensor `w_in`", "NaN", "must be finite"],
        ),
        (
            |file| drop(file.tensors.insert("w_in".into(), tensor(8, 2, f32::INFINITY))),
            &["tensor `w_in`", "inf", "must be finite"],
        ),
        (|file| drop(file.tensors.insert("w_rec".into(), tensor(8, 8, 0.5))), &["tensor `w_rec`", "Dale's law"]),
        (
            |file| drop(file.tensors.insert("tau".into(), Tensor::full(10f32, 8, &Device::Cpu).expect("a tensor"))),
            &["tau"],
        ),
    ];
    for (change, words) in cases {
        let message = refusal(&with_tensors(change));
        assert_says(&message, words);
        assert_says(&message, &["copy or download it again"]);
    }
    for dtype in [DType::U8, DType::I64, DType::BF16] {
        let bytes = with_tensors(|file| {
            let odd = file.tensors["w_rec"].to_dtype(dtype).expect("a tensor");
            file.tensors.insert("w_rec".into(), odd);
        });
        assert_says(&refusal(&bytes), &["data type"]);
    }
}

#[test]
fn sizes_that_a_file_only_claims_are_refused_before_memory_is_taken() {
    let table =
        |json: &str, data: usize| [&(json.len() as u64).to_le_bytes(), json.as_bytes(), &vec![0; data]].concat();
    for length in [u64::MAX, 1 << 40, 100_000_001] {
        let bytes = [&length.to_le_bytes()[..], b"{}"].concat();
        assert_says(&refusal(&bytes), &["not a complete safetensors file"]);
    }
    for shape in
        ["[1099511627776,1048576]", "[9223372036854775807,2]", "[18446744073709551615]", "[1,2,3,1099511627776]"]
    {
        let json = format!(r#"{{"w":{{"dtype":"F32","shape":{shape},"data_offsets":[0,8]}}}}"#);
        assert_says(&refusal(&table(&json, 8)), &["not a complete safetensors file"]);
    }
    for shape in ["[0,8589934592,8589934592]", "[8589934592,0,8589934592]"] {
        let json = format!(r#"{{"w":{{"dtype":"F32","shape":{shape},"data_offsets":[0,0]}}}}"#);
        assert_says(&refusal(&table(&json, 0)), &["tensor `w` has the impossible shape"]);
    }
    let long = with_metadata(HashMap::from([("nn4n".into(), " ".repeat((16 << 20) + 1))]));
    assert_says(&refusal(&long), &["has a header of 16777217 bytes", "more than the 16777216"]);
}

#[test]
fn names_that_would_command_a_terminal_are_neither_read_nor_written() {
    let name = "choice\u{1b}[2J";
    assert_says(
        &refusal(&with_header(|header| header["task"]["outputs"][0] = name.into())),
        &["choice\\u{1b}[2J", "control character"],
    );
    let mut checkpoint = checkpoint();
    checkpoint.header.task.outputs[0] = name.into();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let message =
        checkpoint.save(folder.path().join("network.safetensors")).expect_err("it could not be read again").to_string();
    assert_says(&message, &["choice\\u{1b}[2J", "control character"]);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn tensors_are_arrays_without_a_copy() -> Result<()> {
    let checkpoint = checkpoint();
    let w_rec = checkpoint.array::<f32>("w_rec")?;
    assert!(w_rec.is_borrowed());
    assert_eq!(w_rec.view().shape(), [8, 8]);
    assert_eq!(w_rec.view()[[2, 5]], checkpoint.tensors["w_rec"].get(2)?.get(5)?.to_scalar::<f32>()?);
    assert!(checkpoint.array::<u8>("connectivity.w_rec")?.is_borrowed());
    let Err(error) = checkpoint.array::<f32>("w") else { panic!("there is no tensor `w`") };
    assert_says(&error.to_string(), &["`w` is not part of this network", "w_rec, x0"]);
    Ok(())
}

#[test]
fn a_path_that_leads_to_no_checkpoint_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let refused = |path: PathBuf| Checkpoint::load(path).expect_err("nothing was read").to_string();
    assert_says(
        &refused(folder.path().into()),
        &["is a directory without model.safetensors", "name a checkpoint file or a run directory"],
    );
    assert_says(&refused(folder.path().join("none")), &["none: does not exist", "name a checkpoint file"]);
}

#[test]
fn a_failed_write_leaves_the_old_file_whole_and_no_other() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let entries = |path: &Path| fs::read_dir(path).expect("a folder").count();
    let path = folder.path().join("model.safetensors");
    fs::create_dir(&path).expect("a folder in the way");
    let message = checkpoint().save(&path).expect_err("a folder was replaced").to_string();
    assert_says(&message, &["model.safetensors", "could not be written", "permissions"]);
    assert_eq!((entries(folder.path()), entries(&path)), (1, 0));

    fs::remove_dir(&path).expect("an empty folder");
    checkpoint().save(&path)?;
    let below = path.join("deeper.safetensors");
    checkpoint().save(&below).expect_err("a file was taken for a folder");
    assert!(fs::read(&path).expect("the old file") == bytes(), "the old file has changed");
    assert_eq!(entries(folder.path()), 1);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The header is a third of the file, so both it and the tensors are hit.
    #[test]
    fn flipped_bytes_are_refused_or_read_but_never_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 1..4),
    ) {
        let mut damaged = bytes().to_vec();
        for (index, mask) in flips {
            let index = index.index(damaged.len());
            damaged[index] ^= mask;
        }
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(file.path(), damaged).expect("a file");
        if let Ok(checkpoint) = Checkpoint::load(file.path()) {
            let values: Vec<f32> = checkpoint.network(&Device::Cpu).expect("what was loaded builds")
                .effective_w_rec().and_then(|weights| Ok(weights.flatten_all()?.to_vec1()?)).expect("weights");
            prop_assert!(values.iter().all(|value| value.is_finite()));
        }
    }
}
