//! Psychometric functions of the two-alternative tasks with random dots.

use super::{largest_fall, number};
use crate::{
    error::Result,
    reproduce::{Claim, Mode, Run, Step, Study, Target},
};

/// The step that measures them.
pub const STEP: &str = "psychometric";

pub fn step(mode: Mode, study: &Study) -> Step {
    let words = format!("--trials {} --refits 0", mode.pick(200, 1000));
    Step::new(STEP, study, "analyze psychometric", &words)
}

/// Choices at the strongest evidence and without any, and the fit between them.
pub fn claims(study: &'static str, statement: &'static str) -> Vec<Claim> {
    vec![
        Claim::criterion(format!("{study}: % of choice 1 at a coherence of -51.2 %"), statement)
            .is(Target::AtMost(5.0))
            .of_each(study, |run| Ok(*percent(run)?.first().unwrap_or(&f64::NAN))),
        Claim::criterion(format!("{study}: % of choice 1 at a coherence of 51.2 %"), statement)
            .is(Target::AtLeast(95.0))
            .of_each(study, |run| Ok(*percent(run)?.last().unwrap_or(&f64::NAN))),
        Claim::criterion(format!("{study}: % of choice 1 without evidence"), statement)
            .is(Target::Between(40.0, 60.0))
            .of_each(study, without_evidence),
        Claim::criterion(
            format!("{study}: largest fall of the % of choice 1 from one coherence to the next"),
            "choices follow the evidence (5 for the chance of the draw)",
        )
        .is(Target::AtMost(5.0))
        .of_each(study, |run| largest_fall(&percent(run)?)),
        Claim::criterion(format!("{study}: mu of the psychometric function, % coherence"), statement)
            .is(Target::Between(-3.0, 3.0))
            .of_each(study, |run| Ok(100.0 * run.number(STEP, "/fit/mu")?)),
        Claim::criterion(format!("{study}: sigma of the psychometric function, % coherence"), statement)
            .is(Target::Between(8.0, 20.0))
            .of_each(study, |run| Ok(100.0 * run.number(STEP, "/fit/sigma")?)),
    ]
}

/// % of choice 1 at each coherence, ascending.
fn percent(run: &Run) -> Result<Vec<f64>> {
    let points = run.list(STEP, "points")?;
    points.iter().map(|point| Ok(100.0 * number(point, "/chose_first")? / number(point, "/trials")?)).collect()
}

fn without_evidence(run: &Run) -> Result<f64> {
    let points = run.list(STEP, "points")?;
    let place = points.iter().position(|point| point["value"] == 0.0);
    Ok(place.map_or(f64::NAN, |place| percent(run).map_or(f64::NAN, |percent| percent[place])))
}
