"""Bodies that translation made, as Google Cloud would answer them: references resolved, names and links added."""

from tests.providers.gcp.random_groups import FLEET, NATIVE, NOW, PROJECT, REGION
from trimtab.models import Fleet
from trimtab.plan import plain, resolved, revealed
from trimtab.plan.resource import references
from trimtab.providers.gcp.facts import Attached, GcpFacts, Service
from trimtab.providers.gcp.importing import Replies
from trimtab.providers.gcp.kinds import KINDS
from trimtab.providers.gcp.translate import translate

GLOBAL = f"projects/{PROJECT}/global"
COLLECTIONS = {
    "instance-template": f"{GLOBAL}/instanceTemplates",
    "health-check": f"projects/{PROJECT}/regions/{REGION}/healthChecks",
}
CHECK = f"{GLOBAL}/healthChecks/front"


def service_of(name):
    return Service(f"{GLOBAL}/backendServices/{name}", name, "http", CHECK)


def facts_of(group):
    services = [service_of(one.name) for one in group.load_balancers if one.name]
    port = next((one.port for one in group.load_balancers if one.port), None)
    ports = {} if port is None else {"http": port}
    return GcpFacts(attached={group.name: Attached(services, (), ports)})


def resources_of(group, now=NOW):
    """What translation makes of a group, by kind and name."""
    return translate(Fleet(name=FLEET, groups=[group]), facts_of(group), now, REGION, PROJECT).resources


def bodies_of(group, now=NOW):
    """What translation makes of a group, by kind and name, references resolved."""
    made = resources_of(group, now)
    return {(item.key.kind, item.key.name): plain(revealed(_resolved(item, group))) for item in made}


def leaves_of(group):
    """What translation asks for, leaf by leaf, less what is a default, and a size that is only the first one."""
    found = {}
    for item in resources_of(group):
        kind = KINDS[item.key.kind]
        for path, value in kind.leaves(plain(revealed(_resolved(item, group)))).items():
            if value not in (0, kind.find(path).default) and path not in item.initial:
                found[item.key.kind, item.key.name, path] = value
    return found


def replies_to(group, now=NOW):
    """What the calls would answer once `group` is applied."""
    bodies = bodies_of(group, now)

    def of(kind):
        return [{"name": name, **body} for (one, name), body in sorted(bodies.items(), key=_first) if one == kind]

    manager, autoscaler = of("group-manager")[0], of("autoscaler")[0]
    zone = manager.pop("zone", None)
    scope = f"projects/{PROJECT}/zones/{zone}" if zone else f"projects/{PROJECT}/regions/{REGION}"
    return Replies(
        manager={
            **manager,
            "selfLink": f"{scope}/instanceGroupManagers/{NATIVE}",
            "instanceGroup": f"{scope}/instanceGroups/{NATIVE}",
            **({} if zone else {"distributionPolicy": _distribution(manager)}),
        },
        template=_linked("instance-template", of("instance-template")[0]),
        autoscaler={
            **{name: value for name, value in autoscaler.items() if name != "zone"},
            "selfLink": f"{scope}/autoscalers/{NATIVE}",
        },
        health_check=next((_linked("health-check", one) for one in of("health-check")), None),
        services=[_service(one) for one in of("backend")],
        alerts=[_alert(one) for one in of("alert-policy")],
        channels=[_channel(one) for one in of("notification-channel")],
    )


def _linked(kind, body):
    return {**body, "selfLink": f"{COLLECTIONS[kind]}/{body['name']}"}


def _first(pair):
    return pair[0]


def _resolved(item, group):
    return resolved(item.body, {ref: _given(ref, group) for ref in references(item.body)})


def _given(ref, group):
    zones = group.placement.zones
    scope = f"zones/{zones[0]}" if len(zones) == 1 else f"regions/{REGION}"
    if ref.key.kind == "group-manager":
        word = "instanceGroups" if ref.attribute == "instance_group" else "instanceGroupManagers"
        return f"projects/{PROJECT}/{scope}/{word}/{ref.key.name}"
    if ref.key.kind == "notification-channel":
        return f"projects/{PROJECT}/notificationChannels/{ref.key.name}"
    return f"{COLLECTIONS[ref.key.kind]}/{ref.key.name}"


def _distribution(manager):
    policy = manager.get("distributionPolicy") or {}
    zones = policy.get("zones") or [f"{REGION}-{letter}" for letter in "bcd"]
    links = [{"zone": f"projects/{PROJECT}/zones/{zone}"} for zone in zones]
    return {"targetShape": policy.get("targetShape", "EVEN"), "zones": links}


def _service(body):
    backend = {name: value for name, value in body.items() if name not in ("name", "drain")}
    return {
        "name": body["name"],
        "selfLink": f"{GLOBAL}/backendServices/{body['name']}",
        "portName": "http",
        "healthChecks": [CHECK],
        "connectionDraining": {"drainingTimeoutSec": body.get("drain", 0)},
        "backends": [backend],
    }


def _alert(body):
    label = {"trimtab-fleet": FLEET, "trimtab-group": "web"}
    return {**body, "displayName": body["name"], "name": f"projects/{PROJECT}/alertPolicies/1", "userLabels": label}


def _channel(body):
    name = f"projects/{PROJECT}/notificationChannels/{body['name']}"
    label = {"trimtab-fleet": FLEET, "trimtab-group": "web"}
    return {**body, "displayName": body["name"], "name": name, "userLabels": label}
