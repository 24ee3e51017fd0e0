//! Networks as training scripts and tutorials leave them: in dictionaries of all kinds of things, with parts whose
//! meaning only the code says.

use std::fs;

use candle_core::{DType, Device};
use nn4n::{
    import::{Format, Imported, Options, import},
    models::{Activation, CellType, Dale, Form, ReadoutFrom, SignRule, Start, Values},
};

use super::fixture::{arrays, distance, imported, member, path, refusal, replaced, rezipped};

#[test]
fn the_network_is_found_in_what_lightning_and_training_scripts_save() {
    for (name, beside) in [
        (
            "lightning.ckpt",
            "callbacks, epoch, global_step, loops, lr_schedulers, optimizer_states, pytorch-lightning_version",
        ),
        ("with_args.pth", "args"),
        ("under_net.pth", "epoch"),
    ] {
        let found = imported(name, &Options::default());
        let model = &found.checkpoint.header.model;
        assert_eq!(
            (found.format, model.inputs, model.n_units(), model.outputs),
            (Format::TorchRnn, 3, 20, 2),
            "{name}"
        );
        let named = format!("not kept, beside the network in the file: {beside}");
        assert!(found.notes.contains(&named), "{name}: {:?}", found.notes);
    }
}

/// with_args.pth with another pickle of what lies beside the network.
fn with_args(pickle: &[u8]) -> Vec<u8> {
    let args = replaced(&member("with_args.pth", "with_args/data.pkl"), b"}q", b"}q");
    let place = args.windows(4).position(|bytes| bytes == b"args").expect("args") + 4;
    let end = args.len() - 2;
    let spoiled = [&args[..place], pickle, &args[end..]].concat();
    rezipped("with_args.pth", &[("with_args/data.pkl", Some(spoiled))])
}

#[test]
fn what_lies_beside_a_network_may_be_anything_and_is_not_executed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("net.pth");
    for pickle in [
        // argparse.Namespace(hidden=20), os.system("echo owned"), a seed of 128 bits.
        &b"cargparse\nNamespace\n)\x81}X\x06\x00\x00\x00hiddenK\x14sb"[..],
        b"cposix\nsystem\nX\x0a\x00\x00\x00echo owned\x85R",
        b"\x8a\x11\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x01",
        b"ccollections\ndefaultdict\nc__builtin__\nlist\n\x85RX\x01\x00\x00\x00a]s",
    ] {
        fs::write(&file, with_args(pickle)).expect("a file");
        let found = import(&file, &Options::default()).unwrap_or_else(|error| panic!("{pickle:?}: {error}"));
        assert!(found.notes.iter().any(|note| note.ends_with("beside the network in the file: args")), "{pickle:?}");
    }
}

#[test]
fn two_networks_in_one_file_are_refused_by_their_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("net.pth");
    let whole = member("with_args.pth", "with_args/data.pkl");
    // The network under `teacher`, and again under `args`, of which it knows the place in its memory.
    let spoiled = replaced(&whole, b"X\x10\x00\x00\x00model_state_dict", b"X\x07\x00\x00\x00teacher");
    let place = spoiled.windows(4).position(|bytes| bytes == b"args").expect("args") + 4;
    let of_network = spoiled.windows(2).position(|bytes| bytes == b"Rq").expect("a dictionary") + 2;
    let again = [&spoiled[..place], b"q\xf0h", &[spoiled[of_network]], &spoiled[spoiled.len() - 2..]].concat();
    fs::write(&file, rezipped("with_args.pth", &[("with_args/data.pkl", Some(again))])).expect("a file");
    let message = refusal(&file, &Options::default());
    assert!(message.contains("2 networks (args, teacher)") && message.contains("alone"), "{message}");
}

#[test]
fn a_low_rank_network_is_refused_for_what_it_is() {
    let message = refusal(&path("lowrank_rank2.pt"), &Options::default());
    assert!(message.contains("low-rank networks do not exist here yet"), "{message}");
}

/// The module of the tutorials, with what the file does not say.
fn tutorial(form: Option<Form>) -> Options {
    Options { form, dt: Some(20.0), ..Options::default() }
}

#[test]
fn the_module_of_the_tutorials_is_reproduced_in_the_form_that_is_named() {
    let golden = arrays("ctrnn_tutorial.npz");
    for form in [Form::Rate, Form::Blend] {
        let found = imported("ctrnn_tutorial.pth", &tutorial(Some(form)));
        assert_eq!((found.format, found.checkpoint.header.model.form), (Format::Ctrnn, form));
        let network = found.checkpoint.network(&Device::Cpu).expect("a network");
        let inputs = golden["inputs"].to_dtype(DType::F32).expect("inputs");
        let trajectory = network.unroll(&inputs, None, None).expect("a trajectory");
        assert!(distance(&trajectory.rates().expect("rates"), &golden[&format!("rates_{form}")]) < 1e-5);
        assert!(distance(&trajectory.outputs, &golden[&format!("outputs_{form}")]) < 1e-5);
    }
    let message = refusal(&path("ctrnn_tutorial.pth"), &tutorial(None));
    assert!(message.contains("form of its equation") && message.contains("--form"), "{message}");
    let message = refusal(&path("ctrnn_tutorial.pth"), &Options { form: Some(Form::Rate), ..Options::default() });
    assert!(message.contains("--dt"), "{message}");
}

fn check_sibling(found: &Imported) {
    let model = &found.checkpoint.header.model;
    assert_eq!(
        (found.format, model.form, model.dale, model.autapses),
        (Format::Ctrnn, Form::Current, Dale::Clamped, false)
    );
    let excitatory =
        model.layout().cell_types.iter().filter(|cell_type| **cell_type == Some(CellType::Excitatory)).count();
    assert_eq!((excitatory, model.n_units(), &model.readout_from), (8, 10, &ReadoutFrom::Excitatory));
    assert_eq!(model.w_out.signs, Some(SignRule::Free));
}

#[test]
fn the_excitatory_inhibitory_sibling_is_reproduced_with_its_mask_in_the_file_or_not() {
    for name in ["eirnn_tutorial", "eirnn_tutorial_with_mask"] {
        let golden = arrays(&format!("{name}.golden.npz"));
        for form in [None, Some(Form::Current)] {
            let found = imported(&format!("{name}.pth"), &tutorial(form));
            check_sibling(&found);
            let network = found.checkpoint.network(&Device::Cpu).expect("a network");
            let inputs = golden["inputs"].to_dtype(DType::F32).expect("inputs");
            let trajectory = network.unroll(&inputs, None, None).expect("a trajectory");
            assert!(distance(&trajectory.rates().expect("rates"), &golden["rates"]) < 1e-5, "{name}");
            assert!(distance(&trajectory.outputs, &golden["outputs"]) < 1e-5, "{name}");
        }
    }
    let message = refusal(&path("eirnn_tutorial.pth"), &tutorial(Some(Form::Rate)));
    assert!(message.contains("leave --form out"), "{message}");
}

#[test]
fn a_cell_of_pytorch_is_reproduced() {
    let golden = arrays("torch_rnn_cell.golden.npz");
    let found = imported("torch_rnn_cell.pth", &Options::default());
    assert_eq!(found.format, Format::TorchRnn);
    let network = found.checkpoint.network(&Device::Cpu).expect("a network");
    let inputs = golden["inputs"].to_dtype(DType::F32).expect("inputs");
    let trajectory = network.unroll(&inputs, None, None).expect("a trajectory");
    assert!(distance(&trajectory.rates().expect("rates"), &golden["rates"]) < 1e-5);
    assert!(distance(&trajectory.outputs, &golden["outputs"]) < 1e-5);
}

#[test]
fn psychrnns_transfer_function_is_the_one_of_its_name() {
    let options = Options { dt: Some(10.0), tau: Some(100.0), ..Options::default() };
    let found = imported("psychrnn_current.npz", &options);
    assert_eq!(found.checkpoint.header.model.activation, Activation::Relu.into());
    assert!(!found.notes.iter().any(|note| note.contains("activation function")), "{:?}", found.notes);
    let contradicted = Options { activation: Some(Activation::Tanh), ..options.clone() };
    assert!(refusal(&path("psychrnn_current.npz"), &contradicted).contains("leave --activation out"));

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("own.npz");
    let own = replaced(
        &member("psychrnn_current.npz", "transfer_function.npy"),
        b"tensorflow.python.ops.gen_nn_ops",
        b"functions.of.my.own.group.ops_nn",
    );
    fs::write(&file, rezipped("psychrnn_current.npz", &[("transfer_function.npy", Some(own))])).expect("a file");
    let message = refusal(&file, &options);
    assert!(message.contains("`functions.of.my.own.group.ops_nn.relu`"), "{message}");
    assert!(message.contains("--activation") && message.contains("not executed"), "{message}");
    let found = import(&file, &Options { activation: Some(Activation::Softplus), ..options }).expect("a network");
    assert_eq!(found.checkpoint.header.model.activation, Activation::Softplus.into());
}

#[test]
fn a_network_with_every_default_of_pycog_is_read() {
    let found = imported("pycog_defaults.pkl", &Options::default());
    let model = &found.checkpoint.header.model;
    assert_eq!((model.n_units(), model.dt, model.form), (50, 20.0, Form::Current));
    assert_eq!(model.start, Start::Trained(Values::All(0.0)));
    assert!(found.notes.iter().any(|note| note.contains("tau_in")), "{:?}", found.notes);
}
