//! Parts of means that depend on some of the variables and time, in orthonormal contrasts of the conditions.
//!
//! ```text
//! H = H_1 (x) H_2 (x) ..    of each variable: the mean over its levels, and contrasts of a level with those before
//! H X                       the contrasts of some variables are the part that depends on these alone
//! ```
//!
//! Parts lie in rows of their own, so that each needs as many rows as it has degrees of freedom, and products of units
//! over all conditions are sums over these rows.

use std::ops::Range;

use ndarray::{Array1, Array2, Array3, Axis, CowArray, Ix2, s};

use super::{
    super::{
        algebra::{self, product},
        window::Means,
    },
    Part,
};

/// What of the course over time a part is of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum OfTime {
    /// The mean over time.
    Mean,
    /// The course less its mean.
    Course,
    /// Both.
    All,
}

/// What a marginalisation is of.
pub(super) struct Group {
    pub name: String,
    /// Its variables, as bits.
    pub variables: usize,
    time: OfTime,
}

/// The grid of conditions.
pub(super) struct Layout {
    sizes: Vec<usize>,
    names: Vec<String>,
    pub groups: Vec<Group>,
    /// Orthonormal (contrasts, conditions); those of the same variables follow one another.
    contrasts: Array2<f64>,
    /// The contrasts of each set of variables.
    rows: Vec<Range<usize>>,
}

impl Layout {
    pub fn of(means: &Means, join_time: bool) -> Self {
        let sizes: Vec<usize> = means.levels.iter().map(Vec::len).collect();
        let (contrasts, rows) = contrasts(&sizes);
        let mut layout = Self { sizes, names: means.variables.clone(), groups: Vec::new(), contrasts, rows };
        layout.groups = if join_time {
            let joined = layout.sets().map(|variables| layout.group(variables, OfTime::All));
            std::iter::once(layout.group(0, OfTime::Course)).chain(joined).collect()
        } else {
            let apart = layout.sets().flat_map(|set| [(set, OfTime::Mean), (set, OfTime::Course)]);
            std::iter::once((0, OfTime::Course)).chain(apart).map(|(set, time)| layout.group(set, time)).collect()
        };
        layout
    }

    /// Sets of variables, those of fewer first.
    fn sets(&self) -> impl Iterator<Item = usize> + use<> {
        let mut sets: Vec<usize> = (1..1 << self.sizes.len()).collect();
        sets.sort_by_key(|set| (set.count_ones(), *set));
        sets.into_iter()
    }

    fn group(&self, variables: usize, time: OfTime) -> Group {
        let own = self.names.iter().enumerate().filter(|(place, _)| variables >> place & 1 == 1);
        let own = own.map(|(_, name)| name.as_str()).chain((time == OfTime::Course).then_some("time"));
        Group { name: own.collect::<Vec<_>>().join(" x "), variables, time }
    }

    /// The level of a variable of a condition.
    fn level(&self, condition: usize, variable: usize) -> usize {
        condition / self.sizes[variable + 1..].iter().product::<usize>() % self.sizes[variable]
    }

    /// The class of a condition by some variables.
    pub fn class(&self, condition: usize, variables: usize) -> usize {
        let chosen = (0..self.sizes.len()).filter(|variable| variables >> variable & 1 == 1);
        chosen.fold(0, |class, variable| class * self.sizes[variable] + self.level(condition, variable))
    }

    pub fn classes(&self, variables: usize) -> usize {
        let chosen = (0..self.sizes.len()).filter(|variable| variables >> variable & 1 == 1);
        chosen.map(|variable| self.sizes[variable]).product()
    }

    /// (contrasts, bins, units) of (conditions, bins, units).
    pub fn contrasted(&self, x: &Array3<f64>) -> Array3<f64> {
        let (conditions, bins, units) = x.dim();
        let flat = x.to_shape((conditions, bins * units)).unwrap_or_default();
        let found = product(self.contrasts.view(), flat.view());
        found.into_shape_with_order(x.dim()).unwrap_or_default()
    }

    /// The part of a group of contrasts (contrasts, bins, units), as (rows, units).
    pub fn rows<'a>(&self, contrasted: &'a Array3<f64>, group: &Group) -> CowArray<'a, f64, Ix2> {
        let (_, bins, units) = contrasted.dim();
        let own = contrasted.slice(s![self.rows[group.variables].clone(), .., ..]);
        let shape = (own.dim().0 * bins, units);
        let mean = || own.mean_axis(Axis(1)).unwrap_or_default();
        match group.time {
            OfTime::Mean => (mean() * (bins as f64).sqrt()).into(),
            OfTime::Course => {
                let course = &own - &mean().insert_axis(Axis(1));
                course.into_shape_with_order(shape).unwrap_or_default().into()
            }
            OfTime::All => own.into_shape_with_order(shape).map(CowArray::from).unwrap_or_default(),
        }
    }

    /// Parts of the variance before they are joined.
    pub fn parts(&self, contrasted: &Array3<f64>) -> Vec<Part> {
        let of =
            |group: Group| Part { variance: algebra::squares(self.rows(contrasted, &group).iter()), name: group.name };
        let time = [(0, OfTime::Course)].into_iter();
        let mut found: Vec<(usize, OfTime)> = self.sets().map(|set| (set, OfTime::Mean)).chain(time).collect();
        found.extend(self.sets().map(|set| (set, OfTime::Course)));
        // A part of more variables follows those of fewer, time counting as the last one.
        found.sort_by_key(|(set, time)| set.count_ones() + u32::from(*time == OfTime::Course));
        let mut parts: Vec<Part> = found.into_iter().map(|(set, time)| of(self.group(set, time))).collect();
        let total: f64 = parts.iter().map(|part| part.variance).sum();
        parts.iter_mut().for_each(|part| part.variance /= total);
        parts
    }

    /// Contrasts of something (contrasts x bins, columns) as they are of conditions (conditions, bins, columns).
    pub fn of_conditions(&self, contrasted: &Array2<f64>) -> Array3<f64> {
        let (conditions, columns) = (self.contrasts.nrows(), contrasted.ncols());
        let bins = contrasted.nrows() / conditions;
        let flat = contrasted.to_shape((conditions, bins * columns)).unwrap_or_default();
        let found = product(self.contrasts.t(), flat.view());
        found.into_shape_with_order((conditions, bins, columns)).unwrap_or_default()
    }
}

/// Contrasts of all conditions, the last variable running fastest, and which of them are of which set of variables.
fn contrasts(sizes: &[usize]) -> (Array2<f64>, Vec<Range<usize>>) {
    let conditions = sizes.iter().product();
    // Of which variables a contrast is, and its values.
    let mut all: Vec<(usize, Array1<f64>)> = vec![(0, Array1::ones(1))];
    for (variable, levels) in sizes.iter().enumerate() {
        let own = helmert(*levels);
        let with = |(set, values): &(usize, Array1<f64>)| -> Vec<(usize, Array1<f64>)> {
            let set = |place: usize| set | usize::from(place > 0) << variable;
            let spread = |of: ndarray::ArrayView1<'_, f64>| values.iter().flat_map(|value| &of * *value).collect();
            own.outer_iter().enumerate().map(|(place, of)| (set(place), spread(of))).collect()
        };
        all = all.iter().flat_map(with).collect();
    }
    all.sort_by_key(|(set, _)| *set);
    let rows = |set| all.partition_point(|(own, _)| *own < set)..all.partition_point(|(own, _)| *own <= set);
    let of = Array2::from_shape_fn((conditions, conditions), |(contrast, condition)| all[contrast].1[condition]);
    (of, (0..1 << sizes.len()).map(rows).collect())
}

/// The mean of some levels times the root of their number, and contrasts of each level with those before it, of length 1.
fn helmert(levels: usize) -> Array2<f64> {
    Array2::from_shape_fn((levels, levels), |(row, level)| {
        let (n, place) = (levels as f64, row as f64);
        match row {
            0 => 1.0 / n.sqrt(),
            _ if level < row => 1.0 / (place * (place + 1.0)).sqrt(),
            _ if level == row => -(place / (place + 1.0)).sqrt(),
            _ => 0.0,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::{algebra::gram, test::gaussian};

    fn layout(join_time: bool) -> Layout {
        let levels = |n: usize| (0..n).map(|level| level.to_string()).collect();
        let means = Means {
            variables: vec!["a".into(), "b".into()],
            levels: vec![levels(2), levels(6)],
            conditions: Vec::new(),
            trials: Vec::new(),
            means: Array3::zeros((12, 5, 4)),
            without: 0,
        };
        Layout::of(&means, join_time)
    }

    fn x() -> Array3<f64> {
        gaussian((12 * 5, 4), 3).into_shape_with_order((12, 5, 4)).unwrap()
    }

    #[test]
    fn parts_are_means_over_the_other_variables_less_smaller_parts() {
        let (layout, x) = (layout(false), x());
        let whole = x.mean_axis(Axis(0)).unwrap().mean_axis(Axis(0)).unwrap();
        let time = x.mean_axis(Axis(0)).unwrap() - &whole;
        let of_a = x.to_shape((2, 6, 5, 4)).unwrap().mean_axis(Axis(1)).unwrap();
        let a = of_a.mean_axis(Axis(1)).unwrap() - &whole;
        let a_time = &of_a - &a.view().insert_axis(Axis(1)) - &time - &whole;
        let expected = [
            ("time", gram(time.view()) * 12.0),
            ("a", gram(a.view()) * 30.0),
            ("a x time", gram(a_time.to_shape((10, 4)).unwrap().view()) * 6.0),
        ];
        let contrasted = layout.contrasted(&x);
        for (name, expected) in expected {
            let group = layout.groups.iter().find(|group| group.name == name).unwrap();
            let difference = gram(layout.rows(&contrasted, group).view()) - expected;
            assert!(difference.iter().all(|value| value.abs() < 1e-12), "{name}: {difference}");
        }
    }

    #[test]
    fn parts_add_up_to_what_varies() {
        let x = x();
        let mut centred = x.to_shape((60, 4)).unwrap().into_owned();
        algebra::centre(&mut centred);
        for join_time in [true, false] {
            let layout = layout(join_time);
            let contrasted = layout.contrasted(&x);
            let grams = layout.groups.iter().map(|group| gram(layout.rows(&contrasted, group).view()));
            let sum = grams.fold(Array2::<f64>::zeros((4, 4)), |sum, of| sum + of);
            assert!((sum - gram(centred.view())).iter().all(|value| value.abs() < 1e-12));
            assert!((layout.parts(&contrasted).iter().map(|part| part.variance).sum::<f64>() - 1.0).abs() < 1e-12);
            let back = layout.of_conditions(&contrasted.into_shape_with_order((60, 4)).unwrap());
            assert!((back - &x).iter().all(|value| value.abs() < 1e-13));
        }
    }

    #[test]
    fn parts_have_names_and_conditions_have_classes() {
        let names = |join_time| layout(join_time).groups.into_iter().map(|group| group.name).collect::<Vec<_>>();
        assert_eq!(names(true), ["time", "a", "b", "a x b"]);
        assert_eq!(names(false), ["time", "a", "a x time", "b", "b x time", "a x b", "a x b x time"]);
        let layout = layout(true);
        let parts: Vec<String> = layout.parts(&layout.contrasted(&x())).into_iter().map(|part| part.name).collect();
        assert_eq!(parts, ["a", "b", "time", "a x b", "a x time", "b x time", "a x b x time"]);
        assert_eq!((layout.class(7, 1), layout.class(7, 2), layout.class(7, 3), layout.classes(2)), (1, 1, 7, 6));
    }
}
