//! What is done to a network before and while a command uses it.

use anyhow::{Result, bail};
use clap::Args;

use super::output::shell_word;
use crate::intervention::Intervention;

/// What these options stand under in the help of a command.
const HEADING: &str = "Interventions";

#[derive(Debug, Args)]
pub struct InterventionArgs {
    /// Cut the synapses that leave these units, or FROM->TO (in quotes): 0,5,10-20, a cell type, an area, area:type,
    /// all, @FILE or @FILE#GROUP; several by commas. May be repeated, as all of these may
    #[arg(long, help_heading = HEADING, value_name = "UNITS|FROM->TO", value_parser = lesion)]
    lesion: Vec<Intervention>,
    /// Keep the rates of these units at 0, in an epoch of the task or from..to ms, or all the time
    #[arg(long, help_heading = HEADING, value_name = "UNITS[@WINDOW]", value_parser = silence)]
    silence: Vec<Intervention>,
    /// Add a current to what these units receive
    #[arg(
        long, help_heading = HEADING, value_name = "CURRENT:UNITS[@WINDOW]", value_parser = inject,
        allow_hyphen_values = true
    )]
    inject: Vec<Intervention>,
    /// Multiply every free weight between units by 1 + SD xi, xi a unit Gaussian; below 0 it is 0
    #[arg(
        long, help_heading = HEADING, value_name = "SD[:SEED]", value_parser = weight_noise,
        allow_hyphen_values = true
    )]
    weight_noise: Vec<Intervention>,
    /// Multiply the recurrent noise by this
    #[arg(long, help_heading = HEADING, value_name = "FACTOR", value_parser = noise, allow_hyphen_values = true)]
    noise_factor: Option<Intervention>,
}

/// Examples for the help of a command, one a line.
pub const EXAMPLES: &str = "Interventions:
  --lesion inhibitory --lesion 0-9        without these units
  --lesion 'area1->area2'                 without a projection
  --lesion @units.json#cluster2           units of a list in a file
  --silence area1:inhibitory@stimulus     silent in an epoch
  --silence 3,4@200..600                  silent from 200 to 600 ms
  --inject 0.5:excitatory@decision        a current into units
  --weight-noise 0.1:7                    weights that are 10 % off, drawn from seed 7
  --noise-factor 2                        twice the noise";

impl InterventionArgs {
    /// One by one: lesions, silence, currents, noise; those of a kind in the order in which they were given.
    pub fn all(&self) -> Vec<Intervention> {
        let lists = [&self.lesion, &self.silence, &self.inject, &self.weight_noise];
        lists.into_iter().flatten().chain(&self.noise_factor).cloned().collect()
    }

    /// Refuses to multiply noise that is not there.
    pub fn refuse_noise_factor(&self, why: &str) -> Result<()> {
        match self.noise_factor {
            Some(Intervention::NoiseFactor(factor)) => {
                bail!("--noise-factor {factor}: has no effect, as {why}; leave it out")
            }
            _ => Ok(()),
        }
    }

    /// The options that do the same again.
    pub fn words(&self) -> Vec<String> {
        let option = |intervention: Intervention| match intervention {
            Intervention::WeightNoise { sd, seed } => format!("--weight-noise {sd}:{seed}"),
            Intervention::NoiseFactor(factor) => format!("--noise-factor {factor}"),
            other => {
                let text = other.to_string();
                let (kind, rest) = text.split_once(' ').unwrap_or((&text, ""));
                format!("--{kind} {}", shell_word(rest))
            }
        };
        self.all().into_iter().map(option).collect()
    }
}

fn lesion(text: &str) -> Result<Intervention, String> {
    Intervention::lesion(text).map_err(|error| error.to_string())
}

fn silence(text: &str) -> Result<Intervention, String> {
    Intervention::silence(text).map_err(|error| error.to_string())
}

fn inject(text: &str) -> Result<Intervention, String> {
    Intervention::inject(text).map_err(|error| error.to_string())
}

fn weight_noise(text: &str) -> Result<Intervention, String> {
    let refusal = || "must be a number >= 0, with :SEED if it is not 0, as in 0.1 or 0.1:7".to_string();
    let (sd, seed) = text.split_once(':').unwrap_or((text, "0"));
    let sd = sd.parse::<f64>().ok().filter(|sd| sd.is_finite() && *sd >= 0.0).ok_or_else(refusal)?;
    Ok(Intervention::WeightNoise { sd, seed: seed.parse().map_err(|_| refusal())? })
}

fn noise(text: &str) -> Result<Intervention, String> {
    let factor = text.parse::<f64>().ok().filter(|factor| factor.is_finite() && *factor >= 0.0);
    factor.map(Intervention::NoiseFactor).ok_or_else(|| "must be a number >= 0, as in 0 or 2".into())
}
