//! Trials over one window of time that all of them have, and their means over conditions.
//!
//! ```text
//! rates  (trials, bins, units)       NaN only where a unit was not recorded in a trial
//! means  (conditions, bins, units)   each unit over the trials of a condition in which it was recorded
//! ```
//!
//! The window is that of all trials, unless its ends are given: then trials that do not have it whole are left out, and
//! counted.

use ndarray::{Array2, Array3, ArrayView2, Axis, s};
use serde::Serialize;

use crate::{Activity, AnalysisError, activity::Trials};

/// Conditions that are named in a message at most.
const NAMED: usize = 4;

/// Where the window lies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WindowSettings {
    /// The epoch that begins at the time 0; `None` for the start of the trial.
    pub align: Option<String>,
    /// Whether the window ends with the epoch, in the trial in which it is shortest, and begins with it.
    pub only_epoch: bool,
    /// Its start, ms.
    pub from_ms: Option<f64>,
    /// Its end, ms.
    pub to_ms: Option<f64>,
    /// Steps whose mean is taken, at least 1.
    pub steps_in_bin: usize,
}

/// Trials over the same window.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// (trials, bins, units); NaN throughout a trial in which a unit was not recorded, and nowhere else.
    pub rates: Array3<f64>,
    /// The middle of each bin, ms.
    pub time_ms: Vec<f64>,
    /// Of these trials.
    pub trials: Trials,
    /// How many trials do not have the epoch.
    pub without_epoch: usize,
    /// How many do not have every bin of the window.
    pub incomplete: usize,
}

/// Means over trials of the same values of some variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Means {
    /// The variables.
    pub variables: Vec<String>,
    /// The values of each, in order.
    pub levels: Vec<Vec<String>>,
    /// Those combinations that trials have: the place of the level of each variable, in ascending order.
    pub conditions: Vec<Vec<usize>>,
    /// The trials of each.
    pub trials: Vec<Vec<usize>>,
    /// (conditions, bins, units), all finite.
    pub means: Array3<f64>,
    /// How many trials have no value of one of the variables.
    pub without: usize,
}

/// Which trials an analysis is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TrialCounts {
    /// Those that are part of it.
    pub trials: usize,
    /// Those without the epoch that trials are aligned to.
    pub without_epoch: usize,
    /// Those that do not have the window whole.
    pub incomplete: usize,
    /// Those that lack a value of a variable.
    pub without_variable: usize,
}

impl Window {
    /// Of the trials of this activity.
    ///
    /// # Errors
    /// If no trial has the epoch, an end lies where no trial is, trials have no time in common, or none has the window.
    pub fn of(activity: &Activity, settings: &WindowSettings) -> Result<Self, AnalysisError> {
        let steps_in_bin = settings.steps_in_bin;
        let aligned = activity.aligned(settings.align.as_deref(), steps_in_bin)?;
        settings.check_ends(&aligned.trials, activity.dt())?;
        let half = 0.5 * steps_in_bin as f64 * activity.dt();
        let end = settings.to_ms.or_else(|| settings.shortest_epoch(&aligned.trials, activity.dt()));
        let start = settings.from_ms.or(settings.only_epoch.then_some(0.0));
        let inside = |time: f64| {
            start.is_none_or(|start| time - half >= start - 1e-9) && end.is_none_or(|end| time + half <= end + 1e-9)
        };
        let mut bins: Vec<usize> = (0..aligned.time_ms.len()).filter(|bin| inside(aligned.time_ms[*bin])).collect();
        let complete: Vec<Vec<bool>> = aligned.rates.outer_iter().map(complete_bins).collect();
        let has = |trial: usize, bin: usize| complete[trial][bin];
        // An end that is not given is where the first trial ends.
        let spans: Vec<(usize, usize)> = complete
            .iter()
            .filter_map(|of| Some((of.iter().position(|has| *has)?, of.iter().rposition(|has| *has)?)))
            .collect();
        let (first, last) =
            spans.iter().fold((0, usize::MAX), |(first, last), span| (first.max(span.0), last.min(span.1)));
        bins.retain(|bin| (start.is_some() || *bin >= first) && (end.is_some() || *bin <= last));
        if bins.is_empty() || spans.is_empty() {
            return Err(AnalysisError::Trials(
                "trials have no time in common; align them to another epoch, or give the window, so that trials \
                 without it are left out"
                    .into(),
            ));
        }
        let kept: Vec<usize> = (0..complete.len()).filter(|trial| bins.iter().all(|bin| has(*trial, *bin))).collect();
        if kept.is_empty() {
            let time = |bin: Option<&usize>| bin.map_or(0.0, |bin| aligned.time_ms[*bin]);
            return Err(AnalysisError::Trials(format!(
                "no trial has every step from {:.0} to {:.0} ms; choose a shorter window",
                time(bins.first()) - half,
                time(bins.last()) + half
            )));
        }
        Ok(Self {
            rates: aligned.rates.select(Axis(0), &kept).select(Axis(1), &bins),
            time_ms: bins.iter().map(|bin| aligned.time_ms[*bin]).collect(),
            trials: aligned.trials.select(&kept),
            without_epoch: aligned.without,
            incomplete: complete.len() - kept.len(),
        })
    }

    /// Whether all units were recorded in all trials.
    pub fn is_simultaneous(&self) -> bool {
        self.rates.iter().all(|rate| !rate.is_nan())
    }

    /// Means over the trials of the same values of the variables.
    ///
    /// # Errors
    /// If no trial has a variable, or a unit was recorded in no trial of a condition.
    pub fn means(&self, variables: &[String]) -> Result<Means, AnalysisError> {
        self.means_of(variables, &vec![true; self.trials.len()])
    }

    /// The same over some of the trials.
    ///
    /// # Errors
    /// As [`Window::means`].
    pub fn means_of(&self, variables: &[String], is_used: &[bool]) -> Result<Means, AnalysisError> {
        let values = variables.iter().map(|name| self.trials.variable(name)).collect::<Result<Vec<_>, _>>()?;
        let classes: Vec<_> = values.iter().map(crate::activity::Variable::classes).collect();
        let mut keys: Vec<(Vec<usize>, usize)> = (0..self.trials.len())
            .filter(|trial| is_used[*trial])
            .filter_map(|trial| Some((classes.iter().map(|of| of.of[trial]).collect::<Option<_>>()?, trial)))
            .collect();
        let used = is_used.iter().filter(|used| **used).count();
        let without = used - keys.len();
        keys.sort();
        let groups: Vec<&[(Vec<usize>, usize)]> = keys.chunk_by(|a, b| a.0 == b.0).collect();
        let mut found = Means {
            variables: variables.to_vec(),
            levels: classes.into_iter().map(|of| of.names).collect(),
            conditions: groups.iter().map(|group| group[0].0.clone()).collect(),
            trials: groups.iter().map(|group| group.iter().map(|(_, trial)| *trial).collect()).collect(),
            means: Array3::zeros((groups.len(), self.rates.dim().1, self.rates.dim().2)),
            without,
        };
        if found.conditions.is_empty() {
            let names = variables.join(", ");
            return Err(AnalysisError::Trials(format!(
                "no trial has a value of all of {names}; choose other variables"
            )));
        }
        for place in 0..found.conditions.len() {
            let mean = mean_of(&self.rates, &found.trials[place])
                .map_err(|unit| AnalysisError::Trials(found.unrecorded(unit, place)))?;
            found.means.index_axis_mut(Axis(0), place).assign(&mean);
        }
        Ok(found)
    }

    /// What was left out.
    pub fn counts(&self, means: &Means) -> TrialCounts {
        TrialCounts {
            trials: means.trials.iter().map(Vec::len).sum(),
            without_epoch: self.without_epoch,
            incomplete: self.incomplete,
            without_variable: means.without,
        }
    }
}

impl WindowSettings {
    /// Refuses ends beyond all trials: there the window would be shorter than what is asked for.
    fn check_ends(&self, trials: &Trials, dt: f64) -> Result<(), AnalysisError> {
        let zero = |trial: usize| trials.zero(trial, self.align.as_deref());
        let before = (0..trials.len()).map(zero).max().unwrap_or(0);
        let after = (0..trials.len()).map(|trial| trials.n_steps[trial] - zero(trial)).max().unwrap_or(0);
        let (first, last) = (0.0 - before as f64 * dt, after as f64 * dt);
        let of = match &self.align {
            Some(name) => format!("the start of `{name}`"),
            None => "the start of the trial".into(),
        };
        for (setting, given) in [("from", self.from_ms), ("to", self.to_ms)] {
            let Some(time) = given else { continue };
            // A step is the least that a window can be of.
            let (least, most) = if setting == "from" { (first, last - dt) } else { (first + dt, last) };
            if !(least - 1e-6 * dt..=most + 1e-6 * dt).contains(&time) {
                let rule = format!("must lie between {least} and {most} ms from {of}, as far as there are trials");
                return Err(AnalysisError::Setting { setting, value: time.to_string(), rule });
            }
        }
        Ok(())
    }

    /// The length of the epoch in the trial in which it is shortest, ms.
    fn shortest_epoch(&self, trials: &Trials, dt: f64) -> Option<f64> {
        let name = self.align.as_deref().filter(|_| self.only_epoch)?;
        (0..trials.len()).map(|trial| trials.steps_of(trial, name).len()).min().map(|steps| steps as f64 * dt)
    }
}

impl Means {
    /// `coherence=0.5 choice=left`
    pub fn name(&self, condition: &[usize]) -> String {
        self.name_of(condition, " ")
    }

    fn name_of(&self, condition: &[usize], between: &str) -> String {
        let part = |(variable, level): (usize, &usize)| {
            format!("{}={}", self.variables[variable], self.levels[variable][*level])
        };
        condition.iter().enumerate().map(part).collect::<Vec<_>>().join(between)
    }

    /// Refuses combinations of values that no trial has.
    ///
    /// # Errors
    /// With the first few of them.
    pub fn check_all(&self, analysis: &str) -> Result<(), AnalysisError> {
        let missing: Vec<Vec<usize>> =
            combinations(&self.levels).into_iter().filter(|condition| !self.conditions.contains(condition)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let named: Vec<String> = missing.iter().take(NAMED).map(|condition| self.name_of(condition, ",")).collect();
        let more = missing.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more combinations") } else { String::new() };
        Err(AnalysisError::Trials(format!(
            "no trial has {}{more}, but {analysis} needs all combinations of {}; add trials, or leave a variable or \
             some of its values out",
            named.join(" or "),
            self.variables.join(" and ")
        )))
    }

    /// The fewest trials of a condition in which a unit was recorded, with the condition.
    pub fn fewest(&self, window: &Window) -> (usize, &[usize]) {
        let fewest = |trials: &Vec<usize>| {
            let recorded =
                |unit: usize| trials.iter().filter(|trial| !window.rates[[**trial, 0, unit]].is_nan()).count();
            (0..window.rates.dim().2).map(recorded).min().unwrap_or(0)
        };
        let counts = self.trials.iter().map(fewest).zip(self.conditions.iter().map(Vec::as_slice));
        counts.min_by_key(|(count, _)| *count).unwrap_or((0, &[]))
    }

    /// Rows (conditions x bins, units), bins of a condition one after the other.
    pub fn rows(&self) -> Array2<f64> {
        let (conditions, bins, units) = self.means.dim();
        Array2::from_shape_fn((conditions * bins, units), |(row, unit)| self.means[[row / bins, row % bins, unit]])
    }

    fn unrecorded(&self, unit: usize, condition: usize) -> String {
        format!(
            "unit {unit} was recorded in no trial with {}; leave the unit or the condition out",
            self.name_of(&self.conditions[condition], ",")
        )
    }
}

impl TrialCounts {
    /// `240 trials (3 without the epoch, 5 that do not have the window whole and 1 without a variable left out)`
    pub fn words(&self) -> String {
        let parts = [
            (self.without_epoch, "without the epoch"),
            (self.incomplete, "that do not have the window whole"),
            (self.without_variable, "without a variable"),
        ];
        let left: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        let left = if left.is_empty() { String::new() } else { format!(" (left out: {})", left.join(", ")) };
        format!("{} trials{left}", self.trials)
    }
}

/// Variables of what the trials were, without those of what was done in them, and without those of catch trials alone.
pub fn given_variables(trials: &Trials, done: &[&str]) -> Vec<String> {
    let real = |name: &str| trials.conditions.iter().any(|one| !one.is_catch() && one.get(name).is_some());
    trials.variables().into_iter().filter(|name| !done.contains(&name.as_str()) && real(name)).collect()
}

/// All combinations of levels, the last variable running fastest.
pub(super) fn combinations(levels: &[Vec<String>]) -> Vec<Vec<usize>> {
    levels.iter().fold(vec![Vec::new()], |found, of| {
        let with = |one: &Vec<usize>| {
            let one = one.clone();
            (0..of.len()).map(move |level| [one.as_slice(), &[level]].concat())
        };
        found.iter().flat_map(with).collect()
    })
}

/// The mean over trials, unit by unit; the unit that none of them has, if there is one.
pub(super) fn mean_of(rates: &Array3<f64>, trials: &[usize]) -> Result<Array2<f64>, usize> {
    let (_, bins, units) = rates.dim();
    let (mut sum, mut counts) = (Array2::zeros((bins, units)), vec![0usize; units]);
    for trial in trials {
        let of_trial = rates.index_axis(Axis(0), *trial);
        for (unit, count) in counts.iter_mut().enumerate() {
            *count += usize::from(!of_trial[[0, unit]].is_nan());
        }
        ndarray::Zip::from(&mut sum).and(of_trial).for_each(|sum: &mut f64, rate| {
            if !rate.is_nan() {
                *sum += rate;
            }
        });
    }
    if let Some(unit) = counts.iter().position(|count| *count == 0) {
        return Err(unit);
    }
    for (mut column, count) in sum.axis_iter_mut(Axis(1)).zip(counts) {
        column /= count as f64;
    }
    Ok(sum)
}

/// The bins that every unit has which was recorded in the trial.
fn complete_bins(of_trial: ArrayView2<'_, f64>) -> Vec<bool> {
    let recorded: Vec<usize> =
        (0..of_trial.ncols()).filter(|unit| of_trial.slice(s![.., *unit]).iter().any(|rate| !rate.is_nan())).collect();
    let has =
        |bin: ndarray::ArrayView1<'_, f64>| !recorded.is_empty() && recorded.iter().all(|unit| !bin[*unit].is_nan());
    of_trial.outer_iter().map(has).collect()
}

#[cfg(test)]
mod tests {
    use nn4n_tasks::{Condition, Epoch};

    use super::*;

    /// Trials of 4, 3 and 4 steps of two units: unit 1 was not recorded in the last.
    fn activity() -> Activity {
        let mut rates = Array3::from_shape_fn((3, 4, 2), |(trial, step, unit)| (100 * trial + 10 * step + unit) as f64);
        rates.slice_mut(s![2, .., 1]).fill(f64::NAN);
        let epoch = |start, end| vec![Epoch { name: "stimulus".into(), start, end }];
        let side = |side: &'static str| Condition::new().with("side", side);
        let trials = Trials {
            n_steps: vec![4, 3, 4],
            conditions: vec![side("left"), side("right"), side("left")],
            epochs: vec![epoch(1, 3), epoch(1, 2), Vec::new()],
        };
        Activity::new(rates, 10.0, trials).unwrap()
    }

    fn settings() -> WindowSettings {
        WindowSettings { steps_in_bin: 1, ..WindowSettings::default() }
    }

    #[test]
    fn the_window_is_what_all_trials_have_or_what_is_asked_for() {
        let all = Window::of(&activity(), &settings()).unwrap();
        assert_eq!((all.time_ms.as_slice(), all.incomplete), ([5.0, 15.0, 25.0].as_slice(), 0));
        assert!(!all.is_simultaneous());
        let long = Window::of(&activity(), &WindowSettings { to_ms: Some(40.0), ..settings() }).unwrap();
        assert_eq!((long.time_ms.len(), long.incomplete, long.trials.len()), (4, 1, 2));
        let aligned = WindowSettings { align: Some("stimulus".into()), ..settings() };
        let found = Window::of(&activity(), &aligned).unwrap();
        assert_eq!((found.time_ms.as_slice(), found.without_epoch), ([-5.0, 5.0, 15.0].as_slice(), 1));
        let only = Window::of(&activity(), &WindowSettings { only_epoch: true, ..aligned }).unwrap();
        assert_eq!((only.time_ms.as_slice(), only.rates[[1, 0, 0]]), ([5.0].as_slice(), 110.0));
        let refused = |settings: WindowSettings| Window::of(&activity(), &settings).unwrap_err().to_string();
        let none = refused(WindowSettings { from_ms: Some(22.0), to_ms: Some(28.0), ..settings() });
        assert!(none.contains("no time in common"), "{none}");
    }

    #[test]
    fn ends_where_no_trial_is_are_refused_rather_than_moved() {
        let refused = |settings: WindowSettings| Window::of(&activity(), &settings).unwrap_err().to_string();
        let late = refused(WindowSettings { to_ms: Some(41.0), ..settings() });
        assert!(late.contains("to = 41: must lie between 10 and 40 ms from the start of the trial"), "{late}");
        let early = refused(WindowSettings { from_ms: Some(-1.0), ..settings() });
        assert!(early.contains("from = -1: must lie between 0 and 30 ms"), "{early}");
        let aligned = WindowSettings { align: Some("stimulus".into()), ..settings() };
        let before = refused(WindowSettings { from_ms: Some(-10.5), ..aligned.clone() });
        assert!(before.contains("must lie between -10 and 20 ms from the start of `stimulus`"), "{before}");
        assert!(refused(WindowSettings { to_ms: Some(f64::NAN), ..aligned.clone() }).contains("to = NaN"));
        let whole = WindowSettings { from_ms: Some(-10.0), to_ms: Some(30.0), ..aligned };
        // The last trial does not have the epoch, the second ends before.
        let found = Window::of(&activity(), &whole).unwrap();
        assert_eq!((found.time_ms.len(), found.incomplete, found.without_epoch), (4, 1, 1));
    }

    #[test]
    fn means_are_of_the_trials_in_which_a_unit_was_recorded() {
        let window = Window::of(&activity(), &settings()).unwrap();
        let means = window.means(&["side".into()]).unwrap();
        assert_eq!(means.levels, [["left", "right"]]);
        assert_eq!((means.means[[0, 1, 0]], means.means[[0, 1, 1]], means.means[[1, 2, 1]]), (110.0, 11.0, 121.0));
        assert_eq!(means.fewest(&window), (1, [0].as_slice()));
        assert_eq!(means.rows()[[4, 0]], 110.0);
        assert_eq!(window.counts(&means).words(), "3 trials");
        let left = window.means_of(&["side".into()], &[false, false, true]).unwrap_err().to_string();
        assert!(left.contains("unit 1 was recorded in no trial with side=left"), "{left}");
    }

    #[test]
    fn combinations_that_no_trial_has_are_named() {
        let mut activity = activity();
        let trials = Trials {
            conditions: vec![
                Condition::new().with("side", "left").with("go", true),
                Condition::new().with("side", "right").with("go", false),
                Condition::new().with("side", "left").with("go", false),
            ],
            ..activity.trials().clone()
        };
        activity = Activity::new(Array3::zeros((3, 4, 1)), activity.dt(), trials).unwrap();
        let means = Window::of(&activity, &settings()).unwrap().means(&["side".into(), "go".into()]).unwrap();
        let message = means.check_all("demixing").unwrap_err().to_string();
        assert!(message.contains("no trial has side=right,go=true, but demixing needs all"), "{message}");
    }
}
