//! Memory that is used again: what one pass returns, the next one takes.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes of a cache line, where every buffer begins: a vector that straddles two lines takes twice as long to load.
const LINE: usize = 64;

/// The memory of a network and of all its copies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    pub f32: Pool<f32>,
    pub f64: Pool<f64>,
}

/// A store of idle memory.
#[derive(Clone)]
pub(crate) struct Pool<T>(Arc<Mutex<Vec<Vec<T>>>>);

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

impl<T: Copy + Default> Pool<T> {
    /// `len` numbers with arbitrary contents, in the smallest idle memory that holds them.
    pub fn take(&self, len: usize) -> Buffer<T> {
        if len == 0 {
            return Buffer { data: Vec::new(), offset: 0, len, pool: self.clone() };
        }
        let slack = LINE / size_of::<T>();
        let data = self.idle(len + slack).unwrap_or_else(|| vec![T::default(); len + slack]);
        Buffer { offset: data.as_ptr().align_offset(LINE).min(slack), data, len, pool: self.clone() }
    }

    /// Where nothing is large enough, the largest is given up, so that growing sizes do not leave a trail of small
    /// ones.
    fn idle(&self, len: usize) -> Option<Vec<T>> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let size = |index: &usize| idle[*index].len();
        match (0..idle.len()).filter(|index| size(index) >= len).min_by_key(size) {
            Some(index) => Some(idle.swap_remove(index)),
            None => {
                let largest = (0..idle.len()).max_by_key(size)?;
                idle.swap_remove(largest);
                None
            }
        }
    }

    /// The same, filled with zeros.
    pub fn zeros(&self, len: usize) -> Buffer<T> {
        let mut buffer = self.take(len);
        buffer.fill(T::default());
        buffer
    }
}

/// Memory from a [`Pool`], which takes it back when this is dropped.
pub(crate) struct Buffer<T> {
    data: Vec<T>,
    /// Where the first cache line begins.
    offset: usize,
    len: usize,
    pool: Pool<T>,
}

impl<T> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({})", self.len)
    }
}

impl<T> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.data[self.offset..][..self.len]
    }
}

impl<T> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.data[self.offset..][..self.len]
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        let data = std::mem::take(&mut self.data);
        if data.is_empty() {
            return;
        }
        self.pool.0.lock().unwrap_or_else(PoisonError::into_inner).push(data);
    }
}
