//! Forward passes agree with an independent implementation in NumPy (`golden/generate.py`).

use std::{collections::BTreeMap, path::Path};

use candle_core::{DType, Device, Tensor};
use nn4n_models::{Ctrnn, ModelConfig, StepNoise};

use crate::npz::{self, distance};

const PLACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");

/// Every golden network with its arrays.
fn networks(dtype: DType) -> Vec<(String, Ctrnn, BTreeMap<String, Tensor>)> {
    let text = std::fs::read_to_string(Path::new(PLACE).join("networks.json")).unwrap();
    let configs: BTreeMap<String, ModelConfig> = serde_json::from_str(&text).unwrap();
    assert_eq!(configs.len(), 11);
    let load = |(name, config): (String, ModelConfig)| {
        let arrays = npz::read(&Path::new(PLACE).join(format!("{name}.npz")));
        let tensors =
            arrays.iter().filter_map(|(key, tensor)| Some((key.strip_prefix("tensor.")?.to_string(), tensor.clone())));
        let model = Ctrnn::from_tensors(&config, tensors.collect(), dtype, &Device::Cpu)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, model, arrays)
    };
    configs.into_iter().map(load).collect()
}

fn expect(name: &str, what: &str, got: &Tensor, arrays: &BTreeMap<String, Tensor>, tolerance: f64) {
    let worst = distance(got, &arrays[what]);
    assert!(worst <= tolerance, "{name}: {what} differ by {worst:e}, more than {tolerance:e}");
}

fn unrolls_agree(dtype: DType, tolerance: f64) {
    for (name, model, arrays) in networks(dtype) {
        let trajectory = model.unroll(&arrays["inputs"].to_dtype(dtype).unwrap(), None, None).unwrap();
        expect(&name, "quiet.states", &trajectory.states().unwrap(), &arrays, tolerance);
        expect(&name, "quiet.rates", &trajectory.rates().unwrap(), &arrays, tolerance);
        expect(&name, "quiet.outputs", &trajectory.outputs, &arrays, tolerance);
    }
}

fn noisy_steps_agree(dtype: DType, tolerance: f64) {
    for (name, model, arrays) in networks(dtype) {
        let array = |what: &str| arrays[what].to_dtype(dtype).unwrap();
        let (inputs, xi, zeta) = (array("inputs"), array("xi"), array("zeta"));
        let (batch, steps, _) = inputs.dims3().unwrap();
        let effective = model.effective().unwrap();
        let mut state = model.start(batch).unwrap();
        let (mut states, mut rates) = (Vec::new(), Vec::new());
        for step in 0..steps {
            let noise = StepNoise { recurrent: Some(xi.get(step).unwrap()), post: Some(zeta.get(step).unwrap()) };
            let input = inputs.narrow(1, step, 1).unwrap().squeeze(1).unwrap();
            state = model.step(&effective, &state, &input, &noise).unwrap();
            states.push(state.state.clone());
            rates.push(state.rate.clone());
        }
        let rates = Tensor::stack(&rates, 1).unwrap();
        expect(&name, "noisy.states", &Tensor::stack(&states, 1).unwrap(), &arrays, tolerance);
        expect(&name, "noisy.rates", &rates, &arrays, tolerance);
        expect(&name, "noisy.outputs", &model.readout(&effective, &rates).unwrap().1, &arrays, tolerance);
    }
}

#[test]
fn unrolls_agree_with_numpy_to_1e_12_in_f64() {
    unrolls_agree(DType::F64, 1e-12);
}

#[test]
fn unrolls_agree_with_numpy_to_1e_5_in_f32() {
    unrolls_agree(DType::F32, 1e-5);
}

#[test]
fn steps_under_given_noise_agree_with_numpy_to_1e_12_in_f64() {
    noisy_steps_agree(DType::F64, 1e-12);
}

#[test]
fn steps_under_given_noise_agree_with_numpy_to_1e_5_in_f32() {
    noisy_steps_agree(DType::F32, 1e-5);
}
