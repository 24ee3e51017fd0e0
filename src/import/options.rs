//! What the user adds to a file that does not say everything about its network.

use std::fmt::Display;

use nn4n_models::{Activation, Form};

use super::{Format, Refused};

/// Settings of an import. What a file says itself may be repeated here, but not contradicted.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The format that the file must have; `None` takes the one that its content shows.
    pub format: Option<Format>,
    /// A task of the registry that the network was trained on; its channels must fit.
    pub task: Option<String>,
    /// Form of the equation.
    pub form: Option<Form>,
    /// Activation function.
    pub activation: Option<Activation>,
    /// Integration step, ms.
    pub dt: Option<f64>,
    /// Time constant of all units, ms.
    pub tau: Option<f64>,
    /// Recurrent noise, as the library of the file means it.
    pub sigma_rec: Option<f64>,
}

impl Options {
    pub(super) fn expect_format(&self, found: Format) -> Result<(), Refused> {
        match self.format {
            Some(wanted) if wanted != found => {
                let message =
                    format!("is a {} ({found}), but {wanted} was asked for; leave --format out", found.description());
                Err(Refused::new(message))
            }
            _ => Ok(()),
        }
    }

    /// The step: the file's or the user's.
    pub(super) fn dt(&self, stated: Option<f64>) -> Result<Option<f64>, Refused> {
        agreed("dt", stated, self.dt.map(|dt| positive("dt", dt)).transpose()?)
    }

    /// The step, `default` if neither the file nor the user says it.
    pub(super) fn dt_or(&self, default: f64, notes: &mut Vec<String>) -> Result<f64, Refused> {
        let given = self.dt(None)?;
        if given.is_none() {
            notes.push(format!("the file does not say how long a step is; it is taken as {default} ms (--dt)"));
        }
        Ok(given.unwrap_or(default))
    }

    /// The time constant: the file's or the user's.
    pub(super) fn tau(&self, stated: Option<f64>) -> Result<Option<f64>, Refused> {
        agreed("tau", stated, self.tau.map(|tau| positive("tau", tau)).transpose()?)
    }

    /// The form of the equation, which the file does not say.
    pub(super) fn require_form(&self) -> Result<Form, Refused> {
        self.form.ok_or_else(|| {
            Refused::new(
                "does not say the form of its equation; add the one that your code has: --form current, rate or blend",
            )
        })
    }

    /// The time constant, `default` if the user does not say it.
    pub(super) fn tau_or(&self, default: f64, notes: &mut Vec<String>) -> Result<f64, Refused> {
        let given = self.tau(None)?;
        if given.is_none() {
            notes.push(format!("the file does not say its time constant; it is taken as {default} ms (--tau)"));
        }
        Ok(given.unwrap_or(default))
    }

    /// The time constant, which the file does not say.
    pub(super) fn require_tau(&self) -> Result<f64, Refused> {
        self.tau(None)?
            .ok_or_else(|| Refused::new("does not say the time constant of its units; add it, as in --tau 100"))
    }

    /// The step, which the file does not say.
    pub(super) fn require_dt(&self) -> Result<f64, Refused> {
        self.dt(None)?.ok_or_else(|| Refused::new("does not say how long a step is; add it, as in --dt 10"))
    }

    /// The form of the equation, which the file or its library says.
    pub(super) fn expect_form(&self, stated: Form) -> Result<(), Refused> {
        agreed("form", Some(stated), self.form).map(drop)
    }

    /// The activation function: the file's or the user's.
    pub(super) fn activation(&self, stated: Option<Activation>) -> Result<Option<Activation>, Refused> {
        agreed("activation", stated, self.activation)
    }

    /// The activation function, `default` if the user does not name one.
    pub(super) fn activation_or(&self, default: Activation, notes: &mut Vec<String>) -> Activation {
        if self.activation.is_none() {
            notes.push(format!(
                "the file does not name its activation function; it is taken as {default} (--activation)"
            ));
        }
        self.activation.unwrap_or(default)
    }

    /// Recurrent noise, none if the user names none.
    pub(super) fn sigma_rec_or_none(&self, notes: &mut Vec<String>) -> Result<f64, Refused> {
        if self.sigma_rec.is_none() {
            notes.push("the file does not say how strong its noise is; it is taken as 0 (--sigma-rec)".into());
        }
        self.sigma_rec(None).map(Option::unwrap_or_default)
    }

    /// Recurrent noise: the file's or the user's.
    pub(super) fn sigma_rec(&self, stated: Option<f64>) -> Result<Option<f64>, Refused> {
        if let Some(sigma) = self.sigma_rec
            && !(sigma.is_finite() && sigma >= 0.0)
        {
            return Err(Refused::new(format!("needs a noise of at least 0, but --sigma-rec is {sigma}")));
        }
        agreed("sigma-rec", stated, self.sigma_rec)
    }
}

/// The form of this name, as it is written in files.
///
/// # Errors
/// If there is none; the message lists those that there are.
pub fn form_of(name: &str) -> Result<Form, String> {
    serde_json::from_value(name.into()).map_err(|error| format!("`{name}` is no form of the equation: {error}"))
}

fn positive(flag: &str, value: f64) -> Result<f64, Refused> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(Refused::new(format!("needs --{flag} > 0 ms, but it is {value}")))
    }
}

fn agreed<T: PartialEq + Display>(flag: &str, stated: Option<T>, given: Option<T>) -> Result<Option<T>, Refused> {
    match (stated, given) {
        (Some(stated), Some(given)) if stated != given => Err(Refused::new(format!(
            "says {stated} where --{flag} says {given}; leave --{flag} out to import the network as it is"
        ))),
        (stated, given) => Ok(stated.or(given)),
    }
}
