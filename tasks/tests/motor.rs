//! The arm against mechanics worked out without its equations, and the reaching tasks: paths, timing, feedback, scores.

use ndarray::{Array2, s};
use nn4n_tasks::motor::{
    Arm, ArmReach, ArmState, CentreOut, DrivenArm, Feedback, FreeHand, Kinematics, Plant, Reach, Reaching,
};
use nn4n_tasks::{Condition, Duration, Rounding, Split, Task, TaskError, Trial, TrialRng, batch, create};
use serde_json::json;

const FREE: [[f64; 2]; 2] = [[0.0; 2]; 2];

fn frictionless() -> Arm {
    Arm { friction: FREE, ..Arm::default() }
}

/// The kinetic energy of the two links from the movement of their parts: the forearm turns about its centre of mass,
/// which the elbow carries along.
fn energy_of_links(arm: &Arm, [q1, q2]: [f64; 2], [w1, w2]: [f64; 2]) -> f64 {
    let about_centre = arm.i2 - arm.m2 * arm.s2 * arm.s2;
    let x = -arm.l1 * w1 * q1.sin() - arm.s2 * (w1 + w2) * (q1 + q2).sin();
    let y = arm.l1 * w1 * q1.cos() + arm.s2 * (w1 + w2) * (q1 + q2).cos();
    0.5 * (arm.i1 * w1 * w1 + arm.m2 * (x * x + y * y) + about_centre * (w1 + w2).powi(2))
}

#[test]
fn the_mass_matrix_gives_the_energy_of_the_links() {
    let arm = Arm::default();
    for (angles, velocity) in [([0.3, 1.2], [1.0, 0.0]), ([0.3, 1.2], [0.0, 1.0]), ([-1.0, 2.5], [2.0, -3.0])] {
        let state = ArmState { angles, velocity };
        assert!((arm.energy(state) - energy_of_links(&arm, angles, velocity)).abs() < 1e-12);
    }
    // By hand, at a right angle: a1 = 0.025 + 0.045 + 0.09, a3 = 0.045.
    let [[m11, m12], [m21, m22]] = arm.mass_matrix([0.7, std::f64::consts::FRAC_PI_2]);
    assert!((m11 - 0.16).abs() < 1e-12 && (m12 - 0.045).abs() < 1e-12 && m21 == m12 && m22 == 0.045);
}

#[test]
fn the_torques_are_those_of_lagrange_by_finite_differences() {
    let (arm, h) = (frictionless(), 1e-4);
    let (angles, velocity, acceleration) = ([0.4, 1.3], [1.5, -2.0], [3.0, 7.0]);
    let shifted = |point: [f64; 2], joint: usize, by: f64| {
        let mut point = point;
        point[joint] += by;
        point
    };
    // dL/dw and dL/dq of the kinetic energy.
    let momentum = |q: [f64; 2], w: [f64; 2], joint| {
        (energy_of_links(&arm, q, shifted(w, joint, h)) - energy_of_links(&arm, q, shifted(w, joint, -h))) / (2.0 * h)
    };
    let found = arm.torque(ArmState { angles, velocity }, acceleration);
    for (joint, found) in found.into_iter().enumerate() {
        let at = |time: f64| {
            let q = std::array::from_fn(|i| angles[i] + time * velocity[i]);
            let w = std::array::from_fn(|i| velocity[i] + time * acceleration[i]);
            momentum(q, w, joint)
        };
        let slope = (energy_of_links(&arm, shifted(angles, joint, h), velocity)
            - energy_of_links(&arm, shifted(angles, joint, -h), velocity))
            / (2.0 * h);
        let wanted = (at(h) - at(-h)) / (2.0 * h) - slope;
        assert!((found - wanted).abs() < 1e-6, "joint {joint}: {found}, but {wanted}");
    }
}

#[test]
fn acceleration_and_torque_undo_each_other() {
    let (arm, state) = (Arm::default(), ArmState { angles: [0.2, 2.0], velocity: [-1.0, 4.0] });
    let again = arm.acceleration(state, arm.torque(state, [5.0, -9.0]));
    assert!((again[0] - 5.0).abs() < 1e-9 && (again[1] + 9.0).abs() < 1e-9, "{again:?}");
}

#[test]
fn a_free_arm_keeps_its_energy_and_half_the_step_halves_the_error() {
    let start = ArmState { angles: [0.2, 1.5], velocity: [2.0, -3.0] };
    let drift = |substeps: usize| {
        let arm = Arm { substeps, ..frictionless() };
        let end = (0..100).fold(start, |state, _| arm.step(state, [0.0; 2], 10.0));
        (arm.energy(end) / arm.energy(start) - 1.0).abs()
    };
    let (coarse, fine) = (drift(50), drift(100));
    assert!(coarse < 5e-3, "{coarse}");
    assert!((coarse / fine - 2.0).abs() < 0.1, "{coarse} {fine}");
}

#[test]
fn friction_takes_the_energy_that_it_should() {
    let arm = Arm { substeps: 1000, ..Arm::default() };
    let state = ArmState { angles: [0.2, 1.5], velocity: [2.0, -3.0] };
    let loss = (arm.energy(state) - arm.energy(arm.step(state, [0.0; 2], 0.01))) / 1e-5;
    // w B w by hand: 0.05 * 4 + 2 * 0.025 * 2 * (-3) + 0.05 * 9
    assert!((loss - 0.35).abs() < 1e-3, "{loss}");
}

#[test]
fn without_torque_an_arm_at_rest_stays_and_a_torque_of_friction_keeps_it_moving() {
    let arm = Arm::default();
    let still = ArmState::at_rest([0.3, 2.0]);
    assert_eq!((0..1000).fold(still, |state, _| arm.step(state, [0.0; 2], 10.0)), still);
    let turning = ArmState { angles: [0.3, 2.0], velocity: [1.5, 0.0] };
    // With only the shoulder turning, the elbow needs the torque that holds the forearm in its circle.
    let held = arm.torque(turning, [0.0; 2]);
    let next = arm.step(turning, held, 10.0);
    assert!((next.velocity[0] - 1.5).abs() < 1e-12 && next.velocity[1].abs() < 1e-12);
    assert!((held[0] - 0.05 * 1.5).abs() < 1e-12);
    assert!((held[1] - (0.025 * 1.5 + 0.048 * 2f64.sin() * 2.25)).abs() < 1e-12);
}

#[test]
fn angles_and_hand_undo_each_other_within_reach() {
    let arm = Arm::default();
    for shoulder in [-2.0, 0.0, 1.1, 3.0] {
        for elbow in [0.1, 1.5, 3.0] {
            let [q1, q2] = arm.angles(arm.hand([shoulder, elbow])).unwrap();
            assert!((q1 - shoulder).sin().abs() < 1e-9 && (q1 - shoulder).cos() > 0.0 && (q2 - elbow).abs() < 1e-9);
        }
    }
    assert_eq!(arm.angles([0.5, 0.4]), None, "0.64 m away");
    assert_eq!(arm.angles([0.01, 0.0]), None, "nearer than 0.03 m");
}

#[test]
fn the_velocity_of_the_hand_is_its_change() {
    let (arm, h) = (Arm::default(), 1e-6);
    let state = ArmState { angles: [0.4, 1.9], velocity: [3.0, -1.0] };
    let at =
        |time: f64| arm.hand([state.angles[0] + time * state.velocity[0], state.angles[1] + time * state.velocity[1]]);
    let (after, before, velocity) = (at(h), at(-h), arm.hand_velocity(state));
    for axis in 0..2 {
        assert!(((after[axis] - before[axis]) / (2.0 * h) - velocity[axis]).abs() < 1e-8);
    }
}

/// A trial with a fixed delay, so that its steps are known.
fn fixed(reach: Reach) -> Reach {
    Reach { delay: Duration::Fixed(400.0), ..reach }
}

fn trial(task: &dyn Task, angle: f64) -> Trial {
    task.trial(Split::Train, Some(&Condition::new().with("angle", angle)), &mut TrialRng::new(1, "test", 0, 0)).unwrap()
}

#[test]
fn torques_worked_out_for_the_path_bring_the_hand_to_the_target() {
    let task = ArmReach { reach: fixed(Reach::default()), ..ArmReach::default() };
    let plant = task.plant().unwrap();
    for angle in &task.angles {
        let trial = trial(&task, *angle);
        let origin = task.task.arm.hand(plant.posture);
        let path = |step: usize| -> [f64; 2] {
            let place = trial.targets.row(step.min(trial.n_steps() - 1));
            task.task.arm.angles([origin[0] + f64::from(place[0]), origin[1] + f64::from(place[1])]).unwrap()
        };
        let h = task.dt / 1000.0;
        let mut torques = Array2::zeros((trial.n_steps(), 2));
        for step in 1..trial.n_steps() {
            let (before, now, next) = (path(step.saturating_sub(2)), path(step - 1), path(step));
            let velocity = std::array::from_fn(|i| (now[i] - before[i]) / h);
            let acceleration = std::array::from_fn(|i| (next[i] - 2.0 * now[i] + before[i]) / (h * h));
            let torque = task.task.arm.torque(ArmState { angles: now, velocity }, acceleration);
            torques.row_mut(step).assign(&ndarray::arr1(&torque));
        }
        let movement = plant.movement(torques.view());
        let worst = movement.iter().zip(&trial.targets).map(|(m, t)| (m - f64::from(*t)).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-4, "{angle}: {worst} m");
        // A tenth of the step with the same torques: what the step of 10 ms costs.
        let finer = Plant { arm: Arm { substeps: 10, ..task.task.arm }, ..plant };
        let apart = &finer.movement(torques.view()) - &movement;
        assert!(apart.iter().all(|x| x.abs() < 0.005), "{angle}: {:?}", apart.row(trial.n_steps() - 1));
    }
}

#[test]
fn the_hand_starts_straight_before_the_shoulder_and_can_reach_every_target() {
    let task = ArmReach::default();
    assert!(task.validate().is_ok());
    let hand = task.task.arm.hand(task.plant().unwrap().posture);
    assert!(hand[0].abs() < 1e-12);
    assert_eq!(task.angles, [-36.0, 0.0, 36.0, 72.0, 108.0, 144.0, 180.0, 216.0]);
    let message = ArmReach { angles: vec![0.0, 270.0], distance: 0.19, ..task }.validate().unwrap_err().to_string();
    assert!(
        message.starts_with("`angles` = 270 is a direction in which the arm does not reach far enough"),
        "{message}"
    );
}

#[test]
fn delays_are_uniform_and_a_trial_is_as_long_as_its_epochs() -> Result<(), TaskError> {
    let trials = batch(&CentreOut::default(), Split::Train, 3, 0, 2000)?;
    let delay = |epochs: &[nn4n_tasks::Epoch]| {
        epochs.iter().find(|epoch| epoch.name == "delay").map_or(0, |epoch| epoch.steps().len())
    };
    let steps: Vec<usize> = trials.epochs.iter().map(|epochs| delay(epochs)).collect();
    assert!(steps.iter().all(|steps| (30..=60).contains(steps)));
    let mean = steps.iter().sum::<usize>() as f64 / 2000.0;
    // The standard deviation of a uniform distribution over 30 steps is 8.66.
    assert!((mean - 45.0).abs() < 4.5 * 8.66 / 2000f64.sqrt(), "{mean}");
    assert!(trials.n_steps.iter().zip(&steps).all(|(n_steps, delay)| *n_steps == 10 + delay + 10 + 60 + 20));
    Ok(())
}

#[test]
fn cues_come_with_their_epochs() {
    let task = CentreOut { reach: fixed(Reach::default()), ..CentreOut::default() };
    let trial = trial(&task, 135.0);
    let part = 0.5f32.sqrt();
    for (step, cues) in [
        (9, [0.0, 0.0, 0.0]),
        (10, [-part, part, 0.0]),
        (49, [-part, part, 0.0]),
        (50, [-part, part, 1.0]),
        (139, [-part, part, 1.0]),
    ] {
        assert!(trial.inputs.row(step).iter().zip(cues).all(|(u, cue)| (u - cue).abs() < 1e-6), "step {step}");
    }
}

#[test]
fn velocities_are_those_of_the_path_and_are_scored_as_the_path_is() {
    let reach = fixed(Reach::default());
    let place = CentreOut { reach: reach.clone(), ..CentreOut::default() };
    let velocity = Reaching { reach, task: FreeHand { kinematics: Kinematics::Velocity }, ..CentreOut::default() };
    let (path, speeds) = (trial(&place, 0.0).targets, trial(&velocity, 0.0));
    // Half way, the speed of a minimum-jerk reach is 1.875 times its mean, here of 1 in 0.6 s.
    assert!((speeds.targets[[90, 0]] - 1.875 / 0.6).abs() < 0.01, "{}", speeds.targets[[90, 0]]);
    let sum = speeds.targets.column(0).sum() * 0.01;
    assert!((sum - path[[139, 0]]).abs() < 1e-5);
    let score = velocity.score(speeds.view(), speeds.targets.view());
    assert_eq!((score.correct, score.error), (Some(true), Some(0.0)));
    assert_eq!(
        velocity.score(speeds.view(), (0.8 * &speeds.targets).view()).correct,
        Some(false),
        "a fifth too slow falls short"
    );
}

#[test]
fn a_reach_must_wait_for_the_go_cue_and_end_on_the_target() {
    let task = CentreOut { reach: fixed(Reach::default()), ..CentreOut::default() };
    let trial = trial(&task, 90.0);
    let score = |outputs: &Array2<f32>| task.score(trial.view(), outputs.view());
    let perfect = score(&trial.targets);
    assert_eq!((perfect.correct, perfect.choice), (Some(true), None));
    // 100 ms, and a quarter of the movement's 600 ms: there 0.1035 of the way are covered, and a step before less than
    // 0.1.
    assert_eq!(perfect.reaction_time, Some(250.0));

    let mut early = trial.targets.clone();
    early[[49, 0]] = 0.11;
    assert_eq!((score(&early).correct, score(&early).reaction_time), (Some(false), None));
    early[[49, 0]] = 0.09;
    assert_eq!(score(&early).correct, Some(true));

    let mut short = trial.targets.clone();
    short[[139, 1]] = 0.89;
    assert_eq!(score(&short).correct, Some(false));
    short[[139, 1]] = 0.91;
    assert_eq!(score(&short).correct, Some(true));
    let still = Array2::zeros(trial.targets.dim());
    assert_eq!((score(&still).correct, score(&still).reaction_time), (Some(false), None));
}

#[test]
fn a_direction_between_the_targets_can_be_asked_for() -> Result<(), TaskError> {
    let trial = trial(&ArmReach::default(), 30.0);
    let last = trial.targets.row(trial.n_steps() - 1).to_vec();
    assert!((last[0] - 0.2 * 0.75f32.sqrt()).abs() < 1e-6 && (last[1] - 0.1).abs() < 1e-6);
    let condition = Condition::new().with("angle", "left");
    assert!(CentreOut::default().trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "test", 0, 0)).is_err());
    Ok(())
}

#[test]
fn noise_is_where_it_belongs_and_as_strong_as_it_says() -> Result<(), TaskError> {
    let task = DrivenArm { sigma_feedback: 0.3, ..DrivenArm::default() };
    let task = ArmReach { task, ..ArmReach::default() };
    let noisy = batch(&task, Split::Train, 0, 0, 200)?;
    let clean = batch(&ArmReach::default(), Split::Train, 0, 0, 200)?;
    assert_eq!(noisy.inputs.slice(s![.., .., ..3]), clean.inputs.slice(s![.., .., ..3]));
    assert!(clean.inputs.slice(s![.., .., 3..]).iter().all(|&u| u == 0.0));
    let numbers: Vec<f64> = (0..200)
        .flat_map(|i| noisy.view(i).unwrap().inputs.slice(s![.., 3..]).to_owned().into_iter().map(f64::from))
        .collect();
    let n = numbers.len() as f64;
    let (mean, variance) = (numbers.iter().sum::<f64>() / n, numbers.iter().map(|x| x * x).sum::<f64>() / n);
    assert!(
        mean.abs() < 4.5 * 0.3 / n.sqrt() && (variance / 0.09 - 1.0).abs() < 4.5 * (2.0 / n).sqrt(),
        "{mean} {variance}"
    );

    let cued = CentreOut { reach: Reach { sigma_in: 0.2, ..Reach::default() }, ..CentreOut::default() };
    let (noisy, clean) = (batch(&cued, Split::Train, 0, 0, 50)?, batch(&CentreOut::default(), Split::Train, 0, 0, 50)?);
    let difference = &noisy.inputs - &clean.inputs;
    let variance =
        difference.iter().map(|x| f64::from(x * x)).sum::<f64>() / (3 * noisy.n_steps.iter().sum::<usize>()) as f64;
    assert!((variance / 0.04 - 1.0).abs() < 0.06, "{variance}");
    Ok(())
}

#[test]
fn what_is_felt_is_measured_from_the_start() {
    let plant = ArmReach::default().plant().unwrap();
    assert_eq!(plant.felt(ArmState::at_rest(plant.posture)), [0.0; 4]);
    let state = ArmState { angles: [0.5, 2.0], velocity: [1.0, -1.0] };
    // Over 0.2 m.
    let hand = plant.arm.hand(state.angles);
    assert!((plant.felt(state)[1] - 5.0 * (hand[1] - plant.arm.hand(plant.posture)[1])).abs() < 1e-12);
    let joint = DrivenArm { feedback: Feedback::Joint, ..DrivenArm::default() };
    let joint = ArmReach { task: joint, ..ArmReach::default() }.plant().unwrap();
    let felt = joint.felt(state);
    assert!((felt[0] - (0.5 - 10f64.to_radians())).abs() < 1e-12 && felt[2..] == [1.0, -1.0]);
}

#[test]
fn parameters_without_meaning_are_refused_by_name() {
    let cases = [
        (json!({ "tolerance": 0.0 }), "tolerance"),
        (json!({ "angles": [0.0, 360.0] }), "angles"),
        (json!({ "centre": 0.0 }), "centre"),
        (json!({ "movement": 605.0 }), "movement"),
        (json!({ "distance": -1.0 }), "distance"),
        (json!({ "sigma_in": -0.1 }), "sigma_in"),
        (json!({ "delay": { "min": 600.0, "max": 300.0 } }), "delay.max"),
    ];
    let arm = [
        (json!({ "arm": { "i2": 0.02 } }), "arm.i2"),
        (json!({ "arm": { "friction": [[0.05, -0.2], [0.0, 0.05]] } }), "arm.friction"),
        (json!({ "arm": { "substeps": 0 } }), "arm.substeps"),
        (json!({ "arm": { "l3": 1.0 } }), "l3"),
        (json!({ "feedback_delay": 15.0 }), "feedback_delay"),
        (json!({ "feedback": "muscle" }), "feedback"),
        (json!({ "posture": [null, 90.0] }), "posture"),
        (json!({ "distance": 0.5 }), "angles"),
    ];
    let both =
        ["motor/centre_out", "motor/arm_reach"].into_iter().flat_map(|id| cases.iter().map(move |case| (id, case)));
    for (id, (parameters, word)) in both.chain(arm.iter().map(|case| ("motor/arm_reach", case))) {
        let Err(error) = create(id, Some(parameters)) else { panic!("{id} accepts {parameters}") };
        assert!(error.to_string().contains(word), "{id} {parameters}: {error}");
    }
}

#[test]
fn a_delay_between_two_steps_is_rounded_when_asked() -> Result<(), TaskError> {
    let reach = Reach { rounding: Rounding::Ceil, ..Reach::default() };
    let late = DrivenArm { feedback_delay: 45.0, ..DrivenArm::default() };
    let task = ArmReach { reach, task: late, ..ArmReach::default() };
    task.validate()?;
    assert_eq!(task.plant().unwrap().delay, 5);
    Ok(())
}
