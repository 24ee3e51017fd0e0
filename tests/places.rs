//! Rate maps and remapping, from a network and from recordings.

use std::{fs, path::Path, sync::Arc};

use ndarray::{Array1, Array3, arr0, s};
use nn4n::{
    Checkpoint, Experiment,
    evaluate::{TrialPlan, activity},
    intervention::Altered,
    models::ModelConfig,
    tasks::{Condition, NpzBuilder, Task, cueva2018::PathIntegration},
};
use serde_json::Value;

use crate::{
    program::{self, reported, words},
    small::{settings, train},
};

fn json(directory: &Path, arguments: &str) -> Value {
    reported(directory, &words(&[], arguments))
}

fn refused(directory: &Path, arguments: &str) -> String {
    program::refused(directory, &words(&[], arguments))
}

/// Numbers in [0, 1) that follow no order to speak of.
fn scattered(place: usize) -> f64 {
    (place as f64 * 0.618_033_988_75).fract()
}

/// Twelve place cells on 16 trials that walk up and down and across a room; in room 2 they have other fields.
fn recorded(path: &Path) {
    let (trials, steps, units) = (16, 250, 12);
    let room = |trial: usize| trial % 2;
    let places = Array3::from_shape_fn((trials, steps + 1, 2), |(trial, step, axis)| {
        let time = (trial * 250 + step) as f64;
        (50.0 + 50.0 * (time * [0.0713, 0.0457][axis] + trial as f64).sin()) as f32
    });
    let rates = Array3::from_shape_fn((trials, steps, units), |(trial, step, unit)| {
        let field = unit + 31 * room(trial);
        let (x, y) = (100.0 * scattered(field + 1), 100.0 * scattered(3 * field + 2));
        let place = places.slice(s![trial, step + 1, ..]);
        let distance = (f64::from(place[0]) - x).hypot(f64::from(place[1]) - y);
        (4.0 * (-(distance / 20.0).powi(2)).exp()) as f32
    });
    let rooms: Array1<f64> = (0..trials).map(|trial| 1.0 + room(trial) as f64).collect();
    let file = NpzBuilder::default().array("rates", &rates).unwrap().array("dt", &arr0(20.0)).unwrap();
    let file = file.array("trajectory", &places).unwrap().array("room", &rooms).unwrap();
    fs::write(path, file.finish().unwrap()).unwrap();
}

#[test]
fn recorded_place_cells_are_found_and_remap_between_rooms() {
    let folder = tempfile::tempdir().unwrap();
    recorded(&folder.path().join("recorded.npz"));
    let maps = "analyze rate-maps --activity recorded.npz --bins 15";
    let found = json(folder.path(), &format!("{maps} --where room=1 --out maps"));
    assert_eq!((&found["recording"], &found["passed"]["information"]), (&"recorded.npz".into(), &12.into()));
    assert_eq!((&found["steps"], &found["steps_outside"]), (&(8 * 250).into(), &0.into()));
    for unit in found["units"].as_array().unwrap() {
        let off = |axis: usize, middle: f64| (unit["peak_at"][axis].as_f64().unwrap() - 100.0 * middle).abs();
        let number = unit["unit"].as_u64().unwrap() as usize;
        assert!(off(0, scattered(number + 1)).max(off(1, scattered(3 * number + 2))) < 15.0, "{unit}");
        assert!(unit["information_corrected"].as_f64().unwrap() > 0.5, "{unit}");
    }
    for file in ["rate-maps.json", "rate-maps.npz", "rate-maps.png", "rate-maps.svg", "information.png"] {
        assert!(folder.path().join("maps").join(file).metadata().is_ok_and(|file| file.len() > 0), "{file}");
    }
    let remapping = "analyze remapping --activity recorded.npz --bins 15";
    let found = json(folder.path(), &format!("{remapping} --between room=1,2 --out remapping"));
    assert_eq!((&found["remapping"], &found["units_in_both"]), (&"global".into(), &12.into()));
    assert_eq!(found["between"], serde_json::json!(["room=1", "room=2"]));
    assert!(found["place"]["ceiling"].as_f64().unwrap() > 0.9);
    for file in ["remapping.json", "remapping.npz", "remapping.png", "remapped-maps.svg"] {
        assert!(folder.path().join("remapping").join(file).metadata().is_ok_and(|file| file.len() > 0), "{file}");
    }
    let several = format!("{remapping} --activity recorded.npz --activity recorded.npz --where room=1 --out several");
    let found = json(folder.path(), &several);
    assert_eq!((&found["population_vector"][0][2], &found["units_in_all"]), (&1.0.into(), &12.into()));
    assert!(found["population_vector"][1][1].as_f64().unwrap() > 0.9);
    assert_eq!(found["between"].as_array().unwrap().len(), 3);
    for file in ["remapping.json", "remapping.npz", "remapping.png", "remapped-maps.svg"] {
        assert!(folder.path().join("several").join(file).metadata().is_ok_and(|file| file.len() > 0), "{file}");
    }
    let same = json(folder.path(), &format!("{remapping} --activity recorded.npz --where room=1"));
    assert_eq!((&same["remapping"], &same["place"]["between"]), (&"none".into(), &1.0.into()));
    for (arguments, words) in [
        (format!("{maps} --arena 0,100,0"), "has 3 numbers"),
        ("analyze rate-maps --activity recorded.npz --bins 0".into(), "bins = 0"),
        (format!("{maps} --min-shift 60000"), "min-shift = 60000"),
        (format!("{maps} --where room=3"), "no trial has room=3; there are 1, 2"),
        (remapping.into(), "name two, or one with --between"),
        (format!("{remapping} --between room"), "must be VARIABLE=A,B"),
        (format!("{remapping} --between room=1,3"), "there are 1, 2"),
        ("analyze rate-maps flip-flop-3bit --trials 1".into(), "where the animal was is not known"),
    ] {
        let message = refused(folder.path(), &arguments);
        assert!(message.contains(words), "{arguments}: {message}");
    }
}

/// What a network does at its task, and the same recorded and read from a file, have the same maps.
#[test]
fn a_network_and_its_recording_have_the_same_maps() {
    let folder = tempfile::tempdir().unwrap();
    let task: Arc<dyn Task> = Arc::new(PathIntegration { duration: 500.0, ..PathIntegration::default() });
    let experiment =
        Experiment::new(task.clone(), ModelConfig::vanilla(2, 6, 2).dt(task.dt()), settings(2, 1), 1).unwrap();
    train(&experiment, &folder.path().join("run")).unwrap();
    let network = Checkpoint::load(folder.path().join("run")).unwrap();
    let network = network.network(&candle_core::Device::Cpu).unwrap();
    let plan = TrialPlan { conditions: vec![Condition::new()], per_condition: 12, seed: 3, noise: true };
    let found = activity(&Altered::of(&network, &[]).unwrap(), task.as_ref(), &plan).unwrap();
    let places = found.places().expect("a task about places").mapv(|place| place as f32);
    let file = NpzBuilder::default().array("rates", &found.rates().mapv(|rate| rate as f32)).unwrap();
    let file = file.array("dt", &arr0(task.dt())).unwrap().array("trajectory", &places).unwrap();
    fs::write(folder.path().join("recorded.npz"), file.finish().unwrap()).unwrap();
    let options = "--seed 3 --bins 6 --shuffles 20";
    let of_network = json(folder.path(), &format!("analyze rate-maps run --trials 12 {options}"));
    let of_file = json(folder.path(), &format!("analyze rate-maps --activity recorded.npz {options}"));
    assert_eq!((&of_network["network"], &of_file["recording"]), (&"run".into(), &"recorded.npz".into()));
    assert_eq!(of_network["units"].as_array().unwrap().len(), 6);
    for field in ["arena", "steps", "visited_bins", "passed", "units"] {
        assert_eq!(of_network[field], of_file[field], "{field}");
    }
}
