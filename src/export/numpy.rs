//! A Python program that runs the network with NumPy alone; what it looks like is in `network.py`.
//!
//! ```text
//! run(inputs, x0=None, noise_seed=None) -> outputs, states, rates        python net.py IN.npz OUT.npz
//! ```
//!
//! It holds the equation of this network and no other. It computes in f64, and its noise has the same distribution as
//! here, but other draws.

use base64::{Engine, engine::general_purpose::STANDARD};
use candle_core::{DType, Tensor};
use nn4n_models::{Form, NoiseScaling, Readout};

use super::{
    plain::{Plain, uniform},
    python::{Library, fill, string, strings},
};
use crate::{
    error::{Error, Result},
    simulate::host,
};

const TEMPLATE: &str = include_str!("network.py");

const CURRENT: &str = "    x_t = (1 - alpha) x_{t-1} + alpha (W_rec r_{t-1} + W_in u_t + b_rec) + s xi_t
    r_t = f(x_t) + sigma_post zeta_t                          from r_0 = f(x_0)";

const CURRENT_STEP: &str = "        current = r @ W_REC.T + inputs[:, t] @ W_IN.T + B_REC
        x = (1 - ALPHA) * x + ALPHA * current
        if noise:
            x = x + S * noise.standard_normal(x.shape)
        r = activation(x)
        if noise:
            r = r + SIGMA_POST * noise.standard_normal(r.shape)";

const RATE: &str = "    x_t = (1 - alpha) x_{t-1} + alpha f(W_rec r_{t-1} + W_in u_t + b_rec + s xi_t)
    r_t = x_t + sigma_post zeta_t                             from r_0 = x_0";

const RATE_STEP: &str = "        current = r @ W_REC.T + inputs[:, t] @ W_IN.T + B_REC
        if noise:
            current = current + S * noise.standard_normal(current.shape)
        x = r = (1 - ALPHA) * x + ALPHA * activation(current)
        if noise:
            r = x + SIGMA_POST * noise.standard_normal(x.shape)";

const BLEND: &str = "    x_t = f((1 - alpha) x_{t-1} + alpha (W_rec r_{t-1} + W_in u_t + b_rec) + s xi_t)
    r_t = x_t + sigma_post zeta_t                             from r_0 = x_0";

const BLEND_STEP: &str = "        current = r @ W_REC.T + inputs[:, t] @ W_IN.T + B_REC
        x = (1 - ALPHA) * x + ALPHA * current
        if noise:
            x = x + S * noise.standard_normal(x.shape)
        x = r = activation(x)
        if noise:
            r = x + SIGMA_POST * noise.standard_normal(x.shape)";

const STACKED_CURRENT: &str = "    x^l_t = (1 - alpha) x^l_{t-1} + alpha (W^l_rec r^l_{t-1} + W^l_in r^{l-1}_t + \
    b_rec) + s xi_t          in layer l, r^0 = u
    r^l_t = f(x^l_t) + sigma_post zeta_t                      from r_0 = f(x_0); W_REC holds W_rec and, left of it, \
        W_in of the layers above the first";

const STACKED_CURRENT_STEP: &str =
    "        for units in {{LAYERS}}:  # from the inputs on: the layer below has the rates of this step
            current = r @ W_REC.T + inputs[:, t] @ W_IN.T + B_REC
            after = (1 - ALPHA) * x + ALPHA * current
            if noise:
                after = after + S * noise.standard_normal(x.shape)
            x[:, units] = after[:, units]
            r[:, units] = activation(x)[:, units]
            if noise:
                r[:, units] += (SIGMA_POST * noise.standard_normal(r.shape))[:, units]";

const STACKED_RATE: &str = "    x^l_t = (1 - alpha) x^l_{t-1} + alpha f(W^l_rec r^l_{t-1} + W^l_in r^{l-1}_t + b_rec \
    + s xi_t)         in layer l, r^0 = u
    r^l_t = x^l_t + sigma_post zeta_t                         from r_0 = x_0; W_REC holds W_rec and, left of it, W_in \
        of the layers above the first";

const STACKED_RATE_STEP: &str =
    "        for units in {{LAYERS}}:  # from the inputs on: the layer below has the rates of this step
            current = r @ W_REC.T + inputs[:, t] @ W_IN.T + B_REC
            if noise:
                current = current + S * noise.standard_normal(current.shape)
            after = (1 - ALPHA) * x + ALPHA * activation(current)
            x[:, units] = r[:, units] = after[:, units]
            if noise:
                r[:, units] += (SIGMA_POST * noise.standard_normal(r.shape))[:, units]";

const STACKED_BLEND: &str = "    x^l_t = f((1 - alpha) x^l_{t-1} + alpha (W^l_rec r^l_{t-1} + W^l_in r^{l-1}_t + \
    b_rec) + s xi_t)         in layer l, r^0 = u
    r^l_t = x^l_t + sigma_post zeta_t                         from r_0 = x_0; W_REC holds W_rec and, left of it, W_in \
        of the layers above the first";

const STACKED_BLEND_STEP: &str =
    "        for units in {{LAYERS}}:  # from the inputs on: the layer below has the rates of this step
            current = r @ W_REC.T + inputs[:, t] @ W_IN.T + B_REC
            after = (1 - ALPHA) * x + ALPHA * current
            if noise:
                after = after + S * noise.standard_normal(x.shape)
            x[:, units] = r[:, units] = activation(after)[:, units]
            if noise:
                r[:, units] += (SIGMA_POST * noise.standard_normal(r.shape))[:, units]";

const SOFTMAX: &str = "    z = np.exp(z - z.max(-1, keepdims=True))
    return z / z.sum(-1, keepdims=True)";

/// The program.
pub(super) fn program(plain: &Plain) -> Result<String> {
    let config = plain.config();
    let (equation, start, step) = match (config.kind.has_layers(), config.form) {
        (true, Form::Current) => (STACKED_CURRENT, "activation(x).copy()", STACKED_CURRENT_STEP),
        (true, Form::Rate) => (STACKED_RATE, "x.copy()", STACKED_RATE_STEP),
        (true, Form::Blend) => (STACKED_BLEND, "x.copy()", STACKED_BLEND_STEP),
        (false, Form::Current) => (CURRENT, "activation(x)", CURRENT_STEP),
        (false, Form::Rate) => (RATE, "x", RATE_STEP),
        (false, Form::Blend) => (BLEND, "x", BLEND_STEP),
    };
    let layers: Vec<String> =
        plain.network.units().areas.iter().map(|layer| format!("slice({}, {})", layer.start, layer.end)).collect();
    let (readout_equation, readout) = match config.nonlinearity() {
        Readout::Linear => ("W_out r_t + b_out", "    return z"),
        Readout::Sigmoid => ("1 / (1 + exp(-(W_out r_t + b_out)))", "    return 0.5 + 0.5 * np.tanh(0.5 * z)"),
        Readout::Softmax => ("softmax(W_out r_t + b_out)", SOFTMAX),
    };
    let amplitude = match (config.noise_scaling, config.form) {
        (NoiseScaling::PerStep, _) => "SIGMA_REC  # s",
        (NoiseScaling::Continuous, Form::Current | Form::Blend) => "np.sqrt(2 * ALPHA) * SIGMA_REC  # s",
        (NoiseScaling::Continuous, Form::Rate) => "np.sqrt(2 / ALPHA) * SIGMA_REC  # s",
    };
    let dtype = if plain.network.dtype() == DType::F64 { "<f8" } else { "<f4" };
    let record = &plain.header.task;
    let mut texts = vec![
        ("KIND", config.kind.to_string()),
        ("EQUATION", equation.into()),
        ("READOUT_EQUATION", readout_equation.into()),
        ("START", start.into()),
        ("STEP", fill(step, &[("LAYERS", format!("({},)", layers.join(", ")))])),
        ("ACTIVATION", Library::Numpy.activation(&plain.activations, "    ")),
        ("READOUT", readout.into()),
        ("TASK", string(&record.id)),
        ("INPUTS", strings(&record.inputs)),
        ("OUTPUTS", strings(&record.outputs)),
        ("N_UNITS", plain.tau.len().to_string()),
        ("N_INPUTS", config.inputs.to_string()),
        ("N_OUTPUTS", config.outputs.to_string()),
        ("DT", format!("{:?}", config.dt)),
        ("DTYPE", dtype.into()),
        ("AMPLITUDE", amplitude.into()),
        ("SIGMA_REC", per_unit(&plain.sigma_rec)),
        ("SIGMA_POST", per_unit(&plain.sigma_post)),
    ];
    for (name, tensor) in [
        ("TAU", &plain.vector(plain.tau.clone())?),
        ("W_IN", &plain.w_in),
        ("W_REC", &plain.w_rec),
        ("W_OUT", &plain.w_out),
        ("B_REC", &plain.b_rec),
        ("B_OUT", &plain.b_out),
        ("X0", &plain.x0),
    ] {
        texts.push((name, literal(tensor)?));
    }
    Ok(fill(TEMPLATE, &texts))
}

/// One number, or an array of one per unit.
fn per_unit(values: &[f64]) -> String {
    match uniform(values) {
        Some(value) => format!("{value:?}"),
        None => format!("np.array({values:?})"),
    }
}

/// Little-endian numbers in base64, in lines of a readable length.
fn literal(tensor: &Tensor) -> Result<String> {
    const LINE: usize = 120;
    let bytes: Vec<u8> = match tensor.dtype() {
        DType::F64 => host::<f64>(tensor)?.view().iter().flat_map(|value| value.to_le_bytes()).collect(),
        DType::F32 => host::<f32>(tensor)?.view().iter().flat_map(|value| value.to_le_bytes()).collect(),
        other => return Err(Error::shape("tensor", format!("is of type {other:?}; a program needs F32 or F64"))),
    };
    let text = STANDARD.encode(bytes);
    if text.len() <= LINE {
        return Ok(format!("\"{text}\""));
    }
    let lines: Vec<&str> =
        (0..text.len()).step_by(LINE).map(|start| &text[start..text.len().min(start + LINE)]).collect();
    Ok(format!("\"\"\"\n{}\n\"\"\"", lines.join("\n")))
}
