//! A network in the loop with its arm against what can be said by hand: two units that pull the joints towards a place.
//!
//! ```text
//! h = k (p - (q - posture)) - c q',  torque = tanh(x)     at rest x = 0 and q = posture + p
//! ```

use std::ops::ControlFlow;

use candle_core::{DType, Device, Tensor};
use ndarray::{Array2, array};
use nn4n_analysis::{
    FixedPoints, Local, Lyapunov, Network, System,
    fixed_points::{Settings, continuation, starts},
    lyapunov,
};
use nn4n_models::{Activation, Bias, Ctrnn, Form, ModelConfig};
use nn4n_tasks::motor::{Arm, Feedback, Plant};

/// Where the joints are pulled to, from the posture.
const PLACE: [f64; 2] = [0.2, -0.3];
const PULL: f64 = 2.0;

fn network(pull: f64, form: Form) -> Network {
    let config = ModelConfig::vanilla(6, 2, 2)
        .form(form)
        .activation(Activation::Tanh)
        .autapses(true)
        .dt(10.0)
        .tau(20.0)
        .b_rec(Bias::Trained(0.0.into()))
        .b_out(Bias::Trained(0.0.into()));
    let mut tensors = Ctrnn::init(&config, 0, DType::F64, &Device::Cpu).unwrap().tensors().unwrap();
    let tensor = |array: Array2<f64>| {
        Tensor::from_vec(array.iter().copied().collect::<Vec<_>>(), array.dim(), &Device::Cpu).unwrap()
    };
    tensors.insert("w_rec".into(), tensor(Array2::zeros((2, 2))));
    let w_in = array![[pull, 0.0, -pull, 0.0, -0.5, 0.0], [0.0, pull, 0.0, -pull, 0.0, -0.5]];
    tensors.insert("w_in".into(), tensor(w_in));
    tensors.insert("w_out".into(), tensor(Array2::eye(2)));
    for bias in ["b_rec", "b_out"] {
        tensors.insert(bias.into(), Tensor::zeros(2, DType::F64, &Device::Cpu).unwrap());
    }
    Network::of(&Ctrnn::from_tensors(&config, tensors, DType::F64, &Device::Cpu).unwrap()).unwrap()
}

fn plant(delay: usize) -> Plant {
    let (arm, posture) = (Arm::default(), [0.5, 1.5]);
    Plant { arm, dt: 10.0, posture, feedback: Feedback::Joint, first_channel: 2, scale: 1.0, delay }
}

const INPUT: [f64; 6] = [PLACE[0], PLACE[1], 0.0, 0.0, 0.0, 0.0];

fn find(system: System<'_>) -> FixedPoints {
    let (under, start) = (system.under(&INPUT).unwrap(), system.start());
    let visited = Array2::from_shape_fn((9, system.dim()), |(row, place)| start[place] + 0.1 * row as f64);
    let starts = starts::around(visited.view(), 64, 0.5, 1).unwrap();
    FixedPoints::find(&*under, &INPUT, starts.view(), &Settings::default(), &mut |_| ControlFlow::Continue(())).unwrap()
}

fn close(found: &[f64], wanted: &[f64]) -> bool {
    found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-9)
}

#[test]
fn the_arm_rests_where_it_is_pulled_to_and_the_loop_knows_no_continuous_time() {
    for (delay, form) in [(0, Form::Current), (2, Form::Rate)] {
        let network = network(PULL, form);
        let system = System::in_loop(&network, plant(delay)).unwrap();
        assert_eq!(system.parts().iter().map(|part| part.size).sum::<usize>(), 6 + 4 * delay);
        let found = find(system);
        let [point] = found.points.as_slice() else { panic!("{} points", found.points.len()) };
        let felt = [PLACE[0], PLACE[1], 0.0, 0.0];
        let arm = [0.5 + PLACE[0], 1.5 + PLACE[1], 0.0, 0.0];
        let wanted: Vec<f64> = [0.0; 2].into_iter().chain(arm).chain(felt.repeat(delay)).collect();
        assert!(close(&point.x_star, &wanted), "{:?}", point.x_star);
        assert!(close(&point.outputs, &[0.0; 2]) && point.rates.len() == 2);
        assert!(point.is_stable && point.q < 1e-24);
        assert_eq!((found.index_sum, &point.continuous_eigenvalues), (None, &None));
        assert_eq!((point.eigenvalues.len(), point.jacobian.dim()), (wanted.len(), (wanted.len(), wanted.len())));
        assert!(point.time_constants_ms[0] > 0.0);
    }
}

#[test]
fn pushed_away_from_that_place_the_arm_does_not_stay_there() {
    let network = network(-PULL, Form::Current);
    let found = find(System::in_loop(&network, plant(0)).unwrap());
    let point = found.points.first().expect("a point");
    // Where h vanishes does not depend on its sign.
    assert!(close(&point.x_star[2..4], &[0.5 + PLACE[0], 1.5 + PLACE[1]]), "{:?}", point.x_star);
    assert!(!point.is_stable && point.unstable_dimensions > 0);
}

#[test]
fn alone_the_network_has_another_point_and_values_in_continuous_time() {
    let network = network(PULL, Form::Current);
    let found = find(System::from(&network));
    let [point] = found.points.as_slice() else { panic!("{} points", found.points.len()) };
    assert!(close(&point.x_star, &[PULL * PLACE[0], PULL * PLACE[1]]), "{:?}", point.x_star);
    assert!(point.continuous_eigenvalues.is_some() && found.index_sum == Some(1));
}

#[test]
fn exponents_and_modes_of_a_trial_in_the_loop_come_to_those_of_its_fixed_point() {
    let network = network(PULL, Form::Current);
    let system = System::in_loop(&network, plant(1)).unwrap();
    let point = find(system).points[0].clone();
    let inputs = Array2::from_shape_fn((4000, 6), |(_, channel)| INPUT[channel]);
    let settings = lyapunov::Settings { exponents: 1, steps: 400, transient: 3000, ..Default::default() };
    let watch = &mut |_: usize| ControlFlow::Continue(());
    let found = Lyapunov::driven(system, inputs.view(), &system.start(), &settings, watch).unwrap();
    let (re, im) = point.eigenvalues[0];
    assert!((found.exponents_per_step[0] - re.hypot(im).ln()).abs() < 1e-3, "{found:?}");
    assert_eq!(found.dimensions, 10);
    let last = inputs.mapv(|value| value as f32);
    let states = system.run(last.view(), &system.start()).unwrap();
    // The inputs of trials are in f32.
    assert!(states.row(3999).iter().zip(&point.x_star).all(|(a, b)| (a - b).abs() < 1e-6));
    let local = Local::of_trial(system, inputs.view(), &system.start(), 2).unwrap();
    assert!(local.speed[3999] < 1e-9);
    assert!((local.eigenvalues[3999][0].0 - re).abs() < 1e-6);
    assert!(system.run(last.view(), &[0.0; 2]).unwrap_err().to_string().contains("has 2 numbers, but a state has 10"));
}

#[test]
fn a_branch_in_the_loop_follows_the_place_that_the_arm_is_pulled_to() {
    let network = network(PULL, Form::Current);
    let system = System::in_loop(&network, plant(0)).unwrap();
    let start = system.under(&[0.0; 6]).unwrap().at_rest(&[0.0; 2]);
    let branch = continuation::branch(system, &[0.0; 6], &INPUT, &start, &Default::default()).unwrap();
    assert_eq!((branch.end, branch.bifurcations.len()), (continuation::BranchEnd::Left, 0));
    for point in &branch.points {
        assert!(close(&point.x[2..4], &[0.5 + point.s * PLACE[0], 1.5 + point.s * PLACE[1]]), "{point:?}");
    }
}

#[test]
fn an_arm_that_has_turned_once_more_is_at_the_same_point_if_its_hand_is_felt() {
    let network = network(PULL, Form::Current);
    let place = [0.05, -0.1];
    let input = [place[0], place[1], 0.0, 0.0, 0.0, 0.0];
    let plant = Plant { feedback: Feedback::Hand, ..plant(1) };
    let system = System::in_loop(&network, plant).unwrap();
    let (under, start) = (system.under(&input).unwrap(), system.start());
    // Both joints turned up to twice in either direction.
    let starts = Array2::from_shape_fn((200, system.dim()), |(row, number)| match number {
        2 => start[2] + 0.13 * (row as f64 - 100.0),
        3 => start[3] + 0.13 * ((37 * row % 200) as f64 - 100.0),
        _ => start[number],
    });
    let found =
        FixedPoints::find(&*under, &input, starts.view(), &Settings::default(), &mut |_| ControlFlow::Continue(()))
            .unwrap();
    // Elbow to one side or to the other.
    assert_eq!(found.fixed().count(), 2, "{:?}", found.points.iter().map(|point| &point.x_star).collect::<Vec<_>>());
    let origin = plant.arm.hand(plant.posture);
    for point in found.fixed() {
        let angles = [point.x_star[2], point.x_star[3]];
        assert!(angles.iter().zip(plant.posture).all(|(q, from)| (q - from).abs() <= std::f64::consts::PI));
        let hand = plant.arm.hand(angles);
        assert!(close(&[hand[0] - origin[0], hand[1] - origin[1]], &place), "{angles:?}");
    }
    let ends: Vec<Option<usize>> = found.connections(&*under).iter().map(|way| way.to).collect();
    assert!(ends.iter().flatten().all(|to| *to < 2), "{ends:?}");
}
