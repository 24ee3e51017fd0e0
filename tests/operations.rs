//! Training in the operations that a GPU runs is training in the passes of the CPU: the same losses, gradients and
//! networks after some updates, in f64, for every regime, constraint, loss, optimiser and regulariser.

use candle_core::{DType, Device, Tensor};
use nn4n::{
    Experiment, Result, Simulation, TensorBatch, Trainer,
    models::{Ctrnn, NoiseKey, host::by_operations},
    tasks::{Split, batch},
};

const UPDATES: u64 = 4;
const TASK: &str = "[task]\nid = \"song2016/rdm_fixed\"\nstimulus = 200.0\ndecision = 100.0\n";
const EI: &str = "[model]\nkind = \"ei\"\nunits = 12\n";
const VANILLA: &str = "[model]\nkind = \"vanilla\"\nunits = 12\n";
const TRAIN: &str = "[train]\nupdates = 4\nbatch_size = 5\n";

/// What an update found and what a network is after all of them, by name.
fn trained(experiment: &Experiment) -> Result<Vec<(String, Vec<f64>)>> {
    let network = Ctrnn::init(&experiment.model, experiment.seed, DType::F64, &Device::Cpu)?;
    let mut trainer = Trainer::with_network(experiment, network)?;
    let mut found = Vec::new();
    for update in 0..UPDATES {
        let trials = batch(experiment.task.as_ref(), Split::Train, 0, update, experiment.batch_size())?;
        let done = trainer.step(&TensorBatch::new(&trials, DType::F64, &Device::Cpu)?)?;
        let numbers = done.terms.iter().map(|(_, term)| *term).chain([done.loss, done.gradient_norm]);
        found.push((format!("update {update}"), numbers.collect()));
    }
    let values = |(name, tensor): (String, Tensor)| -> Result<_> {
        Ok((name, tensor.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?))
    };
    for tensor in trainer.network().tensors()? {
        found.push(values(tensor)?);
    }
    Ok(found)
}

fn assert_close(name: &str, found: &[(String, Vec<f64>)], wanted: &[(String, Vec<f64>)]) {
    assert_eq!(found.len(), wanted.len(), "{name}");
    for ((what, found), (_, wanted)) in found.iter().zip(wanted) {
        assert_eq!(found.len(), wanted.len(), "{name}: {what}");
        for (found, wanted) in found.iter().zip(wanted) {
            let allowed = 1e-8 * wanted.abs().max(1.0);
            assert!((found - wanted).abs() <= allowed, "{name}: {what}: {found} in operations, {wanted} in passes");
        }
    }
}

/// Trains both ways.
fn compare(name: &str, toml: &str) {
    let experiment = Experiment::from_toml(toml).unwrap_or_else(|error| panic!("{name}: {error}"));
    let wanted = trained(&experiment).unwrap_or_else(|error| panic!("{name}, in passes: {error}"));
    let found = by_operations(|| trained(&experiment)).unwrap_or_else(|error| panic!("{name}, in operations: {error}"));
    assert!(wanted[0].1.iter().any(|number| *number > 1e-6), "{name}: nothing was trained");
    assert_close(name, &found, &wanted);
}

#[test]
fn every_regulariser_trains_as_in_passes() {
    let regularisers = [
        "kind = \"l1_weights\", matrix = \"w_rec\"",
        "kind = \"l2_weights\", matrix = \"w_in\"",
        "kind = \"frobenius\", matrix = \"w_out\"",
        "kind = \"l1_rates\"",
        "kind = \"l2_rates\"",
        "kind = \"mean_rate\", target = 0.2",
        "kind = \"mean_rate\", target = 0.2, norm = \"l1\"",
        "kind = \"rate_sd\"",
        "kind = \"rate_cv\"",
        "kind = \"rate_mean_deviation\"",
        "kind = \"rate_max_deviation\"",
        "kind = \"state_prediction\", lag = 2",
        "kind = \"entropy\"",
        "kind = \"hebbian\"",
        "kind = \"population_kl\", first = [0, 1], second = [4, 2]",
        "kind = \"vanishing_gradient\"",
    ];
    let list = |regularisers: &[&str]| {
        let each: Vec<String> = regularisers.iter().map(|each| format!("{{ {each}, weight = 0.01 }}")).collect();
        format!(
            "{TASK}{EI}tau = {{ excitatory = 100.0, inhibitory = 50.0 }}\n{TRAIN}regularisers = [{}]\n",
            each.join(", ")
        )
    };
    regularisers.iter().for_each(|each| compare(each, &list(&[each])));
    compare("all regularisers", &list(&regularisers));
}

#[test]
fn every_activation_and_form_trains_as_in_passes_with_every_time_constant_and_noise() {
    let activations = ["linear", "relu", "leaky_relu(0.1)", "tanh", "sigmoid", "retanh", "softplus", "power(2)"];
    for form in ["current", "rate", "blend"] {
        let small = format!("form = \"{form}\"\nw_rec = {{ spectral_radius = 0.5 }}\n");
        for activation in activations {
            let model = format!("{VANILLA}{small}activation = \"{activation}\"\n");
            compare(&format!("{form}, {activation}"), &format!("{TASK}{model}{TRAIN}"));
        }
        let types = "activation = { excitatory = \"softplus\", inhibitory = \"retanh\" }\n";
        compare(&format!("{form}, by type"), &format!("{TASK}{EI}{small}{types}{TRAIN}"));
        for (learned, tau) in [("shared", "100.0"), ("per_unit", "{ excitatory = 100.0, inhibitory = 50.0 }")] {
            let model = format!("{EI}{small}learn_tau = \"{learned}\"\ntau = {tau}\nsigma_post = 0.1\n");
            let biases = "b_rec = { trained = 0.1 }\nb_out = { trained = 0.0 }\nstart = { trained = 0.1 }\n";
            compare(&format!("{form}, tau {learned}"), &format!("{TASK}{model}{biases}{TRAIN}"));
        }
        let noise = "sigma_rec = { excitatory = 0.1, inhibitory = 0.2 }\nnoise_scaling = \"per_step\"\n";
        compare(&format!("{form}, noise"), &format!("{TASK}{EI}{small}{noise}{TRAIN}"));
    }
}

#[test]
fn every_loss_readout_and_optimiser_trains_as_in_passes() {
    let go = "[task]\nid = \"neurogym/go_nogo\"\n";
    compare("softmax", &format!("{go}{VANILLA}{TRAIN}"));
    let sigmoid = format!("{VANILLA}readout = \"sigmoid\"\n");
    compare("sigmoid", &format!("{TASK}{sigmoid}{TRAIN}loss = \"cross_entropy\"\n"));
    compare("mean square", &format!("[task]\nid = \"yang2019/dm1\"\n{sigmoid}{TRAIN}loss = \"mean_square\"\n"));
    for optimizer in [
        "{ kind = \"sgd\" }",
        "{ kind = \"sgd\", momentum = 0.9 }",
        "{ kind = \"adam\" }",
        "{ kind = \"adamw\", weight_decay = 0.1 }",
    ] {
        let train = format!("{TRAIN}optimizer = {optimizer}\nclip_value = 0.5\nclip_norm = 0.01\n");
        compare(optimizer, &format!("{TASK}{EI}{train}"));
    }
    compare("no clipping", &format!("{TASK}{EI}{TRAIN}clip_norm = \"off\"\n"));
}

#[test]
fn constraints_areas_layers_and_regimes_train_as_in_passes() {
    let fixed = "w_rec = { plastic = 0.5, fixed = [{ post = 1, pre = 0, weight = 0.3 }] }\n";
    for dale in ["rectified", "clamped"] {
        compare(
            dale,
            &format!("{TASK}{EI}dale = \"{dale}\"\ndensity = 0.5\n{fixed}w_out = {{ plastic = 0.0 }}\n{TRAIN}"),
        );
    }
    let area = |name: &str| format!("[[model.areas]]\nname = \"{name}\"\nunits = 6\nexcitatory_fraction = 0.5\n");
    compare("areas", &format!("{TASK}[model]\nkind = \"multi_area\"\n{}{}{TRAIN}", area("one"), area("two")));
    compare("carried", &format!("{TASK}{VANILLA}start = \"carried\"\n{TRAIN}"));
    compare("frozen", &format!("{TASK}{EI}{TRAIN}freeze = [\"w_out\"]\nonly_inputs = [\"evidence_1\"]\n"));
    for form in ["current", "rate", "blend"] {
        let layers = "[[model.layers]]\nname = \"a\"\nunits = 6\n[[model.layers]]\nname = \"b\"\nunits = 5\n\
            excitatory_fraction = 0.8\nsigma_post = 0.1\n";
        let model = format!("[model]\nkind = \"stacked\"\nstart = \"carried\"\nform = \"{form}\"\n{layers}");
        compare(&format!("stacked, {form}"), &format!("{TASK}{model}{TRAIN}"));
        let arm = format!("[task]\nid = \"motor/arm_reach\"\n{VANILLA}form = \"{form}\"\n{TRAIN}");
        compare(&format!("arm, {form}"), &arm);
    }
    let set = "[task]\nid = \"multitask/set\"\nschedule = \"sequential\"\ntasks = [{ id = \"song2016/rdm_fixed\", \
        name = \"first\", updates = 2 }, { id = \"song2016/rdm_fixed\", name = \"second\" }]\n";
    compare("sequence", &format!("{set}{VANILLA}{TRAIN}synaptic_intelligence = {{ c = 1.0, xi = 0.01 }}\n"));
}

#[test]
fn a_simulation_in_operations_is_that_in_passes() -> Result<()> {
    let experiment = Experiment::from_toml(&format!("{TASK}{EI}form = \"blend\"\n{TRAIN}"))?;
    let network = Ctrnn::init(&experiment.model, 3, DType::F32, &Device::Cpu)?;
    let trials = batch(experiment.task.as_ref(), Split::Test, 0, 0, 7)?;
    let simulation = Simulation::new(&network).noise(NoiseKey::new(1, 2));
    let numbers = || -> Result<Vec<Vec<f64>>> {
        let recording = simulation.record(&trials.inputs)?;
        let answers: Vec<f32> = simulation.answer(&trials.inputs)?.outputs.flatten_all()?.to_vec1()?;
        let arrays = [recording.states, recording.rates, recording.outputs].map(|array| array.into_iter().collect());
        let all = arrays.into_iter().chain([answers]);
        Ok(all.map(|values: Vec<f32>| values.into_iter().map(f64::from).collect()).collect())
    };
    let (wanted, found) = (numbers()?, by_operations(numbers)?);
    for (found, wanted) in found.iter().zip(&wanted) {
        let off = found.iter().zip(wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(found.len() == wanted.len() && off < 1e-5, "{off}");
    }
    Ok(())
}
