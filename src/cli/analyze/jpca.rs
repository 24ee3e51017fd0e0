//! `nn4n analyze jpca`

use anyhow::{Result, bail};
use clap::Args;
use ndarray::{Array1, Axis, s};
use nn4n_analysis::geometry::{Jpca, TrialCounts, jpca::Settings};
use serde::Serialize;

use super::{
    answer::AnswerArgs,
    pca::Normalize,
    progress::{Watched, watched},
    source::{SourceAbout, SourceArgs},
    window::{WindowArgs, no_variables, variables},
};
use crate::{
    cli::names::Names,
    plot::{AgainstRandomFigure, RandomRow, StateAxis, Trajectories, Trajectory},
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze jpca song2016-rdm-ei --variables coherence --components 4 --out runs/jpca
  nn4n analyze jpca runs/reaching --align go --from 0 --to 400 --out runs/jpca
  nn4n analyze jpca --activity recording.npz --conditions trials.csv --variables target --epoch movement --json")]
pub struct JpcaArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    window: WindowArgs,
    /// Means over trials of the same values of these variables
    #[arg(long, value_name = "VARIABLE,..|condition", default_value = "condition")]
    variables: Names,
    /// Principal components in which rotations are looked for, an even number
    #[arg(long, value_name = "N", default_value_t = Settings::default().components, value_parser = super::count::count)]
    components: usize,
    /// How rates of units are made comparable
    #[arg(long, value_enum, default_value_t = Normalize::Soft)]
    normalize: Normalize,
    /// Surrogates of maximum entropy to compare with; 0 for none
    #[arg(long, value_name = "N", default_value_t = Settings::default().surrogates, value_parser = super::count::count)]
    surrogates: usize,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    variables: &'a [String],
    condition_names: &'a [String],
    trials: TrialCounts,
    time_ms: &'a [f64],
    #[serde(flatten)]
    found: &'a Jpca,
}

pub fn jpca(args: &JpcaArgs) -> Result<()> {
    let answer = args.answer.open("jpca", &["rotations", "surrogates"], &[])?;
    let source = args.source.open_one(None)?;
    let by = variables(source.activity.trials(), &args.variables.0);
    if by.is_empty() {
        return no_variables(source.activity.trials(), "--variables");
    }
    let (window, bin) = args.window.open(&source.activity, None)?;
    let means = window.means(&by)?;
    let settings = Settings {
        components: args.components,
        normalization: args.normalize.into(),
        surrogates: args.surrogates,
        seed: args.source.seed,
    };
    let found =
        watched("surrogates", args.surrogates, |watch: Watched<'_>| Jpca::of(&means.means, bin, &settings, watch))?;
    if found.planes.is_empty() {
        bail!("no plane turns: the skew-symmetric fit is 0; choose another window or other variables");
    }
    let names: Vec<String> = means.conditions.iter().map(|condition| means.name(condition)).collect();
    answer.figure("rotations", |path| rotations(&found, &names).save(path))?;
    if let Some(figure) = surrogates(&found) {
        answer.figure("surrogates", |path| figure.save(path))?;
    }
    answer.arrays(|file| {
        Ok(file
            .array("axes", &found.axes)?
            .axes(["components", "units"])
            .array("projections", &found.projections)?
            .axes(["conditions", "times", "components"])
            .array("matrix", &found.matrix)?
            .axes(["principal components", "principal components"])
            .array("time_ms", &Array1::from(window.time_ms.clone()))?
            .axes(["times"])
            .unit("ms"))
    })?;
    let report = Report {
        about: &source.about,
        variables: &by,
        condition_names: &names,
        trials: window.counts(&means),
        time_ms: &window.time_ms,
        found: &found,
    };
    let mut lines = terminal(&report);
    lines.insert(1, format!("window       {}", args.window.said(&window, bin)));
    answer.say(&report, &lines, &format!("nn4n analyze pca {} --average condition", args.source.again()))
}

/// The first plane, coloured by where each condition begins along its first axis.
fn rotations(found: &Jpca, names: &[String]) -> Trajectories {
    let axis = |place: usize| StateAxis { name: format!("jPC {}", place + 1), variance: None };
    let line = |(place, name): (usize, &String)| {
        let states = found.projections.index_axis(Axis(0), place).slice(s![.., ..2]).to_owned();
        Trajectory { name: name.clone(), value: Some(states[[0, 0]]), states }
    };
    let plane = &found.planes[0];
    Trajectories {
        axes: vec![axis(0), axis(1)],
        lines: names.iter().enumerate().map(line).collect(),
        remark: format!(
            "{:.2} Hz, {:.1} % of the variance over conditions; coloured by the start along jPC 1",
            plane.frequency_hz,
            100.0 * plane.variance
        ),
    }
}

fn surrogates(found: &Jpca) -> Option<AgainstRandomFigure> {
    let (skew, ratio) = (found.surrogates.as_ref()?, found.surrogates_ratio.as_ref()?);
    Some(AgainstRandomFigure {
        quantity: "R²".into(),
        random: "surrogates".into(),
        rows: vec![RandomRow::of("rotations", skew), RandomRow::of("of any linear map's", ratio)],
        angles_deg: Vec::new(),
        remark: format!("{} surrogates of maximum entropy, p = {:.3}", found.settings.surrogates, skew.p_high),
    })
}

fn terminal(report: &Report<'_>) -> Vec<String> {
    let found = report.found;
    let mut lines = vec![
        format!(
            "means        of {} conditions over {}; {} units; seed {}",
            found.conditions,
            report.trials.words(),
            found.units,
            report.about.seed
        ),
        format!(
            "components   {} with {:.1} % of the variance over conditions; the mean over conditions is taken away",
            found.settings.components,
            100.0 * found.components_variance
        ),
        format!("R2           {:.4} of rotations, {:.4} of any linear map", found.r2_skew, found.r2_full),
    ];
    lines.extend(found.planes.iter().enumerate().map(|(place, plane)| {
        format!(
            "  plane {}  {:>8.3} Hz, {:.4} rad a step, {:>5.1} % of the variance",
            place + 1,
            plane.frequency_hz,
            plane.radians_per_step,
            100.0 * plane.variance
        )
    }));
    lines.push(match &found.surrogates {
        Some(of) => format!(
            "surrogates   {:.4} (95 %: {:.4} to {:.4}) of rotations, p = {:.3}: {} draws of maximum entropy with the \
             means and covariances of conditions, times and units",
            of.random, of.random_low, of.random_high, of.p_high, found.settings.surrogates
        ),
        None => "surrogates   none: a rotation may be of what covariances alone make".into(),
    });
    lines
}
