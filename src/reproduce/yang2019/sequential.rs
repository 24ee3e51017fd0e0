//! Seven tasks in five groups one after another: what is remembered with synaptic intelligence, and without.

use serde_json::Value;

use super::super::{Claim, Figure, Outline, Run, Step, Study, Target};
use crate::error::{Error, Result};

const PROTECTED: &str = "sequential";
const FORGETS: &str = "sequential_control";
const STEP: &str = "after-all";

pub fn outline() -> Outline {
    let protected =
        Study::new(PROTECTED, "yang2019/sequential", "seven tasks in turn, with synaptic intelligence").takes(43_750);
    let forgets = Study::new(FORGETS, "yang2019/sequential", "the same without synaptic intelligence")
        .set("train.synaptic_intelligence.c", 0.0)
        .takes(43_750);
    let after = |study| Step::new(STEP, study, "eval", "--trials 100");
    let learning = [&protected, &forgets].map(|study| Step::new("learning", study, "plot learning", "").of_first());
    let figure = |step, title, caption| Figure::new("Tasks one after another", step, "learning", title, caption);
    let figures = vec![
        figure(&learning[0], "With synaptic intelligence", "Performance over all seven tasks while they come in turn."),
        figure(&learning[1], "Without", "Each new group of tasks overwrites those before."),
    ];
    let steps = [after(&protected), after(&forgets)].into_iter().chain(learning).collect();
    Outline { studies: vec![protected, forgets], steps, figures, claims: claims(), ..Outline::default() }
}

fn claims() -> Vec<Claim> {
    const REMEMBERS: &str = "a network that learns tasks one after another keeps them with synaptic intelligence";
    vec![
        Claim::criterion("mean performance of the seven tasks in the end, with synaptic intelligence", REMEMBERS)
            .is(Target::AtLeast(0.8))
            .of_each(PROTECTED, mean),
        Claim::criterion("the same without", "told for comparison").of_each(FORGETS, mean),
        Claim::criterion("difference of the two, seed by seed", REMEMBERS).is(Target::AtLeast(0.1)).of_pairs(
            PROTECTED,
            FORGETS,
            |run, other| Ok(mean(run)? - mean(other)?),
        ),
    ]
}

/// The mean performance over the tasks of the set.
fn mean(run: &Run) -> Result<f64> {
    let json = run.json(STEP)?;
    let tasks = json["per_task"].as_object();
    let values: Vec<f64> = tasks.into_iter().flat_map(|tasks| tasks.values()).filter_map(Value::as_f64).collect();
    if values.is_empty() {
        return Err(Error::file(run.place(STEP), "has no performance of tasks"));
    }
    Ok(values.iter().sum::<f64>() / values.len() as f64)
}
