//! The parts of a training step: `cargo bench --bench parts`. Noise is the difference between the two simulations; how
//! the time of a step is divided is told by `nn4n bench --phases`.

use std::{error::Error, time::Duration};

use candle_core::Tensor;
use criterion::{BatchSize, BenchmarkGroup, Criterion, measurement::WallTime};
use nn4n::{
    Simulation,
    bench::{Case, TrainingStep},
    loss::Loss,
    models::{NoiseKey, Trajectory},
    optimizer::{Optimizer, OptimizerConfig},
    penalty::{Context, loss_terms},
};

/// A small network, where what is not a matrix product weighs most, and a larger one.
const MEASURED: [&str; 2] = ["song", "yang"];

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let mut criterion = Criterion::default().configure_from_args();
    for name in MEASURED {
        let step = TrainingStep::new(&Case::named(name)?)?;
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
        forward(&mut group, &step);
        loss(&mut group, &step)?;
        update(&mut group, &step)?;
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}

fn unroll(step: &TrainingStep) -> Trajectory {
    let simulation = Simulation::new(step.trainer.network()).noise(NoiseKey::new(0, 0));
    simulation.unroll(&step.batch.inputs).expect("a trajectory")
}

/// With the graph for gradients and without, with noise and without.
fn forward(group: &mut BenchmarkGroup<'_, WallTime>, step: &TrainingStep) {
    group.bench_function("forward", |bencher| bencher.iter(|| unroll(step)));
    let frozen = step.trainer.network().frozen();
    let quiet = Simulation::new(&frozen);
    for (name, simulation) in [("simulation", quiet.clone()), ("simulation_noise", quiet.noise(NoiseKey::new(0, 0)))] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| simulation.unroll(&step.batch.inputs).expect("a trajectory"))
        });
    }
}

/// The loss of a trajectory without a graph, and all gradients of one with it.
fn loss(group: &mut BenchmarkGroup<'_, WallTime>, step: &TrainingStep) -> Outcome {
    let frozen = step.trainer.network().frozen().unroll(&step.batch.inputs, None, None)?;
    group.bench_function("loss", |bencher| bencher.iter(|| total(step, &frozen)));
    group.bench_function("gradients", |bencher| {
        let prepare = || total(step, &unroll(step));
        bencher.iter_batched(prepare, |total| total.backward().expect("gradients"), BatchSize::PerIteration);
    });
    Ok(())
}

fn total(step: &TrainingStep, trajectory: &Trajectory) -> Tensor {
    let context = Context { model: step.trainer.network(), trajectory, batch: &step.batch, loss: Loss::MaskedMse };
    loss_terms(&[], &context).expect("a loss").total
}

/// Each optimiser, and the constraints.
fn update(group: &mut BenchmarkGroup<'_, WallTime>, step: &TrainingStep) -> Outcome {
    let parameters = step.trainer.parameters();
    let gradients = parameters.iter().map(|parameter| parameter.var.ones_like()).collect::<Result<Vec<_>, _>>()?;
    for name in ["sgd", "adam", "adamw"] {
        let mut optimizer = Optimizer::new(OptimizerConfig::named(name)?);
        group.bench_function(name, |bencher| {
            bencher.iter(|| optimizer.step(parameters, &gradients, 1e-9).expect("an update"))
        });
    }
    let network = step.trainer.network();
    group.bench_function("constraints", |bencher| bencher.iter(|| network.project().expect("a projection")));
    Ok(())
}
