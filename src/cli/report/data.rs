//! Figures as tables: what is drawn, in numbers.

use ndarray::Array2;
use nn4n_analysis::{Decoding, geometry::Pca};
use nn4n_models::CellType;

use crate::{
    plot::{
        CurvePanels, EigenvaluePlane, LearningCurve, LesionRow, LesionTable, Psychometric, Schematic, SchematicPlace,
        StateSpace, TimeCourses, Trajectories, TrialFigure,
    },
    report::{Csv, digits},
};

/// Digits of most numbers, of those that are many, and of those that are very many.
const DIGITS: usize = 6;
const FEW: usize = 4;
const FEWEST: usize = 3;

fn number(value: f64) -> String {
    digits(value, DIGITS)
}

pub fn schematic(figure: &Schematic) -> Csv {
    let place = |place: SchematicPlace| match place {
        SchematicPlace::Input(i) => {
            figure.inputs.get(i).map_or(String::new(), |bundle| format!("input {}", bundle.name))
        }
        SchematicPlace::Output(i) => {
            figure.outputs.get(i).map_or(String::new(), |bundle| format!("output {}", bundle.name))
        }
        SchematicPlace::Population { area, population } => population_name(figure, area, population),
    };
    let mut csv = Csv::new("projections.csv", ["from", "to", "strength"]);
    for projection in &figure.projections {
        csv.row([place(projection.from), place(projection.to), number(projection.strength)]);
    }
    csv
}

/// The area and the cell type, as far as there are any.
fn population_name(figure: &Schematic, area: usize, population: usize) -> String {
    let Some(found) = figure.areas.get(area) else { return String::new() };
    let cell_type = match found.populations.get(population).and_then(|population| population.cell_type) {
        Some(CellType::Excitatory) => "excitatory",
        Some(CellType::Inhibitory) => "inhibitory",
        None => "units",
    };
    if found.name.is_empty() { cell_type.into() } else { format!("{} {cell_type}", found.name) }
}

pub fn learning_curve(figure: &LearningCurve) -> Csv {
    let mut csv = Csv::new("learning.csv", ["of", "update", "loss", "performance"]);
    for (update, loss) in &figure.training_loss {
        csv.row(["batch".into(), update.to_string(), number(*loss), String::new()]);
    }
    for (update, loss) in &figure.loss {
        let performance = figure.performance.iter().find(|(known, _)| known == update);
        let performance = performance.map_or(String::new(), |(_, found)| number(*found));
        csv.row(["validation".into(), update.to_string(), number(*loss), performance]);
    }
    csv
}

pub fn psychometric(figure: &Psychometric) -> Csv {
    let mut csv = Csv::new("psychometric.csv", ["curve", "value", "chose_first", "trials"]);
    for curve in &figure.curves {
        for point in &curve.points {
            let counts = [point.n_choice_1, point.n_trials].map(|count| count.to_string());
            csv.row([curve.name.clone(), number(point.value)].into_iter().chain(counts));
        }
    }
    csv
}

/// A row for each point.
pub fn curves(name: &str, figure: &CurvePanels) -> Csv {
    let mut csv = Csv::new(name, ["panel", "curve", "x", "y", "low", "high"]);
    for panel in &figure.panels {
        for series in &panel.series {
            for point in &series.points {
                let numbers = [point.x, point.y, point.low, point.high].map(number);
                csv.row([panel.title.clone(), series.name.clone()].into_iter().chain(numbers));
            }
        }
    }
    csv
}

/// A row for each bin of each measure.
pub fn decoding(name: &str, found: &Decoding) -> Csv {
    let head = ["measure", "time_ms", "value", "low", "high", "chance", "chance_low", "chance_high", "p_corrected"];
    let mut csv = Csv::new(name, head.into_iter().chain(["trials"]));
    for course in found.courses() {
        for (bin, time) in found.time_ms.iter().enumerate() {
            let of_bin = [
                &course.value,
                &course.low,
                &course.high,
                &course.chance,
                &course.chance_low,
                &course.chance_high,
                &course.p_corrected,
            ]
            .map(|values| number(values[bin]));
            let start = [course.measure.to_owned(), number(*time)].into_iter();
            csv.row(start.chain(of_bin).chain([found.trials[bin].to_string()]));
        }
    }
    csv
}

/// A row for each step of each trial: inputs, outputs, targets, rates.
pub fn trials(figure: &TrialFigure) -> Csv {
    let units: Vec<usize> = figure.groups.iter().flat_map(|group| group.units.iter().copied()).collect();
    let named = |what: &str, names: &[String]| names.iter().map(|name| format!("{what} {name}")).collect::<Vec<_>>();
    let head = [
        vec!["trial".to_owned(), "time_ms".to_owned()],
        named("input", &figure.input_names),
        named("output", &figure.output_names),
        named("target", &figure.output_names),
        units.iter().map(|unit| format!("unit{unit}")).collect(),
    ]
    .concat();
    let mut csv = Csv::new("trials.csv", head.iter().map(String::as_str));
    for (place, trial) in figure.trials.iter().enumerate() {
        for step in 0..trial.rates.nrows() {
            let row = |array: &Array2<f32>| array.row(step).to_vec();
            let channels = [row(&trial.inputs), row(&trial.outputs), row(&trial.targets)].concat();
            let rates = units.iter().map(|unit| digits(f64::from(trial.rates[[step, *unit]]), FEWEST));
            let start = [place.to_string(), number(step as f64 * figure.dt)].into_iter();
            csv.row(start.chain(channels.iter().map(|value| digits(f64::from(*value), FEW))).chain(rates));
        }
    }
    csv
}

/// A row for each step, a column for each line.
pub fn time_courses(figure: &TimeCourses) -> Csv {
    let lines = || figure.panels.iter().flat_map(|panel| panel.lines.iter().map(move |line| (&panel.title, line)));
    let head: Vec<String> = lines().map(|(title, line)| format!("{title}: {}", line.name)).collect();
    let mut csv = Csv::new("rates.csv", std::iter::once("time_ms").chain(head.iter().map(String::as_str)));
    let steps = lines().map(|(_, line)| line.values.len()).max().unwrap_or(0);
    for step in 0..steps {
        let value = |line: &Vec<f64>| digits(line.get(step).copied().unwrap_or(f64::NAN), FEW);
        let time = number((step as f64 + 0.5) * figure.dt);
        csv.row(std::iter::once(time).chain(lines().map(|(_, line)| value(&line.values))));
    }
    csv
}

pub fn components(found: &Pca) -> Csv {
    let mut csv = Csv::new("components.csv", ["component", "explained_variance_ratio"]);
    for (place, ratio) in found.explained_variance_ratio.iter().enumerate() {
        csv.row([(place + 1).to_string(), number(*ratio)]);
    }
    csv
}

/// A row for each state.
pub fn trajectories(figure: &Trajectories) -> Csv {
    let axes = figure.axes.iter().map(|axis| axis.name.as_str());
    let mut csv = Csv::new("trajectories.csv", ["condition", "step"].into_iter().chain(axes));
    for line in &figure.lines {
        for (step, state) in line.states.outer_iter().enumerate() {
            let words = [line.name.clone(), step.to_string()];
            csv.row(words.into_iter().chain(state.iter().map(|value| digits(*value, FEW))));
        }
    }
    csv
}

/// A row for each state of a trajectory, then for each point.
pub fn state_space(figure: &StateSpace) -> Csv {
    let axes = figure.axes.iter().map(|axis| axis.name.as_str());
    let mut csv = Csv::new("state_space.csv", ["what", "number", "step"].into_iter().chain(axes));
    for (place, states) in figure.trajectories.iter().enumerate() {
        for (step, state) in states.outer_iter().enumerate() {
            let words = ["trajectory".to_owned(), place.to_string(), step.to_string()];
            csv.row(words.into_iter().chain(state.iter().map(|value| digits(*value, FEW))));
        }
    }
    for (place, point) in figure.points.iter().enumerate() {
        let words = [format!("{} point", point.kind.name()), place.to_string(), String::new()];
        csv.row(words.into_iter().chain(point.at.iter().map(|value| number(*value))));
    }
    csv
}

pub fn eigenvalues(name: &str, figure: &EigenvaluePlane) -> Csv {
    let mut csv = Csv::new(name, ["of", "real", "imaginary"]);
    for series in &figure.series {
        for (re, im) in &series.values {
            csv.row([series.name.clone(), number(*re), number(*im)]);
        }
    }
    csv
}

/// The matrix: a row for each receiving unit.
pub fn weights(w_rec: &Array2<f32>) -> Csv {
    let head: Vec<String> = (0..w_rec.ncols()).map(|unit| format!("from{unit}")).collect();
    let mut csv = Csv::new("weights.csv", std::iter::once("to").chain(head.iter().map(String::as_str)));
    for (unit, row) in w_rec.outer_iter().enumerate() {
        let weights = row.iter().map(|weight| digits(f64::from(*weight), FEW));
        csv.row(std::iter::once(unit.to_string()).chain(weights));
    }
    csv
}

pub fn lesions(figure: &LesionTable) -> Csv {
    let head = ["without", "value", "low", "high", "control", "control_low", "control_high"];
    let mut csv = Csv::new("performance_without.csv", head);
    for LesionRow { name, value, control } in std::iter::once(&figure.intact).chain(&figure.lesions) {
        let own = [value.mean, value.low, value.high].map(number);
        let control = control
            .map_or([const { String::new() }; 3], |control| [control.mean, control.low, control.high].map(number));
        csv.row(std::iter::once(name.clone()).chain(own).chain(control));
    }
    csv
}
