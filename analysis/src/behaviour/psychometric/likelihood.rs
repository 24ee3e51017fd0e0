//! The likelihood of choices, and the parameters at which it is largest.
//!
//! ```text
//! theta = (c_0, c_1, .., lo, hi)        z = c_0 + sum_j c_j t_j        t = (x - middle) / half, in [-1, 1]
//! score_j = sum (k - n P) / (P Q) dP/dtheta_j          information_jk = sum n / (P Q) dP/dtheta_j dP/dtheta_k
//! (information + damping diag) step = score, for the parameters that no bound holds
//! ```

use super::{Family, Lapses, Settings};
use crate::AnalysisError;

/// `sigma` is this part of the smallest distance of two values at least: of a million trials at each value, those next
/// to the middle of a steeper curve are all alike.
const FINEST: f64 = 1.0 / 20.0;
/// A curve whose log-likelihood grows by less than this down to the bound of `sigma` is unresolved.
const FLAT: f64 = 1e-6;
/// Room of the intercept beyond the steepest slope: there all choices are alike.
const BEYOND: f64 = 8.0;
/// Least variance of a choice that anything is divided by.
const LEAST: f64 = 1e-200;
/// Most parameters: intercept, two slopes, two lapse rates.
const MOST: usize = 5;
/// Most steps of the climb; it takes 10 to 40.
const STEPS: usize = 500;

/// Choices at one combination of values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// Of each variable.
    pub values: Vec<f64>,
    pub chose_first: usize,
    pub trials: usize,
}

/// A variable as it is fitted: moved and divided so that it lies in [-1, 1].
#[derive(Clone, Copy, Debug)]
struct Scale {
    middle: f64,
    half: f64,
    /// The steepest slope that is let in.
    steepest: f64,
}

/// What is fitted to rows of choices.
#[derive(Clone, Debug)]
pub(super) struct Model {
    family: Family,
    lapses: Lapses,
    max_lapse: f64,
    guess: f64,
    scales: Vec<Scale>,
    /// Of each row and variable; minus infinity where the logarithm of 0 is taken.
    t: Vec<Vec<f64>>,
}

/// The likeliest parameters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Estimate {
    /// In the scaled variables: c_0, c_1, .., then the lapse rates.
    theta: Vec<f64>,
    pub log_likelihood: f64,
    /// The variables whose slope lies at its bound.
    pub unresolved: Vec<usize>,
}

/// Probability of choice 1, of the other one, and their slope in each parameter.
struct Point {
    p: f64,
    q: f64,
    slopes: [f64; MOST],
}

/// Slope of the log-likelihood in each parameter, and its expected curvature.
#[derive(Default)]
struct Shape {
    score: [f64; MOST],
    information: [[f64; MOST]; MOST],
}

impl Model {
    /// For rows whose values are finite; `names` are the variables in messages.
    pub fn new(rows: &[Row], names: &[&str], settings: &Settings) -> Result<Self, AnalysisError> {
        check(settings)?;
        if rows.iter().any(|row| row.trials == 0 || row.chose_first > row.trials) {
            let message = "each value must have a trial at least, and no more choices than trials".into();
            return Err(AnalysisError::Shape { array: "choices", message });
        }
        let family = settings.family;
        let mut scales = Vec::new();
        for (j, name) in names.iter().enumerate() {
            let values: Vec<f64> = rows.iter().map(|row| row.values[j]).collect();
            scales.push(scale(family, name, &values)?);
        }
        let all: usize = rows.iter().map(|row| row.trials).sum();
        let first: usize = rows.iter().map(|row| row.chose_first).sum();
        if first == 0 || first == all {
            return Err(AnalysisError::Trials(format!(
                "all {all} choices along `{}` are the same, so they determine no curve; take weaker evidence, or more \
                 trials",
                names.join("`, `")
            )));
        }
        let model = Self {
            family,
            lapses: settings.lapses,
            max_lapse: settings.max_lapse,
            guess: settings.guess,
            t: rows
                .iter()
                .map(|row| row.values.iter().zip(&scales).map(|(x, scale)| scale.of(family, *x)).collect())
                .collect(),
            scales,
        };
        let (levels, parameters) = (rows.len(), model.parameters());
        if levels < parameters {
            return Err(AnalysisError::Trials(format!(
                "choices were made at {levels} values of `{}`, but a curve with {} has {parameters} parameters; show \
                 more values, or fit fewer lapses",
                names.join("`, `"),
                settings.lapses.words()
            )));
        }
        Ok(model)
    }

    pub fn parameters(&self) -> usize {
        1 + self.scales.len() + self.lapses.count()
    }

    fn coefficients(&self) -> usize {
        1 + self.scales.len()
    }

    /// Floor, and what the ceiling lacks to 1.
    fn lapse_rates(&self, theta: &[f64]) -> (f64, f64) {
        let rates = &theta[self.coefficients()..];
        match self.lapses {
            Lapses::None => (0.0, 0.0),
            Lapses::Equal => (rates[0], rates[0]),
            Lapses::Two => (rates[0], rates[1]),
            Lapses::Guess => (self.guess, rates[0]),
        }
    }

    /// `F` and `1 - F` at the scaled values, with `z`.
    fn distribution(&self, theta: &[f64], t: &[f64]) -> (f64, f64, f64) {
        if t.contains(&f64::NEG_INFINITY) {
            return (0.0, 1.0, f64::NEG_INFINITY);
        }
        let z = theta[0] + t.iter().zip(&theta[1..]).map(|(t, c)| t * c).sum::<f64>();
        let (f, rest) = self.family.both(z);
        (f, rest, z)
    }

    fn probabilities(&self, theta: &[f64], t: &[f64]) -> (f64, f64) {
        let (lo, hi) = self.lapse_rates(theta);
        let (f, rest, _) = self.distribution(theta, t);
        let within = 1.0 - lo - hi;
        (lo + within * f, hi + within * rest)
    }

    fn point(&self, theta: &[f64], t: &[f64]) -> Point {
        let (lo, hi) = self.lapse_rates(theta);
        let (f, rest, z) = self.distribution(theta, t);
        let within = 1.0 - lo - hi;
        let density = if z.is_finite() { within * self.family.density(z) } else { 0.0 };
        let mut slopes = [0.0; MOST];
        slopes[0] = density;
        for (slope, t) in slopes[1..].iter_mut().zip(t) {
            *slope = if t.is_finite() { density * t } else { 0.0 };
        }
        let rates = &mut slopes[self.coefficients()..];
        match self.lapses {
            Lapses::None => {}
            Lapses::Equal => rates[0] = rest - f,
            Lapses::Two => rates[..2].copy_from_slice(&[rest, -f]),
            Lapses::Guess => rates[0] = -f,
        }
        Point { p: lo + within * f, q: hi + within * rest, slopes }
    }

    fn log_likelihood(&self, rows: &[Row], theta: &[f64]) -> f64 {
        rows.iter().zip(&self.t).map(|(row, t)| log_likelihood(row, self.probabilities(theta, t))).sum()
    }

    fn shape(&self, rows: &[Row], theta: &[f64]) -> Shape {
        let n = theta.len();
        let mut shape = Shape::default();
        for (row, t) in rows.iter().zip(&self.t) {
            let Point { p, q, slopes } = self.point(theta, t);
            let variance = (p * q).max(LEAST);
            let trials = row.trials as f64;
            // Of k - n P, the part that is rounded less.
            let surplus = if p < 0.5 {
                row.chose_first as f64 - trials * p
            } else {
                trials * q - (row.trials - row.chose_first) as f64
            };
            for i in 0..n {
                shape.score[i] += surplus / variance * slopes[i];
                for j in 0..n {
                    shape.information[i][j] += trials / variance * slopes[i] * slopes[j];
                }
            }
        }
        shape
    }

    fn bounds(&self) -> Vec<(f64, f64)> {
        let steepest = self.scales.iter().map(|scale| scale.steepest);
        let room = steepest.clone().sum::<f64>() + BEYOND;
        let mut bounds = vec![(-room, room)];
        // The scale of a Weibull function is positive, and so is its exponent.
        let rises = self.family == Family::Weibull;
        bounds.extend(steepest.map(|most| (if rises { 0.0 } else { -most }, most)));
        bounds.extend(vec![(0.0, self.max_lapse); self.lapses.count()]);
        bounds
    }

    /// The likeliest parameters of these rows, which have the values that the model was made for.
    pub fn fit(&self, rows: &[Row]) -> Estimate {
        self.likeliest(rows, self.starts(rows, &[1.0, 2.0], &[0.01, 0.05, 0.5 * self.max_lapse]))
    }

    /// The same of choices that were drawn from a curve: from its parameters, too, and from fewer others.
    pub fn refit(&self, rows: &[Row], drawn_from: &Estimate) -> Estimate {
        let mut starts = self.starts(rows, &[1.5], &[0.05]);
        starts.push(drawn_from.theta.clone());
        self.likeliest(rows, starts)
    }

    fn likeliest(&self, rows: &[Row], starts: Vec<Vec<f64>>) -> Estimate {
        let bounds = self.bounds();
        let mut best = starts
            .into_iter()
            .map(|start| self.climb(rows, start, &bounds))
            .max_by(|a, b| a.1.total_cmp(&b.1))
            // There is one start at least.
            .unwrap_or_default();
        let mut unresolved = Vec::new();
        for (j, scale) in self.scales.iter().enumerate() {
            // Where the curve is so steep that the likelihood does not change any more, the climb ends anywhere.
            if best.0[1 + j].abs() * 8.0 < scale.steepest {
                continue;
            }
            let steepest = self.steepest(rows, &best.0, j, &bounds);
            if steepest.1 >= best.1 - FLAT {
                best = steepest;
                unresolved.push(j);
            }
        }
        Estimate { theta: best.0, log_likelihood: best.1, unresolved }
    }

    /// The likeliest parameters with the slope of a variable at its bound, on the side on which it is.
    fn steepest(&self, rows: &[Row], theta: &[f64], variable: usize, bounds: &[(f64, f64)]) -> (Vec<f64>, f64) {
        let slope = theta[1 + variable];
        let held = if slope < 0.0 { bounds[1 + variable].0 } else { bounds[1 + variable].1 };
        let mut bounds = bounds.to_vec();
        bounds[1 + variable] = (held, held);
        // The curve turns about its middle.
        let mut start = theta.to_vec();
        start[0] *= held / slope;
        start[1 + variable] = held;
        self.climb(rows, start, &bounds)
    }

    /// The curve without lapses, and with these rates of them, so many times steeper.
    fn starts(&self, rows: &[Row], steeper: &[f64], rates: &[f64]) -> Vec<Vec<f64>> {
        let (bounds, coefficients) = (self.bounds(), self.coefficients());
        let mut flat = vec![0.0; self.parameters()];
        if self.family == Family::Weibull {
            flat[1..coefficients].fill(1.0);
        }
        let mut without = bounds;
        without[coefficients..].fill((0.0, 0.0));
        let plain = self.climb(rows, flat, &without).0;
        if self.lapses == Lapses::None {
            return vec![plain];
        }
        let start = |rate: f64, steeper: f64| {
            let mut start = plain.clone();
            start[..coefficients].iter_mut().for_each(|c| *c *= steeper);
            start[coefficients..].fill(rate);
            start
        };
        rates.iter().flat_map(|rate| steeper.iter().map(|steeper| start(*rate, *steeper))).collect()
    }

    /// From a start up the likelihood, within bounds.
    fn climb(&self, rows: &[Row], mut theta: Vec<f64>, bounds: &[(f64, f64)]) -> (Vec<f64>, f64) {
        clamp(&mut theta, bounds);
        let mut height = self.log_likelihood(rows, &theta);
        let mut damping = 1e-3;
        for _ in 0..STEPS {
            let shape = self.shape(rows, &theta);
            let is_free = |i: &usize| {
                let ((low, high), score) = (bounds[*i], shape.score[*i]);
                let is_held = (theta[*i] <= low && score <= 0.0) || (theta[*i] >= high && score >= 0.0);
                low < high && !is_held
            };
            let free: Vec<usize> = (0..theta.len()).filter(is_free).collect();
            let mut moved = None;
            while damping < 1e12 {
                let step = damped_step(&shape, &free, damping);
                let mut next = theta.clone();
                free.iter().zip(step).for_each(|(i, step)| next[*i] += step);
                clamp(&mut next, bounds);
                let at = self.log_likelihood(rows, &next);
                if at > height {
                    damping = (damping / 10.0).max(1e-12);
                    moved = Some((next, at));
                    break;
                }
                damping *= 10.0;
            }
            let Some((next, at)) = moved else { break };
            let is_there = theta.iter().zip(&next).all(|(a, b)| (a - b).abs() <= 1e-12 * (1.0 + a.abs()));
            (theta, height) = (next, at);
            if is_there {
                break;
            }
        }
        (theta, height)
    }
}

impl Estimate {
    pub fn lapses(&self, model: &Model) -> (f64, f64) {
        model.lapse_rates(&self.theta)
    }

    /// `z = intercept + sum of slope * value` in the variables as they are (their logarithms, of a Weibull function).
    pub fn line(&self, model: &Model) -> (f64, Vec<f64>) {
        let slopes: Vec<f64> = self.theta[1..].iter().zip(&model.scales).map(|(c, scale)| c / scale.half).collect();
        let moved: f64 = slopes.iter().zip(&model.scales).map(|(slope, scale)| slope * scale.middle).sum();
        (self.theta[0] - moved, slopes)
    }

    /// Probability of choice 1 in each row.
    pub fn probabilities(&self, model: &Model) -> Vec<f64> {
        model.t.iter().map(|t| model.probabilities(&self.theta, t).0).collect()
    }

    /// Of each row, with the sign of what was observed less what is expected: their squares sum to the deviance.
    pub fn residuals(&self, rows: &[Row], model: &Model) -> Vec<f64> {
        let residual = |(row, t): (&Row, &Vec<f64>)| {
            let (p, q) = model.probabilities(&self.theta, t);
            let n = row.trials as f64;
            let (k, rest) = (row.chose_first as f64, (row.trials - row.chose_first) as f64);
            let saturated = log_likelihood(row, (k / n, rest / n));
            let deviance = 2.0 * (saturated - log_likelihood(row, (p, q)));
            deviance.max(0.0).sqrt() * (k / n - p).signum()
        };
        rows.iter().zip(&model.t).map(residual).collect()
    }

    /// The parameters that lie at a bound of the lapse rates other than 0.
    pub fn is_at_most_lapses(&self, model: &Model) -> bool {
        self.theta[model.coefficients()..].iter().any(|rate| *rate >= model.max_lapse * (1.0 - 1e-9))
    }
}

impl Scale {
    fn of(self, family: Family, x: f64) -> f64 {
        (family.scaled(x) - self.middle) / self.half
    }
}

fn scale(family: Family, name: &str, values: &[f64]) -> Result<Scale, AnalysisError> {
    if let Some(value) = values.iter().find(|value| !value.is_finite()) {
        return Err(AnalysisError::NotFinite { array: "values", value: *value });
    }
    if let Some(value) = values.iter().find(|value| family == Family::Weibull && **value < 0.0) {
        return Err(AnalysisError::Trials(format!(
            "a Weibull function has no negative values, but `{name}` is {value}; fit the fraction of right answers \
             against its strength, or take another family"
        )));
    }
    let mut scaled: Vec<f64> = values.iter().map(|x| family.scaled(*x)).filter(|x| x.is_finite()).collect();
    scaled.sort_by(f64::total_cmp);
    scaled.dedup();
    let [low, .., high] = scaled[..] else {
        return Err(AnalysisError::Trials(format!(
            "`{name}` has {} value{} with choices, and a curve needs two at least; show more of them",
            scaled.len(),
            if scaled.len() == 1 { "" } else { "s" }
        )));
    };
    let half = 0.5 * (high - low);
    let smallest = scaled.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
    Ok(Scale { middle: 0.5 * (low + high), half, steepest: half / (FINEST * smallest) })
}

fn check(settings: &Settings) -> Result<(), AnalysisError> {
    let refuse = |setting, value: f64, rule: &str| {
        Err(AnalysisError::Setting { setting, value: value.to_string(), rule: rule.into() })
    };
    if !(settings.max_lapse > 0.0 && settings.max_lapse < 0.5) {
        return refuse("max_lapse", settings.max_lapse, "must lie between 0 and 0.5");
    }
    if settings.lapses == Lapses::Guess && !(0.0..1.0 - settings.max_lapse).contains(&settings.guess) {
        return refuse("guess", settings.guess, "must not be negative, and leave room for lapses below 1");
    }
    Ok(())
}

fn log_likelihood(row: &Row, (p, q): (f64, f64)) -> f64 {
    let log = |count: usize, p: f64| if count == 0 { 0.0 } else { count as f64 * p.max(f64::MIN_POSITIVE).ln() };
    log(row.chose_first, p) + log(row.trials - row.chose_first, q)
}

fn clamp(theta: &mut [f64], bounds: &[(f64, f64)]) {
    theta.iter_mut().zip(bounds).for_each(|(value, (low, high))| *value = value.clamp(*low, *high));
}

/// The step of the free parameters.
fn damped_step(shape: &Shape, free: &[usize], damping: f64) -> Vec<f64> {
    let information = &shape.information;
    let largest = free.iter().map(|i| information[*i][*i]).fold(f64::MIN_POSITIVE, f64::max);
    let mut matrix: Vec<Vec<f64>> = free.iter().map(|i| free.iter().map(|j| information[*i][*j]).collect()).collect();
    for (i, row) in matrix.iter_mut().enumerate() {
        // A parameter that nothing depends on just now stays where it is.
        row[i] += damping * row[i] + 1e-14 * largest;
    }
    solve(matrix, free.iter().map(|i| shape.score[*i]).collect())
}

/// The solution of a small positive definite system, by Cholesky.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| a[i][k] * a[j][k]).sum();
            let rest = a[i][j] - sum;
            a[i][j] = if i == j { rest.max(f64::MIN_POSITIVE).sqrt() } else { rest / a[j][j] };
        }
        let sum: f64 = (0..i).map(|k| a[i][k] * b[k]).sum();
        b[i] = (b[i] - sum) / a[i][i];
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|k| a[k][i] * b[k]).sum();
        b[i] = (b[i] - sum) / a[i][i];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_system_is_solved() {
        let x = solve(vec![vec![4.0, 1.0, 0.5], vec![1.0, 3.0, 0.2], vec![0.5, 0.2, 2.0]], vec![1.0, 2.0, 3.0]);
        let back =
            [4.0 * x[0] + x[1] + 0.5 * x[2], x[0] + 3.0 * x[1] + 0.2 * x[2], 0.5 * x[0] + 0.2 * x[1] + 2.0 * x[2]];
        assert!(back.iter().zip([1.0, 2.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{x:?}");
    }

    #[test]
    fn scores_are_the_slopes_of_the_likelihood() {
        let rows: Vec<Row> = [(-1.0, 3), (0.5, 11), (2.0, 18)]
            .map(|(x, k)| Row { values: vec![x, x * x], chose_first: k, trials: 20 })
            .into();
        for (family, lapses) in [(Family::Gaussian, Lapses::Equal), (Family::Gumbel, Lapses::Guess)] {
            let settings = Settings { family, lapses, guess: 0.1, ..Settings::default() };
            // Fewer rows than parameters matter to a fit, not here.
            let mut all = rows.clone();
            all.push(Row { values: vec![1.5, 0.0], chose_first: 9, trials: 20 });
            let model = Model::new(&all, &["a", "b"], &settings).unwrap();
            let theta = [0.3, 0.8, -0.4, 0.07];
            let score = model.shape(&all, &theta).score;
            for (i, score) in score.iter().enumerate().take(theta.len()) {
                let moved = |by: f64| {
                    let mut theta = theta;
                    theta[i] += by;
                    model.log_likelihood(&all, &theta)
                };
                let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                assert!((slope - score).abs() < 1e-5, "{family:?} {i}: {slope} {score}");
            }
        }
    }
}
