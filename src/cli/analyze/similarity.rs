//! `nn4n analyze similarity`

use std::ops::ControlFlow;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use ndarray::{Array2, Array3, Axis};
use nn4n_analysis::{
    Activity, Similarity,
    similarity::{
        Comparator, Control, Dsa, DsaScore, Dynamics, MatchedParts, Matching, Measure, NoiseCeiling, Part, RdmDistance,
        Settings, Shuffle,
    },
};
use nn4n_tasks::{Condition, Labels};
use serde::Serialize;

use super::{
    answer::{AnswerArgs, Arrays, rows},
    source::{Source, SourceAbout, SourceArgs},
};
use crate::{
    cli::{
        choice::choice,
        names::{self, Names},
        output::shell_word,
    },
    evaluate::ADDED,
    plot::{SimilarityMap, SimilarityMatrix},
    terminal::steps_bar,
};

/// Steps of time that differ by less than this part are one.
const SAME: f64 = 1e-6;
/// Bins that steps of different lengths have in common are at most so many times the longest step.
const WIDEST: f64 = 10.0;
/// The fewest networks or recordings of which a noise ceiling says something.
const SUBJECTS: usize = 3;
/// Names in a table of the terminal.
const IN_TABLE: usize = 12;

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
    /// DSA: states that are joined, 1 for the present one alone
    #[arg(long, value_name = "N", default_value_t = Dsa::default().delays)]
    delays: usize,
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
    let remark = format!("{}, {samples} samples", args.title());
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

    /// The width of a bin, ms: a whole number of steps of every source.
    fn bin_width(&self, sources: &[Source]) -> Result<f64> {
        let steps: Vec<f64> = sources.iter().map(|source| source.activity.dt()).collect();
        let longest = steps.iter().copied().fold(0.0, f64::max);
        let divides = |bin: f64, step: f64| {
            let times = (bin / step).round();
            times >= 1.0 && (bin - times * step).abs() <= SAME * bin
        };
        if let Some(bin) = self.bin {
            return match sources.iter().find(|source| !divides(bin, source.activity.dt())) {
                None => Ok(bin),
                Some(source) => bail!(
                    "--bin {bin}: must be a whole number of steps, but those of {} are {} ms; choose a multiple",
                    source.name,
                    source.activity.dt()
                ),
            };
        }
        let multiples = (1..).map(|times| f64::from(times) * longest).take_while(|bin| *bin <= WIDEST * longest);
        let found = multiples.into_iter().find(|bin| steps.iter().all(|step| divides(*bin, *step)));
        found.with_context(|| {
            let steps: Vec<String> = steps.iter().map(ToString::to_string).collect();
            format!(
                "steps of {} ms have no short bin in common; simulate networks at another step (--dt), or name a bin \
                 (--bin)",
                steps.join(" and ")
            )
        })
    }

    /// What is compared: each source, its areas, its epochs.
    fn parts(&self, sources: &[Source], bin: f64) -> Result<Vec<Part>> {
        let mut parts: Vec<Part> = Vec::new();
        for source in sources {
            let steps = (bin / source.activity.dt()).round() as usize;
            for (group, activity) in self.of_groups(source)? {
                let activity = activity.as_ref().unwrap_or(&source.activity);
                let named = |epoch: Option<&str>| self.name(&parts, sources.len(), source, group, epoch);
                let of_epochs = if names::of(&self.epochs).is_empty() {
                    let of_all = Part::of(named(None), activity, self.align.as_deref(), steps);
                    vec![of_all.with_context(|| source.name.clone())?]
                } else {
                    let of_epoch = |epoch: &String| {
                        let part = Part::within(named(Some(epoch.as_str())), activity, epoch, steps);
                        part.with_context(|| source.name.clone())
                    };
                    names::of(&self.epochs).iter().map(of_epoch).collect::<Result<Vec<_>>>()?
                };
                parts.extend(of_epochs);
            }
        }
        if parts.len() < 2 {
            bail!(
                "{} is named, but two are compared at least; name another network or recording, areas (--groups), or \
                 epochs (--epochs)",
                parts.first().map_or("nothing", |part| part.name.as_str())
            );
        }
        Ok(parts)
    }

    /// The activity of each group; all units alone where no groups are named.
    fn of_groups<'a>(&'a self, source: &Source) -> Result<Vec<(Option<&'a str>, Option<Activity>)>> {
        if names::of(&self.groups).is_empty() {
            return Ok(vec![(None, None)]);
        }
        let of_group = |name: &'a String| {
            let known = || {
                let names: Vec<&str> = source.groups.iter().map(|group| group.name.as_str()).collect();
                if names.is_empty() { "none is known".into() } else { format!("there are {}", names.join(", ")) }
            };
            let found = source.groups.iter().find(|group| group.name == *name);
            let group =
                found.with_context(|| format!("--groups {name}: {} has no such group; {}", source.name, known()))?;
            Ok((Some(name.as_str()), Some(source.activity.with_units(&group.units)?)))
        };
        names::of(&self.groups).iter().map(of_group).collect()
    }

    /// What tells a part from the others, numbered where the same is named twice.
    fn name(
        &self,
        before: &[Part],
        sources: usize,
        source: &Source,
        group: Option<&str>,
        epoch: Option<&str>,
    ) -> String {
        let needs_source = sources > 1 || (group.is_none() && epoch.is_none());
        let words = [needs_source.then_some(source.name.as_str()), group, epoch];
        let name = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let is_free = |name: &str| before.iter().all(|part| part.name != name);
        let numbered = (2..).map(|number| format!("{name} ({number})"));
        std::iter::once(name.clone()).chain(numbered).find(|name| is_free(name)).unwrap_or(name)
    }

    /// Rows of all parts; with why there are no halves of the trials, where DSA would compare them.
    fn matched(&self, sources: &[Source], parts: &[Part], by: &[String]) -> Result<(MatchedParts, Option<String>)> {
        let is_rsa = |distances: &[RdmDistance]| self.measure == Name::Rsa && distances.contains(&self.rdm);
        let matching = Matching {
            by: by.to_vec(),
            average_times: self.average_times,
            folds: is_rsa(&[RdmDistance::Crossnobis]).then_some(self.folds),
            noise: is_rsa(&[RdmDistance::Crossnobis, RdmDistance::Mahalanobis]),
        };
        let plain = || MatchedParts::of(parts, &matching);
        if self.measure != Name::Dsa {
            return Ok((plain()?, None));
        }
        if sources.iter().any(|source| source.about.noise == Some(false)) {
            return Ok((plain()?, Some("trials without noise are copies of one another".into())));
        }
        match MatchedParts::of(parts, &Matching { folds: Some(2), ..matching.clone() }) {
            Ok(matched) => Ok((matched, None)),
            Err(error) => Ok((plain()?, Some(error.to_string()))),
        }
    }

    /// Of what is the same in each source; none where there are too few, or the measure is another.
    fn ceilings(&self, sources: usize, found: &Similarity) -> Result<Vec<Ceiling>> {
        if self.measure != Name::Rsa || sources < SUBJECTS {
            return Ok(Vec::new());
        }
        // Parts follow one another source by source, group by group, epoch by epoch.
        let of_source = found.rdms.len() / sources;
        let of = |place: usize| {
            let rdms: Vec<_> = found.rdms.iter().skip(place).step_by(of_source).cloned().collect();
            let (groups, epochs_named) = (names::of(&self.groups), names::of(&self.epochs));
            let epochs = epochs_named.len().max(1);
            let words = [groups.get(place / epochs), epochs_named.get(place % epochs)];
            let words: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
            let of = if words.is_empty() { "all units".into() } else { words.join(" ") };
            Ok(Ceiling { of, found: NoiseCeiling::of(&rdms, self.compare)? })
        };
        (0..of_source).map(of).collect()
    }

    /// The measure with what it depends on.
    fn title(&self) -> String {
        let name = self.measure_label().trim_end_matches(" (rad)");
        match self.measure {
            Name::Svcca | Name::Pwcca => format!("{name}, {} % of the variance", 100.0 * self.variance),
            Name::Cca if self.regularisation > 0.0 => format!("{name}, regularisation {}", self.regularisation),
            Name::Rsa => format!("{name}, {} distances, {}", self.rdm.tag(), self.compare.tag()),
            Name::Dsa if self.delays > 1 => format!("{name}, {} delays", self.delays),
            _ => name.into(),
        }
    }

    fn measure_label(&self) -> &'static str {
        match (self.measure, self.score) {
            (Name::Cka, _) => "CKA",
            (Name::CkaDebiased, _) => "Debiased CKA",
            (Name::Cca, _) => "CCA",
            (Name::Svcca, _) => "SVCCA",
            (Name::Pwcca, _) => "PWCCA",
            (Name::Procrustes, _) => "Procrustes",
            (Name::Angular, _) => "Angular distance (rad)",
            (Name::Rsa, _) => "RSA",
            (Name::Dsa, Score::Angular) => "DSA (rad)",
            (Name::Dsa, Score::Wasserstein) => "DSA",
        }
    }

    fn lines(&self, report: &Report<'_>) -> Vec<String> {
        let (found, matched) = (report.found, report.matched);
        let kind = if found.is_distance { "a distance" } else { "a similarity" };
        let by = if report.by.is_empty() { "all trials together".into() } else { report.by.join(", ") };
        let mut lines = vec![
            format!("measure      {}: {kind}; seed {}", self.title(), report.seed),
            format!(
                "rows         {} conditions ({by}) x {} times, bins of {} ms from {}",
                matched.conditions.len(),
                matched.time_ms.len(),
                report.bin_ms,
                self.start()
            ),
        ];
        lines.extend(matched.parts.iter().map(|part| {
            let shrinkage = part.shrinkage.map_or(String::new(), |part| format!(", noise shrunk by {part:.3}"));
            format!(
                "  {}: {} units, {} trials; left out: {} trials, {} times{shrinkage}",
                part.name, part.units, part.trials, part.trials_left_out, part.times_left_out
            )
        }));
        if let Some(dimensions) = &found.dimensions {
            let dimensions: Vec<String> = dimensions.iter().map(ToString::to_string).collect();
            lines.push(format!("dimensions   {}", dimensions.join(" ")));
        }
        lines.extend(table(found));
        lines.extend(found.control.as_ref().map(|control| of_control(found, control)).into_iter().flatten());
        lines.extend(report.noise_ceilings.iter().map(|ceiling| {
            let NoiseCeiling { lower, upper, subjects } = ceiling.found;
            format!(
                "ceiling      {lower:.4} to {upper:.4} ({}): as alike as a model of distances can be to all {subjects}",
                ceiling.of
            )
        }));
        lines.extend(report.no_noise_ceiling.iter().map(|reason| format!("no ceiling   {reason}")));
        if let Some(dynamics) = &found.dynamics {
            lines.extend(of_dynamics(found, dynamics, report.no_halves.as_deref()));
        }
        lines.push(format!(
            "map          two dimensions show {:.1} % of the distances ({}); stress {:.3}",
            100.0 * found.map.variance,
            found.map_of,
            found.map.stress
        ));
        lines
    }

    fn start(&self) -> String {
        match (&self.align, names::of(&self.epochs).is_empty()) {
            (Some(epoch), _) => format!("the start of {epoch}"),
            (None, true) => "the start of the trial".into(),
            (None, false) => "the start of each epoch".into(),
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

/// The variables of the tasks that all sources have; of recordings alone those of which values recur.
fn shared_variables(sources: &[Source]) -> Result<Vec<String>> {
    let known: Vec<Vec<String>> = sources.iter().map(|source| source.activity.trials().variables()).collect();
    let catch = Condition::catch();
    let is_asked = |name: &String| !ADDED.contains(&name.as_str()) && catch.get(name).is_none();
    let of_tasks = sources.iter().filter_map(|source| source.task.as_ref()).map(|task| task.conditions());
    let of_tasks: Vec<Vec<Condition>> = of_tasks.collect();
    let recurs = |name: &String| {
        sources.iter().all(|source| {
            let trials = source.activity.trials();
            trials.variable(name).is_ok_and(|variable| 2 * variable.classes().names.len() <= trials.len())
        })
    };
    let is_of_tasks = |name: &String| {
        of_tasks.iter().all(|conditions| conditions.iter().any(|condition| condition.get(name).is_some()))
    };
    let candidates = known.first().into_iter().flatten();
    let in_all = candidates.filter(|name| known.iter().all(|names| names.contains(name)) && is_asked(name));
    let found: Vec<String> =
        in_all.filter(|name| if of_tasks.is_empty() { recurs(name) } else { is_of_tasks(name) }).cloned().collect();
    if found.is_empty() && known.iter().any(|names| !names.is_empty()) {
        let of_source = |(source, names): (&Source, &Vec<String>)| format!("{} has {}", source.name, names.join(", "));
        let all: Vec<String> = sources.iter().zip(&known).map(of_source).collect();
        bail!("no variable whose values recur is had by all ({}); name some with --by", all.join("; "));
    }
    Ok(found)
}

/// Values of all pairs, or the number of them where they are many.
fn table(found: &Similarity) -> Vec<String> {
    let n = found.names.len();
    if n > IN_TABLE {
        return vec![format!("matrix       {n} x {n}: see the figure, or --json")];
    }
    let width = found.names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let row = |(name, values): (&String, &Vec<f64>)| {
        let values: Vec<String> = values.iter().map(|value| format!("{value:>8.4}")).collect();
        format!("  {name:>width$} {}", values.join(" "))
    };
    std::iter::once("matrix".to_owned()).chain(found.names.iter().zip(&found.matrix).map(row)).collect()
}

/// What chance gives, pair by pair where they are few.
fn of_control(found: &Similarity, control: &Control) -> Vec<String> {
    let what = match control.shuffle {
        Shuffle::Rows => "samples",
        Shuffle::Conditions => "conditions",
    };
    let mut lines = vec![format!("chance       of {} shuffles of {what}", control.shuffles)];
    let n = found.names.len();
    if n > IN_TABLE / 2 {
        let all: Vec<f64> = control.p.iter().flatten().flatten().copied().collect();
        let least = all.iter().filter(|p| **p <= 0.05).count() / 2;
        lines.push(format!("  {least} of {} pairs have p <= 0.05", all.len() / 2));
        return lines;
    }
    for i in 0..n {
        for j in i + 1..n {
            if let (Some(mean), Some(extreme), Some(p)) = (control.mean[i][j], control.extreme[i][j], control.p[i][j]) {
                let names = format!("{} and {}", found.names[i], found.names[j]);
                lines.push(format!("  {names}: mean {mean:.4}, 5 % reach {extreme:.4}, p = {p:.3}"));
            }
        }
    }
    lines
}

fn of_dynamics(found: &Similarity, dynamics: &Dynamics, no_halves: Option<&str>) -> Vec<String> {
    let how = match dynamics.held_out.iter().find(|error| error.rank == dynamics.rank) {
        Some(error) => {
            format!("held-out error {:.4} +- {:.4} of what changes in a bin", error.error, error.standard_error)
        }
        None => "as it was asked for".into(),
    };
    let mut lines = vec![format!("dynamics     rank {}: {how}", dynamics.rank)];
    for (place, name) in found.names.iter().enumerate() {
        let halves = dynamics.between_halves[place].map_or("not known".into(), |angle| format!("{angle:.4}"));
        let identity = dynamics.to_identity[place];
        lines.push(format!("  {name}: between halves of the trials {halves}; to the identity {identity:.4} rad"));
    }
    if let Some(reason) = no_halves {
        lines.push(format!("  no halves: {reason}"));
    }
    if let (Some(spread), Some(starts)) = (&dynamics.spread, &dynamics.starts_to_best) {
        let pairs = || (0..spread.len()).flat_map(|i| (i + 1..spread.len()).map(move |j| (i, j)));
        let largest = pairs().map(|(i, j)| spread[i][j]).fold(0.0, f64::max);
        let fewest = pairs().map(|(i, j)| starts[i][j]).min().unwrap_or(0);
        lines.push(format!(
            "search       starts end up to {largest:.4} rad apart; the best is reached by {fewest} at least"
        ));
    }
    lines
}

fn arrays(file: Arrays, found: &Similarity, matched: &MatchedParts) -> Result<Arrays> {
    let square = |values: &[Vec<f64>]| rows(values.iter().map(Vec::as_slice));
    let mut file = file
        .labels("names", &Labels::Words(found.names.clone()))?
        .axes(["compared"])
        .array("matrix", &square(&found.matrix))?
        .axes(["compared", "compared"])
        .array("map", &Array2::from_shape_fn((found.map.places.len(), 2), |(i, axis)| found.map.places[i][axis]))?
        .axes(["compared", "axes of the map"])
        .array("time_ms", &ndarray::Array1::from(matched.time_ms.clone()))?
        .axes(["times"])
        .unit("ms");
    if let Some(control) = &found.control {
        let known = |values: &[Vec<Option<f64>>]| {
            let values: Vec<Vec<f64>> =
                values.iter().map(|row| row.iter().map(|value| value.unwrap_or(f64::NAN)).collect()).collect();
            square(&values)
        };
        file = file
            .array("chance_mean", &known(&control.mean))?
            .axes(["compared", "compared"])
            .array("chance_extreme", &known(&control.extreme))?
            .axes(["compared", "compared"])
            .array("p", &known(&control.p))?
            .axes(["compared", "compared"]);
    }
    if !found.rdms.is_empty() {
        file = file
            .array("rdm", &rows(found.rdms.iter().map(|rdm| rdm.values.as_slice())))?
            .axes(["compared", "pairs of conditions"]);
    }
    if let Some(dynamics) = &found.dynamics {
        let maps: Vec<_> = dynamics.maps.iter().map(|map| map.view()).collect();
        let maps: Array3<f64> = ndarray::stack(Axis(0), &maps)?;
        file = file.array("dynamics", &maps)?.axes(["compared", "to", "from"]);
    }
    for (place, representation) in matched.representations.iter().enumerate() {
        file = file.array(&format!("means_{place}"), &representation.means)?.axes(["conditions", "times", "units"]);
    }
    Ok(file)
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
