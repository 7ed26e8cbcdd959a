"""What the proofs of crashes and races share on Google Cloud: scenarios, other people's things, and the whole state."""

import json
from dataclasses import dataclass

import trimtab as tt
from tests.conftest import make_fleet
from tests.providers.gcp.groups import gcp_group
from tests.providers.gcp.world import SCOPE

AGREED = {"allow_delete": True, "allow_replace": True}
COLLECTIONS = (
    "healthChecks",
    "instanceGroupManagers",
    "autoscalers",
    "backendServices",
)
MOVING = {"status", "statusDetails", "currentActions", "recommendedSize", "fingerprint", "scalingScheduleStatus"}


def fleet():
    return make_fleet(gcp_group("web"), gcp_group("api"))


def edited():
    web = gcp_group(
        "web",
        template={"image": "debian-cloud/debian-12", "size": "e2-medium"},
        policies={"hold": {"type": "target-tracking", "metric": "cpu", "target": 70}},
        alarms={"hot": {"metric": "cpu", "above": 95, "notify": ["dev@example.org"]}},
    )
    return make_fleet(web, gcp_group("api", tags={"team": "ops"}))


def pruned():
    bare = {"policies": {}, "alarms": {}, "schedules": {}, "load_balancers": ()}
    return make_fleet(gcp_group("web", **bare), gcp_group("api", **bare))


def elsewhere():
    return make_fleet(gcp_group("web", placement={"zones": ["europe-west1-b"]}), gcp_group("api"))


def floored():
    return make_fleet(gcp_group("web", purchase={"spot": True, "on_demand_base": 2}), gcp_group("api"))


@dataclass(frozen=True)
class Scenario:
    """One apply: what is there before, and what is wanted; `after=None` is to destroy."""

    before: object
    after: object

    def prepare(self, cloud):
        if self.before is not None:
            cloud.apply(cloud.plan(self.before())).raise_for_failures()

    def plan(self, cloud):
        return cloud.destroy(fleet()) if self.after is None else cloud.plan(self.after())

    def run(self, cloud, **settings):
        return cloud.apply(self.plan(cloud), **AGREED, **settings)


SCENARIOS = {
    "create": Scenario(None, fleet),
    "edit": Scenario(fleet, edited),
    "prune": Scenario(fleet, pruned),
    "replace": Scenario(fleet, elsewhere),
    "floor": Scenario(fleet, floored),
    "destroy": Scenario(fleet, None),
}


class State:
    """Everything that the project has, as Google Cloud describes it, less what moves by itself."""

    def __init__(self, world, cloud):
        self.items = {}
        for item in cloud.provider.connection.pages("instanceTemplates.list"):
            self._keep("instanceTemplates", item["selfLink"], item)
        for collection in COLLECTIONS:
            for item in cloud.provider.connection.aggregated(collection).items:
                self._keep(collection, item["selfLink"], item)
        for kind, word in (("alertPolicies", "alert_policies"), ("notificationChannels", "notification_channels")):
            for item in cloud.provider.connection.monitor(f"{kind}.list_{word}", name="projects/trimtab"):
                self._keep(kind, item["displayName"], item)

    def _keep(self, kind, name, item):
        kept = {key: value for key, value in item.items() if key not in MOVING}
        self.items.setdefault((kind, name), []).append(json.dumps(kept, sort_keys=True))

    def _is_ours(self, texts):
        return any("fleet=virtualmin " in text or '"trimtab-fleet": "virtualmin"' in text for text in texts)

    def names(self):
        """What is ours, by kind and name, once for each time that it is there."""
        return sorted(key for key, texts in self.items.items() if self._is_ours(texts) for _ in texts)

    def foreign(self):
        """What is not ours, letter for letter; backends of ours in a service of others come and go."""
        return {
            key: texts for key, texts in self.items.items() if not self._is_ours(texts) and key[0] != "backendServices"
        }


def make_foreign_things(cloud):
    """A group of others with all that goes with it, under a name like ours."""
    other = tt.Fleet(name="staging", groups=(gcp_group("web", native_name="virtualmin-web-2"),))
    cloud.apply(cloud.plan(other)).raise_for_failures()


TEMPLATE = {"name": "theirs", "properties": {"machineType": "e2-micro"}}
CHECK = {"name": "virtualmin-web", "type": "TCP", "tcpHealthCheck": {"port": 9}}
GROUP = {"name": "virtualmin-web", "targetSize": 1, "instanceTemplate": "global/instanceTemplates/theirs"}
TAKEN_LATER = ("health-check", "group-manager")
TAKEN = (*TAKEN_LATER, "autoscaler")
"""The kinds whose names others may have, before a plan and after it."""


def put_theirs(world, kind):
    """Somebody else's thing under a name that the fleet wants; gives a look at it."""
    world.ask("POST", "global/instanceTemplates", TEMPLATE)
    if kind == "health-check":
        world.ask("POST", f"{SCOPE}/healthChecks", CHECK)
        return lambda: world.ask("GET", f"{SCOPE}/healthChecks/virtualmin-web")
    world.ask("POST", f"{SCOPE}/instanceGroupManagers", GROUP)
    if kind == "group-manager":
        return lambda: world.ask("GET", f"{SCOPE}/instanceGroupManagers/virtualmin-web")
    target = f"{SCOPE}/instanceGroupManagers/virtualmin-web"
    body = {"name": "by-hand", "target": target, "autoscalingPolicy": {"maxNumReplicas": 2, "minNumReplicas": 1}}
    world.ask("POST", f"{SCOPE}/autoscalers", body)
    return lambda: world.ask("GET", f"{SCOPE}/autoscalers/by-hand")


def prepared(world, cloud, scenario, *, foreign=False):
    """An emulator made anew with what there is before, and with things of others."""
    world.doors.reset()
    again = type(world)(world.emulator)
    if foreign:
        make_foreign_things(cloud)
    scenario.prepare(cloud)
    return again


def expected_of(world, cloud, scenario):
    """The names that one untroubled run leaves, and the writes that it takes."""
    again = prepared(world, cloud, scenario)
    again.doors.clear_requests()
    scenario.run(cloud).raise_for_failures()
    writes = [call.operation for call in again.doors.requests() if call.write]
    return State(again, cloud).names(), writes
