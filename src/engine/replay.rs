//! A history that comes event by event, and is not kept.

use super::event::Event;
use super::state::{IllegalTransition, RunState};

/// A state in the making.
#[derive(Debug, Default)]
pub struct Replay(Option<Result<RunState, IllegalTransition>>);

impl Replay {
    /// Adds the next event. After one that cannot follow, none counts any more.
    pub fn event(&mut self, event: &Event) {
        let illegal = match &mut self.0 {
            None => return self.0 = Some(RunState::begin(event)),
            Some(Ok(state)) => state.apply(event).err(),
            Some(Err(_)) => None,
        };
        if let Some(illegal) = illegal {
            self.0 = Some(Err(illegal));
        }
    }

    /// The state after them.
    ///
    /// # Errors
    /// When an event could not follow the ones before it, or there was none.
    pub fn end(self) -> Result<RunState, IllegalTransition> {
        self.0.unwrap_or_else(|| {
            Err(IllegalTransition {
                subject: "the run".into(),
                state: "not begun",
                event: "nothing",
            })
        })
    }
}
