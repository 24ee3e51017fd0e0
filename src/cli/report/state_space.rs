//! Where activity goes: fixed points of a network among its trajectories, or mean trajectories of a recording.

use anyhow::{Result, bail};
use nn4n_analysis::{FixedPoint, FixedPoints, fixed_points::PointKind};

use super::{
    Made, data, figure,
    subject::{Subject, nn4n, parsed},
};
use crate::{
    cli::{
        activity::trajectories,
        analyze::{Search, SearchArgs, Trajectories, search, state_space},
    },
    plot::{EigenvaluePlane, StateSpaceText},
    report::{Csv, Figure, Part, Source, Space, Table, digits},
};

/// Rows of the table of points.
const ROWS: usize = 12;

pub fn part(subject: &Subject) -> Result<Part> {
    match subject.network() {
        Ok(_) => of_network(subject),
        Err(_) => {
            let mut part = Part::default();
            part.figure("mean trajectories", mean_trajectories(subject));
            Ok(part)
        }
    }
}

fn mean_trajectories(subject: &Subject) -> Result<Figure> {
    let source = subject.activity()?;
    let by = subject.args.by.as_deref();
    let drawn = trajectories(source, by)?;
    let caption = format!("Mean activity ({}) along the first principal components of these means.", drawn.remark);
    let mut words = subject.source_words()?;
    words.extend(subject.by_words());
    let command = nn4n(&["plot", "trajectories", "--out", "trajectories.svg"], &words);
    let text = StateSpaceText { title: "Mean trajectories".into(), ..StateSpaceText::default() };
    let space = Space::of_trajectories(&drawn, &text)?;
    let still = figure("Mean trajectories", caption, &drawn, (command, data::trajectories(&drawn)))?;
    Ok(Figure { space: Some(space), ..still })
}

fn of_network(subject: &Subject) -> Result<Part> {
    let mut words = subject.probe_words();
    words.extend(["--starts".into(), subject.args.starts.to_string()]);
    let args: SearchArgs = parsed(&words)?;
    let command = nn4n(&["analyze", "fixed-points", "--out", "fixed_points"], &words);
    let (probe, held) = args.open()?;
    let system = args.closed.system(&probe)?;
    let mut trials = held.trials.as_ref().map(|trials| Trajectories::new(system, trials));
    let search = search(system, &held, trials.as_mut(), &args)?;
    let found = &search.found;
    let of = args.about(&probe, &system).system;
    let mut part = Part { paragraphs: vec![summary(&search, &held.words(), of)], ..Part::default() };
    part.number("Fixed points", format!("{}, of which {} stable", found.fixed().count(), found.n_stable()));
    if found.points.is_empty() {
        bail!("no start led to a fixed or slow point; take more --starts");
    }
    if system.dim() > 1 {
        // One point alone leads to no other.
        let connections = if found.points.len() > 1 { found.connections(&*search.under) } else { Vec::new() };
        let (drawn, text) = state_space(&probe, &held, &search, trials.as_mut(), &connections)?;
        let caption = "States of noise-free trials (thin lines) and the fixed and slow points under the input that is held, \
            along the first principal components of the states; dashed lines lead from saddles to where their growing \
            modes go.";
        let still = figure("Fixed points", caption, &drawn, (command.clone(), data::state_space(&drawn)));
        let space = Space::of(&drawn, &text)?;
        part.figure("state space", still.map(|still| Figure { space: Some(space), ..still }));
    } else {
        part.left_out.push("state space: the states of one unit are numbers, and no space to draw".into());
    }
    let plane = EigenvaluePlane::of(found);
    let caption = "Eigenvalues of a step at every point: modes within the unit circle decay, those outside grow.";
    part.figure(
        "eigenvalues",
        figure(
            "Eigenvalues at the points",
            caption,
            &plane,
            (command.clone(), data::eigenvalues("eigenvalues.csv", &plane)),
        ),
    );
    part.tables.push(points(&search, command));
    Ok(part)
}

fn summary(search: &Search<'_>, input: &str, of: &str) -> String {
    let found = &search.found;
    let index = match (found.index_sum, found.misses_points()) {
        (Some(sum), true) => {
            format!("The sum of their indices is {sum}, but it is 1 where none is missing: take more --starts.")
        }
        (Some(_), false) => "The sum of their indices is 1, as it must be if none is missing.".into(),
        (None, _) => "Whether some are missing is not known.".into(),
    };
    format!(
        "Where activity of {of} stands still under the input that is held: {input}. {} starts ({}) led to {} fixed points \
         (stable: {}) and {} slow ones; starts that failed: {}. {index}",
        found.n_starts,
        search.starts_from,
        found.fixed().count(),
        found.n_stable(),
        found.points.len() - found.fixed().count(),
        found.n_failed
    )
}

fn points(search: &Search<'_>, command: String) -> Table {
    let FixedPoints { points, .. } = &search.found;
    let outputs = points.first().map_or(0, |point| point.outputs.len());
    let names: Vec<String> = (0..outputs).map(|place| format!("output{place}")).collect();
    let head = ["point", "kind", "growing_modes", "speed", "slowest_time_constant_ms", "starts"];
    let mut csv = Csv::new("fixed_points.csv", head.into_iter().chain(names.iter().map(String::as_str)));
    let mut rows = Vec::new();
    for (place, point) in points.iter().enumerate() {
        let slowest = point.time_constants_ms.first().copied().unwrap_or(f64::NAN);
        let cells = [
            place.to_string(),
            search.words(place),
            point.unstable_dimensions.to_string(),
            digits(point.speed, 3),
            digits(slowest, 5),
            point.n_starts.to_string(),
        ];
        csv.row(cells.into_iter().chain(point.outputs.iter().map(|output| digits(*output, 5))));
        rows.push(vec![place.to_string(), search.words(place), pace(point), short(&point.outputs)]);
    }
    let all = rows.len();
    rows.truncate(ROWS);
    let cut = if all > ROWS { format!(" (the first {ROWS} of {all}; all are in the data)") } else { String::new() };
    Table {
        caption: format!("Fixed and slow points{cut}"),
        head: ["point", "kind", "slowest mode", "outputs"].map(String::from).into(),
        rows,
        folded: false,
        source: Some(Source { command, data: csv }),
    }
}

fn pace(point: &FixedPoint) -> String {
    let tau = |tau: f64| if tau >= 1e5 { format!("{tau:.1e}") } else { format!("{tau:.0}") };
    match (point.kind, point.time_constants_ms.first()) {
        (PointKind::Slow, _) => format!("moves {:.1e} a time constant", point.speed),
        (PointKind::Fixed, Some(time)) if !time.is_finite() => "stays".into(),
        (PointKind::Fixed, Some(time)) if *time < 0.0 => format!("grows in {} ms", tau(-time)),
        (PointKind::Fixed, Some(time)) => format!("decays in {} ms", tau(*time)),
        (PointKind::Fixed, None) => String::new(),
    }
}

/// The first outputs.
fn short(outputs: &[f64]) -> String {
    const MOST: usize = 6;
    let shown = outputs.iter().take(MOST).map(|output| format!("{output:.3}")).collect::<Vec<_>>().join(", ");
    let shown = shown.replace('-', "\u{2212}");
    if outputs.len() > MOST { format!("{shown} and {} more", outputs.len() - MOST) } else { shown }
}
