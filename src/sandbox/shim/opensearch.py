"""OpenSearch: the health of a domain, dry runs, the account's capacity, and hosts that lead to the domain's index."""

import copy
import hashlib
import json

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import opensearch, opensearchserverless

from . import index

SET_VPC_OPTIONS = opensearch._set_vpc_options
UPDATE = opensearch._update_domain_config
HANDLE = opensearch.handle_request
GET_STATE = opensearch.get_state
LOAD_STATE = opensearch.load_persisted_state
UPDATE_FROM_TEMPLATE = opensearch.update_domain_from_cloudformation

HEALTH_PATH = "/2021-01-01/opensearch/domain/"
# What can be changed without new nodes. Everything else that makes the size exchanges them.
IN_PLACE = {("EBSOptions", "VolumeSize"), ("EBSOptions", "Iops"), ("EBSOptions", "Throughput")}
# The parts of a configuration that a request changes member by member.
MERGED = ("ClusterConfig", "EBSOptions")

CAPACITY = AccountRegionScopedDict()
# What AWS gives an account that never asked for more.
DEFAULT_CAPACITY = {"maxIndexingCapacityInOCU": 10, "maxSearchCapacityInOCU": 10}


def install(app):
    opensearch._set_vpc_options = set_vpc_options
    opensearch._update_domain_config = update_domain_config
    opensearch.handle_request = handle_request
    opensearch.get_state = get_state
    opensearch.load_persisted_state = load_state
    opensearch.update_domain_from_cloudformation = update_from_template
    opensearchserverless._HANDLERS.update({"GetAccountSettings": get_account_settings,
                                           "UpdateAccountSettings": update_account_settings})
    served = app._handle_post_body_shortcuts

    async def with_index(method, path, headers, body, query_params, request_id):
        domain = domain_of(headers.get("host", ""))
        if domain is not None:
            return index.answer(domain, method, path, query_params, body)
        return await served(method, path, headers, body, query_params, request_id)

    app._handle_post_body_shortcuts = with_index


def host_of(record, in_vpc):
    """AWS gives each domain a name of its own. This one ends so that it can never lead off this machine."""
    name = record["DomainName"]
    unique = hashlib.sha256(f"{get_account_id()}/{get_region()}/{name}".encode()).hexdigest()[:26]
    return f"{'vpc' if in_vpc else 'search'}-{name}-{unique}.{get_region()}.es.localhost"


def set_vpc_options(record, options):
    """The emulator gives a host and a port that nothing listens on."""
    with_numbers(record)
    in_vpc = opensearch._normalise_vpc_options(options) is not None
    record["_Endpoint"] = record["Endpoint"] = host_of(record, in_vpc)
    SET_VPC_OPTIONS(record, options)


def with_numbers(record):
    """A template's numbers arrive as texts, and AWS describes them as numbers."""
    for part in MERGED:
        for key, value in (record.get(part) or {}).items():
            if isinstance(value, str) and value.isdigit():
                record[part][key] = int(value)
    return record


def update_from_template(name, payload, compatibility):
    return UPDATE_FROM_TEMPLATE(name, with_numbers(copy.deepcopy(payload)), compatibility)


def domain_of(host):
    name = host.split(":")[0]
    if not name.endswith(".es.localhost"):
        return None
    return next((record for _, record in opensearch._domains.all_items() if record.get("_Endpoint") == name), None)


async def handle_request(method, path, headers, body, query_params):
    if method == "GET" and path.startswith(HEALTH_PATH) and path.rstrip("/").endswith("/health"):
        return describe_domain_health(path[len(HEALTH_PATH):].split("/")[0])
    return await HANDLE(method, path, headers, body, query_params)


def describe_domain_health(name):
    record = opensearch._domains.get(name)
    if record is None:
        return opensearch._error(404, "ResourceNotFoundException", f"Domain not found: {name}")
    # A template gives it as a text, a call as a number.
    nodes = int(record["ClusterConfig"].get("InstanceCount", 1))
    shards, unassigned = index.shards_of(record, nodes)
    return opensearch._json(200, {
        "DomainState": "Processing" if record.get("Processing") else "Active", "AvailabilityZoneCount": "1",
        "ActiveAvailabilityZoneCount": "1", "StandByAvailabilityZoneCount": "0", "DataNodeCount": str(nodes),
        "DedicatedMaster": bool(record["ClusterConfig"].get("DedicatedMasterEnabled")),
        "MasterEligibleNodeCount": str(nodes), "WarmNodeCount": "0", "MasterNode": "Available",
        "ClusterHealth": "Yellow" if unassigned else "Green", "TotalShards": str(shards),
        "TotalUnAssignedShards": str(unassigned), "EnvironmentInformation": []})


def update_domain_config(name, payload):
    """A dry run changes nothing, and a part of a configuration that is not given stays as it is."""
    record = opensearch._domains.get(name)
    if record is None:
        return UPDATE(name, payload)
    payload = copy.deepcopy(payload)
    changed = set()
    for part in MERGED:
        if part in payload:
            before = record.get(part) or {}
            changed |= {(part, key) for key, value in payload[part].items() if before.get(key) != value}
            payload[part] = {**before, **payload[part]}
    if not payload.pop("DryRun", False):
        payload.pop("DryRunMode", None)
        return UPDATE(name, payload)
    kind = "None" if not changed else "DynamicUpdate" if changed <= IN_PLACE else "Blue/Green"
    results = {"DeploymentType": kind, "Message": "This change will require a blue/green deployment."
               if kind == "Blue/Green" else "This change can be made without a blue/green deployment."}
    return opensearch._json(200, {"DomainConfig": opensearch._domain_config(record), "DryRunResults": results})


def get_account_settings(_data):
    limits = CAPACITY.get("limits") or DEFAULT_CAPACITY
    body = json.dumps({"accountSettingsDetail": {"capacityLimits": limits}})
    return 200, {"Content-Type": "application/x-amz-json-1.0"}, body.encode()


def update_account_settings(data):
    CAPACITY["limits"] = {**(CAPACITY.get("limits") or DEFAULT_CAPACITY), **(data.get("capacityLimits") or {})}
    return get_account_settings(data)


def get_state():
    return {**GET_STATE(), "index_snapshots": copy.deepcopy(index.SNAPSHOTS)}


def load_state(data):
    data = dict(data or {})
    index.SNAPSHOTS.update(data.pop("index_snapshots", {}) or {})
    LOAD_STATE(data)
