//! The tasks that ask which of two stimuli is the stronger; what they share is in [`Comparison`].

use std::f64::consts::PI;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::go::around_the_circle;
use super::{
    Answer, COMPARISON, Comparison, Definition, Draw, FAMILY, LAYOUT, Modality, PROTOCOL, Phase, Plan, SCORING, SOURCE,
    Stimulus,
};
use crate::{About, Condition, TaskError, ring};

/// Which modalities show the two stimuli, and which one counts.
pub trait Modalities: Clone + Default + fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Id and summary.
    const NAME: (&'static str, &'static str);
    /// The file with the definition in words.
    const HEADER: &'static str;
    /// The names of the trial variables.
    const VARIABLES: &'static [&'static str];
    /// From the second stimulus to the response, and the response, in tests, ms.
    const TEST: [f64; 2];

    /// Checks the parameters.
    fn validate(&self) -> Result<(), TaskError> {
        Ok(())
    }

    /// The classes of trials.
    fn conditions() -> Vec<Condition>;

    /// The strengths of the source's tests.
    fn grid() -> Vec<Condition>;

    /// Draws the strengths.
    fn show(&self, comparison: &Comparison, draw: &mut Draw<'_>) -> Result<Shown, TaskError>;
}

/// What the modalities of a trial show.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The trial variables, but for the angles.
    pub variables: Condition,
    /// The strengths of the first and the second stimulus in modality 1 and 2.
    pub strengths: [Option<[f64; 2]>; 2],
    /// 0 if the first stimulus is the stronger, 1 if the second.
    pub stronger: usize,
}

/// A decision between two stimuli.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Decision<M> {
    /// Strengths, and the durations of training.
    #[serde(flatten)]
    pub comparison: Comparison,
    /// From the second stimulus to the response in tests, ms.
    pub wait_test: f64,
    /// Response in tests, ms.
    pub response_test: f64,
    /// The modalities.
    #[serde(flatten)]
    pub modalities: M,
}

impl<M: Modalities> Default for Decision<M> {
    fn default() -> Self {
        let [wait_test, response_test] = M::TEST;
        Self { comparison: Comparison::default(), wait_test, response_test, modalities: M::default() }
    }
}

impl<M: Modalities> Definition for Decision<M> {
    const ABOUT: About<'static> = {
        let (id, summary) = M::NAME;
        About { id, summary, header: M::HEADER, shared: &[COMPARISON, LAYOUT, PROTOCOL, SCORING, SOURCE], ..FAMILY }
    };
    const VARIABLES: &'static [&'static str] = M::VARIABLES;
    const ALTERNATIVES: [&'static str; 2] = ["stimulus 1", "stimulus 2"];

    fn phases(&self) -> Vec<Phase<'_>> {
        self.comparison.phases(self.wait_test, self.response_test)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.comparison.validate()?;
        self.modalities.validate()
    }

    fn conditions(&self) -> Vec<Condition> {
        M::conditions()
    }

    fn grid(&self) -> Vec<Condition> {
        let strengths = M::grid();
        let opposite = around_the_circle().map(|angle| with_angles([angle, ring::wrapped(angle + PI)]));
        opposite.flat_map(|angles| strengths.iter().map(move |strength| joined(angles.clone(), strength))).collect()
    }

    fn plan(&self, draw: &mut Draw<'_>) -> Result<Plan, TaskError> {
        let angles = Comparison::angles(draw)?;
        let shown = self.modalities.show(&self.comparison, draw)?;
        let stimuli = Modality::BOTH.into_iter().zip(shown.strengths).filter_map(|(modality, strengths)| {
            let [first, second] = strengths?;
            let stimulus = |epoch, angle, strength| Stimulus { epoch, to_the_end: false, modality, angle, strength };
            Some([stimulus("stimulus_1", angles[0], first), stimulus("stimulus_2", angles[1], second)])
        });
        Ok(Plan {
            condition: joined(with_angles(angles), &shown.variables),
            stimuli: stimuli.flatten().collect(),
            response: angles.get(shown.stronger).copied(),
            fixation_goes_off: true,
            correct: Some(shown.stronger),
        })
    }

    /// The stimulus whose angle is nearer to the response.
    fn choice(condition: &Condition, answer: &Answer) -> Option<usize> {
        let apart = |name| condition.number(name).map(|angle| ring::distance(angle, answer.angle));
        let (first, second) = (apart("angle_1")?, apart("angle_2")?);
        (!answer.fixating).then_some(usize::from(second < first))
    }
}

/// The strengths of both stimuli (last index) in both modalities, of the grids with two modalities.
pub(super) fn strengths_of_both() -> impl Iterator<Item = [[f64; 2]; 2]> {
    const FIRST: [f64; 4] = [0.8, 0.9, 1.0, 1.1];
    FIRST.into_iter().flat_map(|one| FIRST.map(|two| [[one, 2.0 - one], [two, 2.0 - two]]))
}

/// A condition with the variables of another one added.
pub(super) fn joined(condition: Condition, other: &Condition) -> Condition {
    other.iter().fold(condition, |condition, (name, value)| condition.with(name.to_owned(), value.clone()))
}

fn with_angles(angles: [f64; 2]) -> Condition {
    Condition::new().with("angle_1", angles[0]).with("angle_2", angles[1])
}
