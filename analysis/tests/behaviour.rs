//! Behaviour agrees with independent programs (`golden/behaviour/generate.py`: SciPy, psignifit, scikit-learn).

use std::path::Path;

use ndarray::Array2;
use nn4n_analysis::{
    Confusion, Kernel, PsychometricFunction, TwoVariableFunction,
    activity::Variable,
    behaviour::psychometric::{ChoiceCount, ChoiceCountOfTwo, Family, Lapses, Settings},
};
use serde_json::Value;

fn golden(part: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/behaviour/golden.json");
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    all[part].clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn counts(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|number| number.as_u64().unwrap() as usize).collect()
}

fn words(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|word| word.as_str().unwrap().into()).collect()
}

fn settings(fit: &Value) -> Settings {
    let family = match fit["family"].as_str().unwrap() {
        "gaussian" => Family::Gaussian,
        "logistic" => Family::Logistic,
        "weibull" => Family::Weibull,
        _ => Family::Gumbel,
    };
    let lapses = match fit["lapses"].as_str().unwrap() {
        "none" => Lapses::None,
        "equal" => Lapses::Equal,
        "two" => Lapses::Two,
        _ => Lapses::Guess,
    };
    Settings { family, lapses, refits: 0, ..Settings::default() }
}

/// Within 1e-5 of what is expected, or of its size.
fn close(what: &str, found: f64, known: &Value) {
    let known = known.as_f64().unwrap();
    assert!((found - known).abs() < 1e-5 * known.abs().max(1.0), "{what}: {found}, not {known}");
}

fn choices(given: &Value) -> Vec<ChoiceCount> {
    numbers(&given["x"])
        .into_iter()
        .zip(counts(&given["k"]).into_iter().zip(counts(&given["n"])))
        .map(|(value, (chose_first, trials))| ChoiceCount { value, chose_first, trials })
        .collect()
}

#[test]
fn curves_of_all_families_and_lapses_are_those_of_scipy() {
    for part in ["signed", "strength"] {
        let given = golden("psychometric")[part].clone();
        let choices = choices(&given);
        for fit in given["fits"].as_array().unwrap() {
            let found = PsychometricFunction::fit("x", &choices, &settings(fit)).unwrap();
            let what = format!("{} {}", fit["family"], fit["lapses"]);
            let slope = fit["slopes"][0].as_f64().unwrap();
            let mu = -fit["intercept"].as_f64().unwrap() / slope;
            let mu = if found.family == Family::Weibull { mu.exp() } else { mu };
            close(&what, found.log_likelihood, &fit["log_likelihood"]);
            close(&what, found.deviance, &fit["deviance"]);
            close(&what, found.lapse_low, &fit["lapse_low"]);
            close(&what, found.lapse_high, &fit["lapse_high"]);
            close(&what, found.mu, &mu.into());
            close(&what, found.sigma, &(1.0 / slope).into());
        }
    }
}

#[test]
fn curves_are_those_of_psignifit_with_flat_priors() {
    let given = golden("psychometric");
    let rows = golden("psignifit");
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 12);
    for row in rows {
        let choices = choices(&given[row["data"].as_str().unwrap()]);
        let found = PsychometricFunction::fit("x", &choices, &settings(row)).unwrap();
        // What the sigmoid takes where it is 5, 50 and 95 %.
        let z: fn(f64) -> f64 = match found.family {
            Family::Gaussian => |p| if p == 0.5 { 0.0 } else { 1.644_853_626_951_472_7 * (p - 0.5).signum() },
            Family::Logistic => |p| (p / (1.0 - p)).ln(),
            Family::Gumbel | Family::Weibull => |p| (-(1.0 - p).ln()).ln(),
        };
        let mu = if found.family == Family::Weibull { found.mu.ln() } else { found.mu };
        let (threshold, width) = (mu + found.sigma * z(0.5), found.sigma * (z(0.95) - z(0.05)));
        let what = format!("{} {}", row["family"], row["lapses"]);
        for (found, name, off) in [
            (threshold, "threshold", 1e-4 * width),
            (width, "width", 1e-4 * width),
            (found.lapse_low, "lapse_low", 1e-5),
            (found.lapse_high, "lapse_high", 1e-5),
        ] {
            let known = row[name].as_f64().unwrap();
            assert!((found - known).abs() < off, "{what} {name}: {found}, not {known}");
        }
    }
}

#[test]
fn two_variables_in_one_fit_are_those_of_scipy() {
    let given = golden("two_variables");
    let (relevant, irrelevant) = (numbers(&given["relevant"]), numbers(&given["irrelevant"]));
    let (k, n) = (counts(&given["k"]), counts(&given["n"]));
    let choices: Vec<ChoiceCountOfTwo> = (0..k.len())
        .map(|i| ChoiceCountOfTwo { relevant: relevant[i], irrelevant: irrelevant[i], chose_first: k[i], trials: n[i] })
        .collect();
    for fit in given["fits"].as_array().unwrap() {
        let found = TwoVariableFunction::fit(["motion", "colour"], &choices, &settings(fit)).unwrap();
        let what = fit["lapses"].to_string();
        close(&what, found.relevant_slope, &fit["slopes"][0]);
        close(&what, found.irrelevant_slope, &fit["slopes"][1]);
        close(&what, -found.mu * found.relevant_slope, &fit["intercept"]);
        close(&what, found.lapse_low, &fit["lapse_low"]);
        close(&what, found.lapse_high, &fit["lapse_high"]);
        close(&what, found.deviance, &fit["deviance"]);
    }
}

#[test]
fn kernels_are_those_of_numpy_and_scikit_learn() {
    let given = golden("kernel");
    let rows: Vec<Vec<f64>> = given["noise"].as_array().unwrap().iter().map(numbers).collect();
    let noise = Array2::from_shape_fn((rows.len(), rows[0].len()), |(trial, time)| rows[trial][time]);
    let chose: Vec<bool> =
        given["chose_first"].as_array().unwrap().iter().map(|first| first.as_bool().unwrap()).collect();
    for fit in given["logistic"].as_array().unwrap() {
        let found = Kernel::of(noise.view(), &chose, fit["ridge"].as_f64().unwrap()).unwrap();
        close("sd", found.noise_sd, &given["sd"]);
        for time in 0..5 {
            close("difference", found.reverse_correlation[time], &given["reverse"][time]);
            close("its error", found.reverse_half[time] / 1.959_963_985, &given["errors"][time]);
            close("weight", found.logistic[time], &fit["weights"][time]);
            close("its error", found.logistic_half[time] / 1.959_963_985, &fit["errors"][time]);
        }
    }
}

#[test]
fn confusion_is_that_of_scikit_learn() {
    let given = golden("confusion");
    let variable = |name: &str| Variable {
        name: name.into(),
        values: words(&given[name]).into_iter().map(|word| Some(word.into())).collect(),
    };
    let found = Confusion::of(&variable("right"), &variable("chosen")).unwrap();
    for (row, known) in given["counts"].as_array().unwrap().iter().enumerate() {
        assert_eq!(found.counts.row(row).to_vec(), counts(known));
    }
    close("balanced accuracy", found.balanced_accuracy.unwrap(), &given["balanced_accuracy"]);
}
