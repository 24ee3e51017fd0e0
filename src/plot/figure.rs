//! What all figures can do beside being saved: stand in a page.

use super::{
    Balance, BifurcationDiagram, CrossTemporalMatrix, CurvePanels, DecodingCourse, DemixedComponents, DemixedVariance,
    EigenvaluePlane, Exponents, FlowFieldFigure, FractionHistogram, Growth, LearningCurve, LesionTable, PlotError,
    Psychometric, RemappingFigure, Schematic, Scree, SimilarityMap, SimilarityMatrix, StateSpace, TaskFigure,
    TimeCourses, Trajectories, TrialFigure, WeightHistograms, WeightMatrix,
};

/// A figure.
pub trait Figure {
    /// The figure as an SVG element of a page: as its `.svg` is, with heat maps as pictures of a pixel a cell, which are
    /// smaller. It has no ids, no background, and its own size, which a style may change.
    ///
    /// # Errors
    /// If a field breaks a rule that stands with it.
    fn svg(&self) -> Result<String, PlotError>;
}

macro_rules! figures {
    ($($name:ty),* $(,)?) => {
        $(impl Figure for $name {
            fn svg(&self) -> Result<String, PlotError> {
                self.draw()?.into_page_svg()
            }
        })*
    };
}

figures![
    Balance,
    BifurcationDiagram,
    CrossTemporalMatrix,
    CurvePanels,
    DecodingCourse,
    DemixedComponents,
    DemixedVariance,
    EigenvaluePlane,
    Exponents,
    FlowFieldFigure,
    FractionHistogram,
    Growth,
    LearningCurve,
    LesionTable,
    Psychometric,
    RemappingFigure,
    Schematic,
    Scree,
    SimilarityMap,
    SimilarityMatrix,
    StateSpace,
    TaskFigure,
    TimeCourses,
    Trajectories,
    TrialFigure,
    WeightHistograms,
    WeightMatrix,
];
