//! Whether the times of a block fit together.

use super::super::facts::Facts;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::rule::Rule;
use crate::model::duration::Short;
use crate::source::Spanned;
use std::time::Duration;

pub(super) const RULE: Rule = Rule {
    code: "RB0316",
    name: "times",
    summary: "Two times of a block contradict each other",
    why: "A pause between two looks that is as long as the time allowed leaves a single look. A step that usually takes longer than it may take is cut off, and then nobody knows whether its effect is there.",
    fix: "Make `timeout` (or `within`) longer than `every` and than `estimate`.",
    wrong: r#"```yaml step=wait_for_key
uses: kms/describe-key
with: { key: alias/corpus }
until: outputs.enabled
every: 2m
timeout: 1m
```
"#,
    right: r#"```yaml step=wait_for_key
uses: kms/describe-key
with: { key: alias/corpus }
until: outputs.enabled
every: 10s
timeout: 5m
```
"#,
};

/// How long a script may take when it does not say.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(600);
/// How long a probe may take to turn true when it does not say.
const WITHIN: Duration = Duration::from_secs(60);

pub(super) fn check(facts: &Facts<'_>, found: &mut Vec<Diagnostic>) {
    for (_, block) in facts.blocks() {
        let options = &block.options;
        let default = match facts.spec(block) {
            Some(spec) => Some(spec.timeout),
            None if facts.is_script(block) => Some(SCRIPT_TIMEOUT),
            None => None,
        };
        let timeout = options.timeout.as_ref().map(|timeout| timeout.value).or(default);
        let timeout =
            timeout.filter(|_| options.timeout.is_some() || !options.misread.has("timeout"));
        if let (Some(every), Some(timeout), Some(_)) = (&options.every, timeout, &options.until) {
            one_look(every, timeout, "timeout", found);
        }
        if facts.is_probe(block)
            && let Some(every) = &options.every
            && !options.misread.has("within")
        {
            let within = options.within.as_ref().map_or(WITHIN, |within| within.value);
            if !within.is_zero() {
                one_look(every, within, "within", found);
            }
        }
        // A loop, and a step that is tried again, may take longer in all than each attempt.
        let once = options.for_each.is_none() && options.retry.is_none();
        if let (Some(estimate), Some(timeout), true) = (&options.estimate, timeout, once)
            && estimate.value > timeout
        {
            let message = format!(
                "this step is expected to take {}, but is cut off after {}",
                Short(estimate.value),
                Short(timeout)
            );
            found.push(RULE.warning(estimate.span, message).help("give it a longer `timeout`"));
        }
    }
}

fn one_look(every: &Spanned<Duration>, limit: Duration, name: &str, found: &mut Vec<Diagnostic>) {
    if every.value >= limit {
        let message = format!(
            "with a pause of {} and a `{name}` of {} there is only one look",
            Short(every.value),
            Short(limit)
        );
        found.push(
            RULE.warning(every.span, message).help(format!("make `{name}` longer than `every`")),
        );
    }
}
