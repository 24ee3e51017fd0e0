//! Decoding over several networks: one number for each.

use ndarray::{Array2, Array3, Axis};

use super::{ClassCount, Course, CrossTemporal, Decoding, LeftOut, NoNumber, cross_temporal::stability, score::mean};
use crate::AnalysisError;

pub(super) fn over_networks(all: &[Decoding]) -> Result<Decoding, AnalysisError> {
    let Some(first) = all.first() else {
        return Err(AnalysisError::Trials("there is no network; name one at least".into()));
    };
    if all.len() == 1 {
        return Ok(first.clone());
    }
    let names = |one: &Decoding| {
        let classes = one.classes.iter().flatten().map(|class| class.name.clone()).collect::<Vec<_>>();
        (one.variable.clone(), one.course.measure, classes, one.align.clone(), one.held_out.clone())
    };
    if let Some((place, _)) = all.iter().enumerate().find(|(_, one)| names(one) != names(first)) {
        return Err(AnalysisError::Trials(format!(
            "network {place} has other values of `{}`, or other epochs, than network 0; compare networks of one task",
            first.variable
        )));
    }
    let times = common(all);
    if times.is_empty() {
        return Err(AnalysisError::Trials(
            "no time is had by all networks; take the same --bin and step (--dt) for all".into(),
        ));
    }
    let has_numbers =
        |places: &Vec<usize>| all.iter().zip(places).all(|(one, place)| !one.course.value[*place].is_nan());
    if !times.iter().any(has_numbers) {
        let reason = all.iter().flat_map(|one| &one.reasons).next().map_or("", |none| none.reason.as_str());
        return Err(AnalysisError::Trials(format!("no time has a number in all networks: {reason}; give more trials")));
    }
    let sum = |of: &dyn Fn(&Decoding, usize) -> usize| -> Vec<usize> {
        times.iter().map(|places| all.iter().zip(places).map(|(one, place)| of(one, *place)).sum()).collect()
    };
    let time_ms: Vec<f64> = times.iter().map(|places| first.time_ms[places[0]]).collect();
    let reasons = all.iter().enumerate().flat_map(|(network, one)| {
        let of = move |known: &NoNumber| NoNumber {
            time_ms: known.time_ms,
            reason: format!("network {network}: {}", known.reason),
        };
        one.reasons.iter().map(of)
    });
    let left_out = all.iter().map(|one| one.left_out).fold(LeftOut::default(), |sum, one| LeftOut {
        without_value: sum.without_value + one.without_value,
        without_epoch: sum.without_epoch + one.without_epoch,
        steps_without_bin: sum.steps_without_bin + one.steps_without_bin,
    });
    let signs: Option<Vec<&Course>> = all.iter().map(|one| one.sign.as_ref()).collect();
    Ok(Decoding {
        variable: first.variable.clone(),
        classes: counts(all),
        course: course(&all.iter().map(|one| &one.course).collect::<Vec<_>>(), &times),
        sign: signs.map(|signs| course(&signs, &times)),
        align: first.align.clone(),
        trials: sum(&|one, place| one.trials[place]),
        interval_over: "networks",
        left_out,
        movable_labels: all.iter().map(|one| one.movable_labels).sum(),
        constant_units: sum(&|one, place| one.constant_units[place]),
        unconverged: all.iter().map(|one| one.unconverged).sum(),
        reasons: reasons.collect(),
        cross_temporal: matrix(all, &times, &time_ms),
        held_out: first.held_out.clone(),
        weights: Array3::zeros((0, 0, 0)),
        intercepts: Array2::zeros((0, 0)),
        patterns: Array3::zeros((0, 0, 0)),
        time_ms,
    })
}

/// The places of the times that all have, one for each network.
fn common(all: &[Decoding]) -> Vec<Vec<usize>> {
    let place = |one: &Decoding, time: f64| one.time_ms.iter().position(|other| (other - time).abs() < 1e-6);
    all[0].time_ms.iter().filter_map(|time| all.iter().map(|one| place(one, *time)).collect()).collect()
}

fn counts(all: &[Decoding]) -> Option<Vec<ClassCount>> {
    let mut counts = all[0].classes.clone()?;
    for one in &all[1..] {
        let others = one.classes.iter().flatten();
        counts.iter_mut().zip(others).for_each(|(class, other)| class.trials += other.trials);
    }
    Some(counts)
}

fn course(all: &[&Course], times: &[Vec<usize>]) -> Course {
    let each =
        Array2::from_shape_fn((all.len(), times.len()), |(network, time)| all[network].value[times[time][network]]);
    let shuffles = all.iter().map(|one| one.null.nrows()).min().unwrap_or(0);
    // A network without a number at a time leaves none to the mean.
    let null = Array2::from_shape_fn((shuffles, times.len()), |(shuffle, time)| {
        mean(all.iter().enumerate().map(|(network, one)| one.null[[shuffle, times[time][network]]]))
    });
    let mut found = Course::of((all[0].measure, all[0].guessing), (each, null), 0.0);
    for time in 0..times.len() {
        if found.each.column(time).iter().any(|value| value.is_nan()) {
            for of in [&mut found.value, &mut found.low, &mut found.high, &mut found.p, &mut found.p_corrected] {
                of[time] = f64::NAN;
            }
        }
    }
    found
}

fn matrix(all: &[Decoding], times: &[Vec<usize>], time_ms: &[f64]) -> Option<CrossTemporal> {
    let matrices: Vec<&Array2<f64>> =
        all.iter().map(|one| Some(&one.cross_temporal.as_ref()?.matrix)).collect::<Option<_>>()?;
    let mut sum = Array2::zeros((times.len(), times.len()));
    for (network, matrix) in matrices.iter().enumerate() {
        let places: Vec<usize> = times.iter().map(|places| places[network]).collect();
        sum += &matrix.select(Axis(0), &places).select(Axis(1), &places);
    }
    let matrix = sum / all.len() as f64;
    let stability = stability(&matrix, time_ms, all[0].course.guessing);
    Some(CrossTemporal { matrix, stability })
}
