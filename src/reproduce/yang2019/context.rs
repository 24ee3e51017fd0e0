//! Two context-dependent decisions: units of one task, of the other, and of both.

use toml::Value;

use super::{
    super::{Claim, Figure, Mode, Outline, Step, Study, Target, fields, list},
    loss,
};

const STUDY: &str = "context";
const VARIANCE: &str = "context-variance";
const LESIONS: &str = "context-lesions";
const FIRST: &str = "yang2019/contextdm1";
const SECOND: &str = "yang2019/contextdm2";

pub fn outline(mode: Mode) -> Outline {
    let study =
        Study::new(STUDY, "yang2019/context", "256 units learn Ctx DM 1 and Ctx DM 2, which share their stimuli");
    let study = match mode {
        Mode::Full => study.takes(11_000).pretrained("yang2019-context"),
        Mode::Quick => study.set("model.units", 128).set("task.tasks", strong()).set("train.updates", 5000),
    };
    let trials = mode.pick(20, 100);
    let variance = Step::new(VARIANCE, &study, "analyze task-variance", "");
    let words = format!("--lesion-groups {{results}}/{VARIANCE}/task-variance.json --trials {trials} --controls 0");
    let lesions = Step::new(LESIONS, &study, "analyze interventions", &words);
    let figures = vec![
        Figure::new(
            "Two contexts",
            &variance,
            "fractional-variance",
            "Fractional task variance of Ctx DM 1 and Ctx DM 2",
            "Units at 1 take part in Ctx DM 1 alone, units at -1 in Ctx DM 2 alone, units at 0 in both alike; beside it \
             the same of rotated states.",
        ),
        Figure::new(
            "Two contexts",
            &lesions,
            "interventions",
            "Lesions",
            "Performance of both tasks together without the units of each cluster, and of each group of fractional task \
             variance.",
        ),
    ];
    Outline { studies: vec![study], steps: vec![variance, lesions], figures, claims: claims(), ..Outline::default() }
}

/// Both tasks with the evidence of the code's sequential experiment.
fn strong() -> Value {
    let parameters = fields([("coherences", list([0.1, 0.2, 0.4, 0.8]))]);
    let task = |id: &str| fields([("id", id.into()), ("parameters", parameters.clone())]);
    list([FIRST, SECOND].map(task))
}

fn claims() -> Vec<Claim> {
    let learned = Claim::criterion(
        "Ctx DM 1 and 2: part of the seeds in which both tasks reach 90 %",
        "the code's own stop rule of its set `mante`",
    )
    .is(Target::Exactly(1.0))
    .of_trainings(STUDY);
    let share = |part: &'static str, quantity: &str| {
        let pointer = format!("/fractional_variance/{part}/p");
        Claim::criterion(quantity, "fractional task variance has three modes; p of as many units under rotations")
            .is(Target::AtMost(0.05))
            .of_each(STUDY, move |run| run.number(VARIANCE, &pointer))
    };
    let both = Claim::criterion("share of units of both context tasks alike", "the third mode, at 0")
        .is(Target::AtLeast(0.1))
        .of_each(STUDY, |run| run.number(VARIANCE, "/fractional_variance/both/share"));
    let lost = |group: &'static str, task: &'static str, quantity: &str, target| {
        Claim::criterion(quantity, "a lesion of a group hits its own tasks alone")
            .is(target)
            .of_each(STUDY, move |run| loss(run, LESIONS, group, task))
    };
    let (own, other) = (Target::AtLeast(0.3), Target::AtMost(0.1));
    vec![
        learned,
        share("only_first", "units of Ctx DM 1 alone: p"),
        share("only_second", "units of Ctx DM 2 alone: p"),
        both,
        lost("first-only", FIRST, "loss in Ctx DM 1 without the units of Ctx DM 1 alone", own),
        lost("first-only", SECOND, "loss in Ctx DM 2 without the units of Ctx DM 1 alone", other),
        lost("second-only", SECOND, "loss in Ctx DM 2 without the units of Ctx DM 2 alone", own),
        lost("second-only", FIRST, "loss in Ctx DM 1 without the units of Ctx DM 2 alone", other),
        lost("both-alike", FIRST, "loss in Ctx DM 1 without the units of both alike", Target::AtLeast(0.1)),
        lost("both-alike", SECOND, "loss in Ctx DM 2 without the units of both alike", Target::AtLeast(0.1)),
    ]
}
