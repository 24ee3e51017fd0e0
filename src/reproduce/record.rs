//! `report.json`: the claims of a paper and what became of them.

use nn4n_analysis::MedianInterval;
use serde::{Deserialize, Serialize};

use super::{
    Paper, Run, Study,
    claim::{Claim, DIGITS, Kind, Target},
    found::Found,
    outline::{Mode, Outline},
};
use crate::{error::Result, report::digits};

/// What was reproduced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The id of the paper.
    pub paper: String,
    /// Authors, title, journal, DOI.
    pub citation: String,
    /// Whether it is reduced.
    pub mode: Mode,
    /// Whether networks of the zoo were taken in place of trainings.
    pub pretrained: bool,
    /// The seeds of the trainings.
    pub seeds: Vec<u64>,
    /// How long all of it took, s.
    pub seconds: f64,
    /// Version of the program.
    pub version: String,
    /// What was trained.
    pub trainings: Vec<Training>,
    /// The claims.
    pub results: Vec<Outcome>,
    /// Where settings differ from the paper's, and what was tried.
    pub notes: Vec<String>,
    /// The command that makes all of it.
    pub command: String,
}

/// A study of a reproduction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Its name.
    pub name: String,
    /// What is trained.
    pub summary: String,
    /// Its preset.
    pub preset: String,
    /// What was set otherwise, by dotted names.
    pub settings: Vec<(String, String)>,
    /// Updates of each seed.
    pub updates: Vec<f64>,
    /// Minutes of each seed.
    pub minutes: Vec<f64>,
    /// Why it was not run, with an estimate and the command.
    pub not_run: Option<String>,
}

/// What became of a claim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What is measured.
    pub quantity: String,
    /// Where it stands.
    pub source: String,
    /// How the target is known.
    pub kind: Kind,
    /// What it is to be; `None` of what is told and not judged.
    pub target: Option<Target>,
    /// The median over the networks that have a value.
    pub value: Option<f64>,
    /// The value of each network, in the order of their seeds; `None` of one that has none.
    pub values: Vec<Option<f64>>,
    /// Whether the median agrees; where some have no value, whether more than half of all agree. `None` where there is
    /// nothing to judge.
    pub agrees: Option<bool>,
    /// How many of the values agree.
    pub agreeing: Option<usize>,
    /// Why there is no value, of the first network that has none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub problem: Option<String>,
}

impl Outcome {
    fn of(claim: &Claim, found: &Found) -> Self {
        let measured = claim.measure(found).unwrap_or_else(|error| vec![Err(error)]);
        let problem = measured.iter().find_map(|value| match value {
            Ok(value) if value.is_finite() => None,
            Ok(value) => Some(format!("is {value}")),
            Err(error) => Some(error.to_string()),
        });
        // JSON has no other number than finite ones.
        let values: Vec<Option<f64>> =
            measured.into_iter().map(|value| value.ok().filter(|value| value.is_finite())).collect();
        let there: Vec<f64> = values.iter().copied().flatten().collect();
        let value = MedianInterval::of(&there).map(|found| found.median);
        let judge = |target: Target| {
            let agreeing = there.iter().filter(|value| target.agrees(**value)).count();
            let is_whole = there.len() == values.len();
            let agrees = value.map(|value| if is_whole { target.agrees(value) } else { 2 * agreeing > values.len() });
            (agrees, agreeing)
        };
        let judged = claim.target.map(judge);
        Self {
            quantity: claim.quantity.clone(),
            source: claim.source.clone(),
            kind: claim.kind,
            target: claim.target,
            value,
            agrees: judged.and_then(|(agrees, _)| agrees),
            agreeing: judged.map(|(_, agreeing)| agreeing),
            values,
            problem,
        }
    }

    /// What it is to be, in words.
    pub fn target_in_words(&self) -> String {
        self.target.map_or_else(|| "\u{2013}".into(), |target| target.to_string())
    }

    /// The median and the range over seeds, and how many have no value.
    pub fn value_in_words(&self) -> String {
        let Some(value) = self.value else { return "\u{2013}".into() };
        let there = || self.values.iter().copied().flatten();
        let (low, high) = (there().fold(value, f64::min), there().fold(value, f64::max));
        let words = match there().count() {
            0 | 1 => digits(value, DIGITS),
            _ => format!("{} ({} to {})", digits(value, DIGITS), digits(low, DIGITS), digits(high, DIGITS)),
        };
        match self.values.len() - there().count() {
            0 => words,
            missing => format!("{words}; {missing} of {} have none", self.values.len()),
        }
    }

    /// Whether it agrees, in words.
    pub fn verdict_in_words(&self) -> String {
        match (self.agrees, self.agreeing) {
            (Some(agrees), Some(count)) if self.values.len() > 1 => {
                format!("{}, {count} of {}", yes_or_no(agrees), self.values.len())
            }
            (Some(agrees), _) => yes_or_no(agrees).into(),
            (None, _) => self.problem.clone().unwrap_or_else(|| "told, not judged".into()),
        }
    }
}

fn yes_or_no(agrees: bool) -> &'static str {
    if agrees { "yes" } else { "no" }
}

impl Record {
    /// Judges the claims by what was found.
    pub fn new(paper: &Paper, outline: &Outline, mode: Mode, pretrained: bool, found: &Found, asked: Asked) -> Self {
        let training = |study: &Study| {
            let runs = found.runs(&study.name);
            let of = |what: fn(&Run) -> Result<f64>| {
                runs.iter().flat_map(|runs| runs.iter()).filter_map(|run| what(run).ok()).collect()
            };
            Training {
                name: study.name.clone(),
                summary: study.summary.clone(),
                preset: study.preset.into(),
                settings: study.settings.iter().map(|(name, value)| ((*name).into(), value.to_string())).collect(),
                updates: of(Run::updates),
                minutes: of(Run::minutes),
                not_run: runs.as_ref().err().map(ToString::to_string),
            }
        };
        Self {
            paper: paper.id.into(),
            citation: paper.citation.into(),
            mode,
            pretrained,
            seeds: (0..asked.seeds).collect(),
            seconds: asked.seconds,
            version: env!("CARGO_PKG_VERSION").into(),
            trainings: outline.studies.iter().map(training).collect(),
            results: outline.claims.iter().map(|claim| Outcome::of(claim, found)).collect(),
            notes: outline.notes.clone(),
            command: asked.command,
        }
    }

    /// How long it took, in words.
    pub fn time_in_words(&self) -> String {
        match self.seconds {
            seconds if seconds < 120.0 => format!("{seconds:.0} s"),
            seconds if seconds < 7200.0 => format!("{:.0} min", seconds / 60.0),
            seconds => format!("{:.1} h", seconds / 3600.0),
        }
    }

    /// How many claims agree, differ, and have no value.
    pub fn counts(&self) -> [usize; 3] {
        let count = |is_meant: &dyn Fn(&Outcome) -> bool| self.results.iter().filter(|of| is_meant(of)).count();
        [
            count(&|outcome| outcome.agrees == Some(true)),
            count(&|outcome| outcome.agrees == Some(false)),
            count(&|outcome| outcome.value.is_none()),
        ]
    }
}

/// What a record needs to know beside what was found.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Number of seeds.
    pub seeds: u64,
    /// How long it took, s.
    pub seconds: f64,
    /// The command.
    pub command: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(target: Option<Target>, values: &[f64]) -> Outcome {
        let unmeasured = Claim::criterion("x", "Fig 1");
        let unmeasured = target.map_or(unmeasured.clone(), |target| unmeasured.is(target));
        let values = values.to_vec();
        let claim = unmeasured.of_all(move |_| Ok(values.clone()));
        let outline = Outline::default();
        let found = Found::new(std::path::Path::new("nowhere"), &outline, false, &Default::default());
        Outcome::of(&claim, &found)
    }

    #[test]
    fn the_median_is_judged_and_all_seeds_are_counted() {
        let found = outcome(Some(Target::AtLeast(0.8)), &[0.9, 0.7, 0.85]);
        assert_eq!((found.value, found.agrees, found.agreeing), (Some(0.85), Some(true), Some(2)));
        assert_eq!(found.value_in_words(), "0.85 (0.7 to 0.9)");
        assert_eq!(found.verdict_in_words(), "yes, 2 of 3");
        assert_eq!(outcome(Some(Target::AtLeast(0.8)), &[0.9, 0.6]).value, Some(0.75));
    }

    #[test]
    fn a_network_without_a_value_does_not_agree() {
        let target = Some(Target::AtLeast(0.8));
        let most = outcome(target, &[0.9, f64::NAN, 0.95]);
        assert_eq!((most.value, most.agrees, most.agreeing), (Some(0.925), Some(true), Some(2)));
        assert_eq!(most.values, [Some(0.9), None, Some(0.95)]);
        assert_eq!(most.value_in_words(), "0.925 (0.9 to 0.95); 1 of 3 have none");
        assert_eq!(most.verdict_in_words(), "yes, 2 of 3");
        let half = outcome(target, &[0.9, f64::NAN]);
        assert_eq!((half.value, half.agrees, half.agreeing), (Some(0.9), Some(false), Some(1)));
    }

    #[test]
    fn what_has_no_value_is_not_judged() {
        let none = outcome(Some(Target::AtLeast(0.8)), &[]);
        assert_eq!((none.value, none.agrees), (None, None));
        let broken = outcome(Some(Target::AtMost(0.8)), &[f64::NAN]);
        assert_eq!((broken.value, broken.agrees, broken.agreeing), (None, None, Some(0)));
        assert_eq!(broken.verdict_in_words(), "is NaN");
        let told = outcome(None, &[3.0]);
        assert_eq!((told.agrees, told.verdict_in_words().as_str()), (None, "told, not judged"));
    }
}
