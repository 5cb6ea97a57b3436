"""Bedrock in the sandbox: a rehearsal can take it down in one Region of one account."""

from harness import Case, account, shared

SWITCH = "/runbook-sandbox/fault/bedrock-runtime"
QUESTION = {"modelId": "anthropic.claude-3-haiku-20240307-v1:0",
            "messages": [{"role": "user", "content": [{"text": "Are you there?"}]}]}


def setUpModule():
    shared()


class Models(Case):
    def ask(self, **options):
        return self.client("bedrock-runtime", **options).converse(**QUESTION)

    def test_a_region_that_is_down_is_down_alone(self):
        """A service that is down answers 503, and only there."""
        parameters = self.client("ssm")
        self.ask()
        parameters.put_parameter(Name=SWITCH, Type="String", Value="503 ServiceUnavailableException")
        self.assertIn("a rehearsal", self.refused("ServiceUnavailableException", self.ask))
        self.ask(region="eu-central-1")
        self.server.client("bedrock-runtime", account()).converse(**QUESTION)
        self.client("bedrock").list_foundation_models()
        parameters.delete_parameter(Name=SWITCH)
        self.ask()

    def test_a_value_that_is_no_error_changes_nothing(self):
        self.client("ssm").put_parameter(Name=SWITCH, Type="String", Value="down")
        self.ask()
