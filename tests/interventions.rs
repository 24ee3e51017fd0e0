//! Lesions, silence and currents through the whole product: from Rust, from the command line, in files.

use std::{fs, ops::ControlFlow, path::Path};

use candle_core::{DType, Device};
use ndarray::{Array3, s};
use ndarray_npy::NpzReader;
use nn4n::{
    Result,
    evaluate::{BehaviourOptions, Matched, Matching, behaviour, evaluate, evaluate_altered},
    export::{Format, export},
    intervention::{Altered, Intervention, TrialTimes},
    models::{Ctrnn, Effect, ModelConfig, NoiseKey, Perturbation, Windows},
    simulate::{Simulation, array3},
    tasks::{Split, Task, balanced, batch, create},
    zoo,
};

use crate::program::{reported, said};

/// 100 units, 20 of them inhibitory, from the zoo.
const RDM: &str = "song2016-rdm-ei";

fn rates(path: &Path) -> Array3<f32> {
    NpzReader::new(fs::File::open(path).expect("a file")).expect("an archive").by_name("rates").expect("rates")
}

fn rdm() -> Result<(Ctrnn, Box<dyn Task>)> {
    let checkpoint = zoo::open(RDM)?;
    Ok((checkpoint.network(&Device::Cpu)?, checkpoint.task()?))
}

#[test]
fn eval_and_run_take_lesions_as_a_saved_network_has_them() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let here = folder.path();
    let (network, _) = rdm()?;
    let lesioned = zoo::open(RDM)?.altered(&Altered::of(&network, &[Intervention::lesion("0-9,inhibitory")?])?)?;
    let file = here.join("lesioned.safetensors");
    lesioned.save(&file)?;
    for format in [Format::Npz, Format::Torch, Format::Numpy] {
        export(&lesioned, format)?;
    }
    let (_, inspected, _) = said(here, &["inspect", "lesioned.safetensors"]);
    assert!(inspected.contains("altered     lesion of 0-9,inhibitory: 30 of 100 units"), "{inspected}");
    let silent = Altered::of(&network, &[Intervention::silence("0")?])?;
    assert!(zoo::open(RDM)?.altered(&silent).unwrap_err().to_string().contains("cannot be saved with a network"));

    let intact = reported(here, &["eval", RDM, "--trials", "5"]);
    let by_flag = reported(here, &["eval", RDM, "--trials", "5", "--lesion", "0-9", "--lesion", "inhibitory"]);
    let by_file = reported(here, &["eval", "lesioned.safetensors", "--trials", "5"]);
    assert_eq!((&by_flag["performance"], &by_flag["conditions"]), (&by_file["performance"], &by_file["conditions"]));
    assert_ne!(by_flag["performance"], intact["performance"]);
    let done = by_flag["interventions"].as_array().expect("what was done");
    assert_eq!(
        (&done[0]["kind"], &done[0]["units"][9], &done[1]["selection"]),
        (&"lesion".into(), &9.into(), &"inhibitory".into())
    );
    assert!(intact.get("interventions").is_none());
    let (_, text, _) = said(here, &["eval", RDM, "--trials", "2", "--silence", "inhibitory@stimulus"]);
    assert!(text.contains("silence in stimulus of inhibitory: 20 of 100 units (80-99)"), "{text}");

    said(here, &["tasks", "sample", "song2016/rdm_varstim", "--batch", "3", "--out", "trials.npz"]);
    let run = |checkpoint: &str, out: &str, more: &[&str]| {
        let arguments = ["run", checkpoint, "--inputs", "trials.npz", "--noise", "--out", out];
        let (success, _, stderr) = said(here, &[&arguments[..], more].concat());
        assert!(success, "{stderr}");
        (rates(&here.join(out)), stderr)
    };
    let (by_flag, said) = run(RDM, "flag.npz", &["--lesion", "0-9,inhibitory"]);
    assert!(said.contains("lesion of 0-9,inhibitory: 30 of 100 units"), "{said}");
    let (by_file, _) = run("lesioned.safetensors", "file.npz", &[]);
    assert!(by_flag.iter().zip(&by_file).all(|(a, b)| a.to_bits() == b.to_bits()));
    // Silence in a window of time, with the same noise before it.
    let (intact, _) = run(RDM, "intact.npz", &["--inject", "0:0"]);
    let (silent, _) = run(RDM, "silent.npz", &["--silence", "3,4@200..300"]);
    let dt = network.config().dt;
    let (start, end) = ((200.0 / dt) as usize, (300.0 / dt) as usize);
    assert!(silent.slice(s![.., start..end, 3..5]).iter().all(|rate| *rate == 0.0));
    assert_eq!(silent.slice(s![.., ..start, ..]), intact.slice(s![.., ..start, ..]));
    assert_ne!(silent.slice(s![.., end, ..]), intact.slice(s![.., end, ..]));
    Ok(())
}

#[test]
fn what_cannot_be_done_is_said_with_what_there_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (arguments, wanted) in [
        (["--lesion", "100"], "there is no unit `100`; there are units 0 to 99"),
        (["--lesion", "V1"], "`V1` names nothing that this network has"),
        (["--lesion", "@nowhere.json"], "nowhere.json: could not be read"),
        (
            ["--silence", "0@delay"],
            "no trial has this epoch; the epochs of the task are catch, decision, fixation, stimulus",
        ),
        (["--silence", "0@0..99999000"], "within the longest trial"),
        (["--silence", "0@1..3"], "give a multiple of dt"),
        (["--inject", "0.5"], "must be CURRENT:UNITS"),
        (["--weight-noise", "-1"], "must be a number >= 0"),
        (["--noise-factor", "x"], "must be a number >= 0"),
    ] {
        let (success, _, stderr) = said(folder.path(), &[&["eval", RDM, "--trials", "1"], &arguments[..]].concat());
        assert!(!success && stderr.contains(wanted), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
    }
    said(folder.path(), &["tasks", "sample", "song2016/rdm_varstim", "--batch", "1", "--out", "trials.npz"]);
    let run = ["run", RDM, "--inputs", "trials.npz", "--out", "out.npz", "--silence", "0@stimulus"];
    let (success, _, stderr) = said(folder.path(), &run);
    assert!(!success && stderr.contains("give a window in ms"), "{stderr}");
    assert!(!folder.path().join("out.npz").exists());
}

#[test]
fn a_network_with_an_arm_is_silenced_with_it_in_the_loop() -> Result<()> {
    let task = create("motor/arm_reach", None)?;
    let config = ModelConfig::vanilla(task.inputs().len(), 12, 2).dt(task.dt()).tau(60.0).sigma_rec(0.1);
    let network = Ctrnn::init(&config, 0, DType::F64, &Device::Cpu)?;
    let trials = batch(task.as_ref(), Split::Test, 0, 0, 2)?;
    let units = vec![0, 3, 5, 7];
    let hand = |network: &Ctrnn, perturbations: Vec<Perturbation>| -> Result<Array3<f32>> {
        let simulation = Simulation::of(network, task.as_ref()).noise(NoiseKey::new(1, 1)).perturb(perturbations);
        array3(&simulation.answer(&trials.inputs)?.outputs)
    };
    let windows = Windows::Same(0..trials.max_steps());
    let silent = Perturbation { units: units.clone(), effect: Effect::Silence, windows };
    assert_eq!(hand(&network, vec![silent])?, hand(&network.lesion(&units)?, Vec::new())?);
    assert_ne!(hand(&network, Vec::new())?, hand(&network.lesion(&units)?, Vec::new())?);
    Ok(())
}

#[test]
fn windows_stay_with_their_trials_however_these_are_divided() -> Result<()> {
    // More numbers than one pass simulates.
    let (trials, steps, units) = (66, 2_048, 64);
    let network = Ctrnn::init(&ModelConfig::vanilla(1, units, 1), 0, DType::F32, &Device::Cpu)?;
    let two_steps = |trial: usize| std::iter::once(trial..trial + 2).filter(|_| trial % 2 == 1).collect();
    let windows = (0..trials).map(two_steps).collect();
    let silent = Perturbation { units: vec![5], effect: Effect::Silence, windows: Windows::Each(windows) };
    let inputs = Array3::ones((trials, steps, 1));
    let current = Perturbation { units: vec![5], effect: Effect::Inject(1.0), windows: Windows::Same(0..steps) };
    let recording = Simulation::new(&network).perturb(vec![current, silent]).record(&inputs)?;
    for trial in 0..trials {
        let quiet: Vec<usize> =
            (0..steps).filter(|step| recording.rates[[trial, *step, 5]] == 0.0).filter(|step| *step < 100).collect();
        let wanted = if trial % 2 == 1 { vec![trial, trial + 1] } else { Vec::new() };
        assert!(wanted.iter().all(|step| quiet.contains(step)), "{trial}: {quiet:?}");
        assert!(
            trial % 2 == 1
                || quiet == (0..100).filter(|step| recording.rates[[0, *step, 5]] == 0.0).collect::<Vec<_>>()
        );
    }
    let few = Perturbation { units: vec![0], effect: Effect::Silence, windows: Windows::Each(vec![vec![0..1]; 3]) };
    let message = Simulation::new(&network).perturb(vec![few]).record(&inputs).unwrap_err().to_string();
    assert!(message.contains("windows"), "{message}");
    Ok(())
}

#[test]
fn the_table_compares_the_same_trials_with_intervals_and_controls() -> Result<()> {
    let (network, task) = rdm()?;
    let options = BehaviourOptions { per_condition: 6, seed: 2, controls: 3, matching: Matching::Group };
    let rows = [
        vec![Intervention::inject("0:all")?],
        vec![Intervention::lesion("80-84")?],
        vec![Intervention::lesion("inhibitory")?, Intervention::silence("0@stimulus")?],
        vec![Intervention::lesion("inhibitory->excitatory")?],
        vec![Intervention::lesion("0-59")?],
    ];
    let mut told = Vec::new();
    let table = behaviour(&network, task.as_ref(), &rows, options, |progress| {
        told.push((progress.row.to_string(), progress.done, progress.total));
        ControlFlow::Continue(())
    })?;
    assert!(!table.interrupted && table.rows.len() == 6);
    assert_eq!(told.len(), told[0].2);
    assert!(told.iter().enumerate().all(|(done, told)| told.1 == done));

    // The intact network is that of `evaluate`, a lesion that of `evaluate_altered`.
    let intact = &table.rows[0];
    assert_eq!((intact.name.as_str(), intact.difference), ("intact", None));
    assert_eq!(intact.performance, evaluate(&network, task.as_ref(), 6, 2)?.performance);
    let lesioned = &table.rows[2];
    let alone = evaluate_altered(&Altered::of(&network, &rows[1])?, task.as_ref(), 6, 2)?;
    assert_eq!((lesioned.performance, lesioned.reaction_time), (alone.performance, alone.reaction_time));
    for row in &table.rows[1..] {
        let (own, before) = (row.performance.expect("a performance"), intact.performance.expect("a performance"));
        let (difference, [low, high]) = (row.difference.expect("one"), row.difference_interval.expect("one"));
        assert!((difference - (own - before)).abs() < 1e-12, "{row:?}");
        assert!(low <= difference && difference <= high && row.trials == intact.trials, "{row:?}");
        let [low, high] = row.interval.expect("one");
        assert!(low <= own && own <= high, "{row:?}");
    }
    // A current of 0 does nothing: no pair of trials differs.
    assert_eq!(table.rows[1].difference, Some(0.0));
    assert!(table.rows[1].no_controls.as_ref().is_some_and(|why| why.contains("not as many other units as these 100")));

    let controls = lesioned.controls.as_ref().expect("controls");
    assert_eq!(
        (controls.matched, controls.measure, controls.values.len()),
        (Matched::AreaAndCellType, "performance", 3)
    );
    assert!(controls.minimum <= controls.mean && controls.mean <= controls.maximum);
    let as_bad = controls.values.iter().filter(|value| **value <= lesioned.performance.unwrap_or(0.0)).count();
    assert_eq!(controls.at_least_as_bad, as_bad as f64 / 3.0);
    // Of ten other inhibitory units there is one set of ten.
    let ten = behaviour(&network, task.as_ref(), &[vec![Intervention::lesion("80-89")?]], options, |_| {
        ControlFlow::Continue(())
    })?;
    assert_eq!(ten.rows[1].controls.as_ref().map(|controls| controls.values.len()), Some(1));
    // No ten others are inhibitory where all are taken; then it is their number that the controls share.
    assert_eq!(table.rows[3].controls.as_ref().map(|controls| controls.matched), Some(Matched::Number));
    assert_eq!(table.rows[3].name, "lesion inhibitory + silence 0@stimulus");
    let none = table.rows[4].no_controls.as_deref();
    assert!(
        none.is_some_and(|why| why.contains("`lesion inhibitory->excitatory` is about synapses, not about units")),
        "{none:?}"
    );
    assert!(table.rows[5].controls.is_none());

    // The same seed gives the same table; an end leaves the rows that are done.
    let mut calls = 0;
    let ended = behaviour(&network, task.as_ref(), &rows[1..3], options, |_| {
        calls += 1;
        if calls > 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    assert!(ended.interrupted);
    assert_eq!(ended.rows, [table.rows[0].clone(), lesioned.clone()]);
    let by_rate = BehaviourOptions { matching: Matching::Rate, ..options };
    let by_rate = behaviour(&network, task.as_ref(), &rows[1..2], by_rate, |_| ControlFlow::Continue(()))?;
    assert_eq!(by_rate.rows[1].controls.as_ref().map(|controls| controls.matched), Some(Matched::MeanRate));
    Ok(())
}

/// Activity that grows without limit, and a task without right and wrong.
#[test]
fn behaviour_that_is_not_finite_or_not_right_or_wrong_has_its_row() -> Result<()> {
    let (network, task) = rdm()?;
    let options = BehaviourOptions { per_condition: 1, controls: 0, ..BehaviourOptions::default() };
    let runaway = [vec![Intervention::inject("1e38:all")?]];
    let table = behaviour(&network, task.as_ref(), &runaway, options, |_| ControlFlow::Continue(()))?;
    assert!(table.rows[1].not_finite > 0 && table.rows[0].not_finite == 0);
    serde_json::to_string(&table).expect("JSON without NaN");
    let altered = Altered::of(&network, &runaway[0])?;
    let message = evaluate_altered(&altered, task.as_ref(), 1, 0).unwrap_err().to_string();
    assert!(message.contains("after current 1") && message.contains("all 100 units"), "{message}");

    let checkpoint = zoo::open("flip-flop-3bit")?;
    let (network, task) = (checkpoint.network(&Device::Cpu)?, checkpoint.task()?);
    let options = BehaviourOptions { per_condition: 4, controls: 2, ..BehaviourOptions::default() };
    let rows = [vec![Intervention::lesion("0-4")?]];
    let table = behaviour(&network, task.as_ref(), &rows, options, |_| ControlFlow::Continue(()))?;
    let (intact, row) = (&table.rows[0], &table.rows[1]);
    assert!(row.rms_error > intact.rms_error, "{row:?}");
    assert_eq!(row.controls.as_ref().map(|controls| controls.values.len()), Some(2));
    Ok(())
}

#[test]
fn epochs_are_those_of_each_trial() -> Result<()> {
    let (network, task) = rdm()?;
    let trials = balanced(task.as_ref(), Split::Train, 3, 0, 2)?;
    let altered = Altered::of(&network, &[Intervention::silence("7@stimulus")?])?;
    let perturbations = altered.perturbations(&TrialTimes::of(&trials, task.dt()))?;
    let recording = Simulation::of(&altered.network, task.as_ref()).perturb(perturbations).record(&trials.inputs)?;
    let mut lengths = Vec::new();
    for (trial, epochs) in trials.epochs.iter().enumerate() {
        for epoch in epochs.iter().filter(|epoch| epoch.name == "stimulus") {
            let within = recording.rates.slice(s![trial, epoch.start..epoch.end, 7]);
            assert!(within.iter().all(|rate| *rate == 0.0));
            lengths.push(epoch.end - epoch.start);
        }
    }
    lengths.dedup();
    assert!(lengths.len() > 1, "the stimulus has different lengths");
    Ok(())
}
