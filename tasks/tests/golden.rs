//! A few numbers of every task at a fixed seed, so that no definition changes unnoticed. They are in `golden/FAMILY.txt`; if one of them has to
//! change, so has the `version` of its task. The test prints the lines that are missing or different.

use std::{fs, path::Path};

use ndarray::Array3;
use nn4n_tasks::{Split, TaskError, batch, create, list};

/// A sum in which every place has a weight of its own.
fn checksum(array: &Array3<f32>) -> f64 {
    array.iter().enumerate().map(|(i, &x)| f64::from(x) * ((i * 7919 % 1009) as f64 + 1.0)).sum::<f64>() / 1000.0
}

/// What identifies the trials (id, version, split, lengths), and the three sums.
fn parse(line: &str) -> Option<(String, Vec<f64>)> {
    let (identity, sums) = line.rsplit_once('|')?;
    Some((identity.trim().into(), sums.split_whitespace().map(|sum| sum.parse().ok()).collect::<Option<_>>()?))
}

fn same(known: &str, line: &str) -> bool {
    let close = |a: &[f64], b: &[f64]| a.len() == 3 && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3 * (1.0 + a.abs()).sqrt());
    parse(known).zip(parse(line)).is_some_and(|((known, a), (identity, b))| known == identity && close(&a, &b))
}

#[test]
fn no_definition_has_changed() -> Result<(), TaskError> {
    let mut changed = Vec::new();
    for info in list().into_iter().filter(|info| info.n_inputs.is_some()) {
        let family = info.id.split('/').next().unwrap_or_default();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{family}.txt"));
        let golden = fs::read_to_string(path).unwrap_or_default();
        for split in [Split::Train, Split::Test] {
            let trials = batch(create(info.id, None)?.as_ref(), split, 1, 2, 4)?;
            let steps = trials.n_steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let [inputs, targets, loss_mask] = [&trials.inputs, &trials.targets, &trials.loss_mask].map(checksum);
            let line = format!("{} {} {} | {steps} | {inputs:.4} {targets:.4} {loss_mask:.4}", info.id, info.version, split.name());
            if !golden.lines().any(|known| same(known, &line)) {
                changed.push(line);
            }
        }
    }
    assert!(changed.is_empty(), "these definitions are new or have changed:\n{}", changed.join("\n"));
    Ok(())
}
