//! Rate maps and their measures agree with independent programs (`golden/spatial/generate.py`).

use std::{ops::ControlFlow, path::Path};

use ndarray::{Array2, Array3};
use nn4n_analysis::{
    Activity,
    activity::Trials,
    spatial::{
        Bins, GridScore, RateMaps, Remapping, autocorrelogram,
        units::{Settings, UnitMap},
    },
};
use nn4n_tasks::Condition;
use serde_json::Value;

fn golden(part: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/spatial/golden.json");
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    all[part].clone()
}

/// NaN for null.
fn matrix(value: &Value) -> Array2<f64> {
    let rows = value.as_array().unwrap();
    Array2::from_shape_fn((rows.len(), rows[0].as_array().unwrap().len()), |at| {
        value[at.0][at.1].as_f64().unwrap_or(f64::NAN)
    })
}

fn agree<'a>(what: &str, found: impl IntoIterator<Item = &'a f64>, wanted: &Array2<f64>, tolerance: f64) {
    let found: Vec<f64> = found.into_iter().copied().collect();
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (place, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        let is_same = (found - wanted).abs() <= tolerance || (found.is_nan() && wanted.is_nan());
        assert!(is_same, "{what} {place}: {found} is not {wanted}");
    }
}

fn activity(given: &Value, walk: usize) -> Activity {
    let (places, rates) = (matrix(&given["places"][walk]), matrix(&given["rates"][walk]));
    let (steps, units) = rates.dim();
    let trials = Trials::new(vec![steps], vec![Condition::new()]);
    let alone = |array: Array2<f64>, columns: usize| -> Array3<f64> {
        let rows = array.nrows();
        array.into_shape_with_order((1, rows, columns)).unwrap()
    };
    Activity::new(alone(rates, units), 20.0, trials).unwrap().with_places(alone(places, 2)).unwrap()
}

fn settings() -> Settings {
    Settings {
        bins: Bins::Count(8),
        smooth: 1.0,
        shuffles: 200,
        min_shift: Some(40.0 * 20.0),
        field_bins: Some(4),
        ..Settings::default()
    }
}

#[test]
fn maps_information_fields_and_borders_agree() {
    let given = golden("cells");
    let found = RateMaps::of(&activity(&given, 0), &settings(), &mut |_| ControlFlow::Continue(())).unwrap();
    for (unit, map) in found.units.iter().zip(found.maps.outer_iter()) {
        let wanted = &given["units"][unit.unit];
        let same = |what: &str, found: Option<f64>| {
            let (found, wanted) = (found.unwrap(), wanted[what].as_f64().unwrap());
            assert!((found - wanted).abs() < 1e-12, "{what} of unit {}: {found} is not {wanted}", unit.unit);
        };
        agree("map", map, &matrix(&wanted["map"]), 1e-12);
        same("information", unit.information);
        same("sparsity", unit.sparsity);
        same("border", unit.border_score);
        let sizes = |unit: &UnitMap| unit.fields.iter().map(|field| field.bins as u64).collect::<Vec<_>>();
        let wanted: Vec<u64> = wanted["fields"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
        assert_eq!(sizes(unit), wanted, "unit {}", unit.unit);
    }
}

/// Each shuffle is one of the shifts that leave at least 40 steps between a rate and its place, and none other.
#[test]
fn shuffles_are_shifts_of_at_least_the_least_one() {
    let given = golden("cells");
    let found = RateMaps::of(&activity(&given, 0), &settings(), &mut |_| ControlFlow::Continue(())).unwrap();
    let shifted = given["units"][0]["shuffled"].as_array().unwrap();
    let shifted: Vec<f64> = shifted.iter().map(|value| value.as_f64().unwrap()).collect();
    let places: Vec<usize> = found
        .null_information
        .row(0)
        .iter()
        .map(|null| shifted.iter().position(|value| (value - null).abs() < 2e-12).expect("the value of a shift"))
        .collect();
    assert!(places.iter().all(|shift| (40..=320).contains(shift)), "{places:?}");
    assert!(places.iter().any(|shift| *shift < 100) && places.iter().any(|shift| *shift > 250), "{places:?}");
}

#[test]
fn autocorrelograms_agree_with_opexebo_where_enough_bins_overlap() {
    let given = golden("correlogram");
    let (found, wanted) = (autocorrelogram(&matrix(&given["map"])), matrix(&given["opexebo"]));
    let enough = wanted.indexed_iter().map(|((row, column), value)| {
        let overlap = (12 - row.abs_diff(11)) * (9 - column.abs_diff(8));
        if overlap < 20 { f64::NAN } else { *value }
    });
    let wanted = Array2::from_shape_vec(wanted.dim(), enough.collect()).unwrap();
    agree("correlation", &found, &wanted, 1e-10);
}

#[test]
fn grid_scores_of_maps_with_and_without_holes_agree() {
    for given in golden("grids").as_array().unwrap() {
        let found = GridScore::of(&autocorrelogram(&matrix(&given["map"]))).unwrap();
        let [score, spacing] = [0, 1].map(|place| given["score"][place].as_f64().unwrap());
        assert_eq!(found.spacing, spacing);
        assert!((found.score - score).abs() < 1e-10, "{} is not {score}", found.score);
    }
}

#[test]
fn population_vectors_and_maps_correlate_as_in_opexebo_and_numpy() {
    let given = golden("cells");
    let found = Remapping::of(&activity(&given, 0), &activity(&given, 1), &settings()).unwrap();
    let wanted = matrix(&given["vectors"]);
    agree("population vectors", &found.of_bins, &wanted, 1e-12);
    let there: Vec<f64> = wanted.iter().copied().filter(|r| !r.is_nan()).collect();
    assert_eq!(found.bins_in_both, there.len());
    let mean = there.iter().sum::<f64>() / there.len() as f64;
    assert!((found.population_vector.between.unwrap() - mean).abs() < 1e-12);
    for (unit, wanted) in found.units.iter().zip(given["place"].as_array().unwrap()) {
        assert!((unit.place.unwrap() - wanted.as_f64().unwrap()).abs() < 1e-12, "unit {}", unit.unit);
    }
}
