//! What the units do in trials.

use anyhow::Result;

use super::{
    Made, data, figure,
    subject::{Subject, nn4n},
};
use crate::{
    cli::{
        activity::{explained_variance, rates},
        plot::trial_figure,
    },
    report::{Figure, Part, digits},
};

/// Trials side by side.
const SHOWN: usize = 3;
/// The part of the variance that the number of components is said of.
const MOST_OF_IT: f64 = 0.9;

pub fn part(subject: &Subject) -> Result<Part> {
    let mut part = Part::default();
    // Recordings have no inputs and outputs.
    if subject.network().is_ok() {
        part.figure("trials", trials(subject));
    }
    part.figure("mean rates", mean_rates(subject));
    match subject.activity().and_then(explained_variance) {
        Err(why) => part.figure("principal components", Err(why)),
        Ok(drawn) => {
            let mut sum = 0.0;
            let needed = drawn.ratio.iter().take_while(|ratio| {
                let goes_on = sum < MOST_OF_IT;
                sum += **ratio;
                goes_on
            });
            let (needed, ratio) = (needed.count(), drawn.participation_ratio());
            if let Some(ratio) = ratio {
                part.number("Participation ratio", digits(ratio, 3));
                part.number("Components of 90 % of the variance", needed);
            }
            let said = ratio.map_or("Nothing varies.".into(), |ratio| {
                format!("{needed} components carry 90 %; the participation ratio is {}.", digits(ratio, 3))
            });
            let caption = format!("Over all steps of all trials as they are, not averaged. {said}");
            let source = subject.source_words().map(|words| {
                (nn4n(&["plot", "components", "--out", "components.svg"], &words), data::explained_variance(&drawn))
            });
            part.figure(
                "principal components",
                source.and_then(|source| figure("Variance along principal components", caption, &drawn, source)),
            );
        }
    }
    Ok(part)
}

fn trials(subject: &Subject) -> Result<Figure> {
    let (network, task) = subject.task()?;
    let drawn = trial_figure(&network.ctrnn, task, SHOWN, subject.args.seed)?;
    let caption = format!(
        "{SHOWN} test trials with the noise of the network, spread over the conditions: inputs, rates of all units, and \
        outputs with their targets."
    );
    let mut words = subject.subject_words();
    words.extend(["--count".into(), SHOWN.to_string()]);
    let command = nn4n(&["plot", "trials", "--out", "trials.svg"], &words);
    figure("Trials", caption, &drawn, (command, data::trials(&drawn)))
}

fn mean_rates(subject: &Subject) -> Result<Figure> {
    let source = subject.activity()?;
    let drawn = rates(source, subject.args.by.as_deref())?;
    let n = source.activity.trials().len();
    let caption = format!(
        "Mean over the units of each group and over trials, from the start of the trials; each line is of those of the \
        {n} trials that have its value."
    );
    let mut words = subject.source_words()?;
    words.extend(subject.by_words());
    let command = nn4n(&["plot", "rates", "--out", "rates.svg"], &words);
    figure("Mean rates", caption, &drawn, (command, data::time_courses(&drawn)))
}
