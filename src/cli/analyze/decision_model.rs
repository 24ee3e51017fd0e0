//! `nn4n analyze decision-model`

use anyhow::{Result, bail};
use clap::Args;
use ndarray::Array2;
use nn4n_analysis::{
    Chronometric, FlowField, PsychometricFunction,
    behaviour::{
        chronometric::Decision,
        psychometric::{ChoiceCount, Family, Lapses, Settings},
    },
    decision_model::{Choices, DecisionModel, Held, PhasePlane, Protocol},
    flow_field::Plane,
};
use serde::Serialize;

use super::answer::AnswerArgs;
use crate::plot::{
    CurvePanel, CurvePanels, CurvePoint, CurveSeries, FlowFieldFigure, FlowLine, StatePoint, StatePointKind,
};

/// Points of the grid of the plane on each side, of a nullcline, and of a fitted line.
const GRID: usize = 41;
const NULLCLINE: usize = 2000;
const LINE: usize = 200;
/// What is shown of the plane: no fixed point lies beyond.
const SHOWN: (f64, f64) = (0.0, 0.8);

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze decision-model --out runs/decision_model
  nn4n analyze decision-model --coherences 0,0.05,0.1,0.2,0.4 --trials 5000 --json
  nn4n analyze decision-model --planes 0.512,0.6,0.7 --out runs/strong        where the wrong choice is lost

The reduced model of Wong and Wang (2006): two populations that excite themselves and inhibit each other. It needs no
network, and is what networks that decide, such as those of song2016/rdm_rt, are compared with.")]
pub struct DecisionModelArgs {
    /// Strengths of the evidence of the trials, 0 to 1
    #[arg(
        long,
        value_name = "C,..",
        value_delimiter = ',',
        num_args = 1,
        default_value = "0,0.032,0.064,0.128,0.256,0.512"
    )]
    coherences: Vec<f64>,
    /// Coherences of the phase planes, of which the first is drawn; that before the stimulus is always there
    #[arg(
        long,
        value_name = "C,..",
        value_delimiter = ',',
        num_args = 1,
        default_value = "0,0.512,1",
        allow_hyphen_values = true
    )]
    planes: Vec<f64>,
    /// Trials at each strength
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    trials: u32,
    /// Seed of the noise
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    model: DecisionModel,
    protocol: Protocol,
    seed: u64,
    /// Trials by strength.
    choices: &'a [Choices],
    /// Weibull function of right decisions, from one half upwards.
    fit: Option<&'a PsychometricFunction>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_fit: Option<&'a str>,
    /// Times of right and wrong decisions; without evidence none is right or wrong.
    times: &'a Chronometric,
    /// Before the stimulus, then with it.
    planes: &'a [PhasePlane],
}

pub fn decision_model(args: &DecisionModelArgs) -> Result<()> {
    let answer = args.answer.open("decision-model", &["decisions", "before", "phase-plane"], &[])?;
    args.check()?;
    let (model, protocol) = (DecisionModel::default(), Protocol::default());
    let planes = std::iter::once(None).chain(args.planes.iter().copied().map(Some));
    let planes = planes.map(|coherence| Ok(model.phase_plane(coherence)?)).collect::<Result<Vec<PhasePlane>>>()?;
    let (mut choices, mut decisions) = (Vec::new(), Vec::new());
    for coherence in &args.coherences {
        let found = model.decide(*coherence, args.trials as usize, &protocol, args.seed)?;
        choices.push(Choices::of(*coherence, &found));
        decisions.extend(found.iter().map(|answer| Decision {
            value: *coherence,
            was_right: answer.filter(|_| *coherence > 0.0).map(|answer| answer.is_first),
            reaction_time: answer.map(|answer| answer.reaction_time),
        }));
    }
    let times = Chronometric::of(&decisions)?;
    let fit = fit(&choices).map_err(|error| error.to_string());
    let figure = figure(&choices, fit.as_ref().ok());
    answer.figure("decisions", |path| figure.save(path))?;
    for (name, plane) in ["before", "phase-plane"].into_iter().zip(&planes) {
        let figure = plane_figure(&model, plane)?;
        answer.figure(name, |path| figure.save(path))?;
    }
    answer.arrays(|file| {
        let table = Array2::from_shape_fn((choices.len(), 5), |(row, column)| {
            let Choices { coherence, trials, without_decision, chose_first, .. } = choices[row];
            let time = choices[row].mean_time.unwrap_or(f64::NAN);
            [coherence, trials as f64, without_decision as f64, chose_first as f64, time][column]
        });
        Ok(file.array("choices", &table)?.axes(["coherences", "columns"]).columns([
            "coherence",
            "trials",
            "without decision",
            "chose first",
            "mean time (ms)",
        ]))
    })?;
    let report = Report {
        model,
        protocol,
        seed: args.seed,
        choices: &choices,
        fit: fit.as_ref().ok(),
        no_fit: fit.as_ref().err().map(String::as_str),
        times: &times,
        planes: &planes,
    };
    answer.say(&report, &lines(&report), "nn4n train --preset song2016/rdm_rt --out runs/rdm_rt")
}

impl DecisionModelArgs {
    fn check(&self) -> Result<()> {
        if let Some(c) = self.coherences.iter().find(|c| !(0.0..=1.0).contains(*c)) {
            bail!("--coherences {c}: must be from 0 to 1; 0.512 is 51.2 %");
        }
        Ok(())
    }
}

fn fit(choices: &[Choices]) -> Result<PsychometricFunction> {
    let count = |at: &Choices| ChoiceCount {
        value: at.coherence,
        chose_first: at.chose_first,
        trials: at.trials - at.without_decision,
    };
    let counts: Vec<ChoiceCount> = choices.iter().map(count).collect();
    let settings = Settings { family: Family::Weibull, lapses: Lapses::Guess, refits: 0, ..Settings::default() };
    Ok(PsychometricFunction::fit("coherence", &counts, &settings)?)
}

fn figure(choices: &[Choices], fit: Option<&PsychometricFunction>) -> CurvePanels {
    // A logarithmic axis has no 0: it is drawn at half of the smallest strength.
    let smallest = choices.iter().map(|at| at.coherence).filter(|c| *c > 0.0).fold(f64::INFINITY, f64::min);
    let largest = choices.iter().map(|at| at.coherence).fold(0.0, f64::max);
    let is_log = smallest < largest;
    let place = |c: f64| 100.0 * if is_log && c == 0.0 { 0.5 * smallest } else { c };
    let right = choices.iter().filter_map(|at| {
        let [low, high] = at.interval?;
        Some(CurvePoint { x: place(at.coherence), y: 100.0 * at.performance?, low: 100.0 * low, high: 100.0 * high })
    });
    let time = choices.iter().filter_map(|at| {
        let y = at.mean_time?;
        Some(CurvePoint { x: place(at.coherence), y, low: y, high: y })
    });
    let line = fit.filter(|_| is_log).map_or_else(Vec::new, |fit| {
        let at = |i: usize| smallest * (largest / smallest).powf(i as f64 / (LINE - 1) as f64);
        (0..LINE).map(|i| (100.0 * at(i), 100.0 * fit.at(at(i)))).collect()
    });
    let panel = |y: &str, points: Vec<CurvePoint>, line| CurvePanel {
        x: "Coherence (%)".into(),
        y: y.into(),
        log_x: is_log,
        series: vec![CurveSeries { points, line, ..CurveSeries::default() }],
        ..CurvePanel::default()
    };
    let right: Vec<CurvePoint> = right.collect();
    // From below chance on; of few trials some may lie lower.
    let lowest = if right.iter().all(|point| point.low >= 40.0) { 40.0 } else { 0.0 };
    let right = CurvePanel {
        y_range: Some((lowest, 100.0)),
        y_guide: Some(50.0),
        ..panel("Decisions for the evidence (%)", right, line)
    };
    let time: Vec<CurvePoint> = time.collect();
    let joined = time.iter().map(|point| (point.x, point.y)).collect();
    let zero = if choices.iter().any(|at| at.coherence == 0.0) && is_log { "; 0 drawn at the left end" } else { "" };
    CurvePanels {
        panels: vec![right, panel("Mean reaction time (ms)", time, joined)],
        remark: format!("bars: 95 % interval; line: Weibull function{zero}"),
    }
}

fn plane_figure(model: &DecisionModel, plane: &PhasePlane) -> Result<FlowFieldFigure> {
    let held = Held { model, input: plane.input };
    let square = Plane::along(&[0.0; 2], &[1.0, 0.0], &[0.0, 1.0])?;
    let field = FlowField::of(&held, &square, SHOWN, SHOWN, GRID);
    let nullclines = model.nullclines(plane.coherence, NULLCLINE)?;
    let line = |name: &str, points: Vec<(f64, f64)>| FlowLine { name: name.into(), points };
    let lines = [line("S1 does not change", nullclines.first), line("S2 does not change", nullclines.second)];
    let point = |at: &nn4n_analysis::decision_model::Point| StatePoint {
        at: at.s.to_vec(),
        kind: if at.is_stable { StatePointKind::Stable } else { StatePointKind::Unstable },
        on_kink: false,
        modes: Vec::new(),
        label: String::new(),
    };
    Ok(FlowFieldFigure {
        points: plane.points.iter().map(point).collect(),
        lines: lines.into_iter().filter(|line| !line.points.is_empty()).collect(),
        ..FlowFieldFigure::of(&field, ["S1", "S2"])
    })
}

fn lines(report: &Report<'_>) -> Vec<String> {
    let number =
        |value: Option<f64>, digits: usize| value.map_or_else(|| "-".into(), |value| format!("{value:.digits$}"));
    let mut lines = vec![format!(
        "model        Wong & Wang (2006), reduced; {} Hz decide; seed {}",
        report.protocol.threshold, report.seed
    )];
    lines.push("  coherence   trials   for the evidence   mean time   without decision".into());
    for at in report.choices {
        lines.push(format!(
            "  {:>9.4}   {:>6}   {:>14} %   {:>6} ms   {:>16}",
            at.coherence,
            at.trials,
            number(at.performance.map(|part| 100.0 * part), 1),
            number(at.mean_time, 0),
            at.without_decision
        ));
    }
    lines.push(match (report.fit, report.no_fit) {
        (Some(fit), _) => format!("Weibull      82 % are right at a coherence of {:.4}", fit.mu),
        (None, why) => format!("Weibull      none: {}", why.unwrap_or_default()),
    });
    for plane in report.planes {
        let name = plane.coherence.map_or_else(|| "before the stimulus".into(), |c| format!("coherence {c}"));
        lines.push(format!("{name}: {} fixed points, {} stable", plane.points.len(), plane.stable));
        for point in &plane.points {
            let kind = if point.is_stable { "stable" } else { "saddle" };
            let ([s_1, s_2], [r_1, r_2]) = (point.s, point.rates);
            lines.push(format!("  S {s_1:.4} {s_2:.4}, rates {r_1:.2} {r_2:.2} Hz, {kind}"));
        }
    }
    lines
}
