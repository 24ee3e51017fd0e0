//! Experiments of papers, as published: task, network and training in one, ready to be trained.
//!
//! ```
//! let experiment = nn4n::preset::load("song2016/mante_areas")?;
//! assert_eq!(experiment.task.id(), "song2016/mante_areas");
//! assert_eq!(experiment.model.areas.len(), 2);
//! # Ok::<(), nn4n::Error>(())
//! ```
//!
//! A preset is a run.toml, `src/experiment/preset/FAMILY/NAME.toml`; the comment at its head says what it is, where it
//! was published and where it differs from the source. `nn4n train --preset ID` trains it. All of `song2016` differ in
//! one thing: at a gradient that is not finite training ends here, where the source shrinks the recurrent weights a
//! little and goes on.

use serde::Serialize;

use crate::{
    error::{Error, Result},
    experiment::Experiment,
};

/// A published experiment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preset {
    /// `family/name`, the family naming the source.
    pub id: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// The id of its task.
    pub task: &'static str,
    /// The experiment as a run.toml.
    pub toml: &'static str,
}

/// The texts of a family, by name.
macro_rules! texts {
    ($family:literal: $($name:literal),* $(,)?) => {
        [$((concat!($family, "/", $name), include_str!(concat!($family, "/", $name, ".toml")))),*]
    };
}

/// Ids and texts of all presets, family by family.
const FAMILIES: [&[(&str, &str)]; 9] = [
    &texts![
        "song2016":
            "rdm_nodale", "rdm_dense", "rdm_fixed", "rdm_varstim", "rdm_rt", "mante", "mante_areas",
            "multisensory", "romo", "lee_sequence", "sinewave",
    ],
    &texts!["sussillo2013": "flip_flop", "sine_generator"],
    &texts!["yang2019": "all", "context", "sequential"],
    &texts!["driscoll2022": "all"],
    &texts!["kleinman2021": "checkerboard", "nodale"],
    &texts!["mante2013": "context_integration"],
    &texts!["wang2024": "place_cells", "rooms"],
    &texts!["cueva2018": "path_integration"],
    &texts!["orhan2019": "comparison", "two_afc"],
];

fn texts() -> impl Iterator<Item = (&'static str, &'static str)> {
    FAMILIES.into_iter().flatten().copied()
}

/// All presets, family by family.
pub fn list() -> Vec<Preset> {
    let line =
        |text: &'static str, start: &str| text.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_default();
    let described = |(id, toml): (&'static str, &'static str)| Preset {
        id,
        summary: line(toml, "# "),
        task: line(toml, "id = \"").split('"').next().unwrap_or_default(),
        toml,
    };
    texts().map(described).collect()
}

/// The experiment of the preset with this id.
///
/// # Errors
/// If there is none; the message names those that there are.
pub fn load(id: &str) -> Result<Experiment> {
    Experiment::from_toml(text(id)?)
}

/// The run.toml of this preset.
///
/// # Errors
/// If there is none; the message names those that there are.
pub fn text(id: &str) -> Result<&'static str> {
    match texts().find(|(known, _)| *known == id) {
        Some((_, text)) => Ok(text),
        None => {
            let known = texts().map(|(known, _)| known).collect::<Vec<_>>().join(", ");
            Err(Error::setting("preset", format!("`{id}` is unknown; the presets are {known}")))
        }
    }
}
