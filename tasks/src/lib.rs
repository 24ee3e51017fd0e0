//! Cognitive tasks for recurrent networks, as published: deterministic, versioned trial generators.
//!
//! A task ([`Task`]) makes trials (inputs, targets, a loss mask, the trial's variables and periods) and scores a network's answers to
//! them. Everything here is `ndarray`: no network and no training.
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
//! | id | what the network must do |
//! |---|---|
//! | `song2016/rdm_fixed` | report the stronger of two noisy inputs |
//! | `song2016/rdm_varstim` | the same, with stimuli of varying duration |
//! | `song2016/rdm_rt` | the same, as soon as it can |
//! | `song2016/mante`, `song2016/mante_areas` | report motion or colour, as the context says |
//! | `song2016/multisensory` | judge an event rate seen, heard, or both |
//! | `song2016/romo` | compare two frequencies across a delay |
//! | `song2016/lee_sequence` | move the eyes along one of eight sequences |
//! | `song2016/sinewave` | generate a sine wave without input |
//! | `golub2018/flip_flop` | remember the sign of the last pulse on each channel |
//! | `data/npz` | whatever a user's arrays ask for |
//! | `data/toml` | whatever a user's table of epochs and channels says |
//!
//! The same words mean different tasks in different papers, so an id starts with its source.
//!
//! # Adding one
//!
//! Copy the task file nearest to yours (`song2016/rdm_fixed.rs` for choices, `golub2018/flip_flop.rs` for anything else), change it, and
//! add one line to `registry.rs`. Tests run over the registry, so a listed task is a tested task; they will ask for its line in
//! `tests/golden.rs`. A task of your own program needs no line: implement [`Task`] for your struct and pass it to [`batch`];
//! or, without any code, write it as a table of epochs and channels ([`declared`]).
//!
//! # Determinism
//!
//! A trial is a pure function of (task, split, seed, update, index in the batch): see [`TrialRng`]. Changing a definition changes its
//! [`Task::version`].

#![deny(missing_docs)]
// Not `forbid`: the slicing macro of ndarray allows it for its own expansion.
#![deny(unsafe_code)]

mod batch;
pub mod bi2020;
mod condition;
pub mod cueva2018;
pub mod declared;
pub mod driscoll2022;
mod duration;
mod epoch;
pub mod error;
pub mod golub2018;
pub mod kim2019;
pub mod kleinman2021;
pub mod mante2013;
pub mod masse2019;
pub mod motor;
pub mod multitask;
mod navigation;
pub mod neurogym;
mod npz;
pub mod orhan2019;
pub mod raposo2014;
mod registry;
pub mod ring;
mod rng;
mod score;
pub mod song2016;
mod stream;
pub mod sussillo2009;
mod task;
pub mod tolmachev2025;
mod trial;
mod user_data;
pub mod wang2024;
mod white_noise;
pub mod yang2019;

pub use batch::{assemble, balanced, batch, repeated, weighted};
pub use condition::{Condition, Value};
pub use declared::{DeclaredSettings, DeclaredTask};
pub use duration::{Duration, OneOf, TruncatedExponential, Uniform};
pub use epoch::{Clock, Epoch, MAX_STEPS, Rounding, Timeline, steps};
pub use error::TaskError;
pub use npz::{NpzFile, npz_bytes};
pub use registry::{TaskInfo, create, list};
pub use rng::TrialRng;
pub use score::{ConditionScore, Performance, Score, choice, first_crossing, largest, performance, reaction_time, rms_error, scores};
pub use stream::stream;
pub use task::{Channel, Citation, Criterion, Objective, Split, Task, header_of, parameters_of};
pub use trial::{Trial, TrialBatch, TrialView};
pub use user_data::{UserData, UserDataSettings};
