//! `nn4n analyze kernel`

use std::ops::Range;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use ndarray::{Array1, Array2, Axis, s};
use nn4n_analysis::{Kernel, behaviour::kernel::residual_noise};
use nn4n_tasks::{Condition, Split, Task, TrialRng, Value};
use serde::Serialize;

use super::{
    answer::AnswerArgs,
    graded::{Graded, GradedArgs, Group},
    source::{SourceAbout, SourceArgs},
    window::steps_in_bin,
};
use crate::{
    evaluate::{Outcomes, graded_grid},
    plot::{CurvePanel, CurvePanels, CurveSeries},
};

/// Trials of a network, in all, unless the number of each condition is given; between the fewest and most of each.
const TRIALS: usize = 4000;
const OF_EACH: (usize, usize) = (200, 2000);
/// Times of a kernel, about, unless the length of a bin is given.
const TIMES: usize = 20;
/// A channel or a period carries evidence if it changes by this part of what the most does.
const CARRIES: f64 = 0.5;

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
enum Align {
    /// Time from the beginning of the evidence
    Start,
    /// Time before its end
    End,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze kernel song2016-rdm-ei --out runs/kernel
  nn4n analyze kernel song2016-mante-ei --where context=motion --trials 4000       motion counts, colour does not
  nn4n analyze kernel --activity session.npz --channel input0-input1 --epoch stimulus --align end")]
pub struct KernelArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    graded: GradedArgs,
    /// The input whose noise is taken, or the first less the second of two; may be repeated [default: those that rise
    /// and fall with the graded variables]
    #[arg(long, value_name = "NAME|NAME-NAME")]
    channel: Vec<String>,
    /// The period of the evidence [default: those in which the channels change with the variable; of recordings whole
    /// trials]
    #[arg(long, value_name = "EPOCH")]
    epoch: Option<String>,
    /// Which end of the period trials are aligned to
    #[arg(long, value_enum, default_value = "start")]
    align: Align,
    /// Length of a bin over which evidence is averaged, ms [default: so that there are about 20]
    #[arg(long, value_name = "MS")]
    bin: Option<f64>,
    /// Penalty of the weights of the logistic regression, which are per standard deviation of the noise
    #[arg(long, value_name = "RIDGE", default_value_t = 1.0)]
    ridge: f64,
    #[command(flatten)]
    answer: AnswerArgs,
}

/// The noise of one input or of the difference of two, at the times of some periods.
#[derive(Clone)]
struct Evidence {
    plus: usize,
    minus: Option<usize>,
    /// First and last period, or whole trials.
    epochs: Option<(String, String)>,
}

/// Values of a kernel over time, and half of their intervals.
type Course = fn(&Kernel) -> (&[f64], &[f64]);

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: &'a SourceAbout,
    aligned_to: Align,
    kernels: &'a [Found],
    remark: &'static str,
    /// Trials of no group, or without a choice between two alternatives.
    trials_left_out: usize,
}

#[derive(Serialize)]
struct Found {
    /// Such as `context motion`; empty of the only group.
    group: String,
    channels: String,
    /// Over which evidence is averaged.
    bin_ms: f64,
    /// Of the longest evidence, steps at the end that trials are not aligned to, which fill no bin.
    steps_left_out: usize,
    /// Periods of the evidence; `null` of whole trials.
    epochs: Option<String>,
    /// The middle of each bin.
    time_ms: Vec<f64>,
    #[serde(flatten)]
    kernel: Kernel,
}

pub fn kernel(args: &KernelArgs) -> Result<()> {
    let answer = args.answer.open("kernel", &["reverse-correlation", "logistic"], &[])?;
    let variable = args.graded.variable.as_deref();
    let behaviour = args.source.behaviour_of(
        |task, asked| Ok(Some(weakest(graded_grid(task, variable, None, asked)?))),
        |conditions| Some((TRIALS / conditions.max(1)).clamp(OF_EACH.0, OF_EACH.1) as u32),
    )?;
    let graded = args.graded.group(behaviour, None)?;
    let mut found = Vec::new();
    let mut left_out = graded.left_out;
    for group in &graded.groups {
        let evidence = args.evidence(&graded, group)?;
        let chosen: Vec<usize> =
            group.trials.iter().copied().filter(|trial| graded.chose_first(*trial).is_some()).collect();
        left_out += group.trials.len() - chosen.len();
        for evidence in evidence {
            found.push(args.found(&graded, group, &chosen, &evidence)?);
        }
    }
    let of_reverse: Course = |kernel| (&kernel.reverse_correlation, &kernel.reverse_half);
    let of_logistic: Course = |kernel| (&kernel.logistic, &kernel.logistic_half);
    let reverse = figure(&found, args.align, "Noise: first less second choice", of_reverse);
    answer.figure("reverse-correlation", |path| reverse.save(path))?;
    let logistic = figure(&found, args.align, "Weight per s.d. of the noise", of_logistic);
    answer.figure("logistic", |path| logistic.save(path))?;
    answer.arrays(|file| {
        found.iter().enumerate().try_fold(file, |file, (i, one)| {
            let array = |values: &[f64]| Array1::from(values.to_vec());
            Ok(file
                .array(&format!("time_ms_{i}"), &array(&one.time_ms))?
                .axes(["times"])
                .unit("ms")
                .array(&format!("reverse_correlation_{i}"), &array(&one.kernel.reverse_correlation))?
                .axes(["times"])
                .array(&format!("reverse_half_{i}"), &array(&one.kernel.reverse_half))?
                .axes(["times"])
                .array(&format!("logistic_{i}"), &array(&one.kernel.logistic))?
                .axes(["times"])
                .array(&format!("logistic_half_{i}"), &array(&one.kernel.logistic_half))?
                .axes(["times"]))
        })
    })?;
    let report = Report {
        about: &graded.behaviour.about,
        aligned_to: args.align,
        kernels: &found,
        remark: "halves are of intervals of 95 %, of noise that is independent from time to time",
        trials_left_out: left_out,
    };
    let next = format!("nn4n analyze psychometric {}{}", args.source.again(), args.graded.again());
    let mut lines = lines(&report);
    lines.extend(graded.repetitions());
    answer.say(&report, &lines, &next)
}

impl KernelArgs {
    /// What is asked for, or the channels that change with each graded variable of the group.
    fn evidence(&self, graded: &Graded, group: &Group) -> Result<Vec<Evidence>> {
        let outcomes = &graded.behaviour.outcomes;
        if outcomes.channels.is_empty() {
            bail!("the recording has no inputs, whose noise a kernel is of; add inputs (trials, steps, channels)");
        }
        let epochs = self.epoch.as_ref().map(|epoch| (epoch.clone(), epoch.clone()));
        if let Some((epoch, _)) = &epochs {
            let names = outcomes.trials.epoch_names();
            if !names.contains(epoch) {
                bail!("--epoch {epoch}: no trial has such an epoch; there are {}", names.join(", "));
            }
        }
        if !self.channel.is_empty() {
            let found = match &graded.behaviour.task {
                Some(task) if epochs.is_none() => found_in(task.as_ref(), graded, group).into_iter().next(),
                _ => None,
            };
            let epochs = epochs.or_else(|| found.and_then(|evidence| evidence.epochs));
            return self.channel.iter().map(|name| channels(name, &outcomes.channels, epochs.clone())).collect();
        }
        let Some(task) = &graded.behaviour.task else {
            if outcomes.channels.len() == 1 {
                return Ok(vec![Evidence { plus: 0, minus: None, epochs }]);
            }
            bail!(
                "--channel: name the input whose noise is taken, or two with - between them; there are {}",
                outcomes.channels.join(", ")
            );
        };
        let mut found = found_in(task.as_ref(), graded, group);
        if found.is_empty() {
            bail!(
                "no input changes with {}; name one with --channel: {}",
                group.variables.join(" or "),
                outcomes.channels.join(", ")
            );
        }
        if epochs.is_some() {
            found.iter_mut().for_each(|evidence| evidence.epochs = epochs.clone());
        }
        Ok(found)
    }

    fn found(&self, graded: &Graded, group: &Group, trials: &[usize], evidence: &Evidence) -> Result<Found> {
        let outcomes = &graded.behaviour.outcomes;
        let signal = self.signal(outcomes, trials, evidence)?;
        let steps = self.steps_in_bin(outcomes.dt, signal.dim().1)?;
        let noise = self.binned(&residual_noise(signal.view(), &classes(graded, group, trials)), steps);
        let first: Vec<bool> = trials.iter().map(|trial| graded.chose_first(*trial) == Some(true)).collect();
        let channels = evidence.name(&outcomes.channels);
        let kernel = Kernel::of(noise.view(), &first, self.ridge).with_context(|| channels.clone())?;
        let bin_ms = steps as f64 * outcomes.dt;
        let start = if self.align == Align::Start { 0.0 } else { -(noise.dim().1 as f64) * bin_ms };
        let epochs = evidence.epochs.as_ref();
        Ok(Found {
            group: group.name.clone(),
            channels,
            bin_ms,
            steps_left_out: signal.dim().1 % steps,
            epochs: epochs
                .map(|(first, last)| if first == last { first.clone() } else { format!("{first} to {last}") }),
            time_ms: (0..noise.dim().1).map(|bin| start + (bin as f64 + 0.5) * bin_ms).collect(),
            kernel,
        })
    }

    fn steps_in_bin(&self, dt: f64, steps: usize) -> Result<usize> {
        let Some(bin) = self.bin else { return Ok(steps.div_ceil(TIMES).max(1)) };
        let n = steps_in_bin(bin, dt)?;
        if n > steps {
            bail!("--bin {bin}: must be between a step of {dt} ms and the {} ms of the evidence", steps as f64 * dt);
        }
        Ok(n)
    }

    /// Means over bins, counted from the end that trials are aligned to; NaN where a trial has less than a whole bin.
    fn binned(&self, noise: &Array2<f64>, steps: usize) -> Array2<f64> {
        let (trials, all) = noise.dim();
        let bins = all / steps;
        let first = if self.align == Align::Start { 0 } else { all - bins * steps };
        Array2::from_shape_fn((trials, bins), |(trial, bin)| {
            let start = first + bin * steps;
            noise.slice(s![trial, start..start + steps]).sum() / steps as f64
        })
    }

    /// The evidence (trials, steps) as it was shown, aligned; NaN where there was none.
    fn signal(&self, outcomes: &Outcomes, trials: &[usize], evidence: &Evidence) -> Result<Array2<f64>> {
        let spans: Vec<Range<usize>> = trials.iter().map(|trial| evidence.steps(outcomes, *trial)).collect();
        let longest = spans.iter().map(Range::len).max().unwrap_or(0);
        if longest == 0 {
            bail!("no trial with a choice between two alternatives has evidence; name its period with --epoch");
        }
        let mut signal = Array2::from_elem((trials.len(), longest), f64::NAN);
        for (row, (trial, span)) in trials.iter().zip(spans).enumerate() {
            let shift = if self.align == Align::Start { 0 } else { longest - span.len() };
            let input = outcomes.inputs.index_axis(Axis(0), *trial);
            for (place, step) in span.enumerate() {
                let of = |channel: usize| f64::from(input[[step, channel]]);
                signal[[row, shift + place]] = of(evidence.plus) - evidence.minus.map_or(0.0, of);
            }
        }
        Ok(signal)
    }
}

impl Evidence {
    fn name(&self, channels: &[String]) -> String {
        let second = self.minus.map_or_else(String::new, |minus| format!(" - {}", channels[minus]));
        format!("{}{second}", channels[self.plus])
    }

    /// From the beginning of the first to the end of the last of its periods.
    fn steps(&self, outcomes: &Outcomes, trial: usize) -> Range<usize> {
        let Some((first, last)) = &self.epochs else { return 0..outcomes.trials.n_steps[trial] };
        match (outcomes.trials.epoch(trial, first), outcomes.trials.epoch(trial, last)) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => 0..0,
        }
    }
}

/// `NAME` or `NAME-NAME`; names may hold dashes.
fn channels(text: &str, known: &[String], epochs: Option<(String, String)>) -> Result<Evidence> {
    let place = |name: &str| known.iter().position(|channel| channel == name.trim());
    if let Some(plus) = place(text) {
        return Ok(Evidence { plus, minus: None, epochs });
    }
    for (at, _) in text.match_indices('-') {
        if let Some((plus, minus)) = place(&text[..at]).zip(place(&text[at + 1..])) {
            return Ok(Evidence { plus, minus: Some(minus), epochs });
        }
    }
    bail!("--channel {text}: is no input, nor two with - between them; there are {}", known.join(", "))
}

/// Of all conditions, those with the least evidence: none, or as little of either sign as there is.
fn weakest(grid: Vec<Condition>) -> Vec<Condition> {
    let words = |condition: &Condition| {
        let words = condition.iter().filter(|(_, value)| !matches!(value, Value::Number(_)));
        words.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>()
    };
    let distances = |condition: &Condition| -> Vec<f64> {
        let of_words: Vec<&Condition> = grid.iter().filter(|other| words(other) == words(condition)).collect();
        let numbers = condition.iter().filter_map(|(name, value)| match value {
            Value::Number(value) => Some((name, *value)),
            _ => None,
        });
        numbers
            .map(|(name, value)| {
                let all: Vec<f64> = of_words.iter().filter_map(|other| other.number(name)).collect();
                let low = all.iter().copied().fold(f64::INFINITY, f64::min);
                let high = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let middle = if low < 0.0 && high > 0.0 { 0.0 } else { 0.5 * (low + high) };
                let least = all.iter().map(|other| (other - middle).abs()).fold(f64::INFINITY, f64::min);
                (value - middle).abs() - least
            })
            .collect()
    };
    grid.iter().filter(|condition| distances(condition).iter().all(|more| *more <= 1e-12)).cloned().collect()
}

/// For each graded variable of a group the channel that rises with it, less one that falls, in the periods in which
/// they do.
fn found_in(task: &dyn Task, graded: &Graded, group: &Group) -> Vec<Evidence> {
    let Some(first) = group.trials.first() else { return Vec::new() };
    let condition = graded.condition(*first);
    let grid = graded_grid(task, None, None, &Condition::new()).unwrap_or_default();
    let of = |variable: &String| {
        let values = || grid.iter().chain([condition]).filter_map(|one| one.number(variable));
        let low = values().fold(f64::INFINITY, f64::min);
        let high = values().fold(f64::NEG_INFINITY, f64::max);
        // What was chosen is no condition of a trial.
        let known = grid.first().map_or_else(Condition::new, |one| {
            let names: Vec<&str> = one.iter().map(|(name, _)| name).collect();
            condition
                .iter()
                .filter(|(name, _)| names.contains(name))
                .fold(Condition::new(), |all, (name, value)| all.with(name.to_owned(), value.clone()))
        });
        // Of the same random numbers, so that nothing but the evidence changes.
        let trial = |value: f64| {
            let wanted = known.clone().with(variable.clone(), value);
            task.trial(Split::Test, Some(&wanted), &mut TrialRng::new(0, "evidence", 0, 0)).ok()
        };
        let (weak, strong) = (trial(low)?, trial(high)?);
        let change = |steps: Range<usize>| -> Vec<f64> {
            let n = steps.len().max(1) as f64;
            let of = |channel: usize| {
                let at =
                    |step: usize| f64::from(strong.inputs[[step, channel]]) - f64::from(weak.inputs[[step, channel]]);
                steps.clone().filter(|step| *step < weak.inputs.dim().0).map(at).sum::<f64>() / n
            };
            (0..strong.inputs.dim().1).map(of).collect()
        };
        let changes: Vec<Vec<f64>> = strong.epochs.iter().map(|epoch| change(epoch.steps())).collect();
        let size = |change: &Vec<f64>| change.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        let most = changes.iter().map(size).fold(0.0, f64::max);
        if most == 0.0 {
            return None;
        }
        let carries = |change: &Vec<f64>| size(change) >= CARRIES * most;
        let start = changes.iter().position(carries)?;
        let end = start + changes[start..].iter().take_while(|change| carries(change)).count() - 1;
        let of_start = &changes[start];
        let by_size = |a: &usize, b: &usize| of_start[*a].total_cmp(&of_start[*b]);
        let plus = (0..of_start.len()).max_by(by_size)?;
        let minus = (0..of_start.len()).min_by(by_size).filter(|channel| of_start[*channel] <= -CARRIES * most);
        let epochs = Some((strong.epochs[start].name.to_string(), strong.epochs[end].name.to_string()));
        Some(Evidence { plus, minus, epochs })
    };
    group.variables.iter().filter_map(of).collect()
}

/// Trials of the same evidence, by number.
fn classes(graded: &Graded, group: &Group, trials: &[usize]) -> Vec<usize> {
    let mut known: Vec<Vec<Option<u64>>> = Vec::new();
    let of = |trial: &usize| {
        let values: Vec<Option<u64>> =
            group.variables.iter().map(|variable| graded.value(*trial, variable).map(f64::to_bits)).collect();
        known.iter().position(|other| *other == values).unwrap_or_else(|| {
            known.push(values);
            known.len() - 1
        })
    };
    trials.iter().map(of).collect()
}

/// A panel for each group, a line for each of its channels.
fn figure(found: &[Found], align: Align, y: &str, course: Course) -> CurvePanels {
    let mut channels: Vec<&str> = Vec::new();
    for one in found {
        if !channels.contains(&one.channels.as_str()) {
            channels.push(&one.channels);
        }
    }
    let series = |one: &Found| {
        let (values, half) = course(&one.kernel);
        let there = one.time_ms.iter().zip(values.iter().zip(half)).filter(|(_, (value, _))| value.is_finite());
        let there: Vec<(f64, f64, f64)> = there.map(|(time, (value, half))| (*time, *value, *half)).collect();
        CurveSeries {
            name: one.channels.replace(" - ", " \u{2212} ").replace('_', " "),
            color: channels.iter().position(|name| *name == one.channels).unwrap_or(0),
            line: there.iter().map(|(time, value, _)| (*time, *value)).collect(),
            band: there.iter().map(|(time, value, half)| (*time, value - half, value + half)).collect(),
            ..CurveSeries::default()
        }
    };
    let panel = |of_group: &[Found]| CurvePanel {
        title: of_group[0].group.clone(),
        x: if align == Align::Start { "Time from the onset (ms)".into() } else { "Time before the end (ms)".into() },
        y: y.into(),
        y_guide: Some(0.0),
        series: of_group.iter().map(series).collect(),
        ..CurvePanel::default()
    };
    let panels = found.chunk_by(|a, b| a.group == b.group).map(panel).collect();
    CurvePanels {
        panels,
        remark: format!("bands: 95 % interval; bins of {} ms", found.first().map_or(0.0, |one| one.bin_ms)),
    }
}

fn lines(report: &Report<'_>) -> Vec<String> {
    let mut lines = vec![format!("seed         {}", report.about.seed)];
    for one in report.kernels {
        let kernel = &one.kernel;
        let times = kernel.reverse_correlation.iter().filter(|value| value.is_finite());
        let mean = times.clone().sum::<f64>() / times.clone().count().max(1) as f64;
        let group = if one.group.is_empty() { String::new() } else { format!("{}: ", one.group) };
        let trend = match kernel.trend {
            None => "no index, for the mean is not beyond its error".to_owned(),
            Some(trend) => {
                let [low, high] = trend.interval;
                let word = if high < 0.0 {
                    "primacy"
                } else if low > 0.0 {
                    "recency"
                } else {
                    "neither primacy nor recency"
                };
                format!("index {:.2} ({low:.2}..{high:.2}): {word}", trend.index)
            }
        };
        lines.push(format!(
            "{group}{} ({}): {} and {} trials, {} bins of {} ms, mean {mean:.4} in noise of {:.4}, {trend}; ridge {}",
            one.channels,
            one.epochs.as_deref().unwrap_or("whole trials"),
            kernel.chose_first,
            kernel.chose_second,
            times.count(),
            one.bin_ms,
            kernel.noise_sd,
            kernel.ridge
        ));
        if one.steps_left_out > 0 {
            lines.push(format!("left out     {} steps of the longest evidence, which fill no bin", one.steps_left_out));
        }
    }
    if report.trials_left_out > 0 {
        lines.push(format!("left out     {} trials of no group, or without a choice of two", report.trials_left_out));
    }
    lines
}
