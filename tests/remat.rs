//! Training that computes most states again on its way back (`train.remat`): the same bits in less memory, and what it
//! is not for is refused beforehand.

use std::{fs, path::Path, sync::Arc};

use candle_core::{DType, Device, Tensor};
use nn4n::{
    Checkpoint, Existing, Experiment, Result, RunDirectory, TensorBatch, TrainConfig, Trainer,
    loss::Loss,
    models::{
        Activation, Area, Bias, Ctrnn, FixedSynapse, Form, LayerConfig, LearnTau, MatrixConfig, ModelConfig, PerUnit,
        Plastic, Readout, ReadoutFrom, Start, host,
    },
    penalty::{Penalty, Regulariser},
    tasks::{Split, Task, batch, create, golub2018::FlipFlop},
};
use serde_json::json;

use crate::{
    program::{refused, said, words},
    small::{settings, train},
};

/// Trials of several lengths, most of them over several segments of 32 steps.
fn lengths() -> Arc<dyn Task> {
    let parameters = json!({ "dt": 10.0 });
    create("song2016/rdm_varstim", Some(&parameters)).expect("a known task").into()
}

fn flips(n_steps: usize) -> Arc<dyn Task> {
    Arc::new(FlipFlop { n_steps, ..FlipFlop::default() })
}

/// Losses of some updates and the tensors after them by name, as bits.
type Bits = (Vec<u64>, Vec<(String, Vec<u32>)>);

fn bits(experiment: &Experiment, remat: bool) -> Result<Bits> {
    let mut experiment = experiment.clone();
    experiment.train.remat = remat;
    let mut trainer = Trainer::new(&experiment, &Device::Cpu)?;
    let mut found = Vec::new();
    for update in 0..3 {
        let trials = batch(experiment.task.as_ref(), Split::Train, 0, update, experiment.batch_size())?;
        let update = trainer.step(&TensorBatch::new(&trials, DType::F32, &Device::Cpu)?)?;
        found.extend([update.loss.to_bits(), update.gradient_norm.to_bits()]);
    }
    let flat = |(name, tensor): (String, Tensor)| -> Result<(String, Vec<u32>)> {
        let values: Vec<f32> = tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
        Ok((name, values.into_iter().map(f32::to_bits).collect()))
    };
    Ok((found, trainer.network().tensors()?.into_iter().map(flat).collect::<Result<_>>()?))
}

fn assert_same_bits(what: &str, task: Arc<dyn Task>, model: ModelConfig, train: TrainConfig) -> Result<()> {
    let experiment = Experiment::new(task, model, train, 1)?;
    let (kept, again) = (bits(&experiment, false)?, bits(&experiment, true)?);
    assert!(kept.0.iter().all(|bits| f64::from_bits(*bits).is_finite()), "{what}");
    assert!(kept == again, "{what}: other bits");
    Ok(())
}

/// Networks with inputs and outputs of the task.
fn vanilla(task: &dyn Task) -> ModelConfig {
    ModelConfig::vanilla(task.inputs().len(), 10, task.outputs().len())
        .dt(task.dt())
        .activation(Activation::Tanh)
        .sigma_rec(0.1)
}

#[test]
fn every_kind_and_form_has_the_same_bits() -> Result<()> {
    let task = lengths();
    let (inputs, outputs) = (task.inputs().len(), task.outputs().len());
    let train = || TrainConfig { batch_size: Some(9), learning_rate: 0.02, ..settings(3, 3) };
    let plain = || vanilla(task.as_ref());
    let each_tau = PerUnit::ByUnit { units: (0..10).map(|unit| 50.0 + 10.0 * f64::from(unit)).collect() };
    let mut models = vec![("vanilla".to_string(), plain())];
    for form in Form::ALL {
        models.push((format!("{form}"), plain().form(form).b_rec(Bias::Trained(0.1.into()))));
        models.push((format!("{form}, sigma_post"), plain().form(form).sigma_post(0.1)));
        let learning = plain().form(form).tau(each_tau.clone()).learn_tau(LearnTau::PerUnit);
        models.push((format!("{form}, learned tau"), learning.clone()));
        models.push((format!("{form}, learned tau and sigma_post"), learning.sigma_post(0.1)));
        models.push((format!("{form}, shared tau"), plain().form(form).learn_tau(LearnTau::Shared)));
    }
    for start in [Start::Trained(0.2.into()), Start::Carried] {
        models.push((format!("{start:?}"), plain().start(start)));
    }
    let w_rec = MatrixConfig {
        plastic: Plastic::Each((0..10).map(|post| vec![[0.0, 0.5, 1.0][post.min(2)]; 10]).collect()),
        fixed: vec![FixedSynapse { post: 3, pre: 9, weight: -0.25 }],
        ..MatrixConfig::default()
    };
    let open = |model: ModelConfig| model.dt(task.dt()).readout_from(ReadoutFrom::All).sigma_rec(0.1);
    models.push(("ei, plastic".into(), open(ModelConfig::ei(inputs, 10, outputs)).w_rec(w_rec)));
    let areas = [Area::ei("sensory", 8, 0.75), Area::ei("motor", 6, 0.5)];
    models.push(("areas".into(), open(ModelConfig::multi_area(inputs, outputs, areas))));
    let layers = || [LayerConfig::new("one", 7), LayerConfig::new("two", 6).learn_tau(LearnTau::PerUnit)];
    let stacked = open(ModelConfig::stacked(inputs, outputs, layers())).activation(Activation::Tanh);
    models.push(("stacked".into(), stacked.clone()));
    models.push(("stacked, carried".into(), stacked.start(Start::Carried)));
    for (what, model) in models {
        assert_same_bits(&what, task.clone(), model, train())?;
    }
    Ok(())
}

#[test]
fn every_loss_and_penalty_has_the_same_bits() -> Result<()> {
    let task = lengths();
    let model = || vanilla(task.as_ref());
    let train = |loss| TrainConfig { batch_size: Some(5), loss: Some(loss), ..settings(3, 3) };
    assert_same_bits("mean square", task.clone(), model(), train(Loss::MeanSquare))?;
    let softmax = model().readout(Readout::Softmax);
    assert_same_bits("cross-entropy", task.clone(), softmax, train(Loss::CrossEntropy))?;
    let penalties = [
        vec![Penalty::L2Rates {}],
        vec![Penalty::StatePrediction { lag: 2 }],
        vec![Penalty::VanishingGradient {}],
        vec![Penalty::VanishingGradient {}, Penalty::L2Rates {}],
        vec![Penalty::L2Weights { matrix: nn4n::penalty::Matrix::WRec }],
    ];
    for penalties in penalties {
        let regularisers: Vec<Regulariser> = penalties.into_iter().map(|kind| Regulariser::new(kind, 0.5)).collect();
        let names: Vec<String> = regularisers.iter().map(Regulariser::name).collect();
        let train = TrainConfig { regularisers, ..train(Loss::MaskedMse) };
        assert_same_bits(&names.join(" and "), task.clone(), model(), train)?;
    }
    Ok(())
}

#[test]
fn any_number_of_steps_has_the_same_bits() -> Result<()> {
    // A single trial goes back in windows of 256 steps, eight go in such of 32.
    for (n_steps, batch_size) in [(1, 3), (2, 1), (255, 1), (256, 1), (700, 1), (31, 8), (32, 8), (33, 8), (1_500, 8)] {
        let task = flips(n_steps);
        let train = TrainConfig { batch_size: Some(batch_size), ..settings(3, 3) };
        let model = vanilla(task.as_ref());
        assert_same_bits(&format!("{batch_size} trials of {n_steps} steps"), task, model, train)?;
    }
    Ok(())
}

#[test]
fn a_run_that_is_resumed_either_way_has_the_same_bits() -> Result<()> {
    let train_config = TrainConfig { stream_steps: Some(100), ..settings(6, 3) };
    let task = lengths();
    let model = vanilla(task.as_ref()).start(Start::Carried);
    let mut experiment = Experiment::new(task, model, train_config, 2)?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (whole, pieces) = (folder.path().join("whole"), folder.path().join("pieces"));
    train(&experiment, &whole)?;
    for (updates, remat) in [(2, true), (3, false), (6, true)] {
        (experiment.train.updates, experiment.train.remat) = (updates, remat);
        let run = RunDirectory::open(&pieces, Existing::Resume)?;
        nn4n::train::fit(&experiment, None, &run, &Device::Cpu, |_| std::ops::ControlFlow::Continue(()))?;
    }
    let (one, other) = (Checkpoint::load(&whole)?.tensors, Checkpoint::load(&pieces)?.tensors);
    for (name, tensor) in one {
        let values = |tensor: &Tensor| -> Result<Vec<f64>> { Ok(host::values(tensor)?) };
        assert_eq!(values(&tensor)?, values(&other[&name])?, "{name}");
    }
    Ok(())
}

#[test]
fn a_network_elsewhere_than_on_the_cpu_is_refused() -> Result<()> {
    let task = flips(20);
    let network = Ctrnn::init(&vanilla(task.as_ref()), 0, DType::F32, &Device::Cpu)?;
    let inputs = Tensor::zeros((1, 20, 3), DType::F32, &Device::Cpu)?;
    let message = host::by_operations(|| network.unroll_remat(&inputs, None, None)).unwrap_err().to_string();
    assert!(message.contains("for networks on the CPU"), "{message}");
    Ok(())
}

fn written(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("a file");
}

const RUN: &str = "[task]\nid = \"golub2018/flip_flop\"\nn_steps = 40\n[model]\nunits = 8\n\
    [train]\nupdates = 2\nbatch_size = 2\nvalidation = { every = 2, trials_per_condition = 1 }\nremat = true\n";

#[test]
fn a_run_says_in_its_file_that_states_are_computed_again_and_reads_it_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    written(folder.path(), "run.toml", RUN);
    let (done, _, error) = said(folder.path(), &words(&["train", "run.toml"], "--out run --device cpu"));
    assert!(done, "{error}");
    let kept = fs::read_to_string(folder.path().join("run/run.toml")).expect("run.toml");
    assert!(kept.contains("remat = true"), "{kept}");
    // By a flag, too, and without both it is not mentioned.
    written(folder.path(), "plain.toml", &RUN.replace("remat = true\n", ""));
    for (flags, is_on) in [("--out a --remat", true), ("--out b", false)] {
        let (done, _, error) = said(folder.path(), &words(&["train", "plain.toml", "--device", "cpu"], flags));
        assert!(done, "{error}");
        let out = flags.split_whitespace().nth(1).unwrap_or_default();
        let kept = fs::read_to_string(folder.path().join(out).join("run.toml")).expect("run.toml");
        assert_eq!(kept.contains("remat = true"), is_on, "{kept}");
    }
    let state = |name: &str| fs::read(folder.path().join(name).join("optimizer.safetensors")).expect("a state");
    assert!(state("a") == state("b"));
    written(folder.path(), "other.toml", &RUN.replace("remat", "gradient_checkpointing"));
    let error = refused(folder.path(), &words(&["train", "other.toml"], "--out d"));
    assert!(error.contains("write remat = true"), "{error}");
}

#[test]
fn a_plant_is_refused_before_the_work() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let error = refused(folder.path(), &words(&["train"], "--task motor/arm_reach --remat --out run"));
    assert!(error.contains("train.remat") && error.contains("plant of `motor/arm_reach`"), "{error}");
    assert!(!folder.path().join("run").exists());
}
