//! Driscoll, Shenoy & Sussillo 2024 (preprint 2022): fixed points that tasks share.

use toml::Value;

use super::{Claim, Figure, Mode, Outline, Paper, Run, Step, Study, Target, fields, list};
use crate::error::Result;

pub const PAPER: Paper = Paper {
    id: "driscoll2022",
    summary: "15 tasks in one network: tasks that remember an angle share the fixed points of their memory",
    citation: "Driscoll LN, Shenoy K, Sussillo D (2024). Flexible multitask computation in recurrent networks utilizes \
               shared dynamical motifs. Nature Neuroscience 27, 1349-1363. https://doi.org/10.1038/s41593-024-01668-6",
    outline,
};

const STUDY: &str = "all";
/// Remembers an angle and reports it.
const MEMORY: &str = "delaygo";
/// Remembers an angle and reports the opposite one.
const ANTI: &str = "delayanti";
/// Remembers the category of an angle.
const CATEGORY: &str = "dmcgo";

fn outline(mode: Mode) -> Outline {
    let study = Study::new(STUDY, "driscoll2022/all", "units learn cognitive tasks with sine and cosine of angles");
    let study = match mode {
        Mode::Full => study,
        Mode::Quick => study
            .set("model.units", 64)
            .set("task.tasks", list([MEMORY, ANTI].map(shortened)))
            .set("train.updates", 5000)
            .set("train.schedule", fields([("kind", "cosine".into()), ("updates", 5000.into()), ("last", 0.0.into())])),
    };
    let performance = Step::new("performance", &study, "eval", "--trials 100");
    let memory = points(&study, MEMORY, "");
    let beside = format!("--beside {{results}}/{}/fixed-points.npz", memory.name);
    let mut steps = vec![performance, memory, points(&study, ANTI, &beside)];
    let mut claims = of_angles();
    if mode == Mode::Full {
        steps.push(points(&study, CATEGORY, &beside));
        claims.extend(of_a_category());
    }
    let figures = figures(&steps);
    Outline { seeds: mode.pick(1, 5), studies: vec![study], steps, claims, figures, notes: notes(mode) }
}

/// A task with a stimulus and a delay of 200 to 600 ms each, as the members of a set are written.
fn shortened(task: &str) -> Value {
    let short = fields([("min", 200.0.into()), ("max", 600.0.into())]);
    let parameters = fields([("stimulus", short.clone()), ("delay", short), ("delay_test", 500.0.into())]);
    fields([("id", of_family(task).into()), ("parameters", parameters)])
}

fn of_family(task: &str) -> String {
    format!("driscoll2022/{task}")
}

/// Fixed and slow points under the input of the delay of a task, sought from states of its trials; a point is slow where
/// the released code takes it for fixed.
fn points(study: &Study, task: &str, more: &str) -> Step {
    let words =
        format!("--at delay --where task={} --starts 256 --start-noise 0.1 --slow 1e-6 {more}", of_family(task));
    Step::new(format!("{task}-points"), study, "analyze fixed-points", &words)
}

fn figures(steps: &[Step]) -> Vec<Figure> {
    let figure = |step, title| {
        let caption = "Fixed points while the stimulus is remembered, among trajectories of trials of the task.";
        Figure::new("Memory", step, "fixed-points", title, caption)
    };
    let titles = ["An angle to report", "An angle to report the opposite of", "A category"];
    steps[1..].iter().zip(titles).map(|(step, title)| figure(step, title)).collect()
}

/// Median distance of the points of a task to the nearest of [`MEMORY`].
fn near(task: &str) -> impl Fn(&Run) -> Result<f64> + use<> {
    let step = format!("{task}-points");
    move |run: &Run| run.number(&step, "/beside/median")
}

fn of_angles() -> Vec<Claim> {
    vec![
        Claim::criterion("part of the seeds whose training ends by its criterion", "every task reaches 90 %")
            .is(Target::Exactly(1.0))
            .of_trainings(STUDY),
        Claim::criterion("performance over all tasks, fresh trials", "the tasks are learned")
            .is(Target::AtLeast(0.9))
            .of_each(STUDY, |run| run.number("performance", "/performance")),
        Claim::criterion("fixed and slow points in the memory of MemoryPro", "told")
            .of_each(STUDY, |run| Ok(run.json("delaygo-points")?["points"].as_array().map_or(0, Vec::len) as f64)),
        Claim::criterion(
            "median distance of the points of MemoryAnti to the nearest of MemoryPro, in units of the spread of these",
            "tasks that remember an angle use the same memory",
        )
        .is(Target::AtMost(0.5))
        .of_each(STUDY, near(ANTI)),
    ]
}

fn of_a_category() -> Vec<Claim> {
    let difference = |run: &Run| -> Result<f64> { Ok(near(CATEGORY)(run)? - near(ANTI)(run)?) };
    vec![
        Claim::criterion("the same of a task that remembers a category", "told for comparison")
            .of_each(STUDY, near(CATEGORY)),
        Claim::criterion("difference of the two", "other memories lie elsewhere")
            .is(Target::Above(0.0))
            .of_each(STUDY, difference),
    ]
}

fn notes(mode: Mode) -> Vec<String> {
    let mut notes = vec![
        "The paper follows fixed points from the input of one task to that of another; here the points of both are \
         compared. `nn4n analyze bifurcations NETWORK --along rule_delaygo=1..0,rule_delayanti=0..1` follows them."
            .to_owned(),
    ];
    if mode == Mode::Quick {
        notes.push(
            "Reduced: 64 units learn two of the 15 tasks with stimuli and delays of 200 to 600 ms in place of 200 to \
             1600 ms, at a learning rate that falls to 0."
                .into(),
        );
    }
    notes
}
