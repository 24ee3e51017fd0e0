//! The drawing surface: lines, dots, text and cells in logical pixels, y pointing down.
//!
//! The figures place every mark themselves on kuva's scene of primitives, which gives cell-accurate heatmaps and panels
//! of any size; kuva brings the fonts and both file formats.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
#[cfg(feature = "png")]
use kuva::RasterBackend;
use kuva::backend::svg::SvgBackend;
use kuva::render::color::Color;
use kuva::render::render::{PathData, Primitive, Scene, TextAnchor};

use super::PlotError;
#[cfg(feature = "png")]
use super::style::PNG_SCALE;
use super::style::{Rgb, WHITE};
use crate::progress::printable;

/// A point in logical pixels.
pub(super) type Point = (f64, f64);

/// Longest side of a `.png`, pixels.
#[cfg(feature = "png")]
const PNG_LIMIT: usize = 20_000;
/// From the middle of a line of digits down to its baseline, as a fraction of the font size.
const BASELINE: f64 = 0.36;
/// Lines in a whole outline of a circle, in the arc of a rounded corner, and in a curve.
const CIRCLE: usize = 96;
const ARC: usize = 6;
const CURVE: usize = 32;
/// What stands around the cells of a grid in an `.svg`.
const CRISP: &str = r#"shape-rendering="crispEdges""#;

/// How a line looks.
#[derive(Clone, Copy)]
pub(super) struct Stroke {
    pub color: Rgb,
    pub width: f64,
    pub dash: Option<Dash>,
}

/// A pattern of dashes: a first gap, then dashes and gaps in turn.
#[derive(Clone, Copy)]
pub(super) struct Dash {
    pub first_gap: f64,
    pub dash: f64,
    pub gap: f64,
}

impl Stroke {
    pub fn solid(color: Rgb, width: f64) -> Self {
        Self { color, width, dash: None }
    }

    pub fn dashed(color: Rgb, width: f64) -> Self {
        Self { color, width, dash: Some(Dash { first_gap: 0.0, dash: 4.5, gap: 3.0 }) }
    }

    /// The `i`-th of `n` lines that lie on one another, drawn so that all are seen: they take turns, dash by dash.
    pub fn sharing(self, i: usize, n: usize) -> Self {
        if n < 2 {
            return self;
        }
        let Dash { dash, gap, .. } = self.dash.unwrap_or(Dash { first_gap: 0.0, dash: 6.0, gap: 0.0 });
        let turn = dash + gap;
        Self { dash: Some(Dash { first_gap: turn * i as f64, dash, gap: gap + turn * (n - 1) as f64 }), ..self }
    }
}

/// Which part of a text lies on its anchor point.
#[derive(Clone, Copy)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// A figure in the making.
pub(super) struct Canvas {
    scene: Scene,
    grids: Vec<Grid>,
}

/// A grid of cells, for those who draw it as a picture.
struct Grid {
    corner: Point,
    cell: (f64, f64),
    columns: usize,
    /// Row by row.
    colors: Vec<Rgb>,
}

impl Canvas {
    pub fn new(width: f64, height: f64) -> Self {
        let mut scene = Scene::new(width.ceil(), height.ceil());
        scene.font_family = Some("Helvetica, Arial, 'DejaVu Sans', sans-serif".to_owned());
        // Round joins keep noisy lines free of spikes; crisp edges keep cells free of seams.
        scene.add(group(r#"stroke-linejoin="round" stroke-linecap="butt""#));
        Self { scene, grids: Vec::new() }
    }

    pub fn line(&mut self, from: Point, to: Point, stroke: Stroke) {
        self.polyline(&[from, to], stroke);
    }

    /// Dashes are cut here, because the raster backend neither scales them nor carries them across vertices.
    pub fn polyline(&mut self, points: &[Point], stroke: Stroke) {
        let pieces = stroke.dash.map_or_else(|| vec![points.to_vec()], |dash| dashes(points, dash));
        for points in pieces {
            self.scene.add(Primitive::PolyLine {
                points,
                stroke: color(stroke.color),
                stroke_width: stroke.width,
                stroke_dasharray: None,
            });
        }
    }

    /// A rectangle without a filling, from its top left corner to the one at the bottom right.
    pub fn outline(&mut self, (left, top): Point, (right, bottom): Point, stroke: Stroke) {
        self.polyline(&[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], stroke);
    }

    pub fn dot(&mut self, (cx, cy): Point, r: f64, fill: Rgb) {
        self.scene.add(Primitive::Circle {
            cx,
            cy,
            r,
            fill: color(fill),
            fill_opacity: None,
            stroke: None,
            stroke_width: None,
        });
    }

    /// A circle with an outline.
    pub fn circle(&mut self, (cx, cy): Point, r: f64, fill: Rgb, outline: Stroke) {
        self.scene.add(Primitive::Circle {
            cx,
            cy,
            r,
            fill: color(fill),
            fill_opacity: None,
            stroke: Some(color(outline.color)),
            stroke_width: Some(outline.width),
        });
    }

    /// A circle that is only an outline.
    pub fn ring(&mut self, (cx, cy): Point, r: f64, outline: Stroke) {
        let at = |i: usize| {
            let angle = std::f64::consts::TAU * i as f64 / CIRCLE as f64;
            (cx + r * angle.cos(), cy + r * angle.sin())
        };
        let points: Vec<Point> = (0..=CIRCLE).map(at).collect();
        self.polyline(&points, outline);
    }

    /// The inside of a closed polygon.
    pub fn polygon(&mut self, points: &[Point], fill: Rgb) {
        let mut d = String::new();
        for (i, (x, y)) in points.iter().enumerate() {
            d.push_str(&format!("{}{x} {y}", if i == 0 { 'M' } else { 'L' }));
        }
        self.path(d + "z", fill);
    }

    /// A box with rounded corners.
    pub fn rounded(&mut self, corner: Point, (width, height): (f64, f64), radius: f64, fill: Rgb, outline: Stroke) {
        let mut points = rounded_corners(corner, (width, height), radius);
        self.polygon(&points, fill);
        points.push(points[0]);
        self.polyline(&points, outline);
    }

    /// The head of an arrow whose tip lies at the end of a line that comes from `from`.
    pub fn arrow_head(&mut self, from: Point, tip: Point, length: f64, fill: Rgb) {
        let (dx, dy) = (tip.0 - from.0, tip.1 - from.1);
        let norm = dx.hypot(dy);
        if norm == 0.0 {
            return;
        }
        let (dx, dy) = (dx / norm * length, dy / norm * length);
        let base = (tip.0 - dx, tip.1 - dy);
        let (across_x, across_y) = (-0.42 * dy, 0.42 * dx);
        let sides = [(base.0 + across_x, base.1 + across_y), (base.0 - across_x, base.1 - across_y)];
        self.polygon(&[tip, sides[0], sides[1]], fill);
    }

    /// A bar across the end of a line that comes from `from`.
    pub fn bar(&mut self, from: Point, end: Point, length: f64, stroke: Stroke) {
        let (dx, dy) = (end.0 - from.0, end.1 - from.1);
        let norm = dx.hypot(dy);
        if norm > 0.0 {
            let (x, y) = (-dy / norm * length / 2.0, dx / norm * length / 2.0);
            let stroke = Stroke { width: stroke.width.max(1.6), ..stroke };
            self.line((end.0 + x, end.1 + y), (end.0 - x, end.1 - y), stroke);
        }
    }

    pub fn rect(&mut self, (x, y): Point, width: f64, height: f64, fill: Rgb) {
        let fill = color(fill);
        self.scene.add(Primitive::Rect { x, y, width, height, fill, stroke: None, stroke_width: None, opacity: None });
    }

    /// Text whose middle line lies on the anchor point.
    pub fn text(&mut self, (x, y): Point, content: &str, size: u32, align: Align, fill: Rgb) {
        self.place((x, y + BASELINE * f64::from(size)), content, size, align, fill, None);
    }

    /// Text that reads from bottom to top; `Align::Right` ends at the anchor point.
    pub fn vertical_text(&mut self, (x, y): Point, content: &str, size: u32, align: Align, fill: Rgb) {
        self.place((x + BASELINE * f64::from(size), y), content, size, align, fill, Some(-90.0));
    }

    fn place(&mut self, (x, y): Point, content: &str, size: u32, align: Align, fill: Rgb, rotate: Option<f64>) {
        // Characters of control have no place in a picture, and none in XML.
        let content = &*printable(content);
        let anchor = match align {
            Align::Left => TextAnchor::Start,
            Align::Centre => TextAnchor::Middle,
            Align::Right => TextAnchor::End,
        };
        // A dollar sign would open a formula.
        let content = content.replace('$', "\\$");
        self.scene.add(Primitive::Text { x, y, content, size, anchor, rotate, bold: false, color: Some(color(fill)) });
    }

    /// A grid of `rows` x `columns` cells of size `cell` from its top left corner. To keep an `.svg` of a large matrix
    /// small, neighbours of one colour in a row become one rectangle, all rectangles of one colour one path, and white
    /// ones nothing.
    pub fn cells(
        &mut self,
        (left, top): Point,
        cell: (f64, f64),
        (rows, columns): (usize, usize),
        fill: impl Fn(usize, usize) -> Rgb,
    ) {
        let mut paths: BTreeMap<Rgb, String> = BTreeMap::new();
        for row in 0..rows {
            let mut start = 0;
            while start < columns {
                let rgb = fill(row, start);
                let end = (start + 1..columns).find(|&c| fill(row, c) != rgb).unwrap_or(columns);
                if rgb != WHITE {
                    let (x, y) = (left + start as f64 * cell.0, top + row as f64 * cell.1);
                    let (width, height) = ((end - start) as f64 * cell.0, cell.1);
                    paths.entry(rgb).or_default().push_str(&format!("M{x} {y}h{width}v{height}h-{width}z"));
                }
                start = end;
            }
        }
        let colors = (0..rows * columns).map(|place| fill(place / columns, place % columns)).collect();
        self.grids.push(Grid { corner: (left, top), cell, columns, colors });
        self.scene.add(group(CRISP));
        for (rgb, d) in paths {
            self.path(d, rgb);
        }
        self.scene.add(Primitive::GroupEnd);
    }

    fn path(&mut self, d: String, fill: Rgb) {
        self.scene.add(Primitive::Path(Box::new(PathData {
            d,
            fill: Some(color(fill)),
            stroke: Color::None,
            stroke_width: 0.0,
            opacity: None,
            stroke_dasharray: None,
        })));
    }

    /// The figure as SVG text.
    pub fn into_svg(mut self) -> String {
        self.scene.add(Primitive::GroupEnd);
        SvgBackend::new().render_scene(&self.scene)
    }

    /// The figure as SVG text that stands in a page: as wide as there is room for, and a grid of cells as a picture
    /// with a pixel for each, where that is shorter.
    pub fn into_page_svg(mut self) -> Result<String, PlotError> {
        let (grids, width, height) = (std::mem::take(&mut self.grids), self.scene.width, self.scene.height);
        let svg = self.into_svg();
        let marker = format!("<g {CRISP}>");
        let mut parts = svg.split(marker.as_str());
        let head = parts.next().unwrap_or_default();
        let (_, drawn) =
            head.split_once("--><rect width=\"100%\" height=\"100%\" fill=\"white\" />").unwrap_or(("", head));
        let mut page = format!(
            r#"<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="Helvetica, Arial, sans-serif">{drawn}"#
        );
        for (grid, part) in grids.iter().zip(parts) {
            let (cells, rest) = part.split_once("</g>").unwrap_or(("", part));
            let picture = grid.picture()?;
            if picture.len() < cells.len() {
                page.push_str(&picture);
            } else {
                page.push_str(&format!("{marker}{cells}</g>"));
            }
            page.push_str(rest);
        }
        Ok(page)
    }

    /// The figure as the bytes of a PNG file.
    #[cfg(feature = "png")]
    pub fn into_png(mut self) -> Result<Vec<u8>, PlotError> {
        self.scene.add(Primitive::GroupEnd);
        let [width, height] = [self.scene.width, self.scene.height].map(|side| (side * PNG_SCALE) as usize);
        if width.max(height) > PNG_LIMIT {
            return Err(PlotError::TooLarge { width, height, limit: PNG_LIMIT });
        }
        RasterBackend::new().with_scale(PNG_SCALE as f32).render_scene(&self.scene).map_err(PlotError::Raster)
    }
}

impl Grid {
    /// The cells as an image element.
    fn picture(&self) -> Result<String, PlotError> {
        let rows = self.colors.len() / self.columns.max(1);
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, self.columns as u32, rows as u32);
        encoder.set_color(png::ColorType::Rgb);
        let pixels: Vec<u8> = self.colors.iter().flat_map(|(r, g, b)| [*r, *g, *b]).collect();
        encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&pixels))
            .map_err(|error| PlotError::Raster(error.to_string()))?;
        let (x, y) = self.corner;
        let (width, height) = (self.columns as f64 * self.cell.0, rows as f64 * self.cell.1);
        Ok(format!(
            r#"<image x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="none" class="cells" href="data:image/png;base64,{}"/>"#,
            STANDARD.encode(png)
        ))
    }
}

fn color((r, g, b): Rgb) -> Color {
    Color::Rgb(r, g, b)
}

fn group(attributes: &str) -> Primitive {
    Primitive::GroupStart { transform: None, title: None, extra_attrs: Some(attributes.to_owned()) }
}

/// The outline of a box with rounded corners, clockwise. Arcs are cut into lines, which both formats draw alike.
fn rounded_corners((x, y): Point, (width, height): (f64, f64), radius: f64) -> Vec<Point> {
    let r = radius.min(width / 2.0).min(height / 2.0);
    let (right, bottom) = (x + width, y + height);
    let corners = [(x + r, y + r), (right - r, y + r), (right - r, bottom - r), (x + r, bottom - r)];
    let arc = |(quarter, (cx, cy)): (usize, Point)| {
        (0..=ARC).map(move |i| {
            let angle = (2.0 + quarter as f64 + i as f64 / ARC as f64) * std::f64::consts::FRAC_PI_2;
            (cx + r * angle.cos(), cy + r * angle.sin())
        })
    };
    corners.into_iter().enumerate().flat_map(arc).collect()
}

/// A curve from `from` to `to` that is drawn towards the two points between (a cubic Bezier curve), as a polyline.
pub(super) fn bezier(from: Point, a: Point, b: Point, to: Point) -> Vec<Point> {
    let at = |i: usize| {
        let t = i as f64 / CURVE as f64;
        let u = 1.0 - t;
        let [p, q, r, s] = [u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t];
        (p * from.0 + q * a.0 + r * b.0 + s * to.0, p * from.1 + q * a.1 + r * b.1 + s * to.1)
    };
    (0..=CURVE).map(at).collect()
}

/// Cuts a polyline into its dashes, carrying the pattern across vertices.
fn dashes(points: &[Point], pattern: Dash) -> Vec<Vec<Point>> {
    let mut pieces = Vec::new();
    let (mut on, mut left) = if pattern.first_gap > 0.0 { (false, pattern.first_gap) } else { (true, pattern.dash) };
    let mut piece: Vec<Point> = points.first().copied().into_iter().filter(|_| on).collect();
    for pair in points.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let mut done = 0.0;
        while length - done > left {
            done += left;
            let at = (from.0 + (to.0 - from.0) * done / length, from.1 + (to.1 - from.1) * done / length);
            if on {
                piece.push(at);
                pieces.push(std::mem::take(&mut piece));
            } else {
                piece = vec![at];
            }
            on = !on;
            left = if on { pattern.dash } else { pattern.gap };
        }
        left -= length - done;
        if on {
            piece.push(to);
        }
    }
    if piece.len() > 1 {
        pieces.push(piece);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::style::INK;

    #[test]
    fn dashes_carry_their_pattern_across_a_vertex() {
        // 4.5 on, 3 off, 4.5 on along a path of length 12 that turns at 10.
        let pieces = dashes(&[(0.0, 0.0), (10.0, 0.0), (10.0, 2.0)], Dash { first_gap: 0.0, dash: 4.5, gap: 3.0 });
        assert_eq!(pieces, vec![vec![(0.0, 0.0), (4.5, 0.0)], vec![(7.5, 0.0), (10.0, 0.0), (10.0, 2.0)]]);
    }

    #[test]
    fn lines_that_lie_on_one_another_take_turns() {
        let line = |i| Stroke::solid(INK, 1.0).sharing(i, 2).dash.map(|dash| dashes(&[(0.0, 0.0), (20.0, 0.0)], dash));
        assert_eq!(line(0), Some(vec![vec![(0.0, 0.0), (6.0, 0.0)], vec![(12.0, 0.0), (18.0, 0.0)]]));
        assert_eq!(line(1), Some(vec![vec![(6.0, 0.0), (12.0, 0.0)], vec![(18.0, 0.0), (20.0, 0.0)]]));
        assert!(Stroke::solid(INK, 1.0).sharing(0, 1).dash.is_none());
    }

    #[test]
    fn a_rounded_box_touches_its_four_sides_and_a_curve_its_two_ends() {
        let points = rounded_corners((10.0, 20.0), (40.0, 30.0), 5.0);
        let reach = |of: fn(&Point) -> f64| {
            points.iter().map(of).fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(v), high.max(v)))
        };
        let ((left, right), (top, bottom)) = (reach(|p| p.0), reach(|p| p.1));
        let sides = [left - 10.0, right - 50.0, top - 20.0, bottom - 50.0];
        assert!(sides.iter().all(|side| side.abs() < 1e-9), "{sides:?}");
        let corner = points.iter().map(|p| (p.0 - 10.0).hypot(p.1 - 20.0)).fold(f64::MAX, f64::min);
        assert!((corner - 5.0 * (2f64.sqrt() - 1.0)).abs() < 1e-9, "{corner}");
        let curve = bezier((0.0, 0.0), (0.0, 4.0), (8.0, 4.0), (8.0, 0.0));
        assert_eq!((curve[0], curve[CURVE / 2], curve[CURVE]), ((0.0, 0.0), (4.0, 3.0), (8.0, 0.0)));
    }

    #[test]
    fn an_arrow_head_ends_at_its_tip() {
        let mut canvas = Canvas::new(20.0, 20.0);
        canvas.arrow_head((0.0, 10.0), (10.0, 10.0), 5.0, INK);
        canvas.arrow_head((3.0, 3.0), (3.0, 3.0), 5.0, INK);
        let svg = canvas.into_svg();
        assert!(svg.contains(r#"d="M10 10L5 12.1L5 7.9z""#), "{svg}");
        assert_eq!(svg.matches("<path").count(), 1, "a head without a direction is left out: {svg}");
    }

    #[test]
    fn equal_neighbours_become_one_rectangle_and_white_ones_none() {
        let mut canvas = Canvas::new(10.0, 10.0);
        canvas.cells(
            (0.0, 0.0),
            (1.0, 1.0),
            (2, 5),
            |row, column| if row == 0 && (1..4).contains(&column) { INK } else { WHITE },
        );
        let svg = canvas.into_svg();
        assert!(svg.contains(r#"d="M1 0h3v1h-3z""#), "{svg}");
        assert_eq!(svg.matches("<path").count(), 1, "{svg}");
    }

    #[test]
    fn in_a_page_many_cells_are_one_picture_and_few_stay_what_they_are() {
        let page = |side: usize| {
            let mut canvas = Canvas::new(300.0, 200.0);
            canvas
                .cells((10.0, 20.0), (2.0, 1.0), (side, side), |row, column| ((row * 9) as u8, (column * 7) as u8, 0));
            canvas.text((5.0, 5.0), "after", 10, Align::Left, INK);
            canvas.into_page_svg().unwrap()
        };
        let many = page(24);
        assert!(many.starts_with(r#"<svg viewBox="0 0 300 200" width="300" height="200""#), "{many}");
        let image =
            r#"<image x="10" y="20" width="48" height="24" preserveAspectRatio="none" class="cells" href="data:"#;
        assert_eq!((many.matches(image).count(), many.matches("crispEdges").count()), (1, 0), "{many}");
        assert!(many.contains(">after</text>") && many.ends_with("</svg>"), "{many}");
        let few = page(1);
        assert_eq!((few.matches("<image").count(), few.matches("crispEdges").count()), (0, 1), "{few}");
        for page in [&many, &few] {
            assert!(!page.contains("<!--") && !page.contains("<rect"), "the page is the paper: {page}");
            assert_eq!(page.matches("<g ").count(), page.matches("</g>").count(), "{page}");
        }
    }

    #[test]
    fn the_picture_of_cells_has_their_colours() {
        let colors = vec![(255, 0, 0), WHITE, (0, 0, 255), (1, 2, 3)];
        let grid = Grid { corner: (0.0, 0.0), cell: (5.0, 5.0), columns: 2, colors };
        let text = grid.picture().unwrap();
        let (_, data) = text.split_once("base64,").unwrap();
        let png = STANDARD.decode(data.split_once('"').unwrap().0).unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        // Width and height of the header.
        assert_eq!((&png[16..20], &png[20..24]), (&[0, 0, 0, 2][..], &[0, 0, 0, 2][..]));
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = [0; 12];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, [255, 0, 0, 255, 255, 255, 0, 0, 255, 1, 2, 3]);
    }

    #[test]
    #[cfg(feature = "png")]
    fn a_png_beyond_the_limit_is_refused_before_it_is_drawn() {
        let error = Canvas::new(5001.0, 10.0).into_png().unwrap_err();
        assert!(matches!(error, PlotError::TooLarge { width: 20_004, .. }), "{error}");
    }
}
