//! Networks in other programs' formats answer there as they do here.

use std::{collections::BTreeMap, fs, path::Path};

use candle_core::{DType, Device};
use ndarray::{Array2, Array3, Ix2, Ix3};
use ndarray_npy::NpzWriter;
use nn4n::{
    Checkpoint, Recording,
    checkpoint::{FORMAT, Header, Provenance, TaskRecord, TrainRecord},
    export::{Format, export},
    models::{
        Activation, Area, Bias, CellType, Ctrnn, Dale, Density, FixedSynapse, Form, Init, LayerConfig, LearnTau,
        MatrixConfig, ModelConfig, NoiseKey, NoiseScaling, PerUnit, Plastic, Readout, SignRule, Start, Values,
    },
    simulate::Simulation,
    tasks::NpzFile,
};

const STEPS: usize = 40;

/// The checkpoint of a fresh network.
fn checkpoint(config: &ModelConfig, dtype: DType) -> Checkpoint {
    let tensors = Ctrnn::init(config, 3, dtype, &Device::Cpu).and_then(|network| network.tensors()).expect("a network");
    let names = |count: usize, kind: &str| (0..count).map(|place| format!("{kind}_{place}")).collect();
    let task = TaskRecord {
        id: "own/task".into(),
        version: 1,
        parameters: serde_json::json!({}),
        inputs: names(config.inputs, "input"),
        outputs: names(config.outputs, "output"),
    };
    let header = Header {
        format: FORMAT,
        model: config.clone(),
        task,
        train: TrainRecord { settings: serde_json::json!({}), updates: 0, validations: Vec::new() },
        seed: 3,
        metrics: BTreeMap::new(),
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

/// Inputs between -1 and 1.
fn inputs(config: &ModelConfig) -> Array3<f32> {
    Array3::from_shape_fn((3, STEPS, config.inputs), |(trial, step, channel)| {
        (0.31 * step as f32 + 1.7 * trial as f32 + channel as f32).sin()
    })
}

fn write_npz(path: &Path, inputs: &Array3<f32>, x0: Option<&Array2<f32>>) {
    let mut file = NpzWriter::new(fs::File::create(path).expect("a file"));
    file.add_array("inputs", inputs).expect("an array");
    x0.into_iter().for_each(|x0| file.add_array("x0", x0).expect("an array"));
    file.finish().expect("a file");
}

fn here(checkpoint: &Checkpoint, inputs: &Array3<f32>, x0: Option<&Array2<f32>>) -> Recording {
    let network = checkpoint.network(&Device::Cpu).expect("a network");
    let simulation = Simulation::new(&network);
    let simulation = x0.map_or(Ok(simulation.clone()), |x0| simulation.x0(x0)).expect("a start state");
    simulation.record(inputs).expect("a recording")
}

/// Two recordings agree to 1e-5 of the larger of 1 and the number.
fn assert_agree(name: &str, here: &Array3<f32>, there: &Array3<f32>) {
    assert_eq!(here.dim(), there.dim(), "{name}");
    let varies = here.iter().any(|value| (value - here[[0, 0, 0]]).abs() > 1e-3);
    assert!(varies, "{name}: nothing happens in this network");
    for (here, there) in here.iter().zip(there) {
        assert!((here - there).abs() <= 1e-5 * here.abs().max(1.0), "{name}: {here} here, {there} there");
    }
}

/// Networks that together have every option of the dynamics.
fn networks() -> Vec<(String, ModelConfig)> {
    let matrix = |init| MatrixConfig { init: Some(init), ..MatrixConfig::default() };
    let vanilla = ModelConfig::vanilla(3, 24, 2)
        .w_in(matrix(Init::UniformRange(0.8)))
        .w_rec(MatrixConfig { spectral_radius: Some(0.9), ..matrix(Init::Normal(1.0)) })
        .w_out(matrix(Init::UniformRange(0.5)))
        .b_rec(Bias::Trained(Values::All(0.05)))
        .b_out(Bias::Constant(Values::Each(vec![0.1, -0.2])));
    let discrete = vanilla.clone().tau(20.0).autapses(true).sigma_rec(0.0).start(Start::Constant(Values::All(0.2)));
    let areas = [Area::ei("one", 12, 0.75), Area::ei("two", 8, 0.5)];
    let mut networks = vec![
        ("ei".into(), ModelConfig::ei(3, 30, 2).w_in(matrix(Init::UniformRange(0.5)))),
        ("ei, clamped".into(), ModelConfig::ei(3, 30, 2).dale(Dale::Clamped).density(0.4)),
        (
            "areas".into(),
            ModelConfig::multi_area(3, 2, areas)
                .feedforward(Density::excitatory(0.5))
                .feedback(0.3)
                .b_rec(Bias::Trained(Values::All(0.1))),
        ),
        ("rate form".into(), vanilla.clone().form(Form::Rate).activation(Activation::Softplus)),
        ("blend form".into(), vanilla.clone().form(Form::Blend).activation(Activation::Tanh)),
        (
            "blend form, rectified, from below zero".into(),
            vanilla.clone().form(Form::Blend).start(Start::Constant(Values::All(-0.4))),
        ),
        (
            "time constants".into(),
            vanilla.clone().tau(PerUnit::ByUnit { units: (0..24).map(|unit| 20.0 + 5.0 * f64::from(unit)).collect() }),
        ),
        ("sigmoid readout".into(), vanilla.clone().readout(Readout::Sigmoid)),
        ("softmax readout".into(), vanilla.clone().readout(Readout::Softmax)),
        (
            "start".into(),
            vanilla
                .clone()
                .start(Start::Constant(Values::Each((0..24).map(|unit| 0.1 * f64::from(unit) - 1.0).collect()))),
        ),
        ("discrete relu".into(), vanilla.clone().tau(20.0).start(Start::Constant(Values::All(-0.4)))),
        ("an RNN of PyTorch".into(), discrete.clone().start(Start::Zero)),
        ("an RNN of PyTorch, rate form".into(), discrete.activation(Activation::Tanh).form(Form::Rate)),
        ("discrete tanh, rate form".into(), vanilla.clone().tau(20.0).activation(Activation::Tanh).form(Form::Rate)),
        ("discrete relu, blend form".into(), vanilla.clone().tau(20.0).form(Form::Blend)),
    ];
    let activations: Vec<Activation> =
        ["linear", "relu", "leaky_relu(0.1)", "tanh", "sigmoid", "retanh", "softplus", "power(1.5)"]
            .map(|name| name.parse().expect("an activation"))
            .to_vec();
    for activation in &activations {
        networks.push((activation.to_string(), vanilla.clone().activation(*activation)));
    }
    let mixed = activations.iter().cycle().take(12).chain(&[Activation::Tanh; 12]).copied().collect();
    networks.push(("an activation for each unit".into(), vanilla.activation(PerUnit::ByUnit { units: mixed })));
    networks
}

#[test]
fn the_numpy_program_answers_as_the_network_does() {
    let Some(python) = crate::python::interpreter("the_numpy_program_answers_as_the_network_does") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let [program, given, out] = ["net.py", "in.npz", "out.npz"].map(|name| folder.path().join(name));
    let compare = |name: &str, checkpoint: &Checkpoint, x0: Option<&Array2<f32>>| {
        fs::write(&program, export(checkpoint, Format::Numpy).expect(name)).expect("a program");
        let inputs = inputs(&checkpoint.header.model);
        write_npz(&given, &inputs, x0);
        crate::python::run(&python, &program.to_string_lossy(), &[&given, &out]);
        let (here, there) = (here(checkpoint, &inputs, x0), Recording::load(&out).expect(name));
        assert_agree(name, &here.states, &there.states);
        assert_agree(name, &here.rates, &there.rates);
        assert_agree(name, &here.outputs, &there.outputs);
    };
    for (name, config) in networks() {
        compare(&name, &checkpoint(&config, DType::F32), None);
    }
    let vanilla = networks().pop().expect("a network").1;
    compare("in f64", &checkpoint(&vanilla, DType::F64), None);
    let x0 = Array2::from_shape_fn((3, 24), |(trial, unit)| 0.3 * trial as f32 - 0.02 * unit as f32);
    compare("from other states", &checkpoint(&vanilla, DType::F32), Some(&x0));
    let alone = ModelConfig::vanilla(0, 10, 1).activation(Activation::Tanh).autapses(true);
    let alone = alone.w_rec(MatrixConfig {
        init: Some(Init::Normal(1.0)),
        spectral_radius: Some(2.0),
        ..MatrixConfig::default()
    });
    compare("without inputs", &checkpoint(&alone, DType::F32), None);
    let layers = [
        LayerConfig::new("first", 9).tau(40.0).activation(Activation::Tanh).b_rec(Bias::Trained(Values::All(0.1))),
        LayerConfig::ei("second", 10, 0.8).start(Start::Constant(Values::All(0.3))),
        LayerConfig::new("third", 6)
            .activation(PerUnit::ByUnit { units: [[Activation::Softplus; 3], [Activation::Tanh; 3]].concat() }),
    ];
    for form in Form::ALL {
        compare("stacked", &checkpoint(&ModelConfig::stacked(3, 2, layers.clone()).form(form), DType::F32), None);
    }
}

#[test]
fn the_noise_of_the_numpy_program_is_as_strong_as_here() {
    let Some(python) = crate::python::interpreter("the_noise_of_the_numpy_program_is_as_strong_as_here") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let silent = || MatrixConfig { init: Some(Init::Zero), ..MatrixConfig::default() };
    let independent = ModelConfig::vanilla(1, 60, 1).w_rec(silent()).start(Start::Zero).activation(Activation::Linear);
    let sigmas = PerUnit::ByUnit { units: (0..60).map(|unit| if unit < 30 { 0.2 } else { 0.6 }).collect() };
    for (form, scaling) in
        Form::ALL.into_iter().flat_map(|form| [(form, NoiseScaling::Continuous), (form, NoiseScaling::PerStep)])
    {
        let config =
            independent.clone().form(form).noise_scaling(scaling).sigma_rec(sigmas.clone()).sigma_post(0.3).tau(50.0);
        let checkpoint = checkpoint(&config, DType::F32);
        let [program, given, out] = ["net.py", "in.npz", "out.npz"].map(|name| folder.path().join(name));
        fs::write(&program, export(&checkpoint, Format::Numpy).expect("a program")).expect("a program");
        let inputs = Array3::zeros((8, 200, 1));
        write_npz(&given, &inputs, None);
        crate::python::run(
            &python,
            &program.to_string_lossy(),
            &[&given, &out, Path::new("--noise-seed"), Path::new("1")],
        );
        let network = checkpoint.network(&Device::Cpu).expect("a network");
        let here = Simulation::new(&network).noise(NoiseKey::new(1, 0)).record(&inputs).expect("a recording");
        let there = Recording::load(&out).expect("a recording");
        for units in [0..30, 30..60] {
            // 48,000 numbers, a tenth of them independent: the standard deviation has a standard error of 1 %.
            let deviation = |array: &Array3<f32>| array.slice(ndarray::s![.., 50.., units.clone()]).std(0.0);
            for (here, there) in [(&here.states, &there.states), (&here.rates, &there.rates)] {
                let (here, there) = (deviation(here), deviation(there));
                assert!((here / there - 1.0).abs() < 0.05, "{form:?}, {scaling:?}: {here} here, {there} there");
            }
        }
    }
}

#[test]
fn names_in_a_checkpoint_are_never_run_as_python() {
    let Some(python) = crate::python::interpreter("names_in_a_checkpoint_are_never_run_as_python") else { return };
    let hostile = "\"\"\"\n'''\nimport os; os._exit(7) # \\\" {{STEP}} \u{2028}\r\t\u{0}é";
    let mut checkpoint = checkpoint(&ModelConfig::vanilla(1, 4, 1), DType::F32);
    checkpoint.header.task.id = hostile.into();
    checkpoint.header.task.inputs = vec![hostile.into()];
    checkpoint.header.task.outputs = vec![hostile.into()];
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("net.py");
    fs::write(&program, export(&checkpoint, Format::Numpy).expect("a program")).expect("a program");
    fs::write(
        folder.path().join("show.py"),
        "import json, net\nprint(json.dumps([net.TASK, *net.INPUTS, *net.OUTPUTS]))",
    )
    .expect("a program");
    let output = crate::python::run(&python, &folder.path().join("show.py").to_string_lossy(), &[]);
    let names: Vec<String> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(names, [hostile; 3]);
}

#[test]
fn the_torch_module_answers_as_the_network_does() {
    let Some(python) = crate::python::interpreter("the_torch_module_answers_as_the_network_does") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let [file, given, out] = ["net.safetensors", "in.npz", "out.npz"].map(|name| folder.path().join(name));
    let mut are_rnns = Vec::new();
    for (name, config) in networks() {
        let checkpoint = checkpoint(&config, DType::F32);
        let bytes = export(&checkpoint, Format::Torch).expect("a file");
        if safetensors::SafeTensors::deserialize(&bytes).expect("a safetensors file").tensor("rnn.weight_hh_l0").is_ok()
        {
            are_rnns.push(name.clone());
        }
        fs::write(&file, bytes).expect("a file");
        let inputs = inputs(&config);
        write_npz(&given, &inputs, None);
        crate::python::run(&python, "torch_module.py", &[&file, &given, &out]);
        let (here, there) = (here(&checkpoint, &inputs, None), Recording::load(&out).expect("a recording"));
        assert_agree(&name, &here.rates, &there.rates);
        assert_agree(&name, &here.outputs, &there.outputs);
    }
    assert_eq!(are_rnns, ["an RNN of PyTorch", "an RNN of PyTorch, rate form"]);
}

/// Networks that the original nn4n has, too.
fn originals() -> Vec<(&'static str, ModelConfig)> {
    let areas = [Area::ei("one", 10, 0.8), Area::ei("two", 10, 0.8)];
    let fixed = FixedSynapse { post: 2, pre: 0, weight: 0.4 };
    let frozen = MatrixConfig { plastic: Plastic::All(0.0), ..MatrixConfig::default() };
    vec![
        ("vanilla", ModelConfig::vanilla(3, 20, 2).activation(Activation::Tanh).sigma_post(0.1)),
        (
            "ei",
            ModelConfig::ei(3, 20, 2)
                .density(0.5)
                .b_rec(Bias::Trained(Values::All(0.1)))
                .b_out(Bias::Trained(Values::All(-0.1))),
        ),
        (
            "areas",
            ModelConfig::multi_area(3, 2, areas)
                .feedforward(Density::excitatory(0.5))
                .feedback(0.2)
                .activation(Activation::Retanh),
        ),
        (
            "learned time constants",
            ModelConfig::vanilla(3, 20, 2).learn_tau(LearnTau::PerUnit).activation(Activation::Sigmoid),
        ),
        (
            "frozen",
            ModelConfig::ei(3, 20, 2)
                .w_in(frozen)
                .w_rec(MatrixConfig { fixed: vec![fixed], ..MatrixConfig::default() }),
        ),
    ]
}

#[test]
fn the_original_would_answer_as_the_network_does() {
    let Some(python) = crate::python::interpreter("the_original_would_answer_as_the_network_does") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let [file, given, out] = ["net.safetensors", "in.npz", "out.npz"].map(|name| folder.path().join(name));
    for (name, config) in originals() {
        let checkpoint = checkpoint(&config, DType::F32);
        fs::write(&file, export(&checkpoint, Format::Nn4n).expect(name)).expect("a file");
        let inputs = inputs(&config);
        write_npz(&given, &inputs, None);
        crate::python::run(&python, "original.py", &[&file, &given, &out]);
        let (here, there) = (here(&checkpoint, &inputs, None), Recording::load(&out).expect("a recording"));
        assert_agree(name, &here.rates, &there.rates);
        assert_agree(name, &here.outputs, &there.outputs);
    }
}

fn keyword_arguments(config: &ModelConfig) -> serde_json::Value {
    let bytes = export(&checkpoint(config, DType::F32), Format::Nn4n).expect("a file");
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).expect("a safetensors file");
    let mut network: serde_json::Value =
        serde_json::from_str(&header.metadata().as_ref().expect("metadata")["network"]).expect("JSON");
    network["kwargs"].take()
}

#[test]
fn the_keyword_arguments_of_the_original_say_what_the_network_is() {
    let kwargs: BTreeMap<&str, _> =
        originals().into_iter().map(|(name, config)| (name, keyword_arguments(&config))).collect();
    let vanilla = &kwargs["vanilla"];
    assert_eq!((&vanilla["dims"], &vanilla["activation"]), (&serde_json::json!([3, 20, 2]), &"tanh".into()));
    assert_eq!((&vanilla["biases"], &vanilla["postact_noise"]), (&serde_json::json!([null, null, null]), &0.1.into()));
    // alpha preact_noise = sqrt(2 alpha) sigma_rec, with alpha = 0.2 and sigma_rec = 0.15.
    assert!(
        (vanilla["preact_noise"].as_f64().expect("a number") - 0.4f64.sqrt() * 0.15 / 0.2).abs() < 1e-12,
        "{vanilla}"
    );
    // No autapses: the diagonal of the hidden mask is empty, and nothing else is masked.
    assert_eq!(
        (&vanilla["sparsity_masks"][0], &vanilla["sparsity_masks"][1][4][4]),
        (&serde_json::Value::Null, &0.into())
    );
    assert_eq!(vanilla["sparsity_masks"][1][4][5], 1);
    assert!(vanilla.get("ei_masks").is_none() && vanilla.get("plasticity_masks").is_none());
    let ei = &kwargs["ei"];
    assert_eq!(ei["biases"], serde_json::json!([null, "uniform", "uniform"]));
    // [pre][post]: 16 excitatory units, then 4 inhibitory ones, which the readout does not reach.
    assert_eq!((&ei["ei_masks"][1][15][0], &ei["ei_masks"][1][16][0]), (&1.into(), &(-1).into()));
    assert_eq!(
        (&ei["sparsity_masks"][2][15], &ei["sparsity_masks"][2][16]),
        (&serde_json::json!([1, 1]), &serde_json::json!([0, 0]))
    );
    assert_eq!(
        (&kwargs["learned time constants"]["learn_alpha"], &vanilla["learn_alpha"]),
        (&true.into(), &false.into())
    );
    let plastic = &kwargs["frozen"]["plasticity_masks"];
    assert_eq!((&plastic[0][0][0], &plastic[1][0][2], &plastic[1][0][3]), (&0.into(), &0.into(), &1.into()));
}

#[test]
fn a_network_of_the_original_is_given_back_as_it_was() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/tests/original/multi_area_ei.npz");
    let mut original = NpzFile::open(&path).expect("the fixture");
    let mut matrix = |name: &str| original.require(name).expect(name).into_dimensionality::<Ix2>().expect(name);
    let rows = |array: &Array2<f32>| {
        array.outer_iter().map(|row| row.iter().map(|value| f64::from(*value)).collect()).collect()
    };
    let mut layer = |name: &str| MatrixConfig {
        init: Some(Init::Array(rows(&matrix(&format!("{name}_layer.weight"))))),
        connectivity: Some(
            matrix(&format!("sparsity_masks.{name}"))
                .outer_iter()
                .map(|row| row.iter().map(|entry| *entry as u8).collect())
                .collect(),
        ),
        ..MatrixConfig::default()
    };
    let (w_in, w_rec, w_out) = (layer("input"), layer("hidden"), layer("readout"));
    let config =
        ModelConfig::multi_area(5, 3, [Area::ei("one", 20, 0.8), Area::ei("two", 30, 0.8), Area::ei("three", 14, 0.8)])
            .feedforward(1.0)
            .feedback(1.0)
            .projection("one", "three", 1.0)
            .projection("three", "one", 1.0)
            .dale(Dale::Clamped)
            .tau(100.0)
            .dt(10.0)
            .sigma_rec(0.0)
            .start(Start::Zero)
            .autapses(true)
            .w_in(MatrixConfig { signs: Some(SignRule::Free), ..w_in })
            .w_rec(w_rec)
            .w_out(w_out);
    let bytes = export(&checkpoint(&config, DType::F32), Format::Nn4n).expect("a file");
    let file = safetensors::SafeTensors::deserialize(&bytes).expect("a safetensors file");
    for (exported, name) in [
        ("recurrent_layer.input_layer", "input"),
        ("recurrent_layer.hidden_layer", "hidden"),
        ("readout_layer", "readout"),
    ] {
        let weight = matrix(&format!("{name}_layer.weight"));
        let tensor = file.tensor(&format!("{exported}.weight")).expect("a tensor");
        let numbers = tensor.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
        // The original's absent synapses are zeros of either sign.
        assert!(tensor.shape() == weight.shape() && numbers.eq(weight.iter().copied()), "{name}");
    }
    let kwargs = keyword_arguments(&config);
    for (place, name) in ["input", "hidden", "readout"].into_iter().enumerate() {
        let sparsity = matrix(&format!("sparsity_masks.{name}"));
        for ((post, pre), exists) in sparsity.indexed_iter() {
            assert_eq!(
                kwargs["sparsity_masks"][place][pre][post].as_f64(),
                Some(f64::from(*exists)),
                "{name}, [{pre}][{post}]"
            );
        }
        if name == "input" {
            continue;
        }
        // The sign of an absent synapse means nothing.
        let signs = matrix(&format!("ei_masks.{name}"));
        for ((post, pre), sign) in signs.indexed_iter().filter(|(place, _)| sparsity[*place] == 1.0) {
            assert_eq!(
                kwargs["ei_masks"][place][pre][post].as_f64(),
                Some(f64::from(*sign)),
                "{name}, [{pre}][{post}]"
            );
        }
    }
    assert_eq!(kwargs["ei_masks"][0], serde_json::Value::Null);
}

#[test]
fn what_the_original_cannot_express_is_refused_by_name() {
    let vanilla = || ModelConfig::vanilla(2, 6, 2);
    let areas = [Area::ei("typed", 3, 0.5), Area::new("untyped", 3)];
    let plastic = |value| MatrixConfig { plastic: Plastic::All(value), ..MatrixConfig::default() };
    let taus = PerUnit::ByUnit { units: vec![100.0, 100.0, 100.0, 50.0, 50.0, 50.0] };
    for (config, words) in [
        (vanilla().form(Form::Rate), "model.form"),
        (vanilla().form(Form::Blend), "model.form"),
        (vanilla().readout(Readout::Softmax), "model.readout"),
        (ModelConfig::vanilla(0, 6, 2), "model.inputs"),
        (vanilla().activation(Activation::Softplus), "model.activation"),
        (
            vanilla().activation(PerUnit::ByUnit { units: [[Activation::Relu; 3], [Activation::Tanh; 3]].concat() }),
            "model.activation",
        ),
        (vanilla().tau(taus), "model.tau"),
        (vanilla().sigma_rec(PerUnit::ByUnit { units: vec![0.1, 0.1, 0.1, 0.1, 0.1, 0.2] }), "model.sigma_rec"),
        (vanilla().sigma_post(PerUnit::ByUnit { units: vec![0.0, 0.0, 0.0, 0.0, 0.0, 0.1] }), "model.sigma_post"),
        (ModelConfig::multi_area(2, 2, areas), "the sign of w_rec"),
        (vanilla().w_rec(plastic(0.5)), "plastic"),
    ] {
        let message = export(&checkpoint(&config, DType::F32), Format::Nn4n).expect_err(words).to_string();
        assert!(message.starts_with(words) && message.contains("export to npz, torch or numpy"), "{words}: {message}");
    }
}

#[test]
fn the_arrays_are_those_of_the_checkpoint_under_the_same_names() {
    let config = ModelConfig::multi_area(3, 2, [Area::ei("one", 8, 0.75), Area::new("two", 4)]).feedforward(0.5);
    let checkpoint = checkpoint(&config, DType::F32);
    let bytes = export(&checkpoint, Format::Npz).expect("a file");
    let mut file = NpzFile::from_bytes(Path::new("net.npz"), bytes.clone()).expect("an archive");
    for name in checkpoint.tensors.keys().filter(|name| !name.starts_with("connectivity")) {
        assert_eq!(file.require(name).expect(name).view(), checkpoint.array::<f32>(name).expect(name).view(), "{name}");
    }
    assert!(file.require("alpha").expect("alpha").iter().all(|alpha| (alpha - 0.2).abs() < 1e-7));
    assert_eq!(
        file.require("cell_types").expect("cell types").as_slice(),
        Some(&[1., 1., 1., 1., 1., 1., -1., -1., 0., 0., 0., 0.][..])
    );
    assert_eq!(checkpoint.network(&Device::Cpu).expect("a network").units().cell_types[7], Some(CellType::Inhibitory));

    let Some(python) = crate::python::interpreter("the_arrays_are_those_of_the_checkpoint_under_the_same_names") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("net.npz");
    fs::write(&path, bytes).expect("a file");
    let output = crate::python::run(&python, "describe_npz.py", &[&path]);
    let described: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let whole = Header { model: checkpoint.header.model.clone().completed(), ..checkpoint.header.clone() };
    assert_eq!(described["header"], serde_json::to_value(whole).expect("JSON"));
    assert_eq!(described["area_names"], serde_json::json!(["one", "two"]));
    let wanted = [
        ("w_rec", "float32", vec![12, 12]),
        ("connectivity.w_in", "uint8", vec![12, 3]),
        ("areas", "int64", vec![12]),
        ("dt", "float64", vec![]),
    ];
    for (name, dtype, shape) in wanted {
        assert_eq!((&described[name]["dtype"], &described[name]["shape"]), (&dtype.into(), &shape.into()), "{name}");
    }
}

#[test]
fn every_layer_of_a_stacked_network_is_among_the_arrays_and_formats_of_one_layer_refuse_it() {
    let config = ModelConfig::stacked(2, 1, [LayerConfig::new("below", 4).tau(50.0), LayerConfig::ei("above", 5, 0.8)]);
    let checkpoint = checkpoint(&config, DType::F32);
    let bytes = export(&checkpoint, Format::Npz).expect("a file");
    let mut file = NpzFile::from_bytes(Path::new("net.npz"), bytes).expect("an archive");
    assert_eq!(file.require("layers.1.w_in").expect("weights").shape(), [5, 4]);
    let alpha = file.require("alpha").expect("alpha");
    assert!((alpha[[0]] - 0.4).abs() < 1e-7 && (alpha[[8]] - 0.2).abs() < 1e-7, "{alpha}");
    assert_eq!(file.require("areas").expect("areas").as_slice(), Some(&[0., 0., 0., 0., 1., 1., 1., 1., 1.][..]));
    for format in [Format::Torch, Format::Nn4n] {
        let message = export(&checkpoint, format).expect_err("a stacked network").to_string();
        assert!(message.starts_with("model.kind") && message.contains("export to npz"), "{message}");
    }
}

#[test]
fn a_recording_crosses_to_numpy_and_back() {
    let Some(python) = crate::python::interpreter("a_recording_crosses_to_numpy_and_back") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let [ours, theirs] = ["ours.npz", "theirs.npz"].map(|name| folder.path().join(name));
    let config = ModelConfig::vanilla(2, 7, 1);
    let recording = here(&checkpoint(&config, DType::F32), &inputs(&config), None);
    recording.save(&ours).expect("a file");
    crate::python::run(&python, "copy_npz.py", &[&ours, &theirs]);
    assert_eq!(Recording::load(&theirs).expect("NumPy's file"), recording);
    let rates = NpzFile::open(&theirs)
        .and_then(|mut file| file.require("rates"))
        .expect("rates")
        .into_dimensionality::<Ix3>()
        .expect("three axes");
    assert_eq!(rates, recording.rates);
}
