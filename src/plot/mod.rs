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
//! | [`EigenvaluePlane`] | eigenvalues in the complex plane, over a pseudospectrum if there is one |
//! | [`Exponents`] | Lyapunov exponents with their errors |
//! | [`BifurcationDiagram`] | fixed points against an input, with their bifurcations |
//! | [`FlowFieldFigure`] | direction and speed of the flow in a plane |
//! | [`Growth`] | transient growth against time |
//! | [`TimeCourses`] | lines over time in panels below one another, such as currents by source |
//! | [`Schematic`] | inputs, areas with their populations, outputs and what projects where |
//! | [`WeightHistograms`] | distributions of weights from each group of units to each other one |
//! | [`Balance`] | excitation against inhibition that each unit receives |
//! | [`DecodingCourse`] | how well a variable is decoded over time, beside shuffles |
//! | [`CrossTemporalMatrix`] | how well decoders of one time work at others |
//! | [`LesionTable`] | behaviour with and without parts of a network, beside random controls |
//!
//! Every figure is a struct with public fields and one method, `save(path)`. The extension of the path chooses the
//! format, missing directories are created, and the file appears whole or not at all. Empty, inconsistent or non-finite
//! data are refused with an error that names the field.

mod axis;
mod balance;
mod bifurcation_diagram;
mod canvas;
mod channel_groups;
mod channel_looks;
mod color_scale;
mod cross_temporal_matrix;
mod decoding_course;
mod eigenvalue_plane;
mod error;
mod exponents;
mod flow_field;
mod growth;
mod key;
mod labels;
mod learning_curve;
mod lesion_table;
mod measured;
mod network_parts;
mod panel;
mod projection;
mod psychometric;
mod results;
mod save;
mod schematic;
mod schematic_layout;
mod schematic_routes;
mod schematic_wiring;
mod shading;
mod state_space;
mod state_space_html;
mod state_space_panels;
mod style;
mod task_figure;
mod time_courses;
mod trial_figure;
mod trial_layout;
mod trial_lines;
mod trial_rows;
mod unit_group;
mod weight_histograms;
mod weight_matrix;

pub use balance::Balance;
pub use bifurcation_diagram::{BifurcationDiagram, DiagramBifurcation, DiagramBranch, DiagramPoint, InputAxis};
pub use cross_temporal_matrix::CrossTemporalMatrix;
pub use decoding_course::{CoursePanel, DecodingCourse};
pub use eigenvalue_plane::{EigenvaluePlane, EigenvalueSeries, EigenvaluesOf, Resolvent};
pub use error::PlotError;
pub use exponents::Exponents;
pub use flow_field::FlowFieldFigure;
pub use growth::{Growth, GrowthCurve};
pub use learning_curve::LearningCurve;
pub use lesion_table::{Estimate, LesionRow, LesionTable};
pub use measured::PsychometricPlan;
pub use projection::Projection;
pub use psychometric::{ChoicePoint, Graded, Psychometric, PsychometricCurve};
pub use results::spans;
pub use schematic::{
    ChannelBundle, Schematic, SchematicArea, SchematicPlace, SchematicPopulation, SchematicProjection,
};
pub use state_space::{StateArrow, StateAxis, StateLink, StatePoint, StatePointKind, StateSpace};
pub use state_space_html::StateSpaceText;
pub use task_figure::{TaskFigure, TaskPanel};
pub use time_courses::{TimeCourses, TimeLine, TimePanel};
pub use trial_figure::{EpochSpan, TrialFigure, TrialPanel};
pub use unit_group::UnitGroup;
pub use weight_histograms::WeightHistograms;
pub use weight_matrix::WeightMatrix;
