//! A network at work on given trials, and the bridge between arrays on the host and tensors on a device.
//!
//! ```text
//! trials (ndarray) -> TensorBatch -> Simulation::unroll -> Trajectory          tensors with their graph, for training
//! inputs (ndarray) -> Simulation::record -> Recording                          states, rates and outputs on the host
//! inputs (ndarray) -> Simulation::record_in_parts -> ActivityFile              the same on the disk
//! inputs (ndarray) -> Simulation::answer -> Answers                            outputs alone
//! ```

mod activity_file;
mod overflow;
mod plant;
mod recording;
mod simulation;
mod tensors;

pub use activity_file::ActivityFile;
pub(crate) use overflow::{LARGE, cause, largest};
pub(crate) use plant::check_outputs;
pub use recording::{Recording, RecordingMut};
pub use simulation::{Answers, Simulation};
pub use tensors::{HostArray, TensorBatch, array2, array3, host, matrix, tensor};
