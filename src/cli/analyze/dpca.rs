//! `nn4n analyze dpca`

use anyhow::Result;
use clap::Args;
use ndarray::Array1;
use nn4n_analysis::geometry::{
    Dpca,
    dpca::{Component, Ridge, Settings, grid},
};
use serde::Serialize;

use super::{
    answer::AnswerArgs,
    progress::{Watched, watched},
    source::{SourceAbout, SourceArgs, repetitions},
    window::{WindowArgs, no_variables, variables},
};
use crate::{
    cli::{
        names::{self, Names},
        output::shell_word,
    },
    plot::{DemixedComponents, DemixedVariance},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze dpca song2016-rdm-ei --variables coherence --out runs/dpca
  nn4n analyze dpca song2016-mante-ei --variables context,motion_coherence --align stimulus --bin 50 --out runs/dpca
  nn4n analyze dpca --activity recording.npz --conditions trials.csv --variables stimulus,decision --json")]
pub struct DpcaArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    window: WindowArgs,
    /// One to three variables; every combination of their values needs trials
    #[arg(long, value_name = "VARIABLE,..")]
    variables: Option<Names>,
    /// Most components of each marginalisation
    #[arg(long, value_name = "N", default_value_t = Settings::default().components, value_parser = super::count::count)]
    components: usize,
    /// The strength of the ridge, lambda, in place of cross-validation
    #[arg(long, value_name = "LAMBDA", conflicts_with = "repetitions")]
    ridge: Option<f64>,
    /// Repetitions of cross-validation, each with one trial of every condition and unit left out [default: 5]
    #[arg(long, value_name = "N")]
    repetitions: Option<usize>,
    /// Keep interactions with time apart from what they are of
    #[arg(long)]
    separate_time: bool,
    /// Shuffles of trials over conditions for the significance; 0 for none
    #[arg(long, value_name = "N", default_value_t = Settings::default().shuffles, value_parser = super::count::count)]
    shuffles: usize,
    /// Trials of each condition left out in turn for the accuracy
    #[arg(long, value_name = "N", default_value_t = Settings::default().splits, value_parser = super::count::count)]
    splits: usize,
    /// A component is significant where it is so for this long at least, ms
    #[arg(long, value_name = "MS", default_value_t = Settings::default().lasting_ms)]
    lasting: f64,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    /// What should be looked at.
    warnings: Vec<String>,
    #[serde(flatten)]
    found: &'a Dpca,
}

pub fn dpca(args: &DpcaArgs) -> Result<()> {
    let answer = args.answer.open("dpca", &["components", "variance"], &[])?;
    let settings = args.settings();
    // What is cross-validated leaves trials out, of which no other may be the same.
    let is_validated = settings.shuffles > 0 || matches!(settings.ridge, Ridge::CrossValidated(_));
    let source = if is_validated { args.source.open_one_independent(None)? } else { args.source.open_one(None)? };
    let trials = source.activity.trials();
    if names::of(&args.variables).is_empty() {
        return no_variables(trials, "--variables");
    }
    let (window, bin) = args.window.open(&source.activity, None)?;
    let by = variables(trials, names::of(&args.variables));
    let found =
        watched("fits", Dpca::work(&settings), |watch: Watched<'_>| Dpca::of(&window, bin, &by, &settings, watch));
    let found = source.about.explained(found)?;
    answer.figure("components", |path| DemixedComponents::of(&found).save(path))?;
    answer.figure("variance", |path| DemixedVariance::of(&found).save(path))?;
    answer.arrays(|file| {
        Ok(file
            .array("encoders", &found.encoders)?
            .axes(["components", "units"])
            .array("decoders", &found.decoders)?
            .axes(["components", "units"])
            .array("projections", &found.projections)?
            .axes(["components", "conditions", "times"])
            .array("time_ms", &Array1::from(found.time_ms.clone()))?
            .axes(["times"])
            .unit("ms"))
    })?;
    let report = Report { about: &source.about, warnings: warnings(&found), found: &found };
    let mut lines = terminal(&report);
    lines.extend(repetitions(source.about.repeated_trials));
    lines.insert(1, format!("window       {}", args.window.said(&window, bin)));
    answer.say(
        &report,
        &lines,
        &format!(
            "nn4n analyze tdr {} --variables {}",
            args.source.again(),
            shell_word(&names::joined(&found.variables))
        ),
    )
}

impl DpcaArgs {
    fn settings(&self) -> Settings {
        let standard = Settings::default();
        Settings {
            components: self.components,
            ridge: match (self.ridge, self.repetitions) {
                (Some(ridge), _) => Ridge::Fixed(ridge),
                (None, Some(repetitions)) => Ridge::CrossValidated(repetitions),
                (None, None) => standard.ridge,
            },
            join_time: !self.separate_time,
            shuffles: self.shuffles,
            splits: self.splits,
            lasting_ms: self.lasting,
            seed: self.source.seed,
            ..standard
        }
    }
}

fn warnings(found: &Dpca) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(of) = found.cross_validation.as_ref().filter(|of| of.is_at_border) {
        let (first, last) = (of.ridges[0], of.ridges[of.ridges.len() - 1]);
        warnings.push(format!(
            "the best ridge, {:.1e}, lies at an end of those tried, {first:.0e} to {last:.0e}; a better one may lie \
             beyond",
            found.ridge
        ));
    }
    let lasting = (found.settings.lasting_ms, found.time_ms.len() as f64 * step(found));
    if found.settings.shuffles > 0 && lasting.0 > lasting.1 {
        warnings.push(format!(
            "nothing can be significant: the window has {:.0} ms, but {:.0} in a row are asked for",
            lasting.1, lasting.0
        ));
    }
    warnings
}

fn step(found: &Dpca) -> f64 {
    found.time_ms.windows(2).map(|pair| pair[1] - pair[0]).next().unwrap_or(0.0)
}

fn terminal(report: &Report<'_>) -> Vec<String> {
    let found = report.found;
    let pseudo = if found.pseudo_trials { "; units were not recorded together: pseudo-trials" } else { "" };
    let mut lines = vec![format!(
        "trials       {} of {} conditions, {} at least of each; {} units{pseudo}; seed {}",
        found.trials.words(),
        found.conditions.len(),
        found.fewest_trials,
        found.units,
        report.about.seed
    )];
    lines.push(match &found.cross_validation {
        Some(of) => format!(
            "ridge        {:.2e}, of {} from {:.0e} to {:.1e}: the least error over {} repetitions, each with one \
             trial of every condition and unit left out",
            found.ridge,
            of.ridges.len(),
            grid()[0],
            of.ridges[of.ridges.len() - 1],
            of.repetitions
        ),
        None => format!("ridge        {:.2e}, as given", found.ridge),
    });
    let parts: Vec<String> =
        found.parts.iter().map(|part| format!("{} alone {:.1} %", part.name, 100.0 * part.variance)).collect();
    lines.push(format!("variance     {}", parts.join(", ")));
    let k = found.cumulative.len();
    lines.push(format!(
        "explained    {:.1} % by all {k} components together, {:.1} % by as many principal components",
        100.0 * found.cumulative[k - 1],
        100.0 * found.cumulative_pca[k - 1]
    ));
    lines.extend(found.components.iter().filter(|one| one.number <= 2).map(|one| component(found, one)));
    if found.settings.shuffles > 0 {
        lines.push(format!(
            "significant  where the accuracy of {} splits is above all of {} shuffles, for {} ms at least",
            found.settings.splits, found.settings.shuffles, found.settings.lasting_ms
        ));
    }
    lines.extend(report.warnings.iter().map(|warning| format!("warning: {warning}")));
    lines
}

fn component(found: &Dpca, one: &Component) -> String {
    let name = format!("{} {}", found.marginalisations[one.marginalisation].name, one.number);
    let own = one.explained_by_marginalisation[one.marginalisation];
    let significant = match &one.significance {
        Some(of) => {
            let bins = of.is_significant.iter().filter(|is| **is).count();
            match bins {
                0 => format!(", at no time significant for its {} classes", of.classes),
                _ => format!(", significant for {:.0} ms of {} classes", bins as f64 * step(found), of.classes),
            }
        }
        None => String::new(),
    };
    let (all, own) = (100.0 * one.explained, 100.0 * own);
    format!("  {name:<36} {all:>6.2} % of the variance, {own:>6.2} of it with time{significant}")
}
