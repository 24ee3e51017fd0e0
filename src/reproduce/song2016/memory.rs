//! Two frequencies are compared across a delay (Fig 7); sequences of eye movements (Fig 8).

use serde_json::Value;

use super::{ends, number, study};
use crate::{
    error::{Error, Result},
    reproduce::{Claim, Figure, Mode, Outline, Run, Step, Target},
};

const ROMO: &str = "romo";
const LEE: &str = "lee_sequence";

/// A unit is tuned to the first frequency in the delay with a p below this: none of 500 units by chance.
const ALPHA: f64 = 1e-4;

pub fn two_frequencies(mode: Mode) -> Outline {
    let study = study(
        mode,
        ROMO,
        "song2016/romo",
        "500 sparsely connected units compare two frequencies across 2.5 to 3.5 s (the paper's code: 29 to 243 minutes)",
    )
    .takes(mode.pick(500, 15_000));
    let study = match mode {
        Mode::Full => study,
        Mode::Quick => study
            .set("model.units", 100)
            .set("task.delay_min", 500.0)
            .set("task.delay_max", 1000.0)
            .set("task.delay_test", 1000.0),
    };
    let eval = Step::new("comparison", &study, "eval", "--trials 100");
    let words = format!("--variables f1,f2 --epoch delay --alpha {ALPHA} --trials {}", mode.pick(20, 100));
    let tuning = Step::new("delay-tuning", &study, "analyze selectivity", &words);
    let rates = Step::new("rates", &study, "plot rates", "--by f1").of_first();
    let figures = vec![Figure::new(
        "Working memory",
        &rates,
        "rates",
        "Mean rates by the first frequency",
        "Mean rates of the cell types over time, one line for each first frequency: the frequency is kept through the \
        delay where the lines stay apart.",
    )];
    let claims = vec![
        ends(ROMO, "a performance above 85 % in every condition"),
        Claim::criterion(
            format!("{ROMO}: least performance of a condition in fresh trials, %"),
            "the criterion of training holds after the delay of the test, too",
        )
        .is(Target::AtLeast(85.0))
        .of_each(ROMO, least_performance),
        Claim::criterion(
            format!("{ROMO}: part of the units whose rate in the delay rises with the first frequency"),
            "some units code the first frequency by rising rates (at least 1 %; linear regression, p < 0.0001)",
        )
        .is(Target::AtLeast(0.01))
        .of_each(ROMO, |run| tuned(run, 1.0)),
        Claim::criterion(
            format!("{ROMO}: part of the units whose rate in the delay falls with the first frequency"),
            "and some by falling rates",
        )
        .is(Target::AtLeast(0.01))
        .of_each(ROMO, |run| tuned(run, -1.0)),
    ];
    Outline { studies: vec![study], steps: vec![eval, tuning, rates], claims, figures, ..Outline::default() }
}

pub fn sequences(mode: Mode) -> Outline {
    let study = study(
        mode,
        LEE,
        "song2016/lee_sequence",
        "200 units make three eye movements in eight sequences (the paper's code: 45 to 47 minutes)",
    )
    .takes(mode.pick(600, 90_000));
    let study = match mode {
        Mode::Full => study,
        Mode::Quick => {
            study.set("model.units", 100).set("train.batch_size", 8).set("train.validation.trials_per_condition", 5)
        }
    };
    let trials = Step::new("trials", &study, "plot trials", "").of_first().as_pixels();
    let figures = vec![Figure::new(
        "Sequences of movements",
        &trials,
        "trials",
        "Trials",
        "Dots and cues, rates, and the position of the eyes in two coordinates with its target.",
    )];
    let claims = vec![
        ends(LEE, "an error of at most 0.05"),
        Claim::published(
            format!("{LEE}: root mean square error of the eye position in the last validation"),
            "examples/models/lee.py of the released code: training ends at 0.05",
        )
        .is(Target::AtMost(0.05))
        .of_each(LEE, Run::rms_error),
    ];
    Outline { studies: vec![study], steps: vec![trials], claims, figures, ..Outline::default() }
}

fn least_performance(run: &Run) -> Result<f64> {
    let conditions = run.list("comparison", "conditions")?;
    let parts = conditions.iter().map(|one| number(one, "/performance")).collect::<Result<Vec<f64>>>()?;
    let least = parts.into_iter().reduce(f64::min).ok_or_else(|| Error::setting("conditions", "there are none"))?;
    Ok(100.0 * least)
}

/// The part of all units whose rate in the delay changes with the first frequency in this direction.
fn tuned(run: &Run, sign: f64) -> Result<f64> {
    let units = run.list("delay-tuning", "regressions")?;
    let is_tuned = |unit: &&Value| {
        let (p, slope) = (unit.pointer("/p/0"), unit.pointer("/coefficients/0/0"));
        let [p, slope] = [p, slope].map(|value| value.and_then(Value::as_f64).unwrap_or(f64::NAN));
        p < ALPHA && sign * slope > 0.0
    };
    Ok(units.iter().filter(is_tuned).count() as f64 / units.len() as f64)
}
