//! The confusion matrix: what was chosen where something else was right.
//!
//! ```text
//! counts[i, j]      trials in which the variable had value i and the answer was j
//! fractions[i, j]   counts[i, j] / sum_j counts[i, j]
//! balanced accuracy = mean over i of fractions[i, i], where values and answers have the same names
//! ```

use std::cmp::Ordering;

use ndarray::Array2;
use serde::Serialize;

use crate::{AnalysisError, activity::Variable};

/// Answers by the value of a variable.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Confusion {
    /// Values of the variable, one for each row.
    pub rows: Vec<String>,
    /// Answers, one for each column: those of the rows first, in their order, then others.
    pub columns: Vec<String>,
    /// Trials (rows, columns).
    #[serde(skip)]
    pub counts: Array2<usize>,
    /// Trials in each row without an answer; they are in no column.
    pub without_answer: Vec<usize>,
    /// Trials without a value of the variable; they are in no row.
    pub without_value: usize,
    /// Mean over rows of the fraction on the diagonal; `None` where some row is no answer, or has none.
    pub balanced_accuracy: Option<f64>,
}

impl Confusion {
    /// Answers by value, trial by trial.
    ///
    /// # Errors
    /// If they are of different trials, or no trial has both.
    pub fn of(variable: &Variable, answer: &Variable) -> Result<Self, AnalysisError> {
        let (n, answers) = (variable.values.len(), answer.values.len());
        if n != answers {
            let message = format!("has {answers} trials, but the variable has {n}; give those of the same trials");
            return Err(AnalysisError::Shape { array: "answers", message });
        }
        let (of_rows, of_columns) = (variable.classes(), answer.classes());
        let mut rows = of_rows.names.clone();
        rows.sort_by(|a, b| as_numbered(a, b));
        let mut others: Vec<String> = of_columns.names.iter().filter(|name| !rows.contains(name)).cloned().collect();
        others.sort_by(|a, b| as_numbered(a, b));
        let mut columns: Vec<String> = rows.iter().filter(|row| of_columns.names.contains(row)).cloned().collect();
        columns.extend(others);
        let row_of: Vec<usize> =
            of_rows.names.iter().filter_map(|name| rows.iter().position(|row| row == name)).collect();
        let place = |column: usize| columns.iter().position(|name| *name == of_columns.names[column]);
        let mut counts = Array2::zeros((rows.len(), columns.len()));
        let mut without_answer = vec![0; rows.len()];
        for (row, column) in of_rows.of.iter().zip(&of_columns.of) {
            let Some(row) = row.map(|class| row_of[class]) else { continue };
            match column.and_then(place) {
                Some(column) => counts[[row, column]] += 1,
                None => without_answer[row] += 1,
            }
        }
        if counts.sum() == 0 {
            return Err(AnalysisError::Trials(format!(
                "no trial has both `{}` and `{}`; take trials in which an answer was given",
                variable.name, answer.name
            )));
        }
        let balanced_accuracy = balanced_accuracy(&rows, &columns, &counts);
        let without_value = of_rows.of.iter().filter(|row| row.is_none()).count();
        Ok(Self { rows, columns, counts, without_answer, without_value, balanced_accuracy })
    }

    /// Of the trials in a row that have an answer (rows, columns); NaN in a row without any.
    pub fn fractions(&self) -> Array2<f64> {
        let totals = self.counts.sum_axis(ndarray::Axis(1));
        Array2::from_shape_fn(self.counts.dim(), |(row, column)| self.counts[[row, column]] as f64 / totals[row] as f64)
    }
}

/// Numbers by size, and names that end in numbers by these: `response 2` stands before `response 10`.
fn as_numbered(a: &str, b: &str) -> Ordering {
    if let (Ok(a), Ok(b)) = (a.parse::<f64>(), b.parse::<f64>()) {
        return a.total_cmp(&b);
    }
    let parts = |name: &str| {
        let word = name.trim_end_matches(|c: char| c.is_ascii_digit());
        (word.to_owned(), name[word.len()..].parse::<u64>().ok())
    };
    parts(a).cmp(&parts(b)).then_with(|| a.cmp(b))
}

fn balanced_accuracy(rows: &[String], columns: &[String], counts: &Array2<usize>) -> Option<f64> {
    let fraction = |(row, name): (usize, &String)| {
        let column = columns.iter().position(|column| column == name)?;
        let total = counts.row(row).sum();
        (total > 0).then(|| counts[[row, column]] as f64 / total as f64)
    };
    let fractions: Vec<f64> = rows.iter().enumerate().map(fraction).collect::<Option<_>>()?;
    Some(fractions.iter().sum::<f64>() / fractions.len() as f64)
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use nn4n_tasks::Value;

    use super::*;

    fn variable(name: &str, values: &[Option<&'static str>]) -> Variable {
        Variable { name: name.into(), values: values.iter().map(|value| value.map(Value::from)).collect() }
    }

    #[test]
    fn answers_are_counted_by_value_with_those_that_are_missing() {
        let right = variable("right", &[Some("b"), Some("b"), Some("b"), Some("a"), Some("a"), None]);
        let answer = variable("choice", &[Some("b"), Some("b"), Some("c"), Some("a"), None, Some("a")]);
        let found = Confusion::of(&right, &answer).unwrap();
        assert_eq!(
            (found.rows.clone(), found.columns.clone()),
            (vec!["a".into(), "b".into()], vec!["a".into(), "b".into(), "c".into()])
        );
        assert_eq!(found.counts, array![[1, 0, 0], [0, 2, 1]]);
        assert_eq!((found.without_answer.clone(), found.without_value), (vec![1, 0], 1));
        assert_eq!(found.fractions().row(1).to_vec(), [0.0, 2.0 / 3.0, 1.0 / 3.0]);
        assert!((found.balanced_accuracy.unwrap() - 5.0 / 6.0).abs() < 1e-15);
    }

    #[test]
    fn classes_are_ordered_by_their_numbers() {
        let right = variable("right", &[Some("to 10"), Some("to 2"), Some("to 2"), Some("none")]);
        let found =
            Confusion::of(&right, &variable("choice", &[Some("to 10"), Some("to 2"), Some("a"), None])).unwrap();
        assert_eq!(found.rows, ["none", "to 2", "to 10"]);
        assert_eq!(found.columns, ["to 2", "to 10", "a"]);
        assert_eq!((found.counts, found.without_answer), (array![[0, 0, 0], [1, 0, 1], [0, 1, 0]], vec![1, 0, 0]));
        assert_eq!(as_numbered("-0.5", "-0.25"), Ordering::Less);
    }

    #[test]
    fn other_variables_have_no_accuracy_and_nothing_in_common_is_refused() {
        let context = variable("context", &[Some("motion"), Some("colour")]);
        let answer = variable("choice", &[Some("left"), Some("right")]);
        assert_eq!(Confusion::of(&context, &answer).unwrap().balanced_accuracy, None);
        let none = variable("choice", &[None, None]);
        assert!(Confusion::of(&context, &none).unwrap_err().to_string().contains("no trial has both `context`"));
        assert!(Confusion::of(&context, &variable("choice", &[None])).is_err());
    }
}
