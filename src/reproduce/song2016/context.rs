//! Motion or colour is integrated, as the context says, in one network and in two areas (Figs 4 and 5).

use super::{ends, largest, number, study};
use crate::{
    error::{Error, Result},
    reproduce::{Claim, Figure, Mode, Outline, Run, Step, Study, Target},
};

const SECTION: &str = "Context-dependent integration";

const MANTE: &str = "mante";
const AREAS: &str = "mante_areas";

/// The context in which each kind of evidence counts, and the other one.
const EVIDENCE: [(&str, &str, &str); 2] =
    [("motion_coherence", "motion", "colour"), ("colour_coherence", "colour", "motion")];

pub fn one_network(mode: Mode) -> Outline {
    let study = study(
        mode,
        MANTE,
        "song2016/mante",
        "150 units choose by motion or colour (the paper's code: 99 to 107 minutes, of 500 units then)",
    )
    .takes(mode.pick(3000, 25_000))
    .pretrained("song2016-mante-ei");
    let study = match mode {
        Mode::Full => study,
        Mode::Quick => study.set("train.batch_size", 20).set("train.validation.trials_per_condition", 4),
    };
    let psychometric = psychometric(mode, &study);
    let words = "--variables chose_first,motion_coherence,colour_coherence,context";
    let regression =
        Step::new("regression", &study, "analyze tdr", &format!("--as pycog --trials {} {words}", trials(mode)));
    let figures = vec![
        Figure::new(
            SECTION,
            &psychometric,
            "psychometric",
            "Psychometric functions in the two contexts",
            "Choices against the evidence that counts, and against that which does not: steep for the one, flat for the \
            other.",
        ),
        Figure::new(
            SECTION,
            &regression,
            "task-axes",
            "Activity along the axes of the task",
            "Means over conditions along the axes of choice and motion, by targeted dimensionality reduction: activity \
            parts along the axis of the choice, and the motion shows on its own axis while it lasts.",
        ),
    ];
    let mut claims = behaviour(MANTE);
    claims.extend(EVIDENCE.map(axis_claim));
    let mut steps = vec![psychometric, regression];
    steps.extend(["motion", "colour"].map(|context| axes_in(mode, &study, context)));
    Outline { studies: vec![study], steps, claims, figures, ..Outline::default() }
}

/// Not in the quick form: it is slow to begin to learn.
pub fn two_areas(mode: Mode) -> Outline {
    if mode == Mode::Quick {
        return Outline::default();
    }
    let study = study(mode, AREAS, "song2016/mante_areas", "a sensory and a motor area of 75 units").takes(65_000);
    let psychometric = psychometric(mode, &study);
    let schematic = Step::new("schematic", &study, "plot network", "").of_first();
    let figures = vec![Figure::new(
        SECTION,
        &schematic,
        "network",
        "Two areas",
        "Inputs reach the sensory area alone; outputs read the motor area, whose feedback is sparse.",
    )];
    let (steps, claims) = (vec![psychometric, schematic], behaviour(AREAS));
    Outline { studies: vec![study], steps, claims, figures, ..Outline::default() }
}

fn psychometric(mode: Mode, study: &Study) -> Step {
    let words = format!("--trials {} --refits 0", mode.pick(40, 200));
    Step::new("psychometric", study, "analyze psychometric", &words)
}

fn trials(mode: Mode) -> u32 {
    mode.pick(20, 200)
}

/// The axes of the evidence within one context.
fn axes_in(mode: Mode, study: &Study, context: &str) -> Step {
    let words = format!(
        "--as pycog --trials {} --variables chose_first,motion_coherence,colour_coherence --where context={context}",
        trials(mode)
    );
    Step::new(axes_step(context), study, "analyze tdr", &words)
}

fn axes_step(context: &str) -> String {
    format!("axes-{context}")
}

fn behaviour(study: &'static str) -> Vec<Claim> {
    vec![
        ends(study, "a mean performance above 90 % in the last five validations"),
        Claim::criterion(
            format!(
                "{study}: slope of choices in the evidence that counts over that in the other, in the worse context"
            ),
            "choices follow the evidence that counts and hardly the other",
        )
        .is(Target::Above(5.0))
        .of_each(study, slope_ratio),
    ]
}

/// The report has the slope of what does not count as a part of that of what does.
fn slope_ratio(run: &Run) -> Result<f64> {
    let contexts = run.list("psychometric", "contexts")?;
    let parts =
        contexts.iter().map(|context| Ok(number(context, "/fit/ratio")?.abs())).collect::<Result<Vec<f64>>>()?;
    Ok(largest(parts)?.recip())
}

fn axis_claim((evidence, counts, not): (&'static str, &'static str, &'static str)) -> Claim {
    Claim::criterion(
        format!("{MANTE}: regression on {counts} where it does not count, as a part of that where it does"),
        "evidence that does not count is in the activity all the same (a quarter)",
    )
    .is(Target::Above(0.25))
    .of_each(MANTE, move |run| Ok(norm(run, &axes_step(not), evidence)? / norm(run, &axes_step(counts), evidence)?))
}

/// Length of the regression vector of a variable at the time when it is longest.
fn norm(run: &Run, step: &str, variable: &str) -> Result<f64> {
    let axes = run.list(step, "axes")?;
    let axis = axes.iter().find(|axis| axis["variable"] == variable);
    number(axis.ok_or_else(|| Error::file(run.place(step), format!("has no axis of {variable}")))?, "/norm")
}
