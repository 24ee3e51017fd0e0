//! Yang, Joglekar, Song, Newsome & Wang 2019: one network, many cognitive tasks.
//!
//! ```text
//! all           20 tasks in one network: performance, clusters, lesions, composed rules     all
//! context       two context-dependent decisions in one network: its three groups of units   context
//! sequential    seven tasks one after another, with protection and without                  sequential
//! ```

mod all;
mod context;
mod sequential;

use super::{Mode, Outline, Paper, Run};
use crate::error::{Error, Result};

pub const PAPER: Paper = Paper {
    id: "yang2019",
    summary: "20 tasks in one network: task variance and its clusters, lesions, composed rules; tasks one after another",
    citation: "Yang GR, Joglekar MR, Song HF, Newsome WT, Wang X-J (2019). Task representations in neural networks \
               trained to perform many cognitive tasks. Nature Neuroscience 22, 297-306. \
               https://doi.org/10.1038/s41593-018-0310-2",
    outline,
};

fn outline(mode: Mode) -> Outline {
    let whole = Outline {
        seeds: mode.pick(1, 5),
        notes: vec![
            "Training ends when every task reaches 90 %, as the paper asks of the networks that it analyses; the \
             released code goes on for a number of trials."
                .into(),
        ],
        ..Outline::default()
    };
    let whole = whole.and(all::outline(mode)).and(context::outline(mode));
    match mode {
        Mode::Quick => Outline {
            notes: [
                whole.notes.clone(),
                vec![
                    "Reduced: 128 units learn six tasks (go and anti) in place of 20, and two context tasks of evidence \
                     that is ten times as strong, as in the sequential experiment of the code. Tasks one after another \
                     are left to the full form."
                        .into(),
                ],
            ]
            .concat(),
            ..whole
        },
        Mode::Full => whole.and(sequential::outline()),
    }
}

/// The performance of a task in a row of the table of a step: the intact network, or a lesion of a group by its name.
fn of_row(run: &Run, step: &str, group: Option<&str>, task: &str) -> Result<f64> {
    let json = run.json(step)?;
    let rows = json["rows"].as_array();
    let is_meant = |name: &str| group.map_or(name == "intact", |group| name.ends_with(&format!("#{group}")));
    let row = rows.into_iter().flatten().find(|row| row["name"].as_str().is_some_and(is_meant));
    let found = row.and_then(|row| row["per_task"][task].as_f64());
    found.ok_or_else(|| {
        let of = group.map_or_else(String::new, |group| format!(" without the units of {group}"));
        Error::file(run.place(step), format!("has no performance of {task}{of}"))
    })
}

/// How much performance in a task a lesion of a group takes away.
fn loss(run: &Run, step: &str, group: &str, task: &str) -> Result<f64> {
    Ok(of_row(run, step, None, task)? - of_row(run, step, Some(group), task)?)
}
