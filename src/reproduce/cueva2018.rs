//! Cueva & Wei 2018: path integration from speed and direction.

use super::{Claim, Figure, Mode, Outline, Paper, Run, Step, Study, Target};

pub const PAPER: Paper = Paper {
    id: "cueva2018",
    summary: "path integration: error of the place that is told; grid and border scores of the units",
    citation: "Cueva CJ, Wei X-X (2018). Emergence of grid-like representations by training recurrent neural networks \
               to perform spatial localization. International Conference on Learning Representations. \
               https://doi.org/10.48550/arXiv.1803.07770",
    outline,
};

const STUDY: &str = "square";
const MAPS: &str = "maps";
/// The side of the room.
const SIDE: f64 = 2.0;

fn outline(mode: Mode) -> Outline {
    let study = Study::new(STUDY, "cueva2018/path_integration", "100 units say where a walk through a square has led");
    let study = match mode {
        Mode::Full => study,
        // Walks of 10 time constants, a fifth of the paper's.
        Mode::Quick => study
            .set("task.duration", 1000.0)
            .set("train.batch_size", 50)
            .set("train.updates", 1500)
            .set("train.validation.every", 250)
            .set("train.validation.trials_per_condition", 100),
    };
    let trials = Step::new("trials", &study, "plot trials", "").of_first().as_pixels();
    let words = format!(
        "--trials {} --bins 20 --arena -1,1,-1,1 --from-lowest --shuffles {}",
        mode.pick(200, 1000),
        mode.pick(20, 100)
    );
    let maps = Step::new(MAPS, &study, "analyze rate-maps", &words);
    let figures = vec![
        Figure::new(
            "Path integration",
            &trials,
            "trials",
            "Trials",
            "Speed and direction of each step, rates, and the place that the network tells beside the true one.",
        ),
        Figure::new(
            "Maps",
            &maps,
            "rate-maps",
            "Rate maps",
            "The most informative units, then the best grids, if units pass their shuffles by the grid score.",
        ),
    ];
    Outline {
        seeds: mode.pick(1, 5),
        studies: vec![study],
        steps: vec![trials, maps],
        claims: claims(),
        figures,
        notes: vec![
            "The paper trains without forming Hessians (Hessian-free); here Adam trains, until the error is a tenth of \
             the side of the room. Replications with Adam have found few grids or none: scores are told, not judged."
                .into(),
            "Rates of tanh units are negative, too: they are counted from the lowest of each map.".into(),
        ],
    }
}

fn claims() -> Vec<Claim> {
    let number = |pointer: &'static str| move |run: &Run| run.number(MAPS, pointer);
    let part = |pointer: &'static str| {
        move |run: &Run| Ok(run.number(MAPS, pointer)? / run.numbers(MAPS, "/units")?.len() as f64)
    };
    vec![
        Claim::criterion(
            "root mean square error of the place, part of the side of the room",
            "the network localises (at most 0.1)",
        )
        .is(Target::AtMost(0.1))
        .of_each(STUDY, |run| Ok(run.rms_error()? / SIDE)),
        Claim::criterion("part of the units with a border score above 0.5", "some units fire along walls")
            .of_each(STUDY, number("/active/border")),
        Claim::criterion(
            "part of the units whose border score passes its shuffles (p < 0.05)",
            "some units fire along walls",
        )
        .of_each(STUDY, part("/passed/border")),
        Claim::criterion("part of the units with a grid score above 0.37", "some units fire at a lattice of places")
            .of_each(STUDY, number("/active/grid")),
        Claim::criterion(
            "part of the units whose grid score passes its shuffles (p < 0.05)",
            "some units fire at a lattice of places",
        )
        .of_each(STUDY, part("/passed/grid")),
    ]
}
