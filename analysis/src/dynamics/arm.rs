//! Derivatives of an arm's step and of what is felt of it.
//!
//! ```text
//! M a = torque - r(q2, w)     da/dtorque = M^-1     da/dw = -M^-1 dr/dw     da/dq2 = -M^-1 (dr/dq2 + dM/dq2 a)
//! w <- w + h a,  q <- q + h w                                              substep by substep, by the chain rule
//! ```
//!
//! `q` angles, `w` angular velocities, `a` accelerations of shoulder and elbow, `r` the torques that velocities take
//! ([`nn4n_tasks::motor::Arm`]).

use nn4n_tasks::motor::{Arm, ArmState, Feedback, Plant};

/// Numbers of a state of the arm, and of what is felt of it.
pub(super) const ARM: usize = 4;
/// Those and the torques, of which a step is a function.
const OF: usize = ARM + 2;

pub(super) fn arm(numbers: &[f64]) -> ArmState {
    ArmState { angles: [numbers[0], numbers[1]], velocity: [numbers[2], numbers[3]] }
}

pub(super) fn numbers(arm: ArmState) -> [f64; ARM] {
    [arm.angles[0], arm.angles[1], arm.velocity[0], arm.velocity[1]]
}

/// How the numbers after a step depend on those before it and on the torques (rows: after).
pub(super) fn step_derivative(arm: &Arm, before: ArmState, torque: [f64; 2], dt: f64) -> [[f64; OF]; ARM] {
    let h = dt / 1000.0 / arm.substeps as f64;
    let mut state = before;
    let mut found = [[0.0; OF]; ARM];
    (0..ARM).for_each(|place| found[place][place] = 1.0);
    for _ in 0..arm.substeps {
        let acceleration = arm.acceleration(state, torque);
        let of = acceleration_derivative(arm, state, acceleration);
        // What each of the six does to elbow and velocities before this substep.
        let before = found;
        for joint in 0..2 {
            for column in 0..OF {
                let torques = if column >= ARM { of[joint][3 + column - ARM] } else { 0.0 };
                let moved = of[joint][0] * before[1][column]
                    + of[joint][1] * before[2][column]
                    + of[joint][2] * before[3][column]
                    + torques;
                found[2 + joint][column] += h * moved;
                found[joint][column] += h * found[2 + joint][column];
            }
            state.velocity[joint] += h * acceleration[joint];
            state.angles[joint] += h * state.velocity[joint];
        }
    }
    found
}

/// How the acceleration of each joint, which is known, depends on the angle of the elbow, on the two velocities and on
/// the two torques.
fn acceleration_derivative(arm: &Arm, state: ArmState, [x1, x2]: [f64; 2]) -> [[f64; 5]; 2] {
    let ArmState { angles, velocity: [w1, w2] } = state;
    let [[m11, m12], [_, m22]] = arm.mass_matrix(angles);
    let [_, a2, _] = arm.coefficients();
    let (sine, cosine) = (a2 * angles[1].sin(), a2 * angles[1].cos());
    let [[b11, b12], [b21, b22]] = arm.friction;
    // Less dr and dM a, column by column.
    let elbow = [cosine * w2 * (2.0 * w1 + w2) + sine * (2.0 * x1 + x2), -cosine * w1 * w1 + sine * x1];
    let first = [2.0 * sine * w2 - b11, -b21 - 2.0 * sine * w1];
    let second = [2.0 * sine * (w1 + w2) - b12, -b22];
    let determinant = m11 * m22 - m12 * m12;
    let solved = |[f1, f2]: [f64; 2]| [(m22 * f1 - m12 * f2) / determinant, (m11 * f2 - m12 * f1) / determinant];
    let columns = [elbow, first, second, [1.0, 0.0], [0.0, 1.0]].map(solved);
    [0, 1].map(|joint| columns.map(|column| column[joint]))
}

/// How what is felt depends on the state of the arm (rows: felt).
pub(super) fn felt_derivative(plant: &Plant, state: ArmState) -> [[f64; ARM]; ARM] {
    let scale = plant.scale;
    if plant.feedback == Feedback::Joint {
        return std::array::from_fn(|row| std::array::from_fn(|column| if row == column { scale } else { 0.0 }));
    }
    let ArmState { angles: [q1, q2], velocity: [w1, w2] } = state;
    let [x, y] = plant.arm.hand([q1, q2]);
    let [vx, vy] = plant.arm.hand_velocity(state);
    let (sine, cosine) = (plant.arm.l2 * (q1 + q2).sin(), plant.arm.l2 * (q1 + q2).cos());
    let fore = w1 + w2;
    [[-y, -sine, 0.0, 0.0], [x, cosine, 0.0, 0.0], [-vy, -fore * cosine, -y, -sine], [vx, -fore * sine, x, cosine]]
        .map(|row| row.map(|value| scale * value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFFERENCE: f64 = 1e-3;

    /// The derivative by differences of fourth order, right to about 1e-10 of its size.
    fn differences<const N: usize>(x: [f64; N], f: impl Fn([f64; N]) -> [f64; ARM]) -> [[f64; N]; ARM] {
        let mut found = [[0.0; N]; ARM];
        for column in 0..N {
            let at = |steps: f64| {
                let mut moved = x;
                moved[column] += steps * DIFFERENCE;
                f(moved)
            };
            let (near, far) = ((at(1.0), at(-1.0)), (at(2.0), at(-2.0)));
            for row in 0..ARM {
                let central = |(plus, minus): ([f64; ARM], [f64; ARM])| plus[row] - minus[row];
                found[row][column] = (8.0 * central(near) - central(far)) / (12.0 * DIFFERENCE);
            }
        }
        found
    }

    fn same<const N: usize>(a: &[[f64; N]; ARM], b: &[[f64; N]; ARM]) -> bool {
        a.iter().flatten().zip(b.iter().flatten()).all(|(a, b)| (a - b).abs() < 1e-8 * (1.0 + b.abs()))
    }

    #[test]
    fn a_step_and_what_is_felt_change_as_differences_say() {
        let at = [0.4, 1.7, -1.2, 2.3, 0.6, -0.4];
        for substeps in [1, 5] {
            let body = Arm { substeps, ..Arm::default() };
            let found = step_derivative(&body, arm(&at), [at[4], at[5]], 20.0);
            let expected = differences(at, |x| numbers(body.step(arm(&x), [x[4], x[5]], 20.0)));
            assert!(same(&found, &expected), "{found:?} {expected:?}");
            for feedback in [Feedback::Hand, Feedback::Joint] {
                let plant = Plant {
                    arm: body,
                    dt: 20.0,
                    posture: [0.2, 1.0],
                    feedback,
                    first_channel: 0,
                    scale: 3.0,
                    delay: 0,
                };
                let x: [f64; ARM] = std::array::from_fn(|place| at[place]);
                let expected = differences(x, |x| plant.felt(arm(&x)));
                assert!(same(&felt_derivative(&plant, arm(&x)), &expected), "{feedback:?}");
            }
        }
    }
}
