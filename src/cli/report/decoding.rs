//! What can be read from the units, and when.
//!
//! ```text
//! variables    the choice, then what grades the evidence, then what else tells trials apart; `VARIABLES` at most
//! bins         of 50 ms or a step, or wider, so that there are 30 at most, or 15 or 8 where the work asks for it
//! work         bins x folds x trials x units x (min(trials, units) + shuffles)
//! shuffles     as many as `WORK` allows, 20 to 100
//! ```
//!
//! The work is counted and not timed, so that the same page comes from any machine.

use anyhow::{Result, bail};
use nn4n_analysis::{Activity, activity::Trials, decoding::FOLDS};

use super::{
    Made, data, figure,
    subject::{Subject, nn4n, parsed},
};
use crate::{
    cli::analyze::{Decoded, DecodingArgs, default_steps},
    evaluate::{ADDED, GRADED, RIGHT_CHOICE},
    report::{Figure, Part, digits},
};

/// Variables that are decoded at most, a figure each.
const VARIABLES: usize = 3;
/// Classes that are told apart at most.
const CLASSES: usize = 8;
/// Bins of a figure at most, from fine to coarse; none is finer than that of the analysis.
const BINS: [usize; 3] = [30, 15, 8];
/// Multiplications that a figure may take, some seconds on one core.
const WORK: f64 = 4e9;
/// Fewest and most shuffles.
const SHUFFLES: (usize, usize) = (20, 100);

pub fn part(subject: &Subject) -> Result<Part> {
    let activity = &subject.independent_activity()?.activity;
    let names = variables(activity.trials());
    if names.is_empty() {
        bail!("trials have no variable with two values or more, at most {CLASSES} if they are words");
    }
    let plan = Plan::of(activity)?;
    let mut part = Part { paragraphs: vec![plan.words()], ..Part::default() };
    for name in names {
        match plan.decoded(subject, &name) {
            Err(why) => part.figure(&name, Err(why)),
            Ok((decoded, drawn)) => {
                let course = &decoded.found.course;
                let best = course.value.iter().copied().filter(|value| !value.is_nan()).fold(f64::NAN, f64::max);
                let measure = course.measure.replace('_', " ");
                part.number(&format!("Best {measure} of {}", name.replace('_', " ")), digits(best, 3));
                part.figures.push(drawn);
            }
        }
    }
    // A part without a figure is one that was left out, and a paragraph on figures would say nothing.
    if part.figures.is_empty() {
        part.paragraphs.clear();
    }
    Ok(part)
}

/// What is decoded, in this order: the choice, known names of graded evidence, the others.
fn variables(trials: &Trials) -> Vec<String> {
    let is_decodable = |name: &String| {
        trials.variable(name).is_ok_and(|variable| {
            let classes = variable.classes().names.len();
            variable.is_graded() || (2..=CLASSES).contains(&classes)
        })
    };
    let all: Vec<String> = trials.variables().into_iter().filter(is_decodable).collect();
    let is_given = |name: &&String| !ADDED.contains(&name.as_str()) && *name != RIGHT_CHOICE && *name != "catch";
    let (graded, others): (Vec<&String>, Vec<&String>) =
        all.iter().filter(is_given).partition(|name| GRADED.contains(&name.as_str()));
    // Where `choice` has too many values, which of two alternatives it was may be known.
    let choice = ["choice", "chose_first"].into_iter().find_map(|name| all.iter().find(|known| *known == name));
    choice.into_iter().chain(graded).chain(others).take(VARIABLES).cloned().collect()
}

/// How much is done for a figure.
struct Plan {
    trials: usize,
    bin_ms: f64,
    bins: usize,
    shuffles: usize,
}

impl Plan {
    fn of(activity: &Activity) -> Result<Self> {
        let longest = activity.trials().n_steps.iter().copied().max().unwrap_or(0);
        Self::of_size((activity.trials().len(), longest, activity.units()), activity.dt())
    }

    fn of_size((trials, longest, units): (usize, usize, usize), dt: f64) -> Result<Self> {
        let with = |most: usize| {
            let steps = default_steps(dt).max(longest.div_ceil(most));
            let bins = longest.div_ceil(steps);
            let once = (bins * FOLDS * trials * units) as f64;
            let shuffles = WORK / once - trials.min(units) as f64;
            let plan = Self { trials, bin_ms: steps as f64 * dt, bins, shuffles: (shuffles as usize).min(SHUFFLES.1) };
            (shuffles >= SHUFFLES.0 as f64).then_some(plan)
        };
        let Some(plan) = BINS.into_iter().find_map(with) else {
            bail!(
                "{units} units in {trials} trials would take minutes; decode them with nn4n analyze decoding, as with \
                 fewer --units, or of trials --where"
            );
        };
        Ok(plan)
    }

    fn words(&self) -> String {
        format!(
            "How well variables can be read from the units at each time, in trials that the decoder has not seen: \
             {FOLDS} folds of {} trials, {} bins of {} ms, chance from {} shuffles (as many as take seconds). Classes by \
             linear discriminant analysis, graded variables by ridge regression.",
            self.trials, self.bins, self.bin_ms, self.shuffles
        )
    }

    fn decoded(&self, subject: &Subject, name: &str) -> Result<(Decoded, Figure)> {
        let mut words = subject.source_words()?;
        words.extend(["--variable".into(), name.into(), "--bin".into(), self.bin_ms.to_string()]);
        words.extend(["--shuffles".into(), self.shuffles.to_string()]);
        let decoded = parsed::<DecodingArgs>(&words)?.decode(subject.independent_activity()?)?;
        let start = match &decoded.found.align {
            Some(epoch) => format!("the start of {epoch}"),
            None => "the start of trials".into(),
        };
        let caption = format!(
            "Over time, {start} at 0 ms. Highest: {}. Grey: shuffled trials; a bar on top where it is above chance.",
            decoded.best.join("; ").replace(" -", " \u{2212}").replace("[-", "[\u{2212}")
        );
        let place = format!("decoding_{}", file_name(name));
        let command = nn4n(&["analyze", "decoding", "--out", &place], &words);
        let data = data::decoding(&format!("{place}.csv"), &decoded.found);
        let title = format!("Decoding of {}", name.replace('_', " "));
        let drawn = figure(&title, caption, &decoded.figure, (command, data))?;
        Ok((decoded, drawn))
    }
}

/// A name as a part of one of a file.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use nn4n_tasks::Condition;

    use super::*;

    fn trials(n: usize) -> Trials {
        let of = |i: usize| {
            let choice = if i.is_multiple_of(2) { "left" } else { "right" };
            Condition::new()
                .with("catch", i == 0)
                .with("session", 3.0)
                .with("animal", format!("animal {i}"))
                .with("rule", if i % 4 < 2 { "a" } else { "b" })
                .with("coherence", i as f64)
                .with("was_right", i.is_multiple_of(3))
                .with("choice", choice)
        };
        Trials::new(vec![100; n], (0..n).map(of).collect())
    }

    #[test]
    fn the_choice_comes_first_and_then_what_grades_the_evidence() {
        assert_eq!(variables(&trials(20)), ["choice", "coherence", "rule"]);
        assert!(variables(&Trials::new(vec![5; 2], vec![Condition::new(); 2])).is_empty());
    }

    #[test]
    fn the_work_is_bounded_and_bins_are_few() {
        let plan = |trials: usize, units: usize| Plan::of_size((trials, 100, units), 10.0);
        let small = plan(20, 5).unwrap();
        assert_eq!((small.bin_ms, small.bins, small.shuffles), (50.0, 20, 100));
        let large = plan(1000, 300).unwrap();
        assert!(large.bins == 8 && (20..100).contains(&large.shuffles), "{} {}", large.bins, large.shuffles);
        let refusal = plan(20_000, 200).err().unwrap().to_string();
        assert!(
            refusal.contains("200 units in 20000 trials") && refusal.contains("nn4n analyze decoding"),
            "{refusal}"
        );
        let long = Plan::of_size((2, 1000, 1), 10.0).unwrap();
        assert_eq!((long.bin_ms, long.bins), (340.0, 30));
    }
}
