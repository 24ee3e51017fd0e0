//! The columns of a regression on variables and their interactions.

use super::{Term, basis::Basis};
use crate::{
    AnalysisError,
    activity::{Trials, Variable},
};

/// The columns of a term, one number a trial each.
pub(super) struct Columns {
    pub about: Term,
    pub columns: Vec<Vec<f64>>,
    pub is_interaction: bool,
}

/// The columns of all terms.
pub(super) struct Design {
    pub terms: Vec<Columns>,
}

impl Design {
    pub fn of(trials: &Trials, variables: &[Variable], kept: &[usize], by_value: bool) -> Result<Self, AnalysisError> {
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
pub(super) fn standardised(values: &[f64]) -> Option<Vec<f64>> {
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
