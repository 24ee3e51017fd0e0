//! Papers: what they report beside what networks show that are trained here as the papers say.
//!
//! ```text
//! Paper          id, title, citation; a function that gives its outline        a file each
//! Outline        studies, commands, claims and figures of a mode               outline
//!   Study        a preset, trained with several seeds
//!   Step         a command of the program for each network that was trained
//!   Claim        a quantity, where it stands, what it is to be, how it is read  claim
//! Found          what trainings and commands left in the directory             found
//! Record         report.json: the claims and what became of them               record
//! page           report.html                                                   page
//! table          several reports as one table                                  table
//! ```
//!
//! A module of a paper reads like its methods section and computes nothing: trainings are presets, measures are
//! commands that anyone can give, and a claim only reads a number out of what they left. To add a paper, copy one of
//! these files and put it into [`PAPERS`].
//!
//! Numbers of a paper are [`Kind::Published`] only where they were read in its text or its released code. A threshold
//! of ours is [`Kind::Criterion`], set before the networks were trained.

mod claim;
mod found;
mod outline;
mod page;
mod record;
mod table;

mod cueva2018;
mod driscoll2022;
mod kleinman2021;
mod mante2013;
mod orhan2019;
mod song2016;
mod sussillo2013;
mod wang2024;
mod wong2006;
mod yang2019;

use found::{largest, largest_fall, largest_rise, number};
use outline::{fields, list};

pub use claim::{Claim, Kind, Target};
pub use found::{Found, Run, study_directory};
pub use outline::{Figure, Mode, Outline, Step, Study};
pub use page::page;
pub use record::{Asked, Outcome, Record, Training};
pub use table::{summary, table};

use crate::error::{Error, Result};

/// A paper.
#[derive(Clone, Copy, Debug)]
pub struct Paper {
    /// First author and year.
    pub id: &'static str,
    /// What is reproduced of it, in a few words.
    pub summary: &'static str,
    /// Authors, title, journal, DOI.
    pub citation: &'static str,
    /// What is trained, measured and compared.
    pub outline: fn(Mode) -> Outline,
}

/// All papers.
pub const PAPERS: &[Paper] = &[
    song2016::PAPER,
    sussillo2013::PAPER,
    mante2013::PAPER,
    yang2019::PAPER,
    kleinman2021::PAPER,
    wang2024::PAPER,
    orhan2019::PAPER,
    cueva2018::PAPER,
    driscoll2022::PAPER,
    wong2006::PAPER,
];

/// The paper of this id.
///
/// # Errors
/// If there is none; the message names those that there are.
pub fn find(id: &str) -> Result<&'static Paper> {
    PAPERS.iter().find(|paper| paper.id == id).ok_or_else(|| {
        let known: Vec<&str> = PAPERS.iter().map(|paper| paper.id).collect();
        Error::setting("paper", format!("`{id}` is unknown; the papers are {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;
    use crate::zoo;

    #[test]
    fn every_paper_names_presets_settings_and_steps_that_there_are() {
        for (paper, mode) in PAPERS.iter().flat_map(|paper| [Mode::Quick, Mode::Full].map(|mode| (paper, mode))) {
            let outline = (paper.outline)(mode);
            let of = format!("{} {}", paper.id, mode.tag());
            for study in &outline.studies {
                let runs = study.sweep(3).unwrap_or_else(|error| panic!("{of}: {}: {error}", study.name)).count();
                assert_eq!(runs, 3, "{of}: {}", study.name);
                assert!(study.pretrained.is_none_or(|id| zoo::ids().any(|known| known == id)), "{of}: {}", study.name);
                study.sweep_to_estimate(1).unwrap_or_else(|error| panic!("{of}: {}: {error}", study.name));
            }
            let known: BTreeSet<_> = outline.steps.iter().map(|step| (&step.study, &step.name)).collect();
            assert_eq!(known.len(), outline.steps.len(), "{of}: two steps of a study have one name");
            let is_known = |name: &String| outline.studies.iter().any(|study| study.name == *name);
            for step in &outline.steps {
                assert!(step.study.as_ref().is_none_or(is_known), "{of}: {}", step.name);
            }
            for figure in &outline.figures {
                assert!(known.contains(&(&figure.study, &figure.step)), "{of}: {}", figure.title);
            }
            // Nothing is trained yet: no claim has a value.
            let found = Found::new(Path::new("nowhere"), &outline, false, &Default::default());
            for claim in &outline.claims {
                assert!(claim.measure(&found).is_err(), "{of}: {}", claim.quantity);
            }
        }
    }
}
