//! What an imported network says of itself: structure, time constants, noise, constraints, where it comes from.

use std::fs;

use candle_core::{DType, Device};
use nn4n::{
    checkpoint::Provenance,
    import::{Imported, Options, import},
    models::{
        Activation, Bias, CellType, Ctrnn, Dale, Density, FixedSynapse, Form, Kind, LearnTau, ModelConfig,
        NoiseScaling, PerUnit, Plastic, Readout, ReadoutFrom, SignRule, Start, Values,
    },
    tasks::NpyHeader,
};

use super::fixture::{imported, path, replaced, rezipped};

fn plain(name: &str) -> Imported {
    imported(name, &Options::default())
}

fn with_times(name: &str) -> Imported {
    let options =
        Options { activation: Some(Activation::Relu), dt: Some(10.0), tau: Some(100.0), ..Options::default() };
    imported(name, &options)
}

fn tensor(found: &Imported, name: &str) -> Vec<f64> {
    let tensor = found.checkpoint.tensors[name].to_dtype(DType::F64).and_then(|tensor| tensor.flatten_all()?.to_vec1());
    tensor.expect(name)
}

#[test]
fn areas_and_densities_of_the_originals_network_are_those_of_its_masks() {
    let found = plain("multi_area_ei.pth");
    let model = &found.checkpoint.header.model;
    let areas: Vec<_> = model.areas.iter().map(|area| (area.units, area.n_excitatory())).collect();
    assert_eq!((model.kind, areas), (Kind::MultiArea, vec![(20, Some(16)), (30, Some(24)), (14, Some(11))]));
    assert!(found.notes.iter().any(|note| note.contains("3 areas")), "{:?}", found.notes);
    assert_eq!(
        (model.dt, &model.tau, model.form, model.dale),
        (10.0, &PerUnit::Uniform(100.0), Form::Current, Dale::Clamped)
    );
    assert_eq!((&model.start, &model.readout_from), (&Start::Zero, &ReadoutFrom::Excitatory));
    assert_eq!((&model.w_in.signs, &model.w_out.signs), (&Some(SignRule::Free), &Some(SignRule::Units)));
    assert_eq!(
        (model.unit_bias(), model.output_bias()),
        (&Bias::Trained(Values::All(0.0)), &Bias::Trained(Values::All(0.0)))
    );
    let projection = |from: usize, to: usize| model.projections[3 * from + to].density;
    let mask = tensor(&found, "connectivity.w_rec");
    let fraction = |posts: std::ops::Range<usize>, pres: std::ops::Range<usize>| {
        let (count, all) = (
            posts.clone().flat_map(|post| pres.clone().map(move |pre| 64 * post + pre)),
            (posts.len() * pres.len()) as f64,
        );
        count.filter(|index| mask[*index] == 1.0).count() as f64 / all
    };
    // Only excitatory units project to other areas: of the first area 16 of 20.
    for (to, excitatory, inhibitory) in [(1, 20..44, 44..50), (2, 50..61, 61..64)] {
        let wanted = Density::ByCellType {
            e_to_e: fraction(excitatory, 0..16),
            e_to_i: fraction(inhibitory, 0..16),
            i_to_e: 0.0,
            i_to_i: 0.0,
        };
        assert_eq!(projection(0, to), wanted);
    }
}

#[test]
fn every_setting_of_the_original_has_its_meaning() {
    let found = plain("original.pth");
    let model = &found.checkpoint.header.model;
    let types: Vec<_> =
        model.layout().cell_types.iter().map(|cell_type| *cell_type == Some(CellType::Excitatory)).collect();
    assert_eq!(types, [true, true, false, true, true, true, false, false]);
    assert_eq!((model.learn_tau, model.dt, model.noise_scaling), (LearnTau::PerUnit, 20.0, NoiseScaling::PerStep));
    let PerUnit::ByUnit { units: tau } = &model.tau else { panic!("{:?}", model.tau) };
    let PerUnit::ByUnit { units: sigma } = model.unit_noise() else { panic!("{:?}", model.sigma_rec) };
    // preact_noise = 0.5 is scaled by alpha = dt / tau.
    tau.iter().zip(sigma).for_each(|(tau, sigma)| assert!((sigma - 0.5 * 20.0 / tau).abs() < 1e-12, "{tau} {sigma}"));
    assert_eq!(model.sigma_post, PerUnit::Uniform(0.25));
    assert_eq!(
        (&model.start, &model.activation),
        (&Start::Trained(Values::All(0.0)), &PerUnit::Uniform(Activation::Sigmoid))
    );
    assert_eq!((model.unit_bias(), model.output_bias()), (&Bias::Trained(Values::All(0.0)), &Bias::Off));
    assert_eq!(model.w_in.signs, Some(SignRule::Excitatory));
    // Plasticities 0, 0.5 and 2 are stretched to 0, 0.25 and 1; the readout's are all 2, so 1.
    let plastic = tensor(&found, "plastic.w_rec");
    assert!(plastic.iter().all(|value| [0.0, 0.25, 1.0].contains(value)) && plastic.contains(&0.25), "{plastic:?}");
    assert!(matches!(model.w_rec.plastic, Plastic::Each(_)));
    assert_eq!((&model.w_in.plastic, &model.w_out.plastic), (&Plastic::All(1.0), &Plastic::All(1.0)));
}

#[test]
fn a_learned_leak_in_32_bits_gives_the_time_constant_it_was_made_with() {
    let found = imported("time_makes_space.pth", &Options { dt: Some(50.0), tau: Some(500.0), ..Options::default() });
    let model = &found.checkpoint.header.model;
    assert_eq!((model.dt, &model.tau, model.learn_tau), (50.0, &PerUnit::Uniform(500.0), LearnTau::Off));
    assert!(
        found.notes.iter().any(|note| note.contains("activation function") && note.contains("relu")),
        "{:?}",
        found.notes
    );
    let found = imported("layers_with_masks.pth", &Options::default());
    assert_eq!(found.checkpoint.header.model.learn_tau, LearnTau::PerUnit);
    assert!(found.notes.iter().any(|note| note.contains("no readout")), "{:?}", found.notes);
}

#[test]
fn a_pycog_network_keeps_its_fixed_synapses_cell_types_and_noise() {
    let found = plain("pycog.pkl");
    let model = &found.checkpoint.header.model;
    assert_eq!((model.kind, model.excitatory_fraction, model.dale), (Kind::Ei, Some(0.8), Dale::Rectified));
    let fixed: Vec<_> =
        model.w_rec.fixed.iter().map(|FixedSynapse { post, pre, weight }| (*post, *pre, *weight as f32)).collect();
    assert_eq!(fixed, [(0, 1, 0.3), (3, 9, -0.2)]);
    assert_eq!((model.unit_noise(), model.noise_scaling), (&PerUnit::Uniform(0.15), NoiseScaling::Continuous));
    assert_eq!((model.readout, model.autapses, model.unit_bias()), (Some(Readout::Sigmoid), false, &Bias::Off));
    assert_eq!(
        (model.dt, &model.tau, &model.start),
        (20.0, &PerUnit::Uniform(100.0), &Start::Trained(Values::All(0.0)))
    );
    for words in ["rng_gradient", "baseline_in", "costs_history"] {
        assert!(
            found.notes.iter().any(|note| note.contains(words)),
            "{words} was dropped in silence: {:?}",
            found.notes
        );
    }
}

#[test]
fn weights_that_pycog_takes_for_zero_are_zero_and_told() {
    let whole = fs::read(path("pycog_python3.pkl")).expect("a file");
    let w_in = |file: &[u8]| {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("small.pkl"), file).expect("a file");
        let found = import(&folder.path().join("small.pkl"), &Options::default()).expect("a network");
        (tensor(&found, "w_in"), found.notes.iter().filter(|note| note.contains("`threshold`")).count())
    };
    let (before, told) = w_in(&whole);
    assert_eq!(told, 0);
    for (value, expected) in [(0.9e-4_f32, 0.0), (1.1e-4, f64::from(1.1e-4_f32))] {
        let (after, told) = w_in(&replaced(&whole, &(before[0] as f32).to_le_bytes(), &value.to_le_bytes()));
        assert_eq!((after[0], &after[1..]), (expected, &before[1..]));
        assert_eq!(told, usize::from(expected == 0.0));
    }
}

#[test]
fn psychrnn_and_neuralrnn_networks_keep_their_cell_types_areas_and_noise() {
    let found = with_times("psychrnn_dale.npz");
    let model = &found.checkpoint.header.model;
    assert_eq!(
        (model.kind, model.excitatory_fraction, &model.readout_from),
        (Kind::Ei, Some(0.8), &ReadoutFrom::Excitatory)
    );
    assert_eq!((&model.w_in.signs, model.noise_scaling), (&Some(SignRule::Excitatory), NoiseScaling::Continuous));
    for words in ["W_in/Adam", "--sigma-rec"] {
        assert!(found.notes.iter().any(|note| note.contains(words)), "{words}: {:?}", found.notes);
    }
    assert_eq!(with_times("psychrnn_plain.npz").checkpoint.header.model.kind, Kind::Vanilla);

    // Without the signs of the units, `dale_ratio` tells them.
    let ratio = [NpyHeader::new("<f8", &[]).bytes(), 0.8f64.to_le_bytes().to_vec()].concat();
    let changes = [("Dale_rec.npy", None), ("Dale_out.npy", None), ("dale_ratio.npy", Some(ratio))];
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ratio.npz");
    fs::write(&file, rezipped("psychrnn_dale.npz", &changes)).expect("a file");
    let options =
        Options { activation: Some(Activation::Relu), dt: Some(10.0), tau: Some(100.0), ..Options::default() };
    let by_ratio = import(&file, &options).expect("a network");
    assert_eq!(by_ratio.checkpoint.header.model, found.checkpoint.header.model);
    for name in ["w_rec", "w_out", "connectivity.w_out"] {
        assert_eq!(tensor(&by_ratio, name), tensor(&found, name), "{name}");
    }
    assert!(by_ratio.notes.iter().any(|note| note.contains("no `Dale_rec`")), "{:?}", by_ratio.notes);

    let model = plain("neuralrnn_ei").checkpoint.header.model;
    assert_eq!((model.kind, model.form, model.readout_from), (Kind::Ei, Form::Rate, ReadoutFrom::Excitatory));
    // sqrt(2 alpha) sigma within f, at alpha = 0.2 and sigma = 0.15.
    assert_eq!(
        (model.sigma_rec, model.noise_scaling),
        (Some(PerUnit::Uniform(0.4_f64.sqrt() * 0.15)), NoiseScaling::PerStep)
    );
    assert_eq!((model.dt, model.tau), (20.0, PerUnit::Uniform(100.0)));
    let found = plain("neuralrnn_multiarea");
    assert!(
        found.notes.iter().all(|note| !note.contains("against their mask")),
        "a mask is a factor there: {:?}",
        found.notes
    );
    let model = found.checkpoint.header.model;
    let areas: Vec<_> = model.areas.iter().map(|area| (area.name.as_str(), area.units, area.n_excitatory())).collect();
    assert_eq!(areas, [("area_0", 5, Some(4)), ("area_1", 4, Some(3))]);
    assert_eq!(plain("neuralrnn_ctrnn").checkpoint.header.model.start, Start::Trained(Values::All(0.0)));
}

#[test]
fn a_leak_within_the_nonlinearity_of_neuralrnn_is_the_blend_form() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let source = path("neuralrnn_ctrnn");
    let text = fs::read_to_string(source.join("config.json")).expect("a file");
    let mut config: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    config["relu_after_blend"] = true.into();
    fs::write(folder.path().join("config.json"), config.to_string()).expect("a file");
    fs::copy(source.join("model.safetensors"), folder.path().join("model.safetensors")).expect("a copy");
    let model = import(folder.path(), &Options::default()).expect("a network").checkpoint.header.model;
    assert_eq!((model.form, model.noise_scaling), (Form::Blend, NoiseScaling::PerStep));
    // alpha sqrt(2 alpha) sigma beside the current, at alpha = 0.2 and sigma = 0.15.
    assert_eq!(model.sigma_rec, Some(PerUnit::Uniform(0.2 * (0.4_f64.sqrt() * 0.15))));
}

#[test]
fn a_fresh_network_of_the_same_description_has_as_many_synapses() {
    let names = [
        "vanilla_relu.pth",
        "multi_area_ei.pth",
        "original.pth",
        "pycog.pkl",
        "neuralrnn_ei",
        "neuralrnn_multiarea",
        "neuralrnn_constrained",
    ];
    for (name, found) in names
        .map(|name| (name, plain(name)))
        .into_iter()
        .chain(["psychrnn_dale.npz"].map(|name| (name, with_times(name))))
    {
        let config: &ModelConfig = &found.checkpoint.header.model;
        let (fresh, own) = (Ctrnn::init(config, 1, DType::F32, &Device::Cpu), found.checkpoint.network(&Device::Cpu));
        let (fresh, own) = (fresh.unwrap_or_else(|error| panic!("{name}: {error}")), own.expect("a network"));
        // Synapses that are fixed come on top of the density.
        let allowed = config.w_rec.fixed.len() + 1;
        let counts = [fresh.w_rec().count(), own.w_rec().count()];
        assert!(counts[0].abs_diff(counts[1]) <= allowed, "{name}: {counts:?}");
        let counts = [fresh.w_out().count(), own.w_out().count()];
        assert_eq!(counts[0], counts[1], "{name}: readout");
    }
}

#[test]
fn a_fresh_stack_of_the_same_description_has_as_many_synapses_between_its_layers() {
    for (name, found) in
        [("stack.pth", with_times("stack.pth")), ("torch_rnn_of_two_layers.pth", plain("torch_rnn_of_two_layers.pth"))]
    {
        let config = &found.checkpoint.header.model;
        let fresh = Ctrnn::init(config, 1, DType::F32, &Device::Cpu).unwrap_or_else(|error| panic!("{name}: {error}"));
        let own = found.checkpoint.network(&Device::Cpu).expect("a network");
        assert!(own.layers().len() > 1, "{name}");
        for (fresh, own) in fresh.layers().iter().zip(own.layers()) {
            let counts = [fresh.w_in(), own.w_in()].map(|w_in| w_in.map(|w_in| w_in.count()));
            assert_eq!(counts[0], counts[1], "{name}");
        }
    }
}

#[test]
fn weights_that_break_their_mask_are_projected_and_counted() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("late.pth");
    let ones: Vec<u8> = std::iter::repeat_n(1.0_f32.to_le_bytes(), 64 * 64).flatten().collect();
    fs::write(&file, rezipped("multi_area_ei.pth", &[("multi_area_ei/data/2", Some(ones))])).expect("a file");
    let found = import(&file, &Options::default()).unwrap_or_else(|error| panic!("{error}"));
    let note = found.notes.iter().find(|note| note.starts_with("w_rec: ")).expect("a note");
    let positive = tensor(&found, "w_rec").iter().filter(|weight| **weight == 1.0).count();
    assert!(note.contains(&format!("{} weights", 64 * 64 - positive)) && note.contains("1.000e0"), "{note}");
    assert!(positive > 0 && tensor(&found, "w_rec").iter().all(|weight| *weight >= 0.0));
}

#[test]
fn a_checkpoint_says_where_it_comes_from_and_older_ones_are_read() {
    let header = plain("vanilla_relu.pth").checkpoint.header;
    let source = header.provenance.imported.clone().expect("a source");
    assert_eq!((source.format.as_str(), source.file.as_str()), ("nn4n", "vanilla_relu.pth"));
    assert_eq!((header.task.id.as_str(), header.task.version, header.train.updates), ("unknown", 0, 0));
    assert_eq!(
        (header.task.inputs.join(" "), header.task.outputs.join(" ")),
        ("input_0 input_1 input_2".into(), "output_0 output_1".into())
    );
    assert!(
        !serde_json::to_string(&header).expect("JSON").contains(path(".").to_str().expect("text")),
        "the header holds a path"
    );
    let older = r#"{"program":"nn4n 0.1.0","citations":[]}"#;
    let provenance: Provenance = serde_json::from_str(older).expect("an older header");
    assert_eq!((&provenance.imported, serde_json::to_string(&provenance).expect("JSON").as_str()), (&None, older));
}
