//! Work on threads of this process, while the interpreter is free for others.

use std::{
    any::Any,
    cell::RefCell,
    ops::ControlFlow,
    process,
    sync::{
        Mutex, MutexGuard, PoisonError, TryLockError,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use nn4n::{analysis::interruption::Interruption, threads};
use pyo3::{exceptions::PyRuntimeError, prelude::*};
use rayon::ThreadPool;

use crate::error::raised;

/// How long Ctrl-C waits at most.
const MOMENT: Duration = Duration::from_millis(50);

/// For what counts its steps.
pub fn watch(interruption: &Interruption) -> impl FnMut(usize) -> ControlFlow<()> + Send + '_ {
    |_| if interruption.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// What a pool was made for: a child made by `fork` has none of the threads of its parent.
type Key = (u32, Option<String>);

type Pools = Vec<(Key, &'static ThreadPool)>;

static POOLS: Mutex<Pools> = Mutex::new(Vec::new());

thread_local! {
    /// The pools while this thread makes a child.
    static HELD: RefCell<Option<MutexGuard<'static, Pools>>> = const { RefCell::new(None) };
}

/// Keeps other threads from the pools while this one forks: in the child nobody would ever let go of them.
#[pyfunction]
pub fn before_fork(py: Python<'_>) {
    let held = loop {
        match POOLS.try_lock() {
            Ok(pools) => break pools,
            Err(TryLockError::Poisoned(pools)) => break pools.into_inner(),
            // Another thread that forks lets go of them only with the interpreter.
            Err(TryLockError::WouldBlock) => py.detach(|| thread::sleep(Duration::from_millis(1))),
        }
    };
    HELD.set(Some(held));
}

/// Lets go of the pools, in the parent and in the child.
#[pyfunction]
pub fn after_fork() {
    HELD.set(None);
}

/// The threads of this process, of which there are as many as `RAYON_NUM_THREADS` says now.
/// Not to be called with the interpreter, which a thread that forks may wait for.
fn pool() -> nn4n::Result<&'static ThreadPool> {
    let key = (process::id(), std::env::var("RAYON_NUM_THREADS").ok());
    let mut pools = POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, pool)) = pools.iter().find(|(known, _)| *known == key) {
        return Ok(pool);
    }
    // Pools live as long as the process: dropping that of a parent would wait for threads that are not there.
    let pool: &'static ThreadPool = Box::leak(Box::new(threads::pool()?));
    pools.push((key, pool));
    Ok(pool)
}

/// Does work that takes a moment on the threads of this process, without the interpreter.
pub fn briefly<T: Send>(py: Python<'_>, work: impl FnOnce() -> nn4n::Result<T> + Send) -> PyResult<T> {
    py.detach(|| pool()?.install(work)).map_err(raised)
}

/// Does work without the interpreter, and raises what Ctrl-C does as soon as the work lets itself be stopped.
pub fn work<T: Send>(py: Python<'_>, work: impl FnOnce(&Interruption) -> nn4n::Result<T> + Send) -> PyResult<T> {
    converse(py, |stop, _: Sender<()>| work(stop), |_, (), _| Ok(()))
}

/// The same of work that sends what it has to say; `hear` is told on the thread that called, and may end the work by an
/// error.
pub fn converse<T: Send, M: Send>(
    py: Python<'_>,
    work: impl FnOnce(&Interruption, Sender<M>) -> nn4n::Result<T> + Send,
    mut hear: impl FnMut(Python<'_>, M, &Interruption) -> PyResult<()>,
) -> PyResult<T> {
    let pool = py.detach(pool).map_err(raised)?;
    let (stop, (sender, receiver), (done, is_done)) = (Interruption::default(), channel(), channel());
    // Only this thread receives, but the compiler cannot know.
    let channels = Mutex::new((receiver, is_done));
    let mut error = None;
    let ended = thread::scope(|scope| {
        let stop = &stop;
        let working = scope.spawn(move || {
            // It is dropped, and the receiver told, whatever becomes of the work.
            let _done: Sender<()> = done;
            pool.install(|| stop.over(|| work(stop, sender)))
        });
        loop {
            let next = py.detach(|| next(&channels));
            let heard = match next {
                Next::Message(message) => hear(py, message, stop),
                Next::Moment => Ok(()),
                Next::End => break,
            };
            if let Err(raised) = heard.and_then(|()| py.check_signals()) {
                error.get_or_insert(raised);
                stop.ask();
            }
        }
        py.detach(|| working.join())
    });
    let result = ended.map_err(|panic| PyRuntimeError::new_err(words(&*panic)))?;
    match error {
        Some(error) => Err(error),
        None => result.map_err(raised),
    }
}

enum Next<M> {
    Message(M),
    Moment,
    End,
}

fn next<M>(channels: &Mutex<(Receiver<M>, Receiver<()>)>) -> Next<M> {
    let channels = channels.lock().unwrap_or_else(PoisonError::into_inner);
    let (messages, is_done) = &*channels;
    match messages.recv_timeout(MOMENT) {
        Ok(message) => Next::Message(message),
        Err(RecvTimeoutError::Timeout) => Next::Moment,
        // The work has no more to say; what it does may take its time all the same.
        Err(RecvTimeoutError::Disconnected) => match is_done.recv_timeout(MOMENT) {
            Err(RecvTimeoutError::Disconnected) => Next::End,
            _ => Next::Moment,
        },
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("the program failed where it should not ({}); please report it", said.unwrap_or("no reason given"))
}
