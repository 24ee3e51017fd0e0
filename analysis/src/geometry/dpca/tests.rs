//! Components of activity whose parts are known.

use ndarray::s;
use nn4n_tasks::Condition;

use super::*;
use crate::{
    Activity,
    activity::Trials,
    geometry::{
        WindowSettings,
        algebra::orthonormal,
        test::{gaussian, unwatched},
    },
};

const UNITS: usize = 20;
const BINS: usize = 50;

/// Axes for time, stimulus and their interaction.
fn axes(is_orthonormal: bool) -> Array2<f64> {
    let drawn = gaussian((3, UNITS), 7);
    if is_orthonormal {
        return orthonormal(drawn.view()).0;
    }
    let mut oblique = drawn;
    // Far from orthogonal: all share a direction.
    let shared = gaussian((1, UNITS), 8);
    oblique += &(&shared * 0.8);
    for mut axis in oblique.outer_iter_mut() {
        let length = algebra::squares(axis.iter()).sqrt();
        axis /= length;
    }
    oblique
}

/// `3 A1 f(t) + 2 A2 s + A3 s h(t)` of three stimuli, with so many trials of each and so much noise.
fn activity(axes: &Array2<f64>, trials: usize, noise: f64) -> Activity {
    let angle = |bin: usize, end: f64| end * bin as f64 / (BINS - 1) as f64;
    let centred = |values: Vec<f64>| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.into_iter().map(|value| value - mean).collect::<Vec<_>>()
    };
    let pi = std::f64::consts::PI;
    let f = centred((0..BINS).map(|bin| angle(bin, pi).sin()).collect());
    let h = centred((0..BINS).map(|bin| angle(bin, 2.0 * pi).cos()).collect());
    let random = gaussian((3 * trials * BINS, UNITS), 9);
    let rates = Array3::from_shape_fn((3 * trials, BINS, UNITS), |(trial, bin, unit)| {
        let s = (trial % 3) as f64 - 1.0;
        let own = 3.0 * axes[[0, unit]] * f[bin] + 2.0 * axes[[1, unit]] * s + axes[[2, unit]] * s * h[bin];
        own + 1.0 + noise * random[[trial * BINS + bin, unit]]
    });
    let conditions = (0..3 * trials).map(|trial| Condition::new().with("stimulus", (trial % 3) as f64 - 1.0));
    Activity::new(rates, 10.0, Trials::new(vec![BINS; 3 * trials], conditions.collect())).unwrap()
}

fn window(activity: &Activity) -> Window {
    Window::of(activity, &WindowSettings { steps_in_bin: 1, ..WindowSettings::default() }).unwrap()
}

fn plain() -> Settings {
    Settings { ridge: Ridge::Fixed(0.0), shuffles: 0, ..Settings::default() }
}

fn demixed(activity: &Activity, settings: &Settings) -> Dpca {
    Dpca::of(&window(activity), 10.0, &["stimulus".into()], settings, &mut unwatched).unwrap()
}

#[test]
fn parts_of_the_variance_are_those_of_the_recipe() {
    let found = demixed(&activity(&axes(true), 1, 0.0), &plain());
    let parts: Vec<(&str, f64)> = found.parts.iter().map(|part| (part.name.as_str(), part.variance)).collect();
    let expected = [("stimulus", 0.681_023), ("time", 0.232_215), ("stimulus x time", 0.086_762)];
    for ((name, own), (expected, value)) in parts.iter().zip(expected) {
        assert!(*name == expected && (own - value).abs() < 1e-6, "{parts:?}");
    }
    let joined: Vec<f64> = found.marginalisations.iter().map(|part| part.variance).collect();
    assert!((joined[0] - 0.232_215).abs() < 1e-6 && (joined[1] - 0.767_785).abs() < 1e-6, "{joined:?}");
    assert!((found.cumulative[2] - 1.0).abs() < 1e-12 && (found.cumulative_pca[2] - 1.0).abs() < 1e-12);
}

#[test]
fn decoders_are_the_dual_basis_of_oblique_axes() {
    for is_orthonormal in [true, false] {
        let axes = axes(is_orthonormal);
        let settings = Settings { join_time: false, ..plain() };
        let found = demixed(&activity(&axes, 1, 0.0), &settings);
        assert_eq!(found.components.len(), 3);
        // Groups are time, stimulus, stimulus x time, as the axes.
        for (place, component) in found.components.iter().enumerate() {
            let own = component.marginalisation;
            let sign = found.encoders.row(place).dot(&axes.row(own)).signum();
            for other in 0..3 {
                let dual = sign * found.decoders.row(place).dot(&axes.row(other));
                let expected = f64::from(u8::from(own == other));
                assert!((dual - expected).abs() < 1e-12, "{is_orthonormal} {own} {other}: {dual}");
            }
            assert!((&found.encoders.row(place) * sign - axes.row(own)).iter().all(|value| value.abs() < 1e-11));
            let by = &component.explained_by_marginalisation;
            assert!((by.iter().sum::<f64>() - component.explained).abs() < 1e-12);
        }
        assert!((found.cumulative[2] - 1.0).abs() < 1e-12);
    }
}

#[test]
fn a_component_is_significant_where_its_variable_is_in_the_activity() {
    let mut activity = activity(&axes(true), 8, 0.6);
    // Nothing of the stimulus in the first half: there all trials are alike but for noise.
    let mut rates = activity.rates().to_owned();
    let noise = gaussian((24 * 25, UNITS), 4);
    for ((trial, bin, unit), rate) in rates.indexed_iter_mut().filter(|((_, bin, _), _)| *bin < 25) {
        *rate = 0.6 * noise[[trial * 25 + bin, unit]];
    }
    activity = Activity::new(rates, 10.0, activity.trials().clone()).unwrap();
    let settings = Settings { shuffles: 20, splits: 5, lasting_ms: 50.0, ..Settings::default() };
    let found = demixed(&activity, &settings);
    let first = found.components.iter().find(|one| one.marginalisation == 1 && one.number == 1).unwrap();
    let significance = first.significance.as_ref().unwrap();
    assert_eq!(significance.classes, 3);
    assert!(significance.is_significant[27..].iter().all(|is| *is), "{:?}", significance.is_significant);
    assert!(significance.is_significant[..25].iter().filter(|is| **is).count() < 6);
    assert!(found.components.iter().filter(|one| one.marginalisation == 0).all(|one| one.significance.is_none()));
    let validation = found.cross_validation.as_ref().unwrap();
    assert!(!validation.is_at_border && found.ridge > 1e-7, "{validation:?}");
    assert!(!found.pseudo_trials);
    assert_eq!(demixed(&activity, &settings), found);
}

#[test]
fn units_that_were_not_recorded_together_have_pseudo_trials() {
    let whole = activity(&axes(true), 8, 0.3);
    let mut rates = whole.rates().to_owned();
    for trial in 0..24 {
        let units = if trial / 3 % 2 == 0 { 0..10 } else { 10..20 };
        rates.slice_mut(s![trial, .., units]).fill(f64::NAN);
    }
    let apart = Activity::new(rates, 10.0, whole.trials().clone()).unwrap();
    let settings = Settings { shuffles: 5, splits: 2, ..Settings::default() };
    let found = demixed(&apart, &settings);
    assert!(found.pseudo_trials && found.fewest_trials == 4);
    assert!(found.marginalisations[1].variance > 0.2, "{:?}", found.marginalisations);
}

#[test]
fn what_cannot_be_demixed_is_refused() {
    let of = |activity: &Activity, variables: &[&str], settings: &Settings| {
        let variables: Vec<String> = variables.iter().map(ToString::to_string).collect();
        Dpca::of(&window(activity), 10.0, &variables, settings, &mut unwatched).unwrap_err().to_string()
    };
    let one = activity(&axes(true), 1, 0.1);
    let few = of(&one, &["stimulus"], &Settings::default());
    assert!(few.contains("1 trial with stimulus=-1"), "{few}");
    let copies = of(&activity(&axes(true), 2, 0.0), &["stimulus"], &Settings::default());
    assert!(copies.contains("trials 0 and 3 are copies"), "{copies}");
    assert!(of(&one, &[], &plain()).contains("one, two or three"));
    assert!(of(&one, &["stimulus", "stimulus"], &plain()).contains("twice"));
    assert!(of(&one, &["stimulus"], &Settings { ridge: Ridge::Fixed(-1.0), ..plain() }).contains("ridge = -1"));
    let same = one.with_trials(&[0]).unwrap();
    assert!(of(&same, &["stimulus"], &plain()).contains("`stimulus` is -1 in all trials"));
}
