//! Backward through time.
//!
//! With `g_t` the gradient with respect to the state's drive (below), `h_t` the one that arrives at the rates from
//! outside, `D(v)` the diagonal matrix of `v`:
//!
//! ```text
//! dr_t = h_t + W_out^T dz_t + W_rec^T D(alpha) g_{t+1}
//! current form   g_t = f'(x_t) dr_t + leak g_{t+1}                    = dL/dx_t
//! rate form      dx_t = dr_t + leak dx_{t+1},  g_t = f'(c_t) dx_t
//! blend form     g_t = f'(a_t) (dr_t + leak g_{t+1})                  = dL/da_t, x_t = f(a_t)
//!
//! dW_rec = D(alpha) sum g_t r_{t-1}^T      dW_in = D(alpha) sum g_t u_t^T
//! db_rec = D(alpha) sum g_t                dW_out = sum dz_t r_t^T
//! dleak  = sum dx_t x_{t-1} (blend form: g_t)   ds = sum g_t xi_t (rate form: D(alpha))
//! dalpha = sum g_t c_t (current and blend form: the rows of `W . sum g r^T` summed, so that no current is kept),
//!          sum dx_t d_t (rate form)
//! ```

use super::{
    awake::keep_awake,
    buffer::Pool,
    dims::Dims,
    element::Element,
    equation::{Equation, Parameters},
    gradients::{Arriving, Gradients, Remembered, TrialGradients, Wanted},
    omega::{Counted, Omega, Tally},
    pass::{BackwardPass, ForwardPass, PackedBackward, PackedForward},
    rows::add,
    tree::Tree,
};
use crate::config::Form;

/// The gradients of a pass, with what is asked of Omega.
pub(crate) fn backward<T: Element>(
    pool: &Pool<T>,
    dims: Dims,
    equation: &Equation<T>,
    parameters: &Parameters<T>,
    arriving: &Arriving<T>,
    wanted: Wanted,
    omega: Option<Omega<T>>,
) -> Gradients<T> {
    let go_back = |counted| go_back(pool, dims, equation, parameters, arriving, wanted, counted);
    let Some(omega) = omega else { return go_back(None) };
    let expected = omega.expected(dims, arriving.logits);
    let gradients = go_back(Some(omega.counted(expected)));
    match gradients.omega.count {
        // No step that counts has no gradient of Omega, either.
        0 => gradients,
        count if count == expected => gradients,
        count => {
            drop(gradients);
            go_back(Some(omega.counted(count)))
        }
    }
}

/// One way back through the pass.
fn go_back<T: Element>(
    pool: &Pool<T>,
    dims: Dims,
    equation: &Equation<T>,
    parameters: &Parameters<T>,
    arriving: &Arriving<T>,
    wanted: Wanted,
    omega: Option<Counted<T>>,
) -> Gradients<T> {
    let weights = PackedBackward::new(pool, dims, parameters, wanted.inputs);
    let per_trial = |wanted: bool| vec![T::zero(); if wanted { dims.trials * dims.units } else { 0 }];
    let mut inputs = vec![T::zero(); if wanted.inputs { arriving.inputs.len() } else { 0 }];
    let (mut start_state, mut start_rate) = (per_trial(wanted.start), per_trial(wanted.start));
    let (mut alpha, mut leak, mut recurrent_noise) =
        (per_trial(wanted.tau), per_trial(wanted.tau), per_trial(wanted.tau));
    let mut tallies = vec![Tally::default(); if omega.is_some() { dims.trials } else { 0 }];
    let by_trial = TrialGradients {
        inputs: &mut inputs,
        start_state: &mut start_state,
        start_rate: &mut start_rate,
        alpha: &mut alpha,
        leak: &mut leak,
        recurrent_noise: &mut recurrent_noise,
        omega: &mut tallies,
    };
    let unread = Dims { outputs: 0, ..dims };
    let forward_weights = matches!(arriving.activity, Remembered::Anchors { .. })
        .then(|| PackedForward::new(pool, unread, &Parameters { w_out: &[], b_out: &[], ..*parameters }));
    let again = forward_weights.as_ref().map(|weights| ForwardPass {
        pool,
        dims: unread,
        equation,
        weights,
        inputs: arriving.inputs,
    });
    let pass =
        BackwardPass { pool, dims, equation, parameters, weights: &weights, arriving, again: again.as_ref(), omega };
    let sums = Tree::new(&pass).sum(0..dims.trials, by_trial);
    keep_awake(dims.trials);
    drop((weights, forward_weights));

    let mut gradients = sums.into_gradients(dims, parameters);
    if wanted.tau {
        gradients.alpha = match equation.form {
            Form::Current | Form::Blend => current_times_gradient(dims, parameters, &gradients),
            Form::Rate => over_trials(&alpha, dims.units),
        };
        gradients.leak = over_trials(&leak, dims.units);
        gradients.recurrent_noise = over_trials(&recurrent_noise, dims.units);
        if equation.form == Form::Rate {
            // The noise stands inside `alpha f(..)`.
            gradients
                .recurrent_noise
                .iter_mut()
                .zip(parameters.alpha)
                .for_each(|(gradient, alpha)| *gradient *= *alpha);
        }
    }
    let shared = parameters.start_state.len() == dims.units && dims.trials > 1;
    let fold = |values: Vec<T>| if shared && wanted.start { over_trials(&values, dims.units) } else { values };
    Gradients {
        start_state: fold(start_state),
        start_rate: fold(start_rate),
        inputs,
        omega: Tally::of(&tallies),
        ..gradients
    }
}

/// `sum g c` of each unit, where `c = W_rec r + W_in u + b_rec`, from the gradients of these parameters, which are
/// `alpha` times the sums of `g r`, `g u` and `g`.
fn current_times_gradient<T: Element>(dims: Dims, parameters: &Parameters<T>, gradients: &Gradients<T>) -> Vec<T> {
    let Dims { units, inputs, .. } = dims;
    let dot = |values: &[T], gradients: &[T]| values.iter().zip(gradients).fold(T::zero(), |sum, (a, b)| sum + *a * *b);
    let rows = |values: &[T], gradients: &[T], unit: usize, len: usize| {
        dot(&values[unit * len..][..len], &gradients[unit * len..][..len])
    };
    (0..units)
        .map(|unit| {
            let synapses = rows(parameters.w_rec, &gradients.w_rec, unit, units)
                + rows(parameters.w_in, &gradients.w_in, unit, inputs);
            let bias = parameters.b_rec.get(unit).map_or(T::zero(), |bias| *bias * gradients.b_rec[unit]);
            (synapses + bias) / parameters.alpha[unit]
        })
        .collect()
}

/// The sum of (trials, units) over trials, in their order.
fn over_trials<T: Element>(values: &[T], units: usize) -> Vec<T> {
    let mut sum = vec![T::zero(); units];
    for row in values.chunks_exact(units) {
        add(&mut sum, row);
    }
    sum
}
