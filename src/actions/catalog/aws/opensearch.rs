//! The `opensearch/` actions.

use super::{gives, needs, takes, takes_or};
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::mode::Effect;
use crate::model::permission::{Kind, On, Permission, When};
use crate::model::runbook::Type;
use crate::model::value::{Value, Values};
use std::time::Duration;

const DOMAIN: &[On] = &[On::Named(Kind::Domain, "domain")];
const ANY_DOMAIN: &[On] =
    &[On::Any(Kind::Domain, "a request names the endpoint of a domain, and not the domain")];

pub(super) const SPECS: [ActionSpec; 3] = [HEALTH, SCALE, REQUEST];

const HEALTH: ActionSpec = ActionSpec {
    name: "opensearch/health",
    summary: "Say how an OpenSearch domain or collection stands against its limits",
    description: "Of a domain it reads the health, the shards against the limit of its version and heap, the fullest heap, the \
least free storage and whether writes are blocked. Of a collection of OpenSearch Serverless it reads the state, and the \
capacity units against the account's cap: it has no shards to look at.\n\n\
`level` is `ok`, `relief` (something is near its limit), `stop` (red: data is missing, and the configuration must not be \
changed) or `unknown` (its health could not be read). `reliefs` lists what helps in the safe order: `heap`, `unassigned`, \
`shards`, `storage`, and `capacity` last. Raising `max_shards_per_node` is not among them: it moves the failure to the heap.\n\n\
With `role` the index itself is asked, too: a limit of shards that somebody has set there counts, and closed indices do not.\n\n\
What could not be read is in `unread`. A number that is not there is null, and never a good one.",
    inputs: &[
        takes("domain", Type::String, "The domain's name."),
        takes("collection", Type::String, "The collection's name, instead of a domain."),
        takes(
            "role",
            Type::String,
            "A role that may read the domain's index. With it the index itself is asked for its limit of shards.",
        ),
        takes("accept", Type::List, "The levels with which the step succeeds. Default: all."),
    ],
    open_inputs: false,
    outputs: &[
        gives("kind", Type::String, "`domain` or `collection`."),
        gives("status", Type::String, "`green`, `yellow`, `red` or `unknown`."),
        gives("level", Type::String, "`ok`, `relief`, `stop` or `unknown`."),
        gives("may_reconfigure", Type::Boolean, "Whether its configuration may be changed now."),
        gives("reliefs", Type::List, "What helps, in the safe order."),
        gives("shards", Type::Integer, "How many shards it has, or null."),
        gives("shard_limit", Type::Integer, "How many it may have, or null."),
        gives("shards_left", Type::Integer, "How many more it may have, or null."),
        gives("unassigned", Type::Integer, "How many are on no node, or null."),
        gives("heap_percent", Type::Number, "How full the fullest heap is, or null."),
        gives(
            "free_storage_mib",
            Type::Number,
            "The least free storage of a node in MiB, or null.",
        ),
        gives("storage_floor_mib", Type::Number, "Below this writes fail, or null."),
        gives("writes_blocked", Type::Boolean, "Whether writes are blocked, or null."),
        gives("ocu", Type::List, "Capacity units: `{for, used, allowed}`."),
        gives("unread", Type::List, "What could not be read, and why."),
        gives("words", Type::String, "The diagnosis."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Read),
    timeout: Duration::from_secs(5 * 60),
    idempotent: true,
    observe: None,
    undo: None,
    permissions: &[
        Permission::run("es:DescribeDomain", DOMAIN).when(&[When::Given("domain")]),
        Permission::run("es:DescribeDomainHealth", DOMAIN).when(&[When::Given("domain")]),
        Permission::run("ec2:DescribeInstanceTypes", &[On::Everything])
            .when(&[When::Given("domain")]),
        Permission::run("aoss:BatchGetCollection", &[On::Everything])
            .when(&[When::Given("collection")]),
        Permission::run("aoss:GetAccountSettings", &[On::Everything])
            .when(&[When::Given("collection")]),
        Permission::run("cloudwatch:GetMetricData", &[On::Everything]),
        Permission::run("es:ESHttpGet", DOMAIN).when(&[When::Given("domain"), When::Given("role")]),
        Permission::run("sts:AssumeRole", &[On::Fixed("arn:{partition}:iam::{account}:role/*")])
            .when(&[When::Given("role")]),
    ],
    example: "uses: opensearch/health\nwith: { domain: corpus-index }\nexpect: ['outputs.level == \"ok\"']",
    needs_account: true,
};

const SCALE: ActionSpec = ActionSpec {
    name: "opensearch/scale-domain",
    summary: "Change the size of an OpenSearch domain, and wait until it is done",
    description: "Asks AWS first what it would do (`UpdateDomainConfig` with `DryRun`) and says it: a blue/green deployment \
exchanges every node and takes hours where there is much data. A domain that is red, whose health is not known, or that is \
being changed already is refused: a deployment of a red domain does not end.\n\n\
Only what is given changes. Storage can be made smaller only by a blue/green deployment.",
    inputs: &[
        needs("domain", Type::String, "The domain's name."),
        takes(
            "instance_type",
            Type::String,
            "The type of the data nodes: `r7g.large.search`. Empty: as it is.",
        ),
        takes("instance_count", Type::Integer, "How many data nodes. 0: as many as now."),
        takes("volume_size", Type::Integer, "The storage of each data node in GiB. 0: as it is."),
    ],
    open_inputs: false,
    outputs: &[
        gives("domain", Type::String, "The domain's name."),
        gives("previous", Type::Mapping, "The size before, as AWS describes it."),
        gives(
            "deployment",
            Type::String,
            "What the dry run said, or null when nothing had to change.",
        ),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Change),
    timeout: Duration::from_secs(12 * 60 * 60),
    idempotent: true,
    observe: Some("The domain has the size, and no change of it is under way."),
    undo: Some("The domain has its previous size again, by another deployment."),
    permissions: &[
        Permission::run("es:DescribeDomain", DOMAIN),
        Permission::run("es:DescribeDomainHealth", DOMAIN),
        Permission::run("es:UpdateDomainConfig", DOMAIN),
    ],
    example: "uses: opensearch/scale-domain\nwith: { domain: corpus-index, instance_count: 3 }",
    needs_account: true,
};

const REQUEST: ActionSpec = ActionSpec {
    name: "opensearch/request",
    summary: "Send one signed request to the index of a domain or a collection",
    description: "The request is signed with the step's own credentials, which go to hosts of AWS only. GET and HEAD read, and so \
does POST to `_search`, `_count` and the like; DELETE destroys; everything else changes. An endpoint in a VPC is reached \
from that VPC only.\n\n\
A body that is a text is sent as it is, line by line, as `_bulk` takes it. Every other body is sent as JSON.",
    inputs: &[
        needs("endpoint", Type::String, "The host of the endpoint, or its address."),
        takes_or("method", Type::String, "GET", "GET, HEAD, PUT, POST or DELETE."),
        needs("path", Type::String, "The path with its query: `/corpus/_count`."),
        takes("body", Type::Any, "The body."),
        takes(
            "role",
            Type::String,
            "The ARN of a role of the account, to become for this request.",
        ),
        takes("statuses", Type::List, "The statuses that are fine. Default: 200 to 299."),
        takes_or("patience", Type::Integer, "60", "How many seconds it may take."),
    ],
    open_inputs: false,
    outputs: &[
        gives("status", Type::Integer, "The status of the answer."),
        gives("body", Type::Any, "The answer: JSON where it is, a text where it is not."),
    ],
    open_outputs: false,
    effect: EffectSpec::ByInput(effect_of_request),
    timeout: Duration::from_secs(60 * 60),
    idempotent: false,
    observe: None,
    undo: None,
    permissions: &[
        Permission::sometimes("the method is GET", "es:ESHttpGet", ANY_DOMAIN),
        Permission::sometimes("the method is HEAD", "es:ESHttpHead", ANY_DOMAIN),
        Permission::sometimes("the method is POST", "es:ESHttpPost", ANY_DOMAIN),
        Permission::sometimes("the method is PUT", "es:ESHttpPut", ANY_DOMAIN),
        Permission::sometimes("the method is DELETE", "es:ESHttpDelete", ANY_DOMAIN),
        Permission::sometimes(
            "the endpoint is that of a collection",
            "aoss:APIAccessAll",
            &[On::Everything],
        ),
        Permission::run("sts:AssumeRole", &[On::Fixed("arn:{partition}:iam::{account}:role/*")])
            .when(&[When::Given("role")]),
    ],
    example: "uses: opensearch/request\nwith: { endpoint: \"{{ params.endpoint }}\", path: /corpus/_count }\nexpect: [\"outputs.body.count > 0\"]",
    needs_account: true,
};

/// The ends of paths that POST only asks.
const QUESTIONS: [&str; 6] = ["_search", "_count", "_msearch", "_mget", "_analyze", "_explain"];

/// What a request does, by its method and path as far as they are written out.
#[must_use]
pub fn effect_of_request(inputs: &Values) -> Effect {
    let text = |name: &str| inputs.get(name).and_then(Value::as_str);
    let method = match inputs.get("method") {
        None | Some(Value::Null) => Some("GET"),
        Some(_) => text("method"),
    };
    match method {
        Some("GET" | "HEAD") => Effect::Read,
        Some("DELETE") => Effect::Destroy,
        Some("POST") => {
            let path = text("path").unwrap_or_default();
            let end = path.split('?').next().unwrap_or_default().rsplit('/').next();
            let asks = end.is_some_and(|end| QUESTIONS.contains(&end));
            if asks { Effect::Read } else { Effect::Change }
        }
        Some("PUT") => Effect::Change,
        _ => Effect::Unclear,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_does_what_its_method_says() {
        let of = |method: &str, path: &str| {
            let inputs = serde_json::json!({ "method": method, "path": path });
            effect_of_request(inputs.as_object().expect("inputs"))
        };
        assert_eq!(of("GET", "/_cat/shards"), Effect::Read);
        assert_eq!(of("POST", "/corpus/_search?size=0"), Effect::Read);
        assert_eq!(of("POST", "/corpus/_delete_by_query"), Effect::Change);
        assert_eq!(of("PUT", "/corpus"), Effect::Change);
        assert_eq!(of("DELETE", "/corpus"), Effect::Destroy);
        assert_eq!(of("{{ params.method }}", "/corpus"), Effect::Unclear);
        assert_eq!(effect_of_request(&Values::new()), Effect::Read);
    }
}
