//! The `residency/` actions.

use super::{gives, needs, takes};
use crate::model::action::{ActionSpec, EffectSpec};
use crate::model::mode::Effect;
use crate::model::permission::{Kind, On, Permission};
use crate::model::runbook::Type;
use std::time::Duration;

const EVERY_KEY: &[On] = &[On::Any(Kind::Key, "it reads every customer-managed key of the Region")];

pub(super) const SPECS: [ActionSpec; 1] = [READ];

const READ: ActionSpec = ActionSpec {
    name: "residency/read",
    summary: "Read to which Regions and zones keys and private endpoints are pinned",
    description: "Reads the policies of every customer-managed key and of every VPC endpoint of the account and Region, and \
compares the Regions that they name with those that are allowed.\n\n\
**A violation** is a key or a copy of a multi-Region key in another Region, a multi-Region key that may be copied anywhere, a \
statement that names another Region, an endpoint that leads to another Region or stands in another zone, and a Bedrock endpoint \
that lets a global inference profile through.\n\n\
**Unpinned** is a statement that allows the use of a key, or the way through an endpoint, and names no Region at all: not by \
`aws:RequestedRegion`, `kms:ViaService`, an ARN, or a service of a Region. A key never leaves its Region by itself, so it is told \
apart: whether that is enough is for the regulation to say.\n\n\
Policies of the organization are not read. What is in other Regions is not looked at: run it there too.",
    inputs: &[
        needs("regions", Type::List, "The Regions that are allowed."),
        takes(
            "zones",
            Type::List,
            "The Availability Zones that endpoints may stand in, by name or by id. All, when it is not given.",
        ),
    ],
    open_inputs: false,
    outputs: &[
        gives(
            "keys",
            Type::List,
            "Each with `arn`, `alias`, `region`, `multi_region`, `copies` and `regions_in_policy`.",
        ),
        gives(
            "endpoints",
            Type::List,
            "Each with `id`, `service`, `region`, `zones` and `regions_in_policy`.",
        ),
        gives("violations", Type::List, "Each with `resource`, `region` and `text`."),
        gives("total", Type::Integer, "How many violations there are."),
        gives("unpinned", Type::List, "Each with `resource` and `statement`."),
    ],
    open_outputs: false,
    effect: EffectSpec::Fixed(Effect::Read),
    timeout: Duration::from_secs(10 * 60),
    idempotent: true,
    observe: None,
    undo: None,
    permissions: &[
        Permission::run("kms:ListKeys", &[On::Everything]),
        Permission::run("kms:ListAliases", &[On::Everything]),
        Permission::run("kms:DescribeKey", EVERY_KEY),
        Permission::run("kms:GetKeyPolicy", EVERY_KEY),
        Permission::run("ec2:DescribeVpcEndpoints", &[On::Everything]),
        Permission::sometimes("there are endpoints", "ec2:DescribeSubnets", &[On::Everything]),
    ],
    example: "uses: residency/read\nwith: { regions: [eu-west-1, eu-central-1] }\nexpect: [\"outputs.total == 0\"]",
    needs_account: true,
};
