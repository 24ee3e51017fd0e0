//! Random dots shown for varying times, and until the network answers (Fig 2).

use super::{choices, ends, largest_rise, number, study};
use crate::{
    error::Result,
    reproduce::{Claim, Figure, Mode, Outline, Run, Step, Study, Target},
};

const SECTION: &str = "Random dots";

const VARSTIM: &str = "rdm_varstim";
pub const RT: &str = "rdm_rt";

/// The criterion of all tasks with random dots.
pub const ABOVE_85: &str = "a mean performance above 85 % in the last five validations";

pub fn variable_duration(mode: Mode) -> Outline {
    let study = study(
        mode,
        VARSTIM,
        "song2016/rdm_varstim",
        "100 units decide after stimuli of 80 to 1500 ms (the paper's code: 10 to 35 minutes)",
    )
    .takes(mode.pick(2000, 8000))
    .pretrained("song2016-rdm-ei");
    let psychometric = choices::step(mode, &study);
    let trials = mode.pick(200, 500);
    let duration = Step::new("duration", &study, "analyze duration", &format!("--trials {trials} --refits 0"));
    let (dt, trials) = mode.pick(("2", 200), ("0.5", 300));
    let as_trained = Step::new("as-trained", &study, "eval", &format!("--trials {trials}"));
    let finer = Step::new("finer", &study, "eval", &format!("--trials {trials} --dt {dt}"));
    let figures = vec![
        Figure::new(
            SECTION,
            &psychometric,
            "psychometric",
            "Psychometric function",
            "Choices of the first output against signed coherence: points with 95 % intervals, and a cumulative Gaussian. \
            It is to be steep, centred on 0, and to reach 0 and 100 %.",
        ),
        Figure::new(
            SECTION,
            &duration,
            "duration",
            "Performance against the duration of the stimulus",
            "Right answers in ten bins of as many trials, and the coherence that is needed. Evidence is integrated where \
            performance rises and the threshold falls.",
        ),
    ];
    let mut claims = vec![ends(VARSTIM, ABOVE_85)];
    claims.extend(choices::claims(VARSTIM, "evidence decides, without bias and without lapses"));
    claims.push(
        Claim::criterion(
            format!("{VARSTIM}: performance at the longest stimuli less that at the shortest, points"),
            "performance rises with the duration of the stimulus",
        )
        .is(Target::Above(0.0))
        .of_each(VARSTIM, gain_of_duration),
    );
    claims.push(
        Claim::criterion(
            format!("{VARSTIM}: slope of the logarithm of the threshold in that of the duration"),
            "evidence is integrated: the threshold falls with the duration; -0.5 of perfect integration",
        )
        .is(Target::Below(0.0))
        .of_each(VARSTIM, |run| run.number("duration", "/slope/slope")),
    );
    claims.push(
        Claim::criterion(
            format!("{VARSTIM}: performance at steps of {dt} ms less that at 20 ms, points"),
            "what is learned does not hang on the step",
        )
        .is(Target::Between(-3.0, 3.0))
        .of_each(VARSTIM, |run| {
            Ok(100.0 * (run.number("finer", "/performance")? - run.number("as-trained", "/performance")?))
        }),
    );
    let steps = vec![psychometric, duration, as_trained, finer];
    Outline { studies: vec![study], steps, claims, figures, ..Outline::default() }
}

/// The training of networks that answer when they can.
pub fn reaction_time_study(mode: Mode) -> Study {
    let summary = "100 units decide as soon as they can (the paper's code: 3 minutes)";
    study(mode, RT, "song2016/rdm_rt", summary).takes(mode.pick(700, 3000))
}

pub fn reaction_time(mode: Mode) -> Outline {
    let study = reaction_time_study(mode);
    let psychometric = choices::step(mode, &study);
    let chronometric =
        Step::new("chronometric", &study, "analyze chronometric", &format!("--trials {}", mode.pick(200, 1000)));
    let figures = vec![Figure::new(
        SECTION,
        &chronometric,
        "chronometric",
        "Chronometric function",
        "Median reaction times of right and wrong answers against the strength of the evidence, and how often each time \
        occurs. Answers are to come sooner where the evidence is stronger.",
    )];
    let mut claims = vec![ends(RT, ABOVE_85)];
    claims.extend(choices::claims(RT, "evidence decides, without bias and without lapses"));
    claims.push(
        Claim::criterion(
            format!("{RT}: largest rise of the mean reaction time of right answers to the next stronger coherence, ms"),
            "stronger evidence is answered sooner, at each step of the coherence",
        )
        .is(Target::Below(0.0))
        .of_each(RT, |run| largest_rise_of_times(run, "chronometric")),
    );
    claims.push(
        Claim::criterion(
            format!("{RT}: mean less median of the reaction times of right answers at 6.4 %, ms"),
            "the distribution of reaction times has its tail at late ones",
        )
        .is(Target::Above(0.0))
        .of_each(RT, skew),
    );
    claims.push(
        Claim::criterion(format!("{RT}: % of trials without an answer in 1500 ms"), "the paper leaves them out")
            .of_each(RT, without_answer),
    );
    let steps = vec![psychometric, chronometric];
    Outline { studies: vec![study], steps, claims, figures, ..Outline::default() }
}

fn gain_of_duration(run: &Run) -> Result<f64> {
    let bins = run.list("duration", "bins")?;
    let performance = bins.iter().map(|bin| number(bin, "/performance")).collect::<Result<Vec<f64>>>()?;
    let (first, last) = (performance.first(), performance.last());
    Ok(first.zip(last).map_or(f64::NAN, |(first, last)| 100.0 * (last - first)))
}

/// Of the mean reaction time of right answers in a chronometric function, between strengths with evidence.
pub fn largest_rise_of_times(run: &Run, step: &str) -> Result<f64> {
    let points = run.list(step, "points")?;
    let graded = points.iter().filter(|point| point["strength"] != 0.0);
    let times = graded.map(|point| number(point, "/right/mean")).collect::<Result<Vec<f64>>>()?;
    largest_rise(&times)
}

fn skew(run: &Run) -> Result<f64> {
    let points = run.list("chronometric", "points")?;
    let point = points.iter().find(|point| point["strength"] == 0.064);
    point.map_or(Ok(f64::NAN), |point| Ok(number(point, "/right/mean")? - number(point, "/right/median")?))
}

fn without_answer(run: &Run) -> Result<f64> {
    let points = run.list("chronometric", "points")?;
    let sum = |name: &str| points.iter().map(|point| number(point, name)).sum::<Result<f64>>();
    Ok(100.0 * sum("/without_response")? / sum("/trials")?)
}
