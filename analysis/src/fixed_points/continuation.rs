//! Fixed points as an input changes: branches, and the bifurcations where they end, meet or change their stability.
//!
//! ```text
//! u(s) = u_0 + s (u_1 - u_0),  s in [0, 1]          g(x; u(s)) = 0
//! predictor   (x, s) + h t,  t the unit tangent of the branch;  corrector  Newton in the plane through it, across t
//! l g_x = 0,  g_x r = 0 at a point where a real eigenvalue of the step passes 1
//! fold        l . dg/ds is not 0: s turns back
//! pitchfork   l . dg/ds = 0, and two other points come out along r on one side of it; transcritical: one on each side
//! Hopf        a complex pair passes the unit circle                     flip   a real eigenvalue passes -1
//! ```
//!
//! Steps in arc length pass folds, where s turns back. A bifurcation lies between two points of a branch and is located
//! by bisection along it.
//!
//! Keller 1977, in Applications of Bifurcation Theory; Seydel 2010, doi:10.1007/978-1-4419-1740-9.

use ndarray::{Array1, Array2, s};
use serde::Serialize;

use crate::{
    AnalysisError,
    dynamics::{Dynamics, NetworkDynamics, System},
    linear::{self, Complex, Factors, distance, length, modulus},
};

/// `|l . dg/ds|` of a fold, as a part of the lengths of both.
const TRANSVERSE: f64 = 1e-3;
/// How far from a bifurcation, in `s`, the points around it are looked for.
const BESIDE: f64 = 1e-3;
/// Where they are looked for, in units of the state.
const SIZES: [f64; 6] = [1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1];
/// What is as near as that belongs to the bifurcation.
const NEAR: f64 = 0.5;

/// How branches are followed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// Length of a step in state and `s` together.
    pub step: f64,
    /// Steps of a branch at most.
    pub max_steps: usize,
    /// `max |g|` of a point.
    pub tolerance: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { step: 0.02, max_steps: 5000, tolerance: 1e-10 }
    }
}

/// What happens at a bifurcation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bifurcation {
    /// Two points meet and vanish.
    Fold,
    /// A point becomes three: two others come out of it to one side.
    Pitchfork,
    /// Two points pass each other and exchange their stability.
    Transcritical,
    /// Branches cross in another way, or in one that was not made out.
    Branch,
    /// A turning mode begins to grow.
    Hopf,
    /// A mode that alternates from step to step begins to grow: of the map alone.
    Flip,
}

impl Bifurcation {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fold => "fold",
            Self::Pitchfork => "pitchfork",
            Self::Transcritical => "transcritical",
            Self::Branch => "branch point",
            Self::Hopf => "Hopf",
            Self::Flip => "flip",
        }
    }
}

/// A point of a branch.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BranchPoint {
    /// Where between the two inputs, 0 to 1.
    pub s: f64,
    /// State (dim).
    #[serde(skip)]
    pub x: Vec<f64>,
    /// Modes that grow.
    pub unstable_dimensions: usize,
}

/// Where a branch bifurcates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BifurcationPoint {
    /// What happens.
    pub kind: Bifurcation,
    /// Where between the two inputs.
    pub s: f64,
    /// The input there (inputs).
    pub input: Vec<f64>,
    /// State (dim).
    pub x: Vec<f64>,
}

/// How a branch ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BranchEnd {
    /// It leaves the way between the two inputs.
    Left,
    /// After as many steps as were allowed, on the way.
    Steps,
    /// No step leads on: as at a kink of rectifiers.
    Stuck,
}

/// A branch of fixed points.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Branch {
    /// How it ends.
    pub end: BranchEnd,
    /// In the order along it.
    pub points: Vec<BranchPoint>,
    /// In the order along it.
    pub bifurcations: Vec<BifurcationPoint>,
}

impl Branch {
    /// Whether it comes by this point where the input is at `s`.
    pub fn passes(&self, s: f64, x: &[f64]) -> bool {
        let size = 1.0 + length(x);
        let mut near = self.points.iter().filter(|point| (point.s - s).abs() < 0.05);
        near.any(|point| distance(&point.x, x) < 0.05 * size)
    }

    /// The same, told from the other end of the way.
    pub fn turn_around(&mut self) {
        self.points.iter_mut().for_each(|point| point.s = 1.0 - point.s);
        self.bifurcations.iter_mut().for_each(|point| point.s = 1.0 - point.s);
    }
}

/// A branch from a fixed point of the first input on, until `s` leaves [0, 1] or no step helps.
///
/// # Errors
/// If the inputs do not fit, or `x` is no fixed point of the first.
pub fn branch<'a>(
    system: impl Into<System<'a>>,
    from: &[f64],
    to: &[f64],
    x: &[f64],
    settings: &Settings,
) -> Result<Branch, AnalysisError> {
    let system = system.into();
    system.under(from)?;
    system.under(to)?;
    let line = Line { system, from, to };
    let flow = line.at(0.0).flow(x);
    let largest = linear::largest(&flow);
    if !flow.iter().all(|g| g.abs() <= 1e-6) {
        let rule = format!("must be a fixed point of the first input, but |g| is {largest:.1e} there");
        return Err(AnalysisError::Setting { setting: "x", value: "the state given".into(), rule });
    }
    follow(&line, x, settings)
}

/// The inputs between two.
struct Line<'a> {
    system: System<'a>,
    from: &'a [f64],
    to: &'a [f64],
}

impl Line<'_> {
    fn input(&self, s: f64) -> Vec<f64> {
        self.from.iter().zip(self.to).map(|(from, to)| from + s * (to - from)).collect()
    }

    fn at(&self, s: f64) -> Box<dyn NetworkDynamics + '_> {
        self.system.at(&self.input(s))
    }

    /// `dg/ds`, a difference: the flow of one unit depends on the input smoothly but for kinks.
    fn slope(&self, s: f64, x: &[f64]) -> Vec<f64> {
        let h = 1e-6;
        let (plus, minus) = (self.at(s + h).flow(x), self.at(s - h).flow(x));
        plus.iter().zip(minus).map(|(plus, minus)| (plus - minus) / (2.0 * h)).collect()
    }

    /// `(dg/dx dg/ds)` with a last row (dim + 1, dim + 1).
    fn bordered(&self, s: f64, x: &[f64], last: &[f64]) -> Array2<f64> {
        let dim = x.len();
        let mut matrix = Array2::zeros((dim + 1, dim + 1));
        matrix.slice_mut(s![..dim, ..dim]).assign(&self.at(s).flow_jacobian(x));
        matrix.slice_mut(s![..dim, dim]).assign(&Array1::from(self.slope(s, x)));
        matrix.slice_mut(s![dim, ..]).assign(&Array1::from(last.to_vec()));
        matrix
    }
}

/// A point of a branch with the unit tangent there.
#[derive(Clone)]
struct Place {
    x: Vec<f64>,
    s: f64,
    tangent: Vec<f64>,
    values: Vec<Complex>,
}

fn follow(line: &Line<'_>, x: &[f64], settings: &Settings) -> Result<Branch, AnalysisError> {
    let mut along = vec![0.0; x.len() + 1];
    along[x.len()] = 1.0;
    let mut now = place(line, x.to_vec(), 0.0, &along)?;
    let mut branch = Branch { end: BranchEnd::Steps, points: vec![shown(&now)], bifurcations: Vec::new() };
    for _ in 0..settings.max_steps {
        let Some(next) = advance(line, &now, settings.step, settings)? else {
            branch.end = BranchEnd::Stuck;
            break;
        };
        if let Some(kind) = between(&now, &next) {
            branch.bifurcations.push(locate(line, &now, settings, kind)?);
        }
        now = next;
        branch.points.push(shown(&now));
        if !(0.0..=1.0).contains(&now.s) {
            branch.end = BranchEnd::Left;
            break;
        }
    }
    Ok(branch)
}

fn shown(place: &Place) -> BranchPoint {
    let unstable_dimensions = place.values.iter().filter(|value| modulus(value) > 1.0).count();
    BranchPoint { s: place.s, x: place.x.clone(), unstable_dimensions }
}

/// The place with its tangent, on the side of `along`.
fn place(line: &Line<'_>, x: Vec<f64>, s: f64, along: &[f64]) -> Result<Place, AnalysisError> {
    let mut right = vec![0.0; x.len() + 1];
    right[x.len()] = 1.0;
    let tangent = Factors::of(&line.bordered(s, &x, along)).solve(&right);
    let norm = length(&tangent);
    let values = linear::eigenvalues("jacobian", &line.at(s).jacobian(&x))?;
    Ok(Place { tangent: tangent.into_iter().map(|value| value / norm).collect(), x, s, values })
}

/// The next place at distance `step`; with shorter steps where Newton does not settle, `None` where none does.
fn advance(line: &Line<'_>, now: &Place, step: f64, settings: &Settings) -> Result<Option<Place>, AnalysisError> {
    let mut step = step;
    for _ in 0..8 {
        if let Some((x, s)) = correct(line, now, step, settings) {
            return place(line, x, s, &now.tangent).map(Some);
        }
        step *= 0.5;
    }
    Ok(None)
}

fn correct(line: &Line<'_>, now: &Place, step: f64, settings: &Settings) -> Option<(Vec<f64>, f64)> {
    let dim = now.x.len();
    let mut x: Vec<f64> = now.x.iter().zip(&now.tangent).map(|(x, t)| x + step * t).collect();
    let mut s = now.s + step * now.tangent[dim];
    for _ in 0..12 {
        let mut residual = line.at(s).flow(&x);
        let along = x.iter().zip(&now.x).zip(&now.tangent).map(|((x, was), t)| (x - was) * t).sum::<f64>()
            + (s - now.s) * now.tangent[dim]
            - step;
        let largest = residual.iter().fold(along.abs(), |most, value| most.max(value.abs()));
        if largest <= settings.tolerance {
            return Some((x, s));
        }
        if !largest.is_finite() {
            return None;
        }
        residual.push(along);
        let change = Factors::of(&line.bordered(s, &x, &now.tangent)).solve(&residual);
        x.iter_mut().zip(&change).for_each(|(x, change)| *x -= change);
        s -= change[dim];
    }
    None
}

/// What happens between two places of a branch: it turns, or another number of modes grows. Of the latter the mode
/// nearest to the unit circle tells which; two growing modes that become a pair, or a pair two, are nothing.
fn between(before: &Place, after: &Place) -> Option<Bifurcation> {
    let dim = before.x.len();
    if before.tangent[dim] * after.tangent[dim] < 0.0 {
        return Some(Bifurcation::Fold);
    }
    let growing = |place: &Place| place.values.iter().filter(|value| modulus(value) > 1.0).count();
    if growing(before) == growing(after) {
        return None;
    }
    Some(crossing(before))
}

/// What the mode that is nearest to the unit circle does when it crosses it.
fn crossing(place: &Place) -> Bifurcation {
    let from_circle = |value: &&Complex| (modulus(value) - 1.0).abs();
    match place.values.iter().min_by(|a, b| from_circle(a).total_cmp(&from_circle(b))) {
        Some((_, im)) if *im != 0.0 => Bifurcation::Hopf,
        Some((re, _)) if *re < 0.0 => Bifurcation::Flip,
        _ => Bifurcation::Branch,
    }
}

/// Bisection along the branch.
fn locate(
    line: &Line<'_>,
    before: &Place,
    settings: &Settings,
    kind: Bifurcation,
) -> Result<BifurcationPoint, AnalysisError> {
    let (mut low, mut step) = (before.clone(), settings.step);
    for _ in 0..50 {
        step *= 0.5;
        let Some((x, s)) = correct(line, &low, step, settings) else { continue };
        let middle = place(line, x, s, &low.tangent)?;
        if between(&low, &middle).is_none() {
            low = middle;
        }
    }
    // Near it there is no doubt about the mode that crosses.
    let kind = match if kind == Bifurcation::Fold { kind } else { crossing(&low) } {
        kind @ (Bifurcation::Fold | Bifurcation::Branch) => at_zero_mode(line, &low, kind)?,
        kind => kind,
    };
    Ok(BifurcationPoint { kind, s: low.s, input: line.input(low.s), x: low.x })
}

/// Which of those with a mode that neither grows nor decays this is.
fn at_zero_mode(line: &Line<'_>, at: &Place, seen: Bifurcation) -> Result<Bifurcation, AnalysisError> {
    let modes = linear::eigen("jacobian", &line.at(at.s).jacobian(&at.x))?;
    let from_one = |value: &Complex| (value.0 - 1.0).hypot(value.1);
    let nearest = (0..at.x.len()).min_by(|a, b| from_one(&modes.values[*a]).total_cmp(&from_one(&modes.values[*b])));
    let (Some(mode), Some(left)) = (nearest, &modes.left) else { return Ok(seen) };
    let part = |vector: ndarray::ArrayView1<'_, Complex>| vector.iter().map(|value| value.0).collect::<Vec<f64>>();
    let (left, right) = (part(left.row(mode)), part(modes.right.column(mode)));
    let slope = line.slope(at.s, &at.x);
    let size = length(&slope) * length(&left);
    let along: f64 = left.iter().zip(&slope).map(|(l, g)| l * g).sum();
    if along.abs() > TRANSVERSE * size {
        return Ok(Bifurcation::Fold);
    }
    let on_side = |sign: f64| near(line, &at.x, at.s + sign * BESIDE, &right);
    Ok(match (on_side(-1.0), on_side(1.0)) {
        (1, 3) | (3, 1) => Bifurcation::Pitchfork,
        (2, 2) => Bifurcation::Transcritical,
        _ => Bifurcation::Branch,
    })
}

/// How many fixed points lie near `x` along `direction`.
fn near(line: &Line<'_>, x: &[f64], s: f64, direction: &[f64]) -> usize {
    let system = line.at(s);
    let mut found: Vec<Vec<f64>> = Vec::new();
    let look = |start: Vec<f64>, found: &mut Vec<Vec<f64>>| {
        let Some(root) = newton(&*system, start) else { return };
        let is_new = found.iter().all(|other| distance(other, &root) > 1e-5);
        if is_new && distance(&root, x) < NEAR {
            found.push(root);
        }
    };
    for size in SIZES.into_iter().flat_map(|size| [size, -size]).chain([0.0]) {
        look(x.iter().zip(direction).map(|(x, r)| x + size * r).collect(), &mut found);
    }
    // One between two others draws fewer starts than they do.
    for (place, other) in found.clone().iter().enumerate() {
        for another in &found.clone()[..place] {
            look(other.iter().zip(another).map(|(a, b)| 0.5 * (a + b)).collect(), &mut found);
        }
    }
    found.len()
}

/// The zero of the flow that plain Newton finds.
fn newton(system: &dyn Dynamics, mut x: Vec<f64>) -> Option<Vec<f64>> {
    for _ in 0..40 {
        let flow = system.flow(&x);
        let change = Factors::of(&system.flow_jacobian(&x)).solve(&flow);
        x.iter_mut().zip(&change).for_each(|(x, change)| *x -= change);
        match length(&change) {
            size if !size.is_finite() => return None,
            size if size < 1e-12 * (1.0 + length(&x)) => return Some(x),
            _ => {}
        }
    }
    None
}
