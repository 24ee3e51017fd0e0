//! `nn4n analyze selectivity`

use anyhow::{Result, bail};
use clap::Args;
use ndarray::Array1;
use nn4n_analysis::{
    ChoiceProbability, MixedSelectivity, Roc, Selectivity,
    single_units::mixed_selectivity::{Kind, Settings, by_term},
    single_units::selectivity::Division,
    structure::Group,
};
use serde::Serialize;

use super::{
    answer::{Answer, AnswerArgs},
    single_units::{groups, lesion, median, populations},
    source::{Source, SourceAbout, SourceArgs, repetitions},
};
use crate::cli::{names::Names, output::shell_word};
use crate::evaluate::stimulus;
use crate::plot::{RankedPanel, RankedUnits, ScatterKind, UnitScatter, UnitSeries};

/// Variables of choices, of which trials with the same stimulus are compared.
const CHOICES: [&str; 2] = ["choice", "chose_first"];

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze selectivity song2016-rdm-ei --variable coherence --epoch stimulus --out runs/selectivity
  nn4n analyze selectivity song2016-rdm-ei --variable chose_first --epoch stimulus --trials 100
  nn4n analyze selectivity song2016-mante-ei --variables context,motion_coherence,colour_coherence --epoch stimulus
  nn4n analyze selectivity --activity neurons.npz --conditions trials.csv --variable choice --within coherence

Words are told apart as the first by the alphabet and the others, numbers as above and below 0, or as the larger and
the smaller of two.")]
pub struct SelectivityArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// The variable that divides the trials in two: d', ROC area, and of choices the choice probability
    #[arg(long, value_name = "VARIABLE", required_unless_present = "variables", conflicts_with = "variables")]
    variable: Option<String>,
    /// Variables for a regression with their interactions: pure, linear and nonlinear mixed selectivity
    #[arg(long, value_name = "A,B,..")]
    variables: Option<Names>,
    /// Mean rates in this epoch [default: in the whole trial]
    #[arg(long, value_name = "EPOCH")]
    epoch: Option<String>,
    /// Choice probability within trials with the same values of these [default: all variables but what was done, if the
    /// variable is choice or chose_first]
    #[arg(long, value_name = "A,B,..", conflicts_with = "variables")]
    within: Option<Names>,
    /// Shuffles behind each p
    #[arg(long, value_name = "N", default_value_t = 1000, conflicts_with = "variables",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    shuffles: u32,
    /// Each value of a graded variable as one of its own, as in an analysis of variance
    #[arg(long, requires = "variables")]
    by_value: bool,
    /// What is selective has a p below this
    #[arg(long, value_name = "P", default_value_t = 0.01)]
    alpha: f64,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a, F> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    epoch: Option<&'a str>,
    /// Numbers of the units, in the order of all lists.
    units: &'a [usize],
    alpha: f64,
    groups: &'a [Group],
    #[serde(flatten)]
    found: F,
}

#[derive(Serialize)]
struct Two {
    #[serde(flatten)]
    selectivity: Selectivity,
    roc: Roc,
    choice_probability: Option<ChoiceProbability>,
    /// Why there is none, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_choice_probability: Option<String>,
}

pub fn selectivity(args: &SelectivityArgs) -> Result<()> {
    if !(args.alpha > 0.0 && args.alpha < 1.0) {
        bail!("--alpha {}: must lie between 0 and 1", args.alpha);
    }
    let answer = args.answer.open("selectivity", &["selectivity", "mixed-selectivity"], &[])?;
    let source = args.source.open_one_independent(None)?;
    match (&args.variable, &args.variables) {
        (_, Some(Names(variables))) => mixed(args, &answer, &source, variables),
        (Some(variable), None) => two(args, &answer, &source, variable),
        (None, None) => bail!("--variable or --variables: name what units may be selective for"),
    }
}

fn epoch_words(epoch: Option<&str>) -> String {
    epoch.map_or_else(|| "whole trials".into(), |name| format!("epoch `{name}`"))
}

fn two(args: &SelectivityArgs, answer: &Answer<'_>, source: &Source, variable: &str) -> Result<()> {
    let (activity, epoch) = (&source.activity, args.epoch.as_deref());
    let division = Division::of(&activity.trials().conditions, variable)?;
    let rates = activity.mean_rates(epoch)?;
    let (shuffles, seed) = (args.shuffles as usize, args.source.seed);
    let roc = Roc::of(rates.view(), &division, shuffles, seed)?;
    if roc.unrecorded == source.activity.units() {
        bail!("no unit has a rate in trials of both kinds ({}); look at the rates", epoch_words(args.epoch.as_deref()));
    }
    let within = args.within.clone().map(|Names(names)| names);
    let is_asked = within.is_some();
    let within = within.or_else(|| CHOICES.contains(&variable).then(|| stimulus(activity.trials())));
    let found = within
        .map(|within| ChoiceProbability::of(rates.view(), &division, activity.trials(), &within, shuffles, seed))
        .transpose();
    let (choice_probability, no_choice_probability) = match found {
        Ok(found) => (found, None),
        Err(error) if is_asked => return Err(error.into()),
        Err(error) => (None, Some(error.to_string())),
    };
    let selectivity = Selectivity::between(rates.view(), &division);
    let found = Two { selectivity, roc, choice_probability, no_choice_probability };
    let prefer = |first: bool| {
        let prefers = |unit: &usize| {
            found.roc.p[*unit] < args.alpha && found.roc.auc[*unit] != 0.5 && (found.roc.auc[*unit] > 0.5) == first
        };
        (0..activity.units()).filter(prefers).collect::<Vec<_>>()
    };
    let rest = (0..activity.units()).filter(|unit| found.roc.p[*unit] >= args.alpha).collect();
    let groups =
        groups(source, [("prefers_first", prefer(true)), ("prefers_second", prefer(false)), ("unselective", rest)]);
    let figure = ranked(&found, source, args.alpha);
    answer.figure("selectivity", |path| figure.save(path))?;
    answer.arrays(|file| {
        let array = |values: &[f64]| Array1::from(values.to_vec());
        let file = file
            .array("rates", &rates)?
            .axes(["trials", "units"])
            .array("d_prime", &array(&found.selectivity.d_prime))?
            .axes(["units"])
            .array("auc", &array(&found.roc.auc))?
            .axes(["units"])
            .array("p", &array(&found.roc.p))?
            .axes(["units"]);
        Ok(match &found.choice_probability {
            Some(of) => file
                .array("choice_probability", &array(&of.choice_probability))?
                .axes(["units"])
                .array("choice_probability_p", &array(&of.p))?
                .axes(["units"]),
            None => file,
        })
    })?;
    let lines = lines(&found, source, args, (prefer(true).len(), prefer(false).len()));
    let next = lesion(source, answer.report().as_deref(), &groups).unwrap_or_else(|| {
        format!("nn4n analyze decoding {} --variable {}", args.source.again(), shell_word(variable))
    });
    let report =
        Report { about: &source.about, epoch, units: &source.units, alpha: args.alpha, groups: &groups, found };
    answer.say(&report, &lines, &next)
}

fn lines(found: &Two, source: &Source, args: &SelectivityArgs, (first, second): (usize, usize)) -> Vec<String> {
    let Two { selectivity, roc, .. } = found;
    let sizes = selectivity.d_prime.iter().map(|value| value.abs());
    let finite = sizes.clone().filter(|size| size.is_finite());
    let infinite = sizes.clone().filter(|size| size.is_infinite()).count();
    let mut lines = vec![
        format!(
            "trials       {} with {}, {} with {}; mean rates of {}, seed {}",
            selectivity.trials.0,
            selectivity.prefers_first,
            selectivity.trials.1,
            selectivity.prefers_second,
            epoch_words(args.epoch.as_deref()),
            source.about.seed
        ),
        format!(
            "units        {}: {} constant, {} not recorded in both",
            source.activity.units(),
            roc.constant,
            roc.unrecorded
        ),
        format!(
            "d'           |d'| has a median of {:.3} and reaches {:.3}{}",
            median(sizes).unwrap_or(0.0),
            finite.fold(0.0, f64::max),
            if infinite > 0 { format!("; infinite of {infinite} units without variance") } else { String::new() }
        ),
        format!(
            "ROC area     {first} units prefer {}, {second} {} (p < {}, {} shuffles; by chance {:.1})",
            selectivity.prefers_first,
            selectivity.prefers_second,
            args.alpha,
            roc.shuffles,
            args.alpha * source.activity.units() as f64
        ),
    ];
    if let Some(of) = &found.choice_probability {
        let selective = of.p.iter().filter(|p| **p < args.alpha).count();
        lines.push(format!(
            "choice       probability has a median of {:.3}, and is not 1/2 in {selective} units (p < {}); within {} in {} \
             trials, {} stimuli with fewer than 3 of either choice left out; {} units do not vary",
            median(of.choice_probability.iter().copied()).unwrap_or(f64::NAN),
            args.alpha,
            if of.within.is_empty() { "all trials".into() } else { of.within.join(", ") },
            of.trials,
            of.stimuli_left_out,
            of.constant
        ));
    }
    lines.extend(repetitions(source.about.repeated_trials));
    lines.extend(found.no_choice_probability.iter().map(|why| format!("choice       no probability: {why}")));
    lines
}

/// d', ROC areas and choice probabilities in order.
fn ranked(found: &Two, source: &Source, alpha: f64) -> RankedUnits {
    let populations = populations(source);
    let panel = |quantity: &str, reference: f64, values: &[f64], p: &[f64]| RankedPanel {
        quantity: quantity.into(),
        reference,
        series: populations
            .iter()
            .map(|group| UnitSeries {
                name: group.name.clone(),
                values: group.units.iter().map(|unit| values[*unit]).collect(),
                is_marked: group.units.iter().map(|unit| p[*unit] < alpha).collect(),
            })
            .collect(),
    };
    let mut panels = vec![
        panel("d'", 0.0, &found.selectivity.d_prime, &found.roc.p),
        panel("ROC area", 0.5, &found.roc.auc, &found.roc.p),
    ];
    if let Some(of) = &found.choice_probability {
        panels.push(panel("Choice probability", 0.5, &of.choice_probability, &of.p));
    }
    let Selectivity { prefers_first, prefers_second, .. } = &found.selectivity;
    RankedUnits { panels, remark: format!("large: {prefers_first}, small: {prefers_second}; filled where p < {alpha}") }
}

fn mixed(args: &SelectivityArgs, answer: &Answer<'_>, source: &Source, variables: &[String]) -> Result<()> {
    let settings = Settings { alpha: args.alpha, by_value: args.by_value };
    let found = MixedSelectivity::of(&source.activity, variables, args.epoch.as_deref(), &settings)?;
    let of = |kind: Kind| {
        (0..found.regressions.len()).filter(|unit| found.regressions[*unit].kind == kind).collect::<Vec<_>>()
    };
    let groups = groups(
        source,
        [
            ("nonlinear_mixed", of(Kind::NonlinearMixed)),
            ("linear_mixed", of(Kind::LinearMixed)),
            ("pure", of(Kind::Pure)),
            ("unselective", of(Kind::Unselective)),
        ],
    );
    if let Some(figure) = scatter(&found, variables) {
        answer.figure("mixed-selectivity", |path| figure.save(path))?;
    }
    answer.arrays(|file| {
        Ok(file
            .array("f", &by_term(&found, |unit| &unit.f))?
            .axes(["units", "terms"])
            .array("p", &by_term(&found, |unit| &unit.p))?
            .axes(["units", "terms"])
            .array("partial_r2", &by_term(&found, |unit| &unit.partial_r2))?
            .axes(["units", "terms"]))
    })?;
    let lines = mixed_lines(&found, source, args);
    let next = lesion(source, answer.report().as_deref(), &groups).unwrap_or_else(|| {
        format!("nn4n analyze selectivity {} --variable {}", args.source.again(), shell_word(&variables[0]))
    });
    let report = Report {
        about: &source.about,
        epoch: args.epoch.as_deref(),
        units: &source.units,
        alpha: args.alpha,
        groups: &groups,
        found: &found,
    };
    answer.say(&report, &lines, &next)
}

fn mixed_lines(found: &MixedSelectivity, source: &Source, args: &SelectivityArgs) -> Vec<String> {
    let counts = found.counts;
    let tested = found.regressions.len() - counts.constant - counts.unresolved;
    let part = |count: usize| format!("{count} ({:.0} %)", 100.0 * count as f64 / tested.max(1) as f64);
    let mut lines = vec![
        format!(
            "trials       {}, {} without a value of all variables left out; mean rates of {}, seed {}",
            found.trials,
            found.trials_left_out,
            epoch_words(args.epoch.as_deref()),
            source.about.seed
        ),
        format!(
            "units        {tested} tested at p < {}; {} constant, {} recorded in too few trials",
            found.alpha, counts.constant, counts.unresolved
        ),
        format!(
            "selectivity  pure {}, linear mixed {}, nonlinear mixed {}, none {}",
            part(counts.pure),
            part(counts.linear_mixed),
            part(counts.nonlinear_mixed),
            part(counts.unselective)
        ),
    ];
    lines.extend(repetitions(source.about.repeated_trials));
    for (place, term) in found.terms.iter().enumerate() {
        let of_term = |of: fn(&nn4n_analysis::single_units::mixed_selectivity::Regression) -> &Vec<f64>| {
            found.regressions.iter().filter_map(move |unit| of(unit).get(place).copied())
        };
        lines.push(format!(
            "  {:<36} {:>4} units; partial R2 has a median of {:.3}",
            term.name,
            of_term(|unit| &unit.p).filter(|p| *p < found.alpha).count(),
            median(of_term(|unit| &unit.partial_r2)).unwrap_or(0.0)
        ));
    }
    lines
}

/// The coefficients of the first two variables, or what they explain where one has several coefficients; `None` where no
/// unit was tested.
fn scatter(found: &MixedSelectivity, variables: &[String]) -> Option<UnitScatter> {
    let has_one = found.terms[..2].iter().all(|term| term.columns == 1);
    let kinds = [
        (Kind::Unselective, "unselective"),
        (Kind::Pure, "pure"),
        (Kind::LinearMixed, "linear mixed"),
        (Kind::NonlinearMixed, "nonlinear mixed"),
    ];
    let point = |unit: &nn4n_analysis::single_units::mixed_selectivity::Regression| match has_one {
        true => (unit.coefficients[0][0], unit.coefficients[1][0]),
        false => (unit.partial_r2[0], unit.partial_r2[1]),
    };
    let of_kind = |(kind, name): (Kind, &str)| ScatterKind {
        name: name.into(),
        points: found.regressions.iter().filter(|unit| unit.kind == kind).map(point).collect(),
    };
    let quantity = if has_one { "Coefficient of" } else { "Partial R2 of" };
    let kinds: Vec<ScatterKind> = kinds.into_iter().map(of_kind).filter(|kind| !kind.points.is_empty()).collect();
    (!kinds.is_empty()).then(|| UnitScatter {
        x: format!("{quantity} {}", variables[0]),
        y: format!("{quantity} {}", variables[1]),
        kinds,
        remark: format!(
            "{}; p < {}",
            if has_one { "rates and graded variables have variance 1" } else { "part of the variance" },
            found.alpha
        ),
    })
}
