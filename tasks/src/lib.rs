//! Cognitive tasks for recurrent networks, as published: deterministic, versioned trial generators.
//!
//! A task ([`Task`]) makes trials (inputs, targets, a loss mask, the trial's variables and periods) and scores a
//! network's answers to them. Everything here is `ndarray`: no network and no training.
//!
//! ```
//! use nn4n_tasks::{Split, balanced, batch, create, performance};
//!
//! let task = create("song2016/rdm_varstim", None)?;
//! let trials = batch(task.as_ref(), Split::Train, 7, 0, 20)?;         // seed 7, update 0, 20 trials
//! println!("inputs {:?}, targets {:?}", trials.inputs.dim(), trials.targets.dim());
//!
//! let validation = balanced(task.as_ref(), Split::Test, 7, 0, 10)?;   // 10 trials of each condition
//! let answers = validation.targets.clone();                           // a network's outputs go here
//! assert_eq!(performance(task.as_ref(), &validation, answers.view())?.overall, Some(1.0));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```
//!
//! # The tasks
//!
//! | family | what it asks for |
//! |---|---|
//! | [`song2016`] | perceptual decisions, context, multisensory integration, working memory, eye movements |
//! | [`yang2019`], [`driscoll2022`] | 20 and 15 tasks on one layout of channels, for one network |
//! | [`masse2019`] | working memory for directions, with and without manipulating them |
//! | [`neurogym`] | 19 environments with class labels |
//! | [`kleinman2021`], [`mante2013`], [`raposo2014`] | decisions that depend on a context, a target or a modality |
//! | [`orhan2019`] | estimation, change detection and comparison from short-term memory |
//! | [`golub2018`], [`sussillo2009`] | memories and rhythms for the study of fixed points |
//! | [`kim2019`], [`tolmachev2025`], [`bi2020`] | go or not, logic, remembered angles and intervals |
//! | [`wang2024`], [`cueva2018`] | walks through a room: place cells, path integration |
//! | [`motor`] | reaching, with the hand as the output or with an arm that the network drives |
//! | [`multitask`] | several of these for one network |
//! | `data/npz`, `data/toml` | a user's arrays, or a user's table of epochs and channels ([`declared`]) |
//!
//! The same words mean different tasks in different papers, so an id starts with its source.
//!
//! # Adding one
//!
//! Copy the task file nearest to yours (`song2016/rdm_fixed.rs` for choices, `golub2018/flip_flop.rs` for anything
//! else), change it, and add its name to the `TASKS` of its family. Tests run over the registry, so a listed task is a
//! tested task; they will ask for its line in `tests/golden/FAMILY.txt`. A task of your own program needs no line:
//! implement [`Task`] for your struct and pass it to [`batch`]; or, without any code, write it as a table of epochs and
//! channels ([`declared`]).
//!
//! # Determinism
//!
//! A trial is a pure function of (task, split, seed, update, index in the batch): see [`TrialRng`]. Changing a
//! definition changes its [version](About::version).

#![deny(missing_docs)]
// Not `forbid`: the slicing macro of ndarray allows it for its own expansion.
#![deny(unsafe_code)]

mod about;
mod arm;
mod batch;
pub mod bi2020;
mod catalogue;
mod condition;
mod criterion;
pub mod cueva2018;
pub mod declared;
pub mod driscoll2022;
mod duration;
mod entry;
mod epoch;
pub mod error;
mod families;
mod file;
pub mod golub2018;
#[cfg(feature = "hdf5")]
mod hdf5;
pub mod kim2019;
pub mod kleinman2021;
mod labels;
pub mod mante2013;
pub mod masse2019;
pub mod motor;
pub mod multitask;
mod navigation;
pub mod neurogym;
mod npy;
mod npz;
pub mod orhan2019;
mod performance;
mod plant;
pub mod raposo2014;
pub mod reader;
mod registry;
pub mod ring;
mod rng;
mod schedule;
mod score;
mod scoring;
pub mod song2016;
mod stream;
pub mod sussillo2009;
mod task;
pub mod tolmachev2025;
mod trial;
mod units;
mod user_data;
pub mod wang2024;
mod white_noise;
pub mod yang2019;

pub use about::{About, Citation, Described, Former, plain};
pub use batch::{
    assemble, balanced, batch, longest_of_some, noise_free, repeated, repeated_trajectories, trajectories, trials,
    weighted,
};
pub use condition::{Condition, Value};
pub use criterion::Criterion;
pub use declared::{DeclaredSettings, DeclaredTask};
pub use duration::{Duration, OneOf, TruncatedExponential, Uniform};
pub use entry::TaskInfo;
pub use epoch::{Clock, Epoch, MAX_STEPS, Rounding, Timeline, steps};
pub use error::TaskError;
#[cfg(feature = "hdf5")]
pub use hdf5::{Precision, npz_of_hdf5};
pub use labels::{Labels, variables_of};
pub use npy::NpyHeader;
pub use npz::{NpzBuilder, NpzFile, npz_bytes, text_element, trial_file};
pub use performance::{ConditionScore, Performance};
pub use registry::{create, ids, list};
pub use rng::TrialRng;
pub use schedule::Schedule;
pub use score::{Score, choice, first_crossing, largest, reaction_time, rms_error};
pub use scoring::{performance, scores};
pub use stream::{Stream, stream};
pub use task::{Channel, Objective, Task, parameters_of};
pub use trial::{Split, Trial, TrialBatch, TrialView};
pub use user_data::{Layout, TrialNotes, UserData, UserDataSettings, nan_padded_lengths};
