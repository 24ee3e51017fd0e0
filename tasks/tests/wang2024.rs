//! Sensory autoencoding: what is sensed is where the animal is, and as often as stated.

use ndarray::{Axis, s};
use nn4n_tasks::wang2024::{Masking, PlaceCells, Preset, RandomWalk, Walk};
use nn4n_tasks::{Condition, Split, Task, TaskError, TrialRng, batch, create};
use proptest::prelude::*;
use serde_json::json;

/// A small room, quickly made.
fn small() -> PlaceCells {
    PlaceCells {
        room: vec![[0.0, 0.0], [30.0, 0.0], [30.0, 20.0], [0.0, 20.0]],
        n_cells: 20,
        sigma: 4.0,
        ..PlaceCells::default()
    }
}

#[test]
fn the_published_trial_is_one_second_of_200_cells() -> Result<(), TaskError> {
    let task = PlaceCells::default();
    let trials = batch(&task, Split::Train, 0, 0, 40)?;
    assert_eq!((trials.inputs.dim(), trials.targets.dim()), ((40, 19, 200), (40, 19, 200)));
    assert!(trials.loss_mask.iter().all(|&m| m == 1.0));
    // The responses have mean 4 over the room and its margin, so about that where the animal goes.
    let mean = trials.targets.mean().unwrap();
    assert!((mean - 4.0).abs() < 0.3, "{mean}");
    Ok(())
}

#[test]
fn inputs_and_targets_are_what_is_sensed_on_the_trajectory() -> Result<(), TaskError> {
    let task = PlaceCells { p_masked: 0.0, ..small() };
    for index in 0..20 {
        let key = TrialRng::new(5, "train", 2, index);
        let trial = task.trial(Split::Train, None, &mut key.clone())?;
        let places = task.trajectory(Split::Test, None, &mut key.clone())?.unwrap();
        for (step, place) in places.outer_iter().enumerate() {
            let sensed = task.sensed([place[0], place[1]])?;
            if step < 19 {
                assert_eq!(trial.inputs.row(step).to_vec(), sensed);
            }
            if step > 0 {
                assert_eq!(trial.targets.row(step - 1).to_vec(), sensed);
            }
        }
    }
    Ok(())
}

#[test]
fn shuffled_trials_have_the_places_of_their_walk_in_another_order() -> Result<(), TaskError> {
    let key = TrialRng::new(5, "train", 2, 0);
    let places = |shuffled| {
        let task = PlaceCells { shuffled, ..small() };
        task.trajectory(Split::Train, None, &mut key.clone()).map(|places| places.unwrap())
    };
    let (walk, shuffled) = (places(false)?, places(true)?);
    assert_ne!(walk, shuffled);
    let sorted = |places: &ndarray::Array2<f64>| {
        let mut rows: Vec<Vec<f64>> = places.outer_iter().map(|place| place.to_vec()).collect();
        rows.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
        rows
    };
    assert_eq!(sorted(&walk), sorted(&shuffled));
    let trial = PlaceCells { shuffled: true, p_masked: 0.0, ..small() }.trial(Split::Train, None, &mut key.clone())?;
    assert_eq!(trial.inputs.row(3).to_vec(), small().sensed([shuffled[[3, 0]], shuffled[[3, 1]]])?);
    Ok(())
}

#[test]
fn masking_changes_neither_the_walk_nor_the_targets() -> Result<(), TaskError> {
    let of = |p_masked, masking| batch(&PlaceCells { p_masked, masking, ..small() }, Split::Train, 1, 0, 5);
    let (open, steps, cells) = (of(0.0, Masking::Step)?, of(0.5, Masking::Step)?, of(0.5, Masking::Cell)?);
    assert_eq!((&open.targets, &open.conditions), (&steps.targets, &steps.conditions));
    assert_eq!((&open.targets, &open.conditions), (&cells.targets, &cells.conditions));
    for masked in [&steps.inputs, &cells.inputs] {
        assert!(masked.iter().zip(&open.inputs).all(|(&masked, &open)| masked == 0.0 || masked == open));
    }
    assert!(of(1.0, Masking::Step)?.inputs.iter().all(|&u| u == 0.0));
    Ok(())
}

#[test]
fn steps_or_cells_are_masked_at_their_rate() -> Result<(), TaskError> {
    for (masking, p_masked) in [(Masking::Step, 0.5), (Masking::Step, 0.2), (Masking::Cell, 0.5)] {
        let trials = batch(&PlaceCells { p_masked, masking, ..small() }, Split::Train, 0, 0, 300)?;
        let steps: Vec<_> = trials.inputs.lanes(Axis(2)).into_iter().collect();
        let dark = steps.iter().filter(|step| step.iter().all(|&u| u == 0.0)).count() as f64 / steps.len() as f64;
        let zeros = trials.inputs.iter().filter(|&&u| u == 0.0).count() as f64 / trials.inputs.len() as f64;
        assert!((zeros - p_masked).abs() < 0.03, "{masking:?} {p_masked}: {zeros}");
        let expected = if masking == Masking::Step { p_masked } else { 0.0 };
        assert!((dark - expected).abs() < 0.03, "{masking:?} {p_masked}: {dark} of the steps are dark");
    }
    Ok(())
}

#[test]
fn walks_start_anywhere_and_move_at_the_speed_of_their_preset() -> Result<(), TaskError> {
    for (preset, speed) in [(Preset::Slow, 4.0), (Preset::Medium, 10.0), (Preset::Fast, 20.0)] {
        let task = PlaceCells { walk: Walk::Preset(preset), n_cells: 1, ..PlaceCells::default() };
        let (mut way, mut left) = (0.0, 0);
        for index in 0..400 {
            let places = task.trajectory(Split::Train, None, &mut TrialRng::new(0, "train", 0, index))?.unwrap();
            left += usize::from(places[[0, 0]] < 25.0);
            for (a, b) in places.outer_iter().zip(places.slice(s![1.., ..]).outer_iter()) {
                way += (a[0] - b[0]).hypot(a[1] - b[1]);
            }
        }
        let found = way / (400.0 * 0.95);
        // The drift adds up to a tenth where it points ahead.
        assert!((0.97..1.1).contains(&(found / speed)), "{preset:?}: {found} cm/s");
        assert!((65..135).contains(&left), "{left} of 400 start in the left quarter");
    }
    Ok(())
}

#[test]
fn a_start_can_be_asked_for_and_must_lie_in_the_room() -> Result<(), TaskError> {
    let task = small();
    let at = |x: f64, y: f64| Condition::new().with("x", x).with("y", y);
    let trial = task.trial(Split::Test, Some(&at(3.0, 4.0)), &mut TrialRng::new(0, "test", 0, 0))?;
    assert_eq!(trial.condition, at(3.0, 4.0));
    for condition in
        [at(31.0, 4.0), at(f64::NAN, 4.0), Condition::new().with("x", 3.0), Condition::new().with("y", 3.0)]
    {
        assert!(task.trial(Split::Test, Some(&condition), &mut TrialRng::new(0, "test", 0, 0)).is_err(), "{condition}");
    }
    assert!(task.sensed([31.0, 4.0]).is_err());
    Ok(())
}

#[test]
fn rooms_with_other_seeds_are_other_rooms_and_the_same_seed_is_the_same() -> Result<(), TaskError> {
    let of = |room_seed| PlaceCells { room_seed, ..small() }.sensed([10.0, 10.0]);
    assert_eq!(of(1)?, of(1)?);
    assert_ne!(of(1)?, of(2)?);
    // A task whose room is changed after it was used does not keep the old one.
    let mut task = PlaceCells { room_seed: 1, ..small() };
    assert_eq!(task.sensed([10.0, 10.0])?, of(1)?);
    task.room_seed = 2;
    assert_eq!(task.sensed([10.0, 10.0])?, of(2)?);
    Ok(())
}

#[test]
fn the_same_trials_come_from_one_task_and_from_another_that_makes_its_maps_anew() -> Result<(), TaskError> {
    let task = small();
    let first = batch(&task, Split::Train, 0, 0, 4)?;
    assert_eq!(first, batch(&task, Split::Train, 0, 0, 4)?);
    assert_eq!(first, batch(&small(), Split::Train, 0, 0, 4)?);
    Ok(())
}

#[test]
fn parameters_without_meaning_are_refused_by_name() {
    let walk = |field: &str, value: f64| {
        let mut walk = serde_json::to_value(Preset::Fast.settings()).unwrap();
        walk[field] = json!(value);
        walk
    };
    for (field, value) in [
        ("room", json!([[0.0, 0.0], [1.0, 1.0]])),
        ("room", json!([[0.0, 0.0], [1e7, 0.0], [1e7, 1e7]])),
        ("n_cells", json!(0)),
        ("sigma", json!(0.0)),
        ("mean_rate", json!(-4.0)),
        ("pixel", json!(0.0)),
        ("margin", json!(-1.0)),
        ("p_masked", json!(1.5)),
        ("duration", json!(960.0)),
        ("rms_error", json!(0.0)),
        ("walk", json!("fats")),
        ("speed_mean", walk("speed_mean", 0.0)),
        ("p_drift", walk("p_drift", 1.5)),
        ("wall_scale", walk("wall_scale", 0.0)),
    ] {
        let parameter = if value.is_object() { "walk" } else { field };
        let message = create("wang2024/place_cells", Some(&json!({ parameter: value }))).unwrap_err().to_string();
        assert!(message.contains(field), "{field}: {message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_walk_leaves_its_room(
        corners in 3..9_usize, turn in 0.0..6.0_f64, dent in 0.4..1.0_f64,
        speed_mean in 1.0..200.0_f64, avoid_walls: bool, seed: u64,
    ) {
        // A star with `corners` points, whose arms are the narrower the deeper the dents.
        let room: Vec<[f64; 2]> = (0..2 * corners)
            .map(|k| {
                let angle = turn + std::f64::consts::PI * k as f64 / corners as f64;
                let radius = if k % 2 == 0 { 20.0 } else { 20.0 * dent };
                [radius * angle.cos(), radius * angle.sin()]
            })
            .collect();
        let walk = Walk::Custom(RandomWalk { speed_mean, ..Preset::Fast.settings() });
        let task = PlaceCells { room, walk, avoid_walls, duration: 5000.0, n_cells: 1, ..small() };
        prop_assert!(task.validate().is_ok(), "{:?}", task.validate());
        let places = task.trajectory(Split::Test, None, &mut TrialRng::new(seed, "test", 0, 0)).unwrap().unwrap();
        for place in places.outer_iter() {
            prop_assert!(task.sensed([place[0], place[1]]).is_ok(), "{place}");
        }
    }
}
