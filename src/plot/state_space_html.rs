//! The state space as a page that turns with the mouse: one file, which shows the same without a network.
//!
//! The page holds the figure as JSON, the program that draws it (`assets/state_space.js`) and the library that the
//! program calls: the smallest bundle of plotly.js that draws in three dimensions, since with it legends, pointing and
//! turning are its own; with a library of meshes they would be ours. It is a part of the program as it was released,
//! `plotly.js-gl3d-dist-min` 4.1.1 of the npm registry, 1.7 MB, under the MIT licence that stands in the page.

use std::path::Path;

use nn4n_analysis::FixedPoint;
use serde::Serialize;

use super::PlotError;
use super::error::require;
use super::state_space::{StatePointKind, StateSpace};
use super::style::{GREY, INK, Rgb, series};
use super::trajectories::Trajectories;
use crate::files::write_atomically;

const PAGE: &str = include_str!("assets/state_space.html");
/// Defines `drawStateSpace(figure, element, options)`.
pub(crate) const PROGRAM: &str = include_str!("assets/state_space.js");
pub(crate) const LIBRARY: &str = include_str!("assets/plotly-gl3d-4.1.1.min.js");
pub(crate) const LIBRARY_VERSION: &str = "4.1.1";
pub(crate) const LIBRARY_LICENCE: &str = include_str!("assets/plotly-LICENSE");

/// Numbers of one line about a point; the others are left out, and that is said.
const NUMBERS: usize = 4;

/// What a page says besides what its figure holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateSpaceText {
    /// The heading, such as `Fixed points of flip-flop-3bit`.
    pub title: String,
    /// Below it, in one line: network, task, input.
    pub subtitle: String,
    /// What is said of each point when it is pointed at, line by line; empty, or one entry for each point.
    pub details: Vec<Vec<String>>,
}

impl StateSpaceText {
    /// With what is known of each of these points: speed, modes, time constants, eigenvalues, outputs.
    pub fn of(title: &str, subtitle: &str, points: &[FixedPoint]) -> Self {
        Self { title: title.into(), subtitle: subtitle.into(), details: points.iter().map(details).collect() }
    }
}

impl StateSpace {
    /// Writes the figure to `path`, `.html`: a page that holds all that it needs. Three directions are a space that is
    /// turned with the mouse, two are a plane. Numbers are written with seven digits.
    ///
    /// # Errors
    /// If a field breaks a rule that stands with it, or the file cannot be written.
    pub fn save_html(&self, path: impl AsRef<Path>, text: &StateSpaceText) -> Result<(), PlotError> {
        let path = path.as_ref();
        check_page(path)?;
        write_page(path, &self.page(text)?)
    }

    /// The figure as JSON that can stand in a script of a page, for the function that its program defines.
    pub(crate) fn script(&self, text: &StateSpaceText) -> Result<String, PlotError> {
        self.validate()?;
        let (given, points) = (text.details.len(), self.points.len());
        require(given == 0 || given == points, "details", || {
            format!("has {given} entries, but there are {points} points; give one for each, or none")
        })?;
        Ok(Figure::of(self, text).as_script())
    }

    fn page(&self, text: &StateSpaceText) -> Result<String, PlotError> {
        Ok(page(text, &self.script(text)?))
    }
}

impl Trajectories {
    /// The same as [`StateSpace::save_html`]: a page with a line for each condition, in its colour.
    ///
    /// # Errors
    /// If a field breaks a rule that stands with it, or the file cannot be written.
    pub fn save_html(&self, path: impl AsRef<Path>, text: &StateSpaceText) -> Result<(), PlotError> {
        let path = path.as_ref();
        check_page(path)?;
        write_page(path, &page(text, &self.script(text)?))
    }

    /// As [`StateSpace::script`].
    pub(crate) fn script(&self, text: &StateSpaceText) -> Result<String, PlotError> {
        self.validate()?;
        let lines = self.lines.iter().zip(self.strokes()).map(|(line, stroke)| Line {
            name: &line.name,
            color: css(stroke.color),
            is_dashed: stroke.dash.is_some(),
            states: line.states.outer_iter().map(|state| rounded(&state.to_vec())).collect(),
        });
        let space = StateSpace { axes: self.axes.clone(), ..StateSpace::default() };
        let figure = Figure { lines: lines.collect(), ..Figure::of(&space, text) };
        Ok(figure.as_script())
    }
}

fn page(text: &StateSpaceText, figure: &str) -> String {
    let parts = [
        ("title", &*escaped(&text.title)),
        ("subtitle", &*escaped(&text.subtitle)),
        ("figure", figure),
        ("version", LIBRARY_VERSION),
        ("licence", LIBRARY_LICENCE),
        ("library", LIBRARY),
        ("program", PROGRAM),
    ];
    filled(PAGE, &parts)
}

fn check_page(path: &Path) -> Result<(), PlotError> {
    let is_page = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("html"));
    require(is_page, "path", || format!("is `{}`; end the path of a page in `.html`", path.display()))
}

fn write_page(path: &Path, page: &str) -> Result<(), PlotError> {
    write_atomically(path, page.as_bytes())
        .map_err(|source| PlotError::Write { path: path.to_owned(), source: Box::new(source) })
}

/// The template with each `{{name}}` replaced; what is put in is not searched again.
pub(crate) fn filled(template: &str, parts: &[(&str, &str)]) -> String {
    let mut pieces = template.split("{{");
    let mut page = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        page.extend(parts.iter().filter(|(part, _)| *part == name).map(|(_, text)| *text));
        page.push_str(rest);
    }
    page
}

/// Text as it stands between tags.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What `assets/state_space.js` reads.
#[derive(Serialize)]
struct Figure<'a> {
    axes: Vec<String>,
    trajectories: Vec<Vec<Vec<f64>>>,
    lines: Vec<Line<'a>>,
    kinds: Vec<Kind>,
    points: Vec<Point<'a>>,
    links: Vec<Link>,
    arrows: Vec<Arrow<'a>>,
    colors: Colors,
}

#[derive(Serialize)]
struct Line<'a> {
    name: &'a str,
    color: String,
    is_dashed: bool,
    states: Vec<Vec<f64>>,
}

#[derive(Serialize)]
struct Kind {
    name: &'static str,
    color: String,
    is_hollow: bool,
}

#[derive(Serialize)]
struct Point<'a> {
    at: Vec<f64>,
    kind: &'static str,
    on_kink: bool,
    modes: Vec<Vec<f64>>,
    label: &'a str,
    details: &'a [String],
}

#[derive(Serialize)]
struct Link {
    from: usize,
    to: usize,
}

#[derive(Serialize)]
struct Arrow<'a> {
    name: &'a str,
    color: String,
    from: Vec<f64>,
    to: Vec<f64>,
}

#[derive(Serialize)]
struct Colors {
    trajectory: String,
    link: String,
}

impl<'a> Figure<'a> {
    fn of(space: &'a StateSpace, text: &'a StateSpaceText) -> Self {
        let details = |place: usize| text.details.get(place).map_or(&[][..], Vec::as_slice);
        let points = space.points.iter().enumerate().map(|(place, point)| Point {
            at: rounded(&point.at),
            kind: point.kind.name(),
            on_kink: point.on_kink,
            modes: point.modes.iter().take(MOST_MODES).map(|mode| rounded(mode)).collect(),
            label: &point.label,
            details: details(place),
        });
        let arrows = space.arrows.iter().enumerate().map(|(place, arrow)| Arrow {
            name: &arrow.name,
            color: css(series(place + 2)),
            from: rounded(&arrow.from),
            to: rounded(&arrow.to),
        });
        Self {
            axes: space.axes.iter().map(|axis| axis.label()).collect(),
            trajectories: space
                .trajectories
                .iter()
                .map(|states| states.outer_iter().map(|state| rounded(&state.to_vec())).collect())
                .collect(),
            lines: Vec::new(),
            kinds: StatePointKind::ALL
                .map(|kind| Kind {
                    name: kind.name(),
                    color: css(color(kind)),
                    is_hollow: kind == StatePointKind::Slow,
                })
                .into(),
            points: points.collect(),
            links: space.links.iter().map(|link| Link { from: link.from, to: link.to }).collect(),
            arrows: arrows.collect(),
            colors: Colors { trajectory: css(series(0)), link: css(GREY) },
        }
    }

    /// JSON that can stand in a `<script>`, which `</script>` in a name would end.
    fn as_script(&self) -> String {
        // Only keys that are not text could fail here, and there are none.
        let json = serde_json::to_string(self).unwrap_or_default();
        json.chars().fold(String::with_capacity(json.len()), |mut script, c| {
            match c {
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => script.push_str(&format!("\\u{:04x}", c as u32)),
                _ => script.push(c),
            }
            script
        })
    }
}

/// Growing modes of a point that are drawn.
const MOST_MODES: usize = 3;

fn color(kind: StatePointKind) -> Rgb {
    match kind {
        StatePointKind::Stable => INK,
        StatePointKind::Unstable => (202, 0, 32),
        StatePointKind::Marginal => (230, 159, 0),
        StatePointKind::Slow => GREY,
    }
}

fn css((red, green, blue): Rgb) -> String {
    format!("rgb({red},{green},{blue})")
}

/// To seven digits, more than a screen shows.
fn rounded(values: &[f64]) -> Vec<f64> {
    // What was written from a number is read as one.
    values.iter().map(|value| format!("{value:.6e}").parse().unwrap_or(*value)).collect()
}

/// What is said of a point.
fn details(point: &FixedPoint) -> Vec<String> {
    let modes = match (point.unstable_dimensions, point.marginal_dimensions) {
        (0, 0) => "all modes decay".to_owned(),
        (growing, 0) => format!("growing modes: {growing}"),
        (growing, marginal) => format!("growing modes: {growing}, marginal: {marginal}"),
    };
    let constants = point.time_constants_ms.iter().map(|tau| number(*tau));
    // Of a pair one stands for both.
    let values: Vec<String> = point.eigenvalues.iter().filter(|(_, im)| *im >= 0.0).map(eigenvalue).collect();
    vec![
        modes,
        format!("speed: {:.1e} per time constant (q {:.0e})", point.speed, point.q),
        list("time constants (ms)", constants),
        list("eigenvalues of the step", values.into_iter()),
        list("outputs", point.outputs.iter().map(|output| number(*output))),
        format!("starts that led here: {}", point.n_starts),
    ]
}

fn eigenvalue((re, im): &(f64, f64)) -> String {
    if *im == 0.0 { number(*re) } else { format!("{} \u{b1} {}i", number(*re), number(*im)) }
}

/// `name: a, b, c, 61 more`
fn list(name: &str, numbers: impl ExactSizeIterator<Item = String>) -> String {
    let rest = numbers.len().saturating_sub(NUMBERS);
    let mut shown: Vec<String> = numbers.take(NUMBERS).collect();
    if rest > 0 {
        shown.push(format!("{rest} more"));
    }
    format!("{name}: {}", shown.join(", "))
}

/// Four digits, with a true minus sign.
fn number(value: f64) -> String {
    if value.is_infinite() {
        return "\u{221e}".into();
    }
    let digits = if value == 0.0 { 0 } else { (3 - value.abs().log10().floor() as i32).clamp(0, 4) };
    let text = format!("{:.*}", digits as usize, value.abs());
    let is_zero = text.chars().all(|c| matches!(c, '0' | '.'));
    if value < 0.0 && !is_zero { format!("\u{2212}{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ndarray::array;

    use super::super::state_space::{StateArrow, StateAxis, StateLink, StatePoint};
    use super::*;

    fn space() -> StateSpace {
        let axis = |name: &str| StateAxis { name: name.into(), variance: Some(0.25) };
        let point = |at: [f64; 3], kind, modes: Vec<Vec<f64>>, label: &str| StatePoint {
            at: at.into(),
            kind,
            on_kink: false,
            modes,
            label: label.into(),
        };
        StateSpace {
            axes: vec![axis("PC 1"), axis("PC 2"), axis("PC 3")],
            trajectories: vec![array![[0.0, 0.1, 1.0 / 3.0], [0.2, 0.3, 0.4]]],
            points: vec![
                point([1.0, 0.0, 0.0], StatePointKind::Stable, vec![], "a"),
                point([0.0, 0.0, 0.0], StatePointKind::Unstable, vec![vec![0.1, 0.0, 0.0]; 4], "</script><b>"),
            ],
            links: vec![StateLink { from: 1, to: 0 }],
            arrows: vec![StateArrow { name: "selection".into(), from: vec![0.0; 3], to: vec![0.0, 0.0, 1.0] }],
        }
    }

    fn text() -> StateSpaceText {
        StateSpaceText { title: "Points of <net> & co".into(), subtitle: "at zero".into(), details: vec![] }
    }

    /// What the script in the page reads.
    fn figure(page: &str) -> serde_json::Value {
        let (_, rest) = page.split_once(r#"id="figure">"#).unwrap();
        serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
    }

    #[test]
    fn the_page_holds_what_the_figure_holds() {
        let figure = figure(&space().page(&text()).unwrap());
        assert_eq!(figure["axes"][0], "PC 1 (25.0 %)");
        assert_eq!(figure["trajectories"][0][0], serde_json::json!([0.0, 0.1, 0.3333333]));
        assert_eq!(
            (figure["points"][0]["kind"].as_str(), figure["points"][1]["kind"].as_str()),
            (Some("stable"), Some("unstable"))
        );
        assert_eq!(figure["points"][1]["modes"].as_array().unwrap().len(), 3, "more would hide the point");
        assert_eq!(figure["links"], serde_json::json!([{ "from": 1, "to": 0 }]));
        assert_eq!(figure["arrows"][0]["to"], serde_json::json!([0.0, 0.0, 1.0]));
    }

    #[test]
    fn names_cannot_leave_their_place_in_the_page() {
        let wicked = "</script><script>alert(1)</script>\u{2028}{{library}}";
        let mut space = space();
        space.points[0].label = wicked.into();
        space.axes[0].name = wicked.into();
        let text = StateSpaceText { title: wicked.into(), details: vec![vec![wicked.into()], vec![]], ..text() };
        let page = space.page(&text).unwrap();
        assert_eq!(page.matches("</script>").count(), 3, "one for each script of the template");
        assert_eq!(page.matches("<script").count(), 3);
        assert_eq!(page.matches("window.Plotly = Plotly").count(), 1, "what is put in is not filled again");
        let read = figure(&page);
        assert_eq!(read["points"][0]["label"], wicked);
        assert_eq!(read["points"][0]["details"][0], wicked);
    }

    #[test]
    fn the_page_names_no_file_but_itself() {
        let page = filled(PAGE, &[]);
        for word in ["src=", "href=", "url(", "@import"] {
            assert!(!page.contains(word) && !PROGRAM.contains(word), "{word}");
        }
        assert!(page.contains("default-src 'none'"));
        assert!(space().page(&text()).unwrap().contains("Permission is hereby granted"), "the licence of the library");
    }

    #[test]
    fn a_page_is_written_whole_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("figures/space.html");
        space().save_html(&path, &text()).unwrap();
        assert!(fs::read_to_string(&path).unwrap().ends_with("</html>\n"));
        let refusal = |space: &StateSpace, path: &Path, text: &StateSpaceText| {
            space.save_html(path, text).unwrap_err().to_string()
        };
        assert!(refusal(&space(), Path::new("space.svg"), &text()).contains("`.html`"));
        let few = StateSpaceText { details: vec![vec![]], ..text() };
        assert!(refusal(&space(), &path, &few).contains("has 1 entries, but there are 2 points"));
        let mut broken = space();
        broken.points[0].at[1] = f64::NAN;
        assert!(refusal(&broken, &path, &text()).contains("`points[0].at` holds NaN"));
    }

    #[test]
    fn numbers_are_short() {
        let shown = [0.0, 0.98765432, -12.3456, 345.678, 12_345.6, f64::INFINITY, -1e-9, 0.00012].map(number);
        assert_eq!(shown, ["0", "0.9877", "\u{2212}12.35", "345.7", "12346", "\u{221e}", "0.0000", "0.0001"]);
        assert_eq!(list("n", (0..8).map(|n| n.to_string())), "n: 0, 1, 2, 3, 4 more");
        assert_eq!(eigenvalue(&(-0.5, 0.25)), "\u{2212}0.5000 \u{b1} 0.2500i");
        assert_eq!(eigenvalue(&(1.5, 0.0)), "1.500");
    }
}
