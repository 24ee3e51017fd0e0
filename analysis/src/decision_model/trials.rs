//! Decisions with noise: the rate that first stays above the threshold decides.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::Serialize;

use super::DecisionModel;
use crate::{AnalysisError, interruption::each, interval::wilson_interval};

/// `S` of both populations when a trial begins.
const START: f64 = 0.1;

/// How a trial goes, and what counts as a decision.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Protocol {
    /// Before the stimulus, ms.
    pub before: f64,
    /// After its onset a trial without a decision ends, ms.
    pub longest: f64,
    /// A mean rate above this decides, Hz.
    pub threshold: f64,
    /// The rate is the mean over this time, ms.
    pub window: f64,
    /// Step of Euler, ms.
    pub dt: f64,
}

impl Default for Protocol {
    fn default() -> Self {
        Self { before: 500.0, longest: 3000.0, threshold: 15.0, window: 50.0, dt: 0.5 }
    }
}

/// What became of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// Whether population 1 decided.
    pub is_first: bool,
    /// From the onset of the stimulus, ms.
    pub reaction_time: f64,
}

/// Decisions at one strength of the evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choices {
    /// The strength.
    pub coherence: f64,
    /// Trials.
    pub trials: usize,
    /// Those in which none of the two has decided in time.
    pub without_decision: usize,
    /// For the evidence.
    pub chose_first: usize,
    /// As a part of the decisions; `null` without any.
    pub performance: Option<f64>,
    /// Its Wilson interval of 95 %.
    pub interval: Option<[f64; 2]>,
    /// Of all decisions, ms.
    pub mean_time: Option<f64>,
}

impl Choices {
    /// Of the trials at a coherence, as [`decide`](DecisionModel::decide) gives them.
    pub fn of(coherence: f64, answers: &[Option<Answer>]) -> Self {
        let decided: Vec<&Answer> = answers.iter().flatten().collect();
        let (trials, n) = (answers.len(), decided.len());
        let chose_first = decided.iter().filter(|answer| answer.is_first).count();
        let of_decisions = |value: f64| (n > 0).then(|| value / n as f64);
        Self {
            coherence,
            trials,
            without_decision: trials - n,
            chose_first,
            performance: of_decisions(chose_first as f64),
            interval: (n > 0).then(|| wilson_interval(chose_first, n).into()),
            mean_time: of_decisions(decided.iter().map(|answer| answer.reaction_time).sum()),
        }
    }
}

impl DecisionModel {
    /// Trials at a coherence; `None` where none of the two has decided in time. Each has random numbers of its own.
    ///
    /// # Errors
    /// If the coherence is not from -1 to 1.
    pub fn decide(
        &self,
        coherence: f64,
        trials: usize,
        protocol: &Protocol,
        seed: u64,
    ) -> Result<Vec<Option<Answer>>, AnalysisError> {
        let inputs = [self.input(None)?, self.input(Some(coherence))?];
        // Trials of another coherence have other noise.
        let stream = |trial: usize| coherence.to_bits() ^ trial as u64;
        let of = |trial: usize| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(stream(trial));
            Ok(self.trial(inputs, protocol, &mut rng))
        };
        each(trials, of)
    }

    fn trial(&self, [before, during]: [[f64; 2]; 2], protocol: &Protocol, rng: &mut ChaCha8Rng) -> Option<Answer> {
        let Protocol { dt, .. } = *protocol;
        let steps = |ms: f64| (ms / dt).round() as usize;
        let (onset, width) = (steps(protocol.before), steps(protocol.window).max(1));
        let mut noise = || -> [f64; 2] { std::array::from_fn(|_| StandardNormal.sample(rng)) };
        let mut s = [START; 2];
        let mut current = noise().map(|xi| self.sigma * xi);
        let mut window = vec![[0.0; 2]; width];
        let mut sum = [0.0; 2];
        for step in 0..onset + steps(protocol.longest) {
            let held = if step < onset { before } else { during };
            let rates = self.rates(s, [held[0] + current[0], held[1] + current[1]]);
            let change = self.change(s, rates);
            let (xi, decay) = (noise(), dt / self.tau_ampa);
            s = std::array::from_fn(|i| s[i] + dt * change[i]);
            current = std::array::from_fn(|i| current[i] * (1.0 - decay) + decay.sqrt() * self.sigma * xi[i]);
            sum = std::array::from_fn(|i| sum[i] + rates[i] - window[step % width][i]);
            window[step % width] = rates;
            let is_above = sum.map(|sum| sum / width as f64 > protocol.threshold);
            if step >= onset && is_above != [false; 2] {
                let is_first = sum[0] > sum[1];
                return Some(Answer { is_first, reaction_time: (step + 1 - onset) as f64 * dt });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(coherence: f64) -> Vec<Answer> {
        let model = DecisionModel::default();
        let found = model.decide(coherence, 300, &Protocol::default(), 1).unwrap();
        assert_eq!(found, model.decide(coherence, 300, &Protocol::default(), 1).unwrap());
        found.into_iter().flatten().collect()
    }

    fn firsts(answers: &[Answer]) -> f64 {
        answers.iter().filter(|answer| answer.is_first).count() as f64 / answers.len() as f64
    }

    fn mean_time(answers: &[Answer]) -> f64 {
        answers.iter().map(|answer| answer.reaction_time).sum::<f64>() / answers.len() as f64
    }

    /// 500 trials at each coherence in NumPy: 81.2 % and 97.8 % for the evidence, after 589, 482 and 251 ms on average.
    #[test]
    fn choices_and_times_are_those_of_another_program() {
        for (coherence, part, time, apart) in
            [(0.064, 0.812, 589.0, 50.0), (0.128, 0.978, 482.0, 40.0), (0.512, 1.0, 251.0, 12.0)]
        {
            let answers = answers(coherence);
            assert!((firsts(&answers) - part).abs() < 0.08, "{coherence}: {}", firsts(&answers));
            assert!((mean_time(&answers) - time).abs() < apart, "{coherence}: {}", mean_time(&answers));
        }
    }

    #[test]
    fn evidence_decides_and_stronger_evidence_sooner() {
        let [none, strong, against] = [0.0, 0.512, -0.512].map(answers);
        assert!((firsts(&none) - 0.5).abs() < 0.12, "{}", firsts(&none));
        assert!(firsts(&strong) > 0.98 && firsts(&against) < 0.02);
        assert!(mean_time(&strong) < mean_time(&none));
    }

    #[test]
    fn without_noise_a_trial_is_the_flow_and_symmetry_is_never_broken() {
        let still = DecisionModel { sigma: 0.0, ..DecisionModel::default() };
        assert_eq!(still.decide(0.0, 2, &Protocol::default(), 0).unwrap(), [None, None]);
        let sure = still.decide(0.064, 2, &Protocol::default(), 0).unwrap();
        assert!(sure[0].is_some_and(|answer| answer.is_first) && sure[0] == sure[1]);
    }
}
