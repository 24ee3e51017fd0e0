//! Recorded activity and what is known of its trials, from files of a laboratory or of this program.
//!
//! ```text
//! FILE.npz, FILE.mat (MATLAB 7.3) or FILE.h5
//!            rates (trials, steps, units)       NaN where a trial is over, a step is missing, a unit was not recorded
//!            dt                                 ms
//!            n_steps (trials)                   lengths, unless NaN at the end of trials says them
//!            any other (trials)                 a variable, such as `coherence` or `choice`
//!            area (units), cell_type (units)    words
//!            trajectory (trials, steps + 1, axes), inputs (trials, steps, channels)
//! FILE.json  a list with one entry a trial: {condition, epochs}, as `nn4n tasks sample` writes it, or the variables alone
//! FILE.csv   one row a trial, one column a variable; an empty field, NA or NaN where a trial has none.
//!            `NAME.start`, `NAME.end`           when the epoch NAME begins and ends, ms, rounded to the nearest step
//! ```

use std::{collections::BTreeMap, path::Path};

use ndarray::{Array3, Ix3};
use nn4n_analysis::{Activity, AnalysisError, activity::Trials, structure::Group};
use nn4n_tasks::{Condition, Epoch, Labels, NpzFile, TrialNotes, Value, nan_padded_lengths};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::Outcomes;
use crate::{
    error::{Error, Result},
    files::read_text,
};

/// What a file of activity may hold beside labels of its trials.
const ARRAYS: [&str; 10] =
    ["rates", "states", "outputs", "inputs", "x0", "targets", "loss_mask", "correct", AREA, CELL_TYPE];
const AREA: &str = "area";
const CELL_TYPE: &str = "cell_type";
/// The largest file of conditions that is read, bytes.
const LARGEST: u64 = 1 << 28;
/// Fields of a table in which nothing is known.
const MISSING: [&str; 4] = ["", "NA", "NaN", "nan"];

/// Recorded activity, and what is known of its units.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The rates with the trials.
    pub activity: Activity,
    /// The units of each area, of each cell type, and of each cell type of an area.
    pub groups: Vec<Group>,
}

/// Reads the activity in an `.npz`, a `.mat` of MATLAB 7.3 or an `.h5`, and what another file says of its trials.
///
/// # Errors
/// If a file cannot be read, an array is missing or breaks its rule, or the two files contradict each other.
pub fn recorded(path: &Path, conditions: Option<&Path>) -> Result<Recorded> {
    let mut file = NpzFile::open(path)?;
    let rates = rates(&mut file)?;
    let (n, steps, units) = rates.dim();
    let (notes, dt) = notes(&mut file, (n, steps))?;
    let lengths = notes.n_steps.clone().or_else(|| nan_padded_lengths(&rates)).unwrap_or_else(|| vec![steps; n]);
    let trials = trials(lengths, dt, &notes, conditions)?;
    let groups = groups(&mut file, units)?;
    let of_file = |error: AnalysisError| Error::file(path, error.to_string());
    let mut activity = Activity::new(rates.mapv(f64::from), dt, trials).map_err(of_file)?;
    if let Some(places) = &notes.trajectory {
        activity = activity.with_places(places.mapv(f64::from)).map_err(of_file)?;
    }
    Ok(Recorded { activity, groups })
}

/// Reads what was done in trials, without activity: the variables in such a file, with its `inputs` if it has them, and
/// what another file says.
///
/// # Errors
/// As [`recorded`].
pub fn recorded_outcomes(path: &Path, conditions: Option<&Path>) -> Result<Outcomes> {
    let mut file = NpzFile::open(path)?;
    let shaped = ["inputs", "rates"].into_iter().find(|name| file.names().iter().any(|known| known == name));
    let shape = match shaped {
        Some(name) => file.header(name)?.map(|header| header.shape).unwrap_or_default(),
        None => {
            return Err(file.refusal("rates", "is missing, and so are inputs".into(), "add one of them".into()).into());
        }
    };
    let [n, steps, _] = shape[..] else {
        let problem = format!("has shape {shape:?}, but must be (trials, steps, channels)");
        return Err(file.refusal(shaped.unwrap_or("rates"), problem, "add or join axes".into()).into());
    };
    let (notes, dt) = notes(&mut file, (n, steps))?;
    let inputs = match file.read("inputs")? {
        Some(inputs) => inputs.into_dimensionality::<Ix3>().map_err(|error| Error::file(path, error.to_string()))?,
        None => Array3::zeros((n, steps, 0)),
    };
    let lengths = notes.n_steps.clone().unwrap_or_else(|| vec![steps; n]);
    let channels = (0..inputs.dim().2).map(|channel| format!("input{channel}")).collect();
    Ok(Outcomes { trials: trials(lengths, dt, &notes, conditions)?, inputs, channels, dt })
}

/// What the file says of its trials, and their step, ms. Names that other programs give to arrays which are not there,
/// such as `stimulus`, are those of variables.
fn notes(file: &mut NpzFile, shape: (usize, usize)) -> Result<(TrialNotes, f64)> {
    let there: Vec<&str> = ARRAYS.into_iter().filter(|name| file.names().iter().any(|known| known == name)).collect();
    let notes = TrialNotes::read(file, shape, &there)?;
    let remedy = || "add the time of a step in ms, as in numpy.savez(.., dt=10.0)".into();
    let dt = notes.dt.ok_or_else(|| file.refusal("dt", "is missing".into(), remedy()))?;
    Ok((notes, dt))
}

fn rates(file: &mut NpzFile) -> Result<Array3<f32>> {
    let rates = file.require("rates")?;
    let shape = rates.shape().to_vec();
    rates.into_dimensionality::<Ix3>().map_err(|_| {
        let problem = format!("has shape {shape:?}, but must be (trials, steps, units)");
        file.refusal("rates", problem, "add or join axes".into()).into()
    })
}

fn trials(n_steps: Vec<usize>, dt: f64, notes: &TrialNotes, other: Option<&Path>) -> Result<Trials> {
    let n = n_steps.len();
    let condition = |trial: usize| {
        notes.labels.iter().fold(Condition::new(), |condition, (name, labels)| match labels.value(trial) {
            Some(value) => condition.with(name.clone(), in_words(value)),
            None => condition,
        })
    };
    let mut trials = Trials::new(n_steps, (0..n).map(condition).collect());
    let Some(path) = other else { return Ok(trials) };
    let described = described(path, dt)?;
    if described.len() != n {
        let message =
            format!("describes {} trials, but the activity has {n}; give the file of these trials", described.len());
        return Err(Error::file(path, message));
    }
    for (trial, of_file) in described.into_iter().enumerate() {
        let known = &mut trials.conditions[trial];
        for (name, value) in of_file.condition.iter() {
            if let Some(other) = known.get(name).filter(|other| !agree(other, value)) {
                let message = format!(
                    "says {name}={value} of trial {trial}, but the activity says {other}; give the file of these trials"
                );
                return Err(Error::file(path, message));
            }
        }
        *known = std::mem::take(known).and(&of_file.condition);
        trials.epochs[trial] = of_file.epochs;
    }
    trials.check().map_err(|error| Error::file(path, error.to_string()))?;
    Ok(trials)
}

/// A number of single precision as the decimal that it stands for, so that 0.3 of such a file is 0.3.
fn in_words(value: Value) -> Value {
    match value {
        Value::Number(number) if f64::from(number as f32) == number => {
            Value::Number((number as f32).to_string().parse().unwrap_or(number))
        }
        other => other,
    }
}

/// Whether two values are the same, of which one may have gone through single precision.
fn agree(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => (a - b).abs() <= 1e-6 * a.abs().max(b.abs()),
        _ => a == b,
    }
}

/// What a file says of one trial.
#[derive(Default, Deserialize)]
struct DescribedTrial {
    condition: Condition,
    #[serde(default)]
    epochs: Vec<Epoch>,
}

fn described(path: &Path, dt: f64) -> Result<Vec<DescribedTrial>> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => from_csv(&read_text(path, LARGEST)?, dt).map_err(|message| Error::file(path, message)),
        Some("json") => from_json(&read_text(path, LARGEST)?).map_err(|message| Error::file(path, message)),
        _ => Err(Error::file(
            path,
            "must end in .csv (a row a trial) or .json (as `nn4n tasks sample` writes it); rename it",
        )),
    }
}

fn from_json(text: &str) -> Result<Vec<DescribedTrial>, String> {
    let all: Vec<Map<String, Json>> = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        format!("must be a list with an object for each trial ({error}); write it as `nn4n tasks sample` does")
    })?;
    let one = |(trial, mut object): (usize, Map<String, Json>)| {
        let described = match object.contains_key("condition") {
            true => serde_json::from_value(Json::Object(object)),
            false => {
                // As other programs write what is missing.
                object.retain(|_, value| !value.is_null());
                let variables = serde_json::from_value(Json::Object(object));
                variables.map(|condition| DescribedTrial { condition, epochs: Vec::new() })
            }
        };
        described.map_err(|error| format!("trial {trial}: {error}; give each variable a number, a word, true or false"))
    };
    all.into_iter().enumerate().map(one).collect()
}

fn from_csv(text: &str, dt: f64) -> Result<Vec<DescribedTrial>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers().map_err(|error| error.to_string())?.iter().map(Into::into).collect();
    if let Some(name) = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)).map(|(_, name)| name) {
        return Err(format!("has two columns `{name}`; rename one"));
    }
    let row = |(trial, row): (usize, Result<csv::StringRecord, csv::Error>)| {
        let row = row.map_err(|error| format!("{error}; give every row a field for each column"))?;
        from_row(&names, &row, dt).map_err(|message| format!("trial {trial}: {message}"))
    };
    reader.records().enumerate().map(row).collect()
}

fn from_row(names: &[String], row: &csv::StringRecord, dt: f64) -> Result<DescribedTrial, String> {
    let mut described = DescribedTrial::default();
    let mut epochs: BTreeMap<&str, [Option<usize>; 2]> = BTreeMap::new();
    for (name, field) in names.iter().zip(row).filter(|(_, field)| !MISSING.contains(field)) {
        let end = [".start", ".end"].iter().position(|end| name.ends_with(end));
        let Some(end) = end else {
            described.condition = described.condition.with(name.clone(), value(name, field)?);
            continue;
        };
        let time = field.parse::<f64>().ok().filter(|time| time.is_finite() && *time >= 0.0);
        let time = time.ok_or_else(|| format!("{name} = {field}: must be a time in ms, at least 0"))?;
        let (epoch, _) = name.rsplit_once('.').unwrap_or((name, ""));
        epochs.entry(epoch).or_default()[end] = Some((time / dt).round() as usize);
    }
    for (name, ends) in epochs {
        let [Some(start), Some(end)] = ends else {
            return Err(format!("the epoch `{name}` has a start or an end alone; give both, or none"));
        };
        described.epochs.push(Epoch { name: name.to_owned().into(), start, end });
    }
    described.epochs.sort_by_key(|epoch| (epoch.start, epoch.end));
    Ok(described)
}

fn value(name: &str, field: &str) -> Result<Value, String> {
    Ok(match (field, field.parse::<f64>()) {
        ("true" | "True" | "TRUE", _) => Value::Bool(true),
        ("false" | "False" | "FALSE", _) => Value::Bool(false),
        (_, Ok(number)) if number.is_finite() => Value::Number(number),
        (_, Ok(number)) => {
            return Err(format!("{name} = {number}: must be finite; leave the field empty if it is missing"));
        }
        (word, Err(_)) => word.to_owned().into(),
    })
}

/// Areas, cell types, and cell types of areas, in the order in which they first appear.
fn groups(file: &mut NpzFile, units: usize) -> Result<Vec<Group>> {
    let mut words = |name: &str| -> Result<Option<Vec<String>>> {
        match file.labels(name)? {
            None => Ok(None),
            Some(Labels::Words(words)) if words.len() == units => Ok(Some(words)),
            Some(other) => {
                let problem = format!("has {} values, but must have a word for each of the {units} units", other.len());
                Err(file.refusal(name, problem, "give one for each".into()).into())
            }
        }
    };
    let (areas, types) = (words(AREA)?, words(CELL_TYPE)?);
    let both = areas.as_ref().zip(types.as_ref()).map(|(areas, types)| {
        areas.iter().zip(types).map(|(area, cell_type)| format!("{area}:{cell_type}")).collect::<Vec<_>>()
    });
    let mut groups: Vec<Group> = Vec::new();
    for names in [areas, types, both].into_iter().flatten() {
        for (unit, name) in names.into_iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            match groups.iter_mut().find(|group| group.name == name) {
                Some(group) => group.units.push(unit),
                None => groups.push(Group { name, units: vec![unit] }),
            }
        }
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ndarray::{Array, array};
    use nn4n_tasks::NpzBuilder;

    use super::*;

    fn file(folder: &Path, with: impl FnOnce(NpzBuilder) -> NpzBuilder) -> std::path::PathBuf {
        let path = folder.join("activity.npz");
        let rates = Array::from_shape_fn((2, 3, 2), |(trial, step, unit)| (trial + step + unit) as f32);
        let built = with(NpzBuilder::default().array("rates", &rates).unwrap());
        fs::write(&path, built.finish().unwrap()).unwrap();
        path
    }

    fn with_dt(file: NpzBuilder) -> NpzBuilder {
        file.array("dt", &ndarray::arr0(10.0)).unwrap()
    }

    #[test]
    fn variables_and_epochs_come_from_a_table() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), with_dt);
        let table = folder.path().join("trials.csv");
        fs::write(&table, "coherence,side,hit,cue.start,cue.end\n0.5,left,true,10,30\n-0.5,,false,0,20\n").unwrap();
        let found = recorded(&path, Some(&table)).unwrap();
        let trials = found.activity.trials();
        assert_eq!(trials.conditions[0].to_string(), "coherence=0.5 side=left hit=true");
        assert_eq!(trials.conditions[1].to_string(), "coherence=-0.5 hit=false");
        assert_eq!(trials.epoch(0, "cue").map(Epoch::steps), Some(1..3));
        for (text, words) in [
            ("a\n1\n", "describes 1 trials, but the activity has 2"),
            ("a,a\n1,2\n1,2\n", "two columns `a`"),
            ("cue.start\n10\n20\n", "trial 0: the epoch `cue` has a start or an end alone"),
            ("cue.start,cue.end\n10,900\n0,10\n", "trials.csv: epoch `cue` of trial 0 goes from step 1 to 90"),
            ("a\ninf\n1\n", "trial 0: a = inf: must be finite"),
        ] {
            fs::write(&table, text).unwrap();
            let message = recorded(&path, Some(&table)).unwrap_err().to_string();
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn what_tasks_sample_writes_is_read_and_must_agree() {
        let folder = tempfile::tempdir().unwrap();
        let labels = Labels::Numbers(vec![0.5, -0.5]);
        let path = file(folder.path(), |file| with_dt(file).labels("coherence", &labels).unwrap());
        let described = folder.path().join("trials.json");
        let one = |coherence: f64| {
            format!(
                r#"{{"condition":{{"coherence":{coherence}}},"epochs":[{{"name":"a","start":0,"end":2}}],"correct":0}}"#
            )
        };
        fs::write(&described, format!("[{},{}]", one(0.5), one(-0.5))).unwrap();
        let found = recorded(&path, Some(&described)).unwrap();
        assert_eq!(found.activity.trials().epoch_names(), ["a"]);
        fs::write(&described, format!("[{},{}]", one(0.5), one(0.25))).unwrap();
        let message = recorded(&path, Some(&described)).unwrap_err().to_string();
        assert!(message.contains("says coherence=0.25 of trial 1, but the activity says -0.5"), "{message}");
    }

    #[test]
    fn a_variable_may_be_called_stimulus_and_is_what_its_single_precision_stands_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), |file| with_dt(file).array("stimulus", &array![0.3f32, -7.0]).unwrap());
        let trials = recorded(&path, None).unwrap().activity.trials().clone();
        assert_eq!(trials.of_condition(&Condition::new().with("stimulus", 0.3)).unwrap(), [0]);
    }

    #[test]
    fn units_have_areas_and_cell_types() {
        let folder = tempfile::tempdir().unwrap();
        let words = |words: [&str; 2]| Labels::Words(words.map(str::to_owned).to_vec());
        let path = file(folder.path(), |file| {
            with_dt(file)
                .labels("area", &words(["PFC", "PMd"]))
                .unwrap()
                .labels("cell_type", &words(["E", "E"]))
                .unwrap()
        });
        let groups = recorded(&path, None).unwrap().groups;
        let named: Vec<_> = groups.iter().map(|group| (group.name.as_str(), group.units.as_slice())).collect();
        assert_eq!(named, [("PFC", &[0][..]), ("PMd", &[1]), ("E", &[0, 1]), ("PFC:E", &[0]), ("PMd:E", &[1])]);
    }

    #[test]
    fn a_file_without_its_step_is_refused_and_one_of_behaviour_needs_no_rates() {
        let folder = tempfile::tempdir().unwrap();
        let message = recorded(&file(folder.path(), |file| file), None).unwrap_err().to_string();
        assert!(message.contains("`dt`") && message.contains("is missing"), "{message}");
        let path = folder.path().join("behaviour.npz");
        let built = NpzBuilder::default().array("inputs", &Array3::<f32>::ones((2, 3, 1))).unwrap();
        let built = with_dt(built).array("chose_first", &array![true, false]).unwrap();
        fs::write(&path, built.finish().unwrap()).unwrap();
        let outcomes = recorded_outcomes(&path, None).unwrap();
        assert_eq!(outcomes.trials.conditions[0].get("chose_first"), Some(&Value::Bool(true)));
        assert_eq!(outcomes.inputs.dim(), (2, 3, 1));
    }
}
