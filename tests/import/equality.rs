//! What an imported network does is what its library's equations say.

use candle_core::{DType, Device, Result, Tensor};
use nn4n::{
    Checkpoint,
    import::{Format, Options},
    models::{Activation, Parameter},
};

use super::fixture::{arrays, distance, imported, path};

/// Compares rates and outputs with those computed by others, before and after saving.
fn compare(name: &str, golden: &str, format: Format, options: &Options, tolerance: f64) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let found = imported(name, options);
    assert_eq!(found.format, format, "{name}");
    let file = folder.path().join("model.safetensors");
    found.checkpoint.save(&file).expect("a file");
    let loaded = Checkpoint::load(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(loaded.header, found.checkpoint.header, "{name}");
    let arrays = arrays(golden);
    for checkpoint in [&found.checkpoint, &loaded] {
        let network = checkpoint.network(&Device::Cpu).expect("a network");
        let inputs = arrays["inputs"].to_dtype(network.dtype()).expect("inputs");
        let trajectory = network.unroll(&inputs, None, None).expect("a trajectory");
        let rates = distance(&trajectory.rates().expect("rates"), &arrays["rates"]);
        let outputs = distance(&trajectory.outputs, &arrays["outputs"]);
        assert!(rates < tolerance && outputs < tolerance, "{name}: rates differ by {rates:e}, outputs by {outputs:e}");
    }
}

fn golden(name: &str, file: &str, format: Format, options: &Options, tolerance: f64) {
    compare(file, &format!("{name}.golden.npz"), format, options, tolerance);
}

fn options(activation: Activation, dt: f64, tau: Option<f64>) -> Options {
    Options { activation: Some(activation), dt: Some(dt), tau, ..Options::default() }
}

#[test]
fn torch_rnn_is_reproduced() {
    golden("torch_rnn", "torch_rnn.pth", Format::TorchRnn, &Options::default(), 1e-5);
}

#[test]
fn torch_rnn_in_a_module_of_ones_own_is_reproduced_to_double_precision() {
    let options = options(Activation::Relu, 20.0, None);
    golden("torch_rnn_with_readout", "torch_rnn_with_readout.pth", Format::TorchRnn, &options, 1e-12);
}

#[test]
fn time_makes_space_is_reproduced() {
    golden(
        "time_makes_space",
        "time_makes_space.pth",
        Format::Nn4nLayers,
        &options(Activation::Relu, 50.0, Some(500.0)),
        1e-5,
    );
}

#[test]
fn layers_with_masks_and_a_learned_leak_are_reproduced() {
    golden(
        "layers_with_masks",
        "layers_with_masks.pth",
        Format::Nn4nLayers,
        &options(Activation::Tanh, 10.0, None),
        1e-5,
    );
}

#[test]
fn layers_on_top_of_each_other_are_reproduced() {
    golden("stack", "stack.pth", Format::Nn4nLayers, &options(Activation::Relu, 10.0, Some(100.0)), 1e-5);
    golden("torch_rnn_of_two_layers", "torch_rnn_of_two_layers.pth", Format::TorchRnn, &Options::default(), 1e-5);
}

#[test]
fn the_originals_network_with_all_its_settings_is_reproduced() {
    golden("original", "original.pth", Format::Nn4n, &Options::default(), 1e-5);
}

#[test]
fn psychrnn_is_reproduced_with_and_without_dales_law() {
    for name in ["psychrnn_dale", "psychrnn_plain"] {
        golden(name, &format!("{name}.npz"), Format::PsychRnn, &options(Activation::Relu, 10.0, Some(100.0)), 1e-5);
    }
}

#[test]
fn neuralrnn_is_reproduced_in_all_its_models() {
    for name in ["neuralrnn_ctrnn", "neuralrnn_ei", "neuralrnn_constrained", "neuralrnn_multiarea"] {
        golden(name, name, Format::NeuralRnn, &Options::default(), 1e-5);
    }
}

#[test]
fn pycog_is_reproduced() {
    for file in ["pycog.pkl", "pycog_python3.pkl"] {
        golden("pycog", file, Format::Pycog, &Options::default(), 1e-5);
    }
}

#[test]
fn the_originals_own_files_are_reproduced() {
    for name in ["vanilla_relu", "multi_area_ei"] {
        compare(&format!("{name}.pth"), &format!("{name}.npz"), Format::Nn4n, &Options::default(), 1e-5);
    }
}

/// The gradient the original reports for a parameter, without that of synapses that do not exist (its projection
/// removes what that does).
fn wanted(
    arrays: &std::collections::BTreeMap<String, Tensor>,
    parameter: &Parameter,
    connectivity: Option<&Tensor>,
) -> Result<Tensor> {
    let name = match parameter.name {
        "w_in" => "recurrent_layer.input_layer.weight",
        "w_rec" => "recurrent_layer.hidden_layer.weight",
        "b_rec" => "recurrent_layer.hidden_layer.bias",
        "w_out" => "readout_layer.weight",
        _ => "readout_layer.bias",
    };
    let gradient = arrays[&format!("grad.{name}")].clone();
    match connectivity {
        Some(mask) => gradient * mask.to_dtype(DType::F64)?,
        None => Ok(gradient),
    }
}

#[test]
fn gradients_of_the_originals_own_files_are_reproduced() -> Result<()> {
    for (name, trained) in [
        ("vanilla_relu", &["w_in", "w_out", "w_rec"][..]),
        ("multi_area_ei", &["b_out", "b_rec", "w_in", "w_out", "w_rec"]),
    ] {
        let (arrays, found) = (arrays(&format!("{name}.npz")), imported(&format!("{name}.pth"), &Options::default()));
        let network = found.checkpoint.network(&Device::Cpu).expect("a network");
        let array = |name: &str| arrays[name].to_dtype(DType::F32);
        let trajectory = network.unroll(&array("inputs")?, None, None).expect("a trajectory");
        let gradients = (trajectory.outputs - array("targets")?)?.sqr()?.mean_all()?.backward()?;
        let parameters = network.parameters().expect("parameters");
        assert_eq!(parameters.iter().map(|parameter| parameter.name).collect::<Vec<_>>(), trained, "{name}");
        for parameter in parameters {
            let connectivity = found.checkpoint.tensors.get(&format!("connectivity.{}", parameter.name));
            let wanted = wanted(&arrays, &parameter, connectivity)?;
            let largest = wanted.abs()?.flatten_all()?.max(0)?.to_scalar::<f64>()?;
            let distance = distance(gradients.get(&parameter.var).expect("a gradient"), &wanted);
            assert!(
                largest > 0.0 && distance < 1e-4 * largest,
                "{name}, {}: gradients differ by {distance:e} of {largest:e}",
                parameter.name
            );
        }
    }
    Ok(())
}

#[test]
fn every_file_has_been_compared() {
    // A file that is added without a test of its own would be no test at all.
    let compared = [
        "torch_rnn",
        "torch_rnn_of_two_layers",
        "torch_rnn_with_readout",
        "stack",
        "time_makes_space",
        "layers_with_masks",
        "original",
        "psychrnn_dale",
        "psychrnn_plain",
        // These in `wrapped`.
        "eirnn_tutorial",
        "eirnn_tutorial_with_mask",
        "torch_rnn_cell",
    ];
    let compared =
        [&compared[..], &["neuralrnn_ctrnn", "neuralrnn_ei", "neuralrnn_constrained", "neuralrnn_multiarea", "pycog"]]
            .concat();
    let mut golden: Vec<String> = std::fs::read_dir(path("."))
        .expect("the fixtures")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".golden.npz").map(str::to_owned))
        .collect();
    golden.sort_unstable();
    let mut compared: Vec<String> = compared.into_iter().map(str::to_owned).collect();
    compared.sort_unstable();
    assert_eq!(golden, compared);
}
