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
//! | [`CurvePanels`] | measured curves side by side: points with intervals, fitted lines, bands |
//! | [`ConfusionMatrix`] | what was chosen in each class of trials |
//! | [`RankedUnits`] | values of all units in their order, population by population |
//! | [`UnitScatter`] | two values of each unit against each other, by kind of unit |
//! | [`TuningCurves`] | tuning curves of a few units, and the directions that all prefer |
//! | [`TaskVarianceMap`] | which tasks or epochs units take part in, cluster by cluster |
//! | [`FractionHistogram`] | how units divide their variance between two tasks, beside that of rotated states |
//! | [`SequenceMap`] | rates of units over time, the one with the earliest peak on top |
//! | [`Scree`] | cumulative variance of principal components, beside a null |
//! | [`Trajectories`] | means over conditions along two or three directions |
//! | [`DemixedComponents`] | demixed components over time, by marginalisation |
//! | [`DemixedVariance`] | what of the variance demixed components explain |
//! | [`AgainstRandomFigure`] | numbers beside those of random subspaces or surrogates, and principal angles |
//! | [`RateMapFigure`] | rates of units over places |
//! | [`AgainstNull`] | a value of all units beside that of their shuffles |
//! | [`RemappingFigure`] | how much rate maps change from one condition to another |
//! | [`SimilarityMatrix`] | how alike, or how far apart, each two of several things are |
//! | [`SimilarityMap`] | the same as places in a plane |
//! | [`LearningCurves`] | loss and performance of many runs against update |
//! | [`SettingCurve`] | a result of many runs against a setting |
//! | [`SettingMap`] | a result of many runs against two settings |
//!
//! Every figure is a struct with public fields and the method `save(path)`; as a [`Figure`] it stands in a page. The
//! extension of the path chooses the format, missing directories are created, and the file appears whole or not at all.
//! Empty, inconsistent or non-finite data are refused with an error that names the field.

mod against_null;
mod against_random;
mod axis;
mod balance;
mod bifurcation_diagram;
mod canvas;
mod channel_groups;
mod channel_looks;
mod color_scale;
mod condition_colors;
mod confusion_matrix;
mod cross_temporal_matrix;
mod curve_panels;
mod decoding_course;
mod demixed;
mod eigenvalue_plane;
mod error;
mod exponents;
mod figure;
mod flow_field;
mod fraction_histogram;
mod growth;
mod key;
mod labels;
mod learning_curve;
mod learning_curves;
mod lesion_table;
mod measured;
mod network_parts;
mod panel;
mod projection;
mod psychometric;
mod ranked_units;
mod rate_maps;
mod remapping;
mod results;
mod save;
mod schematic;
mod schematic_layout;
mod schematic_routes;
mod schematic_wiring;
mod scree;
mod sequence_map;
mod setting_curve;
mod setting_map;
mod shading;
mod similarity_map;
mod similarity_matrix;
mod state_space;
mod state_space_html;
mod state_space_panels;
pub(crate) mod style;
mod task_figure;
mod task_variance_map;
mod time_courses;
mod trajectories;
mod trial_figure;
mod trial_layout;
mod trial_lines;
mod trial_rows;
mod tuning_curves;
mod unit_group;
mod unit_scatter;
mod weight_histograms;
mod weight_matrix;

pub use against_null::AgainstNull;
pub use against_random::{AgainstRandomFigure, RandomRow};
pub use balance::Balance;
pub use bifurcation_diagram::{BifurcationDiagram, DiagramBifurcation, DiagramBranch, DiagramPoint, InputAxis};
pub use channel_groups::named_alike;
pub use confusion_matrix::ConfusionMatrix;
pub use cross_temporal_matrix::CrossTemporalMatrix;
pub use curve_panels::{CurvePanel, CurvePanels, CurvePoint, CurveSeries};
pub use decoding_course::{CoursePanel, DecodingCourse};
pub use demixed::{DemixedComponent, DemixedComponents, DemixedCondition, DemixedVariance};
pub use eigenvalue_plane::{EigenvaluePlane, EigenvalueSeries, EigenvaluesOf, Resolvent};
pub use error::PlotError;
pub use exponents::Exponents;
pub use figure::Figure;
pub use flow_field::{FlowFieldFigure, FlowLine};
pub use fraction_histogram::FractionHistogram;
pub use growth::{Growth, GrowthCurve};
pub use learning_curve::LearningCurve;
pub use learning_curves::{CurveGroup, LearningCurves, RunCurves};
pub use lesion_table::{Estimate, LesionRow, LesionTable};
pub use measured::PsychometricPlan;
pub use projection::Projection;
pub use psychometric::{ChoicePoint, Graded, Psychometric, PsychometricCurve};
pub use ranked_units::{RankedPanel, RankedUnits, UnitSeries};
pub use rate_maps::{RateMapFigure, UnitMaps};
pub use remapping::{RemappingFigure, RemappingRow};
pub use results::{choice_axis, spans, strength_axis, variable_axis};
pub use schematic::{
    ChannelBundle, Schematic, SchematicArea, SchematicPlace, SchematicPopulation, SchematicProjection,
};
pub use scree::Scree;
pub use sequence_map::SequenceMap;
pub use setting_curve::{SettingCurve, SettingPoint};
pub use setting_map::SettingMap;
pub use similarity_map::SimilarityMap;
pub use similarity_matrix::SimilarityMatrix;
pub use state_space::{StateArrow, StateAxis, StateLink, StatePoint, StatePointKind, StateSpace};
pub use state_space_html::StateSpaceText;
pub(crate) use state_space_html::{LIBRARY, LIBRARY_LICENCE, LIBRARY_VERSION, PROGRAM, escaped, filled};
pub use task_figure::{TaskFigure, TaskPanel};
pub use task_variance_map::{ClusterSpan, TaskVarianceMap};
pub use time_courses::{TimeCourses, TimeLine, TimePanel};
pub use trajectories::{Trajectories, Trajectory};
pub use trial_figure::{EpochSpan, TrialFigure, TrialPanel};
pub use tuning_curves::{TuningCurve, TuningCurves};
pub use unit_group::UnitGroup;
pub use unit_scatter::{ScatterKind, UnitScatter};
pub use weight_histograms::WeightHistograms;
pub use weight_matrix::WeightMatrix;
