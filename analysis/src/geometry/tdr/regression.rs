//! Regressors of the variables of trials, and the regression of every unit on them.

use std::collections::BTreeMap;

use ndarray::{Array2, Array3, ArrayView2, Axis, s};
use rayon::prelude::*;

use super::{
    super::{
        algebra::{self, orthonormal, product, svd},
        window::Window,
    },
    DEPENDENT,
};
use crate::{AnalysisError, activity::Variable};

/// A variable as a regressor.
pub(super) struct Regressor {
    pub name: String,
    /// One for each trial.
    pub values: Vec<f64>,
    pub coding: BTreeMap<String, f64>,
    /// Whether it counts from the preferred value.
    pub is_signed: bool,
}

pub(super) fn regressors(window: &Window, variables: &[String]) -> Result<Vec<Regressor>, AnalysisError> {
    if variables.is_empty() {
        let rule = "must name one variable at least".into();
        return Err(AnalysisError::Setting { setting: "variables", value: "none".into(), rule });
    }
    if let Some(name) = (1..variables.len()).find(|place| variables[..*place].contains(&variables[*place])) {
        let rule = "is there twice; name it once".into();
        return Err(AnalysisError::Setting { setting: "variables", value: variables[name].clone(), rule });
    }
    let coded = |(place, name): (usize, &String)| {
        let variable = window.trials.variable(name)?;
        let (values, coding) = coded(&variable)?;
        let is_signed = place == 0 || variable.numbers().is_some();
        Ok(Regressor { name: name.clone(), values, coding, is_signed })
    };
    variables.iter().enumerate().map(coded).collect()
}

/// The numbers of a variable, NaN where there is none, and what stands for what.
fn coded(variable: &Variable) -> Result<(Vec<f64>, BTreeMap<String, f64>), AnalysisError> {
    let classes = variable.classes();
    let name = &variable.name;
    if classes.names.len() < 2 {
        return Err(AnalysisError::Trials(format!(
            "`{name}` is {} in all trials, and explains nothing; leave it out, or add trials of other values",
            classes.names.first().map_or("nothing", String::as_str)
        )));
    }
    let numbers: Vec<f64> = match variable.numbers() {
        Some(numbers) => {
            let largest = numbers.iter().filter(|value| !value.is_nan()).fold(0.0, |most: f64, x| most.max(x.abs()));
            numbers.iter().map(|value| value / largest).collect()
        }
        None if classes.names.len() == 2 => {
            let number = |class: &Option<usize>| class.map_or(f64::NAN, |class| 2.0 * class as f64 - 1.0);
            classes.of.iter().map(number).collect()
        }
        None => {
            return Err(AnalysisError::Trials(format!(
                "`{name}` has the {} values {}, but a regressor is a number or one of two words; choose trials of two \
                 of them",
                classes.names.len(),
                classes.names.join(", ")
            )));
        }
    };
    let of = classes.of.iter().zip(&numbers);
    let coding = of.filter_map(|(class, number)| Some((classes.names[(*class)?].clone(), *number))).collect();
    Ok((numbers, coding))
}

/// For each unit the sign of the first variable that it prefers: of the difference of its mean rates.
pub(super) fn preferred(rates: &Array3<f64>, choice: &Regressor, used: &[usize]) -> Result<Vec<f64>, AnalysisError> {
    let sums = |unit: usize, sign: f64| {
        let of = used.iter().filter(|trial| choice.values[**trial] * sign > 0.0);
        let of_trials: Vec<f64> =
            of.map(|trial| rates.slice(s![*trial, .., unit]).sum()).filter(|sum| !sum.is_nan()).collect();
        (of_trials.iter().sum::<f64>(), of_trials.len() as f64)
    };
    (0..rates.dim().2)
        .map(|unit| {
            let ((up, n_up), (down, n_down)) = (sums(unit, 1.0), sums(unit, -1.0));
            if n_up == 0.0 || n_down == 0.0 {
                let name = &choice.name;
                let message =
                    format!("`{name}` has no trials of both signs, so that no unit prefers one; name another first");
                return Err(AnalysisError::Trials(message));
            }
            Ok(if up / n_up >= down / n_down { 1.0 } else { -1.0 })
        })
        .collect()
}

fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |a| (a + 1..n).map(move |b| (a, b)))
}

/// (used trials, regressors): the variables, their products in pairs, 1.
pub(super) fn design(regressors: &[Regressor], used: &[usize], products: bool) -> Array2<f64> {
    let row = |trial: &usize| {
        let at = |v: usize| regressors[v].values[*trial];
        let n = regressors.len();
        let mut row: Vec<f64> = (0..n).map(at).collect();
        if products {
            row.extend(pairs(n).map(|(a, b)| at(a) * at(b)));
        }
        row.push(1.0);
        row
    };
    let rows: Vec<Vec<f64>> = used.iter().map(row).collect();
    let columns = rows.first().map_or(0, Vec::len);
    Array2::from_shape_fn((rows.len(), columns), |(row, column)| rows[row][column])
}

pub(super) fn names(regressors: &[Regressor], products: bool) -> Vec<String> {
    let mut names: Vec<String> = regressors.iter().map(|one| one.name.clone()).collect();
    if products {
        names.extend(pairs(regressors.len()).map(|(a, b)| format!("{} x {}", regressors[a].name, regressors[b].name)));
    }
    names.push("the constant".into());
    names
}

/// The condition number of the design, unless regressors are combinations of each other.
pub(super) fn check_design(design: &Array2<f64>, names: &[String]) -> Result<f64, AnalysisError> {
    let (trials, columns) = design.dim();
    if trials < columns {
        return Err(AnalysisError::Trials(format!(
            "there are {trials} trials for {columns} regressors; give as many at least, or name fewer variables"
        )));
    }
    // The constant first: what it makes up is a constant variable.
    let order: Vec<usize> = std::iter::once(columns - 1).chain(0..columns - 1).collect();
    let (_, factor) = orthonormal(design.select(Axis(1), &order).t());
    for (place, column) in order.iter().enumerate() {
        let length = algebra::squares(design.column(*column)).sqrt();
        if factor[[place, place]].abs() <= DEPENDENT * length {
            return Err(AnalysisError::Trials(format!(
                "the regressor `{}` is a combination of the others in these trials (as a choice without errors is of \
                 the evidence); leave it out, or give trials in which they differ",
                names[*column]
            )));
        }
    }
    let values = svd("the regressors", design.view())?.values;
    Ok(values[0] / values[columns - 1])
}

/// Coefficients (variables, bins, units) of least squares, unit by unit over the trials in which it was recorded.
pub(super) fn regression(
    rates: &Array3<f64>,
    used: &[usize],
    design: &Array2<f64>,
    bins: &[usize],
    (regressors, preferred): (&[Regressor], &[f64]),
    names: &[String],
) -> Result<Array3<f64>, AnalysisError> {
    let whole = solver(design.view());
    let of_unit = |unit: usize| {
        let recorded: Vec<usize> = (0..used.len()).filter(|row| !rates[[used[*row], 0, unit]].is_nan()).collect();
        let y = Array2::from_shape_fn((recorded.len(), bins.len()), |(row, bin)| {
            rates[[used[recorded[row]], bins[bin], unit]]
        });
        if recorded.len() == used.len() {
            return Ok(product(whole.view(), y.view()));
        }
        let own = design.select(Axis(0), &recorded);
        check_design(&own, names).map_err(|error| AnalysisError::Trials(format!("unit {unit}: {error}")))?;
        Ok(product(solver(own.view()).view(), y.view()))
    };
    let found: Vec<Array2<f64>> =
        (0..rates.dim().2).into_par_iter().map(of_unit).collect::<Result<_, AnalysisError>>()?;
    let sign = |v: usize, unit: usize| if regressors[v].is_signed { preferred[unit] } else { 1.0 };
    Ok(Array3::from_shape_fn((regressors.len(), bins.len(), found.len()), |(v, bin, unit)| {
        found[unit][[v, bin]] * sign(v, unit)
    }))
}

/// `X^+ = R^-1 Q^T` (regressors, trials) of a design whose columns are independent.
fn solver(design: ArrayView2<'_, f64>) -> Array2<f64> {
    let (q, r) = orthonormal(design.t());
    let mut solved = q;
    for row in (0..r.nrows()).rev() {
        let mut own = solved.row(row).to_owned();
        for later in row + 1..r.nrows() {
            own.scaled_add(-r[[row, later]], &solved.row(later));
        }
        solved.row_mut(row).assign(&(own / r[[row, row]]));
    }
    solved
}
