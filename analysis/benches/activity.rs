//! Seconds of analyses of a recording: `cargo bench -p nn4n-analysis -- [KIND ..] [trials=1000] [steps=100] [units=300]`.
//!
//! Trials of five stimuli with two choices, in noise; each kind once, on all cores.

use std::{error::Error, ops::ControlFlow, time::Instant};

use ndarray::Array3;
use nn4n_analysis::{
    Activity, Decoding,
    activity::Trials,
    decoding::{Decoder, Settings},
    geometry::{
        Dpca, Pca, Window, WindowSettings,
        dpca::{self, Ridge},
        pca::{self, States},
    },
    similarity::{self, Comparator, Matching, Measure, Part, RdmDistance, Shuffle, Similarity},
};
use nn4n_tasks::Condition;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

type Outcome = Result<(), Box<dyn Error>>;

const DT: f64 = 10.0;
const STEPS_IN_BIN: usize = 5;
const LATENTS: usize = 12;

fn main() -> Outcome {
    let (sizes, names): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).partition(|word| word.contains('='));
    let size = |name: &str, default: usize| {
        let given = sizes.iter().find_map(|size| size.strip_prefix(name)?.strip_prefix('='));
        given.map_or(Ok(default), str::parse)
    };
    let shape = (size("trials", 1000)?, size("steps", 100)?, size("units", 300)?);
    let activity = activity(shape)?;
    println!("{} trials x {} steps x {} units", shape.0, shape.1, shape.2);
    for (name, run) in KINDS {
        if names.is_empty() || names.iter().any(|word| name.starts_with(word.as_str())) {
            let clock = Instant::now();
            let digest = run(&activity)?;
            println!("{name:<24} {:>8.2} s   {digest:.12}", clock.elapsed().as_secs_f64());
        }
    }
    Ok(())
}

/// A number of what was found beside its time, by which two versions of the crate are compared.
type Kind = fn(&Activity) -> Result<f64, Box<dyn Error>>;

const KINDS: [(&str, Kind); 8] = [
    ("pca", |activity| pca(activity, 10)),
    ("dpca-plain", |activity| dpca(activity, Ridge::Fixed(1e-5), 0)),
    ("dpca-validated", |activity| dpca(activity, dpca::Settings::default().ridge, 0)),
    ("dpca-significance", |activity| dpca(activity, Ridge::Fixed(1e-5), 100)),
    ("decoding-lda", |activity| decoding(activity, Settings { is_scaled: true, ..of_classes() })),
    ("decoding-logistic", |activity| {
        decoding(activity, Settings { decoder: Decoder::Logistic { c: 0.001 }, shuffles: 5, ..of_classes() })
    }),
    ("decoding-ridge", |activity| {
        let decoder = Decoder::Ridge { alpha: 100.0 };
        decoding(activity, Settings { variable: "stimulus".into(), is_graded: Some(true), decoder, ..of_classes() })
    }),
    ("similarity-rsa", similarity),
];

fn watch(_: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn of_classes() -> Settings {
    Settings { shuffles: 100, steps_in_bin: STEPS_IN_BIN, ..Settings::of_classes("choice") }
}

/// Courses of latent variables that the stimulus, the choice and their product drive, in noise.
fn activity((trials, steps, units): (usize, usize, usize)) -> Result<Activity, Box<dyn Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut draw = |n: usize| -> Vec<f64> { (0..n).map(|_| rng.sample(StandardNormal)).collect() };
    let (drive, weights) = (draw(4 * LATENTS), draw(LATENTS * units));
    let (phase, speed) = (draw(LATENTS), draw(LATENTS));
    let noise = draw(trials * steps * units);
    let of_trial = |trial: usize| ((trial % 5) as f64 - 2.0, 2.0 * (trial / 5 % 2) as f64 - 1.0);
    let mut rates = Array3::from_shape_vec((trials, steps, units), noise)?;
    for (trial, mut of) in rates.outer_iter_mut().enumerate() {
        let (s, c) = of_trial(trial);
        for (step, mut row) in of.outer_iter_mut().enumerate() {
            let time = 3.0 * step as f64 / steps as f64;
            for latent in 0..LATENTS {
                let own: f64 = [1.0, s, c, s * c].iter().zip(&drive[4 * latent..]).map(|(x, weight)| x * weight).sum();
                let now = 0.5 * own * (phase[latent] + time * speed[latent]).sin() / (LATENTS as f64).sqrt();
                row.iter_mut().zip(&weights[latent * units..]).for_each(|(rate, weight)| *rate += now * weight);
            }
        }
    }
    let conditions = (0..trials).map(|trial| {
        let (s, c) = of_trial(trial);
        Condition::new().with("stimulus", s).with("choice", if c > 0.0 { "right" } else { "left" })
    });
    Ok(Activity::new(rates, DT, Trials::new(vec![steps; trials], conditions.collect()))?)
}

fn pca(activity: &Activity, shuffles: usize) -> Result<f64, Box<dyn Error>> {
    let states = States::of_samples(activity.samples(None)?, DT);
    let settings = pca::Settings { shuffles, ..pca::Settings::plain() };
    Ok(Pca::of(states, &settings, &mut watch)?.participation_ratio)
}

fn dpca(activity: &Activity, ridge: Ridge, shuffles: usize) -> Result<f64, Box<dyn Error>> {
    let window = Window::of(activity, &WindowSettings { steps_in_bin: 1, ..WindowSettings::default() })?;
    let settings = dpca::Settings { ridge, shuffles, ..dpca::Settings::default() };
    let found = Dpca::of(&window, DT, &["stimulus".into(), "choice".into()], &settings, &mut watch)?;
    let tested = found.components.iter().filter_map(|component| component.significance.as_ref());
    let sum: f64 = tested.flat_map(|of| of.accuracy.iter().chain(&of.largest_of_shuffles)).sum();
    Ok(sum + found.ridge + found.components[0].explained)
}

fn decoding(activity: &Activity, settings: Settings) -> Result<f64, Box<dyn Error>> {
    let found = Decoding::of(activity, &settings, &mut |_| {})?;
    Ok(found.course.value.iter().sum::<f64>() + found.course.null.sum())
}

fn similarity(activity: &Activity) -> Result<f64, Box<dyn Error>> {
    let half = activity.units() / 2;
    let part = |name: &str, units: std::ops::Range<usize>| -> Result<Part, Box<dyn Error>> {
        Ok(Part::of(name, &activity.with_units(&units.collect::<Vec<_>>())?, None, 1)?)
    };
    let parts = [part("a", 0..half)?, part("b", half..activity.units())?];
    let by = vec!["stimulus".into(), "choice".into()];
    let matched = similarity::MatchedParts::of(&parts, &Matching { by, ..Matching::default() })?;
    let measure = Measure::Rsa { rdm: RdmDistance::Euclidean, compare: Comparator::Cosine };
    let settings = similarity::Settings { shuffles: 100, shuffle: Shuffle::Conditions, seed: 0 };
    Ok(Similarity::of(&matched.representations, &measure, &settings, &mut watch)?.matrix[0][1])
}
