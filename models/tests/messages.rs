//! A description that breaks a rule is refused with a message that names the field, the rule, the value and the remedy.

use candle_core::{DType, Device, Tensor};
use nn4n_models::{
    Activation, Area, CellType, Ctrnn, EiCtrnn, Init, Kind, MatrixConfig, ModelConfig, Result, VanillaCtrnn,
};

/// The message for a TOML description, from its reading, its validation or its draw.
fn message(toml: &str) -> String {
    match toml::from_str::<ModelConfig>(toml) {
        Err(error) => error.to_string(),
        Ok(config) => config.draw(0, DType::F32).map_or_else(|error| error.to_string(), |_| "accepted".into()),
    }
}

#[test]
fn mistakes_in_toml_are_named() {
    let areas = "kind = \"multi_area\"\nareas = [{ name = \"a\", units = 4 }, { name = \"b\", units = 4 }]\n";
    let cases = [
        ("", "units = 4\ntaau = 50", vec!["unknown field `taau`", "`tau`"]),
        ("", "units = 4\ndt = 120", vec!["model.dt: = 120 ms exceeds `tau` = 100 ms; the Euler step needs dt <= tau"]),
        ("", "units = 4\ndt = 0", vec!["model.dt: must be > 0 ms, but is 0"]),
        ("", "units = 4\ntau = -1", vec!["model.tau: must be > 0 ms, but is -1"]),
        ("", "units = 4\ndensity = 1.5", vec!["model.density: must lie in [0, 1], but is 1.5"]),
        ("", "units = 4\ndensity = nan", vec!["model.density: must lie in [0, 1], but is NaN"]),
        ("", "units = 4\ndensity = { e_to_x = 0.5 }", vec!["expected a density in [0, 1] or { e_to_e = .."]),
        (
            "",
            "units = 4\ndensity = { e_to_e = 0.5 }",
            vec!["model.density: from `network` to `network` is given by cell type, but"],
        ),
        ("", "inputs = 1", vec!["model.units: is missing or 0", "units = 100"]),
        ("", "units = 1000000000000000", vec!["model.units: = 1000000000000000 exceeds 20000"]),
        ("", "units = 4\noutputs = 0", vec!["model.outputs: must be at least 1, but is 0"]),
        ("", "units = 4\nkind = \"multi\"", vec!["unknown variant `multi`", "`vanilla`, `ei`, `multi_area`"]),
        ("", "units = 4\nactivation = \"gelu\"", vec!["unknown activation `gelu`; known are linear, relu"]),
        ("", "units = 4\nactivation = \"power\"", vec!["`power` lacks its number"]),
        ("", "units = 4\ntau = { exitatory = 50 }", vec!["unknown field `exitatory`", "`excitatory`"]),
        ("", "units = 4\ntau = { excitatory = 50 }", vec!["give both `excitatory` and `inhibitory`"]),
        ("", "units = 4\ntau = { units = [50, 60] }", vec!["model.tau: lists 2 values for 4 units; give one per unit"]),
        (
            "",
            "units = 4\ntau = { excitatory = 50, inhibitory = 60 }",
            vec!["model.tau: is given by cell type, but some units have none"],
        ),
        ("", "units = 4\nsigma_rec = -0.1", vec!["model.sigma_rec: must be finite and >= 0, but is -0.1"]),
        ("", "units = 4\nb_rec = { constant = [1.0] }", vec!["model.b_rec: lists 1 values where 4 are needed"]),
        ("", "units = 4\nfeedforward = 0.5", vec!["model.feedforward: joins areas, but the kind has none"]),
        (
            "",
            "units = 4\nkind = \"ei\"\nexcitatory_fraction = 1.1",
            vec!["model.excitatory_fraction: must lie in [0, 1], but is 1.1"],
        ),
        (
            "",
            "units = 4\nkind = \"ei\"\nexcitatory_fraction = 0",
            vec!["model.output_groups[0].to: selects no unit", "`readout_from`"],
        ),
        (areas, "units = 9", vec!["model.units: is 9, but the areas sum to 8; leave `units` out or correct an area"]),
        (
            areas,
            "projections = [{ from = \"a\", to = \"c\", density = 1.0 }]",
            vec!["model.projections[0].to: names the area `c`", "areas are [a, b]"],
        ),
        (areas, "feedback = { e_to_e = 0.5 }", vec!["model.feedback: from `b` to `a` is given by cell type"]),
        (areas, "tau = { areas = { a = 50 } }", vec!["model.tau: has no value for the area `b`"]),
        (
            areas,
            "input_groups = [{ to = { areas = [\"x\"] } }]",
            vec!["model.input_groups[0].to.areas: names the area `x`", "areas are a, b"],
        ),
        (
            areas,
            "output_groups = [{ channels = [1], to = {} }]",
            vec!["model.output_groups[0].channels: names channel 1, but there are 1"],
        ),
        (areas, "output_groups = [{ channels = [], to = {} }]", vec!["model.output_groups[0].channels: is empty"]),
        (
            areas,
            "output_groups = [{ to = { range = [5, 2] } }]",
            vec!["model.output_groups[0].to.range: [5, 2] is not a non-empty range"],
        ),
        (areas, "output_groups = [{ to = { fraction = 0.01 } }]", vec!["model.output_groups[0].to: selects no unit"]),
        (
            areas,
            "w_rec = { fixed = [{ post = 8, pre = 0, weight = 1 }] }",
            vec!["model.w_rec.fixed[0]: is at [8, 0], outside the 8 x 8 matrix"],
        ),
        (areas, "w_rec = { plastic = 2 }", vec!["model.w_rec.plastic: must lie in [0, 1], but is 2"]),
        (areas, "w_rec = { balance = \"row\" }", vec!["model.w_rec.balance: needs excitatory and inhibitory units"]),
        (
            areas,
            "w_in = { spectral_radius = 1.5 }",
            vec!["model.w_in: has `spectral_radius` or `balance`, which belong to `w_rec`"],
        ),
        (
            areas,
            "density = 0\nw_rec = { spectral_radius = 1.5 }",
            vec!["model.w_rec.spectral_radius: = 1.5 cannot be reached"],
        ),
    ];
    for (prefix, text, wanted) in cases {
        let message = message(&format!("{prefix}{text}"));
        for part in wanted {
            assert!(message.contains(part), "`{text}` gives `{message}`, without `{part}`");
        }
    }
}

#[test]
fn matrices_of_a_wrong_shape_name_the_row_that_is_wrong() {
    let init = Some(Init::Array(vec![vec![0.0; 3], vec![0.0; 2], vec![0.0; 3]]));
    let config = ModelConfig::vanilla(1, 3, 1).w_rec(MatrixConfig { init, ..MatrixConfig::default() });
    let message = config.validate().unwrap_err().to_string();
    assert!(
        message.contains("must be 3 rows of 3 (postsynaptic by presynaptic), but has 3 rows, one of them of 2"),
        "{message}"
    );
}

#[test]
fn what_only_rust_can_say_wrongly_is_refused_too() {
    let sizes = ModelConfig::multi_area(1, 1, [Area::new("a", usize::MAX), Area::new("b", usize::MAX)]);
    assert!(sizes.validate().unwrap_err().to_string().contains("exceeds 20000"));
    let activation = ModelConfig::vanilla(1, 3, 1).activation(Activation::Power(0.5));
    assert!(activation.validate().unwrap_err().to_string().contains("exponent n >= 1"));
    let dtype = Ctrnn::init(&ModelConfig::vanilla(1, 3, 1), 0, DType::F16, &Device::Cpu).unwrap_err();
    assert!(dtype.to_string().contains("F16; a network needs F32 or F64"), "{dtype}");
    let kind = VanillaCtrnn::init(&ModelConfig::ei(1, 10, 1), 0, DType::F32, &Device::Cpu).unwrap_err();
    assert!(kind.to_string().starts_with("model.kind: is "), "{kind}");
}

#[test]
fn inputs_and_starts_of_a_wrong_shape_are_refused() -> Result<()> {
    let model = EiCtrnn::init(&ModelConfig::ei(2, 10, 1), 0, DType::F32, &Device::Cpu)?;
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu);
    for shape in [vec![1, 5, 3], vec![5, 2], vec![0, 5, 2], vec![1, 0, 2]] {
        let error = model.unroll(&zeros(&shape)?, None, None).unwrap_err().to_string();
        assert!(error.contains("(batch, steps, 2 inputs)"), "{shape:?}: {error}");
    }
    let start = model.start_from(&zeros(&[3, 10])?)?;
    let error = model.unroll(&zeros(&[4, 5, 2])?, Some(&start), None).unwrap_err().to_string();
    assert!(error.contains("[3, 10], but the inputs ask for (4 trials, 10 units)"), "{error}");
    assert!(model.start_from(&zeros(&[3, 9])?).unwrap_err().to_string().contains("must be (batch, 10 units)"));
    for dt in [0.0, -1.0, 101.0, f64::NAN] {
        assert!(model.with_dt(dt).unwrap_err().to_string().starts_with("model.dt: "));
    }
    Ok(())
}

#[test]
fn parts_that_a_network_does_not_have_are_refused_with_those_that_it_has() -> Result<()> {
    let network = |kind| Ctrnn::init(&ModelConfig::of_kind(kind, 1, 10, 1), 0, DType::F32, &Device::Cpu);
    let inputs = Tensor::zeros((2, 3, 1), DType::F32, &Device::Cpu)?;
    let (areas, layers) = (network(Kind::MultiArea)?, network(Kind::Stacked)?);
    let trajectory = areas.unroll(&inputs, None, None)?;
    assert_eq!(areas.area_rates(&trajectory, "motor")?.dims(), [2, 3, 5]);
    assert_eq!(areas.projection("motor", "sensory")?.dims(), [5, 5]);
    assert_eq!(areas.of_type(CellType::Inhibitory), [4, 9]);
    let message = |refused: Result<Tensor>| refused.unwrap_err().to_string();
    assert_eq!(message(areas.area_rates(&trajectory, "v5")), "there is no area `v5`; there are sensory, motor");
    assert_eq!(message(areas.projection("motor", "v5")), "there is no area `v5`; there are sensory, motor");
    assert_eq!(message(areas.layer_rates(&trajectory, "motor")), "there is no layer `motor`; there are none");
    let trajectory = layers.unroll(&inputs, None, None)?;
    assert_eq!(layers.layer_rates(&trajectory, "decision")?.dims(), [2, 3, 5]);
    assert_eq!(message(layers.layer_rates(&trajectory, "v5")), "there is no layer `v5`; there are sensory, decision");
    Ok(())
}

#[test]
fn the_smallest_networks_run_in_both_data_types() -> Result<()> {
    for dtype in [DType::F32, DType::F64] {
        for config in [
            ModelConfig::vanilla(0, 1, 1),
            ModelConfig::ei(0, 1, 1),
            ModelConfig::multi_area(1, 1, [Area::new("a", 1)]),
        ] {
            let model = Ctrnn::init(&config, 0, dtype, &Device::Cpu)?;
            let trajectory = model.unroll(
                &Tensor::ones((1, 1, config.inputs), dtype, &Device::Cpu)?,
                None,
                Some(nn4n_models::NoiseKey::new(0, 0)),
            )?;
            assert_eq!((trajectory.outputs.dims(), trajectory.outputs.dtype()), (&[1usize, 1, 1][..], dtype));
            trajectory.outputs.sum_all()?.backward()?;
        }
    }
    Ok(())
}
