//! `nn4n analyze psychometric`

use anyhow::{Result, anyhow, bail};
use clap::{Args, ValueEnum};
use ndarray::{Array1, Array2};
use nn4n_analysis::{
    PsychometricFunction, TwoVariableFunction,
    behaviour::psychometric::{ChoiceCount, ChoiceCountOfTwo, Family, Lapses, Settings},
    wilson_interval,
};
use nn4n_tasks::Task;
use serde::Serialize;

use super::{
    answer::AnswerArgs,
    graded::{Graded, GradedArgs, Group},
    source::{SourceAbout, SourceArgs},
};
use crate::plot::{CurvePanel, CurvePanels, CurvePoint, CurveSeries, choice_axis, strength_axis, variable_axis};

/// Points of a fitted line.
const LINE: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Outcome {
    /// Choices of the first alternative, against the signed evidence
    Choices,
    /// Right answers, against the strength of the evidence
    Right,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum FamilyName {
    Gaussian,
    Logistic,
    Weibull,
    Gumbel,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum LapsesName {
    /// The curve goes from 0 to 1
    None,
    /// As many on both sides
    Equal,
    /// Those of each side on their own
    Two,
    /// The floor is --guess, the ceiling is fitted
    Guess,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze psychometric song2016-rdm-ei --out runs/psychometric
  nn4n analyze psychometric song2016-mante-ei --trials 40 --json            relevant and irrelevant evidence in one fit
  nn4n analyze psychometric song2016-rdm-ei --of right --family weibull     against strength, from guessing upwards
  nn4n analyze psychometric --activity session.npz --conditions trials.csv --variable coherence --lapses two")]
pub struct PsychometricArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    graded: GradedArgs,
    /// Evidence that should not count, fitted together with --variable [default: what the right answers show]
    #[arg(long, value_name = "NAME", requires = "variable", conflicts_with = "of")]
    irrelevant: Option<String>,
    /// What is counted
    #[arg(long, value_enum, default_value = "choices")]
    of: Outcome,
    /// Shape of the curve [default: gaussian; of right answers weibull]
    #[arg(long, value_enum)]
    family: Option<FamilyName>,
    /// Which lapses are fitted [default: equal; of right answers guess]
    #[arg(long, value_enum)]
    lapses: Option<LapsesName>,
    /// Largest lapse rate
    #[arg(long, value_name = "RATE", default_value_t = Settings::default().max_lapse)]
    max_lapse: f64,
    /// Probability to be right by guessing, for --lapses guess
    #[arg(long, value_name = "P", default_value_t = Settings::default().guess)]
    guess: f64,
    /// The value without evidence, from which strengths are counted
    #[arg(long, value_name = "VALUE", default_value_t = 0.0, allow_negative_numbers = true)]
    boundary: f64,
    /// Fits to drawn choices, for intervals and the goodness of fit; 0 for none
    #[arg(long, value_name = "N", default_value_t = Settings::default().refits, value_parser = super::count::count)]
    refits: usize,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    /// What is counted: `choices` of the first alternative, or `right` answers.
    of: &'static str,
    settings: Settings,
    /// The first curve.
    #[serde(flatten)]
    first: &'a Curve,
    /// All of them, if there are several.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    curves: &'a [Curve],
    /// Groups in which one kind of evidence counts and another does not.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    contexts: &'a [Context],
    /// Trials of no group, or without a value.
    trials_left_out: usize,
    /// Trials that are a row of a file once more, and not counted.
    repeated_trials: usize,
}

#[derive(Clone, Serialize)]
struct Curve {
    /// What tells it from others.
    name: String,
    variable: String,
    /// Whether this evidence decides which answer is right; `null` where that is not asked.
    is_relevant: Option<bool>,
    points: Vec<Point>,
    /// Trials with a value, but without a choice between the two.
    without_choice: usize,
    fit: Option<PsychometricFunction>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_fit: Option<String>,
    /// The line through the points.
    #[serde(skip)]
    line: Vec<(f64, f64)>,
}

#[derive(Clone, Copy, Serialize)]
struct Point {
    value: f64,
    /// Right answers, where these are counted.
    chose_first: usize,
    trials: usize,
    /// Wilson interval of 95 % of their ratio.
    low: f64,
    high: f64,
}

#[derive(Clone, Serialize)]
struct Context {
    name: String,
    relevant: String,
    irrelevant: String,
    fit: Option<TwoVariableFunction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    no_fit: Option<String>,
}

/// What was chosen along the evidence, and the curves through it.
pub struct Measured {
    graded: Graded,
    settings: Settings,
    /// At least one; those of evidence that should not count come last.
    curves: Vec<Curve>,
    contexts: Vec<Context>,
    /// As `--out` draws them.
    pub figure: CurvePanels,
}

pub fn psychometric(args: &PsychometricArgs) -> Result<()> {
    let answer = args.answer.open("psychometric", &["psychometric"], &[])?;
    let Measured { graded, settings, curves, contexts, figure } = args.measure()?;
    answer.figure("psychometric", |path| figure.save(path))?;
    answer.arrays(|file| {
        curves.iter().enumerate().try_fold(file, |file, (i, curve)| {
            let points = Array2::from_shape_fn((curve.points.len(), 3), |(row, column)| {
                let Point { value, chose_first, trials, .. } = curve.points[row];
                [value, chose_first as f64, trials as f64][column]
            });
            let line = Array2::from_shape_fn((curve.line.len(), 2), |(row, column)| {
                [curve.line[row].0, curve.line[row].1][column]
            });
            let residuals = curve.fit.as_ref().map(|fit| fit.residuals.clone()).unwrap_or_default();
            Ok(file
                .array(&format!("points_{i}"), &points)?
                .axes(["values", "columns"])
                .columns(["value", "chose first", "trials"])
                .array(&format!("line_{i}"), &line)?
                .axes(["places", "columns"])
                .columns(["value", "probability"])
                .array(&format!("residuals_{i}"), &Array1::from(residuals))?
                .axes(["values"]))
        })
    })?;
    let report = Report {
        about: &graded.behaviour.about,
        of: if args.of == Outcome::Right { "right" } else { "choices" },
        settings,
        first: &curves[0],
        curves: if curves.len() > 1 { &curves } else { &[] },
        contexts: &contexts,
        trials_left_out: graded.left_out,
        repeated_trials: graded.repeated,
    };
    let has_inputs = graded.behaviour.outcomes.inputs.dim().2 > 0;
    let next = match args.of {
        Outcome::Choices if has_inputs => format!("nn4n analyze kernel {}{}", args.source.again(), args.graded.again()),
        Outcome::Choices => format!("nn4n analyze decoding {} --variable chose_first", args.source.again()),
        Outcome::Right => format!("nn4n analyze duration {}{}", args.source.again(), args.graded.again()),
    };
    let mut lines = args.lines(&report, &curves);
    lines.extend(graded.repetitions());
    answer.say(&report, &lines, &next)
}

impl Measured {
    /// The parameters of the fitted curves, one a line.
    pub fn fitted(&self) -> Vec<String> {
        self.curves.iter().filter(|curve| curve.fit.is_some()).map(Curve::heading).collect()
    }

    /// How many trials have a choice at a value.
    pub fn trials(&self) -> usize {
        self.curves.iter().flat_map(|curve| &curve.points).map(|point| point.trials).sum()
    }
}

impl PsychometricArgs {
    /// Counts choices and fits curves to them.
    ///
    /// # Errors
    /// If there are no trials, or no curve goes through them.
    pub fn measure(&self) -> Result<Measured> {
        let settings = self.settings()?;
        let graded = self.graded.open(&self.source, self.irrelevant.as_deref())?;
        let (mut curves, mut contexts) = (Vec::new(), Vec::new());
        for group in &graded.groups {
            match self.of {
                Outcome::Right => curves.push(self.rights(&graded, group, &settings)?),
                Outcome::Choices => self.choices(&graded, group, &settings, &mut curves, &mut contexts)?,
            }
        }
        curves.sort_by_key(|curve| curve.is_relevant == Some(false));
        let fitted = curves.iter().any(|curve| curve.fit.is_some()) || contexts.iter().any(|one| one.fit.is_some());
        let [first, ..] = &curves[..] else { bail!("there are no trials; ask for others with --where") };
        if !fitted {
            return Err(anyhow!(first.no_fit.clone().unwrap_or_default()));
        }
        let figure = self.figure(&graded, &curves);
        Ok(Measured { graded, settings, curves, contexts, figure })
    }

    fn settings(&self) -> Result<Settings> {
        let is_right = self.of == Outcome::Right;
        let family = match self.family {
            Some(FamilyName::Gaussian) => Family::Gaussian,
            Some(FamilyName::Logistic) => Family::Logistic,
            Some(FamilyName::Gumbel) => Family::Gumbel,
            Some(FamilyName::Weibull) => Family::Weibull,
            None if is_right => Family::Weibull,
            None => Family::Gaussian,
        };
        let lapses = match self.lapses {
            Some(LapsesName::None) => Lapses::None,
            Some(LapsesName::Equal) => Lapses::Equal,
            Some(LapsesName::Two) => Lapses::Two,
            Some(LapsesName::Guess) => Lapses::Guess,
            None if is_right => Lapses::Guess,
            None => Lapses::Equal,
        };
        if lapses == Lapses::Guess && !is_right {
            bail!("--lapses guess: is for right answers, of which guesses are the floor; add --of right");
        }
        Ok(Settings {
            family,
            lapses,
            max_lapse: self.max_lapse,
            guess: self.guess,
            refits: self.refits,
            seed: self.source.seed,
        })
    }

    fn rights(&self, graded: &Graded, group: &Group, settings: &Settings) -> Result<Curve> {
        let found = graded.rights(group, self.boundary)?;
        let name = &group.variables[0];
        let fit = PsychometricFunction::fit(name, &found.counts, settings);
        Ok(Curve::of(
            &group.name,
            name,
            None,
            &found.counts,
            found.without_choice,
            fit.map_err(|error| error.to_string()),
        ))
    }

    fn choices(
        &self,
        graded: &Graded,
        group: &Group,
        settings: &Settings,
        curves: &mut Vec<Curve>,
        contexts: &mut Vec<Context>,
    ) -> Result<()> {
        let has_roles = self.irrelevant.is_some() || group.is_relevance_known;
        let mut joint = None;
        if has_roles {
            for irrelevant in &group.variables[1..] {
                let context = context(graded, group, irrelevant, settings);
                joint = joint.or_else(|| context.fit.clone().map(|fit| (fit, irrelevant.clone())));
                contexts.push(context);
            }
        }
        for (place, variable) in group.variables.iter().enumerate() {
            let found = graded.choices(group, variable)?;
            let is_relevant = has_roles.then_some(place == 0);
            let fit = match is_relevant {
                Some(false) => Err("this evidence should not count: its slope stands with the contexts".into()),
                _ => PsychometricFunction::fit(variable, &found.counts, settings).map_err(|error| error.to_string()),
            };
            let name = match (group.variables.len() > 1, group.name.as_str()) {
                (false, name) => name.to_owned(),
                (true, "") => variable.replace('_', " "),
                (true, name) => format!("{name}, {}", variable.replace('_', " ")),
            };
            let mut curve = Curve::of(&name, variable, is_relevant, &found.counts, found.without_choice, fit);
            if let Some((fit, irrelevant)) = joint.as_ref().filter(|(_, other)| place == 0 || other == variable) {
                curve.line = marginal(graded, group, fit, (&group.variables[0], irrelevant), place == 0);
            }
            curves.push(curve);
        }
        Ok(())
    }

    fn figure(&self, graded: &Graded, curves: &[Curve]) -> CurvePanels {
        let task = graded.behaviour.task.as_deref();
        let has_roles = curves.iter().any(|curve| curve.is_relevant.is_some());
        let of_groups = has_roles || graded.groups.len() > 1;
        let panel = |title: &str, wanted: Option<bool>| CurvePanel {
            title: title.into(),
            x: self.x_axis(task, wanted, curves),
            y: if self.of == Outcome::Right { "Right answers (%)".into() } else { choice_axis(task) },
            y_range: Some(if self.of == Outcome::Right { (100.0 * self.floor(curves), 100.0) } else { (0.0, 100.0) }),
            log_x: false,
            log_y: false,
            x_guide: curves.iter().any(Curve::has_two_signs).then_some(0.0),
            y_guide: (self.of == Outcome::Choices).then_some(50.0),
            series: curves
                .iter()
                .filter(|curve| curve.is_relevant == wanted)
                .enumerate()
                .map(|(color, curve)| {
                    // In panels of their own, curves are told apart by their group alone.
                    let variable = format!(", {}", curve.variable.replace('_', " "));
                    let name = if has_roles { curve.name.strip_suffix(&variable) } else { None };
                    let name = name.unwrap_or(&curve.name);
                    curve.series(
                        if of_groups || curves.len() > 1 { name } else { "" },
                        color,
                        variable_axis(task, &curve.variable).1,
                    )
                })
                .collect(),
        };
        let panels = if has_roles {
            let titles = [("Evidence that counts", Some(true)), ("Evidence that does not", Some(false)), ("", None)];
            let is_there = |wanted: Option<bool>| curves.iter().any(|curve| curve.is_relevant == wanted);
            titles
                .into_iter()
                .filter(|(_, wanted)| is_there(*wanted))
                .map(|(title, wanted)| panel(title, wanted))
                .collect()
        } else {
            vec![panel("", None)]
        };
        CurvePanels { panels, remark: remark(curves) }
    }

    /// Right answers are drawn from 50 % upwards, unless some are fewer.
    fn floor(&self, curves: &[Curve]) -> f64 {
        let fractions = curves.iter().flat_map(|curve| &curve.points).map(|point| point.low);
        if fractions.fold(1.0, f64::min) < 0.4 { 0.0 } else { 0.4 }
    }

    fn x_axis(&self, task: Option<&dyn Task>, wanted: Option<bool>, curves: &[Curve]) -> String {
        let of_panel = curves.iter().filter(|curve| curve.is_relevant == wanted);
        let mut names = of_panel.map(|curve| match self.of {
            Outcome::Choices => variable_axis(task, &curve.variable).0,
            Outcome::Right => strength_axis(task, &curve.variable, self.boundary).0,
        });
        let first = names.next().unwrap_or_default();
        let rest: Vec<String> = names.collect();
        if rest.iter().all(|name| *name == first) {
            first
        } else if rest.iter().chain([&first]).all(|name| name.ends_with("(%)")) {
            "Coherence (%)".into()
        } else {
            "Value of the variable".into()
        }
    }

    fn lines(&self, report: &Report<'_>, curves: &[Curve]) -> Vec<String> {
        let settings = report.settings;
        let about = report.about;
        let mut lines = vec![format!(
            "fitted       {}, {}, lapses up to {}, {} refits, seed {}",
            word(&settings.family),
            match settings.lapses {
                Lapses::None => "no lapses".to_owned(),
                Lapses::Equal => "equal lapses".into(),
                Lapses::Two => "two lapses".into(),
                Lapses::Guess => format!("floor {}, lapses", settings.guess),
            },
            settings.max_lapse,
            settings.refits,
            about.seed
        )];
        for curve in curves {
            lines.push(curve.heading());
            lines.extend(curve.points.iter().map(|point| {
                let fraction = 100.0 * point.chose_first as f64 / point.trials as f64;
                format!(
                    "  {:>10}  {fraction:>5.1} % of {} trials ({:.1}..{:.1})",
                    point.value,
                    point.trials,
                    100.0 * point.low,
                    100.0 * point.high
                )
            }));
        }
        lines.extend(report.contexts.iter().map(Context::line));
        let without: usize = curves.iter().map(|curve| curve.without_choice).sum();
        if without > 0 {
            lines.push(format!("left out     {without} trials without a choice"));
        }
        if report.trials_left_out > 0 {
            lines.push(format!("left out     {} trials without a value or of no group", report.trials_left_out));
        }
        lines
    }
}

impl Curve {
    fn of(
        name: &str,
        variable: &str,
        is_relevant: Option<bool>,
        counts: &[ChoiceCount],
        without_choice: usize,
        fit: Result<PsychometricFunction, String>,
    ) -> Self {
        let counts = counts.iter().filter(|count| count.trials > 0);
        let point = |count: &ChoiceCount| {
            let (low, high) = wilson_interval(count.chose_first, count.trials);
            Point { value: count.value, chose_first: count.chose_first, trials: count.trials, low, high }
        };
        let points: Vec<Point> = counts.map(point).collect();
        let (fit, no_fit) = match fit {
            Ok(fit) => (Some(fit), None),
            Err(why) => (None, Some(why)),
        };
        let ends = points.first().zip(points.last()).map(|(first, last)| (first.value, last.value));
        let line = fit.as_ref().zip(ends).map(|(fit, ends)| {
            along(ends).map(|value| (value, fit.at(value))).filter(|(_, p)| p.is_finite()).collect()
        });
        let line = line.unwrap_or_default();
        Self { name: name.into(), variable: variable.into(), is_relevant, points, without_choice, fit, no_fit, line }
    }

    fn has_two_signs(&self) -> bool {
        self.points.iter().any(|point| point.value < 0.0) && self.points.iter().any(|point| point.value > 0.0)
    }

    fn series(&self, name: &str, color: usize, scale: f64) -> CurveSeries {
        let point = |point: &Point| CurvePoint {
            x: scale * point.value,
            y: 100.0 * point.chose_first as f64 / point.trials as f64,
            low: 100.0 * point.low,
            high: 100.0 * point.high,
        };
        CurveSeries {
            name: name.into(),
            color,
            points: self.points.iter().map(point).collect(),
            line: self.line.iter().map(|(value, p)| (scale * value, 100.0 * p)).collect(),
            ..CurveSeries::default()
        }
    }

    fn heading(&self) -> String {
        let name = if self.name.is_empty() { self.variable.replace('_', " ") } else { self.name.clone() };
        match (&self.fit, &self.no_fit) {
            (Some(fit), _) => {
                let within = |interval: Option<[f64; 2]>| {
                    interval.map_or_else(String::new, |[low, high]| format!(" ({low:.4}..{high:.4})"))
                };
                let intervals = fit.intervals.as_ref();
                let mut line = format!(
                    "{name}: mu {:.4}{}, sigma {:.4}{}, lapses {:.3} and {:.3}, deviance {:.2} of {}",
                    fit.mu,
                    within(intervals.map(|all| all.mu)),
                    fit.sigma,
                    within(intervals.map(|all| all.sigma)),
                    fit.lapse_low,
                    fit.lapse_high,
                    fit.deviance,
                    fit.degrees_of_freedom
                );
                if let Some(p) = fit.goodness_p {
                    line += &format!(", p {p:.3}");
                }
                if fit.unresolved {
                    line += "; unresolved: choices are separated, and sigma lies at its bound";
                }
                if fit.lapses_at_bound {
                    line += "; lapses at their bound";
                }
                line
            }
            (None, why) => format!("{name}: no curve: {}", why.as_deref().unwrap_or("")),
        }
    }
}

impl Context {
    fn line(&self) -> String {
        let name = if self.name.is_empty() { "both".into() } else { self.name.clone() };
        let Some(fit) = &self.fit else {
            return format!("{name}: no fit of both: {}", self.no_fit.as_deref().unwrap_or(""));
        };
        let within = fit
            .intervals
            .as_ref()
            .map_or_else(String::new, |intervals| format!(" ({:.3}..{:.3})", intervals.ratio[0], intervals.ratio[1]));
        let p = fit.goodness_p.map_or_else(String::new, |p| format!(", p {p:.3}"));
        format!(
            "{name}: slope of {} {:.3}, of {} {:.3}, ratio {:.3}{within}, deviance {:.2} of {}{p}{}",
            self.relevant.replace('_', " "),
            fit.relevant_slope,
            self.irrelevant.replace('_', " "),
            fit.irrelevant_slope,
            fit.ratio,
            fit.deviance,
            fit.degrees_of_freedom,
            if fit.unresolved { "; unresolved: choices are separated" } else { "" }
        )
    }
}

/// The fit of both kinds of evidence.
fn context(graded: &Graded, group: &Group, irrelevant: &str, settings: &Settings) -> Context {
    let relevant = group.variables[0].as_str();
    let mut counts: Vec<ChoiceCountOfTwo> = Vec::new();
    for trial in &group.trials {
        let values = graded.value(*trial, relevant).zip(graded.value(*trial, irrelevant));
        let (Some((r, i)), Some(is_first)) = (values, graded.chose_first(*trial)) else { continue };
        let place = counts.iter().position(|count| count.relevant == r && count.irrelevant == i).unwrap_or_else(|| {
            counts.push(ChoiceCountOfTwo { relevant: r, irrelevant: i, chose_first: 0, trials: 0 });
            counts.len() - 1
        });
        counts[place].trials += 1;
        counts[place].chose_first += usize::from(is_first);
    }
    let (fit, no_fit) = match TwoVariableFunction::fit([relevant, irrelevant], &counts, settings) {
        Ok(fit) => (Some(fit), None),
        Err(error) => (None, Some(error.to_string())),
    };
    Context { name: group.name.clone(), relevant: relevant.into(), irrelevant: irrelevant.into(), fit, no_fit }
}

/// The fit of both kinds of evidence along one, averaged over what the other was in the trials.
fn marginal(
    graded: &Graded,
    group: &Group,
    fit: &TwoVariableFunction,
    (relevant, irrelevant): (&str, &str),
    along_relevant: bool,
) -> Vec<(f64, f64)> {
    let (own, other) = if along_relevant { (relevant, irrelevant) } else { (irrelevant, relevant) };
    let values = |name: &str| group.trials.iter().filter_map(|trial| graded.value(*trial, name)).collect::<Vec<f64>>();
    let mut others: Vec<(f64, f64)> = Vec::new();
    for value in values(other) {
        match others.iter_mut().find(|(known, _)| *known == value) {
            Some((_, n)) => *n += 1.0,
            None => others.push((value, 1.0)),
        }
    }
    let all: f64 = others.iter().map(|(_, n)| n).sum();
    let own = values(own);
    let ends =
        (own.iter().copied().fold(f64::INFINITY, f64::min), own.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    let mean = |value: f64| {
        let at = |other: f64| if along_relevant { fit.at(value, other) } else { fit.at(other, value) };
        others.iter().map(|(other, n)| n * at(*other)).sum::<f64>() / all
    };
    along(ends).map(|value| (value, mean(value))).filter(|(_, p)| p.is_finite()).collect()
}

fn along((low, high): (f64, f64)) -> impl Iterator<Item = f64> {
    (0..LINE).map(move |i| low + (high - low) * i as f64 / (LINE - 1) as f64)
}

/// How many trials points have, and what is drawn about them.
fn remark(curves: &[Curve]) -> String {
    let trials = curves.iter().flat_map(|curve| &curve.points).map(|point| point.trials);
    let (fewest, most) = trials.fold((usize::MAX, 0), |(low, high), n| (low.min(n), high.max(n)));
    let trials = if fewest == most { format!("{most}") } else { format!("{fewest} to {most}") };
    format!("{trials} trials per point, bars: 95 % interval")
}

fn word(name: &impl Serialize) -> String {
    serde_json::to_value(name).ok().and_then(|name| name.as_str().map(String::from)).unwrap_or_default()
}
