"""What the proofs of crashes and races share on Azure: scenarios, other people's things, and the whole state."""

import json
from dataclasses import dataclass
from types import SimpleNamespace

import trimtab as tt
from tests.conftest import make_fleet, make_group
from trimtab.emulators import ControlClient
from trimtab.testing import AzureTestCloud

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
GROUP, LOCATION = AzureTestCloud.resource_group, AzureTestCloud.location
AGREED = {"allow_delete": True, "allow_replace": True}
OUR_GROUPS = frozenset({"virtualmin-web", "virtualmin-api"})


def group(name, **fields):
    given = {
        "template": {"image": "Ubuntu2404", "size": "Standard_D2s_v5", "user_data": "#!/bin/sh\n"},
        "placement": {"network": "virtualmin", "subnets": ["private"]},
        "alarms": {"hot": {"metric": "cpu", "above": 70, "triggers": ["scale-out"], "notify": ["ops@example.org"]}},
        **fields,
    }
    return make_group(name, **given)


def fleet():
    return make_fleet(group("web"), group("api"))


def edited():
    web = group(
        "web",
        template={"image": "Ubuntu2404", "size": "Standard_B4ms", "user_data": "#!/bin/bash\n"},
        alarms={"hot": {"metric": "cpu", "above": 80, "triggers": ["scale-out"], "notify": ["dev@example.org"]}},
        tags={"Team": "ops"},
    )
    return make_fleet(web, group("api", tags={"Team": "ops"}))


def pruned():
    bare = {"policies": {}, "alarms": {}, "schedules": {}}
    return make_fleet(group("web", **bare), group("api", **bare))


def elsewhere():
    return make_fleet(
        group("web", placement={"network": "virtualmin", "subnets": ["private"], "zones": ["1"]}), group("api")
    )


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

    def run(self, cloud):
        return cloud.apply(self.plan(cloud), **AGREED)


SCENARIOS = {
    "create": Scenario(None, fleet),
    "edit": Scenario(fleet, edited),
    "prune": Scenario(fleet, pruned),
    "replace": Scenario(fleet, elsewhere),
    "destroy": Scenario(fleet, None),
}


def connect_to(endpoint, **settings):
    """A connection with its clients made and no socket open yet, one write at a time."""
    emulator = SimpleNamespace(endpoint=endpoint, doors=ControlClient(endpoint), subscription=SUBSCRIPTION)
    cloud = AzureTestCloud(emulator).connect(workers=1, **settings)
    for service in ("compute", "monitor"):
        cloud.provider.connection._client(service)
    return cloud


def make_foreign_things(world, name="virtualmin-web-2"):
    """A scale set, a setting, an alert and an action group of others, under a name like ours."""
    with world.connect() as cloud:
        other = tt.Fleet(name="staging", groups=(group("web", native_name=name),))
        cloud.apply(cloud.plan(other)).raise_for_failures()


WORDS = {
    "scale-set": "set",
    "autoscale-setting": "setting",
    "metric-alert": "alert",
    "action-group": "action group",
}
TAKEN = TAKEN_LATER = tuple(WORDS)
"""The kinds whose names others may have, before a plan and after it."""


def put_theirs(world, kind):
    """Somebody else's thing under a name that the fleet wants, and nothing else of theirs; gives a look at it."""
    with world.connect() as cloud:
        other = make_fleet(group("web"))
        cloud.apply(cloud.plan(other), wait="accepted").raise_for_failures()
        keys = {key.kind: key for key in cloud.provider.resources.read(other).resources}
        world.make_foreign(cloud, keys[kind])
    deletions = {
        "scale-set": lambda name: world.compute.virtual_machine_scale_sets.begin_delete(GROUP, name).result(),
        "autoscale-setting": lambda name: world.monitor.autoscale_settings.delete(GROUP, name),
        "metric-alert": lambda name: world.monitor.metric_alerts.delete(GROUP, name),
        "action-group": lambda name: world.monitor.action_groups.delete(GROUP, name),
    }
    for each in keys.keys() - {kind}:
        deletions[each](keys[each].name)
    return lambda: State(world).items[WORDS[kind], keys[kind].name]


class State:
    """Everything that the resource group has, as Azure describes it."""

    def __init__(self, world):
        monitor = world.monitor
        self.items = {}
        for kind, items in (
            ("set", world.compute.virtual_machine_scale_sets.list(GROUP)),
            ("setting", monitor.autoscale_settings.list_by_resource_group(GROUP)),
            ("alert", monitor.metric_alerts.list_by_resource_group(GROUP)),
            ("action group", monitor.action_groups.list_by_resource_group(GROUP)),
        ):
            for item in items:
                self.items[kind, item.name] = json.dumps(item.as_dict(), sort_keys=True, default=str)

    def names(self):
        """What is ours, by kind and name."""
        return sorted(key for key in self.items if '"trimtab-fleet": "virtualmin"' in self.items[key])

    def foreign(self):
        """What is not ours, letter for letter."""
        return {key: text for key, text in self.items.items() if '"trimtab-fleet": "virtualmin"' not in text}


def prepared(world, cloud, scenario, *, foreign=False):
    """An emulator made anew with what there is before, and with things of others."""
    world.doors.reset()
    again = type(world)(world.emulator)
    if foreign:
        make_foreign_things(again)
    scenario.prepare(cloud)
    return again


def expected_of(world, cloud, scenario):
    """The names that one untroubled run leaves, and the writes that it takes."""
    again = prepared(world, cloud, scenario)
    again.doors.clear_requests()
    scenario.run(cloud).raise_for_failures()
    writes = [call.operation for call in again.doors.requests() if call.write]
    return State(again).names(), writes


def assert_converged(world, cloud, scenario, names, foreign):
    """Plan and apply go through, the next plan is empty, nothing is there twice, others' things are as they were."""
    scenario.run(cloud).raise_for_failures()
    plan = scenario.plan(cloud)
    assert not plan, plan.to_dict()
    state = State(world)
    assert state.names() == names
    assert state.foreign() == foreign
