//! Performance against the duration of a stimulus: is evidence integrated as long as it is shown?
//!
//! ```text
//! bins         of as many trials each, by duration; those of the same duration in the same bin
//! P(right | strength x) = 1/2 + (1/2 - lapse) (1 - exp(-(x / threshold)^b))        in each bin
//! ln threshold = offset + slope ln duration        slope -1/2: perfect integration of independent samples
//! ```
//!
//! Least squares over the bins whose threshold is resolved; the interval of the slope is of lines through thresholds
//! that are fitted to drawn choices.
//!
//! Reference: Kiani R, Hanks TD, Shadlen MN (2008), J Neurosci 28: 3017-3029,
//! <https://doi.org/10.1523/JNEUROSCI.4761-07.2008>.

use serde::Serialize;

use crate::{
    AnalysisError, PsychometricFunction,
    behaviour::psychometric::{ChoiceCount, Interval, Settings, percentiles},
    interruption::Interruption,
    interval::wilson_interval,
};

/// An answer to a stimulus of some duration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimedAnswer {
    /// ms, above 0.
    pub duration: f64,
    /// Strength of the evidence, 0 or above; `None` where it is not graded.
    pub strength: Option<f64>,
    /// Whether it was right.
    pub was_right: bool,
}

/// Performance by duration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DurationCurve {
    /// The shortest first. Fewer than asked for where many trials have the same duration.
    pub bins: Vec<DurationBin>,
    /// Of the logarithm of the threshold in that of the duration; `None` of fewer than two resolved thresholds.
    pub slope: Option<ThresholdSlope>,
}

/// Trials of similar duration.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DurationBin {
    /// The shortest, ms.
    pub shortest: f64,
    /// The longest, ms.
    pub longest: f64,
    /// Geometric mean, ms.
    pub duration: f64,
    /// How many.
    pub trials: usize,
    /// Those that were right.
    pub right: usize,
    /// Their fraction.
    pub performance: f64,
    /// Its Wilson interval of 95 %.
    pub interval: Interval,
    /// The strength at which a Weibull function has 0.6321 of its height; `None` where none was fitted.
    pub threshold: Option<Threshold>,
    /// Why there is no threshold.
    pub no_threshold: Option<String>,
}

/// A threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Threshold {
    /// In the unit of the strength.
    pub value: f64,
    /// 95 %: percentiles of a parametric bootstrap; `None` without refits.
    pub interval: Option<Interval>,
    /// Answers are separated by strength, so that this is one of many that fit. It is left out of the line.
    pub unresolved: bool,
}

/// How thresholds change with duration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ThresholdSlope {
    /// `d ln threshold / d ln duration`; -1/2 of perfect integration.
    pub slope: f64,
    /// 95 %, over refits of all thresholds; `None` without refits.
    pub interval: Option<Interval>,
    /// `ln threshold` at a duration of 1 ms.
    pub offset: f64,
    /// Thresholds that it goes through.
    pub thresholds: usize,
}

impl ThresholdSlope {
    /// The threshold at a duration, ms.
    pub fn at(&self, duration: f64) -> f64 {
        (self.offset + self.slope * duration.ln()).exp()
    }
}

impl DurationCurve {
    /// Performance in at most `bins` bins, with thresholds as `settings` say where answers have strengths.
    ///
    /// # Errors
    /// If there are no two durations, one is not above 0, or `bins` is below 2.
    pub fn of(answers: &[TimedAnswer], bins: usize, settings: &Settings) -> Result<Self, AnalysisError> {
        if bins < 2 {
            let rule = "must be 2 at least, since durations are compared".into();
            return Err(AnalysisError::Setting { setting: "bins", value: bins.to_string(), rule });
        }
        if let Some(answer) = answers.iter().find(|answer| !(answer.duration > 0.0 && answer.duration.is_finite())) {
            let rule = "must be above 0 ms".into();
            return Err(AnalysisError::Setting { setting: "duration", value: answer.duration.to_string(), rule });
        }
        let mut sorted = answers.to_vec();
        sorted.sort_by(|a, b| a.duration.total_cmp(&b.duration));
        let parts = parts(&sorted, bins);
        let [first, _, ..] = parts[..] else {
            let all =
                sorted.first().map_or_else(|| "there are none".into(), |one| format!("all are {} ms", one.duration));
            return Err(AnalysisError::Trials(format!(
                "performance is compared between durations, but of {} answers {all}; take a period whose length varies",
                answers.len()
            )));
        };
        let is_graded = first.iter().any(|answer| answer.strength.is_some());
        let fits: Vec<Option<Result<PsychometricFunction, AnalysisError>>> = parts
            .iter()
            .enumerate()
            .map(|(bin, part)| {
                let settings = Settings { seed: settings.seed.wrapping_add(bin as u64), ..*settings };
                is_graded.then(|| PsychometricFunction::fit("strength", &counts(part), &settings))
            })
            .collect();
        // A fit that was interrupted is none that cannot be had.
        Interruption::here().check()?;
        let bins: Vec<DurationBin> = parts.iter().zip(&fits).map(|(part, fit)| DurationBin::of(part, fit)).collect();
        Ok(Self { slope: slope(&bins, &fits), bins })
    }
}

impl DurationBin {
    fn of(part: &[TimedAnswer], fit: &Option<Result<PsychometricFunction, AnalysisError>>) -> Self {
        let right = part.iter().filter(|answer| answer.was_right).count();
        let (low, high) = wilson_interval(right, part.len());
        let logarithms: f64 = part.iter().map(|answer| answer.duration.ln()).sum();
        let threshold = |fit: &PsychometricFunction| Threshold {
            value: fit.mu,
            interval: fit.intervals.as_ref().map(|intervals| intervals.mu),
            unresolved: fit.unresolved,
        };
        Self {
            shortest: part[0].duration,
            longest: part[part.len() - 1].duration,
            duration: (logarithms / part.len() as f64).exp(),
            trials: part.len(),
            right,
            performance: right as f64 / part.len() as f64,
            interval: [low, high],
            threshold: fit.as_ref().and_then(|fit| fit.as_ref().ok()).map(threshold),
            no_threshold: fit.as_ref().and_then(|fit| fit.as_ref().err()).map(ToString::to_string),
        }
    }
}

/// Ascending durations in parts of as many, moved up to where the duration changes.
fn parts(sorted: &[TimedAnswer], bins: usize) -> Vec<&[TimedAnswer]> {
    let mut parts = Vec::new();
    let mut start = 0;
    for bin in 1..=bins {
        let mut end = (bin * sorted.len() / bins).max(start);
        while end > start && end < sorted.len() && sorted[end].duration == sorted[end - 1].duration {
            end += 1;
        }
        if end > start {
            parts.push(&sorted[start..end]);
        }
        start = end;
    }
    parts
}

fn counts(part: &[TimedAnswer]) -> Vec<ChoiceCount> {
    let count = |answer: &TimedAnswer| {
        let chose_first = usize::from(answer.was_right);
        answer.strength.map(|value| ChoiceCount { value, chose_first, trials: 1 })
    };
    part.iter().filter_map(count).collect()
}

fn slope(bins: &[DurationBin], fits: &[Option<Result<PsychometricFunction, AnalysisError>>]) -> Option<ThresholdSlope> {
    let resolved: Vec<(f64, &PsychometricFunction)> = bins
        .iter()
        .zip(fits)
        .filter_map(|(bin, fit)| Some((bin.duration.ln(), fit.as_ref()?.as_ref().ok()?)))
        .filter(|(_, fit)| !fit.unresolved && fit.mu.is_finite() && fit.mu > 0.0)
        .collect();
    let (x, y): (Vec<f64>, Vec<f64>) = resolved.iter().map(|(x, fit)| (*x, fit.mu.ln())).unzip();
    let (offset, slope) = line(&x, &y)?;
    let refits = resolved.iter().map(|(_, fit)| fit.refitted().len()).min().unwrap_or(0);
    let drawn = (0..refits).filter_map(|i| {
        let y: Vec<f64> = resolved.iter().map(|(_, fit)| fit.refitted()[i].0.ln()).collect();
        line(&x, &y).map(|(_, slope)| slope).filter(|slope| slope.is_finite())
    });
    let interval = (refits > 0).then(|| percentiles(drawn));
    Some(ThresholdSlope { slope, interval, offset, thresholds: x.len() })
}

/// Offset and slope of the line of least squares; `None` where `x` does not vary.
fn line(x: &[f64], y: &[f64]) -> Option<(f64, f64)> {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let xx: f64 = x.iter().map(|x| (x - mx) * (x - mx)).sum();
    let xy: f64 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
    (xx > 0.0).then(|| (my - xy / xx * mx, xy / xx))
}

#[cfg(test)]
mod tests {
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::behaviour::psychometric::{Family, Lapses};

    fn settings(refits: usize) -> Settings {
        Settings { family: Family::Weibull, lapses: Lapses::Guess, max_lapse: 0.05, refits, ..Settings::default() }
    }

    #[test]
    fn thresholds_of_perfect_integration_fall_with_the_root_of_the_duration() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut answers = Vec::new();
        for duration in [100.0f64, 200.0, 400.0, 800.0] {
            // Drift x t against the root of t: right with the probability Phi(k x sqrt(t)).
            for strength in [0.016, 0.032, 0.064, 0.128, 0.256, 0.512] {
                let p = 0.5 * libm::erfc(-0.4 * strength * duration.sqrt() / std::f64::consts::SQRT_2);
                answers.extend((0..1500).map(|_| TimedAnswer {
                    duration,
                    strength: Some(strength),
                    was_right: rng.random_bool(p),
                }));
            }
        }
        let found = DurationCurve::of(&answers, 10, &settings(100)).unwrap();
        assert_eq!(found.bins.len(), 4, "trials of one duration are in one bin");
        let slope = found.slope.unwrap();
        let [low, high] = slope.interval.unwrap();
        assert!((slope.slope + 0.5).abs() < 0.06 && low < -0.5 && -0.5 < high, "{slope:?}");
        assert_eq!(slope.thresholds, 4);
        let threshold = found.bins[0].threshold.unwrap();
        assert!((slope.at(100.0) / threshold.value - 1.0).abs() < 0.1);
        assert_eq!(found, DurationCurve::of(&answers, 10, &settings(100)).unwrap());
    }

    #[test]
    fn bins_have_as_many_trials_and_ungraded_answers_no_threshold() {
        let answers: Vec<TimedAnswer> = (0..100)
            .map(|i| TimedAnswer { duration: 10.0 + f64::from(i), strength: None, was_right: i % 4 > 0 })
            .collect();
        let found = DurationCurve::of(&answers, 5, &settings(0)).unwrap();
        assert!(found.bins.iter().all(|bin| bin.trials == 20 && bin.performance == 0.75 && bin.threshold.is_none()));
        assert_eq!((found.bins[1].shortest, found.bins[1].longest, found.slope), (30.0, 49.0, None));
    }

    #[test]
    fn one_duration_is_nothing_to_compare() {
        let answer = TimedAnswer { duration: 500.0, strength: Some(0.1), was_right: true };
        let refusal =
            |answers: &[TimedAnswer], bins| DurationCurve::of(answers, bins, &settings(0)).unwrap_err().to_string();
        assert!(refusal(&[answer; 9], 5).contains("all are 500 ms"));
        assert!(refusal(&[], 5).contains("there are none"));
        assert!(refusal(&[answer; 9], 1).contains("bins = 1"));
        assert!(refusal(&[TimedAnswer { duration: 0.0, ..answer }; 9], 5).contains("duration = 0"));
        let right = [answer, TimedAnswer { duration: 600.0, ..answer }];
        let found = DurationCurve::of(&right, 2, &settings(0)).unwrap();
        assert!(found.bins[0].no_threshold.as_ref().unwrap().contains("1 value"), "{found:?}");
    }
}
