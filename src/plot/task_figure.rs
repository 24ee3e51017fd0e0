//! What a task asks for: trials of several conditions side by side.

use std::path::Path;

use ndarray::{Array2, Axis, s};

use super::PlotError;
use super::canvas::{Canvas, Stroke};
use super::channel_looks::looks;
use super::color_scale::ColorScale;
use super::error::{require, require_finite, require_some};
use super::save::save;
use super::style::{GREY, THICK};
use super::trial_figure::{EpochSpan, require_epochs};
use super::trial_layout;
use super::trial_rows::{Column, Content, Course, Key, Layer, Row, TrialGrid, are_lines, channel_strokes, heat_height};

/// Width that all columns share, and the narrowest and the widest of one.
const COLUMNS: f64 = 1000.0;
const COLUMN: (f64, f64) = (120.0, 240.0);
/// Height of a heatmap of channels, and of a row of loss masks.
const CHANNELS: f64 = 128.0;
const LOSS_MASK: f64 = 34.0;
/// Width of a line that is not graded.
const UNGRADED: f64 = 0.7;

/// Inputs, targets and loss mask of trials of several conditions, one column per trial.
///
/// Up to seven channels are lines unless they jump too often to be followed, more are heatmaps. Targets are thick where
/// the loss asks for them and thin elsewhere; lines of the same value take turns, dash by dash. Values hold for a step.
/// A loss mask that is the same for all outputs is an area, otherwise a heatmap. Every other epoch is shaded.
#[derive(Clone, Debug)]
pub struct TaskFigure {
    /// Time step, ms.
    pub dt: f64,
    /// Names of the input channels; a task may have none.
    pub input_names: Vec<String>,
    /// Names of the output channels.
    pub output_names: Vec<String>,
    /// Columns from left to right. Durations may differ.
    pub trials: Vec<TaskPanel>,
}

/// One trial. All arrays have one row per step, (time, channels).
#[derive(Clone, Debug)]
pub struct TaskPanel {
    /// Heading of the column; each of its lines is a line of the figure.
    pub title: String,
    /// Task periods, in order.
    pub epochs: Vec<EpochSpan>,
    /// Inputs, (time, inputs).
    pub inputs: Array2<f32>,
    /// Targets, (time, outputs).
    pub targets: Array2<f32>,
    /// Loss weighting, (time, outputs).
    pub loss_mask: Array2<f32>,
}

impl TaskFigure {
    /// Writes the figure to `path`, `.svg` or `.png`.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let columns = self.trials.iter().map(|trial| Column {
            title: &trial.title,
            mark: None,
            epochs: &trial.epochs,
            n_steps: trial.targets.nrows(),
        });
        let width = (COLUMNS / self.trials.len() as f64).clamp(COLUMN.0, COLUMN.1);
        Ok(trial_layout::draw(&TrialGrid {
            dt: self.dt,
            width,
            shaded: true,
            columns: columns.collect(),
            note: String::new(),
            rows: self.rows(),
        }))
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        if !self.input_names.is_empty() {
            rows.push(self.input_row());
        }
        rows.push(self.target_row());
        rows.push(self.loss_mask_row());
        rows
    }

    fn input_row(&self) -> Row {
        let (names, values) = (&self.input_names, self.arrays(|trial| &trial.inputs));
        if !are_lines(&values) {
            return heat_row("Inputs", values, names);
        }
        let [looks, _] = looks([names, &self.output_names]);
        let strokes = channel_strokes(&looks, 1.0);
        let legend = names.iter().cloned().zip(strokes.iter().copied()).collect();
        Row::lines("Inputs", vec![Layer::whole(values, strokes, Course::Steps)], legend)
    }

    fn target_row(&self) -> Row {
        let (names, values) = (&self.output_names, self.arrays(|trial| &trial.targets));
        if !are_lines(&values) {
            return heat_row("Targets", values, names);
        }
        let loss_masks = self.arrays(|trial| &trial.loss_mask);
        let [_, looks] = looks([&self.input_names, names]);
        let strokes = channel_strokes(&looks, THICK);
        let mut legend: Vec<(String, Stroke)> = names.iter().cloned().zip(strokes.iter().copied()).collect();
        let ungraded = Layer::of_targets(values.clone(), &loss_masks, false, channel_strokes(&looks, UNGRADED));
        if ungraded.is_seen() {
            legend.push(("not graded".to_owned(), Stroke::solid(GREY, UNGRADED)));
        }
        Row::lines("Targets", vec![ungraded, Layer::of_targets(values, &loss_masks, true, strokes)], legend)
    }

    fn loss_mask_row(&self) -> Row {
        let values = self.arrays(|trial| &trial.loss_mask);
        let is_shared = values
            .iter()
            .flat_map(|mask| mask.outer_iter())
            .all(|weights| weights.iter().all(|weight| *weight == weights[0]));
        if !is_shared {
            return heat_row("Loss mask", values, &self.output_names);
        }
        let high = values.iter().flatten().copied().fold(0.0, f32::max);
        let values = values.iter().map(|mask| mask.slice(s![.., ..1]).to_owned()).collect();
        let content = Content::Area { values, high: if high > 0.0 { high } else { 1.0 } };
        Row { name: "Loss mask".to_owned(), content, key: Key::Nothing, height: LOSS_MASK, joined: false }
    }

    fn arrays(&self, of: impl Fn(&TaskPanel) -> &Array2<f32>) -> Vec<Array2<f32>> {
        self.trials.iter().map(|trial| of(trial).clone()).collect()
    }

    fn validate(&self) -> Result<(), PlotError> {
        require(self.dt.is_finite() && self.dt > 0.0, "dt", || {
            format!("is {}; it must be a time above 0 ms", self.dt)
        })?;
        require_some("output_names", self.output_names.len())?;
        require_some("trials", self.trials.len())?;
        self.trials.iter().enumerate().try_for_each(|(i, trial)| trial.validate(&format!("trials[{i}]"), self))
    }
}

/// A row of strips of cells.
fn heat_row(name: &str, values: Vec<Array2<f32>>, names: &[String]) -> Row {
    let height = heat_height(names.len(), CHANNELS);
    let scale = ColorScale::channels(values.iter().flatten().copied());
    Row::channels(name, values, names, scale, height)
}

impl TaskPanel {
    fn validate(&self, name: &str, figure: &TaskFigure) -> Result<(), PlotError> {
        let n_steps = self.targets.len_of(Axis(0));
        require_some(&format!("{name}.targets"), n_steps)?;
        let n_outputs = figure.output_names.len();
        let arrays = [
            ("inputs", &self.inputs, figure.input_names.len()),
            ("targets", &self.targets, n_outputs),
            ("loss_mask", &self.loss_mask, n_outputs),
        ];
        for (field, array, columns) in arrays {
            let field = format!("{name}.{field}");
            require(array.dim() == (n_steps, columns), &field, || {
                format!(
                    "has shape {:?}; the targets and the channel names ask for {:?}",
                    array.dim(),
                    (n_steps, columns)
                )
            })?;
            require_finite(&field, array.iter().map(|&v| f64::from(v)))?;
        }
        require_epochs(&format!("{name}.epochs"), &self.epochs, n_steps as f64 * figure.dt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two trials of 4 and 6 steps; graded from the third on.
    fn figure(n_inputs: usize, n_outputs: usize) -> TaskFigure {
        let trial = |n_steps: usize| TaskPanel {
            title: format!("side = left\n{n_steps} steps"),
            epochs: vec![EpochSpan { name: "stimulus".to_owned(), start: 20.0, end: 60.0 }],
            inputs: Array2::from_elem((n_steps, n_inputs), 0.5),
            targets: Array2::ones((n_steps, n_outputs)),
            loss_mask: Array2::from_shape_fn((n_steps, n_outputs), |(step, _)| f32::from(u8::from(step > 1))),
        };
        let names = |prefix: &str, n: usize| (0..n).map(|i| format!("{prefix} {i}")).collect();
        TaskFigure {
            dt: 20.0,
            input_names: names("in", n_inputs),
            output_names: names("out", n_outputs),
            trials: vec![trial(4), trial(6)],
        }
    }

    fn svg(figure: &TaskFigure) -> String {
        figure.draw().unwrap().into_svg()
    }

    #[test]
    fn the_figure_names_conditions_epochs_channels_and_what_is_not_graded() {
        let svg = svg(&figure(2, 2));
        for label in [
            ">side = left<",
            ">6 steps<",
            ">stimulus<",
            ">in 1<",
            ">out 0<",
            ">Targets<",
            ">Loss mask<",
            ">not graded<",
            "Time (ms)",
        ] {
            assert!(svg.contains(label), "{label} is missing from {svg}");
        }
    }

    #[test]
    fn many_channels_are_heatmaps_that_name_their_groups() {
        let svg = svg(&figure(40, 33));
        for label in [">40 channels<", ">33 channels<", ">in<", ">out<"] {
            assert!(svg.contains(label), "{label} is missing from {svg}");
        }
        assert!(!svg.contains(">in 1<"), "{svg}");
    }

    #[test]
    fn a_loss_mask_is_shown_output_by_output_where_outputs_differ() {
        let mut figure = figure(2, 2);
        assert!(!svg(&figure).contains(">2 channels<"));
        figure.trials[0].loss_mask[[3, 1]] = 5.0;
        assert!(svg(&figure).contains(">2 channels<"));
    }

    #[test]
    fn what_is_all_graded_or_has_no_input_needs_no_words_for_it() {
        let mut figure = figure(0, 1);
        figure.trials.iter_mut().for_each(|trial| trial.loss_mask.fill(1.0));
        let svg = svg(&figure);
        assert!(!svg.contains("Inputs") && !svg.contains("not graded"), "{svg}");
    }

    #[test]
    fn data_that_do_not_fit_together_are_refused_by_name() {
        let refusal = |break_it: fn(&mut TaskFigure)| {
            let mut figure = figure(2, 2);
            break_it(&mut figure);
            figure.draw().err().expect("the figure must be refused").to_string()
        };
        assert!(refusal(|f| f.trials.clear()).contains("`trials` is empty"));
        assert!(refusal(|f| f.dt = 0.0).contains("`dt` is 0"));
        assert!(refusal(|f| f.trials[1].inputs[[3, 1]] = f32::NAN).contains("`trials[1].inputs` holds NaN"));
        assert!(
            refusal(|f| f.trials[0].loss_mask = Array2::zeros((4, 1)))
                .contains("`trials[0].loss_mask` has shape (4, 1)")
        );
        assert!(refusal(|f| f.trials[0].targets = Array2::zeros((0, 2))).contains("`trials[0].targets` is empty"));
        assert!(refusal(|f| f.trials[0].epochs[0].end = 100.0).contains("`stimulus` from 20 to 100 ms"));
    }
}
