//! A whole training step of each case: `cargo bench --bench training_step`. `nn4n bench` compares them with the
//! machine's matrix products.

use std::{error::Error, time::Duration};

use criterion::{Criterion, Throughput};
use nn4n::bench::{CASES, TrainingStep};

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("training_step");
    group.sample_size(10).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    for case in CASES {
        let mut step = TrainingStep::new(&case)?;
        group.throughput(Throughput::Elements((case.batch_size * case.steps) as u64));
        group.bench_function(case.case, |bencher| bencher.iter(|| step.update().expect("a finite loss")));
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
