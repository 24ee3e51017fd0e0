//! The tables.

use anyhow::Result;

use super::{BenchArgs, Line, RematLine};
use crate::{
    bench::{Case, RegularisersRow, Scaling, TrialsRow},
    cli::output,
};

/// One row, after the heading if it is the first.
pub fn step(line: &Line, is_first: bool) -> Result<()> {
    if is_first {
        output::text(
            "case     units  batch  steps  inputs  outputs  threads    median ms       min ms  GFLOP/s     peak  of \
            peak              memory",
        )?;
    }
    let report = &line.report;
    let case = &report.case;
    let memory = match (line.activation_memory_bytes, line.activation_memory_multiple) {
        (Some(bytes), Some(multiple)) => format!("{:.1} MB ({multiple:.1} x)", bytes as f64 / 1e6),
        _ => "not measured".into(),
    };
    output::text(&format!(
        "{:<8}{:>6}{:>7}{:>7}{:>8}{:>9}{:>9}{:>13.3}{:>13.3}{:>9.1}{:>9.1}{:>9}{memory:>20}",
        case.case,
        case.units,
        case.batch_size,
        case.steps,
        case.inputs,
        case.outputs,
        report.threads,
        report.median_ms,
        report.min_ms,
        report.gflops,
        report.sgemm_peak_gflops,
        output::percent(report.percent_of_peak / 100.0),
    ))?;
    for phase in line.phases.iter().flatten() {
        output::text(&format!(
            "  {:<16}{:>10.3} ms{:>9}",
            phase.phase,
            phase.ms,
            output::percent(phase.percent / 100.0)
        ))?;
    }
    Ok(())
}

/// What the columns mean, and what to run next.
pub fn next(args: &BenchArgs, cases: &[Case]) -> Result<()> {
    output::text(
        "peak: the fastest matrix product of f32; memory: what a step holds, and how many times batch x steps x units \
        x 4 bytes",
    )?;
    match cases {
        [case] if args.phases && case.case != "custom" => {
            output::text(&format!("next: nn4n bench --case {} --scaling", case.case))
        }
        [case] if case.case != "custom" => output::text(&format!("next: nn4n bench --case {} --phases", case.case)),
        _ if args.phases => output::text("next: nn4n bench --case small --scaling"),
        _ => output::text("next: nn4n bench --case small --phases"),
    }
}

/// One row of the steps of either kind, after the heading if it is the first.
pub fn remat(line: &RematLine, is_first: bool) -> Result<()> {
    if is_first {
        output::text(
            "case     units  batch   steps  threads   rounds    median ms   with remat    ratio       memory   with \
            remat",
        )?;
    }
    let (row, case) = (&line.row, &line.row.case);
    let memory =
        |bytes: Option<u64>| bytes.map_or("not measured".into(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6));
    output::text(&format!(
        "{:<8}{:>6}{:>7}{:>8}{:>9}{:>9}{:>13.3}{:>13.3}{:>9.2}{:>13}{:>13}",
        case.case,
        case.units,
        case.batch_size,
        case.steps,
        row.threads,
        row.rounds,
        row.median_ms,
        row.remat_median_ms,
        row.ratio,
        memory(line.activation_memory_bytes),
        memory(line.remat_activation_memory_bytes),
    ))
}

/// The step without penalties and those with one, after the heading if it is the first.
pub fn regularisers(row: &RegularisersRow, is_first: bool) -> Result<()> {
    if is_first {
        output::text("case     units  batch   steps  threads   rounds  regulariser               median ms    ratio")?;
    }
    let case = &row.case;
    output::text(&format!(
        "{:<8}{:>6}{:>7}{:>8}{:>9}{:>9}  {:<22}{:>13.3}{:>9.2}",
        case.case, case.units, case.batch_size, case.steps, row.threads, row.rounds, "none", row.median_ms, 1.0
    ))?;
    for price in &row.regularisers {
        output::text(&format!("{:49}{:<22}{:>13.3}{:>9.2}", "", price.regulariser, price.median_ms, price.ratio))?;
    }
    row.left_out.iter().try_for_each(|why| output::text(&format!("not measured: {why}")))
}

/// One row of the trials, after the heading if it is the first.
pub fn trials(row: &TrialsRow, is_first: bool) -> Result<()> {
    if is_first {
        output::text(
            "task                                                  units  batch  steps   batch ms    step ms   of step",
        )?;
    }
    output::text(&format!(
        "{:<52}{:>7}{:>7}{:>7}{:>11.3}{:>11.3}{:>10}",
        row.task,
        row.units,
        row.batch_size,
        row.steps,
        row.batch_ms,
        row.step_ms,
        output::percent(row.percent / 100.0)
    ))
}

/// Both tables.
pub fn scaling(found: &Scaling) -> Result<()> {
    let case = &found.case;
    output::text(&format!(
        "{}: {} units, {} inputs, {} outputs; medians of {} rounds",
        case.case, case.units, case.inputs, case.outputs, found.rounds
    ))?;
    output::text(&format!("\n   steps           ms  per step, relative    ({} trials)", case.batch_size))?;
    for row in &found.by_steps {
        output::text(&format!("{:>8}{:>13.3}{:>20.2}", row.steps, row.ms, row.ratio))?;
    }
    let threads = found.by_batch_size.first().map(|row| row.by_threads.as_slice()).unwrap_or_default();
    let heading: String = threads.iter().map(|time| format!("{:>15}", format!("ms on {}", time.threads))).collect();
    output::text(&format!("\n  trials{heading}       speed-up  per trial, relative    ({} steps)", case.steps))?;
    for row in &found.by_batch_size {
        let times: String = row.by_threads.iter().map(|time| format!("{:>15.3}", time.ms)).collect();
        let speed_up = row.by_threads.last().map_or(1.0, |time| time.speed_up);
        output::text(&format!("{:>8}{times}{speed_up:>15.2}{:>21.2}", row.batch_size, row.ratio))?;
    }
    output::text("next: nn4n train --task song2016/rdm_varstim --model ei")
}
