//! What some trials did, where their way back looks it up: in the arrays of a whole pass, or in those of a segment of
//! steps that is computed again, or copied from the tail, once the way back has come to it.
//!
//! ```text
//! rows of a segment    step from - 1 | steps from .. from + L | as many steps after it as a window may reach
//! ```
//!
//! Windows do not end where segments do, so the rows after a segment are those that the later one began with. What is
//! computed again has the bits that it had: no trial's numbers depend on the trials or steps beside it, and the noise
//! is drawn by its place.

use std::ops::{Deref, DerefMut, Range};

use pulp::Arch;

use super::super::{
    buffer::Buffer,
    element::Element,
    forward::{Block as Advance, Kept, Origin},
    gradients::Remembered,
    pass::{BackwardPass, ForwardPass},
    rows::copy,
    segments::Segments,
};

/// Numbers that were kept, or that are made.
enum Numbers<'a, T> {
    Kept(&'a [T]),
    Made(Buffer<T>),
}

impl<T> Deref for Numbers<'_, T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        match self {
            Self::Kept(numbers) => numbers,
            Self::Made(numbers) => numbers,
        }
    }
}

impl<T> Numbers<'_, T> {
    /// Those that can be changed.
    fn made(&mut self) -> &mut [T] {
        match self {
            Self::Kept(_) => &mut [],
            Self::Made(numbers) => numbers.deref_mut(),
        }
    }
}

/// The activity of some trials.
pub(super) struct Activity<'a, T> {
    /// `r` (trials, rows, units)
    rates: Numbers<'a, T>,
    /// What else the slopes need, or nothing; see [`Remembered::Whole`].
    drive: Numbers<'a, T>,
    /// Those whose rows there are.
    trials: Range<usize>,
    /// Of each trial, beginning with that of step `from - 1`.
    rows: usize,
    from: usize,
    units: usize,
}

impl<'a, T: Element> Activity<'a, T> {
    /// `window` is the length of the longest window.
    pub fn new(pass: &'a BackwardPass<'a, T>, trials: Range<usize>, window: usize) -> Self {
        let (dims, units) = (pass.dims, pass.dims.units);
        match pass.arriving.activity {
            Remembered::Whole { rates, drive } => Self {
                rates: Numbers::Kept(rates),
                drive: Numbers::Kept(drive),
                trials: 0..dims.trials,
                rows: dims.steps,
                from: 1,
                units,
            },
            Remembered::Anchors { needs_drive, .. } => {
                let segments = Segments::of(dims);
                let rows = 1 + segments.length + window;
                let size = trials.len() * rows * units;
                Self {
                    rates: Numbers::Made(pass.pool.take(size)),
                    drive: Numbers::Made(pass.pool.take(if needs_drive { size } else { 0 })),
                    trials,
                    rows,
                    // Behind the last one: nothing is computed yet.
                    from: segments.count() * segments.length,
                    units,
                }
            }
        }
    }

    /// Whether the slopes need more than the rates.
    #[inline(always)]
    pub fn has_drive(&self) -> bool {
        !self.drive.is_empty()
    }

    /// Rates of a trial from a step on.
    #[inline(always)]
    pub fn rates(&self, trial: usize, step: usize) -> &[T] {
        &self.rates[self.place(trial, step)..]
    }

    /// What else the slopes need, of a trial from a step on.
    #[inline(always)]
    pub fn drive(&self, trial: usize, step: usize) -> &[T] {
        &self.drive[self.place(trial, step)..]
    }

    #[inline(always)]
    fn place(&self, trial: usize, step: usize) -> usize {
        ((trial - self.trials.start) * self.rows + step + 1 - self.from) * self.units
    }

    /// Sees to it that the steps of a window and the one before it can be looked up. Windows come one after the other,
    /// from the last step on.
    pub fn reach(&mut self, pass: &BackwardPass<T>, window: &Range<usize>) {
        let Some(again) = pass.again else { return };
        while self.from > window.start {
            self.go_to_earlier_segment(pass, again);
        }
    }

    fn go_to_earlier_segment(&mut self, pass: &BackwardPass<T>, again: &ForwardPass<T>) {
        let Remembered::Anchors { states, rates, tail_rates, tail_drive, .. } = pass.arriving.activity else { return };
        let (units, segments) = (self.units, Segments::of(pass.dims));
        let steps = self.from - segments.length..self.from.min(pass.dims.steps);
        for numbers in [&mut self.rates, &mut self.drive] {
            let after = self.rows - 1 - segments.length;
            for rows in numbers.made().chunks_exact_mut(self.rows * units) {
                rows.copy_within(units..(1 + after) * units, (1 + segments.length) * units);
            }
        }
        self.from = steps.start;
        let origin = match (steps.start / segments.length).checked_sub(1) {
            None => Origin::start(again),
            Some(anchor) => Origin {
                states: &states[anchor * units..],
                rates: &rates[anchor * units..],
                pitch: segments.anchors() * units,
            },
        };
        if steps.start > 0 {
            self.begin_with(&origin);
        }
        if steps.start < segments.tail().0 {
            self.compute(again, steps, origin);
        } else {
            self.copy_from_tail(steps, segments.tail(), [tail_rates, tail_drive]);
        }
    }

    /// A segment that was kept.
    fn copy_from_tail(&mut self, steps: Range<usize>, (first, tail): (usize, usize), kept: [&[T]; 2]) {
        let (units, trials) = (self.units, self.trials.clone());
        let size = steps.len() * units;
        for (numbers, kept) in [&mut self.rates, &mut self.drive].into_iter().zip(kept) {
            for (trial, rows) in trials.clone().zip(numbers.made().chunks_exact_mut(self.rows * units)) {
                rows[units..][..size].copy_from_slice(&kept[(trial * tail + steps.start - first) * units..][..size]);
            }
        }
    }

    /// The step before the segment.
    fn begin_with(&mut self, origin: &Origin<T>) {
        let (units, trials) = (self.units, self.trials.clone());
        for (numbers, found) in [(&mut self.rates, origin.rates), (&mut self.drive, origin.states)] {
            for (trial, rows) in trials.clone().zip(numbers.made().chunks_exact_mut(self.rows * units)) {
                copy(&found[trial * origin.pitch..][..units], &mut rows[..units]);
            }
        }
    }

    fn compute(&mut self, again: &ForwardPass<T>, steps: Range<usize>, origin: Origin<T>) {
        let has_drive = self.has_drive();
        // Behind the first row.
        let rates = &mut self.rates.made()[self.units..];
        let drive = if has_drive { &mut self.drive.made()[self.units..] } else { &mut [] };
        let kept = Kept { from: steps.start, ..Kept::default() }.activity(again.equation.form, rates, drive);
        Arch::new().dispatch(Advance {
            pass: again,
            trials: self.trials.clone(),
            steps,
            origin,
            kept,
            pitch: self.rows,
        });
    }
}
