//! Training: [`fit`] is the loop; its parts are the [`Loss`], the [`Regulariser`]s, the [`OptimizerConfig`], the
//! [`Schedule`] and the validation.

mod config;
mod fit;
mod gradients;
mod init;
mod lesson;
mod log;
pub mod loss;
pub mod optimizer;
mod prefetch;
pub mod regulariser;
mod scalar;
mod schedule;
mod state;
pub mod synaptic_intelligence;
mod tensorboard;
mod trained;
mod validation;

pub use config::{AdaptConditions, StopConfig, SynapticIntelligenceConfig, TrainConfig, ValidationConfig};
pub use fit::{Outcome, Progress, fit};
pub use gradients::{clip, gradients};
pub use log::UpdateRecord;
pub use loss::Loss;
pub use optimizer::{Optimizer, OptimizerConfig};
pub use regulariser::Regulariser;
pub use schedule::Schedule;
pub use validation::StopReason;
