//! A word before networks whose rates have no bound are trained on long trials.

use nn4n_models::{Activation, LayerConfig, PerUnit};

use crate::{error::Result, experiment::Experiment, progress::note};

/// Steps from which on it is said.
const MANY: usize = 4000;

/// Tells that training is likely to diverge, if the rates of the network have no bound and its trials are long: what
/// grows by little in a step overflows in thousands of them.
pub(super) fn tell(experiment: &Experiment) -> Result<()> {
    let words = words(experiment)?;
    words.iter().for_each(|words| note(words));
    Ok(())
}

fn words(experiment: &Experiment) -> Result<Option<String>> {
    let model = &experiment.model;
    let own = |layer: &LayerConfig| values(layer.activation.as_ref().unwrap_or(&model.activation));
    let all =
        if model.layers.is_empty() { values(&model.activation) } else { model.layers.iter().flat_map(own).collect() };
    let unbounded = all.into_iter().find(is_unbounded);
    let Some(activation) = unbounded else { return Ok(None) };
    let steps = experiment.steps()?;
    let words = format!(
        "trials of {steps} steps with {activation} units: their rates have no bound, and training on so many steps \
        often diverges. Bounded rates (`activation = \"tanh\"` or \"retanh\"), a longer step (`dt`), shorter trials \
        first ([[curriculum]]) or a lower learning rate help"
    );
    Ok((steps >= MANY).then_some(words))
}

/// All values that are given.
fn values(activation: &PerUnit<Activation>) -> Vec<Activation> {
    match activation {
        PerUnit::Uniform(all) => vec![*all],
        PerUnit::ByCellType { excitatory, inhibitory } => vec![*excitatory, *inhibitory],
        PerUnit::ByArea { areas } => areas.values().copied().collect(),
        PerUnit::ByUnit { units } => units.clone(),
    }
}

fn is_unbounded(activation: &Activation) -> bool {
    !matches!(activation, Activation::Tanh | Activation::Sigmoid | Activation::Retanh)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use nn4n_models::ModelConfig;
    use nn4n_tasks::golub2018::FlipFlop;

    use super::*;
    use crate::experiment::TrainConfig;

    #[test]
    fn long_trials_of_rates_without_a_bound_are_told_of() {
        let told = |n_steps: usize, model: ModelConfig| {
            let task = Arc::new(FlipFlop { n_steps, ..FlipFlop::default() });
            words(&Experiment::new(task, model, TrainConfig::default(), 0).unwrap()).unwrap()
        };
        let relu = || ModelConfig::vanilla(3, 8, 3);
        assert!(told(MANY, relu()).is_some_and(|words| words.contains("4000 steps with relu units")));
        assert_eq!(told(MANY - 1, relu()), None);
        let tanh = || relu().activation(Activation::Tanh);
        assert_eq!(told(MANY, tanh()), None);
        let layers = [LayerConfig::new("a", 4), LayerConfig::new("b", 4).activation(Activation::Softplus)];
        let stacked = ModelConfig { activation: Activation::Tanh.into(), ..ModelConfig::stacked(3, 3, layers) };
        assert!(told(MANY, stacked).is_some_and(|words| words.contains("softplus")));
    }
}
