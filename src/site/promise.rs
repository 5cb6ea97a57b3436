//! What a handoff promises, and which drills and runbooks prove it.

use serde::Serialize;

/// One promise.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Promise {
    /// Its name for programs.
    pub id: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// What the customer's own people can do.
    pub claim: &'static str,
    /// What proves it. The newest of them counts.
    #[serde(skip)]
    pub proofs: &'static [Proof],
}

/// Something whose success proves a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A drill of that name.
    Drill(&'static str),
    /// A run of that runbook alone.
    Runbook(&'static str),
}

use Proof::{Drill, Runbook};

/// The promises of a handoff, the heaviest first.
pub const PROMISES: [Promise; 8] = [
    Promise {
        id: "redeploy",
        title: "Torn down and redeployed in an afternoon",
        claim: "The on-call team takes the whole stack down and builds it again in a fresh account, within its objective.",
        proofs: &[Drill("quarterly-teardown"), Drill("handoff-acceptance")],
    },
    Promise {
        id: "iac",
        title: "The infrastructure code is theirs",
        claim: "Every account is built from templates in their own repository, by their own people, with nothing kept elsewhere.",
        proofs: &[
            Drill("quarterly-teardown"),
            Drill("handoff-acceptance"),
            Drill("stack-lost"),
            Runbook("account-redeploy"),
        ],
    },
    Promise {
        id: "key-replacement",
        title: "Keys can be replaced, and it is proven",
        claim: "A customer-managed key is replaced under everything that it encrypts, and nothing is left under the old one.",
        proofs: &[Drill("key-replacement"), Drill("handoff-acceptance"), Runbook("kms-replace")],
    },
    Promise {
        id: "key-revocation",
        title: "Keys can be revoked without us",
        claim: "The security team revokes a key by itself. What depends on it stops, and comes back when the key does.",
        proofs: &[Drill("key-revocation"), Drill("handoff-acceptance"), Runbook("kms-revoke")],
    },
    Promise {
        id: "bedrock-outage",
        title: "A Bedrock Region can be lost",
        claim: "When the models of one Region do not answer, another Region takes over within its objective.",
        proofs: &[
            Drill("bedrock-outage"),
            Drill("handoff-acceptance"),
            Runbook("bedrock-failover"),
        ],
    },
    Promise {
        id: "index-limit",
        title: "The index can reach its limit",
        claim: "When the search index hits its limit, ingestion is drained, capacity is added and nothing is lost.",
        proofs: &[
            Drill("opensearch-limit"),
            Drill("handoff-acceptance"),
            Runbook("opensearch-limit"),
        ],
    },
    Promise {
        id: "trust-chain",
        title: "The trust chain is known",
        claim: "Who may assume which role is written down, and the accounts say the same today.",
        proofs: &[Runbook("trust-chain"), Drill("handoff-acceptance")],
    },
    Promise {
        id: "private-path",
        title: "The private path is proven",
        claim: "Traffic reaches the models and the stores over private endpoints only, and the public way is shut.",
        proofs: &[Drill("private-path"), Drill("handoff-acceptance"), Runbook("private-path")],
    },
];
