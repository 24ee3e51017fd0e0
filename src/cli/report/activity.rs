//! What the units do in trials.

use std::ops::ControlFlow;

use anyhow::Result;
use nn4n_analysis::geometry::{
    Pca,
    pca::{Settings, States},
};

use super::{
    Made, data, figure,
    subject::{Subject, nn4n},
};
use crate::{
    cli::{activity::rates, plot::trial_figure},
    plot::Scree,
    report::{Figure, Part, digits},
};

/// Trials side by side.
const SHOWN: usize = 3;
/// Shuffles of the units, as many as `nn4n analyze pca` draws.
const SHUFFLES: usize = 10;

pub fn part(subject: &Subject) -> Result<Part> {
    let mut part = Part::default();
    // Recordings have no inputs and outputs.
    if subject.network().is_ok() {
        part.figure("trials", trials(subject));
    }
    part.figure("mean rates", mean_rates(subject));
    match components(subject) {
        Err(why) => part.figure("principal components", Err(why)),
        Ok((found, drawn)) => {
            part.number("Participation ratio", digits(found.participation_ratio, 3));
            part.number("Components of 90 % of the variance", found.components_90);
            part.figure("principal components", Ok(drawn));
        }
    }
    Ok(part)
}

/// As `nn4n analyze pca` has them.
fn components(subject: &Subject) -> Result<(Pca, Figure)> {
    let activity = &subject.activity()?.activity;
    let states = States::of_samples(activity.samples(None)?, activity.dt());
    let settings = Settings { seed: subject.args.seed, shuffles: SHUFFLES, ..Settings::plain() };
    let found = Pca::of(states, &settings, &mut |_| ControlFlow::Continue(()))?;
    let caption = format!(
        "Over all steps of all trials as they are, not averaged. {} components carry 90 %; the participation ratio is {}.",
        found.components_90,
        digits(found.participation_ratio, 3)
    );
    let command = nn4n(&["analyze", "pca", "--out", "pca"], &subject.source_words()?);
    let drawn = Scree::of(&found);
    let figure = figure("Variance along principal components", caption, &drawn, (command, data::components(&found)))?;
    Ok((found, figure))
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
