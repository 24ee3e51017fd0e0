//! Song, Yang & Wang 2016: excitatory-inhibitory networks trained on cognitive tasks by gradient descent.

mod choices;
mod context;
mod memory;
mod motion;
mod senses;
mod structure;

use serde_json::Value;
use toml::Value as Setting;

pub use motion::{RT, largest_rise_of_times, reaction_time_study};

use super::{Claim, Mode, Outline, Paper, Study, Target, largest, largest_fall, largest_rise, number};
use crate::error::{Error, Result};

pub const PAPER: Paper = Paper {
    id: "song2016",
    summary: "Excitatory-inhibitory networks: random dots, context, two senses, working memory, sequences of movements",
    citation: "Song HF, Yang GR, Wang X-J (2016). Training excitatory-inhibitory recurrent neural networks for cognitive \
               tasks: a simple and flexible framework. PLoS Computational Biology 12, e1004792. \
               https://doi.org/10.1371/journal.pcbi.1004792",
    outline,
};

fn outline(mode: Mode) -> Outline {
    let mut notes: Vec<String> = vec![
        "The ledger is the table of trainings: updates and minutes of each seed, and in brackets the minutes that the history of \
        the released code notes (September 2015, settings before those of the paper, on a machine that is not named). \
        What the paper's networks took in the end is not known here."
            .into(),
        "Connectivity is sorted by what units prefer in the sign of the coherence, with d' of 0.3 or more; the paper sorts \
        all units by d' of the choice."
            .into(),
    ];
    if mode == Mode::Quick {
        notes.push(
            "Reduced: Adam with a learning rate of 0.003 in place of plain gradient descent with 0.01, no \
            vanishing-gradient term, fewer trials of validation; no network of two areas; context-dependent integration \
            with 20 trials in an update in place of 50, working memory with 100 units and delays of 0.5 to 1 s, \
            sequences with 100 units and 8 trials in an update."
                .into(),
        );
    }
    Outline { seeds: mode.pick(1, 5), notes, ..Outline::default() }
        .and(motion::variable_duration(mode))
        .and(motion::reaction_time(mode))
        .and(structure::outline(mode))
        .and(context::one_network(mode))
        .and(context::two_areas(mode))
        .and(senses::outline(mode))
        .and(memory::two_frequencies(mode))
        .and(memory::sequences(mode))
}

/// A training of the paper; in the quick form by Adam, without the vanishing-gradient term.
fn study(mode: Mode, name: &'static str, preset: &'static str, summary: &str) -> Study {
    let study = Study::new(name, preset, summary);
    match mode {
        Mode::Full => study,
        Mode::Quick => study
            .set("train.optimizer.kind", "adam")
            .set("train.learning_rate", 0.003)
            .set("train.regularisers", Setting::Array(Vec::new()))
            .set("train.validation.every", 100)
            .set("train.validation.trials_per_condition", 20)
            .set("train.updates", 4000),
    }
}

/// Whether training ends as the paper's does, and not because updates are used up.
fn ends(study: &'static str, criterion: &str) -> Claim {
    Claim::published(
        format!("{study}: part of the seeds whose training ends by {criterion}"),
        "paper/all.py of the released code: training converged for all seeds that were tried",
    )
    .is(Target::Exactly(1.0))
    .of_trainings(study)
}

/// The one with this name.
fn named<'a>(all: &'a [Value], name: &str) -> Result<&'a Value> {
    let one = all.iter().find(|one| one["name"] == name);
    one.ok_or_else(|| Error::setting(name, "is not among the results"))
}
