"""EC2: the policy of a VPC endpoint."""

import json
from xml.sax.saxutils import escape

from ministack.services import ec2

# What AWS reports for an endpoint that was made without a policy.
FULL_ACCESS = {"Version": "2008-10-17",
               "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}

FIELDS_XML = ec2._vpce_fields_xml
CREATE = ec2._create_vpc_endpoint
MODIFY = ec2._modify_vpc_endpoint

# The filters that tell which endpoints serve a VPC or a service, and the field that each looks at.
FILTERS = {"vpc-id": "VpcId", "service-name": "ServiceName", "vpc-endpoint-id": "VpcEndpointId",
           "vpc-endpoint-type": "VpcEndpointType", "vpc-endpoint-state": "State"}


def install():
    ec2._vpce_fields_xml = vpce_fields_xml
    ec2._ACTION_MAP.update({"CreateVpcEndpoint": create_vpc_endpoint, "ModifyVpcEndpoint": modify_vpc_endpoint,
                            "DescribeVpcEndpoints": describe_vpc_endpoints})


def vpce_fields_xml(endpoint, tag="item"):
    """The emulator stores the policy and never returns it, so nobody could verify it."""
    policy = endpoint.get("PolicyDocument") or FULL_ACCESS
    text = policy if isinstance(policy, str) else json.dumps(policy)
    inner, closing = FIELDS_XML(endpoint, tag).rsplit(f"</{tag}>", 1)
    return f"{inner}<policyDocument>{escape(text)}</policyDocument></{tag}>{closing}"


def create_vpc_endpoint(params):
    """The emulator drops the policy of a new endpoint."""
    before = set(ec2._vpc_endpoints)
    response = CREATE(params)
    if response[0] != 200:
        return response
    (made,) = set(ec2._vpc_endpoints) - before
    endpoint = ec2._vpc_endpoints[made]
    endpoint["PolicyDocument"] = ec2._p(params, "PolicyDocument")
    return ec2._xml(200, "CreateVpcEndpointResponse", vpce_fields_xml(endpoint, tag="vpcEndpoint"))


def modify_vpc_endpoint(params):
    """`ResetPolicy` gives the endpoint full access again."""
    response = MODIFY(params)
    if response[0] == 200 and ec2._p(params, "ResetPolicy").lower() == "true":
        ec2._vpc_endpoints[ec2._p(params, "VpcEndpointId")]["PolicyDocument"] = ""
    return response


def describe_vpc_endpoints(params):
    """The emulator ignores filters, so a question about one VPC is answered with all of them."""
    wanted = ec2._parse_member_list(params, "VpcEndpointId")
    found = [endpoint for endpoint in ec2._vpc_endpoints.values()
             if (not wanted or endpoint["VpcEndpointId"] in wanted) and matches(endpoint, params)]
    items = "".join(vpce_fields_xml(endpoint) for endpoint in found)
    return ec2._xml(200, "DescribeVpcEndpointsResponse", f"<vpcEndpointSet>{items}</vpcEndpointSet>")


def matches(endpoint, params):
    wanted = ec2._parse_filters(params)
    tags = {tag["Key"]: tag["Value"] for tag in endpoint.get("Tags") or ec2._tags.get(endpoint["VpcEndpointId"]) or []}
    seen = {name: tags.get(name[len("tag:"):]) if name.startswith("tag:") else endpoint.get(FILTERS[name])
            for name in wanted if name.startswith("tag:") or name in FILTERS}
    return all(seen[name] in wanted[name] for name in seen)
