"""Bodies of Google Cloud for imports: one reply as all that is known of a group, and what a plan makes of it."""

from datetime import UTC, datetime

from tests.providers.import_law import plan_after_adopt
from trimtab.models import Fleet
from trimtab.providers.gcp.facts import GcpFacts
from trimtab.providers.gcp.importing import Replies, import_group
from trimtab.providers.gcp.importing.group_reader import GroupReader
from trimtab.providers.gcp.kinds import KINDS
from trimtab.providers.gcp.translate import translate

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCOPE = "projects/p/zones/us-central1-a"
MANAGER = {
    "kind": "compute#instanceGroupManager",
    "name": "recorded",
    "zone": "us-central1-a",
    "selfLink": f"{SCOPE}/instanceGroupManagers/recorded",
    "instanceGroup": f"{SCOPE}/instanceGroups/recorded",
    "baseInstanceName": "recorded",
    "targetSize": 1,
}
TEMPLATE = {
    "name": "recorded-template",
    "selfLink": "projects/p/global/instanceTemplates/recorded-template",
    "properties": {
        "machineType": "e2-small",
        "disks": [
            {
                "boot": True,
                "autoDelete": True,
                "initializeParams": {"sourceImage": "projects/debian-cloud/global/images/family/debian-12"},
            }
        ],
        "networkInterfaces": [{"network": "projects/p/global/networks/default"}],
    },
}


def manager_of(template):
    return {**MANAGER, "versions": [{"instanceTemplate": template.get("selfLink")}]}


def replies_of(kind, body):
    """The replies about a group of which this is one; the others are as little as can be."""
    if kind == "manager":
        return Replies(body)
    if kind == "template":
        return Replies(manager_of(body), template=body)
    base = {"template": TEMPLATE}
    if kind == "autoscaler":
        place = str(body.get("selfLink", f"{SCOPE}/autoscalers/x")).split("/autoscalers/")[0]
        name = str(body.get("target") or "recorded").rsplit("/", 1)[-1]
        own = {"selfLink": f"{place}/instanceGroupManagers/{name}", "name": name, "baseInstanceName": name[:58]}
        return Replies({**manager_of(TEMPLATE), **own}, autoscaler=body, **base)
    return Replies(manager_of(TEMPLATE), alerts=(body,), **base)


def imported(replies, fleet=None):
    """The group; what it was read from, as a plan reads it; what translation makes of it, and refuses."""
    found = import_group(replies, now=NOW, fleet=fleet)
    reading = GroupReader(replies, found.fleet)
    made = reading.translated(NOW, Fleet(name=found.fleet, groups=(found.group,)))
    return found, reading.live, made.resources, made.problems


def retranslated(replies):
    """What was read, and what translation makes of the group as if it were new and nothing were left to others."""
    found = import_group(replies, now=NOW)
    reading = GroupReader(replies, found.fleet)
    group = found.group.model_copy(update={"unmanaged": ()})
    facts = GcpFacts(attached={group.name: reading._attached(group)})
    fleet = Fleet(name=found.fleet, groups=(group,))
    return reading.live, translate(fleet, facts, NOW, reading.where, reading.project).resources


def next_plan(found, live, wanted):
    """The plan after `adopt`."""
    return plan_after_adopt("gcp", KINDS, found, live, wanted, NOW)
