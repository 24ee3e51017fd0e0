//! The structures of the original library's masks, each with its short description here, and exactly the synapses it
//! asks for.

use candle_core::DType;
use nn4n_models::{
    Activation, Area, Bias, CellType, ChannelGroup, Dale, Density, FixedSynapse, Init, Kind, LearnTau, MatrixConfig,
    ModelConfig, PerUnit, Plastic, ReadoutFrom, Start, UnitSet, Values,
};

type Mask = Vec<Vec<u8>>;

fn mask(config: &ModelConfig, name: &str) -> Mask {
    config.draw(5, DType::F32).unwrap_or_else(|error| panic!("{error}"))[&format!("connectivity.{name}")]
        .to_vec2()
        .unwrap()
}

fn count(mask: &Mask, posts: impl Iterator<Item = usize>, pres: impl Iterator<Item = usize> + Clone) -> usize {
    posts.map(|post| pres.clone().filter(|pre| mask[post][*pre] == 1).count()).sum()
}

/// Synapses from area to area of a network of areas of 10, 20 and 30 units, `[to][from]`.
fn blocks(config: &ModelConfig) -> [[usize; 3]; 3] {
    let mask = mask(config, "w_rec");
    let areas = [0..10, 10..30, 30..60];
    [0, 1, 2].map(|to: usize| [0, 1, 2].map(|from: usize| count(&mask, areas[to].clone(), areas[from].clone())))
}

/// Units with at least one synapse in a row (input) or a column (output).
fn receiving(config: &ModelConfig) -> Vec<usize> {
    let mask = mask(config, "w_in");
    (0..mask.len()).filter(|unit| mask[*unit].contains(&1)).collect()
}

fn read_out(config: &ModelConfig) -> Vec<usize> {
    let mask = mask(config, "w_out");
    (0..mask[0].len()).filter(|unit| mask.iter().any(|row| row[*unit] == 1)).collect()
}

fn three_areas() -> ModelConfig {
    ModelConfig::multi_area(2, 2, [Area::new("one", 10), Area::new("two", 20), Area::new("three", 30)])
}

fn three_ei_areas() -> ModelConfig {
    ModelConfig::multi_area(2, 2, [Area::ei("one", 10, 0.8), Area::ei("two", 20, 0.8), Area::ei("three", 30, 0.8)])
}

#[test]
fn multi_area_with_forward_and_backward_densities() {
    let config = three_areas().feedforward(0.5).feedback(0.25);
    assert_eq!(blocks(&config), [[90, 50, 0], [100, 380, 150], [0, 300, 870]]);
    assert_eq!(blocks(&config.autapses(true)), [[100, 50, 0], [100, 400, 150], [0, 300, 900]]);
}

#[test]
fn multi_area_with_forward_backward_and_within_densities() {
    let config = three_areas().feedforward(0.5).feedback(0.25).density(0.1);
    assert_eq!(blocks(&config), [[9, 50, 0], [100, 38, 150], [0, 300, 87]]);
}

#[test]
fn multi_area_with_a_full_matrix_of_densities() {
    let (names, matrix) = (["one", "two", "three"], [[1.0, 0.1, 0.2], [0.3, 0.5, 0.0], [0.01, 1.0, 0.0]]);
    let mut config = three_areas().autapses(true);
    for (to, row) in names.iter().zip(matrix) {
        for (from, density) in names.iter().zip(row) {
            config = config.projection(*from, *to, density);
        }
    }
    assert_eq!(blocks(&config), [[100, 20, 60], [60, 200, 0], [3, 600, 0]]);
}

#[test]
fn multi_area_with_any_number_of_equal_areas() {
    let config =
        ModelConfig::multi_area(1, 1, (0..5).map(|index| Area::new(format!("area {index}"), 4))).feedforward(1.0);
    let mask = mask(&config, "w_rec");
    assert_eq!(count(&mask, 0..20, 0..20), 5 * 12 + 4 * 16);
}

#[test]
fn multi_area_inputs_and_readouts_go_to_the_areas_named() {
    assert_eq!(receiving(&three_areas()), (0..10).collect::<Vec<_>>());
    assert_eq!(read_out(&three_areas()), (30..60).collect::<Vec<_>>());
    let config = three_areas()
        .input_group(ChannelGroup::all(UnitSet {
            areas: Some(vec!["one".into(), "three".into()]),
            ..UnitSet::default()
        }))
        .output_group(ChannelGroup::all(UnitSet::area("two")));
    assert_eq!(receiving(&config), (0..10).chain(30..60).collect::<Vec<_>>());
    assert_eq!(read_out(&config), (10..30).collect::<Vec<_>>());
}

#[test]
fn multi_area_ei_projects_from_and_to_the_cell_types_asked_for() {
    // Units of the second area: 16 E, 4 I; of the first: 8 E, 2 I.
    let (e, i) = (10..26, 26..30);
    for index in 0..4 {
        let on = |pair: usize| if pair == index { 0.5 } else { 0.0 };
        let mask = mask(
            &three_ei_areas().feedforward(Density::ByCellType {
                e_to_e: on(0),
                e_to_i: on(1),
                i_to_e: on(2),
                i_to_i: on(3),
            }),
            "w_rec",
        );
        let found = [
            count(&mask, e.clone(), 0..8),
            count(&mask, i.clone(), 0..8),
            count(&mask, e.clone(), 8..10),
            count(&mask, i.clone(), 8..10),
        ];
        let mut wanted = [0; 4];
        wanted[index] = [64, 16, 16, 4][index];
        assert_eq!(found, wanted);
    }
    let mask = mask(&three_ei_areas().feedforward(Density::excitatory(0.25)), "w_rec");
    assert_eq!((count(&mask, 10..30, 0..8), count(&mask, 10..30, 8..10)), (40, 0));
}

#[test]
fn multi_area_ei_has_the_excitatory_fraction_of_each_area_and_areas_without_cell_types() {
    let config = ModelConfig::multi_area(
        1,
        1,
        [Area::ei("a", 10, 0.8), Area::ei("b", 10, 0.5), Area::new("c", 3), Area::ei("d", 2, 1.0)],
    );
    let units = config.layout();
    assert_eq!(units.of_type(CellType::Excitatory), (0..8).chain(10..15).chain(23..25).collect::<Vec<_>>());
    assert_eq!(units.of_type(CellType::Inhibitory), (8..10).chain(15..20).collect::<Vec<_>>());
    config.draw(0, DType::F32).unwrap();
}

#[test]
fn multi_area_ei_reads_inhibitory_units_only_if_asked_to() {
    assert_eq!(read_out(&three_ei_areas()), (30..54).collect::<Vec<_>>());
    assert_eq!(read_out(&three_ei_areas().readout_from(ReadoutFrom::All)), (30..60).collect::<Vec<_>>());
}

#[test]
fn random_input_gives_each_fraction_exactly_and_keeps_the_two_apart_if_asked_to() {
    let config = |overlap: bool| {
        ModelConfig::vanilla(3, 50, 2)
            .density(0.2)
            .overlap(overlap)
            .input_group(ChannelGroup::all(UnitSet::fraction(0.4)))
            .output_group(ChannelGroup::all(UnitSet::fraction(0.6)))
    };
    for overlap in [true, false] {
        let (inputs, outputs) = (receiving(&config(overlap)), read_out(&config(overlap)));
        assert_eq!((inputs.len(), outputs.len()), (20, 30));
        assert_eq!(inputs.iter().any(|unit| outputs.contains(unit)), overlap);
        assert_eq!(count(&mask(&config(overlap), "w_rec"), 0..50, 0..50), 490);
    }
    let too_many = config(false)
        .output_group(ChannelGroup::all(UnitSet::fraction(0.7)))
        .draw(0, DType::F32)
        .unwrap_err()
        .to_string();
    assert!(too_many.contains("asks for 35 of 50 units, but only 30 may be used"), "{too_many}");
}

#[test]
fn without_inputs_no_unit_is_kept_from_the_readout() {
    assert_eq!(read_out(&ModelConfig::vanilla(0, 4, 1).overlap(false)), [0, 1, 2, 3]);
}

#[test]
fn multi_io_gives_every_group_of_channels_its_own_units() {
    let config = ModelConfig::vanilla(5, 30, 3)
        .input_group(ChannelGroup::of([0, 1], UnitSet::units(0..10)))
        .input_group(ChannelGroup { density: 0.5, ..ChannelGroup::of([2, 3, 4], UnitSet::units(10..30)) })
        .output_group(ChannelGroup::of([0], UnitSet::units([3, 4, 5])))
        .output_group(ChannelGroup::of([1, 2], UnitSet { range: Some([20, 30]), ..UnitSet::default() }));
    let (w_in, w_out) = (mask(&config, "w_in"), mask(&config, "w_out"));
    assert_eq!((count(&w_in, 0..10, 0..2), count(&w_in, 0..10, 2..5)), (20, 0));
    assert_eq!((count(&w_in, 10..30, 0..2), count(&w_in, 10..30, 2..5)), (0, 30));
    assert_eq!((count(&w_out, 0..1, 0..30), count(&w_out, 0..1, 3..6)), (3, 3));
    assert_eq!((count(&w_out, 1..3, 0..30), count(&w_out, 1..3, 20..30)), (20, 20));
}

#[test]
fn connectivity_restricts_and_fixed_synapses_exist_whatever_it_says() {
    let fixed = vec![FixedSynapse { post: 2, pre: 0, weight: 0.5 }];
    let connectivity = Some(vec![vec![0, 1, 1], vec![0, 0, 1], vec![0, 0, 0]]);
    let mask = mask(
        &ModelConfig::vanilla(1, 3, 1).w_rec(MatrixConfig { fixed, connectivity, ..MatrixConfig::default() }),
        "w_rec",
    );
    assert_eq!(mask, [[0, 1, 1], [0, 0, 1], [1, 0, 0]]);
}

#[test]
fn a_network_without_loops_keeps_its_weights_as_drawn() {
    // Its numerical eigenvalues are round-off; rescaled by them, the weights would be of order 1e5.
    let config = three_areas().density(0.0).feedforward(1.0);
    let weights = config.draw(0, DType::F64).unwrap()["w_rec"].abs().unwrap().flatten_all().unwrap().max(0).unwrap();
    assert!(weights.to_scalar::<f64>().unwrap() < 2.0);
    ModelConfig::vanilla(1, 1, 1).draw(0, DType::F64).unwrap();
}

#[test]
fn every_kind_has_a_network_for_any_size() {
    for kind in Kind::ALL {
        let config = ModelConfig::of_kind(kind, 3, 11, 2);
        assert_eq!((config.kind, config.inputs, config.n_units(), config.outputs), (kind, 3, 11, 2));
        let units = config.layout();
        assert_eq!(units.areas.len() > 1, kind.parts().is_some(), "{kind}");
        assert!(!kind.has_cell_types() || units.cell_types.iter().all(Option::is_some), "{kind}");
        config.draw(0, DType::F32).unwrap_or_else(|error| panic!("{kind}: {error}"));
    }
}

#[test]
fn toml_and_builder_say_the_same() {
    let toml = r#"
        kind = "multi_area"
        inputs = 3
        outputs = 2
        tau = { areas = { v1 = 50, mt = 80, pfc = 120 } }
        activation = { excitatory = "relu", inhibitory = "power(2)" }
        dt = 10
        dale = "clamped"
        density = 0.5
        feedforward = { e_to_e = 0.2, e_to_i = 0.1 }
        learn_tau = "shared"
        start = { trained = 0.2 }
        b_rec = { constant = [1, 2, 3, 4, 5, 6, 7, 8, 9] }
        areas = [ { name = "v1", units = 4, excitatory_fraction = 0.75 },
                  { name = "mt", units = 3, excitatory_fraction = 0.67 },
                  { name = "pfc", units = 2, excitatory_fraction = 0.5 } ]
        projections = [ { from = "pfc", to = "v1", density = { e_to_e = 0.05 } } ]
        input_groups = [ { channels = [0, 1], to = { areas = ["v1"], cell_type = "excitatory" } },
                         { channels = [2], to = { fraction = 0.5 } } ]

        [w_rec]
        init = { gamma = { shape = 2.0, mean = 0.1 } }
        fixed = [ { post = 1, pre = 0, weight = 0.3 } ]
        plastic = 0.5
    "#;
    let toml: ModelConfig = toml::from_str(toml).unwrap();
    let areas = [Area::ei("v1", 4, 0.75), Area::ei("mt", 3, 0.67), Area::ei("pfc", 2, 0.5)];
    let builder = ModelConfig::multi_area(3, 2, areas)
        .tau(PerUnit::ByArea {
            areas: [("v1", 50.0), ("mt", 80.0), ("pfc", 120.0)].map(|(area, tau)| (area.to_string(), tau)).into(),
        })
        .activation(PerUnit::ByCellType { excitatory: Activation::Relu, inhibitory: Activation::Power(2.0) })
        .dt(10.0)
        .dale(Dale::Clamped)
        .density(0.5)
        .feedforward(Density::ByCellType { e_to_e: 0.2, e_to_i: 0.1, i_to_e: 0.0, i_to_i: 0.0 })
        .learn_tau(LearnTau::Shared)
        .start(Start::Trained(0.2.into()))
        .b_rec(Bias::Constant(Values::Each((1..10).map(f64::from).collect())))
        .projection("pfc", "v1", Density::ByCellType { e_to_e: 0.05, e_to_i: 0.0, i_to_e: 0.0, i_to_i: 0.0 })
        .input_group(ChannelGroup::of([0, 1], UnitSet { cell_type: Some(CellType::Excitatory), ..UnitSet::area("v1") }))
        .input_group(ChannelGroup::of([2], UnitSet::fraction(0.5)))
        .w_rec(MatrixConfig {
            init: Some(Init::Gamma { shape: 2.0, mean: 0.1 }),
            fixed: vec![FixedSynapse { post: 1, pre: 0, weight: 0.3 }],
            plastic: Plastic::All(0.5),
            ..MatrixConfig::default()
        });
    assert_eq!(toml, builder);
    builder.draw(0, DType::F32).unwrap();
}
