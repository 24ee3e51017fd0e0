//! Fixed points against roots found by bracketing (scipy's brentq) and closed forms.

use std::ops::ControlFlow;

use ndarray::{Array2, array};
use nn4n_analysis::{
    Dynamics, FixedPoint, FixedPoints, Network,
    fixed_points::{
        PointKind, Settings,
        continuation::{self, Bifurcation},
        starts,
    },
};
use nn4n_models::{Activation, Form};

use crate::made::{autonomous, network};

fn find(network: &Network, input: &[f64], starts: Array2<f64>) -> FixedPoints {
    let driven = network.under(input).unwrap();
    FixedPoints::find(&driven, input, starts.view(), &Settings::default(), &mut |_| ControlFlow::Continue(())).unwrap()
}

/// From the box of all fixed points.
fn in_box(network: &Network, input: &[f64]) -> FixedPoints {
    let starts = starts::in_box(&network.under(input).unwrap(), 1024, 1).unwrap();
    find(network, input, starts)
}

/// How many have 0, 1, 2, .. unstable modes.
fn by_index(found: &FixedPoints) -> Vec<usize> {
    let mut counts = vec![0; found.fixed().map(|point| point.unstable_dimensions).max().map_or(0, |most| most + 1)];
    found.fixed().for_each(|point| counts[point.unstable_dimensions] += 1);
    counts
}

fn near(found: f64, wanted: f64, tolerance: f64) {
    assert!((found - wanted).abs() < tolerance, "{found} is not {wanted}");
}

fn states(found: &FixedPoints) -> Vec<f64> {
    let mut states: Vec<f64> = found.fixed().map(|point| point.x_star[0]).collect();
    states.sort_by(f64::total_cmp);
    states
}

#[test]
fn one_unit_has_the_roots_of_x_equal_w_tanh_x_in_both_forms() {
    for (w, root, slope, rate) in [
        (1.2, 0.790_283_59, -0.320_456_8, 0.658_569_66),
        (1.5, 1.287_839_45, -0.605_687_0, 0.858_559_64),
        (2.0, 1.915_008_05, -0.833_627_9, 0.957_504_02),
        (3.0, 2.984_704_59, -0.969_487_2, 0.994_901_53),
    ] {
        for (form, wanted) in [(Form::Current, root), (Form::Rate, rate)] {
            let found = in_box(&autonomous(form, Activation::Tanh, &array![[w]]), &[0.0]);
            let roots = states(&found);
            assert_eq!((roots.len(), found.index_sum, by_index(&found)), (3, Some(1), vec![2, 1]), "{form:?} {w}");
            near(roots[2], wanted, 1e-8);
            near(roots[0], -wanted, 1e-8);
            let outer = found.fixed().next().unwrap();
            near(outer.eigenvalues[0].0, 1.0 + 0.1 * slope, 1e-8);
            // Per tau, of 100 ms.
            near(outer.continuous_eigenvalues.as_ref().unwrap()[0].0, 10.0 * slope, 1e-6);
            let saddle = found.fixed().last().unwrap();
            near(saddle.eigenvalues[0].0, 1.0 + 0.1 * (w - 1.0), 1e-12);
            assert!(found.points.iter().all(|point| point.q < 1e-24 && point.speed < 1e-12));
        }
    }
    let alone = in_box(&autonomous(Form::Current, Activation::Tanh, &array![[0.9]]), &[0.0]);
    assert_eq!((alone.points.len(), alone.n_stable()), (1, 1));
}

#[test]
fn two_points_merge_at_the_fold_and_leave_a_ghost() {
    let one = network(Form::Current, Activation::Tanh, &array![[2.0]], &array![[1.0]], &[0.0]);
    let fold: f64 = 0.532_839_98;
    assert_eq!(in_box(&one, &[fold - 1e-4]).fixed().count(), 3);
    let beyond = in_box(&one, &[fold + 1e-3]);
    assert_eq!((beyond.fixed().count(), beyond.index_sum), (1, Some(1)));
    let ghost = beyond.points.iter().find(|point| point.kind == PointKind::Slow).expect("a ghost");
    // Where x = w tanh(x) + I is missed by least: tanh' = 1 / 2, and |g| is how far the input is beyond the fold.
    near(ghost.x_star[0], -(0.5f64.sqrt()).atanh(), 1e-6);
    near(ghost.speed, 1e-3, 1e-7);
}

#[test]
fn a_flip_flop_of_three_units_has_all_twenty_seven_points() {
    let found = in_box(&autonomous(Form::Current, Activation::Tanh, &(2.0 * Array2::eye(3))), &[0.0]);
    assert_eq!((by_index(&found), found.index_sum), (vec![8, 12, 6, 1], Some(1)));
    let stable = found.fixed().next().unwrap();
    near(stable.eigenvalues[2].0, 0.916_637_21, 1e-8);
    near(stable.time_constants_ms[0], -10.0 / 0.916_637_21f64.ln(), 1e-5);
    near(found.fixed().last().unwrap().eigenvalues[0].0, 1.1, 1e-12);
}

#[test]
fn two_units_have_one_three_five_or_nine_points() {
    for (p, c, wanted) in
        [(0.5, 0.2, vec![1]), (1.2, 0.3, vec![2, 1]), (1.5, 0.4, vec![2, 2, 1]), (1.5, 0.2, vec![4, 4, 1])]
    {
        let found = in_box(&autonomous(Form::Current, Activation::Tanh, &array![[p, -c], [-c, p]]), &[0.0]);
        assert_eq!((by_index(&found), found.index_sum), (wanted, Some(1)), "{p} {c}");
    }
}

#[test]
fn uncoupled_units_of_unequal_weights_show_all_nine_points_saddles_included() {
    let weights = Array2::from_diag(&array![2.0, 1.5, 0.5, 0.3]);
    for form in [Form::Current, Form::Rate] {
        let found = in_box(&autonomous(form, Activation::Tanh, &weights), &[0.0]);
        assert_eq!((by_index(&found), found.index_sum), (vec![4, 4, 1], Some(1)), "{form:?}");
    }
}

#[test]
fn a_line_of_rectifiers_is_kept_as_a_line() {
    let line = network(
        Form::Current,
        Activation::Relu,
        &array![[0.0, -1.0], [-1.0, 0.0]],
        &Array2::zeros((2, 1)),
        &[1.0, 1.0],
    );
    let starts = Array2::from_shape_fn((400, 2), |(start, unit)| {
        let along = 0.05 + 0.9 * (start as f64 / 399.0);
        let off = 0.2 * ((start * 37 % 11) as f64 / 11.0 - 0.5);
        if unit == 0 { along + off } else { 1.0 - along + off }
    });
    let found = find(&line, &[0.0], starts);
    assert!(found.fixed().count() > 50, "{} points", found.fixed().count());
    for point in found.fixed() {
        near(point.x_star[0] + point.x_star[1], 1.0, 1e-12);
        near(point.eigenvalues[0].0, 1.0, 1e-12);
        near(point.eigenvalues[1].0, 0.8, 1e-12);
        assert_eq!((point.marginal_dimensions, point.unstable_dimensions, point.is_stable), (1, 0, false));
        let left = point.left.as_ref().unwrap();
        near(left[[0, 0]].0, 0.5f64.sqrt(), 1e-12);
        near(left[[0, 1]].0, -(0.5f64.sqrt()), 1e-12);
        assert!(point.time_constants_ms[0].is_infinite());
    }
    assert_eq!(found.index_sum, None);

    let manifold = found.manifold.as_ref().expect("a line");
    assert_eq!((manifold.dimension, manifold.is_closed, manifold.order.len()), (1, false, found.fixed().count()));
    assert!(manifold.speed_between.iter().all(|speed| *speed < 1e-12));
    let lengths = manifold.arc_length.as_ref().unwrap();
    assert!(lengths.windows(2).all(|pair| pair[1] > pair[0]));
    let (first, last) = (manifold.order[0], *manifold.order.last().unwrap());
    let between = (found.points[first].x_star[0] - found.points[last].x_star[0]).abs() * 2f64.sqrt();
    near(*lengths.last().unwrap(), between, 1e-9);
    near(manifold.selection_vector[0].abs(), 0.5f64.sqrt(), 1e-9);
    near(manifold.selection_vector[0] + manifold.selection_vector[1], 0.0, 1e-9);
}

#[test]
fn a_linear_line_attractor_selects_by_its_left_vector() {
    // W = r l^T, l . r = 1: a pulse of input ends displaced by (l . dx) r.
    let (r, l) = ([1.0, 0.5, -0.5], [0.8, 0.6, 0.2]);
    let weights = Array2::from_shape_fn((3, 3), |(post, pre)| r[post] * l[pre]);
    let w_in = array![[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]];
    let network = network(Form::Current, Activation::Linear, &weights, &w_in, &[0.0; 3]);
    let starts = Array2::from_shape_fn((100, 3), |(start, unit)| r[unit] * (start as f64 / 50.0 - 1.0) + 0.01);
    let found = find(&network, &[0.0, 0.0], starts);
    let manifold = found.manifold.expect("a line");
    // In units where r has length 1.
    let norm = 1.5f64.sqrt();
    let sign = manifold.selection_vector[0].signum();
    for (found, wanted) in manifold.selection_vector.iter().zip(l) {
        near(sign * found, wanted * norm, 1e-9);
    }
    near(sign * manifold.effect_of_inputs[0], 0.1 * 0.8 * norm, 1e-9);
    near(sign * manifold.effect_of_inputs[1], 0.1 * 0.6 * norm, 1e-9);
    // Along l, and of an input of any strength.
    let size = l.iter().map(|value| value * value).sum::<f64>().sqrt();
    near(manifold.alignment_of_inputs[0], 0.8 / size, 1e-9);
    near(manifold.alignment_of_inputs[1], 0.6 / size, 1e-9);
    near(manifold.shares[0], 1.0, 1e-9);
    for (found, wanted) in manifold.direction.iter().zip(r) {
        near(sign * found, wanted / norm, 1e-9);
    }
}

#[test]
fn slow_points_sample_a_line_that_leaks() {
    // As above, but l . r = 0.98: the only fixed point is 0, and activity decays along r with 1 - 0.1 * 0.02.
    let (r, l) = ([1.0, 0.5, -0.5], [0.8, 0.6, 0.24]);
    let weights = Array2::from_shape_fn((3, 3), |(post, pre)| r[post] * l[pre]);
    let network = network(Form::Current, Activation::Linear, &weights, &Array2::zeros((3, 1)), &[0.0; 3]);
    let starts = Array2::from_shape_fn((100, 3), |(start, unit)| {
        r[unit] * (start as f64 / 50.0 - 1.0) + if unit == start % 3 { 0.3 } else { 0.0 }
    });
    let settings = Settings { slow: Some(1e-5), ..Settings::default() };
    let found = FixedPoints::find(&network.under(&[0.0]).unwrap(), &[0.0], starts.view(), &settings, &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap();
    assert!(found.points.len() > 50 && found.points.iter().all(|point| point.q <= 1e-5), "{}", found.points.len());
    let manifold = found.manifold.expect("a line");
    assert_eq!(manifold.dimension, 1);
    assert!(manifold.shares[0] > 0.95, "{:?}", manifold.shares);
    let norm = 1.5f64.sqrt();
    let along: f64 = manifold.direction.iter().zip(r).map(|(found, r)| found * r / norm).sum();
    near(along.abs(), 1.0, 1e-9);
}

#[test]
fn saddles_of_a_flip_flop_join_neighbouring_corners() {
    let network = autonomous(Form::Current, Activation::Tanh, &(2.0 * Array2::eye(3)));
    let found = in_box(&network, &[0.0]);
    let driven = network.under(&[0.0]).unwrap();
    let all = found.connections(&driven);
    for (place, point) in found.points.iter().enumerate().filter(|(_, point)| point.unstable_dimensions == 1) {
        let ends: Vec<usize> = all.iter().filter(|way| way.from == place).map(|way| way.to.expect("an end")).collect();
        let differs = (0..3)
            .filter(|unit| (found.points[ends[0]].x_star[*unit] - found.points[ends[1]].x_star[*unit]).abs() > 1.0);
        assert_eq!((ends.len(), differs.count()), (2, 1));
        assert!(ends.iter().all(|end| found.points[*end].is_stable));
        let zero = point.x_star.iter().filter(|x| x.abs() < 1e-6).count();
        assert_eq!(zero, 1);
    }
    assert!(all.iter().all(|way| way.is_certain));
    assert_eq!(all.len(), 12 * 2 + 6 * 4 + 6);
}

#[test]
fn a_ring_of_many_units_is_continuous_and_one_of_twelve_is_not() {
    let ring = |n: usize| {
        let weights = Array2::from_shape_fn((n, n), |(i, j)| {
            let angle = std::f64::consts::TAU * (i as f64 - j as f64) / n as f64;
            2.0 * 2.0 / n as f64 * angle.cos()
        });
        let network = autonomous(Form::Current, Activation::Tanh, &weights);
        let starts = Array2::from_shape_fn((300, n), |(start, unit)| {
            let (angle, size) = (0.37 * start as f64, 1.5 + (start % 7) as f64 / 5.0);
            size * (std::f64::consts::TAU * unit as f64 / n as f64 - angle).cos()
        });
        find(&network, &[0.0], starts)
    };
    let many = ring(64);
    let bumps: Vec<&FixedPoint> = many.fixed().filter(|point| point.rates.iter().any(|rate| *rate > 0.1)).collect();
    assert!(bumps.len() > 100, "{}", bumps.len());
    for point in bumps {
        // sum x_j cos, sum x_j sin over a ring have length R n / 2.
        let part = |f: fn(f64) -> f64| {
            point
                .x_star
                .iter()
                .enumerate()
                .map(|(unit, x)| x * f(std::f64::consts::TAU * unit as f64 / 64.0))
                .sum::<f64>()
        };
        near(part(f64::cos).hypot(part(f64::sin)) / 32.0, 2.316_344, 1e-6);
        let mu = point.continuous_eigenvalues.as_ref().unwrap();
        near(mu[0].0, 0.0, 1e-5);
        near(mu[1].0, -7.915_92, 1e-4);
        assert_eq!((point.marginal_dimensions, point.unstable_dimensions), (1, 0));
    }
    let few = ring(12);
    let bumps: Vec<_> = few.fixed().filter(|point| point.rates.iter().any(|rate| *rate > 0.1)).collect();
    assert_eq!(bumps.len(), 24);
    assert_eq!(bumps.iter().filter(|point| point.is_stable).count(), 12);
    assert!(bumps.iter().all(|point| (point.continuous_eigenvalues.as_ref().unwrap()[0].0.abs() - 0.176).abs() < 0.01));
}

#[test]
fn a_rectified_ring_has_a_bump_of_half_its_units() {
    let n = 100;
    let weights = Array2::from_shape_fn((n, n), |(i, j)| {
        let angle = std::f64::consts::TAU * (i as f64 - j as f64) / n as f64;
        (-2.0 + 4.0 * angle.cos()) / n as f64
    });
    let ring = network(Form::Rate, Activation::Relu, &weights, &Array2::zeros((n, 1)), &vec![1.0; n]);
    let starts = Array2::from_shape_fn((60, n), |(start, unit)| {
        (1.2 + 0.01 * start as f64)
            * (std::f64::consts::TAU * unit as f64 / n as f64 - 0.3 * start as f64).cos().max(0.0)
    });
    let found = find(&ring, &[0.0], starts);
    let bump = found.fixed().find(|point| point.rates.iter().any(|rate| *rate > 0.5)).unwrap();
    let peak = bump.rates.iter().copied().fold(0.0, f64::max);
    near(peak, std::f64::consts::FRAC_PI_2, 2e-3);
    let mu = bump.continuous_eigenvalues.as_ref().unwrap();
    near(mu[0].0, 0.0, 1e-3);
    near(mu[1].0, -5.651, 1e-2);
}

#[test]
fn the_origin_of_a_rectified_network_is_on_its_kink_and_judged_by_what_follows() {
    for (w, is_stable) in [(0.9, true), (1.1, false)] {
        let network = autonomous(Form::Rate, Activation::Relu, &array![[0.0, w], [w, 0.0]]);
        let found = find(&network, &[0.0], array![[0.0, 0.0], [0.3, 0.2], [0.1, 0.5]]);
        let origin = found.fixed().find(|point| point.x_star.iter().all(|x| x.abs() < 1e-9)).unwrap();
        assert_eq!((origin.on_kink.len(), origin.is_stable), (2, is_stable), "{w}");
        assert_eq!(found.index_sum, None);
    }
}

#[test]
fn the_three_forms_have_the_same_points_where_rates_pass_f_unchanged() {
    let weights = array![[0.3, -0.4, 0.1], [0.2, 0.1, -0.5], [-0.3, 0.4, 0.2]];
    let bias = [0.8, 0.5, 0.6];
    let of = |form| {
        let network = network(form, Activation::Relu, &weights, &Array2::zeros((3, 1)), &bias);
        let found = find(&network, &[0.0], array![[0.5, 0.5, 0.5], [1.0, 0.1, 0.3], [0.0, 0.0, 0.0]]);
        found.fixed().next().unwrap().clone()
    };
    let (current, rate, blend) = (of(Form::Current), of(Form::Rate), of(Form::Blend));
    for other in [&rate, &blend] {
        for (a, b) in current.rates.iter().zip(&other.rates) {
            near(*a, *b, 1e-12);
        }
    }
    for (a, b) in current.eigenvalues.iter().zip(&rate.eigenvalues) {
        near(a.0, b.0, 1e-10);
        near(a.1.abs(), b.1.abs(), 1e-10);
    }
    let tanh = autonomous(Form::Blend, Activation::Tanh, &array![[0.5]]);
    assert!(!tanh.has_continuous_limit());
    assert!(in_box(&tanh, &[0.0]).points.iter().all(|point| point.continuous_eigenvalues.is_none()));
}

#[test]
fn the_result_does_not_depend_on_threads_and_a_search_can_be_broken_off() {
    let network = autonomous(Form::Current, Activation::Tanh, &array![[1.5, -0.2], [-0.2, 1.5]]);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| in_box(&network, &[0.0]))
    };
    assert_eq!(on(1), on(3));
    let driven = network.under(&[0.0]).unwrap();
    let starts = starts::in_box(&driven, 1000, 2).unwrap();
    let stop = &mut |_| ControlFlow::Break(());
    let found = FixedPoints::find(&driven, &[0.0], starts.view(), &Settings::default(), stop).unwrap();
    assert!(!found.is_complete && found.n_starts < 1000);
}

#[test]
fn a_branch_turns_at_the_fold() {
    let one = network(Form::Current, Activation::Tanh, &array![[2.0]], &array![[1.0]], &[0.0]);
    let branch = continuation::branch(&one, &[0.0], &[1.0], &[-1.915_008_05], &Default::default()).unwrap();
    let [fold] = &branch.bifurcations[..] else { panic!("{:?}", branch.bifurcations) };
    assert_eq!(fold.kind, Bifurcation::Fold);
    near(fold.input[0], 0.532_839_98, 1e-6);
    near(fold.x[0], -(0.5f64.sqrt()).atanh(), 1e-3);
    // It turns back there and leaves along the saddle.
    let (first, last) = (branch.points.first().unwrap(), branch.points.last().unwrap());
    assert_eq!((first.unstable_dimensions, last.unstable_dimensions), (0, 1));
    assert!(last.s < 0.0 && last.x[0].abs() < 0.1, "{last:?}");

    let bad = continuation::branch(&one, &[0.0], &[1.0], &[0.7], &Default::default()).unwrap_err().to_string();
    assert!(bad.contains("must be a fixed point of the first input"), "{bad}");
}

#[test]
fn a_pitchfork_is_where_the_slope_of_f_has_fallen_to_the_inverse_gain() {
    // W = [[p, -c], [-c, p]] under the input (I, I): at x = (y, y) the mode (1, -1) has the gain (p + c) f'(y), which is
    // 1 where tanh^2 y = 1 - 1 / (p + c), and I = y - (p - c) tanh y.
    let (p, c): (f64, f64) = (1.2, 0.3);
    let rate = (1.0 - 1.0 / (p + c)).sqrt();
    let wanted = rate.atanh() - (p - c) * rate;
    let two = network(Form::Current, Activation::Tanh, &array![[p, -c], [-c, p]], &array![[1.0], [1.0]], &[0.0, 0.0]);
    let symmetric = continuation::branch(&two, &[0.0], &[1.0], &[0.0, 0.0], &Default::default()).unwrap();
    let [fork] = &symmetric.bifurcations[..] else { panic!("{:?}", symmetric.bifurcations) };
    assert_eq!(fork.kind, Bifurcation::Pitchfork);
    near(fork.input[0], wanted, 1e-7);
    near(fork.x[0], rate.atanh(), 1e-6);
    assert!(symmetric.points.last().unwrap().s > 1.0 && symmetric.points.last().unwrap().unstable_dimensions == 0);
    // Along the arms, from one to the other, it is the same point and no fold, although the input turns back there. The
    // arms lean to larger inputs first, and turn in folds that mirror each other.
    let arm = continuation::branch(&two, &[0.0], &[1.0], &[1.287_839_45, -1.287_839_45], &Default::default()).unwrap();
    let kinds: Vec<_> = arm.bifurcations.iter().map(|point| point.kind).collect();
    assert_eq!(kinds, [Bifurcation::Fold, Bifurcation::Pitchfork, Bifurcation::Fold]);
    near(arm.bifurcations[1].input[0], wanted, 1e-5);
    near(arm.bifurcations[0].input[0], arm.bifurcations[2].input[0], 1e-7);
    near(arm.bifurcations[0].x[0], arm.bifurcations[2].x[1], 1e-6);
}

#[test]
fn at_a_hopf_bifurcation_a_pair_passes_the_unit_circle_and_a_cycle_dies() {
    let turning = array![[1.6, -1.0], [1.0, 1.6]];
    let two = network(Form::Current, Activation::Tanh, &turning, &array![[1.0], [0.3]], &[0.0, 0.0]);
    let branch = continuation::branch(&two, &[0.0], &[4.0], &[0.0, 0.0], &Default::default()).unwrap();
    let hopf = branch.bifurcations.iter().find(|point| point.kind == Bifurcation::Hopf).expect("a Hopf bifurcation");
    let modulus = |input: f64, x: &[f64]| {
        let jacobian = two.under(&[input]).unwrap().jacobian(x);
        let (trace, determinant) = (
            jacobian[[0, 0]] + jacobian[[1, 1]],
            jacobian[[0, 0]] * jacobian[[1, 1]] - jacobian[[0, 1]] * jacobian[[1, 0]],
        );
        assert!(trace * trace < 4.0 * determinant, "a pair");
        determinant.sqrt()
    };
    near(modulus(hopf.input[0], &hopf.x), 1.0, 1e-6);
    // Along the branch a pair grows on one side of it and decays on the other.
    let away = |point: &continuation::BranchPoint| {
        (point.s - hopf.s).abs() + (point.x[0] - hopf.x[0]).abs() + (point.x[1] - hopf.x[1]).abs()
    };
    let points = &branch.points;
    let at = (0..points.len()).min_by(|a, b| away(&points[*a]).total_cmp(&away(&points[*b]))).unwrap();
    let of = |place: usize| modulus(4.0 * points[place].s, &points[place].x) - 1.0;
    assert!(of(at - 2) * of(at + 2) < 0.0, "{} {}", of(at - 2), of(at + 2));
}
