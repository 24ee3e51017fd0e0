//! Checks the tables of the variables of a declared task.

use super::expression::Kind;
use super::format::{Format, Level, Variable as Table, at_most, in_order};
use super::scope::{Scope, check_name, quoted};
use super::variable::{Draw, Variable};
use crate::TaskError;
use crate::error::rules;

/// Of one variable.
const MAX_VALUES: usize = 1000;
/// All combinations of values.
const MAX_CONDITIONS: usize = 4096;

/// The variables, in the order in which they are drawn; their names can be used from here on.
pub(crate) fn variables(format: &Format, scope: &mut Scope) -> Result<Vec<Variable>, TaskError> {
    let mut variables = Vec::new();
    for (name, table) in in_order(&format.variables) {
        let field = format!("variables.{name}");
        let draw = draw(&field, table, scope)?;
        let kind = if matches!(draw, Draw::Words(_)) { Kind::Word } else { Kind::Number };
        scope.declare(&field, name, kind)?;
        if name == super::channel::CATCH {
            return Err(TaskError::parameter(
                &field,
                quoted(name),
                "tells catch trials from others already",
                "use another name",
            ));
        }
        let continuous = matches!(draw, Draw::Uniform(..));
        if continuous && table.class == Some(true) {
            return Err(TaskError::parameter(
                format!("{field}.class"),
                true,
                "needs a list of values",
                "leave it out, or give `values`",
            ));
        }
        if let Some([low, high]) = table.range {
            let ordered = low.is_finite() && high.is_finite() && low <= high;
            if !ordered || matches!(draw, Draw::Words(_) | Draw::Chance(_)) {
                let value = format!("[{low}, {high}]");
                return Err(TaskError::parameter(
                    format!("{field}.range"),
                    value,
                    "must be two numbers, the smaller first",
                    "or leave it out",
                ));
            }
        }
        let grid = table.grid.unwrap_or(0);
        at_most(&format!("{field}.grid"), grid, MAX_VALUES)?;
        variables.push(Variable {
            name: name.into(),
            draw,
            class: !continuous && table.class.unwrap_or(true),
            range: table.range,
            grid,
        });
    }
    for (name, _) in in_order(&format.variables).into_iter().filter(|(_, table)| table.signed) {
        scope.declare(&format!("variables.{name}"), &format!("{name}_sign"), Kind::Number)?;
    }
    limit_of_conditions(&variables)?;
    Ok(variables)
}

/// The conditions are listed, so there must not be too many.
fn limit_of_conditions(variables: &[Variable]) -> Result<(), TaskError> {
    let count = variables.iter().fold(1usize, |count, variable| count.saturating_mul(variable.n_values().max(1)));
    if count <= MAX_CONDITIONS {
        return Ok(());
    }
    let remedy = format!("use at most {MAX_CONDITIONS}, or draw some variables from a `uniform` distribution");
    Err(TaskError::parameter(
        "variables",
        format!("{count} combinations"),
        "has too many combinations of values",
        remedy,
    ))
}

fn draw(field: &str, table: &Table, scope: &mut Scope) -> Result<Draw, TaskError> {
    let ways = [
        ("values", table.values.is_some()),
        ("chance", table.chance.is_some()),
        ("whole", table.whole.is_some()),
        ("uniform", table.uniform.is_some()),
    ];
    let given: Vec<&str> = ways.into_iter().filter(|(_, given)| *given).map(|(way, _)| way).collect();
    if given.len() != 1 {
        let value = if given.is_empty() { "nothing".into() } else { given.join(" and ") };
        let remedy = "give exactly one of `values`, `chance`, `whole` and `uniform`";
        return Err(TaskError::parameter(field, value, "must say in one way how it is drawn", remedy));
    }
    if table.signed && table.values.is_none() {
        return Err(TaskError::parameter(format!("{field}.signed"), true, "needs `values`", "leave it out"));
    }
    if let Some(p) = table.chance {
        return rules::probability(format_args!("{field}.chance"), p).map(|()| Draw::Chance(p));
    }
    if let Some([first, last]) = table.whole {
        let field = format!("{field}.whole");
        if first > last {
            return Err(TaskError::parameter(
                &field,
                format!("[{first}, {last}]"),
                "must be the first and the last number",
                "exchange them",
            ));
        }
        at_most(&field, first.abs_diff(last) as usize + 1, MAX_VALUES)?;
        return Ok(Draw::Whole(first, last));
    }
    if let Some([low, high]) = &table.uniform {
        let field = format!("{field}.uniform");
        let (low, high) = (scope.constant(&field, low)?, scope.constant(&field, high)?);
        if low < high {
            return Ok(Draw::Uniform(low, high));
        }
        return Err(TaskError::parameter(
            &field,
            format!("[{low}, {high}]"),
            "must be two numbers, the smaller first",
            "exchange them",
        ));
    }
    values(&format!("{field}.values"), table.values.as_deref().unwrap_or_default(), table.signed, scope)
}

fn values(field: &str, values: &[Level], signed: bool, scope: &mut Scope) -> Result<Draw, TaskError> {
    if values.is_empty() {
        return Err(TaskError::parameter(field, "[]", "must not be empty", "give at least one value"));
    }
    at_most(field, values.len(), MAX_VALUES)?;
    if let Some(twice) = values.iter().enumerate().find_map(|(i, value)| values[..i].contains(value).then_some(value)) {
        return Err(TaskError::parameter(field, twice, "is listed twice", "list every value once"));
    }
    let numbers: Option<Vec<f64>> =
        values.iter().map(|value| if let Level::Number(x) = value { Some(*x) } else { None }).collect();
    let words: Option<Vec<&str>> =
        values.iter().map(|value| if let Level::Text(word) = value { Some(word.as_str()) } else { None }).collect();
    match (numbers, words) {
        (Some(numbers), _) if signed => {
            numbers.iter().try_for_each(|x| rules::not_negative(field, *x)).map(|()| Draw::Signed(numbers))
        }
        (Some(numbers), _) => {
            numbers.iter().try_for_each(|x| rules::finite(field, *x)).map(|()| Draw::Numbers(numbers))
        }
        (_, Some(words)) if !signed => {
            words.iter().try_for_each(|word| check_name(field, word))?;
            Ok(Draw::Words(words.into_iter().map(|word| (word.to_owned(), scope.intern(word))).collect()))
        }
        _ => Err(TaskError::parameter(
            field,
            format!("{} values", values.len()),
            "must be all numbers or all words",
            "for true and false give `chance = 0.5` instead",
        )),
    }
}
