//! What units receive, by where it comes from.
//!
//! ```text
//! I_s->i(t) = sum_{j in s} w_ij r_j(t - 1)         from group s; from the layer below r_j(t), as it acts within the step
//! I_u->i(t) = W_in[i, u] u(t)                      from an input channel
//! I_b->i(t) = b_rec[i]                             the bias
//! sum_s I_s->i(t) = h_i(t)                         the bracket of the equation, without noise
//! ```
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | `I` | [`Currents::by_source`], mean over the units of the target | (sources, targets, trials, steps) |
//! | `h` | [`Currents::total`], likewise | (targets, trials, steps) |
//!
//! The leak is not among them: it is what a unit keeps, not what it receives. `w_ij` are the weights that act, so that
//! under Dale's law the currents of a cell type have one sign.
//!
//! Currents cancel each other: their variances and norms do not add up to those of the total, and one of them may be
//! larger than the total is. Their covariances with the total do add up to its variance ([`Source::covariance_share`]),
//! but may be negative.
//!
//! Reference: Perich MG, Arlt C, Soares S et al. (2020), Inferring brain-wide interactions using data-constrained
//! recurrent neural network models (CURBD), <https://doi.org/10.1101/2020.12.18.423348>. There inputs and bias are not
//! among the sources, and excitation is told from inhibition by the sign of a weight; here by the cell type.

use ndarray::{Array1, Array2, Array3, Array4, ArrayView2, ArrayView3, Axis, s};
use serde::Serialize;

use crate::{
    AnalysisError,
    dynamics::{Network, Terms},
    structure::Group,
};

/// What a network did on trials.
#[derive(Clone, Copy, Debug)]
pub struct Course<'a> {
    /// What it was given (trials, steps, inputs), with what it felt of a plant.
    pub inputs: ArrayView3<'a, f64>,
    /// Rates after each step (trials, steps, units).
    pub rates: ArrayView3<'a, f64>,
    /// Rates before the first step (trials, units).
    pub start: ArrayView2<'a, f64>,
    /// Length of each trial, steps; `None` if all steps are of the trial. Steps after a trial's end are NaN in the
    /// result, and have no part in its numbers.
    pub n_steps: Option<&'a [usize]>,
}

/// Currents by source.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Currents {
    /// Where they come from: the groups, `other units` if there are any, the input channels, `bias`.
    pub sources: Vec<String>,
    /// Where they go.
    pub targets: Vec<String>,
    /// Every source of every target, target by target.
    pub pairs: Vec<Source>,
    /// Mean over the units of the target (sources, targets, trials, steps), NaN after a trial's end.
    #[serde(skip)]
    pub by_source: Array4<f64>,
    /// Their sum, computed without them (targets, trials, steps).
    #[serde(skip)]
    pub total: Array3<f64>,
}

/// The current from one source into one target, over all steps of all trials.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Source {
    /// Where it comes from.
    pub from: String,
    /// Where it goes.
    pub to: String,
    /// Mean, in the unit of the current.
    pub mean: f64,
    /// Root mean square.
    pub norm: f64,
    /// Root mean square over that of the total; these do not add up to 1. `None` if the total is 0.
    pub norm_share: Option<f64>,
    /// Variance over that of the total; these do not add up to 1. `None` if the total does not vary.
    pub variance_share: Option<f64>,
    /// Covariance with the total over its variance; these add up to 1. `None` if the total does not vary.
    pub covariance_share: Option<f64>,
}

impl Currents {
    /// The currents from each of `sources`, and from what is not among them, into each of `targets`. `channels` names
    /// the inputs.
    ///
    /// # Errors
    /// If an array does not fit the network or the others, a number of a trial is not finite, a group names a unit that
    /// is not there, a target has none, or a unit is in two sources.
    pub fn of(
        network: &Network,
        course: &Course<'_>,
        channels: &[String],
        sources: &[Group],
        targets: &[Group],
    ) -> Result<Self, AnalysisError> {
        let units = network.units();
        check(network, course, channels)?;
        let sources = complete(sources, units)?;
        for target in targets {
            check_units(target, units)?;
            if target.units.is_empty() {
                return Err(group_error(target, "has no units; name at least one"));
            }
        }
        let terms = averaged(&network.terms(), targets);
        let lagged = lagged(course);
        let mut parts = Vec::new();
        for source in &sources {
            parts.push(
                through(&terms.before, lagged.view(), &source.units)
                    + through(&terms.within, course.rates, &source.units),
            );
        }
        for channel in 0..network.inputs() {
            parts.push(through(&terms.w_in, course.inputs, &[channel]));
        }
        let shape = (targets.len(), course.rates.dim().0, course.rates.dim().1);
        let bias = Array3::from_shape_fn(shape, |(target, ..)| terms.b_rec[target]);
        let all: Vec<usize> = (0..units).collect();
        let inputs: Vec<usize> = (0..network.inputs()).collect();
        let mut total = through(&terms.before, lagged.view(), &all)
            + through(&terms.within, course.rates, &all)
            + through(&terms.w_in, course.inputs, &inputs)
            + &bias;
        parts.push(bias);
        parts.iter_mut().chain([&mut total]).for_each(|part| end(part, course.n_steps));
        let names = sources.iter().map(|source| &source.name).chain(channels).cloned().chain(["bias".into()]).collect();
        Ok(Self::summed(names, targets, parts, total))
    }

    fn summed(sources: Vec<String>, targets: &[Group], parts: Vec<Array3<f64>>, total: Array3<f64>) -> Self {
        let mut by_source = Array4::zeros((parts.len(), total.dim().0, total.dim().1, total.dim().2));
        for (mut place, part) in by_source.outer_iter_mut().zip(&parts) {
            place.assign(part);
        }
        let targets: Vec<String> = targets.iter().map(|target| target.name.clone()).collect();
        let mut pairs = Vec::new();
        for (target, to) in targets.iter().enumerate() {
            let of = |part: &Array3<f64>| -> Vec<f64> {
                part.index_axis(Axis(0), target).iter().copied().filter(|value| !value.is_nan()).collect()
            };
            let whole = of(&total);
            pairs.extend(sources.iter().zip(&parts).map(|(from, part)| Source::of(from, to, &of(part), &whole)));
        }
        Self { sources, targets, pairs, by_source, total }
    }
}

impl Source {
    fn of(from: &str, to: &str, current: &[f64], total: &[f64]) -> Self {
        let n = current.len().max(1) as f64;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / n;
        let norm = |values: &[f64]| (values.iter().map(|value| value * value).sum::<f64>() / n).sqrt();
        let covariance = |a: &[f64], b: &[f64]| {
            let (mean_a, mean_b) = (mean(a), mean(b));
            a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum::<f64>() / n
        };
        let of_variance = |value: f64| {
            let variance = covariance(total, total);
            (variance > 0.0).then(|| value / variance)
        };
        Self {
            from: from.into(),
            to: to.into(),
            mean: mean(current),
            norm: norm(current),
            norm_share: (norm(total) > 0.0).then(|| norm(current) / norm(total)),
            variance_share: of_variance(covariance(current, current)),
            covariance_share: of_variance(covariance(current, total)),
        }
    }
}

fn shape(array: &'static str, found: impl std::fmt::Debug, wanted: impl std::fmt::Debug) -> AnalysisError {
    AnalysisError::Shape { array, message: format!("has shape {found:?}, but must be {wanted:?}") }
}

fn check(network: &Network, course: &Course<'_>, channels: &[String]) -> Result<(), AnalysisError> {
    let (trials, steps, _) = course.rates.dim();
    let (units, inputs) = (network.units(), network.inputs());
    for (name, found, wanted) in [
        ("rates", course.rates.dim(), (trials, steps, units)),
        ("inputs", course.inputs.dim(), (trials, steps, inputs)),
    ] {
        if found != wanted {
            return Err(shape(name, found, wanted));
        }
    }
    if course.start.dim() != (trials, units) {
        return Err(shape("start", course.start.dim(), (trials, units)));
    }
    if channels.len() != inputs {
        return Err(shape("channels", channels.len(), inputs));
    }
    let n_steps = course.n_steps.map_or_else(|| vec![steps; trials], <[usize]>::to_vec);
    if n_steps.len() != trials || n_steps.iter().any(|n| *n > steps) {
        let message = format!("must be of {trials} trials and at most {steps} steps each");
        return Err(AnalysisError::Shape { array: "n_steps", message });
    }
    for (trial, n) in n_steps.into_iter().enumerate() {
        for (name, all) in [("rates", course.rates), ("inputs", course.inputs)] {
            if let Some(value) = all.slice(s![trial, ..n, ..]).iter().find(|value| !value.is_finite()) {
                return Err(AnalysisError::NotFinite { array: name, value: *value });
            }
        }
    }
    match course.start.iter().find(|value| !value.is_finite()) {
        Some(value) => Err(AnalysisError::NotFinite { array: "start", value: *value }),
        None => Ok(()),
    }
}

fn group_error(group: &Group, rule: impl Into<String>) -> AnalysisError {
    AnalysisError::Setting { setting: "group", value: group.name.clone(), rule: rule.into() }
}

fn check_units(group: &Group, units: usize) -> Result<(), AnalysisError> {
    match group.units.iter().find(|unit| **unit >= units) {
        Some(unit) => {
            Err(group_error(group, format!("unit {unit} is none; they are 0 to {}", units.saturating_sub(1))))
        }
        None => Ok(()),
    }
}

/// The sources, and what is not among them: together every unit once.
fn complete(sources: &[Group], units: usize) -> Result<Vec<Group>, AnalysisError> {
    let mut seen = vec![false; units];
    for source in sources {
        check_units(source, units)?;
        for unit in &source.units {
            if std::mem::replace(&mut seen[*unit], true) {
                let rule = format!("unit {unit} is there twice, and would count twice; name it in one source");
                return Err(group_error(source, rule));
            }
        }
    }
    let others: Vec<usize> = (0..units).filter(|unit| !seen[*unit]).collect();
    let others = (!others.is_empty()).then(|| Group { name: "other units".into(), units: others });
    Ok(sources.iter().cloned().chain(others).collect())
}

/// The terms of the mean over the units of each target, in place of units.
fn averaged(terms: &Terms, targets: &[Group]) -> Terms {
    let rows = |matrix: &Array2<f64>| {
        let mut means = Array2::zeros((targets.len(), matrix.ncols()));
        for (mut mean, target) in means.outer_iter_mut().zip(targets) {
            for unit in &target.units {
                mean += &matrix.row(*unit);
            }
            mean /= target.units.len() as f64;
        }
        means
    };
    let mean =
        |target: &Group| target.units.iter().map(|unit| terms.b_rec[*unit]).sum::<f64>() / target.units.len() as f64;
    Terms {
        before: rows(&terms.before),
        within: rows(&terms.within),
        w_in: rows(&terms.w_in),
        b_rec: targets.iter().map(mean).collect::<Array1<f64>>(),
    }
}

/// The rates before each step (trials, steps, units).
fn lagged(course: &Course<'_>) -> Array3<f64> {
    let mut lagged = Array3::zeros(course.rates.dim());
    let steps = course.rates.dim().1;
    if steps > 0 {
        lagged.slice_mut(s![.., 0, ..]).assign(&course.start);
        lagged.slice_mut(s![.., 1.., ..]).assign(&course.rates.slice(s![.., ..steps - 1, ..]));
    }
    lagged
}

/// What comes through columns of `weights` (targets, columns) from `signals` (trials, steps, columns): (targets, trials,
/// steps).
fn through(weights: &Array2<f64>, signals: ArrayView3<'_, f64>, columns: &[usize]) -> Array3<f64> {
    let (trials, steps, _) = signals.dim();
    let signal = |(column, place): (usize, usize)| signals[[place / steps, place % steps, columns[column]]];
    let chosen = Array2::from_shape_fn((columns.len(), trials * steps), signal);
    let currents = weights.select(Axis(1), columns).dot(&chosen);
    Array3::from_shape_fn((weights.nrows(), trials, steps), |(target, trial, step)| {
        currents[[target, trial * steps + step]]
    })
}

/// Lets nothing follow the ends of trials.
fn end(currents: &mut Array3<f64>, n_steps: Option<&[usize]>) {
    for (trial, n) in n_steps.into_iter().flatten().enumerate() {
        currents.slice_mut(s![.., trial, *n..]).fill(f64::NAN);
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Tensor};
    use ndarray::array;
    use nn4n_models::{Activation, Area, Bias, Ctrnn, Density, Form, LayerConfig, ModelConfig, Values, host};

    use super::*;

    const TRIALS: usize = 2;
    const STEPS: usize = 8;

    fn group(name: &str, units: impl IntoIterator<Item = usize>) -> Group {
        Group { name: name.into(), units: units.into_iter().collect() }
    }

    /// Of every kind; units 0 to 5 and 6 to 10 are areas or layers where there are any.
    fn networks() -> Vec<Ctrnn> {
        let areas = [Area::ei("A", 6, 0.5), Area::new("B", 5)];
        let layers = [LayerConfig::ei("one", 6, 0.5).tau(50.0), LayerConfig::new("two", 5)];
        let kinds = [
            ModelConfig::vanilla(2, 11, 1),
            ModelConfig::ei(2, 11, 1),
            ModelConfig::multi_area(2, 1, areas).feedforward(Density::All(0.6)),
            ModelConfig::stacked(2, 1, layers),
        ];
        let of_form = |kind: &ModelConfig, form| {
            let config = kind.clone().form(form).activation(Activation::Sigmoid);
            let config = config.b_rec(Bias::Trained(Values::All(0.1)));
            Ctrnn::init(&config, 1, DType::F64, &Device::Cpu).unwrap()
        };
        kinds.iter().flat_map(|kind| Form::ALL.map(|form| of_form(kind, form))).collect()
    }

    /// States and rates (trials, steps, units), the start of each, and the inputs.
    fn course(network: &Ctrnn) -> [Array3<f64>; 5] {
        let inputs = Array3::from_shape_fn((TRIALS, STEPS, 2), |(k, t, i)| ((7 * k + 2 * t + i) as f64).sin());
        let tensor =
            Tensor::from_vec(inputs.iter().copied().collect::<Vec<f64>>(), inputs.dim(), &Device::Cpu).unwrap();
        let trajectory = network.unroll(&tensor, None, None).unwrap();
        let array = |tensor: &Tensor, steps| {
            Array3::from_shape_vec((TRIALS, steps, network.units().len()), host::values(tensor).unwrap()).unwrap()
        };
        let start = network.start(TRIALS).unwrap();
        [
            array(&trajectory.states().unwrap(), STEPS),
            array(&trajectory.rates().unwrap(), STEPS),
            array(&start.state, 1),
            array(&start.rate, 1),
            inputs,
        ]
    }

    fn channels() -> Vec<String> {
        vec!["left".into(), "right".into()]
    }

    /// What a step made of the state says what its bracket was.
    #[test]
    fn currents_sum_to_the_total_which_is_the_bracket_of_the_step() {
        for network in networks() {
            let [states, rates, x0, r0, inputs] = course(&network);
            let here = Network::of(&network).unwrap();
            let start = r0.index_axis(Axis(1), 0);
            let course = Course { inputs: inputs.view(), rates: rates.view(), start, n_steps: None };
            let targets: Vec<Group> = (0..11).map(|unit| group(&unit.to_string(), [unit])).collect();
            let sources = [group("first", 0..6), group("some", [7, 10])];
            let found = Currents::of(&here, &course, &channels(), &sources, &targets).unwrap();
            assert_eq!(found.sources, ["first", "some", "other units", "left", "right", "bias"]);
            let sum = found.by_source.sum_axis(Axis(0));
            assert!((&sum - &found.total).iter().all(|difference| difference.abs() < 1e-13));
            let f = |x: f64| 1.0 / (1.0 + (-x).exp());
            let alpha = here.alpha();
            for ((target, trial, step), h) in found.total.indexed_iter() {
                let before = if step == 0 { x0[[trial, 0, target]] } else { states[[trial, step - 1, target]] };
                let a = alpha[target];
                let next = match here.form() {
                    Form::Current => (1.0 - a) * before + a * h,
                    Form::Rate => (1.0 - a) * before + a * f(*h),
                    Form::Blend => f((1.0 - a) * before + a * h),
                };
                let state = states[[trial, step, target]];
                assert!((next - state).abs() < 1e-12, "{} {:?}: {next} {state}", network.config().kind, here.form());
            }
            let shares: f64 = found.pairs[..6].iter().filter_map(|pair| pair.covariance_share).sum();
            assert!((shares - 1.0).abs() < 1e-9, "{shares}");
        }
    }

    #[test]
    fn groups_and_shares_are_those_worked_by_hand() {
        let config = ModelConfig::vanilla(1, 2, 1).autapses(true).b_rec(Bias::Trained(Values::All(0.0)));
        let tensor = |rows: &[[f64; 2]; 2]| Tensor::new(rows, &Device::Cpu).unwrap();
        let mut tensors = Ctrnn::init(&config, 0, DType::F64, &Device::Cpu).unwrap().tensors().unwrap();
        tensors.insert("w_rec".into(), tensor(&[[1.0, -2.0], [3.0, 0.0]]));
        tensors.insert("w_in".into(), Tensor::new(&[[2.0f64], [0.0]], &Device::Cpu).unwrap());
        tensors.insert("b_rec".into(), Tensor::new(&[0.0f64, 1.0], &Device::Cpu).unwrap());
        let network = Network::of(&Ctrnn::from_tensors(&config, tensors, DType::F64, &Device::Cpu).unwrap()).unwrap();
        let rates = array![[[1.0, 2.0], [3.0, 1.0], [f64::NAN, f64::NAN]]];
        let (start, inputs) = (array![[0.0, 1.0]], array![[[1.0], [-1.0], [f64::NAN]]]);
        let course = Course { inputs: inputs.view(), rates: rates.view(), start: start.view(), n_steps: Some(&[2]) };
        let both = [group("both", [0, 1])];
        let sources = [group("one", [0]), group("two", [1])];
        let found = Currents::of(&network, &course, &["u".into()], &sources, &both).unwrap();
        // Means over both units of: one (1 + 3)/2 r1, two (-2 + 0)/2 r2, u (2 + 0)/2 u, bias 1/2; rates before the step.
        let steps = |source: usize| found.by_source.slice(s![source, 0, 0, ..2]).to_vec();
        assert_eq!([steps(0), steps(1), steps(2), steps(3)], [[0.0, 2.0], [-1.0, -2.0], [1.0, -1.0], [0.5, 0.5]]);
        assert_eq!(found.total.slice(s![0, 0, ..2]).to_vec(), [0.5, -0.5]);
        assert!(found.by_source.slice(s![.., .., .., 2]).iter().all(|current| current.is_nan()));
        // Of variance 1/4 in all, one has 1 and two 1/4: they cancel.
        let shares: Vec<_> = found.pairs.iter().map(|pair| (pair.variance_share, pair.covariance_share)).collect();
        assert_eq!(shares[..2], [(Some(4.0), Some(-2.0)), (Some(1.0), Some(1.0))]);
        assert_eq!(shares[2..], [(Some(4.0), Some(2.0)), (Some(0.0), Some(0.0))]);
        assert_eq!((found.pairs[1].mean, found.pairs[3].norm, found.pairs[3].norm_share), (-1.5, 0.5, Some(1.0)));
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let network = &networks()[0];
        let [_, rates, _, r0, inputs] = course(network);
        let here = Network::of(network).unwrap();
        let start = r0.index_axis(Axis(1), 0);
        let course = Course { inputs: inputs.view(), rates: rates.view(), start, n_steps: None };
        let refusal = |course: &Course<'_>, channels: &[String], sources: &[Group], targets: &[Group]| {
            Currents::of(&here, course, channels, sources, targets).unwrap_err().to_string()
        };
        let (names, all) = (channels(), [group("all", 0..11)]);
        let twice = refusal(&course, &names, &[group("a", [1, 2]), group("b", [2])], &all);
        assert!(twice.contains("unit 2 is there twice"), "{twice}");
        assert!(refusal(&course, &names, &[], &[group("none", [])]).contains("has no units"));
        assert!(refusal(&course, &names, &[], &[group("late", [11])]).contains("unit 11 is none; they are 0 to 10"));
        assert!(refusal(&course, &names[..1], &[], &all).contains("channels"));
        let short = Course { n_steps: Some(&[STEPS + 1, 1]), ..course };
        assert!(refusal(&short, &names, &[], &all).contains("at most 8 steps"));
        let mut wrong = rates.clone();
        wrong[[0, 1, 1]] = f64::INFINITY;
        let wrong = Course { rates: wrong.view(), ..course };
        assert!(refusal(&wrong, &names, &[], &all).contains("rates: holds inf"));
        let other = Course { start: r0.slice(s![..1, 0, ..]), ..course };
        assert!(refusal(&other, &names, &[], &all).contains("start"));
    }
}
