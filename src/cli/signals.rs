//! Ctrl-C and its relatives: the first parks the run, the second stops it at once.
//!
//! A terminal that closes tells so more than once: the system does, and the shell does. That is no
//! second wish, so it only ever parks.

use super::console;
use super::error::{CliError, NOTHING_BEGUN};
use super::exit::Exit;
use super::terminal;
use crate::actions::context::Stop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, Once, PoisonError};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Says a line where the person looks.
pub(super) type Speak = Arc<dyn Fn(&str) + Send + Sync>;

/// Whether somebody listens who knows what a signal means.
static LISTENING: AtomicBool = AtomicBool::new(false);

/// How many signals a run has heard of, and whoever waits for one.
static HEARD: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

/// How many signals a run has heard of so far.
#[must_use]
pub(super) fn heard() -> usize {
    *HEARD.0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until a run has heard of one more than so many. A signal that was raised is not heard of at once.
pub(super) fn wait_to_be_heard(before: usize, patience: Duration) {
    let count = HEARD.0.lock().unwrap_or_else(PoisonError::into_inner);
    // Whether it was heard or nobody listens: what comes next is the same.
    let _ = HEARD.1.wait_timeout_while(count, patience, |count| *count <= before);
}

/// What the operator wants, as signals tell it.
#[derive(Clone)]
pub(super) struct Signals {
    stop: watch::Receiver<Stop>,
    came: Arc<AtomicBool>,
}

/// What came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Came {
    /// Somebody wants an end.
    Wish,
    /// The terminal is gone.
    HangUp,
}

/// The signals that end a run.
struct Wishes {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Wishes {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next one. Nothing when none can come any more.
    async fn next(&mut self) -> Option<Came> {
        tokio::select! {
            got = self.interrupt.recv() => got.map(|()| Came::Wish),
            got = self.terminate.recv() => got.map(|()| Came::Wish),
            got = self.hang_up.recv() => got.map(|()| Came::HangUp),
        }
    }
}

impl Signals {
    /// Listens from now on. Must be called inside the runtime.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn listen(speak: Speak) -> Result<Self, CliError> {
        let (to, stop) = watch::channel(Stop::No);
        let came = Arc::new(AtomicBool::new(false));
        let mut wishes = Wishes::new()
            .map_err(|error| CliError::usage(format!("cannot listen for signals: {error}")))?;
        // A file that may not grow any more (`ulimit -f`) is an error to report, and no reason to die. Once
        // there is a handler the write fails, and scripts begin without it.
        let too_large = SignalKind::from_raw(nix::sys::signal::Signal::SIGXFSZ as i32);
        drop(signal(too_large));
        LISTENING.store(true, Ordering::Relaxed);
        let seen = Arc::clone(&came);
        tokio::spawn(async move {
            while let Some(one) = wishes.next().await {
                seen.store(true, Ordering::Relaxed);
                // The borrow must end before anything is sent: it is a lock on the same value.
                let was = *to.borrow();
                let wanted = after(was, one);
                to.send_replace(wanted);
                *HEARD.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
                HEARD.1.notify_all();
                match (was, wanted) {
                    (Stop::No, _) => {
                        speak("finishing the current step; press Ctrl-C again to stop it now")
                    }
                    (Stop::Park, Stop::Now) => {
                        speak("stopping now; what is under way will be unknown")
                    }
                    _ => {}
                }
            }
        });
        Ok(Self { stop, came })
    }

    /// Waits for a signal.
    pub(super) async fn wait(&self) {
        let mut stop = self.stop.clone();
        if stop.wait_for(|stop| *stop != Stop::No).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// For the run.
    #[must_use]
    pub(super) fn stop(&self) -> watch::Receiver<Stop> {
        self.stop.clone()
    }

    /// Whether a signal came.
    #[must_use]
    pub(super) fn came(&self) -> bool {
        self.came.load(Ordering::Relaxed)
    }
}

/// What is wanted after one more signal.
fn after(was: Stop, came: Came) -> Stop {
    match (was, came) {
        (Stop::No, _) | (Stop::Park, Came::HangUp) => Stop::Park,
        _ => Stop::Now,
    }
}

/// Until a run listens, a signal ends the program at once, and the terminal is left as it was found. The
/// system alone would leave it without echo when a question is open.
pub(super) fn end_before_a_run() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let (to, ready) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            // Without a listener the system's own way to end remains.
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build()
            else {
                return;
            };
            runtime.block_on(async {
                let Ok(mut wishes) = Wishes::new() else { return };
                let _ = to.send(());
                while wishes.next().await.is_some() {
                    if !LISTENING.load(Ordering::Relaxed) {
                        terminal::leave();
                        let error = CliError::new(Exit::Interrupted, "interrupted by a signal");
                        console::show(&error.certain(NOTHING_BEGUN));
                        std::process::exit(Exit::Interrupted.code().into());
                    }
                }
            });
        });
        // The question must not be open before somebody listens. An error means that nobody will.
        let _ = ready.recv();
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn the_first_signal_parks_and_the_second_stops() {
        let signals = Signals::listen(Arc::new(|_| ())).unwrap();
        let mut stop = signals.stop();
        assert!(!signals.came());
        for wanted in [Stop::Park, Stop::Now] {
            nix::sys::signal::raise(nix::sys::signal::Signal::SIGTERM).unwrap();
            let seen =
                tokio::time::timeout(Duration::from_secs(20), stop.wait_for(|s| *s == wanted));
            assert!(seen.await.is_ok(), "{wanted:?} never came");
        }
        assert!(signals.came());
    }

    #[test]
    fn a_terminal_that_closes_never_stops_at_once() {
        assert_eq!(after(Stop::No, Came::HangUp), Stop::Park);
        assert_eq!(after(Stop::Park, Came::HangUp), Stop::Park);
        assert_eq!(after(Stop::Now, Came::HangUp), Stop::Now);
        assert_eq!(after(Stop::Park, Came::Wish), Stop::Now);
    }
}
