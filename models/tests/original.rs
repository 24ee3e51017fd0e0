//! Networks of other programs give the same numbers here.
//!
//! Networks saved by the original nn4n (PyTorch; `original/convert.py`) give the same outputs, rates and gradients
//! here.
//!
//! The original starts at zero, gives noise per step, has two biases per unit (of its input and its hidden layer) whose
//! sum acts, keeps signs by clamping, and lets gradients flow to absent synapses, which its projection then removes;
//! here those have none.

use std::{collections::BTreeMap, iter::zip, path::Path};

use candle_core::{DType, Device, Tensor};
use nn4n_models::{
    Area, Bias, Ctrnn, Dale, Form, Init, MatrixConfig, ModelConfig, NoiseScaling, Parameter, ReadoutFrom, Result,
    SignRule, Start, Values,
};

use crate::npz;

struct Original(BTreeMap<String, Tensor>);

impl Original {
    fn read(name: &str) -> Self {
        Self(npz::read(&Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/original")).join(format!("{name}.npz"))))
    }

    fn rows(&self, name: &str) -> Vec<Vec<f64>> {
        self.0[name].to_vec2().unwrap()
    }

    fn vector(&self, name: &str) -> Vec<f64> {
        self.0[name].to_vec1().unwrap()
    }

    /// Explicit weights, with the layer's mask if it has one.
    fn matrix(&self, layer: &str) -> MatrixConfig {
        let masked = self.0.contains_key(&format!("sparsity_masks.{layer}"));
        let connectivity = masked.then(|| {
            self.rows(&format!("sparsity_masks.{layer}"))
                .iter()
                .map(|row| row.iter().map(|entry| *entry as u8).collect())
                .collect()
        });
        MatrixConfig {
            init: Some(Init::Array(self.rows(&format!("{layer}_layer.weight")))),
            connectivity,
            ..MatrixConfig::default()
        }
    }

    /// What both networks have in common.
    fn complete(&self, config: ModelConfig) -> ModelConfig {
        config
            .tau(100.0)
            .dt(10.0)
            .noise_scaling(NoiseScaling::PerStep)
            .start(Start::Zero)
            .autapses(true)
            .w_in(MatrixConfig { signs: Some(SignRule::Free), ..self.matrix("input") })
            .w_rec(self.matrix("hidden"))
            .w_out(self.matrix("readout"))
    }

    fn vanilla() -> (Self, ModelConfig) {
        let original = Self::read("vanilla_relu");
        let config = original.complete(ModelConfig::vanilla(3, 40, 2));
        (original, config)
    }

    fn multi_area() -> (Self, ModelConfig) {
        let original = Self::read("multi_area_ei");
        let biases = original
            .vector("input_layer.bias")
            .iter()
            .zip(original.vector("hidden_layer.bias"))
            .map(|(a, b)| a + b)
            .collect();
        let areas = [Area::ei("one", 20, 0.8), Area::ei("two", 30, 0.8), Area::ei("three", 14, 0.8)];
        let config = ModelConfig::multi_area(5, 3, areas)
            .feedforward(1.0)
            .feedback(1.0)
            .projection("one", "three", 1.0)
            .projection("three", "one", 1.0)
            .dale(Dale::Clamped)
            .readout_from(ReadoutFrom::Excitatory)
            .b_rec(Bias::Trained(Values::Each(biases)))
            .b_out(Bias::Trained(Values::Each(original.vector("readout_layer.bias"))));
        let config = original.complete(config);
        (original, config)
    }

    /// The gradient the original reports for a parameter, without that of absent synapses.
    fn gradient(&self, parameter: &Parameter) -> Tensor {
        let layer = match parameter.name {
            "w_in" => "input",
            "w_rec" | "b_rec" => "hidden",
            _ => "readout",
        };
        let kind = if parameter.name.starts_with("w_") { "weight" } else { "bias" };
        let gradient = self.0[&format!("grad.{layer}_layer.{kind}")].clone();
        match self.0.get(&format!("sparsity_masks.{layer}")) {
            Some(mask) if kind == "weight" => (gradient * mask).unwrap(),
            _ => gradient,
        }
    }

    fn compare(&self, config: &ModelConfig, dtype: DType, trained: &[&str]) -> Result<()> {
        let array = |name: &str| self.0[name].to_dtype(dtype);
        let model = Ctrnn::init(config, 0, dtype, &Device::Cpu)?;
        let trajectory = model.unroll(&array("inputs")?, None, None)?;
        let rates = npz::distance(&trajectory.rates()?, &array("rates")?);
        let outputs = npz::distance(&trajectory.outputs, &array("outputs")?);
        assert!(rates < 1e-5 && outputs < 1e-5, "rates differ by {rates:e}, outputs by {outputs:e}");

        let grads = (trajectory.outputs - array("targets")?)?.sqr()?.mean_all()?.backward()?;
        let parameters = model.parameters()?;
        assert_eq!(parameters.iter().map(|parameter| parameter.name).collect::<Vec<_>>(), trained);
        for parameter in parameters {
            let wanted = self.gradient(&parameter);
            let largest = wanted.abs()?.flatten_all()?.max(0)?.to_scalar::<f64>()?;
            let distance = npz::distance(grads.get(&parameter.var).expect("a gradient"), &wanted);
            assert!(
                largest > 0.0 && distance < 1e-4 * largest,
                "{}: gradients differ by {distance:e} of {largest:e}",
                parameter.name
            );
        }
        Ok(())
    }
}

#[test]
fn the_originals_vanilla_network_is_reproduced() -> Result<()> {
    let (original, config) = Original::vanilla();
    original.compare(&config, DType::F32, &["w_in", "w_out", "w_rec"])?;
    original.compare(&config, DType::F64, &["w_in", "w_out", "w_rec"])
}

#[test]
fn the_originals_multi_area_ei_network_is_reproduced() -> Result<()> {
    let (original, config) = Original::multi_area();
    original.compare(&config, DType::F32, &["b_out", "b_rec", "w_in", "w_out", "w_rec"])?;
    original.compare(&config, DType::F64, &["b_out", "b_rec", "w_in", "w_out", "w_rec"])
}

#[test]
fn a_network_obeys_the_originals_masks_to_the_synapse() -> Result<()> {
    let (original, config) = Original::multi_area();
    let tensors = Ctrnn::init(&config, 0, DType::F64, &Device::Cpu)?.tensors()?;
    for (name, layer) in [("w_in", "input"), ("w_rec", "hidden"), ("w_out", "readout")] {
        assert_eq!(
            npz::distance(&tensors[&format!("connectivity.{name}")], &original.0[&format!("sparsity_masks.{layer}")]),
            0.0,
            "{name}"
        );
    }
    Ok(())
}

/// The module that the tutorials of neurogym and nn-brain print, with rates and outputs from NumPy in f64: the leak
/// within the rectification, as printed, and outside of it.
#[test]
fn the_ctrnn_of_the_tutorials_is_reproduced_in_both_its_forms() -> Result<()> {
    let tutorial = Original::read("ctrnn_tutorial");
    let matrix = |name: &str| MatrixConfig {
        init: Some(Init::Array(tutorial.rows(&format!("{name}.weight")))),
        ..MatrixConfig::default()
    };
    let [input, recurrent] = ["rnn.input2h.bias", "rnn.h2h.bias"].map(|name| tutorial.vector(name));
    let biases = zip(input, recurrent).map(|(a, b)| a + b).collect();
    let config = ModelConfig::vanilla(3, 50, 3)
        .tau(100.0)
        .dt(20.0)
        .autapses(true)
        .start(Start::Zero)
        .w_in(matrix("rnn.input2h"))
        .w_rec(matrix("rnn.h2h"))
        .w_out(matrix("fc"))
        .b_rec(Bias::Trained(Values::Each(biases)))
        .b_out(Bias::Trained(Values::Each(tutorial.vector("fc.bias"))));
    for form in [Form::Blend, Form::Rate] {
        let network = Ctrnn::init(&config.clone().form(form), 0, DType::F64, &Device::Cpu)?;
        let trajectory = network.unroll(&tutorial.0["inputs"], None, None)?;
        for (what, found) in [("rates", trajectory.rates()?), ("outputs", trajectory.outputs)] {
            let distance = npz::distance(&found, &tutorial.0[&format!("{what}_{form}")]);
            assert!(distance < 1e-5, "{what} in the {form} form differ by {distance:e}");
        }
    }
    Ok(())
}
