//! The `iam/` actions.

use super::{gives, takes};
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::mode::Effect;
use crate::model::permission::{Kind, On, Permission};
use crate::model::runbook::Type;
use std::time::Duration;

const USERS: &[On] = &[On::Fixed("arn:{partition}:iam::{account}:user/*")];
const ROLES: &[On] = &[On::Fixed("arn:{partition}:iam::{account}:role/*")];
const STACKS: &[On] = &[On::Any(Kind::Stack, "it reads every stack of the Region")];

/// CloudFormation reads a role in the caller's name when it compares.
const COMPARING: &str = "it compares a role that a stack has made";
const WITH_USERS: &str = "there are users";

pub(super) const SPECS: [ActionSpec; 1] = [TRUST_GRAPH];

const TRUST_GRAPH: ActionSpec = ActionSpec {
    name: "iam/trust-graph",
    summary: "Read who may become whom, and who is trusted from outside",
    description: "Reads every role and user of the account, the trust policies of the roles, the policies that let somebody \
assume a role, the access keys of users, and what the account's stacks in this Region say of their roles.\n\n\
One step reads one account. `join` takes the graphs of steps in other accounts, so that the last step holds the whole: \
who in one account may become whom in another needs both sides.\n\n\
- **A node** is a role, a user, a service, an account, an identity provider or `anyone`. `owner` is `stack NAME`, \
`runbook.yaml`, `aws`, or null.\n\
- **An edge** leads from who to whom. `via` says how the trust policy lets them, `conditions` what else must hold, and \
`permitted` whether their own policies let them too. It is null where those were not read.\n\
- **A finding** has a `kind`: `outside`, `anyone` and `federated` (trusted, and in none of the environment's accounts), `gone` \
(trusted, and deleted), `ghost` (trusted by a name that nobody has), `long-lived-key`, `drift` (not as its stack says), \
`unmanaged` (no stack of this Region has it and `runbook.yaml` does not name it) and `missing` (`runbook.yaml` names it). \
`unexpected` is true for the first three, unless `expected` names them.\n\n\
Where it cannot tell, it says that somebody may. `not_read` lists what else decides.",
    inputs: &[
        takes(
            "expected",
            Type::List,
            "Patterns of those outside who may be trusted, as the findings name them: `account:123456789012`, `federated:arn:…`.",
        ),
        takes(
            "join",
            Type::List,
            "The graphs of earlier steps: each a mapping of their `nodes`, `edges` and `findings`.",
        ),
    ],
    open_inputs: false,
    outputs: &[
        gives("nodes", Type::List, "Who there is."),
        gives("edges", Type::List, "Who may become whom."),
        gives("findings", Type::List, "What somebody should look at."),
        gives("unexpected", Type::Integer, "How many findings are unexpected."),
        gives("drift", Type::Integer, "How many roles and users are not as their stack says."),
        gives("long_lived_keys", Type::Integer, "How many active access keys users have."),
        gives("unmanaged", Type::Integer, "How many roles and users nobody owns."),
        gives("missing", Type::Integer, "How many roles `runbook.yaml` names that do not exist."),
        gives("not_read", Type::List, "What decides too, and was not read."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Read),
    timeout: Duration::from_secs(15 * 60),
    idempotent: true,
    observe: None,
    undo: None,
    permissions: &[
        Permission::run("iam:GetAccountAuthorizationDetails", &[On::Everything]),
        Permission::sometimes(WITH_USERS, "iam:ListAccessKeys", USERS),
        Permission::sometimes(WITH_USERS, "iam:GetAccessKeyLastUsed", USERS),
        Permission::run("cloudformation:DescribeStacks", STACKS),
        Permission::sometimes(COMPARING, "cloudformation:ListStackResources", STACKS),
        Permission::sometimes(COMPARING, "cloudformation:DetectStackResourceDrift", STACKS),
        Permission::sometimes(COMPARING, "iam:GetRole", ROLES),
        Permission::sometimes(COMPARING, "iam:ListRolePolicies", ROLES),
        Permission::sometimes(COMPARING, "iam:GetRolePolicy", ROLES),
        Permission::sometimes(COMPARING, "iam:ListAttachedRolePolicies", ROLES),
    ],
    example: "uses: iam/trust-graph\naccount: workload\nwith:\n  join:\n    - nodes: \"{{ steps.data_trust.nodes }}\"\n      edges: \"{{ steps.data_trust.edges }}\"\n      findings: \"{{ steps.data_trust.findings }}\"\nexpect: [\"outputs.unexpected == 0\"]",
    needs_account: true,
};
