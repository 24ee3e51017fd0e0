//! Parts of means that depend on some of the variables and time: means over the others with alternating signs.

use std::collections::BTreeMap;

use ndarray::{Array2, Array3, Axis};

use super::{
    super::{algebra, window::Means},
    Part, flat, folded,
};

/// Which dimensions of the grid a marginalisation is of: bits of the variables, and one above for time.
pub(super) struct Group {
    pub name: String,
    /// The parts that are joined.
    masks: Vec<usize>,
    /// The variables of it, without time.
    pub variables: usize,
}

/// The grid of conditions.
pub(super) struct Layout {
    sizes: Vec<usize>,
    names: Vec<String>,
    pub groups: Vec<Group>,
}

impl Layout {
    pub fn of(means: &Means, join_time: bool) -> Self {
        let names: Vec<String> = means.variables.iter().cloned().chain(["time".into()]).collect();
        let sizes: Vec<usize> = means.levels.iter().map(Vec::len).collect();
        let mut layout = Self { sizes, names, groups: Vec::new() };
        let time = 1 << layout.sizes.len();
        let mut masks: Vec<usize> = (1..time).collect();
        masks.sort_by_key(|mask| (mask.count_ones(), *mask));
        let alone = |mask: usize| Group { name: layout.name(mask), masks: vec![mask], variables: mask % time };
        let mut groups = vec![alone(time)];
        for mask in masks {
            if join_time {
                groups.push(Group { masks: vec![mask, mask | time], ..alone(mask) });
            } else {
                groups.extend([alone(mask), alone(mask | time)]);
            }
        }
        layout.groups = groups;
        layout
    }

    fn name(&self, mask: usize) -> String {
        let of = self.names.iter().enumerate().filter(|(place, _)| mask >> place & 1 == 1);
        of.map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(" x ")
    }

    /// Less the mean of each unit over everything.
    pub fn centred(&self, means: &Array3<f64>) -> Array3<f64> {
        let mut rows = flat(means);
        algebra::centre(&mut rows);
        folded(rows, means.dim().0)
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

    /// The part of centred means that depends on these dimensions together.
    fn part(&self, x: &Array3<f64>, mask: usize) -> Array3<f64> {
        // Of the other parts inside of it with alternating signs: means over more and more of its dimensions.
        let mut found = Array3::zeros(x.dim());
        for (inside, sign) in signs(&[mask]).into_iter().rev() {
            found.scaled_add(sign, &self.mean_over_others(x, inside));
        }
        found
    }

    /// The mean over all dimensions but these, at each place.
    fn mean_over_others(&self, x: &Array3<f64>, mask: usize) -> Array3<f64> {
        let (conditions, bins, units) = x.dim();
        let (variables, _) = self.dimensions(mask);
        let means = self.means(x, mask);
        let mut out = Array3::zeros(x.dim());
        for condition in 0..conditions {
            let of = means.index_axis(Axis(0), self.class(condition, variables));
            out.index_axis_mut(Axis(0), condition).assign(&of.broadcast((bins, units)).unwrap_or(of.view()));
        }
        out
    }

    /// The variables of a mask, and whether time is in it.
    fn dimensions(&self, mask: usize) -> (usize, bool) {
        (mask & ((1 << self.sizes.len()) - 1), mask >> self.sizes.len() & 1 == 1)
    }

    /// The mean over all dimensions but these (classes, bins or 1, units).
    fn means(&self, x: &Array3<f64>, mask: usize) -> Array3<f64> {
        let (conditions, bins, units) = x.dim();
        let (variables, has_time) = self.dimensions(mask);
        let classes = self.classes(variables);
        let times = if has_time { bins } else { 1 };
        let mut sums = Array3::<f64>::zeros((classes, times, units));
        for condition in 0..conditions {
            let mut of = sums.index_axis_mut(Axis(0), self.class(condition, variables));
            let own = x.index_axis(Axis(0), condition);
            if has_time {
                of += &own;
            } else {
                let mut row = of.row_mut(0);
                row += &own.sum_axis(Axis(0));
            }
        }
        sums /= (conditions * bins / (classes * times)) as f64;
        sums
    }

    /// The different rows of the part of a group, and how often each is there: all that products of it need.
    pub fn rows(&self, x: &Array3<f64>, group: &Group) -> (Array2<f64>, usize) {
        let (conditions, bins, units) = x.dim();
        let all = group.masks.iter().fold(0, |all, mask| all | mask);
        let (variables, has_time) = self.dimensions(all);
        let times = if has_time { bins } else { 1 };
        let mut rows = Array3::<f64>::zeros((self.classes(variables), times, units));
        for (inside, sign) in signs(&group.masks) {
            let means = self.means(x, inside);
            let (own, _) = self.dimensions(inside);
            for condition in 0..conditions {
                let class = self.class(condition, variables);
                // The first condition of a class stands for it.
                if (0..condition).any(|other| self.class(other, variables) == class) {
                    continue;
                }
                let of = means.index_axis(Axis(0), self.class(condition, own));
                let of = of.broadcast((times, units)).unwrap_or(of.view());
                rows.index_axis_mut(Axis(0), class).scaled_add(sign, &of);
            }
        }
        let rows = flat(&rows);
        let often = conditions * bins / rows.nrows();
        (rows, often)
    }

    pub fn group(&self, x: &Array3<f64>, group: &Group) -> Array3<f64> {
        group.masks.iter().fold(Array3::zeros(x.dim()), |sum, mask| sum + self.part(x, *mask))
    }

    /// Parts of the variance before they are joined.
    pub fn parts(&self, x: &Array3<f64>) -> Vec<Part> {
        let total = algebra::squares(x.iter());
        let mut masks: Vec<usize> = (1..1 << self.names.len()).collect();
        masks.sort_by_key(|mask| (mask.count_ones(), *mask));
        let of = |mask: usize| algebra::squares(self.part(x, mask).iter()) / total;
        masks.into_iter().map(|mask| Part { name: self.name(mask), variance: of(mask) }).collect()
    }
}

/// How often the means over all but the dimensions of a mask are in parts together: with alternating signs.
fn signs(masks: &[usize]) -> BTreeMap<usize, f64> {
    let mut signs = BTreeMap::new();
    for mask in masks {
        let mut inside = *mask;
        loop {
            let is_even = (mask.count_ones() - inside.count_ones()).is_multiple_of(2);
            *signs.entry(inside).or_insert(0.0) += if is_even { 1.0 } else { -1.0 };
            if inside == 0 {
                break;
            }
            inside = (inside - 1) & mask;
        }
    }
    signs.retain(|_, sign| *sign != 0.0);
    signs
}
