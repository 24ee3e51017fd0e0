//! Checkerboard: is there more red or more green, and on which side is the target of that colour?
//!
//! ```text
//! epochs    pre_targets |N(200, 50)| ms | targets U(600, 1000) ms | checkerboard 200 ms | decision 1300 ms
//!           | off 300 ms
//! signals   targets to decision: l on left_target, -l on right_target    l = -1: the left one is red;  l = +1: green
//!           checkerboard and decision: c on red_coherence, -c on green_coherence    c = (red - green) / (red + green)
//! noise     on the two coherences, at all times, of sd sqrt(2 tau_in / dt) sigma_in = 0.316; no baseline, not
//!           rectified
//! targets   decision: 1 for the side whose target has the more frequent colour, 0 for the other;  0 at all other times
//! graded    all steps; in the first 200 ms of the checkerboard (the epoch of this name) the targets are still 0
//! catch     1 trial in 10: 2000 ms with targets 0, all graded; in every other one of them the colours of the targets
//!           are shown from |N(200, 50)| ms on to 300 ms before the end
//! correct   60 ms before the checkerboard goes off the right output is the larger one, and above 0.6
//! choice    the output that first exceeds 0.6 after the checkerboard came on;  reaction time = that step's end - onset
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | \|c\| | `coherences` | fraction | 2 n / 225 - 1, n = 117, 124, 135, 147, 158, 180, 214 of 225 squares |
//! | sigma_in, tau_in | `sigma_in`, `tau_in` | input units, ms | 0.10, 50 |
//! | 200 | `ungraded` | ms | 200: the part of the checkerboard before the decision |
//! | | `grade_onset` | | true in the code; false leaves that part out of the loss, as a comment of the code has it |
//! | 0.6 | `threshold` | output units | 0.6 |
//! | 60 | `read_before` | ms | 60: the code looks at the 7th step before the checkerboard goes off |
//!
//! Left and right are told apart in validation, because training stops when at least 65 % of the trials of either side
//! are right. The test conditions are the 14 coherences with both arrangements of the targets. At c = 0 the correct
//! side is drawn.
//!
//! Time rule of the source: drawn times lose what exceeds a whole number of steps.
//!
//! Reference: Kleinman M, Chandrasekaran C, Kao JC (2021), A mechanistic multi-area recurrent network model of
//! decision-making, NeurIPS 34; the task is also that of eLife RP89369, <https://doi.org/10.7554/eLife.89369>.
//!
//! Differences from the source: coherence is positive for red, where the code counts red squares; the rule for ending
//! the training is "at least 65 %" where the code has "more than". Some of the code's models ask for more (85 or 90 %).
//! Where no output exceeds the threshold there is no choice here, and the code takes the larger output at the last
//! step. The code's reaction time is one step shorter: it ends where the step of the crossing begins.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, kleinman2021::Checkerboard};
//! let task = Checkerboard { sigma_in: 0.0, ..Checkerboard::default() };
//! let condition = Condition::new().with("left_target", "green").with("coherence", 0.5);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! let decision = &trial.epochs[3];
//! assert_eq!(trial.inputs.row(decision.start).to_vec(), [1.0, -1.0, 0.5, -0.5]);
//! assert_eq!(trial.targets.row(decision.start).to_vec(), [0.0, 1.0]); // more red, and the red target is on the right
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, ArrayView2, aview1, s};
use serde::{Deserialize, Serialize};

use super::FAMILY;
use crate::error::rules;
use crate::song2016::coherence;
use crate::white_noise::WhiteNoise;
use crate::{
    About, Channel, Clock, Condition, Criterion, Described, Duration, Former, Rounding, Score, Split, Task, TaskError,
    Trial, TrialRng, TrialView,
};
use crate::{Value, first_crossing, largest, parameters_of, reaction_time};

/// The sides, in the order of the outputs.
const SIDES: [&str; 2] = ["left", "right"];

/// The colours of the left target; red stands for -1 on its channel, green for +1.
const COLOURS: [&str; 2] = ["red", "green"];

/// The variables of a trial that is no catch trial.
const VARIABLES: [&str; 3] = ["side", "left_target", "coherence"];

/// The checkerboard task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Checkerboard {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// Before the targets: the mean of a Gaussian whose absolute value is drawn, ms.
    pub pre_targets_mean: f64,
    /// Before the targets: the standard deviation of that Gaussian, ms.
    pub pre_targets_sd: f64,
    /// Targets before the checkerboard, ms.
    pub targets: Duration,
    /// The checkerboard, ms.
    pub checkerboard: f64,
    /// The first part of the checkerboard, in which no decision is asked for yet, ms; less than `checkerboard`.
    pub ungraded: f64,
    /// Whether the outputs are to stay at `lo` in that part, or are free there.
    pub grade_onset: bool,
    /// After the checkerboard, ms.
    pub off: f64,
    /// The strengths of the evidence, each in [0, 1]; the sign is drawn.
    pub coherences: Vec<f64>,
    /// The fraction of catch trials.
    pub p_catch: f64,
    /// The fraction of catch trials that show the targets.
    pub p_catch_targets: f64,
    /// The length of a catch trial, ms; more than `off`.
    pub catch_duration: f64,
    /// The target of the correct output in the decision.
    pub hi: f64,
    /// The target everywhere else.
    pub lo: f64,
    /// An output that exceeds this has decided.
    pub threshold: f64,
    /// How long before the checkerboard goes off the answer is read, ms; within the decision.
    pub read_before: f64,
    /// The strength of the noise on the coherences; 0 for none.
    pub sigma_in: f64,
    /// The time constant of that noise, ms.
    pub tau_in: f64,
}

impl Default for Checkerboard {
    fn default() -> Self {
        Self {
            dt: 10.0,
            rounding: Rounding::Exact,
            pre_targets_mean: 200.0,
            pre_targets_sd: 50.0,
            targets: Duration::uniform(600.0, 1000.0),
            checkerboard: 1500.0,
            ungraded: 200.0,
            grade_onset: true,
            off: 300.0,
            coherences: [117.0, 124.0, 135.0, 147.0, 158.0, 180.0, 214.0]
                .map(|red: f64| (2.0 * red - 225.0) / 225.0)
                .into(),
            p_catch: 0.1,
            p_catch_targets: 0.5,
            catch_duration: 2000.0,
            hi: 1.0,
            lo: 0.0,
            threshold: 0.6,
            read_before: 60.0,
            sigma_in: 0.1,
            tau_in: 50.0,
        }
    }
}

impl Checkerboard {
    fn clock(&self) -> Clock {
        Clock::new(self.dt).drawn(Rounding::Floor).rounding(self.rounding)
    }

    fn noise(&self) -> WhiteNoise {
        WhiteNoise { dt: self.dt, sigma_in: self.sigma_in, tau_in: self.tau_in }
    }

    /// The decision lasts until the checkerboard goes off, and the answer is read before that.
    fn validate_decision(&self) -> Result<(), TaskError> {
        let clock = self.clock();
        clock.at_least_one_step("checkerboard", self.checkerboard)?;
        clock.steps("ungraded", self.ungraded)?;
        if self.ungraded >= self.checkerboard {
            let remedy = format!(
                "give less than `checkerboard` = {} ms, so that there is a decision to grade",
                self.checkerboard
            );
            return Err(TaskError::parameter(
                "ungraded",
                self.ungraded,
                "must be shorter than the checkerboard",
                remedy,
            ));
        }
        let decision = clock.at_least_one_step("checkerboard", self.checkerboard - self.ungraded)?;
        if clock.steps("read_before", self.read_before)? >= decision {
            let remedy =
                format!("give less than `checkerboard` - `ungraded` = {} ms", self.checkerboard - self.ungraded);
            return Err(TaskError::parameter("read_before", self.read_before, "must lie within the decision", remedy));
        }
        Ok(())
    }

    fn before_targets(&self, rng: &mut TrialRng) -> f64 {
        (self.pre_targets_mean + self.pre_targets_sd * rng.gaussian()).abs()
    }

    fn catch_trial(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        if let Some(condition) = condition {
            condition.allow(&["catch", "targets_shown", "left_target"])?;
        }
        let asked = word("left_target", COLOURS, condition)?;
        let shown = match condition.and_then(|condition| condition.get("targets_shown")) {
            Some(Value::Bool(shown)) => *shown,
            Some(other) => {
                return Err(TaskError::condition(
                    "targets_shown",
                    other,
                    "must say whether they are shown",
                    "give true or false",
                ));
            }
            None => asked.is_some() || rng.chance(self.p_catch_targets),
        };
        if let (false, Some(left)) = (shown, asked) {
            return Err(TaskError::condition(
                "left_target",
                COLOURS[left],
                "has no place without targets",
                "leave it out",
            ));
        }
        let left = asked.unwrap_or_else(|| usize::from(rng.chance(0.5)));

        let (clock, mut timeline) = (self.clock(), self.clock().timeline()?);
        let lasting = clock.steps("catch_duration", self.catch_duration)?.saturating_sub(clock.steps("off", self.off)?);
        // Where the targets would come on after they go off again, they do not come on.
        let before = clock.drawn_steps("pre_targets_mean", self.before_targets(rng))?.min(lasting);
        timeline.push_steps("pre_targets", before)?;
        let targets = timeline.push_steps("targets", lasting - before)?;
        timeline.push("off", ("off", self.off))?;
        let mut inputs = self.silence(timeline.n_steps(), rng);
        let mut condition = Condition::catch().with("targets_shown", shown);
        if shown {
            inputs.slice_mut(s![targets, ..2]).assign(&aview1(&colours(left)));
            condition = condition.with("left_target", COLOURS[left]);
        }
        let answer = (timeline.n_steps(), 2);
        let targets = Array2::from_elem(answer, self.lo as f32);
        Ok(Trial {
            inputs,
            targets,
            loss_mask: Array2::ones(answer),
            condition,
            epochs: timeline.into_epochs(),
            correct: None,
        })
    }

    /// No signal, but the noise.
    fn silence(&self, n_steps: usize, rng: &mut TrialRng) -> Array2<f32> {
        let mut noise = Array2::zeros((n_steps, 2));
        self.noise().add(&mut noise, rng);
        let mut inputs = Array2::zeros((n_steps, 4));
        inputs.slice_mut(s![.., 2..]).assign(&noise);
        inputs
    }

    /// What a trial shows: as the condition asks, the rest drawn.
    fn draw(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Shown, TaskError> {
        if let Some(condition) = condition {
            condition.allow(&VARIABLES)?;
        }
        let (side, left) = (word("side", SIDES, condition)?, word("left_target", COLOURS, condition)?);
        let mut evidence = coherence::draw(condition, "coherence", &self.coherences, rng)?;
        let given = condition.is_some_and(|condition| condition.get("coherence").is_some());
        if given && evidence.coherence != 0.0 {
            // The colour is fixed, so that side and left target decide about each other.
            let more = evidence.favoured;
            let left =
                left.unwrap_or_else(|| side.map_or_else(|| usize::from(rng.chance(0.5)), |side| target(more, side)));
            let correct = target(more, left);
            return match side {
                Some(side) if side != correct => Err(TaskError::condition(
                    "side",
                    SIDES[side],
                    "is not that of the more frequent colour",
                    format!("write {}", SIDES[correct]),
                )),
                _ => Ok(Shown { correct, left, coherence: evidence.coherence }),
            };
        }
        let left = left.unwrap_or_else(|| usize::from(rng.chance(0.5)));
        if let Some(side) = side {
            evidence.favoured = target(side, left);
        }
        let strength = evidence.coherence.abs();
        let coherence = if strength == 0.0 || evidence.favoured == 0 { strength } else { -strength };
        Ok(Shown { correct: target(evidence.favoured, left), left, coherence })
    }
}

impl Described for Checkerboard {
    const ABOUT: About<'static> = About {
        id: "kleinman2021/checkerboard",
        version: 2,
        former: &[Former { version: 1, switches: &[("grade_onset", false)] }],
        summary: "Checkerboard: is there more red or more green, and on which side is the target of that colour?",
        header: include_str!("checkerboard.rs"),
        ..FAMILY
    };
}

impl Task for Checkerboard {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        let clock = self.clock();
        self.noise().validate()?;
        rules::not_negative("pre_targets_mean", self.pre_targets_mean)?;
        clock.drawn_steps("pre_targets_mean", self.pre_targets_mean)?;
        rules::not_negative("pre_targets_sd", self.pre_targets_sd)?;
        self.targets.validate("targets", clock)?;
        self.validate_decision()?;
        coherence::validate("coherences", &self.coherences)?;
        rules::probability("p_catch", self.p_catch)?;
        rules::probability("p_catch_targets", self.p_catch_targets)?;
        if clock.steps("catch_duration", self.catch_duration)? <= clock.steps("off", self.off)? {
            let remedy = format!("give more than {} ms", self.off);
            return Err(TaskError::parameter("catch_duration", self.catch_duration, "must exceed `off`", remedy));
        }
        rules::finite("hi", self.hi)?;
        rules::finite("lo", self.lo)?;
        if self.hi <= self.lo {
            let remedy = format!("the correct output must stand out from `lo` = {}", self.lo);
            return Err(TaskError::parameter("hi", self.hi, "must exceed `lo`", remedy));
        }
        if !(self.lo..self.hi).contains(&self.threshold) {
            let remedy =
                format!("a correct answer must cross it: `lo` = {} <= threshold < `hi` = {}", self.lo, self.hi);
            return Err(TaskError::parameter("threshold", self.threshold, "must lie between the targets", remedy));
        }
        Ok(())
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["left_target", "right_target", "red_coherence", "green_coherence"])
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["choice_left", "choice_right"])
    }

    fn conditions(&self) -> Vec<Condition> {
        let catch = (self.p_catch > 0.0).then(Condition::catch);
        catch.into_iter().chain(SIDES.map(|side| Condition::new().with("side", side))).collect()
    }

    fn grid(&self) -> Vec<Condition> {
        let coherences = coherence::signed(&self.coherences);
        let of_colour =
            |left| coherences.iter().map(move |&c| Condition::new().with("left_target", left).with("coherence", c));
        let catch = (self.p_catch > 0.0).then(Condition::catch);
        catch.into_iter().chain(COLOURS.into_iter().flat_map(of_colour)).collect()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        if condition.map_or_else(|| rng.chance(self.p_catch), Condition::is_catch) {
            return self.catch_trial(condition, rng);
        }
        let shown = self.draw(condition, rng)?;
        let (clock, mut timeline) = (self.clock(), self.clock().timeline()?);
        timeline.push_drawn("pre_targets", self.before_targets(rng))?;
        let onset = timeline.push_steps("targets", self.targets.draw("targets", clock, rng)?)?.start;
        let ungraded = timeline.push("checkerboard", ("ungraded", self.ungraded))?;
        let decision = timeline.push("decision", ("checkerboard", self.checkerboard - self.ungraded))?;
        timeline.push("off", ("off", self.off))?;

        let mut inputs = self.silence(timeline.n_steps(), rng);
        inputs.slice_mut(s![onset..decision.end, ..2]).assign(&aview1(&colours(shown.left)));
        let mut evidence = inputs.slice_mut(s![ungraded.start..decision.end, 2..]);
        evidence += &aview1(&[shown.coherence as f32, -shown.coherence as f32]);
        let mut targets = Array2::from_elem((timeline.n_steps(), 2), self.lo as f32);
        targets.slice_mut(s![decision, shown.correct]).fill(self.hi as f32);
        let mut loss_mask = Array2::ones((timeline.n_steps(), 2));
        if !self.grade_onset {
            loss_mask.slice_mut(s![ungraded, ..]).fill(0.0);
        }
        let (condition, correct) = (shown.condition(), Some(shown.correct));
        Ok(Trial { inputs, targets, loss_mask, condition, epochs: timeline.into_epochs(), correct })
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let (Some(correct), Some(decision)) = (trial.correct, trial.epoch("decision")) else { return Score::default() };
        let early = self.clock().steps("read_before", self.read_before).unwrap_or(0);
        let answer = decision.end.checked_sub(early + 1).and_then(|step| outputs.outer_iter().nth(step));
        let right = answer.is_some_and(|row| largest(row) == Some(correct) && f64::from(row[correct]) > self.threshold);
        let onset = trial.epoch("checkerboard").unwrap_or(decision).start;
        let crossing = first_crossing(outputs, onset, self.threshold);
        Score {
            choice: crossing.map(|(_, choice)| choice),
            correct: Some(right),
            reaction_time: crossing.map(|(step, _)| reaction_time(step, onset, self.dt)),
            ..Score::default()
        }
    }

    fn sigma_rec(&self) -> Option<f64> {
        // The root of `var_rec` of the code.
        Some(0.05)
    }

    fn chance(&self) -> f64 {
        // The larger of two numbers in [0, 1) exceeds t with probability 1 - t^2, and is the right one half of the
        // time.
        (1.0 - self.threshold.clamp(0.0, 1.0).powi(2)) / 2.0
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::MinPerformance { threshold: 0.65 })
    }
}

/// The variables of one trial, as indices into the words for them.
struct Shown {
    correct: usize,
    left: usize,
    coherence: f64,
}

impl Shown {
    fn condition(&self) -> Condition {
        Condition::new()
            .with("side", SIDES[self.correct])
            .with("left_target", COLOURS[self.left])
            .with("coherence", self.coherence)
    }
}

/// The side of a colour if the left target has the colour `left`, and just as well the colour on a side: the same one
/// (0) or the other (1).
fn target(colour_or_side: usize, left: usize) -> usize {
    usize::from(colour_or_side != left)
}

/// The signals of the left and the right target.
fn colours(left: usize) -> [f32; 2] {
    if left == 0 { [-1.0, 1.0] } else { [1.0, -1.0] }
}

/// The index of the word that the condition gives for a variable.
fn word(name: &str, words: [&'static str; 2], condition: Option<&Condition>) -> Result<Option<usize>, TaskError> {
    let Some(given) = condition.and_then(|condition| condition.get(name)) else { return Ok(None) };
    let place = words.into_iter().position(|word| matches!(given, Value::Text(text) if text == word));
    match place {
        Some(place) => Ok(Some(place)),
        None => Err(TaskError::condition(
            name,
            given,
            "is no value of this variable",
            format!("write {} or {}", words[0], words[1]),
        )),
    }
}
