//! Files that are damaged, malicious, or hold what has no counterpart here are refused by what is wrong with them.

use std::{collections::HashMap, fs, path::PathBuf};

use candle_core::{DType, Device, Tensor};
use nn4n::import::{Format, Options, check};

use super::fixture::{member, path, refusal, replaced, rezipped};

/// A folder and a file in it.
fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join(name);
    fs::write(&file, bytes).expect("a file");
    (folder, file)
}

fn assert_refused(name: &str, bytes: &[u8], options: &Options, words: &[&str]) {
    let (_folder, file) = written(name, bytes);
    let message = refusal(&file, options);
    assert!(message.contains(name), "{message}");
    words.iter().for_each(|word| assert!(message.contains(word), "no `{word}` in: {message}"));
}

/// torch_rnn.pth with a change in its pickle.
fn spoiled(from: &[u8], to: &[u8]) -> Vec<u8> {
    let pickle = replaced(&member("torch_rnn.pth", "torch_rnn/data.pkl"), from, to);
    rezipped("torch_rnn.pth", &[("torch_rnn/data.pkl", Some(pickle))])
}

/// A state_dict of zeros in safetensors.
fn state_dict(tensors: &[(&str, &[usize])]) -> Vec<u8> {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).expect("zeros");
    let tensors: HashMap<String, Tensor> =
        tensors.iter().map(|(name, shape)| (name.to_string(), zeros(shape))).collect();
    safetensors::serialize(tensors.iter(), None).expect("a file")
}

fn plain() -> Options {
    Options::default()
}

#[test]
fn a_malicious_pickle_in_a_pytorch_file_is_refused_by_what_it_asks_for() {
    let with_pickle = |pickle: &[u8]| rezipped("torch_rnn.pth", &[("torch_rnn/data.pkl", Some(pickle.to_vec()))]);
    let attack = b"\x80\x02cposix\nsystem\nX\x0a\x00\x00\x00echo owned\x85R.";
    assert_refused("attack.pth", &with_pickle(attack), &plain(), &["`posix.system`", "not executed"]);
    assert_refused("attack.pkl", attack, &plain(), &["`posix.system`"]);
    let module = spoiled(b"ccollections\nOrderedDict", b"ctorch.nn.modules.rnn\nRNN");
    assert_refused("module.pth", &module, &plain(), &["`torch.nn.modules.rnn.RNN`", "state_dict()"]);
    let class = replaced(
        &fs::read(path("pycog.pkl")).expect("a file"),
        b"cpycog.connectivity\nConnectivity",
        b"c__main__\nConnectivity",
    );
    assert_refused("main.pkl", &class, &plain(), &["`__main__.Connectivity`"]);
}

#[test]
fn tensors_outside_of_their_storage_are_refused() {
    // weight_ih_l0 has shape (6, 3), strides (3, 1), offset 0 and 18 elements.
    let cases: [(&[u8], &[u8], &str); 7] = [
        (b"K\x06K\x03\x86", b"K\x07K\x03\x86", "outside of its storage"),
        (b"K\x03K\x01\x86", b"J\xff\xff\xff\xffK\x01\x86", "outside of its storage"),
        (b"K\x03K\x01\x86", b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fK\x01\x86", "outside of its storage"),
        (b"QK\x00K\x06", b"QK\x01K\x06", "outside of its storage"),
        (b"K\x12t", b"M\xff\xfft", "72 bytes instead of 262140"),
        (b"K\x12t", b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7ft", "no memory"),
        (b"K\x06K\x03\x86", b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7fK\x03\x86", "elements are stored"),
    ];
    for (from, to, words) in cases {
        assert_refused("window.pth", &spoiled(from, to), &plain(), &["`weight_ih_l0`", words]);
    }
    let key = spoiled(b"X\x01\x00\x00\x000", b"X\x09\x00\x00\x00../../key");
    assert_refused("key.pth", &key, &plain(), &["`../../key`", "no name"]);
    let missing = rezipped("torch_rnn.pth", &[("torch_rnn/data/0", None)]);
    assert_refused("missing.pth", &missing, &plain(), &["torch_rnn/data/0", "download the file again"]);
    let half = spoiled(b"FloatStorage", b"HalfStorage");
    assert_refused("half.pth", &half, &plain(), &["`torch.HalfStorage`", ".float()"]);
}

#[test]
fn containers_of_other_kinds_are_refused_with_the_remedy() {
    let add = |name: &'static str, bytes: &[u8]| rezipped("torch_rnn.pth", &[(name, Some(bytes.to_vec()))]);
    assert_refused("script.pt", &add("torch_rnn/constants.pkl", b"\x80\x02)."), &plain(), &["TorchScript"]);
    assert_refused("big.pth", &add("torch_rnn/byteorder", b"big"), &plain(), &["big-endian"]);
    let whole = fs::read(path("torch_rnn.pth")).expect("a file");
    assert_refused("cut.pth", &whole[..whole.len() / 2], &plain(), &["zip archive", "download it again"]);
    assert_refused(
        "old.pth",
        b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.",
        &plain(),
        &["older than 1.6"],
    );
    assert_refused("text.bin", b"", &plain(), &["is empty", "download it again"]);
    for bytes in [&b"just text"[..], b"\x89PNG\r\n\x1a\n0000"] {
        let names = Format::ALL.map(Format::name);
        assert_refused("text.bin", bytes, &plain(), &[&["no format"], &names[..]].concat());
    }
    let other = Options { format: Some(Format::PsychRnn), ..plain() };
    assert_refused("other.pth", &whole, &other, &["torch-rnn", "psychrnn was asked for", "leave --format out"]);
    assert_refused("empty.pkl", b"\x80\x02}.", &plain(), &["`best`", "pycog"]);
    let whole = state_dict(&[("weight_ih_l0", &[2, 1])]);
    assert_refused("cut.safetensors", &whole[..whole.len() - 3], &plain(), &["safetensors", "download it again"]);
    let message = refusal(&path("nowhere"), &plain());
    assert!(message.contains("nowhere") && message.contains("could not be read"), "{message}");
}

#[test]
fn what_has_no_counterpart_is_refused_by_name() {
    let rnn: [(&str, &[usize]); 4] =
        [("weight_ih_l0", &[4, 2]), ("weight_hh_l0", &[4, 4]), ("bias_ih_l0", &[4]), ("bias_hh_l0", &[4])];
    let with = |extra: &[(&'static str, &'static [usize])]| state_dict(&[&rnn[..], extra].concat());
    for (extra, words) in [
        (&[("weight_ih_l0_reverse", &[4_usize, 2][..])][..], &["`weight_ih_l0_reverse`", "bidirectional"][..]),
        (&[("weight_hr_l0", &[2, 4])], &["`weight_hr_l0`", "projected"]),
        (&[("fc.weight", &[2, 4]), ("other.weight", &[2, 4])], &["`other.weight`", "no counterpart"]),
        (&[("fc.weight", &[2, 3])], &["`fc.weight`", "3 columns"]),
        (&[("fc.bias", &[2])], &["`fc.bias`", "no counterpart"]),
        (&[("second.weight_ih_l0", &[4, 2])], &["2 recurrent modules"]),
        (&[("weight_ih_l1", &[4, 3]), ("weight_hh_l1", &[4, 4])], &["(4, 3)", "do not fit together"]),
    ] {
        assert_refused("extra.safetensors", &with(extra), &plain(), words);
    }
    assert_refused(
        "lstm.safetensors",
        &state_dict(&[("weight_ih_l0", &[8, 3]), ("weight_hh_l0", &[8, 2])]),
        &plain(),
        &["LSTM"],
    );
    assert_refused(
        "gru.safetensors",
        &state_dict(&[("weight_ih_l0", &[6, 3]), ("weight_hh_l0", &[6, 2])]),
        &plain(),
        &["GRU"],
    );
    assert_refused(
        "shape.safetensors",
        &state_dict(&[("weight_ih_l0", &[6, 3]), ("weight_hh_l0", &[5, 5])]),
        &plain(),
        &["(6, 3)", "(5, 5)"],
    );
    assert_refused(
        "flat.safetensors",
        &state_dict(&[("weight_ih_l0", &[9, 0]), ("weight_hh_l0", &[9, 0])]),
        &plain(),
        &["(9, 0)", "square"],
    );
    let wide: &[(&str, &[usize])] = &[("weight_ih_l0", &[20_001, 0]), ("weight_hh_l0", &[1, 1])];
    assert_refused("wide.safetensors", &state_dict(wide), &plain(), &["20001", "20000"]);
    assert_refused(
        "mlp.safetensors",
        &state_dict(&[("fc1.weight", &[6, 3])]),
        &plain(),
        &["fc1.weight", "torch.nn.RNN"],
    );
    assert_refused(
        "half.safetensors",
        &state_dict(&[("h2h.weight", &[6, 6])]),
        &plain(),
        &["NeuralRNN", "config.json"],
    );
    let block: &[(&str, &[usize])] = &[("recurrent_layers.0.block_recurrent.matrix.0.0.leaky_layer.alpha", &[3])];
    assert_refused("block.safetensors", &state_dict(block), &plain(), &["blocks"]);
    let nan = rezipped("torch_rnn.pth", &[("torch_rnn/data/2", Some(f32::NAN.to_le_bytes().repeat(6)))]);
    assert_refused("nan.pth", &nan, &plain(), &["NaN", "finite"]);
}

#[test]
fn keyword_arguments_of_the_original_that_cannot_be_kept_are_refused_by_name() {
    let spoil = |from: &[u8], to: &[u8]| {
        let pickle = replaced(&member("multi_area_ei.pth", "multi_area_ei/data.pkl"), from, to);
        rezipped("multi_area_ei.pth", &[("multi_area_ei/data.pkl", Some(pickle))])
    };
    assert_refused(
        "other.pth",
        &spoil(b"\x11\x00\x00\x00suppress_warnings", b"\x08\x00\x00\x00use_dale"),
        &plain(),
        &["`use_dale`", "no counterpart"],
    );
    assert_refused(
        "dims.pth",
        &spoil(b"(K\x05K@K\x03e", b"(K\x05K@K\x04e"),
        &plain(),
        &["`kwargs.dims` is 4", "a size of 3"],
    );
    assert_refused("dims.pth", &spoil(b"(K\x05K@K\x03e", b"(K\x05K@e"), &plain(), &["`kwargs.dims`", "2 entries"]);
    // One synapse of an excitatory unit is asked to be inhibitory. The masks were transposed before they were saved, so
    // (post, pre) lie row by row.
    let mut signs = member("multi_area_ei.pth", "multi_area_ei/data/6");
    let mask = member("multi_area_ei.pth", "multi_area_ei/data/9");
    let entry =
        |bytes: &[u8], index: usize| i64::from_le_bytes(bytes[8 * index..8 * index + 8].try_into().expect("8 bytes"));
    let synapse =
        (0..64).map(|post| 64 * post).find(|index| entry(&mask, *index) == 1).expect("a synapse of the first unit");
    assert_eq!(entry(&signs, synapse), 1);
    signs[8 * synapse..8 * synapse + 8].copy_from_slice(&(-1_i64).to_le_bytes());
    let mixed = rezipped("multi_area_ei.pth", &[("multi_area_ei/data/6", Some(signs))]);
    assert_refused("mixed.pth", &mixed, &plain(), &["`kwargs.ei_masks[1]`", "both signs", "unit 0"]);
}

#[test]
fn settings_that_are_missing_or_contradict_the_file_are_refused() {
    let refused = |name: &str, options: Options, words: &[&str]| {
        let message = refusal(&path(name), &options);
        words.iter().for_each(|word| assert!(message.contains(word), "{name}: no `{word}` in: {message}"));
    };
    refused("psychrnn_dale.npz", plain(), &["--dt 10"]);
    refused("psychrnn_dale.npz", Options { dt: Some(10.0), ..plain() }, &["--tau 100"]);
    refused(
        "psychrnn_dale.npz",
        Options { dt: Some(200.0), tau: Some(100.0), ..plain() },
        &["model.dt", "exceeds `tau`"],
    );
    refused("psychrnn_dale.npz", Options { dt: Some(-1.0), tau: Some(100.0), ..plain() }, &["--dt > 0 ms"]);
    refused(
        "psychrnn_dale.npz",
        Options { dt: Some(10.0), tau: Some(100.0), sigma_rec: Some(f64::NAN), ..plain() },
        &["--sigma-rec"],
    );
    refused("time_makes_space.pth", plain(), &["--tau 100"]);
    refused(
        "vanilla_relu.pth",
        Options { tau: Some(50.0), ..plain() },
        &["says 100 where --tau says 50", "leave --tau out"],
    );
    refused("vanilla_relu.pth", Options { dt: Some(5.0), ..plain() }, &["leave --dt out"]);
    refused("pycog.pkl", Options { sigma_rec: Some(1.0), ..plain() }, &["leave --sigma-rec out"]);
    refused(
        "neuralrnn_ctrnn",
        Options { activation: Some("relu".parse().expect("a name")), ..plain() },
        &["tanh", "leave --activation out"],
    );
    refused(
        "vanilla_relu.pth",
        Options { task: Some("song2016/mante".into()), ..plain() },
        &["the network has 3 inputs", "has 6"],
    );
    refused("vanilla_relu.pth", Options { task: Some("song2016/rdm".into()), ..plain() }, &["unknown task"]);
}

#[test]
fn neuralrnn_models_without_counterpart_are_refused() {
    let source = path("neuralrnn_ei");
    let config: serde_json::Value =
        serde_json::from_slice(&fs::read(source.join("config.json")).expect("a file")).expect("JSON");
    for (name, value, words) in [
        ("nonlinearity_mode", "rate".into(), &["`nonlinearity_mode` = rate", "reads the state"][..]),
        ("model_type", "lowrank_rnn".into(), &["`lowrank_rnn`", "multiarea_rnn"]),
        ("activation", "gelu".into(), &["gelu", "softplus"]),
        ("noise_scaling", "cubic".into(), &["`noise_scaling` = cubic"]),
        ("cubic_damping", 0.1.into(), &["`cubic_damping`", "no counterpart"]),
        ("latent_dim", 11.into(), &["`latent_dim` is 11", "have 10"]),
        ("readout_e_only", false.into(), &["reads 8 of 10 units"]),
        ("area_sizes", serde_json::json!([4, 5]), &["`area_sizes`", "sum to its 10 units"]),
        ("area_sizes", "two".into(), &["`area_sizes`", "a list"]),
        ("dale", false.into(), &["dale_mask", "do not belong together"]),
        ("alpha", 1.5.into(), &["1.5", "(0, 1]"]),
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut config = config.clone();
        config[name] = value;
        fs::write(folder.path().join("config.json"), config.to_string()).expect("a file");
        fs::copy(source.join("model.safetensors"), folder.path().join("model.safetensors")).expect("a copy");
        let message = refusal(folder.path(), &plain());
        words.iter().for_each(|word| assert!(message.contains(word), "{name}: no `{word}` in: {message}"));
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert!(refusal(folder.path(), &plain()).contains("directory without config.json"));
    fs::write(folder.path().join("config.json"), "{").expect("a file");
    assert!(refusal(folder.path(), &plain()).contains("neither model.safetensors nor model.pt"));
    fs::copy(source.join("model.safetensors"), folder.path().join("model.safetensors")).expect("a copy");
    assert!(refusal(folder.path(), &plain()).contains("damaged config.json"));
    fs::remove_file(folder.path().join("config.json")).expect("removed");
    assert!(refusal(folder.path(), &plain()).contains("needs no import"));
}

#[test]
fn arrays_of_psychrnn_that_are_none_of_its_own_are_refused_by_name() {
    let options = Options { dt: Some(10.0), tau: Some(100.0), ..plain() };
    let spoil = |changes: &[(&str, Option<Vec<u8>>)]| rezipped("psychrnn_dale.npz", changes);
    let w_in = member("psychrnn_dale.npz", "W_in.npy");
    assert_refused("extra.npz", &spoil(&[("W_fb.npy", Some(w_in.clone()))]), &options, &["`W_fb`", "no counterpart"]);
    assert_refused("text.npz", &spoil(&[("note.txt", Some(b"hello".to_vec()))]), &options, &["`note.txt`"]);
    assert_refused("lost.npz", &spoil(&[("W_out.npy", None)]), &options, &["`W_out`", "missing"]);
    assert_refused("bias.npz", &spoil(&[("b_rec.npy", Some(w_in.clone()))]), &options, &["`b_rec`", "[10, 3]", "[10]"]);
    assert_refused(
        "dale.npz",
        &spoil(&[("Dale_rec.npy", Some(member("psychrnn_dale.npz", "W_rec.npy")))]),
        &options,
        &["`Dale_rec`", "diagonal"],
    );
    let huge = replaced(&w_in, b"(10, 3), ", b"(9999999999, 3), ");
    assert!(huge.len() > w_in.len());
    // The header has its length in front; the longer shape takes the place of padding.
    let huge = replaced(&huge, b"         \n", b"\n");
    assert_refused("huge.npz", &spoil(&[("W_in.npy", Some(huge))]), &options, &["`W_in`"]);
    let mask =
        replaced(&member("psychrnn_dale.npz", "rec_connectivity.npy"), &1.0_f32.to_le_bytes(), &0.5_f32.to_le_bytes());
    assert_refused(
        "mask.npz",
        &spoil(&[("rec_connectivity.npy", Some(mask))]),
        &options,
        &["`rec_connectivity`", "0.5", "0 or 1"],
    );
}

#[test]
fn keyword_arguments_beside_a_network_that_has_none_are_refused() {
    // {'model_state_dict': the state_dict, 'kwargs': {}}
    let state_dict = member("torch_rnn.pth", "torch_rnn/data.pkl");
    let body = &state_dict[2..state_dict.len() - 1];
    let text = |text: &str| [&b"X"[..], &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    let pickle = [b"\x80\x02}(", &text("model_state_dict")[..], body, &text("kwargs"), b"}u."].concat();
    let file = rezipped("torch_rnn.pth", &[("torch_rnn/data.pkl", Some(pickle))]);
    assert_refused("wrapped.pth", &file, &plain(), &["`kwargs`", "--activation"]);
}

#[test]
fn masks_that_are_no_numbers_are_refused_by_name() {
    let options = Options { dt: Some(10.0), tau: Some(100.0), ..plain() };
    let mask = member("psychrnn_dale.npz", "rec_connectivity.npy");
    let nan = replaced(&mask, &1.0_f32.to_le_bytes(), &f32::NAN.to_le_bytes());
    assert_refused(
        "nan.npz",
        &rezipped("psychrnn_dale.npz", &[("rec_connectivity.npy", Some(nan))]),
        &options,
        &["`rec_connectivity`", "NaN"],
    );
}

#[test]
fn settings_of_pycog_of_another_type_are_refused_by_name() {
    let whole = fs::read(path("pycog_python3.pkl")).expect("a file");
    // True becomes an empty list.
    let spoiled = replaced(&whole, b"train_x0\x94\x88", b"train_x0\x94]");
    assert_refused("settings.pkl", &spoiled, &plain(), &["train_x0", "boolean"]);
}

#[test]
fn no_damage_to_a_file_ends_in_a_panic() {
    for name in ["torch_rnn.pth", "original.pth", "psychrnn_plain.npz", "pycog.pkl"] {
        let whole = fs::read(path(name)).expect("a file");
        let options = Options { dt: Some(10.0), tau: Some(100.0), ..plain() };
        let mut state = 1_u64;
        for _ in 0..300 {
            // xorshift; where and what to damage.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let mut bytes = whole.clone();
            let place = state as usize % bytes.len();
            bytes[place] = (state >> 32) as u8;
            bytes[(place * 7 + 13) % whole.len()] ^= 1 << (state % 8);
            let _ = check(&bytes, &options);
            let _ = check(&whole[..place], &options);
        }
    }
}

#[test]
fn a_checkpoint_of_this_program_needs_no_import() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models/zoo/song2016-rdm-ei/model.safetensors");
    assert!(refusal(&file, &plain()).contains("needs no import"), "{}", refusal(&file, &plain()));
}
