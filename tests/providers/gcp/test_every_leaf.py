"""For every leaf of a rich group: change it live through the APIs; the plan names it alone, and apply heals it."""

import copy
import re

import pytest

from tests.conftest import make_fleet
from tests.laws import sampled
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.world import SCOPE, SERVICE, GcpWorld
from trimtab.emulators import GcpEmulator

pytestmark = pytest.mark.sweep

LEFT_ALONE = {
    "zone": "where it lives: another one is another group",
    "target": "another target is another group's autoscaler",
    "baseInstanceName": "fixed at creation",
    "distributionPolicy.zones": "fixed at creation",
    "targetSize": "the autoscaler's once there is one",
    "group": "another group's backend is another backend",
    "type": "fixed at creation",
    "displayName": "what it is told by",
}
"""Paths that no test changes behind trimtab's back, and why."""
HOME = "https://www.googleapis.com/compute/v1/projects/trimtab/global"
SPARE = {
    "updatePolicy.type": "PROACTIVE",
    "updatePolicy.instanceRedistributionType": "NONE",
    "distributionPolicy.targetShape": "BALANCED",
    "autoscalingPolicy.mode": "ONLY_SCALE_OUT",
    "autoscalingPolicy.cpuUtilization.predictiveMethod": "OPTIMIZE_AVAILABILITY",
    "severity": "CRITICAL",
    "combiner": "AND",
    "balancingMode": "UTILIZATION",
}
LAST = {
    "versions[0].instanceTemplate": f"{HOME}/instanceTemplates/spare",
    "healthCheck": f"{HOME}/healthChecks/virtualmin",
    "utilizationTargetType": "DELTA_PER_SECOND",
    "utilizationTarget": 0.5,
    ".schedule": "0 9 * * 1-5",
    ".timeZone": "Asia/Tokyo",
    "comparison": "COMPARISON_LT",
    "evaluationMissingData": "EVALUATION_MISSING_DATA_NO_OP",
    "alignmentPeriod": "600s",
    "perSeriesAligner": "ALIGN_MAX",
    "crossSeriesReducer": "REDUCE_MAX",
    "duration": "1200s",
    "email_address": "them@example.org",
}


@pytest.fixture(scope="module")
def running():
    with GcpEmulator() as emulator:
        world = GcpWorld(emulator)
        world.ask("POST", "global/instanceTemplates", {"name": "spare", "properties": {"machineType": "e2-small"}})
        web = gcp_group(
            "web",
            load_balancers=[{"name": "virtualmin", "port": 8080, "drain": "1m"}],
            policies={
                "hold": {"type": "target-tracking", "metric": "cpu", "target": 60},
                "requests": {"type": "target-tracking", "metric": "requests-per-instance", "target": 600},
                "memory": {"type": "target-tracking", "metric": "memory", "target": 70},
            },
            alarms={
                "hot": {
                    "metric": "cpu",
                    "above": 90,
                    "period": "5m",
                    "periods": 2,
                    "missing": "breaching",
                    "notify": ["ops@example.org"],
                    "description": "CPU is out of reach",
                }
            },
            purchase={"sizes": [{"size": "e2-medium"}, {"size": "n2-standard-2"}]},
            gcp={
                "scale_in_limit": 2,
                "scale_in_window": "20m",
                "stabilization": "20m",
                "initialization": "2m",
                "named_ports": {"admin": 10000},
                "stopped": 1,
                "suspended": 1,
            },
        )
        fleet = make_fleet(web)
        with world.connect() as cloud:
            cloud.apply(cloud.plan(fleet)).raise_for_failures()
            yield world, cloud, fleet


def changed(path, value):
    """Another value that the API takes."""
    if path in SPARE:
        return SPARE[path]
    for end, other in LAST.items():
        if path.endswith(end):
            return other
    if path.endswith(".filter"):
        return value.replace("virtualmin-web", "virtualmin-api").replace("used", "free")
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    return f"{value}-x"


def steps_of(path):
    return [int(step[1:-1]) if step.startswith("[") else step for step in re.findall(r"[^.\[\]]+|\[\d+\]", path)]


def put(body, path, value):
    """Set one leaf of a reply."""
    *inner, last = steps_of(path)
    for step in inner:
        body = body[step] if isinstance(step, int) else body.setdefault(step, {})
    body[last] = value


def nested(steps, body):
    """A patch of one field, with the whole list or map that it is in."""
    head, *rest = steps
    if not rest or isinstance(rest[0], int):
        return {head: body[head]}
    return {head: nested(rest, body[head])}


def place_of(body, path):
    """A path of a plan as a path of the reply: lists that plans know by name have numbers there."""
    for name, keys in (("customMetricUtilizations", "metric"), ("conditions", "displayName")):
        found = re.match(rf"(.*{name})\[([^\]]+)\](.*)", path)
        if found:
            holder = body
            for step in steps_of(found[1]):
                holder = holder[step]
            number = next(place for place, one in enumerate(holder) if one[keys] == found[2])
            return f"{found[1]}[{number}]{found[3]}"
    return path


def tamper(world, cloud, key, path, value):
    """Change one leaf through the API."""
    match key.kind:
        case "autoscaler":
            body = world.ask("GET", f"{SCOPE}/autoscalers/{key.name}")
            put(body, place_of(body, path), changed(path, value))
            world.ask("PUT", f"{SCOPE}/autoscalers?autoscaler={key.name}", body)
        case "health-check" | "group-manager":
            collection = {"health-check": "healthChecks", "group-manager": "instanceGroupManagers"}[key.kind]
            body = world.ask("GET", f"{SCOPE}/{collection}/{key.name}")
            put(body, path, changed(path, value))
            world.ask("PATCH", f"{SCOPE}/{collection}/{key.name}", nested(steps_of(path), body))
        case "backend":
            body = world.ask("GET", SERVICE)
            if path == "drain":
                patch = {"connectionDraining": {"drainingTimeoutSec": value + 1}}
            else:
                backends = copy.deepcopy(body["backends"])
                backends[0][path] = changed(path, value)
                patch = {"backends": backends}
            world.ask("PATCH", SERVICE, patch)
        case _:
            body = world.monitored(cloud, key)
            put(body, place_of(body, path), changed(path, value))
            kind = {"alert-policy": "alert_policy", "notification-channel": "notification_channel"}[key.kind]
            service = {"alert-policy": "alertPolicies", "notification-channel": "notificationChannels"}[key.kind]
            cloud.provider.connection.monitor(f"{service}.update_{kind}", **{kind: body})


def tamper_set(world, cloud, key, path):
    """Change a list that is compared as a set."""
    if path == "namedPorts":
        group = world.ask("GET", f"{SCOPE}/instanceGroups/{key.name}")
        ports = [*group["namedPorts"], {"name": "more", "port": 9}]
        body = {"namedPorts": ports, "fingerprint": group["fingerprint"]}
        world.ask("POST", f"{SCOPE}/instanceGroups/{key.name}/setNamedPorts", body)
        return
    body = world.monitored(cloud, key)
    if path == "notificationChannels":
        body[path] = []
    else:
        body["alertStrategy"]["notificationPrompts"] = ["CLOSED"]
    cloud.provider.connection.monitor("alertPolicies.update_alert_policy", alert_policy=body)


def test_every_leaf_is_named_and_healed(running):
    world, cloud, fleet = running
    kinds = cloud.provider.kinds
    seen, tried = set(), set()
    facts = cloud.provider.resources.resolve(fleet, cloud.provider.resources.read(fleet))
    wanted = {item.key: item for item in cloud.provider.resources.translate(fleet, facts, cloud.now()).resources}
    for key, item in cloud.provider.resources.read(fleet).resources.items():
        kind = kinds[key.kind]
        if key.kind == "instance-template" or key not in wanted:
            continue  # a template never changes: another one takes its place
        given = kind.leaves(wanted[key].body)
        leaves = sorted(kind.leaves(item.body).items())
        drawn = dict(sampled(leaves, len(leaves) // 8, key))
        for path, value in leaves:
            alone = kind.find(path) is None or (kind.find(path).server_default and path not in given)
            if path.split("[")[0] in LEFT_ALONE or path in LEFT_ALONE or alone:
                continue
            seen.add((kind.name, path))
            if kind.name in tried and path not in drawn:
                continue
            tried.add(kind.name)
            if isinstance(value, frozenset):
                tamper_set(world, cloud, key, path)
            else:
                tamper(world, cloud, key, path, value)
            plan = cloud.plan(fleet)
            found = {change.key: {one.path for one in change.fields} for change in plan}
            assert found == {key: {path}}, (key, path, found)
            assert {str(change.reason) for change in plan} == {"drifted"}, (key, path)
            cloud.apply(plan, allow_replace=True).raise_for_failures()
            assert not cloud.plan(fleet), (key, path)
    assert tried == {name for name, _ in seen} == set(kinds) - {"instance-template"}
    assert len(seen) > 48, sorted(seen)
