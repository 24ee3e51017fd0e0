//! A task in words: a table of epochs and channels in a TOML file, without any code.
//!
//! ```text
//! summary = "Report the stronger of two inputs"
//! dt = 20.0                                                        # ms
//!
//! correct = "if(coherence_sign > 0, 'choice_1', 'choice_2')"       # the output that should win
//!
//! [variables]                                                      # drawn for every trial, in this order
//! coherence = { values = [0.1, 0.2, 0.4], signed = true }
//!
//! [[epochs]]                                                       # one after another
//! name = "fixation"
//! duration = 100.0                                                 # ms
//! graded = 1                                                       # the weight in the loss; 0 if left out
//! [[epochs]]
//! name = "stimulus"
//! duration = { min = 400.0, max = 1200.0 }
//! [[epochs]]
//! name = "decision"
//! duration = 300.0
//! graded = 1
//!
//! [inputs]                                                         # what each carries in each epoch; 0 if left out
//! evidence_1 = { stimulus = "(1 + coherence) / 2" }
//! evidence_2 = { stimulus = "(1 - coherence) / 2" }
//!
//! [outputs]                                                        # the targets
//! choice_1 = { default = 0.2, decision = "if(coherence_sign > 0, 1, 0.2)" }
//! choice_2 = { default = 0.2, decision = "if(coherence_sign > 0, 0.2, 1)" }
//!
//! [noise]
//! kind = "white"
//! std = 0.05
//! ```
//!
//! | in the file | what it says |
//! |---|---|
//! | `summary`, `dt` | one sentence; the step, ms |
//! | `rounding` | of a duration between two steps: `"exact"` (an error), `"nearest"`, `"floor"`, `"ceil"` |
//! | `objective` | `"masked_mse"`, `"mean_square"`, or `"classes"`: an output per class, one of them 1 at every step |
//! | `[variables]` | one of the following |
//! | .. `values = [...]` | numbers (with either sign if `signed = true`) or words |
//! | .. `chance = p` | true or false |
//! | .. `whole = [first, last]`, `uniform = [low, high]` | a number |
//! | .. `range` | the numbers that a condition may ask for |
//! | .. `class = false` | the values do not tell classes of trials apart |
//! | .. `grid` | how many values of a uniform variable tests go through |
//! | `[define]` | names for expressions, each of which may use those above it |
//! | `[[epochs]]` | `name`, `duration`, `test` (the duration in tests), `graded` (a weight) |
//! | .. `duration`, `test` | ms, `{ one_of = [..] }`, `{ min, max }`, or `{ mean, min, max }` (exponential) |
//! | `[inputs]`, `[outputs]` | for each channel its value in each epoch it names, and `default` in the others |
//! | .. `weight` | of an output in the loss |
//! | .. `"ring[8]"` | the channels `ring_1` to `ring_8`, whose values may use the number `i` and the count `n` |
//! | `[noise]` | `inputs`, `epochs` if not all, and one of the following |
//! | .. `kind = "white"` | with `std` (of one step) or `sigma` (divided by the root of `dt`) |
//! | .. `kind = "rectified"` | `baseline`, `sigma_in`, `tau_in`: `[baseline + u + sqrt(2 tau_in/dt) sigma_in xi]+` |
//! | `[catch]` | `probability` and `duration` of trials in which inputs are 0, all graded, not scored |
//! | .. outputs | have their default, or what a channel says for `catch` |
//! | `correct` | the output that should win, `'none'` if none should |
//! | `[score]` | one of the following |
//! | .. `rule = "choice"` | the largest output at the last step |
//! | .. `rule = "first_action"` | in `epoch`, the first largest output that is not `rest` |
//! | .. `rule = "rms_error"` | right if it is `at_most` so much |
//! | `chance` | the performance of outputs that are uniform random numbers; that of the rule if left out |
//! | `[criterion]` | when training may stop: one of the following |
//! | .. | `mean_performance = { threshold, window }`, `min_performance = { threshold }`, `rms_error = { threshold }` |
//!
//! Every value may be a number or an expression in quotes, with `+ - * / ^`, comparisons, `and`, `or`, `not`,
//! `if(c, a, b)`, `pi`, the functions `abs sqrt exp log sin cos sign floor min max mod`, words in single quotes, the
//! variables, the sign of a signed variable (`coherence_sign`, 1 or -1, drawn where the number is 0), and, in a
//! channel, the time `t` from the start of the epoch to the end of the step, ms. `true` is 1, `false` is 0.
//!
//! A trial draws whether it is a catch trial, then the variables, then the durations, and last the noise. The classes
//! of trials are all combinations of the listed values; a `uniform` variable varies within its class. The comment at
//! the head of the file is the description of the task.
//!
//! The parameters of the task are `path` and `text`. A task that is created from a file records the text, and where
//! both are given the text counts: a trained network keeps its task if the file is changed or lost.
//!
//! `tasks/declared/` in the repository holds two published tasks in this form, with the same arrays as the built-in
//! ones.
//!
//! No reference: the definition is the user's.
//!
//! ```
//! use nn4n_tasks::{Split, batch, create};
//! let text = r#"
//!     summary = "Say which of two lights was on"
//!     dt = 20.0
//!     correct = "light"
//!     variables = { light = { values = ["left", "right"] } }
//!     [[epochs]]
//!     name = "light"
//!     duration = 200.0
//!     [[epochs]]
//!     name = "answer"
//!     duration = { one_of = [100.0, 200.0] }
//!     graded = 1
//!     [inputs]
//!     left = { light = "light == 'left'" }
//!     right = { light = "light == 'right'" }
//!     [outputs]
//!     left = { answer = "light == 'left'" }
//!     right = { answer = "light == 'right'" }
//! "#;
//! let task = create("data/toml", Some(&serde_json::json!({ "text": text })))?;
//! assert_eq!(task.conditions().len(), 2);
//! assert_eq!(batch(task.as_ref(), Split::Train, 0, 0, 32)?.inputs.dim(), (32, 20, 2));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

mod channel;
mod draws;
mod expression;
mod format;
mod noise;
mod parser;
mod plan;
mod present;
mod scope;
mod scoring;
mod task;
mod variable;
mod words;

pub use task::{DeclaredSettings, DeclaredTask};
