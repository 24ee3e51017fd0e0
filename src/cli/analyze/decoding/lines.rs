//! What the terminal says of what is decoded.

use nn4n_analysis::{
    Decoding,
    decoding::{Course, Decoder, Shrinkage},
};

use super::Report;
use crate::cli::{analyze::source::repetitions, output::listed};

/// Classes and values that are named at most.
const NAMED: usize = 8;
/// A value is above chance where its corrected p is below this.
const LEVEL: f64 = 0.05;

pub(super) fn lines(report: &Report<'_>, repeated: usize, seed: u64) -> Vec<String> {
    let found = report.found;
    let kind = match &found.classes {
        Some(classes) => {
            let each: Vec<String> = classes.iter().map(|class| format!("{} {}", class.name, class.trials)).collect();
            format!("{} classes (trials: {})", classes.len(), listed(&each, NAMED))
        }
        None => "graded: along a line, and no circle; --as classes for directions".into(),
    };
    let scaled = if report.scaled { "z-scored in each fold" } else { "rates as they are" };
    let parts = report.components.map_or(String::new(), |n| format!(", {n} components"));
    let split = match (report.generalize, &found.held_out) {
        (Some(name), Some(values)) => {
            format!("tested on each value of {name} ({}), trained on the others", listed(values, NAMED))
        }
        _ => format!(
            "{} folds{}",
            report.folds,
            if report.repeats > 1 { format!(" x {}", report.repeats) } else { String::new() }
        ),
    };
    let null = match (report.generalize, report.within) {
        (Some(_), _) => "draws with units permuted by condition".into(),
        (None, Some(within)) => format!("shuffles within {within}"),
        (None, None) => "shuffles".into(),
    };
    let start = found.align.as_ref().map_or_else(|| "the start of trials".into(), |epoch| format!("{epoch} at 0 ms"));
    let most = found.trials.iter().max().copied().unwrap_or(0);
    let mut lines = vec![
        format!("variable     {}: {kind}", found.variable),
        format!("decoder      {}, {scaled}{parts}", report.decoder),
        format!("split        {split}; {} {null}, seed {seed}", report.shuffles),
        format!("aligned      {start} ({}), bins of {} ms", report.aligned_because, report.bin_ms),
        format!(
            "trials       {most} at most in a bin; left out: {} without a value, {} without the epoch",
            found.left_out.without_value, found.left_out.without_epoch
        ),
    ];
    lines.extend(repetitions(repeated));
    if found.left_out.steps_without_bin > 0 {
        lines.push(format!("steps        {} left out that fill no bin", found.left_out.steps_without_bin));
    }
    lines.extend(found.courses().map(|course| format!("best         {}", best(course, found))));
    lines.extend(onset(&found.course, &found.time_ms));
    if let Some(cross) = &found.cross_temporal {
        lines.push(match cross.stability.is_nan() {
            true => "stability    none: nothing is decoded from 0 ms on".into(),
            false => {
                format!(
                    "stability    {:.2} (off the diagonal over on it, less what guessing reaches, from 0 ms on)",
                    cross.stability
                )
            }
        });
    }
    let constant = found.constant_units.iter().max().copied().unwrap_or(0);
    if constant > 0 {
        lines.push(format!("constant     {constant} units at most have one rate in all training trials and no weight"));
    }
    if found.unconverged > 0 {
        lines.push(format!("unconverged  {} fits of logistic regression; make --c smaller", found.unconverged));
    }
    if let Some(first) = found.reasons.first() {
        let n = found.reasons.len();
        lines.push(format!("no number    in {n} bins, such as at {} ms: {}", first.time_ms, first.reason));
    }
    lines
}

/// The highest value with its interval.
pub(super) fn best(course: &Course, found: &Decoding) -> String {
    let (time_ms, over) = (&found.time_ms, found.interval_over);
    let name = course.measure.replace('_', " ");
    // Of equals the first: `max_by` takes the last.
    let there = (0..time_ms.len()).rev().filter(|bin| !course.value[*bin].is_nan());
    let Some(bin) = there.max_by(|a, b| course.value[*a].total_cmp(&course.value[*b])) else {
        return format!("no {name} at any time");
    };
    let p = match (course.p[bin], course.p_corrected[bin]) {
        (p, _) if p.is_nan() => String::new(),
        (p, corrected) => format!(", p {p:.3} ({corrected:.3} corrected for {} times)", time_ms.len()),
    };
    let interval = match course.low[bin].is_nan() {
        true => format!("(no interval: {over} are too few)"),
        false => format!("[{:.3}, {:.3}] (95 % over {over})", course.low[bin], course.high[bin]),
    };
    let chance = if course.chance[bin].is_nan() { course.guessing } else { course.chance[bin] };
    format!(
        "{name} {:.3} {interval} at {} ms in {} trials, chance {chance:.3}{p}",
        course.value[bin], time_ms[bin], found.trials[bin]
    )
}

/// When values are above chance first.
fn onset(course: &Course, time_ms: &[f64]) -> Option<String> {
    if course.p_corrected.iter().all(|p| p.is_nan()) {
        return None;
    }
    let above: Vec<usize> = (0..time_ms.len()).filter(|bin| course.p_corrected[*bin] < LEVEL).collect();
    Some(match above.first() {
        Some(bin) => {
            format!("above chance in {} bins, first at {} ms (corrected p < {LEVEL})", above.len(), time_ms[*bin])
        }
        None => format!("above chance in no bin (corrected p < {LEVEL})"),
    })
}

/// What decodes, with its setting.
pub(super) fn decoder_words(decoder: Decoder) -> String {
    match decoder {
        Decoder::Lda { shrinkage: Shrinkage::Auto } => "lda, shrinkage auto (Ledoit-Wolf)".into(),
        Decoder::Lda { shrinkage: Shrinkage::Fixed(part) } => format!("lda, shrinkage {part}"),
        Decoder::Logistic { c } => format!("logistic, C {c}"),
        Decoder::Ridge { alpha } => format!("ridge, alpha {alpha}"),
    }
}
