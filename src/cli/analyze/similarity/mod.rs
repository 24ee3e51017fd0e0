//! `nn4n analyze similarity`

mod arrays;
mod lines;
mod parts;

use std::ops::ControlFlow;

use anyhow::Result;
use clap::{Args, ValueEnum};
use nn4n_analysis::{
    Similarity,
    similarity::{Comparator, Dsa, DsaScore, MatchedParts, Measure, NoiseCeiling, RdmDistance, Settings, Shuffle},
};
use serde::Serialize;

use self::{arrays::arrays, parts::shared_variables};
use super::{
    answer::AnswerArgs,
    source::{SourceAbout, SourceArgs},
};
use crate::{
    cli::{
        choice::choice,
        names::{self, Names},
        output::shell_word,
    },
    plot::{SimilarityMap, SimilarityMatrix},
    terminal::steps_bar,
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze similarity song2016-rdm-ei rdm-vanilla --out runs/similarity
  nn4n analyze similarity kleinman2021-checkerboard --groups area1,area2,area3 --measure procrustes
  nn4n analyze similarity runs/mine --activity monkey.npz --conditions trials.csv --by coherence --bin 50
  nn4n analyze similarity runs/a runs/b runs/c --measure rsa --rdm crossnobis --compare rho-a --bin 200
  nn4n analyze similarity runs/a runs/b --measure dsa --delays 3 --bin 20")]
pub struct SimilarityArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// How two are compared
    #[arg(long, value_enum, default_value = "cka")]
    measure: Name,
    /// Compare these areas or cell types of each, by name
    #[arg(long, value_name = "NAME,..")]
    groups: Option<Names>,
    /// Compare these epochs of each, from their start for as long as the shortest trial has them
    #[arg(long, value_name = "NAME,..", conflicts_with = "align")]
    epochs: Option<Names>,
    /// Where time begins: the start of this epoch [default: that of the trial]
    #[arg(long, value_name = "EPOCH")]
    align: Option<String>,
    /// Variables whose values make the conditions [default: those of the task that all have]
    #[arg(long, value_name = "VARIABLE,..")]
    by: Option<Names>,
    /// Mean rates over bins of this width [default: the shortest that all steps divide]
    #[arg(long, value_name = "MS")]
    bin: Option<f64>,
    /// One row for each condition, the mean over its times
    #[arg(long)]
    average_times: bool,
    /// RSA: how far two patterns are apart
    #[arg(
        long,
        value_parser = choice(&RdmDistance::ALL, RdmDistance::tag, RdmDistance::summary),
        default_value = "euclidean"
    )]
    rdm: RdmDistance,
    /// RSA: how alike two sets of distances are; of three networks or recordings with their noise ceiling
    #[arg(
        long,
        value_parser = choice(&Comparator::ALL, Comparator::tag, Comparator::summary),
        default_value = "cosine"
    )]
    compare: Comparator,
    /// Crossnobis: sets that the trials of each condition are divided into
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = super::count::count)]
    folds: usize,
    /// SVCCA and PWCCA: the fraction of the variance that the components have which are kept
    #[arg(long, value_name = "FRACTION", default_value_t = 0.99)]
    variance: f64,
    /// CCA: added to the variance of each unit, as a part of the mean variance
    #[arg(long, value_name = "PART", default_value_t = 0.0)]
    regularisation: f64,
    /// DSA: states that are joined, 1 for the present one alone [default: by held-out prediction]
    #[arg(long, value_name = "N")]
    delays: Option<usize>,
    /// DSA: bins between them
    #[arg(long, value_name = "BINS", default_value_t = Dsa::default().interval)]
    interval: usize,
    /// DSA: rank of the dynamics [default: by held-out prediction]
    #[arg(long, value_name = "N")]
    rank: Option<usize>,
    /// DSA: weight of the size of the map
    #[arg(long, value_name = "WEIGHT", default_value_t = Dsa::default().ridge)]
    ridge: f64,
    /// DSA: the angle between maps, or the distance of their eigenvalues
    #[arg(long, value_enum, default_value = "angular")]
    score: Score,
    /// DSA: starts of the search for the angle
    #[arg(long, value_name = "N", default_value_t = Dsa::default().starts, value_parser = super::count::count)]
    starts: usize,
    /// Shuffles of each pair, for what chance gives; 0 for none (DSA has controls of its own)
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = super::count::count)]
    shuffles: usize,
    /// What is shuffled
    #[arg(long, value_enum, default_value = "rows")]
    shuffle: Shuffled,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Linear centred kernel alignment, in [0, 1]
    Cka,
    /// The same without its bias, in [-1, 1]
    CkaDebiased,
    /// Mean square of the canonical correlations, in [0, 1]
    Cca,
    /// Mean canonical correlation of the leading components, in [0, 1]
    Svcca,
    /// Mean canonical correlation weighted by what the directions carry, in [0, 1]
    Pwcca,
    /// What a rotation leaves: a distance, in the unit of the rates
    Procrustes,
    /// The angle that a rotation leaves: a distance, rad
    Angular,
    /// Representational similarity: distances between patterns are compared
    Rsa,
    /// Dynamical similarity: a distance between linear dynamics
    Dsa,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Score {
    /// Angle up to a rotation, rad
    Angular,
    /// Distance of the eigenvalues
    Wasserstein,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shuffled {
    /// Single samples
    Rows,
    /// Conditions with all their times, which keeps the course of time that all share
    Conditions,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    found: &'a Similarity,
    settings: &'a Measure,
    sources: Vec<&'a SourceAbout>,
    seed: u64,
    /// Variables whose values make the conditions.
    by: &'a [String],
    /// The epoch that time begins with; `null` for the start of trials, or where epochs are compared.
    align: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    epochs: &'a [String],
    bin_ms: f64,
    average_times: bool,
    #[serde(flatten)]
    matched: &'a MatchedParts,
    /// Why the halves of the trials are not compared, where they would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_halves: Option<String>,
    /// How alike a model could be to all networks or recordings, of RSA where there are three at least.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    noise_ceilings: &'a [Ceiling],
    /// Why there are none, where there would be.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_noise_ceiling: Option<String>,
}

/// A noise ceiling of what all sources have: all units, a group, or one of them in an epoch.
#[derive(Serialize)]
struct Ceiling {
    of: String,
    #[serde(flatten)]
    found: NoiseCeiling,
}

pub fn similarity(args: &SimilarityArgs) -> Result<()> {
    let answer = args.answer.open("similarity", &["matrix", "map"], &[])?;
    let sources = args.source.open(None)?;
    let by = if args.by.is_none() { shared_variables(&sources)? } else { names::of(&args.by).to_vec() };
    let bin = args.bin_width(&sources)?;
    let parts = args.parts(&sources, bin)?;
    let measure = args.measure();
    let (matched, no_halves) = args.matched(&sources, &parts, &by)?;
    let settings = Settings { shuffles: args.shuffles, shuffle: args.shuffle.into(), seed: args.source.seed };
    let n = parts.len();
    let mut bar = steps_bar("pairs", (n * (n + 1) / 2) as u64);
    let found = Similarity::of(&matched.representations, &measure, &settings, &mut |done| {
        bar(done as u64);
        ControlFlow::Continue(())
    })?;
    drop(bar);
    let (noise_ceilings, no_noise_ceiling) = match args.ceilings(sources.len(), &found) {
        Ok(ceilings) => (ceilings, None),
        Err(error) => (Vec::new(), Some(error.to_string())),
    };
    let report = Report {
        found: &found,
        settings: &measure,
        sources: sources.iter().map(|source| &source.about).collect(),
        seed: args.source.seed,
        by: &by,
        align: args.align.as_deref(),
        epochs: names::of(&args.epochs),
        bin_ms: bin,
        average_times: args.average_times,
        matched: &matched,
        no_halves,
        noise_ceilings: &noise_ceilings,
        no_noise_ceiling,
    };
    let samples = matched.conditions.len() * matched.time_ms.len();
    let remark = format!("{}, {samples} samples", args.title(&found));
    answer.figure("matrix", |path| SimilarityMatrix::of(&found, args.measure_label(), &remark).save(path))?;
    answer.figure("map", |path| SimilarityMap::of(&found).save(path))?;
    answer.arrays(|file| arrays(file, &found, &matched))?;
    answer.say(&report, &args.lines(&report), &args.next())
}

impl SimilarityArgs {
    fn measure(&self) -> Measure {
        match self.measure {
            Name::Cka => Measure::Cka,
            Name::CkaDebiased => Measure::CkaDebiased,
            Name::Cca => Measure::Cca { regularisation: self.regularisation },
            Name::Svcca => Measure::Svcca { variance: self.variance },
            Name::Pwcca => Measure::Pwcca { variance: self.variance },
            Name::Procrustes => Measure::Procrustes,
            Name::Angular => Measure::Angular,
            Name::Rsa => Measure::Rsa { rdm: self.rdm, compare: self.compare },
            Name::Dsa => Measure::Dsa(Dsa {
                delays: self.delays,
                interval: self.interval,
                rank: self.rank,
                ridge: self.ridge,
                score: self.score.into(),
                starts: self.starts,
            }),
        }
    }

    /// Another measure of the same.
    fn next(&self) -> String {
        let mut words = vec![format!("nn4n analyze similarity {}", self.source.again())];
        let mut add = |flag: &str, value: Option<String>| {
            if let Some(value) = value {
                words.push(format!("--{flag} {}", shell_word(&value)));
            }
        };
        add("groups", self.groups.as_ref().map(Names::to_string));
        add("epochs", self.epochs.as_ref().map(Names::to_string));
        add("align", self.align.clone());
        add("by", self.by.as_ref().map(Names::to_string));
        add("bin", self.bin.map(|bin| bin.to_string()));
        let other = if self.measure == Name::Dsa { "cka-debiased" } else { "dsa" };
        words.push(format!("--measure {other}"));
        words.join(" ")
    }
}

impl From<Score> for DsaScore {
    fn from(score: Score) -> Self {
        match score {
            Score::Angular => Self::Angular,
            Score::Wasserstein => Self::Wasserstein,
        }
    }
}

impl From<Shuffled> for Shuffle {
    fn from(shuffled: Shuffled) -> Self {
        match shuffled {
            Shuffled::Rows => Self::Rows,
            Shuffled::Conditions => Self::Conditions,
        }
    }
}
