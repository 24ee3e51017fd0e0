//! Training: [`Trainer`] does one update, [`fit`] a run with its files, validations and rule that ends it.

mod clock;
mod data_files;
mod demand;
mod fit;
mod gradients;
mod guessing;
mod history;
mod init;
mod lesson;
mod log;
mod long_trials;
mod prefetch;
mod saved_network;
mod state;
pub mod synaptic_intelligence;
mod tensorboard;
mod trained;
mod trainer;
mod validation;

pub use fit::{Outcome, Progress, checkpoint, fit};
#[cfg(feature = "sweep")]
pub(crate) use init::check as check_init;
pub use log::Logged;
#[cfg(feature = "cli")]
pub(crate) use state::is_trained_on;
pub use trainer::{Trainer, Update};
pub use validation::StopReason;
