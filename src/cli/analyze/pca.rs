//! `nn4n analyze pca`

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use ndarray::Array1;
use nn4n_analysis::geometry::{
    Pca,
    pca::{Normalization, Settings},
};
use serde::Serialize;

use super::{
    answer::AnswerArgs,
    progress::{Watched, watched},
    source::{Source, SourceAbout, SourceArgs},
    window::{by_condition, mean_trajectories, of_epoch, scored, shown, states},
};
use crate::{
    cli::names::{self, Names},
    plot::{Scree, StateAxis, StateSpaceText, Trajectories},
};

/// Numbers of components on the terminal.
const SAID: usize = 8;
/// Components of which there are scores at most, unless another number is asked for.
const SCORES: usize = 10;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze pca song2016-rdm-ei --out runs/pca
  nn4n analyze pca song2016-mante-ei --average condition --epoch stimulus --by motion_coherence --out runs/pca
  nn4n analyze pca --activity recording.npz --conditions trials.csv --average condition --normalize soft --json")]
pub struct PcaArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Only the steps of this epoch
    #[arg(long, value_name = "EPOCH")]
    epoch: Option<String>,
    /// Means over trials of the same values of these variables in place of trials; `condition` for all variables. Units
    /// need not have been recorded together
    #[arg(long, value_name = "VARIABLE,..|condition")]
    average: Option<Names>,
    /// How rates of units are made comparable
    #[arg(long, value_enum, default_value_t = Normalize::None)]
    normalize: Normalize,
    /// How often units are shuffled against each other, trials in another order and moved, for the null; 0 for none
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = super::count::count)]
    shuffles: usize,
    /// Components of which the arrays have scores, state by state [default: those with 95 % of the variance, 10 at most]
    #[arg(long, value_name = "N", requires = "out", value_parser = super::count::count)]
    scores: Option<usize>,
    /// The variable whose means the figure shows [default: the first with 2 to 12 values]
    #[arg(long, value_name = "VARIABLE")]
    by: Option<String>,
    #[command(flatten)]
    answer: AnswerArgs,
}

/// As on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Normalize {
    /// As they are
    None,
    /// Divided by their standard deviation
    Zscore,
    /// Divided by their range plus 5 % of the largest range
    Soft,
}

impl From<Normalize> for Normalization {
    fn from(normalize: Normalize) -> Self {
        match normalize {
            Normalize::None => Self::None,
            Normalize::Zscore => Self::Zscore,
            Normalize::Soft => Self::Soft,
        }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    /// What the states are.
    states: &'a str,
    epoch: Option<&'a str>,
    average: &'a [String],
    /// Steps at which nothing was recorded.
    missing_steps: usize,
    #[serde(flatten)]
    found: &'a Pca,
}

pub fn pca(args: &PcaArgs) -> Result<()> {
    let answer = args.answer.open("pca", &["scree", "trajectories"], &["trajectories.html"])?;
    let source = args.source.open_one(None)?;
    let epoch = args.epoch.as_deref();
    let (states, missing_steps, said) = states(&source.activity, epoch, names::of(&args.average))?;
    let settings = Settings { normalization: args.normalize.into(), shuffles: args.shuffles, seed: args.source.seed };
    let found = watched("shuffles", args.shuffles, |watch: Watched<'_>| Pca::of(states, &settings, watch))?;
    answer.figure("scree", |path| Scree::of(&found).save(path))?;
    let (drawn, undrawn) = match trajectories(args, &source, &found) {
        Err(why) if args.by.is_none() => (None, Some(why)),
        drawn => (drawn?, None),
    };
    if let Some(figure) = drawn {
        answer.figure("trajectories", |path| figure.save(path))?;
        let text = StateSpaceText {
            title: format!("Principal components of {}", source.name),
            subtitle: format!("{said}; {}", figure.remark),
            details: Vec::new(),
        };
        answer.file("trajectories.html", |path| figure.save_html(path, &text))?;
    } else if args.by.is_some() {
        bail!("--by: activity varies along one direction alone, so that there are no trajectories to draw");
    }
    let (most, all) = (args.scores.unwrap_or(found.components_95.min(SCORES)), found.axes.nrows());
    if most > all {
        bail!("--scores {most}: must be at most {all}, the components that there are");
    }
    answer.arrays(|file| {
        let of_states = scored(&source.activity, epoch, names::of(&args.average))?;
        let [first, second] = if args.average.is_none() { ["trial", "step"] } else { ["condition", "bin"] };
        let places = |end: fn(&(usize, usize)) -> usize| -> Array1<i64> {
            of_states.of.iter().map(|of| end(of) as i64).collect()
        };
        Ok(file
            .array("scores", &found.coordinates(of_states.rows.view(), most))?
            .axes(["states", "components"])
            .array(&format!("score_{first}"), &places(|of| of.0))?
            .axes(["states"])
            .array(&format!("score_{second}"), &places(|of| of.1))?
            .axes(["states"])
            .array("axes", &found.axes)?
            .axes(["components", "units"])
            .array("mean", &found.mean)?
            .axes(["units"])
            .array("scale", &found.scale)?
            .axes(["units"])
            .array("explained_variance", &Array1::from(found.explained_variance.clone()))?
            .axes(["components"]))
    })?;
    let report = Report {
        about: &source.about,
        states: &said,
        epoch,
        average: names::of(&args.average),
        missing_steps,
        found: &found,
    };
    let mut lines = terminal(&report);
    lines.extend(undrawn.map(|why| format!("trajectories are not drawn: {why}")));
    answer.say(&report, &lines, &format!("nn4n analyze jpca {}", args.source.again()))
}

/// Means over trials along the first components.
fn trajectories(args: &PcaArgs, source: &Source, found: &Pca) -> Result<Option<Trajectories>> {
    let n = found.axes.nrows().min(3);
    if n < 2 {
        return Ok(None);
    }
    let means = shown(&of_epoch(&source.activity, args.epoch.as_deref())?, args.by.as_deref())?;
    let along = by_condition(&found.coordinates(means.rows().view(), n), means.conditions.len());
    let axis = |place: usize| StateAxis {
        name: format!("PC {}", place + 1),
        variance: Some(found.explained_variance_ratio[place].clamp(0.0, 1.0)),
    };
    Ok(Some(mean_trajectories(&means, (0..n).map(axis).collect(), &along)))
}

fn terminal(report: &Report<'_>) -> Vec<String> {
    let found = report.found;
    let null = &found.independent_noise;
    let seed = report.about.seed;
    let missing = match report.missing_steps {
        0 => String::new(),
        steps => format!(", {steps} steps without a record left out"),
    };
    let first: Vec<String> = found.cumulative().iter().take(SAID).map(|sum| format!("{:.1}", 100.0 * sum)).collect();
    let mut lines = vec![
        format!("states       {} of {} units: {}{missing}; seed {seed}", found.samples, found.units, report.states),
        format!(
            "units        {} silent; normalisation {}",
            found.silent_units,
            serde_json::to_value(found.settings.normalization).map_or_else(|_| String::new(), |name| name.to_string())
        )
        .replace('"', ""),
        format!("dimensions   participation ratio {:.3}", found.participation_ratio),
        format!("components   {} for 90 %, {} for 95 % of the variance", found.components_90, found.components_95),
        format!("cumulative   {} %", first.join(" ")),
        match null.participation_ratio {
            Some(ratio) => format!(
                "null         {ratio:.1}: independent noise with {:.0} states that count, one each {:.0} ms",
                null.effective_samples, null.correlation_time_ms
            ),
            None => {
                format!("null         none: states correlate over {:.0} ms and count as one", null.correlation_time_ms)
            }
        },
    ];
    if let Some(shuffled) = &found.shuffled {
        lines.push(format!(
            "shuffled     {:.1} on average over {} shuffles of units apart; {} components hold more than 95 % of them",
            shuffled.participation_ratio, found.settings.shuffles, shuffled.components_above
        ));
    }
    lines
}
