"""How failures are staged on the GCP emulator, and what its project calls what a fleet names by its own project."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from trimtab.emulators.gcp.furnishing import make_named
from trimtab.emulators.gcp.world import PROJECT
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
from trimtab.models import Fleet
from trimtab.models.connect import ConnectSettings

LONGEST = 500
"""What is longer is a script and no name."""


class GcpNaming(AccountNaming):
    """Links and service accounts are of the emulator's project."""

    def stand_in(self, text: str, connect: ConnectSettings) -> str:
        """The emulator's project in a link or an address of a service account."""
        own = connect.project
        if not own or len(text) > LONGEST:
            return text
        return text.replace(f"projects/{own}/", f"projects/{PROJECT}/").replace(f"@{own}.iam.", f"@{PROJECT}.iam.")

    def identity(self, role: str) -> str:
        """What is before the `@` of a service account."""
        return role.partition("@")[0]


class _Located(EmulatedCloud[C_co], Protocol[C_co]):
    location: str


class StagedGcp(StagedEmulator[C]):
    """The GCP emulator."""

    provider = "gcp"
    naming = GcpNaming()
    # https://cloud.google.com/compute/docs/instance-groups/regional-migs: "no instances are redistributed"
    moves = False

    def __init__(self, test_cloud: _Located[C], fleet: Fleet, boot: timedelta) -> None:
        super().__init__(test_cloud, fleet, boot)
        self._home = test_cloud
        test_cloud.location = self.connect.region or test_cloud.location

    def furnish(self, names: AccountNames) -> None:
        """Networks, backend services, and what instances refer to."""
        make_named(self._home.emulator.endpoint, names, self._home.location)

    def lose(self, cloud: C, state: StagedGroup, instances: Sequence[StagedInstance]) -> None:
        """Have them deleted; the group makes them anew where there is room."""
        for instance in instances:
            cloud.provider.connection.run("instances.delete", zone=instance.zone, instance=instance.id)


STAGED = StagedGcp
"""What drills look up."""
