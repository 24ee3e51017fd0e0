//! `nn4n analyze bifurcations`

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use ndarray::Array1;
use nn4n_analysis::{
    System,
    fixed_points::{
        PointKind,
        continuation::{Branch, BranchEnd, Settings, branch},
    },
};
use serde::Serialize;

use super::{
    answer::{AnswerArgs, rows},
    probe::{About, Held, Probe},
    search::{SearchArgs, search},
    trajectories::Trajectories,
};
use crate::{
    cli::names::pairs,
    plot::{BifurcationDiagram, InputAxis, Projection},
    terminal::steps_bar,
};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n analyze bifurcations flip-flop-3bit --along pulse_1=0..1 --out runs/bifurcations
  nn4n analyze bifurcations flip-flop-3bit --along pulse_1=0..1,pulse_2=0..0.5    both at once, in a straight line
  nn4n analyze bifurcations runs/mine --at stimulus --where coherence=0 --along left=0..1 --y output:left")]
pub struct BifurcationsArgs {
    #[command(flatten)]
    search: SearchArgs,
    /// The input channel that changes, and from where to where; of several, all change together, in a straight line
    #[arg(long, value_name = "CHANNEL=FROM..TO,..", allow_hyphen_values = true)]
    along: String,
    /// What is drawn upwards: output:NAME, unit:N, or pc1
    #[arg(long, value_name = "COORDINATE", default_value = "pc1")]
    y: String,
    /// Length of a step along a branch, in state and in the part of the way together
    #[arg(long, value_name = "LENGTH", default_value_t = Settings::default().step)]
    step: f64,
    #[command(flatten)]
    answer: AnswerArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    about: About,
    input: &'a Held,
    /// Of the one channel that changes.
    #[serde(flatten)]
    channel: Option<&'a Change>,
    /// Of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<&'a [Change]>,
    branches: &'a [Branch],
    settings: &'a Settings,
}

pub fn bifurcations(args: &BifurcationsArgs) -> Result<()> {
    let answer = args.answer.open("bifurcations", &["bifurcations"], &[])?;
    if !(args.step > 0.0 && args.step <= 0.5) {
        bail!("--step {}: must be above 0 and at most 0.5, half of the way", args.step);
    }
    let (probe, held) = args.search.open()?;
    let way = Way::parse(&args.along, &probe)?;
    let settings = Settings { step: args.step, ..Settings::default() };
    let system = args.search.closed.system(&probe)?;
    let branches = branches(args, system, &held, &way, &settings)?;
    if branches.is_empty() {
        bail!("no fixed point was found at either end of the way, so that there is no branch; take more --starts");
    }
    let (name, coordinate) = coordinate(&args.y, &probe, &branches)?;
    let axis = way.axis();
    let figure = BifurcationDiagram::of(&branches, &axis, &name, &*coordinate);
    answer.figure("bifurcations", |path| figure.save(path))?;
    answer.arrays(|file| {
        let points =
            || branches.iter().enumerate().flat_map(|(place, branch)| branch.points.iter().map(move |p| (place, p)));
        let value = |s: f64| axis.from + s * (axis.to - axis.from);
        Ok(file
            .array("branch", &points().map(|(place, _)| place as i64).collect::<Array1<i64>>())?
            .axes(["points"])
            .array("input", &points().map(|(_, point)| value(point.s)).collect::<Array1<f64>>())?
            .axes(["points"])
            .array("x", &rows(points().map(|(_, point)| point.x.as_slice())))?
            .axes(["points", "state"])
            .array(
                "unstable_dimensions",
                &points().map(|(_, point)| point.unstable_dimensions as i64).collect::<Array1<i64>>(),
            )?
            .axes(["points"]))
    })?;
    let (one, several) = match way.0.as_slice() {
        [one] => (Some(one), None),
        several => (None, Some(several)),
    };
    let report = Report {
        about: args.search.about(&probe, &system),
        input: &held,
        channel: one,
        channels: several,
        branches: &branches,
        settings: &settings,
    };
    let mut lines = vec![
        format!("input        {}", held.words()),
        format!("along        {}; {} branches, seed {}", way.words(), branches.len(), args.search.probe.seed),
    ];
    let points = branches.iter().flat_map(|branch| &branch.bifurcations);
    let InputAxis { name, from, to } = &axis;
    let mut points: Vec<_> = points.map(|point| (from + point.s * (to - from), point.kind)).collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    lines.extend(points.iter().map(|(value, kind)| format!("  {name} = {value:<12.6}  {}", kind.name())));
    let ended = |end: BranchEnd| branches.iter().filter(|branch| branch.end == end).count();
    let (cut, stuck) = (ended(BranchEnd::Steps), ended(BranchEnd::Stuck));
    if points.is_empty() {
        let where_ = if cut + stuck > 0 { "what was followed of the way" } else { "the way" };
        lines.push(format!("  no bifurcation on {where_}"));
    }
    if cut > 0 {
        let most = settings.max_steps;
        lines.push(format!("cut off      {cut} branches after {most} steps; take a longer --step, or a shorter way"));
    }
    if stuck > 0 {
        lines.push(format!("stuck        {stuck} branches end on the way, as at a kink; take a shorter --step"));
    }
    report.about.head(&mut lines);
    let next = format!("nn4n analyze fixed-points {}{}", args.search.same(), way.end(&held, 1.0).option());
    answer.say(&report, &lines, &next)
}

/// The branches from the fixed points of the first input, and those from the points of the last that none of the
/// former passes.
fn branches(
    args: &BifurcationsArgs,
    system: System<'_>,
    held: &Held,
    way: &Way,
    settings: &Settings,
) -> Result<Vec<Branch>> {
    let mut found: Vec<Branch> = Vec::new();
    let mut trials = held.trials.as_ref().map(|trials| Trajectories::new(system, trials));
    for is_back in [false, true] {
        let (at, other) = if is_back { (1.0, 0.0) } else { (0.0, 1.0) };
        let (here, there) = (way.end(held, at), way.end(held, other));
        let search = search(system, &here, trials.as_mut(), &args.search)?;
        let points: Vec<_> = search.found.points.iter().filter(|point| point.kind == PointKind::Fixed).collect();
        let mut bar = steps_bar("branches", points.len() as u64);
        for (place, point) in points.into_iter().enumerate() {
            bar(place as u64);
            if found.iter().any(|branch| branch.passes(at, &point.x_star)) {
                continue;
            }
            let mut one = branch(system, &here.values, &there.values, &point.x_star, settings)?;
            if is_back {
                one.turn_around();
            }
            found.push(one);
        }
    }
    Ok(found)
}

/// A channel that changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Change {
    #[serde(rename = "channel")]
    name: String,
    from: f64,
    to: f64,
    #[serde(skip)]
    channel: usize,
}

/// Channels that change together; at least one.
struct Way(Vec<Change>);

impl Way {
    /// `CHANNEL=FROM..TO,..`
    fn parse(text: &str, probe: &Probe) -> Result<Self> {
        let mut changes: Vec<Change> = Vec::new();
        for (name, range) in pairs(text).map_err(|why| anyhow!("--along {why}"))? {
            let change = Change::parse(&name, &range, probe)?;
            if changes.iter().any(|other| other.channel == change.channel) {
                bail!("--along {text}: `{}` is named twice; name it once", change.name);
            }
            changes.push(change);
        }
        Ok(Self(changes))
    }

    /// The input at an end of the way, 0 or 1.
    fn end(&self, held: &Held, s: f64) -> Held {
        let to =
            |held: Held, change: &Change| held.with(change.channel, if s == 0.0 { change.from } else { change.to });
        self.0.iter().fold(held.clone(), to)
    }

    /// What a point of the way is told by: the value of the one channel, or the part of the way.
    fn axis(&self) -> InputAxis {
        match self.0.as_slice() {
            [Change { name, from, to, .. }] => InputAxis { name: name.clone(), from: *from, to: *to },
            several => {
                let names: Vec<&str> = several.iter().map(|change| change.name.as_str()).collect();
                InputAxis { name: format!("part of the way of {}", names.join(", ")), from: 0.0, to: 1.0 }
            }
        }
    }

    fn words(&self) -> String {
        let words = self.0.iter().map(|Change { name, from, to, .. }| format!("{name} from {from} to {to}"));
        words.collect::<Vec<_>>().join(", ")
    }
}

impl Change {
    fn parse(name: &str, range: &str, probe: &Probe) -> Result<Self> {
        let ends = || {
            let (from, to) = range.split_once("..")?;
            let number = |text: &str| text.trim().parse::<f64>().ok().filter(|value| value.is_finite());
            Some((number(from)?, number(to)?))
        };
        let Some((from, to)) = ends() else {
            bail!(
                "--along {name}={range}: must be CHANNEL=FROM..TO with finite numbers, as in {}=0..1",
                probe.inputs.first().map_or("input", String::as_str)
            );
        };
        if from == to {
            bail!("--along {name}={range}: both ends are {from}; give another one");
        }
        let channel = probe.channel(name).with_context(|| format!("--along {name}={range}"))?;
        Ok(Self { name: name.into(), from, to, channel })
    }
}

type Coordinate<'a> = Box<dyn Fn(&[f64]) -> f64 + 'a>;

/// What is drawn upwards, with its name.
fn coordinate<'a>(text: &str, probe: &'a Probe, branches: &[Branch]) -> Result<(String, Coordinate<'a>)> {
    if let Some(name) = text.strip_prefix("output:") {
        let place = probe.outputs.iter().position(|known| known == name).with_context(|| {
            format!("--y {text}: `{name}` is no output of this network; they are: {}", probe.outputs.join(", "))
        })?;
        let network = &probe.network;
        return Ok((
            format!("Output {name}"),
            Box::new(move |x| network.outputs_of(&network.rates(&x[..network.units()]))[place]),
        ));
    }
    if let Some(unit) = text.strip_prefix("unit:") {
        let last = probe.network.units() - 1;
        let unit: usize = unit
            .parse()
            .ok()
            .filter(|unit| *unit <= last)
            .with_context(|| format!("--y {text}: `{unit}` is no unit; they are 0 to {last}"))?;
        return Ok((format!("State of unit {unit}"), Box::new(move |x| x[unit])));
    }
    if text != "pc1" {
        bail!("--y {text}: must be output:NAME, unit:N or pc1");
    }
    let states = rows(branches.iter().flat_map(|branch| branch.points.iter().map(|point| point.x.as_slice())));
    if states.ncols() == 1 {
        return Ok(("State of unit 0".into(), Box::new(|x| x[0])));
    }
    let projection = Projection::principal(&[states], 2)?;
    Ok((format!("{} of the branches", projection.axes[0].label()), Box::new(move |x| projection.of_state(x)[0])))
}
