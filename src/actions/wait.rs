//! `wait/for`: lets a fixed time pass.

use super::context::{Context, Report};
use super::{Action, Trouble};
use crate::model::duration::{self, Short};
use crate::model::value::{Value, Values};
use async_trait::async_trait;

/// Lets a fixed time pass. The operator can stop it at any moment; run again, it waits from the beginning.
pub struct WaitFor;

#[async_trait]
impl Action for WaitFor {
    fn name(&self) -> &'static str {
        "wait/for"
    }

    async fn run(&self, cx: &Context) -> Result<Values, Trouble> {
        let text = cx.inputs.get("duration").and_then(Value::as_str).ok_or_else(|| {
            Trouble::nothing_happened("`duration` must be a duration such as `90s` or `10m`")
        })?;
        let time =
            duration::parse(text).map_err(|bad| Trouble::nothing_happened(bad.to_string()))?;
        cx.tell.say(Report::Waiting(format!("{} to pass", Short(time)))).await;
        if cx.stop.sleep(time).await { Ok(Values::new()) } else { Err(Trouble::parked()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::bench::Bench;
    use crate::actions::context::Stop;
    use serde_json::json;
    use std::time::Instant;

    #[tokio::test]
    async fn it_waits_as_long_as_it_was_told() {
        let bench = Bench::new(json!({"duration": "1s"}));
        let begun = Instant::now();
        assert_eq!(WaitFor.run(&bench.cx).await, Ok(Values::new()));
        assert!(begun.elapsed().as_secs() >= 1);
        assert_eq!(bench.told().await, [Report::Waiting("1s to pass".to_owned())]);
    }

    #[tokio::test]
    async fn the_operator_can_park_it() {
        let bench = Bench::new(json!({"duration": "1d"}));
        bench.stop.send(Stop::Park).unwrap();
        assert_eq!(WaitFor.run(&bench.cx).await, Err(Trouble::parked()));
    }

    #[tokio::test]
    async fn what_is_no_duration_never_starts() {
        for bad in [json!({"duration": "10 minutes"}), json!({"duration": 10}), json!({})] {
            let trouble = WaitFor.run(&Bench::new(bad).cx).await.unwrap_err();
            assert_eq!(trouble.certainty, crate::actions::Certainty::NothingHappened);
        }
    }
}
