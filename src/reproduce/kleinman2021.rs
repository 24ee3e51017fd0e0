//! Kleinman, Chandrasekaran & Kao 2021: what three areas keep of a decision.

use toml::Value;

use super::{Claim, Figure, Mode, Outline, Paper, Run, Step, Study, Target, fields, list};
use crate::error::{Error, Result};

pub const PAPER: Paper = Paper {
    id: "kleinman2021",
    summary: "three areas decide on a checkerboard: colour and context fade from area to area, the direction does not",
    citation: "Kleinman M, Chandrasekaran C, Kao JC (2021). A mechanistic multi-area recurrent network model of \
               decision-making. Advances in Neural Information Processing Systems 34.",
    outline,
};

const AREAS: [&str; 3] = ["area1", "area2", "area3"];
const DALE: &str = "checkerboard";
const NODALE: &str = "nodale";

/// A variable that is decoded in each area.
struct Decoded {
    name: &'static str,
    /// The variable of the trials.
    variable: &'static str,
    /// Where the report has the accuracies, one for each time.
    accuracy: &'static str,
    /// Of areas 1 to 3, in the output of a notebook of the released code.
    published: [f64; 3],
}

static DECODED: [Decoded; 3] = [
    Decoded { name: "direction", variable: "side", accuracy: "/value", published: [0.944, 0.959, 0.994] },
    // The sign of the coherence is the colour.
    Decoded { name: "colour", variable: "coherence", accuracy: "/sign/value", published: [0.934, 0.735, 0.512] },
    Decoded { name: "context", variable: "left_target", accuracy: "/value", published: [0.990, 0.870, 0.543] },
];

/// The middle of the window that is decoded, ms after the first 200 ms of the checkerboard.
const WINDOW: f64 = 200.0;

fn outline(mode: Mode) -> Outline {
    let study = Study::new(DALE, "kleinman2021/checkerboard", "three areas with excitatory and inhibitory units");
    let study = match mode {
        Mode::Full => study.takes(12_000).pretrained("kleinman2021-checkerboard"),
        Mode::Quick => quick(study),
    };
    let network = Step::new("network", &study, "plot network", "").of_first();
    let psychometric = Step::new("psychometric", &study, "plot psychometric", "").of_first();
    let mut steps = vec![network, psychometric];
    steps.extend(DECODED.iter().flat_map(|of| AREAS.map(|area| decoding(&study, of, area))));
    let figures = figures(&steps);
    let whole = Outline {
        seeds: mode.pick(1, 5),
        studies: vec![study],
        steps,
        figures,
        claims: claims(mode),
        notes: notes(mode),
    };
    match mode {
        Mode::Quick => whole,
        Mode::Full => whole.and(control()),
    }
}

/// Areas of 50 units, and a training that is short: that of the network of the zoo, to a lower criterion.
fn quick(study: Study) -> Study {
    let area = |name: &str| fields([("name", name.into()), ("units", 50.into()), ("excitatory_fraction", 0.8.into())]);
    study
        .set("task.grade_onset", false)
        .set("model.areas", list(AREAS.map(area)))
        .set("train.learning_rate", 0.001)
        .set("train.clip_norm", 1.0)
        .set("train.regularisers", Value::Array(Vec::new()))
        .set("train.updates", 2000)
        .set("train.validation.every", 100)
        .set("train.validation.trials_per_condition", 50)
        .set("train.stop.criterion.min_performance.threshold", 0.85)
}

/// Dense areas without cell types: the colour is to reach the last one.
fn control() -> Outline {
    let study = Study::new(NODALE, "kleinman2021/nodale", "the control without Dale's law").takes(12_000);
    let colour = &DECODED[1];
    let steps = AREAS.map(|area| decoding(&study, colour, area)).to_vec();
    let kept = Claim::criterion(
        "colour in area 3 without Dale's law",
        "the colour is filtered out by structure, not by the task",
    )
    .is(Target::AtLeast(0.7))
    .of_each(NODALE, |run| accuracy(run, &DECODED[1], 2));
    Outline { studies: vec![study], steps, claims: vec![kept], ..Outline::default() }
}

/// Decoding in an area from rates over 400 ms, with twice the noise between units, as in the released code.
fn decoding(study: &Study, of: &Decoded, area: &str) -> Step {
    let words = format!(
        "--variable {} --units {area} --align decision --bin 400 --trials 200 --shuffles 20 --noise-factor 2",
        of.variable
    );
    Step::new(step_of(of, area), study, "analyze decoding", &words)
}

fn step_of(of: &Decoded, area: &str) -> String {
    format!("{}-{area}", of.name)
}

fn figures(steps: &[Step]) -> Vec<Figure> {
    let mut figures = vec![
        Figure::new(
            "Network and behaviour",
            &steps[0],
            "network",
            "The network",
            "Areas with their populations and what projects where.",
        ),
        Figure::new(
            "Network and behaviour",
            &steps[1],
            "psychometric",
            "Choices",
            "Choices by the coherence of the checkerboard.",
        ),
    ];
    let colour = |area: &str| steps.iter().find(|step| step.name == format!("colour-{area}"));
    for (area, title) in AREAS.into_iter().zip(["Colour in area 1", "Colour in area 2", "Colour in area 3"]) {
        figures.extend(colour(area).map(|step| {
            Figure::new(
                "Decoding",
                step,
                "decoding",
                title,
                "How well the coherence, and its sign, the colour, is read from the area's rates; 0 is 200 ms after the \
                 checkerboard came on.",
            )
        }));
    }
    figures
}

fn claims(mode: Mode) -> Vec<Claim> {
    let mut claims = vec![
        Claim::criterion(
            "part of the seeds whose training ends by its criterion",
            "65 % of the trials of either side are right; 85 % in the quick form",
        )
        .is(Target::Exactly(1.0))
        .of_trainings(DALE),
    ];
    if mode == Mode::Full {
        claims.push(
            Claim::published("updates until then", "the networks of the released code: 4,500 to 19,500")
                .is(Target::Between(4_500.0, 19_500.0))
                .of_each(DALE, Run::updates),
        );
    }
    for of in &DECODED {
        for (area, published) in of.published.into_iter().enumerate() {
            let quantity = format!("accuracy of the {} in area {}", of.name, area + 1);
            claims.push(
                Claim::published(quantity, "output of a notebook of the released code; within 0.1 is ours")
                    .is(Target::Near(published, 0.1))
                    .of_each(DALE, move |run| accuracy(run, of, area)),
            );
        }
    }
    let [direction, colour, context] = &DECODED;
    claims.push(
        Claim::criterion("least accuracy of the direction among the areas", "all areas have the direction")
            .is(Target::AtLeast(0.9))
            .of_each(DALE, |run| Ok(accuracies(run, direction)?.into_iter().fold(1.0, f64::min))),
    );
    for of in [colour, context] {
        claims.push(
            Claim::criterion(
                format!("least fall of the accuracy of the {} from an area to the next", of.name),
                "information is lost from area to area",
            )
            .is(Target::Above(0.0))
            .of_each(DALE, move |run| {
                let [one, two, three] = accuracies(run, of)?;
                Ok((one - two).min(two - three))
            }),
        );
        claims.push(
            Claim::criterion(
                format!("accuracy of the {} in area 3", of.name),
                "the last area has hardly any of it left",
            )
            .is(Target::AtMost(0.6))
            .of_each(DALE, move |run| accuracy(run, of, 2)),
        );
    }
    claims
}

fn notes(mode: Mode) -> Vec<String> {
    let mut notes = vec![
        "Decoded are mean rates over the 400 ms from 200 ms after the checkerboard came on, by linear discriminant \
         analysis (direction, context) and by the sign of a ridge regression of the coherence (colour), in five folds, \
         with twice the recurrent noise of the training. The released code takes the 400 ms around the response and a \
         network of three layers as decoder, with the same noise."
            .to_owned(),
    ];
    notes.push(
        "Without the penalties and by larger steps, as the network of the zoo was trained, the colour stays in all \
         areas: there it is read from areas 1 to 3 with accuracies of 0.98, 0.97 and 0.94."
            .into(),
    );
    if mode == Mode::Quick {
        notes.push(
            "Reduced: areas of 50 units and a training by larger steps without penalties (that of the zoo's network), to 85 % \
             of either side; the control without Dale's law is left to the full form."
                .into(),
        );
    }
    notes
}

fn accuracies(run: &Run, of: &Decoded) -> Result<[f64; 3]> {
    Ok([accuracy(run, of, 0)?, accuracy(run, of, 1)?, accuracy(run, of, 2)?])
}

/// The accuracy in the window, in an area from 0 on.
fn accuracy(run: &Run, of: &Decoded, area: usize) -> Result<f64> {
    let step = &step_of(of, AREAS[area]);
    let times = run.numbers(step, "/time_ms")?;
    let place = times.iter().position(|time| *time == WINDOW);
    let found = place.and_then(|place| run.numbers(step, of.accuracy).ok()?.get(place).copied());
    found.ok_or_else(|| Error::file(run.place(step), format!("has no accuracy at {WINDOW} ms")))
}
