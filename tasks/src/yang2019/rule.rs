//! What a task of this family states; the rest is shared.
//!
//! A task's file has its parameters (the shared [`Yang2019`], its durations, its coherences) and a [`Rule`]: the
//! periods of a trial, the stimuli and the response. `rule_task!` makes a [`Task`](crate::Task) of it.

use crate::{About, Condition, Split, TaskError, Trial, TrialRng};

use super::{Draw, FixationRule, Period, Plan, Schedule, Yang2019, schedule};

/// The definition of one of the 20 tasks.
pub trait Rule {
    /// What is said of the task; its id is `yang2019/` and the name of the rule.
    const ABOUT: About<'static>;
    /// The variables of a trial.
    const VARIABLES: &'static [&'static str];
    /// The expected performance of random outputs: 0.1 where a direction is asked for, since fixation must be off (1/2)
    /// and the direction within 36 deg (1/5).
    const CHANCE: f64 = 0.1;

    /// The settings that all tasks share.
    fn settings(&self) -> &Yang2019;

    /// The periods of a trial; the last one starts with the go signal.
    fn periods(&self) -> Vec<Period<'_>>;

    /// Checks what is neither a shared setting nor a duration.
    fn validate_rule(&self) -> Result<(), TaskError> {
        Ok(())
    }

    /// The classes of trials.
    fn classes(&self) -> Vec<Condition>;

    /// The conditions of the source's mode `test`.
    fn test_conditions(&self) -> Vec<Condition>;

    /// The stimuli and the response of a trial.
    fn plan(&self, draw: &mut Draw<'_>, schedule: &Schedule) -> Result<Plan, TaskError>;
}

/// Checks all parameters of a task.
pub fn validate(rule: &impl Rule) -> Result<(), TaskError> {
    rule.settings().validate()?;
    schedule::validate(rule.settings(), &rule.periods())?;
    rule.validate_rule()
}

/// One trial of a task.
pub fn trial<R: Rule>(
    rule: &R,
    split: Split,
    condition: Option<&Condition>,
    rng: &mut TrialRng,
) -> Result<Trial, TaskError> {
    validate(rule)?;
    let (periods, settings, any) = (rule.periods(), rule.settings(), Condition::new());
    let condition = condition.unwrap_or(&any);
    let durations = || periods.iter().filter_map(|period| period.variable);
    condition.allow(&R::VARIABLES.iter().copied().chain(durations()).collect::<Vec<_>>())?;
    let schedule = Schedule::draw(settings, &periods, split, condition, rng)?;
    let mut draw = Draw::new(settings, split, condition, schedule.is_psychometric(), rng);
    let plan = rule.plan(&mut draw, &schedule)?;
    let variables = draw.into_condition(durations());
    plan.trial(settings, R::ABOUT.id, schedule, variables, rng)
}

/// The expected performance of random outputs. That fixation is maintained by chance is as good as impossible.
pub fn chance<R: Rule>(rule: &R) -> f64 {
    match rule.settings().fixation_rule {
        FixationRule::LastStep => R::CHANCE,
        FixationRule::Maintained => 0.0,
    }
}

/// Makes a task of a rule.
macro_rules! rule_task {
    ($task:ty) => {
        impl crate::Described for $task {
            const ABOUT: crate::About<'static> = <Self as $crate::yang2019::Rule>::ABOUT;
        }

        impl crate::Task for $task {
            fn about(&self) -> crate::About<'_> {
                <Self as $crate::yang2019::Rule>::ABOUT
            }

            fn parameters(&self) -> serde_json::Value {
                crate::parameters_of(self)
            }

            fn validate(&self) -> Result<(), crate::TaskError> {
                $crate::yang2019::rule::validate(self)
            }

            fn dt(&self) -> f64 {
                $crate::yang2019::Rule::settings(self).dt
            }

            fn inputs(&self) -> Vec<crate::Channel> {
                $crate::yang2019::layout::inputs()
            }

            fn outputs(&self) -> Vec<crate::Channel> {
                $crate::yang2019::layout::outputs()
            }

            fn conditions(&self) -> Vec<crate::Condition> {
                $crate::yang2019::Rule::classes(self)
            }

            fn grid(&self) -> Vec<crate::Condition> {
                $crate::yang2019::Rule::test_conditions(self)
            }

            fn trial(
                &self,
                split: crate::Split,
                condition: Option<&crate::Condition>,
                rng: &mut crate::TrialRng,
            ) -> Result<crate::Trial, crate::TaskError> {
                $crate::yang2019::rule::trial(self, split, condition, rng)
            }

            fn score(&self, trial: crate::TrialView<'_>, outputs: ndarray::ArrayView2<'_, f32>) -> crate::Score {
                $crate::yang2019::scoring::score($crate::yang2019::Rule::settings(self), trial, outputs)
            }

            fn chose_first(&self, condition: &crate::Condition, score: &crate::Score) -> Option<bool> {
                $crate::yang2019::scoring::chose_first(condition, score)
            }

            fn objective(&self) -> crate::Objective {
                crate::Objective::MeanSquare
            }

            fn chance(&self) -> f64 {
                $crate::yang2019::rule::chance(self)
            }

            fn criterion(&self) -> Option<crate::Criterion> {
                Some($crate::yang2019::CRITERION)
            }
        }
    };
}

pub(super) use rule_task;
