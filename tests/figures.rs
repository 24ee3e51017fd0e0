//! Figures of what analyses find in networks whose dynamics are known.

use std::ops::ControlFlow;

use candle_core::{DType, Device, Tensor};
use ndarray::{Array2, array};
use nn4n::{
    analysis::{
        FixedPoints, Lyapunov, Network,
        fixed_points::{continuation, starts},
        flow_field::{FlowField, Plane},
        lyapunov,
        nonnormality::{Nonnormality, Pseudospectrum},
        structure::{Group, Structure},
    },
    models::{Activation, Ctrnn, Form, ModelConfig},
    plot::{
        Balance, BifurcationDiagram, EigenvaluePlane, Exponents, FlowFieldFigure, Growth, InputAxis, Projection,
        Schematic, SchematicPlace, StatePointKind, StateSpace, UnitGroup,
    },
};

/// Units x' = -x + 2 tanh(x) + w_in u that do not see one another: -1.915, 0 and 1.915 each without input.
fn uncoupled(w_in: &Array2<f64>) -> Ctrnn {
    let units = w_in.nrows();
    let config = ModelConfig::vanilla(1, units, 1)
        .form(Form::Current)
        .activation(Activation::Tanh)
        .autapses(true)
        .dt(10.0)
        .tau(100.0);
    let mut tensors = Ctrnn::init(&config, 0, DType::F64, &Device::Cpu).unwrap().tensors().unwrap();
    let w_rec = 2.0 * Array2::<f64>::eye(units);
    for (name, array) in [("w_rec", &w_rec), ("w_in", w_in)] {
        let values = array.iter().copied().collect::<Vec<_>>();
        tensors.insert(name.into(), Tensor::from_vec(values, array.dim(), &Device::Cpu).unwrap());
    }
    Ctrnn::from_tensors(&config, tensors, DType::F64, &Device::Cpu).unwrap()
}

fn find(network: &Network) -> FixedPoints {
    let driven = network.under(&[0.0]).unwrap();
    let starts = starts::in_box(&driven, 256, 1).unwrap();
    let watch = &mut |_| ControlFlow::Continue(());
    FixedPoints::find(&driven, &[0.0], starts.view(), &Default::default(), watch).unwrap()
}

/// Writes a figure in both formats; both are there.
fn saved(
    folder: &tempfile::TempDir,
    name: &str,
    save: impl Fn(std::path::PathBuf) -> Result<(), nn4n::plot::PlotError>,
) {
    for format in ["svg", "png"] {
        let path = folder.path().join(format!("{name}.{format}"));
        save(path.clone()).unwrap();
        assert!(std::fs::metadata(path).is_ok_and(|file| file.len() > 1000), "{name}.{format}");
    }
}

#[test]
fn points_of_two_units_are_drawn_by_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::of(&uncoupled(&array![[1.0], [0.0]])).unwrap();
    let (found, driven) = (find(&network), network.under(&[0.0]).unwrap());
    let connections = found.connections(&driven);
    // The first unit varies more than the second.
    let states = [array![[2.0, 0.0], [-2.0, 0.0]], array![[0.0, 1.0], [0.0, -1.0]]];
    let projection = Projection::principal(&states, 2).unwrap();
    let mut figure = StateSpace::of(&projection, &found, &connections, &states).unwrap();
    figure.arrow(&projection, "input", &[0.0, 0.0], &[1.0, 0.0]).unwrap();

    let kinds = |wanted| figure.points.iter().filter(|point| point.kind == wanted).count();
    assert_eq!((kinds(StatePointKind::Stable), kinds(StatePointKind::Unstable)), (4, 5));
    for (point, drawn) in found.points.iter().zip(&figure.points) {
        assert_eq!(drawn.modes.len(), point.unstable_dimensions);
        assert!((drawn.at[0] - point.x_star[0]).abs() < 1e-9 && (drawn.at[1] - point.x_star[1]).abs() < 1e-9);
    }
    let of_saddles = figure.links.iter().filter(|link| found.points[link.from].unstable_dimensions == 1);
    assert_eq!(of_saddles.clone().count(), 8, "two each");
    assert!(of_saddles.clone().all(|link| found.points[link.to].is_stable));
    // The selection vector leads along the first axis, by a third of the extent of 4.
    assert!((figure.arrows[0].to[0] - 0.35 * 4.0).abs() < 1e-9 && figure.arrows[0].to[1].abs() < 1e-9);
    saved(&folder, "states", |path| figure.save(path));

    let one = Projection::principal(&[array![[1.0], [0.0]]], 1).unwrap();
    let refused = StateSpace::of(&one, &found, &connections, &[]).unwrap_err().to_string();
    assert!(refused.contains("`points` has 2 units, but the projection has 1"), "{refused}");

    let plane = EigenvaluePlane::of(&found);
    let names: Vec<&str> = plane.series.iter().map(|series| series.name.as_str()).collect();
    assert_eq!(names, ["modes of 5 unstable fixed points", "modes of 4 stable fixed points"]);
    assert!(plane.series[1].values.iter().all(|value| (value.0 - 0.916_637_21).abs() < 1e-6));
    saved(&folder, "steps", |path| plane.save(path));
    let flow = EigenvaluePlane::in_continuous_time(&found).unwrap();
    assert!(flow.series[1].values.iter().all(|value| (value.0 + 8.336_279).abs() < 1e-5), "-0.8336 per 100 ms");
    let jacobian = &found.points[0].jacobian;
    let over = plane.over(&Pseudospectrum::of(jacobian, 20, 0.2).unwrap());
    saved(&folder, "pseudospectrum", |path| over.save(path));
    let growth = Growth::of(10.0, [("stable", &Nonnormality::of(jacobian, 20).unwrap())]);
    assert_eq!((growth.curves[0].growth.len(), growth.curves[0].growth[0]), (21, 1.0));
    saved(&folder, "growth", |path| growth.save(path));

    let plane = Plane::along(&[0.0; 2], &[1.0, 0.0], &[0.0, 1.0]).unwrap();
    let field = FlowField::of(&driven, &plane, (-3.0, 3.0), (-3.0, 3.0), 13);
    let mut flow = FlowFieldFigure::of(&field, ["unit 1", "unit 2"]);
    flow.points = figure.points;
    saved(&folder, "flow", |path| flow.save(path));
}

#[test]
fn the_fold_of_one_unit_is_where_it_is_known_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let network = Network::of(&uncoupled(&array![[1.0]])).unwrap();
    let branches: Vec<_> = find(&network)
        .points
        .iter()
        .map(|point| continuation::branch(&network, &[0.0], &[1.0], &point.x_star, &Default::default()).unwrap())
        .collect();
    let input = InputAxis { name: "input".into(), from: 0.0, to: 2.0 };
    let figure = BifurcationDiagram::of(&branches, &input, "state", |x| x[0]);
    assert!(!figure.bifurcations.is_empty());
    for fold in &figure.bifurcations {
        assert_eq!(fold.name, "fold");
        // On an axis of twice the length.
        assert!((fold.x - 2.0 * 0.532_839_98).abs() < 1e-5, "{fold:?}");
    }
    let points = || figure.branches.iter().flat_map(|branch| &branch.points);
    assert!(points().all(|point| (0.0..=2.0).contains(&point.x)), "branches end where the axis does");
    assert!(points().any(|point| point.x == 2.0 && point.is_stable));
    saved(&folder, "bifurcations", |path| figure.save(path));

    let settings = lyapunov::Settings { exponents: 1, steps: 200, ..Default::default() };
    let watch = &mut |_| ControlFlow::Continue(());
    let found = Lyapunov::of(&network.under(&[0.0]).unwrap(), 10.0, &[1.0], &settings, watch).unwrap();
    let figure = Exponents::of(&found);
    // ln 0.91663721 in 10 ms.
    assert!((figure.exponents[0] - 0.916_637_21f64.ln() * 100.0).abs() < 1e-3, "{figure:?}");
    assert_eq!(figure.remark, "Kaplan-Yorke dimension 0.00 of 1");
    saved(&folder, "exponents", |path| figure.save(path));
}

#[test]
fn a_schematic_has_the_strengths_of_the_weights() {
    let folder = tempfile::tempdir().unwrap();
    let network = uncoupled(&array![[1.0], [-3.0]]);
    let figure = Schematic::of(&network, None).unwrap();
    let units = SchematicPlace::Population { area: 0, population: 0 };
    let strength = |from, to| -> Vec<f64> {
        figure.projections.iter().filter(|p| (p.from, p.to) == (from, to)).map(|p| p.strength).collect()
    };
    assert_eq!(strength(SchematicPlace::Input(0), units), [0.5, -1.5], "mean over two units");
    assert_eq!(strength(units, units), [2.0]);
    assert_eq!(figure.inputs[0].name, "input", "without a task channels have no names");
    saved(&folder, "schematic", |path| figure.save(path));

    let groups = UnitGroup::of(&network);
    let named: Vec<Group> =
        groups.iter().map(|group| Group { name: group.name.clone(), units: group.units.clone() }).collect();
    let structure = Structure::of(&Network::of(&network).unwrap().joined_weights(), &named).unwrap();
    let balance = Balance::of(&structure, &groups);
    assert_eq!((balance.excitation.as_slice(), balance.inhibition.as_slice()), (&[2.0, 2.0][..], &[0.0, 0.0][..]));
    saved(&folder, "balance", |path| balance.save(path));
    let plane = EigenvaluePlane::of_weights(&structure);
    assert_eq!(plane.series[0].values, [(2.0, 0.0), (2.0, 0.0)]);
    saved(&folder, "weights", |path| plane.save(path));
}
