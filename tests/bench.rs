//! `nn4n bench`, from the outside: what it reports follows from what it says it measured, and what it cannot measure it
//! refuses.

use std::path::Path;

use serde_json::Value;

/// A network that is measured in a moment.
const TINY: [&str; 15] = [
    "bench",
    "--units",
    "12",
    "--batch-size",
    "3",
    "--steps",
    "20",
    "--inputs",
    "4",
    "--outputs",
    "5",
    "--seconds",
    "0.05",
    "--threads",
    "2",
];

fn nn4n(arguments: &[&str]) -> String {
    let output = crate::program::nn4n(Path::new("."), arguments, &[]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "nn4n {}: {}\n{stderr}", arguments.join(" "), output.status);
    String::from_utf8(output.stdout).expect("UTF-8 on standard output")
}

/// The only line of JSON.
fn report(more: &[&str]) -> Value {
    let text = nn4n(&[&TINY[..], more, &["--json"]].concat());
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn number(report: &Value, key: &str) -> f64 {
    report[key].as_f64().unwrap_or_else(|| panic!("no number `{key}` in {report}"))
}

fn assert_close(found: f64, wanted: f64) {
    assert!((found - wanted).abs() <= 1e-9 * wanted.abs(), "{found} is not {wanted}");
}

#[test]
fn its_numbers_follow_from_each_other() {
    let found = report(&["--kind", "ei", "--activation", "softplus", "--form", "rate"]);
    let words = ["case", "kind", "activation", "form", "device"].map(|key| found[key].as_str());
    assert_eq!(words, ["custom", "ei", "softplus", "rate", "CPU"].map(Some), "{found}");
    assert_eq!(
        ["units", "batch_size", "steps", "inputs", "outputs", "threads"].map(|key| number(&found, key)),
        [12.0, 3.0, 20.0, 4.0, 5.0, 2.0]
    );

    let operations = 3.0 * 20.0 * (6.0 * 12.0 * 12.0 + 4.0 * 12.0 * 4.0 + 6.0 * 12.0 * 5.0);
    assert_close(number(&found, "gflops"), operations / (1e6 * number(&found, "median_ms")));
    assert!(number(&found, "min_ms") > 0.0 && number(&found, "min_ms") <= number(&found, "median_ms"), "{found}");
    assert!(number(&found, "timed_steps") >= 5.0, "{found}");

    let products = found["products"].as_array().expect("a list");
    let fastest = products.iter().map(|product| number(product, "gflops")).fold(0.0, f64::max);
    assert_eq!(number(&found, "sgemm_peak_gflops"), fastest);
    assert_close(number(&found, "percent_of_peak"), 100.0 * number(&found, "gflops") / fastest);
    let libraries: Vec<_> = products.iter().filter_map(|product| product["library"].as_str()).collect();
    assert!(libraries.contains(&"gemm") && libraries.contains(&"faer"), "{found}");
    assert!(found.get("phases").is_none(), "{found}");
}

#[test]
fn its_phases_add_up_to_the_step() {
    let found = report(&["--phases"]);
    let phases = found["phases"].as_array().expect("a list");
    let names: Vec<_> = phases.iter().filter_map(|phase| phase["phase"].as_str()).collect();
    assert_eq!(names, ["forward", "loss", "backward", "clip_optimizer", "constraints"]);
    // A sum of medians is near the median of the sums, whatever else the machine does.
    let sum: f64 = phases.iter().map(|phase| number(phase, "ms")).sum();
    let median = number(&found, "median_ms");
    assert!((0.5..1.5).contains(&(sum / median)), "{sum} ms of {median} ms");
    assert_close(phases.iter().map(|phase| number(phase, "percent")).sum(), 100.0 * sum / median);
}

/// At least the inputs of all units and the rates are held, and what is held grows with the batch.
#[cfg(target_os = "linux")]
#[test]
fn its_memory_is_that_of_the_pass() {
    let at = |batch_size: &str| {
        let sizes = [
            "bench",
            "--units",
            "64",
            "--steps",
            "40",
            "--batch-size",
            batch_size,
            "--seconds",
            "0.05",
            "--threads",
            "1",
            "--json",
        ];
        let found: Value = serde_json::from_str(&nn4n(&sizes)).expect("JSON");
        let (bytes, multiple) =
            (number(&found, "activation_memory_bytes"), number(&found, "activation_memory_multiple"));
        assert_close(multiple, bytes / (number(&found, "batch_size") * 40.0 * 64.0 * 4.0));
        assert!((1.0..100.0).contains(&multiple), "{found}");
        bytes
    };
    let (small, large) = (at("100"), at("400"));
    assert!((2.0..6.0).contains(&(large / small)), "{small} bytes for 100 trials, {large} for 400");
}

#[test]
#[cfg(target_os = "linux")]
fn a_step_holds_at_most_three_times_its_rates() {
    for case in ["song", "yang", "tms"] {
        let found: Value =
            serde_json::from_str(&nn4n(&["bench", "--case", case, "--seconds", "0.01", "--threads", "2", "--json"]))
                .expect("JSON");
        let multiple = number(&found, "activation_memory_multiple");
        assert!(multiple <= 3.0, "{case}: {multiple}");
    }
}

#[test]
fn its_tables_compare_lengths_batches_and_threads() {
    let sizes = [
        "bench",
        "--units",
        "4",
        "--batch-size",
        "2",
        "--steps",
        "5",
        "--seconds",
        "0.01",
        "--threads",
        "2",
        "--scaling",
        "--json",
    ];
    let found: Value = serde_json::from_str(&nn4n(&sizes)).expect("JSON");
    let rows = found["by_steps"].as_array().expect("a list");
    let steps: Vec<f64> = rows.iter().map(|row| number(row, "steps")).collect();
    assert_eq!(steps, [100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0]);
    for row in rows {
        assert_close(number(row, "ratio"), number(row, "ms") / number(row, "steps") / (number(&rows[0], "ms") / 100.0));
    }
    let batches = found["by_batch_size"].as_array().expect("a list");
    assert_eq!(batches.iter().map(|row| number(row, "batch_size")).collect::<Vec<_>>(), [1.0, 2.0, 4.0, 8.0, 16.0]);
    for row in batches {
        let times = row["by_threads"].as_array().expect("a list");
        assert_eq!(times.iter().map(|time| number(time, "threads")).collect::<Vec<_>>(), [1.0, 2.0]);
        assert_close(number(&times[1], "speed_up"), number(&times[0], "ms") / number(&times[1], "ms"));
    }
}

#[test]
fn every_penalty_has_a_price_beside_the_step_without() {
    let found = report(&["--regularisers"]);
    assert!(number(&found, "rounds") >= 3.0 && number(&found, "median_ms") > 0.0, "{found}");
    let prices = found["regularisers"].as_array().expect("a list");
    let names: Vec<_> = prices.iter().filter_map(|price| price["regulariser"].as_str()).collect();
    for name in ["l2_weights.w_rec", "l2_rates", "population_kl", "vanishing_gradient"] {
        assert!(names.contains(&name), "{found}");
    }
    prices.iter().for_each(|price| assert!(number(price, "median_ms") > 0.0 && number(price, "ratio") > 0.0));
    let found = report(&["--regularisers", "vanishing", "--form", "rate"]);
    assert_eq!(found["regularisers"].as_array().map(Vec::len), Some(0), "{found}");
    assert!(found["left_out"][0].as_str().is_some_and(|why| why.contains("current form")), "{found}");
    let text = nn4n(&[&TINY[..], &["--regularisers", "l2"]].concat());
    for words in ["ratio", "none", "l2_rates"] {
        assert!(text.contains(words) && !text.contains("entropy"), "no `{words}` in\n{text}");
    }
}

#[test]
fn its_table_names_the_case_and_leads_on() {
    let text = nn4n(&[&TINY[..], &["--phases"]].concat());
    for words in ["GFLOP/s", "custom", "clip_optimizer", "next: nn4n bench"] {
        assert!(text.contains(words), "no `{words}` in\n{text}");
    }
    assert!(nn4n(&["bench", "--help"]).contains("nn4n bench --case song --phases"));
}

#[test]
fn what_cannot_be_measured_is_refused() {
    for (arguments, words) in [
        (&["--units", "0"][..], &["units", "at least 1", "is 0"][..]),
        (&["--units", "9", "--batch-size", "0"], &["batch_size", "at least 1"]),
        (&["--units", "9", "--steps", "18446744073709551615"], &["batch_size", "take fewer"]),
        (&["--units", "9", "--activation", "rely"], &["--activation", "rely", "relu"]),
        (&["--case", "tiny"], &["case: `tiny`", "small, song, yang, large, tms or all"]),
        (&["--case", "small", "--units", "9"], &["--case", "--units", "cannot be used"]),
        (&["--case", "all", "--scaling"], &["--scaling", "--case is all", "--case small"]),
        (&["--batch-size", "9"], &["--units"]),
        (&["--threads", "0"], &["--threads", "'0'", "1 to 1024"]),
        (&["--regularisers", "l3"], &["regularisers", "`l3`", "vanishing_gradient"]),
        (&["--regularisers", "--remat"], &["--regularisers", "--remat", "cannot be used"]),
        (&["--seconds", "-1"], &["--seconds", "'-1'", "> 0"]),
        (&["--seconds", "1e300"], &["--seconds", "at most 86400"]),
    ] {
        let output = crate::program::nn4n(Path::new("."), &[&["bench"], arguments].concat(), &[]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            matches!(output.status.code(), Some(1 | 2)) && output.stdout.is_empty(),
            "{arguments:?}: {}\n{stderr}",
            output.status
        );
        assert!(stderr.starts_with("error: ") && !stderr.contains("panicked"), "{arguments:?}: {stderr}");
        words.iter().for_each(|word| assert!(stderr.contains(word), "{arguments:?}: no `{word}` in\n{stderr}"));
    }
}
