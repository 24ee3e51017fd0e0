//! What `nn4n export` writes comes back: the same network to the bit, or what was made of it elsewhere.

use std::{collections::BTreeMap, fs, path::Path};

use candle_core::{DType, Device, Tensor};
use nn4n::{
    Checkpoint,
    checkpoint::{FORMAT, Header, ImportedFrom, Provenance, TaskRecord, TrainRecord},
    export::{self, export},
    import::{Format, Imported, Options, import},
    models::{
        Activation, Area, Bias, Ctrnn, Dale, FixedSynapse, Form, LayerConfig, LearnTau, MatrixConfig, ModelConfig,
        PerUnit, Plastic, Readout, Start, Values,
    },
    zoo,
};

use super::fixture::{arrays, distance, imported};

/// A checkpoint of a fresh network, as one that was saved.
fn checkpoint(config: &ModelConfig, dtype: DType) -> Checkpoint {
    let tensors = Ctrnn::init(config, 3, dtype, &Device::Cpu).and_then(|network| network.tensors()).expect("a network");
    let names = |count: usize, kind: &str| (0..count).map(|place| format!("{kind} \"{place}\"")).collect();
    let task = TaskRecord {
        id: "own/task".into(),
        version: 1,
        parameters: serde_json::json!({ "dt": config.dt }),
        inputs: names(config.inputs, "input"),
        outputs: names(config.outputs, "output"),
    };
    let header = Header {
        format: FORMAT,
        model: config.clone().completed(),
        task,
        train: TrainRecord { settings: serde_json::json!({ "updates": 7 }), updates: 7, validations: Vec::new() },
        seed: 3,
        metrics: BTreeMap::from([("performance".into(), 0.1 + 0.2)]),
        provenance: Provenance {
            program: "nn4n".into(),
            platform: None,
            device: None,
            init: None,
            imported: None,
            altered: Vec::new(),
            citations: Vec::new(),
        },
    };
    Checkpoint { header, tensors }
}

/// What an export of the network is read as; `None` if the format refuses it.
fn through(checkpoint: &Checkpoint, format: export::Format) -> Option<Imported> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(format.name());
    match export(checkpoint, format) {
        Ok(bytes) => fs::write(&file, bytes).expect("a file"),
        Err(error) => {
            assert!(error.to_string().contains("export to"), "{error}");
            return None;
        }
    }
    Some(import(&file, &Options::default()).unwrap_or_else(|error| panic!("{}: {error}", format.name())))
}

/// The bytes of the file that a checkpoint is saved as.
fn saved(checkpoint: &Checkpoint) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("model.safetensors");
    checkpoint.save(&file).expect("a file");
    fs::read(file).expect("a file")
}

/// The formats that are read again.
const FORMATS: [export::Format; 3] = [export::Format::Npz, export::Format::Torch, export::Format::Nn4n];

#[test]
fn every_export_of_every_network_of_the_zoo_comes_back_to_the_bit() {
    let mut came_back = BTreeMap::new();
    for files in zoo::ALL {
        let checkpoint = zoo::open(files.id).expect(files.id);
        for format in FORMATS {
            let Some(found) = through(&checkpoint, format) else { continue };
            assert_eq!(found.format, Format::Export, "{}, {}", files.id, format.name());
            assert_eq!(found.checkpoint.header, checkpoint.header, "{}, {}", files.id, format.name());
            assert!(saved(&found.checkpoint) == saved(&checkpoint), "{}, {}", files.id, format.name());
            assert!(found.notes.is_empty(), "{:?}", found.notes);
            *came_back.entry(format.name()).or_insert(0) += 1;
        }
    }
    let all = zoo::ALL.len();
    assert_eq!((came_back["npz"], came_back["torch"]), (all, all));
    assert!(came_back["nn4n"] > 0, "{came_back:?}");
}

/// Networks that together have everything that a file must say.
fn networks() -> Vec<(&'static str, ModelConfig, DType)> {
    let fixed = FixedSynapse { post: 2, pre: 0, weight: 0.4 };
    let each = Plastic::Each((0..12).map(|post| vec![if post < 6 { 0.5 } else { 1.0 }; 3]).collect());
    let tau = PerUnit::ByUnit { units: (0..12).map(|unit| 20.1 + 7.3 * f64::from(unit)).collect() };
    let start = Start::Constant(Values::Each((0..12).map(|unit| 0.1 * f64::from(unit) - 0.3).collect()));
    let matrix = MatrixConfig::default;
    let discrete = ModelConfig::vanilla(3, 12, 2).tau(20.0).autapses(true).sigma_rec(0.0);
    vec![
        ("ei", ModelConfig::ei(3, 12, 2).density(0.4).dale(Dale::Clamped), DType::F32),
        ("double", ModelConfig::ei(3, 12, 2).b_rec(Bias::Trained(Values::All(0.1))), DType::F64),
        (
            "masks",
            ModelConfig::ei(3, 12, 2)
                .w_in(MatrixConfig { plastic: each, ..matrix() })
                .w_rec(MatrixConfig { fixed: vec![fixed], ..matrix() })
                .w_out(MatrixConfig { plastic: Plastic::All(0.0), ..matrix() }),
            DType::F32,
        ),
        (
            "areas",
            ModelConfig::multi_area(3, 2, [Area::ei("v1", 6, 0.5), Area::new("pfc", 6)])
                .feedforward(0.5)
                .activation(Activation::Softplus),
            DType::F32,
        ),
        (
            "time constants",
            ModelConfig::vanilla(3, 12, 2).tau(tau).learn_tau(LearnTau::PerUnit).start(start).sigma_rec(0.0),
            DType::F32,
        ),
        ("rate", ModelConfig::vanilla(3, 12, 2).form(Form::Rate).readout(Readout::Softmax), DType::F32),
        ("no inputs", ModelConfig::vanilla(0, 12, 2), DType::F32),
        ("torch.nn.RNN", discrete.clone().activation(Activation::Tanh), DType::F32),
        (
            "torch.nn.RNN from other rates",
            discrete.form(Form::Rate).start(Start::Trained(Values::All(0.2))),
            DType::F64,
        ),
        (
            "stacked",
            ModelConfig::stacked(3, 2, [LayerConfig::new("below", 5).tau(50.0), LayerConfig::ei("above", 5, 0.8)]),
            DType::F32,
        ),
    ]
}

#[test]
fn every_kind_of_network_comes_back_to_the_bit_or_is_refused_by_name() {
    for (name, config, dtype) in networks() {
        let checkpoint = checkpoint(&config, dtype);
        for format in FORMATS {
            let Some(found) = through(&checkpoint, format) else {
                assert_ne!(format, export::Format::Npz, "{name}");
                continue;
            };
            assert_eq!(found.checkpoint.header, checkpoint.header, "{name}, {}", format.name());
            assert!(saved(&found.checkpoint) == saved(&checkpoint), "{name}, {}", format.name());
        }
    }
}

#[test]
fn options_may_repeat_what_an_export_says_but_not_contradict_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("net.npz");
    let checkpoint = checkpoint(&ModelConfig::ei(3, 12, 2), DType::F32);
    fs::write(&file, export(&checkpoint, export::Format::Npz).expect("arrays")).expect("a file");
    let said = Options {
        form: Some(Form::Current),
        activation: Some(Activation::Relu),
        dt: Some(20.0),
        tau: Some(100.0),
        ..Options::default()
    };
    assert_eq!(import(&file, &said).expect("a network").checkpoint.header, checkpoint.header);
    for (options, flag) in [
        (Options { form: Some(Form::Rate), ..said.clone() }, "--form"),
        (Options { dt: Some(10.0), ..said.clone() }, "--dt"),
        (Options { tau: Some(50.0), ..said.clone() }, "--tau"),
        (Options { activation: Some(Activation::Tanh), ..said }, "--activation"),
    ] {
        let message = import(&file, &options).expect_err(flag).to_string();
        assert!(message.contains(&format!("leave {flag} out")), "{message}");
    }
}

/// The arrays of an `.npz` with one changed.
fn changed(bytes: Vec<u8>, name: &str, change: impl Fn(&mut f32)) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("net.npz");
    fs::write(&file, bytes).expect("a file");
    let mut archive = zip::ZipArchive::new(fs::File::open(&file).expect("a file")).expect("an archive");
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    for member in names {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut archive.by_name(&member).expect("a member"), &mut bytes).expect("its bytes");
        if member == format!("{name}.npy") {
            let start = bytes.iter().position(|byte| *byte == b'\n').expect("a header") + 1;
            for number in bytes[start..].as_chunks_mut::<4>().0 {
                let mut value = f32::from_le_bytes(*number);
                change(&mut value);
                *number = value.to_le_bytes();
            }
        }
        writer.start_file(member, zip::write::SimpleFileOptions::default()).expect("a member");
        std::io::Write::write_all(&mut writer, &bytes).expect("its bytes");
    }
    writer.finish().expect("an archive").into_inner()
}

#[test]
fn a_network_that_was_changed_elsewhere_keeps_its_constraints_and_no_results_of_the_one_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("net.npz");
    let checkpoint = checkpoint(&ModelConfig::ei(3, 12, 2), DType::F32);
    let bytes = export(&checkpoint, export::Format::Npz).expect("arrays");
    // Every weight, absent ones too, moves against excitation.
    fs::write(&file, changed(bytes, "w_rec", |weight| *weight -= 0.05)).expect("a file");
    let found = import(&file, &Options::default()).expect("a network");
    let header = &found.checkpoint.header;
    assert!(header.metrics.is_empty() && header.train.updates == 0, "{header:?}");
    let source = ImportedFrom { format: "nn4n-export".into(), file: "net.npz".into() };
    assert_eq!((&header.provenance.imported, &header.model), (&Some(source), &checkpoint.header.model));
    assert!(found.notes.iter().any(|note| note.contains("w_rec") && note.contains("cell type")), "{:?}", found.notes);
    let rows = |checkpoint: &Checkpoint| checkpoint.tensors["w_rec"].to_vec2::<f32>().expect("weights");
    let (before, after) = (rows(&checkpoint), rows(&found.checkpoint));
    for (post, pre) in (0..12).flat_map(|post| (0..12).map(move |pre| (post, pre))) {
        let wanted = match before[post][pre] - 0.05 {
            _ if post == pre => 0.0,
            weight if pre < 10 => weight.max(0.0),
            weight => weight.min(0.0),
        };
        assert_eq!(after[post][pre], wanted, "[{post}, {pre}]");
    }
}

/// `trained_module.pth` is what PyTorch 1.13 saved after 20 updates with Adam of a module that `nn4n export` wrote; the
/// arrays beside it are what the module answered there.
#[test]
fn what_pytorch_saved_after_training_the_module_is_read() {
    let found = imported("trained_module.pth", &Options::default());
    assert_eq!(found.format, Format::Export);
    let header = &found.checkpoint.header;
    assert_eq!((&header.task.id[..], header.model.dale), ("song2016/rdm_varstim", Dale::Clamped));
    assert!(header.metrics.is_empty() && header.provenance.imported.is_some(), "{header:?}");
    let golden = arrays("trained_module.npz");
    let network = found.checkpoint.network(&Device::Cpu).expect("a network");
    let inputs = golden["inputs"].to_dtype(DType::F32).expect("inputs");
    let trajectory = network.unroll(&inputs, None, None).expect("a trajectory");
    let of = |ours: &Tensor, name: &str| distance(ours, &golden[name]);
    let (rates, outputs) = (trajectory.rates().expect("rates"), trajectory.outputs);
    assert!(of(&rates, "rates") < 1e-5 && of(&outputs, "outputs") < 1e-5);
}

#[test]
fn a_state_dict_of_the_original_without_our_header_is_read_by_its_settings() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("net.safetensors");
    let config = ModelConfig::ei(3, 12, 2).dt(20.0).sigma_rec(0.1);
    let checkpoint = checkpoint(&config, DType::F32);
    fs::write(&file, export(&checkpoint, export::Format::Nn4n).expect("a file")).expect("a file");
    let options = Options { format: Some(Format::Nn4n), ..Options::default() };
    let found = import(&file, &options).expect("a network");
    let model = &found.checkpoint.header.model;
    assert_eq!((found.format, model.dt, model.excitatory_fraction), (Format::Nn4n, 20.0, Some(10.0 / 12.0)));
    let bits = |checkpoint: &Checkpoint| checkpoint.tensors["w_rec"].to_vec2::<f32>().expect("weights");
    assert_eq!(bits(&found.checkpoint), bits(&checkpoint));
}

/// Arrays that nobody's program wrote.
fn npz(path: &Path, numbers: &[(&str, Vec<f32>, &[usize])]) {
    let mut file = ndarray_npy::NpzWriter::new(fs::File::create(path).expect("a file"));
    for (name, values, shape) in numbers {
        let array = ndarray::ArrayD::from_shape_vec(shape.to_vec(), values.clone()).expect("an array");
        file.add_array(*name, &array).expect("an array");
    }
    file.finish().expect("a file");
}

#[test]
fn plain_arrays_become_a_network_with_what_the_flags_add() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("net.npz");
    let w_rec = vec![0.0, -0.5, 0.3, 0.25, 0.0, 0.1, 0.2, -0.75, 0.0];
    let mut given = vec![
        ("w_rec", w_rec.clone(), &[3_usize, 3][..]),
        ("w_in", vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[3, 2]),
        ("w_out", vec![0.5, 0.0, 0.25], &[1, 3]),
        ("b_rec", vec![0.1, 0.0, -0.1], &[3]),
        ("x0", vec![0.0, 0.2, 0.0], &[3]),
    ];
    npz(&file, &given);
    let all = Options {
        form: Some(Form::Rate),
        activation: Some(Activation::Tanh),
        dt: Some(5.0),
        tau: Some(50.0),
        ..Options::default()
    };
    let found = import(&file, &all).expect("a network");
    let model = &found.checkpoint.header.model;
    assert_eq!((found.format, model.form, model.dt, &model.tau), (Format::Arrays, Form::Rate, 5.0, &50.0.into()));
    assert_eq!(model.start, Start::Constant(Values::Each(vec![0.0, f64::from(0.2_f32), 0.0])));
    let bits = |name: &str| found.checkpoint.tensors[name].flatten_all().and_then(|t| t.to_vec1::<f32>()).expect(name);
    assert_eq!((bits("w_rec"), bits("w_in")), (w_rec, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));

    let refused = |options: &Options, words: &[&str]| {
        let message = import(&file, options).expect_err(words[0]).to_string();
        words.iter().for_each(|word| assert!(message.contains(word), "no `{word}` in {message}"));
    };
    refused(&Options::default(), &["--form current --activation relu --dt 20 --tau 100"]);
    refused(&Options { tau: None, ..all.clone() }, &["as in --tau 100"]);
    given[1].2 = &[2, 3];
    npz(&file, &given);
    refused(&all, &["`w_in`", "(units, inputs)", "transpose"]);
    given[1].2 = &[3, 2];
    given.push(("cell_types", vec![1.0, 1.0, -1.0], &[3]));
    npz(&file, &given);
    refused(&all, &["`w_rec` is -0.5 at [0, 1]", "other sign"]);
    given[5] = ("connectivity.w_rec", vec![0.0; 9], &[3, 3]);
    npz(&file, &given);
    refused(&all, &["`w_rec`", "no synapse"]);
    given[5] = ("w_feedback", vec![0.0; 9], &[3, 3]);
    npz(&file, &given);
    refused(&all, &["`w_feedback`", "no counterpart"]);
    given[5] = ("cell_types", vec![0.0; 3], &[3]);
    given.push(("tau", vec![10.0, 20.0, 30.0], &[3]));
    given.push(("dt", vec![5.0], &[]));
    npz(&file, &given);
    refused(&Options { dt: Some(1.0), ..all.clone() }, &["leave --dt out"]);
    let found = import(&file, &Options { tau: None, ..all }).expect("a network");
    assert_eq!(found.checkpoint.header.model.tau, PerUnit::ByUnit { units: vec![10.0, 20.0, 30.0] });
}
