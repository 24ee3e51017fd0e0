//! Whether units respond to one variable, to several that add up, or to combinations of them.
//!
//! ```text
//! linear       r = b_0 + sum_v X_v b_v + e                         v: each of the variables
//! full         r = b_0 + sum_v X_v b_v + sum_{v<w} X_v X_w b_vw + e
//! F            ((RSS_without - RSS_with) / columns) / (RSS_with / (n - rank of with))
//! partial R2   (RSS_without - RSS_with) / RSS_without
//! ```
//!
//! `r` is the mean rate in a trial. A variable is tested by leaving it out of the linear model, an interaction by
//! leaving it out of the full one. Graded variables are one column, scaled to mean 0 and variance 1; a variable of C
//! values is C - 1 columns that sum to 0 over its values. Coefficients are those of rates of variance 1.
//!
//! | kind | is |
//! |---|---|
//! | pure | one variable matters, no interaction |
//! | linear mixed | several variables matter, no interaction |
//! | nonlinear mixed | an interaction matters |
//!
//! Rigotti et al. 2013, doi:10.1038/nature12160; Fusi, Miller & Rigotti 2016, doi:10.1016/j.conb.2016.01.010.

use ndarray::Array2;
use rayon::prelude::*;
use serde::Serialize;

use crate::{
    Activity, AnalysisError,
    activity::{Trials, Variable},
    f_distribution::upper_tail,
    linear::length,
};

/// A column that is left with less than this of its length by those before it is a sum of them.
const COLLINEAR: f64 = 1e-9;

/// How variables are tested.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What matters has a p below this.
    pub alpha: f64,
    /// Whether each value of a graded variable is one of its own, as in an analysis of variance.
    pub by_value: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { alpha: 0.01, by_value: false }
    }
}

/// Regressions of all units on several variables.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MixedSelectivity {
    /// The variables, then the interactions of each pair.
    pub terms: Vec<Term>,
    /// What matters has a p below this.
    pub alpha: f64,
    /// Trials that have a value of all variables.
    pub trials: usize,
    /// Those that have not, which are left out.
    pub trials_left_out: usize,
    /// How many units are of each kind.
    pub counts: Counts,
    /// Each unit.
    pub regressions: Vec<Regression>,
}

/// A variable, or two that interact.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Term {
    /// `context`, or `context x coherence`.
    pub name: String,
    /// Columns of the regression, which are the degrees of freedom of its F.
    pub columns: usize,
}

/// How many units are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// No variable matters.
    pub unselective: usize,
    /// One variable matters.
    pub pure: usize,
    /// Several matter, and add up.
    pub linear_mixed: usize,
    /// An interaction matters.
    pub nonlinear_mixed: usize,
    /// The rate is the same in all trials.
    pub constant: usize,
    /// Recorded in too few trials, or in such that do not tell the terms apart.
    pub unresolved: usize,
}

/// What a unit responds to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// No variable matters.
    Unselective,
    /// One variable matters.
    Pure,
    /// Several matter, and add up.
    LinearMixed,
    /// An interaction matters.
    NonlinearMixed,
    /// The rate is the same in all trials.
    Constant,
    /// Recorded in too few trials, or in such that do not tell the terms apart.
    Unresolved,
}

/// The regression of one unit; what is of each term is empty for a unit that is constant or unresolved.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Regression {
    /// What it responds to.
    pub kind: Kind,
    /// Trials in which it was recorded.
    pub trials: usize,
    /// Part of the variance that the linear and the full model explain.
    pub r2: Option<(f64, f64)>,
    /// F of each term; infinite where nothing is left to explain.
    pub f: Vec<f64>,
    /// p of each term.
    pub p: Vec<f64>,
    /// Partial R2 of each term.
    pub partial_r2: Vec<f64>,
    /// Coefficients of each variable in the linear model, then of each interaction in the full one.
    pub coefficients: Vec<Vec<f64>>,
}

impl MixedSelectivity {
    /// Of mean rates in trials, or in one epoch of each.
    ///
    /// # Errors
    /// If fewer than two variables are named, trials do not have them or the epoch, a variable has one value, variables
    /// are collinear, a combination of values has no trial, or there are too few trials.
    pub fn of(
        activity: &Activity,
        variables: &[String],
        epoch: Option<&str>,
        settings: &Settings,
    ) -> Result<Self, AnalysisError> {
        check(variables, settings)?;
        let trials = activity.trials();
        let variables = variables.iter().map(|name| trials.variable(name)).collect::<Result<Vec<_>, _>>()?;
        let kept: Vec<usize> = (0..trials.len())
            .filter(|trial| variables.iter().all(|variable| variable.values[*trial].is_some()))
            .collect();
        let design = Design::of(trials, &variables, &kept, settings.by_value)?;
        let rates = activity.mean_rates(epoch)?;
        let regressions: Vec<Regression> = (0..activity.units())
            .into_par_iter()
            .map(|unit| {
                let of_unit: Vec<f64> = kept.iter().map(|trial| rates[[*trial, unit]]).collect();
                design.regression(&of_unit, settings.alpha)
            })
            .collect();
        Ok(Self {
            terms: design.terms.iter().map(|term| term.about.clone()).collect(),
            alpha: settings.alpha,
            trials: kept.len(),
            trials_left_out: trials.len() - kept.len(),
            counts: Counts::of(&regressions),
            regressions,
        })
    }
}

impl Counts {
    fn of(regressions: &[Regression]) -> Self {
        let of = |kind: Kind| regressions.iter().filter(|unit| unit.kind == kind).count();
        Self {
            unselective: of(Kind::Unselective),
            pure: of(Kind::Pure),
            linear_mixed: of(Kind::LinearMixed),
            nonlinear_mixed: of(Kind::NonlinearMixed),
            constant: of(Kind::Constant),
            unresolved: of(Kind::Unresolved),
        }
    }
}

fn check(variables: &[String], settings: &Settings) -> Result<(), AnalysisError> {
    let refusal = |value: String, rule: &str| AnalysisError::Setting { setting: "variables", value, rule: rule.into() };
    if variables.len() < 2 {
        return Err(refusal(variables.join(","), "must be two at least, to be told apart"));
    }
    if let Some(twice) = variables.iter().enumerate().find(|(i, name)| variables[..*i].contains(name)) {
        return Err(refusal(twice.1.clone(), "is named twice; name each variable once"));
    }
    if !(settings.alpha > 0.0 && settings.alpha < 1.0) {
        let rule = "must lie between 0 and 1".into();
        return Err(AnalysisError::Setting { setting: "alpha", value: settings.alpha.to_string(), rule });
    }
    Ok(())
}

/// The columns of a term, one number a trial each.
struct Columns {
    about: Term,
    columns: Vec<Vec<f64>>,
    is_interaction: bool,
}

/// The columns of all terms.
struct Design {
    terms: Vec<Columns>,
}

impl Design {
    fn of(trials: &Trials, variables: &[Variable], kept: &[usize], by_value: bool) -> Result<Self, AnalysisError> {
        let mut terms = Vec::new();
        for variable in variables {
            let columns = columns(variable, kept, by_value)?;
            terms.push(Columns { about: term(variable.name.clone(), &columns), columns, is_interaction: false });
        }
        for second in 1..variables.len() {
            for first in 0..second {
                let columns = products(&terms[first].columns, &terms[second].columns);
                let name = format!("{} x {}", variables[first].name, variables[second].name);
                terms.push(Columns { about: term(name, &columns), columns, is_interaction: true });
            }
        }
        let design = Self { terms };
        let wanted = 1 + design.terms.iter().map(|term| term.columns.len()).sum::<usize>();
        if kept.len() <= wanted {
            return Err(AnalysisError::Trials(format!(
                "{} trials have all variables, but a regression on {} needs more than {wanted}; take more trials",
                kept.len(),
                design.names(|_| true)
            )));
        }
        design.check_collinear(trials, variables, kept)?;
        Ok(design)
    }

    fn names(&self, which: impl Fn(&Columns) -> bool) -> String {
        self.terms.iter().filter(|term| which(term)).map(|term| term.about.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Names the first term that is a sum of those before it, and why.
    fn check_collinear(&self, trials: &Trials, variables: &[Variable], kept: &[usize]) -> Result<(), AnalysisError> {
        let mut basis = Basis::constant(kept.len());
        for term in &self.terms {
            if basis.add(term.columns.iter().map(Vec::as_slice)) {
                continue;
            }
            let why = missing_combination(trials, variables, kept).map_or_else(
                || "in these trials it follows from the terms before it".into(),
                |combination| format!("no trial has {combination}"),
            );
            return Err(AnalysisError::Trials(format!(
                "`{}` cannot be told from the other terms ({}): {why}; take trials in which the variables vary apart, or \
                 leave one out",
                term.about.name,
                self.names(|other| other.about != term.about)
            )));
        }
        Ok(())
    }

    fn regression(&self, rates: &[f64], alpha: f64) -> Regression {
        let there: Vec<usize> = (0..rates.len()).filter(|trial| !rates[*trial].is_nan()).collect();
        let rates: Vec<f64> = there.iter().map(|trial| rates[*trial]).collect();
        let without = |kind| Regression {
            kind,
            trials: there.len(),
            r2: None,
            f: Vec::new(),
            p: Vec::new(),
            partial_r2: Vec::new(),
            coefficients: Vec::new(),
        };
        let Some(rates) = standardised(&rates) else {
            return without(if there.is_empty() { Kind::Unresolved } else { Kind::Constant });
        };
        match Fits::of(self, &there, &rates) {
            Some(fits) => fits.regression(self, alpha, there.len()),
            None => without(Kind::Unresolved),
        }
    }
}

fn term(name: String, columns: &[Vec<f64>]) -> Term {
    Term { name, columns: columns.len() }
}

/// One column of a graded variable or of one with two values, C - 1 of one with C values.
fn columns(variable: &Variable, kept: &[usize], by_value: bool) -> Result<Vec<Vec<f64>>, AnalysisError> {
    let classes = variable.classes();
    let of: Vec<usize> = kept.iter().filter_map(|trial| classes.of[*trial]).collect();
    let values = (0..classes.names.len()).filter(|class| of.contains(class)).collect::<Vec<_>>();
    if values.len() < 2 || of.len() < kept.len() {
        return Err(AnalysisError::Trials(format!(
            "`{}` has {} value in the trials that have all variables; it must have two at least",
            variable.name,
            values.len()
        )));
    }
    let numbers = variable.numbers().filter(|_| variable.is_graded() && !by_value);
    if let Some(numbers) = numbers {
        let graded: Vec<f64> = kept.iter().map(|trial| numbers[*trial]).collect();
        return Ok(standardised(&graded).into_iter().collect());
    }
    if values.len() == 2 {
        let one: Vec<f64> = of.iter().map(|class| if *class == values[1] { 1.0 } else { 0.0 }).collect();
        return Ok(standardised(&one).into_iter().collect());
    }
    let last = values[values.len() - 1];
    let column = |value: &usize| {
        let coded = |class: &usize| match class {
            class if class == value => 1.0,
            class if *class == last => -1.0,
            _ => 0.0,
        };
        of.iter().map(coded).collect()
    };
    Ok(values[..values.len() - 1].iter().map(column).collect())
}

fn products(first: &[Vec<f64>], second: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let product = |a: &Vec<f64>, b: &Vec<f64>| a.iter().zip(b).map(|(a, b)| a * b).collect();
    first.iter().flat_map(|a| second.iter().map(move |b| product(a, b))).collect()
}

/// Values of mean 0 and variance 1; `None` where they are all the same.
fn standardised(values: &[f64]) -> Option<Vec<f64>> {
    if values.iter().all(|value| *value == values[0]) {
        return None;
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n).sqrt();
    // A variance that is lost to rounding is none.
    (deviation > 1e-14 * mean.abs()).then(|| values.iter().map(|value| (value - mean) / deviation).collect())
}

/// Two values of two variables that no trial has together.
fn missing_combination(trials: &Trials, variables: &[Variable], kept: &[usize]) -> Option<String> {
    for (place, second) in variables.iter().enumerate() {
        for first in &variables[..place] {
            let (a, b) = (first.classes(), second.classes());
            if a.names.len() * b.names.len() > trials.len() {
                continue;
            }
            for (i, one) in a.names.iter().enumerate() {
                for (j, other) in b.names.iter().enumerate() {
                    if !kept.iter().any(|trial| a.of[*trial] == Some(i) && b.of[*trial] == Some(j)) {
                        return Some(format!("{}={one} with {}={other}", first.name, second.name));
                    }
                }
            }
        }
    }
    None
}

/// Columns made orthonormal, the constant first.
#[derive(Clone)]
struct Basis {
    columns: Vec<Vec<f64>>,
    /// How each given column is made of them (the columns of R of a QR decomposition).
    made_of: Vec<Vec<f64>>,
}

impl Basis {
    fn constant(n: usize) -> Self {
        let root = (n as f64).sqrt();
        Self { columns: vec![vec![1.0 / root; n]], made_of: vec![vec![root]] }
    }

    /// Adds columns; `false` if one is a sum of those before it.
    fn add<'a>(&mut self, columns: impl IntoIterator<Item = &'a [f64]>) -> bool {
        columns.into_iter().all(|column| self.add_one(column))
    }

    fn add_one(&mut self, column: &[f64]) -> bool {
        let (mut rest, mut parts) = (column.to_vec(), vec![0.0; self.columns.len()]);
        // Twice is enough: what rounding leaves of the first time is gone after the second.
        for _ in 0..2 {
            for (known, part) in self.columns.iter().zip(&mut parts) {
                let along = dot(known, &rest);
                *part += along;
                rest.iter_mut().zip(known).for_each(|(rest, known)| *rest -= along * known);
            }
        }
        let left = length(&rest);
        if left <= COLLINEAR * length(column) {
            return false;
        }
        parts.push(left);
        self.columns.push(rest.into_iter().map(|value| value / left).collect());
        self.made_of.push(parts);
        true
    }

    /// The sum of the squares of what the columns leave of `y`.
    fn rest(&self, y: &[f64]) -> f64 {
        let mut rest = y.to_vec();
        for column in &self.columns {
            let along = dot(column, &rest);
            rest.iter_mut().zip(column).for_each(|(rest, column)| *rest -= along * column);
        }
        dot(&rest, &rest)
    }

    /// The coefficients of the given columns, without that of the constant.
    fn coefficients(&self, y: &[f64]) -> Vec<f64> {
        let mut along: Vec<f64> = self.columns.iter().map(|column| dot(column, y)).collect();
        for place in (0..along.len()).rev() {
            along[place] /= self.made_of[place][place];
            for before in 0..place {
                along[before] -= self.made_of[place][before] * along[place];
            }
        }
        along.split_off(1)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The models of one unit: rests of the linear and of the full one, and of these without each term.
struct Fits {
    n: usize,
    total: f64,
    linear: Model,
    full: Model,
    without: Vec<f64>,
}

struct Model {
    rest: f64,
    rank: usize,
    coefficients: Vec<f64>,
}

impl Model {
    fn of(basis: &Basis, rates: &[f64], total: f64) -> Self {
        // What is left of a perfect fit is rounding.
        let rest = basis.rest(rates);
        let rest = if rest < 1e-24 * total { 0.0 } else { rest };
        Self { rest, rank: basis.columns.len(), coefficients: basis.coefficients(rates) }
    }
}

impl Fits {
    /// `None` where these trials do not tell the terms apart.
    fn of(design: &Design, there: &[usize], rates: &[f64]) -> Option<Self> {
        let chosen = |column: &Vec<f64>| there.iter().map(|trial| column[*trial]).collect::<Vec<f64>>();
        let columns: Vec<Vec<Vec<f64>>> =
            design.terms.iter().map(|term| term.columns.iter().map(chosen).collect()).collect();
        let basis = |which: &dyn Fn(usize) -> bool| {
            let mut basis = Basis::constant(rates.len());
            let all = columns.iter().enumerate().filter(|(place, _)| which(*place)).flat_map(|(_, columns)| columns);
            basis.add(all.map(Vec::as_slice)).then_some(basis)
        };
        let is_main = |place: usize| !design.terms[place].is_interaction;
        let total = dot(rates, rates);
        let linear = Model::of(&basis(&is_main)?, rates, total);
        let full = Model::of(&basis(&|_| true)?, rates, total);
        if full.rank >= rates.len() {
            return None;
        }
        let without = (0..columns.len())
            .map(|left_out| {
                let model = |place: usize| place != left_out && (!is_main(left_out) || is_main(place));
                Some(basis(&model)?.rest(rates))
            })
            .collect::<Option<_>>()?;
        Some(Self { n: rates.len(), total, linear, full, without })
    }

    fn regression(&self, design: &Design, alpha: f64, trials: usize) -> Regression {
        let (mut f, mut p, mut partial_r2) = (Vec::new(), Vec::new(), Vec::new());
        for (term, without) in design.terms.iter().zip(&self.without) {
            let with = if term.is_interaction { &self.full } else { &self.linear };
            let (columns, left) = (term.columns.len(), self.n - with.rank);
            let gained = (without - with.rest).max(0.0);
            // Nothing to gain and nothing left is no effect.
            let is_none = gained <= 1e-12 * self.total;
            let value = if is_none { 0.0 } else { (gained / columns as f64) / (with.rest / left as f64) };
            f.push(value);
            p.push(upper_tail(value, columns, left));
            partial_r2.push(if is_none { 0.0 } else { gained / without });
        }
        let matter = |interaction: bool| {
            let terms = design.terms.iter().zip(&p);
            terms.filter(|(term, p)| term.is_interaction == interaction && **p < alpha).count()
        };
        let kind = match (matter(true), matter(false)) {
            (0, 0) => Kind::Unselective,
            (0, 1) => Kind::Pure,
            (0, _) => Kind::LinearMixed,
            _ => Kind::NonlinearMixed,
        };
        let part = |model: &Model| 1.0 - model.rest / self.total;
        Regression {
            kind,
            trials,
            r2: Some((part(&self.linear), part(&self.full))),
            f,
            p,
            partial_r2,
            coefficients: self.coefficients(design),
        }
    }

    fn coefficients(&self, design: &Design) -> Vec<Vec<f64>> {
        let mut of_linear = self.linear.coefficients.iter().copied();
        // The full model has the variables before the interactions.
        let mut of_full = self.full.coefficients.iter().copied().skip(self.linear.coefficients.len());
        let take = |term: &Columns| match term.is_interaction {
            true => of_full.by_ref().take(term.columns.len()).collect(),
            false => of_linear.by_ref().take(term.columns.len()).collect(),
        };
        design.terms.iter().map(take).collect()
    }
}

/// Numbers of each term as an array (units, terms), NaN where there are none.
pub fn by_term(found: &MixedSelectivity, of: impl Fn(&Regression) -> &[f64]) -> Array2<f64> {
    Array2::from_shape_fn((found.regressions.len(), found.terms.len()), |(unit, term)| {
        of(&found.regressions[unit]).get(term).copied().unwrap_or(f64::NAN)
    })
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use nn4n_tasks::Condition;

    use super::*;

    /// Trials of all combinations, `repeats` of each, with rates of one unit.
    fn activity(rate: impl Fn(usize, f64, f64) -> f64, repeats: usize) -> Activity {
        let (mut rates, mut conditions) = (Vec::new(), Vec::new());
        for trial in 0..4 * repeats {
            let (a, b) = ([-1.0, 1.0][trial % 2], [-1.0, 1.0][trial / 2 % 2]);
            rates.push(rate(trial, a, b));
            conditions.push(Condition::new().with("a", a).with("b", if b > 0.0 { "right" } else { "left" }));
        }
        let n = rates.len();
        Activity::new(Array3::from_shape_vec((n, 1, 1), rates).unwrap(), 1.0, Trials::new(vec![1; n], conditions))
            .unwrap()
    }

    fn found(rate: impl Fn(usize, f64, f64) -> f64) -> MixedSelectivity {
        let variables = ["a".to_owned(), "b".to_owned()];
        MixedSelectivity::of(&activity(rate, 8), &variables, None, &Settings::default()).unwrap()
    }

    /// Alternates within each combination, so that it is no part of any term.
    fn wobble(trial: usize) -> f64 {
        if (trial / 4).is_multiple_of(2) { 0.5 } else { -0.5 }
    }

    #[test]
    fn units_are_pure_linear_or_nonlinear_as_they_were_made() {
        let kind = |rate: &dyn Fn(usize, f64, f64) -> f64| found(rate).regressions[0].kind;
        assert_eq!(kind(&|trial, a, _| 3.0 + a + wobble(trial)), Kind::Pure);
        assert_eq!(kind(&|trial, a, b| 3.0 + a - 2.0 * b + wobble(trial)), Kind::LinearMixed);
        assert_eq!(kind(&|trial, a, b| 3.0 + a * b + wobble(trial)), Kind::NonlinearMixed);
        assert_eq!(kind(&|trial, _, _| wobble(trial)), Kind::Unselective);
        assert_eq!(kind(&|_, _, _| 2.0), Kind::Constant);
        assert_eq!(found(|_, a, b| a + b).counts, Counts { linear_mixed: 1, ..Counts::default() });
    }

    #[test]
    fn f_and_partial_r2_are_those_worked_by_hand() {
        // 32 trials, orthogonal columns: sums of squares are 32 for a, 32 / 4 for the rest that is left.
        let found = found(|trial, a, _| a + wobble(trial));
        let unit = &found.regressions[0];
        assert_eq!(found.terms.iter().map(|term| term.name.as_str()).collect::<Vec<_>>(), ["a", "b", "a x b"]);
        assert!((unit.f[0] - 32.0 / (8.0 / 29.0)).abs() < 1e-9 && unit.f[1..] == [0.0, 0.0], "{:?}", unit.f);
        assert!((unit.partial_r2[0] - 0.8).abs() < 1e-12);
        assert!((unit.r2.unwrap().0 - 0.8).abs() < 1e-12 && (unit.r2.unwrap().1 - 0.8).abs() < 1e-12);
        // Rates of variance 1.25 are divided by its root.
        assert!((unit.coefficients[0][0] - 1.0 / 1.25f64.sqrt()).abs() < 1e-12, "{:?}", unit.coefficients);
        let exact = self::found(|_, a, _| a);
        assert_eq!((exact.regressions[0].f[0], exact.regressions[0].p[0]), (f64::INFINITY, 0.0));
        assert_eq!(exact.regressions[0].kind, Kind::Pure);
    }

    #[test]
    fn words_of_three_values_are_two_columns_and_graded_ones_one_unless_taken_by_value() {
        let mut activity = activity(|trial, a, _| a + wobble(trial), 9);
        let mut trials = activity.trials().clone();
        for (trial, condition) in trials.conditions.iter_mut().enumerate() {
            *condition = condition.clone().with("b", ["x", "y", "z"][trial % 3]).with("c", (trial / 3 % 3) as f64);
        }
        activity = Activity::new(activity.rates().to_owned(), 1.0, trials).unwrap();
        let columns = |by_value: bool| {
            let settings = Settings { by_value, ..Settings::default() };
            let found = MixedSelectivity::of(&activity, &["b".into(), "c".into()], None, &settings).unwrap();
            found.terms.iter().map(|term| term.columns).collect::<Vec<_>>()
        };
        assert_eq!((columns(false), columns(true)), (vec![2, 1, 2], vec![2, 2, 4]));
    }

    #[test]
    fn what_cannot_be_told_apart_is_refused_by_name() {
        let activity = activity(|trial, a, _| a + wobble(trial), 4);
        let refusal = |change: &dyn Fn(&Condition) -> Condition, variables: &[&str]| {
            let mut trials = activity.trials().clone();
            trials.conditions.iter_mut().for_each(|condition| *condition = change(condition));
            let changed = Activity::new(activity.rates().to_owned(), 1.0, trials).unwrap();
            let variables: Vec<String> = variables.iter().map(ToString::to_string).collect();
            MixedSelectivity::of(&changed, &variables, None, &Settings::default()).unwrap_err().to_string()
        };
        let copied = |condition: &Condition| condition.clone().with("b", condition.number("a").unwrap() > 0.0);
        let message = refusal(&copied, &["a", "b"]);
        assert!(message.contains("`b` cannot be told from") && message.contains("no trial has a=-1 with b=true"));
        let same = |condition: &Condition| condition.clone().with("b", "one");
        assert!(refusal(&same, &["a", "b"]).contains("`b` has 1 value"));
        let none = |condition: &Condition| condition.clone();
        assert!(refusal(&none, &["a"]).contains("must be two at least"));
        assert!(refusal(&none, &["a", "a"]).contains("named twice"));
        assert!(refusal(&none, &["a", "c"]).contains("there are a, b"));
        let few = activity.with_trials(&[0, 1, 2, 3]).unwrap();
        let few = MixedSelectivity::of(&few, &["a".into(), "b".into()], None, &Settings::default());
        assert!(few.unwrap_err().to_string().contains("4 trials have all variables"));
    }
}
