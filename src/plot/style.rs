//! The look that all figures share. Lengths are in logical pixels.

/// Red, green and blue.
pub(super) type Rgb = (u8, u8, u8);

/// Text, ticks and spines.
pub(super) const INK: Rgb = (34, 34, 34);
/// Secondary text.
pub(super) const GREY: Rgb = (110, 110, 110);
/// Guides and boundaries that should stay behind the data.
pub(super) const FAINT: Rgb = (175, 175, 175);
/// Background.
pub(super) const WHITE: Rgb = (255, 255, 255);

/// Fixed points and eigenvalues that are stable, unstable and marginal.
pub(super) const STABLE: Rgb = INK;
pub(super) const UNSTABLE: Rgb = (207, 27, 27);
pub(super) const MARGINAL: Rgb = (230, 159, 0);
/// Excitation, or what is positive, and inhibition, or what is negative: as the ends of the colours of weights.
pub(super) const POSITIVE: Rgb = (178, 24, 43);
pub(super) const NEGATIVE: Rgb = (33, 102, 172);
/// Trajectories behind points.
pub(super) const TRAJECTORY: Rgb = (151, 196, 226);

/// Okabe and Ito (2008), without the yellow that vanishes on white, ordered so that the first few differ most.
pub(super) const PALETTE: [Rgb; 7] =
    [(0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233), (0, 0, 0)];

/// Size of axis labels and legends.
pub(super) const TEXT: u32 = 12;
/// Size of tick labels and notes.
pub(super) const SMALL: u32 = 10;
/// Width of spines and ticks.
pub(super) const THIN: f64 = 1.0;
/// Width of data lines.
pub(super) const THICK: f64 = 1.6;
/// Length of a tick.
pub(super) const TICK: f64 = 4.0;
/// Pixels of a `.png` per logical pixel; a 480 pixel figure printed 8 cm wide then has 600 dpi.
pub(crate) const PNG_SCALE: f64 = 4.0;

/// Colour of the `i`-th series.
pub(super) fn series(i: usize) -> Rgb {
    PALETTE[i % PALETTE.len()]
}

/// The same hue, darker: for a target drawn over the output it belongs to.
pub(super) fn darker((r, g, b): Rgb) -> Rgb {
    let dim = |c: u8| (f64::from(c) * 0.5) as u8;
    (dim(r), dim(g), dim(b))
}

/// A colour mixed with white: all of it at 1, white at 0.
pub(super) fn tint((r, g, b): Rgb, amount: f64) -> Rgb {
    let mix = |c: u8| (255.0 + amount.clamp(0.0, 1.0) * (f64::from(c) - 255.0)).round() as u8;
    (mix(r), mix(g), mix(b))
}

/// Room to leave for a line of text. An upper estimate, because a reader's font for an `.svg` is not known.
pub(super) fn text_width(text: &str, size: u32) -> f64 {
    text.chars().count() as f64 * f64::from(size) * 0.62
}

/// Room to leave for the widest of several lines.
pub(super) fn widest<'a>(texts: impl IntoIterator<Item = &'a str>, size: u32) -> f64 {
    texts.into_iter().map(|t| text_width(t, size)).fold(0.0, f64::max)
}

/// Side of a heatmap cell so that `n` of them come close to `length` and each covers whole pixels of a `.png`: no
/// seams, no cell wider than its neighbour.
pub(super) fn cell_size(length: f64, n: usize) -> f64 {
    (PNG_SCALE * length / n as f64).round().max(1.0) / PNG_SCALE
}
/// Ink that is read on a colour.
pub(super) fn ink_on((r, g, b): Rgb) -> Rgb {
    let light = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
    if light < 140.0 { WHITE } else { INK }
}
