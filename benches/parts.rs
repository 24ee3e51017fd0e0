//! The parts of a training step: `cargo bench --bench parts`. Noise is the difference between the two simulations.

use std::{error::Error, time::Duration};

use candle_core::Tensor;
use criterion::{BatchSize, BenchmarkGroup, Criterion, measurement::WallTime};
use nn4n::{
    bench::{Case, TrainingStep},
    models::{NoiseKey, Trajectory},
    train::{
        Loss, Optimizer, OptimizerConfig, clip, gradients,
        regulariser::{Context, loss_terms},
    },
};

/// A small network, where what is not a matrix product weighs most, and a larger one.
const MEASURED: [&str; 2] = ["song", "yang"];

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let mut criterion = Criterion::default().configure_from_args();
    for name in MEASURED {
        let case = Case::named(name)?;
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
        forward(&mut group, &TrainingStep::new(&case)?);
        loss(&mut group, &TrainingStep::new(&case)?)?;
        update(&mut group, &TrainingStep::new(&case)?)?;
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}

fn unroll(step: &TrainingStep, noise: bool) -> Trajectory {
    step.network.unroll(&step.batch.inputs, None, noise.then(|| NoiseKey::new(0, 0))).expect("a trajectory")
}

/// With the graph for gradients and without, with noise and without.
fn forward(group: &mut BenchmarkGroup<'_, WallTime>, step: &TrainingStep) {
    group.bench_function("forward", |bencher| bencher.iter(|| unroll(step, true)));
    let frozen = step.network.frozen();
    for (name, noise) in [("simulation", None), ("simulation_noise", Some(NoiseKey::new(0, 0)))] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| frozen.unroll(&step.batch.inputs, None, noise).expect("a trajectory"))
        });
    }
}

/// The loss of a trajectory without a graph, and all gradients of one with it.
fn loss(group: &mut BenchmarkGroup<'_, WallTime>, step: &TrainingStep) -> Outcome {
    let frozen = step.network.frozen().unroll(&step.batch.inputs, None, None)?;
    group.bench_function("loss", |bencher| bencher.iter(|| total(step, &frozen)));
    group.bench_function("gradients", |bencher| {
        let prepare = || total(step, &unroll(step, true));
        bencher.iter_batched(
            prepare,
            |total| gradients(&total, &step.parameters).expect("gradients"),
            BatchSize::PerIteration,
        );
    });
    Ok(())
}

fn total(step: &TrainingStep, trajectory: &Trajectory) -> Tensor {
    let context = Context { model: &step.network, trajectory, batch: &step.batch, loss: Loss::MaskedMse };
    loss_terms(&[], &context).expect("a loss").total
}

/// Clipping, each optimiser, and the constraints.
fn update(group: &mut BenchmarkGroup<'_, WallTime>, step: &TrainingStep) -> Outcome {
    let found = gradients(&total(step, &unroll(step, true)), &step.parameters)?;
    // Clipping changes the gradients in place.
    let copies = || found.iter().map(|gradient| gradient.copy().expect("a copy")).collect();
    group.bench_function("clip", |bencher| {
        bencher.iter_batched(
            copies,
            |found: Vec<Tensor>| clip(found, None, Some(1e-6)).expect("gradients"),
            BatchSize::SmallInput,
        );
    });
    for name in ["sgd", "adam", "adamw"] {
        let mut optimizer = Optimizer::new(OptimizerConfig::named(name)?);
        group.bench_function(name, |bencher| {
            bencher.iter(|| optimizer.step(&step.parameters, &found, 1e-9).expect("an update"))
        });
    }
    group.bench_function("constraints", |bencher| bencher.iter(|| step.network.project().expect("a projection")));
    Ok(())
}
