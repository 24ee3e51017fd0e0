//! What `nn4n analyze` finds in networks with known answers, and what it refuses.

use std::{collections::BTreeSet, fs, path::Path};

use candle_core::{DType, Device, Tensor};
use ndarray::{Array3, Axis, s};
use nn4n::{
    analysis::{ClosedLoop, Dynamics, Network, NetworkDynamics},
    models::{Activation, Area, Bias, Ctrnn, Form, LayerConfig, ModelConfig},
    simulate::Simulation,
    tasks::{
        Split,
        motor::{Arm, Feedback, Plant},
        noise_free,
    },
    zoo,
};
use serde_json::Value;

use crate::program::{self, nn4n, reported, said, words};

fn analyze(directory: &Path, arguments: &str) -> (bool, String, String) {
    said(directory, &words(&["analyze"], arguments))
}

fn json(directory: &Path, arguments: &str) -> Value {
    reported(directory, &words(&["analyze"], arguments))
}

fn refused(directory: &Path, arguments: &str) -> String {
    program::refused(directory, &words(&["analyze"], arguments))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|value| value.as_f64().expect("a number")).collect()
}

#[test]
fn the_flip_flop_of_the_zoo_has_one_stable_point_in_each_octant() {
    let folder = tempfile::tempdir().unwrap();
    let found = json(folder.path(), "fixed-points flip-flop-3bit");
    assert_eq!((&found["stable"], &found["index_sum"], &found["slow"]), (&8.into(), &1.into(), &0.into()));
    assert!(found["count"].as_u64().unwrap() >= 15 && found["seconds"].as_f64().unwrap() > 0.0);
    let mut octants = BTreeSet::new();
    for point in found["points"].as_array().unwrap() {
        assert!(point["q"].as_f64().unwrap() < 1e-24);
        let is_stable = point["is_stable"].as_bool().unwrap();
        assert_eq!(is_stable, point["unstable_dimensions"] == 0);
        let largest = numbers(&point["eigenvalues"][0]);
        assert_eq!(is_stable, largest[0].hypot(largest[1]) < 1.0);
        assert_eq!(point["time_constants_ms"].as_array().unwrap().len(), 64);
        if is_stable {
            let outputs = numbers(&point["outputs"]);
            assert!(outputs.iter().all(|z| (z.abs() - 1.0).abs() < 0.1), "{outputs:?}");
            octants.insert(outputs.iter().map(|z| *z > 0.0).collect::<Vec<_>>());
        }
    }
    assert_eq!(octants.len(), 8);
    assert!(numbers(&found["input"]["values"]).iter().all(|value| *value == 0.0));
    assert!(found["input"]["from"].as_str().unwrap().contains("noise-free test trials"), "{}", found["input"]);
    assert_eq!(found["connections"].as_array().unwrap().iter().filter(|way| way["to"].is_null()).count(), 0);
}

/// Four uncoupled tanh units, as a network of no task of this program.
fn uncoupled(path: &Path) {
    let config = ModelConfig::vanilla(1, 4, 2)
        .activation(Activation::Tanh)
        .autapses(true)
        .dt(10.0)
        .tau(100.0)
        .b_rec(Bias::Trained(0.0.into()));
    let mut tensors = Ctrnn::init(&config, 0, DType::F32, &Device::Cpu).unwrap().tensors().unwrap();
    let mut weights = [[0f32; 4]; 4];
    for (unit, weight) in [2.0, 1.5, 0.5, 0.3].into_iter().enumerate() {
        weights[unit][unit] = weight;
    }
    tensors.insert("w_rec".into(), Tensor::new(&weights, &Device::Cpu).unwrap());
    tensors.insert("b_rec".into(), Tensor::zeros(4, DType::F32, &Device::Cpu).unwrap());
    let network = Ctrnn::from_tensors(&config, tensors, DType::F32, &Device::Cpu).unwrap();
    let mut checkpoint = zoo::open("flip-flop-3bit").unwrap();
    checkpoint.header.model = config;
    checkpoint.header.task.id = "someone/else".into();
    checkpoint.header.task.inputs = vec!["input".into()];
    checkpoint.header.task.outputs = vec!["first".into(), "second".into()];
    checkpoint.header.metrics.clear();
    checkpoint.tensors = network.tensors().unwrap();
    checkpoint.save(path).unwrap();
}

#[test]
fn a_network_of_no_known_task_shows_all_its_points_under_no_input() {
    let folder = tempfile::tempdir().unwrap();
    uncoupled(&folder.path().join("four.safetensors"));
    let found = json(folder.path(), "fixed-points four.safetensors");
    assert_eq!((&found["count"], &found["stable"], &found["index_sum"]), (&9.into(), &4.into(), &1.into()));
    assert!(found["starts_from"].as_str().unwrap().contains("the box that holds all fixed points"));
    assert!(found["input"]["from"].as_str().unwrap().contains("nothing is known of its trials"));
    let message = refused(folder.path(), "fixed-points four.safetensors --at delay");
    assert!(message.contains("name its task with --task, or the input with --input"), "{message}");
}

#[test]
fn every_kind_leaves_its_numbers_arrays_and_figures() {
    let folder = tempfile::tempdir().unwrap();
    for (kind, more, files) in [
        ("fixed-points", "--starts 64", ["fixed-points.png", "eigenvalues.svg", "fixed-points.html"].as_slice()),
        ("bifurcations", "--starts 64 --along pulse_1=0..0.05 --y output:bit_1", &["bifurcations.png"]),
        ("lyapunov", "--steps 200 --transient 50 --exponents 3", &["exponents.svg"]),
        ("flow-field", "--starts 64 --grid 9", &["flow-field.png"]),
        ("local", "--modes 2", &["local.svg"]),
        ("nonnormality", "--starts 64 --grid 4 --steps 10", &["growth.png", "pseudospectrum.svg"]),
        ("structure", "", &["histograms.png", "balance.png", "spectrum.svg", "weights.png"]),
        ("currents", "--trials 1", &["currents.png"]),
        ("interventions", "--lesion 0-3 --trials 2 --controls 2", &["interventions.png"]),
    ] {
        let command = format!("{kind} flip-flop-3bit {more} --out {kind}");
        let (is_done, out, error) = analyze(folder.path(), &command);
        assert!(is_done, "{command}: {error}");
        assert!(out.contains("seed 0") && out.contains("next: nn4n "), "{command}: {out}");
        let all = [format!("{kind}.json"), format!("{kind}.npz")];
        for file in files.iter().map(ToString::to_string).chain(all) {
            let path = folder.path().join(kind).join(&file);
            // A task without right and wrong has no table to draw.
            let is_there = path.metadata().is_ok_and(|file| file.len() > 0);
            assert!(is_there || file == "interventions.png", "{command}: no {file}");
        }
        let report: Value =
            serde_json::from_slice(&fs::read(folder.path().join(kind).join(format!("{kind}.json"))).unwrap()).unwrap();
        assert_eq!(report["network"], "flip-flop-3bit");
        let again = refused(folder.path(), &command);
        assert!(again.contains("--force"), "{again}");
    }
}

#[test]
fn inputs_are_those_of_an_epoch_and_a_condition_or_given_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let of = |more: &str| {
        json(folder.path(), &format!("lyapunov song2016-rdm-ei --steps 40 --transient 0 --exponents 1 {more}"))
    };
    let stimulus = of("--at stimulus --where coherence=0.128");
    let values = numbers(&stimulus["input"]["values"]);
    // A baseline of 0.2, and the evidence in favour of the first.
    assert!(values[0] > values[1] && values[1] > 0.2, "{values:?}");
    let given = of("--input evidence_1=0.75");
    assert_eq!(numbers(&given["input"]["values"]), [0.75, 0.0, 0.0]);
    for (more, words) in [
        ("--at delay", "no trial has an epoch `delay`; there are: "),
        ("--at stimulus", "differs from trial to trial; name a condition that fixes it, such as coherence="),
        ("--input left=1", "`left` is no input of this network; they are: evidence_1, evidence_2, start_cue"),
        ("--input evidence_1=x", "is no finite number"),
        ("--exponents 101", "must lie in 1 to 100"),
        ("--lesion 100", "100"),
        ("--silence 0-3@stimulus", "a window does not"),
    ] {
        let message = refused(folder.path(), &format!("lyapunov song2016-rdm-ei --steps 40 {more}"));
        assert!(message.contains(words), "{more}: {message}");
    }
    let message = refused(folder.path(), "flow-field flip-flop-3bit --starts 64 --through 0,1,99");
    assert!(message.contains("there is no such point; they are 0 to "), "{message}");
}

#[test]
fn a_lesion_silence_and_a_current_change_what_is_analysed() {
    let folder = tempfile::tempdir().unwrap();
    let of = |more: &str| {
        let found = json(folder.path(), &format!("lyapunov song2016-rdm-ei --steps 100 --exponents 1 {more}"));
        (numbers(&found["exponents_per_step"])[0], found["interventions"].clone())
    };
    let (intact, none) = of("");
    let (lesioned, said) = of("--lesion 70-84");
    assert!(none.is_null() && said[0]["kind"] == "lesion" && lesioned != intact);
    assert_eq!(of("--silence 70-84").0, lesioned);
    assert_ne!(of("--inject 0.5:excitatory").0, intact);
}

/// The largest difference between states, rates and outputs of a run in f32 and in f64, as a part of 1 and the largest
/// state; inputs (trials, steps, inputs).
fn distance_from_f32(network: &Ctrnn, inputs: &Array3<f32>) -> f64 {
    let recording = Simulation::new(network).record(inputs).unwrap();
    let network = Network::of(network).unwrap();
    let (mut farthest, mut largest) = (0f64, 1f64);
    for (trial, input) in inputs.outer_iter().enumerate() {
        let states = network.run(input, network.x0()).unwrap();
        for (step, state) in states.outer_iter().enumerate() {
            let rates = network.rates(&state.to_vec());
            let outputs = network.outputs_of(&rates);
            let ours = state.iter().chain(&rates).chain(&outputs);
            let arrays = [&recording.states, &recording.rates, &recording.outputs];
            let of_run: Vec<f32> = arrays.iter().flat_map(|array| array.slice(s![trial, step, ..]).to_vec()).collect();
            assert_eq!(ours.clone().count(), of_run.len());
            for (ours, of_run) in ours.zip(of_run) {
                farthest = farthest.max((ours - f64::from(of_run)).abs());
                largest = largest.max(ours.abs());
            }
        }
    }
    farthest / largest
}

#[test]
fn what_is_analysed_goes_through_trials_as_the_network_in_f32_does() {
    for id in zoo::ids() {
        let checkpoint = zoo::open(id).unwrap();
        let task = checkpoint.task().unwrap();
        let trials = noise_free(task.as_ref(), Split::Test, 0, 0, &task.conditions(), 1).unwrap();
        let apart = trials.len().div_ceil(8);
        let some = trials.inputs.select(Axis(0), &(0..trials.len()).step_by(apart).collect::<Vec<_>>());
        let found = distance_from_f32(&checkpoint.network(&Device::Cpu).unwrap().frozen(), &some);
        assert!(found < 1e-5, "{id}: {found:e}");
    }
    let layers = [LayerConfig::ei("lower", 10, 0.8).tau(50.0), LayerConfig::new("upper", 6)];
    let areas = [Area::ei("one", 10, 0.8), Area::new("two", 6), Area::ei("three", 5, 0.6)];
    let inputs = Array3::from_shape_fn((3, 200, 2), |(k, t, i)| ((7 * k + 2 * t + i) as f32).sin());
    for config in [ModelConfig::stacked(2, 2, layers), ModelConfig::multi_area(2, 2, areas), ModelConfig::ei(2, 20, 2)]
    {
        for form in [Form::Current, Form::Rate, Form::Blend] {
            let config = config.clone().form(form).activation(Activation::Sigmoid);
            let network = Ctrnn::init(&config, 1, DType::F32, &Device::Cpu).unwrap().frozen();
            let found = distance_from_f32(&network, &inputs);
            assert!(found < 1e-5, "{} {form}: {found:e}", config.kind);
        }
    }
}

#[test]
fn a_network_in_the_loop_with_its_arm_goes_where_it_goes_in_trials() {
    const UNITS: usize = 12;
    let config = ModelConfig::vanilla(5, UNITS, 2).activation(Activation::Tanh).dt(10.0).tau(50.0);
    let network = Ctrnn::init(&config, 1, DType::F64, &Device::Cpu).unwrap().frozen();
    let input = [0.5, 0.0, 0.25, 0.0, 0.0];
    let inputs = Array3::from_shape_fn((1, 60, 5), |(.., channel)| input[channel] as f32);
    let alone = Simulation::new(&network).record(&inputs).unwrap().states;
    let analysed = Network::of(&network).unwrap();
    for (delay, feedback) in [(0, Feedback::Hand), (1, Feedback::Joint), (3, Feedback::Hand)] {
        let (arm, posture) = (Arm::default(), [0.5, 1.5]);
        let plant = Plant { arm, dt: 10.0, posture, feedback, first_channel: 1, scale: 2.0, delay };
        let states = Simulation::new(&network).plant(Some(plant)).record(&inputs).unwrap().states;
        assert!(
            (&states - &alone).iter().any(|difference| difference.abs() > 1e-2),
            "what is felt changes what is done"
        );
        let closed = ClosedLoop::new(&analysed, plant, &input).unwrap();
        let mut state = closed.at_rest(analysed.x0());
        for (step, wanted) in states.index_axis(Axis(0), 0).outer_iter().enumerate() {
            state = closed.step(&state);
            for (found, wanted) in state[..UNITS].iter().zip(wanted) {
                assert!((found - f64::from(*wanted)).abs() < 1e-6, "{delay} {step}: {found} is not {wanted}");
            }
        }
    }
}

/// Two units pull the joints of an arm to where the cues say; ten others are as they were drawn.
fn reaching(path: &Path) -> (Ctrnn, Box<dyn nn4n::tasks::Task>) {
    let task = nn4n::tasks::create("motor/arm_reach", Some(&serde_json::json!({ "feedback": "joint" }))).unwrap();
    let config = ModelConfig::vanilla(7, 12, 2)
        .activation(Activation::Tanh)
        .dt(task.dt())
        .tau(5.0 * task.dt())
        .sigma_rec(0.0)
        .b_out(Bias::Trained(0.0.into()));
    let mut tensors = Ctrnn::init(&config, 3, DType::F32, &Device::Cpu).unwrap().tensors().unwrap();
    let mut change = |name: &str, at: &dyn Fn(usize, usize, f32) -> f32| {
        let old = tensors[name].to_vec2::<f32>().unwrap();
        let row = |(to, row): (usize, &Vec<f32>)| -> Vec<f32> {
            row.iter().enumerate().map(|(from, weight)| at(to, from, *weight)).collect()
        };
        let new: Vec<Vec<f32>> = old.iter().enumerate().map(row).collect();
        tensors.insert(name.into(), Tensor::new(new, &Device::Cpu).unwrap());
    };
    // From the cues as they were drawn; from the angles and velocities of a joint to its unit.
    change("w_in", &|unit, channel, drawn| match (unit, channel) {
        (_, 0..=2) => 0.2 * drawn,
        (0, 3) | (1, 4) => -2.0,
        (0, 5) | (1, 6) => -0.5,
        _ => 0.0,
    });
    change("w_rec", &|to, _, drawn| if to < 2 { 0.0 } else { 0.5 * drawn });
    change("w_out", &|joint, unit, _| f32::from(u8::from(joint == unit)));
    tensors.insert("b_out".into(), Tensor::zeros(2, DType::F32, &Device::Cpu).unwrap());
    let network = Ctrnn::from_tensors(&config, tensors, DType::F32, &Device::Cpu).unwrap();
    let mut checkpoint = zoo::open("flip-flop-3bit").unwrap();
    checkpoint.header.model = config;
    checkpoint.header.task = nn4n::checkpoint::TaskRecord::of(task.as_ref());
    checkpoint.header.metrics.clear();
    checkpoint.tensors = network.tensors().unwrap();
    checkpoint.save(path).unwrap();
    (network.frozen(), task)
}

#[test]
fn a_fixed_point_in_the_loop_is_where_network_and_arm_come_to_rest() {
    let folder = tempfile::tempdir().unwrap();
    let (network, task) = reaching(&folder.path().join("arm.safetensors"));
    let found = json(folder.path(), "fixed-points arm.safetensors --starts 64");
    assert!(found["system"].as_str().unwrap().contains("in the loop with the arm"), "{}", found["system"]);
    let sizes: Vec<u64> =
        found["state"].as_array().unwrap().iter().map(|part| part["size"].as_u64().unwrap()).collect();
    assert_eq!(sizes, [12, 2, 2]);
    assert_eq!((&found["index_sum"], &found["stable"]), (&Value::Null, &1.into()));
    assert!(found["no_continuous_time"].as_str().unwrap().contains("is a map"));
    let point = &found["points"][0];
    assert!(point["q"].as_f64().unwrap() < 1e-24 && point["continuous_eigenvalues"].is_null());
    let state = numbers(&point["x_star"]);
    assert_eq!((state.len(), point["eigenvalues"].as_array().unwrap().len()), (16, 16));
    assert!(numbers(&point["outputs"]).iter().all(|torque| torque.abs() < 1e-12));

    // Half a minute of the closed loop in f32, under the input that is held.
    let held = numbers(&found["input"]["values"]);
    let steps = (30_000.0 / task.dt()) as usize;
    let inputs = Array3::from_shape_fn((1, steps, 7), |(.., channel)| held[channel] as f32);
    let recording = Simulation::of(&network, task.as_ref()).record(&inputs).unwrap();
    for (unit, wanted) in state[..12].iter().enumerate() {
        let end = f64::from(recording.states[[0, steps - 1, unit]]);
        assert!((end - wanted).abs() < 1e-5, "{unit}: {end} is not {wanted}");
    }
    let plant = task.plant().unwrap();
    let (hand, origin) = (plant.arm.hand([state[12], state[13]]), plant.arm.hand(plant.posture));
    for axis in 0..2 {
        let end = f64::from(recording.outputs[[0, steps - 1, axis]]);
        assert!((end - (hand[axis] - origin[axis])).abs() < 1e-5, "{end}");
    }

    let alone = json(folder.path(), "fixed-points arm.safetensors --starts 64 --open-loop");
    assert!(alone["system"].as_str().unwrap().contains("the network alone"), "{}", alone["system"]);
    assert!(alone["state"].is_null() && alone["index_sum"] == 1);
    assert_eq!(numbers(&alone["points"][0]["x_star"]).len(), 12);
}

#[test]
fn every_kind_of_a_network_with_an_arm_says_what_it_is_of() {
    let folder = tempfile::tempdir().unwrap();
    reaching(&folder.path().join("arm.safetensors"));
    for command in [
        "flow-field arm.safetensors --starts 32 --grid 5",
        "local arm.safetensors --modes 1",
        "nonnormality arm.safetensors --starts 32 --grid 4",
        "lyapunov arm.safetensors --steps 100 --transient 10 --exponents 1",
        "lyapunov arm.safetensors --driven --steps 100 --transient 10 --exponents 1",
        "bifurcations arm.safetensors --starts 32 --along go_cue=0..0.1 --y output:torque_elbow",
    ] {
        let of = |more: &str| json(folder.path(), &format!("{command} {more}"))["system"].as_str().unwrap().to_owned();
        assert!(of("").contains("in the loop"), "{command}");
        assert!(of("--open-loop").contains("alone"), "{command}");
    }
    let (is_done, out, error) = analyze(folder.path(), "flow-field arm.safetensors --starts 32 --grid 9 --out flow");
    assert!(
        is_done && out.contains("per step") && out.contains("of           the network in the loop"),
        "{out}{error}"
    );
    let message = refused(folder.path(), "local arm.safetensors --noise-factor 2");
    assert!(message.contains("--noise-factor 2: has no effect"), "{message}");
}

#[test]
fn several_inputs_change_together_along_one_way() {
    let folder = tempfile::tempdir().unwrap();
    let found = json(folder.path(), "bifurcations flip-flop-3bit --starts 64 --along pulse_1=0..0.02,pulse_2=0..-0.04");
    assert_eq!((&found["channels"][1]["channel"], &found["channels"][1]["to"]), (&"pulse_2".into(), &(-0.04).into()));
    assert!(found["channel"].is_null() && !found["branches"].as_array().unwrap().is_empty());
    let message = refused(folder.path(), "bifurcations flip-flop-3bit --along pulse_1=0..1,pulse_1=0..2");
    assert!(message.contains("`pulse_1` is named twice"), "{message}");
}

#[test]
fn activity_that_runs_away_is_said_to_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["fixed-points --starts 16", "local", "lyapunov --driven --steps 2000 --exponents 1", "currents"] {
        let (kind, more) = command.split_once(' ').unwrap_or((command, ""));
        let message = refused(folder.path(), &format!("{kind} song2016-rdm-ei --lesion inhibitory {more}"));
        assert!(message.contains("activity grows without bound"), "{command}: {message}");
    }
    let output = nn4n(folder.path(), &["eval", "song2016-rdm-ei", "--lesion", "inhibitory", "--trials", "2"], &[]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && text.contains("runaway      activity grows without bound"), "{text}");
}

#[test]
fn units_are_selective_tuned_and_in_sequence_and_their_groups_can_be_lesioned() {
    let folder = tempfile::tempdir().unwrap();
    let found = json(
        folder.path(),
        "selectivity song2016-rdm-ei --variable chose_first --epoch stimulus --trials 12 --shuffles 200 --out sel",
    );
    let areas = numbers(&found["roc"]["auc"]);
    assert_eq!((areas.len(), found["units"].as_array().unwrap().len()), (100, 100));
    // Of a trained network many units tell the choices apart, either way.
    assert!(areas.iter().any(|auc| *auc > 0.8) && areas.iter().any(|auc| *auc < 0.2), "{areas:?}");
    let within = &found["choice_probability"];
    assert_eq!(within["within"], serde_json::json!(["coherence"]));
    assert!(within["stimuli"].as_u64().unwrap() >= 1 && within["stimuli_left_out"].as_u64().unwrap() >= 1);
    for name in ["selectivity.png", "selectivity.svg", "selectivity.npz"] {
        assert!(folder.path().join("sel").join(name).is_file(), "{name}");
    }
    let table = json(
        folder.path(),
        "interventions song2016-rdm-ei --lesion @sel/selectivity.json#prefers_first --trials 2 --controls 0",
    );
    assert_eq!(table["rows"].as_array().unwrap().len(), 2);

    let mixed =
        "selectivity song2016-mante-ei --variables context,motion_coherence --epoch stimulus --trials 2 --out mixed";
    let counts = json(folder.path(), mixed)["counts"].clone();
    let all: u64 = counts.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(all, 150);
    assert!(counts["pure"].as_u64().unwrap() + counts["linear_mixed"].as_u64().unwrap() > 0, "{counts}");

    let found = json(
        folder.path(),
        "tuning yang2019-go-anti --where task=yang2019/fdgo --variable angle --epoch stim1 --trials 1 --out tuning",
    );
    assert_eq!((&found["unit"], &found["unit_from"]), (&"radians".into(), &"the task".into()));
    assert!(found["groups"][0]["name"] == "tuned" && folder.path().join("tuning/tuning.png").is_file());

    let found = json(folder.path(), "sequence song2016-rdm-ei --where coherence=0.512 --trials 6 --out sequence");
    let index = found["sequentiality"]["index"].as_f64().unwrap();
    assert!(index > 0.0 && index < 12.0 && found["halves_are_copies"] == false, "{index}");
    let weights = &found["weights"];
    assert!(weights["forward"].is_number() && weights["backward"].is_number() && weights["pairs"].as_u64() > Some(0));
    assert!(folder.path().join("sequence/sequence-weights.svg").is_file());
    let negative = json(folder.path(), "sequence flip-flop-3bit --trials 4");
    assert!(negative["sequentiality"].is_null() && negative["no_sequentiality"].as_str().unwrap().contains("below 0"));

    for (arguments, words) in [
        ("selectivity song2016-rdm-ei --variable speed --trials 1", "no trial has `speed`; there are catch"),
        ("selectivity song2016-rdm-ei --trials 1", "--variable"),
        ("selectivity song2016-rdm-ei --variable coherence --epoch cue --trials 1", "no trial has an epoch `cue`"),
        (
            "selectivity song2016-rdm-ei --variables coherence,chose_first --trials 1 --where coherence=0.512",
            "has 1 value",
        ),
        ("tuning song2016-rdm-ei --variable choice --trials 1", "no numbers"),
        ("sequence song2016-rdm-ei --trials 1 --where coherence=0.512", "1 trial is there"),
    ] {
        let message = refused(folder.path(), arguments);
        assert!(message.contains(words), "{arguments}: {message}");
    }
}

#[test]
fn clusters_of_task_variance_are_lesioned_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let found = json(
        folder.path(),
        "task-variance yang2019-go-anti --pair yang2019/fdgo,yang2019/fdanti --clusters 4 --out variance",
    );
    let tasks = found["tasks"].as_array().unwrap().len();
    let variance = found["variance"].as_array().unwrap();
    assert!(tasks == 6 && variance.len() == 128 && variance.iter().all(|row| numbers(row).len() == 6), "{tasks}");
    assert_eq!((&found["noise"], &found["left_out"]), (&false.into(), &serde_json::json!(["fix1"])));
    let silhouette = found["silhouette"].as_f64().unwrap();
    assert!(silhouette > 0.0 && silhouette < 1.0);
    let clusters = found["clusters"].as_array().unwrap();
    for group in found["groups"].as_array().unwrap() {
        let Some(number) = group["name"].as_str().unwrap().strip_prefix("cluster") else { continue };
        let name = number.parse::<u64>().unwrap();
        for unit in numbers(&group["units"]) {
            assert_eq!(clusters[unit as usize], name);
        }
    }
    let pair = &found["fractional_variance"];
    assert!(pair["histogram"].as_array().unwrap().len() == 20 && pair["rotations"] == 100);
    for name in ["task-variance.png", "fractional-variance.svg", "task-variance.npz"] {
        assert!(folder.path().join("variance").join(name).is_file(), "{name}");
    }
    let group = &found["groups"][0];
    let table = json(
        folder.path(),
        "interventions yang2019-go-anti --lesion @variance/task-variance.json#cluster1 --trials 1 --controls 0",
    );
    let units = group["units"].as_array().unwrap().len();
    assert!(table["rows"][1].to_string().contains(&units.to_string()), "{units}: {}", table["rows"][1]);
    // The parts of the pair are groups, too, and each group in turn is a row with its performance in every task.
    let groups = found["groups"].as_array().unwrap();
    assert_eq!(
        groups.iter().filter(|group| group["name"] == "first-only" || group["name"] == "second-only").count(),
        2
    );
    let each = json(
        folder.path(),
        "interventions yang2019-go-anti --lesion-groups variance/task-variance.json --trials 1 --controls 0",
    );
    let rows = each["rows"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[1]["performance"]), (1 + groups.len(), &table["rows"][1]["performance"]));
    assert!(rows.iter().all(|row| row["per_task"].as_object().unwrap().len() == tasks), "{each:#}");
    assert!(refused(folder.path(), "interventions yang2019-go-anti --lesion-groups none.json").contains("none.json"));

    // Among some units clusters have the numbers of the network.
    let some = json(folder.path(), "task-variance yang2019-go-anti --units 64-127 --clusters 2");
    let units = some["groups"].as_array().unwrap().iter().flat_map(|group| numbers(&group["units"]));
    assert!(units.into_iter().all(|unit| unit >= 64.0));
    // A single task has its epochs as columns.
    let single = json(folder.path(), "task-variance song2016-rdm-ei --active 1e-6");
    assert_eq!(single["tasks"], serde_json::json!(["stimulus", "decision"]));
    for (arguments, words) in [
        ("task-variance yang2019-go-anti --pair yang2019/fdgo", "must name two columns"),
        ("task-variance yang2019-go-anti --pair yang2019/fdgo,dm1", "there are yang2019/fdgo"),
        ("task-variance yang2019-go-anti --without fix1,stim1,go1,delay1", "no epoch is left"),
        ("task-variance yang2019-go-anti --active 1e9 --clusters 3", "0 of 128 units"),
    ] {
        let message = refused(folder.path(), arguments);
        assert!(message.contains(words), "{arguments}: {message}");
    }
}
