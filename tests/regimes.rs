//! Ways of training beyond one task from start to end: stages, conditions by need, several tasks, sequences that
//! protect what came before, parts that stay as they are. Each gives the same files whether it was interrupted or not.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use crate::pieces::{assert_same, train_in_pieces};
use crate::small::{easy_task, settings, train};
use candle_core::{DType, Device, Tensor};
use nn4n::{
    Checkpoint, Experiment, Result, TrainConfig,
    checkpoint::ValidationRecord,
    experiment::{AdaptConditions, Stage, SynapticIntelligenceConfig},
    loss::Loss,
    models::{Ctrnn, ModelConfig, Readout, ReadoutFrom},
    tasks::{Task, create},
    train::StopReason,
};
use serde_json::{Value, json};

fn task(id: &str, parameters: Value) -> Arc<dyn Task> {
    create(id, Some(&parameters)).expect("a known task").into()
}

/// Two short tasks for one network.
fn pair(more: Value) -> Arc<dyn Task> {
    let id = "song2016/rdm_fixed";
    let short = json!({ "stimulus": 200.0, "decision": 100.0, "coherences": [0.512], "p_catch": 0.0 });
    let member =
        |name: &str, updates: Value| json!({ "id": id, "name": name, "parameters": short, "updates": updates });
    let mut parameters = more;
    let last = Value::Null;
    let updates = if parameters["schedule"] == "sequential" { json!(4) } else { Value::Null };
    parameters["tasks"] = json!([member("first", updates), member("second", last)]);
    task("multitask/set", parameters)
}

fn tensors(directory: &Path) -> Result<BTreeMap<String, Vec<f32>>> {
    let flat = |(name, tensor): (String, Tensor)| Ok((name, tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?));
    Checkpoint::load(directory)?.tensors.into_iter().map(flat).collect()
}

/// Trains at once, and in pieces from the files alone; returns the validations.
fn whole_and_in_pieces(experiment: &Experiment, ends: &[u64]) -> Result<Vec<ValidationRecord>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (whole, pieces) = (folder.path().join("whole"), folder.path().join("pieces"));
    let outcome = train(experiment, &whole)?;
    train_in_pieces(experiment, &pieces, ends)?;
    assert_same(&whole, &pieces, &format!("interrupted after {ends:?}"));
    // What was written is what was trained.
    let toml = fs::read_to_string(whole.join("run.toml")).expect("run.toml");
    assert_eq!(Experiment::from_toml(&toml)?.to_toml()?, toml);
    Ok(outcome.validations)
}

#[test]
fn stages_follow_when_their_threshold_is_reached_and_only_the_last_can_end_the_training() -> Result<()> {
    let mut experiment = Experiment::new(easy_task(), ModelConfig::ei(2, 10, 2), settings(12, 2), 3)?;
    let stage = |threshold| Stage {
        task: task("song2016/rdm_fixed", json!({ "stimulus": 100.0, "coherences": [1.0] })),
        threshold,
    };
    // An output at random is right now and then, so the first stage ends soon; nothing exceeds all.
    experiment.curriculum = vec![stage(0.25), stage(1.0)];
    let validations = whole_and_in_pieces(&experiment, &[1, 2, 5])?;
    let stages: Vec<_> = validations.iter().map(|record| record.stage.expect("a stage")).collect();
    assert_eq!(stages[0], 0);
    assert!(stages.windows(2).all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1), "{stages:?}");
    for pair in validations.windows(2) {
        let (stage, threshold) = (pair[0].stage.unwrap_or(0), [0.25, 1.0, f64::INFINITY]);
        let learned = pair[0].performance.unwrap_or(0.0) >= threshold[stage];
        assert_eq!(pair[1].stage, Some(stage + usize::from(learned)), "after {:?}", pair[0]);
    }
    assert!(stages.iter().any(|stage| *stage > 0), "{stages:?}");
    Ok(())
}

#[test]
fn a_stage_in_toml_changes_parameters_of_the_task_and_a_stage_that_does_not_fit_is_refused() -> Result<()> {
    let toml = |stage: &str| {
        format!(
            "[task]\nid = \"song2016/rdm_fixed\"\nsigma_in = 0.0\n[model]\nunits = 10\n[[curriculum]]\nthreshold = \
            0.8\n[curriculum.task]\n{stage}"
        )
    };
    let experiment = Experiment::from_toml(&toml("coherences = [0.512]"))?;
    let parameters = experiment.curriculum[0].task.parameters();
    assert_eq!((&parameters["coherences"], &parameters["sigma_in"]), (&json!([0.512]), &json!(0.0)));
    assert!(Experiment::from_toml(&toml("dt = 10.0")).unwrap_err().to_string().contains("curriculum[0].task"));
    assert!(Experiment::from_toml(&toml("coherence = [0.5]")).unwrap_err().to_string().contains("coherence"));
    let sequence = pair(json!({ "schedule": "sequential" }));
    let model = ModelConfig::vanilla(sequence.inputs().len(), 10, 2);
    let staged = Experiment {
        curriculum: vec![Stage { task: sequence.clone(), threshold: 0.5 }],
        ..Experiment::new(sequence, model, settings(6, 2), 0)?
    };
    assert!(staged.validate().unwrap_err().to_string().contains("sequence of tasks"));
    let threshold = toml("coherences = [0.512]").replace("0.8", "80");
    assert!(Experiment::from_toml(&threshold).unwrap_err().to_string().contains("curriculum[0].threshold"));
    Ok(())
}

#[test]
fn conditions_are_drawn_by_need_from_the_first_validation_on() -> Result<()> {
    let trials = |adapt: Option<AdaptConditions>| -> Result<BTreeMap<String, Vec<f32>>> {
        let mut settings = settings(9, 3);
        settings.adapt_conditions = adapt;
        let task =
            task("song2016/rdm_fixed", json!({ "stimulus": 200.0, "decision": 100.0, "coherences": [0.032, 0.512] }));
        let experiment = Experiment::new(task, ModelConfig::vanilla(2, 10, 2), settings, 3)?;
        whole_and_in_pieces(&experiment, &[2, 3, 7])?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        train(&experiment, folder.path())?;
        // Not the bytes of the file, whose header says how it was trained.
        tensors(folder.path())
    };
    assert!(trials(None)? != trials(Some(AdaptConditions { floor: 0.1 }))?);
    Ok(())
}

#[test]
fn tasks_take_their_turns_when_conditions_are_drawn_by_need() -> Result<()> {
    // What is trained belongs to the second task, whose turn comes after four updates.
    let set = pair(json!({ "schedule": "sequential" }));
    let model = ModelConfig::vanilla(set.inputs().len(), 10, 2);
    let w_in = |updates| -> Result<Vec<f32>> {
        let mut settings = settings(updates, 2);
        settings.adapt_conditions = Some(AdaptConditions { floor: 0.1 });
        settings.freeze = ["w_rec", "w_out", "x0"].map(String::from).into();
        settings.only_inputs = vec!["rule_second".into()];
        let folder = tempfile::tempdir().expect("a temporary folder");
        let experiment = Experiment::new(set.clone(), model.clone(), settings, 3)?;
        train(&experiment, folder.path())?;
        Ok(tensors(folder.path())?["w_in"].clone())
    };
    let drawn = Ctrnn::init(&model, 3, DType::F32, &Device::Cpu)?.tensors()?["w_in"].flatten_all()?.to_vec1::<f32>()?;
    assert_eq!(w_in(4)?, drawn);
    assert_ne!(w_in(40)?, drawn);
    Ok(())
}

#[test]
fn streams_are_trained_on_and_the_loss_is_the_one_that_the_task_asks_for() -> Result<()> {
    let toml = "[task]\nid = \"song2016/rdm_fixed\"\n[model]\nunits = 10\n[train]\nupdates = 6\nbatch_size = \
        3\nstream_steps = 50\nvalidation = { every = 3, trials_per_condition = 1 }\n";
    let experiment = Experiment::from_toml(toml)?;
    assert_eq!((experiment.loss(), experiment.model.readout), (Loss::MaskedMse, Some(Readout::Linear)));
    whole_and_in_pieces(&experiment, &[2, 4])?;
    let squared = Experiment::from_toml("[task]\nid = \"yang2019/fdgo\"\n[model]\nunits = 10\n")?;
    assert_eq!(squared.loss(), Loss::MeanSquare);
    for (id, loss, readout) in [
        ("neurogym/go_nogo", Loss::CrossEntropy, Readout::Softmax),
        ("yang2019/fdgo", Loss::MeanSquare, Readout::Linear),
        ("song2016/rdm_fixed", Loss::MaskedMse, Readout::Linear),
    ] {
        let task = task(id, json!({}));
        let model = ModelConfig::vanilla(task.inputs().len(), 10, task.outputs().len()).dt(task.dt());
        let made = Experiment::new(task.clone(), model, TrainConfig::default(), 0)?;
        assert_eq!(
            (made.loss(), made.model.readout, made.criterion()),
            (loss, Some(readout), task.criterion()),
            "{id}"
        );
        let read = Experiment::from_toml(&format!("[task]\nid = \"{id}\"\n[model]\nunits = 10\n"))?;
        assert_eq!((read.train, read.model), (made.train, made.model), "{id}");
    }
    Ok(())
}

#[test]
fn frozen_parameters_keep_their_bits_and_only_the_named_inputs_change() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut settings = settings(6, 2);
    let first = Experiment::new(easy_task(), ModelConfig::ei(2, 10, 2), settings.clone(), 1)?;
    let before = folder.path().join("first");
    train(&first, &before)?;
    (settings.freeze, settings.only_inputs) =
        (vec!["w_rec".into(), "w_out".into(), "x0".into()], vec!["evidence_2".into()]);
    let tuned = Experiment {
        init: Some(before.join("model.safetensors")),
        ..Experiment::new(easy_task(), first.model.clone(), settings, 2)?
    };
    whole_and_in_pieces(&tuned, &[1, 4])?;
    let after = folder.path().join("tuned");
    train(&tuned, &after)?;
    let (before, after) = (tensors(&before)?, tensors(&after)?);
    for name in ["w_rec", "w_out", "x0", "tau"] {
        assert_eq!(before[name], after[name], "{name}");
    }
    let column = |of: &BTreeMap<String, Vec<f32>>, column: usize| {
        of["w_in"].iter().skip(column).step_by(2).copied().collect::<Vec<_>>()
    };
    assert_eq!(column(&before, 0), column(&after, 0));
    assert_ne!(column(&before, 1), column(&after, 1));
    Ok(())
}

#[test]
fn a_network_that_is_trained_further_keeps_its_channels_by_name_and_new_ones_are_drawn() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let set = |ids: &[&str]| task("multitask/set", json!({ "tasks": ids, "schedule": "mixed" }));
    // Of all units, since a sine wave goes below zero.
    let model =
        |task: &dyn Task| ModelConfig::ei(task.inputs().len(), 10, task.outputs().len()).readout_from(ReadoutFrom::All);
    let first = set(&["song2016/rdm_fixed", "song2016/mante"]);
    let before = folder.path().join("before");
    train(&Experiment::new(first.clone(), model(first.as_ref()), settings(2, 2), 1)?, &before)?;
    let names = |task: &dyn Task| task.inputs().into_iter().map(|channel| channel.name).collect::<Vec<_>>();
    let column = |of: &BTreeMap<String, Vec<f32>>, task: &dyn Task, name: &str| {
        let names = names(task);
        let place = names.iter().position(|known| known == name).expect(name);
        of["w_in"].iter().skip(place).step_by(names.len()).copied().collect::<Vec<_>>()
    };
    for (run, ids) in [
        ("turned", vec!["song2016/mante", "song2016/rdm_fixed"]),
        ("more", vec!["song2016/sinewave", "song2016/mante", "song2016/rdm_fixed"]),
    ] {
        let then = set(&ids);
        let mut settings = settings(2, 2);
        settings.freeze = ["w_in", "w_rec", "w_out"].map(String::from).into();
        let experiment = Experiment {
            init: Some(before.clone()),
            ..Experiment::new(then.clone(), model(then.as_ref()), settings, 2)?
        };
        let after = folder.path().join(run);
        train(&experiment, &after)?;
        let (before, after) = (tensors(&before)?, tensors(&after)?);
        for name in names(first.as_ref()) {
            assert_eq!(column(&before, first.as_ref(), &name), column(&after, then.as_ref(), &name), "{run}: {name}");
        }
        assert_eq!(before["w_rec"], after["w_rec"]);
        let readout = after["w_out"].len() / 10;
        assert_eq!(
            before["w_out"],
            after["w_out"][(readout - 2) * 10..],
            "{run}: the outputs of the sine wave come first"
        );
        if run == "more" {
            let drawn = Ctrnn::init(&experiment.model, 2, DType::F32, &Device::Cpu)?.tensors()?["w_out"]
                .flatten_all()?
                .to_vec1::<f32>()?;
            assert_eq!(after["w_out"][..10], drawn[..10]);
        }
    }
    // Of as many channels some have the names of others: neither by name nor in their order.
    let overlap = set(&["song2016/mante", "song2016/rdm_varstim"]);
    let further = |task: &Arc<dyn Task>, init: &Path| -> Result<Experiment> {
        Ok(Experiment {
            init: Some(init.into()),
            ..Experiment::new(task.clone(), model(task.as_ref()), settings(2, 2), 2)?
        })
    };
    let message = train(&further(&overlap, &before)?, &folder.path().join("overlap")).unwrap_err().to_string();
    assert!(message.contains("`rule_song2016/rdm_fixed` is none"), "{message}");
    // A network without inputs gets them.
    let (silent, spoken) = (task("song2016/sinewave", json!({})), set(&["song2016/sinewave", "song2016/rdm_fixed"]));
    let no_inputs = folder.path().join("no inputs");
    train(&Experiment::new(silent.clone(), model(silent.as_ref()), settings(2, 2), 1)?, &no_inputs)?;
    train(&further(&spoken, &no_inputs)?, &folder.path().join("inputs"))?;
    // Synapses of single channels are as the model says, or not at all.
    let mut structured = further(&set(&["song2016/mante", "song2016/rdm_fixed"]), &before)?;
    let inputs = structured.model.inputs;
    structured.model.w_in.connectivity =
        Some((0..10).map(|post| (0..inputs).map(|pre| u8::from(post != pre)).collect()).collect());
    let message = train(&structured, &folder.path().join("structured")).unwrap_err().to_string();
    assert!(message.contains("which channels have synapses"), "{message}");

    let other = task("song2016/sinewave", json!({}));
    let experiment =
        Experiment { init: Some(before), ..Experiment::new(other.clone(), model(other.as_ref()), settings(2, 2), 2)? };
    let message = train(&experiment, &folder.path().join("other")).unwrap_err().to_string();
    assert!(message.contains("is none of the task's"), "{message}");
    Ok(())
}

#[test]
fn several_tasks_are_validated_one_by_one() -> Result<()> {
    let set = pair(json!({ "criterion": { "min_of_tasks": { "threshold": 0.9 } } }));
    let model = ModelConfig::vanilla(set.inputs().len(), 10, 2);
    let validations = whole_and_in_pieces(&Experiment::new(set, model, settings(6, 2), 0)?, &[1, 3])?;
    let names: Vec<_> = validations[0].per_task.keys().map(String::as_str).collect();
    assert_eq!(names, ["first", "second"]);
    Ok(())
}

#[test]
fn the_stop_rule_of_a_set_ends_its_training_and_needs_tasks_that_are_scored() -> Result<()> {
    let ends = |threshold: f64| -> Result<(StopReason, u64)> {
        let set = pair(json!({ "criterion": { "min_of_tasks": { "threshold": threshold } } }));
        let model = ModelConfig::vanilla(set.inputs().len(), 10, 2);
        let mut settings = settings(6, 2);
        settings.stop.never = false;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let outcome = train(&Experiment::new(set, model, settings, 0)?, folder.path())?;
        Ok((outcome.reason, outcome.updates))
    };
    assert_eq!(ends(0.0)?, (StopReason::CriterionMet, 2));
    assert_eq!(ends(1.0)?, (StopReason::LastUpdate, 6));

    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("unscored.toml");
    let text = "summary = \"Go\"\ndt = 20.0\nepochs = [{ name = \"go\", duration = 100, graded = 1 }]\ninputs.u = { \
        go = 1 }\noutputs.z = { go = 1 }\n";
    fs::write(&path, text).expect("the folder is writable");
    let unscored = json!({ "id": "data/toml", "name": "mine", "parameters": { "path": path } });
    let set = task("multitask/set", json!({ "tasks": ["song2016/rdm_fixed", unscored] }));
    let model = ModelConfig::vanilla(set.inputs().len(), 10, set.outputs().len());
    let message = Experiment::new(set.clone(), model.clone(), TrainConfig::default(), 0).unwrap_err().to_string();
    assert!(message.contains("`mine`") && message.contains("rms_error"), "{message}");
    let never = settings(6, 2);
    let adapted = TrainConfig { adapt_conditions: Some(AdaptConditions { floor: 0.1 }), ..never.clone() };
    assert!(
        Experiment::new(set.clone(), model.clone(), adapted, 0)
            .unwrap_err()
            .to_string()
            .starts_with("train.adapt_conditions")
    );
    let plain = Experiment::new(set.clone(), model, never, 0)?;
    let staged = Experiment { curriculum: vec![Stage { task: set, threshold: 0.8 }], ..plain };
    assert!(staged.validate().unwrap_err().to_string().starts_with("curriculum.threshold"));
    Ok(())
}

/// How far the weights move after the switch of a sequence.
fn moved_after_switch(c: f64) -> Result<f32> {
    let set = pair(json!({ "schedule": "sequential" }));
    let model = ModelConfig::vanilla(set.inputs().len(), 10, 2);
    let mut settings =
        TrainConfig { synaptic_intelligence: Some(SynapticIntelligenceConfig { c, xi: 1e-6 }), ..settings(4, 4) };
    settings.validation.trials_per_condition = 1;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = |name: &str, updates| -> Result<Vec<f32>> {
        let directory = folder.path().join(name);
        train(
            &Experiment::new(set.clone(), model.clone(), TrainConfig { updates, ..settings.clone() }, 5)?,
            &directory,
        )?;
        Ok(tensors(&directory)?.remove("w_rec").unwrap_or_default())
    };
    let (at_switch, later) = (run("at the switch", 4)?, run("later", 40)?);
    Ok(at_switch.iter().zip(&later).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max))
}

#[test]
fn a_strong_penalty_holds_what_the_first_task_of_a_sequence_needed() -> Result<()> {
    let (free, held) = (moved_after_switch(0.0)?, moved_after_switch(1e3)?);
    assert!(held < 0.7 * free, "{held} with and {free} without the penalty");
    let set = pair(json!({ "schedule": "sequential" }));
    let model = ModelConfig::vanilla(set.inputs().len(), 10, 2);
    let settings = TrainConfig { synaptic_intelligence: Some(SynapticIntelligenceConfig::default()), ..settings(9, 3) };
    whole_and_in_pieces(&Experiment::new(set, model, settings.clone(), 0)?, &[2, 4, 6])?;
    let member = |name: &str| json!({ "id": "song2016/rdm_fixed", "name": name });
    let first = json!({ "updates": 4, "tasks": [member("a"), member("b")] });
    let groups = json!({ "schedule": "sequential", "tasks": [first, member("c")] });
    let groups = task("multitask/set", groups);
    let model = ModelConfig::vanilla(groups.inputs().len(), 10, 2);
    whole_and_in_pieces(&Experiment::new(groups, model, settings.clone(), 0)?, &[3, 5])?;
    // A single task has nothing to protect.
    let single = Experiment::new(easy_task(), ModelConfig::vanilla(2, 10, 2), settings, 0)?;
    let folder = tempfile::tempdir().expect("a temporary folder");
    assert!(train(&single, folder.path()).unwrap_err().to_string().contains("multitask/set"));
    Ok(())
}
