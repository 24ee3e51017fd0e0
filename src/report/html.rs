//! From a report to the text of its page.

use std::fmt::Write;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Figure, Part, Report, Section, Source, Table, gzip};
use crate::plot::{LIBRARY, LIBRARY_LICENCE, LIBRARY_VERSION, PROGRAM, escaped, filled};

const PAGE: &str = include_str!("assets/report.html");
const STYLE: &str = include_str!("assets/report.css");
const SCRIPT: &str = include_str!("assets/report.js");
const SPACES: &str = include_str!("assets/spaces.html");

/// A figure that is wider, in pixels, has its caption below instead of beside it.
const WIDE: f64 = 580.0;
/// A figure is drawn smaller than it is down to this part; on narrower screens it scrolls.
const SMALLEST: f64 = 0.72;

/// The page; what is put in is escaped.
pub(super) fn page(report: &Report) -> String {
    let mut writer = Writer::default();
    let body = writer.body(report);
    let contents: String = shown(report).map(|section| link(&section.title)).collect();
    let rest = if left_out_sections(report).next().is_some() { link(LEFT_OUT) } else { String::new() };
    let class = if columns(report) > 1 { "several" } else { "one" };
    let scripts = writer.scripts();
    let parts = [
        ("title", escaped(&report.title)),
        ("style", STYLE.into()),
        ("subtitle", escaped(&report.subtitle)),
        ("class", class.into()),
        ("contents", format!("{}{contents}{rest}", link(NUMBERS))),
        ("body", body),
        ("command", code(&report.command)),
        ("promise", promise(report.is_timed).into()),
        ("program", escaped(concat!("nn4n ", env!("CARGO_PKG_VERSION")))),
        ("scripts", scripts),
    ];
    let parts: Vec<(&str, &str)> = parts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    filled(PAGE, &parts)
}

/// What the same command gives.
fn promise(is_timed: bool) -> &'static str {
    match is_timed {
        true => "The same command gives the same page, but for the times.",
        false => "The same command gives the same page, byte for byte.",
    }
}

/// Headings that every page has.
const NUMBERS: &str = "Main numbers";
const LEFT_OUT: &str = "Left out";

/// The sections that say something.
fn shown(report: &Report) -> impl Iterator<Item = &Section> {
    report.sections.iter().filter(|section| !section.is_empty())
}

fn left_out_sections(report: &Report) -> impl Iterator<Item = &Section> {
    report.sections.iter().filter(|section| section.is_empty())
}

fn columns(report: &Report) -> usize {
    report.sections.iter().map(|section| section.parts.len()).max().unwrap_or(0)
}

fn link(title: &str) -> String {
    format!("<li><a href=\"#{}\">{}</a></li>", anchor(title), escaped(title))
}

/// A heading as the name of a place in the page.
fn anchor(title: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    title.chars().map(kept).collect()
}

/// Text within a quoted attribute.
fn attribute(text: &str) -> String {
    escaped(text).replace('"', "&quot;")
}

/// Numbers the figures, and keeps their spaces until the end of the page.
#[derive(Default)]
struct Writer {
    figures: usize,
    spaces: String,
}

impl Writer {
    fn body(&mut self, report: &Report) -> String {
        let mut body = section_start(NUMBERS);
        body.push_str(&self.table(&report.numbers));
        body.push_str("</section>\n");
        for section in shown(report) {
            body.push_str(&section_start(&section.title));
            body.push_str("<div class=\"parts\">\n");
            section.parts.iter().for_each(|part| body.push_str(&self.part(part)));
            body.push_str("</div>\n</section>\n");
        }
        let names = |section: &Section| {
            let reasons = section.parts.iter().flat_map(|part| {
                let of = if part.name.is_empty() { String::new() } else { format!("{}: ", part.name) };
                part.left_out.iter().map(move |what| format!("<li>{}</li>", escaped(&format!("{of}{what}"))))
            });
            reasons.collect::<String>()
        };
        let left_out: String = left_out_sections(report).map(names).collect();
        if !left_out.is_empty() {
            let _ = write!(body, "{}<ul>{left_out}</ul>\n</section>\n", section_start(LEFT_OUT));
        }
        body
    }

    fn part(&mut self, part: &Part) -> String {
        let mut html = String::from("<div class=\"part\">\n");
        if !part.name.is_empty() {
            let _ = writeln!(html, "<h3>{}</h3>", escaped(&part.name));
        }
        for paragraph in &part.paragraphs {
            let _ = writeln!(html, "<p>{}</p>", text(paragraph));
        }
        if !part.equations.is_empty() {
            let lines: Vec<String> = part.equations.iter().map(|line| equation(line)).collect();
            let _ = writeln!(html, "<p class=\"equation\">{}</p>", lines.join("<br>"));
        }
        // Facts come first; what has data of its own says more of what the figures show.
        let (facts, tables): (Vec<&Table>, Vec<&Table>) =
            part.tables.iter().partition(|table| table.source.is_none() && !table.folded);
        facts.iter().for_each(|table| html.push_str(&self.table(table)));
        part.figures.iter().for_each(|figure| html.push_str(&self.figure(figure)));
        tables.iter().for_each(|table| html.push_str(&self.table(table)));
        for what in &part.left_out {
            let _ = writeln!(html, "<p class=\"left-out\"><b>Left out:</b> {}</p>", text(what));
        }
        html.push_str("</div>\n");
        html
    }

    fn table(&mut self, table: &Table) -> String {
        let mut rows = String::new();
        if !table.head.is_empty() {
            let head: String =
                table.head.iter().map(|cell| format!("<th scope=\"col\">{}</th>", escaped(cell))).collect();
            let _ = write!(rows, "<thead><tr>{head}</tr></thead>");
        }
        rows.push_str("<tbody>");
        for row in &table.rows {
            let cell = |(place, cell): (usize, &String)| match place {
                0 => format!("<th scope=\"row\">{}</th>", text(cell)),
                _ => format!("<td>{}</td>", text(&with_minus(cell))),
            };
            let _ = write!(rows, "<tr>{}</tr>", row.iter().enumerate().map(cell).collect::<String>());
        }
        rows.push_str("</tbody>");
        let caption = escaped(&table.caption);
        let source = table.source.as_ref().map_or_else(String::new, source);
        let class = if table.head.is_empty() { " class=\"facts\"" } else { "" };
        let heading = |tag: &str| if caption.is_empty() { String::new() } else { format!("<{tag}>{caption}</{tag}>") };
        if table.folded {
            let scroll = format!("<div class=\"scroll\" tabindex=\"0\"><table{class}>{rows}</table></div>");
            return format!("<details>{}{scroll}{source}</details>\n", heading("summary"));
        }
        format!(
            "<div class=\"table\"><div class=\"scroll\" tabindex=\"0\"><table{class}>{}{rows}</table></div>{source}\
            </div>\n",
            heading("caption")
        )
    }

    fn figure(&mut self, figure: &Figure) -> String {
        self.figures += 1;
        let number = self.figures;
        let width = width(&figure.svg);
        let class = if width > WIDE || figure.space.is_some() { "wide" } else { "narrow" };
        let label = attribute(&format!("{}. {}", figure.title, figure.caption));
        let svg = figure.svg.replacen(
            "<svg ",
            &format!("<svg role=\"img\" aria-label=\"{label}\" style=\"min-width:{:.0}px\" ", SMALLEST * width),
            1,
        );
        let space = match &figure.space {
            None => String::new(),
            Some(space) => {
                let _ = writeln!(
                    self.spaces,
                    "<script type=\"application/json\" id=\"space-{number}\">{}</script>",
                    space.0
                );
                format!("<div class=\"space\" data-space=\"space-{number}\" role=\"img\" aria-label=\"{label}\"></div>")
            }
        };
        format!(
            "<figure id=\"figure-{number}\" class=\"{class}\">\n<div class=\"paper\"><div class=\"still\" \
            tabindex=\"0\">{svg}</div>{space}</div>\n<figcaption><p><b>Figure {number}. {}.</b> {}</p>{}</figcaption>\n\
            </figure>\n",
            text(&figure.title),
            text(&figure.caption),
            source(&figure.source)
        )
    }

    /// What the page runs; the library for spaces that turn only where there is one.
    fn scripts(&self) -> String {
        let spaces = if self.spaces.is_empty() {
            String::new()
        } else {
            let packed = STANDARD.encode(gzip(LIBRARY.as_bytes()));
            let parts = [
                ("version", LIBRARY_VERSION),
                ("licence", LIBRARY_LICENCE),
                ("library", packed.as_str()),
                ("program", PROGRAM),
                ("spaces", self.spaces.as_str()),
            ];
            filled(SPACES, &parts)
        };
        format!("{spaces}<script>\n{SCRIPT}</script>")
    }
}

fn section_start(title: &str) -> String {
    format!(
        "<section id=\"{0}\" aria-labelledby=\"{0}-title\">\n<h2 id=\"{0}-title\">{1}</h2>\n",
        anchor(title),
        escaped(title)
    )
}

/// The command, and the link that holds the data.
fn source(source: &Source) -> String {
    let (name, address) = source.data.file();
    let command = match source.command.as_str() {
        "" => String::new(),
        command => format!("{}<button type=\"button\" class=\"copy\" hidden>Copy</button>", code(command)),
    };
    if source.data.text().is_empty() {
        return format!("<p class=\"source\">{command}</p>");
    }
    let (name, size) = (attribute(&name), size(source.data.text().len()));
    format!(
        "<p class=\"source\">{command}<a class=\"data\" download=\"{name}\" href=\"{address}\">{name} \
        <span>({size})</span></a></p>"
    )
}

/// A command, which is broken between its words alone.
fn code(command: &str) -> String {
    let words: Vec<String> = command.split(' ').map(|word| format!("<span>{}</span>", escaped(word))).collect();
    format!("<code>{}</code>", words.join(" "))
}

/// A number with a true minus sign; other text as it is.
fn with_minus(cell: &str) -> String {
    match cell.strip_prefix('-') {
        Some(rest) if rest.parse::<f64>().is_ok() => format!("\u{2212}{rest}"),
        _ => cell.to_owned(),
    }
}

/// Text, whose numbers are not parted from their units.
fn text(text: &str) -> String {
    escaped(text).replace(" %", "\u{a0}%").replace(" ms", "\u{a0}ms")
}

/// An equation: what follows an underscore is a subscript.
fn equation(text: &str) -> String {
    let mut html = String::new();
    let escaped = escaped(text);
    let mut parts = escaped.split('_');
    html.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (below, rest) = part.split_at(part.find(|c: char| !c.is_alphanumeric()).unwrap_or(part.len()));
        let _ = write!(html, "<sub>{below}</sub>{rest}");
    }
    html
}

/// The size of a file in words.
fn size(bytes: usize) -> String {
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        _ => format!("{:.0} kB", bytes as f64 / 1000.0),
    }
}

/// The width that an SVG element has of itself, pixels.
fn width(svg: &str) -> f64 {
    let after = svg.split_once(" width=\"").and_then(|(_, rest)| rest.split_once('"'));
    after.and_then(|(width, _)| width.parse().ok()).unwrap_or(WIDE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Csv, Space};

    fn report(text: &str) -> Report {
        let mut data = Csv::new("data.csv", ["a", "b"]);
        data.row([text.to_string(), "1".to_string()]);
        let source = Source { command: format!("nn4n plot weights {text}"), data };
        let figure = Figure {
            title: text.into(),
            caption: text.into(),
            svg: "<svg viewBox=\"0 0 300 10\" width=\"300\" height=\"10\"></svg>".into(),
            space: None,
            source: source.clone(),
        };
        let table = Table {
            caption: text.into(),
            head: vec![text.into(), "value".into()],
            rows: vec![vec![text.into(), text.into()]],
            folded: false,
            source: Some(source),
        };
        let part = Part {
            name: String::new(),
            paragraphs: vec![text.into()],
            equations: vec![text.into()],
            tables: vec![table.clone(), Table { folded: true, ..table.clone() }],
            figures: vec![figure.clone(), Figure { space: Some(Space("{}".into())), ..figure }],
            left_out: vec![text.into()],
            numbers: Vec::new(),
        };
        Report {
            title: text.into(),
            subtitle: text.into(),
            numbers: Table { rows: vec![vec!["units".into(), text.into()]], ..Table::default() },
            sections: vec![
                Section { title: "First".into(), parts: vec![part] },
                Section { title: "Second".into(), parts: vec![Part::left_out("second", text)] },
            ],
            command: text.into(),
            is_timed: false,
        }
    }

    #[test]
    fn text_stays_text_wherever_it_stands() {
        let wicked = "</script><img src=x onerror=alert(1)>\" onload=\"alert(2)&amp;{{style}}";
        let page = report(wicked).html();
        assert!(!page.contains("<img") && !page.contains(wicked));
        assert_eq!(page.matches("<script").count(), page.matches("</script>").count());
        let tags = page.split('<').filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag);
        assert!(tags.into_iter().all(|tag| !tag.contains("onload=\"")), "no attribute ends early");
        assert_eq!(page.matches(":root").count(), STYLE.matches(":root").count(), "what is put in is not filled again");
    }

    #[test]
    fn figures_are_numbered_and_no_two_elements_have_the_same_id() {
        let page = report("text").html();
        assert!(page.contains("<b>Figure 1. text.</b>") && page.contains("<b>Figure 2. text.</b>"));
        let mut ids: Vec<&str> = page
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split_once('"'))
            .map(|(id, _)| id)
            .filter(|id| !id.contains(['<', ' ']))
            .collect();
        let n = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), n, "{ids:?}");
        for target in page.split("href=\"#").skip(1).filter_map(|rest| rest.split_once('"')).map(|(id, _)| id) {
            assert!(ids.contains(&target), "{target}");
        }
    }

    #[test]
    fn a_section_without_a_part_is_named_at_the_end_with_the_reason() {
        let page = report("why").html();
        assert!(page.contains("<h2 id=\"first-title\">First</h2>") && !page.contains("<h2 id=\"second-title\">"));
        assert!(page.contains("<h2 id=\"left-out-title\">Left out</h2>") && page.contains("<li>second: why</li>"));
        let whole = Report { sections: report("why").sections[..1].to_vec(), ..report("why") }.html();
        assert!(!whole.contains("left-out-title"));
    }

    #[test]
    fn the_library_is_in_the_page_once_if_a_space_turns_and_else_not_at_all() {
        let mut report = report("text");
        assert_eq!(report.html().matches("id=\"library\"").count(), 1);
        report.sections[0].parts[0].figures.truncate(1);
        let page = report.html();
        assert!(!page.contains("id=\"library\"") && page.len() < 40_000, "{}", page.len());
    }

    #[test]
    fn what_belongs_together_is_not_broken() {
        assert_eq!(text("90 % in 5 ms & more"), "90\u{a0}% in 5\u{a0}ms &amp; more");
        assert_eq!(["-0.5", "-x", "a=-1"].map(with_minus), ["\u{2212}0.5", "-x", "a=-1"]);
        assert_eq!(equation("x < W_rec r(t) + W_in"), "x &lt; W<sub>rec</sub> r(t) + W<sub>in</sub>");
        assert_eq!(code("nn4n --out a<b"), "<code><span>nn4n</span> <span>--out</span> <span>a&lt;b</span></code>");
    }

    #[test]
    fn the_page_names_no_file_but_itself() {
        for text in [PAGE, SPACES, STYLE, SCRIPT] {
            for word in ["src=", "url(", "@import", "http:", "https:", "fetch("] {
                assert!(!text.contains(word), "{word}");
            }
        }
        assert!(PAGE.contains("default-src 'none'"));
    }

    #[test]
    fn a_wide_figure_has_its_caption_below() {
        assert_eq!(width("<svg viewBox=\"0 0 300 10\" width=\"612.5\" height=\"1\">"), 612.5);
        let mut figure = report("text").sections[0].parts[0].figures[0].clone();
        assert!(Writer::default().figure(&figure).contains("class=\"narrow\""));
        figure.svg = figure.svg.replace("width=\"300\"", "width=\"900\"");
        let html = Writer::default().figure(&figure);
        assert!(html.contains("class=\"wide\"") && html.contains("style=\"min-width:648px\""), "{html}");
    }
}
