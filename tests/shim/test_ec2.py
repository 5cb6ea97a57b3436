"""EC2 in the sandbox behaves as on AWS where the emulator alone does not."""

import json

from harness import Case, shared

SERVICE = "com.amazonaws.us-east-1.bedrock-runtime"
DENY = '{"Statement":[{"Effect":"Deny","Principal":"*","Action":"a:<b>&c","Resource":"*"}]}'


def setUpModule():
    shared()


class VpcEndpoints(Case):
    def setUp(self):
        super().setUp()
        self.ec2 = self.client("ec2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    def create(self, vpc, **options):
        return self.ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=SERVICE, **options)["VpcEndpoint"]

    def policy(self, endpoint):
        return self.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["PolicyDocument"]

    def test_the_policy_is_returned(self):
        """Create and describe return the policy; without one, and after ResetPolicy, it is full access."""
        made = self.create(self.vpc, PolicyDocument=DENY)
        self.assertEqual(made["PolicyDocument"], DENY)
        self.assertEqual(self.policy(made["VpcEndpointId"]), DENY)
        open_to_all = json.loads(self.policy(self.create(self.vpc)["VpcEndpointId"]))
        self.assertEqual(open_to_all["Statement"][0]["Effect"], "Allow")
        self.ec2.modify_vpc_endpoint(VpcEndpointId=made["VpcEndpointId"], ResetPolicy=True)
        self.assertEqual(json.loads(self.policy(made["VpcEndpointId"])), open_to_all)

    def test_filters_choose(self):
        """A filter by VPC gives that VPC's endpoints only."""
        other = self.ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        made = self.create(self.vpc)["VpcEndpointId"]
        self.create(other)
        found = self.ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["VpcEndpoints"]
        self.assertEqual([endpoint["VpcEndpointId"] for endpoint in found], [made])

    def test_a_tag_chooses(self):
        """A filter by a tag gives what has that tag with that value."""
        tags = [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "Name", "Value": "ours"}]}]
        made = self.create(self.vpc, TagSpecifications=tags)["VpcEndpointId"]
        self.create(self.vpc)
        found = self.ec2.describe_vpc_endpoints(Filters=[{"Name": "tag:Name", "Values": ["ours"]}])["VpcEndpoints"]
        self.assertEqual([endpoint["VpcEndpointId"] for endpoint in found], [made])
