"""EC2: the policy of a VPC endpoint."""

import json
from xml.sax.saxutils import escape

from ministack.services import ec2

# What AWS reports for an endpoint that was made without a policy.
FULL_ACCESS = {"Version": "2008-10-17",
               "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}

EMULATED = ec2._vpce_fields_xml


def install():
    ec2._vpce_fields_xml = vpce_fields_xml


def vpce_fields_xml(endpoint, tag="item"):
    """The emulator stores the policy and never returns it, so nobody could verify it."""
    policy = endpoint.get("PolicyDocument") or FULL_ACCESS
    text = policy if isinstance(policy, str) else json.dumps(policy)
    inner, closing = EMULATED(endpoint, tag).rsplit(f"</{tag}>", 1)
    return f"{inner}<policyDocument>{escape(text)}</policyDocument></{tag}>{closing}"
