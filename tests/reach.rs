//! No network is trained in silence on targets that its outputs cannot reach: over all tasks.

use std::{fs, sync::Arc};

use nn4n::{
    Experiment, TrainConfig,
    models::{Bias, Kind, ModelConfig, ReadoutFrom, SignRule},
    tasks::{Objective, Split, Task, batch, create, list},
};

/// All tasks that can be made without a file.
fn tasks() -> Vec<Arc<dyn Task>> {
    let made = list().into_iter().filter(|info| info.n_inputs.is_some());
    made.map(|info| create(info.id, None).expect("a listed task").into()).collect()
}

fn network(kind: Kind, task: &dyn Task) -> ModelConfig {
    ModelConfig::of_kind(kind, task.inputs().len(), 20, task.outputs().len()).dt(task.dt())
}

fn refusal(model: ModelConfig, task: &Arc<dyn Task>) -> Option<String> {
    Experiment::new(task.clone(), model, TrainConfig::default(), 0).err().map(|error| error.to_string())
}

/// Whether outputs that cannot be negative are asked for negative targets, by other trials than the program looks at.
fn asks_for_less(task: &dyn Task) -> bool {
    let trials = batch(task, Split::Train, 9, 9, 300).expect("trials");
    let is_negative = |(target, weight): (&f32, &f32)| *weight > 0.0 && *target < 0.0;
    task.objective() != Objective::Classes && trials.targets.iter().zip(&trials.loss_mask).any(is_negative)
}

#[test]
fn targets_that_excitatory_units_cannot_reach_are_refused_and_each_remedy_is_one() {
    let mut out_of_reach = 0;
    for task in tasks() {
        let asks_for_less = asks_for_less(task.as_ref());
        for kind in [Kind::Ei, Kind::MultiArea, Kind::Stacked] {
            let model = || network(kind, task.as_ref());
            assert_eq!(refusal(model(), &task).is_some(), asks_for_less, "{} {kind}", task.id());
        }
        assert_eq!(refusal(network(Kind::Vanilla, task.as_ref()), &task), None, "{}", task.id());
        if !asks_for_less {
            continue;
        }
        out_of_reach += 1;
        let model = || network(Kind::Ei, task.as_ref());
        let message = refusal(model(), &task).expect("a refusal");
        for remedy in ["readout_from = \"all\"", "w_out = { signs = \"free\" }", "b_out = { trained = 0.0 }"] {
            assert!(message.contains(remedy) && message.contains(task.id()), "{message}");
        }
        let mut free = model();
        free.w_out.signs = Some(SignRule::Free);
        for remedy in [model().readout_from(ReadoutFrom::All), free, model().b_out(Bias::Trained(0.0.into()))] {
            assert_eq!(refusal(remedy, &task), None, "{}", task.id());
        }
    }
    assert_eq!(out_of_reach, 26);
}

#[test]
fn the_command_line_takes_a_readout_that_reaches_the_targets_and_says_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let train = |arguments: &[&str]| {
        let rest = ["--units", "10", "--batch-size", "2", "--updates", "1", "--force", "--out", "run"];
        let output = crate::program::nn4n(folder.path(), &[&["train"][..], arguments, &rest].concat(), &[]);
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (done, said) = train(&["--task", "driscoll2022/fdanti", "--model", "ei"]);
    assert!(done && said.contains("w_out.signs = \"free\"") && said.contains("b_out = { trained = 0.0 }"), "{said}");
    let recipe = fs::read_to_string(folder.path().join("run/run.toml")).expect("the recipe of the run");
    assert!(recipe.contains("signs = \"free\""), "{recipe}");

    let (done, said) = train(&["--task", "song2016/rdm_varstim", "--model", "ei"]);
    assert!(done && !said.contains("w_out.signs"), "{said}");

    // A description of one's own is not changed.
    let text = "[task]\nid = \"driscoll2022/fdanti\"\n[model]\nkind = \"ei\"\nunits = 10\n";
    fs::write(folder.path().join("own.toml"), text).expect("a file");
    let (done, said) = train(&["own.toml"]);
    assert!(!done && said.contains("model.readout_from"), "{said}");
}
