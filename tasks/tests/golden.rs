//! A few numbers of every task at a fixed seed, so that no definition changes unnoticed. If a number here has to change, so has the
//! `version` of its task.

use ndarray::Array3;
use nn4n_tasks::{Split, TaskError, batch, create, list};

/// Task, version, split; the lengths of four trials; the sums of their inputs, targets and loss masks.
type Known = (&'static str, u32, Split, [usize; 4], [f64; 3]);

/// A sum in which every place has a weight of its own.
fn checksum(array: &Array3<f32>) -> f64 {
    array.iter().enumerate().map(|(i, &x)| f64::from(x) * ((i * 7919 % 1009) as f64 + 1.0)).sum::<f64>() / 1000.0
}

#[test]
fn no_definition_has_changed() -> Result<(), TaskError> {
    let golden: &[Known] = &[
        ("song2016/rdm_fixed", 1, Split::Train, [60, 60, 60, 60], [129.9077, 71.8736, 79.9750]),
        ("song2016/rdm_fixed", 1, Split::Test, [100, 70, 70, 70], [121.7591, 80.8922, 191.8480]),
        ("song2016/rdm_varstim", 1, Split::Train, [26, 27, 28, 26], [60.1044, 46.1586, 81.1530]),
        ("song2016/rdm_varstim", 1, Split::Test, [100, 63, 89, 46], [169.4430, 79.2374, 222.7380]),
        ("song2016/rdm_rt", 1, Split::Train, [100, 100, 45, 100], [146.2078, 81.8340, 333.2610]),
        ("song2016/rdm_rt", 1, Split::Test, [100, 100, 90, 90], [266.6475, 137.8250, 354.2430]),
        ("song2016/mante", 1, Split::Train, [60, 60, 60, 60], [388.8505, 72.2376, 79.9750]),
        ("song2016/mante", 1, Split::Test, [75, 75, 75, 75], [422.9917, 84.5498, 141.0170]),
        ("song2016/mante_areas", 1, Split::Train, [60, 60, 60, 60], [388.8505, 72.2376, 79.9750]),
        ("song2016/mante_areas", 1, Split::Test, [75, 75, 75, 75], [422.9917, 84.5498, 141.0170]),
        ("song2016/multisensory", 1, Split::Train, [125, 70, 70, 125], [384.4975, 90.0904, 291.8450]),
        ("song2016/multisensory", 1, Split::Test, [125, 90, 90, 90], [420.9134, 97.6120, 246.5830]),
        ("song2016/romo", 1, Split::Train, [202, 204, 206, 201], [326.0276, 189.1830, 81.1640]),
        ("song2016/romo", 1, Split::Test, [125, 240, 240, 240], [291.6903, 188.3522, 244.8800]),
        ("song2016/lee_sequence", 1, Split::Train, [350, 350, 350, 350], [4229.5555, 51.3830, 1007.7590]),
        ("song2016/lee_sequence", 1, Split::Test, [350, 350, 350, 350], [4224.5183, -48.9970, 1007.7590]),
        ("song2016/sinewave", 1, Split::Train, [80, 80, 80, 80], [0.0, -1.4922, 162.3000]),
        ("song2016/sinewave", 1, Split::Test, [80, 80, 80, 80], [0.0, -1.4922, 162.3000]),
        ("golub2018/flip_flop", 1, Split::Train, [64, 64, 64, 64], [-14.8850, -36.0430, 388.3890]),
        ("golub2018/flip_flop", 1, Split::Test, [64, 64, 64, 64], [4.4760, 14.0490, 388.3890]),
    ];
    for info in list().into_iter().filter(|info| info.id != "data/npz") {
        for split in [Split::Train, Split::Test] {
            let task = create(info.id, None)?;
            let trials = batch(task.as_ref(), split, 1, 2, 4)?;
            let sums = [&trials.inputs, &trials.targets, &trials.loss_mask].map(checksum);
            let known = golden.iter().find(|known| known.0 == info.id && known.2 == split);
            let same = known.is_some_and(|&(_, version, _, n_steps, known)| {
                let close = known.iter().zip(&sums).all(|(a, b)| (a - b).abs() < 1e-3 * (1.0 + a.abs()).sqrt());
                version == info.version && trials.n_steps == n_steps && close
            });
            // The message is the line that belongs in the table.
            let line = format!("({:?}, {}, Split::{split:?}, {:?}, {sums:.4?}),", info.id, info.version, trials.n_steps);
            assert!(same, "the definition has changed: {line}");
        }
    }
    Ok(())
}
