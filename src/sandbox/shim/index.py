"""The index of an OpenSearch domain, as far as runbooks need it: documents, counts, snapshots, and what refuses.

It keeps documents and gives them back. It does not search: every query matches everything.
"""

import json
import math
import re
import time
import uuid
from fnmatch import fnmatchcase

from ministack.services import s3

# What is in the repositories, by bucket: it is in S3, so it outlives the domain.
SNAPSHOTS = {}

NAME = re.compile(r"^[a-z0-9][a-z0-9_.-]*$")

# How many shards a node may hold, and what it is where nothing is set.
LIMIT = "cluster.max_shards_per_node"
USUAL_LIMIT = 1000


class Refused(Exception):
    def __init__(self, status, kind, reason):
        super().__init__(reason)
        self.status, self.kind, self.reason = status, kind, reason


def answer(domain, method, path, query, body):
    state = domain.setdefault("_Index", {"indices": {}, "repositories": {}})
    # A template gives it as a text, a call as a number.
    state["nodes"] = int((domain.get("ClusterConfig") or {}).get("InstanceCount", 1))
    parts = [part for part in path.split("/") if part]
    end_what_is_old(state)
    try:
        status, result = route(state, method, parts, {key: values[-1] for key, values in query.items()}, body)
    except Refused as refusal:
        error = {"type": refusal.kind, "reason": refusal.reason}
        status, result = refusal.status, {"error": {**error, "root_cause": [error]}, "status": refusal.status}
    return status, {"Content-Type": "application/json"}, b"" if method == "HEAD" else json.dumps(result).encode()


def route(state, method, parts, query, body):
    if not parts:
        return 200, {"version": {"number": "2.19.0", "distribution": "opensearch"}}
    if parts[0] == "_snapshot":
        return snapshots(state, method, parts[1:], parsed(body))
    if parts[0] == "_bulk" or parts[-1] == "_bulk":
        return 200, bulk(state, None if parts[0] == "_bulk" else parts[0], body)
    if parts[:2] == ["_cat", "indices"]:
        wanted = {parts[2]: found(state, parts[2])} if len(parts) > 2 else state["indices"]
        return 200, [{"index": name, "status": status_of(one), "docs.count": str(len(one["docs"])),
                      "pri": one["settings"]["number_of_shards"], "rep": one["settings"]["number_of_replicas"]}
                     for name, one in sorted(wanted.items())]
    if parts[:3] == ["_plugins", "_ism", "policies"] and len(parts) == 4:
        return policy(state, method, parts[3], parsed(body))
    if parts == ["_cluster", "settings"]:
        return 200, cluster_settings(state, method, parsed(body), query.get("flat_settings") in ("true", ""))
    if parts == ["_cache", "clear"] and method == "POST":
        return 200, {"_shards": {"total": len(state["indices"]), "successful": len(state["indices"]), "failed": 0}}
    if parts[0].startswith("_"):
        raise Refused(400, "illegal_argument_exception", f"no handler found for uri [/{'/'.join(parts)}]")
    if len(parts) == 1:
        return whole(state, method, parts[0], parsed(body))
    return part(state, method, parts[0], parts[1], parts[2:], parsed(body))


def parsed(body):
    try:
        return json.loads(body) if body else {}
    except json.JSONDecodeError as error:
        raise Refused(400, "parse_exception", str(error)) from None


def status_of(one):
    return "open" if one["open"] else "close"


def found(state, name):
    if name not in state["indices"]:
        raise Refused(404, "index_not_found_exception", f"no such index [{name}]")
    return state["indices"][name]


def opened(state, name):
    one = found(state, name)
    if not one["open"]:
        raise Refused(400, "index_closed_exception", "closed")
    return one


def whole(state, method, name, body):
    if method == "PUT":
        if name in state["indices"]:
            raise Refused(400, "resource_already_exists_exception", f"index [{name}] already exists")
        create(state, name, body)
        return 200, {"acknowledged": True, "shards_acknowledged": True, "index": name}
    one = found(state, name)
    if method == "DELETE":
        del state["indices"][name]
        return 200, {"acknowledged": True}
    return 200, {name: {"settings": {"index": one["settings"]}, "mappings": one["mappings"]}}


def cluster_settings(state, method, body, flat):
    """Of all settings of a cluster it knows the limit of shards."""
    kept = state.setdefault("settings", {"persistent": {}, "transient": {}})
    if method == "PUT":
        given = [(kind, key, value) for kind in kept for key, value in flattened(body.get(kind) or {})]
        for kind, key, value in given:
            if key != LIMIT:
                raise Refused(400, "illegal_argument_exception", f"{kind} setting [{key}], not recognized")
            if value is not None and int(value) < 1:
                raise Refused(400, "illegal_argument_exception",
                              f"Failed to parse value [{value}] for setting [{key}] must be >= 1")
        for kind, key, value in given:
            kept[kind].pop(key, None)
            if value is not None:
                kept[kind][key] = str(value)
    shown = kept if flat else {kind: nested(settings) for kind, settings in kept.items()}
    return {"acknowledged": True, **shown} if method == "PUT" else shown


def flattened(settings, before=""):
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from flattened(value, f"{before}{key}.")
        else:
            yield before + key, value


def nested(settings):
    result = {}
    for key, value in settings.items():
        *outer, last = key.split(".")
        place = result
        for part_of_key in outer:
            place = place.setdefault(part_of_key, {})
        place[last] = value
    return result


def shards(settings):
    return int(settings["number_of_shards"]) * (1 + int(settings["number_of_replicas"]))


def room_for(state, more):
    """OpenSearch counts the shards of open indices, also those that are on no node."""
    kept = state.get("settings", {})
    each = kept.get("transient", {}).get(LIMIT) or kept.get("persistent", {}).get(LIMIT) or USUAL_LIMIT
    limit = int(each) * state["nodes"]
    now = sum(shards(one["settings"]) for one in state["indices"].values() if one["open"])
    if more > 0 and now + more > limit:
        raise Refused(400, "validation_exception", f"Validation Failed: 1: this action would add [{more}] total shards, "
                      f"but this cluster currently has [{now}]/[{limit}] maximum shards open;")


def create(state, name, body):
    if not NAME.match(name):
        raise Refused(400, "invalid_index_name_exception", f"Invalid index name [{name}]")
    given = body.get("settings") or {}
    given = {**given, **given.get("index", {})}
    settings = {"number_of_shards": str(given.get("number_of_shards", 5)),
                "number_of_replicas": str(given.get("number_of_replicas", 1)), "uuid": uuid.uuid4().hex}
    room_for(state, shards(settings))
    one = {"open": True, "docs": {}, "settings": settings, "mappings": body.get("mappings") or {}}
    seconds = [age(policy) for policy in state.get("policies", {}).values() if covers(policy, name)]
    if seconds:
        one["ends"] = time.time() + min(seconds)
    state["indices"][name] = one
    return one


def policy(state, method, name, body):
    """Of the index management (ISM) it knows policies that delete a new index when it is so old."""
    kept = state.setdefault("policies", {})
    if method == "PUT":
        if name in kept:
            raise Refused(409, "version_conflict_engine_exception", f"[{name}]: version conflict, document already exists")
        given = body.get("policy") or {}
        age(given)
        kept[name] = given
        return 201, {"_id": name, "policy": given}
    if name not in kept:
        raise Refused(404, "status_exception", "Policy not found")
    if method == "DELETE":
        del kept[name]
        return 200, {"_id": name, "result": "deleted"}
    return 200, {"_id": name, "policy": kept[name]}


def covers(policy, name):
    templates = policy.get("ism_template") or []
    templates = [templates] if isinstance(templates, dict) else templates
    return any(fnmatchcase(name, pattern) for one in templates for pattern in one.get("index_patterns") or [])


def age(policy):
    """How many seconds old an index is when the policy deletes it."""
    states = {one["name"]: one for one in policy.get("states") or []}
    for transition in (states.get(policy.get("default_state")) or {}).get("transitions") or []:
        then = states.get(transition.get("state_name")) or {}
        given = re.fullmatch(r"(\d+)([smhd])", (transition.get("conditions") or {}).get("min_index_age") or "")
        if given and any("delete" in action for action in then.get("actions") or []):
            return int(given[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[given[2]]
    raise Refused(400, "illegal_argument_exception", "the sandbox knows policies that delete an index of some age only")


def end_what_is_old(state):
    """A domain looks every half hour or so. Here it is seen when somebody asks."""
    for name in [name for name, one in state["indices"].items() if one.get("ends", math.inf) <= time.time()]:
        del state["indices"][name]


def part(state, method, name, what, rest, body):
    if what == "_doc":
        return document(state, method, name, rest, body)
    if what == "_open" or what == "_close":
        one = found(state, name)
        if what == "_open" and not one["open"]:
            room_for(state, shards(one["settings"]))
        one["open"] = what == "_open"
        return 200, {"acknowledged": True}
    if what == "_settings" and method == "PUT":
        given = {**body, **body.get("index", {})}
        one = found(state, name)
        wanted = {**one["settings"], **{key: str(value) for key, value in given.items() if key != "index"}}
        if one["open"]:
            room_for(state, shards(wanted) - shards(one["settings"]))
        one["settings"] = wanted
        return 200, {"acknowledged": True}
    if what == "_settings":
        return 200, {name: {"settings": {"index": found(state, name)["settings"]}}}
    docs = opened(state, name)["docs"]
    if what == "_count":
        return 200, {"count": len(docs), "_shards": {"total": 1, "successful": 1, "failed": 0}}
    if what == "_refresh":
        return 200, {"_shards": {"total": 1, "successful": 1, "failed": 0}}
    if what == "_search":
        hits = [{"_index": name, "_id": key, "_source": source} for key, source in docs.items()]
        return 200, {"hits": {"total": {"value": len(hits), "relation": "eq"}, "hits": hits[:body.get("size", 10)]}}
    raise Refused(400, "illegal_argument_exception", f"no handler found for [{what}]")


def document(state, method, name, rest, body):
    if method in ("PUT", "POST"):
        one = opened(state, name) if name in state["indices"] else create(state, name, {})
        key = rest[0] if rest else uuid.uuid4().hex
        known = key in one["docs"]
        one["docs"][key] = body
        return (200, {"result": "updated", "_id": key}) if known else (201, {"result": "created", "_id": key})
    docs = opened(state, name)["docs"]
    if rest[0] not in docs:
        return 404, {"_index": name, "_id": rest[0], "found": False}
    if method == "DELETE":
        del docs[rest[0]]
        return 200, {"result": "deleted", "_id": rest[0]}
    return 200, {"_index": name, "_id": rest[0], "found": True, "_source": docs[rest[0]]}


def bulk(state, name, body):
    lines = [json.loads(line) for line in body.decode().splitlines() if line.strip()]
    items = []
    while lines:
        (verb, target), = lines.pop(0).items()
        place = target.get("_index", name)
        source = None if verb == "delete" else lines.pop(0)
        method = "DELETE" if verb == "delete" else "PUT"
        status, result = document(state, method, place, [target.get("_id") or uuid.uuid4().hex], source)
        items.append({verb: {**result, "status": status}})
    return {"errors": any(item["status"] >= 300 for one in items for item in one.values()), "items": items}


def snapshots(state, method, parts, body):
    repositories = state["repositories"]
    if len(parts) == 1 and method == "PUT":
        bucket = (body.get("settings") or {}).get("bucket", "")
        if s3._bucket_owner_account(bucket) is None:
            raise Refused(500, "repository_verification_exception", f"[{parts[0]}] path [] is not accessible")
        repositories[parts[0]] = {"type": body.get("type"), "settings": body["settings"]}
        return 200, {"acknowledged": True}
    if parts and parts[0] not in repositories:
        raise Refused(404, "repository_missing_exception", f"[{parts[0]}] missing")
    if len(parts) < 2:
        if method == "DELETE":
            del repositories[parts[0]]
            return 200, {"acknowledged": True}
        return 200, {name: one for name, one in repositories.items() if not parts or name == parts[0]}
    kept = SNAPSHOTS.setdefault(repositories[parts[0]]["settings"]["bucket"], {})
    if len(parts) == 3 and parts[2] == "_restore":
        return restore(state, kept, parts[1], body)
    return snapshot(state, kept, method, parts[1], body)


def snapshot(state, kept, method, name, body):
    if method == "PUT":
        if name != name.lower():
            raise Refused(400, "invalid_snapshot_name_exception", f"Invalid snapshot name [{name}], must be lowercase")
        if name in kept:
            raise Refused(400, "invalid_snapshot_name_exception", "snapshot with the same name already exists")
        wanted = chosen(state["indices"], body)
        copies = {one: json.loads(json.dumps(opened(state, one))) for one in wanted}
        kept[name] = {"at": int(time.time() * 1000), "indices": copies}
        return 200, {"accepted": True}
    if name != "_all" and name not in kept:
        raise Refused(404, "snapshot_missing_exception", f"[{name}] is missing")
    if method == "DELETE":
        del kept[name]
        return 200, {"acknowledged": True}
    names = sorted(kept, key=lambda one: kept[one]["at"]) if name == "_all" else [name]
    return 200, {"snapshots": [described(one, kept[one]) for one in names]}


def described(name, kept):
    shards = sum(int(one["settings"]["number_of_shards"]) for one in kept["indices"].values())
    return {"snapshot": name, "state": "SUCCESS", "indices": sorted(kept["indices"]), "start_time_in_millis": kept["at"],
            "shards": {"total": shards, "failed": 0, "successful": shards}}


def chosen(indices, body):
    wanted = body.get("indices", "*")
    names = wanted if isinstance(wanted, list) else wanted.split(",")
    if names == ["*"]:
        return sorted(indices)
    for name in names:
        if name not in indices:
            raise Refused(404, "index_not_found_exception", f"no such index [{name}]")
    return names


def restore(state, kept, name, body):
    if name not in kept:
        raise Refused(404, "snapshot_restore_exception", f"[{name}] snapshot does not exist")
    copies = kept[name]["indices"]
    pattern, replacement = body.get("rename_pattern"), re.sub(r"\$(\d)", r"\\\1", body.get("rename_replacement", ""))
    wanted = {one: re.sub(pattern, replacement, one) if pattern else one for one in chosen(copies, body)}
    for target in wanted.values():
        if not NAME.match(target):
            raise Refused(400, "invalid_index_name_exception", f"Invalid index name [{target}]")
        if target in state["indices"] and state["indices"][target]["open"]:
            reason = f"cannot restore index [{target}] because an open index with same name already exists in the cluster"
            raise Refused(500, "snapshot_restore_exception", reason)
    room_for(state, sum(shards(copies[source]["settings"]) for source in wanted))
    for source, target in wanted.items():
        copy = json.loads(json.dumps(copies[source]))
        copy.pop("ends", None)
        state["indices"][target] = copy
    return 200, {"accepted": True}


def shards_of(domain, nodes):
    """All shards of a domain, and those that no node can hold: a replica is never beside its primary."""
    total = unassigned = 0
    for one in domain.get("_Index", {}).get("indices", {}).values():
        primaries, replicas = int(one["settings"]["number_of_shards"]), int(one["settings"]["number_of_replicas"])
        total += primaries * (1 + replicas)
        unassigned += primaries * max(0, replicas - (nodes - 1))
    return total, unassigned
