//! Sussillo & Barak 2013: fixed points and linearised dynamics of trained networks.

use serde_json::Value;

use super::{Claim, Figure, Mode, Outline, Paper, Run, Step, Study, Target, largest};
use crate::error::{Error, Result};

pub const PAPER: Paper = Paper {
    id: "sussillo2013",
    summary: "3-bit flip-flop: 8 stable points, saddles and where they lead; sine generator: one point whose modes turn",
    citation: "Sussillo D, Barak O (2013). Opening the black box: low-dimensional dynamics in high-dimensional \
               recurrent neural networks. Neural Computation 25, 626-649. https://doi.org/10.1162/NECO_a_00409",
    outline,
};

/// The sine generator's number of frequencies, from 0.1 to 0.6 rad per tau, and the inputs that ask for the lowest, the
/// middle and the highest: j / n + 0.25.
fn levels(mode: Mode) -> (i64, [(&'static str, f64); 3]) {
    match mode {
        Mode::Quick => (11, [("0.340909", 0.1), ("0.795455", 0.35), ("1.25", 0.6)]),
        Mode::Full => (51, [("0.269608", 0.1), ("0.759804", 0.35), ("1.25", 0.6)]),
    }
}

fn outline(mode: Mode) -> Outline {
    let whole = Outline {
        seeds: mode.pick(1, 5),
        notes: vec![
            "The paper trains with FORCE; here networks are trained by gradients, and the flip-flop is that of the \
            toolbox of Golub & Sussillo (2018), whose pulses come at random steps."
                .into(),
        ],
        ..Outline::default()
    };
    whole.and(flip_flop()).and(sine_generator(mode))
}

/// Fixed points without a pulse, sought from states of trials.
fn flip_flop() -> Outline {
    let study = Study::new("flip_flop", "sussillo2013/flip_flop", "64 units remember the signs of the last pulses")
        .takes(1800)
        .pretrained("flip-flop-3bit");
    let trials = Step::new("trials", &study, "plot trials", "").of_first();
    let points = Step::new("points", &study, "analyze fixed-points", "--starts 1024 --input pulse_1=0");
    let figures = vec![
        Figure::new("Flip-flop", &trials, "trials", "Trials", "Pulses, rates, and the three remembered signs."),
        Figure::new(
            "Flip-flop",
            &points,
            "fixed-points",
            "Fixed points",
            "Stable points at the corners of a cube, saddles between them, and where activity goes from these.",
        ),
        Figure::new(
            "Flip-flop",
            &points,
            "eigenvalues",
            "Eigenvalues of the step",
            "Modes outside of the unit circle grow: none at a stable point, one at a saddle between two.",
        ),
    ];
    Outline {
        studies: vec![study],
        steps: vec![trials, points],
        figures,
        claims: flip_flop_claims(),
        ..Outline::default()
    }
}

/// Fixed points at three of the inputs, and how fast activity turns around them.
fn sine_generator(mode: Mode) -> Outline {
    let (frequencies, levels) = levels(mode);
    let study =
        Study::new("sine", "sussillo2013/sine_generator", "units oscillate at a frequency that an input asks for");
    let study = match mode {
        Mode::Full => study.takes(2000).pretrained("sussillo2013-sine"),
        Mode::Quick => study
            .set("task.n_frequencies", frequencies)
            .set("train.batch_size", frequencies)
            .set("model.units", 100)
            .set("train.updates", 4000),
    };
    let trials = Step::new("waves", &study, "plot trials", "").of_first().as_pixels();
    let points = levels.map(|(level, _)| {
        let words = format!("--starts 256 --input level={level}");
        Step::new(format!("points-{level}"), &study, "analyze fixed-points", &words)
    });
    let figures = vec![
        Figure::new("Sine generator", &trials, "trials", "Trials", "A constant input asks for a frequency."),
        Figure::new(
            "Sine generator",
            &points[1],
            "eigenvalues",
            "Eigenvalues at the middle input",
            "A pair outside of the unit circle turns and grows: the oscillation leaves the point.",
        ),
    ];
    let steps = [trials].into_iter().chain(points).collect();
    Outline { studies: vec![study], steps, figures, claims: sine_claims(levels), ..Outline::default() }
}

fn flip_flop_claims() -> Vec<Claim> {
    const FLIP_FLOP: &str = "flip_flop";
    let count = |run: &Run, unstable: u64| -> Result<f64> {
        Ok(run.list("points", "points")?.iter().filter(|point| point["unstable_dimensions"] == unstable).count() as f64)
    };
    vec![
        Claim::published(
            "stable fixed points",
            "8, one for each pattern of three signs, in the example of the toolbox",
        )
        .is(Target::Exactly(8.0))
        .of_each(FLIP_FLOP, move |run| count(run, 0)),
        Claim::criterion("patterns of output signs among the stable points", "one for each corner of the cube")
            .is(Target::Exactly(8.0))
            .of_each(FLIP_FLOP, patterns),
        Claim::criterion("largest distance of an output from -1 or 1 at a stable point", "outputs hold the signs")
            .is(Target::Below(0.1))
            .of_each(FLIP_FLOP, output_error),
        Claim::criterion(
            "saddles with one unstable dimension",
            "those between corners of the cube; an ideal cube has 12",
        )
        .is(Target::AtLeast(8.0))
        .of_each(FLIP_FLOP, move |run| count(run, 1)),
        Claim::criterion(
            "of these, the share that joins two corners which differ in one sign",
            "saddles are where memory passes from one state to the next",
        )
        .is(Target::AtLeast(0.9))
        .of_each(FLIP_FLOP, share_of_edges),
        Claim::criterion("all fixed points", "26 are reported; an ideal cube has 8 + 12 + 6 and its centre")
            .of_each(FLIP_FLOP, |run| run.number("points", "/count")),
        Claim::criterion("largest q among the stable points", "the search has converged")
            .is(Target::Below(1e-12))
            .of_each(FLIP_FLOP, |run| largest(stable(run)?.iter().filter_map(|point| point["q"].as_f64()))),
    ]
}

fn sine_claims(levels: [(&str, f64); 3]) -> Vec<Claim> {
    const SINE: &str = "sine";
    let mut claims = vec![
        Claim::criterion("root mean square error of the sine", "the task is learned (0.1)")
            .is(Target::AtMost(0.1))
            .of_each(SINE, Run::rms_error),
    ];
    for (level, asked) in levels {
        let step = format!("points-{level}");
        let same = step.clone();
        claims.push(
            Claim::criterion(
                format!("unstable dimensions of the point nearest to the oscillation at {asked} rad per tau"),
                "one complex pair that turns and grows",
            )
            .is(Target::Exactly(2.0))
            .of_each(SINE, move |run| of_leading(run, &step, |point| point["unstable_dimensions"].as_f64())),
        );
        claims.push(
            Claim::criterion(
                format!("frequency of that pair, rad per tau, where {asked} is asked for"),
                "the linear frequency is near that of the output",
            )
            .is(Target::Near(asked, 0.25 * asked))
            .of_each(SINE, move |run| of_leading(run, &same, leading_frequency)),
        );
    }
    claims
}

fn stable(run: &Run) -> Result<Vec<Value>> {
    Ok(run.list("points", "points")?.into_iter().filter(|point| point["is_stable"] == true).collect())
}

fn outputs(point: &Value) -> Vec<f64> {
    point["outputs"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}

fn signs(point: &Value) -> Vec<bool> {
    outputs(point).into_iter().map(|output| output > 0.0).collect()
}

fn patterns(run: &Run) -> Result<f64> {
    let mut patterns: Vec<Vec<bool>> = stable(run)?.iter().map(signs).collect();
    patterns.sort();
    patterns.dedup();
    Ok(patterns.len() as f64)
}

fn output_error(run: &Run) -> Result<f64> {
    largest(stable(run)?.iter().flat_map(outputs).map(|output| (output.abs() - 1.0).abs()))
}

/// Of the saddles with one unstable dimension, the share whose two ways out lead to stable points that differ in one
/// sign.
fn share_of_edges(run: &Run) -> Result<f64> {
    let (json, points) = (run.json("points")?, run.list("points", "points")?);
    let connections: Vec<&Value> = json["connections"].as_array().into_iter().flatten().collect();
    let saddles: Vec<usize> = (0..points.len()).filter(|place| points[*place]["unstable_dimensions"] == 1).collect();
    let joins_neighbours = |saddle: &&usize| {
        let from = |way: &&&Value| way["from"].as_u64() == Some(**saddle as u64);
        let ends: Vec<usize> =
            connections.iter().filter(from).filter_map(|way| way["to"].as_u64()).map(|place| place as usize).collect();
        match ends.as_slice() {
            [one, other] => {
                let (one, other) = (signs(&points[*one]), signs(&points[*other]));
                one.iter().zip(&other).filter(|(one, other)| one != other).count() == 1
            }
            _ => false,
        }
    };
    match saddles.len() {
        0 => Err(Error::setting("points", "there are no saddles")),
        n => Ok(saddles.iter().filter(joins_neighbours).count() as f64 / n as f64),
    }
}

/// Of the point that the most starts led to.
fn of_leading(run: &Run, step: &str, of: impl Fn(&Value) -> Option<f64>) -> Result<f64> {
    let points = run.list(step, "points")?;
    let leading = points.iter().max_by_key(|point| point["n_starts"].as_u64());
    leading.and_then(of).ok_or_else(|| Error::file(run.place(step), "no point was found"))
}

/// The angular frequency of the mode that grows fastest, rad per time constant.
fn leading_frequency(point: &Value) -> Option<f64> {
    let modes = point["continuous_eigenvalues"].as_array()?;
    let leading = modes.iter().max_by(|one, other| {
        let real = |mode: &Value| mode[0].as_f64().unwrap_or(f64::NEG_INFINITY);
        real(one).total_cmp(&real(other))
    })?;
    // Rates are per second, and the time constant is 0.1 s.
    leading[1].as_f64().map(|frequency| frequency.abs() * 0.1)
}
