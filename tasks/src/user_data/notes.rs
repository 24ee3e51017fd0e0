//! What a file of trials says of them beside its arrays: their step, their lengths, their labels, their places.

use ndarray::{Array3, ArrayD, Ix1, Ix3};

use crate::{Labels, NpzFile, TaskError};

/// What a file of trials says of them beside its arrays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrialNotes {
    /// What a step stands for, ms.
    pub dt: Option<f64>,
    /// The length of each trial, steps.
    pub n_steps: Option<Vec<usize>>,
    /// The output that should win in each trial, -1 for none.
    pub correct: Option<Labels>,
    /// One value for each trial by name, in the order of the names.
    pub labels: Vec<(String, Labels)>,
    /// Where the animal or the hand is, (trials, steps + 1, axes); NaN after a trial's end.
    pub trajectory: Option<Array3<f32>>,
}

impl TrialNotes {
    /// Reads them from the file of `trials` trials of at most `steps` steps. Arrays named in `others` are left to the
    /// caller; every other one must be a label.
    ///
    /// # Errors
    /// If an array breaks its rule, or is none that such a file has: then with the name that was probably meant.
    pub fn read(file: &mut NpzFile, (trials, steps): (usize, usize), others: &[&str]) -> Result<Self, TaskError> {
        let mut notes = Self { dt: dt_of(file)?, ..Self::default() };
        if let Some(n_steps) = file.read("n_steps")? {
            notes.n_steps = Some(lengths(file, n_steps, trials, steps)?);
        }
        if let Some(trajectory) = file.read("trajectory")? {
            notes.trajectory = Some(places(file, trajectory, trials)?);
        }
        let mut names: Vec<String> = file.names().to_vec();
        names.sort();
        for name in names.iter().filter(|name| !others.contains(&name.as_str()) && !OWN.contains(&name.as_str())) {
            let labels = labels(file, name, (trials, steps), others)?;
            notes.labels.push((variable_of(name).into(), labels));
        }
        Ok(notes)
    }
}

/// The arrays that are read here, and the times of the steps, which `dt` says.
const OWN: [&str; 4] = ["dt", "n_steps", "trajectory", "time_ms"];

/// The labels in `conditions` are the variable `condition`.
fn variable_of(name: &str) -> &str {
    if name == "conditions" { "condition" } else { name }
}

/// The step in ms that a file states as one number, called `dt`.
fn dt_of(file: &mut NpzFile) -> Result<Option<f64>, TaskError> {
    let Some(dt) = file.numbers("dt")? else { return Ok(None) };
    match dt.iter().next() {
        Some(&step) if dt.len() == 1 && step.is_finite() && step > 0.0 => Ok(Some(step)),
        first => {
            let value = first.map_or_else(String::new, |first| format!(" and begins with {first}"));
            let problem = format!("has shape {:?}{value}, but is the step in ms", dt.shape());
            Err(file.refusal("dt", problem, "give one number > 0".into()))
        }
    }
}

fn lengths(file: &NpzFile, n_steps: ArrayD<f32>, trials: usize, steps: usize) -> Result<Vec<usize>, TaskError> {
    let shape = n_steps.shape().to_vec();
    let remedy = "give the length of each trial in steps";
    let Some(n_steps) = n_steps.into_dimensionality::<Ix1>().ok().filter(|n_steps| n_steps.len() == trials) else {
        let problem = format!("has shape {shape:?}, but must have [{trials}]");
        let hint = other_way_round(&shape, (trials, steps));
        return Err(file.refusal("n_steps", problem, format!("{remedy}{hint}")));
    };
    let whole = |(trial, &n): (usize, &f32)| {
        if n.fract() == 0.0 && n >= 1.0 && f64::from(n) <= steps as f64 {
            return Ok(n as usize);
        }
        let problem = format!("is {n} in trial {trial}, but must be a whole number from 1 to {steps}");
        Err(file.refusal("n_steps", problem, remedy.into()))
    };
    n_steps.iter().enumerate().map(whole).collect()
}

fn places(file: &NpzFile, trajectory: ArrayD<f32>, trials: usize) -> Result<Array3<f32>, TaskError> {
    let shape = trajectory.shape().to_vec();
    let fits = trajectory.into_dimensionality::<Ix3>().ok().filter(|places| places.dim().0 == trials);
    fits.ok_or_else(|| {
        let problem = format!("has shape {shape:?}, but must have ({trials} trials, steps + 1, axes)");
        file.refusal("trajectory", problem, "give a place before the first step and one after each".into())
    })
}

fn labels(
    file: &mut NpzFile,
    name: &str,
    (trials, steps): (usize, usize),
    others: &[&str],
) -> Result<Labels, TaskError> {
    let shape = file.header(name)?.map(|header| header.shape).unwrap_or_default();
    let is_there = |meant: &str| file.names().iter().any(|known| known == meant);
    // One value for each trial under the name of an array that is there, too, as the places `x`, is a label; lengths
    // are never one.
    let may_be_label = |meant: &str| shape == [trials] && meant != "n_steps" && is_there(meant);
    let meant = meant_by(name).filter(|meant| others.contains(meant) || OWN.contains(meant));
    if let Some(meant) = meant.filter(|meant| !may_be_label(meant)) {
        let remedy = format!("rename it `{meant}` if that is what it is, or remove it");
        return Err(file.refusal(name, "is not an array of such a file".into(), remedy));
    }
    if shape != [trials] {
        let mut known: Vec<&str> = others.to_vec();
        known.extend(OWN.iter().filter(|own| !others.contains(own)));
        let known = known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
        let problem = format!("has shape {shape:?} and is none of {known}");
        let remedy = format!("labels of trials have one value for each of the {trials}; remove it");
        return Err(file.refusal(name, problem, format!("{remedy}{}", other_way_round(&shape, (trials, steps)))));
    }
    // The header said that there is one.
    Ok(file.labels(name)?.unwrap_or(Labels::Flags(Vec::new())))
}

/// What to do about an array of one value for each trial, if its shape says that trials were taken for steps.
pub(super) fn other_way_round(shape: &[usize], (trials, steps): (usize, usize)) -> &'static str {
    if shape == [steps] && steps != trials {
        "; or, if the first axis of the arrays is that of the steps, set layout = \"time_first\" in training, and swap \
            the first two axes elsewhere"
    } else {
        ""
    }
}

/// What other programs call an array, by what it is called here.
fn meant_by(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let known: [(&str, &[&str]); 6] = [
        ("inputs", &["input", "u", "x", "stimulus", "stimuli", "stim"]),
        ("targets", &["target", "y", "labels", "label", "z", "gt"]),
        ("loss_mask", &["mask", "masks", "loss_masks", "weights", "output_mask"]),
        ("n_steps", &["lengths", "length", "seq_len", "seq_lens", "n_step"]),
        ("x0", &["x0", "h0", "r0", "hidden", "init_state", "initial_state", "h_0", "x_0"]),
        ("dt", &["dt", "step", "timestep", "time_step"]),
    ];
    known.into_iter().find(|(own, names)| *own != name && names.contains(&lower.as_str())).map(|(own, _)| own)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use ndarray::{Array1, Array2, arr0};

    use super::*;
    use crate::NpzBuilder;

    fn read(file: NpzBuilder) -> Result<TrialNotes, String> {
        let mut file = NpzFile::from_bytes(Path::new("mine.npz"), file.finish().unwrap()).unwrap();
        TrialNotes::read(&mut file, (4, 10), &["inputs", "x0"]).map_err(|error| error.to_string())
    }

    #[test]
    fn steps_lengths_and_labels_are_read() {
        let coherence = Labels::Numbers(vec![0.1, -0.1, 0.1, f64::NAN]);
        let file = NpzBuilder::default().array("dt", &arr0(0.1)).unwrap();
        let file = file.array("n_steps", &Array1::from_vec(vec![10i64, 1, 3, 4])).unwrap();
        let notes = read(file.labels("coherence", &coherence).unwrap()).unwrap();
        assert_eq!((notes.dt, notes.n_steps), (Some(0.1), Some(vec![10, 1, 3, 4])));
        let [(name, Labels::Numbers(values))] = &notes.labels[..] else { panic!("{:?}", notes.labels) };
        assert_eq!((name.as_str(), &values[..3]), ("coherence", &[0.1, -0.1, 0.1][..]));
    }

    #[test]
    fn a_label_may_have_the_name_of_an_array_that_is_there_too() {
        let x = Labels::Numbers(vec![0.1, 0.2, 0.3, 0.4]);
        let with = |name: &str| {
            let inputs = NpzBuilder::default().array("inputs", &Array3::<f32>::zeros((4, 10, 1))).unwrap();
            read(inputs.labels(name, &x).unwrap())
        };
        assert_eq!(with("x").unwrap().labels, [("x".to_owned(), x.clone())]);
        assert!(with("lengths").unwrap_err().contains("rename it `n_steps`"));
        let alone = read(NpzBuilder::default().labels("x", &x).unwrap()).unwrap_err();
        assert!(alone.contains("rename it `inputs`"), "{alone}");
    }

    #[test]
    fn labels_of_as_many_as_the_steps_say_that_the_axes_are_swapped() {
        let labels = Labels::Numbers(vec![0.5; 10]);
        let refusal = read(NpzBuilder::default().labels("coherence", &labels).unwrap()).unwrap_err();
        assert!(refusal.contains("layout = \"time_first\"") && refusal.matches("`dt`").count() == 1, "{refusal}");
    }

    #[test]
    fn what_is_no_label_is_refused_with_what_was_meant() {
        let file = |name: &str, shape: (usize, usize)| {
            read(NpzBuilder::default().array(name, &Array2::<f32>::zeros(shape)).unwrap()).unwrap_err()
        };
        assert!(file("h0", (4, 50)).contains("`h0` in mine.npz: is not an array of such a file; rename it `x0`"));
        assert!(file("X0", (4, 50)).contains("rename it `x0`"));
        let other = file("foo", (4, 50));
        assert!(other.contains("has shape [4, 50]") && other.contains("one value for each of the 4"), "{other}");
        let dt = read(NpzBuilder::default().array("dt", &Array1::from_vec(vec![1.0, 2.0])).unwrap()).unwrap_err();
        assert!(dt.contains("give one number"), "{dt}");
    }
}
