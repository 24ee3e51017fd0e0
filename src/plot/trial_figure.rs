//! A few trials side by side: what went in, what the units did, what came out.

use std::path::Path;

use ndarray::{Array2, Axis, Zip};

use super::canvas::{Canvas, Stroke};
use super::channel_looks::looks;
use super::color_scale::ColorScale;
use super::error::{require, require_finite, require_some};
use super::save::save;
use super::style::{THICK, cell_size, darker};
use super::trial_layout;
use super::trial_rows::{
    CHANNELS, Column, Content, Course, Key, Layer, Row, TrialGrid, are_lines, channel_strokes, heat_height,
};
use super::unit_group::validate_groups;
use super::{PlotError, UnitGroup};

/// Width that the longest trial comes close to.
const COLUMN: f64 = 210.0;
/// Height of all rate panels together and of the smallest of them.
const RATES: f64 = 230.0;
const SMALLEST: f64 = 30.0;

/// Inputs, rates and outputs of a few trials, one column per trial.
///
/// Rates are heatmaps with one colour scale for all groups and trials. Up to seven input or output channels are lines,
/// targets dashed, unless they jump too often to be followed; more are heatmaps, the targets in a row of their own.
/// Lines of the same value take turns, dash by dash. Step `k` covers the time from `k dt` to `(k + 1) dt`, for which
/// inputs and targets hold.
#[derive(Clone, Debug)]
pub struct TrialFigure {
    /// Integration step, ms.
    pub dt: f64,
    /// Names of the input channels, length `inputs`; a network may have none.
    pub input_names: Vec<String>,
    /// Names of the output channels, length `outputs`.
    pub output_names: Vec<String>,
    /// One rate panel per group, from top to bottom; for example E and I, or one per area. A unit appears at most once.
    pub groups: Vec<UnitGroup>,
    /// How the units of a group are sorted, in words; empty where there is nothing to say.
    pub order: String,
    /// Columns from left to right. Durations may differ.
    pub trials: Vec<TrialPanel>,
}

/// One trial. All arrays have one row per step, (time, channels or units).
#[derive(Clone, Debug)]
pub struct TrialPanel {
    /// Heading of the column, for example `coherence +12.8 %`; each of its lines is a line of the figure.
    pub title: String,
    /// Whether the answer is right, where it is right or wrong; a wrong one is marked.
    pub correct: Option<bool>,
    /// Task periods, in order.
    pub epochs: Vec<EpochSpan>,
    /// Inputs, (time, inputs).
    pub inputs: Array2<f32>,
    /// Rates, (time, units).
    pub rates: Array2<f32>,
    /// Network outputs, (time, outputs).
    pub outputs: Array2<f32>,
    /// Targets, (time, outputs).
    pub targets: Array2<f32>,
    /// Loss weighting, (time, outputs); a target is drawn only where this is above 0.
    pub loss_mask: Array2<f32>,
}

/// A task period of one trial, in ms from the start of the trial.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochSpan {
    /// Name, for example `stimulus`.
    pub name: String,
    /// First moment, ms.
    pub start: f64,
    /// Last moment, ms.
    pub end: f64,
}

impl TrialFigure {
    /// Writes the figure to `path`, `.svg` or `.png`.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        save(path.as_ref(), || self.draw())
    }

    pub(super) fn draw(&self) -> Result<Canvas, PlotError> {
        self.validate()?;
        let columns = self.trials.iter().map(|trial| Column {
            title: &trial.title,
            mark: (trial.correct == Some(false)).then_some("error"),
            epochs: &trial.epochs,
            n_steps: trial.n_steps(),
        });
        Ok(trial_layout::draw(&TrialGrid {
            dt: self.dt,
            width: COLUMN,
            shaded: false,
            columns: columns.collect(),
            note: self.order.clone(),
            rows: self.rows(),
        }))
    }

    /// Inputs, one row per group of units, outputs.
    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        if !self.input_names.is_empty() {
            rows.push(self.input_row());
        }
        rows.extend(self.rate_rows());
        rows.extend(self.output_rows());
        rows
    }

    fn input_row(&self) -> Row {
        let (names, values) = (&self.input_names, self.arrays(|trial| trial.inputs.clone()));
        if are_lines(&values) {
            let [looks, _] = looks([names, &self.output_names]);
            let strokes = channel_strokes(&looks, 1.0);
            let legend = names.iter().cloned().zip(strokes.iter().copied()).collect();
            return Row::lines("Inputs", vec![Layer::whole(values, strokes, Course::Steps)], legend);
        }
        let scale = ColorScale::channels(values.iter().flatten().copied());
        Row::channels("Inputs", values, names, scale, heat_height(names.len(), CHANNELS))
    }

    /// Rates of all groups have one scale, whose bar is beside the first.
    fn rate_rows(&self) -> Vec<Row> {
        let rates = |group: &UnitGroup| self.arrays(|trial| trial.rates.select(Axis(1), &group.units));
        let all: Vec<Vec<Array2<f32>>> = self.groups.iter().map(rates).collect();
        let scale = ColorScale::rates(all.iter().flatten().flatten().copied());
        let common = cell_size(RATES, self.groups.iter().map(|group| group.units.len()).sum());
        let sizes = self.groups.iter().map(|group| {
            let n = group.units.len();
            if common * (n as f64) < SMALLEST { cell_size(SMALLEST, n) } else { common }
        });
        let cells: Vec<f64> = sizes.collect();
        let heights: Vec<f64> =
            self.groups.iter().zip(&cells).map(|(group, cell)| cell * group.units.len() as f64).collect();
        let row = |(i, values): (usize, Vec<Array2<f32>>)| Row {
            name: self.groups[i].name.clone(),
            content: Content::Heat { values, scale, cell: cells[i], what: "units", groups: Vec::new() },
            key: if i == 0 { Key::Bar { label: "Rate (a.u.)", height: heights.iter().sum() } } else { Key::Nothing },
            height: heights[i],
            joined: i > 0,
        };
        all.into_iter().enumerate().map(row).collect()
    }

    fn output_rows(&self) -> Vec<Row> {
        let (names, outputs, targets) = (
            &self.output_names,
            self.arrays(|trial| trial.outputs.clone()),
            self.arrays(|trial| trial.targets.clone()),
        );
        let loss_masks = self.arrays(|trial| trial.loss_mask.clone());
        let has_targets = loss_masks.iter().flatten().any(|weight| *weight > 0.0);
        if are_lines(&targets) {
            let [_, looks] = looks([&self.input_names, names]);
            let strokes = channel_strokes(&looks, THICK);
            let target_strokes = looks.iter().map(|look| Stroke::dashed(darker(look.color), THICK)).collect::<Vec<_>>();
            let mut legend: Vec<(String, Stroke)> = names.iter().cloned().zip(strokes.iter().copied()).collect();
            if has_targets {
                legend.push(("target".to_owned(), target_strokes[0]));
            }
            let layers = vec![
                Layer::whole(outputs, strokes, Course::Line),
                Layer::of_targets(targets, &loss_masks, true, target_strokes),
            ];
            return vec![Row::lines("Outputs", layers, legend)];
        }
        let graded = |(target, mask): (&Array2<f32>, &Array2<f32>)| {
            Zip::from(target).and(mask).map_collect(|target, weight| if *weight > 0.0 { *target } else { 0.0 })
        };
        let targets: Vec<Array2<f32>> = targets.iter().zip(&loss_masks).map(graded).collect();
        // Outputs and targets share a scale, so that they can be compared.
        let scale = ColorScale::channels(outputs.iter().chain(&targets).flatten().copied());
        let height = heat_height(names.len(), CHANNELS);
        let mut rows = vec![Row::channels("Outputs", outputs, names, scale, height)];
        if has_targets {
            rows.push(Row::channels("Targets", targets, names, scale, height));
        }
        rows
    }

    fn arrays(&self, of: impl Fn(&TrialPanel) -> Array2<f32>) -> Vec<Array2<f32>> {
        self.trials.iter().map(of).collect()
    }

    fn validate(&self) -> Result<(), PlotError> {
        require(self.dt.is_finite() && self.dt > 0.0, "dt", || {
            format!("is {}; it must be a time above 0 ms", self.dt)
        })?;
        require_some("output_names", self.output_names.len())?;
        require_some("trials", self.trials.len())?;
        let n_units = self.trials[0].rates.ncols();
        validate_groups(&self.groups, n_units)?;
        for (i, trial) in self.trials.iter().enumerate() {
            trial.validate(&format!("trials[{i}]"), self, n_units)?;
        }
        Ok(())
    }
}

impl TrialPanel {
    /// Number of steps.
    pub(super) fn n_steps(&self) -> usize {
        self.rates.nrows()
    }

    fn validate(&self, name: &str, figure: &TrialFigure, n_units: usize) -> Result<(), PlotError> {
        let n_steps = self.n_steps();
        require_some(&format!("{name}.rates"), self.rates.len())?;
        let n_outputs = figure.output_names.len();
        for (field, array, columns) in [
            ("inputs", &self.inputs, figure.input_names.len()),
            ("rates", &self.rates, n_units),
            ("outputs", &self.outputs, n_outputs),
            ("targets", &self.targets, n_outputs),
            ("loss_mask", &self.loss_mask, n_outputs),
        ] {
            let field = format!("{name}.{field}");
            require(array.dim() == (n_steps, columns), &field, || {
                format!("has shape {:?}; the rates and the channel names ask for {:?}", array.dim(), (n_steps, columns))
            })?;
            require_finite(&field, array.iter().map(|&v| f64::from(v)))?;
        }
        require_epochs(&format!("{name}.epochs"), &self.epochs, n_steps as f64 * figure.dt)
    }
}

/// Fails unless every epoch lies within a trial of this duration, ms.
pub(super) fn require_epochs(field: &str, epochs: &[EpochSpan], duration: f64) -> Result<(), PlotError> {
    for epoch in epochs {
        // Epochs are given in ms and may miss the last step by rounding.
        let holds = epoch.start >= 0.0 && epoch.start <= epoch.end && epoch.end <= duration * (1.0 + 1e-6);
        require(holds, field, || {
            format!(
                "has `{}` from {} to {} ms; it must lie within the trial, 0 to {duration} ms",
                epoch.name, epoch.start, epoch.end
            )
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two trials of 4 and 6 steps with 3 units.
    fn figure(n_channels: usize) -> TrialFigure {
        let trial = |n_steps: usize| TrialPanel {
            title: format!("{n_steps} steps"),
            correct: Some(n_steps == 4),
            epochs: vec![EpochSpan { name: "stimulus".to_owned(), start: 20.0, end: 60.0 }],
            inputs: Array2::from_elem((n_steps, n_channels), 0.5),
            rates: Array2::from_elem((n_steps, 3), 1.0),
            outputs: Array2::from_elem((n_steps, 2), 0.25),
            targets: Array2::ones((n_steps, 2)),
            loss_mask: Array2::from_shape_fn((n_steps, 2), |(step, _)| f32::from(u8::from(step > 1))),
        };
        TrialFigure {
            dt: 20.0,
            input_names: (0..n_channels).map(|i| format!("in {i}")).collect(),
            output_names: vec!["left".to_owned(), "right".to_owned()],
            groups: vec![
                UnitGroup { name: "Exc".to_owned(), units: vec![0, 2] },
                UnitGroup { name: "Inh".to_owned(), units: vec![1] },
            ],
            order: "sorted by preference".to_owned(),
            trials: vec![trial(4), trial(6)],
        }
    }

    fn refusal(break_it: impl FnOnce(&mut TrialFigure)) -> String {
        let mut figure = figure(2);
        break_it(&mut figure);
        figure.draw().err().expect("the figure must be refused").to_string()
    }

    #[test]
    fn the_figure_names_trials_epochs_groups_channels_and_targets() {
        let svg = figure(2).draw().unwrap().into_svg();
        for label in [
            "4 steps",
            "6 steps",
            ">stimulus<",
            ">Exc<",
            ">2 units<",
            ">Inh<",
            ">in 1<",
            ">left<",
            ">target<",
            ">error<",
            ">sorted by preference<",
            "Rate (a.u.)",
            "Time (ms)",
        ] {
            assert!(svg.contains(label), "{label} is missing from {svg}");
        }
    }

    #[test]
    fn many_channels_are_a_heatmap_with_a_count_and_no_legend() {
        let svg = figure(40).draw().unwrap().into_svg();
        assert!(svg.contains(">40 channels<") && !svg.contains(">in 1<"), "{svg}");
    }

    #[test]
    fn a_pulse_of_one_step_is_as_wide_as_a_step() {
        let mut figure = figure(1);
        figure.trials.iter_mut().for_each(|trial| trial.inputs.fill(0.0));
        figure.trials[1].inputs[[2, 0]] = 1.0;
        let svg = figure.draw().unwrap().into_svg();
        // The x of the corners of a line: `M x y L x y ..`.
        let corners = |line: &str| -> Vec<f64> {
            let numbers = line.split_whitespace().filter_map(|word| word.parse().ok());
            numbers.step_by(2).collect()
        };
        let step = cell_size(COLUMN, 6);
        let is_pulse = |line: &str| {
            let x = corners(line);
            x.len() == 6 && x[1..5] == [x[0] + 2.0 * step, x[0] + 2.0 * step, x[0] + 3.0 * step, x[0] + 3.0 * step]
        };
        assert!(svg.split('"').any(is_pulse), "{svg}");
    }

    #[test]
    fn bits_that_flip_again_and_again_are_strips_of_cells_with_their_names() {
        let mut figure = figure(2);
        for trial in &mut figure.trials {
            let flips = |n_steps: usize| Array2::from_shape_fn((n_steps, 2), |(step, _)| (step % 2) as f32);
            let long = 40;
            *trial = TrialPanel {
                inputs: flips(long),
                targets: flips(long),
                outputs: flips(long),
                loss_mask: Array2::ones((long, 2)),
                rates: Array2::ones((long, 3)),
                ..trial.clone()
            };
        }
        let svg = figure.draw().unwrap().into_svg();
        for label in [">Targets<", ">in 1<", ">left<"] {
            assert!(svg.contains(label), "{label} is missing from {svg}");
        }
        assert!(!svg.contains(">target<"), "{svg}");
    }

    #[test]
    fn without_inputs_there_is_no_row_for_them() {
        let svg = figure(0).draw().unwrap().into_svg();
        assert!(svg.contains(">Outputs<") && !svg.contains(">Inputs<"), "{svg}");
    }

    #[test]
    fn targets_outside_the_loss_mask_are_neither_drawn_nor_named() {
        let mut masked = figure(2);
        masked.trials.iter_mut().for_each(|t| t.loss_mask.fill(0.0));
        assert!(!masked.draw().unwrap().into_svg().contains(">target<"));
    }

    #[test]
    fn data_that_do_not_fit_together_are_refused_by_name() {
        assert!(refusal(|f| f.trials.clear()).contains("`trials` is empty"));
        assert!(refusal(|f| f.dt = f64::NAN).contains("`dt` is NaN"));
        assert!(refusal(|f| f.trials[1].rates[[3, 2]] = f32::NAN).contains("`trials[1].rates` holds NaN"));
        assert!(
            refusal(|f| f.trials[0].targets = Array2::zeros((4, 1))).contains("`trials[0].targets` has shape (4, 1)")
        );
        assert!(refusal(|f| f.trials[0].rates = Array2::zeros((0, 3))).contains("`trials[0].rates` is empty"));
        assert!(refusal(|f| f.trials[0].epochs[0].end = 100.0).contains("`stimulus` from 20 to 100 ms"));
        assert!(refusal(|f| f.groups[0].units.push(3)).contains("3 units"));
    }
}
