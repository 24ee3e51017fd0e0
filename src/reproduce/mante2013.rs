//! Mante, Sussillo, Shenoy & Newsome 2013: integration that a context selects, along a line attractor for each context.

use super::{Claim, Figure, Mode, Outline, Paper, Run, Step, Study, Target};
use crate::error::{Error, Result};

pub const PAPER: Paper = Paper {
    id: "mante2013",
    summary: "context-dependent integration: a line of slow points per context, and what selects the evidence",
    citation: "Mante V, Sussillo D, Shenoy KV, Newsome WT (2013). Context-dependent computation by recurrent dynamics \
               in prefrontal cortex. Nature 503, 78-84. https://doi.org/10.1038/nature12742",
    outline,
};

const STUDY: &str = "context";
const PSYCHOMETRIC: &str = "psychometric";
/// The contexts, with the input channels of the evidence that counts in them and of the other.
const CONTEXTS: [Context; 2] = [
    Context { name: "motion", points: "points-motion", relevant: MOTION, irrelevant: COLOUR },
    Context { name: "colour", points: "points-colour", relevant: COLOUR, irrelevant: MOTION },
];
/// Places of the input channels of the evidence.
const COLOUR: usize = 0;
const MOTION: usize = 1;

struct Context {
    name: &'static str,
    /// The step that searches its slow points.
    points: &'static str,
    relevant: usize,
    irrelevant: usize,
}

fn outline(mode: Mode) -> Outline {
    let study =
        Study::new(STUDY, "mante2013/context_integration", "100 units say the sign of the evidence that counts")
            .takes(4000)
            .pretrained("mante2013-context");
    let trials = Step::new("trials", &study, "plot trials", "").of_first();
    let words = format!("--trials {} --refits 0", mode.pick(20, 200));
    let psychometric = Step::new(PSYCHOMETRIC, &study, "analyze psychometric", &words);
    let starts = mode.pick(256, 1024);
    let points = CONTEXTS.map(|context| {
        let words = format!("--slow 1e-4 --starts {starts} --input context_{}=0.1", context.name);
        Step::new(context.points, &study, "analyze fixed-points", &words)
    });
    let mut figures = vec![
        Figure::new(
            "Behaviour",
            &trials,
            "trials",
            "Trials",
            "Evidence, the cue of the context, rates, and the output.",
        ),
        Figure::new(
            "Behaviour",
            &psychometric,
            "psychometric",
            "Psychometric curves",
            "Choices follow the evidence that the context asks for, and hardly the other.",
        ),
    ];
    for (context, step) in CONTEXTS.iter().zip(&points) {
        let name = context.name;
        figures.push(Figure::new(
            "Line attractors",
            step,
            "fixed-points",
            &format!("Slow points in the {name} context"),
            "Points at which activity hardly moves without evidence lie along a line; trials move along it.",
        ));
    }
    figures.push(Figure::new(
        "Line attractors",
        &points[0],
        "eigenvalues",
        "Eigenvalues of the step, motion context",
        "One mode of each point is near 1: along the line. All others decay.",
    ));
    Outline {
        seeds: mode.pick(1, 5),
        studies: vec![study],
        steps: [trials, psychometric].into_iter().chain(points).collect(),
        claims: claims(),
        figures,
        notes: vec![
            "The paper trains without forming Hessians (Hessian-free) on trials of continuous noise in steps of 1 ms; \
             here Adam trains on the shorter trials of the released code of Valente, Pillow & Ostojic (2022), whose \
             steps are of 20 ms."
                .into(),
            "Slow points are where a search from states of trials first meets q of 1e-4 or less, q half the squared \
             length of a step; a mode lies along the line if its eigenvalue is within 0.05 of 1."
                .into(),
        ],
    }
}

fn claims() -> Vec<Claim> {
    let mut claims = vec![
        Claim::criterion("performance, a fraction", "the task is learned (0.9)")
            .is(Target::AtLeast(0.9))
            .of_each(STUDY, Run::performance),
    ];
    for (place, context) in CONTEXTS.iter().enumerate() {
        let name = context.name;
        claims.push(
            Claim::criterion(
                format!("slope of choices against relevant to that against irrelevant evidence, {name} context"),
                "choices follow the evidence that the context asks for (more than 5)",
            )
            .is(Target::Above(5.0))
            .of_each(STUDY, move |run| {
                Ok(1.0 / run.number(PSYCHOMETRIC, &format!("/contexts/{place}/fit/ratio"))?.abs())
            }),
        );
    }
    claims.extend(CONTEXTS.iter().flat_map(of_line));
    claims.push(
        Claim::criterion(
            "|cos| of the directions of the two lines",
            "the line keeps its direction from one context to the other (more than 0.8)",
        )
        .is(Target::Above(0.8))
        .of_each(STUDY, directions),
    );
    claims
}

/// Of the line attractor of a context.
fn of_line(context: &Context) -> [Claim; 5] {
    let &Context { name, points, relevant, irrelevant } = context;
    [
        Claim::criterion(format!("slow points, {name} context"), "activity is slow at many states (at least 20)")
            .is(Target::AtLeast(20.0))
            .of_each(STUDY, move |run| Ok(run.numbers(points, "/points")?.len() as f64)),
        Claim::criterion(
            format!("of these, the part with a mode along the line, {name} context"),
            "each has an eigenvalue within 0.05 of 1",
        )
        .is(Target::AtLeast(0.9))
        .of_each(STUDY, move |run| {
            let all = run.numbers(points, "/points")?.len() as f64;
            Ok(run.numbers(points, "/manifold/order")?.len() as f64 / all)
        }),
        Claim::criterion(
            format!("modes along which activity is slow, {name} context"),
            "one: the slow points are a line and no sheet",
        )
        .is(Target::Exactly(1.0))
        .of_each(STUDY, move |run| run.number(points, "/manifold/dimension")),
        Claim::criterion(
            format!("variance of the slow points along their first principal component, {name} context"),
            "they lie on a line (more than 0.9)",
        )
        .is(Target::Above(0.9))
        .of_each(STUDY, move |run| run.number(points, "/manifold/shares/0")),
        Claim::criterion(
            format!("|cos| of the selection vector with relevant to that with irrelevant evidence, {name} context"),
            "the left eigenvector lets the evidence that counts through (more than 3)",
        )
        .is(Target::Above(3.0))
        .of_each(STUDY, move |run| {
            let aligned = |input: usize| run.number(points, &format!("/manifold/alignment_of_inputs/{input}"));
            Ok(aligned(relevant)? / aligned(irrelevant)?)
        }),
    ]
}

fn directions(run: &Run) -> Result<f64> {
    let [one, other] = CONTEXTS.map(|context| run.numbers(context.points, "/manifold/direction"));
    let (one, other) = (one?, other?);
    if one.len() != other.len() {
        return Err(Error::file(&run.network, "the lines are in spaces of different size"));
    }
    Ok(one.iter().zip(&other).map(|(a, b)| a * b).sum::<f64>().abs())
}
