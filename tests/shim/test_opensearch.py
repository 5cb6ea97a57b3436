"""OpenSearch in the sandbox behaves as on AWS where the emulator alone does not."""

import http.client
import json
import time

from harness import Case, shared


def setUpModule():
    shared()


class Domains(Case):
    def setUp(self):
        super().setUp()
        self.domains = self.client("opensearch")

    def domain(self, name="index", **options):
        return self.domains.create_domain(DomainName=name, **options)["DomainStatus"]

    def test_a_dry_run_says_what_would_happen_and_changes_nothing(self):
        """UpdateDomainConfig with DryRun tells the kind of deployment; new nodes are a blue/green deployment."""
        self.domain()
        more = self.domains.update_domain_config(DomainName="index", ClusterConfig={"InstanceCount": 3}, DryRun=True)
        self.assertEqual(more["DryRunResults"]["DeploymentType"], "Blue/Green")
        larger = self.domains.update_domain_config(DomainName="index", EBSOptions={"VolumeSize": 20}, DryRun=True)
        self.assertEqual(larger["DryRunResults"]["DeploymentType"], "DynamicUpdate")
        now = self.domains.describe_domain(DomainName="index")["DomainStatus"]
        self.assertEqual((now["ClusterConfig"]["InstanceCount"], now["EBSOptions"]["VolumeSize"]), (1, 10))

    def test_what_is_not_given_stays(self):
        """A change of one member of a configuration leaves its other members as they are."""
        before = self.domain(ClusterConfig={"InstanceType": "r6g.large.search", "InstanceCount": 1})["ClusterConfig"]
        self.domains.update_domain_config(DomainName="index", ClusterConfig={"InstanceCount": 2})
        after = self.domains.describe_domain(DomainName="index")["DomainStatus"]["ClusterConfig"]
        self.assertEqual(after, {**before, "InstanceCount": 2})

    def test_the_health_counts_shards(self):
        """A replica is never beside its primary, so on one node it is on none, and the domain is yellow."""
        host = self.domain()["Endpoint"]
        health = self.domains.describe_domain_health(DomainName="index")
        self.assertEqual((health["ClusterHealth"], health["TotalShards"]), ("Green", "0"))
        self.index(host, "PUT", "/a", {"settings": {"number_of_shards": 2, "number_of_replicas": 1}})
        health = self.domains.describe_domain_health(DomainName="index")
        self.assertEqual((health["ClusterHealth"], health["TotalShards"], health["TotalUnAssignedShards"]),
                         ("Yellow", "4", "2"))
        self.refused("ResourceNotFoundException", self.domains.describe_domain_health, DomainName="none")

    def test_a_template_makes_the_same_numbers_as_a_call(self):
        """DescribeDomain gives numbers, also of a domain that a template made."""
        template = {"Resources": {"Index": {"Type": "AWS::OpenSearchService::Domain", "Properties": {
            "DomainName": "made", "ClusterConfig": {"InstanceCount": "2"}, "EBSOptions": {"EBSEnabled": True, "VolumeSize": "30"}}}}}
        stacks = self.client("cloudformation")
        stacks.create_stack(StackName="made", TemplateBody=json.dumps(template))
        stacks.get_waiter("stack_create_complete").wait(StackName="made", WaiterConfig={"Delay": 0.2})
        made = self.domains.describe_domain(DomainName="made")["DomainStatus"]
        self.assertEqual((made["ClusterConfig"]["InstanceCount"], made["EBSOptions"]["VolumeSize"]), (2, 30))
        self.assertEqual(self.domains.describe_domain_health(DomainName="made")["ClusterHealth"], "Green")

    def test_an_index_at_its_limit_of_shards_takes_no_other(self):
        """OpenSearch refuses an index beyond `cluster.max_shards_per_node`; a closed one does not count."""
        host = self.domain()["Endpoint"]
        one = {"settings": {"number_of_shards": 2, "number_of_replicas": 0}}
        self.index(host, "PUT", "/a", one)
        setting = {"persistent": {"cluster.max_shards_per_node": 3}}
        said = self.index(host, "PUT", "/_cluster/settings", setting)
        self.assertEqual(said["persistent"], {"cluster": {"max_shards_per_node": "3"}})
        self.assertEqual(self.index(host, "GET", "/_cluster/settings?flat_settings=true")["persistent"],
                         {"cluster.max_shards_per_node": "3"})
        refused = self.index(host, "PUT", "/b", one, status=400)
        self.assertEqual(refused["error"]["type"], "validation_exception")
        self.assertIn("would add [2] total shards, but this cluster currently has [2]/[3]", refused["error"]["reason"])
        self.index(host, "PUT", "/a/_settings", {"index": {"number_of_replicas": 1}}, status=400)
        self.index(host, "POST", "/a/_close")
        self.index(host, "PUT", "/b", one)
        self.index(host, "POST", "/a/_open", status=400)
        self.index(host, "PUT", "/_cluster/settings", {"persistent": {"cluster": {"max_shards_per_node": None}}})
        self.index(host, "POST", "/a/_open")
        self.index(host, "PUT", "/_cluster/settings", {"persistent": {"cluster.max_shards_per_node": 0}}, status=400)
        self.index(host, "PUT", "/_cluster/settings", {"persistent": {"no.such": 1}}, status=400)

    def index(self, host, method, path, body=None, status=200):
        connection = http.client.HTTPConnection(self.server.endpoint.removeprefix("http://"), timeout=10)
        text = body if isinstance(body, str) else json.dumps(body) if body is not None else None
        connection.request(method, path, text, {"Host": host, "Content-Type": "application/json"})
        got = connection.getresponse()
        said = got.read()
        connection.close()
        self.assertEqual(got.status, status, said)
        return json.loads(said) if said else None

    def test_documents_are_kept_apart_by_domain(self):
        """Each domain has a host name of its own, and an index of its own behind it."""
        one, other = self.domain("one")["Endpoint"], self.domain("other")["Endpoint"]
        self.index(one, "PUT", "/corpus/_doc/1", {"text": "hello"}, status=201)
        self.assertEqual(self.index(one, "GET", "/corpus/_count")["count"], 1)
        self.index(other, "GET", "/corpus/_count", status=404)
        self.index(one, "HEAD", "/corpus/_doc/2", status=404)

    def test_a_snapshot_outlives_its_index_and_its_domain(self):
        """Snapshots lie in a bucket. An index is restored beside an open one under another name only."""
        host = self.domain("one")["Endpoint"]
        self.client("s3").create_bucket(Bucket=f"snapshots-{self.account}")
        lines = "".join(json.dumps({"index": {"_id": str(n)}}) + "\n" + json.dumps({"n": n}) + "\n" for n in range(3))
        self.assertFalse(self.index(host, "POST", "/corpus/_bulk", lines)["errors"])
        self.index(host, "PUT", "/_snapshot/kept", {"type": "s3", "settings": {"bucket": "none"}}, status=500)
        repository = {"type": "s3", "settings": {"bucket": f"snapshots-{self.account}"}}
        self.index(host, "PUT", "/_snapshot/kept", repository)
        self.index(host, "PUT", "/_snapshot/kept/First", {"indices": "corpus"}, status=400)
        self.index(host, "PUT", "/_snapshot/kept/first", {"indices": "corpus"})
        self.index(host, "PUT", "/_snapshot/kept/first", {"indices": "corpus"}, status=400)
        self.assertEqual(self.index(host, "GET", "/_snapshot/kept/first")["snapshots"][0]["state"], "SUCCESS")
        self.index(host, "POST", "/_snapshot/kept/first/_restore", {"indices": "corpus"}, status=500)
        upper = {"indices": "corpus", "rename_pattern": "(.+)", "rename_replacement": "$1-Restored"}
        self.index(host, "POST", "/_snapshot/kept/first/_restore", upper, status=400)
        renamed = {"indices": "corpus", "rename_pattern": "(.+)", "rename_replacement": "$1-restored"}
        self.index(host, "POST", "/_snapshot/kept/first/_restore", renamed)
        self.assertEqual(self.index(host, "GET", "/corpus-restored/_count")["count"], 3)
        self.domains.delete_domain(DomainName="one")
        host = self.domain("two")["Endpoint"]
        self.index(host, "PUT", "/_snapshot/kept", repository)
        self.index(host, "POST", "/_snapshot/kept/first/_restore", {"indices": "corpus"})
        self.assertEqual(self.index(host, "GET", "/corpus/_count")["count"], 3)

    def test_an_index_is_deleted_when_it_is_as_old_as_its_policy_says(self):
        """A policy of the index management is for the indices that are created after it."""
        host = self.domain()["Endpoint"]
        states = [{"name": "there", "transitions": [{"state_name": "gone", "conditions": {"min_index_age": "1s"}}]},
                  {"name": "gone", "actions": [{"delete": {}}]}]
        policy = {"policy": {"default_state": "there", "states": states, "ism_template": [{"index_patterns": ["fill*"]}]}}
        self.index(host, "PUT", "/fill-before", {})
        self.index(host, "GET", "/_plugins/_ism/policies/short", status=404)
        self.index(host, "PUT", "/_plugins/_ism/policies/never", {"policy": {"states": []}}, status=400)
        self.index(host, "PUT", "/_plugins/_ism/policies/short", policy, status=201)
        self.index(host, "PUT", "/_plugins/_ism/policies/short", policy, status=409)
        self.index(host, "PUT", "/fill", {})
        self.index(host, "PUT", "/other", {})
        self.index(host, "GET", "/fill/_count")
        deadline = time.monotonic() + 30
        while len(self.index(host, "GET", "/_cat/indices")) == 3:
            self.assertLess(time.monotonic(), deadline, "it was never old enough")
            time.sleep(0.1)
        self.assertEqual([one["index"] for one in self.index(host, "GET", "/_cat/indices")], ["fill-before", "other"])
        self.index(host, "DELETE", "/_plugins/_ism/policies/short")
        self.index(host, "GET", "/_plugins/_ism/policies/short", status=404)

    def test_a_closed_index_is_not_searched(self):
        """A closed index takes no shards' work: it refuses searches until it is opened."""
        host = self.domain()["Endpoint"]
        self.index(host, "PUT", "/old", {})
        self.index(host, "POST", "/old/_close")
        self.index(host, "GET", "/old/_count", status=400)
        self.assertEqual(self.index(host, "GET", "/_cat/indices/old")[0]["status"], "close")
        self.index(host, "POST", "/old/_open")
        self.assertEqual(self.index(host, "GET", "/old/_count")["count"], 0)


class Serverless(Case):
    def test_the_cap_of_capacity_belongs_to_the_account_and_region(self):
        """Ten units for indexing and ten for searching, until somebody changes them. A member left out stays."""
        here, there = self.client("opensearchserverless"), self.client("opensearchserverless", region="eu-west-1")
        first = here.get_account_settings()["accountSettingsDetail"]["capacityLimits"]
        self.assertEqual(first, {"maxIndexingCapacityInOCU": 10, "maxSearchCapacityInOCU": 10})
        here.update_account_settings(capacityLimits={"maxSearchCapacityInOCU": 20})
        now = here.get_account_settings()["accountSettingsDetail"]["capacityLimits"]
        self.assertEqual(now, {"maxIndexingCapacityInOCU": 10, "maxSearchCapacityInOCU": 20})
        self.assertEqual(there.get_account_settings()["accountSettingsDetail"]["capacityLimits"], first)
