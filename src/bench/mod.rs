//! How fast a training step is, and how much of that the matrix products of the machine allow.
//!
//! A step is [`Trainer::step`](crate::Trainer::step), the one that [`fit`](crate::train::fit) takes, with its data
//! ready in memory: forward with recurrent noise, loss, backward, clipping, optimiser, constraints; f32 on the
//! processor, or on another device if one is named. Of a [`Case`] the loss is the masked squared error and the
//! optimiser Adam; [`trials`](fn@trials) measures the step of an experiment, with its own network, loss and penalties.
//!
//! ```text
//! operations = batch x steps x (6 units^2 + 4 units inputs + 6 units outputs)
//! gflops     = operations / median time of a step
//! ```
//!
//! Each product of a weight matrix and an activity costs 2 operations per weight forward, and as many for either
//! gradient backward; the input has no gradient of its own. What is not a matrix product counts nothing, so `gflops` is
//! at most what the best matrix product reaches, [`ProductSpeed`], measured between the steps of the same run.
//!
//! ```
//! use nn4n::bench::{Case, TrainingStep};
//!
//! let case = Case { units: 20, batch_size: 4, steps: 10, ..Case::named("small")? };
//! assert_eq!(case.operations(), 4.0 * 10.0 * (6.0 * 400.0 + 4.0 * 40.0 + 6.0 * 40.0));
//! let mut step = TrainingStep::new(&case)?;
//! assert!(step.update()?.total_seconds() > 0.0);
//! # Ok::<(), nn4n::Error>(())
//! ```

mod case;
mod measure;
mod median;
mod memory;
mod pool;
mod product;
mod regularisers;
mod remat;
mod scaling;
mod step;
mod trials;

pub use case::{CASES, Case};
pub use measure::{Report, measure};
pub use median::median;
pub use memory::{ENVIRONMENT, probe};
pub use pool::in_pool;
pub use product::ProductSpeed;
pub use regularisers::{Price, RegularisersRow, regularisers};
pub use remat::{RematRow, remat};
pub use scaling::{BatchRow, Scaling, StepsRow, ThreadTime, scaling};
pub use step::TrainingStep;
pub use trials::{TrialsRow, trials};
