//! The networks that come with the program are what their cards say.

use std::ops::ControlFlow;

use candle_core::Device;
use nn4n::{
    Checkpoint, Existing, Experiment, Result, RunDirectory,
    checkpoint::ImportedFrom,
    device::platform,
    train::fit,
    zoo::{self, ALL, Assessment, Packing, pack},
};

/// The largest that all checkpoints together may be, bytes.
const LARGEST: usize = 6 << 20;

#[test]
fn they_are_small_and_each_has_its_recipe() -> Result<()> {
    assert!(ALL.iter().map(|files| files.model.len()).sum::<usize>() <= LARGEST);
    for files in ALL {
        let (recipe, checkpoint) = (Experiment::from_toml(files.recipe)?, zoo::open(files.id)?);
        assert_eq!(recipe.model, checkpoint.header.model, "{}", files.id);
        assert_eq!(recipe.task.id(), checkpoint.header.task.id, "{}", files.id);
        assert_eq!(recipe.seed, checkpoint.header.seed, "{}", files.id);
        assert_eq!(serde_json::to_value(recipe.settings()).unwrap(), checkpoint.header.train.settings, "{}", files.id);
    }
    Ok(())
}

#[test]
fn each_does_as_well_as_its_card_states() -> Result<()> {
    for stated in zoo::list()? {
        let (checkpoint, id) = (zoo::open(&stated.id)?, &stated.id);
        let network = checkpoint.network(&Device::Cpu)?.frozen();
        let (found, _) = Assessment::of(&network, checkpoint.task()?.as_ref())?;
        if checkpoint.header.provenance.platform == Some(platform()) {
            assert_eq!(found, stated.assessment, "{id}");
        }
        // Elsewhere rounding may turn a trial or two.
        if let (Some(found), Some(stated)) = (found.performance, stated.assessment.performance) {
            assert!((found.value - stated.value).abs() < 0.01, "{id}: {} is not {}", found.value, stated.value);
            assert_eq!(found.trials, stated.trials, "{id}");
        }
        if let (Some(found), Some(stated)) = (found.rms_error, stated.assessment.rms_error) {
            assert!((found / stated - 1.0).abs() < 0.01, "{id}: {found} is not {stated}");
        }
    }
    Ok(())
}

#[test]
fn each_learned_what_its_task_asks_for() -> Result<()> {
    for files in ALL {
        let header = zoo::open(files.id)?.header;
        let experiment = Experiment::from_toml(files.recipe)?;
        match experiment.train.criterion(experiment.task.as_ref()) {
            Some(_) => assert!(header.train.updates < experiment.train.updates, "{}: its rule was not met", files.id),
            // Where training ends by the number of updates alone.
            None => assert!(header.metrics["performance"] > 0.9, "{}: {:?}", files.id, header.metrics),
        }
    }
    Ok(())
}

/// The smallest recipe gives the same network again.
#[test]
fn the_recipe_of_the_smallest_gives_the_same_bits() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = zoo::files("rdm-vanilla")?;
    let run = RunDirectory::open(folder.path().join("again"), Existing::Keep)?;
    fit(&Experiment::from_toml(files.recipe)?, None, &run, &Device::Cpu, |_| ControlFlow::Continue(()))?;
    let (again, shipped) = (Checkpoint::load(run.path())?, zoo::open(files.id)?);
    if shipped.header.provenance.platform == Some(platform()) {
        assert!(std::fs::read(run.model()).expect("a file") == files.model, "another network");
    } else {
        let performance =
            |checkpoint: &Checkpoint| checkpoint.header.metrics.get("performance").copied().unwrap_or_default();
        assert!((performance(&again) - performance(&shipped)).abs() < 0.05);
    }
    Ok(())
}

#[test]
fn a_packed_network_is_its_directory_in_the_zoo() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let packing = |id: &str| Packing { id: id.into(), repository: None, license: None, overwrite: false };
    let files = zoo::files("rdm-vanilla")?;
    let directory = folder.path().join("packed");
    let packed = pack(files.id.as_ref(), &directory, &packing(files.id))?;
    assert_eq!(packed.files, ["model.safetensors", "config.json", "README.md", "performance.png"]);
    let text = |name: &str| std::fs::read_to_string(directory.join(name)).expect("a text");
    assert_eq!(std::fs::read(directory.join("model.safetensors")).expect("a file"), files.model);
    if Checkpoint::load(&directory)?.header.provenance.platform == Some(platform()) {
        assert_eq!(text("config.json"), files.config);
        assert_eq!(text("README.md"), files.card);
    }
    // Cards are made, not typed.
    for files in ALL.iter().filter(|files| files.id != "rdm-vanilla") {
        let directory = folder.path().join(files.id);
        pack(files.id.as_ref(), &directory, &packing(files.id))?;
        if Checkpoint::load(&directory)?.header.provenance.platform == Some(platform()) {
            assert_eq!(
                std::fs::read_to_string(directory.join("README.md")).expect("a card"),
                files.card,
                "{}",
                files.id
            );
        }
    }
    let refused = pack(files.id.as_ref(), &directory, &packing(files.id)).expect_err("files are there");
    assert!(refused.to_string().contains("exists"), "{refused}");
    for id in ["", "../evil", "a/b", "a\nb: c"] {
        assert!(pack(files.id.as_ref(), &folder.path().join("other"), &packing(id)).is_err(), "{id}");
    }
    Ok(())
}

#[test]
fn an_imported_network_is_not_packed_without_a_licence() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut checkpoint = zoo::open("rdm-vanilla")?;
    checkpoint.header.provenance.imported = Some(ImportedFrom { format: "torch-rnn".into(), file: "rnn.pth".into() });
    let file = folder.path().join("imported.safetensors");
    checkpoint.save(&file)?;
    let packing = |license: Option<&str>| Packing {
        id: "mine".into(),
        repository: None,
        license: license.map(String::from),
        overwrite: false,
    };
    let refused = pack(&file, &folder.path().join("mine"), &packing(None)).expect_err("nobody said the licence");
    assert!(refused.to_string().starts_with("license"), "{refused}");
    assert_eq!(pack(&file, &folder.path().join("mine"), &packing(Some("cc-by-4.0")))?.description.license, "cc-by-4.0");
    let card = std::fs::read_to_string(folder.path().join("mine/README.md")).expect("a card");
    assert!(
        card.contains("Imported by nn4n") && card.contains("`rnn.pth`") && !card.contains("learning rate"),
        "{card}"
    );
    Ok(())
}

#[test]
fn they_are_listed_shown_evaluated_and_inspected_by_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let stdout = |arguments: &[&str]| {
        let output = crate::program::nn4n(folder.path(), arguments, &[]);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let list = stdout(&["zoo", "list"]);
    for files in ALL {
        assert!(list.contains(files.id), "{list}");
    }
    let filtered = stdout(&["zoo", "list", "--kind", "multi_area"]);
    assert!(filtered.contains("kleinman2021-checkerboard") && !filtered.contains("rdm-vanilla"), "{filtered}");
    assert!(stdout(&["zoo", "list", "--max-units", "1"]).contains("no network"));
    assert!(stdout(&["zoo", "show", "rdm-vanilla"]).contains("# rdm-vanilla"));
    assert!(stdout(&["zoo", "show", "rdm-vanilla", "--recipe"]).contains("[train]"));
    assert!(stdout(&["eval", "rdm-vanilla", "--trials", "5"]).contains("performance"));
    assert!(stdout(&["inspect", "song2016-rdm-ei"]).contains("song2016/rdm_varstim"));
    let unknown = crate::program::nn4n(folder.path(), &["eval", "rdm-vanila"], &[]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("nn4n zoo list"));
}

#[test]
fn training_that_starts_from_a_network_keeps_its_kind_and_cell_types() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let arguments =
        ["train", "--task", "song2016/rdm_rt", "--init", "song2016-rdm-ei", "--updates", "2", "--out", "tuned"];
    let output = crate::program::nn4n(folder.path(), &arguments, &[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tuned = Checkpoint::load(folder.path().join("tuned")).expect("a checkpoint");
    assert_eq!(tuned.header.model, zoo::open("song2016-rdm-ei").expect("a network").header.model);
}
