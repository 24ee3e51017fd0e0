//! `nn4n analyze psychometric`

mod context;
mod curve;
mod figure;
mod lines;

use anyhow::{Result, anyhow, bail};
use clap::{Args, ValueEnum};
use ndarray::{Array1, Array2};
use nn4n_analysis::{
    PsychometricFunction,
    behaviour::psychometric::{Family, Lapses, Settings},
};
use serde::Serialize;

use self::{
    context::{Context, context, marginal},
    curve::{Curve, Point},
};
use super::{
    answer::{AnswerArgs, Arrays},
    graded::{Graded, GradedArgs, Group},
    source::{SourceAbout, SourceArgs},
};
use crate::plot::CurvePanels;

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
    answer.arrays(|file| arrays(file, &curves))?;
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
}

fn arrays(file: Arrays, curves: &[Curve]) -> Result<Arrays> {
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
}
