"""Scale sets under rollouts, on the emulator: a group, its instances, and time that the tests move."""

from datetime import timedelta

import trimtab as tt
from tests.providers.azure.world import AzureWorld
from trimtab.models import Rollout
from trimtab.rollout import RolloutOutcome

LOOK = timedelta(seconds=15)
SMALL, LARGE, OTHER = "Standard_D2s_v5", "Standard_D4s_v5", "Standard_D8s_v5"
PROBE = {"path": "/health", "port": 80}
MOST_LOOKS = 400


class Bench(AzureWorld):
    """A group `web` of a fleet `shop`, whose new version is another size of machine."""

    flexible = False

    def __init__(self, emulator):
        super().__init__(emulator)
        self.links = []
        self.doors.configure(boot_seconds=20, delete_seconds=10)

    def fleet(self, size=SMALL, *, count=4, rollout=None, most=10, least=1, **more):
        azure = {**({"orchestration": "flexible"} if self.flexible else {}), **more.pop("azure", {})}
        template = {"image": "Ubuntu2404", "size": size, **more.pop("template", {})}
        group = tt.ScalingGroup.model_validate(
            {
                "name": "web",
                "capacity": {"min": least, "max": most, "desired": count},
                "template": template,
                "placement": {"subnets": [self.subnet], **more.pop("placement", {})},
                "health_check": PROBE,
                "azure": azure,
                "rollout": Rollout() if rollout is None else rollout or None,
                **more,
            }
        )
        return tt.Fleet(name="shop", groups=[group])

    def link(self):
        """Another process."""
        cloud = self.connect()
        self.links.append(cloud)
        return cloud

    def apply(self, fleet):
        cloud = self.link()
        cloud.apply(cloud.plan(fleet)).raise_for_failures()
        self.advance(timedelta(minutes=1))

    def made(self, fleet):
        self.apply(fleet)
        self.cloud_of = fleet
        return self

    @property
    def native(self):
        return next(iter(self.compute.virtual_machine_scale_sets.list(self.group)))

    @property
    def name(self):
        return self.native.name

    @property
    def inside(self):
        """The scale set as the emulator has it."""
        return next(iter(self.emulator._world.scale_sets.values()))

    @property
    def members(self):
        return self.inside.members()

    def sizes(self):
        """How many instances there are of each size of machine."""
        found = {}
        for each in self.members:
            size = each.made_by["sku"]["name"]
            found[size] = found.get(size, 0) + 1
        return found

    def ready(self):
        return sum(each.state == "Succeeded" and each.is_healthy for each in self.members)

    def resize(self, count):
        """By hand."""
        body = {"sku": {"capacity": count}}
        self.compute.virtual_machine_scale_sets.begin_update(self.group, self.name, body).result()

    def protect(self, *numbers, **policy):
        machines = self.compute.virtual_machine_scale_set_vms
        for number in numbers:
            body = {"protectionPolicy": policy or {"protectFromScaleIn": True}}
            machines.begin_update(
                self.group, self.name, number, {"location": self.location, "properties": body}
            ).result()

    def drive(self, rollouts, *, looks=MOST_LOOKS, least=0, until=None):
        """Look again and again until the run is over; never are fewer than `least` ready."""
        result = None
        for _ in range(looks):
            (result,) = rollouts.tick()
            assert self.ready() >= least, (self.ready(), str(result))
            if result.is_settled or (until is not None and until(result)):
                break
            self.advance(LOOK)
            assert self.ready() >= least, (self.ready(), str(result))
        assert result.is_settled or until is not None, f"not over after {looks} looks: {result}"
        return result

    def ended(self, fleet, sizes, *, plans=True):
        """Whether all is as it should be after a run: no marks, the capacity, an empty second plan."""
        native = self.native
        assert self.sizes() == sizes
        assert native.sku.capacity == sum(sizes.values())
        assert "trimtab-rollout" not in native.tags
        if plans:
            plan = self.link().plan(fleet)
            assert not plan.changes, plan.to_text()
        return native

    def close(self):
        for cloud in self.links:
            cloud.close()


DONE, BACK = RolloutOutcome.DONE, RolloutOutcome.ROLLED_BACK
