//! What all environments do alike as tasks: class labels, cross-entropy, a criterion of ours.

/// The methods of [`Task`](crate::Task) that are the same in every file but for the words; they stand inside its
/// `impl`.
macro_rules! environment {
    { threshold: $threshold:literal } => {
        fn about(&self) -> crate::About<'_> {
            <Self as crate::Described>::ABOUT
        }

        fn parameters(&self) -> serde_json::Value {
            crate::parameters_of(self)
        }

        fn dt(&self) -> f64 {
            self.dt
        }

        fn chose_first(&self, _: &crate::Condition, score: &crate::Score) -> Option<bool> {
            // Class 0 is to fixate; of more than two others none is the opposite of another.
            let are_two = self.outputs().len() == 3;
            score.choice.filter(|choice| are_two && [1, 2].contains(choice)).map(|choice| choice == 1)
        }

        fn objective(&self) -> crate::Objective {
            crate::Objective::Classes
        }

        fn criterion(&self) -> Option<crate::Criterion> {
            Some(crate::Criterion::MeanPerformance { threshold: $threshold, window: 1 })
        }
    };
}

pub(super) use environment;
