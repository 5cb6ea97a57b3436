//! The `bedrock/` actions.

use super::{gives, needs, takes, takes_or};
use crate::model::action::{ActionSpec, EffectSpec, InputSpec};
use crate::model::mode::Effect;
use crate::model::permission::{Kind, On, Permission, When};
use crate::model::runbook::Type;
use std::time::Duration;

const MODEL: &[On] = &[On::Named(Kind::Model, "model")];
const ANY_ENDPOINT: &[On] = &[On::Everything];

pub(super) const SPECS: [ActionSpec; 3] = [PROBE, READINESS, PRIVATE_PATH];

const MODEL_INPUT: InputSpec =
    needs("model", Type::String, "The model's id, or the id or ARN of an inference profile.");
const PROMPT_INPUT: InputSpec =
    takes("prompt", Type::String, "What the model is asked. By default something harmless.");
const ENDPOINT_INPUT: InputSpec = takes(
    "endpoint",
    Type::String,
    "The host to call, such as the name of a private endpoint. Default: the Region's own.",
);
const PATIENCE_INPUT: InputSpec =
    takes_or("patience", Type::Integer, "60", "How many seconds one call may take.");

const PROBE: ActionSpec = ActionSpec {
    name: "bedrock/probe",
    summary: "Really call a model several times, and say whose trouble a failure is",
    description: "One call with one token proves little: a model that is short of room still answers it. This makes several \
calls of the size that the pipeline makes, each sent once, and judges them together:\n\n\
- `healthy`: all were answered.\n\
- `outage`: at least half met 500, 503, 408, 424, or no answer. Another Region helps.\n\
- `degraded`: some met that, and fewer than half. Retries carry it.\n\
- `capacity`: 429, or a model that is not ready. The account's own quota; another Region has its own.\n\
- `configuration`: 403, 404, 400 and the like. Access, policy or model id: another Region would refuse it, too.\n\
- `unreachable`: no connection from here, so nothing is said about Bedrock.\n\
- `unclear`: failures of different kinds.\n\n\
With `accept` the step fails on every other verdict, and says what that verdict means. The calls cost what their tokens \
cost. `max_tokens` is reserved from the quota while a call lasts, whether or not it is used.",
    inputs: &[
        MODEL_INPUT,
        takes_or("calls", Type::Integer, "5", "How many calls, 1 to 200."),
        takes_or("concurrency", Type::Integer, "1", "How many at once, 1 to 50."),
        takes_or(
            "max_tokens",
            Type::Integer,
            "512",
            "The longest answer, as the pipeline asks for it.",
        ),
        PROMPT_INPUT,
        takes("accept", Type::List, "The verdicts with which the step succeeds. Default: all."),
        ENDPOINT_INPUT,
        PATIENCE_INPUT,
    ],
    open_inputs: false,
    outputs: &[
        gives("verdict", Type::String, "One of the words above."),
        gives("words", Type::String, "The verdict in a sentence, with what was met."),
        gives("calls", Type::Integer, "How many calls were made."),
        gives("succeeded", Type::Integer, "How many were answered."),
        gives("failures", Type::List, "What was met: `{status, code, count}`."),
        gives("slowest_ms", Type::Integer, "How long the slowest took, in milliseconds."),
        gives(
            "request_ids",
            Type::List,
            "What AWS calls these requests. Its support asks for them.",
        ),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Read),
    timeout: Duration::from_secs(15 * 60),
    idempotent: true,
    observe: None,
    undo: None,
    permissions: &[Permission::run("bedrock:InvokeModel", MODEL)],
    example: "uses: bedrock/probe\nwith:\n  model: anthropic.claude-3-haiku-20240307-v1:0\n  calls: 10\n  max_tokens: 1024\nexpect: ['outputs.verdict == \"healthy\"']",
    needs_account: true,
};

const READINESS: ActionSpec = ActionSpec {
    name: "bedrock/readiness",
    summary: "Say whether a Region could take over a model's calls",
    description: "Looks at five things in the step's Region: `access` (may this account call the model), `quotas` (are the \
applied quotas at least what is needed), `endpoint` (is there a private endpoint of the runtime), `policy` (does it let the \
model through) and `logging` (are inferences logged, to a log group that exists).\n\n\
Each is `ok`, `missing` or `unknown`, with the reason. What could not be read is unknown and never taken for granted. A \
policy that depends on principals or conditions is named and counts as `ok`: only a call proves it.\n\n\
Access can look granted for the first quarter of an hour and then be refused: soak before you rely on it.",
    inputs: &[
        MODEL_INPUT,
        takes(
            "quotas",
            Type::List,
            "What the load needs, by quota code: `[L-12345678=200]`. Without it the quotas are unknown.",
        ),
        takes(
            "vpc",
            Type::String,
            "The VPC that the endpoint must be in. Default: any of the Region.",
        ),
        takes("log_group", Type::String, "The log group that inferences must go to. Default: any."),
        takes_or(
            "require",
            Type::List,
            "[access, quotas, endpoint, policy, logging]",
            "What decides. The rest is reported only.",
        ),
    ],
    open_inputs: false,
    outputs: &[
        gives("ready", Type::Boolean, "Whether everything that decides is `ok`."),
        gives("complete", Type::Boolean, "Whether everything that decides could be read."),
        gives("findings", Type::List, "One by one: `{check, state, detail}`."),
        gives("words", Type::String, "The same in a sentence."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Read),
    timeout: Duration::from_secs(5 * 60),
    idempotent: true,
    observe: None,
    undo: None,
    permissions: &[
        Permission::run("bedrock:GetFoundationModelAvailability", &[On::Everything]),
        Permission::sometimes(
            "the model is named by an inference profile",
            "bedrock:GetInferenceProfile",
            &[On::Everything],
        ),
        Permission::run("servicequotas:GetServiceQuota", &[On::Everything])
            .when(&[When::Given("quotas")]),
        Permission::sometimes(
            "a quota was never changed",
            "servicequotas:GetAWSDefaultServiceQuota",
            &[On::Everything],
        )
        .when(&[When::Given("quotas")]),
        Permission::run("ec2:DescribeVpcEndpoints", ANY_ENDPOINT),
        Permission::run("bedrock:GetModelInvocationLoggingConfiguration", &[On::Everything]),
        Permission::run(
            "logs:DescribeLogGroups",
            &[On::Any(Kind::LogGroup, "IAM knows this permission on all log groups only")],
        ),
    ],
    example: "uses: bedrock/readiness\nregion: eu-central-1\nwith:\n  model: anthropic.claude-3-haiku-20240307-v1:0\n  quotas: [L-254CACF4=200]\n  log_group: /corpus/inference\nexpect: [\"outputs.ready\"]",
    needs_account: true,
};

const PRIVATE_PATH: ActionSpec = ActionSpec {
    name: "bedrock/private-path",
    summary: "Prove that calls of a model come through our private endpoint",
    description: "Makes one call, the marker, whose request id is known, and waits until CloudTrail shows it. Then:\n\n\
- `private`: the marker came through `endpoint_id`, and so did every other call of a model in the window.\n\
- `leaks`: the marker did, and others did not: they are in `strangers`.\n\
- `public`: the marker did not.\n\
- `unseen`: CloudTrail has not shown the marker in time. Then nothing can be told, also when there are no strangers: \
CloudTrail lags by minutes, and no events are no proof.\n\n\
The marker proves the way from the machine that runs this. Run it where the pipeline runs: in the VPC, on a host \
without a way to the internet.",
    inputs: &[
        MODEL_INPUT,
        needs("endpoint_id", Type::String, "The private endpoint: `vpce-…`."),
        takes_or("window_minutes", Type::Integer, "60", "How far back other calls are looked at."),
        takes_or("wait_seconds", Type::Integer, "1200", "How long to wait for CloudTrail."),
        takes_or("max_tokens", Type::Integer, "512", "The longest answer of the marker call."),
        PROMPT_INPUT,
        takes("accept", Type::List, "The proofs with which the step succeeds. Default: all."),
        ENDPOINT_INPUT,
        PATIENCE_INPUT,
    ],
    open_inputs: false,
    outputs: &[
        gives("proof", Type::String, "One of the words above."),
        gives("words", Type::String, "The same in a sentence."),
        gives("request_id", Type::String, "The id of the marker call."),
        gives("vpc_endpoint_id", Type::String, "The endpoint that it came through, or null."),
        gives("others", Type::Integer, "How many other calls were looked at."),
        gives(
            "strangers",
            Type::List,
            "Those that came another way: `{request_id, operation, vpc_endpoint_id, source_ip, principal}`.",
        ),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Read),
    timeout: Duration::from_secs(2 * 60 * 60),
    idempotent: true,
    observe: None,
    undo: None,
    permissions: &[
        Permission::run("bedrock:InvokeModel", MODEL),
        Permission::run("cloudtrail:LookupEvents", &[On::Everything]),
    ],
    example: "uses: bedrock/private-path\nwith:\n  model: anthropic.claude-3-haiku-20240307-v1:0\n  endpoint_id: vpce-0123456789abcdef0\nexpect: ['outputs.proof == \"private\"']",
    needs_account: true,
};
