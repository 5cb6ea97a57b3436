//! Ctrl-C and its relatives: the first parks the run, the second stops it at once.

use super::error::CliError;
use crate::actions::context::Stop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Says a line where the person looks.
pub(super) type Speak = Arc<dyn Fn(&str) + Send + Sync>;

/// What the operator wants, as signals tell it.
#[derive(Clone)]
pub(super) struct Signals {
    stop: watch::Receiver<Stop>,
    came: Arc<AtomicBool>,
}

impl Signals {
    /// Listens from now on. Must be called inside the runtime.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn listen(speak: Speak) -> Result<Self, CliError> {
        let (to, stop) = watch::channel(Stop::No);
        let came = Arc::new(AtomicBool::new(false));
        let mut all = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
            .into_iter()
            .map(signal)
            .collect::<Result<Vec<Signal>, _>>()
            .map_err(|error| CliError::usage(format!("cannot listen for signals: {error}")))?;
        // A file that may not grow any more (`ulimit -f`) is an error to report, and no reason to die. Once
        // there is a handler the write fails, and scripts begin without it.
        let too_large = SignalKind::from_raw(nix::sys::signal::Signal::SIGXFSZ as i32);
        drop(signal(too_large));
        let seen = Arc::clone(&came);
        tokio::spawn(async move {
            while next(&mut all).await {
                seen.store(true, Ordering::Relaxed);
                // The borrow must end before anything is sent: it is a lock on the same value.
                let was = *to.borrow();
                to.send_replace(if was == Stop::No { Stop::Park } else { Stop::Now });
                match was {
                    Stop::No => {
                        speak("finishing the current step; press Ctrl-C again to stop it now")
                    }
                    Stop::Park => speak("stopping now; what is under way will be unknown"),
                    Stop::Now => {}
                }
            }
        });
        Ok(Self { stop, came })
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

async fn next(all: &mut [Signal]) -> bool {
    let [interrupt, terminate, hangup] = all else { return false };
    tokio::select! {
        got = interrupt.recv() => got.is_some(),
        got = terminate.recv() => got.is_some(),
        got = hangup.recv() => got.is_some(),
    }
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
            nix::sys::signal::raise(nix::sys::signal::Signal::SIGHUP).unwrap();
            let seen =
                tokio::time::timeout(Duration::from_secs(20), stop.wait_for(|s| *s == wanted));
            assert!(seen.await.is_ok(), "{wanted:?} never came");
        }
        assert!(signals.came());
    }
}
