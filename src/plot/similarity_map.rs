//! Things in a plane, as far apart as they are unlike.

use std::path::Path;

use nn4n_analysis::Similarity;

use super::PlotError;
use super::canvas::{Align, Canvas};
use super::error::{require, require_finite, require_some};
use super::key::Dot;
use super::labels::Labels;
use super::panel::{EqualScale, Panel, note, padded_range};
use super::save::save;
use super::style::{INK, PALETTE, SMALL, text_width, widest};

/// Left and top of the data area, its longer side and the least of the shorter one.
const LEFT: f64 = 70.0;
const TOP: f64 = 44.0;
const LONGEST: f64 = 320.0;
const SHORTEST: f64 = 120.0;
/// Radius of a dot.
const DOT: f64 = 4.0;

/// Places in a plane with their names, both axes of one scale. A name that has no room beside its dot stands farther
/// away with a line to it.
#[derive(Clone, Debug, PartialEq)]
pub struct SimilarityMap {
    /// What is shown.
    pub names: Vec<String>,
    /// A place for each.
    pub places: Vec<[f64; 2]>,
    /// What distances on the map are, such as `arccos of the similarity`.
    pub distance: String,
    /// A remark above the panel, such as how much two dimensions show; empty for none.
    pub remark: String,
}

impl SimilarityMap {
    /// Of what was found.
    pub fn of(found: &Similarity) -> Self {
        let map = &found.map;
        Self {
            names: found.names.clone(),
            places: map.places.clone(),
            distance: found.map_of.into(),
            remark: format!(
                "two dimensions show {:.1} % of the distances; stress {:.3}",
                100.0 * map.variance,
                map.stress
            ),
        }
    }

    /// Writes the figure to `path`, `.svg` or `.png`.
    ///
    /// # Errors
    /// If there is nothing, names and places do not match, a place is not finite, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let ranges = [0, 1].map(|axis| padded_range(self.places.iter().map(|place| place[axis]), 0.08));
        let scale = EqualScale::new(&ranges, LONGEST, SHORTEST);
        let [width, height] = ranges.map(|range| scale.length(range));
        let names = widest(self.names.iter().map(String::as_str), SMALL) + 20.0;
        let (right, bottom) = (LEFT + width, TOP + height);
        let wide = (right + names).max(LEFT + text_width(&self.remark, SMALL) + 12.0);
        let mut canvas = Canvas::new(wide, bottom + 58.0);
        let panel = Panel { x: scale.axis(ranges[0], (LEFT, right)), y: scale.axis(ranges[1], (bottom, TOP)) };
        let mut labels = Labels::new((LEFT, 24.0, wide - 4.0, bottom));
        let dots: Vec<_> = self.places.iter().map(|place| panel.at((place[0], place[1]))).collect();
        dots.iter().for_each(|at| labels.avoid(*at, DOT + 1.0));
        for (name, at) in self.names.iter().zip(&dots) {
            labels.place_clear(&mut canvas, *at, name, INK);
        }
        // Above the lines to their names.
        dots.iter().for_each(|at| Dot::new(PALETTE[0], DOT).draw(&mut canvas, *at));
        panel.left_axis(&mut canvas, &panel.y.roomy_ticks(), "Dimension 2");
        panel.bottom_axis(&mut canvas, &panel.x.roomy_ticks(), &format!("Dimension 1 ({})", self.distance));
        note(&mut canvas, (LEFT, 12.0), &self.remark, Align::Left);
        Ok(canvas)
    }

    fn validate(&self) -> Result<(), PlotError> {
        let (n, places) = (self.names.len(), self.places.len());
        require_some("names", n)?;
        require(n == places, "places", || format!("has {places} entries; there are {n} names"))?;
        require_finite("places", self.places.iter().flatten().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(names: &[&str], places: &[[f64; 2]]) -> SimilarityMap {
        SimilarityMap {
            names: names.iter().map(ToString::to_string).collect(),
            places: places.to_vec(),
            distance: "distance".into(),
            remark: "two dimensions show 98.0 % of the distances".into(),
        }
    }

    #[test]
    fn each_thing_is_a_dot_with_its_name() {
        let svg = figure(&["V4", "PFC"], &[[-0.5, 0.0], [0.5, 0.0]]).draw().unwrap().into_svg();
        assert_eq!(svg.matches("<circle").count(), 2, "{svg}");
        for text in [">V4<", ">PFC<", ">Dimension 1 (distance)<", ">Dimension 2<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        let one = figure(&["a", "b", "c"], &[[0.0, 0.0]; 3]).draw().unwrap().into_svg();
        assert!(!one.contains("NaN") && one.contains(">c<"), "{one}");
    }

    #[test]
    fn places_without_names_are_refused() {
        let refusal = |names: &[&str], places: &[[f64; 2]]| figure(names, places).draw().err().unwrap().to_string();
        assert!(refusal(&[], &[]).contains("`names` is empty"));
        assert!(refusal(&["a"], &[]).contains("has 0 entries; there are 1"));
        assert!(refusal(&["a"], &[[f64::NAN, 0.0]]).contains("`places` holds NaN"));
    }
}
