//! Wong & Wang 2006: a decision by two populations, reduced to two equations, beside networks that learned to decide.

use serde_json::Value;

use super::{
    Claim, Figure, Found, Mode, Outline, Paper, Run, Step, Target, largest_fall, largest_rise, number, song2016,
};
use crate::error::{Error, Result};

pub const PAPER: Paper = Paper {
    id: "wong2006",
    summary: "The reduced model of a decision: choices, reaction times, phase plane; trained networks beside it",
    citation: "Wong K-F, Wang X-J (2006). A recurrent network mechanism of time integration in perceptual decisions. \
               Journal of Neuroscience 26, 1314-1328. https://doi.org/10.1523/JNEUROSCI.3733-05.2006",
    outline,
};

const SECTION: &str = "The reduced model";
const BESIDE: &str = "A trained network";

/// The steps of the model, which needs no network.
const MODEL: &str = "model";
const STRONG: &str = "strong";

/// The network beside it, and the steps of it.
const NETWORK: &str = song2016::RT;
const CHOICES: &str = "choices";
const TIMES: &str = "times";
const POINTS: &str = "points";

fn outline(mode: Mode) -> Outline {
    let trials = mode.pick(4000, 20_000);
    let model = Step::alone(MODEL, "analyze decision-model", &format!("--trials {trials} --planes 0,0.512,1"));
    let strong = Step::alone(STRONG, "analyze decision-model", "--trials 10 --planes 1");
    let network = song2016::reaction_time_study(mode);
    let trials = mode.pick(200, 1000);
    let choices =
        Step::new(CHOICES, &network, "analyze psychometric", &format!("--of right --trials {trials} --refits 0"));
    let times = Step::new(TIMES, &network, "analyze chronometric", &format!("--trials {trials}"));
    let starts = mode.pick(128, 512);
    let points = Step::new(
        POINTS,
        &network,
        "analyze fixed-points",
        &format!("--starts {starts} --at stimulus --where coherence=0"),
    );
    let figures = vec![
        figure(
            SECTION,
            &model,
            "decisions",
            "Choices and reaction times",
            "Decisions for the evidence and the mean time \
            until them, against its strength.",
        ),
        figure(
            SECTION,
            &model,
            "before",
            "Phase plane before the stimulus",
            "Where activity goes from every state, and \
            the lines on which one of the two variables does not change. Activity rests in the low state in the middle; \
            the outer stable states keep a decision.",
        ),
        figure(
            SECTION,
            &model,
            "phase-plane",
            "Phase plane at a coherence of 0",
            "The low state is gone: a saddle \
            divides the plane between the two decisions.",
        ),
        figure(
            SECTION,
            &strong,
            "phase-plane",
            "Phase plane at a coherence of 1",
            "The wrong decision is no state any \
            more.",
        ),
        figure(
            BESIDE,
            &times,
            "chronometric",
            "Reaction times of a trained network",
            "Median times of right and wrong \
            answers against the strength of the evidence.",
        ),
        figure(
            BESIDE,
            &points,
            "fixed-points",
            "Fixed points of a trained network without evidence",
            "Along its \
            principal components: two decisions and what lies between them are to be compared with the plane above.",
        ),
    ];
    let mut claims = decisions();
    claims.extend(plane());
    claims.extend(beside());
    Outline {
        seeds: mode.pick(1, 5),
        studies: vec![network],
        steps: vec![model, strong, choices, times, points],
        claims,
        figures,
        notes: vec![
            "Values, threshold (15 Hz), noise, start and step (0.5 ms) are those of the code that the authors gave out for \
            the appendix of the paper. There the gating of a step follows the rate of the step before, and the stimulus \
            ends after 1500 ms; here it follows that of the same step, and the stimulus stays until the decision."
                .into(),
            "A decision is the first mean rate of 50 ms above the threshold, the window of that code.".into(),
        ],
    }
}

fn figure(section: &'static str, step: &Step, file: &'static str, title: &str, caption: &str) -> Figure {
    Figure::new(section, step, file, title, caption)
}

/// Read from the model.
fn of_model(measure: impl Fn(&Run) -> Result<f64> + 'static) -> impl Fn(&Found) -> Result<Vec<f64>> + 'static {
    move |found| Ok(vec![measure(found.alone())?])
}

fn decisions() -> Vec<Claim> {
    vec![
        Claim::criterion("model: % of decisions for population 1 without evidence", "neither of the two is preferred")
            .is(Target::Between(45.0, 55.0))
            .of_all(of_model(|model| Ok(right(model)?[0]))),
        Claim::criterion("model: % of decisions for the evidence at 51.2 %", "strong evidence decides")
            .is(Target::Above(99.0))
            .of_all(of_model(|model| right(model)?.last().copied().ok_or_else(none))),
        Claim::criterion(
            "model: largest fall of that % to the next stronger coherence",
            "it rises with the evidence (2 for the chance of the draw)",
        )
        .is(Target::AtMost(2.0))
        .of_all(of_model(|model| largest_fall(&right(model)?))),
        Claim::criterion(
            "model: coherence at which 82 % of the decisions are right (Weibull function), %",
            "5 to 15 %",
        )
        .is(Target::Between(5.0, 15.0))
        .of_all(of_model(|model| Ok(100.0 * model.number(MODEL, "/fit/mu")?))),
        Claim::criterion(
            "model: largest rise of the mean reaction time to the next stronger coherence, ms",
            "stronger evidence is decided on sooner",
        )
        .is(Target::Below(0.0))
        .of_all(of_model(|model| largest_rise(&of_choices(model, "mean_time")?))),
    ]
}

fn plane() -> Vec<Claim> {
    let at = "the phase plane of the reduced model";
    vec![
        Claim::criterion("model: stable states before the stimulus in which both rates are below 5 Hz", at)
            .is(Target::Exactly(1.0))
            .of_all(of_model(|model| low_states(model, None))),
        Claim::criterion("model: stable states with a stimulus of coherence 0", at)
            .is(Target::Exactly(2.0))
            .of_all(of_model(|model| states(model, Some(0.0), true))),
        Claim::criterion("model: saddles between them", at)
            .is(Target::Exactly(1.0))
            .of_all(of_model(|model| states(model, Some(0.0), false))),
        Claim::criterion("model: low states that are left with it", "the stimulus removes the low state")
            .is(Target::Exactly(0.0))
            .of_all(of_model(|model| low_states(model, Some(0.0)))),
        Claim::criterion(
            "model: stable states at a coherence of 1",
            "the wrong choice is lost where evidence is strong",
        )
        .is(Target::Exactly(1.0))
        .of_all(of_model(|model| states(model, Some(1.0), true))),
    ]
}

fn beside() -> Vec<Claim> {
    vec![
        Claim::criterion(
            "network: coherence at which 82 % of the answers are right (Weibull function), %",
            "a network that learned to decide, beside the model",
        )
        .is(Target::Between(5.0, 15.0))
        .of_each(NETWORK, |run| Ok(100.0 * run.number(CHOICES, "/fit/mu")?)),
        Claim::criterion(
            "network: largest rise of the mean reaction time of right answers to the next stronger coherence, ms",
            "it answers stronger evidence sooner, as the model does",
        )
        .is(Target::Below(0.0))
        .of_each(NETWORK, |run| song2016::largest_rise_of_times(run, TIMES)),
        Claim::criterion(
            "network: stable fixed points with a stimulus without evidence",
            "each decision is a state in which activity stays, as in the model",
        )
        .is(Target::AtLeast(2.0))
        .of_each(NETWORK, |run| {
            Ok(run.list(POINTS, "points")?.iter().filter(|point| point["is_stable"] == true).count() as f64)
        }),
    ]
}

fn none() -> Error {
    Error::setting("results", "there are none")
}

fn of_choices(model: &Run, name: &str) -> Result<Vec<f64>> {
    model.list(MODEL, "choices")?.iter().map(|at| number(at, &format!("/{name}"))).collect()
}

/// % of the decisions that are for the evidence, by its strength.
fn right(model: &Run) -> Result<Vec<f64>> {
    Ok(of_choices(model, "performance")?.into_iter().map(|part| 100.0 * part).collect())
}

/// The fixed points of a plane.
fn points(model: &Run, coherence: Option<f64>) -> Result<Vec<Value>> {
    let planes = model.list(MODEL, "planes")?;
    let plane = planes.iter().find(|plane| plane["coherence"].as_f64() == coherence).ok_or_else(none)?;
    plane["points"].as_array().cloned().ok_or_else(none)
}

fn states(model: &Run, coherence: Option<f64>, are_stable: bool) -> Result<f64> {
    Ok(points(model, coherence)?.iter().filter(|point| point["is_stable"] == are_stable).count() as f64)
}

/// Stable states in which neither population has decided.
fn low_states(model: &Run, coherence: Option<f64>) -> Result<f64> {
    let is_low = |point: &&Value| {
        let is_below = |rate: &Value| rate.as_f64().is_some_and(|rate| rate < 5.0);
        point["is_stable"] == true && point["rates"].as_array().is_some_and(|rates| rates.iter().all(is_below))
    };
    Ok(points(model, coherence)?.iter().filter(is_low).count() as f64)
}
