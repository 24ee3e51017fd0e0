//! Networks with weights of one's own.

use candle_core::{DType, Device, Tensor};
use ndarray::Array2;
use nn4n_analysis::Network;
use nn4n_models::{Activation, Bias, Ctrnn, Form, ModelConfig};

/// alpha = 0.1: dt 10 ms, tau 100 ms.
pub fn network(form: Form, activation: Activation, w_rec: &Array2<f64>, w_in: &Array2<f64>, bias: &[f64]) -> Network {
    network_at(form, activation, w_rec, w_in, bias, 0.1)
}

/// With this `dt / tau`, tau 100 ms.
fn network_at(
    form: Form,
    activation: Activation,
    w_rec: &Array2<f64>,
    w_in: &Array2<f64>,
    bias: &[f64],
    alpha: f64,
) -> Network {
    let (units, inputs) = (w_rec.nrows(), w_in.ncols());
    let config = ModelConfig::vanilla(inputs, units, 1)
        .form(form)
        .activation(activation)
        .autapses(true)
        .dt(100.0 * alpha)
        .tau(100.0)
        .b_rec(Bias::Trained(0.0.into()));
    let mut tensors = Ctrnn::init(&config, 0, DType::F64, &Device::Cpu).unwrap().tensors().unwrap();
    let tensor = |array: &Array2<f64>| {
        Tensor::from_vec(array.iter().copied().collect::<Vec<_>>(), array.dim(), &Device::Cpu).unwrap()
    };
    tensors.insert("w_rec".into(), tensor(w_rec));
    tensors.insert("w_in".into(), tensor(w_in));
    tensors.insert("b_rec".into(), Tensor::new(bias, &Device::Cpu).unwrap());
    Network::of(&Ctrnn::from_tensors(&config, tensors, DType::F64, &Device::Cpu).unwrap()).unwrap()
}

/// Without input that matters, and without bias.
pub fn autonomous(form: Form, activation: Activation, w_rec: &Array2<f64>) -> Network {
    network(form, activation, w_rec, &Array2::zeros((w_rec.nrows(), 1)), &vec![0.0; w_rec.nrows()])
}

/// The same with another `dt / tau`.
pub fn autonomous_at(form: Form, activation: Activation, w_rec: &Array2<f64>, alpha: f64) -> Network {
    network_at(form, activation, w_rec, &Array2::zeros((w_rec.nrows(), 1)), &vec![0.0; w_rec.nrows()], alpha)
}
