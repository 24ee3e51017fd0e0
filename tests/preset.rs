//! The presets have the structure of the networks in their papers.

use std::collections::BTreeSet;

use candle_core::{DType, Device, Tensor};
use nn4n::{
    Experiment, TrainConfig,
    experiment::SynapticIntelligenceConfig,
    models::{CellType, Ctrnn, PerUnit, Start},
    optimizer::OptimizerConfig,
    preset,
    tasks::{Split, TrialRng},
};

/// 0/1 masks `[post][pre]` of a network drawn from the preset.
struct Masks {
    w_in: Vec<Vec<u8>>,
    w_rec: Vec<Vec<u8>>,
    w_out: Vec<Vec<u8>>,
}

fn load(name: &str) -> Experiment {
    preset::load(&format!("song2016/{name}")).expect("a preset")
}

fn network(experiment: &Experiment) -> Ctrnn {
    Ctrnn::init(&experiment.model, experiment.seed, DType::F64, &Device::Cpu).expect("a network")
}

fn masks(experiment: &Experiment) -> Masks {
    let network = network(experiment);
    let host = |connectivity: &Tensor| connectivity.to_vec2::<u8>().expect("a matrix");
    Masks {
        w_in: network.w_in().map(|w_in| host(w_in.connectivity())).unwrap_or_default(),
        w_rec: host(network.w_rec().connectivity()),
        w_out: host(network.w_out().connectivity()),
    }
}

/// Synapses from `pres` to `posts`, as a fraction of all pairs of different units.
fn density(mask: &[Vec<u8>], posts: std::ops::Range<usize>, pres: std::ops::Range<usize>) -> f64 {
    let pairs =
        posts.clone().flat_map(|post| pres.clone().map(move |pre| (post, pre))).filter(|(post, pre)| post != pre);
    let (present, all) =
        pairs.fold((0, 0), |(present, all), (post, pre)| (present + usize::from(mask[post][pre]), all + 1));
    present as f64 / all as f64
}

/// The units that a channel reaches.
fn reached(w_in: &[Vec<u8>], channel: usize) -> Vec<usize> {
    (0..w_in.len()).filter(|unit| w_in[*unit][channel] == 1).collect()
}

/// The units that an output reads.
fn read(w_out: &[Vec<u8>], output: usize) -> Vec<usize> {
    (0..w_out[output].len()).filter(|unit| w_out[output][*unit] == 1).collect()
}

fn units(range: std::ops::Range<usize>) -> Vec<usize> {
    range.collect()
}

#[test]
fn every_preset_says_what_it_is_and_repeats_itself() {
    for listed in preset::list() {
        let experiment = preset::load(listed.id).expect("a listed preset");
        experiment.validate().expect("a valid preset");
        assert_eq!(experiment.task.id(), listed.task, "{}", listed.id);
        assert!(listed.summary.len() > 20 && listed.toml.contains("doi:10."), "{}", listed.id);
        let again = Experiment::from_toml(&experiment.to_toml().expect("a run.toml")).expect("the same experiment");
        assert_eq!((again.model, again.train), (experiment.model, experiment.train), "{}", listed.id);
    }
    assert!(preset::load("song2016/none").unwrap_err().to_string().contains("song2016/rdm_fixed"));
}

#[test]
fn yang2019_sequential_trains_groups_in_turn_and_protects_the_earlier_ones() {
    let experiment = preset::load("yang2019/sequential").expect("a preset");
    let train = &experiment.train;
    assert_eq!(train.synaptic_intelligence, Some(SynapticIntelligenceConfig { c: 1.0, xi: 0.01 }));
    // 400,000 trials in batches of 64 for each task of a group: 6250 updates.
    assert_eq!(experiment.task.switches(), [6250, 2 * 6250, 4 * 6250, 5 * 6250]);
    assert_eq!((train.batch_size, train.updates), (Some(64), 7 * 6250));
    let drawn = |updates: std::ops::Range<u64>| -> BTreeSet<String> {
        let of = |update| {
            let trial =
                experiment.task.trial(Split::Train, None, &mut TrialRng::new(0, "train", update, 0)).expect("a trial");
            assert!(
                trial.condition.number("coherence").is_none_or(|coherence| coherence.abs() >= 0.1),
                "{}",
                trial.condition
            );
            trial.condition.text("task").unwrap_or_default().to_owned()
        };
        updates.map(of).collect()
    };
    let set = |names: &[&str]| names.iter().map(|name| format!("yang2019/{name}")).collect::<BTreeSet<_>>();
    assert_eq!(drawn(6230..6270), set(&["fdgo", "delaygo"]));
    assert_eq!(drawn(12_500..12_540), set(&["dm1", "dm2"]));
    assert_eq!(drawn(43_710..43_750), set(&["contextdm1", "contextdm2"]));
}

#[test]
fn kleinman2021_projects_sparsely_between_areas_and_its_control_has_no_cell_types() {
    let [dale, control] =
        ["checkerboard", "nodale"].map(|name| preset::load(&format!("kleinman2021/{name}")).expect("a preset"));
    let found = masks(&dale);
    // The 80 excitatory units of an area come first.
    assert_eq!(density(&found.w_rec, 0..100, 0..100), 1.0);
    assert_eq!((density(&found.w_rec, 100..180, 0..80), density(&found.w_rec, 100..180, 200..280)), (0.1, 0.05));
    for (posts, pres) in [(180..200, 0..80), (100..200, 80..100), (200..300, 0..100), (0..100, 200..300)] {
        assert_eq!(density(&found.w_rec, posts.clone(), pres.clone()), 0.0, "{pres:?} to {posts:?}");
    }
    assert_eq!((reached(&found.w_in, 3), read(&found.w_out, 1)), (units(0..100), units(200..280)));
    let without = masks(&control);
    let between = [(100..200, 0..100), (0..100, 100..200), (200..300, 0..100)];
    assert_eq!(between.map(|(posts, pres)| density(&without.w_rec, posts, pres)), [1.0, 0.05, 0.0]);
    assert_eq!((reached(&without.w_in, 0), read(&without.w_out, 0)), (units(0..100), units(200..300)));
    // The source averages squared weights over all entries of a matrix, and its weights are 1.
    for (experiment, masks) in [(&dale, &found), (&control, &without)] {
        let train = serde_json::to_value(&experiment.train).expect("a description");
        let fraction = |mask: &[Vec<u8>]| {
            let synapses: usize = mask.iter().flatten().map(|there| usize::from(*there)).sum();
            synapses as f64 / mask.iter().map(Vec::len).sum::<usize>() as f64
        };
        for (name, mask) in [("w_in", &masks.w_in), ("w_rec", &masks.w_rec), ("w_out", &masks.w_out)] {
            let penalties = train["regularisers"].as_array().expect("a list");
            let weight = penalties.iter().find(|of| of["matrix"] == name).and_then(|of| of["weight"].as_f64());
            assert!((weight.expect("a weight") - fraction(mask)).abs() < 1e-4, "{name}: {weight:?}");
        }
    }
}

#[test]
fn song2016_trains_by_gradient_descent_and_validates_every_10_000_trials() {
    for listed in preset::list().iter().filter(|listed| listed.id.starts_with("song2016/")) {
        let train = preset::load(listed.id).expect("a preset").train;
        let TrainConfig { optimizer, learning_rate, clip_norm, .. } = &train;
        assert_eq!(
            (*optimizer, *learning_rate, *clip_norm),
            (Some(OptimizerConfig::Sgd { momentum: 0.0 }), 0.01, Some(1.0)),
            "{}",
            listed.id
        );
        assert_eq!(train.batch_size.unwrap_or_default() as u64 * train.validation.every, 10_000, "{}", listed.id);
        let names: Vec<_> =
            train.regularisers.iter().map(|regulariser| (regulariser.name(), regulariser.weight)).collect();
        assert_eq!(names, [("vanishing_gradient".to_owned(), 2.0)], "{}", listed.id);
    }
}

#[test]
fn song2016_starts_at_the_published_spectral_radius() {
    for (name, radius) in [("rdm_nodale", 1.1), ("rdm_dense", 1.5), ("rdm_fixed", 1.5), ("mante_areas", 1.5)] {
        let weights: Vec<Vec<f64>> =
            network(&load(name)).effective_w_rec().and_then(|w| Ok(w.detach().to_vec2()?)).expect("weights");
        let n = weights.len();
        let eigenvalues = faer::Mat::from_fn(n, n, |post, pre| weights[post][pre]).eigenvalues().expect("eigenvalues");
        let found = eigenvalues.iter().map(|value| value.re.hypot(value.im)).fold(0.0, f64::max);
        assert!((found - radius).abs() < 1e-6, "{name}: {found}");
    }
}

#[test]
fn the_pools_of_rdm_fixed_see_decide_and_excite_themselves_only() {
    let experiment = load("rdm_fixed");
    let Masks { w_in, w_rec, w_out } = masks(&experiment);
    let (pool_in, pool_out, nonselective, inhibitory) = (0..20, 20..40, 40..80, 80..100);
    assert_eq!(experiment.model.layout().of_type(CellType::Inhibitory), units(inhibitory.clone()));
    for (channel, pool) in [(0, &pool_in), (1, &pool_out)] {
        assert_eq!(reached(&w_in, channel), units(pool.clone()));
        assert_eq!(read(&w_out, channel), units(pool.clone()));
    }
    let pools = [pool_in, pool_out, nonselective, inhibitory];
    for (i, post) in pools.iter().enumerate() {
        for (j, pre) in pools.iter().enumerate() {
            let expected = if (i, j) == (0, 1) || (i, j) == (1, 0) { 0.0 } else { 1.0 };
            assert_eq!(density(&w_rec, post.clone(), pre.clone()), expected, "{post:?} from {pre:?}");
        }
    }
    assert!((0..100).all(|unit| w_rec[unit][unit] == 0), "there are autapses");
}

#[test]
fn rdm_dense_has_all_synapses_and_rdm_nodale_no_cell_types() {
    for name in ["rdm_dense", "rdm_nodale", "rdm_varstim", "rdm_rt", "mante"] {
        let experiment = load(name);
        let (n, Masks { w_in, w_rec, w_out }) = (experiment.model.n_units(), masks(&experiment));
        assert_eq!(n, if name == "mante" { 150 } else { 100 });
        assert_eq!(density(&w_rec, 0..n, 0..n), 1.0, "{name}");
        assert!(w_in.iter().flatten().all(|synapse| *synapse == 1), "{name}");
        let readers = if name == "rdm_nodale" { n } else { n * 4 / 5 };
        assert_eq!(read(&w_out, 1), units(0..readers), "{name}");
        assert_eq!(experiment.model.layout().have_cell_types(), name != "rdm_nodale");
    }
}

#[test]
fn the_areas_of_mante_are_joined_densely_forwards_and_sparsely_backwards_by_excitation() {
    let Masks { w_in, w_rec, w_out } = masks(&load("mante_areas"));
    // Of 75 units the first 60 are excitatory.
    let (sensory, motor) = ([0..60, 60..75], [75..135, 135..150]);
    assert_eq!(reached(&w_in, 3), units(0..75));
    assert_eq!(read(&w_out, 0), units(75..135));
    for cell_type in 0..2 {
        assert_eq!(density(&w_rec, motor[cell_type].clone(), sensory[0].clone()), 1.0);
        assert_eq!(density(&w_rec, sensory[cell_type].clone(), motor[0].clone()), 0.2);
        for (post, pre) in [(&motor, &sensory), (&sensory, &motor)] {
            assert_eq!(density(&w_rec, post[cell_type].clone(), pre[1].clone()), 0.0, "inhibition leaves its area");
        }
        for area in [&sensory, &motor] {
            assert_eq!(density(&w_rec, area[cell_type].clone(), area[0].clone()), 1.0);
            assert_eq!(density(&w_rec, area[cell_type].clone(), area[1].clone()), 1.0);
        }
    }
}

#[test]
fn each_sense_reaches_a_third_of_both_cell_types() {
    let experiment = load("multisensory");
    let names: Vec<String> = experiment.task.inputs().into_iter().map(|channel| channel.name).collect();
    let Masks { w_in, w_out, .. } = masks(&experiment);
    for (channel, name) in names.iter().enumerate() {
        let expected = match name.split('_').next() {
            Some("visual") => [units(0..40), units(120..130)].concat(),
            Some("auditory") => [units(40..80), units(130..140)].concat(),
            _ => units(0..150),
        };
        assert_eq!(reached(&w_in, channel), expected, "{name}");
    }
    assert_eq!(names.iter().filter(|name| name.starts_with("visual")).count(), 2);
    assert_eq!(read(&w_out, 0), units(0..120));
}

#[test]
fn romo_has_sparse_excitation_and_denser_inhibition() {
    let experiment = load("romo");
    assert_eq!(experiment.model.n_units(), 500);
    let Masks { w_rec, .. } = masks(&experiment);
    for posts in [0..400, 400..500] {
        assert!((density(&w_rec, posts.clone(), 0..400) - 0.1).abs() < 1e-4);
        assert!((density(&w_rec, posts, 400..500) - 0.5).abs() < 1e-4);
    }
}

#[test]
fn lee_and_the_sine_wave_start_where_the_code_does_and_are_read_from_all_units() {
    let (lee, wave) = (load("lee_sequence"), load("sinewave"));
    for experiment in [&lee, &wave] {
        assert_eq!((&experiment.model.start, experiment.batch_size()), (&Start::Constant(0.1.into()), 1));
        assert_eq!(experiment.model.lowest_output().expect("a valid network"), None, "targets are negative");
    }
    assert_eq!(read(&masks(&lee).w_out, 0), units(0..200));
    assert_eq!((lee.model.inputs, lee.model.n_units(), lee.model.dt), (17, 200, 10.0));
    assert!(masks(&lee).w_in.iter().flatten().all(|synapse| *synapse == 1));
    let names: Vec<_> =
        network(&wave).parameters().expect("parameters").into_iter().map(|parameter| parameter.name).collect();
    assert!(names.contains(&"b_rec") && names.contains(&"b_out") && !names.contains(&"x0"), "{names:?}");
    assert_eq!(read(&masks(&wave).w_out, 0), units(0..100));
}

#[test]
fn the_noise_that_a_task_brings_is_that_of_its_sources_networks() {
    let mut found = 0;
    for preset in nn4n::preset::list() {
        let experiment = nn4n::preset::load(preset.id).expect(preset.id);
        let Some(sigma) = experiment.task.sigma_rec() else { continue };
        assert_eq!(experiment.model.unit_noise(), &PerUnit::Uniform(sigma), "{}", preset.id);
        found += 1;
    }
    assert!(found >= 7, "{found}");
}
