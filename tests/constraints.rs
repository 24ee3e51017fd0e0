//! What a network must not do, it has not done in the file that training saved: read by the safetensors crate, not by
//! the code under test.

use std::sync::Arc;

use crate::saved::saved;
use crate::small::{easy_task, settings, train};
use candle_core::{DType, Device};
use nn4n::{
    Experiment, Result,
    models::{
        Area, Bias, CellType, ChannelGroup, Ctrnn, Dale, Density, FixedSynapse, Form, Init, LearnTau, MatrixConfig,
        ModelConfig, PerUnit, Plastic, UnitSet,
    },
    optimizer::OptimizerConfig,
    tasks::Task,
};

/// Every optimiser with large steps, so that weights do run into their limits.
fn optimizers() -> [(OptimizerConfig, f64); 4] {
    let named = |name| OptimizerConfig::named(name).expect("a known optimiser");
    [(named("sgd"), 10.0), (OptimizerConfig::Sgd { momentum: 0.9 }, 3.0), (named("adam"), 0.3), (named("adamw"), 0.3)]
}

/// Frozen synapses in the first row, half plastic ones in the second.
fn some_plastic(posts: usize, pres: usize) -> Plastic {
    Plastic::Each((0..posts).map(|post| vec![[0.0, 0.5, 1.0][post.min(2)]; pres]).collect())
}

fn ei(dale: Dale) -> ModelConfig {
    let w_rec = MatrixConfig {
        fixed: vec![FixedSynapse { post: 3, pre: 9, weight: -0.25 }, FixedSynapse { post: 4, pre: 1, weight: 0.125 }],
        plastic: some_plastic(10, 10),
        ..MatrixConfig::default()
    };
    ModelConfig::ei(2, 10, 2)
        .dale(dale)
        .density(0.6)
        .w_rec(w_rec)
        .w_in(MatrixConfig { plastic: some_plastic(10, 2), ..MatrixConfig::default() })
        .w_out(MatrixConfig { plastic: some_plastic(2, 10), ..MatrixConfig::default() })
        .tau(20.01)
        .learn_tau(LearnTau::PerUnit)
        .b_rec(Bias::Trained(0.1.into()))
}

fn sparse_areas(dale: Dale) -> ModelConfig {
    let feedback = Density::ByCellType { e_to_e: 0.5, e_to_i: 0.0, i_to_e: 0.25, i_to_i: 0.0 };
    ModelConfig::multi_area(2, 2, [Area::ei("sensory", 8, 0.75), Area::ei("motor", 6, 0.5)])
        .dale(dale)
        .density(0.5)
        .feedforward(Density::excitatory(0.5))
        .feedback(feedback)
        .input_group(ChannelGroup { density: 0.5, ..ChannelGroup::all(UnitSet::area("sensory")) })
        .form(Form::Rate)
        .tau(PerUnit::ByCellType { excitatory: 22.0, inhibitory: 21.0 })
        .learn_tau(LearnTau::Shared)
}

/// Sign of each presynaptic unit or channel of a matrix.
fn signs(model: &ModelConfig, matrix: &str) -> Vec<f32> {
    match matrix {
        "w_in" => vec![1.0; model.inputs],
        _ => model
            .layout()
            .cell_types
            .iter()
            .map(|cell_type| cell_type.map_or(0.0, |found| found.sign() as f32))
            .collect(),
    }
}

/// Trains with one optimiser and reads the file; returns whether a time constant met its limit.
fn check(model: &ModelConfig, task: Arc<dyn Task>, (optimizer, learning_rate): (OptimizerConfig, f64)) -> Result<bool> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut settings = settings(6, 3);
    (settings.optimizer, settings.learning_rate) = (Some(optimizer), learning_rate);
    let experiment = Experiment::new(task, model.clone(), settings, 5)?;
    train(&experiment, folder.path())?;
    let fresh = Ctrnn::init(model, 5, DType::F32, &Device::Cpu)?.tensors()?;
    let file = saved(&folder.path().join("model.safetensors"));
    let state = saved(&folder.path().join("optimizer.safetensors"));
    let what = format!("{:?}, {:?}, {optimizer:?}", model.kind, model.dale);

    let (mut silenced, mut moved) = (0, 0);
    // The best network, and the last one, from which a run is resumed.
    let of_state = |name: &str| &state[&format!("network.{name}")];
    for (name, (shape, weights)) in
        ["w_in", "w_rec", "w_out"].into_iter().flat_map(|name| [(name, &file[name]), (name, of_state(name))])
    {
        let before: Vec<f32> = fresh[name].flatten_all()?.to_vec1()?;
        let (mask, signs) = (&file[&format!("connectivity.{name}")].1, signs(model, name));
        let absent = mask.iter().filter(|entry| **entry == 0.0).count();
        assert!(absent > 0 || name == "w_in", "{what}: {name} has all synapses, so this tests nothing");
        let matrix = [("w_in", &model.w_in), ("w_rec", &model.w_rec), ("w_out", &model.w_out)]
            .into_iter()
            .find(|found| found.0 == name);
        let fixed = &matrix.expect("one of the three").1.fixed;
        for (index, weight) in weights.iter().enumerate() {
            let (post, pre) = (index / shape[1], index % shape[1]);
            let place = format!("{what}: {name}[{post}, {pre}] = {weight}, before {}", before[index]);
            if mask[index] == 0.0 {
                assert_eq!(weight.to_bits() << 1, 0, "{place}, without a synapse");
                continue;
            }
            assert!(weight * signs[pre] >= 0.0, "{place}, against Dale's law");
            if let Some(synapse) = fixed.iter().find(|synapse| (synapse.post, synapse.pre) == (post, pre)) {
                assert_eq!(weight.to_bits(), (synapse.weight as f32).to_bits(), "{place}, but fixed");
                continue;
            }
            if model.w_rec.plastic != Plastic::All(1.0) && post == 0 {
                assert_eq!(weight.to_bits(), before[index].to_bits(), "{place}, but not plastic");
                continue;
            }
            silenced += usize::from(*weight == 0.0 && before[index] != 0.0);
            moved += usize::from(*weight != before[index]);
        }
    }
    assert!(moved > 0, "{what}: nothing was trained");
    assert!(silenced > 0, "{what}: no weight reached zero, so Dale's law was never at risk");
    let tau = [&file["tau"].1[..], &of_state("tau").1].concat();
    assert!(tau.iter().all(|tau| f64::from(*tau) >= model.dt), "{what}: tau = {tau:?}");
    Ok(tau.iter().any(|tau| f64::from(*tau) == model.dt))
}

fn check_all(model: &ModelConfig) -> Result<()> {
    let mut limited = false;
    for optimizer in optimizers() {
        limited |= check(model, easy_task(), optimizer)?;
    }
    assert!(limited, "{:?}: no time constant met its limit under any optimiser", model.kind);
    Ok(())
}

#[test]
fn no_optimiser_breaks_a_constraint_of_an_ei_network() -> Result<()> {
    [Dale::Rectified, Dale::Clamped].into_iter().try_for_each(|dale| check_all(&ei(dale)))
}

#[test]
fn no_optimiser_breaks_a_constraint_of_a_sparse_multi_area_network() -> Result<()> {
    [Dale::Rectified, Dale::Clamped].into_iter().try_for_each(|dale| check_all(&sparse_areas(dale)))
}

#[test]
fn an_initial_weight_matrix_keeps_its_cell_types_when_the_network_starts_from_it() -> Result<()> {
    let rows = vec![vec![0.5, -0.5], vec![0.25, -0.125]];
    let w_rec = MatrixConfig { init: Some(Init::Array(rows)), ..MatrixConfig::default() };
    let model = ModelConfig::ei(2, 2, 2).excitatory_fraction(0.5).autapses(true).w_rec(w_rec);
    assert_eq!(model.layout().cell_types, [Some(CellType::Excitatory), Some(CellType::Inhibitory)]);
    let folder = tempfile::tempdir().expect("a temporary folder");
    train(&Experiment::new(easy_task(), model, settings(3, 3), 0)?, folder.path())?;
    let weights = &saved(&folder.path().join("model.safetensors"))["w_rec"].1;
    assert!(weights[0] >= 0.0 && weights[2] >= 0.0 && weights[1] <= 0.0 && weights[3] <= 0.0, "{weights:?}");
    Ok(())
}

#[test]
fn a_synapse_of_half_plasticity_moves_half_as_far_under_every_optimiser() -> Result<()> {
    for (optimizer, _) in optimizers() {
        let moved = |plastic: f64| -> Result<Vec<f32>> {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let w_rec = MatrixConfig { plastic: Plastic::All(plastic), ..MatrixConfig::default() };
            let model = ModelConfig::vanilla(2, 10, 2).w_rec(w_rec);
            let mut settings = settings(1, 1);
            (settings.optimizer, settings.learning_rate) = (Some(optimizer), 0.01);
            train(&Experiment::new(easy_task(), model.clone(), settings, 2)?, folder.path())?;
            let before: Vec<f32> =
                Ctrnn::init(&model, 2, DType::F32, &Device::Cpu)?.tensors()?["w_rec"].flatten_all()?.to_vec1()?;
            let after = &saved(&folder.path().join("model.safetensors"))["w_rec"].1;
            Ok(after.iter().zip(before).map(|(after, before)| after - before).collect())
        };
        let (full, half) = (moved(1.0)?, moved(0.5)?);
        // f32 weights of order 1 are rounded to about 1e-7.
        assert!(full.iter().filter(|change| change.abs() > 1e-5).count() > 10, "{optimizer:?} moved nothing: {full:?}");
        for (full, half) in full.iter().zip(&half) {
            assert!(
                (half - 0.5 * full).abs() < 1e-3 * full.abs() + 2e-7,
                "{optimizer:?}: {half} is not half of {full}"
            );
        }
    }
    Ok(())
}
