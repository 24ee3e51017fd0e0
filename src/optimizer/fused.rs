//! The updates in one pass over a parameter, its gradient and its moments, in place, on the CPU. They round as the
//! separate operations do.

use candle_core::{DType, Result, Tensor, bail};
use nn4n_models::{
    Parameter,
    host::{self, Real},
};
use pulp::{Arch, Simd, WithSimd};

/// `w <- w - rate plastic . direction`
pub(super) fn descend(parameter: &Parameter, direction: &Tensor, rate: f64) -> Result<()> {
    fn in_place<T: Real>(parameter: &Parameter, direction: &Tensor, rate: f64) -> Result<()> {
        let rate = T::from_f64(-rate);
        host::change_from(&parameter.var, [direction, &multiplier(parameter, direction)?], |w: &mut [T], [d, p]| {
            match parameter.plastic {
                Some(_) => host::map(w, [d, d, p], |w, [d, _, p]| w + d * rate * p),
                None => host::map(w, [d; 3], |w, [d, ..]| w + d * rate),
            }
            Ok(())
        })
    }
    match parameter.var.dtype() {
        DType::F64 => in_place::<f64>(parameter, direction, rate),
        _ => in_place::<f32>(parameter, direction, rate),
    }
}

/// `v <- decay v + g`
pub(super) fn decay_and_add(velocity: &Tensor, decay: f64, gradient: &Tensor) -> Result<()> {
    fn in_place<T: Real>(velocity: &Tensor, decay: f64, gradient: &Tensor) -> Result<()> {
        let decay = T::from_f64(decay);
        host::change_from(velocity, [gradient, gradient], |v: &mut [T], [g, _]| {
            host::map(v, [g; 3], |v, [g, ..]| v * decay + g);
            Ok(())
        })
    }
    match velocity.dtype() {
        DType::F64 => in_place::<f64>(velocity, decay, gradient),
        _ => in_place::<f32>(velocity, decay, gradient),
    }
}

/// The multiplier of each element's update, or a tensor in its place if there is none.
fn multiplier(parameter: &Parameter, otherwise: &Tensor) -> Result<Tensor> {
    parameter.plastic.as_ref().unwrap_or(otherwise).contiguous()
}

/// The numbers of one step of Adam.
#[derive(Clone, Copy)]
pub(super) struct Adam {
    pub betas: [f64; 2],
    /// `-lr / (1 - beta1^t)`
    pub rate: f64,
    /// `1 / (1 - beta2^t)`
    pub square_scale: f64,
    pub epsilon: f64,
    /// `lr weight_decay`
    pub decay: f64,
}

impl Adam {
    /// Updates the moments `m`, `v` of a parameter, and the parameter with them.
    pub(super) fn apply(self, parameter: &Parameter, gradient: &Tensor, moments: [&Tensor; 2]) -> Result<()> {
        match (parameter.var.dtype(), &parameter.plastic) {
            (DType::F64, Some(_)) => self.in_place::<f64, true>(parameter, gradient, moments),
            (DType::F64, None) => self.in_place::<f64, false>(parameter, gradient, moments),
            (_, Some(_)) => self.in_place::<f32, true>(parameter, gradient, moments),
            (_, None) => self.in_place::<f32, false>(parameter, gradient, moments),
        }
    }

    fn in_place<T: Real, const PLASTIC: bool>(
        self,
        parameter: &Parameter,
        gradient: &Tensor,
        [m, v]: [&Tensor; 2],
    ) -> Result<()> {
        let numbers = [self.betas[0], 1.0 - self.betas[0], self.betas[1], 1.0 - self.betas[1]];
        let [beta1, weight1, beta2, weight2] = numbers.map(T::from_f64);
        let [rate, square_scale, epsilon, decay] =
            [self.rate, self.square_scale, self.epsilon, self.decay].map(T::from_f64);
        let element = |w: &mut T, m: &mut T, v: &mut T, g: T, p: T| {
            *m = *m * beta1 + g * weight1;
            *v = *v * beta2 + g * g * weight2;
            let change = *m * rate / ((*v * square_scale).sqrt() + epsilon) - *w * decay;
            *w += if PLASTIC { change * p } else { change };
        };
        host::change_from(&parameter.var, [gradient, &multiplier(parameter, gradient)?], |w: &mut [T], [g, p]| {
            host::change(m, |m: &mut [T]| {
                host::change(v, |v: &mut [T]| {
                    if [m.len(), v.len()] != [w.len(); 2] {
                        bail!(
                            "moments of {} and {} numbers are not those of `{}`, which has {}",
                            m.len(),
                            v.len(),
                            parameter.path(),
                            w.len()
                        );
                    }
                    host::split([w, m, v], 1, |start, [w, m, v]| {
                        let range = start..start + w.len();
                        Arch::new().dispatch(Elements {
                            w,
                            m,
                            v,
                            g: &g[range.clone()],
                            p: &p[range],
                            element: &element,
                        });
                    });
                    Ok(())
                })
            })
        })
    }
}

struct Elements<'a, T, F> {
    w: &'a mut [T],
    m: &'a mut [T],
    v: &'a mut [T],
    g: &'a [T],
    p: &'a [T],
    element: &'a F,
}

impl<T: Real, F: Fn(&mut T, &mut T, &mut T, T, T)> WithSimd for Elements<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let values = self.w.iter_mut().zip(self.m).zip(self.v).zip(self.g).zip(self.p);
        for ((((w, m), v), g), p) in values {
            (self.element)(w, m, v, *g, *p);
        }
    }
}
