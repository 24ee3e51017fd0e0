//! Arrays of files in a run.toml, where the description of a network has a matrix `[post][pre]`.
//!
//! ```toml
//! [model.w_rec]
//! init = { array = { file = "start.npz", array = "w_rec" } }
//! connectivity = { file = "structure.npz", array = "C" }    # 1 where a synapse may exist, 0 elsewhere
//! fixed = { file = "structure.npz", array = "F" }           # weights of fixed synapses, 0 elsewhere
//! plastic = { file = "structure.npz", array = "P" }         # multipliers of the update, from 0 to 1
//! ```
//!
//! The same in `[model.w_in]`, `[model.w_out]` and the `w_in` and `w_rec` of a layer. A file is looked for where the
//! program runs. What was read takes the place of the reference, so that a run does not change with the file.

use std::path::Path;

use ndarray::{Array2, Ix2};
use nn4n_tasks::NpzFile;
use serde::Deserialize;
use toml::{Table, Value};

use crate::error::{Error, Result};

/// Longest text of all arrays of a description, bytes: it stands in the header of every checkpoint.
const LONGEST: usize = 12 << 20;

/// An array in a file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    file: std::path::PathBuf,
    array: String,
}

/// Puts arrays in the place of the references to them.
///
/// # Errors
/// If a file or an array cannot be read, is no matrix, or holds what the field cannot have.
pub(super) fn resolve(model: &mut Table) -> Result<()> {
    let mut text = 0;
    matrices("model", model, &mut text)?;
    let layers = model.get_mut("layers").and_then(Value::as_array_mut);
    for (place, layer) in layers.into_iter().flatten().enumerate() {
        if let Some(layer) = layer.as_table_mut() {
            matrices(&format!("model.layers.{place}"), layer, &mut text)?;
        }
    }
    Ok(())
}

fn matrices(path: &str, table: &mut Table, text: &mut usize) -> Result<()> {
    for name in ["w_in", "w_rec", "w_out"] {
        let Some(matrix) = table.get_mut(name).and_then(Value::as_table_mut) else { continue };
        if let Some(init) = matrix.get_mut("init").and_then(Value::as_table_mut) {
            replace(&format!("{path}.{name}.init"), "array", init, text, weights)?;
        }
        let path = format!("{path}.{name}");
        replace(&path, "connectivity", matrix, text, mask)?;
        replace(&path, "fixed", matrix, text, fixed)?;
        replace(&path, "plastic", matrix, text, weights)?;
    }
    Ok(())
}

/// Replaces one field, if it is a reference.
fn replace(
    path: &str,
    name: &str,
    table: &mut Table,
    text: &mut usize,
    read: fn(&Array2<f32>) -> std::result::Result<Value, String>,
) -> Result<()> {
    let Some(found @ Value::Table(_)) = table.get(name) else { return Ok(()) };
    let field = format!("{path}.{name}");
    let Reference { file, array } = found.clone().try_into().map_err(|error: toml::de::Error| {
        let message =
            format!("must be a matrix or name one, as in {{ file = \"F.npz\", array = \"A\" }} ({})", error.message());
        Error::setting(field.clone(), message)
    })?;
    let refused = |message: String| Error::setting(field.clone(), format!("`{array}` of {} {message}", file.display()));
    let value = matrix(&file, &array, &refused).and_then(|matrix| read(&matrix).map_err(&refused))?;
    *text += value.to_string().len();
    if *text > LONGEST {
        let message = "is too large to be kept in the description of a network; make a checkpoint of the weights \
            (`nn4n import` reads arrays) and start from it with `init`";
        return Err(refused(message.into()));
    }
    table.insert(name.into(), value);
    Ok(())
}

fn matrix(file: &Path, array: &str, refused: &impl Fn(String) -> Error) -> Result<Array2<f32>> {
    let found = NpzFile::open(file)?.require(array)?;
    let shape = found.shape().to_vec();
    let wrong = |_| refused(format!("has shape {shape:?}, but must be a matrix (post, pre)"));
    let matrix = found.into_dimensionality::<Ix2>().map_err(wrong)?;
    match matrix.indexed_iter().find(|(_, value)| !value.is_finite()) {
        Some(((post, pre), value)) => Err(refused(format!("holds {value} at [{post}, {pre}], but must be finite"))),
        None => Ok(matrix),
    }
}

fn rows(matrix: &Array2<f32>, entry: impl Fn(f32) -> Value) -> Value {
    let row = |row: ndarray::ArrayView1<f32>| Value::Array(row.iter().map(|value| entry(*value)).collect());
    Value::Array(matrix.rows().into_iter().map(row).collect())
}

fn weights(matrix: &Array2<f32>) -> std::result::Result<Value, String> {
    Ok(rows(matrix, |value| Value::Float(value.into())))
}

fn mask(matrix: &Array2<f32>) -> std::result::Result<Value, String> {
    match matrix.iter().find(|value| **value != 0.0 && **value != 1.0) {
        Some(value) => Err(format!("holds {value}, but a connectivity is 0 or 1")),
        None => Ok(rows(matrix, |value| Value::Integer(value as i64))),
    }
}

/// One entry for each weight that is not 0.
fn fixed(matrix: &Array2<f32>) -> std::result::Result<Value, String> {
    let synapse = |((post, pre), weight): ((usize, usize), &f32)| {
        Value::Table(Table::from_iter([
            ("post".to_string(), Value::Integer(post as i64)),
            ("pre".to_string(), Value::Integer(pre as i64)),
            ("weight".to_string(), Value::Float((*weight).into())),
        ]))
    };
    Ok(Value::Array(matrix.indexed_iter().filter(|(_, weight)| **weight != 0.0).map(synapse).collect()))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use ndarray::array;
    use ndarray_npy::NpzWriter;

    use super::*;
    use crate::experiment::Experiment;

    fn structure() -> tempfile::NamedTempFile {
        let file = tempfile::Builder::new().suffix(".npz").tempfile().expect("a file");
        let mut arrays = NpzWriter::new(File::create(file.path()).expect("a file"));
        arrays.add_array("W", &array![[0.0, 0.25, 0.5], [0.75, 0.0, 1.0], [1.25, 1.5, 0.0]]).expect("an array");
        arrays.add_array("C", &array![[false, true, true], [true, false, true], [true, true, false]]).expect("one");
        arrays.add_array("F", &array![[0.0, 0.5, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]).expect("an array");
        arrays.add_array("half", &array![[0.5]]).expect("an array");
        arrays.add_array("nan", &array![[f64::NAN]]).expect("an array");
        arrays.add_array("flat", &array![1.0]).expect("an array");
        arrays.finish().expect("a file");
        file
    }

    fn described(fields: &str) -> Result<Experiment> {
        Experiment::from_toml(&format!(
            "[task]\nid = \"song2016/rdm_varstim\"\n[model]\nkind = \"vanilla\"\nunits = 3\n[model.w_rec]\n{fields}\n"
        ))
    }

    #[test]
    fn arrays_of_files_are_what_stands_in_the_description() {
        let file = structure();
        let named = |array: &str| format!("{{ file = {:?}, array = \"{array}\" }}", file.path());
        let fields = format!(
            "init = {{ array = {} }}\nconnectivity = {}\nfixed = {}\nplastic = {}",
            named("W"),
            named("C"),
            named("F"),
            named("C")
        );
        let found = described(&fields).expect("an experiment");
        let written = described(
            "init = { array = [[0.0, 0.25, 0.5], [0.75, 0.0, 1.0], [1.25, 1.5, 0.0]] }
            connectivity = [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
            fixed = [{ post = 0, pre = 1, weight = 0.5 }]
            plastic = [[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]",
        );
        assert_eq!(found.model, written.expect("an experiment").model);
        // The run keeps what was read.
        drop(file);
        let text = found.to_toml().expect("TOML");
        assert_eq!(Experiment::from_toml(&text).expect("an experiment").model, found.model);
    }

    #[test]
    fn what_is_no_matrix_of_the_field_is_refused_by_file_array_and_reason() {
        let file = structure();
        let named = |array: &str| format!("{{ file = {:?}, array = \"{array}\" }}", file.path());
        for (fields, words) in [
            (format!("connectivity = {}", named("half")), &["model.w_rec.connectivity", "`half`", "0.5", "0 or 1"][..]),
            (format!("init = {{ array = {} }}", named("nan")), &["model.w_rec.init.array", "NaN", "finite"]),
            (format!("init = {{ array = {} }}", named("flat")), &["[1]", "a matrix (post, pre)"]),
            (format!("fixed = {}", named("lost")), &["`lost`", "W"]),
            ("connectivity = { file = \"nowhere.npz\", array = \"C\" }".into(), &["nowhere.npz"]),
            ("connectivity = { npz = \"C\" }".into(), &["model.w_rec.connectivity", "{ file = \"F.npz\", array ="]),
        ] {
            let message = described(&fields).expect_err(&fields).to_string();
            words.iter().for_each(|word| assert!(message.contains(word), "{fields}: no `{word}` in {message}"));
        }
    }
}
