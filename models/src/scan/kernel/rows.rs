//! Rows of numbers: padded, copied, added up.

use super::{dims::ROUND, element::Element};

/// A copy padded with zeros to `width`.
pub(crate) fn padded<T: Element>(values: &[T], width: usize) -> Vec<T> {
    let mut padded = values.to_vec();
    padded.resize(width, T::zero());
    padded
}

/// Adds values to sums.
#[inline(always)]
pub(super) fn add<T: Element>(sum: &mut [T], values: &[T]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += *value;
    }
}

/// Copies the first `count` numbers of each of the kernel's rows of `width` to those of an array with `stride` numbers
/// from row to row.
#[inline(always)]
pub(super) fn store<T: Copy>(rows: &[T], width: usize, to: &mut [T], stride: usize, count: usize) {
    if count == 0 {
        return;
    }
    for (row, to) in rows.chunks(width).zip(to.chunks_mut(stride)) {
        copy(&row[..count], &mut to[..count]);
    }
}

/// Copies a short row in line: calling the library's copy would take longer than the copy itself.
#[inline(always)]
pub(super) fn copy<T: Copy>(from: &[T], to: &mut [T]) {
    debug_assert_eq!(from.len(), to.len());
    let (mut from, mut to) = (from, to);
    // Two pieces a round, since a loop over single ones is compiled to that call.
    while from.len() >= 2 * ROUND {
        copy_piece::<T, ROUND>(&mut from, &mut to);
        copy_piece::<T, ROUND>(&mut from, &mut to);
    }
    if from.len() >= 16 {
        copy_piece::<T, 16>(&mut from, &mut to);
    }
    if from.len() >= 8 {
        copy_piece::<T, 8>(&mut from, &mut to);
    }
    if from.len() >= 4 {
        copy_piece::<T, 4>(&mut from, &mut to);
    }
    if from.len() >= 2 {
        copy_piece::<T, 2>(&mut from, &mut to);
    }
    if !from.is_empty() {
        copy_piece::<T, 1>(&mut from, &mut to);
    }
}

/// Copies the first `N` numbers and goes on behind them.
#[inline(always)]
fn copy_piece<T: Copy, const N: usize>(from: &mut &[T], to: &mut &mut [T]) {
    if let (Some((piece, rest)), Some((place, later))) =
        (from.split_first_chunk::<N>(), std::mem::take(to).split_first_chunk_mut::<N>())
    {
        *place = *piece;
        (*from, *to) = (rest, later);
    }
}
