//! Lesions, silence, injected currents: against a loop written out, and against each other.

use candle_core::{DType, Device, Tensor};
use nn4n_models::{
    Activation, Area, Bias, CellType, Ctrnn, Dale, Density, Effect, FixedSynapse, Form, LayerConfig, MatrixConfig,
    ModelConfig, NoiseKey, Perturbation, Result, Start, State, Values, Windows, host,
};

const BATCH: usize = 3;
const STEPS: usize = 9;
const INPUTS: usize = 2;

/// Networks of every kind; `f(0)` is 0.5.
fn networks() -> Vec<Ctrnn> {
    let areas = [Area::ei("A", 6, 0.5), Area::new("B", 5)];
    let layers = [LayerConfig::ei("one", 6, 0.5).tau(50.0), LayerConfig::new("two", 5).sigma_post(0.1)];
    let kinds = [
        ModelConfig::vanilla(INPUTS, 11, 2).autapses(true),
        ModelConfig::ei(INPUTS, 11, 2),
        ModelConfig::multi_area(INPUTS, 2, areas).feedforward(Density::All(0.6)).feedback(Density::All(0.5)),
        ModelConfig::stacked(INPUTS, 2, layers),
    ];
    let mut networks = Vec::new();
    for (seed, kind) in kinds.into_iter().enumerate() {
        for form in Form::ALL {
            for dale in [Dale::Rectified, Dale::Clamped] {
                let config = kind.clone().form(form).dale(dale).activation(Activation::Sigmoid).sigma_post(0.05);
                let config = config.b_rec(Bias::Trained(Values::All(0.1))).start(Start::Trained(Values::All(0.3)));
                networks.push(Ctrnn::init(&config, seed as u64, DType::F64, &Device::Cpu).expect("a network"));
            }
        }
    }
    networks
}

fn inputs() -> Tensor {
    let values = (0..BATCH * STEPS * INPUTS).map(|place| (0.37 * place as f64).sin()).collect();
    Tensor::from_vec(values, (BATCH, STEPS, INPUTS), &Device::Cpu).expect("inputs")
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    host::values(tensor).expect("numbers")
}

/// States, rates and outputs of a run under perturbations, step by step.
fn perturbed(network: &Ctrnn, noise: Option<NoiseKey>, perturbations: &[Perturbation]) -> Result<[Vec<f64>; 3]> {
    let trajectory =
        network.unroll_perturbed(&inputs(), None, noise, perturbations, |_| Ok::<_, nn4n_models::ModelError>(None))?;
    Ok([numbers(&trajectory.states()?), numbers(&trajectory.rates()?), numbers(&trajectory.outputs)])
}

fn unrolled(network: &Ctrnn, noise: Option<NoiseKey>) -> Result<[Vec<f64>; 3]> {
    let trajectory = network.unroll(&inputs(), None, noise)?;
    Ok([numbers(&trajectory.states()?), numbers(&trajectory.rates()?), numbers(&trajectory.outputs)])
}

fn all_steps(units: &[usize], effect: Effect) -> Perturbation {
    Perturbation { units: units.into(), effect, windows: Windows::Same(0..STEPS) }
}

/// Without noise, written out: unit by unit, synapse by synapse. `silent` and `current` are asked for (trial, step,
/// unit), where the first step is 0 and the start counts as it.
fn by_hand(
    network: &Ctrnn,
    silent: impl Fn(usize, usize, usize) -> bool,
    current: impl Fn(usize, usize, usize) -> f64,
) -> [Vec<f64>; 3] {
    let n = network.units().len();
    let matrix = |tensor: Tensor| -> Vec<Vec<f64>> {
        let columns = tensor.dim(1).unwrap();
        numbers(&tensor).chunks(columns).map(<[f64]>::to_vec).collect()
    };
    let w_rec = matrix(network.effective_w_rec().unwrap());
    let w_in = matrix(network.effective_w_in().unwrap().expect("inputs"));
    let w_out = matrix(network.effective_w_out().unwrap());
    let (tau, tensors) = (numbers(&network.tau().unwrap()), network.tensors().unwrap());
    let of_units = |name: &str| -> Vec<f64> {
        let places = (0..network.layers().len()).map(|layer| match network.layers()[layer].place() {
            Some(place) => format!("layers.{place}.{name}"),
            None => name.into(),
        });
        places.flat_map(|name| numbers(&tensors[&name])).collect()
    };
    let (b_rec, x0, form) = (of_units("b_rec"), of_units("x0"), network.config().form);
    // Stacked networks feel the layer below within the step.
    let is_below = |pre: usize, post: usize| {
        network.config().kind.has_layers() && network.units().area_of(pre) < network.units().area_of(post)
    };
    let f = |x: f64| 1.0 / (1.0 + (-x).exp());
    let inputs = numbers(&inputs());
    let [mut states, mut rates, mut outputs] = [const { Vec::new() }; 3];
    for trial in 0..BATCH {
        let mut x = x0.clone();
        let mut r: Vec<f64> = x.iter().map(|x| if form == Form::Current { f(*x) } else { *x }).collect();
        for (_, r) in r.iter_mut().enumerate().filter(|(unit, _)| silent(trial, 0, *unit)) {
            *r = 0.0;
        }
        for step in 0..STEPS {
            let (x_before, r_before) = (x.clone(), r.clone());
            for post in 0..n {
                let a = network.config().dt / tau[post];
                let mut h = b_rec[post] + current(trial, step, post);
                for input in 0..INPUTS {
                    h += w_in[post][input] * inputs[(trial * STEPS + step) * INPUTS + input];
                }
                for pre in 0..n {
                    h += w_rec[post][pre] * if is_below(pre, post) { r[pre] } else { r_before[pre] };
                }
                x[post] = match form {
                    Form::Current => (1.0 - a) * x_before[post] + a * h,
                    Form::Rate => (1.0 - a) * x_before[post] + a * f(h),
                    Form::Blend => f((1.0 - a) * x_before[post] + a * h),
                };
                r[post] = if form == Form::Current { f(x[post]) } else { x[post] };
                if silent(trial, step, post) {
                    r[post] = 0.0;
                    if form != Form::Current {
                        x[post] = 0.0;
                    }
                }
            }
            states.extend(&x);
            rates.extend(&r);
            outputs.extend(w_out.iter().map(|row| row.iter().zip(&r).map(|(w, r)| w * r).sum::<f64>()));
        }
    }
    [states, rates, outputs]
}

fn assert_close(found: &[Vec<f64>; 3], wanted: &[Vec<f64>; 3], what: &str) {
    for (found, wanted) in found.iter().zip(wanted) {
        assert_eq!(found.len(), wanted.len(), "{what}");
        for (a, b) in found.iter().zip(wanted) {
            assert!((a - b).abs() < 1e-12, "{what}: {a} {b}");
        }
    }
}

/// Values of the other units (of `n`), trial by trial and step by step.
fn of_others(values: &[f64], n: usize, units: &[usize]) -> Vec<f64> {
    values.iter().enumerate().filter(|(place, _)| !units.contains(&(place % n))).map(|(_, value)| *value).collect()
}

fn name(network: &Ctrnn) -> String {
    let config = network.config();
    format!("{} {:?} {:?}", config.kind, config.form, config.dale)
}

#[test]
fn a_lesion_is_rates_clamped_to_zero_for_all_other_units_and_the_outputs() -> Result<()> {
    let (units, key) = ([1, 4, 7], Some(NoiseKey::new(3, 1)));
    for network in networks() {
        let (what, n) = (name(&network), network.units().len());
        let lesioned = network.lesion(&units)?;
        let clamped = by_hand(&network, |_, _, unit| units.contains(&unit), |_, _, _| 0.0);
        let [states, rates, outputs] = unrolled(&lesioned, None)?;
        let found = [of_others(&states, n, &units), of_others(&rates, n, &units), outputs];
        let [states, rates, outputs] = clamped;
        assert_close(&found, &[of_others(&states, n, &units), of_others(&rates, n, &units), outputs], &what);
        // Bit for bit where both take the same steps, with noise, too.
        let [silent_states, silent_rates, silent_outputs] =
            perturbed(&network, key, &[all_steps(&units, Effect::Silence)])?;
        let [states, rates, outputs] = perturbed(&lesioned, key, &[])?;
        assert_eq!(of_others(&states, n, &units), of_others(&silent_states, n, &units), "{what}");
        assert_eq!(of_others(&rates, n, &units), of_others(&silent_rates, n, &units), "{what}");
        assert_eq!(outputs, silent_outputs, "{what}");
        assert!(silent_rates.iter().enumerate().all(|(place, rate)| !units.contains(&(place % n)) || *rate == 0.0));
        assert_ne!(outputs, perturbed(&network, key, &[])?[2], "{what}: the lesion must do something");
    }
    Ok(())
}

#[test]
fn windows_of_silence_and_current_are_those_of_a_loop_written_out() -> Result<()> {
    let each = vec![vec![2..5], Vec::new(), vec![0..1, 6..9]];
    let within = |trial: usize, step: usize| each[trial].iter().any(|window| window.contains(&step));
    let perturbations = [
        Perturbation { units: vec![0, 8], effect: Effect::Silence, windows: Windows::Each(each.clone()) },
        Perturbation { units: vec![2, 8, 9], effect: Effect::Inject(0.7), windows: Windows::Same(1..4) },
        Perturbation { units: vec![2], effect: Effect::Inject(-0.3), windows: Windows::Same(3..6) },
    ];
    let current = |_: usize, step: usize, unit: usize| {
        let first = if [2, 8, 9].contains(&unit) && (1..4).contains(&step) { 0.7 } else { 0.0 };
        first + if unit == 2 && (3..6).contains(&step) { -0.3 } else { 0.0 }
    };
    for network in networks() {
        let wanted = by_hand(&network, |trial, step, unit| [0, 8].contains(&unit) && within(trial, step), current);
        assert_close(&perturbed(&network, None, &perturbations)?, &wanted, &name(&network));
        // The second trial alone.
        let alone = perturbations[0].of_trials(1..2);
        assert_eq!(alone.windows, Windows::Each(vec![Vec::new()]));
    }
    Ok(())
}

#[test]
fn a_current_in_all_steps_is_a_bias() -> Result<()> {
    for network in networks() {
        let mut tensors = network.tensors()?;
        let key = Some(NoiseKey::new(5, 0));
        for (name, tensor) in tensors.iter_mut().filter(|(name, _)| name.ends_with("b_rec")) {
            assert!(tensor.dims() != [0], "{name}");
            *tensor = (&*tensor + 0.25)?;
        }
        let biased = Ctrnn::from_tensors(network.config(), tensors, DType::F64, &Device::Cpu)?;
        let units: Vec<usize> = (0..network.units().len()).collect();
        let injected = perturbed(&network, key, &[all_steps(&units, Effect::Inject(0.25))])?;
        assert_eq!(injected, perturbed(&biased, key, &[])?, "{}", name(&network));
        assert_close(&injected, &unrolled(&biased, key)?, &name(&network));
    }
    Ok(())
}

#[test]
fn noise_is_the_same_number_for_number() -> Result<()> {
    for network in networks() {
        let key = Some(NoiseKey::new(5, 0));
        let nothing = perturbed(&network, key, &[all_steps(&[0, 3], Effect::Inject(0.0))])?;
        assert_close(&nothing, &unrolled(&network, key)?, &name(&network));
        // Before a window nothing differs, bit for bit.
        let late = Perturbation { units: vec![0], effect: Effect::Silence, windows: Windows::Same(6..9) };
        let (found, intact) = (perturbed(&network, key, &[late])?, perturbed(&network, key, &[])?);
        let n = network.units().len();
        assert_eq!(found[0][..6 * n], intact[0][..6 * n]);
        assert_ne!(found[1][6 * n..9 * n], intact[1][6 * n..9 * n]);
    }
    Ok(())
}

#[test]
fn a_start_that_is_silent_from_the_first_step_drives_nobody() -> Result<()> {
    let network = &networks()[0];
    let n = network.units().len();
    let start = network.start_from(&Tensor::full(5.0, (BATCH, n), &Device::Cpu)?)?;
    let run = |network: &Ctrnn, start: &State, perturbations: &[Perturbation]| -> Result<Vec<f64>> {
        let world = |_: &Tensor| Ok::<_, nn4n_models::ModelError>(None);
        Ok(numbers(&network.unroll_perturbed(&inputs(), Some(start), None, perturbations, world)?.outputs))
    };
    let units: Vec<usize> = (0..n / 2).collect();
    let silent = run(network, &start, &[all_steps(&units, Effect::Silence)])?;
    assert_eq!(silent, run(&network.lesion(&units)?, &start, &[])?);
    Ok(())
}

/// Two kinds with fixed and plastic synapses in all of their matrices.
fn with_fixed_synapses() -> Vec<ModelConfig> {
    let fixed = |places: &[(usize, usize)]| MatrixConfig {
        fixed: places.iter().map(|(post, pre)| FixedSynapse { post: *post, pre: *pre, weight: 0.5 }).collect(),
        ..MatrixConfig::default()
    };
    let layers = [LayerConfig::ei("one", 6, 0.5), LayerConfig::new("two", 5).w_in(fixed(&[(0, 1), (0, 2)]))];
    vec![
        ModelConfig::ei(INPUTS, 11, 2).w_rec(fixed(&[(3, 1), (3, 2)])).w_out(fixed(&[(0, 1)])),
        ModelConfig::stacked(INPUTS, 2, layers).w_rec(fixed(&[(3, 1), (3, 2)])).w_out(fixed(&[(1, 1), (1, 2)])),
    ]
}

#[test]
fn a_lesion_takes_fixed_synapses_along_and_can_be_built_again() -> Result<()> {
    for config in with_fixed_synapses() {
        for dale in [Dale::Rectified, Dale::Clamped] {
            let network = Ctrnn::init(&config.clone().dale(dale), 1, DType::F32, &Device::Cpu)?;
            let lesioned = network.lesion(&[1, 7])?;
            let again = Ctrnn::from_tensors(lesioned.config(), lesioned.tensors()?, DType::F32, &Device::Cpu)?;
            let (w_rec, intact) = (numbers(&again.effective_w_rec()?), numbers(&network.effective_w_rec()?));
            let w_out = numbers(&again.effective_w_out()?);
            let n = network.units().len();
            for (place, (found, before)) in w_rec.iter().zip(&intact).enumerate() {
                let wanted = if [1, 7].contains(&(place % n)) { 0.0 } else { *before };
                assert_eq!(*found, wanted, "{} at {place}", config.kind);
            }
            assert!(w_out.iter().enumerate().all(|(place, w)| ![1, 7].contains(&(place % n)) || *w == 0.0));
            assert_eq!(lesioned.synapses_between(&[1, 7], &(0..n).collect::<Vec<_>>())?, 0);
            // Training brings nothing back.
            for parameter in again.parameters()? {
                parameter.var.set(&parameter.var.ones_like()?)?;
            }
            again.project()?;
            let trained = numbers(&again.effective_w_rec()?);
            assert!(trained.iter().enumerate().all(|(place, w)| ![1, 7].contains(&(place % n)) || *w == 0.0));
        }
    }
    Ok(())
}

#[test]
fn a_lesion_of_a_projection_takes_its_block_and_nothing_else() -> Result<()> {
    for network in networks().into_iter().chain(
        with_fixed_synapses().into_iter().map(|config| Ctrnn::init(&config, 1, DType::F64, &Device::Cpu).unwrap()),
    ) {
        let (n, from, to) = (network.units().len(), [1usize, 2, 5], [3usize, 6, 8, 10]);
        let lesioned = network.lesion_projection(&from, &to)?;
        let (found, intact) = (numbers(&lesioned.effective_w_rec()?), numbers(&network.effective_w_rec()?));
        let in_block = |place: usize| to.contains(&(place / n)) && from.contains(&(place % n));
        for (place, (found, before)) in found.iter().zip(&intact).enumerate() {
            assert_eq!(*found, if in_block(place) { 0.0 } else { *before }, "{} at {place}", name(&network));
        }
        assert_eq!(numbers(&lesioned.effective_w_out()?), numbers(&network.effective_w_out()?));
        let cut = network.synapses_between(&from, &to)?;
        assert!(cut > 0 && lesioned.synapses_between(&from, &to)? == 0, "{}", name(&network));
        let everyone: Vec<usize> = (0..n).collect();
        let all = network.synapses_between(&everyone, &everyone)?;
        assert_eq!(lesioned.synapses_between(&everyone, &everyone)?, all - cut);
    }
    Ok(())
}

#[test]
fn weight_noise_is_relative_and_keeps_structure_and_signs() -> Result<()> {
    let mut configs = with_fixed_synapses();
    configs.push(ModelConfig::ei(INPUTS, 150, 2).density(0.5));
    for config in configs {
        let network = Ctrnn::init(&config, 1, DType::F64, &Device::Cpu)?;
        let noisy = network.with_weight_noise(0.2, 7)?;
        let (before, after) = (numbers(&network.effective_w_rec()?), numbers(&noisy.effective_w_rec()?));
        let there: Vec<(f64, f64)> = before.iter().copied().zip(after).filter(|(w, _)| *w != 0.0).collect();
        assert!(before.iter().zip(numbers(&noisy.effective_w_rec()?)).all(|(w, now)| *w != 0.0 || now == 0.0));
        assert!(there.iter().all(|(before, after)| before * after >= 0.0));
        assert_eq!(numbers(&noisy.effective_w_out()?), numbers(&network.effective_w_out()?));
        let ratios: Vec<f64> = there.iter().map(|(before, after)| after / before - 1.0).collect();
        let sd = (ratios.iter().map(|ratio| ratio * ratio).sum::<f64>() / ratios.len() as f64).sqrt();
        if ratios.len() > 5_000 {
            assert!((sd - 0.2).abs() < 0.01, "{sd}");
        }
        if !config.w_rec.fixed.is_empty() {
            assert_eq!(numbers(&noisy.effective_w_rec()?)[3 * 11 + 1], 0.5, "a fixed synapse");
        }
        assert_eq!(numbers(&network.with_weight_noise(0.2, 7)?.effective_w_rec()?), numbers(&noisy.effective_w_rec()?));
        assert_ne!(numbers(&network.with_weight_noise(0.2, 8)?.effective_w_rec()?), numbers(&noisy.effective_w_rec()?));
        assert_eq!(numbers(&network.with_weight_noise(0.0, 7)?.effective_w_rec()?), before);
    }
    Ok(())
}

#[test]
fn noise_is_scaled_and_replaced_in_every_layer() -> Result<()> {
    let layers = [LayerConfig::new("one", 4).sigma_rec(0.1), LayerConfig::new("two", 4)];
    let config = ModelConfig::stacked(INPUTS, 2, layers).sigma_rec(0.2).sigma_post(0.0);
    let network = Ctrnn::init(&config, 1, DType::F64, &Device::Cpu)?;
    let said = |network: &Ctrnn| -> Vec<Vec<f64>> {
        let of = |layer: &nn4n_models::Layer| layer.config().unit_noise().resolve(layer.units(), "sigma_rec").unwrap();
        network.layers().iter().map(of).collect()
    };
    let scaled = network.with_noise_scaled(3.0)?;
    assert_eq!(said(&scaled), [vec![0.1 * 3.0; 4], vec![0.2 * 3.0; 4]]);
    assert_eq!(said(&network.with_sigma_rec(0.5)?), [vec![0.5; 4], vec![0.5; 4]]);
    assert_eq!(unrolled(&network.with_noise_scaled(0.0)?, Some(NoiseKey::new(1, 1)))?, unrolled(&network, None)?);
    assert_ne!(unrolled(&scaled, Some(NoiseKey::new(1, 1)))?, unrolled(&network, Some(NoiseKey::new(1, 1)))?);
    Ok(())
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let network = &networks()[0];
    let message = network.lesion(&[2, 11]).unwrap_err().to_string();
    assert_eq!(message, "there is no unit `11`; there are 0 to 10");
    let refusal = |effect, windows| {
        perturbed(network, None, &[Perturbation { units: vec![0], effect, windows }]).unwrap_err().to_string()
    };
    let late = refusal(Effect::Silence, Windows::Same(4..10));
    assert!(late.contains("[4, 10]") && late.contains("within the 9 steps"), "{late}");
    let few = refusal(Effect::Silence, Windows::Each(vec![vec![0..1]]));
    assert!(few.contains("there are 3 trials"), "{few}");
    let endless = refusal(Effect::Inject(f64::NAN), Windows::Same(0..1));
    assert!(endless.contains("must be finite, but is NaN"), "{endless}");
    for message in
        [network.with_weight_noise(-1.0, 0).unwrap_err(), network.with_noise_scaled(f64::INFINITY).unwrap_err()]
    {
        assert!(message.to_string().contains("must be finite and >= 0"), "{message}");
    }
    assert!(network.units().of_type(CellType::Excitatory).is_empty());
}
