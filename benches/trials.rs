//! The generation of a batch of 20 trials of every built-in task: `cargo bench --bench trials`.

use std::{error::Error, time::Duration};

use criterion::Criterion;
use nn4n::tasks::{Split, batch, create, list};

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("trials");
    group.sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(1));
    // A task without channels of its own reads a user's data.
    for info in list().into_iter().filter(|info| info.n_inputs.is_some()) {
        let task = create(info.id, None)?;
        let mut update = 0;
        group.bench_function(info.id, |bencher| {
            bencher.iter(|| {
                update += 1;
                batch(task.as_ref(), Split::Train, 0, update, 20).expect("trials")
            });
        });
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
