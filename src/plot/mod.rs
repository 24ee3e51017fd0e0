//! Figures: plain data in, one `.svg` or `.png` file out.
//!
//! | figure | shows |
//! |---|---|
//! | [`Psychometric`] | fraction of one choice against signed coherence or another graded variable |
//! | [`TrialFigure`] | inputs, rates and outputs of a few trials, side by side |
//! | [`TaskFigure`] | inputs, targets and loss mask of trials of several conditions, side by side |
//! | [`WeightMatrix`] | recurrent weights, post on y and pre on x |
//! | [`LearningCurve`] | loss and performance against update |
//! | [`StateSpace`] | trajectories with fixed and slow points, along two or three directions |
//!
//! Every figure is a struct with public fields and one method, `save(path)`. The extension of the path chooses the
//! format, missing directories are created, and the file appears whole or not at all. Empty, inconsistent or non-finite
//! data are refused with an error that names the field.

mod axis;
mod canvas;
mod channel_groups;
mod channel_looks;
mod color_scale;
mod error;
mod learning_curve;
mod measured;
mod panel;
mod psychometric;
mod results;
mod save;
mod state_space;
mod state_space_html;
mod style;
mod task_figure;
mod trial_figure;
mod trial_layout;
mod trial_lines;
mod trial_rows;
mod unit_group;
mod weight_matrix;

pub use error::PlotError;
pub use learning_curve::LearningCurve;
pub use measured::PsychometricPlan;
pub use psychometric::{ChoicePoint, Graded, Psychometric, PsychometricCurve};
pub use state_space::{StateArrow, StateAxis, StateLink, StatePoint, StatePointKind, StateSpace};
pub use state_space_html::StateSpaceText;
pub use task_figure::{TaskFigure, TaskPanel};
pub use trial_figure::{EpochSpan, TrialFigure, TrialPanel};
pub use unit_group::UnitGroup;
pub use weight_matrix::WeightMatrix;
