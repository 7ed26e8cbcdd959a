"""How failures are staged on the Azure emulator, and what its subscription calls what a fleet names by id."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from trimtab.emulators.azure.furnishing import make_named
from trimtab.emulators.azure.ids import make_id
from trimtab.emulators.azure.world import SUBSCRIPTION
from trimtab.emulators.shared.furnishing import AccountNames
from trimtab.emulators.shared.staging import (
    AccountNaming,
    C,
    C_co,
    EmulatedCloud,
    StagedEmulator,
    StagedGroup,
    StagedInstance,
)
from trimtab.models import Fleet, ScalingGroup
from trimtab.models.connect import ConnectSettings

_OF_SUBSCRIPTION = re.compile(r"(/subscriptions/)[0-9a-fA-F-]{36}(/)")


class AzureNaming(AccountNaming):
    """Ids are of the emulator's subscription; subnets and pools say what they are a part of."""

    def stand_in(self, text: str, connect: ConnectSettings) -> str:
        """The emulator's subscription in an id."""
        return _OF_SUBSCRIPTION.sub(rf"\g<1>{SUBSCRIPTION}\g<2>", text)

    def subnet(self, name: str) -> tuple[str, str]:
        """`NETWORK/SUBNET`, or a subnet of the group's network."""
        network, _, subnet = name.rpartition("/")
        return network, subnet

    def balancers(self, group: ScalingGroup) -> Sequence[str]:
        """Pools of application gateways by name."""
        return [name for name in group.azure.application_gateway_pools if name[:1] != "/"]

    def resource_group(self, group: ScalingGroup) -> str | None:
        """That of a group which is not in that of the connection."""
        return group.azure.resource_group


class _InResourceGroup(EmulatedCloud[C_co], Protocol[C_co]):
    resource_group: str
    location: str


class StagedAzure(StagedEmulator[C]):
    """The Azure emulator."""

    provider = "azure"
    naming = AzureNaming()

    def __init__(self, test_cloud: _InResourceGroup[C], fleet: Fleet, boot: timedelta) -> None:
        super().__init__(test_cloud, fleet, boot)
        self._home = test_cloud
        test_cloud.location = self.connect.region or test_cloud.location
        test_cloud.resource_group = self.connect.resource_group or test_cloud.resource_group

    def furnish(self, names: AccountNames) -> None:
        """Resource groups, networks, balancers, and what instances refer to."""
        home, location = self._home.resource_group, self._home.location
        for group in dict.fromkeys([home, *names.groups]):
            self.doors.make_group(group, location=location)
        make_named(self._home.emulator.endpoint, names, home, location)

    def lose(self, cloud: C, state: StagedGroup, instances: Sequence[StagedInstance]) -> None:
        """Make them fail their health checks: a scale set still lists the machines of a zone that is down."""
        self.fail(state, instances)

    def fail(self, state: StagedGroup, instances: Sequence[StagedInstance], *, healthy: bool = False) -> None:
        """Have instances fail their probe or extension."""
        for instance in instances:
            self.doors.fail_target(self._id_of(state, instance), healthy=healthy)

    def _id_of(self, state: StagedGroup, instance: StagedInstance) -> str:
        # a name is that of a machine of a flexible scale set
        owner = ("virtualMachineScaleSets", state.name) if instance.id.isdecimal() else ()
        subscription, home = self._home.emulator.subscription, self._home.resource_group
        return make_id(subscription, home, "Microsoft.Compute", *owner, "virtualMachines", instance.id)


STAGED = StagedAzure
"""What drills look up."""
